// SPDX-License-Identifier: GPL-2.0-only
/* How long the chains of a hash table are, for who wants to see whether it is
 * well.
 */
#include <opvs/lengths.h>

#include <opvs/kunit.h>

#include <linux/minmax.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/string.h>

/* Buckets in one RCU read section. */
#define LENGTHS_STRIDE	1024

/* A table that grows or shrinks all the time is not looked through more often. */
#define LENGTHS_TRIES	5

/**
 * opvs_lengths_size() - how many buckets a table has
 * @table: table; its buckets are two sets while it grows or shrinks: the old one
 *
 * Context: any.
 */
u32 opvs_lengths_size(struct rhashtable *table)
{
	u32 size;

	rcu_read_lock();
	size = rcu_dereference(table->tbl)->size;
	rcu_read_unlock();
	return size;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_lengths_size);

static u32 chain_length(const struct bucket_table *tbl, u32 bucket)
{
	struct rhash_head *head;
	u32 n = 0;

	rht_for_each_rcu(head, tbl, bucket)
		if (++n == OPVS_LENGTHS - 1)
			break;
	return n;
}

/* Looks through the buckets from *@at on for one RCU read section.  Returns false
 * if they are no longer those of @of, with so many buckets.
 */
static bool look(struct rhashtable *table, const struct bucket_table **of,
		 u32 *at, u32 n[OPVS_LENGTHS])
{
	const struct bucket_table *tbl;
	u32 end;

	rcu_read_lock();
	tbl = rcu_dereference(table->tbl);
	if (!*at)
		*of = tbl;
	/* Another one may lie where the first one lay. */
	if (tbl != *of || *at >= tbl->size) {
		rcu_read_unlock();
		return false;
	}
	end = min(tbl->size - *at, (u32)LENGTHS_STRIDE) + *at;
	for (; *at < end; ++*at)
		n[chain_length(tbl, *at)]++;
	if (*at == tbl->size)
		*at = 0;
	rcu_read_unlock();
	return true;
}

/**
 * opvs_lengths() - count a table's chains by their length
 * @table: table
 * @n: result
 *
 * While the table grows or shrinks what has moved already does not count.
 *
 * Context: process.
 * Return: false if the table was replaced again and again meanwhile.
 */
bool opvs_lengths(struct rhashtable *table, u32 n[OPVS_LENGTHS])
{
	const struct bucket_table *of;
	unsigned int tries;
	u32 at;

	for (tries = 0; tries < LENGTHS_TRIES; tries++) {
		memset(n, 0, OPVS_LENGTHS * sizeof(*n));
		at = 0;
		while (look(table, &of, &at, n)) {
			if (!at)
				return true;
			cond_resched();
		}
	}
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_lengths);
