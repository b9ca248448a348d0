// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of how packets make room: what has expired goes, or what would soon.
 */
#include <opvs/expire.h>

#include "../../net/lib/shard.h"

#include <kunit/test.h>

#include <linux/kernel.h>
#include <linux/module.h>

#include "expire_fixture.h"

static void room_reclaim_bounded(struct kunit *test)
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
static void room_reclaim_among_refreshed(struct kunit *test)
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

static void room_reclaim_asks_keep(struct kunit *test)
{
	fixture_start(test, 0, 1);
	item_file(&items[0], HZ);
	keep_for = 60 * HZ;
	test_clock += HZ;
	KUNIT_EXPECT_EQ(test, opvs_expire_reclaim(ex, test_clock, 1), 0);
	KUNIT_EXPECT_FALSE(test, expire_dead(&items[0].e, test_clock));
}

static bool room_expendable(const struct opvs_expiring *e)
{
	return container_of(e, struct item, e)->expendable;
}

static bool room_evict(void)
{
	return opvs_expire_evict(ex, test_clock, room_expendable);
}

static void room_evicts_the_soonest(struct kunit *test)
{
	static const u32 seconds[] = { 900, 120, 60, 3, 10 };
	unsigned int i;

	fixture_start(test, U32_MAX - 5 * HZ, ARRAY_SIZE(seconds));
	KUNIT_EXPECT_FALSE(test, room_evict());
	test_clock++;
	for (i = 0; i < ARRAY_SIZE(seconds); i++) {
		items[i].expendable = i != 3;
		item_file(&items[i], seconds[i] * HZ);
	}
	/* It lies in an early slot, but it lives long. */
	item_refresh(&items[4], 300 * HZ);
	KUNIT_EXPECT_TRUE(test, room_evict());
	KUNIT_EXPECT_TRUE(test, item_dropped(&items[2]));
	KUNIT_EXPECT_TRUE(test, room_evict());
	KUNIT_EXPECT_TRUE(test, item_dropped(&items[1]));
	KUNIT_EXPECT_TRUE(test, room_evict());
	KUNIT_EXPECT_TRUE(test, item_dropped(&items[4]));
	KUNIT_EXPECT_TRUE(test, room_evict());
	KUNIT_EXPECT_TRUE(test, item_dropped(&items[0]));
	KUNIT_EXPECT_FALSE(test, room_evict());
	KUNIT_EXPECT_FALSE(test, item_dropped(&items[3]));
}

/* It does not search for ever. */
static void room_evict_bounded(struct kunit *test)
{
	unsigned int n = OPVS_EXPIRE_BATCH + 1, i;

	fixture_start(test, 0, n);
	for (i = 0; i < n; i++)
		item_file(&items[i], (i + 1) * HZ);
	items[n - 1].expendable = true;
	KUNIT_EXPECT_FALSE(test, room_evict());
	test_clock++;
	items[n - 2].expendable = true;
	KUNIT_EXPECT_TRUE(test, room_evict());
	KUNIT_EXPECT_TRUE(test, item_dropped(&items[n - 2]));
}

/* Where entries are looked at before their time, more of them than are looked at for
 * a victim lie in front of it.
 */
static void room_evicts_behind_looks(struct kunit *test)
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
		room_evict();
	}
	WRITE_ONCE(ex->first_look, 0);
	KUNIT_EXPECT_TRUE(test, item_dropped(&items[0]));
	KUNIT_EXPECT_EQ(test, atomic_read(&live), n - 1);
}

/* Nor again and again: a jiffy in which it found no entry is lost. */
static void room_evict_in_vain(struct kunit *test)
{
	fixture_start(test, 0, 2);
	item_file(&items[0], HZ);
	item_file(&items[1], 2 * HZ);
	KUNIT_EXPECT_FALSE(test, room_evict());
	items[1].expendable = true;
	KUNIT_EXPECT_FALSE(test, room_evict());
	KUNIT_EXPECT_FALSE(test, item_dropped(&items[1]));
	test_clock++;
	KUNIT_EXPECT_TRUE(test, room_evict());
	KUNIT_EXPECT_TRUE(test, item_dropped(&items[1]));
}

static void room_reclaim_in_vain(struct kunit *test)
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
	return room_expendable(e);
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
static void room_evict_many_shards(struct kunit *test)
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
static void room_evict_few_each(struct kunit *test)
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

static void room_reclaim_many_shards(struct kunit *test)
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

static struct kunit_case room_test_cases[] = {
	KUNIT_CASE(room_reclaim_bounded),
	KUNIT_CASE(room_reclaim_among_refreshed),
	KUNIT_CASE(room_reclaim_asks_keep),
	KUNIT_CASE(room_evicts_the_soonest),
	KUNIT_CASE(room_evict_bounded),
	KUNIT_CASE(room_evicts_behind_looks),
	KUNIT_CASE(room_evict_in_vain),
	KUNIT_CASE(room_reclaim_in_vain),
	KUNIT_CASE(room_evict_many_shards),
	KUNIT_CASE(room_evict_few_each),
	KUNIT_CASE(room_reclaim_many_shards),
	{}
};

static struct kunit_suite room_suite = {
	.name = "opvs_room",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = room_test_cases,
};

kunit_test_suite(room_suite);

MODULE_DESCRIPTION("opvs: unit tests of making room");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
