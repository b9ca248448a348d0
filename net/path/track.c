// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets of tracked connections: find the entry, note what the packet means to
 * its state, keep it alive, and send the packet on.
 *
 * Takes no lock.  The state is one word, changed by compare-and-exchange when
 * it changes; the expiry time is written at most once a second.
 */
#include <opvs/path.h>

#include <opvs/app.h>
#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/due.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/nfct.h>
#include <opvs/proto.h>
#include <opvs/svc.h>
#include <opvs/table.h>
#include <opvs/query.h>
#include <opvs/xmit.h>

#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/skbuff.h>

/* Both sides agreed: such an entry is not given up lightly. */
static bool is_assured(const struct opvs_proto *proto, u8 state,
		       enum opvs_dir dir)
{
	if (proto->assured)
		return proto->assured & BIT(state);
	return dir == OPVS_DIR_REPLY;
}

/* The state word after an event. */
static inline u32 track_word(const struct opvs_net *on,
			     const struct opvs_proto *proto, u32 word,
			     enum opvs_dir dir, u8 event)
{
	u8 state = word & OPVS_CONN_STATE;

	if (dir == OPVS_DIR_REQUEST && word & OPVS_CONN_NO_OUTPUT)
		dir = OPVS_DIR_REQUEST_ONLY;
	else if (dir == OPVS_DIR_REPLY)
		word &= ~OPVS_CONN_NO_OUTPUT;
	state = opvs_proto_next(proto, state, dir, event,
				READ_ONCE(on->settings.secure_tcp_on));

	word &= ~(OPVS_CONN_STATE | OPVS_CONN_ACTIVE | OPVS_CONN_FOREIGN);
	if (proto->active & BIT(state))
		word |= OPVS_CONN_ACTIVE;
	if (is_assured(proto, state, dir))
		word |= OPVS_CONN_ASSURED;
	return word | state;
}

#if IS_ENABLED(CONFIG_KUNIT)
u32 opvs_track_word(const struct opvs_net *on, const struct opvs_proto *proto,
		    u32 word, enum opvs_dir dir, u8 event)
{
	return track_word(on, proto, word, dir, event);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_track_word);
#endif

/**
 * opvs_track_begin() - the state word of a new connection
 * @dest: server
 * @proto: protocol
 * @event: what the first packet means
 *
 * Context: any.
 */
u32 opvs_track_begin(const struct opvs_net *on, const struct opvs_dest *dest,
		     const struct opvs_proto *proto, u8 event)
{
	u32 word = READ_ONCE(dest->xmit)->rewrites ? 0 : OPVS_CONN_NO_OUTPUT;

	return track_word(on, proto, word, OPVS_DIR_REQUEST, event);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_track_begin);

/**
 * opvs_track_begin_reply() - the state word of a connection that a server begins
 * @proto: protocol
 * @event: what its first packet means
 *
 * Context: any.
 */
u32 opvs_track_begin_reply(const struct opvs_net *on,
			   const struct opvs_proto *proto, u8 event)
{
	return track_word(on, proto, 0, OPVS_DIR_REPLY, event);
}

/**
 * opvs_track_seconds() - how long a connection may be silent
 * @svc: its service
 * @proto: protocol
 * @word: its state word
 *
 * Context: any, RCU read side.
 */
u32 opvs_track_seconds(const struct opvs_svc *svc,
		       const struct opvs_proto *proto, u32 word)
{
	const struct opvs_policy *policy = rcu_dereference(svc->policy);
	u8 state = word & OPVS_CONN_STATE;

	return READ_ONCE(policy->timeout[proto->timeout0 + state]);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_track_seconds);

/**
 * opvs_track_opens() - may a packet begin a connection?
 * @proto: protocol
 *
 * Context: any.
 */
bool opvs_track_opens(const struct opvs_net *on, const struct opvs_proto *proto,
		      const struct opvs_flow *flow)
{
	bool sloppy = proto->number == IPPROTO_SCTP ?
		      READ_ONCE(on->settings.sloppy_sctp) :
		      READ_ONCE(on->settings.sloppy_tcp);

	return opvs_proto_opens(proto, flow->event, sloppy);
}

/* The template learns that its client is real; a control connection knows. */
static void assure_template(struct opvs_conn *tp)
{
	u32 seen = READ_ONCE(tp->word), word;

	if (!opvs_conn_is_template(tp))
		return;
	do {
		if (seen & OPVS_CONN_ASSURED)
			return;
		word = (seen & ~OPVS_CONN_STATE) | OPVS_TEMPLATE_S_ASSURED |
		       OPVS_CONN_ASSURED;
	} while (!opvs_conn_set_word(tp, &seen, word));
}

