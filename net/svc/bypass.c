// SPDX-License-Identifier: GPL-2.0-only
/*
 * The server in name only that a service by mark has beside its servers: it stands
 * for the way of packets that find no server and may go on to where they were sent
 * to (net.ipv4.vs.cache_bypass).
 *
 * So an entry always has a server, which counts it and leads to the service.  No
 * scheduler sees this one, nor is it listed; it has no address, and no server that
 * is added can have its name.
 */
#include <opvs/svc.h>

#include <opvs/dest.h>
#include <opvs/netns.h>

#include <linux/errno.h>

/**
 * opvs_bypass_join() - let packets of a service have a way without servers
 * @svc: service that packets cannot find yet
 *
 * One that was left while it had connections is taken up again.
 *
 * Context: process, cfg_lock held.
 * Return: 0 or -ENOMEM.
 */
int opvs_bypass_join(struct opvs_svc *svc)
{
	const struct opvs_dest_conf conf = {
		.key	= { .family = svc->key.family },
		.xmit	= svc->on->svc.events->bypass,
		.weight	= 1,
	};
	struct opvs_dest *dest;

	lockdep_assert_held(&svc->on->cfg_lock);

	if (!opvs_svc_key_is_mark(&svc->key) || !conf.xmit)
		return 0;
	dest = opvs_removed_take_dest(svc, &conf.key);
	if (dest) {
		opvs_totals_revive_dest(dest);
	} else {
		dest = opvs_dest_create(svc, &conf);
		if (!dest)
			return -ENOMEM;
	}
	dest->conf = conf;
	WRITE_ONCE(dest->xmit, conf.xmit);
	WRITE_ONCE(dest->weight, conf.weight);
	WRITE_ONCE(dest->removed, false);
	/* Packets that see it see all of that. */
	smp_store_release(&svc->bypass, dest);
	return 0;
}

/**
 * opvs_bypass_leave() - undo opvs_bypass_join()
 * @svc: service that packets cannot find any more; also one without such a way
 *
 * Context: process, cfg_lock held.
 */
void opvs_bypass_leave(struct opvs_svc *svc)
{
	struct opvs_dest *dest = svc->bypass;

	lockdep_assert_held(&svc->on->cfg_lock);

	if (!dest)
		return;
	WRITE_ONCE(svc->bypass, NULL);
	opvs_totals_retire_dest(dest);
	opvs_removed_add_dest(dest);
}
