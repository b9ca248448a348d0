// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of the reply side: which service does a server's packet belong to?
 *
 *	service A 192.0.2.1:5060 ---+
 *	service B 192.0.2.2:5060 ---+--- server 198.51.100.11:5060
 *	service C 192.0.2.3:5070 ---+
 */
#include "endpoint_fixture.h"

static bool endpoint_known(u8 family, u8 proto)
{
	const union nf_inet_addr addr = { .ip = htonl(SERVER) };
	const struct opvs_name name = opvs_name(&addr, htons(5060), family,
						proto);

	return endpoint_whose(&name, CLIENT_1, 40000);
}

static u64 endpoint_hits(void)
{
	return opvs_counter_read(on, OPVS_CTR_HINT_HITS);
}

static u64 endpoint_misses(void)
{
	return opvs_counter_read(on, OPVS_CTR_HINT_MISSES);
}

static u64 endpoint_writes(void)
{
	return opvs_counter_read(on, OPVS_CTR_HINT_WRITES);
}

static void endpoint_one_service(struct kunit *test)
{
	u64 writes = endpoint_writes(), misses = endpoint_misses();
	struct opvs_dest *dest;

	KUNIT_EXPECT_NULL(test, endpoint_reply(CLIENT_1, 40000));
	dest = opvs_test_dest(test, svc_b, SERVER, 5060);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40000), svc_b);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_2, 1), svc_b);

	/* Nothing to tell apart, so nothing is written or looked for. */
	endpoint_ask(dest, CLIENT_1, 40000);
	endpoint_reply(CLIENT_1, 40000);
	KUNIT_EXPECT_EQ(test, endpoint_writes(), writes);
	KUNIT_EXPECT_EQ(test, endpoint_misses(), misses);
}

static void endpoint_exact_match(struct kunit *test)
{
	opvs_test_dest(test, svc_a, SERVER, 5060);
	KUNIT_EXPECT_NULL(test, endpoint_reply_from(SERVER, 5061, CLIENT_1, 1));
	KUNIT_EXPECT_NULL(test, endpoint_reply_from(OTHER, 5060, CLIENT_1, 1));
	KUNIT_EXPECT_NULL(test, endpoint_reply_from(VIP_A, 5060, CLIENT_1, 1));

	KUNIT_EXPECT_TRUE(test, endpoint_known(NFPROTO_IPV4, IPPROTO_UDP));
	KUNIT_EXPECT_FALSE(test, endpoint_known(NFPROTO_IPV4, IPPROTO_TCP));
	KUNIT_EXPECT_FALSE(test, endpoint_known(NFPROTO_IPV6, IPPROTO_UDP));
}

/* Port 0 of a server is the service's port, also for its replies. */
static void endpoint_service_port(struct kunit *test)
{
	opvs_test_dest(test, svc_c, SERVER, 0);
	KUNIT_EXPECT_PTR_EQ(test, svc_c,
			    endpoint_reply_from(SERVER, 5070, CLIENT_1, 1));
	KUNIT_EXPECT_NULL(test, endpoint_reply_from(SERVER, 0, CLIENT_1, 1));
}

static void endpoint_two_by_hint(struct kunit *test)
{
	struct opvs_dest *a = opvs_test_dest(test, svc_a, SERVER, 5060);
	struct opvs_dest *b = opvs_test_dest(test, svc_b, SERVER, 5060);
	u64 hits = endpoint_hits(), misses = endpoint_misses();
	u64 writes = endpoint_writes();

	endpoint_ask(a, CLIENT_1, 40000);
	endpoint_ask(b, CLIENT_2, 40000);
	KUNIT_EXPECT_EQ(test, endpoint_writes() - writes, 4);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40000), svc_a);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_2, 40000), svc_b);
	/* Replies to another port, as SIP has them. */
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 5060), svc_a);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_2, 5060), svc_b);
	KUNIT_EXPECT_EQ(test, endpoint_hits() - hits, 4);
	KUNIT_EXPECT_EQ(test, endpoint_misses(), misses);
}

/* One client, two sockets, three services: the port decides, and where it is
 * not known the service that the client asked last.
 */
