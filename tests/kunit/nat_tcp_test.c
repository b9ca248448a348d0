// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of rewriting, what is peculiar to TCP: a checksum of 0 is one like
 * any other, and GSO packets are rewritten as a whole.
 */
#include <opvs/xmit.h>

#include <opvs/compat.h>
#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/module.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>

#include "nat_rewrite.h"

#define GSO_BODY	300
#define GSO_MSS	80
#define GSO_SEGMENTS	4

static const struct nat_case nat_tcp_cases[] = {
	{ "v4 source", OPVS_SOURCE, NFPROTO_IPV4, IPPROTO_TCP },
	{ "v4 dest", OPVS_DEST, NFPROTO_IPV4, IPPROTO_TCP },
	{ "v6 source", OPVS_SOURCE, NFPROTO_IPV6, IPPROTO_TCP },
	{ "v6 dest", OPVS_DEST, NFPROTO_IPV6, IPPROTO_TCP },
};

KUNIT_ARRAY_PARAM(nat_tcp, nat_tcp_cases, nat_case_name);

static void nat_zero_run(struct kunit *test, struct opvs_test_bytes *zero)
{
	const struct nat_case *row = test->param_value;
	struct nat_round *round = &nat_round;
	int i, n;

	/* A device that completes a sum may write 0 as 0xffff: not PARTIAL. */
	for (i = 0; nat_summed[i] != CHECKSUM_PARTIAL; i++) {
		for (n = 0; n < NAT_ROUNDS; n++) {
			nat_aim(round, row, zero);
			KUNIT_ASSERT_EQ(test, 0,
					(__force u16)*opvs_test_check(zero));
			nat_run(test, round, row, nat_summed[i],
				n % OPVS_TEST_SHAPES);
		}
	}
}

static void nat_from_zero(struct kunit *test)
{
	nat_zero_run(test, &nat_round.before);
}

static void nat_to_zero(struct kunit *test)
{
	nat_zero_run(test, &nat_round.want);
}

/* As generic receive offload leaves it, or a socket of this host. */
static struct sk_buff *nat_gso_packet(struct kunit *test,
				      struct nat_round *round,
				      const struct nat_case *row,
				      enum opvs_test_shape shape)
{
	bool v6 = row->family == NFPROTO_IPV6;
	struct opvs_test_packet packet = nat_random_packet(row);
	struct sk_buff *skb;

	packet.body = GSO_BODY;
	packet.tcp_flags = 0x18;	/* PSH, ACK */
	nat_prepare(round, row, &packet);
	nat_make_partial(&round->before);
	skb = opvs_test_skb(test, round->before.data, round->before.len, shape,
			    round->before.len - GSO_BODY);
	nat_set_summed(skb, &round->before, CHECKSUM_PARTIAL);
	skb_reset_mac_header(skb);
	skb_set_transport_header(skb, round->before.thoff);
	skb->protocol = v6 ? htons(ETH_P_IPV6) : htons(ETH_P_IP);
	skb_shinfo(skb)->gso_size = GSO_MSS;
	skb_shinfo(skb)->gso_type = v6 ? SKB_GSO_TCPV6 : SKB_GSO_TCPV4;
	return skb;
}

/* The segment is whole and has the header of the GSO packet, rewritten. */
static void nat_expect_segment(struct kunit *test, struct nat_round *round,
			       const struct nat_case *row, struct sk_buff *skb)
{
	struct opvs_flow got, want;

	KUNIT_ASSERT_EQ(test, 0, opvs_flow_parse(skb, 0, row->family, &got));
	round->got = round->want;
	round->got.len = skb->len;
	KUNIT_ASSERT_EQ(test, 0,
			skb_copy_bits(skb, 0, round->got.data, skb->len));
	KUNIT_EXPECT_EQ(test, opvs_test_residue(&round->got), 0);

	skb = opvs_test_skb(test, round->want.data, round->want.len,
			    OPVS_TEST_LINEAR, 0);
	KUNIT_ASSERT_EQ(test, 0, opvs_flow_parse(skb, 0, row->family, &want));
	KUNIT_EXPECT_TRUE(test, nf_inet_addr_cmp(&got.saddr, &want.saddr));
	KUNIT_EXPECT_TRUE(test, nf_inet_addr_cmp(&got.daddr, &want.daddr));
	KUNIT_EXPECT_EQ(test, ntohs(got.sport), ntohs(want.sport));
	KUNIT_EXPECT_EQ(test, ntohs(got.dport), ntohs(want.dport));
	opvs_test_free_skb(test, skb);
}

static void nat_split(struct kunit *test, struct nat_round *round,
		      const struct nat_case *row, struct sk_buff *whole)
{
	struct sk_buff *segs, *skb, *next;
	int n = 0;

	segs = skb_gso_segment(whole, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(segs));
	skb_list_walk_safe(segs, skb, next) {
		skb_mark_not_on_list(skb);
		opvs_test_own_skb(test, skb);
		nat_expect_segment(test, round, row, skb);
		opvs_test_free_skb(test, skb);
		n++;
	}
	KUNIT_EXPECT_EQ(test, n, GSO_SEGMENTS);
}

static void nat_gso(struct kunit *test)
{
	const struct nat_case *row = test->param_value;
	struct nat_round *round = &nat_round;
	struct sk_buff *skb;
	int n;

	for (n = 0; n < NAT_ROUNDS; n++) {
		skb = nat_gso_packet(test, round, row, n & 1 ? OPVS_TEST_FRAGS :
							OPVS_TEST_LINEAR);
		nat_rewrite(test, round, row, skb);
		KUNIT_EXPECT_TRUE(test, skb_is_gso(skb));
		nat_split(test, round, row, skb);
		opvs_test_free_skb(test, skb);
	}
}

static struct kunit_case nat_tcp_test_cases[] = {
	KUNIT_CASE_PARAM(nat_from_zero, nat_tcp_gen_params),
	KUNIT_CASE_PARAM(nat_to_zero, nat_tcp_gen_params),
	KUNIT_CASE_PARAM(nat_gso, nat_tcp_gen_params),
	{}
};

static struct kunit_suite nat_tcp_suite = {
	.name = "opvs_nat_tcp",
	.init = nat_init,
	.test_cases = nat_tcp_test_cases,
};

kunit_test_suite(nat_tcp_suite);

MODULE_DESCRIPTION("opvs: unit tests of TCP's address and checksum rewriting");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
