// SPDX-License-Identifier: GPL-2.0-only
/* Socket options that change something.
 *
 * A structure becomes a request with the attributes that the same command has in
 * netlink, and from there on is one: what is checked, in which order, and what is
 * said of it, is there once.
 */
#include "sockopt.h"

#include "config.h"
#include "daemon.h"
#include "dest.h"
#include "genl.h"
#include "request.h"
#include "service.h"

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/svc.h>

#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/netlink.h>

/* Room for the attributes of a service; those of others take less. */
#define ATTRS_SIZE	(NLA_HDRLEN * 4 + IP_VS_SCHEDNAME_MAXLEN + \
			 sizeof(struct ip_vs_flags) + 2 * sizeof(u32))

static_assert(ATTRS_SIZE >= 4 * (NLA_HDRLEN + sizeof(u32)));
static_assert(IP_VS_IFNAME_MAXLEN <= IP_VS_SCHEDNAME_MAXLEN);

/* What programs pass, service and server one behind the other. */
struct svc_dest {
	struct ip_vs_service_user	svc;
	struct ip_vs_dest_user		dest;
};

static_assert(sizeof(struct svc_dest) == 68);

/**
 * struct option - an option being set
 * @req: the request that it becomes
 * @extack: why it cannot be met
 * @raw: the structure that was passed, by kind:
 * @rule: service, with a server or without
 * @timeouts: as its name says
 * @daemon: as its name says
 * @attrs: attributes of @req
 * @attrs_len: how much of @attrs is used
 */
struct option {
	struct opvs_req			req;
	struct netlink_ext_ack		extack;
	union {
		u8				raw[sizeof(struct svc_dest)];
		struct svc_dest			rule;
		struct ip_vs_timeout_user	timeouts;
		struct ip_vs_daemon_user	daemon;
	};
	unsigned int			attrs_len;
	u8				attrs[ATTRS_SIZE] __aligned(NLA_ALIGNTO);
};

static void put(struct option *opt, struct opvs_nest *nest, u16 type,
		const void *value, unsigned int len)
{
	struct nlattr *attr = (struct nlattr *)(opt->attrs + opt->attrs_len);

	attr->nla_type = type;
	attr->nla_len = nla_attr_size(len);
	memcpy(opt->attrs + opt->attrs_len + NLA_HDRLEN, value, len);
	opt->attrs_len += nla_total_size(len);
	nest->tb[type] = attr;
}

static void put_u32(struct option *opt, struct opvs_nest *nest, u16 type,
		    u32 value)
{
	put(opt, nest, type, &value, sizeof(value));
}

/* Its name ends within the structure: find_described() has seen to that. */
static void put_svc(struct option *opt)
{
	const struct ip_vs_service_user *svc = &opt->rule.svc;
	const struct ip_vs_flags flags = { .flags = svc->flags, .mask = ~0 };
	struct opvs_nest *nest = &opt->req.nest;

	put(opt, nest, IPVS_SVC_ATTR_SCHED_NAME, svc->sched_name,
	    strlen(svc->sched_name) + 1);
	put(opt, nest, IPVS_SVC_ATTR_FLAGS, &flags, sizeof(flags));
	put_u32(opt, nest, IPVS_SVC_ATTR_TIMEOUT, svc->timeout);
	put(opt, nest, IPVS_SVC_ATTR_NETMASK, &svc->netmask,
	    sizeof(svc->netmask));
}

static void put_dest(struct option *opt)
{
	const struct ip_vs_dest_user *dest = &opt->rule.dest;
	struct opvs_nest *nest = &opt->req.dest_nest;

	put_u32(opt, nest, IPVS_DEST_ATTR_FWD_METHOD, dest->conn_flags);
	put_u32(opt, nest, IPVS_DEST_ATTR_WEIGHT, dest->weight);
	put_u32(opt, nest, IPVS_DEST_ATTR_U_THRESH, dest->u_threshold);
	put_u32(opt, nest, IPVS_DEST_ATTR_L_THRESH, dest->l_threshold);
}

