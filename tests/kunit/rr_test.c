// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of round robin: to the packet, in every window. */
#include <opvs/sched.h>

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/module.h>
#include <linux/string.h>

#include "sched_fixture.h"

struct rr_case {
	const char	*name;
	u32		count;
};

static const struct rr_case rr_cases[] = {
	{ "one server", 1 },
	{ "two servers", 2 },
	{ "three servers", 3 },
	{ "seven servers", 7 },
	{ "ten servers", 10 },
	{ "a thousand servers", 1000 },
};

static void rr_case_name(const struct rr_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(rr, rr_cases, rr_case_name);

static struct opvs_view *rr_table(struct kunit *test,
				  struct opvs_dest *dest, u32 count)
{
	return fixture_table(test, &opvs_sched_rr, dest, count, 0, NULL);
}

static void rr_every_window(struct kunit *test)
{
	const struct rr_case *row = test->param_value;
	struct opvs_view *view;

	view = rr_table(test, fixture_servers(test, NULL, row->count),
			row->count);
	fixture_expect_exact(test, view, NULL, row->count);
}

static void rr_order_of_addition(struct kunit *test)
{
	const struct rr_case *row = test->param_value;
	struct opvs_view *view;
	u32 i;

	view = rr_table(test, fixture_servers(test, NULL, row->count),
			row->count);
	for (i = 0; i < 2 * row->count; i++)
		KUNIT_ASSERT_EQ(test, fixture_pick(view, NULL),
				(int)(i % row->count));
}

static void rr_several_cpus(struct kunit *test)
{
	const struct rr_case *row = test->param_value;
	struct opvs_view *view;

	view = rr_table(test, fixture_servers(test, NULL, row->count),
			row->count);
	fixture_expect_shared(test, view, NULL, row->count, 7);
	/* ... and from where that left them */
	fixture_expect_shared(test, view, NULL, row->count, 1);
}

/* Servers come and go while the cursor stays. */
static void rr_cursor_of_another_table(struct kunit *test)
{
	static const u32 left[] = {
		0, 1, 2, 3, 99, 0x7fffffff, U32_MAX - 1, U32_MAX,
	};
	const struct rr_case *row = test->param_value;
	struct fixture *fix = test->priv;
	struct opvs_view *view;
	u32 i;

	view = rr_table(test, fixture_servers(test, NULL, row->count),
			row->count);
	for (i = 0; i < ARRAY_SIZE(left); i++) {
		fixture_set_cursor(fix->cursor[0], left[i]);
		fixture_expect_exact(test, view, NULL, row->count);
	}
}

/* With any set of servers out, the others go on in turn and alike. */
static void rr_overloaded(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 5);
	struct opvs_view *view = rr_table(test, dest, 5);
	u32 out, i, share[5];

	for (out = 0; out < BIT(5) - 1; out++) {
		for (i = 0; i < 5; i++) {
			dest[i].overloaded = out & BIT(i);
			share[i] = !dest[i].overloaded;
		}
		fixture_expect_exact(test, view, share, 5 - hweight32(out));
	}
}

/* A server that is being drained gets nothing even before the table is new. */
static void rr_weight_gone(struct kunit *test)
{
	static const u32 share[] = { 1, 0, 1 };
	struct opvs_dest *dest = fixture_servers(test, NULL, 3);
	struct opvs_view *view = rr_table(test, dest, 3);

	dest[1].weight = 0;
	fixture_expect_exact(test, view, share, 2);
}

static void rr_nobody(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 3);
	struct opvs_view *view = rr_table(test, dest, 3);
	u32 i;

	for (i = 0; i < 3; i++)
		dest[i].overloaded = true;
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, fixture_pick(view, NULL), -1);

	view = rr_table(test, dest, 0);
	KUNIT_EXPECT_EQ(test, fixture_pick(view, NULL), -1);
}

/* Of all schedulers that there are: each has a name of its own. */
static void rr_registry(struct kunit *test)
{
	static const char *const others[] = { "", "r", "rrr", "RR", "wl", "mhx" };
	const struct opvs_sched_ops *ops;
	size_t n;
	u32 i;

	for (n = 0; (ops = opvs_sched_nth(n)); n++)
		KUNIT_EXPECT_PTR_EQ(test, opvs_sched_find(ops->name), ops);
	KUNIT_EXPECT_NULL(test, opvs_sched_nth(n + 1));
	KUNIT_EXPECT_PTR_EQ(test, opvs_sched_find("rr"), &opvs_sched_rr);
	for (i = 0; i < ARRAY_SIZE(others); i++)
		KUNIT_EXPECT_NULL(test, opvs_sched_find(others[i]));
}

static struct kunit_case rr_test_cases[] = {
	KUNIT_CASE_PARAM(rr_every_window, rr_gen_params),
	KUNIT_CASE_PARAM(rr_order_of_addition, rr_gen_params),
	KUNIT_CASE_PARAM(rr_several_cpus, rr_gen_params),
	KUNIT_CASE_PARAM(rr_cursor_of_another_table, rr_gen_params),
	KUNIT_CASE(rr_overloaded),
	KUNIT_CASE(rr_weight_gone),
	KUNIT_CASE(rr_nobody),
	KUNIT_CASE(rr_registry),
	{}
};

static struct kunit_suite rr_suite = {
	.name = "opvs_rr",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = rr_test_cases,
};

kunit_test_suite(rr_suite);

MODULE_DESCRIPTION("opvs: unit tests of round robin");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
