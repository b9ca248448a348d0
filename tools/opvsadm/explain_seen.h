/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls and clients in a capture, and who is at its addresses. */
#ifndef OPVSADM_EXPLAIN_SEEN_H
#define OPVSADM_EXPLAIN_SEEN_H

#include "explain_capture.h"
#include "explain_do.h"
#include "explain_report.h"

/**
 * struct seen_call - a call, or a client's packets where there are no calls
 * @service: whose it is
 * @key: its key, @key_len bytes; NULL: there is none
 * @key_len: length of @key
 * @packet: its first packet; the bytes are there if it was to keep them
 * @remembered: an entry would remember the server
 * @begins: its first packet begins it
 * @packets: how many it has
 * @elsewhere: those that other servers would get
 * @now: who gets it
 * @then: who would get it with the changes
 * @bytes: of the packet, or NULL
 * @next: the next one
 */
struct seen_call {
	struct report_service	*service;
	const unsigned char	*key;
	size_t			key_len;
	struct capture_packet	packet;
	bool			remembered;
	bool			begins;
	uint64_t		packets;
	uint64_t		elsewhere;
	struct report_choice	now;
	struct report_choice	then;
	unsigned char		*bytes;
	struct seen_call	*next;
};

/* All of them, as they came. */
struct seen {
	void			*tree;
	struct seen_call	*first;
	struct seen_call	**last;
	bool			failed;
};

/**
 * struct seen_end - who is at an address
 * @protocol: IPPROTO_*
 * @is_virtual: a service, else a server
 * @addr: the address
 * @port: the port; 0: all of them
 * @service: whose it is
 */
struct seen_end {
	uint8_t				protocol;
	bool				is_virtual;
	struct name_addr		addr;
	uint16_t			port;
	const struct snap_service	*service;
};

void seen_init(struct seen *seen);
void seen_free(struct seen *seen);
struct seen_call *seen_call(struct seen *seen,
			    struct report_service *service,
			    const struct explain_answer *answer,
			    const struct capture_packet *packet, bool make);

int seen_ends_make(void **ends, const struct snap *snap);
const struct seen_end *seen_end(void *const *ends, bool is_virtual,
				uint8_t protocol, const struct name_addr *addr,
				uint16_t port);
void seen_ends_free(void *ends);

/* explain_then.c */
int explain_judge_changes(const struct explain_order *order);
int explain_ask_then(struct explain_order *order, struct seen *seen,
		     struct report *report);

#endif /* OPVSADM_EXPLAIN_SEEN_H */
