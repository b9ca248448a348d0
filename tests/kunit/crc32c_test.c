// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of the CRC of a message whose rest is zeros, by the definition. */
#include <opvs/crc32c.h>

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sizes.h>

/* The polynomial of RFC 9260 appendix A, 0x1edc6f41, from its last bit on. */
#define REFLECTED	0x82f63b78

static u32 zero_byte(u32 crc)
{
	int bit;

	for (bit = 0; bit < 8; bit++)
		crc = crc & 1 ? crc >> 1 ^ REFLECTED : crc >> 1;
	return crc;
}

/* Every length that a packet may have, one byte after another. */
static void crc32c_every_length(struct kunit *test)
{
	static const u32 begins[] = { 1, 0x80000000, 0x13c4, 0xdeadbeef };
	unsigned int len;
	u32 crc;
	int i;

	for (i = 0; i < ARRAY_SIZE(begins); i++) {
		crc = begins[i];
		for (len = 0; len <= SZ_64K; len++) {
			if (opvs_crc32c_shift(begins[i], len) != crc)
				break;
			crc = zero_byte(crc);
		}
		KUNIT_EXPECT_EQ_MSG(test, len, SZ_64K + 1,
				    "0x%08x is wrong at this length",
				    begins[i]);
		cond_resched();
	}
}

/* What is longer than a packet follows from two parts. */
static void crc32c_parts_add_up(struct kunit *test)
{
	const u32 crc = 0x5a5a1234;
	unsigned int bit, len;

	for (bit = 0; bit < BITS_PER_TYPE(len); bit++) {
		len = 1U << bit;
		KUNIT_EXPECT_EQ(test, opvs_crc32c_shift(crc, len),
				opvs_crc32c_shift(opvs_crc32c_shift(crc,
								    len / 2),
						  len - len / 2));
		KUNIT_EXPECT_EQ(test, opvs_crc32c_shift(crc, len | 1),
				bit ? zero_byte(opvs_crc32c_shift(crc, len))
				    : zero_byte(crc));
	}
}

/* Zeros behind nothing are nothing. */
static void crc32c_of_nothing(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, opvs_crc32c_shift(0, 1500), 0);
	KUNIT_EXPECT_EQ(test, opvs_crc32c_shift(0xffffffff, 0), 0xffffffff);
}

static struct kunit_case crc32c_cases[] = {
	KUNIT_CASE(crc32c_every_length),
	KUNIT_CASE(crc32c_parts_add_up),
	KUNIT_CASE(crc32c_of_nothing),
	{}
};

static struct kunit_suite crc32c_suite = {
	.name = "opvs_crc32c",
	.test_cases = crc32c_cases,
};

kunit_test_suite(crc32c_suite);

OPVS_IMPORT_FOR_KUNIT();
MODULE_DESCRIPTION("unit tests of opvs: CRC-32C");
MODULE_LICENSE("GPL");
