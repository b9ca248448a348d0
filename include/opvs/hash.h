/* SPDX-License-Identifier: GPL-2.0-only */
/* Keyed hashes of what a client chooses. */
#ifndef OPVS_HASH_H
#define OPVS_HASH_H

#include <linux/hash.h>
#include <linux/netfilter.h>
#include <linux/siphash.h>
#include <linux/types.h>

#include <opvs/types.h>

/* Of a key, as netlink carries it; sysctl writes them in digits. */
#define OPVS_HASH_KEY_BYTES	16

/* Odd, and half of its bits are set, in no order. */
#define OPVS_HASH_MIX		0xd6e8feb86659fd93ULL

void opvs_hash_key_read(siphash_key_t *key, const u8 *bytes);
void opvs_hash_key_write(const siphash_key_t *key, u8 *bytes);

u64 opvs_hash_bytes(const siphash_key_t *key, const u8 *data, unsigned int len);
u64 opvs_hash_endpoint(const siphash_key_t *key, const union nf_inet_addr *addr,
		       __be16 port);

/**
 * opvs_hash_quick() - tell addresses and ports apart
 * @key: secret
 * @addr: IPv6 address, or IPv4 address with the other words 0
 * @port: port
 * @more: what else tells them apart
 *
 * Costs a twentieth of opvs_hash_endpoint().  Do not choose servers by it.
 *
 * Context: any.
 */
static inline u64 opvs_hash_quick(const siphash_key_t *key,
				  const union nf_inet_addr *addr, __be16 port,
				  u32 more)
{
	u64 high = (u64)addr->all[0] << 32 | addr->all[1];
	u64 low = (u64)addr->all[2] << 32 | addr->all[3];
	u64 hash;

	high ^= more;
	low ^= (u64)(__force u16)port << 16;
	hash = (low ^ key->key[0]) * GOLDEN_RATIO_64 + (high ^ key->key[1]);
	hash = (hash ^ hash >> 32) * OPVS_HASH_MIX;
	hash = (hash ^ hash >> 32) * OPVS_HASH_MIX;
	return hash ^ hash >> 32;
}

#endif /* OPVS_HASH_H */
