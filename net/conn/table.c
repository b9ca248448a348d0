// SPDX-License-Identifier: GPL-2.0-only
/*
 * The connection table.
 *
 * A connection is found by the whole tuple of a packet, in either direction:
 * an entry whose method rewrites has two nodes, one for the client's packets
 * and one for the server's, so that a single lookup tells to which connection
 * a packet belongs and which way it goes.  (Hashing by the client alone, as
 * ip_vs does, saves a node and lets one client port that talks to all ports of
 * a service pile 65 535 entries into one bucket.)
 *
 * Lookups take no lock and no reference: entries are freed a grace period after
 * they left the table.  An entry that has expired is invisible from that moment
 * on, also while it is still in its chain: a new connection over the same tuple
 * may stand beside it until the sweeper comes.
 *
 * The table grows and shrinks by itself.  An entry's hash stays the same all
 * its life, whatever the size: the walk over all entries (walk.c) relies on it.
 * The hash is keyed with a secret, so nothing is lost by leaving the per-table
 * seed out of it.
 */
#include <opvs/table.h>

#include <opvs/kunit.h>
#include <opvs/netns.h>

#include <linux/random.h>
#include <linux/rhashtable.h>
#include <linux/siphash.h>
#include <linux/spinlock.h>

/* Looking up and inserting a request tuple is one step under its lock; the lock
 * is chosen by hash, so that two first packets rarely meet.
 */
#define INSERT_LOCKS	1024

static spinlock_t insert_lock[INSERT_LOCKS];
static siphash_key_t table_secret __read_mostly;

/* The first word: all but the addresses.  Request and reply look alike. */
static u64 tuple_head(const struct opvs_tuple *tuple)
{
	u64 ports = (u64)(__force u16)tuple->sport << 16 |
		    (__force u16)tuple->dport;

	return ports << 32 | tuple->family << 16 | tuple->proto << 8 |
	       (tuple->kind == OPVS_TUPLE_TEMPLATE);
}

static bool same_addr(const union nf_inet_addr *a, const union nf_inet_addr *b,
		      u8 family)
{
	if (family == NFPROTO_IPV4)
		return a->ip == b->ip;
	return nf_inet_addr_cmp(a, b);
}

static u32 tuple_hash(const struct opvs_tuple *tuple)
{
	u64 head = tuple_head(tuple);

	if (tuple->family == NFPROTO_IPV4)
		return siphash_2u64(head, (u64)(__force u32)tuple->src.ip << 32 |
				    (__force u32)tuple->dst.ip, &table_secret);
	return siphash(&tuple->src, sizeof(tuple->src) + sizeof(tuple->dst),
		       &table_secret) ^ siphash_1u64(head, &table_secret);
}

static u32 key_hash(const u8 *key, u16 len, u32 hash)
{
	return siphash(key, len, &table_secret) ^ hash;
}

static u32 table_hashfn(const void *data, u32 len, u32 seed)
{
	const struct opvs_table_key *key = data;
	u32 hash = tuple_hash(&key->tuple);

	return key->pe ? key_hash(key->key, key->key_len, hash) : hash;
}

static u32 table_obj_hashfn(const void *data, u32 len, u32 seed)
{
	const struct opvs_conn_node *node = data;
	u32 hash = tuple_hash(&node->tuple);
	const struct opvs_conn *cp;

	if (node->tuple.kind != OPVS_TUPLE_TEMPLATE)
		return hash;
	cp = container_of(node, struct opvs_conn, request);
	return cp->ext ? key_hash(cp->ext->key, cp->ext->key_len, hash) : hash;
}

static bool same_engine_key(const struct opvs_table_key *key,
			    const struct opvs_conn_ext *ext)
{
	if (!ext || !key->pe)
		return !ext && !key->pe;
	return ext->pe == key->pe && ext->key_len == key->key_len &&
	       !memcmp(ext->key, key->key, key->key_len);
}

/* The first word lies beside the chain's pointer, so looking at it is free.
 * Then: does the entry still exist?  Only then the addresses.
 */
static int table_obj_cmpfn(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct opvs_table_key *key = arg->key;
	const struct opvs_conn_node *node = obj;
	const struct opvs_conn *cp;

	if (tuple_head(&node->tuple) != tuple_head(&key->tuple))
		return 1;
	cp = opvs_conn_of((struct opvs_conn_node *)node);
	if (opvs_conn_dead_at(cp, key->now))
		return 1;
	if (!same_addr(&node->tuple.src, &key->tuple.src, key->tuple.family) ||
	    !same_addr(&node->tuple.dst, &key->tuple.dst, key->tuple.family))
		return 1;
	return node->tuple.kind == OPVS_TUPLE_TEMPLATE &&
	       !same_engine_key(key, cp->ext);
}

static const struct rhashtable_params table_params = {
	.head_offset		= offsetof(struct opvs_conn_node, node),
	.hashfn			= table_hashfn,
	.obj_hashfn		= table_obj_hashfn,
	.obj_cmpfn		= table_obj_cmpfn,
	.min_size		= OPVS_TABLE_MIN_SIZE,
	.automatic_shrinking	= true,
};

/**
 * opvs_table_hash() - the hash by which an entry is filed
 * @node: the entry's request or template node
 *
 * Context: any.
 * Return: the hash, the same for all of the entry's life.
 */
u32 opvs_table_hash(const struct opvs_conn_node *node)
{
	return table_obj_hashfn(node, 0, 0);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_table_hash);

/**
 * opvs_table_find() - look up a connection
 * @on: namespace
 * @key: what to look for
 *
 * Context: any, RCU read side.
 * Return: the node, valid within the read section, or NULL.
 */
