// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory and references of connection entries, and the one-packet entry.
 *
 * A one-packet service gets a connection entry for each packet: bound to its
 * server, counted there, seen by the transmit method, and released as soon as
 * the packet is sent.  Nothing else can find it - it is in no table and on no
 * list - so when the packet path drops the only reference, no other CPU can be
 * looking at it: it needs no timer and no grace period and goes back inline.
 * The read section in which the packet found its server holds the server, too.
 * Only if another reference was taken meanwhile is the release left to the last
 * holder, which may run anywhere; the entry then holds its server by itself,
 * and the memory waits for a grace period.
 *
 * The memory of the last entry stays in a slot of its CPU.  A CPU that sends
 * one packet at a time never calls the allocator again after the first one.
 *
 * Hooks disable BH, so the slot is the packet's own from here to there, and needs
 * no atomic exchange: no other packet of this CPU runs in between but one that
 * this packet became - it left through a tunnel, and the outer packet is balanced,
 * too.  That happens between conn_alloc() and conn_free(), never within them, and
 * finds the slot empty; hard interrupts do not come here.
 */
#include <opvs/conn.h>

#include <opvs/compat.h>
#include <opvs/dest.h>
#include <opvs/expect.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/ops.h>
#include <opvs/svc.h>
#include <opvs/table.h>

#include <linux/ip_vs.h>
#include <linux/irqflags.h>
#include <linux/lockdep.h>
#include <linux/slab.h>

/* Three cache lines: what tells a packet's connection, where it goes and when
 * it expires, and what packets do not look at.
 */
static_assert(sizeof(struct opvs_conn) <= 192);
static_assert(offsetof(struct opvs_conn, reply) == 64);
static_assert(offsetof(struct opvs_conn, expiring.node) == 128);

static struct kmem_cache *conn_cache;
static DEFINE_PER_CPU(struct opvs_conn *, conn_slot);

static struct opvs_conn *conn_alloc(struct opvs_net *on)
{
	struct opvs_conn *cp = __this_cpu_read(conn_slot);

	lockdep_assert_in_softirq();
	if (likely(cp)) {
		__this_cpu_write(conn_slot, NULL);
		return cp;
	}
	opvs_count(on, OPS_SLAB_ALLOCS);
	return kmem_cache_alloc(conn_cache, GFP_ATOMIC);
}

static void conn_free(struct opvs_conn *cp)
{
	lockdep_assert_in_softirq();
	/* Filled by the packet that this one became. */
	if (unlikely(__this_cpu_read(conn_slot)))
		kmem_cache_free(conn_cache, cp);
	else
		__this_cpu_write(conn_slot, cp);
}

static void conn_free_rcu(struct rcu_head *rcu)
{
	struct opvs_conn *cp = container_of(rcu, struct opvs_conn,
					    expiring.rcu);

	if (cp->flags & OPVS_CONN_F_CONTROL)
		kfree(cp->app);
	kfree(cp->ext);
	kmem_cache_free(conn_cache, cp);
}

static struct opvs_conn_ext *ext_new(const struct opvs_conn_start *start)
{
	struct opvs_conn_ext *ext;

	ext = kmalloc(struct_size(ext, key, start->key_len), GFP_ATOMIC);
	if (!ext)
		return NULL;
	ext->pe = start->pe;
	ext->key_len = start->key_len;
	memcpy(ext->key, start->key, start->key_len);
	return ext;
}

/**
 * opvs_conn_alloc() - memory for a connection that will be tracked
 * @start: what it begins with
 *
 * Context: any.
 * Return: an entry with one reference, with the engine's key or as a control
 * connection if it is to be one; all else is the caller's to fill in.  Or NULL.
 */
struct opvs_conn *opvs_conn_alloc(const struct opvs_conn_start *start)
{
	struct opvs_conn *cp = kmem_cache_alloc(conn_cache, GFP_ATOMIC);

	if (unlikely(!cp))
		return NULL;
	cp->ext = NULL;
	cp->flags = 0;
	refcount_set(&cp->ref, 1);
	if (start->pe) {
		cp->ext = ext_new(start);
		if (!cp->ext)
			goto err;
	} else if (unlikely(start->app)) {
		cp->app = opvs_control_alloc(start->app - 1);
		if (!cp->app)
			goto err;
		cp->flags = OPVS_CONN_F_CONTROL;
	}
	return cp;

err:
	kmem_cache_free(conn_cache, cp);
	return NULL;
}

/* What connection tracking must know of a one-packet entry. */
static noinline u32 tracked_flags(const struct opvs_dest *dest)
{
	u32 flags = IP_VS_CONN_F_NFCT;

	if (READ_ONCE(dest->xmit)->rewrites)
		flags |= OPVS_CONN_F_REWRITES;
	return flags;
}

