// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPsec: packets of ESP, and of AH over IPv4, have no ports to be balanced by.
 * They follow the connection by which client and server have agreed on their keys
 * (ISAKMP, UDP port 500 to 500): to the same server by the same method, and with
 * NAT back.  Those whose client has none are not ours, as with IPVS.
 *
 * The connection is theirs, too: it lives as long as they come.  As NAT changes but
 * addresses, which AH protects, AH does not get through it.
 *
 * Over IPv6, AH is an extension header: packets are balanced by what is behind it.
 */
#include <opvs/path.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/flow.h>
#include <opvs/netns.h>
#include <opvs/nfct.h>
#include <opvs/table.h>
#include <opvs/xmit.h>

#include <linux/atomic.h>
#include <linux/in.h>
#include <linux/jiffies.h>
#include <linux/skbuff.h>

/* RFC 2408 s2.5.1 */
#define ISAKMP_PORT	500

/**
 * opvs_ipsec_exchange() - the key exchange that a packet of IPsec belongs to
 * @isakmp: result: a datagram of it, the same way
 * @flow: the packet
 *
 * Context: any.
 */
void opvs_ipsec_exchange(struct opvs_flow *isakmp, const struct opvs_flow *flow)
{
	*isakmp = *flow;
	isakmp->proto = IPPROTO_UDP;
	isakmp->sport = htons(ISAKMP_PORT);
	isakmp->dport = htons(ISAKMP_PORT);
}

static opvs_verdict_t ipsec_request(struct opvs_net *on, struct sk_buff *skb,
				    const struct opvs_flow *flow,
				    const struct opvs_flow *isakmp,
				    struct opvs_conn *cp)
{
	/* Another server would not know the keys. */
	if (unlikely(READ_ONCE(cp->dest->removed)) && !opvs_conn_is_bypass(cp)) {
		opvs_count(on, SERVICE_PACKETS);
		return OPVS_VERDICT(DROP_REMOVED_SERVER);
	}
	if (unlikely(!opvs_track_note(on, cp, OPVS_DIR_REQUEST, isakmp)))
		return OPVS_NOT_OURS;
	opvs_count(on, SERVICE_PACKETS);
	opvs_stats_in(cp->dest->stats_cpu, skb->len);
	opvs_nfct_leave(skb);
	return opvs_xmit_of(cp->flags)->send_portless(skb, flow, cp);
}

static opvs_verdict_t ipsec_reply(struct opvs_net *on, struct sk_buff *skb,
				  const struct opvs_flow *flow,
				  const struct opvs_flow *isakmp,
				  struct opvs_conn *cp)
{
	opvs_track_note(on, cp, OPVS_DIR_REPLY, isakmp);
	opvs_nfct_leave(skb);
	if (unlikely(opvs_rewrite_address(skb, flow, OPVS_SOURCE,
					  &cp->request.tuple.dst)))
		return OPVS_VERDICT(REPLY_DROP_NO_MEMORY);
	opvs_forget_socket(skb, flow);
	opvs_mark_handled(skb);
	if (unlikely(opvs_reroute(on, skb, flow)))
		return OPVS_VERDICT(REPLY_DROP_NO_ROUTE);
	opvs_stats_out(cp->dest->stats_cpu, skb->len);
	return OPVS_VERDICT(REPLIES);
}

/**
 * opvs_ipsec() - send a packet of IPsec on if its key exchange is tracked
 * @skb: packet of AH or ESP
 * @flow: its flow
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: what became of it; OPVS_NOT_OURS when it belongs to no connection.
 */
opvs_verdict_t opvs_ipsec(struct opvs_net *on, struct sk_buff *skb,
			  const struct opvs_flow *flow)
{
	struct opvs_conn_node *node;
	struct opvs_flow isakmp;

	if (flow->flags & (OPVS_FLOW_MALFORMED | OPVS_FLOW_LATER_FRAG) ||
	    !atomic_read(&on->conn.udp))
		return OPVS_NOT_OURS;
	opvs_ipsec_exchange(&isakmp, flow);
	node = opvs_table_find_flow(on, &isakmp, jiffies);
	if (!node)
		return OPVS_NOT_OURS;
	if (node->tuple.kind == OPVS_TUPLE_REPLY)
		return ipsec_reply(on, skb, flow, &isakmp, opvs_conn_of(node));
	/* Requests come to the host, as in opvs_track(). */
	if (!(flow->flags & (OPVS_FLOW_TO_HOST | OPVS_FLOW_FROM_HOST)))
		return OPVS_NOT_OURS;
	return ipsec_request(on, skb, flow, &isakmp, opvs_conn_of(node));
}
