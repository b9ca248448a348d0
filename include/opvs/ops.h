/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Contracts between the layers: the ops tables that services and servers hold
 * and that the control layer binds.  Types only, so that any of them can be
 * faked in a test.
 */
#ifndef OPVS_OPS_H
#define OPVS_OPS_H

#include <linux/rcupdate.h>
#include <linux/siphash.h>
#include <linux/types.h>

#include <opvs/types.h>

struct netlink_ext_ack;
struct opvs_conn;
struct opvs_dest;
struct opvs_net;
struct opvs_pe_ops;
struct sk_buff;

/**
 * struct opvs_sched_req - what a scheduler may look at
 * @flow: the packet
 * @hash_key: the namespace's secret, for schedulers that hash
 * @key: the engine's key, NULL when the service has no engine or found none
 * @key_len: bytes at @key
 * @keyless: the service has an engine and the datagram no key; the scheduler
 *	then spreads by client address and port
 */
struct opvs_sched_req {
	const struct opvs_flow	*flow;
	const siphash_key_t	*hash_key;
	const u8		*key;
	u16			key_len;
	bool			keyless;
};

/* A server as a scheduler sees it while a table is built. */
struct opvs_sched_member {
	struct opvs_dest	*dest;
	u32			weight;
};

/**
 * struct opvs_sched_table - a service's servers, as packets see them
 * @ops: scheduler that built the table
 * @pe: persistence engine of the service, or NULL
 * @flags: service flags (IP_VS_SVC_F_*)
 * @timeout: of persistence templates, seconds
 * @netmask: of persistence; IPv6: prefix length
 * @count: number of members
 * @cursor: per-CPU position, owned by the service, survives rebuilds
 * @rcu: frees the table
 * @priv: the scheduler's own data, behind @member in the same allocation
 * @member: servers in order of addition, weight as configured
 *
 * Immutable once published: a change of the service or of one of its servers
 * publishes a new table, so that a packet sees one state throughout.
 */
struct opvs_sched_table {
	const struct opvs_sched_ops	*ops;
	const struct opvs_pe_ops	*pe;
	u32				flags;
	u32				timeout;
	__be32				netmask;
	u32				count;
	u32 __percpu			*cursor;
	struct rcu_head			rcu;
	void				*priv;
	struct opvs_sched_member	member[];
};

/**
 * struct opvs_sched_ops - a scheduler
 * @name: as in ipvsadm -s
 * @flags: scheduler flags that mean something to it (IP_VS_SVC_F_SCHED*)
 * @hashes: picks by key, so that an engine without templates makes sense
 * @keep_drained: members of weight 0 stay, with the weight they had last
 * @priv_size: bytes of private data for a table whose members are filled in;
 *	negative errno with extack text when the configuration is impossible
 * @build: fill table->priv; cannot fail.  Process context, may take long
 * @pick: choose a server, or NULL.  Any context, RCU read side, no lock
 */
struct opvs_sched_ops {
	const char	*name;
	u32		flags;
	bool		hashes;
	bool		keep_drained;
	ssize_t		(*priv_size)(const struct opvs_sched_table *tbl,
				     struct netlink_ext_ack *extack);
	void		(*build)(struct opvs_sched_table *tbl,
				 const siphash_key_t *hash_key);
	struct opvs_dest *(*pick)(const struct opvs_sched_table *tbl,
				  const struct opvs_sched_req *req);
};

/**
 * struct opvs_xmit_ops - a transmit method
 * @name: as /proc/net/ip_vs shows it
 * @method: IP_VS_CONN_F_* forwarding method
 * @rewrites: replies come back through the director and need the virtual address
 * @send: rewrite and send.  Softirq or BH disabled, RCU read side.  The packet
 *	is consumed only by the verdict FORWARDED; with any other one it is
 *	still the caller's
 */
struct opvs_xmit_ops {
	const char	*name;
	u32		method;
	bool		rewrites;
	opvs_verdict_t	(*send)(struct sk_buff *skb,
				const struct opvs_flow *flow,
				struct opvs_conn *cp);
};

#endif /* OPVS_OPS_H */
