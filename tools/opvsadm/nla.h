/* SPDX-License-Identifier: GPL-2.0-only */
/* What answers may carry, made from doc/netlink/opvs.yaml by
 * scripts/netlink-spec.py.
 */
#ifndef OPVSADM_NLA_H
#define OPVSADM_NLA_H

#include <linux/ip_vs.h>
#include <linux/opvs.h>
#include <netlink/attr.h>

/* A set of attributes, and as it stands in a message. */
struct adm_set {
	const struct nla_policy	*policy;
	int			max;
};

extern const struct adm_set adm_message;
extern const struct adm_set adm_service;
extern const struct adm_set adm_dest;
extern const struct adm_set adm_daemon;
extern const struct adm_set adm_stats;
extern const struct adm_set adm_stats64;
extern const struct adm_set adm_sip;
extern const struct adm_set adm_info;
extern const struct adm_set adm_counters;
extern const struct adm_set adm_counter;
extern const struct adm_set adm_conn;
extern const struct adm_set adm_policy;
extern const struct adm_set adm_timeout;
extern const struct adm_set adm_table;
extern const struct adm_set adm_sweep;
extern const struct adm_set adm_shard;
extern const struct adm_set adm_event;
extern const struct adm_set adm_explain;
extern const struct adm_set adm_change;
extern const struct adm_set adm_candidate;

#endif /* OPVSADM_NLA_H */
