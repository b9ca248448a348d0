// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of the memory of lblc and lblcr: what it keeps, and for how long. */
#include "../../net/sched/lbl.h"

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "race_fixture.h"

#define NOW		1000000
#define EXPIRATION	100
/* The real limit differs in nothing but the time that it takes to get there. */
#define LIMIT		4096

static int expiration;
static struct opvs_limit all;
static struct opvs_lbl *lbl;

static int lbl_init(struct kunit *test)
{
	struct opvs_sched_state *state;

	expiration = EXPIRATION;
	all.max = 0;
	state = opvs_lbl_new(&expiration, &all);
	if (!state)
		return -ENOMEM;
	lbl = container_of(state, struct opvs_lbl, state);
	KUNIT_EXPECT_EQ(test, lbl->entries.max, OPVS_LBL_MAX);
	lbl->entries.max = LIMIT;
	return 0;
}

static void lbl_exit(struct kunit *test)
{
	opvs_lbl_free(&lbl->state);
	KUNIT_EXPECT_EQ(test, atomic_read(&all.count), 0);
}

/* IPv4 address number @i. */
static union nf_inet_addr addr_of(u32 i)
{
	return (union nf_inet_addr){ .ip = htonl(0x0a000000 + i) };
}

static bool add(u32 i, u64 server, u32 now)
{
	union nf_inet_addr addr = addr_of(i);
	bool added;

	rcu_read_lock();
	added = !opvs_lbl_add(lbl, &addr, server, now);
	rcu_read_unlock();
	return added;
}

/* The only or first server of an address, 0 if it is not known. */
static u64 server_of(u32 i, u32 now)
{
	union nf_inet_addr addr = addr_of(i);
	const struct opvs_lbl_entry *entry;
	u64 server = 0;

	rcu_read_lock();
	entry = opvs_lbl_find(lbl, &addr, now);
	if (entry)
		server = entry->server[0];
	rcu_read_unlock();
	return server;
}

static bool replace(u32 i, const u64 *server, u32 count, u32 now)
{
	union nf_inet_addr addr = addr_of(i);
	const struct opvs_lbl_entry *entry;
	bool replaced = false;

	rcu_read_lock();
	entry = opvs_lbl_find(lbl, &addr, now);
	if (entry)
		replaced = opvs_lbl_replace(lbl, entry, server, count, now);
	rcu_read_unlock();
	return replaced;
}

static int count(void)
{
	return atomic_read(&lbl->entries.count);
}

static void remembers(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, server_of(1, NOW), 0);
	KUNIT_EXPECT_TRUE(test, add(1, 77, NOW));
	KUNIT_EXPECT_EQ(test, server_of(1, NOW), 77);
	KUNIT_EXPECT_EQ(test, server_of(2, NOW), 0);
	KUNIT_EXPECT_EQ(test, count(), 1);
}

/* The second of two CPUs that met a new address learns what the first did. */
static void first_wins(struct kunit *test)
{
	union nf_inet_addr addr = addr_of(1);
	const struct opvs_lbl_entry *other;

	KUNIT_ASSERT_TRUE(test, add(1, 77, NOW));
	rcu_read_lock();
	other = opvs_lbl_add(lbl, &addr, 88, NOW);
	KUNIT_EXPECT_NOT_NULL(test, other);
	if (other)
		KUNIT_EXPECT_EQ(test, other->server[0], 77);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, server_of(1, NOW), 77);
	KUNIT_EXPECT_EQ(test, count(), 1);
}

static void every_byte_counts(struct kunit *test)
{
	union nf_inet_addr addr;
	const struct opvs_lbl_entry *entry;
	int i;

	rcu_read_lock();
	for (i = 0; i < 16; i++) {
		memset(&addr, 0, sizeof(addr));
		((u8 *)&addr)[i] = 1;
		KUNIT_EXPECT_NULL(test, opvs_lbl_add(lbl, &addr, i + 1, NOW));
	}
	for (i = 0; i < 16; i++) {
		memset(&addr, 0, sizeof(addr));
		((u8 *)&addr)[i] = 1;
		entry = opvs_lbl_find(lbl, &addr, NOW);
		KUNIT_EXPECT_NOT_NULL(test, entry);
		if (entry)
			KUNIT_EXPECT_EQ(test, entry->server[0], i + 1);
	}
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, count(), 16);
}

