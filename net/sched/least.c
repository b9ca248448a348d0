// SPDX-License-Identifier: GPL-2.0-only
/*
 * Least loaded: lc, wlc, sed and nq.
 *
 *	lc	fewest connections, whatever the weights
 *	wlc	fewest connections for the weight
 *	sed	as wlc with the new connection counted in: shortest expected delay
 *	nq	never queue: a server that has nothing to do, else sed
 *
 * Each looks at all servers and takes one with the least load.  If several are
 * equal, which is the rule as long as there is little to do, they take turns by
 * their weights.  Counters change while they are read; a choice that is out of
 * date by then is made good by the next ones.
 *
 * A packet whose server is not remembered is no load to any server: it is over
 * when it is sent.  All servers are equal then, and their turns give each its
 * share of the packets, to within a few on each CPU, at any rate of packets.
 */
#include <opvs/sched.h>

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/query.h>

/**
 * struct least_rule - what distinguishes these schedulers
 * @load: of a server; below 2^41
 * @weighted: load means load for the weight
 */
struct least_rule {
	u64	(*load)(const struct opvs_dest *dest);
	bool	weighted;
};

/**
 * struct least - the least loaded server so far
 * @dest: the first of them, or NULL
 * @load: its load
 * @weight: its weight
 * @sum: weights of all that are no more and no less loaded
 */
struct least {
	struct opvs_dest	*dest;
	u64			load;
	u32			weight;
	u64			sum;
};

/* Looks at a member; false: it is not available. */
static __always_inline bool least_see(const struct opvs_view_member *member,
				      const struct opvs_sched_req *req,
				      const struct least_rule rule,
				      struct least *seen)
{
	if (!opvs_dest_available(member->dest))
		return false;
	seen->dest = member->dest;
	seen->load = req->per_packet ? 0 : rule.load(member->dest);
	seen->weight = rule.weighted ? member->weight : 1;
	seen->sum = seen->weight;
	return true;
}

static int least_cmp(const struct least *a, const struct least *b)
{
	return opvs_sched_cmp(a->load, a->weight, b->load, b->weight);
}

/* The server whose turn it is, of those that are equal. */
static __always_inline struct opvs_dest *
least_among(const struct opvs_view *view,
	    const struct opvs_sched_req *req, const struct least_rule rule,
	    const struct least *least)
{
	u64 turn = opvs_sched_spread(view, least->sum);
	struct least seen;
	u32 i;

	for (i = 0; i < view->count; i++) {
		if (!least_see(&view->member[i], req, rule, &seen) ||
		    least_cmp(&seen, least) > 0)
			continue;
		if (turn < seen.weight)
			return seen.dest;
		turn -= seen.weight;
	}
	/* Some of them have got busier just now. */
	return least->dest;
}

static __always_inline struct opvs_dest *
least_pick(const struct opvs_view *view,
	   const struct opvs_sched_req *req, const struct least_rule rule)
{
	struct least least = {}, seen;
	int cmp;
	u32 i;

	for (i = 0; i < view->count; i++) {
		if (!least_see(&view->member[i], req, rule, &seen))
			continue;
		cmp = least.dest ? least_cmp(&seen, &least) : -1;
		if (cmp < 0)
			least = seen;
		else if (!cmp)
			least.sum += seen.weight;
	}
	if (least.sum == least.weight)
		return least.dest;
	return least_among(view, req, rule, &least);
}

static struct opvs_dest *lc_pick(const struct opvs_view *view,
				 const struct opvs_sched_req *req)
{
	static const struct least_rule rule = { opvs_sched_conns, false };

	return least_pick(view, req, rule);
}

static struct opvs_dest *wlc_pick(const struct opvs_view *view,
				  const struct opvs_sched_req *req)
{
	static const struct least_rule rule = { opvs_sched_conns, true };

	return least_pick(view, req, rule);
}

/* Inactive connections cause no delay; the new one does. */
static u64 sed_load(const struct opvs_dest *dest)
{
	return opvs_dest_active(dest) + 1ULL;
}

static struct opvs_dest *sed_pick(const struct opvs_view *view,
				  const struct opvs_sched_req *req)
{
	static const struct least_rule rule = { sed_load, true };

	return least_pick(view, req, rule);
}

static u64 nq_load(const struct opvs_dest *dest)
{
	u32 active = opvs_dest_active(dest);

	return active ? active + 1ULL : 0;
}

static struct opvs_dest *nq_pick(const struct opvs_view *view,
				 const struct opvs_sched_req *req)
{
	static const struct least_rule rule = { nq_load, true };

	return least_pick(view, req, rule);
}

const struct opvs_sched_ops opvs_sched_lc = {
	.name		= "lc",
	.why		= OPVS_WHY_LEAST,
	.spreads	= true,
	.pick		= lc_pick,
	.load		= opvs_sched_conns,
};
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_lc);

const struct opvs_sched_ops opvs_sched_wlc = {
	.name		= "wlc",
	.why		= OPVS_WHY_LEAST,
	.spreads	= true,
	.pick		= wlc_pick,
	.load		= opvs_sched_conns,
};
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_wlc);

const struct opvs_sched_ops opvs_sched_sed = {
	.name		= "sed",
	.why		= OPVS_WHY_LEAST,
	.spreads	= true,
	.pick		= sed_pick,
	.load		= sed_load,
};
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_sed);

const struct opvs_sched_ops opvs_sched_nq = {
	.name		= "nq",
	.why		= OPVS_WHY_LEAST,
	.spreads	= true,
	.pick		= nq_pick,
	.load		= nq_load,
};
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_nq);
