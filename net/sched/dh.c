// SPDX-License-Identifier: GPL-2.0-only
/*
 * Destination hashing: each address that clients ask for has one server, as
 * caches behind a firewall-mark service want it.
 *
 * All hashes in a row are divided equally, whatever the weights, in order of
 * addition.  IPVS deals 256 slots out in turn, of which some servers get one
 * more than others, and those behind the 256th none.
 *
 * A weight only says whether a server serves at all.  One of weight 0 keeps its
 * addresses, so that draining it moves no other; they and those of an
 * overloaded one have no server.
 */
#include <opvs/sched.h>

#include <opvs/dest.h>
#include <opvs/hash.h>
#include <opvs/kunit.h>
#include <opvs/query.h>

#include <linux/kernel.h>

/* Equal parts, not slots. */
static struct opvs_dest *dh_owner(const struct opvs_view *view,
				  const struct opvs_sched_req *req, u32 *slots,
				  u32 *slot)
{
	u32 hash;

	if (!view->count)
		return NULL;
	hash = opvs_hash_endpoint(&view->hash_key, &req->flow->daddr, 0);
	return view->member[reciprocal_scale(hash, view->count)].dest;
}

static struct opvs_dest *dh_pick(const struct opvs_view *view,
				 const struct opvs_sched_req *req)
{
	struct opvs_dest *dest = dh_owner(view, req, NULL, NULL);

	return dest && opvs_dest_available(dest) ? dest : NULL;
}

const struct opvs_sched_ops opvs_sched_dh = {
	.name		= "dh",
	.why		= OPVS_WHY_OWNER,
	.repeats	= true,
	.keep_drained	= true,
	.pick		= dh_pick,
	.owner		= dh_owner,
};
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_dh);
