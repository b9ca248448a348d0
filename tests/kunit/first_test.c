// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of first packets whose replies would look like those of another
 * connection: which old entry ends, and when another server is taken.
 *
 *	client port --- 192.0.2.1:80 (old) --------- server 198.51.100.11:80
 *	           \--- 192.0.2.2:80 (new) ---+----- the same
 *	                                      +----- server 198.51.100.12:80
 */
#include <opvs/path.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/flow.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/proto.h>
#include <opvs/sched.h>
#include <opvs/svc.h>
#include <opvs/table.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/string.h>

#include "testlib.h"

#define VIP		0xc0000201
#define CLIENT		0xcb007105
#define SERVER(n)	(0xc633640a + (n))

/* Which bits real entries have in states that both sides have agreed upon. */
#define AGREED		OPVS_CONN_ASSURED
#define ESTABLISHED	(AGREED | OPVS_CONN_ACTIVE)
#define HALF_OPEN	OPVS_CONN_ACTIVE

static struct opvs_net *on;
static struct opvs_svc *old_svc, *new_svc;

static int first_init(struct kunit *test)
{
	return opvs_test_net_init(test, &on);
}

static void first_exit(struct kunit *test)
{
	opvs_test_net_exit(test, on);
}

/* Service number @n with @servers servers. */
static struct opvs_svc *service(struct kunit *test, u32 n, u8 proto,
				const struct opvs_sched_ops *sched, u32 flags,
				unsigned int servers)
{
	struct opvs_svc_conf conf;
	struct opvs_svc *svc;
	unsigned int i;

	opvs_test_svc_conf(&conf, proto);
	conf.key.addr.ip = htonl(VIP - 1 + n);
	conf.sched = sched;
	conf.flags = flags;
	conf.timeout = 300;
	svc = opvs_test_svc_as(test, on, &conf);
	for (i = 1; i <= servers; i++)
		opvs_test_dest(test, svc, SERVER(i), 80);
	return svc;
}

static struct opvs_dest *server(const struct opvs_svc *svc, unsigned int n)
{
	const struct opvs_dest_key key = {
		.addr.ip = htonl(SERVER(n)),
		.port = htons(80),
		.family = NFPROTO_IPV4,
	};
	struct opvs_dest *dest;

	mutex_lock(&on->cfg_lock);
	dest = opvs_dest_find(svc, &key);
	mutex_unlock(&on->cfg_lock);
	return dest;
}

static struct opvs_conn_start old_start(struct opvs_dest *dest, u16 port,
					u32 word)
{
	struct opvs_conn_start start;

	opvs_test_start(&start, dest, CLIENT, port);
	start.word = word;
	return start;
}

/* The client's first packet from @port to service @svc. */
static struct opvs_flow first_flow(const struct opvs_svc *svc, u16 port)
{
	struct opvs_flow flow = {
		.saddr.ip = htonl(CLIENT),
		.daddr = svc->key.addr,
		.sport = htons(port),
		.dport = svc->key.port,
		.family = NFPROTO_IPV4,
		.proto = svc->key.proto,
		.flags = OPVS_FLOW_TO_HOST,
	};

	flow.event = opvs_proto_find(flow.proto)->first;
	return flow;
}

/* It has no headers, so it comes to nothing once its connection is made. */
static opvs_verdict_t request(struct kunit *test, const struct opvs_flow *flow)
{
	struct sk_buff *skb = alloc_skb(0, GFP_KERNEL);
	opvs_verdict_t verdict;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	/* Packets come by a device. */
	skb->dev = init_net.loopback_dev;
	local_bh_disable();
	rcu_read_lock();
	verdict = opvs_request(on, skb, flow);
	rcu_read_unlock();
	local_bh_enable();
	kfree_skb(skb);
	return verdict;
}

/* The secret decides where a hash leads: finds a port of a server. */
static u16 port_for(struct kunit *test, const struct opvs_dest *dest)
{
	struct opvs_choice choice = {};
	struct opvs_flow flow;
	u16 port;

	if (!dest->svc->conf.sched->repeats)
		return 1;
	for (port = 1; port < 1000; port++) {
		flow = first_flow(dest->svc, port);
		flow.saddr.ip = htonl(CLIENT);
		local_bh_disable();
		rcu_read_lock();
		choice = (struct opvs_choice){};
		opvs_choose(on, dest->svc, NULL, &flow, &choice);
		rcu_read_unlock();
		local_bh_enable();
		if (choice.dest == dest)
			return port;
	}
	KUNIT_FAIL(test, "no port leads there");
	return 0;
}

