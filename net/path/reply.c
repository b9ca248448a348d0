// SPDX-License-Identifier: GPL-2.0-only
/* Replies: from a NAT server to a client. */
#include <opvs/path.h>

#include <opvs/dest.h>
#include <opvs/endpoint.h>
#include <opvs/name.h>
#include <opvs/netns.h>
#include <opvs/nfct.h>
#include <opvs/ops.h>
#include <opvs/svc.h>
#include <opvs/query.h>
#include <opvs/xmit.h>

#include <linux/skbuff.h>
#include <net/dst.h>

/**
 * opvs_reply_as() - give a server's packet the virtual address and port
 * @skb: packet of @dest
 * @dest: server
 * @vaddr: virtual address
 * @vport: virtual port
 * @tracked: by netfilter
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: OPVS_VERDICT(REPLIES), or the reason to drop.
 */
opvs_verdict_t opvs_reply_as(struct opvs_net *on, struct sk_buff *skb,
			     const struct opvs_flow *flow,
			     const struct opvs_dest *dest,
			     const union nf_inet_addr *vaddr, __be16 vport,
			     bool tracked)
{
	opvs_nfct_reply(skb, flow, tracked, vaddr, vport);
	if (unlikely(opvs_rewrite(skb, flow, OPVS_SOURCE, vaddr, vport)))
		return OPVS_VERDICT(REPLY_DROP_NO_MEMORY);
	/* A socket here that speaks to the server itself did not ask for it. */
	opvs_forget_socket(skb, flow);
	opvs_mark_handled(skb);
	if (unlikely(opvs_reroute(on, skb, flow)))
		return OPVS_VERDICT(REPLY_DROP_NO_ROUTE);
	opvs_stats_out(dest->stats_cpu, skb->len);
	return OPVS_VERDICT(REPLIES);
}

/* Does a server's packet go to the director itself? */
static bool goes_here(const struct sk_buff *skb, const struct opvs_flow *flow)
{
	if (flow->flags & OPVS_FLOW_FROM_HOST)
		return opvs_route_is_local(skb_dst(skb));
	return flow->flags & OPVS_FLOW_TO_HOST;
}

/* An answer is counted; any other message may be of a session that the server
 * begins.
 */
static __always_inline void look_into(struct opvs_net *on,
				      const struct opvs_answer *answer,
				      struct sk_buff *skb,
				      const struct opvs_flow *flow)
{
	struct opvs_sip_cpu __percpu *sip = READ_ONCE(answer->dest->sip_cpu);

	if (unlikely(!sip || !opvs_note_answer(sip, skb, flow)))
		opvs_outbound(on, answer, skb, flow);
}

/**
 * opvs_reply() - translate a packet that a one-packet service's server sends
 * @skb: UDP packet that is no request
 *
 * opvs_endpoint_answer() tells which packets are replies.  Those of a service
 * with an engine are looked into for sessions that the server begins.
 *
 * A GSO packet is rewritten as a whole, unless it is to be looked into.
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: OPVS_VERDICT(REPLIES); OPVS_NOT_OURS when it is no reply of a
 * server of ours; OPVS_SPLIT when its datagrams must come one by
 * one; the reason to drop.
 */
opvs_verdict_t opvs_reply(struct opvs_net *on, struct sk_buff *skb,
			  const struct opvs_flow *flow)
{
	const struct opvs_name name = opvs_name(&flow->saddr, flow->sport,
						flow->family, flow->proto);
	const struct opvs_receiver to = {
		.addr = &flow->daddr,
		.port = flow->dport,
		.here = goes_here(skb, flow),
	};
	struct opvs_answer answer;

	if (unlikely(flow->flags & OPVS_FLOW_MALFORMED))
		return OPVS_NOT_OURS;
	if (!opvs_endpoint_answer(on, &name, &to, &answer))
		return OPVS_NOT_OURS;
	if (rcu_dereference(answer.dest->svc->view)->pe) {
		if (unlikely(opvs_is_gso(skb)))
			return OPVS_SPLIT;
		look_into(on, &answer, skb, flow);
	}

	return opvs_reply_as(on, skb, flow, answer.dest, answer.vaddr,
			     answer.vport, READ_ONCE(on->settings.conntrack));
}

/**
 * opvs_reply_peek() - what would opvs_reply() make of a packet?
 * @flow: of a UDP packet that is no request
 * @here: it goes to the director itself
 * @query: is told the service and the server
 *
 * Context: BH disabled, RCU read side.
 * Return: OPVS_VERDICT(REPLIES) or OPVS_NOT_OURS.
 */
opvs_verdict_t opvs_reply_peek(struct opvs_net *on,
			       const struct opvs_flow *flow, bool here,
			       struct opvs_query *query)
{
	const struct opvs_name name = opvs_name(&flow->saddr, flow->sport,
						flow->family, flow->proto);
	const struct opvs_receiver to = {
		.addr	= &flow->daddr,
		.port	= flow->dport,
		.here	= here,
		.asked	= true,
	};
	struct opvs_answer answer;

	if (flow->flags & OPVS_FLOW_MALFORMED ||
	    !opvs_endpoint_answer(on, &name, &to, &answer))
		return OPVS_NOT_OURS;
	query->svc = answer.dest->svc;
	query->dest = answer.dest;
	return opvs_query_because(query, OPVS_WHY_REPLY, OPVS_VERDICT(REPLIES));
}
