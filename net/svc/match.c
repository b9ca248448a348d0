// SPDX-License-Identifier: GPL-2.0-only
/* The service that a packet goes to: by firewall mark, or by address and port. */
#include <opvs/svc.h>

#include <opvs/kunit.h>
#include <opvs/name.h>
#include <opvs/netns.h>

#include <linux/rhashtable.h>

static u32 svc_hash(const void *data, u32 len, u32 seed)
{
	const struct opvs_svc *svc = data;
	const struct opvs_name name = {
		.addr = &svc->key.addr,
		.rest = svc->rest,
	};

	return opvs_name_hash(&name, 0, seed);
}

static inline int svc_differs(struct rhashtable_compare_arg *arg,
			      const void *obj)
{
	const struct opvs_svc *svc = obj;

	return !opvs_name_is(arg->key, &svc->key.addr, svc->rest);
}

/* Looked up by &struct opvs_name, by functions that are inlined. */
static const struct rhashtable_params svc_params = {
	.head_offset		= offsetof(struct opvs_svc, node),
	.hashfn			= opvs_name_hash,
	.obj_hashfn		= svc_hash,
	.obj_cmpfn		= svc_differs,
	.automatic_shrinking	= true,
};

/**
 * opvs_svc_publish() - have packets find a service
 * @svc: complete, with a name that no other service has
 *
 * Context: process, cfg_lock held.
 * Return: 0 or -ENOMEM, or another error of rhashtable.
 */
int opvs_svc_publish(struct opvs_svc *svc)
{
	lockdep_assert_held(&svc->on->cfg_lock);

	return rhashtable_insert_fast(&svc->on->match.table, &svc->node,
				      svc_params);
}

/**
 * opvs_svc_unpublish() - undo opvs_svc_publish(); packets may see it for a grace
 * period more
 * @svc: service
 *
 * Context: process, cfg_lock held.
 */
void opvs_svc_unpublish(struct opvs_svc *svc)
{
	lockdep_assert_held(&svc->on->cfg_lock);

	rhashtable_remove_fast(&svc->on->match.table, &svc->node, svc_params);
}

/* Out of line for all but what most packets need. */
static noinline struct opvs_svc *lookup(struct opvs_net *on,
					const struct opvs_name *name)
{
	return rhashtable_lookup(&on->match.table, name, svc_params);
}

/**
 * opvs_svc_find() - look up a service by its name
 * @key: all bytes set
 *
 * Context: any, RCU read side or cfg_lock held.
 * Return: the service, valid as long as that is held, or NULL.
 */
struct opvs_svc *opvs_svc_find(struct opvs_net *on,
			       const struct opvs_svc_key *key)
{
	const struct opvs_name name = opvs_name(&key->addr, key->port,
						key->family, key->proto);
	struct opvs_svc *svc;

	rcu_read_lock();
	svc = lookup(on, &name);
	rcu_read_unlock();
	return svc;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_svc_find);

static struct opvs_svc *find_mark(struct opvs_net *on, u8 family, u32 mark)
{
	const union nf_inet_addr addr = { .all[0] = mark };
	const struct opvs_name name = opvs_name(&addr, 0, family, 0);

	return lookup(on, &name);
}

/**
 * opvs_svc_match() - the service that a packet goes to
 * @mark: its firewall mark
 *
 * The mark comes first, then address and port, then a service for all ports.
 *
 * Context: any, RCU read side.
 * Return: the service, valid within the read section, or NULL.
 */
struct opvs_svc *opvs_svc_match(struct opvs_net *on,
				const struct opvs_flow *flow, u32 mark)
{
	struct opvs_name name;
	struct opvs_svc *svc;

	if (unlikely(mark && READ_ONCE(on->match.num_marks))) {
		svc = find_mark(on, flow->family, mark);
		if (svc)
			return svc;
	}
	name = opvs_name(&flow->daddr, flow->dport, flow->family, flow->proto);
	svc = rhashtable_lookup(&on->match.table, &name, svc_params);
	if (svc || likely(!READ_ONCE(on->match.num_wild)))
		return svc;
	name = opvs_name_all_ports(&name);
	return lookup(on, &name);
}

/**
 * opvs_svc_match_net_init() - a namespace's empty table
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int opvs_svc_match_net_init(struct opvs_net *on)
{
	return rhashtable_init(&on->match.table, &svc_params);
}

/**
 * opvs_svc_match_net_exit() - free the table
 * @on: namespace without services
 *
 * Context: process.
 */
void opvs_svc_match_net_exit(struct opvs_net *on)
{
	rhashtable_destroy(&on->match.table);
}
