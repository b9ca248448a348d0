// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hints: which of several services a client asked.
 *
 * A set-associative cache of fixed size.  A hint is one 64-bit word, so that
 * CPUs read and write it without a lock and never see half of one:
 *
 *	63        32 31        16 15         0
 *	+-----------+------------+------------+
 *	| tag       | service id | written at |
 *	+-----------+------------+------------+
 *
 * Tag and bucket come from a keyed hash of server, client and port; a false
 * match needs 45 equal bits and then costs one wrong guess.  The time counts
 * units of four seconds, which bounds both how long a hint is believed and how
 * often a busy client's hint is written.  Zero is an empty way.
 *
 * CPUs that race for a way may lose one of two hints: the next request writes
 * it again.
 */
#include <opvs/hint.h>

#include <opvs/kunit.h>

#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/random.h>

#define HINT_UNIT	4	/* seconds */

static_assert(OPVS_HINT_LIFETIME / HINT_UNIT < U16_MAX / 2);

struct hint_slot {
	u32	bucket;
	u32	tag;
};

static struct hint_slot hint_slot(const struct opvs_hints *hints,
				  const void *server,
				  const union nf_inet_addr *client, __be16 port)
{
	u64 hash, first, second;

	first = (u64)(__force u32)client->all[0] << 32 |
		(__force u32)client->all[1];
	second = (u64)(__force u32)client->all[2] << 32 |
		 (__force u32)client->all[3];
	hash = siphash_4u64(first, second, (unsigned long)server,
			    (__force u16)port, &hints->key);
	return (struct hint_slot){
		.bucket = (u32)hash % OPVS_HINT_BUCKETS,
		.tag = hash >> 32,
	};
}

static u16 hint_clock(u32 now)
{
	return now / HINT_UNIT;
}

static u64 hint_make(u32 tag, u16 svc_id, u16 clock)
{
	return (u64)tag << 32 | (u32)svc_id << 16 | clock;
}

static u32 hint_tag(u64 hint)
{
	return hint >> 32;
}

static u16 hint_svc(u64 hint)
{
	return hint >> 16;
}

/* In units; the 16-bit clock may wrap between writing and reading. */
static u16 hint_age(u64 hint, u16 clock)
{
	return clock - (u16)hint;
}

static bool hint_stale(u64 hint, u16 clock)
{
	return hint_age(hint, clock) >= OPVS_HINT_LIFETIME / HINT_UNIT;
}

/**
 * opvs_hints_alloc() - an empty set of hints
 *
 * Context: process.
 * Return: the hints or NULL.
 */
struct opvs_hints *opvs_hints_alloc(void)
{
	struct opvs_hints *hints = kvzalloc(sizeof(*hints), GFP_KERNEL_ACCOUNT);

	if (hints)
		get_random_bytes(&hints->key, sizeof(hints->key));
	return hints;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_hints_alloc);

/**
 * opvs_hints_free() - free hints
 * @hints: or NULL
 *
 * Context: process.
 */
void opvs_hints_free(struct opvs_hints *hints)
{
	kvfree(hints);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_hints_free);

/**
 * opvs_hint_write() - remember which service a client asked
 * @hints: where
 * @server: identity of the shared server
 * @client: client address
 * @port: client port, or 0 for the address as such
 * @svc_id: id of the service; its low 16 bits are kept
 * @now: seconds
 *
 * Takes the way of an older hint when the bucket is full.
 *
 * Context: any, lock-free.
 * Return: false when the same was written a moment ago and nothing was done.
 */
bool opvs_hint_write(struct opvs_hints *hints, const void *server,
		     const union nf_inet_addr *client, __be16 port,
		     u32 svc_id, u32 now)
{
	struct hint_slot slot = hint_slot(hints, server, client, port);
	u64 *way = hints->bucket[slot.bucket].way;
	u16 clock = hint_clock(now);
	u64 word = hint_make(slot.tag, svc_id, clock);
	u32 age, oldest_age = 0;
	int i, victim = 0;

	for (i = 0; i < OPVS_HINT_WAYS; i++) {
		u64 hint = READ_ONCE(way[i]);

		if (hint == word)
			return false;
		if (hint && hint_tag(hint) == slot.tag) {
			victim = i;
			break;
		}
		age = hint ? hint_age(hint, clock) : U32_MAX;
		if (age > oldest_age) {
			oldest_age = age;
			victim = i;
		}
	}
	WRITE_ONCE(way[victim], word);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_hint_write);

/**
 * opvs_hint_read() - which service did this client ask?
 * @hints: where
 * @server: identity of the shared server
 * @client: client address
 * @port: client port, or 0 for the address as such
 * @svc_id: result: the low 16 bits of the service's id
 * @now: seconds
 *
 * Context: any, lock-free.
 * Return: true if it is known and not older than OPVS_HINT_LIFETIME.
 */
bool opvs_hint_read(const struct opvs_hints *hints, const void *server,
		    const union nf_inet_addr *client, __be16 port,
		    u16 *svc_id, u32 now)
{
	struct hint_slot slot = hint_slot(hints, server, client, port);
	const u64 *way = hints->bucket[slot.bucket].way;
	u16 clock = hint_clock(now);
	u64 best = 0;
	int i;

	for (i = 0; i < OPVS_HINT_WAYS; i++) {
		u64 hint = READ_ONCE(way[i]);

		if (!hint || hint_tag(hint) != slot.tag ||
		    hint_stale(hint, clock))
			continue;
		/* A race may have left two; the younger one counts. */
		if (!best || hint_age(hint, clock) < hint_age(best, clock))
			best = hint;
	}
	*svc_id = hint_svc(best);
	return best;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_hint_read);

/**
 * opvs_hints_sweep() - forget hints that are too old
 * @hints: where
 * @cursor: bucket to begin with
 * @count: buckets to look at
 * @now: seconds
 *
 * Every bucket must be swept more often than the clock wraps, 72 hours, or an
 * old hint would look young again.
 *
 * Context: process.
 * Return: where to go on.
 */
u32 opvs_hints_sweep(struct opvs_hints *hints, u32 cursor, u32 count, u32 now)
{
	u16 clock = hint_clock(now);
	u64 hint, *way;
	int i;

	while (count--) {
		way = hints->bucket[cursor].way;
		for (i = 0; i < OPVS_HINT_WAYS; i++) {
			hint = READ_ONCE(way[i]);
			/* A packet may just be writing a new one here. */
			if (hint && hint_stale(hint, clock))
				cmpxchg64(&way[i], hint, 0);
		}
		cursor = (cursor + 1) % OPVS_HINT_BUCKETS;
	}
	return cursor;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_hints_sweep);
