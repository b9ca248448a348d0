/* SPDX-License-Identifier: GPL-2.0-only */
/* Limits on the number of connection entries. */
#ifndef OPVS_LIMIT_H
#define OPVS_LIMIT_H

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/types.h>

/* 2^30; more connections than this are beyond any memory. */
#define OPVS_LIMIT_MAX	0x40000000

/**
 * struct opvs_limit - a count and the most that it may be
 * @count: entries, templates included
 * @max: 0: no limit, here and everywhere; lowering it ends nothing, but takes
 *	nothing new until @count is below
 */
struct opvs_limit {
	atomic_t	count;
	u32		max;
};

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
		if ((u32)count >= max)
			return 0;
	} while (!atomic_try_cmpxchg(&limit->count, &count, count + 1));
	return count + 1;
}

/* Would opvs_limit_take() fail now?  For telling why it did. */
static inline bool opvs_limit_reached(const struct opvs_limit *limit)
{
	u32 max = READ_ONCE(limit->max);

	return max && (u32)atomic_read(&limit->count) >= max;
}

/* Gives back what opvs_limit_take() counted; returns what is left. */
static inline u32 opvs_limit_release(struct opvs_limit *limit)
{
	return atomic_dec_return(&limit->count);
}

#endif /* OPVS_LIMIT_H */
