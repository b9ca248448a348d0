// SPDX-License-Identifier: GPL-2.0-only
/*
 * Removed servers: those whose last connection is gone are let go, and the
 * connections of those that shall not wait are ended.  net/svc/removed.c tells
 * what is kept until then, and how it is taken up again.
 */
#include "work.h"

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/netns.h>
#include <opvs/svc.h>

#include <linux/llist.h>
#include <linux/mutex.h>

/**
 * opvs_idle_work() - let go of removed servers without connections
 *
 * Context: process.
 */
void opvs_idle_work(struct work_struct *work)
{
	struct opvs_net *on = container_of(work, struct opvs_net, clock.idle);
	struct opvs_dest *dest, *next;
	struct llist_node *list;

	list = llist_del_all(&on->removed.idle);
	mutex_lock(&on->cfg_lock);
	llist_for_each_entry_safe(dest, next, list, idle)
		opvs_removed_release(dest);
	mutex_unlock(&on->cfg_lock);
}

static bool is_orphan(const struct opvs_conn *cp)
{
	return READ_ONCE(cp->dest->removed) && !opvs_conn_is_bypass(cp);
}

/**
 * opvs_orphan_work() - end the connections of removed servers
 *
 * As IPVS does it with expire_nodest_conn: no connection waits for its next
 * packet, or for its server's return.
 *
 * Context: process.
 */
void opvs_orphan_work(struct work_struct *work)
{
	struct opvs_net *on = container_of(work, struct opvs_net,
					   clock.orphans);

	opvs_conn_end_where(on, is_orphan);
}
