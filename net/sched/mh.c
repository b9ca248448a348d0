// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maglev hashing: equal keys, equal server, without memory of either.
 *
 * The key is what the service's engine found, such as a SIP Call-ID, else the
 * client's address, with its port if the service says mh-port.  All hashes use
 * the namespace's secret: clients cannot choose their server, and directors
 * with the same secret and configuration agree.
 *
 * A server of weight 0 keeps its slots, so that draining it moves nobody else;
 * what hashes to it, or to an overloaded one, has no server, or with
 * mh-fallback is hashed again until it meets an available one.
 */
#include <opvs/sched.h>

#include <opvs/dest.h>
#include <opvs/hash.h>
#include <opvs/kunit.h>
#include <opvs/maglev.h>

#include <linux/ip_vs.h>
#include <linux/netlink.h>

/* ip_vs.h gives two of the scheduler flags names of their meaning for sh only;
 * mh means the same by them.
 */
#define MH_FALLBACK		IP_VS_SVC_F_SCHED_SH_FALLBACK
#define MH_PORT			IP_VS_SVC_F_SCHED_SH_PORT

/* With one slot in ten available, one key in thirty is not served by then. */
#define MH_FALLBACK_TRIES	32

static ssize_t mh_priv_size(const struct opvs_sched_table *tbl,
			    struct netlink_ext_ack *extack)
{
	size_t size = opvs_maglev_size(tbl->count);

	if (!size) {
		NL_SET_ERR_MSG(extack,
			       "scheduler mh: more than 65535 servers");
		return -EINVAL;
	}
	return size;
}

static void mh_build(struct opvs_sched_table *tbl,
		     const siphash_key_t *hash_key)
{
	struct opvs_maglev *ml = tbl->priv;
	const struct opvs_dest *dest;
	u32 i;

	opvs_maglev_init(ml, tbl->count);
	for (i = 0; i < tbl->count; i++) {
		dest = tbl->member[i].dest;
		ml->node[i].id = opvs_hash_endpoint(hash_key, &dest->addr,
						    dest->port);
		ml->node[i].weight = tbl->member[i].weight;
		ml->node[i].member = i;
	}
	opvs_maglev_populate(ml);
}

static u64 mh_hash(const struct opvs_sched_table *tbl,
		   const struct opvs_sched_req *req)
{
	bool with_port = req->keyless || tbl->flags & MH_PORT;

	if (req->key)
		return opvs_hash_bytes(req->hash_key, req->key, req->key_len);
	return opvs_hash_endpoint(req->hash_key, &req->flow->saddr,
				  with_port ? req->flow->sport : 0);
}

static struct opvs_dest *mh_fallback(const struct opvs_sched_table *tbl,
				     const struct opvs_sched_req *req, u64 hash)
{
	struct opvs_dest *dest;
	u64 again = hash;
	u32 try;

	for (try = 1; try <= MH_FALLBACK_TRIES; try++) {
		again = siphash_2u64(hash, try, req->hash_key);
		dest = tbl->member[opvs_maglev_lookup(tbl->priv, again)].dest;
		if (opvs_dest_available(dest))
			return dest;
	}
	return opvs_sched_scan(tbl, (u32)again % tbl->count);
}

static struct opvs_dest *mh_pick(const struct opvs_sched_table *tbl,
				 const struct opvs_sched_req *req)
{
	u64 hash = mh_hash(tbl, req);
	u32 member = opvs_maglev_lookup(tbl->priv, hash);
	struct opvs_dest *dest;

	if (member >= tbl->count)
		return NULL;
	dest = tbl->member[member].dest;
	if (opvs_dest_available(dest))
		return dest;
	if (!(tbl->flags & MH_FALLBACK))
		return NULL;
	return mh_fallback(tbl, req, hash);
}

const struct opvs_sched_ops opvs_sched_mh = {
	.name		= "mh",
	.flags		= MH_FALLBACK | MH_PORT,
	.hashes		= true,
	.keep_drained	= true,
	.priv_size	= mh_priv_size,
	.build		= mh_build,
	.pick		= mh_pick,
};
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_mh);
