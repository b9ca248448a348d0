// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of the sweeper: slices, its worker, shutdown.
 */
#include <opvs/expire.h>

#include "../../net/lib/shard.h"

#include <kunit/test.h>

#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/sched.h>

#include "expire_fixture.h"

#define SWEEP_DEADLINE	(20 * HZ)

/* Spreads entries over all CPUs, or as if there were several. */
static void sweep_file_spread(unsigned int n, u32 timeout)
{
	unsigned int cpu = cpumask_first(cpu_possible_mask), i;

	for (i = 0; i < n; i++) {
		item_init(&items[i], timeout);
		items[i].e.shard = cpu;
		opvs_expire_file(ex, &items[i].e);
		cpu = cpumask_next(cpu, cpu_possible_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_possible_mask);
	}
}

static const u64 sweep_budgets[] = { 0, 1, 10000, U64_MAX };

/* However short the slices, each gets on and nothing is looked at twice. */
static void sweep_in_slices(struct kunit *test)
{
	unsigned int n = 3000, b, i, slices;
	u64 visited, before;

	fixture_start(test, 0, n);
	for (b = 0; b < ARRAY_SIZE(sweep_budgets); b++) {
		sweep_file_spread(n, (b + 1) * HZ);
		/* A third goes on living. */
		for (i = 0; i < n; i += 3)
			item_refresh(&items[i], 3600 * HZ);
		before = ex->stats.visited;
		test_clock += (b + 1) * HZ + TICK;
		slices = 0;
		do {
			visited = ex->stats.visited;
			slices++;
			if (opvs_expire_sweep(ex, test_clock, sweep_budgets[b]))
				break;
			if (!sweep_budgets[b])
				KUNIT_EXPECT_LE(test, ex->stats.visited,
						visited + OPVS_EXPIRE_BATCH);
		} while (slices < 2 * n);
		KUNIT_EXPECT_EQ(test, ex->stats.visited - before, n);
		KUNIT_EXPECT_LE(test, slices,
				n / OPVS_EXPIRE_BATCH + 2 * nr_cpu_ids + 1);
		KUNIT_EXPECT_EQ(test, atomic_read(&live), (int)n / 3);
		for (i = 0; i < n; i++)
			KUNIT_EXPECT_EQ(test, atomic_read(&items[i].drops),
					i % 3 != 0);
		opvs_expire_drain(ex);
	}
}

/* A CPU that files without end does not keep the sweeper from the others. */
static void sweep_gets_round(struct kunit *test)
{
	unsigned int last = cpumask_last(cpu_possible_mask), n = 200, i, slice;

	fixture_start(test, 0, n);
	for (i = 0; i < n; i++) {
		item_init(&items[i], HZ);
		items[i].e.shard = cpumask_first(cpu_possible_mask);
		if (i == n - 1)
			items[i].e.shard = last;
		opvs_expire_file(ex, &items[i].e);
	}
	test_clock += HZ + TICK;
	for (slice = 0; slice < 100 && !item_dropped(&items[n - 1]); slice++) {
		/* By the time of the next slice the first CPU has more. */
		opvs_expire_sweep(ex, test_clock, 0);
		test_clock += TICK;
		for (i = 0; i < n - 1; i++) {
			if (item_dropped(&items[i]))
				item_file(&items[i], 1);
		}
	}
	KUNIT_EXPECT_TRUE(test, item_dropped(&items[n - 1]));
	KUNIT_EXPECT_LE(test, slice, n / OPVS_EXPIRE_BATCH + nr_cpu_ids + 2);
}

/* With nothing but long-lived entries that are refreshed all the time, ten
 * minutes cost the sweeper less than a hundredth of them.
 */
static void sweep_at_rest(struct kunit *test)
{
	u32 n = IS_ENABLED(CONFIG_KASAN) ? 20000 : 1000000, i, end;
	u64 took = 0, start;

	fixture_start(test, 0, n);
	for (i = 0; i < n; i++) {
		run_until((u64)i * RING / n);
		item_file(&items[i], 900 * HZ);
		/* It lies in its slot, and what packets do does not move it. */
		item_refresh(&items[i], 3600 * HZ);
	}
	ex->stats.visited = 0;
	for (end = test_clock + 600 * HZ; test_clock < end;) {
		start = ktime_get_ns();
		sweep_at(test_clock + TICK);
		took += ktime_get_ns() - start;
		cond_resched();
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&live), n);
	KUNIT_EXPECT_LE(test, ex->stats.visited, 3 * (u64)n);
	KUNIT_EXPECT_LE(test, took, 6 * NSEC_PER_SEC);
	kunit_info(test, "%u entries: %llu us in 600 s", n,
		   took / NSEC_PER_USEC);
}

static void sweep_tells_what_it_did(struct kunit *test)
{
	struct opvs_expire_stats *stats = &ex->stats;

	fixture_start(test, 0, 10);
	sweep_file_spread(10, HZ);
	item_refresh(&items[3], 5 * HZ);
	sweep_at(test_clock + HZ - TICK);
	KUNIT_EXPECT_EQ(test, stats->slices, 1);
	KUNIT_EXPECT_EQ(test, stats->visited, 0);
	sweep_at(test_clock + 2 * TICK);
	KUNIT_EXPECT_EQ(test, stats->slices, 2);
	KUNIT_EXPECT_EQ(test, stats->visited, 10);
	KUNIT_EXPECT_EQ(test, stats->reclaimed, 9);
	KUNIT_EXPECT_EQ(test, stats->refiled, 1);
	KUNIT_EXPECT_EQ(test, stats->max_late_ms, jiffies_to_msecs(TICK));
}

