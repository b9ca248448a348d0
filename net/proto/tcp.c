// SPDX-License-Identifier: GPL-2.0-only
/*
 * TCP: the state that a connection's two ends are taken to be in, judged by
 * the packets that pass (RFC 9293, section 3.3.2), and mostly for the sake of
 * the timeout.  States, changes and names are IPVS's.
 */
#include <opvs/proto.h>

#include <opvs/kunit.h>

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/in.h>

enum opvs_tcp_short {
	S_NO = OPVS_TCP_S_NONE,
	S_ES = OPVS_TCP_S_ESTABLISHED,
	S_SS = OPVS_TCP_S_SYN_SENT,
	S_SR = OPVS_TCP_S_SYN_RECV,
	S_FW = OPVS_TCP_S_FIN_WAIT,
	S_TW = OPVS_TCP_S_TIME_WAIT,
	S_CL = OPVS_TCP_S_CLOSE,
	S_CW = OPVS_TCP_S_CLOSE_WAIT,
	S_LA = OPVS_TCP_S_LAST_ACK,
	S_LI = OPVS_TCP_S_LISTEN,
	S_SA = OPVS_TCP_S_SYNACK,
};

#define TO(from, to)	((u64)(to) << 4 * (from))
#define ROW(no, es, ss, sr, fw, tw, cl, cw, la, li, sa)			\
	(TO(S_NO, S_##no) | TO(S_ES, S_##es) | TO(S_SS, S_##ss) |	\
	 TO(S_SR, S_##sr) | TO(S_FW, S_##fw) | TO(S_TW, S_##tw) |	\
	 TO(S_CL, S_##cl) | TO(S_CW, S_##cw) | TO(S_LA, S_##la) |	\
	 TO(S_LI, S_##li) | TO(S_SA, S_##sa))

static_assert(OPVS_TCP_STATES <= 64 / 4);

/*	from:	    NO  ES  SS  SR  FW  TW  CL  CW  LA  LI  SA */
static const u64 opvs_tcp_rows[OPVS_TCP_EVENTS][OPVS_DIRS] = {
	[OPVS_TCP_SYN] = {
		[OPVS_DIR_REQUEST] =
		ROW(SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SR),
		[OPVS_DIR_REPLY] =
		ROW(SS, ES, SS, SR, SS, SS, SS, SS, SS, LI, SR),
		[OPVS_DIR_REQUEST_ONLY] =
		ROW(SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SR),
	},
	[OPVS_TCP_FIN] = {
		[OPVS_DIR_REQUEST] =
		ROW(CL, CW, SS, TW, TW, TW, CL, CW, LA, LI, TW),
		[OPVS_DIR_REPLY] =
		ROW(TW, FW, SS, TW, FW, TW, CL, TW, LA, LI, TW),
		[OPVS_DIR_REQUEST_ONLY] =
		ROW(CL, FW, SS, TW, FW, TW, CL, CW, LA, LI, TW),
	},
	[OPVS_TCP_ACK] = {
		[OPVS_DIR_REQUEST] =
		ROW(ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES),
		[OPVS_DIR_REPLY] =
		ROW(ES, ES, SS, ES, FW, TW, CL, CW, LA, ES, ES),
		[OPVS_DIR_REQUEST_ONLY] =
		ROW(ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES),
	},
	[OPVS_TCP_RST] = {
		[OPVS_DIR_REQUEST] =
		ROW(CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, SR),
		[OPVS_DIR_REPLY] =
		ROW(CL, CL, SS, CL, CL, TW, CL, CL, CL, CL, CL),
		[OPVS_DIR_REQUEST_ONLY] =
		ROW(CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, CL),
	},
};

/* Rows that differ with secure_tcp; none is 0, as nothing goes back to NONE. */
static const u64 opvs_tcp_secure_rows[OPVS_TCP_EVENTS][OPVS_DIRS] = {
	[OPVS_TCP_SYN] = {
		[OPVS_DIR_REQUEST] =
		ROW(SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SA),
		[OPVS_DIR_REPLY] =
		ROW(SS, ES, SS, SA, SS, SS, SS, SS, SS, LI, SA),
		[OPVS_DIR_REQUEST_ONLY] =
		ROW(SA, ES, ES, SR, SA, SA, SA, SA, SA, SA, SA),
	},
	[OPVS_TCP_FIN] = {
		[OPVS_DIR_REQUEST] =
		ROW(CL, CW, SS, TW, TW, TW, CL, CW, LA, LI, SA),
	},
	[OPVS_TCP_ACK] = {
		[OPVS_DIR_REQUEST] =
		ROW(ES, ES, SS, SR, FW, TW, CL, CW, CL, LI, SA),
	},
	[OPVS_TCP_RST] = {
		[OPVS_DIR_REQUEST] =
		ROW(CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, CL),
	},
};

/* The seconds are IPVS's. */
static const struct opvs_proto_state opvs_tcp_states[OPVS_TCP_STATES] = {
	[S_NO] = OPVS_PROTO_STATE("TCP NONE", "NONE", 2),
	[S_ES] = OPVS_PROTO_STATE("TCP ESTABLISHED", "ESTABLISHED", 15 * 60),
	[S_SS] = OPVS_PROTO_STATE("TCP SYN_SENT", "SYN_SENT", 2 * 60),
	[S_SR] = OPVS_PROTO_STATE("TCP SYN_RECV", "SYN_RECV", 60),
	[S_FW] = OPVS_PROTO_STATE("TCP FIN_WAIT", "FIN_WAIT", 2 * 60),
	[S_TW] = OPVS_PROTO_STATE("TCP TIME_WAIT", "TIME_WAIT", 2 * 60),
	[S_CL] = OPVS_PROTO_STATE("TCP CLOSE", "CLOSE", 10),
	[S_CW] = OPVS_PROTO_STATE("TCP CLOSE_WAIT", "CLOSE_WAIT", 60),
	[S_LA] = OPVS_PROTO_STATE("TCP LAST_ACK", "LAST_ACK", 30),
	[S_LI] = OPVS_PROTO_STATE("TCP LISTEN", "LISTEN", 2 * 60),
	[S_SA] = OPVS_PROTO_STATE("TCP SYNACK", "SYNACK", 2 * 60),
};

const struct opvs_proto opvs_proto_tcp = {
	.name		= "TCP",
	.number		= IPPROTO_TCP,
	.first		= OPVS_TCP_SYN,
	.refused	= OPVS_TCP_RST,
	.num_states	= OPVS_TCP_STATES,
	.num_events	= OPVS_TCP_EVENTS,
	.timeout0	= OPVS_TIMEOUT_TCP,
	.active		= BIT(S_ES) | BIT(S_SS) | BIT(S_SR) | BIT(S_SA),
	.assured	= BIT(S_ES),
	.reusable	= BIT(S_TW) | BIT(S_CL),
	.unproven	= BIT(S_SR) | BIT(S_SA),
	.working	= BIT(S_ES),
	.synced		= BIT(S_ES) | BIT(S_FW) | BIT(S_CL) | BIT(S_CW) |
			  BIT(S_TW),
	.states		= opvs_tcp_states,
	.rows		= opvs_tcp_rows,
	.secure_rows	= opvs_tcp_secure_rows,
};
EXPORT_SYMBOL_IF_KUNIT(opvs_proto_tcp);
