// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of the synchronisation protocol: datagrams of ip_vs are read, and what
 * is written reads as it was meant; whatever else comes is refused.
 */
#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/string.h>

#include "../../net/sync/wire.h"

#define ROOM	1472

static u8 wire_data[2048];

/* As ip_vs of 6.1 sent them. */
static const u8 ipvs_v0[] = {
	0x01, 0x07, 0x00, 0x1c, 0x00, 0x11, 0x0f, 0xa0, 0x00, 0x35, 0x00, 0x35,
	0x0a, 0x01, 0x00, 0x02, 0x0a, 0x09, 0x09, 0x09, 0x0a, 0x02, 0x01, 0x02,
	0x01, 0x00, 0x00, 0x00,
};

static const u8 ipvs_v1[] = {
	0x00, 0x07, 0x00, 0x2c, 0x01, 0x01, 0x00, 0x00, 0x00, 0x11, 0x00, 0x24,
	0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x0f, 0xa0, 0x00, 0x35, 0x00, 0x35,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x2c, 0x0a, 0x01, 0x00, 0x02,
	0x0a, 0x09, 0x09, 0x09, 0x0a, 0x02, 0x01, 0x02,
};

static void expect_ipvs(struct kunit *test, const struct opvs_sync_entry *e)
{
	KUNIT_EXPECT_EQ(test, e->family, NFPROTO_IPV4);
	KUNIT_EXPECT_EQ(test, e->proto, IPPROTO_UDP);
	KUNIT_EXPECT_EQ(test, e->flags, IP_VS_CONN_F_INACTIVE);
	KUNIT_EXPECT_EQ(test, e->state, 0);
	KUNIT_EXPECT_EQ(test, ntohs(e->cport), 4000);
	KUNIT_EXPECT_EQ(test, ntohs(e->vport), 53);
	KUNIT_EXPECT_EQ(test, ntohs(e->dport), 53);
	KUNIT_EXPECT_EQ(test, ntohl(e->caddr.ip), 0x0a010002);
	KUNIT_EXPECT_EQ(test, ntohl(e->vaddr.ip), 0x0a090909);
	KUNIT_EXPECT_EQ(test, ntohl(e->daddr.ip), 0x0a020102);
}

static void wire_reads_ipvs(struct kunit *test)
{
	struct opvs_sync_message msg;
	struct opvs_sync_entry e;

	memcpy(wire_data, ipvs_v0, sizeof(ipvs_v0));
	KUNIT_ASSERT_EQ(test, opvs_sync_open(&msg, wire_data, sizeof(ipvs_v0)), 0);
	KUNIT_EXPECT_EQ(test, msg.syncid, 7);
	KUNIT_ASSERT_EQ(test, opvs_sync_read(&msg, &e), 1);
	expect_ipvs(test, &e);
	KUNIT_EXPECT_EQ(test, e.seconds, 0);
	KUNIT_EXPECT_TRUE(test, e.old);
	KUNIT_EXPECT_EQ(test, opvs_sync_read(&msg, &e), 0);

	memcpy(wire_data, ipvs_v1, sizeof(ipvs_v1));
	KUNIT_ASSERT_EQ(test, opvs_sync_open(&msg, wire_data, sizeof(ipvs_v1)), 0);
	KUNIT_EXPECT_EQ(test, msg.syncid, 7);
	KUNIT_ASSERT_EQ(test, opvs_sync_read(&msg, &e), 1);
	expect_ipvs(test, &e);
	KUNIT_EXPECT_EQ(test, e.seconds, 300);
	KUNIT_EXPECT_FALSE(test, e.old);
	KUNIT_EXPECT_EQ(test, opvs_sync_read(&msg, &e), 0);
}

static struct opvs_sync_entry entry_ipvs(void)
{
	return (struct opvs_sync_entry){
		.family		= NFPROTO_IPV4,
		.proto		= IPPROTO_UDP,
		.flags		= IP_VS_CONN_F_INACTIVE,
		.cport		= htons(4000),
		.vport		= htons(53),
		.dport		= htons(53),
		.seconds	= 300,
		.caddr.ip	= htonl(0x0a010002),
		.vaddr.ip	= htonl(0x0a090909),
		.daddr.ip	= htonl(0x0a020102),
	};
}

