/* SPDX-License-Identifier: GPL-2.0-only */
/* Answers: from objects to netlink attributes. */
#ifndef OPVS_CTL_FILL_H
#define OPVS_CTL_FILL_H

#include <net/genetlink.h>

struct opvs_dest;
struct opvs_svc;
struct opvs_svc_key;

/**
 * struct opvs_msg - a netlink message under construction
 * @skb: where it is built
 * @hdr: its family header
 * @nested: NLA_F_NESTED where the family wants nests marked, else 0
 */
struct opvs_msg {
	struct sk_buff	*skb;
	void		*hdr;
	u16		nested;
};

int opvs_msg_begin(struct opvs_msg *msg, struct sk_buff *skb,
		   const struct sk_buff *request, const struct nlmsghdr *nlh,
		   int flags, u8 cmd);
int opvs_msg_end(struct opvs_msg *msg, int err);
struct nlattr *opvs_msg_nest(struct opvs_msg *msg, u16 type);

int opvs_reply_begin(struct opvs_msg *msg, const struct sk_buff *request,
		     struct genl_info *info, size_t payload, u8 cmd);
int opvs_msg_reply(struct opvs_msg *msg, int err, struct genl_info *info);

int opvs_fill_svc_key(struct opvs_msg *msg, const struct opvs_svc_key *key);
int opvs_fill_svc(struct opvs_msg *msg, const struct opvs_svc *svc);
int opvs_fill_dest(struct opvs_msg *msg, const struct opvs_dest *dest);

#endif /* OPVS_CTL_FILL_H */
