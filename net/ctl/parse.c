// SPDX-License-Identifier: GPL-2.0-only
/* Requests: from netlink attributes to configurations.
 *
 * Here attributes are judged one by one, names are looked up, and nothing is
 * changed.  Whether a configuration as a whole makes sense is decided by
 * opvs_svc_add() and opvs_dest_add().
 */
#include "parse.h"

#include "genl.h"
#include "nla.h"

#include <opvs/expire.h>
#include <opvs/limit.h>
#include <opvs/pe.h>
#include <opvs/policy.h>
#include <opvs/sched.h>
#include <opvs/xmit.h>

#include <linux/in.h>
#include <linux/ipv6.h>
#include <linux/minmax.h>

/* How long persistence may last: 31 days, as in ipvsadm and keepalived, unless
 * HZ is too high to count as far as that.
 */
#define OPVS_PERSIST_MAX_SECONDS	min(31 * 86400, OPVS_EXPIRE_MAX_SECONDS)

/* Lengths in the ABI. */
static_assert(OPVS_POLICY_NAME_MAX == 31 + 1 && OPVS_STATE_NAME_MAX == 15 + 1 &&
	      OPVS_PE_KEY_MAX == 255);

const struct opvs_nest_type opvs_nest_service = {
	.policy		= opvs_nla_service,
	.ipvs		= opvs_nla_service_ipvs,
	.attr		= IPVS_CMD_ATTR_SERVICE,
	.max		= IPVS_SVC_ATTR_MAX,
	.native_max	= OPVS_SVC_ATTR_MAX,
};

const struct opvs_nest_type opvs_nest_dest = {
	.policy		= opvs_nla_dest,
	.ipvs		= opvs_nla_dest,
	.attr		= IPVS_CMD_ATTR_DEST,
	.max		= IPVS_DEST_ATTR_MAX,
	.native_max	= OPVS_DEST_ATTR_MAX,
};

const struct opvs_nest_type opvs_nest_daemon = {
	.policy		= opvs_nla_daemon,
	.ipvs		= opvs_nla_daemon_ipvs,
	.attr		= IPVS_CMD_ATTR_DAEMON,
	.max		= IPVS_DAEMON_ATTR_MAX,
	.native_max	= IPVS_DAEMON_ATTR_MAX,
};

static int opvs_nest_read(struct opvs_nest *nest,
			  const struct opvs_nest_type *type, bool native)
{
	unsigned int validate = native ? NL_VALIDATE_STRICT : NL_VALIDATE_LIBERAL;
	u16 max = native ? type->native_max : type->max;

	/* The parser clears up to @max; what the family lacks is absent, too. */
	memset(nest->tb, 0, sizeof(nest->tb));
	/* IPVS has one error number for all that can be wrong in a nest. */
	return __nla_parse(nest->tb, max, nla_data(nest->attr),
			   nla_len(nest->attr),
			   native ? type->policy : type->ipvs, validate,
			   nest->extack) ? -EINVAL : 0;
}

/**
 * opvs_refuse_missing() - say which attribute a request lacks
 * @extack: where it is told
 * @nest: where it should stand; NULL: in the message itself
 * @type: its type
 *
 * Context: process.
 * Return: -EINVAL.
 */
int opvs_refuse_missing(struct netlink_ext_ack *extack,
			const struct nlattr *nest, u16 type)
{
	NL_SET_ERR_MSG(extack, "a required attribute is missing");
	NL_SET_ERR_ATTR_MISS(extack, nest, type);
	return -EINVAL;
}

/**
 * opvs_nest_parse() - take a nest of a request apart
 * @nest: result, valid as long as the request is
 * @nlh: the request; its family decides how strictly it is read
 * @attrs: its attributes by IPVS_CMD_ATTR_*, or NULL when it has none
 * @type: which nest
 *
 * Context: process.
 * Return: 0, or -EINVAL when the nest is missing or has a malformed attribute.
 */
int opvs_nest_parse(struct opvs_nest *nest, const struct nlmsghdr *nlh,
		    struct nlattr *const *attrs,
		    const struct opvs_nest_type *type,
		    struct netlink_ext_ack *extack)
{
	nest->attr = attrs ? attrs[type->attr] : NULL;
	nest->extack = extack;
	if (!nest->attr)
		return opvs_refuse_missing(extack, NULL, type->attr);
	return opvs_nest_read(nest, type, opvs_genl_is_native(nlh));
}

