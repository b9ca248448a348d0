// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of requests: which packets are GSO packets, to be taken
 * apart before they are balanced.
 */
#include <opvs/path.h>

#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/svc.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/in.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>

#include "packet.h"
#include "testlib.h"

#define VIP		0xc0000201
#define CLIENT		0xcb007105

static struct opvs_net *on;

static int request_init(struct kunit *test)
{
	return opvs_test_net_init(test, &on);
}

static void request_exit(struct kunit *test)
{
	opvs_test_net_exit(test, on);
}

/* Malformed ones, which are dropped before anybody looks for a server. */
static opvs_verdict_t request(struct kunit *test, unsigned int gso_type)
{
	const struct opvs_flow flow = {
		.saddr.ip = htonl(CLIENT),
		.daddr.ip = htonl(VIP),
		.sport = htons(5060),
		.dport = htons(5060),
		.family = NFPROTO_IPV4,
		.proto = IPPROTO_UDP,
		.flags = OPVS_FLOW_TO_HOST | OPVS_FLOW_MALFORMED,
	};
	static const u8 bytes[100];
	opvs_verdict_t verdict;
	struct sk_buff *skb;

	skb = opvs_test_skb(test, bytes, sizeof(bytes), OPVS_TEST_LINEAR, 0);
	if (gso_type) {
		skb_shinfo(skb)->gso_size = 10;
		skb_shinfo(skb)->gso_type = gso_type;
	}
	local_bh_disable();
	rcu_read_lock();
	verdict = opvs_request(on, skb, &flow);
	rcu_read_unlock();
	local_bh_enable();
	opvs_test_free_skb(test, skb);
	return verdict;
}

static void request_expect(struct kunit *test, unsigned int gso_type,
			   opvs_verdict_t verdict)
{
	KUNIT_EXPECT_TRUE_MSG(test, request(test, gso_type) == verdict,
			      "gso_type %#x", gso_type);
}

/* UFO is one datagram that is to be cut into fragments: it is whole, and they
 * would not be.
 */
static void request_gso(struct kunit *test)
{
	opvs_test_svc(test, on, VIP, 5060);
	request_expect(test, 0, OPVS_VERDICT(DROP_MALFORMED));
	request_expect(test, SKB_GSO_UDP_L4, OPVS_SPLIT);
	request_expect(test, SKB_GSO_UDP_L4 | SKB_GSO_FRAGLIST,
		       OPVS_SPLIT);
	request_expect(test, SKB_GSO_UDP_L4 | SKB_GSO_DODGY,
		       OPVS_SPLIT);
	request_expect(test, SKB_GSO_UDP, OPVS_VERDICT(DROP_MALFORMED));
	request_expect(test, SKB_GSO_UDP | SKB_GSO_DODGY,
		       OPVS_VERDICT(DROP_MALFORMED));
}

static void request_nobodys(struct kunit *test)
{
	request_expect(test, 0, OPVS_NOT_OURS);
	request_expect(test, SKB_GSO_UDP_L4, OPVS_NOT_OURS);
}

static struct kunit_case request_cases[] = {
	KUNIT_CASE(request_gso),
	KUNIT_CASE(request_nobodys),
	{}
};

static struct kunit_suite request_suite = {
	.name		= "opvs_request",
	.init		= request_init,
	.exit		= request_exit,
	.test_cases	= request_cases,
};

kunit_test_suite(request_suite);

MODULE_DESCRIPTION("opvs: unit tests of requests");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
