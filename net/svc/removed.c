// SPDX-License-Identifier: GPL-2.0-only
/*
 * Removed servers and services whose connections go on.
 *
 * A server that is removed while it has connections may come back - keepalived
 * does that whenever a check fails and succeeds again - and its connections are
 * then to be served as before.  So it waits, with its service if that was
 * removed, too, and is taken up again when the same one is added.
 *
 * Nothing polls for the end of the wait: the last connection says when it goes.
 * It may do so in softirq, so it leaves the server in a lock-free list, and a
 * work lets go of it.  The list's bit stays set in a server that is let go, so
 * that nothing can queue it afterwards.
 *
 * A service is found here from its removal until it is taken up again or until
 * the last of its removed servers is let go.  So it cannot be dead already; and
 * as adding one of its name takes it up, there is but one of each name.
 */
#include <opvs/svc.h>

#include <opvs/clock.h>
#include <opvs/dest.h>
#include <opvs/netns.h>

#include <linux/bitops.h>
#include <linux/jhash.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/string.h>

static struct hlist_head *removed_bucket(struct opvs_net *on,
					 const struct opvs_svc_key *key)
{
	u32 hash = jhash(key, sizeof(*key), 0);

	return &on->removed.svcs[hash % ARRAY_SIZE(on->removed.svcs)];
}

/**
 * opvs_removed_idle() - a removed server's last connection is gone
 * @dest: server; the caller holds a reference
 *
 * Context: any.
 */
void opvs_removed_idle(struct opvs_dest *dest)
{
	struct opvs_net *on = dest->svc->on;

	if (test_and_set_bit(0, &dest->idle_queued))
		return;
	if (llist_add(&dest->idle, &on->removed.idle))
		opvs_clock_idle(on);
}

/* Its service stays in memory as long as cfg_lock is held: see dest_free_work(). */
static void let_go(struct opvs_dest *dest)
{
	struct opvs_svc *svc = dest->svc;

	opvs_dest_kill(dest);
	if (list_empty(&svc->removed_dests))
		hlist_del_init(&svc->removed_node);
}

/**
 * opvs_removed_release() - let go of a server if nothing keeps it
 * @dest: server that opvs_removed_idle() queued, taken out of the queue
 *
 * Context: process, cfg_lock held.
 */
void opvs_removed_release(struct opvs_dest *dest)
{
	lockdep_assert_held(&dest->svc->on->cfg_lock);

	if (READ_ONCE(dest->removed) && !opvs_dest_in_use(dest)) {
		let_go(dest);
		return;
	}
	clear_bit(0, &dest->idle_queued);
	/* A connection that went meanwhile saw the bit and left it to us. */
	smp_mb__after_atomic();
	if (READ_ONCE(dest->removed) && !opvs_dest_in_use(dest))
		opvs_removed_idle(dest);
}

/**
 * opvs_removed_add_dest() - keep a server until its connections are gone
 * @dest: server that no new packet is led to
 *
 * Context: process, cfg_lock held.
 */
void opvs_removed_add_dest(struct opvs_dest *dest)
{
	struct opvs_svc *svc = dest->svc;

	lockdep_assert_held(&svc->on->cfg_lock);

	list_add_tail(&dest->list, &svc->removed_dests);
	WRITE_ONCE(dest->removed, true);
	/* Either we see that the last connection is gone, or it sees us.  And
	 * either we, and all that look after us under cfg_lock, see one that
	 * begins, or it sees us and does not begin: a server that is let go
	 * has none and gets none.
	 */
	smp_mb();
	if (!opvs_dest_in_use(dest))
		opvs_removed_idle(dest);
	else if (READ_ONCE(svc->on->settings.expire_nodest_conn))
		opvs_clock_orphans(svc->on);
}

/**
 * opvs_removed_take_dest() - take up a removed server again
 * @svc: its service
 * @key: address and port; port 0 names the service's port
 *
 * Context: process, cfg_lock held.
 * Return: a server that the caller must link or give back by
 * opvs_removed_add_dest(); NULL when there is none of this name.
 */
struct opvs_dest *opvs_removed_take_dest(struct opvs_svc *svc,
					 const struct opvs_dest_key *key)
{
	struct opvs_dest *dest;

	lockdep_assert_held(&svc->on->cfg_lock);

	list_for_each_entry(dest, &svc->removed_dests, list) {
		if (!opvs_dest_is(dest, key))
			continue;
		list_del_init(&dest->list);
		return dest;
	}
	return NULL;
}

/**
 * opvs_removed_add_svc() - keep a service while removed servers of it are kept
 * @svc: service that no packet can find
 *
 * These hold references to it.
 *
 * Context: process, cfg_lock held.
 */
void opvs_removed_add_svc(struct opvs_svc *svc)
{
	struct opvs_net *on = svc->on;

	lockdep_assert_held(&on->cfg_lock);

	if (!list_empty(&svc->removed_dests))
		hlist_add_head(&svc->removed_node,
			       removed_bucket(on, &svc->key));
}

/**
 * opvs_removed_take_svc() - take up a removed service again
 * @key: its name
 *
 * Context: process, cfg_lock held.
 * Return: a service with a reference for the caller, or NULL.
 */
struct opvs_svc *opvs_removed_take_svc(struct opvs_net *on,
				       const struct opvs_svc_key *key)
{
	struct opvs_svc *svc;

	lockdep_assert_held(&on->cfg_lock);

	hlist_for_each_entry(svc, removed_bucket(on, key), removed_node) {
		if (memcmp(&svc->key, key, sizeof(*key)))
			continue;
		hlist_del_init(&svc->removed_node);
		opvs_svc_get(svc);
		return svc;
	}
	return NULL;
}

/**
 * opvs_removed_net_init() - nothing was removed yet
 * @on: namespace, zeroed
 *
 * Context: process.
 */
void opvs_removed_net_init(struct opvs_net *on)
{
	init_llist_head(&on->removed.idle);
}
