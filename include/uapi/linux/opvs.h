/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Netlink interface of opvs.
 *
 * Made from doc/netlink/opvs.yaml by scripts/netlink-spec.py; the
 * reference is doc/netlink/opvs.md.
 *
 * Virtual services, real servers, connections, timeout policies and limits of
 * the load balancer opvs, in the network namespace of the socket.
 *
 * The commands and attributes that family "IPVS" has as well have the same
 * numbers here; own attributes are numbered from 64 on where they stand beside
 * those of IPVS. Family "IPVS" itself is served, too, unless ip_vs owns it. It
 * is as lenient as its old clients need it; this one is strict. An unknown
 * attribute, an integer of another size and a nest without NLA_F_NESTED are
 * refused.
 *
 * Every command, also one that only shows, needs CAP_NET_ADMIN in the initial
 * user namespace; with the module parameter "userns" the capability in the
 * user namespace that owns the network namespace is enough. A network
 * namespace that belongs to another than the initial user namespace is a
 * tenant. Its limits are finite, and ENOSPC is the answer when one is reached.
 *
 * Errors come with an extack text where a number does not say enough. A
 * command that fails has changed nothing, unless it says otherwise.
 *
 * What changes in the network namespace of the socket is told to multicast
 * group "events", in order, whatever interface changed it. To join takes
 * CAP_NET_ADMIN in the user namespace that owns the network. A tenant's
 * network namespace has events with module parameter "userns" only.
 *
 * At most 1024 events are sent in a second. What has got lost is counted in
 * the next event; if there is none within a second, in an event events-lost. A
 * socket whose buffer is full misses events as well: reading it fails with
 * ENOBUFS.
 */
#ifndef _UAPI_LINUX_OPVS_H
#define _UAPI_LINUX_OPVS_H

#define OPVS_GENL_NAME		"opvs"
#define OPVS_GENL_VERSION	1

/* Bytes of a SipHash key, in the order in which that takes them. */
#define OPVS_HASH_KEY_LEN	16

/* Kinds of entries in the connection table. */
enum opvs_conn_kind {
	OPVS_CONN_KIND_ANY,		/* both; in requests only */
	OPVS_CONN_KIND_CONNECTION,	/* a connection or a flow of datagrams */
	OPVS_CONN_KIND_TEMPLATE,	/* a persistence template */
	__OPVS_CONN_KIND_MAX,
};

#define OPVS_CONN_KIND_MAX	(__OPVS_CONN_KIND_MAX - 1)

/* Limits of entries, the widest first. */
enum opvs_limit_kind {
	OPVS_LIMIT_KIND_EVERYWHERE,	/* of all network namespaces, or of those of all tenants */
	OPVS_LIMIT_KIND_NETNS,		/* of the network namespace */
	OPVS_LIMIT_KIND_SERVICE,	/* of a service */
	__OPVS_LIMIT_KIND_MAX,
};

#define OPVS_LIMIT_KIND_MAX	(__OPVS_LIMIT_KIND_MAX - 1)

/* What an edit of a service or server changed. */
enum opvs_changed {
	OPVS_CHANGED_SCHEDULER = 1,	/* the scheduler */
	OPVS_CHANGED_ENGINE = 2,	/* the persistence engine */
	OPVS_CHANGED_FLAGS = 4,		/* flags of the service */
	OPVS_CHANGED_PERSISTENCE = 8,	/* timeout or netmask of persistence */
	OPVS_CHANGED_POLICY = 16,	/* which timeout policy */
	OPVS_CHANGED_LIMIT = 32,	/* conn-max */
	OPVS_CHANGED_WEIGHT = 64,	/* the server's weight */
	OPVS_CHANGED_THRESHOLDS = 128,	/* u-thresh or l-thresh */
	OPVS_CHANGED_METHOD = 256,	/* how packets are forwarded */
	OPVS_CHANGED_TUNNEL = 512,	/* type, port or flags of a tunnel */
};

