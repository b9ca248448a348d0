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
 *
 * Not so in a stateless service.  There the table tells sessions that exist
 * already from those that begin: the latter go to whom the slot belongs now,
 * and a server of weight 0 has none; the former to whom it belonged when the
 * present draining began.  For them a table that drains holds a second Maglev
 * table, the base, which is handed on from table to table as long as changes
 * follow each other before the draining is over.  Its owners are known by their
 * id, which follows from address and port: they find their way to the servers
 * that are configured now, or are gone.  A server that is removed and comes
 * back during the draining thus has its sessions again.
 */
#include "maglev.h"

#include <opvs/sched.h>

#include <opvs/dest.h>
#include <opvs/hash.h>
#include <opvs/kunit.h>

#include <linux/bsearch.h>
#include <linux/ip_vs.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/netlink.h>
#include <linux/sort.h>
#include <linux/string.h>

/* ip_vs.h gives two of the scheduler flags names of their meaning for sh only;
 * mh means the same by them.
 */
#define MH_FALLBACK		IP_VS_SVC_F_SCHED_SH_FALLBACK
#define MH_PORT			IP_VS_SVC_F_SCHED_SH_PORT

/* With one slot in ten available, one key in thirty is not served by then. */
#define MH_FALLBACK_TRIES	32

/* Owners that were in place for less have no sessions to speak of: a service is
 * being set up server by server.
 */
#define MH_YOUNG		HZ

#define MH_GONE			U32_MAX

/**
 * struct mh_name - a server by what all directors know it by
 * @id: keyed hash of address and port
 * @member: its number in the table
 */
struct mh_name {
	u64	id;
	u32	member;
};

/**
 * struct mh - private data of a table
 * @since: jiffies, of 64 bits, since which keys have these owners
 * @own: Maglev table of whom keys belong to: of members of weight above 0
 * @member: by number in @own, the number in the table
 * @base: the same of when the draining began, or NULL
 * @base_member: by number in @base, the number in the table, or MH_GONE
 * @name: with @base: all members by id
 */
struct mh {
	u64			since;
	struct opvs_maglev	*own;
	u32			*member;
	struct opvs_maglev	*base;
	u32			*base_member;
	struct mh_name		*name;
};

/* ---- a table's own owners ---- */

static u64 mh_id(const struct opvs_sched_table *tbl, u32 member)
{
	const struct opvs_dest *dest = tbl->member[member].dest;

	return opvs_hash_endpoint(&tbl->hash_key, &dest->addr, dest->port);
}

static u32 mh_owners(const struct opvs_sched_table *tbl)
{
	u32 i, owners = 0;

	for (i = 0; i < tbl->count; i++)
		owners += !!tbl->member[i].weight;
	return owners;
}

static void mh_build_own(struct opvs_sched_table *tbl)
{
	struct mh *mh = tbl->priv;
	struct opvs_maglev_node *node = mh->own->node;
	u32 i, number = 0;

	for (i = 0; i < tbl->count; i++) {
		if (!tbl->member[i].weight)
			continue;
		mh->member[number] = i;
		node->id = mh_id(tbl, i);
		node->weight = tbl->member[i].weight;
		node->member = number++;
		node++;
	}
	opvs_maglev_populate(mh->own);
}

/* ---- whose keys were whose ---- */

/* Does the table hash the same keys to the same numbers? */
static bool mh_succeeds(const struct opvs_sched_table *tbl,
			const struct opvs_sched_table *prev)
{
	return prev && tbl->stateless && prev->stateless &&
	       prev->ops == tbl->ops && prev->pe == tbl->pe &&
	       !memcmp(&prev->hash_key, &tbl->hash_key, sizeof(tbl->hash_key));
}

