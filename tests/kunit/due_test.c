// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of which entries a partner is to be told of, and when.  The tests are
 * the one that tells: nothing is sent.
 */
#include <opvs/due.h>

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/proto.h>
#include <opvs/svc.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/jiffies.h>
#include <linux/module.h>

#include "testlib.h"

#define CLIENT	0xcb007105
#define SERVER	0xc633640b
#define ESTABLISHED	(OPVS_TCP_S_ESTABLISHED | OPVS_CONN_ACTIVE | \
			 OPVS_CONN_ASSURED)

static struct opvs_net *on;
static struct opvs_dest *dest;
static struct opvs_conn *told[8];
static unsigned int num_told;

static void no_work(struct work_struct *work)
{
}

static int due_init(struct kunit *test)
{
	int err = opvs_test_net_init(test, &on);
	struct opvs_svc_conf conf;

	if (err)
		return err;
	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	dest = opvs_test_dest(test, opvs_test_svc_as(test, on, &conf), SERVER,
			      8080);
	return opvs_dues_start(on, no_work, NULL);
}

static void due_exit(struct kunit *test)
{
	opvs_dues_stop(on);
	opvs_test_net_exit(test, on);
}

static void tell(struct opvs_conn *cp, void *arg)
{
	if (num_told < ARRAY_SIZE(told))
		told[num_told] = cp;
	num_told++;
}

/* How many are due now; they are told of. */
static unsigned int take(void)
{
	num_told = 0;
	return opvs_dues_take(rcu_dereference_protected(on->conn.dues, true),
			      tell, NULL);
}

static struct opvs_conn *begin(struct kunit *test, u16 port, u32 word, u32 flags)
{
	struct opvs_conn_start start;
	struct opvs_conn *cp;

	opvs_test_start(&start, dest, CLIENT, port);
	start.word = word;
	start.flags = flags;
	start.seconds = 900;
	if (flags & IP_VS_CONN_F_TEMPLATE) {
		start.tuple.kind = OPVS_TUPLE_TEMPLATE;
		start.tuple.sport = 0;
	}
	cp = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cp));
	return cp;
}

/* As packets change a word. */
static void change(struct opvs_conn *cp, u32 word)
{
	u32 seen = READ_ONCE(cp->word), old = seen;

	local_bh_disable();
	rcu_read_lock();
	word |= seen & ~(OPVS_CONN_STATE | OPVS_CONN_PKTS | OPVS_CONN_ACTIVE |
			 OPVS_CONN_ASSURED | OPVS_CONN_FOREIGN);
	opvs_conn_set_word(cp, &seen, word);
	opvs_due_changed(on, cp, old, word);
	rcu_read_unlock();
	local_bh_enable();
}

static u32 look(struct opvs_conn *cp, u32 now)
{
	u32 wait;

	local_bh_disable();
	rcu_read_lock();
	wait = opvs_due_look(on, cp, now);
	rcu_read_unlock();
	local_bh_enable();
	return wait;
}

/* Told when the third packet of the client has come, once, and then when the state
 * changes.
 */
static void due_threshold(struct kunit *test)
{
	struct opvs_conn *cp = begin(test, 1, OPVS_TCP_S_SYN_RECV | OPVS_CONN_PKT,
				     0);

	KUNIT_EXPECT_EQ(test, take(), 0);
	change(cp, ESTABLISHED | 2 * OPVS_CONN_PKT);
	KUNIT_EXPECT_EQ(test, take(), 0);
	change(cp, ESTABLISHED | 3 * OPVS_CONN_PKT);
	KUNIT_EXPECT_EQ(test, take(), 1);
	KUNIT_EXPECT_PTR_EQ(test, told[0], cp);
	change(cp, ESTABLISHED | 4 * OPVS_CONN_PKT);
	KUNIT_EXPECT_EQ(test, take(), 0);
	change(cp, OPVS_TCP_S_FIN_WAIT | OPVS_CONN_ASSURED | 4 * OPVS_CONN_PKT);
	change(cp, OPVS_TCP_S_TIME_WAIT | OPVS_CONN_ASSURED | 5 * OPVS_CONN_PKT);
	KUNIT_EXPECT_EQ(test, take(), 1);
}

/* With a threshold of 1, and of 0, by the first packet; but not of a handshake. */
static void due_first(struct kunit *test)
{
	WRITE_ONCE(on->settings.sync_threshold[0], 1);
	begin(test, 1, ESTABLISHED | OPVS_CONN_PKT, 0);
	begin(test, 2, OPVS_TCP_S_SYN_RECV | OPVS_CONN_PKT, 0);
	KUNIT_EXPECT_EQ(test, take(), 1);
	WRITE_ONCE(on->settings.sync_threshold[0], 0);
	begin(test, 3, ESTABLISHED | OPVS_CONN_PKT, 0);
	KUNIT_EXPECT_EQ(test, take(), 1);
	WRITE_ONCE(on->settings.sync_threshold[0], 3);
}

