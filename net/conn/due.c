// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which entries a partner director is to be told of, and when.
 *
 * A connection is told of when its client has sent as many packets as
 * net.ipv4.vs.sync_threshold says; or when it is a second old, whatever it has
 * sent, so that a takeover breaks none that is older; and from then on when its
 * state changes.  Most connections are over within a second and cost nothing.  A
 * template is told of at once.
 *
 * To keep the partner's copy alive, what is in use is told of again from time to
 * time.  Packets have no part in that: the sweeper, which looks at such entries
 * more often then (net/lib/expire.c), sees by the time at which one would expire
 * whether it was used since the last look.  ip_vs counts packets for that, which
 * writes to the entry with each of them.
 *
 * What packets find due they put into a list of their CPU: one bit of the entry's
 * word, and a link in memory that the entry does not use otherwise.  A work takes
 * the lists, reads what has become of each entry meanwhile, and sends.
 *
 * An entry that a partner told of is foreign until a packet of it comes here; of
 * foreign ones nobody is told again, or two directors would keep it alive between
 * them for ever.
 */
#include <opvs/due.h>

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/policy.h>
#include <opvs/ops.h>
#include <opvs/proto.h>
#include <opvs/sched.h>
#include <opvs/svc.h>
#include <opvs/wq.h>

#include <linux/ip_vs.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>

/* A copy is refreshed before an eighth of its timeout is over. */
#define REFRESH_SHARE	8

/* Of an entry that was looked at: from now on its changes are told at once. */
#define LOOKED		(OPVS_CONN_LOOKED | OPVS_CONN_TOLD)

/* Connections that one message holds, about: what a setting of IPVS counts in. */
#define CONNS_PER_MESSAGE	32

/* A service's templates are refreshed by what it is told now, exceptions by what
 * they began with.
 */
static u32 template_timeout(const struct opvs_conn *cp)
{
	u32 now = rcu_dereference(cp->dest->svc->view)->timeout;

	if (cp->flags & OPVS_CONN_F_EXCEPTION || !now)
		return cp->timeout;
	return min(cp->timeout, now);
}

/**
 * opvs_conn_timeout() - how long an entry may be silent in its present state
 * @cp: tracked connection or template
 *
 * Context: any, RCU read side.
 * Return: seconds.
 */
u32 opvs_conn_timeout(const struct opvs_conn *cp)
{
	const struct opvs_policy *policy;
	const struct opvs_proto *proto;

	if (opvs_conn_is_template(cp))
		return template_timeout(cp);
	policy = rcu_dereference(cp->dest->svc->policy);
	proto = opvs_proto_find(cp->request.tuple.proto);
	return READ_ONCE(policy->timeout[proto->timeout0 +
					 (READ_ONCE(cp->word) &
					  OPVS_CONN_STATE)]);
}

/* Of a template the partner is told whatever its state. */
static bool is_worth_telling(const struct opvs_conn *cp, u32 word)
{
	const struct opvs_proto *proto;

	if (opvs_conn_is_template(cp))
		return true;
	proto = opvs_proto_find(cp->request.tuple.proto);
	return proto->synced & BIT(word & OPVS_CONN_STATE);
}

/* The templates of a service without its connections, if so wished. */
static bool is_left_to_template(const struct opvs_net *on,
				const struct opvs_conn *cp)
{
	return cp->control && opvs_conn_is_template(cp->control) &&
	       READ_ONCE(on->settings.sync_persist_mode);
}

/**
 * opvs_due_wanted() - does a partner want to know of an entry?
 * @cp: tracked connection or template
 *
 * Not of half a handshake, nor of what its server's removal ended.
 *
 * Context: any, RCU read side.
 */
bool opvs_due_wanted(const struct opvs_net *on, const struct opvs_conn *cp)
{
	return is_worth_telling(cp, READ_ONCE(cp->word)) &&
	       !is_left_to_template(on, cp) && !READ_ONCE(cp->dest->removed);
}

/**
 * opvs_due_again() - have the next look at an entry tell whatever it sees
 * @cp: tracked connection or template
 *
 * When it was told of last has nothing to do with when it was looked at last.
 *
 * Context: any, RCU read side.
 */
void opvs_due_again(struct opvs_conn *cp)
{
	u32 seen = READ_ONCE(cp->word);

	while (!(seen & OPVS_CONN_AGAIN) &&
	       !opvs_conn_set_word(cp, &seen, seen | OPVS_CONN_AGAIN))
		;
}

