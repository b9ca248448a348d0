// SPDX-License-Identifier: GPL-2.0-only
/* Requests: from netlink attributes to configurations.
 *
 * Here attributes are judged one by one, names are looked up, and nothing is
 * changed.  Whether a configuration as a whole makes sense is decided by
 * opvs_svc_add() and opvs_dest_add(), whoever calls them.
 */
#include "parse.h"

#include "genl.h"

#include <opvs/pe.h>
#include <opvs/sched.h>
#include <opvs/xmit.h>

static const struct nla_policy opvs_svc_policy[IPVS_SVC_ATTR_MAX + 1] = {
	[IPVS_SVC_ATTR_AF]	   = { .type = NLA_U16 },
	[IPVS_SVC_ATTR_PROTOCOL]   = { .type = NLA_U16 },
	[IPVS_SVC_ATTR_ADDR]	   = { .type = NLA_BINARY,
				       .len = sizeof(union nf_inet_addr) },
	[IPVS_SVC_ATTR_PORT]	   = { .type = NLA_U16 },
	[IPVS_SVC_ATTR_FWMARK]	   = { .type = NLA_U32 },
	[IPVS_SVC_ATTR_SCHED_NAME] = { .type = NLA_NUL_STRING,
				       .len = IP_VS_SCHEDNAME_MAXLEN - 1 },
	[IPVS_SVC_ATTR_FLAGS]	   = NLA_POLICY_EXACT_LEN(sizeof(struct ip_vs_flags)),
	[IPVS_SVC_ATTR_TIMEOUT]	   = { .type = NLA_U32 },
	[IPVS_SVC_ATTR_NETMASK]	   = { .type = NLA_U32 },
	[IPVS_SVC_ATTR_STATS]	   = { .type = NLA_NESTED },
	[IPVS_SVC_ATTR_PE_NAME]	   = { .type = NLA_NUL_STRING,
				       .len = IP_VS_PENAME_MAXLEN },
	[IPVS_SVC_ATTR_STATS64]	   = { .type = NLA_NESTED },
};

static const char *const opvs_svc_rule[IPVS_SVC_ATTR_MAX + 1] = {
	[IPVS_SVC_ATTR_AF]	   = "service AF must be a u16",
	[IPVS_SVC_ATTR_PROTOCOL]   = "service PROTOCOL must be a u16",
	[IPVS_SVC_ATTR_ADDR]	   = "service ADDR must be an address of up to 16 bytes",
	[IPVS_SVC_ATTR_PORT]	   = "service PORT must be a 16-bit port",
	[IPVS_SVC_ATTR_FWMARK]	   = "service FWMARK must be a u32",
	[IPVS_SVC_ATTR_SCHED_NAME] = "service SCHED_NAME must have at most 15 characters",
	[IPVS_SVC_ATTR_FLAGS]	   = "service FLAGS must be two u32, flags and mask",
	[IPVS_SVC_ATTR_TIMEOUT]	   = "service TIMEOUT must be a u32",
	[IPVS_SVC_ATTR_NETMASK]	   = "service NETMASK must be a u32",
	[IPVS_SVC_ATTR_STATS]	   = "service STATS must be a nest",
	[IPVS_SVC_ATTR_PE_NAME]	   = "service PE_NAME must have at most 16 characters",
	[IPVS_SVC_ATTR_STATS64]	   = "service STATS64 must be a nest",
};

static const struct nla_policy opvs_dest_policy[IPVS_DEST_ATTR_MAX + 1] = {
	[IPVS_DEST_ATTR_ADDR]	       = { .type = NLA_BINARY,
					   .len = sizeof(union nf_inet_addr) },
	[IPVS_DEST_ATTR_PORT]	       = { .type = NLA_U16 },
	[IPVS_DEST_ATTR_FWD_METHOD]    = { .type = NLA_U32 },
	[IPVS_DEST_ATTR_WEIGHT]	       = { .type = NLA_U32 },
	[IPVS_DEST_ATTR_U_THRESH]      = { .type = NLA_U32 },
	[IPVS_DEST_ATTR_L_THRESH]      = { .type = NLA_U32 },
	[IPVS_DEST_ATTR_ACTIVE_CONNS]  = { .type = NLA_U32 },
	[IPVS_DEST_ATTR_INACT_CONNS]   = { .type = NLA_U32 },
	[IPVS_DEST_ATTR_PERSIST_CONNS] = { .type = NLA_U32 },
	[IPVS_DEST_ATTR_STATS]	       = { .type = NLA_NESTED },
	[IPVS_DEST_ATTR_ADDR_FAMILY]   = { .type = NLA_U16 },
	[IPVS_DEST_ATTR_STATS64]       = { .type = NLA_NESTED },
	[IPVS_DEST_ATTR_TUN_TYPE]      = { .type = NLA_U8 },
	[IPVS_DEST_ATTR_TUN_PORT]      = { .type = NLA_U16 },
	[IPVS_DEST_ATTR_TUN_FLAGS]     = { .type = NLA_U16 },
};

