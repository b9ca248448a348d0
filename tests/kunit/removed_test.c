// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of removed servers and services whose connections go on: they
 * wait, they come back with all that they had, and they go with the last
 * connection, whoever ends that.
 *
 *	client 203.0.113.5 --- service 192.0.2.1:80 --- server 198.51.100.11:8080
 */
#include <opvs/svc.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/sched.h>
#include <opvs/stats.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

#include "testlib.h"

#define CLIENT		0xcb007105
#define SERVER		0xc633640b

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

static struct opvs_conn *track(struct kunit *test, u16 port)
{
	struct opvs_conn *cp = track_to(dest, port);

	KUNIT_ASSERT_FALSE(test, IS_ERR(cp));
	return cp;
}

static void end(struct kunit *test, struct opvs_conn *cp)
{
	rcu_read_lock();
	KUNIT_EXPECT_TRUE(test, opvs_conn_end(cp));
	rcu_read_unlock();
}

static int live(void)
{
	return atomic_read(&on->svc.live);
}

/* Does a packet get the server? */
static bool scheduled(void)
{
	const struct opvs_view *view;
	bool found = false;
	u32 i;

	rcu_read_lock();
	view = rcu_dereference(svc->view);
	for (i = 0; i < view->count; i++)
		found |= view->member[i].dest == dest;
	rcu_read_unlock();
	return found;
}

static void expect_waiting(struct kunit *test)
{
	opvs_test_grace();
	KUNIT_EXPECT_TRUE(test, READ_ONCE(dest->removed));
	KUNIT_EXPECT_FALSE(test, scheduled());
	KUNIT_EXPECT_TRUE(test, list_is_singular(&svc->removed_dests));
	KUNIT_EXPECT_EQ(test, live(), 2);
}

/* Nothing but its own removal can take it away. */
static void expect_back(struct kunit *test)
{
	opvs_test_grace();
	flush_work(&on->clock.idle);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(dest->removed));
	KUNIT_EXPECT_TRUE(test, scheduled());
	KUNIT_EXPECT_TRUE(test, list_empty(&svc->removed_dests));
	KUNIT_EXPECT_EQ(test, svc->num_dests, 1);
	KUNIT_EXPECT_EQ(test, live(), 2);
}

/* ---- servers ---- */

static void removed_waits(struct kunit *test)
{
	struct opvs_conn *a = track(test, 1), *b = track(test, 2);

	opvs_test_dest_del(test, dest);
	expect_waiting(test);
	KUNIT_EXPECT_FALSE(test, opvs_conn_dead(a));
	KUNIT_EXPECT_EQ(test, svc->num_dests, 0);
	end(test, a);
	expect_waiting(test);
	end(test, b);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 1));
	KUNIT_EXPECT_TRUE(test, list_empty(&svc->removed_dests));
}

static void removed_idle_goes(struct kunit *test)
{
	end(test, track(test, 1));
	opvs_test_dest_del(test, dest);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 1));
}

/* A template is reason enough to wait. */
static void removed_template_waits(struct kunit *test)
{
	struct opvs_conn_start start;
	struct opvs_conn *tp;

	opvs_test_start(&start, dest, CLIENT, 0);
	start.tuple.kind = OPVS_TUPLE_TEMPLATE;
	start.flags = IP_VS_CONN_F_TEMPLATE;
	tp = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(tp));
	opvs_test_dest_del(test, dest);
	expect_waiting(test);
	end(test, tp);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 1));
}

/* The sweeper lets go, too. */
static void removed_expires(struct kunit *test)
{
	struct opvs_conn *cp = track(test, 1);

	opvs_test_dest_del(test, dest);
	rcu_read_lock();
	KUNIT_EXPECT_TRUE(test, opvs_conn_expire(cp));
	rcu_read_unlock();
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 1));
}

static void removed_comes_back(struct kunit *test)
{
	struct opvs_conn *a = track(test, 1), *b = track(test, 2);

	opvs_test_dest_del(test, dest);
	opvs_test_grace();
	KUNIT_EXPECT_PTR_EQ(test, opvs_test_dest(test, svc, SERVER, 8080), dest);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->conns), 2);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->active), 2);
	KUNIT_EXPECT_FALSE(test, opvs_conn_dead(a));
	expect_back(test);

	/* It does not go with its connections now. */
	end(test, a);
	end(test, b);
	expect_back(test);
	track(test, 3);
	opvs_test_dest_del(test, dest);
	expect_waiting(test);
}

