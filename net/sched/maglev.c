// SPDX-License-Identifier: GPL-2.0-only
#include "maglev.h"

#include <opvs/kunit.h>

#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/string.h>

/**
 * DOC: Maglev
 *
 * The slots of a table are divided among members so that each owns its share,
 * and so that a change of the set of members moves little else than the
 * changed member's slots.  A packet's hash picks a slot.  The idea is section
 * 3.4 of Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load
 * Balancer", NSDI 2016: members take turns; at its turn, a member claims the
 * first free slot on a walk of its own over all slots.  A walk depends on
 * nothing but the member's id, and turns on nothing but ids and weights, so
 * that every director that knows these computes the same table, in whatever
 * order the members came.
 *
 * Three things are done differently than in the paper.
 *
 * Walks.  There, a walk is an arithmetic progression modulo a prime.  Two
 * members whose strides happen to be nearly equal, or small multiples of each
 * other, then chase each other through the table: with up to one key in fifty,
 * the removal of one server moves 2 to 10 % of the calls of the others.  Here
 * the number of the step is mixed to the number of a slot by two odd factors
 * and two shifts, each a bijection of the numbers below a power of two; what is
 * beyond the last slot is passed over.  Such walks are as good as random, and
 * the bad keys are gone.
 *
 * Weights.  The next turn is that of the member with the lowest
 * (2 * claims + 1) / weight, which gives each the number of slots nearest to
 * its share (Webster's rule), and the first turns go once round, so that the
 * least weight is worth one slot.
 *
 * Size.  Another number of slots is another table, in which nearly all calls
 * have moved.  A table that grew with the number of its members would thus
 * break at each growth the promise it is made for.  So there are two sizes:
 * 31 k slots of one byte up to 255 members, 240 k of two bytes above.  One
 * member needs one slot.
 *
 * Measured with 100 keys: when one member leaves, of the calls of the others
 * move (mean / worst) 0.5 / 0.7 % with 10 and 0.9 / 1.0 % with 100 equal
 * members, and 0.9 / 1.3 % with 100 members whose weights are random between 1
 * and 100.  Up to 100 members, only the removal of one that had outweighed 99
 * others together was above 2 %.  A share is off by at most one slot (0.003 %
 * of all calls) or half a percent of itself.
 */

/* When so few slots are free, a walk takes longer to one of them than it takes to ask
 * where on the walk each of them is: half of all steps would be to these.
 */
#define MAGLEV_REST	192

/**
 * struct maglev_rest - the last free slots
 * @count: how many
 * @slot: their numbers, in no order
 */
struct maglev_rest {
	u32	count;
	u32	slot[MAGLEV_REST];
};

static u32 maglev_slots(u32 count)
{
	if (count <= 1)
		return 1;
	return count <= OPVS_MAGLEV_NARROW_MEMBERS ? OPVS_MAGLEV_NARROW_SLOTS :
						     OPVS_MAGLEV_WIDE_SLOTS;
}

static size_t maglev_slot_bytes(u32 count)
{
	return count <= OPVS_MAGLEV_NARROW_MEMBERS ? sizeof(u8) : sizeof(u16);
}

/**
 * opvs_maglev_size() - memory that a table takes
 * @count: number of members
 *
 * Context: any.
 * Return: bytes, or 0 if there are more members than a table can have.
 */
size_t opvs_maglev_size(u32 count)
{
	struct opvs_maglev *ml;

	if (count > OPVS_MAGLEV_MEMBERS_MAX)
		return 0;
	return struct_size(ml, node, count) +
	       maglev_slots(count) * maglev_slot_bytes(count);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_maglev_size);

/**
 * opvs_maglev_init() - an empty table, for the caller to fill in its nodes
 * @ml: opvs_maglev_size() bytes, aligned as a u64
 * @count: number of members
 *
 * Context: any.
 */
void opvs_maglev_init(struct opvs_maglev *ml, u32 count)
{
	void *first = &ml->node[count];

	ml->slots = maglev_slots(count);
	ml->count = count;
	if (count <= OPVS_MAGLEV_NARROW_MEMBERS) {
		ml->narrow = first;
		ml->wide = NULL;
	} else {
		ml->narrow = NULL;
		ml->wide = first;
	}
	/* All ones is no member's number in either width. */
	memset(first, 0xff, ml->slots * maglev_slot_bytes(count));
}
EXPORT_SYMBOL_IF_KUNIT(opvs_maglev_init);

