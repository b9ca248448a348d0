// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first packet of a connection that another one told of: of FTP, a file's.  It
 * goes to the server of the control connection, or comes from it, whatever service
 * the address and port are of.
 */
#include <opvs/path.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/expect.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/proto.h>
#include <opvs/query.h>
#include <opvs/svc.h>
#include <opvs/table.h>

#include <linux/ip_vs.h>
#include <linux/skbuff.h>

/* The client comes to where the server waits for it. */
static opvs_verdict_t expected_request(struct opvs_net *on,
				       struct sk_buff *skb,
				       const struct opvs_flow *flow,
				       struct opvs_expect *expect)
{
	const struct opvs_proto *proto = opvs_proto_find(flow->proto);
	struct opvs_dest *dest = expect->control->dest;
	struct opvs_conn_start start = {
		.dest		= dest,
		.control	= expect->control,
		.server_port	= expect->port,
		.yields		= opvs_yields,
	};
	struct opvs_conn *cp;
	bool raced;

	opvs_tuple_of(&start.tuple, flow);
	start.word = opvs_track_begin(on, dest, proto, flow->event);
	start.seconds = opvs_track_seconds(dest->svc, proto, start.word);
	start.word |= OPVS_CONN_PKT;
	cp = opvs_conn_begin(on, &start, &raced);
	if (raced)
		return opvs_track_follow(on, skb, flow, cp);

	opvs_count(on, SERVICE_PACKETS);
	if (IS_ERR(cp))
		return opvs_track_failed(PTR_ERR(cp));
	opvs_expect_use(expect);
	opvs_count(on, EXPECT_USED);
	return opvs_track_send_first(skb, flow, cp);
}

/* Where the server's connection seems to come from.  FTP's port for data is the one
 * below that for commands (RFC 959 s5.2), at the virtual address, too.
 */
static __be16 virtual_port(const struct opvs_conn *control, __be16 port)
{
	if (ntohs(port) == ntohs(control->reply.tuple.sport) - 1)
		return htons(ntohs(control->request.tuple.dport) - 1);
	return port;
}

/* It can be another one of the same request's tuple: of another server. */
static bool is_from(const struct opvs_conn *cp, const struct opvs_flow *flow)
{
	return cp->reply.tuple.sport == flow->sport &&
	       nf_inet_addr_cmp(&cp->reply.tuple.src, &flow->saddr);
}

static struct opvs_conn *begin_reply(struct opvs_net *on,
				     const struct opvs_flow *flow,
				     struct opvs_conn *control)
{
	const struct opvs_proto *proto = opvs_proto_find(flow->proto);
	struct opvs_dest *dest = control->dest;
	struct opvs_conn_start start = {
		.dest		= dest,
		.control	= control,
		.server_port	= flow->sport,
		.yields		= opvs_yields,
	};
	struct opvs_conn *cp;
	bool raced;

	opvs_tuple_of_answer(&start.tuple, flow);
	start.tuple.dst = control->request.tuple.dst;
	start.tuple.dport = virtual_port(control, flow->sport);
	start.word = opvs_track_begin_reply(on, proto, flow->event);
	start.seconds = opvs_track_seconds(dest->svc, proto, start.word);
	/* What the tracker knows of the flow is of this connection. */
	start.word |= OPVS_CONN_PKT;
	cp = opvs_conn_begin(on, &start, &raced);
	if (!raced || is_from(cp, flow))
		return cp;
	/* One that is over is in the way. */
	if (!opvs_yields(&start, cp))
		return ERR_PTR(-EADDRINUSE);
	opvs_conn_end(cp);
	cp = opvs_conn_begin(on, &start, &raced);
	return !raced || is_from(cp, flow) ? cp : ERR_PTR(-EADDRINUSE);
}

/* The server comes to where the client waits for it. */
static opvs_verdict_t expected_reply(struct opvs_net *on, struct sk_buff *skb,
				     const struct opvs_flow *flow,
				     struct opvs_expect *expect)
{
	const struct opvs_tuple *request;
	struct opvs_conn *cp;

	cp = begin_reply(on, flow, expect->control);
	if (IS_ERR(cp))
		return OPVS_VERDICT(REPLY_DROP_REFUSED);
	opvs_expect_use(expect);
	opvs_count(on, EXPECT_USED);
	opvs_stats_conn(cp->dest->stats_cpu);
	request = &cp->request.tuple;
	return opvs_reply_as(on, skb, flow, cp->dest, &request->dst,
			     request->dport, cp->flags & IP_VS_CONN_F_NFCT);
}

/* What a packet uses, if it uses any. */
static struct opvs_expect *expect_of(struct opvs_net *on,
				     const struct opvs_flow *flow)
{
	const struct opvs_proto *proto = opvs_proto_find(flow->proto);
	struct opvs_expect *expect;

	if (!proto || flow->event != proto->first)
		return NULL;
	expect = opvs_expect_find(on, flow);
	/* The server may have got another method meanwhile. */
	if (!expect || !READ_ONCE(expect->control->dest->xmit)->rewrites)
		return NULL;
	/* Requests come to the host; one that is forwarded is none of ours. */
	if (expect->kind == OPVS_TUPLE_REQUEST &&
	    !(flow->flags & (OPVS_FLOW_TO_HOST | OPVS_FLOW_FROM_HOST)))
		return NULL;
	return expect;
}

/**
 * opvs_expected_first() - what opvs_expected() does when any are expected
 * @skb: packet that belongs to no connection
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: as opvs_expected().
 */
opvs_verdict_t opvs_expected_first(struct opvs_net *on, struct sk_buff *skb,
				   const struct opvs_flow *flow)
{
	struct opvs_expect *expect = expect_of(on, flow);

	if (!expect)
		return OPVS_NOT_OURS;
	if (expect->kind == OPVS_TUPLE_REPLY)
		return expected_reply(on, skb, flow, expect);
	return expected_request(on, skb, flow, expect);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_expected_first);

/**
 * opvs_expected_peek() - what would opvs_expected() make of a packet?
 * @flow: of a packet that belongs to no connection
 * @query: is told the service, the server and why
 *
 * Context: BH disabled, RCU read side.
 * Return: as of opvs_expected(); OPVS_VERDICT(FORWARDED) when the packet has got as
 * far as to the transmit method.
 */
opvs_verdict_t opvs_expected_peek(struct opvs_net *on,
				  const struct opvs_flow *flow,
				  struct opvs_query *query)
{
	const struct opvs_expect *expect;
	struct opvs_dest *dest;

	expect = opvs_expect_any(on) ? expect_of(on, flow) : NULL;
	if (!expect)
		return OPVS_NOT_OURS;
	query->svc = expect->control->dest->svc;
	dest = opvs_query_dest(query, expect->control->dest);
	if (!dest || READ_ONCE(dest->removed))
		return opvs_query_because(query, OPVS_WHY_REMOVED_SERVER,
					  OPVS_VERDICT(DROP_REMOVED_SERVER));
	query->dest = dest;
	if (expect->kind == OPVS_TUPLE_REPLY)
		return opvs_query_because(query, OPVS_WHY_REPLY,
					  OPVS_VERDICT(REPLIES));
	query->remembered = true;
	return opvs_query_because(query, OPVS_WHY_CONNECTION,
				  OPVS_VERDICT(FORWARDED));
}
EXPORT_SYMBOL_IF_KUNIT(opvs_expected_peek);