/* A second old: told, though few packets came; and every change from then on. */
static void due_age(struct kunit *test)
{
	struct opvs_conn *cp = begin(test, 1, ESTABLISHED | OPVS_CONN_PKT, 0);
	struct opvs_conn *half = begin(test, 2,
				       OPVS_TCP_S_SYN_RECV | OPVS_CONN_PKT, 0);

	KUNIT_EXPECT_EQ(test, take(), 0);
	KUNIT_EXPECT_EQ(test, look(cp, jiffies + HZ), 900 / 8 * HZ);
	KUNIT_EXPECT_EQ(test, take(), 1);
	look(half, jiffies + HZ);
	KUNIT_EXPECT_EQ(test, take(), 0);
	change(half, ESTABLISHED | OPVS_CONN_PKT);
	KUNIT_EXPECT_EQ(test, take(), 1);
}

/* In use since the last look: told again.  Idle: not. */
static void due_refresh(struct kunit *test)
{
	struct opvs_conn *cp = begin(test, 1, ESTABLISHED | OPVS_CONN_PKT, 0);
	u32 period = 900 / 8 * HZ, now = jiffies;

	look(cp, now + HZ);
	KUNIT_EXPECT_EQ(test, take(), 1);
	look(cp, now + HZ + period);
	KUNIT_EXPECT_EQ(test, take(), 1);
	look(cp, now + 2 * HZ + 2 * period);
	KUNIT_EXPECT_EQ(test, take(), 0);

	/* Not at all, if the second number of sync_threshold is 0. */
	WRITE_ONCE(on->settings.sync_threshold[1], 0);
	KUNIT_EXPECT_EQ(test, look(cp, now), 0);
	KUNIT_EXPECT_EQ(test, take(), 0);
	WRITE_ONCE(on->settings.sync_refresh_period, 20);
	KUNIT_EXPECT_EQ(test, look(cp, now + HZ), 20 * HZ);
	WRITE_ONCE(on->settings.sync_refresh_period, 0);
	WRITE_ONCE(on->settings.sync_threshold[1], 50);
}

/* Told when the state changed, not when it was looked at: the next look tells,
 * though the entry seems to be idle; the one after that does not.
 */
static void due_again(struct kunit *test)
{
	struct opvs_conn *cp = begin(test, 1, ESTABLISHED | OPVS_CONN_PKT, 0);
	u32 now = jiffies + 800 * HZ;

	look(cp, jiffies + HZ);
	change(cp, OPVS_TCP_S_FIN_WAIT | OPVS_CONN_ASSURED | OPVS_CONN_PKT);
	KUNIT_EXPECT_EQ(test, take(), 1);
	look(cp, now);
	KUNIT_EXPECT_EQ(test, take(), 1);
	look(cp, now + 600 * HZ);
	KUNIT_EXPECT_EQ(test, take(), 0);
}

/* The longest timeouts there are do not overflow. */
static void due_longest(struct kunit *test)
{
	struct opvs_conn *tp = begin(test, 0, 0, IP_VS_CONN_F_TEMPLATE);

	tp->timeout = OPVS_EXPIRE_MAX_SECONDS;
	WRITE_ONCE(tp->expiring.expires,
		   opvs_expires_make(jiffies, OPVS_EXPIRE_MAX_SECONDS * HZ));
	KUNIT_EXPECT_EQ(test, take(), 1);
	look(tp, jiffies);
	look(tp, jiffies);
	KUNIT_EXPECT_EQ(test, take(), 1);
}

/* As often as sync_retries says, within eighths of the period. */
static void due_retries(struct kunit *test)
{
	struct opvs_conn *cp = begin(test, 1, ESTABLISHED | OPVS_CONN_PKT, 0);
	u32 now = jiffies + 300 * HZ;
	int i;

	WRITE_ONCE(on->settings.sync_refresh_period, 40);
	WRITE_ONCE(on->settings.sync_retries, 2);
	KUNIT_EXPECT_EQ(test, look(cp, jiffies + HZ), 5 * HZ);
	KUNIT_EXPECT_EQ(test, take(), 1);
	KUNIT_EXPECT_EQ(test, look(cp, now), 5 * HZ);
	KUNIT_EXPECT_EQ(test, take(), 1);
	KUNIT_EXPECT_EQ(test, look(cp, now), 40 * HZ);
	KUNIT_EXPECT_EQ(test, take(), 1);
	/* Idle since. */
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, look(cp, now), 40 * HZ);
	KUNIT_EXPECT_EQ(test, take(), 0);
	WRITE_ONCE(on->settings.sync_refresh_period, 0);
	WRITE_ONCE(on->settings.sync_retries, 0);
}

