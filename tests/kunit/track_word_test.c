// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of what packets do to a connection's state word and timeout, and
 * of packets that begin a connection anew.
 */
#include <opvs/path.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/policy.h>
#include <opvs/proto.h>
#include <opvs/svc.h>
#include <opvs/table.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/skbuff.h>
#include <linux/string.h>

#include "testlib.h"

#define VIP		0xc0000201
#define CLIENT		0xcb007105
#define SERVER		0xc633640b

#define ACTIVE		OPVS_CONN_ACTIVE
#define ASSURED		OPVS_CONN_ASSURED
#define NO_OUTPUT	OPVS_CONN_NO_OUTPUT

static struct opvs_net *on;
static struct opvs_svc *svc;
static struct opvs_dest *dest;

static int word_init(struct kunit *test)
{
	int err = opvs_test_net_init(test, &on);
	struct opvs_svc_conf conf;

	if (err)
		return err;
	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	svc = opvs_test_svc_as(test, on, &conf);
	dest = opvs_test_dest(test, svc, SERVER, 8080);
	return 0;
}

static void word_exit(struct kunit *test)
{
	WRITE_ONCE(on->settings.conn_reuse_mode, 1);
	WRITE_ONCE(on->settings.expire_nodest_conn, 0);
	WRITE_ONCE(on->settings.expire_quiescent_template, 0);
	opvs_test_net_exit(test, on);
}

/* ---- words ---- */

struct word_case {
	const char *name;
	const struct opvs_proto *proto;
	u32 word;
	enum opvs_dir dir;
	u8 event;
	u32 after;
};

static const struct word_case word_cases[] = {
	{ "SYN", &opvs_proto_tcp, 0, OPVS_DIR_REQUEST, OPVS_TCP_SYN,
	  OPVS_TCP_S_SYN_RECV | ACTIVE },
	{ "SYN, direct", &opvs_proto_tcp, NO_OUTPUT, OPVS_DIR_REQUEST,
	  OPVS_TCP_SYN, OPVS_TCP_S_SYN_RECV | ACTIVE | NO_OUTPUT },
	{ "ACK to a SYN", &opvs_proto_tcp, OPVS_TCP_S_SYN_RECV | ACTIVE,
	  OPVS_DIR_REQUEST, OPVS_TCP_ACK,
	  OPVS_TCP_S_ESTABLISHED | ACTIVE | ASSURED },
	{ "data", &opvs_proto_tcp, OPVS_TCP_S_ESTABLISHED | ACTIVE | ASSURED,
	  OPVS_DIR_REPLY, OPVS_TCP_ACK,
	  OPVS_TCP_S_ESTABLISHED | ACTIVE | ASSURED },
	{ "FIN of the client", &opvs_proto_tcp,
	  OPVS_TCP_S_ESTABLISHED | ACTIVE | ASSURED, OPVS_DIR_REQUEST,
	  OPVS_TCP_FIN, OPVS_TCP_S_CLOSE_WAIT | ASSURED },
	{ "FIN of the client, direct", &opvs_proto_tcp,
	  OPVS_TCP_S_ESTABLISHED | ACTIVE | ASSURED | NO_OUTPUT,
	  OPVS_DIR_REQUEST, OPVS_TCP_FIN,
	  OPVS_TCP_S_FIN_WAIT | ASSURED | NO_OUTPUT },
	{ "a reply passes after all", &opvs_proto_tcp,
	  OPVS_TCP_S_ESTABLISHED | ACTIVE | NO_OUTPUT, OPVS_DIR_REPLY,
	  OPVS_TCP_ACK, OPVS_TCP_S_ESTABLISHED | ACTIVE | ASSURED },
	{ "RST", &opvs_proto_tcp, OPVS_TCP_S_ESTABLISHED | ACTIVE | ASSURED,
	  OPVS_DIR_REPLY, OPVS_TCP_RST, OPVS_TCP_S_CLOSE | ASSURED },
	{ "what means nothing", &opvs_proto_tcp, OPVS_TCP_S_SYN_RECV | ACTIVE,
	  OPVS_DIR_REQUEST, OPVS_TCP_OTHER, OPVS_TCP_S_SYN_RECV | ACTIVE },
	{ "a datagram", &opvs_proto_udp, 0, OPVS_DIR_REQUEST, 0,
	  OPVS_UDP_S_NORMAL },
	{ "a datagram back", &opvs_proto_udp, OPVS_UDP_S_NORMAL,
	  OPVS_DIR_REPLY, 0, OPVS_UDP_S_NORMAL | ASSURED },
	{ "a datagram, after one back", &opvs_proto_udp,
	  OPVS_UDP_S_NORMAL | ASSURED, OPVS_DIR_REQUEST, 0,
	  OPVS_UDP_S_NORMAL | ASSURED },
	{ "INIT", &opvs_proto_sctp, 0, OPVS_DIR_REQUEST, OPVS_SCTP_INIT,
	  OPVS_SCTP_S_INIT1 },
	{ "COOKIE ACK", &opvs_proto_sctp, OPVS_SCTP_S_COOKIE_ECHOED,
	  OPVS_DIR_REPLY, OPVS_SCTP_COOKIE_ACK,
	  OPVS_SCTP_S_ESTABLISHED | ACTIVE | ASSURED },
	{ "an ended one stays ended", &opvs_proto_tcp,
	  OPVS_TCP_S_SYN_RECV | ACTIVE | OPVS_CONN_ENDED, OPVS_DIR_REQUEST,
	  OPVS_TCP_OTHER, OPVS_TCP_S_SYN_RECV | ACTIVE | OPVS_CONN_ENDED },
};