/* Is there room, and is this entry not waiting already?  Marks it. */
static bool mark_due(struct opvs_net *on, struct opvs_conn *cp,
		     const struct opvs_dues *dues,
		     const struct opvs_due_cpu *cpu)
{
	u32 seen = READ_ONCE(cp->word);

	if (seen & (OPVS_CONN_DUE | OPVS_CONN_ENDED))
		return false;
	if (unlikely(cpu->added - READ_ONCE(cpu->taken) >=
		     READ_ONCE(dues->max))) {
		opvs_count(on, SYNC_DROPPED);
		return false;
	}
	do {
		if (seen & (OPVS_CONN_DUE | OPVS_CONN_ENDED))
			return false;
	} while (!try_cmpxchg(&cp->word, &seen, seen | OPVS_CONN_DUE |
						OPVS_CONN_TOLD));
	/* It may have been ended, and be kept by this read section alone. */
	return refcount_inc_not_zero(&cp->ref);
}

/**
 * opvs_due_add() - have a partner told of an entry
 * @cp: tracked connection or template
 *
 * The reference that is taken here is given back by opvs_dues_take().
 *
 * Context: softirq or BH disabled, RCU read side.
 */
void opvs_due_add(struct opvs_net *on, struct opvs_conn *cp)
{
	struct opvs_dues *dues = rcu_dereference(on->conn.dues);
	struct opvs_due_cpu *cpu;
	bool first;

	if (!dues || is_left_to_template(on, cp))
		return;
	cpu = this_cpu_ptr(dues->cpu);
	if (!mark_due(on, cp, dues, cpu))
		return;
	WRITE_ONCE(cpu->added, cpu->added + 1);
	first = opvs_conn_is_template(cp) ?
		llist_add(&cp->due_template, &cpu->templates) :
		llist_add(&cp->due, &cpu->conns);
	if (first)
		queue_delayed_work(opvs_wq, &dues->work, OPVS_DUE_DELAY);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_due_add);

/**
 * opvs_due_changed() - a packet changed a connection's word
 * @cp: tracked connection
 * @old: the word before
 * @word: the word now
 *
 * Context: softirq or BH disabled, RCU read side.
 */
void opvs_due_changed(struct opvs_net *on, struct opvs_conn *cp, u32 old,
		      u32 word)
{
	u32 threshold = READ_ONCE(on->settings.sync_threshold[0]);
	u32 packets = (word & OPVS_CONN_PKTS) / OPVS_CONN_PKT;
	bool reached = packets >= threshold;

	if (!is_worth_telling(cp, word))
		return;
	if ((word ^ old) & OPVS_CONN_STATE ?
	    reached || word & OPVS_CONN_TOLD :
	    reached && (old & OPVS_CONN_PKTS) / OPVS_CONN_PKT < threshold)
		opvs_due_add(on, cp);
	if ((word ^ old) & OPVS_CONN_STATE && word & OPVS_CONN_LOOKED)
		opvs_due_again(cp);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_due_changed);

/* Jiffies until a copy of an entry wants to be refreshed; 0: it never does. */
static u32 refresh_after(const struct opvs_net *on, u32 seconds)
{
	int period = READ_ONCE(on->settings.sync_refresh_period);

	if (period > 0)
		return min_t(u32, period, max(seconds / 2, 10U)) * HZ;
	if (!READ_ONCE(on->settings.sync_threshold[1]))
		return 0;
	return max(seconds / REFRESH_SHARE, 1U) * HZ;
}

/* How often an entry is told of again for fear that a message was lost: only where
 * a period is set, within an eighth of which each comes.
 */
static u32 retries_of(const struct opvs_net *on)
{
	if (READ_ONCE(on->settings.sync_refresh_period) <= 0)
		return 0;
	return clamp(READ_ONCE(on->settings.sync_retries), 0, 3) *
	       OPVS_CONN_RETRY;
}

/* Was it used within the time since the last look?  A refresh may have been left
 * unwritten for as long as the slack is.
 */
static bool was_used(const struct opvs_conn *cp, u32 now, u32 seconds,
		     u32 within)
{
	u32 expires = READ_ONCE(cp->expiring.expires);
	s32 left = expires - now;

	return left >= (s32)(seconds * HZ - min(within, seconds * HZ));
}

static void note_look(struct opvs_conn *cp, u32 retries)
{
	u32 seen = READ_ONCE(cp->word), word;

	do {
		word = (seen & ~(OPVS_CONN_RETRIES | OPVS_CONN_AGAIN)) |
		       LOOKED | retries;
	} while (word != seen && !opvs_conn_set_word(cp, &seen, word));
}

/**
 * opvs_due_look() - the sweeper looks at an entry that lives on
 * @cp: tracked connection or template
 * @now: jiffies
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: jiffies until it wants to be looked at again, 0: no need.
 */
