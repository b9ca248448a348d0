// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which server does a new connection get?  The one that a persistence template
 * remembers, or else the scheduler's choice, which a template then remembers.
 * Packets of one-packet services without templates are in affinity.c if an
 * engine's key leads them, or have no memory at all.
 */
#include <opvs/path.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/pe.h>
#include <opvs/sched.h>
#include <opvs/svc.h>
#include <opvs/table.h>
#include <opvs/xmit.h>

#include <linux/in.h>
#include <linux/ip_vs.h>
#include <net/ipv6.h>

/**
 * opvs_no_server() - a service has no server for a packet
 * @on: namespace
 * @skb: packet
 * @flow: its flow
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
 * opvs_track_failed() - why a connection could not be made
 * @err: negative errno of opvs_conn_track()
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
	default:
		return OPVS_VERDICT(DROP_NO_MEMORY);
	}
}

/* All clients of one network share a template. */
static void mask_client(union nf_inet_addr *client, u8 family, __be32 netmask)
{
	struct in6_addr whole = client->in6;

	if (family == NFPROTO_IPV4)
		client->ip &= netmask;
	else
		ipv6_addr_prefix(&client->in6, &whole, (__force u32)netmask);
}

/**
 * opvs_template_tuple() - what a template is found by
 * @tuple: result: the client, and what of the virtual side all its connections
 *	share.  Ports of the client never count
 * @svc: service
 * @flow: a packet of the client
 * @netmask: which bits of the client's address count; IPv6: how many
 *
 * Context: any.
 */
void opvs_template_tuple(struct opvs_tuple *tuple, const struct opvs_svc *svc,
			 const struct opvs_flow *flow, __be32 netmask)
{
	*tuple = (struct opvs_tuple){
		.family	= flow->family,
		.kind	= OPVS_TUPLE_TEMPLATE,
		.src	= flow->saddr,
	};
	mask_client(&tuple->src, flow->family, netmask);
	if (opvs_svc_key_is_mark(&svc->key)) {
		tuple->dst.ip = htonl(svc->key.addr.all[0]);
		return;
	}
	tuple->proto = flow->proto;
	tuple->dst = flow->daddr;
	tuple->dport = svc->key.port;
}

/* A server that was removed or, if so wished, drained is no longer remembered. */
static bool template_holds(struct opvs_net *on, const struct opvs_conn *tp)
{
	const struct opvs_dest *dest = tp->dest;

	if (unlikely(READ_ONCE(dest->removed)))
		return false;
	return READ_ONCE(dest->weight) ||
	       !READ_ONCE(on->settings.expire_quiescent_template);
}

/* One whose time is over is alive as long as it has children. */
static bool template_refresh(struct opvs_net *on, struct opvs_conn *tp,
			     u32 seconds)
{
	bool alive = opvs_expire_refresh(&on->expire, &tp->expiring, jiffies,
					 seconds * HZ) ||
		     atomic_read(&tp->children);

	/* Afterwards: a refresh in time to save it notes that it lingered. */
	if (unlikely(READ_ONCE(tp->state) & OPVS_CONN_LINGERS))
		opvs_conn_linger(tp, false);
	return alive;
}

static struct opvs_conn *template_find(struct opvs_net *on,
				       const struct opvs_conn_start *start)
{
	struct opvs_table_key key = {
		.tuple		= start->tuple,
		.pe		= start->pe,
		.key		= start->key,
		.key_len	= start->key_len,
		.now		= jiffies,
	};
	struct opvs_conn_node *node = opvs_table_find(on, &key);
	struct opvs_conn *tp;

	if (!node)
		return NULL;
	tp = opvs_conn_of(node);
	if (unlikely(!template_holds(on, tp))) {
		opvs_conn_end(tp);
		return NULL;
	}
	return template_refresh(on, tp, start->seconds) ? tp : NULL;
}

