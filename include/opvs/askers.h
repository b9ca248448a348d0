/* SPDX-License-Identifier: GPL-2.0-only */
/* Who asked a one-packet service within the last minutes. */
#ifndef OPVS_ASKERS_H
#define OPVS_ASKERS_H

#include <linux/netfilter.h>
#include <linux/rcupdate.h>
#include <linux/siphash.h>
#include <linux/types.h>

struct opvs_askers_gen;

/**
 * struct opvs_askers - who asked the services of a namespace
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

/* any context, RCU read side */
void opvs_askers_note(struct opvs_askers *askers,
		      const union nf_inet_addr *client, __be16 port,
		      u32 svc_id);
bool opvs_askers_know(const struct opvs_askers *askers,
		      const union nf_inet_addr *client, __be16 port,
		      u32 svc_id);

/* process context */
void opvs_askers_init(struct opvs_askers *askers, bool tenant);
int opvs_askers_start(struct opvs_askers *askers, unsigned long now);
void opvs_askers_age(struct opvs_askers *askers, unsigned long now,
		     unsigned long lifetime);
void opvs_askers_exit(struct opvs_askers *askers);

#endif /* OPVS_ASKERS_H */
