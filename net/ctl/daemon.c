// SPDX-License-Identifier: GPL-2.0-only
/* Netlink commands about the synchronisation daemons. */
#include "daemon.h"

#include "fill.h"
#include "genl.h"
#include "parse.h"
#include "request.h"

#include <opvs/netns.h>
#include <opvs/sync.h>

#include <linux/opvs.h>
#include <net/ipv6.h>

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

static enum opvs_sync_role opvs_daemon_role(const struct opvs_nest *nest)
{
	return nla_get_u32(nest->tb[IPVS_DAEMON_ATTR_STATE]) ==
	       IP_VS_STATE_MASTER ? OPVS_SYNC_MASTER : OPVS_SYNC_BACKUP;
}

/* As with IPVS the group of IPv4 comes first. */
static int opvs_parse_group(const struct opvs_nest *nest,
			    struct opvs_sync_conf *conf)
{
	const struct nlattr *v4 = nest->tb[IPVS_DAEMON_ATTR_MCAST_GROUP];
	const struct nlattr *v6 = nest->tb[IPVS_DAEMON_ATTR_MCAST_GROUP6];

	if (v6) {
		conf->family = NFPROTO_IPV6;
		conf->group.in6 = nla_get_in6_addr(v6);
		if (!ipv6_addr_is_multicast(&conf->group.in6)) {
			NL_SET_ERR_MSG_ATTR(nest->extack, v6,
					    "MCAST_GROUP6 must be a multicast address");
			return -EINVAL;
		}
	}
	if (v4) {
		conf->family = NFPROTO_IPV4;
		conf->group = (union nf_inet_addr){ .ip = nla_get_in_addr(v4) };
		if (!ipv4_is_multicast(conf->group.ip)) {
			NL_SET_ERR_MSG_ATTR(nest->extack, v4,
					    "MCAST_GROUP must be a multicast address");
			return -EINVAL;
		}
	}
	return 0;
}

static int opvs_parse_daemon(const struct opvs_nest *nest,
			     struct opvs_sync_conf *conf)
{
	const struct nlattr *id = nest->tb[IPVS_DAEMON_ATTR_SYNC_ID];
	const struct nlattr *len = nest->tb[IPVS_DAEMON_ATTR_SYNC_MAXLEN];
	const struct nlattr *port = nest->tb[IPVS_DAEMON_ATTR_MCAST_PORT];
	const struct nlattr *ttl = nest->tb[IPVS_DAEMON_ATTR_MCAST_TTL];

	if (nla_get_u32(id) > U8_MAX) {
		NL_SET_ERR_MSG_ATTR(nest->extack, id,
				    "SYNC_ID must be 255 at most");
		return -EINVAL;
	}
	nla_strscpy(conf->ifname, nest->tb[IPVS_DAEMON_ATTR_MCAST_IFN],
		    sizeof(conf->ifname));
	conf->syncid = nla_get_u32(id);
	if (len)
		conf->maxlen = nla_get_u16(len);
	if (port)
		conf->port = nla_get_u16(port);
	if (ttl)
		conf->ttl = nla_get_u8(ttl);
	return opvs_parse_group(nest, conf);
}

/**
 * opvs_do_new_daemon() - start the daemon that a request describes
 * @req: request, with nest, which says which one
 *
 * Context: process; takes RTNL and cfg_lock.
 * Return: 0; -EINVAL for a malformed request; an error of opvs_sync_start().
 */
int opvs_do_new_daemon(const struct opvs_req *req)
{
	static const u8 required[] = {
		IPVS_DAEMON_ATTR_MCAST_IFN, IPVS_DAEMON_ATTR_SYNC_ID,
	};
	const struct opvs_nest *nest = &req->nest;
	struct opvs_sync_conf conf = {};
	int err;

	err = opvs_nest_require(nest, required, ARRAY_SIZE(required));
	if (!err)
		err = opvs_parse_daemon(nest, &conf);
	if (!err)
		err = opvs_sync_start(req->on, opvs_daemon_role(nest), &conf,
				      nest->extack);
	return err;
}

