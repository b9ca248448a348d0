/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests: from netlink attributes to configurations. */
#ifndef OPVS_CTL_PARSE_H
#define OPVS_CTL_PARSE_H

#include <opvs/dest.h>
#include <opvs/svc.h>

#include <linux/ip_vs.h>
#include <linux/opvs.h>
#include <net/genetlink.h>

struct opvs_net;

/* Longest name of a connection's state, with its NUL: ipvsadm -c reads no longer
 * one.
 */
#define OPVS_STATE_NAME_MAX	16

/* The nest with most attributes. */
#define OPVS_NEST_ATTR_MAX	OPVS_SVC_ATTR_MAX

/**
 * struct opvs_nest_type - how a nest of a request is read
 * @policy: types of its attributes in family `opvs'
 * @ipvs: and in family `IPVS'
 * @attr: top-level attribute
 * @max: highest attribute that family `IPVS' knows; 0: it has no such nest
 * @native_max: highest attribute that family `opvs' knows
 */
struct opvs_nest_type {
	const struct nla_policy	*policy;
	const struct nla_policy	*ipvs;
	u16			attr;
	u16			max;
	u16			native_max;
};

extern const struct opvs_nest_type opvs_nest_service;
extern const struct opvs_nest_type opvs_nest_dest;
extern const struct opvs_nest_type opvs_nest_daemon;

/**
 * struct opvs_nest - a parsed nest of a request
 * @attr: the nest itself
 * @tb: its attributes, by type
 * @extack: where errors are told
 */
struct opvs_nest {
	const struct nlattr		*attr;
	struct nlattr			*tb[OPVS_NEST_ATTR_MAX + 1];
	struct netlink_ext_ack		*extack;
};

int opvs_nest_parse(struct opvs_nest *nest, const struct nlmsghdr *nlh,
		    struct nlattr *const *attrs,
		    const struct opvs_nest_type *type,
		    struct netlink_ext_ack *extack);
int opvs_nest_parse_attr(struct opvs_nest *nest, const struct nlattr *attr,
			 const struct opvs_nest_type *type,
			 struct netlink_ext_ack *extack);
int opvs_refuse_missing(struct netlink_ext_ack *extack,
			const struct nlattr *nest, u16 type);
int opvs_nest_require(const struct opvs_nest *nest, const u8 *types,
		      unsigned int n);

int opvs_parse_svc_key(const struct opvs_nest *nest, struct opvs_svc_key *key);
int opvs_require_svc_conf(const struct opvs_nest *nest);
int opvs_parse_svc_conf(const struct opvs_nest *nest, struct opvs_net *on,
			struct opvs_svc_conf *conf);
int opvs_parse_dest_key(const struct opvs_nest *nest, u8 family,
			struct opvs_dest_key *key);
int opvs_parse_dest_conf(const struct opvs_nest *nest,
			 struct opvs_dest_conf *conf);

#endif /* OPVS_CTL_PARSE_H */
