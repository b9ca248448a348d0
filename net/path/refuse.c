// SPDX-License-Identifier: GPL-2.0-only
/* Packets that get no server or no connection, and what to call that. */
#include <opvs/path.h>

#include <opvs/behind.h>
#include <opvs/defence.h>
#include <opvs/endpoint.h>
#include <opvs/name.h>
#include <opvs/netns.h>
#include <opvs/proto.h>
#include <opvs/query.h>
#include <opvs/xmit.h>

#include <linux/errno.h>

/**
 * opvs_no_server() - a service has no server for a packet
 *
 * The client learns at once, as it does from IPVS.
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: OPVS_VERDICT(DROP_NO_SERVER).
 */
opvs_verdict_t opvs_no_server(struct opvs_net *on, struct sk_buff *skb,
			      const struct opvs_flow *flow)
{
	opvs_error_unreachable(skb, flow, on);
	return OPVS_VERDICT(DROP_NO_SERVER);
}

/**
 * opvs_refuse_stray() - refuse what a server by NAT sends beside its connections
 * @skb: packet that is forwarded and belongs to no connection
 *
 * The server learns that the connection is gone, as from IPVS.  The word that one
 * is over goes on: it ends one that passes the director no more.  What servers of
 * one-packet services send belongs to none, and is nobody's business.
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: OPVS_NOT_OURS, or OPVS_VERDICT(REPLY_DROP_NO_CONN).
 */
opvs_verdict_t opvs_refuse_stray(struct opvs_net *on, struct sk_buff *skb,
				 const struct opvs_flow *flow)
{
	const struct opvs_name name = opvs_name(&flow->saddr, flow->sport,
						flow->family, flow->proto);
	const struct opvs_proto *proto = opvs_proto_find(flow->proto);

	if (flow->flags & OPVS_FLOW_MALFORMED || flow->event == proto->refused ||
	    !opvs_behind_has(on, &name) || opvs_endpoint_has(on, &name))
		return OPVS_NOT_OURS;
	opvs_error_unreachable(skb, flow, on);
	return OPVS_VERDICT(REPLY_DROP_NO_CONN);
}

/**
 * opvs_track_failed() - why a connection could not be made
 * @err: negative errno of opvs_conn_begin()
 *
 * Context: any.
 * Return: the reason to drop.
 */
opvs_verdict_t opvs_track_failed(long err)
{
	switch (err) {
	case -EDQUOT:
		return OPVS_VERDICT(DROP_LIMIT);
	case -EADDRINUSE:
		return OPVS_VERDICT(DROP_REPLY_CLASH);
	case -ESTALE:
		return OPVS_VERDICT(DROP_REMOVED_SERVER);
	default:
		return OPVS_VERDICT(DROP_NO_MEMORY);
	}
}

/**
 * opvs_refuse_peek() - would a packet that begins something be refused at once?
 * @query: is told why
 *
 * Context: BH disabled, RCU read side.
 * Return: OPVS_GO_ON, or the reason to drop.
 */
opvs_verdict_t opvs_refuse_peek(const struct opvs_net *on,
				const struct opvs_flow *flow,
				struct opvs_query *query)
{
	if (flow->flags & OPVS_FLOW_MALFORMED)
		return opvs_query_because(query, OPVS_WHY_MALFORMED,
					  OPVS_VERDICT(DROP_MALFORMED));
	if (!opvs_defence_would_drop(on, query->cpu))
		return OPVS_GO_ON;
	if (READ_ONCE(on->settings.closed))
		return opvs_query_because(query, OPVS_WHY_LIMIT,
					  OPVS_VERDICT(DROP_LIMIT));
	return opvs_query_because(query, OPVS_WHY_DEFENCE,
				  OPVS_VERDICT(DROP_DEFENCE));
}
