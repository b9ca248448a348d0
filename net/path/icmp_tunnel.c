// SPDX-License-Identifier: GPL-2.0-only
/*
 * ICMP errors about packets that the director wrapped: they come to it, quote the
 * outer packet, and mean the client's (RFC 2003 s4, RFC 2473 s8).
 *
 * What the path carries is noted with the route to the server, so that the next
 * packets are judged by it.  If enough is quoted, the client is told at once, about
 * the packet that it sent: it knows nothing of the tunnel.  Because the outer packet
 * has the TTL of the inner one, a client that traces the way sees the routers
 * between director and server, too.
 */
#include <opvs/path.h>

#include <opvs/conn.h>
#include <opvs/flow.h>
#include <opvs/name.h>
#include <opvs/netns.h>
#include <opvs/route.h>
#include <opvs/svc.h>
#include <opvs/table.h>
#include <opvs/tunnel.h>
#include <opvs/xmit.h>

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_tunnel.h>
#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <linux/uidgid.h>
#include <net/gre.h>
#include <net/gue.h>
#include <net/icmp.h>
#include <net/ip6_route.h>
#include <net/route.h>

/* Both ICMPs have a header of eight bytes. */
#define ICMP_LEN	sizeof(struct icmphdr)

/* What an error says, whatever the ICMP. */
enum complaint {
	COMPLAINT_NONE,
	COMPLAINT_TOO_BIG,
	COMPLAINT_UNREACHABLE,
	COMPLAINT_TTL,
};

/**
 * struct quoted - what an error says about a packet in a tunnel
 * @what: the complaint
 * @mtu: what the path carries; 0: an old router does not say it (RFC 1191 s5)
 * @outer: the quoted outer packet
 * @inner: the packet in it, if that is quoted far enough; else its family is 0
 */
struct quoted {
	enum complaint		what;
	unsigned int		mtu;
	struct opvs_flow	outer;
	struct opvs_flow	inner;
};

static enum complaint complaint_v4(const struct icmphdr *icmp,
				   unsigned int *mtu)
{
	if (icmp->type == ICMP_TIME_EXCEEDED)
		return icmp->code == ICMP_EXC_TTL ? COMPLAINT_TTL :
						    COMPLAINT_NONE;
	if (icmp->type != ICMP_DEST_UNREACH)
		return COMPLAINT_NONE;
	if (icmp->code != ICMP_FRAG_NEEDED)
		return COMPLAINT_UNREACHABLE;
	*mtu = ntohs(icmp->un.frag.mtu);
	return COMPLAINT_TOO_BIG;
}

static enum complaint complaint_v6(const struct icmp6hdr *icmp,
				   unsigned int *mtu)
{
	switch (icmp->icmp6_type) {
	case ICMPV6_TIME_EXCEED:
		return icmp->icmp6_code == ICMPV6_EXC_HOPLIMIT ? COMPLAINT_TTL :
								 COMPLAINT_NONE;
	case ICMPV6_DEST_UNREACH:
		return COMPLAINT_UNREACHABLE;
	case ICMPV6_PKT_TOOBIG:
		*mtu = ntohl(icmp->icmp6_mtu);
		return COMPLAINT_TOO_BIG;
	default:
		return COMPLAINT_NONE;
	}
}

/* The outer packet that is quoted, if it was sent by this host into a tunnel. */
static bool read_outer(struct opvs_net *on, const struct sk_buff *skb,
		       const struct opvs_flow *error, struct quoted *q)
{
	union {
		struct icmphdr	v4;
		struct icmp6hdr	v6;
	} buf;
	struct opvs_flow *outer = &q->outer;
	struct opvs_name name;
	const void *icmp;
	u8 proto;

	icmp = skb_header_pointer(skb, error->thoff, ICMP_LEN, &buf);
	if (!icmp)
		return false;
	q->what = error->family == NFPROTO_IPV6 ? complaint_v6(icmp, &q->mtu) :
						  complaint_v4(icmp, &q->mtu);
	if (q->what == COMPLAINT_NONE)
		return false;
	if (opvs_flow_parse(skb, error->thoff + ICMP_LEN, error->family,
			    outer) ||
	    outer->flags & OPVS_FLOW_LATER_FRAG ||
	    !nf_inet_addr_cmp(&outer->saddr, &error->daddr))
		return false;
	/* What is inside, IPv4 or IPv6, is all the same to a tunnel's end. */
	proto = outer->proto == IPPROTO_IPV6 ? IPPROTO_IPIP : outer->proto;
	name = opvs_name(&outer->daddr, outer->dport, outer->family, proto);
	return opvs_tunnels_has(on, &name);
}

