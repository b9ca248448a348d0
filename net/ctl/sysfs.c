// SPDX-License-Identifier: GPL-2.0-only
/* /sys/kernel/opvs: version, features, who has the names of ip_vs, event counters,
 * the connection table.
 *
 * Numbers are those of the reader's own network namespace.
 */
#include <opvs/ctl.h>

#include "ipvs.h"

#include <opvs/conn.h>
#include <opvs/counters.h>
#include <opvs/expire.h>
#include <opvs/netns.h>
#include <opvs/pe.h>
#include <opvs/proto.h>
#include <opvs/sched.h>
#include <opvs/svc.h>
#include <opvs/xmit.h>

#include <linux/ip_vs.h>
#include <linux/kobject.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <linux/string_helpers.h>
#include <linux/sysfs.h>

struct opvs_counter_file {
	struct kobj_attribute	attr;
	enum opvs_ctr		ctr;
};

static ssize_t version_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%s\n", OPVS_VERSION);
}

static ssize_t owner_show(struct kobject *kobj, struct kobj_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%s\n", opvs_owner_name());
}

static ssize_t features_show(struct kobject *kobj, struct kobj_attribute *attr,
			     char *buf)
{
	const struct opvs_sched_ops *sched;
	const struct opvs_xmit_ops *xmit;
	const struct opvs_pe_ops *pe;
	const struct opvs_proto *proto;
	u32 method;
	int len = 0;
	size_t n;

	for (n = 0; (proto = opvs_proto_nth(n)); n++)
		len += sysfs_emit_at(buf, len, "proto-%s\n", proto->name);
	string_lower(buf, buf);
	len += sysfs_emit_at(buf, len,
			     "fwmark\n"
			     "one-packet\n"
			     "persistence\n"
			     "policies\n");
	for (n = 0; (sched = opvs_sched_nth(n)); n++)
		len += sysfs_emit_at(buf, len, "sched-%s\n", sched->name);
	for (n = 0; (pe = opvs_pe_nth(n)); n++)
		len += sysfs_emit_at(buf, len, "pe-%s\n", pe->name);
	for (method = 0; method <= IP_VS_CONN_F_FWD_MASK; method++) {
		xmit = opvs_xmit_find(method);
		if (xmit)
			len += sysfs_emit_at(buf, len, "xmit-%s\n",
					     xmit->feature);
	}
	return len;
}

static ssize_t opvs_counter_show(struct kobject *kobj,
				 struct kobj_attribute *attr, char *buf)
{
	const struct opvs_counter_file *file =
		container_of(attr, struct opvs_counter_file, attr);
	const struct opvs_net *on = opvs_pernet(current->nsproxy->net_ns);

	return sysfs_emit(buf, "%llu\n", opvs_counter_read(on, file->ctr));
}

static ssize_t mistakes_show(struct kobject *kobj, struct kobj_attribute *attr,
			     char *buf)
{
	return opvs_mistakes_list(opvs_pernet(current->nsproxy->net_ns), buf,
				  PAGE_SIZE);
}

static struct kobj_attribute version_attr = __ATTR_RO(version);
static struct kobj_attribute owner_attr = __ATTR_RO(owner);
static struct kobj_attribute features_attr = __ATTR_RO(features);
static struct kobj_attribute mistakes_attr = __ATTR_RO(mistakes);

/* A file for a number that goes up and down; @value is read from `on'. */
#define OPVS_GAUGE(name, value)						\
static ssize_t name##_show(struct kobject *kobj,			\
			   struct kobj_attribute *attr, char *buf)	\
{									\
	struct opvs_net *on = opvs_pernet(current->nsproxy->net_ns);	\
									\
	return sysfs_emit(buf, "%llu\n", (u64)(value));			\
}									\
static struct kobj_attribute name##_attr = __ATTR_RO(name)

