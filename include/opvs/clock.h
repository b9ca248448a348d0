/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The clock: what happens later than the packet or the command that asks for it.
 *
 * If something is due, any layer queues the work here; what the works do is the
 * business of net/clock alone.
 */
#ifndef OPVS_CLOCK_H
#define OPVS_CLOCK_H

#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/workqueue.h>

#include <opvs/netns.h>
#include <opvs/stats.h>
#include <opvs/wq.h>

/* Calls that are over count for so much longer at most. */
static inline unsigned long opvs_clock_load_period(const struct opvs_net *on)
{
	return min(READ_ONCE(on->settings.load_seconds) * HZ / 16, HZ);
}

/**
 * opvs_clock_load() - have the calls of one-packet servers estimated
 * @on: namespace that has such a server
 *
 * Context: any.
 */
static inline void opvs_clock_load(struct opvs_net *on)
{
	/* Does nothing when it is pending already. */
	queue_delayed_work(opvs_wq, &on->clock.load, opvs_clock_load_period(on));
}

/**
 * opvs_clock_events() - have events told that packets left word of
 * @on: namespace
 *
 * Context: any.
 */
static inline void opvs_clock_events(struct opvs_net *on)
{
	queue_delayed_work(opvs_wq, &on->clock.events, HZ / 20 + 1);
}

/**
 * opvs_clock_rates() - have rates estimated and what is old forgotten
 * @on: namespace that has a service
 *
 * Context: any.
 */
static inline void opvs_clock_rates(struct opvs_net *on)
{
	queue_delayed_work(opvs_wq, &on->clock.rates,
			   msecs_to_jiffies(OPVS_EST_PERIOD_MS));
}

/**
 * opvs_clock_drain() - have draining ended when its time is over
 * @on: namespace in which a service began or ceased to drain just now
 *
 * Context: any.
 */
static inline void opvs_clock_drain(struct opvs_net *on)
{
	mod_delayed_work(opvs_wq, &on->clock.drain, 0);
}

/**
 * opvs_clock_late() - have changes shown to packets that wait
 * @on: namespace
 * @wait: jiffies until the first of them is due
 *
 * Context: process, cfg_lock held.
 */
static inline void opvs_clock_late(struct opvs_net *on, unsigned long wait)
{
	mod_delayed_work(opvs_wq, &on->clock.late, wait);
}

/**
 * opvs_clock_idle() - have a removed server let go that has no connections
 * @on: namespace with servers in opvs_net.removed.idle
 *
 * Context: any.
 */
static inline void opvs_clock_idle(struct opvs_net *on)
{
	queue_work(opvs_wq, &on->clock.idle);
}

/**
 * opvs_clock_orphans() - have the connections of removed servers ended
 *
 * Context: any.
 */
static inline void opvs_clock_orphans(struct opvs_net *on)
{
	queue_work(opvs_wq, &on->clock.orphans);
}

/**
 * opvs_clock_defence() - have the defences judged anew
 *
 * Context: any.
 */
static inline void opvs_clock_defence(struct opvs_net *on)
{
	mod_delayed_work(opvs_wq, &on->clock.defence, 0);
}

/**
 * opvs_clock_defence_now() - a setting that the defences go by has changed
 * @on: namespace
 *
 * Context: process, cfg_lock not held: the work may have to wait for others that
 * wait for that lock.  Waits until the change has taken effect.
 */
static inline void opvs_clock_defence_now(struct opvs_net *on)
{
	lockdep_assert_not_held(&on->cfg_lock);

	opvs_clock_defence(on);
	flush_delayed_work(&on->clock.defence);
}

void opvs_clock_estimation(struct opvs_net *on);

int opvs_clock_init(void);
void opvs_clock_exit(void);
void opvs_clock_net_init(struct opvs_net *on);
void opvs_clock_net_stop(struct opvs_net *on);
void opvs_clock_net_exit(struct opvs_net *on);

#endif /* OPVS_CLOCK_H */
