// SPDX-License-Identifier: GPL-2.0-only
/* What answers may carry, made from doc/netlink/opvs.yaml by
 * scripts/netlink-spec.py.
 */
#include "nla.h"

static const struct nla_policy adm_message_policy[OPVS_CMD_ATTR_MAX + 1] = {
	[IPVS_CMD_ATTR_SERVICE]		= { .type = NLA_NESTED },
	[IPVS_CMD_ATTR_DEST]		= { .type = NLA_NESTED },
	[IPVS_CMD_ATTR_DAEMON]		= { .type = NLA_NESTED },
	[IPVS_CMD_ATTR_TIMEOUT_TCP]	= { .type = NLA_U32 },
	[IPVS_CMD_ATTR_TIMEOUT_TCP_FIN]	= { .type = NLA_U32 },
	[IPVS_CMD_ATTR_TIMEOUT_UDP]	= { .type = NLA_U32 },
	[OPVS_CMD_ATTR_COUNTERS]	= { .type = NLA_NESTED },
	[OPVS_CMD_ATTR_CONN]		= { .type = NLA_NESTED },
	[OPVS_CMD_ATTR_POLICY]		= { .type = NLA_NESTED },
	[OPVS_CMD_ATTR_TABLE]		= { .type = NLA_NESTED },
	[OPVS_CMD_ATTR_COUNT]		= { .type = NLA_U32 },
	[OPVS_CMD_ATTR_EVENT]		= { .type = NLA_NESTED },
	[OPVS_CMD_ATTR_DECISION]	= { .type = NLA_NESTED },
};

const struct adm_set adm_message = { adm_message_policy, OPVS_CMD_ATTR_MAX };

static const struct nla_policy adm_service_policy[OPVS_SVC_ATTR_MAX + 1] = {
	[IPVS_SVC_ATTR_AF]		= { .type = NLA_U16 },
	[IPVS_SVC_ATTR_PROTOCOL]	= { .type = NLA_U16 },
	[IPVS_SVC_ATTR_ADDR]		= { .type = NLA_UNSPEC },
	[IPVS_SVC_ATTR_PORT]		= { .type = NLA_U16 },
	[IPVS_SVC_ATTR_FWMARK]		= { .type = NLA_U32 },
	[IPVS_SVC_ATTR_SCHED_NAME]	= { .type = NLA_STRING },
	[IPVS_SVC_ATTR_FLAGS]		= { .minlen = 8 },
	[IPVS_SVC_ATTR_TIMEOUT]		= { .type = NLA_U32 },
	[IPVS_SVC_ATTR_NETMASK]		= { .type = NLA_U32 },
	[IPVS_SVC_ATTR_STATS]		= { .type = NLA_NESTED },
	[IPVS_SVC_ATTR_PE_NAME]		= { .type = NLA_STRING },
	[IPVS_SVC_ATTR_STATS64]		= { .type = NLA_NESTED },
	[OPVS_SVC_ATTR_POLICY]		= { .type = NLA_STRING },
	[OPVS_SVC_ATTR_CONN_MAX]	= { .type = NLA_U32 },
	[OPVS_SVC_ATTR_CONN_COUNT]	= { .type = NLA_U32 },
	[OPVS_SVC_ATTR_EXCEPTIONS]	= { .type = NLA_U32 },
	[OPVS_SVC_ATTR_DRAIN_SECONDS]	= { .type = NLA_U32 },
	[OPVS_SVC_ATTR_SIP]		= { .type = NLA_NESTED },
};

const struct adm_set adm_service = { adm_service_policy, OPVS_SVC_ATTR_MAX };

static const struct nla_policy adm_dest_policy[OPVS_DEST_ATTR_MAX + 1] = {
	[IPVS_DEST_ATTR_ADDR]		= { .type = NLA_UNSPEC },
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
	[OPVS_DEST_ATTR_CALLS]		= { .type = NLA_U32 },
	[OPVS_DEST_ATTR_SIP]		= { .type = NLA_NESTED },
};

const struct adm_set adm_dest = { adm_dest_policy, OPVS_DEST_ATTR_MAX };

