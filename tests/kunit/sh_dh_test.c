// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of source and destination hashing. */
#include <opvs/sched.h>

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/bitops.h>
#include <linux/ip_vs.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/string.h>

#include "race_fixture.h"
#include "sched_fixture.h"

#define SH_FALLBACK	IP_VS_SVC_F_SCHED_SH_FALLBACK
#define SH_PORT		IP_VS_SVC_F_SCHED_SH_PORT

/* Fewer where a sanitizer watches and processors are emulated. */
#define MANY		(num_online_cpus() > 1 && IS_ENABLED(CONFIG_KASAN) ? \
			 100000 : 1000000)

static const siphash_key_t keys[] = {
	{ { 0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL } },
	{ { 1, 2 } },
};

struct packet {
	struct opvs_flow	flow;
	struct opvs_sched_req	req;
};

/* From client 192.0.2.0 + @client, port @port, to address 198.51.100.0 + @to. */
static struct opvs_sched_req *packet_make(struct packet *packet, u32 client,
					  u16 port, u32 to)
{
	*packet = (struct packet){
		.flow.family	= NFPROTO_IPV4,
		.flow.saddr.ip	= htonl(0xc0000200 + client),
		.flow.daddr.ip	= htonl(0xc6336400 + to),
		.flow.sport	= htons(port),
		.flow.dport	= htons(80),
		.req.flow	= &packet->flow,
	};
	return &packet->req;
}

static struct opvs_view *sh_table(struct kunit *test,
				  struct opvs_dest *dest, u32 count,
				  u32 flags)
{
	return fixture_table(test, &opvs_sched_sh, dest, count, flags,
			     &keys[0]);
}

static struct opvs_view *dh_table(struct kunit *test,
				  struct opvs_dest *dest, u32 count)
{
	return fixture_table(test, &opvs_sched_dh, dest, count, 0, &keys[0]);
}

/* How many of ten servers 1000 packets reach that differ in only one thing. */
struct spread_case {
	const char	*name;
	bool		by_dest;
	u32		flags;
	enum { NOTHING, CLIENT, CLIENT6, PORT, TO, TO6, TO_PORT, CALL } varies;
	u32		reached;
};

static const struct spread_case spread_cases[] = {
	{ "sh: nothing", false, SH_PORT, NOTHING, 1 },
	{ "sh: client", false, 0, CLIENT, 10 },
	{ "sh: client, IPv6", false, 0, CLIENT6, 10 },
	{ "sh: not port", false, 0, PORT, 1 },
	{ "sh: not destination", false, 0, TO, 1 },
	{ "sh: not an engine's key", false, 0, CALL, 1 },
	{ "sh-fallback: not port", false, SH_FALLBACK, PORT, 1 },
	{ "sh-port: client", false, SH_PORT, CLIENT, 10 },
	{ "sh-port: port", false, SH_PORT, PORT, 10 },
	{ "sh-port: not destination port", false, SH_PORT, TO_PORT, 1 },
	{ "dh: nothing", true, 0, NOTHING, 1 },
	{ "dh: destination", true, 0, TO, 10 },
	{ "dh: destination, IPv6", true, 0, TO6, 10 },
	{ "dh: not destination port", true, 0, TO_PORT, 1 },
	{ "dh: not client", true, 0, CLIENT, 1 },
	{ "dh: not port", true, 0, PORT, 1 },
	{ "dh: flags mean nothing", true, SH_PORT | SH_FALLBACK, PORT, 1 },
};

