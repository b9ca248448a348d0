// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of the walk over all connections: each that is there all the time
 * is shown once, whatever comes and goes beside it, however often the walk is
 * interrupted, and though the table grows and shrinks under it.
 */
#include "table_fixture.h"

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/sort.h>

#define STABLE		20000
/* Enough to let the table grow to sixteen times its size. */
#define NOISE		(10 * STABLE)
/* Of so many, a dozen or two pairs have equal hashes. */
#define HASHED		400000
#define HASHED_KEPT	64
#define CHURNED		2000
#define DEADLINE	(20 * HZ)

static u8 *shown;
static unsigned int num_conns;
static struct opvs_conn_ext *exts;

/* Entry number @i of any kind. */
static void make_any(struct opvs_conn *cp, unsigned int i)
{
	switch (i % 4) {
	case 0:
		make_template(cp, i);
		break;
	case 1:
		make_conn(cp, i, NFPROTO_IPV6);
		break;
	case 2:
		make_conn(cp, i, NFPROTO_IPV4);
		cp->flags = IP_VS_CONN_F_DROUTE;
		break;
	default:
		make_conn(cp, i, NFPROTO_IPV4);
		break;
	}
}

static void walk_room(struct kunit *test, unsigned int n)
{
	fixture_room(test, n);
	num_conns = n;
	shown = kvcalloc(n, 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, shown);
}

static void insert_range(struct kunit *test, unsigned int from, unsigned int to)
{
	for (; from < to; from++) {
		make_any(&conns[from], from);
		KUNIT_ASSERT_PTR_EQ(test, insert(&conns[from]), &conns[from]);
		if (!(from % 256))
			cond_resched();
	}
}

static void remove_range(unsigned int from, unsigned int to)
{
	for (; from < to; from++) {
		take_out(&conns[from]);
		if (!(from % 256))
			cond_resched();
	}
}

static int walk_init(struct kunit *test)
{
	shown = NULL;
	exts = NULL;
	return fixture_init(test);
}

static void walk_exit(struct kunit *test)
{
	fixture_exit(test);
	kvfree(shown);
	kvfree(exts);
}

/* One step, and out of the read section again. */
static struct opvs_conn *step(struct kunit *test, struct opvs_conn_walk *walk)
{
	struct opvs_conn *cp;

	rcu_read_lock();
	cp = opvs_conn_walk_next(on, walk);
	rcu_read_unlock();
	if (!cp)
		return NULL;
	KUNIT_ASSERT_GE(test, (unsigned long)cp, (unsigned long)conns);
	KUNIT_ASSERT_LT(test, (unsigned long)cp,
			(unsigned long)(conns + num_conns));
	shown[cp - conns]++;
	return cp;
}

static unsigned int steps(struct kunit *test, struct opvs_conn_walk *walk,
			  unsigned int max)
{
	unsigned int n;

	for (n = 0; n < max; n++) {
		if (!step(test, walk))
			break;
		if (!(n % 256))
			cond_resched();
	}
	return n;
}

static void expect_once(struct kunit *test, unsigned int from, unsigned int to)
{
	unsigned int i, missed = 0, again = 0;

	for (i = from; i < to; i++) {
		missed += !shown[i];
		again += shown[i] > 1;
	}
	KUNIT_EXPECT_EQ_MSG(test, missed, 0, "of %u", to - from);
	KUNIT_EXPECT_EQ_MSG(test, again, 0, "of %u", to - from);
}

static void expect_not_twice(struct kunit *test, unsigned int from,
			     unsigned int to)
{
	unsigned int i, again = 0;

	for (i = from; i < to; i++)
		again += shown[i] > 1;
	KUNIT_EXPECT_EQ(test, again, 0);
}

static void walk_nothing(struct kunit *test)
{
	struct opvs_conn_walk walk = {};

	walk_room(test, 1);
	KUNIT_EXPECT_NULL(test, step(test, &walk));
	KUNIT_EXPECT_NULL(test, step(test, &walk));
}

static void walk_one(struct kunit *test)
{
	struct opvs_conn_walk walk = {};

	walk_room(test, 4);
	insert_range(test, 3, 4);
	KUNIT_EXPECT_PTR_EQ(test, step(test, &walk), &conns[3]);
	KUNIT_EXPECT_NULL(test, step(test, &walk));
	KUNIT_EXPECT_NULL(test, step(test, &walk));
	remove_range(3, 4);
}

/* All kinds, the reply's node not for another one. */
static void walk_all_kinds(struct kunit *test)
{
	struct opvs_conn_walk walk = {};

	walk_room(test, STABLE);
	insert_range(test, 0, STABLE);
	KUNIT_EXPECT_EQ(test, steps(test, &walk, UINT_MAX), STABLE);
	expect_once(test, 0, STABLE);
	KUNIT_EXPECT_NULL(test, step(test, &walk));
	remove_range(0, STABLE);
}

