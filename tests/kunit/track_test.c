// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of tracked connections and templates: how they begin, what they
 * count, how they end, and what their state word says.
 *
 *	client 203.0.113.5 --- service 192.0.2.1:80 --- server 198.51.100.11:8080
 */
#include <opvs/conn.h>

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/share.h>
#include <opvs/path.h>
#include <opvs/proto.h>
#include <opvs/svc.h>
#include <opvs/table.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/delay.h>
#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/string.h>

#include "testlib.h"

#define CLIENT		0xcb007105
#define SERVER		0xc633640b
#define DEADLINE	(20 * HZ)

static struct opvs_net *on;
static struct opvs_svc *svc;
static struct opvs_dest *dest;
static u64 base[OPVS_CTR_MAX];

static int track_init(struct kunit *test)
{
	int err = opvs_test_net_init(test, &on);
	struct opvs_svc_conf conf;
	unsigned int i;

	if (err)
		return err;
	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	svc = opvs_test_svc_as(test, on, &conf);
	dest = opvs_test_dest(test, svc, SERVER, 8080);
	for (i = 1; i < OPVS_CTR_MAX; i++)
		base[i] = opvs_counter_read(on, i);
	return 0;
}

static void track_exit(struct kunit *test)
{
	opvs_test_net_exit(test, on);
}

/* Events since the test began. */
static u64 counted(enum opvs_ctr ctr)
{
	return opvs_counter_read(on, ctr) - base[ctr];
}

static struct opvs_conn *track(struct kunit *test, u16 port, u32 state)
{
	struct opvs_conn_start start;
	struct opvs_conn *cp;

	opvs_test_start(&start, dest, CLIENT, port);
	start.word = state;
	cp = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cp));
	return cp;
}

static struct opvs_conn *template(struct kunit *test, u32 seconds)
{
	struct opvs_conn_start start;
	struct opvs_conn *tp;

	opvs_test_start(&start, dest, CLIENT, 0);
	start.tuple.kind = OPVS_TUPLE_TEMPLATE;
	start.flags = IP_VS_CONN_F_TEMPLATE;
	start.seconds = seconds;
	tp = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(tp));
	return tp;
}

static struct opvs_conn *child(struct kunit *test, struct opvs_conn *tp,
			       u16 port)
{
	struct opvs_conn_start start;
	struct opvs_conn *cp;

	opvs_test_start(&start, dest, CLIENT, port);
	start.control = tp;
	cp = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cp));
	return cp;
}

static bool end(struct opvs_conn *cp)
{
	bool ended;

	rcu_read_lock();
	ended = opvs_conn_end(cp);
	rcu_read_unlock();
	return ended;
}

static bool expire(struct opvs_conn *cp)
{
	bool expired;

	rcu_read_lock();
	expired = opvs_conn_expire(cp);
	rcu_read_unlock();
	return expired;
}

static bool refresh(struct opvs_conn *cp, u32 seconds)
{
	return opvs_expire_refresh(&on->conn.expire, &cp->expiring, jiffies,
				   seconds * HZ);
}

static struct opvs_conn_node *find(const struct opvs_tuple *tuple)
{
	struct opvs_table_key key = { .tuple = *tuple, .now = jiffies };
	struct opvs_conn_node *node;

	rcu_read_lock();
	node = opvs_table_find(on, &key);
	rcu_read_unlock();
	return node;
}

static void expect_counts(struct kunit *test, int conns, int active,
			  int templates)
{
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->conns), conns);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->active), active);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->persist), templates);
	KUNIT_EXPECT_EQ(test, atomic_read(&svc->conns.count),
			conns + templates);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), conns + templates);
	KUNIT_EXPECT_EQ(test, atomic_read(&opvs_conns_everywhere.count),
			conns + templates);
}

/* ---- beginning ---- */

