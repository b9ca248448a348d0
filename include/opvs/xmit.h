/* SPDX-License-Identifier: GPL-2.0-only */
/* Transmit methods and what they share. */
#ifndef OPVS_XMIT_H
#define OPVS_XMIT_H

#include <linux/ip_vs.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>

#include <opvs/ops.h>
#include <opvs/types.h>

struct dst_entry;
struct opvs_dest;
struct opvs_net;

extern const struct opvs_xmit_ops opvs_xmit_nat;
extern const struct opvs_xmit_ops opvs_xmit_dr;

/* By forwarding method; NULL where a method is not supported. */
extern const struct opvs_xmit_ops *const
opvs_xmit_methods[IP_VS_CONN_F_FWD_MASK + 1];

const struct opvs_xmit_ops *opvs_xmit_find(u32 method);

/**
 * opvs_xmit_of() - the transmit method of a connection
 * @flags: its IP_VS_CONN_F_*, with a method that opvs_xmit_find() knows
 *
 * A connection keeps the method that it began with, whatever becomes of its
 * server's.
 *
 * Context: any.
 */
static inline const struct opvs_xmit_ops *opvs_xmit_of(u32 flags)
{
	return opvs_xmit_methods[flags & IP_VS_CONN_F_FWD_MASK];
}

/* As skb_ensure_writable(); most packets are in one piece and nobody else's. */
static inline int opvs_ensure_writable(struct sk_buff *skb, unsigned int len)
{
	if (likely(len <= skb_headlen(skb) && !skb_cloned(skb)))
		return 0;
	return skb_ensure_writable(skb, len);
}

/* route.c: the way to a server */
struct dst_entry *opvs_route_get(struct opvs_net *on,
				 const struct opvs_dest *dest,
				 bool known_nexthop);
opvs_verdict_t opvs_route_check(struct sk_buff *skb,
				const struct opvs_flow *flow,
				const struct opvs_dest *dest,
				const struct dst_entry *dst);
opvs_verdict_t opvs_route_output(struct sk_buff *skb,
				 const struct opvs_flow *flow,
				 struct opvs_net *on, struct dst_entry *dst);
int opvs_reroute(struct opvs_net *on, struct sk_buff *skb,
		 const struct opvs_flow *flow);
void opvs_mark_handled(struct sk_buff *skb);
void opvs_forget_socket(struct sk_buff *skb, const struct opvs_flow *flow);

/* rewrite.c: addresses, ports and checksums */
enum opvs_end {
	OPVS_SOURCE,
	OPVS_DEST,
};

int opvs_rewrite(struct sk_buff *skb, const struct opvs_flow *flow,
		 enum opvs_end end, const union nf_inet_addr *addr,
		 __be16 port);
int opvs_rewrite_icmp(struct sk_buff *skb, const struct opvs_flow *outer,
		      const struct opvs_flow *inner, enum opvs_end outer_end,
		      const union nf_inet_addr *addr, __be16 port);

/* error.c: ICMP errors of the director itself */
void opvs_error_unreachable(struct sk_buff *skb, const struct opvs_flow *flow,
			    struct opvs_net *on);
void opvs_error_too_big(struct sk_buff *skb, const struct opvs_flow *flow,
			unsigned int mtu);
void opvs_error_ttl(struct sk_buff *skb, const struct opvs_flow *flow);

#endif /* OPVS_XMIT_H */
