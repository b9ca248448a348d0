// SPDX-License-Identifier: GPL-2.0-only
/*
 * Network devices for measurements: what is sent through one is counted and
 * freed at once, and what replay.c feeds to one seems to have come in by it.
 * There is no neighbour to ask for its address.
 *
 *	ip link add in0 type replay
 */
#include "device.h"

#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <net/rtnetlink.h>

static netdev_tx_t device_xmit(struct sk_buff *skb, struct net_device *dev)
{
	dev_lstats_add(dev, skb->len);
	dev_consume_skb_any(skb);
	return NETDEV_TX_OK;
}

static int device_init(struct net_device *dev)
{
	dev->lstats = netdev_alloc_pcpu_stats(struct pcpu_lstats);
	return dev->lstats ? 0 : -ENOMEM;
}

static void device_uninit(struct net_device *dev)
{
	free_percpu(dev->lstats);
}

static void device_stats(struct net_device *dev,
			 struct rtnl_link_stats64 *stats)
{
	dev_lstats_read(dev, &stats->tx_packets, &stats->tx_bytes);
}

static const struct net_device_ops device_ops = {
	.ndo_init		= device_init,
	.ndo_uninit		= device_uninit,
	.ndo_start_xmit		= device_xmit,
	.ndo_get_stats64	= device_stats,
	.ndo_set_mac_address	= eth_mac_addr,
};

static void device_setup(struct net_device *dev)
{
	ether_setup(dev);
	dev->netdev_ops = &device_ops;
	dev->needs_free_netdev = true;
	dev->flags |= IFF_NOARP;
	dev->flags &= ~IFF_MULTICAST;
	dev->priv_flags |= IFF_LIVE_ADDR_CHANGE | IFF_NO_QUEUE;
	/* Several CPUs send at once; there is nothing to lock. */
#ifdef NETIF_F_LLTX
	dev->features |= NETIF_F_LLTX;
#else
	dev->lltx = true;
#endif
	dev->max_mtu = ETH_MAX_MTU;
	eth_hw_addr_random(dev);
}

static struct rtnl_link_ops device_link_ops = {
	.kind	= "replay",
	.setup	= device_setup,
};

/**
 * bench_device_is() - is it a device of this kind?
 * @dev: device
 *
 * Context: any.
 */
bool bench_device_is(const struct net_device *dev)
{
	return dev->rtnl_link_ops == &device_link_ops;
}

/**
 * bench_device_init() - let such devices be made
 *
 * Context: process.
 * Return: 0 or negative errno.
 */
int __init bench_device_init(void)
{
	return rtnl_link_register(&device_link_ops);
}

/**
 * bench_device_exit() - remove them all
 *
 * Context: process.
 */
void bench_device_exit(void)
{
	rtnl_link_unregister(&device_link_ops);
}