/* As above, and counts a packet of the client if few have come. */
static inline u32 next_word(const struct opvs_net *on,
			    const struct opvs_proto *proto, u32 word,
			    enum opvs_dir dir, u8 event)
{
	word = track_word(on, proto, word, dir, event);
	if (dir == OPVS_DIR_REPLY ||
	    likely((word & OPVS_CONN_PKTS) ==
		   OPVS_CONN_PKTS_MAX * OPVS_CONN_PKT))
		return word;
	return word + OPVS_CONN_PKT;
}

/* A packet that changes the word: what it becomes, OPVS_CONN_ENDED if the entry
 * came to its end before.
 */
static noinline u32 change_word(struct opvs_net *on, struct opvs_conn *cp,
				const struct opvs_proto *proto,
				enum opvs_dir dir, u8 event)
{
	u32 seen = READ_ONCE(cp->word), word;

	do {
		if (unlikely(seen & OPVS_CONN_ENDED))
			return seen;
		word = next_word(on, proto, seen, dir, event);
	} while (word != seen && !opvs_conn_set_word(cp, &seen, word));

	if (word & ~seen & OPVS_CONN_ASSURED && cp->control)
		assure_template(cp->control);
	if (opvs_dues_on(on))
		opvs_due_changed(on, cp, seen, word);
	return word;
}

/* Notes a packet.  False when the entry came to its end before it. */
static __always_inline bool track_note(struct opvs_net *on,
				       struct opvs_conn *cp,
				       enum opvs_dir dir,
				       const struct opvs_flow *flow)
{
	const struct opvs_proto *proto = opvs_proto_find(flow->proto);
	u32 seen = READ_ONCE(cp->word), word, seconds;

	word = next_word(on, proto, seen, dir, flow->event);
	if (unlikely(seen & OPVS_CONN_ENDED))
		return false;
	/* Mostly nothing changes, or one packet more is to be counted. */
	if (unlikely((word ^ seen) & ~OPVS_CONN_PKTS) ||
	    (word != seen && !try_cmpxchg(&cp->word, &seen, word))) {
		word = change_word(on, cp, proto, dir, flow->event);
		if (unlikely(word & OPVS_CONN_ENDED))
			return false;
	} else if (word != seen && opvs_dues_on(on)) {
		opvs_due_changed(on, cp, seen, word);
	}
	seconds = opvs_track_seconds(cp->dest->svc, proto, word);
	return opvs_expire_refresh(&on->conn.expire, &cp->expiring, jiffies,
				   seconds * HZ);
}

/**
 * opvs_track_note() - a packet belongs to a connection, and is no packet of it
 * @cp: connection
 * @dir: where the packet goes
 * @flow: a packet of the connection, for which it stands
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: false when the connection came to its end before it.
 */
bool opvs_track_note(struct opvs_net *on, struct opvs_conn *cp,
		     enum opvs_dir dir, const struct opvs_flow *flow)
{
	return track_note(on, cp, dir, flow);
}

/* Counts a request by its method, if the server's service reads SIP. */
static __always_inline void note_sip(const struct opvs_dest *dest,
				     const struct sk_buff *skb,
				     const struct opvs_flow *flow)
{
	struct opvs_sip_cpu __percpu *sip = READ_ONCE(dest->sip_cpu);

	if (unlikely(sip))
		opvs_note_request(sip, skb, flow);
}

static __always_inline opvs_verdict_t track_send(struct sk_buff *skb,
						 const struct opvs_flow *flow,
						 struct opvs_conn *cp)
{
	opvs_verdict_t verdict;
	bool parted;

	if (unlikely(cp->flags & OPVS_CONN_F_CONTROL)) {
		verdict = opvs_app_request(skb, flow, cp);
		if (verdict != OPVS_GO_ON)
			return verdict;
	}
	parted = opvs_nfct_request(skb, flow, cp);
	verdict = opvs_xmit_of(cp->flags)->send(skb, flow, cp);
	if (unlikely(parted) && verdict == OPVS_VERDICT(DELIVERED_LOCAL))
		opvs_nfct_arrive(skb, flow, cp->on);
	return verdict;
}

/**
 * opvs_track_send_first() - send the packet that a connection began with
 * @cp: the connection
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: what became of it.
 */
opvs_verdict_t opvs_track_send_first(struct sk_buff *skb,
				     const struct opvs_flow *flow,
				     struct opvs_conn *cp)
{
	/* One that was picked up on its way has had its beginning. */
	if (cp->control && READ_ONCE(cp->word) & OPVS_CONN_ASSURED)
		assure_template(cp->control);
	opvs_stats_in_first(cp->dest->stats_cpu, skb->len);
	note_sip(cp->dest, skb, flow);
	return track_send(skb, flow, cp);
}

/* Its server has weight 0.  A template that is to stay with such a server would
 * only lead the packet back there.
 */
