// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of control connections: what is expected after which line, what the
 * other end gets to see, and what comes again.
 *
 *	client 203.0.113.5 --- service 192.0.2.1:21 --- servers 198.51.100.111:21
 *		and 10.0.0.1:21: the one's address is longer, the other's shorter
 */
#include <opvs/app.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/expect.h>
#include <opvs/flow.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/svc.h>
#include <opvs/table.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <linux/tcp.h>
#include <net/checksum.h>

#include "packet.h"
#include "testlib.h"

#define VIP		0xc0000201
#define CLIENT		0xcb007105
#define LONGER		0xc633646f
#define SHORTER		0x0a000001
#define CLIENT_PORT	40000
#define SEQ		0x89abcdef	/* as packet.c writes them */
#define ACK		0x01234567

/* What server LONGER says, and what of it the client is told. */
#define SAYS		"227 At (198,51,100,111,195,80).\r\n"
#define TOLD		"227 At (192,0,2,1,195,80).\r\n"
#define LOST		5	/* bytes */

static struct opvs_net *on;
static struct opvs_svc *svc;
static struct opvs_dest *dest;
static struct opvs_conn *cp;
static u64 base[OPVS_CTR_MAX];

/* A packet, and what became of it. */
static struct {
	struct sk_buff		*skb;
	struct opvs_segment	seg;
	struct opvs_flow	flow;
	u32			seq;
	u32			ack;
	char			text[200];
} got;

static struct opvs_conn *control(struct kunit *test, struct opvs_dest *to,
				 u16 port)
{
	struct opvs_conn_start start;
	struct opvs_conn *made;

	opvs_test_start(&start, to, CLIENT, port);
	start.app = 1;
	made = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(made));
	KUNIT_ASSERT_TRUE(test, made->flags & OPVS_CONN_F_CONTROL);
	return made;
}

static int app_init(struct kunit *test)
{
	int err = opvs_test_net_init(test, &on);
	struct opvs_svc_conf conf;
	unsigned int i;

	if (err)
		return err;
	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	conf.key.port = htons(21);
	svc = opvs_test_svc_as(test, on, &conf);
	dest = opvs_test_dest(test, svc, LONGER, 21);
	cp = control(test, dest, CLIENT_PORT);
	for (i = 1; i < OPVS_CTR_MAX; i++)
		base[i] = opvs_counter_read(on, i);
	return 0;
}

static void app_exit(struct kunit *test)
{
	opvs_test_net_exit(test, on);
	KUNIT_EXPECT_FALSE(test, opvs_expect_any(on));
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.controls[0]), 0);
}

static u64 counted(enum opvs_ctr ctr)
{
	return opvs_counter_read(on, ctr) - base[ctr];
}

static void build(enum opvs_dir dir, u32 seq, u32 ack, const char *text,
		  struct opvs_test_bytes *bytes)
{
	struct opvs_test_packet packet = {
		.saddr.ip = htonl(CLIENT),
		.daddr.ip = htonl(VIP),
		.sport = htons(CLIENT_PORT),
		.dport = htons(21),
		.family = NFPROTO_IPV4,
		.proto = IPPROTO_TCP,
		.tcp_flags = 0x18,
		.body = strlen(text),
		.quote = text,
	};
	struct tcphdr *th;

	if (dir == OPVS_DIR_REPLY) {
		packet.saddr = cp->reply.tuple.src;
		packet.daddr.ip = htonl(CLIENT);
		swap(packet.sport, packet.dport);
	}
	opvs_test_build(&packet, bytes);
	th = (struct tcphdr *)(bytes->data + bytes->thoff);
	csum_replace4(&th->check, th->seq, htonl(SEQ + seq));
	csum_replace4(&th->check, th->ack_seq, htonl(ACK + ack));
	th->seq = htonl(SEQ + seq);
	th->ack_seq = htonl(ACK + ack);
}

/* Reads what came out, which is sound. */
static void read_back(struct kunit *test)
{
	const struct iphdr *iph = ip_hdr(got.skb);

	KUNIT_ASSERT_EQ(test, 0, opvs_segment_open(&got.seg, got.skb, &got.flow));
	KUNIT_EXPECT_EQ(test, ntohs(iph->tot_len), got.skb->len);
	KUNIT_EXPECT_EQ(test, 0, (__force u16)ip_fast_csum(iph, iph->ihl));
	KUNIT_ASSERT_LT(test, got.seg.len, sizeof(got.text));
	memcpy(got.text, got.skb->data + got.seg.data, got.seg.len);
	got.text[got.seg.len] = '\0';
	got.seq = got.seg.seq - SEQ;
	got.ack = got.seg.ack - ACK;
	opvs_test_free_skb(test, got.skb);
}

