// SPDX-License-Identifier: GPL-2.0-only
/* How addresses, services and protocols are written, and how they stand in
 * messages.
 */
#include "names.h"

#include "adm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char	*name;
	uint16_t	number;
} protocols[] = {
	{ "tcp", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ "sctp", IPPROTO_SCTP },
};

static size_t addr_len(uint16_t family)
{
	return family == AF_INET6 ? sizeof(struct in6_addr) :
				    sizeof(struct in_addr);
}

/**
 * name_parse_number() - reads a number that has nothing behind it
 * @text: decimal digits
 * @most: the largest that it may be
 * @number: the number
 *
 * Return: whether it is one.
 */
bool name_parse_number(const char *text, unsigned long long most,
		       unsigned long long *number)
{
	char *end;

	/* strtoull() would take signs and blanks. */
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return !errno && !*end && *number <= most;
}

/**
 * name_parse_protocol() - reads tcp, udp or sctp
 * @text: the word, in any case
 * @protocol: IPPROTO_*
 *
 * Return: whether it is one.
 */
bool name_parse_protocol(const char *text, uint16_t *protocol)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (strcasecmp(text, protocols[i].name) == 0) {
			*protocol = protocols[i].number;
			return true;
		}
	}
	return false;
}

/**
 * name_parse_addr() - reads an address of either family
 * @text: the address, without brackets
 * @addr: the address
 *
 * Return: whether it is one.
 */
bool name_parse_addr(const char *text, struct name_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	addr->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	return inet_pton(addr->family, text, addr->bytes) == 1;
}

/**
 * name_parse_endpoint() - reads an address with or without a port
 * @text: 10.1.1.1, 10.1.1.1:80, fd00::1, [fd00::1] or [fd00::1]:80
 * @addr: the address
 * @port: the port; -1 if there is none
 *
 * Return: whether it is one.
 */
bool name_parse_endpoint(const char *text, struct name_addr *addr, int *port)
{
	char host[INET6_ADDRSTRLEN];
	const char *end, *digits = NULL;
	unsigned long long number;
	bool bracket = text[0] == '[';

	text += bracket;
	end = text + strcspn(text, bracket ? "]" : "");
	if (bracket) {
		if (!*end || (end[1] && end[1] != ':'))
			return false;
		digits = end[1] ? end + 2 : NULL;
	} else if (strchr(text, ':') && strchr(text, ':') == strrchr(text, ':')) {
		end = strchr(text, ':');
		digits = end + 1;
	}
	if ((size_t)(end - text) >= sizeof(host))
		return false;
	memcpy(host, text, end - text);
	host[end - text] = '\0';
	*port = -1;
	if (digits) {
		if (!name_parse_number(digits, UINT16_MAX, &number))
			return false;
		*port = number;
	}
	return name_parse_addr(host, addr) &&
	       (!bracket || addr->family == AF_INET6);
}

/* fwmark:N, fwmark:N/ipv6 */
static bool parse_mark(const char *text, const char *suffix,
		       struct name_service *service)
{
	unsigned long long mark;

	if (!name_parse_number(text, UINT32_MAX, &mark) || !mark)
		return false;
	service->fwmark = mark;
	service->addr.family = AF_INET;
	if (!suffix || strcmp(suffix, "ipv4") == 0)
		return true;
	service->addr.family = AF_INET6;
	return strcmp(suffix, "ipv6") == 0;
}

/**
 * name_parse_service() - reads which service is meant
 * @text: ADDRESS:PORT[/PROTOCOL] or fwmark:N[/ipv6]
 * @service: the service
 *
 * Return: whether it is one.
 */
bool name_parse_service(const char *text, struct name_service *service)
{
	const char *slash = strchr(text, '/');
	char copy[NAME_SIZE];
	int port;

	memset(service, 0, sizeof(*service));
	if (strlen(text) >= sizeof(copy))
		return false;
	snprintf(copy, sizeof(copy), "%s", text);
	if (slash)
		copy[slash++ - text] = '\0';
	if (strncmp(copy, "fwmark:", strlen("fwmark:")) == 0)
		return parse_mark(copy + strlen("fwmark:"), slash, service);
	if (slash && !name_parse_protocol(slash, &service->protocol))
		return false;
	if (!name_parse_endpoint(copy, &service->addr, &port) || port < 0)
		return false;
	service->port = port;
	return true;
}

/**
 * name_protocol() - a protocol in words
 * @protocol: IPPROTO_*
 * @text: where it may be written
 * @size: how much of it there is
 *
 * Return: its name, or its number if it has none.
 */
const char *name_protocol(uint16_t protocol, char *text, size_t size)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(protocols); i++)
		if (protocols[i].number == protocol)
			return protocols[i].name;
	snprintf(text, size, "%u", protocol);
	return text;
}

/**
 * name_addr_text() - writes an address
 * @addr: the address
 * @text: where it goes, of NAME_SIZE
 * @size: how much of it there is
 *
 * Return: @text.
 */
