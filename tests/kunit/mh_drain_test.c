// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of the scheduler mh in stateless services: whose keys were whose
 * when a change began to drain, from table to table.
 */
#include "mh_fixture.h"

/* ---- one change ---- */

static void drain_add(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 5);
	struct opvs_view *a, *b;
	struct tally t;

	a = table(test, NULL, dest, 4, 0);
	expect_quiet(test, a);
	b = table(test, a, dest, 5, 10);
	expect_drains(test, b, 10 + DRAIN);
	KUNIT_EXPECT_FALSE(test, b->drain_held);
	t = tally(b, a, a);
	KUNIT_EXPECT_EQ(test, t.wrong, 0);
	KUNIT_EXPECT_EQ(test, t.lost, 0);
	KUNIT_EXPECT_EQ(test, t.moved, t.changed);
	/* Hardly more than the new one's share. */
	KUNIT_EXPECT_GE(test, t.moved, keys_of(b, &dest[4]));
	KUNIT_EXPECT_LE(test, t.moved, KEYS / 5 + KEYS / 50);
}

static void drain_remove(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 5);
	struct opvs_view *a, *b;
	struct tally t;
	u32 keys;

	a = table(test, NULL, dest, 5, 0);
	keys = keys_of(a, &dest[2]);
	dest[2].weight = U32_MAX;
	b = table(test, a, dest, 5, 10);
	expect_drains(test, b, 10 + DRAIN);
	KUNIT_EXPECT_FALSE(test, b->drain_held);
	t = tally(b, a, a);
	KUNIT_EXPECT_EQ(test, t.wrong, 0);
	KUNIT_EXPECT_EQ(test, t.lost, keys);
	KUNIT_EXPECT_GE(test, t.moved, keys);
	KUNIT_EXPECT_LE(test, t.moved, keys + KEYS / 50);
}

/* It has no keys any more, but is who they belonged to. */
static void drain_to_0(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 5);
	struct opvs_view *a, *b;
	struct tally t;
	u32 keys;

	a = table(test, NULL, dest, 5, 0);
	keys = keys_of(a, &dest[2]);
	dest[2].weight = 0;
	b = table(test, a, dest, 5, 10);
	expect_drains(test, b, 10 + DRAIN);
	KUNIT_EXPECT_TRUE(test, b->drain_held);
	KUNIT_EXPECT_EQ(test, b->count, 5);
	KUNIT_EXPECT_EQ(test, keys_of(b, &dest[2]), 0);
	t = tally(b, a, a);
	KUNIT_EXPECT_EQ(test, t.wrong, 0);
	KUNIT_EXPECT_EQ(test, t.lost, 0);
	KUNIT_EXPECT_GE(test, t.moved, keys);
	KUNIT_EXPECT_LE(test, t.moved, keys + KEYS / 50);
}

static void drain_all_to_0(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 3);
	struct opvs_view *a, *b;
	struct opvs_seat s;
	u32 i;

	a = table(test, NULL, dest, 3, 0);
	for (i = 0; i < 3; i++)
		dest[i].weight = 0;
	b = table(test, a, dest, 3, 10);
	for (i = 0; i < KEYS; i += 100) {
		s = seat(b, i);
		KUNIT_ASSERT_NULL(test, s.owner);
		KUNIT_ASSERT_PTR_EQ(test, s.former, seat(a, i).owner);
		KUNIT_ASSERT_TRUE(test, s.moved);
	}
	KUNIT_EXPECT_EQ(test, keys_of(b, NULL), KEYS);
}

/* With another weight, too, keys change hands. */
static void drain_weight(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 4);
	struct opvs_view *a, *b;
	struct tally t;

	a = table(test, NULL, dest, 4, 0);
	dest[0].weight = 2;
	b = table(test, a, dest, 4, 10);
	expect_drains(test, b, 10 + DRAIN);
	t = tally(b, a, a);
	KUNIT_EXPECT_EQ(test, t.wrong, 0);
	KUNIT_EXPECT_GT(test, t.moved, KEYS / 10);
	KUNIT_EXPECT_LT(test, t.moved, KEYS / 4);
}

