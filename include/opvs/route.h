/* SPDX-License-Identifier: GPL-2.0-only */
/* The way to a server. */
#ifndef OPVS_ROUTE_H
#define OPVS_ROUTE_H

#include <linux/compiler.h>
#include <linux/netdevice.h>
#include <linux/percpu.h>
#include <linux/skbuff.h>
#include <net/dst.h>
#include <net/l3mdev.h>

#include <opvs/dest.h>

struct opvs_net;

void opvs_route_forget(const struct opvs_dest *dest);
struct dst_entry *opvs_route_find(struct opvs_net *on,
				  const struct opvs_dest *dest,
				  enum opvs_route_kind kind, int vrf);

/**
 * opvs_route_vrf() - the VRF that a packet is in
 * @skb: packet at a hook
 *
 * Context: any, RCU read side.
 * Return: the interface index of the VRF's device, 0 if the packet is in none.
 */
static inline int opvs_route_vrf(const struct sk_buff *skb)
{
	struct net_device *dev = skb->dev;

	/* What this host sends has no device yet, but a route. */
	if (unlikely(!dev))
		dev = READ_ONCE(skb_dst(skb)->dev);
	if (likely(!netif_is_l3_master(dev) && !netif_is_l3_slave(dev)))
		return 0;
	return l3mdev_master_ifindex_rcu(dev);
}

/**
 * opvs_route_get() - the route to a server
 * @skb: packet, whose VRF the server is looked for in
 * @dest: server
 * @kind: what for
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: the route, valid within the read section, or NULL when there is none.
 */
static inline struct dst_entry *opvs_route_get(struct opvs_net *on,
					       const struct sk_buff *skb,
					       const struct opvs_dest *dest,
					       enum opvs_route_kind kind)
{
	const struct opvs_route *route = this_cpu_ptr(dest->route);
	struct dst_entry *dst = READ_ONCE(route->dst);
	int vrf = opvs_route_vrf(skb);

	/* The server's forwarding method may have changed since. */
	if (likely(dst && route->kind == kind && route->vrf == vrf &&
		   dst_check(dst, route->cookie)))
		return dst;
	return opvs_route_find(on, dest, kind, vrf);
}

/**
 * opvs_route_source() - the address that a tunnel begins at
 * @dest: server
 *
 * Context: softirq or BH disabled; opvs_route_get() has just found the server's
 * route, of OPVS_ROUTE_TUNNEL.
 * Return: the address, valid until the next opvs_route_get().
 */
static inline const union nf_inet_addr *
opvs_route_source(const struct opvs_dest *dest)
{
	return &this_cpu_ptr(dest->route)->source;
}

/* process context */
int opvs_route_init(void);
void opvs_route_exit(void);

#endif /* OPVS_ROUTE_H */
