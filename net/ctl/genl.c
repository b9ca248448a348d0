// SPDX-License-Identifier: GPL-2.0-only
/* The two generic netlink families: one table of handlers.
 *
 * `opvs' checks requests as strictly as the kernel can.  `IPVS' is as lenient
 * as its clients are used to.  Every command of both, also one that only shows,
 * is for those who may configure (share.c).
 *
 * The families have no module alias: anybody can ask for a family by name, and
 * must not load the module by that.
 */
#include "genl.h"

#include "config.h"
#include "conn.h"
#include "daemon.h"
#include "dest.h"
#include "explain.h"
#include "nla.h"
#include "policy.h"
#include "request.h"
#include "service.h"
#include "table.h"

#include <opvs/ctl.h>
#include <opvs/netns.h>
#include <opvs/share.h>
#include <opvs/words.h>

#include <linux/ip_vs.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/opvs.h>
#include <linux/rwsem.h>

/* Family `opvs' has all of these, `IPVS' those that it has numbers for; who may
 * use them is added when a family comes up.
 */
static const struct genl_ops opvs_genl_ops[] = {
	{
		.cmd		= OPVS_CMD_NEW_SERVICE,
		.internal_flags	= OPVS_NEED_NEW_SVC,
		.doit		= opvs_ctl_new_service,
	}, {
		.cmd		= OPVS_CMD_SET_SERVICE,
		.internal_flags	= OPVS_NEED_SVC,
		.doit		= opvs_ctl_set_service,
	}, {
		.cmd		= OPVS_CMD_DEL_SERVICE,
		.internal_flags	= OPVS_NEED_SVC,
		.doit		= opvs_ctl_del_service,
	}, {
		.cmd		= OPVS_CMD_GET_SERVICE,
		.internal_flags	= OPVS_NEED_SVC,
		.doit		= opvs_ctl_get_service,
		.dumpit		= opvs_ctl_dump_services,
	}, {
		.cmd		= OPVS_CMD_NEW_DEST,
		.internal_flags	= OPVS_NEED_DEST,
		.doit		= opvs_ctl_new_dest,
	}, {
		.cmd		= OPVS_CMD_SET_DEST,
		.internal_flags	= OPVS_NEED_DEST,
		.doit		= opvs_ctl_set_dest,
	}, {
		.cmd		= OPVS_CMD_DEL_DEST,
		.internal_flags	= OPVS_NEED_DEST,
		.doit		= opvs_ctl_del_dest,
	}, {
		.cmd		= OPVS_CMD_GET_DEST,
		.dumpit		= opvs_ctl_dump_dests,
	}, {
		.cmd		= OPVS_CMD_NEW_DAEMON,
		.internal_flags	= OPVS_NEED_DAEMON,
		.doit		= opvs_ctl_new_daemon,
	}, {
		.cmd		= OPVS_CMD_DEL_DAEMON,
		.internal_flags	= OPVS_NEED_DAEMON,
		.doit		= opvs_ctl_del_daemon,
	}, {
		.cmd		= OPVS_CMD_GET_DAEMON,
		.dumpit		= opvs_ctl_dump_daemons,
	}, {
		.cmd		= OPVS_CMD_SET_CONFIG,
		.internal_flags	= OPVS_NEED_LOCK,
		.doit		= opvs_ctl_set_config,
	}, {
		.cmd		= OPVS_CMD_GET_CONFIG,
		.internal_flags	= OPVS_NEED_NET,
		.doit		= opvs_ctl_get_config,
	}, {
		.cmd		= OPVS_CMD_GET_INFO,
		.internal_flags	= OPVS_NEED_NET,
		.doit		= opvs_ctl_get_info,
	}, {
		.cmd		= OPVS_CMD_ZERO,
		.internal_flags	= OPVS_NEED_ANY_SVC,
		.doit		= opvs_ctl_zero,
	}, {
		.cmd		= OPVS_CMD_FLUSH,
		.internal_flags	= OPVS_NEED_LOCK,
		.doit		= opvs_ctl_flush,
	}, {
		.cmd		= OPVS_CMD_GET_COUNTERS,
		.internal_flags	= OPVS_NEED_NET,
		.doit		= opvs_ctl_get_counters,
	}, {
		.cmd		= OPVS_CMD_GET_CONN,
		.internal_flags	= OPVS_NEED_FILTER,
		.doit		= opvs_ctl_get_conn,
		.dumpit		= opvs_ctl_dump_conns,
		.done		= opvs_ctl_dump_conns_done,
	}, {
		.cmd		= OPVS_CMD_FLUSH_CONN,
		.internal_flags	= OPVS_NEED_FILTER,
		.doit		= opvs_ctl_flush_conn,
	}, {
		.cmd		= OPVS_CMD_EXPIRE_CONN,
		.internal_flags	= OPVS_NEED_FILTER,
		.doit		= opvs_ctl_expire_conn,
	}, {
		.cmd		= OPVS_CMD_NEW_CONN,
		.internal_flags	= OPVS_NEED_FILTER,
		.doit		= opvs_ctl_new_conn,
	}, {
		.cmd		= OPVS_CMD_NEW_POLICY,
		.internal_flags	= OPVS_NEED_NEW_POLICY,
		.doit		= opvs_ctl_new_policy,
	}, {
		.cmd		= OPVS_CMD_SET_POLICY,
		.internal_flags	= OPVS_NEED_POLICY,
		.doit		= opvs_ctl_set_policy,
	}, {
		.cmd		= OPVS_CMD_DEL_POLICY,
		.internal_flags	= OPVS_NEED_POLICY,
		.doit		= opvs_ctl_del_policy,
	}, {
		.cmd		= OPVS_CMD_GET_POLICY,
		.internal_flags	= OPVS_NEED_POLICY,
		.doit		= opvs_ctl_get_policy,
		.dumpit		= opvs_ctl_dump_policies,
	}, {
		.cmd		= OPVS_CMD_SET_TABLE,
		.internal_flags	= OPVS_NEED_TABLE,
		.doit		= opvs_ctl_set_table,
	}, {
		.cmd		= OPVS_CMD_GET_TABLE,
		.internal_flags	= OPVS_NEED_LOCK,
		.doit		= opvs_ctl_get_table,
	}, {
		.cmd		= OPVS_CMD_EXPLAIN,
		.internal_flags	= OPVS_NEED_LOCK,
		.doit		= opvs_ctl_explain,
	},
};

