// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of connections that several processors begin, change and end at
 * the same time: each exists once, ends once, and all counts are exact.
 *
 *	service A 192.0.2.1:80 ---+
 *	service B 192.0.2.2:80 ---+--- server 198.51.100.11:8080
 */
#include <opvs/conn.h>

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/proto.h>
#include <opvs/svc.h>
#include <opvs/table.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/string.h>

#include "race_fixture.h"
#include "testlib.h"

#define CLIENT		0xcb007105
#define SERVER		0xc633640b

/* Connections that are tossed about. */
#define TOSSED		8

/* With leak and use-after-free checks a connection takes a millisecond on an
 * emulated processor; and one processor alone has no race to win.
 */
#define FIRSTS_OF_TWO	(num_online_cpus() == 1 ? 5000 : \
			 IS_ENABLED(CONFIG_KASAN) ? 10000 : 100000)
#define ROUNDS		(FIRSTS_OF_TWO / 5)

static struct opvs_net *on;
static struct opvs_dest *dest, *same;
static u64 base[OPVS_CTR_MAX];

/* What each thread got, and how often another one had been faster. */
static struct opvs_conn **got[RACE_THREADS];
static unsigned int raced[RACE_THREADS];
static unsigned int firsts;

static int race_init(struct kunit *test)
{
	int err = opvs_test_net_init(test, &on);
	struct opvs_svc_conf conf;
	unsigned int i;

	if (err)
		return err;
	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	dest = opvs_test_dest(test, opvs_test_svc_as(test, on, &conf), SERVER,
			      8080);
	conf.key.addr.ip = htonl(0xc0000202);
	same = opvs_test_dest(test, opvs_test_svc_as(test, on, &conf), SERVER,
			      8080);
	for (i = 1; i < OPVS_CTR_MAX; i++)
		base[i] = opvs_counter_read(on, i);
	memset(raced, 0, sizeof(raced));
	return 0;
}

static void race_exit(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < RACE_THREADS; i++) {
		kvfree(got[i]);
		got[i] = NULL;
	}
	opvs_test_net_exit(test, on);
}

static u64 counted(enum opvs_ctr ctr)
{
	return opvs_counter_read(on, ctr) - base[ctr];
}

static void expect_nothing_left(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->conns), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->active), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->persist), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->svc->conns.count), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.table.nelems), 0);
}

static struct opvs_conn_node *find(const struct opvs_tuple *tuple)
{
	struct opvs_table_key key = { .tuple = *tuple, .now = jiffies };

	return opvs_table_find(on, &key);
}

/* ---- the same first packets ---- */

static struct opvs_conn_node *seen_reply(struct opvs_conn_node *node)
{
	return find(&opvs_conn_of(node)->reply.tuple);
}

/* A packet that finds a connection can be answered. */
static void look_ahead(struct race *race, unsigned int i)
{
	struct opvs_conn_start start;
	struct opvs_conn_node *node;

	opvs_test_start(&start, dest, CLIENT + i / 50000, i % 50000);
	rcu_read_lock();
	node = find(&start.tuple);
	race_expect(race, !node ||
		    (node->tuple.kind == OPVS_TUPLE_REQUEST &&
		     seen_reply(node) == &opvs_conn_of(node)->reply));
	rcu_read_unlock();
}

/* All threads begin the same connections one after the other.  The first has
 * more to do at each than the others, so they meet all the time.
 */
static void first_packets(struct race *race, unsigned int id,
			  unsigned int round)
{
	struct opvs_conn_start start;
	unsigned int i;
	bool late;

	for (i = 0; i < firsts; i++) {
		opvs_test_start(&start, dest, CLIENT + i / 50000, i % 50000);
		start.word = OPVS_CONN_ACTIVE;
		got[id][i] = opvs_test_begin(on, &start, &late);
		race_expect(race, !IS_ERR(got[id][i]));
		raced[id] += late;
		look_ahead(race, i + 1);
		if (!(i % 64))
			cond_resched();
	}
}

