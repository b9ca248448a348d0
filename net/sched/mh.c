// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maglev hashing: equal keys, equal server, without memory of either.
 *
 * The key is what the service's engine found, such as a SIP Call-ID, else the
 * client's address, with its port if the service says mh-port.  All hashes use
 * the namespace's secret: clients cannot choose their server, and directors
 * with the same secret and configuration agree.
 *
 * A server of weight 0 keeps its slots, so that draining it moves no other
 * server's keys.  Keys that hash to it, or to an overloaded one, have no
 * server, or with mh-fallback are hashed again until they meet an available
 * one.
 *
 * Not so in a stateless service.  There the view tells sessions that exist
 * already from those that begin: the latter go to the server that owns the slot
 * now, and a server of weight 0 owns none; the former to the server that owned
 * it when the present draining began.  For them a view that drains holds a
 * second Maglev table, the base, which is handed on from view to view as long
 * as changes follow each other before the draining is over.  Its owners are
 * known by their id, which follows from address and port, and which is looked
 * up among the servers that are configured now.  A server that is removed and
 * comes back during the draining thus has its sessions again.
 */
#include "maglev.h"

#include <opvs/sched.h>

#include <opvs/dest.h>
#include <opvs/hash.h>
#include <opvs/kunit.h>
#include <opvs/query.h>

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
 * @member: its number in the view
 */
struct mh_name {
	u64	id;
	u32	member;
};

/**
 * struct mh - private data of a view
 * @since: jiffies, of 64 bits, since which keys have these owners
 * @own: Maglev table of whom keys belong to: of members of weight above 0
 * @member: by number in @own, the number in the view
 * @base: the same of when the draining began, or NULL
 * @base_member: by number in @base, the number in the view, or MH_GONE
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

/* ---- a view's own owners ---- */

static u64 mh_id(const struct opvs_view *view, u32 member)
{
	const struct opvs_dest *dest = view->member[member].dest;

	return opvs_hash_endpoint(&view->hash_key, &dest->addr, dest->port);
}

static u32 mh_owners(const struct opvs_view *view)
{
	u32 i, owners = 0;

	for (i = 0; i < view->count; i++)
		owners += !!view->member[i].weight;
	return owners;
}

static void mh_build_own(struct opvs_view *view)
{
	struct mh *mh = view->priv;
	struct opvs_maglev_node *node = mh->own->node;
	u32 i, number = 0;

	for (i = 0; i < view->count; i++) {
		if (!view->member[i].weight)
			continue;
		mh->member[number] = i;
		node->id = mh_id(view, i);
		node->weight = view->member[i].weight;
		node->member = number++;
		node++;
	}
	opvs_maglev_populate(mh->own);
}

/* ---- whose keys were whose ---- */

/* Does the view hash the same keys to the same numbers? */
static bool mh_succeeds(const struct opvs_view *view,
			const struct opvs_view *prev)
{
	return prev && view->stateless && prev->stateless &&
	       prev->ops == view->ops && prev->pe == view->pe &&
	       !memcmp(&prev->hash_key, &view->hash_key, sizeof(view->hash_key));
}

/* The base if the view drains; depends on nothing that changes meanwhile. */
static const struct opvs_maglev *mh_base(const struct opvs_view *view,
					 const struct opvs_view *prev)
{
	const struct mh *old;

	if (!mh_succeeds(view, prev))
		return NULL;
	old = prev->priv;
	if (prev->drains && (prev->drain_held ||
			     time_before((unsigned long)view->built_at,
					 prev->drain_end)))
		return old->base;
	if (!view->used || !old->own->count ||
	    time_before64(view->built_at, old->since + MH_YOUNG))
		return NULL;
	return old->own;
}

static int mh_compare_names(const void *a, const void *b)
{
	const struct mh_name *name = a, *other = b;

	return name->id < other->id ? -1 : name->id > other->id;
}

static u32 mh_find(const struct opvs_view *view, u64 id)
{
	const struct mh *mh = view->priv;
	const struct mh_name key = { .id = id }, *name;

	name = bsearch(&key, mh->name, view->count, sizeof(key),
		       mh_compare_names);
	return name ? name->member : MH_GONE;
}

/* Finds the base's servers that are still there; true if one has weight 0. */
static bool mh_build_base(struct opvs_view *view,
			  const struct opvs_maglev *base)
{
	struct mh *mh = view->priv;
	bool held = false;
	u32 i, member;

	opvs_maglev_copy(mh->base, base);
	for (i = 0; i < view->count; i++)
		mh->name[i] = (struct mh_name){ mh_id(view, i), i };
	sort(mh->name, view->count, sizeof(*mh->name), mh_compare_names, NULL);

	for (i = 0; i < base->count; i++) {
		member = mh_find(view, base->node[i].id);
		mh->base_member[i] = member;
		held |= member != MH_GONE && !view->member[member].weight;
	}
	return held;
}

