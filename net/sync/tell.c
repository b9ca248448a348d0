// SPDX-License-Identifier: GPL-2.0-only
/*
 * The master: tells the group of its entries.
 *
 * What packets and the sweeper found due (net/conn/due.c) is read here, so that a
 * message says what has become of an entry until now, and goes out at once, as many
 * in a datagram as fit.  A partner that asks, or is there when the master begins, is
 * told of all entries, so many in a while that neither it nor the network between is
 * overrun.
 */
#include "daemon.h"

#include <opvs/dest.h>
#include <opvs/due.h>
#include <opvs/netns.h>
#include <opvs/pe.h>
#include <opvs/svc.h>
#include <opvs/wq.h>

#include <linux/ip_vs.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/slab.h>

/* Entries of which a partner that catches up is told in one go, and how often: at
 * most 20 000 a second, 7 Mbit/s.
 */
#define CATCH_UP_BATCH	1000
#define CATCH_UP_PAUSE	(HZ / 20)

/* ---- what is said of an entry ---- */

static u32 flags_of(const struct opvs_conn *cp, u32 word)
{
	u32 flags = cp->flags & (IP_VS_CONN_F_FWD_MASK | IP_VS_CONN_F_TEMPLATE);

	if (!(word & OPVS_CONN_ACTIVE))
		flags |= IP_VS_CONN_F_INACTIVE;
	if (opvs_conn_is_template(cp) ? !opvs_conn_rewrites(cp) :
					word & OPVS_CONN_NO_OUTPUT)
		flags |= IP_VS_CONN_F_NOOUTPUT;
	return flags;
}

/* A connection is kept for what it has left.  A template for all of its time: its
 * refreshes go by that.
 */
static u32 seconds_of(const struct opvs_conn *cp)
{
	u32 all = opvs_conn_timeout(cp);
	s32 left;

	if (opvs_conn_is_template(cp))
		return all;
	left = READ_ONCE(cp->expiring.expires) - (u32)jiffies;
	return clamp_t(u32, DIV_ROUND_UP(max(left, 1), HZ), 1, max(all, 1U));
}

static void say_seq(const struct opvs_conn *cp, struct opvs_sync_entry *e)
{
	spin_lock_bh(&cp->app->lock);
	memcpy(e->seq, cp->app->seq, sizeof(e->seq));
	spin_unlock_bh(&cp->app->lock);
	if (e->seq[0].delta || e->seq[0].previous_delta)
		e->flags |= IP_VS_CONN_F_IN_SEQ;
	if (e->seq[1].delta || e->seq[1].previous_delta)
		e->flags |= IP_VS_CONN_F_OUT_SEQ;
}

static void say_key(const struct opvs_conn *cp, struct opvs_sync_entry *e)
{
	strscpy(e->pe_name, cp->ext->pe->name, sizeof(e->pe_name));
	e->key = cp->ext->key;
	e->key_len = cp->ext->key_len;
}

/* False for those that the protocol has no words for: servers of the other family,
 * and what goes past its service.
 */
static bool say_entry(const struct opvs_conn *cp, struct opvs_sync_entry *e)
{
	const struct opvs_tuple *tuple = &cp->request.tuple;
	const struct opvs_svc *svc = cp->dest->svc;
	u32 word = READ_ONCE(cp->word);

	if (word & OPVS_CONN_ENDED || opvs_conn_dead(cp) ||
	    cp->dest->family != tuple->family || opvs_conn_is_bypass(cp) ||
	    !opvs_due_wanted(cp->on, cp))
		return false;
	*e = (struct opvs_sync_entry){
		.family	 = tuple->family,
		.proto	 = tuple->proto,
		.flags	 = flags_of(cp, word),
		.state	 = word & OPVS_CONN_STATE,
		.cport	 = tuple->sport,
		.vport	 = tuple->dport,
		.dport	 = cp->dest->port,
		.mark	 = opvs_svc_key_is_mark(&svc->key) ?
			   svc->key.addr.all[0] : 0,
		.seconds = seconds_of(cp),
		.caddr	 = tuple->src,
		.vaddr	 = tuple->dst,
		.daddr	 = cp->dest->addr,
	};
	if (word & OPVS_CONN_FOREIGN)
		e->own |= OPVS_SYNC_HEARSAY;
	if (cp->flags & OPVS_CONN_F_EXCEPTION)
		e->own |= OPVS_SYNC_EXCEPTION;
	if (cp->flags & OPVS_CONN_F_MOVED)
		e->own |= OPVS_SYNC_MOVED;
	if (!opvs_conn_is_template(cp))
		e->dport = cp->reply.tuple.sport;
	if (cp->flags & OPVS_CONN_F_CONTROL)
		say_seq(cp, e);
	else if (opvs_conn_is_template(cp) && cp->ext)
		say_key(cp, e);
	return true;
}

