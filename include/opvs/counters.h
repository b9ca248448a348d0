/* SPDX-License-Identifier: GPL-2.0-only */
/* Per-namespace event counters; their names are ABI (sysfs and netlink). */
#ifndef OPVS_COUNTERS_H
#define OPVS_COUNTERS_H

#include <linux/irqflags.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/types.h>

/*
 * Two kinds.  Verdicts: exactly one for each packet that a stage handled; the
 * request verdicts add up to OPVS_CTR_SERVICE_PACKETS, so that no datagram is
 * lost in silence.  Events: what else happened on the way.
 *
 * Each with its name here and the one that users read.  K is a verdict that lets
 * the packet go its way, D one that drops it, with the word that the core of the
 * kernel has for it, SKB_DROP_REASON_*; E is an event.
 */
#define OPVS_REQUEST_VERDICTS(K, D)					\
	K(FORWARDED, "forwarded")					\
	K(DELIVERED_LOCAL, "delivered_local")				\
	K(BYPASSED, "bypassed")						\
	D(DROP_NO_SERVER, "drop_no_server", NO_SOCKET)			\
	D(DROP_NO_MEMORY, "drop_no_memory", NOMEM)			\
	D(DROP_MALFORMED, "drop_malformed", HDR_TRUNC)			\
	D(DROP_NO_ROUTE, "drop_no_route", IP_OUTNOROUTES)		\
	D(DROP_MARTIAN, "drop_martian", IP_INADDRERRORS)		\
	D(DROP_TTL, "drop_ttl", IP_INHDR)				\
	D(DROP_MTU, "drop_mtu", PKT_TOO_BIG)				\
	D(DROP_REMOVED_SERVER, "drop_removed_server", NETFILTER_DROP)	\
	D(DROP_LIMIT, "drop_limit", NETFILTER_DROP)			\
	D(DROP_REPLY_CLASH, "drop_reply_clash", NETFILTER_DROP)		\
	D(DROP_DEFENCE, "drop_defence", NETFILTER_DROP)

/* First, a GSO packet, each datagram of which got a verdict of its own; then
 * replies, then ICMP errors that quote a flow of ours.
 */
#define OPVS_OTHER_VERDICTS(K, D)					\
	K(GSO_SPLIT, "gso_split")					\
	K(REPLIES, "replies")						\
	D(REPLY_DROP_NO_MEMORY, "reply_drop_no_memory", NOMEM)		\
	D(REPLY_DROP_NO_ROUTE, "reply_drop_no_route", IP_OUTNOROUTES)	\
	D(REPLY_DROP_REFUSED, "reply_drop_refused", NETFILTER_DROP)	\
	D(REPLY_DROP_NO_CONN, "reply_drop_no_conn", NO_SOCKET)		\
	K(ICMP_TO_SERVER, "icmp_to_server")				\
	K(ICMP_TO_LOCAL, "icmp_to_local")				\
	K(ICMP_TO_CLIENT, "icmp_to_client")				\
	K(ICMP_UNATTRIBUTED, "icmp_unattributed")			\
	D(ICMP_DROP_BAD, "icmp_drop_bad", NETFILTER_DROP)

