// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of the counters of SIP messages: whose they are, when there are any,
 * that they never step back, and that packets of every shape are counted.
 *
 *	service 192.0.2.1:5060, sip --- 198.51.100.11, 198.51.100.12
 */
#include <opvs/path.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/pe.h>
#include <opvs/sched.h>
#include <opvs/sip_kind.h>
#include <opvs/stats.h>
#include <opvs/svc.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/err.h>
#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/string.h>

#include "packet.h"
#include "testlib.h"

#define VIP		0xc0000201
#define SERVER_1	0xc633640b
#define SERVER_2	0xc633640c
#define CLIENT		0xcb007105

#define INVITE		"INVITE sip:bob@example.net SIP/2.0\r\nCall-ID: a\r\n\r\n"
#define BYE		"BYE sip:bob@example.net SIP/2.0\r\nCall-ID: a\r\n\r\n"
#define RINGING		"SIP/2.0 180 Ringing\r\nCall-ID: a\r\nCSeq: 1\r\n\r\n"
#define BUSY		"SIP/2.0 486 Busy Here\r\nCall-ID: a\r\nCSeq: 1\r\n\r\n"

static struct opvs_net *on;
static struct opvs_svc_conf conf;
static struct opvs_svc *svc;
static struct opvs_dest *one, *two;

static int count_init(struct kunit *test)
{
	int err = opvs_test_net_init(test, &on);

	if (err)
		return err;
	opvs_test_svc_conf(&conf, IPPROTO_UDP);
	conf.key.port = htons(5060);
	conf.sched = &opvs_sched_mh;
	conf.pe = opvs_pe_find("sip");
	conf.flags = IP_VS_SVC_F_ONEPACKET;
	svc = opvs_test_svc_as(test, on, &conf);
	one = opvs_test_dest(test, svc, SERVER_1, 5060);
	two = opvs_test_dest(test, svc, SERVER_2, 5060);
	return 0;
}

static void count_exit(struct kunit *test)
{
	opvs_test_net_exit(test, on);
}

/* What a server or, without one, the service shows of a kind. */
static u64 shown(const struct opvs_dest *dest, enum opvs_sip_kind kind)
{
	struct opvs_sip_totals totals;

	mutex_lock(&on->cfg_lock);
	if (dest)
		opvs_sip_dest_shown(dest, &totals);
	else
		opvs_sip_svc_shown(svc, &totals);
	mutex_unlock(&on->cfg_lock);
	return totals.v[kind];
}

static void note(struct opvs_dest *dest, bool request, struct sk_buff *skb,
		 const struct opvs_flow *flow)
{
	struct opvs_sip_cpu __percpu *sip = READ_ONCE(dest->sip_cpu);

	local_bh_disable();
	if (request)
		opvs_note_request(sip, skb, flow);
	else
		opvs_note_answer(sip, skb, flow);
	local_bh_enable();
}

/* A datagram of which the first @head bytes are in the packet's head. */
static void pass(struct kunit *test, struct opvs_dest *dest, bool request,
		 const char *text, enum opvs_test_shape shape,
		 unsigned int head)
{
	const struct opvs_flow flow = {
		.family = NFPROTO_IPV4,
		.proto = IPPROTO_UDP,
		.payload_len = strlen(text),
	};
	struct sk_buff *skb;

	skb = opvs_test_skb(test, text, strlen(text), shape, head);
	note(dest, request, skb, &flow);
	opvs_test_free_skb(test, skb);
}

static void asks(struct kunit *test, struct opvs_dest *dest, const char *text,
		 int times)
{
	while (times--)
		pass(test, dest, true, text, OPVS_TEST_LINEAR, 0);
}

static void answers(struct kunit *test, struct opvs_dest *dest,
		    const char *text, int times)
{
	while (times--)
		pass(test, dest, false, text, OPVS_TEST_LINEAR, 0);
}

static void count_sums(struct kunit *test)
{
	asks(test, one, INVITE, 3);
	asks(test, two, INVITE, 4);
	asks(test, two, BYE, 2);
	answers(test, two, RINGING, 5);
	answers(test, one, BUSY, 1);
	KUNIT_EXPECT_EQ(test, shown(one, OPVS_SIP_INVITE), 3);
	KUNIT_EXPECT_EQ(test, shown(one, OPVS_SIP_BYE), 0);
	KUNIT_EXPECT_EQ(test, shown(one, OPVS_SIP_4XX), 1);
	KUNIT_EXPECT_EQ(test, shown(two, OPVS_SIP_INVITE), 4);
	KUNIT_EXPECT_EQ(test, shown(two, OPVS_SIP_BYE), 2);
	KUNIT_EXPECT_EQ(test, shown(two, OPVS_SIP_1XX), 5);
	KUNIT_EXPECT_EQ(test, shown(NULL, OPVS_SIP_INVITE), 7);
	KUNIT_EXPECT_EQ(test, shown(NULL, OPVS_SIP_BYE), 2);
	KUNIT_EXPECT_EQ(test, shown(NULL, OPVS_SIP_1XX), 5);
	KUNIT_EXPECT_EQ(test, shown(NULL, OPVS_SIP_4XX), 1);
}