/* What decides where a packet goes. */
enum opvs_why {
	OPVS_WHY_UNKNOWN,		/* nothing did; not in answers */
	OPVS_WHY_NO_SERVICE,		/* no service takes the packet; it goes its way */
	OPVS_WHY_NOT_LOCAL,		/* a service has the address, which is none of this host */
	OPVS_WHY_OTHER_PROTOCOL,	/* neither TCP nor UDP nor SCTP */
	OPVS_WHY_FRAGMENT,		/* it is reassembled before anything is decided */
	OPVS_WHY_OPENS_NOTHING,		/* it begins no connection; it is for the host itself */
	OPVS_WHY_MALFORMED,		/* its headers are cut off or wrong */
	OPVS_WHY_DEFENCE,		/* a defence against floods drops it */
	OPVS_WHY_LIMIT,			/* there is no room for an entry */
	OPVS_WHY_CLASH,			/* its replies would look like another connection's */
	OPVS_WHY_REMOVED_SERVER,	/* its connection's server was removed */
	OPVS_WHY_NO_SERVER,		/* no server is available */
	OPVS_WHY_CONNECTION,		/* it belongs to a tracked connection */
	OPVS_WHY_REPLY,			/* a server sends it; it gets the virtual address */
	OPVS_WHY_TEMPLATE,		/* a persistence template remembers the server */
	OPVS_WHY_EXCEPTION,		/* an entry remembers that the session is there */
	OPVS_WHY_OWNER,			/* a hash leads to the server */
	OPVS_WHY_FORMER,		/* an older session, which the server had before a change */
	OPVS_WHY_FALLBACK,		/* in place of the server that the hash leads to */
	OPVS_WHY_KEYLESS,		/* no key was found; a hash of the client leads there */
	OPVS_WHY_TURN,			/* it is the server's turn on the CPU */
	OPVS_WHY_LEAST,			/* the least load; of equal ones, its turn */
	OPVS_WHY_WEIGHT,		/* the highest weight of those that have room */
	OPVS_WHY_RANDOM,		/* drawn by lot */
	OPVS_WHY_LOCALITY,		/* the address has this server */
	OPVS_WHY_ONLY,			/* no other server is available */
	OPVS_WHY_BYPASS,		/* no server is available; it goes on without one */
	__OPVS_WHY_MAX,
};

#define OPVS_WHY_MAX	(__OPVS_WHY_MAX - 1)

/* What would be other about a service's servers. */
enum opvs_change_kind {
	OPVS_CHANGE_KIND_WITHOUT,	/* the server is removed */
	OPVS_CHANGE_KIND_WITH,		/* a server is added */
	OPVS_CHANGE_KIND_WEIGHT,	/* the server has another weight */
	__OPVS_CHANGE_KIND_MAX,
};

#define OPVS_CHANGE_KIND_MAX	(__OPVS_CHANGE_KIND_MAX - 1)

/* Multicast group. */
#define OPVS_MCGRP_EVENTS	"events"

/* Commands, and events behind them; those below 64 have the numbers of
 * IPVS_CMD_*.
 */
