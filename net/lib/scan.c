// SPDX-License-Identifier: GPL-2.0-only
/* How some entries of a shard are looked at, and those ended that expired. */
#include "scan.h"

#include "shard.h"

#include <opvs/expire.h>

#include <linux/lockdep.h>

/* Claims an entry whose time is over and that is not kept. */
static bool claim_expired(struct opvs_scan *scan, struct opvs_expiring *e)
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

/* Where an entry goes that lives on.  Who looks for room must not put off a look
 * that is due elsewhere.
 */
static unsigned int next_place(struct opvs_scan *scan,
			       struct opvs_expire_shard *shard,
			       struct opvs_expiring *e)
{
	unsigned int here = opvs_shard_ahead_now(shard, e);
	unsigned int ahead = opvs_shard_ahead(shard, READ_ONCE(e->expires));
	u32 wait;

	if (likely(!READ_ONCE(scan->ex->first_look)))
		return ahead;
	if (here)
		return min(ahead, here);
	wait = scan->ex->ops->look(scan->ex, e, scan->now);
	return wait ? min(ahead, opvs_shard_ahead(shard, scan->now + wait)) :
		      ahead;
}

static void scan_entry(struct opvs_scan *scan, struct opvs_expire_shard *shard,
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
	ahead = next_place(scan, shard, e);
	if (ahead != opvs_shard_ahead_now(shard, e)) {
		opvs_shard_move(shard, e, ahead);
		scan->refiled++;
	}
}

/**
 * opvs_scan_slot() - take what has expired out of a slot, refile what lives on
 * @scan: what is left to look at and to claim; ends early when either is 0
 * @shard: shard
 * @slot: of it
 *
 * Context: any, with the shard's lock held.
 */
void opvs_scan_slot(struct opvs_scan *scan, struct opvs_expire_shard *shard,
		    unsigned int slot)
{
	struct opvs_expiring *e;
	struct hlist_node *next;

	lockdep_assert_held(&shard->lock);
	hlist_for_each_entry_safe(e, next, &shard->slot[slot], node) {
		if (!scan->looks || !scan->claims)
			return;
		scan_entry(scan, shard, e);
	}
}

/**
 * opvs_scan_drop() - hand claimed entries to the user, to be ended
 * @ex: engine
 * @dead: entries
 *
 * Context: any, without a lock of the engine.
 */
void opvs_scan_drop(struct opvs_expire *ex, struct hlist_head *dead)
{
	struct opvs_expiring *e;
	struct hlist_node *next;

	hlist_for_each_entry_safe(e, next, dead, node)
		ex->ops->drop(ex, e);
}
