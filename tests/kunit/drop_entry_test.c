// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of drop_entry on connections that are there: each is visited in
 * its turn, and judged by what it is.
 */
#include <opvs/defence.h>

#include <opvs/conn.h>
#include <opvs/counters.h>
#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/policy.h>
#include <opvs/proto.h>
#include <opvs/svc.h>

#include <kunit/test.h>

#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>

#include "testlib.h"

#define CLIENT		0xcb007105	/* 203.0.113.5 */
#define SERVER		0xc633640b	/* 198.51.100.11 */
#define HALF_OPEN	3200
#define ESTABLISHED	320
#define SHARES		32

static struct opvs_net *on;
static struct opvs_dest *tcp, *udp;

static int drop_entry_init(struct kunit *test)
{
	int err = opvs_test_net_init(test, &on);
	struct opvs_svc_conf conf;

	if (err)
		return err;
	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	tcp = opvs_test_dest(test, opvs_test_svc_as(test, on, &conf), SERVER,
			     8080);
	opvs_test_svc_conf(&conf, IPPROTO_UDP);
	udp = opvs_test_dest(test, opvs_test_svc_as(test, on, &conf), SERVER,
			     8080);
	return 0;
}

static void drop_entry_exit(struct kunit *test)
{
	opvs_test_net_exit(test, on);
}

/* @left: seconds until it expires. */
static struct opvs_conn *track(struct kunit *test, struct opvs_dest *dest,
			       u16 port, u32 state, u32 left, int in_pkts)
{
	struct opvs_conn_start start;
	struct opvs_conn *cp;

	opvs_test_start(&start, dest, CLIENT, port);
	start.word = state | in_pkts * OPVS_CONN_PKT;
	start.seconds = left;
	cp = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cp));
	return cp;
}

static struct opvs_conn *template(struct kunit *test, u32 client, u32 state,
				  struct opvs_conn **child)
{
	struct opvs_conn_start start;
	struct opvs_conn *tp;

	opvs_test_start(&start, tcp, client, 0);
	start.tuple.kind = OPVS_TUPLE_TEMPLATE;
	start.flags = IP_VS_CONN_F_TEMPLATE;
	start.word = state;
	tp = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(tp));
	if (!child)
		return tp;
	opvs_test_start(&start, tcp, client, 1);
	start.word = OPVS_TCP_S_ESTABLISHED;
	start.control = tp;
	*child = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(*child));
	return tp;
}

static u64 dropped(void)
{
	return opvs_counter_read(on, OPVS_CTR_DEFENCE_ENTRIES);
}

/* Every entry has had its turn. */
static void visit_all(void)
{
	int i;

	for (i = 0; i < SHARES; i++)
		opvs_defence_visit(on);
}

static bool listed(const struct opvs_conn *wanted)
{
	struct opvs_conn_walk walk = {};
	struct opvs_conn *cp;

	rcu_read_lock();
	while ((cp = opvs_conn_walk_next(on, &walk)) && cp != wanted)
		;
	rcu_read_unlock();
	return cp;
}

/* A share is a 32nd, by hash: a hundred, give or take seven times the square
 * root of that, and no less than four tenths.
 */
static void drop_entry_shares(struct kunit *test)
{
	u64 before = dropped(), last = before, now;
	u16 port;
	int i;

	for (port = 1; port <= HALF_OPEN; port++)
		track(test, tcp, port, OPVS_TCP_S_SYN_RECV, 60, 1);
	for (; port <= HALF_OPEN + ESTABLISHED; port++)
		track(test, tcp, port, OPVS_TCP_S_ESTABLISHED, 900, 1);

	for (i = 0; i < SHARES; i++) {
		opvs_defence_visit(on);
		now = dropped();
		KUNIT_EXPECT_GT(test, now - last, 40ULL);
		KUNIT_EXPECT_LT(test, now - last, 170ULL);
		last = now;
	}
	KUNIT_EXPECT_EQ(test, last - before, (u64)HALF_OPEN);
	KUNIT_EXPECT_TRUE(test, opvs_test_conns(on, ESTABLISHED));
	KUNIT_EXPECT_EQ(test, atomic_read(&tcp->conns), ESTABLISHED);
}

