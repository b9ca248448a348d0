/* SPDX-License-Identifier: GPL-2.0-only */
/* Questions to single hosts of a link, which harm nobody. */
#ifndef OPVSADM_PROBE_H
#define OPVSADM_PROBE_H

#include "names.h"

enum probe_answer {
	PROBE_SILENT,		/* nothing came back */
	PROBE_OWNS,		/* the host has the address */
	PROBE_PASSES_ON,	/* it would forward packets for the address */
	PROBE_IMPOSSIBLE,	/* no Ethernet, or no right to ask */
};

int probe_may(void);
void probe_wake(const struct name_addr *to);
enum probe_answer probe_echo(int device, const unsigned char *mac,
			     const struct name_addr *from,
			     const struct name_addr *to);
bool probe_arp(int device, const struct name_addr *addr, unsigned char *mac);

#endif /* OPVSADM_PROBE_H */
