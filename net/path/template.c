// SPDX-License-Identifier: GPL-2.0-only
/*
 * Persistence templates: which server a client or call had, and is to have
 * again.
 */
#include <opvs/path.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/netns.h>
#include <opvs/ops.h>
#include <opvs/sched.h>
#include <opvs/svc.h>
#include <opvs/table.h>
#include <opvs/query.h>

#include <linux/err.h>
#include <linux/ip_vs.h>
#include <linux/jiffies.h>
#include <net/ipv6.h>

/* All clients of one network share a template. */
static void mask_client(union nf_inet_addr *client, u8 family, __be32 netmask)
{
	struct in6_addr whole;

	if (family == NFPROTO_IPV4) {
		client->ip &= netmask;
		return;
	}
	/* The default. */
	if (likely((__force u32)netmask == 128))
		return;
	whole = client->in6;
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

static struct opvs_table_key template_key(const struct opvs_svc *svc,
					  const struct opvs_view *view,
					  const struct opvs_sched_req *req)
{
	struct opvs_table_key key = {
		.pe		= req->key ? view->pe : NULL,
		.key		= req->key,
		.key_len	= req->key_len,
		.now		= jiffies,
	};

	opvs_template_tuple(&key.tuple, svc, req->flow, view->netmask);
	return key;
}

/* A server that was removed or, if so wished, drained is no longer remembered. */
static bool template_holds(struct opvs_net *on, const struct opvs_dest *dest)
{
	if (unlikely(READ_ONCE(dest->removed)))
		return false;
	return READ_ONCE(dest->weight) ||
	       !READ_ONCE(on->settings.expire_quiescent_template);
}

/* A template whose time is over is alive as long as it has children, unless it
 * was ended.
 */
static __always_inline bool
template_refresh(struct opvs_net *on, struct opvs_conn *tp, u32 seconds)
{
	bool alive = opvs_expire_refresh(&on->conn.expire, &tp->expiring, jiffies,
					 seconds * HZ) ||
		     !opvs_conn_dead(tp);

	/* Afterwards: a refresh in time to save it notes that it lingered. */
	if (unlikely(READ_ONCE(tp->word) &
		     (OPVS_CONN_LINGERS | OPVS_CONN_FOREIGN)))
		opvs_conn_own(tp);
	return alive;
}

static struct opvs_conn *template_find(struct opvs_net *on,
				       const struct opvs_table_key *key,
				       u32 seconds)
{
	struct opvs_conn_node *node = opvs_table_find(on, key);
	struct opvs_conn *tp;

	if (!node)
		return NULL;
	tp = opvs_conn_of(node);
	if (unlikely(!template_holds(on, tp->dest))) {
		opvs_conn_end(tp);
		return NULL;
	}
	return template_refresh(on, tp, seconds) ? tp : NULL;
}

static struct opvs_conn_start template_start(const struct opvs_table_key *key,
					     u32 seconds)
{
	return (struct opvs_conn_start){
		.tuple		= key->tuple,
		.flags		= IP_VS_CONN_F_TEMPLATE,
		.seconds	= seconds,
		.pe		= key->pe,
		.key		= key->key,
		.key_len	= key->key_len,
	};
}

static struct opvs_conn *template_begin(struct opvs_net *on,
					const struct opvs_svc *svc,
					const struct opvs_sched_req *req,
					const struct opvs_table_key *key,
					u32 seconds)
{
	struct opvs_conn_start start = template_start(key, seconds);
	const struct opvs_view *view;
	struct opvs_conn *tp;
	int tries;

	for (tries = 0; tries < 2; tries++) {
		view = rcu_dereference(svc->view);
		start.dest = view->ops->pick(view, req);
		if (!start.dest)
			return NULL;
		tp = opvs_conn_begin(on, &start, NULL);
		/* The server went away just now; a view without it is in
		 * place.
		 */
		if (tp != ERR_PTR(-ESTALE))
			break;
	}
	return tp;
}

/**
 * opvs_template_claim() - have a session's template name a server
 * @svc: persistent service
 * @view: its view of the service
 * @req: the server's request, as its peer would have sent it
 * @dest: the server
 *
 * A template that names another one is ended and made anew.
 *
 * Context: softirq or BH disabled, RCU read side.
 */
void opvs_template_claim(struct opvs_net *on, const struct opvs_svc *svc,
			 const struct opvs_view *view,
			 const struct opvs_sched_req *req,
			 struct opvs_dest *dest)
{
	struct opvs_table_key key = template_key(svc, view, req);
	struct opvs_conn_start start = template_start(&key, view->timeout);
	struct opvs_conn_node *node = opvs_table_find(on, &key);
	struct opvs_conn *tp;

	if (node) {
		tp = opvs_conn_of(node);
		if (tp->dest == dest && template_refresh(on, tp, view->timeout))
			return;
		opvs_conn_end(tp);
	}
	start.dest = dest;
	tp = opvs_conn_begin(on, &start, NULL);
	if (!IS_ERR(tp))
		opvs_count(on, AFFINITY_CLAIMED);
	else if (tp != ERR_PTR(-ESTALE))
		opvs_count(on, AFFINITY_FORGOTTEN);
}

/**
 * opvs_template_quoted() - which server has a quoted packet's template?
 * @svc: persistent service
 * @view: its view of the service
 * @req: what is quoted
 *
 * Leaves no trace.
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: the server, or NULL.
 */
struct opvs_dest *opvs_template_quoted(struct opvs_net *on,
				       const struct opvs_svc *svc,
				       const struct opvs_view *view,
				       const struct opvs_sched_req *req)
{
	struct opvs_table_key key = template_key(svc, view, req);
	struct opvs_conn_node *node = opvs_table_find(on, &key);
	struct opvs_dest *dest;

	if (!node)
		return NULL;
	dest = opvs_conn_of(node)->dest;
	return READ_ONCE(dest->removed) ? NULL : dest;
}

/**
 * opvs_template_choose() - choose the server that a persistent client has
 * @svc: persistent service
 * @view: its view of the service
 * @req: the client's packet
 * @choice: result
 *
 * A client without a template gets the scheduler's choice and a template that
 * remembers it.
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: OPVS_GO_ON and @choice, or why there is none.
 */
opvs_verdict_t opvs_template_choose(struct opvs_net *on,
				    const struct opvs_svc *svc,
				    const struct opvs_view *view,
				    const struct opvs_sched_req *req,
				    struct opvs_choice *choice)
{
	struct opvs_table_key key = template_key(svc, view, req);
	struct opvs_conn *tp;

	tp = template_find(on, &key, view->timeout);
	if (unlikely(!tp)) {
		tp = template_begin(on, svc, req, &key, view->timeout);
		if (!tp)
			return OPVS_VERDICT(DROP_NO_SERVER);
		if (IS_ERR(tp))
			return opvs_track_failed(PTR_ERR(tp));
	}
	choice->control = tp;
	choice->dest = tp->dest;
	return OPVS_GO_ON;
}

/* The server of a client without a template, which would get one. */
static opvs_verdict_t template_would_begin(const struct opvs_net *on,
					   const struct opvs_svc *svc,
					   const struct opvs_view *view,
					   const struct opvs_sched_req *req,
					   struct opvs_choice *choice)
{
	struct opvs_dest *dest = opvs_sched_peek(view, req);
	struct opvs_query *query = req->query;

	if (!dest)
		return OPVS_VERDICT(DROP_NO_SERVER);
	if (opvs_conn_limits_reached(on, svc)) {
		query->why = OPVS_WHY_LIMIT;
		query->unsure = true;
		return opvs_track_failed(-EDQUOT);
	}
	query->begins = true;
	query->remembered = true;
	choice->dest = dest;
	return OPVS_GO_ON;
}

/**
 * opvs_template_peek() - which server would a persistent client get?
 * @svc: persistent service
 * @view: a view of the service
 * @req: the client's packet, with a query, which is told why
 * @choice: result; its control is the client's template, if it has one
 *
 * Context: BH disabled, RCU read side, cfg_lock held.
 * Return: as of opvs_template_choose().
 */
opvs_verdict_t opvs_template_peek(struct opvs_net *on,
				  const struct opvs_svc *svc,
				  const struct opvs_view *view,
				  const struct opvs_sched_req *req,
				  struct opvs_choice *choice)
{
	struct opvs_table_key key = template_key(svc, view, req);
	struct opvs_conn_node *node = opvs_table_find(on, &key);
	struct opvs_dest *dest = NULL;

	if (node)
		dest = opvs_query_dest(req->query, opvs_conn_of(node)->dest);
	if (!dest || !template_holds(on, dest)) {
		if (node)
			opvs_query_ends(req->query, opvs_conn_of(node));
		return template_would_begin(on, svc, view, req, choice);
	}
	choice->control = opvs_conn_of(node);
	choice->dest = dest;
	return opvs_query_because(req->query, OPVS_WHY_TEMPLATE, OPVS_GO_ON);
}
