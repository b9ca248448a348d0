// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of the scheduler mh: what it hashes, and who is not available. */
#include <opvs/sched.h>

#include <opvs/hash.h>
#include <opvs/kunit.h>
#include "../../net/sched/maglev.h"

#include <kunit/test.h>

#include <linux/ip_vs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "sched_fixture.h"

#define MH_FALLBACK	IP_VS_SVC_F_SCHED_SH_FALLBACK
#define MH_PORT		IP_VS_SVC_F_SCHED_SH_PORT

/* The first is the key of the vectors published with SipHash. */
static const siphash_key_t mh_keys[] = {
	{ { 0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL } },
	{ { 1, 2 } },
};

struct mh_packet {
	struct opvs_flow	flow;
	char			key[32];
	struct opvs_sched_req	req;
};

/* A packet of call @call from client @client and source port @port. */
static struct opvs_sched_req *mh_packet(struct mh_packet *packet, int call,
					u32 client, u16 port)
{
	memset(packet, 0, sizeof(*packet));
	packet->flow.family = NFPROTO_IPV4;
	packet->flow.saddr.ip = htonl(0xc0000200 + client);
	packet->flow.sport = htons(port);
	packet->req.flow = &packet->flow;
	if (call >= 0) {
		packet->req.key = packet->key;
		packet->req.key_len = snprintf(packet->key, sizeof(packet->key),
					       "call-%d@example.org", call);
	}
	return &packet->req;
}

static struct opvs_view *mh_table(struct kunit *test,
				  struct opvs_dest *dest, u32 count,
				  u32 flags)
{
	return fixture_table(test, &opvs_sched_mh, dest, count, flags,
			     &mh_keys[0]);
}

/* How many of ten servers 1000 packets reach that differ only in one thing. */
struct mh_spread_case {
	const char	*name;
	u32		flags;
	bool		call;
	bool		keyless;
	char		varies;
	u32		reached;
};

static const struct mh_spread_case mh_spread_cases[] = {
	{ "address", 0, false, false, 'a', 10 },
	{ "not by port", 0, false, false, 'p', 1 },
	{ "mh-port: address", MH_PORT, false, false, 'a', 10 },
	{ "mh-port: port", MH_PORT, false, false, 'p', 10 },
	{ "mh-fallback: not by port", MH_FALLBACK, false, false, 'p', 1 },
	{ "engine: call", 0, true, false, 'c', 10 },
	{ "engine: not by address", 0, true, false, 'a', 1 },
	{ "engine: not by port", 0, true, false, 'p', 1 },
	{ "engine, mh-port: not by port", MH_PORT, true, false, 'p', 1 },
	{ "engine without key: address", 0, false, true, 'a', 10 },
	{ "engine without key: port", 0, false, true, 'p', 10 },
	{ "always the same", MH_PORT, false, true, '-', 1 },
};

static void mh_spread_name(const struct mh_spread_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(mh_spread, mh_spread_cases, mh_spread_name);

static void mh_spread_by(struct kunit *test)
{
	const struct mh_spread_case *row = test->param_value;
	struct opvs_dest *dest = fixture_servers(test, NULL, 10);
	struct opvs_view *view = mh_table(test, dest, 10, row->flags);
	struct mh_packet packet;
	unsigned long reached = 0;
	int i, member, call;

	for (i = 0; i < 1000; i++) {
		call = row->varies == 'c' ? i : row->call ? 0 : -1;
		mh_packet(&packet, call, row->varies == 'a' ? i : 0,
			  row->varies == 'p' ? 1024 + i : 5060);
		packet.req.keyless = row->keyless;
		member = fixture_pick(view, &packet.req);
		KUNIT_ASSERT_GE(test, member, 0);
		reached |= BIT(member);
	}
	KUNIT_EXPECT_EQ(test, hweight_long(reached), row->reached);
}

/* 10 000 calls land where weights say, to what chance allows: four standard
 * deviations.
 */
static void mh_calls_by_weight(struct kunit *test)
{
	static const u32 weight[] = { 1, 2, 3, 4 };
	static const int sigma[] = { 30, 40, 46, 49 };
	struct opvs_dest *dest = fixture_servers(test, weight, 4);
	struct opvs_view *view = mh_table(test, dest, 4, 0);
	struct mh_packet packet;
	int i, member, count[4] = {};

	for (i = 0; i < 10000; i++) {
		member = fixture_pick(view, mh_packet(&packet, i, 0, 5060));
		KUNIT_ASSERT_GE(test, member, 0);
		count[member]++;
	}
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_LE_MSG(test, abs(count[i] - 1000 * (i + 1)),
				    4 * sigma[i], "server %d: %d calls", i,
				    count[i]);
}

/* Server 3 is out: its calls have nobody, and everybody else's stay. */
static void mh_without_fallback(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 10);
	struct opvs_view *view = mh_table(test, dest, 10, 0);
	struct mh_packet packet;
	int i, before, after;

	for (i = 0; i < 1000; i++) {
		mh_packet(&packet, i, 0, 5060);
		dest[3].overloaded = false;
		before = fixture_pick(view, &packet.req);
		dest[3].overloaded = true;
		after = fixture_pick(view, &packet.req);
		KUNIT_ASSERT_EQ(test, after, before == 3 ? -1 : before);
	}
}

