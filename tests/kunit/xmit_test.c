// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of the transmit methods' table and of the checks before a packet
 * is forwarded: MTU, GSO packets, TTL, loopback addresses.  Routes and devices
 * are faked as far as these look at them.
 */
#include <opvs/route.h>
#include <opvs/xmit.h>

#include <opvs/dest.h>
#include <opvs/flow.h>
#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <net/dst.h>
#include <net/dst_ops.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>

#include "packet.h"

#define TTL	63	/* of packets that are built for tests */

/**
 * struct check_case - a packet, a route, and the verdict
 * @name: as the report shows it
 * @packet: the packet, without addresses
 * @mtu: of the route
 * @gso_size: payload of each segment of a GSO packet; 0: it is none
 * @frag_max: it was reassembled, and its largest fragment was this long
 * @ttl: 0: as it was built
 * @flags: of the flow, beside its own
 * @may_fragment: IPv4: DF is not set
 * @ignore_df: the socket asked for fragmentation
 * @local: the route leads to this host
 * @from_loopback: source address
 * @from_nobody: source address
 * @to_loopback: server
 * @verdict: what must come of it
 */
struct check_case {
	const char		*name;
	struct opvs_test_packet	packet;
	u16			mtu;
	u16			gso_size;
	u16			frag_max;
	u8			ttl;
	u8			flags;
	bool			may_fragment;
	bool			ignore_df;
	bool			local;
	bool			from_loopback;
	bool			from_nobody;
	bool			to_loopback;
	opvs_verdict_t		verdict;
};

/* 300 bytes behind TCP's header, 340 or 360 with headers */
#define V4(...) \
	.packet = { .family = NFPROTO_IPV4, .proto = IPPROTO_TCP, \
		    .body = 300, __VA_ARGS__ }
#define V6(...) \
	.packet = { .family = NFPROTO_IPV6, .proto = IPPROTO_TCP, \
		    .body = 300, __VA_ARGS__ }
#define GSO(mss, route)	.gso_size = (mss), .mtu = (route)
#define PASSES			.verdict = OPVS_GO_ON
#define TOO_BIG			.verdict = OPVS_VERDICT(DROP_MTU)
#define MARTIAN			.verdict = OPVS_VERDICT(DROP_MARTIAN)

static const struct check_case check_cases[] = {
	{ "v4 fits", V4(), .mtu = 340, PASSES },
	{ "v4 does not fit", V4(), .mtu = 339, TOO_BIG },
	{ "v4 may be fragmented", V4(), .mtu = 68, .may_fragment = true,
	  PASSES },
	{ "v4 its socket fragments", V4(), .mtu = 339, .ignore_df = true,
	  .flags = OPVS_FLOW_FROM_HOST, PASSES },
	{ "v4 came in small fragments", V4(), .mtu = 200, .frag_max = 200,
	  PASSES },
	{ "v4 came in big fragments", V4(), .mtu = 200, .frag_max = 201,
	  TOO_BIG },
	{ "v6 fits", V6(), .mtu = 360, PASSES },
	{ "v6 does not fit", V6(), .mtu = 359, TOO_BIG },
	{ "v6 came in small fragments", V6(), .mtu = 200, .frag_max = 200,
	  PASSES },
	{ "v6 came in big fragments", V6(), .mtu = 200, .frag_max = 201,
	  TOO_BIG },

	{ "v4 GSO fits", V4(), GSO(100, 140), PASSES },
	{ "v4 GSO does not fit", V4(), GSO(100, 139), TOO_BIG },
	{ "v4 GSO may be fragmented", V4(), GSO(100, 139),
	  .may_fragment = true, PASSES },
	{ "v4 GSO with options fits",
	  V4(.options = 12, .tcp_options = 20), GSO(100, 172), PASSES },
	{ "v4 GSO with options does not fit",
	  V4(.options = 12, .tcp_options = 20), GSO(100, 171), TOO_BIG },
	{ "v6 GSO fits", V6(), GSO(100, 160), PASSES },
	{ "v6 GSO does not fit", V6(), GSO(100, 159), TOO_BIG },
	{ "v6 GSO behind extension headers fits",
	  V6(.num_ext = 2, .ext = { NEXTHDR_HOP, NEXTHDR_DEST }),
	  GSO(100, 192), PASSES },
	{ "v6 GSO behind extension headers does not fit",
	  V6(.num_ext = 2, .ext = { NEXTHDR_HOP, NEXTHDR_DEST }),
	  GSO(100, 191), TOO_BIG },

	{ "v4 ttl 2", V4(), .mtu = 1500, .ttl = 2, PASSES },
	{ "v4 ttl 1", V4(), .mtu = 1500, .ttl = 1,
	  .verdict = OPVS_VERDICT(DROP_TTL) },
	{ "v4 ttl 1, of this host", V4(), .mtu = 1500, .ttl = 1,
	  .flags = OPVS_FLOW_FROM_HOST, PASSES },
	{ "v6 hop limit 2", V6(), .mtu = 1500, .ttl = 2, PASSES },
	{ "v6 hop limit 1", V6(), .mtu = 1500, .ttl = 1,
	  .verdict = OPVS_VERDICT(DROP_TTL) },
	{ "v6 hop limit 1, of this host", V6(), .mtu = 1500, .ttl = 1,
	  .flags = OPVS_FLOW_FROM_HOST, PASSES },

	{ "v4 to this host", V4(), .mtu = 68, .ttl = 1, .local = true,
	  PASSES },
	{ "v6 to this host", V6(), .mtu = 68, .ttl = 1, .local = true,
	  PASSES },
	{ "v4 loopback leaves", V4(), .mtu = 1500, .from_loopback = true,
	  MARTIAN },
	{ "v6 loopback leaves", V6(), .mtu = 1500, .from_loopback = true,
	  MARTIAN },
	{ "v6 nobody's leaves", V6(), .mtu = 1500, .from_nobody = true,
	  MARTIAN },
	{ "v6 nobody's within", V6(), .mtu = 1500, .from_nobody = true,
	  .local = true, PASSES },
	{ "v4 loopback from outside", V4(), .local = true, .to_loopback = true,
	  MARTIAN },
	{ "v6 loopback from outside", V6(), .local = true, .to_loopback = true,
	  MARTIAN },
	{ "v4 loopback within", V4(), .local = true, .from_loopback = true,
	  .to_loopback = true, .flags = OPVS_FLOW_FROM_HOST, PASSES },
};

