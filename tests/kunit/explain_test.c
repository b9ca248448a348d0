// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of questions to the packets' path: each reason, and that nothing is
 * left behind.
 */
#include "explain_fixture.h"

/* A service at port 80 with servers of weight 1. */
static void service(struct kunit *test, u8 proto,
		    const struct opvs_sched_ops *sched, u32 flags, u32 servers)
{
	struct opvs_svc_conf conf;
	u32 i;

	opvs_test_svc_conf(&conf, proto);
	conf.sched = sched;
	conf.flags = flags;
	conf.timeout = 300;
	svc = opvs_test_svc_as(test, on, &conf);
	for (i = 0; i < servers; i++)
		opvs_test_dest(test, svc, SERVER(i), 80);
}

/* ---- packets that come to no server ---- */

static void explain_no_service(struct kunit *test)
{
	struct opvs_test_packet packet = packet_to(IPPROTO_UDP, 80);

	ask(test, &packet);
	expect(test, OPVS_WHY_NO_SERVICE, OPVS_NOT_OURS, NULL);
	service(test, IPPROTO_UDP, &opvs_sched_rr, IP_VS_SVC_F_ONEPACKET, 1);
	packet.dport = htons(81);
	ask(test, &packet);
	expect(test, OPVS_WHY_NO_SERVICE, OPVS_NOT_OURS, NULL);
	ask_cut(test, &packet, false, 0, NULL);
	expect(test, OPVS_WHY_NO_SERVICE, OPVS_NOT_OURS, NULL);
	KUNIT_EXPECT_NULL(test, query.svc);
}

static void explain_not_local(struct kunit *test)
{
	struct opvs_test_packet packet = packet_to(IPPROTO_UDP, 80);

	service(test, IPPROTO_UDP, &opvs_sched_rr, IP_VS_SVC_F_ONEPACKET, 1);
	ask_cut(test, &packet, false, 0, NULL);
	expect(test, OPVS_WHY_NOT_LOCAL, OPVS_NOT_OURS, NULL);
	KUNIT_EXPECT_PTR_EQ(test, query.svc, svc);
}

static void explain_not_whole(struct kunit *test)
{
	struct opvs_test_packet packet = packet_to(IPPROTO_UDP, 80);

	service(test, IPPROTO_UDP, &opvs_sched_rr, IP_VS_SVC_F_ONEPACKET, 1);
	ask_cut(test, &packet, true, 4, NULL);
	expect(test, OPVS_WHY_MALFORMED, OPVS_VERDICT(DROP_MALFORMED), NULL);
	packet.more_frags = true;
	ask(test, &packet);
	expect(test, OPVS_WHY_FRAGMENT, OPVS_NOT_OURS, NULL);
	packet.frag_units = 4;
	ask(test, &packet);
	expect(test, OPVS_WHY_FRAGMENT, OPVS_NOT_OURS, NULL);
	packet = packet_to(IPPROTO_GRE, 80);
	ask(test, &packet);
	expect(test, OPVS_WHY_OTHER_PROTOCOL, OPVS_NOT_OURS, NULL);
}

static void explain_opens_nothing(struct kunit *test)
{
	struct opvs_test_packet packet = packet_to(IPPROTO_TCP, 80);

	service(test, IPPROTO_TCP, &opvs_sched_rr, 0, 1);
	packet.tcp_flags = 0x10;
	ask(test, &packet);
	expect(test, OPVS_WHY_OPENS_NOTHING, OPVS_NOT_OURS, NULL);
	/* Its data offset is beyond its end. */
	packet = packet_to(IPPROTO_TCP, 80);
	packet.body = 0;
	ask_cut(test, &packet, true, 8, NULL);
	expect(test, OPVS_WHY_OPENS_NOTHING, OPVS_NOT_OURS, NULL);
}

static void explain_defence(struct kunit *test)
{
	struct opvs_test_packet packet = packet_to(IPPROTO_TCP, 80);

	service(test, IPPROTO_TCP, &opvs_sched_rr, 0, 1);
	WRITE_ONCE(on->settings.drop_rate, 1);
	ask(test, &packet);
	expect(test, OPVS_WHY_DEFENCE, OPVS_VERDICT(DROP_DEFENCE), NULL);
	WRITE_ONCE(on->settings.closed, true);
	ask(test, &packet);
	WRITE_ONCE(on->settings.closed, false);
	expect(test, OPVS_WHY_LIMIT, OPVS_VERDICT(DROP_LIMIT), NULL);
}

