// SPDX-License-Identifier: GPL-2.0-only
/* Answers: from objects to netlink attributes.
 *
 * The order of the attributes is part of the interface: there are clients that
 * do not look for types but expect what comes next.
 */
#include "fill.h"

#include "genl.h"

#include <opvs/dest.h>
#include <opvs/netns.h>
#include <opvs/pe.h>
#include <opvs/policy.h>
#include <opvs/svc.h>

#include <linux/ip_vs.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/math.h>
#include <linux/opvs.h>

/**
 * opvs_msg_begin() - start a message
 * @msg: message
 * @skb: where it is built
 * @request: packet of the request that it answers
 * @nlh: that request
 * @flags: NLM_F_*
 * @cmd: command
 *
 * Context: process.
 * Return: 0, or -EMSGSIZE when there is no room in @skb.
 */
int opvs_msg_begin(struct opvs_msg *msg, struct sk_buff *skb,
		   const struct sk_buff *request, const struct nlmsghdr *nlh,
		   int flags, u8 cmd)
{
	msg->skb = skb;
	msg->nested = opvs_genl_is_native(nlh) ? NLA_F_NESTED : 0;
	msg->hdr = genlmsg_put(skb, NETLINK_CB(request).portid, nlh->nlmsg_seq,
			       opvs_genl_family(nlh), flags, cmd);
	return msg->hdr ? 0 : -EMSGSIZE;
}

/**
 * opvs_msg_end() - finish a message, or take it back
 * @msg: message
 * @err: what filling it returned
 *
 * Context: process.
 * Return: @err.
 */
int opvs_msg_end(struct opvs_msg *msg, int err)
{
	if (err)
		genlmsg_cancel(msg->skb, msg->hdr);
	else
		genlmsg_end(msg->skb, msg->hdr);
	return err;
}

/**
 * opvs_msg_nest() - open a nest, to be closed by nla_nest_end()
 * @msg: message
 * @type: attribute type
 *
 * Context: process.
 * Return: the nest, or NULL when there is no room.
 */
struct nlattr *opvs_msg_nest(struct opvs_msg *msg, u16 type)
{
	return nla_nest_start_noflag(msg->skb, type | msg->nested);
}

/**
 * opvs_reply_begin() - start a message that answers a request by itself
 * @msg: message
 * @request: packet of the request
 * @info: its parts
 * @payload: room for attributes, in bytes
 * @cmd: command
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int opvs_reply_begin(struct opvs_msg *msg, const struct sk_buff *request,
		     struct genl_info *info, size_t payload, u8 cmd)
{
	struct sk_buff *skb = genlmsg_new(payload, GFP_KERNEL);
	int err;

	if (!skb)
		return -ENOMEM;
	err = opvs_msg_begin(msg, skb, request, info->nlhdr, 0, cmd);
	if (err)
		nlmsg_free(skb);
	return err;
}

/**
 * opvs_msg_reply() - finish a message of opvs_reply_begin() and send it off
 * @msg: message; consumed
 * @err: what filling it returned
 * @info: the request's parts
 *
 * Context: process.
 * Return: 0, @err, or the error of sending.
 */
int opvs_msg_reply(struct opvs_msg *msg, int err, struct genl_info *info)
{
	err = opvs_msg_end(msg, err);
	if (err) {
		nlmsg_free(msg->skb);
		return err;
	}
	return genlmsg_reply(msg->skb, info);
}

