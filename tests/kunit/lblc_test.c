// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of lblc and lblcr: who serves an address, and who has it then. */
#include "../../net/sched/lbl.h"

#include <opvs/kunit.h>
#include <opvs/svc.h>

#include <kunit/test.h>

#include <linux/bits.h>
#include <linux/bottom_half.h>
#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "lbl_fixture.h"
#include "testlib.h"

/* ---- one pick ---- */

#define LBLC		(&opvs_sched_lblc)
#define LBLCR		(&opvs_sched_lblcr)

#define SERVERS		4

/**
 * struct rule_case - an address, its servers, and who serves it
 * @name: the rule
 * @ops: of which scheduler
 * @had: servers that the address has, a bit each; 0: it is new
 * @weight: of all servers; 0: drained just now, after the table was built
 * @active: their active connections
 * @over: those over their threshold
 * @gone: those that are not in the table
 * @serves: who does, or -1
 * @has: servers that the address has afterwards
 */
struct rule_case {
	const char			*name;
	const struct opvs_sched_ops	*ops;
	unsigned long			had;
	u32				weight[SERVERS];
	u32				active[SERVERS];
	unsigned long			over;
	unsigned long			gone;
	int				serves;
	unsigned long			has;
};

#define ONE	(GENMASK(3, 1))
#define TWO	(GENMASK(3, 2))

static const struct rule_case rule_cases[] = {
	{ "lblc: new: the least loaded", LBLC, 0,
	  { 1, 1, 1, 1 }, { 5, 4, 1, 3 }, 0, 0, 2, BIT(2) },
	{ "lblc: new: by weight", LBLC, 0,
	  { 10, 1, 1, 1 }, { 9, 1, 1, 1 }, 0, 0, 0, BIT(0) },
	{ "lblc: new: not the overloaded", LBLC, 0,
	  { 1, 1, 1, 1 }, { 5, 4, 1, 3 }, BIT(2), 0, 3, BIT(3) },
	{ "lblc: stays though others are idle", LBLC, BIT(1),
	  { 9, 9, 9, 9 }, { 0, 8, 0, 0 }, 0, 0, 1, BIT(1) },
	{ "lblc: stays at its weight", LBLC, BIT(1),
	  { 9, 9, 9, 9 }, { 0, 9, 0, 0 }, 0, 0, 1, BIT(1) },
	{ "lblc: above its weight, another below half", LBLC, BIT(1),
	  { 9, 9, 9, 9 }, { 7, 10, 8, 4 }, 0, 0, 3, BIT(3) },
	{ "lblc: above its weight, others at half", LBLC, BIT(1),
	  { 8, 8, 8, 8 }, { 4, 9, 4, 4 }, 0, 0, 1, BIT(1) },
	{ "lblc: half of the other's own weight", LBLC, BIT(1),
	  { 8, 8, 8, 90 }, { 4, 9, 4, 44 }, 0, 0, 3, BIT(3) },
	{ "lblc: only an overloaded one below half", LBLC, BIT(1),
	  { 8, 8, 8, 8 }, { 4, 9, 4, 0 }, BIT(3), 0, 1, BIT(1) },
	{ "lblc: over its threshold", LBLC, BIT(1),
	  { 9, 9, 9, 9 }, { 3, 0, 1, 2 }, BIT(1), 0, 2, BIT(2) },
	{ "lblc: drained", LBLC, BIT(1),
	  { 9, 0, 9, 9 }, { 3, 0, 1, 2 }, 0, 0, 2, BIT(2) },
	{ "lblc: removed", LBLC, BIT(1),
	  { 9, 9, 9, 9 }, { 3, 0, 2, 1 }, 0, BIT(1), 3, BIT(3) },
	{ "lblc: nobody is available", LBLC, BIT(1),
	  { 9, 9, 9, 9 }, { }, GENMASK(3, 0), 0, -1, BIT(1) },
	{ "lblc: new: nobody is available", LBLC, 0,
	  { 9, 9, 9, 9 }, { }, GENMASK(3, 0), 0, -1, 0 },

	{ "lblcr: new: the least loaded", LBLCR, 0,
	  { 1, 1, 1, 1 }, { 5, 4, 1, 3 }, 0, 0, 2, BIT(2) },
	{ "lblcr: new: nobody is available", LBLCR, 0,
	  { 9, 9, 9, 9 }, { }, GENMASK(3, 0), 0, -1, 0 },
	{ "lblcr: the least loaded of the set", LBLCR, ONE,
	  { 9, 9, 9, 9 }, { 0, 6, 4, 5 }, 0, 0, 2, ONE },
	{ "lblcr: by weight", LBLCR, ONE,
	  { 9, 90, 9, 9 }, { 0, 30, 4, 5 }, 0, 0, 1, ONE },
	{ "lblcr: not the overloaded of the set", LBLCR, ONE,
	  { 9, 9, 9, 9 }, { 0, 6, 4, 5 }, BIT(2), 0, 3, ONE },
	{ "lblcr: not the drained of the set", LBLCR, ONE,
	  { 9, 9, 0, 9 }, { 0, 6, 4, 5 }, 0, 0, 3, ONE },
	{ "lblcr: not the removed of the set", LBLCR, ONE,
	  { 9, 9, 9, 9 }, { 0, 6, 4, 5 }, 0, BIT(2), 3, ONE },
	{ "lblcr: above weight, another below half", LBLCR, TWO,
	  { 9, 9, 9, 9 }, { 7, 4, 10, 11 }, 0, 0, 1, ONE },
	{ "lblcr: above weight, others at half", LBLCR, TWO,
	  { 8, 8, 8, 8 }, { 4, 4, 9, 10 }, 0, 0, 2, TWO },
	{ "lblcr: above weight, only an overloaded below half", LBLCR, TWO,
	  { 8, 8, 8, 8 }, { 4, 0, 9, 10 }, BIT(1), 0, 2, TWO },
	{ "lblcr: one of two above weight", LBLCR, TWO,
	  { 9, 9, 9, 9 }, { 0, 0, 10, 8 }, 0, 0, 3, TWO },
	{ "lblcr: all of the set overloaded", LBLCR, TWO,
	  { 9, 9, 9, 9 }, { 7, 4, 0, 0 }, TWO, 0, 1, ONE },
	{ "lblcr: removed ones leave when another joins", LBLCR, TWO,
	  { 9, 9, 9, 9 }, { 7, 4, 0, 0 }, BIT(2), BIT(3), 1, BIT(1) | BIT(2) },
	{ "lblcr: all of the set removed", LBLCR, TWO,
	  { 9, 9, 9, 9 }, { 7, 4, 0, 0 }, 0, TWO, 1, BIT(1) },
	{ "lblcr: half of the other's own weight", LBLCR, TWO,
	  { 9, 90, 9, 9 }, { 90, 44, 10, 11 }, 0, 0, 1, ONE },
	{ "lblcr: nobody is available", LBLCR, TWO,
	  { 9, 9, 9, 9 }, { }, GENMASK(3, 0), 0, -1, TWO },
};