static void endpoint_three_by_hint(struct kunit *test)
{
	struct opvs_dest *a = opvs_test_dest(test, svc_a, SERVER, 5060);
	struct opvs_dest *b = opvs_test_dest(test, svc_b, SERVER, 5060);
	struct opvs_dest *c = opvs_test_dest(test, svc_c, SERVER, 5060);

	endpoint_ask(a, CLIENT_1, 1001);
	endpoint_ask(c, CLIENT_1, 1003);
	endpoint_ask(b, CLIENT_1, 1002);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 1001), svc_a);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 1002), svc_b);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 1003), svc_c);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 9), svc_b);
	endpoint_ask(c, CLIENT_1, 1002);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 1002), svc_c);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 9), svc_c);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 1001), svc_a);
}

/* Servers that are not shared need no hints. */
static void endpoint_shared_or_not(struct kunit *test)
{
	struct opvs_dest *a = opvs_test_dest(test, svc_a, SERVER, 5060);
	struct opvs_dest *b = opvs_test_dest(test, svc_b, SERVER, 5060);
	struct opvs_dest *own = opvs_test_dest(test, svc_b, OTHER, 5060);
	u64 writes;

	endpoint_ask(a, CLIENT_1, 40000);
	writes = endpoint_writes();
	endpoint_ask(own, CLIENT_1, 40000);
	KUNIT_EXPECT_EQ(test, endpoint_writes(), writes);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40000), svc_a);
	KUNIT_EXPECT_PTR_EQ(test, svc_b, endpoint_reply_from(OTHER, 5060,
							     CLIENT_1, 40000));
	endpoint_ask(b, CLIENT_1, 40000);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40000), svc_b);
}

/* Without a hint: the service added first, whenever its server came. */
static void endpoint_no_hint(struct kunit *test)
{
	u64 misses = endpoint_misses();

	opvs_test_dest(test, svc_b, SERVER, 5060);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40000), svc_b);
	opvs_test_dest(test, svc_c, SERVER, 5060);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40000), svc_b);
	opvs_test_dest(test, svc_a, SERVER, 5060);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40000), svc_a);
	KUNIT_EXPECT_EQ(test, endpoint_misses() - misses, 2);
}

static void endpoint_server_removed(struct kunit *test)
{
	struct opvs_dest *a = opvs_test_dest(test, svc_a, SERVER, 5060);
	struct opvs_dest *b = opvs_test_dest(test, svc_b, SERVER, 5060);
	struct opvs_dest *c = opvs_test_dest(test, svc_c, SERVER, 5060);

	endpoint_ask(b, CLIENT_1, 40000);
	opvs_test_dest_del(test, a);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_2, 40000), svc_b);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40000), svc_b);
	opvs_test_dest_del(test, b);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40000), svc_c);
	opvs_test_dest_del(test, c);
	KUNIT_EXPECT_NULL(test, endpoint_reply(CLIENT_1, 40000));
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 3));

	opvs_test_dest(test, svc_c, SERVER, 5060);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40000), svc_c);
}

static void endpoint_service_removed(struct kunit *test)
{
	opvs_test_dest(test, svc_a, SERVER, 5060);
	opvs_test_dest(test, svc_b, SERVER, 5060);
	opvs_test_svc_del(svc_a);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40000), svc_b);
	opvs_test_svc_del(svc_b);
	KUNIT_EXPECT_NULL(test, endpoint_reply(CLIENT_1, 40000));
	KUNIT_EXPECT_TRUE(test, opvs_test_live(on, 1));
}

/* A hint to a service that does not use the server any more says nothing, and
 * must not hide what the client's address says.
 */
static void endpoint_stale_hint(struct kunit *test)
{
	struct opvs_dest *b = opvs_test_dest(test, svc_b, SERVER, 5060);
	struct opvs_dest *c = opvs_test_dest(test, svc_c, SERVER, 5060);
	struct opvs_dest *a = opvs_test_dest(test, svc_a, SERVER, 5060);

	endpoint_ask(b, CLIENT_1, 1002);
	endpoint_ask(c, CLIENT_1, 1003);
	opvs_test_dest_del(test, b);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 1003), svc_c);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 1002), svc_c);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_2, 1002), svc_a);
	endpoint_ask(a, CLIENT_1, 1002);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 1002), svc_a);
}

