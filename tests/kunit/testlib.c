// SPDX-License-Identifier: GPL-2.0-only
/* Services, servers and connections for tests, in the initial namespace. */
#include "testlib.h"

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/sched.h>
#include <opvs/share.h>
#include <opvs/svc.h>
#include <opvs/xmit.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/delay.h>
#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>

#define TEST_DEADLINE	(20 * HZ)

/**
 * opvs_test_live() - wait until a namespace has a number of live objects
 * @on: namespace
 * @live: services and servers that are not freed yet
 *
 * Return: true once it has; false when that did not come in time.
 */
bool opvs_test_live(struct opvs_net *on, int live)
{
	unsigned long end = jiffies + TEST_DEADLINE;

	while (atomic_read(&on->svc.live) != live) {
		if (time_after(jiffies, end))
			return false;
		rcu_barrier();
		msleep(20);
	}
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_test_live);

/**
 * opvs_test_grace() - let all that waits for readers come to its end
 */
void opvs_test_grace(void)
{
	int i;

	/* A release may be handed to a work, and that may wait again. */
	for (i = 0; i < 3; i++) {
		rcu_barrier();
		msleep(20);
	}
}
EXPORT_SYMBOL_IF_KUNIT(opvs_test_grace);

/**
 * opvs_test_net_init() - begin a test with the initial namespace
 * @test: test
 * @on: result
 *
 * Return: 0, or an error that fails the test.
 */
int opvs_test_net_init(struct kunit *test, struct opvs_net **on)
{
	*on = opvs_pernet(&init_net);
	if (!opvs_test_live(*on, 0)) {
		kunit_err(test, "services are left over from before");
		return -EBUSY;
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_test_net_init);

/**
 * opvs_test_end_all() - end all connections and templates
 * @on: namespace
 */
void opvs_test_end_all(struct opvs_net *on)
{
	struct opvs_conn_walk walk = {};
	struct opvs_conn *cp;

	do {
		rcu_read_lock();
		cp = opvs_conn_walk_next(on, &walk);
		if (cp)
			opvs_conn_end(cp);
		rcu_read_unlock();
		cond_resched();
	} while (cp);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_test_end_all);

/**
 * opvs_test_conns() - wait until a namespace has a number of connections
 * @on: namespace
 * @count: connections and templates, expired ones included
 *
 * Return: true once it has; false when that did not come in time.
 */
bool opvs_test_conns(struct opvs_net *on, int count)
{
	unsigned long end = jiffies + TEST_DEADLINE;

	while (atomic_read(&on->conn.limit.count) != count) {
		if (time_after(jiffies, end))
			return false;
		msleep(20);
	}
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_test_conns);

/**
 * opvs_test_net_exit() - remove all services, and see that they really go
 * @test: test
 * @on: namespace
 */
void opvs_test_net_exit(struct kunit *test, struct opvs_net *on)
{
	mutex_lock(&on->cfg_lock);
	opvs_svc_flush(on);
	mutex_unlock(&on->cfg_lock);
	opvs_test_end_all(on);
	KUNIT_EXPECT_TRUE_MSG(test, opvs_test_conns(on, 0),
			      "%d connections leak",
			      atomic_read(&on->conn.limit.count));
	KUNIT_EXPECT_EQ(test, atomic_read(&opvs_conns_everywhere.count), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.udp), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.table.nelems), 0);
	KUNIT_EXPECT_TRUE_MSG(test, opvs_test_live(on, 0),
			      "%d services and servers leak",
			      atomic_read(&on->svc.live));
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, opvs_counter_read(on, OPVS_CTR_CONN_CREATED),
			opvs_counter_read(on, OPVS_CTR_CONN_ENDED));
	KUNIT_EXPECT_EQ(test, opvs_counter_read(on, OPVS_CTR_TEMPLATE_CREATED),
			opvs_counter_read(on, OPVS_CTR_TEMPLATE_ENDED));
	KUNIT_EXPECT_EQ(test, opvs_counter_read(on, OPVS_CTR_OPS_CREATED),
			opvs_counter_read(on, OPVS_CTR_OPS_RELEASED_INLINE) +
			opvs_counter_read(on, OPVS_CTR_OPS_RELEASED_DEFERRED));
}
EXPORT_SYMBOL_IF_KUNIT(opvs_test_net_exit);

