// SPDX-License-Identifier: GPL-2.0-only
/* Netlink commands about services. */
#include "service.h"

#include "fill.h"
#include "genl.h"
#include "parse.h"

#include <opvs/netns.h>
#include <opvs/svc.h>

#include <net/sock.h>

static int opvs_service_nest(struct genl_info *info, struct opvs_nest *nest)
{
	return opvs_nest_parse(nest, info->nlhdr, info->attrs,
			       &opvs_nest_service, info->extack);
}

/**
 * opvs_ctl_find_svc() - the service that a request names
 * @on: namespace
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
 * opvs_ctl_new_service() - OPVS_CMD_NEW_SERVICE
 * @skb: request
 * @info: its parts
 *
 * That there is such a service is said before anything about the values that it
 * was to have, as IPVS has it.
 *
 * Context: process; takes cfg_lock.
 * Return: 0 or negative errno.
 */
int opvs_ctl_new_service(struct sk_buff *skb, struct genl_info *info)
{
	struct opvs_net *on = opvs_pernet(genl_info_net(info));
	struct opvs_svc_conf conf = { .policy = &on->policy };
	struct opvs_nest nest;
	int err;

	err = opvs_service_nest(info, &nest);
	if (!err)
		err = opvs_parse_svc_key(&nest, &conf.key);
	if (!err)
		err = opvs_require_svc_conf(&nest);
	if (err)
		return err;

	mutex_lock(&on->cfg_lock);
	err = opvs_svc_check_absent(on, &conf.key, info->extack);
	if (!err)
		err = opvs_parse_svc_conf(&nest, on, &conf);
	if (!err)
		err = opvs_svc_add(on, &conf, info->extack);
	mutex_unlock(&on->cfg_lock);
	return opvs_genl_refuse(info, err);
}

/**
 * opvs_ctl_set_service() - OPVS_CMD_SET_SERVICE
 * @skb: request
 * @info: its parts
 *
 * All but the flags is replaced by what the request says; an engine that it
 * does not name is taken away.  What family `IPVS' has no words for stays.
 *
 * Context: process; takes cfg_lock.
 * Return: 0 or negative errno.
 */
int opvs_ctl_set_service(struct sk_buff *skb, struct genl_info *info)
{
	struct opvs_net *on = opvs_pernet(genl_info_net(info));
	struct opvs_svc_conf conf;
	struct opvs_nest nest;
	struct opvs_svc *svc;
	int err;

	err = opvs_service_nest(info, &nest);
	if (err)
		return err;

	mutex_lock(&on->cfg_lock);
	svc = opvs_ctl_find_svc(on, &nest);
	if (IS_ERR(svc)) {
		err = PTR_ERR(svc);
		goto out;
	}
	conf = svc->conf;
	err = opvs_require_svc_conf(&nest);
	if (!err)
		err = opvs_parse_svc_conf(&nest, on, &conf);
	if (!err)
		err = opvs_svc_edit(svc, &conf, info->extack);
out:
	mutex_unlock(&on->cfg_lock);
	return opvs_genl_refuse(info, err);
}

/**
 * opvs_ctl_del_service() - OPVS_CMD_DEL_SERVICE
 * @skb: request
 * @info: its parts
 *
 * Context: process; takes cfg_lock.
 * Return: 0 or negative errno.
 */
int opvs_ctl_del_service(struct sk_buff *skb, struct genl_info *info)
{
	struct opvs_net *on = opvs_pernet(genl_info_net(info));
	struct opvs_nest nest;
	struct opvs_svc *svc;
	int err;

	err = opvs_service_nest(info, &nest);
	if (err)
		return err;

	mutex_lock(&on->cfg_lock);
	svc = opvs_ctl_find_svc(on, &nest);
	if (!IS_ERR(svc))
		opvs_svc_del(svc);
	mutex_unlock(&on->cfg_lock);
	return PTR_ERR_OR_ZERO(svc);
}

/* One message about one service; -EMSGSIZE when it does not fit into @skb. */
static int opvs_service_msg(struct sk_buff *skb, const struct opvs_svc *svc,
			    const struct sk_buff *request,
			    const struct nlmsghdr *nlh, int flags)
{
	struct opvs_msg msg;
	int err;

	err = opvs_msg_begin(&msg, skb, request, nlh, flags,
			     OPVS_CMD_NEW_SERVICE);
	if (err)
		return err;
	return opvs_msg_end(&msg, opvs_fill_svc(&msg, svc));
}

/**
 * opvs_ctl_get_service() - OPVS_CMD_GET_SERVICE, one service
 * @skb: request
 * @info: its parts
 *
 * Context: process; takes cfg_lock.
 * Return: 0 or negative errno.
 */
int opvs_ctl_get_service(struct sk_buff *skb, struct genl_info *info)
{
	struct opvs_net *on = opvs_pernet(genl_info_net(info));
	struct sk_buff *reply;
	struct opvs_nest nest;
	struct opvs_svc *svc;
	int err;

	err = opvs_service_nest(info, &nest);
	if (err)
		return err;
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;

	mutex_lock(&on->cfg_lock);
	svc = opvs_ctl_find_svc(on, &nest);
	err = PTR_ERR_OR_ZERO(svc);
	if (!err)
		err = opvs_service_msg(reply, svc, skb, info->nlhdr, 0);
	mutex_unlock(&on->cfg_lock);

	if (err) {
		nlmsg_free(reply);
		return err;
	}
	return genlmsg_reply(reply, info);
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
		if (opvs_service_msg(skb, svc, cb->skb, cb->nlh, NLM_F_MULTI))
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
 * Context: process; takes cfg_lock.
 * Return: 0 or negative errno.
 */
int opvs_ctl_zero(struct sk_buff *skb, struct genl_info *info)
{
	struct opvs_net *on = opvs_pernet(genl_info_net(info));
	struct opvs_svc *svc = NULL;
	struct opvs_nest nest;
	bool one;
	int err;

	one = info->attrs[IPVS_CMD_ATTR_SERVICE];
	if (one) {
		err = opvs_service_nest(info, &nest);
		if (err)
			return err;
	}

	mutex_lock(&on->cfg_lock);
	if (one)
		svc = opvs_ctl_find_svc(on, &nest);
	if (!svc)
		opvs_net_zero(on);
	else if (!IS_ERR(svc))
		opvs_svc_zero(svc);
	mutex_unlock(&on->cfg_lock);
	return PTR_ERR_OR_ZERO(svc);
}

/**
 * opvs_ctl_flush() - OPVS_CMD_FLUSH: remove all services
 * @skb: request
 * @info: its parts
 *
 * Context: process; takes cfg_lock.
 * Return: 0.
 */
int opvs_ctl_flush(struct sk_buff *skb, struct genl_info *info)
{
	struct opvs_net *on = opvs_pernet(genl_info_net(info));

	mutex_lock(&on->cfg_lock);
	opvs_svc_flush(on);
	mutex_unlock(&on->cfg_lock);
	return 0;
}
