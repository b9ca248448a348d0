// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who wrote a datagram: a keyed hash.
 *
 * IPVS's protocol believes whoever can send to the group.  With a key, which the
 * directors share, the last parameter of a datagram is a seal:
 *
 *	0	type and length
 *	2	time of writing, in nanoseconds, 64 bits
 *	10	SipHash of all that is in front, 64 bits
 *
 * ip_vs does not know the type and leaves it alone.  Times only grow, so that a
 * datagram that is sent again by another is known to be old.
 */
#include "wire.h"

#include <opvs/compat.h>
#include <opvs/kunit.h>

#include <linux/string.h>

#define SEAL_TYPE	(BIT(6) | 10)
#define SEAL_VALUE	(OPVS_SYNC_SEAL_LEN - 2)

/**
 * opvs_sync_seal() - seal a datagram; nothing can be added to it any more
 * @msg: datagram that was written
 * @key: the directors' key
 * @stamp: time of writing
 *
 * Context: any.
 */
void opvs_sync_seal(struct opvs_sync_message *msg, const siphash_key_t *key,
		    u64 stamp)
{
	unsigned int tail = opvs_sync_tail(msg);
	u8 *p = msg->data + tail;

	p[0] = SEAL_TYPE;
	p[1] = SEAL_VALUE;
	put_unaligned_be64(stamp, p + 2);
	memset(p + 10, 0, 8);
	/* The lengths are part of what is sealed. */
	opvs_sync_grow(msg, OPVS_SYNC_SEAL_LEN);
	put_unaligned_be64(siphash(msg->data, tail + 10, key), p + 10);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sync_seal);

/**
 * opvs_sync_sealed() - was a datagram sealed with a key?
 * @msg: datagram that was opened
 * @key: the directors' key
 * @stamp: result: when
 *
 * Context: any.
 */
bool opvs_sync_sealed(const struct opvs_sync_message *msg,
		      const siphash_key_t *key, u64 *stamp)
{
	unsigned int tail;
	const u8 *p;

	if (!msg->version)
		return false;
	tail = opvs_sync_tail(msg);
	/* What fills up the last four bytes is all that may follow. */
	if (tail < OPVS_SYNC_SEAL_LEN + 8 || msg->len - tail > 3 ||
	    memchr_inv(msg->data + tail, 0, msg->len - tail))
		return false;
	p = msg->data + tail - OPVS_SYNC_SEAL_LEN;
	if (p[0] != SEAL_TYPE || p[1] != SEAL_VALUE ||
	    get_unaligned_be64(p + 10) != siphash(msg->data, tail - 8, key))
		return false;
	*stamp = get_unaligned_be64(p + 2);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sync_sealed);
