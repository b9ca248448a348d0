/* SPDX-License-Identifier: GPL-2.0-only */
/* Netlink commands about a namespace as a whole. */
#ifndef OPVS_CTL_CONFIG_H
#define OPVS_CTL_CONFIG_H

#include <linux/types.h>

struct genl_info;
struct netlink_ext_ack;
struct opvs_net;
struct sk_buff;

/* Timeouts that stock clients know. */
#define OPVS_CONFIG_TIMEOUTS	3

/* What a request is about is done here, whichever way the request came. */
int opvs_do_set_config(struct opvs_net *on,
		       const u32 seconds[OPVS_CONFIG_TIMEOUTS],
		       struct netlink_ext_ack *extack);
void opvs_do_get_config(struct opvs_net *on, u32 seconds[OPVS_CONFIG_TIMEOUTS]);

int opvs_ctl_set_config(struct sk_buff *skb, struct genl_info *info);
int opvs_ctl_get_config(struct sk_buff *skb, struct genl_info *info);
int opvs_ctl_get_info(struct sk_buff *skb, struct genl_info *info);
int opvs_ctl_get_counters(struct sk_buff *skb, struct genl_info *info);

#endif /* OPVS_CTL_CONFIG_H */
