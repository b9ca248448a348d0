/* SPDX-License-Identifier: GPL-2.0-only */
/* The two generic netlink families. */
#ifndef OPVS_CTL_GENL_H
#define OPVS_CTL_GENL_H

#include <net/genetlink.h>

struct opvs_req;

bool opvs_genl_is_native(const struct nlmsghdr *nlh);
const struct genl_family *opvs_genl_family(const struct nlmsghdr *nlh);

int opvs_refuse_stock(const struct opvs_req *req,
		      const struct netlink_ext_ack *extack, int err);
int opvs_genl_refuse(struct genl_info *info, int err);

bool opvs_genl_listened(const struct net *net);
void *opvs_genl_event(struct sk_buff *skb, u8 cmd);
void opvs_genl_multicast(struct net *net, struct sk_buff *skb);

int opvs_genl_compat_init(void);
void opvs_genl_compat_exit(void);

#endif /* OPVS_CTL_GENL_H */
