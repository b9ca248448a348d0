// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of what the calls of a one-packet service mean to its servers:
 * they count as active connections and against the thresholds, whether
 * templates remember them or nothing does.
 *
 *	service 192.0.2.1:80/udp --- server 198.51.100.11:80
 */
#include <opvs/load.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/svc.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/delay.h>
#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "lateness.h"
#include "testlib.h"

#define CLIENT	0xcb007105
#define SERVER	0xc633640b

#define ONE_PACKET	IP_VS_SVC_F_ONEPACKET
#define WITH_TEMPLATES	(IP_VS_SVC_F_ONEPACKET | IP_VS_SVC_F_PERSISTENT)
#define TRACKED		0

static struct opvs_net *on;
static struct opvs_svc *svc;
static struct opvs_dest *dest;
static int load_seconds;

static int calls_init(struct kunit *test)
{
	int err = opvs_test_net_init(test, &on);

	if (!err)
		load_seconds = on->settings.load_seconds;
	return err;
}

static void calls_exit(struct kunit *test)
{
	opvs_lateness_stop();
	WRITE_ONCE(on->settings.load_seconds, load_seconds);
	opvs_test_net_exit(test, on);
}

static void svc_conf(struct opvs_svc_conf *conf, u32 flags)
{
	opvs_test_svc_conf(conf, IPPROTO_UDP);
	conf->flags = flags;
	conf->timeout = 300;
}

static void begin(struct kunit *test, u32 flags)
{
	struct opvs_svc_conf conf;

	svc_conf(&conf, flags);
	svc = opvs_test_svc_as(test, on, &conf);
	dest = opvs_test_dest(test, svc, SERVER, 80);
}

static void edit(struct kunit *test, u32 flags)
{
	struct opvs_svc_conf conf;
	int err;

	svc_conf(&conf, flags);
	mutex_lock(&on->cfg_lock);
	err = opvs_svc_edit(svc, &conf, NULL);
	mutex_unlock(&on->cfg_lock);
	KUNIT_ASSERT_EQ(test, err, 0);
}

static void forget(int seconds)
{
	mutex_lock(&on->cfg_lock);
	WRITE_ONCE(on->settings.load_seconds, seconds);
	opvs_net_load_forget(on);
	mutex_unlock(&on->cfg_lock);
}

/* A packet of a call, in a service that remembers none. */
static void note(u32 call)
{
	local_bh_disable();
	rcu_read_lock();
	/* Calls of these numbers share no slot. */
	opvs_dest_load_note(dest, call * 0x9e3779b97f4a7c15ULL);
	rcu_read_unlock();
	local_bh_enable();
}

static struct opvs_conn *entry(struct kunit *test, u32 number, u32 flags)
{
	struct opvs_conn_start start;
	struct opvs_conn *cp;

	opvs_test_start(&start, dest, CLIENT + number, 5060);
	start.flags = flags;
	if (flags & IP_VS_CONN_F_TEMPLATE) {
		start.tuple.sport = 0;
		start.tuple.kind = OPVS_TUPLE_TEMPLATE;
	}
	cp = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cp));
	return cp;
}

static struct opvs_conn *template(struct kunit *test, u32 number)
{
	return entry(test, number, IP_VS_CONN_F_TEMPLATE);
}

static void end(struct opvs_conn *cp)
{
	rcu_read_lock();
	opvs_conn_end(cp);
	rcu_read_unlock();
}

static bool overloaded(void)
{
	return READ_ONCE(dest->overloaded);
}

/* ---- calls with templates ---- */

struct calls_case {
	const char *name;
	u32 upper;
	u32 lower;
	u32 free_at;	/* calls left when the server is free again */
};