static const char *const opvs_dest_rule[IPVS_DEST_ATTR_MAX + 1] = {
	[IPVS_DEST_ATTR_ADDR]	       = "server ADDR must be an address of up to 16 bytes",
	[IPVS_DEST_ATTR_PORT]	       = "server PORT must be a 16-bit port",
	[IPVS_DEST_ATTR_FWD_METHOD]    = "server FWD_METHOD must be a u32",
	[IPVS_DEST_ATTR_WEIGHT]	       = "server WEIGHT must be a u32",
	[IPVS_DEST_ATTR_U_THRESH]      = "server U_THRESH must be a u32",
	[IPVS_DEST_ATTR_L_THRESH]      = "server L_THRESH must be a u32",
	[IPVS_DEST_ATTR_ACTIVE_CONNS]  = "server ACTIVE_CONNS must be a u32",
	[IPVS_DEST_ATTR_INACT_CONNS]   = "server INACT_CONNS must be a u32",
	[IPVS_DEST_ATTR_PERSIST_CONNS] = "server PERSIST_CONNS must be a u32",
	[IPVS_DEST_ATTR_STATS]	       = "server STATS must be a nest",
	[IPVS_DEST_ATTR_ADDR_FAMILY]   = "server ADDR_FAMILY must be a u16",
	[IPVS_DEST_ATTR_STATS64]       = "server STATS64 must be a nest",
	[IPVS_DEST_ATTR_TUN_TYPE]      = "server TUN_TYPE must be a u8",
	[IPVS_DEST_ATTR_TUN_PORT]      = "server TUN_PORT must be a 16-bit port",
	[IPVS_DEST_ATTR_TUN_FLAGS]     = "server TUN_FLAGS must be a u16",
};

static const struct nla_policy opvs_daemon_policy[IPVS_DAEMON_ATTR_MAX + 1] = {
	[IPVS_DAEMON_ATTR_STATE]	= { .type = NLA_U32 },
	[IPVS_DAEMON_ATTR_MCAST_IFN]	= { .type = NLA_NUL_STRING,
					    .len = IP_VS_IFNAME_MAXLEN - 1 },
	[IPVS_DAEMON_ATTR_SYNC_ID]	= { .type = NLA_U32 },
	[IPVS_DAEMON_ATTR_SYNC_MAXLEN]	= { .type = NLA_U16 },
	[IPVS_DAEMON_ATTR_MCAST_GROUP]	= { .type = NLA_U32 },
	[IPVS_DAEMON_ATTR_MCAST_GROUP6]	= NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[IPVS_DAEMON_ATTR_MCAST_PORT]	= { .type = NLA_U16 },
	[IPVS_DAEMON_ATTR_MCAST_TTL]	= { .type = NLA_U8 },
};

static const char *const opvs_daemon_rule[IPVS_DAEMON_ATTR_MAX + 1] = {
	[IPVS_DAEMON_ATTR_STATE]	= "daemon STATE must be a u32",
	[IPVS_DAEMON_ATTR_MCAST_IFN]	= "daemon MCAST_IFN must have at most 15 characters",
	[IPVS_DAEMON_ATTR_SYNC_ID]	= "daemon SYNC_ID must be a u32",
	[IPVS_DAEMON_ATTR_SYNC_MAXLEN]	= "daemon SYNC_MAXLEN must be a u16",
	[IPVS_DAEMON_ATTR_MCAST_GROUP]	= "daemon MCAST_GROUP must be an IPv4 address",
	[IPVS_DAEMON_ATTR_MCAST_GROUP6]	= "daemon MCAST_GROUP6 must be an IPv6 address",
	[IPVS_DAEMON_ATTR_MCAST_PORT]	= "daemon MCAST_PORT must be a u16",
	[IPVS_DAEMON_ATTR_MCAST_TTL]	= "daemon MCAST_TTL must be a u8",
};

