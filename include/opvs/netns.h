/* SPDX-License-Identifier: GPL-2.0-only */
/* Everything that opvs keeps for a network namespace. */
#ifndef OPVS_NETNS_H
#define OPVS_NETNS_H

#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/rhashtable-types.h>
#include <linux/siphash.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include <opvs/counters.h>
#include <opvs/stats.h>

struct opvs_hints;
struct opvs_svc_events;

/* Timeouts that clients set and read (ipvsadm --set, --timeout), in seconds. */
struct opvs_timeouts {
	u32	tcp;
	u32	tcp_fin;
	u32	udp;
};

enum opvs_family {
	OPVS_INET,
	OPVS_INET6,
	OPVS_FAMILIES,
};

static inline enum opvs_family opvs_family(u8 nfproto)
{
	return nfproto == NFPROTO_IPV6 ? OPVS_INET6 : OPVS_INET;
}

/**
 * struct opvs_net - opvs in one network namespace
 *
 * Locks (a new one adds a row):
 * ============ ==================================== ============== ==========
 * lock         protects                             taken in       inside
 * ============ ==================================== ============== ==========
 * cfg_lock     services, servers, endpoints, their  process        -
 *              statistics and estimators
 * rhashtable   chains of svc_table and endpoints    process        cfg_lock
 * bucket locks
 * ============ ==================================== ============== ==========
 * RTNL is never taken inside cfg_lock.  Packets are RCU readers throughout.
 *
 * @net: the namespace; constant
 * @counters: event counters, per CPU
 * @svc_table: services by key, for packets; RCU
 * @endpoints: reply side of NAT servers; RCU
 * @hints: allocated when two services first share an endpoint; RCU
 * @hash_key: secret of everything that hashes what clients choose
 * @cfg_lock: see above
 * @services: services by order of addition, for dumps and the estimator
 * @next_id: cyclic allocator of service ids
 * @num_svcs: services per family; hooks are registered while not 0
 * @events: what the layers above want to hear; constant
 * @retired: raw totals of removed services; cfg_lock
 * @zero: raw totals at the last ZERO of everything; cfg_lock
 * @timeouts: cfg_lock
 * @est_work: rate estimator; asleep while there are no services
 * @est_cursor: service id at which the estimator goes on; est_work only
 * @hint_cursor: bucket at which the sweep of old hints goes on; est_work only
 * @live: objects that still await their grace period
 */
struct opvs_net {
	/* packets */
	struct net			*net;
	struct opvs_counters __percpu	*counters;
	struct rhashtable		svc_table;
	struct rhashtable		endpoints;
	struct opvs_hints __rcu		*hints;
	siphash_key_t			hash_key;

	/* control plane */
	struct mutex			cfg_lock;
	struct xarray			services;
	u32				next_id;
	u32				num_svcs[OPVS_FAMILIES];
	const struct opvs_svc_events	*events;
	struct opvs_totals		retired;
	struct opvs_totals		zero;
	struct opvs_timeouts		timeouts;
	struct delayed_work		est_work;
	unsigned long			est_cursor;
	u32				hint_cursor;
	atomic_t			live;
};

extern unsigned int opvs_net_id;

static inline struct opvs_net *opvs_pernet(const struct net *net)
{
	return net_generic(net, opvs_net_id);
}

int opvs_netns_init(void);
void opvs_netns_exit(void);

#endif /* OPVS_NETNS_H */
