// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of a server's overload while connections come and go on several
 * CPUs: the last decision is right.
 *
 *	client 203.0.113.5 --- service 192.0.2.1:80 --- server 198.51.100.11:8080
 */
#include <opvs/dest.h>

#include <opvs/conn.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/svc.h>

#include <kunit/test.h>

#include <linux/in.h>
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "race_fixture.h"
#include "testlib.h"

#define CLIENT		0xcb007105
#define SERVER		0xc633640b

static struct opvs_net *on;
static struct opvs_dest *dest;
static struct opvs_conn *racing[RACE_THREADS];

static int overload_init(struct kunit *test)
{
	int err = opvs_test_net_init(test, &on);
	struct opvs_svc_conf conf;

	if (err)
		return err;
	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	dest = opvs_test_dest(test, opvs_test_svc_as(test, on, &conf), SERVER,
			      8080);
	return 0;
}

static void overload_exit(struct kunit *test)
{
	opvs_test_net_exit(test, on);
}

static bool overloaded(void)
{
	return READ_ONCE(dest->overloaded);
}

static struct opvs_conn *begin(u16 port)
{
	struct opvs_conn_start start;

	opvs_test_start(&start, dest, CLIENT, port);
	return opvs_test_track(on, &start);
}

static bool end(struct opvs_conn *cp)
{
	bool ended;

	rcu_read_lock();
	ended = opvs_conn_end(cp);
	rcu_read_unlock();
	return ended;
}

/* In every other round all begin a connection, and end it in the next one. */
static void race_come_and_go(struct race *race, unsigned int id,
			     unsigned int round)
{
	if (round % 2) {
		race_expect(race, end(racing[id]));
		return;
	}
	racing[id] = begin(id + 1);
	race_expect(race, !IS_ERR(racing[id]));
}

static void judge_come_and_go(struct race *race, unsigned int round)
{
	bool all = !(round % 2);

	race_expect(race, atomic_read(&dest->conns) ==
			  (all ? RACE_THREADS : 0));
	race_expect(race, overloaded() == all);
}

/* One threshold and the other are a connection apart: each decides anew. */
static void overload_last_word(struct kunit *test)
{
	struct race race = {
		.threads = RACE_THREADS,
		.rounds = RACE_ROUNDS,
		.run = race_come_and_go,
		.judge = judge_come_and_go,
	};

	opvs_test_dest_limit(test, dest, 2, 2);
	race_run(test, &race);
	KUNIT_EXPECT_FALSE(test, overloaded());
}

/* Each comes and goes by itself, across the one threshold. */
static void race_around(struct race *race, unsigned int id, unsigned int round)
{
	struct opvs_conn *cp;
	unsigned int i;

	for (i = 0; i < 8; i++) {
		cp = begin(id + 1);
		race_expect(race, !IS_ERR(cp) && end(cp));
	}
}

static void judge_around(struct race *race, unsigned int round)
{
	race_expect(race, atomic_read(&dest->conns) == 0);
	race_expect(race, !overloaded());
}

static void overload_around(struct kunit *test)
{
	struct race race = {
		.threads = RACE_THREADS,
		.rounds = RACE_ROUNDS / 8,
		.run = race_around,
		.judge = judge_around,
	};

	opvs_test_dest_limit(test, dest, 1, 1);
	race_run(test, &race);
}

/* Thresholds that change while nothing else does. */
static void overload_edited(struct kunit *test)
{
	struct opvs_conn *cp[4];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cp); i++) {
		cp[i] = begin(i + 1);
		KUNIT_ASSERT_FALSE(test, IS_ERR(cp[i]));
	}
	KUNIT_EXPECT_FALSE(test, overloaded());
	opvs_test_dest_limit(test, dest, 4, 2);
	KUNIT_EXPECT_TRUE(test, overloaded());
	KUNIT_EXPECT_TRUE(test, end(cp[0]));
	KUNIT_EXPECT_TRUE(test, end(cp[1]));
	/* Two is not below two. */
	KUNIT_EXPECT_TRUE(test, overloaded());
	opvs_test_dest_limit(test, dest, 4, 3);
	KUNIT_EXPECT_FALSE(test, overloaded());
	opvs_test_dest_limit(test, dest, 2, 1);
	KUNIT_EXPECT_TRUE(test, overloaded());
	opvs_test_dest_limit(test, dest, 0, 0);
	KUNIT_EXPECT_FALSE(test, overloaded());
}

static struct kunit_case overload_cases[] = {
	KUNIT_CASE(overload_last_word),
	KUNIT_CASE(overload_around),
	KUNIT_CASE(overload_edited),
	{}
};

static struct kunit_suite overload_suite = {
	.name = "opvs_overload",
	.init = overload_init,
	.exit = overload_exit,
	.test_cases = overload_cases,
};

kunit_test_suite(overload_suite);

MODULE_DESCRIPTION("opvs: unit tests of a server's overload");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
