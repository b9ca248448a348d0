// SPDX-License-Identifier: GPL-2.0-only
/* Settings of a namespace, under net.opvs and in IPVS's place, net.ipv4.vs.
 *
 * Both directories show the same numbers, but for conn_max, whose two meanings
 * limit.h has.  They can be written by those who may configure the namespace,
 * in the host's own namespaces by their administrators, as other settings of
 * the network.  The secret, under net.opvs only, cannot be read by others
 * either.
 */
#include "sysctl.h"

#include "hash_key.h"
#include "settings.h"

#include <opvs/compat.h>
#include <opvs/ctl.h>
#include <opvs/limit.h>
#include <opvs/netns.h>
#include <opvs/share.h>
#include <opvs/svc.h>

#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/sysctl.h>

/**
 * struct opvs_sysctl_limit - how a directory writes the limit of entries
 * @show: what &opvs_limit.max reads as
 * @store: what a value means
 * @min: least value
 */
struct opvs_sysctl_limit {
	int	(*show)(u32 max);
	u32	(*store)(int value);
	int	min;
};

static const struct opvs_sysctl_limit opvs_sysctl_limits[] = {
	[OPVS_SYSCTL_NATIVE] = {
		opvs_limit_native, opvs_limit_of_native, -1
	},
	[OPVS_SYSCTL_COMPAT] = {
		opvs_limit_compat, opvs_limit_of_compat, 0
	},
};

static int opvs_sysctl_set_max(struct opvs_net *on, u32 max)
{
	int err;

	mutex_lock(&on->cfg_lock);
	err = opvs_conn_max_check(on, max, NULL);
	if (!err)
		opvs_conn_max_set(on, max);
	mutex_unlock(&on->cfg_lock);
	return err;
}

/* The limit of entries; extra1 says how this directory writes it. */
static int opvs_sysctl_conn_max(opvs_ctl_table *table, int write, void *buffer,
				size_t *len, loff_t *pos)
{
	const struct opvs_sysctl_limit *limit = table->extra1;
	struct opvs_net *on = table->extra2;
	int value = limit->show(READ_ONCE(on->conn.limit.max));
	int min = limit->min, max = OPVS_LIMIT_MAX;
	struct ctl_table plain = *table;
	int err;

	if (opvs_setting_refused(on, write))
		return -EPERM;
	plain.data = &value;
	plain.maxlen = sizeof(value);
	plain.extra1 = &min;
	plain.extra2 = &max;
	err = proc_dointvec_minmax(&plain, write, buffer, len, pos);
	if (err || !write)
		return err;
	return opvs_sysctl_set_max(on, limit->store(value));
}

static void opvs_sysctl_fill_max(struct ctl_table *table, struct opvs_net *on,
				 enum opvs_sysctl_dir dir)
{
	table->procname = "conn_max";
	table->mode = 0644;
	table->proc_handler = opvs_sysctl_conn_max;
	table->extra1 = (void *)&opvs_sysctl_limits[dir];
	table->extra2 = on;
}

static void opvs_sysctl_fill_key(struct ctl_table *table, struct opvs_net *on,
				 const char *name, proc_handler *handler)
{
	table->procname = name;
	table->mode = 0600;
	table->proc_handler = handler;
	table->extra2 = on;
}

static int opvs_sysctl_register(struct opvs_net *on, const char *path,
				enum opvs_sysctl_dir dir)
{
	struct ctl_table *table;
	size_t count;

	/* The limit, the secrets, and the empty entry that older kernels want at
	 * the end.
	 */
	table = kcalloc(opvs_settings_num() + 4, sizeof(*table),
			GFP_KERNEL_ACCOUNT);
	if (!table)
		return -ENOMEM;
	count = opvs_settings_fill(table, on, dir);
	opvs_sysctl_fill_max(&table[count++], on, dir);
	if (dir == OPVS_SYSCTL_NATIVE) {
		opvs_sysctl_fill_key(&table[count++], on, "hash_key",
				     opvs_hash_key_sysctl);
		opvs_sysctl_fill_key(&table[count++], on, "sync_key",
				     opvs_sync_key_sysctl);
	}

	on->sysctl[dir] = register_net_sysctl_sz(on->net, path, table, count);
	if (on->sysctl[dir])
		return 0;
	kfree(table);
	return -ENOMEM;
}

static void opvs_sysctl_unregister(struct opvs_net *on,
				   enum opvs_sysctl_dir dir)
{
	const struct ctl_table *table = on->sysctl[dir]->ctl_table_arg;

	unregister_net_sysctl_table(on->sysctl[dir]);
	on->sysctl[dir] = NULL;
	kfree(table);
}

/**
 * opvs_sysctl_net_init() - preset a namespace's settings and show them
 * @on: namespace, complete but for this
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int opvs_sysctl_net_init(struct opvs_net *on)
{
	opvs_settings_preset(on);
	return opvs_sysctl_register(on, "net/opvs", OPVS_SYSCTL_NATIVE);
}

/**
 * opvs_sysctl_net_exit() - take a namespace's settings away; waits for readers
 *
 * Context: process, before anything that settings act on goes.
 */
void opvs_sysctl_net_exit(struct opvs_net *on)
{
	opvs_sysctl_unregister(on, OPVS_SYSCTL_NATIVE);
	opvs_settings_clear(on);
}

/* Not __net_init: it may come when ip_vs goes, long after this module did. */
static int opvs_sysctl_compat_net_init(struct net *net)
{
	return opvs_sysctl_register(opvs_pernet(net), "net/ipv4/vs",
				    OPVS_SYSCTL_COMPAT);
}

/* Before the namespace's own end stops what settings act on. */
static void opvs_sysctl_compat_net_exit(struct net *net)
{
	opvs_sysctl_unregister(opvs_pernet(net), OPVS_SYSCTL_COMPAT);
}

static struct pernet_operations opvs_sysctl_net_ops = {
	.init		= opvs_sysctl_compat_net_init,
	.pre_exit	= opvs_sysctl_compat_net_exit,
};

/**
 * opvs_sysctl_compat_init() - net.ipv4.vs in all namespaces, present and future
 *
 * Context: process, after opvs_pernet_init().
 * Return: 0 or negative errno.
 */
int opvs_sysctl_compat_init(void)
{
	return register_pernet_subsys(&opvs_sysctl_net_ops);
}

/**
 * opvs_sysctl_compat_exit() - take net.ipv4.vs away; waits for its readers
 *
 * Context: process.
 */
void opvs_sysctl_compat_exit(void)
{
	unregister_pernet_subsys(&opvs_sysctl_net_ops);
}
