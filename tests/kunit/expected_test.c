// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of servers that come to where a client waits for them: their first
 * packet, the entry that it makes, and what refuses it.
 *
 *	client 203.0.113.5 --- service 192.0.2.1:21 --- servers 198.51.100.11:21 and
 *		198.51.100.12:21
 */
#include <opvs/app.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/expect.h>
#include <opvs/flow.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/path.h>
#include <opvs/proto.h>
#include <opvs/query.h>
#include <opvs/svc.h>
#include <opvs/table.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>

#include "packet.h"
#include "testlib.h"

#define VIP		0xc0000201
#define CLIENT		0xcb007105
#define SERVER1		0xc633640b
#define SERVER2		0xc633640c
#define CLIENT_PORT	40000
#define WAITS		50000
#define SYN		0x02

static struct opvs_net *on;
static struct opvs_svc *svc;
static struct opvs_dest *dests[2];
static struct opvs_conn *controls[2];
static u64 base[OPVS_CTR_MAX];

static int expected_init(struct kunit *test)
{
	int err = opvs_test_net_init(test, &on);
	struct opvs_conn_start start;
	struct opvs_svc_conf conf;
	unsigned int i;

	if (err)
		return err;
	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	conf.key.port = htons(21);
	svc = opvs_test_svc_as(test, on, &conf);
	for (i = 0; i < ARRAY_SIZE(dests); i++) {
		dests[i] = opvs_test_dest(test, svc, SERVER1 + i, 21);
		opvs_test_start(&start, dests[i], CLIENT, CLIENT_PORT + i);
		start.app = 1;
		controls[i] = opvs_test_track(on, &start);
		KUNIT_ASSERT_FALSE(test, IS_ERR(controls[i]));
	}
	for (i = 1; i < OPVS_CTR_MAX; i++)
		base[i] = opvs_counter_read(on, i);
	return 0;
}

static void expected_exit(struct kunit *test)
{
	opvs_test_net_exit(test, on);
	KUNIT_EXPECT_FALSE(test, opvs_expect_any(on));
}

static u64 counted(enum opvs_ctr ctr)
{
	return opvs_counter_read(on, ctr) - base[ctr];
}

static void expect_server(struct kunit *test, struct opvs_conn *control,
			  u16 port)
{
	int err;

	rcu_read_lock();
	spin_lock_bh(&control->app->lock);
	err = opvs_expect_reply(control, htons(port));
	spin_unlock_bh(&control->app->lock);
	rcu_read_unlock();
	KUNIT_ASSERT_EQ(test, err, 0);
}

static struct {
	struct sk_buff		*skb;
	struct opvs_flow	flow;
} packet;

/* A packet from a server's port to where the client waits, and what became of it. */
static opvs_verdict_t comes(struct kunit *test, u32 server, u16 port, u8 flags)
{
	struct opvs_test_packet wanted = {
		.saddr.ip = htonl(server),
		.daddr.ip = htonl(CLIENT),
		.sport = htons(port),
		.dport = htons(WAITS),
		.family = NFPROTO_IPV4,
		.proto = IPPROTO_TCP,
		.tcp_flags = flags,
	};
	struct opvs_test_bytes *bytes;
	opvs_verdict_t verdict;

	bytes = kunit_kzalloc(test, sizeof(*bytes), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bytes);
	opvs_test_build(&wanted, bytes);
	packet.skb = opvs_test_skb(test, bytes->data, bytes->len,
				   OPVS_TEST_LINEAR, 0);
	KUNIT_ASSERT_EQ(test, 0, opvs_flow_parse(packet.skb, 0, NFPROTO_IPV4,
						 &packet.flow));
	local_bh_disable();
	rcu_read_lock();
	verdict = opvs_expected(on, packet.skb, &packet.flow);
	rcu_read_unlock();
	local_bh_enable();
	return verdict;
}

