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
#include <opvs/event.h>
#include <opvs/expire.h>
#include <opvs/limit.h>
#include <opvs/policy.h>
#include <opvs/settings.h>
#include <opvs/stats.h>
#include <opvs/watch.h>

struct ctl_table_header;
struct opvs_asked;
struct opvs_daemon;
struct opvs_dues;
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
 * struct opvs_net_match - how packets find services
 * @num_marks: services by firewall mark; written under cfg_lock
 * @num_wild: services for all ports; written under cfg_lock
 * @table: services by key; RCU
 */
struct opvs_net_match {
	u32				num_marks;
	u32				num_wild;
	struct rhashtable		table;
};

/**
 * struct opvs_net_replies - how replies of one-packet NAT servers are recognised
 * @endpoints: where servers answer; RCU
 * @num_wild: of them for all ports; written under cfg_lock
 * @hints: allocated when two services first share an endpoint; RCU
 * @asked: allocated with the first server of a service by firewall mark; RCU
 * @askers: who asked one-packet services of late
 */
struct opvs_net_replies {
	struct rhashtable		endpoints;
	u32				num_wild;
	struct opvs_hints __rcu		*hints;
	struct opvs_asked __rcu		*asked;
	struct opvs_askers		askers;
};

/* Ports at which control connections of FTP may be looked for. */
#define OPVS_CONTROL_PORTS	8

/**
 * struct opvs_net_conns - connection entries of all kinds
 * @table: by tuple; from the first service on; RCU
 * @table_up: @table is there; see opvs_table_is_up()
 * @limit: how many there are, and may be
 * @everywhere: these and those of other namespaces: of all tenants, or of all
 *	that are none; constant
 * @udp: tracked UDP connections; without any, packets look for none
 * @expire: ends those that are not refreshed
 * @dues: of which a partner is to be told, or NULL; RCU, written under cfg_lock
 * @expects: connections that others told of; RCU
 * @controls: control connections, by their port
 */
struct opvs_net_conns {
	/* written with each entry, but for the first line of the table */
	struct rhashtable		table ____cacheline_aligned_in_smp;
	bool				table_up;
	struct opvs_limit		limit;
	struct opvs_limit		*everywhere;

	/* written with each tracked UDP connection, read by all UDP packets */
	atomic_t			udp ____cacheline_aligned_in_smp;

	/* read when entries begin and end; the sweeper's */
	struct opvs_expire		expire ____cacheline_aligned_in_smp;
	struct opvs_dues __rcu		*dues;

	/* read by what opens TCP connections that no service has */
	struct rhashtable		expects ____cacheline_aligned_in_smp;
	atomic_t			controls[OPVS_CONTROL_PORTS];
};

/**
 * struct opvs_net_late - changes that wait to be shown to packets
 * @svcs: services that have some, in the order in which they are due; cfg_lock
 * @credit: bytes of views that may be built at once; cfg_lock
 * @paid_at: jiffies of when @credit was last reckoned; cfg_lock
 */
struct opvs_net_late {
	struct list_head		svcs;
	long				credit;
	unsigned long			paid_at;
};

/**
 * struct opvs_net_services - services and servers
 * @events: what the layers above want to hear; constant
 * @by_id: services by order of addition, for dumps and the estimator; cfg_lock
 * @next_id: cyclic allocator of service ids; cfg_lock
 * @num_added: servers that were ever added, wrapping; cfg_lock
 * @num: services per family; hooks are registered while not 0; cfg_lock
 * @dests: all servers, those among them that were removed and have connections;
 *	RCU, written under cfg_lock
 * @let_go: servers that were among @dests, and are not freed yet; cfg_lock
 * @hash_key: secret by which services hash what clients choose; handed to each
 *	of their tables; cfg_lock
 * @recent: keys of stateless services seen of late, from the first such service
 *	on; cfg_lock, packets find it in their table
 * @late: net/svc/view.c
 * @live: objects that still await their grace period
 * @watch: their names, for messages about the wait
 */
