// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of the sweeper: slices, its worker, making room, shutdown.
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

static void sweep_reclaim_bounded(struct kunit *test)
{
	unsigned int n = 100, gone = 0, i;

	fixture_start(test, 0, 2 * n);
	for (i = 0; i < 2 * n; i++)
		item_file(&items[i], i < n ? HZ : 60 * HZ);
	KUNIT_EXPECT_EQ(test, opvs_expire_reclaim(ex, test_clock + HZ - 1, n),
			0);
	test_clock += HZ;
	KUNIT_EXPECT_EQ(test, opvs_expire_reclaim(ex, test_clock, 0), 0);
	KUNIT_EXPECT_EQ(test, opvs_expire_reclaim(ex, test_clock, 1), 1);
	KUNIT_EXPECT_EQ(test, opvs_expire_reclaim(ex, test_clock, 7), 7);
	KUNIT_EXPECT_EQ(test, opvs_expire_reclaim(ex, test_clock, 200),
			OPVS_EXPIRE_BATCH);
	KUNIT_EXPECT_EQ(test, opvs_expire_reclaim(ex, test_clock, 200),
			n - 8 - OPVS_EXPIRE_BATCH);
	KUNIT_EXPECT_EQ(test, opvs_expire_reclaim(ex, test_clock, 200), 0);
	for (i = 0; i < 2 * n; i++)
		gone += item_dropped(&items[i]) == (i < n);
	KUNIT_EXPECT_EQ(test, gone, 2 * n);
}

/* An entry that is refreshed does not hide one that has expired. */
static void sweep_reclaim_among_refreshed(struct kunit *test)
{
	unsigned int n = 1000, i, calls;

	fixture_start(test, 0, n);
	for (i = 0; i < n; i++)
		item_file(&items[i], HZ);
	for (i = 1; i < n; i++)
		item_refresh(&items[i], 60 * HZ);
	test_clock += HZ;
	for (calls = 0; calls < 50 && !item_dropped(&items[0]); calls++)
		opvs_expire_reclaim(ex, test_clock++, 1);
	KUNIT_EXPECT_TRUE(test, item_dropped(&items[0]));
	KUNIT_EXPECT_LE(test, calls, n / OPVS_EXPIRE_BATCH + 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&live), n - 1);
}

static void sweep_reclaim_asks_keep(struct kunit *test)
{
	fixture_start(test, 0, 1);
	item_file(&items[0], HZ);
	keep_for = 60 * HZ;
	test_clock += HZ;
	KUNIT_EXPECT_EQ(test, opvs_expire_reclaim(ex, test_clock, 1), 0);
	KUNIT_EXPECT_FALSE(test, expire_dead(&items[0].e, test_clock));
}

static bool sweep_expendable(const struct opvs_expiring *e)
{
	return container_of(e, struct item, e)->expendable;
}

static bool sweep_evict(void)
{
	return opvs_expire_evict(ex, test_clock, sweep_expendable);
}

static void sweep_evicts_the_soonest(struct kunit *test)
{
	static const u32 seconds[] = { 900, 120, 60, 3, 10 };
	unsigned int i;

	fixture_start(test, U32_MAX - 5 * HZ, ARRAY_SIZE(seconds));
	KUNIT_EXPECT_FALSE(test, sweep_evict());
	test_clock++;
	for (i = 0; i < ARRAY_SIZE(seconds); i++) {
		items[i].expendable = i != 3;
		item_file(&items[i], seconds[i] * HZ);
	}
	/* It lies in an early slot, but it lives long. */
	item_refresh(&items[4], 300 * HZ);
	KUNIT_EXPECT_TRUE(test, sweep_evict());
	KUNIT_EXPECT_TRUE(test, item_dropped(&items[2]));
	KUNIT_EXPECT_TRUE(test, sweep_evict());
	KUNIT_EXPECT_TRUE(test, item_dropped(&items[1]));
	KUNIT_EXPECT_TRUE(test, sweep_evict());
	KUNIT_EXPECT_TRUE(test, item_dropped(&items[4]));
	KUNIT_EXPECT_TRUE(test, sweep_evict());
	KUNIT_EXPECT_TRUE(test, item_dropped(&items[0]));
	KUNIT_EXPECT_FALSE(test, sweep_evict());
	KUNIT_EXPECT_FALSE(test, item_dropped(&items[3]));
}

/* It does not search for ever. */
static void sweep_evict_bounded(struct kunit *test)
{
	unsigned int n = OPVS_EXPIRE_BATCH + 1, i;

	fixture_start(test, 0, n);
	for (i = 0; i < n; i++)
		item_file(&items[i], (i + 1) * HZ);
	items[n - 1].expendable = true;
	KUNIT_EXPECT_FALSE(test, sweep_evict());
	test_clock++;
	items[n - 2].expendable = true;
	KUNIT_EXPECT_TRUE(test, sweep_evict());
	KUNIT_EXPECT_TRUE(test, item_dropped(&items[n - 2]));
}

