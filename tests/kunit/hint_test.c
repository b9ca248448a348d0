// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of hints.  If a test must know what is in memory it goes by
 * the layout that net/lib/hint.c draws: the low 16 bits are the time, the next
 * 16 the service.
 */
#include <opvs/hint.h>

#include <opvs/kunit.h>

#include <kunit/resource.h>
#include <kunit/test.h>

#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>

#define HINT_UNIT	4	/* seconds */
#define HINT_WRAP	(65536 * HINT_UNIT)
#define HINT_NOW	1000000
#define HINT_PORT	htons(5060)

static struct opvs_hints *hints, *shadow;

/* Their addresses are all that counts. */
static const char server_one, server_two;

static int hint_init(struct kunit *test)
{
	hints = opvs_hints_alloc();
	shadow = kvzalloc(sizeof(*shadow), GFP_KERNEL);
	return hints && shadow ? 0 : -ENOMEM;
}

static void hint_exit(struct kunit *test)
{
	opvs_hints_free(hints);
	kvfree(shadow);
}

static union nf_inet_addr hint_client(u32 n)
{
	return (union nf_inet_addr){ .ip = htonl(0x0a000000 + n) };
}

static bool hint_write(u32 client, __be16 port, u32 svc, u32 now)
{
	union nf_inet_addr addr = hint_client(client);

	return opvs_hint_write(hints, &server_one, &addr, port, svc, now);
}

/* The service that is known, or -1. */
static int hint_read(u32 client, __be16 port, u32 now)
{
	union nf_inet_addr addr = hint_client(client);
	u16 svc;

	if (!opvs_hint_read(hints, &server_one, &addr, port, &svc, now))
		return -1;
	return svc;
}

static unsigned int hint_count(void)
{
	unsigned int count = 0;
	int i, w;

	for (i = 0; i < OPVS_HINT_BUCKETS; i++)
		for (w = 0; w < OPVS_HINT_WAYS; w++)
			count += !!hints->bucket[i].way[w];
	return count;
}

static void hint_round_trip(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, -1, hint_read(1, HINT_PORT, HINT_NOW));
	KUNIT_EXPECT_TRUE(test, hint_write(1, HINT_PORT, 7, HINT_NOW));
	KUNIT_EXPECT_EQ(test, 7, hint_read(1, HINT_PORT, HINT_NOW));
	KUNIT_EXPECT_EQ(test, 7, hint_read(1, HINT_PORT, HINT_NOW + 100));
	KUNIT_EXPECT_EQ(test, hint_count(), 1);
}

/* Each part of what a hint is about tells it from others. */
static void hint_told_apart(struct kunit *test)
{
	union nf_inet_addr addr = hint_client(1);
	u16 svc;

	hint_write(1, HINT_PORT, 7, HINT_NOW);
	KUNIT_EXPECT_EQ(test, -1, hint_read(2, HINT_PORT, HINT_NOW));
	KUNIT_EXPECT_EQ(test, -1, hint_read(1, 0, HINT_NOW));
	KUNIT_EXPECT_EQ(test, -1, hint_read(1, htons(5061), HINT_NOW));
	KUNIT_EXPECT_FALSE(test, opvs_hint_read(hints, &server_two, &addr,
						HINT_PORT, &svc, HINT_NOW));
	addr.all[3] = 1;
	KUNIT_EXPECT_FALSE(test, opvs_hint_read(hints, &server_one, &addr,
						HINT_PORT, &svc, HINT_NOW));
}

static void hint_two_sockets(struct kunit *test)
{
	hint_write(1, htons(5060), 7, HINT_NOW);
	hint_write(1, htons(5062), 8, HINT_NOW);
	hint_write(1, 0, 8, HINT_NOW);
	KUNIT_EXPECT_EQ(test, 7, hint_read(1, htons(5060), HINT_NOW));
	KUNIT_EXPECT_EQ(test, 8, hint_read(1, htons(5062), HINT_NOW));
	KUNIT_EXPECT_EQ(test, 8, hint_read(1, 0, HINT_NOW));
}

/* The last word counts, in one place. */
static void hint_overwritten(struct kunit *test)
{
	hint_write(1, HINT_PORT, 7, HINT_NOW);
	KUNIT_EXPECT_TRUE(test, hint_write(1, HINT_PORT, 8, HINT_NOW));
	KUNIT_EXPECT_EQ(test, 8, hint_read(1, HINT_PORT, HINT_NOW));
	KUNIT_EXPECT_EQ(test, hint_count(), 1);
}

static void hint_written_a_moment_ago(struct kunit *test)
{
	int i;

	KUNIT_EXPECT_TRUE(test, hint_write(1, HINT_PORT, 7, HINT_NOW));
	for (i = 0; i < HINT_UNIT; i++)
		KUNIT_EXPECT_FALSE(test,
				   hint_write(1, HINT_PORT, 7, HINT_NOW + i));
	KUNIT_EXPECT_TRUE(test,
			  hint_write(1, HINT_PORT, 7, HINT_NOW + HINT_UNIT));
	KUNIT_EXPECT_EQ(test, hint_count(), 1);
}

