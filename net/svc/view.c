// SPDX-License-Identifier: GPL-2.0-only
/*
 * What packets see of a service's servers: one immutable table, built anew by
 * every change.
 */
#include <opvs/svc.h>

#include <opvs/dest.h>
#include <opvs/netns.h>

#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>

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

/**
 * opvs_svc_view() - what packets will see of a service
 * @svc: service
 * @conf: its configuration to be
 * @extack: says why not
 *
 * Context: process, cfg_lock held.
 * Return: a table for opvs_svc_show(); ERR_PTR: -ENOMEM, or the scheduler's
 * refusal.
 */
struct opvs_sched_table *opvs_svc_view(struct opvs_svc *svc,
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
	tbl->timeout = conf->timeout;
	tbl->netmask = conf->netmask;
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

/**
 * opvs_svc_show() - let packets see it
 * @svc: service
 * @tbl: of opvs_svc_view()
 *
 * Context: process, cfg_lock held.
 */
void opvs_svc_show(struct opvs_svc *svc, struct opvs_sched_table *tbl)
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

	tbl = opvs_svc_view(svc, &svc->conf, extack);
	if (IS_ERR(tbl))
		return PTR_ERR(tbl);
	opvs_svc_show(svc, tbl);
	return 0;
}