OPVS_GAUGE(conns, atomic_read(&on->conn.limit.count));
OPVS_GAUGE(conn_buckets, opvs_conn_table_size(on));
OPVS_GAUGE(sweep_visited, READ_ONCE(on->conn.expire.stats.visited));
OPVS_GAUGE(sweep_reclaimed, READ_ONCE(on->conn.expire.stats.reclaimed));
OPVS_GAUGE(sweep_refiled, READ_ONCE(on->conn.expire.stats.refiled));
OPVS_GAUGE(sweep_slices, READ_ONCE(on->conn.expire.stats.slices));
OPVS_GAUGE(sweep_wakeups, READ_ONCE(on->conn.expire.stats.wakeups));
OPVS_GAUGE(sweep_busy_ns, READ_ONCE(on->conn.expire.stats.busy_ns));
OPVS_GAUGE(sweep_max_slice_ns, READ_ONCE(on->conn.expire.stats.max_slice_ns));
OPVS_GAUGE(sweep_max_late_ms, READ_ONCE(on->conn.expire.stats.max_late_ms));

static ssize_t conn_max_show(struct kobject *kobj, struct kobj_attribute *attr,
			     char *buf)
{
	struct opvs_net *on = opvs_pernet(current->nsproxy->net_ns);

	return sysfs_emit(buf, "%d\n",
			  opvs_limit_native(READ_ONCE(on->conn.limit.max)));
}

static struct kobj_attribute conn_max_attr = __ATTR_RO(conn_max);

static const struct attribute *const opvs_fixed_attrs[] = {
	&version_attr.attr,
	&owner_attr.attr,
	&features_attr.attr,
	&mistakes_attr.attr,
	&conns_attr.attr,
	&conn_max_attr.attr,
	&conn_buckets_attr.attr,
	&sweep_visited_attr.attr,
	&sweep_reclaimed_attr.attr,
	&sweep_refiled_attr.attr,
	&sweep_slices_attr.attr,
	&sweep_wakeups_attr.attr,
	&sweep_busy_ns_attr.attr,
	&sweep_max_slice_ns_attr.attr,
	&sweep_max_late_ms_attr.attr,
	NULL
};

/* Filled from the table of names: a new counter gets its file by itself. */
static struct opvs_counter_file opvs_counter_files[OPVS_CTR_MAX] __ro_after_init;
static const struct attribute *opvs_counter_attrs[OPVS_CTR_MAX] __ro_after_init;

static struct kobject *opvs_kobj __ro_after_init;

static void __init opvs_counter_files_init(void)
{
	struct opvs_counter_file *file;
	enum opvs_ctr ctr;

	for (ctr = OPVS_CTR_NONE + 1; ctr < OPVS_CTR_MAX; ctr++) {
		file = &opvs_counter_files[ctr];
		sysfs_attr_init(&file->attr.attr);
		file->attr.attr.name = opvs_counter_name(ctr);
		file->attr.attr.mode = 0444;
		file->attr.show = opvs_counter_show;
		file->ctr = ctr;
		opvs_counter_attrs[ctr - 1] = &file->attr.attr;
	}
}

/**
 * opvs_sysfs_init() - create /sys/kernel/opvs
 *
 * Context: process, module load; after opvs_pernet_init().
 * Return: 0 or negative errno.
 */
int __init opvs_sysfs_init(void)
{
	int err;

	opvs_counter_files_init();
	opvs_kobj = kobject_create_and_add("opvs", kernel_kobj);
	if (!opvs_kobj)
		return -ENOMEM;
	err = sysfs_create_files(opvs_kobj, opvs_fixed_attrs);
	if (!err)
		err = sysfs_create_files(opvs_kobj, opvs_counter_attrs);
	if (err)
		kobject_put(opvs_kobj);
	return err;
}

/**
 * opvs_sysfs_exit() - remove /sys/kernel/opvs; waits for its readers
 *
 * Context: process.
 */
void opvs_sysfs_exit(void)
{
	kobject_put(opvs_kobj);
}
