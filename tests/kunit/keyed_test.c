// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of what the schedulers that hash have in common: what they hash,
 * and what they do about a server that is not available.
 */
#include <opvs/sched.h>

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/bitops.h>
#include <linux/module.h>
#include <linux/string.h>

#include "keyed_fixture.h"

/* How many of ten servers 1000 packets reach that differ in only one thing. */
struct spread_case {
	const char			*name;
	const struct opvs_sched_ops	*ops;
	u32				flags;
	enum { NOTHING, CLIENT, CLIENT6, PORT, TO, TO6, TO_PORT, CALL } varies;
	u32				reached;
	bool				has_key;
	bool				keyless;
};

static const struct spread_case spread_cases[] = {
	{ "mh: client", &opvs_sched_mh, 0, CLIENT, 10 },
	{ "mh: not port", &opvs_sched_mh, 0, PORT, 1 },
	{ "mh-port: client", &opvs_sched_mh, BY_PORT, CLIENT, 10 },
	{ "mh-port: port", &opvs_sched_mh, BY_PORT, PORT, 10 },
	{ "mh-fallback: not port", &opvs_sched_mh, FALLBACK, PORT, 1 },
	{ "mh, engine: call", &opvs_sched_mh, 0, CALL, 10, .has_key = true },
	{ "mh, engine: not client", &opvs_sched_mh, 0, CLIENT, 1,
	  .has_key = true },
	{ "mh, engine: not port", &opvs_sched_mh, 0, PORT, 1, .has_key = true },
	{ "mh-port, engine: not port", &opvs_sched_mh, BY_PORT, PORT, 1,
	  .has_key = true },
	{ "mh, engine without key: client", &opvs_sched_mh, 0, CLIENT, 10,
	  .keyless = true },
	{ "mh, engine without key: port", &opvs_sched_mh, 0, PORT, 10,
	  .keyless = true },
	{ "mh: nothing", &opvs_sched_mh, BY_PORT, NOTHING, 1, .keyless = true },

	{ "sh: nothing", &opvs_sched_sh, BY_PORT, NOTHING, 1 },
	{ "sh: client", &opvs_sched_sh, 0, CLIENT, 10 },
	{ "sh: client, IPv6", &opvs_sched_sh, 0, CLIENT6, 10 },
	{ "sh: not port", &opvs_sched_sh, 0, PORT, 1 },
	{ "sh: not destination", &opvs_sched_sh, 0, TO, 1 },
	{ "sh: not an engine's key", &opvs_sched_sh, 0, CALL, 1,
	  .has_key = true },
	{ "sh-fallback: not port", &opvs_sched_sh, FALLBACK, PORT, 1 },
	{ "sh-port: client", &opvs_sched_sh, BY_PORT, CLIENT, 10 },
	{ "sh-port: port", &opvs_sched_sh, BY_PORT, PORT, 10 },
	{ "sh-port: not destination port", &opvs_sched_sh, BY_PORT, TO_PORT, 1 },

	{ "dh: nothing", &opvs_sched_dh, 0, NOTHING, 1 },
	{ "dh: destination", &opvs_sched_dh, 0, TO, 10 },
	{ "dh: destination, IPv6", &opvs_sched_dh, 0, TO6, 10 },
	{ "dh: not destination port", &opvs_sched_dh, 0, TO_PORT, 1 },
	{ "dh: not client", &opvs_sched_dh, 0, CLIENT, 1 },
	{ "dh: not port", &opvs_sched_dh, 0, PORT, 1 },
	{ "dh: flags mean nothing", &opvs_sched_dh, BY_PORT | FALLBACK, PORT, 1 },
};

static void spread_name(const struct spread_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(spread, spread_cases, spread_name);

static void spread_packet(struct keyed_packet *packet,
			  const struct spread_case *row, u32 i)
{
	if (row->has_key)
		keyed_make(packet, 1);
	else
		keyed_make_no_key(packet, 1);
	packet->req.keyless = row->keyless;
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
		packet->call = htonl(i);
		break;
	}
}

