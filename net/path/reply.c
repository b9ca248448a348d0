// SPDX-License-Identifier: GPL-2.0-only
/* Replies: from a server of a one-packet NAT service to a client. */
#include <opvs/path.h>

#include <opvs/dest.h>
#include <opvs/endpoint.h>
#include <opvs/netns.h>
#include <opvs/svc.h>
#include <opvs/xmit.h>

#include <linux/skbuff.h>

/**
 * opvs_reply() - give a server's packet the virtual address and port
 * @on: namespace
 * @skb: UDP packet that is no request
 * @flow: its flow
 *
 * Whatever leaves the address and port of a server counts as a reply, to any
 * client and port.  A train of datagrams is rewritten as a whole.
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: OPVS_VERDICT(REPLIES); OPVS_VERDICT(NONE) when no server of ours is
 * there; the reason to drop.
 */
opvs_verdict_t opvs_reply(struct opvs_net *on, struct sk_buff *skb,
			  const struct opvs_flow *flow)
{
	const struct opvs_endpoint_key key = {
		.addr = flow->saddr,
		.port = flow->sport,
		.family = flow->family,
		.proto = flow->proto,
	};
	const struct opvs_svc_key *virt;
	struct opvs_dest *dest;

	if (unlikely(flow->flags & OPVS_FLOW_MALFORMED))
		return OPVS_VERDICT(NONE);
	dest = opvs_endpoint_dest(on, &key, &flow->daddr, flow->dport);
	if (!dest)
		return OPVS_VERDICT(NONE);

	virt = &dest->svc->key;
	if (unlikely(opvs_rewrite(skb, flow, OPVS_SOURCE, &virt->addr,
				  virt->port)))
		return OPVS_VERDICT(REPLY_DROP_NO_MEMORY);
	opvs_mark_handled(skb);
	if (unlikely(opvs_reroute(on, skb, flow)))
		return OPVS_VERDICT(REPLY_DROP_NO_ROUTE);
	opvs_stats_out(dest->stats_cpu, skb->len);
	return OPVS_VERDICT(REPLIES);
}
