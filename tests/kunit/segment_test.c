// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of TCP packets whose payload and numbers change: what comes out is
 * compared, byte by byte, with a packet that was made so.
 */
#include <opvs/app.h>

#include <opvs/compat.h>
#include <opvs/flow.h>
#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/module.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <linux/tcp.h>
#include <net/checksum.h>
#include <net/tcp.h>

#include "packet.h"

#define SEQ	0x89abcdef	/* as packet.c writes them */
#define ACK	0x01234567
#define FLAGS	0x18		/* PSH, ACK */

/**
 * struct segment_case - a change
 * @name: as the report shows it
 * @old: text in place of which another one is put
 * @new: that one
 * @family: NFPROTO_*
 * @summed: what was said about the checksum
 * @options: bytes of TCP options
 */
struct segment_case {
	const char	*name;
	const char	*old;
	const char	*new;
	u8		family;
	u8		summed;
	u8		options;
};

static const struct segment_case segment_cases[] = {
	{ "same length", "10,0,0,1", "10,0,0,2" },
	{ "longer by an odd number", "10,0,0,1", "198,51,100,1" },
	{ "shorter by an odd number", "198,51,100,200", "192,0,2,1" },
	{ "much longer", "1", "123456789012345678901234567890" },
	{ "to nothing", "123456789012345678901234567890", "" },
};

/* As packets come. */
static const struct segment_case variants[] = {
	{ .family = NFPROTO_IPV4, .summed = CHECKSUM_NONE },
	{ .family = NFPROTO_IPV4, .summed = CHECKSUM_PARTIAL, .options = 12 },
	{ .family = NFPROTO_IPV4, .summed = CHECKSUM_COMPLETE },
	{ .family = NFPROTO_IPV6, .summed = CHECKSUM_UNNECESSARY, .options = 12 },
	{ .family = NFPROTO_IPV6, .summed = CHECKSUM_PARTIAL },
	{ .family = NFPROTO_IPV6, .summed = CHECKSUM_COMPLETE },
};

static void segment_case_name(const struct segment_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(segment, segment_cases, segment_case_name);

static void each_variant(struct kunit *test,
			 void (*run)(struct kunit *test,
				     const struct segment_case *row))
{
	struct segment_case row = *(const struct segment_case *)test->param_value;
	int i;

	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		row.family = variants[i].family;
		row.summed = variants[i].summed;
		row.options = variants[i].options;
		run(test, &row);
	}
}

static void build(const struct segment_case *row, const char *text,
		  struct opvs_test_bytes *bytes)
{
	char body[80];
	struct opvs_test_packet packet = {
		.saddr.ip = htonl(0xc633640b),
		.daddr.ip = htonl(0xcb007105),
		.sport = htons(21),
		.dport = htons(40000),
		.family = row->family,
		.proto = IPPROTO_TCP,
		.tcp_flags = FLAGS,
		.tcp_options = row->options,
		.quote = body,
	};

	packet.body = scnprintf(body, sizeof(body), "227 (%s,195,80).\r\n",
				text);
	opvs_test_build(&packet, bytes);
}

/* What a device that completes the sum goes on from: that of the pseudo header. */
static void make_partial(struct opvs_test_bytes *bytes)
{
	__sum16 *check = opvs_test_check(bytes);
	__wsum all, rest;

	*check = 0;
	all = csum_unfold((__force __sum16)~opvs_test_residue(bytes));
	rest = csum_partial(bytes->data + bytes->thoff,
			    bytes->len - bytes->thoff, 0);
	*check = ~csum_fold(csum_sub(all, rest));
}

static struct sk_buff *make_skb(struct kunit *test,
				const struct segment_case *row,
				struct opvs_test_bytes *bytes,
				enum opvs_test_shape shape)
{
	struct sk_buff *skb;

	if (row->summed == CHECKSUM_PARTIAL)
		make_partial(bytes);
	skb = opvs_test_skb(test, bytes->data, bytes->len, shape,
			    bytes->thoff + sizeof(struct tcphdr));
	skb->ip_summed = row->summed;
	if (row->summed == CHECKSUM_COMPLETE)
		skb->csum = skb_checksum(skb, 0, skb->len, 0);
	if (row->summed == CHECKSUM_PARTIAL) {
		skb->csum_start = skb_headroom(skb) + bytes->thoff;
		skb->csum_offset = offsetof(struct tcphdr, check);
	}
	return skb;
}