static void expect_first(struct kunit *test, unsigned int threads,
			 unsigned int count)
{
	struct race race = {
		.threads = threads,
		.rounds = 1,
		.run = first_packets,
	};
	unsigned int i, j, different = 0, losers = 0;

	firsts = count;
	for (i = 0; i < threads; i++) {
		got[i] = kvcalloc(count, sizeof(*got[i]), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, got[i]);
	}
	race_run(test, &race);
	for (i = 0; i < threads; i++) {
		losers += raced[i];
		for (j = 0; j < count; j++)
			different += got[i][j] != got[0][j];
		kunit_info(test, "thread %u was late for %u of %u", i, raced[i],
			   count);
	}
	KUNIT_EXPECT_EQ(test, different, 0);
	KUNIT_EXPECT_EQ(test, losers, count * (threads - 1));
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_CONN_CREATED), count);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_CONN_RACED), losers);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.table.nelems), 2 * count);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->conns), count);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->active), count);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->svc->conns.count), count);
	opvs_test_end_all(on);
	expect_nothing_left(test);
}

static void race_first_of_two(struct kunit *test)
{
	expect_first(test, 2, FIRSTS_OF_TWO);
}

static void race_first_of_four(struct kunit *test)
{
	expect_first(test, 4, ROUNDS);
}

/* ---- refused because of its replies, and seen by them all the same ---- */

static struct opvs_conn_start reverse;

/* What a packet would do with it. */
static void look_for(const struct opvs_tuple *tuple)
{
	struct opvs_conn_node *node;

	rcu_read_lock();
	node = find(tuple);
	if (node)
		opvs_expire_refresh(&on->conn.expire, &opvs_conn_of(node)->expiring,
				    jiffies, 100 * HZ);
	rcu_read_unlock();
}

/* The request of @reverse looks like a reply of the connection that is there;
 * its own reply's node can be found for a moment.
 */
static void refused(struct race *race, unsigned int id, unsigned int round)
{
	const struct opvs_tuple reply = {
		.sport	= htons(8080),
		.dport	= reverse.tuple.sport,
		.family	= NFPROTO_IPV4,
		.proto	= IPPROTO_TCP,
		.src.ip	= htonl(SERVER),
		.dst	= reverse.tuple.src,
	};
	struct opvs_conn_start start;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		if (!(i % 64))
			cond_resched();
		if (id) {
			look_for(&reply);
			continue;
		}
		start = reverse;
		race_expect(race, PTR_ERR_OR_ZERO(opvs_test_track(on, &start)) ==
			    -EADDRINUSE);
	}
}

static void race_refused(struct kunit *test)
{
	struct race race = {
		.threads = 2,
		.rounds = 1,
		.run = refused,
	};
	struct opvs_conn_start start;
	struct opvs_conn *cp;

	opvs_test_start(&start, dest, CLIENT, 1);
	cp = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cp));
	reverse = start;
	reverse.dest = same;
	reverse.tuple = cp->reply.tuple;
	reverse.tuple.kind = OPVS_TUPLE_REQUEST;
	race_run(test, &race);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.table.nelems), 2);
	KUNIT_EXPECT_EQ(test, atomic_read(&same->conns), 0);
	opvs_test_end_all(on);
	expect_nothing_left(test);
}

/* ---- each in the way of the other ---- */

static unsigned int gave_up[RACE_THREADS];

static bool always(const struct opvs_conn_start *start,
		   const struct opvs_conn *old)
{
	return true;
}

/* The same few client ports, by one virtual address or the other, always to the
 * same server.  A thread that finds an entry uses it, ended or not.
 */
static void displace(struct race *race, unsigned int id, unsigned int round)
{
	struct opvs_conn_start start;
	struct opvs_conn *cp;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		if (!(i % 64))
			cond_resched();
		opvs_test_start(&start, id % 2 ? dest : same, CLIENT,
				i / 16 % TOSSED);
		start.yields = always;
		start.word = OPVS_CONN_ACTIVE;
		local_bh_disable();
		rcu_read_lock();
		cp = opvs_conn_begin(on, &start, NULL);
		race_expect(race, !IS_ERR(cp) || cp == ERR_PTR(-EADDRINUSE));
		if (IS_ERR(cp))
			gave_up[id]++;
		else
			opvs_expire_refresh(&on->conn.expire, &cp->expiring, jiffies,
					    100 * HZ);
		rcu_read_unlock();
		local_bh_enable();
	}
}