/* Where entries are looked at before their time, more of them than are looked at for
 * a victim lie in front of it.
 */
static void sweep_evicts_behind_looks(struct kunit *test)
{
	unsigned int n = 5 * OPVS_EXPIRE_BATCH, i, tries;

	fixture_start(test, 0, n);
	items[0].expendable = true;
	item_file(&items[0], 60 * HZ);
	WRITE_ONCE(ex->first_look, HZ);
	for (i = 1; i < n; i++) {
		item_file(&items[i], 900 * HZ);
		if (!(i % OPVS_EXPIRE_BATCH))
			test_clock += TICK;
	}
	for (tries = 0; tries < 8 && !item_dropped(&items[0]); tries++) {
		test_clock++;
		sweep_evict();
	}
	WRITE_ONCE(ex->first_look, 0);
	KUNIT_EXPECT_TRUE(test, item_dropped(&items[0]));
	KUNIT_EXPECT_EQ(test, atomic_read(&live), n - 1);
}

/* Nor again and again: a jiffy in which it found no entry is lost. */
static void sweep_evict_in_vain(struct kunit *test)
{
	fixture_start(test, 0, 2);
	item_file(&items[0], HZ);
	item_file(&items[1], 2 * HZ);
	KUNIT_EXPECT_FALSE(test, sweep_evict());
	items[1].expendable = true;
	KUNIT_EXPECT_FALSE(test, sweep_evict());
	KUNIT_EXPECT_FALSE(test, item_dropped(&items[1]));
	test_clock++;
	KUNIT_EXPECT_TRUE(test, sweep_evict());
	KUNIT_EXPECT_TRUE(test, item_dropped(&items[1]));
}

static void sweep_reclaim_in_vain(struct kunit *test)
{
	fixture_start(test, 0, 1);
	item_file(&items[0], HZ);
	KUNIT_EXPECT_EQ(test, opvs_expire_reclaim(ex, test_clock, 1), 0);
	KUNIT_ASSERT_TRUE(test, opvs_expire_now(ex, &items[0].e, test_clock));
	KUNIT_EXPECT_EQ(test, opvs_expire_reclaim(ex, test_clock, 1), 0);
	KUNIT_EXPECT_FALSE(test, item_dropped(&items[0]));
	test_clock++;
	KUNIT_EXPECT_EQ(test, opvs_expire_reclaim(ex, test_clock, 1), 1);
	KUNIT_EXPECT_TRUE(test, item_dropped(&items[0]));
}

/* ---- a machine with many processors ---- */

#define MANY_SHARDS	100

static struct opvs_expire_shard **many_own;
static struct opvs_expiring *many_item;
static unsigned int many_looks;

static void many_keep(struct opvs_expiring *e)
{
	keep_for = e == many_item ? 0 : 60 * HZ;
}

static bool many_expendable(const struct opvs_expiring *e)
{
	many_looks++;
	return sweep_expendable(e);
}

/* The engine gets shards as of so many CPUs, all but the first ones made here. */
static void many_start(struct kunit *test, unsigned int n)
{
	struct opvs_expire_shard **shard;
	unsigned int i;

	fixture_start(test, 0, n);
	shard = kunit_kcalloc(test, MANY_SHARDS, sizeof(*shard), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, shard);
	for (i = 0; i < MANY_SHARDS; i++) {
		if (i < nr_cpu_ids) {
			shard[i] = ex->shard[i];
			continue;
		}
		shard[i] = kunit_kzalloc(test, sizeof(**shard), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, shard[i]);
		shard[i]->slot = kunit_kcalloc(test, OPVS_EXPIRE_SLOTS,
					       sizeof(*shard[i]->slot),
					       GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, shard[i]->slot);
		spin_lock_init(&shard[i]->lock);
		shard[i]->swept_end = test_clock;
	}
	many_own = ex->shard;
	ex->shard = shard;
	ex->shards = MANY_SHARDS;
	many_looks = 0;
}

/* Ends what is left, as the engine will not look there. */
static void many_stop(unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (opvs_expire_claim(ex, &items[i].e))
			item_drop(&items[i]);
	ex->shard = many_own;
	ex->shards = nr_cpu_ids;
}

static void many_file(struct item *item, unsigned int shard, u32 timeout)
{
	item_init(item, timeout);
	item->e.shard = shard;
	opvs_expire_file(ex, &item->e);
}

/* All shards are full, and who may go is in the last one: each packet looks at a
 * batch, and one packet per shard finds it.
 */