enum opvs_cmd {
	OPVS_CMD_NEW_SERVICE = 1,	/* do */
	OPVS_CMD_SET_SERVICE,		/* do */
	OPVS_CMD_DEL_SERVICE,		/* do */
	OPVS_CMD_GET_SERVICE,		/* do, dump; answered as OPVS_CMD_NEW_SERVICE */
	OPVS_CMD_NEW_DEST,		/* do */
	OPVS_CMD_SET_DEST,		/* do */
	OPVS_CMD_DEL_DEST,		/* do */
	OPVS_CMD_GET_DEST,		/* dump; answered as OPVS_CMD_NEW_DEST */
	OPVS_CMD_NEW_DAEMON,		/* do */
	OPVS_CMD_DEL_DAEMON,		/* do */
	OPVS_CMD_GET_DAEMON,		/* dump; answered as OPVS_CMD_NEW_DAEMON */
	OPVS_CMD_SET_CONFIG,		/* do */
	OPVS_CMD_GET_CONFIG,		/* do; answered as OPVS_CMD_SET_CONFIG */
	OPVS_CMD_GET_INFO = 15,		/* do; answered as 14 */
	OPVS_CMD_ZERO,			/* do */
	OPVS_CMD_FLUSH,			/* do */
	OPVS_CMD_GET_COUNTERS = 64,	/* do */
	OPVS_CMD_GET_CONN,		/* do, dump */
	OPVS_CMD_FLUSH_CONN,		/* do */
	OPVS_CMD_EXPIRE_CONN,		/* do */
	OPVS_CMD_NEW_POLICY,		/* do */
	OPVS_CMD_SET_POLICY,		/* do */
	OPVS_CMD_DEL_POLICY,		/* do */
	OPVS_CMD_GET_POLICY,		/* do, dump; answered as OPVS_CMD_NEW_POLICY */
	OPVS_CMD_SET_TABLE,		/* do */
	OPVS_CMD_GET_TABLE,		/* do; answered as OPVS_CMD_SET_TABLE */
	OPVS_CMD_EXPLAIN,		/* do */
	OPVS_CMD_NEW_CONN,		/* do */
	OPVS_CMD_SERVICE_ADDED = 128,	/* event, group events */
	OPVS_CMD_SERVICE_CHANGED,	/* event, group events */
	OPVS_CMD_SERVICE_REMOVED,	/* event, group events */
	OPVS_CMD_DEST_ADDED,		/* event, group events */
	OPVS_CMD_DEST_CHANGED,		/* event, group events */
	OPVS_CMD_DEST_REMOVED,		/* event, group events */
	OPVS_CMD_OVERLOAD_BEGUN,	/* event, group events */
	OPVS_CMD_OVERLOAD_ENDED,	/* event, group events */
	OPVS_CMD_DRAIN_BEGUN,		/* event, group events */
	OPVS_CMD_DRAIN_ENDED,		/* event, group events */
	OPVS_CMD_LIMIT_REACHED,		/* event, group events */
	OPVS_CMD_FLUSHED,		/* event, group events */
	OPVS_CMD_ZEROED,		/* event, group events */
	OPVS_CMD_POLICY_ADDED,		/* event, group events */
	OPVS_CMD_POLICY_CHANGED,	/* event, group events */
	OPVS_CMD_POLICY_REMOVED,	/* event, group events */
	OPVS_CMD_LIMIT_CHANGED,		/* event, group events */
	OPVS_CMD_KEY_CHANGED,		/* event, group events */
	OPVS_CMD_EVENTS_LOST,		/* event, group events */
	__OPVS_CMD_MAX,
};

#define OPVS_CMD_MAX	(__OPVS_CMD_MAX - 1)

/* What stands in a message itself. Beside IPVS_CMD_ATTR_*, <linux/ip_vs.h>. */
enum opvs_cmd_attr {
	OPVS_CMD_ATTR_COUNTERS = 64,	/* nest of OPVS_COUNTERS_ATTR_*; answers only */
	OPVS_CMD_ATTR_CONN,		/* nest of OPVS_CONN_ATTR_* */
	OPVS_CMD_ATTR_POLICY,		/* nest of OPVS_POLICY_ATTR_* */
	OPVS_CMD_ATTR_TABLE,		/* nest of OPVS_TABLE_ATTR_* */
	OPVS_CMD_ATTR_COUNT,		/* u32; answers only */
	OPVS_CMD_ATTR_EVENT,		/* nest of OPVS_EVENT_ATTR_*; answers only */
	OPVS_CMD_ATTR_DECISION,		/* nest of OPVS_EXPLAIN_ATTR_* */
	__OPVS_CMD_ATTR_MAX,
};

#define OPVS_CMD_ATTR_MAX	(__OPVS_CMD_ATTR_MAX - 1)

/* A virtual service. It is named by af, protocol, addr and port, or by af and
 * fwmark. Beside IPVS_SVC_ATTR_*, <linux/ip_vs.h>.
 */
enum opvs_svc_attr {
	OPVS_SVC_ATTR_POLICY = 64,	/* string of up to 31 bytes */
	OPVS_SVC_ATTR_CONN_MAX,		/* u32 */
	OPVS_SVC_ATTR_CONN_COUNT,	/* u32; answers only */
	OPVS_SVC_ATTR_EXCEPTIONS,	/* u32; answers only */
	OPVS_SVC_ATTR_DRAIN_SECONDS,	/* u32; answers only */
	OPVS_SVC_ATTR_SIP,		/* nest of OPVS_SIP_ATTR_*; answers only */
	__OPVS_SVC_ATTR_MAX,
};

