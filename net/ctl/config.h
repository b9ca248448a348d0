/* SPDX-License-Identifier: GPL-2.0-only */
/* Netlink commands about a namespace as a whole. */
#ifndef OPVS_CTL_CONFIG_H
#define OPVS_CTL_CONFIG_H

struct genl_info;
struct netlink_callback;
struct sk_buff;

/* Buckets of the connection table, which stock clients print in their first
 * line.  One-packet entries are in no table, so that there is none; 4096 is
 * what ip_vs shows unless told otherwise, and what scripts expect.
 */
#define OPVS_CONN_TAB_SIZE	4096

int opvs_ctl_set_config(struct sk_buff *skb, struct genl_info *info);
int opvs_ctl_get_config(struct sk_buff *skb, struct genl_info *info);
int opvs_ctl_get_info(struct sk_buff *skb, struct genl_info *info);
int opvs_ctl_new_daemon(struct sk_buff *skb, struct genl_info *info);
int opvs_ctl_del_daemon(struct sk_buff *skb, struct genl_info *info);
int opvs_ctl_dump_daemons(struct sk_buff *skb, struct netlink_callback *cb);
int opvs_ctl_get_counters(struct sk_buff *skb, struct genl_info *info);

#endif /* OPVS_CTL_CONFIG_H */
