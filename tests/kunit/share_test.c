// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of tenants: their shares are theirs alone, and of the two ways to
 * write a namespace's limit.
 */
#include <opvs/share.h>

#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/wq.h>

#include <kunit/test.h>

#include <linux/completion.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/string.h>

#include "testlib.h"

#define TENANTS		4
#define SHARE		65536	/* userns_conn_max's default */

static struct opvs_net *host;
static struct opvs_net *tenant[TENANTS];
static u32 total;

/* A namespace that has nothing but what shares are about. */
static struct opvs_net *make_tenant(struct kunit *test)
{
	struct opvs_net *on = kunit_kzalloc(test, sizeof(*on), GFP_KERNEL);

	if (!on)
		return NULL;
	mutex_init(&on->cfg_lock);
	on->share.tenant = true;
	on->conn.everywhere = &opvs_conns_tenants;
	on->conn.limit.max = SHARE;
	return on;
}

static int share_init(struct kunit *test)
{
	int i, err = opvs_test_net_init(test, &host);

	if (err)
		return err;
	total = opvs_conns_tenants.max;
	for (i = 0; i < TENANTS; i++) {
		tenant[i] = make_tenant(test);
		if (!tenant[i])
			return -ENOMEM;
	}
	return 0;
}

static int set_max(struct opvs_net *on, u32 max, struct netlink_ext_ack *extack)
{
	int err;

	mutex_lock(&on->cfg_lock);
	err = opvs_conn_max_check(on, max, extack);
	if (!err)
		opvs_conn_max_set(on, max);
	mutex_unlock(&on->cfg_lock);
	return err;
}

static void share_exit(struct kunit *test)
{
	int i;

	for (i = 0; i < TENANTS; i++)
		if (tenant[i])
			opvs_share_net_exit(tenant[i]);
	WRITE_ONCE(opvs_conns_tenants.max, total);
	set_max(host, 0, NULL);
}

static int take(struct opvs_net *on, struct netlink_ext_ack *extack)
{
	int err;

	mutex_lock(&on->cfg_lock);
	err = opvs_share_take(on, extack);
	mutex_unlock(&on->cfg_lock);
	return err;
}

/* The first ones keep it, and one that comes when all is taken gets nothing. */
static void share_reserved(struct kunit *test)
{
	struct netlink_ext_ack extack = {};
	int i;

	WRITE_ONCE(opvs_conns_tenants.max, 3 * SHARE);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, take(tenant[i], NULL), 0);
		KUNIT_EXPECT_EQ(test, tenant[i]->share.entries, SHARE);
		/* Its second service. */
		KUNIT_EXPECT_EQ(test, take(tenant[i], NULL), 0);
	}
	KUNIT_EXPECT_EQ(test, take(tenant[3], &extack), -ENOSPC);
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	KUNIT_EXPECT_EQ(test, tenant[3]->share.entries, 0);

	/* Lowered: none loses anything. */
	WRITE_ONCE(opvs_conns_tenants.max, SHARE);
	KUNIT_EXPECT_EQ(test, take(tenant[0], NULL), 0);
	opvs_share_net_exit(tenant[1]);
	KUNIT_EXPECT_EQ(test, take(tenant[3], NULL), -ENOSPC);
	WRITE_ONCE(opvs_conns_tenants.max, 3 * SHARE);
	KUNIT_EXPECT_EQ(test, take(tenant[3], NULL), 0);
	KUNIT_EXPECT_EQ(test, take(tenant[1], NULL), -ENOSPC);
}

/* Less than a share in all: the first one gets that. */
static void share_small(struct kunit *test)
{
	WRITE_ONCE(opvs_conns_tenants.max, 100);
	KUNIT_EXPECT_EQ(test, take(tenant[0], NULL), 0);
	KUNIT_EXPECT_EQ(test, tenant[0]->share.entries, 100);
	KUNIT_EXPECT_EQ(test, tenant[0]->conn.limit.max, 100);
	KUNIT_EXPECT_EQ(test, take(tenant[1], NULL), -ENOSPC);
}

