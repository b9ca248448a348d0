// SPDX-License-Identifier: GPL-2.0-only
/* The first packet of a tracked connection. */
#include <opvs/path.h>

#include <opvs/conn.h>
#include <opvs/defence.h>
#include <opvs/dest.h>
#include <opvs/netns.h>
#include <opvs/proto.h>
#include <opvs/svc.h>
#include <opvs/table.h>

#include <linux/skbuff.h>

/* Servers that are tried when replies would look like another connection's. */
#define CLASH_TRIES	4

static struct opvs_conn *first_track(struct opvs_net *on,
				     const struct opvs_svc *svc,
				     const struct opvs_proto *proto,
				     const struct opvs_flow *flow,
				     const struct opvs_choice *choice,
				     bool *raced)
{
	struct opvs_conn_start start = {
		.dest		= choice->dest,
		.control	= choice->control,
	};
	struct opvs_conn *cp;

	opvs_tuple_of(&start.tuple, flow);
	start.state = opvs_track_begin(on, choice->dest, proto, flow->event);
	start.seconds = opvs_track_seconds(svc, proto, start.state);
	start.state |= OPVS_CONN_PKT;
	cp = opvs_conn_track(on, &start);
	*raced = start.raced;
	return cp;
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
	int tries, err;

	for (tries = 0; tries < CLASH_TRIES; tries++) {
		verdict = opvs_choose(on, svc, skb, flow, &choice);
		if (verdict != OPVS_VERDICT(NONE))
			return verdict;
		*cp = first_track(on, svc, proto, flow, &choice, raced);
		err = PTR_ERR_OR_ZERO(*cp);
		if (err != -EADDRINUSE && err != -ESTALE)
			break;
	}
	return err ? opvs_track_failed(err) : OPVS_VERDICT(NONE);
}

/**
 * opvs_first_packet() - begin a connection of a service, if the packet may
 * @on: namespace
 * @svc: service that tracks connections
 * @skb: packet that belongs to no connection
 * @flow: its flow
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: what became of it; OPVS_VERDICT(NONE) when it does not open a
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
		return OPVS_VERDICT(NONE);
	if (!opvs_track_opens(on, proto, flow))
		return OPVS_VERDICT(NONE);

	if (unlikely(flow->flags & OPVS_FLOW_MALFORMED))
		verdict = OPVS_VERDICT(DROP_MALFORMED);
	else if (unlikely(opvs_defence_drops(on)))
		verdict = OPVS_VERDICT(DROP_DEFENCE);
	else
		verdict = first_conn(on, svc, proto, skb, flow, &cp, &raced);
	/* Another CPU had the first packet; this is the second one, unless the
	 * connection is over already.
	 */
	if (unlikely(raced)) {
		verdict = opvs_track_follow(on, skb, flow, cp);
		if (verdict != OPVS_VERDICT(NONE))
			return verdict;
		verdict = OPVS_VERDICT(DROP_REMOVED_SERVER);
	}

	opvs_count(on, SERVICE_PACKETS);
	if (verdict == OPVS_VERDICT(DROP_NO_SERVER))
		return opvs_no_server(on, skb, flow);
	if (unlikely(verdict != OPVS_VERDICT(NONE)))
		return verdict;
	return opvs_track_send_first(skb, flow, cp);
}
