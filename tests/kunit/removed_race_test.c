// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of the removal of a server while its last connections end, and
 * while packets that found it begin others.
 *
 *	client 203.0.113.5 --- service 192.0.2.1:80 --- server 198.51.100.11:8080
 */
#include <opvs/svc.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/sched.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/in.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

#include "race_fixture.h"
#include "testlib.h"

#define CLIENT		0xcb007105
#define SERVER		0xc633640b

/* Most wait for a grace period or two. */
#define REMOVED_ROUNDS	50

static struct opvs_net *on;
static struct opvs_svc *svc;
static struct opvs_dest *dest;

static int removed_init(struct kunit *test)
{
	int err = opvs_test_net_init(test, &on);
	struct opvs_svc_conf conf;

	if (err)
		return err;
	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	svc = opvs_test_svc_as(test, on, &conf);
	dest = opvs_test_dest(test, svc, SERVER, 8080);
	return 0;
}

static void removed_exit(struct kunit *test)
{
	opvs_test_net_exit(test, on);
}

static struct opvs_conn *track_to(struct opvs_dest *to, u16 port)
{
	struct opvs_conn_start start;

	opvs_test_start(&start, to, CLIENT, port);
	start.word = OPVS_CONN_ACTIVE;
	return opvs_test_track(on, &start);
}

static struct opvs_conn *racing[RACE_THREADS];

static int add_again(void)
{
	struct opvs_dest_conf conf;
	int err;

	opvs_test_dest_conf(&conf, SERVER, 8080);
	mutex_lock(&on->cfg_lock);
	err = opvs_dest_add(svc, &conf, NULL);
	dest = opvs_dest_find(svc, &conf.key);
	mutex_unlock(&on->cfg_lock);
	return err ?: dest ? 0 : -ENOENT;
}

static int remove_it(void)
{
	int err;

	mutex_lock(&on->cfg_lock);
	err = opvs_dest_del(dest, NULL);
	mutex_unlock(&on->cfg_lock);
	return err;
}

static bool begin_all(struct race *race)
{
	unsigned int i;

	for (i = 1; i < race->threads; i++) {
		racing[i] = track_to(dest, i);
		if (IS_ERR(racing[i]))
			return false;
	}
	return true;
}

static bool end_one(unsigned int id)
{
	bool ended;

	rcu_read_lock();
	ended = opvs_conn_end(racing[id]);
	rcu_read_unlock();
	return ended;
}

/* One removes the server while the others end its connections. */
static void race_removal(struct race *race, unsigned int id, unsigned int round)
{
	if (id)
		race_expect(race, end_one(id));
	else
		race_expect(race, !remove_it());
}

static void judge_removal(struct race *race, unsigned int round)
{
	race_expect(race, opvs_test_live(on, 1));
	race_expect(race, !add_again());
	race_expect(race, begin_all(race));
}

static void removed_race(struct kunit *test)
{
	struct race race = {
		.threads = RACE_THREADS,
		.rounds = REMOVED_ROUNDS,
		.run = race_removal,
		.judge = judge_removal,
	};

	KUNIT_ASSERT_TRUE(test, begin_all(&race));
	race_run(test, &race);
}

/* As above, and it is added again at once. */
static void race_return(struct race *race, unsigned int id, unsigned int round)
{
	if (id) {
		race_expect(race, end_one(id));
		return;
	}
	race_expect(race, !remove_it());
	race_expect(race, !add_again());
}

static void judge_return(struct race *race, unsigned int round)
{
	race_expect(race, opvs_test_live(on, 2));
	race_expect(race, !atomic_read(&dest->conns));
	race_expect(race, !READ_ONCE(dest->removed));
	race_expect(race, begin_all(race));
}

static void removed_race_return(struct kunit *test)
{
	struct race race = {
		.threads = RACE_THREADS,
		.rounds = REMOVED_ROUNDS,
		.run = race_return,
		.judge = judge_return,
	};

	KUNIT_ASSERT_TRUE(test, begin_all(&race));
	race_run(test, &race);
}

/* As a packet does: to the server that the service shows, in one read section.
 * NULL: it shows none.
 */
static struct opvs_conn *begin_as_packet(u16 port)
{
	struct opvs_conn *cp = NULL;
	const struct opvs_view *view;

	local_bh_disable();
	rcu_read_lock();
	view = rcu_dereference(svc->view);
	if (view->count)
		cp = track_to(view->member[0].dest, port);
	rcu_read_unlock();
	local_bh_enable();
	return cp;
}

/* One removes the server and has it let go, the others begin connections. */
static void race_begin(struct race *race, unsigned int id, unsigned int round)
{
	if (id) {
		racing[id] = begin_as_packet(id);
		return;
	}
	race_expect(race, !remove_it());
	flush_work(&on->clock.idle);
}

/* Either there is no connection, or its server waits for it and comes back. */
static void judge_begin(struct race *race, unsigned int round)
{
	struct opvs_dest *its = NULL;
	unsigned int i;

	for (i = 1; i < race->threads; i++)
		if (!IS_ERR_OR_NULL(racing[i]))
			its = racing[i]->dest;
	race_expect(race, !its || !percpu_ref_is_dying(&its->ref));
	race_expect(race, !add_again());
	race_expect(race, !its || its == dest);
	for (i = 1; i < race->threads; i++)
		if (!IS_ERR_OR_NULL(racing[i]))
			race_expect(race, end_one(i));
	race_expect(race, !atomic_read(&dest->conns));
}

static void removed_race_begin(struct kunit *test)
{
	struct race race = {
		.threads = RACE_THREADS,
		.rounds = 10 * REMOVED_ROUNDS,
		.run = race_begin,
		.judge = judge_begin,
	};

	race_run(test, &race);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 2));
}

static struct kunit_case removed_race_cases[] = {
	KUNIT_CASE(removed_race),
	KUNIT_CASE(removed_race_return),
	KUNIT_CASE(removed_race_begin),
	{}
};

static struct kunit_suite removed_race_suite = {
	.name = "opvs_removed_race",
	.init = removed_init,
	.exit = removed_exit,
	.test_cases = removed_race_cases,
};

kunit_test_suite(removed_race_suite);

MODULE_DESCRIPTION("opvs: unit tests of removals against connections");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