/* By IPVS_CMD_ATTR_*. */
static const struct {
	const struct nla_policy	*policy;
	const char *const	*rule;
	const char		*missing;
	u16			max;
} opvs_nests[] = {
	[IPVS_CMD_ATTR_SERVICE] = {
		.policy	 = opvs_svc_policy,
		.rule	 = opvs_svc_rule,
		.missing = "attribute SERVICE is missing",
		.max	 = IPVS_SVC_ATTR_MAX,
	},
	[IPVS_CMD_ATTR_DEST] = {
		.policy	 = opvs_dest_policy,
		.rule	 = opvs_dest_rule,
		.missing = "attribute DEST is missing",
		.max	 = IPVS_DEST_ATTR_MAX,
	},
	[IPVS_CMD_ATTR_DAEMON] = {
		.policy	 = opvs_daemon_policy,
		.rule	 = opvs_daemon_rule,
		.missing = "attribute DAEMON is missing",
		.max	 = IPVS_DAEMON_ATTR_MAX,
	},
};

/* NL_SET_ERR_MSG() for a text that is not a literal. */
static void opvs_extack_text(struct netlink_ext_ack *extack, const char *text)
{
	if (extack)
		extack->_msg = text;
}

/* Says which attribute was wrong, where the kernel's parser gives an offset. */
static void opvs_nest_explain(const struct opvs_nest *nest, u16 max)
{
	const struct nlattr *bad = nest->extack ? nest->extack->bad_attr : NULL;

	if (bad && bad != nest->attr && nla_type(bad) <= max &&
	    nest->rule[nla_type(bad)])
		opvs_extack_text(nest->extack, nest->rule[nla_type(bad)]);
}

/**
 * opvs_nest_parse() - take a nest of a request apart
 * @nest: result, valid as long as the request is
 * @nlh: the request; its family decides how strictly it is read
 * @attrs: its attributes by IPVS_CMD_ATTR_*, or NULL when it has none
 * @type: IPVS_CMD_ATTR_SERVICE, _DEST or _DAEMON
 * @extack: where errors are told
 *
 * Context: process.
 * Return: 0, or -EINVAL when the nest is missing or has a malformed attribute.
 */
int opvs_nest_parse(struct opvs_nest *nest, const struct nlmsghdr *nlh,
		    struct nlattr *const *attrs, u16 type,
		    struct netlink_ext_ack *extack)
{
	unsigned int validate = NL_VALIDATE_LIBERAL;
	int err;

	nest->attr = attrs ? attrs[type] : NULL;
	nest->rule = opvs_nests[type].rule;
	nest->extack = extack;
	if (!nest->attr) {
		opvs_extack_text(extack, opvs_nests[type].missing);
		return -EINVAL;
	}

	if (opvs_genl_is_native(nlh))
		validate = NL_VALIDATE_STRICT;
	err = __nla_parse(nest->tb, opvs_nests[type].max,
			  nla_data(nest->attr), nla_len(nest->attr),
			  opvs_nests[type].policy, validate, extack);
	if (err) {
		opvs_nest_explain(nest, opvs_nests[type].max);
		return -EINVAL;
	}
	return 0;
}

/**
 * opvs_nest_require() - refuse a nest that lacks an attribute
 * @nest: parsed nest
 * @types: the attributes that must be there
 * @n: how many
 *
 * Context: process.
 * Return: 0, or -EINVAL with the first missing one named.
 */
int opvs_nest_require(const struct opvs_nest *nest, const u8 *types,
		      unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (nest->tb[types[i]])
			continue;
		opvs_extack_text(nest->extack, nest->rule[types[i]]);
		NL_SET_ERR_ATTR_MISS(nest->extack, nest->attr, types[i]);
		return -EINVAL;
	}
	return 0;
}

static int opvs_parse_family(const struct opvs_nest *nest, u16 type, u8 *family)
{
	u16 af = nla_get_u16(nest->tb[type]);

	if (af != AF_INET && af != AF_INET6) {
		NL_SET_ERR_MSG_ATTR(nest->extack, nest->tb[type],
				    "address family (AF, ADDR_FAMILY) must be AF_INET or AF_INET6");
		return -EAFNOSUPPORT;
	}
	*family = af;
	return 0;
}

/* Short addresses are filled up with zeroes (some clients send an IPv4 address
 * in 4 bytes), and what follows an IPv4 address does not count: keys are
 * compared whole.
 */
static void opvs_parse_addr(const struct nlattr *attr, u8 family,
			    union nf_inet_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	nla_memcpy(addr, attr, family == AF_INET ? sizeof(addr->in) :
						   sizeof(addr->in6));
}

