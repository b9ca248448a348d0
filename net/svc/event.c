// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events: what is told, and how often.
 *
 * A server's overload and a limit change with packets.  Those leave a mark and
 * queue the clock, which tells it a moment later; what changes faster than that
 * is told as one change.  A server that is to be told of is in a list, with a
 * reference; a limit is told again after a pause only, for while it is reached
 * every packet meets it.
 */
#include <opvs/event.h>

#include <opvs/clock.h>
#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/svc.h>

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>

/* A limit that packets keep running into is told so often. */
#define LIMIT_PAUSE	(10 * HZ)

/* Bits of opvs_dest.overload_news. */
#define NEWS_BEGUN	0
#define NEWS_ENDED	1
#define NEWS_LISTED	2

static bool is_wanted(const struct opvs_net *on)
{
	return on->event.ops && on->event.ops->wanted(on);
}

/* May one more be sent in this second? */
static bool has_room(struct opvs_net_events *events)
{
	u64 now = get_jiffies_64();

	if (!events->second || time_after_eq64(now, events->second + HZ)) {
		events->second = now;
		events->sent = 0;
	}
	return events->sent < OPVS_EVENTS_MAX;
}

/**
 * opvs_event_tell() - tell what has changed
 * @event: the event; its objects are as after the change, or as before their end
 *
 * Costs next to nothing if nobody listens.
 *
 * Context: process, cfg_lock held.
 */
void opvs_event_tell(struct opvs_net *on, const struct opvs_event *event)
{
	struct opvs_net_events *events = &on->event;

	lockdep_assert_held(&on->cfg_lock);

	if (!is_wanted(on)) {
		events->lost = 0;
		return;
	}
	events->sequence++;
	if (has_room(events) && !events->ops->tell(on, event)) {
		events->sent++;
		events->lost = 0;
		return;
	}
	events->lost++;
	opvs_clock_events(on);
}

/**
 * opvs_event_svc() - tell of a service
 * @svc: service
 * @cmd: an event that needs no more than that
 *
 * Context: process, cfg_lock held.
 */
void opvs_event_svc(struct opvs_svc *svc, u8 cmd)
{
	const struct opvs_event event = { .cmd = cmd, .svc = svc };

	opvs_event_tell(svc->on, &event);
}

/**
 * opvs_event_dest() - tell of a server
 * @dest: server
 * @cmd: an event that needs no more than that
 *
 * Context: process, cfg_lock held.
 */
void opvs_event_dest(struct opvs_dest *dest, u8 cmd)
{
	const struct opvs_event event = {
		.cmd	= cmd,
		.svc	= dest->svc,
		.dest	= dest,
	};

	opvs_event_tell(dest->svc->on, &event);
}

/**
 * opvs_event_svc_edit() - tell what is different after an edit, if anything is
 * @svc: service
 * @old: its configuration before
 *
 * Context: process, cfg_lock held.
 */
void opvs_event_svc_edit(struct opvs_svc *svc, const struct opvs_svc_conf *old)
{
	const struct opvs_svc_conf *new = &svc->conf;
	struct opvs_event event = {
		.cmd	= OPVS_CMD_SERVICE_CHANGED,
		.svc	= svc,
	};

	if (new->sched != old->sched)
		event.changed |= OPVS_CHANGED_SCHEDULER;
	if (new->pe != old->pe)
		event.changed |= OPVS_CHANGED_ENGINE;
	if (new->flags != old->flags)
		event.changed |= OPVS_CHANGED_FLAGS;
	if (new->timeout != old->timeout || new->netmask != old->netmask)
		event.changed |= OPVS_CHANGED_PERSISTENCE;
	if (new->policy != old->policy)
		event.changed |= OPVS_CHANGED_POLICY;
	if (new->conn_max != old->conn_max)
		event.changed |= OPVS_CHANGED_LIMIT;
	if (event.changed)
		opvs_event_tell(svc->on, &event);
}

/**
 * opvs_event_dest_edit() - tell what is different after an edit, if anything is
 * @dest: server
 * @old: its configuration before
 *
 * Context: process, cfg_lock held.
 */
void opvs_event_dest_edit(struct opvs_dest *dest,
			  const struct opvs_dest_conf *old)
{
	const struct opvs_dest_conf *new = &dest->conf;
	struct opvs_event event = {
		.cmd		= OPVS_CMD_DEST_CHANGED,
		.svc		= dest->svc,
		.dest		= dest,
		.old_weight	= old->weight,
	};

	if (new->weight != old->weight)
		event.changed |= OPVS_CHANGED_WEIGHT;
	if (new->u_threshold != old->u_threshold ||
	    new->l_threshold != old->l_threshold)
		event.changed |= OPVS_CHANGED_THRESHOLDS;
	if (new->xmit != old->xmit)
		event.changed |= OPVS_CHANGED_METHOD;
	if (new->tunnel.word != old->tunnel.word)
		event.changed |= OPVS_CHANGED_TUNNEL;
	if (event.changed)
		opvs_event_tell(dest->svc->on, &event);
}