#define OPVS_EVENT_COUNTERS(E)						\
	E(SERVICE_PACKETS, "service_packets")				\
	E(OPS_CREATED, "ops_created")					\
	E(OPS_RELEASED_INLINE, "ops_released_inline")			\
	E(OPS_RELEASED_DEFERRED, "ops_released_deferred")		\
	E(OPS_SLAB_ALLOCS, "ops_slab_allocs")				\
	E(PE_KEYED, "pe_keyed")						\
	E(PE_KEYLESS, "pe_keyless")					\
	E(CONN_CREATED, "conn_created")					\
	E(CONN_ENDED, "conn_ended")					\
	E(CONN_RACED, "conn_raced")					\
	E(CONN_EVICTED, "conn_evicted")					\
	E(TEMPLATE_CREATED, "template_created")				\
	E(TEMPLATE_ENDED, "template_ended")				\
	E(REFUSED_GLOBAL, "refused_global")				\
	E(REFUSED_NETNS, "refused_netns")				\
	E(REFUSED_SERVICE, "refused_service")				\
	E(EXPECT_CREATED, "expect_created")				\
	E(EXPECT_USED, "expect_used")					\
	E(EXPECT_REFUSED, "expect_refused")				\
	E(FTP_REWRITTEN, "ftp_rewritten")				\
	E(DEFENCE_ENTRIES, "defence_entries")				\
	E(AFFINITY_FORMER, "affinity_former")				\
	E(AFFINITY_EXCEPTIONS, "affinity_exceptions")			\
	E(AFFINITY_FORGOTTEN, "affinity_forgotten")			\
	E(AFFINITY_CLAIMED, "affinity_claimed")				\
	E(HINT_WRITES, "hint_writes")					\
	E(HINT_HITS, "hint_hits")					\
	E(HINT_MISSES, "hint_misses")					\
	E(SYNC_SENT, "sync_sent")					\
	E(SYNC_TOLD, "sync_told")					\
	E(SYNC_DROPPED, "sync_dropped")					\
	E(SYNC_UNSENT, "sync_unsent")					\
	E(SYNC_RECEIVED, "sync_received")				\
	E(SYNC_HEARD, "sync_heard")					\
	E(SYNC_NO_SERVER, "sync_no_server")				\
	E(SYNC_REFUSED, "sync_refused")					\
	E(SYNC_MALFORMED, "sync_malformed")				\
	E(SYNC_FORGED, "sync_forged")					\
	E(SYNC_OTHERS, "sync_others")					\
	E(SYNC_CATCH_UPS, "sync_catch_ups")				\
	E(VIEWS_BUILT, "views_built")					\
	E(VIEWS_LATE, "views_late")

#define OPVS_CTR_ENUM(name, ...)	OPVS_CTR_##name,
enum opvs_ctr {
	/* Not a counter: the packet is none of ours and goes its way. */
	OPVS_CTR_NONE,

	OPVS_REQUEST_VERDICTS(OPVS_CTR_ENUM, OPVS_CTR_ENUM)
	OPVS_CTR_REQUEST_END,
	OPVS_CTR_REQUEST_LAST = OPVS_CTR_REQUEST_END - 1,

	OPVS_OTHER_VERDICTS(OPVS_CTR_ENUM, OPVS_CTR_ENUM)
	OPVS_CTR_VERDICT_END,
	OPVS_CTR_VERDICT_LAST = OPVS_CTR_VERDICT_END - 1,

	OPVS_EVENT_COUNTERS(OPVS_CTR_ENUM)
	OPVS_CTR_MAX,
};

/* Of a verdict's name, with its end. */
#define OPVS_CTR_NAME_LEN	24

/* One namespace's counters on one CPU. */
struct opvs_counters {
	unsigned long	v[OPVS_CTR_MAX];
	u32		spared;		/* see opvs_defence_drops() */
};

/* By packets: softirq or BH disabled.  Hard interrupts never count, so nothing
 * else has to be disabled.
 */
#define opvs_count(on, name) \
	opvs_count_by((on)->counters, OPVS_CTR_##name)

static inline void opvs_count_by(struct opvs_counters __percpu *counters,
				 enum opvs_ctr ctr)
{
	lockdep_assert_in_softirq();
	__this_cpu_inc(counters->v[ctr]);
}

/* Also from process context; safe against softirqs. */
#define opvs_count_task(on, name) \
	this_cpu_inc((on)->counters->v[OPVS_CTR_##name])

struct opvs_net;

const char *opvs_counter_name(enum opvs_ctr ctr);
u64 opvs_counter_read(const struct opvs_net *on, enum opvs_ctr ctr);

#endif /* OPVS_COUNTERS_H */
