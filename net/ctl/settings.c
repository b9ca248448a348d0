// SPDX-License-Identifier: GPL-2.0-only
/*
 * What settings a namespace has, their presets and ranges.
 *
 * net.opvs takes what has a meaning.  net.ipv4.vs takes all that ip_vs takes, so
 * that no file which was written for that fails: any number but 0 is a switch
 * that is on.
 */
#include "settings.h"

#include <opvs/clock.h>
#include <opvs/compat.h>
#include <opvs/defence.h>
#include <opvs/expire.h>
#include <opvs/netns.h>
#include <opvs/share.h>
#include <opvs/svc.h>
#include <opvs/sync.h>

#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/mutex.h>
#include <linux/sched/prio.h>
#include <linux/stddef.h>

/* 23 days; in jiffies an int, whatever HZ is. */
#define SECONDS_MAX	2000000
#define SECONDS_DAY	86400

/* The largest power of two that an int can be. */
#define SYNC_PORTS_MAX	0x40000000

/**
 * enum opvs_setting_more - what net.ipv4.vs takes beyond the range of net.opvs
 * @OPVS_SETTING_NO_MORE: nothing
 * @OPVS_SETTING_ANY: any int
 * @OPVS_SETTING_SECONDS: any number of seconds that is an int in jiffies
 */
enum opvs_setting_more {
	OPVS_SETTING_NO_MORE,
	OPVS_SETTING_ANY,
	OPVS_SETTING_SECONDS,
};

/**
 * struct opvs_setting - a setting
 * @name: file's name
 * @offset: of an int in struct opvs_net, unless @handler is set
 * @preset: value in a new namespace
 * @preset_inner: value in a new one other than the initial one, if it is another
 * @min: least value allowed
 * @max: largest value allowed; below @min: it is read-only
 * @more: what net.ipv4.vs takes
 * @native: only under net.opvs, as IPVS has none of that name
 * @host: about resources of the host: tenants cannot write it, as with ip_vs
 * @valid: may a value within the range be taken?  NULL: all may
 * @changed: makes a new value take effect, or NULL: packets just read it
 * @handler: of one that is not a plain int, or NULL; it has no range here
 */
struct opvs_setting {
	const char		*name;
	size_t			offset;
	int			preset;
	int			preset_inner;
	int			min;
	int			max;
	enum opvs_setting_more	more;
	bool			native;
	bool			host;
	bool			(*valid)(int value);
	void			(*changed)(struct opvs_net *on);
	proc_handler		*handler;
};

static void setting_sweep(struct opvs_net *on)
{
	u32 interval = msecs_to_jiffies(READ_ONCE(on->settings.sweep_interval_ms));

	/* Before the first service there is no sweeper to tell. */
	mutex_lock(&on->cfg_lock);
	if (on->conn.expire.ops)
		opvs_expire_set_interval(&on->conn.expire, interval);
	mutex_unlock(&on->cfg_lock);
}

static void setting_load(struct opvs_net *on)
{
	mutex_lock(&on->cfg_lock);
	opvs_net_load_forget(on);
	mutex_unlock(&on->cfg_lock);
}

static bool setting_power_of_2(int value)
{
	return is_power_of_2(value);
}

#define SETTING(field)	.name = #field, \
			.offset = offsetof(struct opvs_net, settings.field)
#define ANY(field)	SETTING(field), .more = OPVS_SETTING_ANY
#define SWITCH(field)	ANY(field), .max = 1
#define SECONDS(field)	SETTING(field), .max = SECONDS_MAX, \
			.more = OPVS_SETTING_SECONDS
#define DEFENCE(field)	SETTING(field), .max = OPVS_DEFENCE_ALWAYS, \
			.changed = opvs_clock_defence_now

