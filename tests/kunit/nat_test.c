// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of rewriting, what is the same for all transports.  A packet is
 * rewritten and compared, byte for byte, with one that was built with the new
 * address and port from the start.
 */
#include <opvs/xmit.h>

#include <opvs/flow.h>
#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/in.h>
#include <linux/module.h>
#include <linux/skbuff.h>

#include "nat_rewrite.h"

static const struct nat_case nat_cases[] = {
	{ "udp v4 source", OPVS_SOURCE, NFPROTO_IPV4, IPPROTO_UDP },
	{ "udp v4 dest", OPVS_DEST, NFPROTO_IPV4, IPPROTO_UDP },
	{ "udp v6 source", OPVS_SOURCE, NFPROTO_IPV6, IPPROTO_UDP },
	{ "udp v6 dest", OPVS_DEST, NFPROTO_IPV6, IPPROTO_UDP },
	{ "udp v4 source, options", OPVS_SOURCE, NFPROTO_IPV4,
	  IPPROTO_UDP, .long_headers = true },
	{ "udp v4 dest, options", OPVS_DEST, NFPROTO_IPV4,
	  IPPROTO_UDP, .long_headers = true },
	{ "udp v6 source, extension headers", OPVS_SOURCE, NFPROTO_IPV6,
	  IPPROTO_UDP, .long_headers = true },
	{ "udp v6 dest, extension headers", OPVS_DEST, NFPROTO_IPV6,
	  IPPROTO_UDP, .long_headers = true },
	{ "udp v4 source, first fragment", OPVS_SOURCE, NFPROTO_IPV4,
	  IPPROTO_UDP, .more_frags = true },
	{ "udp v4 dest, first fragment", OPVS_DEST, NFPROTO_IPV4,
	  IPPROTO_UDP, .more_frags = true },
	{ "udp v6 source, first fragment", OPVS_SOURCE, NFPROTO_IPV6,
	  IPPROTO_UDP, .more_frags = true },
	{ "udp v6 dest, first fragment", OPVS_DEST, NFPROTO_IPV6,
	  IPPROTO_UDP, .more_frags = true },

	{ "tcp v4 source", OPVS_SOURCE, NFPROTO_IPV4, IPPROTO_TCP },
	{ "tcp v4 dest", OPVS_DEST, NFPROTO_IPV4, IPPROTO_TCP },
	{ "tcp v6 source", OPVS_SOURCE, NFPROTO_IPV6, IPPROTO_TCP },
	{ "tcp v6 dest", OPVS_DEST, NFPROTO_IPV6, IPPROTO_TCP },
	{ "tcp v4 source, options", OPVS_SOURCE, NFPROTO_IPV4,
	  IPPROTO_TCP, .long_headers = true },
	{ "tcp v4 dest, options", OPVS_DEST, NFPROTO_IPV4,
	  IPPROTO_TCP, .long_headers = true },
	{ "tcp v6 source, extension headers", OPVS_SOURCE, NFPROTO_IPV6,
	  IPPROTO_TCP, .long_headers = true },
	{ "tcp v6 dest, extension headers", OPVS_DEST, NFPROTO_IPV6,
	  IPPROTO_TCP, .long_headers = true },
	{ "tcp v4 source, first fragment", OPVS_SOURCE, NFPROTO_IPV4,
	  IPPROTO_TCP, .more_frags = true },
	{ "tcp v4 dest, first fragment", OPVS_DEST, NFPROTO_IPV4,
	  IPPROTO_TCP, .more_frags = true },
	{ "tcp v6 source, first fragment", OPVS_SOURCE, NFPROTO_IPV6,
	  IPPROTO_TCP, .more_frags = true },
	{ "tcp v6 dest, first fragment", OPVS_DEST, NFPROTO_IPV6,
	  IPPROTO_TCP, .more_frags = true },

	{ "sctp v4 source", OPVS_SOURCE, NFPROTO_IPV4, IPPROTO_SCTP },
	{ "sctp v4 dest", OPVS_DEST, NFPROTO_IPV4, IPPROTO_SCTP },
	{ "sctp v6 source", OPVS_SOURCE, NFPROTO_IPV6, IPPROTO_SCTP },
	{ "sctp v6 dest", OPVS_DEST, NFPROTO_IPV6, IPPROTO_SCTP },
	{ "sctp v4 source, options", OPVS_SOURCE, NFPROTO_IPV4,
	  IPPROTO_SCTP, .long_headers = true },
	{ "sctp v4 dest, options", OPVS_DEST, NFPROTO_IPV4,
	  IPPROTO_SCTP, .long_headers = true },
	{ "sctp v6 source, extension headers", OPVS_SOURCE, NFPROTO_IPV6,
	  IPPROTO_SCTP, .long_headers = true },
	{ "sctp v6 dest, extension headers", OPVS_DEST, NFPROTO_IPV6,
	  IPPROTO_SCTP, .long_headers = true },
};