/**
 * opvs_test_svc_conf() - a service 192.0.2.1:80 that tracks connections, by rr
 * @conf: result
 * @proto: transport protocol
 */
void opvs_test_svc_conf(struct opvs_svc_conf *conf, u8 proto)
{
	*conf = (struct opvs_svc_conf){
		.key.addr.ip = htonl(0xc0000201),
		.key.port = htons(80),
		.key.family = NFPROTO_IPV4,
		.key.proto = proto,
		.sched = &opvs_sched_rr,
		.netmask = htonl(0xffffffff),
	};
}
EXPORT_SYMBOL_IF_KUNIT(opvs_test_svc_conf);

/**
 * opvs_test_svc_as() - add a service
 * @test: test
 * @on: namespace
 * @conf: its configuration
 *
 * Return: the service.
 */
struct opvs_svc *opvs_test_svc_as(struct kunit *test, struct opvs_net *on,
				  const struct opvs_svc_conf *conf)
{
	struct opvs_svc *svc;
	int err;

	mutex_lock(&on->cfg_lock);
	err = opvs_svc_add(on, conf, NULL);
	svc = opvs_svc_find(on, &conf->key);
	mutex_unlock(&on->cfg_lock);
	KUNIT_ASSERT_EQ(test, err, 0);
	KUNIT_ASSERT_NOT_NULL(test, svc);
	return svc;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_test_svc_as);

/**
 * opvs_test_svc() - add an IPv4 one-packet UDP service with scheduler rr
 * @test: test
 * @on: namespace
 * @addr: virtual address
 * @port: virtual port
 *
 * Return: the service.
 */
struct opvs_svc *opvs_test_svc(struct kunit *test, struct opvs_net *on,
			       u32 addr, u16 port)
{
	struct opvs_svc_conf conf;

	opvs_test_svc_conf(&conf, IPPROTO_UDP);
	conf.key.addr.ip = htonl(addr);
	conf.key.port = htons(port);
	conf.flags = IP_VS_SVC_F_ONEPACKET;
	return opvs_test_svc_as(test, on, &conf);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_test_svc);

/**
 * opvs_test_svc_del() - remove a service
 * @svc: service
 */
void opvs_test_svc_del(struct opvs_svc *svc)
{
	struct opvs_net *on = svc->on;

	mutex_lock(&on->cfg_lock);
	opvs_svc_del(svc);
	mutex_unlock(&on->cfg_lock);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_test_svc_del);

/**
 * opvs_test_dest_conf() - a NAT server of weight 1 without limits
 * @conf: result
 * @addr: IPv4 address
 * @port: port
 */
void opvs_test_dest_conf(struct opvs_dest_conf *conf, u32 addr, u16 port)
{
	*conf = (struct opvs_dest_conf){
		.key.addr.ip = htonl(addr),
		.key.port = htons(port),
		.key.family = NFPROTO_IPV4,
		.xmit = opvs_xmit_find(IP_VS_CONN_F_MASQ),
		.weight = 1,
	};
}
EXPORT_SYMBOL_IF_KUNIT(opvs_test_dest_conf);

/**
 * opvs_test_dest_as() - add a server
 * @test: test
 * @svc: service
 * @conf: its configuration
 *
 * Return: the server.
 */
struct opvs_dest *opvs_test_dest_as(struct kunit *test, struct opvs_svc *svc,
				    const struct opvs_dest_conf *conf)
{
	struct opvs_dest *dest;
	int err;

	mutex_lock(&svc->on->cfg_lock);
	err = opvs_dest_add(svc, conf, NULL);
	dest = opvs_dest_find(svc, &conf->key);
	mutex_unlock(&svc->on->cfg_lock);
	KUNIT_ASSERT_EQ(test, err, 0);
	KUNIT_ASSERT_NOT_NULL(test, dest);
	return dest;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_test_dest_as);

