// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of failover and overflow. */
#include <opvs/sched.h>

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/string.h>

#include "sched_fixture.h"

#define SERVERS		6
#define ROUNDS		3000

struct fo_ovf_case {
	const char	*name;
	u32		count;
	u32		weight[SERVERS];
	bool		out[SERVERS];
	u32		active[SERVERS];
	int		fo;
	int		ovf;
};

static const struct fo_ovf_case fo_ovf_cases[] = {
	{ "nobody", 0, .fo = -1, .ovf = -1 },
	{ "one", 1, { 7 }, .fo = 0, .ovf = 0 },
	{ "one, overloaded", 1, { 7 }, { true }, .fo = -1, .ovf = -1 },
	{ "one, full", 1, { 7 }, {}, { 7 }, .fo = 0, .ovf = 0 },
	{ "one, more than full", 1, { 7 }, {}, { 8 }, .fo = 0, .ovf = -1 },
	{ "the first is heaviest", 3, { 9, 5, 7 }, .fo = 0, .ovf = 0 },
	{ "one in the middle is", 3, { 5, 9, 7 }, .fo = 1, .ovf = 1 },
	{ "the last is", 3, { 5, 7, 9 }, .fo = 2, .ovf = 2 },
	{ "two are: the first of them", 4, { 5, 9, 9, 8 }, .fo = 1, .ovf = 1 },
	{ "all are", 4, { 9, 9, 9, 9 }, .fo = 0, .ovf = 0 },
	{ "the heaviest is overloaded", 3, { 5, 7, 9 }, { false, false, true },
	  .fo = 1, .ovf = 1 },
	{ "only the lightest is not", 3, { 5, 7, 9 }, { false, true, true },
	  .fo = 0, .ovf = 0 },
	{ "all are overloaded", 3, { 5, 7, 9 }, { true, true, true },
	  .fo = -1, .ovf = -1 },
	{ "load does not matter to fo", 3, { 5, 7, 9 }, {}, { 0, 0, 10 },
	  .fo = 2, .ovf = 1 },
	{ "full is not more than full", 3, { 5, 7, 9 }, {}, { 0, 0, 9 },
	  .fo = 2, .ovf = 2 },
	{ "two flow over", 3, { 5, 7, 9 }, {}, { 5, 8, 10 }, .fo = 2, .ovf = 0 },
	{ "all flow over", 3, { 5, 7, 9 }, {}, { 6, 8, 10 }, .fo = 2, .ovf = -1 },
	{ "to the next of equals", 3, { 9, 9, 9 }, {}, { 10, 3, 0 },
	  .fo = 0, .ovf = 1 },
	{ "over, and the next overloaded", 3, { 5, 7, 9 }, { false, true },
	  { 0, 0, 10 }, .fo = 2, .ovf = 0 },
	{ "the greatest weights", 3, { INT_MAX - 1, INT_MAX, 1 }, {},
	  { 0, INT_MAX, 0 }, .fo = 1, .ovf = 1 },
};

