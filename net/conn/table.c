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

#include <linux/irqflags.h>
#include <linux/lockdep.h>
#include <linux/random.h>
#include <linux/rhashtable.h>
#include <linux/siphash.h>
#include <linux/spinlock.h>

#include <asm/barrier.h>

/* Looking up and inserting a request tuple is one step under its lock; the lock
 * is chosen by hash, so that two first packets rarely meet.
 */
#define INSERT_LOCKS	1024

/* Addresses and ports, without a gap, in tuples as in flows. */
#define ENDS_BYTES	(2 * sizeof(union nf_inet_addr) + 2 * sizeof(__be16))

static_assert(offsetof(struct opvs_tuple, src) == 0);
static_assert(offsetofend(struct opvs_tuple, dport) == ENDS_BYTES);
static_assert(offsetof(struct opvs_flow, saddr) == 0);
static_assert(offsetofend(struct opvs_flow, dport) == ENDS_BYTES);

static spinlock_t insert_lock[INSERT_LOCKS];
static hsiphash_key_t table_secret __read_mostly;

/**
 * struct lookup - what is looked for, as the functions below want it
 * @src: source address, with all of the ends behind it
 * @dst: destination address
 * @ports: as in the tuple
 * @protocol: of protocol_of()
 * @template: looks for a template; packets see none
 * @key_len: bytes at @key
 * @now: jiffies
 * @hash: of all that is above and below
 * @pe: engine that found @key, or NULL
 * @key: the engine's key
 */
struct lookup {
	const union nf_inet_addr	*src;
	const union nf_inet_addr	*dst;
	u32				ports;
	u16				protocol;
	bool				template;
	u16				key_len;
	u32				now;
	u32				hash;
	const struct opvs_pe_ops	*pe;
	const u8			*key;
};

static __always_inline u16 protocol_of(u8 family, u8 proto)
{
	return family | proto << 8;
}

static __always_inline bool same_addr(const union nf_inet_addr *a,
				      const union nf_inet_addr *b, u8 family)
{
	if (family == NFPROTO_IPV4)
		return a->ip == b->ip;
	return nf_inet_addr_cmp(a, b);
}

/* Addresses and ports only: no more than a few protocols share them. */
static __always_inline u32 ends_hash(const struct lookup *lk, u8 family)
{
	if (family == NFPROTO_IPV4)
		return hsiphash_3u32((__force u32)lk->src->ip,
				     (__force u32)lk->dst->ip, lk->ports,
				     &table_secret);
	return hsiphash(lk->src, ENDS_BYTES, &table_secret);
}

static u32 key_hash(const u8 *key, u16 len)
{
	return hsiphash(key, len, &table_secret);
}

static __always_inline struct lookup packet_lookup(const struct opvs_tuple *t,
						   u32 now)
{
	struct lookup lk = {
		.src		= &t->src,
		.dst		= &t->dst,
		.ports		= t->ports,
		.protocol	= protocol_of(t->family, t->proto),
		.now		= now,
	};

	lk.hash = ends_hash(&lk, t->family);
	return lk;
}

static __always_inline struct lookup
template_lookup(const struct opvs_tuple *t, const struct opvs_pe_ops *pe,
		const u8 *key, u16 key_len, u32 now)
{
	struct lookup lk = packet_lookup(t, now);

	lk.template = true;
	if (pe) {
		lk.pe = pe;
		lk.key = key;
		lk.key_len = key_len;
		lk.hash ^= key_hash(key, key_len);
	}
	return lk;
}

/* The key by which a node of an entry is found. */
static struct lookup node_lookup(const struct opvs_conn *cp,
				 const struct opvs_conn_node *node, u32 now)
{
	const struct opvs_conn_ext *ext = cp->ext;

	if (node->tuple.kind != OPVS_TUPLE_TEMPLATE)
		return packet_lookup(&node->tuple, now);
	return template_lookup(&node->tuple, ext ? ext->pe : NULL,
			       ext ? ext->key : NULL, ext ? ext->key_len : 0,
			       now);
}

static __always_inline u32 lookup_hashfn(const void *data, u32 len, u32 seed)
{
	const struct lookup *lk = data;

	return lk->hash;
}

/* Computed when it was inserted. */
static u32 node_hashfn(const void *data, u32 len, u32 seed)
{
	const struct opvs_conn_node *node = data;

	if (node->tuple.kind == OPVS_TUPLE_REPLY)
		return container_of(node, struct opvs_conn, reply)->reply_hash;
	return container_of(node, struct opvs_conn, request)->request_hash;
}

