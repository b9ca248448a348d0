// SPDX-License-Identifier: GPL-2.0-only
/*
 * Choosing a server by an engine's key alone, without templates.
 *
 * A message goes to the owner of its key.  As long as the owners stay the same,
 * only that the key was seen is remembered (recent.c).  When they change, the
 * service drains for a while, and a session's former owner still gets its
 * messages: those that say that they belong to a session, and those whose key
 * was seen recently, for they may be retransmissions.  A session that
 * begins goes to the new owner.  If that is not where its next messages would
 * go, an exception remembers it: a template, found by the key from whatever
 * client it comes.  So the memory that a change costs is one exception for each
 * new session with a key that moved.
 *
 * An overloaded owner keeps its sessions and gets no new ones.  With a fallback
 * these go to another server, and an exception remembers that, too.
 *
 * Two CPUs may see the first message of a session at once, sent twice.  A key is
 * noted after its exception is made, and looked for before exceptions are, so a
 * CPU that finds the key noted finds the exception as well.  If both make the
 * same exception, the later one gets the earlier one's.
 */
#include <opvs/path.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/netns.h>
#include <opvs/ops.h>
#include <opvs/recent.h>
#include <opvs/sched.h>
#include <opvs/svc.h>
#include <opvs/table.h>
#include <opvs/query.h>

#include <linux/err.h>
#include <linux/hash.h>
#include <linux/ip_vs.h>
#include <linux/jiffies.h>

static bool has_exceptions(const struct opvs_svc *svc)
{
	return atomic_read(&svc->exceptions);
}

static struct opvs_conn *exception_find(struct opvs_net *on,
					const struct opvs_svc *svc,
					const struct opvs_view *view,
					const struct opvs_sched_req *req)
{
	struct opvs_table_key key = {
		.pe		= view->pe,
		.key		= req->key,
		.key_len	= req->key_len,
		.now		= jiffies,
	};
	struct opvs_conn_node *node;

	opvs_template_tuple(&key.tuple, svc, req->flow, 0);
	node = opvs_table_find(on, &key);
	return node ? opvs_conn_of(node) : NULL;
}

/* Its server was removed, or the draining that it was made for is over.  The
 * latter is asked of the view that is in place now: a packet may still see the
 * one before or, the exception being new, the one before that.
 */
static bool exception_is_void(const struct opvs_view *view,
			      const struct opvs_conn *tp)
{
	return READ_ONCE(tp->dest->removed) ||
	       (!view->drains && opvs_conn_outlived_drain(tp));
}

/* What exception_follow() would find. */
static struct opvs_conn *exception_peek(struct opvs_net *on,
					const struct opvs_svc *svc,
					const struct opvs_view *view,
					const struct opvs_sched_req *req)
{
	struct opvs_conn *tp = exception_find(on, svc, view, req);

	if (!tp || (!exception_is_void(view, tp) &&
		    opvs_query_dest(req->query, tp->dest)))
		return tp;
	opvs_query_ends(req->query, tp);
	return NULL;
}

/* Keeps it alive, unless it is void. */
static struct opvs_conn *exception_follow(struct opvs_net *on,
					  const struct opvs_svc *svc,
					  const struct opvs_view *view,
					  const struct opvs_sched_req *req)
{
	struct opvs_conn *tp = exception_find(on, svc, view, req);

	if (!tp)
		return NULL;
	if (unlikely(exception_is_void(view, tp))) {
		opvs_conn_end(tp);
		return NULL;
	}
	if (!opvs_expire_refresh(&on->conn.expire, &tp->expiring, jiffies,
				 tp->timeout * HZ))
		return NULL;
	if (unlikely(READ_ONCE(tp->word) & OPVS_CONN_FOREIGN))
		opvs_conn_own(tp);
	return tp;
}

/* The server of a message that has no exception and begins no session. */
static struct opvs_dest *seat_of_old(const struct opvs_seat *seat)
{
	return seat->former ?: seat->owner;
}

