/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A packet's way.  The stages take a namespace and a flow, not a hook state,
 * so that other entry points can use them.  All run in softirq or with BH
 * disabled, inside an RCU read section.
 */
#ifndef OPVS_PATH_H
#define OPVS_PATH_H

#include <linux/in.h>
#include <linux/kconfig.h>
#include <linux/skbuff.h>

#include <opvs/expect.h>
#include <opvs/pe.h>
#include <opvs/proto.h>
#include <opvs/types.h>

struct opvs_answer;
struct opvs_conn;
struct opvs_conn_node;
struct opvs_conn_start;
struct opvs_dest;
struct opvs_net;
struct opvs_sched_req;
struct opvs_sip_cpu;
struct opvs_view;
struct opvs_svc;
struct opvs_svc_events;
struct opvs_query;
struct opvs_tuple;

/* Several datagrams in one packet; not one that is yet to be cut into fragments. */
static inline bool opvs_is_gso(const struct sk_buff *skb)
{
	return skb_is_gso(skb) && !(skb_shinfo(skb)->gso_type & SKB_GSO_UDP);
}

/* hook.c */
extern const struct opvs_svc_events opvs_path_events;

/* request.c: client to virtual service */
opvs_verdict_t opvs_request(struct opvs_net *on, struct sk_buff *skb,
			    const struct opvs_flow *flow);
opvs_verdict_t opvs_request_peek(struct opvs_net *on, struct sk_buff *skb,
				 const struct opvs_flow *flow,
				 struct opvs_query *query);

/* key.c: engines and packets */
int opvs_seek_key(struct sk_buff *skb, const struct opvs_flow *flow,
		  const struct opvs_pe_ops *pe, struct opvs_sched_req *req);
bool opvs_may_begin(struct sk_buff *skb, const struct opvs_pe_ops *pe,
		    struct opvs_sched_req *req);
void opvs_note_request(struct opvs_sip_cpu __percpu *cpu,
		       const struct sk_buff *skb, const struct opvs_flow *flow);
bool opvs_note_answer(struct opvs_sip_cpu __percpu *cpu,
		      const struct sk_buff *skb, const struct opvs_flow *flow);

/**
 * struct opvs_choice - the server of a new connection
 * @dest: server
 * @control: template or exception that remembers it, or NULL
 * @hash: whose packet it is, for the server's load; 0: a template counts
 * @client: opvs_askers_hash() of the client, if it was made; else 0
 *
 * Pointers are valid within the RCU read section.
 */
struct opvs_choice {
	struct opvs_dest	*dest;
	struct opvs_conn	*control;
	u64			hash;
	u64			client;
};

/* refuse.c: packets that get no server or no connection */
opvs_verdict_t opvs_no_server(struct opvs_net *on, struct sk_buff *skb,
			      const struct opvs_flow *flow);
opvs_verdict_t opvs_refuse_stray(struct opvs_net *on, struct sk_buff *skb,
				 const struct opvs_flow *flow);
opvs_verdict_t opvs_track_failed(long err);
opvs_verdict_t opvs_refuse_peek(const struct opvs_net *on,
				const struct opvs_flow *flow,
				struct opvs_query *query);

/* choose.c: key, then memory or scheduler */
opvs_verdict_t opvs_choose(struct opvs_net *on, struct opvs_svc *svc,
			   struct sk_buff *skb, const struct opvs_flow *flow,
			   struct opvs_choice *choice);
opvs_verdict_t opvs_choose_peek(struct opvs_net *on, struct opvs_svc *svc,
				struct sk_buff *skb,
				const struct opvs_flow *flow,
				struct opvs_choice *choice,
				struct opvs_query *query);

/* template.c: persistence */
void opvs_template_tuple(struct opvs_tuple *tuple, const struct opvs_svc *svc,
			 const struct opvs_flow *flow, __be32 netmask);
opvs_verdict_t opvs_template_choose(struct opvs_net *on,
				    const struct opvs_svc *svc,
				    const struct opvs_view *view,
				    const struct opvs_sched_req *req,
				    struct opvs_choice *choice);
opvs_verdict_t opvs_template_peek(struct opvs_net *on,
				  const struct opvs_svc *svc,
				  const struct opvs_view *view,
				  const struct opvs_sched_req *req,
				  struct opvs_choice *choice);

void opvs_template_claim(struct opvs_net *on, const struct opvs_svc *svc,
			 const struct opvs_view *view,
			 const struct opvs_sched_req *req,
			 struct opvs_dest *dest);
struct opvs_dest *opvs_template_quoted(struct opvs_net *on,
				       const struct opvs_svc *svc,
				       const struct opvs_view *view,
				       const struct opvs_sched_req *req);

/* affinity.c: engines without templates */
opvs_verdict_t opvs_affinity_choose(struct opvs_net *on,
				    struct opvs_svc *svc,
				    const struct opvs_view *view,
				    struct sk_buff *skb,
				    struct opvs_sched_req *req,
				    struct opvs_choice *choice);
opvs_verdict_t opvs_affinity_peek(struct opvs_net *on, struct opvs_svc *svc,
				  const struct opvs_view *view,
				  struct sk_buff *skb,
				  struct opvs_sched_req *req,
				  struct opvs_choice *choice);
void opvs_affinity_claim(struct opvs_net *on, const struct opvs_svc *svc,
			 const struct opvs_view *view,
			 struct opvs_sched_req *req, struct opvs_dest *dest,
			 enum opvs_pe_role role);
struct opvs_dest *opvs_affinity_quoted(struct opvs_net *on,
				       const struct opvs_svc *svc,
				       const struct opvs_view *view,
				       const struct opvs_sched_req *req);

