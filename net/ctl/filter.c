// SPDX-License-Identifier: GPL-2.0-only
/* Filters: the connections that a request is about.
 *
 * Each attribute that a request gives restricts the choice.  When together they
 * name the whole tuple of an entry, it is looked up instead of searched for.
 */
#include "filter.h"

#include "nla.h"
#include "service.h"

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/netns.h>
#include <opvs/pe.h>
#include <opvs/proto.h>
#include <opvs/table.h>

#include <linux/ip_vs.h>
#include <net/ipv6.h>

/* The attributes that name a single connection, a template, one of a mark. */
#define OPVS_HAS_CONN	(OPVS_HAS(FAMILY) | OPVS_HAS(PROTOCOL) | \
			 OPVS_HAS(CLIENT) | OPVS_HAS(CLIENT_PORT) | \
			 OPVS_HAS(VIRTUAL) | OPVS_HAS(VIRTUAL_PORT))
#define OPVS_HAS_MARK	(OPVS_HAS(FAMILY) | OPVS_HAS(CLIENT) | \
			 OPVS_HAS(FWMARK))

static const struct opvs_nest_type opvs_nest_conn = {
	.policy		= opvs_nla_conn,
	.attr		= OPVS_CMD_ATTR_CONN,
	.native_max	= OPVS_CONN_ATTR_MAX,
};

static const char *opvs_template_state_name(u8 state)
{
	return state == OPVS_TEMPLATE_S_ASSURED ? "ASSURED" : "NONE";
}

/**
 * opvs_ctl_state_name() - a connection's state as clients are shown it
 * @cp: connection or template
 *
 * Context: any.
 * Return: the name, at most 15 characters.
 */
const char *opvs_ctl_state_name(const struct opvs_conn *cp)
{
	u8 state = READ_ONCE(cp->word) & OPVS_CONN_STATE;

	if (opvs_conn_is_template(cp))
		return opvs_template_state_name(state);
	return opvs_proto_state_name(cp->request.tuple.proto, state);
}

static bool opvs_state_exists(const char *name)
{
	const struct opvs_proto *proto;
	unsigned int state;
	size_t n;

	if (!strcmp(name, opvs_template_state_name(OPVS_TEMPLATE_S_ASSURED)) ||
	    !strcmp(name, opvs_template_state_name(OPVS_TEMPLATE_S_NONE)))
		return true;
	for (n = 0; (proto = opvs_proto_nth(n)); n++)
		for (state = 0; state < proto->num_states; state++)
			if (!strcmp(name, proto->states[state].name))
				return true;
	return false;
}

static int opvs_filter_family(struct opvs_filter *filter,
			      const struct opvs_nest *nest)
{
	const struct nlattr *attr = nest->tb[OPVS_CONN_ATTR_FAMILY];
	u16 family;

	if (!attr) {
		if (!(filter->has & (OPVS_HAS(CLIENT) | OPVS_HAS(VIRTUAL))))
			return 0;
		NL_SET_ERR_MSG_ATTR(nest->extack, nest->attr,
				    "connection FAMILY must be given with CLIENT or VIRTUAL");
		return -EINVAL;
	}
	family = nla_get_u16(attr);
	if (family != AF_INET && family != AF_INET6) {
		NL_SET_ERR_MSG_ATTR(nest->extack, attr,
				    "connection FAMILY must be AF_INET or AF_INET6");
		return -EAFNOSUPPORT;
	}
	filter->family = family;
	return 0;
}

static int opvs_filter_addr(const struct opvs_filter *filter,
			    const struct opvs_nest *nest, u16 type,
			    union nf_inet_addr *addr)
{
	const struct nlattr *attr = nest->tb[type];
	int size;

	if (!attr)
		return 0;
	size = filter->family == AF_INET6 ? sizeof(addr->in6) :
					    sizeof(addr->in);
	if (nla_len(attr) != size) {
		NL_SET_ERR_MSG_ATTR(nest->extack, attr,
				    "connection CLIENT, VIRTUAL must be addresses of FAMILY");
		return -EINVAL;
	}
	nla_memcpy(addr, attr, sizeof(*addr));
	return 0;
}

