// SPDX-License-Identifier: GPL-2.0-only
/*
 * Real servers of a virtual service.
 *
 * A server lives as long as its percpu_ref: the service's list holds one
 * reference, each connection entry one.  Removal unlinks the server from all
 * that leads new packets to it; it stays with its service until the last of its
 * connections is gone (removed.c).  Then the reference is killed, and a grace
 * period after the last holder the server is freed.
 */
#include <opvs/dest.h>

#include <opvs/behind.h>
#include <opvs/endpoint.h>
#include <opvs/event.h>
#include <opvs/kunit.h>
#include <opvs/load.h>
#include <opvs/netns.h>
#include <opvs/share.h>
#include <opvs/svc.h>
#include <opvs/tunnel.h>
#include <opvs/wq.h>

#include <linux/inetdevice.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <net/addrconf.h>
#include <net/ipv6.h>
#include <net/route.h>

/* Fields that packets read, fields that schedulers and transmit methods read on
 * top of these, and fields that connections write, each in lines of their own.
 * One processor has nothing to share.
 */
static_assert(offsetofend(struct opvs_dest, u_threshold) <= 64);
static_assert(offsetofend(struct opvs_dest, tunnel) <= 128);
static_assert(!IS_ENABLED(CONFIG_SMP) ||
	      offsetof(struct opvs_dest, conns) >=
	      ALIGN(offsetofend(struct opvs_dest, tunnel),
		    SMP_CACHE_BYTES));

/* Asked of new servers only: what an address is may change later. */
static int addr_check(struct opvs_net *on, const struct opvs_dest_key *key,
		      struct netlink_ext_ack *extack)
{
	unsigned int type;
	bool ok;

	if (key->family == NFPROTO_IPV6) {
		type = ipv6_addr_type(&key->addr.in6);
		ok = (type & IPV6_ADDR_UNICAST && !(type & IPV6_ADDR_LINKLOCAL)) ||
		     ipv6_chk_addr(on->net, &key->addr.in6, NULL, 0);
	} else {
		type = inet_addr_type(on->net, key->addr.ip);
		ok = type == RTN_LOCAL || type == RTN_UNICAST;
	}
	if (ok)
		return 0;
	NL_SET_ERR_MSG(extack, "server address: not a usable unicast address");
	return -EINVAL;
}

/**
 * opvs_dest_check_conf() - can a server of a service be like that?
 * @svc: service
 * @conf: configuration
 *
 * Context: process, cfg_lock held.
 * Return: 0, -EINVAL or -ERANGE.
 */
int opvs_dest_check_conf(const struct opvs_svc *svc,
			 const struct opvs_dest_conf *conf,
			 struct netlink_ext_ack *extack)
{
	if (conf->key.family != svc->key.family && !conf->xmit->wraps) {
		NL_SET_ERR_MSG(extack,
			       "server address: must be of the service's family, or by tunnel");
		return -EINVAL;
	}
	if (conf->weight > INT_MAX) {
		NL_SET_ERR_MSG(extack, "weight: must be 0 to 2147483647");
		return -ERANGE;
	}
	if (conf->u_threshold > INT_MAX) {
		NL_SET_ERR_MSG(extack, "upper threshold: must be 0 to 2147483647");
		return -EINVAL;
	}
	if (conf->l_threshold > conf->u_threshold) {
		NL_SET_ERR_MSG(extack, "lower threshold: above the upper threshold");
		return -ERANGE;
	}
	return 0;
}

/* A service for all ports may have servers for all ports. */
static __be16 effective_port(const struct opvs_svc *svc, __be16 port)
{
	return port ?: svc->key.port;
}

/**
 * opvs_dest_is() - is this the server of a name?
 * @dest: server
 * @key: address and port; port 0 names the service's port
 *
 * Context: any.
 */
bool opvs_dest_is(const struct opvs_dest *dest, const struct opvs_dest_key *key)
{
	return dest->port == effective_port(dest->svc, key->port) &&
	       dest->family == key->family &&
	       nf_inet_addr_cmp(&dest->addr, &key->addr);
}