/**
 * opvs_conn_one_packet() - a one-packet entry for a packet
 * @flow: the packet: a request to the server's service
 * @dest: server chosen for it
 *
 * Context: softirq or BH disabled, RCU read side.  The entry lives within the read
 * section in which the server was found, unless opvs_conn_get() succeeds there.
 * Return: the entry with one reference, which opvs_conn_put() drops; NULL
 * without memory.
 */
struct opvs_conn *opvs_conn_one_packet(struct opvs_net *on,
				       const struct opvs_flow *flow,
				       struct opvs_dest *dest)
{
	struct opvs_conn *cp = conn_alloc(on);

	if (unlikely(!cp))
		return NULL;

	cp->on = on;
	cp->dest = dest;
	cp->ext = NULL;
	opvs_tuple_of(&cp->request.tuple, flow);
	cp->reply.tuple.src = dest->addr;
	cp->reply.tuple.sport = dest->port ?: flow->dport;
	cp->flags = IP_VS_CONN_F_ONE_PACKET;
	if (unlikely(READ_ONCE(on->settings.conntrack)))
		cp->flags |= tracked_flags(dest);
	cp->word = 0;
	refcount_set(&cp->ref, 1);
	opvs_count(on, OPS_CREATED);
	return cp;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_conn_one_packet);

/**
 * opvs_conn_get() - take another reference
 * @cp: entry that the caller holds a reference of
 *
 * This makes the release of a one-packet entry a deferred one, and has it hold
 * its server from then on; the last opvs_conn_put() gives the server back.  If
 * the server's last reference is gone, the entry must stay its maker's own.
 *
 * Context: any; of a one-packet entry for the first time: the RCU read section
 * in which it was made, on behalf of its maker.
 * Return: true, and the caller has a reference that opvs_conn_put() drops;
 * false, and nothing was taken and the caller must do without.  Never false for
 * a tracked connection, a template, or an entry that is shared already.
 */
bool opvs_conn_get(struct opvs_conn *cp)
{
	/* Seen by all holders: they got the entry from one that set it. */
	if (cp->flags & IP_VS_CONN_F_ONE_PACKET && !READ_ONCE(cp->word)) {
		/* The read section keeps the server's memory, no more. */
		if (unlikely(!percpu_ref_tryget(&cp->dest->ref)))
			return false;
		WRITE_ONCE(cp->word, OPVS_CONN_SHARED);
	}
	refcount_inc(&cp->ref);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_conn_get);

/**
 * opvs_conn_put() - drop a reference, and release the entry with the last one
 * @cp: entry; not to be touched any more
 *
 * A tracked connection was taken out of the table and counted out when it was
 * ended; what is left here is memory.
 *
 * Context: RCU read side.  The maker of a one-packet entry: softirq or BH
 * disabled; any other holder: any.
 */
void opvs_conn_put(struct opvs_conn *cp)
{
	struct opvs_net *on = cp->on;
	bool one_packet = cp->flags & IP_VS_CONN_F_ONE_PACKET;

	/* Never shared: no other holder can come by a reference any more. */
	if (one_packet && likely(!READ_ONCE(cp->word))) {
		opvs_count(on, OPS_RELEASED_INLINE);
		conn_free(cp);
		return;
	}
	if (!refcount_dec_and_test(&cp->ref))
		return;
	if (one_packet) {
		opvs_dest_put(cp->dest);
		opvs_count_task(on, OPS_RELEASED_DEFERRED);
	}
	opvs_call_rcu(&cp->expiring.rcu, conn_free_rcu);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_conn_put);

/**
 * opvs_conn_outlived_drain() - was an exception made for a draining that is over?
 * @cp: any entry
 *
 * Nothing else leads to a session at a server of weight 0, so what does lives as
 * long as the session uses it.
 *
 * Context: any, RCU read side.
 */
bool opvs_conn_outlived_drain(const struct opvs_conn *cp)
{
	const struct opvs_dest *dest = cp->dest;

	if (!(cp->flags & OPVS_CONN_F_MOVED))
		return false;
	/* The entry was seen before the view. */
	smp_rmb();
	return !rcu_dereference(dest->svc->view)->drains &&
	       (READ_ONCE(dest->weight) || READ_ONCE(dest->removed));
}

/**
 * opvs_conn_init() - the slab of connection entries
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int opvs_conn_init(void)
{
	opvs_table_init();
	conn_cache = KMEM_CACHE(opvs_conn, SLAB_HWCACHE_ALIGN);
	return conn_cache ? 0 : -ENOMEM;
}

/**
 * opvs_conn_exit() - undo opvs_conn_init(); no packet can come any more
 *
 * Context: process.  Waits for deferred releases.
 */
void opvs_conn_exit(void)
{
	struct opvs_conn *cp;
	int cpu;

	rcu_barrier();
	for_each_possible_cpu(cpu) {
		cp = per_cpu(conn_slot, cpu);
		if (cp)
			kmem_cache_free(conn_cache, cp);
	}
	kmem_cache_destroy(conn_cache);
}