/* By another port it is another server. */
static void removed_other_server(struct kunit *test)
{
	struct opvs_dest *other;

	track(test, 1);
	opvs_test_dest_del(test, dest);
	other = opvs_test_dest(test, svc, SERVER, 8081);
	KUNIT_EXPECT_PTR_NE(test, other, dest);
	KUNIT_EXPECT_EQ(test, atomic_read(&other->conns), 0);
	KUNIT_EXPECT_TRUE(test, READ_ONCE(dest->removed));
	KUNIT_EXPECT_EQ(test, live(), 3);
}

/* It comes back with another configuration. */
static void removed_reconfigured(struct kunit *test)
{
	struct opvs_dest_conf conf;

	track(test, 1);
	opvs_test_dest_del(test, dest);
	opvs_test_dest_conf(&conf, SERVER, 8080);
	conf.weight = 5;
	conf.u_threshold = 1;
	KUNIT_EXPECT_PTR_EQ(test, opvs_test_dest_as(test, svc, &conf), dest);
	KUNIT_EXPECT_EQ(test, dest->weight, 5);
	/* The connection that it brings counts. */
	KUNIT_EXPECT_FALSE(test, opvs_dest_available(dest));
}

/* A wrong configuration does not end the wait. */
static void removed_refused(struct kunit *test)
{
	struct opvs_dest_conf conf;
	struct opvs_conn *cp = track(test, 1);
	int err;

	opvs_test_dest_del(test, dest);
	opvs_test_dest_conf(&conf, SERVER, 8080);
	conf.l_threshold = 1;
	mutex_lock(&on->cfg_lock);
	err = opvs_dest_add(svc, &conf, NULL);
	mutex_unlock(&on->cfg_lock);
	KUNIT_EXPECT_EQ(test, err, -ERANGE);
	expect_waiting(test);
	end(test, cp);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 1));
}

/* Its last connection goes, and before anybody could let go of it, it comes
 * back; and then the same in earnest.
 */
static void removed_just_in_time(struct kunit *test)
{
	struct opvs_conn *cp = track(test, 1);
	struct opvs_dest_conf conf;
	int err;

	opvs_test_dest_conf(&conf, SERVER, 8080);
	mutex_lock(&on->cfg_lock);
	err = opvs_dest_del(dest, NULL);
	end(test, cp);
	KUNIT_EXPECT_TRUE(test, test_bit(0, &dest->idle_queued));
	err = err ?: opvs_dest_add(svc, &conf, NULL);
	KUNIT_EXPECT_PTR_EQ(test, opvs_dest_find(svc, &conf.key), dest);
	mutex_unlock(&on->cfg_lock);
	KUNIT_EXPECT_EQ(test, err, 0);
	expect_back(test);
	KUNIT_EXPECT_FALSE(test, test_bit(0, &dest->idle_queued));

	cp = track(test, 2);
	opvs_test_dest_del(test, dest);
	expect_waiting(test);
	end(test, cp);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 1));
}

/* A packet that found the server before begins nothing there: the server may
 * have been judged idle, and an entry would keep what nothing finds again.
 */
static void removed_begins_nothing(struct kunit *test)
{
	struct opvs_conn *cp = track(test, 1);
	struct opvs_conn_start start;

	opvs_test_dest_del(test, dest);
	opvs_test_start(&start, dest, CLIENT, 0);
	start.tuple.kind = OPVS_TUPLE_TEMPLATE;
	start.flags = IP_VS_CONN_F_TEMPLATE;
	KUNIT_EXPECT_PTR_EQ(test, track_to(dest, 2), ERR_PTR(-ESTALE));
	KUNIT_EXPECT_PTR_EQ(test, opvs_test_track(on, &start),
			    ERR_PTR(-ESTALE));
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->conns), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->active), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->persist), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), 1);
	expect_waiting(test);

	KUNIT_EXPECT_PTR_EQ(test, opvs_test_dest(test, svc, SERVER, 8080), dest);
	track(test, 2);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->conns), 2);
	expect_back(test);
	KUNIT_EXPECT_FALSE(test, opvs_conn_dead(cp));
}

/* ---- services ---- */

