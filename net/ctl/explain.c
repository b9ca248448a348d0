// SPDX-License-Identifier: GPL-2.0-only
/* The netlink command that asks what would become of a packet.
 *
 * One request asks about one packet, or about one packet with many keys in turn.
 * What it takes in memory and time is bounded by its length and by the service's
 * servers.
 */
#include "explain.h"

#include "fill.h"
#include "nla.h"
#include "parse.h"
#include "request.h"

#include <opvs/counters.h>
#include <opvs/flow.h>
#include <opvs/netns.h>
#include <opvs/path.h>
#include <opvs/sched.h>
#include <opvs/query.h>
#include <opvs/svc.h>
#include <opvs/what_if.h>
#include <opvs/xmit.h>

#include <linux/bottom_half.h>
#include <linux/cpumask.h>
#include <linux/inetdevice.h>
#include <linux/opvs.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <net/addrconf.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/route.h>

/* Keys in a request, as the specification has it; and between two of them for which
 * others may run.
 */
#define EXPLAIN_KEYS		4096
#define EXPLAIN_STRIDE		64

/* Servers in an answer, for all of which a nest has room. */
#define EXPLAIN_CANDIDATES	256
#define EXPLAIN_CANDIDATE_SIZE	96

static const struct opvs_nest_type opvs_nest_explain = {
	.policy		= opvs_nla_explain,
	.attr		= OPVS_CMD_ATTR_DECISION,
	.native_max	= OPVS_EXPLAIN_ATTR_MAX,
};

static const struct opvs_nest_type opvs_nest_change = {
	.policy		= opvs_nla_change,
	.native_max	= OPVS_CHANGE_ATTR_MAX,
};

/**
 * struct explain - a request under way
 * @on: namespace
 * @nest: the DECISION nest
 * @packet: the packet
 * @family: NFPROTO_* of it
 * @local: it goes to an address of this host
 * @cpu: that it comes to, or -1
 * @flow: of it
 * @svc: its service, where the request needs one
 * @what_if: changes, or NULL
 * @num_keys: how many of KEYS
 * @choice: for each of these the server's id, or 0
 * @why: and &enum opvs_why
 * @verdict: of the packet, or the last key
 * @query: question and answer
 */
struct explain {
	struct opvs_net		*on;
	const struct opvs_nest	*nest;
	struct sk_buff		*packet;
	u8			family;
	bool			local;
	int			cpu;
	struct opvs_flow	flow;
	struct opvs_svc		*svc;
	struct opvs_what_if	*what_if;
	u32			num_keys;
	u32			*choice;
	u8			*why;
	opvs_verdict_t		verdict;
	struct opvs_query	query;
};

/* Addresses of devices in a VRF are in other tables than those that a packet
 * without a device leads to.
 */
static bool is_local_v4(struct net *net, const struct opvs_flow *flow, u32 mark)
{
	struct flowi4 fl4 = {
		.daddr		= flow->daddr.ip,
		.flowi4_mark	= mark,
	};
	struct rtable *rt;
	bool local;

	/* It would stand for the loopback address. */
	if (!fl4.daddr)
		return false;
	rcu_read_lock();
	local = __ip_dev_find(net, fl4.daddr, false);
	rcu_read_unlock();
	if (local)
		return true;
	rt = ip_route_output_key(net, &fl4);
	if (IS_ERR(rt))
		return false;
	local = rt->rt_type == RTN_LOCAL;
	ip_rt_put(rt);
	return local;
}

static bool is_local_v6(struct net *net, const struct opvs_flow *flow, u32 mark)
{
	struct flowi6 fl6 = {
		.daddr		= flow->daddr.in6,
		.flowi6_mark	= mark,
	};
	struct dst_entry *dst;
	bool local;

	if (ipv6_addr_any(&fl6.daddr))
		return false;
	if (ipv6_chk_addr(net, &fl6.daddr, NULL, 0))
		return true;
	dst = ip6_route_output(net, NULL, &fl6);
	local = !dst->error &&
		container_of(dst, struct rt6_info, dst)->rt6i_flags & RTF_LOCAL;
	dst_release(dst);
	return local;
}

/* ---- the request ---- */

static int refuse(const struct nlattr *attr, struct netlink_ext_ack *extack,
		  const char *text)
{
	extack->_msg = text;
	NL_SET_BAD_ATTR(extack, attr);
	return -EINVAL;
}

