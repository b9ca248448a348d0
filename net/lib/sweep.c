// SPDX-License-Identifier: GPL-2.0-only
/*
 * How expired entries are found and ended by the sweeper, and all of them when
 * the engine ends.  expire.c tells how it all works together.
 */
#include <opvs/expire.h>

#include "scan.h"
#include "shard.h"

#include <opvs/kunit.h>
#include <opvs/wq.h>

#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#define SLICE_NS	(2 * NSEC_PER_MSEC)

/* Makes the next slot the one to be emptied; false when the pass is done. */
static bool advance(struct opvs_expire_shard *shard, u32 target)
{
	const u32 ring = OPVS_SHARD_HORIZON * OPVS_EXPIRE_TICK;

	if (shard->swept_end == target)
		return false;
	if (!shard->filed) {
		shard->swept_end = target;
		return false;
	}
	if (target - shard->swept_end > ring)
		shard->swept_end = target - ring;
	shard->swept = opvs_shard_slot(shard, 1);
	shard->swept_end += OPVS_EXPIRE_TICK;
	return true;
}

/* Empties slots up to the pass's end, for a batch of entries; true when the
 * shard is done.
 */
static bool scan_due(struct opvs_scan *scan, struct opvs_expire_shard *shard)
{
	bool done = false;

	spin_lock_bh(&shard->lock);
	for (;;) {
		opvs_scan_slot(scan, shard, shard->swept);
		if (!hlist_empty(&shard->slot[shard->swept]))
			break;
		done = !advance(shard, scan->ex->target);
		if (done)
			break;
	}
	spin_unlock_bh(&shard->lock);
	return done;
}

static void stat_add(u64 *stat, u64 n)
{
	WRITE_ONCE(*stat, *stat + n);
}

static void stat_max(u64 *stat, u64 n)
{
	WRITE_ONCE(*stat, max(*stat, n));
}

static void sweep_batch(struct opvs_expire *ex, u32 now)
{
	struct opvs_scan scan = {
		.ex = ex,
		.now = now,
		.looks = OPVS_EXPIRE_BATCH,
		.claims = OPVS_EXPIRE_BATCH,
	};
	struct opvs_expire_stats *stats = &ex->stats;

	if (scan_due(&scan, ex->shard[ex->resume]))
		ex->resume = cpumask_next(ex->resume, cpu_possible_mask);
	opvs_scan_drop(ex, &scan.dead);
	stat_add(&stats->visited, scan.visited);
	stat_add(&stats->reclaimed, scan.claimed);
	stat_add(&stats->refiled, scan.refiled);
	stat_max(&stats->max_late_ms, jiffies_to_msecs(scan.late));
}

static bool pass_complete(const struct opvs_expire *ex)
{
	return ex->resume >= nr_cpu_ids;
}

/* Is there anything to sweep at this time?  Begins a pass if one is due. */
static bool sweep_due(struct opvs_expire *ex, u32 now)
{
	u32 ticks;

	if (!pass_complete(ex))
		return true;
	ticks = (now - ex->target) / OPVS_EXPIRE_TICK;
	if (!ticks)
		return false;
	ex->target += ticks * OPVS_EXPIRE_TICK;
	ex->resume = cpumask_first(cpu_possible_mask);
	return true;
}

/**
 * opvs_expire_sweep() - end what has expired, for a slice of time
 * @ex: engine
 * @now: jiffies, never earlier than in the call before
 * @budget_ns: how long this may take, plus one batch
 *
 * Context: process; one caller at a time.
 * Return: true when all slots that are over are done; false when there is more
 * to do at once.
 */
bool opvs_expire_sweep(struct opvs_expire *ex, u32 now, u64 budget_ns)
{
	u64 start, took = 0;

	while (sweep_due(ex, now)) {
		start = ktime_get_ns();
		sweep_batch(ex, now);
		took += ktime_get_ns() - start;
		if (took >= budget_ns)
			break;
		/* Other tasks' time is not the sweeper's. */
		cond_resched();
	}
	stat_add(&ex->stats.slices, 1);
	stat_add(&ex->stats.busy_ns, took);
	stat_max(&ex->stats.max_slice_ns, took);
	return !sweep_due(ex, now);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_expire_sweep);

/**
 * opvs_expire_work() - the sweeper: a slice, and how it goes on
 * @work: of an engine
 *
 * Context: process.
 */
void opvs_expire_work(struct work_struct *work)
{
	struct opvs_expire *ex = container_of(to_delayed_work(work),
					      struct opvs_expire, work);
	s32 delay = 0;

	if (pass_complete(ex))
		stat_add(&ex->stats.wakeups, 1);
	if (opvs_expire_sweep(ex, jiffies, SLICE_NS)) {
		/* See opvs_expire_kick(). */
		if (ex->ops->empty(ex))
			return;
		delay = ex->target + READ_ONCE(ex->interval) - (u32)jiffies;
	}
	queue_delayed_work(opvs_wq, &ex->work, max(delay, 0));
}

