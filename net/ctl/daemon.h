/* SPDX-License-Identifier: GPL-2.0-only */
/* Netlink commands about the synchronisation daemons. */
#ifndef OPVS_CTL_DAEMON_H
#define OPVS_CTL_DAEMON_H

struct genl_info;
struct netlink_callback;
struct opvs_req;
struct sk_buff;

int opvs_req_daemon(struct opvs_req *req, struct genl_info *info);

/* What a request is about is done here, whichever way the request came. */
int opvs_do_new_daemon(const struct opvs_req *req);
int opvs_do_del_daemon(const struct opvs_req *req);

int opvs_ctl_new_daemon(struct sk_buff *skb, struct genl_info *info);
int opvs_ctl_del_daemon(struct sk_buff *skb, struct genl_info *info);
int opvs_ctl_dump_daemons(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* OPVS_CTL_DAEMON_H */