static u8 family_of(u8 proto)
{
	switch (proto) {
	case IPPROTO_IPIP:
		return NFPROTO_IPV4;
	case IPPROTO_IPV6:
		return NFPROTO_IPV6;
	default:
		return 0;
	}
}

/* GUE, data, version 0.  Returns the length of the header; 0: it is none. */
static unsigned int gue_len(const struct sk_buff *skb, unsigned int at, u8 *family)
{
	const struct guehdr *gue;
	struct guehdr buf;

	gue = skb_header_pointer(skb, at, sizeof(buf), &buf);
	if (!gue || gue->version || gue->control)
		return 0;
	*family = family_of(gue->proto_ctype);
	return sizeof(*gue) + gue->hlen * 4;
}

/* GRE as opvs sends it. */
static unsigned int gre_len(const struct sk_buff *skb, unsigned int at, u8 *family)
{
	const struct gre_base_hdr *gre;
	struct gre_base_hdr buf;

	gre = skb_header_pointer(skb, at, sizeof(buf), &buf);
	if (!gre || gre->flags & ~GRE_CSUM)
		return 0;
	*family = gre->protocol == htons(ETH_P_IP) ? NFPROTO_IPV4 :
		  gre->protocol == htons(ETH_P_IPV6) ? NFPROTO_IPV6 : 0;
	return sizeof(*gre) + (gre->flags & GRE_CSUM ? GRE_HEADER_SECTION : 0);
}

static void read_inner(const struct sk_buff *skb, struct quoted *q)
{
	unsigned int at = q->outer.thoff, len = 0;
	u8 family = 0;

	switch (q->outer.proto) {
	case IPPROTO_UDP:
		at += sizeof(struct udphdr);
		len = gue_len(skb, at, &family);
		break;
	case IPPROTO_GRE:
		len = gre_len(skb, at, &family);
		break;
	default:
		family = family_of(q->outer.proto);
	}
	if (family && opvs_flow_parse(skb, at + len, family, &q->inner))
		family = 0;
	q->inner.family = family;
}

/* Did a client send it to a service?  Nobody is to be told of a packet that was
 * made up.
 */
static bool is_request(struct opvs_net *on, const struct opvs_flow *flow)
{
	struct opvs_tuple tuple;
	struct opvs_conn_node *node;

	if (!flow->family || flow->flags & OPVS_FLOW_LATER_FRAG)
		return false;
	opvs_tuple_of(&tuple, flow);
	node = opvs_track_find(on, &tuple);
	return node ? node->tuple.kind == OPVS_TUPLE_REQUEST :
		      !!opvs_svc_match(on, flow, 0);
}

/* Notes what the path to the server carries. */
static void note_mtu(struct opvs_net *on, struct sk_buff *skb,
		     const struct quoted *q)
{
	const struct opvs_flow *outer = &q->outer;
	unsigned int need = outer->thoff;

	if (!q->mtu || !pskb_may_pull(skb, need))
		return;
	/* These look for the quoted packet where others find their own header. */
	__skb_pull(skb, outer->nhoff);
	if (outer->family == NFPROTO_IPV6)
		ip6_update_pmtu(skb, on->net, htonl(q->mtu),
				opvs_route_vrf(skb), 0,
				sock_net_uid(on->net, NULL));
	else
		ipv4_update_pmtu(skb, on->net, q->mtu, opvs_route_vrf(skb),
				 outer->proto);
	__skb_push(skb, outer->nhoff);
}

