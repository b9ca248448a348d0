// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address and port rewriting, in a packet and in the packet that an ICMP error
 * quotes.  Checksums are updated incrementally (RFC 1624, and what comes to the
 * same for SCTP's CRC), so the payload is not read and a packet that came in
 * damaged leaves damaged.
 */
#include <opvs/xmit.h>

#include <opvs/crc32c.h>
#include <opvs/kunit.h>

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/sctp.h>
#include <linux/stddef.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip.h>

/* TCP, UDP and SCTP begin with their ports. */
struct ports {
	__be16	port[2];	/* by enum opvs_end */
};

/* One end of a packet, before and after. */
struct change {
	const union nf_inet_addr	*from;
	const union nf_inet_addr	*to;
	__be16				old_port;
	__be16				new_port;
	enum opvs_end			end;
};

static struct change change_of(const struct opvs_flow *flow, enum opvs_end end,
			       const union nf_inet_addr *addr, __be16 port)
{
	bool source = end == OPVS_SOURCE;

	return (struct change){
		.from = source ? &flow->saddr : &flow->daddr,
		.to = addr,
		.old_port = source ? flow->sport : flow->dport,
		.new_port = port,
		.end = end,
	};
}

/* Bytes of the transport header up to the end of what changes in it. */
static unsigned int header_need(u8 proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return offsetofend(struct tcphdr, check);
	case IPPROTO_SCTP:
		return sizeof(struct sctphdr);
	default:
		return sizeof(struct udphdr);
	}
}

/* The checksum of TCP or UDP, over a pseudo header and all behind it. */
static __sum16 *inet_check(void *th, u8 proto)
{
	return proto == IPPROTO_TCP ? &((struct tcphdr *)th)->check
				    : &((struct udphdr *)th)->check;
}

static __wsum word_diff(u32 from, u32 to)
{
	return csum_add(~(__force __wsum)from, (__force __wsum)to);
}

/* The difference that a change makes to a sum of pseudo header and ports. */
static __wsum change_diff(const struct change *change, u8 family)
{
	const union nf_inet_addr *from = change->from, *to = change->to;
	__wsum diff = word_diff(from->all[0], to->all[0]);
	int i;

	if (family == NFPROTO_IPV6)
		for (i = 1; i < ARRAY_SIZE(to->all); i++)
			diff = csum_add(diff, word_diff(from->all[i],
							to->all[i]));
	return csum_add(diff, word_diff((__force u16)change->old_port,
					(__force u16)change->new_port));
}

/* A checksum over a pseudo header and ports gets to see other ones. */
static inline void replace_in_check(__sum16 *check, u8 family, u8 proto,
				    const struct change *change)
{
	/* To UDP, and to it alone, 0 says that there is none (RFC 768). */
	if (proto == IPPROTO_UDP && !*check)
		return;
	csum_replace_by_diff(check, change_diff(change, family));
	if (proto == IPPROTO_UDP && !*check)
		*check = CSUM_MANGLED_0;
}

/* Left to the device, if it is this header's checksum that was: a packet in a
 * tunnel may have an inner one pending, and the outer one complete, except in a
 * GSO packet, where the outer one is made when it is segmented.
 */
static bool check_is_pending(const struct sk_buff *skb,
			     const struct opvs_flow *flow)
{
	return skb->ip_summed == CHECKSUM_PARTIAL &&
	       (skb_checksum_start_offset(skb) == flow->thoff ||
		skb_shinfo(skb)->gso_type & SKB_GSO_UDP_TUNNEL_CSUM);
}

static void fix_check(struct sk_buff *skb, const struct opvs_flow *flow,
		      __sum16 *check, const struct change *change)
{
	if (!check_is_pending(skb, flow)) {
		replace_in_check(check, flow->family, flow->proto, change);
		return;
	}
	/* The field holds the pseudo header's sum so far. */
	if (flow->family == NFPROTO_IPV6)
		inet_proto_csum_replace16(check, skb, change->from->ip6,
					  change->to->ip6, true);
	else
		inet_proto_csum_replace4(check, skb, change->from->ip,
					 change->to->ip, true);
}

/* SCTP's CRC (RFC 9260 s6.8) has no pseudo header, so a new address alone is
 * nothing to it.  And it is linear: the new one differs from the old one by the
 * CRC of the bits that turned over, the port's with zeros up to the packet's
 * end.
 */
static void fix_crc(struct sk_buff *skb, const struct opvs_flow *flow,
		    struct sctphdr *sh, const struct change *change)
{
	u32 turned = le16_to_cpu((__force __le16)(change->old_port ^
						  change->new_port));

	if (!turned || check_is_pending(skb, flow))
		return;
	if (change->end == OPVS_DEST)
		turned <<= 16;
	sh->checksum ^= cpu_to_le32(opvs_crc32c_shift(turned, skb->len -
						      flow->thoff));
}

/* The device's sum over the whole packet, if it made one, is no longer true. */
static void forget_device_sum(struct sk_buff *skb)
{
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->ip_summed = CHECKSUM_NONE;
}

