// SPDX-License-Identifier: GPL-2.0-only
/*
 * Header parsing.  Reads the skb and edits nothing; the same code parses a
 * packet and the packet that an ICMP error quotes.
 */
#include <opvs/flow.h>

#include <opvs/kunit.h>

#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ipv6.h>

/* TCP, UDP and SCTP all begin with both ports. */
struct port_pair {
	__be16	source;
	__be16	dest;
};

static int parse_ipv4(const struct sk_buff *skb, struct opvs_flow *flow)
{
	const struct iphdr *iph;
	struct iphdr buf;

	iph = skb_header_pointer(skb, flow->nhoff, sizeof(buf), &buf);
	if (!iph || iph->version != 4 || iph->ihl < 5)
		return -EINVAL;

	flow->saddr.ip = iph->saddr;
	flow->daddr.ip = iph->daddr;
	flow->proto = iph->protocol;
	flow->thoff = flow->nhoff + iph->ihl * 4;
	if (iph->frag_off & htons(IP_OFFSET))
		flow->flags |= OPVS_FLOW_LATER_FRAG;
	else if (iph->frag_off & htons(IP_MF))
		flow->flags |= OPVS_FLOW_FIRST_FRAG;
	return 0;
}

static int parse_ipv6(const struct sk_buff *skb, struct opvs_flow *flow)
{
	const struct ipv6hdr *ip6h;
	struct ipv6hdr buf;
	__be16 frag = 0;
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
	if (frag & htons(IP6_OFFSET))
		flow->flags |= OPVS_FLOW_LATER_FRAG;
	else if (frag & htons(IP6_MF))
		flow->flags |= OPVS_FLOW_FIRST_FRAG;
	return 0;
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
	if (!uh)
		return -EINVAL;

	len = ntohs(uh->len);
	if (!len && flow->family == NFPROTO_IPV6)
		len = skb->len - flow->thoff;
	if (len < sizeof(buf))
		return -EINVAL;
	flow->payload = flow->thoff + sizeof(buf);
	flow->payload_len = len - sizeof(buf);
	return 0;
}

/**
 * opvs_flow_parse() - read a packet's headers into a flow
 * @skb: packet; its linear part need not hold the headers
 * @nhoff: offset of the IP header from skb->data
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @flow: result; all of it is set
 *
 * Ports are read for TCP, UDP and SCTP and are 0 otherwise, and for a later
 * fragment.  Only UDP's payload is located.  @flow->payload_len is what the
 * header claims: a quoted or truncated packet may hold less.
 *
 * Context: any.
 * Return: 0; -EINVAL when a header that must be there is cut off or wrong.
 * The addresses, protocol and ports are then valid as far as they could be
 * read, and zero behind that.
 */
int opvs_flow_parse(const struct sk_buff *skb, unsigned int nhoff, u8 family,
		    struct opvs_flow *flow)
{
	const struct port_pair *ports;
	struct port_pair buf;
	int err;

	*flow = (struct opvs_flow){ .family = family, .nhoff = nhoff };
	err = family == NFPROTO_IPV6 ? parse_ipv6(skb, flow)
				     : parse_ipv4(skb, flow);
	if (err || flow->flags & OPVS_FLOW_LATER_FRAG)
		return err;

	switch (flow->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
		break;
	default:
		return 0;
	}

	ports = skb_header_pointer(skb, flow->thoff, sizeof(buf), &buf);
	if (!ports)
		return -EINVAL;
	flow->sport = ports->source;
	flow->dport = ports->dest;
	return flow->proto == IPPROTO_UDP ? parse_udp(skb, flow) : 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_flow_parse);
