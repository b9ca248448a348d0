// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of SCTP's states: the whole table, and associations. */
#include <opvs/proto.h>

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/bits.h>
#include <linux/in.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/module.h>

#include "proto_fixture.h"

#define SCTP_CODES	"NO I1 IN CS CR CW CO CE ES SS SR SA RJ CL"

#define ROW(direction, kind, following)					\
	{ .name = #direction " " #kind, .dir = OPVS_DIR_##direction,	\
	  .event = OPVS_SCTP_##kind, .to = following }

static const struct proto_row sctp_rows[] = {
	ROW(REQUEST, DATA,
	    "ES .. .. .. .. .. .. .. .. .. .. .. .. .."),
	ROW(REQUEST, INIT,
	    "I1 IN IN .. .. .. .. .. .. .. .. .. IN IN"),
	ROW(REQUEST, INIT_ACK,
	    "CW CW CW .. .. CO .. .. .. .. .. .. .. .."),
	ROW(REQUEST, COOKIE_ECHO,
	    "CR IN IN CR .. .. .. .. .. .. .. .. .. .."),
	ROW(REQUEST, COOKIE_ACK,
	    "ES .. .. .. .. .. .. ES .. .. .. .. .. .."),
	ROW(REQUEST, SHUTDOWN,
	    "SR .. .. .. .. .. .. .. SR .. .. .. .. .."),
	ROW(REQUEST, SHUTDOWN_ACK,
	    "CL IN IN .. .. .. .. .. .. CL .. CL .. .."),
	ROW(REQUEST, SHUTDOWN_COMPLETE,
	    "CL CL CL .. .. .. .. .. .. .. .. CL .. .."),
	ROW(REQUEST, ERROR,
	    "CL .. .. .. .. .. .. CL .. .. .. .. .. .."),
	ROW(REQUEST, ABORT,
	    "CL CL CL CL CL RJ CL CL CL CL CL CL CL CL"),

	ROW(REPLY, DATA,
	    "ES .. .. .. .. .. .. .. .. .. .. .. .. .."),
	ROW(REPLY, INIT,
	    "CW CW CW CW CW CW CW CW ES CW CW CW CW CW"),
	ROW(REPLY, INIT_ACK,
	    "CS CS CS CS .. .. .. .. .. .. .. .. .. .."),
	ROW(REPLY, COOKIE_ECHO,
	    "CE CE CE CE CE CE CE CE ES .. .. .. .. .."),
	ROW(REPLY, COOKIE_ACK,
	    "ES ES ES ES ES ES ES ES ES .. .. .. .. .."),
	ROW(REPLY, SHUTDOWN,
	    "SS SS SS SS SS SS SS SS SS SS .. .. .. .."),
	ROW(REPLY, SHUTDOWN_ACK,
	    "SA SA SA SA SA .. .. .. .. SA SA SA .. .."),
	ROW(REPLY, SHUTDOWN_COMPLETE,
	    "CL .. .. .. .. .. .. .. .. .. .. .. .. .."),
	ROW(REPLY, ERROR,
	    "CL CL CL CL CL .. .. .. .. .. .. .. .. .."),
	ROW(REPLY, ABORT,
	    "CL RJ CL CL CL CL CL CL CL CL CL CL CL CL"),

	ROW(REQUEST_ONLY, DATA,
	    "ES .. .. .. .. ES .. .. .. .. .. .. .. .."),
	ROW(REQUEST_ONLY, INIT,
	    "I1 IN IN IN IN IN .. .. .. .. .. .. IN IN"),
	ROW(REQUEST_ONLY, INIT_ACK,
	    "CE CE CE CE CE CE .. .. .. .. .. .. .. .."),
	ROW(REQUEST_ONLY, COOKIE_ECHO,
	    "ES ES ES ES ES ES .. .. .. .. .. .. .. .."),
	ROW(REQUEST_ONLY, COOKIE_ACK,
	    "ES .. .. ES ES .. ES ES .. .. .. .. .. .."),
	ROW(REQUEST_ONLY, SHUTDOWN,
	    "SR .. .. .. .. .. .. .. SR .. .. .. .. .."),
	ROW(REQUEST_ONLY, SHUTDOWN_ACK,
	    "CL IN IN .. .. .. .. .. CL CL .. CL .. .."),
	ROW(REQUEST_ONLY, SHUTDOWN_COMPLETE,
	    "CL CL CL CL CL .. .. .. .. .. CL CL .. .."),
	ROW(REQUEST_ONLY, ERROR,
	    "CL .. .. .. .. .. .. .. .. .. .. .. .. .."),
	ROW(REQUEST_ONLY, ABORT,
	    "CL CL CL CL CL RJ CL CL CL CL CL CL CL CL"),
};

static void sctp_row_name(const struct proto_row *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(sctp, sctp_rows, sctp_row_name);

#define C(kind, name)	{ OPVS_DIR_REQUEST, OPVS_SCTP_##kind, name }
#define S(kind, name)	{ OPVS_DIR_REPLY, OPVS_SCTP_##kind, name }
#define O(kind, name)	{ OPVS_DIR_REQUEST_ONLY, OPVS_SCTP_##kind, name }

static const struct proto_step sctp_client_opens[] = {
	C(INIT, "INIT1"),
	S(INIT_ACK, "C-SENT"),
	C(COOKIE_ECHO, "C-REPLIED"),
	S(COOKIE_ACK, "ESTABLISHED"),
	{}
};

static const struct proto_step sctp_one_side_opens[] = {
	O(INIT, "INIT1"),
	O(COOKIE_ECHO, "ESTABLISHED"),
	{}
};

static const struct proto_walk sctp_walks[] = {
	{ "the client shuts down", false, sctp_client_opens, {
		C(DATA, "ESTABLISHED"), S(DATA, "ESTABLISHED"),
		C(SHUTDOWN, "S-RECEIVED"), S(SHUTDOWN_ACK, "S-ACK-SENT"),
		C(SHUTDOWN_COMPLETE, "CLOSED") } },
	{ "the server shuts down", false, sctp_client_opens, {
		S(SHUTDOWN, "S-SENT"), C(SHUTDOWN_ACK, "CLOSED"),
		S(SHUTDOWN_COMPLETE, "CLOSED") } },
	{ "the client aborts", false, sctp_client_opens, {
		C(ABORT, "CLOSED") } },
	{ "the server aborts", false, sctp_client_opens, {
		C(DATA, "ESTABLISHED"), S(ABORT, "CLOSED") } },
	{ "refused", false, NULL, {
		C(INIT, "INIT1"), S(ABORT, "REJECTED") } },
	{ "refused, and tried again", false, NULL, {
		C(INIT, "INIT1"), S(ABORT, "REJECTED"), C(INIT, "INIT"),
		S(INIT_ACK, "C-SENT"), C(COOKIE_ECHO, "C-REPLIED"),
		S(COOKIE_ACK, "ESTABLISHED") } },
	{ "the client insists", false, NULL, {
		C(INIT, "INIT1"), C(INIT, "INIT"), C(INIT, "INIT"),
		S(INIT_ACK, "C-SENT"), C(COOKIE_ECHO, "C-REPLIED"),
		S(COOKIE_ACK, "ESTABLISHED") } },
	{ "a stale cookie", false, NULL, {
		C(INIT, "INIT1"), S(INIT_ACK, "C-SENT"),
		S(ERROR, "CLOSED") } },
	{ "the port is used again", false, sctp_client_opens, {
		C(ABORT, "CLOSED"), C(INIT, "INIT"), S(INIT_ACK, "C-SENT"),
		C(COOKIE_ECHO, "C-REPLIED"), S(COOKIE_ACK, "ESTABLISHED") } },
	{ "the server opens", false, NULL, {
		S(INIT, "C-WAIT"), C(INIT_ACK, "COOKIE"),
		S(COOKIE_ECHO, "C-ECHOED"), C(COOKIE_ACK, "ESTABLISHED") } },
	{ "let in by sloppy_sctp", false, NULL, {
		C(DATA, "ESTABLISHED"), S(DATA, "ESTABLISHED") } },
	{ "one-sided, the client shuts down", false, sctp_one_side_opens, {
		O(DATA, "ESTABLISHED"), O(SHUTDOWN, "S-RECEIVED"),
		O(SHUTDOWN_COMPLETE, "CLOSED") } },
	{ "one-sided, the server shuts down", false, sctp_one_side_opens, {
		O(SHUTDOWN_ACK, "CLOSED") } },
	{ "one-sided, the client aborts", false, sctp_one_side_opens, {
		O(ABORT, "CLOSED"), O(INIT, "INIT"),
		O(COOKIE_ECHO, "ESTABLISHED") } },
};

static void sctp_walk_name(const struct proto_walk *walk, char *desc)
{
	strscpy(desc, walk->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(sctp_walk, sctp_walks, sctp_walk_name);

static void sctp_row(struct kunit *test)
{
	fixture_expect_row(test, &opvs_proto_sctp, SCTP_CODES,
			   test->param_value);
}

static void sctp_walk(struct kunit *test)
{
	fixture_expect_walk(test, &opvs_proto_sctp, test->param_value);
}

/* There is no secure_tcp for SCTP. */
static void sctp_secure_is_the_same(struct kunit *test)
{
	enum opvs_dir dir;
	u8 event, state;

	for (dir = 0; dir < OPVS_DIRS; dir++)
		for (event = 0; event < OPVS_SCTP_EVENTS; event++)
			for (state = 0; state < OPVS_SCTP_STATES; state++)
				KUNIT_EXPECT_EQ(test,
						opvs_proto_next(&opvs_proto_sctp,
								state, dir,
								event, false),
						opvs_proto_next(&opvs_proto_sctp,
								state, dir,
								event, true));
}

static void sctp_no_event(struct kunit *test)
{
	enum opvs_dir dir;
	u8 state;

	for (dir = 0; dir < OPVS_DIRS; dir++) {
		for (state = 0; state < OPVS_SCTP_STATES; state++) {
			KUNIT_EXPECT_EQ(test, state,
					opvs_proto_next(&opvs_proto_sctp, state,
							dir, OPVS_SCTP_EVENTS,
							false));
			KUNIT_EXPECT_EQ(test, state,
					opvs_proto_next(&opvs_proto_sctp, state,
							dir, U8_MAX, false));
		}
		KUNIT_EXPECT_EQ(test, OPVS_SCTP_STATES,
				opvs_proto_next(&opvs_proto_sctp,
						OPVS_SCTP_STATES, dir,
						OPVS_SCTP_INIT, false));
	}
}

static void sctp_names(struct kunit *test)
{
	static const char *const want[] = {
		"NONE", "INIT1", "INIT", "C-SENT", "C-REPLIED", "C-WAIT",
		"COOKIE", "C-ECHOED", "ESTABLISHED", "S-SENT", "S-RECEIVED",
		"S-ACK-SENT", "REJECTED", "CLOSED", "ERR!",
	};
	u8 i;

	for (i = 0; i < ARRAY_SIZE(want); i++)
		KUNIT_EXPECT_STREQ(test, want[i],
				   opvs_proto_state_name(IPPROTO_SCTP, i));
}

static void sctp_counted(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, opvs_proto_sctp.active,
			BIT(OPVS_SCTP_S_ESTABLISHED));
	KUNIT_EXPECT_EQ(test, opvs_proto_sctp.reusable,
			BIT(OPVS_SCTP_S_CLOSED));
}

static void sctp_opens(struct kunit *test)
{
	u8 event;

	for (event = 0; event < OPVS_SCTP_EVENTS; event++) {
		KUNIT_EXPECT_EQ(test, event == OPVS_SCTP_INIT,
				opvs_proto_opens(&opvs_proto_sctp, event,
						 false));
		KUNIT_EXPECT_EQ(test, event != OPVS_SCTP_ABORT,
				opvs_proto_opens(&opvs_proto_sctp, event,
						 true));
	}
}

static struct kunit_case sctp_cases[] = {
	KUNIT_CASE_PARAM(sctp_row, sctp_gen_params),
	KUNIT_CASE_PARAM(sctp_walk, sctp_walk_gen_params),
	KUNIT_CASE(sctp_secure_is_the_same),
	KUNIT_CASE(sctp_no_event),
	KUNIT_CASE(sctp_names),
	KUNIT_CASE(sctp_counted),
	KUNIT_CASE(sctp_opens),
	{}
};

static struct kunit_suite sctp_suite = {
	.name = "opvs_proto_sctp",
	.test_cases = sctp_cases,
};

kunit_test_suite(sctp_suite);

MODULE_DESCRIPTION("opvs: unit tests of SCTP's states");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
