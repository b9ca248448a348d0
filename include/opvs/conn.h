/* SPDX-License-Identifier: GPL-2.0-only */
/* Connection entries: one-packet entries, tracked connections, templates. */
#ifndef OPVS_CONN_H
#define OPVS_CONN_H

#include <linux/cache.h>
#include <linux/ip_vs.h>
#include <linux/llist.h>
#include <linux/netfilter.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/types.h>

#include <opvs/expire.h>
#include <opvs/types.h>

struct opvs_control;
struct opvs_dest;
struct opvs_net;
struct opvs_pe_ops;
struct opvs_svc;

/* The key by which a node in the table is found. */
enum opvs_tuple_kind {
	OPVS_TUPLE_REQUEST,	/* client to virtual address */
	OPVS_TUPLE_REPLY,	/* real server to client */
	OPVS_TUPLE_TEMPLATE,	/* masked client to virtual address */
};

/**
 * struct opvs_tuple - addresses and ports of a packet
 * @src: source address
 * @dst: destination address; of a firewall-mark template, the mark
 * @sport: source port
 * @dport: destination port
 * @ports: both
 * @family: NFPROTO_*
 * @proto: transport protocol; 0 in templates of firewall-mark services
 * @kind: &enum opvs_tuple_kind.  Packets do not know it: a request and a reply
 *	with equal addresses would be the same to a lookup, so the table has at
 *	most one of them
 * @unused: 0
 *
 * Down to @dport in the order of &struct opvs_flow: hashed as a whole.
 */
struct opvs_tuple {
	union nf_inet_addr	src;
	union nf_inet_addr	dst;
	union {
		struct {
			__be16	sport;
			__be16	dport;
		};
		u32		ports;
	};
	u8			family;
	u8			proto;
	u8			kind;
	u8			unused;
};

struct opvs_conn_node {
	struct rhash_head	node;
	struct opvs_tuple	tuple;
};

/**
 * struct opvs_conn_ext - what few connections have
 * @pe: engine that found @key
 * @key_len: bytes at @key
 * @key: e.g. the Call-ID
 */
struct opvs_conn_ext {
	const struct opvs_pe_ops	*pe;
	u16				key_len;
	u8				key[];
};

/* Bits of opvs_conn.word above the protocol's state number. */
#define OPVS_CONN_STATE		0xffU
#define OPVS_CONN_ACTIVE	BIT(8)	/* counted as active by the server */
#define OPVS_CONN_NO_OUTPUT	BIT(9)	/* replies do not pass the director */
#define OPVS_CONN_ENDED		BIT(10)	/* counted out; no state counts more */
#define OPVS_CONN_SHARED	BIT(11)	/* one-packet entry with another reference */
#define OPVS_CONN_ASSURED	BIT(12)	/* both sides have spoken */
#define OPVS_CONN_LINGERS	BIT(13)	/* template kept only by its children */
#define OPVS_CONN_FOREIGN	BIT(14)	/* a partner told of it, and no packet since */
#define OPVS_CONN_DUE		BIT(15)	/* waits until a partner is told of it */

/* Above them, of a tracked connection: packets of the client.  The count stops
 * where it has told a connection in use from a mere attempt.
 */
#define OPVS_CONN_PKT		BIT(16)
#define OPVS_CONN_PKTS_MAX	16
#define OPVS_CONN_PKTS		(31 * OPVS_CONN_PKT)

/* Of entries of which a partner is told. */
#define OPVS_CONN_TOLD		BIT(21)	/* its changes are told at once */
#define OPVS_CONN_LOOKED	BIT(22)	/* the sweeper has come by */
#define OPVS_CONN_RETRY		BIT(23)	/* one more time that it is told of again */
#define OPVS_CONN_RETRIES	(3 * OPVS_CONN_RETRY)
#define OPVS_CONN_AGAIN		BIT(25)	/* its next look tells whatever it sees */

/* State numbers of templates, as IPVS shows them. */
enum opvs_template_state {
	OPVS_TEMPLATE_S_NONE,
	OPVS_TEMPLATE_S_ASSURED,
};