/* An answer of a client is no request, nor is a server's request an answer. */
static void count_directions(struct kunit *test)
{
	asks(test, one, RINGING, 2);
	answers(test, one, INVITE, 2);
	KUNIT_EXPECT_EQ(test, shown(NULL, OPVS_SIP_INVITE), 0);
	KUNIT_EXPECT_EQ(test, shown(NULL, OPVS_SIP_1XX), 0);
}

/* Wherever the packet's bytes are, and when it has but a few. */
static void count_shapes(struct kunit *test)
{
	unsigned int head, times = 0;
	int shape;

	for (shape = 0; shape < OPVS_TEST_SHAPES; shape++) {
		for (head = 0; head <= OPVS_SIP_KIND_BYTES + 1; head++) {
			pass(test, one, true, INVITE, shape, head);
			pass(test, one, true, "BYE sip:a", shape,
			     min_t(unsigned int, head, 9));
			pass(test, one, false, BUSY, shape, head);
			times++;
		}
	}
	KUNIT_EXPECT_EQ(test, shown(one, OPVS_SIP_INVITE), times);
	KUNIT_EXPECT_EQ(test, shown(one, OPVS_SIP_BYE), times);
	KUNIT_EXPECT_EQ(test, shown(one, OPVS_SIP_4XX), times);
}

/* Of TCP nobody knows where the payload is; a header may lie about its length. */
static void count_no_payload(struct kunit *test)
{
	struct opvs_flow flow = {
		.family = NFPROTO_IPV4,
		.proto = IPPROTO_TCP,
	};
	struct sk_buff *skb;

	skb = opvs_test_skb(test, INVITE, strlen(INVITE), OPVS_TEST_LINEAR, 0);
	note(one, true, skb, &flow);
	flow.proto = IPPROTO_UDP;
	flow.payload = strlen(INVITE);
	flow.payload_len = 1000;
	note(one, true, skb, &flow);
	flow.payload = strlen(INVITE) - 8;
	note(one, true, skb, &flow);
	opvs_test_free_skb(test, skb);
	KUNIT_EXPECT_EQ(test, shown(one, OPVS_SIP_INVITE), 0);
}

static void count_server_removed(struct kunit *test)
{
	asks(test, one, INVITE, 3);
	asks(test, two, INVITE, 4);
	opvs_test_dest_del(test, one);
	KUNIT_EXPECT_EQ(test, shown(NULL, OPVS_SIP_INVITE), 7);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 2));
	KUNIT_EXPECT_EQ(test, shown(NULL, OPVS_SIP_INVITE), 7);

	/* The same server again begins at nothing. */
	one = opvs_test_dest(test, svc, SERVER_1, 5060);
	KUNIT_EXPECT_EQ(test, shown(one, OPVS_SIP_INVITE), 0);
	asks(test, one, INVITE, 1);
	KUNIT_EXPECT_EQ(test, shown(NULL, OPVS_SIP_INVITE), 8);
}

static void edit(struct kunit *test, struct opvs_svc *of,
		 const struct opvs_svc_conf *as)
{
	mutex_lock(&on->cfg_lock);
	KUNIT_EXPECT_EQ(test, opvs_svc_edit(of, as, NULL), 0);
	mutex_unlock(&on->cfg_lock);
}

static void zero(void)
{
	mutex_lock(&on->cfg_lock);
	opvs_svc_zero(svc);
	mutex_unlock(&on->cfg_lock);
}

