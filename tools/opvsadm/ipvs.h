/* SPDX-License-Identifier: GPL-2.0-only */
/* Services, servers, daemons and timeouts: as the tool has them, and how the
 * kernel is asked for them.  Both families know them; `opvs' knows more of them.
 */
#ifndef OPVSADM_IPVS_H
#define OPVSADM_IPVS_H

#include "nl.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* What fits a name, with its end. */
#define IPVS_ENGINE_SIZE	17
#define IPVS_POLICY_SIZE	32

/* What a service or server has done, or does each second. */
struct ipvs_stats {
	uint64_t	conns, inpkts, outpkts, inbytes, outbytes;
	uint64_t	cps, inpps, outpps, inbps, outbps;
};

/* An address: the family says which member. */
union ipvs_addr {
	struct in_addr	v4;
	struct in6_addr	v6;
};

/**
 * struct ipvs_service - a virtual service
 * @af: AF_INET or AF_INET6
 * @protocol: IPPROTO_TCP and so on; not with a mark
 * @addr: virtual address
 * @port: virtual port, in network byte order
 * @fwmark: the mark, or 0
 * @sched: scheduler
 * @engine: persistence engine, or empty
 * @flags: IP_VS_SVC_F_*
 * @timeout: seconds of persistence
 * @netmask: of persistence; for IPv6 the prefix in the machine's byte order
 * @policy: timeout policy, or empty; family opvs only
 * @conn_max: limit of entries, 0 is none; family opvs only
 * @has_limits: @policy and @conn_max are told to the kernel, or were told by it
 * @stats: what it has done
 * @line: of a file, where it comes from one
 */
struct ipvs_service {
	uint16_t		af;
	uint16_t		protocol;
	union ipvs_addr		addr;
	in_port_t		port;
	uint32_t		fwmark;
	char			sched[IP_VS_SCHEDNAME_MAXLEN];
	char			engine[IPVS_ENGINE_SIZE];
	uint32_t		flags;
	uint32_t		timeout;
	in_addr_t		netmask;
	char			policy[IPVS_POLICY_SIZE];
	uint32_t		conn_max;
	bool			has_limits;
	struct ipvs_stats	stats;
	unsigned int		line;
};

/**
 * struct ipvs_dest - a real server
 * @af: AF_INET or AF_INET6
 * @addr: its address
 * @port: its port, in network byte order
 * @method: IP_VS_CONN_F_MASQ and so on
 * @weight: its weight
 * @upper: threshold; 0 is none
 * @lower: threshold
 * @active: active connections
 * @inactive: others
 * @persistent: templates
 * @tun_type: IP_VS_CONN_F_TUNNEL_TYPE_*
 * @tun_port: port of a tunnel, in network byte order
 * @tun_flags: IP_VS_TUNNEL_ENCAP_FLAG_*
 * @stats: what it has done
 * @line: of a file, where it comes from one
 */
struct ipvs_dest {
	uint16_t		af;
	union ipvs_addr		addr;
	in_port_t		port;
	uint32_t		method;
	uint32_t		weight;
	uint32_t		upper;
	uint32_t		lower;
	uint32_t		active;
	uint32_t		inactive;
	uint32_t		persistent;
	uint8_t			tun_type;
	in_port_t		tun_port;
	uint16_t		tun_flags;
	struct ipvs_stats	stats;
	unsigned int		line;
};

/**
 * struct ipvs_daemon - a synchronisation daemon
 * @state: IP_VS_STATE_MASTER or IP_VS_STATE_BACKUP
 * @interface: for multicast
 * @sync_id: which others it listens to
 * @maxlen: bytes of a message; 0 is the kernel's choice, as in all that follows
 * @af: family of @group; 0 if there is none
 * @group: multicast group
 * @port: port, in the machine's byte order
 * @ttl: of what it sends
 */
struct ipvs_daemon {
	uint32_t	state;
	char		interface[IP_VS_IFNAME_MAXLEN];
	uint32_t	sync_id;
	uint16_t	maxlen;
	uint16_t	af;
	union ipvs_addr	group;
	uint16_t	port;
	uint8_t		ttl;
};

struct ipvs_timeouts {
	uint32_t	tcp, tcp_fin, udp;
};

struct ipvs_info {
	uint32_t	version;
	uint32_t	table_size;
};

struct ipvs_services {
	struct ipvs_service	*list;
	size_t			count, room;
};

struct ipvs_dests {
	struct ipvs_dest	*list;
	size_t			count, room;
};

struct ipvs_daemons {
	struct ipvs_daemon	list[2];
	size_t			count;
};

/* All return 0 or an error number, as adm_talk() does. */
int ipvs_info(struct adm_nl *nl, struct ipvs_info *info);
int ipvs_simple(struct adm_nl *nl, int command);
int ipvs_service(struct adm_nl *nl, int command, const struct ipvs_service *svc);
int ipvs_dest(struct adm_nl *nl, int command, const struct ipvs_service *svc,
	      const struct ipvs_dest *dest);
int ipvs_daemon(struct adm_nl *nl, int command, const struct ipvs_daemon *daemon);
int ipvs_set_timeouts(struct adm_nl *nl, const struct ipvs_timeouts *timeouts);
int ipvs_get_timeouts(struct adm_nl *nl, struct ipvs_timeouts *timeouts);
int ipvs_get_services(struct adm_nl *nl, struct ipvs_services *services);
int ipvs_get_service(struct adm_nl *nl, struct ipvs_service *svc);
int ipvs_get_dests(struct adm_nl *nl, const struct ipvs_service *svc,
		   struct ipvs_dests *dests);
int ipvs_get_daemons(struct adm_nl *nl, struct ipvs_daemons *daemons);

/* Messages by themselves, for those who send many in one go; NULL for lack of
 * memory.
 */
struct nl_msg *ipvs_service_msg(struct adm_nl *nl, int command,
				const struct ipvs_service *svc);
struct nl_msg *ipvs_dest_msg(struct adm_nl *nl, int command,
			     const struct ipvs_service *svc,
			     const struct ipvs_dest *dest);

#endif /* OPVSADM_IPVS_H */
