// SPDX-License-Identifier: GPL-2.0-only
/*
 * The checks that a router makes, and the hand-over to the stack.
 *
 * Packets get the route without a reference: RCU keeps it as long as they stay
 * in softirq, and code that queues a packet for later takes one.
 *
 * What tunnels need as well is inline for packets of the other methods.
 */
#include <opvs/xmit.h>

#include <opvs/compat.h>
#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>

#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/ip.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/ip_fib.h>

/* No packet from such an address leaves the host that sent it.  IPv4 refuses the
 * unspecified one on arrival; IPv6 delivers it (RFC 4291 s2.5.2).
 */
static bool source_stays(const union nf_inet_addr *addr, u8 family)
{
	if (family == NFPROTO_IPV6)
		return ipv6_addr_loopback(&addr->in6) ||
		       ipv6_addr_any(&addr->in6);
	return ipv4_is_loopback(addr->ip);
}

static bool addr_is_loopback(const union nf_inet_addr *addr, u8 family)
{
	if (family == NFPROTO_IPV6)
		return ipv6_addr_loopback(&addr->in6);
	return ipv4_is_loopback(addr->ip);
}

static __always_inline bool is_martian(const struct opvs_flow *flow,
				       const struct opvs_dest *dest, bool local)
{
	if (!local)
		return source_stays(&flow->saddr, flow->family);
	return !(flow->flags & OPVS_FLOW_FROM_HOST) &&
	       addr_is_loopback(&dest->addr, dest->family);
}

/**
 * opvs_route_martian() - may these addresses meet?
 * @flow: packet
 * @dest: server
 * @local: the server is on this host
 *
 * Loopback addresses neither leave the host nor are reached from outside, and the
 * unspecified address does not leave it.
 *
 * Context: any.
 */
bool opvs_route_martian(const struct opvs_flow *flow,
			const struct opvs_dest *dest, bool local)
{
	return is_martian(flow, dest, local);
}

/* A GSO packet leaves as its segments. */
static bool gso_fits(struct sk_buff *skb, const struct opvs_flow *flow,
		     unsigned int mtu)
{
	if (!skb_is_gso(skb))
		return false;
	/* IPv6 takes the first extension header for it on arrival. */
	skb_set_transport_header(skb, flow->thoff);
	return skb_gso_validate_network_len(skb, mtu);
}

static __always_inline bool exceeds_mtu(struct sk_buff *skb,
					const struct opvs_flow *flow,
					unsigned int mtu)
{
	unsigned int frag_max;

	frag_max = flow->family == NFPROTO_IPV6 ? IP6CB(skb)->frag_max_size
						: IPCB(skb)->frag_max_size;
	if (frag_max)
		return frag_max > mtu;
	return skb->len > mtu && !skb->ignore_df && !gso_fits(skb, flow, mtu);
}

/**
 * opvs_exceeds_mtu() - is a packet too big to be sent in one piece?
 * @skb: packet
 * @flow: its flow
 * @mtu: bytes from the IP header on
 *
 * A reassembled packet is judged by the largest fragment that it came in, and
 * will be cut again; a socket of this host may have asked for fragmentation.
 *
 * Context: any.
 */
bool opvs_exceeds_mtu(struct sk_buff *skb, const struct opvs_flow *flow,
		      unsigned int mtu)
{
	return exceeds_mtu(skb, flow, mtu);
}

/* On arrival the stack writes times and addresses into the options that ask for
 * them, and leaves the sum of the header to the code that forwards the packet.
 */
