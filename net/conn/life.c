// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tracked connections and persistence templates: their beginning and end.
 *
 * An entry is complete before it can be found.  It ends once: the one that
 * claims it from the expiry engine (the sweeper, a flush, an eviction) takes it
 * out of the table and counts it out.  From then on it is memory, which goes
 * when the last reference is dropped and a grace period has passed.
 */
#include <opvs/conn.h>

#include "quota.h"

#include <opvs/dest.h>
#include <opvs/due.h>
#include <opvs/expect.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/nfct.h>
#include <opvs/svc.h>
#include <opvs/table.h>
#include <opvs/trace.h>

#include <linux/bottom_half.h>
#include <linux/in.h>
#include <linux/ip_vs.h>

/* A template with children that was not refreshed is looked at this often. */
#define TEMPLATE_LINGER		(60 * HZ)

/* Attempts to get into the table.  Two CPUs whose connections want the same
 * replies end each other's entry again and again; one of them gives up.
 */
#define INSERT_TRIES		4

static struct opvs_conn *expiring_conn(const struct opvs_expiring *e)
{
	return container_of(e, struct opvs_conn, expiring);
}

static struct opvs_net *expire_net(struct opvs_expire *ex)
{
	return container_of(ex, struct opvs_net, conn.expire);
}

static void count_in(struct opvs_conn *cp)
{
	struct opvs_dest *dest = cp->dest;

	if (opvs_conn_is_template(cp)) {
		if (cp->flags & OPVS_CONN_F_EXCEPTION)
			atomic_inc(&dest->svc->exceptions);
		opvs_dest_count_template(dest);
		return;
	}
	if (cp->request.tuple.proto == IPPROTO_UDP)
		atomic_inc(&cp->on->conn.udp);
	if (cp->flags & OPVS_CONN_F_CONTROL)
		atomic_inc(&cp->on->conn.controls[cp->app->nth]);
	if (cp->word & OPVS_CONN_ACTIVE)
		atomic_inc(&dest->active);
	opvs_dest_count(dest);
}

static void count_out(struct opvs_conn *cp)
{
	struct opvs_dest *dest = cp->dest;
	u32 word = READ_ONCE(cp->word);

	/* From here on no packet changes the word, and with it the counts. */
	while (!try_cmpxchg(&cp->word, &word, word | OPVS_CONN_ENDED))
		;
	if (opvs_conn_is_template(cp)) {
		if (cp->flags & OPVS_CONN_F_EXCEPTION)
			atomic_dec(&dest->svc->exceptions);
		opvs_dest_uncount_template(dest);
		return;
	}
	if (cp->request.tuple.proto == IPPROTO_UDP)
		atomic_dec(&cp->on->conn.udp);
	if (cp->flags & OPVS_CONN_F_CONTROL)
		atomic_dec(&cp->on->conn.controls[cp->app->nth]);
	if (word & OPVS_CONN_ACTIVE)
		atomic_dec(&dest->active);
	opvs_dest_uncount(dest);
}

/* Changes some bits of an entry's word; true if that is news. */
static bool word_mark(struct opvs_conn *cp, u32 clear, u32 set)
{
	u32 seen = READ_ONCE(cp->word), word;

	do {
		word = (seen & ~clear) | set;
		if (word == seen)
			return false;
	} while (!opvs_conn_set_word(cp, &seen, word));
	return true;
}

/**
 * opvs_conn_own() - a packet uses a template that lingered or was a partner's
 * @tp: template that was refreshed
 *
 * Context: any, RCU read side.
 */
void opvs_conn_own(struct opvs_conn *tp)
{
	word_mark(tp, OPVS_CONN_LINGERS | OPVS_CONN_FOREIGN, 0);
}

/* What has children keeps until they are gone; false when it is gone itself.
 * Taken before the limits, or the template might be evicted to make room.
 */
static bool control_take(struct opvs_conn *control)
{
	if (!control)
		return true;
	if (!refcount_inc_not_zero(&control->ref))
		return false;
	atomic_inc(&control->children);
	return true;
}

/* A template whose own time is over goes with its last child.  Of a control
 * connection the next packet is about that one's end.
 */
