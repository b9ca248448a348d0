/* SPDX-License-Identifier: GPL-2.0-only */
/* What packets look up services and servers' endpoints by. */
#ifndef OPVS_NAME_H
#define OPVS_NAME_H

#include <linux/hash.h>
#include <linux/limits.h>
#include <linux/netfilter.h>
#include <linux/types.h>

/**
 * struct opvs_name - an address, port, family and protocol that are looked up
 * @addr: address; not copied
 * @rest: all others
 */
struct opvs_name {
	const union nf_inet_addr	*addr;
	u32				rest;
};

static inline struct opvs_name opvs_name(const union nf_inet_addr *addr,
					 __be16 port, u8 family, u8 proto)
{
	return (struct opvs_name){
		.addr = addr,
		.rest = (u32)(__force u16)port << 16 | family << 8 | proto,
	};
}

static inline __be16 opvs_name_port(const struct opvs_name *name)
{
	return (__force __be16)(name->rest >> 16);
}

/* The same with port 0. */
static inline struct opvs_name opvs_name_all_ports(const struct opvs_name *name)
{
	return (struct opvs_name){
		.addr = name->addr,
		.rest = name->rest & U16_MAX,
	};
}

static inline bool opvs_name_is(const struct opvs_name *name,
				const union nf_inet_addr *addr, u32 rest)
{
	return name->rest == rest && nf_inet_addr_cmp(name->addr, addr);
}

/**
 * opvs_name_hash() - hash a name
 * @data: &struct opvs_name
 * @len: not used
 * @seed: the hash table's
 *
 * Only the administrator adds any, so no secret is needed, and no more mixing
 * than keeps a table even.
 *
 * Context: any.
 */
static inline u32 opvs_name_hash(const void *data, u32 len, u32 seed)
{
	const struct opvs_name *name = data;
	const union nf_inet_addr *addr = name->addr;
	u64 high = (u64)addr->all[0] << 32 | addr->all[1];
	u64 low = (u64)addr->all[2] << 32 | addr->all[3];
	u64 hash = (high ^ name->rest) * GOLDEN_RATIO_64 + (low ^ seed);

	/* A product says in its low bits nothing of the high ones. */
	return hash_64(hash ^ hash >> 32, 32);
}

#endif /* OPVS_NAME_H */
