// SPDX-License-Identifier: GPL-2.0-only
/* The first packet of a tracked connection. */
#include <opvs/path.h>

#include "decision.h"

#include <opvs/app.h>
#include <opvs/conn.h>
#include <opvs/defence.h>
#include <opvs/dest.h>
#include <opvs/netns.h>
#include <opvs/proto.h>
#include <opvs/sched.h>
#include <opvs/svc.h>
#include <opvs/table.h>
#include <opvs/query.h>

#include <linux/in.h>
#include <linux/skbuff.h>

/* Servers that are tried when replies would look like another connection's. */
#define FIRST_TRIES	4

/* Any server is right for the connection?  A hash or a template means this one. */
static bool may_choose(const struct opvs_conn_start *start)
{
	const struct opvs_view *view;

	view = rcu_dereference(start->dest->svc->view);
	return !start->control && !start->bound && view->ops->spreads &&
	       view->count > 1;
}

/* Closed by both ends.  Whether a SYN begins anew over the very same tuple is
 * up to conn_reuse_mode; here the client has left that tuple for another one.
 */
static bool is_over(const struct opvs_proto *proto, u32 word)
{
	return proto->reusable & BIT(word & OPVS_CONN_STATE);
}

/* The client is not proven to exist, or the protocol has no such proof.  A
 * half-open connection that a SYN with a forged source ends is lost once; one
 * that may not end would let a single forged SYN keep the client from all other
 * virtual addresses for a minute.  Of UDP the latest question gets the answers,
 * as with IPVS.
 */
static bool is_weak(const struct opvs_proto *proto, u32 word)
{
	return proto->number == IPPROTO_UDP || !(word & OPVS_CONN_ASSURED);
}

/**
 * opvs_yields() - may a connection end for the sake of another one?
 * @start: the other one
 * @old: connection whose replies look like those of the other one
 *
 * A client's port that was used with one virtual address is used with another,
 * both lead to one server, and that sees no difference.  An established
 * connection never ends for that.
 *
 * Context: any.
 */
bool opvs_yields(const struct opvs_conn_start *start,
		 const struct opvs_conn *old)
{
	const struct opvs_proto *proto;
	u32 word = READ_ONCE(old->word);

	proto = opvs_proto_find(start->tuple.proto);
	return is_over(proto, word) || is_weak(proto, word);
}

/* An entry that may be in use yields only if no other server will do. */
static bool yields(const struct opvs_conn_start *start,
		   const struct opvs_conn *old)
{
	const struct opvs_proto *proto = opvs_proto_find(start->tuple.proto);

	return is_over(proto, READ_ONCE(old->word)) ||
	       (!may_choose(start) && opvs_yields(start, old));
}

/* A server that a connection may have instead. */
static void choose_other(const struct opvs_view *view,
			 struct opvs_choice *choice)
{
	choice->dest = opvs_sched_other(view, choice->dest) ?: choice->dest;
}

static struct opvs_conn *first_track(struct opvs_net *on,
				     const struct opvs_proto *proto,
				     const struct opvs_flow *flow,
				     struct opvs_conn_start *start, bool *raced)
{
	const struct opvs_svc *svc = start->dest->svc;

	opvs_tuple_of(&start->tuple, flow);
	start->word = opvs_track_begin(on, start->dest, proto, flow->event);
	start->seconds = opvs_track_seconds(svc, proto, start->word);
	start->word |= OPVS_CONN_PKT;
	start->app = opvs_app_find(flow, start->dest);
	return opvs_conn_begin(on, start, raced);
}

/* What the connection would fail by, if by anything that can be told. */
static int first_would_fail(struct opvs_net *on, const struct opvs_flow *flow,
			    struct opvs_conn_start *start)
{
	const struct opvs_dest *dest = start->dest;
	struct opvs_table_key key = { .now = jiffies };
	struct opvs_conn_node *node = NULL;

	opvs_tuple_of(&start->tuple, flow);
	if (opvs_conn_limits_reached(on, dest->svc))
		return -EDQUOT;
	if (READ_ONCE(dest->xmit)->rewrites) {
		opvs_tuple_of_answer(&key.tuple, flow);
		key.tuple.src = dest->addr;
		key.tuple.sport = dest->port ?: flow->dport;
		node = opvs_table_find(on, &key);
	}
	return !node || start->yields(start, opvs_conn_of(node)) ? 0 :
								  -EADDRINUSE;
}

/* Takes another server where that helps: the reply's addresses are taken, or
 * the server went away just now.  With a query, @cp and @raced are not used.
 */
static __always_inline opvs_verdict_t
first_conn(struct opvs_net *on, struct opvs_svc *svc,
	   const struct opvs_proto *proto, struct sk_buff *skb,
	   const struct opvs_flow *flow, struct opvs_conn **cp, bool *raced,
	   struct opvs_query *query)
{
	struct opvs_choice choice;
	opvs_verdict_t verdict;
	int tries, err = -ESTALE;