static void word_name(const struct word_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(word, word_cases, word_name);

static void word_after(struct kunit *test)
{
	const struct word_case *row = test->param_value;

	KUNIT_EXPECT_EQ(test, row->after,
			opvs_track_word(on, row->proto, row->word, row->dir,
					row->event));
}

static void word_begins(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, OPVS_TCP_S_SYN_RECV | ACTIVE,
			opvs_track_begin(on, dest, &opvs_proto_tcp,
					 OPVS_TCP_SYN));
	opvs_test_dest_method(test, dest, IP_VS_CONN_F_DROUTE);
	KUNIT_EXPECT_EQ(test, OPVS_TCP_S_SYN_RECV | ACTIVE | NO_OUTPUT,
			opvs_track_begin(on, dest, &opvs_proto_tcp,
					 OPVS_TCP_SYN));
}

/* A server's count of active connections follows the word. */
static void word_counts(struct kunit *test)
{
	struct opvs_conn_start start;
	struct opvs_conn *cp;
	u32 seen;

	opvs_test_start(&start, dest, CLIENT, 1);
	start.word = ACTIVE | OPVS_TCP_S_SYN_RECV;
	cp = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cp));
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->active), 1);

	seen = start.word;
	KUNIT_EXPECT_TRUE(test, opvs_conn_set_word(cp, &seen,
						   OPVS_TCP_S_CLOSE));
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->active), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->conns), 1);

	/* Somebody else was faster: nothing has changed but what we know. */
	seen = start.word;
	KUNIT_EXPECT_FALSE(test, opvs_conn_set_word(cp, &seen, ACTIVE));
	KUNIT_EXPECT_EQ(test, seen, OPVS_TCP_S_CLOSE);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->active), 0);

	KUNIT_EXPECT_TRUE(test, opvs_conn_set_word(cp, &seen, ACTIVE));
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->active), 1);
	rcu_read_lock();
	opvs_conn_end(cp);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->active), 0);
	/* The word of an ended one cannot be had by surprise. */
	seen = ACTIVE;
	KUNIT_EXPECT_FALSE(test, opvs_conn_set_word(cp, &seen, 0));
	KUNIT_EXPECT_TRUE(test, seen & OPVS_CONN_ENDED);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->active), 0);
}

/* Each protocol, each state: the policy's number, also when it is edited. */
static void word_seconds(struct kunit *test)
{
	u32 set[OPVS_TIMEOUTS] = {};
	u32 old[OPVS_TIMEOUTS];
	unsigned int i;
	int err;

	memcpy(old, on->policy.standard.timeout, sizeof(old));
	rcu_read_lock();
	for (i = 0; i < OPVS_TCP_STATES; i++)
		KUNIT_EXPECT_EQ(test, old[OPVS_TIMEOUT_TCP + i],
				opvs_track_seconds(svc, &opvs_proto_tcp,
						   i | ACTIVE | ASSURED));
	for (i = 0; i < OPVS_SCTP_STATES; i++)
		KUNIT_EXPECT_EQ(test, old[OPVS_TIMEOUT_SCTP + i],
				opvs_track_seconds(svc, &opvs_proto_sctp, i));
	KUNIT_EXPECT_EQ(test, old[OPVS_TIMEOUT_UDP],
			opvs_track_seconds(svc, &opvs_proto_udp, NO_OUTPUT));
	rcu_read_unlock();

	set[OPVS_TIMEOUT_TCP + OPVS_TCP_S_ESTABLISHED] = 7;
	mutex_lock(&on->cfg_lock);
	err = opvs_policy_edit(on, &on->policy.standard, set, NULL);
	mutex_unlock(&on->cfg_lock);
	KUNIT_EXPECT_EQ(test, err, 0);
	rcu_read_lock();
	KUNIT_EXPECT_EQ(test, 7, opvs_track_seconds(svc, &opvs_proto_tcp,
						    OPVS_TCP_S_ESTABLISHED));
	rcu_read_unlock();
	mutex_lock(&on->cfg_lock);
	opvs_policy_edit(on, &on->policy.standard, old, NULL);
	mutex_unlock(&on->cfg_lock);
}

