/* SPDX-License-Identifier: GPL-2.0-only */
/* State synchronisation with a partner director, by IPVS's protocol. */
#ifndef OPVS_SYNC_H
#define OPVS_SYNC_H

#include <linux/if.h>
#include <linux/netfilter.h>
#include <linux/siphash.h>
#include <linux/types.h>

struct netlink_ext_ack;
struct opvs_net;

/* What a daemon does; a namespace may have one of each. */
enum opvs_sync_role {
	OPVS_SYNC_MASTER,	/* tells */
	OPVS_SYNC_BACKUP,	/* is told */
	OPVS_SYNC_ROLES,
};

/**
 * struct opvs_sync_conf - configuration of a daemon
 * @ifname: interface by which the partner is reached
 * @syncid: number of the group of directors; a backup with 0 listens to all
 * @maxlen: of a datagram's payload, 0: the default
 * @port: UDP port, 0: 8848
 * @ttl: of datagrams, 0: 1
 * @family: NFPROTO_* of @group, 0: 224.0.0.81
 * @group: multicast group
 */
struct opvs_sync_conf {
	char			ifname[IFNAMSIZ];
	u8			syncid;
	u16			maxlen;
	u16			port;
	u8			ttl;
	u8			family;
	union nf_inet_addr	group;
};

/* process context, cfg_lock not held */
int opvs_sync_start(struct opvs_net *on, enum opvs_sync_role role,
		    const struct opvs_sync_conf *conf,
		    struct netlink_ext_ack *extack);
int opvs_sync_stop(struct opvs_net *on, enum opvs_sync_role role);
bool opvs_sync_get(struct opvs_net *on, enum opvs_sync_role role,
		   struct opvs_sync_conf *conf);
void opvs_sync_judge(struct opvs_net *on);
void opvs_sync_set_key(struct opvs_net *on, const siphash_key_t *key);
bool opvs_sync_key(struct opvs_net *on, siphash_key_t *key);
void opvs_sync_net_init(struct opvs_net *on);
void opvs_sync_net_exit(struct opvs_net *on);

#endif /* OPVS_SYNC_H */
