// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of questions about sessions, as their service is and as it would be
 * with other servers.
 */
#include "explain_fixture.h"

/* ---- sessions ---- */

static struct opvs_test_packet sip(char *text, u32 call, enum message message)
{
	struct opvs_test_packet packet = packet_to(IPPROTO_UDP, 5060);

	packet.body = message_text(text, 256, call, message);
	packet.quote = text;
	return packet;
}

static void ask_sip(struct kunit *test, u32 call, enum message message,
		    const struct opvs_what_if *what_if)
{
	struct opvs_test_packet packet;
	char text[256];

	packet = sip(text, call, message);
	ask_cut(test, &packet, true, 0, what_if);
}

static void what_if_session(struct kunit *test)
{
	struct opvs_dest *dest;
	u32 call, moved;

	begin(test, 4);
	call = next_call(false);
	ask_sip(test, call, INVITE, NULL);
	expect(test, OPVS_WHY_OWNER, OPVS_VERDICT(FORWARDED),
	       seat_of(call).owner);
	KUNIT_EXPECT_TRUE(test, query.begins);
	KUNIT_EXPECT_FALSE(test, query.remembered);
	KUNIT_EXPECT_PTR_EQ(test, query.owner, query.dest);
	KUNIT_EXPECT_EQ(test, memcmp(query.found, "1@example.org", 13), 0);
	ask_sip(test, call, BYE, NULL);
	KUNIT_EXPECT_FALSE(test, query.begins);

	add_server(test, 4);
	moved = next_call(true);
	ask_sip(test, moved, BYE, NULL);
	expect(test, OPVS_WHY_FORMER, OPVS_VERDICT(FORWARDED),
	       seat_of(moved).former);
	ask_sip(test, moved, INVITE, NULL);
	expect(test, OPVS_WHY_OWNER, OPVS_VERDICT(FORWARDED),
	       seat_of(moved).owner);
	KUNIT_EXPECT_TRUE(test, query.remembered);
	dest = send(moved, INVITE);
	KUNIT_EXPECT_PTR_EQ(test, query.dest, dest);
	ask_sip(test, moved, BYE, NULL);
	expect(test, OPVS_WHY_EXCEPTION, OPVS_VERDICT(FORWARDED), dest);

	/* There is no room to remember it. */
	moved = next_call(true);
	WRITE_ONCE(on->conn.limit.max, OPVS_LIMIT_NOTHING);
	ask_sip(test, moved, INVITE, NULL);
	expect(test, OPVS_WHY_LIMIT, OPVS_VERDICT(FORWARDED),
	       seat_of(moved).former);
}

/* ---- what if ---- */

static struct opvs_what_if *what_if(struct kunit *test)
{
	struct opvs_what_if *wi;

	mutex_lock(&on->cfg_lock);
	wi = opvs_what_if_new(svc);
	if (!wi)
		mutex_unlock(&on->cfg_lock);
	KUNIT_ASSERT_NOT_NULL(test, wi);
	return wi;
}

static void what_if_end(struct opvs_what_if *wi)
{
	opvs_what_if_free(wi);
	mutex_unlock(&on->cfg_lock);
}

static const struct opvs_dest_key server_key = {
	.addr.ip = htonl(SERVER(1)),
	.port = htons(5060),
	.family = NFPROTO_IPV4,
};

/* The answers for a few sessions, new and old ones. */
static void answers(struct kunit *test, const struct opvs_what_if *wi,
		    u64 ids[2][100])
{
	u32 i;

	for (i = 0; i < 100; i++) {
		ask_sip(test, 1000 + i, INVITE, wi);
		ids[0][i] = query.dest ? query.dest->id : 0;
		ask_sip(test, 1000 + i, BYE, wi);
		ids[1][i] = query.dest ? query.dest->id : 0;
	}
}

static void what_if_servers(struct kunit *test)
{
	static u64 now[2][100], said[2][100], then[2][100];
	struct opvs_dest_conf conf;
	struct opvs_what_if *wi;
	int change, err;

	begin(test, 4);
	answers(test, NULL, now);
	KUNIT_EXPECT_EQ(test, memcmp(now[0], now[1], sizeof(now[0])), 0);
	opvs_test_dest_conf(&conf, SERVER(9), 5060);
	conf.weight = 2;
	for (change = 0; change < 3; change++) {
		wi = what_if(test);
		if (change == 0)
			err = opvs_what_if_weight(wi, &server_key, 0, NULL);
		else if (change == 1)
			err = opvs_what_if_with(wi, &conf, NULL);
		else
			err = opvs_what_if_without(wi, &server_key, NULL);
		if (!err)
			err = opvs_what_if_view(wi, NULL);
		if (!err)
			answers(test, wi, said);
		what_if_end(wi);
		KUNIT_ASSERT_EQ(test, err, 0);
		KUNIT_EXPECT_NE(test, memcmp(now, said, sizeof(now)), 0);
		answers(test, NULL, then);
		if (!change)
			KUNIT_EXPECT_EQ(test, memcmp(now, then, sizeof(now)),
					0);

		if (change == 0)
			set_weight(test, server(1), 0);
		else if (change == 1)
			opvs_test_dest_as(test, svc, &conf);
		else
			opvs_test_dest_del(test, server(1));
		answers(test, NULL, then);
		KUNIT_EXPECT_EQ(test, memcmp(said, then, sizeof(said)), 0);
	}
}

static void what_if_refused(struct kunit *test)
{
	struct opvs_dest_conf conf;
	struct opvs_dest_key none = server_key;
	struct opvs_what_if *wi;

	begin(test, 2);
	wi = what_if(test);
	none.addr.ip = htonl(SERVER(7));
	KUNIT_EXPECT_EQ(test, opvs_what_if_without(wi, &none, NULL), -ENOENT);
	KUNIT_EXPECT_EQ(test, opvs_what_if_weight(wi, &none, 1, NULL), -ENOENT);
	KUNIT_EXPECT_EQ(test, opvs_what_if_weight(wi, &server_key, 1U << 31,
						  NULL), -ERANGE);
	opvs_test_dest_conf(&conf, SERVER(1), 5060);
	KUNIT_EXPECT_EQ(test, opvs_what_if_with(wi, &conf, NULL), -EEXIST);
	KUNIT_EXPECT_EQ(test, wi->num, 0);
	KUNIT_EXPECT_EQ(test, opvs_what_if_without(wi, &server_key, NULL), 0);
	KUNIT_EXPECT_EQ(test, opvs_what_if_weight(wi, &server_key, 1, NULL),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, opvs_what_if_with(wi, &conf, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, wi->num, 1);
	what_if_end(wi);
	KUNIT_EXPECT_EQ(test, svc->num_dests, 2);
}

static struct kunit_case what_if_cases[] = {
	KUNIT_CASE(what_if_session),
	KUNIT_CASE(what_if_servers),
	KUNIT_CASE(what_if_refused),
	{}
};

static struct kunit_suite what_if_suite = {
	.name = "opvs_what_if",
	.init = explain_init,
	.exit = explain_exit,
	.test_cases = what_if_cases,
};

kunit_test_suite(what_if_suite);

MODULE_DESCRIPTION("opvs: unit tests of services as they would be");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
