// SPDX-License-Identifier: GPL-2.0-only
/* Netlink commands about timeout policies. */
#include "policy.h"

#include "fill.h"
#include "nla.h"
#include "parse.h"
#include "request.h"

#include <opvs/netns.h>
#include <opvs/policy.h>
#include <opvs/proto.h>

#include <linux/opvs.h>
#include <net/sock.h>

static const struct opvs_nest_type opvs_nest_policy = {
	.policy		= opvs_nla_policy,
	.attr		= OPVS_CMD_ATTR_POLICY,
	.native_max	= OPVS_POLICY_ATTR_MAX,
};

static const struct opvs_nest_type opvs_nest_timeout = {
	.policy		= opvs_nla_timeout,
	.native_max	= OPVS_TIMEOUT_ATTR_MAX,
};

/* The number of the state that a TIMEOUT nest names, or -EINVAL. */
static int opvs_parse_state(const struct opvs_nest *nest,
			    const struct opvs_proto *proto)
{
	const struct nlattr *name = nest->tb[OPVS_TIMEOUT_ATTR_STATE];
	const struct nlattr *index = nest->tb[OPVS_TIMEOUT_ATTR_STATE_INDEX];
	u8 state;

	if (index) {
		state = nla_get_u8(index);
		if (state >= proto->num_states) {
			NL_SET_ERR_MSG_ATTR(nest->extack, index,
					    "STATE_INDEX: PROTOCOL has no such state");
			return -EINVAL;
		}
		if (!name || !nla_strcmp(name, proto->states[state].name))
			return state;
		NL_SET_ERR_MSG_ATTR(nest->extack, name,
				    "STATE is not the name of STATE_INDEX");
		return -EINVAL;
	}
	if (!name)
		return opvs_refuse_missing(nest->extack, nest->attr,
					   OPVS_TIMEOUT_ATTR_STATE);
	for (state = 0; state < proto->num_states; state++)
		if (!nla_strcmp(name, proto->states[state].name))
			return state;
	NL_SET_ERR_MSG_ATTR(nest->extack, name,
			    "STATE: PROTOCOL has no such state");
	return -EINVAL;
}

static int opvs_parse_state_timeout(const struct nlattr *attr,
				    struct netlink_ext_ack *extack,
				    u32 set[OPVS_TIMEOUTS])
{
	static const u8 required[] = {
		OPVS_TIMEOUT_ATTR_PROTOCOL, OPVS_TIMEOUT_ATTR_SECONDS,
	};
	const struct opvs_proto *proto;
	const struct nlattr *number;
	struct opvs_nest nest;
	int state, err;

	err = opvs_nest_parse_attr(&nest, attr, &opvs_nest_timeout, extack);
	if (!err)
		err = opvs_nest_require(&nest, required, ARRAY_SIZE(required));
	if (err)
		return err;

	number = nest.tb[OPVS_TIMEOUT_ATTR_PROTOCOL];
	proto = opvs_proto_find(nla_get_u16(number));
	if (!proto) {
		NL_SET_ERR_MSG_ATTR(extack, number,
				    "PROTOCOL must be TCP, UDP or SCTP");
		return -EINVAL;
	}
	state = opvs_parse_state(&nest, proto);
	if (state < 0)
		return state;
	set[proto->timeout0 + state] =
		nla_get_u32(nest.tb[OPVS_TIMEOUT_ATTR_SECONDS]);
	return 0;
}

/**
 * opvs_req_new_policy() - a policy's name and timeouts
 * @req: request; gets its nest, policy_name and timeouts
 * @info: its parts
 *
 * Context: process.
 * Return: 0 or -EINVAL.
 */
