// SPDX-License-Identifier: GPL-2.0-only
/* Events that packets left word of, and word of those that were lost. */
#include "work.h"

#include <opvs/clock.h>
#include <opvs/event.h>
#include <opvs/netns.h>

#include <linux/mutex.h>

/**
 * opvs_events_work() - tell what has come up
 *
 * Context: process.
 */
void opvs_events_work(struct work_struct *work)
{
	struct opvs_net *on = container_of(to_delayed_work(work),
					   struct opvs_net, clock.events);
	bool again;

	mutex_lock(&on->cfg_lock);
	opvs_event_tell_overloads(on);
	opvs_event_tell_limits(on);
	again = opvs_event_tell_lost(on);
	mutex_unlock(&on->cfg_lock);
	if (again)
		opvs_clock_events(on);
}
