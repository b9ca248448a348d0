/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Netlink interface of opvs.
 *
 * Generic netlink family "opvs", version 1.  It has the commands and attributes
 * of family "IPVS" under the same numbers (IPVS_CMD_*, IPVS_*_ATTR_*,
 * <linux/ip_vs.h>), and own ones that are numbered from 64 on:
 *
 * message
 *  |- IPVS_CMD_ATTR_SERVICE (1) nest
 *  |   |- IPVS_SVC_ATTR_AF u16, PROTOCOL u16, ADDR (up to 16 bytes), PORT be16
 *  |   |- FWMARK u32
 *  |   |- SCHED_NAME string, PE_NAME string
 *  |   |- FLAGS { u32 flags, u32 mask }, TIMEOUT u32, NETMASK be32
 *  |   |- STATS nest, STATS64 nest (replies only)
 *  |   |- OPVS_SVC_ATTR_POLICY (64) string
 *  |   |- OPVS_SVC_ATTR_CONN_MAX (65) u32, 0: no limit
 *  |   |- OPVS_SVC_ATTR_CONN_COUNT (66) u32 (replies only)
 *  |   |- OPVS_SVC_ATTR_EXCEPTIONS (67) u32: sessions that an entry keeps
 *  |   |   elsewhere than their key says (replies only)
 *  |   `- OPVS_SVC_ATTR_DRAIN_SECONDS (68) u32 left, while keys that changed
 *  |       their server drain; 0: until a server of weight 0, whose sessions
 *  |       go on, is removed or gets a weight (replies only)
 *  |- IPVS_CMD_ATTR_DEST (2) nest
 *  |   |- IPVS_DEST_ATTR_ADDR (up to 16 bytes), PORT be16, ADDR_FAMILY u16
 *  |   |- FWD_METHOD u32, WEIGHT u32, U_THRESH u32, L_THRESH u32
 *  |   |- TUN_TYPE u8, TUN_PORT be16, TUN_FLAGS u16
 *  |   |- ACTIVE_CONNS u32, INACT_CONNS u32, PERSIST_CONNS u32 (replies only)
 *  |   |- STATS nest, STATS64 nest (replies only)
 *  |   `- OPVS_DEST_ATTR_CALLS (64) u32: what ACTIVE_CONNS has in it of calls
 *  |       of a one-packet service (replies only)
 *  |- IPVS_CMD_ATTR_DAEMON (3) nest
 *  |- IPVS_CMD_ATTR_TIMEOUT_TCP (4), _TCP_FIN (5), _UDP (6) u32, seconds
 *  |- OPVS_CMD_ATTR_COUNTERS (64) nest (replies only)
 *  |   `- OPVS_COUNTERS_ATTR_COUNTER nest, one for each counter
 *  |       |- OPVS_COUNTER_ATTR_NAME string
 *  |       `- OPVS_COUNTER_ATTR_VALUE u64
 *  |- OPVS_CMD_ATTR_CONN (65) nest: an entry, or which entries are meant
 *  |   |- OPVS_CONN_ATTR_KIND u8, &enum opvs_conn_kind
 *  |   |- FAMILY u16, PROTOCOL u16
 *  |   |- CLIENT (4 or 16 bytes), CLIENT_PORT be16
 *  |   |- CLIENT_PREFIX u8 (requests only)
 *  |   |- VIRTUAL (4 or 16 bytes), VIRTUAL_PORT be16
 *  |   |- SERVER (4 or 16 bytes), SERVER_PORT be16
 *  |   |- FWMARK u32, of a template instead of VIRTUAL
 *  |   |- STATE string, ENGINE string, KEY (1 to 255 bytes)
 *  |   |- SECONDS u32 left to live (replies only)
 *  |   |- FLAGS u32, IP_VS_CONN_F_*, METHOD u32 (replies only)
 *  |   |- PACKETS u32 of the client; of a connection the first few only
 *  |   |   (replies only)
 *  |   `- ACTIVE flag: the server counts it as active (replies only)
 *  |- OPVS_CMD_ATTR_POLICY (66) nest
 *  |   |- OPVS_POLICY_ATTR_NAME string
 *  |   |- OPVS_POLICY_ATTR_USERS u32, services (replies only)
 *  |   `- OPVS_POLICY_ATTR_TIMEOUT nest, one for each state
 *  |       |- OPVS_TIMEOUT_ATTR_PROTOCOL u16
 *  |       |- OPVS_TIMEOUT_ATTR_STATE string, or STATE_INDEX u8 (replies: both)
 *  |       `- OPVS_TIMEOUT_ATTR_SECONDS u32
 *  |- OPVS_CMD_ATTR_TABLE (67) nest
 *  |   |- OPVS_TABLE_ATTR_CONN_MAX u32, 0: no limit, which a tenant cannot have;
 *  |   |   0xffffffff: nothing new may pass
 *  |   |- OPVS_TABLE_ATTR_CONNS u32, BUCKETS u32 (replies only)
 *  |   |- OPVS_TABLE_ATTR_SWEEP nest (replies only)
 *  |   |   `- OPVS_SWEEP_ATTR_VISITED, RECLAIMED, REFILED, SLICES, WAKEUPS,
 *  |   |       BUSY_NS, MAX_SLICE_NS, MAX_LATE_MS, each u64
 *  |   |- OPVS_TABLE_ATTR_SHARD nest, one for each processor (replies only)
 *  |   |   `- OPVS_SHARD_ATTR_CPU u32, FILED u32: entries that it began
 *  |   `- OPVS_TABLE_ATTR_HASH_KEY, OPVS_HASH_KEY_LEN bytes
 *  `- OPVS_CMD_ATTR_COUNT (68) u32: entries that the command ended
 *
 * Which entries a command is about: OPVS_CMD_GET_CONN, _FLUSH_CONN and
 * _EXPIRE_CONN take a SERVICE nest, of which they read the service's name, and a
 * CONN nest, in which each attribute restricts the choice further.  Addresses
 * need FAMILY.  Without either nest all entries are meant.  A CONN nest with
 * FAMILY, PROTOCOL, CLIENT and VIRTUAL with their ports, and no CLIENT_PREFIX,
 * names a single connection; with KIND "template" a single template: of a
 * firewall mark FAMILY, CLIENT and FWMARK, with an engine also ENGINE and KEY.
 * Getting, flushing or expiring a single entry that does not exist is ENOENT;
 * a list, or any other choice, may come to nothing.
 *
 * Each message about an entry, from OPVS_CMD_GET_CONN, has a SERVICE nest beside
 * the CONN nest: AF, PROTOCOL, ADDR and PORT, or AF and FWMARK, of the service
 * that it belongs to, also when that was removed meanwhile.
 *
 * The reply to IPVS_CMD_GET_INFO carries IPVS_INFO_ATTR_* instead of these.
 *
 * Family "IPVS" is as lenient as its old clients need it.  This one is strict:
 * an unknown attribute, an integer of another size and a nest without
 * NLA_F_NESTED are refused.
 *
 * Every command of both families, also one that only shows, needs CAP_NET_ADMIN
 * in the initial user namespace; with module parameter "userns" the capability in
 * the user namespace that owns the network namespace will do.  A network
 * namespace of another than the initial user namespace is a tenant, whose limits
 * are finite: ENOSPC, with a text, is the answer when one is reached.
 */
#ifndef _UAPI_LINUX_OPVS_H
#define _UAPI_LINUX_OPVS_H

#define OPVS_GENL_NAME		"opvs"
#define OPVS_GENL_VERSION	1

/* Bytes of a SipHash key, in the order in which that takes them. */
#define OPVS_HASH_KEY_LEN	16

enum opvs_cmd {
	/* Values of all event counters; answered under the same number. */
	OPVS_CMD_GET_COUNTERS = 64,

	/* One entry (do), or a list (dump), as OPVS_CMD_GET_CONN. */
	OPVS_CMD_GET_CONN,
	/* End entries; answered with a COUNT. */
	OPVS_CMD_FLUSH_CONN,
	/* The same, but leave the memory to the sweeper. */
	OPVS_CMD_EXPIRE_CONN,

	/* Timeout policies; in NEW and SET a state that is not given keeps
	 * its default or its value.  "default" is the namespace's own, which
	 * always exists.
	 */
	OPVS_CMD_NEW_POLICY,
	OPVS_CMD_SET_POLICY,
	OPVS_CMD_DEL_POLICY,
	/* One by name (do), or all (dump), as OPVS_CMD_NEW_POLICY. */
	OPVS_CMD_GET_POLICY,

	/* The namespace's limit of entries, its secret, or both. */
	OPVS_CMD_SET_TABLE,
	/* Answered as OPVS_CMD_SET_TABLE. */
	OPVS_CMD_GET_TABLE,

	__OPVS_CMD_MAX,
};

enum opvs_cmd_attr {
	OPVS_CMD_ATTR_COUNTERS = 64,
	OPVS_CMD_ATTR_CONN,
	OPVS_CMD_ATTR_POLICY,
	OPVS_CMD_ATTR_TABLE,
	OPVS_CMD_ATTR_COUNT,
	__OPVS_CMD_ATTR_MAX,
};

#define OPVS_CMD_ATTR_MAX	(__OPVS_CMD_ATTR_MAX - 1)

enum opvs_counters_attr {
	OPVS_COUNTERS_ATTR_UNSPEC,
	OPVS_COUNTERS_ATTR_COUNTER,
};

enum opvs_counter_attr {
	OPVS_COUNTER_ATTR_UNSPEC,
	OPVS_COUNTER_ATTR_NAME,
	OPVS_COUNTER_ATTR_VALUE,
	OPVS_COUNTER_ATTR_PAD,
};

/* In the SERVICE nest, behind IPVS_SVC_ATTR_*. */
enum opvs_svc_attr {
	OPVS_SVC_ATTR_POLICY = 64,
	OPVS_SVC_ATTR_CONN_MAX,
	OPVS_SVC_ATTR_CONN_COUNT,
	OPVS_SVC_ATTR_EXCEPTIONS,
	OPVS_SVC_ATTR_DRAIN_SECONDS,
	__OPVS_SVC_ATTR_MAX,
};

#define OPVS_SVC_ATTR_MAX	(__OPVS_SVC_ATTR_MAX - 1)

/* In the DEST nest, behind IPVS_DEST_ATTR_*. */
enum opvs_dest_attr {
	OPVS_DEST_ATTR_CALLS = 64,
	__OPVS_DEST_ATTR_MAX,
};

#define OPVS_DEST_ATTR_MAX	(__OPVS_DEST_ATTR_MAX - 1)

enum opvs_conn_kind {
	OPVS_CONN_KIND_ANY,	/* requests only */
	OPVS_CONN_KIND_CONNECTION,
	OPVS_CONN_KIND_TEMPLATE,
	__OPVS_CONN_KIND_MAX,
};

#define OPVS_CONN_KIND_MAX	(__OPVS_CONN_KIND_MAX - 1)

enum opvs_conn_attr {
	OPVS_CONN_ATTR_UNSPEC,
	OPVS_CONN_ATTR_KIND,
	OPVS_CONN_ATTR_FAMILY,
	OPVS_CONN_ATTR_PROTOCOL,
	OPVS_CONN_ATTR_CLIENT,
	OPVS_CONN_ATTR_CLIENT_PORT,
	OPVS_CONN_ATTR_CLIENT_PREFIX,
	OPVS_CONN_ATTR_VIRTUAL,
	OPVS_CONN_ATTR_VIRTUAL_PORT,
	OPVS_CONN_ATTR_SERVER,
	OPVS_CONN_ATTR_SERVER_PORT,
	OPVS_CONN_ATTR_FWMARK,
	OPVS_CONN_ATTR_STATE,
	OPVS_CONN_ATTR_ENGINE,
	OPVS_CONN_ATTR_KEY,
	OPVS_CONN_ATTR_SECONDS,
	OPVS_CONN_ATTR_FLAGS,
	OPVS_CONN_ATTR_METHOD,
	OPVS_CONN_ATTR_PACKETS,
	OPVS_CONN_ATTR_ACTIVE,
	__OPVS_CONN_ATTR_MAX,
};

#define OPVS_CONN_ATTR_MAX	(__OPVS_CONN_ATTR_MAX - 1)

enum opvs_policy_attr {
	OPVS_POLICY_ATTR_UNSPEC,
	OPVS_POLICY_ATTR_NAME,
	OPVS_POLICY_ATTR_USERS,
	OPVS_POLICY_ATTR_TIMEOUT,
	__OPVS_POLICY_ATTR_MAX,
};

#define OPVS_POLICY_ATTR_MAX	(__OPVS_POLICY_ATTR_MAX - 1)

enum opvs_timeout_attr {
	OPVS_TIMEOUT_ATTR_UNSPEC,
	OPVS_TIMEOUT_ATTR_PROTOCOL,
	OPVS_TIMEOUT_ATTR_STATE,
	OPVS_TIMEOUT_ATTR_STATE_INDEX,
	OPVS_TIMEOUT_ATTR_SECONDS,
	__OPVS_TIMEOUT_ATTR_MAX,
};

#define OPVS_TIMEOUT_ATTR_MAX	(__OPVS_TIMEOUT_ATTR_MAX - 1)

enum opvs_table_attr {
	OPVS_TABLE_ATTR_UNSPEC,
	OPVS_TABLE_ATTR_CONN_MAX,
	OPVS_TABLE_ATTR_CONNS,
	OPVS_TABLE_ATTR_BUCKETS,
	OPVS_TABLE_ATTR_SWEEP,
	OPVS_TABLE_ATTR_SHARD,
	OPVS_TABLE_ATTR_HASH_KEY,
	__OPVS_TABLE_ATTR_MAX,
};

#define OPVS_TABLE_ATTR_MAX	(__OPVS_TABLE_ATTR_MAX - 1)

enum opvs_sweep_attr {
	OPVS_SWEEP_ATTR_UNSPEC,
	OPVS_SWEEP_ATTR_VISITED,
	OPVS_SWEEP_ATTR_RECLAIMED,
	OPVS_SWEEP_ATTR_REFILED,
	OPVS_SWEEP_ATTR_SLICES,
	OPVS_SWEEP_ATTR_WAKEUPS,
	OPVS_SWEEP_ATTR_BUSY_NS,
	OPVS_SWEEP_ATTR_MAX_SLICE_NS,
	OPVS_SWEEP_ATTR_MAX_LATE_MS,
	OPVS_SWEEP_ATTR_PAD,
};

enum opvs_shard_attr {
	OPVS_SHARD_ATTR_UNSPEC,
	OPVS_SHARD_ATTR_CPU,
	OPVS_SHARD_ATTR_FILED,
};

#endif /* _UAPI_LINUX_OPVS_H */
