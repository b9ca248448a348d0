// SPDX-License-Identifier: GPL-2.0-only
/*
 * Failover: everything to the available server of the highest weight; the
 * others stand by.  Of equal ones, the one that was added first: an
 * administrator who asks for failover does not want clients spread.
 */
#include <opvs/sched.h>

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/query.h>

static struct opvs_dest *fo_pick(const struct opvs_view *view,
				 const struct opvs_sched_req *req)
{
	const struct opvs_view_member *member, *best = NULL;
	u32 i;

	for (i = 0; i < view->count; i++) {
		member = &view->member[i];
		if ((!best || member->weight > best->weight) &&
		    opvs_dest_available(member->dest))
			best = member;
	}
	return best ? best->dest : NULL;
}

const struct opvs_sched_ops opvs_sched_fo = {
	.name		= "fo",
	.why		= OPVS_WHY_WEIGHT,
	.picks_keyless	= true,
	.pick		= fo_pick,
};
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_fo);
