/* SPDX-License-Identifier: GPL-2.0-only */
/* Netlink commands about services. */
#ifndef OPVS_CTL_SERVICE_H
#define OPVS_CTL_SERVICE_H

struct genl_info;
struct netlink_callback;
struct opvs_nest;
struct opvs_net;
struct opvs_req;
struct opvs_svc;
struct sk_buff;

struct opvs_svc *opvs_ctl_find_svc(struct opvs_net *on,
				   const struct opvs_nest *nest);

int opvs_req_new_svc(struct opvs_req *req, struct genl_info *info);
int opvs_req_svc(struct opvs_req *req, struct genl_info *info);
int opvs_req_any_svc(struct opvs_req *req, struct genl_info *info);

/* What a request is about is done here, whichever way the request came. */
int opvs_do_new_service(struct opvs_req *req);
int opvs_do_set_service(struct opvs_req *req);
void opvs_do_zero(struct opvs_req *req);

int opvs_ctl_new_service(struct sk_buff *skb, struct genl_info *info);
int opvs_ctl_set_service(struct sk_buff *skb, struct genl_info *info);
int opvs_ctl_del_service(struct sk_buff *skb, struct genl_info *info);
int opvs_ctl_get_service(struct sk_buff *skb, struct genl_info *info);
int opvs_ctl_dump_services(struct sk_buff *skb, struct netlink_callback *cb);
int opvs_ctl_zero(struct sk_buff *skb, struct genl_info *info);
int opvs_ctl_flush(struct sk_buff *skb, struct genl_info *info);

#endif /* OPVS_CTL_SERVICE_H */
