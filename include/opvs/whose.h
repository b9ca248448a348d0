/* SPDX-License-Identifier: GPL-2.0-only */
/* Which service a packet that opvs has sent on belongs to. */
#ifndef OPVS_WHOSE_H
#define OPVS_WHOSE_H

#include <linux/netfilter.h>
#include <linux/types.h>

struct net;
struct sk_buff;

/**
 * struct opvs_owner - the service of a packet, and how it serves it
 * @vaddr: virtual address that the client speaks to
 * @vport: virtual port
 * @vport_control: virtual port of the template that the connection came of
 * @controlled: it came of one
 * @method: IP_VS_CONN_F_* forwarding method
 * @reply: the packet goes to the client
 */
struct opvs_owner {
	union nf_inet_addr	vaddr;
	__be16			vport;
	__be16			vport_control;
	bool			controlled;
	u8			method;
	bool			reply;
};

bool opvs_whose(const struct net *net, const struct sk_buff *skb, u8 family,
		u8 *proto, struct opvs_owner *owner);

#endif /* OPVS_WHOSE_H */
