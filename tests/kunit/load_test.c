// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of the estimate of a one-packet service's calls: how good it is,
 * what it costs, and how it follows time, which is made up here.
 */
#include <opvs/load.h>

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "race_fixture.h"

#define WINDOW	60

static struct opvs_load *load;
/* Soon jiffies are 0 again, as they are five minutes after each boot. */
static const u32 start = -30 * HZ;

static int load_init(struct kunit *test)
{
	load = opvs_load_new();
	if (!load)
		return -ENOMEM;
	opvs_load_clear(load, WINDOW);
	return 0;
}

static void load_exit(struct kunit *test)
{
	opvs_load_free(load);
}

/* The hash of a key, another one for each secret. */
static u64 key(u64 secret, u32 number)
{
	const siphash_key_t with = { .key = { secret, ~secret } };

	return siphash_1u32(number, &with);
}

static void mark_keys(u64 secret, u32 from, u32 count, u32 now)
{
	u32 i;

	for (i = from; i < from + count; i++) {
		opvs_load_mark(load, key(secret, i), now);
		if (!(i % 65536))
			cond_resched();
	}
}

static u32 slice(void)
{
	return 1U << load->slice_shift;
}

/* Permille by which the estimate is wrong. */
static s32 error_of(u32 keys)
{
	return ((s64)opvs_load_estimate(load) - keys) * 1000 / (s64)keys;
}

/* ---- how good ---- */

#define SECRETS	16

struct load_case {
	u32	keys;
};

static const struct load_case load_cases[] = {
	{ 1 }, { 2 }, { 5 }, { 20 }, { 100 }, { 500 }, { 1000 }, { 3000 },
	{ 5300 }, { 10000 }, { 30000 }, { 100000 }, { 300000 }, { 1000000 },
};

static void load_name(const struct load_case *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u keys", row->keys);
}

KUNIT_ARRAY_PARAM(load, load_cases, load_name);

static void load_good(struct kunit *test)
{
	u32 keys = ((const struct load_case *)test->param_value)->keys;
	/* A few are exact, unless two of them have one slot. */
	s32 allowed = keys <= 20 ? 1 : keys / 10;
	u32 error, root, worst = 0;
	u64 squares = 0, secret;

	for (secret = 1; secret <= SECRETS; secret++) {
		opvs_load_clear(load, WINDOW);
		mark_keys(secret, 0, keys, start);
		KUNIT_EXPECT_LE(test, abs((s32)(opvs_load_estimate(load) - keys)),
				allowed);
		error = abs(error_of(keys));
		worst = max(worst, error);
		squares += error * error;
	}
	root = int_sqrt(squares / SECRETS);
	kunit_info(test, "%u keys: off by %u per mille, at worst %u\n", keys,
		   root, worst);
	KUNIT_EXPECT_LE(test, root, 40);
}

/* A server's keys are those that the scheduler gave it by the same hash. */
static void load_good_by_share(struct kunit *test)
{
	u32 i, lower = 0, upper = 0;
	u64 hash;

	for (i = 0; i < 90000; i++) {
		hash = key(1, i);
		if ((u32)hash < U32_MAX / 3) {
			opvs_load_mark(load, hash, start);
			lower++;
		}
	}
	KUNIT_EXPECT_LT(test, abs(error_of(lower)), 100);

	opvs_load_clear(load, WINDOW);
	for (i = 0; i < 90000; i++) {
		hash = key(1, i);
		if (hash >> 32 < U32_MAX / 3) {
			opvs_load_mark(load, hash, start);
			upper++;
		}
	}
	KUNIT_EXPECT_LT(test, abs(error_of(upper)), 100);
}

/* Nothing is lost at either end of what a hash can be. */
static void load_extremes(struct kunit *test)
{
	opvs_load_mark(load, 0, start);
	KUNIT_EXPECT_EQ(test, opvs_load_estimate(load), 1);
	opvs_load_mark(load, U64_MAX, start);
	KUNIT_EXPECT_EQ(test, opvs_load_estimate(load), 2);
	KUNIT_EXPECT_FALSE(test, opvs_load_mark(load, 0, start));
	KUNIT_EXPECT_EQ(test, opvs_load_estimate(load), 2);
}

/* With every slot in use there are very many, and no number that overflows. */
static void load_full(struct kunit *test)
{
	u32 row;

	memset(load->stamp, 0xff, sizeof(load->stamp));
	for (row = 0; row < OPVS_LOAD_ROWS; row++)
		atomic_set(&load->used[row], OPVS_LOAD_SLOTS);
	KUNIT_EXPECT_GT(test, opvs_load_sum(load), 40000000);
	KUNIT_EXPECT_LE(test, opvs_load_sum(load), INT_MAX);
}