static void fo_ovf_case_name(const struct fo_ovf_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(fo_ovf, fo_ovf_cases, fo_ovf_case_name);

static const struct opvs_sched_req any_req;

static struct opvs_view *fo_table(struct kunit *test,
				  struct opvs_dest *dest, u32 count)
{
	return fixture_table(test, &opvs_sched_fo, dest, count, 0, NULL);
}

static struct opvs_view *ovf_table(struct kunit *test,
				   struct opvs_dest *dest, u32 count)
{
	return fixture_table(test, &opvs_sched_ovf, dest, count, 0, NULL);
}

static void fo_ovf_rule(struct kunit *test)
{
	const struct fo_ovf_case *row = test->param_value;
	struct opvs_dest *dest = fixture_servers(test, row->weight, row->count);
	struct opvs_view *fo = fo_table(test, dest, row->count);
	struct opvs_view *ovf = ovf_table(test, dest, row->count);
	u32 i;

	for (i = 0; i < row->count; i++) {
		dest[i].overloaded = row->out[i];
		fixture_set_load(&dest[i], row->active[i], 100);
	}
	/* Time and again the same. */
	for (i = 0; i < 5; i++) {
		KUNIT_EXPECT_EQ(test, fixture_pick(fo, &any_req), row->fo);
		KUNIT_EXPECT_EQ(test, fixture_pick(ovf, &any_req), row->ovf);
	}
}

/* The first of a list in order of falling weight. */
static int model(const struct opvs_dest *dest, u32 count, bool overflow)
{
	u32 weight, i;

	for (weight = SERVERS; weight; weight--)
		for (i = 0; i < count; i++)
			if (dest[i].weight == weight && !dest[i].overloaded &&
			    (!overflow || fixture_active(&dest[i]) <= weight))
				return i;
	return -1;
}

static void fo_ovf_random(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, SERVERS);
	struct opvs_view *fo = fo_table(test, dest, SERVERS);
	struct opvs_view *ovf = ovf_table(test, dest, SERVERS);
	struct rnd_state rnd;
	u32 round, i;

	prandom_seed_state(&rnd, 4);
	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < SERVERS; i++) {
			dest[i].weight = prandom_u32_state(&rnd) % (SERVERS + 1);
			dest[i].overloaded = prandom_u32_state(&rnd) % 4 == 0;
			fixture_set_load(&dest[i], prandom_u32_state(&rnd) % 9, 0);
			fo->member[i].weight = dest[i].weight;
			ovf->member[i].weight = dest[i].weight;
		}
		KUNIT_ASSERT_EQ(test, fixture_pick(fo, &any_req),
				model(dest, SERVERS, false));
		KUNIT_ASSERT_EQ(test, fixture_pick(ovf, &any_req),
				model(dest, SERVERS, true));
	}
}

/* Connections come until there is no server, then some end. */
static void ovf_fill(struct kunit *test)
{
	static const u32 weight[] = { 10, 30, 20 };
	static const int order[] = { 1, 2, 0 };
	struct opvs_dest *dest = fixture_servers(test, weight, 3);
	struct opvs_view *view = ovf_table(test, dest, 3);
	u32 n, i;
	int got;

	for (n = 0; n < 3; n++) {
		for (i = 0; i <= weight[order[n]]; i++) {
			got = fixture_pick(view, &any_req);
			KUNIT_ASSERT_EQ(test, got, order[n]);
			fixture_set_load(&dest[got], i + 1, 0);
		}
	}
	KUNIT_EXPECT_EQ(test, fixture_pick(view, &any_req), -1);
	fixture_set_load(&dest[0], 10, 21);
	KUNIT_EXPECT_EQ(test, fixture_pick(view, &any_req), 0);
	fixture_set_load(&dest[1], 30, 1);
	KUNIT_EXPECT_EQ(test, fixture_pick(view, &any_req), 1);
}

/* A weight in the table is that of its time; none at all counts at once. */
static void fo_ovf_edits(struct kunit *test)
{
	static const u32 weight[] = { 10, 30, 20 };
	struct opvs_dest *dest = fixture_servers(test, weight, 3);

	KUNIT_EXPECT_EQ(test, fixture_pick(fo_table(test, dest, 3), &any_req), 1);
	dest[2].weight = 31;
	KUNIT_EXPECT_EQ(test, fixture_pick(fo_table(test, dest, 3), &any_req), 2);
	KUNIT_EXPECT_EQ(test, fixture_pick(ovf_table(test, dest, 3), &any_req), 2);
	fixture_set_load(&dest[2], 32, 0);
	KUNIT_EXPECT_EQ(test, fixture_pick(ovf_table(test, dest, 3), &any_req), 1);
	dest[2].weight = 32;
	KUNIT_EXPECT_EQ(test, fixture_pick(ovf_table(test, dest, 3), &any_req), 2);
	/* Removed. */
	KUNIT_EXPECT_EQ(test, fixture_pick(fo_table(test, dest, 2), &any_req), 1);
	KUNIT_EXPECT_EQ(test, fixture_pick(ovf_table(test, dest, 1), &any_req), 0);
}

static struct kunit_case fo_ovf_test_cases[] = {
	KUNIT_CASE_PARAM(fo_ovf_rule, fo_ovf_gen_params),
	KUNIT_CASE(fo_ovf_random),
	KUNIT_CASE(ovf_fill),
	KUNIT_CASE(fo_ovf_edits),
	{}
};

static struct kunit_suite fo_ovf_suite = {
	.name = "opvs_fo_ovf",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = fo_ovf_test_cases,
};

kunit_test_suite(fo_ovf_suite);

MODULE_DESCRIPTION("opvs: unit tests of failover and overflow");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
