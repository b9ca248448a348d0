/* SPDX-License-Identifier: GPL-2.0-only */
/* How addresses, services and protocols are written, and how they stand in
 * messages.
 */
#ifndef OPVSADM_NAMES_H
#define OPVSADM_NAMES_H

#include "nl.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "[" ADDRESS "]:" PORT "/sctp", or a mark. */
#define NAME_SIZE	80

/**
 * struct name_addr - an address
 * @family: AF_INET or AF_INET6
 * @bytes: the address; what is behind its end is 0
 */
struct name_addr {
	uint16_t	family;
	unsigned char	bytes[16];
};

/**
 * struct name_service - which virtual service
 * @addr: its address; of a mark, only the family counts
 * @port: its port
 * @protocol: IPPROTO_*; 0 in what a user wrote: any
 * @fwmark: the firewall mark instead of address, port and protocol; 0: none
 */
struct name_service {
	struct name_addr	addr;
	uint16_t		port;
	uint16_t		protocol;
	uint32_t		fwmark;
};

bool name_parse_number(const char *text, unsigned long long most,
		       unsigned long long *number);
bool name_parse_protocol(const char *text, uint16_t *protocol);
bool name_parse_addr(const char *text, struct name_addr *addr);
bool name_parse_endpoint(const char *text, struct name_addr *addr, int *port);
bool name_parse_service(const char *text, struct name_service *service);

const char *name_protocol(uint16_t protocol, char *text, size_t size);
const char *name_addr_text(const struct name_addr *addr, char *text,
			   size_t size);
const char *name_endpoint(const struct name_addr *addr, uint16_t port,
			  char *text, size_t size);
const char *name_service_text(const struct name_service *service, char *text,
			      size_t size);
bool name_same_service(const struct name_service *a,
		       const struct name_service *b);

void name_take_addr(struct name_addr *addr, uint16_t family,
		    struct nlattr *attr);
void name_take_server(struct name_addr *addr, struct nlattr *attr);
void name_take_service(struct name_service *service, struct nlattr **attrs);
int name_put_service(struct nl_msg *msg, const struct name_service *service);

#endif /* OPVSADM_NAMES_H */