static void walk_expired(struct kunit *test)
{
	struct opvs_conn_walk walk = {};

	walk_room(test, 100);
	insert_range(test, 0, 100);
	conns[7].expiring.expires = (u32)(jiffies - HZ) & ~OPVS_EXPIRE_DYING;
	conns[8].expiring.expires |= OPVS_EXPIRE_DYING;
	KUNIT_EXPECT_EQ(test, steps(test, &walk, UINT_MAX), 98);
	KUNIT_EXPECT_EQ(test, shown[7], 0);
	KUNIT_EXPECT_EQ(test, shown[8], 0);
	remove_range(0, 100);
}

/* The walk goes on behind an entry that is gone by then. */
static void walk_removing(struct kunit *test)
{
	struct opvs_conn_walk walk = {};
	struct opvs_conn *cp;
	unsigned int n = 0;

	walk_room(test, STABLE);
	insert_range(test, 0, STABLE);
	while ((cp = step(test, &walk))) {
		take_out(cp);
		n++;
	}
	KUNIT_EXPECT_EQ(test, n, STABLE);
	KUNIT_EXPECT_EQ(test, nodes(), 0);
}

/* ---- the table changes its size ---- */

/* Lets the table get as large or as small as it should be. */
static bool wait_size(u32 least, u32 most)
{
	unsigned long end = jiffies + DEADLINE;
	u32 size;

	for (;;) {
		size = opvs_conn_table_size(on);
		if (size >= least && size <= most)
			return true;
		if (time_after(jiffies, end))
			return false;
		msleep(20);
	}
}

static void walk_growing(struct kunit *test)
{
	struct opvs_conn_walk walk = {};

	walk_room(test, STABLE + NOISE);
	insert_range(test, 0, STABLE);
	KUNIT_EXPECT_TRUE(test, wait_size(STABLE, 4 * STABLE));
	steps(test, &walk, STABLE / 3);
	insert_range(test, STABLE, STABLE + NOISE);
	KUNIT_EXPECT_TRUE(test, wait_size(NOISE, U32_MAX));
	steps(test, &walk, UINT_MAX);
	expect_once(test, 0, STABLE);
	expect_not_twice(test, STABLE, STABLE + NOISE);
	remove_range(0, STABLE + NOISE);
}

static void walk_shrinking(struct kunit *test)
{
	struct opvs_conn_walk walk = {};

	walk_room(test, STABLE + NOISE);
	insert_range(test, 0, STABLE + NOISE);
	KUNIT_EXPECT_TRUE(test, wait_size(NOISE, U32_MAX));
	steps(test, &walk, (STABLE + NOISE) / 2);
	remove_range(STABLE, STABLE + NOISE);
	KUNIT_EXPECT_TRUE(test, wait_size(0, 4 * STABLE));
	steps(test, &walk, UINT_MAX);
	expect_once(test, 0, STABLE);
	expect_not_twice(test, STABLE, STABLE + NOISE);
	remove_range(0, STABLE);
}

/* A step, then a bit of growing; a step, then a bit of shrinking: the walk sees
 * the table in all states, also while entries move.
 */
static void walk_resizing(struct kunit *test)
{
	const unsigned int bit = NOISE / STABLE * 2;
	unsigned int in = STABLE, out = STABLE, i;
	struct opvs_conn_walk walk = {};

	walk_room(test, STABLE + NOISE);
	insert_range(test, 0, STABLE);
	for (i = 0; i < STABLE / 2; i++) {
		steps(test, &walk, 1);
		insert_range(test, in, in + bit);
		in += bit;
	}
	KUNIT_EXPECT_EQ(test, in, STABLE + NOISE);
	while (steps(test, &walk, 10)) {
		i = min(out + 10 * bit, in);
		remove_range(out, i);
		out = i;
	}
	expect_once(test, 0, STABLE);
	expect_not_twice(test, STABLE, STABLE + NOISE);
	remove_range(0, STABLE);
	remove_range(out, in);
}

/* ---- equal hashes ---- */