/* The server number of the live connection of a tuple; 0: there is none. */
static unsigned int served_by(const struct opvs_tuple *tuple)
{
	struct opvs_table_key key = { .tuple = *tuple, .now = jiffies };
	struct opvs_conn_node *node;
	unsigned int n = 0;

	rcu_read_lock();
	node = opvs_table_find(on, &key);
	if (node && node->tuple.kind == OPVS_TUPLE_REQUEST)
		n = ntohl(opvs_conn_of(node)->dest->addr.ip) - SERVER(0);
	rcu_read_unlock();
	return n;
}

struct first_case {
	const char *name;
	u8 proto;
	u32 word;
	const struct opvs_sched_ops *sched;
	u32 flags;
	unsigned int servers;
	bool ends;
	unsigned int at;	/* server of the new one, 0: refused */
};

static const struct first_case first_cases[] = {
	{ "TCP TIME_WAIT", .proto = IPPROTO_TCP,
	  .word = OPVS_TCP_S_TIME_WAIT | AGREED, .sched = &opvs_sched_rr,
	  .servers = 2, .ends = true, .at = 1 },
	{ "TCP TIME_WAIT, sh", .proto = IPPROTO_TCP,
	  .word = OPVS_TCP_S_TIME_WAIT | AGREED, .sched = &opvs_sched_sh,
	  .flags = IP_VS_SVC_F_SCHED_SH_PORT, .servers = 2, .ends = true,
	  .at = 1 },
	{ "TCP TIME_WAIT, -p", .proto = IPPROTO_TCP,
	  .word = OPVS_TCP_S_TIME_WAIT | AGREED, .sched = &opvs_sched_rr,
	  .flags = IP_VS_SVC_F_PERSISTENT, .servers = 2, .ends = true,
	  .at = 1 },
	{ "TCP CLOSE", .proto = IPPROTO_TCP, .word = OPVS_TCP_S_CLOSE | AGREED,
	  .sched = &opvs_sched_wlc, .servers = 2, .ends = true, .at = 1 },
	{ "TCP ESTABLISHED", .proto = IPPROTO_TCP,
	  .word = OPVS_TCP_S_ESTABLISHED | ESTABLISHED, .sched = &opvs_sched_rr,
	  .servers = 2, .at = 2 },
	{ "TCP ESTABLISHED, wlc", .proto = IPPROTO_TCP,
	  .word = OPVS_TCP_S_ESTABLISHED | ESTABLISHED,
	  .sched = &opvs_sched_wlc, .servers = 2, .at = 2 },
	{ "TCP ESTABLISHED, one server", .proto = IPPROTO_TCP,
	  .word = OPVS_TCP_S_ESTABLISHED | ESTABLISHED, .sched = &opvs_sched_rr,
	  .servers = 1 },
	{ "TCP ESTABLISHED, sh", .proto = IPPROTO_TCP,
	  .word = OPVS_TCP_S_ESTABLISHED | ESTABLISHED, .sched = &opvs_sched_sh,
	  .flags = IP_VS_SVC_F_SCHED_SH_PORT, .servers = 2 },
	{ "TCP ESTABLISHED, fo", .proto = IPPROTO_TCP,
	  .word = OPVS_TCP_S_ESTABLISHED | ESTABLISHED, .sched = &opvs_sched_fo,
	  .servers = 2 },
	{ "TCP ESTABLISHED, -p", .proto = IPPROTO_TCP,
	  .word = OPVS_TCP_S_ESTABLISHED | ESTABLISHED, .sched = &opvs_sched_rr,
	  .flags = IP_VS_SVC_F_PERSISTENT, .servers = 2 },
	{ "TCP FIN_WAIT, one server", .proto = IPPROTO_TCP,
	  .word = OPVS_TCP_S_FIN_WAIT | AGREED, .sched = &opvs_sched_rr,
	  .servers = 1 },
	{ "TCP CLOSE_WAIT, sh", .proto = IPPROTO_TCP,
	  .word = OPVS_TCP_S_CLOSE_WAIT | AGREED, .sched = &opvs_sched_sh,
	  .flags = IP_VS_SVC_F_SCHED_SH_PORT, .servers = 2 },
	{ "TCP SYN_RECV", .proto = IPPROTO_TCP,
	  .word = OPVS_TCP_S_SYN_RECV | HALF_OPEN, .sched = &opvs_sched_rr,
	  .servers = 2, .at = 2 },
	{ "TCP SYN_RECV, one server", .proto = IPPROTO_TCP,
	  .word = OPVS_TCP_S_SYN_RECV | HALF_OPEN, .sched = &opvs_sched_rr,
	  .servers = 1, .ends = true, .at = 1 },
	{ "TCP SYN_RECV, sh", .proto = IPPROTO_TCP,
	  .word = OPVS_TCP_S_SYN_RECV | HALF_OPEN, .sched = &opvs_sched_sh,
	  .flags = IP_VS_SVC_F_SCHED_SH_PORT, .servers = 2, .ends = true,
	  .at = 1 },
	{ "TCP SYNACK, -p", .proto = IPPROTO_TCP,
	  .word = OPVS_TCP_S_SYNACK | HALF_OPEN, .sched = &opvs_sched_rr,
	  .flags = IP_VS_SVC_F_PERSISTENT, .servers = 2, .ends = true,
	  .at = 1 },
	{ "UDP", .proto = IPPROTO_UDP, .sched = &opvs_sched_rr, .servers = 2,
	  .at = 2 },
	{ "UDP, wlc", .proto = IPPROTO_UDP, .sched = &opvs_sched_wlc,
	  .servers = 2, .at = 2 },
	{ "UDP, one server", .proto = IPPROTO_UDP, .sched = &opvs_sched_rr,
	  .servers = 1, .ends = true, .at = 1 },
	{ "UDP, answered, one server", .proto = IPPROTO_UDP, .word = AGREED,
	  .sched = &opvs_sched_rr, .servers = 1, .ends = true, .at = 1 },
	{ "UDP, answered, sh", .proto = IPPROTO_UDP, .word = AGREED,
	  .sched = &opvs_sched_sh, .flags = IP_VS_SVC_F_SCHED_SH_PORT,
	  .servers = 2, .ends = true, .at = 1 },
	{ "UDP, answered, -p", .proto = IPPROTO_UDP, .word = AGREED,
	  .sched = &opvs_sched_rr, .flags = IP_VS_SVC_F_PERSISTENT,
	  .servers = 2, .ends = true, .at = 1 },
	{ "SCTP CLOSED", .proto = IPPROTO_SCTP,
	  .word = OPVS_SCTP_S_CLOSED | AGREED, .sched = &opvs_sched_rr,
	  .servers = 2, .ends = true, .at = 1 },
	{ "SCTP ESTABLISHED", .proto = IPPROTO_SCTP,
	  .word = OPVS_SCTP_S_ESTABLISHED | ESTABLISHED,
	  .sched = &opvs_sched_rr, .servers = 2, .at = 2 },
	{ "SCTP ESTABLISHED, sh", .proto = IPPROTO_SCTP,
	  .word = OPVS_SCTP_S_ESTABLISHED | ESTABLISHED,
	  .sched = &opvs_sched_sh, .flags = IP_VS_SVC_F_SCHED_SH_PORT,
	  .servers = 2 },
	{ "SCTP INIT1", .proto = IPPROTO_SCTP, .word = OPVS_SCTP_S_INIT1,
	  .sched = &opvs_sched_rr, .servers = 2, .at = 2 },
	{ "SCTP INIT1, one server", .proto = IPPROTO_SCTP,
	  .word = OPVS_SCTP_S_INIT1, .sched = &opvs_sched_rr, .servers = 1,
	  .ends = true, .at = 1 },
};

