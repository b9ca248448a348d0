// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tenants: namespaces of other owners, and how much each may hold.
 *
 * A tenant is a network namespace that belongs to another user namespace than
 * the initial one.  Anybody can make such a namespace and be root there, so its
 * root may configure nothing by default; module parameter "userns" allows it.
 *
 * Entries of a tenant are kept apart from those of the host's own namespaces:
 * neither count against the other's limit, and as eviction, reclaim and
 * drop_entry look at one namespace only, none ends another's.  With its first
 * service a tenant reserves a share of what all tenants may have.  So many
 * entries are its own until the namespace ends, whatever others do, and its
 * limit can be set within that only.  A tenant that comes when all is reserved
 * gets no service.  Memory of services, servers and what belongs to them is
 * charged to the memory cgroup of the process that configures them; what
 * packets allocate is bounded by the share, and by OPVS_TENANT_ADDRS.
 */
#include <opvs/share.h>

#include <opvs/clock.h>
#include <opvs/event.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>

#include <linux/capability.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/netlink.h>
#include <linux/spinlock.h>
#include <linux/user_namespace.h>

static bool userns;
module_param(userns, bool, 0444);
MODULE_PARM_DESC(userns, "root of a user namespace may configure opvs in network namespaces of its own (default: no)");

/* The namespaces of the initial user namespace together. */
struct opvs_limit opvs_conns_everywhere;
EXPORT_SYMBOL_IF_KUNIT(opvs_conns_everywhere);
module_param_named(conn_max, opvs_conns_everywhere.max, uint, 0644);
MODULE_PARM_DESC(conn_max, "most connection entries in all network namespaces, those of other user namespaces aside; 0: no limit");

static int set_limit(const char *text, const struct kernel_param *param)
{
	return param_set_uint_minmax(text, param, 1, OPVS_LIMIT_MAX);
}

static const struct kernel_param_ops limit_ops = {
	.set	= set_limit,
	.get	= param_get_uint,
};

/* All tenants together. */
struct opvs_limit opvs_conns_tenants = { .max = 1 << 20 };
EXPORT_SYMBOL_IF_KUNIT(opvs_conns_tenants);
module_param_cb(userns_conn_total, &limit_ops, &opvs_conns_tenants.max, 0644);
MODULE_PARM_DESC(userns_conn_total, "most connection entries in all network namespaces of other user namespaces (default: 1048576)");

static unsigned int userns_conn_max = 1 << 16;
module_param_cb(userns_conn_max, &limit_ops, &userns_conn_max, 0644);
MODULE_PARM_DESC(userns_conn_max, "connection entries that are reserved for each of these, and the most in it (default: 65536)");

static DEFINE_SPINLOCK(share_lock);
static u64 reserved;		/* sum of all shares; share_lock */

static DEFINE_SPINLOCK(closed_lock);

/**
 * opvs_userns_allowed() - may roots of user namespaces configure their own?
 *
 * Context: any.
 */
bool opvs_userns_allowed(void)
{
	return userns;
}

/**
 * opvs_may_configure() - may the caller configure a namespace?
 *
 * The rule that netlink applies by the flags of its commands.
 *
 * Context: process.
 * Return: true if it may.
 */
bool opvs_may_configure(const struct opvs_net *on)
{
	return capable(CAP_NET_ADMIN) ||
	       (userns && ns_capable(on->net->user_ns, CAP_NET_ADMIN));
}

/* The share that a tenant without one would get. */
static u32 next_share(void)
{
	return min(READ_ONCE(userns_conn_max),
		   READ_ONCE(opvs_conns_tenants.max));
}

/* The largest limit that a namespace can have. */
static u32 largest_max(const struct opvs_net *on)
{
	if (!on->share.tenant)
		return OPVS_LIMIT_MAX;
	return on->share.entries ?: next_share();
}

static bool max_fits(const struct opvs_net *on, u32 max)
{
	if (max == OPVS_LIMIT_NOTHING)
		return true;
	/* To have no limit is more than a tenant can have. */
	return max ? max <= largest_max(on) : !on->share.tenant;
}

/**
 * opvs_conn_max_check() - can this be a namespace's limit?
 * @max: as &opvs_limit.max
 *
 * Context: process, cfg_lock held.
 * Return: 0 or -EINVAL.
 */
int opvs_conn_max_check(const struct opvs_net *on, u32 max,
			struct netlink_ext_ack *extack)
{
	lockdep_assert_held(&on->cfg_lock);

	if (max_fits(on, max))
		return 0;
	if (on->share.tenant)
		NL_SET_ERR_MSG(extack, "CONN_MAX must be 1 to its share (userns_conn_max)");
	else
		NL_SET_ERR_MSG(extack, "CONN_MAX must be 0 (no limit) to 1073741824");
	return -EINVAL;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_conn_max_check);