static void share_host_needs_none(struct kunit *test)
{
	WRITE_ONCE(opvs_conns_tenants.max, 1);
	KUNIT_EXPECT_EQ(test, take(tenant[0], NULL), 0);
	KUNIT_EXPECT_EQ(test, take(host, NULL), 0);
	KUNIT_EXPECT_EQ(test, host->share.entries, 0);
	KUNIT_EXPECT_EQ(test, host->conn.limit.max, 0);
}

/* A tenant's limit is its share at most, before and after it has it. */
static void share_bounds_the_limit(struct kunit *test)
{
	struct netlink_ext_ack extack = {};
	struct opvs_net *on = tenant[0];
	int round;

	for (round = 0; round < 2; round++) {
		KUNIT_EXPECT_EQ(test, set_max(on, 0, &extack), -EINVAL);
		KUNIT_EXPECT_NOT_NULL(test, extack._msg);
		KUNIT_EXPECT_EQ(test, set_max(on, SHARE + 1, NULL), -EINVAL);
		KUNIT_EXPECT_EQ(test, set_max(on, OPVS_LIMIT_MAX, NULL), -EINVAL);
		KUNIT_EXPECT_EQ(test, on->conn.limit.max, SHARE);
		KUNIT_EXPECT_EQ(test, set_max(on, 1, NULL), 0);
		KUNIT_EXPECT_EQ(test, on->conn.limit.max, 1);
		KUNIT_EXPECT_EQ(test, set_max(on, SHARE, NULL), 0);
		KUNIT_EXPECT_EQ(test, take(on, NULL), 0);
	}
}

static void share_host_is_free(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, set_max(host, OPVS_LIMIT_MAX, NULL), 0);
	KUNIT_EXPECT_EQ(test, host->conn.limit.max, OPVS_LIMIT_MAX);
	KUNIT_EXPECT_EQ(test, set_max(host, OPVS_LIMIT_MAX + 1, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, set_max(host, OPVS_LIMIT_NOTHING - 1, NULL),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, host->conn.limit.max, OPVS_LIMIT_MAX);
	KUNIT_EXPECT_EQ(test, set_max(host, 0, NULL), 0);
	KUNIT_EXPECT_EQ(test, host->conn.limit.max, 0);
}

/* Packets see it when the call is back. */
static void share_nothing_passes(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, set_max(host, OPVS_LIMIT_NOTHING, NULL), 0);
	KUNIT_EXPECT_TRUE(test, host->settings.closed);
	KUNIT_EXPECT_EQ(test, host->settings.drop_rate, 1);
	KUNIT_EXPECT_EQ(test, set_max(host, 5, NULL), 0);
	KUNIT_EXPECT_FALSE(test, host->settings.closed);
	KUNIT_EXPECT_EQ(test, host->settings.drop_rate, 0);
}

/* More than a workqueue runs at once. */
#define BLOCKERS	1100

static DECLARE_COMPLETION(unblock);
static DECLARE_COMPLETION(closed);

static void block(struct work_struct *work)
{
	wait_for_completion(&unblock);
}

static int close_host(void *unused)
{
	set_max(host, OPVS_LIMIT_NOTHING, NULL);
	complete_all(&closed);
	return 0;
}

/* Works that wait for cfg_lock, whose holder sets the limit, keep all others from
 * running: nobody may wait for one of these there.
 */