#define OPVS_SVC_ATTR_MAX	(__OPVS_SVC_ATTR_MAX - 1)

/* A real server. It is named by addr, port and addr-family. Beside
 * IPVS_DEST_ATTR_*, <linux/ip_vs.h>.
 */
enum opvs_dest_attr {
	OPVS_DEST_ATTR_CALLS = 64,	/* u32; answers only */
	OPVS_DEST_ATTR_SIP,		/* nest of OPVS_SIP_ATTR_*; answers only */
	__OPVS_DEST_ATTR_MAX,
};

#define OPVS_DEST_ATTR_MAX	(__OPVS_DEST_ATTR_MAX - 1)

/* SIP messages since the last zero, as their first 32 bytes tell what they
 * are; what is sent again counts again. What is 0 is absent.
 */
enum opvs_sip_attr {
	OPVS_SIP_ATTR_UNSPEC,
	OPVS_SIP_ATTR_INVITE,		/* u64 */
	OPVS_SIP_ATTR_ACK,		/* u64 */
	OPVS_SIP_ATTR_BYE,		/* u64 */
	OPVS_SIP_ATTR_CANCEL,		/* u64 */
	OPVS_SIP_ATTR_REGISTER,		/* u64 */
	OPVS_SIP_ATTR_OPTIONS,		/* u64 */
	OPVS_SIP_ATTR_SUBSCRIBE,	/* u64 */
	OPVS_SIP_ATTR_NOTIFY,		/* u64 */
	OPVS_SIP_ATTR_PRACK,		/* u64 */
	OPVS_SIP_ATTR_UPDATE,		/* u64 */
	OPVS_SIP_ATTR_INFO,		/* u64 */
	OPVS_SIP_ATTR_MESSAGE,		/* u64 */
	OPVS_SIP_ATTR_REFER,		/* u64 */
	OPVS_SIP_ATTR_PUBLISH,		/* u64 */
	OPVS_SIP_ATTR_OTHER,		/* u64 */
	OPVS_SIP_ATTR_ANSWERS_1XX,	/* u64 */
	OPVS_SIP_ATTR_ANSWERS_2XX,	/* u64 */
	OPVS_SIP_ATTR_ANSWERS_3XX,	/* u64 */
	OPVS_SIP_ATTR_ANSWERS_4XX,	/* u64 */
	OPVS_SIP_ATTR_ANSWERS_5XX,	/* u64 */
	OPVS_SIP_ATTR_ANSWERS_6XX,	/* u64 */
	OPVS_SIP_ATTR_PAD,
	__OPVS_SIP_ATTR_MAX,
};

#define OPVS_SIP_ATTR_MAX	(__OPVS_SIP_ATTR_MAX - 1)

/* All event counters. */
enum opvs_counters_attr {
	OPVS_COUNTERS_ATTR_UNSPEC,
	OPVS_COUNTERS_ATTR_COUNTER,	/* nests of OPVS_COUNTER_ATTR_* */
	__OPVS_COUNTERS_ATTR_MAX,
};

#define OPVS_COUNTERS_ATTR_MAX	(__OPVS_COUNTERS_ATTR_MAX - 1)

/* An event counter. Names do not change; there may be more of them. */
enum opvs_counter_attr {
	OPVS_COUNTER_ATTR_UNSPEC,
	OPVS_COUNTER_ATTR_NAME,		/* string */
	OPVS_COUNTER_ATTR_VALUE,	/* u64 */
	OPVS_COUNTER_ATTR_PAD,
	__OPVS_COUNTER_ATTR_MAX,
};

#define OPVS_COUNTER_ATTR_MAX	(__OPVS_COUNTER_ATTR_MAX - 1)

