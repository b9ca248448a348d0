// SPDX-License-Identifier: GPL-2.0-only
/*
 * SCTP: the state that an association's two ends are taken to be in, judged by
 * the first chunk of the packets that pass (RFC 9260, section 4).  States,
 * changes and names are IPVS's.
 *
 * There is no secure_tcp for SCTP: its cookies are the defence.
 */
#include <opvs/proto.h>

#include <opvs/kunit.h>

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/in.h>

enum opvs_sctp_short {
	S_NO = OPVS_SCTP_S_NONE,
	S_I1 = OPVS_SCTP_S_INIT1,
	S_IN = OPVS_SCTP_S_INIT,
	S_CS = OPVS_SCTP_S_COOKIE_SENT,
	S_CR = OPVS_SCTP_S_COOKIE_REPLIED,
	S_CW = OPVS_SCTP_S_COOKIE_WAIT,
	S_CO = OPVS_SCTP_S_COOKIE,
	S_CE = OPVS_SCTP_S_COOKIE_ECHOED,
	S_ES = OPVS_SCTP_S_ESTABLISHED,
	S_SS = OPVS_SCTP_S_SHUTDOWN_SENT,
	S_SR = OPVS_SCTP_S_SHUTDOWN_RECEIVED,
	S_SA = OPVS_SCTP_S_SHUTDOWN_ACK_SENT,
	S_RJ = OPVS_SCTP_S_REJECTED,
	S_CL = OPVS_SCTP_S_CLOSED,
};

