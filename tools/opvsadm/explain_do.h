/* SPDX-License-Identifier: GPL-2.0-only */
/* What 'opvsadm explain' was asked for, and the parts that do it. */
#ifndef OPVSADM_EXPLAIN_DO_H
#define OPVSADM_EXPLAIN_DO_H

#include "explain.h"

/* Call-IDs made up if none are given. */
#define EXPLAIN_RANDOM		100000

/**
 * struct explain_order - what the user asked for
 * @nl: family opvs
 * @snap: services there are, with their servers if @changes has some
 * @question: the packet, as far as it was given
 * @has_tuple: client and virtual address were given
 * @service: the service that was named, or NULL
 * @calls: Call-IDs, as many as @call_count
 * @call_count: how many
 * @call_file: file of Call-IDs, or NULL
 * @random: how many are made up
 * @message_file: file of a datagram, or NULL
 * @capture: file of packets, or NULL
 * @summary: no table of packets and Call-IDs
 * @changes: as they were given
 */
struct explain_order {
	struct adm_nl		nl;
	struct snap		snap;
	struct explain_question	question;
	bool			has_tuple;
	const char		*service;
	const char		**calls;
	size_t			call_count;
	const char		*call_file;
	unsigned long long	random;
	const char		*message_file;
	const char		*capture;
	bool			summary;
	struct explain_changes	changes;
};

/* Each returns a status of the program. */
int explain_do_one(struct explain_order *order);
int explain_do_calls(struct explain_order *order);
int explain_do_capture(struct explain_order *order);

/* explain_change.c */
int explain_read_change(struct explain_changes *changes, uint8_t kind,
			const char *option, const char *text);
bool explain_has_server(const struct explain_change *change,
			const struct snap_service *service);
int explain_fit_changes(const struct explain_changes *changes,
			const struct snap_service *service,
			struct explain_changes *fitting);
int explain_service(struct explain_order *order,
		    const struct snap_service **service);
int explain_failed(struct explain_order *order, int err);

/* explain_file.c */
char *explain_read_file(const char *option, const char *path, size_t most,
			size_t *len);

#endif /* OPVSADM_EXPLAIN_DO_H */
