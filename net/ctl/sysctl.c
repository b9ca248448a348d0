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

#include <opvs/clock.h>
#include <opvs/compat.h>
#include <opvs/ctl.h>
#include <opvs/expire.h>
#include <opvs/limit.h>
#include <opvs/netns.h>
#include <opvs/share.h>
#include <opvs/svc.h>

#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/stddef.h>
#include <linux/sysctl.h>

/* Positions in opvs_net.sysctl. */
enum opvs_sysctl_dir {
	OPVS_SYSCTL_NATIVE,
	OPVS_SYSCTL_COMPAT,
};

/* 23 days; in jiffies an int, whatever HZ is. */
#define SECONDS_MAX	2000000
#define SECONDS_DAY	86400

/**
 * struct opvs_sysctl - a setting
 * @name: file's name
 * @offset: of an int in struct opvs_net
 * @preset: value in a new namespace
 * @min: least value allowed
 * @max: largest value allowed; below @min: it is read-only
 * @native: only under net.opvs, as IPVS has none of that name
 * @changed: makes a new value take effect, or NULL: packets just read it
 */
struct opvs_sysctl {
	const char	*name;
	size_t		offset;
	int		preset;
	int		min;
	int		max;
	bool		native;
	void		(*changed)(struct opvs_net *on);
};

static void opvs_sysctl_sweep(struct opvs_net *on)
{
	u32 interval = msecs_to_jiffies(READ_ONCE(on->settings.sweep_interval_ms));

	/* Before the first service there is no sweeper to tell. */
	mutex_lock(&on->cfg_lock);
	if (on->conn.expire.ops)
		opvs_expire_set_interval(&on->conn.expire, interval);
	mutex_unlock(&on->cfg_lock);
}

static void opvs_sysctl_load(struct opvs_net *on)
{
	mutex_lock(&on->cfg_lock);
	opvs_net_load_forget(on);
	mutex_unlock(&on->cfg_lock);
}

#define SETTING(field)	.name = #field, \
			.offset = offsetof(struct opvs_net, settings.field)
#define SWITCH(field)	SETTING(field), .max = 1
#define DEFENCE(field)	SETTING(field), .max = OPVS_DEFENCE_ALWAYS, \
			.changed = opvs_clock_defence_now

static const struct opvs_sysctl opvs_sysctls[] = {
	{ SETTING(amemthresh), .preset = 1024, .max = INT_MAX,
	  .changed = opvs_clock_defence_now },
	{ SETTING(am_droprate), .preset = 10, .max = INT_MAX,
	  .changed = opvs_clock_defence_now },
	{ DEFENCE(drop_entry) },
	{ DEFENCE(drop_packet) },
	{ DEFENCE(secure_tcp) },
	{ SWITCH(sloppy_tcp) },
	{ SWITCH(sloppy_sctp) },
	{ SWITCH(expire_nodest_conn) },
	{ SWITCH(expire_quiescent_template) },
	{ SETTING(conn_reuse_mode), .preset = 1, .max = 3 },
	{ SWITCH(cache_bypass) },
	{ SWITCH(nat_icmp_send) },
	{ SWITCH(schedule_icmp) },
	{ SWITCH(pmtu_disc), .preset = 1 },
	{ SETTING(lblc_expiration), .preset = SECONDS_DAY, .max = SECONDS_MAX },
	{ SETTING(lblcr_expiration), .preset = SECONDS_DAY, .max = SECONDS_MAX },
	{ SWITCH(conntrack) },
	{ SWITCH(snat_reroute), .preset = 1 },
	{ SWITCH(ignore_tunneled) },
	{ .name = "conn_count",
	  .offset = offsetof(struct opvs_net, conn.limit.count.counter),
	  .max = -1, .native = true },
	{ SWITCH(udp_reschedule), .preset = 1, .native = true },
	{ SETTING(sweep_interval_ms), .preset = 250, .min = 250, .max = 10000,
	  .native = true, .changed = opvs_sysctl_sweep },
	{ SETTING(drain_seconds), .preset = 1800, .min = 1, .max = SECONDS_DAY,
	  .native = true },
	{ SETTING(load_seconds), .preset = 60, .min = 4, .max = 3600,
	  .native = true, .changed = opvs_sysctl_load },
	{ SETTING(reply_seconds), .preset = OPVS_REPLY_SECONDS, .max = SECONDS_DAY,
	  .native = true },
};

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

static bool opvs_sysctl_read_only(const struct opvs_sysctl *entry)
{
	return entry->max < entry->min;
}

/* The mode of a file is for all callers, and says nothing about tenants. */
static bool opvs_sysctl_refused(const struct opvs_net *on, int write)
{
	return write && on->share.tenant && !opvs_may_configure(on);
}

static int opvs_sysctl_int(opvs_ctl_table *table, int write, void *buffer,
			   size_t *len, loff_t *pos)
{
	const struct opvs_sysctl *entry = table->extra1;
	struct opvs_net *on = table->extra2;
	int min = entry->min, max = entry->max;
	struct ctl_table plain = *table;
	int err;

	if (opvs_sysctl_refused(on, write))
		return -EPERM;
	plain.extra1 = &min;
	plain.extra2 = &max;
	err = proc_dointvec_minmax(&plain, write, buffer, len, pos);
	if (!err && write && entry->changed)
		entry->changed(on);
	return err;
}

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

	if (opvs_sysctl_refused(on, write))
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

static void opvs_sysctl_fill(struct ctl_table *table,
			     const struct opvs_sysctl *entry,
			     struct opvs_net *on)
{
	table->procname = entry->name;
	table->data = (void *)on + entry->offset;
	table->maxlen = sizeof(int);
	if (opvs_sysctl_read_only(entry)) {
		table->mode = 0444;
		table->proc_handler = proc_dointvec;
		return;
	}
	table->mode = 0644;
	table->proc_handler = opvs_sysctl_int;
	table->extra1 = (void *)entry;
	table->extra2 = on;
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

static void opvs_sysctl_fill_key(struct ctl_table *table, struct opvs_net *on)
{
	table->procname = "hash_key";
	table->mode = 0600;
	table->proc_handler = opvs_hash_key_sysctl;
	table->extra2 = on;
}

static int opvs_sysctl_register(struct opvs_net *on, const char *path,
				enum opvs_sysctl_dir dir)
{
	struct ctl_table *table;
	size_t i, count = 0;

	/* The limit, the secret, and the empty entry that older kernels want at
	 * the end.
	 */
	table = kcalloc(ARRAY_SIZE(opvs_sysctls) + 3, sizeof(*table),
			GFP_KERNEL_ACCOUNT);
	if (!table)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(opvs_sysctls); i++)
		if (dir == OPVS_SYSCTL_NATIVE || !opvs_sysctls[i].native)
			opvs_sysctl_fill(&table[count++], &opvs_sysctls[i], on);
	opvs_sysctl_fill_max(&table[count++], on, dir);
	if (dir == OPVS_SYSCTL_NATIVE)
		opvs_sysctl_fill_key(&table[count++], on);

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
	const struct opvs_sysctl *entry;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(opvs_sysctls); i++) {
		entry = &opvs_sysctls[i];
		if (!opvs_sysctl_read_only(entry))
			*(int *)((void *)on + entry->offset) = entry->preset;
	}
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