static int parse_cpu(struct explain *e)
{
	const struct nlattr *attr = e->nest->tb[OPVS_EXPLAIN_ATTR_CPU];
	u32 cpu;

	e->cpu = -1;
	if (!attr)
		return 0;
	cpu = nla_get_u32(attr);
	if (cpu >= nr_cpu_ids || !cpu_possible(cpu))
		return refuse(attr, e->nest->extack,
			      "EXPLAIN: CPU: there is no such CPU");
	e->cpu = cpu;
	return 0;
}

/* KEYS, each behind its length. */
static int count_keys(struct explain *e, const struct nlattr *attr)
{
	const u8 *at = nla_data(attr), *end = at + nla_len(attr);

	for (; at < end; at += 1 + *at, e->num_keys++)
		if (!*at || *at >= end - at)
			return refuse(attr, e->nest->extack,
				      "EXPLAIN: KEYS: each key must be 1 to 255 bytes, behind its length");
	if (!e->num_keys || e->num_keys > EXPLAIN_KEYS)
		return refuse(attr, e->nest->extack,
			      "EXPLAIN: KEYS must be 1 to 4096 keys");
	e->choice = kvcalloc(e->num_keys, sizeof(*e->choice),
			     GFP_KERNEL_ACCOUNT);
	e->why = kvzalloc(e->num_keys, GFP_KERNEL_ACCOUNT);
	return e->choice && e->why ? 0 : -ENOMEM;
}

static int parse_keys(struct explain *e)
{
	struct nlattr *const *tb = e->nest->tb;
	const struct nlattr *keys = tb[OPVS_EXPLAIN_ATTR_KEYS];
	const struct nlattr *key = tb[OPVS_EXPLAIN_ATTR_KEY];
	const struct nlattr *later = tb[OPVS_EXPLAIN_ATTR_LATER];

	if (later && !key && !keys)
		return refuse(later, e->nest->extack,
			      "EXPLAIN: LATER says something about KEY or KEYS");
	if ((key || keys) && tb[OPVS_EXPLAIN_ATTR_PAYLOAD])
		return refuse(key ?: keys, e->nest->extack,
			      "EXPLAIN: KEY and KEYS stand for a PAYLOAD");
	if (key && keys)
		return refuse(key, e->nest->extack,
			      "EXPLAIN: either KEY or KEYS");
	return keys ? count_keys(e, keys) : 0;
}

/* The service that the packet goes to, for what makes no sense without. */
static int find_svc(struct explain *e)
{
	struct netlink_ext_ack *extack = e->nest->extack;
	struct nlattr *const *tb = e->nest->tb;
	const struct nlattr *key = tb[OPVS_EXPLAIN_ATTR_KEY] ?:
				   tb[OPVS_EXPLAIN_ATTR_KEYS];
	const struct opvs_pe_ops *pe;

	if (!key && !tb[OPVS_EXPLAIN_ATTR_CHANGE])
		return 0;
	rcu_read_lock();
	e->svc = opvs_svc_match(e->on, &e->flow, e->packet->mark);
	rcu_read_unlock();
	if (!e->svc) {
		refuse(e->nest->attr, extack,
		       "EXPLAIN: the packet goes to no service, so that it has neither KEY, KEYS nor CHANGE");
		return -ESRCH;
	}
	pe = e->svc->conf.pe;
	if (key && (!pe || pe->proto != e->flow.proto))
		return refuse(key, extack,
			      "EXPLAIN: KEY and KEYS need a service with a persistence engine");
	return 0;
}

static int change_with(struct explain *e, const struct opvs_nest *nest,
		       const struct opvs_dest_key *key)
{
	const struct nlattr *weight = nest->tb[OPVS_CHANGE_ATTR_WEIGHT];
	struct opvs_dest_conf conf = {
		.key	= *key,
		.weight	= weight ? nla_get_u32(weight) : 1,
	};
	const struct opvs_dest *other;

	/* It is reached as the others are. */
	other = list_first_entry_or_null(&e->svc->dests, struct opvs_dest, list);
	conf.xmit = other ? other->conf.xmit :
		    opvs_xmit_find(IP_VS_CONN_F_MASQ);
	if (other)
		conf.tunnel = other->conf.tunnel;
	return opvs_what_if_with(e->what_if, &conf, nest->extack);
}

static int change_weight(struct explain *e, const struct opvs_nest *nest,
			 const struct opvs_dest_key *key)
{
	const struct nlattr *weight = nest->tb[OPVS_CHANGE_ATTR_WEIGHT];

	if (!weight)
		return opvs_refuse_missing(nest->extack, nest->attr,
					   OPVS_CHANGE_ATTR_WEIGHT);
	return opvs_what_if_weight(e->what_if, key, nla_get_u32(weight),
				   nest->extack);
}