static void track_filled(struct kunit *test)
{
	struct opvs_conn *cp = track(test, 40000, OPVS_TCP_S_SYN_RECV);

	KUNIT_EXPECT_PTR_EQ(test, cp->on, on);
	KUNIT_EXPECT_PTR_EQ(test, cp->dest, dest);
	KUNIT_EXPECT_NULL(test, cp->control);
	KUNIT_EXPECT_NULL(test, cp->ext);
	KUNIT_EXPECT_EQ(test, cp->flags,
			IP_VS_CONN_F_MASQ | OPVS_CONN_F_REWRITES);
	KUNIT_EXPECT_EQ(test, cp->word, OPVS_TCP_S_SYN_RECV);
	KUNIT_EXPECT_EQ(test, refcount_read(&cp->ref), 1);
	KUNIT_EXPECT_EQ(test, ntohl(cp->reply.tuple.src.ip), SERVER);
	KUNIT_EXPECT_EQ(test, ntohs(cp->reply.tuple.sport), 8080);
	KUNIT_EXPECT_EQ(test, ntohl(cp->reply.tuple.dst.ip), CLIENT);
	KUNIT_EXPECT_EQ(test, ntohs(cp->reply.tuple.dport), 40000);
	KUNIT_EXPECT_PTR_EQ(test, find(&cp->request.tuple), &cp->request);
	KUNIT_EXPECT_PTR_EQ(test, find(&cp->reply.tuple), &cp->reply);
	KUNIT_EXPECT_GE(test, opvs_conn_seconds_left(cp), 3598);
	KUNIT_EXPECT_LE(test, opvs_conn_seconds_left(cp), 3600);
}

/* A server for all ports gets packets at the port that the client asked. */
static void track_port_zero(struct kunit *test)
{
	struct opvs_conn_start start;
	struct opvs_svc_conf conf;
	struct opvs_svc *wild;
	struct opvs_conn *cp;

	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	conf.key.port = 0;
	wild = opvs_test_svc_as(test, on, &conf);
	opvs_test_start(&start, opvs_test_dest(test, wild, SERVER, 0), CLIENT,
			40000);
	start.tuple.dport = htons(8443);
	cp = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cp));
	KUNIT_EXPECT_EQ(test, ntohs(cp->reply.tuple.sport), 8443);
	KUNIT_EXPECT_PTR_EQ(test, find(&cp->reply.tuple), &cp->reply);
}

static void track_counts(struct kunit *test)
{
	struct opvs_conn *a, *b, *tp;

	a = track(test, 1, OPVS_CONN_ACTIVE | OPVS_TCP_S_ESTABLISHED);
	expect_counts(test, 1, 1, 0);
	b = track(test, 2, OPVS_TCP_S_TIME_WAIT);
	expect_counts(test, 2, 1, 0);
	tp = template(test, 300);
	expect_counts(test, 2, 1, 1);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_CONN_CREATED), 2);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_TEMPLATE_CREATED), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.udp), 0);

	KUNIT_EXPECT_TRUE(test, end(a));
	expect_counts(test, 1, 0, 1);
	KUNIT_EXPECT_TRUE(test, end(tp));
	expect_counts(test, 1, 0, 0);
	KUNIT_EXPECT_TRUE(test, end(b));
	expect_counts(test, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_CONN_ENDED), 2);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_TEMPLATE_ENDED), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.table.nelems), 0);
}

static void track_counts_udp(struct kunit *test)
{
	struct opvs_conn_start start;
	struct opvs_svc_conf conf;
	struct opvs_conn *cp;

	opvs_test_svc_conf(&conf, IPPROTO_UDP);
	svc = opvs_test_svc_as(test, on, &conf);
	dest = opvs_test_dest(test, svc, SERVER, 8080);
	opvs_test_start(&start, dest, CLIENT, 1);
	cp = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cp));
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.udp), 1);
	KUNIT_EXPECT_TRUE(test, end(cp));
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.udp), 0);
}

static void track_twice(struct kunit *test)
{
	struct opvs_conn_start start;
	struct opvs_conn *cp;
	bool raced;

	cp = track(test, 1, OPVS_CONN_ACTIVE);
	opvs_test_start(&start, dest, CLIENT, 1);
	start.word = OPVS_CONN_ACTIVE;
	KUNIT_EXPECT_PTR_EQ(test, opvs_test_begin(on, &start, &raced), cp);
	KUNIT_EXPECT_TRUE(test, raced);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_CONN_RACED), 1);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_CONN_CREATED), 1);
	expect_counts(test, 1, 1, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.table.nelems), 2);
}

static void track_reply_clash(struct kunit *test)
{
	struct opvs_svc_conf conf;
	struct opvs_conn_start start;
	struct opvs_svc *other;
	struct opvs_dest *same;
	struct opvs_conn *cp;
	bool raced;

	track(test, 1, OPVS_CONN_ACTIVE);
	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	conf.key.addr.ip = htonl(0xc0000202);
	other = opvs_test_svc_as(test, on, &conf);
	same = opvs_test_dest(test, other, SERVER, 8080);
	opvs_test_start(&start, same, CLIENT, 1);
	cp = opvs_test_begin(on, &start, &raced);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(cp), -EADDRINUSE);
	KUNIT_EXPECT_FALSE(test, raced);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_CONN_RACED), 0);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_CONN_CREATED), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&same->conns), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&other->conns.count), 0);
	expect_counts(test, 1, 1, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.table.nelems), 2);
}

