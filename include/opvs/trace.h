/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints; doc/tracing.md has what they tell.  As long as nobody attaches, each
 * is a jump that is not taken.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM opvs

#if !defined(OPVS_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define OPVS_TRACE_H

#include <linux/in6.h>
#include <linux/tracepoint.h>

#include <opvs/counters.h>

struct opvs_conn;
struct opvs_dest;
struct opvs_flow;
struct opvs_net;
struct opvs_svc;

/* What led to the server. */
#define OPVS_HOWS(X)							\
	X(NONE, "none")							\
	X(SCHEDULER, "scheduler")					\
	X(KEY, "key")							\
	X(TEMPLATE, "template")						\
	X(EXCEPTION, "exception")

#ifndef OPVS_HOW_ENUM
#define OPVS_HOW_ENUM(name, text)	OPVS_HOW_##name,
enum opvs_how {
	OPVS_HOWS(OPVS_HOW_ENUM)
};
#endif

/* Numbers of enumerations, for programs that read the format of an event. */
#define OPVS_TRACE_NUMBER(name, ...)	TRACE_DEFINE_ENUM(OPVS_CTR_##name);
#define OPVS_TRACE_HOW(name, text)	TRACE_DEFINE_ENUM(OPVS_HOW_##name);
OPVS_REQUEST_VERDICTS(OPVS_TRACE_NUMBER, OPVS_TRACE_NUMBER)
OPVS_OTHER_VERDICTS(OPVS_TRACE_NUMBER, OPVS_TRACE_NUMBER)
TRACE_DEFINE_ENUM(OPVS_CTR_NONE);
OPVS_HOWS(OPVS_TRACE_HOW)

/* The same in words. */
#define OPVS_TRACE_WORD(name, text, ...)	{ OPVS_CTR_##name, text },
#define OPVS_TRACE_HOW_WORD(name, text)	{ OPVS_HOW_##name, text },
#define opvs_show_verdict(verdict) __print_symbolic(verdict,		\
	OPVS_REQUEST_VERDICTS(OPVS_TRACE_WORD, OPVS_TRACE_WORD)	\
	OPVS_OTHER_VERDICTS(OPVS_TRACE_WORD, OPVS_TRACE_WORD)		\
	{ OPVS_CTR_NONE, "chosen" })
#define opvs_show_how(how) __print_symbolic(how,			\
	OPVS_HOWS(OPVS_TRACE_HOW_WORD)					\
	{ -1, "" })

TRACE_EVENT(opvs_decision,
	TP_PROTO(const struct opvs_svc *svc, const struct opvs_flow *flow,
		 const struct opvs_dest *dest, u8 how, u16 verdict),
	TP_ARGS(svc, flow, dest, how, verdict),
	TP_STRUCT__entry(
		__field(__u32, netns)
		__field(__u32, mark)
		__field(__u16, family)
		__field(__u8, protocol)
		__field(__u8, how)
		__field(__u16, verdict)
		__array(char, reason, OPVS_CTR_NAME_LEN)
		__array(__u8, client, sizeof(struct sockaddr_in6))
		__array(__u8, virtual, sizeof(struct sockaddr_in6))
		__array(__u8, server, sizeof(struct sockaddr_in6))
	),
	TP_fast_assign(
		__entry->netns = netns_number(svc->on);
		__entry->mark = mark_of(svc);
		__entry->family = flow->family;
		__entry->protocol = flow->proto;
		__entry->how = how;
		__entry->verdict = verdict;
		put_word(__entry->reason, verdict);
		put_addr(__entry->client, flow->family, &flow->saddr,
			 flow->sport);
		put_addr(__entry->virtual, flow->family, &flow->daddr,
			 flow->dport);
		put_dest(__entry->server, flow->family, dest);
	),
	TP_printk("netns=%u protocol=%u client=%pISpc virtual=%pISpc mark=%u server=%pISpc how=%s verdict=%s",
		  __entry->netns, __entry->protocol, __entry->client,
		  __entry->virtual, __entry->mark, __entry->server,
		  opvs_show_how(__entry->how),
		  opvs_show_verdict(__entry->verdict))
);

TRACE_EVENT(opvs_drop,
	TP_PROTO(const struct opvs_net *on, const struct sk_buff *skb,
		 const struct opvs_flow *flow, u16 verdict),
	TP_ARGS(on, skb, flow, verdict),
	TP_STRUCT__entry(
		__field(const void *, skbaddr)
		__field(__u32, netns)
		__field(__u16, family)
		__field(__u8, protocol)
		__field(__u16, verdict)
		__array(char, reason, OPVS_CTR_NAME_LEN)
		__array(__u8, source, sizeof(struct sockaddr_in6))
		__array(__u8, destination, sizeof(struct sockaddr_in6))
	),
	TP_fast_assign(
		__entry->skbaddr = skb;
		__entry->netns = netns_number(on);
		__entry->family = flow->family;
		__entry->protocol = flow->proto;
		__entry->verdict = verdict;
		put_word(__entry->reason, verdict);
		put_addr(__entry->source, flow->family, &flow->saddr,
			 flow->sport);
		put_addr(__entry->destination, flow->family, &flow->daddr,
			 flow->dport);
	),
	TP_printk("skbaddr=%p netns=%u protocol=%u source=%pISpc destination=%pISpc reason=%s",
		  __entry->skbaddr, __entry->netns, __entry->protocol,
		  __entry->source, __entry->destination,
		  opvs_show_verdict(__entry->verdict))
);

DECLARE_EVENT_CLASS(opvs_conn_class,
	TP_PROTO(const struct opvs_conn *cp),
	TP_ARGS(cp),
	TP_STRUCT__entry(
		__field(const void *, conn)
		__field(__u32, netns)
		__field(__u32, mark)
		__field(__u16, family)
		__field(__u8, protocol)
		__field(__u8, template)
		__array(__u8, client, sizeof(struct sockaddr_in6))
		__array(__u8, virtual, sizeof(struct sockaddr_in6))
		__array(__u8, server, sizeof(struct sockaddr_in6))
	),
	TP_fast_assign(
		const struct opvs_tuple *tuple = &cp->request.tuple;

		__entry->conn = cp;
		__entry->netns = netns_number(cp->on);
		__entry->mark = mark_of(cp->dest->svc);
		__entry->family = tuple->family;
		__entry->protocol = tuple->proto;
		__entry->template = opvs_conn_is_template(cp);
		put_addr(__entry->client, tuple->family, &tuple->src,
			 tuple->sport);
		put_addr(__entry->virtual, tuple->family, &tuple->dst,
			 tuple->dport);
		put_dest(__entry->server, tuple->family, cp->dest);
	),
	TP_printk("conn=%p netns=%u protocol=%u client=%pISpc virtual=%pISpc mark=%u server=%pISpc template=%u",
		  __entry->conn, __entry->netns, __entry->protocol,
		  __entry->client, __entry->virtual, __entry->mark,
		  __entry->server, __entry->template)
);

DEFINE_EVENT(opvs_conn_class, opvs_conn_begin,
	TP_PROTO(const struct opvs_conn *cp),
	TP_ARGS(cp)
);

DEFINE_EVENT(opvs_conn_class, opvs_conn_end,
	TP_PROTO(const struct opvs_conn *cp),
	TP_ARGS(cp)
);

#endif /* OPVS_TRACE_H */

/* This part must be outside the guard. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH opvs
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
