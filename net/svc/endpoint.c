// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reply side of one-packet NAT services.
 *
 * A one-packet request leaves no entry, so replies are recognised by where they
 * come from: the address and port of a server.  Several services may use the
 * same server; packets then ask the hints which one is meant.  A service by mark
 * has many virtual addresses; the one that a client asked is remembered (asked.c),
 * and only who did that gets replies.
 *
 * But a server also answers hosts that ask it directly, a health check above
 * all, and asks others, from the same port.  A packet of a server is a reply
 *  - if the receiver, by address and port, asked the service of late (askers.c);
 *  - if the service has an engine, whatever the receiver did: an answer may go
 *    to another port than the request came from (in SIP to that of the Via, RFC
 *    3261 s18.2.2), and the server's own sessions are to be the service's.  Not
 *    so to the director or to another server: they can reach each other by their
 *    own addresses, and of them only one that asked the service gets replies.
 */
#include <opvs/endpoint.h>

#include <opvs/asked.h>
#include <opvs/askers.h>
#include <opvs/dest.h>
#include <opvs/hint.h>
#include <opvs/kunit.h>
#include <opvs/name.h>
#include <opvs/netns.h>
#include <opvs/svc.h>

#include <linux/in.h>
#include <linux/rculist.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>

static u32 endpoint_hash(const void *data, u32 len, u32 seed)
{
	const struct opvs_endpoint *ep = data;
	const struct opvs_name name = { .addr = &ep->addr, .rest = ep->rest };

	return opvs_name_hash(&name, 0, seed);
}

static inline int endpoint_differs(struct rhashtable_compare_arg *arg,
				   const void *obj)
{
	const struct opvs_endpoint *ep = obj;

	return !opvs_name_is(arg->key, &ep->addr, ep->rest);
}

/* Looked up by &struct opvs_name, by functions that are inlined. */
static const struct rhashtable_params endpoint_params = {
	.head_offset		= offsetof(struct opvs_endpoint, node),
	.hashfn			= opvs_name_hash,
	.obj_hashfn		= endpoint_hash,
	.obj_cmpfn		= endpoint_differs,
	.automatic_shrinking	= true,
};

static struct opvs_endpoint *endpoint_create(struct opvs_net *on,
					     const struct opvs_name *name)
{
	struct opvs_endpoint *ep;
	int err;

	ep = kzalloc(sizeof(*ep), GFP_KERNEL_ACCOUNT);
	if (!ep)
		return ERR_PTR(-ENOMEM);
	ep->addr = *name->addr;
	ep->rest = name->rest;
	INIT_HLIST_HEAD(&ep->dests);
	err = rhashtable_insert_fast(&on->replies.endpoints, &ep->node,
				     endpoint_params);
	if (err) {
		kfree(ep);
		return ERR_PTR(err);
	}
	if (!opvs_name_port(name))
		WRITE_ONCE(on->replies.num_wild, on->replies.num_wild + 1);
	return ep;
}

static void endpoint_remove(struct opvs_net *on, struct opvs_endpoint *ep)
{
	const struct opvs_name name = { .addr = &ep->addr, .rest = ep->rest };

	if (!opvs_name_port(&name))
		WRITE_ONCE(on->replies.num_wild, on->replies.num_wild - 1);
	rhashtable_remove_fast(&on->replies.endpoints, &ep->node, endpoint_params);
	kfree_rcu(ep, rcu);
}

/* Hints are needed from the first shared endpoint on, and kept from then. */
static int hints_ensure(struct opvs_net *on)
{
	struct opvs_hints *hints;

	if (rcu_access_pointer(on->replies.hints))
		return 0;
	hints = opvs_hints_alloc();
	if (!hints)
		return -ENOMEM;
	rcu_assign_pointer(on->replies.hints, hints);
	return 0;
}

/* Needed from the first server of a service by mark on, and kept from then. */
static int asked_ensure(struct opvs_net *on)
{
	struct opvs_asked *asked;

	if (rcu_access_pointer(on->replies.asked))
		return 0;
	asked = opvs_asked_alloc();
	if (!asked)
		return -ENOMEM;
	rcu_assign_pointer(on->replies.asked, asked);
	return 0;
}