static const struct nla_policy adm_daemon_policy[IPVS_DAEMON_ATTR_MAX + 1] = {
	[IPVS_DAEMON_ATTR_STATE]	= { .type = NLA_U32 },
	[IPVS_DAEMON_ATTR_MCAST_IFN]	= { .type = NLA_STRING },
	[IPVS_DAEMON_ATTR_SYNC_ID]	= { .type = NLA_U32 },
	[IPVS_DAEMON_ATTR_SYNC_MAXLEN]	= { .type = NLA_U16 },
	[IPVS_DAEMON_ATTR_MCAST_GROUP]	= { .type = NLA_U32 },
	[IPVS_DAEMON_ATTR_MCAST_GROUP6]	= { .minlen = 16 },
	[IPVS_DAEMON_ATTR_MCAST_PORT]	= { .type = NLA_U16 },
	[IPVS_DAEMON_ATTR_MCAST_TTL]	= { .type = NLA_U8 },
};

const struct adm_set adm_daemon = { adm_daemon_policy, IPVS_DAEMON_ATTR_MAX };

static const struct nla_policy adm_stats_policy[IPVS_STATS_ATTR_MAX + 1] = {
	[IPVS_STATS_ATTR_CONNS]		= { .type = NLA_U32 },
	[IPVS_STATS_ATTR_INPKTS]	= { .type = NLA_U32 },
	[IPVS_STATS_ATTR_OUTPKTS]	= { .type = NLA_U32 },
	[IPVS_STATS_ATTR_INBYTES]	= { .type = NLA_U64 },
	[IPVS_STATS_ATTR_OUTBYTES]	= { .type = NLA_U64 },
	[IPVS_STATS_ATTR_CPS]		= { .type = NLA_U32 },
	[IPVS_STATS_ATTR_INPPS]		= { .type = NLA_U32 },
	[IPVS_STATS_ATTR_OUTPPS]	= { .type = NLA_U32 },
	[IPVS_STATS_ATTR_INBPS]		= { .type = NLA_U32 },
	[IPVS_STATS_ATTR_OUTBPS]	= { .type = NLA_U32 },
};

const struct adm_set adm_stats = { adm_stats_policy, IPVS_STATS_ATTR_MAX };

static const struct nla_policy adm_stats64_policy[IPVS_STATS_ATTR_MAX + 1] = {
	[IPVS_STATS_ATTR_CONNS]		= { .type = NLA_U64 },
	[IPVS_STATS_ATTR_INPKTS]	= { .type = NLA_U64 },
	[IPVS_STATS_ATTR_OUTPKTS]	= { .type = NLA_U64 },
	[IPVS_STATS_ATTR_INBYTES]	= { .type = NLA_U64 },
	[IPVS_STATS_ATTR_OUTBYTES]	= { .type = NLA_U64 },
	[IPVS_STATS_ATTR_CPS]		= { .type = NLA_U64 },
	[IPVS_STATS_ATTR_INPPS]		= { .type = NLA_U64 },
	[IPVS_STATS_ATTR_OUTPPS]	= { .type = NLA_U64 },
	[IPVS_STATS_ATTR_INBPS]		= { .type = NLA_U64 },
	[IPVS_STATS_ATTR_OUTBPS]	= { .type = NLA_U64 },
};

const struct adm_set adm_stats64 = { adm_stats64_policy, IPVS_STATS_ATTR_MAX };

static const struct nla_policy adm_sip_policy[OPVS_SIP_ATTR_MAX + 1] = {
	[OPVS_SIP_ATTR_INVITE]		= { .type = NLA_U64 },
	[OPVS_SIP_ATTR_ACK]		= { .type = NLA_U64 },
	[OPVS_SIP_ATTR_BYE]		= { .type = NLA_U64 },
	[OPVS_SIP_ATTR_CANCEL]		= { .type = NLA_U64 },
	[OPVS_SIP_ATTR_REGISTER]	= { .type = NLA_U64 },
	[OPVS_SIP_ATTR_OPTIONS]		= { .type = NLA_U64 },
	[OPVS_SIP_ATTR_SUBSCRIBE]	= { .type = NLA_U64 },
	[OPVS_SIP_ATTR_NOTIFY]		= { .type = NLA_U64 },
	[OPVS_SIP_ATTR_PRACK]		= { .type = NLA_U64 },
	[OPVS_SIP_ATTR_UPDATE]		= { .type = NLA_U64 },
	[OPVS_SIP_ATTR_INFO]		= { .type = NLA_U64 },
	[OPVS_SIP_ATTR_MESSAGE]		= { .type = NLA_U64 },
	[OPVS_SIP_ATTR_REFER]		= { .type = NLA_U64 },
	[OPVS_SIP_ATTR_PUBLISH]		= { .type = NLA_U64 },
	[OPVS_SIP_ATTR_OTHER]		= { .type = NLA_U64 },
	[OPVS_SIP_ATTR_ANSWERS_1XX]	= { .type = NLA_U64 },
	[OPVS_SIP_ATTR_ANSWERS_2XX]	= { .type = NLA_U64 },
	[OPVS_SIP_ATTR_ANSWERS_3XX]	= { .type = NLA_U64 },
	[OPVS_SIP_ATTR_ANSWERS_4XX]	= { .type = NLA_U64 },
	[OPVS_SIP_ATTR_ANSWERS_5XX]	= { .type = NLA_U64 },
	[OPVS_SIP_ATTR_ANSWERS_6XX]	= { .type = NLA_U64 },
};