/* A tunnel's server may be of the other family. */
static int opvs_filter_server(struct opvs_filter *filter,
			      const struct opvs_nest *nest)
{
	const struct nlattr *attr = nest->tb[OPVS_CONN_ATTR_SERVER];

	if (!attr)
		return 0;
	if (nla_len(attr) == sizeof(filter->server.in6)) {
		filter->server_family = NFPROTO_IPV6;
	} else if (nla_len(attr) == sizeof(filter->server.in)) {
		filter->server_family = NFPROTO_IPV4;
	} else {
		NL_SET_ERR_MSG_ATTR(nest->extack, attr,
				    "connection SERVER must be an address, of 4 or 16 bytes");
		return -EINVAL;
	}
	nla_memcpy(&filter->server, attr, sizeof(filter->server));
	return 0;
}

static int opvs_filter_prefix(struct opvs_filter *filter,
			      const struct opvs_nest *nest)
{
	const struct nlattr *attr = nest->tb[OPVS_CONN_ATTR_CLIENT_PREFIX];
	u8 bits = filter->family == AF_INET6 ? 128 : 32;

	filter->prefix = bits;
	if (!attr)
		return 0;
	if (!(filter->has & OPVS_HAS(CLIENT))) {
		NL_SET_ERR_MSG_ATTR(nest->extack, attr,
				    "connection CLIENT must be given with CLIENT_PREFIX");
		return -EINVAL;
	}
	filter->prefix = nla_get_u8(attr);
	if (filter->prefix <= bits)
		return 0;
	NL_SET_ERR_MSG_ATTR(nest->extack, attr,
			    "connection CLIENT_PREFIX is longer than CLIENT");
	return -EINVAL;
}

static int opvs_filter_addrs(struct opvs_filter *filter,
			     const struct opvs_nest *nest)
{
	int err;

	err = opvs_filter_family(filter, nest);
	if (!err)
		err = opvs_filter_prefix(filter, nest);
	if (!err)
		err = opvs_filter_addr(filter, nest, OPVS_CONN_ATTR_CLIENT,
				       &filter->client);
	if (!err)
		err = opvs_filter_addr(filter, nest, OPVS_CONN_ATTR_VIRTUAL,
				       &filter->vaddr);
	if (!err)
		err = opvs_filter_server(filter, nest);
	return err;
}

static int opvs_filter_key(struct opvs_filter *filter,
			   const struct opvs_nest *nest)
{
	const struct nlattr *engine = nest->tb[OPVS_CONN_ATTR_ENGINE];
	const struct nlattr *key = nest->tb[OPVS_CONN_ATTR_KEY];

	if (engine) {
		filter->pe = opvs_pe_find(nla_data(engine));
		if (!filter->pe) {
			NL_SET_ERR_MSG_ATTR(nest->extack, engine,
					    "connection ENGINE: no such persistence engine");
			return -ENOENT;
		}
	}
	if (key)
		filter->key_len = nla_memcpy(filter->key, key,
					     sizeof(filter->key));
	return 0;
}

static int opvs_filter_state(struct opvs_filter *filter,
			     const struct opvs_nest *nest)
{
	const struct nlattr *attr = nest->tb[OPVS_CONN_ATTR_STATE];

	if (!attr)
		return 0;
	nla_strscpy(filter->state, attr, sizeof(filter->state));
	if (opvs_state_exists(filter->state))
		return 0;
	NL_SET_ERR_MSG_ATTR(nest->extack, attr,
			    "connection STATE: no protocol has such a state");
	return -EINVAL;
}

/* The numbers, of which any is possible. */
static void opvs_filter_numbers(struct opvs_filter *filter,
				const struct opvs_nest *nest)
{
	struct nlattr *const *tb = nest->tb;

	if (tb[OPVS_CONN_ATTR_KIND])
		filter->kind = nla_get_u8(tb[OPVS_CONN_ATTR_KIND]);
	if (tb[OPVS_CONN_ATTR_PROTOCOL])
		filter->proto = nla_get_u16(tb[OPVS_CONN_ATTR_PROTOCOL]);
	if (tb[OPVS_CONN_ATTR_CLIENT_PORT])
		filter->cport = nla_get_be16(tb[OPVS_CONN_ATTR_CLIENT_PORT]);
	if (tb[OPVS_CONN_ATTR_VIRTUAL_PORT])
		filter->vport = nla_get_be16(tb[OPVS_CONN_ATTR_VIRTUAL_PORT]);
	if (tb[OPVS_CONN_ATTR_SERVER_PORT])
		filter->sport = nla_get_be16(tb[OPVS_CONN_ATTR_SERVER_PORT]);
	if (tb[OPVS_CONN_ATTR_FWMARK])
		filter->mark = nla_get_u32(tb[OPVS_CONN_ATTR_FWMARK]);
}

