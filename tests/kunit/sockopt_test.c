// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of the socket options of ip_vs: what becomes of their structures,
 * what is refused, and what stands in those that are given back.
 */
#include "../../net/ctl/sockopt.h"

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/sched.h>
#include <opvs/svc.h>
#include <opvs/xmit.h>

#include <kunit/test.h>

#include <linux/in.h>
#include <linux/module.h>
#include <linux/string.h>

#include "testlib.h"

#define VIP		0xc0000201	/* 192.0.2.1 */
#define SERVER		0xc000020b	/* 192.0.2.11 */

/* As programs pass them. */
struct rule {
	struct ip_vs_service_user	svc;
	struct ip_vs_dest_user		dest;
};

static struct opvs_net *on;
static struct rule rule;

static int sockopt_init(struct kunit *test)
{
	rule = (struct rule){
		.svc = {
			.protocol	= IPPROTO_UDP,
			.addr		= htonl(VIP),
			.port		= htons(5060),
			.sched_name	= "wlc",
			.flags		= IP_VS_SVC_F_ONEPACKET,
			.netmask	= htonl(0xffffff00),
		},
		.dest = {
			.addr		= htonl(SERVER),
			.port		= htons(5061),
			.conn_flags	= IP_VS_CONN_F_DROUTE,
			.weight		= 3,
			.u_threshold	= 9,
			.l_threshold	= 4,
		},
	};
	return opvs_test_net_init(test, &on);
}

static void sockopt_exit(struct kunit *test)
{
	opvs_test_net_exit(test, on);
}

static int set(int name, unsigned int len)
{
	return opvs_sockopt_set(on, name, KERNEL_SOCKPTR(&rule), len);
}

static int set_svc(int name)
{
	return set(name, sizeof(rule.svc));
}

static int set_dest(int name)
{
	return set(name, sizeof(rule));
}

/* Nobody else changes services here, so these stay valid without the lock. */
static struct opvs_svc *the_svc(void)
{
	struct opvs_svc_key key;
	struct opvs_svc *svc;

	opvs_sockopt_key(rule.svc.protocol, rule.svc.addr, rule.svc.port,
			 rule.svc.fwmark, &key);
	mutex_lock(&on->cfg_lock);
	svc = opvs_svc_find(on, &key);
	mutex_unlock(&on->cfg_lock);
	return svc;
}

static struct opvs_dest *the_dest(void)
{
	const struct opvs_dest_key key = {
		.addr.ip	= htonl(SERVER),
		.port		= htons(5061),
		.family		= NFPROTO_IPV4,
	};
	struct opvs_svc *svc = the_svc();
	struct opvs_dest *dest;

	mutex_lock(&on->cfg_lock);
	dest = svc ? opvs_dest_find(svc, &key) : NULL;
	mutex_unlock(&on->cfg_lock);
	return dest;
}

static u32 count_svcs(void)
{
	return on->svc.num[OPVS_INET] + on->svc.num[OPVS_INET6];
}

static void sockopt_service(struct kunit *test)
{
	const struct opvs_svc_conf *conf;
	struct opvs_svc *svc;

	KUNIT_ASSERT_EQ(test, set_svc(IP_VS_SO_SET_ADD), 0);
	svc = the_svc();
	KUNIT_ASSERT_NOT_NULL(test, svc);
	conf = &svc->conf;
	KUNIT_EXPECT_EQ(test, conf->key.family, NFPROTO_IPV4);
	KUNIT_EXPECT_EQ(test, conf->key.proto, IPPROTO_UDP);
	KUNIT_EXPECT_EQ(test, conf->key.addr.ip, htonl(VIP));
	KUNIT_EXPECT_EQ(test, conf->key.port, htons(5060));
	KUNIT_EXPECT_PTR_EQ(test, conf->sched, opvs_sched_find("wlc"));
	KUNIT_EXPECT_NULL(test, conf->pe);
	KUNIT_EXPECT_EQ(test, conf->flags, IP_VS_SVC_F_ONEPACKET);
	KUNIT_EXPECT_EQ(test, conf->netmask, htonl(0xffffff00));
	KUNIT_EXPECT_PTR_EQ(test, conf->policy, &on->policy.standard);

	/* All flags are replaced, and there is no engine afterwards. */
	rule.svc.flags = IP_VS_SVC_F_PERSISTENT | IP_VS_SVC_F_HASHED;
	rule.svc.timeout = 77;
	strscpy(rule.svc.sched_name, "rr", sizeof(rule.svc.sched_name));
	KUNIT_EXPECT_EQ(test, set_svc(IP_VS_SO_SET_EDIT), 0);
	KUNIT_EXPECT_EQ(test, conf->flags, IP_VS_SVC_F_PERSISTENT);
	KUNIT_EXPECT_EQ(test, conf->timeout, 77);
	KUNIT_EXPECT_PTR_EQ(test, conf->sched, opvs_sched_find("rr"));
	KUNIT_EXPECT_EQ(test, set_svc(IP_VS_SO_SET_DEL), 0);
	KUNIT_EXPECT_EQ(test, count_svcs(), 0);
}

