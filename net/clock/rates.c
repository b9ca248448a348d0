// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rates, what they say of mistakes, and what is forgotten in the same rhythm:
 * hints and askers.
 *
 * One work per namespace, in bounded slices, asleep while there are no services.
 */
#include "work.h"

#include <opvs/askers.h>
#include <opvs/clock.h>
#include <opvs/dest.h>
#include <opvs/hint.h>
#include <opvs/netns.h>
#include <opvs/svc.h>

#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/timekeeping.h>
#include <linux/xarray.h>

#define RATES_SLICE_NS		(2 * NSEC_PER_MSEC)
#define RATES_HINT_BUCKETS	64	/* per pass: all of them every 256 s */

/* One that was last run before estimation stopped begins anew. */
static void est_one(const struct opvs_net *on, struct opvs_est *est,
		    const struct opvs_totals *sum, u64 now)
{
	if (!opvs_rates_are_current(on, est))
		*est = (struct opvs_est){};
	opvs_est_update(est, sum, now);
}

static void est_svc(struct opvs_svc *svc)
{
	u64 now = ktime_get_ns();
	struct opvs_totals one, sum = svc->stats.retired;
	struct opvs_dest *dest;

	list_for_each_entry(dest, &svc->dests, list) {
		opvs_stats_sum(dest->stats_cpu, &one);
		est_one(svc->on, &dest->stats.est, &one, now);
		opvs_mistakes_look(dest, &one);
		opvs_totals_add(&sum, &one);
	}
	est_one(svc->on, &svc->stats.est, &sum, now);
}

/* Goes on behind the cursor for one slice; true when all services had a turn. */
static bool est_slice(struct opvs_net *on)
{
	u64 end = ktime_get_ns() + RATES_SLICE_NS;
	struct opvs_svc *svc;

	while ((svc = opvs_svc_next(on, &on->clock.rates_at))) {
		est_svc(svc);
		if (ktime_get_ns() > end)
			return false;
	}
	return true;
}

static void sweep_hints(struct opvs_net *on)
{
	struct opvs_hints *hints;

	hints = rcu_dereference_protected(on->replies.hints,
					  lockdep_is_held(&on->cfg_lock));
	if (hints)
		on->clock.hints_at = opvs_hints_sweep(hints, on->clock.hints_at,
						      RATES_HINT_BUCKETS,
						      ktime_get_seconds());
}

static void age_askers(struct opvs_net *on)
{
	unsigned long seconds = READ_ONCE(on->settings.reply_seconds);

	/* Requests leave marks also while the marks are not used. */
	if (!seconds)
		seconds = OPVS_REPLY_SECONDS;
	opvs_askers_age(&on->replies.askers, jiffies, seconds * HZ);
}

/**
 * opvs_clock_estimation() - run_estimation was written
 * @on: namespace
 *
 * While rates are not estimated, what a server's traffic tells of mistakes is
 * not looked for either; all else that this work does goes on.
 *
 * Context: process, takes cfg_lock.
 */
void opvs_clock_estimation(struct opvs_net *on)
{
	bool off;

	mutex_lock(&on->cfg_lock);
	off = !READ_ONCE(on->settings.run_estimation);
	if (on->clock.rates_off && !off)
		on->clock.rates_since = ktime_get_ns();
	on->clock.rates_off = off;
	mutex_unlock(&on->cfg_lock);
}

/**
 * opvs_rates_work() - estimate rates and forget what is old, every two seconds
 *
 * Holds cfg_lock for one slice at a time, so that configuration changes get
 * through between slices.  Ends when there is no service any more.
 *
 * Context: process.
 */
void opvs_rates_work(struct work_struct *work)
{
	struct opvs_net *on = container_of(to_delayed_work(work),
					   struct opvs_net, clock.rates);
	unsigned long delay = 0;

	mutex_lock(&on->cfg_lock);
	if (on->clock.rates_off || est_slice(on)) {
		on->clock.rates_at = 0;
		sweep_hints(on);
		age_askers(on);
		delay = msecs_to_jiffies(OPVS_EST_PERIOD_MS);
	}
	if (!xa_empty(&on->svc.by_id))
		queue_delayed_work(opvs_wq, &on->clock.rates, delay);
	mutex_unlock(&on->cfg_lock);
}
