// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of mistakes: which traffic the log hears of, which it never does, and
 * how often.  A kind that was said, or was looked for and not found, is not looked
 * for again until it is due: that is how one sees what was decided.
 */
#include "config_fixture.h"

#include <opvs/stats.h>

#include <linux/inetdevice.h>
#include <linux/jiffies.h>
#include <linux/workqueue.h>

static struct opvs_svc *svc;
static struct opvs_dest *dest;

/* A SIP service, or with @proto a plain one, and one server by @method. */
static void make(struct kunit *test, u8 proto, u32 method)
{
	struct opvs_svc_conf conf;
	struct opvs_dest_conf server;

	good_svc(&conf);
	if (proto) {
		conf.key.proto = proto;
		conf.pe = NULL;
		if (proto == IPPROTO_TCP)
			conf.flags = 0;
	}
	good_dest(&server);
	server.xmit = opvs_xmit_find(method);
	svc = make_svc(test, &conf);
	dest = make_dest(test, svc, &server);
	/* The clock would see that nothing was asked. */
	cancel_delayed_work_sync(&on->clock.rates);
	memset(&on->mistakes, 0, sizeof(on->mistakes));
}

/* What the clock sees: totals, and whether requests and replies come just now. */
static void look(u64 inpkts, u64 outpkts, bool in, bool out)
{
	const struct opvs_totals raw = {
		.inpkts		= inpkts,
		.outpkts	= outpkts,
	};

	mutex_lock(&on->cfg_lock);
	dest->stats.est.rate.inpkts = in;
	dest->stats.est.rate.outpkts = out;
	opvs_mistakes_look(dest, &raw);
	mutex_unlock(&on->cfg_lock);
}

/* The silence began so many seconds ago. */
static void silent_for(unsigned int seconds)
{
	dest->silent_since = get_jiffies_64() - seconds * HZ;
}

static bool was_said(enum opvs_mistake kind)
{
	return time_after64(on->mistakes.due[kind],
			    get_jiffies_64() + 300 * HZ);
}

static void set_forwarding(int value)
{
	IPV4_DEVCONF_ALL(&init_net, FORWARDING) = value;
}

static void mistakes_silence(struct kunit *test)
{
	make(test, IPPROTO_TCP, IP_VS_CONN_F_MASQ);
	look(0, 0, false, false);
	KUNIT_EXPECT_EQ(test, dest->silent_since, 0ULL);
	look(4, 0, false, false);
	KUNIT_EXPECT_NE(test, dest->silent_since, 0ULL);
	KUNIT_EXPECT_FALSE(test, was_said(OPVS_MISTAKE_SILENT));

	silent_for(25);
	look(100, 0, false, false);
	KUNIT_EXPECT_FALSE(test, was_said(OPVS_MISTAKE_SILENT));
	silent_for(31);
	look(3, 0, false, false);
	KUNIT_EXPECT_FALSE(test, was_said(OPVS_MISTAKE_SILENT));
	look(4, 0, false, false);
	KUNIT_EXPECT_TRUE(test, was_said(OPVS_MISTAKE_SILENT));
}

static void mistakes_once(struct kunit *test)
{
	u64 due;

	make(test, IPPROTO_TCP, IP_VS_CONN_F_MASQ);
	silent_for(31);
	look(4, 0, false, false);
	due = on->mistakes.due[OPVS_MISTAKE_SILENT];
	on->mistakes.due[OPVS_MISTAKE_SILENT] = --due;
	look(5, 0, false, false);
	KUNIT_EXPECT_EQ(test, on->mistakes.due[OPVS_MISTAKE_SILENT], due);
	/* Ten minutes later. */
	on->mistakes.due[OPVS_MISTAKE_SILENT] = get_jiffies_64();
	look(6, 0, false, false);
	KUNIT_EXPECT_TRUE(test, was_said(OPVS_MISTAKE_SILENT));
}

static void mistakes_answer(struct kunit *test)
{
	make(test, IPPROTO_TCP, IP_VS_CONN_F_MASQ);
	silent_for(31);
	look(1000, 1, true, true);
	KUNIT_EXPECT_EQ(test, dest->silent_since, 0ULL);
	/* Whoever has answered once is an outage later, and no mistake. */
	look(2000, 1, true, false);
	KUNIT_EXPECT_EQ(test, dest->silent_since, 0ULL);
	KUNIT_EXPECT_FALSE(test, was_said(OPVS_MISTAKE_SILENT));
}