/**
 * opvs_dest_find() - look up a server of a service
 * @svc: service
 * @key: address and port; port 0 names the service's port
 *
 * Context: process, cfg_lock held.
 * Return: the server, valid while cfg_lock is held, or NULL.
 */
struct opvs_dest *opvs_dest_find(const struct opvs_svc *svc,
				 const struct opvs_dest_key *key)
{
	struct opvs_dest *dest;

	lockdep_assert_held(&svc->on->cfg_lock);

	list_for_each_entry(dest, &svc->dests, list)
		if (opvs_dest_is(dest, key))
			return dest;
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_dest_find);

static void dest_free(struct opvs_dest *dest)
{
	int cpu;

	percpu_ref_exit(&dest->ref);
	opvs_load_free(rcu_dereference_protected(dest->load, true));
	for_each_possible_cpu(cpu)
		dst_release(per_cpu_ptr(dest->route, cpu)->dst);
	free_percpu(dest->route);
	free_percpu(dest->stats_cpu);
	opvs_sip_dest_free(dest->sip);
	kfree(dest);
}

static void dest_free_work(struct work_struct *work)
{
	struct opvs_dest *dest = container_of(to_rcu_work(work),
					      struct opvs_dest, free_work);
	struct opvs_svc *svc = dest->svc;
	struct opvs_net *on = svc->on;

	mutex_lock(&on->cfg_lock);
	opvs_totals_retire_dest(dest);
	opvs_totals_bury_dest(dest);
	list_del(&dest->list);
	mutex_unlock(&on->cfg_lock);

	opvs_unwatch(on, &dest->watched);
	dest_free(dest);
	opvs_svc_put(svc);
	opvs_live_dec(on);
}

/* Last reference.  A packet may have found the server by a connection that held
 * it and was ended meanwhile, so another grace period passes.  Any context.
 */
static void dest_release(struct percpu_ref *ref)
{
	struct opvs_dest *dest = container_of(ref, struct opvs_dest, ref);

	queue_rcu_work(opvs_free_wq, &dest->free_work);
}

static struct opvs_dest *dest_alloc(struct opvs_svc *svc,
				    const struct opvs_dest_conf *conf)
{
	struct opvs_dest *dest;

	dest = kzalloc(sizeof(*dest), GFP_KERNEL_ACCOUNT);
	if (!dest)
		return NULL;

	dest->svc = svc;
	dest->addr = conf->key.addr;
	dest->family = conf->key.family;
	dest->port = effective_port(svc, conf->key.port);
	dest->removed = true;
	dest->endpoint_left = get_completed_synchronize_rcu();
	INIT_LIST_HEAD(&dest->list);
	INIT_RCU_WORK(&dest->free_work, dest_free_work);
	dest->stats_cpu = __netdev_alloc_pcpu_stats(struct opvs_stats_cpu,
						    GFP_KERNEL_ACCOUNT);
	if (!dest->stats_cpu)
		goto err_free;
	dest->route = alloc_percpu_gfp(struct opvs_route, GFP_KERNEL_ACCOUNT);
	if (!dest->route)
		goto err_stats;
	if (percpu_ref_init(&dest->ref, dest_release, 0, GFP_KERNEL_ACCOUNT))
		goto err_route;
	return dest;

err_route:
	free_percpu(dest->route);
err_stats:
	free_percpu(dest->stats_cpu);
err_free:
	kfree(dest);
	return NULL;
}

/**
 * opvs_dest_create() - a server that nothing leads to yet
 * @svc: its service
 * @conf: its name
 *
 * It counts as removed.  It holds its service until it is freed.
 *
 * Context: process, cfg_lock held.
 * Return: the server, for the caller to give to opvs_removed_add_dest() in the end,
 * or NULL.
 */
