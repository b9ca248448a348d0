// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of the reply side of services by firewall mark: which virtual address
 * is meant?
 */
#include "endpoint_fixture.h"

static struct opvs_svc *mark_svc(struct kunit *test, u32 mark, const char *pe)
{
	struct opvs_svc_conf conf;

	opvs_test_svc_conf(&conf, 0);
	conf.key.addr = (union nf_inet_addr){ .all[0] = mark };
	conf.key.port = 0;
	conf.flags = IP_VS_SVC_F_ONEPACKET;
	if (pe) {
		conf.sched = opvs_sched_find("mh");
		conf.pe = opvs_pe_find(pe);
	}
	return opvs_test_svc_as(test, on, &conf);
}

/* The reply has the address and port that were asked, and that by who asked. */
static void mark_asked(struct kunit *test)
{
	struct opvs_svc *svc = mark_svc(test, 7, NULL);
	struct opvs_dest *dest = opvs_test_dest(test, svc, SERVER, 5060);
	struct opvs_dest *other = opvs_test_dest(test, svc, OTHER, 5060);

	KUNIT_EXPECT_NULL(test, endpoint_reply(CLIENT_1, 40000));
	endpoint_ask_at(dest, CLIENT_1, 40000, VIP_A, 53);
	endpoint_ask_at(dest, CLIENT_1, 40001, VIP_B, 5353);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40000), svc);
	KUNIT_EXPECT_EQ(test, endpoint_vaddr, VIP_A);
	KUNIT_EXPECT_EQ(test, endpoint_vport, 53);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40001), svc);
	KUNIT_EXPECT_EQ(test, endpoint_vaddr, VIP_B);
	KUNIT_EXPECT_EQ(test, endpoint_vport, 5353);
	KUNIT_EXPECT_NULL(test, endpoint_reply(CLIENT_1, 40002));
	KUNIT_EXPECT_NULL(test, endpoint_reply(CLIENT_2, 40000));

	/* The latest question counts, and only whom it went to may answer. */
	endpoint_ask_at(dest, CLIENT_1, 40000, VIP_C, 53);
	endpoint_reply(CLIENT_1, 40000);
	KUNIT_EXPECT_EQ(test, endpoint_vaddr, VIP_C);
	KUNIT_EXPECT_NULL(test, endpoint_reply_from(OTHER, 5060, CLIENT_1,
						    40000));
	endpoint_ask_at(other, CLIENT_1, 40000, VIP_A, 53);
	KUNIT_EXPECT_PTR_EQ(test, svc, endpoint_reply_from(OTHER, 5060,
							   CLIENT_1, 40000));
	endpoint_reply(CLIENT_1, 40000);
	KUNIT_EXPECT_EQ(test, endpoint_vaddr, VIP_C);

	opvs_test_dest_del(test, dest);
	KUNIT_EXPECT_NULL(test, endpoint_reply(CLIENT_1, 40000));
}

/* Such a server answers from the port that it was asked at. */
static void mark_all_ports(struct kunit *test)
{
	struct opvs_svc *svc = mark_svc(test, 7, NULL);
	struct opvs_dest *dest = opvs_test_dest(test, svc, SERVER, 0);

	endpoint_ask_at(dest, CLIENT_1, 40000, VIP_A, 53);
	endpoint_ask_at(dest, CLIENT_1, 40000, VIP_B, 123);
	KUNIT_EXPECT_PTR_EQ(test, svc, endpoint_reply_from(SERVER, 53, CLIENT_1,
							   40000));
	KUNIT_EXPECT_EQ(test, endpoint_vaddr, VIP_A);
	KUNIT_EXPECT_EQ(test, endpoint_vport, 53);
	endpoint_reply_from(SERVER, 123, CLIENT_1, 40000);
	KUNIT_EXPECT_EQ(test, endpoint_vaddr, VIP_B);
	KUNIT_EXPECT_NULL(test, endpoint_reply_from(SERVER, 124, CLIENT_1,
						    40000));
	opvs_test_dest_del(test, dest);
	KUNIT_EXPECT_EQ(test, on->replies.num_wild, 0);
}

/* With an engine also to another port of the client, but not to a server. */
static void mark_engine(struct kunit *test)
{
	struct opvs_svc *svc = mark_svc(test, 7, "sip");
	struct opvs_dest *dest = opvs_test_dest(test, svc, SERVER, 5060);

	opvs_test_dest(test, svc, OTHER, 5060);
	endpoint_ask_at(dest, CLIENT_1, 40000, VIP_A, 5060);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 5060), svc);
	KUNIT_EXPECT_EQ(test, endpoint_vaddr, VIP_A);
	KUNIT_EXPECT_NULL(test, endpoint_reply(CLIENT_2, 5060));
	endpoint_ask_at(dest, OTHER, 5060, VIP_A, 5060);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(OTHER, 5060), svc);
	KUNIT_EXPECT_NULL(test, endpoint_reply(OTHER, 5062));
	endpoint_here = true;
	KUNIT_EXPECT_NULL(test, endpoint_reply(CLIENT_1, 5060));
}

/* Beside a service by address, at the same server. */
static void mark_shared(struct kunit *test)
{
	struct opvs_svc *svc = mark_svc(test, 7, NULL);
	struct opvs_dest *a = opvs_test_dest(test, svc_a, SERVER, 5060);
	struct opvs_dest *dest = opvs_test_dest(test, svc, SERVER, 5060);

	WRITE_ONCE(on->settings.reply_seconds, 180);
	endpoint_ask(a, CLIENT_1, 40000);
	endpoint_ask_at(dest, CLIENT_2, 40000, VIP_B, 53);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40000), svc_a);
	KUNIT_EXPECT_EQ(test, endpoint_vaddr, VIP_A);
	KUNIT_EXPECT_EQ(test, endpoint_vport, 5060);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_2, 40000), svc);
	KUNIT_EXPECT_EQ(test, endpoint_vaddr, VIP_B);
	KUNIT_EXPECT_EQ(test, endpoint_vport, 53);
	/* The client's latest question was for the other service. */
	endpoint_ask_at(dest, CLIENT_1, 40000, VIP_B, 53);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40000), svc);
	endpoint_ask(a, CLIENT_1, 40000);
	KUNIT_EXPECT_PTR_EQ(test, endpoint_reply(CLIENT_1, 40000), svc_a);
}

static struct kunit_case mark_cases[] = {
	KUNIT_CASE(mark_asked),
	KUNIT_CASE(mark_all_ports),
	KUNIT_CASE(mark_engine),
	KUNIT_CASE(mark_shared),
	{}
};

static struct kunit_suite mark_suite = {
	.name = "opvs_mark_replies",
	.init = endpoint_init,
	.exit = endpoint_exit,
	.test_cases = mark_cases,
};

kunit_test_suite(mark_suite);

MODULE_DESCRIPTION("opvs: unit tests of the reply side of services by mark");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
