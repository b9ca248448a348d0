// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tunnels (ipvsadm -i): the packet goes to the server as it is, inside a packet of
 * this host to the server's address.  The server owns the virtual address, too,
 * unpacks, and answers the client by itself.  It may be reached by the other
 * family of addresses than the service.
 *
 * A packet that does not fit is not cut before it is wrapped, for then each piece
 * would have to be wrapped: it is refused if it may not be cut, as a router does
 * (RFC 1191, RFC 8201), and else the outer one is cut and put together again by the
 * server (RFC 2003 s3.1, RFC 2473 s7).  So does one that came in fragments.
 */
#include <opvs/xmit.h>

#include <opvs/conn.h>
#include <opvs/compat.h>
#include <opvs/dest.h>
#include <opvs/netns.h>
#include <opvs/nfct.h>
#include <opvs/route.h>

#include <linux/err.h>
#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/netdevice.h>
#include <net/dst.h>
#include <net/dsfield.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ipv6.h>

/* Every link carries IPv4 packets of this length (RFC 791 s3.2). */
#define IPV4_MTU_MIN	68

/**
 * struct wrapping - what becomes of one packet
 * @dest: server
 * @source: address of this host
 * @tunnel: what it is wrapped in
 * @inner: IPPROTO_IPIP or IPPROTO_IPV6
 * @dsfield: of the outer header
 * @ttl: of it
 * @label: flow label of it, if it is IPv6
 * @df: IP_DF or 0
 */
struct wrapping {
	const struct opvs_dest		*dest;
	const union nf_inet_addr	*source;
	union opvs_tunnel		tunnel;
	u8				inner;
	u8				dsfield;
	u8				ttl;
	__be32				label;
	__be16				df;
};

/* What fits into the tunnel.  Less than the least of its family no packet has to
 * be: the outer one is cut then.
 */
static unsigned int tunnel_mtu(const struct dst_entry *dst,
			       const struct opvs_flow *flow, unsigned int more)
{
	unsigned int least = flow->family == NFPROTO_IPV6 ? IPV6_MIN_MTU
							  : IPV4_MTU_MIN;

	return max(dst_mtu(dst), least + more) - more;
}

/* It came in fragments, and need not leave in the same ones. */
static bool was_cut(const struct sk_buff *skb, const struct opvs_flow *flow)
{
	return flow->family == NFPROTO_IPV6 ? IP6CB(skb)->frag_max_size
					    : IPCB(skb)->frag_max_size;
}

/* An outer packet has no more than 16 bits for its length. */
static bool is_too_long(const struct sk_buff *skb, unsigned int more)
{
	return !skb_is_gso(skb) && skb->len + more > IP_MAX_MTU;
}

/* Without path MTU discovery, the outer packet of IPv4 may always be cut; that of
 * IPv6 only by this host, which has to know the path's MTU.
 */
static opvs_verdict_t fits_tunnel(const struct opvs_net *on,
				  struct sk_buff *skb,
				  const struct opvs_flow *flow,
				  const struct opvs_dest *dest,
				  const struct dst_entry *dst,
				  unsigned int more)
{
	unsigned int mtu;

	if (unlikely(is_too_long(skb, more))) {
		mtu = IP_MAX_MTU - more;
	} else {
		if (!opvs_needs_whole(skb, flow) || was_cut(skb, flow) ||
		    (dest->family == NFPROTO_IPV4 &&
		     !READ_ONCE(on->settings.pmtu_disc)))
			return OPVS_GO_ON;
		mtu = tunnel_mtu(dst, flow, more);
		if (likely(!opvs_exceeds_mtu(skb, flow, mtu)))
			return OPVS_GO_ON;
	}
	if (opvs_needs_whole(skb, flow))
		opvs_error_too_big(skb, flow, mtu);
	return OPVS_VERDICT(DROP_MTU);
}

/* Routers on the outer packet's way may cut it if they might have cut the inner
 * one.  IPv6 may rely on a link that carries 1280 bytes (RFC 4213 s3.2.2).
 */
static __be16 outer_df(const struct opvs_net *on, struct sk_buff *skb,
		       const struct opvs_flow *flow)
{
	if (!READ_ONCE(on->settings.pmtu_disc) || was_cut(skb, flow))
		return 0;
	if (flow->family == NFPROTO_IPV6)
		return opvs_exceeds_mtu(skb, flow, IPV6_MIN_MTU) ?
		       htons(IP_DF) : 0;
	return ip_hdr(skb)->frag_off & htons(IP_DF);
}

