// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of the translation of ICMP errors.  An error is translated and
 * compared, byte for byte, with one that was built about the other packet.
 */
#include <opvs/xmit.h>

#include <opvs/flow.h>
#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/icmp.h>
#include <linux/in.h>
#include <linux/module.h>
#include <linux/sctp.h>
#include <linux/skbuff.h>

#include "nat_fixture.h"

static const struct nat_case icmp_cases[] = {
	{ "v4 to client, whole quote", OPVS_SOURCE, NFPROTO_IPV4 },
	{ "v4 to server, whole quote", OPVS_DEST, NFPROTO_IPV4 },
	{ "v6 to client, whole quote", OPVS_SOURCE, NFPROTO_IPV6 },
	{ "v6 to server, whole quote", OPVS_DEST, NFPROTO_IPV6 },
	{ "v4 to client, 8 bytes", OPVS_SOURCE, NFPROTO_IPV4, .quote = 8 },
	{ "v4 to server, 8 bytes", OPVS_DEST, NFPROTO_IPV4, .quote = 8 },
	{ "v6 to client, 8 bytes", OPVS_SOURCE, NFPROTO_IPV6, .quote = 8 },
	{ "v6 to server, 8 bytes", OPVS_DEST, NFPROTO_IPV6, .quote = 8 },
	{ "v4 to client, 11 bytes", OPVS_SOURCE, NFPROTO_IPV4, .quote = 11 },
	{ "v6 to server, 11 bytes", OPVS_DEST, NFPROTO_IPV6, .quote = 11 },
	{ "v4 to client, no UDP checksum", OPVS_SOURCE, NFPROTO_IPV4,
	  .no_check = true },
	{ "v4 to server, no UDP checksum, 8 bytes", OPVS_DEST, NFPROTO_IPV4,
	  .no_check = true, .quote = 8 },
	{ "v6 to client, no UDP checksum", OPVS_SOURCE, NFPROTO_IPV6,
	  .no_check = true },
	{ "v4 to client, options", OPVS_SOURCE, NFPROTO_IPV4,
	  .long_headers = true },
	{ "v4 to server, options, 8 bytes", OPVS_DEST, NFPROTO_IPV4,
	  .long_headers = true, .quote = 8 },
	{ "v6 to client, extension headers", OPVS_SOURCE, NFPROTO_IPV6,
	  .long_headers = true },
	{ "v6 to server, extension headers", OPVS_DEST, NFPROTO_IPV6,
	  .long_headers = true },
	{ "v4 to server, first fragment", OPVS_DEST, NFPROTO_IPV4,
	  .more_frags = true },

	{ "v4 to client, tcp", OPVS_SOURCE, NFPROTO_IPV4, IPPROTO_TCP },
	{ "v6 to server, tcp", OPVS_DEST, NFPROTO_IPV6, IPPROTO_TCP },
	{ "v4 to server, tcp, options", OPVS_DEST, NFPROTO_IPV4, IPPROTO_TCP,
	  .long_headers = true },
	{ "v6 to client, tcp, extension headers", OPVS_SOURCE, NFPROTO_IPV6,
	  IPPROTO_TCP, .long_headers = true },
	{ "v4 to client, tcp, ports only", OPVS_SOURCE, NFPROTO_IPV4,
	  IPPROTO_TCP, .quote = 4 },
	{ "v4 to client, tcp, 8 bytes", OPVS_SOURCE, NFPROTO_IPV4, IPPROTO_TCP,
	  .quote = 8 },
	{ "v4 to server, tcp, 8 bytes", OPVS_DEST, NFPROTO_IPV4, IPPROTO_TCP,
	  .quote = 8 },
	{ "v6 to client, tcp, 8 bytes", OPVS_SOURCE, NFPROTO_IPV6, IPPROTO_TCP,
	  .quote = 8 },
	{ "v4 to server, tcp, up to the checksum", OPVS_DEST, NFPROTO_IPV4,
	  IPPROTO_TCP, .quote = 16 },
	{ "v6 to server, tcp, up to the checksum", OPVS_DEST, NFPROTO_IPV6,
	  IPPROTO_TCP, .quote = 16 },
	{ "v4 to client, tcp, with the checksum", OPVS_SOURCE, NFPROTO_IPV4,
	  IPPROTO_TCP, .quote = 18 },
	{ "v6 to client, tcp, with the checksum", OPVS_SOURCE, NFPROTO_IPV6,
	  IPPROTO_TCP, .quote = 18 },
	{ "v4 to client, tcp, 23 bytes", OPVS_SOURCE, NFPROTO_IPV4,
	  IPPROTO_TCP, .quote = 23 },
	{ "v4 to server, tcp, first fragment", OPVS_DEST, NFPROTO_IPV4,
	  IPPROTO_TCP, .more_frags = true },

	{ "v4 to client, sctp", OPVS_SOURCE, NFPROTO_IPV4, IPPROTO_SCTP },
	{ "v4 to server, sctp", OPVS_DEST, NFPROTO_IPV4, IPPROTO_SCTP },
	{ "v6 to client, sctp", OPVS_SOURCE, NFPROTO_IPV6, IPPROTO_SCTP },
	{ "v6 to server, sctp, extension headers", OPVS_DEST, NFPROTO_IPV6,
	  IPPROTO_SCTP, .long_headers = true },
	{ "v4 to client, sctp, 8 bytes", OPVS_SOURCE, NFPROTO_IPV4,
	  IPPROTO_SCTP, .quote = 8 },
	{ "v6 to server, sctp, 8 bytes", OPVS_DEST, NFPROTO_IPV6,
	  IPPROTO_SCTP, .quote = 8 },
	{ "v4 to server, sctp, first fragment", OPVS_DEST, NFPROTO_IPV4,
	  IPPROTO_SCTP, .more_frags = true },
};