static void spread_name(const struct spread_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(spread, spread_cases, spread_name);

static void spread_packet(struct packet *packet, const struct spread_case *row,
			  u32 i)
{
	packet_make(packet, 1, 40000, 1);
	switch (row->varies) {
	case NOTHING:
		break;
	case CLIENT:
		packet->flow.saddr.ip = htonl(0x0a000000 + i);
		break;
	case CLIENT6:
		packet->flow.saddr.ip6[1] = htonl(i);
		break;
	case PORT:
		packet->flow.sport = htons(1024 + i);
		break;
	case TO:
		packet->flow.daddr.ip = htonl(0x0a000000 + i);
		break;
	case TO6:
		packet->flow.daddr.ip6[3] = htonl(i);
		break;
	case TO_PORT:
		packet->flow.dport = htons(1024 + i);
		break;
	case CALL:
		packet->req.key = (const u8 *)&packet->flow.nhoff;
		packet->req.key_len = sizeof(packet->flow.nhoff);
		packet->flow.nhoff = i;
		break;
	}
}

static void spread_by(struct kunit *test)
{
	const struct spread_case *row = test->param_value;
	struct opvs_view *view;
	unsigned long reached = 0;
	struct packet packet;
	int i, member;

	view = fixture_table(test, row->by_dest ? &opvs_sched_dh : &opvs_sched_sh,
			     fixture_servers(test, NULL, 10), 10, row->flags,
			     &keys[0]);
	for (i = 0; i < 1000; i++) {
		spread_packet(&packet, row, i);
		member = fixture_pick(view, &packet.req);
		KUNIT_ASSERT_GE(test, member, 0);
		reached |= BIT(member);
	}
	KUNIT_EXPECT_EQ(test, hweight_long(reached), row->reached);
}

/* What a million picks by two threads give to each server. */
struct share_case {
	const char	*name;
	bool		by_dest;
	u32		count;
	u32		weight[4];
	u32		share[4];
};

static const struct share_case share_cases[] = {
	{ "sh: equal weights", false, 3, { 1, 1, 1 }, { 1, 1, 1 } },
	{ "sh: 1:2:4", false, 3, { 1, 2, 4 }, { 1, 2, 4 } },
	{ "sh: common divisor", false, 3, { 100, 200, 400 }, { 1, 2, 4 } },
	{ "sh: more than 256 slots could hold", false, 3, { 100, 100, 99 },
	  { 100, 100, 99 } },
	{ "sh: beyond 256", false, 4, { 1000, 999, 2, 500 },
	  { 1000, 999, 2, 500 } },
	{ "sh: the largest", false, 4, { INT_MAX, INT_MAX, INT_MAX, INT_MAX },
	  { 1, 1, 1, 1 } },
	{ "sh: the largest and the least", false, 2, { INT_MAX, 1 }, { 1, 0 } },
	{ "dh: equal weights", true, 3, { 1, 1, 1 }, { 1, 1, 1 } },
	{ "dh: any weights", true, 3, { 1, 7, 1000 }, { 1, 1, 1 } },
};

static void share_name(const struct share_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(share, share_cases, share_name);

static struct race race;
static const struct opvs_view *share_tbl;
static int share_got[2][4];

/* Each thread is all clients and destinations that the other one is not. */
static void share_picks(struct race *race, unsigned int id, unsigned int round)
{
	struct packet packet;
	int i, member;

	for (i = id; i < MANY; i += 2) {
		packet_make(&packet, i, 5060, i);
		member = fixture_pick(share_tbl, &packet.req);
		race_expect(race, member >= 0);
		if (member >= 0)
			share_got[id][member]++;
		if (!(i % 1024))
			cond_resched();
	}
}

/* To four standard deviations of what chance gives, and one for rounding. */
static void share_exact(struct kunit *test)
{
	const struct share_case *row = test->param_value;
	u32 i, want, sigma, sum = 0;
	int got;

	memset(share_got, 0, sizeof(share_got));
	share_tbl = fixture_table(test, row->by_dest ? &opvs_sched_dh :
						       &opvs_sched_sh,
				  fixture_servers(test, row->weight, row->count),
				  row->count, 0, &keys[0]);
	race = (struct race){ .threads = 2, .rounds = 1, .run = share_picks };
	race_run(test, &race);

	for (i = 0; i < row->count; i++)
		sum += row->share[i];
	for (i = 0; i < row->count; i++) {
		got = share_got[0][i] + share_got[1][i];
		want = div_u64((u64)MANY * row->share[i], sum);
		sigma = int_sqrt(want);
		KUNIT_EXPECT_LE_MSG(test, abs(got - (int)want), 4 * sigma + 1,
				    "server %u: %d of %u", i, got, want);
	}
}

/* More servers than IPVS has slots: everybody has clients. */
static void sh_thousand_servers(struct kunit *test)
{
	struct opvs_view *view;
	struct packet packet;
	int i, member, *got;

	got = kunit_kcalloc(test, 1000, sizeof(*got), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, got);
	view = sh_table(test, fixture_servers(test, NULL, 1000), 1000, 0);
	for (i = 0; i < 100000; i++) {
		packet_make(&packet, i, 5060, 0);
		member = fixture_pick(view, &packet.req);
		KUNIT_ASSERT_GE(test, member, 0);
		got[member]++;
	}
	for (i = 0; i < 1000; i++) {
		KUNIT_EXPECT_GT(test, got[i], 50);
		KUNIT_EXPECT_LT(test, got[i], 150);
	}
}

/* Server 3 is out by @overloaded or by weight 0: its clients or destinations
 * have nobody, and nobody else's move.
 */
static void expect_nobody_else_moves(struct kunit *test, bool by_dest,
				     bool overloaded)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 10);
	struct opvs_view *view = by_dest ? dh_table(test, dest, 10) :
						 sh_table(test, dest, 10, 0);
	struct packet packet;
	int i, before, lost = 0;

	KUNIT_ASSERT_TRUE(test, view->ops->keep_drained);
	for (i = 0; i < 1000; i++) {
		packet_make(&packet, i, 5060, i);
		dest[3].overloaded = false;
		dest[3].weight = 1;
		before = fixture_pick(view, &packet.req);
		dest[3].overloaded = overloaded;
		dest[3].weight = overloaded;
		KUNIT_ASSERT_EQ(test, fixture_pick(view, &packet.req),
				before == 3 ? -1 : before);
		lost += before == 3;
	}
	KUNIT_EXPECT_GT(test, lost, 50);
}