static void sweep_evict_many_shards(struct kunit *test)
{
	unsigned int per = OPVS_EXPIRE_BATCH + 10, n = MANY_SHARDS * per;
	unsigned int i, packets = 0, before;
	bool found = false;

	many_start(test, n);
	for (i = 0; i < n; i++)
		many_file(&items[i], i / per, 60 * HZ);
	/* A slot's last entry is its first one: within the first batch. */
	items[n - 1].expendable = true;
	while (!found && packets < 3 * MANY_SHARDS) {
		before = many_looks;
		found = opvs_expire_evict(ex, test_clock, many_expendable);
		KUNIT_EXPECT_LE(test, many_looks - before, OPVS_EXPIRE_BATCH);
		packets++;
	}
	KUNIT_EXPECT_TRUE(test, found);
	KUNIT_EXPECT_TRUE(test, item_dropped(&items[n - 1]));
	KUNIT_EXPECT_LE(test, packets, MANY_SHARDS);

	/* The next one is found there at once. */
	items[n - 2].expendable = true;
	before = many_looks;
	KUNIT_EXPECT_TRUE(test, opvs_expire_evict(ex, test_clock,
						  many_expendable));
	KUNIT_EXPECT_LE(test, many_looks - before, OPVS_EXPIRE_BATCH);
	/* A round in vain is enough for this jiffy. */
	for (i = 0; i < 3 * MANY_SHARDS; i++)
		opvs_expire_evict(ex, test_clock, many_expendable);
	before = many_looks;
	KUNIT_EXPECT_FALSE(test, opvs_expire_evict(ex, test_clock,
						   many_expendable));
	KUNIT_EXPECT_EQ(test, many_looks, before);
	many_stop(n);
}

/* Few entries everywhere: a packet looks into several shards, and where its looks
 * end in the midst of one, the next packet has a whole batch for that.
 */
static void sweep_evict_few_each(struct kunit *test)
{
	unsigned int per = OPVS_EXPIRE_BATCH - 3, n = MANY_SHARDS * per;
	unsigned int i, packets = 0, before;
	bool found = false;

	many_start(test, n);
	for (i = 0; i < n; i++)
		many_file(&items[i], i / per, 60 * HZ);
	/* The last one that a look at the last shard comes to. */
	items[n - per].expendable = true;
	while (!found && packets < 3 * MANY_SHARDS) {
		before = many_looks;
		found = opvs_expire_evict(ex, test_clock, many_expendable);
		KUNIT_EXPECT_LE(test, many_looks - before, OPVS_EXPIRE_BATCH);
		packets++;
	}
	KUNIT_EXPECT_TRUE(test, found);
	KUNIT_EXPECT_LE(test, packets, MANY_SHARDS + 1);
	many_stop(n);
}

static void sweep_reclaim_many_shards(struct kunit *test)
{
	unsigned int per = OPVS_EXPIRE_BATCH + 10, n = MANY_SHARDS * per;
	unsigned int i, packets = 0, before, gone = 0;

	many_start(test, n + 1);
	for (i = 0; i < n; i++)
		many_file(&items[i], i / per, HZ);
	many_file(&items[n], MANY_SHARDS - 1, HZ);
	test_clock += HZ;
	/* All but the last one are kept, and each look at one asks. */
	keep_hook = many_keep;
	many_item = &items[n].e;
	while (!gone && packets < 3 * MANY_SHARDS) {
		before = atomic_read(&keep_calls);
		gone = opvs_expire_reclaim(ex, test_clock, OPVS_EXPIRE_BATCH);
		KUNIT_EXPECT_LE(test, atomic_read(&keep_calls) - before,
				OPVS_EXPIRE_BATCH);
		packets++;
	}
	KUNIT_EXPECT_EQ(test, gone, 1);
	KUNIT_EXPECT_TRUE(test, item_dropped(&items[n]));
	KUNIT_EXPECT_LE(test, packets, MANY_SHARDS);
	many_stop(n + 1);
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
	KUNIT_CASE(sweep_reclaim_bounded),
	KUNIT_CASE(sweep_reclaim_among_refreshed),
	KUNIT_CASE(sweep_reclaim_asks_keep),
	KUNIT_CASE(sweep_evicts_the_soonest),
	KUNIT_CASE(sweep_evict_bounded),
	KUNIT_CASE(sweep_evicts_behind_looks),
	KUNIT_CASE(sweep_evict_in_vain),
	KUNIT_CASE(sweep_reclaim_in_vain),
	KUNIT_CASE(sweep_evict_many_shards),
	KUNIT_CASE(sweep_evict_few_each),
	KUNIT_CASE(sweep_reclaim_many_shards),
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
