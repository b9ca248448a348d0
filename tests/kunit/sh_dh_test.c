// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of source and destination hashing: the shares of servers. */
#include <opvs/sched.h>

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/math64.h>
#include <linux/module.h>
#include <linux/string.h>

#include "keyed_fixture.h"
#include "race_fixture.h"

/* Fewer where a sanitizer watches and processors are emulated. */
#define MANY		(num_online_cpus() > 1 && IS_ENABLED(CONFIG_KASAN) ? \
			 100000 : 1000000)

/* What a million picks by two threads give to each server. */
struct share_case {
	const char	*name;
	bool		by_dest;
	u32		count;
	u32		weight[4];
	u32		share[4];
};

static const struct share_case share_cases[] = {
	{ "sh: equal weights", false, 3, { 1, 1, 1 }, { 1, 1, 1 } },
	{ "sh: 1:2:4", false, 3, { 1, 2, 4 }, { 1, 2, 4 } },
	{ "sh: common divisor", false, 3, { 100, 200, 400 }, { 1, 2, 4 } },
	{ "sh: more than 256 slots could hold", false, 3, { 100, 100, 99 },
	  { 100, 100, 99 } },
	{ "sh: beyond 256", false, 4, { 1000, 999, 2, 500 },
	  { 1000, 999, 2, 500 } },
	{ "sh: the largest", false, 4, { INT_MAX, INT_MAX, INT_MAX, INT_MAX },
	  { 1, 1, 1, 1 } },
	{ "sh: the largest and the least", false, 2, { INT_MAX, 1 }, { 1, 0 } },
	{ "dh: equal weights", true, 3, { 1, 1, 1 }, { 1, 1, 1 } },
	{ "dh: any weights", true, 3, { 1, 7, 1000 }, { 1, 1, 1 } },
};

static void share_name(const struct share_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(share, share_cases, share_name);

static struct race race;
static const struct opvs_view *share_tbl;
static int share_got[2][4];

/* Each thread is all clients and destinations that the other one is not. */
static void share_picks(struct race *race, unsigned int id, unsigned int round)
{
	struct keyed_packet packet;
	int i, member;

	for (i = id; i < MANY; i += 2) {
		keyed_make(&packet, i);
		member = fixture_pick(share_tbl, &packet.req);
		race_expect(race, member >= 0);
		if (member >= 0)
			share_got[id][member]++;
		if (!(i % 1024))
			cond_resched();
	}
}

/* To four standard deviations of what chance gives, and one for rounding. */
static void share_exact(struct kunit *test)
{
	const struct share_case *row = test->param_value;
	u32 i, want, sigma, sum = 0;
	int got;

	memset(share_got, 0, sizeof(share_got));
	share_tbl = keyed_table(test, row->by_dest ? &opvs_sched_dh :
						     &opvs_sched_sh,
				fixture_servers(test, row->weight, row->count),
				row->count, 0);
	race = (struct race){ .threads = 2, .rounds = 1, .run = share_picks };
	race_run(test, &race);

	for (i = 0; i < row->count; i++)
		sum += row->share[i];
	for (i = 0; i < row->count; i++) {
		got = share_got[0][i] + share_got[1][i];
		want = div_u64((u64)MANY * row->share[i], sum);
		sigma = int_sqrt(want);
		KUNIT_EXPECT_LE_MSG(test, abs(got - (int)want), 4 * sigma + 1,
				    "server %u: %d of %u", i, got, want);
	}
}

/* More servers than IPVS has slots: each has clients. */
static void sh_thousand_servers(struct kunit *test)
{
	struct opvs_view *view;
	struct keyed_packet packet;
	int i, member, *got;

	got = kunit_kcalloc(test, 1000, sizeof(*got), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, got);
	view = keyed_table(test, &opvs_sched_sh,
			   fixture_servers(test, NULL, 1000), 1000, 0);
	for (i = 0; i < 100000; i++) {
		keyed_make(&packet, i);
		member = fixture_pick(view, &packet.req);
		KUNIT_ASSERT_GE(test, member, 0);
		got[member]++;
	}
	for (i = 0; i < 1000; i++) {
		KUNIT_EXPECT_GT(test, got[i], 50);
		KUNIT_EXPECT_LT(test, got[i], 150);
	}
}

static struct kunit_case sh_dh_cases[] = {
	KUNIT_CASE_PARAM(share_exact, share_gen_params),
	KUNIT_CASE(sh_thousand_servers),
	{}
};

static struct kunit_suite sh_dh_suite = {
	.name = "opvs_sh_dh",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = sh_dh_cases,
};

kunit_test_suite(sh_dh_suite);

MODULE_DESCRIPTION("opvs: unit tests of source and destination hashing");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