static void control_release(struct opvs_conn *control)
{
	if (!control)
		return;
	if (atomic_dec_and_test(&control->children) &&
	    word_mark(control, OPVS_CONN_LINGERS, 0) && opvs_conn_is_template(control))
		opvs_expire_now(&control->on->conn.expire, &control->expiring,
				jiffies);
	opvs_conn_put(control);
}

/* Gives back all that the entry held but its memory. */
static void conn_unbind(struct opvs_conn *cp)
{
	struct opvs_dest *dest = cp->dest;

	opvs_quota_release(cp->on, dest->svc);
	count_out(cp);
	control_release(cp->control);
	opvs_dest_put(dest);
}

static void conn_drop(struct opvs_expire *ex, struct opvs_expiring *e)
{
	struct opvs_conn *cp = expiring_conn(e);

	if (opvs_conn_is_template(cp))
		opvs_count_task(cp->on, TEMPLATE_ENDED);
	else
		opvs_count_task(cp->on, CONN_ENDED);
	trace_opvs_conn_end(cp);
	opvs_table_remove(cp->on, cp);
	if (unlikely(cp->flags & OPVS_CONN_F_CONTROL))
		opvs_control_end(cp);
	opvs_nfct_end(cp);
	conn_unbind(cp);
	opvs_conn_put(cp);
}

/* A partner's copy has no children that would keep it. */
static void keep_told(struct opvs_conn *cp)
{
	local_bh_disable();
	rcu_read_lock();
	if (!(READ_ONCE(cp->word) & OPVS_CONN_FOREIGN))
		opvs_due_add(cp->on, cp);
	rcu_read_unlock();
	local_bh_enable();
}

/* Templates and control connections outlive what came of them. */
static u32 conn_keep(struct opvs_expire *ex, struct opvs_expiring *e)
{
	struct opvs_conn *cp = expiring_conn(e);

	if (!atomic_read(&cp->children))
		return 0;
	word_mark(cp, 0, OPVS_CONN_LINGERS);
	/* The last child may have gone without seeing that. */
	smp_mb();
	if (!atomic_read(&cp->children))
		return 0;
	if (opvs_dues_on(cp->on))
		keep_told(cp);
	return TEMPLATE_LINGER;
}

/* Where a partner is told: of what goes on.  */
static u32 conn_look(struct opvs_expire *ex, struct opvs_expiring *e, u32 now)
{
	u32 wait;

	rcu_read_lock();
	wait = opvs_due_look(expire_net(ex), expiring_conn(e), now);
	rcu_read_unlock();
	return wait;
}

static bool conns_empty(struct opvs_expire *ex)
{
	return !atomic_read(&expire_net(ex)->conn.limit.count);
}

static const struct opvs_expire_ops conn_expire_ops = {
	.keep	= conn_keep,
	.look	= conn_look,
	.drop	= conn_drop,
	.empty	= conns_empty,
};

/* Where packets go; without a server, on to where they were sent to. */
static const union nf_inet_addr *goal_of(const struct opvs_conn_start *start,
					 const struct opvs_xmit_ops *xmit)
{
	return xmit->method == IP_VS_CONN_F_BYPASS ? &start->tuple.dst :
						     &start->dest->addr;
}

/* An entry that is complete but for its counts and references. */
static struct opvs_conn *conn_fill(struct opvs_net *on,
				   const struct opvs_conn_start *start)
{
	struct opvs_dest *dest = start->dest;
	const struct opvs_xmit_ops *xmit = READ_ONCE(dest->xmit);
	struct opvs_conn *cp;

	cp = opvs_conn_alloc(start);
	if (!cp)
		return NULL;
	cp->on = on;
	cp->dest = dest;
	cp->flags |= start->flags | xmit->method;
	if (xmit->rewrites)
		cp->flags |= OPVS_CONN_F_REWRITES;
	if (unlikely(READ_ONCE(on->settings.conntrack)) &&
	    start->tuple.kind != OPVS_TUPLE_TEMPLATE)
		cp->flags |= IP_VS_CONN_F_NFCT;
	cp->word = start->word;
	cp->timeout = start->seconds;
	cp->control = start->control;
	atomic_set(&cp->children, 0);
	atomic_set(&cp->in_pkts, 0);
	cp->request.tuple = start->tuple;
	cp->reply.tuple = (struct opvs_tuple){
		.sport	= start->server_port ?: dest->port ?:
			  start->tuple.dport,
		.dport	= start->tuple.sport,
		.family	= dest->family,
		.proto	= start->tuple.proto,
		.kind	= OPVS_TUPLE_REPLY,
		.src	= *goal_of(start, xmit),
		.dst	= start->tuple.src,
	};
	opvs_expiring_init(&cp->expiring, jiffies, start->seconds * HZ);
	return cp;
}

