// SPDX-License-Identifier: GPL-2.0-only
/*
 * What would become of a packet?  The stages of hook.c in their order, each with
 * a query: they decide by the functions that packets pass, and leave nothing
 * behind.  What the transmit method does comes behind the decision, and is not
 * looked at.
 */
#include <opvs/path.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/flow.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/proto.h>
#include <opvs/svc.h>
#include <opvs/table.h>
#include <opvs/query.h>
#include <opvs/what_if.h>

#include <linux/in.h>
#include <linux/lockdep.h>
#include <linux/skbuff.h>

/**
 * opvs_query_view() - what a question is about
 * @query: the question, or NULL: a packet
 * @svc: service
 *
 * Context: any, RCU read side.
 * Return: the service's view, as it is or would be.
 */
const struct opvs_view *opvs_query_view(const struct opvs_query *query,
					const struct opvs_svc *svc)
{
	if (query && query->what_if && query->what_if->svc == svc)
		return query->what_if->view;
	return rcu_dereference(svc->view);
}

/**
 * opvs_query_dest() - a server as a question has it
 * @query: the question
 * @dest: server that an entry remembers
 *
 * Context: any.
 * Return: @dest, or what it would be; NULL if it would be removed.
 */
struct opvs_dest *opvs_query_dest(const struct opvs_query *query,
				  struct opvs_dest *dest)
{
	const struct opvs_what_if *wi = query->what_if;
	u32 i;

	/* The last change of a server counts. */
	for (i = wi ? wi->num : 0; i > 0; i--)
		if (wi->changed[i - 1].dest == dest)
			return wi->changed[i - 1].instead;
	return dest;
}

/**
 * opvs_query_ends() - an entry would end before a server is chosen
 * @query: is told
 * @cp: the entry
 *
 * Its server would have one less by then.
 *
 * Context: any, RCU read side.
 */
void opvs_query_ends(struct opvs_query *query, const struct opvs_conn *cp)
{
	query->ends = true;
	query->unsure |= !!READ_ONCE(cp->dest->u_threshold);
}

/* It goes elsewhere.  Would it be a request if it came here? */
static void tell_forwarded(struct opvs_net *on, const struct sk_buff *skb,
			   const struct opvs_flow *flow,
			   struct opvs_query *query)
{
	query->svc = opvs_svc_match(on, flow, skb->mark);
	query->why = query->svc ? OPVS_WHY_NOT_LOCAL : OPVS_WHY_NO_SERVICE;
}

static opvs_verdict_t explain_flow(struct opvs_net *on, struct sk_buff *skb,
				   const struct opvs_flow *flow, bool local,
				   struct opvs_query *query)
{
	bool here = flow->flags & (OPVS_FLOW_TO_HOST | OPVS_FLOW_FROM_HOST);
	opvs_verdict_t verdict = OPVS_NOT_OURS;

	if (flow->proto != IPPROTO_UDP || atomic_read(&on->conn.udp))
		verdict = opvs_track_peek(on, flow, query);
	if (verdict == OPVS_NOT_OURS && here)
		verdict = opvs_request_peek(on, skb, flow, query);
	if (verdict == OPVS_NOT_OURS && flow->proto == IPPROTO_UDP)
		verdict = opvs_reply_peek(on, flow, local, query);
	if (verdict != OPVS_NOT_OURS)
		return verdict;
	if (!here)
		tell_forwarded(on, skb, flow, query);
	else if (!query->svc)
		query->why = OPVS_WHY_NO_SERVICE;
	return verdict;
}

/**
 * opvs_explain() - what would become of a packet?
 * @skb: packet that does not exist: from its IP header on, with its mark
 * @family: NFPROTO_*
 * @flags: OPVS_FLOW_FROM_HOST if the host itself sends it, else 0
 * @local: its destination address is one of the host
 * @query: zeroed but for the question; gets the answer
 *
 * No counter, turn, mark, entry or time changes.
 *
 * Context: BH disabled, RCU read side, cfg_lock held.
 * Return: the verdict; OPVS_VERDICT(FORWARDED) when the packet has got as far as
 * to the transmit method; OPVS_NOT_OURS.
 */
opvs_verdict_t opvs_explain(struct opvs_net *on, struct sk_buff *skb,
			    u8 family, u8 flags, bool local,
			    struct opvs_query *query)
{
	struct opvs_flow flow;
	bool bad;

	lockdep_assert_held(&on->cfg_lock);

	bad = opvs_flow_parse(skb, 0, family, &flow);
	flow.flags |= flags ?: local ? OPVS_FLOW_TO_HOST : 0;
	if (bad)
		flow.flags |= OPVS_FLOW_MALFORMED;
	if (flow.flags & (OPVS_FLOW_FIRST_FRAG | OPVS_FLOW_LATER_FRAG))
		return opvs_query_because(query, OPVS_WHY_FRAGMENT,
					  OPVS_NOT_OURS);
	if (!opvs_proto_find(flow.proto))
		return opvs_query_because(query, OPVS_WHY_OTHER_PROTOCOL,
					  OPVS_NOT_OURS);
	/* Without a service there is no hook. */
	if (!opvs_table_is_up(on))
		return opvs_query_because(query, OPVS_WHY_NO_SERVICE,
					  OPVS_NOT_OURS);
	return explain_flow(on, skb, &flow, local, query);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_explain);
