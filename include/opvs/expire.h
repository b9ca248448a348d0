/* SPDX-License-Identifier: GPL-2.0-only */
/* Expiry: entries filed by the moment at which they could first expire. */
#ifndef OPVS_EXPIRE_H
#define OPVS_EXPIRE_H

#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/spinlock_types.h>
#include <linux/types.h>
#include <linux/workqueue.h>

/* A slot is a quarter of a second; later moments are filed at the horizon. */
#define OPVS_EXPIRE_TICK	(HZ / 4)
#define OPVS_EXPIRE_SLOTS	1024

/* Entries that are looked at under one hold of a lock. */
#define OPVS_EXPIRE_BATCH	64

/* What a refresh adds to the timeout, so that the next ones need not write. */
#define OPVS_EXPIRE_SLACK	HZ

/* CPUs that handle an entry at the same time may have read the clock at
 * different times: less than this is not taken for a shortening.
 */
#define OPVS_EXPIRE_SHORTER	(HZ / 8)

/* Longest timeout: expiry times are compared as signed 32-bit jiffies. */
#define OPVS_EXPIRE_MAX_SECONDS	(S32_MAX / HZ - 2)

/**
 * struct opvs_expiring - the part of an object that the engine works on
 * @expires: when, in jiffies, wrapping; the lowest bit (OPVS_EXPIRE_DYING) says
 *	that the entry is being ended.  By cmpxchg once the entry is filed
 * @slot: where @node is, or OPVS_EXPIRE_UNFILED; under the shard's lock
 * @shard: the CPU whose lists it is in; constant once filed
 * @node: in its slot's list; under the shard's lock
 * @rcu: the user's from the moment that the entry is dropped on: @node is not
 *	looked at then, as @slot tells that it is in no list
 */
struct opvs_expiring {
	u32			expires;
	u16			slot;
	u16			shard;
	union {
		struct hlist_node	node;
		struct rcu_head		rcu;
	};
};

#define OPVS_EXPIRE_UNFILED	U16_MAX
#define OPVS_EXPIRE_DYING	1U

struct opvs_expire;
struct opvs_expire_shard;

/**
 * struct opvs_expire_ops - what the engine asks of its user
 * @keep: asked of an expired entry before it is claimed, and before a refresh
 *	of it is refused: jiffies that it must live on (a template with
 *	children), 0 to let it go.  Any context, perhaps with the shard's lock
 *	held; may be NULL
 * @look: asked of an entry that lives on when the sweeper comes by, while
 *	&struct opvs_expire.first_look is set: jiffies after which it is to be
 *	looked at again; 0: not before it could expire.  With the shard's lock
 *	held; may be NULL if that is never set
 * @drop: end a claimed entry: unlink, uncount, free after a grace period.
 *	Called once per entry, no lock of the engine held, any context with BH
 *	enabled or disabled
 * @empty: are there no entries at all?  Then the sweeper goes to sleep.  An
 *	entry counts from before it is filed until it is dropped
 */
struct opvs_expire_ops {
	u32	(*keep)(struct opvs_expire *ex, struct opvs_expiring *e);
	u32	(*look)(struct opvs_expire *ex, struct opvs_expiring *e,
			u32 now);
	void	(*drop)(struct opvs_expire *ex, struct opvs_expiring *e);
	bool	(*empty)(struct opvs_expire *ex);
};

/**
 * struct opvs_expire_stats - what the sweeper did (sysfs and netlink show it)
 * @visited: entries that it looked at
 * @reclaimed: entries that it ended
 * @refiled: entries that live on
 * @slices: runs of at most a time slice and a batch
 * @wakeups: times that the work began; slices that continue one do not count
 * @busy_ns: time spent in slices
 * @max_slice_ns: longest slice
 * @max_late_ms: latest reclaim behind its entry's expiry
 *
 * Written by the sweeper only, single values with WRITE_ONCE.
 */
struct opvs_expire_stats {
	u64	visited;
	u64	reclaimed;
	u64	refiled;
	u64	slices;
	u64	wakeups;
	u64	busy_ns;
	u64	max_slice_ns;
	u64	max_late_ms;
};