static void replaces(struct kunit *test)
{
	static const u64 two[] = { 88, 99 };
	union nf_inet_addr addr = addr_of(1);
	const struct opvs_lbl_entry *entry;

	add(1, 77, NOW);
	add(2, 66, NOW);
	KUNIT_EXPECT_TRUE(test, replace(1, two, 2, NOW + 5));

	rcu_read_lock();
	entry = opvs_lbl_find(lbl, &addr, NOW + 5);
	KUNIT_EXPECT_NOT_NULL(test, entry);
	if (entry) {
		KUNIT_EXPECT_EQ(test, entry->count, 2);
		KUNIT_EXPECT_EQ(test, entry->server[0], 88);
		KUNIT_EXPECT_EQ(test, entry->server[1], 99);
		KUNIT_EXPECT_EQ(test, entry->changed, NOW + 5);
	}
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, server_of(2, NOW), 66);
	KUNIT_EXPECT_EQ(test, count(), 2);
}

/* Of two CPUs that saw the same entry, one replaces it; nor does a replacement
 * bring back what was forgotten.
 */
static void replaces_once(struct kunit *test)
{
	static const u64 server[] = { 88, 99 };
	union nf_inet_addr addr = addr_of(1);
	const struct opvs_lbl_entry *entry;

	add(1, 77, NOW);
	rcu_read_lock();
	entry = opvs_lbl_find(lbl, &addr, NOW);
	KUNIT_EXPECT_TRUE(test, opvs_lbl_replace(lbl, entry, server, 1, NOW));
	KUNIT_EXPECT_FALSE(test, opvs_lbl_replace(lbl, entry, server + 1, 1,
						  NOW));
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, server_of(1, NOW), 88);

	KUNIT_EXPECT_FALSE(test, replace(2, server, 1, NOW));
	KUNIT_EXPECT_EQ(test, server_of(2, NOW), 0);
	KUNIT_EXPECT_EQ(test, count(), 1);
}

/* Added or last used at NOW, and looked at by a purge at NOW + @after. */
struct age_case {
	const char	*name;
	int		after;
	bool		stays;
};

static const struct age_case age_cases[] = {
	{ "at once", 0, true },
	{ "just before it expires", EXPIRATION - 1, true },
	{ "when it expires", EXPIRATION, false },
	{ "later", EXPIRATION + 1, false },
	{ "much later", INT_MAX / 2, false },
	{ "by a clock that is behind", -1, true },
};