static const struct calls_case calls_cases[] = {
	{ "upper 1", 1, 0, 0 },
	{ "upper 2", 2, 0, 1 },
	{ "upper 3", 3, 0, 2 },
	{ "upper 4, default lower 3", 4, 0, 2 },
	{ "upper 7, default lower 6", 7, 0, 5 },
	{ "upper 8, default lower 6", 8, 0, 5 },
	{ "upper 10, default lower 8", 10, 0, 7 },
	{ "upper 10, lower 1", 10, 1, 0 },
	{ "upper 10, lower 5", 10, 5, 4 },
	{ "upper 10, lower 10", 10, 10, 9 },
};

static void calls_name(const struct calls_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(calls, calls_cases, calls_name);

static void calls_limit(struct kunit *test)
{
	const struct calls_case *row = test->param_value;
	struct opvs_conn *tp[10];
	u32 live;

	begin(test, WITH_TEMPLATES);
	KUNIT_ASSERT_LE(test, row->upper, ARRAY_SIZE(tp));
	opvs_test_dest_limit(test, dest, row->upper, row->lower);
	for (live = 0; live < row->upper; live++) {
		KUNIT_EXPECT_FALSE(test, overloaded());
		KUNIT_EXPECT_TRUE(test, opvs_dest_available(dest));
		KUNIT_EXPECT_EQ(test, opvs_dest_active(dest), live);
		tp[live] = template(test, live);
	}
	KUNIT_EXPECT_TRUE(test, overloaded());
	KUNIT_EXPECT_FALSE(test, opvs_dest_available(dest));
	while (live--) {
		end(tp[live]);
		KUNIT_EXPECT_EQ(test, opvs_dest_active(dest), live);
		KUNIT_EXPECT_EQ_MSG(test, overloaded(), live > row->free_at,
				    "%u left", live);
	}
	KUNIT_EXPECT_EQ(test, opvs_dest_inactive(dest), 0);
}

/* Between the thresholds it stays what it was. */
static void calls_hysteresis(struct kunit *test)
{
	struct opvs_conn *tp[4];
	int i;

	begin(test, WITH_TEMPLATES);
	opvs_test_dest_limit(test, dest, 4, 2);
	for (i = 0; i < 4; i++)
		tp[i] = template(test, i);
	end(tp[3]);
	end(tp[2]);
	KUNIT_EXPECT_TRUE(test, overloaded());
	end(tp[1]);
	KUNIT_EXPECT_FALSE(test, overloaded());
	template(test, 5);
	template(test, 6);
	KUNIT_EXPECT_FALSE(test, overloaded());
}

/* A limit is compared with what is there at once. */
static void calls_limit_changes(struct kunit *test)
{
	int i;

	begin(test, WITH_TEMPLATES);
	for (i = 0; i < 3; i++)
		template(test, i);
	opvs_test_dest_limit(test, dest, 3, 0);
	KUNIT_EXPECT_TRUE(test, overloaded());
	opvs_test_dest_limit(test, dest, 10, 0);
	KUNIT_EXPECT_FALSE(test, overloaded());
	opvs_test_dest_limit(test, dest, 2, 0);
	KUNIT_EXPECT_TRUE(test, overloaded());
	opvs_test_dest_limit(test, dest, 0, 0);
	KUNIT_EXPECT_FALSE(test, overloaded());
}

/* If connections are tracked, templates are no calls, as with IPVS. */
static void calls_tracked(struct kunit *test)
{
	begin(test, IP_VS_SVC_F_PERSISTENT);
	opvs_test_dest_limit(test, dest, 2, 0);
	template(test, 1);
	template(test, 2);
	KUNIT_EXPECT_FALSE(test, overloaded());
	KUNIT_EXPECT_EQ(test, opvs_dest_active(dest), 0);
	entry(test, 1, 0);
	KUNIT_EXPECT_FALSE(test, overloaded());
	KUNIT_EXPECT_EQ(test, opvs_dest_inactive(dest), 1);
	entry(test, 2, 0);
	KUNIT_EXPECT_TRUE(test, overloaded());
}

/* ---- calls that nothing remembers ---- */

/* The packet that reaches the threshold finds it reached. */
static void calls_estimated_limit(struct kunit *test)
{
	u32 i;

	begin(test, ONE_PACKET);
	opvs_test_dest_limit(test, dest, 20, 10);
	for (i = 1; i < 20; i++) {
		note(i);
		note(i);
		KUNIT_EXPECT_EQ(test, opvs_dest_active(dest), i);
		KUNIT_EXPECT_FALSE(test, overloaded());
	}
	note(20);
	KUNIT_EXPECT_EQ(test, opvs_dest_active(dest), 20);
	KUNIT_EXPECT_EQ(test, opvs_dest_inactive(dest), 0);
	KUNIT_EXPECT_TRUE(test, overloaded());
	KUNIT_EXPECT_EQ(test, opvs_dest_calls(dest), 20);
}

/* A packet that is not told from others is no call of any server. */
static void calls_anonymous(struct kunit *test)
{
	begin(test, ONE_PACKET);
	note(0);
	KUNIT_EXPECT_EQ(test, opvs_dest_active(dest), 0);
	note(1);
	KUNIT_EXPECT_EQ(test, opvs_dest_active(dest), 1);
}

/* The work, by itself and by the real clock. */
static void calls_decay(struct kunit *test)
{
	unsigned long noted, end;
	u32 i;

	begin(test, ONE_PACKET);
	forget(4);
	opvs_test_dest_limit(test, dest, 5, 0);
	for (i = 1; i <= 5; i++)
		note(i);
	noted = jiffies;
	end = noted + 30 * HZ;
	opvs_lateness_start();
	KUNIT_EXPECT_TRUE(test, overloaded());
	while (opvs_dest_active(dest) && time_before(jiffies, end))
		msleep(50);
	KUNIT_EXPECT_EQ(test, opvs_dest_active(dest), 0);
	KUNIT_EXPECT_GE(test, jiffies - noted, 4UL * HZ - HZ / 4);
	KUNIT_EXPECT_LE(test, jiffies - noted, 8UL * HZ + opvs_lateness());
	KUNIT_EXPECT_FALSE(test, overloaded());
	/* It goes on. */
	for (i = 1; i <= 5; i++)
		note(i);
	KUNIT_EXPECT_TRUE(test, overloaded());
}

/* All start anew when what counts is defined anew. */
static void calls_forgotten(struct kunit *test)
{
	struct opvs_dest *other;

	begin(test, ONE_PACKET);
	opvs_test_dest_limit(test, dest, 2, 0);
	note(1);
	note(2);
	KUNIT_EXPECT_TRUE(test, overloaded());
	other = opvs_test_dest(test, svc, SERVER + 1, 80);
	forget(30);
	KUNIT_EXPECT_FALSE(test, overloaded());
	KUNIT_EXPECT_EQ(test, opvs_dest_active(dest), 0);
	KUNIT_EXPECT_EQ(test, opvs_dest_active(other), 0);
	note(1);
	KUNIT_EXPECT_EQ(test, opvs_dest_active(dest), 1);
}

/* What remembers a call elsewhere than its key says is no second call. */
static void calls_exception(struct kunit *test)
{
	begin(test, ONE_PACKET);
	opvs_test_dest_limit(test, dest, 2, 0);
	template(test, 1);
	template(test, 2);
	KUNIT_EXPECT_EQ(test, opvs_dest_active(dest), 0);
	KUNIT_EXPECT_FALSE(test, overloaded());
}

/* ---- services that change ---- */

static void calls_edited(struct kunit *test)
{
	begin(test, ONE_PACKET);
	opvs_test_dest_limit(test, dest, 3, 0);
	note(1);
	note(2);
	note(3);
	KUNIT_EXPECT_TRUE(test, overloaded());

	edit(test, WITH_TEMPLATES);
	KUNIT_EXPECT_EQ(test, opvs_dest_active(dest), 0);
	KUNIT_EXPECT_FALSE(test, overloaded());
	template(test, 1);
	KUNIT_EXPECT_EQ(test, opvs_dest_active(dest), 1);

	/* What was noted long ago is not remembered. */
	edit(test, ONE_PACKET);
	KUNIT_EXPECT_EQ(test, opvs_dest_active(dest), 0);
	note(4);
	note(5);
	note(6);
	KUNIT_EXPECT_EQ(test, opvs_dest_active(dest), 3);
	KUNIT_EXPECT_TRUE(test, overloaded());

	/* An edit that changes nothing of that. */
	edit(test, ONE_PACKET);
	KUNIT_EXPECT_EQ(test, opvs_dest_active(dest), 3);

	edit(test, TRACKED);
	KUNIT_EXPECT_EQ(test, opvs_dest_active(dest), 0);
	KUNIT_EXPECT_FALSE(test, overloaded());
	edit(test, WITH_TEMPLATES);
	KUNIT_EXPECT_EQ(test, opvs_dest_active(dest), 1);
}

/* A service that tracked, with servers from before. */
static void calls_edited_late(struct kunit *test)
{
	begin(test, TRACKED);
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(dest->load));
	note(1);
	KUNIT_EXPECT_EQ(test, opvs_dest_active(dest), 0);
	entry(test, 1, 0);
	edit(test, ONE_PACKET);
	note(1);
	note(2);
	KUNIT_EXPECT_EQ(test, opvs_dest_active(dest), 2);
	KUNIT_EXPECT_EQ(test, opvs_dest_inactive(dest), 1);
	/* Both are what the thresholds are about. */
	opvs_test_dest_limit(test, dest, 3, 0);
	KUNIT_EXPECT_TRUE(test, overloaded());
}

