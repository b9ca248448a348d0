// SPDX-License-Identifier: GPL-2.0-only
/* Requests: from a client to a virtual service. */
#include <opvs/path.h>

#include <opvs/defence.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/svc.h>

#include <linux/in.h>
#include <linux/skbuff.h>

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
	if (flow->proto != IPPROTO_UDP || !READ_ONCE(svc->one_packet))
		return opvs_first_packet(on, svc, skb, flow);
	if (unlikely(opvs_is_gso(skb)))
		return OPVS_SPLIT;

	opvs_count(on, SERVICE_PACKETS);
	if (unlikely(flow->flags & OPVS_FLOW_MALFORMED ||
		     flow->payload + flow->payload_len > skb->len))
		return OPVS_VERDICT(DROP_MALFORMED);
	if (unlikely(opvs_defence_drops(on)))
		return opvs_defence_verdict(on);
	return opvs_one_packet(on, svc, skb, flow);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_request);