/* An entry of the connection table. In a request each attribute restricts
 * which entries are meant. family, protocol, client and virtual with their
 * ports, and no client-prefix, name a single connection; with kind "template"
 * a single template: of a firewall mark family, client and fwmark, with an
 * engine also engine and key. new-conn wants those, and what the entry is.
 */
enum opvs_conn_attr {
	OPVS_CONN_ATTR_UNSPEC,
	OPVS_CONN_ATTR_KIND,		/* u8, conn-kind */
	OPVS_CONN_ATTR_FAMILY,		/* u16 */
	OPVS_CONN_ATTR_PROTOCOL,	/* u16, up to 255 */
	OPVS_CONN_ATTR_CLIENT,		/* up to 16 bytes */
	OPVS_CONN_ATTR_CLIENT_PORT,	/* be16 */
	OPVS_CONN_ATTR_CLIENT_PREFIX,	/* u8, up to 128 */
	OPVS_CONN_ATTR_VIRTUAL,		/* up to 16 bytes */
	OPVS_CONN_ATTR_VIRTUAL_PORT,	/* be16 */
	OPVS_CONN_ATTR_SERVER,		/* up to 16 bytes */
	OPVS_CONN_ATTR_SERVER_PORT,	/* be16 */
	OPVS_CONN_ATTR_FWMARK,		/* u32, from 1 */
	OPVS_CONN_ATTR_STATE,		/* string of up to 15 bytes */
	OPVS_CONN_ATTR_ENGINE,		/* string of up to 16 bytes */
	OPVS_CONN_ATTR_KEY,		/* 1 to 255 bytes */
	OPVS_CONN_ATTR_SECONDS,		/* u32 */
	OPVS_CONN_ATTR_FLAGS,		/* u32; answers only */
	OPVS_CONN_ATTR_METHOD,		/* u32; answers only */
	OPVS_CONN_ATTR_PACKETS,		/* u32; answers only */
	OPVS_CONN_ATTR_ACTIVE,		/* flag; answers only */
	__OPVS_CONN_ATTR_MAX,
};

#define OPVS_CONN_ATTR_MAX	(__OPVS_CONN_ATTR_MAX - 1)

/* A timeout policy, which services share. "default" is the one that every
 * network namespace has.
 */
enum opvs_policy_attr {
	OPVS_POLICY_ATTR_UNSPEC,
	OPVS_POLICY_ATTR_NAME,		/* string of up to 31 bytes */
	OPVS_POLICY_ATTR_USERS,		/* u32; answers only */
	OPVS_POLICY_ATTR_TIMEOUT,	/* nests of OPVS_TIMEOUT_ATTR_* */
	__OPVS_POLICY_ATTR_MAX,
};

#define OPVS_POLICY_ATTR_MAX	(__OPVS_POLICY_ATTR_MAX - 1)

/* How long an entry in a state lives without a packet. */
enum opvs_timeout_attr {
	OPVS_TIMEOUT_ATTR_UNSPEC,
	OPVS_TIMEOUT_ATTR_PROTOCOL,	/* u16, up to 255 */
	OPVS_TIMEOUT_ATTR_STATE,	/* string of up to 15 bytes */
	OPVS_TIMEOUT_ATTR_STATE_INDEX,	/* u8 */
	OPVS_TIMEOUT_ATTR_SECONDS,	/* u32, from 1 */
	__OPVS_TIMEOUT_ATTR_MAX,
};

#define OPVS_TIMEOUT_ATTR_MAX	(__OPVS_TIMEOUT_ATTR_MAX - 1)

/* The connection table of the network namespace. */
enum opvs_table_attr {
	OPVS_TABLE_ATTR_UNSPEC,
	OPVS_TABLE_ATTR_CONN_MAX,	/* u32 */
	OPVS_TABLE_ATTR_CONNS,		/* u32; answers only */
	OPVS_TABLE_ATTR_BUCKETS,	/* u32; answers only */
	OPVS_TABLE_ATTR_SWEEP,		/* nest of OPVS_SWEEP_ATTR_*; answers only */
	OPVS_TABLE_ATTR_SHARD,		/* nests of OPVS_SHARD_ATTR_*; answers only */
	OPVS_TABLE_ATTR_HASH_KEY,	/* OPVS_HASH_KEY_LEN bytes */
	__OPVS_TABLE_ATTR_MAX,
};

