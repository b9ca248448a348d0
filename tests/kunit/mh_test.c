// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of the scheduler mh: shares, other directors, limits, vectors. */
#include <opvs/sched.h>

#include <opvs/hash.h>
#include <opvs/kunit.h>
#include "../../net/sched/maglev.h"

#include <kunit/test.h>

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "keyed_fixture.h"

/* 10 000 calls land where weights say, to what chance allows: four standard
 * deviations.
 */
static void mh_calls_by_weight(struct kunit *test)
{
	static const u32 weight[] = { 1, 2, 3, 4 };
	static const int sigma[] = { 30, 40, 46, 49 };
	struct opvs_dest *dest = fixture_servers(test, weight, 4);
	struct opvs_view *view = keyed_table(test, &opvs_sched_mh, dest, 4, 0);
	struct keyed_packet packet;
	int i, member, count[4] = {};

	for (i = 0; i < 10000; i++) {
		member = fixture_pick(view, keyed_make(&packet, i));
		KUNIT_ASSERT_GE(test, member, 0);
		count[member]++;
	}
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_LE_MSG(test, abs(count[i] - 1000 * (i + 1)),
				    4 * sigma[i], "server %d: %d calls", i,
				    count[i]);
}

/* A drained server stays in the table with its last weight: no other keys move,
 * neither when it leaves nor when it is back.
 */
static void mh_drained(struct kunit *test)
{
	static const u32 weight[] = { 3, 1, 2, 4, 2 };
	struct opvs_dest *dest = fixture_servers(test, weight, 5);
	struct opvs_view *before, *drained;
	struct keyed_packet packet;
	int i, member;

	KUNIT_ASSERT_TRUE(test, opvs_sched_mh.keep_drained);
	before = keyed_table(test, &opvs_sched_mh, dest, 5, 0);
	drained = keyed_table(test, &opvs_sched_mh, dest, 5, 0);
	for (i = 0; i < 1000; i++) {
		keyed_make(&packet, i);
		dest[2].weight = 2;
		member = fixture_pick(before, &packet.req);
		dest[2].weight = 0;
		KUNIT_ASSERT_EQ(test, fixture_pick(drained, &packet.req),
				member == 2 ? -1 : member);
	}
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
	struct keyed_packet packet;
	int i;

	for (i = 0; i < 5; i++)
		swap(back[i].addr, back[9 - i].addr);
	view = keyed_table(test, &opvs_sched_mh, dest, 10, 0);
	same = keyed_table(test, &opvs_sched_mh, back, 10, 0);
	other = fixture_table(test, &opvs_sched_mh, dest, 10, 0,
			      &keyed_secrets[1]);
	for (call = 0; call < 1000000; call++) {
		keyed_make(&packet, call);
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

/* A hash of the key that is there already is taken; a client is hashed here. */
static void mh_hash_given(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 10);
	struct opvs_view *view = keyed_table(test, &opvs_sched_mh, dest, 10, 0);
	unsigned long by_call = 0, by_client = 0;
	struct keyed_packet packet;
	u32 i;

	for (i = 0; i < 100; i++) {
		keyed_make(&packet, 0);
		packet.req.hash = (u64)(i + 1) << 25;
		by_call |= BIT(fixture_pick(view, &packet.req));
		keyed_make_no_key(&packet, 0);
		packet.req.hash = (u64)(i + 1) << 25;
		by_client |= BIT(fixture_pick(view, &packet.req));
	}
	KUNIT_EXPECT_EQ(test, hweight_long(by_call), 10);
	KUNIT_EXPECT_EQ(test, hweight_long(by_client), 1);
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

/* Every byte of an address and port counts, and machines of either byte order
 * get the same number: that of the reference implementation of SipHash-2-4.
 */
static void mh_hash_vectors(struct kunit *test)
{
	union nf_inet_addr addr = {};
	const siphash_key_t *key = &keyed_secrets[0];
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
	KUNIT_CASE(mh_calls_by_weight),
	KUNIT_CASE(mh_drained),
	KUNIT_CASE(mh_directors_agree),
	KUNIT_CASE(mh_hash_given),
	KUNIT_CASE(mh_too_many),
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
