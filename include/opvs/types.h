/* SPDX-License-Identifier: GPL-2.0-only */
/* The small types that every layer shares: flows and packet verdicts. */
#ifndef OPVS_TYPES_H
#define OPVS_TYPES_H

#include <linux/netfilter.h>
#include <linux/types.h>

#include <opvs/counters.h>

/**
 * typedef opvs_verdict_t - what became of a packet
 *
 * A type of its own, so that sparse refuses to mix it with NF_* or errnos.  Its
 * values are the verdict counters of &enum opvs_ctr: the code that decides a
 * packet's fate names the reason, and opvs_verdict_apply() alone counts it and
 * maps it to netfilter's language.
 */
typedef unsigned int __bitwise opvs_verdict_t;

#define OPVS_VERDICT(name)	((__force opvs_verdict_t)OPVS_CTR_##name)

/* Answers that are no fate, so that nothing is counted.
 *
 * Of a stage: the packet is for the next one, or for the rest of the host.
 */
#define OPVS_NOT_OURS		OPVS_VERDICT(NONE)

/* Of a stage that ended the connection: to the next one it belongs to none. */
#define OPVS_BEGIN_ANEW		OPVS_NOT_OURS

/* Of a stage: each datagram of the GSO packet must come by itself. */
#define OPVS_SPLIT		((__force opvs_verdict_t)OPVS_CTR_MAX)

/* Of a step on the way: nothing is wrong, do the next one. */
#define OPVS_GO_ON		((__force opvs_verdict_t)(OPVS_CTR_MAX + 1))

enum opvs_flow_flags {
	OPVS_FLOW_LATER_FRAG	= 1 << 0,	/* no transport header in here */
	OPVS_FLOW_FIRST_FRAG	= 1 << 1,	/* header here, payload is cut */
	OPVS_FLOW_FROM_HOST	= 1 << 2,	/* sent by the director itself */
	OPVS_FLOW_TO_HOST	= 1 << 3,	/* about to be delivered here */
	OPVS_FLOW_MALFORMED	= 1 << 4,	/* ends or is wrong too early */
};

/**
 * struct opvs_flow - a packet as the later stages see it
 * @saddr: source address; IPv4 leaves the upper words zero
 * @daddr: destination address
 * @sport: source port
 * @dport: destination port
 * @ports: both, as they lie in the packet
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6 (the same numbers as AF_INET*)
 * @proto: transport protocol, behind all extension headers; of a later
 *	fragment's only IPv4 tells.  IPPROTO_ROUTING: not at its destination yet
 * @flags: &enum opvs_flow_flags
 * @event: what the packet means to a connection's state: &enum opvs_tcp_event or
 *	&enum opvs_sctp_event by @proto, else 0
 * @nhoff: offset of the IP header from skb->data (not 0 inside ICMP errors)
 * @thoff: offset of the transport header from skb->data
 * @payload: offset of the transport payload from skb->data (UDP only)
 * @payload_len: bytes of payload as the UDP header says (UDP only)
 *
 * Filled once by opvs_flow_parse(); nothing reads the headers again.  Fields that
 * are soon read as one word are written as one word: a load that spans several
 * recent stores cannot be forwarded from them and stalls.
 */
struct opvs_flow {
	union nf_inet_addr	saddr;
	union nf_inet_addr	daddr;
	union {
		struct {
			__be16	sport;
			__be16	dport;
		};
		u32		ports;
	};
	u8			family;
	u8			proto;
	u8			flags;
	u8			event;
	u32			nhoff;
	u32			thoff;
	u32			payload;
	u32			payload_len;
};

#endif /* OPVS_TYPES_H */
