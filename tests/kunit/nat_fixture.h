/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of rewriting share: random packets, the states that a checksum
 * can be in, and the comparison of what came out.  The numbers come from a
 * fixed seed, so that a failure can be had again.
 */
#ifndef OPVS_NAT_FIXTURE_H
#define OPVS_NAT_FIXTURE_H

#include <opvs/xmit.h>

#include <kunit/test.h>

#include <linux/in.h>
#include <linux/prandom.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <net/checksum.h>
#include <net/ipv6.h>

#include "packet.h"

#define NAT_SEED	20261122
#define NAT_ROUNDS	150
#define NAT_BODY_MAX	40

/**
 * struct nat_case - a kind of packet and which end of it is rewritten
 * @name: as the report shows it
 * @end: end that is rewritten; of an ICMP error, its outer end
 * @family: NFPROTO_*
 * @proto: of the packet, of an ICMP error that of the quoted one; 0: UDP
 * @no_check: the UDP packet has no checksum
 * @more_frags: it is a first fragment
 * @long_headers: with IPv4 options or IPv6 extension headers
 * @quote: bytes from the quoted transport header on; 0: the whole packet
 */
struct nat_case {
	const char	*name;
	enum opvs_end	end;
	u8		family;
	u8		proto;
	bool		no_check;
	bool		more_frags;
	bool		long_headers;
	u8		quote;
};

/**
 * struct nat_round - one rewrite
 * @addr: new address
 * @port: new port
 * @head: bytes in the linear part of the skb
 * @before: the bytes before
 * @want: the bytes that must come out
 * @got: what came out
 */
struct nat_round {
	union nf_inet_addr	addr;
	__be16			port;
	unsigned int		head;
	struct opvs_test_bytes	before;
	struct opvs_test_bytes	want;
	struct opvs_test_bytes	got;
};

static struct rnd_state nat_rnd;
static struct nat_round nat_round;

static int nat_init(struct kunit *test)
{
	prandom_seed_state(&nat_rnd, NAT_SEED);
	return 0;
}

static void nat_case_name(const struct nat_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

static u32 nat_random(void)
{
	return prandom_u32_state(&nat_rnd);
}

static __be16 nat_random_port(void)
{
	return htons(nat_random() % U16_MAX + 1);
}

/* One word in eight is 0 or all ones, where one's complement has its traps. */
static u32 nat_random_word(void)
{
	switch (nat_random() % 16) {
	case 0:
		return 0;
	case 1:
		return U32_MAX;
	default:
		return nat_random();
	}
}

static union nf_inet_addr nat_random_addr(u8 family)
{
	union nf_inet_addr addr = {};
	int i, words = family == NFPROTO_IPV6 ? 4 : 1;

	for (i = 0; i < words; i++)
		addr.all[i] = nat_random_word();
	return addr;
}

static struct opvs_test_packet nat_random_packet(const struct nat_case *row)
{
	struct opvs_test_packet packet = {
		.saddr = nat_random_addr(row->family),
		.daddr = nat_random_addr(row->family),
		.sport = nat_random_port(),
		.dport = nat_random_port(),
		.family = row->family,
		.proto = row->proto ?: IPPROTO_UDP,
		.more_frags = row->more_frags,
		.no_check = row->no_check,
		.tcp_flags = nat_random(),
		.tcp_options = nat_random() % 11 * 4,
		.body = nat_random() % NAT_BODY_MAX,
		.word = nat_random(),
	};

	if (row->long_headers && row->family == NFPROTO_IPV4) {
		packet.options = 12;
	} else if (row->long_headers) {
		packet.num_ext = 2;
		packet.ext[0] = NEXTHDR_HOP;
		packet.ext[1] = NEXTHDR_DEST;
	} else if (row->more_frags && row->family == NFPROTO_IPV6) {
		packet.num_ext = 1;
		packet.ext[0] = NEXTHDR_FRAGMENT;
	}
	return packet;
}

static void nat_set_end(struct opvs_test_packet *packet, enum opvs_end end,
			const union nf_inet_addr *addr, __be16 port)
{
	if (end == OPVS_SOURCE) {
		packet->saddr = *addr;
		packet->sport = port;
	} else {
		packet->daddr = *addr;
		packet->dport = port;
	}
}

/* What a device or the stack would have said about the checksum. */
static void nat_set_summed(struct sk_buff *skb, struct opvs_test_bytes *bytes,
			   u8 summed)
{
	u8 *check = (u8 *)opvs_test_check(bytes);

	skb->ip_summed = summed;
	if (summed == CHECKSUM_COMPLETE)
		skb->csum = skb_checksum(skb, 0, skb->len, 0);
	if (summed == CHECKSUM_PARTIAL) {
		skb->csum_start = skb_headroom(skb) + bytes->thoff;
		skb->csum_offset = check - (bytes->data + bytes->thoff);
	}
}

/* Leaves in the checksum field what a device would go on from: the sum of the
 * pseudo header, which is what is left when the rest is taken away.
 */
static void nat_make_partial(struct opvs_test_bytes *bytes)
{
	__sum16 *check = opvs_test_check(bytes);
	__wsum all, rest;

	*check = 0;
	all = csum_unfold((__force __sum16)~opvs_test_residue(bytes));
	rest = csum_partial(bytes->data + bytes->thoff,
			    bytes->len - bytes->thoff, 0);
	*check = ~csum_fold(csum_sub(all, rest));
}

/* Finishes what the device would do, and reads the bytes. */
static void nat_read(struct kunit *test, struct sk_buff *skb,
		     struct nat_round *round)
{
	__sum16 told;

	if (skb->ip_summed == CHECKSUM_PARTIAL)
		KUNIT_EXPECT_EQ(test, skb_checksum_help(skb), 0);
	if (skb->ip_summed == CHECKSUM_COMPLETE) {
		told = csum_fold(skb->csum);
		KUNIT_ASSERT_EQ_MSG(test, (__force u16)told, (__force u16)
				    csum_fold(skb_checksum(skb, 0, skb->len, 0)),
				    "the device's sum went wrong");
	}
	round->got = round->before;
	KUNIT_ASSERT_LE(test, skb->len, OPVS_TEST_PACKET_MAX);
	round->got.len = skb->len;
	KUNIT_ASSERT_EQ(test, 0,
			skb_copy_bits(skb, 0, round->got.data, skb->len));
}

static bool nat_same(const struct opvs_test_bytes *a,
		     const struct opvs_test_bytes *b)
{
	return a->len == b->len && !memcmp(a->data, b->data, a->len);
}

static void nat_expect(struct kunit *test, const struct nat_round *round)
{
	unsigned int i;

	for (i = 0; i < round->want.len; i++)
		if (round->got.data[i] != round->want.data[i])
			break;
	KUNIT_ASSERT_TRUE_MSG(test, nat_same(&round->got, &round->want),
			      "%u bytes, want %u, from byte %u on (transport at %u)",
			      round->got.len, round->want.len, i,
			      round->want.thoff);
}

#endif /* OPVS_NAT_FIXTURE_H */
