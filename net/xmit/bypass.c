// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bypass (net.ipv4.vs.cache_bypass): the packet goes on to where it was sent to, as
 * if there were no service.  The server is one in name only.
 *
 * A packet of a service by mark came here because a rule by that mark leads all
 * such packets to this host.  It goes on by the route that its destination has
 * without the mark.
 */
#include <opvs/xmit.h>

#include <opvs/conn.h>
#include <opvs/netns.h>
#include <opvs/route.h>

#include <linux/err.h>
#include <linux/ip_vs.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>

static struct dst_entry *route_v4(struct net *net, const struct opvs_flow *flow,
				  int vrf)
{
	struct flowi4 fl4 = {
		.flowi4_oif	= vrf,
		.daddr		= flow->daddr.ip,
	};
	struct rtable *rt = ip_route_output_key(net, &fl4);

	if (IS_ERR(rt))
		return NULL;
	if (rt->rt_type == RTN_UNICAST)
		return &rt->dst;
	ip_rt_put(rt);
	return NULL;
}

static bool is_unicast_v6(const struct in6_addr *addr)
{
	int type = ipv6_addr_type(addr);

	return type & IPV6_ADDR_UNICAST && !(type & IPV6_ADDR_LINKLOCAL);
}

static struct dst_entry *route_v6(struct net *net, const struct opvs_flow *flow,
				  int vrf)
{
	struct flowi6 fl6 = {
		.flowi6_oif	= vrf,
		.daddr		= flow->daddr.in6,
	};
	struct dst_entry *dst;
	u32 flags;

	if (!is_unicast_v6(&fl6.daddr))
		return NULL;
	dst = ip6_route_output(net, NULL, &fl6);
	flags = container_of(dst, struct rt6_info, dst)->rt6i_flags;
	if (!dst->error && !(flags & (RTF_LOCAL | RTF_ANYCAST)))
		return dst;
	dst_release(dst);
	return NULL;
}

/**
 * opvs_bypass_route() - the route of a packet that goes on without a server
 * @flow: packet
 * @vrf: opvs_route_vrf() of it
 *
 * Context: softirq or BH disabled.
 * Return: the route, with a reference; NULL if there is none, or it leads to this
 * host or to several.
 */
struct dst_entry *opvs_bypass_route(struct opvs_net *on,
				    const struct opvs_flow *flow, int vrf)
{
	struct dst_entry *dst;

	dst = flow->family == NFPROTO_IPV6 ? route_v6(on->net, flow, vrf) :
					     route_v4(on->net, flow, vrf);
	if (!dst || !opvs_route_is_local(dst))
		return dst;
	dst_release(dst);
	return NULL;
}

static opvs_verdict_t bypass_output(struct opvs_net *on, struct sk_buff *skb,
				    const struct opvs_flow *flow,
				    const struct opvs_dest *dest)
{
	opvs_verdict_t verdict;
	struct dst_entry *dst;

	dst = opvs_bypass_route(on, flow, opvs_route_vrf(skb));
	if (unlikely(!dst))
		return OPVS_VERDICT(DROP_NO_ROUTE);
	verdict = opvs_route_check(skb, flow, dest, dst);
	if (likely(verdict == OPVS_GO_ON)) {
		opvs_mark_handled(skb);
		opvs_route_send(skb, flow, flow->family, on, dst);
		verdict = OPVS_VERDICT(BYPASSED);
	}
	/* What is queued has a reference of its own. */
	dst_release(dst);
	return verdict;
}

static opvs_verdict_t bypass_send(struct sk_buff *skb,
				  const struct opvs_flow *flow,
				  struct opvs_conn *cp)
{
	return bypass_output(cp->on, skb, flow, cp->dest);
}

static opvs_verdict_t bypass_send_error(struct opvs_net *on,
					struct sk_buff *skb,
					const struct opvs_flow *outer,
					const struct opvs_flow *inner,
					struct opvs_dest *dest, __be16 port)
{
	opvs_verdict_t verdict = bypass_output(on, skb, outer, dest);

	return verdict == OPVS_VERDICT(BYPASSED) ? OPVS_VERDICT(FORWARDED) :
						   verdict;
}

const struct opvs_xmit_ops opvs_xmit_bypass = {
	.name		= "Bypass",
	.feature	= "bypass",
	.method		= IP_VS_CONN_F_BYPASS,
	.send		= bypass_send,
	.send_portless	= bypass_send,
	.send_error	= bypass_send_error,
};
