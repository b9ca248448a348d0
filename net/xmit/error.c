// SPDX-License-Identifier: GPL-2.0-only
/* ICMP errors that the director sends about requests that it cannot forward. */
#include <opvs/xmit.h>

#include <opvs/netns.h>

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <net/icmp.h>
#include <net/ip6_route.h>

/**
 * opvs_error_unreachable() - tell a client that no server serves the port
 * @skb: request, as it came
 *
 * TCP and SCTP clients, too, get the ICMP error, as from IPVS: a reset or an
 * ABORT would be an endpoint's word, and this is not one.  TCP gives up on it
 * (RFC 1122 s4.2.3.9), SCTP retries (RFC 9260 s10).
 *
 * Context: softirq or BH disabled.  The packet is still the caller's.
 */
void opvs_error_unreachable(struct sk_buff *skb, const struct opvs_flow *flow,
			    struct opvs_net *on)
{
	if (flow->family == NFPROTO_IPV4) {
		icmp_send(skb, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0);
		return;
	}
	/* ICMPv6 wants a device, which a packet of this host has not got yet. */
	if (!skb->dev)
		skb->dev = on->net->loopback_dev;
	icmpv6_send(skb, ICMPV6_DEST_UNREACH, ICMPV6_PORT_UNREACH, 0);
}

/**
 * opvs_error_too_big() - tell a client that its packet does not fit
 * @skb: request, as it came
 * @mtu: what would fit, in bytes from the IP header on
 *
 * RFC 1191 s4, RFC 8201 s4.
 *
 * Context: softirq or BH disabled.  The packet is still the caller's.
 */
void opvs_error_too_big(struct sk_buff *skb, const struct opvs_flow *flow,
			unsigned int mtu)
{
	if (flow->family == NFPROTO_IPV4) {
		icmp_send(skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, htonl(mtu));
		return;
	}
	if (!skb->dev)
		skb->dev = skb_dst(skb)->dev;
	icmpv6_send(skb, ICMPV6_PKT_TOOBIG, 0, mtu);
}

/**
 * opvs_error_ttl() - tell a client that its packet came too far
 * @skb: request from another host, as it came
 *
 * Context: softirq or BH disabled.  The packet is still the caller's.
 */
void opvs_error_ttl(struct sk_buff *skb, const struct opvs_flow *flow)
{
	if (flow->family == NFPROTO_IPV4)
		icmp_send(skb, ICMP_TIME_EXCEEDED, ICMP_EXC_TTL, 0);
	else
		icmpv6_send(skb, ICMPV6_TIME_EXCEED, ICMPV6_EXC_HOPLIMIT, 0);
}
