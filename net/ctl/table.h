/* SPDX-License-Identifier: GPL-2.0-only */
/* Netlink commands about the connection table as a whole. */
#ifndef OPVS_CTL_TABLE_H
#define OPVS_CTL_TABLE_H

struct genl_info;
struct opvs_msg;
struct opvs_net;
struct opvs_req;
struct sk_buff;

int opvs_req_table(struct opvs_req *req, struct genl_info *info);

int opvs_fill_limit(struct opvs_msg *msg, const struct opvs_net *on);

int opvs_ctl_set_table(struct sk_buff *skb, struct genl_info *info);
int opvs_ctl_get_table(struct sk_buff *skb, struct genl_info *info);

#endif /* OPVS_CTL_TABLE_H */
