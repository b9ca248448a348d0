// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of when packets see changes: at once, or many of them together.
 *
 * The lock is held from a change to the look at what packets see of it, so that
 * nothing that waits is shown in between, however slow the machine is.  So there
 * are no assertions, which would leave it held.
 */
#include <opvs/svc.h>

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/pe.h>
#include <opvs/sched.h>
#include "../../net/ctl/dest.h"

#include "testlib.h"

#include <kunit/test.h>

#include <linux/delay.h>
#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/random.h>
#include <linux/sizes.h>
#include <linux/string.h>

#define DEADLINE	(20 * HZ)
#define SERVER		0x0a000001

/* Crosses from narrow tables of mh to wide ones. */
#define MANY		300

static struct opvs_net *on;
static struct opvs_svc *svc;

/* ---- a scheduler that is dear, and refuses more than so many servers ---- */

static u32 most;

static ssize_t dear_priv_size(const struct opvs_view *view,
			      const struct opvs_view *prev,
			      struct netlink_ext_ack *extack)
{
	if (view->count > most) {
		NL_SET_ERR_MSG(extack, "too many");
		return -EINVAL;
	}
	return SZ_16K + view->count;
}

/* Sanitizers see whether all of it is there. */
static void dear_build(struct opvs_view *view, const struct opvs_view *prev)
{
	memset(view->priv, 0xff, SZ_16K + view->count);
}

static struct opvs_dest *dear_pick(const struct opvs_view *view,
				   const struct opvs_sched_req *req)
{
	return NULL;
}

static const struct opvs_sched_ops dear = {
	.name		= "dear",
	.priv_size	= dear_priv_size,
	.build		= dear_build,
	.pick		= dear_pick,
};

/* ---- what there is ---- */

static void make_svc(struct kunit *test, const struct opvs_sched_ops *sched)
{
	struct opvs_svc_conf conf;

	opvs_test_svc_conf(&conf, IPPROTO_UDP);
	conf.flags = IP_VS_SVC_F_ONEPACKET;
	conf.sched = sched;
	if (sched->hashes)
		conf.pe = opvs_pe_find("sip");
	svc = opvs_test_svc_as(test, on, &conf);
}

static int view_test_init(struct kunit *test)
{
	int err = opvs_test_net_init(test, &on);

	most = U32_MAX;
	if (err)
		return err;
	make_svc(test, &dear);
	return 0;
}

static void set_credit(long credit)
{
	on->svc.late.credit = credit;
	on->svc.late.paid_at = jiffies;
}

static void view_test_exit(struct kunit *test)
{
	opvs_test_net_exit(test, on);
	KUNIT_EXPECT_TRUE(test, list_empty(&on->svc.late.svcs));
	/* For the suites that follow. */
	set_credit(SZ_1M);
}

/* By so much that no test sees the end of it. */
static void overdraw(void)
{
	set_credit(LONG_MIN / 2);
}

static const struct opvs_view *seen(void)
{
	return rcu_dereference_protected(svc->view, true);
}

static u64 built(void)
{
	return opvs_counter_read(on, OPVS_CTR_VIEWS_BUILT);
}

static int add_as(u32 number, u32 weight, struct netlink_ext_ack *extack)
{
	struct opvs_dest_conf conf;

	opvs_test_dest_conf(&conf, SERVER + number, 5060);
	conf.weight = weight;
	return opvs_dest_add(svc, &conf, extack);
}

static void add(struct kunit *test, u32 number)
{
	KUNIT_EXPECT_EQ(test, add_as(number, 1, NULL), 0);
}

static struct opvs_dest *server(u32 number)
{
	struct opvs_dest_conf conf;

	opvs_test_dest_conf(&conf, SERVER + number, 5060);
	return opvs_dest_find(svc, &conf.key);
}

static void set_weight(struct kunit *test, u32 number, u32 weight)
{
	struct opvs_dest *dest = server(number);
	struct opvs_dest_conf conf;

	KUNIT_EXPECT_NOT_NULL(test, dest);
	if (!dest)
		return;
	conf = dest->conf;
	conf.weight = weight;
	KUNIT_EXPECT_EQ(test, opvs_dest_edit(dest, &conf, NULL), 0);
}