static void sh_unavailable(struct kunit *test)
{
	expect_nobody_else_moves(test, false, true);
	expect_nobody_else_moves(test, false, false);
}

static void dh_unavailable(struct kunit *test)
{
	expect_nobody_else_moves(test, true, true);
	expect_nobody_else_moves(test, true, false);
}

/* Server 3 is out: its clients go to all others, each to the same every time,
 * and nobody else's move.
 */
static void sh_with_fallback(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 10);
	struct opvs_view *view = sh_table(test, dest, 10, SH_FALLBACK);
	unsigned long reached = 0;
	struct packet packet;
	int i, before, after;

	for (i = 0; i < 1000; i++) {
		packet_make(&packet, i, 5060, 0);
		dest[3].weight = 1;
		before = fixture_pick(view, &packet.req);
		dest[3].weight = 0;
		after = fixture_pick(view, &packet.req);
		KUNIT_ASSERT_GE(test, after, 0);
		KUNIT_ASSERT_EQ(test, fixture_pick(view, &packet.req), after);
		if (before == 3)
			reached |= BIT(after);
		else
			KUNIT_ASSERT_EQ(test, after, before);
	}
	KUNIT_EXPECT_EQ(test, reached, GENMASK(9, 0) & ~BIT(3));
}

/* The heaviest is out, and each of the others has taken on its weight of the
 * clients, to four standard deviations.
 */
static void sh_fallback_by_weight(struct kunit *test)
{
	static const u32 weight[] = { 10, 1, 4, 5 };
	static const int sigma[] = { 0, 30, 49, 50 };
	struct opvs_dest *dest = fixture_servers(test, weight, 4);
	struct opvs_view *view = sh_table(test, dest, 4, SH_FALLBACK);
	struct packet packet;
	int i, member, count[4] = {};

	dest[0].overloaded = true;
	for (i = 0; i < 10000; i++) {
		member = fixture_pick(view, packet_make(&packet, i, 5060, 0));
		KUNIT_ASSERT_GE(test, member, 0);
		count[member]++;
	}
	KUNIT_EXPECT_EQ(test, count[0], 0);
	for (i = 1; i < 4; i++)
		KUNIT_EXPECT_LE_MSG(test,
				    abs(count[i] - 1000 * (int)weight[i]),
				    4 * sigma[i], "server %d: %d clients", i,
				    count[i]);
}

