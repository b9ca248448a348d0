// SPDX-License-Identifier: GPL-2.0-only
/* Netlink commands about a namespace as a whole. */
#include "config.h"

#include "fill.h"
#include "genl.h"
#include "parse.h"
#include "request.h"

#include <opvs/conn.h>
#include <opvs/counters.h>
#include <opvs/netns.h>
#include <opvs/policy.h>
#include <opvs/proto.h>

#include <linux/opvs.h>

/* The states of the default policy that stock clients know. */
static const struct {
	u16			attr;
	enum opvs_timeout	timeout;
} opvs_config_timeouts[OPVS_CONFIG_TIMEOUTS] = {
	{ IPVS_CMD_ATTR_TIMEOUT_TCP, OPVS_TIMEOUT_TCP + OPVS_TCP_S_ESTABLISHED },
	{ IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, OPVS_TIMEOUT_TCP + OPVS_TCP_S_FIN_WAIT },
	{ IPVS_CMD_ATTR_TIMEOUT_UDP, OPVS_TIMEOUT_UDP + OPVS_UDP_S_NORMAL },
};

/**
 * opvs_do_set_config() - change timeouts of the default policy
 * @seconds: of established TCP, TCP after a FIN, UDP; 0 keeps a value
 *
 * Context: process; cfg_lock held.
 * Return: 0, or -EINVAL and none has changed.
 */
int opvs_do_set_config(struct opvs_net *on,
		       const u32 seconds[OPVS_CONFIG_TIMEOUTS],
		       struct netlink_ext_ack *extack)
{
	u32 set[OPVS_TIMEOUTS] = {};
	unsigned int i;

	for (i = 0; i < OPVS_CONFIG_TIMEOUTS; i++)
		set[opvs_config_timeouts[i].timeout] = seconds[i];
	return opvs_policy_edit(on, &on->policy.standard, set, extack);
}

/**
 * opvs_do_get_config() - timeouts of the default policy
 * @seconds: result, as of opvs_do_set_config()
 *
 * Context: any.
 */
void opvs_do_get_config(struct opvs_net *on, u32 seconds[OPVS_CONFIG_TIMEOUTS])
{
	const u32 *timeout = on->policy.standard.timeout;
	unsigned int i;

	for (i = 0; i < OPVS_CONFIG_TIMEOUTS; i++)
		seconds[i] = READ_ONCE(timeout[opvs_config_timeouts[i].timeout]);
}

/**
 * opvs_ctl_set_config() - OPVS_CMD_SET_CONFIG: timeouts of the default policy
 * @skb: request
 * @info: its parts
 *
 * Context: process; cfg_lock held.
 * Return: 0, or -EINVAL and none has changed.
 */
int opvs_ctl_set_config(struct sk_buff *skb, struct genl_info *info)
{
	u32 seconds[OPVS_CONFIG_TIMEOUTS] = {};
	const struct nlattr *attr;
	unsigned int i;

	for (i = 0; i < OPVS_CONFIG_TIMEOUTS; i++) {
		attr = info->attrs[opvs_config_timeouts[i].attr];
		if (attr)
			seconds[i] = nla_get_u32(attr);
	}
	return opvs_genl_refuse(info, opvs_do_set_config(opvs_req_of(info)->on,
							 seconds, info->extack));
}

/**
 * opvs_ctl_get_config() - OPVS_CMD_GET_CONFIG: timeouts of the default policy
 * @skb: request
 * @info: its parts
 *
 * Context: process.
 * Return: 0 or negative errno.
 */
int opvs_ctl_get_config(struct sk_buff *skb, struct genl_info *info)
{
	u32 seconds[OPVS_CONFIG_TIMEOUTS];
	struct opvs_msg msg;
	unsigned int i;
	int err;

	err = opvs_reply_begin(&msg, skb, info, GENLMSG_DEFAULT_SIZE,
			       OPVS_CMD_SET_CONFIG);
	if (err)
		return err;
	opvs_do_get_config(opvs_req_of(info)->on, seconds);
	for (i = 0; i < OPVS_CONFIG_TIMEOUTS && !err; i++)
		err = nla_put_u32(msg.skb, opvs_config_timeouts[i].attr,
				  seconds[i]);
	return opvs_msg_reply(&msg, err, info);
}

/**
 * opvs_ctl_get_info() - OPVS_CMD_GET_INFO: which IPVS this stands in for
 * @skb: request
 * @info: its parts
 *
 * Context: process.
 * Return: 0 or negative errno.
 */
int opvs_ctl_get_info(struct sk_buff *skb, struct genl_info *info)
{
	struct opvs_net *on = opvs_req_of(info)->on;
	struct opvs_msg msg;
	int err;

	err = opvs_reply_begin(&msg, skb, info, GENLMSG_DEFAULT_SIZE,
			       IPVS_CMD_SET_INFO);
	if (err)
		return err;
	if (nla_put_u32(msg.skb, IPVS_INFO_ATTR_VERSION, IP_VS_VERSION_CODE) ||
	    nla_put_u32(msg.skb, IPVS_INFO_ATTR_CONN_TAB_SIZE,
			opvs_conn_table_size(on)))
		err = -EMSGSIZE;
	return opvs_msg_reply(&msg, err, info);
}

static int opvs_fill_counter(struct opvs_msg *msg, const char *name, u64 value)
{
	struct nlattr *nest = opvs_msg_nest(msg, OPVS_COUNTERS_ATTR_COUNTER);

	if (!nest ||
	    nla_put_string(msg->skb, OPVS_COUNTER_ATTR_NAME, name) ||
	    nla_put_u64_64bit(msg->skb, OPVS_COUNTER_ATTR_VALUE, value,
			      OPVS_COUNTER_ATTR_PAD))
		return -EMSGSIZE;
	nla_nest_end(msg->skb, nest);
	return 0;
}

static int opvs_fill_counters(struct opvs_msg *msg, const struct opvs_net *on)
{
	struct nlattr *nest = opvs_msg_nest(msg, OPVS_CMD_ATTR_COUNTERS);
	enum opvs_ctr ctr;
	int err;

	if (!nest)
		return -EMSGSIZE;
	for (ctr = OPVS_CTR_NONE + 1; ctr < OPVS_CTR_MAX; ctr++) {
		err = opvs_fill_counter(msg, opvs_counter_name(ctr),
					opvs_counter_read(on, ctr));
		if (err)
			return err;
	}
	nla_nest_end(msg->skb, nest);
	return 0;
}

/* Of the nest of all counters. */
static size_t opvs_counters_size(void)
{
	size_t size = nla_total_size(0);
	enum opvs_ctr ctr;

	for (ctr = OPVS_CTR_NONE + 1; ctr < OPVS_CTR_MAX; ctr++)
		size += nla_total_size(0) +
			nla_total_size(strlen(opvs_counter_name(ctr)) + 1) +
			nla_total_size_64bit(sizeof(u64));
	return size;
}

/**
 * opvs_ctl_get_counters() - OPVS_CMD_GET_COUNTERS: all event counters
 * @skb: request
 * @info: its parts
 *
 * Context: process.
 * Return: 0 or negative errno.
 */
int opvs_ctl_get_counters(struct sk_buff *skb, struct genl_info *info)
{
	struct opvs_net *on = opvs_req_of(info)->on;
	struct opvs_msg msg;
	int err;

	err = opvs_reply_begin(&msg, skb, info, opvs_counters_size(),
			       OPVS_CMD_GET_COUNTERS);
	if (err)
		return err;
	return opvs_msg_reply(&msg, opvs_fill_counters(&msg, on), info);
}
