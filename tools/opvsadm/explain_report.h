/* SPDX-License-Identifier: GPL-2.0-only */
/* What many answers come to: per call and per server. */
#ifndef OPVSADM_EXPLAIN_REPORT_H
#define OPVSADM_EXPLAIN_REPORT_H

#include "explain.h"
#include "out.h"

/**
 * struct report_service - a service
 * @name: its name
 * @first: its servers by their numbers, then no server
 * @last: the last of them
 * @listed: all of its servers are there
 * @next: the next service, as they came
 */
struct report_service {
	char			name[NAME_SIZE];
	struct report_server	*first;
	struct report_server	*last;
	bool			listed;
	struct report_service	*next;
};

/**
 * struct report_server - a server of a service, or none
 * @service: the service
 * @number: the server's number; 0: no server
 * @name: the server's name
 * @calls: calls that it would get
 * @packets: packets
 * @varying: those of @calls that turns, loads or lots give it
 * @then: calls that it would get with the changes
 * @goes: calls that it would lose
 * @comes: calls that it would get from others
 * @next: the next one of the service
 */
struct report_server {
	struct report_service	*service;
	uint32_t		number;
	char			name[NAME_SIZE];
	uint64_t		calls;
	uint64_t		packets;
	uint64_t		varying;
	uint64_t		then;
	uint64_t		goes;
	uint64_t		comes;
	struct report_server	*next;
};

/**
 * struct report_choice - which server, and why
 * @server: the server's record
 * @why: OPVS_WHY_*
 */
struct report_choice {
	struct report_server	*server;
	uint8_t			why;
};

/**
 * struct report_call - a call, or a client's packets where there are no calls
 * @service: whose it is
 * @key: its key; NULL: there is none
 * @key_len: length of @key
 * @client: who asks, where there is no key, else NULL
 * @packets: how many there were
 * @elsewhere: packets that others than @now.server would get
 * @now: who gets it
 * @then: who would get it with the changes; no server's record: not asked
 */
struct report_call {
	struct report_service	*service;
	const void		*key;
	size_t			key_len;
	const char		*client;
	uint64_t		packets;
	uint64_t		elsewhere;
	struct report_choice	now;
	struct report_choice	then;
};

/**
 * struct report - all of it
 * @has_packets: calls consist of packets that were seen
 * @has_then: there are changes
 * @services: tree of services
 * @servers: tree of servers
 * @first: list of services as they came
 * @last: where the next one goes
 * @out: the table of calls, while it is being told
 * @columns: its columns
 * @calls: calls told
 * @varying: those that turns, loads or lots decide about
 * @moved: those that would move
 * @moved_later: the same if they are in progress
 * @has_later: that is known
 * @split: calls with packets for more than one server
 * @failed: memory was lacking
 */
struct report {
	bool			has_packets;
	bool			has_then;
	void			*services;
	void			*servers;
	struct report_service	*first;
	struct report_service	**last;
	struct out		out;
	struct out_column	columns[12];
	uint64_t		calls;
	uint64_t		varying;
	uint64_t		moved;
	uint64_t		moved_later;
	bool			has_later;
	uint64_t		split;
	bool			failed;
};

void report_init(struct report *report, bool has_packets, bool has_then);
void report_free(struct report *report);
struct report_service *report_service(struct report *report,
				      const struct name_service *service);
struct report_server *report_server(struct report *report,
				    struct report_service *service,
				    uint32_t number,
				    const struct explain_server *server);
bool report_moves(const struct report_choice *now,
		  const struct report_choice *then);
int report_calls_begin(struct report *report, bool shown);
void report_call(struct report *report, const struct report_call *call);
int report_calls_end(struct report *report);
int report_servers(struct report *report);

#endif /* OPVSADM_EXPLAIN_REPORT_H */
