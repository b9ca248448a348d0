// SPDX-License-Identifier: GPL-2.0-only
/* Netlink commands about real servers. */
#include "dest.h"

#include "fill.h"
#include "genl.h"
#include "nla.h"
#include "parse.h"
#include "service.h"

#include <opvs/dest.h>
#include <opvs/netns.h>
#include <opvs/svc.h>

#include <net/sock.h>

/* A request about a server, from parsing to change.  Its attributes are only
 * looked at once the service is known: that there is none is the first thing
 * a client should hear.
 */
struct opvs_dest_req {
	struct opvs_net		*on;
	struct opvs_nest	svc_nest;
	struct opvs_nest	dest_nest;
	struct opvs_svc		*svc;
	struct opvs_dest_conf	conf;
};

static void opvs_dest_req_end(struct opvs_dest_req *req)
{
	mutex_unlock(&req->on->cfg_lock);
}

/* Returns 0 with cfg_lock taken, service and the server's key known. */
static int opvs_dest_req_begin(struct opvs_dest_req *req,
			       struct genl_info *info)
{
	int err;

	err = opvs_nest_parse(&req->svc_nest, info->nlhdr, info->attrs,
			      &opvs_nest_service, info->extack);
	if (err)
		return err;

	req->on = opvs_pernet(genl_info_net(info));
	memset(&req->conf, 0, sizeof(req->conf));
	mutex_lock(&req->on->cfg_lock);
	req->svc = opvs_ctl_find_svc(req->on, &req->svc_nest);
	err = PTR_ERR_OR_ZERO(req->svc);
	if (!err)
		err = opvs_nest_parse(&req->dest_nest, info->nlhdr, info->attrs,
				      &opvs_nest_dest, info->extack);
	if (!err)
		err = opvs_parse_dest_key(&req->dest_nest, req->svc->key.family,
					  &req->conf.key);
	if (err)
		opvs_dest_req_end(req);
	return err;
}

static struct opvs_dest *opvs_dest_req_find(const struct opvs_dest_req *req)
{
	struct opvs_dest *dest = opvs_dest_find(req->svc, &req->conf.key);

	if (!dest)
		NL_SET_ERR_MSG_ATTR(req->dest_nest.extack, req->dest_nest.attr,
				    "DEST: the service has no such server");
	return dest;
}

/**
 * opvs_ctl_new_dest() - OPVS_CMD_NEW_DEST
 * @skb: request
 * @info: its parts
 *
 * Context: process; takes cfg_lock.
 * Return: 0 or negative errno.
 */
int opvs_ctl_new_dest(struct sk_buff *skb, struct genl_info *info)
{
	struct opvs_dest_req req;
	int err;

	err = opvs_dest_req_begin(&req, info);
	if (err)
		return err;
	err = opvs_parse_dest_conf(&req.dest_nest, &req.conf);
	if (!err)
		err = opvs_dest_add(req.svc, &req.conf, info->extack);
	opvs_dest_req_end(&req);
	return opvs_genl_refuse(info, err);
}

/**
 * opvs_ctl_set_dest() - OPVS_CMD_SET_DEST
 * @skb: request
 * @info: its parts
 *
 * Context: process; takes cfg_lock.
 * Return: 0 or negative errno.
 */
int opvs_ctl_set_dest(struct sk_buff *skb, struct genl_info *info)
{
	struct opvs_dest_req req;
	struct opvs_dest *dest;
	int err;

	err = opvs_dest_req_begin(&req, info);
	if (err)
		return err;
	err = opvs_parse_dest_conf(&req.dest_nest, &req.conf);
	if (err)
		goto out;
	dest = opvs_dest_req_find(&req);
	err = dest ? opvs_dest_edit(dest, &req.conf, info->extack) : -ENOENT;
out:
	opvs_dest_req_end(&req);
	return opvs_genl_refuse(info, err);
}

/**
 * opvs_ctl_del_dest() - OPVS_CMD_DEL_DEST
 * @skb: request
 * @info: its parts
 *
 * Context: process; takes cfg_lock.
 * Return: 0 or negative errno.
 */
int opvs_ctl_del_dest(struct sk_buff *skb, struct genl_info *info)
{
	struct opvs_dest_req req;
	struct opvs_dest *dest;
	int err;

	err = opvs_dest_req_begin(&req, info);
	if (err)
		return err;
	dest = opvs_dest_req_find(&req);
	err = dest ? opvs_dest_del(dest, info->extack) : -ENOENT;
	opvs_dest_req_end(&req);
	return err;
}

/**
 * opvs_ctl_dest_from() - where a walk over a service's servers goes on
 * @svc: service
 * @id: lowest id that was not shown yet
 *
 * Context: process; cfg_lock held.
 * Return: the first server from @id on, or NULL.
 */
struct opvs_dest *opvs_ctl_dest_from(const struct opvs_svc *svc, u64 id)
{
	struct opvs_dest *dest;

	lockdep_assert_held(&svc->on->cfg_lock);
	list_for_each_entry(dest, &svc->dests, list)
		if (dest->id >= id)
			return dest;
	return NULL;
}

/* Where a dump of servers stands, in netlink_callback.ctx. */
struct opvs_dest_cursor {
	bool	started;
	u32	svc_id;		/* 0: there is nothing to show */
	u64	next;		/* lowest server id that was not shown yet */
};

static_assert(sizeof(struct opvs_dest_cursor) <=
	      sizeof_field(struct netlink_callback, ctx));

/* Which service's servers are asked for.  No such service, or none named at
 * all: an empty answer, not an error, as IPVS has it.
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
	struct opvs_svc *svc = xa_load(&on->services, cursor->svc_id);
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