static bool is_by_mark(const struct opvs_dest *dest)
{
	return opvs_svc_key_is_mark(&dest->svc->key);
}

static void count_dest(struct opvs_endpoint *ep, const struct opvs_dest *dest,
		       int by)
{
	WRITE_ONCE(ep->num_dests, ep->num_dests + by);
	if (is_by_mark(dest))
		WRITE_ONCE(ep->num_marks, ep->num_marks + by);
}

/* In order of the services' addition: without a hint, the first one is meant. */
static void endpoint_insert(struct opvs_endpoint *ep, struct opvs_dest *dest)
{
	struct opvs_dest *pos, *last = NULL;

	hlist_for_each_entry(pos, &ep->dests, endpoint_node) {
		if (pos->svc->id > dest->svc->id)
			break;
		last = pos;
	}
	if (last)
		hlist_add_behind_rcu(&dest->endpoint_node,
				     &last->endpoint_node);
	else
		hlist_add_head_rcu(&dest->endpoint_node, &ep->dests);
}

/**
 * opvs_endpoint_join() - have replies of a server recognised
 * @dest: NAT server that is in no endpoint
 *
 * Context: process, cfg_lock held.  Waits for a grace period if the server left
 * an endpoint a moment ago; the wait of the first one of many is that of all.
 * Return: 0 or -ENOMEM, or another error of rhashtable.
 */
int opvs_endpoint_join(struct opvs_net *on, struct opvs_dest *dest)
{
	/* Of a service by mark, datagrams are scheduled one by one only. */
	const struct opvs_name name = opvs_name(&dest->addr, dest->port,
						dest->family,
						dest->svc->key.proto ?:
						IPPROTO_UDP);
	struct opvs_endpoint *ep;
	int err;

	lockdep_assert_held(&on->cfg_lock);

	err = opvs_askers_start(&on->replies.askers, jiffies);
	if (!err && is_by_mark(dest))
		err = asked_ensure(on);
	if (err)
		return err;
	ep = rhashtable_lookup_fast(&on->replies.endpoints, &name, endpoint_params);
	if (ep) {
		err = hints_ensure(on);
		if (err)
			return err;
	} else {
		ep = endpoint_create(on, &name);
		if (IS_ERR(ep))
			return PTR_ERR(ep);
	}

	/* A reader that stands on it in the list which it left must not walk
	 * on into this one, past whom it was looking for.
	 */
	cond_synchronize_rcu(dest->endpoint_left);
	endpoint_insert(ep, dest);
	count_dest(ep, dest, 1);
	/* Packets that find the server by its service follow the pointer. */
	rcu_assign_pointer(dest->endpoint, ep);
	return 0;
}

/**
 * opvs_endpoint_leave() - undo opvs_endpoint_join()
 * @dest: server that is in an endpoint
 *
 * Context: process, cfg_lock held.  The server may be freed a grace period
 * later.
 */
void opvs_endpoint_leave(struct opvs_net *on, struct opvs_dest *dest)
{
	struct opvs_endpoint *ep;

	ep = rcu_dereference_protected(dest->endpoint,
				       lockdep_is_held(&on->cfg_lock));
	RCU_INIT_POINTER(dest->endpoint, NULL);
	hlist_del_rcu(&dest->endpoint_node);
	dest->endpoint_left = get_state_synchronize_rcu();
	count_dest(ep, dest, -1);
	if (!ep->num_dests)
		endpoint_remove(on, ep);
}

/**
 * opvs_endpoint_note_asker() - remember that a client asked
 * @flow: request
 * @svc: service
 *
 * Context: softirq or BH disabled, RCU read side.
 */
void opvs_endpoint_note_asker(struct opvs_net *on, const struct opvs_flow *flow,
			      const struct opvs_svc *svc)
{
	opvs_askers_note(&on->replies.askers,
			 opvs_askers_hash(&on->replies.askers, &flow->saddr,
					  flow->sport, svc->id));
}
EXPORT_SYMBOL_IF_KUNIT(opvs_endpoint_note_asker);

/* Both the client's address with its port and its address alone are noted: the
 * first tells two sockets of one client apart, the second serves replies to
 * another port.
 */
