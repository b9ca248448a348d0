// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of the connection table: what is found and what is not, tuples
 * that clash, entries that have expired, and a table that grows and shrinks.
 */
#include "table_fixture.h"

#include <linux/delay.h>
#include <linux/string.h>

#define GROWN		200000
/* A longer chain makes the table think that its hash is bad. */
#define MANY_EXPIRED	15
#define DEADLINE	(20 * HZ)

/* Takes part as an engine that is not there. */
static const struct opvs_pe_ops other_pe = { .name = "other" };

static bool found_both_ways(struct opvs_conn *cp)
{
	return find(&cp->request.tuple) == &cp->request &&
	       find(&cp->reply.tuple) == &cp->reply;
}

struct family_case {
	const char *name;
	u8 family;
};

static const struct family_case family_cases[] = {
	{ "IPv4", NFPROTO_IPV4 },
	{ "IPv6", NFPROTO_IPV6 },
};

static void family_name(const struct family_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(family, family_cases, family_name);

static void table_both_ways(struct kunit *test)
{
	const struct family_case *row = test->param_value;
	struct opvs_tuple packet;
	struct opvs_conn *cp;

	fixture_room(test, 1);
	cp = conns;
	make_conn(cp, 0, row->family);
	KUNIT_EXPECT_NULL(test, find(&cp->request.tuple));
	KUNIT_ASSERT_PTR_EQ(test, insert(cp), cp);
	KUNIT_EXPECT_EQ(test, nodes(), 2);

	/* A packet does not know which way it goes. */
	packet = cp->reply.tuple;
	packet.kind = OPVS_TUPLE_REQUEST;
	KUNIT_EXPECT_PTR_EQ(test, find(&cp->request.tuple), &cp->request);
	KUNIT_EXPECT_PTR_EQ(test, find(&packet), &cp->reply);
	KUNIT_EXPECT_PTR_EQ(test, opvs_conn_of(find(&packet)), cp);

	take_out(cp);
	KUNIT_EXPECT_NULL(test, find(&cp->request.tuple));
	KUNIT_EXPECT_NULL(test, find(&packet));
}

/* Every part of the tuple counts. */
static void table_exact(struct kunit *test)
{
	const struct family_case *row = test->param_value;
	struct opvs_tuple t;
	struct opvs_conn *cp;
	unsigned int i;

	fixture_room(test, 1);
	cp = conns;
	make_conn(cp, 0, row->family);
	KUNIT_ASSERT_PTR_EQ(test, insert(cp), cp);

	t = cp->request.tuple;
	t.sport ^= htons(1);
	KUNIT_EXPECT_NULL(test, find(&t));
	t = cp->request.tuple;
	t.dport ^= htons(0x100);
	KUNIT_EXPECT_NULL(test, find(&t));
	t = cp->request.tuple;
	t.proto = IPPROTO_UDP;
	KUNIT_EXPECT_NULL(test, find(&t));
	t = cp->request.tuple;
	t.family ^= NFPROTO_IPV4 ^ NFPROTO_IPV6;
	KUNIT_EXPECT_NULL(test, find(&t));
	for (i = 0; i < (row->family == NFPROTO_IPV6 ? 4 : 1); i++) {
		t = cp->request.tuple;
		t.src.ip6[i] ^= htonl(1);
		KUNIT_EXPECT_NULL(test, find(&t));
		t = cp->request.tuple;
		t.dst.ip6[i] ^= htonl(1);
		KUNIT_EXPECT_NULL(test, find(&t));
	}
	take_out(cp);
}

/* Servers that answer by themselves send nothing through here. */
static void table_direct(struct kunit *test)
{
	struct opvs_conn *cp;

	fixture_room(test, 1);
	cp = conns;
	make_conn(cp, 0, NFPROTO_IPV4);
	cp->flags = IP_VS_CONN_F_DROUTE;
	KUNIT_ASSERT_PTR_EQ(test, insert(cp), cp);
	KUNIT_EXPECT_EQ(test, nodes(), 1);
	KUNIT_EXPECT_PTR_EQ(test, find(&cp->request.tuple), &cp->request);
	KUNIT_EXPECT_NULL(test, find(&cp->reply.tuple));
	take_out(cp);
}

/* ---- templates ---- */

static struct opvs_conn_node *find_keyed(const struct opvs_tuple *tuple,
					 const struct opvs_pe_ops *pe,
					 const char *text)
{
	struct opvs_table_key key = {
		.tuple = *tuple,
		.pe = pe,
		.key = (const u8 *)text,
		.key_len = strlen(text),
		.now = jiffies,
	};
	struct opvs_conn_node *node;

	rcu_read_lock();
	node = opvs_table_find(on, &key);
	rcu_read_unlock();
	return node;
}

static void table_template(struct kunit *test)
{
	struct opvs_tuple packet;
	struct opvs_conn *cp;

	fixture_room(test, 1);
	cp = conns;
	make_template(cp, 0);
	KUNIT_ASSERT_PTR_EQ(test, insert(cp), cp);
	KUNIT_EXPECT_EQ(test, nodes(), 1);
	KUNIT_EXPECT_PTR_EQ(test, find(&cp->request.tuple), &cp->request);

	/* No packet finds it, whatever addresses and ports it has. */
	packet = cp->request.tuple;
	packet.kind = OPVS_TUPLE_REQUEST;
	KUNIT_EXPECT_NULL(test, find(&packet));
	packet = cp->reply.tuple;
	KUNIT_EXPECT_NULL(test, find(&packet));
	take_out(cp);
}

/* One client, one service: as many templates as it has calls. */
static void table_template_keys(struct kunit *test)
{
	const struct opvs_pe_ops *sip = opvs_pe_find("sip");
	struct opvs_tuple *tuple;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, sip);
	fixture_room(test, 5);
	for (i = 0; i < 5; i++)
		make_template(&conns[i], 0);
	make_keyed(test, &conns[0], sip, "a@host");
	make_keyed(test, &conns[1], sip, "b@host");
	make_keyed(test, &conns[2], sip, "a@hos");
	make_keyed(test, &conns[3], &other_pe, "a@host");
	for (i = 0; i < 5; i++)
		KUNIT_ASSERT_PTR_EQ(test, insert(&conns[i]), &conns[i]);
	KUNIT_EXPECT_EQ(test, nodes(), 5);

	tuple = &conns[0].request.tuple;
	KUNIT_EXPECT_PTR_EQ(test, find_keyed(tuple, sip, "a@host"),
			    &conns[0].request);
	KUNIT_EXPECT_PTR_EQ(test, find_keyed(tuple, sip, "b@host"),
			    &conns[1].request);
	KUNIT_EXPECT_PTR_EQ(test, find_keyed(tuple, sip, "a@hos"),
			    &conns[2].request);
	KUNIT_EXPECT_PTR_EQ(test, find_keyed(tuple, &other_pe, "a@host"),
			    &conns[3].request);
	KUNIT_EXPECT_PTR_EQ(test, find(tuple), &conns[4].request);
	KUNIT_EXPECT_NULL(test, find_keyed(tuple, sip, "c@host"));
	KUNIT_EXPECT_NULL(test, find_keyed(tuple, sip, ""));
	for (i = 0; i < 5; i++)
		take_out(&conns[i]);
}

