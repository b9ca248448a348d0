// SPDX-License-Identifier: GPL-2.0-only
/*
 * A service as it would be with other servers, for questions only.
 *
 * Servers that would be other ones have stand-ins: records with the same counts,
 * which are in no table and have no statistics or routes.  While the view is
 * built, the service's list has them in place of the servers; nobody can see
 * that, as the list is read under cfg_lock.
 */
#include <opvs/what_if.h>

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/svc.h>

#include <linux/err.h>
#include <linux/netlink.h>
#include <linux/slab.h>

/**
 * opvs_what_if_new() - begin to think about changes
 * @svc: service
 *
 * Context: process, cfg_lock held, until opvs_what_if_free().
 * Return: no change yet, or NULL.
 */
struct opvs_what_if *opvs_what_if_new(struct opvs_svc *svc)
{
	struct opvs_what_if *wi;

	lockdep_assert_held(&svc->on->cfg_lock);

	wi = kvzalloc(sizeof(*wi), GFP_KERNEL_ACCOUNT);
	if (wi)
		wi->svc = svc;
	return wi;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_what_if_new);

/* The change of a server that the service has, or that was added. */
static struct opvs_stand_in *find_change(struct opvs_what_if *wi,
					 const struct opvs_dest_key *key)
{
	struct opvs_stand_in *change;

	for (change = wi->changed; change < &wi->changed[wi->num]; change++)
		if (opvs_dest_is(change->dest ?: change->instead, key))
			return change;
	return NULL;
}

static struct opvs_stand_in *new_change(struct opvs_what_if *wi,
					struct netlink_ext_ack *extack)
{
	if (wi->num < OPVS_WHAT_IF_MAX)
		return &wi->changed[wi->num];
	NL_SET_ERR_MSG(extack, "CHANGE: more than 256 servers are changed");
	return NULL;
}

static int refuse_again(struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG(extack, "CHANGE: a server is changed twice");
	return -EINVAL;
}

/* A server of the service that is not changed yet. */
static struct opvs_dest *find_dest(struct opvs_what_if *wi,
				   const struct opvs_dest_key *key,
				   struct netlink_ext_ack *extack)
{
	struct opvs_dest *dest;

	if (find_change(wi, key))
		return ERR_PTR(refuse_again(extack));
	dest = opvs_dest_find(wi->svc, key);
	if (dest)
		return dest;
	NL_SET_ERR_MSG(extack, "CHANGE: the service has no such server");
	return ERR_PTR(-ENOENT);
}

/* A server that does nothing. */
static struct opvs_dest *stand_in(struct opvs_svc *svc,
				  const struct opvs_dest_conf *conf)
{
	struct opvs_dest *dest = kzalloc(sizeof(*dest), GFP_KERNEL_ACCOUNT);

	if (!dest)
		return NULL;
	dest->svc = svc;
	dest->xmit = conf->xmit;
	dest->addr = conf->key.addr;
	dest->port = conf->key.port ?: svc->key.port;
	dest->family = conf->key.family;
	dest->weight = conf->weight;
	dest->conf = *conf;
	dest->last_weight = conf->weight;
	INIT_LIST_HEAD(&dest->list);
	return dest;
}

/* The counts are those of this moment, as all that is told. */
static void copy_counts(struct opvs_dest *instead, const struct opvs_dest *dest)
{
	instead->id = dest->id;
	instead->calls = dest->calls;
	instead->overloaded = READ_ONCE(dest->overloaded);
	instead->u_threshold = dest->u_threshold;
	instead->l_threshold = dest->l_threshold;
	atomic_set(&instead->conns, atomic_read(&dest->conns));
	atomic_set(&instead->active, atomic_read(&dest->active));
	atomic_set(&instead->persist, atomic_read(&dest->persist));
	/* It stays as long as the server, which stays as long as the lock. */
	RCU_INIT_POINTER(instead->load,
			 rcu_dereference_protected(dest->load, true));
}

/**
 * opvs_what_if_without() - the service has a server no more
 * @wi: changes
 * @key: which one
 *
 * Context: process, cfg_lock held.
 * Return: 0; -ENOENT, -EINVAL when the server is changed twice or there are too
 * many changes, and nothing has changed.
 */
int opvs_what_if_without(struct opvs_what_if *wi,
			 const struct opvs_dest_key *key,
			 struct netlink_ext_ack *extack)
{
	struct opvs_stand_in *change = new_change(wi, extack);
	struct opvs_dest *dest;

	if (!change)
		return -EINVAL;
	dest = find_dest(wi, key, extack);
	if (IS_ERR(dest))
		return PTR_ERR(dest);
	change->dest = dest;
	wi->num++;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_what_if_without);

/**
 * opvs_what_if_weight() - a server has another weight
 * @wi: changes
 * @key: which one
 * @weight: the weight
 *
 * Context: process, cfg_lock held.
 * Return: 0; -ENOENT, -EINVAL, -ERANGE, -ENOMEM, and nothing has changed.
 */