static void check_case_name(const struct check_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(check, check_cases, check_case_name);

static struct opvs_test_bytes packet;
static struct net_device device;
static struct dst_entry route;
static struct opvs_dest server;
static unsigned int route_mtu;

static unsigned int fake_mtu(const struct dst_entry *dst)
{
	return route_mtu;
}

static struct dst_ops fake_ops = {
	.mtu = fake_mtu,
};

static void loopback_addr(u8 family, union nf_inet_addr *addr)
{
	if (family == NFPROTO_IPV6)
		addr->in6 = in6addr_loopback;
	else
		addr->ip = htonl(INADDR_LOOPBACK);
}

static void check_build(const struct check_case *row)
{
	struct opvs_test_packet desc = row->packet;
	struct iphdr *iph = (struct iphdr *)packet.data;

	/* IPv6: to a group no error is sent (RFC 4443 s2.4). */
	if (desc.family == NFPROTO_IPV4)
		desc.saddr.ip = htonl(0xc6336401);
	else if (!row->from_nobody)
		desc.saddr.in6 = in6addr_linklocal_allnodes;
	if (row->from_loopback)
		loopback_addr(desc.family, &desc.saddr);
	opvs_test_build(&desc, &packet);
	if (desc.family == NFPROTO_IPV6) {
		((struct ipv6hdr *)iph)->hop_limit = row->ttl ?: TTL;
		return;
	}
	iph->ttl = row->ttl ?: TTL;
	if (!row->may_fragment)
		iph->frag_off |= htons(IP_DF);
	ip_send_check(iph);
}

static struct sk_buff *check_skb(struct kunit *test,
				 const struct check_case *row)
{
	bool v6 = row->packet.family == NFPROTO_IPV6;
	struct sk_buff *skb;

	skb = opvs_test_skb(test, packet.data, packet.len, OPVS_TEST_FRAGS,
			    packet.len - row->packet.body);
	skb->dev = init_net.loopback_dev;
	skb->ignore_df = row->ignore_df;
	if (v6)
		IP6CB(skb)->frag_max_size = row->frag_max;
	else
		IPCB(skb)->frag_max_size = row->frag_max;
	/* As it is on arrival: IPv6 has not looked at extension headers. */
	skb_set_transport_header(skb, v6 ? sizeof(struct ipv6hdr)
					 : packet.thoff);
	if (row->gso_size) {
		skb_shinfo(skb)->gso_size = row->gso_size;
		skb_shinfo(skb)->gso_type = v6 ? SKB_GSO_TCPV6 : SKB_GSO_TCPV4;
	}
	return skb;
}

static void check_route(const struct check_case *row)
{
	memset(&server, 0, sizeof(server));
	server.family = row->packet.family;
	if (row->to_loopback)
		loopback_addr(server.family, &server.addr);
	else
		server.addr.ip = htonl(0x0a000001);
	device.flags = row->local ? IFF_LOOPBACK : 0;
	route.dev = &device;
	route.ops = &fake_ops;
	route_mtu = row->mtu;
}

/* Each router takes one off; the IPv4 header's checksum stays right. */
static void check_ttl(struct kunit *test, const struct check_case *row,
		      const struct sk_buff *skb)
{
	u8 ttl = row->ttl ?: TTL;

	if (!row->local && !(row->flags & OPVS_FLOW_FROM_HOST))
		ttl--;
	if (row->packet.family == NFPROTO_IPV6) {
		KUNIT_EXPECT_EQ(test, ipv6_hdr(skb)->hop_limit, ttl);
		return;
	}
	KUNIT_EXPECT_EQ(test, ip_hdr(skb)->ttl, ttl);
	KUNIT_EXPECT_EQ(test, 0, (__force u16)
			ip_fast_csum(ip_hdr(skb), ip_hdr(skb)->ihl));
}

static void route_check(struct kunit *test)
{
	const struct check_case *row = test->param_value;
	opvs_verdict_t verdict;
	struct opvs_flow flow;
	struct sk_buff *skb;

	check_build(row);
	check_route(row);
	skb = check_skb(test, row);
	KUNIT_ASSERT_EQ(test, 0,
			opvs_flow_parse(skb, 0, row->packet.family, &flow));
	flow.flags |= row->flags;
	local_bh_disable();
	verdict = opvs_route_check(skb, &flow, &server, &route);
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, (__force u32)verdict,
			(__force u32)row->verdict);
	if (row->verdict == OPVS_GO_ON)
		check_ttl(test, row, skb);
}