static void open(struct kunit *test, struct opvs_segment *seg,
		 struct sk_buff *skb, struct opvs_flow *flow, u8 family)
{
	KUNIT_ASSERT_EQ(test, 0, opvs_flow_parse(skb, 0, family, flow));
	KUNIT_ASSERT_EQ(test, 0, opvs_segment_open(seg, skb, flow));
	KUNIT_EXPECT_EQ(test, seg->seq, SEQ);
	KUNIT_EXPECT_EQ(test, seg->ack, ACK);
	KUNIT_EXPECT_TRUE(test, seg->acks);
}

static void replace(struct kunit *test, const struct segment_case *row)
{
	struct opvs_test_bytes *before, *want;
	enum opvs_test_shape shape;
	struct opvs_segment seg;
	struct opvs_flow flow;
	struct sk_buff *skb;

	before = kunit_kzalloc(test, sizeof(*before), GFP_KERNEL);
	want = kunit_kzalloc(test, sizeof(*want), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, before);
	KUNIT_ASSERT_NOT_NULL(test, want);
	for (shape = 0; shape < OPVS_TEST_SHAPES; shape++) {
		build(row, row->old, before);
		build(row, row->new, want);
		skb = make_skb(test, row, before, shape);
		open(test, &seg, skb, &flow, row->family);
		KUNIT_ASSERT_EQ(test, 0,
				opvs_segment_replace(&seg, strlen("227 ("),
						     strlen(row->old), row->new,
						     strlen(row->new)));
		opvs_segment_close(&seg);
		if (skb->ip_summed == CHECKSUM_PARTIAL)
			KUNIT_EXPECT_EQ(test, 0, skb_checksum_help(skb));
		KUNIT_EXPECT_FALSE(test, skb->ip_summed == CHECKSUM_COMPLETE);
		KUNIT_EXPECT_TRUE(test, opvs_test_skb_holds(skb, want->data,
							    want->len));
		opvs_test_free_skb(test, skb);
	}
}

static void segment_replace(struct kunit *test)
{
	each_variant(test, replace);
}

/* A clone of the packet keeps its bytes. */
static void change_clone(struct kunit *test, const struct segment_case *row)
{
	struct opvs_test_bytes *before;
	struct sk_buff *skb, *clone;
	struct opvs_segment seg;
	struct opvs_flow flow;

	before = kunit_kzalloc(test, sizeof(*before), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, before);
	build(row, row->old, before);
	skb = make_skb(test, row, before, OPVS_TEST_LINEAR);
	clone = skb_clone(skb, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, clone);
	opvs_test_own_skb(test, clone);
	open(test, &seg, skb, &flow, row->family);
	KUNIT_ASSERT_EQ(test, 0, opvs_segment_replace(&seg, 0, 1, row->new,
						      strlen(row->new)));
	opvs_segment_close(&seg);
	KUNIT_EXPECT_TRUE(test, opvs_test_skb_holds(clone, before->data,
						    before->len));
	opvs_test_free_skb(test, clone);
	opvs_test_free_skb(test, skb);
}

static void segment_clone(struct kunit *test)
{
	each_variant(test, change_clone);
}

/* The device has looked at it: the field need not be true then, and is afterwards. */
static void segment_vouched(struct kunit *test)
{
	const struct segment_case row = { .family = NFPROTO_IPV4 };
	struct opvs_test_bytes *bytes;
	struct opvs_segment seg;
	struct opvs_flow flow;
	struct sk_buff *skb;
	struct tcphdr *th;

	bytes = kunit_kzalloc(test, sizeof(*bytes), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bytes);
	build(&row, "10,0,0,1", bytes);
	skb = make_skb(test, &row, bytes, OPVS_TEST_LINEAR);
	KUNIT_ASSERT_EQ(test, 0, opvs_flow_parse(skb, 0, row.family, &flow));
	th = (struct tcphdr *)(skb->data + flow.thoff);
	th->check = (__force __sum16)(~(__force u16)th->check);
	skb->ip_summed = CHECKSUM_NONE;
	KUNIT_EXPECT_EQ(test, -EINVAL, opvs_segment_open(&seg, skb, &flow));
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	KUNIT_EXPECT_EQ(test, 0, opvs_segment_open(&seg, skb, &flow));
	seg.changed = true;
	opvs_segment_close(&seg);
	skb->ip_summed = CHECKSUM_NONE;
	KUNIT_EXPECT_EQ(test, 0, opvs_segment_open(&seg, skb, &flow));
	opvs_test_free_skb(test, skb);
}

