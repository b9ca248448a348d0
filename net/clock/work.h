/* SPDX-License-Identifier: GPL-2.0-only */
/* What each work of a namespace does; process context. */
#ifndef OPVS_CLOCK_WORK_H
#define OPVS_CLOCK_WORK_H

struct work_struct;

/* defence.c: watches memory while a defence needs it */
void opvs_defence_work(struct work_struct *work);

/* drain.c: ends the draining of stateless services */
void opvs_drain_work(struct work_struct *work);

/* events.c: tells what packets left word of */
void opvs_events_work(struct work_struct *work);

/* late.c: shows packets the changes that waited */
void opvs_late_work(struct work_struct *work);

/* load.c: forgets calls that are over */
void opvs_load_work(struct work_struct *work);

/* rates.c: estimates rates, forgets hints and askers */
void opvs_rates_work(struct work_struct *work);

/* removed.c: removed servers that have no connections, or are to have none */
void opvs_idle_work(struct work_struct *work);
void opvs_orphan_work(struct work_struct *work);

#endif /* OPVS_CLOCK_WORK_H */
