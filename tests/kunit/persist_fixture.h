/* SPDX-License-Identifier: GPL-2.0-only */
/* A persistent service with two servers, and the choice between them. */
#ifndef OPVS_PERSIST_FIXTURE_H
#define OPVS_PERSIST_FIXTURE_H

#include <opvs/path.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/svc.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "testlib.h"

#define VIP		0xc0000201
#define CLIENT		0xcb007105
#define SERVER_1	0xc633640b
#define SERVER_2	0xc633640c
#define TIMEOUT		300

static struct opvs_net *on;
static struct opvs_svc *svc;
static struct opvs_choice choice;

static int persist_init(struct kunit *test)
{
	return opvs_test_net_init(test, &on);
}

static void persist_exit(struct kunit *test)
{
	WRITE_ONCE(on->settings.expire_quiescent_template, 0);
	WRITE_ONCE(on->conn.limit.max, 0);
	if (on->conn.expire.ops)
		opvs_expire_set_interval(&on->conn.expire, OPVS_EXPIRE_TICK);
	opvs_test_net_exit(test, on);
}

static void good_conf(struct opvs_svc_conf *conf, u8 proto)
{
	opvs_test_svc_conf(conf, proto);
	conf->flags = IP_VS_SVC_F_PERSISTENT;
	conf->timeout = TIMEOUT;
}

/* The service and its two servers. */
static void begin(struct kunit *test, const struct opvs_svc_conf *conf)
{
	svc = opvs_test_svc_as(test, on, conf);
	opvs_test_dest(test, svc, SERVER_1, ntohs(conf->key.port));
	opvs_test_dest(test, svc, SERVER_2, ntohs(conf->key.port));
}

static void begin_tcp(struct kunit *test)
{
	struct opvs_svc_conf conf;

	good_conf(&conf, IPPROTO_TCP);
	begin(test, &conf);
}

static opvs_verdict_t choose_by(struct sk_buff *skb,
				const struct opvs_flow *flow)
{
	opvs_verdict_t verdict;

	local_bh_disable();
	rcu_read_lock();
	choice = (struct opvs_choice){};
	verdict = opvs_choose(on, svc, skb, flow, &choice);
	rcu_read_unlock();
	local_bh_enable();
	return verdict;
}

/* The template of a client's connection to a port of the service. */
static struct opvs_conn *choose(struct kunit *test, u32 client, u16 port)
{
	const struct opvs_flow flow = {
		.saddr.ip = htonl(client),
		.daddr.ip = htonl(VIP),
		.sport = htons(40000),
		.dport = htons(port),
		.family = NFPROTO_IPV4,
		.proto = IPPROTO_TCP,
	};

	KUNIT_ASSERT_TRUE(test, choose_by(NULL, &flow) == OPVS_GO_ON);
	KUNIT_ASSERT_NOT_NULL(test, choice.control);
	KUNIT_EXPECT_PTR_EQ(test, choice.control->dest, choice.dest);
	return choice.control;
}

static inline u32 left(const struct opvs_conn *tp)
{
	return opvs_conn_seconds_left(tp);
}

#endif /* OPVS_PERSIST_FIXTURE_H */
