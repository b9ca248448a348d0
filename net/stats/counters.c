// SPDX-License-Identifier: GPL-2.0-only
/* Event counters of a namespace: names and sums. */
#include <opvs/counters.h>

#include <opvs/kunit.h>
#include <opvs/netns.h>

static const char *const opvs_counter_names[OPVS_CTR_MAX] = {
	[OPVS_CTR_NONE]			 = "none",
	[OPVS_CTR_FORWARDED]		 = "forwarded",
	[OPVS_CTR_DELIVERED_LOCAL]	 = "delivered_local",
	[OPVS_CTR_DROP_NO_SERVER]	 = "drop_no_server",
	[OPVS_CTR_DROP_NO_MEMORY]	 = "drop_no_memory",
	[OPVS_CTR_DROP_MALFORMED]	 = "drop_malformed",
	[OPVS_CTR_DROP_NO_ROUTE]	 = "drop_no_route",
	[OPVS_CTR_DROP_MARTIAN]		 = "drop_martian",
	[OPVS_CTR_DROP_TTL]		 = "drop_ttl",
	[OPVS_CTR_DROP_MTU]		 = "drop_mtu",
	[OPVS_CTR_DROP_REMOVED_SERVER]	 = "drop_removed_server",
	[OPVS_CTR_DROP_LIMIT]		 = "drop_limit",
	[OPVS_CTR_DROP_REPLY_CLASH]	 = "drop_reply_clash",
	[OPVS_CTR_DROP_DEFENCE]		 = "drop_defence",
	[OPVS_CTR_GSO_SPLIT]		 = "gso_split",
	[OPVS_CTR_REPLIES]		 = "replies",
	[OPVS_CTR_REPLY_DROP_NO_MEMORY]	 = "reply_drop_no_memory",
	[OPVS_CTR_REPLY_DROP_NO_ROUTE]	 = "reply_drop_no_route",
	[OPVS_CTR_ICMP_TO_SERVER]	 = "icmp_to_server",
	[OPVS_CTR_ICMP_TO_LOCAL]	 = "icmp_to_local",
	[OPVS_CTR_ICMP_TO_CLIENT]	 = "icmp_to_client",
	[OPVS_CTR_ICMP_UNATTRIBUTED]	 = "icmp_unattributed",
	[OPVS_CTR_ICMP_DROP_BAD]	 = "icmp_drop_bad",
	[OPVS_CTR_SERVICE_PACKETS]	 = "service_packets",
	[OPVS_CTR_OPS_CREATED]		 = "ops_created",
	[OPVS_CTR_OPS_RELEASED_INLINE]	 = "ops_released_inline",
	[OPVS_CTR_OPS_RELEASED_DEFERRED] = "ops_released_deferred",
	[OPVS_CTR_OPS_SLAB_ALLOCS]	 = "ops_slab_allocs",
	[OPVS_CTR_PE_KEYED]		 = "pe_keyed",
	[OPVS_CTR_PE_KEYLESS]		 = "pe_keyless",
	[OPVS_CTR_CONN_CREATED]		 = "conn_created",
	[OPVS_CTR_CONN_ENDED]		 = "conn_ended",
	[OPVS_CTR_CONN_RACED]		 = "conn_raced",
	[OPVS_CTR_CONN_EVICTED]		 = "conn_evicted",
	[OPVS_CTR_TEMPLATE_CREATED]	 = "template_created",
	[OPVS_CTR_TEMPLATE_ENDED]	 = "template_ended",
	[OPVS_CTR_REFUSED_GLOBAL]	 = "refused_global",
	[OPVS_CTR_REFUSED_NETNS]	 = "refused_netns",
	[OPVS_CTR_REFUSED_SERVICE]	 = "refused_service",
	[OPVS_CTR_DEFENCE_ENTRIES]	 = "defence_entries",
	[OPVS_CTR_AFFINITY_FORMER]	 = "affinity_former",
	[OPVS_CTR_AFFINITY_EXCEPTIONS]	 = "affinity_exceptions",
	[OPVS_CTR_AFFINITY_CLAIMED]	 = "affinity_claimed",
	[OPVS_CTR_AFFINITY_FORGOTTEN]	 = "affinity_forgotten",
	[OPVS_CTR_HINT_WRITES]		 = "hint_writes",
	[OPVS_CTR_HINT_HITS]		 = "hint_hits",
	[OPVS_CTR_HINT_MISSES]		 = "hint_misses",
};

/**
 * opvs_counter_name() - the name under which users read a counter
 * @ctr: any counter below OPVS_CTR_MAX
 *
 * Context: any.
 * Return: a constant string: lower case, fit for a file name.
 */
const char *opvs_counter_name(enum opvs_ctr ctr)
{
	return opvs_counter_names[ctr];
}
EXPORT_SYMBOL_IF_KUNIT(opvs_counter_name);

/**
 * opvs_counter_read() - a counter's value, summed over all CPUs
 * @ctr: any counter below OPVS_CTR_MAX
 *
 * Context: any, lock-free.  A counter that moves meanwhile is read at some
 * moment during the call; at rest the sum is exact.
 * Return: events since the namespace came up.
 */
u64 opvs_counter_read(const struct opvs_net *on, enum opvs_ctr ctr)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(on->counters, cpu)->v[ctr]);
	return sum;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_counter_read);