u32 opvs_due_look(struct opvs_net *on, struct opvs_conn *cp, u32 now)
{
	u32 seconds = opvs_conn_timeout(cp);
	u32 wait = refresh_after(on, seconds);
	u32 word = READ_ONCE(cp->word);
	u32 retries = word & OPVS_CONN_RETRIES;
	bool due;

	if (word & (OPVS_CONN_FOREIGN | OPVS_CONN_ENDED))
		return wait;
	/* A second ago it began; what was told since is as good as new. */
	if (!(word & OPVS_CONN_LOOKED))
		due = !(word & OPVS_CONN_TOLD);
	else
		due = wait && was_used(cp, now, seconds,
				       wait + OPVS_EXPIRE_SLACK);
	due |= !!(word & OPVS_CONN_AGAIN);
	if (retries) {
		retries -= OPVS_CONN_RETRY;
		due = true;
	} else if (due) {
		retries = retries_of(on);
	}
	if (due && is_worth_telling(cp, word))
		opvs_due_add(on, cp);
	note_look(cp, retries);
	return retries ? max(wait / REFRESH_SHARE, 1U) : wait;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_due_look);

static unsigned int take_one(struct opvs_conn *cp,
			     void (*tell)(struct opvs_conn *cp, void *arg),
			     void *arg)
{
	u32 seen = READ_ONCE(cp->word);

	/* What changes from here on is due again. */
	while (!opvs_conn_set_word(cp, &seen, seen & ~OPVS_CONN_DUE))
		;
	if (tell)
		tell(cp, arg);
	rcu_read_lock();
	opvs_conn_put(cp);
	rcu_read_unlock();
	cond_resched();
	return 1;
}

static unsigned int take_list(struct opvs_due_cpu *cpu,
			      void (*tell)(struct opvs_conn *cp, void *arg),
			      void *arg)
{
	struct llist_node *templates = llist_del_all(&cpu->templates);
	struct llist_node *conns = llist_del_all(&cpu->conns);
	struct opvs_conn *cp, *next;
	unsigned int n = 0;

	/* The partner is to know a client's server before its connections. */
	templates = llist_reverse_order(templates);
	llist_for_each_entry_safe(cp, next, templates, due_template)
		n += take_one(cp, tell, arg);
	conns = llist_reverse_order(conns);
	llist_for_each_entry_safe(cp, next, conns, due)
		n += take_one(cp, tell, arg);
	WRITE_ONCE(cpu->taken, cpu->taken + n);
	return n;
}

/**
 * opvs_dues_take() - take what is due
 * @dues: what waits
 * @tell: called for each, with a reference to it; it may have ended.  May sleep.
 *	NULL: nobody is told
 * @arg: for @tell
 *
 * Context: process; one caller at a time.
 * Return: how many waited.
 */
unsigned int opvs_dues_take(struct opvs_dues *dues,
			    void (*tell)(struct opvs_conn *cp, void *arg),
			    void *arg)
{
	unsigned int n = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		n += take_list(per_cpu_ptr(dues->cpu, cpu), tell, arg);
	return n;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_dues_take);

static void dues_free(struct opvs_dues *dues)
{
	free_percpu(dues->cpu);
	kfree(dues);
}

/**
 * opvs_dues_start() - from now on a partner is told
 * @on: namespace in which none is told yet
 * @work: runs when something is due
 * @arg: for @work, in &struct opvs_dues
 *
 * Context: process; takes cfg_lock.
 * Return: 0 or -ENOMEM.
 */
int opvs_dues_start(struct opvs_net *on, work_func_t work, void *arg)
{
	struct opvs_dues *dues = kzalloc(sizeof(*dues), GFP_KERNEL_ACCOUNT);
	u64 max;

	if (!dues)
		return -ENOMEM;
	dues->cpu = alloc_percpu_gfp(struct opvs_due_cpu, GFP_KERNEL_ACCOUNT);
	if (!dues->cpu) {
		kfree(dues);
		return -ENOMEM;
	}
	max = clamp_t(u64, READ_ONCE(on->settings.sync_qlen_max), 1,
		      S32_MAX / CONNS_PER_MESSAGE);
	dues->max = max * CONNS_PER_MESSAGE;
	dues->on = on;
	dues->arg = arg;
	INIT_DELAYED_WORK(&dues->work, work);

	mutex_lock(&on->cfg_lock);
	rcu_assign_pointer(on->conn.dues, dues);
	WRITE_ONCE(on->conn.expire.first_look, OPVS_DUE_AGE);
	mutex_unlock(&on->cfg_lock);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_dues_start);

/**
 * opvs_dues_stop() - tell no partner any more
 * @on: namespace in which one was told
 *
 * Context: process; takes cfg_lock.  Waits for a grace period and for the work.
 */
void opvs_dues_stop(struct opvs_net *on)
{
	struct opvs_dues *dues;

	mutex_lock(&on->cfg_lock);
	dues = rcu_dereference_protected(on->conn.dues,
					 lockdep_is_held(&on->cfg_lock));
	rcu_assign_pointer(on->conn.dues, NULL);
	WRITE_ONCE(on->conn.expire.first_look, 0);
	mutex_unlock(&on->cfg_lock);

	/* From then on nothing queues the work. */
	synchronize_rcu();
	cancel_delayed_work_sync(&dues->work);
	opvs_dues_take(dues, NULL, NULL);
	dues_free(dues);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_dues_stop);