static __always_inline bool same_engine_key(const struct lookup *lk,
					    const struct opvs_conn_ext *ext)
{
	if (!ext || !lk->pe)
		return !ext && !lk->pe;
	return ext->pe == lk->pe && ext->key_len == lk->key_len &&
	       !memcmp(ext->key, lk->key, lk->key_len);
}

/* The tuple lies beside the chain's pointer, so looking at it is free.  Whether
 * the entry still exists another line knows.
 */
static __always_inline bool node_is(struct opvs_conn_node *node,
				    const struct lookup *lk)
{
	const struct opvs_tuple *tuple = &node->tuple;
	bool template = tuple->kind == OPVS_TUPLE_TEMPLATE;
	const struct opvs_conn *cp;

	if (tuple->ports != lk->ports ||
	    protocol_of(tuple->family, tuple->proto) != lk->protocol ||
	    !same_addr(&tuple->src, lk->src, tuple->family) ||
	    !same_addr(&tuple->dst, lk->dst, tuple->family) ||
	    template != lk->template)
		return false;
	cp = opvs_conn_of(node);
	return !opvs_conn_dead_at(cp, lk->now) &&
	       (!template || same_engine_key(lk, cp->ext));
}

/* Both functions are inlined into lookups. */
static __always_inline int lookup_cmpfn(struct rhashtable_compare_arg *arg,
					const void *obj)
{
	const struct lookup *lk = arg->key;

	return !node_is((struct opvs_conn_node *)obj, lk);
}

static const struct rhashtable_params table_params = {
	.head_offset		= offsetof(struct opvs_conn_node, node),
	.hashfn			= lookup_hashfn,
	.obj_hashfn		= node_hashfn,
	.obj_cmpfn		= lookup_cmpfn,
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
	const struct opvs_conn *cp;

	cp = container_of(node, struct opvs_conn, request);
	return node_lookup(cp, node, 0).hash;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_table_hash);

static __always_inline struct opvs_conn_node *find(struct opvs_net *on,
						   const struct lookup *lk)
{
	return rhashtable_lookup(&on->conn.table, lk, table_params);
}

/**
 * opvs_table_find_flow() - look up the connection that a packet belongs to
 * @flow: the packet's
 * @now: jiffies; entries that have expired by then do not exist
 *
 * Context: any, RCU read side.
 * Return: the node, valid within the read section, or NULL.
 */
struct opvs_conn_node *opvs_table_find_flow(struct opvs_net *on,
					    const struct opvs_flow *flow,
					    u32 now)
{
	struct lookup lk = {
		.src		= &flow->saddr,
		.dst		= &flow->daddr,
		.ports		= flow->ports,
		/* One by one, as they were written: see struct opvs_flow. */
		.protocol	= protocol_of(READ_ONCE(flow->family),
					      READ_ONCE(flow->proto)),
		.now		= now,
	};

	lk.hash = ends_hash(&lk, flow->family);
	return find(on, &lk);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_table_find_flow);

/**
 * opvs_table_find() - look up a connection
 * @key: what to look for
 *
 * Context: any, RCU read side.
 * Return: the node, valid within the read section, or NULL.
 */
struct opvs_conn_node *opvs_table_find(struct opvs_net *on,
				       const struct opvs_table_key *key)
{
	struct lookup lk;

	if (key->tuple.kind == OPVS_TUPLE_TEMPLATE)
		lk = template_lookup(&key->tuple, key->pe, key->key,
				     key->key_len, key->now);
	else
		lk = packet_lookup(&key->tuple, key->now);
	return find(on, &lk);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_table_find);

/* Adds one node unless a live one has its tuple, which is returned then. */
static struct opvs_conn_node *insert_node(struct opvs_net *on,
					  struct opvs_conn_node *node,
					  const struct lookup *lk)
{
	return rhashtable_lookup_get_insert_key(&on->conn.table, lk,
						&node->node, table_params);
}

static void remove_node(struct opvs_net *on, struct opvs_conn_node *node)
{
	rhashtable_remove_fast(&on->conn.table, &node->node, table_params);
}

/* The entry whose node is in the way.  NULL if its request cannot be found yet:
 * another CPU is still between its two nodes, and to end it now would leave the
 * second one in the table.
 */
