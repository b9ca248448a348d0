/* SPDX-License-Identifier: GPL-2.0-only */
/* State synchronisation with a partner director, by IPVS's protocol. */
#ifndef OPVS_SYNC_H
#define OPVS_SYNC_H

#include <linux/bits.h>
#include <linux/if.h>
#include <linux/netfilter.h>
#include <linux/siphash.h>
#include <linux/types.h>

#include <opvs/expect.h>

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

/* Longest name of an engine on the wire. */
#define OPVS_SYNC_PE_NAME_MAX	16

/* What opvs says of an entry beyond IPVS's words. */
#define OPVS_SYNC_EXCEPTION	BIT(0)	/* a session that is not where its key leads */
#define OPVS_SYNC_MOVED		BIT(1)	/* because its key moved */
#define OPVS_SYNC_HEARSAY	BIT(2)	/* the one who tells has it from others */
#define OPVS_SYNC_LISTED	BIT(3)	/* by what a list shows: no method */

/**
 * struct opvs_sync_entry - a connection or template, as told
 * @family: NFPROTO_*
 * @proto: transport protocol; 0 in templates of firewall-mark services
 * @old: by version 0, which has no timeout
 * @flags: IP_VS_CONN_F_*
 * @state: number of the protocol's state
 * @cport: client's port
 * @vport: virtual port
 * @dport: server's port
 * @mark: firewall mark of the service, or 0
 * @seconds: timeout
 * @caddr: client's address
 * @vaddr: virtual address
 * @daddr: server's address
 * @seq: shifts of the two directions' sequence numbers, client's first, if
 *	@flags say so
 * @pe_name: engine's name, or empty
 * @key_len: bytes at @key
 * @key: the engine's key, within the datagram
 * @own: OPVS_SYNC_EXCEPTION and others
 */
struct opvs_sync_entry {
	u8			family;
	u8			proto;
	bool			old;
	u32			flags;
	u16			state;
	__be16			cport;
	__be16			vport;
	__be16			dport;
	u32			mark;
	u32			seconds;
	union nf_inet_addr	caddr;
	union nf_inet_addr	vaddr;
	union nf_inet_addr	daddr;
	struct opvs_seq		seq[2];
	char			pe_name[OPVS_SYNC_PE_NAME_MAX + 1];
	u8			key_len;
	const u8		*key;
	u8			own;
};

/* Jiffies that the entries of a message wait for room in the table. */
#define OPVS_SYNC_GROWTH_TICKS	20

/* process context, cfg_lock not held */
int opvs_sync_note(struct opvs_net *on, const struct opvs_sync_entry *entry,
		   unsigned int *ticks);
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

/* process context, cfg_lock held */
int opvs_sync_apply(struct opvs_net *on, const struct opvs_sync_entry *entry);

#endif /* OPVS_SYNC_H */