/* @bad: bits of the last byte that are damaged. */
static void pass(struct kunit *test, enum opvs_dir dir, u32 seq, u32 ack,
		 const char *text, u8 bad)
{
	struct opvs_test_bytes *bytes;
	opvs_verdict_t verdict;

	bytes = kunit_kzalloc(test, sizeof(*bytes), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bytes);
	build(dir, seq, ack, text, bytes);
	bytes->data[bytes->len - 1] ^= bad;
	got.skb = opvs_test_skb(test, bytes->data, bytes->len,
				OPVS_TEST_FRAGS, bytes->thoff + 20);
	KUNIT_ASSERT_EQ(test, 0, opvs_flow_parse(got.skb, 0, NFPROTO_IPV4,
						 &got.flow));
	local_bh_disable();
	rcu_read_lock();
	verdict = dir == OPVS_DIR_REPLY ?
		  opvs_app_reply(got.skb, &got.flow, cp) :
		  opvs_app_request(got.skb, &got.flow, cp);
	rcu_read_unlock();
	local_bh_enable();
	KUNIT_ASSERT_TRUE(test, verdict == OPVS_GO_ON);
	kunit_kfree(test, bytes);
}

/* The server says something, numbered from where its numbers begin. */
static void server_says(struct kunit *test, u32 seq, const char *text)
{
	pass(test, OPVS_DIR_REPLY, seq, 0, text, 0);
	read_back(test);
}

static void client_says(struct kunit *test, u32 seq, const char *text)
{
	pass(test, OPVS_DIR_REQUEST, seq, 0, text, 0);
	read_back(test);
}

/* The client has got so much; what the server is told. */
static u32 client_has(struct kunit *test, u32 ack)
{
	pass(test, OPVS_DIR_REQUEST, 0, SEQ - ACK + ack, "", 0);
	read_back(test);
	return got.seg.ack - SEQ;
}

static bool expected(u32 from, u32 to, u16 port, enum opvs_tuple_kind kind)
{
	const struct opvs_flow flow = {
		.saddr.ip = htonl(from),
		.daddr.ip = htonl(to),
		.sport = htons(5),
		.dport = htons(port),
		.family = NFPROTO_IPV4,
		.proto = IPPROTO_TCP,
	};
	const struct opvs_expect *expect;
	bool found;

	rcu_read_lock();
	expect = opvs_expect_find(on, &flow);
	found = expect && expect->kind == kind;
	rcu_read_unlock();
	return found;
}

static bool client_expected(u16 port)
{
	return expected(CLIENT, VIP, port, OPVS_TUPLE_REQUEST);
}

static bool server_expected(u16 port)
{
	return expected(LONGER, CLIENT, port, OPVS_TUPLE_REPLY);
}

/* The client's connection comes. */
static struct opvs_conn *use(struct kunit *test, u16 port)
{
	struct opvs_conn_start start;
	struct opvs_expect *expect;
	struct opvs_conn *data;
	struct opvs_flow flow = {
		.saddr.ip = htonl(CLIENT),
		.daddr.ip = htonl(VIP),
		.dport = htons(port),
		.family = NFPROTO_IPV4,
		.proto = IPPROTO_TCP,
	};

	rcu_read_lock();
	expect = opvs_expect_find(on, &flow);
	if (expect) {
		opvs_test_start(&start, dest, CLIENT, 41000);
		start.tuple.dport = htons(port);
		start.control = expect->control;
		start.server_port = expect->port;
		opvs_expect_use(expect);
	}
	rcu_read_unlock();
	KUNIT_ASSERT_NOT_NULL(test, expect);
	data = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(data));
	return data;
}

/* ---- a server waits ---- */