/* Whichever one of a hundred is left, it is found. */
static void sh_fallback_to_last(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 100);
	struct opvs_view *view = sh_table(test, dest, 100, SH_FALLBACK);
	struct packet packet;
	int i, client;

	for (i = 0; i < 100; i++)
		dest[i].overloaded = true;
	KUNIT_EXPECT_EQ(test,
			fixture_pick(view, packet_make(&packet, 0, 5060, 0)), -1);
	for (i = 0; i < 100; i++) {
		dest[i].overloaded = false;
		for (client = 0; client < 20; client++) {
			packet_make(&packet, client, 5060, 0);
			KUNIT_ASSERT_EQ(test, fixture_pick(view, &packet.req), i);
		}
		dest[i].overloaded = true;
	}
}

static void nobody(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 1);
	struct packet packet;

	packet_make(&packet, 1, 5060, 1);
	KUNIT_EXPECT_EQ(test, fixture_pick(sh_table(test, dest, 0, SH_FALLBACK),
					   &packet.req), -1);
	KUNIT_EXPECT_EQ(test, fixture_pick(dh_table(test, dest, 0),
					   &packet.req), -1);
	KUNIT_EXPECT_EQ(test, fixture_pick(sh_table(test, dest, 1, 0),
					   &packet.req), 0);
	KUNIT_EXPECT_EQ(test, fixture_pick(dh_table(test, dest, 1),
					   &packet.req), 0);
}

/* Directors with the same key agree on everybody, others on one in ten: without
 * the key nobody can tell where a client goes.
 */
static void expect_secret(struct kunit *test, const struct opvs_sched_ops *ops)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 10);
	struct opvs_view *view[3];
	struct packet packet;
	int i, agreed = 0;

	for (i = 0; i < 3; i++)
		view[i] = fixture_table(test, ops, dest, 10, 0, &keys[i / 2]);
	for (i = 0; i < 1000; i++) {
		packet_make(&packet, i, 5060, i);
		KUNIT_ASSERT_EQ(test, fixture_pick(view[0], &packet.req),
				fixture_pick(view[1], &packet.req));
		agreed += fixture_pick(view[0], &packet.req) ==
			  fixture_pick(view[2], &packet.req);
	}
	KUNIT_EXPECT_GT(test, agreed, 50);
	KUNIT_EXPECT_LT(test, agreed, 150);
}

static void secret(struct kunit *test)
{
	expect_secret(test, &opvs_sched_sh);
	expect_secret(test, &opvs_sched_dh);
}

static void properties(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, opvs_sched_sh.flags, 0x18);
	KUNIT_EXPECT_EQ(test, opvs_sched_dh.flags, 0);
	/* They know nothing of an engine's key. */
	KUNIT_EXPECT_FALSE(test, opvs_sched_sh.hashes);
	KUNIT_EXPECT_FALSE(test, opvs_sched_dh.hashes);
}

static struct kunit_case sh_dh_cases[] = {
	KUNIT_CASE_PARAM(spread_by, spread_gen_params),
	KUNIT_CASE_PARAM(share_exact, share_gen_params),
	KUNIT_CASE(sh_thousand_servers),
	KUNIT_CASE(sh_unavailable),
	KUNIT_CASE(dh_unavailable),
	KUNIT_CASE(sh_with_fallback),
	KUNIT_CASE(sh_fallback_by_weight),
	KUNIT_CASE(sh_fallback_to_last),
	KUNIT_CASE(nobody),
	KUNIT_CASE(secret),
	KUNIT_CASE(properties),
	{}
};

static struct kunit_suite sh_dh_suite = {
	.name = "opvs_sh_dh",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = sh_dh_cases,
};

kunit_test_suite(sh_dh_suite);

MODULE_DESCRIPTION("opvs: unit tests of source and destination hashing");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
