// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of persistence: who shares a template.
 *
 *	service 192.0.2.1:80 --- 198.51.100.11:80, 198.51.100.12:80
 */
#include "persist_fixture.h"

#include <opvs/flow.h>
#include <opvs/pe.h>
#include <opvs/sched.h>
#include <opvs/xmit.h>

#include <linux/skbuff.h>
#include <linux/string.h>

#include "packet.h"

/* ---- who shares one ---- */

static void persist_template(struct kunit *test)
{
	struct opvs_conn *tp;

	begin_tcp(test);
	tp = choose(test, CLIENT, 80);
	KUNIT_EXPECT_TRUE(test, opvs_conn_is_template(tp));
	KUNIT_EXPECT_TRUE(test, tp->flags & IP_VS_CONN_F_TEMPLATE);
	KUNIT_EXPECT_EQ(test, ntohl(tp->request.tuple.src.ip), CLIENT);
	KUNIT_EXPECT_EQ(test, ntohl(tp->request.tuple.dst.ip), VIP);
	KUNIT_EXPECT_EQ(test, ntohs(tp->request.tuple.sport), 0);
	KUNIT_EXPECT_EQ(test, ntohs(tp->request.tuple.dport), 80);
	KUNIT_EXPECT_EQ(test, tp->request.tuple.proto, IPPROTO_TCP);
	KUNIT_EXPECT_EQ(test, tp->word, OPVS_TEMPLATE_S_NONE);
	KUNIT_EXPECT_EQ(test, tp->timeout, TIMEOUT);
	KUNIT_EXPECT_GE(test, left(tp), TIMEOUT - 2);
	KUNIT_EXPECT_EQ(test, atomic_read(&tp->dest->persist), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&tp->dest->conns), 0);
}

static void persist_sticks(struct kunit *test)
{
	struct opvs_conn *tp, *other;
	unsigned int i;

	begin_tcp(test);
	tp = choose(test, CLIENT, 80);
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_PTR_EQ(test, choose(test, CLIENT, 80), tp);
	other = choose(test, CLIENT + 1, 80);
	KUNIT_EXPECT_PTR_NE(test, other, tp);
	KUNIT_EXPECT_PTR_NE(test, other->dest, tp->dest);
	KUNIT_EXPECT_PTR_EQ(test, choose(test, CLIENT, 80), tp);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), 2);
}

struct mask_case {
	const char *name;
	u32 mask;
	u32 masked;
	u32 neighbour;	/* shares the template of CLIENT */
	u32 stranger;	/* does not, 0: there is none */
};

static const struct mask_case mask_cases[] = {
	{ "32", 0xffffffff, 0xcb007105, 0xcb007105, 0xcb007104 },
	{ "31", 0xfffffffe, 0xcb007104, 0xcb007104, 0xcb007106 },
	{ "24", 0xffffff00, 0xcb007100, 0xcb0071ff, 0xcb007205 },
	{ "8", 0xff000000, 0xcb000000, 0xcbffffff, 0xcc007105 },
	{ "0", 0, 0, 0x01020304, 0 },
	{ "a hole in it", 0xff00ff00, 0xcb007100, 0xcb557166, 0xcb007205 },
};

