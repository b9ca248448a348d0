/* SPDX-License-Identifier: GPL-2.0-only */
/* Maglev lookup tables: which server owns which share of a hash's values. */
#ifndef OPVS_SCHED_MAGLEV_H
#define OPVS_SCHED_MAGLEV_H

#include <linux/limits.h>
#include <linux/types.h>

/* With what else a table of few members takes, slots stay just within 32 or
 * 512 kB: the allocator would round up to the double.
 */
enum opvs_maglev_limits {
	OPVS_MAGLEV_NARROW_SLOTS	= 31 << 10,
	OPVS_MAGLEV_NARROW_MEMBERS	= U8_MAX,
	OPVS_MAGLEV_WIDE_SLOTS		= 15 << 14,
	OPVS_MAGLEV_MEMBERS_MAX		= U16_MAX,
};

/**
 * struct opvs_maglev_node - a member while the table is populated
 * @id: keyed hash of its name; says where in the table it likes to be
 * @weight: share of the slots, relative to the others'; never 0
 * @member: what a lookup answers
 * @claims: slots owned so far
 * @next: next step of its walk over the slots
 * @mul: factors of that walk
 *
 * The caller sets the first three.
 */
struct opvs_maglev_node {
	u64	id;
	u32	weight;
	u32	member;
	u32	claims;
	u32	next;
	u32	mul[2];
};

/**
 * struct opvs_maglev - lookup table
 * @slots: number of slots
 * @count: number of members
 * @narrow: the slots, for up to %OPVS_MAGLEV_NARROW_MEMBERS members
 * @wide: the slots, for more; else NULL
 * @node: members; opvs_maglev_populate() puts them into another order,
 *	opvs_maglev_sort() back into that of @member
 *
 * The slots stand behind @node in the same memory.
 */
struct opvs_maglev {
	u32			slots;
	u32			count;
	u8			*narrow;
	u16			*wide;
	struct opvs_maglev_node	node[];
};

size_t opvs_maglev_size(u32 count);
void opvs_maglev_init(struct opvs_maglev *ml, u32 count);
void opvs_maglev_populate(struct opvs_maglev *ml);
u32 opvs_maglev_slot(const struct opvs_maglev *ml, u64 hash);
u32 opvs_maglev_lookup(const struct opvs_maglev *ml, u64 hash);
void opvs_maglev_sort(struct opvs_maglev *ml);
void opvs_maglev_copy(struct opvs_maglev *copy, const struct opvs_maglev *ml);
bool opvs_maglev_same(const struct opvs_maglev *a, const struct opvs_maglev *b);

#endif /* OPVS_SCHED_MAGLEV_H */
