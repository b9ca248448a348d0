// SPDX-License-Identifier: GPL-2.0-only
/*
 * Life of a namespace.  Its end has two steps, so that any number of namespaces
 * share grace periods: first all services go and with them the hooks; a grace
 * period later connections are freed, and what packets still held is waited for.
 */
#include <opvs/netns.h>

#include <opvs/behind.h>
#include <opvs/clock.h>
#include <opvs/conn.h>
#include <opvs/ctl.h>
#include <opvs/endpoint.h>
#include <opvs/event.h>
#include <opvs/kunit.h>
#include <opvs/path.h>
#include <opvs/share.h>
#include <opvs/svc.h>
#include <opvs/sync.h>
#include <opvs/tunnel.h>

#include <linux/random.h>

/* Fields that packets read lie in few cache lines, and fields that are written
 * with each entry in none of these.  One processor has nothing to share.
 */
#define NET_LINE(member)	(offsetof(struct opvs_net, member) / \
				 SMP_CACHE_BYTES)
static_assert(offsetofend(struct opvs_net, match.table.tbl) <= 64);
static_assert(!IS_ENABLED(CONFIG_SMP) ||
	      (NET_LINE(settings) < NET_LINE(conn.table.tbl) &&
	       NET_LINE(conn.table.tbl) < NET_LINE(conn.table.nelems) &&
	       NET_LINE(conn.limit) < NET_LINE(conn.udp) &&
	       NET_LINE(conn.udp) < NET_LINE(conn.expire)));

unsigned int opvs_net_id __read_mostly;
EXPORT_SYMBOL_IF_KUNIT(opvs_net_id);

static int __net_init opvs_net_init(struct net *net)
{
	struct opvs_net *on = opvs_pernet(net);
	int err;

	on->net = net;
	on->svc.events = &opvs_path_events;
	on->event.ops = &opvs_event_netlink;
	get_random_bytes(&on->svc.hash_key, sizeof(on->svc.hash_key));

	opvs_share_net_init(on);

	on->counters = alloc_percpu_gfp(struct opvs_counters,
					GFP_KERNEL_ACCOUNT);
	if (!on->counters)
		return -ENOMEM;
	err = opvs_svc_net_init(on);
	if (err)
		goto err_counters;
	err = opvs_endpoint_net_init(on);
	if (err)
		goto err_svc;
	err = opvs_tunnels_net_init(on);
	if (err)
		goto err_endpoint;
	err = opvs_behind_net_init(on);
	if (err)
		goto err_tunnels;
	opvs_clock_net_init(on);
	opvs_sync_net_init(on);
	err = opvs_sysctl_net_init(on);
	if (err)
		goto err_behind;
	return 0;

err_behind:
	opvs_behind_net_exit(on);
err_tunnels:
	opvs_tunnels_net_exit(on);
err_endpoint:
	opvs_endpoint_net_exit(on);
err_svc:
	opvs_svc_net_exit(on);
err_counters:
	free_percpu(on->counters);
	return err;
}

static void __net_exit opvs_net_pre_exit(struct net *net)
{
	struct opvs_net *on = opvs_pernet(net);

	opvs_sysctl_net_exit(on);
	opvs_sync_net_exit(on);
	mutex_lock(&on->cfg_lock);
	opvs_svc_flush(on);
	mutex_unlock(&on->cfg_lock);
	opvs_clock_net_stop(on);
	opvs_conn_net_stop(on);
}

static void __net_exit opvs_net_exit_batch(struct list_head *list)
{
	struct opvs_net *on;
	struct net *net;

	list_for_each_entry(net, list, exit_list)
		opvs_conn_net_drain(opvs_pernet(net));
	list_for_each_entry(net, list, exit_list) {
		on = opvs_pernet(net);
		opvs_svc_net_exit(on);
		opvs_clock_net_exit(on);
		opvs_conn_net_exit(on);
		opvs_behind_net_exit(on);
		opvs_tunnels_net_exit(on);
		opvs_endpoint_net_exit(on);
		opvs_share_net_exit(on);
		free_percpu(on->counters);
	}
}

static struct pernet_operations opvs_net_ops = {
	.init		= opvs_net_init,
	.pre_exit	= opvs_net_pre_exit,
	.exit_batch	= opvs_net_exit_batch,
	.id		= &opvs_net_id,
	.size		= sizeof(struct opvs_net),
};

/**
 * opvs_pernet_init() - take part in all namespaces, present and future
 *
 * Context: process.
 * Return: 0 or a negative errno.
 */
int opvs_pernet_init(void)
{
	return register_pernet_subsys(&opvs_net_ops);
}

/**
 * opvs_pernet_exit() - leave all namespaces
 *
 * Context: process.  Waits for packets that are under way.
 */
void opvs_pernet_exit(void)
{
	unregister_pernet_subsys(&opvs_net_ops);
}
