// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of the choice of two: drawn by weight, and the less loaded wins.
 * What is random is as the model says to seven standard deviations.
 */
#include <opvs/sched.h>

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/string.h>

#include "sched_fixture.h"

#define TWOS_SERVERS	8

/* A random number takes its time where memory is watched. */
#define TWOS_PICKS	(IS_ENABLED(CONFIG_KASAN) ? 4000 : 40000)

/* Seven times the square root of a quarter of them, which is the most. */
#define TWOS_OFF	((int)(7 * int_sqrt(TWOS_PICKS / 4)))

static const struct opvs_sched_req twos_req;
static const struct opvs_sched_req twos_packet_req = { .per_packet = true };

struct twos_case {
	const char	*name;
	u32		count;
	u32		weight[TWOS_SERVERS];
	u32		active[TWOS_SERVERS];
	bool		out[TWOS_SERVERS];
};

/* Loads for the weight are all equal or all different. */
static const struct twos_case twos_cases[] = {
	{ "one", 1, { 3 } },
	{ "idle, equal", 4, { 1, 1, 1, 1 } },
	{ "idle, 1:2:4", 3, { 1, 2, 4 } },
	{ "idle, 4:2:1", 3, { 4, 2, 1 } },
	{ "idle, light among heavy", 3, { 65535, 655, 65535 } },
	{ "idle, the greatest", 8,
	  { INT_MAX, INT_MAX, INT_MAX, INT_MAX,
	    INT_MAX, INT_MAX, INT_MAX, INT_MAX } },
	{ "idle, greatest and least", 2, { INT_MAX, 1 } },
	{ "one is out", 4, { 1, 2, 3, 4 }, {}, { false, false, true } },
	{ "two are out", 4, { 1, 2, 3, 4 }, {}, { true, false, false, true } },
	{ "all but one are out", 4, { 1, 2, 3, 4 }, {},
	  { true, false, true, true } },
	{ "a heavy one is out", 3, { 1, 1000000, 3 }, {}, { false, true } },
	{ "loads equal for the weights", 3, { 1, 2, 4 }, { 10, 20, 40 } },
	{ "two, one busier", 2, { 1, 1 }, { 5, 4 } },
	{ "rising", 4, { 1, 1, 1, 1 }, { 1, 2, 3, 4 } },
	{ "falling", 4, { 1, 1, 1, 1 }, { 4, 3, 2, 1 } },
	{ "the heavy one is busiest", 3, { 1, 2, 4 }, { 1, 3, 9 } },
	{ "the heavy one is busiest, but not for its weight", 3,
	  { 1, 2, 4 }, { 3, 4, 5 } },
	{ "rising, one is out", 4, { 5, 4, 3, 2 }, { 1, 2, 3, 4 },
	  { false, true } },
	{ "great loads", 3, { INT_MAX, INT_MAX / 2, INT_MAX },
	  { INT_MAX, INT_MAX / 4, INT_MAX / 8 } },
};

