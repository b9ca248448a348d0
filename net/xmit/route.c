// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way to a real server: a route cached per CPU and server, the checks that
 * a router makes, and the hand-over to the stack.
 *
 * The cache validates a route at each use, so that changes of routes and
 * devices take effect with the next packet; neighbours are looked up by the
 * stack behind the route.  A route is used for all packets to a server: like
 * IPVS, the lookup sees neither TOS nor mark.
 */
#include <opvs/xmit.h>

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>

#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/ip.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/ip_fib.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/route.h>

static bool dst_is_local(const struct dst_entry *dst)
{
	return dst->dev->flags & IFF_LOOPBACK;
}

static struct dst_entry *route_lookup_v4(struct net *net,
					 struct opvs_dest *dest, u8 flags)
{
	struct flowi4 fl4 = {
		.daddr = dest->addr.ip,
		.flowi4_flags = flags,
	};
	struct rtable *rt;

	rt = ip_route_output_key(net, &fl4);
	if (IS_ERR(rt))
		return NULL;
	dst_cache_set_ip4(&dest->route, &rt->dst, fl4.saddr);
	return &rt->dst;
}

static struct dst_entry *route_lookup_v6(struct net *net,
					 struct opvs_dest *dest, u8 flags)
{
	struct flowi6 fl6 = {
		.daddr = dest->addr.in6,
		.flowi6_flags = flags,
	};
	struct dst_entry *dst;

	dst = ip6_route_output(net, NULL, &fl6);
	if (dst->error) {
		dst_release(dst);
		return NULL;
	}
	dst_cache_set_ip6(&dest->route, dst, &fl6.saddr);
	return dst;
}

/* While a server's method changes, the cache may hold the other method's route.
 * That one would have the stack ask its neighbours for the virtual address.
 */
static bool names_nexthop(const struct dst_entry *dst, u8 family)
{
	const struct rtable *rt;
	const struct rt6_info *rt6;

	if (family == NFPROTO_IPV6) {
		rt6 = container_of(dst, struct rt6_info, dst);
		return rt6->rt6i_flags & (RTF_GATEWAY | RTF_CACHE);
	}
	rt = container_of(dst, struct rtable, dst);
	return rt->rt_gw_family;
}

/**
 * opvs_route_get() - the route to a server
 * @on: namespace
 * @dest: server
 * @known_nexthop: the packet's own address is not the server's (direct
 *	routing), so the route must name the next hop
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: the route with a reference, or NULL when there is none.
 */
struct dst_entry *opvs_route_get(struct opvs_net *on, struct opvs_dest *dest,
				 bool known_nexthop)
{
	u8 flags = known_nexthop ? FLOWI_FLAG_KNOWN_NH : 0;
	struct dst_entry *dst;

	dst = dst_cache_get(&dest->route);
	if (likely(dst)) {
		if (!known_nexthop || dst_is_local(dst) ||
		    names_nexthop(dst, dest->family))
			return dst;
		dst_release(dst);
	}
	if (dest->family == NFPROTO_IPV6)
		return route_lookup_v6(on->net, dest, flags);
	return route_lookup_v4(on->net, dest, flags);
}

static bool addr_is_loopback(const union nf_inet_addr *addr, u8 family)
{
	if (family == NFPROTO_IPV6)
		return ipv6_addr_loopback(&addr->in6);
	return ipv4_is_loopback(addr->ip);
}

/* Loopback addresses neither leave the host nor are reached from outside. */
static bool is_martian(const struct opvs_flow *flow,
		       const struct opvs_dest *dest, bool local)
{
	if (!local)
		return addr_is_loopback(&flow->saddr, flow->family);
	return !(flow->flags & OPVS_FLOW_FROM_HOST) &&
	       addr_is_loopback(&dest->addr, dest->family);
}

/* A train (GSO) leaves as the packets that it was made of. */
static bool train_fits(struct sk_buff *skb, const struct opvs_flow *flow,
		       unsigned int mtu)
{
	if (!skb_is_gso(skb))
		return false;
	/* IPv6 takes the first extension header for it on arrival. */
	skb_set_transport_header(skb, flow->thoff);
	return skb_gso_validate_network_len(skb, mtu);
}

/* A reassembled packet is judged by the largest fragment that it came in, and
 * will be cut again; a socket of this host may have asked for fragmentation.
 */
static bool exceeds_mtu(struct sk_buff *skb, const struct opvs_flow *flow,
			unsigned int mtu)
{
	unsigned int frag_max;

	if (flow->family == NFPROTO_IPV6) {
		frag_max = IP6CB(skb)->frag_max_size;
	} else {
		if (!(ip_hdr(skb)->frag_off & htons(IP_DF)))
			return false;
		frag_max = IPCB(skb)->frag_max_size;
	}
	if (frag_max)
		return frag_max > mtu;
	return skb->len > mtu && !skb->ignore_df && !train_fits(skb, flow, mtu);
}

