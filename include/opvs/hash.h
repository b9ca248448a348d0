/* SPDX-License-Identifier: GPL-2.0-only */
/* Keyed hashes of what a client chooses. */
#ifndef OPVS_HASH_H
#define OPVS_HASH_H

#include <linux/netfilter.h>
#include <linux/siphash.h>
#include <linux/types.h>

u64 opvs_hash_bytes(const siphash_key_t *key, const u8 *data, unsigned int len);
u64 opvs_hash_endpoint(const siphash_key_t *key, const union nf_inet_addr *addr,
		       __be16 port);

#endif /* OPVS_HASH_H */
