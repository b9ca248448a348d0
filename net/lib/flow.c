// SPDX-License-Identifier: GPL-2.0-only
/*
 * Header parsing.  Reads the skb and edits nothing; the same code parses a
 * packet and the packet that an ICMP error quotes.
 */
#include <opvs/flow.h>

#include <opvs/compat.h>
#include <opvs/kunit.h>
#include <opvs/proto.h>

#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/sctp.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ipv6.h>

/* The words of which IPv4 has only the first are soon read as one with it. */
static void set_ipv4(union nf_inet_addr *addr, __be32 ip)
{
	const union {
		__be32	word[2];
		u64	both;
	} first = { .word = { ip } };

	put_unaligned(first.both, (u64 *)addr->all);
}

/* TCP, UDP and SCTP all begin with both ports. */
static u32 ports_at(const void *th)
{
	return get_unaligned((const u32 *)th);
}

static int parse_ipv4(const struct sk_buff *skb, struct opvs_flow *flow)
{
	const struct iphdr *iph;
	struct iphdr buf;

	iph = skb_header_pointer(skb, flow->nhoff, sizeof(buf), &buf);
	if (!iph || iph->version != 4 || iph->ihl < 5)
		return -EINVAL;

	set_ipv4(&flow->saddr, iph->saddr);
	set_ipv4(&flow->daddr, iph->daddr);
	flow->proto = iph->protocol;
	flow->thoff = flow->nhoff + iph->ihl * 4;
	if (iph->frag_off & htons(IP_OFFSET))
		flow->flags |= OPVS_FLOW_LATER_FRAG;
	else if (iph->frag_off & htons(IP_MF))
		flow->flags |= OPVS_FLOW_FIRST_FRAG;
	return 0;
}

/* What the search for the transport header does not tell of extension headers.
 *
 * Of several fragment headers, the outermost is reassembled first; the search
 * tells the last.  A packet whose routing header has segments left is not where it
 * goes to: the stack is to look at that header first (RFC 8200 s4.4).
 *
 * Returns whether it has such a header.
 */
static noinline bool walk_exts(const struct sk_buff *skb, unsigned int at,
			       u8 next, __be16 *frag)
{
	const union {
		struct ipv6_opt_hdr	opt;
		struct ipv6_rt_hdr	route;
		struct frag_hdr		frag;
	} *ext;
	struct frag_hdr buf;
	bool outermost = true;

	for (; ipv6_ext_hdr(next); next = ext->opt.nexthdr) {
		ext = skb_header_pointer(skb, at, sizeof(buf), &buf);
		if (!ext)
			return false;
		if (next == NEXTHDR_ROUTING && ext->route.segments_left)
			return true;
		if (next == NEXTHDR_FRAGMENT) {
			if (outermost)
				*frag = ext->frag.frag_off;
			if (ext->frag.frag_off & htons(IP6_OFFSET | IP6_MF))
				return false;
			outermost = false;
			at += sizeof(buf);
		} else {
			at += next == NEXTHDR_AUTH ? ipv6_authlen(&ext->opt) :
						     ipv6_optlen(&ext->opt);
		}
	}
	return false;
}

static int parse_ipv6(const struct sk_buff *skb, struct opvs_flow *flow)
{
	const struct ipv6hdr *ip6h;
	__be16 frag = 0, outer_frag = 0;
	struct ipv6hdr buf;
	int thoff;

	ip6h = skb_header_pointer(skb, flow->nhoff, sizeof(buf), &buf);
	if (!ip6h || ip6h->version != 6)
		return -EINVAL;

	flow->saddr.in6 = ip6h->saddr;
	flow->daddr.in6 = ip6h->daddr;
	flow->proto = ip6h->nexthdr;
	thoff = ipv6_skip_exthdr(skb, flow->nhoff + sizeof(buf), &flow->proto,
				 &frag);
	if (thoff < 0)
		return -EINVAL;

	flow->thoff = thoff;
	if (unlikely(thoff > flow->nhoff + sizeof(buf)) &&
	    walk_exts(skb, flow->nhoff + sizeof(buf), ip6h->nexthdr,
		      &outer_frag)) {
		flow->proto = IPPROTO_ROUTING;
		return 0;
	}
	frag = frag ?: outer_frag;
	if (likely(!(frag & htons(IP6_OFFSET | IP6_MF))))
		return 0;
	/* A jumbogram is never fragmented (RFC 2675 s3).  One that says so is
	 * not reassembled, and must not pass for whole with what it holds.
	 */
	if (!ip6h->payload_len)
		return -EINVAL;
	flow->flags |= frag & htons(IP6_OFFSET) ? OPVS_FLOW_LATER_FRAG :
						  OPVS_FLOW_FIRST_FRAG;
	return 0;
}

static int parse_ports(const struct sk_buff *skb, struct opvs_flow *flow)
{
	const u32 *th;
	u32 buf;

	th = skb_header_pointer(skb, flow->thoff, sizeof(buf), &buf);
	if (!th)
		return -EINVAL;
	flow->ports = ports_at(th);
	return 0;
}

/* Errors behind the ports do not matter in a quoted packet: an ICMP error need
 * not quote more than these (RFC 792).
 */
static int behind_ports(const struct opvs_flow *flow)
{
	return flow->nhoff ? 0 : -EINVAL;
}

/* The UDP header's own length decides what is payload (RFC 768); bytes behind
 * it are padding.  Zero means a jumbogram, which IPv6 alone has (RFC 2675 s4).
 */
