// SPDX-License-Identifier: GPL-2.0-only
/* Netlink commands about the connection table as a whole. */
#include "table.h"

#include "fill.h"
#include "nla.h"
#include "parse.h"
#include "request.h"

#include <opvs/conn.h>
#include <opvs/expire.h>
#include <opvs/hash.h>
#include <opvs/netns.h>
#include <opvs/share.h>
#include <opvs/svc.h>

#include <linux/cpumask.h>
#include <linux/lockdep.h>
#include <linux/opvs.h>

static_assert(OPVS_HASH_KEY_LEN == OPVS_HASH_KEY_BYTES);

static const struct opvs_nest_type opvs_nest_table = {
	.policy		= opvs_nla_table,
	.attr		= OPVS_CMD_ATTR_TABLE,
	.native_max	= OPVS_TABLE_ATTR_MAX,
};

/**
 * opvs_req_table() - what a request sets of the table
 * @req: request; gets its nest
 * @info: its parts
 *
 * Context: process.
 * Return: 0 or -EINVAL.
 */
int opvs_req_table(struct opvs_req *req, struct genl_info *info)
{
	struct opvs_nest *nest = &req->nest;
	int err;

	err = opvs_nest_parse(nest, info->nlhdr, info->attrs,
			      &opvs_nest_table, info->extack);
	if (err)
		return err;
	if (nest->tb[OPVS_TABLE_ATTR_CONN_MAX] ||
	    nest->tb[OPVS_TABLE_ATTR_HASH_KEY])
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, nest->attr,
			    "TABLE needs CONN_MAX, HASH_KEY or both");
	return -EINVAL;
}

/**
 * opvs_ctl_set_table() - OPVS_CMD_SET_TABLE: the namespace's limit and secret
 * @skb: request
 * @info: its parts
 *
 * Context: process; cfg_lock held.
 * Return: 0; -EINVAL, or an error of opvs_svc_rekey(), and nothing has changed.
 */
int opvs_ctl_set_table(struct sk_buff *skb, struct genl_info *info)
{
	struct opvs_req *req = opvs_req_of(info);
	const struct nlattr *secret = req->nest.tb[OPVS_TABLE_ATTR_HASH_KEY];
	const struct nlattr *max = req->nest.tb[OPVS_TABLE_ATTR_CONN_MAX];
	siphash_key_t key;
	int err = 0;

	if (max) {
		err = opvs_conn_max_check(req->on, nla_get_u32(max),
					  info->extack);
		if (err)
			NL_SET_BAD_ATTR(info->extack, max);
	}
	if (!err && secret) {
		opvs_hash_key_read(&key, nla_data(secret));
		err = opvs_svc_rekey(req->on, &key, info->extack);
	}
	if (!err && max)
		opvs_conn_max_set(req->on, nla_get_u32(max));
	return err;
}

/* The sweeper writes these without a lock; each is right by itself. */
static int opvs_fill_sweep(struct opvs_msg *msg,
			   const struct opvs_expire_stats *stats)
{
	const struct {
		u16	type;
		u64	value;
	} row[] = {
		{ OPVS_SWEEP_ATTR_VISITED, READ_ONCE(stats->visited) },
		{ OPVS_SWEEP_ATTR_RECLAIMED, READ_ONCE(stats->reclaimed) },
		{ OPVS_SWEEP_ATTR_REFILED, READ_ONCE(stats->refiled) },
		{ OPVS_SWEEP_ATTR_SLICES, READ_ONCE(stats->slices) },
		{ OPVS_SWEEP_ATTR_WAKEUPS, READ_ONCE(stats->wakeups) },
		{ OPVS_SWEEP_ATTR_BUSY_NS, READ_ONCE(stats->busy_ns) },
		{ OPVS_SWEEP_ATTR_MAX_SLICE_NS, READ_ONCE(stats->max_slice_ns) },
		{ OPVS_SWEEP_ATTR_MAX_LATE_MS, READ_ONCE(stats->max_late_ms) },
	};
	struct nlattr *nest = opvs_msg_nest(msg, OPVS_TABLE_ATTR_SWEEP);
	unsigned int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < ARRAY_SIZE(row); i++)
		if (nla_put_u64_64bit(msg->skb, row[i].type, row[i].value,
				      OPVS_SWEEP_ATTR_PAD))
			return -EMSGSIZE;
	nla_nest_end(msg->skb, nest);
	return 0;
}

