/* SPDX-License-Identifier: GPL-2.0-only */
/* Settings of a namespace: what sysctl shows under net.ipv4.vs and net.opvs. */
#ifndef OPVS_SETTINGS_H
#define OPVS_SETTINGS_H

#include <linux/compiler.h>
#include <linux/types.h>

struct cpumask;

/* A defence that IPVS switches by memory pressure (drop_entry and others). */
enum opvs_defence_mode {
	OPVS_DEFENCE_OFF,
	OPVS_DEFENCE_AUTO,	/* off now, on when memory gets low */
	OPVS_DEFENCE_AUTO_ON,	/* on now, off when there is enough again */
	OPVS_DEFENCE_ALWAYS,
};

/* Default of opvs_settings.reply_seconds. */
#define OPVS_REPLY_SECONDS	180

/**
 * struct opvs_settings - sysctls of a namespace; packets use READ_ONCE
 * @amemthresh: pages; less free memory counts as low
 * @am_droprate: of so many new connections one is dropped with drop_packet=3,
 *	0: none is
 * @drop_entry: &enum opvs_defence_mode
 * @drop_packet: &enum opvs_defence_mode
 * @secure_tcp: &enum opvs_defence_mode
 * @sloppy_tcp: any TCP packet but RST opens a connection
 * @sloppy_sctp: any SCTP packet but ABORT opens an association
 * @expire_nodest_conn: end connections of a removed server at their next packet,
 *	and those of a server with weight 0 at one that may open a connection
 * @expire_quiescent_template: a template of a server with weight 0 is void
 * @cache_bypass: a packet of a service by mark that finds no server goes on to
 *	where it was sent to
 * @nat_icmp_send: what a server by NAT sends that belongs to no connection is
 *	refused
 * @schedule_icmp: an ICMP error that belongs to no connection goes to the server
 *	that the quoted packet's would be at, if that can be told
 * @pmtu_disc: routers must not cut the outer packets of tunnels of IPv4 whose
 *	inner one they might not have cut
 * @conn_reuse_mode: bit 0: a SYN may begin a new connection over a closed one,
 *	bit 1: also over one in FIN_WAIT
 * @conntrack: connections that begin from now on, and the datagrams of one-packet
 *	services, are tracked by netfilter, with both translations
 * @snat_reroute: replies are routed by their new source
 * @ignore_tunneled: what comes out of a tunnel of another protocol than those
 *	that are balanced is not balanced
 * @udp_reschedule: UDP packets for a removed server get another one at once
 * @sweep_interval_ms: how often expired connections are reclaimed
 * @drain_seconds: how long calls stay where they are after a change of the
 *	servers of a stateless service; a new value concerns the next change
 * @load_seconds: how long a call of a one-packet service without templates
 *	counts as a server's load after its last packet
 * @reply_seconds: for how long after a request of a client what a server of a
 *	one-packet service sends to it counts as a reply; 0: all that it sends,
 *	to any address
 * @lblc_expiration: seconds after which lblc forgets an unused address
 * @lblcr_expiration: seconds after which lblcr lets go of a server that it
 *	added to an address
 * @sync_version: of the messages that a master sends, 0 or 1
 * @sync_ports: UDP ports that they are spread over, a power of two
 * @sync_persist_mode: of what persistent clients have, only templates are sent
 * @sync_qlen_max: messages that may wait to be sent, for each port
 * @sync_sock_size: of the daemons' sockets, bytes; 0 or less: as it is
 * @sync_threshold: a connection is sent with this packet of it, and again
 *	whenever a multiple of the second number has followed; 0 as the second:
 *	not again.  Both are written under cfg_lock
 * @sync_refresh_period: seconds until a connection is sent again though nothing
 *	but its packets were seen; 0 or less: see @sync_threshold
 * @sync_retries: how often it is sent again within an eighth of that time
 * @backup_only: while a backup daemon runs, nothing is balanced
 * @run_estimation: rates are estimated
 * @est_cpulist: as it was written; NULL: it was not; cfg_lock.  Nothing goes by
 *	this one and the next three
 * @est_nice: as it was written
 * @conn_lfactor: as it was written
 * @svc_lfactor: as it was written
 * @drop_rate: one new connection in so many is dropped now, 0: none.  Not a
 *	sysctl: what drop_packet and @closed amount to at present
 * @passive: no request is balanced: a backup daemon runs, and backup_only is set.
 *	Not a sysctl of its own
 * @closed: conn_max lets nothing new pass.  Not a sysctl of its own
 * @secure_tcp_on: not a sysctl: what secure_tcp amounts to at present
 */
struct opvs_settings {
	int	amemthresh;
	int	am_droprate;
	int	drop_entry;
	int	drop_packet;
	int	secure_tcp;
	int	sloppy_tcp;
	int	sloppy_sctp;
	int	expire_nodest_conn;
	int	expire_quiescent_template;
	int	cache_bypass;
	int	nat_icmp_send;
	int	schedule_icmp;
	int	pmtu_disc;
	int	conn_reuse_mode;
	int	conntrack;
	int	snat_reroute;
	int	ignore_tunneled;
	int	udp_reschedule;
	int	sweep_interval_ms;
	int	drain_seconds;
	int	load_seconds;
	int	reply_seconds;
	int	lblc_expiration;
	int	lblcr_expiration;
	int	drop_rate;
	bool	passive;
	bool	closed;
	bool	secure_tcp_on;

	/* packets do not read these, but for backup_only while a backup runs */
	int	sync_version;
	int	sync_ports;
	int	sync_persist_mode;
	int	sync_sock_size;
	int	sync_threshold[2];
	int	sync_refresh_period;
	int	sync_retries;
	int	backup_only;
	int	run_estimation;
	int	est_nice;
	int	conn_lfactor;
	int	svc_lfactor;
	unsigned long	sync_qlen_max;
	struct cpumask	*est_cpulist;
};

/* What am_droprate means; net.ipv4.vs has values below 0, too, by which ip_vs drops
 * all.
 */
static inline int opvs_drop_rate(const struct opvs_settings *settings)
{
	int rate = READ_ONCE(settings->am_droprate);

	return rate < 0 ? 1 : rate;
}

#endif /* OPVS_SETTINGS_H */
