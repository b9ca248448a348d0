// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of the one-packet entry: its life, both ways in which it ends,
 * its memory, and what it means to its server.
 *
 *	service 192.0.2.1:5060 --- server 198.51.100.11:5070
 */
#include <opvs/conn.h>

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/svc.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/delay.h>
#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "testlib.h"

#define VIP	0xc0000201
#define CLIENT	0xcb007105
#define SERVER	0xc633640b

static struct opvs_net *on;
static struct opvs_svc *svc;
static struct opvs_dest *dest;

static const struct opvs_flow conn_flow = {
	.saddr.ip = htonl(CLIENT),
	.daddr.ip = htonl(VIP),
	.sport = htons(40000),
	.dport = htons(5060),
	.family = NFPROTO_IPV4,
	.proto = IPPROTO_UDP,
};

/* Events since the snapshot was taken. */
struct conn_counts {
	u64 created;
	u64 released_inline;
	u64 deferred;
	u64 slab_allocs;
};

static struct conn_counts conn_base;

static u64 conn_counter(enum opvs_ctr ctr)
{
	return opvs_counter_read(on, ctr);
}

static void conn_counts_now(struct conn_counts *now)
{
	now->created = conn_counter(OPVS_CTR_OPS_CREATED);
	now->released_inline = conn_counter(OPVS_CTR_OPS_RELEASED_INLINE);
	now->deferred = conn_counter(OPVS_CTR_OPS_RELEASED_DEFERRED);
	now->slab_allocs = conn_counter(OPVS_CTR_OPS_SLAB_ALLOCS);
}

static void conn_expect_counts(struct kunit *test, u64 created,
			       u64 released_inline, u64 deferred)
{
	struct conn_counts now;

	conn_counts_now(&now);
	KUNIT_EXPECT_EQ(test, now.created - conn_base.created, created);
	KUNIT_EXPECT_EQ(test, now.released_inline - conn_base.released_inline,
			released_inline);
	KUNIT_EXPECT_EQ(test, now.deferred - conn_base.deferred, deferred);
}

static int conn_init(struct kunit *test)
{
	int err = opvs_test_net_init(test, &on);

	if (err)
		return err;
	svc = opvs_test_svc(test, on, VIP, 5060);
	dest = opvs_test_dest(test, svc, SERVER, 5070);
	conn_counts_now(&conn_base);
	return 0;
}

static void conn_exit(struct kunit *test)
{
	opvs_test_net_exit(test, on);
}

static struct opvs_conn *conn_new(void)
{
	struct opvs_conn *cp;

	local_bh_disable();
	rcu_read_lock();
	cp = opvs_conn_one_packet(on, &conn_flow, dest);
	rcu_read_unlock();
	local_bh_enable();
	return cp;
}

static struct opvs_conn *conn_make(struct kunit *test)
{
	struct opvs_conn *cp = conn_new();

	KUNIT_ASSERT_NOT_NULL(test, cp);
	return cp;
}

static void conn_get(struct kunit *test, struct opvs_conn *cp)
{
	KUNIT_EXPECT_TRUE(test, opvs_conn_get(cp));
}

static void conn_put(struct opvs_conn *cp)
{
	local_bh_disable();
	rcu_read_lock();
	opvs_conn_put(cp);
	rcu_read_unlock();
	local_bh_enable();
}

/* The path of nearly every packet: on one CPU from creation to release. */
static void *conn_one_packet(void)
{
	struct opvs_conn *cp;

	local_bh_disable();
	cp = conn_new();
	if (cp)
		conn_put(cp);
	local_bh_enable();
	return cp;
}

static void conn_filled(struct kunit *test)
{
	struct opvs_conn *cp = conn_make(test);

	KUNIT_EXPECT_PTR_EQ(test, cp->on, on);
	KUNIT_EXPECT_PTR_EQ(test, cp->dest, dest);
	KUNIT_EXPECT_EQ(test, ntohl(cp->request.tuple.src.ip), CLIENT);
	KUNIT_EXPECT_EQ(test, ntohl(cp->request.tuple.dst.ip), VIP);
	KUNIT_EXPECT_EQ(test, ntohl(cp->reply.tuple.src.ip), SERVER);
	KUNIT_EXPECT_EQ(test, ntohs(cp->request.tuple.sport), 40000);
	KUNIT_EXPECT_EQ(test, ntohs(cp->request.tuple.dport), 5060);
	KUNIT_EXPECT_EQ(test, ntohs(cp->reply.tuple.sport), 5070);
	KUNIT_EXPECT_EQ(test, cp->request.tuple.family, NFPROTO_IPV4);
	KUNIT_EXPECT_EQ(test, cp->request.tuple.proto, IPPROTO_UDP);
	KUNIT_EXPECT_TRUE(test, cp->flags & IP_VS_CONN_F_ONE_PACKET);
	KUNIT_EXPECT_EQ(test, refcount_read(&cp->ref), 1);
	conn_put(cp);
}