struct opvs_conn_node *opvs_table_find(struct opvs_net *on,
				       const struct opvs_table_key *key)
{
	return rhashtable_lookup(&on->conn_table, key, table_params);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_table_find);

/* Adds one node unless a live one has its tuple, which is returned then. */
static struct opvs_conn_node *insert_node(struct opvs_net *on,
					  struct opvs_conn *cp,
					  struct opvs_conn_node *node, u32 now)
{
	struct opvs_table_key key = { .tuple = node->tuple, .now = now };

	if (cp->ext) {
		key.pe = cp->ext->pe;
		key.key = cp->ext->key;
		key.key_len = cp->ext->key_len;
	}
	return rhashtable_lookup_get_insert_key(&on->conn_table, &key,
						&node->node, table_params);
}

static void remove_node(struct opvs_net *on, struct opvs_conn_node *node)
{
	rhashtable_remove_fast(&on->conn_table, &node->node, table_params);
}

/* Both nodes, the reply's first: who finds the connection can be answered. */
static struct opvs_conn *insert_both(struct opvs_net *on, struct opvs_conn *cp)
{
	struct opvs_conn_node *node;
	u32 now = jiffies;

	if (opvs_conn_has_reply_node(cp)) {
		node = insert_node(on, cp, &cp->reply, now);
		if (IS_ERR(node))
			return ERR_CAST(node);
		if (node)
			return ERR_PTR(-EADDRINUSE);
	}
	node = insert_node(on, cp, &cp->request, now);
	if (!node)
		return cp;
	if (opvs_conn_has_reply_node(cp))
		remove_node(on, &cp->reply);
	if (IS_ERR(node))
		return ERR_CAST(node);
	/* A request looks like another connection's reply. */
	if (node->tuple.kind != cp->request.tuple.kind)
		return ERR_PTR(-EADDRINUSE);
	return opvs_conn_of(node);
}

/**
 * opvs_table_insert() - make a connection visible, if it is the first
 * @on: namespace
 * @cp: complete entry that nobody can see yet
 *
 * Context: softirq or BH disabled or process, RCU read side; takes an insert
 * lock.
 * Return: @cp; or the live entry that has its request tuple already; or
 * ERR_PTR(-EADDRINUSE) when another connection's replies would look like this
 * one's; ERR_PTR(-ENOMEM), or another error of the table, when it could not
 * grow.  @cp is visible only in the first case.
 */
struct opvs_conn *opvs_table_insert(struct opvs_net *on, struct opvs_conn *cp)
{
	u32 hash = opvs_table_hash(&cp->request);
	spinlock_t *lock = &insert_lock[hash % INSERT_LOCKS];
	struct opvs_table_key key = { .tuple = cp->request.tuple };
	struct opvs_conn_node *node = NULL;
	struct opvs_conn *seen;

	if (cp->ext) {
		key.pe = cp->ext->pe;
		key.key = cp->ext->key;
		key.key_len = cp->ext->key_len;
	}
	spin_lock_bh(lock);
	/* A loser of the race must not disturb with its reply node. */
	key.now = jiffies;
	if (opvs_conn_has_reply_node(cp))
		node = opvs_table_find(on, &key);
	seen = node && node->tuple.kind == OPVS_TUPLE_REQUEST ?
	       opvs_conn_of(node) : insert_both(on, cp);
	spin_unlock_bh(lock);
	return seen;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_table_insert);

/**
 * opvs_table_remove() - take a connection out
 * @on: namespace
 * @cp: entry that opvs_table_insert() returned for itself
 *
 * Context: any.  Readers may see it for a grace period more.
 */
void opvs_table_remove(struct opvs_net *on, struct opvs_conn *cp)
{
	remove_node(on, &cp->request);
	if (opvs_conn_has_reply_node(cp))
		remove_node(on, &cp->reply);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_table_remove);

/**
 * opvs_conn_table_size() - how many buckets there are now
 * @on: namespace
 *
 * Context: any.
 * Return: the number; before the first service, what it will begin with.
 */
u32 opvs_conn_table_size(struct opvs_net *on)
{
	u32 size = OPVS_TABLE_MIN_SIZE;
	struct bucket_table *tbl;

	rcu_read_lock();
	tbl = rcu_dereference(on->conn_table.tbl);
	if (tbl)
		size = tbl->size;
	rcu_read_unlock();
	return size;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_conn_table_size);

/**
 * opvs_table_start() - the namespace gets its table
 * @on: namespace that is about to get a service
 *
 * Context: process, cfg_lock held.
 * Return: 0, also when it has one; -ENOMEM.
 */
int opvs_table_start(struct opvs_net *on)
{
	lockdep_assert_held(&on->cfg_lock);

	if (rcu_access_pointer(on->conn_table.tbl))
		return 0;
	return rhashtable_init(&on->conn_table, &table_params);
}

/**
 * opvs_table_net_exit() - the table goes; no entry and no reader is left
 * @on: namespace
 *
 * Context: process.
 */
void opvs_table_net_exit(struct opvs_net *on)
{
	if (rcu_access_pointer(on->conn_table.tbl))
		rhashtable_destroy(&on->conn_table);
}

/**
 * opvs_table_init() - what tables of all namespaces share
 *
 * Context: process, module load.
 */
void opvs_table_init(void)
{
	unsigned int i;

	get_random_bytes(&table_secret, sizeof(table_secret));
	for (i = 0; i < INSERT_LOCKS; i++)
		spin_lock_init(&insert_lock[i]);
}
