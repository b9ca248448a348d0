// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replays prepared packets into a device's receive path and tells how long that
 * took.  For measurements only: it has no place on a machine that does work.
 *
 * In debugfs, folder "replay":
 *   packets	written in one go: the list, see bench_packets_set()
 *   run	written: "dev=NAME count=N [cpus=LIST] [flows=N] [first=N]
 *		[pick=N] [pace=NANOSECONDS] [other]"; returns when all packets
 *		are through
 *   result	read: a line "cpu=N fed=N ns=N work=N most=N" for each CPU, and
 *		with "pace" lines "cpu=N bin=NANOSECONDS packets=N"
 *   work	read: nanoseconds that this CPU has worked since some moment
 */
#include "clock.h"
#include "device.h"
#include "packets.h"
#include "paced.h"
#include "run.h"

#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/nsproxy.h>
#include <linux/rtnetlink.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define LINE_MAX	256
#define SEPARATORS	"\n "

static DEFINE_MUTEX(replay_lock);	/* the list, and all below */
static struct bench_result *results;
static cpumask_var_t result_cpus;
static struct dentry *folder;

static ssize_t packets_write(struct file *file, const char __user *from,
			     size_t len, loff_t *pos)
{
	u8 *data = vmemdup_user(from, len);
	int err;

	if (IS_ERR(data))
		return PTR_ERR(data);
	mutex_lock(&replay_lock);
	err = bench_packets_set(data, len);
	mutex_unlock(&replay_lock);
	if (err)
		kvfree(data);
	return err ?: len;
}

static const struct file_operations packets_ops = {
	.owner	= THIS_MODULE,
	.write	= packets_write,
};

static int parse_word(struct bench_run *run, char *word, char *name)
{
	char *value = strchr(word, '=');

	if (!strcmp(word, "other")) {
		run->change.other = true;
		return 0;
	}
	if (!value)
		return -EINVAL;
	*value++ = '\0';
	if (!strcmp(word, "dev"))
		return strscpy(name, value, IFNAMSIZ) < 0 ? -EINVAL : 0;
	if (!strcmp(word, "cpus"))
		return cpulist_parse(value, run->cpus);
	if (!strcmp(word, "count"))
		return kstrtou32(value, 10, &run->count);
	if (!strcmp(word, "flows"))
		return kstrtou32(value, 10, &run->change.flows);
	if (!strcmp(word, "first"))
		return kstrtou32(value, 10, &run->change.first);
	if (!strcmp(word, "pick"))
		return kstrtou32(value, 10, &run->change.pick);
	if (!strcmp(word, "pace"))
		return kstrtou32(value, 10, &run->pace_ns);
	return -EINVAL;
}

static int parse_line(struct bench_run *run, char *line, char *name)
{
	char *word;
	int err;

	while ((word = strsep(&line, SEPARATORS))) {
		if (!*word)
			continue;
		err = parse_word(run, word, name);
		if (err)
			return err;
	}
	if (!run->count || !bench_packets_count() ||
	    (run->change.pick && !run->change.flows) ||
	    (run->pace_ns && cpumask_weight(run->cpus) > 1) ||
	    !cpumask_subset(run->cpus, cpu_online_mask) ||
	    cpumask_empty(run->cpus))
		return -EINVAL;
	return 0;
}

/* Of the caller's network namespace. */
static int run_on(struct bench_run *run, const char *name)
{
	struct bench_result *found;
	int err;

	found = kvcalloc(cpumask_weight(run->cpus), sizeof(*found), GFP_KERNEL);
	if (!found)
		return -ENOMEM;
	run->dev = dev_get_by_name(current->nsproxy->net_ns, name);
	if (!run->dev || !bench_device_is(run->dev)) {
		err = -ENODEV;
		goto out;
	}
	err = bench_run(run, found);
	if (!err) {
		swap(results, found);
		cpumask_copy(result_cpus, run->cpus);
	}
out:
	dev_put(run->dev);
	kvfree(found);
	return err;
}

static ssize_t run_write(struct file *file, const char __user *from, size_t len,
			 loff_t *pos)
{
	struct bench_run run = {};
	char name[IFNAMSIZ] = "";
	char line[LINE_MAX];
	int err;

	if (len >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, from, len))
		return -EFAULT;
	line[len] = '\0';
	if (!zalloc_cpumask_var(&run.cpus, GFP_KERNEL))
		return -ENOMEM;
	cpumask_set_cpu(0, run.cpus);

	mutex_lock(&replay_lock);
	err = parse_line(&run, line, name) ?: run_on(&run, name);
	mutex_unlock(&replay_lock);
	free_cpumask_var(run.cpus);
	return err ?: len;
}

static const struct file_operations run_ops = {
	.owner	= THIS_MODULE,
	.write	= run_write,
};

static int result_show(struct seq_file *seq, void *unused)
{
	const struct bench_result *result;
	u32 bin, nth = 0;
	int cpu;

	mutex_lock(&replay_lock);
	for_each_cpu(cpu, result_cpus) {
		result = &results[nth++];
		seq_printf(seq, "cpu=%d fed=%u ns=%llu work=%llu most=%llu\n",
			   cpu, result->fed, result->ns,
			   result->work_ns, result->most_ns);
		for (bin = 0; bin < BENCH_BINS; bin++)
			if (result->bin[bin])
				seq_printf(seq, "cpu=%d bin=%llu packets=%u\n",
					   cpu, bench_bin_ns(bin),
					   result->bin[bin]);
	}
	mutex_unlock(&replay_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(result);

static int work_show(struct seq_file *seq, void *unused)
{
	seq_printf(seq, "%llu\n", bench_work_ns());
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(work);

static int __init replay_init(void)
{
	int err;

	if (!zalloc_cpumask_var(&result_cpus, GFP_KERNEL))
		return -ENOMEM;
	err = bench_device_init();
	if (err) {
		free_cpumask_var(result_cpus);
		return err;
	}
	folder = debugfs_create_dir("replay", NULL);
	debugfs_create_file("packets", 0200, folder, NULL, &packets_ops);
	debugfs_create_file("run", 0200, folder, NULL, &run_ops);
	debugfs_create_file("result", 0400, folder, NULL, &result_fops);
	debugfs_create_file("work", 0400, folder, NULL, &work_fops);
	return 0;
}

static void __exit replay_exit(void)
{
	debugfs_remove(folder);
	bench_device_exit();
	bench_packets_free();
	kvfree(results);
	free_cpumask_var(result_cpus);
}

module_init(replay_init);
module_exit(replay_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("replays prepared packets, for measurements");
