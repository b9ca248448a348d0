// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address and port rewriting, in a packet and in the packet that an ICMP error
 * quotes.  Checksums are updated incrementally (RFC 1624), so a packet that
 * came in damaged leaves damaged.
 */
#include <opvs/xmit.h>

#include <opvs/kunit.h>

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip.h>

/* A checksum over a pseudo header and ports gets to see other ones. */
static void replace_in_check(__sum16 *check, const union nf_inet_addr *from,
			     const union nf_inet_addr *to,
			     __be16 old_port, __be16 new_port)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(to->ip6); i++)
		csum_replace4(check, from->ip6[i], to->ip6[i]);
	csum_replace2(check, old_port, new_port);
	/* 0 would say that there is no checksum (RFC 768). */
	if (!*check)
		*check = CSUM_MANGLED_0;
}

/* Left to the device, if it is this header's checksum that was: a packet in a
 * tunnel may have an inner one pending, and the outer one complete, except in a
 * train, where the outer one is made when it is split.
 */
static bool check_is_pending(const struct sk_buff *skb,
			     const struct opvs_flow *flow)
{
	return skb->ip_summed == CHECKSUM_PARTIAL &&
	       (skb_checksum_start_offset(skb) == flow->thoff ||
		skb_shinfo(skb)->gso_type & SKB_GSO_UDP_TUNNEL_CSUM);
}

static void fix_check(struct sk_buff *skb, const struct opvs_flow *flow,
		      struct udphdr *uh, const union nf_inet_addr *from,
		      const union nf_inet_addr *to,
		      __be16 old_port, __be16 new_port)
{
	if (check_is_pending(skb, flow)) {
		/* The field holds the pseudo header's sum so far. */
		if (flow->family == NFPROTO_IPV6)
			inet_proto_csum_replace16(&uh->check, skb, from->ip6,
						  to->ip6, true);
		else
			inet_proto_csum_replace4(&uh->check, skb, from->ip,
						 to->ip, true);
		return;
	}
	if (uh->check)
		replace_in_check(&uh->check, from, to, old_port, new_port);
}

/* The device's sum over the whole packet, if it made one, is no longer true. */
static void forget_device_sum(struct sk_buff *skb)
{
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->ip_summed = CHECKSUM_NONE;
}

static void set_address(struct sk_buff *skb, unsigned int nhoff, u8 family,
			enum opvs_end end, const union nf_inet_addr *addr)
{
	struct ipv6hdr *ip6h;
	struct iphdr *iph;
	__be32 *field;

	if (family == NFPROTO_IPV6) {
		ip6h = (struct ipv6hdr *)(skb->data + nhoff);
		if (end == OPVS_SOURCE)
			ip6h->saddr = addr->in6;
		else
			ip6h->daddr = addr->in6;
		return;
	}
	iph = (struct iphdr *)(skb->data + nhoff);
	field = end == OPVS_SOURCE ? &iph->saddr : &iph->daddr;
	csum_replace4(&iph->check, *field, addr->ip);
	*field = addr->ip;
}

/**
 * opvs_rewrite() - give a UDP packet another source or destination
 * @skb: packet; made writable as far as needed
 * @flow: its flow, as it is before
 * @end: which end to rewrite
 * @addr: new address
 * @port: new port
 *
 * Context: any.
 * Return: 0 or -ENOMEM, and the packet is unchanged.
 */
int opvs_rewrite(struct sk_buff *skb, const struct opvs_flow *flow,
		 enum opvs_end end, const union nf_inet_addr *addr,
		 __be16 port)
{
	bool source = end == OPVS_SOURCE;
	struct udphdr *uh;

	if (unlikely(skb_ensure_writable(skb, flow->thoff + sizeof(*uh))))
		return -ENOMEM;

	uh = (struct udphdr *)(skb->data + flow->thoff);
	fix_check(skb, flow, uh, source ? &flow->saddr : &flow->daddr, addr,
		  source ? flow->sport : flow->dport, port);
	if (source)
		uh->source = port;
	else
		uh->dest = port;
	set_address(skb, flow->nhoff, flow->family, end, addr);
	forget_device_sum(skb);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_rewrite);