static void first_name(const struct first_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(first, first_cases, first_name);

static void first_meets_old(struct kunit *test)
{
	const struct first_case *row = test->param_value;
	struct opvs_conn_start start;
	struct opvs_tuple tuple;
	struct opvs_flow flow;
	bool refused;
	u16 port;

	old_svc = service(test, 1, row->proto, &opvs_sched_rr, 0, 1);
	new_svc = service(test, 2, row->proto, row->sched, row->flags,
			  row->servers);
	port = port_for(test, server(new_svc, 1));
	start = old_start(server(old_svc, 1), port, row->word);
	KUNIT_ASSERT_FALSE(test, IS_ERR(opvs_test_track(on, &start)));

	flow = first_flow(new_svc, port);
	refused = request(test, &flow) == OPVS_VERDICT(DROP_REPLY_CLASH);
	KUNIT_EXPECT_EQ(test, refused, !row->at);
	KUNIT_EXPECT_EQ(test, served_by(&start.tuple), row->ends ? 0 : 1);
	opvs_tuple_of(&tuple, &flow);
	KUNIT_EXPECT_EQ(test, served_by(&tuple), row->at);
	KUNIT_EXPECT_EQ(test, atomic_read(&old_svc->conns.count), !row->ends);
	KUNIT_EXPECT_EQ(test, atomic_read(&server(old_svc, 1)->conns),
			!row->ends);
}

/* With every server there is something in the way: what may yield does. */
static void first_all_taken(struct kunit *test)
{
	struct opvs_conn_start start[2];
	struct opvs_svc *third;
	struct opvs_tuple tuple;
	struct opvs_flow flow;
	unsigned int i, left = 0;

	for (i = 0; i < 2; i++) {
		old_svc = service(test, 1 + i, IPPROTO_UDP, &opvs_sched_rr, 0, 2);
		start[i] = old_start(server(old_svc, 1 + i), 1, AGREED);
		KUNIT_ASSERT_FALSE(test,
				   IS_ERR(opvs_test_track(on, &start[i])));
	}
	third = service(test, 3, IPPROTO_UDP, &opvs_sched_rr, 0, 2);
	flow = first_flow(third, 1);
	KUNIT_EXPECT_FALSE(test, request(test, &flow) ==
			   OPVS_VERDICT(DROP_REPLY_CLASH));
	opvs_tuple_of(&tuple, &flow);
	KUNIT_EXPECT_NE(test, served_by(&tuple), 0);
	for (i = 0; i < 2; i++)
		left += !!served_by(&start[i].tuple);
	KUNIT_EXPECT_EQ(test, left, 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), 2);
}