static void age_name(const struct age_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(age, age_cases, age_name);

static void expires(struct kunit *test)
{
	const struct age_case *row = test->param_value;

	add(1, 77, NOW);
	opvs_lbl_purge(lbl, NOW + row->after);
	KUNIT_EXPECT_EQ(test, count(), row->stays);
	KUNIT_EXPECT_EQ(test, server_of(1, NOW), row->stays ? 77 : 0);
}

static void expires_by_use(struct kunit *test)
{
	const struct age_case *row = test->param_value;

	add(1, 77, NOW - EXPIRATION + 1);
	add(2, 77, NOW - EXPIRATION + 1);
	KUNIT_EXPECT_EQ(test, server_of(1, NOW), 77);
	opvs_lbl_purge(lbl, NOW + row->after);
	KUNIT_EXPECT_EQ(test, server_of(1, NOW), row->stays ? 77 : 0);
	/* ... which is the use that counts, and not another address's. */
	if (row->after > 0)
		KUNIT_EXPECT_EQ(test, server_of(2, NOW), 0);
}

/* The setting counts as it is at the purge. */
static void expires_by_setting(struct kunit *test)
{
	add(1, 77, NOW);
	WRITE_ONCE(expiration, 10);
	opvs_lbl_purge(lbl, NOW + 9);
	KUNIT_EXPECT_EQ(test, count(), 1);
	opvs_lbl_purge(lbl, NOW + 10);
	KUNIT_EXPECT_EQ(test, count(), 0);

	/* Below 0, as net.ipv4.vs takes it: at once, not never. */
	add(1, 77, NOW);
	WRITE_ONCE(expiration, -10);
	opvs_lbl_purge(lbl, NOW);
	KUNIT_EXPECT_EQ(test, count(), 0);
}

static void fill(u32 from, u32 to, u32 now)
{
	u32 i;

	for (i = from; i < to; i++) {
		add(i, i + 1, now);
		if (!(i % 256))
			cond_resched();
	}
}

/* How many of these addresses are known; asking for them is a use of them. */
static u32 known(u32 from, u32 to)
{
	u32 i, found = 0;

	for (i = from; i < to; i++)
		found += !!server_of(i, NOW);
	return found;
}

/* So many and no more; beyond that an address is simply not remembered. */
static void has_a_limit(struct kunit *test)
{
	fill(0, LIMIT, NOW);
	KUNIT_EXPECT_EQ(test, count(), LIMIT);
	KUNIT_EXPECT_EQ(test, known(0, LIMIT), LIMIT);

	KUNIT_EXPECT_TRUE(test, add(LIMIT, 77, NOW));
	KUNIT_EXPECT_EQ(test, server_of(LIMIT, NOW), 0);
	KUNIT_EXPECT_EQ(test, count(), LIMIT);
	KUNIT_EXPECT_EQ(test, server_of(LIMIT - 1, NOW), LIMIT);
}

/* Only a crowd is a reason to call for a purge before its time. */
static void calls_for_purge(struct kunit *test)
{
	expiration = 86400;
	fill(0, LIMIT / 8 * 7, NOW);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(lbl->hurried));
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&lbl->purge));
	/* It comes in a second, and again when it is called for again. */
	add(LIMIT / 8 * 7, 77, NOW);
	KUNIT_EXPECT_TRUE(test, READ_ONCE(lbl->hurried));
	KUNIT_EXPECT_TRUE(test,
			  time_before_eq(lbl->purge.timer.expires,
					 jiffies + HZ));
	cancel_delayed_work_sync(&lbl->purge);
}

/* A crowd makes for early forgetting: of those that nobody asked for, the
 * oldest, and only until there is room.  A walk may miss a few.
 */
static void makes_room(struct kunit *test)
{
	const u32 used = 100, quarter = LIMIT / 4;
	u32 i;

	expiration = 86400;
	for (i = 0; i < 4; i++)
		fill(i * quarter, (i + 1) * quarter, NOW + i * 10);
	for (i = 0; i < used; i++)
		KUNIT_ASSERT_EQ(test, server_of(i, NOW + 40), i + 1);

	opvs_lbl_purge(lbl, NOW + 40);
	KUNIT_EXPECT_LE(test, count(), LIMIT / 8 * 6);
	KUNIT_EXPECT_EQ(test, known(0, used), used);
	/* Those of 40 and of 30 seconds; more was not needed. */
	KUNIT_EXPECT_LT(test, known(used, 2 * quarter), quarter / 10);
	KUNIT_EXPECT_EQ(test, known(2 * quarter, 4 * quarter), 2 * quarter);
	KUNIT_EXPECT_EQ(test, count(), known(0, LIMIT));
}

/* A flood within one second does not wash out what is in use in that second. */
static void survives_flood(struct kunit *test)
{
	const u32 used = 100;
	u32 i;

	expiration = 86400;
	fill(0, used, NOW - 1000);
	fill(used, LIMIT, NOW);
	for (i = 0; i < used; i++)
		server_of(i, NOW + 1);
	opvs_lbl_purge(lbl, NOW + 1);
	KUNIT_EXPECT_EQ(test, known(0, used), used);
	KUNIT_EXPECT_LT(test, count(), used + LIMIT / 20);
}

/* All were used just now: none can be spared. */
static void keeps_what_is_in_use(struct kunit *test)
{
	expiration = 86400;
	fill(0, LIMIT, NOW);
	opvs_lbl_purge(lbl, NOW);
	KUNIT_EXPECT_EQ(test, count(), LIMIT);
}

static bool asleep(void)
{
	return !count() && !work_busy(&lbl->purge.work);
}