/**
 * opvs_expire_kick() - wake the sweeper
 * @ex: engine that has, as opvs_expire_ops.empty sees it, an entry
 *
 * opvs_expire_file() does this when it must.  No wakeup is lost: the entry is
 * counted before the kick.  Either the work begins after that, finds the engine
 * not empty and goes on by itself; or it has begun before, so it is not pending
 * and is queued again here, whatever it found; or it is pending and thus begins
 * later.  Queueing is ordered against the begin of the work by the bit that
 * tells whether it is pending.
 *
 * The sweeper comes an interval later, when there can be something to do;
 * entries that come one by one and go at once do not wake it more often.
 *
 * Context: any.
 */
void opvs_expire_kick(struct opvs_expire *ex)
{
	spin_lock_bh(&ex->kick_lock);
	if (!ex->stopped)
		queue_delayed_work(opvs_wq, &ex->work, ex->interval);
	spin_unlock_bh(&ex->kick_lock);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_expire_kick);

/**
 * opvs_expire_set_interval() - change how often the sweeper looks
 * @ex: engine
 * @interval: jiffies; less than a tick is a tick
 *
 * Holds from now on, not after the sleep that was planned before.
 *
 * Context: any.
 */
void opvs_expire_set_interval(struct opvs_expire *ex, u32 interval)
{
	interval = clamp_t(u32, interval, OPVS_EXPIRE_TICK, S32_MAX / 2);
	spin_lock_bh(&ex->kick_lock);
	WRITE_ONCE(ex->interval, interval);
	if (!ex->stopped && !ex->ops->empty(ex))
		mod_delayed_work(opvs_wq, &ex->work, interval);
	spin_unlock_bh(&ex->kick_lock);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_expire_set_interval);

/**
 * opvs_expire_stop() - stop the sweeper for good
 * @ex: engine
 *
 * Entries may still be filed and claimed.
 *
 * Context: process; waits for a slice that runs.
 */
void opvs_expire_stop(struct opvs_expire *ex)
{
	spin_lock_bh(&ex->kick_lock);
	ex->stopped = true;
	spin_unlock_bh(&ex->kick_lock);
	cancel_delayed_work_sync(&ex->work);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_expire_stop);

/* Claims up to a batch of all entries, in the order of slots from *@slot on and
 * round again; true when no more are filed.
 */
static bool claim_any(struct opvs_expire_shard *shard, unsigned int *slot,
		      struct hlist_head *dead)
{
	unsigned int n = 0;
	struct opvs_expiring *e;
	struct hlist_node *next;
	bool done;

	spin_lock_bh(&shard->lock);
	for (; shard->filed; *slot = (*slot + 1) % OPVS_EXPIRE_SLOTS) {
		hlist_for_each_entry_safe(e, next, &shard->slot[*slot], node) {
			if (n++ == OPVS_EXPIRE_BATCH)
				goto full;
			opvs_shard_del(shard, e);
			if (opvs_expires_set_dying(e))
				hlist_add_head(&e->node, dead);
		}
	}
full:
	done = !shard->filed;
	spin_unlock_bh(&shard->lock);
	return done;
}

/**
 * opvs_expire_drain() - end everything
 * @ex: engine that was stopped; nothing is filed any more
 *
 * Dropping an entry may move others: the last connection of a template whose
 * own time is over makes that one expire, which puts it into a nearer slot,
 * perhaps one that was emptied before.  So a shard is gone round until its count
 * of entries is 0.  That comes to pass: each turn takes out all that it meets,
 * entries stay in their shard, what was taken out is not filed again
 * (file_sooner() moves only what is filed), and new ones are not filed, so the
 * count only falls; and as long as it is not 0 there is a slot with an entry.
 *
 * An entry that another one claimed is taken out here and dropped there: if
 * that one still runs (the work that ends orphans), the code that stops it
 * waits for it.
 *
 * Context: process.
 */
void opvs_expire_drain(struct opvs_expire *ex)
{
	unsigned int cpu, slot;
	bool done;

	for_each_possible_cpu(cpu) {
		slot = 0;
		do {
			struct hlist_head dead = HLIST_HEAD_INIT;

			done = claim_any(ex->shard[cpu], &slot, &dead);
			opvs_scan_drop(ex, &dead);
			cond_resched();
		} while (!done);
	}
}
EXPORT_SYMBOL_IF_KUNIT(opvs_expire_drain);