static void table_template_key_twice(struct kunit *test)
{
	const struct opvs_pe_ops *sip = opvs_pe_find("sip");

	fixture_room(test, 2);
	make_template(&conns[0], 0);
	make_template(&conns[1], 0);
	make_keyed(test, &conns[0], sip, "a@host");
	make_keyed(test, &conns[1], sip, "a@host");
	KUNIT_ASSERT_PTR_EQ(test, insert(&conns[0]), &conns[0]);
	KUNIT_EXPECT_PTR_EQ(test, insert(&conns[1]), &conns[0]);
	KUNIT_EXPECT_EQ(test, nodes(), 1);
	take_out(&conns[0]);
}

/* ---- tuples that clash ---- */

static void table_request_twice(struct kunit *test)
{
	const struct family_case *row = test->param_value;

	fixture_room(test, 2);
	make_conn(&conns[0], 0, row->family);
	make_conn(&conns[1], 0, row->family);
	/* Another server for the same client: the first one counts. */
	conns[1].reply.tuple.sport = htons(8081);
	KUNIT_ASSERT_PTR_EQ(test, insert(&conns[0]), &conns[0]);
	KUNIT_EXPECT_PTR_EQ(test, insert(&conns[1]), &conns[0]);
	KUNIT_EXPECT_EQ(test, nodes(), 2);
	KUNIT_EXPECT_NULL(test, find(&conns[1].reply.tuple));
	take_out(&conns[0]);
}

