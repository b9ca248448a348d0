// SPDX-License-Identifier: GPL-2.0-only
/* Calls of one-packet services that are over, and count no longer. */
#include "work.h"

#include <opvs/clock.h>
#include <opvs/dest.h>
#include <opvs/netns.h>
#include <opvs/svc.h>

#include <linux/mutex.h>
#include <linux/sched.h>

/**
 * opvs_load_work() - sweep the estimates of all servers
 *
 * Holds cfg_lock for one service at a time.  Ends when no service needs it.
 *
 * Context: process.
 */
void opvs_load_work(struct work_struct *work)
{
	struct opvs_net *on = container_of(to_delayed_work(work),
					   struct opvs_net, clock.load);
	unsigned long id = 0;
	struct opvs_svc *svc;
	bool again = false;

	do {
		mutex_lock(&on->cfg_lock);
		svc = opvs_svc_next(on, &id);
		if (svc && opvs_svc_load_sweep(svc))
			again = true;
		mutex_unlock(&on->cfg_lock);
		cond_resched();
	} while (svc);
	if (again)
		opvs_clock_load(on);
}
