// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of the marks of clients that asked. */
#include <opvs/askers.h>

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/rcupdate.h>

#define LIFETIME	(180 * HZ)
#define SVC		7
#define PORT		40000

static struct opvs_askers askers;
static unsigned long now;

static int askers_init(struct kunit *test)
{
	/* Soon it wraps. */
	now = -60 * HZ;
	opvs_askers_init(&askers, false);
	return opvs_askers_start(&askers, now);
}

static void askers_exit(struct kunit *test)
{
	opvs_askers_exit(&askers);
}

static void note(u32 client, u16 port, u32 svc_id)
{
	const union nf_inet_addr addr = { .ip = htonl(client) };

	rcu_read_lock();
	opvs_askers_note(&askers, opvs_askers_hash(&askers, &addr, htons(port),
						   svc_id));
	rcu_read_unlock();
}

static bool known(u32 client, u16 port, u32 svc_id)
{
	const union nf_inet_addr addr = { .ip = htonl(client) };
	bool known;

	rcu_read_lock();
	known = opvs_askers_know(&askers, opvs_askers_hash(&askers, &addr,
							   htons(port), svc_id));
	rcu_read_unlock();
	return known;
}

/* As often as the module does it. */
static void pass(unsigned int seconds)
{
	for (; seconds; seconds--) {
		now += HZ;
		opvs_askers_age(&askers, now, LIFETIME);
	}
}

static u32 known_of(u32 from, u32 count)
{
	u32 i, n = 0;

	for (i = 0; i < count; i++)
		n += known(from + i, PORT, SVC);
	return n;
}

static void askers_tell_apart(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, known(1, PORT, SVC));
	note(1, PORT, SVC);
	KUNIT_EXPECT_TRUE(test, known(1, PORT, SVC));
	KUNIT_EXPECT_FALSE(test, known(2, PORT, SVC));
	KUNIT_EXPECT_FALSE(test, known(1, PORT + 1, SVC));
	KUNIT_EXPECT_FALSE(test, known(1, PORT, SVC + 1));
}

static void askers_tell_apart_ipv6(struct kunit *test)
{
	union nf_inet_addr addr = {}, other;
	u64 hash;
	int i;

	for (i = 0; i < 4; i++)
		addr.ip6[i] = htonl(0x20010db8 + i);
	rcu_read_lock();
	hash = opvs_askers_hash(&askers, &addr, htons(PORT), SVC);
	opvs_askers_note(&askers, hash);
	KUNIT_EXPECT_TRUE(test, opvs_askers_know(&askers, hash));
	for (i = 0; i < 4; i++) {
		other = addr;
		other.ip6[i] ^= htonl(1);
		hash = opvs_askers_hash(&askers, &other, htons(PORT), SVC);
		KUNIT_EXPECT_FALSE(test, opvs_askers_know(&askers, hash));
	}
	rcu_read_unlock();
}

/* Before a service needs it, whatever is sent counts as an answer. */
static void askers_not_started(struct kunit *test)
{
	opvs_askers_exit(&askers);
	KUNIT_EXPECT_TRUE(test, known(1, PORT, SVC));
	note(2, PORT, SVC);
	opvs_askers_age(&askers, now, LIFETIME);
	KUNIT_ASSERT_EQ(test, opvs_askers_start(&askers, now), 0);
	KUNIT_EXPECT_FALSE(test, known(1, PORT, SVC));
	KUNIT_EXPECT_FALSE(test, known(2, PORT, SVC));
	/* Starting twice loses nothing. */
	note(1, PORT, SVC);
	KUNIT_ASSERT_EQ(test, opvs_askers_start(&askers, now), 0);
	KUNIT_EXPECT_TRUE(test, known(1, PORT, SVC));
}

/* Known for the lifetime whenever it asked, and not for twice as long. */
static void askers_forget(struct kunit *test)
{
	unsigned int asked, i;

	for (asked = 0; asked < 200; asked += 20) {
		note(1000 + asked, PORT, SVC);
		for (i = 0; i < 180; i++) {
			if (!known(1000 + asked, PORT, SVC))
				break;
			pass(1);
			/* Others go on, so that generations do. */
			note(500 + i, PORT, SVC);
		}
		KUNIT_EXPECT_EQ(test, i, 180);
		pass(120);
		KUNIT_EXPECT_FALSE(test, known(1000 + asked, PORT, SVC));
		pass(20);
	}
}

/* One who goes on asking stays known, though nothing is written each time. */
static void askers_go_on(struct kunit *test)
{
	unsigned int i, lost = 0;

	for (i = 0; i < 1000; i++) {
		note(1, PORT, SVC);
		pass(1);
		lost += !known(1, PORT, SVC);
	}
	KUNIT_EXPECT_EQ(test, lost, 0);
	/* A generation that is not written any more goes, too. */
	pass(400);
	KUNIT_EXPECT_FALSE(test, known(1, PORT, SVC));
}

/* More than the first generation has room for: none is lost, and few others are
 * taken for askers once it has grown.
 */
static void askers_grow(struct kunit *test)
{
	const u32 count = 100000;
	u32 i, round;

	for (round = 0; round < 4; round++) {
		for (i = 0; i < count; i++)
			note(i, PORT, SVC);
		KUNIT_EXPECT_EQ(test, known_of(0, count), count);
		pass(2);
		KUNIT_EXPECT_EQ(test, known_of(0, count), count);
	}
	/* The small, full ones go. */
	for (round = 0; round < 12; round++) {
		for (i = 0; i < count; i++)
			note(i, PORT, SVC);
		pass(30);
	}
	KUNIT_EXPECT_EQ(test, known_of(0, count), count);
	KUNIT_EXPECT_LT(test, known_of(1 << 30, 10000), 500);
}

/* A tenant's generations stay small; then all are taken for askers. */
static void askers_of_tenant(struct kunit *test)
{
	const u32 count = 1000000;
	u32 i, round;

	opvs_askers_exit(&askers);
	opvs_askers_init(&askers, true);
	KUNIT_ASSERT_EQ(test, opvs_askers_start(&askers, now), 0);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < count; i++)
			note(i, PORT, SVC);
		pass(2);
	}
	KUNIT_EXPECT_EQ(test, known_of(0, count), count);
	KUNIT_EXPECT_GT(test, known_of(1 << 30, 10000), 5000);
}

static struct kunit_case askers_cases[] = {
	KUNIT_CASE(askers_tell_apart),
	KUNIT_CASE(askers_tell_apart_ipv6),
	KUNIT_CASE(askers_not_started),
	KUNIT_CASE(askers_forget),
	KUNIT_CASE(askers_go_on),
	KUNIT_CASE(askers_grow),
	KUNIT_CASE(askers_of_tenant),
	{}
};

static struct kunit_suite askers_suite = {
	.name		= "opvs_askers",
	.init		= askers_init,
	.exit		= askers_exit,
	.test_cases	= askers_cases,
};

kunit_test_suite(askers_suite);

MODULE_DESCRIPTION("opvs: unit tests of who asked");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