static void table_template_twice(struct kunit *test)
{
	fixture_room(test, 2);
	make_template(&conns[0], 0);
	make_template(&conns[1], 0);
	KUNIT_ASSERT_PTR_EQ(test, insert(&conns[0]), &conns[0]);
	KUNIT_EXPECT_PTR_EQ(test, insert(&conns[1]), &conns[0]);
	KUNIT_EXPECT_EQ(test, nodes(), 1);
	take_out(&conns[0]);
}

/* Because of that one. */
static void expect_refused(struct kunit *test, struct opvs_conn *cp,
			   const struct opvs_conn *old)
{
	int before = nodes();

	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(insert(cp)), -EADDRINUSE);
	KUNIT_EXPECT_PTR_EQ(test, (const struct opvs_conn *)clash, old);
	KUNIT_EXPECT_EQ(test, nodes(), before);
}

/* A client port asks two virtual addresses and gets one server: its answers to
 * both would look the same.
 */
static void table_reply_clash(struct kunit *test)
{
	const struct family_case *row = test->param_value;
	struct opvs_conn *first, *second;

	fixture_room(test, 2);
	first = &conns[0];
	second = &conns[1];
	make_conn(first, 0, row->family);
	make_conn(second, 0, row->family);
	second->request.tuple.dst.all[0] ^= htonl(2);
	KUNIT_ASSERT_PTR_EQ(test, insert(first), first);
	expect_refused(test, second, first);
	KUNIT_EXPECT_PTR_EQ(test, find(&first->request.tuple), &first->request);
	KUNIT_EXPECT_PTR_EQ(test, find(&first->reply.tuple), &first->reply);
	KUNIT_EXPECT_NULL(test, find(&second->request.tuple));

	take_out(first);
	KUNIT_EXPECT_PTR_EQ(test, insert(second), second);
	KUNIT_EXPECT_PTR_EQ(test, find(&second->reply.tuple), &second->reply);
	take_out(second);
}

/* Between its two nodes an entry must not be ended. */
static void table_clash_appears(struct kunit *test)
{
	struct opvs_conn *first, *second;

	fixture_room(test, 2);
	first = &conns[0];
	second = &conns[1];
	make_conn(first, 0, NFPROTO_IPV4);
	make_conn(second, 0, NFPROTO_IPV4);
	second->request.tuple.dst.all[0] ^= htonl(2);
	KUNIT_ASSERT_PTR_EQ(test, insert(first), first);
	/* As if its request's node were not there yet. */
	first->request.tuple.dst.all[0] ^= htonl(4);
	expect_refused(test, second, NULL);
	first->request.tuple.dst.all[0] ^= htonl(4);
	expect_refused(test, second, first);
	take_out(first);
}

/* The server of one connection is a client from the port that it answers from,
 * and the client of the first is a service there.
 */
static void table_request_is_reply(struct kunit *test)
{
	const struct family_case *row = test->param_value;
	struct opvs_conn *first, *second;

	fixture_room(test, 2);
	first = &conns[0];
	second = &conns[1];
	make_conn(first, 0, row->family);
	make_conn(second, 1, row->family);
	second->request.tuple = first->reply.tuple;
	second->request.tuple.kind = OPVS_TUPLE_REQUEST;
	second->reply.tuple.dport = second->request.tuple.sport;
	second->reply.tuple.dst = second->request.tuple.src;
	KUNIT_ASSERT_PTR_EQ(test, insert(first), first);
	expect_refused(test, second, first);
	KUNIT_EXPECT_NULL(test, find(&second->reply.tuple));
	KUNIT_EXPECT_PTR_EQ(test, find(&first->reply.tuple), &first->reply);

	/* The other way round: a reply that another's request looks like. */
	take_out(first);
	KUNIT_ASSERT_PTR_EQ(test, insert(second), second);
	expect_refused(test, first, second);
	KUNIT_EXPECT_PTR_EQ(test, find(&second->request.tuple),
			    &second->request);
	KUNIT_EXPECT_NULL(test, find(&first->request.tuple));
	take_out(second);
}

/* As above, but without replies of its own. */
static void table_direct_is_reply(struct kunit *test)
{
	fixture_room(test, 2);
	make_conn(&conns[0], 0, NFPROTO_IPV4);
	make_conn(&conns[1], 1, NFPROTO_IPV4);
	conns[1].flags = IP_VS_CONN_F_DROUTE;
	conns[1].request.tuple = conns[0].reply.tuple;
	conns[1].request.tuple.kind = OPVS_TUPLE_REQUEST;
	KUNIT_ASSERT_PTR_EQ(test, insert(&conns[0]), &conns[0]);
	expect_refused(test, &conns[1], &conns[0]);
	take_out(&conns[0]);
}

