/* SPDX-License-Identifier: GPL-2.0-only */
/* All services and servers as they are at one time. */
#ifndef OPVSADM_SNAP_H
#define OPVSADM_SNAP_H

#include "names.h"
#include "sip.h"

/* What a service or server did, and does per second. */
struct snap_stats {
	uint64_t	conns;
	uint64_t	inpkts;
	uint64_t	outpkts;
	uint64_t	inbytes;
	uint64_t	outbytes;
	uint64_t	cps;
	uint64_t	inpps;
	uint64_t	outpps;
	uint64_t	inbps;
	uint64_t	outbps;
};

/**
 * struct snap_dest - a server of a service
 * @addr: its address
 * @port: its port
 * @method: IP_VS_CONN_F_MASQ and so on
 * @weight: 0 gets nothing new
 * @upper: threshold of connections and calls; 0: none
 * @lower: below which it gets new ones again
 * @active: active connections and calls
 * @inactive: other connections
 * @persistent: templates
 * @calls: what @active has of calls
 * @stats: what it did
 * @sip: its SIP messages; NULL if the service has no engine
 */
struct snap_dest {
	struct name_addr	addr;
	uint16_t		port;
	uint32_t		method;
	uint32_t		weight;
	uint32_t		upper;
	uint32_t		lower;
	uint32_t		active;
	uint32_t		inactive;
	uint32_t		persistent;
	uint32_t		calls;
	struct snap_stats	stats;
	struct snap_sip		*sip;
};

/**
 * struct snap_service - a virtual service
 * @name: which
 * @sched: its scheduler
 * @engine: its persistence engine; empty: none
 * @policy: its timeout policy
 * @flags: IP_VS_SVC_F_*
 * @timeout: seconds of persistence
 * @netmask: as in messages
 * @conn_max: its limit; 0: none
 * @conns: its entries
 * @exceptions: calls that are remembered
 * @drains: keys drain, for @drain_seconds
 * @drain_seconds: seconds left; 0: until servers of weight 0 go
 * @stats: what it did
 * @sip: its SIP messages; NULL if it has no engine
 * @dests: its servers, as many as @count
 * @count: how many
 */
struct snap_service {
	struct name_service	name;
	char			sched[16];
	char			engine[20];
	char			policy[32];
	uint32_t		flags;
	uint32_t		timeout;
	uint32_t		netmask;
	uint32_t		conn_max;
	uint32_t		conns;
	uint32_t		exceptions;
	bool			drains;
	uint32_t		drain_seconds;
	struct snap_stats	stats;
	struct snap_sip		*sip;
	struct snap_dest	*dests;
	size_t			count;
};

/* All of them, in the order in which they were added. */
struct snap {
	struct snap_service	*services;
	size_t			count;
};

int snap_services(struct adm_nl *nl, struct snap *snap);
int snap_dests(struct adm_nl *nl, struct snap_service *service);
int snap_all(struct adm_nl *nl, struct snap *snap);
void snap_free(struct snap *snap);
const struct snap_service *snap_find(const struct snap *snap,
				     const char *text);
const char *snap_method(uint32_t method);

#endif /* OPVSADM_SNAP_H */