static void wire_writes_ipvs(struct kunit *test)
{
	struct opvs_sync_entry e = entry_ipvs();
	struct opvs_sync_message msg;

	opvs_sync_begin(&msg, wire_data, ROOM, 7);
	KUNIT_ASSERT_TRUE(test, opvs_sync_write(&msg, &e));
	KUNIT_ASSERT_EQ(test, msg.len, sizeof(ipvs_v1));
	KUNIT_EXPECT_EQ(test, memcmp(wire_data, ipvs_v1, msg.len), 0);
}

/* All that an entry may have, with lengths of which none is a multiple of 4. */
static struct opvs_sync_entry entry_rich(void)
{
	struct opvs_sync_entry e = {
		.family		= NFPROTO_IPV6,
		.proto		= IPPROTO_TCP,
		.flags		= IP_VS_CONN_F_TEMPLATE | IP_VS_CONN_F_SEQ_MASK |
				  IP_VS_CONN_F_TUNNEL,
		.state		= 9,
		.cport		= htons(0x1234),
		.vport		= htons(0x2345),
		.dport		= htons(0x3456),
		.mark		= 0xfedcba98,
		.seconds	= 0x01020304,
		.seq[0]		= { 0x80000001, -3, 5 },
		.seq[1]		= { 1, S32_MIN, S32_MAX },
		.pe_name	= "sip",
		.key		= "abc@host",
		.key_len	= 8,
		.own		= OPVS_SYNC_EXCEPTION | OPVS_SYNC_MOVED,
	};
	int i;

	for (i = 0; i < 16; i++) {
		e.caddr.in6.s6_addr[i] = i;
		e.vaddr.in6.s6_addr[i] = 0x40 + i;
		e.daddr.in6.s6_addr[i] = 0x80 + i;
	}
	return e;
}

static void expect_same(struct kunit *test, const struct opvs_sync_entry *a,
			const struct opvs_sync_entry *b)
{
	struct opvs_sync_entry same = *a;

	KUNIT_ASSERT_EQ(test, a->key_len, b->key_len);
	KUNIT_EXPECT_EQ(test, !a->key, !b->key);
	if (b->key)
		KUNIT_EXPECT_EQ(test, memcmp(a->key, b->key, b->key_len), 0);
	same.key = b->key;
	KUNIT_EXPECT_EQ(test, memcmp(&same.caddr, &b->caddr, 16), 0);
	KUNIT_EXPECT_EQ(test, memcmp(&same.vaddr, &b->vaddr, 16), 0);
	KUNIT_EXPECT_EQ(test, memcmp(&same.daddr, &b->daddr, 16), 0);
	KUNIT_EXPECT_EQ(test, memcmp(same.seq, b->seq, sizeof(same.seq)), 0);
	KUNIT_EXPECT_STREQ(test, same.pe_name, b->pe_name);
	KUNIT_EXPECT_EQ(test, same.flags, b->flags);
	KUNIT_EXPECT_EQ(test, same.state, b->state);
	KUNIT_EXPECT_EQ(test, same.mark, b->mark);
	KUNIT_EXPECT_EQ(test, same.seconds, b->seconds);
	KUNIT_EXPECT_EQ(test, same.proto, b->proto);
	KUNIT_EXPECT_EQ(test, same.family, b->family);
	KUNIT_EXPECT_EQ(test, same.cport, b->cport);
	KUNIT_EXPECT_EQ(test, same.vport, b->vport);
	KUNIT_EXPECT_EQ(test, same.dport, b->dport);
	KUNIT_EXPECT_EQ(test, same.own, b->own);
}

