/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Contracts between the layers: the ops tables that services and servers hold
 * and that the control layer binds.  Types only, so that any of them can be
 * faked in a test.
 */
#ifndef OPVS_OPS_H
#define OPVS_OPS_H

#include <linux/bits.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/siphash.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include <opvs/types.h>

struct netlink_ext_ack;
struct opvs_conn;
struct opvs_dest;
struct opvs_net;
struct opvs_pe_ops;
struct opvs_recent;
struct opvs_sched_ops;
struct opvs_query;
struct sk_buff;

/**
 * struct opvs_sched_req - what a scheduler may look at
 * @flow: the packet
 * @key: the engine's key, NULL when the service has no engine or found none
 * @hash: of a one-packet service without templates: opvs_sched_hash() of the
 *	packet; else 0
 * @key_len: bytes at @key
 * @keyless: the service has an engine and the datagram no key: see
 *	opvs_sched_pick()
 * @per_packet: nothing will remember the choice, so that the next packet of the
 *	same client is scheduled again: to schedulers that look at the load,
 *	servers are equal then, and packets are shared out by weight
 * @query: NULL; else it is no packet, but a question: @pick tells it what only
 *	it can know, and leaves nothing behind but the position
 */
struct opvs_sched_req {
	const struct opvs_flow	*flow;
	const u8		*key;
	u64			hash;
	u16			key_len;
	bool			keyless;
	bool			per_packet;
	struct opvs_query	*query;
};

/**
 * struct opvs_sched_state - what a scheduler keeps beyond one view
 * @ops: whose it is
 * @on: namespace
 * @ref: one for each view that uses it
 * @free_work: frees it a grace period after the last view
 *
 * First member of the scheduler's own structure.  Handed on from view to view
 * as long as the service keeps its scheduler.
 */
struct opvs_sched_state {
	const struct opvs_sched_ops	*ops;
	struct opvs_net			*on;
	refcount_t			ref;
	struct rcu_work			free_work;
};

/**
 * struct opvs_seat - the owner of a key, as a scheduler that hashes computes it
 * @owner: the server that new sessions with this key go to, if it is
 *	available; NULL if there is none
 * @former: while the view drains: the owner of the key when that began, if it
 *	is still configured, available or not; often @owner itself
 * @moved: @owner did not own the key when the draining began
 */
struct opvs_seat {
	struct opvs_dest	*owner;
	struct opvs_dest	*former;
	bool			moved;
};

/* A server as a scheduler sees it while a view is built. */
struct opvs_view_member {
	struct opvs_dest	*dest;
	u32			weight;
};

/* Binary logarithm of the bits that tell whose address is none of a server. */
#define OPVS_VIEW_ADDR_BITS	8

/**
 * struct opvs_view - a service's servers, as packets see them
 * @ops: scheduler that built the view
 * @pe: persistence engine of the service, or NULL
 * @flags: service flags (IP_VS_SVC_F_*)
 * @timeout: of persistence templates, seconds
 * @netmask: of persistence; IPv6: prefix length
 * @count: number of members
 * @known: number of members and of those servers behind them that the scheduler
 *	does not see
 * @stateless: one-packet, and an engine's key alone says which server; members
 *	of weight 0 are among @member then, for their old sessions
 * @used: stateless, and had seen packets when the view was built
 * @drains: some keys changed their owner since the draining began;
 *	set by the scheduler's build()
 * @drain_held: a server of weight 0 had keys then, so that the draining does not
 *	end before one of the changes after @drain_end; set with it
 * @drain_end: jiffies until which it drains at least; set with it
 * @drain_seconds: how long a change of owners is to drain
 * @hash_key: secret of all hashes for this view
 * @cursor: per-CPU position, owned by the service, survives rebuilds
 * @state: the scheduler's, or NULL
 * @recent: keys seen in the last half minute, owned by the namespace; of
 *	stateless services only
 * @addrs: bits that the addresses of members and others name, see
 *	opvs_svc_may_have_addr()
 * @built_at: jiffies, of 64 bits, when it was built, or the last change of which
 *	it is
 * @room: bytes of memory that it has
 * @rcu: frees the view
 * @priv: the scheduler's own data, behind @member in the same allocation
 * @member: servers in order of addition, weight as configured; behind these the
 *	other ones
 *
 * Immutable once published: a change of the service or of one of its servers
 * publishes a new view, so that a packet sees one state throughout.
 */
