/* SPDX-License-Identifier: GPL-2.0-only */
/* Timeout policies: named sets of per-state timeouts that services use. */
#ifndef OPVS_POLICY_H
#define OPVS_POLICY_H

#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

#include <opvs/proto.h>

struct netlink_ext_ack;
struct opvs_net;

#define OPVS_POLICY_NAME_MAX	32	/* with the NUL */
#define OPVS_POLICIES_MAX	255	/* per namespace, besides the default one */

/**
 * struct opvs_policy - how long connections live in each state
 * @timeout: seconds, by &enum opvs_timeout; packets read single values with
 *	READ_ONCE, an edit applies to a connection at its next refresh
 * @name: "default" is the namespace's own, which always exists; constant
 * @users: services that use it; cfg_lock
 * @list: in opvs_net.policy, sorted by name; cfg_lock
 * @rcu: frees it
 */
struct opvs_policy {
	u32			timeout[OPVS_TIMEOUTS];
	char			name[OPVS_POLICY_NAME_MAX];
	u32			users;
	struct list_head	list;
	struct rcu_head		rcu;
};

/* cfg_lock held, process context.  In @set, 0 keeps a value. */
int opvs_policy_check(const u32 set[OPVS_TIMEOUTS],
		      struct netlink_ext_ack *extack);
struct opvs_policy *opvs_policy_find(struct opvs_net *on, const char *name);
int opvs_policy_add(struct opvs_net *on, const char *name,
		    const u32 set[OPVS_TIMEOUTS],
		    struct netlink_ext_ack *extack);
int opvs_policy_edit(struct opvs_net *on, struct opvs_policy *policy,
		     const u32 set[OPVS_TIMEOUTS],
		     struct netlink_ext_ack *extack);
int opvs_policy_del(struct opvs_net *on, struct opvs_policy *policy,
		    struct netlink_ext_ack *extack);

/* life with the namespace */
void opvs_policy_net_init(struct opvs_net *on);
void opvs_policy_net_exit(struct opvs_net *on);

#endif /* OPVS_POLICY_H */