/* Ends what is in the way, if that is to yield.  A node that was in the table for
 * a moment goes into the same chain again at once: readers that stand on it look
 * at that chain from its head once more.
 */
static struct opvs_conn *insert(struct opvs_net *on, struct opvs_conn *cp,
				const struct opvs_conn_start *start)
{
	struct opvs_conn *seen, *clash;
	int tries;

	for (tries = 1; ; tries++) {
		seen = opvs_table_insert(on, cp, &clash);
		if (likely(seen != ERR_PTR(-EADDRINUSE)) || !start->yields ||
		    tries == INSERT_TRIES)
			return seen;
		if (!clash)
			continue;
		if (!start->yields(start, clash))
			return seen;
		opvs_conn_end(clash);
	}
}

/* What a partner told of it knows. */
static noinline void tell_beginning(struct opvs_net *on, struct opvs_conn *cp)
{
	if (READ_ONCE(cp->word) & OPVS_CONN_FOREIGN)
		return;
	if (opvs_conn_is_template(cp))
		opvs_due_add(on, cp);
	else
		opvs_due_changed(on, cp, 0, READ_ONCE(cp->word));
}

static struct opvs_conn *conn_publish(struct opvs_net *on,
				      struct opvs_conn *cp,
				      const struct opvs_conn_start *start)
{
	struct opvs_conn *seen = ERR_PTR(-ESTALE);

	count_in(cp);
	/* Behind the full barrier of the count: see opvs_removed_add_dest(). */
	if (likely(!READ_ONCE(cp->dest->removed)))
		seen = insert(on, cp, start);
	if (likely(seen == cp)) {
		if (opvs_conn_is_template(cp))
			opvs_count(on, TEMPLATE_CREATED);
		else
			opvs_count(on, CONN_CREATED);
		trace_opvs_conn_begin(cp);
		if (opvs_dues_on(on))
			tell_beginning(on, cp);
		opvs_expire_file(&on->conn.expire, &cp->expiring);
		return cp;
	}
	conn_unbind(cp);
	/* Its reply node may have been in the table for a moment. */
	opvs_conn_put(cp);
	if (!IS_ERR(seen))
		opvs_count(on, CONN_RACED);
	return seen;
}

/**
 * opvs_conn_begin() - begin a tracked connection or a template
 * @start: what it begins with; copied
 * @raced: result, if not NULL: another CPU made the entry that is returned
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: the entry, valid within the read section; it is the one that another
 * CPU made of the same tuple if that was faster.  ERR_PTR: -ESTALE when the
 * server or the template went since the caller found it, look again; -EDQUOT
 * when a limit is reached, counted; -EADDRINUSE when replies could not be told
 * from another connection's; -ENOMEM, or another error of the table, when there
 * was no memory.
 */
struct opvs_conn *opvs_conn_begin(struct opvs_net *on,
				  const struct opvs_conn_start *start,
				  bool *raced)
{
	struct opvs_svc *svc = start->dest->svc;
	struct opvs_conn *cp, *seen;
	int err = -ESTALE;

	if (raced)
		*raced = false;
	if (unlikely(!opvs_dest_get(start->dest)))
		return ERR_PTR(err);
	if (unlikely(!control_take(start->control)))
		goto err_dest;
	err = -EDQUOT;
	if (unlikely(!opvs_quota_take(on, svc)))
		goto err_control;
	err = -ENOMEM;
	cp = conn_fill(on, start);
	if (unlikely(!cp))
		goto err_limits;
	seen = conn_publish(on, cp, start);
	if (raced)
		*raced = !IS_ERR(seen) && seen != cp;
	return seen;

err_limits:
	opvs_quota_release(on, svc);
err_control:
	control_release(start->control);
err_dest:
	opvs_dest_put(start->dest);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_conn_begin);

/**
 * opvs_conn_set_word() - change a connection's word
 * @cp: connection
 * @seen: the word as the caller read it; updated when it had changed since
 * @word: the new one
 *
 * The server's count of active connections follows OPVS_CONN_ACTIVE.
 *
 * Context: any, RCU read side.
 * Return: true if the word is now @word; false to decide again by @seen.
 */
