// SPDX-License-Identifier: GPL-2.0-only
/*
 * What packets see of a service's servers: one immutable view, which changes
 * replace.
 *
 * A view of scheduler mh takes up to a millisecond to build, with more than 255
 * servers about ten, and configurations come in bursts: a file that is restored
 * adds servers one by one.  So there is an account of what is built at once, in
 * bytes of views, which is about what building them costs.  While it is overdrawn,
 * a change that can wait does so, and those that follow are shown with it,
 * VIEW_DELAY after the first of them, or a little later on a slow machine.
 * Configuring by hand does not overdraw it, nor do small views count: without a
 * burst, what a command changed is what the next packet sees.
 *
 * That a server is added can wait, and that a weight changes which is not 0 then:
 * until it is shown, packets go where they went, and a moment before the command
 * that was right.  All else is shown when the command returns: who removes or
 * drains a server goes on to switch it off, and what a service is as a whole
 * (scheduler, engine, flags, the secret) is to be that of all its packets.
 *
 * What can fail fails in the command.  It lays the view out in memory of its own
 * context, that of its control group, and asks the scheduler; what is left is to
 * fill that memory, and cannot fail.
 *
 * Whoever reads what a view says and is no packet shows it first what waits:
 * opvs_svc_settle().
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
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sizes.h>
#include <linux/slab.h>

/* For so long packets may see servers as they were.  Nobody who looks notices,
 * and no client repeats a datagram as soon; and a thousand commands come in it.
 */
#define VIEW_DELAY	DIV_ROUND_UP(HZ, 20)

/* Where a view takes long to build, changes wait for so many times that, at most so
 * long: a machine that is slow is not to do nothing else.
 */
#define VIEW_REST	4
#define VIEW_DELAY_MAX	(HZ / 2UL)

/* What the account holds, and gets back in a second: 32 tables of mh for up to 255
 * servers, or two for more, which is a twentieth of a processor's time.
 */
#define VIEW_CREDIT	((long)SZ_1M)

/* After this nothing is owed any more: views do not get larger than that. */
#define VIEW_PATIENCE	(60UL * HZ)

/* Views up to this are not worth the account. */
#define VIEW_SMALL	SZ_4K

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
			view->member[--others] =
				(struct opvs_view_member){ .dest = dest };
			continue;
		}
		view->member[view->count].dest = dest;
		view->member[view->count].weight = weight;
		view->count++;
	}
	view->known = svc->num_dests;
}

static struct opvs_view *view_alloc(size_t size)
{
	struct opvs_view *view;

	/* Whole pages are taken in any case; more servers may follow. */
	if (size > PAGE_SIZE)
		size = PAGE_ALIGN(size);
	view = kvmalloc(size, GFP_KERNEL_ACCOUNT);
	if (view)
		view->room = size;
	return view;
}

/* Once made, it stays with the namespace. */
static int recent_start(struct opvs_net *on)
{
	if (!on->svc.recent)
		on->svc.recent = opvs_recent_new();
	return on->svc.recent ? 0 : -ENOMEM;
}

static size_t view_size(const struct opvs_svc *svc)
{
	struct opvs_view *view;

	return ALIGN(struct_size(view, member, svc->num_dests), sizeof(u64));
}

/* All that is not the scheduler's; @view->room stays. */
static void view_fill(struct opvs_view *view, const struct opvs_svc *svc,
		      const struct opvs_svc_conf *conf, u64 now, bool used)
{
	*view = (struct opvs_view){
		.ops		= conf->sched,
		.pe		= conf->pe,
		.flags		= conf->flags,
		.timeout	= conf->timeout,
		.netmask	= conf->netmask,
		.cursor		= svc->cursor,
		.hash_key	= svc->on->svc.hash_key,
		.built_at	= now,
		.stateless	= opvs_svc_conf_stateless(conf),
		.room		= view->room,
	};
	if (view->stateless) {
		view->recent = svc->on->svc.recent;
		view->used = used;
		view->drain_seconds = READ_ONCE(svc->on->settings.drain_seconds);
	}
	add_members(view, svc);
}

/* Bytes of the whole view, or the scheduler's refusal. */
static ssize_t view_bytes(const struct opvs_view *view,
			  const struct opvs_svc *svc,
			  struct netlink_ext_ack *extack)
{
	const struct opvs_view *prev;
	ssize_t priv = 0;

