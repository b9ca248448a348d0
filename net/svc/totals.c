// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statistics of services and namespaces.
 *
 * Packets count once, per CPU, for the server that they go to.  All else is
 * added up here when somebody asks: a service is the sum of its servers, a
 * namespace the sum of its services, and each inherits what its removed
 * children counted.  Inheriting happens twice: at removal, so that sums never
 * step back, and for the few packets that were still on their way when the
 * last reader is gone.
 *
 * Rates are estimated by one work per namespace, in bounded slices, asleep
 * while there are no services.
 */
#include <opvs/svc.h>

#include <opvs/dest.h>
#include <opvs/hint.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>

#include <linux/jiffies.h>
#include <linux/timekeeping.h>

#define EST_SLICE_NS		(2 * NSEC_PER_MSEC)
#define EST_HINT_BUCKETS	64	/* per pass: all of them every 256 s */

static void svc_raw(const struct opvs_svc *svc, struct opvs_totals *raw)
{
	struct opvs_totals one;
	struct opvs_dest *dest;

	*raw = svc->stats.retired;
	list_for_each_entry(dest, &svc->dests, list) {
		opvs_stats_sum(dest->stats_cpu, &one);
		opvs_totals_add(raw, &one);
	}
}

/* Hands what @raw grew by since the last time to the parent. */
static void retire(struct opvs_stats *stats, const struct opvs_totals *raw,
		   struct opvs_totals *parent)
{
	struct opvs_totals grown = *raw;

	opvs_totals_sub(&grown, &stats->folded);
	opvs_totals_add(parent, &grown);
	stats->folded = *raw;
}

/**
 * opvs_totals_retire_dest() - a service inherits its server's counters
 * @dest: unlinked server
 *
 * Context: process, cfg_lock held.
 */
void opvs_totals_retire_dest(struct opvs_dest *dest)
{
	struct opvs_totals raw;

	lockdep_assert_held(&dest->svc->on->cfg_lock);

	opvs_stats_sum(dest->stats_cpu, &raw);
	retire(&dest->stats, &raw, &dest->svc->stats.retired);
}

/**
 * opvs_totals_retire_svc() - a namespace inherits its service's counters
 * @svc: unlinked service
 *
 * Context: process, cfg_lock held.
 */
void opvs_totals_retire_svc(struct opvs_svc *svc)
{
	struct opvs_totals raw;

	lockdep_assert_held(&svc->on->cfg_lock);

	svc_raw(svc, &raw);
	retire(&svc->stats, &raw, &svc->on->retired);
}

/**
 * opvs_totals_revive_dest() - a server that comes back counts for itself again
 * @dest: linked server that was retired
 *
 * Context: process, cfg_lock held.
 */
void opvs_totals_revive_dest(struct opvs_dest *dest)
{
	lockdep_assert_held(&dest->svc->on->cfg_lock);

	opvs_totals_sub(&dest->svc->stats.retired, &dest->stats.folded);
	dest->stats.folded = (struct opvs_totals){};
}

static void zero_dest(struct opvs_dest *dest)
{
	opvs_stats_sum(dest->stats_cpu, &dest->stats.zero);
	dest->stats.est = (struct opvs_est){};
}

/**
 * opvs_totals_revive_svc() - a service that comes back counts for itself again
 * @svc: linked service that was retired; it shows zero at first, and so does
 *	each of its removed servers that comes back after it
 *
 * Context: process, cfg_lock held.
 */
void opvs_totals_revive_svc(struct opvs_svc *svc)
{
	struct opvs_dest *dest;

	lockdep_assert_held(&svc->on->cfg_lock);

	list_for_each_entry(dest, &svc->removed_dests, list)
		zero_dest(dest);
	opvs_totals_sub(&svc->on->retired, &svc->stats.folded);
	svc->stats.folded = (struct opvs_totals){};
	opvs_svc_zero(svc);
}

/**
 * opvs_dest_stats() - a server's statistics since the last ZERO
 * @dest: server
 * @shown: totals
 * @rates: per second
 *
 * Context: process, cfg_lock held.
 */
void opvs_dest_stats(const struct opvs_dest *dest, struct opvs_totals *shown,
		     struct opvs_rates *rates)
{
	lockdep_assert_held(&dest->svc->on->cfg_lock);

	opvs_stats_sum(dest->stats_cpu, shown);
	opvs_totals_sub(shown, &dest->stats.zero);
	opvs_est_read(&dest->stats.est, rates);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_dest_stats);

/**
 * opvs_svc_stats() - a service's statistics since the last ZERO
 * @svc: service
 * @shown: totals
 * @rates: per second
 *
 * Context: process, cfg_lock held.
 */
void opvs_svc_stats(const struct opvs_svc *svc, struct opvs_totals *shown,
		    struct opvs_rates *rates)
{
	lockdep_assert_held(&svc->on->cfg_lock);

	svc_raw(svc, shown);
	opvs_totals_sub(shown, &svc->stats.zero);
	opvs_est_read(&svc->stats.est, rates);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_svc_stats);

