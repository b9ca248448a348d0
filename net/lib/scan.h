/* SPDX-License-Identifier: GPL-2.0-only */
/* A look at some entries of a shard.  For sweep.c and room.c. */
#ifndef OPVS_LIB_SCAN_H
#define OPVS_LIB_SCAN_H

#include <linux/list.h>
#include <linux/types.h>

struct opvs_expire;
struct opvs_expire_shard;

/**
 * struct opvs_scan - a look at some entries of a shard under its lock
 * @ex: engine
 * @now: time by which they are judged
 * @looks: how many more may be looked at
 * @claims: how many more may be claimed
 * @visited: how many were looked at
 * @claimed: how many of them had expired
 * @refiled: how many of them went to other slots
 * @late: jiffies by which the latest of them came after its time
 * @dead: the claimed ones
 */
struct opvs_scan {
	struct opvs_expire	*ex;
	u32			now;
	unsigned int		looks;
	unsigned int		claims;
	unsigned int		visited;
	unsigned int		claimed;
	unsigned int		refiled;
	u32			late;
	struct hlist_head	dead;
};

void opvs_scan_slot(struct opvs_scan *scan, struct opvs_expire_shard *shard,
		    unsigned int slot);
void opvs_scan_drop(struct opvs_expire *ex, struct hlist_head *dead);

#endif /* OPVS_LIB_SCAN_H */
