// SPDX-License-Identifier: GPL-2.0-only
/* What ipvsadm -L -c prints: connections as /proc/net/ip_vs_conn has them, where
 * the order is that of both programs.
 */
#include "compat.h"

#include "addr.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* What is between words, and behind them. */
#define BLANKS		"\n "
#define CONNS_FILE	"/proc/net/ip_vs_conn"

/* Fields of a line, in order. */
enum {
	FIELD_PROTOCOL,
	FIELD_CLIENT,
	FIELD_CLIENT_PORT,
	FIELD_VIRTUAL,
	FIELD_VIRTUAL_PORT,
	FIELD_SERVER,
	FIELD_SERVER_PORT,
	FIELD_STATE,
	FIELD_SECONDS,
	FIELD_ENGINE,
	FIELD_KEY,
	FIELDS,
};

static int split(char *line, char *field[FIELDS])
{
	char *word, *rest = NULL;
	int count = 0;

	for (word = strtok_r(line, BLANKS, &rest); word && count < FIELDS;
	     word = strtok_r(NULL, BLANKS, &rest))
		field[count++] = word;
	return count;
}

static uint16_t protocol_of(const char *name)
{
	if (strcmp(name, "TCP") == 0)
		return IPPROTO_TCP;
	return strcmp(name, "UDP") == 0 ? IPPROTO_UDP : IPPROTO_SCTP;
}

/* Eight digits, or an IPv6 address with all of its zeroes. */
static char *address(char *text, const char *addr, const char *port,
		     uint16_t protocol, bool numeric)
{
	in_port_t number = htons(strtoul(port, NULL, 16));
	union ipvs_addr found = { };
	uint16_t af = AF_INET6;

	if (inet_pton(AF_INET6, addr, &found.v6) != 1) {
		found.v4.s_addr = htonl(strtoul(addr, NULL, 16));
		af = AF_INET;
	}
	return addr_text(text, af, &found, number, protocol, numeric);
}

static void print_conn(char *field[FIELDS], int count, bool numeric,
		       bool engines)
{
	char client[ADDR_TEXT_SIZE], virtual[ADDR_TEXT_SIZE];
	uint16_t protocol = protocol_of(field[FIELD_PROTOCOL]);
	unsigned long seconds = strtoul(field[FIELD_SECONDS], NULL, 10);
	char server[ADDR_TEXT_SIZE], left[16];

	address(client, field[FIELD_CLIENT], field[FIELD_CLIENT_PORT], protocol,
		numeric);
	address(virtual, field[FIELD_VIRTUAL], field[FIELD_VIRTUAL_PORT],
		protocol, numeric);
	address(server, field[FIELD_SERVER], field[FIELD_SERVER_PORT], protocol,
		numeric);
	snprintf(left, sizeof(left), "%02lu:%02lu", seconds / 60 % 1000000000,
		 seconds % 60);
	printf("%-3s %-6s %-11s %-18s %-18s ", field[FIELD_PROTOCOL], left,
	       field[FIELD_STATE], client, virtual);
	if (engines && count == FIELDS)
		printf("%-16s %-18s %s\n", server, field[FIELD_ENGINE],
		       field[FIELD_KEY]);
	else
		printf("%s\n", server);
}

/**
 * compat_list_conns() - prints connections
 * @numeric: no names of hosts and ports
 * @engines: with the keys of persistence engines
 *
 * Return: the status with which ipvsadm would end.
 */
int compat_list_conns(bool numeric, bool engines)
{
	FILE *file = fopen(CONNS_FILE, "r");
	char *field[FIELDS], *line = NULL;
	size_t size = 0;
	int count;

	if (!file)
		return compat_wrong(COMPAT_LIST, CONNS_FILE ": %m");
	puts("IPVS connection entries");
	printf("pro expire %-11s %-18s %-18s %s\n", "state", "source", "virtual",
	       engines ? "destination        pe name          pe_data" :
	       "destination");
	/* The first line is a title. */
	if (getline(&line, &size, file) >= 0)
		while (getline(&line, &size, file) >= 0) {
			count = split(line, field);
			if (count > FIELD_SECONDS)
				print_conn(field, count, numeric, engines);
		}
	free(line);
	fclose(file);
	return COMPAT_OK;
}