static int parse_change(struct explain *e, const struct nlattr *attr)
{
	static const u8 required[] = {
		OPVS_CHANGE_ATTR_KIND, OPVS_CHANGE_ATTR_ADDR,
	};
	struct opvs_dest_key key = { .family = e->svc->key.family };
	struct netlink_ext_ack *extack = e->nest->extack;
	struct opvs_nest nest;
	int err;

	err = opvs_nest_parse_attr(&nest, attr, &opvs_nest_change, extack);
	if (!err)
		err = opvs_nest_require(&nest, required, ARRAY_SIZE(required));
	if (!err)
		err = opvs_explain_addr(&nest, OPVS_CHANGE_ATTR_ADDR,
					key.family, &key.addr);
	if (err)
		return err;
	if (nest.tb[OPVS_CHANGE_ATTR_PORT])
		key.port = nla_get_be16(nest.tb[OPVS_CHANGE_ATTR_PORT]);

	switch (nla_get_u8(nest.tb[OPVS_CHANGE_ATTR_KIND])) {
	case OPVS_CHANGE_KIND_WITH:
		return change_with(e, &nest, &key);
	case OPVS_CHANGE_KIND_WEIGHT:
		return change_weight(e, &nest, &key);
	default:
		return opvs_what_if_without(e->what_if, &key, extack);
	}
}

static int parse_changes(struct explain *e)
{
	const struct nlattr *attr;
	int rem, err;

	if (!e->nest->tb[OPVS_EXPLAIN_ATTR_CHANGE])
		return 0;
	e->what_if = opvs_what_if_new(e->svc);
	if (!e->what_if)
		return -ENOMEM;
	nla_for_each_nested(attr, e->nest->attr, rem) {
		if (nla_type(attr) != OPVS_EXPLAIN_ATTR_CHANGE)
			continue;
		err = parse_change(e, attr);
		if (err)
			return err;
	}
	return opvs_what_if_view(e->what_if, e->nest->extack);
}

static int parse(struct explain *e)
{
	struct net *net = e->on->net;
	int err;

	e->packet = opvs_explain_packet(e->nest, &e->family);
	if (IS_ERR(e->packet)) {
		err = PTR_ERR(e->packet);
		e->packet = NULL;
		return err;
	}
	/* What is wrong with it is told in the answer. */
	opvs_flow_parse(e->packet, 0, e->family, &e->flow);
	e->local = e->family == NFPROTO_IPV6 ?
		   is_local_v6(net, &e->flow, e->packet->mark) :
		   is_local_v4(net, &e->flow, e->packet->mark);
	err = parse_cpu(e);
	if (!err)
		err = parse_keys(e);
	if (!err)
		err = find_svc(e);
	return err ?: parse_changes(e);
}

static void explain_free(struct explain *e)
{
	opvs_what_if_free(e->what_if);
	kfree_skb(e->packet);
	kvfree(e->choice);
	kvfree(e->why);
	kfree(e);
}

/* ---- the path is asked ---- */

/* In an RCU read section, within which the answer is valid. */
static void ask(struct explain *e, const u8 *key, u8 len)
{
	struct nlattr *const *tb = e->nest->tb;
	u8 flags = tb[OPVS_EXPLAIN_ATTR_FROM_HOST] ? OPVS_FLOW_FROM_HOST : 0;

	e->query = (struct opvs_query){
		.what_if	= e->what_if,
		.key		= key,
		.key_len	= len,
		.later		= tb[OPVS_EXPLAIN_ATTR_LATER],
	};
	local_bh_disable();
	e->query.cpu = e->cpu < 0 ? smp_processor_id() : e->cpu;
	e->verdict = opvs_explain(e->on, e->packet, e->family, flags, e->local,
				  &e->query);
	local_bh_enable();
}

static void ask_one(struct explain *e)
{
	const struct nlattr *key = e->nest->tb[OPVS_EXPLAIN_ATTR_KEY];

	ask(e, key ? nla_data(key) : NULL, key ? nla_len(key) : 0);
}

