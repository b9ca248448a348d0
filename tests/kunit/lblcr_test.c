// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of lblcr: its sets of servers; and of what CPUs do at once. */
#include "../../net/sched/lbl.h"

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/bitops.h>
#include <linux/module.h>
#include <linux/string.h>

#include "lbl_fixture.h"
#include "race_fixture.h"

#define ONE	(GENMASK(3, 1))
#define TWO	(GENMASK(3, 2))

/* Server 3 is the most loaded, 1 the least; nothing changes before its time. */
static void set_shrinks(struct kunit *test)
{
	static const u32 weight[] = { 9, 9, 9, 9 };
	struct memory *memory = memory_new(test, &opvs_sched_lblcr);
	struct opvs_dest *dest = servers(test, weight, 4);
	struct opvs_view *view = table(test, memory->state, dest, 4, 0);

	fixture_set_load(&dest[1], 1, 0);
	fixture_set_load(&dest[2], 2, 0);
	fixture_set_load(&dest[3], 3, 0);
	give(test, memory->state, 7, ONE);
	make_old(memory->state, 7, EXPIRATION - 100);
	KUNIT_EXPECT_EQ(test, pick(view, 7), 1);
	KUNIT_EXPECT_EQ(test, has(memory->state, 7), ONE);

	make_old(memory->state, 7, 100);
	KUNIT_EXPECT_EQ(test, pick(view, 7), 1);
	KUNIT_EXPECT_EQ(test, has(memory->state, 7), BIT(1) | BIT(2));
	/* ... and the next one only after that time again, */
	KUNIT_EXPECT_EQ(test, pick(view, 7), 1);
	KUNIT_EXPECT_EQ(test, has(memory->state, 7), BIT(1) | BIT(2));
	make_old(memory->state, 7, EXPIRATION);
	KUNIT_EXPECT_EQ(test, pick(view, 7), 1);
	KUNIT_EXPECT_EQ(test, has(memory->state, 7), BIT(1));
	/* but never the last. */
	make_old(memory->state, 7, EXPIRATION);
	KUNIT_EXPECT_EQ(test, pick(view, 7), 1);
	KUNIT_EXPECT_EQ(test, has(memory->state, 7), BIT(1));
}

/* The one that serves stays even if it is the most loaded, as the other is not
 * available.
 */
static void set_keeps_who_serves(struct kunit *test)
{
	static const u32 weight[] = { 9, 9, 9, 9 };
	struct memory *memory = memory_new(test, &opvs_sched_lblcr);
	struct opvs_dest *dest = servers(test, weight, 4);
	struct opvs_view *view = table(test, memory->state, dest, 4, 0);

	fixture_set_load(&dest[3], 8, 0);
	dest[2].overloaded = true;
	give(test, memory->state, 7, TWO);
	make_old(memory->state, 7, EXPIRATION);
	KUNIT_EXPECT_EQ(test, pick(view, 7), 3);
	KUNIT_EXPECT_EQ(test, has(memory->state, 7), BIT(3));
}

/* A set that is too small for its load is not made smaller. */
static void set_grows_instead(struct kunit *test)
{
	static const u32 weight[] = { 9, 9, 9, 9 };
	struct memory *memory = memory_new(test, &opvs_sched_lblcr);
	struct opvs_dest *dest = servers(test, weight, 4);
	struct opvs_view *view = table(test, memory->state, dest, 4, 0);

	fixture_set_load(&dest[0], 5, 0);
	fixture_set_load(&dest[2], 10, 0);
	fixture_set_load(&dest[3], 11, 0);
	give(test, memory->state, 7, TWO);
	make_old(memory->state, 7, EXPIRATION);
	KUNIT_EXPECT_EQ(test, pick(view, 7), 1);
	KUNIT_EXPECT_EQ(test, has(memory->state, 7), ONE);
	/* It has just changed. */
	KUNIT_EXPECT_EQ(test, pick(view, 7), 1);
	KUNIT_EXPECT_EQ(test, has(memory->state, 7), ONE);
}

/* With all places taken, the most loaded makes room. */
static void set_is_full(struct kunit *test)
{
	struct memory *memory = memory_new(test, &opvs_sched_lblcr);
	struct opvs_dest *dest = servers(test, NULL, OPVS_LBL_SERVERS + 1);
	struct opvs_view *view;
	u32 i;

	view = table(test, memory->state, dest, OPVS_LBL_SERVERS + 1, 0);
	give(test, memory->state, 7, GENMASK(OPVS_LBL_SERVERS - 1, 0));
	for (i = 0; i < OPVS_LBL_SERVERS; i++)
		fixture_set_load(&dest[i], i == 5 ? 100 : 50, 0);
	KUNIT_EXPECT_EQ(test, pick(view, 7), OPVS_LBL_SERVERS);
	KUNIT_EXPECT_EQ(test, has(memory->state, 7),
			GENMASK(OPVS_LBL_SERVERS, 0) & ~BIT(5));
}

/* ---- at the same moment, with either scheduler ---- */

struct either_case {
	const struct opvs_sched_ops	*ops;
};

static const struct either_case either_cases[] = {
	{ &opvs_sched_lblc },
	{ &opvs_sched_lblcr },
};

static void either_name(const struct either_case *row, char *desc)
{
	strscpy(desc, row->ops->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(either, either_cases, either_name);

static struct race race;
static struct opvs_view *race_tbl;

/* Packets to some addresses while servers come, go and get busy, and the memory
 * is purged: there is always one available, and that is who serves.
 */
static void race_picks(struct race *race, unsigned int id, unsigned int round)
{
	struct opvs_dest *dest;

	if (id) {
		race_expect(race, pick(race_tbl, (round + id) % 16) >= 0);
		return;
	}
	dest = race_tbl->member[round % 3].dest;
	atomic_set(&dest->active, round % 5 * 3);
	WRITE_ONCE(dest->overloaded, round % 2);
	if (!(round % 16))
		opvs_lbl_purge(opvs_lbl_of(race_tbl), opvs_lbl_now() +
						      2 * EXPIRATION);
}

static void race_known(struct race *race, unsigned int round)
{
	unsigned long set;
	u32 i;

	for (i = 0; i < 16; i++) {
		set = has(race_tbl->state, i);
		race_expect(race, !(set & ~GENMASK(3, 0)));
		if (race_tbl->ops == &opvs_sched_lblc)
			race_expect(race, hweight_long(set) <= 1);
	}
	race_expect(race,
		    atomic_read(&opvs_lbl_of(race_tbl)->entries.count) <= 16);
}

static void races(struct kunit *test)
{
	static const u32 weight[] = { 6, 6, 6, 6 };
	const struct either_case *row = test->param_value;
	struct memory *memory = memory_new(test, row->ops);

	memory->on.settings.lblcr_expiration = 0;
	race_tbl = table(test, memory->state, servers(test, weight, 4), 4, 0);
	race = (struct race){
		.threads	= 4,
		.rounds		= RACE_ROUNDS,
		.run		= race_picks,
		.judge		= race_known,
	};
	race_run(test, &race);
}

static struct kunit_case lblcr_cases[] = {
	KUNIT_CASE(set_shrinks),
	KUNIT_CASE(set_keeps_who_serves),
	KUNIT_CASE(set_grows_instead),
	KUNIT_CASE(set_is_full),
	KUNIT_CASE_PARAM(races, either_gen_params),
	{}
};

static struct kunit_suite lblcr_suite = {
	.name = "opvs_lblcr",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = lblcr_cases,
};

kunit_test_suite(lblcr_suite);

MODULE_DESCRIPTION("opvs: unit tests of the sets of lblcr");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
