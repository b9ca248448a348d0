// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keyed hashes of what a client chooses.
 *
 * Those that choose a server are the same on every machine, whatever its byte
 * order, so that directors which share a key agree.
 */
#include <opvs/hash.h>

#include <opvs/kunit.h>

#include <linux/string.h>

static_assert(sizeof(siphash_key_t) == OPVS_HASH_KEY_BYTES);

/**
 * opvs_hash_key_read() - a key from bytes
 * @key: result
 * @bytes: OPVS_HASH_KEY_BYTES, in the order in which SipHash takes them: the
 *	first eight are the first word, its least significant byte first
 *
 * Context: any.
 */
void opvs_hash_key_read(siphash_key_t *key, const u8 *bytes)
{
	__le64 word[2];

	memcpy(word, bytes, sizeof(word));
	key->key[0] = le64_to_cpu(word[0]);
	key->key[1] = le64_to_cpu(word[1]);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_hash_key_read);

/**
 * opvs_hash_key_write() - a key as bytes
 * @key: key
 * @bytes: result, as of opvs_hash_key_read()
 *
 * Context: any.
 */
void opvs_hash_key_write(const siphash_key_t *key, u8 *bytes)
{
	__le64 word[2];

	word[0] = cpu_to_le64(key->key[0]);
	word[1] = cpu_to_le64(key->key[1]);
	memcpy(bytes, word, sizeof(word));
}
EXPORT_SYMBOL_IF_KUNIT(opvs_hash_key_write);

/**
 * opvs_hash_bytes() - hash a key that was found in a packet
 * @key: secret
 * @data: bytes
 * @len: how many
 *
 * Context: any.
 * Return: 64 good bits.
 */
u64 opvs_hash_bytes(const siphash_key_t *key, const u8 *data, unsigned int len)
{
	return siphash(data, len, key);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_hash_bytes);

/**
 * opvs_hash_endpoint() - hash an address and port
 * @key: secret
 * @addr: IPv6 address, or IPv4 address with the other words 0
 * @port: port, or 0 to hash the address alone
 *
 * Context: any.
 * Return: 64 good bits.
 */
u64 opvs_hash_endpoint(const siphash_key_t *key, const union nf_inet_addr *addr,
		       __be16 port)
{
	const __be32 *word = addr->ip6;

	return siphash_3u64((u64)be32_to_cpu(word[0]) << 32 |
			    be32_to_cpu(word[1]),
			    (u64)be32_to_cpu(word[2]) << 32 |
			    be32_to_cpu(word[3]),
			    be16_to_cpu(port), key);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_hash_endpoint);
