/* SPDX-License-Identifier: GPL-2.0-only */
/* Marks of the clients that asked a one-packet service in the last minutes. */
#ifndef OPVS_ASKERS_H
#define OPVS_ASKERS_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/netfilter.h>
#include <linux/rcupdate.h>
#include <linux/siphash.h>
#include <linux/types.h>

#include <opvs/hash.h>

/**
 * struct opvs_askers_gen - a generation of marks
 * @older: the generation before, or NULL
 * @rcu: frees it
 * @born: jiffies when it became the newest
 * @bits: binary logarithm of the bits in @word
 * @shift: of a hash, to the number of its word
 * @word: marks
 */
struct opvs_askers_gen {
	struct opvs_askers_gen __rcu	*older;
	struct rcu_head			rcu;
	unsigned long			born;
	unsigned int			bits;
	unsigned int			shift;
	atomic_long_t			word[];
};

/**
 * struct opvs_askers - marks of the clients of a namespace's services
 * @key: secret by which askers are hashed; constant
 * @newest: the generation that is written; NULL until a service needs any.
 *	RCU, written by opvs_askers_start() under cfg_lock and then by
 *	opvs_askers_age()
 * @bits_max: binary logarithm of the bits that a generation may have; constant
 */
struct opvs_askers {
	siphash_key_t			key;
	struct opvs_askers_gen __rcu	*newest;
	unsigned int			bits_max;
};

/**
 * opvs_askers_hash() - a client of a service, as a number
 * @askers: of the namespace
 * @client: its address
 * @port: its port
 * @svc_id: the service
 *
 * Context: any.
 */
static inline u64 opvs_askers_hash(const struct opvs_askers *askers,
				   const union nf_inet_addr *client,
				   __be16 port, u32 svc_id)
{
	return opvs_hash_quick(&askers->key, client, port, svc_id);
}

/* Has a generation the mark of a hash?  The upper bits choose the word, lower ones
 * the bits in it.
 */
static inline bool opvs_askers_gen_has(const struct opvs_askers_gen *gen,
				       u64 hash)
{
	unsigned long word = atomic_long_read(&gen->word[hash >> gen->shift]);

	return word & BIT(hash % BITS_PER_LONG) &&
	       word & BIT((hash >> 6) % BITS_PER_LONG);
}

void opvs_askers_mark(struct opvs_askers_gen *gen, u64 hash);

/**
 * opvs_askers_note() - a client asks
 * @askers: of the namespace
 * @hash: of the client and the service that it asks
 *
 * Context: any, RCU read side; lock-free.
 */
static inline void opvs_askers_note(struct opvs_askers *askers, u64 hash)
{
	struct opvs_askers_gen *gen = rcu_dereference(askers->newest);

	if (likely(gen) && unlikely(!opvs_askers_gen_has(gen, hash)))
		opvs_askers_mark(gen, hash);
}

/* any context, RCU read side */
bool opvs_askers_know(const struct opvs_askers *askers, u64 hash);

/* process context */
void opvs_askers_init(struct opvs_askers *askers, bool tenant);
int opvs_askers_start(struct opvs_askers *askers, unsigned long now);
void opvs_askers_age(struct opvs_askers *askers, unsigned long now,
		     unsigned long lifetime);
void opvs_askers_exit(struct opvs_askers *askers);

#endif /* OPVS_ASKERS_H */
