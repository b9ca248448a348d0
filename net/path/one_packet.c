// SPDX-License-Identifier: GPL-2.0-only
/*
 * One-packet scheduling: each packet is a connection of its own.  Key, server,
 * entry, send, release - all within the packet's stay in softirq, without a
 * lock, a timer or a table.
 */
#include <opvs/path.h>

#include "decision.h"

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/endpoint.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/nfct.h>
#include <opvs/pe.h>
#include <opvs/svc.h>
#include <opvs/xmit.h>

#include <linux/ip_vs.h>
#include <linux/skbuff.h>

static opvs_verdict_t ops_bind(struct opvs_net *on, struct opvs_svc *svc,
			       struct sk_buff *skb,
			       const struct opvs_flow *flow,
			       struct opvs_conn **cp)
{
	struct opvs_choice choice = {};
	opvs_verdict_t verdict;

	verdict = opvs_choose(on, svc, skb, flow, &choice);
	opvs_decided(svc, flow, &choice, verdict);
	if (unlikely(verdict != OPVS_GO_ON))
		return verdict;
	/* A template counts what passes by it, as IPVS does. */
	if (choice.control)
		atomic_inc(&choice.control->in_pkts);
	if (choice.hash)
		opvs_dest_load_note(choice.dest, choice.hash);
	opvs_endpoint_note(on, flow, choice.dest, choice.client);
	*cp = opvs_conn_one_packet(on, flow, choice.dest);
	return likely(*cp) ? OPVS_GO_ON : OPVS_VERDICT(DROP_NO_MEMORY);
}

/**
 * opvs_one_packet() - send a packet to a server of a one-packet service
 * @svc: service
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: what became of it.
 */
opvs_verdict_t opvs_one_packet(struct opvs_net *on, struct opvs_svc *svc,
			       struct sk_buff *skb,
			       const struct opvs_flow *flow)
{
	struct opvs_sip_cpu __percpu *sip;
	opvs_verdict_t verdict;
	struct opvs_conn *cp;
	bool parted;

	verdict = ops_bind(on, svc, skb, flow, &cp);
	if (unlikely(verdict != OPVS_GO_ON))
		return verdict == OPVS_VERDICT(DROP_NO_SERVER) ?
		       opvs_no_server(on, skb, flow) : verdict;

	opvs_stats_in_first(cp->dest->stats_cpu, skb->len);
	sip = READ_ONCE(cp->dest->sip_cpu);
	if (sip)
		opvs_note_request(sip, skb, flow);
	parted = opvs_nfct_request(skb, flow, cp);
	verdict = READ_ONCE(cp->dest->xmit)->send(skb, flow, cp);
	if (unlikely(parted) && verdict == OPVS_VERDICT(DELIVERED_LOCAL))
		opvs_nfct_arrive(skb, flow, on);
	opvs_conn_put(cp);
	return verdict;
}

/* The server that follows from what is quoted, by memory or by a hash. */
static struct opvs_dest *quoted_dest(struct opvs_net *on,
				     const struct opvs_svc *svc,
				     const struct opvs_view *view,
				     const struct opvs_sched_req *req)
{
	if (view->flags & IP_VS_SVC_F_PERSISTENT)
		return opvs_template_quoted(on, svc, view, req);
	if (req->key && view->stateless)
		return opvs_affinity_quoted(on, svc, view, req);
	return view->ops->repeats ? view->ops->pick(view, req) : NULL;
}

/**
 * opvs_pick_quoted() - which server got the packet that an ICMP error quotes?
 * @svc: service
 * @skb: the error
 * @flow: the quoted packet as the client would have sent it
 * @dest: result
 *
 * Only a server that follows from the packet itself can be named: the only
 * one, the one of its template, or the one that a hash of what is quoted leads
 * to.  Turns are lost, and nothing is noted or remembered.
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: OPVS_GO_ON and @dest; or ICMP_UNATTRIBUTED.
 */
opvs_verdict_t opvs_pick_quoted(struct opvs_net *on,
				const struct opvs_svc *svc,
				struct sk_buff *skb,
				const struct opvs_flow *flow,
				struct opvs_dest **dest)
{
	const struct opvs_view *view = rcu_dereference(svc->view);
	struct opvs_sched_req req = { .flow = flow };

	*dest = NULL;
	/* A view may leave out servers of weight 0. */
	if (view->count == 1 && READ_ONCE(svc->num_dests) == 1) {
		*dest = view->member[0].dest;
	} else if (view->flags & IP_VS_SVC_F_PERSISTENT || view->ops->repeats) {
		if (view->pe && view->pe->proto == flow->proto &&
		    opvs_seek_key(skb, flow, view->pe, &req))
			return OPVS_VERDICT(ICMP_UNATTRIBUTED);
		/* Headers without a key are cut off more often than absent. */
		if (!req.keyless)
			*dest = quoted_dest(on, svc, view, &req);
	}
	return *dest ? OPVS_GO_ON : OPVS_VERDICT(ICMP_UNATTRIBUTED);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_pick_quoted);