static void app_passive(struct kunit *test)
{
	struct opvs_conn *data;

	server_says(test, 0, "220 Here I am\r\n");
	KUNIT_EXPECT_STREQ(test, got.text, "220 Here I am\r\n");
	KUNIT_EXPECT_FALSE(test, opvs_expect_any(on));
	server_says(test, 15, SAYS);
	KUNIT_EXPECT_STREQ(test, got.text, TOLD);
	KUNIT_EXPECT_EQ(test, got.seq, 15);
	KUNIT_EXPECT_TRUE(test, client_expected(50000));
	KUNIT_EXPECT_FALSE(test, client_expected(50001));

	data = use(test, 50000);
	KUNIT_EXPECT_FALSE(test, opvs_expect_any(on));
	KUNIT_EXPECT_EQ(test, ntohs(data->reply.tuple.sport), 50000);
	KUNIT_EXPECT_PTR_EQ(test, data->control, cp);
	KUNIT_EXPECT_EQ(test, atomic_read(&cp->children), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->conns), 2);

	/* What follows is that much nearer, and acknowledged from there. */
	server_says(test, 15 + strlen(SAYS), "226 Done\r\n");
	KUNIT_EXPECT_EQ(test, got.seq, 15 + strlen(TOLD));
	KUNIT_EXPECT_EQ(test, client_has(test, 15), 15);
	KUNIT_EXPECT_EQ(test, client_has(test, 15 + strlen(TOLD)),
			15 + strlen(SAYS));
	KUNIT_EXPECT_EQ(test, client_has(test, 25 + strlen(TOLD)),
			25 + strlen(SAYS));
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_EXPECT_CREATED), 1);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_FTP_REWRITTEN), 1);
}

/* Alone, behind what else was lost, or with what comes next. */
static void app_again(struct kunit *test)
{
	int i;

	server_says(test, 0, "200 OK\r\n");
	server_says(test, 8, SAYS);
	use(test, 50000);
	for (i = 0; i < 2; i++) {
		server_says(test, 8, SAYS);
		KUNIT_EXPECT_STREQ(test, got.text, TOLD);
		KUNIT_EXPECT_EQ(test, got.seq, 8);
		server_says(test, 0, "200 OK\r\n" SAYS);
		KUNIT_EXPECT_STREQ(test, got.text, "200 OK\r\n" TOLD);
		KUNIT_EXPECT_EQ(test, got.seq, 0);
		server_says(test, 8, SAYS "150 Go\r\n");
		KUNIT_EXPECT_STREQ(test, got.text, TOLD "150 Go\r\n");
		KUNIT_EXPECT_EQ(test, got.seq, 8);
		server_says(test, 8 + strlen(SAYS), "150 Go\r\n");
		KUNIT_EXPECT_EQ(test, got.seq, 8 + strlen(TOLD));
	}
	/* The client may be there already. */
	KUNIT_EXPECT_FALSE(test, opvs_expect_any(on));
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_EXPECT_CREATED), 1);
}

/* Each adds to what was before, as soon as that has arrived. */
static void app_thrice(struct kunit *test)
{
	u32 theirs = 0, ours = 0;
	int i;

	for (i = 1; i <= 3; i++) {
		server_says(test, theirs, SAYS);
		KUNIT_EXPECT_STREQ(test, got.text, TOLD);
		KUNIT_EXPECT_EQ(test, got.seq, ours);
		/* In flight: it cannot be told where another one would begin. */
		server_says(test, theirs + strlen(SAYS), SAYS);
		KUNIT_EXPECT_STREQ(test, got.text, SAYS);
		KUNIT_EXPECT_EQ(test, got.seq, ours + strlen(TOLD));
		KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_EXPECT_REFUSED), i);
		theirs += 2 * strlen(SAYS);
		ours += strlen(TOLD) + strlen(SAYS);
		KUNIT_EXPECT_EQ(test, client_has(test, ours), theirs);
		KUNIT_EXPECT_EQ(test, theirs - ours, i * LOST);
	}
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_EXPECT_CREATED), 3);
}

static void app_shorter(struct kunit *test)
{
	cp = control(test, opvs_test_dest(test, svc, SHORTER, 21), 40001);
	server_says(test, 0, "227 10,0,0,1,4,0\n");
	KUNIT_EXPECT_STREQ(test, got.text, "227 192,0,2,1,4,0\n");
	KUNIT_EXPECT_TRUE(test, client_expected(1024));
	server_says(test, 17, "200 OK\n");
	KUNIT_EXPECT_EQ(test, got.seq, 18);
	KUNIT_EXPECT_EQ(test, client_has(test, 25), 24);
}

