// SPDX-License-Identifier: GPL-2.0-only
/* The objects that a command needs are found before its handler runs.
 *
 * So handlers take no lock, and there is one way out of each.  If an object is
 * not found, that is the error of the command.  A request is read under
 * cfg_lock, too, so that errors about objects and about attributes have IPVS's
 * order.
 */
#include "request.h"

#include "conn.h"
#include "daemon.h"
#include "dest.h"
#include "genl.h"
#include "policy.h"
#include "service.h"
#include "table.h"

#include <opvs/netns.h>

#include <linux/slab.h>

/* How a need is met. */
static const struct opvs_need_type {
	int	(*find)(struct opvs_req *req, struct genl_info *info);
	bool	lock;
} opvs_needs[] = {
	[OPVS_NEED_NET]		= { NULL, false },
	[OPVS_NEED_LOCK]	= { NULL, true },
	[OPVS_NEED_NEW_SVC]	= { opvs_req_new_svc, true },
	[OPVS_NEED_SVC]		= { opvs_req_svc, true },
	[OPVS_NEED_ANY_SVC]	= { opvs_req_any_svc, true },
	[OPVS_NEED_DEST]	= { opvs_req_dest, true },
	[OPVS_NEED_NEW_POLICY]	= { opvs_req_new_policy, true },
	[OPVS_NEED_POLICY]	= { opvs_req_policy, true },
	[OPVS_NEED_TABLE]	= { opvs_req_table, true },
	[OPVS_NEED_DAEMON]	= { opvs_req_daemon, false },
	[OPVS_NEED_FILTER]	= { opvs_req_filter, false },
};

/**
 * opvs_req_open() - begin a request
 * @req: all zero
 * @on: namespace that it is about
 * @lock: whether it needs cfg_lock
 * @portid: netlink port of who asks, for events; 0: it has none
 *
 * Context: process; takes cfg_lock if the request needs it.
 */
void opvs_req_open(struct opvs_req *req, struct opvs_net *on, bool lock,
		   u32 portid)
{
	req->on = on;
	req->locked = lock;
	if (lock) {
		mutex_lock(&on->cfg_lock);
		on->event.portid = portid;
	}
}

/**
 * opvs_req_close() - end a request of opvs_req_open()
 * @req: request; its memory is the caller's
 *
 * Context: process; releases cfg_lock.
 */
void opvs_req_close(struct opvs_req *req)
{
	if (!req->locked)
		return;
	req->on->event.portid = 0;
	mutex_unlock(&req->on->cfg_lock);
}

static void opvs_req_free(struct opvs_req *req)
{
	opvs_req_close(req);
	kfree(req);
}

/**
 * opvs_req_begin() - find what a command needs (pre_doit)
 * @op: the command; its internal_flags are &enum opvs_need
 * @skb: request
 * @info: its parts
 *
 * Context: process; takes cfg_lock if the command needs it.
 * Return: 0, and opvs_req_of() is the request until opvs_req_end(); or a
 * negative errno, and nothing is held.
 */
int opvs_req_begin(const opvs_genl_op *op, struct sk_buff *skb,
		   struct genl_info *info)
{
	const struct opvs_need_type *need = &opvs_needs[op->internal_flags];
	struct opvs_req *req = kzalloc(sizeof(*req), GFP_KERNEL);
	int err = 0;

	if (!req)
		return -ENOMEM;
	opvs_req_open(req, opvs_pernet(genl_info_net(info)), need->lock,
		      info->snd_portid);
	info->user_ptr[0] = req;
	if (need->find)
		err = opvs_genl_refuse(info, need->find(req, info));
	if (err)
		opvs_req_free(req);
	return err;
}

/**
 * opvs_req_end() - let go of what a command needed (post_doit)
 * @op: the command
 * @skb: request
 * @info: its parts
 *
 * Context: process; releases cfg_lock.
 */
void opvs_req_end(const opvs_genl_op *op, struct sk_buff *skb,
		  struct genl_info *info)
{
	opvs_req_free(opvs_req_of(info));
}