/* IPVS wants such a protocol also with a mark, and has this error for it. */
static int find_name(struct option *opt)
{
	const struct ip_vs_service_user *svc = &opt->rule.svc;

	switch (svc->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
		opvs_sockopt_key(svc->protocol, svc->addr, svc->port,
				 svc->fwmark, &opt->req.svc_key);
		return 0;
	default:
		NL_SET_ERR_MSG(&opt->extack,
			       "protocol: must be TCP, UDP or SCTP");
		return -EFAULT;
	}
}

static int find_svc(struct option *opt)
{
	struct opvs_req *req = &opt->req;
	int err = find_name(opt);

	if (err)
		return err;
	req->svc = opvs_svc_find(req->on, &req->svc_key);
	return req->svc ? 0 : -ESRCH;
}

/* All, if no service is named. */
static int find_any_svc(struct option *opt)
{
	const struct ip_vs_service_user *svc = &opt->rule.svc;

	if (!svc->fwmark && !svc->addr && !svc->port)
		return 0;
	return find_svc(opt);
}

static int check_scheduler(struct option *opt)
{
	const struct ip_vs_service_user *svc = &opt->rule.svc;

	if (strnlen(svc->sched_name, sizeof(svc->sched_name)) <
	    sizeof(svc->sched_name))
		return 0;
	NL_SET_ERR_MSG(&opt->extack, "scheduler: the name has no end");
	return -EINVAL;
}

static int find_new_svc(struct option *opt)
{
	return check_scheduler(opt) ?: find_name(opt);
}

static int find_edited_svc(struct option *opt)
{
	return check_scheduler(opt) ?: find_svc(opt);
}

static int find_dest(struct option *opt)
{
	struct opvs_req *req = &opt->req;
	int err = find_svc(opt);

	if (err)
		return err;
	req->dest_key.addr.ip = opt->rule.dest.addr;
	req->dest_key.port = opt->rule.dest.port;
	req->dest_key.family = NFPROTO_IPV4;
	req->dest = opvs_dest_find(req->svc, &req->dest_key);
	return 0;
}

static int set_add(struct option *opt)
{
	put_svc(opt);
	return opvs_do_new_service(&opt->req);
}

static int set_edit(struct option *opt)
{
	put_svc(opt);
	return opvs_do_set_service(&opt->req);
}

static int set_del(struct option *opt)
{
	opvs_svc_del(opt->req.svc);
	return 0;
}

static int set_flush(struct option *opt)
{
	opvs_svc_flush(opt->req.on);
	return 0;
}

static int set_zero(struct option *opt)
{
	opvs_do_zero(&opt->req);
	return 0;
}

static int set_adddest(struct option *opt)
{
	put_dest(opt);
	return opvs_do_new_dest(&opt->req);
}

static int set_editdest(struct option *opt)
{
	put_dest(opt);
	return opvs_do_set_dest(&opt->req);
}

static int set_deldest(struct option *opt)
{
	return opvs_do_del_dest(&opt->req);
}

/* What is negative is more than there can be. */
static int set_timeout(struct option *opt)
{
	const u32 seconds[OPVS_CONFIG_TIMEOUTS] = {
		opt->timeouts.tcp_timeout,
		opt->timeouts.tcp_fin_timeout,
		opt->timeouts.udp_timeout,
	};

	return opvs_do_set_config(opt->req.on, seconds, &opt->extack);
}

static int find_daemon(struct option *opt)
{
	const int state = opt->daemon.state;

	if (state != IP_VS_STATE_MASTER && state != IP_VS_STATE_BACKUP)
		return -EINVAL;
	put_u32(opt, &opt->req.nest, IPVS_DAEMON_ATTR_STATE, state);
	return 0;
}

static int set_startdaemon(struct option *opt)
{
	const struct ip_vs_daemon_user *daemon = &opt->daemon;
	size_t len = strnlen(daemon->mcast_ifn, sizeof(daemon->mcast_ifn));
	struct opvs_nest *nest = &opt->req.nest;

	if (!len || len == sizeof(daemon->mcast_ifn))
		return -EINVAL;
	put(opt, nest, IPVS_DAEMON_ATTR_MCAST_IFN, daemon->mcast_ifn, len + 1);
	put_u32(opt, nest, IPVS_DAEMON_ATTR_SYNC_ID, daemon->syncid);
	return opvs_do_new_daemon(&opt->req);
}