static void twos_case_name(const struct twos_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(twos, twos_cases, twos_case_name);

static struct opvs_view *twos_table(struct kunit *test,
				    struct opvs_dest *dest, u32 count)
{
	return fixture_table(test, &opvs_sched_twos, dest, count, 0, NULL);
}

/* Is the first of two drawn the busier one, for its weight? */
static bool twos_loses(const struct opvs_dest *one, const struct opvs_dest *two)
{
	/* 256 for each active connection makes no difference here. */
	return (u64)fixture_active(one) * two->weight >
	       (u64)fixture_active(two) * one->weight;
}

/* How many picks of TWOS_PICKS a server is due: all pairs, each with its
 * probability.
 */
static u32 twos_due(const struct opvs_dest *dest, u32 count, u32 member)
{
	u64 sum = 0, chance[TWOS_SERVERS], due = 0;
	u32 one, two;

	for (one = 0; one < count; one++)
		if (!dest[one].overloaded)
			sum += dest[one].weight;
	/* In units of 2^-20. */
	for (one = 0; one < count; one++)
		chance[one] = dest[one].overloaded ? 0 :
			      div64_u64((u64)dest[one].weight << 20, sum);
	for (one = 0; one < count; one++)
		for (two = 0; two < count; two++)
			if (member == (twos_loses(&dest[one], &dest[two]) ?
				       two : one))
				due += chance[one] * chance[two];
	return (due * TWOS_PICKS) >> 40;
}

static void twos_count(struct kunit *test, const struct opvs_view *view,
		       u32 *count)
{
	u32 i;
	int got;

	for (i = 0; i < view->count; i++)
		count[i] = 0;
	for (i = 0; i < TWOS_PICKS; i++) {
		got = fixture_pick(view, &twos_req);
		KUNIT_ASSERT_GE(test, got, 0);
		count[got]++;
	}
}

static void twos_expect(struct kunit *test, struct opvs_dest *dest, u32 n)
{
	struct opvs_view *view = twos_table(test, dest, n);
	u32 count[TWOS_SERVERS], due, i;

	twos_count(test, view, count);
	for (i = 0; i < n; i++) {
		due = twos_due(dest, n, i);
		KUNIT_EXPECT_LE_MSG(test, abs((int)(count[i] - due)), TWOS_OFF,
				    "server %u: %u, not %u", i, count[i], due);
		if (dest[i].overloaded || !dest[i].weight)
			KUNIT_EXPECT_EQ(test, count[i], 0);
	}
}

static void twos_rule(struct kunit *test)
{
	const struct twos_case *row = test->param_value;
	struct opvs_dest *dest = fixture_servers(test, row->weight, row->count);
	u32 i;

	for (i = 0; i < row->count; i++) {
		fixture_set_load(&dest[i], row->active[i], 0);
		dest[i].overloaded = row->out[i];
	}
	twos_expect(test, dest, row->count);
}

/* The least loaded for its weight cannot lose, the most loaded wins only
 * against itself.
 */
static void twos_inactive(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 2);
	struct opvs_view *view = twos_table(test, dest, 2);
	u32 count[2];

	fixture_set_load(&dest[0], 1, 0);
	fixture_set_load(&dest[1], 0, 257);
	twos_count(test, view, count);
	KUNIT_EXPECT_LE(test, abs((int)count[0] - TWOS_PICKS * 3 / 4), TWOS_OFF);
	fixture_set_load(&dest[1], 0, 255);
	twos_count(test, view, count);
	KUNIT_EXPECT_LE(test, abs((int)count[0] - TWOS_PICKS / 4), TWOS_OFF);
}

/* Connections that stay: the choice of two keeps shares within some few. */
static void twos_fill(struct kunit *test, const struct opvs_view *view,
		      u32 picks)
{
	u32 i;
	int got;

	for (i = 0; i < picks; i++) {
		got = fixture_pick(view, &twos_req);
		KUNIT_ASSERT_GE(test, got, 0);
		atomic_inc(&view->member[got].dest->active);
		atomic_inc(&view->member[got].dest->conns);
	}
}

static void twos_expect_active(struct kunit *test, const struct opvs_dest *dest,
			       u32 want, u32 off)
{
	KUNIT_EXPECT_LE_MSG(test, abs((int)(fixture_active(dest) - want)), off,
			    "%u, not %u", fixture_active(dest), want);
}

static void twos_shares(struct kunit *test)
{
	static const u32 weight[] = { 1, 2, 4, 8, 1 };
	struct opvs_dest *dest = fixture_servers(test, weight, 5);
	u32 i;

	twos_fill(test, twos_table(test, dest, 5), 3200);
	for (i = 0; i < 5; i++)
		twos_expect_active(test, &dest[i], 200 * weight[i], 15);
}