const char *name_addr_text(const struct name_addr *addr, char *text,
			   size_t size)
{
	if (!inet_ntop(addr->family, addr->bytes, text, size))
		snprintf(text, size, "?");
	return text;
}

/**
 * name_endpoint() - writes an address with a port
 * @addr: the address
 * @port: the port
 * @text: where it goes, of NAME_SIZE
 * @size: how much of it there is
 *
 * Return: @text.
 */
const char *name_endpoint(const struct name_addr *addr, uint16_t port,
			  char *text, size_t size)
{
	char host[INET6_ADDRSTRLEN];

	name_addr_text(addr, host, sizeof(host));
	snprintf(text, size, addr->family == AF_INET6 ? "[%s]:%u" : "%s:%u",
		 host, port);
	return text;
}

/**
 * name_service_text() - writes a service as name_parse_service() reads it
 * @service: the service
 * @text: where it goes, of NAME_SIZE
 * @size: how much of it there is
 *
 * Return: @text.
 */
const char *name_service_text(const struct name_service *service, char *text,
			      size_t size)
{
	char endpoint[NAME_SIZE - 8], protocol[8];

	if (service->fwmark) {
		snprintf(text, size, "fwmark:%u%s", service->fwmark,
			 service->addr.family == AF_INET6 ? "/ipv6" : "");
		return text;
	}
	name_endpoint(&service->addr, service->port, endpoint, sizeof(endpoint));
	if (service->protocol)
		snprintf(text, size, "%s/%s", endpoint,
			 name_protocol(service->protocol, protocol,
				       sizeof(protocol)));
	else
		snprintf(text, size, "%s", endpoint);
	return text;
}

/**
 * name_same_service() - are these one, apart from a protocol that is not given?
 * @a: one
 * @b: the other
 *
 * Return: whether they are.
 */
bool name_same_service(const struct name_service *a,
		       const struct name_service *b)
{
	if (a->addr.family != b->addr.family || a->fwmark != b->fwmark)
		return false;
	if (a->fwmark)
		return true;
	return a->port == b->port &&
	       (!a->protocol || !b->protocol || a->protocol == b->protocol) &&
	       memcmp(a->addr.bytes, b->addr.bytes, sizeof(a->addr.bytes)) == 0;
}

/**
 * name_take_addr() - an address out of an answer
 * @addr: the address
 * @family: its family
 * @attr: where it stands; may be NULL
 */
void name_take_addr(struct name_addr *addr, uint16_t family,
		    struct nlattr *attr)
{
	memset(addr, 0, sizeof(*addr));
	addr->family = family;
	if (attr)
		nla_memcpy(addr->bytes, attr, addr_len(family));
}

/**
 * name_take_server() - a server's address out of an answer
 * @addr: the address
 * @attr: where it stands: of either family, as its length tells; may be NULL
 */
void name_take_server(struct name_addr *addr, struct nlattr *attr)
{
	name_take_addr(addr, attr && nla_len(attr) == 16 ? AF_INET6 : AF_INET,
		       attr);
}

/**
 * name_take_service() - the name of a service out of an answer
 * @service: the service
 * @attrs: IPVS_SVC_ATTR_* by number
 */
void name_take_service(struct name_service *service, struct nlattr **attrs)
{
	memset(service, 0, sizeof(*service));
	name_take_addr(&service->addr, attrs[IPVS_SVC_ATTR_AF] ?
		       nla_get_u16(attrs[IPVS_SVC_ATTR_AF]) : AF_INET,
		       attrs[IPVS_SVC_ATTR_ADDR]);
	if (attrs[IPVS_SVC_ATTR_FWMARK])
		service->fwmark = nla_get_u32(attrs[IPVS_SVC_ATTR_FWMARK]);
	if (attrs[IPVS_SVC_ATTR_PROTOCOL])
		service->protocol = nla_get_u16(attrs[IPVS_SVC_ATTR_PROTOCOL]);
	if (attrs[IPVS_SVC_ATTR_PORT])
		service->port = ntohs(nla_get_u16(attrs[IPVS_SVC_ATTR_PORT]));
}

/**
 * name_put_service() - what names a service, into a nest that is open
 * @msg: the request
 * @service: the service
 *
 * Return: 0, or not if the message is too small.
 */
int name_put_service(struct nl_msg *msg, const struct name_service *service)
{
	int err = nla_put_u16(msg, IPVS_SVC_ATTR_AF, service->addr.family);

	if (service->fwmark)
		return err | nla_put_u32(msg, IPVS_SVC_ATTR_FWMARK,
					 service->fwmark);
	err |= nla_put_u16(msg, IPVS_SVC_ATTR_PROTOCOL, service->protocol);
	err |= nla_put(msg, IPVS_SVC_ATTR_ADDR, addr_len(service->addr.family),
		       service->addr.bytes);
	return err | nla_put_u16(msg, IPVS_SVC_ATTR_PORT, htons(service->port));
}