/**
 * opvs_test_dest() - add a NAT server of weight 1 without limits
 * @test: test
 * @svc: service
 * @addr: address
 * @port: port
 *
 * Return: the server.
 */
struct opvs_dest *opvs_test_dest(struct kunit *test, struct opvs_svc *svc,
				 u32 addr, u16 port)
{
	struct opvs_dest_conf conf;

	opvs_test_dest_conf(&conf, addr, port);
	return opvs_test_dest_as(test, svc, &conf);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_test_dest);

/**
 * opvs_test_dest_del() - remove a server
 * @test: test
 * @dest: server
 */
void opvs_test_dest_del(struct kunit *test, struct opvs_dest *dest)
{
	struct opvs_net *on = dest->svc->on;
	int err;

	mutex_lock(&on->cfg_lock);
	err = opvs_dest_del(dest, NULL);
	mutex_unlock(&on->cfg_lock);
	KUNIT_ASSERT_EQ(test, err, 0);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_test_dest_del);

static void edit_dest(struct kunit *test, struct opvs_dest *dest,
		      const struct opvs_dest_conf *conf)
{
	struct opvs_net *on = dest->svc->on;
	int err;

	mutex_lock(&on->cfg_lock);
	err = opvs_dest_edit(dest, conf, NULL);
	mutex_unlock(&on->cfg_lock);
	KUNIT_ASSERT_EQ(test, err, 0);
}

/**
 * opvs_test_dest_method() - give a server another forwarding method
 * @test: test
 * @dest: server
 * @method: IP_VS_CONN_F_*
 */
void opvs_test_dest_method(struct kunit *test, struct opvs_dest *dest,
			   u32 method)
{
	struct opvs_dest_conf conf = dest->conf;

	conf.xmit = opvs_xmit_find(method);
	KUNIT_ASSERT_NOT_NULL(test, conf.xmit);
	edit_dest(test, dest, &conf);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_test_dest_method);

/**
 * opvs_test_dest_limit() - give a server other thresholds
 * @test: test
 * @dest: server
 * @upper: upper threshold, 0 for none
 * @lower: lower threshold, 0 for the default
 */
void opvs_test_dest_limit(struct kunit *test, struct opvs_dest *dest,
			  u32 upper, u32 lower)
{
	struct opvs_dest_conf conf = dest->conf;

	conf.u_threshold = upper;
	conf.l_threshold = lower;
	edit_dest(test, dest, &conf);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_test_dest_limit);

/**
 * opvs_test_start() - what a connection of an IPv4 client begins with
 * @start: result: an hour long, in state 0, not active
 * @dest: its server
 * @client: address
 * @port: port
 */
void opvs_test_start(struct opvs_conn_start *start, struct opvs_dest *dest,
		     u32 client, u16 port)
{
	const struct opvs_svc_key *key = &dest->svc->key;

	*start = (struct opvs_conn_start){
		.tuple.sport = htons(port),
		.tuple.dport = key->port,
		.tuple.family = NFPROTO_IPV4,
		.tuple.proto = key->proto,
		.tuple.src.ip = htonl(client),
		.tuple.dst = key->addr,
		.dest = dest,
		.seconds = 3600,
	};
}
EXPORT_SYMBOL_IF_KUNIT(opvs_test_start);

/**
 * opvs_test_begin() - opvs_conn_begin() as packets call it
 * @on: namespace
 * @start: what it begins with
 * @raced: result, or NULL
 *
 * Return: as that; the entry stays as long as it is not ended and its time is
 * not over.
 */
struct opvs_conn *opvs_test_begin(struct opvs_net *on,
				  const struct opvs_conn_start *start,
				  bool *raced)
{
	struct opvs_conn *cp;

	local_bh_disable();
	rcu_read_lock();
	cp = opvs_conn_begin(on, start, raced);
	rcu_read_unlock();
	local_bh_enable();
	return cp;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_test_begin);

MODULE_DESCRIPTION("opvs: what the unit tests share");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