static void mask_name(const struct mask_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(mask, mask_cases, mask_name);

static void persist_mask(struct kunit *test)
{
	const struct mask_case *row = test->param_value;
	struct opvs_svc_conf conf;
	struct opvs_conn *tp;

	good_conf(&conf, IPPROTO_TCP);
	conf.netmask = htonl(row->mask);
	begin(test, &conf);
	tp = choose(test, CLIENT, 80);
	KUNIT_EXPECT_EQ(test, ntohl(tp->request.tuple.src.ip), row->masked);
	KUNIT_EXPECT_PTR_EQ(test, choose(test, row->neighbour, 80), tp);
	if (row->stranger)
		KUNIT_EXPECT_PTR_NE(test, choose(test, row->stranger, 80), tp);
}

struct prefix_case {
	const char *name;
	u32 prefix;
	u32 neighbour[4];	/* differs from the client in these bits */
	u32 stranger[4];
};

static const struct prefix_case prefix_cases[] = {
	{ "128", 128, {}, { 0, 0, 0, 1 } },
	{ "127", 127, { 0, 0, 0, 1 }, { 0, 0, 0, 2 } },
	{ "96", 96, { 0, 0, 0, 0xffffffff }, { 0, 0, 1, 0 } },
	{ "64", 64, { 0, 0, 0xffffffff, 0xffffffff }, { 0, 1, 0, 0 } },
	{ "33", 33, { 0, 0x7fffffff, 0, 1 }, { 0, 0x80000000, 0, 0 } },
	{ "1", 1, { 0x7fffffff, 0, 0, 0 }, { 0x80000000, 0, 0, 0 } },
};

static void prefix_name(const struct prefix_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(prefix, prefix_cases, prefix_name);

static struct opvs_conn *choose6(struct kunit *test, const u32 bits[4])
{
	struct opvs_flow flow = {
		.saddr.ip6 = { htonl(0x20010db8), 0, 0, htonl(5) },
		.daddr.ip6 = { htonl(0x20010db8), 0, 0, htonl(1) },
		.sport = htons(40000),
		.dport = htons(80),
		.family = NFPROTO_IPV6,
		.proto = IPPROTO_TCP,
	};
	unsigned int i;

	for (i = 0; i < 4; i++)
		flow.saddr.ip6[i] ^= htonl(bits[i]);
	KUNIT_ASSERT_TRUE(test, choose_by(NULL, &flow) == OPVS_GO_ON);
	KUNIT_ASSERT_NOT_NULL(test, choice.control);
	return choice.control;
}

static void persist_prefix(struct kunit *test)
{
	const struct prefix_case *row = test->param_value;
	static const u32 none[4];
	struct opvs_dest_conf dest = {
		.key.addr.ip6 = { htonl(0xfd000000), 0, 0, htonl(11) },
		.key.family = NFPROTO_IPV6,
		.xmit = opvs_xmit_find(IP_VS_CONN_F_MASQ),
		.weight = 1,
	};
	struct opvs_svc_conf conf;
	struct opvs_conn *tp;

	good_conf(&conf, IPPROTO_TCP);
	conf.key.family = NFPROTO_IPV6;
	conf.key.addr.ip6[0] = htonl(0x20010db8);
	conf.key.addr.ip6[3] = htonl(1);
	conf.netmask = (__force __be32)row->prefix;
	svc = opvs_test_svc_as(test, on, &conf);
	opvs_test_dest_as(test, svc, &dest);
	tp = choose6(test, none);
	KUNIT_EXPECT_PTR_EQ(test, choose6(test, row->neighbour), tp);
	KUNIT_EXPECT_PTR_NE(test, choose6(test, row->stranger), tp);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), 2);
}

/* All ports of a service for all ports share one, ports of others do not. */
static void persist_ports(struct kunit *test)
{
	struct opvs_svc_conf conf;
	struct opvs_conn *wild, *own;

	good_conf(&conf, IPPROTO_TCP);
	conf.key.port = 0;
	begin(test, &conf);
	wild = choose(test, CLIENT, 80);
	KUNIT_EXPECT_EQ(test, ntohs(wild->request.tuple.dport), 0);
	KUNIT_EXPECT_PTR_EQ(test, choose(test, CLIENT, 443), wild);
	conf.key.port = htons(443);
	begin(test, &conf);
	own = choose(test, CLIENT, 443);
	KUNIT_EXPECT_PTR_NE(test, own, wild);
	KUNIT_EXPECT_EQ(test, ntohs(own->request.tuple.dport), 443);
}