/* It could not be remembered: only where it will be looked for is it served. */
static opvs_verdict_t session_forget(const struct opvs_seat *seat,
				     struct opvs_choice *choice, long err)
{
	struct opvs_dest *dest = seat_of_old(seat);

	if (!dest || !opvs_dest_available(dest))
		return opvs_track_failed(err);
	choice->dest = dest;
	return OPVS_GO_ON;
}

/* An exception, or why there is none. */
static struct opvs_conn *exception_make(struct opvs_net *on,
					const struct opvs_svc *svc,
					const struct opvs_view *view,
					const struct opvs_sched_req *req,
					const struct opvs_seat *seat,
					struct opvs_dest *dest, u32 seconds)
{
	struct opvs_conn_start start = {
		.dest		= dest,
		.flags		= IP_VS_CONN_F_TEMPLATE | OPVS_CONN_F_EXCEPTION,
		.seconds	= seconds,
		.pe		= view->pe,
		.key		= req->key,
		.key_len	= req->key_len,
	};
	struct opvs_conn *tp;
	bool raced;

	/* If not, it is elsewhere also when the draining is over. */
	if (dest == seat->owner)
		start.flags |= OPVS_CONN_F_MOVED;
	opvs_template_tuple(&start.tuple, svc, req->flow, 0);
	tp = opvs_conn_begin(on, &start, &raced);
	if (!IS_ERR(tp) && !raced)
		opvs_count(on, AFFINITY_EXCEPTIONS);
	return tp;
}

static opvs_verdict_t session_remember(struct opvs_net *on,
				       const struct opvs_svc *svc,
				       const struct opvs_view *view,
				       const struct opvs_sched_req *req,
				       const struct opvs_seat *seat,
				       struct opvs_choice *choice)
{
	struct opvs_conn *tp;

	tp = exception_make(on, svc, view, req, seat, choice->dest,
			    view->drain_seconds);
	/* The server is going away; the session's next message begins anew. */
	if (unlikely(tp == ERR_PTR(-ESTALE)))
		return OPVS_GO_ON;
	if (IS_ERR(tp)) {
		opvs_count(on, AFFINITY_FORGOTTEN);
		return session_forget(seat, choice, PTR_ERR(tp));
	}
	choice->control = tp;
	choice->dest = tp->dest;
	return OPVS_GO_ON;
}

static opvs_verdict_t session_would_remember(const struct opvs_net *on,
					     const struct opvs_svc *svc,
					     const struct opvs_seat *seat,
					     struct opvs_choice *choice,
					     struct opvs_query *query)
{
	if (!opvs_conn_limits_reached(on, svc)) {
		query->remembered = true;
		return OPVS_GO_ON;
	}
	query->why = OPVS_WHY_LIMIT;
	query->unsure = true;
	return session_forget(seat, choice, -EDQUOT);
}

static opvs_verdict_t session_begin(struct opvs_net *on,
				    const struct opvs_svc *svc,
				    const struct opvs_view *view,
				    const struct opvs_sched_req *req,
				    const struct opvs_seat *seat,
				    struct opvs_choice *choice)
{
	struct opvs_query *query = req->query;

	choice->dest = unlikely(query) ? opvs_sched_peek(view, req) :
					 view->ops->pick(view, req);
	if (!choice->dest)
		return OPVS_VERDICT(DROP_NO_SERVER);
	if (!seat->moved && choice->dest == seat->owner)
		return OPVS_GO_ON;
	if (unlikely(query))
		return session_would_remember(on, svc, seat, choice, query);
	return session_remember(on, svc, view, req, seat, choice);
}

