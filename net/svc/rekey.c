// SPDX-License-Identifier: GPL-2.0-only
/* A new secret for all that a namespace's services hash. */
#include <opvs/svc.h>

#include <opvs/event.h>
#include <opvs/kunit.h>
#include <opvs/load.h>
#include <opvs/netns.h>

#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

static void rekey_undo(struct opvs_view **view, u32 count)
{
	while (count)
		opvs_svc_drop_view(view[--count]);
}

/* One view for each service, in their order, which packets do not see yet. */
static int rekey_build(struct opvs_net *on, struct opvs_view **view,
		       struct netlink_ext_ack *extack)
{
	unsigned long id = 0;
	struct opvs_svc *svc;
	u32 count = 0;

	while ((svc = opvs_svc_next(on, &id))) {
		view[count] = opvs_svc_view(svc, &svc->conf, extack);
		if (IS_ERR(view[count])) {
			rekey_undo(view, count);
			return PTR_ERR(view[count]);
		}
		count++;
	}
	return 0;
}

static void rekey_show(struct opvs_net *on, struct opvs_view **view)
{
	unsigned long id = 0;
	struct opvs_svc *svc;

	while ((svc = opvs_svc_next(on, &id)))
		opvs_svc_show(svc, *view++);
}

/**
 * opvs_svc_rekey() - choose servers by another secret from now on
 * @key: the secret
 *
 * All services change over, or none.  Sessions of stateless services are where
 * the new secret says: what had another owner under the old one does not drain.
 *
 * Context: process, cfg_lock held.
 * Return: 0; -ENOMEM or a scheduler's refusal, and nothing has changed.
 */
int opvs_svc_rekey(struct opvs_net *on, const siphash_key_t *key,
		   struct netlink_ext_ack *extack)
{
	u32 count = on->svc.num[OPVS_INET] + on->svc.num[OPVS_INET6];
	const struct opvs_event event = { .cmd = OPVS_CMD_KEY_CHANGED };
	const siphash_key_t old = on->svc.hash_key;
	struct opvs_view **view;
	int err;

	lockdep_assert_held(&on->cfg_lock);

	if (!memcmp(key, &old, sizeof(old)))
		return 0;
	view = kvcalloc(count, sizeof(*view), GFP_KERNEL);
	if (!view)
		return -ENOMEM;
	/* Views are built with it. */
	on->svc.hash_key = *key;
	err = rekey_build(on, view, extack);
	if (err)
		on->svc.hash_key = old;
	else
		rekey_show(on, view);
	kvfree(view);
	if (err)
		return err;
	/* By the new secret the same calls are others. */
	opvs_net_load_forget(on);
	opvs_event_tell(on, &event);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_svc_rekey);
