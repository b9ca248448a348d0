/* SPDX-License-Identifier: GPL-2.0-only */
/* Schedulers: const registry, what they share, and the individual rules. */
#ifndef OPVS_SCHED_H
#define OPVS_SCHED_H

#include <opvs/ops.h>

extern const struct opvs_sched_ops opvs_sched_rr;
extern const struct opvs_sched_ops opvs_sched_wrr;
extern const struct opvs_sched_ops opvs_sched_mh;

const struct opvs_sched_ops *opvs_sched_find(const char *name);

/* for schedulers */
u32 opvs_sched_step(const struct opvs_sched_table *tbl, u32 round);
struct opvs_dest *opvs_sched_scan(const struct opvs_sched_table *tbl, u32 from);

#endif /* OPVS_SCHED_H */