/* Each number takes its own bits of the id. */
static void node_start(struct opvs_maglev_node *node)
{
	node->claims = 0;
	node->next = (u32)node->id;
	node->mul[0] = (u32)(node->id >> 20) | 1;
	node->mul[1] = (u32)(node->id >> 40) | 1;
}

/* A bijection of the numbers up to @mask, because each of its lines is one. */
static u32 node_step(struct opvs_maglev_node *node, u32 mask, u32 shift)
{
	u32 slot = node->next++;

	slot = slot * node->mul[0] & mask;
	slot ^= slot >> shift;
	slot = slot * node->mul[1] & mask;
	slot ^= slot >> shift;
	return slot;
}

/* Modulo a power of two.  An odd number is its own inverse modulo eight, and each
 * turn doubles the number of right bits.
 */
static u32 odd_inverse(u32 odd)
{
	u32 inverse = odd;
	int i;

	for (i = 0; i < 4; i++)
		inverse *= 2 - odd * inverse;
	return inverse;
}

/* The free slot that the node's walk comes to first, by node_step() backwards: a
 * shift by half of the bits is undone by itself.
 */
static u32 node_jump(struct opvs_maglev_node *node, struct maglev_rest *rest,
		     u32 mask, u32 shift)
{
	const u32 first = odd_inverse(node->mul[0]);
	const u32 second = odd_inverse(node->mul[1]);
	u32 i, step, slot, found = 0, least = U32_MAX;

	for (i = 0; i < rest->count; i++) {
		step = rest->slot[i];
		step ^= step >> shift;
		step = step * second & mask;
		step ^= step >> shift;
		step = (step * first - node->next) & mask;
		if (step < least) {
			least = step;
			found = i;
		}
	}
	node->next += least + 1;
	slot = rest->slot[found];
	rest->slot[found] = rest->slot[--rest->count];
	return slot;
}

static u64 node_due(const struct opvs_maglev_node *node)
{
	return node->claims ? 2ULL * node->claims + 1 : 0;
}

/* A total order, as long as ids differ; 2^20 * 2^32 fits. */
static bool node_before(const struct opvs_maglev_node *a,
			const struct opvs_maglev_node *b)
{
	u64 due_a = node_due(a) * b->weight;
	u64 due_b = node_due(b) * a->weight;

	return due_a != due_b ? due_a < due_b : a->id < b->id;
}

/* Heap of members by their next turn: moves the one at @at down to its place. */
static void heap_sift(struct opvs_maglev *ml, u32 at)
{
	struct opvs_maglev_node moved = ml->node[at];
	u32 child;

	while ((child = 2 * at + 1) < ml->count) {
		if (child + 1 < ml->count &&
		    node_before(&ml->node[child + 1], &ml->node[child]))
			child++;
		if (!node_before(&ml->node[child], &moved))
			break;
		ml->node[at] = ml->node[child];
		at = child;
	}
	ml->node[at] = moved;
}

static bool slot_is_free(const struct opvs_maglev *ml, u32 slot)
{
	if (slot >= ml->slots)
		return false;
	return ml->wide ? ml->wide[slot] == U16_MAX :
			  ml->narrow[slot] == U8_MAX;
}

static void slot_claim(struct opvs_maglev *ml, u32 slot, u32 member)
{
	if (ml->wide)
		ml->wide[slot] = member;
	else
		ml->narrow[slot] = member;
}

static void rest_find(const struct opvs_maglev *ml, struct maglev_rest *rest)
{
	u32 slot;

	rest->count = 0;
	for (slot = 0; slot < ml->slots && rest->count < MAGLEV_REST; slot++)
		if (slot_is_free(ml, slot))
			rest->slot[rest->count++] = slot;
}

/**
 * opvs_maglev_populate() - divide the slots
 * @ml: initialised table whose nodes are filled in
 *
 * Half a millisecond for 10 members, some ten for thousands.
 *
 * Context: process.
 */
