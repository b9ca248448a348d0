// SPDX-License-Identifier: GPL-2.0-only
/* Packets of a service by mark that find no server, with net.ipv4.vs.cache_bypass=1:
 * caches that are all down are not in the way of those who use them.
 */
#include <opvs/path.h>

#include <opvs/svc.h>
#include <opvs/xmit.h>

#include <net/dst.h>

/**
 * opvs_bypass() - may a packet that finds no server go on without one?
 * @svc: its service
 * @flow: the packet
 * @vrf: opvs_route_vrf() of it
 * @choice: result
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: OPVS_GO_ON, and @choice stands for that way; or
 * OPVS_VERDICT(DROP_NO_SERVER).
 */
opvs_verdict_t opvs_bypass(struct opvs_net *on, const struct opvs_svc *svc,
			   const struct opvs_flow *flow, int vrf,
			   struct opvs_choice *choice)
{
	struct opvs_dest *dest = READ_ONCE(svc->bypass);
	struct dst_entry *dst;

	if (!dest)
		return OPVS_VERDICT(DROP_NO_SERVER);
	dst = opvs_bypass_route(on, flow, vrf);
	if (!dst)
		return OPVS_VERDICT(DROP_NO_SERVER);
	dst_release(dst);
	*choice = (struct opvs_choice){ .dest = dest };
	return OPVS_GO_ON;
}