/* How long an entry lives is no choice among those that are there. */
static int opvs_filter_seconds(struct opvs_filter *filter,
			       const struct opvs_nest *nest,
			       const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *header = nlmsg_data(nlh);
	const struct nlattr *attr = nest->tb[OPVS_CONN_ATTR_SECONDS];

	if (!attr)
		return 0;
	if (header->cmd != OPVS_CMD_NEW_CONN) {
		NL_SET_ERR_MSG_ATTR(nest->extack, attr,
				    "connection SECONDS is for a new one only");
		return -EINVAL;
	}
	filter->seconds = nla_get_u32(attr);
	return 0;
}

static int opvs_filter_conn(struct opvs_filter *filter,
			    const struct nlmsghdr *nlh,
			    struct nlattr *const *attrs,
			    struct netlink_ext_ack *extack)
{
	struct opvs_nest nest;
	unsigned int type;
	int err;

	err = opvs_nest_parse(&nest, nlh, attrs, &opvs_nest_conn, extack);
	if (err)
		return err;
	for (type = 1; type <= OPVS_CONN_ATTR_MAX; type++)
		if (nest.tb[type])
			filter->has |= BIT(type);
	opvs_filter_numbers(filter, &nest);
	err = opvs_filter_addrs(filter, &nest);
	if (!err)
		err = opvs_filter_key(filter, &nest);
	if (!err)
		err = opvs_filter_state(filter, &nest);
	if (!err)
		err = opvs_filter_seconds(filter, &nest, nlh);
	return err;
}

static int opvs_filter_svc(struct opvs_filter *filter, struct opvs_net *on,
			   const struct nlmsghdr *nlh,
			   struct nlattr *const *attrs,
			   struct netlink_ext_ack *extack)
{
	struct opvs_nest nest;
	struct opvs_svc *svc;
	int err;

	err = opvs_nest_parse(&nest, nlh, attrs, &opvs_nest_service, extack);
	if (err)
		return err;
	mutex_lock(&on->cfg_lock);
	svc = opvs_ctl_find_svc(on, &nest);
	if (!IS_ERR(svc))
		filter->svc = svc->key;
	mutex_unlock(&on->cfg_lock);
	filter->by_svc = true;
	return PTR_ERR_OR_ZERO(svc);
}

/**
 * opvs_filter_parse() - read from a request which connections it is about
 * @filter: result, zeroed
 * @nlh: request, of family `opvs'
 * @attrs: its attributes
 *
 * Context: process; takes cfg_lock.
 * Return: 0; -EINVAL for a malformed attribute, -EAFNOSUPPORT, -ESRCH when
 * there is no such service, -ENOENT when there is no such engine.
 */
int opvs_filter_parse(struct opvs_filter *filter, struct opvs_net *on,
		      const struct nlmsghdr *nlh, struct nlattr *const *attrs,
		      struct netlink_ext_ack *extack)
{
	int err = 0;

	if (attrs[OPVS_CMD_ATTR_CONN])
		err = opvs_filter_conn(filter, nlh, attrs, extack);
	if (!err && attrs[IPVS_CMD_ATTR_SERVICE])
		err = opvs_filter_svc(filter, on, nlh, attrs, extack);
	return err;
}

static bool opvs_same_addr(const union nf_inet_addr *a,
			   const union nf_inet_addr *b, u8 family)
{
	if (family == NFPROTO_IPV6)
		return ipv6_addr_equal(&a->in6, &b->in6);
	return a->ip == b->ip;
}

static bool opvs_match_client(const struct opvs_filter *filter,
			      const struct opvs_tuple *tuple)
{
	u8 unused = 32 - min_t(u8, filter->prefix, 32);

	if (tuple->family == NFPROTO_IPV6)
		return ipv6_prefix_equal(&tuple->src.in6, &filter->client.in6,
					 filter->prefix);
	return !((u64)(ntohl(tuple->src.ip) ^ ntohl(filter->client.ip)) >>
		 unused);
}

static bool opvs_match_virtual(const struct opvs_filter *filter,
			       const struct opvs_tuple *tuple)
{
	u32 has = filter->has;
	bool by_mark = opvs_tuple_by_mark(tuple);

	if (has & OPVS_HAS(FWMARK) &&
	    !(by_mark && ntohl(tuple->dst.ip) == filter->mark))
		return false;
	if (has & OPVS_HAS(VIRTUAL) &&
	    (by_mark || !opvs_same_addr(&tuple->dst, &filter->vaddr,
					tuple->family)))
		return false;
	return !(has & OPVS_HAS(VIRTUAL_PORT)) || tuple->dport == filter->vport;
}