static void twos_reweighted(struct kunit *test)
{
	static const u32 before[] = { 1, 1, 1 };
	static const u32 after[] = { 1, 2, 5 };
	struct opvs_dest *dest = fixture_servers(test, before, 3);
	u32 i;

	twos_fill(test, twos_table(test, dest, 3), 300);
	for (i = 0; i < 3; i++)
		dest[i].weight = after[i];
	twos_fill(test, twos_table(test, dest, 3), 1300);
	for (i = 0; i < 3; i++)
		twos_expect_active(test, &dest[i], 200 * after[i], 20);
}

static void twos_removed(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 3);

	twos_fill(test, twos_table(test, dest, 3), 300);
	twos_fill(test, twos_table(test, dest, 2), 200);
	twos_expect_active(test, &dest[0], 200, 15);
	twos_expect_active(test, &dest[1], 200, 15);
	twos_expect_active(test, &dest[2], 100, 15);
}

static void twos_overloaded(struct kunit *test)
{
	static const u32 weight[] = { 1, 2, 1 };
	struct opvs_dest *dest = fixture_servers(test, weight, 3);
	struct opvs_view *view = twos_table(test, dest, 3);
	u32 before, i;

	dest[1].overloaded = true;
	twos_fill(test, view, 100);
	KUNIT_EXPECT_EQ(test, fixture_active(&dest[1]), 0);
	dest[1].overloaded = false;
	twos_fill(test, view, 700);
	for (i = 0; i < 3; i++)
		twos_expect_active(test, &dest[i], 200 * weight[i], 15);
	before = fixture_active(&dest[0]);
	dest[0].weight = 0;
	twos_fill(test, view, 100);
	KUNIT_EXPECT_EQ(test, fixture_active(&dest[0]), before);
}

/* Single packets are shared out by weight; connections do not matter. */
static void twos_packets(struct kunit *test)
{
	static const u32 weight[] = { 1, 2, 4 };
	struct opvs_dest *dest = fixture_servers(test, weight, 3);
	struct opvs_view *view = twos_table(test, dest, 3);
	u32 count[3] = {}, i;
	int got;

	fixture_set_load(&dest[0], 1000, 0);
	for (i = 0; i < 14000; i++) {
		got = fixture_pick(view, &twos_packet_req);
		KUNIT_ASSERT_GE(test, got, 0);
		count[got]++;
	}
	/* Six standard deviations of the largest share. */
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_LE_MSG(test, abs((int)(count[i] - 2000 * weight[i])),
				    350, "server %u: %u", i, count[i]);
}

static void twos_nobody(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 3);
	struct opvs_view *view = twos_table(test, dest, 3);
	u32 i;

	for (i = 0; i < 3; i++)
		dest[i].overloaded = true;
	KUNIT_EXPECT_EQ(test, fixture_pick(view, &twos_req), -1);
	dest[2].overloaded = false;
	for (i = 0; i < 100; i++)
		KUNIT_EXPECT_EQ(test, fixture_pick(view, &twos_req), 2);
	dest[2].weight = 0;
	KUNIT_EXPECT_EQ(test, fixture_pick(view, &twos_req), -1);
	view = twos_table(test, dest, 0);
	KUNIT_EXPECT_EQ(test, fixture_pick(view, &twos_req), -1);
}

static struct kunit_case twos_test_cases[] = {
	KUNIT_CASE_PARAM(twos_rule, twos_gen_params),
	KUNIT_CASE(twos_inactive),
	KUNIT_CASE(twos_shares),
	KUNIT_CASE(twos_reweighted),
	KUNIT_CASE(twos_removed),
	KUNIT_CASE(twos_overloaded),
	KUNIT_CASE(twos_packets),
	KUNIT_CASE(twos_nobody),
	{}
};

static struct kunit_suite twos_suite = {
	.name = "opvs_twos",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = twos_test_cases,
};

kunit_test_suite(twos_suite);

MODULE_DESCRIPTION("opvs: unit tests of the choice of two");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
