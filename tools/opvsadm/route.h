/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the network namespace would send packets, and whence it takes them. */
#ifndef OPVSADM_ROUTE_H
#define OPVSADM_ROUTE_H

#include "names.h"

/* Of Ethernet. */
#define ROUTE_MAC_LEN	6

/**
 * struct route - the way to an address
 * @type: RTN_UNICAST, RTN_LOCAL and so on
 * @device: index of the device by which it leaves
 * @gateway: the next host; of family 0 if the address is on the link
 * @source: address that a packet from here would have; of family 0: not told
 */
struct route {
	unsigned char		type;
	int			device;
	struct name_addr	gateway;
	struct name_addr	source;
};

struct nl_sock *route_open(void);
int route_to(struct nl_sock *sock, const struct name_addr *to,
	     struct route *route);
int route_from(struct nl_sock *sock, const struct name_addr *from,
	       const struct name_addr *to, int device);
bool route_neighbour(struct nl_sock *sock, const struct name_addr *addr,
		     int device, unsigned char *mac);

#endif /* OPVSADM_ROUTE_H */