static int opvs_fill_shard(struct opvs_msg *msg, unsigned int cpu, u32 filed)
{
	struct nlattr *nest = opvs_msg_nest(msg, OPVS_TABLE_ATTR_SHARD);

	if (!nest || nla_put_u32(msg->skb, OPVS_SHARD_ATTR_CPU, cpu) ||
	    nla_put_u32(msg->skb, OPVS_SHARD_ATTR_FILED, filed))
		return -EMSGSIZE;
	nla_nest_end(msg->skb, nest);
	return 0;
}

static int opvs_fill_shards(struct opvs_msg *msg, const struct opvs_expire *ex)
{
	unsigned int cpu;
	int err = 0;

	/* There are none before the first service. */
	if (!ex->ops)
		return 0;
	for_each_possible_cpu(cpu) {
		err = opvs_fill_shard(msg, cpu, opvs_expire_filed(ex, cpu));
		if (err)
			break;
	}
	return err;
}

static size_t opvs_shards_size(void)
{
	return num_possible_cpus() * nla_total_size(2 * nla_total_size(sizeof(u32)));
}

static int opvs_fill_hash_key(struct opvs_msg *msg, const struct opvs_net *on)
{
	u8 bytes[OPVS_HASH_KEY_BYTES];

	lockdep_assert_held(&on->cfg_lock);
	opvs_hash_key_write(&on->svc.hash_key, bytes);
	return nla_put(msg->skb, OPVS_TABLE_ATTR_HASH_KEY, sizeof(bytes), bytes);
}

/**
 * opvs_fill_limit() - add the limit of entries to a TABLE nest, and their number
 * @msg: message
 *
 * Context: any.
 * Return: 0, or -EMSGSIZE when there is no room.
 */
int opvs_fill_limit(struct opvs_msg *msg, const struct opvs_net *on)
{
	if (nla_put_u32(msg->skb, OPVS_TABLE_ATTR_CONN_MAX,
			READ_ONCE(on->conn.limit.max)) ||
	    nla_put_u32(msg->skb, OPVS_TABLE_ATTR_CONNS,
			atomic_read(&on->conn.limit.count)))
		return -EMSGSIZE;
	return 0;
}

static int opvs_fill_table(struct opvs_msg *msg, struct opvs_net *on)
{
	struct nlattr *nest = opvs_msg_nest(msg, OPVS_CMD_ATTR_TABLE);

	if (!nest || opvs_fill_limit(msg, on) ||
	    nla_put_u32(msg->skb, OPVS_TABLE_ATTR_BUCKETS,
			opvs_conn_table_size(on)) ||
	    opvs_fill_sweep(msg, &on->conn.expire.stats) ||
	    opvs_fill_shards(msg, &on->conn.expire) ||
	    opvs_fill_hash_key(msg, on))
		return -EMSGSIZE;
	nla_nest_end(msg->skb, nest);
	return 0;
}

/**
 * opvs_ctl_get_table() - OPVS_CMD_GET_TABLE: size, limit, secret, what the
 *	sweeper did
 * @skb: request
 * @info: its parts
 *
 * Context: process; cfg_lock held.
 * Return: 0 or negative errno.
 */
int opvs_ctl_get_table(struct sk_buff *skb, struct genl_info *info)
{
	struct opvs_msg msg;
	int err;

	err = opvs_reply_begin(&msg, skb, info,
			       GENLMSG_DEFAULT_SIZE + opvs_shards_size(),
			       OPVS_CMD_SET_TABLE);
	if (err)
		return err;
	err = opvs_fill_table(&msg, opvs_req_of(info)->on);
	return opvs_msg_reply(&msg, err, info);
}
