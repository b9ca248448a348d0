// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of expiry: several want something of the same entry at the same
 * moment.  One entry a round.
 */
#include <opvs/expire.h>

#include <kunit/test.h>

#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/sched.h>

#include "expire_fixture.h"
#include "race_fixture.h"

#define ROUNDS		(RACE_ROUNDS / 10)

/* Entries that the stress test throws about, and for how long. */
#define STRESS_ITEMS	4096
#define STRESS_TIME	HZ

static struct race race;
static atomic_t race_won;

static void race_begin(struct kunit *test, unsigned int n)
{
	fixture_start(test, U32_MAX - 60 * HZ, n);
	atomic_set(&race_won, 0);
}

static void race_go(struct kunit *test, unsigned int threads,
		    unsigned int rounds,
		    void (*run)(struct race *race, unsigned int id,
				unsigned int round),
		    void (*judge)(struct race *race, unsigned int round))
{
	race = (struct race){
		.threads = threads,
		.rounds = rounds,
		.run = run,
		.judge = judge,
	};
	race_run(test, &race);
}

/* The next slot is over, and an entry in it has expired. */
static void race_file_expired(unsigned int round)
{
	if (round >= ROUNDS)
		return;
	test_clock = ex->target;
	item_file(&items[round], 2);
	test_clock += TICK;
}

static void race_sweep(void)
{
	while (!opvs_expire_sweep(ex, test_clock, 0))
		;
}

static void race_end(struct race *race, unsigned int id, unsigned int round)
{
	unsigned int how = id ? 2 : round % 3;

	if (how == 0)
		race_sweep();
	else if (how == 1)
		opvs_expire_reclaim(ex, test_clock, 1);
	else if (opvs_expire_claim(ex, &items[round].e))
		item_drop(&items[round]);
}

static void race_ended_once(struct race *race, unsigned int round)
{
	race_expect(race, atomic_read(&items[round].drops) == 1);
	race_expect(race, items[round].e.slot == OPVS_EXPIRE_UNFILED);
	race_file_expired(round + 1);
}

/* A flush against the sweeper, somebody who needs room, another flush. */
static void expire_race_end(struct kunit *test)
{
	race_begin(test, ROUNDS);
	race_file_expired(0);
	race_go(test, 2, ROUNDS, race_end, race_ended_once);
	KUNIT_EXPECT_EQ(test, atomic_read(&live), 0);
}

static void race_force(struct race *race, unsigned int id, unsigned int round)
{
	struct opvs_expiring *e = &items[round].e;
	unsigned int how = id ? 2 : round % 3;

	if (how == 0)
		opvs_expire_refresh(ex, e, test_clock - 1, 3600 * HZ);
	else if (how == 1)
		opvs_expire_refresh(ex, e, test_clock, 10 * HZ);
	else if (opvs_expire_now(ex, e, test_clock))
		atomic_inc(&race_won);
}

static void race_forced(struct race *race, unsigned int round)
{
	race_expect(race, expire_dead(&items[round].e, test_clock - 1));
	race_expect(race, atomic_read(&race_won) == round + 1);
	if (round + 1 < ROUNDS)
		item_file(&items[round + 1], 900 * HZ);
}

/* No refresh undoes a forced expiry, whichever comes first. */
static void expire_race_force(struct kunit *test)
{
	race_begin(test, ROUNDS);
	item_file(&items[0], 900 * HZ);
	race_go(test, 2, ROUNDS, race_force, race_forced);
	sweep_at(test_clock + TICK);
	KUNIT_EXPECT_EQ(test, atomic_read(&live), 0);
}

static bool race_refreshed;

/* The refresh read the clock just before the entry expired. */
static void race_refresh(struct race *race, unsigned int id, unsigned int round)
{
	struct item *item = &items[round];

	if (id == 0)
		race_sweep();
	else
		race_refreshed = opvs_expire_refresh(ex, &item->e,
						     item->due - 1, 60 * HZ);
}

static void race_refreshed_or_ended(struct race *race, unsigned int round)
{
	struct item *item = &items[round];
	bool dead = expire_dead(&item->e, test_clock);

	race_expect(race, dead == !race_refreshed);
	race_expect(race, atomic_read(&item->drops) == dead);
	if (!dead && opvs_expire_claim(ex, &item->e))
		item_drop(item);
	race_file_expired(round + 1);
}

/* A refresh holds, or it fails; it is never lost. */
static void expire_race_refresh(struct kunit *test)
{
	race_begin(test, ROUNDS);
	race_file_expired(0);
	race_go(test, 2, ROUNDS, race_refresh, race_refreshed_or_ended);
	KUNIT_EXPECT_EQ(test, atomic_read(&live), 0);
}

static void race_file_refreshed(unsigned int round)
{
	if (round >= ROUNDS)
		return;
	test_clock = ex->target;
	item_file(&items[round], 2);
	item_refresh(&items[round], 3600 * HZ);
	test_clock += TICK;
}