/* ---- datagrams ---- */

static void out_begin(struct opvs_daemon *d, struct opvs_sync_message *msg)
{
	opvs_sync_begin(msg, msg->data, d->conf.maxlen, d->conf.syncid);
}

/* Sends what was written, and begins anew. */
static void out_send(struct opvs_daemon *d, unsigned int nth)
{
	struct opvs_sync_message *msg = &d->out[nth];
	siphash_key_t key;

	lockdep_assert_held(&d->lock);

	if (opvs_sync_key(d->on, &key)) {
		d->stamp = max(d->stamp + 1, ktime_get_real_ns());
		opvs_sync_seal(msg, &key, d->stamp);
	}
	if (msg->left)
		d->sent++;
	if (opvs_mouth_send(d, nth, msg->data, msg->len)) {
		opvs_count_task(d->on, SYNC_UNSENT);
	} else {
		opvs_count_task(d->on, SYNC_SENT);
		this_cpu_add(d->on->counters->v[OPVS_CTR_SYNC_TOLD], msg->left);
	}
	out_begin(d, msg);
}

static void out_send_all(struct opvs_daemon *d)
{
	unsigned int nth;

	for (nth = 0; nth < d->ports; nth++)
		if (d->out[nth].left)
			out_send(d, nth);
}

static void say(struct opvs_daemon *d, enum opvs_sync_word word, u32 number)
{
	if (d->out[0].left)
		out_send(d, 0);
	opvs_sync_write_word(&d->out[0], word, number);
	out_send(d, 0);
}

/**
 * opvs_say() - say a word to the group
 * @d: daemon
 * @word: what
 * @number: what goes with it
 *
 * Context: process.
 */
void opvs_say(struct opvs_daemon *d, enum opvs_sync_word word, u32 number)
{
	mutex_lock(&d->lock);
	say(d, word, number);
	mutex_unlock(&d->lock);
}

/* Tells of an entry, of which the caller holds a reference. */
static void tell(struct opvs_conn *cp, void *arg)
{
	struct opvs_daemon *d = arg;
	unsigned int nth = cp->request_hash % d->ports;
	struct opvs_sync_entry entry;
	bool wrote, any;

	while (!READ_ONCE(d->stopping)) {
		/* The server is kept by the entry, or by this. */
		rcu_read_lock();
		any = say_entry(cp, &entry);
		wrote = any && opvs_sync_write(&d->out[nth], &entry);
		rcu_read_unlock();
		if (wrote || !any || !d->out[nth].left)
			return;
		out_send(d, nth);
	}
}

static void due_work(struct work_struct *work)
{
	struct opvs_dues *dues = container_of(to_delayed_work(work),
					      struct opvs_dues, work);
	struct opvs_daemon *d = dues->arg;

	mutex_lock(&d->lock);
	opvs_dues_take(dues, tell, d);
	out_send_all(d);
	mutex_unlock(&d->lock);
}

/* ---- all entries ---- */

/* The next entry, with a reference; NULL when the walk is over. */
static struct opvs_conn *catch_up_next(struct opvs_daemon *d)
{
	struct opvs_catch_up *c = &d->catch_up;
	struct opvs_conn *cp;

