// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of what a partner tells of: it becomes an entry with its state, time
 * and server; what makes no sense, or is of a server that is not here, becomes none.
 */
#include <opvs/conn.h>

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/pe.h>
#include <opvs/proto.h>
#include <opvs/svc.h>
#include <opvs/table.h>

#include <kunit/test.h>

#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/string.h>

#include "../../net/sync/wire.h"
#include "testlib.h"

#define CLIENT	0xcb007105
#define SERVER	0xc633640b
#define OTHER	0xc633640c

static struct opvs_net *on;
static struct opvs_svc *svc;
static struct opvs_dest *dest, *other;

static int apply_init(struct kunit *test)
{
	int err = opvs_test_net_init(test, &on);
	struct opvs_svc_conf conf;

	if (err)
		return err;
	opvs_test_svc_conf(&conf, IPPROTO_TCP);
	svc = opvs_test_svc_as(test, on, &conf);
	dest = opvs_test_dest(test, svc, SERVER, 8080);
	other = opvs_test_dest(test, svc, OTHER, 8080);
	return 0;
}

static void apply_exit(struct kunit *test)
{
	opvs_test_net_exit(test, on);
}

static struct opvs_sync_entry entry(u16 port)
{
	return (struct opvs_sync_entry){
		.family		= NFPROTO_IPV4,
		.proto		= IPPROTO_TCP,
		.state		= OPVS_TCP_S_ESTABLISHED,
		.cport		= htons(port),
		.vport		= svc->key.port,
		.dport		= htons(8080),
		.seconds	= 900,
		.caddr.ip	= htonl(CLIENT),
		.vaddr		= svc->key.addr,
		.daddr.ip	= htonl(SERVER),
	};
}

static int apply(const struct opvs_sync_entry *e)
{
	int err;

	mutex_lock(&on->cfg_lock);
	err = opvs_sync_apply(on, e);
	mutex_unlock(&on->cfg_lock);
	return err;
}

/* Found as packets would find it; RCU read side. */
static struct opvs_conn *find(const struct opvs_sync_entry *e)
{
	struct opvs_table_key key = {
		.tuple.src	= e->caddr,
		.tuple.dst	= e->vaddr,
		.tuple.sport	= e->cport,
		.tuple.dport	= e->vport,
		.tuple.family	= e->family,
		.tuple.proto	= e->proto,
		.now		= jiffies,
	};
	struct opvs_conn_node *node;

	if (e->flags & IP_VS_CONN_F_TEMPLATE)
		key.tuple.kind = OPVS_TUPLE_TEMPLATE;
	if (e->key) {
		key.pe = opvs_pe_find("sip");
		key.key = e->key;
		key.key_len = e->key_len;
	}
	node = opvs_table_find(on, &key);
	return node ? opvs_conn_of(node) : NULL;
}

static void expect_entry(struct kunit *test, const struct opvs_sync_entry *e,
			 const struct opvs_dest *at, u32 word)
{
	struct opvs_conn *cp;

	rcu_read_lock();
	cp = find(e);
	KUNIT_EXPECT_NOT_NULL(test, cp);
	if (cp) {
		KUNIT_EXPECT_PTR_EQ(test, cp->dest, (struct opvs_dest *)at);
		KUNIT_EXPECT_EQ(test, cp->word & ~(OPVS_CONN_PKTS |
						  OPVS_CONN_AGAIN), word);
		KUNIT_EXPECT_TRUE(test, cp->flags & IP_VS_CONN_F_SYNC);
		KUNIT_EXPECT_GE(test, opvs_conn_seconds_left(cp) + 3, e->seconds);
		KUNIT_EXPECT_LE(test, opvs_conn_seconds_left(cp), e->seconds);
	}
	rcu_read_unlock();
}

static void apply_begin(struct kunit *test)
{
	struct opvs_sync_entry e = entry(1000);

	KUNIT_ASSERT_EQ(test, apply(&e), 0);
	expect_entry(test, &e, dest,
		     OPVS_TCP_S_ESTABLISHED | OPVS_CONN_ACTIVE |
		     OPVS_CONN_ASSURED | OPVS_CONN_FOREIGN | OPVS_CONN_TOLD);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->active), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->conns), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&svc->conns.count), 1);
}

/* State, time and server's counts follow; a shorter time, too. */
static void apply_update(struct kunit *test)
{
	struct opvs_sync_entry e = entry(1000);

	KUNIT_ASSERT_EQ(test, apply(&e), 0);
	e.state = OPVS_TCP_S_TIME_WAIT;
	e.seconds = 120;
	e.flags = IP_VS_CONN_F_INACTIVE;
	KUNIT_ASSERT_EQ(test, apply(&e), 0);
	expect_entry(test, &e, dest,
		     OPVS_TCP_S_TIME_WAIT | OPVS_CONN_ASSURED |
		     OPVS_CONN_FOREIGN | OPVS_CONN_TOLD);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->active), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), 1);
}

/* The partner's client was given another server; but the last words about a
 * connection that was replaced here do not bring it back.
 */
