// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of lengths of chains: all buckets are counted, each once, by how many
 * entries it has.
 */
#include <opvs/lengths.h>

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/module.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>

struct entry {
	struct rhash_head	head;
	u32			key;
};

/* A bucket for each key, modulo their number. */
static u32 lengths_hash(const void *data, u32 len, u32 seed)
{
	return *(const u32 *)data;
}

static const struct rhashtable_params lengths_params = {
	.nelem_hint	= 3 * 1024,
	.head_offset	= offsetof(struct entry, head),
	.key_offset	= offsetof(struct entry, key),
	.key_len	= sizeof(u32),
	.hashfn		= lengths_hash,
};

static struct rhashtable table;

static int lengths_init(struct kunit *test)
{
	return rhashtable_init(&table, &lengths_params);
}

static void lengths_drop(void *ptr, void *arg)
{
	kfree(ptr);
}

static void lengths_exit(struct kunit *test)
{
	rhashtable_free_and_destroy(&table, lengths_drop, NULL);
}

static void lengths_fill(struct kunit *test, u32 bucket, unsigned int n)
{
	u32 size = opvs_lengths_size(&table);
	struct entry *entry;

	while (n--) {
		entry = kzalloc(sizeof(*entry), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, entry);
		entry->key = bucket + n * size;
		KUNIT_ASSERT_EQ(test, rhashtable_insert_fast(&table, &entry->head,
							     lengths_params), 0);
	}
}

static void lengths_expect(struct kunit *test, const u32 want[OPVS_LENGTHS])
{
	u32 n[OPVS_LENGTHS];
	unsigned int i;

	KUNIT_ASSERT_TRUE(test, opvs_lengths(&table, n));
	for (i = 0; i < OPVS_LENGTHS; i++)
		KUNIT_EXPECT_EQ_MSG(test, n[i], want[i], "length %u", i);
}

static void lengths_empty(struct kunit *test)
{
	const u32 want[OPVS_LENGTHS] = { opvs_lengths_size(&table) };

	KUNIT_EXPECT_EQ(test, want[0], 4096);
	lengths_expect(test, want);
}

/* From the first bucket to the last, over more than one read section. */
static void lengths_all(struct kunit *test)
{
	static const u32 want[OPVS_LENGTHS] = {
		4096 - 8, 2, 1, 1, 0, 0, 1, 3,
	};

	lengths_fill(test, 0, 1);
	lengths_fill(test, 1023, 2);
	lengths_fill(test, 1024, 3);
	lengths_fill(test, 2000, 6);
	lengths_fill(test, 2047, 7);
	lengths_fill(test, 2048, 8);
	lengths_fill(test, 3072, 12);
	lengths_fill(test, 4095, 1);
	lengths_expect(test, want);
}

static struct kunit_case lengths_cases[] = {
	KUNIT_CASE(lengths_empty),
	KUNIT_CASE(lengths_all),
	{}
};

static struct kunit_suite lengths_suite = {
	.name		= "opvs_lengths",
	.init		= lengths_init,
	.exit		= lengths_exit,
	.test_cases	= lengths_cases,
};

kunit_test_suite(lengths_suite);

MODULE_DESCRIPTION("opvs: unit tests of lengths of chains");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
