/* SPDX-License-Identifier: GPL-2.0-only */
/* An expiry engine, entries in it, and a clock that only the test moves. */
#ifndef OPVS_EXPIRE_FIXTURE_H
#define OPVS_EXPIRE_FIXTURE_H

#include <opvs/expire.h>
#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/module.h>

#define TICK	OPVS_EXPIRE_TICK
/* As far ahead as an entry can be filed. */
#define RING	((OPVS_EXPIRE_SLOTS - 1) * TICK)

struct item {
	struct opvs_expiring	e;
	u32			due;		/* when it expired, at filing */
	u32			dropped_at;
	atomic_t		drops;
	bool			expendable;
};

static struct opvs_expire engine;
static struct opvs_expire *const ex = &engine;
static struct item *items;
static u32 test_clock;
static atomic_t live, keep_calls;
static u32 keep_for;
static void (*keep_hook)(struct opvs_expiring *e);
static void (*drop_hook)(struct item *item);

static inline struct item *item_of(struct opvs_expiring *e)
{
	return container_of(e, struct item, e);
}

static u32 fixture_keep(struct opvs_expire *engine, struct opvs_expiring *e)
{
	atomic_inc(&keep_calls);
	if (keep_hook)
		keep_hook(e);
	return READ_ONCE(keep_for);
}

static void fixture_drop(struct opvs_expire *engine, struct opvs_expiring *e)
{
	struct item *item = item_of(e);

	item->dropped_at = test_clock;
	atomic_inc(&item->drops);
	atomic_dec(&live);
	if (drop_hook)
		drop_hook(item);
}

static bool fixture_empty(struct opvs_expire *engine)
{
	return !atomic_read(&live);
}

static const struct opvs_expire_ops fixture_ops = {
	.keep	= fixture_keep,
	.drop	= fixture_drop,
	.empty	= fixture_empty,
};

/* An engine whose worker runs by the real clock, and room for entries. */
static inline void fixture_wake(struct kunit *test, u32 now, unsigned int n)
{
	test_clock = now;
	items = kvcalloc(n, sizeof(*items), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, items);
	KUNIT_ASSERT_EQ(test, opvs_expire_init(ex, &fixture_ops, now), 0);
}

/* An engine that only the test sweeps. */
static inline void fixture_start(struct kunit *test, u32 now, unsigned int n)
{
	fixture_wake(test, now, n);
	opvs_expire_stop(ex);
}

static int fixture_init(struct kunit *test)
{
	items = NULL;
	engine = (struct opvs_expire){};
	atomic_set(&live, 0);
	atomic_set(&keep_calls, 0);
	keep_for = 0;
	keep_hook = NULL;
	drop_hook = NULL;
	return 0;
}

static void fixture_exit(struct kunit *test)
{
	unsigned int cpu;

	if (engine.ops) {
		opvs_expire_stop(ex);
		opvs_expire_drain(ex);
		KUNIT_EXPECT_EQ(test, atomic_read(&live), 0);
		for_each_possible_cpu(cpu)
			KUNIT_EXPECT_EQ(test, opvs_expire_filed(ex, cpu), 0);
		opvs_expire_exit(ex);
	}
	kvfree(items);
}

static inline void item_init(struct item *item, u32 timeout)
{
	/* From the last of these on, others may end it. */
	atomic_set(&item->drops, 0);
	atomic_inc(&live);
	opvs_expiring_init(&item->e, test_clock, timeout);
	item->due = item->e.expires & ~OPVS_EXPIRE_DYING;
}

static inline void item_file(struct item *item, u32 timeout)
{
	item_init(item, timeout);
	opvs_expire_file(ex, &item->e);
}

static inline bool item_refresh(struct item *item, u32 timeout)
{
	return opvs_expire_refresh(ex, &item->e, test_clock, timeout);
}

/* The test claimed it and must end it. */
static inline void item_drop(struct item *item)
{
	fixture_drop(ex, &item->e);
}

static inline bool item_dropped(struct item *item)
{
	return atomic_read(&item->drops);
}

static inline void sweep_at(u32 now)
{
	test_clock = now;
	while (!opvs_expire_sweep(ex, now, U64_MAX))
		;
}

/* Sweeps up to some time: at the end of each slot, as the worker does. */
static inline void run_until(u32 end)
{
	u32 next;

	for (;;) {
		next = ex->target + TICK;
		if ((s32)(next - test_clock) < 0)
			next = test_clock;
		if ((s32)(end - next) < 0)
			break;
		sweep_at(next);
	}
	test_clock = end;
}

/* Has it expired, or is it being ended? */
static inline bool expire_dead(const struct opvs_expiring *e, u32 now)
{
	u32 expires = READ_ONCE(e->expires);

	return expires & OPVS_EXPIRE_DYING || opvs_expires_over(expires, now);
}

/* Not before it expired, and at the end of that slot at the latest. */
static inline void expect_on_time(struct kunit *test, struct item *item,
				  u32 due)
{
	KUNIT_EXPECT_EQ(test, atomic_read(&item->drops), 1);
	KUNIT_EXPECT_GE(test, (s32)(item->dropped_at - due), 0);
	KUNIT_EXPECT_LE(test, (s32)(item->dropped_at - due), TICK);
}

#endif /* OPVS_EXPIRE_FIXTURE_H */
