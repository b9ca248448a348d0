// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netfilter's hooks: which stages a packet passes at each of them, and what
 * their verdicts mean to netfilter.  Nothing else knows NF_*.
 *
 * A request is recognised by where it goes, a reply by where it comes from.
 * If it can be both, it is taken for a request: a server that is itself a
 * client of the service sends from the very port that replies come from.
 */
#include <opvs/path.h>

#include <opvs/compat.h>
#include <opvs/conn.h>
#include <opvs/flow.h>
#include <opvs/netns.h>
#include <opvs/svc.h>
#include <opvs/trace.h>
#include <opvs/xmit.h>

#include <linux/bottom_half.h>
#include <linux/in.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/preempt.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ipv6_frag.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>

/* Verdicts that do not drop. */
static const u8 verdict_nf[] = {
	[OPVS_CTR_NONE]			= NF_ACCEPT,
	[OPVS_CTR_FORWARDED]		= NF_STOLEN,
	[OPVS_CTR_DELIVERED_LOCAL]	= NF_ACCEPT,
	[OPVS_CTR_BYPASSED]		= NF_STOLEN,
	[OPVS_CTR_REPLIES]		= NF_ACCEPT,
	[OPVS_CTR_ICMP_TO_SERVER]	= NF_STOLEN,
	[OPVS_CTR_ICMP_TO_LOCAL]	= NF_ACCEPT,
	[OPVS_CTR_ICMP_TO_CLIENT]	= NF_ACCEPT,
	[OPVS_CTR_ICMP_UNATTRIBUTED]	= NF_ACCEPT,
	[OPVS_CTR_VERDICT_LAST]		= NF_DROP,
};

static_assert(!NF_DROP, "verdicts that are not listed drop");

