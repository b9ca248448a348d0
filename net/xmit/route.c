// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way to a real server: a route cached per CPU and server.
 *
 * A cached route is validated at each use, so that changes of routes and
 * devices take effect with the next packet; neighbours are looked up by the
 * stack behind the route.  A route is used for all packets to a server: like
 * IPVS, the lookup sees neither TOS nor mark.
 *
 * A route holds its device, an IPv6 route also that of the FIB entry which it
 * was made from, and there may be no next packet.  So when a device goes down
 * or away, or an address, all routes of its namespace are let go; the next
 * packets look theirs up again.  Only the CPU itself puts a route into its slot,
 * anybody takes it out, by exchange, so that it is released once.  A packet that
 * uses a route while it is taken out goes on: RCU keeps the route for it.
 *
 * A packet under way may put a route by the device into its slot after the slot
 * was emptied.  When a device is unregistered, the kernel waits for packets
 * before it tells, and tells again each second while references are left.
 */
#include <opvs/route.h>

#include <opvs/dest.h>
#include <opvs/netns.h>

#include <linux/atomic.h>
#include <linux/inetdevice.h>
#include <linux/irqflags.h>
#include <linux/lockdep.h>
#include <linux/netdevice.h>
#include <linux/notifier.h>
#include <linux/rculist.h>
#include <net/addrconf.h>
#include <net/if_inet6.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>

static u8 flow_flags(enum opvs_route_kind kind)
{
	return kind == OPVS_ROUTE_UNCHANGED ? FLOWI_FLAG_KNOWN_NH : 0;
}

/* With a reference, or NULL. */
static struct dst_entry *lookup_v4(struct net *net,
				   const struct opvs_dest *dest,
				   enum opvs_route_kind kind, int vrf,
				   union nf_inet_addr *source)
{
	struct flowi4 fl4 = {
		.flowi4_oif = vrf,
		.daddr = dest->addr.ip,
		.flowi4_flags = flow_flags(kind),
	};
	struct rtable *rt;

	rt = ip_route_output_key(net, &fl4);
	if (IS_ERR(rt))
		return NULL;
	source->ip = fl4.saddr;
	return &rt->dst;
}

static struct dst_entry *lookup_v6(struct net *net,
				   const struct opvs_dest *dest,
				   enum opvs_route_kind kind, int vrf,
				   union nf_inet_addr *source)
{
	struct flowi6 fl6 = {
		.flowi6_oif = vrf,
		.daddr = dest->addr.in6,
		.flowi6_flags = flow_flags(kind),
	};
	struct dst_entry *dst;

	/* This one looks for a source, too, which other packets have. */
	if (kind == OPVS_ROUTE_TUNNEL) {
		if (ip6_dst_lookup(net, NULL, &dst, &fl6))
			return NULL;
		source->in6 = fl6.saddr;
		return dst;
	}
	dst = ip6_route_output(net, NULL, &fl6);
	if (!dst->error)
		return dst;
	dst_release(dst);
	return NULL;
}

static u32 route_cookie(const struct dst_entry *dst, u8 family)
{
	if (family != NFPROTO_IPV6)
		return 0;
	return rt6_get_cookie(container_of(dst, struct rt6_info, dst));
}

/**
 * opvs_route_find() - what opvs_route_get() does when it has no valid route
 * @dest: server
 * @kind: as there
 * @vrf: opvs_route_vrf() of the packet
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: as there.
 */
struct dst_entry *opvs_route_find(struct opvs_net *on,
				  const struct opvs_dest *dest,
				  enum opvs_route_kind kind, int vrf)
{
	struct opvs_route *route = this_cpu_ptr(dest->route);
	union nf_inet_addr source = {};
	struct dst_entry *dst;

	lockdep_assert_in_softirq();
	dst = dest->family == NFPROTO_IPV6 ?
	      lookup_v6(on->net, dest, kind, vrf, &source) :
	      lookup_v4(on->net, dest, kind, vrf, &source);
	route->cookie = dst ? route_cookie(dst, dest->family) : 0;
	route->vrf = vrf;
	route->kind = kind;
	route->source = source;
	/* The reference is the slot's from here on. */
	dst_release(xchg(&route->dst, dst));
	return dst;
}

/**
 * opvs_route_forget() - let go of the routes to a server
 * @dest: server
 *
 * Context: any.
 */
void opvs_route_forget(const struct opvs_dest *dest)
{
	struct opvs_route *route;
	int cpu;

	for_each_possible_cpu(cpu) {
		route = per_cpu_ptr(dest->route, cpu);
		/* Mostly there is none: leave the line to its CPU. */
		if (READ_ONCE(route->dst))
			dst_release(xchg(&route->dst, NULL));
	}
}

/* Of all servers, removed ones among them. */
static void forget_all(const struct net *net)
{
	const struct opvs_net *on = opvs_pernet(net);
	const struct opvs_dest *dest;

	rcu_read_lock();
	list_for_each_entry_rcu(dest, &on->svc.dests, all)
		opvs_route_forget(dest);
	rcu_read_unlock();
}

static int device_event(struct notifier_block *nb, unsigned long event,
			void *info)
{
	if (event == NETDEV_DOWN || event == NETDEV_UNREGISTER)
		forget_all(dev_net(netdev_notifier_info_to_dev(info)));
	return NOTIFY_DONE;
}

static int inetaddr_event(struct notifier_block *nb, unsigned long event,
			  void *info)
{
	const struct in_ifaddr *ifa = info;

	if (event == NETDEV_DOWN)
		forget_all(dev_net(ifa->ifa_dev->dev));
	return NOTIFY_DONE;
}

static int inet6addr_event(struct notifier_block *nb, unsigned long event,
			   void *info)
{
	const struct inet6_ifaddr *ifa = info;

	if (event == NETDEV_DOWN)
		forget_all(dev_net(ifa->idev->dev));
	return NOTIFY_DONE;
}

static struct notifier_block device_notifier = {
	.notifier_call = device_event,
};

static struct notifier_block inetaddr_notifier = {
	.notifier_call = inetaddr_event,
};

static struct notifier_block inet6addr_notifier = {
	.notifier_call = inet6addr_event,
};

/**
 * opvs_route_init() - hear of devices and addresses that go
 *
 * Context: process, after opvs_pernet_init().
 * Return: 0 or negative errno.
 */
int opvs_route_init(void)
{
	int err;

	err = register_netdevice_notifier(&device_notifier);
	if (err)
		return err;
	err = register_inetaddr_notifier(&inetaddr_notifier);
	if (err)
		goto err_device;
	err = register_inet6addr_notifier(&inet6addr_notifier);
	if (err)
		goto err_inetaddr;
	return 0;

err_inetaddr:
	unregister_inetaddr_notifier(&inetaddr_notifier);
err_device:
	unregister_netdevice_notifier(&device_notifier);
	return err;
}

/**
 * opvs_route_exit() - undo opvs_route_init()
 *
 * Routes that are found from here on go with their servers, soon.
 *
 * Context: process, before opvs_pernet_exit().
 */
void opvs_route_exit(void)
{
	unregister_inet6addr_notifier(&inet6addr_notifier);
	unregister_inetaddr_notifier(&inetaddr_notifier);
	unregister_netdevice_notifier(&device_notifier);
}