#define OPVS_TABLE_ATTR_MAX	(__OPVS_TABLE_ATTR_MAX - 1)

/* What the sweeper did since the network namespace began. */
enum opvs_sweep_attr {
	OPVS_SWEEP_ATTR_UNSPEC,
	OPVS_SWEEP_ATTR_VISITED,	/* u64 */
	OPVS_SWEEP_ATTR_RECLAIMED,	/* u64 */
	OPVS_SWEEP_ATTR_REFILED,	/* u64 */
	OPVS_SWEEP_ATTR_SLICES,		/* u64 */
	OPVS_SWEEP_ATTR_WAKEUPS,	/* u64 */
	OPVS_SWEEP_ATTR_BUSY_NS,	/* u64 */
	OPVS_SWEEP_ATTR_MAX_SLICE_NS,	/* u64 */
	OPVS_SWEEP_ATTR_MAX_LATE_MS,	/* u64 */
	OPVS_SWEEP_ATTR_PAD,
	__OPVS_SWEEP_ATTR_MAX,
};

#define OPVS_SWEEP_ATTR_MAX	(__OPVS_SWEEP_ATTR_MAX - 1)

/* What one CPU filed. */
enum opvs_shard_attr {
	OPVS_SHARD_ATTR_UNSPEC,
	OPVS_SHARD_ATTR_CPU,	/* u32 */
	OPVS_SHARD_ATTR_FILED,	/* u32 */
	__OPVS_SHARD_ATTR_MAX,
};

#define OPVS_SHARD_ATTR_MAX	(__OPVS_SHARD_ATTR_MAX - 1)

/* When, by whom and in which order. */
enum opvs_event_attr {
	OPVS_EVENT_ATTR_UNSPEC,
	OPVS_EVENT_ATTR_SEQUENCE,	/* u64 */
	OPVS_EVENT_ATTR_TIME,		/* u64 */
	OPVS_EVENT_ATTR_PORTID,		/* u32 */
	OPVS_EVENT_ATTR_LOST,		/* u32 */
	OPVS_EVENT_ATTR_CHANGED,	/* u32, changes */
	OPVS_EVENT_ATTR_OLD_WEIGHT,	/* u32 */
	OPVS_EVENT_ATTR_LIMIT,		/* u8, limit-kind */
	OPVS_EVENT_ATTR_PAD,
	__OPVS_EVENT_ATTR_MAX,
};

#define OPVS_EVENT_ATTR_MAX	(__OPVS_EVENT_ATTR_MAX - 1)

/* A packet that does not exist, and what would become of it. It is given as
 * packet, or is made of what else is given; then family, protocol, virtual and
 * virtual-port must be there.
 */
