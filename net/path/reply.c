// SPDX-License-Identifier: GPL-2.0-only
/* Replies: from a NAT server to a client. */
#include <opvs/path.h>

#include <opvs/dest.h>
#include <opvs/endpoint.h>
#include <opvs/name.h>
#include <opvs/netns.h>
#include <opvs/svc.h>
#include <opvs/xmit.h>

#include <linux/skbuff.h>

/**
 * opvs_reply_as() - give a server's packet the virtual address and port
 * @on: namespace
 * @skb: packet of @dest
 * @flow: its flow
 * @dest: server
 * @vaddr: virtual address
 * @vport: virtual port
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: OPVS_VERDICT(REPLIES), or the reason to drop.
 */
opvs_verdict_t opvs_reply_as(struct opvs_net *on, struct sk_buff *skb,
			     const struct opvs_flow *flow,
			     const struct opvs_dest *dest,
			     const union nf_inet_addr *vaddr, __be16 vport)
{
	if (unlikely(opvs_rewrite(skb, flow, OPVS_SOURCE, vaddr, vport)))
		return OPVS_VERDICT(REPLY_DROP_NO_MEMORY);
	opvs_mark_handled(skb);
	if (unlikely(opvs_reroute(on, skb, flow)))
		return OPVS_VERDICT(REPLY_DROP_NO_ROUTE);
	opvs_stats_out(dest->stats_cpu, skb->len);
	return OPVS_VERDICT(REPLIES);
}

/**
 * opvs_reply_dest() - the one-packet service's server at an address and port
 * @on: namespace
 * @name: where the packet comes from
 * @client: where it goes
 * @port: the port there
 *
 * Servers of services for all ports answer from all ports.
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: the server, valid within the read section, or NULL.
 */
struct opvs_dest *opvs_reply_dest(struct opvs_net *on,
				  const struct opvs_name *name,
				  const union nf_inet_addr *client,
				  __be16 port)
{
	struct opvs_name wild;
	struct opvs_dest *dest;

	dest = opvs_endpoint_dest(on, name, client, port);
	if (dest || likely(!READ_ONCE(on->num_wild_svcs)))
		return dest;
	wild = opvs_name_all_ports(name);
	return opvs_endpoint_dest(on, &wild, client, port);
}

/**
 * opvs_reply() - translate a packet that a one-packet service's server sends
 * @on: namespace
 * @skb: UDP packet that is no request
 * @flow: its flow
 *
 * Whatever leaves the address and port of a server counts as a reply, to any
 * client and port.  A train of datagrams is rewritten as a whole.
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: OPVS_VERDICT(REPLIES); OPVS_VERDICT(NONE) when no server of ours is
 * there; the reason to drop.
 */
opvs_verdict_t opvs_reply(struct opvs_net *on, struct sk_buff *skb,
			  const struct opvs_flow *flow)
{
	const struct opvs_name name = opvs_name(&flow->saddr, flow->sport,
						flow->family, flow->proto);
	const struct opvs_svc_key *virt;
	struct opvs_dest *dest;

	if (unlikely(flow->flags & OPVS_FLOW_MALFORMED))
		return OPVS_VERDICT(NONE);
	dest = opvs_reply_dest(on, &name, &flow->daddr, flow->dport);
	if (!dest)
		return OPVS_VERDICT(NONE);

	virt = &dest->svc->key;
	return opvs_reply_as(on, skb, flow, dest, &virt->addr,
			     virt->port ?: flow->sport);
}
