/* SPDX-License-Identifier: GPL-2.0-only */
/* Packets that arrive one by one. */
#ifndef BENCH_PACED_H
#define BENCH_PACED_H

#include <linux/types.h>

struct bench_result;
struct bench_run;

void bench_paced(const struct bench_run *run, struct bench_result *result);
u64 bench_bin_ns(u32 bin);

#endif /* BENCH_PACED_H */