/**
 * opvs_parse_svc_name() - which service a request is about
 * @nest: the SERVICE nest
 * @name: result
 *
 * A FWMARK of 0 names no mark.  Such a request is about TCP, address and port
 * 0, as IPVS has it.
 *
 * Context: process.
 * Return: 0; -EINVAL when an attribute is missing, -EAFNOSUPPORT or
 * -EPROTONOSUPPORT when its value cannot be.
 */
int opvs_parse_svc_name(const struct opvs_nest *nest,
			struct opvs_svc_name *name)
{
	static const u8 required[] = {
		IPVS_SVC_ATTR_AF, IPVS_SVC_ATTR_PROTOCOL, IPVS_SVC_ATTR_ADDR,
		IPVS_SVC_ATTR_PORT,
	};
	bool by_mark = nest->tb[IPVS_SVC_ATTR_FWMARK];
	struct opvs_svc_key *key = &name->key;
	u16 proto;
	int err;

	memset(name, 0, sizeof(*name));
	err = opvs_nest_require(nest, required,
				by_mark ? 1 : ARRAY_SIZE(required));
	if (!err)
		err = opvs_parse_family(nest, IPVS_SVC_ATTR_AF, &key->family);
	if (err)
		return err;

	if (by_mark) {
		name->fwmark = nla_get_u32(nest->tb[IPVS_SVC_ATTR_FWMARK]);
		key->proto = IPPROTO_TCP;
		return 0;
	}

	proto = nla_get_u16(nest->tb[IPVS_SVC_ATTR_PROTOCOL]);
	if (proto > U8_MAX) {
		NL_SET_ERR_MSG_ATTR(nest->extack, nest->tb[IPVS_SVC_ATTR_PROTOCOL],
				    "PROTOCOL must be an IP protocol number");
		return -EPROTONOSUPPORT;
	}
	key->proto = proto;
	opvs_parse_addr(nest->tb[IPVS_SVC_ATTR_ADDR], key->family, &key->addr);
	key->port = nla_get_be16(nest->tb[IPVS_SVC_ATTR_PORT]);
	return 0;
}

static int opvs_parse_engine(const struct opvs_nest *nest,
			     struct opvs_svc_conf *conf)
{
	const struct nlattr *attr = nest->tb[IPVS_SVC_ATTR_PE_NAME];
	const char *name = attr ? nla_data(attr) : "";

	conf->pe = NULL;
	if (!*name)
		return 0;
	conf->pe = opvs_pe_find(name);
	if (conf->pe)
		return 0;
	NL_SET_ERR_MSG_ATTR(nest->extack, attr,
			    "PE_NAME: no such persistence engine");
	return -ENOENT;
}

/**
 * opvs_parse_svc_conf() - what a client wants a service to be
 * @nest: the SERVICE nest
 * @conf: in: key, and for an existing service its configuration, as the
 *	request's mask says which flags it sets; out: all else
 *
 * Context: process.
 * Return: 0; -EINVAL when an attribute is missing or malformed, -ENOENT when
 * scheduler or engine is not known.
 */
int opvs_parse_svc_conf(const struct opvs_nest *nest,
			struct opvs_svc_conf *conf)
{
	static const u8 required[] = {
		IPVS_SVC_ATTR_SCHED_NAME, IPVS_SVC_ATTR_FLAGS,
		IPVS_SVC_ATTR_TIMEOUT, IPVS_SVC_ATTR_NETMASK,
	};
	struct ip_vs_flags flags;
	int err;

	err = opvs_nest_require(nest, required, ARRAY_SIZE(required));
	if (err)
		return err;

	conf->sched = opvs_sched_find(nla_data(nest->tb[IPVS_SVC_ATTR_SCHED_NAME]));
	if (!conf->sched) {
		NL_SET_ERR_MSG_ATTR(nest->extack,
				    nest->tb[IPVS_SVC_ATTR_SCHED_NAME],
				    "SCHED_NAME: no such scheduler");
		return -ENOENT;
	}
	err = opvs_parse_engine(nest, conf);
	if (err)
		return err;

	nla_memcpy(&flags, nest->tb[IPVS_SVC_ATTR_FLAGS], sizeof(flags));
	conf->flags = (conf->flags & ~flags.mask) | (flags.flags & flags.mask);
	/* The kernel's own flag, set in every answer. */
	conf->flags &= ~IP_VS_SVC_F_HASHED;
	conf->timeout = nla_get_u32(nest->tb[IPVS_SVC_ATTR_TIMEOUT]);
	conf->netmask = nla_get_be32(nest->tb[IPVS_SVC_ATTR_NETMASK]);
	return 0;
}

