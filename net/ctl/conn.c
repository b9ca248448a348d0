// SPDX-License-Identifier: GPL-2.0-only
/* Netlink commands about connections.
 *
 * There may be millions, so no lock is held on the way through them, RCU read
 * sections are short, and the processor is offered to others in between.
 */
#include "conn.h"

#include "fill.h"
#include "filter.h"
#include "nla.h"
#include "request.h"

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/netns.h>
#include <opvs/pe.h>
#include <opvs/svc.h>

#include <linux/ip_vs.h>
#include <linux/opvs.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <net/sock.h>

/* Entries that are looked at in one RCU read section. */
#define OPVS_CONN_STRIDE	256

/* Strides after which a list is delivered as far as it is. */
#define OPVS_CONN_STRIDES	64

static int opvs_put_addr(struct sk_buff *skb, u16 type,
			 const struct opvs_tuple *tuple,
			 const union nf_inet_addr *addr)
{
	return nla_put(skb, type, tuple->family == NFPROTO_IPV6 ?
		       sizeof(addr->in6) : sizeof(addr->in), addr);
}

static int opvs_fill_conn_tuple(struct sk_buff *skb,
				const struct opvs_conn *cp)
{
	const struct opvs_tuple *request = &cp->request.tuple;
	const struct opvs_tuple *reply = &cp->reply.tuple;
	u8 kind = opvs_conn_is_template(cp) ? OPVS_CONN_KIND_TEMPLATE :
					      OPVS_CONN_KIND_CONNECTION;
	int err;

	if (nla_put_u8(skb, OPVS_CONN_ATTR_KIND, kind) ||
	    nla_put_u16(skb, OPVS_CONN_ATTR_FAMILY, request->family) ||
	    nla_put_u16(skb, OPVS_CONN_ATTR_PROTOCOL, request->proto) ||
	    opvs_put_addr(skb, OPVS_CONN_ATTR_CLIENT, request, &request->src) ||
	    nla_put_be16(skb, OPVS_CONN_ATTR_CLIENT_PORT, request->sport))
		return -EMSGSIZE;
	if (opvs_tuple_by_mark(request))
		err = nla_put_u32(skb, OPVS_CONN_ATTR_FWMARK,
				  ntohl(request->dst.ip));
	else
		err = opvs_put_addr(skb, OPVS_CONN_ATTR_VIRTUAL, request,
				    &request->dst);
	if (err ||
	    nla_put_be16(skb, OPVS_CONN_ATTR_VIRTUAL_PORT, request->dport) ||
	    opvs_put_addr(skb, OPVS_CONN_ATTR_SERVER, reply, &reply->src) ||
	    nla_put_be16(skb, OPVS_CONN_ATTR_SERVER_PORT, reply->sport))
		return -EMSGSIZE;
	return 0;
}

/* Flags as IPVS numbers them. */
static u32 opvs_conn_shown_flags(const struct opvs_conn *cp, u32 state)
{
	u32 flags = cp->flags & ~OPVS_CONN_F_OWN;

	if (opvs_conn_is_template(cp))
		flags |= IP_VS_CONN_F_TEMPLATE;
	if (!(state & OPVS_CONN_ACTIVE))
		flags |= IP_VS_CONN_F_INACTIVE;
	if (state & OPVS_CONN_NO_OUTPUT)
		flags |= IP_VS_CONN_F_NOOUTPUT;
	return flags;
}

static int opvs_fill_conn_state(struct sk_buff *skb,
				const struct opvs_conn *cp)
{
	const struct opvs_conn_ext *ext = cp->ext;
	u32 state = READ_ONCE(cp->word);

	if (nla_put_string(skb, OPVS_CONN_ATTR_STATE,
			   opvs_ctl_state_name(cp)) ||
	    (ext && nla_put_string(skb, OPVS_CONN_ATTR_ENGINE,
				   ext->pe->name)) ||
	    (ext && nla_put(skb, OPVS_CONN_ATTR_KEY, ext->key_len,
			    ext->key)) ||
	    nla_put_u32(skb, OPVS_CONN_ATTR_SECONDS,
			opvs_conn_seconds_left(cp)) ||
	    nla_put_u32(skb, OPVS_CONN_ATTR_FLAGS,
			opvs_conn_shown_flags(cp, state)) ||
	    nla_put_u32(skb, OPVS_CONN_ATTR_METHOD,
			cp->flags & IP_VS_CONN_F_FWD_MASK) ||
	    nla_put_u32(skb, OPVS_CONN_ATTR_PACKETS,
			opvs_conn_in_pkts(cp)) ||
	    (state & OPVS_CONN_ACTIVE &&
	     nla_put_flag(skb, OPVS_CONN_ATTR_ACTIVE)))
		return -EMSGSIZE;
	return 0;
}

