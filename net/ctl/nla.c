// SPDX-License-Identifier: GPL-2.0-only
/* What requests may carry, made from doc/netlink/opvs.yaml by
 * scripts/netlink-spec.py.
 */
#include "nla.h"

#define ANSWERS_ONLY {						\
	.type = NLA_REJECT,					\
	.reject_message = "this attribute is for answers only"	\
}

const struct nla_policy opvs_nla_message[OPVS_CMD_ATTR_MAX + 1] = {
	[IPVS_CMD_ATTR_SERVICE]		= { .type = NLA_NESTED },
	[IPVS_CMD_ATTR_DEST]		= { .type = NLA_NESTED },
	[IPVS_CMD_ATTR_DAEMON]		= { .type = NLA_NESTED },
	[IPVS_CMD_ATTR_TIMEOUT_TCP]	= { .type = NLA_U32 },
	[IPVS_CMD_ATTR_TIMEOUT_TCP_FIN]	= { .type = NLA_U32 },
	[IPVS_CMD_ATTR_TIMEOUT_UDP]	= { .type = NLA_U32 },
	[OPVS_CMD_ATTR_COUNTERS]	= ANSWERS_ONLY,
	[OPVS_CMD_ATTR_CONN]		= { .type = NLA_NESTED },
	[OPVS_CMD_ATTR_POLICY]		= { .type = NLA_NESTED },
	[OPVS_CMD_ATTR_TABLE]		= { .type = NLA_NESTED },
	[OPVS_CMD_ATTR_COUNT]		= ANSWERS_ONLY,
	[OPVS_CMD_ATTR_EVENT]		= ANSWERS_ONLY,
};

const struct nla_policy opvs_nla_service[OPVS_SVC_ATTR_MAX + 1] = {
	[IPVS_SVC_ATTR_AF]		= { .type = NLA_U16 },
	[IPVS_SVC_ATTR_PROTOCOL]	= { .type = NLA_U16 },
	[IPVS_SVC_ATTR_ADDR]		= { .type = NLA_BINARY, .len = 16 },
	[IPVS_SVC_ATTR_PORT]		= { .type = NLA_U16 },
	[IPVS_SVC_ATTR_FWMARK]		= { .type = NLA_U32 },
	[IPVS_SVC_ATTR_SCHED_NAME]	= { .type = NLA_NUL_STRING, .len = 15 },
	[IPVS_SVC_ATTR_FLAGS]		= NLA_POLICY_EXACT_LEN(8),
	[IPVS_SVC_ATTR_TIMEOUT]		= { .type = NLA_U32 },
	[IPVS_SVC_ATTR_NETMASK]		= { .type = NLA_U32 },
	[IPVS_SVC_ATTR_STATS]		= { .type = NLA_NESTED },
	[IPVS_SVC_ATTR_PE_NAME]		= { .type = NLA_NUL_STRING, .len = 16 },
	[IPVS_SVC_ATTR_STATS64]		= { .type = NLA_NESTED },
	[OPVS_SVC_ATTR_POLICY]		= { .type = NLA_NUL_STRING, .len = 31 },
	[OPVS_SVC_ATTR_CONN_MAX]	= { .type = NLA_U32 },
	[OPVS_SVC_ATTR_CONN_COUNT]	= ANSWERS_ONLY,
	[OPVS_SVC_ATTR_EXCEPTIONS]	= ANSWERS_ONLY,
	[OPVS_SVC_ATTR_DRAIN_SECONDS]	= ANSWERS_ONLY,
};

const struct nla_policy opvs_nla_service_ipvs[IPVS_SVC_ATTR_MAX + 1] = {
	[IPVS_SVC_ATTR_AF]		= { .type = NLA_U16 },
	[IPVS_SVC_ATTR_PROTOCOL]	= { .type = NLA_U16 },
	[IPVS_SVC_ATTR_ADDR]		= { .type = NLA_BINARY, .len = 16 },
	[IPVS_SVC_ATTR_PORT]		= { .type = NLA_U16 },
	[IPVS_SVC_ATTR_FWMARK]		= { .type = NLA_U32 },
	[IPVS_SVC_ATTR_SCHED_NAME]	= { .type = NLA_NUL_STRING, .len = 15 },
	[IPVS_SVC_ATTR_FLAGS]		= { .type = NLA_BINARY, .len = 8 },
	[IPVS_SVC_ATTR_TIMEOUT]		= { .type = NLA_U32 },
	[IPVS_SVC_ATTR_NETMASK]		= { .type = NLA_U32 },
	[IPVS_SVC_ATTR_STATS]		= { .type = NLA_NESTED },
	[IPVS_SVC_ATTR_PE_NAME]		= { .type = NLA_NUL_STRING, .len = 16 },
	[IPVS_SVC_ATTR_STATS64]		= { .type = NLA_NESTED },
};

