// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which service a packet belongs to that has been balanced already.
 *
 * A tracked connection is found by either of its tuples: a request by NAT has
 * the server's address now, so that a packet which answers it has the tuple of a
 * reply; a reply has the virtual one, and is answered by a request.  Packets by
 * other methods are as they came.  A one-packet service keeps nothing about past
 * packets; as for ICMP errors, the server's address and port tell the service.
 */
#include <opvs/whose.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/endpoint.h>
#include <opvs/flow.h>
#include <opvs/name.h>
#include <opvs/netns.h>
#include <opvs/ops.h>
#include <opvs/path.h>
#include <opvs/svc.h>
#include <opvs/table.h>

#include <linux/bottom_half.h>
#include <linux/export.h>
#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>

static void owner_of_conn(struct opvs_owner *owner, const struct opvs_conn *cp,
			  bool reply)
{
	*owner = (struct opvs_owner){
		.vaddr	= cp->request.tuple.dst,
		.vport	= cp->request.tuple.dport,
		.method	= cp->flags & IP_VS_CONN_F_FWD_MASK,
		.reply	= reply,
	};
	if (cp->control) {
		owner->controlled = true;
		owner->vport_control = cp->control->request.tuple.dport;
	}
}

/* By the tuple that an answer has, then by the packet's own. */
static bool owned_by_conn(struct opvs_net *on, const struct opvs_flow *flow,
			  struct opvs_owner *owner)
{
	struct opvs_conn_node *node;
	struct opvs_tuple tuple;
	bool answered;

	opvs_tuple_of_answer(&tuple, flow);
	node = opvs_track_find(on, &tuple);
	answered = node;
	if (!node) {
		opvs_tuple_of(&tuple, flow);
		node = opvs_track_find(on, &tuple);
	}
	if (!node)
		return false;
	owner_of_conn(owner, opvs_conn_of(node),
		      answered == (node->tuple.kind == OPVS_TUPLE_REQUEST));
	return true;
}

/* The one-packet service that a datagram from a client goes to. */
static struct opvs_svc *one_packet_svc(struct opvs_net *on,
				       const struct opvs_flow *flow, u32 mark)
{
	struct opvs_svc *svc = opvs_svc_match(on, flow, mark);

	return svc && READ_ONCE(svc->one_packet) ? svc : NULL;
}

/* A datagram that NAT has sent on to a server. */
static bool owned_by_endpoint(struct opvs_net *on, const struct opvs_flow *flow,
			      struct opvs_owner *owner)
{
	const struct opvs_name name = opvs_name(&flow->daddr, flow->dport,
						flow->family, flow->proto);
	const struct opvs_receiver to = {
		.addr	= &flow->saddr,
		.port	= flow->sport,
		.asked	= true,
	};
	struct opvs_answer answer;

	if (!opvs_endpoint_answer(on, &name, &to, &answer))
		return false;
	*owner = (struct opvs_owner){
		.vaddr	= *answer.vaddr,
		.vport	= answer.vport,
		.method	= IP_VS_CONN_F_MASQ,
	};
	return true;
}

static bool owned_by_svc(struct opvs_net *on, const struct opvs_flow *flow,
			 u32 mark, struct opvs_owner *owner)
{
	struct opvs_flow request;

	opvs_flow_turn(&request, flow);
	if (one_packet_svc(on, &request, 0)) {
		*owner = (struct opvs_owner){
			.vaddr	= flow->saddr,
			.vport	= flow->sport,
			.method	= IP_VS_CONN_F_MASQ,
			.reply	= true,
		};
		return true;
	}
	if (!one_packet_svc(on, flow, mark))
		return false;
	*owner = (struct opvs_owner){
		.vaddr	= flow->daddr,
		.vport	= flow->dport,
		.method	= IP_VS_CONN_F_DROUTE,
	};
	return true;
}

static bool whose(struct opvs_net *on, const struct opvs_flow *flow, u32 mark,
		  struct opvs_owner *owner)
{
	if (owned_by_conn(on, flow, owner))
		return true;
	return flow->proto == IPPROTO_UDP &&
	       (owned_by_endpoint(on, flow, owner) ||
		owned_by_svc(on, flow, mark, owner));
}

/**
 * opvs_whose() - the service of a packet that opvs has sent on
 * @net: network namespace
 * @skb: packet, with its IP header at skb->data
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @proto: result: its transport protocol, also if it is nobody's; 0: none
 * @owner: result
 *
 * Context: any.
 * Return: true and @owner; false for what belongs to no service, ICMP errors
 * among it.
 */
bool opvs_whose(const struct net *net, const struct sk_buff *skb, u8 family,
		u8 *proto, struct opvs_owner *owner)
{
	struct opvs_net *on = opvs_pernet(net);
	struct opvs_flow flow;
	bool found = false;

	*proto = 0;
	if (opvs_flow_parse(skb, 0, family, &flow))
		return false;
	*proto = flow.proto;
	if (flow.flags & OPVS_FLOW_LATER_FRAG || !opvs_table_is_up(on))
		return false;
	local_bh_disable();
	rcu_read_lock();
	found = whose(on, &flow, skb->mark, owner);
	rcu_read_unlock();
	local_bh_enable();
	return found;
}
EXPORT_SYMBOL_GPL(opvs_whose);
