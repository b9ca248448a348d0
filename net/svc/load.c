// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls of one-packet servers: which packets count, and what that does to a
 * server's threshold.  How calls are estimated is told in net/lib/load.c.
 */
#include <opvs/dest.h>

#include <opvs/clock.h>
#include <opvs/kunit.h>
#include <opvs/load.h>
#include <opvs/netns.h>
#include <opvs/svc.h>

#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/sched.h>

/**
 * opvs_dest_load_note() - a packet that no template counts goes to a server
 * @dest: server
 * @hash: of what tells its call from others; 0: nothing does
 *
 * Context: softirq or BH disabled, RCU read side.
 */
void opvs_dest_load_note(struct opvs_dest *dest, u64 hash)
{
	struct opvs_load *load = rcu_dereference(dest->load);

	if (unlikely(!hash || !load))
		return;
	if (unlikely(opvs_load_mark(load, hash, jiffies)) &&
	    READ_ONCE(dest->u_threshold))
		opvs_dest_update_overload(dest);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_dest_load_note);

static struct opvs_load *load_of(const struct opvs_dest *dest)
{
	return rcu_dereference_protected(dest->load,
			lockdep_is_held(&dest->svc->on->cfg_lock));
}

/**
 * opvs_dest_load_start() - estimate a server's calls from now on
 * @dest: server
 *
 * Begins with none.
 *
 * Context: process, cfg_lock held.  May reschedule.
 * Return: 0 or -ENOMEM.
 */
int opvs_dest_load_start(struct opvs_dest *dest)
{
	struct opvs_net *on = dest->svc->on;
	struct opvs_load *load = load_of(dest);

	lockdep_assert_held(&on->cfg_lock);

	if (!load)
		load = opvs_load_new();
	if (!load)
		return -ENOMEM;
	opvs_load_clear(load, READ_ONCE(on->settings.load_seconds));
	/* Packets must see it cleared. */
	rcu_assign_pointer(dest->load, load);
	opvs_clock_load(on);
	/* A service may have thousands of servers, and this is 15 KB of each. */
	cond_resched();
	return 0;
}

/* All servers of a service are counted in the same way. */
static bool estimates(struct opvs_svc *svc)
{
	struct opvs_dest *dest;

	dest = list_first_entry_or_null(&svc->dests, struct opvs_dest, list);
	return dest && dest->calls == OPVS_CALLS_ESTIMATED;
}

/**
 * opvs_svc_load_sweep() - forget the calls of a service's servers that are over
 * @svc: service
 *
 * Context: process, cfg_lock held.  May reschedule.
 * Return: true if calls are estimated there.
 */
bool opvs_svc_load_sweep(struct opvs_svc *svc)
{
	struct opvs_dest *dest;

	lockdep_assert_held(&svc->on->cfg_lock);

	if (!estimates(svc))
		return false;
	list_for_each_entry(dest, &svc->dests, list) {
		opvs_load_sweep(load_of(dest), jiffies);
		opvs_dest_update_overload(dest);
		cond_resched();
	}
	return true;
}

/**
 * opvs_net_load_forget() - estimate the calls of all servers anew
 * @on: namespace whose load_seconds has changed
 *
 * Context: process, cfg_lock held.  May reschedule.
 */
void opvs_net_load_forget(struct opvs_net *on)
{
	u32 seconds = READ_ONCE(on->settings.load_seconds);
	struct opvs_dest *dest;
	struct opvs_svc *svc;
	unsigned long id = 0;

	lockdep_assert_held(&on->cfg_lock);

	while ((svc = opvs_svc_next(on, &id))) {
		if (!estimates(svc))
			continue;
		list_for_each_entry(dest, &svc->dests, list) {
			opvs_load_clear(load_of(dest), seconds);
			opvs_dest_update_overload(dest);
			cond_resched();
		}
	}
}
EXPORT_SYMBOL_IF_KUNIT(opvs_net_load_forget);
