/* SPDX-License-Identifier: GPL-2.0-only */
/* Marks of the keys that were seen in the last half minute. */
#ifndef OPVS_RECENT_H
#define OPVS_RECENT_H

#include <linux/types.h>

/* 64 * T1, when the client of a SIP transaction gives up (RFC 3261, 17.1.1.2
 * and 17.1.2.2: timers B and F).
 */
#define OPVS_RECENT_SECONDS	32

struct opvs_recent;

/* What was known of a key before this packet. */
enum opvs_recent_verdict {
	OPVS_RECENT_NEW,	/* not seen recently */
	OPVS_RECENT_SEEN,	/* seen, but not in this slice of time */
	OPVS_RECENT_FRESH,	/* seen a moment ago; need not be noted */
};

struct opvs_recent *opvs_recent_new(void);
void opvs_recent_free(struct opvs_recent *recent);
enum opvs_recent_verdict opvs_recent_seen(const struct opvs_recent *recent,
					  u64 hash, u32 now);
void opvs_recent_note(struct opvs_recent *recent, u64 hash, u32 now);

#endif /* OPVS_RECENT_H */