static int parse_udp(const struct sk_buff *skb, struct opvs_flow *flow)
{
	const struct udphdr *uh;
	struct udphdr buf;
	unsigned int len;

	uh = skb_header_pointer(skb, flow->thoff, sizeof(buf), &buf);
	if (unlikely(!uh)) {
		parse_ports(skb, flow);
		return -EINVAL;
	}
	flow->ports = ports_at(uh);

	len = ntohs(uh->len);
	if (!len && flow->family == NFPROTO_IPV6)
		len = skb->len - flow->thoff;
	if (len < sizeof(buf))
		return -EINVAL;
	flow->payload = flow->thoff + sizeof(buf);
	flow->payload_len = len - sizeof(buf);
	return 0;
}

/* A reset ends a connection whatever else the segment says (RFC 9293 s3.5.3);
 * what begins or ends one acknowledges by the way (s3.5, s3.6).
 */
static u8 tcp_event(const struct tcphdr *th)
{
	if (th->rst)
		return OPVS_TCP_RST;
	if (th->syn)
		return OPVS_TCP_SYN;
	if (th->fin)
		return OPVS_TCP_FIN;
	return th->ack ? OPVS_TCP_ACK : OPVS_TCP_OTHER;
}

/* The header is as long as its data offset says, options and all, and never
 * shorter than without them (RFC 9293 s3.1).
 */
static int parse_tcp(const struct sk_buff *skb, struct opvs_flow *flow)
{
	const struct tcphdr *th;
	struct tcphdr buf;

	th = skb_header_pointer(skb, flow->thoff, sizeof(buf), &buf);
	if (unlikely(!th))
		return parse_ports(skb, flow) ?: behind_ports(flow);
	flow->ports = ports_at(th);
	if (unlikely(th->doff * 4 < sizeof(buf) ||
		     th->doff * 4 > skb->len - flow->thoff))
		return behind_ports(flow);
	flow->event = tcp_event(th);
	return 0;
}

/* RFC 9260 s3.2. */
static u8 sctp_event(u8 chunk)
{
	static const u8 events[] = {
		[SCTP_CID_INIT]			= OPVS_SCTP_INIT,
		[SCTP_CID_INIT_ACK]		= OPVS_SCTP_INIT_ACK,
		[SCTP_CID_ABORT]		= OPVS_SCTP_ABORT,
		[SCTP_CID_SHUTDOWN]		= OPVS_SCTP_SHUTDOWN,
		[SCTP_CID_SHUTDOWN_ACK]		= OPVS_SCTP_SHUTDOWN_ACK,
		[SCTP_CID_ERROR]		= OPVS_SCTP_ERROR,
		[SCTP_CID_COOKIE_ECHO]		= OPVS_SCTP_COOKIE_ECHO,
		[SCTP_CID_COOKIE_ACK]		= OPVS_SCTP_COOKIE_ACK,
		[SCTP_CID_SHUTDOWN_COMPLETE]	= OPVS_SCTP_SHUTDOWN_COMPLETE,
	};

	return chunk < ARRAY_SIZE(events) ? events[chunk] : OPVS_SCTP_DATA;
}

/* The first chunk tells: control chunks stand before data, and INIT, INIT ACK
 * and SHUTDOWN COMPLETE alone (RFC 9260 s6.10).  Only behind the cookie chunks,
 * which open an association, does it matter whether the next one ends it.
 */
static int parse_sctp(const struct sk_buff *skb, struct opvs_flow *flow)
{
	unsigned int at = flow->thoff + sizeof(struct sctphdr);
	const struct sctp_chunkhdr *chunk;
	struct sctp_chunkhdr buf;

	if (parse_ports(skb, flow))
		return -EINVAL;
	chunk = skb_header_pointer(skb, at, sizeof(buf), &buf);
	if (!chunk || ntohs(chunk->length) < sizeof(buf))
		return behind_ports(flow);
	flow->event = sctp_event(chunk->type);
	if (flow->event != OPVS_SCTP_COOKIE_ECHO &&
	    flow->event != OPVS_SCTP_COOKIE_ACK)
		return 0;

	/* Chunks are padded to four bytes (s3.2). */
	at += ALIGN(ntohs(chunk->length), 4);
	chunk = skb_header_pointer(skb, at, sizeof(buf), &buf);
	if (chunk && chunk->type == SCTP_CID_ABORT)
		flow->event = OPVS_SCTP_ABORT;
	return 0;
}

/**
 * opvs_flow_read() - fill in a flow; the work of opvs_flow_parse()
 * @skb: packet; its linear part need not hold the headers
 * @flow: zeroed but for the family and the offset of the IP header
 *
 * Ports and event are read for TCP, UDP and SCTP and are 0 otherwise, and for
 * a later fragment.  TCP's event is OPVS_TCP_OTHER wherever the flags cannot be
 * read.  Only UDP's payload is located.  @flow->payload_len is what the header
 * claims: a quoted or truncated packet may hold less.
 *
 * Context: any.
 * Return: 0; -EINVAL when a header that must be there is cut off or wrong.
 * The addresses, protocol and ports are then valid as far as they could be
 * read, and zero behind that.
 */
int opvs_flow_read(const struct sk_buff *skb, struct opvs_flow *flow)
{
	int err;

	err = flow->family == NFPROTO_IPV6 ? parse_ipv6(skb, flow)
					   : parse_ipv4(skb, flow);
	if (flow->proto == IPPROTO_TCP)
		flow->event = OPVS_TCP_OTHER;
	if (unlikely(err || flow->flags & OPVS_FLOW_LATER_FRAG))
		return err;

	switch (flow->proto) {
	case IPPROTO_TCP:
		return parse_tcp(skb, flow);
	case IPPROTO_UDP:
		return parse_udp(skb, flow);
	case IPPROTO_SCTP:
		return parse_sctp(skb, flow);
	default:
		return 0;
	}
}
EXPORT_SYMBOL_IF_KUNIT(opvs_flow_read);
