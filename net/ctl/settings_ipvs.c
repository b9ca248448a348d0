// SPDX-License-Identifier: GPL-2.0-only
/*
 * Settings of ip_vs that are not an int: a pair, an unsigned long, a list of CPUs.
 *
 * Each is written whole or not at all.
 */
#include "settings.h"

#include <opvs/compat.h>
#include <opvs/netns.h>

#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/isolation.h>
#include <linux/slab.h>
#include <linux/swap.h>

/* Presets of ip_vs. */
#define SYNC_THRESHOLD		3
#define SYNC_PERIOD		50
#define SYNC_QLEN_SHARE		32	/* of free memory, pages for each message */

/* The files of sysctl stop at what is no number, and take what was before it. */
static bool is_cut_short(int write, size_t given, size_t taken)
{
	return write && taken != given;
}

static bool threshold_valid(const int *value)
{
	return value[0] >= 0 && (value[0] < value[1] || !value[1]);
}

/**
 * opvs_setting_threshold() - sync_threshold was read or written
 * @table: the file; extra2 is the namespace
 * @write: it was written
 * @buffer: what was written, or where the text goes
 * @len: bytes at @buffer; of the text, when read
 * @pos: position in the file
 *
 * One number alone is the first; the second stays.
 *
 * Context: process; takes cfg_lock.
 * Return: 0; -EINVAL for what is no pair of which the first number is less than
 * the second, or the second 0, and nothing has changed.
 */
int opvs_setting_threshold(opvs_ctl_table *table, int write, void *buffer,
			   size_t *len, loff_t *pos)
{
	struct opvs_net *on = table->extra2;
	int *kept = on->settings.sync_threshold;
	int value[2];
	struct ctl_table plain = {
		.data	= value,
		.maxlen	= sizeof(value),
		.mode	= table->mode,
	};
	size_t given = *len;
	int err;

	mutex_lock(&on->cfg_lock);
	value[0] = kept[0];
	value[1] = kept[1];
	err = proc_dointvec(&plain, write, buffer, len, pos);
	if (!err && (is_cut_short(write, given, *len) ||
		     !threshold_valid(value)))
		err = -EINVAL;
	if (!err && write) {
		WRITE_ONCE(kept[0], value[0]);
		WRITE_ONCE(kept[1], value[1]);
	}
	mutex_unlock(&on->cfg_lock);
	return err;
}

/**
 * opvs_setting_qlen() - sync_qlen_max was read or written
 * @table: the file; extra2 is the namespace
 * @write: it was written
 * @buffer: what was written, or where the text goes
 * @len: bytes at @buffer; of the text, when read
 * @pos: position in the file
 *
 * Context: process.
 * Return: 0; -EINVAL for what is no number of at least 0, and nothing has changed.
 */
int opvs_setting_qlen(opvs_ctl_table *table, int write, void *buffer,
		      size_t *len, loff_t *pos)
{
	struct opvs_net *on = table->extra2;
	unsigned long value = READ_ONCE(on->settings.sync_qlen_max);
	struct ctl_table plain = {
		.data	= &value,
		.maxlen	= sizeof(value),
		.mode	= table->mode,
	};
	const char *text = buffer;
	int err;

	/* A number below 0 would be passed over without a word. */
	if (write && *len && *skip_spaces(text) == '-')
		return -EINVAL;
	err = proc_doulongvec_minmax(&plain, write, buffer, len, pos);
	if (!err && write)
		WRITE_ONCE(on->settings.sync_qlen_max, value);
	return err;
}

static int cpulist_show(struct opvs_net *on, char *text, size_t *len)
{
	const struct cpumask *mask;

	mutex_lock(&on->cfg_lock);
	rcu_read_lock();
	mask = on->settings.est_cpulist ?: housekeeping_cpumask(HK_TYPE_KTHREAD);
	*len = scnprintf(text, *len, "%*pbl\n", cpumask_pr_args(mask));
	rcu_read_unlock();
	mutex_unlock(&on->cfg_lock);
	return 0;
}

static int cpulist_store(struct opvs_net *on, const char *text)
{
	struct cpumask *mask = kzalloc(cpumask_size(), GFP_KERNEL_ACCOUNT);
	int err;

	if (!mask)
		return -ENOMEM;
	err = cpulist_parse(text, mask);
	if (err) {
		kfree(mask);
		return err;
	}
	cpumask_and(mask, mask, current->cpus_ptr);
	mutex_lock(&on->cfg_lock);
	swap(mask, on->settings.est_cpulist);
	mutex_unlock(&on->cfg_lock);
	kfree(mask);
	return 0;
}

/**
 * opvs_setting_cpulist() - est_cpulist was read or written
 * @table: the file; extra2 is the namespace
 * @write: it was written
 * @buffer: what was written, or where the text goes
 * @len: bytes at @buffer; of the text, when read
 * @pos: position in the file
 *
 * Those that the writer may not run on are left out, as by ip_vs.
 *
 * Context: process; takes cfg_lock.
 * Return: 0; -ENOMEM; or an error of cpulist_parse(), and nothing has changed.
 */
int opvs_setting_cpulist(opvs_ctl_table *table, int write, void *buffer,
			 size_t *len, loff_t *pos)
{
	struct opvs_net *on = table->extra2;
	int err;

	/* In one piece. */
	if (*pos || !*len) {
		*len = 0;
		return 0;
	}
	err = write ? cpulist_store(on, buffer) : cpulist_show(on, buffer, len);
	if (!err)
		*pos += *len;
	return err;
}

/**
 * opvs_settings_preset_others() - presets of those that are no plain ints
 * @settings: of a new namespace
 *
 * Context: process.
 */
void opvs_settings_preset_others(struct opvs_settings *settings)
{
	settings->sync_threshold[0] = SYNC_THRESHOLD;
	settings->sync_threshold[1] = SYNC_PERIOD;
	settings->sync_qlen_max = nr_free_buffer_pages() / SYNC_QLEN_SHARE;
	settings->est_cpulist = NULL;
}

/**
 * opvs_settings_clear_others() - free what these hold
 * @settings: nobody reaches them any more
 *
 * Context: process.
 */
void opvs_settings_clear_others(struct opvs_settings *settings)
{
	kfree(settings->est_cpulist);
	settings->est_cpulist = NULL;
}
