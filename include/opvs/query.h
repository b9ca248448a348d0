/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Asking the packets' path what it would do.
 *
 * The path decides for a query as it does for a packet, by the same functions,
 * and leaves nothing behind: what it would write for a packet it tells the
 * query.  The functions that each packet passes are compiled twice, with the
 * query as a constant NULL and with one; those that few packets come to test a
 * pointer.
 */
#ifndef OPVS_QUERY_H
#define OPVS_QUERY_H

#include <linux/minmax.h>
#include <linux/opvs.h>
#include <linux/string.h>
#include <linux/types.h>

#include <opvs/ops.h>
#include <opvs/pe.h>

struct opvs_conn;
struct opvs_dest;
struct opvs_svc;
struct opvs_what_if;

/**
 * struct opvs_query - a question to the path, and its answer
 * @what_if: a configuration other than the one in place, or NULL
 * @key: what the service's engine is to have found, or NULL: let it look
 * @key_len: bytes at @key
 * @later: a session with @key exists already
 * @cpu: CPU that the packet comes to
 *
 * @svc: the packet's service, or NULL
 * @view: what decided about its servers, or NULL
 * @dest: the server, or NULL
 * @owner: server that a hash of the key or address leads to, or NULL
 * @why: &enum opvs_why
 * @begins: it begins a session, as far as can be told
 * @remembered: an entry would be made that remembers the server
 * @turn: the turns of @cpu decided
 * @unsure: an equal packet may fare otherwise
 * @slots: number of slots of the hash, 0: it has none
 * @slot: the one that the hash leads to
 * @ends: an entry would end first, so that loads would be other ones
 * @per_packet: nothing remembers the server, so that loads did not count
 * @found_len: bytes at @found, 0: no key
 * @found: the key
 *
 * The pointers of the answer are valid within the RCU read section.
 */
struct opvs_query {
	const struct opvs_what_if	*what_if;
	const u8			*key;
	u16				key_len;
	bool				later;
	int				cpu;

	const struct opvs_svc		*svc;
	const struct opvs_view		*view;
	const struct opvs_dest		*dest;
	const struct opvs_dest		*owner;
	u8				why;
	bool				begins;
	bool				remembered;
	bool				turn;
	bool				unsure;
	bool				per_packet;
	bool				ends;
	u32				slots;
	u32				slot;
	u16				found_len;
	u8				found[OPVS_PE_KEY_MAX];
};

/* For packets, nothing. */
static __always_inline void opvs_query_why(struct opvs_query *query,
					   enum opvs_why why)
{
	if (unlikely(query))
		query->why = why;
}

/* As above, with a verdict for the caller to return. */
static __always_inline opvs_verdict_t
opvs_query_because(struct opvs_query *query, enum opvs_why why,
		   opvs_verdict_t verdict)
{
	opvs_query_why(query, why);
	return verdict;
}

static inline void opvs_query_key(struct opvs_query *query,
				  const struct opvs_sched_req *req)
{
	if (!req->key)
		return;
	query->found_len = min_t(u16, req->key_len, sizeof(query->found));
	memcpy(query->found, req->key, query->found_len);
}

/* RCU read side */
const struct opvs_view *opvs_query_view(const struct opvs_query *query,
					const struct opvs_svc *svc);
struct opvs_dest *opvs_query_dest(const struct opvs_query *query,
				  struct opvs_dest *dest);
void opvs_query_ends(struct opvs_query *query, const struct opvs_conn *cp);

#endif /* OPVS_QUERY_H */
