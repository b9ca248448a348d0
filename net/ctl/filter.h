/* SPDX-License-Identifier: GPL-2.0-only */
/* Filters: the connections that a request is about. */
#ifndef OPVS_CTL_FILTER_H
#define OPVS_CTL_FILTER_H

#include "parse.h"

#include <opvs/conn.h>
#include <opvs/pe.h>
#include <opvs/svc.h>

#include <linux/opvs.h>

struct netlink_ext_ack;
struct nlattr;
struct nlmsghdr;

/**
 * struct opvs_filter - which connections a request is about
 * @has: bits by OPVS_CONN_ATTR_*: members that must match
 * @by_svc: @svc must match
 * @svc: key of a service
 * @kind: &enum opvs_conn_kind
 * @family: NFPROTO_*; of all addresses but @server
 * @proto: IPPROTO_*
 * @prefix: bits of @client that count
 * @client: address
 * @vaddr: virtual address; of templates of a firewall mark, see @mark
 * @server: address, of any family
 * @server_family: NFPROTO_* of it
 * @cport: port of @client
 * @vport: port of @vaddr
 * @sport: port of @server
 * @mark: firewall mark of a template
 * @state: name
 * @seconds: time left of an entry that is to be made
 * @pe: persistence engine
 * @key_len: bytes at @key
 * @key: the engine's key
 */
struct opvs_filter {
	u32				has;
	bool				by_svc;
	struct opvs_svc_key		svc;
	u8				kind;
	u8				family;
	u8				server_family;
	u8				proto;
	u8				prefix;
	union nf_inet_addr		client;
	union nf_inet_addr		vaddr;
	union nf_inet_addr		server;
	__be16				cport;
	__be16				vport;
	__be16				sport;
	u32				mark;
	char				state[OPVS_STATE_NAME_MAX];
	u32				seconds;
	const struct opvs_pe_ops	*pe;
	u16				key_len;
	u8				key[OPVS_PE_KEY_MAX];
};

/* In &struct opvs_filter.has. */
#define OPVS_HAS(name)	BIT(OPVS_CONN_ATTR_##name)

/* Templates of firewall-mark services have the mark for an address. */
static inline bool opvs_tuple_by_mark(const struct opvs_tuple *tuple)
{
	return !tuple->proto;
}

int opvs_filter_parse(struct opvs_filter *filter, struct opvs_net *on,
		      const struct nlmsghdr *nlh, struct nlattr *const *attrs,
		      struct netlink_ext_ack *extack);
bool opvs_filter_match(const struct opvs_filter *filter,
		       const struct opvs_conn *cp);
bool opvs_filter_is_single(const struct opvs_filter *filter);
struct opvs_conn *opvs_filter_find(const struct opvs_filter *filter,
				   struct opvs_net *on);

const char *opvs_ctl_state_name(const struct opvs_conn *cp);

#endif /* OPVS_CTL_FILTER_H */
