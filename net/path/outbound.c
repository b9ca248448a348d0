// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions that servers begin.
 *
 * To its peer, a server of a service with an engine calls from the virtual
 * address, so the peer's answers come to the service and must find that server
 * again.  A request by a server therefore binds its key to the server: in the
 * template of the key, or, if the service has no templates, by an exception
 * unless the key leads there by itself.  Later packets of the peer in this
 * session follow it like any other message.
 *
 * In SIP that is every request, whichever side began the call: its Call-ID is
 * the same both ways, and a dialog's requests go to the address in its Contact
 * (RFC 3261 s12.2.1.1), which is that server's.
 */
#include <opvs/path.h>

#include <opvs/dest.h>
#include <opvs/endpoint.h>
#include <opvs/kunit.h>
#include <opvs/flow.h>
#include <opvs/netns.h>
#include <opvs/ops.h>
#include <opvs/pe.h>
#include <opvs/svc.h>

#include <linux/ip_vs.h>
#include <linux/minmax.h>
#include <linux/skbuff.h>

/* Apart, as room for a copy costs each packet that needs none. */
static noinline enum opvs_pe_role
role_beyond_head(const struct sk_buff *skb, const struct opvs_flow *flow,
		 const struct opvs_pe_ops *pe, unsigned int len)
{
	u8 buf[OPVS_PE_ROLE_BYTES];

	if (skb_copy_bits(skb, flow->payload, buf, len))
		return OPVS_PE_ANSWER;
	return pe->role(buf, len);
}

/* The role of a datagram in its session. */
static enum opvs_pe_role role_of(const struct sk_buff *skb,
				 const struct opvs_flow *flow,
				 const struct opvs_pe_ops *pe)
{
	unsigned int len = min_t(unsigned int, OPVS_PE_ROLE_BYTES,
				 flow->payload_len);

	if (unlikely(flow->payload + len > skb_headlen(skb)))
		return role_beyond_head(skb, flow, pe, len);
	return pe->role(skb->data + flow->payload, len);
}

/* Apart from the way of an answer, which most of what servers send are. */
static noinline void outbound_bind(struct opvs_net *on,
				   const struct opvs_answer *answer,
				   const struct opvs_view *view,
				   struct sk_buff *skb,
				   const struct opvs_flow *flow,
				   enum opvs_pe_role role)
{
	struct opvs_dest *dest = answer->dest;
	const struct opvs_svc *svc = dest->svc;
	struct opvs_sched_req req = {};
	struct opvs_flow turned;

	/* As the peer would have sent it to the service. */
	opvs_flow_turn(&turned, flow);
	turned.daddr = *answer->vaddr;
	turned.dport = answer->vport;
	req.flow = &turned;
	if (unlikely(opvs_seek_key(skb, flow, view->pe, &req))) {
		opvs_count(on, AFFINITY_FORGOTTEN);
		return;
	}
	if (req.keyless)
		return;
	if (view->flags & IP_VS_SVC_F_PERSISTENT)
		opvs_template_claim(on, svc, view, &req, dest);
	else if (view->stateless)
		opvs_affinity_claim(on, svc, view, &req, dest, role);
}

/**
 * opvs_outbound() - bind the session of a server's request to that server
 * @answer: the server, of a one-packet service with an engine, and what its packet
 *	will come from
 * @skb: its packet, not rewritten yet; more of it may be pulled into the head
 * @flow: the packet's flow
 *
 * If there is no memory, or a limit is reached, the session is forgotten, and
 * counted (affinity_forgotten); the packet goes on all the same.
 *
 * Context: softirq or BH disabled, RCU read side.
 */
void opvs_outbound(struct opvs_net *on, const struct opvs_answer *answer,
		   struct sk_buff *skb, const struct opvs_flow *flow)
{
	const struct opvs_view *view = rcu_dereference(answer->dest->svc->view);
	enum opvs_pe_role role;

	if (unlikely(flow->flags & OPVS_FLOW_LATER_FRAG ||
		     flow->payload + flow->payload_len > skb->len))
		return;
	role = role_of(skb, flow, view->pe);
	if (unlikely(role != OPVS_PE_ANSWER))
		outbound_bind(on, answer, view, skb, flow, role);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_outbound);
