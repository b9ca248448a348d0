/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entries that a test owns, straight in the connection table: no limits, no
 * servers and no sweeper.
 */
#ifndef OPVS_TABLE_FIXTURE_H
#define OPVS_TABLE_FIXTURE_H

#include <opvs/table.h>

#include <opvs/conn.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/pe.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/err.h>
#include <linux/ip_vs.h>
#include <linux/in.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>

#include "testlib.h"

#define VIP		0xc0000201
#define CLIENT		0x0a000000
#define SERVER		0xc633640b

static struct opvs_net *on;
static struct opvs_conn *conns;

/* A namespace with a table, and room for entries. */
static int fixture_init(struct kunit *test)
{
	int err = opvs_test_net_init(test, &on);

	conns = NULL;
	if (err)
		return err;
	mutex_lock(&on->cfg_lock);
	err = opvs_conn_net_start(on);
	mutex_unlock(&on->cfg_lock);
	return err;
}

static void fixture_room(struct kunit *test, unsigned int n)
{
	conns = kvcalloc(n, sizeof(*conns), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, conns);
}

/* Entry and client number @i; a NAT connection of an hour. */
static void make_conn(struct opvs_conn *cp, unsigned int i, u8 family)
{
	*cp = (struct opvs_conn){
		.flags = IP_VS_CONN_F_MASQ | OPVS_CONN_F_REWRITES,
		.on = on,
		.request.tuple = {
			.sport = htons(1024 + i % 60000),
			.dport = htons(80),
			.family = family,
			.proto = IPPROTO_TCP,
			.kind = OPVS_TUPLE_REQUEST,
		},
	};
	if (family == NFPROTO_IPV6) {
		cp->request.tuple.src.ip6[0] = htonl(0x20010db8);
		cp->request.tuple.src.ip6[3] = htonl(i / 60000 + 1);
		cp->request.tuple.dst.ip6[0] = htonl(0x20010db9);
		cp->request.tuple.dst.ip6[3] = htonl(1);
		cp->reply.tuple.src.ip6[0] = htonl(0xfd000000);
		cp->reply.tuple.src.ip6[3] = htonl(11);
	} else {
		cp->request.tuple.src.ip = htonl(CLIENT + i / 60000);
		cp->request.tuple.dst.ip = htonl(VIP);
		cp->reply.tuple.src.ip = htonl(SERVER);
	}
	cp->reply.tuple.sport = htons(8080);
	cp->reply.tuple.dport = cp->request.tuple.sport;
	cp->reply.tuple.family = family;
	cp->reply.tuple.proto = IPPROTO_TCP;
	cp->reply.tuple.kind = OPVS_TUPLE_REPLY;
	cp->reply.tuple.dst = cp->request.tuple.src;
	opvs_expiring_init(&cp->expiring, jiffies, 3600 * HZ);
}

static inline void make_template(struct opvs_conn *cp, unsigned int i)
{
	make_conn(cp, i, NFPROTO_IPV4);
	cp->request.tuple.kind = OPVS_TUPLE_TEMPLATE;
	cp->request.tuple.sport = 0;
	cp->request.tuple.src.ip = htonl(CLIENT + i);
}

/* The key that a Call-ID makes of a template. */
static inline void make_keyed(struct kunit *test, struct opvs_conn *cp,
			      const struct opvs_pe_ops *pe, const char *key)
{
	size_t len = strlen(key);

	cp->ext = kunit_kzalloc(test, struct_size(cp->ext, key, len),
				GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, cp->ext);
	cp->ext->pe = pe;
	cp->ext->key_len = len;
	memcpy(cp->ext->key, key, len);
}

/* Whom the entry that was inserted last was in the way of. */
static struct opvs_conn *clash;

static struct opvs_conn *insert(struct opvs_conn *cp)
{
	struct opvs_conn *seen;

	clash = NULL;
	local_bh_disable();
	rcu_read_lock();
	seen = opvs_table_insert(on, cp, &clash);
	rcu_read_unlock();
	local_bh_enable();
	return seen;
}

static void take_out(struct opvs_conn *cp)
{
	rcu_read_lock();
	opvs_table_remove(on, cp);
	rcu_read_unlock();
}

/* A packet of this tuple finds the same as the tuple itself does. */
static inline struct opvs_conn_node *find(const struct opvs_tuple *tuple)
{
	struct opvs_table_key key = { .tuple = *tuple, .now = jiffies };
	const struct opvs_flow flow = {
		.saddr	= tuple->src,
		.daddr	= tuple->dst,
		.sport	= tuple->sport,
		.dport	= tuple->dport,
		.family	= tuple->family,
		.proto	= tuple->proto,
		.flags	= OPVS_FLOW_TO_HOST,
	};
	struct opvs_conn_node *node;

	rcu_read_lock();
	node = opvs_table_find(on, &key);
	if (tuple->kind != OPVS_TUPLE_TEMPLATE &&
	    opvs_table_find_flow(on, &flow, key.now) != node)
		node = ERR_PTR(-EUCLEAN);
	rcu_read_unlock();
	return node;
}

static inline int nodes(void)
{
	return atomic_read(&on->conn.table.nelems);
}

/* The test has emptied the table again. */
static void fixture_exit(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, nodes(), 0);
	/* Rehashing may hold on to what was there. */
	rcu_barrier();
	flush_work(&on->conn.table.run_work);
	synchronize_rcu();
	kvfree(conns);
}

#endif /* OPVS_TABLE_FIXTURE_H */