/* The work is there as long as there are entries, each time anew. */
static void sleeps_when_empty(struct kunit *test)
{
	unsigned long end = jiffies + 20 * HZ;
	int round;

	expiration = 1;
	for (round = 0; round < 2; round++) {
		KUNIT_EXPECT_TRUE(test, asleep());
		add(1, 77, opvs_lbl_now());
		KUNIT_EXPECT_TRUE(test, delayed_work_pending(&lbl->purge));
		while (!asleep() && time_before(jiffies, end))
			msleep(20);
		KUNIT_EXPECT_TRUE(test, asleep());
		KUNIT_EXPECT_EQ(test, server_of(1, opvs_lbl_now()), 0);
	}
}

/* ---- at the same moment ---- */

static struct race race;
static atomic_t added;

static void race_add(struct race *race, unsigned int id, unsigned int round)
{
	if (add(round, id + 1, NOW))
		atomic_inc(&added);
}

/* One of them did it, is known, and there will be a purge. */
static void race_added_once(struct race *race, unsigned int round)
{
	u64 server = server_of(round, NOW);

	race_expect(race, atomic_read(&added) == 1);
	race_expect(race, server >= 1 && server <= race->threads);
	race_expect(race, count() == 1);
	race_expect(race, delayed_work_pending(&lbl->purge));
	atomic_set(&added, 0);
	cancel_delayed_work_sync(&lbl->purge);
	opvs_lbl_purge(lbl, NOW + EXPIRATION);
	race_expect(race, !count());
}

static void races_to_add(struct kunit *test)
{
	race = (struct race){
		.threads	= 4,
		.rounds		= RACE_ROUNDS,
		.run		= race_add,
		.judge		= race_added_once,
	};
	race_run(test, &race);
}

#define RACE_ADDRESSES	64

/* All that is found of an address is true: servers are written as 1000 times
 * its number, and something.
 */
static void race_use(struct race *race, unsigned int id, unsigned int round)
{
	u32 i = round * 7 % RACE_ADDRESSES;
	u64 server[3] = { i * 1000 + id, i * 1000 + 7, i * 1000 + 8 }, found;

	found = server_of(i, NOW + round);
	race_expect(race, !found || found / 1000 == i);
	if (!found)
		add(i, server[0], NOW + round);
	else if (!(round % 3))
		replace(i, server, 1 + round % 3, NOW + round);
}

static void race_use_or_purge(struct race *race, unsigned int id,
			      unsigned int round)
{
	if (id)
		race_use(race, id, round);
	else if (!(round % 8))
		opvs_lbl_purge(lbl, NOW + round);
}

static void race_counted(struct race *race, unsigned int round)
{
	race_expect(race, count() == atomic_read(&lbl->table.nelems));
	race_expect(race, count() <= RACE_ADDRESSES);
}

static void races_with_purge(struct kunit *test)
{
	expiration = 16;
	race = (struct race){
		.threads	= 4,
		.rounds		= RACE_ROUNDS,
		.run		= race_use_or_purge,
		.judge		= race_counted,
	};
	race_run(test, &race);
	opvs_lbl_purge(lbl, NOW + RACE_ROUNDS + EXPIRATION);
	KUNIT_EXPECT_EQ(test, count(), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&lbl->table.nelems), 0);
}

static struct kunit_case lbl_cases[] = {
	KUNIT_CASE(remembers),
	KUNIT_CASE(first_wins),
	KUNIT_CASE(every_byte_counts),
	KUNIT_CASE(replaces),
	KUNIT_CASE(replaces_once),
	KUNIT_CASE_PARAM(expires, age_gen_params),
	KUNIT_CASE_PARAM(expires_by_use, age_gen_params),
	KUNIT_CASE(expires_by_setting),
	KUNIT_CASE(has_a_limit),
	KUNIT_CASE(calls_for_purge),
	KUNIT_CASE(makes_room),
	KUNIT_CASE(survives_flood),
	KUNIT_CASE(keeps_what_is_in_use),
	KUNIT_CASE(sleeps_when_empty),
	KUNIT_CASE(races_to_add),
	KUNIT_CASE(races_with_purge),
	{}
};

static struct kunit_suite lbl_suite = {
	.name = "opvs_lbl",
	.init = lbl_init,
	.exit = lbl_exit,
	.test_cases = lbl_cases,
};

kunit_test_suite(lbl_suite);

MODULE_DESCRIPTION("opvs: unit tests of the memory of lblc and lblcr");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
