// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of the end of draining: when a stateless service forgets whose keys
 * were whose, and which exceptions go with that.
 */
#include "affinity_fixture.h"

#include <linux/random.h>

#define DEADLINE	(20 * HZ)

static void set_drain_seconds(int seconds)
{
	WRITE_ONCE(on->settings.drain_seconds, seconds);
}

/* Waits until a service has so many exceptions and, maybe, drains no more. */
static bool becomes(const struct opvs_svc *of, int exceptions)
{
	unsigned long end = jiffies + DEADLINE;

	while (atomic_read(&of->exceptions) != exceptions) {
		if (time_after(jiffies, end))
			return false;
		msleep(20);
	}
	return true;
}

static bool stops(void)
{
	unsigned long end = jiffies + DEADLINE;

	while (table_drains()) {
		if (time_after(jiffies, end))
			return false;
		msleep(20);
	}
	return true;
}

/* Some calls whose key moved; they begin now. */
static void new_calls(struct kunit *test, u32 count)
{
	u32 call;

	while (count--) {
		call = next_call(true);
		KUNIT_ASSERT_PTR_EQ(test, send(call, INVITE),
				    seat_of(call).owner);
	}
}

/* It ends after its time and not before, and nothing is left of it. */
static void drain_ends(struct kunit *test)
{
	struct opvs_dest *added, *former;
	unsigned long began;
	u32 call;

	set_drain_seconds(2);
	begin(test, 4);
	began = jiffies;
	opvs_lateness_start();
	added = add_server(test, 4);
	do {
		call = next_call(true);
	} while (seat_of(call).owner != added);
	former = seat_of(call).former;
	KUNIT_EXPECT_PTR_EQ(test, send(call, BYE), former);
	new_calls(test, 20);
	KUNIT_EXPECT_EQ(test, atomic_read(&svc->exceptions), 20);

	KUNIT_EXPECT_TRUE(test, stops());
	KUNIT_EXPECT_GE(test, jiffies - began, 2UL * HZ);
	KUNIT_EXPECT_LE(test, jiffies - began, 4UL * HZ + opvs_lateness());
	KUNIT_EXPECT_TRUE(test, becomes(svc, 0));
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&added->persist), 0);
	KUNIT_EXPECT_PTR_EQ(test, send(call, BYE), added);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_AFFINITY_EXCEPTIONS), 20);
}

/* Exceptions end with the draining, however long they would have lived. */
static void drain_ends_exceptions(struct kunit *test)
{
	siphash_key_t key;
	int err;

	begin(test, 4);
	add_server(test, 4);
	new_calls(test, 1000);
	KUNIT_EXPECT_EQ(test, atomic_read(&svc->exceptions), 1000);
	/* Another secret: nothing of what was drained for is true any more. */
	get_random_bytes(&key, sizeof(key));
	mutex_lock(&on->cfg_lock);
	err = opvs_svc_rekey(on, &key, NULL);
	mutex_unlock(&on->cfg_lock);
	KUNIT_ASSERT_EQ(test, err, 0);
	KUNIT_EXPECT_FALSE(test, table_drains());
	KUNIT_EXPECT_TRUE(test, becomes(svc, 0));
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), 0);
}

/* With -p a call is remembered by a template; templates are none of ours. */
static void drain_ends_by_persistence(struct kunit *test)
{
	struct opvs_svc_conf conf;

	begin(test, 4);
	add_server(test, 4);
	new_calls(test, 10);
	conf = svc->conf;
	conf.flags |= IP_VS_SVC_F_PERSISTENT;
	conf.timeout = 300;
	edit_svc(test, &conf);
	KUNIT_EXPECT_FALSE(test, table_drains());
	calls++;
	KUNIT_EXPECT_NOT_NULL(test, send(calls, INVITE));
	KUNIT_EXPECT_TRUE(test, becomes(svc, 0));
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), 1);
}

/* Those of a fallback are no consequence of the change. */
static void drain_spares_fallbacks(struct kunit *test)
{
	struct opvs_dest *owner, *other;
	struct opvs_svc_conf conf;
	u32 call;

	set_drain_seconds(1);
	affinity_conf(&conf);
	conf.flags |= IP_VS_SVC_F_SCHED_SH_FALLBACK;
	begin_as(test, &conf, 4);
	set_drain_seconds(100);
	KUNIT_ASSERT_NOT_NULL(test, add_server(test, 4));
	call = next_call(false);
	owner = seat_of(call).owner;
	WRITE_ONCE(owner->overloaded, true);
	other = send(call, INVITE);
	KUNIT_ASSERT_NOT_NULL(test, other);
	KUNIT_EXPECT_PTR_NE(test, other, owner);
	WRITE_ONCE(owner->overloaded, false);
	new_calls(test, 10);
	KUNIT_EXPECT_EQ(test, atomic_read(&svc->exceptions), 11);

	/* A service without an engine has no sessions. */
	conf.pe = NULL;
	edit_svc(test, &conf);
	KUNIT_EXPECT_TRUE(test, becomes(svc, 1));
	opvs_test_grace();
	KUNIT_EXPECT_EQ(test, atomic_read(&svc->exceptions), 1);
	affinity_conf(&conf);
	edit_svc(test, &conf);
	KUNIT_EXPECT_PTR_EQ(test, send(call, BYE), other);
}

