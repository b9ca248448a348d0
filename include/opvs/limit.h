/* SPDX-License-Identifier: GPL-2.0-only */
/* Limits on the number of connection entries. */
#ifndef OPVS_LIMIT_H
#define OPVS_LIMIT_H

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/limits.h>
#include <linux/types.h>

/* 2^30; more connections than this are beyond any memory. */
#define OPVS_LIMIT_MAX	0x40000000

/* Instead of a largest count: none at all. */
#define OPVS_LIMIT_NOTHING	U32_MAX

/**
 * struct opvs_limit - a count and the most that it may be
 * @count: entries, templates included
 * @max: 0: no limit, here and everywhere; OPVS_LIMIT_NOTHING: nothing new;
 *	lowering it ends nothing, but takes nothing new until @count is below
 */
struct opvs_limit {
	atomic_t	count;
	u32		max;
};

/* Is there no room, of a limit that is one? */
static inline bool opvs_limit_full(u32 max, u32 count)
{
	return count >= max || max == OPVS_LIMIT_NOTHING;
}

/**
 * opvs_limit_take() - count one more if that is allowed
 * @limit: limit
 *
 * Exact: any number of CPUs together never pass the limit.
 *
 * Context: any.
 * Return: the count it became, 0 if the limit is reached.
 */
static inline u32 opvs_limit_take(struct opvs_limit *limit)
{
	u32 max = READ_ONCE(limit->max);
	int count;

	if (likely(!max))
		return atomic_inc_return(&limit->count);
	count = atomic_read(&limit->count);
	do {
		if (opvs_limit_full(max, count))
			return 0;
	} while (!atomic_try_cmpxchg(&limit->count, &count, count + 1));
	return count + 1;
}

/* Would opvs_limit_take() fail now?  For telling why it did. */
static inline bool opvs_limit_reached(const struct opvs_limit *limit)
{
	u32 max = READ_ONCE(limit->max);

	return max && opvs_limit_full(max, atomic_read(&limit->count));
}

/* Gives back what opvs_limit_take() counted; returns what is left. */
static inline u32 opvs_limit_release(struct opvs_limit *limit)
{
	return atomic_dec_return(&limit->count);
}

/* The two ways to write a limit.  net.opvs: 0 is no limit, and -1 nothing new;
 * netlink has the same as a u32.  net.ipv4.vs, as ip_vs since 7.3: 0 is nothing
 * new, and the largest limit is none.
 */

static inline int opvs_limit_native(u32 max)
{
	return max;
}

static inline u32 opvs_limit_of_native(int value)
{
	return value;
}

static inline int opvs_limit_compat(u32 max)
{
	if (max == OPVS_LIMIT_NOTHING)
		return 0;
	return max ?: OPVS_LIMIT_MAX;
}

static inline u32 opvs_limit_of_compat(int value)
{
	if (!value)
		return OPVS_LIMIT_NOTHING;
	return value == OPVS_LIMIT_MAX ? 0 : value;
}

#endif /* OPVS_LIMIT_H */