static void explain_limit(struct kunit *test)
{
	struct opvs_test_packet packet = packet_to(IPPROTO_TCP, 80);
	struct opvs_conn_start start;

	service(test, IPPROTO_TCP, &opvs_sched_rr, 0, 1);
	opvs_test_start(&start, server(0), CLIENT, 1);
	KUNIT_ASSERT_FALSE(test, IS_ERR(opvs_test_track(on, &start)));
	WRITE_ONCE(on->conn.limit.max, 1);
	ask(test, &packet);
	expect(test, OPVS_WHY_LIMIT, OPVS_VERDICT(DROP_LIMIT), NULL);
	KUNIT_EXPECT_TRUE(test, query.unsure);
}

static void explain_clash(struct kunit *test)
{
	struct opvs_test_packet packet = packet_to(IPPROTO_TCP, 81);
	struct opvs_conn_start start;
	struct opvs_svc_conf conf;

	service(test, IPPROTO_TCP, &opvs_sched_rr, 0, 1);
	opvs_test_start(&start, server(0), CLIENT, PORT);
	start.word = OPVS_TCP_S_ESTABLISHED | OPVS_CONN_ASSURED |
		     OPVS_CONN_ACTIVE;
	KUNIT_ASSERT_FALSE(test, IS_ERR(opvs_test_track(on, &start)));

	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	conf.key.port = htons(81);
	svc = opvs_test_svc_as(test, on, &conf);
	opvs_test_dest(test, svc, SERVER(0), 80);
	ask(test, &packet);
	expect(test, OPVS_WHY_CLASH, OPVS_VERDICT(DROP_REPLY_CLASH), NULL);
	/* Another server is as good. */
	opvs_test_dest(test, svc, SERVER(1), 80);
	ask(test, &packet);
	KUNIT_EXPECT_TRUE(test, verdict == OPVS_VERDICT(FORWARDED));
	KUNIT_ASSERT_NOT_NULL(test, query.dest);
	KUNIT_EXPECT_EQ(test, ntohl(query.dest->addr.ip), SERVER(1));
}

static void explain_no_server(struct kunit *test)
{
	struct opvs_test_packet packet = packet_to(IPPROTO_UDP, 80);

	service(test, IPPROTO_UDP, opvs_sched_find("none"), IP_VS_SVC_F_ONEPACKET, 1);
	ask(test, &packet);
	expect(test, OPVS_WHY_NO_SERVER, OPVS_VERDICT(DROP_NO_SERVER), NULL);
	opvs_test_svc_del(svc);
	service(test, IPPROTO_UDP, &opvs_sched_wlc, IP_VS_SVC_F_ONEPACKET, 0);
	ask(test, &packet);
	expect(test, OPVS_WHY_NO_SERVER, OPVS_VERDICT(DROP_NO_SERVER), NULL);
}

/* ---- what entries remember ---- */

static void explain_connection(struct kunit *test)
{
	struct opvs_test_packet packet = packet_to(IPPROTO_TCP, 80);
	struct opvs_conn_start start;
	struct opvs_dest *dest;

	service(test, IPPROTO_TCP, &opvs_sched_rr, 0, 2);
	dest = server(1);
	opvs_test_start(&start, dest, CLIENT, PORT);
	start.word = OPVS_TCP_S_ESTABLISHED | OPVS_CONN_ASSURED |
		     OPVS_CONN_ACTIVE;
	KUNIT_ASSERT_FALSE(test, IS_ERR(opvs_test_track(on, &start)));
	packet.tcp_flags = 0x10;
	ask(test, &packet);
	expect(test, OPVS_WHY_CONNECTION, OPVS_VERDICT(FORWARDED), dest);

	/* Its other way. */
	packet.saddr.ip = dest->addr.ip;
	packet.sport = dest->port;
	packet.daddr.ip = htonl(CLIENT);
	packet.dport = htons(PORT);
	ask_cut(test, &packet, false, 0, NULL);
	expect(test, OPVS_WHY_REPLY, OPVS_VERDICT(REPLIES), dest);

	opvs_test_dest_del(test, dest);
	packet = packet_to(IPPROTO_TCP, 80);
	packet.tcp_flags = 0x10;
	ask(test, &packet);
	expect(test, OPVS_WHY_REMOVED_SERVER, OPVS_VERDICT(DROP_REMOVED_SERVER),
	       NULL);
	opvs_test_end_all(on);
}

