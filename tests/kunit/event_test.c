// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of events: what is told, in which order, how often, and nothing if
 * nobody listens.  The listener is the test.
 *
 *	client 203.0.113.5 --- service 192.0.2.1:80 --- server 198.51.100.11:8080
 */
#include <opvs/event.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/policy.h>
#include <opvs/sched.h>
#include <opvs/share.h>
#include <opvs/svc.h>

#include <kunit/test.h>

#include <linux/err.h>
#include <linux/in.h>
#include <linux/minmax.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "testlib.h"

#define CLIENT	0xcb007105
#define SERVER	0xc633640b

static struct opvs_net *on;
static const struct opvs_event_ops *real_ops;
static bool listens;
static int refusal;
static struct opvs_event heard[2 * OPVS_EVENTS_MAX];
static u64 numbers[2 * OPVS_EVENTS_MAX];
static u32 losses[2 * OPVS_EVENTS_MAX];
static unsigned int count;

static bool fake_wanted(const struct opvs_net *in)
{
	return listens;
}

static int fake_tell(struct opvs_net *in, const struct opvs_event *event)
{
	if (refusal || count == ARRAY_SIZE(heard))
		return -ENOMEM;
	numbers[count] = in->event.sequence;
	losses[count] = in->event.lost;
	heard[count++] = *event;
	return 0;
}

static const struct opvs_event_ops fake_ops = {
	.wanted	= fake_wanted,
	.tell	= fake_tell,
};

static void set_ops(const struct opvs_event_ops *ops)
{
	mutex_lock(&on->cfg_lock);
	on->event.ops = ops;
	on->event.lost = 0;
	on->event.second = 0;
	on->event.limits = 0;
	memset(on->event.limit_at, 0, sizeof(on->event.limit_at));
	mutex_unlock(&on->cfg_lock);
}

static int event_init(struct kunit *test)
{
	int err = opvs_test_net_init(test, &on);

	if (err)
		return err;
	real_ops = on->event.ops;
	listens = true;
	refusal = 0;
	count = 0;
	set_ops(&fake_ops);
	return 0;
}

static void event_exit(struct kunit *test)
{
	set_ops(real_ops);
	opvs_test_net_exit(test, on);
}

/* Is that all since the last time, in this order? */
static void expect(struct kunit *test, const u8 *cmd, unsigned int num)
{
	unsigned int i;

	KUNIT_EXPECT_EQ(test, count, num);
	for (i = 0; i < min(count, num); i++)
		KUNIT_EXPECT_EQ_MSG(test, heard[i].cmd, cmd[i], "event %u", i);
	count = 0;
}

#define EXPECT(test, ...) do {						\
	static const u8 want[] = { __VA_ARGS__ };			\
									\
	expect(test, want, ARRAY_SIZE(want));				\
} while (0)

#define EXPECT_SILENCE(test)	expect(test, NULL, 0)

static struct opvs_svc *make_svc(struct kunit *test)
{
	struct opvs_svc_conf conf;

	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	return opvs_test_svc_as(test, on, &conf);
}

/* The clock may have told it already. */
static void tell_all(void)
{
	mutex_lock(&on->cfg_lock);
	opvs_event_tell_overloads(on);
	opvs_event_tell_limits(on);
	mutex_unlock(&on->cfg_lock);
}