static void mistakes_sip(struct kunit *test)
{
	int seconds = on->settings.reply_seconds;

	make(test, 0, IP_VS_CONN_F_MASQ);
	silent_for(31);
	/* Replies may pass the other one of two active directors. */
	on->settings.reply_seconds = 0;
	look(1000, 0, true, false);
	on->settings.reply_seconds = seconds;
	KUNIT_EXPECT_EQ(test, dest->silent_since, 0ULL);
	silent_for(31);
	look(1000, 0, true, false);
	KUNIT_EXPECT_TRUE(test, was_said(OPVS_MISTAKE_SILENT));
}

static void mistakes_one_way(struct kunit *test)
{
	make(test, IPPROTO_UDP, IP_VS_CONN_F_MASQ);
	silent_for(31);
	look(1000, 0, true, false);
	KUNIT_EXPECT_EQ(test, dest->silent_since, 0ULL);
	KUNIT_EXPECT_FALSE(test, was_said(OPVS_MISTAKE_SILENT));
}

/* Replies of servers by direct routing do not come this way. */
static void mistakes_direct(struct kunit *test)
{
	set_forwarding(0);
	make(test, IPPROTO_TCP, IP_VS_CONN_F_DROUTE);
	silent_for(31);
	look(1000, 0, true, false);
	KUNIT_EXPECT_FALSE(test, was_said(OPVS_MISTAKE_SILENT));
	KUNIT_EXPECT_FALSE(test, was_said(OPVS_MISTAKE_FORWARD4));
}

static void mistakes_forward(struct kunit *test)
{
	u64 due;

	make(test, IPPROTO_UDP, IP_VS_CONN_F_MASQ);
	look(10, 0, true, false);
	due = on->mistakes.due[OPVS_MISTAKE_FORWARD4];
	KUNIT_EXPECT_NE_MSG(test, due, 0ULL, "looked for, and not found");
	KUNIT_EXPECT_FALSE(test, was_said(OPVS_MISTAKE_FORWARD4));

	on->mistakes.due[OPVS_MISTAKE_FORWARD4] = 0;
	set_forwarding(0);
	look(10, 0, false, false);
	KUNIT_EXPECT_FALSE_MSG(test, was_said(OPVS_MISTAKE_FORWARD4),
			       "without requests");
	look(10, 5, true, true);
	KUNIT_EXPECT_FALSE_MSG(test, was_said(OPVS_MISTAKE_FORWARD4),
			       "with replies");
	look(10, 5, true, false);
	KUNIT_EXPECT_TRUE(test, was_said(OPVS_MISTAKE_FORWARD4));
}

/* Then the servers are not to blame. */
static void mistakes_forward_first(struct kunit *test)
{
	set_forwarding(0);
	make(test, IPPROTO_TCP, IP_VS_CONN_F_MASQ);
	silent_for(31);
	look(1000, 0, true, false);
	KUNIT_EXPECT_TRUE(test, was_said(OPVS_MISTAKE_FORWARD4));
	KUNIT_EXPECT_FALSE(test, was_said(OPVS_MISTAKE_SILENT));
}

static void mistakes_tenant(struct kunit *test)
{
	make(test, IPPROTO_TCP, IP_VS_CONN_F_MASQ);
	silent_for(31);
	on->share.tenant = true;
	look(1000, 0, true, false);
	on->share.tenant = false;
	KUNIT_EXPECT_FALSE(test, was_said(OPVS_MISTAKE_SILENT));
}

static int mistakes_init(struct kunit *test)
{
	set_forwarding(1);
	return config_init(test);
}

static void mistakes_exit(struct kunit *test)
{
	config_exit(test);
	set_forwarding(0);
}

static struct kunit_case mistakes_cases[] = {
	KUNIT_CASE(mistakes_silence),
	KUNIT_CASE(mistakes_once),
	KUNIT_CASE(mistakes_answer),
	KUNIT_CASE(mistakes_sip),
	KUNIT_CASE(mistakes_one_way),
	KUNIT_CASE(mistakes_direct),
	KUNIT_CASE(mistakes_forward),
	KUNIT_CASE(mistakes_forward_first),
	KUNIT_CASE(mistakes_tenant),
	{}
};

static struct kunit_suite mistakes_suite = {
	.name		= "opvs_mistakes",
	.init		= mistakes_init,
	.exit		= mistakes_exit,
	.test_cases	= mistakes_cases,
};

kunit_test_suite(mistakes_suite);

MODULE_DESCRIPTION("opvs: unit tests of mistakes that look like success");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
