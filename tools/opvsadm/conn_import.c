// SPDX-License-Identifier: GPL-2.0-only
/* opvsadm conn import: makes entries that another director lists, as its
 * /proc/net/ip_vs_conn shows them.
 */
#include "conn_import.h"

#include "adm.h"
#include "filter.h"
#include "nl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line, with the longest key. */
#define LINE_SIZE	1024

/* Lines of which the user is told why they are not taken; others are counted. */
#define REASONS		10

/* What a line says. */
struct entry {
	struct filter	filter;
	uint32_t	seconds;
	char		state[16];
	char		engine[17];
	char		key[256];
};

struct import {
	struct adm_nl	nl;
	unsigned long	line;
	unsigned long	made;
	unsigned long	refused;
};

static void __printf(2, 3) refuse(struct import *import, const char *format, ...)
{
	char text[2 * ADM_TEXT_MAX];
	va_list args;

	if (++import->refused > REASONS)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	adm_err("line %lu: %s", import->line, text);
}

/* Eight digits, or an IPv6 address with all of its zeroes. */
static bool read_addr(const char *text, struct name_addr *addr)
{
	char *end;
	uint32_t number;

	if (inet_pton(AF_INET6, text, addr->bytes) == 1) {
		addr->family = AF_INET6;
		return true;
	}
	number = htonl(strtoul(text, &end, 16));
	memcpy(addr->bytes, &number, sizeof(number));
	addr->family = AF_INET;
	return strlen(text) == 8 && !*end;
}

static bool read_end(const char *addr, unsigned int port, struct filter_end *end)
{
	end->given = true;
	end->prefix = -1;
	end->port = port;
	return port <= UINT16_MAX && read_addr(addr, &end->addr);
}

/* "IP" is the protocol of templates by a firewall mark, whose number stands in place
 * of the virtual address.
 */
static bool read_protocol(const char *name, struct filter *filter)
{
	static const char *const names[] = {
		[IPPROTO_TCP] = "TCP", [IPPROTO_UDP] = "UDP",
		[IPPROTO_SCTP] = "SCTP",
	};
	size_t i;

	if (strcmp(name, "IP") == 0 && filter->kind == OPVS_CONN_KIND_TEMPLATE) {
		memcpy(&filter->fwmark, filter->virtual.addr.bytes,
		       sizeof(filter->fwmark));
		filter->fwmark = ntohl(filter->fwmark);
		filter->virtual.given = false;
		return filter->fwmark;
	}
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!names[i] || strcmp(name, names[i]) != 0)
			continue;
		filter->protocol = i;
		return true;
	}
	return false;
}

/* False if the line is none of a list. */
static bool read_line(const char *line, struct entry *entry)
{
	char protocol[8], client[48], virtual[48], server[50];
	unsigned int cport, vport, sport;
	struct filter *filter = &entry->filter;
	int fields;

	memset(entry, 0, sizeof(*entry));
	fields = sscanf(line, "%7s %47s %x %47s %x %49s %x %15s %u %16s %255s",
			protocol, client, &cport, virtual, &vport, server,
			&sport, entry->state, &entry->seconds, entry->engine,
			entry->key);
	if (fields < 9 ||
	    !read_end(client, cport, &filter->client) ||
	    !read_end(virtual, vport, &filter->virtual) ||
	    !read_end(server, sport, &filter->server))
		return false;
	filter->kind = cport ? OPVS_CONN_KIND_CONNECTION :
			       OPVS_CONN_KIND_TEMPLATE;
	filter->family = filter->client.addr.family;
	filter->state = entry->state;
	filter->seconds = &entry->seconds;
	if (fields == 11) {
		filter->engine = entry->engine;
		filter->key = entry->key;
	}
	return read_protocol(protocol, filter);
}

static void take_line(struct import *import, const char *line)
{
	struct nl_msg *msg;
	struct entry entry;
	int err;

	if (!read_line(line, &entry)) {
		refuse(import, "this is no line of /proc/net/ip_vs_conn");
		return;
	}
	msg = adm_request(&import->nl, OPVS_CMD_NEW_CONN, 0);
	if (msg && filter_put(&entry.filter, &import->nl, msg)) {
		nlmsg_free(msg);
		refuse(import, "its key is too long");
		return;
	}
	err = adm_talk(&import->nl, msg, &adm_message, NULL, NULL);
	if (err)
		refuse(import, "%s", adm_reason(&import->nl, err));
	else
		import->made++;
}

static void take_lines(struct import *import, FILE *file)
{
	char line[LINE_SIZE];

	while (fgets(line, sizeof(line), file)) {
		import->line++;
		/* The title. */
		if (import->line > 1 || strncmp(line, "Pro ", 4) != 0)
			take_line(import, line);
	}
}

/**
 * conn_import() - opvsadm conn import [FILE]
 * @argc: number of arguments
 * @argv: the verb, and a file's name
 *
 * Return: a status of the program.
 */
int conn_import(int argc, char **argv)
{
	struct import import = { .line = 0 };
	FILE *file = stdin;
	bool broken;

	if (argc > 2)
		return adm_bad_usage("import takes one file, not '%s', too", argv[2]);
	if (argc == 2 && strcmp(argv[1], "-") != 0)
		file = fopen(argv[1], "re");
	if (!file) {
		adm_err("%s: %s", argv[1], strerror(errno));
		return ADM_FAILED;
	}
	if (adm_open(&import.nl, OPVS_GENL_NAME)) {
		fclose(file);
		return ADM_FAILED;
	}
	take_lines(&import, file);
	broken = ferror(file);
	if (broken)
		adm_err("%s: it cannot be read to its end", argv[1]);
	adm_close(&import.nl);
	fclose(file);
	if (import.refused > REASONS)
		adm_err("and %lu lines more", import.refused - REASONS);
	printf(adm_opt.json ? "{\"taken\":%lu,\"refused\":%lu}\n" :
	       "%lu taken, %lu refused\n", import.made, import.refused);
	return broken || import.refused ? ADM_FAILED : ADM_OK;
}
