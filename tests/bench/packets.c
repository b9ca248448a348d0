// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prepared packets: a list that user space has written, and packet buffers as a
 * driver would make them of it.
 */
#include "packets.h"

#include <opvs/compat.h>

#include <linux/etherdevice.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/jhash.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/ip.h>

/* Ports of one source address, from FIRST_PORT on. */
#define FIRST_PORT	1024
#define PORTS		60000

#define PACKET_MAX	65535U

struct packet {
	const u8	*data;
	u32		len;
};

static u8 *text;
static struct packet *packets;
static u32 count;

/**
 * bench_packets_free() - forget the list
 *
 * Context: process; no packets are being made.
 */
void bench_packets_free(void)
{
	kvfree(packets);
	kvfree(text);
	packets = NULL;
	text = NULL;
	count = 0;
}

/* Length of the record at @data, of which @left bytes are there; 0: broken. */
static u32 record_len(const u8 *data, size_t left)
{
	u32 len;

	if (left < sizeof(len))
		return 0;
	len = get_unaligned((const u32 *)data);
	if (len < sizeof(struct iphdr) || len > PACKET_MAX ||
	    len > left - sizeof(len))
		return 0;
	if (data[sizeof(len)] >> 4 != 4 &&
	    (data[sizeof(len)] >> 4 != 6 || len < sizeof(struct ipv6hdr)))
		return 0;
	return len;
}

static int count_records(const u8 *data, size_t len, u32 *found)
{
	size_t at = 0;
	u32 one;

	for (*found = 0; at < len; at += sizeof(u32) + one, ++*found) {
		one = record_len(data + at, len - at);
		if (!one)
			return -EINVAL;
	}
	return *found ? 0 : -EINVAL;
}

/**
 * bench_packets_set() - replace the list
 * @data: kvmalloc'ed records, each a length (u32 of this machine) and an IP
 *	packet; the list's own after success
 * @len: bytes at @data
 *
 * Context: process; no packets are being made.
 * Return: 0; -EINVAL: broken or empty; -ENOMEM.  After an error the list is as
 * before.
 */
int bench_packets_set(u8 *data, size_t len)
{
	struct packet *list;
	u32 found, i;
	int err;

	err = count_records(data, len, &found);
	if (err)
		return err;
	list = kvcalloc(found, sizeof(*list), GFP_KERNEL);
	if (!list)
		return -ENOMEM;
	bench_packets_free();
	text = data;
	packets = list;
	count = found;
	for (i = 0; i < found; i++) {
		packets[i].len = get_unaligned((const u32 *)data);
		packets[i].data = data + sizeof(u32);
		data += sizeof(u32) + packets[i].len;
	}
	return 0;
}

/**
 * bench_packets_count() - length of the list
 *
 * Context: any.
 */
u32 bench_packets_count(void)
{
	return count;
}

static void set_source(u8 *packet, u32 flow)
{
	struct ipv6hdr *ip6 = (struct ipv6hdr *)packet;
	struct iphdr *ip = (struct iphdr *)packet;
	__be16 port = htons(FIRST_PORT + flow % PORTS);
	u32 host = flow / PORTS;

	if (ip->version == 4) {
		be32_add_cpu(&ip->saddr, host);
		ip_send_check(ip);
		memcpy(packet + ip->ihl * 4, &port, sizeof(port));
		return;
	}
	be32_add_cpu(&ip6->saddr.s6_addr32[3], host);
	memcpy(packet + sizeof(*ip6), &port, sizeof(port));
}

static u32 flow_of(u32 n, const struct bench_change *change)
{
	if (change->pick)
		n = reciprocal_scale(jhash_1word(n, change->pick),
				     change->flows);
	else
		n %= change->flows;
	return change->first + n;
}

/**
 * bench_packets_make() - a packet as a driver hands it on
 * @dev: device that it comes in by
 * @n: number of the packet; the list goes round
 * @change: see there
 *
 * Its checksums were verified by the device.
 *
 * Context: softirq or BH disabled.
 * Return: the packet, or NULL.
 */
struct sk_buff *bench_packets_make(struct net_device *dev, u32 n,
				   const struct bench_change *change)
{
	const struct packet *packet = &packets[n % count];
	struct sk_buff *skb;
	struct ethhdr *eth;
	u8 *data;

	skb = netdev_alloc_skb_ip_align(dev, ETH_HLEN + packet->len);
	if (unlikely(!skb))
		return NULL;
	eth = skb_put(skb, ETH_HLEN);
	ether_addr_copy(eth->h_dest, dev->dev_addr);
	ether_addr_copy(eth->h_source, dev->dev_addr);
	eth->h_dest[ETH_ALEN - 1] ^= change->other;
	data = skb_put_data(skb, packet->data, packet->len);
	if (change->flows)
		set_source(data, flow_of(n, change));
	eth->h_proto = htons(data[0] >> 4 == 4 ? ETH_P_IP : ETH_P_IPV6);
	skb->protocol = eth_type_trans(skb, dev);
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	return skb;
}
