// SPDX-License-Identifier: GPL-2.0-only
/*
 * How entries are ended because there is need of room, by packets.  expire.c
 * tells how it all works together.
 */
#include <opvs/expire.h>

#include "scan.h"
#include "shard.h"

#include <opvs/kunit.h>

#include <linux/list.h>
#include <linux/smp.h>
#include <linux/spinlock.h>

/* Shards that a packet looks into at most to make room. */
#define SEARCH_SHARDS	16

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
static void scan_ahead(struct opvs_scan *scan, struct opvs_expire_shard *shard)
{
	unsigned int ahead, last;

	spin_lock_bh(&shard->lock);
	last = opvs_shard_ahead(shard, scan->now);
	for (ahead = 0; ahead <= last && scan->looks && scan->claims; ahead++)
		opvs_scan_slot(scan, shard, opvs_shard_slot(shard, ahead));
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
	struct opvs_scan scan = {
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
	opvs_scan_drop(ex, &scan.dead);
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

/* Of what may be looked at from the list on that lies so far ahead, the expendable
 * one that expires first, and when.  @ahead is left where that ended.
 */
static struct opvs_expiring *
find_soonest(struct opvs_expire_shard *shard, u32 now, struct search *left,
	     bool (*expendable)(const struct opvs_expiring *e), u32 *expires,
	     unsigned int *ahead)
{
	u32 when, end = shard->swept_end + *ahead * OPVS_EXPIRE_TICK;
	struct opvs_expiring *e, *best = NULL;
	unsigned int unseen = shard->filed;

	for (; unseen && left->slots && *ahead < OPVS_EXPIRE_SLOTS; (*ahead)++) {
		left->slots--;
		hlist_for_each_entry(e, &shard->slot[opvs_shard_slot(shard, *ahead)],
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

/* While some entries are looked at before they could expire, the first lists are
 * full of those, and none of them need be expendable.  Then a search goes on where
 * the last one ended, or it would never come to others.
 */
static struct opvs_expiring *
find_victim(const struct opvs_expire *ex, struct opvs_expire_shard *shard,
	    u32 now, struct search *left,
	    bool (*expendable)(const struct opvs_expiring *e), u32 *expires)
{
	bool looking = READ_ONCE(ex->first_look);
	unsigned int ahead = looking ? shard->seek : 0;
	struct opvs_expiring *e;

	e = find_soonest(shard, now, left, expendable, expires, &ahead);
	if (!looking || (!e && left->entries && left->slots))
		shard->seek = 0;
	else
		shard->seek = (e ? ahead : ahead + 1) % OPVS_EXPIRE_SLOTS;
	return e;
}

static bool evict_from(struct opvs_expire *ex, struct opvs_expire_shard *shard,
		       u32 now, struct search *left,
		       bool (*expendable)(const struct opvs_expiring *e))
{
	struct opvs_expiring *e;
	u32 expires;

	spin_lock_bh(&shard->lock);
	e = find_victim(ex, shard, now, left, expendable, &expires);
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
 * more.  With &struct opvs_expire.first_look the batch is another each time, and
 * the one of it that expires first goes.
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