static void event_changes(struct kunit *test)
{
	struct opvs_svc *svc = make_svc(test);
	struct opvs_dest *dest = opvs_test_dest(test, svc, SERVER, 8080);
	struct opvs_dest_conf conf = dest->conf;
	struct opvs_svc_conf svc_conf = svc->conf;

	EXPECT(test, OPVS_CMD_SERVICE_ADDED, OPVS_CMD_DEST_ADDED);
	mutex_lock(&on->cfg_lock);
	KUNIT_EXPECT_EQ(test, opvs_dest_edit(dest, &conf, NULL), 0);
	KUNIT_EXPECT_EQ(test, opvs_svc_edit(svc, &svc_conf, NULL), 0);
	EXPECT_SILENCE(test);

	conf.weight = 7;
	conf.u_threshold = 9;
	KUNIT_EXPECT_EQ(test, opvs_dest_edit(dest, &conf, NULL), 0);
	KUNIT_EXPECT_PTR_EQ(test, heard[0].svc, (const struct opvs_svc *)svc);
	KUNIT_EXPECT_EQ(test, heard[0].old_weight, 1);
	KUNIT_EXPECT_EQ(test, heard[0].changed,
			OPVS_CHANGED_WEIGHT | OPVS_CHANGED_THRESHOLDS);
	EXPECT(test, OPVS_CMD_DEST_CHANGED);

	svc_conf.conn_max = 5;
	svc_conf.sched = &opvs_sched_wrr;
	KUNIT_EXPECT_EQ(test, opvs_svc_edit(svc, &svc_conf, NULL), 0);
	KUNIT_EXPECT_EQ(test, heard[0].changed,
			OPVS_CHANGED_SCHEDULER | OPVS_CHANGED_LIMIT);
	EXPECT(test, OPVS_CMD_SERVICE_CHANGED);

	conf.weight = U32_MAX;
	KUNIT_EXPECT_NE(test, opvs_dest_edit(dest, &conf, NULL), 0);
	EXPECT_SILENCE(test);
	opvs_svc_zero(svc);
	opvs_net_zero(on);
	KUNIT_EXPECT_NULL(test, heard[1].svc);
	EXPECT(test, OPVS_CMD_ZEROED, OPVS_CMD_ZEROED);
	KUNIT_EXPECT_EQ(test, opvs_dest_del(dest, NULL), 0);
	opvs_svc_del(svc);
	opvs_svc_flush(on);
	EXPECT(test, OPVS_CMD_DEST_REMOVED, OPVS_CMD_SERVICE_REMOVED);
	mutex_unlock(&on->cfg_lock);
}

/* A service goes with its servers, and all services together, in one event. */
static void event_ends(struct kunit *test)
{
	struct opvs_svc *svc = make_svc(test);

	opvs_test_dest(test, svc, SERVER, 8080);
	count = 0;
	opvs_test_svc_del(svc);
	EXPECT(test, OPVS_CMD_SERVICE_REMOVED);
	opvs_test_dest(test, make_svc(test), SERVER, 8080);
	count = 0;
	mutex_lock(&on->cfg_lock);
	opvs_svc_flush(on);
	opvs_svc_flush(on);
	mutex_unlock(&on->cfg_lock);
	EXPECT(test, OPVS_CMD_FLUSHED);
}

static void event_net(struct kunit *test)
{
	const siphash_key_t key = on->svc.hash_key;
	siphash_key_t other = { { 1, 2 } };
	u32 set[OPVS_TIMEOUTS] = { 77 };
	struct opvs_policy *policy;

	mutex_lock(&on->cfg_lock);
	KUNIT_EXPECT_EQ(test, opvs_svc_rekey(on, &key, NULL), 0);
	EXPECT_SILENCE(test);
	KUNIT_EXPECT_EQ(test, opvs_svc_rekey(on, &other, NULL), 0);
	KUNIT_EXPECT_EQ(test, opvs_svc_rekey(on, &key, NULL), 0);
	EXPECT(test, OPVS_CMD_KEY_CHANGED, OPVS_CMD_KEY_CHANGED);

	opvs_conn_max_set(on, 8);
	opvs_conn_max_set(on, 8);
	opvs_conn_max_set(on, 0);
	EXPECT(test, OPVS_CMD_LIMIT_CHANGED, OPVS_CMD_LIMIT_CHANGED);

	KUNIT_EXPECT_EQ(test, opvs_policy_add(on, "gold", set, NULL), 0);
	policy = opvs_policy_find(on, "gold");
	KUNIT_ASSERT_NOT_NULL(test, policy);
	KUNIT_EXPECT_EQ(test, opvs_policy_edit(on, policy, set, NULL), 0);
	set[0]++;
	KUNIT_EXPECT_EQ(test, opvs_policy_edit(on, policy, set, NULL), 0);
	KUNIT_EXPECT_EQ(test, opvs_policy_del(on, policy, NULL), 0);
	EXPECT(test, OPVS_CMD_POLICY_ADDED, OPVS_CMD_POLICY_CHANGED,
	       OPVS_CMD_POLICY_REMOVED);
	mutex_unlock(&on->cfg_lock);
}

