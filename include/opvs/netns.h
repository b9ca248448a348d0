/* SPDX-License-Identifier: GPL-2.0-only */
/* Everything that opvs keeps for a network namespace. */
#ifndef OPVS_NETNS_H
#define OPVS_NETNS_H

#include <linux/cache.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/rhashtable-types.h>
#include <linux/siphash.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include <opvs/askers.h>
#include <opvs/counters.h>
#include <opvs/expire.h>
#include <opvs/limit.h>
#include <opvs/policy.h>
#include <opvs/settings.h>
#include <opvs/stats.h>
#include <opvs/watch.h>

struct ctl_table_header;
struct opvs_hints;
struct opvs_recent;
struct opvs_svc_events;

enum opvs_family {
	OPVS_INET,
	OPVS_INET6,
	OPVS_FAMILIES,
};

/* LOCAL_IN, LOCAL_OUT, FORWARD. */
#define OPVS_HOOKS	3

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
 * insert locks that a tuple gets one connection     softirq        -
 * rhashtable   chains of svc_table and endpoints    process        cfg_lock
 * bucket locks chains of conn_table                 softirq,       insert
 *                                                   sweeper        lock
 * expiry shard one CPU's lists of due connections   softirq,       -
 *                                                   sweeper
 * watch.lock   what a debug build names at the end  process        cfg_lock
 * kick_lock    waking the sweeper against stopping  softirq,       -
 *                                                   process
 * share_lock   what tenants have reserved together  process        cfg_lock
 * ============ ==================================== ============== ==========
 * RTNL is never taken inside cfg_lock.  Packets are RCU readers throughout.
 *
 * @net: the namespace; constant
 * @counters: event counters, per CPU
 * @hints: allocated when two services first share an endpoint; RCU
 * @num_mark_svcs: services by firewall mark; written under cfg_lock
 * @num_wild_svcs: services for all ports; written under cfg_lock
 * @conn_table_up: @conn_table is there; see opvs_table_is_up()
 * @svc_table: services by key, for packets; RCU
 * @endpoints: reply side of NAT servers; RCU
 * @askers: who asked one-packet services of late
 * @settings: sysctls
 * @conn_table: connections by tuple; from the first service on; RCU
 * @conns: connection entries of all kinds
 * @everywhere: these and those of other namespaces: of all tenants, or of all
 *	that are none; constant
 * @udp_conns: tracked UDP connections; without any, packets look for none
 * @expire: ends connections that nobody refreshes
 * @lbl_addrs: addresses that schedulers lblc and lblcr remember
 * @cfg_lock: see above
 * @tenant: belongs to another user namespace than the initial one, see share.c;
 *	constant
 * @share: entries that a tenant has reserved; 0 before its first service;
 *	cfg_lock
 * @hash_key: secret by which services hash what clients choose; handed to each
 *	of their tables; cfg_lock
 * @services: services by order of addition, for dumps and the estimator
 * @dests: all servers, those among them that were removed and have connections;
 *	RCU, written under cfg_lock
 * @next_id: cyclic allocator of service ids
 * @num_svcs: services per family; hooks are registered while not 0
 * @events: what the layers above want to hear; constant
 * @retired: raw totals of removed services; cfg_lock
 * @zero: raw totals at the last ZERO of everything; cfg_lock
 * @policy: the default timeout policy; see &struct opvs_policy
 * @policies: named ones, sorted; cfg_lock
 * @num_policies: length of @policies; cfg_lock
 * @removed_svcs: removed services whose servers have connections, hashed by
 *	key; cfg_lock
 * @idle_dests: removed servers whose last connection is gone
 * @idle_work: lets go of these
 * @orphan_work: ends the connections of removed servers, if so wished
 * @defence_work: watches memory while a defence needs it
 * @defence_at: where drop_entry goes on; defence_work only
 * @sysctl: registered tables: net.opvs, net.ipv4.vs
 * @hooks: netfilter hooks of each family that has services; cfg_lock
 * @est_work: rate estimator; asleep while there are no services
 * @est_cursor: service id at which the estimator goes on; est_work only
 * @recent: keys of stateless services seen of late, from the first such service
 *	on; cfg_lock, packets find it in their table
 * @load_work: estimates the load of servers of one-packet services
 * @drain_work: ends the draining of stateless services
 * @drain_rcu: grace period after which no packet sees what drained last;
 *	cfg_lock
 * @drain_over: something ceased to drain, and its exceptions have not been
 *	ended; cfg_lock
 * @hint_cursor: bucket at which the sweep of old hints goes on; est_work only
 * @live: objects that still await their grace period
 * @watch: their names, for who waits
 */
struct opvs_net {
	/* every packet reads this line and a few more, nobody writes them but
	 * the control plane; tables begin with what finding something reads
	 */
	struct net			*net;
	struct opvs_counters __percpu	*counters;
	struct opvs_hints __rcu		*hints;
	u32				num_mark_svcs;
	u32				num_wild_svcs;
	bool				conn_table_up;
	struct rhashtable		svc_table;
	struct rhashtable		endpoints;
	struct opvs_askers		askers;
	struct opvs_settings		settings;

	/* written with each entry, but for the first line of the table */
	struct rhashtable		conn_table ____cacheline_aligned_in_smp;
	struct opvs_limit		conns;
	struct opvs_limit		*everywhere;

	/* written with each tracked UDP connection, read by all UDP packets */
	atomic_t			udp_conns ____cacheline_aligned_in_smp;

	/* read when entries begin and end; the sweeper's */
	struct opvs_expire		expire ____cacheline_aligned_in_smp;
	struct opvs_limit		lbl_addrs;

	/* control plane */
	struct mutex			cfg_lock;
	bool				tenant;
	u32				share;
	siphash_key_t			hash_key;
	struct xarray			services;
	struct list_head		dests;
	u32				next_id;
	u32				num_svcs[OPVS_FAMILIES];
	const struct opvs_svc_events	*events;
	struct opvs_totals		retired;
	struct opvs_totals		zero;
	struct opvs_policy		policy;
	struct list_head		policies;
	u32				num_policies;
	struct hlist_head		removed_svcs[64];
	struct llist_head		idle_dests;
	struct work_struct		idle_work;
	struct work_struct		orphan_work;
	struct delayed_work		defence_work;
	u32				defence_at;
	struct ctl_table_header		*sysctl[2];
	struct nf_hook_ops		hooks[OPVS_FAMILIES][OPVS_HOOKS];
	struct delayed_work		est_work;
	unsigned long			est_cursor;
	struct opvs_recent		*recent;
	struct delayed_work		load_work;
	struct delayed_work		drain_work;
	unsigned long			drain_rcu;
	bool				drain_over;
	u32				hint_cursor;
	atomic_t			live;
	struct opvs_watch		watch;
};

extern unsigned int opvs_net_id;

static inline struct opvs_net *opvs_pernet(const struct net *net)
{
	return net_generic(net, opvs_net_id);
}

int opvs_netns_init(void);
void opvs_netns_exit(void);

#endif /* OPVS_NETNS_H */
