// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests at size: table, expiry and sweeper together, by the real clock,
 * with a million connections; with sanitizers some ten thousand.
 *
 *	clients 10.0.0.0/8 --- service 192.0.2.1:80 --- server 198.51.100.11:80
 */
#include <opvs/conn.h>

#include <opvs/dest.h>
#include <opvs/expire.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/svc.h>
#include <opvs/table.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/delay.h>
#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/vmstat.h>

#include "lateness.h"
#include "testlib.h"

#define SCALE_CONNS	(IS_ENABLED(CONFIG_KASAN) ? 30000 : 1000000)
#define SCALE_PORTS	(IS_ENABLED(CONFIG_KASAN) ? 10000 : 65535)

#define CLIENT		0x0a000000
#define SERVER		0xc633640b

/* Behind its expiry a connection may be reclaimed by so much. */
#define LATE_MS		1500

/* Bytes a connection that may stay behind in half-empty slabs. */
#define LEFT_BEHIND	32

static struct opvs_net *on;
static struct opvs_svc *svc;
static struct opvs_dest *dest;

static int scale_init(struct kunit *test)
{
	struct opvs_svc_conf conf;
	int err = opvs_test_net_init(test, &on);

	if (err)
		return err;
	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	svc = opvs_test_svc_as(test, on, &conf);
	dest = opvs_test_dest(test, svc, SERVER, 80);
	WRITE_ONCE(on->conn.expire.stats.max_late_ms, 0);
	opvs_lateness_start();
	return 0;
}

static void scale_exit(struct kunit *test)
{
	opvs_lateness_stop();
	opvs_test_net_exit(test, on);
}

/* LATE_MS on a machine that is never late itself. */
static unsigned int scale_late_ms(void)
{
	return LATE_MS + jiffies_to_msecs(opvs_lateness());
}

/* Client number @i begins a connection; true if it could. */
static bool scale_track(u32 i, u32 seconds)
{
	struct opvs_conn_start start;
	struct opvs_conn *cp;

	opvs_test_start(&start, dest, CLIENT + i, 1024 + i % 50000);
	start.seconds = seconds;
	cp = opvs_test_track(on, &start);
	if (i % 64 == 0)
		cond_resched();
	return !IS_ERR(cp);
}

/* Waits until so many are left; returns how long that took, in ms. */
static unsigned int scale_wait(u32 left)
{
	unsigned long start = jiffies, end = start + 20 * HZ;

	while (atomic_read(&on->conn.limit.count) > left &&
	       time_before(jiffies, end))
		msleep(20);
	return jiffies_to_msecs(jiffies - start);
}

/* Not what is free: each CPU keeps pages for itself, an eighth of all on newer
 * kernels.
 */
static long scale_memory(void)
{
	return global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B);
}

static bool scale_memory_back(long before)
{
	unsigned long end = jiffies + 20 * HZ;
	long missing;

	/* Sanitizers keep what is freed. */
	if (IS_ENABLED(CONFIG_KASAN))
		return true;
	do {
		rcu_barrier();
		missing = (scale_memory() - before) * (long)PAGE_SIZE;
		if (missing < (long)SCALE_CONNS * LEFT_BEHIND)
			return true;
		msleep(100);
	} while (time_before(jiffies, end));
	return false;
}

/* One for an hour, and then all the others for a second. */
static void scale_behind_a_long_one(struct kunit *test)
{
	long memory = scale_memory();
	unsigned int failed, took, ms;
	unsigned long start;
	u32 i;

	failed = !scale_track(0, 3600);
	start = jiffies;
	for (i = 1; i <= SCALE_CONNS; i++)
		failed += !scale_track(i, 1);
	took = jiffies_to_msecs(jiffies - start);
	KUNIT_EXPECT_EQ(test, failed, 0);
	ms = scale_wait(1);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), 1);
	KUNIT_EXPECT_LE(test, ms, 1000 + scale_late_ms());
	KUNIT_EXPECT_LE(test, READ_ONCE(on->conn.expire.stats.max_late_ms),
			scale_late_ms());
	KUNIT_EXPECT_TRUE(test, scale_memory_back(memory));
	kunit_info(test, "%u in %u ms, last gone %u ms later, late by %llu ms",
		   SCALE_CONNS, took, ms,
		   READ_ONCE(on->conn.expire.stats.max_late_ms));
}

/* Gives a connection another second from now on. */
static bool scale_shorten(u32 i)
{
	struct opvs_table_key key = { .now = jiffies };
	struct opvs_conn_start start;
	struct opvs_conn_node *node;
	struct opvs_conn *cp;
	bool done = false;

	opvs_test_start(&start, dest, CLIENT + i, 1024 + i % 50000);
	key.tuple = start.tuple;
	rcu_read_lock();
	node = opvs_table_find(on, &key);
	if (node) {
		cp = opvs_conn_of(node);
		done = opvs_expire_refresh(&on->conn.expire, &cp->expiring, key.now,
					   HZ);
	}
	rcu_read_unlock();
	return done;
}

