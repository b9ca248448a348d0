// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locality-based least connections: an address that clients ask for stays with
 * the server that it was first given, by wlc.  It moves when that server is not
 * available or has more active connections than its weight while another has
 * less than half of its own.
 *
 * A server over its threshold is not available to addresses that it has,
 * either; IPVS goes on sending them there.
 */
#include "lbl.h"

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/sched.h>

static struct opvs_dest *lblc_had(const struct opvs_view *view,
				  const struct opvs_lbl_entry *entry, u32 now,
				  bool keep)
{
	const struct opvs_view_member *member;

	member = opvs_lbl_member(view, entry->server[0]);
	if (!member || !opvs_dest_available(member->dest) ||
	    opvs_lbl_busy(view, member))
		return NULL;
	return member->dest;
}

static void lblc_give(const struct opvs_view *view,
		      const struct opvs_lbl_entry *entry, u64 id, u32 now)
{
	if (id != entry->server[0])
		opvs_lbl_replace(opvs_lbl_of(view), entry, &id, 1, now);
}

static struct opvs_dest *lblc_pick(const struct opvs_view *view,
				   const struct opvs_sched_req *req)
{
	static const struct opvs_lbl_rule rule = { lblc_had, lblc_give };

	return opvs_lbl_pick(view, req, rule);
}

static struct opvs_sched_state *lblc_state_new(struct opvs_net *on)
{
	return opvs_lbl_new(&on->settings.lblc_expiration, &on->share.lbl_addrs);
}

const struct opvs_sched_ops opvs_sched_lblc = {
	.name		= "lblc",
	.why		= OPVS_WHY_LEAST,
	.priv_size	= opvs_lbl_priv_size,
	.build		= opvs_lbl_build,
	.pick		= lblc_pick,
	.load		= opvs_sched_conns,
	.state_new	= lblc_state_new,
	.state_free	= opvs_lbl_free,
};
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_lblc);