/* ---- packets; those that are sent on are in other tests ---- */

static const struct opvs_flow syn = {
	.saddr.ip = htonl(CLIENT),
	.daddr.ip = htonl(VIP),
	.sport = htons(1),
	.dport = htons(80),
	.family = NFPROTO_IPV4,
	.proto = IPPROTO_TCP,
	.flags = OPVS_FLOW_TO_HOST,
	.event = OPVS_TCP_SYN,
};

static opvs_verdict_t track(struct sk_buff *skb, const struct opvs_flow *flow)
{
	opvs_verdict_t verdict;

	local_bh_disable();
	rcu_read_lock();
	verdict = opvs_track(on, skb, flow);
	rcu_read_unlock();
	local_bh_enable();
	return verdict;
}

/* What becomes of a SYN that is a connection's, without a packet around it. */
static opvs_verdict_t packet(const struct opvs_flow *flow)
{
	return track(NULL, flow);
}

/* Is a packet a connection's?  It has no headers and comes to nothing. */
static bool is_followed(struct kunit *test, const struct opvs_flow *flow)
{
	struct sk_buff *skb = alloc_skb(0, GFP_KERNEL);
	opvs_verdict_t verdict;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	/* Packets come by a device. */
	skb->dev = init_net.loopback_dev;
	verdict = track(skb, flow);
	kfree_skb(skb);
	return verdict != OPVS_NOT_OURS;
}

static void empty_packet(struct kunit *test, const struct opvs_flow *flow)
{
	KUNIT_EXPECT_TRUE(test, is_followed(test, flow));
}

static struct opvs_conn *begin(struct kunit *test, u32 state)
{
	struct opvs_conn_start start;
	struct opvs_conn *cp;

	opvs_test_start(&start, dest, CLIENT, 1);
	start.word = state;
	cp = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cp));
	return cp;
}

static const struct opvs_flow reply = {
	.saddr.ip = htonl(SERVER),
	.daddr.ip = htonl(CLIENT),
	.sport = htons(8080),
	.dport = htons(1),
	.family = NFPROTO_IPV4,
	.proto = IPPROTO_TCP,
	.event = OPVS_TCP_ACK,
};

/* The client's, up to a number that says enough; the state stays what it is. */
static void word_packets(struct kunit *test)
{
	struct opvs_conn *cp = begin(test, OPVS_TCP_S_ESTABLISHED | ACTIVE |
				     ASSURED);
	struct opvs_flow flow = syn;
	unsigned int i;

	flow.event = OPVS_TCP_ACK;
	KUNIT_EXPECT_EQ(test, opvs_conn_in_pkts(cp), 0);
	for (i = 1; i < 2 * OPVS_CONN_PKTS_MAX; i++) {
		empty_packet(test, &flow);
		empty_packet(test, &reply);
		KUNIT_EXPECT_EQ(test, opvs_conn_in_pkts(cp),
				min_t(u32, i, OPVS_CONN_PKTS_MAX));
	}
	KUNIT_EXPECT_EQ(test, cp->word & ~OPVS_CONN_PKTS,
			OPVS_TCP_S_ESTABLISHED | ACTIVE | ASSURED);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->active), 1);
}

/* A connection that becomes assured assures its template, by whatever packet. */
static void word_assures(struct kunit *test)
{
	struct opvs_flow flow = syn;
	struct opvs_conn_start start;
	struct opvs_conn *tp;

	opvs_test_start(&start, dest, CLIENT, 0);
	start.tuple.kind = OPVS_TUPLE_TEMPLATE;
	start.flags = IP_VS_CONN_F_TEMPLATE;
	tp = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(tp));
	opvs_test_start(&start, dest, CLIENT, 1);
	start.word = OPVS_TCP_S_SYN_RECV | ACTIVE;
	start.control = tp;
	KUNIT_ASSERT_FALSE(test, IS_ERR(opvs_test_track(on, &start)));

	empty_packet(test, &flow);
	KUNIT_EXPECT_FALSE(test, tp->word & ASSURED);
	flow.event = OPVS_TCP_ACK;
	empty_packet(test, &flow);
	KUNIT_EXPECT_EQ(test, tp->word, OPVS_TEMPLATE_S_ASSURED | ASSURED);
}

