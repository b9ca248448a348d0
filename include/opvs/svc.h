/* SPDX-License-Identifier: GPL-2.0-only */
/* Virtual services. */
#ifndef OPVS_SVC_H
#define OPVS_SVC_H

#include <linux/cache.h>
#include <linux/bits.h>
#include <linux/hash.h>
#include <linux/list.h>
#include <linux/netfilter.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/siphash.h>
#include <linux/workqueue.h>

#include <opvs/limit.h>
#include <opvs/ops.h>
#include <opvs/policy.h>
#include <opvs/stats.h>
#include <opvs/watch.h>

struct netlink_ext_ack;
struct opvs_dest_key;
struct opvs_net;

/**
 * struct opvs_svc_events - what lower layers tell upper ones
 * @family_up: a namespace is about to get its first service of a family;
 *	an error refuses the service
 * @family_down: it lost its last one
 * @bypass: transmit method of packets that go on without a server; NULL: none do
 *
 * Installed by the glue layer; process context, cfg_lock held.
 */
struct opvs_svc_events {
	int	(*family_up)(struct opvs_net *on, u8 family);
	void	(*family_down)(struct opvs_net *on, u8 family);
	const struct opvs_xmit_ops	*bypass;
};

/**
 * struct opvs_svc_key - names a service
 * @addr: virtual address; of a firewall-mark service, the mark in @addr.all[0]
 * @port: 0: all ports
 * @family: NFPROTO_*
 * @proto: transport protocol; 0: a firewall-mark service
 *
 * Compared whole, so no padding may stay unset.
 */
struct opvs_svc_key {
	union nf_inet_addr	addr;
	__be16			port;
	u8			family;
	u8			proto;
};

static inline bool opvs_svc_key_is_mark(const struct opvs_svc_key *key)
{
	return !key->proto;
}

/* What a client may set; validated by opvs_svc_add() and opvs_svc_edit(). */
struct opvs_svc_conf {
	struct opvs_svc_key		key;
	const struct opvs_sched_ops	*sched;
	const struct opvs_pe_ops	*pe;	/* NULL: none */
	u32				flags;	/* IP_VS_SVC_F_* without HASHED */
	u32				timeout;	/* persistence, seconds */
	__be32				netmask;	/* IPv6: prefix length */
	struct opvs_policy		*policy;	/* timeouts; never NULL */
	u32				conn_max;	/* 0: no limit */
};

/**
 * struct opvs_svc_late - changes of a service that wait to be shown to packets
 * @list: in opvs_net.svc.late, while there are any
 * @view: memory for the view with them, or NULL
 * @due: jiffies at which they are shown
 * @took: jiffies that it took to build the view which packets see
 * @now: jiffies, of 64 bits, of the last of them
 * @used: opvs_svc.used at that time
 */
struct opvs_svc_late {
	struct list_head	list;
	struct opvs_view	*view;
	unsigned long		due;
	unsigned long		took;
	u64			now;
	bool			used;
};

/**
 * struct opvs_svc - a virtual service
 * @node: in opvs_net.match, RCU
 * @key: address, port, protocol; constant
 * @rest: all of @key but the address, as names have it; constant
 * @on: its namespace; constant
 * @view: what packets see of its servers; replaced under cfg_lock, RCU.
 *	Never NULL while the service can be found
 * @policy: timeouts of its connections; RCU, written under cfg_lock
 * @conns: its connection entries, and the most that it may have
 * @one_packet: UDP packets get one-packet entries; READ_ONCE by packets, written
 *	under cfg_lock
 * @exceptions: sessions that are elsewhere than their key says; without any,
 *	packets look for none
 * @used: it was stateless, and a packet with a key has come by; READ_ONCE and
 *	WRITE_ONCE
 * @removed_node: in opvs_net.removed, once it is removed and while removed
 *	servers still have connections; cfg_lock
 * @removed_dests: such servers; cfg_lock
 * @cursor: per-CPU scheduler positions that survive view changes
 * @id: order of addition, key in opvs_net.svc.by_id; cfg_lock
 * @conf: configuration; cfg_lock
 * @bypass: of a service by mark: server in name only, of packets that find no other
 *	one, else NULL; READ_ONCE by packets, written under cfg_lock
 * @dests: real servers in order of addition; cfg_lock
 * @num_dests: length of @dests; cfg_lock
 * @listed: server at which a list went on last, or NULL; cfg_lock
 * @last_dest_id: id of the server added last; cfg_lock
 * @late: what packets are still to see; cfg_lock
 * @stats: cfg_lock
 * @sip: its SIP messages, if it ever had an engine, else NULL; cfg_lock
 * @limit_at: when it was taken down last that its limit was reached, in jiffies;
 *	0: never
 * @limit_news: that is still to be told
 * @ref: the namespace's reference until removal and one per real server
 *	that is not freed yet
 * @watched: for those that wait for its end
 * @free_work: frees the service a grace period after the last reference
 */