/* The quoted UDP header.  Its checksum follows the new address and port, and
 * all that changes here changes the sum that the ICMP checksum covers.
 */
static void rewrite_quoted_udp(struct udphdr *uh, __sum16 *icmp_check,
			       const struct opvs_flow *inner,
			       enum opvs_end end,
			       const union nf_inet_addr *addr, __be16 port)
{
	bool source = end == OPVS_SOURCE;
	const union nf_inet_addr *from = source ? &inner->saddr : &inner->daddr;
	__be16 *field = source ? &uh->source : &uh->dest;
	__sum16 old = uh->check;

	if (uh->check)
		replace_in_check(&uh->check, from, addr, *field, port);
	csum_replace2(icmp_check, *field, port);
	csum_replace2(icmp_check, (__force __be16)old,
		      (__force __be16)uh->check);
	*field = port;
}

/* What of the quoted packet's address the ICMP checksum gets to see. */
static void fix_icmp(struct sk_buff *skb, __sum16 *icmp_check,
		     const struct opvs_flow *outer,
		     const struct opvs_flow *inner, enum opvs_end outer_end,
		     const union nf_inet_addr *addr)
{
	const union nf_inet_addr *out, *in;

	/* IPv4: none.  The quoted header's own checksum makes up for the
	 * address in it, and there is no pseudo header.
	 */
	if (outer->family == NFPROTO_IPV4)
		return;
	out = outer_end == OPVS_SOURCE ? &outer->saddr : &outer->daddr;
	in = outer_end == OPVS_SOURCE ? &inner->daddr : &inner->saddr;
	inet_proto_csum_replace16(icmp_check, skb, in->ip6, addr->ip6, false);
	inet_proto_csum_replace16(icmp_check, skb, out->ip6, addr->ip6, true);
}

/**
 * opvs_rewrite_icmp() - translate an ICMP error and the UDP packet it quotes
 * @skb: the error; made writable as far as needed
 * @outer: its flow, as it is before
 * @inner: flow of the quoted packet, as it is before
 * @outer_end: end of the outer header to rewrite; the quoted packet went the
 *	other way, so its other end is rewritten
 * @addr: new address of both
 * @port: new port in the quoted packet
 *
 * Context: any.
 * Return: 0 or -ENOMEM, and the packet is unchanged.
 */
int opvs_rewrite_icmp(struct sk_buff *skb, const struct opvs_flow *outer,
		      const struct opvs_flow *inner, enum opvs_end outer_end,
		      const union nf_inet_addr *addr, __be16 port)
{
	enum opvs_end inner_end = outer_end == OPVS_SOURCE ? OPVS_DEST
							   : OPVS_SOURCE;
	__sum16 *icmp_check;
	struct udphdr *uh;

	if (unlikely(skb_ensure_writable(skb, inner->thoff + sizeof(*uh))))
		return -ENOMEM;
	/* A guest may have left the checksum to the device. */
	if (unlikely(skb->ip_summed == CHECKSUM_PARTIAL &&
		     skb_checksum_help(skb)))
		return -ENOMEM;

	/* Both ICMPs keep their checksum behind type and code. */
	icmp_check = &((struct icmphdr *)(skb->data + outer->thoff))->checksum;
	uh = (struct udphdr *)(skb->data + inner->thoff);
	fix_icmp(skb, icmp_check, outer, inner, outer_end, addr);
	rewrite_quoted_udp(uh, icmp_check, inner, inner_end, addr, port);
	set_address(skb, inner->nhoff, inner->family, inner_end, addr);
	set_address(skb, outer->nhoff, outer->family, outer_end, addr);
	forget_device_sum(skb);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_rewrite_icmp);