/* Server 3 is out: its calls go to all others, each to the same every time. */
static void mh_with_fallback(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 10);
	struct opvs_view *view = mh_table(test, dest, 10, MH_FALLBACK);
	unsigned long reached = 0;
	struct mh_packet packet;
	int i, before, after;

	for (i = 0; i < 1000; i++) {
		mh_packet(&packet, i, 0, 5060);
		dest[3].overloaded = false;
		before = fixture_pick(view, &packet.req);
		dest[3].overloaded = true;
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
 * calls, to four standard deviations.
 */
static void mh_fallback_by_weight(struct kunit *test)
{
	static const u32 weight[] = { 10, 1, 4, 5 };
	static const int sigma[] = { 0, 30, 49, 50 };
	struct opvs_dest *dest = fixture_servers(test, weight, 4);
	struct opvs_view *view = mh_table(test, dest, 4, MH_FALLBACK);
	struct mh_packet packet;
	int i, member, count[4] = {};

	dest[0].overloaded = true;
	for (i = 0; i < 10000; i++) {
		member = fixture_pick(view, mh_packet(&packet, i, 0, 5060));
		KUNIT_ASSERT_GE(test, member, 0);
		count[member]++;
	}
	KUNIT_EXPECT_EQ(test, count[0], 0);
	for (i = 1; i < 4; i++)
		KUNIT_EXPECT_LE_MSG(test,
				    abs(count[i] - 1000 * (int)weight[i]),
				    4 * sigma[i], "server %d: %d calls", i,
				    count[i]);
}

/* Whichever one of a hundred is left, it is found. */
static void mh_fallback_to_last(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 100);
	struct opvs_view *view = mh_table(test, dest, 100, MH_FALLBACK);
	struct mh_packet packet;
	int i, call;

	for (i = 0; i < 100; i++)
		dest[i].overloaded = true;
	KUNIT_EXPECT_EQ(test,
			fixture_pick(view, mh_packet(&packet, 0, 0, 5060)), -1);
	for (i = 0; i < 100; i++) {
		dest[i].overloaded = false;
		for (call = 0; call < 20; call++) {
			mh_packet(&packet, call, 0, 5060);
			KUNIT_ASSERT_EQ(test, fixture_pick(view, &packet.req), i);
		}
		dest[i].overloaded = true;
	}
}

/* A drained server stays in the table with its last weight: nobody else moves,
 * neither when it leaves nor when it is back.
 */
static void mh_drained(struct kunit *test)
{
	static const u32 weight[] = { 3, 1, 2, 4, 2 };
	struct opvs_dest *dest = fixture_servers(test, weight, 5);
	struct opvs_view *before, *drained;
	struct mh_packet packet;
	int i, member;

	KUNIT_ASSERT_TRUE(test, opvs_sched_mh.keep_drained);
	before = mh_table(test, dest, 5, 0);
	drained = mh_table(test, dest, 5, 0);
	for (i = 0; i < 1000; i++) {
		mh_packet(&packet, i, 0, 5060);
		dest[2].weight = 2;
		member = fixture_pick(before, &packet.req);
		dest[2].weight = 0;
		KUNIT_ASSERT_EQ(test, fixture_pick(drained, &packet.req),
				member == 2 ? -1 : member);
	}
}

/* 20 bits of a Call-ID, so that a million of them are made in no time. */
static void mh_call_bytes(struct mh_packet *packet, u32 call)
{
	int i;

	for (i = 0; i < 5; i++, call >>= 4)
		packet->key[i] = 'a' + call % 16;
	packet->req.key_len = 5;
}

/* Directors with the same secret and servers agree on a million calls, whatever
 * the order in which they learned of the servers; with another secret, on one
 * in ten.  The odds against a thousandth more or less are 1 in 1000.
 */
static void mh_directors_agree(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 10);
	struct opvs_dest *back = fixture_servers(test, NULL, 10);
	struct opvs_view *view, *same, *other;
	u32 call, agreed = 0, differed = 0;
	const struct opvs_dest *a, *b;
	struct mh_packet packet;
	int i;

	for (i = 0; i < 5; i++)
		swap(back[i].addr, back[9 - i].addr);
	view = mh_table(test, dest, 10, 0);
	same = mh_table(test, back, 10, 0);
	other = fixture_table(test, &opvs_sched_mh, dest, 10, 0,
			      &mh_keys[1]);
	mh_packet(&packet, 0, 0, 5060);
	for (call = 0; call < 1000000; call++) {
		mh_call_bytes(&packet, call);
		a = view->ops->pick(view, &packet.req);
		b = same->ops->pick(same, &packet.req);
		differed += a->addr.ip != b->addr.ip;
		agreed += a == other->ops->pick(other, &packet.req);
		if (!(call % 4096))
			cond_resched();
	}
	KUNIT_EXPECT_EQ(test, differed, 0);
	KUNIT_EXPECT_GT(test, agreed, 99000);
	KUNIT_EXPECT_LT(test, agreed, 101000);
}

