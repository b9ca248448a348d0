// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of configuration errors: each is told by its number and a
 * sentence, and leaves everything as it was.
 *
 * Runs on the initial network namespace; the services it makes there have
 * documentation addresses and are removed after each test.
 */
#include <opvs/svc.h>

#include <opvs/dest.h>
#include <opvs/expire.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/pe.h>
#include <opvs/sched.h>
#include <opvs/xmit.h>

#include <kunit/test.h>

#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/string.h>

static struct opvs_net *on;

struct svc_case {
	const char *name;
	void (*spoil)(struct opvs_svc_conf *conf);
	int err;
};

struct kind_case {
	const char *name;
	void (*make)(struct opvs_svc_conf *conf);
	bool one_packet;
};

struct dest_case {
	const char *name;
	void (*spoil)(struct opvs_dest_conf *conf);
	int err;
};

/* ---- configurations that are right ---- */

static void good_svc(struct opvs_svc_conf *conf)
{
	memset(conf, 0, sizeof(*conf));
	conf->key.family = NFPROTO_IPV4;
	conf->key.proto = IPPROTO_UDP;
	conf->key.addr.ip = htonl(0xc0000201);	/* 192.0.2.1 */
	conf->key.port = htons(5060);
	conf->sched = opvs_sched_find("mh");
	conf->pe = opvs_pe_find("sip");
	conf->flags = IP_VS_SVC_F_ONEPACKET;
	conf->netmask = htonl(0xffffffff);
}

static void make_ipv6(struct opvs_svc_conf *conf)
{
	memset(&conf->key.addr, 0, sizeof(conf->key.addr));
	conf->key.family = NFPROTO_IPV6;
	conf->key.addr.ip6[0] = htonl(0x20010db8);
	conf->key.addr.ip6[3] = htonl(1);
	conf->netmask = (__force __be32)128;
}

static void good_dest(struct opvs_dest_conf *conf)
{
	memset(conf, 0, sizeof(*conf));
	conf->key.family = NFPROTO_IPV4;
	conf->key.addr.ip = htonl(0xc000020b);	/* 192.0.2.11 */
	conf->key.port = htons(5060);
	conf->xmit = opvs_xmit_find(IP_VS_CONN_F_MASQ);
	conf->weight = 1;
}

/* ---- what can be wrong with a service ---- */

static void spoil_icmp(struct opvs_svc_conf *conf)
{
	conf->key.proto = IPPROTO_ICMP;
}

static void spoil_engine_tcp(struct opvs_svc_conf *conf)
{
	conf->key.proto = IPPROTO_TCP;
}

static void spoil_engine_sctp(struct opvs_svc_conf *conf)
{
	conf->key.proto = IPPROTO_SCTP;
}

static void spoil_engine_tracked(struct opvs_svc_conf *conf)
{
	conf->flags &= ~IP_VS_SVC_F_ONEPACKET;
}

static void spoil_engine_rr(struct opvs_svc_conf *conf)
{
	conf->sched = opvs_sched_find("rr");
}

static void spoil_engine_wrr(struct opvs_svc_conf *conf)
{
	conf->sched = opvs_sched_find("wrr");
}

static void spoil_timeout_zero(struct opvs_svc_conf *conf)
{
	conf->flags |= IP_VS_SVC_F_PERSISTENT;
}

static void spoil_timeout_long(struct opvs_svc_conf *conf)
{
	conf->flags |= IP_VS_SVC_F_PERSISTENT;
	conf->timeout = OPVS_EXPIRE_MAX_SECONDS + 1;
}

static void spoil_prefix_zero(struct opvs_svc_conf *conf)
{
	make_ipv6(conf);
	conf->netmask = 0;
}

static void spoil_prefix_long(struct opvs_svc_conf *conf)
{
	make_ipv6(conf);
	conf->netmask = (__force __be32)129;
}

