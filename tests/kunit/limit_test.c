// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of limits: never passed, and reached to the last one. */
#include <opvs/limit.h>

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#define RACERS		4
#define RACE_MAX	1000
#define RACE_ROUNDS	20000

static void limit_none(struct kunit *test)
{
	struct opvs_limit limit = {};
	u32 i;

	for (i = 1; i <= 1000; i++)
		KUNIT_ASSERT_EQ(test, opvs_limit_take(&limit), i);
	KUNIT_EXPECT_FALSE(test, opvs_limit_reached(&limit));
	KUNIT_EXPECT_EQ(test, opvs_limit_release(&limit), 999);
}

static void limit_exact(struct kunit *test)
{
	struct opvs_limit limit = { .max = 3 };

	KUNIT_EXPECT_EQ(test, opvs_limit_take(&limit), 1);
	KUNIT_EXPECT_EQ(test, opvs_limit_take(&limit), 2);
	KUNIT_EXPECT_FALSE(test, opvs_limit_reached(&limit));
	KUNIT_EXPECT_EQ(test, opvs_limit_take(&limit), 3);
	KUNIT_EXPECT_TRUE(test, opvs_limit_reached(&limit));
	KUNIT_EXPECT_EQ(test, opvs_limit_take(&limit), 0);
	KUNIT_EXPECT_EQ(test, opvs_limit_take(&limit), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&limit.count), 3);

	KUNIT_EXPECT_EQ(test, opvs_limit_release(&limit), 2);
	KUNIT_EXPECT_EQ(test, opvs_limit_take(&limit), 3);
	KUNIT_EXPECT_EQ(test, opvs_limit_take(&limit), 0);
}

/* Entries stay; no new one comes in until there are fewer. */
static void limit_lowered(struct kunit *test)
{
	struct opvs_limit limit = { .max = 5 };
	int i;

	for (i = 0; i < 5; i++)
		opvs_limit_take(&limit);
	WRITE_ONCE(limit.max, 2);
	KUNIT_EXPECT_EQ(test, atomic_read(&limit.count), 5);
	for (i = 4; i >= 2; i--) {
		KUNIT_EXPECT_EQ(test, opvs_limit_take(&limit), 0);
		KUNIT_EXPECT_EQ(test, opvs_limit_release(&limit), i);
	}
	KUNIT_EXPECT_EQ(test, opvs_limit_take(&limit), 0);
	KUNIT_EXPECT_EQ(test, opvs_limit_release(&limit), 1);
	KUNIT_EXPECT_EQ(test, opvs_limit_take(&limit), 2);
}

static void limit_raised(struct kunit *test)
{
	struct opvs_limit limit = { .max = 1 };

	KUNIT_EXPECT_EQ(test, opvs_limit_take(&limit), 1);
	KUNIT_EXPECT_EQ(test, opvs_limit_take(&limit), 0);
	WRITE_ONCE(limit.max, 2);
	KUNIT_EXPECT_EQ(test, opvs_limit_take(&limit), 2);
	KUNIT_EXPECT_EQ(test, opvs_limit_take(&limit), 0);
	WRITE_ONCE(limit.max, 0);
	KUNIT_EXPECT_EQ(test, opvs_limit_take(&limit), 3);
}

/* What was taken without a limit counts as soon as there is one. */
static void limit_counts_always(struct kunit *test)
{
	struct opvs_limit limit = {};

	opvs_limit_take(&limit);
	opvs_limit_take(&limit);
	WRITE_ONCE(limit.max, 2);
	KUNIT_EXPECT_TRUE(test, opvs_limit_reached(&limit));
	KUNIT_EXPECT_EQ(test, opvs_limit_take(&limit), 0);
}

/* Instead of a largest count. */
static void limit_nothing(struct kunit *test)
{
	struct opvs_limit limit = {};

	KUNIT_EXPECT_EQ(test, opvs_limit_take(&limit), 1);
	WRITE_ONCE(limit.max, OPVS_LIMIT_NOTHING);
	KUNIT_EXPECT_TRUE(test, opvs_limit_reached(&limit));
	KUNIT_EXPECT_EQ(test, opvs_limit_take(&limit), 0);
	KUNIT_EXPECT_EQ(test, opvs_limit_release(&limit), 0);
	KUNIT_EXPECT_TRUE(test, opvs_limit_reached(&limit));
	KUNIT_EXPECT_EQ(test, opvs_limit_take(&limit), 0);
}

struct limit_race;

struct limit_worker {
	struct work_struct	work;
	struct limit_race	*race;
};

/**
 * struct limit_race - workers at one limit
 * @limit: the limit
 * @taken: what they hold together
 * @most: the highest count that opvs_limit_take() told
 * @passed: how often it told one above the limit
 * @worker: they
 */
struct limit_race {
	struct opvs_limit	limit;
	atomic_t		taken;
	atomic_t		most;
	atomic_t		passed;
	struct limit_worker	worker[RACERS];
};

static void race_note(struct limit_race *race, int count)
{
	int most = atomic_read(&race->most);

	if (count > RACE_MAX)
		atomic_inc(&race->passed);
	while (count > most && !atomic_try_cmpxchg(&race->most, &most, count))
		;
}

/* Gives back one of three that it takes, so the limit is soon reached. */
static void race_run(struct limit_race *race)
{
	u32 count;
	int i;

	for (i = 0; i < RACE_ROUNDS; i++) {
		if (!(i % 64))
			cond_resched();
		count = opvs_limit_take(&race->limit);
		if (!count)
			continue;
		race_note(race, count);
		atomic_inc(&race->taken);
		if (i % 3)
			continue;
		atomic_dec(&race->taken);
		opvs_limit_release(&race->limit);
	}
}

static void race_work(struct work_struct *work)
{
	race_run(container_of(work, struct limit_worker, work)->race);
}

static void limit_race(struct kunit *test)
{
	struct workqueue_struct *wq;
	struct limit_race *race;
	int i;

	race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, race);
	wq = alloc_workqueue("opvs-limit", WQ_UNBOUND, RACERS);
	KUNIT_ASSERT_NOT_NULL(test, wq);
	race->limit.max = RACE_MAX;
	for (i = 0; i < RACERS; i++) {
		race->worker[i].race = race;
		INIT_WORK(&race->worker[i].work, race_work);
		queue_work(wq, &race->worker[i].work);
	}
	destroy_workqueue(wq);

	KUNIT_EXPECT_EQ(test, atomic_read(&race->passed), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->most), RACE_MAX);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->limit.count),
			atomic_read(&race->taken));
	/* All that was taken can be given back, and no more was. */
	for (i = atomic_read(&race->taken); i > 0; i--)
		KUNIT_ASSERT_EQ(test, opvs_limit_release(&race->limit), i - 1);
	KUNIT_EXPECT_EQ(test, opvs_limit_take(&race->limit), 1);
}

static struct kunit_case limit_cases[] = {
	KUNIT_CASE(limit_none),
	KUNIT_CASE(limit_exact),
	KUNIT_CASE(limit_lowered),
	KUNIT_CASE(limit_raised),
	KUNIT_CASE(limit_counts_always),
	KUNIT_CASE(limit_nothing),
	KUNIT_CASE(limit_race),
	{}
};

static struct kunit_suite limit_suite = {
	.name = "opvs_limit",
	.test_cases = limit_cases,
};

kunit_test_suite(limit_suite);

MODULE_DESCRIPTION("opvs: unit tests of limits");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