/* Direct servers answer by themselves. */
static void endpoint_direct(struct kunit *test)
{
	struct opvs_dest *a = opvs_test_dest(test, svc_a, SERVER, 5060);
	struct opvs_dest *b = opvs_test_dest(test, svc_b, SERVER, 5060);
	u64 writes;

	opvs_test_dest_method(test, a, IP_VS_CONN_F_DROUTE);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40000), svc_b);
	writes = endpoint_writes();
	endpoint_ask(a, CLIENT_1, 40000);
	endpoint_ask(b, CLIENT_1, 40000);
	KUNIT_EXPECT_EQ(test, endpoint_writes(), writes);
	opvs_test_dest_method(test, b, IP_VS_CONN_F_DROUTE);
	KUNIT_EXPECT_NULL(test, endpoint_reply(CLIENT_1, 40000));

	opvs_test_dest_method(test, b, IP_VS_CONN_F_MASQ);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40000), svc_b);
	opvs_test_dest_method(test, a, IP_VS_CONN_F_MASQ);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40000), svc_a);
	endpoint_ask(b, CLIENT_1, 40000);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40000), svc_b);
	opvs_test_dest_del(test, a);
	opvs_test_dest_del(test, b);
	KUNIT_EXPECT_NULL(test, endpoint_reply(CLIENT_1, 40000));
}

/* An edit that keeps the method keeps the place. */
static void endpoint_edited(struct kunit *test)
{
	struct opvs_dest *a = opvs_test_dest(test, svc_a, SERVER, 5060);

	opvs_test_dest(test, svc_b, SERVER, 5060);
	opvs_test_dest_limit(test, a, 10, 0);
	opvs_test_dest_method(test, a, IP_VS_CONN_F_MASQ);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40000), svc_a);
	opvs_test_dest_del(test, a);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40000), svc_b);
}

/* A packet that stands on a server in the list which it left would walk on in
 * the list which it joined.  On one processor that does not preempt readers, to
 * be in process context is a grace period.
 */
static void endpoint_joined_anew(struct kunit *test)
{
	struct opvs_dest *a = opvs_test_dest(test, svc_a, SERVER, 5060);
	unsigned long left;
	int i;

	opvs_test_dest(test, svc_b, SERVER, 5060);
	for (i = 0; i < 3; i++) {
		opvs_test_dest_method(test, a, IP_VS_CONN_F_DROUTE);
		left = a->endpoint_left;
		KUNIT_EXPECT_FALSE(test, opvs_dest_joined(a));
		opvs_test_dest_method(test, a, IP_VS_CONN_F_MASQ);
		KUNIT_EXPECT_TRUE(test, opvs_dest_joined(a));
		if (!IS_ENABLED(CONFIG_TINY_RCU))
			KUNIT_EXPECT_TRUE(test,
					  poll_state_synchronize_rcu(left));
		KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40000),
				    svc_a);
	}
}

/* ---- what is a reply ---- */

/* A service with an engine, at the address of none of the others. */
static struct opvs_svc *endpoint_engine(struct kunit *test)
{
	struct opvs_svc_conf conf;

	opvs_test_svc_conf(&conf, IPPROTO_UDP);
	conf.key.addr.ip = htonl(VIP_C);
	conf.key.port = htons(5080);
	conf.sched = opvs_sched_find("mh");
	conf.pe = opvs_pe_find("sip");
	conf.flags = IP_VS_SVC_F_ONEPACKET;
	return opvs_test_svc_as(test, on, &conf);
}

/* Without an engine: what goes to an address and port that asked. */
static void endpoint_asked(struct kunit *test)
{
	struct opvs_dest *a = opvs_test_dest(test, svc_a, SERVER, 5060);

	opvs_test_dest(test, svc_a, OTHER, 5060);
	WRITE_ONCE(on->settings.reply_seconds, 180);
	KUNIT_EXPECT_NULL(test, endpoint_reply(CLIENT_1, 40000));
	endpoint_ask(a, CLIENT_1, 40000);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40000), svc_a);
	KUNIT_EXPECT_NULL(test, endpoint_reply(CLIENT_1, 40001));
	KUNIT_EXPECT_NULL(test, endpoint_reply(CLIENT_2, 40000));
	/* From any server. */
	KUNIT_EXPECT_PTR_EQ(test, svc_a, endpoint_reply_from(OTHER, 5060,
							     CLIENT_1, 40000));
	/* The servers speak to each other, and the director to them. */
	KUNIT_EXPECT_NULL(test, endpoint_reply(OTHER, 5060));
	endpoint_here = true;
	KUNIT_EXPECT_NULL(test, endpoint_reply(CLIENT_2, 40000));
	endpoint_ask(a, CLIENT_2, 40000);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_2, 40000), svc_a);
}

