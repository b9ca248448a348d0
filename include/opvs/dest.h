/* SPDX-License-Identifier: GPL-2.0-only */
/* Real servers (destinations) of a virtual service. */
#ifndef OPVS_DEST_H
#define OPVS_DEST_H

#include <linux/cache.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/minmax.h>
#include <linux/netfilter.h>
#include <linux/percpu-refcount.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

#include <opvs/load.h>
#include <opvs/ops.h>
#include <opvs/stats.h>
#include <opvs/tunnel.h>
#include <opvs/watch.h>

struct dst_entry;
struct netlink_ext_ack;
struct opvs_endpoint;
struct opvs_svc;
struct opvs_svc_conf;

struct opvs_dest_key {
	union nf_inet_addr	addr;
	__be16			port;
	u8			family;
};

/* What a client may set; validated by opvs_dest_add() and opvs_dest_edit(). */
struct opvs_dest_conf {
	struct opvs_dest_key		key;
	const struct opvs_xmit_ops	*xmit;
	u32				weight;
	u32				u_threshold;	/* 0: no limit */
	u32				l_threshold;	/* 0: 3/4 of the upper */
	union opvs_tunnel		tunnel;		/* of a method that wraps */
};

/**
 * struct opvs_route - a CPU's route to a server
 * @dst: route, referenced; NULL: none was found yet, or it was let go.  Set by
 *	this CPU, BH disabled; taken out by anybody, by xchg()
 * @cookie: what dst_check() is to be asked with; this CPU, BH disabled
 * @kind: what it was looked up for; set with @dst
 * @vrf: in which VRF, as opvs_route_vrf() has it; set with @dst
 * @source: address of this host that a tunnel begins at; set with @dst
 */
struct opvs_route {
	struct dst_entry	*dst;
	u32			cookie;
	int			vrf;
	u8			kind;
	union nf_inet_addr	source;
};

/**
 * enum opvs_route_kind - what a route is for
 * @OPVS_ROUTE_REWRITTEN: packets that get the server's address
 * @OPVS_ROUTE_UNCHANGED: packets that keep their own: the route names an explicit
 *	next hop (FLOWI_FLAG_KNOWN_NH)
 * @OPVS_ROUTE_TUNNEL: packets of this host, which others are wrapped in
 */
enum opvs_route_kind {
	OPVS_ROUTE_REWRITTEN,
	OPVS_ROUTE_UNCHANGED,
	OPVS_ROUTE_TUNNEL,
};

/**
 * struct opvs_dest - a real server of one service
 * @ref: one for the service's list until removal, one per connection entry that
 *	outlives its packet.  Per-CPU, so that new connections write no shared
 *	line; killed when it is removed and the last of its connections is gone
 * @svc: its service, pinned by a reference; constant
 * @xmit: transmit method; READ_ONCE by packets
 * @addr: address; constant
 * @port: port packets are sent to; 0: the port that the client asked; constant
 * @family: NFPROTO_*; constant
 * @weight: READ_ONCE by packets, written under cfg_lock
 * @overloaded: the upper threshold was reached; READ_ONCE by schedulers
 * @calls: &enum opvs_calls, by the service's configuration; READ_ONCE by
 *	packets, written under cfg_lock
 * @u_threshold: overloaded from this many connections and calls on, 0: never;
 *	READ_ONCE by packets, written under cfg_lock
 * @l_threshold: no longer overloaded below this many, 0: three quarters of
 *	@u_threshold; as that
 * @tunnel: &union opvs_tunnel; READ_ONCE by packets, written under cfg_lock
 * @removed: no longer among the service's servers; READ_ONCE by packets, written
 *	under cfg_lock
 * @conns: tracked connections
 * @active: tracked connections in an active state
 * @persist: templates
 * @load: estimate of its calls, if it ever was in a one-packet service without
 *	templates; RCU, set under cfg_lock, once, and kept as long as the server
 * @route: the route that each CPU found last; see &struct opvs_route
 * @stats_cpu: packet counters
 * @sip_cpu: counters of SIP messages, those of @sip while the service has an
 *	engine, else NULL; READ_ONCE by packets, written under cfg_lock
 * @all: in opvs_net.svc until it is let go; RCU, written under cfg_lock
 * @list: in opvs_svc.dests, opvs_svc.removed_dests or, once it is let go,
 *	opvs_net.svc; cfg_lock
 * @idle: in opvs_net.removed, once it is removed and has no connections
 * @idle_queued: bit 0: @idle is in use; stays set once the server is let go
 * @id: order of addition within the service, from 1, never reused; cfg_lock
 *	until the server is shown, then constant
 * @conf: configuration; cfg_lock
 * @last_weight: last weight above 0; cfg_lock
 * @stats: cfg_lock
 * @sip: SIP messages, if its service ever had an engine, else NULL; set once,
 *	and kept as long as the server; cfg_lock
 * @silent_since: when the clock first saw that it was asked and has never
 *	answered, in jiffies of 64 bits; 0: it need not, has, or was not asked;
 *	cfg_lock
 * @endpoint: shared record of this address and port for replies, or NULL;
 *	RCU, written under cfg_lock
 * @endpoint_node: in opvs_endpoint.dests, RCU, written under cfg_lock
 * @endpoint_left: the grace period after which no packet sees it in the list
 *	that it left last; cfg_lock
 * @overload_news: what of @overloaded is still to be told; net/svc/event.c
 * @overload_node: in opvs_net.event.overloads then
 * @watched: for those that wait for its end
 * @free_work: frees the server a grace period after the last reference
 */