/* ---- what it costs ---- */

/* A key that was seen in this slice is only read, whatever CPU the packet came
 * to; and in the next slices only stamps change.
 */
static void load_quiet(struct kunit *test)
{
	struct opvs_load *before = kunit_kmalloc(test, sizeof(*before),
						 GFP_KERNEL);
	u32 estimate, i;
	bool changed = false;

	KUNIT_ASSERT_NOT_NULL(test, before);
	mark_keys(1, 0, 5000, start);
	*before = *load;
	estimate = opvs_load_estimate(load);
	for (i = 0; i < 5000; i++)
		changed |= opvs_load_mark(load, key(1, i), start);
	KUNIT_EXPECT_FALSE(test, changed);
	KUNIT_EXPECT_EQ(test, memcmp(load, before, sizeof(*load)), 0);

	for (i = 0; i < 5000; i++)
		changed |= opvs_load_mark(load, key(1, i), start + slice());
	KUNIT_EXPECT_FALSE(test, changed);
	KUNIT_EXPECT_NE(test, memcmp(load->stamp, before->stamp,
				     sizeof(load->stamp)), 0);
	KUNIT_EXPECT_EQ(test, memcmp(load->used, before->used,
				     sizeof(load->used)), 0);
	KUNIT_EXPECT_EQ(test, opvs_load_estimate(load), estimate);
}

/* ---- time ---- */

struct load_window_case {
	u32	seconds;
};

static const struct load_window_case load_window_cases[] = {
	{ 4 }, { 5 }, { 7 }, { 60 }, { 61 }, { 1000 }, { 3600 },
};

static void load_window_name(const struct load_window_case *row, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u s", row->seconds);
}

KUNIT_ARRAY_PARAM(load_window, load_window_cases, load_window_name);

/* As the work does: once a second. */
static void let_pass(u32 *now, u32 until)
{
	while ((s32)(until - *now) > 0) {
		*now += min_t(u32, HZ, until - *now);
		opvs_load_sweep(load, *now);
	}
}

/* A call counts as long as it should, give or take a slice. */
static void load_window(struct kunit *test)
{
	const struct load_window_case *row = test->param_value;
	u32 offset, now;

	opvs_load_clear(load, row->seconds);
	KUNIT_EXPECT_LE(test, slice(), row->seconds * HZ / 32);
	KUNIT_EXPECT_GT(test, slice(), row->seconds * HZ / 64);
	for (offset = 0; offset < slice(); offset += slice() / 4) {
		now = start + offset;
		mark_keys(1, 0, 10, now);
		let_pass(&now, start + offset + row->seconds * HZ - slice());
		KUNIT_EXPECT_EQ(test, opvs_load_estimate(load), 10);
		let_pass(&now, now + 2 * slice() + HZ);
		KUNIT_EXPECT_EQ(test, opvs_load_estimate(load), 0);
		/* To the beginning of a slice of the same number, and on. */
		opvs_load_clear(load, row->seconds);
	}
}

/* Each packet of a call makes it count from then on. */
static void load_kept(struct kunit *test)
{
	u32 now = start, i;

	mark_keys(1, 0, 20, now);
	for (i = 0; i < 20; i++) {
		let_pass(&now, now + WINDOW / 2 * HZ);
		KUNIT_EXPECT_EQ(test, opvs_load_estimate(load), 20);
		mark_keys(1, 0, 20, now);
	}
	let_pass(&now, now + (WINDOW + 2) * HZ);
	KUNIT_EXPECT_EQ(test, opvs_load_estimate(load), 0);
}

/* Calls that come and go: slice numbers repeat many times, and jiffies once. */
static void load_turnover(struct kunit *test)
{
	u32 now = start, seconds, calls = 0;

	for (seconds = 0; seconds < 20 * WINDOW; seconds++) {
		mark_keys(1, calls, 50, now);
		calls += 50;
		let_pass(&now, now + HZ);
		if (seconds >= WINDOW + 2 && abs(error_of(50 * WINDOW)) > 100)
			break;
	}
	KUNIT_EXPECT_EQ(test, seconds, 20 * WINDOW);
	KUNIT_EXPECT_EQ(test, opvs_load_estimate(load), opvs_load_sum(load));
	let_pass(&now, now + (WINDOW + 2) * HZ);
	KUNIT_EXPECT_EQ(test, opvs_load_estimate(load), 0);
}

