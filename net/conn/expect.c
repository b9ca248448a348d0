// SPDX-License-Identifier: GPL-2.0-only
/*
 * Expectations: connections that were announced on another one.
 *
 * FTP has a connection for commands and one for each file, and the ends tell each
 * other on the first one where the next one is to come to.  No service has that
 * address and port.  So what is told becomes an expectation, which the first
 * packet of the new connection finds when it belongs to no connection: that one
 * is then of the same server, and the control connection lives at least as long.
 *
 * A control connection expects one connection at a time, the one that it told of
 * last.  So there are never more expectations than connections, which have their
 * limits.  One that nobody used in time is passed over, and goes when it is in
 * the way, or with its control connection.
 */
#include <opvs/expect.h>

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/svc.h>
#include <opvs/table.h>

#include <linux/err.h>
#include <linux/in.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>

/* Ports that are tried when the server's own is taken at the virtual address.
 * They are apart by a prime, so that neighbours that are taken do not matter.
 */
#define PORT_TRIES	16
#define PORT_STEP	4099
#define PORTS		(U16_MAX + 1 - OPVS_EXPECT_PORT_MIN)

static const struct rhashtable_params expect_params = {
	.head_offset		= offsetof(struct opvs_expect, node),
	.key_offset		= offsetof(struct opvs_expect, tuple),
	.key_len		= sizeof(struct opvs_tuple),
	.automatic_shrinking	= true,
};

/**
 * opvs_control_alloc() - what is to be known of a new control connection
 * @nth: port that it comes to
 *
 * Context: any.
 * Return: memory for kfree(), or NULL.
 */
struct opvs_control *opvs_control_alloc(u8 nth)
{
	struct opvs_control *control = kzalloc(sizeof(*control), GFP_ATOMIC);

	if (control) {
		spin_lock_init(&control->lock);
		control->nth = nth;
	}
	return control;
}

static void expect_put(struct opvs_expect *expect)
{
	if (refcount_dec_and_test(&expect->ref))
		kfree_rcu(expect, rcu);
}

/**
 * opvs_expect_use() - an expectation has come true, or will not any more
 * @expect: expectation
 *
 * Context: any, RCU read side.
 */
void opvs_expect_use(struct opvs_expect *expect)
{
	struct opvs_net *on = expect->control->on;

	/* Whoever takes it out gives the table's reference back.  Here it is out, also
	 * for those who look for it from now on: its control connection may go.
	 */
	if (!rhashtable_remove_fast(&on->conn.expects, &expect->node,
				    expect_params))
		expect_put(expect);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_expect_use);

/* Takes back what a control connection told of before. */
static void withdraw(struct opvs_control *control)
{
	struct opvs_expect *expect = control->expect;

	lockdep_assert_held(&control->lock);
	if (!expect)
		return;
	control->expect = NULL;
	opvs_expect_use(expect);
	expect_put(expect);
}

/**
 * opvs_control_end() - a control connection is over: it tells of nothing more
 * @cp: control connection
 *
 * Context: any.
 */
void opvs_control_end(struct opvs_conn *cp)
{
	struct opvs_control *control = cp->app;

	/* The sweeper is no RCU reader. */
	rcu_read_lock();
	spin_lock_bh(&control->lock);
	control->over = true;
	withdraw(control);
	spin_unlock_bh(&control->lock);
	rcu_read_unlock();
}

static bool is_late(const struct opvs_expect *expect)
{
	return (s32)(READ_ONCE(expect->until) - (u32)jiffies) <= 0;
}

/* One that nobody used in time gives way; so does one of a server to a client,
 * as the client waits there for one connection and has asked for it anew.
 */
static bool gives_way(const struct opvs_expect *old)
{
	return is_late(old) || old->kind == OPVS_TUPLE_REPLY;
}

static int publish(struct opvs_net *on, struct opvs_expect *expect)
{
	struct opvs_expect *old;
	int tries;

	for (tries = 0; tries < 2; tries++) {
		old = rhashtable_lookup_get_insert_fast(&on->conn.expects,
							&expect->node,
							expect_params);
		if (!old)
			return 0;
		if (IS_ERR(old))
			return PTR_ERR(old);
		if (!gives_way(old))
			break;
		opvs_expect_use(old);
	}
	return -EADDRINUSE;
}

/* In place of what the control connection told of before. */
static struct opvs_expect *expect_new(struct opvs_conn *cp, u8 kind)
{
	struct opvs_control *control = cp->app;
	struct opvs_expect *expect;

