// SPDX-License-Identifier: GPL-2.0-only
/*
 * Source hashing: equal clients, equal server.
 *
 * A client is its address, with its port if the service says sh-port.  All
 * hashes in a row are divided among the servers in stretches as long as their
 * weights.  IPVS deals out 256 slots instead, to each server in turn as many as
 * its weight says, and stops when they are gone: with weights of 100, 100 and
 * 100 the last server gets 56, and servers behind one of 256 get none.  Without
 * slots, shares are exact for all weights and any number of servers.
 *
 * A server of weight 0 keeps its stretch, so that draining it moves no other
 * server's clients.
 * The clients of that one and of an overloaded one have no server, or with
 * sh-fallback are hashed again until they meet an available one.
 */
#include <opvs/sched.h>

#include <opvs/dest.h>
#include <opvs/hash.h>
#include <opvs/kunit.h>
#include <opvs/query.h>

#include <linux/ip_vs.h>
#include <linux/math64.h>

/* With one part in ten available, one client in thirty is not served by then. */
#define SH_FALLBACK_TRIES	32

static u32 sh_member(const struct opvs_view *view, u64 hash)
{
	return opvs_sched_sums_find(view, mul_u64_u64_shr(hash,
							 opvs_sched_sum(view),
							 64));
}

static struct opvs_dest *sh_fallback(const struct opvs_view *view,
				     u64 hash)
{
	u32 try, member = 0;
	struct opvs_dest *dest;

	for (try = 1; try <= SH_FALLBACK_TRIES; try++) {
		member = sh_member(view, siphash_2u64(hash, try,
						      &view->hash_key));
		dest = view->member[member].dest;
		if (opvs_dest_available(dest))
			return dest;
	}
	return opvs_sched_scan(view, member);
}

static u64 sh_hash(const struct opvs_view *view,
		   const struct opvs_sched_req *req)
{
	bool with_port = view->flags & IP_VS_SVC_F_SCHED_SH_PORT;

	return opvs_hash_endpoint(&view->hash_key, &req->flow->saddr,
				  with_port ? req->flow->sport : 0);
}

static struct opvs_dest *sh_pick(const struct opvs_view *view,
				 const struct opvs_sched_req *req)
{
	struct opvs_dest *dest;
	u64 hash;

	if (!view->count)
		return NULL;
	hash = sh_hash(view, req);
	dest = view->member[sh_member(view, hash)].dest;
	if (opvs_dest_available(dest))
		return dest;
	if (!(view->flags & IP_VS_SVC_F_SCHED_SH_FALLBACK))
		return NULL;
	opvs_query_why(req->query, OPVS_WHY_FALLBACK);
	return sh_fallback(view, hash);
}

/* Stretches, not slots. */
static struct opvs_dest *sh_owner(const struct opvs_view *view,
				  const struct opvs_sched_req *req, u32 *slots,
				  u32 *slot)
{
	if (!view->count)
		return NULL;
	return view->member[sh_member(view, sh_hash(view, req))].dest;
}

const struct opvs_sched_ops opvs_sched_sh = {
	.name		= "sh",
	.why		= OPVS_WHY_OWNER,
	.flags		= IP_VS_SVC_F_SCHED_SH_FALLBACK |
			  IP_VS_SVC_F_SCHED_SH_PORT,
	.repeats	= true,
	.keep_drained	= true,
	.priv_size	= opvs_sched_sums_size,
	.build		= opvs_sched_sums_build,
	.pick		= sh_pick,
	.owner		= sh_owner,
};
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_sh);