static opvs_verdict_t session_go_on(struct opvs_net *on,
				    const struct opvs_seat *seat,
				    struct opvs_choice *choice,
				    struct opvs_query *query)
{
	choice->dest = seat_of_old(seat);
	if (!choice->dest)
		return opvs_query_because(query, OPVS_WHY_NO_SERVER,
					  OPVS_VERDICT(DROP_NO_SERVER));
	if (choice->dest == seat->owner)
		opvs_query_why(query, OPVS_WHY_OWNER);
	else if (unlikely(query))
		query->why = OPVS_WHY_FORMER;
	else
		opvs_count(on, AFFINITY_FORMER);
	return OPVS_GO_ON;
}

/* Is the owner the one of before, and does it take new sessions? */
static bool seat_is_quiet(const struct opvs_seat *seat)
{
	return !seat->moved && seat->owner &&
	       !READ_ONCE(seat->owner->overloaded);
}

/* All services of a namespace leave their marks in the same place. */
static u64 recent_hash(const struct opvs_svc *svc,
		       const struct opvs_sched_req *req)
{
	return req->hash + svc->id * GOLDEN_RATIO_64;
}

static bool may_begin(struct sk_buff *skb, const struct opvs_view *view,
		      struct opvs_sched_req *req)
{
	struct opvs_query *query = req->query;

	if (likely(!query))
		return opvs_may_begin(skb, view->pe, req);
	query->begins = query->key ? !query->later :
				     opvs_may_begin(skb, view->pe, req);
	return query->begins;
}

/* Where the key's owner is not asked, the query wants to know it. */
static void tell_owner(const struct opvs_view *view,
		       const struct opvs_sched_req *req)
{
	struct opvs_query *query = req->query;

	if (view->ops->owner)
		query->owner = view->ops->owner(view, req, &query->slots,
						&query->slot);
}

/* @query is what @req has, and for packets a constant NULL. */
static __always_inline opvs_verdict_t
affinity_choose(struct opvs_net *on, struct opvs_svc *svc,
		const struct opvs_view *view, struct sk_buff *skb,
		struct opvs_sched_req *req, struct opvs_choice *choice,
		struct opvs_query *query)
{
	u64 hash = recent_hash(svc, req);
	opvs_verdict_t verdict = OPVS_GO_ON;
	enum opvs_recent_verdict seen;
	struct opvs_seat seat;

	seen = opvs_recent_seen(view->recent, hash, jiffies);
	if (unlikely(has_exceptions(svc)))
		choice->control = query ?
				  exception_peek(on, svc, view, req) :
				  exception_follow(on, svc, view, req);
	if (choice->control) {
		choice->dest = choice->control->dest;
		if (query)
			choice->dest = opvs_query_dest(query, choice->dest);
		opvs_query_why(query, OPVS_WHY_EXCEPTION);
	} else {
		view->ops->seat(view, req, &seat);
		if (likely(seat_is_quiet(&seat))) {
			choice->dest = seat.owner;
			opvs_query_why(query, OPVS_WHY_OWNER);
		} else if (seen == OPVS_RECENT_NEW &&
			   may_begin(skb, view, req)) {
			verdict = session_begin(on, svc, view, req, &seat,
						choice);
		} else {
			verdict = session_go_on(on, &seat, choice, query);
		}
	}
	if (query)
		return verdict;
	/* A client that is refused now is to be refused again. */
	if (seen != OPVS_RECENT_FRESH && verdict == OPVS_GO_ON)
		opvs_recent_note(view->recent, hash, jiffies);
	if (unlikely(!READ_ONCE(svc->used)))
		WRITE_ONCE(svc->used, true);
	return verdict;
}

/**
 * opvs_affinity_choose() - choose the server of a message with a key
 * @svc: one-packet service
 * @view: its view, which is stateless
 * @skb: message
 * @req: its key and hash
 * @choice: result
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: OPVS_GO_ON and @choice, or why there is none.
 */