static void explain_template(struct kunit *test)
{
	struct opvs_test_packet packet = packet_to(IPPROTO_TCP, 80);
	struct opvs_flow flow = {
		.saddr.ip = htonl(CLIENT), .daddr.ip = htonl(VIP),
		.sport = htons(1), .dport = htons(80),
		.family = NFPROTO_IPV4, .proto = IPPROTO_TCP,
	};
	struct opvs_choice choice;

	service(test, IPPROTO_TCP, &opvs_sched_rr, IP_VS_SVC_F_PERSISTENT, 2);
	ask(test, &packet);
	KUNIT_EXPECT_EQ(test, query.why, OPVS_WHY_TURN);
	KUNIT_EXPECT_TRUE(test, query.begins);
	KUNIT_EXPECT_TRUE(test, query.remembered);
	KUNIT_ASSERT_TRUE(test, choose_by(NULL, &flow, &choice) == OPVS_GO_ON);
	ask(test, &packet);
	expect(test, OPVS_WHY_TEMPLATE, OPVS_VERDICT(FORWARDED), choice.dest);
	KUNIT_EXPECT_FALSE(test, query.begins);
}

/* ---- what schedulers go by ---- */

struct sched_case {
	const char *name;
	u8 why;
	bool turn;
	bool owner;
};

static const struct sched_case sched_cases[] = {
	{ "rr", OPVS_WHY_TURN, true },
	{ "wrr", OPVS_WHY_TURN, true },
	{ "lc", OPVS_WHY_LEAST, true },
	{ "wlc", OPVS_WHY_LEAST, true },
	{ "sed", OPVS_WHY_LEAST, true },
	{ "nq", OPVS_WHY_LEAST, true },
	{ "twos", OPVS_WHY_RANDOM },
	{ "fo", OPVS_WHY_WEIGHT },
	{ "ovf", OPVS_WHY_WEIGHT },
	{ "lblc", OPVS_WHY_LEAST, true },
	{ "lblcr", OPVS_WHY_LEAST, true },
	{ "sh", OPVS_WHY_OWNER, .owner = true },
	{ "dh", OPVS_WHY_OWNER, .owner = true },
	{ "mh", OPVS_WHY_OWNER, .owner = true },
};