static struct opvs_svc *add_svc(struct kunit *test)
{
	struct opvs_svc_conf conf;

	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	return opvs_test_svc_as(test, on, &conf);
}

static void removed_svc_waits(struct kunit *test)
{
	struct opvs_conn *cp = track(test, 1);

	opvs_test_svc_del(svc);
	opvs_test_grace();
	KUNIT_EXPECT_EQ(test, live(), 2);
	KUNIT_EXPECT_PTR_EQ(test, cp->dest->svc, svc);
	end(test, cp);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 0));
}

static void removed_svc_comes_back(struct kunit *test)
{
	struct opvs_conn *cp = track(test, 1);

	opvs_test_svc_del(svc);
	opvs_test_grace();
	KUNIT_EXPECT_PTR_EQ(test, add_svc(test), svc);
	KUNIT_EXPECT_EQ(test, atomic_read(&svc->conns.count), 1);
	/* Without the server, which was not added yet. */
	expect_waiting(test);
	KUNIT_EXPECT_EQ(test, svc->num_dests, 0);
	KUNIT_EXPECT_PTR_EQ(test, opvs_test_dest(test, svc, SERVER, 8080), dest);
	expect_back(test);
	KUNIT_EXPECT_FALSE(test, opvs_conn_dead(cp));
	end(test, cp);
	expect_back(test);

	/* And once more. */
	track(test, 2);
	opvs_test_svc_del(svc);
	KUNIT_EXPECT_PTR_EQ(test, add_svc(test), svc);
	expect_waiting(test);
}

/* The service comes back, the server does not. */
static void removed_svc_without_server(struct kunit *test)
{
	struct opvs_conn *cp = track(test, 1);

	opvs_test_svc_del(svc);
	KUNIT_EXPECT_PTR_EQ(test, add_svc(test), svc);
	end(test, cp);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 1));
	KUNIT_EXPECT_PTR_NE(test, opvs_test_dest(test, svc, SERVER, 8080),
			    NULL);
}

/* Nothing of it is left: another one by the same name. */
static void removed_svc_gone(struct kunit *test)
{
	opvs_test_svc_del(svc);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 0));
	svc = add_svc(test);
	KUNIT_EXPECT_EQ(test, atomic_read(&svc->conns.count), 0);
	KUNIT_EXPECT_EQ(test, live(), 1);
}

/* A service that has let go of its last server, but is still in memory, is found
 * no more, and hides no other one of its name.
 */
static void removed_svc_same_name(struct kunit *test)
{
	struct opvs_svc *first = svc, *second;
	struct opvs_dest *held = dest;
	struct opvs_conn *cp;

	percpu_ref_get(&held->ref);
	opvs_test_svc_del(first);
	flush_work(&on->clock.idle);
	KUNIT_EXPECT_TRUE(test, percpu_ref_is_dying(&held->ref));
	KUNIT_EXPECT_EQ(test, live(), 2);

	second = add_svc(test);
	KUNIT_EXPECT_PTR_NE(test, second, first);
	dest = opvs_test_dest(test, second, SERVER, 8080);
	cp = track(test, 1);
	opvs_test_svc_del(second);
	KUNIT_EXPECT_PTR_EQ(test, add_svc(test), second);
	opvs_test_svc_del(second);
	/* The end of the first one takes nothing away from the second. */
	opvs_dest_put(held);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 2));
	KUNIT_EXPECT_PTR_EQ(test, add_svc(test), second);
	KUNIT_EXPECT_PTR_EQ(test, opvs_test_dest(test, second, SERVER, 8080),
			    dest);
	KUNIT_EXPECT_FALSE(test, opvs_conn_dead(cp));
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->conns), 1);
}

static void removed_flush(struct kunit *test)
{
	struct opvs_svc_conf conf;
	struct opvs_svc *other;
	unsigned int i, j;

	for (i = 2; i < 6; i++) {
		opvs_test_svc_conf(&conf, IPPROTO_TCP);
		conf.key.addr.ip = htonl(0xc0000200 + i);
		other = opvs_test_svc_as(test, on, &conf);
		for (j = 0; j < 3; j++) {
			dest = opvs_test_dest(test, other, SERVER + j, 80);
			track(test, 100 * i + j);
		}
		/* And one that has nothing. */
		opvs_test_dest(test, other, SERVER + 9, 80);
	}
	mutex_lock(&on->cfg_lock);
	opvs_svc_flush(on);
	mutex_unlock(&on->cfg_lock);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 4 * (1 + 3)));
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), 12);
	opvs_test_end_all(on);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 0));
}

