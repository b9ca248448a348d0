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
#include <net/ipv6.h>

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

static int opvs_parse_daemon_group(const struct opvs_nest *nest)
{
	const struct nlattr *v4 = nest->tb[IPVS_DAEMON_ATTR_MCAST_GROUP];
	const struct nlattr *v6 = nest->tb[IPVS_DAEMON_ATTR_MCAST_GROUP6];
	struct in6_addr group6;

	if (v4 && !ipv4_is_multicast(nla_get_in_addr(v4))) {
		NL_SET_ERR_MSG_ATTR(nest->extack, v4,
				    "MCAST_GROUP must be a multicast address");
		return -EINVAL;
	}
	if (v6) {
		group6 = nla_get_in6_addr(v6);
		if (!ipv6_addr_is_multicast(&group6)) {
			NL_SET_ERR_MSG_ATTR(nest->extack, v6,
					    "MCAST_GROUP6 must be a multicast address");
			return -EINVAL;
		}
	}
	return 0;
}

/**
 * opvs_req_daemon() - which daemon a request is about
 * @req: request; gets its nest
 * @info: its parts
 *
 * Context: process.
 * Return: 0 or -EINVAL.
 */
int opvs_req_daemon(struct opvs_req *req, struct genl_info *info)
{
	static const u8 required[] = { IPVS_DAEMON_ATTR_STATE };
	int err;

	err = opvs_nest_parse(&req->nest, info->nlhdr, info->attrs,
			      &opvs_nest_daemon, info->extack);
	return err ?: opvs_nest_require(&req->nest, required,
					ARRAY_SIZE(required));
}

/**
 * opvs_ctl_new_daemon() - OPVS_CMD_NEW_DAEMON: refused, as there is none yet
 * @skb: request
 * @info: its parts
 *
 * Context: process.
 * Return: -EINVAL for a malformed request, else -EOPNOTSUPP.
 */
int opvs_ctl_new_daemon(struct sk_buff *skb, struct genl_info *info)
{
	static const u8 required[] = {
		IPVS_DAEMON_ATTR_MCAST_IFN, IPVS_DAEMON_ATTR_SYNC_ID,
	};
	const struct opvs_nest *nest = &opvs_req_of(info)->nest;
	int err;

	err = opvs_nest_require(nest, required, ARRAY_SIZE(required));
	if (!err)
		err = opvs_parse_daemon_group(nest);
	if (err)
		return err;
	NL_SET_ERR_MSG_ATTR(info->extack, nest->attr,
			    "DAEMON: state synchronisation is not supported");
	return opvs_genl_refuse(info, -EOPNOTSUPP);
}

/**
 * opvs_ctl_del_daemon() - OPVS_CMD_DEL_DAEMON: there is none to stop
 * @skb: request
 * @info: its parts
 *
 * Context: process.
 * Return: -ESRCH.
 */
int opvs_ctl_del_daemon(struct sk_buff *skb, struct genl_info *info)
{
	NL_SET_ERR_MSG_ATTR(info->extack, opvs_req_of(info)->nest.attr,
			    "DAEMON: no daemon is running");
	return -ESRCH;
}

/**
 * opvs_ctl_dump_daemons() - OPVS_CMD_GET_DAEMON: none is running
 * @skb: where the messages would go
 * @cb: the dump
 *
 * Context: process.
 * Return: 0.
 */
int opvs_ctl_dump_daemons(struct sk_buff *skb, struct netlink_callback *cb)
{
	return 0;
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
