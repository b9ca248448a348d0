// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of Maglev tables: shares, and what moves when members change. */
#include "../../net/sched/maglev.h"

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/bitops.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/siphash.h>
#include <linux/string.h>

static const siphash_key_t maglev_keys[] = {
	{ { 0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL } },
	{ { 1, 2 } },
	{ { 0xdeadbeefULL, 0 } },
};

/**
 * struct maglev_case - a set of members
 * @name: of the case
 * @count: members
 * @first: weight of the first member
 * @others: the others' weights go from 1 to this and again from 1
 */
struct maglev_case {
	const char	*name;
	u32		count;
	u32		first;
	u32		others;
};

static const struct maglev_case maglev_cases[] = {
	{ "one", 1, 1, 1 },
	{ "two equal", 2, 1, 1 },
	{ "three equal", 3, 1, 1 },
	{ "five equal", 5, 1, 1 },
	{ "ten equal", 10, 1, 1 },
	{ "ten equal and heavy", 10, 100, 1 },
	{ "ten from 1 to 9", 10, 5, 9 },
	{ "twenty equal", 20, 1, 1 },
	{ "twenty from 1 to 19", 20, 19, 19 },
	{ "fifty equal", 50, 1, 1 },
	{ "hundred equal", 100, 1, 1 },
	{ "hundred from 1 to 99", 100, 99, 99 },
	{ "1000 to 1", 2, 1000, 1 },
	{ "65535 to 1, ten times", 11, 65535, 1 },
	{ "most with one-byte slots", 255, 1, 1 },
	{ "few with two-byte slots", 257, 1, 1 },
	{ "thousand equal", 1000, 1, 1 },
	{ "thousand from 1 to 10", 1000, 1, 10 },
};