/**
 * opvs_do_del_daemon() - stop the daemon that a request names
 * @req: request, with nest, which says which one
 *
 * Context: process; takes RTNL and cfg_lock.
 * Return: 0, or -ESRCH when it is not running.
 */
int opvs_do_del_daemon(const struct opvs_req *req)
{
	int err = opvs_sync_stop(req->on, opvs_daemon_role(&req->nest));

	if (err)
		NL_SET_ERR_MSG_ATTR(req->nest.extack, req->nest.attr,
				    "DAEMON: no such daemon is running");
	return err;
}

/**
 * opvs_ctl_new_daemon() - OPVS_CMD_NEW_DAEMON: start one
 * @skb: request
 * @info: its parts
 *
 * Context: process; takes RTNL and cfg_lock.
 * Return: 0 or negative errno.
 */
int opvs_ctl_new_daemon(struct sk_buff *skb, struct genl_info *info)
{
	return opvs_genl_refuse(info, opvs_do_new_daemon(opvs_req_of(info)));
}

/**
 * opvs_ctl_del_daemon() - OPVS_CMD_DEL_DAEMON: stop one
 * @skb: request
 * @info: its parts
 *
 * Context: process; takes RTNL and cfg_lock.
 * Return: 0, or -ESRCH when it is not running.
 */
int opvs_ctl_del_daemon(struct sk_buff *skb, struct genl_info *info)
{
	return opvs_do_del_daemon(opvs_req_of(info));
}

static int opvs_fill_daemon(struct opvs_msg *msg, enum opvs_sync_role role,
			    const struct opvs_sync_conf *conf)
{
	u32 state = role == OPVS_SYNC_MASTER ? IP_VS_STATE_MASTER :
					       IP_VS_STATE_BACKUP;
	struct sk_buff *skb = msg->skb;
	struct nlattr *nest = opvs_msg_nest(msg, IPVS_CMD_ATTR_DAEMON);

	if (!nest || nla_put_u32(skb, IPVS_DAEMON_ATTR_STATE, state) ||
	    nla_put_string(skb, IPVS_DAEMON_ATTR_MCAST_IFN, conf->ifname) ||
	    nla_put_u32(skb, IPVS_DAEMON_ATTR_SYNC_ID, conf->syncid) ||
	    nla_put_u16(skb, IPVS_DAEMON_ATTR_SYNC_MAXLEN, conf->maxlen) ||
	    nla_put_u16(skb, IPVS_DAEMON_ATTR_MCAST_PORT, conf->port) ||
	    nla_put_u8(skb, IPVS_DAEMON_ATTR_MCAST_TTL, conf->ttl))
		return -EMSGSIZE;
	if (conf->family == NFPROTO_IPV6 ?
	    nla_put_in6_addr(skb, IPVS_DAEMON_ATTR_MCAST_GROUP6,
			     &conf->group.in6) :
	    nla_put_in_addr(skb, IPVS_DAEMON_ATTR_MCAST_GROUP, conf->group.ip))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * opvs_ctl_dump_daemons() - OPVS_CMD_GET_DAEMON: those that are running
 * @skb: where the messages go
 * @cb: the dump
 *
 * Context: process.
 * Return: bytes in @skb.
 */
int opvs_ctl_dump_daemons(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct opvs_net *on = opvs_pernet(sock_net(skb->sk));
	struct opvs_sync_conf conf;
	struct opvs_msg msg;
	int err;

	for (; cb->args[0] < OPVS_SYNC_ROLES; cb->args[0]++) {
		if (!opvs_sync_get(on, cb->args[0], &conf))
			continue;
		err = opvs_msg_begin(&msg, skb, cb->skb, cb->nlh, NLM_F_MULTI,
				     OPVS_CMD_NEW_DAEMON);
		if (err)
			break;
		err = opvs_fill_daemon(&msg, cb->args[0], &conf);
		if (opvs_msg_end(&msg, err))
			break;
	}
	return skb->len;
}