/* A request that looks like a reply, as two CPUs may see it: the server of the
 * old connection is a client from its port, of a service at the old client's.
 */
static void first_is_reply(struct kunit *test)
{
	struct opvs_svc_conf conf;
	struct opvs_conn_start start;
	struct opvs_tuple tuple;
	struct opvs_flow flow;
	struct opvs_conn *old;

	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	conf.key.addr.ip = htonl(CLIENT);
	new_svc = opvs_test_svc_as(test, on, &conf);
	opvs_test_dest(test, new_svc, SERVER(2), 80);
	old_svc = service(test, 1, IPPROTO_TCP, &opvs_sched_rr, 0, 1);
	start = old_start(server(old_svc, 1), 80,
			  OPVS_TCP_S_ESTABLISHED | ESTABLISHED);
	old = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(old));

	flow = first_flow(new_svc, 80);
	flow.saddr.ip = htonl(SERVER(1));
	opvs_tuple_of(&tuple, &flow);
	KUNIT_EXPECT_TRUE(test, request(test, &flow) ==
			  OPVS_VERDICT(DROP_REPLY_CLASH));
	KUNIT_EXPECT_EQ(test, served_by(&start.tuple), 1);
	WRITE_ONCE(old->word, OPVS_TCP_S_TIME_WAIT | AGREED);
	atomic_dec(&server(old_svc, 1)->active);
	KUNIT_EXPECT_FALSE(test, request(test, &flow) ==
			   OPVS_VERDICT(DROP_REPLY_CLASH));
	KUNIT_EXPECT_EQ(test, served_by(&start.tuple), 0);
	KUNIT_EXPECT_EQ(test, served_by(&tuple), 2);
}

static struct kunit_case first_test_cases[] = {
	KUNIT_CASE_PARAM(first_meets_old, first_gen_params),
	KUNIT_CASE(first_all_taken),
	KUNIT_CASE(first_is_reply),
	{}
};

static struct kunit_suite first_suite = {
	.name		= "opvs_first",
	.init		= first_init,
	.exit		= first_exit,
	.test_cases	= first_test_cases,
};

kunit_test_suite(first_suite);

MODULE_DESCRIPTION("opvs: unit tests of first packets");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
