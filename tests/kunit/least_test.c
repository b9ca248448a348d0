// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of lc, wlc, sed and nq: the least loaded, and whose turn it is of
 * several.
 */
#include <opvs/sched.h>

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/string.h>

#include "sched_fixture.h"

#define LEAST_SERVERS	8

/* Random configurations of each kind of server counts. */
#define LEAST_ROUNDS	3000

static u64 lc_model(const struct opvs_dest *dest)
{
	return 256ULL * fixture_active(dest) + fixture_inactive(dest);
}

static u64 sed_model(const struct opvs_dest *dest)
{
	return fixture_active(dest) + 1ULL;
}

/* What a scheduler is to find least: this per weight, or just this. */
struct least_case {
	const struct opvs_sched_ops	*ops;
	u64				(*model)(const struct opvs_dest *dest);
	bool				weighted;
	bool				idle_first;
};

static const struct least_case least_cases[] = {
	{ &opvs_sched_lc, lc_model },
	{ &opvs_sched_wlc, lc_model, .weighted = true },
	{ &opvs_sched_sed, sed_model, .weighted = true },
	{ &opvs_sched_nq, sed_model, .weighted = true, .idle_first = true },
};

static void least_case_name(const struct least_case *row, char *desc)
{
	strscpy(desc, row->ops->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(least, least_cases, least_case_name);

static const struct opvs_sched_req least_req;
static const struct opvs_sched_req least_packet_req = { .per_packet = true };

static struct opvs_view *least_table(struct kunit *test,
				     struct opvs_dest *dest, u32 count)
{
	const struct least_case *row = test->param_value;

	return fixture_table(test, row->ops, dest, count, 0, NULL);
}

static u32 least_share(const struct least_case *row, u32 weight)
{
	return row->weighted ? weight : !!weight;
}

/* Is there anybody whom the rule prefers? */
static bool least_beaten(const struct least_case *row,
			 const struct opvs_dest *dest,
			 const struct opvs_dest *other)
{
	if (!other->weight || other->overloaded)
		return false;
	if (row->idle_first && (!fixture_active(dest) || !fixture_active(other)))
		return fixture_active(dest) && !fixture_active(other);
	if (!row->weighted)
		return row->model(other) < row->model(dest);
	return row->model(other) * dest->weight < row->model(dest) * other->weight;
}

/* Few different numbers, so that there are ties; sometimes great ones. */
static void least_disturb(struct opvs_dest *dest, struct rnd_state *rnd)
{
	u32 scale = prandom_u32_state(rnd) % 4 ? 1 : 10000;

	fixture_set_load(dest, prandom_u32_state(rnd) % 4 * scale,
			 prandom_u32_state(rnd) % 3 * 256);
	dest->overloaded = prandom_u32_state(rnd) % 4 == 0;
	dest->weight = prandom_u32_state(rnd) % 5 * scale;
}

static void least_rule(struct kunit *test)
{
	const struct least_case *row = test->param_value;
	struct opvs_dest *dest = fixture_servers(test, NULL, LEAST_SERVERS);
	struct opvs_view *view = least_table(test, dest, LEAST_SERVERS);
	u32 round, i, available;
	struct rnd_state rnd;
	int got;

	prandom_seed_state(&rnd, 4);
	for (round = 0; round < LEAST_ROUNDS; round++) {
		view->count = 1 + prandom_u32_state(&rnd) % LEAST_SERVERS;
		for (i = 0, available = 0; i < view->count; i++) {
			least_disturb(&dest[i], &rnd);
			view->member[i].weight = dest[i].weight;
			available += dest[i].weight && !dest[i].overloaded;
		}
		got = fixture_pick(view, &least_req);
		KUNIT_ASSERT_EQ(test, got >= 0, available > 0);
		if (got < 0)
			continue;
		KUNIT_ASSERT_TRUE(test, dest[got].weight && !dest[got].overloaded);
		for (i = 0; i < view->count; i++)
			KUNIT_ASSERT_FALSE_MSG(test,
					       least_beaten(row, &dest[got], &dest[i]),
					       "round %u: %d, not %u", round, got, i);
	}
}

/* A pick that adds @load connections to its server. */
static u32 least_connect(struct kunit *test, const struct opvs_view *view,
			 const struct opvs_sched_req *req, u32 load)
{
	int got = fixture_pick(view, req);

	KUNIT_ASSERT_GE(test, got, 0);
	atomic_add(load, &view->member[got].dest->active);
	atomic_add(load, &view->member[got].dest->conns);
	return got;
}

/* @picks of @view, each of which adds @load connections to its server; how many
 * each gets: as the rule shares @weight, give or take @off.
 */
static void least_expect_of(struct kunit *test,
			    const struct opvs_view *view,
			    const struct opvs_sched_req *req, const u32 *weight,
			    u32 picks, u32 load, u32 off)
{
	const struct least_case *row = test->param_value;
	u32 count[LEAST_SERVERS] = {}, sum = 0, i;
	s64 much;

	for (i = 0; i < picks; i++)
		count[least_connect(test, view, req, load)]++;
	for (i = 0; i < view->count; i++)
		sum += least_share(row, weight[i]);
	for (i = 0; i < view->count; i++) {
		much = (s64)count[i] * sum -
		       (s64)picks * least_share(row, weight[i]);
		KUNIT_EXPECT_LE_MSG(test, abs(much), (s64)off * sum,
				    "server %u got %u of %u", i, count[i], picks);
		if (!weight[i])
			KUNIT_EXPECT_EQ(test, count[i], 0);
	}
}

static void least_expect(struct kunit *test, const struct opvs_view *view,
			 const u32 *weight, u32 picks, u32 load, u32 off)
{
	least_expect_of(test, view, &least_req, weight, picks, load, off);
}

/* All servers are idle, each time: not always the first one. */
static void least_idle(struct kunit *test)
{
	static const u32 weight[] = { 1, 2, 4, 1, 8 };
	const struct least_case *row = test->param_value;
	struct opvs_dest *dest = fixture_servers(test, weight, 5);
	struct opvs_view *view = least_table(test, dest, 5);
	u32 from;

	/* One that is to have the shortest delay is the strongest, always. */
	if (row->ops == &opvs_sched_sed) {
		static const u32 last[] = { 0, 0, 0, 0, 8 };

		least_expect(test, view, last, 1000, 0, 0);
		return;
	}
	for (from = 0; from < 20; from++)
		least_expect(test, view, weight, 30 * from, 0, 3);
}

/* Two that are equal take turns, also where one between them is busier. */
static void least_tie(struct kunit *test)
{
	static const u32 weight[] = { 3, 3, 3, 3 };
	static const u32 tied[] = { 3, 0, 3, 0 };
	struct opvs_dest *dest = fixture_servers(test, weight, 4);
	struct opvs_view *view = least_table(test, dest, 4);

	fixture_set_load(&dest[0], 5, 2);
	fixture_set_load(&dest[1], 6, 2);
	fixture_set_load(&dest[2], 5, 2);
	dest[3].overloaded = true;
	least_expect(test, view, tied, 1000, 0, 3);
}

/* Connections that stay are shared out to the connection. */
static void least_fill(struct kunit *test)
{
	static const u32 weight[] = { 1, 2, 4, 1, 8 };
	struct opvs_dest *dest = fixture_servers(test, weight, 5);
	struct opvs_view *view = least_table(test, dest, 5);
	u32 more;

	for (more = 0; more < 20; more++)
		least_expect(test, view, weight, 160, 1, 1);
}

/* A server that starts with nothing is given all until it has its share. */
static void least_newcomer(struct kunit *test)
{
	static const u32 weight[] = { 2, 2, 2 };
	static const u32 newcomer[] = { 0, 0, 2 };
	struct opvs_dest *dest = fixture_servers(test, weight, 3);
	struct opvs_view *view;

	view = least_table(test, dest, 2);
	least_expect(test, view, weight, 200, 1, 0);
	view = least_table(test, dest, 3);
	least_expect(test, view, newcomer, 100, 1, 0);
	least_expect(test, view, weight, 300, 1, 0);
}

static void least_reweighted(struct kunit *test)
{
	static const u32 before[] = { 1, 1, 1 };
	static const u32 after[] = { 1, 2, 5 };
	const struct least_case *row = test->param_value;
	struct opvs_dest *dest = fixture_servers(test, before, 3);
	struct opvs_view *view = least_table(test, dest, 3);
	u32 i;

	least_expect(test, view, before, 90, 1, 0);
	for (i = 0; i < 3; i++)
		dest[i].weight = after[i];
	view = least_table(test, dest, 3);
	/* 30 each; 240 in all are shared as the weights now are. */
	for (i = 0; i < 150; i++)
		least_connect(test, view, &least_req, 1);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ_MSG(test, fixture_active(&dest[i]),
				    row->weighted ? 30 * after[i] : 80,
				    "server %u", i);
}

static void least_removed(struct kunit *test)
{
	static const u32 weight[] = { 3, 2, 1 };
	struct opvs_dest *dest = fixture_servers(test, weight, 3);

	least_expect(test, least_table(test, dest, 3), weight, 600, 1, 1);
	least_expect(test, least_table(test, dest, 2), weight, 600, 1, 1);
	least_expect(test, least_table(test, dest, 1), weight, 10, 1, 0);
}

static void least_overloaded(struct kunit *test)
{
	static const u32 weight[] = { 4, 3, 2, 1 };
	struct opvs_dest *dest = fixture_servers(test, weight, 4);
	struct opvs_view *view = least_table(test, dest, 4);
	u32 out, i, share[4];

	for (out = 0; out < BIT(4) - 1; out++) {
		for (i = 0; i < 4; i++) {
			fixture_set_load(&dest[i], 0, 0);
			dest[i].overloaded = out & BIT(i);
			share[i] = dest[i].overloaded ? 0 : weight[i];
		}
		least_expect(test, view, share, 120, 1, 1);
	}
}

static void least_weight_gone(struct kunit *test)
{
	static const u32 weight[] = { 2, 5, 1 };
	static const u32 share[] = { 2, 0, 1 };
	struct opvs_dest *dest = fixture_servers(test, weight, 3);
	struct opvs_view *view = least_table(test, dest, 3);

	dest[1].weight = 0;
	least_expect(test, view, share, 300, 1, 1);
}

static void least_nobody(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 3);
	struct opvs_view *view = least_table(test, dest, 3);
	u32 i;

	for (i = 0; i < 3; i++)
		dest[i].overloaded = true;
	KUNIT_EXPECT_EQ(test, fixture_pick(view, &least_req), -1);
	dest[1].overloaded = false;
	KUNIT_EXPECT_EQ(test, fixture_pick(view, &least_req), 1);
	dest[1].weight = 0;
	KUNIT_EXPECT_EQ(test, fixture_pick(view, &least_req), -1);
	view = least_table(test, dest, 0);
	KUNIT_EXPECT_EQ(test, fixture_pick(view, &least_req), -1);
}

/* An inactive connection is little, but not nothing; to sed and nq it is. */
static void least_inactive(struct kunit *test)
{
	static const u32 weight[] = { 7, 7 };
	static const u32 first[] = { 7, 0 };
	static const u32 second[] = { 0, 7 };
	const struct least_case *row = test->param_value;
	bool counts = row->model == lc_model;
	struct opvs_dest *dest = fixture_servers(test, weight, 2);
	struct opvs_view *view = least_table(test, dest, 2);

	fixture_set_load(&dest[0], 1, 0);
	fixture_set_load(&dest[1], 0, 255);
	least_expect(test, view, second, 10, 0, 0);
	fixture_set_load(&dest[1], 0, 256);
	least_expect(test, view, counts ? weight : second, 100, 0, 2);
	fixture_set_load(&dest[1], 0, 257);
	least_expect(test, view, counts ? first : second, 10, 0, 0);
	fixture_set_load(&dest[1], 1, 100);
	least_expect(test, view, counts ? first : weight, 100, 0, 2);
}

/* Single packets are spread by weight, whatever else the servers do, in any run
 * of them; of those that are left, if one is overloaded.
 */
static void least_packets(struct kunit *test)
{
	static const u32 weight[] = { 1, 2, 4, 1, 8 };
	static const u32 left[] = { 1, 2, 4, 1, 0 };
	struct opvs_dest *dest = fixture_servers(test, weight, 5);
	struct opvs_view *view = least_table(test, dest, 5);
	struct fixture *fix = test->priv;
	u32 run;

	fixture_set_load(&dest[0], 1000, 10);
	fixture_set_load(&dest[3], 10, 1000);
	for (run = 1; run < 1000; run += 50)
		least_expect_of(test, view, &least_packet_req, weight, run, 0, 3);
	fixture_set_cursor(fix->cursor[0], U32_MAX - 100);
	least_expect_of(test, view, &least_packet_req, weight, 1600, 1, 4);
	dest[4].overloaded = true;
	least_expect_of(test, view, &least_packet_req, left, 800, 1, 3);
	dest[4].overloaded = false;
	least_expect_of(test, view, &least_packet_req, weight, 1600, 1, 3);
}

/* The greatest that netlink lets pass, and as many connections as can be. */
static void least_huge(struct kunit *test)
{
	static const u32 weight[] = { INT_MAX, INT_MAX / 2, 1, INT_MAX };
	static const u32 last[] = { 0, 0, 0, INT_MAX };
	static const u32 first[] = { INT_MAX, 0, 0, 0 };
	struct opvs_dest *dest = fixture_servers(test, weight, 4);
	struct opvs_view *view = least_table(test, dest, 4);
	u32 i;

	for (i = 0; i < 4; i++)
		fixture_set_load(&dest[i], INT_MAX - i, 0);
	least_expect(test, view, last, 10, 0, 0);
	fixture_set_load(&dest[0], INT_MAX / 4, 0);
	least_expect(test, view, first, 10, 0, 0);
	for (i = 0; i < 4; i++)
		fixture_set_load(&dest[i], 0, INT_MAX);
	fixture_set_load(&dest[0], 0, INT_MAX - 1);
	fixture_set_load(&dest[1], 1, INT_MAX - 1);
	fixture_set_load(&dest[2], 1, INT_MAX - 1);
	fixture_set_load(&dest[3], 1, INT_MAX - 1);
	least_expect(test, view, first, 10, 0, 0);
}

/* Of a load and weight, and another load and weight. */
struct cmp_case {
	const char	*name;
	u64		load;
	u32		weight;
	u64		load2;
	u32		weight2;
	int		result;
};

#define LOAD_MAX	(256ULL * INT_MAX)

static const struct cmp_case cmp_cases[] = {
	{ "equal", 3, 5, 3, 5, 0 },
	{ "nothing", 0, 5, 0, 9, 0 },
	{ "nothing and something", 0, 1, 1, INT_MAX, -1 },
	{ "same ratio", 3, 5, 6, 10, 0 },
	{ "a little less", 3, 5, 601, 1000, -1 },
	{ "a little more", 3, 5, 599, 1000, 1 },
	{ "load decides", 2, 7, 3, 7, -1 },
	{ "weight decides", 7, 3, 7, 2, -1 },
	{ "great weights", 1, INT_MAX, 1, INT_MAX - 1, -1 },
	{ "great, same ratio", LOAD_MAX, INT_MAX, LOAD_MAX, INT_MAX, 0 },
	{ "great, the first less", LOAD_MAX, INT_MAX, LOAD_MAX, INT_MAX - 1, -1 },
	{ "great, the second less", LOAD_MAX, INT_MAX, LOAD_MAX - 256, INT_MAX, 1 },
	{ "greatest and least", LOAD_MAX, 1, 1, INT_MAX, 1 },
	{ "least and greatest", 1, INT_MAX, LOAD_MAX, 1, -1 },
	{ "one product is 2^64", BIT_ULL(34), 1, BIT_ULL(34), BIT(30), 1 },
	{ "one product is great", LOAD_MAX, 1, LOAD_MAX, INT_MAX, 1 },
	{ "the other product is great", LOAD_MAX, INT_MAX, LOAD_MAX, 1, -1 },
};

static void cmp_case_name(const struct cmp_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(cmp, cmp_cases, cmp_case_name);

static void least_cmp(struct kunit *test)
{
	const struct cmp_case *row = test->param_value;

	KUNIT_EXPECT_EQ(test, opvs_sched_cmp(row->load, row->weight, row->load2,
					     row->weight2), row->result);
	KUNIT_EXPECT_EQ(test, opvs_sched_cmp(row->load2, row->weight2, row->load,
					     row->weight), -row->result);
}

static u64 least_turn(const struct opvs_view *view, u64 range)
{
	u64 at;

	local_bh_disable();
	at = opvs_sched_spread(view, range);
	local_bh_enable();
	return at;
}

/* Turns fall into each tenth of any range alike, from wherever. */
static void least_spread(struct kunit *test)
{
	static const u64 ranges[] = { 10, 1000, 12345670, 10ULL << 32, 10ULL << 58 };
	static const u32 starts[] = { 0, 77, U32_MAX - 500 };
	struct opvs_view *view = fixture_table(test, &opvs_sched_lc, NULL,
						     0, 0, NULL);
	struct fixture *fix = test->priv;
	u32 r, s, i, part[10];
	u64 at;

	for (r = 0; r < ARRAY_SIZE(ranges); r++) {
		for (s = 0; s < ARRAY_SIZE(starts); s++) {
			fixture_set_cursor(fix->cursor[0], starts[s]);
			memset(part, 0, sizeof(part));
			for (i = 0; i < 1000; i++) {
				at = least_turn(view, ranges[r]);
				KUNIT_ASSERT_LT(test, at, ranges[r]);
				part[div64_u64(at, div_u64(ranges[r], 10))]++;
			}
			for (i = 0; i < 10; i++)
				KUNIT_EXPECT_LE(test, abs((int)part[i] - 100), 3);
		}
	}
	KUNIT_EXPECT_EQ(test, least_turn(view, 1), 0);
}

/* The scheduler "none" has servers, but none for anybody. */
static void least_none(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 3);
	const struct opvs_sched_ops *none = opvs_sched_find("none");
	struct opvs_view *view;

	KUNIT_ASSERT_NOT_NULL(test, none);
	view = fixture_table(test, none, dest, 3, 0, NULL);
	KUNIT_EXPECT_EQ(test, fixture_pick(view, &least_req), -1);
	view = fixture_table(test, none, dest, 0, 0, NULL);
	KUNIT_EXPECT_EQ(test, fixture_pick(view, &least_req), -1);
}

static struct kunit_case least_test_cases[] = {
	KUNIT_CASE_PARAM(least_rule, least_gen_params),
	KUNIT_CASE_PARAM(least_idle, least_gen_params),
	KUNIT_CASE_PARAM(least_tie, least_gen_params),
	KUNIT_CASE_PARAM(least_fill, least_gen_params),
	KUNIT_CASE_PARAM(least_newcomer, least_gen_params),
	KUNIT_CASE_PARAM(least_reweighted, least_gen_params),
	KUNIT_CASE_PARAM(least_removed, least_gen_params),
	KUNIT_CASE_PARAM(least_overloaded, least_gen_params),
	KUNIT_CASE_PARAM(least_weight_gone, least_gen_params),
	KUNIT_CASE_PARAM(least_nobody, least_gen_params),
	KUNIT_CASE_PARAM(least_inactive, least_gen_params),
	KUNIT_CASE_PARAM(least_packets, least_gen_params),
	KUNIT_CASE_PARAM(least_huge, least_gen_params),
	KUNIT_CASE_PARAM(least_cmp, cmp_gen_params),
	KUNIT_CASE(least_spread),
	KUNIT_CASE(least_none),
	{}
};

static struct kunit_suite least_suite = {
	.name = "opvs_least",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = least_test_cases,
};

kunit_test_suite(least_suite);

MODULE_DESCRIPTION("opvs: unit tests of the least-loaded schedulers");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
