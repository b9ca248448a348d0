// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of header parsing: packets of all kinds, whole, scattered over
 * fragments of an skb, quoted behind other headers, and cut at every byte.
 */
#include <opvs/flow.h>

#include <opvs/kunit.h>
#include <opvs/proto.h>

#include <kunit/test.h>

#include <linux/in.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/sctp.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <linux/udp.h>
#include <net/ipv6.h>

#include "packet.h"

#define SPORT	40000
#define DPORT	5060
#define BODY	11

/**
 * struct flow_case - a packet and what the parser must see in it
 * @name: as the report shows it
 * @packet: without addresses and ports, which are the same for all
 * @claims: the UDP header claims another length than the right one
 * @udp_len: which
 * @thoff: offset of the transport header
 * @need: bytes without which it cannot be parsed
 * @quoted: bytes that are enough of a quoted packet; 0: the same
 * @event: what its flags or chunk mean; known from @need bytes on
 * @flags: of the flow
 * @ports: the ports are read
 * @payload_len: -1: as much as there is
 * @err: result for the whole packet
 */
struct flow_case {
	const char		*name;
	struct opvs_test_packet	packet;
	bool			claims;
	u16			udp_len;
	u16			thoff;
	u16			need;
	u16			quoted;
	u8			event;
	u8			flags;
	bool			ports;
	int			payload_len;
	int			err;
};

#define V4(...) \
	.packet = { .family = NFPROTO_IPV4, .body = BODY, .proto = __VA_ARGS__ }
#define V6(...) \
	.packet = { .family = NFPROTO_IPV6, .body = BODY, .proto = __VA_ARGS__ }
#define EXT(...) \
	.num_ext = sizeof((u8 []){ __VA_ARGS__ }), .ext = { __VA_ARGS__ }
#define CLAIMS(len)	.claims = true, .udp_len = (len)

#define TCP_FIN	0x01
#define TCP_SYN	0x02
#define TCP_RST	0x04
#define TCP_ACK	0x10

