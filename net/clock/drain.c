// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of draining: stateless services forget the former owners of keys.
 *
 * That takes two steps.  When the time of a draining is over, the service gets
 * a view that knows nothing of it.  From a grace period later no packet
 * remembers a session because of it any more, and the exceptions that were made
 * meanwhile can go: all that are marked as such and whose service does not
 * drain.  One walk ends those of all services, without a lock; a packet that
 * finds one before does not follow it, or a session would move in mid-course.
 *
 * A service may begin to drain anew while that walk is under way.  A packet
 * that makes an exception has seen a view that drains.  So the walk, which sees
 * the exception first and then the view, sees that it drains, too, and leaves
 * the exception alone.
 */
#include "work.h"

#include <opvs/clock.h>
#include <opvs/conn.h>
#include <opvs/netns.h>
#include <opvs/svc.h>

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
	const struct opvs_view *view;
	unsigned long now = jiffies;

	view = rcu_dereference_protected(svc->view,
					 lockdep_is_held(&svc->on->cfg_lock));
	if (!view->drains)
		return MAX_JIFFY_OFFSET;
	if (time_before(now, view->drain_end))
		return view->drain_end - now;
	/* A change of the server that holds it up will end it. */
	if (view->drain_held)
		return MAX_JIFFY_OFFSET;
	return opvs_svc_rebuild(svc, NULL) ? DRAIN_RETRY : MAX_JIFFY_OFFSET;
}

/**
 * opvs_drain_work() - end what drained for long enough
 *
 * Context: process.
 */
void opvs_drain_work(struct work_struct *work)
{
	struct opvs_net *on = container_of(to_delayed_work(work),
					   struct opvs_net, clock.drain);
	unsigned long wait = MAX_JIFFY_OFFSET, id = 0;
	struct opvs_svc *svc;
	bool unseen;

	mutex_lock(&on->cfg_lock);
	while ((svc = opvs_svc_next(on, &id)))
		wait = min(wait, drain_step(svc));
	unseen = on->clock.drain_over && poll_state_synchronize_rcu(on->clock.drain_rcu);
	if (unseen)
		on->clock.drain_over = false;
	else if (on->clock.drain_over)
		wait = min_t(unsigned long, wait, DRAIN_GRACE);
	mutex_unlock(&on->cfg_lock);

	if (unseen)
		opvs_conn_end_where(on, opvs_conn_outlived_drain);
	if (wait != MAX_JIFFY_OFFSET)
		queue_delayed_work(opvs_wq, &on->clock.drain, wait);
}