	prev = rcu_dereference_protected(svc->view,
					 lockdep_is_held(&svc->on->cfg_lock));
	if (view->ops->priv_size)
		priv = view->ops->priv_size(view, prev, extack);
	return priv < 0 ? priv : view_size(svc) + priv;
}

/* A view with its members, and with memory for the rest.  What depends on the time
 * is decided by @now and @used, here and by view_build().  @spare, or NULL, is
 * memory to be used if it is enough; it stays the caller's if it is not, and
 * after an error.
 */
static struct opvs_view *view_lay_out(struct opvs_svc *svc,
				      const struct opvs_svc_conf *conf,
				      u64 now, bool used,
				      struct opvs_view *spare,
				      struct netlink_ext_ack *extack)
{
	struct opvs_view *view = spare, *grown;
	ssize_t bytes;

	if (opvs_svc_conf_stateless(conf) && recent_start(svc->on))
		return ERR_PTR(-ENOMEM);
	if (!view || view->room < view_size(svc))
		view = view_alloc(view_size(svc));
	if (!view)
		return ERR_PTR(-ENOMEM);
	view_fill(view, svc, conf, now, used);
	bytes = view_bytes(view, svc, extack);
	if (bytes >= 0 && bytes <= view->room)
		return view;

	grown = ERR_PTR(bytes);
	if (bytes >= 0)
		grown = view_alloc(bytes) ?: ERR_PTR(-ENOMEM);
	if (view != spare)
		kvfree(view);
	if (!IS_ERR(grown))
		view_fill(grown, svc, conf, now, used);
	return grown;
}

/* The scheduler's part.  Fails only where the scheduler is another one than that of
 * the view before; the view is then freed.
 */
