// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locality-based least connections with replication: an address that clients ask
 * for has a set of servers, of which the least loaded one serves.  If even that
 * one is not available, or has more active connections than its weight while
 * another has less than half of its own, the server that wlc finds joins the
 * set.  A set that did not change for lblcr_expiration loses the most loaded of
 * its servers at the next chance, down to a single one.
 *
 * A set that is full gives up its most loaded server for the one that joins.
 * Servers that were removed or are being drained leave it with any change.
 */
#include "lbl.h"

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/sched.h>

/* As wlc compares them. */
static int member_cmp(const struct opvs_view_member *a,
		      const struct opvs_view_member *b)
{
	return opvs_sched_cmp(opvs_sched_conns(a->dest), a->weight,
			      opvs_sched_conns(b->dest), b->weight);
}

/* The least loaded server of a set that is available, or NULL. */
static const struct opvs_view_member *
set_least(const struct opvs_view *view, const struct opvs_lbl_entry *set)
{
	const struct opvs_view_member *member, *least = NULL;
	u32 i;

	for (i = 0; i < set->count; i++) {
		member = opvs_lbl_member(view, set->server[i]);
		if (member && opvs_dest_available(member->dest) &&
		    (!least || member_cmp(member, least) < 0))
			least = member;
	}
	return least;
}

/* The most loaded server of a set, available or not, except one; or NULL. */
static const struct opvs_view_member *
set_most(const struct opvs_view *view, const struct opvs_lbl_entry *set,
	 const struct opvs_view_member *except)
{
	const struct opvs_view_member *member, *most = NULL;
	u32 i;

	for (i = 0; i < set->count; i++) {
		member = opvs_lbl_member(view, set->server[i]);
		if (member && member != except &&
		    (!most || member_cmp(member, most) > 0))
			most = member;
	}
	return most;
}

/* Copies a set without the servers that are gone and without one more. */
static u32 set_copy(const struct opvs_view *view,
		    const struct opvs_lbl_entry *set,
		    const struct opvs_view_member *without, u64 *server)
{
	const struct opvs_view_member *member;
	u32 i, count = 0;

	for (i = 0; i < set->count; i++) {
		member = opvs_lbl_member(view, set->server[i]);
		if (member && member != without)
			server[count++] = set->server[i];
	}
	return count;
}

static bool set_has(const struct opvs_lbl_entry *set, u64 id)
{
	u32 i;

	for (i = 0; i < set->count; i++)
		if (set->server[i] == id)
			return true;
	return false;
}

static void set_join(const struct opvs_view *view,
		     const struct opvs_lbl_entry *set, u64 id, u32 now)
{
	u64 server[OPVS_LBL_SERVERS];
	u32 count;

	if (set_has(set, id))
		return;
	count = set_copy(view, set, NULL, server);
	if (count == OPVS_LBL_SERVERS)
		count = set_copy(view, set, set_most(view, set, NULL), server);
	server[count++] = id;
	opvs_lbl_replace(opvs_lbl_of(view), set, server, count, now);
}

/* Lets go of one server, never of the one that serves. */
static void set_shrink(const struct opvs_view *view,
		       const struct opvs_lbl_entry *set,
		       const struct opvs_view_member *serves, u32 now)
{
	u64 server[OPVS_LBL_SERVERS];
	u32 count;

	count = set_copy(view, set, set_most(view, set, serves), server);
	opvs_lbl_replace(opvs_lbl_of(view), set, server, count, now);
}

/* The server of an address that is known, or NULL if wlc is to choose it. */
static struct opvs_dest *lblcr_had(const struct opvs_view *view,
				   const struct opvs_lbl_entry *set, u32 now,
				   bool keep)
{
	const struct opvs_view_member *least = set_least(view, set);

	if (!least || opvs_lbl_busy(view, least))
		return NULL;
	if (unlikely(!keep && set->count > 1 &&
		     opvs_lbl_age(set->changed, now) >=
		     opvs_lbl_expiration(&view->state->on->settings.lblcr_expiration)))
		set_shrink(view, set, least, now);
	return least->dest;
}

static struct opvs_dest *lblcr_pick(const struct opvs_view *view,
				    const struct opvs_sched_req *req)
{
	static const struct opvs_lbl_rule rule = { lblcr_had, set_join };

	return opvs_lbl_pick(view, req, rule);
}

static struct opvs_sched_state *lblcr_state_new(struct opvs_net *on)
{
	return opvs_lbl_new(&on->settings.lblcr_expiration, &on->share.lbl_addrs);
}

const struct opvs_sched_ops opvs_sched_lblcr = {
	.name		= "lblcr",
	.why		= OPVS_WHY_LEAST,
	.priv_size	= opvs_lbl_priv_size,
	.build		= opvs_lbl_build,
	.pick		= lblcr_pick,
	.load		= opvs_sched_conns,
	.state_new	= lblcr_state_new,
	.state_free	= opvs_lbl_free,
};
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_lblcr);
