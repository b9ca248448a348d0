/* SPDX-License-Identifier: GPL-2.0-only */
/* Per-namespace event counters; their names are ABI (sysfs and netlink). */
#ifndef OPVS_COUNTERS_H
#define OPVS_COUNTERS_H

#include <linux/irqflags.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/types.h>

/* Two kinds.  Verdicts: exactly one for each packet that a stage handled; the
 * request verdicts add up to OPVS_CTR_SERVICE_PACKETS, so that no datagram is
 * lost in silence.  Events: what else happened on the way.
 */
enum opvs_ctr {
	/* Not a counter: the packet is none of ours and goes its way. */
	OPVS_CTR_NONE,

	/* request verdicts */
	OPVS_CTR_FORWARDED,
	OPVS_CTR_DELIVERED_LOCAL,
	OPVS_CTR_DROP_NO_SERVER,
	OPVS_CTR_DROP_NO_MEMORY,
	OPVS_CTR_DROP_MALFORMED,
	OPVS_CTR_DROP_NO_ROUTE,
	OPVS_CTR_DROP_MARTIAN,
	OPVS_CTR_DROP_TTL,
	OPVS_CTR_DROP_MTU,
	OPVS_CTR_DROP_REMOVED_SERVER,
	OPVS_CTR_DROP_LIMIT,
	OPVS_CTR_DROP_REPLY_CLASH,
	OPVS_CTR_DROP_DEFENCE,
	OPVS_CTR_REQUEST_LAST = OPVS_CTR_DROP_DEFENCE,

	/* A GSO packet, each datagram of which got a verdict of its own. */
	OPVS_CTR_GSO_SPLIT,

	/* reply verdicts */
	OPVS_CTR_REPLIES,
	OPVS_CTR_REPLY_DROP_NO_MEMORY,
	OPVS_CTR_REPLY_DROP_NO_ROUTE,

	/* ICMP errors that quote a flow of ours */
	OPVS_CTR_ICMP_TO_SERVER,
	OPVS_CTR_ICMP_TO_LOCAL,
	OPVS_CTR_ICMP_TO_CLIENT,
	OPVS_CTR_ICMP_UNATTRIBUTED,
	OPVS_CTR_ICMP_DROP_BAD,
	OPVS_CTR_VERDICT_LAST = OPVS_CTR_ICMP_DROP_BAD,

	/* events */
	OPVS_CTR_SERVICE_PACKETS,
	OPVS_CTR_OPS_CREATED,
	OPVS_CTR_OPS_RELEASED_INLINE,
	OPVS_CTR_OPS_RELEASED_DEFERRED,
	OPVS_CTR_OPS_SLAB_ALLOCS,
	OPVS_CTR_PE_KEYED,
	OPVS_CTR_PE_KEYLESS,
	OPVS_CTR_CONN_CREATED,
	OPVS_CTR_CONN_ENDED,
	OPVS_CTR_CONN_RACED,
	OPVS_CTR_CONN_EVICTED,
	OPVS_CTR_TEMPLATE_CREATED,
	OPVS_CTR_TEMPLATE_ENDED,
	OPVS_CTR_REFUSED_GLOBAL,
	OPVS_CTR_REFUSED_NETNS,
	OPVS_CTR_REFUSED_SERVICE,
	OPVS_CTR_DEFENCE_ENTRIES,
	OPVS_CTR_AFFINITY_FORMER,
	OPVS_CTR_AFFINITY_EXCEPTIONS,
	OPVS_CTR_AFFINITY_FORGOTTEN,
	OPVS_CTR_AFFINITY_CLAIMED,
	OPVS_CTR_HINT_WRITES,
	OPVS_CTR_HINT_HITS,
	OPVS_CTR_HINT_MISSES,

	OPVS_CTR_MAX,
};

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
