/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of a capture's packets, and how many there were of which kind. */
#ifndef OPVSADM_EXPLAIN_ROWS_H
#define OPVSADM_EXPLAIN_ROWS_H

#include "explain_seen.h"

/* What a packet is to opvs; those of the last kind have no row. */
enum rows_kind {
	ROWS_REQUEST,		/* of a service */
	ROWS_REPLY,		/* of a server, on its way to the director */
	ROWS_FORWARDED,		/* to a server, on its way from the director */
	ROWS_ANSWER,		/* from a virtual address, on its way to the client */
	ROWS_COPY,		/* an earlier one, on its way out of the host */
	ROWS_FRAGMENT,
	ROWS_CUT,		/* too little of it was captured */
	ROWS_MALFORMED,
	ROWS_OTHER,		/* for nobody here */
	ROWS_SKIPPED,		/* no IP */
	ROWS_KINDS
};

/**
 * struct rows_row - what is told of a packet
 * @packet: the packet
 * @kind: what it is
 * @service: whose it is, or NULL
 * @choice: server and reason; no record, if there was nothing to choose
 * @has_why: there is a reason
 * @follows: number of the packet whose entry it would find; 0: none
 * @hidden: it is only counted
 * @answer: what the kernel says, or NULL
 */
struct rows_row {
	const struct capture_packet	*packet;
	enum rows_kind			kind;
	struct report_service		*service;
	struct report_choice		choice;
	bool				has_why;
	uint64_t			follows;
	bool				hidden;
	const struct explain_answer	*answer;
};

/**
 * struct rows - the table, and the counts
 * @out: the table
 * @shown: there is one
 * @first: when the first packet came
 * @packets: how many there were
 * @count: of each kind
 */
struct rows {
	struct out	out;
	bool		shown;
	struct timeval	first;
	uint64_t	packets;
	uint64_t	count[ROWS_KINDS];
};

int rows_begin(struct rows *rows, bool shown);
void rows_tell(struct rows *rows, const struct rows_row *row);
int rows_end(struct rows *rows);
void rows_total(const struct rows *rows, const struct report *report);

#endif /* OPVSADM_EXPLAIN_ROWS_H */
