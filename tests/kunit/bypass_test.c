// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of the server in name only that services by mark have, which stands for
 * the way of packets that find no other one; and of where servers by NAT are known
 * to be.
 */
#include <opvs/svc.h>

#include <opvs/behind.h>
#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/endpoint.h>
#include <opvs/kunit.h>
#include <opvs/name.h>
#include <opvs/netns.h>
#include <opvs/stats.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "testlib.h"

#define MARK		7
#define CLIENT		0xcb007105
#define ANYWHERE	0xc6336463
#define SERVER		0xc633640b

static struct opvs_net *on;

static int bypass_init(struct kunit *test)
{
	return opvs_test_net_init(test, &on);
}

static void bypass_exit(struct kunit *test)
{
	opvs_test_net_exit(test, on);
}

static struct opvs_svc *by_mark(struct kunit *test, u32 flags)
{
	struct opvs_svc_conf conf;

	opvs_test_svc_conf(&conf, 0);
	conf.key.addr = (union nf_inet_addr){ .all[0] = MARK };
	conf.key.port = 0;
	conf.flags = flags;
	return opvs_test_svc_as(test, on, &conf);
}

static struct opvs_conn *begin(struct kunit *test, struct opvs_dest *dest,
			       u16 port)
{
	struct opvs_conn_start start;
	struct opvs_conn *cp;

	opvs_test_start(&start, dest, CLIENT, port);
	start.tuple.proto = IPPROTO_TCP;
	start.tuple.dst = (union nf_inet_addr){ .ip = htonl(ANYWHERE) };
	start.tuple.dport = htons(80);
	cp = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cp));
	return cp;
}

static u64 packets_of(struct opvs_svc *svc)
{
	struct opvs_totals totals;
	struct opvs_rates rates;

	mutex_lock(&on->cfg_lock);
	opvs_svc_stats(svc, &totals, &rates);
	mutex_unlock(&on->cfg_lock);
	return totals.inpkts;
}

static void count_packet(struct opvs_dest *dest)
{
	local_bh_disable();
	opvs_stats_in(dest->stats_cpu, 100);
	local_bh_enable();
}

static void bypass_of_marks_only(struct kunit *test)
{
	struct opvs_svc *svc = by_mark(test, 0), *other;
	struct opvs_svc_conf conf;

	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	other = opvs_test_svc_as(test, on, &conf);
	KUNIT_EXPECT_NOT_NULL(test, svc->bypass);
	KUNIT_EXPECT_NULL(test, other->bypass);
	KUNIT_EXPECT_EQ(test, svc->num_dests, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&svc->dests));
	rcu_read_lock();
	KUNIT_EXPECT_EQ(test, rcu_dereference(svc->view)->count, 0);
	rcu_read_unlock();
}

/* An entry shows where its packets go. */
static void bypass_entry(struct kunit *test)
{
	struct opvs_svc *svc = by_mark(test, 0);
	const struct opvs_conn *cp;

	KUNIT_ASSERT_NOT_NULL(test, svc->bypass);
	cp = begin(test, svc->bypass, 1000);
	KUNIT_EXPECT_EQ(test, cp->flags & IP_VS_CONN_F_FWD_MASK,
			IP_VS_CONN_F_BYPASS);
	KUNIT_EXPECT_FALSE(test, opvs_conn_rewrites(cp));
	KUNIT_EXPECT_EQ(test, ntohl(cp->reply.tuple.src.ip), ANYWHERE);
	KUNIT_EXPECT_EQ(test, ntohs(cp->reply.tuple.sport), 80);
}