static const struct opvs_setting opvs_settings_all[] = {
	{ ANY(amemthresh), .preset = 1024, .max = INT_MAX,
	  .changed = opvs_clock_defence_now },
	{ ANY(am_droprate), .preset = 10, .max = INT_MAX,
	  .changed = opvs_clock_defence_now },
	{ DEFENCE(drop_entry) },
	{ DEFENCE(drop_packet) },
	{ DEFENCE(secure_tcp) },
	{ SWITCH(sloppy_tcp) },
	{ SWITCH(sloppy_sctp) },
	{ SWITCH(expire_nodest_conn) },
	{ SWITCH(expire_quiescent_template) },
	{ ANY(conn_reuse_mode), .preset = 1, .max = 3 },
	{ SWITCH(cache_bypass) },
	{ SWITCH(nat_icmp_send) },
	{ SWITCH(schedule_icmp) },
	{ SWITCH(pmtu_disc), .preset = 1 },
	{ SECONDS(lblc_expiration), .preset = SECONDS_DAY },
	{ SECONDS(lblcr_expiration), .preset = SECONDS_DAY },
	{ SWITCH(conntrack) },
	{ SWITCH(snat_reroute), .preset = 1 },
	{ SWITCH(ignore_tunneled) },
	{ SETTING(sync_version), .preset = 1, .max = 1 },
	{ SETTING(sync_ports), .preset = 1, .min = 1, .max = SYNC_PORTS_MAX,
	  .valid = setting_power_of_2 },
	{ SWITCH(sync_persist_mode) },
	{ SETTING(sync_qlen_max), .handler = opvs_setting_qlen, .host = true },
	{ ANY(sync_sock_size), .max = INT_MAX, .host = true },
	{ SETTING(sync_threshold), .handler = opvs_setting_threshold },
	{ SECONDS(sync_refresh_period) },
	{ SETTING(sync_retries), .max = 3 },
	{ SWITCH(backup_only), .changed = opvs_sync_judge },
	{ SWITCH(run_estimation), .preset = 1, .host = true,
	  .changed = opvs_clock_estimation },
	{ SETTING(est_cpulist), .handler = opvs_setting_cpulist, .host = true },
	{ SETTING(est_nice), .min = MIN_NICE, .max = MAX_NICE, .host = true },
	{ SETTING(conn_lfactor), .preset = -4, .preset_inner = -2, .min = -8,
	  .max = 8, .host = true },
	{ SETTING(svc_lfactor), .preset = -3, .preset_inner = -2, .min = -8,
	  .max = 8, .host = true },
	{ .name = "conn_count",
	  .offset = offsetof(struct opvs_net, conn.limit.count.counter),
	  .max = -1, .native = true },
	{ SETTING(udp_reschedule), .preset = 1, .max = 1, .native = true },
	{ SETTING(sweep_interval_ms), .preset = 250, .min = 250, .max = 10000,
	  .native = true, .changed = setting_sweep },
	{ SETTING(drain_seconds), .preset = 1800, .min = 1, .max = SECONDS_DAY,
	  .native = true },
	{ SETTING(load_seconds), .preset = 60, .min = 4, .max = 3600,
	  .native = true, .changed = setting_load },
	{ SETTING(reply_seconds), .preset = OPVS_REPLY_SECONDS, .max = SECONDS_DAY,
	  .native = true },
};

static bool setting_read_only(const struct opvs_setting *entry)
{
	return entry->max < entry->min;
}

/**
 * opvs_setting_refused() - may a caller not write a setting?
 * @on: namespace
 * @write: that is what the caller wants
 *
 * The mode of a file is for all callers, and says nothing about tenants.
 *
 * Context: process.
 * Return: true for -EPERM.
 */
bool opvs_setting_refused(const struct opvs_net *on, int write)
{
	return write && on->share.tenant && !opvs_may_configure(on);
}

/* The range of a setting in a directory. */
static void setting_range(const struct opvs_setting *entry,
			  enum opvs_sysctl_dir dir, int *min, int *max)
{
	*min = entry->min;
	*max = entry->max;
	if (dir == OPVS_SYSCTL_NATIVE || entry->more == OPVS_SETTING_NO_MORE)
		return;
	*max = entry->more == OPVS_SETTING_ANY ? INT_MAX : INT_MAX / HZ;
	*min = entry->more == OPVS_SETTING_ANY ? INT_MIN : -*max;
}

static int setting_do_int(opvs_ctl_table *table, int write, void *buffer,
			  size_t *len, loff_t *pos,
			  enum opvs_sysctl_dir dir)
{
	const struct opvs_setting *entry = table->extra1;
	int value = READ_ONCE(*(int *)table->data);
	struct opvs_net *on = table->extra2;
	struct ctl_table plain = *table;
	int err, min, max;

