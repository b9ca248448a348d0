// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtual services.
 *
 * A service is found by packets in a hash table and by the control plane in
 * order of addition.  What packets see of its servers is one immutable table,
 * rebuilt and republished by every change: a packet sees the state before or
 * after a change, never between.
 *
 * Removal is two-phase.  Unlinked under cfg_lock, a service stays in memory
 * until its servers are gone, and each of these until no connection refers to
 * it and a grace period has passed; a flush of any size shares grace periods.
 */
#include <opvs/svc.h>

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>

#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/overflow.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>

struct workqueue_struct *opvs_wq;

static const struct rhashtable_params svc_params = {
	.head_offset		= offsetof(struct opvs_svc, node),
	.key_offset		= offsetof(struct opvs_svc, key),
	.key_len		= sizeof_field(struct opvs_svc, key),
	.automatic_shrinking	= true,
};

/* Hashed and compared as raw bytes. */
static_assert(sizeof(struct opvs_svc_key) == 20);

/**
 * opvs_live_inc() - note an object that the namespace's exit must wait for
 * @on: namespace
 *
 * Context: process.
 */
void opvs_live_inc(struct opvs_net *on)
{
	atomic_inc(&on->live);
}

/**
 * opvs_live_dec() - the object is gone; nothing of it may be touched after
 * @on: namespace
 *
 * Context: process.
 */
void opvs_live_dec(struct opvs_net *on)
{
	if (atomic_dec_and_test(&on->live))
		wake_up_var(&on->live);
}

/* A drained server keeps its place with schedulers that ask for it. */
static u32 member_weight(const struct opvs_sched_ops *ops,
			 const struct opvs_dest *dest)
{
	if (!dest->conf.weight && ops->keep_drained)
		return dest->last_weight;
	return dest->conf.weight;
}

/* Grows the table by what the scheduler keeps for itself. */
static struct opvs_sched_table *
table_add_priv(struct opvs_sched_table *tbl, struct netlink_ext_ack *extack)
{
	size_t size = ALIGN(struct_size(tbl, member, tbl->count), sizeof(u64));
	struct opvs_sched_table *grown;
	ssize_t priv;

	priv = tbl->ops->priv_size(tbl, extack);
	if (priv < 0) {
		kvfree(tbl);
		return ERR_PTR(priv);
	}
	grown = kvzalloc(size + priv, GFP_KERNEL);
	if (grown) {
		memcpy(grown, tbl, struct_size(tbl, member, tbl->count));
		grown->priv = (void *)grown + size;
	}
	kvfree(tbl);
	return grown ?: ERR_PTR(-ENOMEM);
}

/* What packets will see of the service once @conf holds. */
static struct opvs_sched_table *table_build(struct opvs_svc *svc,
					    const struct opvs_svc_conf *conf,
					    struct netlink_ext_ack *extack)
{
	struct opvs_sched_table *tbl;
	struct opvs_dest *dest;
	u32 weight;

	tbl = kvzalloc(struct_size(tbl, member, svc->num_dests), GFP_KERNEL);
	if (!tbl)
		return ERR_PTR(-ENOMEM);

	tbl->ops = conf->sched;
	tbl->pe = conf->pe;
	tbl->flags = conf->flags;
	tbl->cursor = svc->cursor;
	list_for_each_entry(dest, &svc->dests, list) {
		weight = member_weight(conf->sched, dest);
		if (!weight)
			continue;
		tbl->member[tbl->count].dest = dest;
		tbl->member[tbl->count].weight = weight;
		tbl->count++;
	}

	if (conf->sched->priv_size) {
		tbl = table_add_priv(tbl, extack);
		if (IS_ERR(tbl))
			return tbl;
	}
	if (conf->sched->build)
		conf->sched->build(tbl, &svc->on->hash_key);
	return tbl;
}

static void table_publish(struct opvs_svc *svc, struct opvs_sched_table *tbl)
{
	struct opvs_sched_table *old;

	old = rcu_replace_pointer(svc->table, tbl,
				  lockdep_is_held(&svc->on->cfg_lock));
	if (old)
		kvfree_rcu(old, rcu);
}

/**
 * opvs_svc_rebuild() - show packets the service's servers as they are now
 * @svc: service
 * @extack: says why not
 *
 * Context: process, cfg_lock held.
 * Return: 0; -ENOMEM or the scheduler's refusal, and packets see the old state.
 */
int opvs_svc_rebuild(struct opvs_svc *svc, struct netlink_ext_ack *extack)
{
	struct opvs_sched_table *tbl;

	lockdep_assert_held(&svc->on->cfg_lock);

	tbl = table_build(svc, &svc->conf, extack);
	if (IS_ERR(tbl))
		return PTR_ERR(tbl);
	table_publish(svc, tbl);
	return 0;
}