/* A port only: nothing changes, if nothing must. */
static void app_extended(struct kunit *test)
{
	const char *line = "229 Here (|||50000|)\r\n";
	struct opvs_conn *first = cp;

	server_says(test, 0, line);
	KUNIT_EXPECT_STREQ(test, got.text, line);
	KUNIT_EXPECT_TRUE(test, client_expected(50000));

	/* Another server waits at the same port, for the same client. */
	cp = control(test, opvs_test_dest(test, svc, SHORTER, 21), 40001);
	server_says(test, 0, line);
	KUNIT_EXPECT_STREQ(test, got.text, "229 Here (|||54099|)\r\n");
	KUNIT_EXPECT_TRUE(test, client_expected(50000));
	KUNIT_EXPECT_TRUE(test, client_expected(54099));
	/* The first one tells another port: that one is free again. */
	server_says(test, strlen(line), line);
	KUNIT_EXPECT_STREQ(test, got.text, "229 Here (|||54099|)\r\n");
	cp = first;
	server_says(test, strlen(line), "229 Here (|||50001|)\r\n");
	KUNIT_EXPECT_FALSE(test, client_expected(50000));
	KUNIT_EXPECT_TRUE(test, client_expected(50001));
}

/* A service has the port at the virtual address. */
static void app_served(struct kunit *test)
{
	struct opvs_svc_conf conf;

	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	conf.key.port = htons(65000);
	opvs_test_svc_as(test, on, &conf);
	server_says(test, 0, "229 Here (|||65000|)\r\n");
	KUNIT_EXPECT_STREQ(test, got.text, "229 Here (|||4587|)\r\n");
	KUNIT_EXPECT_FALSE(test, client_expected(65000));
	KUNIT_EXPECT_TRUE(test, client_expected(4587));
	server_says(test, 22, "220 OK\r\n");
	KUNIT_EXPECT_EQ(test, got.seq, 21);
}

/* ---- a client waits ---- */

static void app_active(struct kunit *test)
{
	const char *line = "PORT 203,0,113,5,195,80\r\n";

	client_says(test, 0, line);
	KUNIT_EXPECT_STREQ(test, got.text, line);
	KUNIT_EXPECT_EQ(test, got.seq, 0);
	KUNIT_EXPECT_TRUE(test, server_expected(50000));
	KUNIT_EXPECT_FALSE(test, server_expected(50001));
	client_says(test, strlen(line), "EPRT |1|203.0.113.5|50001|\r\n");
	KUNIT_EXPECT_FALSE(test, server_expected(50000));
	KUNIT_EXPECT_TRUE(test, server_expected(50001));

	/* Whoever else tells of it has it. */
	cp = control(test, dest, 40001);
	client_says(test, 0, "EPRT |1|203.0.113.5|50001|\r\n");
	KUNIT_EXPECT_TRUE(test, server_expected(50001));
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.expects.nelems), 1);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_EXPECT_CREATED), 3);
}

static void app_foreign(struct kunit *test)
{
	static const char *const lines[] = {
		"PORT 203,0,113,6,195,80\r\n", "PORT 203,0,113,5,3,255\r\n",
		"PORT 203,0,113,5,0,0\r\n", "EPRT |2|fd00::1|50000|\r\n",
		"EPRT |1|192.0.2.1|50000|\r\n",
	};
	static const char *const replies[] = {
		"227 (10,0,0,1,195,80)\r\n", "227 (198,51,100,111,3,255)\r\n",
		"229 (|||1023|)\r\n",
	};
	u32 seq = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		client_says(test, seq, lines[i]);
		KUNIT_EXPECT_STREQ(test, got.text, lines[i]);
		seq += strlen(lines[i]);
	}
	for (seq = 0, i = 0; i < ARRAY_SIZE(replies); i++) {
		server_says(test, seq, replies[i]);
		KUNIT_EXPECT_STREQ(test, got.text, replies[i]);
		seq += strlen(replies[i]);
	}
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_EXPECT_REFUSED),
			ARRAY_SIZE(lines) + ARRAY_SIZE(replies));
	KUNIT_EXPECT_FALSE(test, opvs_expect_any(on));
}

/* A server may have been told its virtual address. */
static void app_virtual(struct kunit *test)
{
	server_says(test, 0, TOLD);
	KUNIT_EXPECT_STREQ(test, got.text, TOLD);
	KUNIT_EXPECT_TRUE(test, client_expected(50000));
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_FTP_REWRITTEN), 0);
}

/* ---- lines and packets ---- */