	lockdep_assert_held(&control->lock);
	if (control->over)
		return ERR_PTR(-ESTALE);
	withdraw(control);
	expect = kzalloc(sizeof(*expect), GFP_ATOMIC);
	if (!expect)
		return ERR_PTR(-ENOMEM);
	expect->tuple.family = cp->request.tuple.family;
	expect->tuple.proto = cp->request.tuple.proto;
	expect->kind = kind;
	expect->control = cp;
	expect->until = (u32)jiffies + OPVS_EXPECT_TIME;
	refcount_set(&expect->ref, 2);
	return expect;
}

/* Ends what expect_new() began: packets find it by now, or @err says why not. */
static int expect_told(struct opvs_expect *expect, int err)
{
	if (err)
		kfree_rcu(expect, rcu);
	else
		expect->control->app->expect = expect;
	return err;
}

/* A service has the port to itself. */
static bool port_is_served(struct opvs_net *on, const struct opvs_tuple *tuple)
{
	struct opvs_svc_key key;

	memset(&key, 0, sizeof(key));
	key.addr = tuple->dst;
	key.port = tuple->dport;
	key.family = tuple->family;
	key.proto = tuple->proto;
	return opvs_svc_find(on, &key);
}

/* The first port that is free, the server's own if it is. */
static int publish_somewhere(struct opvs_net *on, struct opvs_expect *expect)
{
	u32 port = ntohs(expect->port) - OPVS_EXPECT_PORT_MIN;
	int tries, err = -EADDRINUSE;

	for (tries = 0; tries < PORT_TRIES && err == -EADDRINUSE; tries++) {
		expect->tuple.dport = htons(OPVS_EXPECT_PORT_MIN + port);
		if (!port_is_served(on, &expect->tuple))
			err = publish(on, expect);
		port = (port + PORT_STEP) % PORTS;
	}
	return err;
}

/**
 * opvs_expect_request() - the client is told where the server waits for it
 * @cp: control connection
 * @port: port of the server
 * @vport: result: port of the virtual address that stands for it; of no worth
 *	after an error
 *
 * Context: softirq or BH disabled, RCU read side; the control connection's lock
 * held.
 * Return: 0; -ESTALE when the control connection ended; -EADDRINUSE when no port
 * is free; -ENOMEM or another error of the table.
 */
int opvs_expect_request(struct opvs_conn *cp, __be16 port, __be16 *vport)
{
	struct opvs_expect *expect = expect_new(cp, OPVS_TUPLE_REQUEST);
	int err;

	if (IS_ERR(expect))
		return PTR_ERR(expect);
	expect->tuple.src = cp->request.tuple.src;
	expect->tuple.dst = cp->request.tuple.dst;
	expect->port = port;
	err = publish_somewhere(cp->on, expect);
	*vport = expect->tuple.dport;
	return expect_told(expect, err);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_expect_request);

/**
 * opvs_expect_reply() - the server is told where the client waits for it
 * @cp: control connection
 * @port: port of the client
 *
 * Context: softirq or BH disabled, RCU read side; the control connection's lock
 * held.
 * Return: as opvs_expect_request().
 */
int opvs_expect_reply(struct opvs_conn *cp, __be16 port)
{
	struct opvs_expect *expect = expect_new(cp, OPVS_TUPLE_REPLY);

	if (IS_ERR(expect))
		return PTR_ERR(expect);
	expect->tuple.src = cp->reply.tuple.src;
	expect->tuple.dst = cp->reply.tuple.dst;
	expect->tuple.dport = port;
	return expect_told(expect, publish(cp->on, expect));
}
EXPORT_SYMBOL_IF_KUNIT(opvs_expect_reply);

/**
 * opvs_expect_find() - is a packet the first one of an expected connection?
 * @flow: of a packet that opens connections and belongs to none
 *
 * Context: any, RCU read side.
 * Return: the expectation, valid within the read section, or NULL.
 */
struct opvs_expect *opvs_expect_find(struct opvs_net *on,
				     const struct opvs_flow *flow)
{
	struct opvs_expect *expect;
	struct opvs_tuple tuple;

	opvs_tuple_of(&tuple, flow);
	tuple.sport = 0;
	expect = rhashtable_lookup(&on->conn.expects, &tuple, expect_params);
	if (!expect || likely(!is_late(expect)))
		return expect;
	/* Time comes round. */
	opvs_expect_use(expect);
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_expect_find);

/**
 * opvs_expect_net_start() - the namespace gets its expectations
 * @on: namespace that is about to get a service
 *
 * Context: process, cfg_lock held.
 * Return: 0 or -ENOMEM.
 */
int opvs_expect_net_start(struct opvs_net *on)
{
	return rhashtable_init(&on->conn.expects, &expect_params);
}

/**
 * opvs_expect_net_exit() - undo opvs_expect_net_start(); no connection is left
 *
 * Context: process.
 */
void opvs_expect_net_exit(struct opvs_net *on)
{
	rhashtable_destroy(&on->conn.expects);
}
