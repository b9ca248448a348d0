// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of totals: what a service and its namespace have counted never
 * steps back, whatever is removed, and starts anew on request.
 *
 *	service A 192.0.2.1:5060 --- 198.51.100.11, 198.51.100.12
 *	service B 192.0.2.2:5060 --- 198.51.100.12
 */
#include <opvs/svc.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/stats.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/in.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "testlib.h"

#define VIP_A		0xc0000201
#define VIP_B		0xc0000202
#define SERVER_1	0xc633640b
#define SERVER_2	0xc633640c
#define CLIENT		0xcb007105

#define REQUEST		500	/* bytes */
#define REPLY		300

static struct opvs_net *on;
static struct opvs_svc *svc_a, *svc_b;
static struct opvs_dest *a1, *a2, *b2;
static struct opvs_totals net_base;

static struct opvs_totals totals_net(void)
{
	struct opvs_totals totals;
	struct opvs_rates rates;

	mutex_lock(&on->cfg_lock);
	opvs_net_stats(on, &totals, &rates);
	mutex_unlock(&on->cfg_lock);
	return totals;
}

static struct opvs_totals totals_svc(const struct opvs_svc *svc)
{
	struct opvs_totals totals;
	struct opvs_rates rates;

	mutex_lock(&on->cfg_lock);
	opvs_svc_stats(svc, &totals, &rates);
	mutex_unlock(&on->cfg_lock);
	return totals;
}

static struct opvs_totals totals_dest(const struct opvs_dest *dest)
{
	struct opvs_totals totals;
	struct opvs_rates rates;

	mutex_lock(&on->cfg_lock);
	opvs_dest_stats(dest, &totals, &rates);
	mutex_unlock(&on->cfg_lock);
	return totals;
}

static int totals_init(struct kunit *test)
{
	int err = opvs_test_net_init(test, &on);

	if (err)
		return err;
	svc_a = opvs_test_svc(test, on, VIP_A, 5060);
	svc_b = opvs_test_svc(test, on, VIP_B, 5060);
	a1 = opvs_test_dest(test, svc_a, SERVER_1, 5060);
	a2 = opvs_test_dest(test, svc_a, SERVER_2, 5060);
	b2 = opvs_test_dest(test, svc_b, SERVER_2, 5060);
	net_base = totals_net();
	return 0;
}

static void totals_exit(struct kunit *test)
{
	opvs_test_net_exit(test, on);
}

/* A server gets requests, each a connection, and sends replies. */
static void totals_traffic(struct opvs_dest *dest, int requests, int replies)
{
	local_bh_disable();
	while (requests--)
		opvs_stats_in_first(dest->stats_cpu, REQUEST);
	while (replies--)
		opvs_stats_out(dest->stats_cpu, REPLY);
	local_bh_enable();
}

static void totals_expect(struct kunit *test, struct opvs_totals totals,
			  u64 requests, u64 replies)
{
	KUNIT_EXPECT_EQ(test, totals.conns, requests);
	KUNIT_EXPECT_EQ(test, totals.inpkts, requests);
	KUNIT_EXPECT_EQ(test, totals.inbytes, requests * REQUEST);
	KUNIT_EXPECT_EQ(test, totals.outpkts, replies);
	KUNIT_EXPECT_EQ(test, totals.outbytes, replies * REPLY);
}

/* The namespace remembers other tests. */
static void totals_expect_net(struct kunit *test, u64 requests, u64 replies)
{
	struct opvs_totals totals = totals_net();

	totals.conns -= net_base.conns;
	totals.inpkts -= net_base.inpkts;
	totals.inbytes -= net_base.inbytes;
	totals.outpkts -= net_base.outpkts;
	totals.outbytes -= net_base.outbytes;
	totals_expect(test, totals, requests, replies);
}

