// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of TCP's states: the whole table, and conversations. */
#include <opvs/proto.h>

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/bits.h>
#include <linux/in.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/module.h>

#include "proto_fixture.h"

#define TCP_CODES	"NO ES SS SR FW TW CL CW LA LI SA"

#define ROW(direction, kind, guarded, following)			\
	{ .name = #direction " " #kind, .dir = OPVS_DIR_##direction,	\
	  .event = OPVS_TCP_##kind, .secure = guarded, .to = following }

static const struct proto_row tcp_rows[] = {
	ROW(REQUEST, SYN, false, "SR ES ES SR SR SR SR SR SR SR SR"),
	ROW(REQUEST, FIN, false, "CL CW SS TW TW TW CL CW LA LI TW"),
	ROW(REQUEST, ACK, false, "ES ES SS ES FW TW CL CW CL LI ES"),
	ROW(REQUEST, RST, false, "CL CL CL SR CL CL CL CL LA LI SR"),
	ROW(REPLY, SYN, false, "SS ES SS SR SS SS SS SS SS LI SR"),
	ROW(REPLY, FIN, false, "TW FW SS TW FW TW CL TW LA LI TW"),
	ROW(REPLY, ACK, false, "ES ES SS ES FW TW CL CW LA ES ES"),
	ROW(REPLY, RST, false, "CL CL SS CL CL TW CL CL CL CL CL"),
	ROW(REQUEST_ONLY, SYN, false, "SR ES ES SR SR SR SR SR SR SR SR"),
	ROW(REQUEST_ONLY, FIN, false, "CL FW SS TW FW TW CL CW LA LI TW"),
	ROW(REQUEST_ONLY, ACK, false, "ES ES SS ES FW TW CL CW CL LI ES"),
	ROW(REQUEST_ONLY, RST, false, "CL CL CL SR CL CL CL CL LA LI CL"),
};

/* With secure_tcp a client's word alone establishes nothing. */
static const struct proto_row tcp_secure_rows[] = {
	ROW(REQUEST, SYN, true, "SR ES ES SR SR SR SR SR SR SR SA"),
	ROW(REQUEST, FIN, true, "CL CW SS TW TW TW CL CW LA LI SA"),
	ROW(REQUEST, ACK, true, "ES ES SS SR FW TW CL CW CL LI SA"),
	ROW(REQUEST, RST, true, "CL CL CL SR CL CL CL CL LA LI CL"),
	ROW(REPLY, SYN, true, "SS ES SS SA SS SS SS SS SS LI SA"),
	ROW(REPLY, FIN, true, "TW FW SS TW FW TW CL TW LA LI TW"),
	ROW(REPLY, ACK, true, "ES ES SS ES FW TW CL CW LA ES ES"),
	ROW(REPLY, RST, true, "CL CL SS CL CL TW CL CL CL CL CL"),
	ROW(REQUEST_ONLY, SYN, true, "SA ES ES SR SA SA SA SA SA SA SA"),
	ROW(REQUEST_ONLY, FIN, true, "CL FW SS TW FW TW CL CW LA LI TW"),
	ROW(REQUEST_ONLY, ACK, true, "ES ES SS ES FW TW CL CW CL LI ES"),
	ROW(REQUEST_ONLY, RST, true, "CL CL CL SR CL CL CL CL LA LI CL"),
};

static void proto_row_name(const struct proto_row *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(tcp, tcp_rows, proto_row_name);
KUNIT_ARRAY_PARAM(tcp_secure, tcp_secure_rows, proto_row_name);

#define C(kind, name)	{ OPVS_DIR_REQUEST, OPVS_TCP_##kind, name }
#define S(kind, name)	{ OPVS_DIR_REPLY, OPVS_TCP_##kind, name }
#define O(kind, name)	{ OPVS_DIR_REQUEST_ONLY, OPVS_TCP_##kind, name }

static const struct proto_step tcp_client_opens[] = {
	C(SYN, "SYN_RECV"),
	S(SYN, "SYN_RECV"),
	C(ACK, "ESTABLISHED"),
	{}
};

static const struct proto_step tcp_one_side_opens[] = {
	O(SYN, "SYN_RECV"),
	O(ACK, "ESTABLISHED"),
	{}
};

static const struct proto_walk tcp_walks[] = {
	{ "the client closes first", false, tcp_client_opens, {
		S(ACK, "ESTABLISHED"), C(FIN, "CLOSE_WAIT"),
		S(ACK, "CLOSE_WAIT"), S(FIN, "TIME_WAIT"),
		C(ACK, "TIME_WAIT") } },
	{ "the server closes first", false, tcp_client_opens, {
		C(ACK, "ESTABLISHED"), S(FIN, "FIN_WAIT"), C(ACK, "FIN_WAIT"),
		C(FIN, "TIME_WAIT"), S(ACK, "TIME_WAIT") } },
	{ "both close at once", false, tcp_client_opens, {
		C(FIN, "CLOSE_WAIT"), S(FIN, "TIME_WAIT"), C(ACK, "TIME_WAIT"),
		S(ACK, "TIME_WAIT") } },
	{ "half-closed by the client", false, tcp_client_opens, {
		C(FIN, "CLOSE_WAIT"), S(ACK, "CLOSE_WAIT"),
		S(ACK, "CLOSE_WAIT"), C(ACK, "CLOSE_WAIT"),
		S(FIN, "TIME_WAIT") } },
	{ "half-closed by the server", false, tcp_client_opens, {
		S(FIN, "FIN_WAIT"), C(ACK, "FIN_WAIT"), C(ACK, "FIN_WAIT"),
		S(ACK, "FIN_WAIT"), C(FIN, "TIME_WAIT") } },
	{ "the client resets", false, tcp_client_opens, {
		C(RST, "CLOSE") } },
	{ "the server resets", false, tcp_client_opens, {
		S(ACK, "ESTABLISHED"), S(RST, "CLOSE") } },
	{ "refused", false, NULL, {
		C(SYN, "SYN_RECV"), S(RST, "CLOSE") } },
	{ "the client insists", false, NULL, {
		C(SYN, "SYN_RECV"), C(SYN, "SYN_RECV"), S(SYN, "SYN_RECV"),
		S(SYN, "SYN_RECV"), C(ACK, "ESTABLISHED") } },
	{ "a forged reset in the handshake", false, NULL, {
		C(SYN, "SYN_RECV"), C(RST, "SYN_RECV"), S(SYN, "SYN_RECV"),
		C(ACK, "ESTABLISHED") } },
	{ "the port is used again", false, tcp_client_opens, {
		C(FIN, "CLOSE_WAIT"), S(FIN, "TIME_WAIT"), C(ACK, "TIME_WAIT"),
		C(SYN, "SYN_RECV"), S(SYN, "SYN_RECV"),
		C(ACK, "ESTABLISHED") } },
	{ "after a reset the port is used again", false, tcp_client_opens, {
		C(RST, "CLOSE"), C(SYN, "SYN_RECV"), S(SYN, "SYN_RECV"),
		C(ACK, "ESTABLISHED") } },
	{ "the server opens", false, NULL, {
		S(SYN, "SYN_SENT"), C(SYN, "ESTABLISHED"),
		S(ACK, "ESTABLISHED") } },
	{ "let in by sloppy_tcp", false, NULL, {
		C(ACK, "ESTABLISHED"), S(ACK, "ESTABLISHED") } },
	{ "one-sided, the client closes", false, tcp_one_side_opens, {
		O(ACK, "ESTABLISHED"), O(FIN, "FIN_WAIT"),
		O(ACK, "FIN_WAIT") } },
	{ "one-sided, the client resets", false, tcp_one_side_opens, {
		O(RST, "CLOSE") } },
	{ "one-sided, the port is used again", false, tcp_one_side_opens, {
		O(FIN, "FIN_WAIT"), O(SYN, "SYN_RECV"),
		O(ACK, "ESTABLISHED") } },
	{ "secure_tcp", true, NULL, {
		C(SYN, "SYN_RECV"), S(SYN, "SYNACK"), C(ACK, "SYNACK"),
		S(ACK, "ESTABLISHED"), C(ACK, "ESTABLISHED") } },
	{ "secure_tcp, a flood's ACK", true, NULL, {
		C(SYN, "SYN_RECV"), C(ACK, "SYN_RECV"), C(ACK, "SYN_RECV") } },
	{ "secure_tcp, one-sided", true, NULL, {
		O(SYN, "SYNACK"), O(ACK, "ESTABLISHED") } },
};

static void proto_walk_name(const struct proto_walk *walk, char *desc)
{
	strscpy(desc, walk->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(tcp_walk, tcp_walks, proto_walk_name);

static void tcp_row(struct kunit *test)
{
	fixture_expect_row(test, &opvs_proto_tcp, TCP_CODES, test->param_value);
}

static void tcp_secure_row(struct kunit *test)
{
	tcp_row(test);
}

static void tcp_walk(struct kunit *test)
{
	fixture_expect_walk(test, &opvs_proto_tcp, test->param_value);
}

/* Neither a packet without flags nor a number from elsewhere does anything. */
static void tcp_no_event(struct kunit *test)
{
	enum opvs_dir dir;
	u8 state;

	for (dir = 0; dir < OPVS_DIRS; dir++) {
		for (state = 0; state < OPVS_TCP_STATES; state++) {
			KUNIT_EXPECT_EQ(test, state,
					opvs_proto_next(&opvs_proto_tcp, state,
							dir, OPVS_TCP_OTHER,
							false));
			KUNIT_EXPECT_EQ(test, state,
					opvs_proto_next(&opvs_proto_tcp, state,
							dir, U8_MAX, true));
		}
		KUNIT_EXPECT_EQ(test, OPVS_TCP_STATES,
				opvs_proto_next(&opvs_proto_tcp, OPVS_TCP_STATES,
						dir, OPVS_TCP_SYN, false));
	}
}

static void tcp_names(struct kunit *test)
{
	static const char *const want[] = {
		"NONE", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT",
		"TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN",
		"SYNACK", "ERR!",
	};
	u8 i;

	for (i = 0; i < ARRAY_SIZE(want); i++)
		KUNIT_EXPECT_STREQ(test, want[i],
				   opvs_proto_state_name(IPPROTO_TCP, i));
}

static void tcp_counted(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, opvs_proto_tcp.active,
			BIT(OPVS_TCP_S_ESTABLISHED) | BIT(OPVS_TCP_S_SYN_SENT) |
			BIT(OPVS_TCP_S_SYN_RECV) | BIT(OPVS_TCP_S_SYNACK));
	KUNIT_EXPECT_EQ(test, opvs_proto_tcp.reusable,
			BIT(OPVS_TCP_S_TIME_WAIT) | BIT(OPVS_TCP_S_CLOSE));
}

static void tcp_opens(struct kunit *test)
{
	const struct opvs_proto *tcp = &opvs_proto_tcp;

	KUNIT_EXPECT_TRUE(test, opvs_proto_opens(tcp, OPVS_TCP_SYN, false));
	KUNIT_EXPECT_FALSE(test, opvs_proto_opens(tcp, OPVS_TCP_FIN, false));
	KUNIT_EXPECT_FALSE(test, opvs_proto_opens(tcp, OPVS_TCP_ACK, false));
	KUNIT_EXPECT_FALSE(test, opvs_proto_opens(tcp, OPVS_TCP_RST, false));
	KUNIT_EXPECT_FALSE(test, opvs_proto_opens(tcp, OPVS_TCP_OTHER, false));

	KUNIT_EXPECT_TRUE(test, opvs_proto_opens(tcp, OPVS_TCP_SYN, true));
	KUNIT_EXPECT_TRUE(test, opvs_proto_opens(tcp, OPVS_TCP_FIN, true));
	KUNIT_EXPECT_TRUE(test, opvs_proto_opens(tcp, OPVS_TCP_ACK, true));
	KUNIT_EXPECT_FALSE(test, opvs_proto_opens(tcp, OPVS_TCP_RST, true));
	KUNIT_EXPECT_TRUE(test, opvs_proto_opens(tcp, OPVS_TCP_OTHER, true));
}

static void proto_by_number(struct kunit *test)
{
	const struct opvs_proto *proto;
	size_t n;

	for (n = 0; (proto = opvs_proto_nth(n)); n++)
		KUNIT_EXPECT_PTR_EQ(test, opvs_proto_find(proto->number), proto);
	KUNIT_EXPECT_GE(test, n, 3);
	KUNIT_EXPECT_NULL(test, opvs_proto_nth(n + 1));
	KUNIT_EXPECT_PTR_EQ(test, opvs_proto_find(IPPROTO_TCP), &opvs_proto_tcp);
	KUNIT_EXPECT_PTR_EQ(test, opvs_proto_find(IPPROTO_UDP), &opvs_proto_udp);
	KUNIT_EXPECT_PTR_EQ(test, opvs_proto_find(IPPROTO_SCTP),
			    &opvs_proto_sctp);
	KUNIT_EXPECT_NULL(test, opvs_proto_find(IPPROTO_IP));
	KUNIT_EXPECT_NULL(test, opvs_proto_find(IPPROTO_ICMP));

	KUNIT_EXPECT_STREQ(test, opvs_proto_name(IPPROTO_TCP), "TCP");
	KUNIT_EXPECT_STREQ(test, opvs_proto_name(IPPROTO_UDP), "UDP");
	KUNIT_EXPECT_STREQ(test, opvs_proto_name(IPPROTO_SCTP), "SCTP");
	KUNIT_EXPECT_STREQ(test, opvs_proto_name(IPPROTO_IP), "IP");
	KUNIT_EXPECT_STREQ(test, opvs_proto_name(IPPROTO_ICMP), "?");
	KUNIT_EXPECT_STREQ(test, opvs_proto_state_name(IPPROTO_IP, 0), "NONE");
	KUNIT_EXPECT_STREQ(test, opvs_proto_state_name(IPPROTO_ICMP, 0), "ERR!");
}

/* UDP has one state, which is never active, and every datagram opens. */
static void proto_udp(struct kunit *test)
{
	const struct opvs_proto *udp = &opvs_proto_udp;
	enum opvs_dir dir;

	for (dir = 0; dir < OPVS_DIRS; dir++)
		KUNIT_EXPECT_EQ(test, opvs_proto_next(udp, 0, dir, 0, true),
				OPVS_UDP_S_NORMAL);
	KUNIT_EXPECT_TRUE(test, opvs_proto_opens(udp, 0, false));
	KUNIT_EXPECT_TRUE(test, opvs_proto_opens(udp, 0, true));
	KUNIT_EXPECT_EQ(test, udp->active, 0);
	KUNIT_EXPECT_EQ(test, udp->reusable, 0);
	KUNIT_EXPECT_STREQ(test, opvs_proto_state_name(IPPROTO_UDP, 0), "UDP");
	KUNIT_EXPECT_STREQ(test, opvs_proto_state_name(IPPROTO_UDP, 1), "ERR!");
}

/* Each state of each protocol has a timeout of its own. */
static void proto_timeouts(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, opvs_proto_tcp.timeout0, 0);
	KUNIT_EXPECT_EQ(test, opvs_proto_udp.timeout0, OPVS_TCP_STATES);
	KUNIT_EXPECT_EQ(test, opvs_proto_sctp.timeout0,
			OPVS_TCP_STATES + OPVS_UDP_STATES);
	KUNIT_EXPECT_EQ(test, OPVS_TIMEOUTS,
			opvs_proto_tcp.num_states + opvs_proto_udp.num_states +
			opvs_proto_sctp.num_states);
}

static struct kunit_case tcp_cases[] = {
	KUNIT_CASE_PARAM(tcp_row, tcp_gen_params),
	KUNIT_CASE_PARAM(tcp_secure_row, tcp_secure_gen_params),
	KUNIT_CASE_PARAM(tcp_walk, tcp_walk_gen_params),
	KUNIT_CASE(tcp_no_event),
	KUNIT_CASE(tcp_names),
	KUNIT_CASE(tcp_counted),
	KUNIT_CASE(tcp_opens),
	KUNIT_CASE(proto_by_number),
	KUNIT_CASE(proto_udp),
	KUNIT_CASE(proto_timeouts),
	{}
};

static struct kunit_suite tcp_suite = {
	.name = "opvs_proto_tcp",
	.test_cases = tcp_cases,
};

kunit_test_suite(tcp_suite);

MODULE_DESCRIPTION("opvs: unit tests of TCP's states");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
