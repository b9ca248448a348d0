/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses, and what lblc and lblcr remember of them, in a test only. */
#ifndef OPVS_TEST_LBL_FIXTURE_H
#define OPVS_TEST_LBL_FIXTURE_H

#include "../../net/sched/lbl.h"

#include <opvs/netns.h>

#include <kunit/test.h>

#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/bottom_half.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "sched_fixture.h"

#define EXPIRATION	1000

/* A memory, and the namespace that its settings are in. */
struct memory {
	struct opvs_sched_state	*state;
	struct opvs_net		on;
};

static inline void memory_free(struct kunit_resource *res)
{
	struct memory *memory = res->data;

	memory->state->ops->state_free(memory->state);
	kfree(memory);
}

static inline struct memory *memory_new(struct kunit *test,
					const struct opvs_sched_ops *ops)
{
	struct memory *memory = kzalloc(sizeof(*memory), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, memory);
	memory->on.settings.lblc_expiration = EXPIRATION;
	memory->on.settings.lblcr_expiration = EXPIRATION;
	memory->state = ops->state_new(&memory->on);
	if (!memory->state) {
		kfree(memory);
		KUNIT_ASSERT_TRUE_MSG(test, false, "no memory");
	}
	memory->state->ops = ops;
	memory->state->on = &memory->on;
	kunit_alloc_resource(test, NULL, memory_free, GFP_KERNEL, memory);
	return memory;
}

/* Servers whose ids are 101, 102 ... */
static inline struct opvs_dest *servers(struct kunit *test, const u32 *weight,
					u32 count)
{
	struct opvs_dest *dest = fixture_servers(test, weight, count);
	u32 i;

	for (i = 0; i < count; i++)
		dest[i].id = 101 + i;
	return dest;
}

/* What packets see of those servers that are not among @gone. */
static inline struct opvs_view *table(struct kunit *test,
				      struct opvs_sched_state *state,
				      struct opvs_dest *dest, u32 count,
				      unsigned long gone)
{
	struct opvs_view *view;
	u32 i, n = 0;

	view = fixture_table(test, state->ops, dest, count, 0, NULL);
	for (i = 0; i < count; i++)
		if (!(gone & BIT(i)))
			view->member[n++] = view->member[i];
	view->count = n;
	view->ops->build(view, NULL);
	view->state = state;
	return view;
}

static inline struct opvs_flow flow_to(u32 addr)
{
	return (struct opvs_flow){
		.family		= NFPROTO_IPV4,
		.saddr.ip	= htonl(0xc0000201),
		.daddr.ip	= htonl(addr),
	};
}

/* Number of the server that an address gets, from 0 by id, or -1. */
static inline int pick_as(const struct opvs_view *view, u32 addr,
			  bool per_packet)
{
	struct opvs_flow flow = flow_to(addr);
	struct opvs_sched_req req = { .flow = &flow, .per_packet = per_packet };
	struct opvs_dest *dest;
	int number = -1;

	local_bh_disable();
	rcu_read_lock();
	dest = view->ops->pick(view, &req);
	if (dest)
		number = dest->id - 101;
	rcu_read_unlock();
	local_bh_enable();
	return number;
}

static inline int pick(const struct opvs_view *view, u32 addr)
{
	return pick_as(view, addr, false);
}

static inline struct opvs_lbl_entry *entry_of(struct opvs_sched_state *state,
					      u32 addr)
{
	struct opvs_lbl *lbl = container_of(state, struct opvs_lbl, state);
	union nf_inet_addr key = { .ip = htonl(addr) };

	return (struct opvs_lbl_entry *)opvs_lbl_find(lbl, &key,
						      opvs_lbl_now());
}

/* The servers that an address has, a bit for each; 0: it is not known. */
static inline unsigned long has(struct opvs_sched_state *state, u32 addr)
{
	const struct opvs_lbl_entry *entry;
	unsigned long set = 0;
	u32 i;

	rcu_read_lock();
	entry = entry_of(state, addr);
	for (i = 0; entry && i < entry->count; i++)
		set |= BIT(entry->server[i] - 101);
	rcu_read_unlock();
	return set;
}

/* Gives an address these servers. */
static inline void give(struct kunit *test, struct opvs_sched_state *state,
			u32 addr, unsigned long set)
{
	struct opvs_lbl *lbl = container_of(state, struct opvs_lbl, state);
	union nf_inet_addr key = { .ip = htonl(addr) };
	u64 server[OPVS_LBL_SERVERS];
	u32 now = opvs_lbl_now(), count = 0, i;

	for_each_set_bit(i, &set, BITS_PER_LONG)
		server[count++] = 101 + i;
	rcu_read_lock();
	opvs_lbl_add(lbl, &key, server[0], now);
	opvs_lbl_replace(lbl, entry_of(state, addr), server, count, now);
	rcu_read_unlock();
	KUNIT_ASSERT_EQ(test, has(state, addr), set);
}

/* As if an address had got its servers so long ago. */
static inline void make_old(struct opvs_sched_state *state, u32 addr,
			    u32 seconds)
{
	rcu_read_lock();
	entry_of(state, addr)->changed -= seconds;
	rcu_read_unlock();
}

#endif /* OPVS_TEST_LBL_FIXTURE_H */