static void sweep_drains(struct kunit *test)
{
	unsigned int n = 1000, left, i;

	fixture_start(test, 0, n);
	for (i = 0; i < n; i++)
		item_file(&items[i], i * HZ + 1);
	KUNIT_ASSERT_TRUE(test, opvs_expire_claim(ex, &items[0].e));
	item_drop(&items[0]);
	/* Shutdown does not ask. */
	keep_for = HZ;
	opvs_expire_drain(ex);
	for (left = 0, i = 0; i < n; i++)
		left += atomic_read(&items[i].drops) != 1;
	KUNIT_EXPECT_EQ(test, left, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&live), 0);
}

#define SWEEP_CHILDREN	(3 * OPVS_EXPIRE_BATCH)

/* The first SWEEP_CHILDREN have a parent each, which goes with them. */
static void sweep_expire_parent(struct item *item)
{
	unsigned int i = item - items;

	if (i < SWEEP_CHILDREN)
		opvs_expire_now(ex, &items[SWEEP_CHILDREN + i].e, test_clock);
}

/* Ending an entry files its parent in a slot that is empty by then. */
static void sweep_drains_what_moves(struct kunit *test)
{
	unsigned int left = 0, i;

	fixture_start(test, 0, 2 * SWEEP_CHILDREN);
	for (i = 0; i < SWEEP_CHILDREN; i++) {
		item_file(&items[i], RING / 2);
		item_file(&items[SWEEP_CHILDREN + i], RING - TICK);
	}
	drop_hook = sweep_expire_parent;
	opvs_expire_drain(ex);
	for (i = 0; i < 2 * SWEEP_CHILDREN; i++)
		left += atomic_read(&items[i].drops) != 1;
	KUNIT_EXPECT_EQ(test, left, 0);
	for_each_possible_cpu(i)
		KUNIT_EXPECT_EQ(test, opvs_expire_filed(ex, i), 0);
}

/* Waits for the worker to end all entries; false if it does not in time. */
static bool sweep_wait(void)
{
	unsigned long end = jiffies + SWEEP_DEADLINE;

	while (atomic_read(&live)) {
		if (time_after(jiffies, end))
			return false;
		msleep(20);
	}
	return true;
}

/* It comes by itself, and without entries it comes no more. */
static void sweep_sleeps(struct kunit *test)
{
	u64 wakeups;

	fixture_wake(test, jiffies, 2);
	msleep(jiffies_to_msecs(2 * TICK));
	KUNIT_EXPECT_EQ(test, READ_ONCE(ex->stats.wakeups), 0);

	test_clock = jiffies;
	item_file(&items[0], HZ / 10);
	KUNIT_EXPECT_TRUE(test, sweep_wait());
	KUNIT_EXPECT_TRUE(test, item_dropped(&items[0]));
	flush_delayed_work(&ex->work);
	wakeups = READ_ONCE(ex->stats.wakeups);
	KUNIT_EXPECT_GT(test, wakeups, 0);
	msleep(jiffies_to_msecs(3 * TICK));
	KUNIT_EXPECT_EQ(test, READ_ONCE(ex->stats.wakeups), wakeups);

	/* And it wakes again. */
	test_clock = jiffies;
	item_file(&items[1], HZ / 10);
	KUNIT_EXPECT_TRUE(test, sweep_wait());
	KUNIT_EXPECT_GT(test, READ_ONCE(ex->stats.wakeups), wakeups);
}

/* A new interval holds at once, not after the old one is over. */
static void sweep_interval(struct kunit *test)
{
	u64 wakeups;

	fixture_wake(test, jiffies, 1);
	opvs_expire_set_interval(ex, 3600 * HZ);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&ex->work));
	item_file(&items[0], HZ / 10);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&ex->work));
	msleep(jiffies_to_msecs(2 * TICK));
	wakeups = READ_ONCE(ex->stats.wakeups);
	KUNIT_EXPECT_EQ(test, wakeups, 0);
	opvs_expire_set_interval(ex, 0);
	KUNIT_EXPECT_TRUE(test, sweep_wait());
}

/* Once stopped, it stays so, even if entries are filed. */
static void sweep_stopped(struct kunit *test)
{
	fixture_start(test, jiffies, 1);
	item_file(&items[0], 1);
	opvs_expire_kick(ex);
	opvs_expire_set_interval(ex, TICK);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&ex->work));
	KUNIT_EXPECT_EQ(test, ex->stats.wakeups, 0);
}

static struct kunit_case sweep_test_cases[] = {
	KUNIT_CASE(sweep_in_slices),
	KUNIT_CASE(sweep_gets_round),
	KUNIT_CASE(sweep_at_rest),
	KUNIT_CASE(sweep_tells_what_it_did),
	KUNIT_CASE(sweep_drains),
	KUNIT_CASE(sweep_drains_what_moves),
	KUNIT_CASE(sweep_sleeps),
	KUNIT_CASE(sweep_interval),
	KUNIT_CASE(sweep_stopped),
	{}
};

static struct kunit_suite sweep_suite = {
	.name = "opvs_sweep",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = sweep_test_cases,
};

kunit_test_suite(sweep_suite);

MODULE_DESCRIPTION("opvs: unit tests of the sweeper");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