/* As many as fit; the next ones go into the next datagram. */
static unsigned int fill(struct kunit *test, struct opvs_sync_message *msg)
{
	struct opvs_sync_entry rich = entry_rich(), plain = entry_ipvs();
	unsigned int n = 0;

	opvs_sync_begin(msg, wire_data, ROOM, 200);
	while (opvs_sync_write(msg, n % 2 ? &plain : &rich)) {
		n++;
		KUNIT_ASSERT_LE(test, msg->len, ROOM);
	}
	return n;
}

static void wire_round_trip(struct kunit *test)
{
	struct opvs_sync_entry rich = entry_rich(), plain = entry_ipvs(), e;
	struct opvs_sync_message out, in;
	unsigned int n = fill(test, &out), i;

	KUNIT_EXPECT_GT(test, n, 10);
	KUNIT_ASSERT_EQ(test, opvs_sync_open(&in, wire_data, out.len), 0);
	KUNIT_EXPECT_EQ(test, in.left, n);
	KUNIT_EXPECT_EQ(test, in.syncid, 200);
	for (i = 0; i < n; i++) {
		KUNIT_ASSERT_EQ(test, opvs_sync_read(&in, &e), 1);
		expect_same(test, &e, i % 2 ? &plain : &rich);
	}
	KUNIT_EXPECT_EQ(test, opvs_sync_read(&in, &e), 0);
	KUNIT_EXPECT_EQ(test, opvs_sync_read_word(&in, NULL), OPVS_SYNC_NOTHING);
}

/* Never more than the header can count. */
static void wire_most(struct kunit *test)
{
	struct opvs_sync_entry e = entry_ipvs();
	struct opvs_sync_message msg;
	u8 *data = kunit_kzalloc(test, 65536, GFP_KERNEL);
	unsigned int n = 0;

	KUNIT_ASSERT_NOT_NULL(test, data);
	opvs_sync_begin(&msg, data, 65500, 1);
	while (opvs_sync_write(&msg, &e))
		n++;
	KUNIT_EXPECT_EQ(test, n, U8_MAX);
}

static void wire_seal(struct kunit *test)
{
	const siphash_key_t key = {{ 1, 2 }}, other = {{ 1, 3 }};
	struct opvs_sync_message out, in;
	struct opvs_sync_entry e;
	unsigned int i, n;
	u64 stamp = 0;

	n = fill(test, &out);
	opvs_sync_seal(&out, &key, 0x0123456789abcdefULL);
	KUNIT_ASSERT_LE(test, out.len, ROOM);
	KUNIT_ASSERT_EQ(test, opvs_sync_open(&in, wire_data, out.len), 0);
	KUNIT_EXPECT_TRUE(test, opvs_sync_sealed(&in, &key, &stamp));
	KUNIT_EXPECT_EQ(test, stamp, 0x0123456789abcdefULL);
	KUNIT_EXPECT_FALSE(test, opvs_sync_sealed(&in, &other, &stamp));
	/* Who does not know seals reads as many entries. */
	for (i = 0; i < n; i++)
		KUNIT_ASSERT_EQ(test, opvs_sync_read(&in, &e), 1);
	/* No bit of it is free, the filling behind the seal included. */
	for (i = 0; i < out.len * 8; i++) {
		wire_data[i / 8] ^= BIT(i % 8);
		if (!opvs_sync_open(&in, wire_data, out.len))
			KUNIT_EXPECT_FALSE_MSG(test,
					       opvs_sync_sealed(&in, &key, &stamp),
					       "bit %u", i);
		wire_data[i / 8] ^= BIT(i % 8);
	}
}