static const struct flow_case flow_cases[] = {
	{ "v4 udp", V4(IPPROTO_UDP), .thoff = 20, .need = 28,
	  .ports = true, .payload_len = BODY },
	{ "v4 udp, 4 bytes of options", V4(IPPROTO_UDP, .options = 4),
	  .thoff = 24, .need = 32, .ports = true, .payload_len = BODY },
	{ "v4 udp, 40 bytes of options", V4(IPPROTO_UDP, .options = 40),
	  .thoff = 60, .need = 68, .ports = true, .payload_len = BODY },
	{ "v4 tcp", V4(IPPROTO_TCP, .tcp_flags = TCP_ACK), .thoff = 20,
	  .need = 40, .quoted = 24, .event = OPVS_TCP_ACK, .ports = true },
	{ "v4 tcp, 40 bytes of options",
	  V4(IPPROTO_TCP, .tcp_flags = TCP_RST, .tcp_options = 40),
	  .thoff = 20, .need = 80, .quoted = 24, .event = OPVS_TCP_RST,
	  .ports = true },
	{ "v4 tcp, first fragment",
	  V4(IPPROTO_TCP, .tcp_flags = TCP_SYN, .more_frags = true),
	  .thoff = 20, .need = 40, .quoted = 24, .event = OPVS_TCP_SYN,
	  .flags = OPVS_FLOW_FIRST_FRAG, .ports = true },
	{ "v4 tcp, later fragment", V4(IPPROTO_TCP, .frag_units = 1),
	  .thoff = 20, .need = 20, .event = OPVS_TCP_OTHER,
	  .flags = OPVS_FLOW_LATER_FRAG },
	{ "v4 sctp", V4(IPPROTO_SCTP, .chunk = SCTP_CID_INIT), .thoff = 20,
	  .need = 36, .quoted = 24, .event = OPVS_SCTP_INIT, .ports = true },
	{ "v4 sctp, first fragment",
	  V4(IPPROTO_SCTP, .chunk = SCTP_CID_COOKIE_ECHO, .chunk_len = 1400,
	     .more_frags = true),
	  .thoff = 20, .need = 36, .quoted = 24,
	  .event = OPVS_SCTP_COOKIE_ECHO, .flags = OPVS_FLOW_FIRST_FRAG,
	  .ports = true },
	{ "v4 icmp", V4(IPPROTO_ICMP), .thoff = 20, .need = 20 },
	{ "v4 gre", V4(IPPROTO_GRE), .thoff = 20, .need = 20 },
	{ "v4 udp, first fragment", V4(IPPROTO_UDP, .more_frags = true),
	  .thoff = 20, .need = 28, .flags = OPVS_FLOW_FIRST_FRAG, .ports = true,
	  .payload_len = BODY },
	{ "v4 udp, later fragment",
	  V4(IPPROTO_UDP, .frag_units = 1, .more_frags = true),
	  .thoff = 20, .need = 20, .flags = OPVS_FLOW_LATER_FRAG },
	{ "v4 udp, last fragment", V4(IPPROTO_UDP, .frag_units = 8191),
	  .thoff = 20, .need = 20, .flags = OPVS_FLOW_LATER_FRAG },
	{ "v4 udp, length below the packet's",
	  V4(IPPROTO_UDP), .thoff = 20, .need = 28, .ports = true, CLAIMS(12),
	  .payload_len = 4 },
	{ "v4 udp, length above the packet's",
	  V4(IPPROTO_UDP), .thoff = 20, .need = 28, .ports = true,
	  CLAIMS(65535), .payload_len = 65527 },
	{ "v4 udp, length of the header alone",
	  V4(IPPROTO_UDP), .thoff = 20, .need = 28, .ports = true, CLAIMS(8) },
	{ "v4 udp, length 7", V4(IPPROTO_UDP), .thoff = 20, .need = 28,
	  .ports = true, CLAIMS(7), .err = -EINVAL },
	{ "v4 udp, length 1", V4(IPPROTO_UDP), .thoff = 20, .need = 28,
	  .ports = true, CLAIMS(1), .err = -EINVAL },
	{ "v4 udp, length 0", V4(IPPROTO_UDP), .thoff = 20, .need = 28,
	  .ports = true, CLAIMS(0), .err = -EINVAL },

	{ "v6 udp", V6(IPPROTO_UDP), .thoff = 40, .need = 48,
	  .ports = true, .payload_len = BODY },
	{ "v6 tcp", V6(IPPROTO_TCP, .tcp_flags = TCP_FIN), .thoff = 40,
	  .need = 60, .quoted = 44, .event = OPVS_TCP_FIN, .ports = true },
	{ "v6 sctp", V6(IPPROTO_SCTP, .chunk = SCTP_CID_ABORT), .thoff = 40,
	  .need = 56, .quoted = 44, .event = OPVS_SCTP_ABORT, .ports = true },
	{ "v6 icmp", V6(IPPROTO_ICMPV6), .thoff = 40, .need = 40 },
	{ "v6 udp, length 0", V6(IPPROTO_UDP), .thoff = 40, .need = 48,
	  .ports = true, CLAIMS(0), .payload_len = -1 },
	{ "v6 hop-by-hop, udp", V6(IPPROTO_UDP, EXT(NEXTHDR_HOP)),
	  .thoff = 56, .need = 64, .ports = true, .payload_len = BODY },
	{ "v6 routing, tcp",
	  V6(IPPROTO_TCP, EXT(NEXTHDR_ROUTING), .tcp_flags = TCP_SYN),
	  .thoff = 56, .need = 76, .quoted = 60, .event = OPVS_TCP_SYN,
	  .ports = true },
	{ "v6 dest-opts, sctp",
	  V6(IPPROTO_SCTP, EXT(NEXTHDR_DEST), .chunk = SCTP_CID_SHUTDOWN),
	  .thoff = 56, .need = 72, .quoted = 60, .event = OPVS_SCTP_SHUTDOWN,
	  .ports = true },
	{ "v6 ah, udp", V6(IPPROTO_UDP, EXT(NEXTHDR_AUTH)),
	  .thoff = 64, .need = 72, .ports = true, .payload_len = BODY },
	{ "v6 all of them, udp",
	  V6(IPPROTO_UDP, EXT(NEXTHDR_HOP, NEXTHDR_DEST, NEXTHDR_ROUTING,
			      NEXTHDR_FRAGMENT, NEXTHDR_AUTH, NEXTHDR_DEST)),
	  .thoff = 136, .need = 144, .ports = true, .payload_len = BODY },
	/* Next header and length of the last one must be there. */
	{ "v6 hop-by-hop, icmp", V6(IPPROTO_ICMPV6, EXT(NEXTHDR_HOP)),
	  .thoff = 56, .need = 42 },
	{ "v6 udp, whole in one fragment",
	  V6(IPPROTO_UDP, EXT(NEXTHDR_FRAGMENT)), .thoff = 48, .need = 56,
	  .ports = true, .payload_len = BODY },
	{ "v6 udp, first fragment",
	  V6(IPPROTO_UDP, EXT(NEXTHDR_FRAGMENT), .more_frags = true),
	  .thoff = 48, .need = 56, .flags = OPVS_FLOW_FIRST_FRAG, .ports = true,
	  .payload_len = BODY },
	{ "v6 udp, first fragment of what is whole in one fragment",
	  V6(IPPROTO_UDP, EXT(NEXTHDR_FRAGMENT, NEXTHDR_FRAGMENT),
	     .more_frags = true),
	  .thoff = 56, .need = 64, .flags = OPVS_FLOW_FIRST_FRAG, .ports = true,
	  .payload_len = BODY },
	{ "v6 hop-by-hop, first fragment, dest-opts, udp",
	  V6(IPPROTO_UDP, EXT(NEXTHDR_HOP, NEXTHDR_FRAGMENT, NEXTHDR_DEST),
	     .more_frags = true),
	  .thoff = 80, .need = 88, .flags = OPVS_FLOW_FIRST_FRAG, .ports = true,
	  .payload_len = BODY },
};

