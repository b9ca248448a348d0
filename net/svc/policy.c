// SPDX-License-Identifier: GPL-2.0-only
/* Timeout policies.
 *
 * An edit writes the values in place, each with WRITE_ONCE: packets that use
 * the policy neither wait for it nor see half a value, and a connection gets
 * the new timeout the next time a packet refreshes it.
 */
#include <opvs/policy.h>

#include <opvs/event.h>
#include <opvs/expire.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/proto.h>

#include <linux/ctype.h>
#include <linux/lockdep.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/string.h>

#define DEFAULT_NAME	"default"

/**
 * opvs_policy_check() - can timeouts be set to these values?
 * @set: seconds; 0 keeps a value
 * @extack: is told which state's is wrong; may be NULL
 *
 * Context: any.
 * Return: 0, or -EINVAL if a value is above OPVS_EXPIRE_MAX_SECONDS.
 */
int opvs_policy_check(const u32 set[OPVS_TIMEOUTS],
		      struct netlink_ext_ack *extack)
{
	const struct opvs_proto *proto;
	unsigned int state;
	size_t n;

	for (n = 0; (proto = opvs_proto_nth(n)); n++) {
		for (state = 0; state < proto->num_states; state++) {
			if (set[proto->timeout0 + state] <=
			    OPVS_EXPIRE_MAX_SECONDS)
				continue;
			if (extack)
				extack->_msg = proto->states[state].too_long;
			return -EINVAL;
		}
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_policy_check);

static int opvs_policy_check_name(const char *name,
				  struct netlink_ext_ack *extack)
{
	size_t len = strnlen(name, OPVS_POLICY_NAME_MAX);
	size_t i;

	if (!len || len == OPVS_POLICY_NAME_MAX) {
		NL_SET_ERR_MSG(extack, "policy name must have 1 to 31 characters");
		return -EINVAL;
	}
	/* One word of ASCII: it goes into lists and command lines. */
	for (i = 0; i < len; i++) {
		if (isascii(name[i]) && isgraph(name[i]))
			continue;
		NL_SET_ERR_MSG(extack,
			       "policy name must be printable and without blanks");
		return -EINVAL;
	}
	return 0;
}

/* Returns whether that is a change. */
static bool opvs_policy_set(struct opvs_policy *policy,
			    const u32 set[OPVS_TIMEOUTS])
{
	bool changed = false;
	unsigned int i;

	for (i = 0; i < OPVS_TIMEOUTS; i++) {
		if (!set[i] || set[i] == policy->timeout[i])
			continue;
		WRITE_ONCE(policy->timeout[i], set[i]);
		changed = true;
	}
	return changed;
}

static void opvs_policy_tell(struct opvs_net *on,
			     const struct opvs_policy *policy, u8 cmd)
{
	const struct opvs_event event = { .cmd = cmd, .policy = policy };

	opvs_event_tell(on, &event);
}

/**
 * opvs_policy_find() - a namespace's policy by its name
 * @name: name; "default" is the namespace's own
 *
 * Context: process, cfg_lock held.
 * Return: the policy, which stays until opvs_policy_del(), or NULL.
 */
struct opvs_policy *opvs_policy_find(struct opvs_net *on, const char *name)
{
	struct opvs_policy *policy;

	lockdep_assert_held(&on->cfg_lock);

	if (!strcmp(name, DEFAULT_NAME))
		return &on->policy.standard;
	list_for_each_entry(policy, &on->policy.named, list)
		if (!strcmp(policy->name, name))
			return policy;
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_policy_find);

/* Keeps the list sorted; says on which entry of it a new name follows. */
static struct list_head *opvs_policy_place(struct opvs_net *on,
					   const char *name)
{
	struct opvs_policy *policy;

	list_for_each_entry(policy, &on->policy.named, list)
		if (strcmp(policy->name, name) > 0)
			break;
	return policy->list.prev;
}

/**
 * opvs_policy_add() - make a named policy
 * @name: 1 to 31 printable characters without blanks
 * @set: seconds; 0 takes what the default policy has at this moment
 * @extack: is told what is wrong; may be NULL
 *
 * Context: process, cfg_lock held.
 * Return: 0; -EINVAL: name or value; -EEXIST: there is one of that name;
 *	-ENOSPC: there are OPVS_POLICIES_MAX; -ENOMEM.
 */
int opvs_policy_add(struct opvs_net *on, const char *name,
		    const u32 set[OPVS_TIMEOUTS],
		    struct netlink_ext_ack *extack)
{
	struct opvs_policy *policy;
	int err;

