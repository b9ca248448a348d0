// SPDX-License-Identifier: GPL-2.0-only
/*
 * Expiry: how entries that are not refreshed come to their end.
 *
 * Every entry has a time at which it expires, and packets push that time back.
 * A timer per entry would cost forty bytes and a timer operation per packet; a
 * walk over everything every few seconds would cost a good part of a CPU once
 * there are millions.  Here an entry is filed by the moment at which it could
 * first expire and is looked at then, not before.
 *
 * Slots.  A shard, of which there is one per CPU, is a ring of lists: slots of
 * a quarter of a second each, a little over four minutes together.  It knows
 * up to which slot it was swept, and when that slot ended:
 *
 *	+------+------+---+---+---+-- ... --+------+
 *	|      |      | X |   |   |         |      |
 *	+------+------+---+---+---+-- ... --+------+
 *	  1022   1023   0   1   2             1021	ticks ahead
 *
 *	X: being emptied, or the last that was; over at swept_end
 *
 * An entry goes to the slot in which it expires, or to the farthest one if
 * that lies beyond the ring, and always ahead of what was swept: the distance
 * is taken under the shard's lock from the shard's own position, whatever the
 * clock of the caller says.  So nothing can slip in behind the sweeper and wait
 * for a whole turn of the ring.
 *
 * Packets.  A refresh writes the new time and nothing else: the entry stays in
 * its slot.  When the sweeper comes there, it ends what has expired and files
 * the rest anew by the time that each has then.  An entry that is kept alive is
 * thus touched about once per timeout, or per turn of the ring, however many
 * packets it sees.  A refresh does not even write if the time would move by a
 * second or less.  That must not end an entry too early, so what is written
 * is the timeout plus a second, and what is left unwritten is covered by it.
 *
 * Only a time that moves to an earlier slot breaks the scheme: an entry that is
 * filed for an hour and must now go in ten seconds would not be looked at in
 * time.  So an event that shortens a timeout (FIN, RST, an edited policy, a
 * flush) moves the entry at once.  That happens a few times in a connection's
 * life.
 *
 * The end.  The lowest bit of the time, DYING, says that the entry is being
 * ended.  It is set by cmpxchg on the very time that was judged, so a refresh
 * either comes before, and the entry lives on, or after, and fails.  The one
 * that set the bit unlinks, uncounts and frees: exactly one of sweeper, flush,
 * eviction and shutdown.  An entry is invisible from the moment it expires, and
 * for that to be final a refresh of an expired entry fails as well.  One that
 * is made to expire gets a time that lies a second back, so that a CPU whose
 * idea of now is a little old agrees.
 *
 * Looks.  Who must be told of entries that go on (state synchronisation) has them
 * looked at more often: a first time soon after they were filed, and then whenever
 * the answer to the last look says.  That costs packets nothing.
 *
 * Locks.  All slots of a shard share a lock, which is taken to file, to move
 * and to take out, never to refresh.  An entry stays in the shard of the CPU
 * that created it, so the lock is known without looking.  The sweeper holds it
 * for OPVS_EXPIRE_BATCH entries at a time and ends them when it has let go of
 * it.  No reader walks the lists, so nothing here needs RCU; but the caller
 * that passes an entry to the engine must keep it in memory meanwhile.
 *
 * Sweeping.  A pass brings each shard in turn up to the last slot that was over
 * when the pass began.  It is cut into slices by time; the next slice goes on
 * in the shard and slot where the last one stopped.  The end of a pass does not
 * move while it lasts, hence no shard, however busy, keeps it from the others.
 * A shard that is behind by more than the ring (the sweeper slept, or never got
 * a CPU) has its clock put forward and each slot visited once.
 *
 * Lateness.  An entry lives for its timeout after the last packet, or up to a
 * second longer if it was refreshed, whatever the timeouts of others are.  It
 * is reclaimed when its slot is over, a quarter of a second later at most, and
 * the sweeper's run has come to it.
 *
 * Times are u32 jiffies that wrap, compared by signed difference, and come from
 * the caller so that tests can make them; only the worker reads the clock.
 */
#include <opvs/expire.h>

#include "shard.h"

#include <opvs/kunit.h>

#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/topology.h>

