// SPDX-License-Identifier: GPL-2.0-only
/*
 * Servers by NAT, by their address and port: where packets come from that belong to
 * a connection, or should (net.ipv4.vs.nat_icmp_send).
 *
 * A server of a service by mark is there for all protocols.  One that answers from
 * any port is not there: what it sends need not be of the service.
 */
#include <opvs/behind.h>

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/name.h>
#include <opvs/netns.h>
#include <opvs/svc.h>

#include <linux/err.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>

/**
 * struct behind - an address and port at which servers by NAT are
 * @node: in opvs_net.behind, RCU
 * @addr: of the servers; constant
 * @rest: port, family and protocol, as names have them; constant
 * @users: servers; cfg_lock
 * @rcu: frees it
 */
struct behind {
	struct rhash_head	node;
	union nf_inet_addr	addr;
	u32			rest;
	u32			users;
	struct rcu_head		rcu;
};

static u32 behind_hash(const void *data, u32 len, u32 seed)
{
	const struct behind *b = data;
	const struct opvs_name name = { .addr = &b->addr, .rest = b->rest };

	return opvs_name_hash(&name, 0, seed);
}

static int behind_differs(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct behind *b = obj;

	return !opvs_name_is(arg->key, &b->addr, b->rest);
}

static const struct rhashtable_params behind_params = {
	.head_offset		= offsetof(struct behind, node),
	.hashfn			= opvs_name_hash,
	.obj_hashfn		= behind_hash,
	.obj_cmpfn		= behind_differs,
	.automatic_shrinking	= true,
};

static struct opvs_name dest_name(const struct opvs_dest *dest)
{
	return opvs_name(&dest->addr, dest->port, dest->family,
			 dest->svc->key.proto);
}

static struct behind *behind_find(struct opvs_net *on,
				  const struct opvs_name *name)
{
	return rhashtable_lookup_fast(&on->behind, name, behind_params);
}

static struct behind *behind_new(struct opvs_net *on,
				 const struct opvs_name *name)
{
	struct behind *b;
	int err;

	b = kzalloc(sizeof(*b), GFP_KERNEL_ACCOUNT);
	if (!b)
		return ERR_PTR(-ENOMEM);
	b->addr = *name->addr;
	b->rest = name->rest;
	err = rhashtable_insert_fast(&on->behind, &b->node, behind_params);
	if (!err)
		return b;
	kfree(b);
	return ERR_PTR(err);
}

/**
 * opvs_behind_join() - a server answers by NAT
 * @dest: server
 *
 * Context: process, cfg_lock held.
 * Return: 0 or -ENOMEM, or another error of rhashtable.
 */
int opvs_behind_join(const struct opvs_dest *dest)
{
	const struct opvs_name name = dest_name(dest);
	struct opvs_net *on = dest->svc->on;
	struct behind *b;

	lockdep_assert_held(&on->cfg_lock);

	if (!dest->port)
		return 0;
	b = behind_find(on, &name) ?: behind_new(on, &name);
	if (IS_ERR(b))
		return PTR_ERR(b);
	b->users++;
	return 0;
}

/**
 * opvs_behind_leave() - undo opvs_behind_join()
 * @dest: server
 *
 * Context: process, cfg_lock held.
 */
void opvs_behind_leave(const struct opvs_dest *dest)
{
	const struct opvs_name name = dest_name(dest);
	struct opvs_net *on = dest->svc->on;
	struct behind *b;

	lockdep_assert_held(&on->cfg_lock);

	if (!dest->port)
		return;
	b = behind_find(on, &name);
	if (WARN_ON_ONCE(!b) || --b->users)
		return;
	rhashtable_remove_fast(&on->behind, &b->node, behind_params);
	kfree_rcu(b, rcu);
}

/**
 * opvs_behind_has() - is a server by NAT there?
 * @name: address, port, family and protocol
 *
 * Context: any, RCU read side.
 */
bool opvs_behind_has(struct opvs_net *on, const struct opvs_name *name)
{
	const struct opvs_name of_mark = {
		.addr	= name->addr,
		.rest	= name->rest & ~U8_MAX,
	};

	return rhashtable_lookup(&on->behind, name, behind_params) ||
	       (READ_ONCE(on->match.num_marks) &&
		rhashtable_lookup(&on->behind, &of_mark, behind_params));
}
EXPORT_SYMBOL_IF_KUNIT(opvs_behind_has);

/**
 * opvs_behind_net_init() - a namespace's empty table
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int opvs_behind_net_init(struct opvs_net *on)
{
	return rhashtable_init(&on->behind, &behind_params);
}

/**
 * opvs_behind_net_exit() - free the table
 * @on: namespace without servers; no packet can come any more
 *
 * Context: process.
 */
void opvs_behind_net_exit(struct opvs_net *on)
{
	rhashtable_destroy(&on->behind);
}