static bool nothing_left(void)
{
	return !atomic_read(&on->conn.limit.count) &&
	       !atomic_read(&on->conn.table.nelems) &&
	       !atomic_read(&dest->conns);
}

struct anew_case {
	const char *name;
	u32 state;
	int mode;
	bool nodest;
	u32 weight;
};

static const struct anew_case anew_cases[] = {
	{ "TIME_WAIT", OPVS_TCP_S_TIME_WAIT, 1, false, 1 },
	{ "CLOSE", OPVS_TCP_S_CLOSE, 1, false, 1 },
	{ "FIN_WAIT, direct", OPVS_TCP_S_FIN_WAIT | NO_OUTPUT, 2, false, 1 },
	{ "weight 0", OPVS_TCP_S_ESTABLISHED | ACTIVE, 0, true, 0 },
};

static void anew_name(const struct anew_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(anew, anew_cases, anew_name);

static void word_begins_anew(struct kunit *test)
{
	const struct anew_case *row = test->param_value;
	unsigned int i;

	WRITE_ONCE(on->settings.conn_reuse_mode, row->mode);
	WRITE_ONCE(on->settings.expire_nodest_conn, row->nodest);
	WRITE_ONCE(dest->weight, row->weight);
	/* More often than the sweeper could come. */
	for (i = 0; i < 1000; i++) {
		begin(test, row->state);
		KUNIT_ASSERT_TRUE(test, packet(&syn) == OPVS_NOT_OURS);
		KUNIT_ASSERT_TRUE_MSG(test, nothing_left(), "round %u", i);
	}
	KUNIT_EXPECT_EQ(test, opvs_conn_table_size(on), OPVS_TABLE_MIN_SIZE);
}

struct drained_case {
	const char *name;
	u8 proto;
	u8 event;
	bool nodest;
	bool template;
	bool quiescent;
	u32 weight;
	bool leaves;
};

static const struct drained_case drained_cases[] = {
	{ "UDP", IPPROTO_UDP, 0, .nodest = true, .leaves = true },
	{ "UDP, not so wished", IPPROTO_UDP, 0 },
	{ "UDP, weight 1", IPPROTO_UDP, 0, .nodest = true, .weight = 1 },
	{ "UDP, template", IPPROTO_UDP, 0, .nodest = true, .template = true },
	{ "UDP, template leaves", IPPROTO_UDP, 0, .nodest = true,
	  .template = true, .quiescent = true, .leaves = true },
	{ "UDP, template not alone", IPPROTO_UDP, 0, .template = true,
	  .quiescent = true },
	{ "TCP SYN", IPPROTO_TCP, OPVS_TCP_SYN, .nodest = true, .leaves = true },
	{ "TCP SYN, template", IPPROTO_TCP, OPVS_TCP_SYN, .nodest = true,
	  .template = true },
	{ "TCP SYN, template leaves", IPPROTO_TCP, OPVS_TCP_SYN, .nodest = true,
	  .template = true, .quiescent = true, .leaves = true },
	{ "TCP ACK", IPPROTO_TCP, OPVS_TCP_ACK, .nodest = true },
	{ "SCTP INIT", IPPROTO_SCTP, OPVS_SCTP_INIT, .nodest = true,
	  .leaves = true },
	{ "SCTP DATA", IPPROTO_SCTP, OPVS_SCTP_DATA, .nodest = true },
};

static void drained_name(const struct drained_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(drained, drained_cases, drained_name);

/* Which packets of a connection leave a server of weight 0? */
static void word_drained(struct kunit *test)
{
	const struct drained_case *row = test->param_value;
	struct opvs_conn_start start;
	struct opvs_svc_conf conf;
	struct opvs_conn *tp = NULL, *cp;
	struct opvs_flow flow = syn;

	opvs_test_svc_conf(&conf, row->proto);
	conf.key.port = htons(81);
	dest = opvs_test_dest(test, opvs_test_svc_as(test, on, &conf), SERVER,
			      8081);
	if (row->template) {
		opvs_test_start(&start, dest, CLIENT, 0);
		start.tuple.kind = OPVS_TUPLE_TEMPLATE;
		start.flags = IP_VS_CONN_F_TEMPLATE;
		tp = opvs_test_track(on, &start);
		KUNIT_ASSERT_FALSE(test, IS_ERR(tp));
	}
	opvs_test_start(&start, dest, CLIENT, 1);
	start.word = OPVS_TCP_S_ESTABLISHED * (row->proto == IPPROTO_TCP) |
		      OPVS_SCTP_S_ESTABLISHED * (row->proto == IPPROTO_SCTP);
	start.control = tp;
	cp = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cp));
	WRITE_ONCE(on->settings.expire_nodest_conn, row->nodest);
	WRITE_ONCE(on->settings.expire_quiescent_template, row->quiescent);
	WRITE_ONCE(dest->weight, row->weight);

	flow.proto = row->proto;
	flow.dport = htons(81);
	flow.event = row->event;
	KUNIT_EXPECT_EQ(test, is_followed(test, &flow), !row->leaves);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->conns), !row->leaves);
}