/* Begins to drain, goes on, or has done with it. */
static void mh_drain(struct opvs_view *view,
		     const struct opvs_view *prev)
{
	const struct opvs_maglev *base = mh_base(view, prev);
	const struct mh *old = mh_succeeds(view, prev) ? prev->priv : NULL;
	unsigned long now = view->built_at;
	struct mh *mh = view->priv;
	bool moved;

	moved = !old || !opvs_maglev_same(mh->own, old->own);
	mh->since = moved ? view->built_at : old->since;
	if (!base)
		return;

	view->drain_held = mh_build_base(view, base);
	if (moved) {
		view->drains = true;
		view->drain_end = now + view->drain_seconds * HZ;
	} else if (prev->drains) {
		view->drain_end = prev->drain_end;
		view->drains = view->drain_held ||
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

static struct mh_sizes mh_sizes(const struct opvs_view *view,
				const struct opvs_view *prev)
{
	const struct opvs_maglev *base = mh_base(view, prev);
	u32 owners = mh_owners(view);
	struct mh_sizes sizes = {
		.own	= mh_align(opvs_maglev_size(owners)),
		.member	= mh_align(owners * sizeof(u32)),
	};

	if (base) {
		sizes.name = view->count * sizeof(struct mh_name);
		sizes.base = mh_align(opvs_maglev_size(base->count));
		sizes.base_member = mh_align(base->count * sizeof(u32));
	}
	return sizes;
}

static ssize_t mh_priv_size(const struct opvs_view *view,
			    const struct opvs_view *prev,
			    struct netlink_ext_ack *extack)
{
	struct mh_sizes sizes;

	if (view->count > OPVS_MAGLEV_MEMBERS_MAX) {
		NL_SET_ERR_MSG(extack,
			       "scheduler mh: more than 65535 servers");
		return -EINVAL;
	}
	sizes = mh_sizes(view, prev);
	return sizeof(struct mh) + sizes.own + sizes.member + sizes.name +
	       sizes.base + sizes.base_member;
}

static void mh_build(struct opvs_view *view,
		     const struct opvs_view *prev)
{
	struct mh_sizes sizes = mh_sizes(view, prev);
	struct mh *mh = view->priv;

	*mh = (struct mh){ .own = (void *)(mh + 1) };
	mh->member = (void *)mh->own + sizes.own;
	opvs_maglev_init(mh->own, mh_owners(view));
	mh_build_own(view);
	if (!view->stateless)
		return;

	opvs_maglev_sort(mh->own);
	if (sizes.base) {
		mh->name = (void *)mh->member + sizes.member;
		mh->base = (void *)mh->name + sizes.name;
		mh->base_member = (void *)mh->base + sizes.base;
	}
	mh_drain(view, prev);
}

static u64 mh_hash(const struct opvs_view *view,
		   const struct opvs_sched_req *req)
{
	if (req->key || req->keyless || view->flags & MH_PORT)
		return req->hash ?: opvs_sched_hash(view, req);
	return opvs_hash_endpoint(&view->hash_key, &req->flow->saddr, 0);
}

static struct opvs_dest *mh_owner(const struct opvs_view *view, u64 hash)
{
	const struct mh *mh = view->priv;
	u32 number = opvs_maglev_lookup(mh->own, hash);

	if (unlikely(number >= mh->own->count))
		return NULL;
	return view->member[mh->member[number]].dest;
}

static struct opvs_dest *mh_former(const struct opvs_view *view, u64 hash)
{
	const struct mh *mh = view->priv;
	u32 member = mh->base_member[opvs_maglev_lookup(mh->base, hash)];

	return member == MH_GONE ? NULL : view->member[member].dest;
}

/* A server with slots in a stateless view has a weight, though a packet may see
 * the view a moment before or after the server's own weight changes.
 */
static bool mh_available(const struct opvs_view *view,
			 const struct opvs_dest *dest)
{
	return view->stateless ? !READ_ONCE(dest->overloaded) :
				opvs_dest_available(dest);
}

static struct opvs_dest *mh_fallback(const struct opvs_view *view,
				     u64 hash)
{
	struct opvs_dest *dest;
	u64 again = hash;
	u32 try;

	for (try = 1; try <= MH_FALLBACK_TRIES; try++) {
		again = siphash_2u64(hash, try, &view->hash_key);
		dest = mh_owner(view, again);
		if (mh_available(view, dest))
			return dest;
	}
	return opvs_sched_scan(view, (u32)again % view->count);
}

static struct opvs_dest *mh_pick(const struct opvs_view *view,
				 const struct opvs_sched_req *req)
{
	u64 hash = mh_hash(view, req);
	struct opvs_dest *dest = mh_owner(view, hash);

	if (unlikely(!dest) || mh_available(view, dest))
		return dest;
	opvs_query_why(req->query, OPVS_WHY_FALLBACK);
	return view->flags & MH_FALLBACK ? mh_fallback(view, hash) : NULL;
}

static struct opvs_dest *mh_slot_owner(const struct opvs_view *view,
				       const struct opvs_sched_req *req,
				       u32 *slots, u32 *slot)
{
	const struct mh *mh = view->priv;
	u64 hash = mh_hash(view, req);

	*slots = mh->own->slots;
	*slot = opvs_maglev_slot(mh->own, hash);
	return mh_owner(view, hash);
}

static void mh_seat(const struct opvs_view *view,
		    const struct opvs_sched_req *req, struct opvs_seat *seat)
{
	u64 hash = mh_hash(view, req);

	*seat = (struct opvs_seat){ .owner = mh_owner(view, hash) };
	if (view->drains) {
		seat->former = mh_former(view, hash);
		seat->moved = seat->former != seat->owner;
	}
}

const struct opvs_sched_ops opvs_sched_mh = {
	.name		= "mh",
	.why		= OPVS_WHY_OWNER,
	.flags		= MH_FALLBACK | MH_PORT,
	.hashes		= true,
	.repeats	= true,
	.picks_keyless	= true,
	.keep_drained	= true,
	.priv_size	= mh_priv_size,
	.build		= mh_build,
	.pick		= mh_pick,
	.seat		= mh_seat,
	.owner		= mh_slot_owner,
};
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_mh);
