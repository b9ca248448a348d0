/* SPDX-License-Identifier: GPL-2.0-only */
/* Reply side of one-packet NAT services: server address and port to service. */
#ifndef OPVS_ENDPOINT_H
#define OPVS_ENDPOINT_H

#include <linux/list.h>
#include <linux/netfilter.h>
#include <linux/rhashtable-types.h>
#include <linux/types.h>

#include <opvs/askers.h>
#include <opvs/dest.h>
#include <opvs/netns.h>
#include <opvs/svc.h>
#include <opvs/types.h>

struct opvs_name;

/**
 * struct opvs_endpoint - an address and port at which NAT servers answer
 * @node: in opvs_net.replies, RCU
 * @addr: address; constant
 * @rest: port, family and protocol, as names have them; constant
 * @dests: the servers of all services that use it, the one added first in
 *	front; RCU, written under cfg_lock
 * @num_dests: length of @dests
 * @num_marks: of them in services by firewall mark
 * @rcu: frees it
 */
struct opvs_endpoint {
	struct rhash_head		node;
	union nf_inet_addr		addr;
	u32				rest;
	struct hlist_head		dests;
	u32				num_dests;
	u32				num_marks;
	struct rcu_head			rcu;
};

/* Does its own address not tell which service and virtual address is meant? */
static inline bool opvs_endpoint_is_shared(const struct opvs_endpoint *ep)
{
	return READ_ONCE(ep->num_dests) > 1 || READ_ONCE(ep->num_marks);
}

/**
 * struct opvs_receiver - the receiver of a server's packet
 * @addr: address; not copied
 * @port: port
 * @here: it is the director itself
 * @asked: there is no packet: nothing is counted
 */
struct opvs_receiver {
	const union nf_inet_addr	*addr;
	__be16				port;
	bool				here;
	bool				asked;
};

/**
 * struct opvs_answer - what a server's packet is taken for
 * @dest: the server; valid within the RCU read section
 * @vaddr: virtual address that was asked; valid like @dest, and as long as this
 * @vport: its port
 * @kept: @vaddr, where the service has many
 */
struct opvs_answer {
	struct opvs_dest		*dest;
	const union nf_inet_addr	*vaddr;
	__be16				vport;
	union nf_inet_addr		kept;
};

/* cfg_lock held, process context */
int opvs_endpoint_join(struct opvs_net *on, struct opvs_dest *dest);
void opvs_endpoint_leave(struct opvs_net *on, struct opvs_dest *dest);

/* any context, RCU read side */
void opvs_endpoint_note_asker(struct opvs_net *on, const struct opvs_flow *flow,
			      const struct opvs_svc *svc);

/* Is a question to be remembered?  Of a service with an engine, only that of
 * a client that a server may also address otherwise.
 */
static inline bool opvs_endpoint_asker_matters(const struct opvs_svc *svc,
					       const struct opvs_flow *flow)
{
	const struct opvs_view *view = rcu_dereference(svc->view);

	return !view->pe || flow->flags & OPVS_FLOW_FROM_HOST ||
	       unlikely(opvs_svc_may_have_addr(view, &flow->saddr));
}

void opvs_endpoint_remember(struct opvs_net *on, const struct opvs_endpoint *ep,
			    const struct opvs_flow *flow,
			    const struct opvs_dest *dest);

/**
 * opvs_endpoint_note() - remember that, and which service, a client asked
 * @flow: request
 * @dest: server that gets it
 * @client: opvs_askers_hash() of the client, or 0
 *
 * Context: softirq or BH disabled, RCU read side.
 */
static inline void opvs_endpoint_note(struct opvs_net *on,
				      const struct opvs_flow *flow,
				      const struct opvs_dest *dest, u64 client)
{
	const struct opvs_endpoint *ep = rcu_dereference(dest->endpoint);

	/* Its replies do not come by. */
	if (!ep)
		return;
	if (client)
		opvs_askers_note(&on->replies.askers, client);
	else if (opvs_endpoint_asker_matters(dest->svc, flow))
		opvs_endpoint_note_asker(on, flow, dest->svc);
	if (unlikely(opvs_endpoint_is_shared(ep)))
		opvs_endpoint_remember(on, ep, flow, dest);
}

bool opvs_endpoint_answer(struct opvs_net *on, const struct opvs_name *name,
			  const struct opvs_receiver *to,
			  struct opvs_answer *answer);

bool opvs_endpoint_has(struct opvs_net *on, const struct opvs_name *name);

int opvs_endpoint_net_init(struct opvs_net *on);
void opvs_endpoint_net_exit(struct opvs_net *on);

#endif /* OPVS_ENDPOINT_H */