/* Lets the clock show what waits. */
static bool shown_by_clock(u32 known)
{
	unsigned long end = jiffies + DEADLINE;
	bool shown;

	do {
		mutex_unlock(&on->cfg_lock);
		msleep(20);
		mutex_lock(&on->cfg_lock);
		shown = seen()->known == known && !svc->late.view;
	} while (!shown && time_before(jiffies, end));
	return shown;
}

/* ---- at once, or not ---- */

static void view_at_once_after_a_rest(struct kunit *test)
{
	u32 i;

	mutex_lock(&on->cfg_lock);
	set_credit(0);
	on->svc.late.paid_at = jiffies - HZ;
	for (i = 0; i < 10; i++) {
		add(test, i);
		KUNIT_EXPECT_EQ(test, seen()->known, i + 1);
	}
	KUNIT_EXPECT_NULL(test, svc->late.view);
	mutex_unlock(&on->cfg_lock);
}

/* What is left is enough for one, of any size. */
static void view_overdrawn_by_one(struct kunit *test)
{
	mutex_lock(&on->cfg_lock);
	set_credit(1);
	add(test, 0);
	KUNIT_EXPECT_EQ(test, seen()->known, 1);
	overdraw();
	add(test, 1);
	KUNIT_EXPECT_EQ(test, seen()->known, 1);
	/* What waits does so to its end, also if there is credit by then. */
	set_credit(SZ_1M);
	add(test, 2);
	KUNIT_EXPECT_EQ(test, seen()->known, 1);
	KUNIT_EXPECT_TRUE(test, shown_by_clock(3));
	mutex_unlock(&on->cfg_lock);
}

static void view_burst_is_shown_together(struct kunit *test)
{
	u64 before = built(), late = opvs_counter_read(on, OPVS_CTR_VIEWS_LATE);
	u32 i;

	mutex_lock(&on->cfg_lock);
	overdraw();
	for (i = 0; i < MANY; i++)
		add(test, i);
	set_weight(test, 7, 9);
	KUNIT_EXPECT_EQ(test, seen()->known, 0);
	KUNIT_EXPECT_EQ(test, built(), before);
	KUNIT_EXPECT_EQ(test, opvs_counter_read(on, OPVS_CTR_VIEWS_LATE),
			late + MANY + 1);
	KUNIT_EXPECT_TRUE(test, shown_by_clock(MANY));
	KUNIT_EXPECT_EQ(test, built(), before + 1);
	KUNIT_EXPECT_EQ(test, seen()->member[7].weight, 9);
	KUNIT_EXPECT_PTR_EQ(test, seen()->member[MANY - 1].dest,
			    server(MANY - 1));
	mutex_unlock(&on->cfg_lock);
}

/* Two services, each in its turn. */
static void view_burst_of_two(struct kunit *test)
{
	struct opvs_svc *first = svc;
	struct opvs_svc_conf conf;

	mutex_lock(&on->cfg_lock);
	overdraw();
	add(test, 0);
	conf = svc->conf;
	conf.key.port = htons(5070);
	KUNIT_EXPECT_EQ(test, opvs_svc_add(on, &conf, NULL), 0);
	svc = opvs_svc_find(on, &conf.key);
	add(test, 1);
	add(test, 2);
	KUNIT_EXPECT_TRUE(test, shown_by_clock(2));
	svc = first;
	KUNIT_EXPECT_TRUE(test, shown_by_clock(1));
	mutex_unlock(&on->cfg_lock);
}

/* The one that is built sooner does not wait for the other. */
static void view_dear_ones_wait_longer(struct kunit *test)
{
	struct opvs_svc *first = svc;
	struct opvs_svc_conf conf;
	unsigned long began;

	mutex_lock(&on->cfg_lock);
	overdraw();
	svc->late.took = 1000 * HZ;
	began = jiffies;
	add(test, 0);
	KUNIT_EXPECT_GE(test, svc->late.due - began, HZ / 2UL);
	KUNIT_EXPECT_FALSE(test, time_after(svc->late.due, jiffies + HZ / 2));
	conf = svc->conf;
	conf.key.port = htons(5070);
	KUNIT_EXPECT_EQ(test, opvs_svc_add(on, &conf, NULL), 0);
	svc = opvs_svc_find(on, &conf.key);
	svc->late.took = 0;
	first->late.due += 1000 * HZ;
	add(test, 1);
	KUNIT_EXPECT_FALSE(test, time_after(svc->late.due,
					    jiffies + HZ / 20 + 1));
	KUNIT_EXPECT_PTR_EQ(test, on->svc.late.svcs.next, &svc->late.list);
	KUNIT_EXPECT_TRUE(test, shown_by_clock(1));
	KUNIT_EXPECT_NOT_NULL(test, first->late.view);
	mutex_unlock(&on->cfg_lock);
}

