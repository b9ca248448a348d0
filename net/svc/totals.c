// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statistics of services and namespaces.
 *
 * Packets count once, per CPU, for the server that they go to.  All else is
 * added up here when it is read: a service is the sum of its servers, a
 * namespace the sum of its services, and each inherits what its removed
 * children counted.  Inheriting happens twice: at removal, so that sums never
 * step back, and for the few packets that were still in flight, when the last
 * reader is gone.
 *
 * Rates are estimated by the clock (net/clock/rates.c).
 */
#include <opvs/svc.h>

#include <opvs/dest.h>
#include <opvs/event.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>

static void svc_raw(const struct opvs_svc *svc, struct opvs_totals *raw)
{
	struct opvs_totals one;
	struct opvs_dest *dest;

	*raw = svc->stats.retired;
	list_for_each_entry(dest, &svc->dests, list) {
		opvs_stats_sum(dest->stats_cpu, &one);
		opvs_totals_add(raw, &one);
	}
	if (svc->bypass) {
		opvs_stats_sum(svc->bypass->stats_cpu, &one);
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
	opvs_sip_retire_dest(dest);
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
	retire(&svc->stats, &raw, &svc->on->totals.retired);
}

/**
 * opvs_totals_bury_dest() - keep what each CPU counted for a server
 * @dest: server that is about to be freed
 *
 * Context: process, cfg_lock held.
 */
void opvs_totals_bury_dest(struct opvs_dest *dest)
{
	struct opvs_net *on = dest->svc->on;
	struct opvs_totals one;
	int cpu;

	lockdep_assert_held(&on->cfg_lock);

	for_each_possible_cpu(cpu) {
		opvs_stats_read(per_cpu_ptr(dest->stats_cpu, cpu), &one);
		opvs_totals_add(per_cpu_ptr(on->totals.freed, cpu), &one);
	}
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
	opvs_sip_revive_dest(dest);
}

static void zero_dest(struct opvs_dest *dest)
{
	opvs_stats_sum(dest->stats_cpu, &dest->stats.zero);
	dest->stats.est = (struct opvs_est){};
	opvs_sip_zero_dest(dest);
}

static void zero_svc(struct opvs_svc *svc)
{
	struct opvs_dest *dest;

	list_for_each_entry(dest, &svc->dests, list)
		zero_dest(dest);
	svc_raw(svc, &svc->stats.zero);
	svc->stats.est = (struct opvs_est){};
	opvs_sip_zero_svc(svc);
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
	opvs_totals_sub(&svc->on->totals.retired, &svc->stats.folded);
	svc->stats.folded = (struct opvs_totals){};
	zero_svc(svc);
}

/* None, while rates are not estimated. */
static void read_rates(const struct opvs_net *on, const struct opvs_est *est,
		       struct opvs_rates *rates)
{
	*rates = (struct opvs_rates){};
	if (opvs_rates_are_current(on, est))
		opvs_est_read(est, rates);
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
	read_rates(dest->svc->on, &dest->stats.est, rates);
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
	read_rates(svc->on, &svc->stats.est, rates);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_svc_stats);

static void net_raw(struct opvs_net *on, struct opvs_totals *raw,
		    struct opvs_rates *rates)
{
	struct opvs_rates rate;
	struct opvs_totals one;
	struct opvs_svc *svc;
	unsigned long id;

	*raw = on->totals.retired;
	*rates = (struct opvs_rates){};
	xa_for_each(&on->svc.by_id, id, svc) {
		svc_raw(svc, &one);
		opvs_totals_add(raw, &one);
		read_rates(on, &svc->stats.est, &rate);
		rates->cps += rate.cps;
		rates->inpps += rate.inpps;
		rates->outpps += rate.outpps;
		rates->inbps += rate.inbps;
		rates->outbps += rate.outbps;
	}
}

/**
 * opvs_net_stats() - a namespace's statistics since the last ZERO of all
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
	opvs_totals_sub(shown, &on->totals.zero);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_net_stats);

static void add_cpus(const struct opvs_dest *dest, struct opvs_totals *raw)
{
	struct opvs_totals one;
	int cpu;

	for_each_possible_cpu(cpu) {
		opvs_stats_read(per_cpu_ptr(dest->stats_cpu, cpu), &one);
		opvs_totals_add(&raw[cpu], &one);
	}
}

/**
 * opvs_net_cpu_stats() - what each CPU has counted in a namespace
 * @raw: result, by CPU, of nr_cpu_ids elements: since the namespace is there,
 *	whatever was removed, and whether or not ZERO was said
 *
 * Context: process, cfg_lock held.
 */
void opvs_net_cpu_stats(struct opvs_net *on, struct opvs_totals *raw)
{
	struct opvs_dest *dest;
	int cpu;

	lockdep_assert_held(&on->cfg_lock);

	for_each_possible_cpu(cpu)
		raw[cpu] = *per_cpu_ptr(on->totals.freed, cpu);
	list_for_each_entry(dest, &on->svc.dests, all)
		add_cpus(dest, raw);
	list_for_each_entry(dest, &on->svc.let_go, list)
		add_cpus(dest, raw);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_net_cpu_stats);

/**
 * opvs_svc_zero() - start a service's and its servers' statistics anew
 * @svc: service
 *
 * Context: process, cfg_lock held.
 */
void opvs_svc_zero(struct opvs_svc *svc)
{
	lockdep_assert_held(&svc->on->cfg_lock);

	zero_svc(svc);
	opvs_event_svc(svc, OPVS_CMD_ZEROED);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_svc_zero);

/**
 * opvs_net_zero() - start all statistics of a namespace anew
 *
 * Context: process, cfg_lock held.
 */
void opvs_net_zero(struct opvs_net *on)
{
	const struct opvs_event event = { .cmd = OPVS_CMD_ZEROED };
	struct opvs_rates rates;
	struct opvs_svc *svc;
	unsigned long id;

	lockdep_assert_held(&on->cfg_lock);

	xa_for_each(&on->svc.by_id, id, svc)
		zero_svc(svc);
	net_raw(on, &on->totals.zero, &rates);
	opvs_event_tell(on, &event);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_net_zero);

/**
 * opvs_totals_net_init() - memory for what outlives its servers
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int opvs_totals_net_init(struct opvs_net *on)
{
	on->totals.freed = alloc_percpu_gfp(struct opvs_totals,
					    GFP_KERNEL_ACCOUNT);
	return on->totals.freed ? 0 : -ENOMEM;
}

/**
 * opvs_totals_net_exit() - give it back
 * @on: namespace without servers
 *
 * Context: process.
 */
void opvs_totals_net_exit(struct opvs_net *on)
{
	free_percpu(on->totals.freed);
}
