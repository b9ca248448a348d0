// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of the marks of keys that were seen of late. */
#include <opvs/recent.h>

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/siphash.h>

/* A slice of time, within which a mark is written once. */
#define SLICE		(4U << ilog2(HZ))
#define HALF_MINUTE	(OPVS_RECENT_SECONDS * HZ)

/* Any time that is the beginning of a slice. */
#define NOW		(SLICE * 1000)

static struct opvs_recent *recent;

static int recent_init(struct kunit *test)
{
	recent = opvs_recent_new();
	return recent ? 0 : -ENOMEM;
}

static void recent_exit(struct kunit *test)
{
	opvs_recent_free(recent);
}

static u64 key_hash(u32 key)
{
	static const siphash_key_t secret = { { 1, 2 } };

	return siphash_1u32(key, &secret);
}

static int seen(u64 hash, u32 now)
{
	return opvs_recent_seen(recent, hash, now);
}

static void recent_empty(struct kunit *test)
{
	u32 i;

	for (i = 0; i < 1000; i++)
		KUNIT_ASSERT_EQ(test, seen(key_hash(i), NOW), OPVS_RECENT_NEW);
	/* No key looks like an empty place, nor at the beginning of time. */
	KUNIT_EXPECT_EQ(test, seen(0, 0), OPVS_RECENT_NEW);
	KUNIT_EXPECT_EQ(test, seen(0, NOW), OPVS_RECENT_NEW);
}

/* Looking leaves no mark. */
static void recent_looks(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, seen(key_hash(1), NOW), OPVS_RECENT_NEW);
	KUNIT_EXPECT_EQ(test, seen(key_hash(1), NOW), OPVS_RECENT_NEW);
	opvs_recent_note(recent, key_hash(1), NOW);
	KUNIT_EXPECT_EQ(test, seen(key_hash(1), NOW), OPVS_RECENT_FRESH);
	KUNIT_EXPECT_EQ(test, seen(key_hash(2), NOW), OPVS_RECENT_NEW);
}

struct recent_case {
	const char *name;
	u32 noted;
	u32 later;
	int seen;
};

static const struct recent_case recent_cases[] = {
	{ "at once", NOW, 0, OPVS_RECENT_FRESH },
	{ "in the same slice", NOW, SLICE - 1, OPVS_RECENT_FRESH },
	{ "in the next slice", NOW, SLICE, OPVS_RECENT_SEEN },
	{ "in the next slice, soon", NOW + SLICE - 1, 1, OPVS_RECENT_SEEN },
	{ "half a minute", NOW, HALF_MINUTE, OPVS_RECENT_SEEN },
	{ "half a minute, end of slice", NOW + SLICE - 1, HALF_MINUTE,
	  OPVS_RECENT_SEEN },
	{ "half a minute and three slices", NOW, HALF_MINUTE + 3 * SLICE,
	  OPVS_RECENT_NEW },
	{ "a minute", NOW, 60 * HZ, OPVS_RECENT_NEW },
	{ "nearly a day", NOW, 86000 * HZ, OPVS_RECENT_NEW },
	{ "another CPU's clock is late", NOW, -1U, OPVS_RECENT_FRESH },
	{ "a clock far behind", NOW, -3U * SLICE, OPVS_RECENT_NEW },
	{ "jiffies wrap", -1U, 1, OPVS_RECENT_SEEN },
	{ "jiffies wrap, half a minute", -1U, HALF_MINUTE, OPVS_RECENT_SEEN },
	{ "jiffies wrap, a minute", -1U, 60 * HZ, OPVS_RECENT_NEW },
	{ "first of all times", 0, 1, OPVS_RECENT_FRESH },
};

static void recent_case_name(const struct recent_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(recent, recent_cases, recent_case_name);

static void recent_age(struct kunit *test)
{
	const struct recent_case *row = test->param_value;
	u32 i;

	for (i = 0; i < 100; i++) {
		opvs_recent_note(recent, key_hash(i), row->noted);
		KUNIT_ASSERT_EQ(test, seen(key_hash(i), row->noted + row->later),
				row->seen);
	}
}

/* A key that is noted again is young again, and takes no second place. */
static void recent_again(struct kunit *test)
{
	u64 hash = key_hash(1);
	u32 now = NOW, i;

	for (i = 0; i < 1000; i++, now += HALF_MINUTE) {
		KUNIT_ASSERT_EQ(test, seen(hash, now),
				i ? OPVS_RECENT_SEEN : OPVS_RECENT_NEW);
		opvs_recent_note(recent, hash, now);
		KUNIT_ASSERT_EQ(test, seen(hash, now), OPVS_RECENT_FRESH);
	}
}

/* A key of one bucket; no two of them have the same mark. */
static u64 neighbour(u32 i)
{
	return 0x1234ULL << 48 | (u64)(2 * i) << 32;
}

/* Of five in one bucket the one goes that was not seen for the longest time. */
static void recent_oldest_goes(struct kunit *test)
{
	static const u32 order[] = { 0, 1, 2, 3, 1, 0, 3, 4 };
	u32 i, now = NOW;

	for (i = 0; i < ARRAY_SIZE(order); i++, now += SLICE)
		opvs_recent_note(recent, neighbour(order[i]), now);
	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_EQ_MSG(test, seen(neighbour(i), now),
				    (i == 2 ? OPVS_RECENT_NEW :
					      OPVS_RECENT_SEEN), "key %u", i);
}

/* A key that was seen half a minute ago makes room for a new one. */
static void recent_stale_goes(struct kunit *test)
{
	u32 i, now = NOW + HALF_MINUTE + 3 * SLICE;

	opvs_recent_note(recent, neighbour(1), NOW);
	opvs_recent_note(recent, neighbour(0), now - SLICE);
	for (i = 2; i < 5; i++)
		opvs_recent_note(recent, neighbour(i), now);
	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_EQ_MSG(test, seen(neighbour(i), now),
				    (i > 1 ? OPVS_RECENT_FRESH :
				     i ? OPVS_RECENT_NEW : OPVS_RECENT_SEEN),
				    "key %u", i);
}

/* Two thousand new keys per second: hardly one is lost before its time, and
 * hardly a stranger is taken for one of them.
 */
static void recent_crowd(struct kunit *test)
{
	const u32 keys = 64000;
	u32 i, lost = 0, mistaken = 0;

	for (i = 0; i < keys; i++)
		opvs_recent_note(recent, key_hash(i), NOW);
	for (i = 0; i < keys; i++) {
		lost += seen(key_hash(i), NOW) == OPVS_RECENT_NEW;
		mistaken += seen(key_hash(keys + i), NOW) != OPVS_RECENT_NEW;
	}
	/* A bucket gets one on average, and more than four rarely. */
	KUNIT_EXPECT_LT(test, lost, keys / 100);
	KUNIT_EXPECT_LT(test, mistaken, 20);
	cond_resched();
}

static struct kunit_case recent_test_cases[] = {
	KUNIT_CASE(recent_empty),
	KUNIT_CASE(recent_looks),
	KUNIT_CASE_PARAM(recent_age, recent_gen_params),
	KUNIT_CASE(recent_again),
	KUNIT_CASE(recent_oldest_goes),
	KUNIT_CASE(recent_stale_goes),
	KUNIT_CASE(recent_crowd),
	{}
};

static struct kunit_suite recent_suite = {
	.name = "opvs_recent",
	.init = recent_init,
	.exit = recent_exit,
	.test_cases = recent_test_cases,
};

kunit_test_suite(recent_suite);

MODULE_DESCRIPTION("opvs: unit tests of the marks of recent keys");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
