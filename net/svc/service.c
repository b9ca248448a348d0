// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtual services.
 *
 * A service is found by packets in a hash table (match.c) and by the control
 * plane in order of addition.  What packets see of its servers is one immutable
 * view, which changes replace (view.c): a packet sees the state before or after
 * a change, never between.
 *
 * Removal is two-phase.  Unlinked under cfg_lock, a service stays in memory
 * until its servers are gone, and each of these until no connection refers to
 * it and a grace period has passed; a flush of any size shares grace periods.
 * A service that is added again before that is the old one, connections and all
 * (removed.c).
 */
#include <opvs/svc.h>

#include <opvs/clock.h>
#include <opvs/dest.h>
#include <opvs/event.h>
#include <opvs/kunit.h>
#include <opvs/load.h>
#include <opvs/name.h>
#include <opvs/netns.h>
#include <opvs/proto.h>
#include <opvs/recent.h>
#include <opvs/share.h>

#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <linux/overflow.h>
#include <linux/slab.h>

/* Fields that packets read, and fields that entries write. */
static_assert(offsetofend(struct opvs_svc, id) <= 64);
static_assert(!IS_ENABLED(CONFIG_SMP) ||
	      offsetof(struct opvs_svc, conns) >=
	      ALIGN(offsetofend(struct opvs_svc, id), SMP_CACHE_BYTES));

/**
 * opvs_svc_conf_one_packet() - is each UDP packet scheduled for itself?
 * @conf: configuration
 *
 * Context: any.
 */
bool opvs_svc_conf_one_packet(const struct opvs_svc_conf *conf)
{
	return conf->flags & IP_VS_SVC_F_ONEPACKET &&
	       (conf->key.proto == IPPROTO_UDP ||
		opvs_svc_key_is_mark(&conf->key));
}

/**
 * opvs_svc_conf_stateless() - does an engine's key alone lead to the server?
 * @conf: configuration
 *
 * Context: any.
 */
bool opvs_svc_conf_stateless(const struct opvs_svc_conf *conf)
{
	return conf->pe && conf->sched->hashes &&
	       opvs_svc_conf_one_packet(conf) &&
	       !(conf->flags & IP_VS_SVC_F_PERSISTENT);
}

static int check_engine(const struct opvs_svc_conf *conf,
			struct netlink_ext_ack *extack)
{
	if (conf->key.proto != IPPROTO_UDP &&
	    !opvs_svc_key_is_mark(&conf->key)) {
		NL_SET_ERR_MSG(extack, "persistence engine: not for this protocol");
		return -EPROTONOSUPPORT;
	}
	if (conf->flags & IP_VS_SVC_F_PERSISTENT)
		return 0;
	if (!opvs_svc_conf_stateless(conf)) {
		NL_SET_ERR_MSG(extack, "persistence engine: needs -p, or -o with scheduler mh");
		return -EOPNOTSUPP;
	}
	return 0;
}

static int conf_check(const struct opvs_svc_conf *conf,
		      struct netlink_ext_ack *extack)
{
	/* 0: by firewall mark. */
	if (conf->key.proto && !opvs_proto_find(conf->key.proto)) {
		NL_SET_ERR_MSG(extack, "protocol: must be TCP, UDP or SCTP");
		return -EPROTONOSUPPORT;
	}
	if (conf->flags & IP_VS_SVC_F_PERSISTENT &&
	    (!conf->timeout || conf->timeout > OPVS_EXPIRE_MAX_SECONDS)) {
		NL_SET_ERR_MSG(extack, "persistence timeout: 0, or more than can be kept");
		return -EINVAL;
	}
	if (conf->key.family == NFPROTO_IPV6 &&
	    ((__force u32)conf->netmask < 1 ||
	     (__force u32)conf->netmask > 128)) {
		NL_SET_ERR_MSG(extack, "netmask: IPv6 prefix length must be 1 to 128");
		return -EINVAL;
	}
	return conf->pe ? check_engine(conf, extack) : 0;
}

/* Tells packets what @conf says, servers aside. */
static void svc_apply(struct opvs_svc *svc, const struct opvs_svc_conf *conf,
		      struct opvs_view *view)
{
	struct opvs_policy *policy = conf->policy ?: &svc->on->policy.standard;

