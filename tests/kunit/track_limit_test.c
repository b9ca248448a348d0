// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of the limits on connections: exact, room is made before anything
 * is refused, and what must not go stays.
 */
#include <opvs/conn.h>

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/limit.h>
#include <opvs/netns.h>
#include <opvs/share.h>
#include <opvs/svc.h>
#include <opvs/table.h>

#include <kunit/test.h>

#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "testlib.h"

#define CLIENT		0xcb007105
#define SERVER		0xc633640b
/* At work, and closing. */
#define ASSURED		(OPVS_CONN_ASSURED | OPVS_CONN_ACTIVE)
#define CLOSING		OPVS_CONN_ASSURED

static struct opvs_net *on;
static struct opvs_svc *svc;
static struct opvs_dest *dest;
static u64 base[OPVS_CTR_MAX];

static int limit_init(struct kunit *test)
{
	int err = opvs_test_net_init(test, &on);
	struct opvs_svc_conf conf;
	unsigned int i;

	if (err)
		return err;
	/* An eviction in vain counts for the rest of its jiffy. */
	schedule_timeout_uninterruptible(1);
	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	svc = opvs_test_svc_as(test, on, &conf);
	dest = opvs_test_dest(test, svc, SERVER, 8080);
	for (i = 1; i < OPVS_CTR_MAX; i++)
		base[i] = opvs_counter_read(on, i);
	return 0;
}

static void limit_exit(struct kunit *test)
{
	WRITE_ONCE(opvs_conns_everywhere.max, 0);
	WRITE_ONCE(on->conn.limit.max, 0);
	opvs_test_net_exit(test, on);
}

/* Events since the test began. */
static u64 counted(enum opvs_ctr ctr)
{
	return opvs_counter_read(on, ctr) - base[ctr];
}

static struct opvs_conn *track_for(u16 port, u32 state, u32 seconds)
{
	struct opvs_conn_start start;

	opvs_test_start(&start, dest, CLIENT, port);
	start.word = state;
	start.seconds = seconds;
	return opvs_test_track(on, &start);
}

static struct opvs_conn *track(u16 port, u32 state)
{
	return track_for(port, state, 3600);
}

static bool alive(struct opvs_conn *cp)
{
	return !opvs_conn_dead(cp);
}

static void end(struct kunit *test, struct opvs_conn *cp)
{
	rcu_read_lock();
	KUNIT_EXPECT_TRUE(test, opvs_conn_end(cp));
	rcu_read_unlock();
}

/* ---- exact ---- */

struct which_case {
	const char *name;
	enum opvs_ctr refused;
};

static const struct which_case which_cases[] = {
	{ "everywhere", OPVS_CTR_REFUSED_GLOBAL },
	{ "namespace", OPVS_CTR_REFUSED_NETNS },
	{ "service", OPVS_CTR_REFUSED_SERVICE },
};

static void which_name(const struct which_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(which, which_cases, which_name);

static struct opvs_limit *limit_of(const struct which_case *row)
{
	switch (row->refused) {
	case OPVS_CTR_REFUSED_GLOBAL:
		return &opvs_conns_everywhere;
	case OPVS_CTR_REFUSED_NETNS:
		return &on->conn.limit;
	default:
		return &svc->conns;
	}
}

static void limit_refuses(struct kunit *test)
{
	const struct which_case *row = test->param_value;
	struct opvs_limit *limit = limit_of(row);
	struct opvs_conn *cp[3];
	unsigned int i;

	WRITE_ONCE(limit->max, 3);
	for (i = 0; i < 3; i++) {
		cp[i] = track(i, ASSURED);
		KUNIT_ASSERT_FALSE(test, IS_ERR(cp[i]));
	}
	KUNIT_EXPECT_EQ(test, counted(row->refused), 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(track(3, ASSURED)), -EDQUOT);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(track(4, 0)), -EDQUOT);
	KUNIT_EXPECT_EQ(test, counted(row->refused), 2);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_REFUSED_GLOBAL) +
			counted(OPVS_CTR_REFUSED_NETNS) +
			counted(OPVS_CTR_REFUSED_SERVICE), 2);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_CONN_EVICTED), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&opvs_conns_everywhere.count), 3);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), 3);
	KUNIT_EXPECT_EQ(test, atomic_read(&svc->conns.count), 3);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->conns), 3);

	end(test, cp[1]);
	KUNIT_EXPECT_FALSE(test, IS_ERR(track(3, ASSURED)));
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(track(4, ASSURED)), -EDQUOT);
	/* None at all. */
	WRITE_ONCE(limit->max, 0);
	for (i = 10; i < 100; i++)
		KUNIT_EXPECT_FALSE(test, IS_ERR(track(i, ASSURED)));
}