static void hint_svc_id_is_short(struct kunit *test)
{
	hint_write(1, HINT_PORT, 0x12345, HINT_NOW);
	KUNIT_EXPECT_EQ(test, 0x2345, hint_read(1, HINT_PORT, HINT_NOW));
	hint_write(2, HINT_PORT, 0x10000, HINT_NOW);
	KUNIT_EXPECT_EQ(test, 0, hint_read(2, HINT_PORT, HINT_NOW));
}

struct hint_clock_case {
	const char *name;
	u32 start;
};

static const struct hint_clock_case hint_clock_cases[] = {
	{ "since boot", 0 },
	{ "later", HINT_NOW },
	{ "16-bit clock wraps at once", HINT_WRAP - 1 },
	{ "16-bit clock wraps within the lifetime", HINT_WRAP - 1800 },
	{ "second wrap", 2 * HINT_WRAP - 400 },
	{ "seconds wrap", U32_MAX - 1000 },
};

static void hint_clock_name(const struct hint_clock_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(hint_clock, hint_clock_cases, hint_clock_name);

/* The clock's unit is the precision of the limit. */
static void hint_age_limit(struct kunit *test)
{
	const struct hint_clock_case *row = test->param_value;
	u32 last = row->start + OPVS_HINT_LIFETIME - HINT_UNIT;
	u32 over = row->start + OPVS_HINT_LIFETIME + HINT_UNIT;
	u32 now;

	hint_write(1, HINT_PORT, 7, row->start);
	for (now = row->start; now - row->start < last - row->start; now += 100)
		KUNIT_EXPECT_EQ(test, 7, hint_read(1, HINT_PORT, now));
	KUNIT_EXPECT_EQ(test, 7, hint_read(1, HINT_PORT, last));
	for (now = over; now - row->start < HINT_WRAP - HINT_UNIT; now += 1000)
		KUNIT_EXPECT_EQ(test, -1, hint_read(1, HINT_PORT, now));
}

static void hint_refreshed(struct kunit *test)
{
	const struct hint_clock_case *row = test->param_value;
	u32 now = row->start;
	int i;

	for (i = 0; i < 100; i++) {
		KUNIT_EXPECT_TRUE(test, hint_write(1, HINT_PORT, 7, now));
		now += OPVS_HINT_LIFETIME / 2;
		KUNIT_EXPECT_EQ(test, 7, hint_read(1, HINT_PORT, now));
	}
	KUNIT_EXPECT_EQ(test, hint_count(), 1);
}

/* Fills every way; the oldest stands at another place in each bucket. */
static void hint_fill(u32 now)
{
	u16 clock = now / HINT_UNIT;
	int i, w, age;

	for (i = 0; i < OPVS_HINT_BUCKETS; i++) {
		for (w = 0; w < OPVS_HINT_WAYS; w++) {
			age = 1 + (w + i) % OPVS_HINT_WAYS;
			hints->bucket[i].way[w] = (u64)(w + 1) << 32 |
				1 << 16 | (u16)(clock - age);
		}
	}
	memcpy(shadow->bucket, hints->bucket, sizeof(hints->bucket));
}

/* The only way that differs from the shadow, or -1; which becomes equal. */
static int hint_changed(int *bucket)
{
	int i, w, found = -1;

	for (i = 0; i < OPVS_HINT_BUCKETS; i++) {
		if (!memcmp(&hints->bucket[i], &shadow->bucket[i],
			    sizeof(shadow->bucket[i])))
			continue;
		for (w = 0; w < OPVS_HINT_WAYS; w++) {
			if (hints->bucket[i].way[w] == shadow->bucket[i].way[w])
				continue;
			if (found >= 0)
				return -1;
			found = w;
			*bucket = i;
		}
	}
	return found;
}

static void hint_evicts_oldest(struct kunit *test)
{
	const struct hint_clock_case *row = test->param_value;
	u16 clock = row->start / HINT_UNIT;
	int n, way, bucket = 0;
	u16 age;

	hint_fill(row->start);
	for (n = 0; n < 40; n++) {
		KUNIT_EXPECT_TRUE(test,
				  hint_write(n, HINT_PORT, 7, row->start));
		way = hint_changed(&bucket);
		KUNIT_ASSERT_GE(test, way, 0);
		age = clock - (u16)shadow->bucket[bucket].way[way];
		KUNIT_EXPECT_EQ(test, age, OPVS_HINT_WAYS);
		KUNIT_EXPECT_EQ(test, 7, hint_read(n, HINT_PORT, row->start));
		hints->bucket[bucket] = shadow->bucket[bucket];
	}
}

/* However many clients come: no more than there is room for, and the last ones
 * are known.
 */
static void hint_bounded(struct kunit *test)
{
	u32 n, clients = 3 * OPVS_HINT_BUCKETS * OPVS_HINT_WAYS, known = 0;
	u32 recent = OPVS_HINT_BUCKETS;

	for (n = 0; n < clients; n++)
		hint_write(n, HINT_PORT, 7, HINT_NOW + n / 500);
	KUNIT_EXPECT_LE(test, hint_count(),
			OPVS_HINT_BUCKETS * OPVS_HINT_WAYS);
	KUNIT_EXPECT_GT(test, hint_count(),
			OPVS_HINT_BUCKETS * OPVS_HINT_WAYS * 9 / 10);
	for (n = clients - recent; n < clients; n++)
		known += hint_read(n, HINT_PORT, HINT_NOW + n / 500) == 7;
	KUNIT_EXPECT_GE(test, known, recent * 99 / 100);
}

/* Two CPUs may have written one hint twice. */
static void hint_younger_of_two(struct kunit *test)
{
	int way, bucket = 0;
	u64 *ways;

	hint_write(1, HINT_PORT, 7, HINT_NOW);
	way = hint_changed(&bucket);
	KUNIT_ASSERT_EQ(test, way, 0);
	ways = hints->bucket[bucket].way;
	ways[3] = ways[0] + ((u64)1 << 16) + 2;
	ways[5] = ways[0] - ((u64)1 << 16) - 2;
	KUNIT_EXPECT_EQ(test, 8,
			hint_read(1, HINT_PORT, HINT_NOW + 10 * HINT_UNIT));
}

static void hint_sweeps_stale(struct kunit *test)
{
	const struct hint_clock_case *row = test->param_value;
	u32 late = row->start + OPVS_HINT_LIFETIME / 2;
	u32 now = row->start + OPVS_HINT_LIFETIME + HINT_UNIT;
	int n, known = 0, written = 0;

	for (n = 0; n < 1000; n++)
		hint_write(n, HINT_PORT, 7, row->start);
	for (n = 1000; n < 3000; n++)
		hint_write(n, HINT_PORT, 8, late);
	written = hint_count();
	for (n = 1000; n < 3000; n++)
		known += hint_read(n, HINT_PORT, now) == 8;
	KUNIT_EXPECT_GT(test, known, 1990);

	KUNIT_EXPECT_EQ(test, 0,
			opvs_hints_sweep(hints, 0, OPVS_HINT_BUCKETS, late));
	KUNIT_EXPECT_EQ(test, hint_count(), written);
	KUNIT_EXPECT_EQ(test, 0,
			opvs_hints_sweep(hints, 0, OPVS_HINT_BUCKETS, now));
	KUNIT_EXPECT_EQ(test, hint_count(), known);
	for (n = 1000; n < 3000; n++)
		known -= hint_read(n, HINT_PORT, now) == 8;
	KUNIT_EXPECT_EQ(test, known, 0);
}

/* A slice takes its buckets and no others, and goes round at the end. */
static void hint_sweeps_slices(struct kunit *test)
{
	u32 now = HINT_NOW + OPVS_HINT_LIFETIME, cursor;
	u32 slice = 100, start = OPVS_HINT_BUCKETS - 30;
	u32 all = OPVS_HINT_BUCKETS * OPVS_HINT_WAYS;

	hint_fill(HINT_NOW);
	cursor = opvs_hints_sweep(hints, start, slice, now);
	KUNIT_EXPECT_EQ(test, cursor, slice - 30);
	KUNIT_EXPECT_EQ(test, hint_count(), all - slice * OPVS_HINT_WAYS);
	KUNIT_EXPECT_EQ(test, hints->bucket[start].way[0], 0);
	KUNIT_EXPECT_EQ(test, hints->bucket[cursor - 1].way[7], 0);
	KUNIT_EXPECT_NE(test, hints->bucket[cursor].way[0], 0);
	KUNIT_EXPECT_NE(test, hints->bucket[start - 1].way[7], 0);

	opvs_hints_sweep(hints, cursor, OPVS_HINT_BUCKETS - slice, now);
	KUNIT_EXPECT_EQ(test, hint_count(), 0);
}

static struct kunit_case hint_test_cases[] = {
	KUNIT_CASE(hint_round_trip),
	KUNIT_CASE(hint_told_apart),
	KUNIT_CASE(hint_two_sockets),
	KUNIT_CASE(hint_overwritten),
	KUNIT_CASE(hint_written_a_moment_ago),
	KUNIT_CASE(hint_svc_id_is_short),
	KUNIT_CASE_PARAM(hint_age_limit, hint_clock_gen_params),
	KUNIT_CASE_PARAM(hint_refreshed, hint_clock_gen_params),
	KUNIT_CASE_PARAM(hint_evicts_oldest, hint_clock_gen_params),
	KUNIT_CASE(hint_bounded),
	KUNIT_CASE(hint_younger_of_two),
	KUNIT_CASE_PARAM(hint_sweeps_stale, hint_clock_gen_params),
	KUNIT_CASE(hint_sweeps_slices),
	{}
};

static struct kunit_suite hint_suite = {
	.name = "opvs_hint",
	.init = hint_init,
	.exit = hint_exit,
	.test_cases = hint_test_cases,
};

kunit_test_suite(hint_suite);

MODULE_DESCRIPTION("opvs: unit tests of hints");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