/* What is left of a path for the packets in a tunnel. */
static unsigned int inner_mtu(const struct quoted *q)
{
	unsigned int more = q->inner.nhoff - q->outer.nhoff;
	unsigned int least = q->inner.family == NFPROTO_IPV6 ? IPV6_MIN_MTU :
							       68;

	return max(q->mtu, more + least) - more;
}

/* The client's packet, as far as it is quoted, as if it had just come.  An IPv4
 * error leaves by the address that the route names.
 */
static struct sk_buff *unwrap(struct opvs_net *on, struct sk_buff *error,
			      const struct opvs_flow *inner)
{
	struct flowi4 fl4 = {
		.daddr		= inner->daddr.ip,
		.flowi4_oif	= opvs_route_vrf(error),
	};
	struct sk_buff *skb = skb_clone(error, GFP_ATOMIC);
	struct rtable *rt;

	if (!skb)
		return NULL;
	skb_dst_drop(skb);
	if (!pskb_pull(skb, inner->nhoff) ||
	    !pskb_may_pull(skb, inner->thoff - inner->nhoff))
		goto err;
	skb_reset_network_header(skb);
	memset(skb->cb, 0, sizeof(skb->cb));
	if (inner->family == NFPROTO_IPV6) {
		skb->protocol = htons(ETH_P_IPV6);
		return skb;
	}
	skb->protocol = htons(ETH_P_IP);
	rt = ip_route_output_key(on->net, &fl4);
	if (IS_ERR(rt))
		goto err;
	skb_dst_set(skb, &rt->dst);
	return skb;
err:
	kfree_skb(skb);
	return NULL;
}

/* A server that cannot be reached is a host that cannot, whatever is wrong with
 * the tunnel: of that the client knows nothing.
 */
static void tell_client(struct opvs_net *on, struct sk_buff *error,
			const struct quoted *q)
{
	const struct opvs_flow *inner = &q->inner;
	bool v6 = inner->family == NFPROTO_IPV6;
	struct sk_buff *skb = unwrap(on, error, inner);

	if (!skb)
		return;
	switch (q->what) {
	case COMPLAINT_TOO_BIG:
		if (q->mtu && opvs_needs_whole(skb, inner))
			opvs_error_too_big(skb, inner, inner_mtu(q));
		break;
	case COMPLAINT_TTL:
		opvs_error_ttl(skb, inner);
		break;
	default:
		if (v6)
			icmpv6_send(skb, ICMPV6_DEST_UNREACH,
				    ICMPV6_ADDR_UNREACH, 0);
		else
			icmp_send(skb, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0);
	}
	kfree_skb(skb);
}

/**
 * opvs_icmp_tunnel() - heed an error about a packet that was wrapped
 * @skb: ICMP packet
 * @error: its flow
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: OPVS_VERDICT(ICMP_TO_CLIENT) if the client was told, ICMP_DROP_BAD if
 * the checksum is wrong; else OPVS_NOT_OURS.
 */
opvs_verdict_t opvs_icmp_tunnel(struct opvs_net *on, struct sk_buff *skb,
				const struct opvs_flow *error)
{
	struct quoted q = {};

	/* What this host says itself is about a tunnel of somebody else. */
	if (!(error->flags & OPVS_FLOW_TO_HOST) ||
	    error->flags & (OPVS_FLOW_LATER_FRAG | OPVS_FLOW_MALFORMED) ||
	    !read_outer(on, skb, error, &q))
		return OPVS_NOT_OURS;
	if (nf_checksum(skb, NF_INET_LOCAL_IN, error->thoff, error->proto,
			error->family))
		return OPVS_VERDICT(ICMP_DROP_BAD);
	if (q.what == COMPLAINT_TOO_BIG)
		note_mtu(on, skb, &q);
	read_inner(skb, &q);
	if (!is_request(on, &q.inner))
		return OPVS_NOT_OURS;
	tell_client(on, skb, &q);
	return OPVS_VERDICT(ICMP_TO_CLIENT);
}