struct opvs_dest *opvs_dest_create(struct opvs_svc *svc,
				   const struct opvs_dest_conf *conf)
{
	struct opvs_dest *dest = dest_alloc(svc, conf);

	if (!dest)
		return NULL;
	list_add_tail_rcu(&dest->all, &svc->on->svc.dests);
	opvs_svc_get(svc);
	opvs_live_inc(svc->on);
	opvs_watch_dest(dest);
	return dest;
}

/* A server of a name that the service does not have. */
static struct opvs_dest *dest_new(struct opvs_svc *svc,
				  const struct opvs_dest_conf *conf,
				  struct netlink_ext_ack *extack)
{
	struct opvs_dest *dest;
	int err;

	err = addr_check(svc->on, &conf->key, extack);
	if (!err)
		err = opvs_share_check_object(svc->on, extack);
	if (err)
		return ERR_PTR(err);
	dest = opvs_dest_create(svc, conf);
	return dest ?: ERR_PTR(-ENOMEM);
}

/* Tells packets what @conf says; the view already knows the weight. */
static void dest_apply(struct opvs_dest *dest,
		       const struct opvs_dest_conf *conf)
{
	WRITE_ONCE(dest->tunnel, conf->tunnel.word);
	WRITE_ONCE(dest->xmit, conf->xmit);
	WRITE_ONCE(dest->weight, conf->weight);
	WRITE_ONCE(dest->l_threshold, conf->l_threshold);
	WRITE_ONCE(dest->u_threshold, conf->u_threshold);
	/* A CPU that counts decides by these, or we decide after it. */
	smp_mb();
	opvs_dest_update_overload(dest);
}

/* Are its replies recognised by where they come from?  Those of tracked
 * connections have a node in the table.
 */
static bool answers_statelessly(const struct opvs_svc *svc,
				const struct opvs_dest_conf *conf)
{
	return svc->one_packet && conf->xmit->rewrites;
}

/**
 * opvs_dest_leave_all() - replies of no server are recognised by its address
 * @svc: service that is to track connections from now on
 *
 * Context: process, cfg_lock held.
 */
void opvs_dest_leave_all(struct opvs_svc *svc)
{
	struct opvs_dest *dest;

	lockdep_assert_held(&svc->on->cfg_lock);

	list_for_each_entry(dest, &svc->dests, list)
		if (opvs_dest_joined(dest))
			opvs_endpoint_leave(svc->on, dest);
}

/**
 * opvs_dest_join_all() - replies of NAT servers are recognised by their address
 * @svc: service that is to schedule each packet from now on
 *
 * Context: process, cfg_lock held.  May wait, as opvs_dest_add() does.
 * Return: 0 or -ENOMEM, and nothing has changed.
 */
int opvs_dest_join_all(struct opvs_svc *svc)
{
	struct opvs_dest *dest;
	int err;

	lockdep_assert_held(&svc->on->cfg_lock);

	list_for_each_entry(dest, &svc->dests, list) {
		if (!dest->conf.xmit->rewrites || opvs_dest_joined(dest))
			continue;
		err = opvs_endpoint_join(svc->on, dest);
		if (err) {
			opvs_dest_leave_all(svc);
			return err;
		}
	}
	return 0;
}

/* By its address and port, or that of its tunnel. */
static int join_place(struct opvs_dest *dest, const struct opvs_dest_conf *conf)
{
	if (conf->xmit->rewrites)
		return opvs_behind_join(dest);
	return conf->xmit->wraps ? opvs_tunnels_join(dest->svc->on, conf) : 0;
}

/* What else leads to a server but its service: replies by where they come from,
 * what should be one, and errors about packets in its tunnel.
 */
static int join_more(struct opvs_dest *dest, const struct opvs_dest_conf *conf)
{
	struct opvs_net *on = dest->svc->on;
	bool joins = answers_statelessly(dest->svc, conf) &&
		     !opvs_dest_joined(dest);
	int err = 0;

	if (joins)
		err = opvs_endpoint_join(on, dest);
	if (err)
		return err;
	err = join_place(dest, conf);
	if (err && joins)
		opvs_endpoint_leave(on, dest);
	return err;
}

