/* SPDX-License-Identifier: GPL-2.0-only */
/* Netlink commands about connections. */
#ifndef OPVS_CTL_CONN_H
#define OPVS_CTL_CONN_H

struct genl_info;
struct netlink_callback;
struct opvs_req;
struct sk_buff;

int opvs_req_filter(struct opvs_req *req, struct genl_info *info);

int opvs_ctl_get_conn(struct sk_buff *skb, struct genl_info *info);
int opvs_ctl_flush_conn(struct sk_buff *skb, struct genl_info *info);
int opvs_ctl_expire_conn(struct sk_buff *skb, struct genl_info *info);
int opvs_ctl_new_conn(struct sk_buff *skb, struct genl_info *info);

int opvs_ctl_dump_conns(struct sk_buff *skb, struct netlink_callback *cb);
int opvs_ctl_dump_conns_done(struct netlink_callback *cb);

#endif /* OPVS_CTL_CONN_H */