static void rule_name(const struct rule_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(rule, rule_cases, rule_name);

/* Twice: what was decided holds as long as nothing changes. */
static void rule_holds(struct kunit *test)
{
	const struct rule_case *row = test->param_value;
	struct memory *memory = memory_new(test, row->ops);
	struct opvs_dest *dest;
	struct opvs_view *view;
	u32 i;

	dest = servers(test, NULL, SERVERS);
	for (i = 0; i < SERVERS; i++)
		dest[i].weight = row->weight[i] ?: 1;
	view = table(test, memory->state, dest, SERVERS, row->gone);
	for (i = 0; i < SERVERS; i++) {
		dest[i].weight = row->weight[i];
		dest[i].overloaded = row->over & BIT(i);
		fixture_set_load(&dest[i], row->active[i], 0);
	}
	if (row->had)
		give(test, memory->state, 7, row->had);

	KUNIT_EXPECT_EQ(test, pick(view, 7), row->serves);
	KUNIT_EXPECT_EQ(test, has(memory->state, 7), row->has);
	KUNIT_EXPECT_EQ(test, pick(view, 7), row->serves);
	KUNIT_EXPECT_EQ(test, has(memory->state, 7), row->has);
	/* Another address has nothing to do with it. */
	KUNIT_EXPECT_EQ(test, has(memory->state, 8), 0);
}

/* ---- both schedulers ---- */

struct both_case {
	const struct opvs_sched_ops	*ops;
};

static const struct both_case both_cases[] = {
	{ LBLC },
	{ LBLCR },
};

static void both_name(const struct both_case *row, char *desc)
{
	strscpy(desc, row->ops->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(both, both_cases, both_name);

/* Idle servers: addresses are spread by weight, and each stays. */
static void spreads_new_addresses(struct kunit *test)
{
	static const u32 weight[] = { 1, 2, 4 };
	const struct both_case *row = test->param_value;
	struct memory *memory = memory_new(test, row->ops);
	struct opvs_view *view;
	int i, count[3] = {};
	u8 *first;

	first = kunit_kzalloc(test, 7000, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, first);
	view = table(test, memory->state, servers(test, weight, 3), 3, 0);
	for (i = 0; i < 7000; i++) {
		first[i] = pick(view, i);
		KUNIT_ASSERT_LT(test, first[i], 3);
		count[first[i]]++;
	}
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_LE_MSG(test,
				    abs(count[i] - 1000 * (int)weight[i]), 20,
				    "server %d: %d addresses", i, count[i]);
	for (i = 0; i < 7000; i++)
		KUNIT_ASSERT_EQ(test, pick(view, i), first[i]);
}

/* New tables of the service know what the old one did; addresses of a removed
 * server move, and only these; a server that comes back under another id has
 * nothing.
 */
static void outlives_tables(struct kunit *test)
{
	const struct both_case *row = test->param_value;
	struct memory *memory = memory_new(test, row->ops);
	struct opvs_dest *dest = servers(test, NULL, 4);
	struct opvs_view *view;
	int first[300], i, now;

	view = table(test, memory->state, dest, 4, BIT(3));
	for (i = 0; i < 300; i++)
		first[i] = pick(view, i);
	view = table(test, memory->state, dest, 4, 0);
	for (i = 0; i < 300; i++)
		KUNIT_ASSERT_EQ(test, pick(view, i), first[i]);
	view = table(test, memory->state, dest, 4, BIT(1));
	for (i = 0; i < 300; i++) {
		now = pick(view, i);
		KUNIT_ASSERT_NE(test, now, 1);
		if (first[i] != 1)
			KUNIT_ASSERT_EQ(test, now, first[i]);
		first[i] = now;
	}
	view = table(test, memory->state, dest, 4, 0);
	for (i = 0; i < 300; i++)
		KUNIT_ASSERT_EQ(test, pick(view, i), first[i]);
	view = table(test, memory->state, dest, 0, 0);
	KUNIT_EXPECT_EQ(test, pick(view, 1), -1);
}

/* Forgotten, an address is new. */
static void forgotten(struct kunit *test)
{
	const struct both_case *row = test->param_value;
	struct memory *memory = memory_new(test, row->ops);
	struct opvs_dest *dest = servers(test, NULL, 2);
	struct opvs_view *view = table(test, memory->state, dest, 2, 0);
	struct opvs_lbl *lbl = opvs_lbl_of(view);

	give(test, memory->state, 7, BIT(1));
	fixture_set_load(&dest[1], 0, 1);
	opvs_lbl_purge(lbl, opvs_lbl_now() + EXPIRATION - 10);
	KUNIT_EXPECT_EQ(test, pick(view, 7), 1);
	opvs_lbl_purge(lbl, opvs_lbl_now() + EXPIRATION + 10);
	KUNIT_EXPECT_EQ(test, has(memory->state, 7), 0);
	KUNIT_EXPECT_EQ(test, pick(view, 7), 0);
}

/* Each address of the full memory has its server, and others get one each time. */
static void beyond_the_limit(struct kunit *test)
{
	const struct both_case *row = test->param_value;
	struct memory *memory = memory_new(test, row->ops);
	struct opvs_dest *dest = servers(test, NULL, 2);
	struct opvs_view *view = table(test, memory->state, dest, 2, 0);

	opvs_lbl_of(view)->entries.max = 1;
	dest[0].overloaded = true;
	KUNIT_EXPECT_EQ(test, pick(view, 7), 1);
	dest[0].overloaded = false;
	fixture_set_load(&dest[1], 0, 1);
	KUNIT_EXPECT_EQ(test, pick(view, 8), 0);
	KUNIT_EXPECT_EQ(test, has(memory->state, 8), 0);
	KUNIT_EXPECT_EQ(test, pick(view, 7), 1);
}

/* An address's server is remembered, also where that of a packet is not: so
 * connections and calls are the load.
 */
static void per_packet(struct kunit *test)
{
	const struct both_case *row = test->param_value;
	struct memory *memory = memory_new(test, row->ops);
	struct opvs_dest *dest = servers(test, NULL, 2);
	struct opvs_view *view = table(test, memory->state, dest, 2, 0);
	int i;

	fixture_set_load(&dest[0], 100, 0);
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, pick_as(view, i, true), 1);
	fixture_set_load(&dest[0], 0, 0);
	fixture_set_load(&dest[1], 0, 1);
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, pick_as(view, i, true), 1);
	for (i = 10; i < 20; i++)
		KUNIT_EXPECT_EQ(test, pick_as(view, i, true), 0);
}

/* ---- a real service ---- */

static struct opvs_sched_state *state_of(struct opvs_svc *svc)
{
	struct opvs_sched_state *state;

	mutex_lock(&svc->on->cfg_lock);
	state = rcu_dereference_protected(svc->view, true)->state;
	mutex_unlock(&svc->on->cfg_lock);
	return state;
}

static u64 id_for(struct opvs_svc *svc, u32 addr)
{
	struct opvs_flow flow = flow_to(addr);
	struct opvs_sched_req req = { .flow = &flow };
	const struct opvs_view *view;
	struct opvs_dest *dest;
	u64 id = 0;

	local_bh_disable();
	rcu_read_lock();
	view = rcu_dereference(svc->view);
	dest = view->ops->pick(view, &req);
	if (dest)
		id = dest->id;
	rcu_read_unlock();
	local_bh_enable();
	return id;
}

static void set_sched(struct kunit *test, struct opvs_svc *svc,
		      const struct opvs_sched_ops *ops)
{
	struct opvs_svc_conf conf = svc->conf;

	conf.sched = ops;
	mutex_lock(&svc->on->cfg_lock);
	KUNIT_EXPECT_EQ(test, opvs_svc_edit(svc, &conf, NULL), 0);
	mutex_unlock(&svc->on->cfg_lock);
}

/* Its memory is there from the first table to the last with this scheduler, and
 * then it goes; a server that is added again is another one.
 */
static void service_life(struct kunit *test)
{
	const struct both_case *row = test->param_value;
	struct opvs_sched_state *state;
	struct opvs_svc_conf conf;
	struct opvs_dest *one;
	struct opvs_net *on;
	struct opvs_svc *svc;
	u64 id;

	KUNIT_ASSERT_EQ(test, opvs_test_net_init(test, &on), 0);
	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	conf.sched = row->ops;
	svc = opvs_test_svc_as(test, on, &conf);
	state = state_of(svc);
	KUNIT_ASSERT_NOT_NULL(test, state);
	KUNIT_EXPECT_EQ(test, id_for(svc, 7), 0);
	one = opvs_test_dest(test, svc, 0xc633640b, 80);
	id = one->id;
	KUNIT_EXPECT_EQ(test, id_for(svc, 7), id);
	opvs_test_dest(test, svc, 0xc633640c, 80);
	KUNIT_EXPECT_EQ(test, id_for(svc, 7), id);
	KUNIT_EXPECT_PTR_EQ(test, state_of(svc), state);

	opvs_test_dest_del(test, one);
	KUNIT_EXPECT_EQ(test, id_for(svc, 7), id + 1);
	opvs_test_dest(test, svc, 0xc633640b, 80);
	KUNIT_EXPECT_EQ(test, id_for(svc, 7), id + 1);
	KUNIT_EXPECT_PTR_EQ(test, state_of(svc), state);

	set_sched(test, svc, &opvs_sched_rr);
	KUNIT_EXPECT_NULL(test, state_of(svc));
	set_sched(test, svc, row->ops);
	KUNIT_EXPECT_EQ(test, id_for(svc, 7) > id, 1);
	opvs_test_net_exit(test, on);
}

static struct kunit_case lblc_cases[] = {
	KUNIT_CASE_PARAM(rule_holds, rule_gen_params),
	KUNIT_CASE_PARAM(spreads_new_addresses, both_gen_params),
	KUNIT_CASE_PARAM(outlives_tables, both_gen_params),
	KUNIT_CASE_PARAM(forgotten, both_gen_params),
	KUNIT_CASE_PARAM(beyond_the_limit, both_gen_params),
	KUNIT_CASE_PARAM(per_packet, both_gen_params),
	KUNIT_CASE_PARAM(service_life, both_gen_params),
	{}
};

static struct kunit_suite lblc_suite = {
	.name = "opvs_lblc",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = lblc_cases,
};

kunit_test_suite(lblc_suite);

MODULE_DESCRIPTION("opvs: unit tests of lblc and lblcr");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
