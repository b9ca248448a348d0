// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of the virtual addresses that clients asked. */
#include <opvs/asked.h>

#include <opvs/hint.h>
#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/module.h>
#include <linux/string.h>

#define ASKED_NOW	1000000

static struct opvs_asked *asked;

static int asked_init(struct kunit *test)
{
	asked = opvs_asked_alloc();
	return asked ? 0 : -ENOMEM;
}

static void asked_exit(struct kunit *test)
{
	opvs_asked_free(asked);
}

static struct opvs_asked_ends asked_ends(u32 client, u16 cport)
{
	return (struct opvs_asked_ends){
		.client.ip	= htonl(0x0a000000 + client),
		.server.ip	= htonl(0xc6336401),
		.cport		= htons(cport),
		.sport		= htons(53),
	};
}

static bool asked_note_ends(const struct opvs_asked_ends *ends, u32 addr,
			    u16 port, u32 now)
{
	const union nf_inet_addr virt = { .ip = htonl(addr) };
	bool wrote;

	local_bh_disable();
	wrote = opvs_asked_note(asked, ends, &virt, htons(port), now);
	local_bh_enable();
	return wrote;
}

static bool asked_note(u32 client, u16 cport, u32 addr, u32 now)
{
	const struct opvs_asked_ends ends = asked_ends(client, cport);

	return asked_note_ends(&ends, addr, 53, now);
}

/* The virtual address, or 0. */
static u32 asked_find_ends(const struct opvs_asked_ends *ends, u32 now)
{
	union nf_inet_addr addr;
	__be16 port;

	return opvs_asked_find(asked, ends, &addr, &port, now) ? ntohl(addr.ip) :
								0;
}

static u32 asked_find(u32 client, u16 cport, u32 now)
{
	const struct opvs_asked_ends ends = asked_ends(client, cport);

	return asked_find_ends(&ends, now);
}

static void asked_remembers(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, asked_find(1, 40000, ASKED_NOW), 0);
	KUNIT_EXPECT_TRUE(test, asked_note(1, 40000, 17, ASKED_NOW));
	KUNIT_EXPECT_EQ(test, asked_find(1, 40000, ASKED_NOW), 17);
	KUNIT_EXPECT_TRUE(test, asked_note(1, 40000, 18, ASKED_NOW));
	KUNIT_EXPECT_EQ(test, asked_find(1, 40000, ASKED_NOW), 18);
}

/* All of both ends tells one from others. */
static void asked_told_apart(struct kunit *test)
{
	const struct opvs_asked_ends ends = asked_ends(1, 40000);
	struct opvs_asked_ends other;

	asked_note(1, 40000, 17, ASKED_NOW);
	other = ends;
	other.client.all[3] = 1;
	KUNIT_EXPECT_EQ(test, asked_find_ends(&other, ASKED_NOW), 0);
	other = ends;
	other.server.all[3] = 1;
	KUNIT_EXPECT_EQ(test, asked_find_ends(&other, ASKED_NOW), 0);
	other = ends;
	other.cport = 0;
	KUNIT_EXPECT_EQ(test, asked_find_ends(&other, ASKED_NOW), 0);
	other = ends;
	other.sport = 0;
	KUNIT_EXPECT_EQ(test, asked_find_ends(&other, ASKED_NOW), 0);
}

/* Another port of the virtual address is news, too. */
static void asked_port(struct kunit *test)
{
	const struct opvs_asked_ends ends = asked_ends(1, 40000);
	union nf_inet_addr addr;
	__be16 port;

	asked_note_ends(&ends, 17, 53, ASKED_NOW);
	KUNIT_EXPECT_TRUE(test, asked_note_ends(&ends, 17, 5353, ASKED_NOW));
	KUNIT_ASSERT_TRUE(test, opvs_asked_find(asked, &ends, &addr, &port,
						ASKED_NOW));
	KUNIT_EXPECT_EQ(test, ntohs(port), 5353);
}

/* A busy client writes every four seconds at most. */
static void asked_seldom_written(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, asked_note(1, 40000, 17, ASKED_NOW));
	KUNIT_EXPECT_FALSE(test, asked_note(1, 40000, 17, ASKED_NOW));
	KUNIT_EXPECT_FALSE(test, asked_note(1, 40000, 17, ASKED_NOW + 3));
	KUNIT_EXPECT_TRUE(test, asked_note(1, 40000, 17, ASKED_NOW + 4));
}

static void asked_forgets(struct kunit *test)
{
	u32 last = ASKED_NOW + OPVS_HINT_LIFETIME - 1;

	asked_note(1, 40000, 17, ASKED_NOW);
	KUNIT_EXPECT_EQ(test, asked_find(1, 40000, last), 17);
	KUNIT_EXPECT_EQ(test, asked_find(1, 40000, last + 1), 0);
	KUNIT_EXPECT_TRUE(test, asked_note(1, 40000, 17, last + 1));
	KUNIT_EXPECT_EQ(test, asked_find(1, 40000, last + 1), 17);
}

/* Seconds begin anew after 136 years, and records of that time are not young. */
static void asked_clock_wraps(struct kunit *test)
{
	asked_note(1, 40000, 17, U32_MAX);
	KUNIT_EXPECT_EQ(test, asked_find(1, 40000, 5), 17);
	KUNIT_EXPECT_EQ(test, asked_find(1, 40000, OPVS_HINT_LIFETIME), 0);
}

/* More clients than there is room for: the latest of them are known, as many as
 * the ways of the fullest buckets let be.
 */
static void asked_full(struct kunit *test)
{
	const u32 room = OPVS_ASKED_BUCKETS * OPVS_ASKED_WAYS;
	u32 i, known = 0;

	for (i = 0; i < 2 * room; i++)
		asked_note(i, 40000, 1 + i, ASKED_NOW + i / 1024);
	for (i = 0; i < 2 * room; i++) {
		u32 addr = asked_find(i, 40000, ASKED_NOW + 2 * room / 1024);

		KUNIT_ASSERT_TRUE(test, !addr || addr == 1 + i);
		known += !!addr;
	}
	KUNIT_EXPECT_LE(test, known, room);
	KUNIT_EXPECT_GT(test, known, room * 9 / 10);
	/* Of the last tenth nearly nobody had to go. */
	for (i = 2 * room - room / 10, known = 0; i < 2 * room; i++)
		known += !!asked_find(i, 40000, ASKED_NOW + 2 * room / 1024);
	KUNIT_EXPECT_GT(test, known, room / 10 * 99 / 100);
}

static struct kunit_case asked_cases[] = {
	KUNIT_CASE(asked_remembers),
	KUNIT_CASE(asked_told_apart),
	KUNIT_CASE(asked_port),
	KUNIT_CASE(asked_seldom_written),
	KUNIT_CASE(asked_forgets),
	KUNIT_CASE(asked_clock_wraps),
	KUNIT_CASE(asked_full),
	{ }
};

static struct kunit_suite asked_suite = {
	.name		= "opvs_asked",
	.init		= asked_init,
	.exit		= asked_exit,
	.test_cases	= asked_cases,
};

kunit_test_suite(asked_suite);

MODULE_DESCRIPTION("opvs: unit tests of the virtual addresses that clients asked");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