static int conf_check(const struct opvs_svc_conf *conf,
		      struct netlink_ext_ack *extack)
{
	if (conf->key.proto != IPPROTO_UDP) {
		NL_SET_ERR_MSG(extack, "only UDP services are supported");
		return -EPROTONOSUPPORT;
	}
	if (!conf->key.port) {
		NL_SET_ERR_MSG(extack, "port 0: services for all ports are not supported");
		return -EOPNOTSUPP;
	}
	if (!(conf->flags & IP_VS_SVC_F_ONEPACKET)) {
		NL_SET_ERR_MSG(extack, "only one-packet services are supported (ipvsadm -o)");
		return -EOPNOTSUPP;
	}
	if (conf->flags & IP_VS_SVC_F_PERSISTENT) {
		NL_SET_ERR_MSG(extack, "persistence templates are not supported");
		return -EOPNOTSUPP;
	}
	if (conf->pe && !conf->sched->hashes) {
		NL_SET_ERR_MSG(extack, "a persistence engine needs scheduler mh");
		return -EOPNOTSUPP;
	}
	if (conf->key.family == NFPROTO_IPV6 &&
	    ((__force u32)conf->netmask < 1 ||
	     (__force u32)conf->netmask > 128)) {
		NL_SET_ERR_MSG(extack, "netmask: IPv6 prefix length must be 1 to 128");
		return -EINVAL;
	}
	return 0;
}

static void svc_free(struct opvs_svc *svc)
{
	free_percpu(svc->cursor);
	kfree(svc);
}

static struct opvs_svc *svc_alloc(struct opvs_net *on,
				  const struct opvs_svc_conf *conf,
				  struct netlink_ext_ack *extack)
{
	struct opvs_sched_table *tbl;
	struct opvs_svc *svc;
	int cpu;

	svc = kzalloc(sizeof(*svc), GFP_KERNEL);
	if (!svc)
		return ERR_PTR(-ENOMEM);

	svc->key = conf->key;
	svc->conf = *conf;
	svc->on = on;
	INIT_LIST_HEAD(&svc->dests);
	refcount_set(&svc->ref, 1);
	svc->cursor = alloc_percpu(u32);
	if (!svc->cursor) {
		svc_free(svc);
		return ERR_PTR(-ENOMEM);
	}
	/* CPUs start apart, or the first server gets one packet from each. */
	for_each_possible_cpu(cpu)
		per_cpu(*svc->cursor, cpu) = cpu;

	tbl = table_build(svc, conf, extack);
	if (IS_ERR(tbl)) {
		svc_free(svc);
		return ERR_CAST(tbl);
	}
	RCU_INIT_POINTER(svc->table, tbl);
	return svc;
}

/* Makes the service visible: from here on packets can find it. */
static int svc_link(struct opvs_net *on, struct opvs_svc *svc)
{
	int err;

	err = xa_alloc_cyclic(&on->services, &svc->id, svc,
			      XA_LIMIT(1, U32_MAX), &on->next_id, GFP_KERNEL);
	if (err < 0)
		return err;

	err = rhashtable_insert_fast(&on->svc_table, &svc->node, svc_params);
	if (err)
		xa_erase(&on->services, svc->id);
	return err;
}

/**
 * opvs_svc_add() - add a virtual service
 * @on: namespace
 * @conf: its name and configuration; copied
 * @extack: says what is wrong
 *
 * The namespace's first service of a family switches the family on.
 *
 * Context: process, cfg_lock held.
 * Return: 0; -EEXIST; -EPROTONOSUPPORT or -EOPNOTSUPP for what is not built;
 * -EINVAL; -ENOMEM; an error of opvs_svc_events.family_up.  Nothing has
 * changed after an error.
 */
int opvs_svc_add(struct opvs_net *on, const struct opvs_svc_conf *conf,
		 struct netlink_ext_ack *extack)
{
	u32 *num = &on->num_svcs[opvs_family(conf->key.family)];
	struct opvs_svc *svc;
	int err;

	lockdep_assert_held(&on->cfg_lock);

	err = conf_check(conf, extack);
	if (err)
		return err;
	if (opvs_svc_find(on, &conf->key)) {
		NL_SET_ERR_MSG(extack, "a service with this address, port and protocol exists");
		return -EEXIST;
	}

	svc = svc_alloc(on, conf, extack);
	if (IS_ERR(svc))
		return PTR_ERR(svc);
	if (!*num) {
		err = on->events->family_up(on, conf->key.family);
		if (err)
			goto err_free;
	}
	err = svc_link(on, svc);
	if (err)
		goto err_down;

	++*num;
	opvs_live_inc(on);
	opvs_est_start(on);
	return 0;

err_down:
	if (!*num)
		on->events->family_down(on, conf->key.family);
err_free:
	kvfree(rcu_dereference_protected(svc->table, true));
	svc_free(svc);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_svc_add);

/**
 * opvs_svc_edit() - change a service's scheduler, engine, flags, persistence
 * @svc: service
 * @conf: new configuration; its key is the service's own
 * @extack: says what is wrong
 *
 * Context: process, cfg_lock held.
 * Return: 0, or an error as of opvs_svc_add() and nothing has changed.
 */
