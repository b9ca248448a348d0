/* SPDX-License-Identifier: GPL-2.0-only */
/* Entries of which a partner director is to be told: state synchronisation. */
#ifndef OPVS_DUE_H
#define OPVS_DUE_H

#include <linux/compiler.h>
#include <linux/llist.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include <opvs/conn.h>
#include <opvs/netns.h>

/**
 * struct opvs_due_cpu - what packets of a CPU found due
 * @conns: connections, by opvs_conn.due
 * @templates: by opvs_conn.due_template
 * @added: how many were ever added; this CPU, BH disabled
 * @taken: how many were ever taken; the one who takes them
 */
struct opvs_due_cpu {
	struct llist_head	conns;
	struct llist_head	templates;
	u32			added;
	u32			taken;
};

/**
 * struct opvs_dues - entries that wait until a partner is told of them
 * @on: namespace; constant
 * @cpu: by CPU
 * @work: queued when there are any
 * @arg: for the one who started it
 * @max: how many may wait on each CPU
 *
 * An entry waits at most once, and holds a reference meanwhile.
 */
struct opvs_dues {
	struct opvs_net			*on;
	struct opvs_due_cpu __percpu	*cpu;
	struct delayed_work		work;
	void				*arg;
	u32				max;
};

/* Entries wait for so long that one message tells of many. */
#define OPVS_DUE_DELAY		(HZ / 20 + 1)

/* An entry that lives for so long is told of, however few its packets were. */
#define OPVS_DUE_AGE		HZ

/* process context */
int opvs_dues_start(struct opvs_net *on, work_func_t work, void *arg);
void opvs_dues_stop(struct opvs_net *on);
unsigned int opvs_dues_take(struct opvs_dues *dues,
			    void (*tell)(struct opvs_conn *cp, void *arg),
			    void *arg);

/* softirq or BH disabled, RCU read side */
void opvs_due_add(struct opvs_net *on, struct opvs_conn *cp);
void opvs_due_changed(struct opvs_net *on, struct opvs_conn *cp, u32 old,
		      u32 word);

/* any context, RCU read side */
u32 opvs_due_look(struct opvs_net *on, struct opvs_conn *cp, u32 now);
bool opvs_due_wanted(const struct opvs_net *on, const struct opvs_conn *cp);
void opvs_due_again(struct opvs_conn *cp);
u32 opvs_conn_timeout(const struct opvs_conn *cp);

/* Is a partner told of anything?  RCU read side. */
static inline bool opvs_dues_on(const struct opvs_net *on)
{
	return unlikely(rcu_access_pointer(on->conn.dues));
}

#endif /* OPVS_DUE_H */