static void maglev_case_name(const struct maglev_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(maglev, maglev_cases, maglev_case_name);

static u32 case_weight(const struct maglev_case *row, u32 member)
{
	return member ? 1 + (member - 1) % row->others : row->first;
}

/* A table of the first @count nodes of @node. */
static struct opvs_maglev *maglev_table(struct kunit *test,
					const struct opvs_maglev_node *node,
					u32 count)
{
	struct opvs_maglev *ml;

	ml = kunit_kzalloc(test, opvs_maglev_size(count), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ml);
	opvs_maglev_init(ml, count);
	memcpy(ml->node, node, count * sizeof(*node));
	opvs_maglev_populate(ml);
	return ml;
}

/* Asks with the least hash that falls on a slot. */
static u32 slot_owner(const struct opvs_maglev *ml, u32 slot)
{
	return opvs_maglev_lookup(ml, DIV64_U64_ROUND_UP((u64)slot << 32,
							 ml->slots));
}

static struct opvs_maglev_node *case_nodes(struct kunit *test,
					   const struct maglev_case *row,
					   const siphash_key_t *key)
{
	struct opvs_maglev_node *node;
	u32 i;

	node = kunit_kcalloc(test, row->count, sizeof(*node), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, node);
	for (i = 0; i < row->count; i++) {
		node[i].id = siphash_1u32(i, key);
		node[i].weight = case_weight(row, i);
		node[i].member = i;
	}
	return node;
}

/* Slots that each member owns; every slot is somebody's. */
static u32 *maglev_owned(struct kunit *test, const struct opvs_maglev *ml)
{
	u32 *owned = kunit_kcalloc(test, ml->count, sizeof(*owned), GFP_KERNEL);
	u32 slot, member;

	KUNIT_ASSERT_NOT_NULL(test, owned);
	for (slot = 0; slot < ml->slots; slot++) {
		member = slot_owner(ml, slot);
		KUNIT_ASSERT_LT(test, member, ml->count);
		owned[member]++;
	}
	return owned;
}

/* The next slot of a walk, as net/sched/maglev.c defines walks. */
static u32 plain_step(struct opvs_maglev_node *node, u32 bits)
{
	u32 mask = (1U << bits) - 1, half = (bits + 1) / 2, slot;

	slot = node->next++ * ((u32)(node->id >> 20) | 1) & mask;
	slot = (slot ^ slot >> half) * ((u32)(node->id >> 40) | 1) & mask;
	return slot ^ slot >> half;
}

/* Whose turn it is: nobody's before everybody had one, then the least of
 * (2 * claims + 1) / weight, then the least id.
 */
static struct opvs_maglev_node *plain_turn(struct opvs_maglev_node *node,
					   u32 count)
{
	struct opvs_maglev_node *best = node;
	u64 mine, least;
	u32 i;

	for (i = 1; i < count; i++) {
		mine = (node[i].claims ? 2ULL * node[i].claims + 1 : 0) *
		       best->weight;
		least = (best->claims ? 2ULL * best->claims + 1 : 0) *
			node[i].weight;
		if (mine < least || (mine == least && node[i].id < best->id))
			best = &node[i];
	}
	return best;
}

/* All directors have the same table, and had it in versions before: slot by slot
 * what the definition says.
 */
static void maglev_as_defined(struct kunit *test)
{
	static const struct maglev_case some[] = {
		{ "", 1, 1, 1 }, { "", 2, 1000, 1 }, { "", 10, 5, 9 },
		{ "", 100, 99, 99 }, { "", 257, 3, 7 },
	};
	struct opvs_maglev_node *node, *top;
	u32 i, k, slot, bits, differ;
	struct opvs_maglev *ml;
	u16 *plain;

	for (i = 0; i < ARRAY_SIZE(some); i++) {
		node = case_nodes(test, &some[i], &maglev_keys[i % 3]);
		ml = maglev_table(test, node, some[i].count);
		plain = kunit_kzalloc(test, ml->slots * sizeof(*plain),
				      GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, plain);
		bits = fls(roundup_pow_of_two(ml->slots) - 1);
		for (k = 0; k < some[i].count; k++)
			node[k].next = (u32)node[k].id;
		for (k = 0; k < ml->slots; k++) {
			top = plain_turn(node, some[i].count);
			do {
				slot = plain_step(top, bits);
			} while (slot >= ml->slots || plain[slot]);
			plain[slot] = top->member + 1;
			top->claims++;
			if (!(k % 256))
				cond_resched();
		}
		for (k = 0, differ = 0; k < ml->slots; k++)
			differ += slot_owner(ml, k) != plain[k] - 1;
		KUNIT_EXPECT_EQ_MSG(test, differ, 0, "%u members",
				    some[i].count);
		kunit_kfree(test, plain);
	}
}

/* Within 1 % of the weight, where slots are fine enough for that, else within
 * one slot; and never nothing.
 */
static void maglev_share(struct kunit *test)
{
	const struct maglev_case *row = test->param_value;
	struct opvs_maglev *ml;
	u64 sum = 0, due, off;
	u32 *owned, i;

	ml = maglev_table(test, case_nodes(test, row, &maglev_keys[0]),
			  row->count);
	owned = maglev_owned(test, ml);
	for (i = 0; i < row->count; i++)
		sum += case_weight(row, i);
	for (i = 0; i < row->count; i++) {
		due = case_weight(row, i) * (u64)ml->slots;
		off = abs((s64)(owned[i] * sum - due));
		KUNIT_EXPECT_LE_MSG(test, off, max(due / 100, sum),
				    "member %u owns %u slots", i, owned[i]);
		KUNIT_EXPECT_GT(test, owned[i], 0);
	}
}

/* Of the slots that @gone does not own, the part that has moved in a table
 * without it; in 1/10000.
 */
static u32 maglev_moved(const struct opvs_maglev *with,
			const struct opvs_maglev *without, u32 gone)
{
	u32 slot, owner, kept = 0, moved = 0;

	for (slot = 0; slot < with->slots; slot++) {
		owner = slot_owner(with, slot);
		if (owner == gone)
			continue;
		kept++;
		moved += slot_owner(without, slot) != owner;
	}
	return kept ? moved * 10000ULL / kept : 0;
}

/* One leaves, or comes: it is the same two tables.  Ten members of each set, or
 * all if these are less, and one key for each.
 */
static void maglev_disruption(struct kunit *test)
{
	const struct maglev_case *row = test->param_value;
	struct opvs_maglev *with, *without;
	struct opvs_maglev_node *node;
	u32 try, gone;

	for (try = 0; try < min_t(u32, row->count, 10); try++) {
		gone = try * row->count / min_t(u32, row->count, 10);
		node = case_nodes(test, row,
				  &maglev_keys[try % ARRAY_SIZE(maglev_keys)]);
		with = maglev_table(test, node, row->count);
		memmove(&node[gone], &node[gone + 1],
			(row->count - 1 - gone) * sizeof(*node));
		without = maglev_table(test, node, row->count - 1);
		KUNIT_EXPECT_LE_MSG(test, maglev_moved(with, without, gone),
				    200, "member %u gone", gone);
		kunit_kfree(test, without);
		kunit_kfree(test, with);
		kunit_kfree(test, node);
	}
}

/* There are no keys by which two members get into each other's way: with each
 * of a hundred, whichever of five members leaves, less than 1 % of the others'
 * slots move.
 */
static void maglev_no_bad_key(struct kunit *test)
{
	static const struct maglev_case five = { "", 5, 1, 1 };
	struct opvs_maglev *with, *without;
	struct opvs_maglev_node *node;
	siphash_key_t key = { { 1, 1 } };
	u32 gone;

	for (; key.key[0] <= 100; key.key[0]++) {
		node = case_nodes(test, &five, &key);
		with = maglev_table(test, node, 5);
		for (gone = 5; gone--; ) {
			swap(node[gone], node[4]);
			without = maglev_table(test, node, 4);
			KUNIT_EXPECT_LE_MSG(test,
					    maglev_moved(with, without,
							 node[4].member),
					    100, "key %llu", key.key[0]);
			kunit_kfree(test, without);
		}
		kunit_kfree(test, with);
		kunit_kfree(test, node);
	}
}

struct maglev_weight_case {
	const char	*name;
	u32		from;
	u32		to;
};

static const struct maglev_weight_case maglev_weight_cases[] = {
	{ "doubled", 1, 2 },
	{ "halved", 100, 50 },
	{ "tenfold", 1, 10 },
	{ "to a hundredth", 100, 1 },
	{ "a little more", 100, 101 },
	{ "same proportions", 7, 7 },
};

static void maglev_weight_name(const struct maglev_weight_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(maglev_weight, maglev_weight_cases, maglev_weight_name);

/* The third of ten members has its weight changed: the slots that move are
 * those that it gains or loses, and at most 2 % of the others.
 */
static void maglev_weight_change(struct kunit *test)
{
	static const struct maglev_case ten = { "", 10, 1, 1 };
	const struct maglev_weight_case *row = test->param_value;
	struct opvs_maglev_node *node;
	struct opvs_maglev *from, *to;
	u32 i, slot, a, b, kept = 0, moved = 0;

	node = case_nodes(test, &ten, &maglev_keys[0]);
	for (i = 0; i < 10; i++)
		node[i].weight = row->from;
	from = maglev_table(test, node, 10);
	node[2].weight = row->to;
	to = maglev_table(test, node, 10);

	for (slot = 0; slot < from->slots; slot++) {
		a = slot_owner(from, slot);
		b = slot_owner(to, slot);
		if (a == 2 || b == 2)
			continue;
		kept++;
		moved += a != b;
	}
	KUNIT_EXPECT_GT(test, kept, 0);
	KUNIT_EXPECT_LE(test, moved * 50, kept);
	if (row->from == row->to)
		KUNIT_EXPECT_EQ(test, moved, 0);
}

/* Hashes are divided evenly, with nothing beyond either end. */
static void maglev_ends_of_hash(struct kunit *test)
{
	const struct maglev_case *row = test->param_value;
	struct opvs_maglev *ml;

	ml = maglev_table(test, case_nodes(test, row, &maglev_keys[0]),
			  row->count);
	KUNIT_EXPECT_EQ(test, opvs_maglev_lookup(ml, 0), slot_owner(ml, 0));
	KUNIT_EXPECT_EQ(test, opvs_maglev_lookup(ml, U32_MAX),
			slot_owner(ml, ml->slots - 1));
	KUNIT_EXPECT_EQ(test, opvs_maglev_lookup(ml, U64_MAX),
			slot_owner(ml, ml->slots - 1));
}

/* Directors with the same members compute the same table. */
static void maglev_any_order(struct kunit *test)
{
	const struct maglev_case *row = test->param_value;
	struct opvs_maglev *ml, *other;
	struct opvs_maglev_node *node;
	u32 i, random = 1;

	node = case_nodes(test, row, &maglev_keys[0]);
	ml = maglev_table(test, node, row->count);
	for (i = row->count - 1; i > 0; i--) {
		random = random * 1664525 + 1013904223;
		swap(node[i], node[(random >> 8) % (i + 1)]);
	}
	other = maglev_table(test, node, row->count);
	KUNIT_EXPECT_EQ(test, maglev_moved(ml, other, U32_MAX), 0);
}

/* Only proportions of weights count. */
static void maglev_proportions(struct kunit *test)
{
	const struct maglev_case *row = test->param_value;
	struct opvs_maglev *ml, *other;
	struct opvs_maglev_node *node;
	u32 i;

	node = case_nodes(test, row, &maglev_keys[0]);
	ml = maglev_table(test, node, row->count);
	for (i = 0; i < row->count; i++)
		node[i].weight *= INT_MAX / max(row->first, row->others);
	other = maglev_table(test, node, row->count);
	KUNIT_EXPECT_EQ(test, maglev_moved(ml, other, U32_MAX), 0);
}

static void maglev_key_decides(struct kunit *test)
{
	static const struct maglev_case ten = { "", 10, 1, 1 };
	struct opvs_maglev *ml[2];
	u32 moved, i;

	for (i = 0; i < 2; i++)
		ml[i] = maglev_table(test,
				     case_nodes(test, &ten, &maglev_keys[i]), 10);
	moved = maglev_moved(ml[0], ml[1], U32_MAX);
	KUNIT_EXPECT_GT(test, moved, 8500);
	KUNIT_EXPECT_LT(test, moved, 9500);
}

static void maglev_nobody(struct kunit *test)
{
	struct opvs_maglev_node none = {};
	struct opvs_maglev *ml = maglev_table(test, &none, 0);
	u64 hash;

	for (hash = 0; hash < 10; hash++)
		KUNIT_EXPECT_GE(test, opvs_maglev_lookup(ml, hash * U32_MAX),
				OPVS_MAGLEV_MEMBERS_MAX >> 8);
}

/* Between these counts, members come and go without a table of another size;
 * ten fit in memory of 32 kB with the rest of what a service has for them.
 */
static void maglev_sizes(struct kunit *test)
{
	const size_t each = sizeof(struct opvs_maglev_node);

	KUNIT_EXPECT_LE(test, opvs_maglev_size(10), 32768 - 500UL);
	KUNIT_EXPECT_EQ(test, opvs_maglev_size(255),
			opvs_maglev_size(2) + 253 * each);
	KUNIT_EXPECT_EQ(test, opvs_maglev_size(65535),
			opvs_maglev_size(256) + 65279 * each);
}

static void maglev_most_members(struct kunit *test)
{
	const u32 most = OPVS_MAGLEV_MEMBERS_MAX;
	struct opvs_maglev *ml;
	u32 i, slot, *owned;

	KUNIT_EXPECT_EQ(test, opvs_maglev_size(most + 1), 0UL);
	KUNIT_EXPECT_EQ(test, opvs_maglev_size(U32_MAX), 0UL);

	ml = kvzalloc(opvs_maglev_size(most), GFP_KERNEL);
	owned = kvcalloc(most, sizeof(*owned), GFP_KERNEL);
	if (!ml || !owned)
		goto out;
	opvs_maglev_init(ml, most);
	for (i = 0; i < most; i++) {
		ml->node[i].id = siphash_1u32(i, &maglev_keys[0]);
		ml->node[i].weight = 1;
		ml->node[i].member = i;
	}
	opvs_maglev_populate(ml);
	for (slot = 0; slot < ml->slots; slot++) {
		i = slot_owner(ml, slot);
		if (i < most)
			owned[i]++;
	}
	for (i = 0; i < most; i++)
		if (owned[i] < 3 || owned[i] > 4)
			break;
	KUNIT_EXPECT_EQ_MSG(test, i, most, "its share is 3.75 slots");
out:
	KUNIT_EXPECT_NOT_NULL(test, ml);
	KUNIT_EXPECT_NOT_NULL(test, owned);
	kvfree(owned);
	kvfree(ml);
}

/* Slots of another table have other bounds; owners are known by their ids. */
static void maglev_same(struct kunit *test)
{
	static const struct maglev_case many = { "", 300, 1, 1 };
	struct opvs_maglev_node *node = case_nodes(test, &many,
						   &maglev_keys[0]);
	struct opvs_maglev *ten, *heavy, *narrow, *wide, *none;
	u32 i;

	ten = maglev_table(test, node, 10);
	narrow = maglev_table(test, node, 255);
	wide = maglev_table(test, node, 256);
	none = maglev_table(test, node, 0);
	for (i = 0; i < 10; i++)
		node[i].weight = 7;
	heavy = maglev_table(test, node, 10);
	opvs_maglev_sort(ten);
	opvs_maglev_sort(heavy);
	opvs_maglev_sort(narrow);
	opvs_maglev_sort(wide);
	KUNIT_EXPECT_TRUE(test, opvs_maglev_same(ten, ten));
	KUNIT_EXPECT_TRUE(test, opvs_maglev_same(ten, heavy));
	KUNIT_EXPECT_TRUE(test, opvs_maglev_same(none, none));
	KUNIT_EXPECT_FALSE(test, opvs_maglev_same(ten, none));
	KUNIT_EXPECT_FALSE(test, opvs_maglev_same(none, ten));
	KUNIT_EXPECT_FALSE(test, opvs_maglev_same(ten, narrow));
	KUNIT_EXPECT_FALSE(test, opvs_maglev_same(narrow, wide));
	KUNIT_EXPECT_FALSE(test, opvs_maglev_same(wide, narrow));
}

/* As if a table with wide slots had just the owners of one with a single slot,
 * and then one other owner in its last slot.
 */
static void maglev_same_of_two_sizes(struct kunit *test)
{
	static const struct maglev_case many = { "", 256, 1, 1 };
	struct opvs_maglev_node *node = case_nodes(test, &many,
						   &maglev_keys[0]);
	struct opvs_maglev *one, *wide;

	one = maglev_table(test, node, 1);
	wide = maglev_table(test, node, 256);
	opvs_maglev_sort(wide);
	memset(wide->wide, 0, wide->slots * sizeof(*wide->wide));
	KUNIT_EXPECT_TRUE(test, opvs_maglev_same(one, wide));
	KUNIT_EXPECT_TRUE(test, opvs_maglev_same(wide, one));
	wide->wide[wide->slots - 1] = 1;
	KUNIT_EXPECT_FALSE(test, opvs_maglev_same(one, wide));
	KUNIT_EXPECT_FALSE(test, opvs_maglev_same(wide, one));
}

/* Nodes come back to where the caller had them, and copies stand alone. */
static void maglev_sort_and_copy(struct kunit *test)
{
	const struct maglev_case *row = test->param_value;
	size_t size = opvs_maglev_size(row->count);
	struct opvs_maglev_node *node;
	struct opvs_maglev *ml, *copy;
	u32 i, slot;

	node = case_nodes(test, row, &maglev_keys[0]);
	ml = maglev_table(test, node, row->count);
	opvs_maglev_sort(ml);
	for (i = 0; i < row->count; i++) {
		KUNIT_ASSERT_EQ(test, ml->node[i].member, i);
		KUNIT_ASSERT_EQ(test, ml->node[i].id, node[i].id);
	}
	copy = kunit_kzalloc(test, size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	opvs_maglev_copy(copy, ml);
	KUNIT_EXPECT_TRUE(test, opvs_maglev_same(copy, ml));
	for (slot = 0; slot < ml->slots; slot += 7)
		KUNIT_ASSERT_EQ(test, slot_owner(copy, slot),
				slot_owner(ml, slot));
	memset(ml, 0, size);
	KUNIT_EXPECT_LT(test, slot_owner(copy, 0), row->count);
}

static struct kunit_case maglev_test_cases[] = {
	KUNIT_CASE_PARAM(maglev_share, maglev_gen_params),
	KUNIT_CASE_PARAM(maglev_disruption, maglev_gen_params),
	KUNIT_CASE(maglev_no_bad_key),
	KUNIT_CASE_PARAM(maglev_weight_change, maglev_weight_gen_params),
	KUNIT_CASE_PARAM(maglev_ends_of_hash, maglev_gen_params),
	KUNIT_CASE_PARAM(maglev_any_order, maglev_gen_params),
	KUNIT_CASE_PARAM(maglev_proportions, maglev_gen_params),
	KUNIT_CASE(maglev_key_decides),
	KUNIT_CASE(maglev_nobody),
	KUNIT_CASE(maglev_as_defined),
	KUNIT_CASE(maglev_same),
	KUNIT_CASE(maglev_same_of_two_sizes),
	KUNIT_CASE_PARAM(maglev_sort_and_copy, maglev_gen_params),
	KUNIT_CASE(maglev_sizes),
	KUNIT_CASE(maglev_most_members),
	{}
};

static struct kunit_suite maglev_suite = {
	.name = "opvs_maglev",
	.test_cases = maglev_test_cases,
};

kunit_test_suite(maglev_suite);

MODULE_DESCRIPTION("opvs: unit tests of Maglev tables");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
