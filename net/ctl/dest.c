// SPDX-License-Identifier: GPL-2.0-only
/* Netlink commands about real servers. */
#include "dest.h"

#include "fill.h"
#include "genl.h"
#include "nla.h"
#include "parse.h"
#include "request.h"
#include "service.h"

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/svc.h>

#include <net/sock.h>

/**
 * opvs_req_dest() - the service and the server that a request names
 * @req: request; gets its svc, dest_nest and dest_key, and dest if the service
 *	has it
 * @info: its parts
 *
 * The DEST nest is only looked at once the service is known: that there is none
 * is the first thing a client should hear.
 *
 * Context: process; cfg_lock held.
 * Return: 0, -EINVAL, or an error of opvs_req_svc() or opvs_parse_dest_key().
 */
int opvs_req_dest(struct opvs_req *req, struct genl_info *info)
{
	int err;

	err = opvs_req_svc(req, info);
	if (!err)
		err = opvs_nest_parse(&req->dest_nest, info->nlhdr, info->attrs,
				      &opvs_nest_dest, info->extack);
	if (!err)
		err = opvs_parse_dest_key(&req->dest_nest, req->svc->key.family,
					  &req->dest_key);
	if (!err)
		req->dest = opvs_dest_find(req->svc, &req->dest_key);
	return err;
}

/* For commands that need the server itself.  That it is missing is said after
 * what is wrong with the request.
 */
static int opvs_dest_check_exists(const struct opvs_req *req)
{
	if (req->dest)
		return 0;
	NL_SET_ERR_MSG_ATTR(req->dest_nest.extack, req->dest_nest.attr,
			    "DEST: the service has no such server");
	return -ENOENT;
}

/**
 * opvs_do_new_dest() - add the server that a request describes
 * @req: request, with svc, dest_nest and dest_key
 *
 * Context: process; cfg_lock held.
 * Return: 0 or negative errno.
 */
int opvs_do_new_dest(struct opvs_req *req)
{
	struct opvs_dest_conf conf = { .key = req->dest_key };
	int err;

	err = opvs_parse_dest_conf(&req->dest_nest, &conf);
	return err ?: opvs_dest_add(req->svc, &conf, req->dest_nest.extack);
}

/**
 * opvs_do_set_dest() - change a server to what a request describes
 * @req: request, with svc, dest_nest, dest_key and dest
 *
 * Context: process; cfg_lock held.
 * Return: 0 or negative errno.
 */
int opvs_do_set_dest(struct opvs_req *req)
{
	struct opvs_dest_conf conf = { .key = req->dest_key };
	struct netlink_ext_ack *extack = req->dest_nest.extack;
	int err;

	err = opvs_parse_dest_conf(&req->dest_nest, &conf);
	if (!err)
		err = opvs_dest_check_conf(req->svc, &conf, extack);
	if (!err)
		err = opvs_dest_check_exists(req);
	return err ?: opvs_dest_edit(req->dest, &conf, extack);
}

/**
 * opvs_do_del_dest() - remove the server that a request names
 * @req: request, with dest_nest and dest
 *
 * Context: process; cfg_lock held.
 * Return: 0 or negative errno.
 */
int opvs_do_del_dest(struct opvs_req *req)
{
	return opvs_dest_check_exists(req) ?:
	       opvs_dest_del(req->dest, req->dest_nest.extack);
}

/**
 * opvs_ctl_new_dest() - OPVS_CMD_NEW_DEST
 * @skb: request
 * @info: its parts
 *
 * Context: process; cfg_lock held.
 * Return: 0 or negative errno.
 */
int opvs_ctl_new_dest(struct sk_buff *skb, struct genl_info *info)
{
	return opvs_genl_refuse(info, opvs_do_new_dest(opvs_req_of(info)));
}

/**
 * opvs_ctl_set_dest() - OPVS_CMD_SET_DEST
 * @skb: request
 * @info: its parts
 *
 * Context: process; cfg_lock held.
 * Return: 0 or negative errno.
 */
int opvs_ctl_set_dest(struct sk_buff *skb, struct genl_info *info)
{
	return opvs_genl_refuse(info, opvs_do_set_dest(opvs_req_of(info)));
}

/**
 * opvs_ctl_del_dest() - OPVS_CMD_DEL_DEST
 * @skb: request
 * @info: its parts
 *
 * Context: process; cfg_lock held.
 * Return: 0 or negative errno.
 */
int opvs_ctl_del_dest(struct sk_buff *skb, struct genl_info *info)
{
	return opvs_do_del_dest(opvs_req_of(info));
}

