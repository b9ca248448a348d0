// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of persistence: who shares a template, for how long it holds, and
 * when it is void.
 *
 *	service 192.0.2.1:80 --- 198.51.100.11:80, 198.51.100.12:80
 */
#include <opvs/path.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/flow.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/pe.h>
#include <opvs/svc.h>
#include <opvs/xmit.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/delay.h>
#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/string.h>

#include "packet.h"
#include "testlib.h"

#define VIP		0xc0000201
#define CLIENT		0xcb007105
#define SERVER_1	0xc633640b
#define SERVER_2	0xc633640c
#define TIMEOUT		300

static struct opvs_net *on;
static struct opvs_svc *svc;
static struct opvs_choice choice;

static int persist_init(struct kunit *test)
{
	return opvs_test_net_init(test, &on);
}

static void persist_exit(struct kunit *test)
{
	WRITE_ONCE(on->settings.expire_quiescent_template, 0);
	WRITE_ONCE(on->conns.max, 0);
	if (on->expire.ops)
		opvs_expire_set_interval(&on->expire, OPVS_EXPIRE_TICK);
	opvs_test_net_exit(test, on);
}

static void good_conf(struct opvs_svc_conf *conf, u8 proto)
{
	opvs_test_svc_conf(conf, proto);
	conf->flags = IP_VS_SVC_F_PERSISTENT;
	conf->timeout = TIMEOUT;
}

/* The service and its two servers. */
static void begin(struct kunit *test, const struct opvs_svc_conf *conf)
{
	svc = opvs_test_svc_as(test, on, conf);
	opvs_test_dest(test, svc, SERVER_1, ntohs(conf->key.port));
	opvs_test_dest(test, svc, SERVER_2, ntohs(conf->key.port));
}

static void begin_tcp(struct kunit *test)
{
	struct opvs_svc_conf conf;

	good_conf(&conf, IPPROTO_TCP);
	begin(test, &conf);
}

static opvs_verdict_t choose_by(struct sk_buff *skb,
				const struct opvs_flow *flow)
{
	opvs_verdict_t verdict;

	local_bh_disable();
	rcu_read_lock();
	verdict = opvs_choose(on, svc, skb, flow, &choice);
	rcu_read_unlock();
	local_bh_enable();
	return verdict;
}

/* The template of a client's connection to a port of the service. */
static struct opvs_conn *choose(struct kunit *test, u32 client, u16 port)
{
	const struct opvs_flow flow = {
		.saddr.ip = htonl(client),
		.daddr.ip = htonl(VIP),
		.sport = htons(40000),
		.dport = htons(port),
		.family = NFPROTO_IPV4,
		.proto = IPPROTO_TCP,
	};

	KUNIT_ASSERT_TRUE(test, choose_by(NULL, &flow) == OPVS_VERDICT(NONE));
	KUNIT_ASSERT_NOT_NULL(test, choice.control);
	KUNIT_EXPECT_PTR_EQ(test, choice.control->dest, choice.dest);
	return choice.control;
}

static u32 left(const struct opvs_conn *tp)
{
	return opvs_conn_seconds_left(tp);
}

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
	KUNIT_EXPECT_EQ(test, tp->state, OPVS_TEMPLATE_S_NONE);
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
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conns.count), 2);
}

struct mask_case {
	const char *name;
	u32 mask;
	u32 masked;
	u32 neighbour;	/* shares the template of CLIENT */
	u32 stranger;	/* does not, 0: there is nobody */
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
	KUNIT_ASSERT_TRUE(test, choose_by(NULL, &flow) == OPVS_VERDICT(NONE));
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
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conns.count), 2);
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

/* Whatever address, port and protocol a marked packet goes to. */
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
	KUNIT_ASSERT_TRUE(test, choose_by(NULL, &flow) == OPVS_VERDICT(NONE));
	tp = choice.control;
	KUNIT_ASSERT_NOT_NULL(test, tp);
	KUNIT_EXPECT_EQ(test, tp->request.tuple.proto, 0);
	KUNIT_EXPECT_EQ(test, ntohl(tp->request.tuple.dst.ip), 7);
	flow.daddr.ip = htonl(VIP + 1);
	flow.dport = htons(443);
	flow.proto = IPPROTO_UDP;
	KUNIT_ASSERT_TRUE(test, choose_by(NULL, &flow) == OPVS_VERDICT(NONE));
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
			  OPVS_VERDICT(NONE));
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