static void conn_inline(struct kunit *test)
{
	struct opvs_conn *cp = conn_make(test);

	conn_expect_counts(test, 1, 0, 0);
	conn_put(cp);
	conn_expect_counts(test, 1, 1, 0);
	rcu_barrier();
	conn_expect_counts(test, 1, 1, 0);
}

/* The second holder drops the last reference. */
static void conn_deferred_by_second(struct kunit *test)
{
	struct opvs_conn *cp = conn_make(test);

	conn_get(test, cp);
	conn_put(cp);
	conn_expect_counts(test, 1, 0, 0);
	KUNIT_EXPECT_PTR_EQ(test, cp->dest, dest);
	KUNIT_EXPECT_EQ(test, refcount_read(&cp->ref), 1);
	conn_put(cp);
	rcu_barrier();
	conn_expect_counts(test, 1, 0, 1);
}

/* The second holder is done before the packet path is.  The memory waits for a
 * grace period all the same: a CPU that may still look at the entry under RCU
 * must not see it become another packet's.
 */
static void conn_deferred_by_first(struct kunit *test)
{
	struct opvs_conn *cp, *other;
	struct opvs_dest *seen;
	bool shared;

	local_bh_disable();
	rcu_read_lock();
	cp = conn_new();
	shared = opvs_conn_get(cp);
	conn_put(cp);
	if (shared)
		conn_put(cp);
	other = conn_new();
	seen = cp->dest;
	rcu_read_unlock();
	conn_put(other);
	local_bh_enable();
	rcu_barrier();
	KUNIT_EXPECT_TRUE(test, shared);
	KUNIT_EXPECT_PTR_NE(test, cp, other);
	KUNIT_EXPECT_PTR_EQ(test, seen, dest);
	conn_expect_counts(test, 2, 1, 1);
}

static void conn_many_holders(struct kunit *test)
{
	struct opvs_conn *cp = conn_make(test);
	int i;

	for (i = 0; i < 100; i++)
		conn_get(test, cp);
	for (i = 0; i < 100; i++)
		conn_put(cp);
	conn_expect_counts(test, 1, 0, 0);
	conn_put(cp);
	rcu_barrier();
	conn_expect_counts(test, 1, 0, 1);
}

static void conn_slot_reused(struct kunit *test)
{
	struct conn_counts warm, now;
	void *first, *again = NULL;
	int i;

	local_bh_disable();
	first = conn_one_packet();
	conn_counts_now(&warm);
	for (i = 0; i < 1000; i++) {
		again = conn_one_packet();
		if (again != first)
			break;
	}
	conn_counts_now(&now);
	local_bh_enable();
	KUNIT_EXPECT_NOT_NULL(test, first);
	KUNIT_EXPECT_PTR_EQ(test, again, first);
	KUNIT_EXPECT_EQ(test, now.slab_allocs, warm.slab_allocs);
	KUNIT_EXPECT_EQ(test, now.created - warm.created, 1000);
	conn_expect_counts(test, 1001, 1001, 0);
}

/* A slot holds one entry: a second one that is alive comes from the slab. */
static void conn_slot_holds_one(struct kunit *test)
{
	struct conn_counts warm, now;
	struct opvs_conn *a, *b;
	bool apart = true;
	int i;

	local_bh_disable();
	conn_one_packet();
	conn_counts_now(&warm);
	for (i = 0; i < 3; i++) {
		a = conn_new();
		b = conn_new();
		apart = apart && a != b;
		conn_put(a);
		conn_put(b);
	}
	conn_counts_now(&now);
	local_bh_enable();
	KUNIT_EXPECT_TRUE(test, apart);
	KUNIT_EXPECT_EQ(test, now.slab_allocs - warm.slab_allocs, 3);
	conn_expect_counts(test, 7, 7, 0);
}

/* What the last user left in the memory must not show. */
static void conn_slot_forgets(struct kunit *test)
{
	struct opvs_conn *cp, *again;

	local_bh_disable();
	cp = conn_one_packet();
	if (cp)
		memset(cp, 0xff, sizeof(*cp));
	again = conn_new();
	local_bh_enable();

	KUNIT_ASSERT_PTR_EQ(test, cp, again);
	KUNIT_ASSERT_NOT_NULL(test, cp);
	KUNIT_EXPECT_EQ(test, cp->word, 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&cp->ref), 1);
	KUNIT_EXPECT_EQ(test, cp->flags, IP_VS_CONN_F_ONE_PACKET);
	KUNIT_EXPECT_NULL(test, cp->ext);
	KUNIT_EXPECT_EQ(test, cp->request.tuple.src.all[3], 0);
	KUNIT_EXPECT_EQ(test, cp->request.tuple.dst.all[3], 0);
	KUNIT_EXPECT_EQ(test, cp->reply.tuple.src.all[3], 0);
	conn_put(cp);
	conn_expect_counts(test, 2, 2, 0);
}