/* A client's question to one service is none to another over the same server. */
static void endpoint_asked_another(struct kunit *test)
{
	struct opvs_dest *b;

	opvs_test_dest(test, svc_a, SERVER, 5060);
	b = opvs_test_dest(test, svc_b, SERVER, 5060);
	WRITE_ONCE(on->settings.reply_seconds, 180);
	KUNIT_EXPECT_NULL(test, endpoint_reply(CLIENT_1, 40000));
	endpoint_ask(b, CLIENT_1, 40000);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40000), svc_b);
	KUNIT_EXPECT_NULL(test, endpoint_reply(CLIENT_1, 5060));
}

/* With an engine: what goes to anybody but the director and the servers. */
static void endpoint_asked_engine(struct kunit *test)
{
	struct opvs_svc *svc = endpoint_engine(test);
	struct opvs_dest *dest = opvs_test_dest(test, svc, SERVER, 5060);
	struct opvs_dest *other = opvs_test_dest(test, svc, OTHER, 5060);

	WRITE_ONCE(on->settings.reply_seconds, 180);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40000), svc);

	KUNIT_EXPECT_NULL(test, endpoint_reply(OTHER, 5060));
	endpoint_ask(dest, OTHER, 5060);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(OTHER, 5060), svc);
	KUNIT_EXPECT_NULL(test, endpoint_reply(OTHER, 40000));

	endpoint_here = true;
	KUNIT_EXPECT_NULL(test, endpoint_reply(CLIENT_1, 40000));
	endpoint_flags = OPVS_FLOW_FROM_HOST;
	endpoint_ask(other, CLIENT_1, 40000);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40000), svc);
	KUNIT_EXPECT_NULL(test, endpoint_reply(CLIENT_1, 40001));
}

/* A server that takes no new calls is one of the servers all the same. */
static void endpoint_drained_server(struct kunit *test)
{
	struct opvs_svc *svc = endpoint_engine(test);
	struct opvs_dest_conf conf;
	bool here;

	opvs_test_dest(test, svc, SERVER, 5060);
	opvs_test_dest_conf(&conf, OTHER, 5060);
	conf.weight = 0;
	opvs_test_dest_as(test, svc, &conf);
	opvs_test_dest_conf(&conf, OTHER, 5060);
	conf.weight = 0;
	opvs_test_dest_as(test, svc_a, &conf);
	WRITE_ONCE(on->settings.reply_seconds, 180);
	KUNIT_EXPECT_NULL(test, endpoint_reply(OTHER, 5060));
	rcu_read_lock();
	here = opvs_svc_has_addr(svc_a, &conf.key.addr);
	rcu_read_unlock();
	KUNIT_EXPECT_TRUE(test, here);
}

static struct kunit_case endpoint_test_cases[] = {
	KUNIT_CASE(endpoint_one_service),
	KUNIT_CASE(endpoint_exact_match),
	KUNIT_CASE(endpoint_service_port),
	KUNIT_CASE(endpoint_two_by_hint),
	KUNIT_CASE(endpoint_three_by_hint),
	KUNIT_CASE(endpoint_shared_or_not),
	KUNIT_CASE(endpoint_no_hint),
	KUNIT_CASE(endpoint_server_removed),
	KUNIT_CASE(endpoint_service_removed),
	KUNIT_CASE(endpoint_stale_hint),
	KUNIT_CASE(endpoint_direct),
	KUNIT_CASE(endpoint_edited),
	KUNIT_CASE(endpoint_joined_anew),
	KUNIT_CASE(endpoint_asked),
	KUNIT_CASE(endpoint_asked_another),
	KUNIT_CASE(endpoint_asked_engine),
	KUNIT_CASE(endpoint_drained_server),
	{}
};

static struct kunit_suite endpoint_suite = {
	.name = "opvs_endpoint",
	.init = endpoint_init,
	.exit = endpoint_exit,
	.test_cases = endpoint_test_cases,
};

kunit_test_suite(endpoint_suite);

MODULE_DESCRIPTION("opvs: unit tests of the reply side");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
