// SPDX-License-Identifier: GPL-2.0-only
/* Netlink commands about services. */
#include "service.h"

#include "fill.h"
#include "genl.h"
#include "parse.h"
#include "request.h"

#include <opvs/netns.h>
#include <opvs/svc.h>

#include <net/sock.h>

/**
 * opvs_ctl_find_svc() - the service that a request names
 * @nest: the request's SERVICE nest
 *
 * Context: process; cfg_lock held.
 * Return: the service, valid while cfg_lock is held; ERR_PTR(-ESRCH) when
 * there is none, or the error of opvs_parse_svc_key().
 */
struct opvs_svc *opvs_ctl_find_svc(struct opvs_net *on,
				   const struct opvs_nest *nest)
{
	struct opvs_svc_key key;
	struct opvs_svc *svc;
	int err;

	lockdep_assert_held(&on->cfg_lock);
	err = opvs_parse_svc_key(nest, &key);
	if (err)
		return ERR_PTR(err);
	svc = opvs_svc_find(on, &key);
	if (svc)
		return svc;
	NL_SET_ERR_MSG_ATTR(nest->extack, nest->attr,
			    "SERVICE: there is no such service");
	return ERR_PTR(-ESRCH);
}

/**
 * opvs_req_new_svc() - the name of a service that need not exist
 * @req: request; gets its nest and, unless that is wrong, svc_key
 * @info: its parts
 *
 * Context: process.
 * Return: 0, -EINVAL or an error of opvs_parse_svc_key().
 */
int opvs_req_new_svc(struct opvs_req *req, struct genl_info *info)
{
	int err;

	err = opvs_nest_parse(&req->nest, info->nlhdr, info->attrs,
			      &opvs_nest_service, info->extack);
	if (!err)
		err = opvs_parse_svc_key(&req->nest, &req->svc_key);
	if (err)
		req->svc_key = (struct opvs_svc_key){};
	return err;
}

/**
 * opvs_req_svc() - the service that a request names
 * @req: request; gets its nest and svc
 * @info: its parts
 *
 * Context: process; cfg_lock held.
 * Return: 0, -EINVAL or an error of opvs_ctl_find_svc().
 */
int opvs_req_svc(struct opvs_req *req, struct genl_info *info)
{
	struct opvs_svc *svc;
	int err;

	err = opvs_nest_parse(&req->nest, info->nlhdr, info->attrs,
			      &opvs_nest_service, info->extack);
	if (err)
		return err;
	svc = opvs_ctl_find_svc(req->on, &req->nest);
	if (IS_ERR(svc))
		return PTR_ERR(svc);
	req->svc = svc;
	return 0;
}

/**
 * opvs_req_any_svc() - the service that a request names, if it names one
 * @req: request; gets its nest and svc
 * @info: its parts
 *
 * Context: process; cfg_lock held.
 * Return: as of opvs_req_svc().
 */
int opvs_req_any_svc(struct opvs_req *req, struct genl_info *info)
{
	return info->attrs[IPVS_CMD_ATTR_SERVICE] ? opvs_req_svc(req, info) : 0;
}

/**
 * opvs_do_new_service() - add the service that a request describes
 * @req: request, with nest and svc_key
 *
 * That there is such a service is said before anything about the values that it
 * was to have, as IPVS has it.
 *
 * Context: process; cfg_lock held.
 * Return: 0 or negative errno.
 */
int opvs_do_new_service(struct opvs_req *req)
{
	struct opvs_svc_conf conf = {
		.key	= req->svc_key,
		.policy	= &req->on->policy.standard,
	};
	struct netlink_ext_ack *extack = req->nest.extack;
	int err;

	err = opvs_require_svc_conf(&req->nest);
	if (!err)
		err = opvs_svc_check_absent(req->on, &conf.key, extack);
	if (!err)
		err = opvs_parse_svc_conf(&req->nest, req->on, &conf);
	return err ?: opvs_svc_add(req->on, &conf, extack);
}

/**
 * opvs_do_set_service() - change a service to what a request describes
 * @req: request, with nest and svc
 *
 * All but the flags is replaced by what the request says; an engine that it
 * does not name is taken away.  Attributes that `IPVS' does not have stay.
 *
 * Context: process; cfg_lock held.
 * Return: 0 or negative errno.
 */
int opvs_do_set_service(struct opvs_req *req)
{
	struct opvs_svc_conf conf = req->svc->conf;
	int err;

	err = opvs_require_svc_conf(&req->nest);
	if (!err)
		err = opvs_parse_svc_conf(&req->nest, req->on, &conf);
	return err ?: opvs_svc_edit(req->svc, &conf, req->nest.extack);
}

