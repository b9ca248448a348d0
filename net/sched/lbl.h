/* SPDX-License-Identifier: GPL-2.0-only */
/* Locality: which servers an address had, for the schedulers lblc and lblcr. */
#ifndef OPVS_SCHED_LBL_H
#define OPVS_SCHED_LBL_H

#include <linux/netfilter.h>
#include <linux/rhashtable-types.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include <opvs/dest.h>
#include <opvs/limit.h>
#include <opvs/ops.h>
#include <opvs/query.h>

/* Most addresses that a service remembers. */
#define OPVS_LBL_MAX		65536

/* Most servers that one address has. */
#define OPVS_LBL_SERVERS	32

/**
 * struct opvs_lbl_entry - an address and its servers
 * @node: in opvs_lbl.table, RCU
 * @used: seconds when it was asked for last; READ_ONCE, WRITE_ONCE
 * @changed: seconds when it got these servers
 * @addr: destination address
 * @rcu: frees it
 * @count: number of servers, 1 to OPVS_LBL_SERVERS
 * @server: their opvs_dest.id, which no other server of the service will have
 *
 * But for @used it never changes: other servers are another entry, which takes
 * this one's place.
 */
struct opvs_lbl_entry {
	struct rhash_head	node;
	u32			used;
	u32			changed;
	union nf_inet_addr	addr;
	struct rcu_head		rcu;
	u32			count;
	u64			server[];
};

/**
 * struct opvs_lbl - what a service remembers of addresses
 * @state: first, as every scheduler's
 * @table: entries by address
 * @entries: how many, or are just being added
 * @all: these and those of the namespace's other services
 * @expiration: setting: seconds after which an unused entry is forgotten
 * @hurried: the next purge was called for before its time
 * @purge: forgets entries; asleep while there are none
 */
struct opvs_lbl {
	struct opvs_sched_state	state;
	struct rhashtable	table;
	struct opvs_limit	entries;
	struct opvs_limit	*all;
	const int		*expiration;
	bool			hurried;
	struct delayed_work	purge;
};

static inline struct opvs_lbl *opvs_lbl_of(const struct opvs_view *view)
{
	return container_of(view->state, struct opvs_lbl, state);
}

/* of &struct opvs_sched_ops */
struct opvs_sched_state *opvs_lbl_new(const int *expiration,
				      struct opvs_limit *all);
void opvs_lbl_free(struct opvs_sched_state *state);
ssize_t opvs_lbl_priv_size(const struct opvs_view *view,
			   const struct opvs_view *prev,
			   struct netlink_ext_ack *extack);
void opvs_lbl_build(struct opvs_view *view,
		    const struct opvs_view *prev);

/* entries; any context, RCU read side; @now in seconds */
u32 opvs_lbl_now(void);
u32 opvs_lbl_expiration(const int *setting);
u32 opvs_lbl_age(u32 then, u32 now);
const struct opvs_lbl_entry *opvs_lbl_peek(struct opvs_lbl *lbl,
					   const union nf_inet_addr *addr);
const struct opvs_lbl_entry *opvs_lbl_find(struct opvs_lbl *lbl,
					   const union nf_inet_addr *addr,
					   u32 now);
const struct opvs_lbl_entry *opvs_lbl_add(struct opvs_lbl *lbl,
					  const union nf_inet_addr *addr,
					  u64 server, u32 now);
bool opvs_lbl_replace(struct opvs_lbl *lbl, const struct opvs_lbl_entry *old,
		      const u64 *server, u32 count, u32 now);

/* process context */
void opvs_lbl_purge(struct opvs_lbl *lbl, u32 now);

/* servers; any context, RCU read side */
const struct opvs_view_member *
opvs_lbl_member(const struct opvs_view *view, u64 id);
struct opvs_dest *opvs_lbl_least(const struct opvs_view *view,
				 const struct opvs_sched_req *req);
bool opvs_lbl_busy(const struct opvs_view *view,
		   const struct opvs_view_member *member);

/**
 * struct opvs_lbl_rule - what distinguishes lblc and lblcr
 * @had: which of an address's servers serves it; NULL if another one is to.  If
 *	it is to keep them, the address's servers stay as they are
 * @give: note that it gets this one, by its id
 */
struct opvs_lbl_rule {
	struct opvs_dest *(*had)(const struct opvs_view *view,
				 const struct opvs_lbl_entry *entry, u32 now,
				 bool keep);
	void (*give)(const struct opvs_view *view,
		     const struct opvs_lbl_entry *entry, u64 id, u32 now);
};

/* The server that a packet would get; nothing is remembered, or forgotten. */
static inline struct opvs_dest *
opvs_lbl_would_pick(const struct opvs_view *view,
		    const struct opvs_sched_req *req,
		    const struct opvs_lbl_rule rule)
{
	const struct opvs_lbl_entry *entry;
	struct opvs_dest *had = NULL;

	entry = opvs_lbl_peek(opvs_lbl_of(view), &req->flow->daddr);
	if (entry)
		had = rule.had(view, entry, opvs_lbl_now(), true);
	opvs_query_why(req->query, had ? OPVS_WHY_LOCALITY : OPVS_WHY_LEAST);
	return had ?: opvs_lbl_least(view, req);
}

/* The server of a packet; as opvs_sched_ops.pick(). */
static __always_inline struct opvs_dest *
opvs_lbl_pick(const struct opvs_view *view,
	      const struct opvs_sched_req *req, const struct opvs_lbl_rule rule)
{
	const union nf_inet_addr *addr = &req->flow->daddr;
	const struct opvs_lbl_entry *entry, *other;
	struct opvs_lbl *lbl = opvs_lbl_of(view);
	struct opvs_dest *dest, *had;
	u32 now = opvs_lbl_now();

	if (unlikely(req->query))
		return opvs_lbl_would_pick(view, req, rule);
	entry = opvs_lbl_find(lbl, addr, now);
	had = likely(entry) ? rule.had(view, entry, now, false) : NULL;
	if (likely(had))
		return had;

	dest = opvs_lbl_least(view, req);
	if (!dest)
		return NULL;
	if (entry) {
		rule.give(view, entry, READ_ONCE(dest->id), now);
		return dest;
	}
	other = opvs_lbl_add(lbl, addr, READ_ONCE(dest->id), now);
	had = other ? rule.had(view, other, now, false) : NULL;
	return had ?: dest;
}

#endif /* OPVS_SCHED_LBL_H */
