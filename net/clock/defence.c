// SPDX-License-Identifier: GPL-2.0-only
/*
 * Defences against floods.
 *
 * Each of the three settings is a mode: off, on, or as memory demands.  Once a
 * second, as long as any of them is not off, a work looks at the memory that is
 * free, switches between the modes 1 and 2, as users of IPVS see it, and
 * publishes what packets are to do (drop_rate, secure_tcp_on).  A change of a
 * setting queues the work.  A namespace that is closed (net/svc/share.c) does not
 * wait for it, so drop_rate has a lock.
 *
 * drop_entry ends entries itself: with each run those expendable in the next
 * 1/32 of all, in the order of opvs_conn_walk_next().
 */
#include <opvs/defence.h>

#include "work.h"

#include <opvs/clock.h>
#include <opvs/conn.h>
#include <opvs/counters.h>
#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/policy.h>
#include <opvs/proto.h>
#include <opvs/share.h>
#include <opvs/svc.h>

#include <linux/bits.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#define DEFENCE_PERIOD	HZ
#define DEFENCE_SHARE	(U32_MAX / 32 + 1)	/* of the order of hashes */
#define DEFENCE_STRIDE	256	/* entries in one RCU read section */

/* A connection that is idle for so long after so few packets is expendable. */
#define FEW_PACKETS	8
#define LONG_IDLE	60	/* seconds */

/* ---- which entries ---- */

/* One in N of those with N packets, so that the liveliest stay longest. */
static bool opvs_defence_lot(const struct opvs_defence_entry *e, u32 random)
{
	if (!e->in_pkts || e->in_pkts > FEW_PACKETS || e->idle < LONG_IDLE)
		return false;
	return !reciprocal_scale(random, e->in_pkts);
}

/**
 * opvs_defence_expendable() - may drop_entry end an entry?
 * @e: the entry
 * @random: any number; decides where a lot is drawn
 *
 * Context: any.
 * Return: true if it may.
 */
VISIBLE_IF_KUNIT
bool opvs_defence_expendable(const struct opvs_defence_entry *e, u32 random)
{
	const struct opvs_proto *proto;

	if (e->children)
		return false;
	if (e->template)
		return e->one_packet ? opvs_defence_lot(e, random) :
				       e->state == OPVS_TEMPLATE_S_NONE;
	proto = opvs_proto_find(e->proto);
	if (!proto || e->state >= proto->num_states)
		return false;
	if (proto->unproven & BIT(e->state))
		return true;
	/* All others end soon. */
	return proto->working & BIT(e->state) && opvs_defence_lot(e, random);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_defence_expendable);

/* Every packet sets an entry's timer to the timeout of its state. */
static u32 opvs_defence_idle(const struct opvs_conn *cp, u8 state)
{
	const struct opvs_policy *policy = rcu_dereference(cp->dest->svc->policy);
	u32 left = opvs_conn_seconds_left(cp);
	const struct opvs_proto *proto;
	u32 timeout = cp->timeout;

	if (!opvs_conn_is_template(cp)) {
		proto = opvs_proto_find(cp->request.tuple.proto);
		timeout = READ_ONCE(policy->timeout[proto->timeout0 + state]);
	}
	return timeout > left ? timeout - left : 0;
}

static void opvs_defence_look(const struct opvs_conn *cp,
			      struct opvs_defence_entry *e)
{
	u32 state = READ_ONCE(cp->word);

	*e = (struct opvs_defence_entry){
		.proto		= cp->request.tuple.proto,
		.state		= state & OPVS_CONN_STATE,
		.template	= opvs_conn_is_template(cp),
		.one_packet	= READ_ONCE(cp->dest->svc->one_packet),
		.children	= atomic_read(&cp->children),
		.in_pkts	= opvs_conn_in_pkts(cp),
	};
	e->idle = opvs_defence_idle(cp, e->state);
}