static noinline bool leaves_drained(const struct opvs_net *on,
				    const struct opvs_conn *cp)
{
	if (!READ_ONCE(on->settings.expire_nodest_conn))
		return false;
	return !cp->control || opvs_conn_dead(cp->control) ||
	       READ_ONCE(on->settings.expire_quiescent_template);
}

/* Does a packet that opens connections begin another one over an old one?  Of UDP
 * each does: a sender whose port stays the same would never leave its server.
 */
static bool begins_anew(const struct opvs_net *on, const struct opvs_conn *cp,
			const struct opvs_dest *dest,
			const struct opvs_flow *flow)
{
	const struct opvs_proto *proto = opvs_proto_find(flow->proto);
	int mode = READ_ONCE(on->settings.conn_reuse_mode);
	u32 word = READ_ONCE(cp->word);
	u32 reusable = proto->reusable;

	if (flow->event != proto->first)
		return false;
	/* Here a SYN may be the answer to the server's. */
	if (unlikely(opvs_conn_was_expected(cp)))
		return reusable & BIT(word & OPVS_CONN_STATE);
	if (!READ_ONCE(dest->weight) && leaves_drained(on, cp))
		return true;
	/* A template's connections stay with its server whatever happens. */
	if (flow->proto == IPPROTO_UDP || !mode || cp->control)
		return false;
	if (mode & 2 && flow->proto == IPPROTO_TCP &&
	    word & OPVS_CONN_NO_OUTPUT)
		reusable |= BIT(OPVS_TCP_S_FIN_WAIT);
	return reusable & BIT(word & OPVS_CONN_STATE);
}

/* Since it began, its service was told to schedule each packet; or the packet
 * begins another one.
 */
static bool is_left(const struct opvs_net *on, const struct opvs_conn *cp,
		    const struct opvs_dest *dest, const struct opvs_flow *flow)
{
	return (READ_ONCE(dest->svc->one_packet) &&
		flow->proto == IPPROTO_UDP) ||
	       begins_anew(on, cp, dest, flow);
}

/* Is a connection whose server was removed left by its client's next packet? */
static bool orphan_is_left(const struct opvs_net *on,
			   const struct opvs_flow *flow)
{
	return (flow->proto == IPPROTO_UDP &&
		READ_ONCE(on->settings.udp_reschedule)) ||
	       READ_ONCE(on->settings.expire_nodest_conn);
}

/* Its server was removed. */
static opvs_verdict_t follow_orphan(struct opvs_net *on, struct opvs_conn *cp,
				    const struct opvs_flow *flow)
{
	if (orphan_is_left(on, flow)) {
		opvs_conn_end(cp);
		return OPVS_BEGIN_ANEW;
	}
	opvs_count(on, SERVICE_PACKETS);
	return OPVS_VERDICT(DROP_REMOVED_SERVER);
}

static __always_inline opvs_verdict_t
track_request(struct opvs_net *on, struct sk_buff *skb,
	      const struct opvs_flow *flow, struct opvs_conn *cp)
{
	struct opvs_dest *dest = cp->dest;

	if (unlikely(READ_ONCE(dest->removed)) && !opvs_conn_is_bypass(cp))
		return follow_orphan(on, cp, flow);
	if (unlikely(is_left(on, cp, dest, flow))) {
		/* At once: else a client that goes on like that fills the chain
		 * of its tuple faster than the sweeper empties it.
		 */
		opvs_conn_end(cp);
		return opvs_expected(on, skb, flow);
	}
	if (unlikely(!track_note(on, cp, OPVS_DIR_REQUEST, flow)))
		return OPVS_BEGIN_ANEW;

	opvs_count(on, SERVICE_PACKETS);
	opvs_stats_in(dest->stats_cpu, skb->len);
	note_sip(dest, skb, flow);
	return track_send(skb, flow, cp);
}

/**
 * opvs_track_follow() - send a further packet of the client
 * @cp: the connection
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: what became of it; OPVS_BEGIN_ANEW when the connection is over and
 * the packet may begin another one.
 */
opvs_verdict_t opvs_track_follow(struct opvs_net *on, struct sk_buff *skb,
				 const struct opvs_flow *flow,
				 struct opvs_conn *cp)
{
	return track_request(on, skb, flow, cp);
}

static opvs_verdict_t track_reply(struct opvs_net *on, struct sk_buff *skb,
				  const struct opvs_flow *flow,
				  struct opvs_conn *cp)
{
	struct opvs_sip_cpu __percpu *sip = READ_ONCE(cp->dest->sip_cpu);
	const struct opvs_tuple *request = &cp->request.tuple;
	opvs_verdict_t verdict;

