// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of sessions that servers begin: a server's request binds its
 * Call-ID to that server.
 */
#include "affinity_fixture.h"

#include <opvs/endpoint.h>

/* A server sends this to the client, on its way through the director. */
static void server_sends(struct kunit *test, struct opvs_dest *dest,
			 const char *text)
{
	const struct opvs_answer answer = {
		.dest	= dest,
		.vaddr	= &dest->svc->key.addr,
		.vport	= dest->svc->key.port,
	};
	struct opvs_flow flow;
	struct sk_buff *skb;

	message_flow(&flow, CLIENT, strlen(text));
	flow.saddr = dest->addr;
	flow.daddr.ip = htonl(CLIENT);
	skb = alloc_skb(strlen(text) + 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_data(skb, text, strlen(text));
	local_bh_disable();
	rcu_read_lock();
	opvs_outbound(on, &answer, skb, &flow);
	rcu_read_unlock();
	local_bh_enable();
	kfree_skb(skb);
}

static void server_says(struct kunit *test, struct opvs_dest *dest, u32 call,
			enum message message)
{
	char text[256];

	message_text(text, sizeof(text), call, message);
	server_sends(test, dest, text);
}

/* All that the client sends of a call, answers and requests. */
static void expect_at(struct kunit *test, u32 call, struct opvs_dest *dest)
{
	static const enum message sent[] = { RINGING, REINVITE, ACK, BYE };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sent); i++)
		KUNIT_EXPECT_PTR_EQ(test, send(call, sent[i]), dest);
}

static int entries(void)
{
	return atomic_read(&on->conn.limit.count);
}

/* A server that is not the owner of a call. */
static struct opvs_dest *stranger_to(u32 call)
{
	struct opvs_dest *dest, *owner = seat_of(call).owner;

	list_for_each_entry(dest, &svc->dests, list)
		if (dest != owner)
			return dest;
	return NULL;
}

static void outbound_elsewhere(struct kunit *test)
{
	struct opvs_dest *dest;
	u32 call;

	begin(test, 3);
	call = next_call(false);
	dest = stranger_to(call);
	server_says(test, dest, call, INVITE);
	KUNIT_EXPECT_EQ(test, entries(), 1);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_AFFINITY_CLAIMED), 1);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_AFFINITY_EXCEPTIONS), 1);
	expect_at(test, call, dest);
	/* Once more, and what it sends later, changes nothing. */
	server_says(test, dest, call, INVITE);
	server_says(test, dest, call, BYE);
	KUNIT_EXPECT_EQ(test, entries(), 1);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_AFFINITY_CLAIMED), 1);
	expect_at(test, call, dest);
}

/* If the Call-ID leads there anyway, nothing is remembered. */
static void outbound_at_home(struct kunit *test)
{
	u32 call;

	begin(test, 3);
	call = next_call(false);
	server_says(test, seat_of(call).owner, call, INVITE);
	KUNIT_EXPECT_EQ(test, entries(), 0);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_AFFINITY_CLAIMED), 0);
	expect_at(test, call, seat_of(call).owner);
}

/* Answers bind nothing, nor does what has no Call-ID. */
static void outbound_answers(struct kunit *test)
{
	u32 call;

	begin(test, 3);
	call = next_call(false);
	server_says(test, stranger_to(call), call, RINGING);
	server_sends(test, stranger_to(call), "\r\n\r\n");
	server_sends(test, stranger_to(call), "");
	server_sends(test, stranger_to(call), "INVITE sip:a SIP/2.0\r\n\r\n");
	KUNIT_EXPECT_EQ(test, entries(), 0);
	expect_at(test, call, seat_of(call).owner);
}

/* The server that asked last has the call. */
static void outbound_repoints(struct kunit *test)
{
	struct opvs_dest *dest, *owner;
	u32 call;

	begin(test, 3);
	call = next_call(false);
	owner = seat_of(call).owner;
	dest = stranger_to(call);
	server_says(test, dest, call, INVITE);
	expect_at(test, call, dest);
	server_says(test, owner, call, INVITE);
	expect_at(test, call, owner);
	KUNIT_EXPECT_EQ(test, entries(), 0);
	server_says(test, dest, call, INVITE);
	expect_at(test, call, dest);
	KUNIT_EXPECT_EQ(test, entries(), 1);
}