int opvs_req_new_policy(struct opvs_req *req, struct genl_info *info)
{
	static const u8 required[] = { OPVS_POLICY_ATTR_NAME };
	struct opvs_nest *nest = &req->nest;
	const struct nlattr *attr;
	int rem, err;

	err = opvs_nest_parse(nest, info->nlhdr, info->attrs,
			      &opvs_nest_policy, info->extack);
	if (!err)
		err = opvs_nest_require(nest, required, ARRAY_SIZE(required));
	if (err)
		return err;

	req->policy_name = nla_data(nest->tb[OPVS_POLICY_ATTR_NAME]);
	nla_for_each_nested(attr, nest->attr, rem) {
		if (nla_type(attr) != OPVS_POLICY_ATTR_TIMEOUT)
			continue;
		err = opvs_parse_state_timeout(attr, info->extack,
					       req->timeouts);
		if (err)
			return err;
	}
	return 0;
}

/**
 * opvs_req_policy() - the policy that a request names
 * @req: request; gets what opvs_req_new_policy() gives it, and policy
 * @info: its parts
 *
 * Context: process; cfg_lock held.
 * Return: 0, -EINVAL, or -ENOENT if there is none.
 */
int opvs_req_policy(struct opvs_req *req, struct genl_info *info)
{
	int err;

	err = opvs_req_new_policy(req, info);
	if (err)
		return err;
	req->policy = opvs_policy_find(req->on, req->policy_name);
	if (req->policy)
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, req->nest.attr,
			    "POLICY: there is no such timeout policy");
	return -ENOENT;
}

/**
 * opvs_ctl_new_policy() - OPVS_CMD_NEW_POLICY
 * @skb: request
 * @info: its parts
 *
 * Context: process; cfg_lock held.
 * Return: 0 or negative errno.
 */
int opvs_ctl_new_policy(struct sk_buff *skb, struct genl_info *info)
{
	struct opvs_req *req = opvs_req_of(info);

	return opvs_policy_add(req->on, req->policy_name, req->timeouts,
			       info->extack);
}

/**
 * opvs_ctl_set_policy() - OPVS_CMD_SET_POLICY
 * @skb: request
 * @info: its parts
 *
 * Context: process; cfg_lock held.
 * Return: 0 or negative errno.
 */
int opvs_ctl_set_policy(struct sk_buff *skb, struct genl_info *info)
{
	struct opvs_req *req = opvs_req_of(info);

	return opvs_policy_edit(req->on, req->policy, req->timeouts,
				info->extack);
}

/**
 * opvs_ctl_del_policy() - OPVS_CMD_DEL_POLICY
 * @skb: request
 * @info: its parts
 *
 * Context: process; cfg_lock held.
 * Return: 0 or negative errno.
 */
int opvs_ctl_del_policy(struct sk_buff *skb, struct genl_info *info)
{
	struct opvs_req *req = opvs_req_of(info);

	return opvs_policy_del(req->on, req->policy, info->extack);
}

static int opvs_fill_state_timeout(struct opvs_msg *msg,
				   const struct opvs_policy *policy,
				   const struct opvs_proto *proto, u8 state)
{
	u32 seconds = READ_ONCE(policy->timeout[proto->timeout0 + state]);
	struct nlattr *nest = opvs_msg_nest(msg, OPVS_POLICY_ATTR_TIMEOUT);

	if (!nest ||
	    nla_put_u16(msg->skb, OPVS_TIMEOUT_ATTR_PROTOCOL, proto->number) ||
	    nla_put_string(msg->skb, OPVS_TIMEOUT_ATTR_STATE,
			   proto->states[state].name) ||
	    nla_put_u8(msg->skb, OPVS_TIMEOUT_ATTR_STATE_INDEX, state) ||
	    nla_put_u32(msg->skb, OPVS_TIMEOUT_ATTR_SECONDS, seconds))
		return -EMSGSIZE;
	nla_nest_end(msg->skb, nest);
	return 0;
}

/**
 * opvs_fill_policy() - add a POLICY nest to a message
 * @msg: message
 * @policy: timeout policy
 *
 * Context: process; cfg_lock held.
 * Return: 0, or -EMSGSIZE when there is no room.
 */