static inline void set_address(struct sk_buff *skb, unsigned int nhoff,
			       u8 family, enum opvs_end end,
			       const union nf_inet_addr *addr)
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
 * opvs_rewrite() - give a packet another source or destination
 * @skb: TCP, UDP or SCTP packet; made writable as far as needed
 * @flow: its flow, as it is before
 * @end: which end to rewrite
 * @addr: new address
 * @port: new port
 *
 * A GSO packet is rewritten as a whole.
 *
 * Context: any.
 * Return: 0; -ENOMEM; -EINVAL for a lone fragment of an SCTP packet, whose
 * checksum cannot be told without the others.  The packet is then unchanged.
 */
int opvs_rewrite(struct sk_buff *skb, const struct opvs_flow *flow,
		 enum opvs_end end, const union nf_inet_addr *addr,
		 __be16 port)
{
	struct change change = change_of(flow, end, addr, port);
	void *th;

	if (unlikely(flow->proto == IPPROTO_SCTP &&
		     flow->flags & OPVS_FLOW_FIRST_FRAG))
		return -EINVAL;
	if (unlikely(opvs_ensure_writable(skb, flow->thoff +
					  header_need(flow->proto))))
		return -ENOMEM;

	th = skb->data + flow->thoff;
	if (flow->proto == IPPROTO_SCTP)
		fix_crc(skb, flow, th, &change);
	else
		fix_check(skb, flow, inet_check(th, flow->proto), &change);
	((struct ports *)th)->port[end] = port;
	set_address(skb, flow->nhoff, flow->family, end, addr);
	forget_device_sum(skb);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_rewrite);

/**
 * opvs_rewrite_address() - give a packet without ports another source or destination
 * @skb: packet of AH or ESP; made writable as far as needed
 * @flow: its flow, as it is before
 * @end: which end to rewrite
 * @addr: new address
 *
 * What ESP protects has no part in the addresses (RFC 4303 s3.1.1).
 *
 * Context: any.
 * Return: 0; -ENOMEM, and the packet is unchanged.
 */
int opvs_rewrite_address(struct sk_buff *skb, const struct opvs_flow *flow,
			 enum opvs_end end, const union nf_inet_addr *addr)
{
	if (unlikely(opvs_ensure_writable(skb, flow->thoff)))
		return -ENOMEM;
	set_address(skb, flow->nhoff, flow->family, end, addr);
	forget_device_sum(skb);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_rewrite_address);

static bool has_ports(const struct opvs_flow *flow)
{
	return flow->proto != IPPROTO_ESP && flow->proto != IPPROTO_AH;
}

/* Bytes of the quoted transport header that are there and change.  Of TCP's an
 * error may quote the ports and not the checksum (RFC 792); of SCTP's, whose
 * checksum cannot be verified without the whole packet, only the ports do.
 */
static unsigned int quoted_need(const struct sk_buff *skb,
				const struct opvs_flow *inner)
{
	unsigned int need = header_need(inner->proto);

	if (!has_ports(inner))
		return 0;
	if (inner->proto == IPPROTO_UDP ||
	    (inner->proto == IPPROTO_TCP && inner->thoff + need <= skb->len))
		return need;
	return sizeof(struct ports);
}

/* The quoted transport header.  Its checksum follows the new address and port,
 * and all that changes here changes the sum that the ICMP checksum covers.
 */
static void rewrite_quoted(void *th, unsigned int need, __sum16 *icmp_check,
			   const struct opvs_flow *inner,
			   const struct change *change)
{
	__sum16 *check, old;

	if (need > sizeof(struct ports)) {
		check = inet_check(th, inner->proto);
		old = *check;
		replace_in_check(check, inner->family, inner->proto, change);
		csum_replace2(icmp_check, (__force __be16)old,
			      (__force __be16)*check);
	}
	csum_replace2(icmp_check, change->old_port, change->new_port);
	((struct ports *)th)->port[change->end] = change->new_port;
}

/* The part of the quoted packet's address that the ICMP checksum covers. */
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
 * opvs_rewrite_icmp() - translate an ICMP error and the packet it quotes
 * @skb: the error; made writable as far as needed
 * @outer: its flow, as it is before
 * @inner: flow of the quoted packet, as it is before
 * @outer_end: end of the outer header to rewrite; the quoted packet went the
 *	other way, so its other end is rewritten
 * @addr: new address of both
 * @port: new port in the quoted packet, if that has ports
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
	struct change change = change_of(inner, inner_end, addr, port);
	unsigned int need = quoted_need(skb, inner);
	__sum16 *icmp_check;

	if (unlikely(skb_ensure_writable(skb, inner->thoff + need)))
		return -ENOMEM;
	/* A guest may have left the checksum to the device. */
	if (unlikely(skb->ip_summed == CHECKSUM_PARTIAL &&
		     skb_checksum_help(skb)))
		return -ENOMEM;

	/* Both ICMPs keep their checksum behind type and code. */
	icmp_check = &((struct icmphdr *)(skb->data + outer->thoff))->checksum;
	fix_icmp(skb, icmp_check, outer, inner, outer_end, addr);
	if (need)
		rewrite_quoted(skb->data + inner->thoff, need, icmp_check,
			       inner, &change);
	set_address(skb, inner->nhoff, inner->family, inner_end, addr);
	set_address(skb, outer->nhoff, outer->family, outer_end, addr);
	forget_device_sum(skb);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_rewrite_icmp);