	rcu_read_lock();
	for (;;) {
		cp = opvs_conn_walk_next(d->on, &c->walk);
		if (cp && refcount_inc_not_zero(&cp->ref))
			break;
		if (cp)
			continue;
		if (!c->around || !c->until)
			break;
		/* For one that asked in the middle: what is before that, too. */
		c->walk = (struct opvs_conn_walk){ .end = c->until };
		c->around = false;
	}
	rcu_read_unlock();
	return cp;
}

static void catch_up_work(struct work_struct *work)
{
	struct opvs_daemon *d = container_of(to_delayed_work(work),
					     struct opvs_daemon, catch_up.work);
	struct opvs_conn *cp;
	unsigned int n;

	mutex_lock(&d->lock);
	for (n = 0; n < CATCH_UP_BATCH; n++) {
		cp = catch_up_next(d);
		if (!cp) {
			d->catch_up.busy = false;
			break;
		}
		tell(cp, d);
		rcu_read_lock();
		if (!(READ_ONCE(cp->word) & OPVS_CONN_FOREIGN))
			opvs_due_again(cp);
		opvs_conn_put(cp);
		rcu_read_unlock();
		cond_resched();
	}
	out_send_all(d);
	if (d->catch_up.busy)
		queue_delayed_work(opvs_wq, &d->catch_up.work, CATCH_UP_PAUSE);
	else
		say(d, OPVS_SYNC_END, d->sent - d->catch_up.sent_at);
	mutex_unlock(&d->lock);
}

/**
 * opvs_tell_all() - tell the group of all entries
 * @d: master
 *
 * If that is under way already, it goes round once more up to where it is now: who
 * asks again and again does not keep it from coming to an end for others.
 *
 * Context: process.
 */
void opvs_tell_all(struct opvs_daemon *d)
{
	struct opvs_catch_up *c = &d->catch_up;

	opvs_count_task(d->on, SYNC_CATCH_UPS);
	mutex_lock(&d->lock);
	say(d, OPVS_SYNC_BEGIN, 0);
	c->sent_at = d->sent;
	if (c->busy && !c->walk.end) {
		/* What was told last was told before this. */
		c->until = c->walk.at + 1;
		c->around = true;
	} else {
		c->walk = (struct opvs_conn_walk){};
		c->around = false;
		c->busy = true;
		/* Those who listen at several ports are to hear the word first. */
		queue_delayed_work(opvs_wq, &c->work, CATCH_UP_PAUSE);
	}
	mutex_unlock(&d->lock);
}

/**
 * opvs_tell_start() - begin to tell
 * @d: daemon, complete with its mouth
 *
 * Context: process; takes cfg_lock.
 * Return: 0, and opvs_tell_stop() undoes it; or -ENOMEM.
 */
int opvs_tell_start(struct opvs_daemon *d)
{
	unsigned int nth;
	u8 *data;

	INIT_DELAYED_WORK(&d->catch_up.work, catch_up_work);
	d->out = kcalloc(d->ports, sizeof(*d->out), GFP_KERNEL_ACCOUNT);
	data = d->out ? kvmalloc_array(d->ports, d->conf.maxlen,
				       GFP_KERNEL_ACCOUNT) : NULL;
	if (!data)
		goto err;
	for (nth = 0; nth < d->ports; nth++) {
		d->out[nth].data = data + nth * d->conf.maxlen;
		out_begin(d, &d->out[nth]);
	}
	if (d->role == OPVS_SYNC_MASTER &&
	    opvs_dues_start(d->on, due_work, d))
		goto err_data;
	return 0;

err_data:
	kvfree(data);
err:
	kfree(d->out);
	d->out = NULL;
	return -ENOMEM;
}

/**
 * opvs_tell_stop() - undo opvs_tell_start(), if it was done
 * @d: daemon that hears no questions any more
 *
 * Context: process; takes cfg_lock.
 */
void opvs_tell_stop(struct opvs_daemon *d)
{
	if (!d->out)
		return;
	WRITE_ONCE(d->stopping, true);
	if (d->role == OPVS_SYNC_MASTER) {
		opvs_dues_stop(d->on);
		cancel_delayed_work_sync(&d->catch_up.work);
	}
	kvfree(d->out[0].data);
	kfree(d->out);
	d->out = NULL;
}