	for (tries = 1; tries <= FIRST_TRIES; tries++) {
		struct opvs_conn_start start = {
			.yields = tries < FIRST_TRIES ? yields : opvs_yields,
		};

		if (err == -ESTALE) {
			choice = (struct opvs_choice){};
			if (query) {
				verdict = opvs_choose_peek(on, svc, skb, flow,
							   &choice, query);
			} else {
				verdict = opvs_choose(on, svc, skb, flow,
						      &choice);
				opvs_decided(svc, flow, &choice, verdict);
			}
			if (verdict != OPVS_GO_ON)
				return verdict;
		} else {
			choose_other(opvs_query_view(query, svc), &choice);
		}
		start.dest = choice.dest;
		start.control = choice.control;
		if (query) {
			start.bound = query->remembered;
			query->dest = choice.dest;
			err = first_would_fail(on, flow, &start);
		} else {
			*cp = first_track(on, proto, flow, &start, raced);
			err = PTR_ERR_OR_ZERO(*cp);
		}
		if (err != -ESTALE &&
		    (err != -EADDRINUSE || !may_choose(&start)))
			break;
	}
	return err ? opvs_track_failed(err) : OPVS_GO_ON;
}

/**
 * opvs_first_packet() - begin a connection of a service, if the packet may
 * @svc: service that tracks connections
 * @skb: packet that belongs to no connection
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: what became of it; OPVS_NOT_OURS when it does not open a
 * connection, and is for the host itself.
 */
opvs_verdict_t opvs_first_packet(struct opvs_net *on,
				 struct opvs_svc *svc,
				 struct sk_buff *skb,
				 const struct opvs_flow *flow)
{
	const struct opvs_proto *proto = opvs_proto_find(flow->proto);
	opvs_verdict_t verdict;
	struct opvs_conn *cp;
	bool raced = false;

	if (unlikely(!proto || flow->flags & OPVS_FLOW_LATER_FRAG))
		return OPVS_NOT_OURS;
	if (!opvs_track_opens(on, proto, flow))
		return OPVS_NOT_OURS;

	if (unlikely(flow->flags & OPVS_FLOW_MALFORMED))
		verdict = OPVS_VERDICT(DROP_MALFORMED);
	else if (unlikely(opvs_defence_drops(on)))
		verdict = opvs_defence_verdict(on);
	else
		verdict = first_conn(on, svc, proto, skb, flow, &cp, &raced,
				     NULL);
	/* Another CPU had the first packet; this is the second one, unless the
	 * connection is over already.
	 */
	if (unlikely(raced)) {
		verdict = opvs_track_follow(on, skb, flow, cp);
		if (verdict != OPVS_BEGIN_ANEW)
			return verdict;
		verdict = OPVS_VERDICT(DROP_REMOVED_SERVER);
	}

	opvs_count(on, SERVICE_PACKETS);
	if (verdict == OPVS_VERDICT(DROP_NO_SERVER))
		return opvs_no_server(on, skb, flow);
	if (unlikely(verdict != OPVS_GO_ON))
		return verdict;
	return opvs_track_send_first(skb, flow, cp);
}

static opvs_verdict_t first_peek(struct opvs_net *on, struct opvs_svc *svc,
				 const struct opvs_proto *proto,
				 struct sk_buff *skb,
				 const struct opvs_flow *flow,
				 struct opvs_query *query)
{
	opvs_verdict_t verdict;

	verdict = first_conn(on, svc, proto, skb, flow, NULL, NULL, query);
	if (verdict == OPVS_GO_ON) {
		query->remembered = true;
		return OPVS_VERDICT(FORWARDED);
	}
	query->dest = NULL;
	if (verdict == OPVS_VERDICT(DROP_LIMIT)) {
		query->why = OPVS_WHY_LIMIT;
		query->unsure = true;
	} else if (verdict == OPVS_VERDICT(DROP_REPLY_CLASH)) {
		query->why = OPVS_WHY_CLASH;
	}
	return verdict;
}

/**
 * opvs_first_peek() - would a packet begin a connection, and to which server?
 * @svc: service that tracks connections
 * @skb: packet that does not exist, and belongs to no connection
 * @query: is told
 *
 * Context: BH disabled, RCU read side, cfg_lock held.
 * Return: as of opvs_first_packet(); OPVS_VERDICT(FORWARDED) when the packet has
 * got as far as to the transmit method.
 */
opvs_verdict_t opvs_first_peek(struct opvs_net *on, struct opvs_svc *svc,
			       struct sk_buff *skb,
			       const struct opvs_flow *flow,
			       struct opvs_query *query)
{
	const struct opvs_proto *proto = opvs_proto_find(flow->proto);
	opvs_verdict_t verdict;

	if (!proto || flow->flags & OPVS_FLOW_LATER_FRAG ||
	    !opvs_track_opens(on, proto, flow))
		return opvs_query_because(query, OPVS_WHY_OPENS_NOTHING,
					  OPVS_NOT_OURS);
	verdict = opvs_refuse_peek(on, flow, query);
	if (verdict != OPVS_GO_ON)
		return verdict;
	return first_peek(on, svc, proto, skb, flow, query);
}
