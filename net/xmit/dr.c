// SPDX-License-Identifier: GPL-2.0-only
/*
 * Direct routing (ipvsadm -g): the packet goes to the server as it is, only
 * the next hop is another; the server owns the virtual address, too, and
 * answers the client by itself.
 */
#include <opvs/xmit.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/route.h>

#include <linux/ip_vs.h>
#include <net/dst.h>

static inline opvs_verdict_t dr_output(struct opvs_net *on, struct sk_buff *skb,
				       const struct opvs_flow *flow,
				       const struct opvs_dest *dest)
{
	struct dst_entry *dst;
	opvs_verdict_t verdict;

	dst = opvs_route_get(on, skb, dest, OPVS_ROUTE_UNCHANGED);
	if (unlikely(!dst))
		return OPVS_VERDICT(DROP_NO_ROUTE);

	verdict = opvs_route_check(skb, flow, dest, dst);
	if (unlikely(verdict != OPVS_GO_ON))
		return verdict;
	return opvs_route_output(skb, flow, on, dst);
}

static opvs_verdict_t dr_send(struct sk_buff *skb, const struct opvs_flow *flow,
			      struct opvs_conn *cp)
{
	return dr_output(cp->on, skb, flow, cp->dest);
}

static opvs_verdict_t dr_send_error(struct opvs_net *on, struct sk_buff *skb,
				    const struct opvs_flow *outer,
				    const struct opvs_flow *inner,
				    struct opvs_dest *dest, __be16 port)
{
	return dr_output(on, skb, outer, dest);
}

const struct opvs_xmit_ops opvs_xmit_dr = {
	.name		= "Route",
	.feature	= "dr",
	.method		= IP_VS_CONN_F_DROUTE,
	.send		= dr_send,
	.send_portless	= dr_send,
	.send_error	= dr_send_error,
};
