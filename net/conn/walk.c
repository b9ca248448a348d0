// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walking all connections, for dumps and flushes.
 *
 * A walk may take minutes, take place in many steps, and find the table twice
 * as large or half as large at the next step.  It must still show every entry
 * that was there all the time, and show it once.
 *
 * So it does not go by buckets but by an order of the entries that does not
 * depend on the table's size: by their hash with the bits reversed.  A table of
 * 2^n buckets files by the last n bits of the hash, that is by the first n bits
 * of this order: each bucket holds one contiguous range, and doubling the table
 * cuts each range in two.  The walk needs to remember only how far it got.
 * Entries with equal hashes are ordered by address.
 *
 * While the table is being resized an entry is in the old or in the new one and
 * may move under our eyes.  It is linked into the new chain before it leaves the
 * old one, so looking at old before new misses nothing, and seeing it twice does
 * no harm: the walk takes the next entry in order, not the next one seen.
 */
#include <opvs/conn.h>

#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/table.h>

#include <linux/bitrev.h>
#include <linux/bits.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>

/* Empty ranges that are passed in one RCU read section. */
#define WALK_STRIDE	1024

#define WALK_END	BIT_ULL(32)

struct candidate {
	struct opvs_conn	*cp;
	u64			at;
};

/* The first entry of a chain behind the walk and before @end, if it comes
 * before what was found so far.
 */
static void scan_chain(const struct bucket_table *tbl,
		       const struct opvs_conn_walk *walk, u64 end,
		       struct candidate *best)
{
	u32 bucket = bitrev32((u32)walk->at) & (tbl->size - 1);
	struct opvs_conn_node *node;
	struct rhash_head *head;
	struct opvs_conn *cp;
	u64 at;

	rht_for_each_rcu(head, tbl, bucket) {
		node = container_of(head, struct opvs_conn_node, node);
		if (node->tuple.kind == OPVS_TUPLE_REPLY)
			continue;
		cp = container_of(node, struct opvs_conn, request);
		if (opvs_conn_dead(cp))
			continue;
		at = bitrev32(cp->request_hash);
		if (at < walk->at || at >= end ||
		    (at == walk->at && (unsigned long)cp <= walk->after))
			continue;
		if (!best->cp || at < best->at ||
		    (at == best->at && cp < best->cp))
			*best = (struct candidate){ .cp = cp, .at = at };
	}
}

/* Looks through the smallest range that @walk->at is in; sets its end. */
static struct candidate scan_range(struct opvs_net *on,
				   const struct opvs_conn_walk *walk, u64 *end)
{
	struct bucket_table *tbl, *first;
	struct candidate best;
	u32 size = 1;
	u64 span;

again:
	best = (struct candidate){};
	first = rht_dereference_rcu(on->conn.table.tbl, &on->conn.table);
	for (tbl = first; tbl;
	     tbl = rht_dereference_rcu(tbl->future_tbl, &on->conn.table))
		size = max(size, tbl->size);
	span = WALK_END >> ilog2(size);
	*end = (walk->at & ~(span - 1)) + span;
	if (walk->end)
		*end = min(*end, walk->end);

	for (tbl = first; tbl;
	     tbl = rht_dereference_rcu(tbl->future_tbl, &on->conn.table)) {
		/* Just attached: its buckets hold shorter ranges than this. */
		if (unlikely(tbl->size > size))
			goto again;
		scan_chain(tbl, walk, *end, &best);
		/* An entry that left this chain is seen in the next one. */
		smp_rmb();
	}
	return best;
}

/**
 * opvs_conn_walk_next() - the next connection of a walk
 * @walk: place; zeroed at first but for @end, and ahead of the entry returned
 *	afterwards
 *
 * Templates are shown, expired entries are not.  An entry that lives through
 * the whole walk is shown exactly once.
 *
 * Context: process, RCU read side, which it leaves for a moment now and then.
 * Return: an entry, valid until the next call; NULL at the end.
 */
struct opvs_conn *opvs_conn_walk_next(struct opvs_net *on,
				      struct opvs_conn_walk *walk)
{
	u64 stop = walk->end ?: WALK_END, end;
	unsigned int passed = 0;
	struct candidate found;

	if (!opvs_table_is_up(on))
		return NULL;
	while (walk->at < stop) {
		found = scan_range(on, walk, &end);
		if (found.cp) {
			walk->at = found.at;
			walk->after = (unsigned long)found.cp;
			return found.cp;
		}
		walk->at = end;
		walk->after = 0;
		if (++passed % WALK_STRIDE)
			continue;
		rcu_read_unlock();
		cond_resched();
		rcu_read_lock();
	}
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_conn_walk_next);

/**
 * opvs_conn_end_where() - end all connections and templates that are over
 * @over: tells whether one is; called on the RCU read side
 *
 * Context: process; sleeps.
 */
void opvs_conn_end_where(struct opvs_net *on,
			 bool (*over)(const struct opvs_conn *cp))
{
	struct opvs_conn_walk walk = {};
	unsigned int seen = 0;
	struct opvs_conn *cp;

	rcu_read_lock();
	while ((cp = opvs_conn_walk_next(on, &walk))) {
		if (over(cp))
			opvs_conn_end(cp);
		if (++seen % WALK_STRIDE)
			continue;
		rcu_read_unlock();
		cond_resched();
		rcu_read_lock();
	}
	rcu_read_unlock();
}