/* Without a Call-ID there is nothing to remember. */
static void persist_keyless(struct kunit *test)
{
	struct opvs_svc_conf conf;
	struct opvs_dest *first;

	sip_conf(&conf);
	begin(test, &conf);
	KUNIT_ASSERT_TRUE(test, choose_call(test, CLIENT, "\r\n\r\n") ==
			  OPVS_VERDICT(NONE));
	KUNIT_EXPECT_NULL(test, choice.control);
	first = choice.dest;
	KUNIT_EXPECT_NOT_NULL(test, first);
	choose_call(test, CLIENT, "\r\n\r\n");
	KUNIT_EXPECT_PTR_NE(test, choice.dest, first);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conns.count), 0);
}

/* ---- when it is void ---- */

static void persist_server_removed(struct kunit *test)
{
	struct opvs_dest *gone;
	struct opvs_conn *tp;

	begin_tcp(test);
	gone = choose(test, CLIENT, 80)->dest;
	opvs_test_dest_del(test, gone);
	tp = choose(test, CLIENT, 80);
	KUNIT_EXPECT_PTR_NE(test, tp->dest, gone);
	KUNIT_EXPECT_PTR_EQ(test, choose(test, CLIENT, 80), tp);
	/* The old one was ended, and with it the server. */
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conns.count), 1);
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 2));
}

static void set_weight(struct kunit *test, struct opvs_dest *dest, u32 weight)
{
	struct opvs_dest_conf conf = dest->conf;
	int err;

	conf.weight = weight;
	mutex_lock(&on->cfg_lock);
	err = opvs_dest_edit(dest, &conf, NULL);
	mutex_unlock(&on->cfg_lock);
	KUNIT_ASSERT_EQ(test, err, 0);
}

static void persist_quiescent(struct kunit *test)
{
	struct opvs_conn *tp, *other;

	begin_tcp(test);
	tp = choose(test, CLIENT, 80);
	set_weight(test, tp->dest, 0);
	/* Draining: who knows it may go on with it. */
	KUNIT_EXPECT_PTR_EQ(test, choose(test, CLIENT, 80), tp);
	other = choose(test, CLIENT + 1, 80);
	KUNIT_EXPECT_PTR_NE(test, other->dest, tp->dest);

	rcu_read_lock();
	WRITE_ONCE(on->settings.expire_quiescent_template, 1);
	KUNIT_EXPECT_PTR_EQ(test, choose(test, CLIENT, 80)->dest, other->dest);
	KUNIT_EXPECT_TRUE(test, opvs_conn_dead(tp));
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conns.count), 2);
}

/* A server that has all it may have keeps the clients that it has. */
static void persist_overloaded(struct kunit *test)
{
	struct opvs_conn_start start;
	struct opvs_conn *tp;

	begin_tcp(test);
	tp = choose(test, CLIENT, 80);
	opvs_test_dest_limit(test, tp->dest, 1, 0);
	opvs_test_start(&start, tp->dest, CLIENT, 1);
	KUNIT_ASSERT_FALSE(test, IS_ERR(opvs_test_track(on, &start)));
	KUNIT_EXPECT_FALSE(test, opvs_dest_available(tp->dest));
	KUNIT_EXPECT_PTR_EQ(test, choose(test, CLIENT, 80), tp);
	KUNIT_EXPECT_PTR_NE(test, choose(test, CLIENT + 1, 80)->dest, tp->dest);
	KUNIT_EXPECT_PTR_NE(test, choose(test, CLIENT + 2, 80)->dest, tp->dest);
}

static void persist_no_server(struct kunit *test)
{
	const struct opvs_flow flow = {
		.family = NFPROTO_IPV4,
		.proto = IPPROTO_TCP,
	};
	struct opvs_svc_conf conf;

	good_conf(&conf, IPPROTO_TCP);
	svc = opvs_test_svc_as(test, on, &conf);
	KUNIT_EXPECT_TRUE(test, choose_by(NULL, &flow) ==
			  OPVS_VERDICT(DROP_NO_SERVER));
	KUNIT_EXPECT_NULL(test, choice.dest);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conns.count), 0);
}

/* ---- how long it holds ---- */

/* Brings a template's time closer, as if it had passed. */
static void age(struct opvs_conn *tp, s32 to)
{
	WRITE_ONCE(tp->expiring.expires,
		   (u32)(jiffies + to) & ~OPVS_EXPIRE_DYING);
}

static struct opvs_conn *begin_child(struct kunit *test, struct opvs_conn *tp)
{
	struct opvs_conn_start start;
	struct opvs_conn *cp;

	opvs_test_start(&start, tp->dest, CLIENT, 1);
	start.control = tp;
	cp = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cp));
	return cp;
}

