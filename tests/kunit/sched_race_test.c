// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of schedulers that two processors use at the same moment: what is
 * shared out is shared out fairly in the end, and nothing is lost.
 */
#include <opvs/sched.h>

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "race_fixture.h"
#include "sched_fixture.h"

#define SERVERS		5
#define THREADS		2

/* Picks of each thread, a million in all; and how many at a time, as a softirq
 * has many packets.
 */
#define PICKS		500000
#define BURST		50

/* A random number takes long where memory is watched on emulated processors. */
#define RANDOM_PICKS	(IS_ENABLED(CONFIG_KASAN) && num_online_cpus() > 1 ? \
			 20000 : PICKS)

static const u32 weights[SERVERS] = { 1, 2, 4, 8, 1 };

/* How many picks a share may be off. */
struct fair_case {
	const struct opvs_sched_ops	*ops;
	bool				weighted;
	bool				random;
	u32				off;
};

static const struct fair_case fair_cases[] = {
	/* Each processor's turns are exact. */
	{ &opvs_sched_rr, .off = THREADS },
	{ &opvs_sched_wrr, .weighted = true, .off = 2 * THREADS },
	/* Both may choose the same one, and then both another. */
	{ &opvs_sched_lc, .off = 2 * THREADS },
	{ &opvs_sched_wlc, .weighted = true, .off = 2 * THREADS },
	{ &opvs_sched_sed, .weighted = true, .off = 2 * THREADS },
	{ &opvs_sched_nq, .weighted = true, .off = 2 * THREADS },
	{ &opvs_sched_twos, .weighted = true, .random = true, .off = 50 },
};

static void fair_case_name(const struct fair_case *row, char *desc)
{
	strscpy(desc, row->ops->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(fair, fair_cases, fair_case_name);

static struct race race;
static const struct opvs_view *race_table;
static u32 race_got[THREADS][SERVERS];
static u32 race_count;

/* A packet's choice, and the connection that it begins. */
static bool race_connect(unsigned int id)
{
	static const struct opvs_sched_req req;
	struct opvs_dest *dest;
	int got;

	got = fixture_pick(race_table, &req);
	if (got < 0)
		return false;
	dest = race_table->member[got].dest;
	atomic_inc(&dest->conns);
	atomic_inc(&dest->active);
	race_got[id][got]++;
	return true;
}

static void race_picks(struct race *race, unsigned int id, unsigned int round)
{
	u32 done, i;

	for (done = 0; done < race_count; done += BURST) {
		local_bh_disable();
		rcu_read_lock();
		for (i = 0; i < BURST; i++)
			race_expect(race, race_connect(id));
		rcu_read_unlock();
		local_bh_enable();
		cond_resched();
	}
}

static void sched_race_fair(struct kunit *test)
{
	const struct fair_case *row = test->param_value;
	struct opvs_dest *dest = fixture_servers(test, weights, SERVERS);
	u32 i, got, due, sum = 0;

	race_count = row->random ? RANDOM_PICKS : PICKS;
	memset(race_got, 0, sizeof(race_got));
	race_table = fixture_table(test, row->ops, dest, SERVERS, 0, NULL);
	race = (struct race){
		.threads	= THREADS,
		.rounds		= 1,
		.run		= race_picks,
	};
	race_run(test, &race);

	for (i = 0; i < SERVERS; i++)
		sum += row->weighted ? weights[i] : 1;
	for (i = 0; i < SERVERS; i++) {
		got = race_got[0][i] + race_got[1][i];
		due = div_u64((u64)THREADS * race_count *
			      (row->weighted ? weights[i] : 1), sum);
		KUNIT_EXPECT_EQ(test, fixture_active(&dest[i]), got);
		KUNIT_EXPECT_LE_MSG(test, abs((int)(got - due)), row->off,
				    "server %u: %u, not %u", i, got, due);
	}
}

static struct kunit_case sched_race_test_cases[] = {
	KUNIT_CASE_PARAM(sched_race_fair, fair_gen_params),
	{}
};

static struct kunit_suite sched_race_suite = {
	.name = "opvs_sched_race",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = sched_race_test_cases,
};

kunit_test_suite(sched_race_suite);

MODULE_DESCRIPTION("opvs: unit tests of schedulers on two processors");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
