// SPDX-License-Identifier: GPL-2.0-only
/*
 * NAT (ipvsadm -m): requests get the server's address and port, replies come
 * back through the director, which gives them the virtual ones.
 */
#include <opvs/xmit.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/route.h>

#include <linux/ip_vs.h>
#include <net/dst.h>

static opvs_verdict_t nat_send(struct sk_buff *skb,
			       const struct opvs_flow *flow,
			       struct opvs_conn *cp)
{
	const struct opvs_tuple *server = &cp->reply.tuple;
	struct dst_entry *dst;
	opvs_verdict_t verdict;

	dst = opvs_route_get(cp->on, skb, cp->dest, OPVS_ROUTE_REWRITTEN);
	if (unlikely(!dst))
		return OPVS_VERDICT(DROP_NO_ROUTE);

	verdict = opvs_route_check(skb, flow, cp->dest, dst);
	if (unlikely(verdict != OPVS_GO_ON))
		return verdict;
	if (unlikely(opvs_rewrite(skb, flow, OPVS_DEST, &server->src,
				  server->sport)))
		return OPVS_VERDICT(DROP_NO_MEMORY);
	opvs_forget_socket(skb, flow);
	return opvs_route_output(skb, flow, cp->on, dst);
}

static opvs_verdict_t nat_send_portless(struct sk_buff *skb,
					const struct opvs_flow *flow,
					struct opvs_conn *cp)
{
	struct dst_entry *dst;
	opvs_verdict_t verdict;

	dst = opvs_route_get(cp->on, skb, cp->dest, OPVS_ROUTE_REWRITTEN);
	if (unlikely(!dst))
		return OPVS_VERDICT(DROP_NO_ROUTE);

	verdict = opvs_route_check(skb, flow, cp->dest, dst);
	if (unlikely(verdict != OPVS_GO_ON))
		return verdict;
	if (unlikely(opvs_rewrite_address(skb, flow, OPVS_DEST,
					  &cp->reply.tuple.src)))
		return OPVS_VERDICT(DROP_NO_MEMORY);
	opvs_forget_socket(skb, flow);
	return opvs_route_output(skb, flow, cp->on, dst);
}

static opvs_verdict_t nat_send_error(struct opvs_net *on, struct sk_buff *skb,
				     const struct opvs_flow *outer,
				     const struct opvs_flow *inner,
				     struct opvs_dest *dest, __be16 port)
{
	struct dst_entry *dst;
	opvs_verdict_t verdict;

	dst = opvs_route_get(on, skb, dest, OPVS_ROUTE_REWRITTEN);
	if (unlikely(!dst))
		return OPVS_VERDICT(DROP_NO_ROUTE);

	verdict = opvs_route_check(skb, outer, dest, dst);
	if (unlikely(verdict != OPVS_GO_ON))
		return verdict;
	if (unlikely(opvs_rewrite_icmp(skb, outer, inner, OPVS_DEST,
				       &dest->addr, port)))
		return OPVS_VERDICT(DROP_NO_MEMORY);
	return opvs_route_output(skb, outer, on, dst);
}

const struct opvs_xmit_ops opvs_xmit_nat = {
	.name		= "Masq",
	.feature	= "nat",
	.method		= IP_VS_CONN_F_MASQ,
	.rewrites	= true,
	.send		= nat_send,
	.send_portless	= nat_send_portless,
	.send_error	= nat_send_error,
};
