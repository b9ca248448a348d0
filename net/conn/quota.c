// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits on entries: of all namespaces, of one, of a service; and which entry goes
 * when one is reached.
 */
#include "quota.h"

#include <opvs/conn.h>
#include <opvs/event.h>
#include <opvs/limit.h>
#include <opvs/netns.h>
#include <opvs/svc.h>

#include <linux/in.h>

/* Packets after which a one-packet service's template is a call in progress. */
#define TEMPLATE_IN_USE		2

/* Expired entries that are reclaimed at most before one is refused. */
#define RECLAIM_MAX		64

static bool limits_try(struct opvs_net *on, struct opvs_svc *svc)
{
	if (unlikely(!opvs_limit_take(on->conn.everywhere)))
		return false;
	if (unlikely(!opvs_limit_take(&on->conn.limit)))
		goto release_all;
	if (unlikely(!opvs_limit_take(&svc->conns)))
		goto release_net;
	return true;

release_net:
	opvs_limit_release(&on->conn.limit);
release_all:
	opvs_limit_release(on->conn.everywhere);
	return false;
}

/**
 * opvs_quota_release() - an entry that had a place is gone
 * @svc: its service
 *
 * Context: any.
 */
void opvs_quota_release(struct opvs_net *on, struct opvs_svc *svc)
{
	opvs_limit_release(&svc->conns);
	opvs_limit_release(&on->conn.limit);
	opvs_limit_release(on->conn.everywhere);
}

/* An entry that is half-open, closing or one-sided can go when the table is
 * full.  One that has children or carries an established connection stays.
 */
static bool expendable(const struct opvs_expiring *e)
{
	const struct opvs_conn *cp = container_of(e, struct opvs_conn, expiring);
	u32 word = READ_ONCE(cp->word);

	if (atomic_read(&cp->children))
		return false;
	/* Packets of one-packet services leave no children, but a count. */
	if (opvs_conn_is_template(cp))
		return !(word & OPVS_CONN_ASSURED) &&
		       atomic_read(&cp->in_pkts) < TEMPLATE_IN_USE;
	if (!(word & OPVS_CONN_ASSURED))
		return true;
	/* UDP is never active; it has no packet that closes. */
	return !(word & OPVS_CONN_ACTIVE) &&
	       cp->request.tuple.proto != IPPROTO_UDP;
}

static void count_refusal(struct opvs_net *on, struct opvs_svc *svc)
{
	if (opvs_limit_reached(on->conn.everywhere)) {
		opvs_count(on, REFUSED_GLOBAL);
		opvs_event_limit(on, svc, OPVS_LIMIT_KIND_EVERYWHERE);
	} else if (opvs_limit_reached(&on->conn.limit)) {
		opvs_count(on, REFUSED_NETNS);
		opvs_event_limit(on, svc, OPVS_LIMIT_KIND_NETNS);
	} else {
		opvs_count(on, REFUSED_SERVICE);
		opvs_event_limit(on, svc, OPVS_LIMIT_KIND_SERVICE);
	}
}

/**
 * opvs_conn_limits_reached() - has a service no room for an entry?
 * @svc: service
 *
 * opvs_conn_begin() may make some, by ending what has expired or would be missed
 * least.
 *
 * Context: any.
 */
bool opvs_conn_limits_reached(const struct opvs_net *on,
			      const struct opvs_svc *svc)
{
	return opvs_limit_reached(on->conn.everywhere) ||
	       opvs_limit_reached(&on->conn.limit) ||
	       opvs_limit_reached(&svc->conns);
}

/* Is there room if one goes?  A limit that was lowered ends nothing. */
static bool one_would_do(const struct opvs_limit *limit)
{
	u32 max = READ_ONCE(limit->max);

	return max != OPVS_LIMIT_NOTHING &&
	       (!max || (u32)atomic_read(&limit->count) <= max);
}

/**
 * opvs_quota_take() - a place for one more entry
 * @svc: its service
 *
 * Makes room before it refuses: first by what has expired, then by the live
 * entry that would be missed least.
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: true, and opvs_quota_release() gives it back; false when a limit is
 * reached, counted and told.
 */
bool opvs_quota_take(struct opvs_net *on, struct opvs_svc *svc)
{
	u32 now = jiffies;

	if (likely(limits_try(on, svc)))
		return true;
	if (opvs_expire_reclaim(&on->conn.expire, now, RECLAIM_MAX) &&
	    limits_try(on, svc))
		return true;
	/* Another service's entry would not make room in this one. */
	if (!opvs_limit_reached(&svc->conns) && one_would_do(&on->conn.limit) &&
	    one_would_do(on->conn.everywhere) &&
	    opvs_expire_evict(&on->conn.expire, now, expendable)) {
		opvs_count(on, CONN_EVICTED);
		if (limits_try(on, svc))
			return true;
	}
	count_refusal(on, svc);
	return false;
}
