/* SPDX-License-Identifier: GPL-2.0-only */
/* Defences against floods, switched by memory: drop_entry, drop_packet and
 * secure_tcp.
 */
#ifndef OPVS_DEFENCE_H
#define OPVS_DEFENCE_H

#include <linux/compiler.h>
#include <linux/irqflags.h>
#include <linux/kconfig.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/types.h>

#include <opvs/netns.h>
#include <opvs/settings.h>
#include <opvs/types.h>

/**
 * opvs_defence_drops() - is a new connection refused, whatever else is true?
 *
 * To save memory, every drop_rate-th one on each CPU is; no two CPUs share what
 * this writes.  If nothing new may pass, every one is.
 *
 * Context: softirq or BH disabled; to be asked once for each packet that would
 * open a connection.
 * Return: true if its packet is to be dropped.
 */
static inline bool opvs_defence_drops(struct opvs_net *on)
{
	u32 rate = READ_ONCE(on->settings.drop_rate);

	lockdep_assert_in_softirq();
	if (likely(!rate))
		return false;
	if (__this_cpu_inc_return(on->counters->spared) < rate)
		return false;
	__this_cpu_write(on->counters->spared, 0);
	return true;
}

/**
 * opvs_defence_would_drop() - what opvs_defence_drops() will say next
 * @cpu: CPU that the packet comes to
 *
 * Context: any.
 */
static inline bool opvs_defence_would_drop(const struct opvs_net *on, int cpu)
{
	u32 rate = READ_ONCE(on->settings.drop_rate);

	return rate &&
	       READ_ONCE(per_cpu_ptr(on->counters, cpu)->spared) + 1 >= rate;
}

/**
 * opvs_defence_verdict() - why opvs_defence_drops() refused it
 *
 * Context: softirq or BH disabled.
 * Return: the packet's verdict.
 */
static inline opvs_verdict_t opvs_defence_verdict(struct opvs_net *on)
{
	if (!READ_ONCE(on->settings.closed))
		return OPVS_VERDICT(DROP_DEFENCE);
	opvs_count(on, REFUSED_NETNS);
	return OPVS_VERDICT(DROP_LIMIT);
}

/**
 * struct opvs_defence_entry - what decides whether drop_entry ends an entry
 * @proto: transport protocol
 * @state: state of that protocol, or &enum opvs_template_state
 * @template: it is one
 * @one_packet: of a template: its service is a one-packet one
 * @children: of a template: connections that came of it
 * @idle: seconds since its last packet
 * @in_pkts: packets of the client
 */
struct opvs_defence_entry {
	u8	proto;
	u8	state;
	bool	template;
	bool	one_packet;
	u32	children;
	u32	idle;
	u32	in_pkts;
};

#if IS_ENABLED(CONFIG_KUNIT)
bool opvs_defence_expendable(const struct opvs_defence_entry *e, u32 random);
bool opvs_defence_judge(struct opvs_settings *settings, u64 pages);
void opvs_defence_visit(struct opvs_net *on);
#endif

#endif /* OPVS_DEFENCE_H */