/**
 * opvs_ctl_dest_from() - where a walk over a service's servers goes on
 * @svc: service
 * @id: lowest id that was not shown yet
 *
 * Looks from where the last walk went on, so that one over all servers, a few at
 * a time, takes as many steps as there are servers.
 *
 * Context: process; cfg_lock held.
 * Return: the first server from @id on, or NULL.
 */
struct opvs_dest *opvs_ctl_dest_from(struct opvs_svc *svc, u64 id)
{
	struct opvs_dest *dest = svc->listed;

	lockdep_assert_held(&svc->on->cfg_lock);

	if (!dest || dest->id > id)
		dest = list_first_entry(&svc->dests, struct opvs_dest, list);
	list_for_each_entry_from(dest, &svc->dests, list) {
		if (dest->id < id)
			continue;
		svc->listed = dest;
		return dest;
	}
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_ctl_dest_from);

/* The position of a dump of servers, in netlink_callback.ctx. */
struct opvs_dest_cursor {
	bool	started;
	u32	svc_id;		/* 0: there is nothing to show */
	u64	next;		/* lowest server id that was not shown yet */
};

static_assert(sizeof(struct opvs_dest_cursor) <=
	      sizeof_field(struct netlink_callback, ctx));

/* The service whose servers are asked for.  If there is no such service, or the
 * request names none, the answer is empty and no error, as IPVS has it.
 */
static int opvs_dest_dump_start(struct opvs_net *on,
				struct netlink_callback *cb)
{
	struct opvs_dest_cursor *cursor = (void *)cb->ctx;
	struct nlattr *attrs[IPVS_CMD_ATTR_MAX + 1];
	struct opvs_svc_key key;
	struct opvs_nest nest;
	struct opvs_svc *svc;
	int err;

	cursor->started = true;
	err = __nlmsg_parse(cb->nlh, GENL_HDRLEN, attrs, IPVS_CMD_ATTR_MAX,
			    opvs_nla_message, NL_VALIDATE_LIBERAL, cb->extack);
	if (err)
		return err;
	if (!attrs[IPVS_CMD_ATTR_SERVICE] ||
	    !nla_len(attrs[IPVS_CMD_ATTR_SERVICE]))
		return 0;

	err = opvs_nest_parse(&nest, cb->nlh, attrs, &opvs_nest_service,
			      cb->extack);
	if (!err)
		err = opvs_parse_svc_key(&nest, &key);
	if (err)
		return err;
	svc = opvs_svc_find(on, &key);
	if (svc)
		cursor->svc_id = svc->id;
	return 0;
}

static int opvs_dest_msg(struct sk_buff *skb, const struct opvs_dest *dest,
			 const struct netlink_callback *cb)
{
	struct opvs_msg msg;
	int err;

	err = opvs_msg_begin(&msg, skb, cb->skb, cb->nlh, NLM_F_MULTI,
			     OPVS_CMD_NEW_DEST);
	if (err)
		return err;
	return opvs_msg_end(&msg, opvs_fill_dest(&msg, dest));
}

static void opvs_dest_dump_on(struct opvs_net *on, struct sk_buff *skb,
			      struct netlink_callback *cb)
{
	struct opvs_dest_cursor *cursor = (void *)cb->ctx;
	struct opvs_svc *svc = xa_load(&on->svc.by_id, cursor->svc_id);
	struct opvs_dest *dest;

	if (!svc)
		return;
	dest = opvs_ctl_dest_from(svc, cursor->next);
	if (!dest)
		return;
	list_for_each_entry_from(dest, &svc->dests, list) {
		if (opvs_dest_msg(skb, dest, cb))
			return;
		cursor->next = dest->id + 1;
	}
}

/**
 * opvs_ctl_dump_dests() - OPVS_CMD_GET_DEST: all servers of a service
 * @skb: where the messages go
 * @cb: the dump; its context is &struct opvs_dest_cursor
 *
 * Servers are shown in order of addition, each that exists as long as the dump
 * runs exactly once.  When the service goes away, the dump ends.
 *
 * Context: process; takes cfg_lock for one buffer at a time.
 * Return: bytes in @skb, 0 at the end, or negative errno.
 */
int opvs_ctl_dump_dests(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct opvs_dest_cursor *cursor = (void *)cb->ctx;
	struct opvs_net *on = opvs_pernet(sock_net(skb->sk));
	int err = 0;

	mutex_lock(&on->cfg_lock);
	if (!cursor->started)
		err = opvs_dest_dump_start(on, cb);
	if (!err)
		opvs_dest_dump_on(on, skb, cb);
	mutex_unlock(&on->cfg_lock);
	return err ?: skb->len;
}