/* first.c: packets that open a tracked connection */
opvs_verdict_t opvs_first_packet(struct opvs_net *on,
				 struct opvs_svc *svc,
				 struct sk_buff *skb,
				 const struct opvs_flow *flow);
opvs_verdict_t opvs_first_peek(struct opvs_net *on, struct opvs_svc *svc,
			       struct sk_buff *skb,
			       const struct opvs_flow *flow,
			       struct opvs_query *query);

bool opvs_yields(const struct opvs_conn_start *start,
		 const struct opvs_conn *old);

/* expected.c: packets that open what another connection told of */
opvs_verdict_t opvs_expected_first(struct opvs_net *on, struct sk_buff *skb,
				   const struct opvs_flow *flow);

opvs_verdict_t opvs_expected_peek(struct opvs_net *on,
				  const struct opvs_flow *flow,
				  struct opvs_query *query);

/**
 * opvs_expected() - begin an expected connection, if the packet does
 * @skb: packet that belongs to no connection
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: what became of it; OPVS_NOT_OURS when nobody expects it.
 */
static __always_inline opvs_verdict_t
opvs_expected(struct opvs_net *on, struct sk_buff *skb,
	      const struct opvs_flow *flow)
{
	if (likely(!opvs_expect_any(on)))
		return OPVS_NOT_OURS;
	return opvs_expected_first(on, skb, flow);
}

/* track.c: packets of tracked connections */
opvs_verdict_t opvs_track(struct opvs_net *on, struct sk_buff *skb,
			  const struct opvs_flow *flow);
opvs_verdict_t opvs_track_peek(struct opvs_net *on,
			       const struct opvs_flow *flow,
			       struct opvs_query *query);
struct opvs_conn_node *opvs_track_find(struct opvs_net *on,
				       const struct opvs_tuple *tuple);
opvs_verdict_t opvs_track_follow(struct opvs_net *on, struct sk_buff *skb,
				 const struct opvs_flow *flow,
				 struct opvs_conn *cp);
opvs_verdict_t opvs_track_send_first(struct sk_buff *skb,
				     const struct opvs_flow *flow,
				     struct opvs_conn *cp);
bool opvs_track_note(struct opvs_net *on, struct opvs_conn *cp,
		     enum opvs_dir dir, const struct opvs_flow *flow);
bool opvs_track_opens(const struct opvs_net *on, const struct opvs_proto *proto,
		      const struct opvs_flow *flow);
u32 opvs_track_begin(const struct opvs_net *on, const struct opvs_dest *dest,
		     const struct opvs_proto *proto, u8 event);
u32 opvs_track_begin_reply(const struct opvs_net *on,
			   const struct opvs_proto *proto, u8 event);
u32 opvs_track_seconds(const struct opvs_svc *svc,
		       const struct opvs_proto *proto, u32 word);
#if IS_ENABLED(CONFIG_KUNIT)
u32 opvs_track_word(const struct opvs_net *on, const struct opvs_proto *proto,
		    u32 word, enum opvs_dir dir, u8 event);
#endif

/* ops.c: the one-packet path */
opvs_verdict_t opvs_one_packet(struct opvs_net *on, struct opvs_svc *svc,
			       struct sk_buff *skb,
			       const struct opvs_flow *flow);
opvs_verdict_t opvs_pick_quoted(struct opvs_net *on,
				const struct opvs_svc *svc,
				struct sk_buff *skb,
				const struct opvs_flow *flow,
				struct opvs_dest **dest);

/* reply.c: server to client */
opvs_verdict_t opvs_reply_as(struct opvs_net *on, struct sk_buff *skb,
			     const struct opvs_flow *flow,
			     const struct opvs_dest *dest,
			     const union nf_inet_addr *vaddr, __be16 vport,
			     bool tracked);
opvs_verdict_t opvs_reply(struct opvs_net *on, struct sk_buff *skb,
			  const struct opvs_flow *flow);
opvs_verdict_t opvs_reply_peek(struct opvs_net *on,
			       const struct opvs_flow *flow, bool here,
			       struct opvs_query *query);

/* explain.c: the path is asked */
opvs_verdict_t opvs_explain(struct opvs_net *on, struct sk_buff *skb,
			    u8 family, u8 flags, bool local,
			    struct opvs_query *query);

/* outbound.c: sessions that servers begin */
void opvs_outbound(struct opvs_net *on, const struct opvs_answer *answer,
		   struct sk_buff *skb, const struct opvs_flow *flow);

/* ipsec.c: packets that follow a key exchange */
static inline bool opvs_is_ipsec(const struct opvs_flow *flow)
{
	return flow->proto == IPPROTO_ESP || flow->proto == IPPROTO_AH;
}

void opvs_ipsec_exchange(struct opvs_flow *isakmp,
			 const struct opvs_flow *flow);
opvs_verdict_t opvs_ipsec(struct opvs_net *on, struct sk_buff *skb,
			  const struct opvs_flow *flow);

/* bypass.c: packets that go on without a server */
opvs_verdict_t opvs_bypass(struct opvs_net *on, const struct opvs_svc *svc,
			   const struct opvs_flow *flow, int vrf,
			   struct opvs_choice *choice);

/* icmp.c: errors about either */
bool opvs_is_icmp(const struct opvs_flow *flow);
opvs_verdict_t opvs_icmp_to_client(struct opvs_net *on, struct sk_buff *skb,
				   const struct opvs_flow *flow);
opvs_verdict_t opvs_icmp_to_server(struct opvs_net *on, struct sk_buff *skb,
				   const struct opvs_flow *flow);

/* icmp_tunnel.c: errors about what the director wrapped */
opvs_verdict_t opvs_icmp_tunnel(struct opvs_net *on, struct sk_buff *skb,
				const struct opvs_flow *error);

#endif /* OPVS_PATH_H */