static void net_raw(struct opvs_net *on, struct opvs_totals *raw,
		    struct opvs_rates *rates)
{
	struct opvs_rates rate;
	struct opvs_totals one;
	struct opvs_svc *svc;
	unsigned long id;

	*raw = on->retired;
	*rates = (struct opvs_rates){};
	xa_for_each(&on->services, id, svc) {
		svc_raw(svc, &one);
		opvs_totals_add(raw, &one);
		opvs_est_read(&svc->stats.est, &rate);
		rates->cps += rate.cps;
		rates->inpps += rate.inpps;
		rates->outpps += rate.outpps;
		rates->inbps += rate.inbps;
		rates->outbps += rate.outbps;
	}
}

/**
 * opvs_net_stats() - a namespace's statistics since the last ZERO of all
 * @on: namespace
 * @shown: totals, removed services included
 * @rates: per second
 *
 * Context: process, cfg_lock held.
 */
void opvs_net_stats(struct opvs_net *on, struct opvs_totals *shown,
		    struct opvs_rates *rates)
{
	lockdep_assert_held(&on->cfg_lock);

	net_raw(on, shown, rates);
	opvs_totals_sub(shown, &on->zero);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_net_stats);

/**
 * opvs_svc_zero() - start a service's and its servers' statistics anew
 * @svc: service
 *
 * Context: process, cfg_lock held.
 */
void opvs_svc_zero(struct opvs_svc *svc)
{
	struct opvs_dest *dest;

	lockdep_assert_held(&svc->on->cfg_lock);

	list_for_each_entry(dest, &svc->dests, list)
		zero_dest(dest);
	svc_raw(svc, &svc->stats.zero);
	svc->stats.est = (struct opvs_est){};
}
EXPORT_SYMBOL_IF_KUNIT(opvs_svc_zero);

/**
 * opvs_net_zero() - start all statistics of a namespace anew
 * @on: namespace
 *
 * Context: process, cfg_lock held.
 */
void opvs_net_zero(struct opvs_net *on)
{
	struct opvs_rates rates;
	struct opvs_svc *svc;
	unsigned long id;

	lockdep_assert_held(&on->cfg_lock);

	xa_for_each(&on->services, id, svc)
		opvs_svc_zero(svc);
	net_raw(on, &on->zero, &rates);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_net_zero);

static void est_svc(struct opvs_svc *svc)
{
	u64 now = ktime_get_ns();
	struct opvs_totals one, sum = svc->stats.retired;
	struct opvs_dest *dest;

	list_for_each_entry(dest, &svc->dests, list) {
		opvs_stats_sum(dest->stats_cpu, &one);
		opvs_est_update(&dest->stats.est, &one, now);
		opvs_totals_add(&sum, &one);
	}
	opvs_est_update(&svc->stats.est, &sum, now);
}

/* Goes on behind the cursor for one slice; true when all services had a turn. */
static bool est_slice(struct opvs_net *on)
{
	u64 end = ktime_get_ns() + EST_SLICE_NS;
	struct opvs_svc *svc;

	while ((svc = opvs_svc_next(on, &on->est_cursor))) {
		est_svc(svc);
		if (ktime_get_ns() > end)
			return false;
	}
	return true;
}

static void sweep_hints(struct opvs_net *on)
{
	struct opvs_hints *hints;

	hints = rcu_dereference_protected(on->hints,
					  lockdep_is_held(&on->cfg_lock));
	if (hints)
		on->hint_cursor = opvs_hints_sweep(hints, on->hint_cursor,
						   EST_HINT_BUCKETS,
						   ktime_get_seconds());
}

static void age_askers(struct opvs_net *on)
{
	unsigned long seconds = READ_ONCE(on->settings.reply_seconds);

	/* Who asks is remembered also while nobody wants to know. */
	if (!seconds)
		seconds = OPVS_REPLY_SECONDS;
	opvs_askers_age(&on->askers, jiffies, seconds * HZ);
}

/**
 * opvs_est_start() - see to it that the estimator runs
 * @on: namespace that has a service
 *
 * Context: process, cfg_lock held.
 */
void opvs_est_start(struct opvs_net *on)
{
	/* Does nothing when it is pending already. */
	queue_delayed_work(opvs_wq, &on->est_work,
			   msecs_to_jiffies(OPVS_EST_PERIOD_MS));
}

/**
 * opvs_est_work() - estimate rates and forget what is old, every two seconds
 * @work: in &struct opvs_net
 *
 * Holds cfg_lock for one slice at a time, so that configuration changes get
 * through between slices.  Ends when there is no service any more.
 *
 * Context: process.
 */
void opvs_est_work(struct work_struct *work)
{
	struct opvs_net *on = container_of(to_delayed_work(work),
					   struct opvs_net, est_work);
	unsigned long delay = 0;

	mutex_lock(&on->cfg_lock);
	if (est_slice(on)) {
		on->est_cursor = 0;
		sweep_hints(on);
		age_askers(on);
		delay = msecs_to_jiffies(OPVS_EST_PERIOD_MS);
	}
	if (!xa_empty(&on->services))
		queue_delayed_work(opvs_wq, &on->est_work, delay);
	mutex_unlock(&on->cfg_lock);
}