/* Packets and rates are cut to 32 bits, as this older nest has it. */
static int opvs_fill_stats32(struct opvs_msg *msg, u16 type,
			     const struct opvs_totals *sum,
			     const struct opvs_rates *rate)
{
	struct sk_buff *skb = msg->skb;
	struct nlattr *nest = opvs_msg_nest(msg, type);

	if (!nest ||
	    nla_put_u32(skb, IPVS_STATS_ATTR_CONNS, (u32)sum->conns) ||
	    nla_put_u32(skb, IPVS_STATS_ATTR_INPKTS, (u32)sum->inpkts) ||
	    nla_put_u32(skb, IPVS_STATS_ATTR_OUTPKTS, (u32)sum->outpkts) ||
	    nla_put_u64_64bit(skb, IPVS_STATS_ATTR_INBYTES, sum->inbytes,
			      IPVS_STATS_ATTR_PAD) ||
	    nla_put_u64_64bit(skb, IPVS_STATS_ATTR_OUTBYTES, sum->outbytes,
			      IPVS_STATS_ATTR_PAD) ||
	    nla_put_u32(skb, IPVS_STATS_ATTR_CPS, (u32)rate->cps) ||
	    nla_put_u32(skb, IPVS_STATS_ATTR_INPPS, (u32)rate->inpps) ||
	    nla_put_u32(skb, IPVS_STATS_ATTR_OUTPPS, (u32)rate->outpps) ||
	    nla_put_u32(skb, IPVS_STATS_ATTR_INBPS, (u32)rate->inbps) ||
	    nla_put_u32(skb, IPVS_STATS_ATTR_OUTBPS, (u32)rate->outbps))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int opvs_fill_stats64(struct opvs_msg *msg, u16 type,
			     const struct opvs_totals *sum,
			     const struct opvs_rates *rate)
{
	const struct {
		u16	type;
		u64	value;
	} row[] = {
		{ IPVS_STATS_ATTR_CONNS, sum->conns },
		{ IPVS_STATS_ATTR_INPKTS, sum->inpkts },
		{ IPVS_STATS_ATTR_OUTPKTS, sum->outpkts },
		{ IPVS_STATS_ATTR_INBYTES, sum->inbytes },
		{ IPVS_STATS_ATTR_OUTBYTES, sum->outbytes },
		{ IPVS_STATS_ATTR_CPS, rate->cps },
		{ IPVS_STATS_ATTR_INPPS, rate->inpps },
		{ IPVS_STATS_ATTR_OUTPPS, rate->outpps },
		{ IPVS_STATS_ATTR_INBPS, rate->inbps },
		{ IPVS_STATS_ATTR_OUTBPS, rate->outbps },
	};
	struct nlattr *nest = opvs_msg_nest(msg, type);
	unsigned int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < ARRAY_SIZE(row); i++)
		if (nla_put_u64_64bit(msg->skb, row[i].type, row[i].value,
				      IPVS_STATS_ATTR_PAD))
			return -EMSGSIZE;
	nla_nest_end(msg->skb, nest);
	return 0;
}

static_assert((int)OPVS_SIP_ATTR_UNSPEC == OPVS_SIP_NONE);
static_assert((int)OPVS_SIP_ATTR_OTHER == OPVS_SIP_OTHER);
static_assert((int)OPVS_SIP_ATTR_ANSWERS_6XX == OPVS_SIP_6XX);

static int opvs_fill_sip(struct opvs_msg *msg, u16 type,
			 const struct opvs_sip_totals *shown)
{
	struct nlattr *nest = opvs_msg_nest(msg, type);
	int kind;

	if (!nest)
		return -EMSGSIZE;
	for (kind = OPVS_SIP_NONE + 1; kind < OPVS_SIP_KINDS; kind++)
		if (shown->v[kind] &&
		    nla_put_u64_64bit(msg->skb, kind, shown->v[kind],
				      OPVS_SIP_ATTR_PAD))
			return -EMSGSIZE;
	nla_nest_end(msg->skb, nest);
	return 0;
}

/**
 * opvs_fill_svc_key() - add what names a service, to a SERVICE nest
 * @msg: message
 * @key: address, port and protocol, or firewall mark
 *
 * Context: any.
 * Return: 0, or -EMSGSIZE when there is no room.
 */