const struct nla_policy opvs_nla_dest[OPVS_DEST_ATTR_MAX + 1] = {
	[IPVS_DEST_ATTR_ADDR]		= { .type = NLA_BINARY, .len = 16 },
	[IPVS_DEST_ATTR_PORT]		= { .type = NLA_U16 },
	[IPVS_DEST_ATTR_FWD_METHOD]	= { .type = NLA_U32 },
	[IPVS_DEST_ATTR_WEIGHT]		= { .type = NLA_U32 },
	[IPVS_DEST_ATTR_U_THRESH]	= { .type = NLA_U32 },
	[IPVS_DEST_ATTR_L_THRESH]	= { .type = NLA_U32 },
	[IPVS_DEST_ATTR_ACTIVE_CONNS]	= { .type = NLA_U32 },
	[IPVS_DEST_ATTR_INACT_CONNS]	= { .type = NLA_U32 },
	[IPVS_DEST_ATTR_PERSIST_CONNS]	= { .type = NLA_U32 },
	[IPVS_DEST_ATTR_STATS]		= { .type = NLA_NESTED },
	[IPVS_DEST_ATTR_ADDR_FAMILY]	= { .type = NLA_U16 },
	[IPVS_DEST_ATTR_STATS64]	= { .type = NLA_NESTED },
	[IPVS_DEST_ATTR_TUN_TYPE]	= { .type = NLA_U8 },
	[IPVS_DEST_ATTR_TUN_PORT]	= { .type = NLA_U16 },
	[IPVS_DEST_ATTR_TUN_FLAGS]	= { .type = NLA_U16 },
	[OPVS_DEST_ATTR_CALLS]		= ANSWERS_ONLY,
};

const struct nla_policy opvs_nla_daemon[IPVS_DAEMON_ATTR_MAX + 1] = {
	[IPVS_DAEMON_ATTR_STATE]	= NLA_POLICY_RANGE(NLA_U32, 1, 2),
	[IPVS_DAEMON_ATTR_MCAST_IFN]	= { .type = NLA_NUL_STRING, .len = 15 },
	[IPVS_DAEMON_ATTR_SYNC_ID]	= { .type = NLA_U32 },
	[IPVS_DAEMON_ATTR_SYNC_MAXLEN]	= { .type = NLA_U16 },
	[IPVS_DAEMON_ATTR_MCAST_GROUP]	= { .type = NLA_U32 },
	[IPVS_DAEMON_ATTR_MCAST_GROUP6]	= NLA_POLICY_EXACT_LEN(16),
	[IPVS_DAEMON_ATTR_MCAST_PORT]	= { .type = NLA_U16 },
	[IPVS_DAEMON_ATTR_MCAST_TTL]	= { .type = NLA_U8 },
};

const struct nla_policy opvs_nla_daemon_ipvs[IPVS_DAEMON_ATTR_MAX + 1] = {
	[IPVS_DAEMON_ATTR_STATE]	= NLA_POLICY_RANGE(NLA_U32, 1, 2),
	[IPVS_DAEMON_ATTR_MCAST_IFN]	= { .type = NLA_NUL_STRING, .len = 15 },
	[IPVS_DAEMON_ATTR_SYNC_ID]	= { .type = NLA_U32 },
	[IPVS_DAEMON_ATTR_SYNC_MAXLEN]	= { .type = NLA_U16 },
	[IPVS_DAEMON_ATTR_MCAST_GROUP]	= { .type = NLA_U32 },
	[IPVS_DAEMON_ATTR_MCAST_GROUP6]	= NLA_POLICY_MIN_LEN(16),
	[IPVS_DAEMON_ATTR_MCAST_PORT]	= { .type = NLA_U16 },
	[IPVS_DAEMON_ATTR_MCAST_TTL]	= { .type = NLA_U8 },
};

