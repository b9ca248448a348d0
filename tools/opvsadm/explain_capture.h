/* SPDX-License-Identifier: GPL-2.0-only */
/* IP packets out of a file of captured ones; knows nothing of a kernel. */
#ifndef OPVSADM_EXPLAIN_CAPTURE_H
#define OPVSADM_EXPLAIN_CAPTURE_H

#include "names.h"

#include <sys/time.h>

/* What is kept of a packet, which is what a request has room for. */
#define CAPTURE_PACKET_MAX	52000

/* Fits a SIP method. */
#define CAPTURE_WORD_SIZE	16

enum capture_kind {
	CAPTURE_PACKET,		/* an IP packet */
	CAPTURE_NOT_IP,		/* another protocol of the link */
	CAPTURE_CUT,		/* too little of it was captured */
	CAPTURE_MALFORMED,	/* no host would take it */
};

/**
 * struct capture_packet - a packet of a file
 * @kind: what it is; of CAPTURE_NOT_IP, only @number and @time are known
 * @number: its place in the file, from 1 on
 * @time: when it was captured
 * @directed: the file tells which packets were sent by the host that captured them
 * @outgoing: this is one of those
 * @data: the packet from its IP header on, @len bytes; until the next one is read
 * @len: length of @data
 * @missing: bytes behind @data that were not captured
 * @protocol: IPPROTO_*
 * @from: who sent it; no family: its header is not there
 * @from_port: from which port, if @has_ports
 * @to: where to
 * @to_port: to which port, if @has_ports
 * @has_ports: ports are known
 * @fragment: it is a part of a packet
 * @word: method or status of a SIP message, or nothing
 */
struct capture_packet {
	enum capture_kind	kind;
	uint64_t		number;
	struct timeval		time;
	bool			directed;
	bool			outgoing;
	const unsigned char	*data;
	size_t			len;
	size_t			missing;
	uint8_t			protocol;
	struct name_addr	from;
	uint16_t		from_port;
	struct name_addr	to;
	uint16_t		to_port;
	bool			has_ports;
	bool			fragment;
	char			word[CAPTURE_WORD_SIZE];
};

struct capture;

struct capture *capture_open(const char *path);
int capture_next(struct capture *capture, struct capture_packet *packet);
void capture_close(struct capture *capture);

/* explain_headers.c */
void capture_headers(struct capture_packet *packet, unsigned char *data,
		     size_t have, size_t missing);

#endif /* OPVSADM_EXPLAIN_CAPTURE_H */
