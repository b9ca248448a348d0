// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of expiry: when entries end, and what refreshes, shortenings and
 * claims do to that.  The clock is the tests' own; nothing sleeps.
 */
#include <opvs/expire.h>

#include <kunit/test.h>

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/prandom.h>

#include "expire_fixture.h"

struct expire_start {
	const char	*name;
	u32		now;
};

static const struct expire_start expire_starts[] = {
	{ "from zero", 0 },
	{ "odd", 12345 },
	{ "across the wrap", U32_MAX - 3 * HZ },
	{ "across the sign", S32_MAX - 3 * HZ },
};

static void expire_start_name(const struct expire_start *start, char *desc)
{
	strscpy(desc, start->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(expire_start, expire_starts, expire_start_name);

static void expire_begin(struct kunit *test, unsigned int n)
{
	const struct expire_start *start = test->param_value;

	fixture_start(test, start ? start->now : 1000, n);
}

static const u32 expire_timeouts[] = {
	1, 2, TICK - 1, TICK, TICK + 1, HZ, 10 * HZ,
	RING - TICK, RING - 1, RING, RING + 1, RING + TICK, 2 * RING + 3,
	3600 * HZ,
};

/* Below, at and beyond the end of the ring. */
static void expire_on_time(struct kunit *test)
{
	unsigned int n = ARRAY_SIZE(expire_timeouts), i, turns = 0;

	expire_begin(test, n);
	for (i = 0; i < n; i++) {
		item_file(&items[i], expire_timeouts[i]);
		turns += expire_timeouts[i] / (RING - TICK);
	}
	run_until(test_clock + 3601 * HZ);
	for (i = 0; i < n; i++)
		expect_on_time(test, &items[i], items[i].due);
	KUNIT_EXPECT_EQ(test, ex->stats.reclaimed, n);
	/* What lies beyond the ring is touched once a turn, no more. */
	KUNIT_EXPECT_LE(test, ex->stats.refiled, turns);
	KUNIT_EXPECT_EQ(test, ex->stats.visited, n + ex->stats.refiled);
	KUNIT_EXPECT_LE(test, ex->stats.max_late_ms, 1000 / 4);
}

/* The longest timeout there is, with a sweeper that seldom comes. */
static void expire_longest(struct kunit *test)
{
	u32 timeout = OPVS_EXPIRE_MAX_SECONDS * HZ, due;
	int i;

	expire_begin(test, 1);
	item_file(&items[0], 10);
	KUNIT_ASSERT_TRUE(test, item_refresh(&items[0], timeout));
	due = items[0].e.expires;
	KUNIT_EXPECT_GE(test, due - test_clock, timeout);
	for (i = 0; i < 16; i++) {
		sweep_at(test_clock + timeout / 16);
		KUNIT_EXPECT_FALSE(test, item_dropped(&items[0]));
		KUNIT_EXPECT_FALSE(test, expire_dead(&items[0].e, test_clock));
	}
	run_until(test_clock + 2 * HZ + TICK);
	KUNIT_EXPECT_TRUE(test, item_dropped(&items[0]));
	KUNIT_EXPECT_GE(test, (s32)(items[0].dropped_at - due), 0);
}

/* An hour becomes ten seconds, at any time of the hour. */
static void expire_shortened(struct kunit *test)
{
	static const u32 after[] = { 0, 1, HZ, 60 * HZ, RING + 5, 3000 * HZ };
	unsigned int i;
	u32 end;

	expire_begin(test, ARRAY_SIZE(after));
	for (i = 0; i < ARRAY_SIZE(after); i++) {
		item_file(&items[i], 3600 * HZ);
		run_until(test_clock + after[i]);
		KUNIT_ASSERT_TRUE(test, item_refresh(&items[i], 10 * HZ));
		end = test_clock + 10 * HZ;
		KUNIT_EXPECT_FALSE(test, expire_dead(&items[i].e, end - 1));
		run_until(end - 1);
		KUNIT_EXPECT_FALSE(test, item_dropped(&items[i]));
		run_until(end + OPVS_EXPIRE_SLACK + TICK + 1);
		expect_on_time(test, &items[i], items[i].e.expires &
			       ~OPVS_EXPIRE_DYING);
	}
}

/* Shortened between its publication and its filing. */
static void expire_shortened_unfiled(struct kunit *test)
{
	expire_begin(test, 1);
	item_init(&items[0], 3600 * HZ);
	KUNIT_ASSERT_TRUE(test, item_refresh(&items[0], HZ));
	opvs_expire_file(ex, &items[0].e);
	run_until(test_clock + 2 * HZ + TICK + 1);
	KUNIT_EXPECT_TRUE(test, item_dropped(&items[0]));
}

/* CPUs do not read the clock at the same time. */
static void expire_older_clock(struct kunit *test)
{
	u32 expires;

	expire_begin(test, 1);
	item_file(&items[0], HZ);
	test_clock += 2;
	KUNIT_ASSERT_TRUE(test, item_refresh(&items[0], 60 * HZ));
	expires = items[0].e.expires;
	KUNIT_EXPECT_TRUE(test, opvs_expire_refresh(ex, &items[0].e,
						    test_clock - 2, 60 * HZ));
	KUNIT_EXPECT_EQ(test, items[0].e.expires, expires);
}

static void expire_lengthened(struct kunit *test)
{
	u32 expires;

	expire_begin(test, 1);
	item_file(&items[0], 10 * HZ);
	run_until(test_clock + 5 * HZ);
	KUNIT_ASSERT_TRUE(test, item_refresh(&items[0], 3600 * HZ));
	expires = items[0].e.expires;
	KUNIT_EXPECT_GE(test, expires, test_clock + 3600 * HZ);
	run_until(expires - 1);
	KUNIT_EXPECT_FALSE(test, item_dropped(&items[0]));
	run_until(expires + TICK);
	expect_on_time(test, &items[0], expires);
}

/* A thousand packets a second write once. */
static void expire_written_once_a_second(struct kunit *test)
{
	unsigned int writes = 0, jiffy, packet;
	u32 expires;

	expire_begin(test, 1);
	item_file(&items[0], 60 * HZ);
	expires = items[0].e.expires;
	for (jiffy = 0; jiffy < 20 * HZ; jiffy++) {
		test_clock++;
		for (packet = 0; packet < 3; packet++) {
			item_refresh(&items[0], 60 * HZ);
			writes += items[0].e.expires != expires;
			expires = items[0].e.expires;
		}
	}
	KUNIT_EXPECT_LE(test, writes, 20);
	KUNIT_EXPECT_GE(test, writes, 18);
	/* It lay in one slot all the while. */
	sweep_at(test_clock);
	KUNIT_EXPECT_EQ(test, ex->stats.visited, 0);
}

/* In all cases not less than what was asked for, and little more. */
static void expire_promise(struct kunit *test)
{
	struct rnd_state rnd;
	u32 left, timeout;
	int i;

	expire_begin(test, 1);
	prandom_seed_state(&rnd, 3);
	item_file(&items[0], 5 * HZ);
	for (i = 0; i < 20000; i++) {
		timeout = (1 + prandom_u32_state(&rnd) % 10) * HZ;
		KUNIT_ASSERT_TRUE(test, item_refresh(&items[0], timeout));
		left = items[0].e.expires - test_clock;
		KUNIT_ASSERT_GE(test, left, timeout);
		KUNIT_ASSERT_LE(test, left,
				timeout + OPVS_EXPIRE_SLACK + HZ / 8 + 1);
		/* All but a few go on before the entry expires. */
		run_until(test_clock + prandom_u32_state(&rnd) % timeout);
	}
	KUNIT_EXPECT_FALSE(test, item_dropped(&items[0]));
}

static void expire_refreshed_too_late(struct kunit *test)
{
	u32 expires;

	expire_begin(test, 1);
	item_file(&items[0], 10 * HZ);
	expires = items[0].e.expires;
	test_clock = expires - 1;
	KUNIT_EXPECT_FALSE(test, expire_dead(&items[0].e, test_clock));
	test_clock = expires;
	KUNIT_EXPECT_TRUE(test, expire_dead(&items[0].e, test_clock));
	KUNIT_EXPECT_FALSE(test, item_refresh(&items[0], 10 * HZ));
	KUNIT_EXPECT_EQ(test, items[0].e.expires, expires);
	sweep_at(test_clock + TICK);
	KUNIT_EXPECT_TRUE(test, item_dropped(&items[0]));
	KUNIT_EXPECT_FALSE(test, item_refresh(&items[0], 10 * HZ));
}

static void expire_claimed(struct kunit *test)
{
	u32 expires;

	expire_begin(test, 1);
	item_file(&items[0], 10 * HZ);
	KUNIT_EXPECT_TRUE(test, opvs_expire_claim(ex, &items[0].e));
	expires = items[0].e.expires;
	KUNIT_EXPECT_TRUE(test, expire_dead(&items[0].e, test_clock));
	KUNIT_EXPECT_FALSE(test, opvs_expire_claim(ex, &items[0].e));
	KUNIT_EXPECT_FALSE(test, item_refresh(&items[0], 60 * HZ));
	KUNIT_EXPECT_FALSE(test, item_refresh(&items[0], HZ));
	KUNIT_EXPECT_FALSE(test, opvs_expire_now(ex, &items[0].e, test_clock));
	KUNIT_EXPECT_EQ(test, items[0].e.expires, expires);
	KUNIT_EXPECT_EQ(test, items[0].e.slot, OPVS_EXPIRE_UNFILED);
	run_until(test_clock + 20 * HZ);
	KUNIT_EXPECT_FALSE(test, item_dropped(&items[0]));
	item_drop(&items[0]);
}

/* A flush may be faster than the CPU that has just published the entry. */
static void expire_claimed_unfiled(struct kunit *test)
{
	expire_begin(test, 1);
	item_init(&items[0], HZ);
	KUNIT_EXPECT_TRUE(test, opvs_expire_claim(ex, &items[0].e));
	opvs_expire_file(ex, &items[0].e);
	KUNIT_EXPECT_EQ(test, items[0].e.slot, OPVS_EXPIRE_UNFILED);
	run_until(test_clock + 3 * HZ);
	KUNIT_EXPECT_FALSE(test, item_dropped(&items[0]));
	item_drop(&items[0]);
}

/* Invisible at once, for ever, and gone with the slot after the next. */
static void expire_forced(struct kunit *test)
{
	struct opvs_expiring *e;
	u32 age;

	expire_begin(test, 1);
	e = &items[0].e;
	item_file(&items[0], 3600 * HZ);
	run_until(test_clock + 100 * HZ + 7);
	KUNIT_EXPECT_TRUE(test, opvs_expire_now(ex, e, test_clock));
	KUNIT_EXPECT_TRUE(test, expire_dead(e, test_clock));
	KUNIT_EXPECT_FALSE(test, opvs_expire_now(ex, e, test_clock));
	/* Also for a CPU that read the clock a while ago. */
	for (age = 0; age < HZ / 2; age++) {
		KUNIT_EXPECT_TRUE(test, expire_dead(e, test_clock - age));
		KUNIT_EXPECT_FALSE(test, opvs_expire_refresh(ex, e,
							     test_clock - age,
							     3600 * HZ));
	}
	run_until(test_clock + 2 * TICK);
	KUNIT_EXPECT_TRUE(test, item_dropped(&items[0]));
	KUNIT_EXPECT_LE(test, ex->stats.max_late_ms, 1000 / 4);
}

static void expire_forced_after_expiry(struct kunit *test)
{
	expire_begin(test, 1);
	item_file(&items[0], HZ);
	test_clock += 2 * HZ;
	KUNIT_EXPECT_FALSE(test, opvs_expire_now(ex, &items[0].e, test_clock));
	KUNIT_EXPECT_EQ(test, items[0].e.expires, items[0].due);
}

static void refresh_by_older_clock(struct opvs_expiring *e)
{
	keep_hook = NULL;
	opvs_expire_refresh(ex, e, item_of(e)->due - 1, 10 * HZ);
}

/* The sweeper has found it expired, and a packet is faster than the claim. */
static void expire_refreshed_under_claim(struct kunit *test)
{
	u32 expires;

	expire_begin(test, 1);
	item_file(&items[0], HZ);
	keep_hook = refresh_by_older_clock;
	sweep_at(test_clock + HZ + TICK);
	KUNIT_EXPECT_PTR_EQ(test, keep_hook, NULL);
	KUNIT_EXPECT_FALSE(test, item_dropped(&items[0]));
	KUNIT_EXPECT_EQ(test, ex->stats.refiled, 1);
	expires = items[0].e.expires;
	KUNIT_EXPECT_GE(test, expires, items[0].due + 10 * HZ);
	run_until(expires + TICK);
	expect_on_time(test, &items[0], expires);
}

static void expire_kept(struct kunit *test)
{
	u32 seen;
	int i;

	expire_begin(test, 1);
	item_file(&items[0], 10 * HZ);
	keep_for = 60 * HZ;
	sweep_at(test_clock + 10 * HZ - TICK);
	KUNIT_EXPECT_EQ(test, atomic_read(&keep_calls), 0);
	/* It is asked when the time is over, and again a keeping later. */
	for (i = 1; i <= 5; i++) {
		run_until(test_clock + 60 * HZ);
		KUNIT_EXPECT_FALSE(test, item_dropped(&items[0]));
		KUNIT_EXPECT_EQ(test, atomic_read(&keep_calls), i);
	}
	/* What is kept can be refreshed, even if the sweeper has not come. */
	test_clock = items[0].e.expires + 1;
	KUNIT_EXPECT_TRUE(test, expire_dead(&items[0].e, test_clock));
	KUNIT_EXPECT_TRUE(test, item_refresh(&items[0], 20 * HZ));
	KUNIT_EXPECT_FALSE(test, expire_dead(&items[0].e, test_clock));
	keep_for = 0;
	seen = items[0].e.expires;
	run_until(seen + TICK);
	expect_on_time(test, &items[0], seen);
}

/* Made long before it was filed: its slot is past, but it is not lost. */
static void expire_filed_late(struct kunit *test)
{
	expire_begin(test, 3);
	item_init(&items[0], HZ);
	item_init(&items[1], 20 * HZ);
	item_init(&items[2], 10 * HZ);
	run_until(test_clock + 10 * HZ);
	opvs_expire_file(ex, &items[0].e);
	opvs_expire_file(ex, &items[1].e);
	opvs_expire_file(ex, &items[2].e);
	sweep_at(test_clock + TICK);
	KUNIT_EXPECT_TRUE(test, item_dropped(&items[0]));
	KUNIT_EXPECT_TRUE(test, item_dropped(&items[2]));
	KUNIT_EXPECT_FALSE(test, item_dropped(&items[1]));
	run_until(test_clock + 11 * HZ);
	expect_on_time(test, &items[1], items[1].due);
}

static const u32 expire_gaps[] = {
	RING - 1, RING + TICK, 10 * RING, S32_MAX, S32_MAX + 7U * HZ,
	U32_MAX - 3 * HZ, U32_MAX - TICK,
};

/* While there were no entries, nobody swept. */
static void expire_after_sleep(struct kunit *test)
{
	unsigned int i;

	expire_begin(test, 2 * ARRAY_SIZE(expire_gaps));
	for (i = 0; i < ARRAY_SIZE(expire_gaps); i++) {
		struct item *near = &items[2 * i], *far = near + 1;

		run_until(test_clock + HZ);
		test_clock += expire_gaps[i];
		item_file(near, HZ + 3);
		item_file(far, 1000 * HZ);
		/* This is when opvs_expire_kick() has the worker come. */
		sweep_at(test_clock + TICK);
		run_until(test_clock + 3 * HZ);
		expect_on_time(test, near, near->due);
		KUNIT_EXPECT_FALSE(test, item_dropped(far));
		run_until(far->due + TICK);
		expect_on_time(test, far, far->due);
	}
}

/* The sweeper got no CPU for longer than the ring: each slot once is enough. */
static void expire_behind(struct kunit *test)
{
	unsigned int n = 1000, i;

	expire_begin(test, n);
	for (i = 0; i < n; i++)
		item_file(&items[i], (i + 1) * HZ);
	sweep_at(test_clock + 500 * HZ + 1);
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_EQ(test, item_dropped(&items[i]), i < 500);
	KUNIT_EXPECT_EQ(test, ex->stats.visited, n);
	KUNIT_EXPECT_GE(test, ex->stats.max_late_ms, 200000);
	run_until(test_clock + 501 * HZ);
	for (i = 500; i < n; i++)
		expect_on_time(test, &items[i], items[i].due);
}

/* One for an hour and then very many for a second. */
static void expire_behind_a_long_one(struct kunit *test)
{
	unsigned int n = 20000, i, late = 0;

	expire_begin(test, n + 1);
	item_file(&items[n], 3600 * HZ);
	for (i = 0; i < n; i++)
		item_file(&items[i], HZ);
	run_until(test_clock + HZ + TICK + 1);
	for (i = 0; i < n; i++)
		late += !item_dropped(&items[i]);
	KUNIT_EXPECT_EQ(test, late, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&live), 1);
	KUNIT_EXPECT_FALSE(test, item_dropped(&items[n]));
}

/* From a second to a day, small ones as frequent as great ones. */
static u32 random_timeout(struct rnd_state *rnd)
{
	u32 seconds = 1U << prandom_u32_state(rnd) % 17;

	seconds += prandom_u32_state(rnd) % seconds;
	return min_t(u32, seconds, 24 * 3600) * HZ -
	       prandom_u32_state(rnd) % HZ;
}

/* In any mixture each ends in its own time, and is touched seldom. */
static void expire_mixed(struct kunit *test)
{
	unsigned int n = 100000, i, wrong = 0;
	struct rnd_state rnd;
	u64 turns = 0;

	expire_begin(test, n);
	prandom_seed_state(&rnd, 42);
	for (i = 0; i < n; i++) {
		u32 timeout = random_timeout(&rnd);

		item_file(&items[i], timeout);
		turns += timeout / (RING - TICK);
		if (i % 100 == 99)
			run_until(test_clock + prandom_u32_state(&rnd) % HZ);
	}
	run_until(test_clock + 24 * 3600 * HZ + 1);
	for (i = 0; i < n; i++) {
		s32 late = items[i].dropped_at - items[i].due;

		wrong += atomic_read(&items[i].drops) != 1 ||
			 late < 0 || late > TICK;
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_EQ(test, ex->stats.reclaimed, n);
	KUNIT_EXPECT_LE(test, ex->stats.refiled, turns);
	KUNIT_EXPECT_LE(test, ex->stats.max_late_ms, 1000 / 4);
}

static struct kunit_case expire_test_cases[] = {
	KUNIT_CASE_PARAM(expire_on_time, expire_start_gen_params),
	KUNIT_CASE_PARAM(expire_longest, expire_start_gen_params),
	KUNIT_CASE_PARAM(expire_shortened, expire_start_gen_params),
	KUNIT_CASE(expire_shortened_unfiled),
	KUNIT_CASE_PARAM(expire_older_clock, expire_start_gen_params),
	KUNIT_CASE(expire_lengthened),
	KUNIT_CASE_PARAM(expire_written_once_a_second, expire_start_gen_params),
	KUNIT_CASE_PARAM(expire_promise, expire_start_gen_params),
	KUNIT_CASE_PARAM(expire_refreshed_too_late, expire_start_gen_params),
	KUNIT_CASE(expire_claimed),
	KUNIT_CASE(expire_claimed_unfiled),
	KUNIT_CASE_PARAM(expire_forced, expire_start_gen_params),
	KUNIT_CASE(expire_forced_after_expiry),
	KUNIT_CASE(expire_refreshed_under_claim),
	KUNIT_CASE(expire_kept),
	KUNIT_CASE_PARAM(expire_filed_late, expire_start_gen_params),
	KUNIT_CASE_PARAM(expire_after_sleep, expire_start_gen_params),
	KUNIT_CASE_PARAM(expire_behind, expire_start_gen_params),
	KUNIT_CASE(expire_behind_a_long_one),
	KUNIT_CASE(expire_mixed),
	{}
};

static struct kunit_suite expire_suite = {
	.name = "opvs_expire",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = expire_test_cases,
};

kunit_test_suite(expire_suite);

MODULE_DESCRIPTION("opvs: unit tests of expiry");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
