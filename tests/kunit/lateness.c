// SPDX-License-Identifier: GPL-2.0-only
/*
 * For how long the machine has not come to what was due, because whoever runs
 * it did something else.  Tests of what has to happen in time forgive so much.
 *
 * A timer tells, which does not wait for anybody's turn: code of the module that
 * keeps a processor for too long does not make it late.
 */
#include "lateness.h"

#include <opvs/kunit.h>

#include <linux/compiler.h>
#include <linux/jiffies.h>
#include <linux/timer.h>

#define LATENESS_PERIOD	(HZ / 20)

/* Of a timer that is due all the time so much is nothing unusual. */
#define LATENESS_COMMON	(HZ / 20)

static unsigned long lateness;

static void lateness_look(struct timer_list *timer)
{
	unsigned long late = jiffies - timer->expires;

	if (late > LATENESS_COMMON)
		WRITE_ONCE(lateness, lateness + late);
	mod_timer(timer, jiffies + LATENESS_PERIOD);
}

static DEFINE_TIMER(lateness_timer, lateness_look);

/**
 * opvs_lateness_start() - look at the clock from now on
 *
 * Context: process. To be followed by opvs_lateness_stop().
 */
void opvs_lateness_start(void)
{
	lateness = 0;
	mod_timer(&lateness_timer, jiffies + LATENESS_PERIOD);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_lateness_start);

/**
 * opvs_lateness() - how late has the machine been since the start?
 *
 * Return: jiffies, in all.
 */
unsigned long opvs_lateness(void)
{
	return READ_ONCE(lateness);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_lateness);

/**
 * opvs_lateness_stop() - look at the clock no more
 *
 * Context: process.
 */
void opvs_lateness_stop(void)
{
	timer_delete_sync(&lateness_timer);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_lateness_stop);