/**
 * opvs_defence_visit() - end what is expendable in the next 1/32 of all entries
 *
 * Context: process, one caller at a time.
 */
VISIBLE_IF_KUNIT
void opvs_defence_visit(struct opvs_net *on)
{
	struct opvs_conn_walk walk = {
		.at	= on->clock.defence_at,
		.end	= (u64)on->clock.defence_at + DEFENCE_SHARE,
	};
	struct opvs_defence_entry e;
	unsigned int seen = 0;
	struct opvs_conn *cp;

	on->clock.defence_at += DEFENCE_SHARE;

	rcu_read_lock();
	while ((cp = opvs_conn_walk_next(on, &walk))) {
		opvs_defence_look(cp, &e);
		if (opvs_defence_expendable(&e, get_random_u32()) &&
		    opvs_conn_end(cp))
			opvs_count_task(on, DEFENCE_ENTRIES);
		if (++seen % DEFENCE_STRIDE)
			continue;
		rcu_read_unlock();
		cond_resched();
		rcu_read_lock();
	}
	rcu_read_unlock();
}
EXPORT_SYMBOL_IF_KUNIT(opvs_defence_visit);

/* ---- when ---- */

/* A user who sets the mode in this moment wins. */
static bool opvs_defence_switch(int *setting, bool low)
{
	int mode = READ_ONCE(*setting);

	if (mode == OPVS_DEFENCE_AUTO && low) {
		cmpxchg(setting, mode, OPVS_DEFENCE_AUTO_ON);
		return true;
	}
	if (mode == OPVS_DEFENCE_AUTO_ON && !low) {
		cmpxchg(setting, mode, OPVS_DEFENCE_AUTO);
		return false;
	}
	return mode >= OPVS_DEFENCE_AUTO_ON;
}

/**
 * opvs_defence_judge() - what do the modes amount to with so much memory?
 * @settings: of a namespace; modes 1 and 2 change into each other, drop_rate
 *	and secure_tcp_on become what packets shall do
 * @pages: free memory
 *
 * The scarcer the memory, the larger the share of new connections that is
 * dropped: of as many as amemthresh is larger than what it lacks, one.  If
 * nothing new may pass, all are.
 *
 * Context: any, one caller at a time.
 * Return: true if drop_entry is on.
 */
VISIBLE_IF_KUNIT
bool opvs_defence_judge(struct opvs_settings *settings, u64 pages)
{
	u32 threshold = max(READ_ONCE(settings->amemthresh), 0);
	bool low = pages < threshold;
	int rate = 0;

	if (opvs_defence_switch(&settings->drop_packet, low)) {
		if (READ_ONCE(settings->drop_packet) == OPVS_DEFENCE_ALWAYS)
			rate = opvs_drop_rate(settings);
		else if (low)
			rate = threshold / (threshold - (u32)pages);
	}
	opvs_drop_rate_set(settings, rate);
	WRITE_ONCE(settings->secure_tcp_on,
		   opvs_defence_switch(&settings->secure_tcp, low));
	return opvs_defence_switch(&settings->drop_entry, low);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_defence_judge);

static bool opvs_defence_off(const struct opvs_settings *settings)
{
	return !READ_ONCE(settings->drop_entry) &&
	       !READ_ONCE(settings->drop_packet) &&
	       !READ_ONCE(settings->secure_tcp);
}

/**
 * opvs_defence_work() - switch the defences, and end entries if one says so
 *
 * Context: process.
 */
void opvs_defence_work(struct work_struct *work)
{
	struct opvs_net *on = container_of(to_delayed_work(work),
					   struct opvs_net, clock.defence);
	struct sysinfo memory;

	si_meminfo(&memory);
	if (opvs_defence_judge(&on->settings,
			       (u64)memory.freeram + memory.bufferram))
		opvs_defence_visit(on);
	if (!opvs_defence_off(&on->settings))
		queue_delayed_work(opvs_wq, &on->clock.defence, DEFENCE_PERIOD);
}