/**
 * opvs_drop_rate_set() - have packets drop new connections at a rate
 * @settings: of a namespace
 * @rate: one in so many, 0: none.  If the namespace is closed, all are dropped
 *
 * Context: process.
 */
void opvs_drop_rate_set(struct opvs_settings *settings, int rate)
{
	spin_lock(&closed_lock);
	WRITE_ONCE(settings->drop_rate, settings->closed ? 1 : rate);
	spin_unlock(&closed_lock);
}

/* Packets are told here whether anything new may pass, and otherwise what is known
 * without a look at the memory: the work that judges the defences must not be
 * waited for under cfg_lock.
 */
static void set_closed(struct opvs_net *on, bool closed)
{
	struct opvs_settings *settings = &on->settings;
	int rate = 0;

	if (READ_ONCE(settings->drop_packet) == OPVS_DEFENCE_ALWAYS)
		rate = opvs_drop_rate(settings);
	spin_lock(&closed_lock);
	WRITE_ONCE(settings->closed, closed);
	spin_unlock(&closed_lock);
	opvs_drop_rate_set(settings, rate);
	opvs_clock_defence(on);
}

/**
 * opvs_conn_max_set() - change a namespace's limit
 * @max: what opvs_conn_max_check() found right
 *
 * Context: process, cfg_lock held.  The limit holds at once, as does that
 * nothing new may pass, for one-packet services too.
 */
void opvs_conn_max_set(struct opvs_net *on, u32 max)
{
	const struct opvs_event event = { .cmd = OPVS_CMD_LIMIT_CHANGED };
	bool closed = max == OPVS_LIMIT_NOTHING;
	u32 old = on->conn.limit.max;

	lockdep_assert_held(&on->cfg_lock);

	WRITE_ONCE(on->conn.limit.max, max);
	if (closed != on->settings.closed)
		set_closed(on, closed);
	if (max != old)
		opvs_event_tell(on, &event);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_conn_max_set);

/**
 * opvs_share_take() - reserve a tenant's share before its first service
 *
 * Context: process, cfg_lock held.
 * Return: 0, also for one that has its share or needs none; -ENOSPC when others
 * have all of it.
 */
int opvs_share_take(struct opvs_net *on, struct netlink_ext_ack *extack)
{
	u32 share = next_share();
	bool fits;

	lockdep_assert_held(&on->cfg_lock);

	if (!on->share.tenant || on->share.entries)
		return 0;
	spin_lock(&share_lock);
	fits = reserved + share <= READ_ONCE(opvs_conns_tenants.max);
	if (fits)
		reserved += share;
	spin_unlock(&share_lock);
	if (!fits) {
		NL_SET_ERR_MSG(extack, "other tenants have all that userns_conn_total allows");
		return -ENOSPC;
	}
	on->share.entries = share;
	/* The parameter may have been lowered since it was set. */
	if (!max_fits(on, on->conn.limit.max))
		opvs_conn_max_set(on, share);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_share_take);

/**
 * opvs_share_check_object() - may a namespace have one more service or server?
 *
 * Context: process, cfg_lock held.
 * Return: 0, or -ENOSPC when a tenant has as many as it may.
 */
int opvs_share_check_object(const struct opvs_net *on,
			    struct netlink_ext_ack *extack)
{
	lockdep_assert_held(&on->cfg_lock);

	if (!on->share.tenant || atomic_read(&on->svc.live) < OPVS_TENANT_OBJECTS)
		return 0;
	NL_SET_ERR_MSG(extack, "a tenant may have 4096 services and servers");
	return -ENOSPC;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_share_check_object);

static_assert(OPVS_TENANT_OBJECTS == 4096);

/**
 * opvs_share_net_init() - limits of a new namespace
 *
 * It begins with the limit that the initial one has, as with ip_vs since 7.3.
 *
 * Context: process, before its settings can be reached.
 */
void opvs_share_net_init(struct opvs_net *on)
{
	u32 max = READ_ONCE(opvs_pernet(&init_net)->conn.limit.max);

	on->share.tenant = on->net->user_ns != &init_user_ns;
	on->conn.everywhere = on->share.tenant ? &opvs_conns_tenants :
				      &opvs_conns_everywhere;
	if (on->share.tenant)
		on->share.lbl_addrs.max = OPVS_TENANT_ADDRS;
	if (!max_fits(on, max))
		max = next_share();
	on->conn.limit.max = max;
	if (max == OPVS_LIMIT_NOTHING) {
		on->settings.closed = true;
		on->settings.drop_rate = 1;
	}
}

/**
 * opvs_share_net_exit() - give a tenant's share back
 * @on: namespace without entries
 *
 * Context: process.
 */
void opvs_share_net_exit(struct opvs_net *on)
{
	spin_lock(&share_lock);
	reserved -= on->share.entries;
	spin_unlock(&share_lock);
	on->share.entries = 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_share_net_exit);
