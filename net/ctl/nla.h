/* SPDX-License-Identifier: GPL-2.0-only */
/* What requests may carry, made from doc/netlink/opvs.yaml by
 * scripts/netlink-spec.py.
 */
#ifndef OPVS_CTL_NLA_H
#define OPVS_CTL_NLA_H

#include <linux/ip_vs.h>
#include <linux/opvs.h>
#include <net/netlink.h>

extern const struct nla_policy opvs_nla_message[OPVS_CMD_ATTR_MAX + 1];
extern const struct nla_policy opvs_nla_service[OPVS_SVC_ATTR_MAX + 1];
extern const struct nla_policy opvs_nla_service_ipvs[IPVS_SVC_ATTR_MAX + 1];
extern const struct nla_policy opvs_nla_dest[OPVS_DEST_ATTR_MAX + 1];
extern const struct nla_policy opvs_nla_daemon[IPVS_DAEMON_ATTR_MAX + 1];
extern const struct nla_policy opvs_nla_daemon_ipvs[IPVS_DAEMON_ATTR_MAX + 1];
extern const struct nla_policy opvs_nla_conn[OPVS_CONN_ATTR_MAX + 1];
extern const struct nla_policy opvs_nla_policy[OPVS_POLICY_ATTR_MAX + 1];
extern const struct nla_policy opvs_nla_timeout[OPVS_TIMEOUT_ATTR_MAX + 1];
extern const struct nla_policy opvs_nla_table[OPVS_TABLE_ATTR_MAX + 1];
extern const struct nla_policy opvs_nla_explain[OPVS_EXPLAIN_ATTR_MAX + 1];
extern const struct nla_policy opvs_nla_change[OPVS_CHANGE_ATTR_MAX + 1];

#endif /* OPVS_CTL_NLA_H */