/* One of sixteen goes: no more than 1.1 sixteenths of all keys move. */
static void drain_one_of_16(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 16);
	struct opvs_view *a, *b, *c;
	u32 gone, most = KEYS * 11 / 160;
	struct tally t;

	a = table(test, NULL, dest, 16, 0);
	for (gone = 0; gone < 16; gone++) {
		dest[gone].weight = gone % 2 ? 0 : U32_MAX;
		b = table(test, a, dest, 16, 10);
		t = tally(b, a, a);
		KUNIT_EXPECT_EQ(test, t.wrong, 0);
		KUNIT_EXPECT_LE_MSG(test, t.moved, most, "server %u goes", gone);
		dest[gone].weight = 1;
		/* After the draining, so that the base is the table before. */
		b->drain_held = false;
		c = table(test, b, dest, 16, 10 + 2 * DRAIN);
		t = tally(c, b, b);
		KUNIT_EXPECT_EQ(test, t.wrong, 0);
		KUNIT_EXPECT_LE_MSG(test, t.moved, most, "server %u comes",
				    gone);
		kunit_kfree(test, b);
		kunit_kfree(test, c);
	}
}

/* ---- changes that are none ---- */

struct quiet_case {
	const char *name;
	void (*spoil)(struct opvs_dest *dest);
	u32 seconds;
};

static void spoil_nothing(struct opvs_dest *dest)
{
	dest[0].weight = 1;
}

static void spoil_weights_alike(struct opvs_dest *dest)
{
	u32 i;

	for (i = 0; i < 4; i++)
		dest[i].weight = 7;
}

static void spoil_used(struct opvs_dest *dest)
{
	like.used = false;
	dest[0].weight = 0;
}

static void spoil_secret(struct opvs_dest *dest)
{
	like.hash_key = secrets[1];
}

static void spoil_engine(struct opvs_dest *dest)
{
	static const struct opvs_pe_ops other;

	like.pe = &other;
	dest[0].weight = 0;
}

static void spoil_stateless(struct opvs_dest *dest)
{
	like.stateless = false;
	dest[0].weight = U32_MAX;
}

static void spoil_weight(struct opvs_dest *dest)
{
	dest[0].weight = 0;
}

static const struct quiet_case quiet_cases[] = {
	{ "nothing changes", spoil_nothing, 10 },
	{ "weights in the same proportion", spoil_weights_alike, 10 },
	{ "no packet has come", spoil_used, 10 },
	{ "another secret", spoil_secret, 10 },
	{ "another engine", spoil_engine, 10 },
	{ "not stateless any more", spoil_stateless, 10 },
	{ "too young", spoil_weight, 0 },
};

static void quiet_name(const struct quiet_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(quiet, quiet_cases, quiet_name);

static void drain_not(struct kunit *test)
{
	const struct quiet_case *row = test->param_value;
	struct opvs_dest *dest = fixture_servers(test, NULL, 4);
	struct opvs_view *a;

	a = table(test, NULL, dest, 4, 0);
	row->spoil(dest);
	expect_quiet(test, table(test, a, dest, 4, row->seconds));
}

/* The same changes end a draining that is under way, or leave it alone. */
static void drain_goes_on(struct kunit *test)
{
	const struct quiet_case *row = test->param_value;
	struct opvs_dest *dest = fixture_servers(test, NULL, 5);
	struct opvs_view *a, *b, *c;

	a = table(test, NULL, dest, 4, 0);
	b = table(test, a, dest, 5, 10);
	row->spoil(dest);
	c = table(test, b, dest, 5, 10 + row->seconds);
	if (row->spoil == spoil_secret || row->spoil == spoil_engine ||
	    row->spoil == spoil_stateless) {
		expect_quiet(test, c);
		return;
	}
	KUNIT_EXPECT_TRUE(test, c->drains);
	if (row->spoil == spoil_nothing)
		KUNIT_EXPECT_EQ(test, c->drain_end, b->drain_end);
	KUNIT_EXPECT_EQ(test, tally(c, b, a).wrong, 0);
}

/* Servers are edited shortly before one goes: its sessions are no younger. */
static void drain_age(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 4);
	struct opvs_view *a, *b, *c;

	a = table(test, NULL, dest, 4, 0);
	b = table(test, a, dest, 4, 10);
	expect_quiet(test, b);
	dest[1].weight = 0;
	c = table(test, b, dest, 4, 10);
	expect_drains(test, c, 10 + DRAIN);
	KUNIT_EXPECT_EQ(test, tally(c, b, a).wrong, 0);
}