static void due_template(struct kunit *test)
{
	struct opvs_conn *tp = begin(test, 0, 0, IP_VS_CONN_F_TEMPLATE);

	KUNIT_EXPECT_EQ(test, take(), 1);
	KUNIT_EXPECT_PTR_EQ(test, told[0], tp);
	/* The look a second later has nothing new. */
	look(tp, jiffies + HZ);
	KUNIT_EXPECT_EQ(test, take(), 0);
}

/* Templates come before connections, whatever was due first. */
static void due_order(struct kunit *test)
{
	struct opvs_conn *cp, *tp;

	WRITE_ONCE(on->settings.sync_threshold[0], 1);
	/* On one CPU: each has its lists. */
	local_bh_disable();
	cp = begin(test, 1, ESTABLISHED | OPVS_CONN_PKT, 0);
	tp = begin(test, 0, 0, IP_VS_CONN_F_TEMPLATE);
	local_bh_enable();
	WRITE_ONCE(on->settings.sync_threshold[0], 3);
	KUNIT_ASSERT_EQ(test, take(), 2);
	KUNIT_EXPECT_PTR_EQ(test, told[0], tp);
	KUNIT_EXPECT_PTR_EQ(test, told[1], cp);
}

/* What a partner told of is not told again until a packet comes. */
static void due_foreign(struct kunit *test)
{
	struct opvs_conn *cp = begin(test, 1, ESTABLISHED | OPVS_CONN_FOREIGN |
				     OPVS_CONN_TOLD, 0);
	struct opvs_conn *tp = begin(test, 0, OPVS_CONN_FOREIGN,
				     IP_VS_CONN_F_TEMPLATE);

	look(cp, jiffies + HZ);
	look(tp, jiffies + HZ);
	KUNIT_EXPECT_EQ(test, take(), 0);
	change(cp, ESTABLISHED | OPVS_CONN_PKT);
	look(cp, jiffies + HZ);
	look(cp, jiffies + HZ);
	KUNIT_EXPECT_EQ(test, take(), 1);
}

/* An entry that ends while it waits goes when it is taken, and is not lost. */
static void due_ended(struct kunit *test)
{
	struct opvs_conn *tp = begin(test, 0, 0, IP_VS_CONN_F_TEMPLATE);

	rcu_read_lock();
	KUNIT_EXPECT_TRUE(test, opvs_conn_end(tp));
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, take(), 1);
	KUNIT_EXPECT_EQ(test, take(), 0);
}

/* No more than sync_qlen_max allows wait; the rest is counted. */
static void due_full(struct kunit *test)
{
	struct opvs_dues *dues = rcu_dereference_protected(on->conn.dues, true);
	u64 dropped = opvs_counter_read(on, OPVS_CTR_SYNC_DROPPED);
	u32 max = dues->max;

	WRITE_ONCE(dues->max, 1);
	WRITE_ONCE(on->settings.sync_threshold[0], 1);
	local_bh_disable();
	begin(test, 1, ESTABLISHED | OPVS_CONN_PKT, 0);
	begin(test, 2, ESTABLISHED | OPVS_CONN_PKT, 0);
	begin(test, 3, ESTABLISHED | OPVS_CONN_PKT, 0);
	local_bh_enable();
	WRITE_ONCE(on->settings.sync_threshold[0], 3);
	WRITE_ONCE(dues->max, max);
	KUNIT_EXPECT_EQ(test, take(), 1);
	KUNIT_EXPECT_EQ(test, opvs_counter_read(on, OPVS_CTR_SYNC_DROPPED),
			dropped + 2);
}

static struct kunit_case due_cases[] = {
	KUNIT_CASE(due_threshold),
	KUNIT_CASE(due_first),
	KUNIT_CASE(due_age),
	KUNIT_CASE(due_refresh),
	KUNIT_CASE(due_again),
	KUNIT_CASE(due_longest),
	KUNIT_CASE(due_retries),
	KUNIT_CASE(due_template),
	KUNIT_CASE(due_order),
	KUNIT_CASE(due_foreign),
	KUNIT_CASE(due_ended),
	KUNIT_CASE(due_full),
	{}
};

static struct kunit_suite due_suite = {
	.name = "opvs_due",
	.init = due_init,
	.exit = due_exit,
	.test_cases = due_cases,
};

kunit_test_suite(due_suite);

MODULE_DESCRIPTION("opvs: unit tests of what a partner is to be told of");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
