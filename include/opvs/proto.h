/* SPDX-License-Identifier: GPL-2.0-only */
/* Transport protocols: events, states, and when a connection is active. */
#ifndef OPVS_PROTO_H
#define OPVS_PROTO_H

#include <linux/compiler.h>
#include <linux/in.h>
#include <linux/types.h>

#include <opvs/types.h>

/* The way that a packet goes; a table of state changes for each. */
enum opvs_dir {
	OPVS_DIR_REQUEST,
	OPVS_DIR_REPLY,
	OPVS_DIR_REQUEST_ONLY,	/* a request, and replies do not pass here */
	OPVS_DIRS,
};

/* Events: what a packet means to the state; &struct opvs_flow carries one. */
enum opvs_tcp_event {
	OPVS_TCP_SYN,
	OPVS_TCP_FIN,
	OPVS_TCP_ACK,
	OPVS_TCP_RST,
	OPVS_TCP_EVENTS,
	OPVS_TCP_OTHER = OPVS_TCP_EVENTS,	/* changes nothing */
};

enum opvs_sctp_event {
	OPVS_SCTP_DATA,		/* and all that is not listed below */
	OPVS_SCTP_INIT,
	OPVS_SCTP_INIT_ACK,
	OPVS_SCTP_COOKIE_ECHO,
	OPVS_SCTP_COOKIE_ACK,
	OPVS_SCTP_SHUTDOWN,
	OPVS_SCTP_SHUTDOWN_ACK,
	OPVS_SCTP_SHUTDOWN_COMPLETE,
	OPVS_SCTP_ERROR,
	OPVS_SCTP_ABORT,
	OPVS_SCTP_EVENTS,
};

/* States, numbered as IPVS numbers them: the sync protocol carries them. */
enum opvs_tcp_state {
	OPVS_TCP_S_NONE,
	OPVS_TCP_S_ESTABLISHED,
	OPVS_TCP_S_SYN_SENT,
	OPVS_TCP_S_SYN_RECV,
	OPVS_TCP_S_FIN_WAIT,
	OPVS_TCP_S_TIME_WAIT,
	OPVS_TCP_S_CLOSE,
	OPVS_TCP_S_CLOSE_WAIT,
	OPVS_TCP_S_LAST_ACK,
	OPVS_TCP_S_LISTEN,
	OPVS_TCP_S_SYNACK,
	OPVS_TCP_STATES,
};

enum opvs_udp_state {
	OPVS_UDP_S_NORMAL,
	OPVS_UDP_STATES,
};

enum opvs_sctp_state {
	OPVS_SCTP_S_NONE,
	OPVS_SCTP_S_INIT1,
	OPVS_SCTP_S_INIT,
	OPVS_SCTP_S_COOKIE_SENT,
	OPVS_SCTP_S_COOKIE_REPLIED,
	OPVS_SCTP_S_COOKIE_WAIT,
	OPVS_SCTP_S_COOKIE,
	OPVS_SCTP_S_COOKIE_ECHOED,
	OPVS_SCTP_S_ESTABLISHED,
	OPVS_SCTP_S_SHUTDOWN_SENT,
	OPVS_SCTP_S_SHUTDOWN_RECEIVED,
	OPVS_SCTP_S_SHUTDOWN_ACK_SENT,
	OPVS_SCTP_S_REJECTED,
	OPVS_SCTP_S_CLOSED,
	OPVS_SCTP_STATES,
};

/* Positions in struct opvs_policy.timeout: all states of all protocols. */
enum opvs_timeout {
	OPVS_TIMEOUT_TCP,
	OPVS_TIMEOUT_UDP	= OPVS_TIMEOUT_TCP + OPVS_TCP_STATES,
	OPVS_TIMEOUT_SCTP	= OPVS_TIMEOUT_UDP + OPVS_UDP_STATES,
	OPVS_TIMEOUTS		= OPVS_TIMEOUT_SCTP + OPVS_SCTP_STATES,
};

