/* SPDX-License-Identifier: GPL-2.0-only */
/* Prepared packets. */
#ifndef BENCH_PACKETS_H
#define BENCH_PACKETS_H

#include <linux/types.h>

struct net_device;
struct sk_buff;

/**
 * struct bench_change - what a packet has that the list does not say
 * @flows: packet number n gets the source address and port of flow @first + n
 *	modulo @flows; 0: its own
 * @first: see there
 * @pick: not 0: packet number n is of a flow of these that n and this number
 *	pick at random, so that caches and prefetching see no order
 * @other: the frame is for another station, so that the stack drops it at once
 */
struct bench_change {
	u32	flows;
	u32	first;
	u32	pick;
	bool	other;
};

int bench_packets_set(u8 *data, size_t len);
u32 bench_packets_count(void);
struct sk_buff *bench_packets_make(struct net_device *dev, u32 n,
				   const struct bench_change *change);
void bench_packets_free(void);

#endif /* BENCH_PACKETS_H */