/* Without a listener there is nothing to count or to tell later. */
static void event_nobody(struct kunit *test)
{
	u64 sequence = on->event.sequence;
	struct opvs_dest *dest;

	listens = false;
	dest = opvs_test_dest(test, make_svc(test), SERVER, 8080);
	opvs_event_overload(dest, true);
	opvs_event_limit(on, dest->svc, OPVS_LIMIT_KIND_SERVICE);
	KUNIT_EXPECT_EQ(test, on->event.sequence, sequence);
	listens = true;
	tell_all();
	EXPECT_SILENCE(test);
}

static void event_overload_news(struct kunit *test)
{
	struct opvs_dest *dest = opvs_test_dest(test, make_svc(test), SERVER,
						8080);

	count = 0;
	/* The clock would take it away. */
	mutex_lock(&on->cfg_lock);
	WRITE_ONCE(dest->overloaded, true);
	opvs_event_overload(dest, true);
	EXPECT_SILENCE(test);
	opvs_event_tell_overloads(on);
	KUNIT_EXPECT_PTR_EQ(test, heard[0].dest, (const struct opvs_dest *)dest);
	EXPECT(test, OPVS_CMD_OVERLOAD_BEGUN);
	opvs_event_tell_overloads(on);
	EXPECT_SILENCE(test);

	/* Away and back: the last word is what is. */
	opvs_event_overload(dest, false);
	opvs_event_overload(dest, true);
	opvs_event_tell_overloads(on);
	EXPECT(test, OPVS_CMD_OVERLOAD_ENDED, OPVS_CMD_OVERLOAD_BEGUN);

	WRITE_ONCE(dest->overloaded, false);
	opvs_event_overload(dest, false);
	opvs_event_overload(dest, true);
	opvs_event_overload(dest, false);
	opvs_event_tell_overloads(on);
	EXPECT(test, OPVS_CMD_OVERLOAD_BEGUN, OPVS_CMD_OVERLOAD_ENDED);

	/* What is over with the server is no news; nor does it keep it. */
	opvs_event_overload(dest, true);
	KUNIT_EXPECT_EQ(test, opvs_dest_del(dest, NULL), 0);
	EXPECT(test, OPVS_CMD_DEST_REMOVED);
	opvs_event_tell_overloads(on);
	EXPECT_SILENCE(test);
	mutex_unlock(&on->cfg_lock);
}

static void event_thresholds(struct kunit *test)
{
	struct opvs_dest *dest = opvs_test_dest(test, make_svc(test), SERVER,
						8080);
	struct opvs_conn_start start;
	struct opvs_conn *cp;

	opvs_test_dest_limit(test, dest, 1, 1);
	count = 0;
	opvs_test_start(&start, dest, CLIENT, 5000);
	cp = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cp));
	mutex_lock(&on->cfg_lock);
	opvs_event_tell_overloads(on);
	mutex_unlock(&on->cfg_lock);
	EXPECT(test, OPVS_CMD_OVERLOAD_BEGUN);
	rcu_read_lock();
	KUNIT_EXPECT_TRUE(test, opvs_conn_end(cp));
	rcu_read_unlock();
	mutex_lock(&on->cfg_lock);
	opvs_event_tell_overloads(on);
	mutex_unlock(&on->cfg_lock);
	EXPECT(test, OPVS_CMD_OVERLOAD_ENDED);
}