	if (svc->conf.policy)
		svc->conf.policy->users--;
	svc->conf = *conf;
	svc->conf.policy = policy;
	policy->users++;
	rcu_assign_pointer(svc->policy, policy);
	WRITE_ONCE(svc->one_packet, opvs_svc_conf_one_packet(conf));
	WRITE_ONCE(svc->conns.max, conf->conn_max);
	opvs_svc_show(svc, view);
}

/* Its name is free again; connections of removed servers may still use it. */
static void svc_give_up(struct opvs_svc *svc)
{
	if (svc->conf.policy)
		svc->conf.policy->users--;
	svc->conf.policy = NULL;
	rcu_assign_pointer(svc->policy, &svc->on->policy.standard);
	opvs_svc_forget_late(svc);
	opvs_bypass_leave(svc);
	opvs_removed_add_svc(svc);
	opvs_svc_put(svc);
}

static void svc_free(struct opvs_svc *svc)
{
	free_percpu(svc->cursor);
	kfree(svc->sip);
	kfree(svc);
}

static struct opvs_svc *svc_alloc(struct opvs_net *on,
				  const struct opvs_svc_key *key,
				  struct netlink_ext_ack *extack)
{
	struct opvs_svc *svc;
	int cpu, err;

	err = opvs_share_check_object(on, extack);
	if (err)
		return ERR_PTR(err);
	svc = kzalloc(sizeof(*svc), GFP_KERNEL_ACCOUNT);
	if (!svc)
		return ERR_PTR(-ENOMEM);

	svc->key = *key;
	svc->rest = opvs_name(&key->addr, key->port, key->family,
			      key->proto).rest;
	svc->on = on;
	INIT_LIST_HEAD(&svc->dests);
	INIT_LIST_HEAD(&svc->removed_dests);
	INIT_LIST_HEAD(&svc->late.list);
	refcount_set(&svc->ref, 1);
	svc->cursor = alloc_percpu_gfp(u32, GFP_KERNEL_ACCOUNT);
	if (!svc->cursor) {
		svc_free(svc);
		return ERR_PTR(-ENOMEM);
	}
	/* CPUs start apart, or the first server gets one packet from each. */
	for_each_possible_cpu(cpu)
		per_cpu(*svc->cursor, cpu) = cpu;
	opvs_live_inc(on);
	opvs_watch_svc(svc);
	return svc;
}

/* A service that packets cannot find yet: the one that was removed while its
 * connections go on, or a new one.
 */
static struct opvs_svc *svc_create(struct opvs_net *on,
				   const struct opvs_svc_conf *conf,
				   struct netlink_ext_ack *extack)
{
	struct opvs_view *view;
	struct opvs_svc *svc;
	int err;

	svc = opvs_removed_take_svc(on, &conf->key);
	if (!svc)
		svc = svc_alloc(on, &conf->key, extack);
	if (IS_ERR(svc))
		return svc;
	err = opvs_sip_expect(svc, conf);
	if (!err)
		err = opvs_bypass_join(svc);
	if (err) {
		svc_give_up(svc);
		return ERR_PTR(err);
	}
	view = opvs_svc_view(svc, conf, extack);
	if (IS_ERR(view)) {
		svc_give_up(svc);
		return ERR_CAST(view);
	}
	svc_apply(svc, conf, view);
	return svc;
}

/* Packets look for these only if there are any. */
static void count_kinds(struct opvs_net *on, const struct opvs_svc_key *key,
			int by)
{
	on->svc.num[opvs_family(key->family)] += by;
	if (opvs_svc_key_is_mark(key))
		WRITE_ONCE(on->match.num_marks, on->match.num_marks + by);
	else if (!key->port)
		WRITE_ONCE(on->match.num_wild, on->match.num_wild + by);
}

/* Makes the service visible: from here on packets can find it. */
static int svc_link(struct opvs_net *on, struct opvs_svc *svc)
{
	int err;

	err = xa_alloc_cyclic(&on->svc.by_id, &svc->id, svc,
			      XA_LIMIT(1, U32_MAX), &on->svc.next_id, GFP_KERNEL);
	if (err < 0)
		return err;

	err = opvs_svc_publish(svc);
	if (err)
		xa_erase(&on->svc.by_id, svc->id);
	return err;
}

