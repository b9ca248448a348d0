/* SPDX-License-Identifier: GPL-2.0-only */
/* Network devices for measurements. */
#ifndef BENCH_DEVICE_H
#define BENCH_DEVICE_H

#include <linux/types.h>

struct net_device;

bool bench_device_is(const struct net_device *dev);
int bench_device_init(void);
void bench_device_exit(void);

#endif /* BENCH_DEVICE_H */