int opvs_svc_edit(struct opvs_svc *svc, const struct opvs_svc_conf *conf,
		  struct netlink_ext_ack *extack)
{
	struct opvs_sched_table *tbl;
	int err;

	lockdep_assert_held(&svc->on->cfg_lock);

	err = conf_check(conf, extack);
	if (err)
		return err;
	tbl = table_build(svc, conf, extack);
	if (IS_ERR(tbl))
		return PTR_ERR(tbl);

	svc->conf = *conf;
	table_publish(svc, tbl);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_svc_edit);

/**
 * opvs_svc_del() - remove a service and its servers
 * @svc: service; not to be touched by the caller any more
 *
 * Packets that found it before finish with it.  The last service of a family
 * switches the family off.
 *
 * Context: process, cfg_lock held.  Does not wait for a grace period.
 */
void opvs_svc_del(struct opvs_svc *svc)
{
	struct opvs_net *on = svc->on;
	u8 family = svc->key.family;
	struct opvs_dest *dest, *tmp;

	lockdep_assert_held(&on->cfg_lock);

	rhashtable_remove_fast(&on->svc_table, &svc->node, svc_params);
	xa_erase(&on->services, svc->id);
	list_for_each_entry_safe(dest, tmp, &svc->dests, list)
		opvs_dest_unlink(dest);
	opvs_totals_retire_svc(svc);
	opvs_svc_put(svc);

	if (!--on->num_svcs[opvs_family(family)])
		on->events->family_down(on, family);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_svc_del);

/**
 * opvs_svc_flush() - remove all services of a namespace
 * @on: namespace
 *
 * Context: process, cfg_lock held.
 */
void opvs_svc_flush(struct opvs_net *on)
{
	struct opvs_svc *svc;
	unsigned long id;

	lockdep_assert_held(&on->cfg_lock);

	xa_for_each(&on->services, id, svc)
		opvs_svc_del(svc);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_svc_flush);

/**
 * opvs_svc_next() - walk the services in order of addition
 * @on: namespace
 * @id: cursor: start with 0; holds the id of the service returned, and the
 *	next call goes on behind it, also when that service is gone by then
 *
 * Context: process, cfg_lock held.
 * Return: a service, valid while cfg_lock is held, or NULL at the end.
 */
struct opvs_svc *opvs_svc_next(struct opvs_net *on, unsigned long *id)
{
	lockdep_assert_held(&on->cfg_lock);

	return xa_find_after(&on->services, id, ULONG_MAX, XA_PRESENT);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_svc_next);

/**
 * opvs_svc_find() - look up a service by its name
 * @on: namespace
 * @key: all bytes set
 *
 * Context: any, RCU read side or cfg_lock held.
 * Return: the service, valid as long as that is held, or NULL.
 */
struct opvs_svc *opvs_svc_find(struct opvs_net *on,
			       const struct opvs_svc_key *key)
{
	struct opvs_svc *svc;

	rcu_read_lock();
	svc = rhashtable_lookup(&on->svc_table, key, svc_params);
	rcu_read_unlock();
	return svc;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_svc_find);

static void svc_free_work(struct work_struct *work)
{
	struct opvs_svc *svc = container_of(to_rcu_work(work), struct opvs_svc,
					    free_work);
	struct opvs_net *on = svc->on;

	mutex_lock(&on->cfg_lock);
	opvs_totals_retire_svc(svc);
	mutex_unlock(&on->cfg_lock);

	/* Nobody can find the table since a grace period ago. */
	kvfree(rcu_dereference_protected(svc->table, true));
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
	queue_rcu_work(opvs_wq, &svc->free_work);
}

/**
 * opvs_svc_net_init() - a namespace's empty tables
 * @on: namespace
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int opvs_svc_net_init(struct opvs_net *on)
{
	mutex_init(&on->cfg_lock);
	xa_init_flags(&on->services, XA_FLAGS_ALLOC1);
	INIT_DELAYED_WORK(&on->est_work, opvs_est_work);
	return rhashtable_init(&on->svc_table, &svc_params);
}

/**
 * opvs_svc_net_exit() - wait for what is being freed, then free the tables
 * @on: namespace whose services were flushed before
 *
 * Context: process, may sleep for a grace period.
 */
void opvs_svc_net_exit(struct opvs_net *on)
{
	wait_var_event(&on->live, !atomic_read(&on->live));
	rhashtable_destroy(&on->svc_table);
	xa_destroy(&on->services);
}

/**
 * opvs_svc_init() - what services of all namespaces share
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int opvs_svc_init(void)
{
	opvs_wq = alloc_workqueue("opvs", WQ_UNBOUND, 0);
	return opvs_wq ? 0 : -ENOMEM;
}

/**
 * opvs_svc_exit() - undo opvs_svc_init(); all namespaces are gone
 *
 * Context: process.
 */
void opvs_svc_exit(void)
{
	destroy_workqueue(opvs_wq);
}