const struct adm_set adm_sip = { adm_sip_policy, OPVS_SIP_ATTR_MAX };

static const struct nla_policy adm_info_policy[IPVS_INFO_ATTR_MAX + 1] = {
	[IPVS_INFO_ATTR_VERSION]	= { .type = NLA_U32 },
	[IPVS_INFO_ATTR_CONN_TAB_SIZE]	= { .type = NLA_U32 },
};

const struct adm_set adm_info = { adm_info_policy, IPVS_INFO_ATTR_MAX };

static const struct nla_policy adm_counters_policy[OPVS_COUNTERS_ATTR_MAX + 1] = {
	[OPVS_COUNTERS_ATTR_COUNTER]	= { .type = NLA_NESTED },
};

const struct adm_set adm_counters = { adm_counters_policy, OPVS_COUNTERS_ATTR_MAX };

static const struct nla_policy adm_counter_policy[OPVS_COUNTER_ATTR_MAX + 1] = {
	[OPVS_COUNTER_ATTR_NAME]	= { .type = NLA_STRING },
	[OPVS_COUNTER_ATTR_VALUE]	= { .type = NLA_U64 },
};

const struct adm_set adm_counter = { adm_counter_policy, OPVS_COUNTER_ATTR_MAX };

static const struct nla_policy adm_conn_policy[OPVS_CONN_ATTR_MAX + 1] = {
	[OPVS_CONN_ATTR_KIND]		= { .type = NLA_U8 },
	[OPVS_CONN_ATTR_FAMILY]		= { .type = NLA_U16 },
	[OPVS_CONN_ATTR_PROTOCOL]	= { .type = NLA_U16 },
	[OPVS_CONN_ATTR_CLIENT]		= { .type = NLA_UNSPEC },
	[OPVS_CONN_ATTR_CLIENT_PORT]	= { .type = NLA_U16 },
	[OPVS_CONN_ATTR_CLIENT_PREFIX]	= { .type = NLA_U8 },
	[OPVS_CONN_ATTR_VIRTUAL]	= { .type = NLA_UNSPEC },
	[OPVS_CONN_ATTR_VIRTUAL_PORT]	= { .type = NLA_U16 },
	[OPVS_CONN_ATTR_SERVER]		= { .type = NLA_UNSPEC },
	[OPVS_CONN_ATTR_SERVER_PORT]	= { .type = NLA_U16 },
	[OPVS_CONN_ATTR_FWMARK]		= { .type = NLA_U32 },
	[OPVS_CONN_ATTR_STATE]		= { .type = NLA_STRING },
	[OPVS_CONN_ATTR_ENGINE]		= { .type = NLA_STRING },
	[OPVS_CONN_ATTR_KEY]		= { .minlen = 1 },
	[OPVS_CONN_ATTR_SECONDS]	= { .type = NLA_U32 },
	[OPVS_CONN_ATTR_FLAGS]		= { .type = NLA_U32 },
	[OPVS_CONN_ATTR_METHOD]		= { .type = NLA_U32 },
	[OPVS_CONN_ATTR_PACKETS]	= { .type = NLA_U32 },
	[OPVS_CONN_ATTR_ACTIVE]		= { .type = NLA_FLAG },
};

const struct adm_set adm_conn = { adm_conn_policy, OPVS_CONN_ATTR_MAX };

static const struct nla_policy adm_policy_policy[OPVS_POLICY_ATTR_MAX + 1] = {
	[OPVS_POLICY_ATTR_NAME]		= { .type = NLA_STRING },
	[OPVS_POLICY_ATTR_USERS]	= { .type = NLA_U32 },
	[OPVS_POLICY_ATTR_TIMEOUT]	= { .type = NLA_NESTED },
};

const struct adm_set adm_policy = { adm_policy_policy, OPVS_POLICY_ATTR_MAX };

