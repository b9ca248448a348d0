// SPDX-License-Identifier: GPL-2.0-only
/* Requests: from a client to a virtual service. */
#include <opvs/path.h>

#include <opvs/defence.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/svc.h>
#include <opvs/query.h>

#include <linux/if_arp.h>
#include <linux/in.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>

/* Does a datagram hold less than it says? */
static bool is_cut(const struct sk_buff *skb, const struct opvs_flow *flow)
{
	return flow->payload + flow->payload_len > skb->len;
}

/* What a tunnel of this host has taken out of its packets; such devices wipe off
 * the mark that the outer packet had (hook.c).
 */
static noinline bool is_tunneled(const struct sk_buff *skb,
				 const struct opvs_flow *flow)
{
	if (!(flow->flags & OPVS_FLOW_TO_HOST))
		return false;
	switch (skb->dev->type) {
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
	case ARPHRD_IPGRE:
	case ARPHRD_IP6GRE:
		return true;
	default:
		return false;
	}
}

/**
 * opvs_request() - balance a packet if it goes to a virtual service
 * @skb: packet that belongs to no tracked connection
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: what became of it; OPVS_NOT_OURS when no service has this
 * address and port, or the packet opens no connection; OPVS_SPLIT
 * when the packet is a GSO packet whose datagrams must come one by one.
 */
opvs_verdict_t opvs_request(struct opvs_net *on, struct sk_buff *skb,
			    const struct opvs_flow *flow)
{
	struct opvs_svc *svc;

	svc = opvs_svc_match(on, flow, skb->mark);
	if (!svc)
		return OPVS_NOT_OURS;
	if (unlikely(READ_ONCE(on->settings.ignore_tunneled)) &&
	    is_tunneled(skb, flow))
		return OPVS_NOT_OURS;
	if (flow->proto != IPPROTO_UDP || !READ_ONCE(svc->one_packet))
		return opvs_first_packet(on, svc, skb, flow);
	if (unlikely(opvs_is_gso(skb)))
		return OPVS_SPLIT;

	opvs_count(on, SERVICE_PACKETS);
	if (unlikely(flow->flags & OPVS_FLOW_MALFORMED ||
		     is_cut(skb, flow)))
		return OPVS_VERDICT(DROP_MALFORMED);
	if (unlikely(opvs_defence_drops(on)))
		return opvs_defence_verdict(on);
	return opvs_one_packet(on, svc, skb, flow);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_request);

/* As opvs_one_packet(), up to the transmit method. */
static opvs_verdict_t one_packet_peek(struct opvs_net *on,
				      struct opvs_svc *svc,
				      struct sk_buff *skb,
				      const struct opvs_flow *flow,
				      struct opvs_query *query)
{
	struct opvs_choice choice = {};
	opvs_verdict_t verdict;

	if (is_cut(skb, flow))
		return opvs_query_because(query, OPVS_WHY_MALFORMED,
					  OPVS_VERDICT(DROP_MALFORMED));
	verdict = opvs_refuse_peek(on, flow, query);
	if (verdict != OPVS_GO_ON)
		return verdict;
	verdict = opvs_choose_peek(on, svc, skb, flow, &choice, query);
	if (verdict != OPVS_GO_ON)
		return verdict;
	query->dest = choice.dest;
	return OPVS_VERDICT(FORWARDED);
}

/**
 * opvs_request_peek() - what would opvs_request() make of a packet?
 * @skb: packet that does not exist, with its mark
 * @query: is told the service, the server and why
 *
 * Context: BH disabled, RCU read side, cfg_lock held.
 * Return: as of opvs_request(); OPVS_VERDICT(FORWARDED) when the packet has got
 * as far as to the transmit method.
 */
opvs_verdict_t opvs_request_peek(struct opvs_net *on, struct sk_buff *skb,
				 const struct opvs_flow *flow,
				 struct opvs_query *query)
{
	struct opvs_svc *svc = opvs_svc_match(on, flow, skb->mark);

	if (!svc)
		return OPVS_NOT_OURS;
	query->svc = svc;
	if (flow->proto != IPPROTO_UDP || !READ_ONCE(svc->one_packet))
		return opvs_first_peek(on, svc, skb, flow, query);
	return one_packet_peek(on, svc, skb, flow, query);
}