enum opvs_explain_attr {
	OPVS_EXPLAIN_ATTR_UNSPEC,
	OPVS_EXPLAIN_ATTR_FAMILY,		/* u16 */
	OPVS_EXPLAIN_ATTR_PROTOCOL,		/* u16, up to 255 */
	OPVS_EXPLAIN_ATTR_CLIENT,		/* up to 16 bytes */
	OPVS_EXPLAIN_ATTR_CLIENT_PORT,		/* be16 */
	OPVS_EXPLAIN_ATTR_VIRTUAL,		/* up to 16 bytes */
	OPVS_EXPLAIN_ATTR_VIRTUAL_PORT,		/* be16 */
	OPVS_EXPLAIN_ATTR_FWMARK,		/* u32 */
	OPVS_EXPLAIN_ATTR_TCP_FLAGS,		/* u8 */
	OPVS_EXPLAIN_ATTR_SCTP_CHUNK,		/* u8 */
	OPVS_EXPLAIN_ATTR_PAYLOAD,		/* up to 65507 bytes */
	OPVS_EXPLAIN_ATTR_PACKET,		/* up to 65507 bytes */
	OPVS_EXPLAIN_ATTR_FROM_HOST,		/* flag */
	OPVS_EXPLAIN_ATTR_KEY,			/* 1 to 255 bytes */
	OPVS_EXPLAIN_ATTR_LATER,		/* flag */
	OPVS_EXPLAIN_ATTR_KEYS,			/* up to 65507 bytes */
	OPVS_EXPLAIN_ATTR_CPU,			/* u32 */
	OPVS_EXPLAIN_ATTR_CHANGE,		/* nests of OPVS_CHANGE_ATTR_* */
	OPVS_EXPLAIN_ATTR_CANDIDATES,		/* u32 */
	OPVS_EXPLAIN_ATTR_WHY,			/* u8, why; answers only */
	OPVS_EXPLAIN_ATTR_VERDICT,		/* string; answers only */
	OPVS_EXPLAIN_ATTR_SERVER,		/* nest of OPVS_CANDIDATE_ATTR_*; answers only */
	OPVS_EXPLAIN_ATTR_OWNER,		/* nest of OPVS_CANDIDATE_ATTR_*; answers only */
	OPVS_EXPLAIN_ATTR_SLOT,			/* u32; answers only */
	OPVS_EXPLAIN_ATTR_SLOTS,		/* u32; answers only */
	OPVS_EXPLAIN_ATTR_BEGINS,		/* flag; answers only */
	OPVS_EXPLAIN_ATTR_REMEMBERED,		/* flag; answers only */
	OPVS_EXPLAIN_ATTR_TURN,			/* u32; answers only */
	OPVS_EXPLAIN_ATTR_UNSURE,		/* flag; answers only */
	OPVS_EXPLAIN_ATTR_LOCAL,		/* flag; answers only */
	OPVS_EXPLAIN_ATTR_NUM_CANDIDATES,	/* u32; answers only */
	OPVS_EXPLAIN_ATTR_CANDIDATE,		/* nests of OPVS_CANDIDATE_ATTR_*; answers only */
	OPVS_EXPLAIN_ATTR_CHOICES,		/* up to 16384 bytes; answers only */
	OPVS_EXPLAIN_ATTR_WHYS,			/* up to 4096 bytes; answers only */
	__OPVS_EXPLAIN_ATTR_MAX,
};

#define OPVS_EXPLAIN_ATTR_MAX	(__OPVS_EXPLAIN_ATTR_MAX - 1)

/* A change of a service's servers that is not made. */
enum opvs_change_attr {
	OPVS_CHANGE_ATTR_UNSPEC,
	OPVS_CHANGE_ATTR_KIND,		/* u8, change-kind */
	OPVS_CHANGE_ATTR_ADDR,		/* up to 16 bytes */
	OPVS_CHANGE_ATTR_PORT,		/* be16 */
	OPVS_CHANGE_ATTR_WEIGHT,	/* u32 */
	__OPVS_CHANGE_ATTR_MAX,
};

#define OPVS_CHANGE_ATTR_MAX	(__OPVS_CHANGE_ATTR_MAX - 1)

/* A server, as the scheduler sees it. */
enum opvs_candidate_attr {
	OPVS_CANDIDATE_ATTR_UNSPEC,
	OPVS_CANDIDATE_ATTR_NUMBER,		/* u32 */
	OPVS_CANDIDATE_ATTR_ADDR,		/* up to 16 bytes */
	OPVS_CANDIDATE_ATTR_PORT,		/* be16 */
	OPVS_CANDIDATE_ATTR_WEIGHT,		/* u32 */
	OPVS_CANDIDATE_ATTR_AVAILABLE,		/* flag */
	OPVS_CANDIDATE_ATTR_OVERLOADED,		/* flag */
	OPVS_CANDIDATE_ATTR_LOAD,		/* u64 */
	OPVS_CANDIDATE_ATTR_ACTIVE_CONNS,	/* u32 */
	OPVS_CANDIDATE_ATTR_INACT_CONNS,	/* u32 */
	OPVS_CANDIDATE_ATTR_PAD,
	__OPVS_CANDIDATE_ATTR_MAX,
};

#define OPVS_CANDIDATE_ATTR_MAX	(__OPVS_CANDIDATE_ATTR_MAX - 1)

#endif /* _UAPI_LINUX_OPVS_H */