static const struct svc_case svc_cases[] = {
	{ "ICMP", spoil_icmp, -EPROTONOSUPPORT },
	{ "engine with TCP", spoil_engine_tcp, -EOPNOTSUPP },
	{ "engine with SCTP", spoil_engine_sctp, -EOPNOTSUPP },
	{ "engine, mh, neither -o nor -p", spoil_engine_tracked, -EOPNOTSUPP },
	{ "engine, rr, no persistence", spoil_engine_rr, -EOPNOTSUPP },
	{ "engine, wrr, no persistence", spoil_engine_wrr, -EOPNOTSUPP },
	{ "persistence of 0 s", spoil_timeout_zero, -EINVAL },
	{ "persistence too long to keep", spoil_timeout_long, -EINVAL },
	{ "IPv6 prefix 0", spoil_prefix_zero, -EINVAL },
	{ "IPv6 prefix 129", spoil_prefix_long, -EINVAL },
};

static void svc_case_name(const struct svc_case *row, char *name)
{
	strscpy(name, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(svc, svc_cases, svc_case_name);

/* ---- services of every kind ---- */

static void make_tracked(struct opvs_svc_conf *conf)
{
	conf->flags &= ~IP_VS_SVC_F_ONEPACKET;
	conf->pe = NULL;
	conf->sched = opvs_sched_find("rr");
}

static void make_persistent(struct opvs_svc_conf *conf)
{
	conf->flags |= IP_VS_SVC_F_PERSISTENT;
	conf->timeout = 360;
}

static void make_mark(struct opvs_svc_conf *conf)
{
	memset(&conf->key.addr, 0, sizeof(conf->key.addr));
	conf->key.addr.all[0] = 80;
	conf->key.proto = 0;
	conf->key.port = 0;
}

static void kind_tcp(struct opvs_svc_conf *conf)
{
	make_tracked(conf);
	conf->key.proto = IPPROTO_TCP;
}

/* As stock IPVS: the flag means nothing there. */
static void kind_tcp_one_packet(struct opvs_svc_conf *conf)
{
	kind_tcp(conf);
	conf->flags |= IP_VS_SVC_F_ONEPACKET;
}

static void kind_sctp(struct opvs_svc_conf *conf)
{
	make_tracked(conf);
	conf->key.proto = IPPROTO_SCTP;
}

static void kind_udp(struct opvs_svc_conf *conf)
{
	make_tracked(conf);
}

static void kind_persistent(struct opvs_svc_conf *conf)
{
	make_tracked(conf);
	make_persistent(conf);
}

static void kind_persistent_longest(struct opvs_svc_conf *conf)
{
	make_tracked(conf);
	make_persistent(conf);
	conf->timeout = OPVS_EXPIRE_MAX_SECONDS;
}

static void kind_engine_persistent(struct opvs_svc_conf *conf)
{
	make_persistent(conf);
	conf->sched = opvs_sched_find("rr");
}

static void kind_engine_tracked(struct opvs_svc_conf *conf)
{
	kind_engine_persistent(conf);
	conf->flags &= ~IP_VS_SVC_F_ONEPACKET;
}

static void kind_port_zero(struct opvs_svc_conf *conf)
{
	conf->key.port = 0;
}

static void kind_mark(struct opvs_svc_conf *conf)
{
	make_tracked(conf);
	make_mark(conf);
}

static void kind_mark_one_packet(struct opvs_svc_conf *conf)
{
	make_mark(conf);
}

static const struct kind_case kind_cases[] = {
	{ "TCP", kind_tcp, false },
	{ "TCP with -o", kind_tcp_one_packet, false },
	{ "SCTP", kind_sctp, false },
	{ "tracked UDP", kind_udp, false },
	{ "persistent", kind_persistent, false },
	{ "longest persistence", kind_persistent_longest, false },
	{ "engine, -o and -p", kind_engine_persistent, true },
	{ "engine, -p without -o", kind_engine_tracked, false },
	{ "one-packet, port 0", kind_port_zero, true },
	{ "firewall mark", kind_mark, false },
	{ "one-packet by firewall mark", kind_mark_one_packet, true },
};

static void kind_case_name(const struct kind_case *row, char *name)
{
	strscpy(name, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(kind, kind_cases, kind_case_name);

/* ---- what can be wrong with a server ---- */

static void set_ipv6(struct opvs_dest_conf *conf, u32 first, u32 last)
{
	memset(&conf->key.addr, 0, sizeof(conf->key.addr));
	conf->key.family = NFPROTO_IPV6;
	conf->key.addr.ip6[0] = htonl(first);
	conf->key.addr.ip6[3] = htonl(last);
}

static void spoil_family(struct opvs_dest_conf *conf)
{
	set_ipv6(conf, 0x20010db8, 0xb);
}

static void spoil_any(struct opvs_dest_conf *conf)
{
	conf->key.addr.ip = 0;
}

static void spoil_multicast(struct opvs_dest_conf *conf)
{
	conf->key.addr.ip = htonl(0xe0000001);	/* 224.0.0.1 */
}

static void spoil_broadcast(struct opvs_dest_conf *conf)
{
	conf->key.addr.ip = htonl(INADDR_BROADCAST);
}

static void spoil_weight(struct opvs_dest_conf *conf)
{
	conf->weight = (u32)-1;
}

static void spoil_upper(struct opvs_dest_conf *conf)
{
	conf->u_threshold = 0x80000000;
}

static void spoil_lower(struct opvs_dest_conf *conf)
{
	conf->u_threshold = 10;
	conf->l_threshold = 11;
}

static void spoil_lower_only(struct opvs_dest_conf *conf)
{
	conf->l_threshold = 1;
}

static const struct dest_case dest_cases[] = {
	{ "IPv6 server of an IPv4 service", spoil_family, -EINVAL },
	{ "0.0.0.0", spoil_any, -EINVAL },
	{ "multicast", spoil_multicast, -EINVAL },
	{ "broadcast", spoil_broadcast, -EINVAL },
	{ "negative weight", spoil_weight, -ERANGE },
	{ "upper threshold 2^31", spoil_upper, -EINVAL },
	{ "lower above upper threshold", spoil_lower, -ERANGE },
	{ "lower threshold alone", spoil_lower_only, -ERANGE },
};

static void dest_case_name(const struct dest_case *row, char *name)
{
	strscpy(name, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(dest, dest_cases, dest_case_name);

static void spoil6_any(struct opvs_dest_conf *conf)
{
	set_ipv6(conf, 0, 0);
}

static void spoil6_multicast(struct opvs_dest_conf *conf)
{
	set_ipv6(conf, 0xff020000, 1);
}

static void spoil6_linklocal(struct opvs_dest_conf *conf)
{
	set_ipv6(conf, 0xfe800000, 1);
}

static void spoil6_family(struct opvs_dest_conf *conf)
{
	good_dest(conf);
}

static const struct dest_case dest6_cases[] = {
	{ "::", spoil6_any, -EINVAL },
	{ "multicast", spoil6_multicast, -EINVAL },
	{ "link-local", spoil6_linklocal, -EINVAL },
	{ "IPv4 server of an IPv6 service", spoil6_family, -EINVAL },
};

KUNIT_ARRAY_PARAM(dest6, dest6_cases, dest_case_name);

/* ---- helpers ---- */

static u32 count_svcs(void)
{
	return on->num_svcs[OPVS_INET] + on->num_svcs[OPVS_INET6];
}

static int add_svc(const struct opvs_svc_conf *conf,
		   struct netlink_ext_ack *extack)
{
	int err;

	mutex_lock(&on->cfg_lock);
	err = opvs_svc_add(on, conf, extack);
	mutex_unlock(&on->cfg_lock);
	return err;
}

static int add_dest(struct opvs_svc *svc, const struct opvs_dest_conf *conf,
		    struct netlink_ext_ack *extack)
{
	int err;

	mutex_lock(&on->cfg_lock);
	err = opvs_dest_add(svc, conf, extack);
	mutex_unlock(&on->cfg_lock);
	return err;
}

/* Nobody else changes services here, so they stay valid without the lock. */
static struct opvs_svc *find_svc(const struct opvs_svc_conf *conf)
{
	struct opvs_svc *svc;

	mutex_lock(&on->cfg_lock);
	svc = opvs_svc_find(on, &conf->key);
	mutex_unlock(&on->cfg_lock);
	return svc;
}

static struct opvs_dest *find_dest(struct opvs_svc *svc,
				   const struct opvs_dest_conf *conf)
{
	struct opvs_dest *dest;

	mutex_lock(&on->cfg_lock);
	dest = opvs_dest_find(svc, &conf->key);
	mutex_unlock(&on->cfg_lock);
	return dest;
}

static struct opvs_svc *make_svc(struct kunit *test,
				 const struct opvs_svc_conf *conf)
{
	struct opvs_svc *svc;

	KUNIT_ASSERT_EQ(test, add_svc(conf, NULL), 0);
	svc = find_svc(conf);
	KUNIT_ASSERT_NOT_NULL(test, svc);
	return svc;
}

static struct opvs_dest *make_dest(struct kunit *test, struct opvs_svc *svc,
				   const struct opvs_dest_conf *conf)
{
	struct opvs_dest *dest;

	KUNIT_ASSERT_EQ(test, add_dest(svc, conf, NULL), 0);
	dest = find_dest(svc, conf);
	KUNIT_ASSERT_NOT_NULL(test, dest);
	return dest;
}

static bool same_svc(const struct opvs_svc_conf *a,
		     const struct opvs_svc_conf *b)
{
	return !memcmp(&a->key, &b->key, sizeof(a->key)) &&
	       a->sched == b->sched && a->pe == b->pe && a->flags == b->flags &&
	       a->timeout == b->timeout && a->netmask == b->netmask;
}

static bool same_dest(const struct opvs_dest_conf *a,
		      const struct opvs_dest_conf *b)
{
	return nf_inet_addr_cmp(&a->key.addr, &b->key.addr) &&
	       a->key.port == b->key.port && a->key.family == b->key.family &&
	       a->xmit == b->xmit && a->weight == b->weight &&
	       a->u_threshold == b->u_threshold &&
	       a->l_threshold == b->l_threshold;
}

/* ---- tests ---- */

/* Else all the refusals below could have another reason. */
static void config_good(struct kunit *test)
{
	struct opvs_svc_conf conf;
	struct opvs_dest_conf dest;
	struct opvs_svc *svc;

	good_svc(&conf);
	good_dest(&dest);
	svc = make_svc(test, &conf);
	KUNIT_EXPECT_EQ(test, count_svcs(), 1);
	make_dest(test, svc, &dest);
	KUNIT_EXPECT_EQ(test, svc->num_dests, 1);

	make_ipv6(&conf);
	set_ipv6(&dest, 0x20010db8, 0xb);
	svc = make_svc(test, &conf);
	KUNIT_EXPECT_EQ(test, count_svcs(), 2);
	make_dest(test, svc, &dest);
	KUNIT_EXPECT_EQ(test, svc->num_dests, 1);
}

static void config_svc_kind(struct kunit *test)
{
	const struct kind_case *row = test->param_value;
	struct opvs_svc_conf conf;
	struct opvs_svc *svc;

	good_svc(&conf);
	row->make(&conf);
	svc = make_svc(test, &conf);
	KUNIT_EXPECT_TRUE(test, same_svc(&svc->conf, &conf));
	KUNIT_EXPECT_EQ(test, svc->one_packet, row->one_packet);
	KUNIT_EXPECT_EQ(test, on->num_mark_svcs, !conf.key.proto);
	KUNIT_EXPECT_EQ(test, on->num_wild_svcs,
			conf.key.proto && !conf.key.port);
}

/* Replies of one-packet services are known by where they come from, which says
 * nothing about the address that a marked packet was sent to.
 */
static void config_mark_method(struct kunit *test)
{
	struct netlink_ext_ack extack = {};
	struct opvs_svc_conf conf;
	struct opvs_dest_conf dest;
	struct opvs_svc *svc;
	int err;

	good_svc(&conf);
	kind_mark_one_packet(&conf);
	good_dest(&dest);
	svc = make_svc(test, &conf);
	KUNIT_EXPECT_EQ(test, add_dest(svc, &dest, &extack), -EOPNOTSUPP);
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	KUNIT_EXPECT_EQ(test, svc->num_dests, 0);
	dest.xmit = opvs_xmit_find(IP_VS_CONN_F_DROUTE);
	make_dest(test, svc, &dest);

	/* Tracked, it may; but then it cannot become one-packet. */
	make_tracked(&conf);
	mutex_lock(&on->cfg_lock);
	err = opvs_svc_edit(svc, &conf, NULL);
	mutex_unlock(&on->cfg_lock);
	KUNIT_ASSERT_EQ(test, err, 0);
	good_dest(&dest);
	dest.key.addr.ip = htonl(0xc000020c);
	make_dest(test, svc, &dest);
	kind_mark_one_packet(&conf);
	conf.flags |= IP_VS_SVC_F_ONEPACKET;
	extack = (struct netlink_ext_ack){};
	mutex_lock(&on->cfg_lock);
	err = opvs_svc_edit(svc, &conf, &extack);
	mutex_unlock(&on->cfg_lock);
	KUNIT_EXPECT_EQ(test, err, -EOPNOTSUPP);
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	KUNIT_EXPECT_FALSE(test, svc->one_packet);
	KUNIT_EXPECT_NULL(test, find_dest(svc, &dest)->endpoint);
}

/* Replies of NAT servers are known by their address as long as each packet is
 * scheduled by itself.
 */
static void config_endpoint_follows(struct kunit *test)
{
	struct opvs_svc_conf one, tracked;
	struct opvs_dest_conf conf;
	struct opvs_dest *dest;
	struct opvs_svc *svc;
	int err;

	good_svc(&one);
	good_dest(&conf);
	tracked = one;
	make_tracked(&tracked);
	svc = make_svc(test, &one);
	dest = make_dest(test, svc, &conf);
	KUNIT_EXPECT_NOT_NULL(test, dest->endpoint);

	mutex_lock(&on->cfg_lock);
	err = opvs_svc_edit(svc, &tracked, NULL);
	mutex_unlock(&on->cfg_lock);
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_NULL(test, dest->endpoint);

	mutex_lock(&on->cfg_lock);
	err = opvs_svc_edit(svc, &one, NULL);
	mutex_unlock(&on->cfg_lock);
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_NOT_NULL(test, dest->endpoint);
}

static void config_svc_refused(struct kunit *test)
{
	const struct svc_case *row = test->param_value;
	struct netlink_ext_ack extack = {};
	struct opvs_svc_conf conf;

	good_svc(&conf);
	row->spoil(&conf);
	KUNIT_EXPECT_EQ(test, add_svc(&conf, &extack), row->err);
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	KUNIT_EXPECT_EQ(test, count_svcs(), 0);
	KUNIT_EXPECT_NULL(test, find_svc(&conf));
}

static void config_svc_twice(struct kunit *test)
{
	struct netlink_ext_ack extack = {};
	struct opvs_svc_conf conf, again;
	struct opvs_svc *svc;

	good_svc(&conf);
	svc = make_svc(test, &conf);
	again = conf;
	again.pe = NULL;
	again.sched = opvs_sched_find("rr");
	KUNIT_EXPECT_EQ(test, add_svc(&again, &extack), -EEXIST);
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	KUNIT_EXPECT_EQ(test, count_svcs(), 1);
	KUNIT_EXPECT_PTR_EQ(test, find_svc(&conf), svc);
	KUNIT_EXPECT_TRUE(test, same_svc(&svc->conf, &conf));
}

static void config_svc_edit_refused(struct kunit *test)
{
	const struct svc_case *row = test->param_value;
	struct netlink_ext_ack extack = {};
	struct opvs_svc_conf conf, wrong;
	struct opvs_svc *svc;
	void *table;
	int err;

	good_svc(&conf);
	wrong = conf;
	row->spoil(&wrong);
	svc = make_svc(test, &conf);
	table = rcu_access_pointer(svc->table);

	mutex_lock(&on->cfg_lock);
	err = opvs_svc_edit(svc, &wrong, &extack);
	mutex_unlock(&on->cfg_lock);
	KUNIT_EXPECT_EQ(test, err, row->err);
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	KUNIT_EXPECT_TRUE(test, same_svc(&svc->conf, &conf));
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(svc->table), table);
}

static void expect_dest_refused(struct kunit *test,
				const struct opvs_svc_conf *svc_conf,
				const struct dest_case *row)
{
	struct opvs_svc *svc = make_svc(test, svc_conf);
	void *table = rcu_access_pointer(svc->table);
	struct netlink_ext_ack extack = {};
	struct opvs_dest_conf conf;

	good_dest(&conf);
	row->spoil(&conf);
	KUNIT_EXPECT_EQ(test, add_dest(svc, &conf, &extack), row->err);
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	KUNIT_EXPECT_EQ(test, svc->num_dests, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&svc->dests));
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(svc->table), table);
}

static void config_dest_refused(struct kunit *test)
{
	struct opvs_svc_conf conf;

	good_svc(&conf);
	expect_dest_refused(test, &conf, test->param_value);
}

static void config_dest6_refused(struct kunit *test)
{
	struct opvs_svc_conf conf;

	good_svc(&conf);
	make_ipv6(&conf);
	expect_dest_refused(test, &conf, test->param_value);
}

static void config_dest_edit_refused(struct kunit *test)
{
	const struct dest_case *row = test->param_value;
	struct netlink_ext_ack extack = {};
	struct opvs_dest_conf conf, wrong;
	struct opvs_svc_conf svc_conf;
	struct opvs_dest *dest;
	struct opvs_svc *svc;
	int err;

	good_svc(&svc_conf);
	good_dest(&conf);
	wrong = conf;
	row->spoil(&wrong);
	svc = make_svc(test, &svc_conf);
	dest = make_dest(test, svc, &conf);

	mutex_lock(&on->cfg_lock);
	err = opvs_dest_edit(dest, &wrong, &extack);
	mutex_unlock(&on->cfg_lock);
	KUNIT_EXPECT_EQ(test, err, row->err);
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	KUNIT_EXPECT_TRUE(test, same_dest(&dest->conf, &conf));
	KUNIT_EXPECT_EQ(test, dest->weight, conf.weight);
	KUNIT_EXPECT_EQ(test, dest->u_threshold, conf.u_threshold);
	KUNIT_EXPECT_EQ(test, svc->num_dests, 1);
}

/* Port 0 is the service's port: the same server by another name. */
static void config_dest_twice(struct kunit *test)
{
	struct netlink_ext_ack extack = {};
	struct opvs_svc_conf svc_conf;
	struct opvs_dest_conf conf;
	struct opvs_svc *svc;

	good_svc(&svc_conf);
	good_dest(&conf);
	svc = make_svc(test, &svc_conf);
	make_dest(test, svc, &conf);
	KUNIT_EXPECT_EQ(test, add_dest(svc, &conf, &extack), -EEXIST);
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);

	conf.key.port = 0;
	conf.weight = 2;
	KUNIT_EXPECT_EQ(test, add_dest(svc, &conf, NULL), -EEXIST);
	KUNIT_EXPECT_EQ(test, svc->num_dests, 1);
	KUNIT_EXPECT_EQ(test, find_dest(svc, &conf)->conf.weight, 1);
}

/* As long as no interface has an address, the kernel takes every IPv4 address
 * for a broadcast.
 */
static int bring_lo_up(void)
{
	int err;

	rtnl_lock();
	err = dev_open(init_net.loopback_dev, NULL);
	rtnl_unlock();
	return err;
}

static int config_init(struct kunit *test)
{
	on = opvs_pernet(&init_net);
	if (count_svcs())
		return -EBUSY;
	return bring_lo_up();
}

static void config_exit(struct kunit *test)
{
	mutex_lock(&on->cfg_lock);
	opvs_svc_flush(on);
	mutex_unlock(&on->cfg_lock);
}

static struct kunit_case config_test_cases[] = {
	KUNIT_CASE(config_good),
	KUNIT_CASE_PARAM(config_svc_kind, kind_gen_params),
	KUNIT_CASE(config_mark_method),
	KUNIT_CASE(config_endpoint_follows),
	KUNIT_CASE_PARAM(config_svc_refused, svc_gen_params),
	KUNIT_CASE(config_svc_twice),
	KUNIT_CASE_PARAM(config_svc_edit_refused, svc_gen_params),
	KUNIT_CASE_PARAM(config_dest_refused, dest_gen_params),
	KUNIT_CASE_PARAM(config_dest6_refused, dest6_gen_params),
	KUNIT_CASE_PARAM(config_dest_edit_refused, dest_gen_params),
	KUNIT_CASE(config_dest_twice),
	{}
};

static struct kunit_suite config_suite = {
	.name = "opvs_config",
	.init = config_init,
	.exit = config_exit,
	.test_cases = config_test_cases,
};

kunit_test_suite(config_suite);

MODULE_DESCRIPTION("opvs: unit tests of configuration errors");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