static struct genl_ops opvs_native_ops[ARRAY_SIZE(opvs_genl_ops)] __ro_after_init;
static struct genl_ops opvs_compat_ops[IPVS_CMD_MAX] __ro_after_init;

/* Who asks for changes may be told of them.  What tenants may not do at all is not
 * told to them either: see net/ctl/event.c.
 */
static const struct genl_multicast_group opvs_genl_groups[] = {
	{ .name = OPVS_MCGRP_EVENTS, .flags = GENL_MCAST_CAP_NET_ADMIN },
};

static struct genl_family opvs_native_family __ro_after_init = {
	.name		= OPVS_GENL_NAME,
	.version	= OPVS_GENL_VERSION,
	.maxattr	= OPVS_CMD_ATTR_MAX,
	.policy		= opvs_nla_message,
	.netnsok	= true,
	.pre_doit	= opvs_req_begin,
	.post_doit	= opvs_req_end,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.ops		= opvs_native_ops,
	.mcgrps		= opvs_genl_groups,
	.n_mcgrps	= ARRAY_SIZE(opvs_genl_groups),
};

/* The family's group has a number; see &struct opvs_net for the lock. */
static DECLARE_RWSEM(events_up);
static bool is_up;

/* Registered and unregistered also long after the module was loaded. */
static struct genl_family opvs_compat_family = {
	.name		= IPVS_GENL_NAME,
	.version	= IPVS_GENL_VERSION,
	.maxattr	= IPVS_CMD_ATTR_MAX,
	.policy		= opvs_nla_message,
	.netnsok	= true,
	.pre_doit	= opvs_req_begin,
	.post_doit	= opvs_req_end,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.ops		= opvs_compat_ops,
	.resv_start_op	= IPVS_CMD_MAX + 1,
};

/**
 * opvs_genl_is_native() - did a request come through family `opvs'?
 * @nlh: the request
 *
 * Context: any.
 * Return: false for family `IPVS'.
 */
bool opvs_genl_is_native(const struct nlmsghdr *nlh)
{
	return nlh->nlmsg_type == opvs_native_family.id;
}

/**
 * opvs_genl_family() - the family through which a request came
 * @nlh: the request; its answer must carry the same family
 *
 * Context: any.
 * Return: the family.
 */
const struct genl_family *opvs_genl_family(const struct nlmsghdr *nlh)
{
	return opvs_genl_is_native(nlh) ? &opvs_native_family :
					  &opvs_compat_family;
}

/* Are the words that ipvsadm has for an error as good as a reason? */
static bool opvs_genl_is_clear(int err)
{
	switch (err) {
	case -EFAULT:
	case -EINVAL:
	case -ERANGE:
	case -EOPNOTSUPP:
	case -EPROTONOSUPPORT:
	case -ENOSPC:
		return false;
	default:
		return true;
	}
}

/* What a request is about, and why it is refused. */
static void opvs_genl_say(const struct opvs_req *req, const char *reason)
{
	const struct opvs_svc_key *svc = req->svc ? &req->svc->key :
						    &req->svc_key;
	struct opvs_words net = opvs_words_net(req->on);
	const struct opvs_dest_key *dest = &req->dest_key;
	struct opvs_words end;

	if (!svc->family) {
		net_notice_ratelimited("%srefused: %s\n", net.text, reason);
	} else if (!dest->family) {
		net_notice_ratelimited("%srefused: %s: %s\n", net.text,
				       opvs_words_svc(svc).text, reason);
	} else {
		end = opvs_words_end(&dest->addr, dest->port, dest->family);
		net_notice_ratelimited("%srefused: %s, server %s: %s\n",
				       net.text, opvs_words_svc(svc).text,
				       end.text, reason);
	}
}

