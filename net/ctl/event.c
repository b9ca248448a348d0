// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events as netlink messages, for group "events" of family opvs.
 *
 * An event has the attributes that an answer about the same object has.  To join
 * the group takes CAP_NET_ADMIN in the user namespace that owns the network, as
 * the kernel knows no other rule for groups.  The rule for commands is stricter:
 * unless module parameter userns says so, tenants may not even look.  So there
 * are no events in their namespaces then.
 */
#include "fill.h"
#include "genl.h"
#include "policy.h"
#include "table.h"

#include <opvs/ctl.h>
#include <opvs/dest.h>
#include <opvs/event.h>
#include <opvs/netns.h>
#include <opvs/share.h>
#include <opvs/svc.h>

#include <linux/ip_vs.h>
#include <linux/opvs.h>
#include <linux/timekeeping.h>

static bool opvs_event_wanted(const struct opvs_net *on)
{
	return (!on->share.tenant || opvs_userns_allowed()) &&
	       opvs_genl_listened(on->net);
}

static int opvs_fill_edit(struct opvs_msg *msg, const struct opvs_event *event)
{
	if (event->changed &&
	    nla_put_u32(msg->skb, OPVS_EVENT_ATTR_CHANGED, event->changed))
		return -EMSGSIZE;
	if (event->changed & OPVS_CHANGED_WEIGHT &&
	    nla_put_u32(msg->skb, OPVS_EVENT_ATTR_OLD_WEIGHT,
			event->old_weight))
		return -EMSGSIZE;
	return 0;
}

static int opvs_fill_event(struct opvs_msg *msg, const struct opvs_net *on,
			   const struct opvs_event *event)
{
	const struct opvs_net_events *events = &on->event;
	struct nlattr *nest = opvs_msg_nest(msg, OPVS_CMD_ATTR_EVENT);
	struct sk_buff *skb = msg->skb;

	if (!nest ||
	    nla_put_u64_64bit(skb, OPVS_EVENT_ATTR_SEQUENCE, events->sequence,
			      OPVS_EVENT_ATTR_PAD) ||
	    nla_put_u64_64bit(skb, OPVS_EVENT_ATTR_TIME, ktime_get_real_ns(),
			      OPVS_EVENT_ATTR_PAD) ||
	    (events->portid &&
	     nla_put_u32(skb, OPVS_EVENT_ATTR_PORTID, events->portid)) ||
	    (events->lost &&
	     nla_put_u32(skb, OPVS_EVENT_ATTR_LOST, events->lost)) ||
	    opvs_fill_edit(msg, event) ||
	    (event->cmd == OPVS_CMD_LIMIT_REACHED &&
	     nla_put_u8(skb, OPVS_EVENT_ATTR_LIMIT, event->limit)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int opvs_fill_svc_name(struct opvs_msg *msg, const struct opvs_svc *svc)
{
	struct nlattr *nest = opvs_msg_nest(msg, IPVS_CMD_ATTR_SERVICE);

	if (!nest || opvs_fill_svc_key(msg, &svc->key))
		return -EMSGSIZE;
	nla_nest_end(msg->skb, nest);
	return 0;
}

static int opvs_fill_table_limit(struct opvs_msg *msg,
				 const struct opvs_net *on)
{
	struct nlattr *nest = opvs_msg_nest(msg, OPVS_CMD_ATTR_TABLE);

	if (!nest || opvs_fill_limit(msg, on))
		return -EMSGSIZE;
	nla_nest_end(msg->skb, nest);
	return 0;
}

/* Is it about the limit of the namespace? */
static bool opvs_event_has_table(const struct opvs_event *event)
{
	return event->cmd == OPVS_CMD_LIMIT_CHANGED ||
	       (event->cmd == OPVS_CMD_LIMIT_REACHED &&
		event->limit == OPVS_LIMIT_KIND_NETNS);
}

/* What the event is about. */
static int opvs_fill_subject(struct opvs_msg *msg, const struct opvs_net *on,
			     const struct opvs_event *event)
{
	int err = 0;

	if (event->dest)
		err = opvs_fill_svc_name(msg, event->svc) ?:
		      opvs_fill_dest(msg, event->dest);
	else if (event->svc)
		err = opvs_fill_svc(msg, event->svc);
	else if (event->policy)
		err = opvs_fill_policy(msg, event->policy);
	else if (opvs_event_has_table(event))
		err = opvs_fill_table_limit(msg, on);
	return err;
}

static int opvs_event_tell_all(struct opvs_net *on,
			       const struct opvs_event *event)
{
	struct opvs_msg msg = { .nested = NLA_F_NESTED };
	int err = -EMSGSIZE;

	msg.skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg.skb)
		return -ENOMEM;
	msg.hdr = opvs_genl_event(msg.skb, event->cmd);
	if (msg.hdr)
		err = opvs_fill_event(&msg, on, event) ?:
		      opvs_fill_subject(&msg, on, event);
	if (err) {
		nlmsg_free(msg.skb);
		return err;
	}
	genlmsg_end(msg.skb, msg.hdr);
	opvs_genl_multicast(on->net, msg.skb);
	return 0;
}

const struct opvs_event_ops opvs_event_netlink = {
	.wanted	= opvs_event_wanted,
	.tell	= opvs_event_tell_all,
};