/* The header is writable.  A packet of this host is not forwarded: it starts. */
static bool ttl_spent(struct sk_buff *skb, const struct opvs_flow *flow)
{
	if (flow->flags & OPVS_FLOW_FROM_HOST)
		return false;
	if (flow->family == NFPROTO_IPV6) {
		if (ipv6_hdr(skb)->hop_limit <= 1)
			return true;
		ipv6_hdr(skb)->hop_limit--;
		return false;
	}
	if (ip_hdr(skb)->ttl <= 1)
		return true;
	ip_decrease_ttl(ip_hdr(skb));
	return false;
}

/**
 * opvs_route_check() - may this packet take this route?
 * @skb: request, not rewritten yet; its IP header is made writable
 * @flow: its flow
 * @dest: server
 * @dst: route to it
 *
 * Does what a router does before it forwards: MTU and TTL, with the errors to
 * the client that belong to them.  A server on this host needs neither.
 *
 * Context: softirq or BH disabled.
 * Return: OPVS_VERDICT(NONE) to go on, else the reason to drop.
 */
opvs_verdict_t opvs_route_check(struct sk_buff *skb,
				const struct opvs_flow *flow,
				const struct opvs_dest *dest,
				const struct dst_entry *dst)
{
	bool local = dst_is_local(dst);
	unsigned int mtu;

	if (unlikely(is_martian(flow, dest, local)))
		return OPVS_VERDICT(DROP_MARTIAN);
	if (local)
		return OPVS_VERDICT(NONE);

	mtu = dst_mtu(dst);
	if (unlikely(exceeds_mtu(skb, flow, mtu))) {
		opvs_error_too_big(skb, flow, mtu);
		return OPVS_VERDICT(DROP_MTU);
	}
	if (unlikely(skb_ensure_writable(skb, flow->thoff)))
		return OPVS_VERDICT(DROP_NO_MEMORY);
	if (unlikely(ttl_spent(skb, flow))) {
		opvs_error_ttl(skb, flow);
		return OPVS_VERDICT(DROP_TTL);
	}
	return OPVS_VERDICT(NONE);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_route_check);

/**
 * opvs_mark_handled() - keep a packet from being balanced or tracked again
 * @skb: packet that has its final addresses
 *
 * The connection tracker saw it under the addresses that it came with; like
 * IPVS, opvs takes it out of tracking rather than have it translated back.
 *
 * Context: any.
 */
void opvs_mark_handled(struct sk_buff *skb)
{
	skb->ipvs_property = 1;
	nf_reset_ct(skb);
	nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
}

/**
 * opvs_forget_socket() - part a packet from the socket found for its old address
 * @skb: packet that has its final addresses
 * @flow: its flow
 *
 * Early demux looks for a socket before anybody rewrites.  The socket of a
 * packet that this host sends is its sender's, and stays.
 *
 * Context: any.
 */
void opvs_forget_socket(struct sk_buff *skb, const struct opvs_flow *flow)
{
	if (!(flow->flags & OPVS_FLOW_FROM_HOST))
		skb_orphan(skb);
}

/**
 * opvs_route_output() - send a packet that has its final addresses
 * @skb: packet; consumed if forwarded
 * @flow: its flow
 * @on: namespace
 * @dst: route; the reference is consumed
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: OPVS_VERDICT(FORWARDED), or OPVS_VERDICT(DELIVERED_LOCAL) for a
 * server on this host: the packet is still the caller's and goes on its way
 * up the stack.
 */
opvs_verdict_t opvs_route_output(struct sk_buff *skb,
				 const struct opvs_flow *flow,
				 struct opvs_net *on, struct dst_entry *dst)
{
	opvs_mark_handled(skb);

	if (dst_is_local(dst) && !(flow->flags & OPVS_FLOW_FROM_HOST)) {
		dst_release(dst);
		return OPVS_VERDICT(DELIVERED_LOCAL);
	}

	skb_dst_drop(skb);
	skb_dst_set(skb, dst);
	if (dst_is_local(dst))
		return OPVS_VERDICT(DELIVERED_LOCAL);

	opvs_forget_socket(skb, flow);
	skb_forward_csum(skb);
	skb_clear_tstamp(skb);
	/* The MTU was looked at; what is left may be cut into fragments. */
	skb->ignore_df = 1;
	NF_HOOK(flow->family, NF_INET_LOCAL_OUT, on->net, skb->sk, skb, NULL,
		dst->dev, dst_output);
	return OPVS_VERDICT(FORWARDED);
}

/**
 * opvs_reroute() - route a packet again because its source has changed
 * @on: namespace
 * @skb: packet
 * @flow: its flow
 *
 * Only policy rules can tell sources apart, so nothing is done without them,
 * nor for a packet that has arrived.
 *
 * Context: softirq or BH disabled.
 * Return: 0 or a negative errno; the packet is still the caller's.
 */
int opvs_reroute(struct opvs_net *on, struct sk_buff *skb,
		 const struct opvs_flow *flow)
{
	if (flow->flags & OPVS_FLOW_TO_HOST)
		return 0;
	if (flow->family == NFPROTO_IPV6) {
		if (!fib6_has_custom_rules(on->net))
			return 0;
		return nf_ip6_route_me_harder(on->net, skb->sk, skb);
	}
	if (!fib4_has_custom_rules(on->net))
		return 0;
	return ip_route_me_harder(on->net, skb->sk, skb, RTN_LOCAL);
}