bool opvs_conn_set_word(struct opvs_conn *cp, u32 *seen, u32 word)
{
	if (!try_cmpxchg(&cp->word, seen, word))
		return false;
	if ((*seen ^ word) & OPVS_CONN_ACTIVE) {
		if (word & OPVS_CONN_ACTIVE)
			atomic_inc(&cp->dest->active);
		else
			atomic_dec(&cp->dest->active);
	}
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_conn_set_word);

/**
 * opvs_conn_end() - end a connection at once
 * @cp: tracked connection or template
 *
 * Context: any, RCU read side.
 * Return: true if this call ended it; false when something else does.
 */
bool opvs_conn_end(struct opvs_conn *cp)
{
	struct opvs_expire *ex = &cp->on->conn.expire;

	if (!opvs_expire_claim(ex, &cp->expiring))
		return false;
	conn_drop(ex, &cp->expiring);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_conn_end);

/**
 * opvs_conn_expire() - let a connection expire now
 * @cp: tracked connection or template
 *
 * It is invisible from here on, and nothing can revive it; the sweeper does the
 * rest.  Takes no lock of the table.  A template or a control connection would be
 * kept by its children, and is ended.
 *
 * Context: any, RCU read side.
 * Return: false when it had expired or was ended already.
 */
bool opvs_conn_expire(struct opvs_conn *cp)
{
	if (opvs_conn_is_template(cp) || cp->flags & OPVS_CONN_F_CONTROL)
		return opvs_conn_end(cp);
	return opvs_expire_now(&cp->on->conn.expire, &cp->expiring, jiffies);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_conn_expire);

/**
 * opvs_conn_seconds_left() - what a connection's timer would show
 * @cp: connection
 *
 * Context: any.
 * Return: seconds until it expires if no packet comes.
 */
u32 opvs_conn_seconds_left(const struct opvs_conn *cp)
{
	s32 left = READ_ONCE(cp->expiring.expires) - (u32)jiffies -
		   OPVS_EXPIRE_SLACK;

	return left > 0 ? left / HZ : 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_conn_seconds_left);

/**
 * opvs_conn_net_start() - the namespace may have connections from now on
 * @on: namespace that is about to get a service
 *
 * Context: process, cfg_lock held.
 * Return: 0, also when it may already; -ENOMEM.
 */
int opvs_conn_net_start(struct opvs_net *on)
{
	u32 interval;
	int err;

	lockdep_assert_held(&on->cfg_lock);

	if (on->conn.expire.ops)
		return 0;
	err = opvs_table_start(on);
	if (err)
		return err;
	err = opvs_expect_net_start(on);
	if (err)
		return err;
	err = opvs_expire_init(&on->conn.expire, &conn_expire_ops, jiffies);
	if (err) {
		opvs_expect_net_exit(on);
		return err;
	}
	if (rcu_access_pointer(on->conn.dues))
		WRITE_ONCE(on->conn.expire.first_look, OPVS_DUE_AGE);
	interval = READ_ONCE(on->settings.sweep_interval_ms);
	opvs_expire_set_interval(&on->conn.expire, msecs_to_jiffies(interval));
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_conn_net_start);

/**
 * opvs_conn_net_stop() - the sweeper stops for good
 * @on: namespace on its way out
 *
 * Context: process.
 */
void opvs_conn_net_stop(struct opvs_net *on)
{
	if (on->conn.expire.ops)
		opvs_expire_stop(&on->conn.expire);
}

/**
 * opvs_conn_net_drain() - end all connections; packets cannot come any more
 * @on: namespace whose sweeper was stopped
 *
 * Context: process.
 */
void opvs_conn_net_drain(struct opvs_net *on)
{
	if (on->conn.expire.ops)
		opvs_expire_drain(&on->conn.expire);
}

/**
 * opvs_conn_net_exit() - free what held the connections
 * @on: namespace without any
 *
 * Context: process.
 */
void opvs_conn_net_exit(struct opvs_net *on)
{
	if (on->conn.expire.ops) {
		opvs_expire_exit(&on->conn.expire);
		opvs_expect_net_exit(on);
	}
	opvs_table_net_exit(on);
}
