/* SPDX-License-Identifier: GPL-2.0-only */
/* The connection table of a namespace: entries by tuple. */
#ifndef OPVS_TABLE_H
#define OPVS_TABLE_H

#include <linux/types.h>

#include <opvs/conn.h>
#include <opvs/types.h>

struct opvs_net;

/* What IPVS shows as the size of its table; ours grows from there. */
#define OPVS_TABLE_MIN_SIZE	4096

/**
 * struct opvs_table_key - what to look for
 * @tuple: all bytes set
 * @pe: engine that found @key, or NULL.  Templates only
 * @key: the engine's key
 * @key_len: bytes at @key
 * @now: jiffies; entries that have expired by then do not exist
 */
struct opvs_table_key {
	struct opvs_tuple		tuple;
	const struct opvs_pe_ops	*pe;
	const u8			*key;
	u16				key_len;
	u32				now;
};

/* any context, RCU read side */
struct opvs_conn_node *opvs_table_find(struct opvs_net *on,
				       const struct opvs_table_key *key);
struct opvs_conn_node *opvs_table_find_flow(struct opvs_net *on,
					    const struct opvs_flow *flow,
					    u32 now);
struct opvs_conn *opvs_table_insert(struct opvs_net *on, struct opvs_conn *cp,
				    struct opvs_conn **clash);
void opvs_table_remove(struct opvs_net *on, struct opvs_conn *cp);
u32 opvs_table_hash(const struct opvs_conn_node *node);

/* any context */
bool opvs_table_is_up(const struct opvs_net *on);

/* process context */
void opvs_table_init(void);
int opvs_table_start(struct opvs_net *on);
void opvs_table_net_exit(struct opvs_net *on);

/* The tuple of a packet, as a request's and a reply's node have it. */
static inline void opvs_tuple_of(struct opvs_tuple *tuple,
				 const struct opvs_flow *flow)
{
	*tuple = (struct opvs_tuple){
		.sport	= flow->sport,
		.dport	= flow->dport,
		.family	= flow->family,
		.proto	= flow->proto,
		.src	= flow->saddr,
		.dst	= flow->daddr,
	};
}

/* The tuple of a packet that answers @flow. */
static inline void opvs_tuple_of_answer(struct opvs_tuple *tuple,
					const struct opvs_flow *flow)
{
	*tuple = (struct opvs_tuple){
		.sport	= flow->dport,
		.dport	= flow->sport,
		.family	= flow->family,
		.proto	= flow->proto,
		.src	= flow->daddr,
		.dst	= flow->saddr,
	};
}

/* Methods that rewrite see the replies, too. */
static inline bool opvs_conn_has_reply_node(const struct opvs_conn *cp)
{
	return cp->request.tuple.kind == OPVS_TUPLE_REQUEST &&
	       opvs_conn_rewrites(cp);
}

static inline struct opvs_conn *opvs_conn_of(struct opvs_conn_node *node)
{
	if (node->tuple.kind == OPVS_TUPLE_REPLY)
		return container_of(node, struct opvs_conn, reply);
	return container_of(node, struct opvs_conn, request);
}

#endif /* OPVS_TABLE_H */
