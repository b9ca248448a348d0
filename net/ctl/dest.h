/* SPDX-License-Identifier: GPL-2.0-only */
/* Netlink commands about real servers. */
#ifndef OPVS_CTL_DEST_H
#define OPVS_CTL_DEST_H

#include <linux/types.h>

struct genl_info;
struct netlink_callback;
struct opvs_dest;
struct opvs_req;
struct opvs_svc;
struct sk_buff;

struct opvs_dest *opvs_ctl_dest_from(struct opvs_svc *svc, u64 id);

int opvs_req_dest(struct opvs_req *req, struct genl_info *info);

/* What a request is about is done here, whichever way the request came. */
int opvs_do_new_dest(struct opvs_req *req);
int opvs_do_set_dest(struct opvs_req *req);
int opvs_do_del_dest(struct opvs_req *req);

int opvs_ctl_new_dest(struct sk_buff *skb, struct genl_info *info);
int opvs_ctl_set_dest(struct sk_buff *skb, struct genl_info *info);
int opvs_ctl_del_dest(struct sk_buff *skb, struct genl_info *info);
int opvs_ctl_dump_dests(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* OPVS_CTL_DEST_H */