static unsigned int asked;
static bool answer;

static bool ask(const struct opvs_conn_start *start,
		const struct opvs_conn *old)
{
	asked++;
	return answer;
}

/* What is in the way is asked to yield, and ends if it does. */
static void track_reply_yields(struct kunit *test)
{
	struct opvs_svc_conf conf;
	struct opvs_conn_start start;
	struct opvs_conn *old, *cp;
	struct opvs_dest *same;
	bool raced;

	old = track(test, 1, OPVS_CONN_ACTIVE);
	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	conf.key.addr.ip = htonl(0xc0000202);
	same = opvs_test_dest(test, opvs_test_svc_as(test, on, &conf), SERVER,
			      8080);
	opvs_test_start(&start, same, CLIENT, 1);
	start.yields = ask;
	asked = 0;
	answer = false;
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(opvs_test_track(on, &start)),
			-EADDRINUSE);
	KUNIT_EXPECT_EQ(test, asked, 1);
	KUNIT_EXPECT_PTR_EQ(test, find(&old->reply.tuple), &old->reply);
	answer = true;
	cp = opvs_test_begin(on, &start, &raced);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cp));
	KUNIT_EXPECT_EQ(test, asked, 2);
	KUNIT_EXPECT_FALSE(test, raced);
	KUNIT_EXPECT_PTR_EQ(test, find(&cp->reply.tuple), &cp->reply);
	KUNIT_EXPECT_PTR_EQ(test, find(&cp->request.tuple), &cp->request);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->conns), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->active), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&same->conns), 1);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_CONN_CREATED), 2);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_CONN_ENDED), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.table.nelems), 2);
}

/* ---- ending ---- */

static void track_ends_once(struct kunit *test)
{
	struct opvs_conn *cp = track(test, 1, OPVS_CONN_ACTIVE);

	rcu_read_lock();
	KUNIT_EXPECT_TRUE(test, opvs_conn_end(cp));
	KUNIT_EXPECT_TRUE(test, cp->word & OPVS_CONN_ENDED);
	KUNIT_EXPECT_FALSE(test, opvs_conn_end(cp));
	KUNIT_EXPECT_FALSE(test, opvs_conn_expire(cp));
	KUNIT_EXPECT_FALSE(test, refresh(cp, 100));
	rcu_read_unlock();
	expect_counts(test, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_CONN_ENDED), 1);
}

/* No packet sees it any more; the sweeper does the rest, and soon. */
static void track_expires(struct kunit *test)
{
	struct opvs_conn *cp = track(test, 1, OPVS_CONN_ACTIVE);
	const struct opvs_tuple request = cp->request.tuple;
	const struct opvs_tuple reply = cp->reply.tuple;
	unsigned long start = jiffies;

	rcu_read_lock();
	KUNIT_EXPECT_TRUE(test, opvs_conn_expire(cp));
	KUNIT_EXPECT_TRUE(test, opvs_conn_dead(cp));
	KUNIT_EXPECT_FALSE(test, opvs_conn_expire(cp));
	KUNIT_EXPECT_FALSE(test, refresh(cp, 3600));
	rcu_read_unlock();
	KUNIT_EXPECT_NULL(test, find(&request));
	KUNIT_EXPECT_NULL(test, find(&reply));
	KUNIT_EXPECT_TRUE(test, opvs_test_conns(on, 0));
	KUNIT_EXPECT_LE(test, jiffies - start, 3 * HZ / 2);
	expect_counts(test, 0, 0, 0);
}

/* The old one does not stand in the way of the next one. */
static void track_again(struct kunit *test)
{
	struct opvs_conn *old = track(test, 1, OPVS_CONN_ACTIVE), *young;

	KUNIT_EXPECT_TRUE(test, expire(old));
	young = track(test, 1, OPVS_CONN_ACTIVE);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_CONN_CREATED), 2);
	KUNIT_EXPECT_PTR_EQ(test, find(&young->request.tuple), &young->request);
	KUNIT_EXPECT_TRUE(test, opvs_test_conns(on, 1));
	KUNIT_EXPECT_PTR_EQ(test, find(&young->request.tuple), &young->request);
	KUNIT_EXPECT_PTR_EQ(test, find(&young->reply.tuple), &young->reply);
	expect_counts(test, 1, 1, 0);
}