static struct opvs_conn *holder_of(struct opvs_net *on,
				   struct opvs_conn_node *node, u32 now)
{
	struct opvs_conn *old = opvs_conn_of(node);
	const struct lookup lk = packet_lookup(&old->request.tuple, now);

	return find(on, &lk) == &old->request ? old : NULL;
}

/* Both nodes, the reply's first: a connection that is found can be answered. */
static struct opvs_conn *insert_both(struct opvs_net *on, struct opvs_conn *cp,
				     const struct lookup *request,
				     struct opvs_conn **clash)
{
	struct opvs_conn_node *node;
	struct lookup reply;

	if (opvs_conn_has_reply_node(cp)) {
		/* A loser of the race must not disturb with its reply node. */
		node = find(on, request);
		if (node && node->tuple.kind == OPVS_TUPLE_REQUEST)
			return opvs_conn_of(node);
		reply = packet_lookup(&cp->reply.tuple, request->now);
		cp->reply_hash = reply.hash;
		node = insert_node(on, &cp->reply, &reply);
		if (IS_ERR(node))
			return ERR_CAST(node);
		if (unlikely(node))
			goto err_clash;
	}
	node = insert_node(on, &cp->request, request);
	if (!node)
		return cp;
	if (opvs_conn_has_reply_node(cp))
		remove_node(on, &cp->reply);
	if (IS_ERR(node))
		return ERR_CAST(node);
	/* A request looks like another connection's reply. */
	if (node->tuple.kind != cp->request.tuple.kind)
		goto err_clash;
	return opvs_conn_of(node);

err_clash:
	*clash = holder_of(on, node, request->now);
	return ERR_PTR(-EADDRINUSE);
}

/**
 * opvs_table_insert() - make a connection visible, if it is the first
 * @cp: complete entry that is not published yet
 * @clash: result with -EADDRINUSE: the other connection, valid within the read
 *	section; NULL while another CPU is just inserting it
 *
 * Context: softirq or BH disabled, RCU read side; takes an insert lock.
 * Return: @cp; or the live entry that has its request tuple already; or
 * ERR_PTR(-EADDRINUSE) when another connection's replies would look like this
 * one's, or like its requests; ERR_PTR(-ENOMEM), or another error of the table,
 * when it could not grow.  @cp is visible only in the first case.
 */
struct opvs_conn *opvs_table_insert(struct opvs_net *on, struct opvs_conn *cp,
				    struct opvs_conn **clash)
{
	struct lookup lk = node_lookup(cp, &cp->request, 0);
	spinlock_t *lock = &insert_lock[lk.hash % INSERT_LOCKS];
	struct opvs_conn *seen;

	/* A packet in softirq would wait for the lock of a task that it stopped. */
	lockdep_assert_in_softirq();
	cp->request_hash = lk.hash;
	spin_lock(lock);
	lk.now = jiffies;
	seen = insert_both(on, cp, &lk, clash);
	spin_unlock(lock);
	return seen;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_table_insert);

/**
 * opvs_table_remove() - take a connection out
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
 * opvs_table_is_up() - does the namespace have its table yet?
 *
 * For those whom no service has led here.
 *
 * Context: any.
 */
bool opvs_table_is_up(const struct opvs_net *on)
{
	/* Pairs with the release in opvs_table_start(). */
	return smp_load_acquire(&on->conn.table_up);
}

/**
 * opvs_conn_table_size() - how many buckets there are now
 *
 * Context: any.
 * Return: the number; before the first service, what it will begin with.
 */
u32 opvs_conn_table_size(struct opvs_net *on)
{
	u32 size;

	if (!opvs_table_is_up(on))
		return OPVS_TABLE_MIN_SIZE;
	rcu_read_lock();
	size = rcu_dereference(on->conn.table.tbl)->size;
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
	int err;

	lockdep_assert_held(&on->cfg_lock);

	if (on->conn.table_up)
		return 0;
	err = rhashtable_init(&on->conn.table, &table_params);
	if (err)
		return err;
	/* Pairs with the acquire in opvs_table_is_up(). */
	smp_store_release(&on->conn.table_up, true);
	return 0;
}

/**
 * opvs_table_net_exit() - the table goes; no entry and no reader is left
 *
 * Context: process.
 */
void opvs_table_net_exit(struct opvs_net *on)
{
	if (on->conn.table_up)
		rhashtable_destroy(&on->conn.table);
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