static void sockopt_dest(struct kunit *test)
{
	struct opvs_dest *dest;

	KUNIT_ASSERT_EQ(test, set_svc(IP_VS_SO_SET_ADD), 0);
	KUNIT_ASSERT_EQ(test, set_dest(IP_VS_SO_SET_ADDDEST), 0);
	dest = the_dest();
	KUNIT_ASSERT_NOT_NULL(test, dest);
	KUNIT_EXPECT_EQ(test, dest->conf.xmit->method, IP_VS_CONN_F_DROUTE);
	KUNIT_EXPECT_EQ(test, dest->conf.weight, 3);
	KUNIT_EXPECT_EQ(test, dest->conf.u_threshold, 9);
	KUNIT_EXPECT_EQ(test, dest->conf.l_threshold, 4);
	KUNIT_EXPECT_EQ(test, dest->conf.tunnel.word, 0);

	rule.dest.weight = 0;
	rule.dest.conn_flags = IP_VS_CONN_F_MASQ | IP_VS_CONN_F_INACTIVE;
	KUNIT_EXPECT_EQ(test, set_dest(IP_VS_SO_SET_EDITDEST), 0);
	KUNIT_EXPECT_EQ(test, dest->conf.weight, 0);
	KUNIT_EXPECT_EQ(test, dest->conf.xmit->method, IP_VS_CONN_F_MASQ);
	KUNIT_EXPECT_EQ(test, set_dest(IP_VS_SO_SET_DELDEST), 0);
	KUNIT_EXPECT_NULL(test, the_dest());
}

/* Every length but the right one, for every number. */
static void sockopt_lengths(struct kunit *test)
{
	static const u8 right[] = { 0, 0, 44, 44, 44, 0, 0, 68, 68, 68, 12, 24,
				    24, 0, 0, 44 };
	static const u8 none[] = { 0, 1, 6, 13, 14 };
	unsigned int i, len;

	for (i = 0; i < ARRAY_SIZE(right); i++)
		for (len = 0; len <= 2 * sizeof(rule); len++)
			if (len != right[i])
				KUNIT_EXPECT_EQ_MSG(test, set(IP_VS_BASE_CTL + i,
							      len), -EINVAL,
						    "%u, %u bytes", i, len);
	for (i = 0; i < ARRAY_SIZE(none); i++)
		KUNIT_EXPECT_EQ_MSG(test, set(IP_VS_BASE_CTL + none[i], 0),
				    -EINVAL, "%u", none[i]);
	KUNIT_EXPECT_EQ(test, count_svcs(), 0);
}

/* The order in which IPVS finds what is wrong. */
static void sockopt_errors(struct kunit *test)
{
	memset(rule.svc.sched_name, 'm', sizeof(rule.svc.sched_name));
	rule.svc.protocol = IPPROTO_ICMP;
	KUNIT_EXPECT_EQ(test, set_svc(IP_VS_SO_SET_ADD), -EINVAL);
	KUNIT_EXPECT_EQ(test, set_svc(IP_VS_SO_SET_EDIT), -EINVAL);
	KUNIT_EXPECT_EQ(test, set_svc(IP_VS_SO_SET_DEL), -EFAULT);
	KUNIT_EXPECT_EQ(test, set_dest(IP_VS_SO_SET_ADDDEST), -EFAULT);
	KUNIT_EXPECT_EQ(test, set_svc(IP_VS_SO_SET_ZERO), -EFAULT);
	rule.svc.protocol = 0;
	rule.svc.fwmark = 7;
	KUNIT_EXPECT_EQ(test, set_svc(IP_VS_SO_SET_DEL), -EFAULT);
	rule.svc.protocol = 256 + IPPROTO_UDP;
	KUNIT_EXPECT_EQ(test, set_svc(IP_VS_SO_SET_DEL), -EFAULT);
	rule.svc.protocol = IPPROTO_UDP;
	KUNIT_EXPECT_EQ(test, set_svc(IP_VS_SO_SET_DEL), -ESRCH);
	KUNIT_EXPECT_EQ(test, set_dest(IP_VS_SO_SET_DELDEST), -ESRCH);
	rule.svc.addr = 0;
	rule.svc.port = 0;
	KUNIT_EXPECT_EQ(test, set_svc(IP_VS_SO_SET_ZERO), -ESRCH);
	rule.svc.fwmark = 0;
	rule.svc.protocol = 0;
	KUNIT_EXPECT_EQ(test, set_svc(IP_VS_SO_SET_ZERO), 0);
	KUNIT_EXPECT_EQ(test, count_svcs(), 0);
}