static void drain_first_server(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 2);
	struct opvs_view *a, *b;

	a = table(test, NULL, dest, 0, 0);
	b = table(test, a, dest, 1, 10);
	expect_quiet(test, b);
	/* All of it moves to the second one's half. */
	b = table(test, b, dest, 2, 20);
	expect_drains(test, b, 20 + DRAIN);
	KUNIT_EXPECT_PTR_EQ(test, seat(b, 1).former, &dest[0]);
}

/* ---- several changes ---- */

static void drain_there_and_back(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 5);
	struct opvs_view *a, *b, *c, *d;
	struct tally t;

	a = table(test, NULL, dest, 5, 0);
	dest[2].weight = U32_MAX;
	b = table(test, a, dest, 5, 10);
	dest[2].weight = 1;
	c = table(test, b, dest, 5, 20);
	/* Sessions that began elsewhere meanwhile are still under way. */
	expect_drains(test, c, 20 + DRAIN);
	t = tally(c, b, a);
	KUNIT_EXPECT_EQ(test, t.wrong, 0);
	KUNIT_EXPECT_EQ(test, t.moved, 0);
	KUNIT_EXPECT_EQ(test, t.lost, 0);
	KUNIT_EXPECT_GT(test, t.changed, KEYS / 6);
	d = table(test, c, dest, 5, 20 + DRAIN);
	expect_quiet(test, d);
	KUNIT_EXPECT_EQ(test, tally(d, c, c).changed, 0);
}

/* What the first change moved and what the second moved are all remembered. */
static void drain_two_changes(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 8);
	struct opvs_view *a, *b, *c, *d;
	struct tally t;

	a = table(test, NULL, dest, 6, 0);
	dest[0].weight = 0;
	b = table(test, a, dest, 6, 10);
	c = table(test, b, dest, 8, 50);
	expect_drains(test, c, 50 + DRAIN);
	t = tally(c, b, a);
	KUNIT_EXPECT_EQ(test, t.wrong, 0);
	KUNIT_EXPECT_EQ(test, t.lost, 0);
	KUNIT_EXPECT_GT(test, t.moved, t.changed);
	dest[0].weight = U32_MAX;
	d = table(test, c, dest, 8, 60);
	expect_drains(test, d, 50 + DRAIN);
	t = tally(d, c, a);
	KUNIT_EXPECT_EQ(test, t.wrong, 0);
	KUNIT_EXPECT_EQ(test, t.changed, 0);
	KUNIT_EXPECT_EQ(test, t.lost, keys_of(a, &dest[0]));
}

/* A change after the end begins with whom keys belonged to by then. */
static void drain_after_end(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 6);
	struct opvs_view *a, *b, *c;

	a = table(test, NULL, dest, 4, 0);
	b = table(test, a, dest, 5, 10);
	c = table(test, b, dest, 6, 10 + DRAIN);
	expect_drains(test, c, 10 + 2 * DRAIN);
	KUNIT_EXPECT_EQ(test, tally(c, b, b).wrong, 0);
}

/* ---- weight 0 and the end ---- */

static void drain_held(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 5);
	struct opvs_view *a, *b, *c;

	a = table(test, NULL, dest, 5, 0);
	dest[2].weight = 0;
	b = table(test, a, dest, 5, 10);
	c = table(test, b, dest, 5, 10 + 3 * DRAIN);
	expect_drains(test, c, 10 + DRAIN);
	KUNIT_EXPECT_TRUE(test, c->drain_held);
	KUNIT_EXPECT_EQ(test, tally(c, b, a).wrong, 0);
	dest[2].weight = U32_MAX;
	expect_quiet(test, table(test, c, dest, 5, 11 + 3 * DRAIN));
}

static void drain_held_goes_early(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 5);
	struct opvs_view *a, *b, *c;

	a = table(test, NULL, dest, 5, 0);
	dest[2].weight = 0;
	b = table(test, a, dest, 5, 10);
	dest[2].weight = U32_MAX;
	c = table(test, b, dest, 5, 20);
	expect_drains(test, c, 10 + DRAIN);
	KUNIT_EXPECT_FALSE(test, c->drain_held);
	expect_quiet(test, table(test, c, dest, 5, 10 + DRAIN));
}