/* The sweeper files it for an hour, and its connection is closed. */
static void race_shorten(struct race *race, unsigned int id, unsigned int round)
{
	if (id == 0)
		race_sweep();
	else
		race_expect(race, item_refresh(&items[round], HZ));
}

static void race_shortened(struct race *race, unsigned int round)
{
	run_until(test_clock + HZ + OPVS_EXPIRE_SLACK + 2 * TICK);
	race_expect(race, item_dropped(&items[round]));
	race_file_refreshed(round + 1);
}

static void expire_race_shorten(struct kunit *test)
{
	race_begin(test, ROUNDS);
	race_file_refreshed(0);
	race_go(test, 2, ROUNDS, race_shorten, race_shortened);
	KUNIT_EXPECT_EQ(test, atomic_read(&live), 0);
}

static bool race_expendable(const struct opvs_expiring *e)
{
	return container_of(e, struct item, e)->expendable;
}

/* One of the things that befall entries; returns how many it ended. */
static unsigned int race_befall(struct item *item, u32 dice)
{
	switch (dice % 32) {
	case 0:
		opvs_expire_now(ex, &item->e, jiffies);
		return 0;
	case 1:
		return opvs_expire_reclaim(ex, jiffies, 5);
	case 2:
		return opvs_expire_evict(ex, jiffies, race_expendable);
	case 3:
		if (!opvs_expire_claim(ex, &item->e))
			return 0;
		item_drop(item);
		return 1;
	case 4 ... 7:
		opvs_expire_refresh(ex, &item->e, jiffies, 1);
		return 0;
	default:
		opvs_expire_refresh(ex, &item->e, jiffies, dice % HZ);
		return 0;
	}
}

static atomic_t race_filed;

/* A thread's own part of the entries: it alone files them, anew when they are
 * ended, and always in the same shard.  All are there to be refreshed,
 * shortened and ended.
 */
static void race_stress(struct race *race, unsigned int id, unsigned int round)
{
	unsigned int mine = STRESS_ITEMS / RACE_THREADS, k;
	unsigned long end = jiffies + STRESS_TIME;
	struct rnd_state rnd;
	struct item *item;

	prandom_seed_state(&rnd, id + 1);
	for (k = 0; time_before(jiffies, end); k++) {
		item = &items[id * mine + k % mine];
		if (item_dropped(item)) {
			item_init(item, 1 + prandom_u32_state(&rnd) % HZ);
			opvs_expire_file(ex, &item->e);
			atomic_inc(&race_filed);
		}
		item = &items[prandom_u32_state(&rnd) % STRESS_ITEMS];
		atomic_add(race_befall(item, prandom_u32_state(&rnd)),
			   &race_won);
		if (k % 64 == 0)
			cond_resched();
	}
}

/* Entries that have come to their end, each in the shard of its thread. */
static void race_stress_begin(struct kunit *test)
{
	unsigned int cpu = cpumask_first(cpu_online_mask), i;

	fixture_wake(test, jiffies, STRESS_ITEMS);
	atomic_set(&race_won, 0);
	atomic_set(&race_filed, 0);
	for (i = 0; i < STRESS_ITEMS; i++) {
		if (i && i % (STRESS_ITEMS / RACE_THREADS) == 0)
			cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_online_mask);
		items[i].e.expires = OPVS_EXPIRE_DYING;
		items[i].e.slot = OPVS_EXPIRE_UNFILED;
		items[i].e.shard = cpu;
		items[i].expendable = i % 5 == 0;
		atomic_set(&items[i].drops, 1);
	}
}

/* All that can happen to entries at once, with the worker in it. */
static void expire_race_stress(struct kunit *test)
{
	unsigned long end;
	unsigned int i;

	race_stress_begin(test);
	race_go(test, RACE_THREADS, 1, race_stress, NULL);
	for (end = jiffies + 20 * HZ; time_before(jiffies, end); msleep(20)) {
		if (!atomic_read(&live))
			break;
	}
	opvs_expire_stop(ex);
	KUNIT_EXPECT_EQ(test, atomic_read(&live), 0);
	KUNIT_EXPECT_GT(test, atomic_read(&race_filed), STRESS_ITEMS);
	KUNIT_EXPECT_EQ(test, atomic_read(&race_won) + ex->stats.reclaimed,
			atomic_read(&race_filed));
	for (i = 0; i < STRESS_ITEMS; i++)
		KUNIT_EXPECT_EQ(test, atomic_read(&items[i].drops), 1);
}

static struct kunit_case expire_race_test_cases[] = {
	KUNIT_CASE(expire_race_end),
	KUNIT_CASE(expire_race_force),
	KUNIT_CASE(expire_race_refresh),
	KUNIT_CASE(expire_race_shorten),
	KUNIT_CASE(expire_race_stress),
	{}
};

static struct kunit_suite expire_race_suite = {
	.name = "opvs_expire_race",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = expire_race_test_cases,
};

kunit_test_suite(expire_race_suite);

MODULE_DESCRIPTION("opvs: unit tests of races about an entry's end");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
