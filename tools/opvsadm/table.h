/* SPDX-License-Identifier: GPL-2.0-only */
/* The connection table as a whole: its limit and the secret of hashes. */
#ifndef OPVSADM_TABLE_H
#define OPVSADM_TABLE_H

#include "nl.h"

#include <stdbool.h>
#include <stdint.h>

/**
 * struct table - the connection table of the network namespace
 * @conn_max: its limit; 0: none
 * @conns: its entries
 * @buckets: its buckets
 * @max_late_ms: longest time by which the sweeper ended an entry late
 * @key: the secret, if @has_key
 * @has_key: it was there
 */
struct table {
	uint32_t	conn_max;
	uint32_t	conns;
	uint32_t	buckets;
	uint64_t	max_late_ms;
	unsigned char	key[OPVS_HASH_KEY_LEN];
	bool		has_key;
};

int table_get(struct adm_nl *nl, struct table *table);
int table_set_max(struct adm_nl *nl, uint32_t conn_max);
int table_set_key(struct adm_nl *nl, const unsigned char *key);

#endif /* OPVSADM_TABLE_H */