/* Whatever is wrong with it, the packet stays as it is. */
static void segment_damaged(struct kunit *test)
{
	const struct segment_case row = { .family = NFPROTO_IPV4 };
	struct opvs_test_bytes *bytes;
	struct opvs_segment seg;
	struct opvs_flow flow;
	struct sk_buff *skb;
	struct tcphdr *th;

	bytes = kunit_kzalloc(test, sizeof(*bytes), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bytes);
	build(&row, "10,0,0,1", bytes);
	bytes->data[bytes->len - 1] ^= 1;
	skb = make_skb(test, &row, bytes, OPVS_TEST_LINEAR);
	KUNIT_ASSERT_EQ(test, 0, opvs_flow_parse(skb, 0, row.family, &flow));
	KUNIT_EXPECT_EQ(test, -EINVAL, opvs_segment_open(&seg, skb, &flow));
	KUNIT_EXPECT_TRUE(test, opvs_test_skb_holds(skb, bytes->data,
						    bytes->len));

	th = (struct tcphdr *)(skb->data + flow.thoff);
	th->doff = 15;
	KUNIT_EXPECT_EQ(test, -EINVAL, opvs_segment_open(&seg, skb, &flow));
	th->doff = 4;
	KUNIT_EXPECT_EQ(test, -EINVAL, opvs_segment_open(&seg, skb, &flow));
	skb_trim(skb, flow.thoff + 18);
	KUNIT_EXPECT_EQ(test, -EINVAL, opvs_segment_open(&seg, skb, &flow));
	opvs_test_free_skb(test, skb);
}

/* Two blocks behind a lone NOP, so that nothing is aligned. */
static void segment_blocks(struct kunit *test)
{
	const struct opvs_seq moved = {
		.init_seq = ACK - 100, .delta = 7, .previous_delta = -3,
	};
	const u32 from[] = { ACK + 10, ACK + 20, ACK - 110, ACK - 90 };
	const u32 to[] = { ACK + 3, ACK + 13, ACK - 107, ACK - 97 };
	const struct segment_case row = { .family = NFPROTO_IPV4, .options = 20 };
	struct opvs_test_bytes *bytes;
	struct opvs_segment seg;
	struct opvs_flow flow;
	struct sk_buff *skb;
	u8 *option;
	int i;

	bytes = kunit_kzalloc(test, sizeof(*bytes), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bytes);
	build(&row, "10,0,0,1", bytes);
	option = bytes->data + bytes->thoff + sizeof(struct tcphdr) + 1;
	option[0] = TCPOPT_SACK;
	option[1] = 2 + sizeof(from);
	for (i = 0; i < ARRAY_SIZE(from); i++)
		put_unaligned_be32(from[i], option + 2 + 4 * i);
	skb = make_skb(test, &row, bytes, OPVS_TEST_LINEAR);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + bytes->thoff;
	skb->csum_offset = offsetof(struct tcphdr, check);
	open(test, &seg, skb, &flow, row.family);
	opvs_segment_move(&seg, SEQ + 1, &moved);
	opvs_segment_close(&seg);
	KUNIT_EXPECT_EQ(test, 0, skb_checksum_help(skb));
	KUNIT_EXPECT_EQ(test, 0, opvs_segment_open(&seg, skb, &flow));
	KUNIT_EXPECT_EQ(test, seg.seq, SEQ + 1);
	KUNIT_EXPECT_EQ(test, seg.ack, ACK - 7);
	option = skb->data + flow.thoff + sizeof(struct tcphdr) + 1;
	for (i = 0; i < ARRAY_SIZE(to); i++)
		KUNIT_EXPECT_EQ(test, get_unaligned_be32(option + 2 + 4 * i),
				to[i]);
	opvs_test_free_skb(test, skb);
}