/**
 * struct opvs_proto_state - a state of a connection
 * @name: as ipvsadm -c shows it
 * @timeout: seconds for which a connection lives in it, by default
 * @too_long: what a client is told that sets more than a timer can hold
 */
struct opvs_proto_state {
	const char	*name;
	u32		timeout;
	const char	*too_long;
};

/* @what: the state in words.  An extack's text must live on, so each has one. */
#define OPVS_PROTO_STATE(what, shown, seconds)				\
	{								\
		.name		= shown,				\
		.timeout	= seconds,				\
		.too_long	= "timeout of " what			\
				  ": more seconds than a timer can hold", \
	}

/**
 * struct opvs_proto - a transport protocol
 * @name: as /proc/net/ip_vs* shows it
 * @number: IPPROTO_*
 * @first: event that opens a connection
 * @refused: event that never opens one, not even with @sloppy
 * @num_states: number of states, 16 at most
 * @num_events: events that change them; others change nothing
 * @timeout0: position of state 0 in &struct opvs_policy.timeout
 * @active: states in which a connection counts as active, a bit for each
 * @assured: states that both sides have agreed upon, a bit for each; 0: there
 *	are none, and any reply means as much
 * @reusable: states from which @first begins another connection over the same
 *	tuple (net.ipv4.vs.conn_reuse_mode), a bit for each
 * @unproven: states of a handshake that the client, who may not exist, has not
 *	completed, a bit for each
 * @working: states of a connection at work, a bit for each; all that are neither
 *	end soon
 * @synced: states of which a partner is told, a bit for each: those of a
 *	connection that both sides have agreed upon
 * @states: all of them
 * @rows: the state after an event, by event and direction: state S goes to the
 *	number in bits 4S to 4S+3
 * @secure_rows: where secure_tcp differs, 0 where it does not; or NULL
 */
struct opvs_proto {
	const char		*name;
	u8			number;
	u8			first;
	u8			refused;
	u8			num_states;
	u8			num_events;
	u8			timeout0;
	u32			active;
	u32			assured;
	u32			reusable;
	u32			unproven;
	u32			working;
	u32			synced;
	const struct opvs_proto_state	*states;
	const u64		(*rows)[OPVS_DIRS];
	const u64		(*secure_rows)[OPVS_DIRS];
};

extern const struct opvs_proto opvs_proto_tcp;
extern const struct opvs_proto opvs_proto_udp;
extern const struct opvs_proto opvs_proto_sctp;

const struct opvs_proto *opvs_proto_nth(size_t n);
const char *opvs_proto_name(u8 number);
const char *opvs_proto_state_name(u8 number, u8 state);
bool opvs_proto_opens(const struct opvs_proto *proto, u8 event, bool sloppy);

/**
 * opvs_proto_find() - a transport protocol by its number
 * @number: IPPROTO_*
 *
 * Context: any.
 * Return: the protocol, NULL if connections of it are not tracked.
 */
static inline const struct opvs_proto *opvs_proto_find(u8 number)
{
	switch (number) {
	case IPPROTO_UDP:
		return &opvs_proto_udp;
	case IPPROTO_TCP:
		return &opvs_proto_tcp;
	case IPPROTO_SCTP:
		return &opvs_proto_sctp;
	default:
		return NULL;
	}
}

/**
 * opvs_proto_next() - the state after an event
 * @proto: protocol
 * @state: state before
 * @dir: where the packet goes
 * @event: what it is
 * @secure: secure_tcp holds
 *
 * Context: any.
 */
static inline u8 opvs_proto_next(const struct opvs_proto *proto, u8 state,
				 enum opvs_dir dir, u8 event, bool secure)
{
	u64 row = 0;

	if (event >= proto->num_events || unlikely(state >= proto->num_states))
		return state;
	if (unlikely(secure) && proto->secure_rows)
		row = proto->secure_rows[event][dir];
	if (!row)
		row = proto->rows[event][dir];
	return row >> 4 * state & 0xf;
}

#endif /* OPVS_PROTO_H */
