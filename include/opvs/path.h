/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A packet's way.  The stages take a namespace and a flow, not a hook state,
 * so that other entry points can use them.  All run in softirq or with BH
 * disabled, inside an RCU read section.
 */
#ifndef OPVS_PATH_H
#define OPVS_PATH_H

#include <opvs/types.h>

struct opvs_dest;
struct opvs_net;
struct opvs_svc;
struct opvs_svc_events;
struct sk_buff;

/* hook.c */
extern const struct opvs_svc_events opvs_path_events;

/* request.c: client to virtual service */
opvs_verdict_t opvs_request(struct opvs_net *on, struct sk_buff *skb,
			    const struct opvs_flow *flow);

/* ops.c: the one-packet path */
opvs_verdict_t opvs_one_packet(struct opvs_net *on, const struct opvs_svc *svc,
			       struct sk_buff *skb,
			       const struct opvs_flow *flow);
opvs_verdict_t opvs_pick_quoted(struct opvs_net *on,
				const struct opvs_svc *svc,
				struct sk_buff *skb,
				const struct opvs_flow *flow,
				struct opvs_dest **dest);

/* reply.c: server to client */
opvs_verdict_t opvs_reply(struct opvs_net *on, struct sk_buff *skb,
			  const struct opvs_flow *flow);

/* icmp.c: errors about either */
bool opvs_is_icmp(const struct opvs_flow *flow);
opvs_verdict_t opvs_icmp_to_client(struct opvs_net *on, struct sk_buff *skb,
				   const struct opvs_flow *flow);
opvs_verdict_t opvs_icmp_to_server(struct opvs_net *on, struct sk_buff *skb,
				   const struct opvs_flow *flow);

#endif /* OPVS_PATH_H */