int opvs_what_if_weight(struct opvs_what_if *wi,
			const struct opvs_dest_key *key, u32 weight,
			struct netlink_ext_ack *extack)
{
	struct opvs_stand_in *change = new_change(wi, extack);
	struct opvs_dest_conf conf;
	struct opvs_dest *dest;
	int err;

	if (!change)
		return -EINVAL;
	dest = find_dest(wi, key, extack);
	if (IS_ERR(dest))
		return PTR_ERR(dest);
	conf = dest->conf;
	conf.weight = weight;
	err = opvs_dest_check_conf(wi->svc, &conf, extack);
	if (err)
		return err;
	change->instead = stand_in(wi->svc, &conf);
	if (!change->instead)
		return -ENOMEM;
	copy_counts(change->instead, dest);
	if (!weight)
		change->instead->last_weight = dest->last_weight;
	change->dest = dest;
	wi->num++;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_what_if_weight);

/**
 * opvs_what_if_with() - the service has one server more, which does nothing yet
 * @wi: changes
 * @conf: its name and configuration
 *
 * Context: process, cfg_lock held.
 * Return: 0; -EEXIST, -ENOMEM or an error of opvs_dest_check_conf(), and nothing
 * has changed.
 */
int opvs_what_if_with(struct opvs_what_if *wi,
		      const struct opvs_dest_conf *conf,
		      struct netlink_ext_ack *extack)
{
	struct opvs_stand_in *change = new_change(wi, extack);
	struct opvs_svc *svc = wi->svc;
	int err;

	if (!change)
		return -EINVAL;
	err = opvs_dest_check_conf(svc, conf, extack);
	if (err)
		return err;
	if (find_change(wi, &conf->key))
		return refuse_again(extack);
	if (opvs_dest_find(svc, &conf->key)) {
		NL_SET_ERR_MSG(extack,
			       "CHANGE: the service has a server with this address and port");
		return -EEXIST;
	}
	change->instead = stand_in(svc, conf);
	if (!change->instead)
		return -ENOMEM;
	change->instead->id = svc->last_dest_id + wi->num + 1;
	wi->num++;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_what_if_with);

/* Puts a change into the service's list; returns what was before its server. */
static struct list_head *change_apply(struct opvs_svc *svc,
				      const struct opvs_stand_in *change)
{
	struct opvs_dest *dest = change->dest;
	struct list_head *prev = dest ? dest->list.prev : NULL;

	if (!dest)
		list_add_tail(&change->instead->list, &svc->dests);
	else if (change->instead)
		list_replace(&dest->list, &change->instead->list);
	else
		list_del(&dest->list);
	svc->num_dests += !dest - !change->instead;
	return prev;
}

static void change_undo(struct opvs_svc *svc,
			const struct opvs_stand_in *change,
			struct list_head *prev)
{
	struct opvs_dest *dest = change->dest;

	if (!dest)
		list_del(&change->instead->list);
	else if (change->instead)
		list_replace(&change->instead->list, &dest->list);
	else
		list_add(&dest->list, prev);
	svc->num_dests -= !dest - !change->instead;
}

/**
 * opvs_what_if_view() - build what packets would see
 * @wi: changes; gets its view
 *
 * Context: process, cfg_lock held.
 * Return: 0; -ENOMEM or the scheduler's refusal.
 */
int opvs_what_if_view(struct opvs_what_if *wi, struct netlink_ext_ack *extack)
{
	struct opvs_svc *svc = wi->svc;
	struct list_head **prev;
	u32 i;

	lockdep_assert_held(&svc->on->cfg_lock);

	prev = kcalloc(OPVS_WHAT_IF_MAX, sizeof(*prev), GFP_KERNEL_ACCOUNT);
	if (!prev)
		return -ENOMEM;
	for (i = 0; i < wi->num; i++)
		prev[i] = change_apply(svc, &wi->changed[i]);
	wi->view = opvs_svc_view(svc, &svc->conf, extack);
	/* In the other order, so that each finds what was before it. */
	while (i > 0) {
		i--;
		change_undo(svc, &wi->changed[i], prev[i]);
	}
	kfree(prev);
	if (!IS_ERR(wi->view))
		return 0;
	i = PTR_ERR(wi->view);
	wi->view = NULL;
	return i;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_what_if_view);

/**
 * opvs_what_if_free() - forget the changes, and the view
 * @wi: changes, or NULL; no question asks about them any more
 *
 * Context: process, cfg_lock held.
 */
void opvs_what_if_free(struct opvs_what_if *wi)
{
	u32 i;

	if (!wi)
		return;
	opvs_svc_drop_view(wi->view);
	for (i = 0; i < wi->num; i++)
		kfree(wi->changed[i].instead);
	kvfree(wi);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_what_if_free);