/* The base if the table drains; depends on nothing that changes meanwhile. */
static const struct opvs_maglev *mh_base(const struct opvs_sched_table *tbl,
					 const struct opvs_sched_table *prev)
{
	const struct mh *old;

	if (!mh_succeeds(tbl, prev))
		return NULL;
	old = prev->priv;
	if (prev->drains && (prev->drain_held ||
			     time_before((unsigned long)tbl->built_at,
					 prev->drain_end)))
		return old->base;
	if (!tbl->used || !old->own->count ||
	    time_before64(tbl->built_at, old->since + MH_YOUNG))
		return NULL;
	return old->own;
}

static int mh_compare_names(const void *a, const void *b)
{
	const struct mh_name *name = a, *other = b;

	return name->id < other->id ? -1 : name->id > other->id;
}

static u32 mh_find(const struct opvs_sched_table *tbl, u64 id)
{
	const struct mh *mh = tbl->priv;
	const struct mh_name key = { .id = id }, *name;

	name = bsearch(&key, mh->name, tbl->count, sizeof(key),
		       mh_compare_names);
	return name ? name->member : MH_GONE;
}

/* Tells who of the base is still there; true if somebody is of weight 0. */
static bool mh_build_base(struct opvs_sched_table *tbl,
			  const struct opvs_maglev *base)
{
	struct mh *mh = tbl->priv;
	bool held = false;
	u32 i, member;

	opvs_maglev_copy(mh->base, base);
	for (i = 0; i < tbl->count; i++)
		mh->name[i] = (struct mh_name){ mh_id(tbl, i), i };
	sort(mh->name, tbl->count, sizeof(*mh->name), mh_compare_names, NULL);

	for (i = 0; i < base->count; i++) {
		member = mh_find(tbl, base->node[i].id);
		mh->base_member[i] = member;
		held |= member != MH_GONE && !tbl->member[member].weight;
	}
	return held;
}

/* Begins to drain, goes on, or has done with it. */
static void mh_drain(struct opvs_sched_table *tbl,
		     const struct opvs_sched_table *prev)
{
	const struct opvs_maglev *base = mh_base(tbl, prev);
	const struct mh *old = mh_succeeds(tbl, prev) ? prev->priv : NULL;
	unsigned long now = tbl->built_at;
	struct mh *mh = tbl->priv;
	bool moved;

	moved = !old || !opvs_maglev_same(mh->own, old->own);
	mh->since = moved ? tbl->built_at : old->since;
	if (!base)
		return;

	tbl->drain_held = mh_build_base(tbl, base);
	if (moved) {
		tbl->drains = true;
		tbl->drain_end = now + tbl->drain_seconds * HZ;
	} else if (prev->drains) {
		tbl->drain_end = prev->drain_end;
		tbl->drains = tbl->drain_held ||
			      time_before(now, prev->drain_end);
	}
}

/* ---- the scheduler ---- */

struct mh_sizes {
	size_t	own;
	size_t	member;
	size_t	name;
	size_t	base;
	size_t	base_member;
};

static size_t mh_align(size_t size)
{
	return ALIGN(size, sizeof(u64));
}

static struct mh_sizes mh_sizes(const struct opvs_sched_table *tbl,
				const struct opvs_sched_table *prev)
{
	const struct opvs_maglev *base = mh_base(tbl, prev);
	u32 owners = mh_owners(tbl);
	struct mh_sizes sizes = {
		.own	= mh_align(opvs_maglev_size(owners)),
		.member	= mh_align(owners * sizeof(u32)),
	};

	if (base) {
		sizes.name = tbl->count * sizeof(struct mh_name);
		sizes.base = mh_align(opvs_maglev_size(base->count));
		sizes.base_member = mh_align(base->count * sizeof(u32));
	}
	return sizes;
}

static ssize_t mh_priv_size(const struct opvs_sched_table *tbl,
			    const struct opvs_sched_table *prev,
			    struct netlink_ext_ack *extack)
{
	struct mh_sizes sizes;

	if (tbl->count > OPVS_MAGLEV_MEMBERS_MAX) {
		NL_SET_ERR_MSG(extack,
			       "scheduler mh: more than 65535 servers");
		return -EINVAL;
	}
	sizes = mh_sizes(tbl, prev);
	return sizeof(struct mh) + sizes.own + sizes.member + sizes.name +
	       sizes.base + sizes.base_member;
}

