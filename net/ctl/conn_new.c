// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entries that another director lists, made here.
 *
 * A partner tells of entries by synchronisation (net/sync).  What only lists them, as
 * ip_vs does of connections that are silent, is told of by the administrator.
 */
#include "conn.h"

#include "filter.h"
#include "request.h"

#include <opvs/netns.h>
#include <opvs/proto.h>
#include <opvs/sync.h>

#include <linux/ip_vs.h>
#include <linux/opvs.h>
#include <linux/string.h>

/* What there must be beside the tuple. */
#define OPVS_HAS_REST	(OPVS_HAS(SERVER) | OPVS_HAS(SERVER_PORT) | \
			 OPVS_HAS(STATE) | OPVS_HAS(SECONDS))

/* The number of a state that some protocol has, of this one or of templates. */
static int opvs_state_number(const struct opvs_filter *filter, u16 *state)
{
	const struct opvs_proto *proto = opvs_proto_find(filter->proto);
	unsigned int nth;

	if (filter->kind == OPVS_CONN_KIND_TEMPLATE) {
		*state = strcmp(filter->state, "ASSURED") ?
			 OPVS_TEMPLATE_S_NONE : OPVS_TEMPLATE_S_ASSURED;
		return strcmp(filter->state, "ASSURED") &&
		       strcmp(filter->state, "NONE") ? -EINVAL : 0;
	}
	for (nth = 0; proto && nth < proto->num_states; nth++) {
		*state = nth;
		if (!strcmp(proto->states[nth].name, filter->state))
			return 0;
	}
	return -EINVAL;
}

static void opvs_new_conn_entry(struct opvs_sync_entry *entry,
				const struct opvs_filter *filter, u16 state)
{
	*entry = (struct opvs_sync_entry){
		.family	 = filter->family,
		.proto	 = filter->proto,
		.state	 = state,
		.cport	 = filter->cport,
		.vport	 = filter->vport,
		.dport	 = filter->sport,
		.mark	 = filter->mark,
		.seconds = filter->seconds,
		.caddr	 = filter->client,
		.vaddr	 = filter->vaddr,
		.daddr	 = filter->server,
		/* One that is here is no worse. */
		.own	 = OPVS_SYNC_LISTED | OPVS_SYNC_HEARSAY,
	};
	if (filter->kind == OPVS_CONN_KIND_TEMPLATE) {
		entry->flags = IP_VS_CONN_F_TEMPLATE;
		/* The mark is its address, of any protocol. */
		if (filter->mark) {
			entry->proto = 0;
			entry->vaddr = (union nf_inet_addr){
				.ip = htonl(filter->mark),
			};
		}
	}
	if (!filter->pe)
		return;
	strscpy(entry->pe_name, filter->pe->name, sizeof(entry->pe_name));
	entry->key = filter->key;
	entry->key_len = filter->key_len;
}

static int opvs_new_conn_refuse(int err, const struct genl_info *info)
{
	const struct nlattr *attr = info->attrs[OPVS_CMD_ATTR_CONN];

	switch (err) {
	case -EINVAL:
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "CONN contradicts itself: its ports, kind, key and STATE must go together");
		break;
	case -ENOENT:
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "CONN: there is no such service, or it has no such server");
		break;
	case -EADDRINUSE:
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "CONN would look like another connection's replies");
		break;
	case -EDQUOT:
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "CONN: a limit of connections is reached");
		break;
	}
	return err;
}

/**
 * opvs_ctl_new_conn() - OPVS_CMD_NEW_CONN: make an entry that another director has
 * @skb: request
 * @info: its parts
 *
 * Context: process; takes cfg_lock.
 * Return: 0, also if it is there; -EINVAL when the request does not say all of it, or
 * contradicts itself; -ENOENT when there is no such service or server; another
 * negative errno of opvs_sync_apply().
 */
int opvs_ctl_new_conn(struct sk_buff *skb, struct genl_info *info)
{
	const struct opvs_req *req = opvs_req_of(info);
	const struct opvs_filter *filter = &req->filter;
	unsigned int ticks = OPVS_SYNC_GROWTH_TICKS;
	struct opvs_sync_entry entry;
	u16 state;
	int err;

	if (!opvs_filter_is_single(filter) || filter->by_svc ||
	    (filter->has & OPVS_HAS_REST) != OPVS_HAS_REST) {
		NL_SET_ERR_MSG(info->extack,
			       "CONN must say all addresses and ports of an entry, STATE and SECONDS");
		return -EINVAL;
	}
	/* The protocol that partners speak has no words for it. */
	if (filter->server_family != filter->family) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[OPVS_CMD_ATTR_CONN],
				    "CONN: SERVER is of another family than CLIENT");
		return -EOPNOTSUPP;
	}
	if (opvs_state_number(filter, &state))
		return opvs_new_conn_refuse(-EINVAL, info);
	opvs_new_conn_entry(&entry, filter, state);
	err = opvs_sync_note(req->on, &entry, &ticks);
	return opvs_new_conn_refuse(err, info);
}
