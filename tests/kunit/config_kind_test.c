// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of services of every kind, and of what goes with what. */
#include "config_fixture.h"

#include <opvs/expire.h>

struct kind_case {
	const char *name;
	void (*make)(struct opvs_svc_conf *conf);
	bool one_packet;
};

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

static void kind_accepted(struct kunit *test)
{
	const struct kind_case *row = test->param_value;
	struct opvs_svc_conf conf;
	struct opvs_svc *svc;

	good_svc(&conf);
	row->make(&conf);
	svc = make_svc(test, &conf);
	KUNIT_EXPECT_TRUE(test, same_svc(&svc->conf, &conf));
	KUNIT_EXPECT_EQ(test, svc->one_packet, row->one_packet);
	KUNIT_EXPECT_EQ(test, on->match.num_marks, !conf.key.proto);
	KUNIT_EXPECT_EQ(test, on->match.num_wild,
			conf.key.proto && !conf.key.port);
}

/* By every method, one-packet and tracked: replies of NAT servers are recognised in
 * one case by where they come from, in the other by their entries.
 */
static void kind_mark_method(struct kunit *test)
{
	struct opvs_svc_conf conf;
	struct opvs_dest_conf dest;
	struct opvs_dest *server;
	struct opvs_svc *svc;

	good_svc(&conf);
	kind_mark_one_packet(&conf);
	good_dest(&dest);
	svc = make_svc(test, &conf);
	server = make_dest(test, svc, &dest);
	KUNIT_EXPECT_TRUE(test, opvs_dest_joined(server));

	make_tracked(&conf);
	mutex_lock(&on->cfg_lock);
	KUNIT_EXPECT_EQ(test, opvs_svc_edit(svc, &conf, NULL), 0);
	KUNIT_EXPECT_FALSE(test, opvs_dest_joined(server));
	conf.flags |= IP_VS_SVC_F_ONEPACKET;
	KUNIT_EXPECT_EQ(test, opvs_svc_edit(svc, &conf, NULL), 0);
	KUNIT_EXPECT_TRUE(test, opvs_dest_joined(server));
	dest.xmit = opvs_xmit_find(IP_VS_CONN_F_DROUTE);
	KUNIT_EXPECT_EQ(test, opvs_dest_edit(server, &dest, NULL), 0);
	KUNIT_EXPECT_FALSE(test, opvs_dest_joined(server));
	mutex_unlock(&on->cfg_lock);
}

/* Replies of NAT servers are known by their address as long as each packet is
 * scheduled by itself.
 */
static void kind_endpoint(struct kunit *test)
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
	KUNIT_EXPECT_TRUE(test, opvs_dest_joined(dest));

	mutex_lock(&on->cfg_lock);
	err = opvs_svc_edit(svc, &tracked, NULL);
	mutex_unlock(&on->cfg_lock);
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_FALSE(test, opvs_dest_joined(dest));

	mutex_lock(&on->cfg_lock);
	err = opvs_svc_edit(svc, &one, NULL);
	mutex_unlock(&on->cfg_lock);
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_TRUE(test, opvs_dest_joined(dest));
}

static int edit_svc(struct opvs_svc *svc, const struct opvs_svc_conf *conf,
		    struct netlink_ext_ack *extack)
{
	int err;

	mutex_lock(&on->cfg_lock);
	err = opvs_svc_edit(svc, conf, extack);
	mutex_unlock(&on->cfg_lock);
	return err;
}

/* With every kind of service; what counts as a call follows. */
static void check_scheduler(struct kunit *test,
			    const struct opvs_sched_ops *sched)
{
	const struct opvs_sched_ops *other;
	struct opvs_dest_conf dest_conf;
	struct opvs_svc_conf conf;
	struct opvs_dest *dest;
	struct opvs_svc *svc;
	size_t n;

	good_svc(&conf);
	kind_engine_persistent(&conf);
	conf.sched = sched;
	svc = make_svc(test, &conf);
	good_dest(&dest_conf);
	dest = make_dest(test, svc, &dest_conf);
	KUNIT_EXPECT_EQ(test, dest->calls, OPVS_CALLS_TEMPLATES);

	conf.flags |= 0x38;	/* flag-1 to flag-3 of ipvsadm */
	conf.flags &= ~IP_VS_SVC_F_PERSISTENT;
	conf.pe = NULL;
	KUNIT_EXPECT_EQ(test, edit_svc(svc, &conf, NULL), 0);
	KUNIT_EXPECT_TRUE(test, same_svc(&svc->conf, &conf));
	KUNIT_EXPECT_EQ(test, dest->calls, OPVS_CALLS_ESTIMATED);

	conf.flags &= ~IP_VS_SVC_F_ONEPACKET;
	for (n = 0; (other = opvs_sched_nth(n)); n++) {
		conf.sched = other;
		KUNIT_EXPECT_EQ(test, edit_svc(svc, &conf, NULL), 0);
		conf.sched = sched;
		KUNIT_EXPECT_EQ(test, edit_svc(svc, &conf, NULL), 0);
	}
	KUNIT_EXPECT_TRUE(test, same_svc(&svc->conf, &conf));
	KUNIT_EXPECT_EQ(test, dest->calls, OPVS_CALLS_NONE);
}

/* Without templates an engine needs a scheduler that hashes its key. */
static void check_scheduler_engine(struct kunit *test,
				   const struct opvs_sched_ops *sched)
{
	struct netlink_ext_ack extack = {};
	struct opvs_svc_conf conf;

	good_svc(&conf);
	conf.sched = sched;
	KUNIT_EXPECT_EQ(test, add_svc(&conf, &extack),
			sched->hashes ? 0 : -EOPNOTSUPP);
	/* 192.0.2.1 is not here, which is no more than a warning. */
	KUNIT_ASSERT_NOT_NULL(test, extack._msg);
	KUNIT_EXPECT_EQ(test, !!str_has_prefix(extack._msg, "warning: "),
			sched->hashes);
	KUNIT_EXPECT_EQ(test, count_svcs(), sched->hashes);
}

static void kind_scheduler(struct kunit *test)
{
	const struct opvs_sched_ops *sched;
	size_t n;

	for (n = 0; (sched = opvs_sched_nth(n)); n++) {
		kunit_info(test, "%s", sched->name);
		check_scheduler(test, sched);
		config_exit(test);
		check_scheduler_engine(test, sched);
		config_exit(test);
	}
}

static struct kunit_case kind_test_cases[] = {
	KUNIT_CASE_PARAM(kind_accepted, kind_gen_params),
	KUNIT_CASE(kind_scheduler),
	KUNIT_CASE(kind_mark_method),
	KUNIT_CASE(kind_endpoint),
	{}
};

static struct kunit_suite kind_suite = {
	.name = "opvs_config_kind",
	.init = config_init,
	.exit = config_exit,
	.test_cases = kind_test_cases,
};

kunit_test_suite(kind_suite);

MODULE_DESCRIPTION("opvs: unit tests of services of every kind");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
