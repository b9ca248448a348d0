/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of rewriting whole packets share. */
#ifndef OPVS_NAT_REWRITE_H
#define OPVS_NAT_REWRITE_H

#include <opvs/flow.h>

#include "nat_fixture.h"

static const u8 nat_summed[] = {
	CHECKSUM_NONE, CHECKSUM_UNNECESSARY, CHECKSUM_COMPLETE,
	CHECKSUM_PARTIAL,
};

/* A packet and what shall become of it. */
static void nat_prepare(struct nat_round *round, const struct nat_case *row,
			const struct opvs_test_packet *packet)
{
	struct opvs_test_packet after = *packet;

	round->addr = nat_random_addr(row->family);
	round->port = nat_random_port();
	opvs_test_build(packet, &round->before);
	nat_set_end(&after, row->end, &round->addr, round->port);
	opvs_test_build(&after, &round->want);
	round->head = nat_random() % round->before.len;
}

/* Chooses a word of the payload such that @zero's checksum is 0. */
static inline void nat_aim(struct nat_round *round, const struct nat_case *row,
			   struct opvs_test_bytes *zero)
{
	struct opvs_test_packet packet = nat_random_packet(row), after;

	packet.body = 6;
	packet.word = 0;
	nat_prepare(round, row, &packet);
	packet.word = ntohs((__force __be16)*opvs_test_check(zero));
	after = packet;
	nat_set_end(&after, row->end, &round->addr, round->port);
	opvs_test_build(&packet, &round->before);
	opvs_test_build(&after, &round->want);
}

static void nat_rewrite(struct kunit *test, struct nat_round *round,
			const struct nat_case *row, struct sk_buff *skb)
{
	struct opvs_flow flow;

	KUNIT_EXPECT_EQ(test, 0, opvs_flow_parse(skb, 0, row->family, &flow));
	KUNIT_EXPECT_EQ(test, 0, opvs_rewrite(skb, &flow, row->end,
					      &round->addr, round->port));
}

/* One rewrite of the round's packet, in one shape and checksum state. */
static void nat_run(struct kunit *test, struct nat_round *round,
		    const struct nat_case *row, u8 summed,
		    enum opvs_test_shape shape)
{
	struct sk_buff *skb;

	if (summed == CHECKSUM_PARTIAL)
		nat_make_partial(&round->before);
	skb = opvs_test_skb(test, round->before.data, round->before.len, shape,
			    round->head);
	nat_set_summed(skb, &round->before, summed);
	nat_rewrite(test, round, row, skb);
	nat_read(test, skb, round);
	nat_expect(test, round);
	opvs_test_free_skb(test, skb);
}

#endif /* OPVS_NAT_REWRITE_H */