static void sum_options(struct sk_buff *skb, const struct opvs_flow *flow)
{
	if (flow->family == NFPROTO_IPV4 &&
	    unlikely(flow->thoff > sizeof(struct iphdr)) &&
	    IPCB(skb)->opt.is_changed)
		ip_send_check(ip_hdr(skb));
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

static __always_inline opvs_verdict_t route_hop(struct sk_buff *skb,
						const struct opvs_flow *flow)
{
	if (unlikely(opvs_ensure_writable(skb, flow->thoff)))
		return OPVS_VERDICT(DROP_NO_MEMORY);
	sum_options(skb, flow);
	if (unlikely(ttl_spent(skb, flow))) {
		opvs_error_ttl(skb, flow);
		return OPVS_VERDICT(DROP_TTL);
	}
	return OPVS_GO_ON;
}

/**
 * opvs_route_hop() - what each router does to a packet
 * @skb: packet; its IP header is made writable
 *
 * One whose TTL is spent is told so.
 *
 * Context: softirq or BH disabled.
 * Return: OPVS_GO_ON to go on, else the reason to drop.
 */
opvs_verdict_t opvs_route_hop(struct sk_buff *skb, const struct opvs_flow *flow)
{
	return route_hop(skb, flow);
}

/**
 * opvs_route_check() - may this packet take this route?
 * @skb: request, not rewritten yet; its IP header is made writable
 * @dest: server
 * @dst: route to it
 *
 * Does what a router does before it forwards: MTU and TTL, with the errors to
 * the client that belong to them.  A server on this host needs neither.
 *
 * Context: softirq or BH disabled.
 * Return: OPVS_GO_ON to go on, else the reason to drop.
 */
opvs_verdict_t opvs_route_check(struct sk_buff *skb,
				const struct opvs_flow *flow,
				const struct opvs_dest *dest,
				const struct dst_entry *dst)
{
	bool local = opvs_route_is_local(dst);

	if (unlikely(is_martian(flow, dest, local)))
		return OPVS_VERDICT(DROP_MARTIAN);
	if (local)
		return OPVS_GO_ON;

	if (opvs_needs_whole(skb, flow) &&
	    unlikely(exceeds_mtu(skb, flow, dst_mtu(dst)))) {
		opvs_error_too_big(skb, flow, dst_mtu(dst));
		return OPVS_VERDICT(DROP_MTU);
	}
	return route_hop(skb, flow);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_route_check);

/* The only hook of a namespace that has ours would let the packet pass. */
static bool ours_alone(const struct opvs_net *on,
		       const struct nf_hook_entries *hooks)
{
	return hooks && hooks->num_hook_entries == 1 &&
	       hooks->hooks[0].priv == on;
}

static __always_inline void local_out(struct sk_buff *skb, u8 family,
				      struct opvs_net *on,
				      struct dst_entry *dst)
{
	struct nf_hook_entries __rcu **hooks;

	hooks = family == NFPROTO_IPV6 ? on->net->nf.hooks_ipv6
				       : on->net->nf.hooks_ipv4;
	if (ours_alone(on, rcu_dereference(hooks[NF_INET_LOCAL_OUT])))
		dst_output(on->net, skb->sk, skb);
	else if (family == NFPROTO_IPV6)
		NF_HOOK(NFPROTO_IPV6, NF_INET_LOCAL_OUT, on->net, skb->sk, skb,
			NULL, READ_ONCE(dst->dev), dst_output);
	else
		NF_HOOK(NFPROTO_IPV4, NF_INET_LOCAL_OUT, on->net, skb->sk, skb,
			NULL, READ_ONCE(dst->dev), dst_output);
}

static __always_inline void route_send(struct sk_buff *skb,
				       const struct opvs_flow *flow, u8 family,
				       struct opvs_net *on,
				       struct dst_entry *dst)
{
	skb_dst_drop(skb);
	skb_dst_set_noref(skb, dst);
	opvs_forget_socket(skb, flow);
	skb_forward_csum(skb);
	skb_clear_tstamp(skb);
	/* The MTU was looked at; what is left may be cut into fragments. */
	skb->ignore_df = 1;
	local_out(skb, family, on, dst);
}

/**
 * opvs_route_send() - have a packet leave this host
 * @skb: packet that has its final addresses; consumed
 * @flow: its flow as it came
 * @family: of its IP header, as it is by now
 * @dst: route of opvs_route_get(), to another host
 *
 * Context: softirq or BH disabled, RCU read side.
 */
void opvs_route_send(struct sk_buff *skb, const struct opvs_flow *flow,
		     u8 family, struct opvs_net *on, struct dst_entry *dst)
{
	route_send(skb, flow, family, on, dst);
}

/**
 * opvs_route_output() - send a packet that has its final addresses
 * @skb: packet; consumed if forwarded
 * @dst: route of opvs_route_get()
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: OPVS_VERDICT(FORWARDED), or OPVS_VERDICT(DELIVERED_LOCAL) for a
 * server on this host: the packet is still the caller's and goes on its way
 * up the stack.  OPVS_VERDICT(DROP_NO_ROUTE) if the route just went.
 */
opvs_verdict_t opvs_route_output(struct sk_buff *skb,
				 const struct opvs_flow *flow,
				 struct opvs_net *on, struct dst_entry *dst)
{
	opvs_mark_handled(skb);
	if (!opvs_route_is_local(dst)) {
		route_send(skb, flow, flow->family, on, dst);
		return OPVS_VERDICT(FORWARDED);
	}
	if (!(flow->flags & OPVS_FLOW_FROM_HOST))
		return OPVS_VERDICT(DELIVERED_LOCAL);
	skb_dst_drop(skb);
	skb_dst_set_noref(skb, dst);
	/* It goes on when the hook's read section is over.  A device that goes may
	 * have taken the route's last reference.
	 */
	return skb_dst_force(skb) ? OPVS_VERDICT(DELIVERED_LOCAL) :
				    OPVS_VERDICT(DROP_NO_ROUTE);
}

/**
 * opvs_reroute() - route a packet again because its source has changed
 *
 * Only policy rules can tell sources apart, so nothing is done without them,
 * nor for a packet that has arrived, nor if the administrator wants replies to
 * keep the route of forwarded packets.
 *
 * Context: softirq or BH disabled.
 * Return: 0 or a negative errno; the packet is still the caller's.
 */
int opvs_reroute(struct opvs_net *on, struct sk_buff *skb,
		 const struct opvs_flow *flow)
{
	if (flow->flags & OPVS_FLOW_TO_HOST ||
	    !READ_ONCE(on->settings.snat_reroute))
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