/* A template is an entry like any other. */
static void limit_counts_templates(struct kunit *test)
{
	struct opvs_conn_start start;

	WRITE_ONCE(on->conn.limit.max, 1);
	opvs_test_start(&start, dest, CLIENT, 0);
	start.tuple.kind = OPVS_TUPLE_TEMPLATE;
	start.flags = IP_VS_CONN_F_TEMPLATE;
	start.word = ASSURED;
	KUNIT_EXPECT_FALSE(test, IS_ERR(opvs_test_track(on, &start)));
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(track(1, ASSURED)), -EDQUOT);
}

/* Entries stay, also those that would make room for a new one. */
static void limit_lowered(struct kunit *test)
{
	const struct which_case *row = test->param_value;
	struct opvs_limit *limit = limit_of(row);
	struct opvs_conn *cp[5];
	unsigned int i;

	for (i = 0; i < 5; i++) {
		cp[i] = track(i, 0);
		KUNIT_ASSERT_FALSE(test, IS_ERR(cp[i]));
	}
	WRITE_ONCE(limit->max, 2);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(track(5, ASSURED)), -EDQUOT);
	KUNIT_EXPECT_EQ(test, atomic_read(&limit->count), 5);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_CONN_EVICTED), 0);
	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_TRUE(test, alive(cp[i]));
}

/* ---- room is made ---- */

/* Expired ones first, and the sweeper need not have come. */
static void limit_reclaims(struct kunit *test)
{
	const struct which_case *row = test->param_value;
	struct opvs_limit *limit = limit_of(row);
	struct opvs_conn *cp[3];
	unsigned int i, round;

	WRITE_ONCE(limit->max, 3);
	for (round = 0; round < 20; round++) {
		for (i = 0; i < 3; i++) {
			cp[i] = track(round * 10 + i, 0);
			KUNIT_ASSERT_FALSE(test, IS_ERR(cp[i]));
		}
		rcu_read_lock();
		for (i = 0; i < 3; i++)
			opvs_conn_expire(cp[i]);
		rcu_read_unlock();
	}
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_CONN_EVICTED), 0);
	KUNIT_EXPECT_EQ(test, counted(row->refused), 0);
}

/* Then the one that is missed least: not assured, and the next to expire. */
static void limit_evicts(struct kunit *test)
{
	struct opvs_conn *assured, *soon, *later;

	WRITE_ONCE(on->conn.limit.max, 3);
	rcu_read_lock();
	assured = track_for(1, ASSURED, 5);
	later = track_for(2, 0, 100);
	soon = track_for(3, 0, 50);
	KUNIT_EXPECT_FALSE(test, IS_ERR(track(4, ASSURED)));
	KUNIT_EXPECT_TRUE(test, alive(assured));
	KUNIT_EXPECT_TRUE(test, alive(later));
	KUNIT_EXPECT_FALSE(test, alive(soon));
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_CONN_EVICTED), 1);

	KUNIT_EXPECT_FALSE(test, IS_ERR(track(5, ASSURED)));
	KUNIT_EXPECT_TRUE(test, alive(assured));
	KUNIT_EXPECT_FALSE(test, alive(later));
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_CONN_EVICTED), 2);

	/* No entry is left that can go. */
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(track(6, 0)), -EDQUOT);
	KUNIT_EXPECT_TRUE(test, alive(assured));
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_CONN_EVICTED), 2);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_REFUSED_NETNS), 1);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), 3);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->conns), 3);
}