static int ask_keys(struct explain *e)
{
	const u8 *at = nla_data(e->nest->tb[OPVS_EXPLAIN_ATTR_KEYS]);
	u32 i;

	rcu_read_lock();
	for (i = 0; i < e->num_keys; i++, at += 1 + *at) {
		if (i && i % EXPLAIN_STRIDE == 0) {
			rcu_read_unlock();
			cond_resched();
			if (fatal_signal_pending(current))
				return -EINTR;
			rcu_read_lock();
		}
		ask(e, at + 1, *at);
		e->choice[i] = e->query.dest ? (u32)e->query.dest->id : 0;
		e->why[i] = e->query.why;
	}
	rcu_read_unlock();
	return 0;
}

/* ---- the answer ---- */

static int fill_addr(struct sk_buff *skb, const struct opvs_dest *dest)
{
	return nla_put(skb, OPVS_CANDIDATE_ATTR_ADDR,
		       dest->family == NFPROTO_IPV6 ? sizeof(dest->addr.in6) :
						      sizeof(dest->addr.in),
		       &dest->addr);
}

static int fill_load(struct sk_buff *skb, const struct explain *e,
		     const struct opvs_dest *dest)
{
	const struct opvs_view *view = e->query.view;

	if (!view || !view->ops->load)
		return 0;
	return nla_put_u64_64bit(skb, OPVS_CANDIDATE_ATTR_LOAD,
				 e->query.per_packet ? 0 : view->ops->load(dest),
				 OPVS_CANDIDATE_ATTR_PAD);
}