/* The checksum itself is cut in two. */
static const struct nat_case icmp_half_cases[] = {
	{ "v4 to client", OPVS_SOURCE, NFPROTO_IPV4, IPPROTO_TCP, .quote = 17 },
	{ "v6 to server", OPVS_DEST, NFPROTO_IPV6, IPPROTO_TCP, .quote = 17 },
};

KUNIT_ARRAY_PARAM(icmp, icmp_cases, nat_case_name);
KUNIT_ARRAY_PARAM(icmp_half, icmp_half_cases, nat_case_name);

static struct opvs_test_bytes icmp_quote;

/* An error comes from where the quoted packet went to, or from a router. */
static struct opvs_test_packet
icmp_random(const struct nat_case *row, const struct opvs_test_packet *quoted)
{
	struct opvs_test_packet error = {
		.saddr = nat_random_addr(row->family),
		.daddr = quoted->saddr,
		.family = row->family,
		.proto = row->family == NFPROTO_IPV6 ? IPPROTO_ICMPV6
						     : IPPROTO_ICMP,
	};

	if (nat_random() & 1)
		error.saddr = quoted->daddr;
	return error;
}

static void icmp_build(struct opvs_test_packet *error,
		       const struct opvs_test_packet *quoted, u8 quote,
		       struct opvs_test_bytes *bytes)
{
	struct sctphdr *sh;

	opvs_test_build(quoted, &icmp_quote);
	/* It is not translated: the same before and after, right or wrong. */
	if (quoted->proto == IPPROTO_SCTP) {
		sh = (struct sctphdr *)(icmp_quote.data + icmp_quote.thoff);
		sh->checksum = cpu_to_le32(0x12345678);
	}
	error->quote = icmp_quote.data;
	error->body = icmp_quote.len;
	if (quote && icmp_quote.thoff + quote < icmp_quote.len)
		error->body = icmp_quote.thoff + quote;
	opvs_test_build(error, bytes);
}

/* An error and what shall become of it. */
static void icmp_prepare(struct nat_round *round, const struct nat_case *row)
{
	struct opvs_test_packet error, quoted = nat_random_packet(row);
	enum opvs_end quoted_end = row->end == OPVS_SOURCE ? OPVS_DEST
							   : OPVS_SOURCE;

	error = icmp_random(row, &quoted);
	round->addr = nat_random_addr(row->family);
	round->port = nat_random_port();
	icmp_build(&error, &quoted, row->quote, &round->before);
	nat_set_end(&quoted, quoted_end, &round->addr, round->port);
	nat_set_end(&error, row->end, &round->addr, 0);
	icmp_build(&error, &quoted, row->quote, &round->want);
	round->head = nat_random() % round->before.len;
}

static void icmp_rewrite(struct kunit *test, struct nat_round *round,
			 const struct nat_case *row, struct sk_buff *skb)
{
	struct opvs_flow outer, inner;

	KUNIT_EXPECT_EQ(test, 0, opvs_flow_parse(skb, 0, row->family, &outer));
	KUNIT_EXPECT_EQ(test, 0,
			opvs_flow_parse(skb, outer.thoff +
					     sizeof(struct icmphdr),
					row->family, &inner));
	KUNIT_EXPECT_EQ(test, 0,
			opvs_rewrite_icmp(skb, &outer, &inner, row->end,
					  &round->addr, round->port));
}

