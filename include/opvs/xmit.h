/* SPDX-License-Identifier: GPL-2.0-only */
/* Transmit methods and what they share. */
#ifndef OPVS_XMIT_H
#define OPVS_XMIT_H

#include <linux/ip.h>
#include <linux/ip_vs.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/dst.h>
#include <net/ip.h>

#include <opvs/dest.h>
#include <opvs/ops.h>
#include <opvs/types.h>

struct opvs_net;

extern const struct opvs_xmit_ops opvs_xmit_nat;
extern const struct opvs_xmit_ops opvs_xmit_dr;
extern const struct opvs_xmit_ops opvs_xmit_tunnel;
extern const struct opvs_xmit_ops opvs_xmit_bypass;

/* All methods, for the error text when another one is asked for. */
#define OPVS_XMIT_KNOWN	\
	"use NAT (ipvsadm -m), direct routing (-g) or a tunnel (-i)"

/* By forwarding method; NULL where a method is not supported. */
extern const struct opvs_xmit_ops *const
opvs_xmit_methods[IP_VS_CONN_F_FWD_MASK + 1];

const struct opvs_xmit_ops *opvs_xmit_find(u32 method);

/**
 * opvs_xmit_of() - the transmit method of a connection
 * @flags: its IP_VS_CONN_F_*, with a method that opvs_xmit_find() knows
 *
 * A connection keeps the method that it began with, even if its server's method
 * changes.
 *
 * Context: any.
 */
static inline const struct opvs_xmit_ops *opvs_xmit_of(u32 flags)
{
	return opvs_xmit_methods[flags & IP_VS_CONN_F_FWD_MASK];
}

/* As skb_ensure_writable(), quick for a linear skb that is not cloned. */
static inline int opvs_ensure_writable(struct sk_buff *skb, unsigned int len)
{
	if (likely(len <= skb_headlen(skb) && !skb_cloned(skb)))
		return 0;
	return skb_ensure_writable(skb, len);
}

/**
 * opvs_mark_handled() - keep a packet from being balanced again
 * @skb: packet that has its final addresses
 *
 * What connection tracking makes of it was settled before: <opvs/nfct.h>.
 *
 * Context: any.
 */
static inline void opvs_mark_handled(struct sk_buff *skb)
{
	skb->ipvs_property = 1;
}

/**
 * opvs_forget_socket() - part a packet from the socket found for its old address
 * @skb: packet that has its final addresses
 *
 * Early demux looks for a socket before the packet is rewritten.  The socket of
 * a packet that this host sends is its sender's, and stays.
 *
 * Context: any.
 */
static inline void opvs_forget_socket(struct sk_buff *skb,
				      const struct opvs_flow *flow)
{
	if (!(flow->flags & OPVS_FLOW_FROM_HOST))
		skb_orphan(skb);
}

/* Does a route lead to this host?  In a VRF, its device takes loopback's place. */
static inline bool opvs_route_is_local(const struct dst_entry *dst)
{
	const struct net_device *dev = READ_ONCE(dst->dev);

	return dev->flags & IFF_LOOPBACK || netif_is_l3_master(dev);
}

/* Does the way's MTU matter?  All other packets may be cut into fragments. */
static inline bool opvs_needs_whole(const struct sk_buff *skb,
				    const struct opvs_flow *flow)
{
	return flow->family == NFPROTO_IPV6 ||
	       ip_hdr(skb)->frag_off & htons(IP_DF);
}

/* output.c: the way out of here */
bool opvs_route_martian(const struct opvs_flow *flow,
			const struct opvs_dest *dest, bool local);
bool opvs_exceeds_mtu(struct sk_buff *skb, const struct opvs_flow *flow,
		      unsigned int mtu);
opvs_verdict_t opvs_route_hop(struct sk_buff *skb,
			      const struct opvs_flow *flow);
opvs_verdict_t opvs_route_check(struct sk_buff *skb,
				const struct opvs_flow *flow,
				const struct opvs_dest *dest,
				const struct dst_entry *dst);
opvs_verdict_t opvs_route_output(struct sk_buff *skb,
				 const struct opvs_flow *flow,
				 struct opvs_net *on, struct dst_entry *dst);
void opvs_route_send(struct sk_buff *skb, const struct opvs_flow *flow,
		     u8 family, struct opvs_net *on, struct dst_entry *dst);
int opvs_reroute(struct opvs_net *on, struct sk_buff *skb,
		 const struct opvs_flow *flow);

/* rewrite.c: addresses, ports and checksums */
enum opvs_end {
	OPVS_SOURCE,
	OPVS_DEST,
};

int opvs_rewrite(struct sk_buff *skb, const struct opvs_flow *flow,
		 enum opvs_end end, const union nf_inet_addr *addr,
		 __be16 port);
int opvs_rewrite_address(struct sk_buff *skb, const struct opvs_flow *flow,
			 enum opvs_end end, const union nf_inet_addr *addr);
int opvs_rewrite_icmp(struct sk_buff *skb, const struct opvs_flow *outer,
		      const struct opvs_flow *inner, enum opvs_end outer_end,
		      const union nf_inet_addr *addr, __be16 port);

/* encap.c: what is between a tunnel's IP header and the packet in it */
unsigned int opvs_encap_len(union opvs_tunnel tunnel, u8 family);
int opvs_encap_push(struct net *net, struct sk_buff *skb, union opvs_tunnel tunnel,
		    u8 inner, u8 family);
void opvs_encap_check(struct sk_buff *skb, union opvs_tunnel tunnel,
		      u8 family, const union nf_inet_addr *from,
		      const union nf_inet_addr *to);

/* bypass.c */
struct dst_entry *opvs_bypass_route(struct opvs_net *on,
				    const struct opvs_flow *flow, int vrf);

/* error.c: ICMP errors of the director itself */
void opvs_error_unreachable(struct sk_buff *skb, const struct opvs_flow *flow,
			    struct opvs_net *on);
void opvs_error_too_big(struct sk_buff *skb, const struct opvs_flow *flow,
			unsigned int mtu);
void opvs_error_ttl(struct sk_buff *skb, const struct opvs_flow *flow);

#endif /* OPVS_XMIT_H */
