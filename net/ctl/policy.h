/* SPDX-License-Identifier: GPL-2.0-only */
/* Netlink commands about timeout policies. */
#ifndef OPVS_CTL_POLICY_H
#define OPVS_CTL_POLICY_H

struct genl_info;
struct netlink_callback;
struct opvs_msg;
struct opvs_policy;
struct opvs_req;
struct sk_buff;

int opvs_req_new_policy(struct opvs_req *req, struct genl_info *info);
int opvs_req_policy(struct opvs_req *req, struct genl_info *info);

int opvs_fill_policy(struct opvs_msg *msg, const struct opvs_policy *policy);

int opvs_ctl_new_policy(struct sk_buff *skb, struct genl_info *info);
int opvs_ctl_set_policy(struct sk_buff *skb, struct genl_info *info);
int opvs_ctl_del_policy(struct sk_buff *skb, struct genl_info *info);
int opvs_ctl_get_policy(struct sk_buff *skb, struct genl_info *info);
int opvs_ctl_dump_policies(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* OPVS_CTL_POLICY_H */
