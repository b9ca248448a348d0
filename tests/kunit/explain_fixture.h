/* SPDX-License-Identifier: GPL-2.0-only */
/* Questions to the packets' path, which leave nothing behind. */
#ifndef OPVS_EXPLAIN_FIXTURE_H
#define OPVS_EXPLAIN_FIXTURE_H

#include "affinity_fixture.h"

#include <opvs/table.h>
#include <opvs/query.h>
#include <opvs/what_if.h>
#include <opvs/xmit.h>

#include <linux/err.h>

#include "packet.h"

#define PORT	40000

static struct opvs_query query;
static opvs_verdict_t verdict;

/* All that must not change by a question. */
struct traces {
	u64	counter[OPVS_CTR_MAX];
	u32	cursor;
	int	entries;
	int	exceptions;
	u32	spared;
};

static void note_traces(struct traces *traces)
{
	int i;

	memset(traces, 0, sizeof(*traces));
	for (i = 1; i < OPVS_CTR_MAX; i++)
		traces->counter[i] = opvs_counter_read(on, i);
	local_bh_disable();
	traces->spared = this_cpu_ptr(on->counters)->spared;
	if (svc)
		traces->cursor = *this_cpu_ptr(svc->cursor);
	local_bh_enable();
	traces->entries = atomic_read(&on->conn.limit.count);
	if (svc)
		traces->exceptions = atomic_read(&svc->exceptions);
}

static int explain_init(struct kunit *test)
{
	int err = affinity_init(test);

	svc = NULL;
	WRITE_ONCE(on->settings.drop_rate, 0);
	return err ?: set_cpus_allowed_ptr(current,
					   cpumask_of(raw_smp_processor_id()));
}

static void explain_exit(struct kunit *test)
{
	WRITE_ONCE(on->settings.drop_rate, 0);
	WRITE_ONCE(on->conn.limit.max, 0);
	affinity_exit(test);
}

/* Asks about a packet, of which @cut bytes are missing at its end. */
static void ask_cut(struct kunit *test, const struct opvs_test_packet *packet,
		    bool local, unsigned int cut,
		    const struct opvs_what_if *what_if)
{
	struct traces before, after;
	struct opvs_test_bytes *bytes;
	struct sk_buff *skb;

	bytes = kunit_kzalloc(test, sizeof(*bytes), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bytes);
	opvs_test_build(packet, bytes);
	skb = opvs_test_skb(test, bytes->data, bytes->len - cut,
			    OPVS_TEST_LINEAR, 0);
	note_traces(&before);
	if (!what_if)
		mutex_lock(&on->cfg_lock);
	rcu_read_lock();
	local_bh_disable();
	query = (struct opvs_query){
		.cpu		= smp_processor_id(),
		.what_if	= what_if,
	};
	verdict = opvs_explain(on, skb, packet->family, 0, local, &query);
	local_bh_enable();
	rcu_read_unlock();
	if (!what_if)
		mutex_unlock(&on->cfg_lock);
	note_traces(&after);
	KUNIT_EXPECT_EQ(test, memcmp(&before, &after, sizeof(before)), 0);
}

static inline void ask(struct kunit *test, const struct opvs_test_packet *packet)
{
	ask_cut(test, packet, true, 0, NULL);
}

static void expect(struct kunit *test, enum opvs_why why,
		   opvs_verdict_t want, const struct opvs_dest *dest)
{
	KUNIT_EXPECT_EQ(test, query.why, why);
	KUNIT_EXPECT_EQ(test, (__force u32)verdict, (__force u32)want);
	KUNIT_EXPECT_PTR_EQ(test, query.dest, dest);
}

static struct opvs_test_packet packet_to(u8 proto, u16 port)
{
	return (struct opvs_test_packet){
		.saddr.ip	= htonl(CLIENT),
		.daddr.ip	= htonl(VIP),
		.sport		= htons(PORT),
		.dport		= htons(port),
		.family		= NFPROTO_IPV4,
		.proto		= proto,
		.tcp_flags	= 2,
		.body		= 8,
	};
}

static struct opvs_dest *server(u32 i)
{
	const struct opvs_dest_key key = {
		.addr.ip	= htonl(SERVER(i)),
		.port		= svc->key.port,
		.family		= NFPROTO_IPV4,
	};
	struct opvs_dest *dest;

	mutex_lock(&on->cfg_lock);
	dest = opvs_dest_find(svc, &key);
	mutex_unlock(&on->cfg_lock);
	return dest;
}

#endif /* OPVS_EXPLAIN_FIXTURE_H */