/* It goes with the service when no entry needs it, and comes back with it else. */
static void bypass_comes_back(struct kunit *test)
{
	struct opvs_svc *svc = by_mark(test, 0);
	struct opvs_dest *dest = svc->bypass;
	struct opvs_conn *cp;

	KUNIT_ASSERT_NOT_NULL(test, dest);
	cp = begin(test, dest, 1000);
	count_packet(dest);
	KUNIT_EXPECT_EQ(test, packets_of(svc), 1);
	opvs_test_svc_del(svc);
	opvs_test_grace();
	KUNIT_EXPECT_TRUE(test, READ_ONCE(dest->removed));

	KUNIT_ASSERT_PTR_EQ(test, by_mark(test, 0), svc);
	KUNIT_EXPECT_PTR_EQ(test, svc->bypass, dest);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(dest->removed));
	KUNIT_EXPECT_EQ(test, packets_of(svc), 0);
	count_packet(dest);
	KUNIT_EXPECT_EQ(test, packets_of(svc), 1);

	opvs_test_svc_del(svc);
	rcu_read_lock();
	KUNIT_EXPECT_TRUE(test, opvs_conn_end(cp));
	rcu_read_unlock();
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 0));

	svc = by_mark(test, IP_VS_SVC_F_ONEPACKET);
	KUNIT_EXPECT_NOT_NULL(test, svc->bypass);
}

/* ---- where servers by NAT are ---- */

static bool is_there(u16 port, u8 proto)
{
	const union nf_inet_addr addr = { .ip = htonl(SERVER) };
	const struct opvs_name name = opvs_name(&addr, htons(port),
						NFPROTO_IPV4, proto);
	bool has;

	rcu_read_lock();
	has = opvs_behind_has(on, &name);
	rcu_read_unlock();
	return has;
}

static void behind_follows_servers(struct kunit *test)
{
	struct opvs_svc_conf conf;
	struct opvs_dest *dest;
	struct opvs_svc *svc;

	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	svc = opvs_test_svc_as(test, on, &conf);
	KUNIT_EXPECT_FALSE(test, is_there(8080, IPPROTO_TCP));
	dest = opvs_test_dest(test, svc, SERVER, 8080);
	KUNIT_EXPECT_TRUE(test, is_there(8080, IPPROTO_TCP));
	KUNIT_EXPECT_FALSE(test, is_there(8080, IPPROTO_UDP));
	KUNIT_EXPECT_FALSE(test, is_there(8081, IPPROTO_TCP));

	opvs_test_dest_limit(test, dest, 5, 0);
	KUNIT_EXPECT_TRUE(test, is_there(8080, IPPROTO_TCP));
	opvs_test_dest_method(test, dest, IP_VS_CONN_F_DROUTE);
	KUNIT_EXPECT_FALSE(test, is_there(8080, IPPROTO_TCP));
	opvs_test_dest_method(test, dest, IP_VS_CONN_F_MASQ);
	KUNIT_EXPECT_TRUE(test, is_there(8080, IPPROTO_TCP));
	opvs_test_dest_del(test, dest);
	KUNIT_EXPECT_FALSE(test, is_there(8080, IPPROTO_TCP));
}

/* One of two services that share a server may go. */
static void behind_is_shared(struct kunit *test)
{
	struct opvs_svc *svc = by_mark(test, 0), *other;
	struct opvs_svc_conf conf;

	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	other = opvs_test_svc_as(test, on, &conf);
	opvs_test_dest(test, svc, SERVER, 8080);
	opvs_test_dest(test, other, SERVER, 8080);
	conf.key.port = htons(81);
	opvs_test_dest(test, opvs_test_svc_as(test, on, &conf), SERVER, 8080);
	opvs_test_svc_del(other);
	KUNIT_EXPECT_TRUE(test, is_there(8080, IPPROTO_TCP));
	KUNIT_EXPECT_TRUE(test, is_there(8080, IPPROTO_SCTP));
	opvs_test_svc_del(svc);
	KUNIT_EXPECT_TRUE(test, is_there(8080, IPPROTO_TCP));
	KUNIT_EXPECT_FALSE(test, is_there(8080, IPPROTO_SCTP));
}

static struct kunit_case bypass_cases[] = {
	KUNIT_CASE(bypass_of_marks_only),
	KUNIT_CASE(bypass_entry),
	KUNIT_CASE(bypass_comes_back),
	KUNIT_CASE(behind_follows_servers),
	KUNIT_CASE(behind_is_shared),
	{}
};

static struct kunit_suite bypass_suite = {
	.name		= "opvs_bypass",
	.init		= bypass_init,
	.exit		= bypass_exit,
	.test_cases	= bypass_cases,
};

kunit_test_suite(bypass_suite);

MODULE_DESCRIPTION("opvs: unit tests of bypass and of where servers are");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