/* What lies behind a later IPv6 fragment's header need not be a header. */
static const struct flow_case flow_v6_later_cases[] = {
	{ "v6 later fragment",
	  V6(IPPROTO_UDP, EXT(NEXTHDR_FRAGMENT), .frag_units = 1,
	     .more_frags = true),
	  .flags = OPVS_FLOW_LATER_FRAG },
	{ "v6 hop-by-hop, last fragment",
	  V6(IPPROTO_UDP, EXT(NEXTHDR_HOP, NEXTHDR_FRAGMENT),
	     .frag_units = 8191),
	  .flags = OPVS_FLOW_LATER_FRAG },
};

static struct opvs_test_bytes packet, whole, altered;

static void flow_case_name(const struct flow_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(flow, flow_cases, flow_case_name);
KUNIT_ARRAY_PARAM(flow_v6_later, flow_v6_later_cases, flow_case_name);

static void flow_addresses(u8 family, union nf_inet_addr *saddr,
			   union nf_inet_addr *daddr)
{
	*saddr = (union nf_inet_addr){};
	*daddr = (union nf_inet_addr){};
	if (family == NFPROTO_IPV4) {
		saddr->ip = htonl(0xc6336401);
		daddr->ip = htonl(0xcb007101);
		return;
	}
	ipv6_addr_set(&saddr->in6, htonl(0x20010db8), htonl(1), htonl(2),
		      htonl(3));
	ipv6_addr_set(&daddr->in6, htonl(0x20010db8), htonl(5), htonl(6),
		      htonl(7));
}

static void flow_build(const struct flow_case *row)
{
	struct opvs_test_packet desc = row->packet;
	struct udphdr *uh;

	flow_addresses(desc.family, &desc.saddr, &desc.daddr);
	desc.sport = htons(SPORT);
	desc.dport = htons(DPORT);
	opvs_test_build(&desc, &packet);
	if (row->claims) {
		uh = (struct udphdr *)(packet.data + packet.thoff);
		uh->len = htons(row->udp_len);
	}
}

/* What the parser must say of the first @len bytes at @nhoff. */
static int flow_expected(const struct flow_case *row, unsigned int nhoff,
			 unsigned int len, struct opvs_flow *flow)
{
	*flow = (struct opvs_flow){
		.family = row->packet.family,
		.proto = row->packet.proto,
		.flags = row->flags,
		.nhoff = nhoff,
		.thoff = nhoff + row->thoff,
	};
	flow_addresses(flow->family, &flow->saddr, &flow->daddr);
	if (row->ports) {
		flow->sport = htons(SPORT);
		flow->dport = htons(DPORT);
	}
	if (len >= row->need)
		flow->event = row->event;
	else if (flow->proto == IPPROTO_TCP)
		flow->event = OPVS_TCP_OTHER;
	if (len < (nhoff && row->quoted ? row->quoted : row->need) || row->err)
		return -EINVAL;
	if (row->packet.proto == IPPROTO_UDP && row->ports) {
		flow->payload = flow->thoff + sizeof(struct udphdr);
		flow->payload_len = row->payload_len >= 0 ? row->payload_len :
				    nhoff + len - flow->payload;
	}
	return 0;
}

static bool flow_same(const struct opvs_flow *a, const struct opvs_flow *b)
{
	return nf_inet_addr_cmp(&a->saddr, &b->saddr) &&
	       nf_inet_addr_cmp(&a->daddr, &b->daddr) &&
	       a->sport == b->sport && a->dport == b->dport &&
	       a->family == b->family && a->proto == b->proto &&
	       a->flags == b->flags && a->event == b->event &&
	       a->nhoff == b->nhoff &&
	       a->thoff == b->thoff && a->payload == b->payload &&
	       a->payload_len == b->payload_len;
}

/* As far as it could be read, and zero behind that. */
static bool flow_is_part(const struct opvs_flow *part,
			 const struct opvs_flow *all)
{
	static const union nf_inet_addr none;
	bool addrs = nf_inet_addr_cmp(&part->saddr, &all->saddr) &&
		     nf_inet_addr_cmp(&part->daddr, &all->daddr);
	bool ports = part->sport == all->sport &&
		     part->dport == all->dport;

	if (part->payload || part->payload_len ||
	    part->event != (part->proto == IPPROTO_TCP ? OPVS_TCP_OTHER : 0) ||
	    part->family != all->family || part->nhoff != all->nhoff)
		return false;
	if (addrs && ports && part->proto == all->proto)
		return true;
	if (part->sport || part->dport)
		return false;
	return addrs || (!part->proto && !part->thoff &&
			 nf_inet_addr_cmp(&part->saddr, &none) &&
			 nf_inet_addr_cmp(&part->daddr, &none));
}

/* Parses the first @len bytes behind @nhoff and compares. */
static void flow_check(struct kunit *test, const struct flow_case *row,
		       const struct sk_buff *skb, unsigned int nhoff,
		       unsigned int len)
{
	struct opvs_flow flow, want;
	int err, want_err;

	memset(&flow, 0xa5, sizeof(flow));
	err = opvs_flow_parse(skb, nhoff, row->packet.family, &flow);
	want_err = flow_expected(row, nhoff, len, &want);
	KUNIT_ASSERT_EQ_MSG(test, err, want_err, "%u of %u bytes", len,
			    packet.len);
	if (err)
		KUNIT_ASSERT_TRUE_MSG(test, flow_is_part(&flow, &want),
				      "%u of %u bytes", len, packet.len);
	else
		KUNIT_ASSERT_TRUE_MSG(test, flow_same(&flow, &want),
				      "%u of %u bytes", len, packet.len);
}

static void flow_whole(struct kunit *test)
{
	const struct flow_case *row = test->param_value;
	struct sk_buff *skb;

	flow_build(row);
	skb = opvs_test_skb(test, packet.data, packet.len, OPVS_TEST_LINEAR, 0);
	flow_check(test, row, skb, 0, packet.len);
}

static const struct flow_case flow_routed_cases[] = {
	{ "v6 routing, udp", V6(IPPROTO_UDP, EXT(NEXTHDR_ROUTING)) },
	{ "v6 hop-by-hop, routing, icmp",
	  V6(IPPROTO_ICMPV6, EXT(NEXTHDR_HOP, NEXTHDR_ROUTING)) },
	{ "v6 routing, first fragment",
	  V6(IPPROTO_UDP, EXT(NEXTHDR_ROUTING, NEXTHDR_FRAGMENT),
	     .more_frags = true) },
	{ "v6 routing, later fragment",
	  V6(IPPROTO_UDP, EXT(NEXTHDR_ROUTING, NEXTHDR_FRAGMENT),
	     .frag_units = 1) },
	{ "v6 whole in one fragment, routing, tcp",
	  V6(IPPROTO_TCP, EXT(NEXTHDR_FRAGMENT, NEXTHDR_ROUTING)) },
};

KUNIT_ARRAY_PARAM(flow_routed, flow_routed_cases, flow_case_name);

/* With segments left, a packet is on its way elsewhere, and is not looked into. */
static void flow_routed_on(struct kunit *test)
{
	struct flow_case row = *(const struct flow_case *)test->param_value;
	struct opvs_flow flow;
	struct sk_buff *skb;

	row.packet.segments_left = 1;
	flow_build(&row);
	skb = opvs_test_skb(test, packet.data, packet.len, OPVS_TEST_LINEAR, 0);
	KUNIT_ASSERT_EQ(test, opvs_flow_parse(skb, 0, NFPROTO_IPV6, &flow), 0);
	KUNIT_EXPECT_EQ(test, flow.proto, IPPROTO_ROUTING);
	KUNIT_EXPECT_EQ(test, flow.flags, 0);
	KUNIT_EXPECT_EQ(test, flow.ports, 0);
}

/* Wherever the linear part ends. */
static void flow_scattered(struct kunit *test)
{
	const struct flow_case *row = test->param_value;
	enum opvs_test_shape shape;
	struct sk_buff *skb;
	unsigned int head;

	flow_build(row);
	for (shape = OPVS_TEST_FRAGS; shape < OPVS_TEST_SHAPES; shape++) {
		for (head = 0; head < packet.len; head++) {
			skb = opvs_test_skb(test, packet.data, packet.len,
					    shape, head);
			flow_check(test, row, skb, 0, packet.len);
			opvs_test_free_skb(test, skb);
		}
	}
}

/* Quoted by an error: other headers stand in front. */
static void flow_quoted(struct kunit *test)
{
	const struct flow_case *row = test->param_value;
	static const unsigned int nhoffs[] = { 1, 28, 48, 131 };
	enum opvs_test_shape shape;
	struct sk_buff *skb;
	int i;

	flow_build(row);
	for (i = 0; i < ARRAY_SIZE(nhoffs); i++) {
		memset(altered.data, 0x45, nhoffs[i]);
		memcpy(altered.data + nhoffs[i], packet.data, packet.len);
		for (shape = 0; shape < OPVS_TEST_SHAPES; shape++) {
			skb = opvs_test_skb(test, altered.data,
					    nhoffs[i] + packet.len, shape,
					    nhoffs[i] + 10);
			flow_check(test, row, skb, nhoffs[i], packet.len);
			opvs_test_free_skb(test, skb);
		}
	}
}

/* A packet that was longer: what its end was is still in memory behind it. */
static void flow_trimmed(struct kunit *test, const struct flow_case *row,
			 const u8 *data, enum opvs_test_shape shape,
			 unsigned int nhoff, unsigned int len)
{
	struct sk_buff *skb;

	skb = opvs_test_skb(test, data, nhoff + packet.len, shape,
			    nhoff + packet.len / 2);
	KUNIT_ASSERT_EQ(test, pskb_trim(skb, nhoff + len), 0);
	flow_check(test, row, skb, nhoff, len);
	opvs_test_free_skb(test, skb);
}

/* Cut at every byte, the answer is the documented one and the same whatever
 * lies behind: the rest of the packet, or that rest with all bits turned.
 */
static void flow_cut(struct kunit *test, unsigned int nhoff)
{
	const struct flow_case *row = test->param_value;
	enum opvs_test_shape shape;
	unsigned int len, i;

	flow_build(row);
	memset(whole.data, 0x45, nhoff);
	memcpy(whole.data + nhoff, packet.data, packet.len);
	for (len = 0; len < packet.len; len++) {
		altered = whole;
		for (i = len; i < packet.len; i++)
			altered.data[nhoff + i] = ~packet.data[i];
		for (shape = 0; shape < OPVS_TEST_SHAPES; shape++) {
			flow_trimmed(test, row, whole.data, shape, nhoff, len);
			flow_trimmed(test, row, altered.data, shape, nhoff,
				     len);
		}
	}
}

static void flow_truncated(struct kunit *test)
{
	flow_cut(test, 0);
}

static void flow_quoted_truncated(struct kunit *test)
{
	flow_cut(test, 28);
}

static void flow_v6_later(struct kunit *test)
{
	const struct flow_case *row = test->param_value;
	struct opvs_flow flow, want;
	struct sk_buff *skb;

	flow_build(row);
	skb = opvs_test_skb(test, packet.data, packet.len, OPVS_TEST_LINEAR, 0);
	KUNIT_EXPECT_EQ(test, 0, opvs_flow_parse(skb, 0, NFPROTO_IPV6, &flow));
	flow_expected(row, 0, packet.len, &want);
	KUNIT_EXPECT_EQ(test, flow.flags, OPVS_FLOW_LATER_FRAG);
	KUNIT_EXPECT_EQ(test, ntohs(flow.sport), 0);
	KUNIT_EXPECT_EQ(test, ntohs(flow.dport), 0);
	KUNIT_EXPECT_EQ(test, flow.payload, 0);
	KUNIT_EXPECT_EQ(test, flow.payload_len, 0);
	KUNIT_EXPECT_TRUE(test, nf_inet_addr_cmp(&flow.saddr, &want.saddr));
	KUNIT_EXPECT_TRUE(test, nf_inet_addr_cmp(&flow.daddr, &want.daddr));
}

struct flow_bad_case {
	const char *name;
	u8 built;
	u8 parsed;
	u8 first;	/* first byte of the packet; 0: as built */
};

static const struct flow_bad_case flow_bad_cases[] = {
	{ "v4 version 5", NFPROTO_IPV4, NFPROTO_IPV4, 0x55 },
	{ "v4 header length 4", NFPROTO_IPV4, NFPROTO_IPV4, 0x44 },
	{ "v4 header length 0", NFPROTO_IPV4, NFPROTO_IPV4, 0x40 },
	{ "v6 version 5", NFPROTO_IPV6, NFPROTO_IPV6, 0x50 },
	{ "v6 taken for v4", NFPROTO_IPV6, NFPROTO_IPV4, 0 },
	{ "v4 taken for v6", NFPROTO_IPV4, NFPROTO_IPV6, 0 },
};

static void flow_bad_name(const struct flow_bad_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(flow_bad, flow_bad_cases, flow_bad_name);

static void flow_bad(struct kunit *test)
{
	const struct flow_bad_case *row = test->param_value;
	const struct flow_case udp = {
		.packet = { .family = row->built, .proto = IPPROTO_UDP,
			    .body = 64 },
	};
	struct opvs_flow flow;
	struct sk_buff *skb;

	flow_build(&udp);
	if (row->first)
		packet.data[0] = row->first;
	skb = opvs_test_skb(test, packet.data, packet.len, OPVS_TEST_LINEAR, 0);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			opvs_flow_parse(skb, 0, row->parsed, &flow));
	KUNIT_EXPECT_EQ(test, flow.family, row->parsed);
	KUNIT_EXPECT_EQ(test, flow.proto, 0);
	KUNIT_EXPECT_EQ(test, ntohs(flow.sport), 0);
	KUNIT_EXPECT_EQ(test, ntohs(flow.dport), 0);
	KUNIT_EXPECT_EQ(test, flow.saddr.all[0], 0);
	KUNIT_EXPECT_EQ(test, flow.daddr.all[0], 0);
}

/* RFC 8200 s4.7: a chain may end without any transport header. */
static void flow_v6_no_next_header(struct kunit *test)
{
	const struct flow_case none = {
		.packet = { .family = NFPROTO_IPV6, .proto = NEXTHDR_NONE,
			    EXT(NEXTHDR_DEST), .body = 64 },
	};
	struct opvs_flow flow;
	struct sk_buff *skb;

	flow_build(&none);
	skb = opvs_test_skb(test, packet.data, packet.len, OPVS_TEST_LINEAR, 0);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			opvs_flow_parse(skb, 0, NFPROTO_IPV6, &flow));
	KUNIT_EXPECT_NE(test, flow.proto, IPPROTO_UDP);
	KUNIT_EXPECT_EQ(test, ntohs(flow.sport), 0);
	KUNIT_EXPECT_EQ(test, ntohs(flow.dport), 0);
}