/* Outer congestion marks are not lost (RFC 3168 s9.1.1).  The TTL goes on being
 * that of the inner packet, so that the client can trace the whole way.
 */
static void read_inner(struct wrapping *w, const struct opvs_net *on,
		       struct sk_buff *skb, const struct opvs_flow *flow)
{
	u8 dsfield;

	if (flow->family == NFPROTO_IPV6) {
		w->inner = IPPROTO_IPV6;
		dsfield = ipv6_get_dsfield(ipv6_hdr(skb));
		w->ttl = ipv6_hdr(skb)->hop_limit;
		w->label = ip6_flowlabel(ipv6_hdr(skb));
	} else {
		w->inner = IPPROTO_IPIP;
		dsfield = ipv4_get_dsfield(ip_hdr(skb));
		w->ttl = ip_hdr(skb)->ttl;
		w->label = 0;
	}
	w->dsfield = INET_ECN_encapsulate(dsfield, dsfield);
	w->df = outer_df(on, skb, flow);
}

static void push_ipv4(struct net *net, struct sk_buff *skb,
		      const struct wrapping *w, u8 proto)
{
	struct iphdr *iph = skb_push(skb, sizeof(*iph));

	skb_reset_network_header(skb);
	skb->protocol = htons(ETH_P_IP);
	/* The length of a GSO packet may not fit, and is not looked at. */
	*iph = (struct iphdr){
		.version	= 4,
		.ihl		= sizeof(*iph) / 4,
		.tos		= w->dsfield,
		.tot_len	= htons(skb->len),
		.frag_off	= w->df,
		.ttl		= w->ttl,
		.protocol	= proto,
		.saddr		= w->source->ip,
		.daddr		= w->dest->addr.ip,
	};
	__ip_select_ident(net, iph, skb_shinfo(skb)->gso_segs ?: 1);
	ip_send_check(iph);
}

static void push_ipv6(struct sk_buff *skb, const struct wrapping *w, u8 proto)
{
	unsigned int len = skb->len;
	struct ipv6hdr *ip6h = skb_push(skb, sizeof(*ip6h));

	skb_reset_network_header(skb);
	skb->protocol = htons(ETH_P_IPV6);
	ip6_flow_hdr(ip6h, w->dsfield, w->label);
	ip6h->payload_len = htons(len > U16_MAX ? 0 : len);
	ip6h->nexthdr = proto;
	ip6h->hop_limit = w->ttl;
	ip6h->saddr = w->source->in6;
	ip6h->daddr = w->dest->addr.in6;
}

/* Puts a packet into another one.  After an error it is fit for nothing. */
static int wrap(struct net *net, struct sk_buff *skb,
		const struct opvs_flow *flow, const struct wrapping *w,
		const struct dst_entry *dst, unsigned int more)
{
	u8 family = w->dest->family;
	int proto;

	if (skb_cow_head(skb, more + LL_RESERVED_SPACE(READ_ONCE(dst->dev)) +
			 dst->header_len))
		return -ENOMEM;
	opvs_nfct_wrap(skb);
	/* IPv6 takes the first extension header for it on arrival. */
	skb_set_transport_header(skb, flow->thoff);
	proto = opvs_encap_push(net, skb, w->tunnel, w->inner, family);
	if (proto < 0)
		return proto;
	opvs_encap_check(skb, w->tunnel, family, w->source, &w->dest->addr);
	/* What the stack noted about the packet is not true of the outer one. */
	memset(skb->cb, 0, max(sizeof(struct inet_skb_parm),
			       sizeof(struct inet6_skb_parm)));
	if (family == NFPROTO_IPV6)
		push_ipv6(skb, w, proto);
	else
		push_ipv4(net, skb, w, proto);
	skb_clear_hash_if_not_l4(skb);
	return 0;
}

/* The packet goes up the stack as it came.  A route of the other family is not
 * for it.
 */
static opvs_verdict_t deliver(struct opvs_net *on, struct sk_buff *skb,
			      const struct opvs_flow *flow,
			      const struct opvs_dest *dest,
			      struct dst_entry *dst)
{
	if (likely(dest->family == flow->family))
		return opvs_route_output(skb, flow, on, dst);
	if (!opvs_route_is_local(skb_dst(skb)))
		return OPVS_VERDICT(DROP_NO_ROUTE);
	opvs_mark_handled(skb);
	return OPVS_VERDICT(DELIVERED_LOCAL);
}