static void spread_by(struct kunit *test)
{
	const struct spread_case *row = test->param_value;
	struct keyed_packet packet;
	struct opvs_view *view;
	unsigned long reached = 0;
	int i, member;

	view = keyed_table(test, row->ops, fixture_servers(test, NULL, 10), 10,
			   row->flags);
	for (i = 0; i < 1000; i++) {
		spread_packet(&packet, row, i);
		member = fixture_pick(view, &packet.req);
		KUNIT_ASSERT_GE(test, member, 0);
		reached |= BIT(member);
	}
	KUNIT_EXPECT_EQ(test, hweight_long(reached), row->reached);
}

/* Without an engine's key, mh hashes the client. */
struct keyed_case {
	const char			*name;
	const struct opvs_sched_ops	*ops;
	struct opvs_sched_req		*(*make)(struct keyed_packet *packet,
						 u32 n);
};

static const struct keyed_case keyed_cases[] = {
	{ "sh", &opvs_sched_sh, keyed_make },
	{ "dh", &opvs_sched_dh, keyed_make },
	{ "mh", &opvs_sched_mh, keyed_make },
	{ "mh, no key", &opvs_sched_mh, keyed_make_no_key },
};

/* The same, without dh, which has no flags. */
static const struct keyed_case fallback_cases[] = {
	{ "sh", &opvs_sched_sh, keyed_make },
	{ "mh", &opvs_sched_mh, keyed_make },
	{ "mh, no key", &opvs_sched_mh, keyed_make_no_key },
};