int opvs_fill_svc_key(struct opvs_msg *msg, const struct opvs_svc_key *key)
{
	struct sk_buff *skb = msg->skb;

	if (nla_put_u16(skb, IPVS_SVC_ATTR_AF, key->family))
		return -EMSGSIZE;
	if (opvs_svc_key_is_mark(key))
		return nla_put_u32(skb, IPVS_SVC_ATTR_FWMARK, key->addr.all[0]);
	if (nla_put_u16(skb, IPVS_SVC_ATTR_PROTOCOL, key->proto) ||
	    nla_put(skb, IPVS_SVC_ATTR_ADDR, sizeof(key->addr), &key->addr) ||
	    nla_put_be16(skb, IPVS_SVC_ATTR_PORT, key->port))
		return -EMSGSIZE;
	return 0;
}

static int opvs_fill_svc_sip(struct opvs_msg *msg, const struct opvs_svc *svc)
{
	struct opvs_sip_totals shown;

	if (!svc->conf.pe)
		return 0;
	opvs_sip_svc_shown(svc, &shown);
	return opvs_fill_sip(msg, OPVS_SVC_ATTR_SIP, &shown);
}

static int opvs_fill_drain(struct opvs_msg *msg, const struct opvs_svc *svc)
{
	const struct opvs_view *view;
	unsigned long now = jiffies;
	u32 seconds = 0;

	view = rcu_dereference_protected(svc->view,
					 lockdep_is_held(&svc->on->cfg_lock));
	if (!view->drains)
		return 0;
	if (time_before(now, view->drain_end))
		seconds = DIV_ROUND_UP(view->drain_end - now, HZ);
	return nla_put_u32(msg->skb, OPVS_SVC_ATTR_DRAIN_SECONDS, seconds);
}

/* Attributes that family `IPVS' does not have. */
static int opvs_fill_svc_extra(struct opvs_msg *msg, const struct opvs_svc *svc)
{
	if (!msg->nested)
		return 0;
	if (nla_put_string(msg->skb, OPVS_SVC_ATTR_POLICY,
			   svc->conf.policy->name) ||
	    nla_put_u32(msg->skb, OPVS_SVC_ATTR_CONN_MAX, svc->conf.conn_max) ||
	    nla_put_u32(msg->skb, OPVS_SVC_ATTR_CONN_COUNT,
			atomic_read(&svc->conns.count)) ||
	    nla_put_u32(msg->skb, OPVS_SVC_ATTR_EXCEPTIONS,
			atomic_read(&svc->exceptions)) ||
	    opvs_fill_drain(msg, svc))
		return -EMSGSIZE;
	return opvs_fill_svc_sip(msg, svc);
}

/**
 * opvs_fill_svc() - add a SERVICE nest to a message
 * @msg: message
 * @svc: service
 *
 * Context: process; cfg_lock held.
 * Return: 0, or -EMSGSIZE when there is no room.
 */