/* A server that comes back before its last entry ended begins with no calls. */
static void calls_revived(struct kunit *test)
{
	struct opvs_dest *gone;

	begin(test, ONE_PACKET);
	template(test, 1);
	note(1);
	note(2);
	gone = dest;
	opvs_test_dest_del(test, dest);
	dest = opvs_test_dest(test, svc, SERVER, 80);
	KUNIT_ASSERT_PTR_EQ(test, dest, gone);
	KUNIT_EXPECT_EQ(test, opvs_dest_active(dest), 0);
	note(1);
	KUNIT_EXPECT_EQ(test, opvs_dest_active(dest), 1);
}

/* The same for one whose service was removed, and counts in another way now. */
static void calls_revived_otherwise(struct kunit *test)
{
	struct opvs_dest *gone;

	begin(test, ONE_PACKET);
	template(test, 1);
	note(1);
	gone = dest;
	opvs_test_svc_del(svc);
	begin(test, WITH_TEMPLATES);
	KUNIT_ASSERT_PTR_EQ(test, dest, gone);
	KUNIT_EXPECT_EQ(test, opvs_dest_active(dest), 1);
	note(7);
	KUNIT_EXPECT_EQ(test, opvs_dest_active(dest), 1);
}

static struct kunit_case calls_test_cases[] = {
	KUNIT_CASE_PARAM(calls_limit, calls_gen_params),
	KUNIT_CASE(calls_hysteresis),
	KUNIT_CASE(calls_limit_changes),
	KUNIT_CASE(calls_tracked),
	KUNIT_CASE(calls_estimated_limit),
	KUNIT_CASE(calls_anonymous),
	KUNIT_CASE(calls_decay),
	KUNIT_CASE(calls_forgotten),
	KUNIT_CASE(calls_exception),
	KUNIT_CASE(calls_edited),
	KUNIT_CASE(calls_edited_late),
	KUNIT_CASE(calls_revived),
	KUNIT_CASE(calls_revived_otherwise),
	{}
};

static struct kunit_suite calls_suite = {
	.name = "opvs_calls",
	.init = calls_init,
	.exit = calls_exit,
	.test_cases = calls_test_cases,
};

kunit_test_suite(calls_suite);

MODULE_DESCRIPTION("opvs: unit tests of calls as load");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