KUNIT_ARRAY_PARAM(nat, nat_cases, nat_case_name);

static void nat_whole(struct kunit *test)
{
	const struct nat_case *row = test->param_value;
	struct opvs_test_packet packet;
	int i, round;

	for (i = 0; i < ARRAY_SIZE(nat_summed); i++) {
		/* SCTP's is another kind of sum, with tests of its own. */
		if (nat_summed[i] == CHECKSUM_PARTIAL &&
		    row->proto == IPPROTO_SCTP)
			continue;
		for (round = 0; round < NAT_ROUNDS; round++) {
			packet = nat_random_packet(row);
			nat_prepare(&nat_round, row, &packet);
			nat_run(test, &nat_round, row, nat_summed[i],
				round % OPVS_TEST_SHAPES);
		}
	}
}

/* Damage is passed on, by exactly as much. */
static void nat_damaged(struct kunit *test)
{
	const struct nat_case *row = test->param_value;
	struct nat_round *round = &nat_round;
	struct opvs_test_packet packet;
	struct sk_buff *skb;
	u32 residue;
	int n;

	for (n = 0; n < NAT_ROUNDS; n++) {
		packet = nat_random_packet(row);
		packet.body = 1 + nat_random() % NAT_BODY_MAX;
		nat_prepare(round, row, &packet);
		round->before.data[round->before.len - 1] ^= 1 << n % 8;
		residue = opvs_test_residue(&round->before);
		KUNIT_ASSERT_NE(test, residue, 0);
		skb = opvs_test_skb(test, round->before.data, round->before.len,
				    n % OPVS_TEST_SHAPES, round->head);
		nat_rewrite(test, round, row, skb);
		nat_read(test, skb, round);
		KUNIT_EXPECT_EQ(test, opvs_test_residue(&round->got), residue);
		opvs_test_free_skb(test, skb);
	}
}

/* A clone, as a packet socket holds it, keeps the bytes from before. */
static void nat_clone(struct kunit *test)
{
	const struct nat_case *row = test->param_value;
	struct nat_round *round = &nat_round;
	struct opvs_test_packet packet;
	struct sk_buff *skb, *clone;
	int n;

	for (n = 0; n < NAT_ROUNDS; n++) {
		packet = nat_random_packet(row);
		nat_prepare(round, row, &packet);
		skb = opvs_test_skb(test, round->before.data, round->before.len,
				    n % OPVS_TEST_SHAPES, round->head);
		clone = opvs_test_own_skb(test, skb_clone(skb, GFP_KERNEL));
		nat_rewrite(test, round, row, skb);
		KUNIT_EXPECT_TRUE(test,
				  opvs_test_skb_holds(clone, round->before.data,
						      round->before.len));
		opvs_test_free_skb(test, clone);
		nat_read(test, skb, round);
		nat_expect(test, round);
		opvs_test_free_skb(test, skb);
	}
}

/* Bytes of the transport header up to the end of its checksum. */
static unsigned int nat_need(u8 proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return 18;
	case IPPROTO_SCTP:
		return 12;
	default:
		return 8;
	}
}

/* A packet that has lost its end since it was parsed. */
static void nat_too_short(struct kunit *test)
{
	const struct nat_case *row = test->param_value;
	struct nat_round *round = &nat_round;
	struct opvs_test_packet packet = nat_random_packet(row);
	enum opvs_test_shape shape;
	struct opvs_flow flow;
	struct sk_buff *skb;
	unsigned int len;

	nat_prepare(round, row, &packet);
	len = round->before.thoff + nat_need(row->proto) - 1;
	for (shape = 0; shape < OPVS_TEST_SHAPES; shape++) {
		skb = opvs_test_skb(test, round->before.data, round->before.len,
				    shape, 10);
		KUNIT_EXPECT_EQ(test, 0,
				opvs_flow_parse(skb, 0, row->family, &flow));
		KUNIT_ASSERT_EQ(test, pskb_trim(skb, len), 0);
		KUNIT_EXPECT_EQ(test, -ENOMEM,
				opvs_rewrite(skb, &flow, row->end, &round->addr,
					     round->port));
		KUNIT_EXPECT_TRUE(test,
				  opvs_test_skb_holds(skb, round->before.data,
						      len));
	}
}

static struct kunit_case nat_test_cases[] = {
	KUNIT_CASE_PARAM(nat_whole, nat_gen_params),
	KUNIT_CASE_PARAM(nat_damaged, nat_gen_params),
	KUNIT_CASE_PARAM(nat_clone, nat_gen_params),
	KUNIT_CASE_PARAM(nat_too_short, nat_gen_params),
	{}
};

static struct kunit_suite nat_suite = {
	.name = "opvs_nat",
	.init = nat_init,
	.test_cases = nat_test_cases,
};

kunit_test_suite(nat_suite);

MODULE_DESCRIPTION("opvs: unit tests of address and checksum rewriting");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