/* Undoes that for a configuration that is no more, or came to nothing. */
static void leave_more(struct opvs_dest *dest,
		       const struct opvs_dest_conf *left, bool answers)
{
	if (!answers && opvs_dest_joined(dest))
		opvs_endpoint_leave(dest->svc->on, dest);
	if (left->xmit->rewrites)
		opvs_behind_leave(dest);
	else if (left->xmit->wraps)
		opvs_tunnels_leave(dest->svc->on, left);
}

/* Leads packets to a server that they cannot see yet.  After an error it is for
 * opvs_removed_add_dest().
 */
static int dest_link(struct opvs_svc *svc, struct opvs_dest *dest,
		     const struct opvs_dest_conf *conf,
		     struct netlink_ext_ack *extack)
{
	int err;

	WRITE_ONCE(dest->calls, opvs_dest_calls_by(&svc->conf));
	if (dest->calls == OPVS_CALLS_ESTIMATED) {
		err = opvs_dest_load_start(dest);
		if (err)
			return err;
	}
	err = opvs_sip_start(dest);
	if (err)
		return err;
	dest->conf = *conf;
	dest->last_weight = conf->weight;
	dest_apply(dest, conf);
	/* The next packet that finds it must not take it for a removed one. */
	WRITE_ONCE(dest->removed, false);
	err = join_more(dest, conf);
	if (err)
		return err;

	dest->id = ++svc->last_dest_id;
	list_add_tail(&dest->list, &svc->dests);
	svc->num_dests++;
	err = opvs_svc_change(svc, extack);
	if (!err)
		return 0;

	list_del_init(&dest->list);
	svc->num_dests--;
	leave_more(dest, conf, false);
	return err;
}

/**
 * opvs_dest_add() - add a real server to a service
 * @svc: service
 * @conf: its name and configuration; copied
 *
 * One that was removed and still has connections comes back with them, whatever
 * its address is by now.  Packets see it when this returns, or a moment later if
 * it is one of many: see net/svc/view.c.
 *
 * Context: process, cfg_lock held.  May wait for a grace period, as
 * opvs_endpoint_join() does.
 * Return: 0; -EEXIST; -EINVAL, -ERANGE; -ENOMEM; -ENOSPC when a tenant has what
 * it may; the scheduler's refusal.
 * Nothing has changed after an error.
 */
int opvs_dest_add(struct opvs_svc *svc, const struct opvs_dest_conf *conf,
		  struct netlink_ext_ack *extack)
{
	struct opvs_dest *dest;
	bool revived = true;
	int err;

	lockdep_assert_held(&svc->on->cfg_lock);

	err = opvs_dest_check_conf(svc, conf, extack);
	if (err)
		return err;
	if (opvs_dest_find(svc, &conf->key)) {
		NL_SET_ERR_MSG(extack, "the service has a server with this address and port");
		return -EEXIST;
	}

	dest = opvs_removed_take_dest(svc, &conf->key);
	if (!dest) {
		revived = false;
		dest = dest_new(svc, conf, extack);
		if (IS_ERR(dest))
			return PTR_ERR(dest);
	}
	err = dest_link(svc, dest, conf, extack);
	if (err) {
		/* A reply may have found it through its endpoint. */
		opvs_removed_add_dest(dest);
		return err;
	}
	if (revived)
		opvs_totals_revive_dest(dest);
	WRITE_ONCE(svc->on->svc.num_added, svc->on->svc.num_added + 1);
	opvs_mistakes_warn_dest(dest, extack);
	opvs_event_dest(dest, OPVS_CMD_DEST_ADDED);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_dest_add);

