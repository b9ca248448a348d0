// SPDX-License-Identifier: GPL-2.0-only
/*
 * ICMP errors that quote a packet of a virtual service.
 *
 * An error about a request was sent on the servers' side and quotes the packet
 * as the director forwarded it; the client must see it quote what the client
 * sent.  An error about a reply was sent on the clients' side, to the virtual
 * address, and belongs to the server that replied.
 *
 * A tracked connection is found by what the quoted packet would be answered
 * with.  A one-packet service keeps nothing about past packets, so the way back
 * is found as for replies: by the server's address and port, or by picking the
 * server again.  If that is not possible, the error goes up the stack.
 *
 * With net.ipv4.vs.schedule_icmp=1 the server is picked again for errors about
 * tracked services, too, if no connection is there: several directors share the
 * packets of a virtual address, and a router's error came to another one than the
 * connection.  No entry is made of it.  Where the same packet does not get the same
 * server, to name one would be a guess.
 */
#include <opvs/path.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/endpoint.h>
#include <opvs/flow.h>
#include <opvs/name.h>
#include <opvs/netns.h>
#include <opvs/nfct.h>
#include <opvs/proto.h>
#include <opvs/svc.h>
#include <opvs/table.h>
#include <opvs/xmit.h>

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/skbuff.h>

/**
 * opvs_is_icmp() - is this ICMP of the packet's own family?
 * @flow: flow
 *
 * Context: any.
 */
bool opvs_is_icmp(const struct opvs_flow *flow)
{
	if (flow->family == NFPROTO_IPV6)
		return flow->proto == IPPROTO_ICMPV6;
	return flow->proto == IPPROTO_ICMP;
}

/* An address and port to put into a quoted packet; and is that one's flow tracked
 * by netfilter?  Then the error is tracked as related to it.
 */
struct icmp_end {
	union nf_inet_addr	addr;
	__be16			port;
	bool			tracked;
};

static bool icmp_is_error(u8 type, u8 family)
{
	/* RFC 4443 s2.1 */
	if (family == NFPROTO_IPV6)
		return type < ICMPV6_INFOMSG_MASK;
	return type == ICMP_DEST_UNREACH || type == ICMP_SOURCE_QUENCH ||
	       type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETERPROB;
}

/* Reads the quoted packet.  Errors quote at least the ports (RFC 792). */
static bool icmp_quotes(const struct sk_buff *skb,
			const struct opvs_flow *outer, struct opvs_flow *inner)
{
	const u8 *type;
	u8 buf;

	if (outer->flags & (OPVS_FLOW_LATER_FRAG | OPVS_FLOW_MALFORMED))
		return false;
	type = skb_header_pointer(skb, outer->thoff, sizeof(buf), &buf);
	if (!type || !icmp_is_error(*type, outer->family))
		return false;
	/* Both ICMPs have a header of eight bytes. */
	if (opvs_flow_parse(skb, outer->thoff + sizeof(struct icmphdr),
			    outer->family, inner) ||
	    inner->flags & OPVS_FLOW_LATER_FRAG)
		return false;
	/* The error must go to the sender of that packet. */
	if (!nf_inet_addr_cmp(&inner->saddr, &outer->daddr))
		return false;
	return opvs_proto_find(inner->proto) || opvs_is_ipsec(inner);
}

/* The tracked connection of the quoted packet, if it went that way. */
static struct opvs_conn *icmp_conn(struct opvs_net *on,
				   const struct opvs_flow *inner,
				   enum opvs_tuple_kind kind)
{
	struct opvs_conn_node *node;
	struct opvs_tuple tuple;
	struct opvs_flow isakmp;

	if (unlikely(opvs_is_ipsec(inner))) {
		opvs_ipsec_exchange(&isakmp, inner);
		inner = &isakmp;
	}
	opvs_tuple_of_answer(&tuple, inner);
	node = opvs_track_find(on, &tuple);
	return node && node->tuple.kind == kind ? opvs_conn_of(node) : NULL;
}

/* The virtual address that a quoted request had before it was rewritten. */
static bool icmp_virtual(struct opvs_net *on, const struct opvs_flow *outer,
			 const struct opvs_flow *inner, struct icmp_end *virt)
{
	const struct opvs_name name = opvs_name(&inner->daddr, inner->dport,
						inner->family, inner->proto);
	const struct opvs_receiver to = {
		.addr = &inner->saddr,
		.port = inner->sport,
		.here = outer->flags & OPVS_FLOW_TO_HOST,
	};
	struct opvs_answer answer;
	struct opvs_conn *cp;

	cp = icmp_conn(on, inner, OPVS_TUPLE_REPLY);
	if (cp) {
		virt->addr = cp->request.tuple.dst;
		virt->port = cp->request.tuple.dport;
		virt->tracked = cp->flags & IP_VS_CONN_F_NFCT;
		return true;
	}
	if (!opvs_endpoint_answer(on, &name, &to, &answer))
		return false;
	virt->addr = *answer.vaddr;
	virt->port = answer.vport;
	virt->tracked = READ_ONCE(on->settings.conntrack);
	return true;
}