static int opvs_fill_conn(struct opvs_msg *msg, const struct opvs_conn *cp)
{
	struct nlattr *nest;

	nest = opvs_msg_nest(msg, IPVS_CMD_ATTR_SERVICE);
	if (!nest || opvs_fill_svc_key(msg, &cp->dest->svc->key))
		return -EMSGSIZE;
	nla_nest_end(msg->skb, nest);

	nest = opvs_msg_nest(msg, OPVS_CMD_ATTR_CONN);
	if (!nest || opvs_fill_conn_tuple(msg->skb, cp) ||
	    opvs_fill_conn_state(msg->skb, cp))
		return -EMSGSIZE;
	nla_nest_end(msg->skb, nest);
	return 0;
}

static int opvs_conn_refuse_none(const struct genl_info *info)
{
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[OPVS_CMD_ATTR_CONN],
			    "CONN: there is no such connection");
	return -ENOENT;
}

/**
 * opvs_req_filter() - which connections a request is about
 * @req: request; gets its filter
 * @info: its parts
 *
 * Context: process; takes cfg_lock.
 * Return: 0 or an error of opvs_filter_parse().
 */
int opvs_req_filter(struct opvs_req *req, struct genl_info *info)
{
	return opvs_filter_parse(&req->filter, req->on, info->nlhdr,
				 info->attrs, info->extack);
}

/**
 * opvs_ctl_get_conn() - OPVS_CMD_GET_CONN, one entry
 * @skb: request
 * @info: its parts
 *
 * Context: process.
 * Return: 0 or negative errno: -ENOENT when there is no such entry, -EINVAL
 * when the request does not name a whole tuple.
 */
int opvs_ctl_get_conn(struct sk_buff *skb, struct genl_info *info)
{
	const struct opvs_req *req = opvs_req_of(info);
	struct opvs_conn *cp;
	struct opvs_msg msg;
	int err;

	if (!opvs_filter_is_single(&req->filter)) {
		NL_SET_ERR_MSG(info->extack,
			       "CONN must name all addresses and ports of an entry; for more, ask for a dump");
		return -EINVAL;
	}

	err = opvs_reply_begin(&msg, skb, info, GENLMSG_DEFAULT_SIZE,
			       OPVS_CMD_GET_CONN);
	if (err)
		return err;
	rcu_read_lock();
	cp = opvs_filter_find(&req->filter, req->on);
	err = cp ? opvs_fill_conn(&msg, cp) : opvs_conn_refuse_none(info);
	rcu_read_unlock();
	return opvs_msg_reply(&msg, err, info);
}

/* Ends or expires all that match, and returns how many those were. */
static int opvs_conn_each(struct opvs_net *on, const struct opvs_filter *filter,
			  bool (*end)(struct opvs_conn *cp), u32 *count)
{
	struct opvs_conn_walk walk = {};
	unsigned int seen = 0;
	struct opvs_conn *cp;
	int err = 0;

	rcu_read_lock();
	while ((cp = opvs_conn_walk_next(on, &walk))) {
		/* It may have ended by itself meanwhile. */
		if (opvs_filter_match(filter, cp) && end(cp))
			++*count;
		if (++seen % OPVS_CONN_STRIDE)
			continue;
		rcu_read_unlock();
		cond_resched();
		rcu_read_lock();
		if (fatal_signal_pending(current)) {
			err = -EINTR;
			break;
		}
	}
	rcu_read_unlock();
	return err;
}

/* Does it to the one entry that the request names, or to all that match. */
static int opvs_conn_end_asked(struct opvs_net *on,
			       const struct opvs_filter *filter,
			       const struct genl_info *info,
			       bool (*end)(struct opvs_conn *cp), u32 *count)
{
	struct opvs_conn *cp;
	int err = 0;

	if (!opvs_filter_is_single(filter))
		return opvs_conn_each(on, filter, end, count);
	rcu_read_lock();
	cp = opvs_filter_find(filter, on);
	if (cp)
		*count = end(cp);
	else
		err = opvs_conn_refuse_none(info);
	rcu_read_unlock();
	return err;
}

static int opvs_conn_do_end(struct sk_buff *skb, struct genl_info *info,
			    bool (*end)(struct opvs_conn *cp), u8 cmd)
{
	const struct opvs_req *req = opvs_req_of(info);
	struct opvs_msg msg;
	u32 count = 0;
	int err;

	/* First what can fail. */
	err = opvs_reply_begin(&msg, skb, info, nla_total_size(sizeof(count)),
			       cmd);
	if (err)
		return err;
	err = opvs_conn_end_asked(req->on, &req->filter, info, end,
				  &count);
	if (!err)
		err = nla_put_u32(msg.skb, OPVS_CMD_ATTR_COUNT, count);
	return opvs_msg_reply(&msg, err, info);
}

/**
 * opvs_ctl_flush_conn() - OPVS_CMD_FLUSH_CONN: end entries
 * @skb: request
 * @info: its parts
 *
 * Context: process; sleeps, for long if there are many entries.
 * Return: 0 or negative errno: -ENOENT when a single entry is named that does
 * not exist.
 */
