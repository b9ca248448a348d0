// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clock of a namespace: its works, from their birth to their end.
 *
 * A namespace ends in steps (net/pernet.c).  Works that need services stop when
 * these are gone.  The two that let go of removed servers, and the one that tells
 * events, still have to run then: it is them that the end of the services waits
 * for.
 */
#include <opvs/clock.h>

#include "work.h"

#include <opvs/kunit.h>

struct workqueue_struct *opvs_wq;
EXPORT_SYMBOL_IF_KUNIT(opvs_wq);
struct workqueue_struct *opvs_free_wq;

/**
 * opvs_clock_net_init() - the works of a namespace, none of them queued
 *
 * Context: process.
 */
void opvs_clock_net_init(struct opvs_net *on)
{
	INIT_DELAYED_WORK(&on->clock.defence, opvs_defence_work);
	INIT_DELAYED_WORK(&on->clock.drain, opvs_drain_work);
	INIT_DELAYED_WORK(&on->clock.events, opvs_events_work);
	INIT_DELAYED_WORK(&on->clock.late, opvs_late_work);
	INIT_DELAYED_WORK(&on->clock.load, opvs_load_work);
	INIT_DELAYED_WORK(&on->clock.rates, opvs_rates_work);
	INIT_WORK(&on->clock.idle, opvs_idle_work);
	INIT_WORK(&on->clock.orphans, opvs_orphan_work);
}

/**
 * opvs_clock_net_stop() - stop what works for services and settings
 * @on: namespace that has none of either any more
 *
 * Context: process.
 */
void opvs_clock_net_stop(struct opvs_net *on)
{
	cancel_delayed_work_sync(&on->clock.rates);
	cancel_delayed_work_sync(&on->clock.load);
	/* Before what it may queue. */
	cancel_delayed_work_sync(&on->clock.late);
	cancel_delayed_work_sync(&on->clock.drain);
	cancel_delayed_work_sync(&on->clock.defence);
}

/**
 * opvs_clock_net_exit() - stop what held on to servers
 * @on: namespace whose servers are freed, those removed before included
 *
 * Context: process.
 */
void opvs_clock_net_exit(struct opvs_net *on)
{
	cancel_work_sync(&on->clock.orphans);
	cancel_work_sync(&on->clock.idle);
	cancel_delayed_work_sync(&on->clock.events);
}

/**
 * opvs_clock_init() - where works run
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int opvs_clock_init(void)
{
	opvs_wq = alloc_workqueue("opvs", WQ_UNBOUND, 0);
	if (!opvs_wq)
		return -ENOMEM;
	opvs_free_wq = alloc_workqueue("opvs_free", WQ_UNBOUND, 0);
	if (!opvs_free_wq) {
		destroy_workqueue(opvs_wq);
		return -ENOMEM;
	}
	return 0;
}

/**
 * opvs_clock_exit() - undo opvs_clock_init(); all namespaces are gone
 *
 * Context: process.
 */
void opvs_clock_exit(void)
{
	destroy_workqueue(opvs_free_wq);
	destroy_workqueue(opvs_wq);
}