static void sched_name(const struct sched_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(sched, sched_cases, sched_name);

/* What is said is what is then chosen, however often it is asked. */
static void explain_sched(struct kunit *test)
{
	const struct sched_case *row = test->param_value;
	struct opvs_test_packet packet = packet_to(IPPROTO_TCP, 80);
	struct opvs_flow flow = {
		.saddr.ip = htonl(CLIENT), .daddr.ip = htonl(VIP),
		.sport = htons(PORT), .dport = htons(80),
		.family = NFPROTO_IPV4, .proto = IPPROTO_TCP,
	};
	struct opvs_choice choice;
	int i;

	service(test, IPPROTO_TCP, opvs_sched_find(row->name), 0, 3);
	for (i = 0; i < 6; i++) {
		ask(test, &packet);
		ask(test, &packet);
		KUNIT_EXPECT_TRUE(test, verdict == OPVS_VERDICT(FORWARDED));
		KUNIT_EXPECT_EQ(test, query.why,
				i && query.why == OPVS_WHY_LOCALITY ?
				OPVS_WHY_LOCALITY : row->why);
		KUNIT_EXPECT_EQ(test, query.turn,
				row->turn && query.why != OPVS_WHY_LOCALITY);
		KUNIT_EXPECT_EQ(test, !!query.owner, row->owner);
		KUNIT_EXPECT_EQ(test, query.unsure,
				row->why == OPVS_WHY_RANDOM);
		choose_by(NULL, &flow, &choice);
		if (!query.unsure)
			KUNIT_EXPECT_PTR_EQ(test, query.dest, choice.dest);
	}
	if (!strcmp(row->name, "mh"))
		KUNIT_EXPECT_GT(test, query.slots, query.slot);
}

static void explain_only(struct kunit *test)
{
	struct opvs_test_packet packet = packet_to(IPPROTO_TCP, 80);

	service(test, IPPROTO_TCP, &opvs_sched_wlc, 0, 2);
	set_weight(test, server(0), 0);
	ask(test, &packet);
	expect(test, OPVS_WHY_ONLY, OPVS_VERDICT(FORWARDED), server(1));
}

static void explain_locality(struct kunit *test)
{
	struct opvs_test_packet packet = packet_to(IPPROTO_TCP, 80);
	struct opvs_flow flow = {
		.saddr.ip = htonl(CLIENT), .daddr.ip = htonl(VIP),
		.dport = htons(80), .family = NFPROTO_IPV4,
		.proto = IPPROTO_TCP,
	};
	struct opvs_choice choice;

	service(test, IPPROTO_TCP, &opvs_sched_lblcr, 0, 3);
	choose_by(NULL, &flow, &choice);
	ask(test, &packet);
	expect(test, OPVS_WHY_LOCALITY, OPVS_VERDICT(FORWARDED), choice.dest);
}

static void explain_fallback(struct kunit *test)
{
	struct opvs_test_packet packet = packet_to(IPPROTO_TCP, 80);

	service(test, IPPROTO_TCP, &opvs_sched_sh,
		IP_VS_SVC_F_SCHED_SH_FALLBACK, 2);
	ask(test, &packet);
	KUNIT_ASSERT_NOT_NULL(test, query.dest);
	set_weight(test, (struct opvs_dest *)query.dest, 0);
	ask(test, &packet);
	KUNIT_EXPECT_EQ(test, query.why, OPVS_WHY_FALLBACK);
	KUNIT_EXPECT_NOT_NULL(test, query.dest);
	KUNIT_EXPECT_PTR_NE(test, query.dest, query.owner);
}

/* The turns of another CPU. */
static void explain_cpu(struct kunit *test)
{
	struct opvs_test_packet packet = packet_to(IPPROTO_UDP, 80);
	u32 turn;

	service(test, IPPROTO_UDP, &opvs_sched_rr, IP_VS_SVC_F_ONEPACKET, 3);
	for (turn = 0; turn < 3; turn++) {
		local_bh_disable();
		*this_cpu_ptr(svc->cursor) = turn;
		local_bh_enable();
		ask(test, &packet);
		expect(test, OPVS_WHY_TURN, OPVS_VERDICT(FORWARDED),
		       server(turn));
		KUNIT_EXPECT_EQ(test, query.cpu, raw_smp_processor_id());
	}
}

static void explain_keyless(struct kunit *test)
{
	struct opvs_test_packet packet = packet_to(IPPROTO_UDP, 5060);
	struct opvs_svc_conf conf;

	affinity_conf(&conf);
	conf.sched = &opvs_sched_rr;
	conf.flags |= IP_VS_SVC_F_PERSISTENT;
	conf.timeout = 300;
	begin_as(test, &conf, 3);
	ask(test, &packet);
	KUNIT_EXPECT_EQ(test, query.why, OPVS_WHY_KEYLESS);
	KUNIT_EXPECT_EQ(test, query.found_len, 0);
}

static struct kunit_case explain_cases[] = {
	KUNIT_CASE(explain_no_service),
	KUNIT_CASE(explain_not_local),
	KUNIT_CASE(explain_not_whole),
	KUNIT_CASE(explain_opens_nothing),
	KUNIT_CASE(explain_defence),
	KUNIT_CASE(explain_limit),
	KUNIT_CASE(explain_clash),
	KUNIT_CASE(explain_no_server),
	KUNIT_CASE(explain_connection),
	KUNIT_CASE(explain_template),
	KUNIT_CASE_PARAM(explain_sched, sched_gen_params),
	KUNIT_CASE(explain_only),
	KUNIT_CASE(explain_locality),
	KUNIT_CASE(explain_fallback),
	KUNIT_CASE(explain_cpu),
	KUNIT_CASE(explain_keyless),
	{}
};

static struct kunit_suite explain_suite = {
	.name = "opvs_explain",
	.init = explain_init,
	.exit = explain_exit,
	.test_cases = explain_cases,
};

kunit_test_suite(explain_suite);

MODULE_DESCRIPTION("opvs: unit tests of questions to the packets' path");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