static void mh_build(struct opvs_sched_table *tbl,
		     const struct opvs_sched_table *prev)
{
	struct mh_sizes sizes = mh_sizes(tbl, prev);
	struct mh *mh = tbl->priv;

	*mh = (struct mh){ .own = (void *)(mh + 1) };
	mh->member = (void *)mh->own + sizes.own;
	opvs_maglev_init(mh->own, mh_owners(tbl));
	mh_build_own(tbl);
	if (!tbl->stateless)
		return;

	opvs_maglev_sort(mh->own);
	if (sizes.base) {
		mh->name = (void *)mh->member + sizes.member;
		mh->base = (void *)mh->name + sizes.name;
		mh->base_member = (void *)mh->base + sizes.base;
	}
	mh_drain(tbl, prev);
}

static u64 mh_hash(const struct opvs_sched_table *tbl,
		   const struct opvs_sched_req *req)
{
	if (req->key || req->keyless || tbl->flags & MH_PORT)
		return req->hash ?: opvs_sched_hash(tbl, req);
	return opvs_hash_endpoint(&tbl->hash_key, &req->flow->saddr, 0);
}

static struct opvs_dest *mh_owner(const struct opvs_sched_table *tbl, u64 hash)
{
	const struct mh *mh = tbl->priv;
	u32 number = opvs_maglev_lookup(mh->own, hash);

	if (unlikely(number >= mh->own->count))
		return NULL;
	return tbl->member[mh->member[number]].dest;
}

static struct opvs_dest *mh_former(const struct opvs_sched_table *tbl, u64 hash)
{
	const struct mh *mh = tbl->priv;
	u32 member = mh->base_member[opvs_maglev_lookup(mh->base, hash)];

	return member == MH_GONE ? NULL : tbl->member[member].dest;
}

/* Who has slots in a stateless table has a weight, though a packet may see the
 * table a moment before or after the server's own weight changes.
 */
static bool mh_available(const struct opvs_sched_table *tbl,
			 const struct opvs_dest *dest)
{
	return tbl->stateless ? !READ_ONCE(dest->overloaded) :
				opvs_dest_available(dest);
}

static struct opvs_dest *mh_fallback(const struct opvs_sched_table *tbl,
				     u64 hash)
{
	struct opvs_dest *dest;
	u64 again = hash;
	u32 try;

	for (try = 1; try <= MH_FALLBACK_TRIES; try++) {
		again = siphash_2u64(hash, try, &tbl->hash_key);
		dest = mh_owner(tbl, again);
		if (mh_available(tbl, dest))
			return dest;
	}
	return opvs_sched_scan(tbl, (u32)again % tbl->count);
}

static struct opvs_dest *mh_pick(const struct opvs_sched_table *tbl,
				 const struct opvs_sched_req *req)
{
	u64 hash = mh_hash(tbl, req);
	struct opvs_dest *dest = mh_owner(tbl, hash);

	if (unlikely(!dest) || mh_available(tbl, dest))
		return dest;
	return tbl->flags & MH_FALLBACK ? mh_fallback(tbl, hash) : NULL;
}

static void mh_seat(const struct opvs_sched_table *tbl,
		    const struct opvs_sched_req *req, struct opvs_seat *seat)
{
	u64 hash = mh_hash(tbl, req);

	*seat = (struct opvs_seat){ .owner = mh_owner(tbl, hash) };
	if (tbl->drains) {
		seat->former = mh_former(tbl, hash);
		seat->moved = seat->former != seat->owner;
	}
}

const struct opvs_sched_ops opvs_sched_mh = {
	.name		= "mh",
	.flags		= MH_FALLBACK | MH_PORT,
	.hashes		= true,
	.repeats	= true,
	.picks_keyless	= true,
	.keep_drained	= true,
	.priv_size	= mh_priv_size,
	.build		= mh_build,
	.pick		= mh_pick,
	.seat		= mh_seat,
};
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_mh);
