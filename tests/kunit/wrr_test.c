// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of weighted round robin: shares to the packet, evenly spread. */
#include <opvs/sched.h>

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/math64.h>
#include <linux/module.h>
#include <linux/string.h>

#include "sched_fixture.h"

#define WRR_SERVERS	16

/* The shares of a round are the weights divided by @div. */
struct wrr_case {
	const char	*name;
	u32		count;
	u32		div;
	u32		weight[WRR_SERVERS];
};

static const struct wrr_case wrr_cases[] = {
	{ "one server", 1, 1, { 1 } },
	{ "one heavy server", 1, 65535, { 65535 } },
	{ "two equal", 2, 1, { 1, 1 } },
	{ "three equal", 3, 1, { 1, 1, 1 } },
	{ "ten equal and heavy", 10, 100,
	  { 100, 100, 100, 100, 100, 100, 100, 100, 100, 100 } },
	{ "7:3", 2, 1, { 7, 3 } },
	{ "1:100", 2, 1, { 1, 100 } },
	{ "5:1:1", 3, 1, { 5, 1, 1 } },
	{ "1:1:5", 3, 1, { 1, 1, 5 } },
	{ "3:2:1", 3, 1, { 3, 2, 1 } },
	{ "common divisor 10:20:30", 3, 10, { 10, 20, 30 } },
	{ "common divisor of some 6:10:15", 3, 1, { 6, 10, 15 } },
	{ "4:3:2:1", 4, 1, { 4, 3, 2, 1 } },
	{ "primes", 6, 1, { 2, 3, 5, 7, 11, 13 } },
	{ "powers of two", 8, 1, { 1, 2, 4, 8, 16, 32, 64, 128 } },
	{ "Fibonacci", 8, 1, { 1, 1, 2, 3, 5, 8, 13, 21 } },
	{ "one to sixteen", 16, 1,
	  { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } },
	{ "greatest of ipvsadm 65535:65534", 2, 1, { 65535, 65534 } },
	{ "light between heavy 65535:1:65535", 3, 1, { 65535, 1, 65535 } },
};