/* While the service drains, and when it does not any more. */
static void outbound_draining(struct kunit *test)
{
	struct opvs_dest *dest[3];
	struct opvs_seat seat;
	u32 call[3], i;

	begin(test, 3);
	add_server(test, 3);
	KUNIT_ASSERT_TRUE(test, table_drains());
	for (i = 0; i < 3; i++)
		call[i] = next_call(true);
	seat = seat_of(call[0]);
	dest[0] = seat.former;
	dest[1] = seat_of(call[1]).owner;
	seat = seat_of(call[2]);
	list_for_each_entry(dest[2], &svc->dests, list)
		if (dest[2] != seat.owner && dest[2] != seat.former)
			break;
	for (i = 0; i < 3; i++) {
		server_says(test, dest[i], call[i], INVITE);
		expect_at(test, call[i], dest[i]);
	}
	KUNIT_EXPECT_EQ(test, entries(), 3);
}

static u32 seconds_left(void)
{
	struct opvs_conn_walk walk = {};
	struct opvs_conn *cp;
	u32 left = 0;

	rcu_read_lock();
	cp = opvs_conn_walk_next(on, &walk);
	if (cp)
		left = opvs_conn_seconds_left(cp);
	rcu_read_unlock();
	return left;
}

/* A server that pings its clients must not fill the table. */
static void outbound_query(struct kunit *test)
{
	struct opvs_dest *dest;
	char text[256];
	u32 call;

	begin(test, 3);
	call = next_call(false);
	dest = stranger_to(call);
	snprintf(text, sizeof(text),
		 "OPTIONS sip:a SIP/2.0\r\nCall-ID: %u@example.org\r\n\r\n", call);
	server_sends(test, dest, text);
	KUNIT_EXPECT_EQ(test, entries(), 1);
	KUNIT_EXPECT_LE(test, seconds_left(), 32);
	expect_at(test, call, dest);
	KUNIT_EXPECT_LE(test, seconds_left(), 32);
	KUNIT_EXPECT_GE(test, seconds_left(), 28);
}

static void outbound_no_room(struct kunit *test)
{
	struct opvs_dest *dest;
	u32 call;

	begin(test, 3);
	call = next_call(false);
	server_says(test, stranger_to(call), call, INVITE);
	WRITE_ONCE(on->conn.limit.max, 1);
	expect_at(test, call, stranger_to(call));
	call = next_call(false);
	dest = stranger_to(call);
	server_says(test, dest, call, INVITE);
	WRITE_ONCE(on->conn.limit.max, 0);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_AFFINITY_FORGOTTEN), 1);
	expect_at(test, call, seat_of(call).owner);
}

/* With templates, the server's request makes or repoints one. */
static void outbound_template(struct kunit *test)
{
	struct opvs_dest *one, *other;
	struct opvs_svc_conf conf;

	affinity_conf(&conf);
	conf.sched = opvs_sched_find("rr");
	conf.flags |= IP_VS_SVC_F_PERSISTENT;
	conf.timeout = 60;
	conf.netmask = 0;
	svc = opvs_test_svc_as(test, on, &conf);
	one = add_server(test, 0);
	other = add_server(test, 1);

	server_says(test, one, 1, INVITE);
	server_says(test, other, 2, INVITE);
	KUNIT_EXPECT_EQ(test, entries(), 2);
	expect_at(test, 1, one);
	expect_at(test, 2, other);
	KUNIT_EXPECT_EQ(test, counted(OPVS_CTR_AFFINITY_CLAIMED), 2);
	/* The callee's calls are scheduled as ever. */
	KUNIT_EXPECT_NOT_NULL(test, send(3, INVITE));
	KUNIT_EXPECT_EQ(test, entries(), 3);
	server_says(test, one, 2, BYE);
	expect_at(test, 2, one);
	server_says(test, other, 2, RINGING);
	expect_at(test, 2, one);
	KUNIT_EXPECT_EQ(test, entries(), 3);
}

static struct kunit_case outbound_cases[] = {
	KUNIT_CASE(outbound_elsewhere),
	KUNIT_CASE(outbound_at_home),
	KUNIT_CASE(outbound_answers),
	KUNIT_CASE(outbound_repoints),
	KUNIT_CASE(outbound_draining),
	KUNIT_CASE(outbound_query),
	KUNIT_CASE(outbound_no_room),
	KUNIT_CASE(outbound_template),
	{}
};

static struct kunit_suite outbound_suite = {
	.name		= "opvs_outbound",
	.init		= affinity_init,
	.exit		= affinity_exit,
	.test_cases	= outbound_cases,
};

kunit_test_suite(outbound_suite);

MODULE_DESCRIPTION("opvs: unit tests of sessions that servers begin");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
