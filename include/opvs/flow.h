/* SPDX-License-Identifier: GPL-2.0-only */
/* Header parsing: skb to flow, once per packet. */
#ifndef OPVS_FLOW_H
#define OPVS_FLOW_H

#include <opvs/types.h>

struct sk_buff;

int opvs_flow_read(const struct sk_buff *skb, struct opvs_flow *flow);

/**
 * opvs_flow_parse() - read a packet's headers into a flow
 * @nhoff: offset of the IP header from skb->data; not 0 means that the packet
 *	is quoted by an ICMP error
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @flow: result; all of it is set
 *
 * Context: any.
 * Return: as opvs_flow_read().
 */
static inline int opvs_flow_parse(const struct sk_buff *skb, unsigned int nhoff,
				  u8 family, struct opvs_flow *flow)
{
	/* Inline, so that the caller's zeroes are not written twice. */
	*flow = (struct opvs_flow){ .family = family, .nhoff = nhoff };
	return opvs_flow_read(skb, flow);
}

/**
 * opvs_flow_turn() - the flow of a packet the other way
 * @turned: result
 * @flow: a packet's; what else it says is copied
 *
 * Context: any.
 */
static inline void opvs_flow_turn(struct opvs_flow *turned,
				  const struct opvs_flow *flow)
{
	*turned = *flow;
	turned->saddr = flow->daddr;
	turned->daddr = flow->saddr;
	turned->sport = flow->dport;
	turned->dport = flow->sport;
}

#endif /* OPVS_FLOW_H */