void opvs_maglev_populate(struct opvs_maglev *ml)
{
	u32 mask = roundup_pow_of_two(ml->slots) - 1;
	u32 shift = DIV_ROUND_UP(fls(mask), 2);
	struct opvs_maglev_node *top = ml->node;
	struct maglev_rest rest;
	u32 i, slot;

	if (!ml->count)
		return;

	for (i = 0; i < ml->count; i++)
		node_start(&ml->node[i]);
	for (i = ml->count / 2; i--; )
		heap_sift(ml, i);

	for (i = 0; i + MAGLEV_REST < ml->slots; i++) {
		do {
			slot = node_step(top, mask, shift);
		} while (!slot_is_free(ml, slot));
		slot_claim(ml, slot, top->member);
		top->claims++;
		heap_sift(ml, 0);
		if (!(i % 4096))
			cond_resched();
	}
	rest_find(ml, &rest);
	while (rest.count) {
		slot_claim(ml, node_jump(top, &rest, mask, shift), top->member);
		top->claims++;
		heap_sift(ml, 0);
	}
}
EXPORT_SYMBOL_IF_KUNIT(opvs_maglev_populate);

static u32 maglev_slot(const struct opvs_maglev *ml, u64 hash)
{
	return (u64)(u32)hash * ml->slots >> 32;
}

/**
 * opvs_maglev_slot() - the slot of a hash value
 * @ml: populated table
 * @hash: as for opvs_maglev_lookup()
 *
 * Context: any.
 * Return: a number below ml->slots.
 */
u32 opvs_maglev_slot(const struct opvs_maglev *ml, u64 hash)
{
	return maglev_slot(ml, hash);
}

/**
 * opvs_maglev_lookup() - the member that owns a hash value
 * @ml: populated table
 * @hash: its lower half counts, and all bits of that should be good
 *
 * Context: any.
 * Return: the member's number; one that no member has if the table is empty.
 */
u32 opvs_maglev_lookup(const struct opvs_maglev *ml, u64 hash)
{
	u32 slot = maglev_slot(ml, hash);

	return ml->wide ? ml->wide[slot] : ml->narrow[slot];
}
EXPORT_SYMBOL_IF_KUNIT(opvs_maglev_lookup);

/**
 * opvs_maglev_sort() - put the nodes back into the order of their members
 * @ml: populated table whose members are numbered from 0 to count - 1
 *
 * From then on ml->node[opvs_maglev_lookup()] is the owner's.
 *
 * Context: process.
 */
void opvs_maglev_sort(struct opvs_maglev *ml)
{
	struct opvs_maglev_node *node, *home;
	u32 i;

	for (i = 0; i < ml->count; i++) {
		node = &ml->node[i];
		/* Each turn brings one home. */
		while (node->member != i) {
			home = &ml->node[node->member];
			swap(*node, *home);
		}
	}
}
EXPORT_SYMBOL_IF_KUNIT(opvs_maglev_sort);

/**
 * opvs_maglev_copy() - the same table once more
 * @copy: memory as for the original
 * @ml: original
 *
 * Context: process.
 */
void opvs_maglev_copy(struct opvs_maglev *copy, const struct opvs_maglev *ml)
{
	void *first = &copy->node[ml->count];

	memcpy(copy, ml, opvs_maglev_size(ml->count));
	if (copy->wide)
		copy->wide = first;
	else
		copy->narrow = first;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_maglev_copy);

static u64 slot_id(const struct opvs_maglev *ml, u32 slot)
{
	u32 member = ml->wide ? ml->wide[slot] : ml->narrow[slot];

	return ml->node[member].id;
}

/**
 * opvs_maglev_same() - has every hash value the same owner in two tables?
 * @a: sorted table
 * @b: sorted table, perhaps with another number of slots
 *
 * Owners are compared by their id.
 *
 * Context: process.
 */
bool opvs_maglev_same(const struct opvs_maglev *a, const struct opvs_maglev *b)
{
	u32 at_a = 0, at_b = 0;
	u64 end_a, end_b;

	if (!a->count || !b->count)
		return a->count == b->count;
	while (at_a < a->slots && at_b < b->slots) {
		if (slot_id(a, at_a) != slot_id(b, at_b))
			return false;
		/* The ends of the slots, in units of which both have a * b. */
		end_a = (u64)(at_a + 1) * b->slots;
		end_b = (u64)(at_b + 1) * a->slots;
		at_a += end_a <= end_b;
		at_b += end_b <= end_a;
	}
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_maglev_same);
