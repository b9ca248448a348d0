// SPDX-License-Identifier: GPL-2.0-only
/* Addresses with ports, and numbers: as users write and read them. */
#include "addr.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The longest host name with a port behind it. */
#define HOST_SIZE	1100

/**
 * addr_number() - reads a decimal number, which must be the whole of a text
 * @text: the text; blanks and a sign may be in front
 * @least: the least that it may be
 * @most: the most
 * @number: what is read
 *
 * Return: true if it is one.
 */
bool addr_number(const char *text, long least, long most, long *number)
{
	char *end;

	errno = 0;
	*number = strtol(text, &end, 10);
	return end != text && !*end && !errno && *number >= least &&
	       *number <= most;
}

/* Name of a protocol in /etc/services. */
static const char *service_protocol(uint16_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	default:
		return "sctp";
	}
}

static bool parse_port(const char *text, uint16_t protocol, in_port_t *port)
{
	struct servent *service;
	long number;

	if (addr_number(text, 0, UINT16_MAX, &number)) {
		*port = htons(number);
		return true;
	}
	service = getservbyname(text, service_protocol(protocol));
	if (service)
		*port = service->s_port;
	return !!service;
}

/* An address of four bytes, in any of their forms, or a host's name. */
static bool parse_host(const char *text, union ipvs_addr *addr)
{
	struct addrinfo hints = { .ai_family = AF_INET }, *found;

	if (inet_aton(text, &addr->v4))
		return true;
	if (!*text || getaddrinfo(text, NULL, &hints, &found))
		return false;
	addr->v4 = ((struct sockaddr_in *)found->ai_addr)->sin_addr;
	freeaddrinfo(found);
	return true;
}

/* "[address]:port". What is no IPv6 address in there is a host of IPv4, of which
 * the port is not looked at.
 */
static bool parse_bracketed(char *text, uint16_t protocol, uint16_t *af,
			    union ipvs_addr *addr, in_port_t *port,
			    bool *has_port)
{
	char *end = strchr(text, ']');

	if (!end || end[1] != ':')
		return false;
	*end = '\0';
	if (inet_pton(AF_INET6, text + 1, &addr->v6) != 1) {
		*af = AF_INET;
		return parse_host(text + 1, addr);
	}
	*af = AF_INET6;
	*has_port = true;
	return parse_port(end + 2, protocol, port);
}

/**
 * addr_parse() - reads an address with or without a port
 * @text: address, address:port, or [address]:port; host and port may be names
 * @protocol: of which the port is
 * @af: becomes the address's family
 * @addr: becomes the address
 * @port: becomes the port in network byte order, 0 without one
 * @has_port: is there one?
 *
 * Return: true if it is sound.
 */
bool addr_parse(const char *text, uint16_t protocol, uint16_t *af,
		union ipvs_addr *addr, in_port_t *port, bool *has_port)
{
	char copy[HOST_SIZE], *colon;

	memset(addr, 0, sizeof(*addr));
	*port = 0;
	*has_port = false;
	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return false;
	if (copy[0] == '[')
		return parse_bracketed(copy, protocol, af, addr, port, has_port);
	if (inet_pton(AF_INET6, copy, &addr->v6) == 1) {
		*af = AF_INET6;
		return true;
	}
	memset(addr, 0, sizeof(*addr));
	*af = AF_INET;
	colon = strchr(copy, ':');
	if (colon) {
		*colon = '\0';
		*has_port = true;
		if (!parse_port(colon + 1, protocol, port))
			return false;
	}
	return parse_host(copy, addr);
}

static void host_text(char *text, size_t size, uint16_t af,
		      const union ipvs_addr *addr, bool numeric)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	int err;

	if (af == AF_INET) {
		v4.sin_addr = addr->v4;
		err = numeric ? -1 : getnameinfo((struct sockaddr *)&v4,
						 sizeof(v4), text, size, NULL,
						 0, NI_NAMEREQD);
	} else {
		v6.sin6_addr = addr->v6;
		err = numeric ? -1 : getnameinfo((struct sockaddr *)&v6,
						 sizeof(v6), text, size, NULL,
						 0, NI_NAMEREQD);
	}
	if (err)
		inet_ntop(af, addr, text, size);
}

/**
 * addr_text() - writes an address with its port
 * @text: where to; ADDR_TEXT_SIZE bytes
 * @af: its family
 * @addr: the address
 * @port: the port, in network byte order
 * @protocol: of which the port is
 * @numeric: no names
 *
 * Return: @text.
 */
char *addr_text(char *text, uint16_t af, const union ipvs_addr *addr,
		in_port_t port, uint16_t protocol, bool numeric)
{
	struct servent *service = NULL;
	char host[NI_MAXHOST], number[8];

	host_text(host, sizeof(host), af, addr, numeric);
	snprintf(number, sizeof(number), "%u", ntohs(port));
	if (!numeric && port)
		service = getservbyport(port, service_protocol(protocol));
	snprintf(text, ADDR_TEXT_SIZE, af == AF_INET6 ? "[%s]:%.64s" : "%s:%.64s",
		 host, service ? service->s_name : number);
	return text;
}

/**
 * addr_protocol() - the name of a protocol, as lists have it
 * @protocol: its number
 *
 * Return: the name.
 */
const char *addr_protocol(uint16_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "TCP";
	case IPPROTO_UDP:
		return "UDP";
	case IPPROTO_SCTP:
		return "SCTP";
	default:
		return "IP";
	}
}