/**
 * opvs_expiring_init() - prepare an entry that is not published yet
 * @e: entry
 * @now: jiffies
 * @timeout: jiffies, up to OPVS_EXPIRE_MAX_SECONDS * HZ.  Until its first
 *	refresh the entry lives for just that long
 *
 * Context: any.
 */
void opvs_expiring_init(struct opvs_expiring *e, u32 now, u32 timeout)
{
	INIT_HLIST_NODE(&e->node);
	e->expires = opvs_expires_make(now, timeout);
	e->slot = OPVS_EXPIRE_UNFILED;
	e->shard = raw_smp_processor_id();
}
EXPORT_SYMBOL_IF_KUNIT(opvs_expiring_init);

/**
 * opvs_expire_file() - have an entry looked at when its time is over
 * @ex: engine
 * @e: initialised entry.  Others may see it already; if one of them is ending
 *	it, it is not filed any more
 *
 * Wakes the sweeper if it may be asleep.
 *
 * Context: any; takes the shard's lock.
 */
void opvs_expire_file(struct opvs_expire *ex, struct opvs_expiring *e)
{
	struct opvs_expire_shard *shard = ex->shard[e->shard];
	unsigned int ahead, look = READ_ONCE(ex->first_look);
	bool first = false;
	u32 expires;

	spin_lock_bh(&shard->lock);
	expires = READ_ONCE(e->expires);
	if (!(expires & OPVS_EXPIRE_DYING)) {
		first = !shard->filed;
		ahead = opvs_shard_ahead(shard, expires);
		if (unlikely(look))
			ahead = min(ahead, look / OPVS_EXPIRE_TICK + 1);
		opvs_shard_add(shard, e, ahead);
	}
	spin_unlock_bh(&shard->lock);
	/* All shards are empty while it is asleep. */
	if (first)
		opvs_expire_kick(ex);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_expire_file);

/* The entry's time was shortened: a slot that is too far away will not do. */
static void file_sooner(struct opvs_expire *ex, struct opvs_expiring *e)
{
	struct opvs_expire_shard *shard = ex->shard[e->shard];
	unsigned int ahead;

	spin_lock_bh(&shard->lock);
	/* One that is not filed yet will be filed by its new time. */
	if (e->slot != OPVS_EXPIRE_UNFILED) {
		ahead = opvs_shard_ahead(shard, READ_ONCE(e->expires));
		if (ahead < opvs_shard_ahead_now(shard, e))
			opvs_shard_move(shard, e, ahead);
	}
	spin_unlock_bh(&shard->lock);
}

/* Has an entry that expires at some time come to its end? */
static bool ended(struct opvs_expire *ex, struct opvs_expiring *e, u32 expires,
		  u32 now)
{
	if (expires & OPVS_EXPIRE_DYING)
		return true;
	if (likely(!opvs_expires_over(expires, now)))
		return false;
	return !ex->ops->keep || !ex->ops->keep(ex, e);
}

/**
 * opvs_expire_move() - what opvs_expire_refresh() does when it must write
 * @ex: engine
 * @e: entry, kept in memory by the caller
 * @now: jiffies
 * @expires: of opvs_expires_make()
 *
 * Context: any; takes the shard's lock if the new time is an earlier one.
 * Return: as opvs_expire_refresh().
 */
bool opvs_expire_move(struct opvs_expire *ex, struct opvs_expiring *e,
		      u32 now, u32 expires)
{
	u32 old = READ_ONCE(e->expires);

	do {
		if (unlikely(ended(ex, e, old, now)))
			return false;
		if (opvs_expires_near(old, expires))
			return true;
	} while (!try_cmpxchg(&e->expires, &old, expires));

	if ((s32)(expires - old) < 0)
		file_sooner(ex, e);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_expire_move);

/**
 * opvs_expire_now() - make an entry expire
 * @ex: engine
 * @e: entry, kept in memory by the caller
 * @now: jiffies
 *
 * No packet sees it from here on, and no refresh brings it back, as long as
 * opvs_expire_ops.keep does not hold it.  The sweeper ends it.
 *
 * Context: any; takes the shard's lock.
 * Return: false when it had expired before or is being ended.
 */