static void count_zero(struct kunit *test)
{
	asks(test, one, INVITE, 3);
	asks(test, two, INVITE, 4);
	opvs_test_dest_del(test, one);
	zero();
	KUNIT_EXPECT_EQ(test, shown(NULL, OPVS_SIP_INVITE), 0);
	KUNIT_EXPECT_EQ(test, shown(two, OPVS_SIP_INVITE), 0);
	asks(test, two, INVITE, 1);
	KUNIT_EXPECT_EQ(test, shown(NULL, OPVS_SIP_INVITE), 1);
	KUNIT_EXPECT_EQ(test, shown(two, OPVS_SIP_INVITE), 1);
	/* Neither twice nor below 0. */
	opvs_test_dest_del(test, two);
	KUNIT_EXPECT_EQ(test, shown(NULL, OPVS_SIP_INVITE), 1);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 1));
	KUNIT_EXPECT_EQ(test, shown(NULL, OPVS_SIP_INVITE), 1);

	mutex_lock(&on->cfg_lock);
	opvs_net_zero(on);
	mutex_unlock(&on->cfg_lock);
	KUNIT_EXPECT_EQ(test, shown(NULL, OPVS_SIP_INVITE), 0);
}

/* A server that its connections kept comes back with what it counted, or its
 * service does, and all begin at nothing.
 */
static void count_revived(struct kunit *test)
{
	struct opvs_conn_start start;
	struct opvs_svc_conf tracked = conf;

	tracked.flags = IP_VS_SVC_F_PERSISTENT;
	tracked.timeout = 60;
	edit(test, svc, &tracked);
	opvs_test_start(&start, one, CLIENT, 1);
	KUNIT_ASSERT_FALSE(test, IS_ERR(opvs_test_track(on, &start)));
	asks(test, one, INVITE, 3);
	opvs_test_dest_del(test, one);
	asks(test, one, INVITE, 1);
	KUNIT_ASSERT_PTR_EQ(test, opvs_test_dest(test, svc, SERVER_1, 5060), one);
	KUNIT_EXPECT_EQ(test, shown(one, OPVS_SIP_INVITE), 4);
	KUNIT_EXPECT_EQ(test, shown(NULL, OPVS_SIP_INVITE), 4);

	opvs_test_svc_del(svc);
	KUNIT_ASSERT_PTR_EQ(test, opvs_test_svc_as(test, on, &tracked), svc);
	KUNIT_ASSERT_PTR_EQ(test, opvs_test_dest(test, svc, SERVER_1, 5060), one);
	KUNIT_EXPECT_EQ(test, shown(one, OPVS_SIP_INVITE), 0);
	KUNIT_EXPECT_EQ(test, shown(NULL, OPVS_SIP_INVITE), 0);
	asks(test, one, INVITE, 2);
	KUNIT_EXPECT_EQ(test, shown(one, OPVS_SIP_INVITE), 2);
	KUNIT_EXPECT_EQ(test, shown(NULL, OPVS_SIP_INVITE), 2);
}

/* Without an engine there are no counters; with one again, the old ones. */
static void count_engine(struct kunit *test)
{
	struct opvs_svc_conf plain;
	struct opvs_dest *dest;
	struct opvs_svc *other;

	asks(test, one, INVITE, 3);
	plain = conf;
	plain.pe = NULL;
	edit(test, svc, &plain);
	KUNIT_EXPECT_NULL(test, (__force void *)one->sip_cpu);
	edit(test, svc, &conf);
	KUNIT_ASSERT_NOT_NULL(test, (__force void *)one->sip_cpu);
	KUNIT_EXPECT_EQ(test, shown(one, OPVS_SIP_INVITE), 3);
	KUNIT_EXPECT_EQ(test, shown(NULL, OPVS_SIP_INVITE), 3);

	plain.key.port = htons(5070);
	other = opvs_test_svc_as(test, on, &plain);
	dest = opvs_test_dest(test, other, SERVER_1, 5070);
	KUNIT_EXPECT_NULL(test, (__force void *)dest->sip_cpu);
	KUNIT_EXPECT_NULL(test, dest->sip);
	KUNIT_EXPECT_NULL(test, other->sip);
	plain.pe = conf.pe;
	edit(test, other, &plain);
	KUNIT_EXPECT_NOT_NULL(test, (__force void *)dest->sip_cpu);
	KUNIT_EXPECT_NOT_NULL(test, other->sip);
}

static struct kunit_case count_test_cases[] = {
	KUNIT_CASE(count_sums),
	KUNIT_CASE(count_directions),
	KUNIT_CASE(count_shapes),
	KUNIT_CASE(count_no_payload),
	KUNIT_CASE(count_server_removed),
	KUNIT_CASE(count_zero),
	KUNIT_CASE(count_revived),
	KUNIT_CASE(count_engine),
	{}
};

static struct kunit_suite count_suite = {
	.name = "opvs_sip_count",
	.init = count_init,
	.exit = count_exit,
	.test_cases = count_test_cases,
};

kunit_test_suite(count_suite);

MODULE_DESCRIPTION("opvs: unit tests of the counters of SIP messages");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