/* A template that was ended holds no client. */
static void word_drained_orphan(struct kunit *test)
{
	struct opvs_conn_start start;
	struct opvs_conn *tp;

	opvs_test_start(&start, dest, CLIENT, 0);
	start.tuple.kind = OPVS_TUPLE_TEMPLATE;
	start.flags = IP_VS_CONN_F_TEMPLATE;
	tp = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(tp));
	opvs_test_start(&start, dest, CLIENT, 1);
	start.control = tp;
	KUNIT_ASSERT_FALSE(test, IS_ERR(opvs_test_track(on, &start)));
	WRITE_ONCE(on->settings.expire_nodest_conn, 1);
	WRITE_ONCE(dest->weight, 0);
	empty_packet(test, &syn);
	rcu_read_lock();
	opvs_conn_end(tp);
	rcu_read_unlock();
	KUNIT_EXPECT_FALSE(test, is_followed(test, &syn));
	KUNIT_EXPECT_TRUE(test, nothing_left());
}

/* Its server was removed: dropped and kept for the server's return, unless the
 * setting says that it ends.
 */
static void word_orphan(struct kunit *test)
{
	struct opvs_conn *cp = begin(test, OPVS_TCP_S_ESTABLISHED | ACTIVE);

	opvs_test_dest_del(test, dest);
	KUNIT_EXPECT_TRUE(test, packet(&syn) ==
			  OPVS_VERDICT(DROP_REMOVED_SERVER));
	KUNIT_EXPECT_FALSE(test, opvs_conn_dead(cp));
	WRITE_ONCE(on->settings.expire_nodest_conn, 1);
	KUNIT_EXPECT_TRUE(test, packet(&syn) == OPVS_NOT_OURS);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), 0);
}

/* Packets of no connection. */
static void word_not_ours(struct kunit *test)
{
	struct opvs_flow flow = syn;
	struct opvs_conn *cp;

	KUNIT_EXPECT_TRUE(test, packet(&flow) == OPVS_NOT_OURS);
	cp = begin(test, OPVS_TCP_S_CLOSE);
	flow.sport = htons(2);
	KUNIT_EXPECT_TRUE(test, packet(&flow) == OPVS_NOT_OURS);
	flow = syn;
	flow.flags |= OPVS_FLOW_MALFORMED;
	KUNIT_EXPECT_TRUE(test, packet(&flow) == OPVS_NOT_OURS);
	flow = syn;
	flow.flags |= OPVS_FLOW_LATER_FRAG;
	KUNIT_EXPECT_TRUE(test, packet(&flow) == OPVS_NOT_OURS);
	/* Forwarded: it has not reached the virtual address. */
	flow = syn;
	flow.flags = 0;
	KUNIT_EXPECT_TRUE(test, packet(&flow) == OPVS_NOT_OURS);
	KUNIT_EXPECT_FALSE(test, opvs_conn_dead(cp));
}

static struct kunit_case word_test_cases[] = {
	KUNIT_CASE_PARAM(word_after, word_gen_params),
	KUNIT_CASE(word_begins),
	KUNIT_CASE(word_counts),
	KUNIT_CASE(word_seconds),
	KUNIT_CASE(word_packets),
	KUNIT_CASE(word_assures),
	KUNIT_CASE_PARAM(word_begins_anew, anew_gen_params),
	KUNIT_CASE_PARAM(word_drained, drained_gen_params),
	KUNIT_CASE(word_drained_orphan),
	KUNIT_CASE(word_orphan),
	KUNIT_CASE(word_not_ours),
	{}
};

static struct kunit_suite word_suite = {
	.name = "opvs_track_word",
	.init = word_init,
	.exit = word_exit,
	.test_cases = word_test_cases,
};

kunit_test_suite(word_suite);

MODULE_DESCRIPTION("opvs: unit tests of connection states and timeouts");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