const struct nla_policy opvs_nla_conn[OPVS_CONN_ATTR_MAX + 1] = {
	[OPVS_CONN_ATTR_KIND]		= NLA_POLICY_MAX(NLA_U8, 2),
	[OPVS_CONN_ATTR_FAMILY]		= { .type = NLA_U16 },
	[OPVS_CONN_ATTR_PROTOCOL]	= NLA_POLICY_MAX(NLA_U16, 255),
	[OPVS_CONN_ATTR_CLIENT]		= { .type = NLA_BINARY, .len = 16 },
	[OPVS_CONN_ATTR_CLIENT_PORT]	= { .type = NLA_U16 },
	[OPVS_CONN_ATTR_CLIENT_PREFIX]	= NLA_POLICY_MAX(NLA_U8, 128),
	[OPVS_CONN_ATTR_VIRTUAL]	= { .type = NLA_BINARY, .len = 16 },
	[OPVS_CONN_ATTR_VIRTUAL_PORT]	= { .type = NLA_U16 },
	[OPVS_CONN_ATTR_SERVER]		= { .type = NLA_BINARY, .len = 16 },
	[OPVS_CONN_ATTR_SERVER_PORT]	= { .type = NLA_U16 },
	[OPVS_CONN_ATTR_FWMARK]		= NLA_POLICY_MIN(NLA_U32, 1),
	[OPVS_CONN_ATTR_STATE]		= { .type = NLA_NUL_STRING, .len = 15 },
	[OPVS_CONN_ATTR_ENGINE]		= { .type = NLA_NUL_STRING, .len = 16 },
	[OPVS_CONN_ATTR_KEY]		= NLA_POLICY_RANGE(NLA_BINARY, 1, 255),
	[OPVS_CONN_ATTR_SECONDS]	= ANSWERS_ONLY,
	[OPVS_CONN_ATTR_FLAGS]		= ANSWERS_ONLY,
	[OPVS_CONN_ATTR_METHOD]		= ANSWERS_ONLY,
	[OPVS_CONN_ATTR_PACKETS]	= ANSWERS_ONLY,
	[OPVS_CONN_ATTR_ACTIVE]		= ANSWERS_ONLY,
};

const struct nla_policy opvs_nla_policy[OPVS_POLICY_ATTR_MAX + 1] = {
	[OPVS_POLICY_ATTR_NAME]		= { .type = NLA_NUL_STRING, .len = 31 },
	[OPVS_POLICY_ATTR_USERS]	= ANSWERS_ONLY,
	[OPVS_POLICY_ATTR_TIMEOUT]	= { .type = NLA_NESTED },
};

const struct nla_policy opvs_nla_timeout[OPVS_TIMEOUT_ATTR_MAX + 1] = {
	[OPVS_TIMEOUT_ATTR_PROTOCOL]	= NLA_POLICY_MAX(NLA_U16, 255),
	[OPVS_TIMEOUT_ATTR_STATE]	= { .type = NLA_NUL_STRING, .len = 15 },
	[OPVS_TIMEOUT_ATTR_STATE_INDEX]	= { .type = NLA_U8 },
	[OPVS_TIMEOUT_ATTR_SECONDS]	= NLA_POLICY_MIN(NLA_U32, 1),
};

const struct nla_policy opvs_nla_table[OPVS_TABLE_ATTR_MAX + 1] = {
	[OPVS_TABLE_ATTR_CONN_MAX]	= { .type = NLA_U32 },
	[OPVS_TABLE_ATTR_CONNS]		= ANSWERS_ONLY,
	[OPVS_TABLE_ATTR_BUCKETS]	= ANSWERS_ONLY,
	[OPVS_TABLE_ATTR_SWEEP]		= ANSWERS_ONLY,
	[OPVS_TABLE_ATTR_SHARD]		= ANSWERS_ONLY,
	[OPVS_TABLE_ATTR_HASH_KEY]	= NLA_POLICY_EXACT_LEN(OPVS_HASH_KEY_LEN),
};
