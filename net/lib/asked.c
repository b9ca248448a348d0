// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtual addresses that clients asked.
 *
 * A service by firewall mark has whatever addresses and ports the rules mark, and
 * a one-packet request leaves no entry.  So what a client asked is remembered by
 * the two ends of the datagram that went to the server, which the answer has, too.
 *
 * A set-associative cache of fixed size: in a full bucket the one that was
 * written longest ago goes.  A record has more than a word, so that a bucket has a
 * sequence lock: whoever reads takes nothing, and whoever asks again within a few
 * seconds only reads.
 */
#include <opvs/asked.h>

#include <opvs/hint.h>
#include <opvs/kunit.h>

#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/random.h>

/* A record that is no older than that is not written again. */
#define ASKED_FRESH	4	/* seconds */

static_assert(sizeof(struct opvs_asked_ends) == 40, "is hashed: no holes");

static u64 asked_tag(const struct opvs_asked *asked,
		     const struct opvs_asked_ends *ends)
{
	return siphash(ends, sizeof(*ends), &asked->key) ?: 1;
}

/* Another CPU may have looked at the clock a moment later than this one. */
static u32 asked_age(const struct opvs_asked_way *way, u32 now)
{
	return max_t(s32, now - way->written, 0);
}

static bool is_known(const struct opvs_asked_way *way, u64 tag, u32 now)
{
	return way->tag == tag && asked_age(way, now) < OPVS_HINT_LIFETIME;
}

/* Takes a way out of a bucket as it was at one moment. */
static bool asked_read(const struct opvs_asked_bucket *bucket, u64 tag, u32 now,
		       struct opvs_asked_way *found)
{
	unsigned int seq;
	bool known;
	int i;

	do {
		seq = read_seqbegin(&bucket->lock);
		known = false;
		for (i = 0; i < OPVS_ASKED_WAYS && !known; i++) {
			*found = bucket->way[i];
			known = is_known(found, tag, now);
		}
	} while (read_seqretry(&bucket->lock, seq));
	return known;
}

/* The client's own, a free one, or the one that was written longest ago. */
static struct opvs_asked_way *way_for(struct opvs_asked_bucket *bucket, u64 tag,
				      u32 now)
{
	struct opvs_asked_way *way, *best = bucket->way;
	u32 age, most = 0;

	for (way = bucket->way; way < bucket->way + OPVS_ASKED_WAYS; way++) {
		if (way->tag == tag)
			return way;
		age = way->tag ? asked_age(way, now) : U32_MAX;
		if (age > most) {
			most = age;
			best = way;
		}
	}
	return best;
}

/**
 * opvs_asked_alloc() - nobody has asked yet
 *
 * Context: process.
 * Return: the memory, or NULL.
 */
struct opvs_asked *opvs_asked_alloc(void)
{
	struct opvs_asked *asked = kvzalloc(sizeof(*asked), GFP_KERNEL_ACCOUNT);
	int i;

	if (!asked)
		return NULL;
	get_random_bytes(&asked->key, sizeof(asked->key));
	for (i = 0; i < OPVS_ASKED_BUCKETS; i++)
		seqlock_init(&asked->bucket[i].lock);
	return asked;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_asked_alloc);

/**
 * opvs_asked_free() - forget all
 * @asked: that no packet sees; or NULL
 *
 * Context: process.
 */
void opvs_asked_free(struct opvs_asked *asked)
{
	kvfree(asked);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_asked_free);

/**
 * opvs_asked_note() - remember what a client asked
 * @asked: where
 * @ends: of the datagram that goes to the server
 * @addr: virtual address that the client asked
 * @port: its port
 * @now: seconds
 *
 * Context: BH disabled.
 * Return: false when the same was written a moment ago and nothing was done.
 */
bool opvs_asked_note(struct opvs_asked *asked,
		     const struct opvs_asked_ends *ends,
		     const union nf_inet_addr *addr, __be16 port, u32 now)
{
	u64 tag = asked_tag(asked, ends);
	struct opvs_asked_bucket *bucket;
	struct opvs_asked_way *way, found;

	bucket = &asked->bucket[tag % OPVS_ASKED_BUCKETS];
	if (asked_read(bucket, tag, now, &found) && found.port == port &&
	    nf_inet_addr_cmp(&found.addr, addr) &&
	    asked_age(&found, now) < ASKED_FRESH)
		return false;

	write_seqlock(&bucket->lock);
	way = way_for(bucket, tag, now);
	way->tag = tag;
	way->addr = *addr;
	way->port = port;
	way->written = now;
	write_sequnlock(&bucket->lock);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_asked_note);

/**
 * opvs_asked_find() - what did this client ask?
 * @asked: where
 * @ends: of the request that a server's packet would answer
 * @addr: result: the virtual address
 * @port: result: its port
 * @now: seconds
 *
 * Context: any.
 * Return: true if it is known, and not older than OPVS_HINT_LIFETIME.
 */
bool opvs_asked_find(const struct opvs_asked *asked,
		     const struct opvs_asked_ends *ends,
		     union nf_inet_addr *addr, __be16 *port, u32 now)
{
	u64 tag = asked_tag(asked, ends);
	struct opvs_asked_way found;

	if (!asked_read(&asked->bucket[tag % OPVS_ASKED_BUCKETS], tag, now,
			&found))
		return false;
	*addr = found.addr;
	*port = found.port;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_asked_find);
