/* SPDX-License-Identifier: GPL-2.0-only */
/* IPVS's synchronisation protocol: bytes of a datagram, and what they say. */
#ifndef OPVS_SYNC_WIRE_H
#define OPVS_SYNC_WIRE_H

#include <linux/bits.h>
#include <linux/netfilter.h>
#include <linux/siphash.h>
#include <linux/types.h>

#include <opvs/sync.h>

/* Least payload that has room for any one connection. */
#define OPVS_SYNC_LEN_MIN	512

/* What a director says to its partner beside connections.  ip_vs hears nothing. */
enum opvs_sync_word {
	OPVS_SYNC_NOTHING,
	OPVS_SYNC_ASK,		/* tell me all that you have */
	OPVS_SYNC_BEGIN,	/* what you asked for begins here */
	OPVS_SYNC_END,		/* and ends here, after so many messages of mine */
	OPVS_SYNC_WORDS,
};

/**
 * struct opvs_sync_message - a datagram that is read or written
 * @data: its bytes
 * @len: how many there are
 * @room: how many there may be; writers only
 * @at: where the next entry begins
 * @last: where the entry before it began; the header's end if there is none
 * @left: entries from @at on
 * @version: 0 or 1
 * @syncid: group of directors
 */
struct opvs_sync_message {
	u8		*data;
	unsigned int	len;
	unsigned int	room;
	unsigned int	at;
	unsigned int	last;
	unsigned int	left;
	u8		version;
	u8		syncid;
};

/* any context; pure functions of the bytes */
int opvs_sync_open(struct opvs_sync_message *msg, u8 *data, unsigned int len);
int opvs_sync_read(struct opvs_sync_message *msg,
		   struct opvs_sync_entry *entry);
enum opvs_sync_word opvs_sync_read_word(const struct opvs_sync_message *msg,
					u32 *number);
void opvs_sync_begin(struct opvs_sync_message *msg, u8 *data,
		     unsigned int room, u8 syncid);
bool opvs_sync_write(struct opvs_sync_message *msg,
		     const struct opvs_sync_entry *entry);
void opvs_sync_write_word(struct opvs_sync_message *msg,
			  enum opvs_sync_word word, u32 number);

/* seal.c: proof of who wrote a datagram */
#define OPVS_SYNC_SEAL_LEN	18
void opvs_sync_seal(struct opvs_sync_message *msg, const siphash_key_t *key,
		    u64 stamp);
bool opvs_sync_sealed(const struct opvs_sync_message *msg,
		      const siphash_key_t *key, u64 *stamp);

/* wire.c, for seal.c */
unsigned int opvs_sync_tail(const struct opvs_sync_message *msg);
void opvs_sync_grow(struct opvs_sync_message *msg, unsigned int bytes);

#endif /* OPVS_SYNC_WIRE_H */
