// SPDX-License-Identifier: GPL-2.0-only
/* Schedulers: the registry, and what several of them need. */
#include <opvs/sched.h>

#include <opvs/dest.h>
#include <opvs/kunit.h>

#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/string.h>

static const struct opvs_sched_ops *const scheds[] = {
	&opvs_sched_rr,
	&opvs_sched_wrr,
	&opvs_sched_mh,
};

/**
 * opvs_sched_find() - scheduler of a name
 * @name: as in ipvsadm -s
 *
 * Context: any.
 * Return: the scheduler, a constant; NULL if there is none of this name.
 */
const struct opvs_sched_ops *opvs_sched_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(scheds); i++)
		if (!strcmp(scheds[i]->name, name))
			return scheds[i];
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_find);

/**
 * opvs_sched_step() - take this CPU's next turn of a round
 * @tbl: table of the service
 * @round: length of the round; not 0
 *
 * The cursor may hold any number, as left by a table with a longer round.
 * Exact on each CPU against interrupts and preemption: a turn is never given
 * twice or left out.
 *
 * Context: any, RCU read side.
 * Return: turns follow each other from 0 to @round - 1 and again from 0.
 */
u32 opvs_sched_step(const struct opvs_sched_table *tbl, u32 round)
{
	u32 seen, turn, next;

	do {
		seen = this_cpu_read(*tbl->cursor);
		turn = seen < round ? seen : seen % round;
		next = turn + 1 < round ? turn + 1 : 0;
	} while (this_cpu_cmpxchg(*tbl->cursor, seen, next) != seen);
	return turn;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_step);

/**
 * opvs_sched_scan() - any server that is available
 * @tbl: table of the service
 * @from: number of the member to start at
 *
 * Context: any, RCU read side.
 * Return: the next available server, or NULL if none is.
 */
struct opvs_dest *opvs_sched_scan(const struct opvs_sched_table *tbl, u32 from)
{
	u32 i;

	for (i = from; i < tbl->count; i++)
		if (opvs_dest_available(tbl->member[i].dest))
			return tbl->member[i].dest;
	for (i = 0; i < from; i++)
		if (opvs_dest_available(tbl->member[i].dest))
			return tbl->member[i].dest;
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sched_scan);