static void race_displaced(struct kunit *test)
{
	struct race race = {
		.threads = RACE_THREADS,
		.rounds = 1,
		.run = displace,
	};
	unsigned int i;

	memset(gave_up, 0, sizeof(gave_up));
	race_run(test, &race);
	for (i = 0; i < RACE_THREADS; i++)
		kunit_info(test, "thread %u gave up %u of %u", i, gave_up[i],
			   ROUNDS);
	/* One for each client port, whichever way it came last. */
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), TOSSED);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.table.nelems), 2 * TOSSED);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_CONN_CREATED),
			counted(OPVS_CTR_CONN_ENDED) + TOSSED);
	opvs_test_end_all(on);
	expect_nothing_left(test);
	KUNIT_EXPECT_EQ(test, atomic_read(&same->conns), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&same->active), 0);
}

/* ---- everything at once ---- */

static u32 toss(unsigned int id, unsigned int round)
{
	return (round * 2654435761u ^ id * 40503u) >> 7;
}

static void change_state(struct opvs_conn *cp)
{
	u32 seen = READ_ONCE(cp->word);

	do {
		if (seen & OPVS_CONN_ENDED)
			return;
	} while (!opvs_conn_set_word(cp, &seen, seen ^ OPVS_CONN_ACTIVE));
}

/* One of a few connections begins, changes, is refreshed, expires or ends; half
 * of them have a template for a parent, which does the same.
 */
static void any_one(struct race *race, u32 dice)
{
	u32 which = dice % TOSSED;
	struct opvs_conn_start start;
	struct opvs_conn *cp, *tp;

	local_bh_disable();
	rcu_read_lock();
	opvs_test_start(&start, dest, CLIENT, 0);
	start.tuple.kind = OPVS_TUPLE_TEMPLATE;
	start.flags = IP_VS_CONN_F_TEMPLATE;
	tp = opvs_conn_begin(on, &start, NULL);

	opvs_test_start(&start, dest, CLIENT, 1 + which);
	start.word = dice & 64 ? OPVS_CONN_ACTIVE : 0;
	start.control = which % 2 && !IS_ERR(tp) ? tp : NULL;
	cp = opvs_conn_begin(on, &start, NULL);
	/* Expired ones stay in the chain of their tuple until the sweeper comes;
	 * where it does not, the table refuses more of them.
	 */
	race_expect(race, !IS_ERR(cp) || PTR_ERR(cp) == -ESTALE ||
		    PTR_ERR(cp) == -EBUSY);
	if (IS_ERR(cp))
		cp = tp;
	switch (IS_ERR(cp) ? 7 : dice / TOSSED % 8) {
	case 0:
		opvs_conn_end(cp);
		break;
	case 1:
		opvs_conn_expire(cp);
		break;
	case 2:
		opvs_conn_expire(tp);
		break;
	case 3:
		opvs_expire_refresh(&on->conn.expire, &cp->expiring, jiffies,
				    (1 + dice % 100) * HZ);
		break;
	case 4:
		opvs_expire_reclaim(&on->conn.expire, jiffies, 4);
		break;
	default:
		if (!opvs_conn_is_template(cp))
			change_state(cp);
		break;
	}
	rcu_read_unlock();
	local_bh_enable();
}

static void anything(struct race *race, unsigned int id, unsigned int round)
{
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		any_one(race, toss(id, i));
		if (!(i % 64))
			cond_resched();
	}
}

static void race_anything(struct kunit *test)
{
	struct race race = {
		.threads = RACE_THREADS,
		.rounds = 1,
		.run = anything,
	};

	race_run(test, &race);
	opvs_test_end_all(on);
	KUNIT_EXPECT_TRUE(test, opvs_test_conns(on, 0));
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_CONN_CREATED),
			counted(OPVS_CTR_CONN_ENDED));
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_TEMPLATE_CREATED),
			counted(OPVS_CTR_TEMPLATE_ENDED));
	expect_nothing_left(test);
}

static struct kunit_case race_cases[] = {
	KUNIT_CASE(race_first_of_two),
	KUNIT_CASE(race_first_of_four),
	KUNIT_CASE(race_refused),
	KUNIT_CASE(race_displaced),
	KUNIT_CASE(race_anything),
	{}
};

static struct kunit_suite race_suite = {
	.name = "opvs_track_race",
	.init = race_init,
	.exit = race_exit,
	.test_cases = race_cases,
};

kunit_test_suite(race_suite);

MODULE_DESCRIPTION("opvs: unit tests of races between connections");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