/* What is given back has no byte that was there before. */
static void sockopt_filled(struct kunit *test)
{
	/* static, as then what lies between the members is 0, too */
	static const struct ip_vs_service_entry want = {
		.protocol	= IPPROTO_UDP,
		.addr		= htonl(VIP),
		.port		= htons(5060),
		.sched_name	= "wlc",
		.flags		= IP_VS_SVC_F_ONEPACKET | IP_VS_SVC_F_HASHED,
		.netmask	= htonl(0xffffff00),
		.num_dests	= 1,
	};
	static const struct ip_vs_dest_entry want_dest = {
		.addr		= htonl(SERVER),
		.port		= htons(5061),
		.conn_flags	= IP_VS_CONN_F_DROUTE | IP_VS_CONN_F_INACTIVE |
				  IP_VS_CONN_F_NOOUTPUT,
		.weight		= 3,
		.u_threshold	= 9,
		.l_threshold	= 4,
	};
	struct ip_vs_service_entry svc;
	struct ip_vs_dest_entry dest;
	struct opvs_svc *the;

	KUNIT_ASSERT_EQ(test, set_svc(IP_VS_SO_SET_ADD), 0);
	KUNIT_ASSERT_EQ(test, set_dest(IP_VS_SO_SET_ADDDEST), 0);
	the = the_svc();
	memset(&svc, 0xa5, sizeof(svc));
	memset(&dest, 0xa5, sizeof(dest));
	mutex_lock(&on->cfg_lock);
	opvs_sockopt_fill_svc(&svc, the);
	opvs_sockopt_fill_dest(&dest, list_first_entry(&the->dests,
						       struct opvs_dest, list));
	mutex_unlock(&on->cfg_lock);
	KUNIT_EXPECT_EQ(test, memcmp(&svc, &want, sizeof(svc)), 0);
	KUNIT_EXPECT_EQ(test, memcmp(&dest, &want_dest, sizeof(dest)), 0);
}

/* By mark: address, port and protocol do not count, and TCP is shown. */
static void sockopt_mark(struct kunit *test)
{
	struct ip_vs_service_entry svc;
	struct opvs_svc *the;

	rule.svc.fwmark = 7;
	KUNIT_ASSERT_EQ(test, set_svc(IP_VS_SO_SET_ADD), 0);
	rule.svc.addr = 0;
	rule.svc.protocol = IPPROTO_TCP;
	KUNIT_EXPECT_EQ(test, set_svc(IP_VS_SO_SET_ADD), -EEXIST);
	the = the_svc();
	KUNIT_ASSERT_NOT_NULL(test, the);
	mutex_lock(&on->cfg_lock);
	opvs_sockopt_fill_svc(&svc, the);
	mutex_unlock(&on->cfg_lock);
	KUNIT_EXPECT_EQ(test, svc.fwmark, 7);
	KUNIT_EXPECT_EQ(test, svc.protocol, IPPROTO_TCP);
	KUNIT_EXPECT_EQ(test, svc.addr, 0);
	KUNIT_EXPECT_EQ(test, svc.port, 0);
}

static struct kunit_case sockopt_cases[] = {
	KUNIT_CASE(sockopt_service),
	KUNIT_CASE(sockopt_dest),
	KUNIT_CASE(sockopt_lengths),
	KUNIT_CASE(sockopt_errors),
	KUNIT_CASE(sockopt_filled),
	KUNIT_CASE(sockopt_mark),
	{}
};

static struct kunit_suite sockopt_suite = {
	.name		= "opvs_sockopt",
	.init		= sockopt_init,
	.exit		= sockopt_exit,
	.test_cases	= sockopt_cases,
};

kunit_test_suite(sockopt_suite);

MODULE_DESCRIPTION("opvs: unit tests of the socket options");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
