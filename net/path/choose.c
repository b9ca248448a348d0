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
#include <opvs/route.h>
#include <opvs/sched.h>
#include <opvs/svc.h>
#include <opvs/query.h>

#include <linux/in.h>
#include <linux/ip_vs.h>

/* In what follows @query is what @req has, and for packets a constant NULL. */

static __always_inline opvs_verdict_t pick(const struct opvs_view *view,
					   struct opvs_sched_req *req,
					   struct opvs_choice *choice,
					   struct opvs_query *query)
{
	choice->dest = query ? opvs_sched_peek(view, req) :
			       opvs_sched_pick(view, req);
	return choice->dest ? OPVS_GO_ON : OPVS_VERDICT(DROP_NO_SERVER);
}

/* Each packet for itself, unless the key says where its session is. */
static __always_inline opvs_verdict_t
choose_one_packet(struct opvs_net *on, struct opvs_svc *svc,
		  const struct opvs_view *view, struct sk_buff *skb,
		  struct opvs_sched_req *req, struct opvs_choice *choice,
		  struct opvs_query *query)
{
	if (view->stateless && req->key) {
		req->hash = opvs_sched_hash(view, req);
		choice->hash = req->hash;
		if (query)
			return opvs_affinity_peek(on, svc, view, skb, req,
						  choice);
		return opvs_affinity_choose(on, svc, view, skb, req, choice);
	}
	req->per_packet = true;
	choice->client = opvs_askers_hash(&on->replies.askers, &req->flow->saddr,
					  req->flow->sport, svc->id) ?: 1;
	choice->hash = choice->client;
	return pick(view, req, choice, query);
}

/* The engine's key of a datagram, or the one that is asked about. */
static __always_inline int seek_key(struct opvs_net *on, struct sk_buff *skb,
				    const struct opvs_view *view,
				    struct opvs_sched_req *req,
				    struct opvs_query *query)
{
	if (query && query->key) {
		req->key = query->key;
		req->key_len = query->key_len;
	} else if (unlikely(opvs_seek_key(skb, req->flow, view->pe, req))) {
		return -ENOMEM;
	}
	if (query)
		opvs_query_key(query, req);
	else if (req->keyless)
		opvs_count(on, PE_KEYLESS);
	else
		opvs_count(on, PE_KEYED);
	return 0;
}

static __always_inline opvs_verdict_t choose(struct opvs_net *on,
					     struct opvs_svc *svc,
					     struct sk_buff *skb,
					     const struct opvs_flow *flow,
					     struct opvs_choice *choice,
					     struct opvs_query *query)
{
	const struct opvs_view *view = query ? opvs_query_view(query, svc) :
					       rcu_dereference(svc->view);
	struct opvs_sched_req req = { .flow = flow, .query = query };

	if (view->pe && view->pe->proto == flow->proto &&
	    unlikely(seek_key(on, skb, view, &req, query)))
		return OPVS_VERDICT(DROP_NO_MEMORY);
	/* Without a key there is nothing to remember a call by. */
	if (view->flags & IP_VS_SVC_F_PERSISTENT && !req.keyless)
		return query ? opvs_template_peek(on, svc, view, &req, choice) :
			       opvs_template_choose(on, svc, view, &req, choice);
	if (flow->proto == IPPROTO_UDP && READ_ONCE(svc->one_packet))
		return choose_one_packet(on, svc, view, skb, &req, choice,
					 query);
	return pick(view, &req, choice, query);
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
	opvs_verdict_t verdict = choose(on, svc, skb, flow, choice, NULL);

	if (unlikely(verdict == OPVS_VERDICT(DROP_NO_SERVER)) &&
	    READ_ONCE(on->settings.cache_bypass))
		return opvs_bypass(on, svc, flow, opvs_route_vrf(skb), choice);
	return verdict;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_choose);

/**
 * opvs_choose_peek() - which server would a new connection get?
 * @svc: service
 * @skb: its first packet, which does not exist
 * @flow: that packet's flow
 * @choice: result, zeroed by the caller; as of opvs_choose(), but an entry that
 *	would have to be made is not there
 * @query: is told why
 *
 * Leaves no trace itself.
 *
 * Context: BH disabled, RCU read side, cfg_lock held.
 * Return: as of opvs_choose(); OPVS_VERDICT(BYPASSED) if it would go on without a
 * server.
 */
opvs_verdict_t opvs_choose_peek(struct opvs_net *on, struct opvs_svc *svc,
				struct sk_buff *skb,
				const struct opvs_flow *flow,
				struct opvs_choice *choice,
				struct opvs_query *query)
{
	opvs_verdict_t verdict;

	lockdep_assert_held(&on->cfg_lock);

	query->view = opvs_query_view(query, svc);
	verdict = choose(on, svc, skb, flow, choice, query);
	if (verdict != OPVS_VERDICT(DROP_NO_SERVER) ||
	    !READ_ONCE(on->settings.cache_bypass))
		return verdict;
	verdict = opvs_bypass(on, svc, flow, 0, choice);
	*choice = (struct opvs_choice){};
	if (verdict != OPVS_GO_ON)
		return verdict;
	return opvs_query_because(query, OPVS_WHY_BYPASS,
				  OPVS_VERDICT(BYPASSED));
}
