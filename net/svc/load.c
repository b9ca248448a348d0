// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls of one-packet servers: which packets count, and what that does to a
 * server's threshold.  How calls are estimated is told in net/lib/load.c.
 */
#include <opvs/dest.h>

#include <opvs/clock.h>
#include <opvs/kunit.h>
#include <opvs/load.h>
#include <opvs/netns.h>
#include <opvs/svc.h>

#include <linux/ip_vs.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/sched.h>

/**
 * opvs_dest_load_note() - a packet that no template counts goes to a server
 * @dest: server
 * @hash: of what tells its call from others; 0: nothing does
 *
 * Context: softirq or BH disabled, RCU read side.
 */
void opvs_dest_load_note(struct opvs_dest *dest, u64 hash)
{
	struct opvs_load *load = rcu_dereference(dest->load);

	if (unlikely(!hash || !load))
		return;
	if (unlikely(opvs_load_mark(load, hash, jiffies)) &&
	    READ_ONCE(dest->u_threshold))
		opvs_dest_update_overload(dest);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_dest_load_note);

static struct opvs_load *load_of(const struct opvs_dest *dest)
{
	return rcu_dereference_protected(dest->load,
			lockdep_is_held(&dest->svc->on->cfg_lock));
}

/**
 * opvs_dest_load_start() - estimate a server's calls from now on
 * @dest: server
 *
 * Begins with none.
 *
 * Context: process, cfg_lock held.  May reschedule.
 * Return: 0 or -ENOMEM.
 */
int opvs_dest_load_start(struct opvs_dest *dest)
{
	struct opvs_net *on = dest->svc->on;
	struct opvs_load *load = load_of(dest);

	lockdep_assert_held(&on->cfg_lock);

	if (!load)
		load = opvs_load_new();
	if (!load)
		return -ENOMEM;
	opvs_load_clear(load, READ_ONCE(on->settings.load_seconds));
	/* Packets must see it cleared. */
	rcu_assign_pointer(dest->load, load);
	opvs_clock_load(on);
	/* A service may have thousands of servers, and this is 15 KB of each. */
	cond_resched();
	return 0;
}

/* All servers of a service are counted in the same way. */
static bool estimates(struct opvs_svc *svc)
{
	struct opvs_dest *dest;

	dest = list_first_entry_or_null(&svc->dests, struct opvs_dest, list);
	return dest && dest->calls == OPVS_CALLS_ESTIMATED;
}

/**
 * opvs_svc_load_sweep() - forget the calls of a service's servers that are over
 * @svc: service
 *
 * Context: process, cfg_lock held.  May reschedule.
 * Return: true if calls are estimated there.
 */
bool opvs_svc_load_sweep(struct opvs_svc *svc)
{
	struct opvs_dest *dest;

	lockdep_assert_held(&svc->on->cfg_lock);

	if (!estimates(svc))
		return false;
	list_for_each_entry(dest, &svc->dests, list) {
		opvs_load_sweep(load_of(dest), jiffies);
		opvs_dest_update_overload(dest);
		cond_resched();
	}
	return true;
}

/**
 * opvs_net_load_forget() - estimate the calls of all servers anew
 * @on: namespace whose load_seconds has changed
 *
 * Context: process, cfg_lock held.  May reschedule.
 */
void opvs_net_load_forget(struct opvs_net *on)
{
	u32 seconds = READ_ONCE(on->settings.load_seconds);
	struct opvs_dest *dest;
	struct opvs_svc *svc;
	unsigned long id = 0;

	lockdep_assert_held(&on->cfg_lock);

	while ((svc = opvs_svc_next(on, &id))) {
		if (!estimates(svc))
			continue;
		list_for_each_entry(dest, &svc->dests, list) {
			opvs_load_clear(load_of(dest), seconds);
			opvs_dest_update_overload(dest);
			cond_resched();
		}
	}
}
EXPORT_SYMBOL_IF_KUNIT(opvs_net_load_forget);

/**
 * opvs_dest_calls_by() - how the calls of a service's servers are counted
 * @conf: the service's configuration
 *
 * Context: any.
 * Return: &enum opvs_calls.
 */
u8 opvs_dest_calls_by(const struct opvs_svc_conf *conf)
{
	if (!opvs_svc_conf_one_packet(conf))
		return OPVS_CALLS_NONE;
	return conf->flags & IP_VS_SVC_F_PERSISTENT ? OPVS_CALLS_TEMPLATES :
						      OPVS_CALLS_ESTIMATED;
}

/**
 * opvs_dest_expect_calls() - make ready to count calls in another way
 * @svc: service
 * @conf: configuration that it is to get
 *
 * Context: process, cfg_lock held.
 * Return: 0; -ENOMEM, and nothing has changed that can be seen.
 */
int opvs_dest_expect_calls(struct opvs_svc *svc,
			   const struct opvs_svc_conf *conf)
{
	struct opvs_dest *dest;
	int err = 0;

	lockdep_assert_held(&svc->on->cfg_lock);

	if (opvs_dest_calls_by(conf) != OPVS_CALLS_ESTIMATED ||
	    opvs_dest_calls_by(&svc->conf) == OPVS_CALLS_ESTIMATED)
		return 0;
	list_for_each_entry(dest, &svc->dests, list) {
		err = opvs_dest_load_start(dest);
		if (err)
			break;
	}
	return err;
}

/**
 * opvs_dest_count_calls() - count calls as the service's configuration has it
 * @svc: service; opvs_dest_expect_calls() made it ready
 *
 * Context: process, cfg_lock held.
 */
void opvs_dest_count_calls(struct opvs_svc *svc)
{
	struct opvs_dest *dest;

	lockdep_assert_held(&svc->on->cfg_lock);

	list_for_each_entry(dest, &svc->dests, list) {
		WRITE_ONCE(dest->calls, opvs_dest_calls_by(&svc->conf));
		/* Others are to decide by that, or we after them. */
		smp_mb();
		opvs_dest_update_overload(dest);
	}
}