int opvs_fill_policy(struct opvs_msg *msg, const struct opvs_policy *policy)
{
	struct nlattr *nest = opvs_msg_nest(msg, OPVS_CMD_ATTR_POLICY);
	const struct opvs_proto *proto;
	size_t n;
	u8 state;
	int err;

	if (!nest ||
	    nla_put_string(msg->skb, OPVS_POLICY_ATTR_NAME, policy->name) ||
	    nla_put_u32(msg->skb, OPVS_POLICY_ATTR_USERS, policy->users))
		return -EMSGSIZE;
	for (n = 0; (proto = opvs_proto_nth(n)); n++) {
		for (state = 0; state < proto->num_states; state++) {
			err = opvs_fill_state_timeout(msg, policy, proto,
						      state);
			if (err)
				return err;
		}
	}
	nla_nest_end(msg->skb, nest);
	return 0;
}

/**
 * opvs_ctl_get_policy() - OPVS_CMD_GET_POLICY, one policy
 * @skb: request
 * @info: its parts
 *
 * Context: process; cfg_lock held.
 * Return: 0 or negative errno.
 */
int opvs_ctl_get_policy(struct sk_buff *skb, struct genl_info *info)
{
	struct opvs_msg msg;
	int err;

	err = opvs_reply_begin(&msg, skb, info, GENLMSG_DEFAULT_SIZE,
			       OPVS_CMD_NEW_POLICY);
	if (err)
		return err;
	err = opvs_fill_policy(&msg, opvs_req_of(info)->policy);
	return opvs_msg_reply(&msg, err, info);
}

/* The position of a dump of policies, in netlink_callback.ctx. */
struct opvs_policy_cursor {
	bool	started;
	char	last[OPVS_POLICY_NAME_MAX];	/* shown last; "": the default */
};

static_assert(sizeof(struct opvs_policy_cursor) <=
	      sizeof_field(struct netlink_callback, ctx));

static int opvs_policy_msg(struct sk_buff *skb,
			   const struct opvs_policy *policy,
			   const struct netlink_callback *cb)
{
	struct opvs_msg msg;
	int err;

	err = opvs_msg_begin(&msg, skb, cb->skb, cb->nlh, NLM_F_MULTI,
			     OPVS_CMD_NEW_POLICY);
	if (err)
		return err;
	return opvs_msg_end(&msg, opvs_fill_policy(&msg, policy));
}

static void opvs_policy_dump_on(struct opvs_net *on, struct sk_buff *skb,
				struct netlink_callback *cb)
{
	struct opvs_policy_cursor *cursor = (void *)cb->ctx;
	const struct opvs_policy *policy;

	if (!cursor->started) {
		if (opvs_policy_msg(skb, &on->policy.standard, cb))
			return;
		cursor->started = true;
	}
	list_for_each_entry(policy, &on->policy.named, list) {
		if (strcmp(policy->name, cursor->last) <= 0)
			continue;
		if (opvs_policy_msg(skb, policy, cb))
			return;
		strscpy(cursor->last, policy->name, sizeof(cursor->last));
	}
}

/**
 * opvs_ctl_dump_policies() - OPVS_CMD_GET_POLICY, all policies
 * @skb: where the messages go
 * @cb: the dump; its context is &struct opvs_policy_cursor
 *
 * The default one comes first, the others by name; one that exists as long as
 * the dump runs is shown exactly once.
 *
 * Context: process; takes cfg_lock for one buffer at a time.
 * Return: bytes in @skb, 0 at the end.
 */
int opvs_ctl_dump_policies(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct opvs_net *on = opvs_pernet(sock_net(skb->sk));

	mutex_lock(&on->cfg_lock);
	opvs_policy_dump_on(on, skb, cb);
	mutex_unlock(&on->cfg_lock);
	return skb->len;
}
