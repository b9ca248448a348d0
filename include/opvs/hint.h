/* SPDX-License-Identifier: GPL-2.0-only */
/* Hints: the service that a client asked, of several that share a server. */
#ifndef OPVS_HINT_H
#define OPVS_HINT_H

#include <linux/cache.h>
#include <linux/siphash.h>
#include <linux/types.h>

#include <opvs/types.h>

#define OPVS_HINT_BUCKETS	8192
#define OPVS_HINT_WAYS		8
/* Age at which a hint stops to count, in seconds. */
#define OPVS_HINT_LIFETIME	3600

struct opvs_hint_bucket {
	u64	way[OPVS_HINT_WAYS];
} ____cacheline_aligned;

struct opvs_hints {
	siphash_key_t		key;
	struct opvs_hint_bucket	bucket[OPVS_HINT_BUCKETS];
};

struct opvs_hints *opvs_hints_alloc(void);
void opvs_hints_free(struct opvs_hints *hints);
u32 opvs_hints_sweep(struct opvs_hints *hints, u32 cursor, u32 count, u32 now);

/* any context, lock-free; @now in seconds */
bool opvs_hint_write(struct opvs_hints *hints, const void *server,
		     const union nf_inet_addr *client, __be16 port,
		     u32 svc_id, u32 now);
bool opvs_hint_read(const struct opvs_hints *hints, const void *server,
		    const union nf_inet_addr *client, __be16 port,
		    u16 *svc_id, u32 now);

#endif /* OPVS_HINT_H */
