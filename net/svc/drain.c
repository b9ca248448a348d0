// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of draining: stateless services forget whose keys were whose.
 *
 * That takes two steps.  When the time of a draining is over, the service gets
 * a table that knows nothing of it.  From a grace period later no packet
 * remembers a session because of it any more, and the exceptions that were made
 * meanwhile can go: all that are marked as such and whose service does not
 * drain.  One walk ends those of all services, without a lock; a packet that
 * finds one before does not follow it, or a session would move in the midst.
 *
 * A service may begin to drain anew while that walk is under way.  A packet
 * that makes an exception has seen a table that drains, so whoever sees the
 * exception and then looks at the table sees it, too, and leaves it alone.
 */
#include <opvs/svc.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/netns.h>

#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>

/* After a rebuild that found no memory. */
#define DRAIN_RETRY	HZ

/* Until it is asked again whether a grace period has passed. */
#define DRAIN_GRACE	(HZ / 20 + 1)

/* Jiffies until the service wants to be looked at again, or MAX_JIFFY_OFFSET. */
static unsigned long drain_step(struct opvs_svc *svc)
{
	const struct opvs_sched_table *tbl;
	unsigned long now = jiffies;

	tbl = rcu_dereference_protected(svc->table,
					lockdep_is_held(&svc->on->cfg_lock));
	if (!tbl->drains)
		return MAX_JIFFY_OFFSET;
	if (time_before(now, tbl->drain_end))
		return tbl->drain_end - now;
	/* A change of the server that holds it up will end it. */
	if (tbl->drain_held)
		return MAX_JIFFY_OFFSET;
	return opvs_svc_rebuild(svc, NULL) ? DRAIN_RETRY : MAX_JIFFY_OFFSET;
}

/**
 * opvs_drain_outlived() - was an exception made for a draining that is over?
 * @cp: any entry
 *
 * Nothing else leads to a session at a server of weight 0, so what does lives as
 * long as the session uses it.
 *
 * Context: any, RCU read side.
 */
bool opvs_drain_outlived(const struct opvs_conn *cp)
{
	const struct opvs_dest *dest = cp->dest;

	if (!(cp->flags & OPVS_CONN_F_MOVED))
		return false;
	/* The entry was seen before the table. */
	smp_rmb();
	return !rcu_dereference(dest->svc->table)->drains &&
	       (READ_ONCE(dest->weight) || READ_ONCE(dest->removed));
}

static void drain_work(struct work_struct *work)
{
	struct opvs_net *on = container_of(to_delayed_work(work),
					   struct opvs_net, drain_work);
	unsigned long wait = MAX_JIFFY_OFFSET, id = 0;
	struct opvs_svc *svc;
	bool unseen;

	mutex_lock(&on->cfg_lock);
	while ((svc = opvs_svc_next(on, &id)))
		wait = min(wait, drain_step(svc));
	unseen = on->drain_over && poll_state_synchronize_rcu(on->drain_rcu);
	if (unseen)
		on->drain_over = false;
	else if (on->drain_over)
		wait = min_t(unsigned long, wait, DRAIN_GRACE);
	mutex_unlock(&on->cfg_lock);

	if (unseen)
		opvs_conn_end_where(on, opvs_drain_outlived);
	if (wait != MAX_JIFFY_OFFSET)
		queue_delayed_work(opvs_wq, &on->drain_work, wait);
}

/**
 * opvs_drain_watch() - see to it that draining ends
 * @on: namespace in which a table that drains was just shown
 *
 * Context: process, cfg_lock held.
 */
void opvs_drain_watch(struct opvs_net *on)
{
	lockdep_assert_held(&on->cfg_lock);

	mod_delayed_work(opvs_wq, &on->drain_work, 0);
}

/**
 * opvs_drain_over() - have exceptions ended that are not needed any more
 * @on: namespace in which a table that drained was just replaced by one that
 *	does not
 *
 * Context: process, cfg_lock held.  Does not wait for a grace period.
 */
void opvs_drain_over(struct opvs_net *on)
{
	lockdep_assert_held(&on->cfg_lock);

	on->drain_rcu = start_poll_synchronize_rcu();
	on->drain_over = true;
	mod_delayed_work(opvs_wq, &on->drain_work, 0);
}

/**
 * opvs_drain_net_init() - nothing drains
 * @on: namespace
 *
 * Context: process.
 */
void opvs_drain_net_init(struct opvs_net *on)
{
	INIT_DELAYED_WORK(&on->drain_work, drain_work);
}

/**
 * opvs_drain_net_exit() - all services are gone
 * @on: namespace
 *
 * Context: process.
 */
void opvs_drain_net_exit(struct opvs_net *on)
{
	cancel_delayed_work_sync(&on->drain_work);
}