/* For any address, port and protocol that a marked packet goes to. */
static void persist_mark(struct kunit *test)
{
	struct opvs_flow flow = {
		.saddr.ip = htonl(CLIENT),
		.daddr.ip = htonl(VIP),
		.sport = htons(1),
		.dport = htons(80),
		.family = NFPROTO_IPV4,
		.proto = IPPROTO_TCP,
	};
	struct opvs_svc_conf conf;
	struct opvs_conn *tp;

	good_conf(&conf, 0);
	memset(&conf.key.addr, 0, sizeof(conf.key.addr));
	conf.key.addr.all[0] = 7;
	conf.key.port = 0;
	begin(test, &conf);
	KUNIT_ASSERT_TRUE(test, choose_by(NULL, &flow) == OPVS_GO_ON);
	tp = choice.control;
	KUNIT_ASSERT_NOT_NULL(test, tp);
	KUNIT_EXPECT_EQ(test, tp->request.tuple.proto, 0);
	KUNIT_EXPECT_EQ(test, ntohl(tp->request.tuple.dst.ip), 7);
	flow.daddr.ip = htonl(VIP + 1);
	flow.dport = htons(443);
	flow.proto = IPPROTO_UDP;
	KUNIT_ASSERT_TRUE(test, choose_by(NULL, &flow) == OPVS_GO_ON);
	KUNIT_EXPECT_PTR_EQ(test, choice.control, tp);
}

/* ---- calls ---- */

static void sip_conf(struct opvs_svc_conf *conf)
{
	good_conf(conf, IPPROTO_UDP);
	conf->key.port = htons(5060);
	conf->pe = opvs_pe_find("sip");
}

/* A client sends a datagram with this in it. */
static opvs_verdict_t choose_call(struct kunit *test, u32 client,
				  const char *text)
{
	static struct opvs_test_bytes bytes;
	struct opvs_test_packet packet = {
		.saddr.ip = htonl(client),
		.daddr.ip = htonl(VIP),
		.sport = htons(5060),
		.dport = htons(5060),
		.family = NFPROTO_IPV4,
		.proto = IPPROTO_UDP,
		.body = strlen(text),
		.quote = (const u8 *)text,
	};
	struct opvs_flow flow;
	struct sk_buff *skb;

	opvs_test_build(&packet, &bytes);
	skb = opvs_test_skb(test, bytes.data, bytes.len, OPVS_TEST_LINEAR, 0);
	KUNIT_ASSERT_EQ(test, 0, opvs_flow_parse(skb, 0, NFPROTO_IPV4, &flow));
	return choose_by(skb, &flow);
}

static struct opvs_conn *call(struct kunit *test, u32 client, const char *id)
{
	char text[128];

	snprintf(text, sizeof(text),
		 "OPTIONS sip:a SIP/2.0\r\nCall-ID: %s\r\n\r\n", id);
	KUNIT_ASSERT_TRUE(test, choose_call(test, client, text) ==
			  OPVS_GO_ON);
	KUNIT_ASSERT_NOT_NULL(test, choice.control);
	return choice.control;
}

static void persist_calls(struct kunit *test)
{
	struct opvs_svc_conf conf;
	struct opvs_conn *a, *b;

	sip_conf(&conf);
	begin(test, &conf);
	a = call(test, CLIENT, "a@host");
	b = call(test, CLIENT, "b@host");
	KUNIT_EXPECT_PTR_NE(test, a, b);
	KUNIT_EXPECT_PTR_NE(test, a->dest, b->dest);
	KUNIT_ASSERT_NOT_NULL(test, a->ext);
	KUNIT_EXPECT_PTR_EQ(test, a->ext->pe, conf.pe);
	KUNIT_EXPECT_EQ(test, a->ext->key_len, strlen("a@host"));
	KUNIT_EXPECT_EQ(test, memcmp(a->ext->key, "a@host", 6), 0);
	KUNIT_EXPECT_PTR_EQ(test, call(test, CLIENT, "a@host"), a);
	KUNIT_EXPECT_PTR_EQ(test, call(test, CLIENT, "b@host"), b);
	/* Another client's call, though it has the same name. */
	KUNIT_EXPECT_PTR_NE(test, call(test, CLIENT + 1, "a@host"), a);
}