/* ---- entries whose time is over ---- */

static void kill(struct opvs_conn *cp)
{
	WRITE_ONCE(cp->expiring.expires, (u32)(jiffies - HZ) & ~OPVS_EXPIRE_DYING);
}

static void table_expired(struct kunit *test)
{
	const struct family_case *row = test->param_value;
	struct opvs_conn *old, *young;

	fixture_room(test, 2);
	old = &conns[0];
	young = &conns[1];
	make_conn(old, 0, row->family);
	make_conn(young, 0, row->family);
	KUNIT_ASSERT_PTR_EQ(test, insert(old), old);
	kill(old);
	KUNIT_EXPECT_NULL(test, find(&old->request.tuple));
	KUNIT_EXPECT_NULL(test, find(&old->reply.tuple));

	KUNIT_EXPECT_PTR_EQ(test, insert(young), young);
	KUNIT_EXPECT_EQ(test, nodes(), 4);
	KUNIT_EXPECT_PTR_EQ(test, find(&old->request.tuple), &young->request);
	KUNIT_EXPECT_PTR_EQ(test, find(&old->reply.tuple), &young->reply);

	/* What the sweeper takes out is the old one. */
	take_out(old);
	KUNIT_EXPECT_EQ(test, nodes(), 2);
	KUNIT_EXPECT_PTR_EQ(test, find(&old->request.tuple), &young->request);
	KUNIT_EXPECT_PTR_EQ(test, find(&old->reply.tuple), &young->reply);
	take_out(young);
}

/* A client that comes back from the same port as soon as its last connection
 * has expired, again and again, before the sweeper comes.
 */
static void table_many_expired(struct kunit *test)
{
	u32 size = opvs_conn_table_size(on);
	unsigned int i;

	fixture_room(test, MANY_EXPIRED);
	for (i = 0; i < MANY_EXPIRED; i++) {
		make_conn(&conns[i], 0, NFPROTO_IPV4);
		KUNIT_ASSERT_PTR_EQ(test, insert(&conns[i]), &conns[i]);
		KUNIT_ASSERT_TRUE(test, found_both_ways(&conns[i]));
		kill(&conns[i]);
	}
	KUNIT_EXPECT_EQ(test, opvs_conn_table_size(on), size);
	for (i = 0; i < MANY_EXPIRED; i++)
		take_out(&conns[i]);
}

/* Somebody is ending it: as good as gone, however long it had to live. */
static void table_dying(struct kunit *test)
{
	fixture_room(test, 2);
	make_conn(&conns[0], 0, NFPROTO_IPV4);
	make_conn(&conns[1], 0, NFPROTO_IPV4);
	KUNIT_ASSERT_PTR_EQ(test, insert(&conns[0]), &conns[0]);
	conns[0].expiring.expires |= OPVS_EXPIRE_DYING;
	KUNIT_EXPECT_NULL(test, find(&conns[0].request.tuple));
	KUNIT_EXPECT_PTR_EQ(test, insert(&conns[1]), &conns[1]);
	take_out(&conns[0]);
	take_out(&conns[1]);
}

/* Its children keep a template alive beyond its time. */
static void table_expired_parent(struct kunit *test)
{
	fixture_room(test, 1);
	make_template(conns, 0);
	KUNIT_ASSERT_PTR_EQ(test, insert(conns), conns);
	kill(conns);
	KUNIT_EXPECT_NULL(test, find(&conns->request.tuple));
	atomic_set(&conns->children, 1);
	KUNIT_EXPECT_PTR_EQ(test, find(&conns->request.tuple), &conns->request);
	conns->expiring.expires |= OPVS_EXPIRE_DYING;
	KUNIT_EXPECT_NULL(test, find(&conns->request.tuple));
	take_out(conns);
}

/* ---- size ---- */

static u8 family_of(unsigned int i)
{
	return i % 2 ? NFPROTO_IPV6 : NFPROTO_IPV4;
}