static int fill_server(struct opvs_msg *msg, u16 type, const struct explain *e,
		       const struct opvs_dest *dest)
{
	struct sk_buff *skb = msg->skb;
	struct nlattr *nest;

	if (!dest)
		return 0;
	nest = opvs_msg_nest(msg, type);
	if (!nest ||
	    nla_put_u32(skb, OPVS_CANDIDATE_ATTR_NUMBER, dest->id) ||
	    fill_addr(skb, dest) ||
	    nla_put_be16(skb, OPVS_CANDIDATE_ATTR_PORT, dest->port) ||
	    nla_put_u32(skb, OPVS_CANDIDATE_ATTR_WEIGHT,
			READ_ONCE(dest->weight)) ||
	    (opvs_dest_available(dest) &&
	     nla_put_flag(skb, OPVS_CANDIDATE_ATTR_AVAILABLE)) ||
	    (READ_ONCE(dest->overloaded) &&
	     nla_put_flag(skb, OPVS_CANDIDATE_ATTR_OVERLOADED)) ||
	    fill_load(skb, e, dest) ||
	    nla_put_u32(skb, OPVS_CANDIDATE_ATTR_ACTIVE_CONNS,
			opvs_dest_active(dest)) ||
	    nla_put_u32(skb, OPVS_CANDIDATE_ATTR_INACT_CONNS,
			opvs_dest_inactive(dest)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_candidates(struct opvs_msg *msg, const struct explain *e)
{
	const struct nlattr *attr = e->nest->tb[OPVS_EXPLAIN_ATTR_CANDIDATES];
	const struct opvs_view *view;
	u32 i, end;
	int err;

	if (!attr || !e->query.svc)
		return 0;
	view = opvs_query_view(&e->query, e->query.svc);
	err = nla_put_u32(msg->skb, OPVS_EXPLAIN_ATTR_NUM_CANDIDATES,
			  view->known);
	i = min(nla_get_u32(attr), view->known);
	end = min(i + EXPLAIN_CANDIDATES, view->known);
	for (; i < end && !err; i++)
		err = fill_server(msg, OPVS_EXPLAIN_ATTR_CANDIDATE, e,
				  view->member[i].dest);
	return err;
}

static int fill_decision(struct opvs_msg *msg, const struct explain *e)
{
	const struct opvs_query *query = &e->query;
	struct sk_buff *skb = msg->skb;

	if (nla_put_u8(skb, OPVS_EXPLAIN_ATTR_WHY, query->why) ||
	    (e->verdict != OPVS_NOT_OURS &&
	     nla_put_string(skb, OPVS_EXPLAIN_ATTR_VERDICT,
			    opvs_counter_name((__force enum opvs_ctr)e->verdict))) ||
	    fill_server(msg, OPVS_EXPLAIN_ATTR_SERVER, e, query->dest) ||
	    fill_server(msg, OPVS_EXPLAIN_ATTR_OWNER, e, query->owner) ||
	    (query->slots &&
	     (nla_put_u32(skb, OPVS_EXPLAIN_ATTR_SLOT, query->slot) ||
	      nla_put_u32(skb, OPVS_EXPLAIN_ATTR_SLOTS, query->slots))) ||
	    (query->found_len &&
	     nla_put(skb, OPVS_EXPLAIN_ATTR_KEY, query->found_len,
		     query->found)) ||
	    (query->begins && nla_put_flag(skb, OPVS_EXPLAIN_ATTR_BEGINS)) ||
	    (query->remembered &&
	     nla_put_flag(skb, OPVS_EXPLAIN_ATTR_REMEMBERED)) ||
	    (query->turn &&
	     nla_put_u32(skb, OPVS_EXPLAIN_ATTR_TURN, query->cpu)) ||
	    (query->unsure && nla_put_flag(skb, OPVS_EXPLAIN_ATTR_UNSURE)))
		return -EMSGSIZE;
	return 0;
}

static int fill_keys(struct opvs_msg *msg, const struct explain *e)
{
	return nla_put(msg->skb, OPVS_EXPLAIN_ATTR_CHOICES,
		       e->num_keys * sizeof(*e->choice), e->choice) ?:
	       nla_put(msg->skb, OPVS_EXPLAIN_ATTR_WHYS, e->num_keys, e->why);
}

static int fill_service(struct opvs_msg *msg, const struct opvs_svc *svc)
{
	struct nlattr *nest;

	if (!svc)
		return 0;
	nest = opvs_msg_nest(msg, IPVS_CMD_ATTR_SERVICE);
	if (!nest || opvs_fill_svc_key(msg, &svc->key) ||
	    nla_put_string(msg->skb, IPVS_SVC_ATTR_SCHED_NAME,
			   svc->conf.sched->name) ||
	    (svc->conf.pe && nla_put_string(msg->skb, IPVS_SVC_ATTR_PE_NAME,
					    svc->conf.pe->name)))
		return -EMSGSIZE;
	nla_nest_end(msg->skb, nest);
	return 0;
}

static int fill(struct opvs_msg *msg, const struct explain *e)
{
	struct nlattr *nest;
	int err;

	err = fill_service(msg, e->query.svc);
	if (err)
		return err;
	nest = opvs_msg_nest(msg, OPVS_CMD_ATTR_DECISION);
	if (!nest)
		return -EMSGSIZE;
	err = e->num_keys ? fill_keys(msg, e) : fill_decision(msg, e);
	if (!err && e->local)
		err = nla_put_flag(msg->skb, OPVS_EXPLAIN_ATTR_LOCAL);
	if (!err)
		err = fill_candidates(msg, e);
	nla_nest_end(msg->skb, nest);
	return err;
}

static size_t answer_size(const struct explain *e)
{
	size_t size = GENLMSG_DEFAULT_SIZE +
		      e->num_keys * (sizeof(*e->choice) + sizeof(*e->why));

	if (e->nest->tb[OPVS_EXPLAIN_ATTR_CANDIDATES])
		size += EXPLAIN_CANDIDATES * EXPLAIN_CANDIDATE_SIZE;
	return size;
}

static int explain(struct explain *e, const struct sk_buff *request,
		   struct genl_info *info)
{
	struct opvs_msg msg;
	int err;

	err = parse(e);
	if (!err && e->num_keys)
		err = ask_keys(e);
	if (err)
		return err;
	err = opvs_reply_begin(&msg, request, info, answer_size(e),
			       OPVS_CMD_EXPLAIN);
	if (err)
		return err;
	/* What an answer is about stays until it is filled in. */
	rcu_read_lock();
	if (!e->num_keys)
		ask_one(e);
	err = fill(&msg, e);
	rcu_read_unlock();
	return opvs_msg_reply(&msg, err, info);
}

/**
 * opvs_ctl_explain() - OPVS_CMD_EXPLAIN: what would become of a packet?
 * @skb: request
 * @info: its parts
 *
 * Context: process; cfg_lock held.
 * Return: 0 or negative errno.
 */
int opvs_ctl_explain(struct sk_buff *skb, struct genl_info *info)
{
	struct opvs_req *req = opvs_req_of(info);
	struct explain *e;
	int err;

	err = opvs_nest_parse(&req->nest, info->nlhdr, info->attrs,
			      &opvs_nest_explain, info->extack);
	if (err)
		return err;
	e = kzalloc(sizeof(*e), GFP_KERNEL_ACCOUNT);
	if (!e)
		return -ENOMEM;
	e->on = req->on;
	e->nest = &req->nest;
	opvs_net_settle(req->on);
	err = explain(e, skb, info);
	explain_free(e);
	return err;
}