/* With -M 0.0.0.0 a call is one call wherever its messages come from. */
static void persist_calls_of_all(struct kunit *test)
{
	struct opvs_svc_conf conf;
	struct opvs_conn *a;

	sip_conf(&conf);
	conf.netmask = 0;
	conf.flags |= IP_VS_SVC_F_ONEPACKET;
	begin(test, &conf);
	a = call(test, CLIENT, "a@host");
	KUNIT_EXPECT_PTR_EQ(test, call(test, CLIENT + 77, "a@host"), a);
	KUNIT_EXPECT_PTR_NE(test, call(test, CLIENT, "b@host"), a);
}

/* The server that a keepalive of a client gets. */
static struct opvs_dest *keyless_dest(struct kunit *test, u32 client)
{
	KUNIT_ASSERT_TRUE(test, choose_call(test, client, "\r\n\r\n") ==
			  OPVS_GO_ON);
	KUNIT_EXPECT_NULL(test, choice.control);
	KUNIT_ASSERT_NOT_NULL(test, choice.dest);
	return choice.dest;
}

/* Without a Call-ID there is nothing to remember; a client's datagrams stay
 * together all the same, and those of many clients are spread.
 */
static void persist_keyless_by(struct kunit *test,
			       const struct opvs_sched_ops *sched, u32 flags)
{
	struct opvs_svc_conf conf;
	struct opvs_dest *first;
	u32 client, at_first = 0;
	int i;

	sip_conf(&conf);
	conf.sched = sched;
	conf.flags |= flags;
	begin(test, &conf);
	first = keyless_dest(test, CLIENT);
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_PTR_EQ(test, keyless_dest(test, CLIENT), first);
	for (client = 0; client < 100; client++)
		at_first += keyless_dest(test, CLIENT + client) == first;
	KUNIT_EXPECT_GT(test, at_first, 20);
	KUNIT_EXPECT_LT(test, at_first, 80);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), 0);

	/* A client whose server is overloaded gets another one, every time. */
	WRITE_ONCE(first->overloaded, true);
	KUNIT_EXPECT_PTR_NE(test, keyless_dest(test, CLIENT), first);
	KUNIT_EXPECT_PTR_EQ(test, keyless_dest(test, CLIENT),
			    keyless_dest(test, CLIENT));
	WRITE_ONCE(first->overloaded, false);
	KUNIT_EXPECT_PTR_EQ(test, keyless_dest(test, CLIENT), first);
	opvs_test_svc_del(svc);
}

static void persist_keyless(struct kunit *test)
{
	const struct opvs_sched_ops *sched;
	size_t n;

	for (n = 0; (sched = opvs_sched_nth(n)); n++) {
		if (sched->picks_keyless)
			continue;
		persist_keyless_by(test, sched, 0);
		persist_keyless_by(test, sched, IP_VS_SVC_F_ONEPACKET);
	}
}

static struct kunit_case persist_cases[] = {
	KUNIT_CASE(persist_template),
	KUNIT_CASE(persist_sticks),
	KUNIT_CASE_PARAM(persist_mask, mask_gen_params),
	KUNIT_CASE_PARAM(persist_prefix, prefix_gen_params),
	KUNIT_CASE(persist_ports),
	KUNIT_CASE(persist_mark),
	KUNIT_CASE(persist_calls),
	KUNIT_CASE(persist_calls_of_all),
	KUNIT_CASE(persist_keyless),
	{}
};

static struct kunit_suite persist_suite = {
	.name = "opvs_persist",
	.init = persist_init,
	.exit = persist_exit,
	.test_cases = persist_cases,
};

kunit_test_suite(persist_suite);

MODULE_DESCRIPTION("opvs: unit tests of persistence");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