struct opvs_view {
	const struct opvs_sched_ops	*ops;
	const struct opvs_pe_ops	*pe;
	u32				flags;
	u32				timeout;
	__be32				netmask;
	u32				count;
	u32				known;
	bool				stateless;
	bool				used;
	bool				drains;
	bool				drain_held;
	unsigned long			drain_end;
	u32				drain_seconds;
	siphash_key_t			hash_key;
	u32 __percpu			*cursor;
	struct opvs_sched_state		*state;
	struct opvs_recent		*recent;
	unsigned long			addrs[BIT(OPVS_VIEW_ADDR_BITS) /
					      BITS_PER_LONG];
	u64				built_at;
	size_t				room;
	struct rcu_head			rcu;
	void				*priv;
	struct opvs_view_member		member[];
};

/**
 * struct opvs_sched_ops - a scheduler
 * @name: as in ipvsadm -s
 * @flags: scheduler flags that mean something to it (IP_VS_SVC_F_SCHED*)
 * @why: &enum opvs_why of most of its choices
 * @hashes: picks by key, so that an engine without templates makes sense
 * @repeats: picks by the packet alone: the same packet, the same server
 * @spreads: shares connections out; which server one gets does not matter
 * @picks_keyless: picks the same server for all key-less datagrams of a client;
 *	for other schedulers opvs_sched_pick() does
 * @keep_drained: members of weight 0 stay, with the weight they had last
 * @priv_size: bytes of private data for a view whose members are filled in;
 *	prev is as of @build.  Negative errno with extack text when the
 *	configuration is impossible
 * @build: fill view->priv; cannot fail.  Process context, may take long.
 *	prev is the view that packets see until now, or NULL.  Its members may
 *	be gone and must not be looked at
 * @pick: choose an available server, or NULL.  Softirq or BH disabled, RCU read
 *	side, no lock
 * @seat: of schedulers with @hashes: the owner of the key in @req.  As @pick
 * @load: of schedulers that compare loads: that of a server, which is divided by
 *	the weight if the scheduler knows weights.  Any context, RCU read side
 * @owner: of schedulers with @repeats: the server that the hash leads to, available
 *	or not, or NULL; and of how many slots which one.  As @pick
 * @state_new: allocate a state whose first member is then filled in by the
 *	caller; NULL without memory.  Process context, cfg_lock held
 * @state_free: undo it; a grace period after the last packet saw it.  Process
 *	context
 */
struct opvs_sched_ops {
	const char	*name;
	u32		flags;
	u8		why;
	bool		hashes;
	bool		repeats;
	bool		spreads;
	bool		picks_keyless;
	bool		keep_drained;
	ssize_t		(*priv_size)(const struct opvs_view *view,
				     const struct opvs_view *prev,
				     struct netlink_ext_ack *extack);
	void		(*build)(struct opvs_view *view,
				 const struct opvs_view *prev);
	struct opvs_dest *(*pick)(const struct opvs_view *view,
				  const struct opvs_sched_req *req);
	void		(*seat)(const struct opvs_view *view,
				const struct opvs_sched_req *req,
				struct opvs_seat *seat);
	u64		(*load)(const struct opvs_dest *dest);
	struct opvs_dest *(*owner)(const struct opvs_view *view,
				   const struct opvs_sched_req *req,
				   u32 *slots, u32 *slot);
	struct opvs_sched_state *(*state_new)(struct opvs_net *on);
	void		(*state_free)(struct opvs_sched_state *state);
};

/**
 * struct opvs_xmit_ops - a transmit method
 * @name: as /proc/net/ip_vs shows it
 * @feature: as it is called in /sys/kernel/opvs/features, behind "xmit-"
 * @method: IP_VS_CONN_F_* forwarding method
 * @rewrites: replies come back through the director and need the virtual address
 * @wraps: the server gets the packet inside another one, so that its address may
 *	be of another family than the service's
 * @send: rewrite and send.  Softirq or BH disabled, RCU read side.  The packet
 *	is consumed only by the verdict FORWARDED; with any other one it is
 *	still the caller's.  FORWARDED stands for BYPASSED, too
 * @send_portless: the same for a packet of a protocol without ports
 * @send_error: the same for an ICMP error about the server's packet; @inner is the
 *	quoted one, and @port the port that the server sent it from
 */
struct opvs_xmit_ops {
	const char	*name;
	const char	*feature;
	u32		method;
	bool		rewrites;
	bool		wraps;
	opvs_verdict_t	(*send)(struct sk_buff *skb,
				const struct opvs_flow *flow,
				struct opvs_conn *cp);
	opvs_verdict_t	(*send_portless)(struct sk_buff *skb,
					 const struct opvs_flow *flow,
					 struct opvs_conn *cp);
	opvs_verdict_t	(*send_error)(struct opvs_net *on, struct sk_buff *skb,
				      const struct opvs_flow *outer,
				      const struct opvs_flow *inner,
				      struct opvs_dest *dest, __be16 port);
};

#endif /* OPVS_OPS_H */
