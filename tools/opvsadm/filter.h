/* SPDX-License-Identifier: GPL-2.0-only */
/* Which entries of the connection table are meant. */
#ifndef OPVSADM_FILTER_H
#define OPVSADM_FILTER_H

#include "names.h"

/* How an address of an entry is restricted. */
struct filter_end {
	bool			given;
	struct name_addr	addr;
	int			port;		/* -1: any */
	int			prefix;		/* -1: all bits */
};

/**
 * struct filter - which entries are meant
 * @service: of this service, as the user wrote it; NULL: of any
 * @kind: OPVS_CONN_KIND_*
 * @family: AF_INET, AF_INET6; 0: any
 * @protocol: IPPROTO_*; 0: any
 * @client: from there
 * @virtual: to there
 * @server: at that server
 * @fwmark: templates of that mark; 0: any
 * @state: name of the state; NULL: any
 * @engine: persistence engine; NULL: any
 * @key: what that found; NULL: any
 * @all: no restriction is what the user means
 * @seconds: of an entry that is to be made: its time left; NULL: none is
 */
struct filter {
	const char		*service;
	uint8_t			kind;
	uint16_t		family;
	uint16_t		protocol;
	struct filter_end	client;
	struct filter_end	virtual;
	struct filter_end	server;
	uint32_t		fwmark;
	char			*state;
	const char		*engine;
	const char		*key;
	bool			all;
	const uint32_t		*seconds;
};

int filter_read(struct filter *filter, int argc, char **argv);
bool filter_is_empty(const struct filter *filter);
int filter_put(const struct filter *filter, struct adm_nl *nl,
	       struct nl_msg *msg);

#endif /* OPVSADM_FILTER_H */