static void track_refreshed(struct kunit *test)
{
	struct opvs_conn_start start;
	struct opvs_conn *cp;

	opvs_test_start(&start, dest, CLIENT, 1);
	start.seconds = 1;
	cp = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cp));
	KUNIT_EXPECT_TRUE(test, refresh(cp, 3600));
	KUNIT_EXPECT_EQ(test, opvs_conn_seconds_left(cp), 3600);
	/* And shortened: the sweeper is there in time. */
	KUNIT_EXPECT_TRUE(test, refresh(cp, 1));
	KUNIT_EXPECT_TRUE(test, opvs_test_conns(on, 0));
}

/* How often packets write the time, if so many come in that many seconds. */
static unsigned int refresh_writes(struct kunit *test, struct opvs_conn *cp,
				   unsigned int packets, unsigned int seconds)
{
	u32 start = jiffies, before, now;
	unsigned int i, writes = 0;

	for (i = 0; i < packets; i++) {
		now = start + seconds * HZ * (u64)i / packets;
		before = READ_ONCE(cp->expiring.expires);
		KUNIT_ASSERT_TRUE(test, opvs_expire_refresh(&on->conn.expire,
							    &cp->expiring, now,
							    3600 * HZ));
		writes += READ_ONCE(cp->expiring.expires) != before;
	}
	return writes;
}

/* Any number of packets write the time once a second at most. */
static void track_refresh_writes(struct kunit *test)
{
	struct opvs_conn *cp = track(test, 1, OPVS_CONN_ACTIVE);
	unsigned int writes;

	KUNIT_EXPECT_LE(test, refresh_writes(test, cp, 10000, 1), 1);
	writes = refresh_writes(test, cp, 100000, 20);
	KUNIT_EXPECT_LE(test, writes, 20);
	KUNIT_EXPECT_GE(test, writes, 15);
}

/* Kicked by the first, asleep behind the last. */
static void track_wakes_sweeper(struct kunit *test)
{
	unsigned long until = jiffies + DEADLINE;
	struct opvs_conn_start start;
	u64 slices;

	while (delayed_work_pending(&on->conn.expire.work) &&
	       time_before(jiffies, until))
		msleep(20);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&on->conn.expire.work));

	opvs_test_start(&start, dest, CLIENT, 1);
	start.seconds = 1;
	KUNIT_ASSERT_FALSE(test, IS_ERR(opvs_test_track(on, &start)));
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&on->conn.expire.work));
	KUNIT_EXPECT_TRUE(test, opvs_test_conns(on, 0));
	flush_work(&on->conn.expire.work.work);
	while (delayed_work_pending(&on->conn.expire.work) &&
	       time_before(jiffies, until))
		msleep(20);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&on->conn.expire.work));
	slices = READ_ONCE(on->conn.expire.stats.slices);
	msleep(600);
	KUNIT_EXPECT_EQ(test, READ_ONCE(on->conn.expire.stats.slices), slices);
}

/* ---- templates and children ---- */

static void track_children(struct kunit *test)
{
	struct opvs_conn *tp = template(test, 300);
	struct opvs_conn *a = child(test, tp, 1), *b = child(test, tp, 2);

	KUNIT_EXPECT_PTR_EQ(test, a->control, tp);
	KUNIT_EXPECT_EQ(test, atomic_read(&tp->children), 2);
	KUNIT_EXPECT_EQ(test, refcount_read(&tp->ref), 3);
	KUNIT_EXPECT_TRUE(test, end(a));
	KUNIT_EXPECT_EQ(test, atomic_read(&tp->children), 1);
	KUNIT_EXPECT_TRUE(test, end(b));
	KUNIT_EXPECT_EQ(test, atomic_read(&tp->children), 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&tp->ref), 1);
	expect_counts(test, 0, 0, 1);
}

/* Connections that did not come to be leave no trace at their template. */
static void track_child_raced(struct kunit *test)
{
	struct opvs_conn *tp = template(test, 300), *cp = child(test, tp, 1);

	KUNIT_EXPECT_PTR_EQ(test, child(test, tp, 1), cp);
	KUNIT_EXPECT_EQ(test, atomic_read(&tp->children), 1);
	KUNIT_EXPECT_EQ(test, refcount_read(&tp->ref), 2);
}