/* The entry of what the client will answer. */
static struct opvs_conn *entry(u16 vport)
{
	const struct opvs_tuple tuple = {
		.src.ip = htonl(CLIENT),
		.dst.ip = htonl(VIP),
		.sport = htons(WAITS),
		.dport = htons(vport),
		.family = NFPROTO_IPV4,
		.proto = IPPROTO_TCP,
	};
	struct opvs_conn_node *node;

	rcu_read_lock();
	node = opvs_track_find(on, &tuple);
	rcu_read_unlock();
	return node && node->tuple.kind == OPVS_TUPLE_REQUEST ?
	       opvs_conn_of(node) : NULL;
}

static void expect_source(struct kunit *test, u16 vport)
{
	struct opvs_flow now;

	KUNIT_ASSERT_EQ(test, 0, opvs_flow_parse(packet.skb, 0, NFPROTO_IPV4,
						 &now));
	KUNIT_EXPECT_EQ(test, ntohl(now.saddr.ip), VIP);
	KUNIT_EXPECT_EQ(test, ntohs(now.sport), vport);
}

static void expected_comes(struct kunit *test)
{
	struct opvs_totals sum = {};
	struct opvs_conn *cp;

	expect_server(test, controls[0], WAITS);
	KUNIT_EXPECT_TRUE(test, comes(test, SERVER2, 20, SYN) == OPVS_NOT_OURS);
	KUNIT_EXPECT_TRUE(test, comes(test, SERVER1, 20, 0x10) == OPVS_NOT_OURS);
	KUNIT_ASSERT_TRUE(test, comes(test, SERVER1, 20, SYN) ==
				OPVS_VERDICT(REPLIES));
	expect_source(test, 20);
	cp = entry(20);
	KUNIT_ASSERT_NOT_NULL(test, cp);
	KUNIT_EXPECT_PTR_EQ(test, cp->control, controls[0]);
	KUNIT_EXPECT_EQ(test, ntohs(cp->reply.tuple.sport), 20);
	KUNIT_EXPECT_EQ(test, cp->word & OPVS_CONN_STATE, OPVS_TCP_S_SYN_SENT);
	KUNIT_EXPECT_EQ(test, atomic_read(&dests[0]->conns), 2);
	opvs_stats_sum(dests[0]->stats_cpu, &sum);
	KUNIT_EXPECT_EQ(test, sum.conns, 1);
	KUNIT_EXPECT_EQ(test, sum.inpkts, 0);
	KUNIT_EXPECT_EQ(test, sum.outpkts, 1);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_EXPECT_USED), 1);
	/* Once. */
	KUNIT_EXPECT_TRUE(test, comes(test, SERVER1, 20, SYN) == OPVS_NOT_OURS);
}

/* The path tells what it would do, and does nothing. */
static void expected_asked(struct kunit *test)
{
	struct opvs_query query = {};
	opvs_verdict_t verdict;

	expect_server(test, controls[0], WAITS);
	comes(test, SERVER2, 20, SYN);
	packet.flow.saddr.ip = htonl(SERVER1);
	local_bh_disable();
	rcu_read_lock();
	verdict = opvs_expected_peek(on, &packet.flow, &query);
	rcu_read_unlock();
	local_bh_enable();
	KUNIT_EXPECT_TRUE(test, verdict == OPVS_VERDICT(REPLIES));
	KUNIT_EXPECT_PTR_EQ(test, (void *)query.dest, (void *)dests[0]);
	KUNIT_EXPECT_EQ(test, query.why, OPVS_WHY_REPLY);
	KUNIT_EXPECT_TRUE(test, opvs_expect_any(on));
	KUNIT_EXPECT_NULL(test, entry(20));
}

static void expected_other_port(struct kunit *test)
{
	expect_server(test, controls[0], WAITS);
	KUNIT_ASSERT_TRUE(test, comes(test, SERVER1, 33000, SYN) ==
				OPVS_VERDICT(REPLIES));
	expect_source(test, 33000);
	KUNIT_EXPECT_NOT_NULL(test, entry(33000));
}

