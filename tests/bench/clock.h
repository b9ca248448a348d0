/* SPDX-License-Identifier: GPL-2.0-only */
/* The time that a CPU works. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <linux/types.h>

u64 bench_cpu_ns(void);
u64 bench_work_ns(void);

#endif /* BENCH_CLOCK_H */
