// SPDX-License-Identifier: GPL-2.0-only
/*
 * Marks of the keys that were seen in the last half minute.
 *
 * When the servers of a stateless service change, the calls whose key moved are
 * told apart from new ones by what their messages say.  A message that is sent
 * once more, since its answer was lost or is late, says nothing: it looks like
 * the beginning of a call.  But it was seen before, and not long ago, as no
 * message is repeated for more than OPVS_RECENT_SECONDS.
 *
 * So every key that gets a server leaves a mark: bits of its hash and the time,
 * in the bucket that other bits of the hash name, in place of the oldest mark
 * there.  A mark is written once in a slice of time and otherwise only read,
 * whichever CPU the packets come to.
 *
 * Two keys whose marks are the same, one pair in two billion, are taken for each
 * other: a new call then goes where an old one would go, and stays there like
 * one.  With more new calls than RECENT_BUCKETS * RECENT_WAYS in half a minute,
 * eight thousand per second, marks are lost too early, and a message that is
 * repeated just then is taken for a new call.
 */
#include <opvs/recent.h>

#include <opvs/kunit.h>

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/mm.h>

#include <asm/barrier.h>

#define RECENT_BUCKET_BITS	16
#define RECENT_BUCKETS		BIT(RECENT_BUCKET_BITS)
#define RECENT_WAYS		4

/* A slice of time is some two seconds: a power of two, so that the number of a
 * slice goes on by one when jiffies wrap.
 */
#define RECENT_SLICE_BITS	(ilog2(HZ) + 2)
#define RECENT_SLICES		DIV_ROUND_UP(OPVS_RECENT_SECONDS * HZ, \
					     1 << RECENT_SLICE_BITS)

/**
 * struct opvs_recent - marks of keys
 * @mark: number of the slice of time in the upper half, bits of the hash in the
 *	lower; 0: none
 */
struct opvs_recent {
	u32	mark[RECENT_BUCKETS][RECENT_WAYS];
};

/**
 * opvs_recent_new() - nothing was seen yet
 *
 * Context: process.
 * Return: a megabyte for opvs_recent_free(), or NULL.
 */
struct opvs_recent *opvs_recent_new(void)
{
	return kvzalloc(sizeof(struct opvs_recent), GFP_KERNEL_ACCOUNT);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_recent_new);

/**
 * opvs_recent_free() - undo opvs_recent_new()
 * @recent: or NULL
 *
 * Context: process; no packet can see it any more.
 */
void opvs_recent_free(struct opvs_recent *recent)
{
	kvfree(recent);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_recent_free);

/* The upper bits choose the bucket, the lower half the server. */
static u32 bucket_of(u64 hash)
{
	return hash >> (64 - RECENT_BUCKET_BITS);
}

/* No mark is 0. */
static u32 mark_of(u64 hash, u32 now)
{
	u16 bits = hash >> 32 | 1;

	return now >> RECENT_SLICE_BITS << 16 | bits;
}

/* Slices between two marks; RECENT_SLICES + 1 if that is too long ago. */
static u32 mark_age(u32 mark, u32 now_mark)
{
	s16 age = (now_mark >> 16) - (mark >> 16);

	/* Another CPU may have seen the next slice begin. */
	if (age == -1)
		age = 0;
	return mark && age >= 0 && age <= RECENT_SLICES ? age :
							  RECENT_SLICES + 1;
}

/**
 * opvs_recent_seen() - was a key seen of late?
 * @recent: marks
 * @hash: keyed hash of the key
 * @now: jiffies
 *
 * Ordered before all that the caller does next: a caller that sees a mark sees
 * what was done before it was made.
 *
 * Context: any, RCU read side.
 */
enum opvs_recent_verdict opvs_recent_seen(const struct opvs_recent *recent,
					  u64 hash, u32 now)
{
	const u32 *bucket = recent->mark[bucket_of(hash)];
	u32 mark = mark_of(hash, now), seen, age, way;

	for (way = 0; way < RECENT_WAYS; way++) {
		/* Pairs with the release in opvs_recent_note(). */
		seen = smp_load_acquire(&bucket[way]);
		age = mark_age(seen, mark);
		if ((u16)seen == (u16)mark && age <= RECENT_SLICES)
			return age ? OPVS_RECENT_SEEN : OPVS_RECENT_FRESH;
	}
	return OPVS_RECENT_NEW;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_recent_seen);

/**
 * opvs_recent_note() - note that a key was seen
 * @recent: marks
 * @hash: keyed hash of the key
 * @now: jiffies
 *
 * Needless after OPVS_RECENT_FRESH.  CPUs that note keys of one bucket at the
 * same time may lose one another's mark; nothing else happens.
 *
 * Context: any, RCU read side.
 */
void opvs_recent_note(struct opvs_recent *recent, u64 hash, u32 now)
{
	u32 *bucket = recent->mark[bucket_of(hash)];
	u32 mark = mark_of(hash, now), seen, age, way;
	u32 oldest = 0, most = 0;

	for (way = 0; way < RECENT_WAYS; way++) {
		seen = READ_ONCE(bucket[way]);
		if ((u16)seen == (u16)mark) {
			oldest = way;
			break;
		}
		age = mark_age(seen, mark);
		if (age > most) {
			most = age;
			oldest = way;
		}
	}
	/* Pairs with the acquire in opvs_recent_seen(). */
	smp_store_release(&bucket[oldest], mark);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_recent_note);