static void share_waits_for_no_work(struct kunit *test)
{
	struct work_struct *blocker;
	struct task_struct *task;
	unsigned int i;

	blocker = kunit_kcalloc(test, BLOCKERS, sizeof(*blocker), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, blocker);
	reinit_completion(&unblock);
	reinit_completion(&closed);
	for (i = 0; i < BLOCKERS; i++) {
		INIT_WORK(&blocker[i], block);
		queue_work(opvs_wq, &blocker[i]);
	}
	task = kthread_run(close_host, NULL, "opvs_close");
	KUNIT_EXPECT_FALSE(test, IS_ERR(task));
	if (!IS_ERR(task))
		KUNIT_EXPECT_NE(test, 0,
				wait_for_completion_timeout(&closed, 10 * HZ));
	KUNIT_EXPECT_EQ(test, READ_ONCE(host->settings.drop_rate), 1);
	complete_all(&unblock);
	for (i = 0; i < BLOCKERS; i++)
		flush_work(&blocker[i]);
	if (!IS_ERR(task))
		wait_for_completion(&closed);
}

static void share_bounds_objects(struct kunit *test)
{
	struct netlink_ext_ack extack = {};
	struct opvs_net *on = tenant[0];

	mutex_lock(&on->cfg_lock);
	atomic_set(&on->svc.live, OPVS_TENANT_OBJECTS - 1);
	KUNIT_EXPECT_EQ(test, opvs_share_check_object(on, &extack), 0);
	atomic_set(&on->svc.live, OPVS_TENANT_OBJECTS);
	KUNIT_EXPECT_EQ(test, opvs_share_check_object(on, &extack), -ENOSPC);
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	on->share.tenant = false;
	KUNIT_EXPECT_EQ(test, opvs_share_check_object(on, NULL), 0);
	mutex_unlock(&on->cfg_lock);
}

/* ---- one limit, written in two ways ---- */

struct views_case {
	const char	*name;
	u32		max;
	int		native;
	int		compat;
};

static const struct views_case views_cases[] = {
	{ "no limit", 0, 0, OPVS_LIMIT_MAX },
	{ "nothing", OPVS_LIMIT_NOTHING, -1, 0 },
	{ "one", 1, 1, 1 },
	{ "many", 4000000, 4000000, 4000000 },
	{ "one less than most", OPVS_LIMIT_MAX - 1, OPVS_LIMIT_MAX - 1,
	  OPVS_LIMIT_MAX - 1 },
};

static void views_name(const struct views_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(views, views_cases, views_name);

static void share_views(struct kunit *test)
{
	const struct views_case *row = test->param_value;

	KUNIT_EXPECT_EQ(test, opvs_limit_native(row->max), row->native);
	KUNIT_EXPECT_EQ(test, opvs_limit_of_native(row->native), row->max);
	KUNIT_EXPECT_EQ(test, opvs_limit_compat(row->max), row->compat);
	KUNIT_EXPECT_EQ(test, opvs_limit_of_compat(row->compat), row->max);
}

/* Written as the largest limit, it is one; ip_vs's word for it is the same as
 * for none.
 */
static void share_views_largest(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, opvs_limit_of_native(OPVS_LIMIT_MAX),
			OPVS_LIMIT_MAX);
	KUNIT_EXPECT_EQ(test, opvs_limit_native(OPVS_LIMIT_MAX), OPVS_LIMIT_MAX);
	KUNIT_EXPECT_EQ(test, opvs_limit_compat(OPVS_LIMIT_MAX), OPVS_LIMIT_MAX);
}

static struct kunit_case share_cases[] = {
	KUNIT_CASE(share_reserved),
	KUNIT_CASE(share_small),
	KUNIT_CASE(share_host_needs_none),
	KUNIT_CASE(share_bounds_the_limit),
	KUNIT_CASE(share_host_is_free),
	KUNIT_CASE(share_nothing_passes),
	KUNIT_CASE(share_waits_for_no_work),
	KUNIT_CASE(share_bounds_objects),
	KUNIT_CASE_PARAM(share_views, views_gen_params),
	KUNIT_CASE(share_views_largest),
	{}
};

static struct kunit_suite share_suite = {
	.name = "opvs_share",
	.init = share_init,
	.exit = share_exit,
	.test_cases = share_cases,
};

kunit_test_suite(share_suite);

MODULE_DESCRIPTION("opvs: unit tests of tenants' shares");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