struct opvs_net_services {
	const struct opvs_svc_events	*events;
	struct xarray			by_id;
	u32				next_id;
	u32				num_added;
	u32				num[OPVS_FAMILIES];
	struct list_head		dests;
	struct list_head		let_go;
	siphash_key_t			hash_key;
	struct opvs_recent		*recent;
	struct opvs_net_late		late;
	atomic_t			live;
	struct opvs_watch		watch;
};

/**
 * struct opvs_net_removed - what was removed while its connections go on
 * @svcs: removed services whose servers have connections, hashed by key; cfg_lock
 * @idle: removed servers whose last connection is gone
 */
struct opvs_net_removed {
	struct hlist_head		svcs[64];
	struct llist_head		idle;
};

/**
 * struct opvs_net_policies - timeout policies
 * @standard: the default one; see &struct opvs_policy
 * @named: sorted by name; cfg_lock
 * @num: length of @named; cfg_lock
 */
struct opvs_net_policies {
	struct opvs_policy		standard;
	struct list_head		named;
	u32				num;
};

/**
 * struct opvs_net_totals - statistics beyond those of present services
 * @retired: raw totals of removed services; cfg_lock
 * @zero: raw totals at the last ZERO of everything; cfg_lock
 * @freed: what each CPU counted for servers that are freed; cfg_lock
 */
struct opvs_net_totals {
	struct opvs_totals		retired;
	struct opvs_totals		zero;
	struct opvs_totals __percpu	*freed;
};

/**
 * struct opvs_net_share - what a tenant may have
 * @tenant: belongs to another user namespace than the initial one, see
 *	net/svc/share.c; constant
 * @entries: entries that it has reserved; 0 before its first service; cfg_lock
 * @lbl_addrs: addresses that schedulers lblc and lblcr remember
 */
struct opvs_net_share {
	bool				tenant;
	u32				entries;
	struct opvs_limit		lbl_addrs;
};

enum opvs_mistake {
	OPVS_MISTAKE_FORWARD4,
	OPVS_MISTAKE_FORWARD6,
	OPVS_MISTAKE_SILENT,
	OPVS_MISTAKES,
};

/**
 * struct opvs_net_mistakes - what looks like success and is none
 * @due: when each kind is looked for again, in jiffies of 64 bits; cfg_lock
 */
struct opvs_net_mistakes {
	u64				due[OPVS_MISTAKES];
};

/**
 * struct opvs_net_clock - works, and what they remember from run to run
 * @defence: watches memory while a defence needs it
 * @defence_at: where drop_entry goes on; @defence only
 * @drain: ends the draining of stateless services
 * @drain_rcu: grace period after which no packet sees what drained last; cfg_lock
 * @drain_over: something ceased to drain, and its exceptions have not been ended;
 *	cfg_lock
 * @events: tells what packets left word of, and of lost events
 * @late: shows packets the changes that waited
 * @load: estimates the load of servers of one-packet services
 * @rates: rate estimator; asleep while there are no services
 * @rates_at: service id at which it goes on; @rates only
 * @rates_off: rates are not estimated, and read 0; cfg_lock
 * @rates_since: ktime in ns at which that was last over; estimators that were
 *	last run before begin anew; cfg_lock
 * @hints_at: bucket at which it goes on to sweep old hints; @rates only
 * @idle: lets go of removed servers whose last connection is gone
 * @orphans: ends the connections of removed servers, if so wished
 *
 * Queued by the functions of <opvs/clock.h>.
 */
struct opvs_net_clock {
	struct delayed_work		defence;
	u32				defence_at;
	struct delayed_work		drain;
	unsigned long			drain_rcu;
	bool				drain_over;
	struct delayed_work		events;
	struct delayed_work		late;
	struct delayed_work		load;
	struct delayed_work		rates;
	unsigned long			rates_at;
	bool				rates_off;
	u64				rates_since;
	u32				hints_at;
	struct work_struct		idle;
	struct work_struct		orphans;
};

/**
 * struct opvs_net_sync - state synchronisation
 * @lock: orders start and stop of daemons
 * @daemon: by &enum opvs_sync_role, or NULL; @lock
 * @key_lock: protects the rest
 * @keyed: datagrams are sealed, and believed only so
 * @key: by which
 */
struct opvs_net_sync {
	struct mutex			lock;		/* see above */
	struct opvs_daemon		*daemon[2];
	spinlock_t			key_lock;	/* see above */
	bool				keyed;
	siphash_key_t			key;
};

