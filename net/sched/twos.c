// SPDX-License-Identifier: GPL-2.0-only
/*
 * Weighted random, twice: of two servers, each drawn at random by weight, the
 * one that is less loaded for its weight.  Nearly as even as a look at all of
 * them, at the cost of a look at two; and CPUs that pick at the same moment do
 * not all run to the same server.
 */
#include <opvs/sched.h>

#include <opvs/dest.h>
#include <opvs/kunit.h>

#include <linux/math64.h>
#include <linux/overflow.h>
#include <linux/random.h>

/* Draws until what is left is to draw among those that are available, which
 * takes a look at all.
 */
#define TWOS_TRIES	4

static ssize_t twos_priv_size(const struct opvs_sched_table *tbl,
			      const struct opvs_sched_table *prev,
			      struct netlink_ext_ack *extack)
{
	return array_size(tbl->count, sizeof(u64));
}

/* For each member, its weight and those of all before it. */
static void twos_build(struct opvs_sched_table *tbl,
		       const struct opvs_sched_table *prev)
{
	u64 *upto = tbl->priv, sum = 0;
	u32 i;

	for (i = 0; i < tbl->count; i++) {
		sum += tbl->member[i].weight;
		upto[i] = sum;
	}
}

static u64 random_below(u64 range)
{
	return mul_u64_u32_shr(range, get_random_u32(), 32);
}

/* Any server, available or not.  There is one. */
static const struct opvs_sched_member *
twos_member(const struct opvs_sched_table *tbl)
{
	const u64 *upto = tbl->priv;
	u32 low = 0, high = tbl->count - 1, mid;
	u64 at = random_below(upto[high]);

	while (low < high) {
		mid = low + (high - low) / 2;
		if (at < upto[mid])
			high = mid;
		else
			low = mid + 1;
	}
	return &tbl->member[low];
}

/* The same among those that are available, exactly by weight however few. */
static const struct opvs_sched_member *
twos_available(const struct opvs_sched_table *tbl)
{
	const struct opvs_sched_member *member, *last = NULL;
	const struct opvs_sched_member *end = &tbl->member[tbl->count];
	u64 sum = 0, at;

	for (member = tbl->member; member < end; member++)
		if (opvs_dest_available(member->dest))
			sum += member->weight;

	at = random_below(sum);
	for (member = tbl->member; member < end; member++) {
		if (!opvs_dest_available(member->dest))
			continue;
		last = member;
		if (at < member->weight)
			break;
		at -= member->weight;
	}
	/* Whoever was to have it may have gone just now. */
	return last;
}

static const struct opvs_sched_member *
twos_draw(const struct opvs_sched_table *tbl)
{
	const struct opvs_sched_member *member;
	u32 try;

	for (try = 0; try < TWOS_TRIES; try++) {
		member = twos_member(tbl);
		if (opvs_dest_available(member->dest))
			return member;
	}
	return twos_available(tbl);
}

static struct opvs_dest *twos_pick(const struct opvs_sched_table *tbl,
				   const struct opvs_sched_req *req)
{
	const struct opvs_sched_member *one, *two;

	if (!tbl->count)
		return NULL;
	one = twos_draw(tbl);
	/* A packet whose server nobody will remember is no load to anybody. */
	two = req->per_packet ? one : twos_draw(tbl);
	if (!one || !two)
		return NULL;
	if (one != two &&
	    opvs_sched_cmp(opvs_sched_conns(one->dest), one->weight,
			   opvs_sched_conns(two->dest), two->weight) > 0)
		return two->dest;
	return one->dest;
}

const struct opvs_sched_ops opvs_sched_twos = {
	.name		= "twos",
	.priv_size	= twos_priv_size,
	.build		= twos_build,
	.pick		= twos_pick,
};
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_twos);