/* Whoever does not know the secret cannot tell where a call or a client goes. */
static void mh_secret(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 10);
	struct opvs_view *view = mh_table(test, dest, 10, 0);
	struct opvs_view *other;
	int i, with_call, agreed[2] = {};
	struct mh_packet packet;

	other = fixture_table(test, &opvs_sched_mh, dest, 10, 0, &mh_keys[1]);
	for (i = 0; i < 1000; i++) {
		for (with_call = 0; with_call < 2; with_call++) {
			mh_packet(&packet, with_call ? i : -1, i, 5060);
			agreed[with_call] += fixture_pick(view, &packet.req) ==
					     fixture_pick(other, &packet.req);
		}
	}
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_GT(test, agreed[i], 50);
		KUNIT_EXPECT_LT(test, agreed[i], 150);
	}
}

/* Who hashed the key already is believed, but not for what mh hashes otherwise. */
static void mh_hash_given(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 10);
	struct opvs_view *view = mh_table(test, dest, 10, 0);
	unsigned long by_call = 0, by_client = 0;
	struct mh_packet packet;
	u32 i;

	for (i = 0; i < 100; i++) {
		mh_packet(&packet, 0, 0, 5060);
		packet.req.hash = (u64)(i + 1) << 25;
		by_call |= BIT(fixture_pick(view, &packet.req));
		mh_packet(&packet, -1, 0, 5060);
		packet.req.hash = (u64)(i + 1) << 25;
		by_client |= BIT(fixture_pick(view, &packet.req));
	}
	KUNIT_EXPECT_EQ(test, hweight_long(by_call), 10);
	KUNIT_EXPECT_EQ(test, hweight_long(by_client), 1);
}

static void mh_no_server(struct kunit *test)
{
	struct opvs_view *view = mh_table(test,
						fixture_servers(test, NULL, 0),
						0, MH_FALLBACK);
	struct mh_packet packet;

	KUNIT_EXPECT_EQ(test,
			fixture_pick(view, mh_packet(&packet, 0, 0, 5060)), -1);
}

static void mh_too_many(struct kunit *test)
{
	struct netlink_ext_ack extack = {};
	struct opvs_view *view;

	view = kvzalloc(struct_size(view, member, OPVS_MAGLEV_MEMBERS_MAX + 1),
			GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, view);
	view->count = OPVS_MAGLEV_MEMBERS_MAX;
	KUNIT_EXPECT_GT(test, (long)opvs_sched_mh.priv_size(view, NULL, &extack),
			0L);
	KUNIT_EXPECT_NULL(test, extack._msg);
	view->count++;
	KUNIT_EXPECT_EQ(test,
			(long)opvs_sched_mh.priv_size(view, NULL, &extack),
			(long)-EINVAL);
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	kvfree(view);
}

static void mh_flags(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, opvs_sched_mh.flags, 0x18);
	KUNIT_EXPECT_TRUE(test, opvs_sched_mh.hashes);
}

/* Every byte of an address and port counts, and machines of either byte order
 * get the same number: that of the reference implementation of SipHash-2-4.
 */
static void mh_hash_vectors(struct kunit *test)
{
	union nf_inet_addr addr = {};
	const siphash_key_t *key = &mh_keys[0];
	u64 hash, seen[18];
	u32 i, k;

	KUNIT_EXPECT_EQ(test, opvs_hash_bytes(key, "", 0),
			0x726fdb47dd0e0e31ULL);
	KUNIT_EXPECT_EQ(test, opvs_hash_bytes(key, "\0\1\2\3\4\5\6\7\10\11", 10),
			0x7a5dbbc594ddb9f3ULL);

	for (i = 0; i < ARRAY_SIZE(seen); i++) {
		memset(&addr, 0, sizeof(addr));
		if (i < 16)
			((u8 *)&addr)[i] = 1;
		hash = opvs_hash_endpoint(key, &addr,
					  htons(i == 16 ? 5060 : 0));
		for (k = 0; k < i; k++)
			KUNIT_EXPECT_NE(test, hash, seen[k]);
		seen[i] = hash;
	}
}

static struct kunit_case mh_test_cases[] = {
	KUNIT_CASE_PARAM(mh_spread_by, mh_spread_gen_params),
	KUNIT_CASE(mh_calls_by_weight),
	KUNIT_CASE(mh_without_fallback),
	KUNIT_CASE(mh_with_fallback),
	KUNIT_CASE(mh_fallback_by_weight),
	KUNIT_CASE(mh_fallback_to_last),
	KUNIT_CASE(mh_drained),
	KUNIT_CASE(mh_directors_agree),
	KUNIT_CASE(mh_secret),
	KUNIT_CASE(mh_hash_given),
	KUNIT_CASE(mh_no_server),
	KUNIT_CASE(mh_too_many),
	KUNIT_CASE(mh_flags),
	KUNIT_CASE(mh_hash_vectors),
	{}
};

static struct kunit_suite mh_suite = {
	.name = "opvs_mh",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = mh_test_cases,
};

kunit_test_suite(mh_suite);

MODULE_DESCRIPTION("opvs: unit tests of the scheduler mh");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