static void grow(struct kunit *test, u32 *hash)
{
	unsigned int i;

	for (i = 0; i < GROWN; i++) {
		make_conn(&conns[i], i, family_of(i));
		hash[i] = opvs_table_hash(&conns[i].request);
		KUNIT_ASSERT_PTR_EQ(test, insert(&conns[i]), &conns[i]);
		/* An old one and a new one, whatever goes on meanwhile. */
		KUNIT_ASSERT_TRUE(test, found_both_ways(&conns[i / 2]));
		KUNIT_ASSERT_TRUE(test, found_both_ways(&conns[i]));
		if (!(i % 256))
			cond_resched();
	}
}

static void shrink(struct kunit *test)
{
	unsigned int i;

	for (i = GROWN; i-- > 0;) {
		take_out(&conns[i]);
		KUNIT_ASSERT_NULL(test, find(&conns[i].request.tuple));
		if (i)
			KUNIT_ASSERT_TRUE(test, found_both_ways(&conns[i / 2]));
		if (!(i % 256))
			cond_resched();
	}
}

static void table_grows(struct kunit *test)
{
	unsigned long end;
	unsigned int i;
	u32 *hash;

	fixture_room(test, GROWN);
	hash = kvcalloc(GROWN, sizeof(*hash), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, hash);
	KUNIT_EXPECT_EQ(test, opvs_conn_table_size(on), OPVS_TABLE_MIN_SIZE);
	grow(test, hash);
	KUNIT_EXPECT_EQ(test, nodes(), 2 * GROWN);
	KUNIT_EXPECT_GE(test, opvs_conn_table_size(on), GROWN);
	for (i = 0; i < GROWN; i++)
		if (opvs_table_hash(&conns[i].request) != hash[i])
			break;
	KUNIT_EXPECT_EQ_MSG(test, i, GROWN, "hash of entry %u changed", i);
	kvfree(hash);

	shrink(test);
	for (end = jiffies + DEADLINE; !time_after(jiffies, end); msleep(20))
		if (opvs_conn_table_size(on) <= OPVS_TABLE_MIN_SIZE)
			break;
	KUNIT_EXPECT_EQ(test, opvs_conn_table_size(on), OPVS_TABLE_MIN_SIZE);
}

/* One client port and all ports of a service: no bucket gets more than another
 * one.
 */
static void table_one_client_port(struct kunit *test)
{
	const unsigned int n = U16_MAX;
	u8 *load, most = 0;
	unsigned int i;

	fixture_room(test, n);
	load = kunit_kzalloc(test, n + 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, load);
	for (i = 0; i < n; i++) {
		make_conn(&conns[i], 0, NFPROTO_IPV4);
		conns[i].request.tuple.dport = htons(i + 1);
		conns[i].reply.tuple.sport = htons(i + 1);
		KUNIT_ASSERT_PTR_EQ(test, insert(&conns[i]), &conns[i]);
		load[opvs_table_hash(&conns[i].request) % (n + 1)]++;
	}
	for (i = 0; i <= n; i++)
		most = max(most, load[i]);
	/* More happens to one secret in fifty million. */
	KUNIT_EXPECT_LE(test, most, 14);
	for (i = 0; i < n; i++)
		KUNIT_ASSERT_PTR_EQ(test, find(&conns[i].request.tuple),
				    &conns[i].request);
	for (i = 0; i < n; i++)
		take_out(&conns[i]);
}

static struct kunit_case table_cases[] = {
	KUNIT_CASE_PARAM(table_both_ways, family_gen_params),
	KUNIT_CASE_PARAM(table_exact, family_gen_params),
	KUNIT_CASE(table_direct),
	KUNIT_CASE(table_template),
	KUNIT_CASE(table_template_keys),
	KUNIT_CASE(table_template_key_twice),
	KUNIT_CASE_PARAM(table_request_twice, family_gen_params),
	KUNIT_CASE(table_template_twice),
	KUNIT_CASE_PARAM(table_reply_clash, family_gen_params),
	KUNIT_CASE(table_clash_appears),
	KUNIT_CASE_PARAM(table_request_is_reply, family_gen_params),
	KUNIT_CASE(table_direct_is_reply),
	KUNIT_CASE_PARAM(table_expired, family_gen_params),
	KUNIT_CASE(table_many_expired),
	KUNIT_CASE(table_dying),
	KUNIT_CASE(table_expired_parent),
	KUNIT_CASE(table_grows),
	KUNIT_CASE(table_one_client_port),
	{}
};

static struct kunit_suite table_suite = {
	.name = "opvs_table",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = table_cases,
};

kunit_test_suite(table_suite);

MODULE_DESCRIPTION("opvs: unit tests of the connection table");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