static const struct nla_policy adm_timeout_policy[OPVS_TIMEOUT_ATTR_MAX + 1] = {
	[OPVS_TIMEOUT_ATTR_PROTOCOL]	= { .type = NLA_U16 },
	[OPVS_TIMEOUT_ATTR_STATE]	= { .type = NLA_STRING },
	[OPVS_TIMEOUT_ATTR_STATE_INDEX]	= { .type = NLA_U8 },
	[OPVS_TIMEOUT_ATTR_SECONDS]	= { .type = NLA_U32 },
};

const struct adm_set adm_timeout = { adm_timeout_policy, OPVS_TIMEOUT_ATTR_MAX };

static const struct nla_policy adm_table_policy[OPVS_TABLE_ATTR_MAX + 1] = {
	[OPVS_TABLE_ATTR_CONN_MAX]	= { .type = NLA_U32 },
	[OPVS_TABLE_ATTR_CONNS]		= { .type = NLA_U32 },
	[OPVS_TABLE_ATTR_BUCKETS]	= { .type = NLA_U32 },
	[OPVS_TABLE_ATTR_SWEEP]		= { .type = NLA_NESTED },
	[OPVS_TABLE_ATTR_SHARD]		= { .type = NLA_NESTED },
	[OPVS_TABLE_ATTR_HASH_KEY]	= { .minlen = 16 },
};

const struct adm_set adm_table = { adm_table_policy, OPVS_TABLE_ATTR_MAX };

static const struct nla_policy adm_sweep_policy[OPVS_SWEEP_ATTR_MAX + 1] = {
	[OPVS_SWEEP_ATTR_VISITED]	= { .type = NLA_U64 },
	[OPVS_SWEEP_ATTR_RECLAIMED]	= { .type = NLA_U64 },
	[OPVS_SWEEP_ATTR_REFILED]	= { .type = NLA_U64 },
	[OPVS_SWEEP_ATTR_SLICES]	= { .type = NLA_U64 },
	[OPVS_SWEEP_ATTR_WAKEUPS]	= { .type = NLA_U64 },
	[OPVS_SWEEP_ATTR_BUSY_NS]	= { .type = NLA_U64 },
	[OPVS_SWEEP_ATTR_MAX_SLICE_NS]	= { .type = NLA_U64 },
	[OPVS_SWEEP_ATTR_MAX_LATE_MS]	= { .type = NLA_U64 },
};

const struct adm_set adm_sweep = { adm_sweep_policy, OPVS_SWEEP_ATTR_MAX };

static const struct nla_policy adm_shard_policy[OPVS_SHARD_ATTR_MAX + 1] = {
	[OPVS_SHARD_ATTR_CPU]	= { .type = NLA_U32 },
	[OPVS_SHARD_ATTR_FILED]	= { .type = NLA_U32 },
};

const struct adm_set adm_shard = { adm_shard_policy, OPVS_SHARD_ATTR_MAX };

static const struct nla_policy adm_event_policy[OPVS_EVENT_ATTR_MAX + 1] = {
	[OPVS_EVENT_ATTR_SEQUENCE]	= { .type = NLA_U64 },
	[OPVS_EVENT_ATTR_TIME]		= { .type = NLA_U64 },
	[OPVS_EVENT_ATTR_PORTID]	= { .type = NLA_U32 },
	[OPVS_EVENT_ATTR_LOST]		= { .type = NLA_U32 },
	[OPVS_EVENT_ATTR_CHANGED]	= { .type = NLA_U32 },
	[OPVS_EVENT_ATTR_OLD_WEIGHT]	= { .type = NLA_U32 },
	[OPVS_EVENT_ATTR_LIMIT]		= { .type = NLA_U8 },
};

const struct adm_set adm_event = { adm_event_policy, OPVS_EVENT_ATTR_MAX };

