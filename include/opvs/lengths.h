/* SPDX-License-Identifier: GPL-2.0-only */
/* How long the chains of a hash table are. */
#ifndef OPVS_LENGTHS_H
#define OPVS_LENGTHS_H

#include <linux/types.h>

struct rhashtable;

/* Chains are told apart by their length: 0, 1, and so on; the last are those with
 * so many entries or more.
 */
#define OPVS_LENGTHS	8

u32 opvs_lengths_size(struct rhashtable *table);
bool opvs_lengths(struct rhashtable *table, u32 n[OPVS_LENGTHS]);

#endif /* OPVS_LENGTHS_H */