static void apply_replace(struct kunit *test)
{
	struct opvs_sync_entry e = entry(1000), old = e;

	KUNIT_ASSERT_EQ(test, apply(&e), 0);
	e.daddr.ip = htonl(OTHER);
	KUNIT_ASSERT_EQ(test, apply(&e), 0);
	expect_entry(test, &e, other,
		     OPVS_TCP_S_ESTABLISHED | OPVS_CONN_ACTIVE |
		     OPVS_CONN_ASSURED | OPVS_CONN_FOREIGN | OPVS_CONN_TOLD);
	KUNIT_EXPECT_TRUE(test, opvs_test_conns(on, 1));

	old.state = OPVS_TCP_S_CLOSE;
	old.flags = IP_VS_CONN_F_INACTIVE;
	KUNIT_ASSERT_EQ(test, apply(&old), 0);
	rcu_read_lock();
	KUNIT_EXPECT_PTR_EQ(test, find(&e)->dest, other);
	rcu_read_unlock();
}

/* Without a timeout the state's own one holds. */
static void apply_no_time(struct kunit *test)
{
	struct opvs_sync_entry e = entry(1000);

	e.seconds = 0;
	e.old = true;
	KUNIT_ASSERT_EQ(test, apply(&e), 0);
	e.seconds = 15 * 60;
	expect_entry(test, &e, dest,
		     OPVS_TCP_S_ESTABLISHED | OPVS_CONN_ACTIVE |
		     OPVS_CONN_ASSURED | OPVS_CONN_FOREIGN | OPVS_CONN_TOLD);
}

static void apply_longest(struct kunit *test)
{
	struct opvs_sync_entry e = entry(1000);

	e.seconds = U32_MAX;
	KUNIT_ASSERT_EQ(test, apply(&e), 0);
	e.seconds = OPVS_EXPIRE_MAX_SECONDS;
	expect_entry(test, &e, dest,
		     OPVS_TCP_S_ESTABLISHED | OPVS_CONN_ACTIVE |
		     OPVS_CONN_ASSURED | OPVS_CONN_FOREIGN | OPVS_CONN_TOLD);
}

/**
 * struct apply_case - an entry that is not taken
 * @name: as the report shows it
 * @err: why
 * @change: makes a good one bad
 */
struct apply_case {
	const char	*name;
	int		err;
	void		(*change)(struct opvs_sync_entry *e);
};

static void no_client_port(struct opvs_sync_entry *e)
{
	e->cport = 0;
}

static void beyond_states(struct opvs_sync_entry *e)
{
	e->state = OPVS_TCP_STATES;
}

static void unknown_proto(struct opvs_sync_entry *e)
{
	e->proto = IPPROTO_GRE;
}

static void one_packet(struct opvs_sync_entry *e)
{
	e->flags = IP_VS_CONN_F_ONE_PACKET;
}

static void own_flags(struct opvs_sync_entry *e)
{
	e->flags = OPVS_CONN_F_CONTROL;
}

static void key_of_conn(struct opvs_sync_entry *e)
{
	e->key = "a";
	e->key_len = 1;
	strscpy(e->pe_name, "sip", sizeof(e->pe_name));
}

static void template_port(struct opvs_sync_entry *e)
{
	e->flags = IP_VS_CONN_F_TEMPLATE;
	e->state = 0;
}

static void template_state(struct opvs_sync_entry *e)
{
	e->flags = IP_VS_CONN_F_TEMPLATE;
	e->cport = 0;
	e->state = 2;
}

static void template_no_proto(struct opvs_sync_entry *e)
{
	e->flags = IP_VS_CONN_F_TEMPLATE;
	e->cport = 0;
	e->state = 0;
	e->proto = 0;
}

static void no_service(struct opvs_sync_entry *e)
{
	e->vaddr.ip ^= htonl(1);
}

static void no_server(struct opvs_sync_entry *e)
{
	e->daddr.ip ^= htonl(128);
}

static void no_port(struct opvs_sync_entry *e)
{
	e->dport = htons(8081);
}

/* 0 names the service's own port, to those who configure. */
static void zero_port(struct opvs_sync_entry *e)
{
	e->dport = 0;
}

static void no_mark(struct opvs_sync_entry *e)
{
	e->mark = 7;
}

static void no_engine(struct opvs_sync_entry *e)
{
	template_state(e);
	e->state = 0;
	key_of_conn(e);
	strscpy(e->pe_name, "sop", sizeof(e->pe_name));
}

static const struct apply_case apply_cases[] = {
	{ "no port of the client", -EINVAL, no_client_port },
	{ "a state that the protocol has not", -EINVAL, beyond_states },
	{ "a protocol that is not tracked", -EINVAL, unknown_proto },
	{ "a one-packet entry", -EINVAL, one_packet },
	{ "flags of our own", -EINVAL, own_flags },
	{ "a connection with a key", -EINVAL, key_of_conn },
	{ "a template with a client's port", -EINVAL, template_port },
	{ "a template's state", -EINVAL, template_state },
	{ "a template of no protocol, without mark", -EINVAL, template_no_proto },
	{ "no such service", -ENOENT, no_service },
	{ "no such server", -ENOENT, no_server },
	{ "no such server's port", -ENOENT, no_port },
	{ "no server's port", -EINVAL, zero_port },
	{ "no such mark", -ENOENT, no_mark },
	{ "no such engine", -ENOENT, no_engine },
};