/* Once both sides have closed, it is not missed; UDP does not close. */
static void limit_evicts_closing(struct kunit *test)
{
	struct opvs_conn *closing, *udp;
	struct opvs_conn_start start;

	WRITE_ONCE(on->conn.limit.max, 2);
	rcu_read_lock();
	opvs_test_start(&start, dest, CLIENT, 1);
	start.tuple.proto = IPPROTO_UDP;
	start.word = CLOSING;
	start.seconds = 50;
	udp = opvs_test_track(on, &start);
	closing = track_for(2, CLOSING, 100);
	KUNIT_EXPECT_FALSE(test, IS_ERR(track(3, ASSURED)));
	KUNIT_EXPECT_FALSE(test, alive(closing));
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(track(4, ASSURED)), -EDQUOT);
	KUNIT_EXPECT_TRUE(test, alive(udp));
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_CONN_EVICTED), 1);
}

/* Packets of one-packet services keep a template as children would. */
static void limit_spares_calls(struct kunit *test)
{
	struct opvs_conn_start start;
	struct opvs_conn *call, *once;

	WRITE_ONCE(on->conn.limit.max, 2);
	rcu_read_lock();
	opvs_test_start(&start, dest, CLIENT, 0);
	start.tuple.kind = OPVS_TUPLE_TEMPLATE;
	start.flags = IP_VS_CONN_F_TEMPLATE;
	call = opvs_test_track(on, &start);
	atomic_set(&call->in_pkts, 2);
	start.tuple.src.ip = htonl(CLIENT + 1);
	once = opvs_test_track(on, &start);
	atomic_set(&once->in_pkts, 1);
	KUNIT_EXPECT_FALSE(test, IS_ERR(track(3, ASSURED)));
	KUNIT_EXPECT_FALSE(test, alive(once));
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(track(4, ASSURED)), -EDQUOT);
	KUNIT_EXPECT_TRUE(test, alive(call));
	rcu_read_unlock();
}

/* A template goes neither while it has children nor for its own child. */
static void limit_spares_parents(struct kunit *test)
{
	struct opvs_conn_start start;
	struct opvs_conn *tp, *cp;

	WRITE_ONCE(on->conn.limit.max, 2);
	opvs_test_start(&start, dest, CLIENT, 0);
	start.tuple.kind = OPVS_TUPLE_TEMPLATE;
	start.flags = IP_VS_CONN_F_TEMPLATE;
	start.seconds = 10;
	tp = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(tp));
	KUNIT_ASSERT_FALSE(test, IS_ERR(track(1, ASSURED)));

	opvs_test_start(&start, dest, CLIENT, 2);
	start.control = tp;
	cp = opvs_test_track(on, &start);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(cp), -EDQUOT);
	KUNIT_EXPECT_TRUE(test, alive(tp));
	KUNIT_EXPECT_EQ(test, atomic_read(&tp->children), 0);

	WRITE_ONCE(on->conn.limit.max, 3);
	start.word = ASSURED;
	KUNIT_EXPECT_FALSE(test, IS_ERR(opvs_test_track(on, &start)));
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(track(3, 0)), -EDQUOT);
	KUNIT_EXPECT_TRUE(test, alive(tp));
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_CONN_EVICTED), 0);
}

/* Another service's connection makes no room in this one. */
static void limit_service_evicts_nobody(struct kunit *test)
{
	WRITE_ONCE(svc->conns.max, 1);
	KUNIT_ASSERT_FALSE(test, IS_ERR(track(1, 0)));
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(track(2, 0)), -EDQUOT);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_CONN_EVICTED), 0);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_REFUSED_SERVICE), 1);
}

/* No entry has to go if one less is not enough. */
static void limit_nothing_evicts_nobody(struct kunit *test)
{
	struct opvs_conn *cp = track(1, 0);

	KUNIT_ASSERT_FALSE(test, IS_ERR(cp));
	WRITE_ONCE(on->conn.limit.max, OPVS_LIMIT_NOTHING);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(track(2, ASSURED)), -EDQUOT);
	KUNIT_EXPECT_TRUE(test, alive(cp));
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_REFUSED_NETNS), 1);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_CONN_EVICTED), 0);
}

