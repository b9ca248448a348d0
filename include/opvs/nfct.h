/* SPDX-License-Identifier: GPL-2.0-only */
/* What netfilter's connection tracking is told of balanced packets. */
#ifndef OPVS_NFCT_H
#define OPVS_NFCT_H

#include <linux/compiler.h>
#include <linux/ip_vs.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/netfilter/nf_conntrack.h>

#include <opvs/conn.h>
#include <opvs/types.h>

struct opvs_expect;
struct opvs_net;

bool opvs_nfct_follow(struct sk_buff *skb, const struct opvs_flow *flow,
		      const struct opvs_conn *cp);
void opvs_nfct_arrive(struct sk_buff *skb, const struct opvs_flow *flow,
		      const struct opvs_net *on);
void opvs_nfct_follow_reply(struct sk_buff *skb, const struct opvs_flow *flow,
			    const union nf_inet_addr *vaddr, __be16 vport);
void opvs_nfct_wrap(struct sk_buff *skb);
void opvs_nfct_be_liberal(struct sk_buff *skb);
void opvs_nfct_expect(struct sk_buff *skb, const struct opvs_expect *expect,
		      u32 timeout);
void opvs_nfct_kill(const struct opvs_conn *cp);

/**
 * opvs_nfct_leave() - take a packet out of tracking
 * @skb: packet whose addresses are about to change
 *
 * The tracker saw it under the addresses that it came with, and would translate
 * it back.
 *
 * Context: any.
 */
static inline void opvs_nfct_leave(struct sk_buff *skb)
{
	nf_reset_ct(skb);
	nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
}

/**
 * opvs_nfct_request() - what tracking makes of a request, before it is rewritten
 * @cp: its connection or one-packet entry; its flags say whether it is tracked
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: as opvs_nfct_follow().
 */
static __always_inline bool opvs_nfct_request(struct sk_buff *skb,
					      const struct opvs_flow *flow,
					      const struct opvs_conn *cp)
{
	if (unlikely(cp->flags & IP_VS_CONN_F_NFCT))
		return opvs_nfct_follow(skb, flow, cp);
	opvs_nfct_leave(skb);
	return false;
}

/**
 * opvs_nfct_reply() - what tracking makes of a reply, before it is rewritten
 * @tracked: its connection or service is
 * @vaddr: address that it will have
 * @vport: port that it will have
 *
 * Context: softirq or BH disabled, RCU read side.
 */
static __always_inline void opvs_nfct_reply(struct sk_buff *skb,
					    const struct opvs_flow *flow,
					    bool tracked,
					    const union nf_inet_addr *vaddr,
					    __be16 vport)
{
	if (likely(!tracked))
		opvs_nfct_leave(skb);
	else
		opvs_nfct_follow_reply(skb, flow, vaddr, vport);
}

/**
 * opvs_nfct_end() - a connection is over, and what tracks it goes with it
 * @cp: connection that is not in the table any more; a template has nothing
 *
 * Context: any.
 */
static inline void opvs_nfct_end(const struct opvs_conn *cp)
{
	if (unlikely(cp->flags & IP_VS_CONN_F_NFCT))
		opvs_nfct_kill(cp);
}

#endif /* OPVS_NFCT_H */