static void wire_words(struct kunit *test)
{
	const siphash_key_t key = {{ 5, 6 }};
	struct opvs_sync_message out, in;
	struct opvs_sync_entry e;
	enum opvs_sync_word word;
	u32 number;
	u64 stamp;

	for (word = OPVS_SYNC_ASK; word < OPVS_SYNC_WORDS; word++) {
		opvs_sync_begin(&out, wire_data, ROOM, 9);
		opvs_sync_write_word(&out, word, 0xfedcba98);
		KUNIT_ASSERT_EQ(test, opvs_sync_open(&in, wire_data, out.len), 0);
		KUNIT_EXPECT_EQ(test, opvs_sync_read_word(&in, &number), word);
		KUNIT_EXPECT_EQ(test, number, 0xfedcba98);
		KUNIT_EXPECT_EQ(test, opvs_sync_read(&in, &e), 0);
		KUNIT_EXPECT_FALSE(test, opvs_sync_sealed(&in, &key, &stamp));
		opvs_sync_seal(&out, &key, word);
		KUNIT_ASSERT_EQ(test, opvs_sync_open(&in, wire_data, out.len), 0);
		KUNIT_EXPECT_EQ(test, opvs_sync_read_word(&in, &number), word);
		KUNIT_EXPECT_EQ(test, number, 0xfedcba98);
		KUNIT_EXPECT_TRUE(test, opvs_sync_sealed(&in, &key, &stamp));
		KUNIT_EXPECT_EQ(test, stamp, word);
	}
}

/* Lengths that do not agree with what is there. */
static void wire_cut(struct kunit *test)
{
	struct opvs_sync_message out, in;
	struct opvs_sync_entry e;
	unsigned int len, n, read;

	n = fill(test, &out);
	for (len = 0; len < out.len; len++) {
		u8 *copy = kunit_kzalloc(test, len ?: 1, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, copy);
		memcpy(copy, wire_data, len);
		KUNIT_EXPECT_EQ(test, opvs_sync_open(&in, copy, len), -EBADMSG);
		if (len < 8) {
			kunit_kfree(test, copy);
			continue;
		}
		/* One that says how short it is. */
		copy[2] = len >> 8;
		copy[3] = len;
		KUNIT_ASSERT_EQ(test, opvs_sync_open(&in, copy, len), 0);
		for (read = 0; opvs_sync_read(&in, &e) > 0; read++)
			;
		KUNIT_EXPECT_LT(test, read, n);
		kunit_kfree(test, copy);
	}
}

/* Whatever comes, reading ends, and reads no byte that is not there: sanitizers
 * would tell.
 */
static void wire_garbage(struct kunit *test)
{
	const siphash_key_t key = {{ 7, 8 }};
	struct opvs_sync_message out, in;
	struct opvs_sync_entry e;
	struct rnd_state rnd;
	unsigned int i, n, most = 0;
	u64 stamp;
	u8 *copy;

	prandom_seed_state(&rnd, 1);
	fill(test, &out);
	for (i = 0; i < 20000; i++) {
		copy = kmalloc(out.len, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, copy);
		memcpy(copy, wire_data, out.len);
		for (n = prandom_u32_state(&rnd) % 8; n; n--)
			copy[4 + prandom_u32_state(&rnd) % (out.len - 4)] =
				prandom_u32_state(&rnd);
		KUNIT_EXPECT_EQ(test, opvs_sync_open(&in, copy, out.len), 0);
		opvs_sync_sealed(&in, &key, &stamp);
		opvs_sync_read_word(&in, NULL);
		for (n = 0; opvs_sync_read(&in, &e) > 0; n++)
			most = max_t(unsigned int, most, strlen(e.pe_name));
		KUNIT_EXPECT_LE(test, n, U8_MAX);
		kfree(copy);
	}
	KUNIT_EXPECT_LE(test, most, OPVS_SYNC_PE_NAME_MAX);
}

static struct kunit_case wire_cases[] = {
	KUNIT_CASE(wire_reads_ipvs),
	KUNIT_CASE(wire_writes_ipvs),
	KUNIT_CASE(wire_round_trip),
	KUNIT_CASE(wire_most),
	KUNIT_CASE(wire_seal),
	KUNIT_CASE(wire_words),
	KUNIT_CASE(wire_cut),
	KUNIT_CASE(wire_garbage),
	{}
};

static struct kunit_suite wire_suite = {
	.name = "opvs_sync_wire",
	.test_cases = wire_cases,
};

kunit_test_suite(wire_suite);

MODULE_DESCRIPTION("opvs: unit tests of the synchronisation protocol");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
