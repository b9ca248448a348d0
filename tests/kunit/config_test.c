// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of configuration errors: each is told by its number and a
 * sentence, and leaves everything as it was.
 *
 * Runs on the initial network namespace; the services it makes there have
 * documentation addresses and are removed after each test.
 */
#include "config_fixture.h"

#include <opvs/conn.h>
#include <opvs/expire.h>

#include "testlib.h"

struct svc_case {
	const char *name;
	void (*spoil)(struct opvs_svc_conf *conf);
	int err;
};

struct dest_case {
	const char *name;
	void (*spoil)(struct opvs_dest_conf *conf);
	int err;
};

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
	{ "engine with TCP", spoil_engine_tcp, -EPROTONOSUPPORT },
	{ "engine with SCTP", spoil_engine_sctp, -EPROTONOSUPPORT },
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

/* ---- what can be wrong with a server ---- */

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

/* Of new servers only. */
static const struct dest_case addr_cases[] = {
	{ "0.0.0.0", spoil_any, -EINVAL },
	{ "multicast", spoil_multicast, -EINVAL },
	{ "broadcast", spoil_broadcast, -EINVAL },
};

KUNIT_ARRAY_PARAM(addr, addr_cases, dest_case_name);

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
	/* That there is one is said before what else is wrong. */
	spoil_timeout_zero(&again);
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
	table = rcu_access_pointer(svc->view);

	mutex_lock(&on->cfg_lock);
	err = opvs_svc_edit(svc, &wrong, &extack);
	mutex_unlock(&on->cfg_lock);
	KUNIT_EXPECT_EQ(test, err, row->err);
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	KUNIT_EXPECT_TRUE(test, same_svc(&svc->conf, &conf));
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(svc->view), table);
}

static void expect_dest_refused(struct kunit *test,
				const struct opvs_svc_conf *svc_conf,
				const struct dest_case *row)
{
	struct opvs_svc *svc = make_svc(test, svc_conf);
	void *table = rcu_access_pointer(svc->view);
	struct netlink_ext_ack extack = {};
	struct opvs_dest_conf conf;

	good_dest(&conf);
	row->spoil(&conf);
	KUNIT_EXPECT_EQ(test, add_dest(svc, &conf, &extack), row->err);
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	KUNIT_EXPECT_EQ(test, svc->num_dests, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&svc->dests));
	KUNIT_EXPECT_PTR_EQ(test, rcu_access_pointer(svc->view), table);
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

/* What an address is may change while there is a server of it: let it be
 * multicast now.
 */
static void config_dest_spoilt_later(struct kunit *test)
{
	struct opvs_svc_conf svc_conf;
	struct opvs_conn_start start;
	struct opvs_dest_conf conf;
	struct opvs_dest *dest;
	struct opvs_svc *svc;
	int err;

	opvs_test_svc_conf(&svc_conf, IPPROTO_TCP);
	good_dest(&conf);
	conf.xmit = opvs_xmit_find(IP_VS_CONN_F_DROUTE);
	svc = make_svc(test, &svc_conf);
	dest = make_dest(test, svc, &conf);
	opvs_test_start(&start, dest, 0xcb007105, 1);
	KUNIT_ASSERT_FALSE(test, IS_ERR(opvs_test_track(on, &start)));
	spoil_multicast(&conf);
	dest->addr = conf.key.addr;

	conf.weight = 2;
	mutex_lock(&on->cfg_lock);
	err = opvs_dest_edit(dest, &conf, NULL);
	mutex_unlock(&on->cfg_lock);
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_EQ(test, dest->weight, 2);
	KUNIT_EXPECT_EQ(test, add_dest(svc, &conf, NULL), -EEXIST);
	opvs_test_dest_del(test, dest);
	KUNIT_EXPECT_EQ(test, add_dest(svc, &conf, NULL), 0);
	KUNIT_EXPECT_PTR_EQ(test, find_dest(svc, &conf), dest);
	opvs_test_end_all(on);
}

/* A scheduler that notes in which order things are done. */
static u32 noted_members, noted_removed;

static void note_members(struct opvs_view *view,
			 const struct opvs_view *prev)
{
	u32 i;

	noted_members = view->count;
	noted_removed = 0;
	for (i = 0; i < view->count; i++)
		noted_removed += READ_ONCE(view->member[i].dest->removed);
}

static struct opvs_dest *note_pick(const struct opvs_view *view,
				   const struct opvs_sched_req *req)
{
	return opvs_sched_scan(view, 0);
}

static const struct opvs_sched_ops note_sched = {
	.name	= "note",
	.pick	= note_pick,
	.build	= note_members,
};

/* Packets see a new server as soon as they see the table. */
static void config_dest_seen(struct kunit *test)
{
	struct opvs_svc_conf svc_conf;
	struct opvs_dest_conf conf;
	struct opvs_svc *svc;

	good_svc(&svc_conf);
	good_dest(&conf);
	svc_conf.pe = NULL;
	svc_conf.sched = &note_sched;
	svc = make_svc(test, &svc_conf);
	make_dest(test, svc, &conf);
	KUNIT_EXPECT_EQ(test, noted_members, 1);
	KUNIT_EXPECT_EQ(test, noted_removed, 0);
}

static struct kunit_case config_test_cases[] = {
	KUNIT_CASE(config_good),
	KUNIT_CASE_PARAM(config_svc_refused, svc_gen_params),
	KUNIT_CASE(config_svc_twice),
	KUNIT_CASE_PARAM(config_svc_edit_refused, svc_gen_params),
	KUNIT_CASE_PARAM(config_dest_refused, dest_gen_params),
	KUNIT_CASE_PARAM(config_dest_refused, addr_gen_params),
	KUNIT_CASE_PARAM(config_dest6_refused, dest6_gen_params),
	KUNIT_CASE_PARAM(config_dest_edit_refused, dest_gen_params),
	KUNIT_CASE(config_dest_twice),
	KUNIT_CASE(config_dest_spoilt_later),
	KUNIT_CASE(config_dest_seen),
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
