/* SPDX-License-Identifier: GPL-2.0-only */
/* The netlink command that asks what would become of a packet. */
#ifndef OPVS_CTL_EXPLAIN_H
#define OPVS_CTL_EXPLAIN_H

#include <linux/types.h>

struct genl_info;
struct opvs_nest;
struct sk_buff;
union nf_inet_addr;

int opvs_ctl_explain(struct sk_buff *skb, struct genl_info *info);

/* explain_packet.c */
struct sk_buff *opvs_explain_packet(const struct opvs_nest *nest, u8 *family);
int opvs_explain_addr(const struct opvs_nest *nest, u16 type, u8 family,
		      union nf_inet_addr *addr);

#endif /* OPVS_CTL_EXPLAIN_H */