/* One service's end is not another's. */
static void drain_spares_others(struct kunit *test)
{
	struct opvs_svc_conf conf;
	struct opvs_svc *first;

	begin(test, 4);
	first = svc;
	add_server(test, 4);
	new_calls(test, 10);
	affinity_conf(&conf);
	conf.key.addr.ip = htonl(VIP + 1);
	begin_as(test, &conf, 4);
	add_server(test, 4);
	new_calls(test, 20);
	conf.pe = NULL;
	edit_svc(test, &conf);
	KUNIT_EXPECT_TRUE(test, becomes(svc, 0));
	opvs_test_grace();
	KUNIT_EXPECT_EQ(test, atomic_read(&first->exceptions), 10);
	svc = first;
	KUNIT_EXPECT_TRUE(test, table_drains());
}

/* A server of weight 0 keeps its sessions until it is removed; nothing is built
 * anew meanwhile.
 */
static void drain_held(struct kunit *test)
{
	const struct opvs_view *view;
	struct opvs_dest *gone;

	set_drain_seconds(1);
	begin(test, 4);
	gone = seat_of(1).owner;
	set_weight(test, gone, 0);
	view = rcu_access_pointer(svc->view);
	msleep(1600);
	KUNIT_EXPECT_TRUE(test, table_drains());
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(svc->view), view);
	KUNIT_EXPECT_PTR_EQ(test, send(1, BYE), gone);
	opvs_test_dest_del(test, gone);
	KUNIT_EXPECT_FALSE(test, table_drains());
	KUNIT_EXPECT_PTR_EQ(test, send(1, BYE), seat_of(1).owner);
}

/* It came during the draining and leaves before its end: only exceptions know
 * its calls.
 */
static void drain_spares_weight_0(struct kunit *test)
{
	struct opvs_dest *added;
	u32 call;

	set_drain_seconds(1);
	begin(test, 4);
	set_drain_seconds(3);
	added = add_server(test, 4);
	/* An exception that is made now lives for longer than the draining. */
	set_drain_seconds(100);
	set_weight(test, added, 2);
	do {
		call = next_call(true);
	} while (send(call, INVITE) != added);
	set_drain_seconds(3);
	set_weight(test, added, 0);
	KUNIT_EXPECT_PTR_EQ(test, send(call, REINVITE), added);
	KUNIT_EXPECT_TRUE(test, stops());
	opvs_test_grace();
	KUNIT_EXPECT_PTR_EQ(test, send(call, BYE), added);
}

/* A service that is removed and comes back finds its sessions. */
static void drain_service_returns(struct kunit *test)
{
	struct opvs_dest *dest, *added;
	struct opvs_svc_conf conf;
	u32 i, call;

	begin(test, 4);
	conf = svc->conf;
	added = add_server(test, 4);
	do {
		call = next_call(true);
		dest = send(call, INVITE);
	} while (dest != added);
	opvs_test_svc_del(svc);
	KUNIT_EXPECT_PTR_EQ(test, opvs_test_svc_as(test, on, &conf), svc);
	for (i = 0; i < 5; i++)
		add_server(test, i);
	KUNIT_EXPECT_PTR_EQ(test, send(call, BYE), added);
	KUNIT_EXPECT_GT(test, atomic_read(&svc->exceptions), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&svc->exceptions),
			atomic_read(&on->conn.limit.count));
}

static struct kunit_case drain_cases[] = {
	KUNIT_CASE(drain_ends),
	KUNIT_CASE(drain_ends_exceptions),
	KUNIT_CASE(drain_ends_by_persistence),
	KUNIT_CASE(drain_spares_fallbacks),
	KUNIT_CASE(drain_spares_others),
	KUNIT_CASE(drain_held),
	KUNIT_CASE(drain_spares_weight_0),
	KUNIT_CASE(drain_service_returns),
	{}
};

static struct kunit_suite drain_suite = {
	.name = "opvs_drain",
	.init = affinity_init,
	.exit = affinity_exit,
	.test_cases = drain_cases,
};

kunit_test_suite(drain_suite);

MODULE_DESCRIPTION("opvs: unit tests of the end of draining");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