opvs_verdict_t opvs_affinity_choose(struct opvs_net *on,
				    struct opvs_svc *svc,
				    const struct opvs_view *view,
				    struct sk_buff *skb,
				    struct opvs_sched_req *req,
				    struct opvs_choice *choice)
{
	return affinity_choose(on, svc, view, skb, req, choice, NULL);
}

/**
 * opvs_affinity_peek() - which server would a message with a key get?
 * @svc: one-packet service
 * @view: a view of it, which is stateless
 * @skb: message
 * @req: its key and hash, with a query, which is told why
 * @choice: result
 *
 * Context: BH disabled, RCU read side, cfg_lock held.
 * Return: as of opvs_affinity_choose().
 */
opvs_verdict_t opvs_affinity_peek(struct opvs_net *on, struct opvs_svc *svc,
				  const struct opvs_view *view,
				  struct sk_buff *skb,
				  struct opvs_sched_req *req,
				  struct opvs_choice *choice)
{
	struct opvs_query *query = req->query;
	u64 hash = recent_hash(svc, req);

	tell_owner(view, req);
	/* A message that is sent once more begins nothing. */
	if (opvs_recent_seen(view->recent, hash, jiffies) == OPVS_RECENT_NEW)
		may_begin(skb, view, req);
	return affinity_choose(on, svc, view, skb, req, choice, query);
}

/* Would a session's next message find that server without an exception? */
static bool seat_is_at(const struct opvs_seat *seat,
		       const struct opvs_dest *dest)
{
	return !seat->moved && seat->owner == dest;
}

/**
 * opvs_affinity_claim() - have a session's messages go to a server
 * @svc: one-packet service
 * @view: its view, which is stateless
 * @req: the server's request, as its peer would have sent it
 * @dest: the server
 * @role: what the request is to the session.  An exception for a mere query goes
 *	when its answer cannot be waited for any more: servers that ping each of
 *	their clients by queries would fill the table
 *
 * Makes an exception unless the key leads there by itself, now and when the
 * service does not drain any more.  One that leads elsewhere is ended.
 *
 * Context: softirq or BH disabled, RCU read side.
 */
void opvs_affinity_claim(struct opvs_net *on, const struct opvs_svc *svc,
			 const struct opvs_view *view,
			 struct opvs_sched_req *req, struct opvs_dest *dest,
			 enum opvs_pe_role role)
{
	struct opvs_conn *tp = NULL;
	struct opvs_seat seat;

	req->hash = opvs_sched_hash(view, req);
	if (has_exceptions(svc))
		tp = exception_follow(on, svc, view, req);
	if (tp && tp->dest == dest)
		return;
	if (tp)
		opvs_conn_end(tp);
	view->ops->seat(view, req, &seat);
	if (seat_is_at(&seat, dest))
		return;
	tp = exception_make(on, svc, view, req, &seat, dest,
			    role == OPVS_PE_QUERY ? OPVS_RECENT_SECONDS :
						    view->drain_seconds);
	if (!IS_ERR(tp))
		opvs_count(on, AFFINITY_CLAIMED);
	else if (tp != ERR_PTR(-ESTALE))
		opvs_count(on, AFFINITY_FORGOTTEN);
}

/**
 * opvs_affinity_quoted() - which server has the session of a quoted message?
 * @svc: one-packet service
 * @view: its view, which is stateless
 * @req: the message's key
 *
 * A quoted packet was sent before, so it is no beginning.  Leaves no trace.
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: the server, or NULL.
 */
struct opvs_dest *opvs_affinity_quoted(struct opvs_net *on,
				       const struct opvs_svc *svc,
				       const struct opvs_view *view,
				       const struct opvs_sched_req *req)
{
	const struct opvs_conn *tp = NULL;
	struct opvs_seat seat;

	if (has_exceptions(svc))
		tp = exception_find(on, svc, view, req);
	if (tp && !exception_is_void(view, tp))
		return tp->dest;
	view->ops->seat(view, req, &seat);
	return seat_of_old(&seat);
}