/**
 * opvs_svc_check_absent() - refuse a name that a service has
 * @key: name
 *
 * Context: process, cfg_lock held.
 * Return: 0 or -EEXIST.
 */
int opvs_svc_check_absent(struct opvs_net *on, const struct opvs_svc_key *key,
			  struct netlink_ext_ack *extack)
{
	if (!opvs_svc_find(on, key))
		return 0;
	NL_SET_ERR_MSG(extack, "a service with this address, port and protocol exists");
	return -EEXIST;
}

/**
 * opvs_svc_add() - add a virtual service
 * @conf: its name and configuration; copied
 *
 * The namespace's first service of a family switches the family on.
 *
 * Context: process, cfg_lock held.
 * Return: 0; -EEXIST; -EPROTONOSUPPORT or -EOPNOTSUPP for what is not built;
 * -EINVAL; -ENOMEM; -ENOSPC when a tenant has what it may; an error of
 * opvs_svc_events.family_up.  Nothing has changed after an error.
 */
int opvs_svc_add(struct opvs_net *on, const struct opvs_svc_conf *conf,
		 struct netlink_ext_ack *extack)
{
	u32 *num = &on->svc.num[opvs_family(conf->key.family)];
	struct opvs_svc *svc;
	int err;

	lockdep_assert_held(&on->cfg_lock);

	err = opvs_svc_check_absent(on, &conf->key, extack);
	if (!err)
		err = conf_check(conf, extack);
	if (!err)
		err = opvs_share_take(on, extack);
	if (err)
		return err;
	svc = svc_create(on, conf, extack);
	if (IS_ERR(svc))
		return PTR_ERR(svc);
	if (!*num) {
		err = on->svc.events->family_up(on, conf->key.family);
		if (err)
			goto err_give_up;
	}
	err = svc_link(on, svc);
	if (err)
		goto err_down;

	count_kinds(on, &svc->key, 1);
	opvs_totals_revive_svc(svc);
	opvs_clock_rates(on);
	opvs_mistakes_warn_svc(svc, extack);
	opvs_event_svc(svc, OPVS_CMD_SERVICE_ADDED);
	return 0;

err_down:
	if (!*num)
		on->svc.events->family_down(on, conf->key.family);
err_give_up:
	svc_give_up(svc);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_svc_add);

/**
 * opvs_svc_edit() - change a service's scheduler, engine, flags, persistence
 * @svc: service
 * @conf: new configuration; its key is the service's own
 *
 * Context: process, cfg_lock held.  May wait, as opvs_dest_add() does.
 * Return: 0, or an error as of opvs_svc_add() and nothing has changed.
 */
int opvs_svc_edit(struct opvs_svc *svc, const struct opvs_svc_conf *conf,
		  struct netlink_ext_ack *extack)
{
	const struct opvs_svc_conf old = svc->conf;
	struct opvs_view *view;
	int err;

	lockdep_assert_held(&svc->on->cfg_lock);

	err = conf_check(conf, extack);
	if (err)
		return err;
	view = opvs_svc_view(svc, conf, extack);
	if (IS_ERR(view))
		return PTR_ERR(view);
	err = opvs_dest_expect_calls(svc, conf);
	if (!err)
		err = opvs_sip_expect(svc, conf);
	if (!err && opvs_svc_conf_one_packet(conf) && !svc->one_packet)
		err = opvs_dest_join_all(svc);
	if (err) {
		opvs_svc_drop_view(view);
		return err;
	}

	svc_apply(svc, conf, view);
	opvs_dest_count_calls(svc);
	opvs_sip_apply(svc);
	if (!svc->one_packet)
		opvs_dest_leave_all(svc);
	opvs_event_svc_edit(svc, &old);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_svc_edit);

/* The last service of a family switches the family off. */
static void svc_del(struct opvs_svc *svc)
{
	struct opvs_net *on = svc->on;
	u8 family = svc->key.family;
	struct opvs_dest *dest, *tmp;

	opvs_svc_unpublish(svc);
	xa_erase(&on->svc.by_id, svc->id);
	list_for_each_entry_safe(dest, tmp, &svc->dests, list)
		opvs_dest_unlink(dest);
	opvs_totals_retire_svc(svc);
	count_kinds(on, &svc->key, -1);
	svc_give_up(svc);

	if (!on->svc.num[opvs_family(family)])
		on->svc.events->family_down(on, family);
}