static void xmit_methods(struct kunit *test)
{
	const struct opvs_xmit_ops *ops;
	u32 method;

	for (method = 0; method <= IP_VS_CONN_F_FWD_MASK; method++) {
		ops = opvs_xmit_find(method);
		/* No server can have it. */
		if (method == IP_VS_CONN_F_BYPASS) {
			KUNIT_EXPECT_NULL(test, ops);
			ops = opvs_xmit_of(method);
			KUNIT_ASSERT_NOT_NULL(test, ops);
		}
		KUNIT_EXPECT_PTR_EQ(test, ops, opvs_xmit_of(method));
		KUNIT_EXPECT_PTR_EQ(test, ops,
				    opvs_xmit_of(method | IP_VS_CONN_F_HASHED |
						 IP_VS_CONN_F_ONE_PACKET |
						 BIT(31)));
		if (ops)
			KUNIT_EXPECT_EQ(test, ops->method, method);
	}
	KUNIT_ASSERT_NOT_NULL(test, opvs_xmit_find(IP_VS_CONN_F_MASQ));
	KUNIT_EXPECT_TRUE(test, opvs_xmit_find(IP_VS_CONN_F_MASQ)->rewrites);
	KUNIT_ASSERT_NOT_NULL(test, opvs_xmit_find(IP_VS_CONN_F_DROUTE));
	KUNIT_EXPECT_FALSE(test, opvs_xmit_find(IP_VS_CONN_F_DROUTE)->rewrites);
	KUNIT_EXPECT_FALSE(test, opvs_xmit_find(IP_VS_CONN_F_DROUTE)->wraps);
	KUNIT_ASSERT_NOT_NULL(test, opvs_xmit_find(IP_VS_CONN_F_TUNNEL));
	KUNIT_EXPECT_TRUE(test, opvs_xmit_find(IP_VS_CONN_F_TUNNEL)->wraps);
	KUNIT_EXPECT_NULL(test, opvs_xmit_find(IP_VS_CONN_F_BYPASS));
	KUNIT_EXPECT_NULL(test, opvs_xmit_find(IP_VS_CONN_F_FWD_MASK + 1));
	KUNIT_EXPECT_NULL(test, opvs_xmit_find(U32_MAX));
}

struct encap_case {
	const char		*name;
	union opvs_tunnel	tunnel;
	u8			family;
	unsigned int		len;
};

#define TUNNEL(kind, bits)	{ .type = IP_VS_CONN_F_TUNNEL_TYPE_##kind, \
				  .flags = (bits) }
#define CSUM			IP_VS_TUNNEL_ENCAP_FLAG_CSUM
#define REMCSUM			IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM

static const struct encap_case encap_cases[] = {
	{ "ipip, v4", TUNNEL(IPIP, 0), NFPROTO_IPV4, 20 },
	{ "ipip, v6", TUNNEL(IPIP, 0), NFPROTO_IPV6, 40 },
	{ "ipip has no checksum", TUNNEL(IPIP, CSUM | REMCSUM), NFPROTO_IPV4,
	  20 },
	{ "gre, v4", TUNNEL(GRE, 0), NFPROTO_IPV4, 24 },
	{ "gre with checksum, v6", TUNNEL(GRE, CSUM), NFPROTO_IPV6, 48 },
	{ "gue, v4", TUNNEL(GUE, 0), NFPROTO_IPV4, 32 },
	{ "gue with checksum, v4", TUNNEL(GUE, CSUM), NFPROTO_IPV4, 32 },
	{ "gue with remote checksum, v6", TUNNEL(GUE, REMCSUM), NFPROTO_IPV6,
	  60 },
};

static void encap_case_name(const struct encap_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(encap, encap_cases, encap_case_name);

static void encap_len(struct kunit *test)
{
	const struct encap_case *row = test->param_value;

	KUNIT_EXPECT_EQ(test, opvs_encap_len(row->tunnel, row->family),
			row->len);
}

static struct kunit_case xmit_test_cases[] = {
	KUNIT_CASE_PARAM(route_check, check_gen_params),
	KUNIT_CASE(xmit_methods),
	KUNIT_CASE_PARAM(encap_len, encap_gen_params),
	{}
};

static struct kunit_suite xmit_suite = {
	.name = "opvs_xmit",
	.test_cases = xmit_test_cases,
};

kunit_test_suite(xmit_suite);

MODULE_DESCRIPTION("opvs: unit tests of transmit methods and route checks");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