static opvs_verdict_t wrap_and_send(struct opvs_net *on, struct sk_buff *skb,
				    const struct opvs_flow *flow,
				    const struct wrapping *w,
				    struct dst_entry *dst, unsigned int more)
{
	if (unlikely(wrap(on->net, skb, flow, w, dst, more)))
		return OPVS_VERDICT(DROP_NO_MEMORY);
	opvs_mark_handled(skb);
	opvs_route_send(skb, flow, w->dest->family, on, dst);
	return OPVS_VERDICT(FORWARDED);
}

/* The stack and devices know of one tunnel around the segments of a GSO packet: one
 * that has a tunnel in it already goes segment by segment.
 */
static noinline opvs_verdict_t
send_segments(struct opvs_net *on, struct sk_buff *whole,
	      const struct opvs_flow *flow, const struct wrapping *w,
	      struct dst_entry *dst, unsigned int more)
{
	struct sk_buff *segs, *skb, *next;

	segs = skb_gso_segment(whole, 0);
	if (IS_ERR_OR_NULL(segs))
		return OPVS_VERDICT(DROP_NO_MEMORY);
	consume_skb(whole);
	skb_list_walk_safe(segs, skb, next) {
		skb_mark_not_on_list(skb);
		if (likely(wrap_and_send(on, skb, flow, w, dst, more) ==
			   OPVS_VERDICT(FORWARDED)))
			continue;
		/* The verdict is of the others; this one is a packet apart. */
		opvs_count(on, SERVICE_PACKETS);
		opvs_count(on, DROP_NO_MEMORY);
		kfree_skb_reason(skb, SKB_DROP_REASON_NOMEM);
	}
	return OPVS_VERDICT(FORWARDED);
}

static opvs_verdict_t tunnel_output(struct opvs_net *on, struct sk_buff *skb,
				    const struct opvs_flow *flow,
				    const struct opvs_dest *dest)
{
	struct wrapping w = {
		.dest	= dest,
		.tunnel	= { .word = READ_ONCE(dest->tunnel) },
	};
	unsigned int more = opvs_encap_len(w.tunnel, dest->family);
	opvs_verdict_t verdict;
	struct dst_entry *dst;
	bool local;

	dst = opvs_route_get(on, skb, dest, OPVS_ROUTE_TUNNEL);
	if (unlikely(!dst))
		return OPVS_VERDICT(DROP_NO_ROUTE);
	local = opvs_route_is_local(dst);
	if (unlikely(opvs_route_martian(flow, dest, local)))
		return OPVS_VERDICT(DROP_MARTIAN);
	if (local)
		return deliver(on, skb, flow, dest, dst);

	verdict = fits_tunnel(on, skb, flow, dest, dst, more);
	if (verdict == OPVS_GO_ON)
		verdict = opvs_route_hop(skb, flow);
	if (unlikely(verdict != OPVS_GO_ON))
		return verdict;
	w.source = opvs_route_source(dest);
	read_inner(&w, on, skb, flow);
	if (unlikely(skb->encapsulation && skb_is_gso(skb)))
		return send_segments(on, skb, flow, &w, dst, more);
	return wrap_and_send(on, skb, flow, &w, dst, more);
}

static opvs_verdict_t tunnel_send(struct sk_buff *skb,
				  const struct opvs_flow *flow,
				  struct opvs_conn *cp)
{
	return tunnel_output(cp->on, skb, flow, cp->dest);
}

static opvs_verdict_t tunnel_send_error(struct opvs_net *on,
					struct sk_buff *skb,
					const struct opvs_flow *outer,
					const struct opvs_flow *inner,
					struct opvs_dest *dest, __be16 port)
{
	return tunnel_output(on, skb, outer, dest);
}

const struct opvs_xmit_ops opvs_xmit_tunnel = {
	.name		= "Tunnel",
	.feature	= "tunnel",
	.method		= IP_VS_CONN_F_TUNNEL,
	.wraps		= true,
	.send		= tunnel_send,
	.send_portless	= tunnel_send,
	.send_error	= tunnel_send_error,
};