struct flow_jumbo_case {
	const char *name;
	struct opvs_test_packet packet;
	int err;
};

/* Payload length 0: RFC 2675. */
static const struct flow_jumbo_case flow_jumbo_cases[] = {
	{ "whole", V6(IPPROTO_UDP, EXT(NEXTHDR_HOP)), 0 },
	{ "whole in one fragment",
	  V6(IPPROTO_UDP, EXT(NEXTHDR_HOP, NEXTHDR_FRAGMENT)), 0 },
	{ "first fragment",
	  V6(IPPROTO_UDP, EXT(NEXTHDR_HOP, NEXTHDR_FRAGMENT),
	     .more_frags = true), -EINVAL },
	{ "later fragment",
	  V6(IPPROTO_UDP, EXT(NEXTHDR_HOP, NEXTHDR_FRAGMENT), .frag_units = 1,
	     .more_frags = true), -EINVAL },
	{ "last fragment",
	  V6(IPPROTO_UDP, EXT(NEXTHDR_HOP, NEXTHDR_FRAGMENT),
	     .frag_units = 8191), -EINVAL },
};

static void flow_jumbo_name(const struct flow_jumbo_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(flow_jumbo, flow_jumbo_cases, flow_jumbo_name);

/* A packet that claims to be a jumbogram and a fragment is neither: it is not
 * gathered, so it must not be balanced.
 */
static void flow_jumbo(struct kunit *test)
{
	const struct flow_jumbo_case *row = test->param_value;
	const struct flow_case jumbo = { .packet = row->packet };
	struct opvs_flow flow;
	struct sk_buff *skb;

	flow_build(&jumbo);
	((struct ipv6hdr *)packet.data)->payload_len = 0;
	skb = opvs_test_skb(test, packet.data, packet.len, OPVS_TEST_LINEAR, 0);
	KUNIT_EXPECT_EQ(test, row->err,
			opvs_flow_parse(skb, 0, NFPROTO_IPV6, &flow));
	KUNIT_EXPECT_EQ(test, flow.flags, 0);
	KUNIT_EXPECT_EQ(test, ntohs(flow.dport), row->err ? 0 : DPORT);
	KUNIT_EXPECT_EQ(test, !flow.payload, !!row->err);
}

static struct kunit_case flow_test_cases[] = {
	KUNIT_CASE_PARAM(flow_whole, flow_gen_params),
	KUNIT_CASE_PARAM(flow_scattered, flow_gen_params),
	KUNIT_CASE_PARAM(flow_quoted, flow_gen_params),
	KUNIT_CASE_PARAM(flow_truncated, flow_gen_params),
	KUNIT_CASE_PARAM(flow_quoted_truncated, flow_gen_params),
	KUNIT_CASE_PARAM(flow_v6_later, flow_v6_later_gen_params),
	KUNIT_CASE_PARAM(flow_bad, flow_bad_gen_params),
	KUNIT_CASE_PARAM(flow_routed_on, flow_routed_gen_params),
	KUNIT_CASE(flow_v6_no_next_header),
	KUNIT_CASE_PARAM(flow_jumbo, flow_jumbo_gen_params),
	{}
};

static struct kunit_suite flow_suite = {
	.name = "opvs_flow",
	.test_cases = flow_test_cases,
};

kunit_test_suite(flow_suite);

MODULE_DESCRIPTION("opvs: unit tests of header parsing");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