static void view_small_ones_never_wait(struct kunit *test)
{
	struct opvs_svc_conf conf = svc->conf;
	u32 i;

	mutex_lock(&on->cfg_lock);
	conf.sched = opvs_sched_find("wrr");
	KUNIT_EXPECT_EQ(test, opvs_svc_edit(svc, &conf, NULL), 0);
	overdraw();
	for (i = 0; i < 50; i++)
		add(test, i);
	KUNIT_EXPECT_EQ(test, seen()->known, 50);
	KUNIT_EXPECT_NULL(test, svc->late.view);
	mutex_unlock(&on->cfg_lock);
}

/* Thresholds and methods are not in the view. */
static void view_same_weight_builds_nothing(struct kunit *test)
{
	u64 before;

	mutex_lock(&on->cfg_lock);
	set_credit(SZ_1M);
	add(test, 0);
	before = built();
	set_weight(test, 0, 1);
	KUNIT_EXPECT_EQ(test, built(), before);
	KUNIT_EXPECT_NULL(test, svc->late.view);
	mutex_unlock(&on->cfg_lock);
}

/* ---- what does not wait ---- */

static void begin_late(struct kunit *test)
{
	set_credit(SZ_1M);
	add(test, 0);
	add(test, 1);
	overdraw();
	add(test, 2);
	KUNIT_EXPECT_EQ(test, seen()->known, 2);
	KUNIT_EXPECT_NOT_NULL(test, svc->late.view);
}

static void expect_settled(struct kunit *test, u32 known)
{
	KUNIT_EXPECT_EQ(test, seen()->known, known);
	KUNIT_EXPECT_NULL(test, svc->late.view);
	KUNIT_EXPECT_TRUE(test, list_empty(&svc->late.list));
	KUNIT_EXPECT_TRUE(test, list_empty(&on->svc.late.svcs));
}

static void view_removal_is_seen(struct kunit *test)
{
	mutex_lock(&on->cfg_lock);
	begin_late(test);
	KUNIT_EXPECT_EQ(test, opvs_dest_del(server(0), NULL), 0);
	expect_settled(test, 2);
	KUNIT_EXPECT_PTR_EQ(test, seen()->member[0].dest, server(1));
	mutex_unlock(&on->cfg_lock);
}

/* One that packets have not seen yet. */
static void view_removal_of_late_one(struct kunit *test)
{
	mutex_lock(&on->cfg_lock);
	begin_late(test);
	KUNIT_EXPECT_EQ(test, opvs_dest_del(server(2), NULL), 0);
	expect_settled(test, 2);
	mutex_unlock(&on->cfg_lock);
}

static void view_draining_is_seen(struct kunit *test)
{
	mutex_lock(&on->cfg_lock);
	begin_late(test);
	set_weight(test, 1, 0);
	expect_settled(test, 3);
	KUNIT_EXPECT_EQ(test, seen()->count, 2);
	set_weight(test, 1, 5);
	KUNIT_EXPECT_EQ(test, seen()->count, 2);
	opvs_svc_settle(svc);
	KUNIT_EXPECT_EQ(test, seen()->count, 3);
	mutex_unlock(&on->cfg_lock);
}

static void view_edit_is_seen(struct kunit *test)
{
	struct opvs_svc_conf conf;

	mutex_lock(&on->cfg_lock);
	begin_late(test);
	conf = svc->conf;
	conf.sched = opvs_sched_find("rr");
	KUNIT_EXPECT_EQ(test, opvs_svc_edit(svc, &conf, NULL), 0);
	expect_settled(test, 3);
	KUNIT_EXPECT_PTR_EQ(test, seen()->ops, conf.sched);
	mutex_unlock(&on->cfg_lock);
}

