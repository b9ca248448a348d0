// SPDX-License-Identifier: GPL-2.0-only
/*
 * How expired entries are found and ended: by the sweeper, and when there is
 * need of room or of an end.  expire.c tells how it all works together.
 */
#include <opvs/expire.h>

#include "shard.h"

#include <opvs/kunit.h>
#include <opvs/wq.h>

#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/spinlock.h>

#define SLICE_NS	(2 * NSEC_PER_MSEC)

/* Shards that a packet looks into at most to make room. */
#define SEARCH_SHARDS	16

/**
 * struct scan - a look at some entries of a shard under its lock
 * @ex: engine
 * @now: time by which they are judged
 * @looks: how many more may be looked at
 * @claims: how many more may be claimed
 * @visited: how many were looked at
 * @claimed: how many of them had expired
 * @refiled: how many of them went to other slots
 * @late: jiffies by which the latest of them came after its time
 * @dead: the claimed ones
 */
struct scan {
	struct opvs_expire	*ex;
	u32			now;
	unsigned int		looks;
	unsigned int		claims;
	unsigned int		visited;
	unsigned int		claimed;
	unsigned int		refiled;
	u32			late;
	struct hlist_head	dead;
};

/* Claims an entry whose time is over and that is not kept. */
static bool claim_expired(struct scan *scan, struct opvs_expiring *e)
{
	struct opvs_expire *ex = scan->ex;
	u32 old = READ_ONCE(e->expires), next, keep;

	do {
		if (old & OPVS_EXPIRE_DYING ||
		    !opvs_expires_over(old, scan->now))
			return false;
		keep = ex->ops->keep ? ex->ops->keep(ex, e) : 0;
		next = keep ? opvs_expires_make(scan->now, keep) :
			      old | OPVS_EXPIRE_DYING;
	} while (!try_cmpxchg(&e->expires, &old, next));
	return !keep;
}

/* Behind its time, but not further than its slot: a time may lie in the past
 * already when the entry is filed.
 */
static u32 lateness(const struct opvs_expire_shard *shard,
		    const struct opvs_expiring *e, u32 now)
{
	u32 expires = READ_ONCE(e->expires) & ~OPVS_EXPIRE_DYING;

	return min(now - expires, now - shard->swept_end + OPVS_EXPIRE_TICK);
}

static void scan_entry(struct scan *scan, struct opvs_expire_shard *shard,
		       struct opvs_expiring *e)
{
	unsigned int ahead;

	scan->looks--;
	scan->visited++;
	if (claim_expired(scan, e)) {
		opvs_shard_del(shard, e);
		hlist_add_head(&e->node, &scan->dead);
		scan->claims--;
		scan->claimed++;
		scan->late = max(scan->late, lateness(shard, e, scan->now));
		return;
	}
	if (READ_ONCE(e->expires) & OPVS_EXPIRE_DYING) {
		/* The one that claimed it is waiting for our lock. */
		opvs_shard_del(shard, e);
		return;
	}
	ahead = opvs_shard_ahead(shard, READ_ONCE(e->expires));
	if (ahead != opvs_shard_ahead_now(shard, e)) {
		opvs_shard_move(shard, e, ahead);
		scan->refiled++;
	}
}

static void scan_slot(struct scan *scan, struct opvs_expire_shard *shard,
		      unsigned int slot)
{
	struct opvs_expiring *e;
	struct hlist_node *next;

	hlist_for_each_entry_safe(e, next, &shard->slot[slot], node) {
		if (!scan->looks || !scan->claims)
			return;
		scan_entry(scan, shard, e);
	}
}

