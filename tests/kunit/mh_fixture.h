/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables of stateless services with scheduler mh, one after the other, by a
 * clock of their own: seconds since the test began.
 */
#ifndef OPVS_MH_FIXTURE_H
#define OPVS_MH_FIXTURE_H

#include <opvs/sched.h>

#include <opvs/kunit.h>
#include "../../net/sched/maglev.h"
#include <opvs/pe.h>

#include <kunit/test.h>

#include <linux/ip_vs.h>
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "sched_fixture.h"

#define DRAIN	100	/* seconds */

/* Hashes that are asked for: one of each slot of a narrow table. */
#define KEYS	OPVS_MAGLEV_NARROW_SLOTS

static const siphash_key_t secrets[] = { { { 1, 2 } }, { { 3, 4 } } };

static struct opvs_flow flow;

/* What a table is built of; tests spoil it. */
static struct opvs_view like;

static int drain_init(struct kunit *test)
{
	like = (struct opvs_view){
		.ops		= &opvs_sched_mh,
		.pe		= opvs_pe_find("sip"),
		.hash_key	= secrets[0],
		.stateless	= true,
		.used		= true,
		.drain_seconds	= DRAIN,
	};
	return 0;
}

static unsigned long at(u32 seconds)
{
	return 1000UL * HZ + (unsigned long)seconds * HZ;
}

/* The table of @count servers after @prev; a weight of U32_MAX: not configured. */
static struct opvs_view *table(struct kunit *test,
			       const struct opvs_view *prev,
			       struct opvs_dest *dest, u32 count,
			       u32 seconds)
{
	size_t size = ALIGN(struct_size(&like, member, count), sizeof(u64));
	struct opvs_view *view, *grown;
	ssize_t priv;
	u32 i;

	view = kunit_kzalloc(test, size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, view);
	*view = like;
	view->built_at = at(seconds);
	for (i = 0; i < count; i++) {
		if (dest[i].weight == U32_MAX)
			continue;
		view->member[view->count].dest = &dest[i];
		view->member[view->count++].weight = dest[i].weight;
	}
	priv = opvs_sched_mh.priv_size(view, prev, NULL);
	KUNIT_ASSERT_GE(test, (long)priv, 0L);
	grown = kunit_kzalloc(test, size + priv, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, grown);
	memcpy(grown, view, size);
	grown->priv = (void *)grown + size;
	kunit_kfree(test, view);
	opvs_sched_mh.build(grown, prev);
	return grown;
}

static struct opvs_seat seat(const struct opvs_view *view, u32 key)
{
	const struct opvs_sched_req req = {
		.flow		= &flow,
		.key		= (const u8 *)"k",
		.key_len	= 1,
		.hash		= DIV_ROUND_UP_ULL((u64)key << 32, KEYS),
	};
	struct opvs_seat seat;

	view->ops->seat(view, &req, &seat);
	return seat;
}

/**
 * struct tally - what became of all keys
 * @moved: have another owner than when the draining began
 * @changed: have another owner than in the table before
 * @wrong: former is not who was the owner in a table of then
 * @lost: of those the former is not configured any more
 */
struct tally {
	u32	moved;
	u32	changed;
	u32	wrong;
	u32	lost;
};

static struct tally tally(const struct opvs_view *view,
			  const struct opvs_view *prev,
			  const struct opvs_view *base)
{
	struct opvs_dest *owner;
	struct tally t = {};
	struct opvs_seat s;
	u32 i;

	for (i = 0; i < KEYS; i++) {
		s = seat(view, i);
		owner = seat(base, i).owner;
		t.moved += s.moved;
		t.changed += s.owner != seat(prev, i).owner;
		t.wrong += s.former && s.former != owner;
		t.wrong += s.moved != (s.owner != owner);
		t.lost += !s.former;
	}
	cond_resched();
	return t;
}

static u32 keys_of(const struct opvs_view *view,
		   const struct opvs_dest *dest)
{
	u32 i, keys = 0;

	for (i = 0; i < KEYS; i++)
		keys += seat(view, i).owner == dest;
	return keys;
}

static void expect_quiet(struct kunit *test,
			 const struct opvs_view *view)
{
	struct opvs_seat s = seat(view, 1);

	KUNIT_EXPECT_FALSE(test, view->drains);
	KUNIT_EXPECT_FALSE(test, view->drain_held);
	KUNIT_EXPECT_NULL(test, s.former);
	KUNIT_EXPECT_FALSE(test, s.moved);
}

static void expect_drains(struct kunit *test,
			  const struct opvs_view *view, u32 until)
{
	KUNIT_EXPECT_TRUE(test, view->drains);
	KUNIT_EXPECT_EQ(test, view->drain_end, at(until));
}

#endif /* OPVS_MH_FIXTURE_H */