static void apply_case_name(const struct apply_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(apply, apply_cases, apply_case_name);

static void apply_refused(struct kunit *test)
{
	const struct apply_case *row = test->param_value;
	struct opvs_sync_entry e = entry(1000);

	row->change(&e);
	KUNIT_EXPECT_EQ(test, apply(&e), row->err);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), 0);
}

static void apply_template(struct kunit *test)
{
	struct opvs_sync_entry e = entry(0);

	e.flags = IP_VS_CONN_F_TEMPLATE | IP_VS_CONN_F_INACTIVE;
	e.state = OPVS_TEMPLATE_S_ASSURED;
	e.seconds = 300;
	KUNIT_ASSERT_EQ(test, apply(&e), 0);
	expect_entry(test, &e, dest, OPVS_TEMPLATE_S_ASSURED |
		     OPVS_CONN_ASSURED | OPVS_CONN_FOREIGN | OPVS_CONN_TOLD);
	KUNIT_EXPECT_EQ(test, atomic_read(&dest->persist), 1);
	/* A template is no connection, whatever it is like. */
	e.flags = 0;
	e.state = 0;
	KUNIT_EXPECT_EQ(test, apply(&e), -EINVAL);
}

/* What a partner has from others, perhaps from here, makes a new entry, and touches
 * none that is there: neither its time, nor its state, nor its server.
 */
static void apply_hearsay(struct kunit *test)
{
	struct opvs_sync_entry e = entry(1000), stale;

	KUNIT_ASSERT_EQ(test, apply(&e), 0);
	stale = e;
	stale.own = OPVS_SYNC_HEARSAY;
	stale.seconds = 5;
	stale.state = OPVS_TCP_S_FIN_WAIT;
	KUNIT_EXPECT_EQ(test, apply(&stale), 0);
	stale.daddr.ip = htonl(OTHER);
	KUNIT_EXPECT_EQ(test, apply(&stale), 0);
	expect_entry(test, &e, dest,
		     OPVS_TCP_S_ESTABLISHED | OPVS_CONN_ACTIVE |
		     OPVS_CONN_ASSURED | OPVS_CONN_FOREIGN | OPVS_CONN_TOLD);
	stale.cport = htons(1001);
	KUNIT_EXPECT_EQ(test, apply(&stale), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), 2);
}

/* A limit holds for what a partner tells of as well. */
static void apply_limit(struct kunit *test)
{
	struct opvs_sync_entry e;
	int i;

	WRITE_ONCE(on->conn.limit.max, 3);
	for (i = 0; i < 3; i++) {
		e = entry(1000 + i);
		KUNIT_ASSERT_EQ(test, apply(&e), 0);
	}
	e = entry(1003);
	KUNIT_EXPECT_EQ(test, apply(&e), -EDQUOT);
	WRITE_ONCE(on->conn.limit.max, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&on->conn.limit.count), 3);
}

/* One bit, or some bytes, other than what a master wrote: no entry that names
 * another server, state or protocol than there is.
 */
static void apply_garbage(struct kunit *test)
{
	struct opvs_sync_message out, in;
	struct opvs_sync_entry e = entry(1000);
	unsigned int i, n, made = 0;
	struct rnd_state rnd;
	u8 data[512], copy[512];

	prandom_seed_state(&rnd, 2);
	opvs_sync_begin(&out, data, sizeof(data), 1);
	while (opvs_sync_write(&out, &e))
		e.cport = htons(ntohs(e.cport) + 1);
	for (i = 0; i < 5000; i++) {
		memcpy(copy, data, out.len);
		for (n = 1 + prandom_u32_state(&rnd) % 4; n; n--)
			copy[8 + prandom_u32_state(&rnd) % (out.len - 8)] ^=
				BIT(prandom_u32_state(&rnd) % 8);
		opvs_sync_open(&in, copy, out.len);
		while (opvs_sync_read(&in, &e) > 0)
			made += !apply(&e);
		if (i % 256 == 0)
			opvs_test_end_all(on);
	}
	KUNIT_EXPECT_GT(test, made, 5000);
}

static struct kunit_case sync_apply_cases[] = {
	KUNIT_CASE(apply_begin),
	KUNIT_CASE(apply_update),
	KUNIT_CASE(apply_replace),
	KUNIT_CASE(apply_no_time),
	KUNIT_CASE(apply_longest),
	KUNIT_CASE_PARAM(apply_refused, apply_gen_params),
	KUNIT_CASE(apply_template),
	KUNIT_CASE(apply_hearsay),
	KUNIT_CASE(apply_limit),
	KUNIT_CASE(apply_garbage),
	{}
};

static struct kunit_suite sync_apply_suite = {
	.name = "opvs_sync_apply",
	.init = apply_init,
	.exit = apply_exit,
	.test_cases = sync_apply_cases,
};

kunit_test_suite(sync_apply_suite);

MODULE_DESCRIPTION("opvs: unit tests of what a partner director tells of");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