int opvs_ctl_flush_conn(struct sk_buff *skb, struct genl_info *info)
{
	return opvs_conn_do_end(skb, info, opvs_conn_end, OPVS_CMD_FLUSH_CONN);
}

/**
 * opvs_ctl_expire_conn() - OPVS_CMD_EXPIRE_CONN: let entries expire now
 * @skb: request
 * @info: its parts
 *
 * They cease to be found at once; the sweeper does the rest.
 *
 * Context: process; sleeps, for long if there are many entries.
 * Return: as of opvs_ctl_flush_conn().
 */
int opvs_ctl_expire_conn(struct sk_buff *skb, struct genl_info *info)
{
	return opvs_conn_do_end(skb, info, opvs_conn_expire,
				OPVS_CMD_EXPIRE_CONN);
}

/* The position of a dump, in netlink_callback.ctx. */
struct opvs_conn_cursor {
	struct opvs_filter	*filter;
	struct opvs_conn_walk	walk;
};

static_assert(sizeof(struct opvs_conn_cursor) <=
	      sizeof_field(struct netlink_callback, ctx));

/* Not at the dump's start, where there is no extack. */
static int opvs_conn_dump_begin(struct opvs_net *on,
				struct netlink_callback *cb)
{
	struct opvs_conn_cursor *cursor = (void *)cb->ctx;
	struct nlattr *attrs[OPVS_CMD_ATTR_MAX + 1];
	int err;

	/* What is there was found valid before. */
	err = __nlmsg_parse(cb->nlh, GENL_HDRLEN, attrs, OPVS_CMD_ATTR_MAX,
			    opvs_nla_message, NL_VALIDATE_LIBERAL, cb->extack);
	if (err)
		return err;
	cursor->filter = kzalloc(sizeof(*cursor->filter), GFP_KERNEL_ACCOUNT);
	if (!cursor->filter)
		return -ENOMEM;
	return opvs_filter_parse(cursor->filter, on, cb->nlh, attrs,
				 cb->extack);
}

/**
 * opvs_ctl_dump_conns_done() - OPVS_CMD_GET_CONN, a list: it ends
 * @cb: the dump
 *
 * Context: process.
 * Return: 0.
 */
int opvs_ctl_dump_conns_done(struct netlink_callback *cb)
{
	struct opvs_conn_cursor *cursor = (void *)cb->ctx;

	kfree(cursor->filter);
	return 0;
}

static int opvs_conn_msg(struct sk_buff *skb, const struct opvs_conn *cp,
			 const struct netlink_callback *cb)
{
	struct opvs_msg msg;
	int err;

	err = opvs_msg_begin(&msg, skb, cb->skb, cb->nlh, NLM_F_MULTI,
			     OPVS_CMD_GET_CONN);
	if (err)
		return err;
	return opvs_msg_end(&msg, opvs_fill_conn(&msg, cp));
}

/* Goes on for a stride of entries.  Returns 0 to be called again, 1 when the
 * buffer is full or there are no more.
 */
static int opvs_conn_dump_stride(struct opvs_net *on, struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	struct opvs_conn_cursor *cursor = (void *)cb->ctx;
	struct opvs_conn_walk before;
	struct opvs_conn *cp;
	unsigned int seen;
	int stop = 0;

	rcu_read_lock();
	for (seen = 0; seen < OPVS_CONN_STRIDE && !stop; seen++) {
		before = cursor->walk;
		cp = opvs_conn_walk_next(on, &cursor->walk);
		stop = !cp;
		if (stop || !opvs_filter_match(cursor->filter, cp))
			continue;
		stop = !!opvs_conn_msg(skb, cp, cb);
		/* The next buffer begins with what did not fit. */
		if (stop)
			cursor->walk = before;
	}
	rcu_read_unlock();
	return stop;
}

/**
 * opvs_ctl_dump_conns() - OPVS_CMD_GET_CONN, a list of entries
 * @skb: where the messages go
 * @cb: the dump; its context is &struct opvs_conn_cursor
 *
 * An entry that exists as long as the dump runs is shown exactly once.
 *
 * Context: process; takes cfg_lock.
 * Return: bytes in @skb, 0 at the end; -EINTR when the reader is being killed,
 * -ENOMEM, or an error of opvs_filter_parse().
 */
int opvs_ctl_dump_conns(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct opvs_conn_cursor *cursor = (void *)cb->ctx;
	struct opvs_net *on = opvs_pernet(sock_net(skb->sk));
	unsigned int strides;
	int err;

	if (!cursor->filter) {
		err = opvs_conn_dump_begin(on, cb);
		if (err)
			return err;
	}
	/* Entries that were found are sent soon. */
	for (strides = 0; strides < OPVS_CONN_STRIDES || !skb->len; strides++) {
		if (opvs_conn_dump_stride(on, skb, cb))
			break;
		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return skb->len;
}