/* Of what can be edited, the view has but the weight. */
static int show_edited(struct opvs_dest *dest, u32 old_weight,
		       struct netlink_ext_ack *extack)
{
	if (dest->conf.weight == old_weight)
		return 0;
	/* A server that is drained gets nothing new from now on. */
	return dest->conf.weight ? opvs_svc_change(dest->svc, extack) :
				   opvs_svc_rebuild(dest->svc, extack);
}

/**
 * opvs_dest_edit() - change a server's method, weight or thresholds
 * @dest: server
 * @conf: new configuration; its key is the server's own
 *
 * Context: process, cfg_lock held.  May wait, as opvs_dest_add() does.
 * Return: 0, or an error as of opvs_dest_add() and nothing has changed.
 */
int opvs_dest_edit(struct opvs_dest *dest, const struct opvs_dest_conf *conf,
		   struct netlink_ext_ack *extack)
{
	bool answered = opvs_dest_joined(dest);
	struct opvs_dest_conf old_conf = dest->conf;
	u32 old_last_weight = dest->last_weight;
	struct opvs_svc *svc = dest->svc;
	int err;

	lockdep_assert_held(&svc->on->cfg_lock);

	err = opvs_dest_check_conf(svc, conf, extack);
	if (err)
		return err;
	err = join_more(dest, conf);
	if (err)
		return err;

	dest->conf = *conf;
	if (conf->weight)
		dest->last_weight = conf->weight;
	err = show_edited(dest, old_conf.weight, extack);
	if (err) {
		dest->conf = old_conf;
		dest->last_weight = old_last_weight;
		leave_more(dest, conf, answered);
		return err;
	}

	leave_more(dest, &old_conf, answers_statelessly(svc, conf));
	dest_apply(dest, conf);
	if (conf->xmit->rewrites && !old_conf.xmit->rewrites)
		opvs_mistakes_warn_dest(dest, extack);
	opvs_event_dest_edit(dest, &old_conf);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_dest_edit);

/**
 * opvs_dest_unlink() - take a server out of all that leads to it
 * @dest: server; freed when its last reference is dropped
 *
 * The caller sees to the service's view: it goes away, or was rebuilt.
 *
 * Context: process, cfg_lock held.  Does not wait for a grace period.
 */
void opvs_dest_unlink(struct opvs_dest *dest)
{
	struct opvs_svc *svc = dest->svc;

	lockdep_assert_held(&svc->on->cfg_lock);

	leave_more(dest, &dest->conf, false);
	if (svc->listed == dest)
		svc->listed = NULL;
	list_del_init(&dest->list);
	svc->num_dests--;
	opvs_totals_retire_dest(dest);
	opvs_removed_add_dest(dest);
}

/**
 * opvs_dest_kill() - drop the reference of a server's service
 * @dest: removed server without connections; not to be touched any more
 *
 * Context: process, cfg_lock held.  Does not wait for a grace period.
 */
void opvs_dest_kill(struct opvs_dest *dest)
{
	lockdep_assert_held(&dest->svc->on->cfg_lock);

	list_del_rcu(&dest->all);
	list_move_tail(&dest->list, &dest->svc->on->svc.let_go);
	percpu_ref_kill(&dest->ref);
}

/**
 * opvs_dest_del() - remove a server from its service
 * @dest: server; not to be touched by the caller any more after success
 *
 * Context: process, cfg_lock held.  Does not wait for a grace period.
 * Return: 0, or -ENOMEM and nothing has changed.
 */
int opvs_dest_del(struct opvs_dest *dest, struct netlink_ext_ack *extack)
{
	struct opvs_svc *svc = dest->svc;
	struct list_head *prev = dest->list.prev;
	int err;

	lockdep_assert_held(&svc->on->cfg_lock);

	/* Packets must get a view without it before it goes. */
	list_del(&dest->list);
	svc->num_dests--;
	err = opvs_svc_rebuild(svc, extack);
	list_add(&dest->list, prev);
	svc->num_dests++;
	if (err)
		return err;
	opvs_event_dest(dest, OPVS_CMD_DEST_REMOVED);
	opvs_dest_unlink(dest);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_dest_del);
