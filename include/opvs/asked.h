/* SPDX-License-Identifier: GPL-2.0-only */
/* The virtual addresses that clients asked, where one service has many. */
#ifndef OPVS_ASKED_H
#define OPVS_ASKED_H

#include <linux/cache.h>
#include <linux/netfilter.h>
#include <linux/seqlock.h>
#include <linux/siphash.h>
#include <linux/types.h>

#define OPVS_ASKED_BUCKETS	8192
#define OPVS_ASKED_WAYS		7

/**
 * struct opvs_asked_ends - who asked whom
 * @client: address of the client
 * @server: address of the server that got the question
 * @cport: port of the client; 0: the client as such, whatever its port
 * @sport: port at which the server got it
 * @unused: 0
 *
 * Hashed as a whole.
 */
struct opvs_asked_ends {
	union nf_inet_addr	client;
	union nf_inet_addr	server;
	__be16			cport;
	__be16			sport;
	u32			unused;
} __aligned(SIPHASH_ALIGNMENT);

/**
 * struct opvs_asked_way - one that is remembered
 * @tag: hash of the ends; 0: nobody
 * @addr: virtual address
 * @written: seconds
 * @port: virtual port
 */
struct opvs_asked_way {
	u64			tag;
	union nf_inet_addr	addr;
	u32			written;
	__be16			port;
};

struct opvs_asked_bucket {
	seqlock_t		lock;
	struct opvs_asked_way	way[OPVS_ASKED_WAYS];
} ____cacheline_aligned;

struct opvs_asked {
	siphash_key_t			key;
	struct opvs_asked_bucket	bucket[OPVS_ASKED_BUCKETS];
};

struct opvs_asked *opvs_asked_alloc(void);
void opvs_asked_free(struct opvs_asked *asked);

/* BH disabled */
bool opvs_asked_note(struct opvs_asked *asked,
		     const struct opvs_asked_ends *ends,
		     const union nf_inet_addr *addr, __be16 port, u32 now);
/* any context */
bool opvs_asked_find(const struct opvs_asked *asked,
		     const struct opvs_asked_ends *ends,
		     union nf_inet_addr *addr, __be16 *port, u32 now);

#endif /* OPVS_ASKED_H */
