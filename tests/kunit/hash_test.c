// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of the hashes that need no secret, or none that is kept well. */
#include <opvs/hash.h>
#include <opvs/name.h>

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/bitops.h>
#include <linux/in.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/sched.h>

#define NAMES	12000
#define BUCKETS	16384
#define CLIENTS	16384

/* Which two bytes of a name count up; others stay. */
struct counting {
	const char	*desc;
	u8		family;
	bool		port;
	u8		at;
};

static const struct counting countings[] = {
	{ "IPv4, first bytes", NFPROTO_IPV4, false, 0 },
	{ "IPv4, in the middle", NFPROTO_IPV4, false, 1 },
	{ "IPv4, last bytes", NFPROTO_IPV4, false, 2 },
	{ "IPv4, port", NFPROTO_IPV4, true, 0 },
	{ "IPv6, bytes 2 and 3", NFPROTO_IPV6, false, 2 },
	{ "IPv6, bytes 4 and 5", NFPROTO_IPV6, false, 4 },
	{ "IPv6, bytes 6 and 7", NFPROTO_IPV6, false, 6 },
	{ "IPv6, bytes 8 and 9", NFPROTO_IPV6, false, 8 },
	{ "IPv6, bytes 11 and 12", NFPROTO_IPV6, false, 11 },
	{ "IPv6, last bytes", NFPROTO_IPV6, false, 14 },
	{ "IPv6, port", NFPROTO_IPV6, true, 0 },
};

static void counting_desc(const struct counting *counting, char *desc)
{
	strscpy(desc, counting->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(counting, countings, counting_desc);

static struct opvs_flow numbered(const struct counting *counting, u32 i)
{
	struct opvs_flow flow = {
		.family = counting->family,
		.proto = IPPROTO_UDP,
		.sport = htons(5060),
	};
	u8 *bytes = (u8 *)&flow.saddr + counting->at;

	flow.saddr.ip = htonl(0x0a010203);
	if (counting->family == NFPROTO_IPV6)
		flow.saddr.all[3] = (__force u32)htonl(1);
	if (counting->port) {
		flow.sport = htons(i);
	} else {
		bytes[0] = i >> 8;
		bytes[1] = i;
	}
	return flow;
}

static u32 name_bucket(const struct counting *counting, u32 i, u32 seed)
{
	const struct opvs_flow flow = numbered(counting, i);
	const struct opvs_name name = opvs_name(&flow.saddr, flow.sport,
						flow.family, flow.proto);

	return opvs_name_hash(&name, 0, seed) % BUCKETS;
}

/* A table of the kernel's refuses what would make a chain of more than 16.
 * Numbers drawn at random would make one of 7 or 8 here.
 */
static void hash_name_even(struct kunit *test)
{
	static const u32 seeds[] = { 0, 1, 0x80000000, 0xdeadbeef, U32_MAX };
	u8 *chain = kunit_kmalloc(test, BUCKETS, GFP_KERNEL);
	u32 i, seed, bucket, longest;

	KUNIT_ASSERT_NOT_NULL(test, chain);
	for (seed = 0; seed < ARRAY_SIZE(seeds); seed++) {
		memset(chain, 0, BUCKETS);
		longest = 0;
		for (i = 0; i < NAMES; i++) {
			bucket = name_bucket(test->param_value, i, seeds[seed]);
			longest = max_t(u32, longest, ++chain[bucket]);
			if (chain[bucket] > 100)
				break;
		}
		KUNIT_EXPECT_LE_MSG(test, longest, 10, "seed %#x", seeds[seed]);
		cond_resched();
	}
}

static u64 hash_of(const siphash_key_t *key, const struct opvs_flow *flow)
{
	return opvs_hash_quick(key, &flow->saddr, flow->sport, 1);
}

/* How many hashes begin with so many zeros, and how many places of 1 024 they
 * leave empty: what an estimate of calls looks at.
 */
static void hash_client_even(struct kunit *test)
{
	const siphash_key_t secret = { { 0x0123456789abcdef, 42 } };
	u32 zeros[65] = {}, i, empty = 0;
	struct opvs_flow flow;
	u8 *seen;
	u64 hash;

	seen = kunit_kzalloc(test, 1024, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, seen);
	for (i = 0; i < CLIENTS; i++) {
		flow = numbered(test->param_value, i);
		hash = hash_of(&secret, &flow);
		zeros[64 - fls64(hash)]++;
		if (i < 1024)
			seen[hash % 1024] = 1;
	}
	for (i = 0; i < 1024; i++)
		empty += !seen[i];
	/* 1 024 / e, and six standard deviations; a half, a quarter, ... */
	KUNIT_EXPECT_GE(test, empty, 377 - 96);
	KUNIT_EXPECT_LE(test, empty, 377 + 96);
	for (i = 0; i < 6; i++) {
		KUNIT_EXPECT_GE(test, zeros[i], (CLIENTS >> (i + 1)) * 2 / 3);
		KUNIT_EXPECT_LE(test, zeros[i], (CLIENTS >> (i + 1)) * 4 / 3);
	}
}

/* Another secret, another order. */
static void hash_client_keyed(struct kunit *test)
{
	const siphash_key_t one = { { 1, 2 } }, other = { { 1, 3 } };
	const siphash_key_t third = { { 4, 2 } };
	struct opvs_flow flow;
	u32 i, same = 0;

	for (i = 0; i < 1000; i++) {
		flow = numbered(test->param_value, i);
		same += hash_of(&one, &flow) ==
			hash_of(&other, &flow);
		same += hash_of(&one, &flow) ==
			hash_of(&third, &flow);
	}
	KUNIT_EXPECT_EQ(test, same, 0);
}

static struct kunit_case hash_test_cases[] = {
	KUNIT_CASE_PARAM(hash_name_even, counting_gen_params),
	KUNIT_CASE_PARAM(hash_client_even, counting_gen_params),
	KUNIT_CASE_PARAM(hash_client_keyed, counting_gen_params),
	{}
};

static struct kunit_suite hash_suite = {
	.name = "opvs_hash",
	.test_cases = hash_test_cases,
};

kunit_test_suite(hash_suite);

MODULE_DESCRIPTION("opvs: unit tests of quick hashes");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
