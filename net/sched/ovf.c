// SPDX-License-Identifier: GPL-2.0-only
/*
 * Overflow: a server's weight is how many active connections it is to have.
 * The heaviest is filled first, what is more flows over to the next, and when
 * all have more than that there is no server.  Of equal ones, the one that was
 * added first is filled first.
 *
 * In a one-packet service these are live calls, as everywhere, even where
 * nothing remembers a choice: a weight is a number of calls there, not of
 * packets.
 */
#include <opvs/sched.h>

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/query.h>

static struct opvs_dest *ovf_pick(const struct opvs_view *view,
				  const struct opvs_sched_req *req)
{
	const struct opvs_view_member *member, *best = NULL;
	u32 i;

	for (i = 0; i < view->count; i++) {
		member = &view->member[i];
		if ((!best || member->weight > best->weight) &&
		    opvs_dest_available(member->dest) &&
		    opvs_dest_active(member->dest) <= member->weight)
			best = member;
	}
	return best ? best->dest : NULL;
}

static u64 ovf_load(const struct opvs_dest *dest)
{
	return opvs_dest_active(dest);
}

const struct opvs_sched_ops opvs_sched_ovf = {
	.name	= "ovf",
	.why	= OPVS_WHY_WEIGHT,
	.pick	= ovf_pick,
	.load	= ovf_load,
};
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_ovf);