	lockdep_assert_held(&on->cfg_lock);

	err = opvs_policy_check_name(name, extack);
	if (!err)
		err = opvs_policy_check(set, extack);
	if (err)
		return err;
	if (opvs_policy_find(on, name)) {
		NL_SET_ERR_MSG(extack, "there is a policy of that name");
		return -EEXIST;
	}
	if (on->policy.num >= OPVS_POLICIES_MAX) {
		NL_SET_ERR_MSG(extack, "there are 255 policies already");
		return -ENOSPC;
	}
	policy = kzalloc(sizeof(*policy), GFP_KERNEL_ACCOUNT);
	if (!policy)
		return -ENOMEM;

	memcpy(policy->timeout, on->policy.standard.timeout, sizeof(policy->timeout));
	opvs_policy_set(policy, set);
	strscpy(policy->name, name, sizeof(policy->name));
	list_add(&policy->list, opvs_policy_place(on, name));
	on->policy.num++;
	opvs_policy_tell(on, policy, OPVS_CMD_POLICY_ADDED);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_policy_add);

/**
 * opvs_policy_edit() - change timeouts; connections feel it at their next packet
 * @policy: any policy, the default one included
 * @set: seconds; 0 keeps a value
 * @extack: is told what is wrong; may be NULL
 *
 * Context: process, cfg_lock held.
 * Return: 0, or -EINVAL and nothing has changed.
 */
int opvs_policy_edit(struct opvs_net *on, struct opvs_policy *policy,
		     const u32 set[OPVS_TIMEOUTS],
		     struct netlink_ext_ack *extack)
{
	int err = opvs_policy_check(set, extack);

	if (!err && opvs_policy_set(policy, set))
		opvs_policy_tell(on, policy, OPVS_CMD_POLICY_CHANGED);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_policy_edit);

static void opvs_policy_free(struct opvs_policy *policy)
{
	list_del(&policy->list);
	kfree_rcu(policy, rcu);
}

/**
 * opvs_policy_del() - remove a named policy that no service uses
 * @policy: policy; freed after a grace period
 * @extack: is told what is wrong; may be NULL
 *
 * Context: process, cfg_lock held.
 * Return: 0, or -EBUSY: in use, or the default one, which always is.
 */
int opvs_policy_del(struct opvs_net *on, struct opvs_policy *policy,
		    struct netlink_ext_ack *extack)
{
	lockdep_assert_held(&on->cfg_lock);

	if (policy == &on->policy.standard) {
		NL_SET_ERR_MSG(extack, "the default policy cannot be removed");
		return -EBUSY;
	}
	if (policy->users) {
		NL_SET_ERR_MSG(extack, "services use the policy");
		return -EBUSY;
	}
	opvs_policy_tell(on, policy, OPVS_CMD_POLICY_REMOVED);
	opvs_policy_free(policy);
	on->policy.num--;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_policy_del);

/**
 * opvs_policy_net_init() - give a namespace its default policy
 *
 * Context: process, before the namespace can be reached.
 */
void opvs_policy_net_init(struct opvs_net *on)
{
	struct opvs_policy *policy = &on->policy.standard;
	const struct opvs_proto *proto;
	unsigned int state;
	size_t n;

	for (n = 0; (proto = opvs_proto_nth(n)); n++) {
		for (state = 0; state < proto->num_states; state++)
			policy->timeout[proto->timeout0 + state] =
				proto->states[state].timeout;
	}
	strscpy(policy->name, DEFAULT_NAME, sizeof(policy->name));
	INIT_LIST_HEAD(&policy->list);
	INIT_LIST_HEAD(&on->policy.named);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_policy_net_init);

/**
 * opvs_policy_net_exit() - free what policies a namespace has
 *
 * Context: process, when its services are gone and nothing can reach it.
 */
void opvs_policy_net_exit(struct opvs_net *on)
{
	struct opvs_policy *policy, *next;

	list_for_each_entry_safe(policy, next, &on->policy.named, list)
		opvs_policy_free(policy);
	on->policy.num = 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_policy_net_exit);