/* Of opvs_conn.flags, above IP_VS_CONN_F_*.  Exceptions are templates of stateless
 * services, which remember that a session is not at the server that its key names.
 * Those of sessions whose key moved go when the draining ends.
 */
#define OPVS_CONN_F_EXCEPTION	BIT(31)
#define OPVS_CONN_F_MOVED	BIT(30)
#define OPVS_CONN_F_REWRITES	BIT(29)	/* the method changes addresses */
#define OPVS_CONN_F_CONTROL	BIT(28)	/* tells of other connections */
#define OPVS_CONN_F_OWN		GENMASK(31, 28)	/* what clients are not shown */

/**
 * struct opvs_conn - a connection entry
 * @request: found by packets of the client, or the template's key
 * @dest: real server, referenced until the entry ends, unless it is a one-packet
 *	entry that is not shared; constant
 * @flags: IP_VS_CONN_F_*, the forwarding method among them; constant
 * @word: the protocol's state, OPVS_CONN_* bits and a count; by cmpxchg
 * @reply: found by packets of the server, with methods that rewrite.  Its
 *	source is the server's address and port whatever the method
 * @on: namespace; constant
 * @expiring: in the namespace's expiry engine, until the entry ends
 * @control: template or control connection that the entry came of, holds a
 *	reference; constant
 * @ext: or NULL; constant
 * @app: of a control connection, OPVS_CONN_F_CONTROL; else not set; constant
 * @due_template: of a template: where it waits, with OPVS_CONN_DUE
 * @request_hash: what @request is filed by; constant once in the table
 * @reply_hash: what @reply is filed by; constant once in the table
 * @ref: references; the last one frees the entry after a grace period
 * @children: entries that came of this template or control connection
 * @in_pkts: of a template: packets of the client; see opvs_conn_in_pkts()
 * @timeout: of a template: seconds; constant
 * @due: of a connection: where it waits, with OPVS_CONN_DUE
 *
 * A one-packet entry is bound to its server, counted there and seen by the
 * transmit method like any other, but is in no table and on no expiry list.
 */
struct opvs_conn {
	/* what finding it and sending a packet reads */
	struct opvs_conn_node		request;
	struct opvs_dest		*dest;
	u32				flags;
	u32				word;
	struct opvs_conn_node		reply;
	struct opvs_net			*on;
	/* the time is in the same line, all else in the next */
	struct opvs_expiring		expiring;
	/* cold */
	struct opvs_conn		*control;
	struct opvs_conn_ext		*ext;
	union {
		struct opvs_control	*app;
		struct llist_node	due_template;
	};
	u32				request_hash;
	u32				reply_hash;
	refcount_t			ref;
	atomic_t			children;
	union {
		struct {
			atomic_t	in_pkts;
			u32		timeout;
		};
		struct llist_node	due;
	};
};

/* one-packet entries */
struct opvs_conn *opvs_conn_one_packet(struct opvs_net *on,
				       const struct opvs_flow *flow,
				       struct opvs_dest *dest);
bool __must_check opvs_conn_get(struct opvs_conn *cp);
void opvs_conn_put(struct opvs_conn *cp);

/**
 * struct opvs_conn_start - what a tracked connection begins with
 * @tuple: of its first packet; of a template, its key
 * @dest: server
 * @control: template or control connection that it comes of, or NULL
 * @server_port: the server's port, where that is not the usual one; else 0
 * @app: of a control connection: port that it comes to, 1 for the first; else 0
 * @bound: there is none, but would be one: it is only asked what would happen
 * @flags: IP_VS_CONN_F_* beyond the method
 * @word: the protocol's state after the first packet, and OPVS_CONN_* bits
 * @seconds: timeout
 * @pe: engine that found @key, or NULL; templates only
 * @key: the engine's key
 * @key_len: bytes at @key
 * @yields: asked when the server's replies would look like those of another
 *	entry: is that one to end for this one's sake?  NULL: none is
 */
struct opvs_conn_start {
	struct opvs_tuple		tuple;
	struct opvs_dest		*dest;
	struct opvs_conn		*control;
	__be16				server_port;
	u8				app;
	u32				flags;
	u32				word;
	u32				seconds;
	const struct opvs_pe_ops	*pe;
	const u8			*key;
	u16				key_len;
	bool				bound;
	bool				(*yields)(const struct opvs_conn_start *start,
						  const struct opvs_conn *old);
};