static void totals_sums(struct kunit *test)
{
	totals_traffic(a1, 10, 7);
	totals_traffic(a2, 20, 15);
	totals_traffic(b2, 100, 90);
	totals_expect(test, totals_dest(a1), 10, 7);
	totals_expect(test, totals_dest(a2), 20, 15);
	totals_expect(test, totals_dest(b2), 100, 90);
	totals_expect(test, totals_svc(svc_a), 30, 22);
	totals_expect(test, totals_svc(svc_b), 100, 90);
	totals_expect_net(test, 130, 112);
}

static void totals_server_removed(struct kunit *test)
{
	totals_traffic(a1, 10, 7);
	totals_traffic(a2, 20, 15);
	opvs_test_dest_del(test, a1);
	totals_expect(test, totals_svc(svc_a), 30, 22);
	totals_expect_net(test, 30, 22);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 4));
	totals_expect(test, totals_svc(svc_a), 30, 22);
	totals_expect_net(test, 30, 22);

	/* The same server again begins at nothing. */
	a1 = opvs_test_dest(test, svc_a, SERVER_1, 5060);
	totals_expect(test, totals_dest(a1), 0, 0);
	totals_traffic(a1, 1, 0);
	totals_expect(test, totals_svc(svc_a), 31, 22);
}

static struct opvs_conn *totals_under_way(struct opvs_dest *dest)
{
	const struct opvs_flow flow = {
		.family = NFPROTO_IPV4,
		.proto = IPPROTO_UDP,
	};
	struct opvs_conn *cp;

	local_bh_disable();
	rcu_read_lock();
	cp = opvs_conn_one_packet(on, &flow, dest);
	if (cp && opvs_conn_get(cp))
		opvs_conn_put(cp);
	rcu_read_unlock();
	local_bh_enable();
	return cp;
}

static void totals_arrived(struct opvs_conn *cp)
{
	local_bh_disable();
	rcu_read_lock();
	opvs_conn_put(cp);
	rcu_read_unlock();
	local_bh_enable();
}

/* Packets that were under way when their server was removed. */
static void totals_late_packets(struct kunit *test)
{
	struct opvs_conn *cp = totals_under_way(a1);

	KUNIT_ASSERT_NOT_NULL(test, cp);
	totals_traffic(a1, 10, 7);
	opvs_test_dest_del(test, a1);
	totals_traffic(a1, 3, 2);
	totals_arrived(cp);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 4));
	totals_expect(test, totals_svc(svc_a), 13, 9);
	totals_expect_net(test, 13, 9);
}

static void totals_service_removed(struct kunit *test)
{
	totals_traffic(a1, 10, 7);
	totals_traffic(a2, 20, 15);
	totals_traffic(b2, 100, 90);
	opvs_test_dest_del(test, a1);
	opvs_test_svc_del(svc_a);
	totals_expect_net(test, 130, 112);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 2));
	totals_expect_net(test, 130, 112);
	opvs_test_svc_del(svc_b);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 0));
	totals_expect_net(test, 130, 112);
}

static void totals_late_for_service(struct kunit *test)
{
	struct opvs_conn *cp = totals_under_way(a1);

	KUNIT_ASSERT_NOT_NULL(test, cp);
	totals_traffic(a1, 10, 7);
	opvs_test_svc_del(svc_a);
	totals_expect_net(test, 10, 7);
	totals_traffic(a1, 3, 2);
	opvs_test_grace();
	totals_arrived(cp);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 2));
	totals_expect_net(test, 13, 9);
}

/* A service that is added again begins at nothing, and so does a server that
 * connections have kept; what both counted stays with the namespace.
 */
