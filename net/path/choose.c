// SPDX-License-Identifier: GPL-2.0-only
/*
 * The server of a new connection or one-packet datagram: the one that a
 * persistence template remembers (template.c), the one that the engine's key
 * leads to without memory (affinity.c), or the scheduler's choice.
 */
#include <opvs/path.h>

#include <opvs/askers.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/pe.h>
#include <opvs/sched.h>
#include <opvs/svc.h>

#include <linux/in.h>
#include <linux/ip_vs.h>

/* Each packet for itself, unless the key says where its session is. */
static opvs_verdict_t choose_one_packet(struct opvs_net *on,
					struct opvs_svc *svc,
					const struct opvs_view *view,
					struct sk_buff *skb,
					struct opvs_sched_req *req,
					struct opvs_choice *choice)
{
	if (view->stateless && req->key) {
		req->hash = opvs_sched_hash(view, req);
		choice->hash = req->hash;
		return opvs_affinity_choose(on, svc, view, skb, req, choice);
	}
	req->per_packet = true;
	choice->client = opvs_askers_hash(&on->replies.askers, &req->flow->saddr,
					  req->flow->sport, svc->id) ?: 1;
	choice->hash = choice->client;
	choice->dest = opvs_sched_pick(view, req);
	return choice->dest ? OPVS_GO_ON : OPVS_VERDICT(DROP_NO_SERVER);
}

/**
 * opvs_choose() - choose the server of a new connection
 * @svc: service
 * @skb: its first packet
 * @flow: that packet's flow
 * @choice: result, zeroed by the caller; valid within the RCU read section
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: OPVS_GO_ON and @choice; or why there is none, and nothing was
 * sent to the client yet.
 */
opvs_verdict_t opvs_choose(struct opvs_net *on, struct opvs_svc *svc,
			   struct sk_buff *skb, const struct opvs_flow *flow,
			   struct opvs_choice *choice)
{
	const struct opvs_view *view = rcu_dereference(svc->view);
	struct opvs_sched_req req = { .flow = flow };

	if (view->pe && view->pe->proto == flow->proto) {
		if (unlikely(opvs_seek_key(skb, flow, view->pe, &req)))
			return OPVS_VERDICT(DROP_NO_MEMORY);
		if (req.keyless)
			opvs_count(on, PE_KEYLESS);
		else
			opvs_count(on, PE_KEYED);
	}
	/* Without a key there is nothing to remember a call by. */
	if (view->flags & IP_VS_SVC_F_PERSISTENT && !req.keyless)
		return opvs_template_choose(on, svc, view, &req, choice);
	if (flow->proto == IPPROTO_UDP && READ_ONCE(svc->one_packet))
		return choose_one_packet(on, svc, view, skb, &req, choice);

	choice->dest = opvs_sched_pick(view, &req);
	return choice->dest ? OPVS_GO_ON : OPVS_VERDICT(DROP_NO_SERVER);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_choose);