static void note_hint(struct opvs_net *on, const struct opvs_endpoint *ep,
		      const struct opvs_flow *flow, u32 svc_id, u32 now)
{
	struct opvs_hints *hints = rcu_dereference(on->replies.hints);

	if (!hints)
		return;
	if (opvs_hint_write(hints, ep, &flow->saddr, flow->sport, svc_id, now))
		opvs_count(on, HINT_WRITES);
	if (opvs_hint_write(hints, ep, &flow->saddr, 0, svc_id, now))
		opvs_count(on, HINT_WRITES);
}

/* The virtual address; the client's own address alone counts only where its port
 * may be another one.
 */
static void note_asked(struct opvs_net *on, const struct opvs_flow *flow,
		       const struct opvs_dest *dest, u32 now)
{
	struct opvs_asked *asked = rcu_dereference(on->replies.asked);
	struct opvs_asked_ends ends = {
		.client	= flow->saddr,
		.server	= dest->addr,
		.cport	= flow->sport,
		.sport	= dest->port ?: flow->dport,
	};

	if (!asked)
		return;
	if (opvs_asked_note(asked, &ends, &flow->daddr, flow->dport, now))
		opvs_count(on, HINT_WRITES);
	if (!rcu_dereference(dest->svc->view)->pe)
		return;
	ends.cport = 0;
	if (opvs_asked_note(asked, &ends, &flow->daddr, flow->dport, now))
		opvs_count(on, HINT_WRITES);
}

/**
 * opvs_endpoint_remember() - remember which service and address a client asked
 * @ep: endpoint whose own address does not tell
 * @flow: request
 * @dest: server that gets it
 *
 * Context: softirq or BH disabled, RCU read side.
 */
void opvs_endpoint_remember(struct opvs_net *on, const struct opvs_endpoint *ep,
			    const struct opvs_flow *flow,
			    const struct opvs_dest *dest)
{
	u32 now = ktime_get_seconds();

	if (READ_ONCE(ep->num_dests) > 1)
		note_hint(on, ep, flow, dest->svc->id, now);
	if (is_by_mark(dest))
		note_asked(on, flow, dest, now);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_endpoint_remember);

/* A receiver that may be given what it did not ask for from that very port: the
 * service has an engine, and the receiver is neither the director nor a server.
 */
static bool is_outside(const struct opvs_svc *svc,
		       const struct opvs_receiver *to)
{
	return rcu_dereference(svc->view)->pe && !to->here &&
	       !opvs_svc_has_addr(svc, to->addr);
}

/* Of a service by mark: which virtual address did the receiver ask? */
static noinline bool was_asked(const struct opvs_net *on,
			       const struct opvs_receiver *to, __be16 sport,
			       struct opvs_answer *answer)
{
	const struct opvs_asked *asked = rcu_dereference(on->replies.asked);
	const struct opvs_dest *dest = answer->dest;
	struct opvs_asked_ends ends = {
		.client	= *to->addr,
		.server	= dest->addr,
		.cport	= to->port,
		.sport	= sport,
	};
	u32 now = ktime_get_seconds();
	bool known;

	if (!asked)
		return false;
	answer->vaddr = &answer->kept;
	known = opvs_asked_find(asked, &ends, &answer->kept, &answer->vport, now);
	if (known || !is_outside(dest->svc, to))
		return known;
	ends.cport = 0;
	return opvs_asked_find(asked, &ends, &answer->kept, &answer->vport, now);
}

/* Is what comes from port @sport a reply of the service, if it is one at all? */
static bool is_reply(const struct opvs_net *on, struct opvs_dest *dest,
		     const struct opvs_receiver *to, __be16 sport,
		     struct opvs_answer *answer)
{
	const struct opvs_svc *svc = dest->svc;

	answer->dest = dest;
	if (unlikely(is_by_mark(dest)))
		return was_asked(on, to, sport, answer);
	answer->vaddr = &svc->key.addr;
	answer->vport = svc->key.port ?: sport;
	if (unlikely(!READ_ONCE(on->settings.reply_seconds)))
		return true;
	return is_outside(svc, to) ||
	       opvs_askers_know(&on->replies.askers,
				opvs_askers_hash(&on->replies.askers, to->addr,
						 to->port, svc->id));
}