static void wrr_case_name(const struct wrr_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(wrr, wrr_cases, wrr_case_name);

static struct opvs_view *wrr_table(struct kunit *test,
				   struct opvs_dest *dest, u32 count)
{
	return fixture_table(test, &opvs_sched_wrr, dest, count, 0, NULL);
}

static struct opvs_view *wrr_row(struct kunit *test, u32 *share,
				 u32 *round)
{
	const struct wrr_case *row = test->param_value;
	u32 i;

	for (i = 0, *round = 0; i < row->count; i++) {
		share[i] = row->weight[i] / row->div;
		*round += share[i];
	}
	return wrr_table(test, fixture_servers(test, row->weight, row->count),
			 row->count);
}

static void wrr_every_window(struct kunit *test)
{
	u32 share[WRR_SERVERS], round;
	struct opvs_view *view = wrr_row(test, share, &round);

	fixture_expect_exact(test, view, share, round);
}

static void wrr_several_cpus(struct kunit *test)
{
	u32 share[WRR_SERVERS], round;
	struct opvs_view *view = wrr_row(test, share, &round);

	fixture_expect_shared(test, view, share, round, 3);
}

/* Weights change while the cursor stays. */
static void wrr_cursor_of_another_table(struct kunit *test)
{
	static const u32 left[] = { 1, 5, 1000000, U32_MAX - 1, U32_MAX };
	u32 share[WRR_SERVERS], round, i;
	struct opvs_view *view = wrr_row(test, share, &round);
	struct fixture *fix = test->priv;

	for (i = 0; i < ARRAY_SIZE(left); i++) {
		fixture_set_cursor(fix->cursor[0], left[i]);
		fixture_expect_exact(test, view, share, round);
	}
}

/* A round is not a row of bursts: at any point of it everybody has had his part
 * so far, in percent of a packet to this: of two servers, to half a packet; of
 * equal ones, to one.  More of different weights add up to 1.7 at worst; of
 * those here, to 1.1.
 */
static s64 wrr_most_off(const struct opvs_view *view, u32 round)
{
	if (view->count <= 2)
		return 50;
	return view->member[0].weight * view->count == round ? 99 : 110;
}

static void wrr_evenly_spread(struct kunit *test)
{
	u32 share[WRR_SERVERS], count[WRR_SERVERS] = {}, round, turn, i;
	struct opvs_view *view = wrr_row(test, share, &round);
	s64 off, most = wrr_most_off(view, round);
	int member;

	for (turn = 1; turn <= round; turn++) {
		member = fixture_pick(view, NULL);
		KUNIT_ASSERT_GE(test, member, 0);
		count[member]++;
		for (i = 0; i < view->count; i++) {
			off = (s64)count[i] * round - (s64)turn * share[i];
			KUNIT_ASSERT_LE_MSG(test, 100 * abs(off), most * round,
					    "server %u at turn %u", i, turn);
		}
	}
}

struct wrr_huge_case {
	const char	*name;
	u32		count;
	u32		weight[WRR_SERVERS];
};

/* What netlink lets pass: rounds that do not fit in 32 bits are made to. */
static const struct wrr_huge_case wrr_huge_cases[] = {
	{ "round just below 2^32", 2, { INT_MAX, INT_MAX - 1 } },
	{ "round of 2^32", 3, { INT_MAX, INT_MAX, 2 } },
	{ "greatest and least", 2, { INT_MAX, 1 } },
	{ "four times the range", 8,
	  { INT_MAX, INT_MAX - 1, INT_MAX - 2, INT_MAX - 3,
	    INT_MAX - 4, INT_MAX - 5, INT_MAX - 6, 1 } },
	{ "halves", 3, { INT_MAX, INT_MAX / 2, INT_MAX / 2 + 1 } },
};

static void wrr_huge_case_name(const struct wrr_huge_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(wrr_huge, wrr_huge_cases, wrr_huge_case_name);

/* Each server's part of a run, from where the cursor wraps as well. */
static void wrr_huge_weights(struct kunit *test)
{
	static const u32 starts[] = { 0, 0x80000000, U32_MAX - 500, U32_MAX };
	const struct wrr_huge_case *row = test->param_value;
	struct fixture *fix = test->priv;
	struct opvs_view *view;
	u32 count[WRR_SERVERS], due[WRR_SERVERS], s, i;
	u64 sum = 0;
	int member;

	view = wrr_table(test, fixture_servers(test, row->weight, row->count),
			 row->count);
	for (i = 0; i < row->count; i++)
		sum += row->weight[i];
	for (i = 0; i < row->count; i++)
		due[i] = div64_u64(1000ULL * row->weight[i], sum);
	for (s = 0; s < ARRAY_SIZE(starts); s++) {
		fixture_set_cursor(fix->cursor[0], starts[s]);
		memset(count, 0, sizeof(count));
		for (i = 0; i < 1000; i++) {
			member = fixture_pick(view, NULL);
			KUNIT_ASSERT_GE(test, member, 0);
			count[member]++;
		}
		for (i = 0; i < row->count; i++)
			KUNIT_EXPECT_LE_MSG(test, abs((int)(count[i] - due[i])),
					    4, "server %u", i);
	}
}

/* The others keep their proportions, to the packet. */
static void wrr_overloaded(struct kunit *test)
{
	static const u32 weight[] = { 4, 3, 2, 1 };
	struct opvs_dest *dest = fixture_servers(test, weight, 4);
	struct opvs_view *view = wrr_table(test, dest, 4);
	u32 out, i, share[4], round;

	for (out = 0; out < BIT(4) - 1; out++) {
		for (i = 0, round = 0; i < 4; i++) {
			dest[i].overloaded = out & BIT(i);
			share[i] = dest[i].overloaded ? 0 : weight[i];
			round += share[i];
		}
		fixture_expect_exact(test, view, share, round);
	}
}

/* One turn in a million must not be waited for. */
static void wrr_heavy_overloaded(struct kunit *test)
{
	static const u32 weight[] = { 1, 1000000, 1 };
	struct opvs_dest *dest = fixture_servers(test, weight, 3);
	struct opvs_view *view = wrr_table(test, dest, 3);
	u32 i, count[3] = {};
	int member;

	dest[1].overloaded = true;
	for (i = 0; i < 1000; i++) {
		member = fixture_pick(view, NULL);
		KUNIT_ASSERT_GE(test, member, 0);
		count[member]++;
	}
	KUNIT_EXPECT_EQ(test, count[1], 0);
	KUNIT_EXPECT_GT(test, count[0], 100);
	KUNIT_EXPECT_GT(test, count[2], 100);
}

static void wrr_weight_gone(struct kunit *test)
{
	static const u32 weight[] = { 2, 5, 1 };
	static const u32 share[] = { 2, 0, 1 };
	struct opvs_dest *dest = fixture_servers(test, weight, 3);
	struct opvs_view *view = wrr_table(test, dest, 3);

	dest[1].weight = 0;
	fixture_expect_exact(test, view, share, 3);
}

static void wrr_nobody(struct kunit *test)
{
	static const u32 weight[] = { 3, 2, 1 };
	struct opvs_dest *dest = fixture_servers(test, weight, 3);
	struct opvs_view *view = wrr_table(test, dest, 3);
	u32 i;

	for (i = 0; i < 3; i++)
		dest[i].overloaded = true;
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, fixture_pick(view, NULL), -1);

	view = wrr_table(test, dest, 0);
	KUNIT_EXPECT_EQ(test, fixture_pick(view, NULL), -1);
}

static struct kunit_case wrr_test_cases[] = {
	KUNIT_CASE_PARAM(wrr_every_window, wrr_gen_params),
	KUNIT_CASE_PARAM(wrr_several_cpus, wrr_gen_params),
	KUNIT_CASE_PARAM(wrr_cursor_of_another_table, wrr_gen_params),
	KUNIT_CASE_PARAM(wrr_evenly_spread, wrr_gen_params),
	KUNIT_CASE_PARAM(wrr_huge_weights, wrr_huge_gen_params),
	KUNIT_CASE(wrr_overloaded),
	KUNIT_CASE(wrr_heavy_overloaded),
	KUNIT_CASE(wrr_weight_gone),
	KUNIT_CASE(wrr_nobody),
	{}
};

static struct kunit_suite wrr_suite = {
	.name = "opvs_wrr",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = wrr_test_cases,
};

kunit_test_suite(wrr_suite);

MODULE_DESCRIPTION("opvs: unit tests of weighted round robin");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