static const struct nla_policy adm_explain_policy[OPVS_EXPLAIN_ATTR_MAX + 1] = {
	[OPVS_EXPLAIN_ATTR_FAMILY]		= { .type = NLA_U16 },
	[OPVS_EXPLAIN_ATTR_PROTOCOL]		= { .type = NLA_U16 },
	[OPVS_EXPLAIN_ATTR_CLIENT]		= { .type = NLA_UNSPEC },
	[OPVS_EXPLAIN_ATTR_CLIENT_PORT]		= { .type = NLA_U16 },
	[OPVS_EXPLAIN_ATTR_VIRTUAL]		= { .type = NLA_UNSPEC },
	[OPVS_EXPLAIN_ATTR_VIRTUAL_PORT]	= { .type = NLA_U16 },
	[OPVS_EXPLAIN_ATTR_FWMARK]		= { .type = NLA_U32 },
	[OPVS_EXPLAIN_ATTR_TCP_FLAGS]		= { .type = NLA_U8 },
	[OPVS_EXPLAIN_ATTR_SCTP_CHUNK]		= { .type = NLA_U8 },
	[OPVS_EXPLAIN_ATTR_PAYLOAD]		= { .type = NLA_UNSPEC },
	[OPVS_EXPLAIN_ATTR_PACKET]		= { .type = NLA_UNSPEC },
	[OPVS_EXPLAIN_ATTR_FROM_HOST]		= { .type = NLA_FLAG },
	[OPVS_EXPLAIN_ATTR_KEY]			= { .minlen = 1 },
	[OPVS_EXPLAIN_ATTR_LATER]		= { .type = NLA_FLAG },
	[OPVS_EXPLAIN_ATTR_KEYS]		= { .type = NLA_UNSPEC },
	[OPVS_EXPLAIN_ATTR_CPU]			= { .type = NLA_U32 },
	[OPVS_EXPLAIN_ATTR_CHANGE]		= { .type = NLA_NESTED },
	[OPVS_EXPLAIN_ATTR_CANDIDATES]		= { .type = NLA_U32 },
	[OPVS_EXPLAIN_ATTR_WHY]			= { .type = NLA_U8 },
	[OPVS_EXPLAIN_ATTR_VERDICT]		= { .type = NLA_STRING },
	[OPVS_EXPLAIN_ATTR_SERVER]		= { .type = NLA_NESTED },
	[OPVS_EXPLAIN_ATTR_OWNER]		= { .type = NLA_NESTED },
	[OPVS_EXPLAIN_ATTR_SLOT]		= { .type = NLA_U32 },
	[OPVS_EXPLAIN_ATTR_SLOTS]		= { .type = NLA_U32 },
	[OPVS_EXPLAIN_ATTR_BEGINS]		= { .type = NLA_FLAG },
	[OPVS_EXPLAIN_ATTR_REMEMBERED]		= { .type = NLA_FLAG },
	[OPVS_EXPLAIN_ATTR_TURN]		= { .type = NLA_U32 },
	[OPVS_EXPLAIN_ATTR_UNSURE]		= { .type = NLA_FLAG },
	[OPVS_EXPLAIN_ATTR_LOCAL]		= { .type = NLA_FLAG },
	[OPVS_EXPLAIN_ATTR_NUM_CANDIDATES]	= { .type = NLA_U32 },
	[OPVS_EXPLAIN_ATTR_CANDIDATE]		= { .type = NLA_NESTED },
	[OPVS_EXPLAIN_ATTR_CHOICES]		= { .type = NLA_UNSPEC },
	[OPVS_EXPLAIN_ATTR_WHYS]		= { .type = NLA_UNSPEC },
};

const struct adm_set adm_explain = { adm_explain_policy, OPVS_EXPLAIN_ATTR_MAX };

static const struct nla_policy adm_change_policy[OPVS_CHANGE_ATTR_MAX + 1] = {
	[OPVS_CHANGE_ATTR_KIND]		= { .type = NLA_U8 },
	[OPVS_CHANGE_ATTR_ADDR]		= { .type = NLA_UNSPEC },
	[OPVS_CHANGE_ATTR_PORT]		= { .type = NLA_U16 },
	[OPVS_CHANGE_ATTR_WEIGHT]	= { .type = NLA_U32 },
};

const struct adm_set adm_change = { adm_change_policy, OPVS_CHANGE_ATTR_MAX };

static const struct nla_policy adm_candidate_policy[OPVS_CANDIDATE_ATTR_MAX + 1] = {
	[OPVS_CANDIDATE_ATTR_NUMBER]		= { .type = NLA_U32 },
	[OPVS_CANDIDATE_ATTR_ADDR]		= { .type = NLA_UNSPEC },
	[OPVS_CANDIDATE_ATTR_PORT]		= { .type = NLA_U16 },
	[OPVS_CANDIDATE_ATTR_WEIGHT]		= { .type = NLA_U32 },
	[OPVS_CANDIDATE_ATTR_AVAILABLE]		= { .type = NLA_FLAG },
	[OPVS_CANDIDATE_ATTR_OVERLOADED]	= { .type = NLA_FLAG },
	[OPVS_CANDIDATE_ATTR_LOAD]		= { .type = NLA_U64 },
	[OPVS_CANDIDATE_ATTR_ACTIVE_CONNS]	= { .type = NLA_U32 },
	[OPVS_CANDIDATE_ATTR_INACT_CONNS]	= { .type = NLA_U32 },
};

const struct adm_set adm_candidate = { adm_candidate_policy, OPVS_CANDIDATE_ATTR_MAX };