static void end(struct kunit *test, struct opvs_conn *cp)
{
	rcu_read_lock();
	KUNIT_EXPECT_TRUE(test, opvs_conn_end(cp));
	rcu_read_unlock();
}

static void persist_refreshed(struct kunit *test)
{
	struct opvs_conn *tp;

	begin_tcp(test);
	tp = choose(test, CLIENT, 80);
	age(tp, 30 * HZ);
	KUNIT_EXPECT_LE(test, left(tp), 30);
	KUNIT_EXPECT_PTR_EQ(test, choose(test, CLIENT, 80), tp);
	KUNIT_EXPECT_EQ(test, left(tp), TIMEOUT);
}

static void persist_over(struct kunit *test)
{
	struct opvs_conn *tp;
	u64 created;

	begin_tcp(test);
	rcu_read_lock();
	tp = choose(test, CLIENT, 80);
	created = opvs_counter_read(on, OPVS_CTR_TEMPLATE_CREATED);
	KUNIT_EXPECT_TRUE(test, opvs_conn_expire(tp));
	KUNIT_EXPECT_PTR_NE(test, choose(test, CLIENT, 80), tp);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, created + 1,
			opvs_counter_read(on, OPVS_CTR_TEMPLATE_CREATED));
}

/* A new timeout of the service holds from the next refresh on. */
static void persist_edited(struct kunit *test)
{
	struct opvs_svc_conf conf;
	struct opvs_conn *tp;
	int err;

	good_conf(&conf, IPPROTO_TCP);
	begin(test, &conf);
	tp = choose(test, CLIENT, 80);
	conf.timeout = 10;
	mutex_lock(&on->cfg_lock);
	err = opvs_svc_edit(svc, &conf, NULL);
	mutex_unlock(&on->cfg_lock);
	KUNIT_ASSERT_EQ(test, err, 0);
	KUNIT_EXPECT_PTR_EQ(test, choose(test, CLIENT, 80), tp);
	KUNIT_EXPECT_LE(test, left(tp), 10);
	KUNIT_EXPECT_GE(test, left(tp), 9);
}

/* Its children keep it, and who comes meanwhile gives it its time back, whether
 * the sweeper has seen that it was over or not.
 */
static void revive(struct kunit *test, bool swept)
{
	struct opvs_conn *tp, *cp;
	u32 over;
	int i;

	begin_tcp(test);
	/* The sweeper comes when it is told to. */
	opvs_expire_set_interval(&on->expire, 60 * HZ);
	tp = choose(test, CLIENT, 80);
	cp = begin_child(test, tp);
	age(tp, 0);
	over = tp->expiring.expires;
	if (swept) {
		opvs_expire_reclaim(&on->expire, jiffies, 1);
		for (i = 0; i < 100 && over == READ_ONCE(tp->expiring.expires);
		     i++)
			msleep(20);
	}
	KUNIT_EXPECT_PTR_EQ(test, choose(test, CLIENT, 80), tp);
	KUNIT_EXPECT_EQ(test, left(tp), TIMEOUT);
	end(test, cp);
	KUNIT_EXPECT_FALSE(test, opvs_conn_dead(tp));
	KUNIT_EXPECT_GE(test, left(tp), TIMEOUT - 2);
	KUNIT_EXPECT_PTR_EQ(test, choose(test, CLIENT, 80), tp);
}

static void persist_revived(struct kunit *test)
{
	revive(test, false);
}

static void persist_revived_swept(struct kunit *test)
{
	revive(test, true);
}

/* No room for a template: the connection is refused, too. */
static void persist_limit(struct kunit *test)
{
	const struct opvs_flow flow = {
		.saddr.ip = htonl(CLIENT + 1),
		.daddr.ip = htonl(VIP),
		.dport = htons(80),
		.family = NFPROTO_IPV4,
		.proto = IPPROTO_TCP,
	};

	begin_tcp(test);
	begin_child(test, choose(test, CLIENT, 80));
	WRITE_ONCE(on->conns.max, 1);
	KUNIT_EXPECT_TRUE(test, choose_by(NULL, &flow) ==
			  OPVS_VERDICT(DROP_LIMIT));
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conns.count), 2);
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
	KUNIT_CASE(persist_server_removed),
	KUNIT_CASE(persist_quiescent),
	KUNIT_CASE(persist_overloaded),
	KUNIT_CASE(persist_no_server),
	KUNIT_CASE(persist_refreshed),
	KUNIT_CASE(persist_over),
	KUNIT_CASE(persist_edited),
	KUNIT_CASE(persist_revived),
	KUNIT_CASE(persist_revived_swept),
	KUNIT_CASE(persist_limit),
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
