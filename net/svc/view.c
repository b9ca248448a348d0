// SPDX-License-Identifier: GPL-2.0-only
/*
 * What packets see of a service's servers: one immutable view, built anew by
 * every change.
 */
#include <opvs/svc.h>

#include <opvs/clock.h>
#include <opvs/dest.h>
#include <opvs/event.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/recent.h>

#include <linux/bitops.h>
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
		queue_rcu_work(opvs_free_wq, &state->free_work);
}

/* The one that packets use now, if the scheduler is still the same. */
static struct opvs_sched_state *
state_get(struct opvs_svc *svc, const struct opvs_sched_ops *ops,
	  const struct opvs_view *prev)
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
	const struct opvs_view *view = rcu_dereference(svc->view);
	u32 i;

	if (likely(!opvs_svc_may_have_addr(view, addr)))
		return false;
	for (i = 0; i < view->known; i++)
		if (nf_inet_addr_cmp(&view->member[i].dest->addr, addr))
			return true;
	return false;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_svc_has_addr);

/* A drained server keeps its place with schedulers that ask for it; and its
 * sessions, if nothing else remembers them.
 */
static void add_members(struct opvs_view *view,
			const struct opvs_svc *svc)
{
	u32 weight, others = svc->num_dests;
	struct opvs_dest *dest;

	list_for_each_entry(dest, &svc->dests, list) {
		__set_bit(opvs_svc_addr_bit(&dest->addr), view->addrs);
		weight = dest->conf.weight;
		if (!weight && view->ops->keep_drained && !view->stateless)
			weight = dest->last_weight;
		if (!weight && !view->stateless) {
			view->member[--others].dest = dest;
			continue;
		}
		view->member[view->count].dest = dest;
		view->member[view->count].weight = weight;
		view->count++;
	}
	view->known = svc->num_dests;
}

/* Grows the view by what the scheduler keeps for itself. */
static struct opvs_view *
view_add_priv(struct opvs_view *view,
	      const struct opvs_view *prev,
	      struct netlink_ext_ack *extack)
{
	size_t size = ALIGN(struct_size(view, member, view->known), sizeof(u64));
	struct opvs_view *grown;
	ssize_t priv;

	priv = view->ops->priv_size(view, prev, extack);
	if (priv < 0) {
		kvfree(view);
		return ERR_PTR(priv);
	}
	grown = kvzalloc(size + priv, GFP_KERNEL_ACCOUNT);
	if (grown) {
		memcpy(grown, view, struct_size(view, member, view->known));
		grown->priv = (void *)grown + size;
	}
	kvfree(view);
	return grown ?: ERR_PTR(-ENOMEM);
}

/* Once made, it stays with the namespace. */
static int recent_start(struct opvs_net *on)
{
	if (!on->svc.recent)
		on->svc.recent = opvs_recent_new();
	return on->svc.recent ? 0 : -ENOMEM;
}

static struct opvs_view *view_new(struct opvs_svc *svc,
				  const struct opvs_svc_conf *conf)
{
	struct opvs_view *view;

	view = kvzalloc(struct_size(view, member, svc->num_dests),
			GFP_KERNEL_ACCOUNT);
	if (!view)
		return NULL;

	view->ops = conf->sched;
	view->pe = conf->pe;
	view->flags = conf->flags;
	view->timeout = conf->timeout;
	view->netmask = conf->netmask;
	view->cursor = svc->cursor;
	view->hash_key = svc->on->svc.hash_key;
	view->built_at = get_jiffies_64();
	view->stateless = opvs_svc_conf_stateless(conf);
	if (view->stateless) {
		view->recent = svc->on->svc.recent;
		view->used = READ_ONCE(svc->used);
		view->drain_seconds = READ_ONCE(svc->on->settings.drain_seconds);
	}
	add_members(view, svc);
	return view;
}

/**
 * opvs_svc_view() - what packets will see of a service
 * @svc: service
 * @conf: its configuration to be
 *
 * Context: process, cfg_lock held.
 * Return: a view for opvs_svc_show() or opvs_svc_drop_view(); ERR_PTR: -ENOMEM,
 * or the scheduler's refusal.
 */
struct opvs_view *opvs_svc_view(struct opvs_svc *svc,
				const struct opvs_svc_conf *conf,
				struct netlink_ext_ack *extack)
{
	const struct opvs_sched_ops *ops = conf->sched;
	struct opvs_view *view, *prev;

	prev = rcu_dereference_protected(svc->view,
					 lockdep_is_held(&svc->on->cfg_lock));
	if (opvs_svc_conf_stateless(conf) && recent_start(svc->on))
		return ERR_PTR(-ENOMEM);
	view = view_new(svc, conf);
	if (!view)
		return ERR_PTR(-ENOMEM);

	if (ops->priv_size) {
		view = view_add_priv(view, prev, extack);
		if (IS_ERR(view))
			return view;
	}
	if (ops->state_new) {
		view->state = state_get(svc, ops, prev);
		if (!view->state) {
			kvfree(view);
			return ERR_PTR(-ENOMEM);
		}
	}
	if (ops->build)
		ops->build(view, prev);
	return view;
}

/**
 * opvs_svc_drop_view() - free a view that packets do not see
 * @view: of opvs_svc_view(), or NULL
 *
 * Context: process.
 */
void opvs_svc_drop_view(struct opvs_view *view)
{
	if (!view)
		return;
	state_put(view->state);
	kvfree(view);
}

/* Something that drained does so no longer.  The exceptions that were made
 * meanwhile are ended when no packet sees the old view: see net/clock/drain.c.
 */
static void drain_over(struct opvs_net *on)
{
	on->clock.drain_rcu = start_poll_synchronize_rcu();
	on->clock.drain_over = true;
	opvs_clock_drain(on);
}

/* A service that is only being made has no events yet. */
static void tell_drain(struct opvs_svc *svc, bool drained, bool drains)
{
	if (drained == drains || xa_load(&svc->on->svc.by_id, svc->id) != svc)
		return;
	opvs_event_svc(svc, drains ? OPVS_CMD_DRAIN_BEGUN : OPVS_CMD_DRAIN_ENDED);
}

/**
 * opvs_svc_show() - let packets see it
 * @svc: service
 * @view: of opvs_svc_view()
 *
 * Context: process, cfg_lock held.
 */
void opvs_svc_show(struct opvs_svc *svc, struct opvs_view *view)
{
	struct opvs_view *old;

	old = rcu_replace_pointer(svc->view, view,
				  lockdep_is_held(&svc->on->cfg_lock));
	if (view->drains)
		opvs_clock_drain(svc->on);
	else if (old && old->drains)
		drain_over(svc->on);
	tell_drain(svc, old && old->drains, view->drains);
	if (old) {
		state_put(old->state);
		kvfree_rcu(old, rcu);
	}
}

/**
 * opvs_svc_rebuild() - show packets the service's servers as they are now
 * @svc: service
 *
 * Context: process, cfg_lock held.
 * Return: 0; -ENOMEM or the scheduler's refusal, and packets see the old state.
 */
int opvs_svc_rebuild(struct opvs_svc *svc, struct netlink_ext_ack *extack)
{
	struct opvs_view *view;

	lockdep_assert_held(&svc->on->cfg_lock);

	view = opvs_svc_view(svc, &svc->conf, extack);
	if (IS_ERR(view))
		return PTR_ERR(view);
	opvs_svc_show(svc, view);
	return 0;
}