/* Timeouts in random order, some shortened from an hour to a second. */
static void scale_mixed(struct kunit *test)
{
	unsigned int failed = 0, stay = 0, ms;
	struct rnd_state rnd;
	u32 i, dice;

	prandom_seed_state(&rnd, 20261122);
	for (i = 0; i < SCALE_CONNS / 2; i++) {
		dice = prandom_u32_state(&rnd) % 10;
		stay += !dice;
		failed += !scale_track(i, dice < 2 ? 3600 : 1 + dice % 3);
		if (dice == 1)
			failed += !scale_shorten(i);
	}
	KUNIT_EXPECT_EQ(test, failed, 0);
	ms = scale_wait(stay);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), stay);
	KUNIT_EXPECT_LE(test, ms, 3000 + scale_late_ms());
	KUNIT_EXPECT_LE(test, READ_ONCE(on->conn.expire.stats.max_late_ms),
			scale_late_ms());
}

/* Packet number @i of many clients, or of one that asks for all ports. */
static void scale_tuple(struct opvs_conn_start *start, bool one, u32 i)
{
	opvs_test_start(start, dest, CLIENT + (one ? 0 : i), 40000);
	start->tuple.dport = htons(one ? i + 1 : 80);
}

/* While the table is growing, lookups look into two. */
static bool scale_settled(void)
{
	unsigned long end = jiffies + 20 * HZ;
	struct bucket_table *tbl;
	bool growing;

	do {
		msleep(20);
		rcu_read_lock();
		tbl = rcu_dereference(on->conn.table.tbl);
		growing = rcu_access_pointer(tbl->future_tbl);
		rcu_read_unlock();
	} while (growing && time_before(jiffies, end));
	return !growing;
}

/* The shortest of some rounds of looking all up, in ns for each. */
static u64 scale_lookup_ns(struct kunit *test, bool one)
{
	struct opvs_table_key key = { .now = jiffies };
	struct opvs_conn_start start;
	unsigned int round, missed = 0;
	u64 best = U64_MAX, began;
	u32 i;

	for (round = 0; round < 10; round++) {
		began = ktime_get_ns();
		for (i = 0; i < SCALE_PORTS; i++) {
			scale_tuple(&start, one, i);
			key.tuple = start.tuple;
			rcu_read_lock();
			missed += !opvs_table_find(on, &key);
			rcu_read_unlock();
		}
		best = min(best, ktime_get_ns() - began);
		cond_resched();
	}
	KUNIT_EXPECT_EQ(test, missed, 0);
	return best / SCALE_PORTS;
}

static u64 scale_lookups(struct kunit *test, bool one)
{
	struct opvs_conn_start start;
	unsigned int failed = 0;
	u64 ns;
	u32 i;

	for (i = 0; i < SCALE_PORTS; i++) {
		scale_tuple(&start, one, i);
		failed += IS_ERR(opvs_test_track(on, &start));
	}
	KUNIT_EXPECT_EQ(test, failed, 0);
	KUNIT_EXPECT_TRUE(test, scale_settled());
	ns = scale_lookup_ns(test, one);
	opvs_test_end_all(on);
	return ns;
}

/* A client port that goes for all ports slows nothing down.  If its entries were
 * in one chain, each lookup would take a thousand times as long; a neighbour who
 * takes the caches makes it a few times.
 */
static void scale_one_client_port(struct kunit *test)
{
	struct opvs_svc_conf conf;
	u64 many, one;

	/* Servers of a service for all ports are asked at the port itself. */
	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	conf.key.port = 0;
	conf.flags = IP_VS_SVC_F_PERSISTENT;
	conf.timeout = 300;
	svc = opvs_test_svc_as(test, on, &conf);
	dest = opvs_test_dest(test, svc, SERVER, 0);
	many = scale_lookups(test, false);
	one = scale_lookups(test, true);
	kunit_info(test, "%llu ns with %u clients, %llu ns with one", many,
		   SCALE_PORTS, one);
	KUNIT_EXPECT_LE(test, one, 100 * many);
}

static struct kunit_case scale_test_cases[] = {
	KUNIT_CASE(scale_behind_a_long_one),
	KUNIT_CASE(scale_mixed),
	KUNIT_CASE(scale_one_client_port),
	{}
};

static struct kunit_suite scale_suite = {
	.name = "opvs_scale",
	.init = scale_init,
	.exit = scale_exit,
	.test_cases = scale_test_cases,
};

kunit_test_suite(scale_suite);

MODULE_DESCRIPTION("opvs: unit tests at size");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