static int view_build(struct opvs_svc *svc, struct opvs_view *view)
{
	const struct opvs_view *prev;
	unsigned long began;

	prev = rcu_dereference_protected(svc->view,
					 lockdep_is_held(&svc->on->cfg_lock));
	if (view->ops->state_new) {
		view->state = state_get(svc, view->ops, prev);
		if (!view->state) {
			kvfree(view);
			return -ENOMEM;
		}
	}
	view->priv = (void *)view + view_size(svc);
	began = jiffies;
	memset(view->priv, 0, view->room - view_size(svc));
	if (view->ops->build)
		view->ops->build(view, prev);
	svc->late.took = jiffies - began;
	return 0;
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
	struct opvs_view *view;
	int err;

	lockdep_assert_held(&svc->on->cfg_lock);

	view = view_lay_out(svc, conf, get_jiffies_64(), READ_ONCE(svc->used),
			    NULL, extack);
	if (IS_ERR(view))
		return view;
	err = view_build(svc, view);
	return err ? ERR_PTR(err) : view;
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
 * @view: of opvs_svc_view(); nothing has changed since
 *
 * With it they see what waited to be shown.
 *
 * Context: process, cfg_lock held.
 */
void opvs_svc_show(struct opvs_svc *svc, struct opvs_view *view)
{
	struct opvs_view *old;

	opvs_svc_forget_late(svc);
	opvs_count_task(svc->on, VIEWS_BUILT);
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
EXPORT_SYMBOL_IF_KUNIT(opvs_svc_rebuild);

/* ---- what waits ---- */

/* May a view of so many bytes be built at once?  The account may be overdrawn by
 * one, or large ones would always wait.
 */
static bool may_build(struct opvs_net *on, size_t bytes)
{
	struct opvs_net_late *late = &on->svc.late;
	unsigned long now = jiffies;
	long idle = min(now - late->paid_at, VIEW_PATIENCE);

	if (bytes <= VIEW_SMALL)
		return true;
	late->paid_at = now;
	late->credit = min(late->credit + idle * (VIEW_CREDIT / HZ),
			   VIEW_CREDIT);
	if (late->credit <= 0)
		return false;
	late->credit -= bytes;
	return true;
}

static void begin_to_wait(struct opvs_svc *svc)
{
	unsigned long delay = clamp(VIEW_REST * svc->late.took,
				    (unsigned long)VIEW_DELAY, VIEW_DELAY_MAX);
	struct list_head *svcs = &svc->on->svc.late.svcs;
	struct opvs_svc *other;

	svc->late.due = jiffies + delay;
	list_for_each_entry_reverse(other, svcs, late.list)
		if (!time_after(other->late.due, svc->late.due))
			break;
	list_add(&svc->late.list, &other->late.list);
	if (list_is_first(&svc->late.list, svcs))
		opvs_clock_late(svc->on, delay);
}

/* The view waits, in place of one that may have waited before. */
static void wait_with(struct opvs_svc *svc, struct opvs_view *view)
{
	if (list_empty(&svc->late.list))
		begin_to_wait(svc);
	else if (svc->late.view != view)
		kvfree(svc->late.view);
	svc->late.view = view;
	svc->late.now = view->built_at;
	svc->late.used = view->used;
	opvs_count_task(svc->on, VIEWS_LATE);
}

/**
 * opvs_svc_change() - show packets soon the service's servers as they are now
 * @svc: service
 *
 * At once, unless it is one of many changes.  For changes that can wait: see the
 * head of this file.
 *
 * Context: process, cfg_lock held.
 * Return: 0; -ENOMEM or the scheduler's refusal, and packets see and will see the
 * old state, if the caller goes back to it.
 */
int opvs_svc_change(struct opvs_svc *svc, struct netlink_ext_ack *extack)
{
	struct opvs_view *view;
	int err;

	lockdep_assert_held(&svc->on->cfg_lock);

	view = view_lay_out(svc, &svc->conf, get_jiffies_64(),
			    READ_ONCE(svc->used), svc->late.view, extack);
	if (IS_ERR(view))
		return PTR_ERR(view);
	if (svc->late.view || !may_build(svc->on, view->room)) {
		wait_with(svc, view);
		return 0;
	}
	err = view_build(svc, view);
	if (!err)
		opvs_svc_show(svc, view);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_svc_change);

/**
 * opvs_svc_settle() - show packets at once what waits
 * @svc: service
 *
 * For those who read what its view says and are no packets.
 *
 * Context: process, cfg_lock held.
 */
void opvs_svc_settle(struct opvs_svc *svc)
{
	struct opvs_view *view = svc->late.view;

	lockdep_assert_held(&svc->on->cfg_lock);

	if (!view)
		return;
	/* Once more, as a command that failed may have written to it.  The servers
	 * are again those of the last one that did not, and as it was by the time
	 * of then that the memory was measured, it is enough.
	 */
	view = view_lay_out(svc, &svc->conf, svc->late.now, svc->late.used,
			    svc->late.view, NULL);
	if (view == svc->late.view)
		svc->late.view = NULL;
	if (!WARN_ON_ONCE(IS_ERR(view) || view_build(svc, view)))
		opvs_svc_show(svc, view);
	else
		opvs_svc_forget_late(svc);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_svc_settle);

/**
 * opvs_net_settle() - show packets at once what waits, of all services
 * @on: namespace
 *
 * Context: process, cfg_lock held.
 */
void opvs_net_settle(struct opvs_net *on)
{
	struct opvs_svc *svc, *next;

	lockdep_assert_held(&on->cfg_lock);

	list_for_each_entry_safe(svc, next, &on->svc.late.svcs, late.list)
		opvs_svc_settle(svc);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_net_settle);

/**
 * opvs_svc_forget_late() - nothing of a service waits to be shown any more
 * @svc: service that packets cannot find any more, or that is shown as it is
 *
 * Context: process, cfg_lock held.
 */
void opvs_svc_forget_late(struct opvs_svc *svc)
{
	lockdep_assert_held(&svc->on->cfg_lock);

	list_del_init(&svc->late.list);
	kvfree(svc->late.view);
	svc->late.view = NULL;
}

/**
 * opvs_svc_settle_due() - show what has waited long enough, of one service
 * @wait: if there is none: jiffies until the next, or MAX_JIFFY_OFFSET
 *
 * Context: process, cfg_lock held.
 * Return: was there one?
 */
bool opvs_svc_settle_due(struct opvs_net *on, unsigned long *wait)
{
	unsigned long now = jiffies;
	struct opvs_svc *svc;

	lockdep_assert_held(&on->cfg_lock);

	svc = list_first_entry_or_null(&on->svc.late.svcs, struct opvs_svc,
				       late.list);
	*wait = MAX_JIFFY_OFFSET;
	if (svc && time_before(now, svc->late.due))
		*wait = svc->late.due - now;
	if (!svc || *wait != MAX_JIFFY_OFFSET)
		return false;
	opvs_svc_settle(svc);
	return true;
}

/**
 * opvs_view_net_init() - nothing waits
 * @on: namespace
 *
 * Context: process.
 */
void opvs_view_net_init(struct opvs_net *on)
{
	INIT_LIST_HEAD(&on->svc.late.svcs);
	on->svc.late.credit = VIEW_CREDIT;
	on->svc.late.paid_at = jiffies;
}