static void view_secret_is_seen(struct kunit *test)
{
	siphash_key_t old = on->svc.hash_key, key;

	mutex_lock(&on->cfg_lock);
	begin_late(test);
	get_random_bytes(&key, sizeof(key));
	KUNIT_EXPECT_EQ(test, opvs_svc_rekey(on, &key, NULL), 0);
	expect_settled(test, 3);
	KUNIT_EXPECT_MEMEQ(test, &seen()->hash_key, &key, sizeof(key));
	KUNIT_EXPECT_EQ(test, opvs_svc_rekey(on, &old, NULL), 0);
	mutex_unlock(&on->cfg_lock);
}

static void view_settled_by_its_reader(struct kunit *test)
{
	u64 before;

	mutex_lock(&on->cfg_lock);
	begin_late(test);
	before = built();
	opvs_svc_settle(svc);
	expect_settled(test, 3);
	opvs_net_settle(on);
	KUNIT_EXPECT_EQ(test, built(), before + 1);
	overdraw();
	set_weight(test, 0, 3);
	opvs_net_settle(on);
	expect_settled(test, 3);
	KUNIT_EXPECT_EQ(test, seen()->member[0].weight, 3);
	mutex_unlock(&on->cfg_lock);
}

/* ---- ends and errors ---- */

static void view_service_goes_first(struct kunit *test)
{
	u64 before;

	mutex_lock(&on->cfg_lock);
	begin_late(test);
	before = built();
	opvs_svc_del(svc);
	svc = NULL;
	KUNIT_EXPECT_TRUE(test, list_empty(&on->svc.late.svcs));
	mutex_unlock(&on->cfg_lock);
	/* The work finds nothing. */
	flush_delayed_work(&on->clock.late);
	mutex_lock(&on->cfg_lock);
	KUNIT_EXPECT_EQ(test, built(), before);
	mutex_unlock(&on->cfg_lock);
}

