// SPDX-License-Identifier: GPL-2.0-only
/*
 * What packets see of a service's servers: one immutable table, built anew by
 * every change.
 */
#include <opvs/svc.h>

#include <opvs/clock.h>
#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/recent.h>

#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>

static void state_free_work(struct work_struct *work)
{
	struct opvs_sched_state *state = container_of(to_rcu_work(work),
						      struct opvs_sched_state,
						      free_work);
	struct opvs_net *on = state->on;

	state->ops->state_free(state);
	opvs_live_dec(on);
}

static void state_put(struct opvs_sched_state *state)
{
	if (state && refcount_dec_and_test(&state->ref))
		queue_rcu_work(opvs_wq, &state->free_work);
}

/* The one that packets use now, if the scheduler is still the same. */
static struct opvs_sched_state *
state_get(struct opvs_svc *svc, const struct opvs_sched_ops *ops,
	  const struct opvs_sched_table *prev)
{
	struct opvs_sched_state *state;

	if (prev && prev->ops == ops) {
		refcount_inc(&prev->state->ref);
		return prev->state;
	}
	state = ops->state_new(svc->on);
	if (!state)
		return NULL;
	state->ops = ops;
	state->on = svc->on;
	refcount_set(&state->ref, 1);
	INIT_RCU_WORK(&state->free_work, state_free_work);
	opvs_live_inc(svc->on);
	return state;
}

/**
 * opvs_svc_has_addr() - is this the address of one of a service's servers?
 * @svc: service
 * @addr: address
 *
 * Context: any, RCU read side.
 */
bool opvs_svc_has_addr(const struct opvs_svc *svc,
		       const union nf_inet_addr *addr)
{
	const struct opvs_sched_table *tbl = rcu_dereference(svc->table);
	u32 i;

	if (likely(!opvs_svc_may_have_addr(tbl, addr)))
		return false;
	for (i = 0; i < tbl->known; i++)
		if (nf_inet_addr_cmp(&tbl->member[i].dest->addr, addr))
			return true;
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_svc_has_addr);

/* A drained server keeps its place with schedulers that ask for it; and its
 * sessions, if nothing else remembers them.
 */
static void add_members(struct opvs_sched_table *tbl,
			const struct opvs_svc *svc)
{
	u32 weight, others = svc->num_dests;
	struct opvs_dest *dest;

	list_for_each_entry(dest, &svc->dests, list) {
		tbl->addrs |= opvs_svc_addr_bits(&dest->addr);
		weight = dest->conf.weight;
		if (!weight && tbl->ops->keep_drained && !tbl->stateless)
			weight = dest->last_weight;
		if (!weight && !tbl->stateless) {
			tbl->member[--others].dest = dest;
			continue;
		}
		tbl->member[tbl->count].dest = dest;
		tbl->member[tbl->count].weight = weight;
		tbl->count++;
	}
	tbl->known = svc->num_dests;
}

/* Grows the table by what the scheduler keeps for itself. */
static struct opvs_sched_table *
table_add_priv(struct opvs_sched_table *tbl,
	       const struct opvs_sched_table *prev,
	       struct netlink_ext_ack *extack)
{
	size_t size = ALIGN(struct_size(tbl, member, tbl->known), sizeof(u64));
	struct opvs_sched_table *grown;
	ssize_t priv;

	priv = tbl->ops->priv_size(tbl, prev, extack);
	if (priv < 0) {
		kvfree(tbl);
		return ERR_PTR(priv);
	}
	grown = kvzalloc(size + priv, GFP_KERNEL_ACCOUNT);
	if (grown) {
		memcpy(grown, tbl, struct_size(tbl, member, tbl->known));
		grown->priv = (void *)grown + size;
	}
	kvfree(tbl);
	return grown ?: ERR_PTR(-ENOMEM);
}

/* Once made, it stays with the namespace. */
static int recent_start(struct opvs_net *on)
{
	if (!on->svc.recent)
		on->svc.recent = opvs_recent_new();
	return on->svc.recent ? 0 : -ENOMEM;
}

static struct opvs_sched_table *table_new(struct opvs_svc *svc,
					  const struct opvs_svc_conf *conf)
{
	struct opvs_sched_table *tbl;

	tbl = kvzalloc(struct_size(tbl, member, svc->num_dests),
		       GFP_KERNEL_ACCOUNT);
	if (!tbl)
		return NULL;

	tbl->ops = conf->sched;
	tbl->pe = conf->pe;
	tbl->flags = conf->flags;
	tbl->timeout = conf->timeout;
	tbl->netmask = conf->netmask;
	tbl->cursor = svc->cursor;
	tbl->hash_key = svc->on->svc.hash_key;
	tbl->built_at = get_jiffies_64();
	tbl->stateless = opvs_svc_conf_stateless(conf);
	if (tbl->stateless) {
		tbl->recent = svc->on->svc.recent;
		tbl->used = READ_ONCE(svc->used);
		tbl->drain_seconds = READ_ONCE(svc->on->settings.drain_seconds);
	}
	add_members(tbl, svc);
	return tbl;
}

/**
 * opvs_svc_view() - what packets will see of a service
 * @svc: service
 * @conf: its configuration to be
 * @extack: says why not
 *
 * Context: process, cfg_lock held.
 * Return: a table for opvs_svc_show() or opvs_svc_drop_view(); ERR_PTR: -ENOMEM,
 * or the scheduler's refusal.
 */
struct opvs_sched_table *opvs_svc_view(struct opvs_svc *svc,
				       const struct opvs_svc_conf *conf,
				       struct netlink_ext_ack *extack)
{
	const struct opvs_sched_ops *ops = conf->sched;
	struct opvs_sched_table *tbl, *prev;

	prev = rcu_dereference_protected(svc->table,
					 lockdep_is_held(&svc->on->cfg_lock));
	if (opvs_svc_conf_stateless(conf) && recent_start(svc->on))
		return ERR_PTR(-ENOMEM);
	tbl = table_new(svc, conf);
	if (!tbl)
		return ERR_PTR(-ENOMEM);

	if (ops->priv_size) {
		tbl = table_add_priv(tbl, prev, extack);
		if (IS_ERR(tbl))
			return tbl;
	}
	if (ops->state_new) {
		tbl->state = state_get(svc, ops, prev);
		if (!tbl->state) {
			kvfree(tbl);
			return ERR_PTR(-ENOMEM);
		}
	}
	if (ops->build)
		ops->build(tbl, prev);
	return tbl;
}

/**
 * opvs_svc_drop_view() - free a table that packets do not see
 * @tbl: of opvs_svc_view(), or NULL
 *
 * Context: process.
 */
void opvs_svc_drop_view(struct opvs_sched_table *tbl)
{
	if (!tbl)
		return;
	state_put(tbl->state);
	kvfree(tbl);
}

/* Something that drained does so no longer.  The exceptions that were made
 * meanwhile are ended when no packet sees the old table: see net/clock/drain.c.
 */
static void drain_over(struct opvs_net *on)
{
	on->clock.drain_rcu = start_poll_synchronize_rcu();
	on->clock.drain_over = true;
	opvs_clock_drain(on);
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
	if (tbl->drains)
		opvs_clock_drain(svc->on);
	else if (old && old->drains)
		drain_over(svc->on);
	if (old) {
		state_put(old->state);
		kvfree_rcu(old, rcu);
	}
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