static void conn_pins_server(struct kunit *test)
{
	struct opvs_conn *a = conn_make(test), *b = conn_make(test);

	conn_get(test, b);
	opvs_test_dest_del(test, dest);
	opvs_test_grace();
	KUNIT_EXPECT_EQ(test, atomic_read(&on->svc.live), 2);
	KUNIT_EXPECT_EQ(test, ntohl(a->dest->addr.ip), SERVER);

	conn_put(a);
	opvs_test_grace();
	KUNIT_EXPECT_EQ(test, atomic_read(&on->svc.live), 2);
	conn_put(b);
	opvs_test_grace();
	KUNIT_EXPECT_EQ(test, atomic_read(&on->svc.live), 2);
	KUNIT_EXPECT_EQ(test, ntohl(b->dest->addr.ip), SERVER);
	conn_put(b);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 1));
	conn_expect_counts(test, 2, 1, 1);
}

/* The service goes too, and stays in memory for as long. */
static void conn_pins_service(struct kunit *test)
{
	struct opvs_conn *cp = conn_make(test);

	conn_get(test, cp);
	conn_put(cp);
	opvs_test_svc_del(svc);
	opvs_test_grace();
	KUNIT_EXPECT_EQ(test, atomic_read(&on->svc.live), 2);
	KUNIT_EXPECT_PTR_EQ(test, cp->dest->svc, svc);
	KUNIT_EXPECT_EQ(test, ntohl(svc->key.addr.ip), VIP);
	conn_put(cp);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 0));
}

/* An entry that is not shared is done before its packet's read section, and so
 * need not delay the end of its server.
 */
static void conn_server_unpinned(struct kunit *test)
{
	struct opvs_conn *cp = conn_make(test);

	opvs_test_dest_del(test, dest);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 1));
	conn_put(cp);
	conn_expect_counts(test, 1, 1, 0);
}

static void conn_server_released(struct percpu_ref *ref)
{
}

/* A server whose last reference is gone cannot be held any more, though a packet
 * still sees it: the entry stays its maker's own, and ends as such.
 */
static void conn_server_dead(struct kunit *test)
{
	struct opvs_dest *gone, *real = dest;
	struct opvs_conn *cp;
	bool shared = true;

	gone = kunit_kzalloc(test, sizeof(*gone), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, gone);
	KUNIT_ASSERT_EQ(test, percpu_ref_init(&gone->ref, conn_server_released,
					      0, GFP_KERNEL), 0);
	percpu_ref_kill(&gone->ref);
	opvs_test_grace();
	if (percpu_ref_is_zero(&gone->ref)) {
		dest = gone;
		cp = conn_new();
		dest = real;
		if (cp) {
			shared = opvs_conn_get(cp);
			KUNIT_EXPECT_EQ(test, refcount_read(&cp->ref), 1);
			KUNIT_EXPECT_EQ(test, cp->word, 0);
			conn_put(cp);
		}
	}
	KUNIT_EXPECT_FALSE(test, shared);
	KUNIT_EXPECT_TRUE(test, percpu_ref_is_zero(&gone->ref));
	percpu_ref_exit(&gone->ref);
	conn_expect_counts(test, 1, 1, 0);
}

/* ---- thresholds ---- */

/* Packets of a one-packet service do not touch the count, which all CPUs share:
 * what counts there is calls.
 */
static void conn_uncounted(struct kunit *test)
{
	struct opvs_conn *cp[3];
	int i;

	opvs_test_dest_limit(test, dest, 1, 0);
	for (i = 0; i < ARRAY_SIZE(cp); i++) {
		cp[i] = conn_make(test);
		KUNIT_EXPECT_TRUE(test, opvs_dest_available(dest));
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->conns), 0);
	KUNIT_EXPECT_EQ(test, opvs_dest_inactive(dest), 0);
	for (i = 0; i < ARRAY_SIZE(cp); i++)
		conn_put(cp[i]);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->conns), 0);
}

static struct kunit_case conn_test_cases[] = {
	KUNIT_CASE(conn_filled),
	KUNIT_CASE(conn_inline),
	KUNIT_CASE(conn_deferred_by_second),
	KUNIT_CASE(conn_deferred_by_first),
	KUNIT_CASE(conn_many_holders),
	KUNIT_CASE(conn_slot_reused),
	KUNIT_CASE(conn_slot_holds_one),
	KUNIT_CASE(conn_slot_forgets),
	KUNIT_CASE(conn_pins_server),
	KUNIT_CASE(conn_pins_service),
	KUNIT_CASE(conn_server_unpinned),
	KUNIT_CASE(conn_server_dead),
	KUNIT_CASE(conn_uncounted),
	{}
};

static struct kunit_suite conn_suite = {
	.name = "opvs_conn",
	.init = conn_init,
	.exit = conn_exit,
	.test_cases = conn_test_cases,
};

kunit_test_suite(conn_suite);

MODULE_DESCRIPTION("opvs: unit tests of the one-packet entry");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