static void view_refusal_is_told(struct kunit *test)
{
	struct netlink_ext_ack extack = {};
	struct opvs_dest_conf conf;

	mutex_lock(&on->cfg_lock);
	begin_late(test);
	most = 3;
	KUNIT_EXPECT_EQ(test, add_as(3, 1, &extack), -EINVAL);
	KUNIT_EXPECT_STREQ(test, extack._msg, "too many");
	KUNIT_EXPECT_NULL(test, server(3));
	/* The same by an edit: it goes from 0 to 1. */
	most = 4;
	KUNIT_EXPECT_EQ(test, add_as(3, 0, NULL), 0);
	most = 3;
	conf = server(3)->conf;
	conf.weight = 1;
	KUNIT_EXPECT_EQ(test, opvs_dest_edit(server(3), &conf, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, server(3)->conf.weight, 0);
	/* What was granted is shown, and nothing else. */
	KUNIT_EXPECT_TRUE(test, shown_by_clock(4));
	KUNIT_EXPECT_EQ(test, seen()->count, 3);
	mutex_unlock(&on->cfg_lock);
}

/* ---- the same in the end ---- */

static void view_mh_is_the_same(struct kunit *test)
{
	u16 owners[500];
	const struct opvs_flow flow = {};
	struct opvs_sched_req req = { .flow = &flow, .key = "k", .key_len = 1 };
	u32 i, round, differ = 0;

	mutex_lock(&on->cfg_lock);
	opvs_svc_del(svc);
	mutex_unlock(&on->cfg_lock);
	make_svc(test, opvs_sched_find("mh"));
	mutex_lock(&on->cfg_lock);
	overdraw();
	for (i = 0; i < MANY; i++)
		KUNIT_EXPECT_EQ(test, add_as(i, 1 + i % 3, NULL), 0);
	/* The first alone is a table of one slot. */
	KUNIT_EXPECT_EQ(test, seen()->known, 1);
	opvs_svc_settle(svc);
	for (round = 0; round < 2; round++) {
		rcu_read_lock();
		for (i = 0; i < ARRAY_SIZE(owners); i++) {
			req.hash = ((u64)i << 32) / ARRAY_SIZE(owners) + 1;
			if (!round)
				owners[i] = seen()->ops->pick(seen(), &req)->id;
			else
				differ += owners[i] !=
					  seen()->ops->pick(seen(), &req)->id;
		}
		rcu_read_unlock();
		KUNIT_EXPECT_EQ(test, opvs_svc_rebuild(svc, NULL), 0);
	}
	KUNIT_EXPECT_EQ(test, differ, 0);
	mutex_unlock(&on->cfg_lock);
}

/* Servers in place for less than a second have no sessions to drain; that they
 * have some by the time at which it is shown must not ask for more memory.
 */
static void view_mh_is_of_its_time(struct kunit *test)
{
	mutex_lock(&on->cfg_lock);
	opvs_svc_del(svc);
	mutex_unlock(&on->cfg_lock);
	make_svc(test, opvs_sched_find("mh"));
	mutex_lock(&on->cfg_lock);
	WRITE_ONCE(svc->used, true);
	set_credit(SZ_1M);
	add(test, 0);
	add(test, 1);
	overdraw();
	add(test, 2);
	KUNIT_EXPECT_EQ(test, seen()->known, 2);
	msleep(1200);
	opvs_svc_settle(svc);
	expect_settled(test, 3);
	KUNIT_EXPECT_FALSE(test, seen()->drains);
	/* And the other way round. */
	msleep(1200);
	add(test, 3);
	opvs_svc_settle(svc);
	KUNIT_EXPECT_TRUE(test, seen()->drains);
	mutex_unlock(&on->cfg_lock);
}

/* ---- lists go on where they were ---- */

static void view_list_goes_on(struct kunit *test)
{
	struct opvs_dest *dest;
	u64 id, found = 0;
	u32 i;

	mutex_lock(&on->cfg_lock);
	KUNIT_EXPECT_NULL(test, opvs_ctl_dest_from(svc, 0));
	for (i = 0; i < 9; i++)
		add(test, i);
	for (id = 0; (dest = opvs_ctl_dest_from(svc, id)); id = dest->id + 1)
		found += dest->id;
	KUNIT_EXPECT_EQ(test, found, 45);
	/* Another list begins, and the place of the one before goes. */
	KUNIT_EXPECT_PTR_EQ(test, opvs_ctl_dest_from(svc, 0), server(0));
	KUNIT_EXPECT_PTR_EQ(test, opvs_ctl_dest_from(svc, 5), server(4));
	KUNIT_EXPECT_EQ(test, opvs_dest_del(server(4), NULL), 0);
	KUNIT_EXPECT_PTR_EQ(test, opvs_ctl_dest_from(svc, 5), server(5));
	KUNIT_EXPECT_PTR_EQ(test, svc->listed, server(5));
	KUNIT_EXPECT_PTR_EQ(test, opvs_ctl_dest_from(svc, 9), server(8));
	KUNIT_EXPECT_NULL(test, opvs_ctl_dest_from(svc, 10));
	mutex_unlock(&on->cfg_lock);
}

static struct kunit_case view_test_cases[] = {
	KUNIT_CASE(view_at_once_after_a_rest),
	KUNIT_CASE(view_overdrawn_by_one),
	KUNIT_CASE(view_burst_is_shown_together),
	KUNIT_CASE(view_burst_of_two),
	KUNIT_CASE(view_dear_ones_wait_longer),
	KUNIT_CASE(view_small_ones_never_wait),
	KUNIT_CASE(view_same_weight_builds_nothing),
	KUNIT_CASE(view_removal_is_seen),
	KUNIT_CASE(view_removal_of_late_one),
	KUNIT_CASE(view_draining_is_seen),
	KUNIT_CASE(view_edit_is_seen),
	KUNIT_CASE(view_secret_is_seen),
	KUNIT_CASE(view_settled_by_its_reader),
	KUNIT_CASE(view_service_goes_first),
	KUNIT_CASE(view_refusal_is_told),
	KUNIT_CASE(view_mh_is_the_same),
	KUNIT_CASE(view_mh_is_of_its_time),
	KUNIT_CASE(view_list_goes_on),
	{}
};

static struct kunit_suite view_suite = {
	.name = "opvs_view",
	.init = view_test_init,
	.exit = view_test_exit,
	.test_cases = view_test_cases,
};

kunit_test_suite(view_suite);

MODULE_DESCRIPTION("opvs: unit tests of when packets see changes");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