static void keyed_name(const struct keyed_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(keyed, keyed_cases, keyed_name);
KUNIT_ARRAY_PARAM(fallback, fallback_cases, keyed_name);

/* Server 3 is out by @overloaded or by weight 0. */
static void server_out(struct opvs_dest *dest, bool overloaded)
{
	dest[3].overloaded = overloaded;
	dest[3].weight = overloaded;
}

static void server_back(struct opvs_dest *dest)
{
	dest[3].overloaded = false;
	dest[3].weight = 1;
}

/* Packets of a server that is out have none, and no other packets move. */
static void expect_none(struct kunit *test, bool overloaded)
{
	const struct keyed_case *row = test->param_value;
	struct opvs_dest *dest = fixture_servers(test, NULL, 10);
	struct opvs_view *view = keyed_table(test, row->ops, dest, 10, 0);
	struct keyed_packet packet;
	int i, before, lost = 0;

	KUNIT_ASSERT_TRUE(test, row->ops->keep_drained);
	for (i = 0; i < 1000; i++) {
		row->make(&packet, i);
		server_back(dest);
		before = fixture_pick(view, &packet.req);
		server_out(dest, overloaded);
		KUNIT_ASSERT_EQ(test, fixture_pick(view, &packet.req),
				before == 3 ? -1 : before);
		lost += before == 3;
	}
	KUNIT_EXPECT_GT(test, lost, 50);
}

static void without_fallback(struct kunit *test)
{
	expect_none(test, true);
	expect_none(test, false);
}

/* Packets of a server that is out go to all others, equal ones to the same
 * server every time, and no other packets move.
 */
static void expect_others(struct kunit *test, bool overloaded)
{
	const struct keyed_case *row = test->param_value;
	struct opvs_dest *dest = fixture_servers(test, NULL, 10);
	struct opvs_view *view = keyed_table(test, row->ops, dest, 10, FALLBACK);
	unsigned long reached = 0;
	struct keyed_packet packet;
	int i, before, after;

	for (i = 0; i < 1000; i++) {
		row->make(&packet, i);
		server_back(dest);
		before = fixture_pick(view, &packet.req);
		server_out(dest, overloaded);
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

static void with_fallback(struct kunit *test)
{
	expect_others(test, true);
	expect_others(test, false);
}

/* The heaviest is out, and each of the others has taken on its weight of the
 * packets, to four standard deviations.
 */
static void fallback_by_weight(struct kunit *test)
{
	static const u32 weight[] = { 10, 1, 4, 5 };
	static const int sigma[] = { 0, 30, 49, 50 };
	const struct keyed_case *row = test->param_value;
	struct opvs_dest *dest = fixture_servers(test, weight, 4);
	struct opvs_view *view = keyed_table(test, row->ops, dest, 4, FALLBACK);
	struct keyed_packet packet;
	int i, member, count[4] = {};

	dest[0].overloaded = true;
	for (i = 0; i < 10000; i++) {
		member = fixture_pick(view, row->make(&packet, i));
		KUNIT_ASSERT_GE(test, member, 0);
		count[member]++;
	}
	KUNIT_EXPECT_EQ(test, count[0], 0);
	for (i = 1; i < 4; i++)
		KUNIT_EXPECT_LE_MSG(test,
				    abs(count[i] - 1000 * (int)weight[i]),
				    4 * sigma[i], "server %d: %d packets", i,
				    count[i]);
}

/* If one of a hundred is left, it is found. */
static void fallback_to_last(struct kunit *test)
{
	const struct keyed_case *row = test->param_value;
	struct opvs_dest *dest = fixture_servers(test, NULL, 100);
	struct opvs_view *view = keyed_table(test, row->ops, dest, 100, FALLBACK);
	struct keyed_packet packet;
	int i, n;

	for (i = 0; i < 100; i++)
		dest[i].overloaded = true;
	KUNIT_EXPECT_EQ(test, fixture_pick(view, row->make(&packet, 0)), -1);
	for (i = 0; i < 100; i++) {
		dest[i].overloaded = false;
		for (n = 0; n < 20; n++) {
			row->make(&packet, n);
			KUNIT_ASSERT_EQ(test, fixture_pick(view, &packet.req), i);
		}
		dest[i].overloaded = true;
	}
}

static void few_servers(struct kunit *test)
{
	const struct keyed_case *row = test->param_value;
	struct opvs_dest *dest = fixture_servers(test, NULL, 1);
	struct opvs_view *view = keyed_table(test, row->ops, dest, 0, FALLBACK);
	struct keyed_packet packet;

	row->make(&packet, 1);
	KUNIT_EXPECT_EQ(test, fixture_pick(view, &packet.req), -1);
	view = keyed_table(test, row->ops, dest, 1, 0);
	KUNIT_EXPECT_EQ(test, fixture_pick(view, &packet.req), 0);
}

/* Directors with the same secret agree on every packet, others on one in ten:
 * without the secret it cannot be told where a packet goes.
 */
static void secret(struct kunit *test)
{
	const struct keyed_case *row = test->param_value;
	struct opvs_dest *dest = fixture_servers(test, NULL, 10);
	struct keyed_packet packet;
	struct opvs_view *view[3];
	int i, agreed = 0;

	for (i = 0; i < 3; i++)
		view[i] = fixture_table(test, row->ops, dest, 10, 0,
					&keyed_secrets[i / 2]);
	for (i = 0; i < 1000; i++) {
		row->make(&packet, i);
		KUNIT_ASSERT_EQ(test, fixture_pick(view[0], &packet.req),
				fixture_pick(view[1], &packet.req));
		agreed += fixture_pick(view[0], &packet.req) ==
			  fixture_pick(view[2], &packet.req);
	}
	KUNIT_EXPECT_GT(test, agreed, 50);
	KUNIT_EXPECT_LT(test, agreed, 150);
}

static void keyed_flags(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, opvs_sched_dh.flags, 0);
	KUNIT_EXPECT_EQ(test, opvs_sched_sh.flags, 0x18);
	KUNIT_EXPECT_EQ(test, opvs_sched_mh.flags, 0x18);
	/* sh and dh know nothing of an engine's key. */
	KUNIT_EXPECT_FALSE(test, opvs_sched_dh.hashes);
	KUNIT_EXPECT_FALSE(test, opvs_sched_sh.hashes);
	KUNIT_EXPECT_TRUE(test, opvs_sched_mh.hashes);
}

static struct kunit_case keyed_test_cases[] = {
	KUNIT_CASE_PARAM(spread_by, spread_gen_params),
	KUNIT_CASE_PARAM(without_fallback, keyed_gen_params),
	KUNIT_CASE_PARAM(with_fallback, fallback_gen_params),
	KUNIT_CASE_PARAM(fallback_by_weight, fallback_gen_params),
	KUNIT_CASE_PARAM(fallback_to_last, fallback_gen_params),
	KUNIT_CASE_PARAM(few_servers, keyed_gen_params),
	KUNIT_CASE_PARAM(secret, keyed_gen_params),
	KUNIT_CASE(keyed_flags),
	{}
};

static struct kunit_suite keyed_suite = {
	.name = "opvs_keyed",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = keyed_test_cases,
};

kunit_test_suite(keyed_suite);

MODULE_DESCRIPTION("opvs: unit tests of the schedulers that hash");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
