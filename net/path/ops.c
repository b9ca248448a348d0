// SPDX-License-Identifier: GPL-2.0-only
/*
 * One-packet scheduling: each packet is a connection of its own.  Key, server,
 * entry, send, release - all within the packet's stay in softirq, without a
 * lock, a timer or a table.
 */
#include <opvs/path.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/endpoint.h>
#include <opvs/netns.h>
#include <opvs/pe.h>
#include <opvs/svc.h>
#include <opvs/xmit.h>

#include <linux/skbuff.h>

/* Lets the engine look for its key.  It sees what the packet's head holds; only
 * if that does not decide, more of a fragmented packet is pulled there.
 */
static int opvs_seek_key(struct sk_buff *skb, const struct opvs_flow *flow,
			 const struct opvs_pe_ops *pe,
			 struct opvs_sched_req *req)
{
	unsigned int len = min(flow->payload_len, skb->len - flow->payload);
	unsigned int head = skb_headlen(skb);
	enum opvs_pe_verdict found = OPVS_PE_MORE;
	struct opvs_pe_key key = {};
	unsigned int shown = 0;

	if (head > flow->payload)
		shown = min(len, head - flow->payload);
	if (shown || !len)
		found = pe->find(skb->data + flow->payload, shown, shown == len,
				 &key);
	if (unlikely(found == OPVS_PE_MORE)) {
		shown = min(len, pe->scan_max);
		if (!pskb_may_pull(skb, flow->payload + shown))
			return -ENOMEM;
		found = pe->find(skb->data + flow->payload, shown, shown == len,
				 &key);
	}

	req->keyless = found != OPVS_PE_KEY;
	req->key = req->keyless ? NULL : key.data;
	req->key_len = key.len;
	return 0;
}

/* The client learns at once, as it does from IPVS. */
static opvs_verdict_t opvs_no_server(struct opvs_net *on, struct sk_buff *skb,
				     const struct opvs_flow *flow)
{
	opvs_error_unreachable(skb, flow, on);
	return OPVS_VERDICT(DROP_NO_SERVER);
}

static struct opvs_conn *opvs_bind(struct opvs_net *on,
				   const struct opvs_svc *svc,
				   const struct opvs_sched_req *req)
{
	const struct opvs_sched_table *tbl = rcu_dereference(svc->table);
	struct opvs_dest *dest = tbl->ops->pick(tbl, req);

	return dest ? opvs_conn_new_ops(on, req->flow, dest) : NULL;
}

/**
 * opvs_one_packet() - send a packet to a server of a one-packet service
 * @on: namespace
 * @svc: service
 * @skb: packet
 * @flow: its flow
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: what became of it.
 */
opvs_verdict_t opvs_one_packet(struct opvs_net *on, const struct opvs_svc *svc,
			       struct sk_buff *skb,
			       const struct opvs_flow *flow)
{
	const struct opvs_pe_ops *pe = rcu_dereference(svc->table)->pe;
	struct opvs_sched_req req = { .flow = flow, .hash_key = &on->hash_key };
	opvs_verdict_t verdict;
	struct opvs_conn *cp;

	if (pe) {
		if (unlikely(opvs_seek_key(skb, flow, pe, &req)))
			return OPVS_VERDICT(DROP_NO_MEMORY);
		if (req.keyless)
			opvs_count(on, PE_KEYLESS);
		else
			opvs_count(on, PE_KEYED);
	}

	cp = opvs_bind(on, svc, &req);
	/* The server was being removed; a table without it is in place. */
	if (unlikely(cp == ERR_PTR(-ESTALE)))
		cp = opvs_bind(on, svc, &req);
	if (IS_ERR_OR_NULL(cp)) {
		if (cp == ERR_PTR(-ENOMEM))
			return OPVS_VERDICT(DROP_NO_MEMORY);
		return opvs_no_server(on, skb, flow);
	}

	opvs_endpoint_note(on, flow, cp->dest);
	opvs_stats_in(cp->dest->stats_cpu, skb->len);
	verdict = READ_ONCE(cp->dest->xmit)->send(skb, flow, cp);
	opvs_conn_put(cp);
	return verdict;
}

/**
 * opvs_pick_quoted() - which server got the packet that an ICMP error quotes?
 * @on: namespace
 * @svc: service
 * @skb: the error
 * @flow: the quoted packet as the client would have sent it
 * @dest: result
 *
 * Only a server that follows from the packet itself can be named: the only
 * one, or the one that a hash of what is quoted leads to.  Turns are lost.
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: OPVS_VERDICT(NONE) and @dest; or ICMP_UNATTRIBUTED.
 */
opvs_verdict_t opvs_pick_quoted(struct opvs_net *on,
				const struct opvs_svc *svc,
				struct sk_buff *skb,
				const struct opvs_flow *flow,
				struct opvs_dest **dest)
{
	const struct opvs_sched_table *tbl = rcu_dereference(svc->table);
	struct opvs_sched_req req = { .flow = flow, .hash_key = &on->hash_key };

	*dest = NULL;
	if (tbl->count == 1) {
		*dest = tbl->member[0].dest;
	} else if (tbl->ops->hashes) {
		if (tbl->pe && opvs_seek_key(skb, flow, tbl->pe, &req))
			return OPVS_VERDICT(ICMP_UNATTRIBUTED);
		/* Headers without a key are cut off more often than absent. */
		if (!req.keyless)
			*dest = tbl->ops->pick(tbl, &req);
	}
	return *dest ? OPVS_VERDICT(NONE) : OPVS_VERDICT(ICMP_UNATTRIBUTED);
}