/* tracked connections and templates; RCU read side */
struct opvs_conn *opvs_conn_begin(struct opvs_net *on,
				  const struct opvs_conn_start *start,
				  bool *raced);
bool opvs_conn_limits_reached(const struct opvs_net *on,
			      const struct opvs_svc *svc);
bool opvs_conn_set_word(struct opvs_conn *cp, u32 *seen, u32 word);
void opvs_conn_own(struct opvs_conn *tp);

/* memory; for net/conn only */
struct opvs_conn *opvs_conn_alloc(const struct opvs_conn_start *start);

/**
 * struct opvs_conn_walk - a place among all connections of a namespace
 * @at: position in the order of hashes
 * @after: the entry seen last there
 * @end: position before which to stop, 0: go through all
 *
 * Starts zeroed.  Survives growth and shrinking of the table, and any time
 * without a lock between two steps.
 */
struct opvs_conn_walk {
	u64		at;
	unsigned long	after;
	u64		end;
};

struct opvs_conn *opvs_conn_walk_next(struct opvs_net *on,
				      struct opvs_conn_walk *walk);
void opvs_conn_end_where(struct opvs_net *on,
			 bool (*over)(const struct opvs_conn *cp));
bool opvs_conn_end(struct opvs_conn *cp);
bool opvs_conn_expire(struct opvs_conn *cp);
u32 opvs_conn_seconds_left(const struct opvs_conn *cp);
u32 opvs_conn_table_size(struct opvs_net *on);
bool opvs_conn_outlived_drain(const struct opvs_conn *cp);

/**
 * opvs_conn_dead_at() - has an entry expired, or is it being ended?
 * @cp: connection or template
 * @now: jiffies
 *
 * An entry with children has not expired, though its time may be over: the sweeper
 * will prolong it.
 *
 * Context: any.
 */
static inline bool opvs_conn_dead_at(const struct opvs_conn *cp, u32 now)
{
	u32 expires = READ_ONCE(cp->expiring.expires);

	if (expires & OPVS_EXPIRE_DYING)
		return true;
	return (s32)(expires - now) <= 0 && !atomic_read(&cp->children);
}

static inline bool opvs_conn_dead(const struct opvs_conn *cp)
{
	return opvs_conn_dead_at(cp, jiffies);
}

static inline bool opvs_conn_is_template(const struct opvs_conn *cp)
{
	return cp->request.tuple.kind == OPVS_TUPLE_TEMPLATE;
}

/* Did an entry come of a control connection, and not of a template? */
static inline bool opvs_conn_was_expected(const struct opvs_conn *cp)
{
	return cp->control && !opvs_conn_is_template(cp->control);
}

/* Goes past the service, by cache_bypass: its server is one in name only. */
static inline bool opvs_conn_is_bypass(const struct opvs_conn *cp)
{
	return (cp->flags & IP_VS_CONN_F_FWD_MASK) == IP_VS_CONN_F_BYPASS;
}

/* Its method changes addresses.  One-packet entries know if they are tracked. */
static inline bool opvs_conn_rewrites(const struct opvs_conn *cp)
{
	return cp->flags & OPVS_CONN_F_REWRITES;
}

/**
 * opvs_conn_in_pkts() - how many packets of the client went this way
 * @cp: connection or template
 *
 * Context: any.
 * Return: the number; of a tracked connection OPVS_CONN_PKTS_MAX at most, to
 * keep its lines clean.
 */
static inline u32 opvs_conn_in_pkts(const struct opvs_conn *cp)
{
	if (opvs_conn_is_template(cp))
		return atomic_read(&cp->in_pkts);
	return (READ_ONCE(cp->word) & OPVS_CONN_PKTS) / OPVS_CONN_PKT;
}

int opvs_conn_init(void);
void opvs_conn_exit(void);
int opvs_conn_net_start(struct opvs_net *on);
void opvs_conn_net_stop(struct opvs_net *on);
void opvs_conn_net_drain(struct opvs_net *on);
void opvs_conn_net_exit(struct opvs_net *on);

#endif /* OPVS_CONN_H */