static void totals_service_revived(struct kunit *test)
{
	struct opvs_conn_start start;
	struct opvs_svc_conf conf;
	struct opvs_dest *dest;
	struct opvs_svc *svc;

	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	svc = opvs_test_svc_as(test, on, &conf);
	dest = opvs_test_dest(test, svc, SERVER_1, 80);
	opvs_test_start(&start, dest, CLIENT, 1);
	KUNIT_ASSERT_FALSE(test, IS_ERR(opvs_test_track(on, &start)));
	totals_traffic(dest, 10, 7);
	dest->stats.est.rate.inpkts = 1000 << OPVS_EST_SHIFT;

	opvs_test_svc_del(svc);
	KUNIT_ASSERT_PTR_EQ(test, opvs_test_svc_as(test, on, &conf), svc);
	KUNIT_ASSERT_PTR_EQ(test, opvs_test_dest(test, svc, SERVER_1, 80), dest);
	totals_expect(test, totals_svc(svc), 0, 0);
	totals_expect(test, totals_dest(dest), 0, 0);
	KUNIT_EXPECT_EQ(test, dest->stats.est.rate.inpkts, 0);
	totals_expect_net(test, 10, 7);

	totals_traffic(dest, 1, 2);
	totals_expect(test, totals_svc(svc), 1, 2);
	totals_expect(test, totals_dest(dest), 1, 2);
	totals_expect_net(test, 11, 9);
}

/* A server that comes back to a service that was there all the time goes on. */
static void totals_server_revived(struct kunit *test)
{
	struct opvs_conn_start start;

	opvs_test_start(&start, a1, CLIENT, 1);
	KUNIT_ASSERT_FALSE(test, IS_ERR(opvs_test_track(on, &start)));
	totals_traffic(a1, 10, 7);
	opvs_test_dest_del(test, a1);
	KUNIT_ASSERT_PTR_EQ(test, opvs_test_dest(test, svc_a, SERVER_1, 5060),
			    a1);
	totals_expect(test, totals_dest(a1), 10, 7);
	totals_expect(test, totals_svc(svc_a), 10, 7);
}

static void totals_zero_service(struct kunit *test)
{
	totals_traffic(a1, 10, 7);
	totals_traffic(a2, 20, 15);
	totals_traffic(b2, 100, 90);
	opvs_test_dest_del(test, a1);
	mutex_lock(&on->cfg_lock);
	opvs_svc_zero(svc_a);
	mutex_unlock(&on->cfg_lock);
	totals_expect(test, totals_svc(svc_a), 0, 0);
	totals_expect(test, totals_dest(a2), 0, 0);
	totals_expect(test, totals_svc(svc_b), 100, 90);
	totals_expect_net(test, 130, 112);

	totals_traffic(a2, 1, 2);
	totals_expect(test, totals_svc(svc_a), 1, 2);
	totals_expect(test, totals_dest(a2), 1, 2);
	totals_expect_net(test, 131, 114);
	opvs_test_svc_del(svc_a);
	totals_expect_net(test, 131, 114);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 2));
	totals_expect_net(test, 131, 114);
}

static void totals_zero_all(struct kunit *test)
{
	totals_traffic(a1, 10, 7);
	totals_traffic(a2, 20, 15);
	totals_traffic(b2, 100, 90);
	opvs_test_svc_del(svc_b);
	mutex_lock(&on->cfg_lock);
	opvs_net_zero(on);
	mutex_unlock(&on->cfg_lock);
	net_base = (struct opvs_totals){};
	totals_expect_net(test, 0, 0);
	totals_expect(test, totals_svc(svc_a), 0, 0);
	totals_expect(test, totals_dest(a1), 0, 0);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 3));
	totals_expect_net(test, 0, 0);

	totals_traffic(a1, 1, 2);
	totals_expect_net(test, 1, 2);
	totals_expect(test, totals_svc(svc_a), 1, 2);
}

/* What all CPUs have counted. */
static struct opvs_totals totals_cpus(struct kunit *test)
{
	struct opvs_totals sum = {};
	struct opvs_totals *raw;
	int cpu;

	raw = kunit_kcalloc(test, nr_cpu_ids, sizeof(*raw), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, raw);
	mutex_lock(&on->cfg_lock);
	opvs_net_cpu_stats(on, raw);
	mutex_unlock(&on->cfg_lock);
	for_each_possible_cpu(cpu)
		opvs_totals_add(&sum, &raw[cpu]);
	return sum;
}

static void totals_expect_cpus(struct kunit *test,
			       const struct opvs_totals *base, u64 requests,
			       u64 replies)
{
	struct opvs_totals sum = totals_cpus(test);

	opvs_totals_sub(&sum, base);
	totals_expect(test, sum, requests, replies);
}