/**
 * struct opvs_expire - an expiry engine
 * @ops: constant
 * @shard: by CPU, one per possible CPU; constant
 * @shards: length of @shard; constant
 * @work: the sweeper
 * @kick_lock: orders waking against stopping
 * @stopped: nothing wakes the sweeper any more; under @kick_lock
 * @interval: least jiffies between two sweeps; a tick at least
 * @first_look: jiffies from its filing on after which an entry is looked at
 *	though it lives; 0: none is.  READ_ONCE and WRITE_ONCE
 * @target: end of the slot up to which the present pass goes; sweeper only
 * @resume: shard at which the present pass goes on, beyond all CPUs when it is
 *	complete; sweeper only
 * @reclaim_vain: jiffy of the last round of searches for something expired that
 *	was in vain
 * @evict_vain: jiffy of the last round that found no victim
 * @stats: see there
 */
struct opvs_expire {
	const struct opvs_expire_ops	*ops;
	struct opvs_expire_shard	**shard;
	unsigned int			shards;
	struct delayed_work		work;
	spinlock_t			kick_lock;	/* waking, stopping */
	bool				stopped;
	u32				interval;
	u32				first_look;
	u32				target;
	unsigned int			resume;
	u32				reclaim_vain;
	u32				evict_vain;
	struct opvs_expire_stats	stats;
};

int opvs_expire_init(struct opvs_expire *ex, const struct opvs_expire_ops *ops,
		     u32 now);
void opvs_expire_exit(struct opvs_expire *ex);
void opvs_expire_stop(struct opvs_expire *ex);
void opvs_expire_kick(struct opvs_expire *ex);
void opvs_expire_set_interval(struct opvs_expire *ex, u32 interval);
u32 opvs_expire_filed(const struct opvs_expire *ex, unsigned int cpu);

void opvs_expiring_init(struct opvs_expiring *e, u32 now, u32 timeout);
void opvs_expire_file(struct opvs_expire *ex, struct opvs_expiring *e);
bool opvs_expire_move(struct opvs_expire *ex, struct opvs_expiring *e,
		      u32 now, u32 expires);
bool opvs_expire_now(struct opvs_expire *ex, struct opvs_expiring *e, u32 now);
bool opvs_expire_claim(struct opvs_expire *ex, struct opvs_expiring *e);

bool opvs_expire_sweep(struct opvs_expire *ex, u32 now, u64 budget_ns);
unsigned int opvs_expire_reclaim(struct opvs_expire *ex, u32 now,
				 unsigned int max);
bool opvs_expire_evict(struct opvs_expire *ex, u32 now,
		       bool (*expendable)(const struct opvs_expiring *e));
void opvs_expire_drain(struct opvs_expire *ex);

/* Rounded up to an even time: bit 0 is OPVS_EXPIRE_DYING. */
static inline u32 opvs_expires_make(u32 now, u32 timeout)
{
	return (now + timeout + 1) & ~OPVS_EXPIRE_DYING;
}

static inline bool opvs_expires_over(u32 expires, u32 now)
{
	return (s32)(expires - now) <= 0;
}

/* Is the change too small to be worth a write? */
static inline bool opvs_expires_near(u32 from, u32 to)
{
	return to - from + OPVS_EXPIRE_SHORTER <=
	       OPVS_EXPIRE_SLACK + OPVS_EXPIRE_SHORTER;
}

/**
 * opvs_expire_refresh() - give an entry a new timeout from now on
 * @ex: engine
 * @e: entry, kept in memory by the caller
 * @now: jiffies
 * @timeout: jiffies, up to OPVS_EXPIRE_MAX_SECONDS * HZ; the entry lives for
 *	that and up to OPVS_EXPIRE_SLACK more
 *
 * Writes nothing while the time would move forward by a second or less, and
 * takes no lock unless the new time is an earlier one.
 *
 * Context: any.
 * Return: false when the entry has expired or is being ended: it must not be
 * used.
 */
static inline bool opvs_expire_refresh(struct opvs_expire *ex,
				       struct opvs_expiring *e,
				       u32 now, u32 timeout)
{
	u32 expires = opvs_expires_make(now, timeout + OPVS_EXPIRE_SLACK);
	u32 old = READ_ONCE(e->expires);

	if (likely(!(old & OPVS_EXPIRE_DYING) && !opvs_expires_over(old, now) &&
		   opvs_expires_near(old, expires)))
		return true;
	return opvs_expire_move(ex, e, now, expires);
}

#endif /* OPVS_EXPIRE_H */