struct opvs_dest {
	/* packets read this line, and the schedulers' the next: only the
	 * control plane writes them, and whatever changes @overloaded
	 */
	struct percpu_ref		ref;
	struct opvs_svc			*svc;
	const struct opvs_xmit_ops	*xmit;
	union nf_inet_addr		addr;
	__be16				port;
	u8				family;
	u8				calls;
	bool				overloaded;
	bool				removed;
	u32				weight;
	u32				u_threshold;

	struct opvs_route __percpu	*route;
	struct opvs_stats_cpu __percpu	*stats_cpu;
	struct opvs_sip_cpu __percpu	*sip_cpu;
	struct opvs_endpoint __rcu	*endpoint;
	struct opvs_load __rcu		*load;
	u32				l_threshold;
	u32				tunnel;

	/* written with each connection */
	atomic_t			conns ____cacheline_aligned_in_smp;
	atomic_t			active;
	atomic_t			persist;

	/* control plane */
	struct list_head		all;
	struct list_head		list;
	struct llist_node		idle;
	unsigned long			idle_queued;
	u64				id;
	struct opvs_dest_conf		conf;
	u32				last_weight;
	struct opvs_stats		stats;
	struct opvs_sip_dest		*sip;
	u64				silent_since;
	struct hlist_node		endpoint_node;
	unsigned long			endpoint_left;
	unsigned long			overload_news;
	struct llist_node		overload_node;
	struct opvs_watched		watched;
	struct rcu_work			free_work;
};

/* cfg_lock held, process context */
int opvs_dest_check_conf(const struct opvs_svc *svc,
			 const struct opvs_dest_conf *conf,
			 struct netlink_ext_ack *extack);
struct opvs_dest *opvs_dest_create(struct opvs_svc *svc,
				   const struct opvs_dest_conf *conf);
int opvs_dest_add(struct opvs_svc *svc, const struct opvs_dest_conf *conf,
		  struct netlink_ext_ack *extack);
int opvs_dest_edit(struct opvs_dest *dest, const struct opvs_dest_conf *conf,
		   struct netlink_ext_ack *extack);
int opvs_dest_del(struct opvs_dest *dest, struct netlink_ext_ack *extack);
void opvs_dest_unlink(struct opvs_dest *dest);
int opvs_dest_join_all(struct opvs_svc *svc);
void opvs_dest_leave_all(struct opvs_svc *svc);
int opvs_dest_expect_calls(struct opvs_svc *svc,
			   const struct opvs_svc_conf *conf);
void opvs_dest_count_calls(struct opvs_svc *svc);
u8 opvs_dest_calls_by(const struct opvs_svc_conf *conf);
struct opvs_dest *opvs_dest_find(const struct opvs_svc *svc,
				 const struct opvs_dest_key *key);
void opvs_dest_kill(struct opvs_dest *dest);
bool opvs_dest_is(const struct opvs_dest *dest,
		  const struct opvs_dest_key *key);

/* cfg_lock held */
void opvs_dest_stats(const struct opvs_dest *dest, struct opvs_totals *shown,
		     struct opvs_rates *rates);

/* any context; the caller is in an RCU read section or holds a reference */
static inline bool opvs_dest_get(struct opvs_dest *dest)
{
	return percpu_ref_tryget_live_rcu(&dest->ref);
}

static inline void opvs_dest_put(struct opvs_dest *dest)
{
	percpu_ref_put(&dest->ref);
}

/* Are replies recognised by where it answers?  cfg_lock held */
static inline bool opvs_dest_joined(const struct opvs_dest *dest)
{
	return rcu_access_pointer(dest->endpoint);
}

static inline bool opvs_dest_available(const struct opvs_dest *dest)
{
	return READ_ONCE(dest->weight) && !READ_ONCE(dest->overloaded);
}

/* Calls of a one-packet service; @calls may be set before there is a load. */
static inline u32 opvs_dest_calls(const struct opvs_dest *dest)
{
	switch (READ_ONCE(dest->calls)) {
	case OPVS_CALLS_TEMPLATES:
		return max(atomic_read(&dest->persist), 0);
	case OPVS_CALLS_ESTIMATED:
		return opvs_load_estimate(rcu_dereference_check(dest->load, true));
	default:
		return 0;
	}
}

/* Connections in a state that counts as active, and calls: what clients are
 * shown as active connections.
 */
static inline u32 opvs_dest_active(const struct opvs_dest *dest)
{
	return max(atomic_read(&dest->active), 0) + opvs_dest_calls(dest);
}

/* All other connections. */
static inline u32 opvs_dest_inactive(const struct opvs_dest *dest)
{
	/* Two counters that are not read at one instant. */
	return max(atomic_read(&dest->conns) - atomic_read(&dest->active), 0);
}

/* overload.c; any context, the caller is in an RCU read section or holds a
 * reference
 */
void opvs_dest_count(struct opvs_dest *dest);
void opvs_dest_uncount(struct opvs_dest *dest);
void opvs_dest_count_template(struct opvs_dest *dest);
void opvs_dest_uncount_template(struct opvs_dest *dest);
void opvs_dest_update_overload(struct opvs_dest *dest);

/* removed.c */
void opvs_removed_idle(struct opvs_dest *dest);	/* any context, reference held */
void opvs_removed_release(struct opvs_dest *dest);	/* cfg_lock held */

/* load.c */
void opvs_dest_load_note(struct opvs_dest *dest, u64 hash); /* RCU read side */
int opvs_dest_load_start(struct opvs_dest *dest);	/* cfg_lock held */

/* Does anything in the table belong to it? */
static inline bool opvs_dest_in_use(const struct opvs_dest *dest)
{
	return atomic_read(&dest->conns) || atomic_read(&dest->persist);
}

#endif /* OPVS_DEST_H */
