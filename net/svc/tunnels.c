// SPDX-License-Identifier: GPL-2.0-only
/*
 * The far ends of tunnels.  An ICMP error about a packet that the director
 * wrapped names the server's address and the outer protocol, often no more: it
 * is believed if some server's tunnel leads there.
 *
 * A far end is named by the server's address, and by the protocol and port of
 * the outer packet: that of GUE, UDP's; else 0.
 */
#include <opvs/tunnel.h>

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/name.h>
#include <opvs/netns.h>

#include <linux/err.h>
#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>

/**
 * struct far_end - where tunnels of one kind lead
 * @node: in opvs_net.tunnels, RCU
 * @addr: of the servers; constant
 * @rest: as names have it; constant
 * @users: servers; cfg_lock
 * @rcu: frees it
 */
struct far_end {
	struct rhash_head	node;
	union nf_inet_addr	addr;
	u32			rest;
	u32			users;
	struct rcu_head		rcu;
};

static u32 far_end_hash(const void *data, u32 len, u32 seed)
{
	const struct far_end *end = data;
	const struct opvs_name name = { .addr = &end->addr, .rest = end->rest };

	return opvs_name_hash(&name, 0, seed);
}

static int far_end_differs(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct far_end *end = obj;

	return !opvs_name_is(arg->key, &end->addr, end->rest);
}

static const struct rhashtable_params far_end_params = {
	.head_offset		= offsetof(struct far_end, node),
	.hashfn			= opvs_name_hash,
	.obj_hashfn		= far_end_hash,
	.obj_cmpfn		= far_end_differs,
	.automatic_shrinking	= true,
};

static struct opvs_name far_end_name(const struct opvs_dest_conf *conf)
{
	const struct opvs_dest_key *key = &conf->key;

	switch (conf->tunnel.type) {
	case IP_VS_CONN_F_TUNNEL_TYPE_GUE:
		return opvs_name(&key->addr, conf->tunnel.port, key->family,
				 IPPROTO_UDP);
	case IP_VS_CONN_F_TUNNEL_TYPE_GRE:
		return opvs_name(&key->addr, 0, key->family, IPPROTO_GRE);
	default:
		return opvs_name(&key->addr, 0, key->family, IPPROTO_IPIP);
	}
}

/**
 * opvs_tunnels_join() - a server's tunnel leads somewhere
 * @conf: the server's configuration, its method one that wraps
 *
 * Context: process, cfg_lock held.
 * Return: 0 or -ENOMEM, or another error of rhashtable.
 */
int opvs_tunnels_join(struct opvs_net *on, const struct opvs_dest_conf *conf)
{
	const struct opvs_name name = far_end_name(conf);
	struct far_end *end;
	int err;

	lockdep_assert_held(&on->cfg_lock);

	end = rhashtable_lookup_fast(&on->tunnels, &name, far_end_params);
	if (end) {
		end->users++;
		return 0;
	}
	end = kzalloc(sizeof(*end), GFP_KERNEL_ACCOUNT);
	if (!end)
		return -ENOMEM;
	end->addr = *name.addr;
	end->rest = name.rest;
	end->users = 1;
	err = rhashtable_insert_fast(&on->tunnels, &end->node, far_end_params);
	if (err)
		kfree(end);
	return err;
}

/**
 * opvs_tunnels_leave() - undo opvs_tunnels_join()
 * @conf: as there
 *
 * Context: process, cfg_lock held.
 */
void opvs_tunnels_leave(struct opvs_net *on, const struct opvs_dest_conf *conf)
{
	const struct opvs_name name = far_end_name(conf);
	struct far_end *end;

	lockdep_assert_held(&on->cfg_lock);

	end = rhashtable_lookup_fast(&on->tunnels, &name, far_end_params);
	if (WARN_ON_ONCE(!end) || --end->users)
		return;
	rhashtable_remove_fast(&on->tunnels, &end->node, far_end_params);
	kfree_rcu(end, rcu);
}

/**
 * opvs_tunnels_has() - does a tunnel lead there?
 * @name: address, with protocol and port of the outer packet
 *
 * Context: any, RCU read side.
 */
bool opvs_tunnels_has(struct opvs_net *on, const struct opvs_name *name)
{
	return rhashtable_lookup(&on->tunnels, name, far_end_params);
}

/**
 * opvs_tunnels_net_init() - a namespace's empty table
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int opvs_tunnels_net_init(struct opvs_net *on)
{
	return rhashtable_init(&on->tunnels, &far_end_params);
}

/**
 * opvs_tunnels_net_exit() - free the table
 * @on: namespace without servers; no packet can come any more
 *
 * Context: process.
 */
void opvs_tunnels_net_exit(struct opvs_net *on)
{
	rhashtable_destroy(&on->tunnels);
}