bool opvs_expire_now(struct opvs_expire *ex, struct opvs_expiring *e, u32 now)
{
	/* Also by a clock that was read a moment ago on another CPU. */
	u32 past = (now - HZ) & ~OPVS_EXPIRE_DYING;
	u32 old = READ_ONCE(e->expires);

	do {
		if (old & OPVS_EXPIRE_DYING || opvs_expires_over(old, now))
			return false;
	} while (!try_cmpxchg(&e->expires, &old, past));

	file_sooner(ex, e);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_expire_now);

/**
 * opvs_expire_claim() - become the one that ends an entry
 * @ex: engine
 * @e: entry, kept in memory by the caller; live, expired or not filed yet
 *
 * Context: any; takes the shard's lock.
 * Return: true if the caller must now do what opvs_expire_ops.drop does; false
 * when another one does.
 */
bool opvs_expire_claim(struct opvs_expire *ex, struct opvs_expiring *e)
{
	struct opvs_expire_shard *shard = ex->shard[e->shard];

	if (!opvs_expires_set_dying(e))
		return false;

	spin_lock_bh(&shard->lock);
	if (e->slot != OPVS_EXPIRE_UNFILED)
		opvs_shard_del(shard, e);
	spin_unlock_bh(&shard->lock);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_expire_claim);

/**
 * opvs_expire_filed() - how many entries a CPU has
 * @ex: engine
 * @cpu: possible CPU
 *
 * Context: any.
 * Return: entries of that CPU's shard, true at some moment of the call.
 */
u32 opvs_expire_filed(const struct opvs_expire *ex, unsigned int cpu)
{
	return READ_ONCE(ex->shard[cpu]->filed);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_expire_filed);

static struct opvs_expire_shard *shard_alloc(unsigned int cpu, u32 now)
{
	struct opvs_expire_shard *shard;
	int node = cpu_to_node(cpu);

	shard = kzalloc_node(sizeof(*shard), GFP_KERNEL_ACCOUNT, node);
	if (!shard)
		return NULL;
	/* By itself, as together they would take twice the memory. */
	shard->slot = kcalloc_node(OPVS_EXPIRE_SLOTS, sizeof(*shard->slot),
				   GFP_KERNEL_ACCOUNT, node);
	if (!shard->slot) {
		kfree(shard);
		return NULL;
	}
	spin_lock_init(&shard->lock);
	shard->swept_end = now;
	shard->reclaim.at = cpu;
	shard->evict.at = cpu;
	return shard;
}

/**
 * opvs_expire_init() - an engine without entries
 * @ex: engine
 * @ops: what it calls
 * @now: jiffies
 *
 * Context: process.
 * Return: 0, or -ENOMEM and nothing is left behind.
 */
int opvs_expire_init(struct opvs_expire *ex, const struct opvs_expire_ops *ops,
		     u32 now)
{
	unsigned int cpu;

	*ex = (struct opvs_expire){
		.ops = ops,
		.shard = kcalloc(nr_cpu_ids, sizeof(*ex->shard),
				 GFP_KERNEL_ACCOUNT),
		.shards = nr_cpu_ids,
		.interval = OPVS_EXPIRE_TICK,
		.target = now,
		.resume = nr_cpu_ids,
		.reclaim_vain = now - 1,
		.evict_vain = now - 1,
	};
	if (!ex->shard)
		goto err;
	INIT_DELAYED_WORK(&ex->work, opvs_expire_work);
	spin_lock_init(&ex->kick_lock);
	for_each_possible_cpu(cpu) {
		ex->shard[cpu] = shard_alloc(cpu, now);
		if (!ex->shard[cpu])
			goto err;
	}
	return 0;

err:
	opvs_expire_exit(ex);
	return -ENOMEM;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_expire_init);

/**
 * opvs_expire_exit() - free an engine
 * @ex: engine that was stopped and drained
 *
 * Context: process.
 */
void opvs_expire_exit(struct opvs_expire *ex)
{
	unsigned int cpu;

	/* A look at whether there is an engine must find none. */
	ex->ops = NULL;
	if (!ex->shard)
		return;
	for_each_possible_cpu(cpu) {
		struct opvs_expire_shard *shard = ex->shard[cpu];

		if (!shard)
			continue;
		WARN_ON_ONCE(shard->filed);
		kfree(shard->slot);
		kfree(shard);
	}
	kfree(ex->shard);
	ex->shard = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_expire_exit);
