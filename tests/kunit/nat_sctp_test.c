// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of rewriting, what is peculiar to SCTP: its CRC covers no pseudo
 * header, and devices can be left to compute it.
 */
#include <opvs/xmit.h>

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/in.h>
#include <linux/module.h>
#include <linux/sctp.h>
#include <linux/skbuff.h>

#include "nat_rewrite.h"

static const struct nat_case nat_sctp_cases[] = {
	{ "v4 source", OPVS_SOURCE, NFPROTO_IPV4, IPPROTO_SCTP },
	{ "v4 dest", OPVS_DEST, NFPROTO_IPV4, IPPROTO_SCTP },
	{ "v6 source", OPVS_SOURCE, NFPROTO_IPV6, IPPROTO_SCTP },
	{ "v6 dest", OPVS_DEST, NFPROTO_IPV6, IPPROTO_SCTP },
};

static const struct nat_case nat_fragment_cases[] = {
	{ "v4", OPVS_SOURCE, NFPROTO_IPV4, IPPROTO_SCTP, .more_frags = true },
	{ "v6", OPVS_DEST, NFPROTO_IPV6, IPPROTO_SCTP, .more_frags = true },
};

KUNIT_ARRAY_PARAM(nat_sctp, nat_sctp_cases, nat_case_name);
KUNIT_ARRAY_PARAM(nat_fragment, nat_fragment_cases, nat_case_name);

static __le32 *nat_crc(struct opvs_test_bytes *bytes)
{
	return &((struct sctphdr *)(bytes->data + bytes->thoff))->checksum;
}

/* From headers alone to some hundred bytes.  Not CHECKSUM_PARTIAL: see below. */
static void nat_lengths(struct kunit *test)
{
	const struct nat_case *row = test->param_value;
	struct opvs_test_packet packet;
	u16 body;

	for (body = 0; body < 400; body++) {
		packet = nat_random_packet(row);
		packet.body = body;
		nat_prepare(&nat_round, row, &packet);
		KUNIT_ASSERT_EQ(test, opvs_test_residue(&nat_round.want), 0);
		nat_run(test, &nat_round, row, nat_summed[body / 3 % 3],
			body % OPVS_TEST_SHAPES);
	}
}

/* The CRC does not cover the address. */
static void nat_same_port(struct kunit *test)
{
	const struct nat_case *row = test->param_value;
	struct nat_round *round = &nat_round;
	struct opvs_test_packet packet, after;
	int n;

	for (n = 0; n < NAT_ROUNDS; n++) {
		packet = nat_random_packet(row);
		nat_prepare(round, row, &packet);
		round->port = row->end == OPVS_SOURCE ? packet.sport
						      : packet.dport;
		after = packet;
		nat_set_end(&after, row->end, &round->addr, round->port);
		opvs_test_build(&after, &round->want);
		KUNIT_ASSERT_EQ(test, le32_to_cpu(*nat_crc(&round->want)),
				le32_to_cpu(*nat_crc(&round->before)));
		nat_run(test, round, row, CHECKSUM_NONE, n % OPVS_TEST_SHAPES);
	}
}

/* The field's content is left to the device, which writes the CRC. */
static void nat_left_to_device(struct kunit *test)
{
	const struct nat_case *row = test->param_value;
	struct nat_round *round = &nat_round;
	struct opvs_test_packet packet;
	struct sk_buff *skb;
	int n;

	for (n = 0; n < NAT_ROUNDS; n++) {
		packet = nat_random_packet(row);
		nat_prepare(round, row, &packet);
		*nat_crc(&round->before) = cpu_to_le32(n & 1 ? nat_random() : 0);
		*nat_crc(&round->want) = *nat_crc(&round->before);
		skb = opvs_test_skb(test, round->before.data, round->before.len,
				    n % OPVS_TEST_SHAPES, round->head);
		skb->ip_summed = CHECKSUM_PARTIAL;
		skb->csum_not_inet = 1;
		skb->csum_start = skb_headroom(skb) + round->before.thoff;
		skb->csum_offset = offsetof(struct sctphdr, checksum);
		nat_rewrite(test, round, row, skb);
		KUNIT_EXPECT_TRUE(test, skb->ip_summed == CHECKSUM_PARTIAL);
		KUNIT_EXPECT_TRUE(test, skb->csum_not_inet);
		KUNIT_EXPECT_TRUE(test,
				  opvs_test_skb_holds(skb, round->want.data,
						      round->want.len));
		opvs_test_free_skb(test, skb);
	}
}

/* Its CRC depends on how much follows in other fragments. */
static void nat_fragment(struct kunit *test)
{
	const struct nat_case *row = test->param_value;
	struct nat_round *round = &nat_round;
	struct opvs_test_packet packet = nat_random_packet(row);
	struct opvs_flow flow;
	struct sk_buff *skb;

	nat_prepare(round, row, &packet);
	skb = opvs_test_skb(test, round->before.data, round->before.len,
			    OPVS_TEST_LINEAR, 0);
	KUNIT_EXPECT_EQ(test, 0, opvs_flow_parse(skb, 0, row->family, &flow));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			opvs_rewrite(skb, &flow, row->end, &round->addr,
				     round->port));
	KUNIT_EXPECT_TRUE(test,
			  opvs_test_skb_holds(skb, round->before.data,
					      round->before.len));
}

static struct kunit_case nat_sctp_test_cases[] = {
	KUNIT_CASE_PARAM(nat_lengths, nat_sctp_gen_params),
	KUNIT_CASE_PARAM(nat_same_port, nat_sctp_gen_params),
	KUNIT_CASE_PARAM(nat_left_to_device, nat_sctp_gen_params),
	KUNIT_CASE_PARAM(nat_fragment, nat_fragment_gen_params),
	{}
};

static struct kunit_suite nat_sctp_suite = {
	.name = "opvs_nat_sctp",
	.init = nat_init,
	.test_cases = nat_sctp_test_cases,
};

kunit_test_suite(nat_sctp_suite);

MODULE_DESCRIPTION("opvs: unit tests of SCTP's address and checksum rewriting");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