/**
 * opvs_refuse_stock() - tell a stock client why its request cannot be met
 * @req: request, with what was found of it
 * @extack: the reason
 * @err: what it ends with
 *
 * Stock clients do not show extack.  Where their own words say little, the log
 * has the reason as well, with the service and the server, unless a tenant asks,
 * whom the host's log is not for.
 *
 * For -EOPNOTSUPP ipvsadm and keepalived say "Operation not supported with IPv6".
 * They get -ENOSYS in its place: that reads "Function not implemented", which is
 * what is the matter.
 *
 * Context: process.
 * Return: @err, or what stands for it.
 */
int opvs_refuse_stock(const struct opvs_req *req,
		      const struct netlink_ext_ack *extack, int err)
{
	if (err && !opvs_genl_is_clear(err) && extack->_msg &&
	    !req->on->share.tenant)
		opvs_genl_say(req, extack->_msg);
	return err == -EOPNOTSUPP ? -ENOSYS : err;
}

/**
 * opvs_genl_refuse() - tell why a request cannot be met
 * @info: the request; the reason stands in its extack
 * @err: what it ends with
 *
 * Context: process.
 * Return: @err, or what stands for it in the request's family.
 */
int opvs_genl_refuse(struct genl_info *info, int err)
{
	if (opvs_genl_is_native(info->nlhdr))
		return err;
	return opvs_refuse_stock(opvs_req_of(info), info->extack, err);
}

/**
 * opvs_genl_listened() - does anybody listen to events?
 * @net: namespace
 *
 * Context: any.
 * Return: true if somebody may; there may be nobody in this very namespace.
 */
bool opvs_genl_listened(const struct net *net)
{
	return READ_ONCE(is_up) &&
	       genl_has_listeners(&opvs_native_family, (struct net *)net, 0);
}

/**
 * opvs_genl_event() - begin an event
 * @skb: where it is built
 * @cmd: OPVS_CMD_*, an event
 *
 * Context: any.
 * Return: the header of the message, or NULL when there is no room.
 */
void *opvs_genl_event(struct sk_buff *skb, u8 cmd)
{
	return genlmsg_put(skb, 0, 0, &opvs_native_family, 0, cmd);
}

/**
 * opvs_genl_multicast() - send an event to all that listen in a namespace
 * @net: namespace
 * @skb: the event; consumed
 *
 * Whoever has no room for it is told that by its socket.
 *
 * Context: process.
 */
void opvs_genl_multicast(struct net *net, struct sk_buff *skb)
{
	down_read(&events_up);
	if (is_up)
		genlmsg_multicast_netns(&opvs_native_family, net, skb, 0, 0,
					GFP_KERNEL);
	else
		nlmsg_free(skb);
	up_read(&events_up);
}

static void opvs_genl_set_up(bool up)
{
	down_write(&events_up);
	WRITE_ONCE(is_up, up);
	up_write(&events_up);
}

/* The commands up to @last, for @ops; returns how many. */
static unsigned int __init opvs_genl_fill(struct genl_ops *ops, u8 last,
					  u8 validate)
{
	unsigned int i, n = 0;

	for (i = 0; i < ARRAY_SIZE(opvs_genl_ops); i++) {
		if (opvs_genl_ops[i].cmd > last)
			continue;
		ops[n] = opvs_genl_ops[i];
		ops[n].flags = opvs_userns_allowed() ? GENL_UNS_ADMIN_PERM :
						       GENL_ADMIN_PERM;
		ops[n].validate = validate;
		n++;
	}
	return n;
}

/**
 * opvs_genl_init() - bring up family `opvs', and make `IPVS' ready
 *
 * Context: process, module load; after all that its handlers use.
 * Return: 0 or negative errno.
 */
int __init opvs_genl_init(void)
{
	int err;

	opvs_native_family.n_ops = opvs_genl_fill(opvs_native_ops, U8_MAX, 0);
	opvs_compat_family.n_ops =
		opvs_genl_fill(opvs_compat_ops, IPVS_CMD_MAX,
			       GENL_DONT_VALIDATE_STRICT |
			       GENL_DONT_VALIDATE_DUMP);
	err = genl_register_family(&opvs_native_family);
	if (!err)
		opvs_genl_set_up(true);
	return err;
}

/**
 * opvs_genl_exit() - take family `opvs' away; no handler runs any more
 *
 * Context: process.
 */
void opvs_genl_exit(void)
{
	opvs_genl_set_up(false);
	genl_unregister_family(&opvs_native_family);
}

/**
 * opvs_genl_compat_init() - bring up family `IPVS'
 *
 * Context: process, after opvs_genl_init().
 * Return: 0, or -EEXIST when the name is taken, or another negative errno.
 */
int opvs_genl_compat_init(void)
{
	return genl_register_family(&opvs_compat_family);
}

/**
 * opvs_genl_compat_exit() - take family `IPVS' away
 *
 * Context: process.
 */
void opvs_genl_compat_exit(void)
{
	genl_unregister_family(&opvs_compat_family);
}