/**
 * opvs_do_zero() - start one service's statistics anew, or all
 * @req: request, with svc or NULL
 *
 * Context: process; cfg_lock held.
 */
void opvs_do_zero(struct opvs_req *req)
{
	if (req->svc)
		opvs_svc_zero(req->svc);
	else
		opvs_net_zero(req->on);
}

/**
 * opvs_ctl_new_service() - OPVS_CMD_NEW_SERVICE
 * @skb: request
 * @info: its parts
 *
 * Context: process; cfg_lock held.
 * Return: 0 or negative errno.
 */
int opvs_ctl_new_service(struct sk_buff *skb, struct genl_info *info)
{
	return opvs_genl_refuse(info, opvs_do_new_service(opvs_req_of(info)));
}

/**
 * opvs_ctl_set_service() - OPVS_CMD_SET_SERVICE
 * @skb: request
 * @info: its parts
 *
 * Context: process; cfg_lock held.
 * Return: 0 or negative errno.
 */
int opvs_ctl_set_service(struct sk_buff *skb, struct genl_info *info)
{
	return opvs_genl_refuse(info, opvs_do_set_service(opvs_req_of(info)));
}

/**
 * opvs_ctl_del_service() - OPVS_CMD_DEL_SERVICE
 * @skb: request
 * @info: its parts
 *
 * Context: process; cfg_lock held.
 * Return: 0.
 */
int opvs_ctl_del_service(struct sk_buff *skb, struct genl_info *info)
{
	opvs_svc_del(opvs_req_of(info)->svc);
	return 0;
}

/* The answer of family `opvs' says what packets do: whether the service drains. */
static void settle_for(struct opvs_svc *svc, const struct nlmsghdr *nlh)
{
	if (opvs_genl_is_native(nlh))
		opvs_svc_settle(svc);
}

/**
 * opvs_ctl_get_service() - OPVS_CMD_GET_SERVICE, one service
 * @skb: request
 * @info: its parts
 *
 * Context: process; cfg_lock held.
 * Return: 0 or negative errno.
 */
int opvs_ctl_get_service(struct sk_buff *skb, struct genl_info *info)
{
	struct opvs_msg msg;
	int err;

	err = opvs_reply_begin(&msg, skb, info, GENLMSG_DEFAULT_SIZE,
			       OPVS_CMD_NEW_SERVICE);
	if (err)
		return err;
	settle_for(opvs_req_of(info)->svc, info->nlhdr);
	err = opvs_fill_svc(&msg, opvs_req_of(info)->svc);
	return opvs_msg_reply(&msg, err, info);
}

static int opvs_service_msg(struct sk_buff *skb, struct opvs_svc *svc,
			    const struct netlink_callback *cb)
{
	struct opvs_msg msg;
	int err;

	err = opvs_msg_begin(&msg, skb, cb->skb, cb->nlh, NLM_F_MULTI,
			     OPVS_CMD_NEW_SERVICE);
	if (err)
		return err;
	settle_for(svc, cb->nlh);
	return opvs_msg_end(&msg, opvs_fill_svc(&msg, svc));
}

/**
 * opvs_ctl_dump_services() - OPVS_CMD_GET_SERVICE, all services
 * @skb: where the messages go
 * @cb: the dump; args[0] is the id of the service shown last
 *
 * Services are shown in order of addition.  One that exists as long as the dump
 * runs is shown exactly once, whatever else comes and goes meanwhile.
 *
 * Context: process; takes cfg_lock for one buffer at a time.
 * Return: bytes in @skb, 0 at the end.
 */
int opvs_ctl_dump_services(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct opvs_net *on = opvs_pernet(sock_net(skb->sk));
	unsigned long id = cb->args[0];
	struct opvs_svc *svc;

	mutex_lock(&on->cfg_lock);
	while ((svc = opvs_svc_next(on, &id))) {
		if (opvs_service_msg(skb, svc, cb))
			break;
		cb->args[0] = id;
	}
	mutex_unlock(&on->cfg_lock);
	return skb->len;
}

/**
 * opvs_ctl_zero() - OPVS_CMD_ZERO: one service's statistics, or all
 * @skb: request
 * @info: its parts
 *
 * Context: process; cfg_lock held.
 * Return: 0.
 */
int opvs_ctl_zero(struct sk_buff *skb, struct genl_info *info)
{
	opvs_do_zero(opvs_req_of(info));
	return 0;
}

/**
 * opvs_ctl_flush() - OPVS_CMD_FLUSH: remove all services
 * @skb: request
 * @info: its parts
 *
 * Context: process; cfg_lock held.
 * Return: 0.
 */
int opvs_ctl_flush(struct sk_buff *skb, struct genl_info *info)
{
	opvs_svc_flush(opvs_req_of(info)->on);
	return 0;
}
