// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of where servers by NAT are known to be.
 */
#include <opvs/svc.h>

#include <opvs/behind.h>
#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/name.h>
#include <opvs/netns.h>

#include <kunit/test.h>

#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "testlib.h"

#define MARK		7
#define SERVER		0xc633640b

static struct opvs_net *on;

static int behind_init(struct kunit *test)
{
	return opvs_test_net_init(test, &on);
}

static void behind_exit(struct kunit *test)
{
	opvs_test_net_exit(test, on);
}

static struct opvs_svc *by_mark(struct kunit *test, u32 flags)
{
	struct opvs_svc_conf conf;

	opvs_test_svc_conf(&conf, 0);
	conf.key.addr = (union nf_inet_addr){ .all[0] = MARK };
	conf.key.port = 0;
	conf.flags = flags;
	return opvs_test_svc_as(test, on, &conf);
}

/* ---- where servers by NAT are ---- */

static bool is_there(u16 port, u8 proto)
{
	const union nf_inet_addr addr = { .ip = htonl(SERVER) };
	const struct opvs_name name = opvs_name(&addr, htons(port),
						NFPROTO_IPV4, proto);
	bool has;

	rcu_read_lock();
	has = opvs_behind_has(on, &name);
	rcu_read_unlock();
	return has;
}

static void behind_follows_servers(struct kunit *test)
{
	struct opvs_svc_conf conf;
	struct opvs_dest *dest;
	struct opvs_svc *svc;

	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	svc = opvs_test_svc_as(test, on, &conf);
	KUNIT_EXPECT_FALSE(test, is_there(8080, IPPROTO_TCP));
	dest = opvs_test_dest(test, svc, SERVER, 8080);
	KUNIT_EXPECT_TRUE(test, is_there(8080, IPPROTO_TCP));
	KUNIT_EXPECT_FALSE(test, is_there(8080, IPPROTO_UDP));
	KUNIT_EXPECT_FALSE(test, is_there(8081, IPPROTO_TCP));

	opvs_test_dest_limit(test, dest, 5, 0);
	KUNIT_EXPECT_TRUE(test, is_there(8080, IPPROTO_TCP));
	opvs_test_dest_method(test, dest, IP_VS_CONN_F_DROUTE);
	KUNIT_EXPECT_FALSE(test, is_there(8080, IPPROTO_TCP));
	opvs_test_dest_method(test, dest, IP_VS_CONN_F_MASQ);
	KUNIT_EXPECT_TRUE(test, is_there(8080, IPPROTO_TCP));
	opvs_test_dest_del(test, dest);
	KUNIT_EXPECT_FALSE(test, is_there(8080, IPPROTO_TCP));
}

/* One of two services that share a server may go. */
static void behind_is_shared(struct kunit *test)
{
	struct opvs_svc *svc = by_mark(test, 0), *other;
	struct opvs_svc_conf conf;

	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	other = opvs_test_svc_as(test, on, &conf);
	opvs_test_dest(test, svc, SERVER, 8080);
	opvs_test_dest(test, other, SERVER, 8080);
	conf.key.port = htons(81);
	opvs_test_dest(test, opvs_test_svc_as(test, on, &conf), SERVER, 8080);
	opvs_test_svc_del(other);
	KUNIT_EXPECT_TRUE(test, is_there(8080, IPPROTO_TCP));
	KUNIT_EXPECT_TRUE(test, is_there(8080, IPPROTO_SCTP));
	opvs_test_svc_del(svc);
	KUNIT_EXPECT_TRUE(test, is_there(8080, IPPROTO_TCP));
	KUNIT_EXPECT_FALSE(test, is_there(8080, IPPROTO_SCTP));
}

static struct kunit_case behind_cases[] = {
	KUNIT_CASE(behind_follows_servers),
	KUNIT_CASE(behind_is_shared),
	{}
};

static struct kunit_suite behind_suite = {
	.name		= "opvs_behind",
	.init		= behind_init,
	.exit		= behind_exit,
	.test_cases	= behind_cases,
};

kunit_test_suite(behind_suite);

MODULE_DESCRIPTION("opvs: unit tests of where servers are");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
