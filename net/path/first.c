// SPDX-License-Identifier: GPL-2.0-only
/* The first packet of a tracked connection. */
#include <opvs/path.h>

#include "decision.h"

#include <opvs/conn.h>
#include <opvs/defence.h>
#include <opvs/dest.h>
#include <opvs/netns.h>
#include <opvs/proto.h>
#include <opvs/sched.h>
#include <opvs/svc.h>
#include <opvs/table.h>

#include <linux/in.h>
#include <linux/skbuff.h>

/* Servers that are tried when replies would look like another connection's. */
#define FIRST_TRIES	4

/* Any server is right for the connection?  A hash or a template means this one. */
static bool may_choose(const struct opvs_conn_start *start)
{
	const struct opvs_view *view;

	view = rcu_dereference(start->dest->svc->view);
	return !start->control && view->ops->spreads && view->count > 1;
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

/* A client's port that was used with one virtual address is used with another,
 * both lead to one server, and that sees no difference.  An established
 * connection never ends for that.
 */
static bool yields_at_last(const struct opvs_conn_start *start,
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
	       (!may_choose(start) && yields_at_last(start, old));
}

/* A server that a connection may have instead. */
static void choose_other(const struct opvs_svc *svc, struct opvs_choice *choice)
{
	const struct opvs_view *view = rcu_dereference(svc->view);

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
	return opvs_conn_begin(on, start, raced);
}

/* Takes another server where that helps: the reply's addresses are taken, or
 * the server went away just now.
 */
static opvs_verdict_t first_conn(struct opvs_net *on,
				 struct opvs_svc *svc,
				 const struct opvs_proto *proto,
				 struct sk_buff *skb,
				 const struct opvs_flow *flow,
				 struct opvs_conn **cp, bool *raced)
{
	struct opvs_choice choice;
	opvs_verdict_t verdict;
	int tries, err = -ESTALE;

	for (tries = 1; tries <= FIRST_TRIES; tries++) {
		struct opvs_conn_start start = {
			.yields = tries < FIRST_TRIES ? yields : yields_at_last,
		};

		if (err == -ESTALE) {
			choice = (struct opvs_choice){};
			verdict = opvs_choose(on, svc, skb, flow, &choice);
			opvs_decided(svc, flow, &choice, verdict);
			if (verdict != OPVS_GO_ON)
				return verdict;
		} else {
			choose_other(svc, &choice);
		}
		start.dest = choice.dest;
		start.control = choice.control;
		*cp = first_track(on, proto, flow, &start, raced);
		err = PTR_ERR_OR_ZERO(*cp);
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
		verdict = first_conn(on, svc, proto, skb, flow, &cp, &raced);
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