static void drop_all(struct opvs_expire *ex, struct hlist_head *dead)
{
	struct opvs_expiring *e;
	struct hlist_node *next;

	hlist_for_each_entry_safe(e, next, dead, node)
		ex->ops->drop(ex, e);
}

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
static bool scan_due(struct scan *scan, struct opvs_expire_shard *shard)
{
	bool done = false;

	spin_lock_bh(&shard->lock);
	for (;;) {
		scan_slot(scan, shard, shard->swept);
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
	struct scan scan = {
		.ex = ex,
		.now = now,
		.looks = OPVS_EXPIRE_BATCH,
		.claims = OPVS_EXPIRE_BATCH,
	};
	struct opvs_expire_stats *stats = &ex->stats;

	if (scan_due(&scan, ex->shard[ex->resume]))
		ex->resume = cpumask_next(ex->resume, cpu_possible_mask);
	drop_all(ex, &scan.dead);
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

/* The shard where the caller's CPU notes how far it has come. */
static struct opvs_expire_shard *my_shard(const struct opvs_expire *ex)
{
	return ex->shard[raw_smp_processor_id()];
}

/* Did the looks end before the shard had as many as a packet has?  Then it is the
 * next packet's first one.
 */
static bool cut_short(unsigned int before, unsigned int left, unsigned int whole)
{
	return !left && before < whole;
}

/* Goes on to another shard; false when that makes a round. */
static bool next_place(const struct opvs_expire *ex,
		       struct opvs_expire_place *place)
{
	unsigned int passed = READ_ONCE(place->passed) + 1;
	bool round = passed >= ex->shards;

	WRITE_ONCE(place->at, (READ_ONCE(place->at) + 1) % ex->shards);
	WRITE_ONCE(place->passed, round ? 0 : passed);
	return !round;
}

/* The shard that a place names, if there is anything to look for. */
static struct opvs_expire_shard *shard_at(const struct opvs_expire *ex,
					  const struct opvs_expire_place *place)
{
	struct opvs_expire_shard *shard = ex->shard[READ_ONCE(place->at)];

	return shard && READ_ONCE(shard->filed) ? shard : NULL;
}

/* Looks for expired entries where the sweeper has not been yet. */
static void scan_ahead(struct scan *scan, struct opvs_expire_shard *shard)
{
	unsigned int ahead, last;

	spin_lock_bh(&shard->lock);
	last = opvs_shard_ahead(shard, scan->now);
	for (ahead = 0; ahead <= last && scan->looks && scan->claims; ahead++)
		scan_slot(scan, shard, opvs_shard_slot(shard, ahead));
	spin_unlock_bh(&shard->lock);
}

/**
 * opvs_expire_reclaim() - make room: end entries that have expired already
 * @ex: engine
 * @now: jiffies
 * @max: entries
 *
 * The caller's CPU first.  A flood against a full table must not buy a search
 * with each packet: this looks at a batch of entries and into a few shards at
 * most, however many CPUs there are, and the CPU's next packet goes on where
 * this one stopped.  None looks again in a jiffy in which a CPU has been all
 * round in vain.
 *
 * Context: any.
 * Return: how many were ended.
 */
unsigned int opvs_expire_reclaim(struct opvs_expire *ex, u32 now,
				 unsigned int max)
{
	struct opvs_expire_place *place = &my_shard(ex)->reclaim;
	struct scan scan = {
		.ex = ex,
		.now = now,
		.looks = OPVS_EXPIRE_BATCH,
		.claims = max,
	};
	unsigned int shards = SEARCH_SHARDS, looks;
	struct opvs_expire_shard *shard;
	bool round = false;

	if (!max || READ_ONCE(ex->reclaim_vain) == now)
		return 0;
	while (!round && scan.looks && shards--) {
		looks = scan.looks;
		shard = shard_at(ex, place);
		if (shard)
			scan_ahead(&scan, shard);
		if (!scan.claims ||
		    cut_short(looks, scan.looks, OPVS_EXPIRE_BATCH))
			break;
		round = !next_place(ex, place);
	}
	drop_all(ex, &scan.dead);
	if (scan.claimed)
		WRITE_ONCE(place->passed, 0);
	else if (round)
		WRITE_ONCE(ex->reclaim_vain, now);
	return scan.claimed;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_expire_reclaim);

/* How much a packet may still look at to find a victim: entries, and lists. */
struct search {
	unsigned int	entries;
	unsigned int	slots;
};

static const struct search whole_search = {
	.entries = OPVS_EXPIRE_BATCH,
	.slots = OPVS_EXPIRE_SLOTS,
};

/* Of what may be looked at, the expendable one that expires first, and when. */
static struct opvs_expiring *
find_soonest(struct opvs_expire_shard *shard, u32 now, struct search *left,
	     bool (*expendable)(const struct opvs_expiring *e), u32 *expires)
{
	unsigned int ahead, unseen = shard->filed;
	struct opvs_expiring *e, *best = NULL;
	u32 when, end = shard->swept_end;

	for (ahead = 0; unseen && left->slots; ahead++) {
		left->slots--;
		hlist_for_each_entry(e, &shard->slot[opvs_shard_slot(shard, ahead)],
				     node) {
			if (!left->entries)
				return best;
			left->entries--;
			unseen--;
			when = READ_ONCE(e->expires);
			if (when & OPVS_EXPIRE_DYING || !expendable(e))
				continue;
			if (!best || (s32)(when - now) < (s32)(*expires - now)) {
				best = e;
				*expires = when;
			}
		}
		/* Nothing in later slots expires earlier. */
		if (best && opvs_expires_over(*expires, end))
			return best;
		end += OPVS_EXPIRE_TICK;
	}
	return best;
}

static bool evict_from(struct opvs_expire *ex, struct opvs_expire_shard *shard,
		       u32 now, struct search *left,
		       bool (*expendable)(const struct opvs_expiring *e))
{
	struct opvs_expiring *e;
	u32 expires;

	spin_lock_bh(&shard->lock);
	e = find_soonest(shard, now, left, expendable, &expires);
	/* Not if it is refreshed or ended at this very moment. */
	if (e && try_cmpxchg(&e->expires, &expires,
			     expires | OPVS_EXPIRE_DYING))
		opvs_shard_del(shard, e);
	else
		e = NULL;
	spin_unlock_bh(&shard->lock);
	if (!e)
		return false;
	ex->ops->drop(ex, e);
	return true;
}

/**
 * opvs_expire_evict() - make room: end a live entry that would soon expire
 * @ex: engine
 * @now: jiffies
 * @expendable: may this one go?  Called with the shard's lock held
 *
 * The caller's CPU first.  Looks at a batch of entries and at as many lists as a
 * shard has, goes on as opvs_expire_reclaim() does, and looks no more often.  In
 * a shard it never comes beyond a batch: what is filed later would be missed
 * more.
 *
 * Context: any.
 * Return: true if one was ended; false if none was found.
 */
bool opvs_expire_evict(struct opvs_expire *ex, u32 now,
		       bool (*expendable)(const struct opvs_expiring *e))
{
	struct opvs_expire_place *place = &my_shard(ex)->evict;
	struct search left = whole_search, before;
	struct opvs_expire_shard *shard;
	unsigned int shards;

	if (READ_ONCE(ex->evict_vain) == now)
		return false;
	for (shards = 0; shards < SEARCH_SHARDS; shards++) {
		before = left;
		shard = shard_at(ex, place);
		if (shard && evict_from(ex, shard, now, &left, expendable)) {
			WRITE_ONCE(place->passed, 0);
			return true;
		}
		if (cut_short(before.entries, left.entries, OPVS_EXPIRE_BATCH) ||
		    cut_short(before.slots, left.slots, OPVS_EXPIRE_SLOTS))
			break;
		if (!next_place(ex, place)) {
			WRITE_ONCE(ex->evict_vain, now);
			break;
		}
		if (!left.entries || !left.slots)
			break;
	}
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_expire_evict);

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
			drop_all(ex, &dead);
			cond_resched();
		} while (!done);
	}
}
EXPORT_SYMBOL_IF_KUNIT(opvs_expire_drain);