static void event_limit_pause(struct kunit *test)
{
	struct opvs_svc *svc = make_svc(test);
	unsigned int i;

	count = 0;
	mutex_lock(&on->cfg_lock);
	for (i = 0; i < 3; i++) {
		opvs_event_limit(on, svc, OPVS_LIMIT_KIND_SERVICE);
		opvs_event_limit(on, svc, OPVS_LIMIT_KIND_NETNS);
		opvs_event_tell_limits(on);
	}
	KUNIT_EXPECT_EQ(test, heard[0].limit, OPVS_LIMIT_KIND_NETNS);
	KUNIT_EXPECT_NULL(test, heard[0].svc);
	KUNIT_EXPECT_EQ(test, heard[1].limit, OPVS_LIMIT_KIND_SERVICE);
	KUNIT_EXPECT_PTR_EQ(test, heard[1].svc, (const struct opvs_svc *)svc);
	EXPECT(test, OPVS_CMD_LIMIT_REACHED, OPVS_CMD_LIMIT_REACHED);

	svc->limit_at -= 10 * HZ;
	opvs_event_limit(on, svc, OPVS_LIMIT_KIND_SERVICE);
	opvs_event_limit(on, svc, OPVS_LIMIT_KIND_NETNS);
	opvs_event_tell_limits(on);
	EXPECT(test, OPVS_CMD_LIMIT_REACHED);
	mutex_unlock(&on->cfg_lock);
}

/* So many in a second, and the next one tells how many were lost. */
static void event_rate(struct kunit *test)
{
	struct opvs_svc *svc = make_svc(test);
	u64 first;
	u32 i;

	mutex_lock(&on->cfg_lock);
	/* As if the second had just begun, however slow this is. */
	on->event.second = get_jiffies_64() + 3600 * HZ;
	on->event.sent = 0;
	count = 0;
	first = on->event.sequence + 1;
	for (i = 0; i < OPVS_EVENTS_MAX + 5; i++)
		opvs_svc_zero(svc);
	KUNIT_EXPECT_EQ(test, count, OPVS_EVENTS_MAX);
	KUNIT_EXPECT_EQ(test, on->event.lost, 5);
	KUNIT_EXPECT_TRUE(test, opvs_event_tell_lost(on));
	KUNIT_EXPECT_EQ(test, count, OPVS_EVENTS_MAX);

	on->event.second = 0;
	opvs_svc_zero(svc);
	KUNIT_EXPECT_EQ(test, losses[OPVS_EVENTS_MAX], 5);
	KUNIT_EXPECT_EQ(test, numbers[OPVS_EVENTS_MAX],
			first + OPVS_EVENTS_MAX + 5);
	KUNIT_EXPECT_FALSE(test, opvs_event_tell_lost(on));
	KUNIT_EXPECT_EQ(test, on->event.lost, 0);

	/* Without memory, too; and if nothing else comes, that alone is told. */
	count = 0;
	refusal = -ENOMEM;
	opvs_svc_zero(svc);
	refusal = 0;
	KUNIT_EXPECT_EQ(test, on->event.lost, 1);
	KUNIT_EXPECT_FALSE(test, opvs_event_tell_lost(on));
	KUNIT_EXPECT_EQ(test, losses[0], 1);
	EXPECT(test, OPVS_CMD_EVENTS_LOST);
	mutex_unlock(&on->cfg_lock);
}

static struct kunit_case event_cases[] = {
	KUNIT_CASE(event_changes),
	KUNIT_CASE(event_ends),
	KUNIT_CASE(event_net),
	KUNIT_CASE(event_nobody),
	KUNIT_CASE(event_overload_news),
	KUNIT_CASE(event_thresholds),
	KUNIT_CASE(event_limit_pause),
	KUNIT_CASE(event_rate),
	{}
};

static struct kunit_suite event_suite = {
	.name = "opvs_event",
	.init = event_init,
	.exit = event_exit,
	.test_cases = event_cases,
};

kunit_test_suite(event_suite);

MODULE_DESCRIPTION("opvs: unit tests of events");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