/* A tenant's entries are counted with those of tenants, and so limited. */
static void limit_tenants_apart(struct kunit *test)
{
	struct opvs_conn *cp[3];
	unsigned int i;

	opvs_limit_take(&opvs_conns_everywhere);
	WRITE_ONCE(opvs_conns_everywhere.max, 1);
	on->conn.everywhere = &opvs_conns_tenants;
	for (i = 0; i < 3; i++) {
		cp[i] = track(i, ASSURED);
		KUNIT_EXPECT_FALSE(test, IS_ERR(cp[i]));
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&opvs_conns_everywhere.count), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&opvs_conns_tenants.count), 3);
	opvs_test_end_all(on);
	KUNIT_EXPECT_EQ(test, atomic_read(&opvs_conns_tenants.count), 0);

	on->conn.everywhere = &opvs_conns_everywhere;
	opvs_limit_release(&opvs_conns_everywhere);
}

/* The limit of a service is part of its configuration. */
static void limit_configured(struct kunit *test)
{
	struct opvs_svc_conf conf = svc->conf;
	int err;

	conf.conn_max = 1;
	mutex_lock(&on->cfg_lock);
	err = opvs_svc_edit(svc, &conf, NULL);
	mutex_unlock(&on->cfg_lock);
	KUNIT_ASSERT_EQ(test, err, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(track(1, ASSURED)));
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(track(2, ASSURED)), -EDQUOT);
}

/* ---- thresholds of a server ---- */

static void limit_threshold(struct kunit *test)
{
	struct opvs_conn *cp[4];
	unsigned int i;

	opvs_test_dest_limit(test, dest, 4, 2);
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_TRUE(test, opvs_dest_available(dest));
		cp[i] = track(i, 0);
		KUNIT_ASSERT_FALSE(test, IS_ERR(cp[i]));
	}
	KUNIT_EXPECT_FALSE(test, opvs_dest_available(dest));
	end(test, cp[0]);
	end(test, cp[1]);
	KUNIT_EXPECT_FALSE(test, opvs_dest_available(dest));
	end(test, cp[2]);
	KUNIT_EXPECT_TRUE(test, opvs_dest_available(dest));
	end(test, cp[3]);
}

/* They are there before the threshold is, and count as soon as it is. */
static void limit_threshold_late(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		KUNIT_ASSERT_FALSE(test, IS_ERR(track(i, 0)));
	opvs_test_dest_limit(test, dest, 4, 0);
	KUNIT_EXPECT_FALSE(test, opvs_dest_available(dest));
	opvs_test_dest_limit(test, dest, 5, 0);
	KUNIT_EXPECT_FALSE(test, opvs_dest_available(dest));
	opvs_test_dest_limit(test, dest, 6, 5);
	KUNIT_EXPECT_TRUE(test, opvs_dest_available(dest));
}

static struct kunit_case limit_cases[] = {
	KUNIT_CASE_PARAM(limit_refuses, which_gen_params),
	KUNIT_CASE(limit_counts_templates),
	KUNIT_CASE_PARAM(limit_lowered, which_gen_params),
	KUNIT_CASE_PARAM(limit_reclaims, which_gen_params),
	KUNIT_CASE(limit_evicts),
	KUNIT_CASE(limit_evicts_closing),
	KUNIT_CASE(limit_spares_calls),
	KUNIT_CASE(limit_spares_parents),
	KUNIT_CASE(limit_service_evicts_nobody),
	KUNIT_CASE(limit_nothing_evicts_nobody),
	KUNIT_CASE(limit_tenants_apart),
	KUNIT_CASE(limit_configured),
	KUNIT_CASE(limit_threshold),
	KUNIT_CASE(limit_threshold_late),
	{}
};

static struct kunit_suite limit_suite = {
	.name = "opvs_track_limit",
	.init = limit_init,
	.exit = limit_exit,
	.test_cases = limit_cases,
};

kunit_test_suite(limit_suite);

MODULE_DESCRIPTION("opvs: unit tests of limits on connections");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
