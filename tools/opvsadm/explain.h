/* SPDX-License-Identifier: GPL-2.0-only */
/* Asking what would become of packets, and what the kernel answers. */
#ifndef OPVSADM_EXPLAIN_H
#define OPVSADM_EXPLAIN_H

#include "snap.h"

#include <sys/time.h>

/* Changes that a request may have. */
#define EXPLAIN_CHANGES_MAX	256

/* Bytes of a packet, or of keys, that fit a request beside them: all of it is in
 * one attribute, of up to 65535 bytes.
 */
#define EXPLAIN_DATA_MAX	52000

/* The longest key of an engine, and how many may be in a request. */
#define EXPLAIN_KEY_MAX		255
#define EXPLAIN_KEYS_MAX	4096
#define EXPLAIN_KEYS_SIZE	EXPLAIN_DATA_MAX

/* Fits a key of which each byte is written as hexadecimal digits. */
#define EXPLAIN_KEY_TEXT	(4 * EXPLAIN_KEY_MAX + 1)

struct json_object;

/**
 * struct explain_change - what would be other about a server
 * @kind: OPVS_CHANGE_KIND_*
 * @text: the server as the user wrote it
 * @addr: its address
 * @port: its port; -1: not given
 * @weight: its weight; -1: not given
 */
struct explain_change {
	uint8_t			kind;
	const char		*text;
	struct name_addr	addr;
	int			port;
	int64_t			weight;
};

/* Some changes. */
struct explain_changes {
	struct explain_change	list[EXPLAIN_CHANGES_MAX];
	size_t			count;
};

/**
 * struct explain_question - a packet that does not exist
 * @protocol: IPPROTO_*
 * @client: who sends it; no family: nobody in particular
 * @client_port: from which port
 * @virtual: where to
 * @virtual_port: to which port
 * @fwmark: with which mark
 * @from_host: the host itself sends it
 * @cpu: to which CPU it comes; -1: any
 * @payload: what the datagram carries, @payload_len bytes; may be NULL
 * @payload_len: length of @payload
 * @packet: all of the packet, in place of what is above except @fwmark,
 *	@from_host and @cpu; may be NULL
 * @packet_len: length of @packet
 * @key: what the engine is to have found; may be NULL
 * @key_len: length of @key
 * @later: the key's session exists already
 * @changes: what would be other; may be NULL
 */
struct explain_question {
	uint16_t			protocol;
	struct name_addr		client;
	uint16_t			client_port;
	struct name_addr		virtual;
	uint16_t			virtual_port;
	uint32_t			fwmark;
	bool				from_host;
	int				cpu;
	const void			*payload;
	size_t				payload_len;
	const void			*packet;
	size_t				packet_len;
	const void			*key;
	size_t				key_len;
	bool				later;
	const struct explain_changes	*changes;
};

/* A server as the scheduler sees it; its number is 0 if there is none. */
struct explain_server {
	uint32_t		number;
	struct name_addr	addr;
	uint16_t		port;
	uint32_t		weight;
	bool			available;
	bool			overloaded;
	bool			has_load;
	uint64_t		load;
	uint32_t		active;
	uint32_t		inactive;
};

/**
 * struct explain_answer - what would become of it
 * @has_service: @service is known
 * @service: the service
 * @sched: its scheduler
 * @engine: its engine, or nothing
 * @why: OPVS_WHY_*
 * @verdict: name of the counter, or nothing
 * @server: the server
 * @owner: the server that the hash leads to
 * @slot: of the hash
 * @slots: how many the hash has; 0: there is none
 * @key: what the engine found
 * @key_len: length of @key
 * @begins: it begins a session
 * @remembered: the server would be remembered
 * @has_turn: turns decide
 * @turn: on this CPU
 * @unsure: an equal packet may fare otherwise
 * @local: the host has the address
 * @candidates: the service's servers, as many as @count; only by explain_one()
 * @count: how many
 * @total: how many the service has
 */
struct explain_answer {
	bool			has_service;
	struct name_service	service;
	char			sched[16];
	char			engine[20];
	uint8_t			why;
	char			verdict[32];
	struct explain_server	server;
	struct explain_server	owner;
	uint32_t		slot;
	uint32_t		slots;
	unsigned char		key[EXPLAIN_KEY_MAX];
	size_t			key_len;
	bool			begins;
	bool			remembered;
	bool			has_turn;
	uint32_t		turn;
	bool			unsure;
	bool			local;
	struct explain_server	*candidates;
	size_t			count;
	size_t			total;
};

/* Called for each question of a batch in its order, with an error number and the
 * kernel's reason, or with an answer; what it returns ends the batch if not 0.
 */
typedef int (*explain_take)(int err, const char *reason,
			    const struct explain_answer *answer, void *arg);

/**
 * struct explain_batch - many questions in few system calls
 * @nl: family opvs
 * @take: gets the answers
 * @arg: handed to @take
 * @buffer: requests that were not sent yet
 * @used: how much of it
 * @waiting: requests in it
 * @first: sequence number of the first of these
 */
struct explain_batch {
	struct adm_nl	*nl;
	explain_take	take;
	void		*arg;
	char		*buffer;
	size_t		used;
	size_t		waiting;
	unsigned int	first;
};

/* explain_ask.c */
int explain_one(struct adm_nl *nl, const struct explain_question *question,
		bool candidates, struct explain_answer *answer);
int explain_keys(struct adm_nl *nl, const struct explain_question *question,
		 const void *keys, size_t len, size_t count, uint32_t *choices,
		 uint8_t *whys);
void explain_answer_free(struct explain_answer *answer);
int explain_parse(struct nlattr **attrs, struct explain_answer *answer);

/* explain_batch.c */
int explain_batch_begin(struct explain_batch *batch, struct adm_nl *nl,
			explain_take take, void *arg);
int explain_batch_add(struct explain_batch *batch,
		      const struct explain_question *question);
int explain_batch_flush(struct explain_batch *batch);
void explain_batch_end(struct explain_batch *batch);
struct nl_msg *explain_request(struct adm_nl *nl,
			       const struct explain_question *question,
			       const void *keys, size_t keys_len,
			       int64_t candidates, int flags);

/* explain_words.c */
const char *explain_why(uint8_t why);
const char *explain_why_text(uint8_t why);
bool explain_varies(uint8_t why);
const char *explain_key_text(const void *key, size_t len,
			     char text[EXPLAIN_KEY_TEXT]);
const char *explain_server_text(const struct explain_server *server,
				char text[NAME_SIZE]);

#endif /* OPVSADM_EXPLAIN_H */