/* The server record that a hint names, if it is still there. */
static struct opvs_dest *hinted_dest(const struct opvs_endpoint *ep,
				     const struct opvs_hints *hints,
				     const struct opvs_receiver *to,
				     __be16 port, u32 now)
{
	struct opvs_dest *dest;
	u16 id;

	if (!opvs_hint_read(hints, ep, to->addr, port, &id, now))
		return NULL;
	hlist_for_each_entry_rcu(dest, &ep->dests, endpoint_node)
		if ((u16)dest->svc->id == id)
			return dest;
	return NULL;
}

/* The service that the receiver asked last, if it is known. */
static struct opvs_dest *shared_dest(struct opvs_net *on,
				     const struct opvs_endpoint *ep,
				     const struct opvs_receiver *to)
{
	struct opvs_hints *hints = rcu_dereference(on->replies.hints);
	u32 now = ktime_get_seconds();
	struct opvs_dest *dest;

	dest = hinted_dest(ep, hints, to, to->port, now);
	if (!dest)
		dest = hinted_dest(ep, hints, to, 0, now);
	if (unlikely(to->asked))
		return dest;
	if (dest)
		opvs_count(on, HINT_HITS);
	else
		opvs_count(on, HINT_MISSES);
	return dest;
}

static bool answer_at(struct opvs_net *on, const struct opvs_name *name,
		      const struct opvs_receiver *to, __be16 sport,
		      struct opvs_answer *answer)
{
	struct opvs_dest *dest = NULL;
	struct opvs_endpoint *ep;

	ep = rhashtable_lookup(&on->replies.endpoints, name, endpoint_params);
	if (!ep)
		return false;
	if (READ_ONCE(ep->num_dests) > 1 && rcu_access_pointer(on->replies.hints))
		dest = shared_dest(on, ep, to);
	if (dest && is_reply(on, dest, to, sport, answer))
		return true;
	hlist_for_each_entry_rcu(dest, &ep->dests, endpoint_node)
		if (is_reply(on, dest, to, sport, answer))
			return true;
	return false;
}

/**
 * opvs_endpoint_answer() - whose reply is this?
 * @name: source of the packet
 * @to: where it goes
 * @answer: result: the server record of the service that the receiver asked, or
 *	of the first one added whose reply it may be when that is not known, and
 *	the virtual address that the reply is to have
 *
 * Servers for all ports answer from all ports.
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: true; or false when no server of ours is there, or the packet is no
 * reply.
 */
bool opvs_endpoint_answer(struct opvs_net *on, const struct opvs_name *name,
			  const struct opvs_receiver *to,
			  struct opvs_answer *answer)
{
	__be16 sport = opvs_name_port(name);
	struct opvs_name wild;

	if (answer_at(on, name, to, sport, answer))
		return true;
	if (likely(!READ_ONCE(on->replies.num_wild)))
		return false;
	wild = opvs_name_all_ports(name);
	return answer_at(on, &wild, to, sport, answer);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_endpoint_answer);

/**
 * opvs_endpoint_has() - does a server of a one-packet service answer there?
 * @name: address, port, family and protocol
 *
 * Context: any, RCU read side.
 */
bool opvs_endpoint_has(struct opvs_net *on, const struct opvs_name *name)
{
	return rhashtable_lookup(&on->replies.endpoints, name, endpoint_params);
}

/**
 * opvs_endpoint_net_init() - a namespace's empty table
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int opvs_endpoint_net_init(struct opvs_net *on)
{
	opvs_askers_init(&on->replies.askers, on->share.tenant);
	return rhashtable_init(&on->replies.endpoints, &endpoint_params);
}

/**
 * opvs_endpoint_net_exit() - free the table, the hints and the marks
 * @on: namespace without services; no packet can come any more
 *
 * Context: process.
 */
void opvs_endpoint_net_exit(struct opvs_net *on)
{
	rhashtable_destroy(&on->replies.endpoints);
	opvs_hints_free(rcu_dereference_protected(on->replies.hints, true));
	opvs_asked_free(rcu_dereference_protected(on->replies.asked, true));
	opvs_askers_exit(&on->replies.askers);
}