/* ---- statistics ---- */

struct sums {
	struct opvs_totals	dest;
	struct opvs_totals	svc;
	struct opvs_totals	net;
};

static void traffic(int packets)
{
	local_bh_disable();
	while (packets--) {
		opvs_stats_in(dest->stats_cpu, 100);
		opvs_stats_out(dest->stats_cpu, 200);
	}
	local_bh_enable();
}

static struct sums sums(void)
{
	struct opvs_rates rates;
	struct sums now = {};

	mutex_lock(&on->cfg_lock);
	opvs_net_stats(on, &now.net, &rates);
	opvs_svc_stats(svc, &now.svc, &rates);
	opvs_dest_stats(dest, &now.dest, &rates);
	mutex_unlock(&on->cfg_lock);
	return now;
}

static void removed_server_sums(struct kunit *test)
{
	struct sums before = sums(), now;
	unsigned int i;

	track(test, 1);
	for (i = 1; i <= 5; i++) {
		traffic(10);
		opvs_test_dest_del(test, dest);
		now = sums();
		KUNIT_EXPECT_EQ(test, now.svc.inpkts, i * 20 - 10);
		KUNIT_EXPECT_EQ(test, now.net.inpkts - before.net.inpkts,
				i * 20 - 10);
		/* Packets that find their connection still count. */
		traffic(10);
		opvs_test_dest(test, svc, SERVER, 8080);
		now = sums();
		KUNIT_EXPECT_EQ(test, now.dest.inpkts, i * 20);
		KUNIT_EXPECT_EQ(test, now.svc.inpkts, i * 20);
		KUNIT_EXPECT_EQ(test, now.svc.outbytes, i * 20 * 200);
		KUNIT_EXPECT_EQ(test, now.net.inpkts - before.net.inpkts,
				i * 20);
	}
}

static void removed_svc_sums(struct kunit *test)
{
	struct sums before = sums(), now;
	unsigned int i;

	track(test, 1);
	for (i = 1; i <= 5; i++) {
		traffic(10);
		opvs_test_svc_del(svc);
		now = sums();
		KUNIT_EXPECT_EQ(test, now.net.inpkts - before.net.inpkts,
				i * 20 - 10);
		traffic(10);
		add_svc(test);
		now = sums();
		/* The service itself begins at nothing. */
		KUNIT_EXPECT_EQ(test, now.svc.inpkts, 0);
		KUNIT_EXPECT_GE(test, now.net.inpkts - before.net.inpkts,
				i * 20 - 10);
		opvs_test_dest(test, svc, SERVER, 8080);
		now = sums();
		KUNIT_EXPECT_EQ(test, now.net.inpkts - before.net.inpkts,
				i * 20);
		KUNIT_EXPECT_LE(test, now.svc.inpkts, 10);
	}
	opvs_test_end_all(on);
	opvs_test_svc_del(svc);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 0));
}

static struct kunit_case removed_cases[] = {
	KUNIT_CASE(removed_waits),
	KUNIT_CASE(removed_idle_goes),
	KUNIT_CASE(removed_template_waits),
	KUNIT_CASE(removed_expires),
	KUNIT_CASE(removed_comes_back),
	KUNIT_CASE(removed_other_server),
	KUNIT_CASE(removed_reconfigured),
	KUNIT_CASE(removed_refused),
	KUNIT_CASE(removed_just_in_time),
	KUNIT_CASE(removed_begins_nothing),
	KUNIT_CASE(removed_svc_waits),
	KUNIT_CASE(removed_svc_comes_back),
	KUNIT_CASE(removed_svc_without_server),
	KUNIT_CASE(removed_svc_gone),
	KUNIT_CASE(removed_svc_same_name),
	KUNIT_CASE(removed_flush),
	KUNIT_CASE(removed_server_sums),
	KUNIT_CASE(removed_svc_sums),
	{}
};

static struct kunit_suite removed_suite = {
	.name = "opvs_removed",
	.init = removed_init,
	.exit = removed_exit,
	.test_cases = removed_cases,
};

kunit_test_suite(removed_suite);

MODULE_DESCRIPTION("opvs: unit tests of removed servers and services");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