struct opvs_svc {
	/* packets read this line; only the control plane writes it */
	struct rhash_head		node;
	struct opvs_svc_key		key;
	u32				rest;
	struct opvs_net			*on;
	struct opvs_view __rcu	*view;
	struct opvs_policy __rcu	*policy;
	bool				one_packet;
	bool				used;
	u32				id;

	/* written with each entry; a stateless service has but exceptions */
	struct opvs_limit		conns ____cacheline_aligned_in_smp;
	atomic_t			exceptions;

	/* control plane */
	struct hlist_node		removed_node;
	struct list_head		removed_dests;
	u32 __percpu			*cursor;
	struct opvs_svc_conf		conf;
	struct opvs_dest		*bypass;
	struct list_head		dests;
	u32				num_dests;
	struct opvs_dest		*listed;
	u64				last_dest_id;
	struct opvs_svc_late		late;
	struct opvs_stats		stats;
	struct opvs_sip_svc		*sip;
	unsigned long			limit_at;
	bool				limit_news;
	refcount_t			ref;
	struct opvs_watched		watched;
	struct rcu_work			free_work;
};

bool opvs_svc_conf_one_packet(const struct opvs_svc_conf *conf);
bool opvs_svc_conf_stateless(const struct opvs_svc_conf *conf);

/* cfg_lock held, process context */
int opvs_svc_check_absent(struct opvs_net *on, const struct opvs_svc_key *key,
			  struct netlink_ext_ack *extack);
int opvs_svc_add(struct opvs_net *on, const struct opvs_svc_conf *conf,
		 struct netlink_ext_ack *extack);
int opvs_svc_edit(struct opvs_svc *svc, const struct opvs_svc_conf *conf,
		  struct netlink_ext_ack *extack);
void opvs_svc_del(struct opvs_svc *svc);
void opvs_svc_flush(struct opvs_net *on);
struct opvs_svc *opvs_svc_next(struct opvs_net *on, unsigned long *id);

/* bypass.c; cfg_lock held, process context */
int opvs_bypass_join(struct opvs_svc *svc);
void opvs_bypass_leave(struct opvs_svc *svc);

/* view.c: what packets see of it; cfg_lock held */
struct opvs_view *opvs_svc_view(struct opvs_svc *svc,
				const struct opvs_svc_conf *conf,
				struct netlink_ext_ack *extack);
void opvs_svc_show(struct opvs_svc *svc, struct opvs_view *view);
void opvs_svc_drop_view(struct opvs_view *view);
int opvs_svc_rebuild(struct opvs_svc *svc, struct netlink_ext_ack *extack);
int opvs_svc_change(struct opvs_svc *svc, struct netlink_ext_ack *extack);
void opvs_svc_settle(struct opvs_svc *svc);
void opvs_net_settle(struct opvs_net *on);
void opvs_svc_forget_late(struct opvs_svc *svc);
bool opvs_svc_settle_due(struct opvs_net *on, unsigned long *wait);
void opvs_view_net_init(struct opvs_net *on);
bool opvs_svc_has_addr(const struct opvs_svc *svc,
		       const union nf_inet_addr *addr);	/* RCU read side */

/* A bit for an address, for a first look at a service's servers.  Those of one
 * service differ in the first word (IPv4) or the last (IPv6).
 */
static inline u32 opvs_svc_addr_bit(const union nf_inet_addr *addr)
{
	return hash_32(addr->all[0] ^ addr->all[3], OPVS_VIEW_ADDR_BITS);
}

static inline bool opvs_svc_may_have_addr(const struct opvs_view *view,
					  const union nf_inet_addr *addr)
{
	u32 bit = opvs_svc_addr_bit(addr);

	return view->addrs[bit / BITS_PER_LONG] >> bit % BITS_PER_LONG & 1;
}