#define TO(from, to)	((u64)(to) << 4 * (from))
#define ROW(no, i1, in, cs, cr, cw, co, ce, es, ss, sr, sa, rj, cl)	\
	(TO(S_NO, S_##no) | TO(S_I1, S_##i1) | TO(S_IN, S_##in) |	\
	 TO(S_CS, S_##cs) | TO(S_CR, S_##cr) | TO(S_CW, S_##cw) |	\
	 TO(S_CO, S_##co) | TO(S_CE, S_##ce) | TO(S_ES, S_##es) |	\
	 TO(S_SS, S_##ss) | TO(S_SR, S_##sr) | TO(S_SA, S_##sa) |	\
	 TO(S_RJ, S_##rj) | TO(S_CL, S_##cl))

static_assert(OPVS_SCTP_STATES <= 64 / 4);

/*	from:	    NO  I1  IN  CS  CR  CW  CO  CE  ES  SS  SR  SA  RJ  CL */
static const u64 opvs_sctp_rows[OPVS_SCTP_EVENTS][OPVS_DIRS] = {
	[OPVS_SCTP_DATA] = {
		[OPVS_DIR_REQUEST] =
		ROW(ES, I1, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL),
		[OPVS_DIR_REPLY] =
		ROW(ES, I1, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL),
		[OPVS_DIR_REQUEST_ONLY] =
		ROW(ES, I1, IN, CS, CR, ES, CO, CE, ES, SS, SR, SA, RJ, CL),
	},
	[OPVS_SCTP_INIT] = {
		[OPVS_DIR_REQUEST] =
		ROW(I1, IN, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, IN, IN),
		[OPVS_DIR_REPLY] =
		ROW(CW, CW, CW, CW, CW, CW, CW, CW, ES, CW, CW, CW, CW, CW),
		[OPVS_DIR_REQUEST_ONLY] =
		ROW(I1, IN, IN, IN, IN, IN, CO, CE, ES, SS, SR, SA, IN, IN),
	},
	[OPVS_SCTP_INIT_ACK] = {
		[OPVS_DIR_REQUEST] =
		ROW(CW, CW, CW, CS, CR, CO, CO, CE, ES, SS, SR, SA, RJ, CL),
		[OPVS_DIR_REPLY] =
		ROW(CS, CS, CS, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL),
		[OPVS_DIR_REQUEST_ONLY] =
		ROW(CE, CE, CE, CE, CE, CE, CO, CE, ES, SS, SR, SA, RJ, CL),
	},
	[OPVS_SCTP_COOKIE_ECHO] = {
		[OPVS_DIR_REQUEST] =
		ROW(CR, IN, IN, CR, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL),
		[OPVS_DIR_REPLY] =
		ROW(CE, CE, CE, CE, CE, CE, CE, CE, ES, SS, SR, SA, RJ, CL),
		[OPVS_DIR_REQUEST_ONLY] =
		ROW(ES, ES, ES, ES, ES, ES, CO, CE, ES, SS, SR, SA, RJ, CL),
	},
	[OPVS_SCTP_COOKIE_ACK] = {
		[OPVS_DIR_REQUEST] =
		ROW(ES, I1, IN, CS, CR, CW, CO, ES, ES, SS, SR, SA, RJ, CL),
		[OPVS_DIR_REPLY] =
		ROW(ES, ES, ES, ES, ES, ES, ES, ES, ES, SS, SR, SA, RJ, CL),
		[OPVS_DIR_REQUEST_ONLY] =
		ROW(ES, I1, IN, ES, ES, CW, ES, ES, ES, SS, SR, SA, RJ, CL),
	},
	[OPVS_SCTP_SHUTDOWN] = {
		[OPVS_DIR_REQUEST] =
		ROW(SR, I1, IN, CS, CR, CW, CO, CE, SR, SS, SR, SA, RJ, CL),
		[OPVS_DIR_REPLY] =
		ROW(SS, SS, SS, SS, SS, SS, SS, SS, SS, SS, SR, SA, RJ, CL),
		[OPVS_DIR_REQUEST_ONLY] =
		ROW(SR, I1, IN, CS, CR, CW, CO, CE, SR, SS, SR, SA, RJ, CL),
	},
	[OPVS_SCTP_SHUTDOWN_ACK] = {
		[OPVS_DIR_REQUEST] =
		ROW(CL, IN, IN, CS, CR, CW, CO, CE, ES, CL, SR, CL, RJ, CL),
		[OPVS_DIR_REPLY] =
		ROW(SA, SA, SA, SA, SA, CW, CO, CE, ES, SA, SA, SA, RJ, CL),
		[OPVS_DIR_REQUEST_ONLY] =
		ROW(CL, IN, IN, CS, CR, CW, CO, CE, CL, CL, SR, CL, RJ, CL),
	},
	[OPVS_SCTP_SHUTDOWN_COMPLETE] = {
		[OPVS_DIR_REQUEST] =
		ROW(CL, CL, CL, CS, CR, CW, CO, CE, ES, SS, SR, CL, RJ, CL),
		[OPVS_DIR_REPLY] =
		ROW(CL, I1, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL),
		[OPVS_DIR_REQUEST_ONLY] =
		ROW(CL, CL, CL, CL, CL, CW, CO, CE, ES, SS, CL, CL, RJ, CL),
	},
	[OPVS_SCTP_ERROR] = {
		[OPVS_DIR_REQUEST] =
		ROW(CL, I1, IN, CS, CR, CW, CO, CL, ES, SS, SR, SA, RJ, CL),
		[OPVS_DIR_REPLY] =
		ROW(CL, CL, CL, CL, CL, CW, CO, CE, ES, SS, SR, SA, RJ, CL),
		[OPVS_DIR_REQUEST_ONLY] =
		ROW(CL, I1, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL),
	},
	[OPVS_SCTP_ABORT] = {
		[OPVS_DIR_REQUEST] =
		ROW(CL, CL, CL, CL, CL, RJ, CL, CL, CL, CL, CL, CL, CL, CL),
		[OPVS_DIR_REPLY] =
		ROW(CL, RJ, CL, CL, CL, CL, CL, CL, CL, CL, CL, CL, CL, CL),
		[OPVS_DIR_REQUEST_ONLY] =
		ROW(CL, CL, CL, CL, CL, RJ, CL, CL, CL, CL, CL, CL, CL, CL),
	},
};

/* The seconds are IPVS's. */
static const struct opvs_proto_state opvs_sctp_states[OPVS_SCTP_STATES] = {
	[S_NO] = OPVS_PROTO_STATE("SCTP NONE", "NONE", 2),
	[S_I1] = OPVS_PROTO_STATE("SCTP INIT1", "INIT1", 4),
	[S_IN] = OPVS_PROTO_STATE("SCTP INIT", "INIT", 61),
	[S_CS] = OPVS_PROTO_STATE("SCTP C-SENT", "C-SENT", 61),
	[S_CR] = OPVS_PROTO_STATE("SCTP C-REPLIED", "C-REPLIED", 61),
	[S_CW] = OPVS_PROTO_STATE("SCTP C-WAIT", "C-WAIT", 61),
	[S_CO] = OPVS_PROTO_STATE("SCTP COOKIE", "COOKIE", 61),
	[S_CE] = OPVS_PROTO_STATE("SCTP C-ECHOED", "C-ECHOED", 61),
	[S_ES] = OPVS_PROTO_STATE("SCTP ESTABLISHED", "ESTABLISHED", 15 * 60),
	[S_SS] = OPVS_PROTO_STATE("SCTP S-SENT", "S-SENT", 61),
	[S_SR] = OPVS_PROTO_STATE("SCTP S-RECEIVED", "S-RECEIVED", 61),
	[S_SA] = OPVS_PROTO_STATE("SCTP S-ACK-SENT", "S-ACK-SENT", 61),
	[S_RJ] = OPVS_PROTO_STATE("SCTP REJECTED", "REJECTED", 4),
	[S_CL] = OPVS_PROTO_STATE("SCTP CLOSED", "CLOSED", 61),
};

const struct opvs_proto opvs_proto_sctp = {
	.name		= "SCTP",
	.number		= IPPROTO_SCTP,
	.first		= OPVS_SCTP_INIT,
	.refused	= OPVS_SCTP_ABORT,
	.num_states	= OPVS_SCTP_STATES,
	.num_events	= OPVS_SCTP_EVENTS,
	.timeout0	= OPVS_TIMEOUT_SCTP,
	.active		= BIT(S_ES),
	.assured	= BIT(S_ES),
	.reusable	= BIT(S_CL),
	.unproven	= BIT(S_I1) | BIT(S_IN),
	.working	= BIT(S_ES),
	.synced		= BIT(S_ES) | BIT(S_SS) | BIT(S_SR) | BIT(S_SA) |
			  BIT(S_CL),
	.states		= opvs_sctp_states,
	.rows		= opvs_sctp_rows,
};
EXPORT_SYMBOL_IF_KUNIT(opvs_proto_sctp);