static int set_stopdaemon(struct option *opt)
{
	return opvs_do_del_daemon(&opt->req);
}

/* By number; what is not here IPVS has never had. */
static const struct setter {
	u8	len;
	bool	lock;
	int	(*find)(struct option *opt);
	int	(*run)(struct option *opt);
} options[] = {
	[IP_VS_SO_SET_ADD - IP_VS_BASE_CTL] = {
		sizeof(struct ip_vs_service_user), true, find_new_svc, set_add,
	},
	[IP_VS_SO_SET_EDIT - IP_VS_BASE_CTL] = {
		sizeof(struct ip_vs_service_user), true, find_edited_svc,
		set_edit,
	},
	[IP_VS_SO_SET_DEL - IP_VS_BASE_CTL] = {
		sizeof(struct ip_vs_service_user), true, find_svc, set_del,
	},
	[IP_VS_SO_SET_FLUSH - IP_VS_BASE_CTL] = {
		0, true, NULL, set_flush,
	},
	[IP_VS_SO_SET_ADDDEST - IP_VS_BASE_CTL] = {
		sizeof(struct svc_dest), true, find_dest, set_adddest,
	},
	[IP_VS_SO_SET_DELDEST - IP_VS_BASE_CTL] = {
		sizeof(struct svc_dest), true, find_dest, set_deldest,
	},
	[IP_VS_SO_SET_EDITDEST - IP_VS_BASE_CTL] = {
		sizeof(struct svc_dest), true, find_dest, set_editdest,
	},
	[IP_VS_SO_SET_TIMEOUT - IP_VS_BASE_CTL] = {
		sizeof(struct ip_vs_timeout_user), true, NULL, set_timeout,
	},
	[IP_VS_SO_SET_STARTDAEMON - IP_VS_BASE_CTL] = {
		sizeof(struct ip_vs_daemon_user), false, find_daemon,
		set_startdaemon,
	},
	[IP_VS_SO_SET_STOPDAEMON - IP_VS_BASE_CTL] = {
		sizeof(struct ip_vs_daemon_user), false, find_daemon,
		set_stopdaemon,
	},
	[IP_VS_SO_SET_ZERO - IP_VS_BASE_CTL] = {
		sizeof(struct ip_vs_service_user), true, find_any_svc, set_zero,
	},
};

static_assert(ARRAY_SIZE(options) == IP_VS_SO_SET_MAX - IP_VS_BASE_CTL + 1);

static int option_read(struct option *opt, sockptr_t from, unsigned int len)
{
	opt->req.nest.extack = &opt->extack;
	opt->req.dest_nest.extack = &opt->extack;
	return copy_from_sockptr(opt->raw, from, len) ? -EFAULT : 0;
}

/**
 * opvs_sockopt_set() - do what an option says
 * @name: IP_VS_SO_SET_*, or a number between these
 * @from: its structure
 * @len: length of that
 *
 * Context: process; takes cfg_lock, or for daemons RTNL.  The caller may configure
 * the namespace.
 * Return: 0; -EFAULT also for a wrong protocol, as IPVS has it; or an error as of
 * the same command of family `IPVS'.
 */
int opvs_sockopt_set(struct opvs_net *on, int name, sockptr_t from,
		     unsigned int len)
{
	const struct setter *how = &options[name - IP_VS_BASE_CTL];
	struct option *opt;
	int err;

	if (!how->run || len != how->len)
		return -EINVAL;
	opt = kzalloc(sizeof(*opt), GFP_KERNEL);
	if (!opt)
		return -ENOMEM;
	err = option_read(opt, from, len);
	if (err)
		goto out;

	opvs_req_open(&opt->req, on, how->lock, 0);
	if (how->find)
		err = how->find(opt);
	if (!err)
		err = how->run(opt);
	err = opvs_refuse_stock(&opt->req, &opt->extack, err);
	opvs_req_close(&opt->req);
out:
	kfree(opt);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sockopt_set);