/* Why, in the words of the core; of verdicts that do not drop, 0. */
#define DROP_REASON(name, text, reason)	\
	[OPVS_CTR_##name] = SKB_DROP_REASON_##reason,
#define NO_REASON(name, text)
static const u16 core_reasons[OPVS_CTR_VERDICT_END] = {
	OPVS_REQUEST_VERDICTS(NO_REASON, DROP_REASON)
	OPVS_OTHER_VERDICTS(NO_REASON, DROP_REASON)
};

typedef opvs_verdict_t (*opvs_stage_t)(struct opvs_net *on, struct sk_buff *skb,
				       const struct opvs_flow *flow);

/* Netfilter would free the packet and call every reason NETFILTER_DROP.  Where it
 * takes that from hooks, the packet is freed here, and a local sender is told
 * EPERM all the same.
 */
static noinline unsigned int opvs_drop(const struct opvs_net *on,
				       struct sk_buff *skb,
				       const struct opvs_flow *flow,
				       enum opvs_ctr ctr)
{
	trace_opvs_drop(on, skb, flow, ctr);
	return opvs_nf_drop(skb, core_reasons[ctr]);
}

/* Counts a verdict and says it in netfilter's words. */
static unsigned int opvs_verdict_apply(struct opvs_net *on, struct sk_buff *skb,
				       const struct opvs_flow *flow,
				       opvs_verdict_t verdict)
{
	enum opvs_ctr ctr = (__force enum opvs_ctr)verdict;

	if (verdict != OPVS_NOT_OURS)
		opvs_count_by(on->counters, ctr);
	if (unlikely(verdict_nf[ctr] == NF_DROP))
		return opvs_drop(on, skb, flow, ctr);
	return verdict_nf[ctr];
}

static __always_inline void opvs_read(const struct sk_buff *skb, u8 family,
				      u8 flags, struct opvs_flow *flow)
{
	if (opvs_flow_parse(skb, 0, family, flow))
		flow->flags |= OPVS_FLOW_MALFORMED;
	flow->flags |= flags;
}

static const struct nf_hook_entries *
opvs_entries(const struct nf_hook_state *state)
{
	const struct netns_nf *nf = &state->net->nf;

	if (state->pf == NFPROTO_IPV6)
		return rcu_dereference(nf->hooks_ipv6[state->hook]);
	return rcu_dereference(nf->hooks_ipv4[state->hook]);
}

/* What the hooks before ours have judged goes to those behind it, no more: they
 * would see other addresses now.  If ours is gone meanwhile, to none.
 */
static void opvs_pass_on(const struct opvs_net *on, struct sk_buff *skb,
			 const struct nf_hook_state *state)
{
	const struct nf_hook_entries *entries = opvs_entries(state);
	struct nf_hook_state rest = *state;
	unsigned int i = 0;

	while (entries && i < entries->num_hook_entries &&
	       entries->hooks[i++].priv != on)
		;
	if (!entries || nf_hook_slow(skb, &rest, entries, i) == 1)
		state->okfn(state->net, state->sk, skb);
}

/* A GSO packet goes datagram by datagram: each may belong to another call. */
static unsigned int opvs_split(struct opvs_net *on, struct sk_buff *whole,
			       const struct opvs_flow *read,
			       const struct nf_hook_state *state, u8 flags,
			       opvs_stage_t stage)
{
	struct sk_buff *segs, *skb, *next;
	struct opvs_flow flow;
	unsigned int nf;

	segs = skb_gso_segment(whole, 0);
	if (IS_ERR_OR_NULL(segs)) {
		/* Lost as one; the datagrams were not counted yet. */
		opvs_count(on, SERVICE_PACKETS);
		return opvs_verdict_apply(on, whole, read,
					  OPVS_VERDICT(DROP_NO_MEMORY));
	}

	/* If they were only strung together, the first one is @whole itself. */
	consume_skb(whole);
	skb_list_walk_safe(segs, skb, next) {
		skb_mark_not_on_list(skb);
		opvs_read(skb, state->pf, flags, &flow);
		nf = opvs_verdict_apply(on, skb, &flow, stage(on, skb, &flow));
		/* Else it is freed already. */
		if (nf == NF_DROP)
			kfree_skb(skb);
		else if (nf == NF_ACCEPT)
			opvs_pass_on(on, skb, state);
	}
	opvs_count(on, GSO_SPLIT);
	return NF_STOLEN;
}

/* Balanced already, by us or by ip_vs. */
static bool opvs_is_handled(const struct sk_buff *skb)
{
	return skb->ipvs_property;
}

static bool opvs_is_fragment(const struct opvs_flow *flow)
{
	return flow->flags & (OPVS_FLOW_FIRST_FRAG | OPVS_FLOW_LATER_FRAG);
}

/* Ports and Call-IDs are in the first fragment only, so packets are made whole;
 * they may be cut again, as they came.  Those of IPv4 to this host are whole, and
 * all are where connections are tracked by netfilter, whose queues these are.
 * Anything but NF_ACCEPT means that the fragment was taken.
 */
static noinline unsigned int opvs_gather(struct opvs_net *on,
					 struct sk_buff *skb,
					 const struct nf_hook_state *state)
{
	bool out = state->hook == NF_INET_LOCAL_OUT;
	int err;

	if (state->pf == NFPROTO_IPV6) {
		err = nf_ct_frag6_gather(on->net, skb, out ?
					 IP6_DEFRAG_CONNTRACK_OUT :
					 IP6_DEFRAG_CONNTRACK_IN);
		if (err == -EINPROGRESS)
			return NF_STOLEN;
		return err ? NF_DROP : NF_ACCEPT;
	}
	if (ip_defrag(on->net, skb, out ? IP_DEFRAG_CONNTRACK_OUT
					: IP_DEFRAG_CONNTRACK_IN))
		return NF_STOLEN;
	skb->ignore_df = 1;
	return NF_ACCEPT;
}

static __always_inline unsigned int
opvs_handle(struct opvs_net *on, struct sk_buff *skb,
	    const struct nf_hook_state *state, u8 flags, opvs_stage_t stage)
{
	struct opvs_flow flow;
	opvs_verdict_t verdict;
	unsigned int nf;

	opvs_read(skb, state->pf, flags, &flow);
	if (unlikely(opvs_is_fragment(&flow))) {
		nf = opvs_gather(on, skb, state);
		if (nf != NF_ACCEPT)
			return nf;
		opvs_read(skb, state->pf, flags, &flow);
		/* Netfilter lets pass what it cannot put together. */
		if (unlikely(opvs_is_fragment(&flow)))
			flow.flags |= OPVS_FLOW_MALFORMED;
	}
	verdict = stage(on, skb, &flow);
	if (unlikely(verdict == OPVS_SPLIT))
		return opvs_split(on, skb, &flow, state, flags, stage);
	return opvs_verdict_apply(on, skb, &flow, verdict);
}

/* Comes back to the hook, in another context. */
static noinline unsigned int opvs_hook_task(struct opvs_net *on,
					    struct sk_buff *skb,
					    const struct nf_hook_state *state,
					    nf_hookfn *again)
{
	unsigned int nf;

	local_bh_disable();
	nf = again(on, skb, state);
	local_bh_enable();
	return nf;
}

/* Inlined into each hook, with its stage: a packet's way has no calls through
 * pointers but those to schedulers and transmit methods.
 *
 * Most packets come in softirq, but not all: tasks send, and a task that gives
 * the verdict on a queued packet (NFQUEUE) takes it through the rest of its
 * chain, at any hook, with BH enabled and perhaps preemptible.  The stages use
 * data of the CPU, and softirqs take the same locks; so they stay on it until
 * they are done, and only packets that they send themselves come in between.
 * To disable BH for packets in softirq, too, would make each 2 % dearer.
 */
static __always_inline unsigned int
opvs_hook(struct opvs_net *on, struct sk_buff *skb,
	  const struct nf_hook_state *state, u8 flags, opvs_stage_t stage,
	  nf_hookfn *again)
{
	/* All that the director forwards comes to LOCAL_OUT once more. */
	if (opvs_is_handled(skb) || unlikely(!skb_dst(skb)))
		return NF_ACCEPT;
	/* What is forwarded has no flags: answers to requests of before. */
	if (flags && unlikely(READ_ONCE(on->settings.passive)))
		return NF_ACCEPT;
	if (unlikely(!in_softirq()))
		return opvs_hook_task(on, skb, state, again);
	return opvs_handle(on, skb, state, flags, stage);
}

static bool opvs_is_balanced(const struct opvs_flow *flow)
{
	return flow->proto == IPPROTO_UDP || flow->proto == IPPROTO_TCP ||
	       flow->proto == IPPROTO_SCTP;
}

/* If all UDP services are one-packet ones, no UDP packet is looked up. */
static __always_inline opvs_verdict_t
opvs_stage_tracked(struct opvs_net *on, struct sk_buff *skb,
		   const struct opvs_flow *flow)
{
	if (flow->proto == IPPROTO_UDP && !atomic_read(&on->conn.udp))
		return OPVS_NOT_OURS;
	return opvs_track(on, skb, flow);
}

/* A protocol that is not balanced may carry packets that would be, once this host
 * has taken them out.  Those of IPsec keep the mark; see request.c for others.
 */
static noinline opvs_verdict_t opvs_stage_other(struct opvs_net *on,
						struct sk_buff *skb,
						const struct opvs_flow *flow)
{
	opvs_verdict_t verdict;

	if (opvs_is_ipsec(flow)) {
		verdict = opvs_ipsec(on, skb, flow);
		if (verdict != OPVS_NOT_OURS)
			return verdict;
	}
	if (READ_ONCE(on->settings.ignore_tunneled))
		skb->ipvs_property = 1;
	return OPVS_NOT_OURS;
}

static __always_inline opvs_verdict_t
opvs_stage_local(struct opvs_net *on, struct sk_buff *skb,
		 const struct opvs_flow *flow)
{
	opvs_verdict_t verdict;

	if (likely(opvs_is_balanced(flow))) {
		verdict = opvs_stage_tracked(on, skb, flow);
		if (verdict == OPVS_NOT_OURS)
			verdict = opvs_request(on, skb, flow);
		if (verdict == OPVS_NOT_OURS && flow->proto == IPPROTO_UDP)
			verdict = opvs_reply(on, skb, flow);
		return verdict;
	}
	if (!opvs_is_icmp(flow))
		return opvs_stage_other(on, skb, flow);
	verdict = opvs_icmp_tunnel(on, skb, flow);
	if (verdict == OPVS_NOT_OURS)
		verdict = opvs_icmp_to_server(on, skb, flow);
	if (verdict == OPVS_NOT_OURS)
		verdict = opvs_icmp_to_client(on, skb, flow);
	return verdict;
}

static __always_inline opvs_verdict_t
opvs_stage_forward(struct opvs_net *on, struct sk_buff *skb,
		   const struct opvs_flow *flow)
{
	opvs_verdict_t verdict;

	if (likely(opvs_is_balanced(flow))) {
		verdict = opvs_stage_tracked(on, skb, flow);
		if (verdict == OPVS_NOT_OURS && flow->proto == IPPROTO_UDP)
			verdict = opvs_reply(on, skb, flow);
		if (verdict == OPVS_NOT_OURS &&
		    unlikely(READ_ONCE(on->settings.nat_icmp_send)))
			verdict = opvs_refuse_stray(on, skb, flow);
		return verdict;
	}
	if (opvs_is_icmp(flow))
		return opvs_icmp_to_client(on, skb, flow);
	if (opvs_is_ipsec(flow))
		return opvs_ipsec(on, skb, flow);
	return OPVS_NOT_OURS;
}

static unsigned int opvs_hook_local_in(void *priv, struct sk_buff *skb,
				       const struct nf_hook_state *state)
{
	if (unlikely(skb->pkt_type != PACKET_HOST))
		return NF_ACCEPT;
	return opvs_hook(priv, skb, state, OPVS_FLOW_TO_HOST, opvs_stage_local,
			 opvs_hook_local_in);
}

static unsigned int opvs_hook_local_out(void *priv, struct sk_buff *skb,
					const struct nf_hook_state *state)
{
	return opvs_hook(priv, skb, state, OPVS_FLOW_FROM_HOST,
			 opvs_stage_local, opvs_hook_local_out);
}

static unsigned int opvs_hook_forward(void *priv, struct sk_buff *skb,
				      const struct nf_hook_state *state)
{
	return opvs_hook(priv, skb, state, 0, opvs_stage_forward,
			 opvs_hook_forward);
}

#define OPVS_HOOK(fn, family, num, prio) \
	{ .hook = (fn), .pf = (family), .hooknum = (num), .priority = (prio) }

/* The places that IPVS takes, so that rule sets written for it stay right. */
static const struct nf_hook_ops opvs_hooks_v4[] = {
	OPVS_HOOK(opvs_hook_local_in, NFPROTO_IPV4, NF_INET_LOCAL_IN,
		  NF_IP_PRI_NAT_SRC - 1),
	OPVS_HOOK(opvs_hook_local_out, NFPROTO_IPV4, NF_INET_LOCAL_OUT,
		  NF_IP_PRI_NAT_DST + 2),
	OPVS_HOOK(opvs_hook_forward, NFPROTO_IPV4, NF_INET_FORWARD,
		  NF_IP_PRI_NAT_SRC),
};

static const struct nf_hook_ops opvs_hooks_v6[] = {
	OPVS_HOOK(opvs_hook_local_in, NFPROTO_IPV6, NF_INET_LOCAL_IN,
		  NF_IP6_PRI_NAT_SRC - 1),
	OPVS_HOOK(opvs_hook_local_out, NFPROTO_IPV6, NF_INET_LOCAL_OUT,
		  NF_IP6_PRI_NAT_DST + 2),
	OPVS_HOOK(opvs_hook_forward, NFPROTO_IPV6, NF_INET_FORWARD,
		  NF_IP6_PRI_NAT_SRC),
};

static_assert(ARRAY_SIZE(opvs_hooks_v4) == OPVS_HOOKS);
static_assert(ARRAY_SIZE(opvs_hooks_v6) == OPVS_HOOKS);

/* The hooks of a namespace are told which one it is. */
static const struct nf_hook_ops *opvs_hooks_of(struct opvs_net *on, u8 family)
{
	struct nf_hook_ops *ops = on->hooks[opvs_family(family)];
	int i;

	memcpy(ops, family == NFPROTO_IPV6 ? opvs_hooks_v6 : opvs_hooks_v4,
	       sizeof(opvs_hooks_v4));
	for (i = 0; i < OPVS_HOOKS; i++)
		ops[i].priv = on;
	return ops;
}

static int opvs_family_up(struct opvs_net *on, u8 family)
{
	int err;

	err = opvs_conn_net_start(on);
	if (err)
		return err;
	return nf_register_net_hooks(on->net, opvs_hooks_of(on, family),
				     OPVS_HOOKS);
}

static void opvs_family_down(struct opvs_net *on, u8 family)
{
	nf_unregister_net_hooks(on->net, on->hooks[opvs_family(family)],
				OPVS_HOOKS);
}

const struct opvs_svc_events opvs_path_events = {
	.bypass		= &opvs_xmit_bypass,
	.family_up	= opvs_family_up,
	.family_down	= opvs_family_down,
};
