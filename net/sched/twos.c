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
#include <opvs/query.h>

#include <linux/math64.h>
#include <linux/random.h>

/* Draws until what is left is to draw among those that are available, which
 * takes a look at all.
 */
#define TWOS_TRIES	4

static u64 random_below(u64 range)
{
	return mul_u64_u32_shr(range, get_random_u32(), 32);
}

/* Any server, available or not.  There is one. */
static const struct opvs_view_member *
twos_member(const struct opvs_view *view)
{
	u64 at = random_below(opvs_sched_sum(view));

	return &view->member[opvs_sched_sums_find(view, at)];
}

/* The same among those that are available, exactly by weight however few. */
static const struct opvs_view_member *
twos_available(const struct opvs_view *view)
{
	const struct opvs_view_member *member, *last = NULL;
	const struct opvs_view_member *end = &view->member[view->count];
	u64 sum = 0, at;

	for (member = view->member; member < end; member++)
		if (opvs_dest_available(member->dest))
			sum += member->weight;

	at = random_below(sum);
	for (member = view->member; member < end; member++) {
		if (!opvs_dest_available(member->dest))
			continue;
		last = member;
		if (at < member->weight)
			break;
		at -= member->weight;
	}
	/* The server that was to have it may have gone just now. */
	return last;
}

static const struct opvs_view_member *
twos_draw(const struct opvs_view *view)
{
	const struct opvs_view_member *member;
	u32 try;

	for (try = 0; try < TWOS_TRIES; try++) {
		member = twos_member(view);
		if (opvs_dest_available(member->dest))
			return member;
	}
	return twos_available(view);
}

static struct opvs_dest *twos_pick(const struct opvs_view *view,
				   const struct opvs_sched_req *req)
{
	const struct opvs_view_member *one, *two;

	if (!view->count)
		return NULL;
	one = twos_draw(view);
	/* A packet whose server is not remembered is no load to any server. */
	two = req->per_packet ? one : twos_draw(view);
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
	.why		= OPVS_WHY_RANDOM,
	.spreads	= true,
	.priv_size	= opvs_sched_sums_size,
	.build		= opvs_sched_sums_build,
	.pick		= twos_pick,
	.load		= opvs_sched_conns,
};
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_twos);