/**
 * opvs_parse_dest_key() - which server of a service a request is about
 * @nest: the DEST nest
 * @family: of the service, where the request does not give the server's
 * @key: result
 *
 * Context: process.
 * Return: 0; -EINVAL when an attribute is missing, -EAFNOSUPPORT when the
 * address family is unknown.
 */
int opvs_parse_dest_key(const struct opvs_nest *nest, u8 family,
			struct opvs_dest_key *key)
{
	static const u8 required[] = {
		IPVS_DEST_ATTR_ADDR, IPVS_DEST_ATTR_PORT,
	};
	int err;

	memset(key, 0, sizeof(*key));
	err = opvs_nest_require(nest, required, ARRAY_SIZE(required));
	if (err)
		return err;

	key->family = family;
	if (nest->tb[IPVS_DEST_ATTR_ADDR_FAMILY]) {
		err = opvs_parse_family(nest, IPVS_DEST_ATTR_ADDR_FAMILY,
					&key->family);
		if (err)
			return err;
	}
	opvs_parse_addr(nest->tb[IPVS_DEST_ATTR_ADDR], key->family, &key->addr);
	key->port = nla_get_be16(nest->tb[IPVS_DEST_ATTR_PORT]);
	return 0;
}

static int opvs_parse_tunnel(const struct opvs_nest *nest,
			     struct opvs_dest_conf *conf)
{
	struct nlattr *const *tb = nest->tb;

	if (tb[IPVS_DEST_ATTR_TUN_TYPE])
		conf->tun_type = nla_get_u8(tb[IPVS_DEST_ATTR_TUN_TYPE]);
	if (tb[IPVS_DEST_ATTR_TUN_PORT])
		conf->tun_port = nla_get_be16(tb[IPVS_DEST_ATTR_TUN_PORT]);
	if (tb[IPVS_DEST_ATTR_TUN_FLAGS])
		conf->tun_flags = nla_get_u16(tb[IPVS_DEST_ATTR_TUN_FLAGS]);

	if (conf->tun_type == IP_VS_CONN_F_TUNNEL_TYPE_GUE && !conf->tun_port) {
		NL_SET_ERR_MSG_ATTR(nest->extack, tb[IPVS_DEST_ATTR_TUN_TYPE],
				    "TUN_PORT must be given for tunnel type GUE");
		return -EINVAL;
	}
	return 0;
}

/**
 * opvs_parse_dest_conf() - what a client wants a server to be
 * @nest: the DEST nest
 * @conf: in: key; out: all else
 *
 * Context: process.
 * Return: 0; -EINVAL when an attribute is missing or malformed, -EOPNOTSUPP
 * for a forwarding method that is not there.
 */
int opvs_parse_dest_conf(const struct opvs_nest *nest,
			 struct opvs_dest_conf *conf)
{
	static const u8 required[] = {
		IPVS_DEST_ATTR_FWD_METHOD, IPVS_DEST_ATTR_WEIGHT,
		IPVS_DEST_ATTR_U_THRESH, IPVS_DEST_ATTR_L_THRESH,
	};
	struct nlattr *const *tb = nest->tb;
	u32 method;
	int err;

	err = opvs_nest_require(nest, required, ARRAY_SIZE(required));
	if (!err)
		err = opvs_parse_tunnel(nest, conf);
	if (err)
		return err;

	conf->weight = nla_get_u32(tb[IPVS_DEST_ATTR_WEIGHT]);
	conf->u_threshold = nla_get_u32(tb[IPVS_DEST_ATTR_U_THRESH]);
	conf->l_threshold = nla_get_u32(tb[IPVS_DEST_ATTR_L_THRESH]);

	method = nla_get_u32(tb[IPVS_DEST_ATTR_FWD_METHOD]);
	conf->xmit = opvs_xmit_find(method & IP_VS_CONN_F_FWD_MASK);
	if (!conf->xmit) {
		NL_SET_ERR_MSG_ATTR(nest->extack, tb[IPVS_DEST_ATTR_FWD_METHOD],
				    "FWD_METHOD: not supported: use NAT (ipvsadm -m) or direct routing (-g)");
		return -EOPNOTSUPP;
	}
	return 0;
}