/* A work that is late by half a window counts what is too old for so long, and
 * nothing besides.
 */
static void load_late_work(struct kunit *test)
{
	u32 now = start;

	mark_keys(1, 0, 20, now);
	now += WINDOW * 3 / 2 * HZ;
	KUNIT_EXPECT_EQ(test, opvs_load_estimate(load), 20);
	opvs_load_sweep(load, now);
	KUNIT_EXPECT_EQ(test, opvs_load_estimate(load), 0);
}

/* Packets are stamped while the work looks at the clock of a moment ago. */
static void load_stamped_ahead(struct kunit *test)
{
	mark_keys(1, 0, 20, start + slice());
	opvs_load_sweep(load, start);
	KUNIT_EXPECT_EQ(test, opvs_load_estimate(load), 20);
	/* Another CPU's clock is a little late. */
	mark_keys(1, 0, 20, start);
	opvs_load_sweep(load, start + slice());
	KUNIT_EXPECT_EQ(test, opvs_load_estimate(load), 20);
}

static void load_other_window(struct kunit *test)
{
	u32 now = start;

	mark_keys(1, 0, 3000, now);
	opvs_load_sweep(load, now);
	opvs_load_clear(load, 4);
	KUNIT_EXPECT_EQ(test, opvs_load_estimate(load), 0);
	mark_keys(1, 0, 20, now);
	KUNIT_EXPECT_EQ(test, opvs_load_estimate(load), 20);
	let_pass(&now, now + 6 * HZ);
	KUNIT_EXPECT_EQ(test, opvs_load_estimate(load), 0);
}

/* ---- CPUs ---- */

/* Keys that several CPUs see are no more than they are. */
static void load_merges(struct kunit *test)
{
	mark_keys(1, 0, 20000, start);
	mark_keys(1, 10000, 20000, start - 1);
	KUNIT_EXPECT_LT(test, abs(error_of(30000)), 100);
}

#define RACE_KEYS	64

static u32 race_now;

/* Half of the keys are seen by all CPUs. */
static void race_mark(struct race *race, unsigned int id, unsigned int round)
{
	u32 i;

	for (i = 0; i < RACE_KEYS; i++)
		opvs_load_mark(load, key(round, i % 2 ? i : i + id * RACE_KEYS),
			       race_now);
}

static u32 slots_in_use(u32 row)
{
	u32 slot, count = 0;

	for (slot = 0; slot < OPVS_LOAD_SLOTS; slot++)
		count += !!load->stamp[row][slot];
	return count;
}

/* The last word belongs to the last count; and counts are put right. */
static void race_judge(struct race *race, unsigned int round)
{
	u32 row;

	race_expect(race, opvs_load_estimate(load) == opvs_load_sum(load));
	race_now += slice();
	opvs_load_sweep(load, race_now);
	race_expect(race, opvs_load_estimate(load) == opvs_load_sum(load));
	for (row = 0; row < OPVS_LOAD_ROWS; row++)
		race_expect(race, atomic_read(&load->used[row]) ==
			    slots_in_use(row));
}

static void load_race(struct kunit *test)
{
	struct race *race;

	race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, race);
	race->threads = RACE_THREADS;
	race->rounds = min(RACE_ROUNDS, 2000);
	race->run = race_mark;
	race->judge = race_judge;
	race_now = start;
	race_run(test, race);
	KUNIT_EXPECT_GT(test, opvs_load_estimate(load), 32 * RACE_KEYS);
}

static struct kunit_case load_test_cases[] = {
	KUNIT_CASE_PARAM(load_good, load_gen_params),
	KUNIT_CASE(load_good_by_share),
	KUNIT_CASE(load_extremes),
	KUNIT_CASE(load_full),
	KUNIT_CASE(load_quiet),
	KUNIT_CASE_PARAM(load_window, load_window_gen_params),
	KUNIT_CASE(load_kept),
	KUNIT_CASE(load_turnover),
	KUNIT_CASE(load_late_work),
	KUNIT_CASE(load_stamped_ahead),
	KUNIT_CASE(load_other_window),
	KUNIT_CASE(load_merges),
	KUNIT_CASE(load_race),
	{}
};

static struct kunit_suite load_suite = {
	.name = "opvs_load",
	.init = load_init,
	.exit = load_exit,
	.test_cases = load_test_cases,
};

kunit_test_suite(load_suite);

MODULE_DESCRIPTION("opvs: unit tests of the estimate of calls");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
