/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scheduler tables over servers that exist in a test only, and CPUs that do:
 * a cursor per simulated CPU, which the table is given before each pick.
 */
#ifndef OPVS_TEST_SCHED_FIXTURE_H
#define OPVS_TEST_SCHED_FIXTURE_H

#include <opvs/dest.h>
#include <opvs/sched.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/cpumask.h>
#include <linux/overflow.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/smp.h>

#define FIXTURE_CPUS	4

struct fixture {
	u32 __percpu	*cursor[FIXTURE_CPUS];
};

/* A suite's exit(). */
static inline void fixture_exit(struct kunit *test)
{
	struct fixture *fix = test->priv;
	int i;

	for (i = 0; fix && i < FIXTURE_CPUS; i++)
		free_percpu(fix->cursor[i]);
}

/* A suite's init().  A cursor belongs to a real CPU, so the test stays on one. */
static inline int fixture_init(struct kunit *test)
{
	struct fixture *fix;
	int i;

	fix = kunit_kzalloc(test, sizeof(*fix), GFP_KERNEL);
	if (!fix)
		return -ENOMEM;
	test->priv = fix;
	for (i = 0; i < FIXTURE_CPUS; i++) {
		fix->cursor[i] = alloc_percpu(u32);
		if (!fix->cursor[i])
			return -ENOMEM;
	}
	return set_cpus_allowed_ptr(current,
				    cpumask_of(raw_smp_processor_id()));
}

static inline void fixture_set_cursor(u32 __percpu *cursor, u32 value)
{
	u32 *here;
	int cpu;

	for_each_possible_cpu(cpu) {
		here = per_cpu_ptr(cursor, cpu);
		*here = value;
	}
}

/* Available servers 10.0.0.0:5060 and up; no weights means 1 each. */
static inline struct opvs_dest *fixture_servers(struct kunit *test,
						const u32 *weight, u32 count)
{
	struct opvs_dest *dest;
	u32 i;

	dest = kunit_kcalloc(test, count + 1, sizeof(*dest), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, dest);
	for (i = 0; i < count; i++) {
		dest[i].family = NFPROTO_IPV4;
		dest[i].addr.ip = htonl(0x0a000000 + i);
		dest[i].port = htons(5060);
		dest[i].weight = weight ? weight[i] : 1;
	}
	return dest;
}

/* A server as if it had these connections. */
static inline void fixture_set_load(struct opvs_dest *dest, u32 active,
				    u32 inactive)
{
	atomic_set(&dest->active, active);
	atomic_set(&dest->conns, active + inactive);
}

static inline u32 fixture_active(const struct opvs_dest *dest)
{
	return atomic_read(&dest->active);
}

static inline u32 fixture_inactive(const struct opvs_dest *dest)
{
	return atomic_read(&dest->conns) - atomic_read(&dest->active);
}

/* What packets see of @count servers, with the first simulated CPU's cursor. */
static inline struct opvs_view *
fixture_table(struct kunit *test, const struct opvs_sched_ops *ops,
	      struct opvs_dest *dest, u32 count, u32 flags,
	      const siphash_key_t *key)
{
	struct fixture *fix = test->priv;
	struct opvs_view *view, *grown;
	size_t size;
	ssize_t priv;
	u32 i;

	size = ALIGN(struct_size(view, member, count), sizeof(u64));
	view = kunit_kzalloc(test, size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, view);
	view->ops = ops;
	view->flags = flags;
	view->cursor = fix->cursor[0];
	if (key)
		view->hash_key = *key;
	view->count = count;
	for (i = 0; i < count; i++) {
		view->member[i].dest = &dest[i];
		view->member[i].weight = dest[i].weight;
	}
	if (!ops->priv_size)
		return view;

	priv = ops->priv_size(view, NULL, NULL);
	KUNIT_ASSERT_GE(test, (long)priv, 0L);
	grown = kunit_kzalloc(test, size + priv, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, grown);
	memcpy(grown, view, size);
	grown->priv = (void *)grown + size;
	kunit_kfree(test, view);
	ops->build(grown, NULL);
	return grown;
}

/* Number of the member that is picked, or -1 for none. */
static inline int fixture_pick(const struct opvs_view *view,
			       const struct opvs_sched_req *req)
{
	struct opvs_dest *dest;
	u32 i;

	local_bh_disable();
	dest = view->ops->pick(view, req);
	local_bh_enable();
	if (!dest)
		return -1;
	for (i = 0; i < view->count; i++)
		if (view->member[i].dest == dest)
			return i;
	return -2;
}

/*
 * A round gives everybody @share, or one if it is NULL, and the next two rounds
 * repeat it pick by pick: then every run of @round picks, wherever it begins,
 * gives the same shares.
 */
static inline void fixture_expect_exact(struct kunit *test,
					const struct opvs_view *view,
					const u32 *share, u32 round)
{
	u32 *count, i;
	int *order;

	order = kunit_kcalloc(test, round, sizeof(*order), GFP_KERNEL);
	count = kunit_kcalloc(test, view->count, sizeof(*count), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, order);
	KUNIT_ASSERT_NOT_NULL(test, count);

	for (i = 0; i < round; i++) {
		order[i] = fixture_pick(view, NULL);
		KUNIT_ASSERT_GE(test, order[i], 0);
		count[order[i]]++;
	}
	for (i = 0; i < view->count; i++)
		KUNIT_EXPECT_EQ_MSG(test, count[i], share ? share[i] : 1,
				    "share of server %u", i);
	for (i = 0; i < 2 * round; i++)
		KUNIT_ASSERT_EQ_MSG(test, fixture_pick(view, NULL),
				    order[i % round], "pick %u", round + i);
	kunit_kfree(test, count);
	kunit_kfree(test, order);
}

/*
 * Packets arrive at the simulated CPUs at random, @rounds rounds of them in
 * all: everybody's share is right to one packet per CPU.
 */
static inline void fixture_expect_shared(struct kunit *test,
					 struct opvs_view *view,
					 const u32 *share, u32 round, u32 rounds)
{
	struct fixture *fix = test->priv;
	u32 *count, i, random = 1;
	int member;

	count = kunit_kcalloc(test, view->count, sizeof(*count), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, count);

	for (i = 0; i < round * rounds; i++) {
		random = random * 1664525 + 1013904223;
		view->cursor = fix->cursor[random >> 30];
		member = fixture_pick(view, NULL);
		KUNIT_ASSERT_GE(test, member, 0);
		count[member]++;
	}
	for (i = 0; i < view->count; i++)
		KUNIT_EXPECT_LE_MSG(test,
				    abs((int)(count[i] - rounds * (share ? share[i] : 1))),
				    FIXTURE_CPUS, "share of server %u", i);
	kunit_kfree(test, count);
}

#endif /* OPVS_TEST_SCHED_FIXTURE_H */
