/* SPDX-License-Identifier: GPL-2.0-only */
/* One measurement: packets fed to a device on some CPUs. */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include <linux/cpumask.h>
#include <linux/types.h>

#include "packets.h"

/* Times of single packets are sorted into bins, eight to each power of two. */
#define BENCH_BINS	320

/**
 * struct bench_run - what to do
 * @dev: device that the packets come in by
 * @change: see there; each CPU has flows of its own
 * @cpus: that feed, at the same time
 * @count: packets that each of them feeds
 * @pace_ns: packets arrive one by one at this distance, by interrupt (paced.c),
 *	0: all at once, in batches
 */
struct bench_run {
	struct net_device	*dev;
	struct bench_change	change;
	cpumask_var_t		cpus;
	u32			count;
	u32			pace_ns;
};

/**
 * struct bench_result - what one CPU found
 * @fed: packets that the stack was given
 * @ns: from before the first to after the last, by bench_cpu_ns()
 * @work_ns: how long the CPU worked meanwhile, by bench_work_ns()
 * @most_ns: the slowest packet, paced ones only
 * @bin: how many packets took how long, paced ones only
 */
struct bench_result {
	u32	fed;
	u64	ns;
	u64	work_ns;
	u64	most_ns;
	u32	bin[BENCH_BINS];
};

int bench_run(const struct bench_run *run, struct bench_result *result);
u64 bench_bin_ns(u32 bin);

#endif /* BENCH_RUN_H */
