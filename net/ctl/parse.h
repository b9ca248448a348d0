/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests: from netlink attributes to configurations. */
#ifndef OPVS_CTL_PARSE_H
#define OPVS_CTL_PARSE_H

#include <linux/ip_vs.h>
#include <net/genetlink.h>

#include <opvs/dest.h>
#include <opvs/svc.h>

/* The nest with most attributes. */
#define OPVS_NEST_ATTR_MAX	IPVS_DEST_ATTR_MAX

/**
 * struct opvs_nest - a parsed nest of a request
 * @attr: the nest itself
 * @tb: its attributes, by type
 * @rule: what each attribute has to be, by type; used as error text
 * @extack: where errors are told
 */
struct opvs_nest {
	const struct nlattr		*attr;
	struct nlattr			*tb[OPVS_NEST_ATTR_MAX + 1];
	const char *const		*rule;
	struct netlink_ext_ack		*extack;
};

/**
 * struct opvs_svc_name - how a request names a service
 * @key: address, port and protocol
 * @fwmark: mark, or 0 for a service by address
 */
struct opvs_svc_name {
	struct opvs_svc_key	key;
	u32			fwmark;
};

int opvs_nest_parse(struct opvs_nest *nest, const struct nlmsghdr *nlh,
		    struct nlattr *const *attrs, u16 type,
		    struct netlink_ext_ack *extack);
int opvs_nest_require(const struct opvs_nest *nest, const u8 *types,
		      unsigned int n);

int opvs_parse_svc_name(const struct opvs_nest *nest,
			struct opvs_svc_name *name);
int opvs_parse_svc_conf(const struct opvs_nest *nest,
			struct opvs_svc_conf *conf);
int opvs_parse_dest_key(const struct opvs_nest *nest, u8 family,
			struct opvs_dest_key *key);
int opvs_parse_dest_conf(const struct opvs_nest *nest,
			 struct opvs_dest_conf *conf);

#endif /* OPVS_CTL_PARSE_H */
