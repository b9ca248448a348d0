/* SPDX-License-Identifier: GPL-2.0-only */
/* Keyed hashes of what a client chooses. */
#ifndef OPVS_HASH_H
#define OPVS_HASH_H

#include <linux/netfilter.h>
#include <linux/siphash.h>
#include <linux/types.h>

/* Bytes of a key in writing. */
#define OPVS_HASH_KEY_BYTES	16

void opvs_hash_key_read(siphash_key_t *key, const u8 *bytes);
void opvs_hash_key_write(const siphash_key_t *key, u8 *bytes);

u64 opvs_hash_bytes(const siphash_key_t *key, const u8 *data, unsigned int len);
u64 opvs_hash_endpoint(const siphash_key_t *key, const union nf_inet_addr *addr,
		       __be16 port);

#endif /* OPVS_HASH_H */
