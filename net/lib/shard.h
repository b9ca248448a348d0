/* SPDX-License-Identifier: GPL-2.0-only */
/* A shard of an expiry engine: a ring of slots.  For the files of expire.c. */
#ifndef OPVS_LIB_SHARD_H
#define OPVS_LIB_SHARD_H

#include <linux/atomic.h>
#include <linux/build_bug.h>
#include <linux/cache.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/spinlock_types.h>
#include <linux/types.h>

#include <opvs/expire.h>

struct work_struct;

/* The farthest that an entry can be filed ahead of what was swept. */
#define OPVS_SHARD_HORIZON	(OPVS_EXPIRE_SLOTS - 1)

static_assert(!(OPVS_EXPIRE_SLOTS & (OPVS_EXPIRE_SLOTS - 1)));
static_assert(OPVS_EXPIRE_SLOTS < OPVS_EXPIRE_UNFILED);
static_assert(OPVS_SHARD_HORIZON * OPVS_EXPIRE_TICK < S32_MAX);

/**
 * struct opvs_expire_place - how far a CPU has come in its search for room
 * @at: shard
 * @passed: shards that it has been through since it found something
 *
 * READ_ONCE and WRITE_ONCE: what a race mixes up costs a few looks more.
 */
struct opvs_expire_place {
	unsigned int	at;
	unsigned int	passed;
};

/**
 * struct opvs_expire_shard - entries of one CPU: filed there, swept anywhere
 * @lock: protects all but the places, and the links of the entries
 * @swept: slot that was emptied last, or is being emptied
 * @swept_end: when that slot was over, in jiffies
 * @filed: entries in all slots; statistics read it without the lock
 * @seek: how far ahead the search for a live one to end goes on, while lists hold
 *	what is only looked at
 * @slot: OPVS_EXPIRE_SLOTS lists
 * @reclaim: where packets of the CPU look for expired entries
 * @evict: where they look for live ones to end
 */
struct opvs_expire_shard {
	spinlock_t		lock;	/* leaf lock */
	unsigned int		swept;
	u32			swept_end;
	u32			filed;
	unsigned int		seek;
	struct hlist_head	*slot;

	struct opvs_expire_place	reclaim;
	struct opvs_expire_place	evict;
} ____cacheline_aligned_in_smp;

/* Sets DYING; true for the caller that set it. */
static inline bool opvs_expires_set_dying(struct opvs_expiring *e)
{
	u32 old = READ_ONCE(e->expires);

	do {
		if (old & OPVS_EXPIRE_DYING)
			return false;
	} while (!try_cmpxchg(&e->expires, &old, old | OPVS_EXPIRE_DYING));
	return true;
}

/* The slot that lies so many ticks ahead of what was swept. */
static inline unsigned int
opvs_shard_slot(const struct opvs_expire_shard *shard, unsigned int ahead)
{
	return (shard->swept + ahead) % OPVS_EXPIRE_SLOTS;
}

/* How far ahead the slot of a time lies. */
static inline unsigned int
opvs_shard_ahead(const struct opvs_expire_shard *shard, u32 expires)
{
	s32 left = expires - shard->swept_end;

	if (left <= 0)
		return 1;
	return min_t(u32, DIV_ROUND_UP((u32)left, OPVS_EXPIRE_TICK),
		     OPVS_SHARD_HORIZON);
}

/* How far ahead the slot lies that an entry is in. */
static inline unsigned int
opvs_shard_ahead_now(const struct opvs_expire_shard *shard,
		     const struct opvs_expiring *e)
{
	return (e->slot - shard->swept) % OPVS_EXPIRE_SLOTS;
}

static inline void opvs_shard_link(struct opvs_expire_shard *shard,
				   struct opvs_expiring *e, unsigned int ahead)
{
	lockdep_assert_held(&shard->lock);

	e->slot = opvs_shard_slot(shard, ahead);
	hlist_add_head(&e->node, &shard->slot[e->slot]);
}

static inline void opvs_shard_add(struct opvs_expire_shard *shard,
				  struct opvs_expiring *e, unsigned int ahead)
{
	opvs_shard_link(shard, e, ahead);
	WRITE_ONCE(shard->filed, shard->filed + 1);
}

static inline void opvs_shard_move(struct opvs_expire_shard *shard,
				   struct opvs_expiring *e, unsigned int ahead)
{
	hlist_del(&e->node);
	opvs_shard_link(shard, e, ahead);
}

static inline void opvs_shard_del(struct opvs_expire_shard *shard,
				  struct opvs_expiring *e)
{
	lockdep_assert_held(&shard->lock);

	hlist_del(&e->node);
	e->slot = OPVS_EXPIRE_UNFILED;
	WRITE_ONCE(shard->filed, shard->filed - 1);
}

/* the sweeper; sweep.c */
void opvs_expire_work(struct work_struct *work);

#endif /* OPVS_LIB_SHARD_H */