/**
 * opvs_svc_del() - remove a service and its servers
 * @svc: service; not to be touched by the caller any more
 *
 * Packets that found it before finish with it.
 *
 * Context: process, cfg_lock held.  Does not wait for a grace period.
 */
void opvs_svc_del(struct opvs_svc *svc)
{
	lockdep_assert_held(&svc->on->cfg_lock);

	opvs_event_svc(svc, OPVS_CMD_SERVICE_REMOVED);
	svc_del(svc);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_svc_del);

/**
 * opvs_svc_flush() - remove all services of a namespace
 *
 * Context: process, cfg_lock held.
 */
void opvs_svc_flush(struct opvs_net *on)
{
	const struct opvs_event event = { .cmd = OPVS_CMD_FLUSHED };
	struct opvs_svc *svc;
	unsigned long id;

	lockdep_assert_held(&on->cfg_lock);

	if (xa_empty(&on->svc.by_id))
		return;
	xa_for_each(&on->svc.by_id, id, svc)
		svc_del(svc);
	opvs_event_tell(on, &event);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_svc_flush);

/**
 * opvs_svc_next() - walk the services in order of addition
 * @id: cursor: start with 0; holds the id of the service returned, and the
 *	next call goes on behind it, also when that service is gone by then
 *
 * Context: process, cfg_lock held.
 * Return: a service, valid while cfg_lock is held, or NULL at the end.
 */
struct opvs_svc *opvs_svc_next(struct opvs_net *on, unsigned long *id)
{
	lockdep_assert_held(&on->cfg_lock);

	return xa_find_after(&on->svc.by_id, id, ULONG_MAX, XA_PRESENT);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_svc_next);

static void svc_free_work(struct work_struct *work)
{
	struct opvs_svc *svc = container_of(to_rcu_work(work), struct opvs_svc,
					    free_work);
	struct opvs_net *on = svc->on;

	mutex_lock(&on->cfg_lock);
	opvs_totals_retire_svc(svc);
	mutex_unlock(&on->cfg_lock);

	/* No packet can find the view since a grace period ago. */
	opvs_svc_drop_view(rcu_dereference_protected(svc->view, true));
	opvs_unwatch(on, &svc->watched);
	svc_free(svc);
	opvs_live_dec(on);
}

/**
 * opvs_svc_get() - keep a service in memory
 * @svc: service that the caller holds cfg_lock for
 *
 * Context: process.
 */
void opvs_svc_get(struct opvs_svc *svc)
{
	refcount_inc(&svc->ref);
}

/**
 * opvs_svc_put() - drop a reference; the last one frees the service a grace
 * period later
 * @svc: service
 *
 * Context: process.
 */
void opvs_svc_put(struct opvs_svc *svc)
{
	if (!refcount_dec_and_test(&svc->ref))
		return;
	INIT_RCU_WORK(&svc->free_work, svc_free_work);
	queue_rcu_work(opvs_free_wq, &svc->free_work);
}

/**
 * opvs_svc_net_init() - a namespace's empty tables
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int opvs_svc_net_init(struct opvs_net *on)
{
	int err;

	mutex_init(&on->cfg_lock);
	xa_init_flags(&on->svc.by_id, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	INIT_LIST_HEAD(&on->svc.dests);
	INIT_LIST_HEAD(&on->svc.let_go);
	opvs_view_net_init(on);
	opvs_watch_init(on);
	opvs_policy_net_init(on);
	opvs_removed_net_init(on);
	err = opvs_totals_net_init(on);
	if (err)
		return err;
	err = opvs_svc_match_net_init(on);
	if (err)
		opvs_totals_net_exit(on);
	return err;
}

/**
 * opvs_svc_net_exit() - wait for what is being freed, then free the tables
 * @on: namespace whose services were flushed before
 *
 * Context: process, may sleep for a grace period.
 */
void opvs_svc_net_exit(struct opvs_net *on)
{
	opvs_watch_wait(on);
	opvs_policy_net_exit(on);
	opvs_svc_match_net_exit(on);
	opvs_totals_net_exit(on);
	xa_destroy(&on->svc.by_id);
	opvs_recent_free(on->svc.recent);
}