/* It has its keys again, and those who had them meanwhile keep what began. */
static void drain_held_comes_back(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 5);
	struct opvs_view *a, *b, *c;
	struct tally t;

	a = table(test, NULL, dest, 5, 0);
	dest[2].weight = 0;
	b = table(test, a, dest, 5, 10);
	dest[2].weight = 1;
	c = table(test, b, dest, 5, 10 + 3 * DRAIN);
	expect_drains(test, c, 10 + 4 * DRAIN);
	KUNIT_EXPECT_FALSE(test, c->drain_held);
	t = tally(c, b, a);
	KUNIT_EXPECT_EQ(test, t.wrong, 0);
	KUNIT_EXPECT_EQ(test, t.moved, 0);
}

/* A server that never had a key does not hold anything up. */
static void drain_spare(struct kunit *test)
{
	static const u32 weight[] = { 1, 1, 1, 0, 1 };
	struct opvs_dest *dest = fixture_servers(test, weight, 5);
	struct opvs_view *a, *b;

	a = table(test, NULL, dest, 4, 0);
	b = table(test, a, dest, 5, 10);
	expect_drains(test, b, 10 + DRAIN);
	KUNIT_EXPECT_FALSE(test, b->drain_held);
	expect_quiet(test, table(test, b, dest, 5, 10 + DRAIN));
}

/* ---- tables of two sizes ---- */

/* From slots of one byte to such of two and back: nearly every key moves, and
 * each is known by whose it was.
 */
static void drain_wide(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 300);
	struct opvs_view *a, *b, *c;
	struct tally t;

	a = table(test, NULL, dest, 255, 0);
	b = table(test, a, dest, 300, 10);
	t = tally(b, a, a);
	KUNIT_EXPECT_EQ(test, t.wrong, 0);
	KUNIT_EXPECT_EQ(test, t.lost, 0);
	KUNIT_EXPECT_GT(test, t.moved, KEYS / 2);
	c = table(test, b, dest, 255, 20);
	expect_drains(test, c, 20 + DRAIN);
	t = tally(c, b, a);
	KUNIT_EXPECT_EQ(test, t.wrong, 0);
	KUNIT_EXPECT_EQ(test, t.moved, 0);
}

/* One byte names the servers that have keys, however many others there are. */
static void drain_many_of_0(struct kunit *test)
{
	struct opvs_dest *dest = fixture_servers(test, NULL, 600);
	struct opvs_view *a, *b;
	struct opvs_seat s;
	u32 i;

	a = table(test, NULL, dest, 600, 0);
	for (i = 0; i < 590; i++)
		dest[i].weight = 0;
	b = table(test, a, dest, 600, 10);
	for (i = 0; i < KEYS; i += 10) {
		s = seat(b, i);
		KUNIT_ASSERT_GE(test, s.owner - dest, 590);
		KUNIT_ASSERT_PTR_EQ(test, s.former, seat(a, i).owner);
	}
	KUNIT_EXPECT_TRUE(test, b->drain_held);
}

static struct kunit_case drain_cases[] = {
	KUNIT_CASE(drain_add),
	KUNIT_CASE(drain_remove),
	KUNIT_CASE(drain_to_0),
	KUNIT_CASE(drain_all_to_0),
	KUNIT_CASE(drain_weight),
	KUNIT_CASE(drain_one_of_16),
	KUNIT_CASE_PARAM(drain_not, quiet_gen_params),
	KUNIT_CASE_PARAM(drain_goes_on, quiet_gen_params),
	KUNIT_CASE(drain_age),
	KUNIT_CASE(drain_first_server),
	KUNIT_CASE(drain_there_and_back),
	KUNIT_CASE(drain_two_changes),
	KUNIT_CASE(drain_after_end),
	KUNIT_CASE(drain_held),
	KUNIT_CASE(drain_held_goes_early),
	KUNIT_CASE(drain_held_comes_back),
	KUNIT_CASE(drain_spare),
	KUNIT_CASE(drain_wide),
	KUNIT_CASE(drain_many_of_0),
	{}
};

static struct kunit_suite drain_suite = {
	.name = "opvs_mh_drain",
	.init = drain_init,
	.test_cases = drain_cases,
};

kunit_test_suite(drain_suite);

MODULE_DESCRIPTION("opvs: unit tests of draining in the scheduler mh");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
