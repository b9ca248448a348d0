// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of the wait at a namespace's end: it ends when all is freed, and
 * before that a debug build names who holds what.
 *
 *	service 192.0.2.1:80 --- server 198.51.100.11:8080
 */
#include <opvs/watch.h>

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/svc.h>

#include <kunit/test.h>

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/in.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "testlib.h"

#define SERVER		0xc633640b
#define DEADLINE	(20 * HZ)

static struct opvs_net *on;

struct waiter {
	struct work_struct	work;
	struct completion	done;
};

static void wait_work(struct work_struct *work)
{
	struct waiter *waiter = container_of(work, struct waiter, work);

	opvs_watch_wait(on);
	complete(&waiter->done);
}

static void waiter_start(struct waiter *waiter)
{
	INIT_WORK_ONSTACK(&waiter->work, wait_work);
	init_completion(&waiter->done);
	queue_work(system_unbound_wq, &waiter->work);
}

static void waiter_end(struct kunit *test, struct waiter *waiter)
{
	KUNIT_EXPECT_NE(test,
			wait_for_completion_timeout(&waiter->done, DEADLINE),
			0UL);
	flush_work(&waiter->work);
	destroy_work_on_stack(&waiter->work);
}

static int watch_test_init(struct kunit *test)
{
	return opvs_test_net_init(test, &on);
}

static void watch_test_exit(struct kunit *test)
{
	opvs_test_net_exit(test, on);
}

static void flush(void)
{
	mutex_lock(&on->cfg_lock);
	opvs_svc_flush(on);
	mutex_unlock(&on->cfg_lock);
}

/* A server whose reference somebody forgot to give back, until now. */
static struct opvs_dest *held_dest(struct kunit *test)
{
	struct opvs_svc_conf conf;
	struct opvs_dest *dest;
	struct opvs_svc *svc;
	bool held;

	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	svc = opvs_test_svc_as(test, on, &conf);
	dest = opvs_test_dest(test, svc, SERVER, 8080);
	rcu_read_lock();
	held = opvs_dest_get(dest);
	rcu_read_unlock();
	KUNIT_ASSERT_TRUE(test, held);
	return dest;
}

static void watch_nothing(struct kunit *test)
{
	unsigned int told = READ_ONCE(on->svc.watch.told);
	struct waiter waiter;

	waiter_start(&waiter);
	waiter_end(test, &waiter);
	KUNIT_EXPECT_EQ(test, READ_ONCE(on->svc.watch.told), told);
}

static void watch_waits(struct kunit *test)
{
	struct opvs_dest *dest = held_dest(test);
	struct waiter waiter;

	flush();
	waiter_start(&waiter);
	opvs_test_grace();
	KUNIT_EXPECT_FALSE(test, completion_done(&waiter.done));
	opvs_dest_put(dest);
	waiter_end(test, &waiter);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->svc.live), 0);
}

#ifdef OPVS_DEBUG
static bool told_more_than(unsigned int told)
{
	unsigned long end = jiffies + DEADLINE;

	while (READ_ONCE(on->svc.watch.told) <= told) {
		if (time_after(jiffies, end))
			return false;
		msleep(20);
	}
	return true;
}

static void watch_names(struct kunit *test)
{
	static const char *const parts[] = {
		"198.51.100.11:8080", "TCP 192.0.2.1:80", " 1 references",
		" 0 connections", " 0 templates",
	};
	unsigned int told = READ_ONCE(on->svc.watch.told);
	struct opvs_dest *dest = held_dest(test);
	struct waiter waiter;
	size_t i;

	flush();
	waiter_start(&waiter);
	/* Said again and again, each time as things are then. */
	KUNIT_EXPECT_TRUE(test, told_more_than(told + 1));
	mutex_lock(&on->svc.watch.lock);
	for (i = 0; i < ARRAY_SIZE(parts); i++)
		KUNIT_EXPECT_TRUE_MSG(test, strstr(on->svc.watch.holder, parts[i]),
				      "no '%s' in '%s'", parts[i],
				      on->svc.watch.holder);
	mutex_unlock(&on->svc.watch.lock);
	opvs_dest_put(dest);
	waiter_end(test, &waiter);
	KUNIT_EXPECT_TRUE(test, list_empty(&on->svc.watch.dests));
	KUNIT_EXPECT_TRUE(test, list_empty(&on->svc.watch.svcs));
}
#else
static void watch_names(struct kunit *test)
{
	kunit_skip(test, "no debug build");
}
#endif

static struct kunit_case watch_cases[] = {
	KUNIT_CASE(watch_nothing),
	KUNIT_CASE(watch_waits),
	KUNIT_CASE(watch_names),
	{}
};

static struct kunit_suite watch_suite = {
	.name = "opvs_watch",
	.init = watch_test_init,
	.exit = watch_test_exit,
	.test_cases = watch_cases,
};

kunit_test_suite(watch_suite);

MODULE_DESCRIPTION("opvs: unit tests of whose names a wait tells");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