/* rekey.c; cfg_lock held */
int opvs_svc_rekey(struct opvs_net *on, const siphash_key_t *key,
		   struct netlink_ext_ack *extack);

/* totals.c; cfg_lock held */
void opvs_svc_stats(const struct opvs_svc *svc, struct opvs_totals *shown,
		    struct opvs_rates *rates);
void opvs_net_stats(struct opvs_net *on, struct opvs_totals *shown,
		    struct opvs_rates *rates);
void opvs_net_cpu_stats(struct opvs_net *on, struct opvs_totals *raw);
void opvs_svc_zero(struct opvs_svc *svc);
void opvs_net_zero(struct opvs_net *on);
void opvs_totals_retire_dest(struct opvs_dest *dest);
void opvs_totals_retire_svc(struct opvs_svc *svc);
void opvs_totals_bury_dest(struct opvs_dest *dest);
void opvs_totals_revive_dest(struct opvs_dest *dest);
void opvs_totals_revive_svc(struct opvs_svc *svc);

/* totals.c; process context */
int opvs_totals_net_init(struct opvs_net *on);
void opvs_totals_net_exit(struct opvs_net *on);

/* sip.c; cfg_lock held, process context */
int opvs_sip_expect(struct opvs_svc *svc, const struct opvs_svc_conf *conf);
void opvs_sip_apply(struct opvs_svc *svc);
int opvs_sip_start(struct opvs_dest *dest);
void opvs_sip_retire_dest(struct opvs_dest *dest);
void opvs_sip_revive_dest(struct opvs_dest *dest);
void opvs_sip_zero_dest(struct opvs_dest *dest);
void opvs_sip_zero_svc(struct opvs_svc *svc);
void opvs_sip_dest_shown(const struct opvs_dest *dest,
			 struct opvs_sip_totals *shown);
void opvs_sip_svc_shown(const struct opvs_svc *svc,
			struct opvs_sip_totals *shown);

/* sip.c; process context */
void opvs_sip_dest_free(struct opvs_sip_dest *sip);

/* mistakes.c; cfg_lock held, process context */
void opvs_mistakes_look(struct opvs_dest *dest, const struct opvs_totals *raw);
void opvs_mistakes_warn_svc(const struct opvs_svc *svc,
			    struct netlink_ext_ack *extack);
void opvs_mistakes_warn_dest(const struct opvs_dest *dest,
			     struct netlink_ext_ack *extack);

/* mistakes.c; process context */
size_t opvs_mistakes_list(struct opvs_net *on, char *buf, size_t size);

/* match.c; cfg_lock held, process context */
int opvs_svc_publish(struct opvs_svc *svc);
void opvs_svc_unpublish(struct opvs_svc *svc);
int opvs_svc_match_net_init(struct opvs_net *on);
void opvs_svc_match_net_exit(struct opvs_net *on);

/* match.c; RCU read side or cfg_lock */
struct opvs_svc *opvs_svc_find(struct opvs_net *on,
			       const struct opvs_svc_key *key);
struct opvs_svc *opvs_svc_match(struct opvs_net *on,
				const struct opvs_flow *flow, u32 mark);

/* removed.c: what was removed while connections go on; cfg_lock held */
void opvs_removed_add_dest(struct opvs_dest *dest);
struct opvs_dest *opvs_removed_take_dest(struct opvs_svc *svc,
					 const struct opvs_dest_key *key);
void opvs_removed_add_svc(struct opvs_svc *svc);
struct opvs_svc *opvs_removed_take_svc(struct opvs_net *on,
				       const struct opvs_svc_key *key);
void opvs_removed_net_init(struct opvs_net *on);

void opvs_svc_get(struct opvs_svc *svc);
void opvs_svc_put(struct opvs_svc *svc);

/* load.c; cfg_lock held */
bool opvs_svc_load_sweep(struct opvs_svc *svc);
void opvs_net_load_forget(struct opvs_net *on);

/* objects that await their grace period */
void opvs_live_inc(struct opvs_net *on);
void opvs_live_dec(struct opvs_net *on);

int opvs_svc_net_init(struct opvs_net *on);
void opvs_svc_net_exit(struct opvs_net *on);

#endif /* OPVS_SVC_H */