/**
 * opvs_event_overload() - a server's overload begins or ends
 * @dest: server
 * @begins: it begins
 *
 * Context: any; the caller is in an RCU read section, or holds a reference or
 * cfg_lock.
 */
void opvs_event_overload(struct opvs_dest *dest, bool begins)
{
	struct opvs_net *on = dest->svc->on;

	if (!is_wanted(on))
		return;
	set_bit(begins ? NEWS_BEGUN : NEWS_ENDED, &dest->overload_news);
	/* The clock clears both bits together. */
	if (test_and_set_bit(NEWS_LISTED, &dest->overload_news))
		return;
	/* One that is let go has no news any more. */
	if (!percpu_ref_tryget_live(&dest->ref))
		return;
	if (llist_add(&dest->overload_node, &on->event.overloads))
		opvs_clock_events(on);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_event_overload);

/* If it came and went, the present state is told last. */
static void tell_overload(struct opvs_dest *dest)
{
	unsigned long news = xchg(&dest->overload_news, 0);
	bool is = READ_ONCE(dest->overloaded);

	if (READ_ONCE(dest->removed))
		return;
	if (news & BIT(NEWS_ENDED) && is)
		opvs_event_dest(dest, OPVS_CMD_OVERLOAD_ENDED);
	if (news & BIT(NEWS_BEGUN))
		opvs_event_dest(dest, OPVS_CMD_OVERLOAD_BEGUN);
	if (news & BIT(NEWS_ENDED) && !is)
		opvs_event_dest(dest, OPVS_CMD_OVERLOAD_ENDED);
}

/**
 * opvs_event_tell_overloads() - tell which servers' overload began or ended
 *
 * Context: process, cfg_lock held.
 */
void opvs_event_tell_overloads(struct opvs_net *on)
{
	struct opvs_dest *dest, *next;
	struct llist_node *list;

	lockdep_assert_held(&on->cfg_lock);

	list = llist_reverse_order(llist_del_all(&on->event.overloads));
	llist_for_each_entry_safe(dest, next, list, overload_node) {
		tell_overload(dest);
		opvs_dest_put(dest);
	}
}
EXPORT_SYMBOL_IF_KUNIT(opvs_event_tell_overloads);

static bool is_due(unsigned long *at)
{
	unsigned long was = READ_ONCE(*at), now = jiffies;

	if (was && time_before(now, was + LIMIT_PAUSE))
		return false;
	return cmpxchg(at, was, now ?: 1) == was;
}

/**
 * opvs_event_limit() - a packet got no entry
 * @svc: the service that it was for
 * @limit: &enum opvs_limit_kind: which limit was reached
 *
 * Context: any, RCU read side.
 */
void opvs_event_limit(struct opvs_net *on, struct opvs_svc *svc, u8 limit)
{
	bool own = limit == OPVS_LIMIT_KIND_SERVICE;

	if (!is_wanted(on))
		return;
	if (!is_due(own ? &svc->limit_at : &on->event.limit_at[limit]))
		return;
	if (own)
		WRITE_ONCE(svc->limit_news, true);
	/* The clock clears the bit, then looks for the services. */
	smp_mb__before_atomic();
	set_bit(limit, &on->event.limits);
	opvs_clock_events(on);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_event_limit);

static void tell_limit(struct opvs_net *on, const struct opvs_svc *svc,
		       u8 limit)
{
	const struct opvs_event event = {
		.cmd	= OPVS_CMD_LIMIT_REACHED,
		.svc	= svc,
		.limit	= limit,
	};

	opvs_event_tell(on, &event);
}

/**
 * opvs_event_tell_limits() - tell which limits were reached
 *
 * Context: process, cfg_lock held.
 */
void opvs_event_tell_limits(struct opvs_net *on)
{
	unsigned long id = 0;
	struct opvs_svc *svc;
	u8 limit;

	lockdep_assert_held(&on->cfg_lock);

	for (limit = 0; limit < OPVS_LIMIT_KIND_SERVICE; limit++)
		if (test_and_clear_bit(limit, &on->event.limits))
			tell_limit(on, NULL, limit);
	if (!test_and_clear_bit(OPVS_LIMIT_KIND_SERVICE, &on->event.limits))
		return;
	while ((svc = opvs_svc_next(on, &id)))
		if (READ_ONCE(svc->limit_news) && xchg(&svc->limit_news, false))
			tell_limit(on, svc, OPVS_LIMIT_KIND_SERVICE);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_event_tell_limits);

/**
 * opvs_event_tell_lost() - tell that events were lost, if no other event does
 *
 * Context: process, cfg_lock held.
 * Return: true if that has to wait, and is to be tried again.
 */
bool opvs_event_tell_lost(struct opvs_net *on)
{
	const struct opvs_event event = { .cmd = OPVS_CMD_EVENTS_LOST };

	lockdep_assert_held(&on->cfg_lock);

	if (!on->event.lost)
		return false;
	if (has_room(&on->event))
		opvs_event_tell(on, &event);
	return on->event.lost;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_event_tell_lost);