	if (opvs_setting_refused(on, write))
		return -EPERM;
	setting_range(entry, dir, &min, &max);
	plain.data = &value;
	plain.extra1 = &min;
	plain.extra2 = &max;
	err = proc_dointvec_minmax(&plain, write, buffer, len, pos);
	if (err || !write)
		return err;
	if (entry->valid && !entry->valid(value))
		return -EINVAL;
	WRITE_ONCE(*(int *)table->data, value);
	if (entry->changed)
		entry->changed(on);
	return 0;
}

static int setting_int(opvs_ctl_table *table, int write, void *buffer,
		       size_t *len, loff_t *pos)
{
	return setting_do_int(table, write, buffer, len, pos,
			      OPVS_SYSCTL_NATIVE);
}

static int setting_compat_int(opvs_ctl_table *table, int write,
			      void *buffer, size_t *len, loff_t *pos)
{
	return setting_do_int(table, write, buffer, len, pos,
			      OPVS_SYSCTL_COMPAT);
}

/* Those that are no plain ints; extra1 is the setting. */
static int setting_other(opvs_ctl_table *table, int write, void *buffer,
			 size_t *len, loff_t *pos)
{
	const struct opvs_setting *entry = table->extra1;

	if (opvs_setting_refused(table->extra2, write))
		return -EPERM;
	return entry->handler(table, write, buffer, len, pos);
}

static void setting_fill(struct ctl_table *table,
			 const struct opvs_setting *entry,
			 struct opvs_net *on, enum opvs_sysctl_dir dir)
{
	table->procname = entry->name;
	table->data = (void *)on + entry->offset;
	table->maxlen = sizeof(int);
	table->mode = 0444;
	table->proc_handler = proc_dointvec;
	if (setting_read_only(entry))
		return;
	if (!entry->host || !on->share.tenant)
		table->mode = 0644;
	table->extra1 = (void *)entry;
	table->extra2 = on;
	if (entry->handler)
		table->proc_handler = setting_other;
	else if (dir == OPVS_SYSCTL_COMPAT)
		table->proc_handler = setting_compat_int;
	else
		table->proc_handler = setting_int;
}

/**
 * opvs_settings_num() - how many settings there are
 *
 * Context: any.
 * Return: the most that opvs_settings_fill() fills in.
 */
size_t opvs_settings_num(void)
{
	return ARRAY_SIZE(opvs_settings_all);
}

/**
 * opvs_settings_fill() - the files of a directory
 * @table: gets them; has room for opvs_settings_num(), and is zero
 * @on: namespace
 * @dir: the directory
 *
 * Context: process.
 * Return: how many there are.
 */
size_t opvs_settings_fill(struct ctl_table *table, struct opvs_net *on,
			  enum opvs_sysctl_dir dir)
{
	size_t i, count = 0;

	for (i = 0; i < ARRAY_SIZE(opvs_settings_all); i++)
		if (dir == OPVS_SYSCTL_NATIVE || !opvs_settings_all[i].native)
			setting_fill(&table[count++], &opvs_settings_all[i], on,
				     dir);
	return count;
}

/**
 * opvs_settings_preset() - the settings of a new namespace
 * @on: namespace
 *
 * Context: process, before any of them can be reached.
 */
void opvs_settings_preset(struct opvs_net *on)
{
	bool inner = !net_eq(on->net, &init_net);
	const struct opvs_setting *entry;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(opvs_settings_all); i++) {
		entry = &opvs_settings_all[i];
		if (setting_read_only(entry) || entry->handler)
			continue;
		*(int *)((void *)on + entry->offset) =
			inner && entry->preset_inner ? entry->preset_inner :
						       entry->preset;
	}
	opvs_settings_preset_others(&on->settings);
}

/**
 * opvs_settings_clear() - free what settings hold
 * @on: namespace whose settings cannot be reached any more
 *
 * Context: process.
 */
void opvs_settings_clear(struct opvs_net *on)
{
	opvs_settings_clear_others(&on->settings);
}