/**
 * opvs_nest_parse_attr() - take a nest apart that lies within another one
 * @nest: result, valid as long as the request is
 * @attr: the nest, of family `opvs'
 * @type: which nest
 *
 * Context: process.
 * Return: 0, or -EINVAL when it has a malformed attribute.
 */
int opvs_nest_parse_attr(struct opvs_nest *nest, const struct nlattr *attr,
			 const struct opvs_nest_type *type,
			 struct netlink_ext_ack *extack)
{
	nest->attr = attr;
	nest->extack = extack;
	return opvs_nest_read(nest, type, true);
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

	for (i = 0; i < n; i++)
		if (!nest->tb[types[i]])
			return opvs_refuse_missing(nest->extack, nest->attr,
						   types[i]);
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
	if (af == AF_INET6 && !ipv6_mod_enabled()) {
		NL_SET_ERR_MSG_ATTR(nest->extack, nest->tb[type],
				    "address family (AF, ADDR_FAMILY): IPv6 is disabled in this kernel");
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

/* A FWMARK of 0 names no mark.  Such a request is about TCP, address and port
 * 0, as IPVS has it.
 */
static void opvs_parse_fwmark(const struct nlattr *attr,
			      struct opvs_svc_key *key)
{
	u32 mark = nla_get_u32(attr);

	if (mark)
		key->addr.all[0] = mark;
	else
		key->proto = IPPROTO_TCP;
}

/**
 * opvs_parse_svc_key() - which service a request is about
 * @nest: the SERVICE nest
 * @key: result
 *
 * Context: process.
 * Return: 0; -EINVAL when an attribute is missing, -EAFNOSUPPORT or
 * -EPROTONOSUPPORT when its value cannot be.
 */
int opvs_parse_svc_key(const struct opvs_nest *nest, struct opvs_svc_key *key)
{
	static const u8 required[] = {
		IPVS_SVC_ATTR_AF, IPVS_SVC_ATTR_PROTOCOL, IPVS_SVC_ATTR_ADDR,
		IPVS_SVC_ATTR_PORT,
	};
	const struct nlattr *mark = nest->tb[IPVS_SVC_ATTR_FWMARK];
	u16 proto;
	int err;

	memset(key, 0, sizeof(*key));
	err = opvs_nest_require(nest, required,
				mark ? 1 : ARRAY_SIZE(required));
	if (!err)
		err = opvs_parse_family(nest, IPVS_SVC_ATTR_AF, &key->family);
	if (err)
		return err;

	if (mark) {
		opvs_parse_fwmark(mark, key);
		return 0;
	}
	/* Without a mark, 0 would name a service by mark. */
	proto = nla_get_u16(nest->tb[IPVS_SVC_ATTR_PROTOCOL]);
	if (!proto || proto > U8_MAX) {
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

static int opvs_parse_persistence(const struct opvs_nest *nest,
				  struct opvs_svc_conf *conf)
{
	const struct nlattr *attr = nest->tb[IPVS_SVC_ATTR_TIMEOUT];

	conf->timeout = nla_get_u32(attr);
	conf->netmask = nla_get_be32(nest->tb[IPVS_SVC_ATTR_NETMASK]);
	if (!(conf->flags & IP_VS_SVC_F_PERSISTENT))
		return 0;
	if (conf->timeout && conf->timeout <= OPVS_PERSIST_MAX_SECONDS)
		return 0;
	NL_SET_ERR_MSG_ATTR(nest->extack, attr,
			    "TIMEOUT: persistence of 0 seconds, or longer than 31 days or than this kernel can count");
	return -EINVAL;
}

/* Attributes of family `opvs' only; one that is missing changes nothing. */
static int opvs_parse_svc_extra(const struct opvs_nest *nest,
				struct opvs_net *on, struct opvs_svc_conf *conf)
{
	const struct nlattr *policy = nest->tb[OPVS_SVC_ATTR_POLICY];
	const struct nlattr *max = nest->tb[OPVS_SVC_ATTR_CONN_MAX];

	if (policy) {
		conf->policy = opvs_policy_find(on, nla_data(policy));
		if (!conf->policy) {
			NL_SET_ERR_MSG_ATTR(nest->extack, policy,
					    "POLICY: there is no such timeout policy");
			return -ENOENT;
		}
	}
	if (max) {
		conf->conn_max = nla_get_u32(max);
		if (conf->conn_max > OPVS_LIMIT_MAX) {
			NL_SET_ERR_MSG_ATTR(nest->extack, max,
					    "CONN_MAX must be 0 (no limit) to 1073741824");
			return -EINVAL;
		}
	}
	return 0;
}

static int opvs_parse_scheduler(const struct opvs_nest *nest,
				struct opvs_svc_conf *conf)
{
	const struct nlattr *attr = nest->tb[IPVS_SVC_ATTR_SCHED_NAME];

	conf->sched = opvs_sched_find(nla_data(attr));
	if (conf->sched)
		return 0;
	NL_SET_ERR_MSG_ATTR(nest->extack, attr, "SCHED_NAME: no such scheduler");
	return -ENOENT;
}

/**
 * opvs_require_svc_conf() - does a request say all that a service is to be?
 * @nest: the SERVICE nest
 *
 * Context: process.
 * Return: 0, or -EINVAL when an attribute is missing.
 */
int opvs_require_svc_conf(const struct opvs_nest *nest)
{
	static const u8 required[] = {
		IPVS_SVC_ATTR_SCHED_NAME, IPVS_SVC_ATTR_FLAGS,
		IPVS_SVC_ATTR_TIMEOUT, IPVS_SVC_ATTR_NETMASK,
	};

	return opvs_nest_require(nest, required, ARRAY_SIZE(required));
}

/**
 * opvs_parse_svc_conf() - what a client wants a service to be
 * @nest: the SERVICE nest, which opvs_require_svc_conf() found complete
 * @conf: in: key and policy, and for an existing service its configuration, as
 *	the request's mask says which flags it sets; out: all else
 *
 * Context: process, cfg_lock held.
 * Return: 0; -EINVAL when a value cannot be, -ENOENT when scheduler, engine or
 * policy is not known.
 */
int opvs_parse_svc_conf(const struct opvs_nest *nest, struct opvs_net *on,
			struct opvs_svc_conf *conf)
{
	struct ip_vs_flags flags;
	int err;

	err = opvs_parse_scheduler(nest, conf);
	if (!err)
		err = opvs_parse_engine(nest, conf);
	if (!err)
		err = opvs_parse_svc_extra(nest, on, conf);
	if (err)
		return err;

	/* Bytes that a short attribute lacks are 0. */
	nla_memcpy(&flags, nest->tb[IPVS_SVC_ATTR_FLAGS], sizeof(flags));
	conf->flags = (conf->flags & ~flags.mask) | (flags.flags & flags.mask);
	/* The kernel's own flag, set in every answer. */
	conf->flags &= ~IP_VS_SVC_F_HASHED;
	return opvs_parse_persistence(nest, conf);
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

/* Kept and shown for every method, as IPVS has it, so it must always be right. */
static int opvs_parse_tunnel(const struct opvs_nest *nest,
			     struct opvs_dest_conf *conf)
{
	struct nlattr *const *tb = nest->tb;
	union opvs_tunnel *tunnel = &conf->tunnel;
	u16 flags = 0;

	if (tb[IPVS_DEST_ATTR_TUN_TYPE])
		tunnel->type = nla_get_u8(tb[IPVS_DEST_ATTR_TUN_TYPE]);
	if (tb[IPVS_DEST_ATTR_TUN_PORT])
		tunnel->port = nla_get_be16(tb[IPVS_DEST_ATTR_TUN_PORT]);
	if (tb[IPVS_DEST_ATTR_TUN_FLAGS])
		flags = nla_get_u16(tb[IPVS_DEST_ATTR_TUN_FLAGS]);
	tunnel->flags = flags;

	if (tunnel->type >= IP_VS_CONN_F_TUNNEL_TYPE_MAX) {
		NL_SET_ERR_MSG_ATTR(nest->extack, tb[IPVS_DEST_ATTR_TUN_TYPE],
				    "TUN_TYPE must be 0 (ipip), 1 (gue) or 2 (gre)");
		return -EINVAL;
	}
	if (flags & ~(IP_VS_TUNNEL_ENCAP_FLAG_CSUM |
		      IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM)) {
		NL_SET_ERR_MSG_ATTR(nest->extack, tb[IPVS_DEST_ATTR_TUN_FLAGS],
				    "TUN_FLAGS must be 0, 1 (csum) or 2 (remcsum)");
		return -EINVAL;
	}
	if (tunnel->type == IP_VS_CONN_F_TUNNEL_TYPE_GUE && !tunnel->port) {
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
				    "FWD_METHOD: not supported: " OPVS_XMIT_KNOWN);
		return -EOPNOTSUPP;
	}
	return 0;
}