/* The client would see no difference between two servers.  The one that it has
 * answered stays.
 */
static void expected_clash(struct kunit *test)
{
	struct opvs_conn *cp;

	expect_server(test, controls[0], WAITS);
	KUNIT_ASSERT_TRUE(test, comes(test, SERVER1, 20, SYN) ==
				OPVS_VERDICT(REPLIES));
	cp = entry(20);
	KUNIT_ASSERT_NOT_NULL(test, cp);
	cp->word |= OPVS_CONN_ASSURED;
	expect_server(test, controls[1], WAITS);
	KUNIT_EXPECT_TRUE(test, comes(test, SERVER2, 20, SYN) ==
				OPVS_VERDICT(REPLY_DROP_REFUSED));
	KUNIT_EXPECT_PTR_EQ(test, entry(20), cp);

	cp->word &= ~OPVS_CONN_ASSURED;
	KUNIT_EXPECT_TRUE(test, comes(test, SERVER2, 20, SYN) ==
				OPVS_VERDICT(REPLIES));
	KUNIT_ASSERT_NOT_NULL(test, entry(20));
	KUNIT_EXPECT_PTR_EQ(test, entry(20)->dest, dests[1]);
	KUNIT_EXPECT_EQ(test, atomic_read(&dests[0]->conns), 1);
}

static void expected_limit(struct kunit *test)
{
	u32 max = svc->conns.max;

	expect_server(test, controls[0], WAITS);
	WRITE_ONCE(svc->conns.max, 2);
	KUNIT_EXPECT_TRUE(test, comes(test, SERVER1, 20, SYN) ==
				OPVS_VERDICT(REPLY_DROP_REFUSED));
	KUNIT_EXPECT_TRUE(test, opvs_expect_any(on));
	WRITE_ONCE(svc->conns.max, max);
	KUNIT_EXPECT_TRUE(test, comes(test, SERVER1, 20, SYN) ==
				OPVS_VERDICT(REPLIES));
}

static void expected_removed(struct kunit *test)
{
	expect_server(test, controls[0], WAITS);
	opvs_test_dest_del(test, dests[0]);
	KUNIT_EXPECT_TRUE(test, comes(test, SERVER1, 20, SYN) ==
				OPVS_VERDICT(REPLY_DROP_REFUSED));
}

/* Its server is not reached by NAT any more. */
static void expected_method(struct kunit *test)
{
	expect_server(test, controls[0], WAITS);
	opvs_test_dest_method(test, dests[0], IP_VS_CONN_F_DROUTE);
	KUNIT_EXPECT_TRUE(test, comes(test, SERVER1, 20, SYN) == OPVS_NOT_OURS);
}

static void expected_late(struct kunit *test)
{
	expect_server(test, controls[0], WAITS);
	controls[0]->app->expect->until = jiffies;
	KUNIT_EXPECT_TRUE(test, comes(test, SERVER1, 20, SYN) == OPVS_NOT_OURS);
	expect_server(test, controls[0], WAITS);
	KUNIT_EXPECT_TRUE(test, comes(test, SERVER1, 20, SYN) ==
				OPVS_VERDICT(REPLIES));
}

static struct kunit_case expected_test_cases[] = {
	KUNIT_CASE(expected_comes),
	KUNIT_CASE(expected_asked),
	KUNIT_CASE(expected_other_port),
	KUNIT_CASE(expected_clash),
	KUNIT_CASE(expected_limit),
	KUNIT_CASE(expected_removed),
	KUNIT_CASE(expected_method),
	KUNIT_CASE(expected_late),
	{}
};

static struct kunit_suite expected_suite = {
	.name = "opvs_expected",
	.init = expected_init,
	.exit = expected_exit,
	.test_cases = expected_test_cases,
};

kunit_test_suite(expected_suite);

MODULE_DESCRIPTION("opvs: unit tests of servers that are expected");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