static struct opvs_conn *template_begin(struct opvs_net *on,
					const struct opvs_svc *svc,
					const struct opvs_sched_req *req,
					struct opvs_conn_start *start)
{
	const struct opvs_sched_table *tbl;
	struct opvs_conn *tp;
	int tries;

	for (tries = 0; tries < 2; tries++) {
		tbl = rcu_dereference(svc->table);
		start->dest = tbl->ops->pick(tbl, req);
		if (!start->dest)
			return NULL;
		tp = opvs_conn_track(on, start);
		/* The server went away just now; a table without it is in
		 * place.
		 */
		if (tp != ERR_PTR(-ESTALE))
			break;
	}
	return tp;
}

static opvs_verdict_t choose_persistent(struct opvs_net *on,
					const struct opvs_svc *svc,
					const struct opvs_sched_table *tbl,
					const struct opvs_sched_req *req,
					struct opvs_choice *choice)
{
	struct opvs_conn_start start = {
		.flags		= IP_VS_CONN_F_TEMPLATE,
		.seconds	= tbl->timeout,
		.pe		= req->key ? tbl->pe : NULL,
		.key		= req->key,
		.key_len	= req->key_len,
	};
	struct opvs_conn *tp;

	opvs_template_tuple(&start.tuple, svc, req->flow, tbl->netmask);
	tp = template_find(on, &start);
	if (!tp) {
		tp = template_begin(on, svc, req, &start);
		if (!tp)
			return OPVS_VERDICT(DROP_NO_SERVER);
		if (IS_ERR(tp))
			return opvs_track_failed(PTR_ERR(tp));
	}
	choice->control = tp;
	choice->dest = tp->dest;
	return OPVS_VERDICT(NONE);
}

/* Each packet for itself, unless the key says where its session is. */
static opvs_verdict_t choose_one_packet(struct opvs_net *on,
					struct opvs_svc *svc,
					const struct opvs_sched_table *tbl,
					struct sk_buff *skb,
					struct opvs_sched_req *req,
					struct opvs_choice *choice)
{
	req->hash = opvs_sched_hash(tbl, req);
	choice->hash = req->hash;
	if (tbl->stateless && req->key)
		return opvs_affinity_choose(on, svc, tbl, skb, req, choice);
	req->per_packet = true;
	choice->dest = tbl->ops->pick(tbl, req);
	return choice->dest ? OPVS_VERDICT(NONE) : OPVS_VERDICT(DROP_NO_SERVER);
}

/**
 * opvs_choose() - choose the server of a new connection
 * @on: namespace
 * @svc: service
 * @skb: its first packet
 * @flow: that packet's flow
 * @choice: result, valid within the RCU read section
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: OPVS_VERDICT(NONE) and @choice; or why there is none, and nothing was
 * sent to the client yet.
 */
opvs_verdict_t opvs_choose(struct opvs_net *on, struct opvs_svc *svc,
			   struct sk_buff *skb, const struct opvs_flow *flow,
			   struct opvs_choice *choice)
{
	const struct opvs_sched_table *tbl = rcu_dereference(svc->table);
	struct opvs_sched_req req = { .flow = flow };

	*choice = (struct opvs_choice){};
	if (tbl->pe && tbl->pe->proto == flow->proto) {
		if (unlikely(opvs_seek_key(skb, flow, tbl->pe, &req)))
			return OPVS_VERDICT(DROP_NO_MEMORY);
		if (req.keyless)
			opvs_count(on, PE_KEYLESS);
		else
			opvs_count(on, PE_KEYED);
	}
	/* Without a key there is nothing to remember a call by. */
	if (tbl->flags & IP_VS_SVC_F_PERSISTENT && !req.keyless)
		return choose_persistent(on, svc, tbl, &req, choice);
	if (flow->proto == IPPROTO_UDP && READ_ONCE(svc->one_packet))
		return choose_one_packet(on, svc, tbl, skb, &req, choice);

	choice->dest = tbl->ops->pick(tbl, &req);
	return choice->dest ? OPVS_VERDICT(NONE) : OPVS_VERDICT(DROP_NO_SERVER);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_choose);