/**
 * struct opvs_net - opvs in one network namespace
 *
 * Locks (a new one adds a row):
 * ============ ==================================== ============== ==========
 * lock         protects                             taken in       inside
 * ============ ==================================== ============== ==========
 * cfg_lock     services, servers, endpoints, their  process        -
 *              statistics and estimators; order of
 *              events
 * insert locks that a tuple gets one connection     softirq        -
 * rhashtable   chains of match.table,               process        cfg_lock
 * bucket locks replies.endpoints, tunnels and
 *              behind
 *              chains of conn.table                 softirq,       insert
 *                                                   sweeper        lock
 *              chains of conn.expects               softirq,       control
 *                                                   sweeper        lock
 * control lock what a control connection has said   softirq,       -
 *                                                   sweeper
 * expiry shard one CPU's lists of due connections   softirq,       -
 *                                                   sweeper
 * watch.lock   what a debug build names at the end  process        cfg_lock
 * kick_lock    waking the sweeper against stopping  softirq,       -
 *                                                   process
 * share_lock   what tenants have reserved together  process        cfg_lock
 * events_up    that family opvs is there while      process        cfg_lock
 *              events are sent
 * closed_lock  that closed and drop_rate agree      process        cfg_lock
 * sync.lock    daemons; outside RTNL and cfg_lock   process        -
 * daemon lock  what a daemon writes at present      process        sync.lock
 * key_lock     the key of synchronisation           process        daemon lock
 * stamp_lock   what time a daemon heard last        process        -
 * ============ ==================================== ============== ==========
 * RTNL is never taken inside cfg_lock.  Packets are RCU readers throughout.
 *
 * @net: the namespace; constant
 * @counters: event counters, per CPU
 * @match: net/svc/match.c
 * @replies: net/svc/endpoint.c
 * @settings: sysctls
 * @conn: net/conn
 * @cfg_lock: see above
 * @share: net/svc/share.c
 * @svc: net/svc/service.c
 * @tunnels: net/svc/tunnels.c
 * @behind: net/svc/behind.c
 * @removed: net/svc/removed.c
 * @policy: net/svc/policy.c
 * @totals: net/svc/totals.c
 * @mistakes: net/svc/mistakes.c
 * @event: net/svc/event.c
 * @clock: net/clock
 * @sync: net/sync
 * @sysctl: registered tables: net.opvs, net.ipv4.vs; net/ctl/sysctl.c
 * @hooks: netfilter hooks of each family that has services; cfg_lock;
 *	net/path/hook.c
 */
struct opvs_net {
	/* every packet reads this line and a few more, only the control plane
	 * writes them; tables begin with what a lookup reads
	 */
	struct net			*net;
	struct opvs_counters __percpu	*counters;
	struct opvs_net_match		match;
	struct opvs_net_replies		replies;
	struct opvs_settings		settings;

	struct opvs_net_conns		conn;

	/* control plane */
	struct mutex			cfg_lock;
	struct opvs_net_share		share;
	struct opvs_net_services	svc;
	struct rhashtable		tunnels;
	struct rhashtable		behind;
	struct opvs_net_removed		removed;
	struct opvs_net_policies	policy;
	struct opvs_net_totals		totals;
	struct opvs_net_mistakes	mistakes;
	struct opvs_net_events		event;
	struct opvs_net_clock		clock;
	struct opvs_net_sync		sync;
	struct ctl_table_header		*sysctl[2];
	struct nf_hook_ops		hooks[OPVS_FAMILIES][OPVS_HOOKS];
};

extern unsigned int opvs_net_id;

static inline struct opvs_net *opvs_pernet(const struct net *net)
{
	return net_generic(net, opvs_net_id);
}

/* Has an estimator been run since estimation was last switched on?  cfg_lock. */
static inline bool opvs_rates_are_current(const struct opvs_net *on,
					  const struct opvs_est *est)
{
	return !on->clock.rates_off && est->stamp_ns >= on->clock.rates_since;
}

int opvs_pernet_init(void);
void opvs_pernet_exit(void);

#endif /* OPVS_NETNS_H */