static bool opvs_match_tuple(const struct opvs_filter *filter,
			     const struct opvs_tuple *tuple)
{
	u32 has = filter->has;

	if (has & OPVS_HAS(FAMILY) && tuple->family != filter->family)
		return false;
	if (has & OPVS_HAS(PROTOCOL) && tuple->proto != filter->proto)
		return false;
	if (has & OPVS_HAS(CLIENT_PORT) && tuple->sport != filter->cport)
		return false;
	if (has & OPVS_HAS(CLIENT) && !opvs_match_client(filter, tuple))
		return false;
	return opvs_match_virtual(filter, tuple);
}

static bool opvs_match_key(const struct opvs_filter *filter,
			   const struct opvs_conn_ext *ext)
{
	if (filter->pe && (!ext || ext->pe != filter->pe))
		return false;
	return !filter->key_len ||
	       (ext && ext->key_len == filter->key_len &&
		!memcmp(ext->key, filter->key, ext->key_len));
}

/**
 * opvs_filter_match() - is a connection among those that are asked for?
 * @filter: filter
 * @cp: connection or template
 *
 * Context: RCU read side.
 * Return: true if it is.
 */
bool opvs_filter_match(const struct opvs_filter *filter,
		       const struct opvs_conn *cp)
{
	/* The server's address and port, whatever the method. */
	const struct opvs_tuple *reply = &cp->reply.tuple;
	bool template = filter->kind == OPVS_CONN_KIND_TEMPLATE;
	u32 has = filter->has;

	if (filter->kind && opvs_conn_is_template(cp) != template)
		return false;
	if (!opvs_match_tuple(filter, &cp->request.tuple))
		return false;
	if (has & OPVS_HAS(SERVER) &&
	    (reply->family != filter->server_family ||
	     !opvs_same_addr(&reply->src, &filter->server, reply->family)))
		return false;
	if (has & OPVS_HAS(SERVER_PORT) && reply->sport != filter->sport)
		return false;
	if (!opvs_match_key(filter, cp->ext))
		return false;
	if (filter->by_svc && memcmp(&cp->dest->svc->key, &filter->svc,
				     sizeof(filter->svc)))
		return false;
	return !filter->state[0] ||
	       !strcmp(opvs_ctl_state_name(cp), filter->state);
}

/**
 * opvs_filter_is_single() - does a filter name the whole tuple of an entry?
 * @filter: filter
 *
 * Context: any.
 * Return: true if at most one entry can match.
 */
bool opvs_filter_is_single(const struct opvs_filter *filter)
{
	u32 has = filter->has;

	if (has & OPVS_HAS(CLIENT_PREFIX) || !filter->pe != !filter->key_len)
		return false;
	if (filter->kind == OPVS_CONN_KIND_TEMPLATE &&
	    (has & OPVS_HAS_MARK) == OPVS_HAS_MARK)
		return true;
	return (has & OPVS_HAS_CONN) == OPVS_HAS_CONN;
}

/**
 * opvs_filter_find() - look the one entry up that a filter names
 * @filter: filter for which opvs_filter_is_single() holds
 *
 * Context: RCU read side.
 * Return: the entry, valid within the read section, or NULL.
 */
struct opvs_conn *opvs_filter_find(const struct opvs_filter *filter,
				   struct opvs_net *on)
{
	struct opvs_table_key key = {
		.tuple = {
			.sport	= filter->cport,
			.dport	= filter->vport,
			.family	= filter->family,
			.proto	= filter->proto,
			.src	= filter->client,
			.dst	= filter->vaddr,
		},
		.now = jiffies,
	};
	struct opvs_conn_node *node;
	struct opvs_conn *cp;

	if (filter->kind == OPVS_CONN_KIND_TEMPLATE) {
		key.tuple.kind = OPVS_TUPLE_TEMPLATE;
		key.pe = filter->pe;
		key.key = filter->key;
		key.key_len = filter->key_len;
		if (filter->has & OPVS_HAS(FWMARK))
			key.tuple.dst.ip = htonl(filter->mark);
	}
	/* There is a table from the first service on. */
	if (!opvs_table_is_up(on))
		return NULL;
	node = opvs_table_find(on, &key);
	if (!node || node->tuple.kind == OPVS_TUPLE_REPLY)
		return NULL;
	cp = opvs_conn_of(node);
	return opvs_filter_match(filter, cp) ? cp : NULL;
}