static int compare_hashes(const void *a, const void *b)
{
	const u64 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Numbers of templates, in their upper halves a hash that two of them share. */
static unsigned int find_equal(u64 *found, u64 *hashed)
{
	struct opvs_conn cp;
	unsigned int i, n = 0;

	for (i = 0; i < HASHED; i++) {
		make_template(&cp, i);
		hashed[i] = (u64)opvs_table_hash(&cp.request) << 32 | i;
		if (!(i % 1024))
			cond_resched();
	}
	sort(hashed, HASHED, sizeof(*hashed), compare_hashes, NULL);
	for (i = 1; i < HASHED && n + 2 <= HASHED_KEPT; i++) {
		if (hashed[i] >> 32 != hashed[i - 1] >> 32)
			continue;
		found[n++] = hashed[i - 1];
		found[n++] = hashed[i];
		i++;
	}
	return n;
}

static void walk_equal_hashes(struct kunit *test)
{
	u64 found[HASHED_KEPT], *hashed;
	struct opvs_conn_walk walk = {};
	struct opvs_conn *cp;
	unsigned int i, n;

	hashed = kvcalloc(HASHED, sizeof(*hashed), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, hashed);
	n = find_equal(found, hashed);
	kvfree(hashed);
	KUNIT_ASSERT_GE_MSG(test, n, 2, "no equal hashes found");
	walk_room(test, n);
	for (i = 0; i < n; i++) {
		make_template(&conns[i], (u32)found[i]);
		KUNIT_ASSERT_PTR_EQ(test, insert(&conns[i]), &conns[i]);
	}
	for (i = 0; i < n; i += 2)
		KUNIT_EXPECT_EQ(test, opvs_table_hash(&conns[i].request),
				opvs_table_hash(&conns[i + 1].request));
	KUNIT_EXPECT_EQ(test, steps(test, &walk, UINT_MAX), n);
	expect_once(test, 0, n);

	/* And when each goes as soon as it was shown. */
	walk = (struct opvs_conn_walk){};
	for (i = 0; (cp = step(test, &walk)); i++)
		take_out(cp);
	KUNIT_EXPECT_EQ(test, i, n);
	KUNIT_EXPECT_EQ(test, nodes(), 0);
}

/* As above, but with the walk's own order turned into many in one bucket: calls
 * of one client to one service.
 */
static void walk_keyed_templates(struct kunit *test)
{
	const struct opvs_pe_ops *sip = opvs_pe_find("sip");
	const size_t size = sizeof(*exts) + sizeof(u64);
	struct opvs_conn_walk walk = {};
	struct opvs_conn_ext *ext;
	unsigned int i;

	walk_room(test, CHURNED);
	exts = kvcalloc(CHURNED, size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, exts);
	for (i = 0; i < CHURNED; i++) {
		ext = (void *)exts + i * size;
		ext->pe = sip;
		ext->key_len = sizeof(i);
		memcpy(ext->key, &i, sizeof(i));
		make_template(&conns[i], 0);
		conns[i].ext = ext;
		KUNIT_ASSERT_PTR_EQ(test, insert(&conns[i]), &conns[i]);
	}
	KUNIT_EXPECT_EQ(test, steps(test, &walk, UINT_MAX), CHURNED);
	expect_once(test, 0, CHURNED);
	remove_range(0, CHURNED);
}

/* ---- others come and go meanwhile ---- */

/**
 * struct churn - a thread that fills and empties its part of the entries
 * @from: first of them
 * @to: end of them
 * @failures: insertions that did not work
 * @stop: it is enough
 * @done: it has ended, and its entries are out of the table
 */
struct churn {
	unsigned int		from;
	unsigned int		to;
	unsigned int		failures;
	bool			stop;
	struct completion	done;
};

static int churn_thread(void *data)
{
	struct churn *churn = data;
	unsigned int i;

	while (!READ_ONCE(churn->stop)) {
		for (i = churn->from; i < churn->to; i++)
			churn->failures += insert(&conns[i]) != &conns[i];
		cond_resched();
		for (i = churn->from; i < churn->to; i++)
			take_out(&conns[i]);
		/* A reader of the old place must not see the new one. */
		synchronize_rcu();
	}
	kthread_complete_and_exit(&churn->done, 0);
}

static void walk_churn(struct kunit *test)
{
	struct churn churn = { .from = STABLE, .to = STABLE + NOISE };
	struct task_struct *task;
	unsigned int i, round;

	walk_room(test, STABLE + NOISE);
	insert_range(test, 0, STABLE);
	for (i = churn.from; i < churn.to; i++)
		make_any(&conns[i], i);
	init_completion(&churn.done);
	task = kthread_run(churn_thread, &churn, "opvs-churn");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));

	for (round = 0; round < 5; round++) {
		struct opvs_conn_walk walk = {};

		memset(shown, 0, num_conns);
		while (steps(test, &walk, 100))
			cond_resched();
		expect_once(test, 0, STABLE);
	}
	WRITE_ONCE(churn.stop, true);
	wait_for_completion(&churn.done);
	KUNIT_EXPECT_EQ(test, churn.failures, 0);
	remove_range(0, STABLE);
}

static struct kunit_case walk_cases[] = {
	KUNIT_CASE(walk_nothing),
	KUNIT_CASE(walk_one),
	KUNIT_CASE(walk_all_kinds),
	KUNIT_CASE(walk_expired),
	KUNIT_CASE(walk_removing),
	KUNIT_CASE(walk_growing),
	KUNIT_CASE(walk_shrinking),
	KUNIT_CASE(walk_resizing),
	KUNIT_CASE(walk_equal_hashes),
	KUNIT_CASE(walk_keyed_templates),
	KUNIT_CASE(walk_churn),
	{}
};

static struct kunit_suite walk_suite = {
	.name = "opvs_walk",
	.init = walk_init,
	.exit = walk_exit,
	.test_cases = walk_cases,
};

kunit_test_suite(walk_suite);

MODULE_DESCRIPTION("opvs: unit tests of the walk over all connections");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
