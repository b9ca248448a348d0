/* SPDX-License-Identifier: GPL-2.0-only */
/* Persistence engines: what in a datagram says where it belongs.
 *
 * An engine reads the payload of one datagram and points at the bytes that all
 * datagrams of the same call, session or user share.  It is a pure function of
 * these bytes: no state, no allocation, no packet structures.  How the key is
 * turned into a server is not its business.
 */
#ifndef OPVS_PE_H
#define OPVS_PE_H

#include <linux/types.h>

/* A key never exceeds this, so that it can be kept with a connection. */
#define OPVS_PE_KEY_MAX		255

/* Bytes of a datagram that tell its role. */
#define OPVS_PE_ROLE_BYTES	32

/* Bytes of a datagram, from its first, that the SIP engine looks at. */
#define OPVS_SIP_SCAN_MAX	16384

enum opvs_pe_verdict {
	OPVS_PE_KEY,	/* key found */
	OPVS_PE_NONE,	/* the datagram has no key, whatever follows */
	OPVS_PE_MORE,	/* not decided by the bytes shown, and there are more */
};

/* Of a datagram that has a key. */
enum opvs_pe_phase {
	OPVS_PE_LATER,		/* belongs to a session that exists already */
	OPVS_PE_FIRST,		/* may be the first of its session */
	OPVS_PE_UNSURE,		/* not decided by the bytes shown, of more */
};

/* The role of a datagram in the session that its key names. */
enum opvs_pe_role {
	OPVS_PE_ANSWER,		/* to a request that came before */
	OPVS_PE_QUERY,		/* a request that is over with its answer */
	OPVS_PE_SESSION,	/* a request of a session that may last */
};

/**
 * struct opvs_pe_key - affinity key, a slice of the payload
 * @data: first byte, inside the payload given to find()
 * @len: 1 to OPVS_PE_KEY_MAX bytes
 *
 * Valid as long as the payload stays where it is.
 */
struct opvs_pe_key {
	const u8 *data;
	u16 len;
};

/**
 * struct opvs_pe_ops - a persistence engine
 * @name: as in ipvsadm --pe, at most 16 characters
 * @proto: IPPROTO_* that it can read
 * @scan_max: find() looks at no byte from this offset on, so more than that
 *	need never be shown to it
 * @find: looks for the key of the datagram whose first @len bytes are @payload;
 *	@complete says that these are the whole datagram, else they are its head
 *	(the linear part of a packet, or what an ICMP error quotes).
 *	Sets *@key if it returns OPVS_PE_KEY and leaves it alone otherwise.
 *	OPVS_PE_MORE is returned only if @complete is false and @len is below
 *	@scan_max: show more and ask again.  The answer does not depend on how
 *	many bytes were shown first: once it is not OPVS_PE_MORE, showing more
 *	would not have changed it.  Callable from any context.
 * @phase: of a datagram in which @find found a key: may it begin a session?
 *	Arguments as of @find.  OPVS_PE_UNSURE only if @complete is false and
 *	@len is below @scan_max
 * @role: of a datagram that begins with these @len bytes; OPVS_PE_ROLE_BYTES
 *	tell, if it has no fewer.  Means nothing if it has no key
 */
struct opvs_pe_ops {
	const char *name;
	u8 proto;
	unsigned int scan_max;
	enum opvs_pe_verdict (*find)(const u8 *payload, unsigned int len,
				     bool complete, struct opvs_pe_key *key);
	enum opvs_pe_phase (*phase)(const u8 *payload, unsigned int len,
				    bool complete);
	enum opvs_pe_role (*role)(const u8 *payload, unsigned int len);
};

extern const struct opvs_pe_ops opvs_pe_sip;

const struct opvs_pe_ops *opvs_pe_find(const char *name);
const struct opvs_pe_ops *opvs_pe_nth(size_t n);

#endif /* OPVS_PE_H */