/**
 * opvs_icmp_to_client() - translate an error about a forwarded request
 * @skb: ICMP packet
 * @outer: its flow
 *
 * The quoted packet went to a server; it and the error's source get the
 * virtual address.
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: OPVS_VERDICT(ICMP_TO_CLIENT); OPVS_NOT_OURS when it is none of ours; the
 * reason to drop.
 */
opvs_verdict_t opvs_icmp_to_client(struct opvs_net *on, struct sk_buff *skb,
				   const struct opvs_flow *outer)
{
	struct opvs_flow inner;
	struct icmp_end virt;

	if (!icmp_quotes(skb, outer, &inner) ||
	    !icmp_virtual(on, outer, &inner, &virt))
		return OPVS_NOT_OURS;
	if (likely(!virt.tracked))
		opvs_nfct_leave(skb);
	if (unlikely(opvs_rewrite_icmp(skb, outer, &inner, OPVS_SOURCE,
				       &virt.addr, virt.port)))
		return OPVS_VERDICT(ICMP_DROP_BAD);
	opvs_forget_socket(skb, outer);
	opvs_mark_handled(skb);
	if (unlikely(opvs_reroute(on, skb, outer)))
		return OPVS_VERDICT(ICMP_DROP_BAD);
	return OPVS_VERDICT(ICMP_TO_CLIENT);
}

static opvs_verdict_t icmp_forward(struct opvs_net *on, struct sk_buff *skb,
				   const struct opvs_flow *outer,
				   const struct opvs_flow *inner,
				   struct opvs_dest *dest,
				   const struct opvs_xmit_ops *xmit,
				   __be16 port, bool tracked)
{
	opvs_verdict_t verdict;

	if (likely(!tracked))
		opvs_nfct_leave(skb);
	verdict = xmit->send_error(on, skb, outer, inner, dest, port);
	if (verdict == OPVS_VERDICT(FORWARDED))
		return OPVS_VERDICT(ICMP_TO_SERVER);
	return verdict == OPVS_VERDICT(DELIVERED_LOCAL) ?
	       OPVS_VERDICT(ICMP_TO_LOCAL) : OPVS_VERDICT(ICMP_DROP_BAD);
}

/* The service whose server is to be picked again for an error about @request. */
static struct opvs_svc *icmp_svc(struct opvs_net *on, const struct sk_buff *skb,
				 const struct opvs_flow *request)
{
	struct opvs_svc *svc;

	/* Without their connection, they belong to no service. */
	if (opvs_is_ipsec(request))
		return NULL;
	svc = opvs_svc_match(on, request, skb->mark);
	if (!svc || READ_ONCE(on->settings.schedule_icmp) ||
	    (request->proto == IPPROTO_UDP && READ_ONCE(svc->one_packet)))
		return svc;
	return NULL;
}

/**
 * opvs_icmp_to_server() - pass an error about a reply on to the server
 * @skb: ICMP packet to this host
 * @outer: its flow
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: OPVS_VERDICT(ICMP_TO_SERVER) or OPVS_VERDICT(ICMP_TO_LOCAL);
 * ICMP_UNATTRIBUTED when it cannot be told which server replied; OPVS_NOT_OURS
 * when it is none of ours; the reason to drop.
 */
opvs_verdict_t opvs_icmp_to_server(struct opvs_net *on, struct sk_buff *skb,
				   const struct opvs_flow *outer)
{
	struct opvs_flow inner, request;
	struct opvs_dest *dest;
	opvs_verdict_t verdict;
	struct opvs_conn *cp;
	struct opvs_svc *svc;

	if (!icmp_quotes(skb, outer, &inner))
		return OPVS_NOT_OURS;
	cp = icmp_conn(on, &inner, OPVS_TUPLE_REQUEST);
	if (cp)
		return icmp_forward(on, skb, outer, &inner, cp->dest,
				    opvs_xmit_of(cp->flags),
				    cp->reply.tuple.sport,
				    cp->flags & IP_VS_CONN_F_NFCT);

	/* The request to which the quoted packet is the reply. */
	opvs_flow_turn(&request, &inner);
	svc = icmp_svc(on, skb, &request);
	if (!svc)
		return OPVS_NOT_OURS;
	verdict = opvs_pick_quoted(on, svc, skb, &request, &dest);
	if (verdict != OPVS_GO_ON)
		return verdict;
	return icmp_forward(on, skb, outer, &inner, dest,
			    READ_ONCE(dest->xmit),
			    dest->port ?: request.dport,
			    READ_ONCE(on->settings.conntrack));
}