/* A child keeps the memory of a template that was ended by force. */
static void track_orphans(struct kunit *test)
{
	struct opvs_conn *tp = template(test, 300), *cp = child(test, tp, 1);

	KUNIT_EXPECT_TRUE(test, end(tp));
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, atomic_read(&tp->children), 1);
	KUNIT_EXPECT_EQ(test, refcount_read(&tp->ref), 1);
	expect_counts(test, 1, 0, 0);
	KUNIT_EXPECT_TRUE(test, end(cp));
	expect_counts(test, 0, 0, 0);
}

/* Found by a packet just before it ended: that one must look again. */
static void track_template_gone(struct kunit *test)
{
	struct opvs_conn *tp = template(test, 300), *cp;
	struct opvs_conn_start start;

	opvs_test_start(&start, dest, CLIENT, 1);
	start.control = tp;
	rcu_read_lock();
	opvs_conn_end(tp);
	cp = opvs_test_track(on, &start);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(cp), -ESTALE);
	expect_counts(test, 0, 0, 0);
}

/* Its time is over, but not for its children: it goes with the last of them. */
static void track_template_kept(struct kunit *test)
{
	struct opvs_conn *tp = template(test, 1), *a, *b;
	const struct opvs_tuple tuple = tp->request.tuple;
	u32 expires = READ_ONCE(tp->expiring.expires);
	unsigned long until = jiffies + DEADLINE;

	a = child(test, tp, 1);
	b = child(test, tp, 2);
	while (READ_ONCE(tp->expiring.expires) == expires &&
	       time_before(jiffies, until))
		msleep(20);
	KUNIT_EXPECT_PTR_EQ(test, find(&tuple), &tp->request);
	expect_counts(test, 2, 0, 1);
	KUNIT_EXPECT_TRUE(test, end(a));
	KUNIT_EXPECT_PTR_EQ(test, find(&tuple), &tp->request);
	expect_counts(test, 1, 0, 1);
	KUNIT_EXPECT_TRUE(test, end(b));
	KUNIT_EXPECT_NULL(test, find(&tuple));
	KUNIT_EXPECT_TRUE(test, opvs_test_conns(on, 0));
}

/* One whose own time is not over does not. */
static void track_template_outlives(struct kunit *test)
{
	struct opvs_conn *tp = template(test, 300), *cp = child(test, tp, 1);

	KUNIT_EXPECT_TRUE(test, end(cp));
	KUNIT_EXPECT_PTR_EQ(test, find(&tp->request.tuple), &tp->request);
	KUNIT_EXPECT_GE(test, opvs_conn_seconds_left(tp), 290);
}

/* A template that is told to expire goes, children or not. */
static void track_template_expires(struct kunit *test)
{
	struct opvs_conn *tp = template(test, 300);
	const struct opvs_tuple tuple = tp->request.tuple;

	child(test, tp, 1);
	KUNIT_EXPECT_TRUE(test, expire(tp));
	KUNIT_EXPECT_NULL(test, find(&tuple));
	expect_counts(test, 1, 0, 0);
}

static struct kunit_case track_cases[] = {
	KUNIT_CASE(track_filled),
	KUNIT_CASE(track_port_zero),
	KUNIT_CASE(track_counts),
	KUNIT_CASE(track_counts_udp),
	KUNIT_CASE(track_twice),
	KUNIT_CASE(track_reply_clash),
	KUNIT_CASE(track_reply_yields),
	KUNIT_CASE(track_ends_once),
	KUNIT_CASE(track_expires),
	KUNIT_CASE(track_again),
	KUNIT_CASE(track_refreshed),
	KUNIT_CASE(track_refresh_writes),
	KUNIT_CASE(track_wakes_sweeper),
	KUNIT_CASE(track_children),
	KUNIT_CASE(track_child_raced),
	KUNIT_CASE(track_orphans),
	KUNIT_CASE(track_template_gone),
	KUNIT_CASE(track_template_kept),
	KUNIT_CASE(track_template_outlives),
	KUNIT_CASE(track_template_expires),
	{}
};

static struct kunit_suite track_suite = {
	.name = "opvs_track",
	.init = track_init,
	.exit = track_exit,
	.test_cases = track_cases,
};

kunit_test_suite(track_suite);

MODULE_DESCRIPTION("opvs: unit tests of tracked connections");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