#define GSO_SIZE	20

static struct sk_buff *gso_skb(struct kunit *test,
			       const struct segment_case *changes)
{
	struct segment_case pending = *changes, *row = &pending;
	struct opvs_test_bytes *bytes;
	struct sk_buff *skb;

	bytes = kunit_kzalloc(test, sizeof(*bytes), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bytes);
	row->summed = CHECKSUM_PARTIAL;
	build(row, row->old, bytes);
	skb = make_skb(test, row, bytes, OPVS_TEST_FRAGS);
	skb_reset_mac_header(skb);
	skb_set_transport_header(skb, bytes->thoff);
	skb->protocol = row->family == NFPROTO_IPV6 ? htons(ETH_P_IPV6) :
						      htons(ETH_P_IP);
	skb_shinfo(skb)->gso_size = GSO_SIZE;
	skb_shinfo(skb)->gso_type = row->family == NFPROTO_IPV6 ?
				    SKB_GSO_TCPV6 : SKB_GSO_TCPV4;
	skb_shinfo(skb)->gso_segs =
		DIV_ROUND_UP(strlen(row->old) + strlen("227 (,195,80).\r\n"),
			     GSO_SIZE);
	return skb;
}

/* Every segment is sound, and together they say what the packet did. */
static void expect_segments(struct kunit *test, struct sk_buff *whole,
			    u8 family, const char *text)
{
	struct sk_buff *segs, *skb, *next;
	unsigned int said = 0, count = 0;
	struct opvs_segment seg;
	struct opvs_flow flow;

	segs = skb_gso_segment(whole, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(segs));
	skb_list_walk_safe(segs, skb, next) {
		skb_mark_not_on_list(skb);
		opvs_test_own_skb(test, skb);
		KUNIT_ASSERT_EQ(test, 0, opvs_flow_parse(skb, 0, family, &flow));
		KUNIT_ASSERT_EQ(test, 0, opvs_segment_open(&seg, skb, &flow));
		KUNIT_EXPECT_EQ(test, seg.seq, SEQ + said);
		KUNIT_ASSERT_LE(test, said + seg.len, strlen(text));
		KUNIT_EXPECT_EQ(test, 0, memcmp(skb->data + seg.data,
						text + said, seg.len));
		said += seg.len;
		count++;
		opvs_test_free_skb(test, skb);
	}
	KUNIT_EXPECT_EQ(test, said, strlen(text));
	KUNIT_EXPECT_EQ(test, count, skb_shinfo(whole)->gso_segs);
}

static void split(struct kunit *test, const struct segment_case *row)
{
	struct opvs_segment seg;
	struct opvs_flow flow;
	struct sk_buff *skb;
	char text[80];

	skb = gso_skb(test, row);
	open(test, &seg, skb, &flow, row->family);
	KUNIT_ASSERT_EQ(test, 0, opvs_segment_replace(&seg, strlen("227 ("),
						      strlen(row->old),
						      row->new,
						      strlen(row->new)));
	opvs_segment_close(&seg);
	scnprintf(text, sizeof(text), "227 (%s,195,80).\r\n", row->new);
	if (skb_is_gso(skb))
		expect_segments(test, skb, row->family, text);
	else
		KUNIT_EXPECT_LE(test, strlen(text), GSO_SIZE);
	opvs_test_free_skb(test, skb);
}

static void segment_gso(struct kunit *test)
{
	each_variant(test, split);
}

static struct kunit_case segment_test_cases[] = {
	KUNIT_CASE_PARAM(segment_replace, segment_gen_params),
	KUNIT_CASE_PARAM(segment_clone, segment_gen_params),
	KUNIT_CASE(segment_vouched),
	KUNIT_CASE(segment_damaged),
	KUNIT_CASE(segment_blocks),
	KUNIT_CASE_PARAM(segment_gso, segment_gen_params),
	{}
};

static struct kunit_suite segment_suite = {
	.name = "opvs_segment",
	.test_cases = segment_test_cases,
};

kunit_test_suite(segment_suite);

MODULE_DESCRIPTION("opvs: unit tests of TCP packets that change");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