	if (unlikely(sip))
		opvs_note_answer(sip, skb, flow);
	/* A reply that comes too late is translated all the same. */
	track_note(on, cp, OPVS_DIR_REPLY, flow);
	if (unlikely(cp->flags & OPVS_CONN_F_CONTROL)) {
		verdict = opvs_app_reply(skb, flow, cp);
		if (verdict != OPVS_GO_ON)
			return verdict;
	}
	return opvs_reply_as(on, skb, flow, cp->dest, &request->dst,
			     request->dport, cp->flags & IP_VS_CONN_F_NFCT);
}

/**
 * opvs_track_find() - the connection that a packet belongs to
 * @tuple: of the packet
 *
 * Context: any, RCU read side.
 * Return: the node that the packet's way leads to, or NULL.
 */
struct opvs_conn_node *opvs_track_find(struct opvs_net *on,
				       const struct opvs_tuple *tuple)
{
	struct opvs_table_key key = { .tuple = *tuple, .now = jiffies };

	return opvs_table_find(on, &key);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_track_find);

/**
 * opvs_track() - send a packet on if it belongs to a tracked connection
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: what became of it; OPVS_NOT_OURS when it belongs to none, and begins
 * none that was expected.
 */
opvs_verdict_t opvs_track(struct opvs_net *on, struct sk_buff *skb,
			  const struct opvs_flow *flow)
{
	struct opvs_conn_node *node;

	if (unlikely(flow->flags & (OPVS_FLOW_MALFORMED |
				    OPVS_FLOW_LATER_FRAG)))
		return OPVS_NOT_OURS;
	node = opvs_table_find_flow(on, flow, jiffies);
	if (!node)
		return opvs_expected(on, skb, flow);
	if (node->tuple.kind == OPVS_TUPLE_REPLY)
		return track_reply(on, skb, flow, opvs_conn_of(node));
	/* Requests come to the host; one that is forwarded is none of ours. */
	if (unlikely(!(flow->flags & (OPVS_FLOW_TO_HOST |
				      OPVS_FLOW_FROM_HOST))))
		return OPVS_NOT_OURS;
	return track_request(on, skb, flow, opvs_conn_of(node));
}
EXPORT_SYMBOL_IF_KUNIT(opvs_track);

static opvs_verdict_t request_peek(struct opvs_net *on,
				   const struct opvs_flow *flow,
				   struct opvs_conn *cp,
				   struct opvs_query *query)
{
	struct opvs_dest *dest = opvs_query_dest(query, cp->dest);

	if (!dest || (READ_ONCE(dest->removed) && !opvs_conn_is_bypass(cp))) {
		if (orphan_is_left(on, flow)) {
			opvs_query_ends(query, cp);
			return OPVS_BEGIN_ANEW;
		}
		query->svc = cp->dest->svc;
		return opvs_query_because(query, OPVS_WHY_REMOVED_SERVER,
					  OPVS_VERDICT(DROP_REMOVED_SERVER));
	}
	if (is_left(on, cp, dest, flow)) {
		opvs_query_ends(query, cp);
		return OPVS_BEGIN_ANEW;
	}
	query->svc = dest->svc;
	if (opvs_conn_is_bypass(cp))
		return opvs_query_because(query, OPVS_WHY_CONNECTION,
					  OPVS_VERDICT(BYPASSED));
	query->dest = dest;
	return opvs_query_because(query, OPVS_WHY_CONNECTION,
				  OPVS_VERDICT(FORWARDED));
}

/**
 * opvs_track_peek() - what would opvs_track() make of a packet?
 * @query: is told the service, the server and why
 *
 * Context: BH disabled, RCU read side.
 * Return: as of opvs_track(); OPVS_VERDICT(FORWARDED) when the packet has got as
 * far as to the transmit method.
 */
opvs_verdict_t opvs_track_peek(struct opvs_net *on,
			       const struct opvs_flow *flow,
			       struct opvs_query *query)
{
	struct opvs_conn_node *node;
	struct opvs_conn *cp;

	if (flow->flags & (OPVS_FLOW_MALFORMED | OPVS_FLOW_LATER_FRAG))
		return OPVS_NOT_OURS;
	node = opvs_table_find_flow(on, flow, jiffies);
	if (!node)
		return opvs_expected_peek(on, flow, query);
	cp = opvs_conn_of(node);
	if (node->tuple.kind != OPVS_TUPLE_REPLY)
		return flow->flags & (OPVS_FLOW_TO_HOST | OPVS_FLOW_FROM_HOST) ?
		       request_peek(on, flow, cp, query) : OPVS_NOT_OURS;
	query->svc = cp->dest->svc;
	query->dest = cp->dest;
	return opvs_query_because(query, OPVS_WHY_REPLY, OPVS_VERDICT(REPLIES));
}
