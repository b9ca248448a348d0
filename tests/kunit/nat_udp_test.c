// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of rewriting, what is peculiar to UDP: a checksum of 0 says that
 * there is none, and tunnels run over it.
 */
#include <opvs/xmit.h>

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/module.h>
#include <linux/skbuff.h>
#include <linux/udp.h>

#include "nat_rewrite.h"

static const struct nat_case nat_udp_cases[] = {
	{ "v4 source", OPVS_SOURCE, NFPROTO_IPV4 },
	{ "v4 dest", OPVS_DEST, NFPROTO_IPV4 },
	{ "v6 source", OPVS_SOURCE, NFPROTO_IPV6 },
	{ "v6 dest", OPVS_DEST, NFPROTO_IPV6 },
	{ "v4 source, options", OPVS_SOURCE, NFPROTO_IPV4,
	  .long_headers = true },
	{ "v4 dest, options", OPVS_DEST, NFPROTO_IPV4, .long_headers = true },
	{ "v6 source, extension headers", OPVS_SOURCE, NFPROTO_IPV6,
	  .long_headers = true },
	{ "v6 dest, extension headers", OPVS_DEST, NFPROTO_IPV6,
	  .long_headers = true },
};

static const struct nat_case nat_no_check_cases[] = {
	{ "v4 source", OPVS_SOURCE, NFPROTO_IPV4, .no_check = true },
	{ "v4 dest", OPVS_DEST, NFPROTO_IPV4, .no_check = true },
	{ "v6 source", OPVS_SOURCE, NFPROTO_IPV6, .no_check = true },
	{ "v6 dest", OPVS_DEST, NFPROTO_IPV6, .no_check = true },
};

KUNIT_ARRAY_PARAM(nat_udp, nat_udp_cases, nat_case_name);
KUNIT_ARRAY_PARAM(nat_no_check, nat_no_check_cases, nat_case_name);

/* RFC 768: 0 says that there is none, and stays.  The device's sum covers the
 * new address and port all the same.
 */
static void nat_no_check(struct kunit *test)
{
	const struct nat_case *row = test->param_value;
	struct opvs_test_packet packet;
	int i, round;

	/* Not CHECKSUM_PARTIAL, which promises a checksum. */
	for (i = 0; nat_summed[i] != CHECKSUM_PARTIAL; i++) {
		for (round = 0; round < NAT_ROUNDS; round++) {
			packet = nat_random_packet(row);
			nat_prepare(&nat_round, row, &packet);
			nat_run(test, &nat_round, row, nat_summed[i],
				round % OPVS_TEST_SHAPES);
		}
	}
}

/* A checksum that would be 0 must be sent as 0xffff. */
static void nat_zero_sum(struct kunit *test)
{
	const struct nat_case *row = test->param_value;
	struct nat_round *round = &nat_round;
	int i, n;

	for (i = 0; i < ARRAY_SIZE(nat_summed); i++) {
		for (n = 0; n < NAT_ROUNDS; n++) {
			nat_aim(round, row, &round->want);
			KUNIT_ASSERT_EQ(test, 0xffff, (__force u16)
					*opvs_test_check(&round->want));
			nat_run(test, round, row, nat_summed[i],
				n % OPVS_TEST_SHAPES);
		}
	}
}

/* The header of a tunnel over UDP, whose inner packet the device is to sum. */
static struct sk_buff *nat_tunnel(struct kunit *test, struct nat_round *round,
				  enum opvs_test_shape shape)
{
	struct sk_buff *skb;

	skb = opvs_test_skb(test, round->before.data, round->before.len, shape,
			    round->head);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + round->before.thoff +
			  sizeof(struct udphdr) + 8;
	skb->csum_offset = 4;
	return skb;
}

/* The outer checksum is complete and covers what the device will put in. */
static void nat_tunnel_check(struct kunit *test)
{
	const struct nat_case *row = test->param_value;
	struct nat_round *round = &nat_round;
	struct opvs_test_packet packet;
	struct sk_buff *skb;
	int n;

	for (n = 0; n < NAT_ROUNDS; n++) {
		packet = nat_random_packet(row);
		packet.body = NAT_BODY_MAX;
		nat_prepare(round, row, &packet);
		skb = nat_tunnel(test, round, n % OPVS_TEST_SHAPES);
		nat_rewrite(test, round, row, skb);
		KUNIT_EXPECT_TRUE(test, skb->ip_summed == CHECKSUM_PARTIAL);
		skb->ip_summed = CHECKSUM_NONE;
		nat_read(test, skb, round);
		nat_expect(test, round);
		opvs_test_free_skb(test, skb);
	}
}

static void nat_tunnel_no_check(struct kunit *test)
{
	nat_tunnel_check(test);
}

/* In a GSO packet of a tunnel the outer checksum, too, is left to the code that
 * segments it, and holds the sum of the pseudo header.
 */
static void nat_tunnel_gso(struct kunit *test)
{
	const struct nat_case *row = test->param_value;
	struct nat_round *round = &nat_round;
	struct opvs_test_packet packet;
	struct sk_buff *skb;
	int n;

	for (n = 0; n < NAT_ROUNDS; n++) {
		packet = nat_random_packet(row);
		packet.body = NAT_BODY_MAX;
		nat_prepare(round, row, &packet);
		nat_make_partial(&round->before);
		skb = nat_tunnel(test, round, n % OPVS_TEST_SHAPES);
		skb_shinfo(skb)->gso_size = 10;
		skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4 |
					    SKB_GSO_UDP_TUNNEL_CSUM;
		nat_rewrite(test, round, row, skb);
		/* Then the sum is made as if the header were the device's. */
		skb_gso_reset(skb);
		nat_set_summed(skb, &round->before, CHECKSUM_PARTIAL);
		nat_read(test, skb, round);
		nat_expect(test, round);
		opvs_test_free_skb(test, skb);
	}
}

static struct kunit_case nat_udp_test_cases[] = {
	KUNIT_CASE_PARAM(nat_no_check, nat_no_check_gen_params),
	KUNIT_CASE_PARAM(nat_zero_sum, nat_udp_gen_params),
	KUNIT_CASE_PARAM(nat_tunnel_check, nat_udp_gen_params),
	KUNIT_CASE_PARAM(nat_tunnel_no_check, nat_no_check_gen_params),
	KUNIT_CASE_PARAM(nat_tunnel_gso, nat_udp_gen_params),
	{}
};

static struct kunit_suite nat_udp_suite = {
	.name = "opvs_nat_udp",
	.init = nat_init,
	.test_cases = nat_udp_test_cases,
};

kunit_test_suite(nat_udp_suite);

MODULE_DESCRIPTION("opvs: unit tests of UDP's address and checksum rewriting");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