/* Only what begins a line is read, and only as a whole. */
static void app_lines(struct kunit *test)
{
	server_says(test, 0, "550 No file ");
	server_says(test, 12, SAYS);
	KUNIT_EXPECT_STREQ(test, got.text, SAYS);
	server_says(test, 12 + strlen(SAYS), "227 At (198,51,");
	server_says(test, 27 + strlen(SAYS), "100,111,195,80)\r\n220-A\r\n");
	KUNIT_EXPECT_FALSE(test, opvs_expect_any(on));
	server_says(test, 51 + strlen(SAYS), "220 B\r\n" SAYS "220 C\r\n");
	KUNIT_EXPECT_STREQ(test, got.text, "220 B\r\n" TOLD "220 C\r\n");
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_EXPECT_CREATED), 1);
}

/* Behind what is missing, nobody knows where a line begins. */
static void app_hole(struct kunit *test)
{
	server_says(test, 0, "220 A\r\n");
	server_says(test, 8, SAYS);
	KUNIT_EXPECT_STREQ(test, got.text, SAYS);
	KUNIT_EXPECT_FALSE(test, opvs_expect_any(on));
	server_says(test, 8 + strlen(SAYS), SAYS);
	KUNIT_EXPECT_STREQ(test, got.text, TOLD);
}

/* What somebody else made up does not count as read. */
static void app_forged(struct kunit *test)
{
	server_says(test, 0, "220 A\r\n");
	server_says(test, 1 << 30, "X\r\n");
	server_says(test, 7, SAYS);
	KUNIT_EXPECT_STREQ(test, got.text, TOLD);
}

static void app_damaged(struct kunit *test)
{
	pass(test, OPVS_DIR_REPLY, 0, 0, SAYS, 1);
	KUNIT_EXPECT_FALSE(test, opvs_expect_any(on));
	opvs_test_free_skb(test, got.skb);
	server_says(test, 0, SAYS);
	KUNIT_EXPECT_STREQ(test, got.text, TOLD);
}

/* ---- the end ---- */

static bool end(struct opvs_conn *what)
{
	bool ended;

	rcu_read_lock();
	ended = opvs_conn_end(what);
	rcu_read_unlock();
	return ended;
}

static void app_ended(struct kunit *test)
{
	server_says(test, 0, SAYS);
	KUNIT_EXPECT_TRUE(test, opvs_expect_any(on));
	/* Its memory is the control connection's as long as it is read. */
	rcu_read_lock();
	KUNIT_EXPECT_TRUE(test, end(cp));
	KUNIT_EXPECT_FALSE(test, opvs_expect_any(on));
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.controls[0]), 0);
	rcu_read_unlock();
}

/* Its time is over, and a file is on its way: it stays, and its last file's end is
 * not its own.
 */
static void app_outlives(struct kunit *test)
{
	struct opvs_conn *data;

	server_says(test, 0, SAYS);
	data = use(test, 50000);
	WRITE_ONCE(cp->expiring.expires, (u32)(jiffies - 2 * HZ) & ~1U);
	KUNIT_EXPECT_FALSE(test, opvs_conn_dead(cp));
	KUNIT_EXPECT_TRUE(test, opvs_expire_refresh(&on->conn.expire,
						    &cp->expiring, jiffies,
						    900 * HZ));
	KUNIT_EXPECT_TRUE(test, end(data));
	KUNIT_EXPECT_EQ(test, atomic_read(&cp->children), 0);
	KUNIT_EXPECT_FALSE(test, opvs_conn_dead(cp));
	KUNIT_EXPECT_GT(test, opvs_conn_seconds_left(cp), 800);
}

static struct kunit_case app_test_cases[] = {
	KUNIT_CASE(app_passive),
	KUNIT_CASE(app_again),
	KUNIT_CASE(app_thrice),
	KUNIT_CASE(app_shorter),
	KUNIT_CASE(app_extended),
	KUNIT_CASE(app_served),
	KUNIT_CASE(app_active),
	KUNIT_CASE(app_foreign),
	KUNIT_CASE(app_virtual),
	KUNIT_CASE(app_lines),
	KUNIT_CASE(app_hole),
	KUNIT_CASE(app_forged),
	KUNIT_CASE(app_damaged),
	KUNIT_CASE(app_ended),
	KUNIT_CASE(app_outlives),
	{}
};

static struct kunit_suite app_suite = {
	.name = "opvs_app",
	.init = app_init,
	.exit = app_exit,
	.test_cases = app_test_cases,
};

kunit_test_suite(app_suite);

MODULE_DESCRIPTION("opvs: unit tests of control connections");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