/* They step back for nothing: not for ZERO, not when servers go, are under way, or
 * are freed, and not when one comes back.
 */
static void totals_by_cpu(struct kunit *test)
{
	const struct opvs_totals base = totals_cpus(test);
	struct opvs_conn *cp = totals_under_way(a1);

	KUNIT_ASSERT_NOT_NULL(test, cp);
	totals_traffic(a1, 10, 7);
	totals_traffic(b2, 100, 90);
	totals_expect_cpus(test, &base, 110, 97);
	mutex_lock(&on->cfg_lock);
	opvs_net_zero(on);
	mutex_unlock(&on->cfg_lock);
	totals_expect_cpus(test, &base, 110, 97);
	opvs_test_dest_del(test, a1);
	totals_traffic(a1, 3, 2);
	totals_expect_cpus(test, &base, 113, 99);
	totals_arrived(cp);
	totals_expect_cpus(test, &base, 113, 99);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 4));
	totals_expect_cpus(test, &base, 113, 99);
	opvs_test_svc_del(svc_b);
	totals_expect_cpus(test, &base, 113, 99);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 2));
	totals_expect_cpus(test, &base, 113, 99);
	a1 = opvs_test_dest(test, svc_a, SERVER_1, 5060);
	totals_traffic(a1, 1, 1);
	totals_expect_cpus(test, &base, 114, 100);
}

/* ZERO, then the removal of a server, must not count twice or below zero. */
static void totals_zero_then_removed(struct kunit *test)
{
	totals_traffic(a1, 10, 7);
	mutex_lock(&on->cfg_lock);
	opvs_svc_zero(svc_a);
	mutex_unlock(&on->cfg_lock);
	totals_traffic(a1, 5, 4);
	opvs_test_dest_del(test, a1);
	totals_expect(test, totals_svc(svc_a), 5, 4);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 4));
	totals_expect(test, totals_svc(svc_a), 5, 4);
	totals_expect_net(test, 15, 11);
}

/* Rates start anew as well. */
static void totals_zero_rates(struct kunit *test)
{
	struct opvs_totals shown;
	struct opvs_rates rates, zero;

	mutex_lock(&on->cfg_lock);
	a1->stats.est.rate.inpkts = 1000 << OPVS_EST_SHIFT;
	svc_a->stats.est.rate.inpkts = 1000 << OPVS_EST_SHIFT;
	opvs_net_stats(on, &shown, &rates);
	opvs_svc_zero(svc_a);
	opvs_net_stats(on, &shown, &zero);
	mutex_unlock(&on->cfg_lock);
	KUNIT_EXPECT_EQ(test, rates.inpps, 1000);
	KUNIT_EXPECT_EQ(test, zero.inpps, 0);
	KUNIT_EXPECT_EQ(test, a1->stats.est.rate.inpkts, 0);
	KUNIT_EXPECT_EQ(test, svc_a->stats.est.rate.inpkts, 0);
}

static struct kunit_case totals_test_cases[] = {
	KUNIT_CASE(totals_sums),
	KUNIT_CASE(totals_server_removed),
	KUNIT_CASE(totals_late_packets),
	KUNIT_CASE(totals_service_removed),
	KUNIT_CASE(totals_late_for_service),
	KUNIT_CASE(totals_service_revived),
	KUNIT_CASE(totals_server_revived),
	KUNIT_CASE(totals_zero_service),
	KUNIT_CASE(totals_zero_all),
	KUNIT_CASE(totals_by_cpu),
	KUNIT_CASE(totals_zero_then_removed),
	KUNIT_CASE(totals_zero_rates),
	{}
};

static struct kunit_suite totals_suite = {
	.name = "opvs_totals",
	.init = totals_init,
	.exit = totals_exit,
	.test_cases = totals_test_cases,
};

kunit_test_suite(totals_suite);

MODULE_DESCRIPTION("opvs: unit tests of totals");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
