/* SPDX-License-Identifier: GPL-2.0-only */
/* The objects that a command needs before its handler runs. */
#ifndef OPVS_CTL_REQUEST_H
#define OPVS_CTL_REQUEST_H

#include "filter.h"
#include "parse.h"

#include <opvs/compat.h>
#include <opvs/dest.h>
#include <opvs/policy.h>
#include <opvs/svc.h>

#include <net/genetlink.h>

/**
 * enum opvs_need - what a command needs; stands in its genl_ops.internal_flags
 * @OPVS_NEED_NET: the namespace
 * @OPVS_NEED_LOCK: cfg_lock
 * @OPVS_NEED_NEW_SVC: cfg_lock, and the name of a service
 * @OPVS_NEED_SVC: cfg_lock, and a service that exists
 * @OPVS_NEED_ANY_SVC: cfg_lock, and a service if the request names one
 * @OPVS_NEED_DEST: cfg_lock, a service that exists, and the name of a server
 * @OPVS_NEED_NEW_POLICY: cfg_lock, and the name and timeouts of a policy
 * @OPVS_NEED_POLICY: the same, and the policy exists
 * @OPVS_NEED_TABLE: cfg_lock, and what to set of the connection table
 * @OPVS_NEED_DAEMON: the kind of a daemon
 * @OPVS_NEED_FILTER: which connections are meant
 */
enum opvs_need {
	OPVS_NEED_NET,
	OPVS_NEED_LOCK,
	OPVS_NEED_NEW_SVC,
	OPVS_NEED_SVC,
	OPVS_NEED_ANY_SVC,
	OPVS_NEED_DEST,
	OPVS_NEED_NEW_POLICY,
	OPVS_NEED_POLICY,
	OPVS_NEED_TABLE,
	OPVS_NEED_DAEMON,
	OPVS_NEED_FILTER,
};

/**
 * struct opvs_req - a request, with what its command needs
 * @on: namespace
 * @locked: cfg_lock is held
 * @nest: the nest that the command is about
 * @svc_key: which service; valid for OPVS_NEED_NEW_SVC
 * @svc: the service, or NULL
 * @dest_nest: the DEST nest
 * @dest_key: which server
 * @dest: the server, or NULL if the service does not have it
 * @policy_name: which policy
 * @timeouts: seconds by state, 0 where the request says nothing
 * @policy: the policy, or NULL
 * @filter: which connections
 */
struct opvs_req {
	struct opvs_net		*on;
	bool			locked;

	struct opvs_nest	nest;
	struct opvs_svc_key	svc_key;
	struct opvs_svc		*svc;

	struct opvs_nest	dest_nest;
	struct opvs_dest_key	dest_key;
	struct opvs_dest	*dest;

	const char		*policy_name;
	u32			timeouts[OPVS_TIMEOUTS];
	struct opvs_policy	*policy;

	struct opvs_filter	filter;
};

void opvs_req_open(struct opvs_req *req, struct opvs_net *on, bool lock,
		   u32 portid);
void opvs_req_close(struct opvs_req *req);

int opvs_req_begin(const opvs_genl_op *op, struct sk_buff *skb,
		   struct genl_info *info);
void opvs_req_end(const opvs_genl_op *op, struct sk_buff *skb,
		  struct genl_info *info);

/* The request that a handler runs for. */
static inline struct opvs_req *opvs_req_of(const struct genl_info *info)
{
	return info->user_ptr[0];
}

#endif /* OPVS_CTL_REQUEST_H */