/* How long it has been idle follows from its policy and what is left. */
static void drop_entry_idle(struct kunit *test)
{
	struct opvs_conn *old = track(test, udp, 1, 0, 230, 1);
	struct opvs_conn *young = track(test, udp, 2, 0, 250, 1);
	struct opvs_conn *lively = track(test, udp, 3, 0, 100, 9);
	struct opvs_conn *idle;
	u64 before = dropped();

	idle = track(test, tcp, 4, OPVS_TCP_S_ESTABLISHED, 830, 1);
	visit_all();
	KUNIT_EXPECT_FALSE(test, listed(old));
	KUNIT_EXPECT_TRUE(test, listed(young));
	KUNIT_EXPECT_FALSE(test, listed(idle));
	KUNIT_EXPECT_TRUE(test, listed(lively));
	KUNIT_EXPECT_EQ(test, dropped() - before, 2ULL);
}

/* With a policy of its own a service has other timeouts. */
static void drop_entry_policy(struct kunit *test)
{
	u32 set[OPVS_TIMEOUTS] = { [OPVS_TIMEOUT_UDP] = 100 };
	struct opvs_conn *cp = track(test, udp, 1, 0, 50, 1);
	u32 before = on->policy.standard.timeout[OPVS_TIMEOUT_UDP];

	mutex_lock(&on->cfg_lock);
	KUNIT_EXPECT_EQ(test, 0, opvs_policy_edit(on, &on->policy.standard, set, NULL));
	mutex_unlock(&on->cfg_lock);
	visit_all();
	KUNIT_EXPECT_TRUE(test, listed(cp));

	set[OPVS_TIMEOUT_UDP] = before;
	mutex_lock(&on->cfg_lock);
	KUNIT_EXPECT_EQ(test, 0, opvs_policy_edit(on, &on->policy.standard, set, NULL));
	mutex_unlock(&on->cfg_lock);
	visit_all();
	KUNIT_EXPECT_FALSE(test, listed(cp));
}

static void drop_entry_templates(struct kunit *test)
{
	struct opvs_conn *plain, *assured, *parent, *child;

	plain = template(test, CLIENT, OPVS_TEMPLATE_S_NONE, NULL);
	assured = template(test, CLIENT + 1, OPVS_TEMPLATE_S_ASSURED, NULL);
	parent = template(test, CLIENT + 2, OPVS_TEMPLATE_S_NONE, &child);
	visit_all();
	KUNIT_EXPECT_FALSE(test, listed(plain));
	KUNIT_EXPECT_TRUE(test, listed(assured));
	KUNIT_EXPECT_TRUE(test, listed(parent));

	rcu_read_lock();
	opvs_conn_end(child);
	rcu_read_unlock();
	visit_all();
	KUNIT_EXPECT_FALSE(test, listed(parent));
	KUNIT_EXPECT_TRUE(test, listed(assured));
}

static void drop_entry_nothing(struct kunit *test)
{
	u64 before = dropped();

	visit_all();
	KUNIT_EXPECT_EQ(test, dropped(), before);
}

static struct kunit_case drop_entry_cases[] = {
	KUNIT_CASE(drop_entry_shares),
	KUNIT_CASE(drop_entry_idle),
	KUNIT_CASE(drop_entry_policy),
	KUNIT_CASE(drop_entry_templates),
	KUNIT_CASE(drop_entry_nothing),
	{}
};

static struct kunit_suite drop_entry_suite = {
	.name = "opvs_drop_entry",
	.init = drop_entry_init,
	.exit = drop_entry_exit,
	.test_cases = drop_entry_cases,
};

kunit_test_suite(drop_entry_suite);

MODULE_DESCRIPTION("opvs: unit tests of drop_entry");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
