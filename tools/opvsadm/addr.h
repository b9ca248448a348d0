/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses with ports, and numbers: as users write and read them. */
#ifndef OPVSADM_ADDR_H
#define OPVSADM_ADDR_H

#include "ipvs.h"

/* Fits "[address]:port" with names of hosts and ports. */
#define ADDR_TEXT_SIZE	1120

bool addr_number(const char *text, long least, long most, long *number);
bool addr_parse(const char *text, uint16_t protocol, uint16_t *af,
		union ipvs_addr *addr, in_port_t *port, bool *has_port);
char *addr_text(char *text, uint16_t af, const union ipvs_addr *addr,
		in_port_t port, uint16_t protocol, bool numeric);
const char *addr_protocol(uint16_t protocol);

#endif /* OPVSADM_ADDR_H */