int opvs_fill_svc(struct opvs_msg *msg, const struct opvs_svc *svc)
{
	const struct opvs_svc_conf *conf = &svc->conf;
	const struct ip_vs_flags flags = {
		.flags	= conf->flags | IP_VS_SVC_F_HASHED,
		.mask	= ~0,
	};
	struct sk_buff *skb = msg->skb;
	struct opvs_totals sum;
	struct opvs_rates rate;
	struct nlattr *nest;

	lockdep_assert_held(&svc->on->cfg_lock);
	opvs_svc_stats(svc, &sum, &rate);
	nest = opvs_msg_nest(msg, IPVS_CMD_ATTR_SERVICE);
	if (!nest ||
	    opvs_fill_svc_key(msg, &svc->key) ||
	    nla_put_string(skb, IPVS_SVC_ATTR_SCHED_NAME, conf->sched->name) ||
	    (conf->pe &&
	     nla_put_string(skb, IPVS_SVC_ATTR_PE_NAME, conf->pe->name)) ||
	    nla_put(skb, IPVS_SVC_ATTR_FLAGS, sizeof(flags), &flags) ||
	    nla_put_u32(skb, IPVS_SVC_ATTR_TIMEOUT, conf->timeout) ||
	    nla_put_be32(skb, IPVS_SVC_ATTR_NETMASK, conf->netmask) ||
	    opvs_fill_stats32(msg, IPVS_SVC_ATTR_STATS, &sum, &rate) ||
	    opvs_fill_stats64(msg, IPVS_SVC_ATTR_STATS64, &sum, &rate) ||
	    opvs_fill_svc_extra(msg, svc))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int opvs_fill_dest_conns(struct sk_buff *skb,
				const struct opvs_dest *dest)
{
	if (nla_put_u32(skb, IPVS_DEST_ATTR_ACTIVE_CONNS,
			opvs_dest_active(dest)) ||
	    nla_put_u32(skb, IPVS_DEST_ATTR_INACT_CONNS,
			opvs_dest_inactive(dest)) ||
	    nla_put_u32(skb, IPVS_DEST_ATTR_PERSIST_CONNS,
			atomic_read(&dest->persist)))
		return -EMSGSIZE;
	return 0;
}

static int opvs_fill_dest_extra(struct opvs_msg *msg,
				const struct opvs_dest *dest)
{
	struct opvs_sip_totals shown;

	if (!msg->nested)
		return 0;
	if (nla_put_u32(msg->skb, OPVS_DEST_ATTR_CALLS, opvs_dest_calls(dest)))
		return -EMSGSIZE;
	if (!dest->svc->conf.pe)
		return 0;
	opvs_sip_dest_shown(dest, &shown);
	return opvs_fill_sip(msg, OPVS_DEST_ATTR_SIP, &shown);
}

/**
 * opvs_fill_dest() - add a DEST nest to a message
 * @msg: message
 * @dest: server
 *
 * Context: process; cfg_lock held.
 * Return: 0, or -EMSGSIZE when there is no room.
 */
int opvs_fill_dest(struct opvs_msg *msg, const struct opvs_dest *dest)
{
	const struct opvs_dest_conf *conf = &dest->conf;
	struct sk_buff *skb = msg->skb;
	struct opvs_totals sum;
	struct opvs_rates rate;
	struct nlattr *nest;

	lockdep_assert_held(&dest->svc->on->cfg_lock);
	opvs_dest_stats(dest, &sum, &rate);
	nest = opvs_msg_nest(msg, IPVS_CMD_ATTR_DEST);
	if (!nest ||
	    nla_put(skb, IPVS_DEST_ATTR_ADDR, sizeof(dest->addr),
		    &dest->addr) ||
	    nla_put_be16(skb, IPVS_DEST_ATTR_PORT, dest->port) ||
	    nla_put_u32(skb, IPVS_DEST_ATTR_FWD_METHOD, conf->xmit->method) ||
	    nla_put_u32(skb, IPVS_DEST_ATTR_WEIGHT, conf->weight) ||
	    nla_put_u8(skb, IPVS_DEST_ATTR_TUN_TYPE, conf->tunnel.type) ||
	    nla_put_be16(skb, IPVS_DEST_ATTR_TUN_PORT, conf->tunnel.port) ||
	    nla_put_u16(skb, IPVS_DEST_ATTR_TUN_FLAGS, conf->tunnel.flags) ||
	    nla_put_u32(skb, IPVS_DEST_ATTR_U_THRESH, conf->u_threshold) ||
	    nla_put_u32(skb, IPVS_DEST_ATTR_L_THRESH, conf->l_threshold) ||
	    opvs_fill_dest_conns(skb, dest) ||
	    nla_put_u16(skb, IPVS_DEST_ATTR_ADDR_FAMILY, dest->family) ||
	    opvs_fill_stats32(msg, IPVS_DEST_ATTR_STATS, &sum, &rate) ||
	    opvs_fill_stats64(msg, IPVS_DEST_ATTR_STATS64, &sum, &rate) ||
	    opvs_fill_dest_extra(msg, dest))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}
