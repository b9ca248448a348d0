// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changes of services that packets do not see yet: shown when they have waited
 * long enough.  net/svc/view.c tells which ones wait.
 */
#include "work.h"

#include <opvs/clock.h>
#include <opvs/netns.h>
#include <opvs/svc.h>

#include <linux/mutex.h>
#include <linux/sched.h>

/**
 * opvs_late_work() - show packets the changes that are due
 *
 * Services whose changes began to wait meanwhile are left for later, or one that
 * is being set up would be built again and again.
 *
 * Context: process.
 */
void opvs_late_work(struct work_struct *work)
{
	struct opvs_net *on = container_of(to_delayed_work(work),
					   struct opvs_net, clock.late);
	unsigned long wait;
	bool more;

	do {
		mutex_lock(&on->cfg_lock);
		more = opvs_svc_settle_due(on, &wait);
		if (wait != MAX_JIFFY_OFFSET)
			opvs_clock_late(on, wait);
		mutex_unlock(&on->cfg_lock);
		/* Commands come in between. */
		cond_resched();
	} while (more);
}
