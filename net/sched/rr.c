// SPDX-License-Identifier: GPL-2.0-only
/*
 * Round robin: the servers in turn, in order of addition.
 *
 * Each CPU has a cursor of its own.  Any run of packets on one CPU gives each
 * server its share to within one packet, so all CPUs together do to within one
 * packet per CPU.
 */
#include <opvs/sched.h>

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/query.h>

/* A server that is not available passes its turn on, so that the next one does
 * not serve twice.
 */
static struct opvs_dest *rr_pick(const struct opvs_view *view,
				 const struct opvs_sched_req *req)
{
	struct opvs_dest *dest;
	u32 i;

	for (i = 0; i < view->count; i++) {
		dest = view->member[opvs_sched_step(view, view->count)].dest;
		if (opvs_dest_available(dest))
			return dest;
	}
	return NULL;
}

const struct opvs_sched_ops opvs_sched_rr = {
	.name		= "rr",
	.why		= OPVS_WHY_TURN,
	.spreads	= true,
	.pick		= rr_pick,
};
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_rr);