static void icmp_run(struct kunit *test, u8 summed)
{
	const struct nat_case *row = test->param_value;
	struct nat_round *round = &nat_round;
	struct sk_buff *skb;
	int n;

	for (n = 0; n < NAT_ROUNDS; n++) {
		icmp_prepare(round, row);
		if (summed == CHECKSUM_PARTIAL)
			nat_make_partial(&round->before);
		skb = opvs_test_skb(test, round->before.data, round->before.len,
				    n % OPVS_TEST_SHAPES, round->head);
		nat_set_summed(skb, &round->before, summed);
		icmp_rewrite(test, round, row, skb);
		nat_read(test, skb, round);
		nat_expect(test, round);
		opvs_test_free_skb(test, skb);
	}
}

static void icmp_translated(struct kunit *test)
{
	icmp_run(test, CHECKSUM_NONE);
	icmp_run(test, CHECKSUM_UNNECESSARY);
}

static void icmp_complete(struct kunit *test)
{
	icmp_run(test, CHECKSUM_COMPLETE);
}

/* Of a guest, say, that leaves the checksum to a virtual device. */
static void icmp_partial(struct kunit *test)
{
	icmp_run(test, CHECKSUM_PARTIAL);
}

static void icmp_damaged(struct kunit *test)
{
	const struct nat_case *row = test->param_value;
	struct nat_round *round = &nat_round;
	struct sk_buff *skb;
	__sum16 *check;
	u32 residue;
	int n;

	for (n = 0; n < NAT_ROUNDS; n++) {
		icmp_prepare(round, row);
		check = opvs_test_check(&round->before);
		*check = (__force __sum16)nat_random();
		residue = opvs_test_residue(&round->before);
		if (!residue)
			continue;
		skb = opvs_test_skb(test, round->before.data, round->before.len,
				    n % OPVS_TEST_SHAPES, round->head);
		icmp_rewrite(test, round, row, skb);
		nat_read(test, skb, round);
		KUNIT_EXPECT_EQ(test, opvs_test_residue(&round->got), residue);
		opvs_test_free_skb(test, skb);
	}
}

static void icmp_clone(struct kunit *test)
{
	const struct nat_case *row = test->param_value;
	struct nat_round *round = &nat_round;
	struct sk_buff *skb, *clone;
	int n;

	for (n = 0; n < NAT_ROUNDS; n++) {
		icmp_prepare(round, row);
		skb = opvs_test_skb(test, round->before.data, round->before.len,
				    n % OPVS_TEST_SHAPES, round->head);
		clone = opvs_test_own_skb(test, skb_clone(skb, GFP_KERNEL));
		icmp_rewrite(test, round, row, skb);
		KUNIT_EXPECT_TRUE(test,
				  opvs_test_skb_holds(clone, round->before.data,
						      round->before.len));
		opvs_test_free_skb(test, clone);
		nat_read(test, skb, round);
		nat_expect(test, round);
		opvs_test_free_skb(test, skb);
	}
}

static void icmp_half_check(struct kunit *test)
{
	const struct nat_case *row = test->param_value;
	struct nat_round *round = &nat_round;
	struct sk_buff *skb;
	int n;

	for (n = 0; n < NAT_ROUNDS; n++) {
		icmp_prepare(round, row);
		/* Half of a changed sum would be neither old nor new. */
		round->want.data[round->want.len - 1] =
			round->before.data[round->before.len - 1];
		*opvs_test_check(&round->want) = 0;
		skb = opvs_test_skb(test, round->before.data, round->before.len,
				    n % OPVS_TEST_SHAPES, round->head);
		icmp_rewrite(test, round, row, skb);
		nat_read(test, skb, round);
		KUNIT_EXPECT_EQ(test, opvs_test_residue(&round->got), 0);
		*opvs_test_check(&round->got) = 0;
		nat_expect(test, round);
		opvs_test_free_skb(test, skb);
	}
}

static struct kunit_case icmp_test_cases[] = {
	KUNIT_CASE_PARAM(icmp_translated, icmp_gen_params),
	KUNIT_CASE_PARAM(icmp_complete, icmp_gen_params),
	KUNIT_CASE_PARAM(icmp_partial, icmp_gen_params),
	KUNIT_CASE_PARAM(icmp_damaged, icmp_gen_params),
	KUNIT_CASE_PARAM(icmp_clone, icmp_gen_params),
	KUNIT_CASE_PARAM(icmp_half_check, icmp_half_gen_params),
	{}
};

static struct kunit_suite icmp_suite = {
	.name = "opvs_nat_icmp",
	.init = nat_init,
	.test_cases = icmp_test_cases,
};

kunit_test_suite(icmp_suite);

MODULE_DESCRIPTION("opvs: unit tests of the translation of ICMP errors");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
