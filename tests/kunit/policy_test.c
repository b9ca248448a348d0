// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of timeout policies, in a namespace that exists in the test only. */
#include <opvs/policy.h>

#include <opvs/expire.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>

#include <kunit/test.h>

#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/string.h>

#define TCP(state)	(OPVS_TIMEOUT_TCP + OPVS_TCP_S_##state)
#define SCTP(state)	(OPVS_TIMEOUT_SCTP + OPVS_SCTP_S_##state)

static struct opvs_net *on;

static const u32 nothing[OPVS_TIMEOUTS];

static int policy_init(struct kunit *test)
{
	on = kzalloc(sizeof(*on), GFP_KERNEL);
	if (!on)
		return -ENOMEM;
	mutex_init(&on->cfg_lock);
	opvs_policy_net_init(on);
	return 0;
}

static void policy_exit(struct kunit *test)
{
	opvs_policy_net_exit(on);
	kfree(on);
}

static int add(const char *name, const u32 *set, struct netlink_ext_ack *extack)
{
	int err;

	mutex_lock(&on->cfg_lock);
	err = opvs_policy_add(on, name, set, extack);
	mutex_unlock(&on->cfg_lock);
	return err;
}

/* Nobody else changes policies here, so they stay valid without the lock. */
static struct opvs_policy *find(const char *name)
{
	struct opvs_policy *policy;

	mutex_lock(&on->cfg_lock);
	policy = opvs_policy_find(on, name);
	mutex_unlock(&on->cfg_lock);
	return policy;
}

static int edit(struct opvs_policy *policy, const u32 *set,
		struct netlink_ext_ack *extack)
{
	int err;

	mutex_lock(&on->cfg_lock);
	err = opvs_policy_edit(on, policy, set, extack);
	mutex_unlock(&on->cfg_lock);
	return err;
}

static int del(struct opvs_policy *policy, struct netlink_ext_ack *extack)
{
	int err;

	mutex_lock(&on->cfg_lock);
	err = opvs_policy_del(on, policy, extack);
	mutex_unlock(&on->cfg_lock);
	return err;
}

static struct opvs_policy *policy_make(struct kunit *test, const char *name,
				       const u32 *set)
{
	struct opvs_policy *policy;

	KUNIT_ASSERT_EQ(test, 0, add(name, set, NULL));
	policy = find(name);
	KUNIT_ASSERT_NOT_NULL(test, policy);
	return policy;
}

/* What IPVS has, by state. */
static void policy_default(struct kunit *test)
{
	static const u32 tcp[OPVS_TCP_STATES] = {
		2, 900, 120, 60, 120, 120, 10, 60, 30, 120, 120,
	};
	static const u32 sctp[OPVS_SCTP_STATES] = {
		2, 4, 61, 61, 61, 61, 61, 61, 900, 61, 61, 61, 4, 61,
	};
	const u32 *timeout = on->policy.standard.timeout;
	unsigned int i;

	for (i = 0; i < OPVS_TCP_STATES; i++)
		KUNIT_EXPECT_EQ(test, tcp[i], timeout[OPVS_TIMEOUT_TCP + i]);
	KUNIT_EXPECT_EQ(test, 300, timeout[OPVS_TIMEOUT_UDP]);
	for (i = 0; i < OPVS_SCTP_STATES; i++)
		KUNIT_EXPECT_EQ(test, sctp[i], timeout[OPVS_TIMEOUT_SCTP + i]);
	KUNIT_EXPECT_STREQ(test, on->policy.standard.name, "default");
	KUNIT_EXPECT_PTR_EQ(test, find("default"), &on->policy.standard);
}

static void policy_add(struct kunit *test)
{
	u32 set[OPVS_TIMEOUTS] = { [TCP(CLOSE)] = 1, [SCTP(INIT1)] = 9 };
	struct opvs_policy *policy;

	on->policy.standard.timeout[OPVS_TIMEOUT_UDP] = 77;
	policy = policy_make(test, "short", set);
	KUNIT_EXPECT_STREQ(test, policy->name, "short");
	KUNIT_EXPECT_EQ(test, policy->users, 0);
	KUNIT_EXPECT_EQ(test, on->policy.num, 1);

	KUNIT_EXPECT_EQ(test, policy->timeout[TCP(CLOSE)], 1);
	KUNIT_EXPECT_EQ(test, policy->timeout[SCTP(INIT1)], 9);
	/* The rest is what the default policy had at that moment. */
	KUNIT_EXPECT_EQ(test, policy->timeout[OPVS_TIMEOUT_UDP], 77);
	KUNIT_EXPECT_EQ(test, policy->timeout[TCP(ESTABLISHED)], 900);
	on->policy.standard.timeout[OPVS_TIMEOUT_UDP] = 78;
	KUNIT_EXPECT_EQ(test, policy->timeout[OPVS_TIMEOUT_UDP], 77);
	KUNIT_EXPECT_EQ(test, on->policy.standard.timeout[TCP(CLOSE)], 10);
}

static void policy_sorted(struct kunit *test)
{
	static const char *const names[] = { "m", "a", "z", "mm", "b", "Z" };
	static const char *const sorted[] = { "Z", "a", "b", "m", "mm", "z" };
	struct opvs_policy *policy;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		policy_make(test, names[i], nothing);
	i = 0;
	list_for_each_entry(policy, &on->policy.named, list) {
		KUNIT_ASSERT_LT(test, i, (unsigned int)ARRAY_SIZE(sorted));
		KUNIT_EXPECT_STREQ(test, policy->name, sorted[i++]);
	}
	KUNIT_EXPECT_EQ(test, i, (unsigned int)ARRAY_SIZE(sorted));
}

struct policy_name_case {
	const char	*name;
	const char	*policy;
	int		err;
};

static const struct policy_name_case policy_name_cases[] = {
	{ "one character", "x", 0 },
	{ "31 characters", "1234567890123456789012345678901", 0 },
	{ "punctuation", "web.eu-1/fast_!", 0 },
	{ "empty", "", -EINVAL },
	{ "32 characters", "12345678901234567890123456789012", -EINVAL },
	{ "40 characters", "1234567890123456789012345678901234567890",
	  -EINVAL },
	{ "blank", "two words", -EINVAL },
	{ "newline", "line\n", -EINVAL },
	{ "control character", "\x01", -EINVAL },
	{ "DEL", "x\x7f", -EINVAL },
	{ "not ASCII", "caf\xc3\xa9", -EINVAL },
	{ "default", "default", -EEXIST },
};

static void policy_name_desc(const struct policy_name_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(policy_name, policy_name_cases, policy_name_desc);

static void policy_names(struct kunit *test)
{
	const struct policy_name_case *row = test->param_value;
	struct netlink_ext_ack extack = {};

	KUNIT_EXPECT_EQ(test, row->err, add(row->policy, nothing, &extack));
	KUNIT_EXPECT_EQ(test, on->policy.num, row->err ? 0 : 1);
	KUNIT_EXPECT_EQ(test, !row->err, list_is_singular(&on->policy.named));
	if (row->err)
		KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	else
		KUNIT_EXPECT_NOT_NULL(test, find(row->policy));
}

static void policy_twice(struct kunit *test)
{
	u32 set[OPVS_TIMEOUTS] = { [TCP(CLOSE)] = 1 };
	struct netlink_ext_ack extack = {};
	struct opvs_policy *policy = policy_make(test, "one", nothing);

	KUNIT_EXPECT_EQ(test, -EEXIST, add("one", set, &extack));
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	KUNIT_EXPECT_EQ(test, on->policy.num, 1);
	KUNIT_EXPECT_EQ(test, policy->timeout[TCP(CLOSE)], 10);
}

static void policy_too_many(struct kunit *test)
{
	struct netlink_ext_ack extack = {};
	struct opvs_policy *policy;
	char name[8];
	int i;

	for (i = 0; i < OPVS_POLICIES_MAX; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		KUNIT_ASSERT_EQ(test, 0, add(name, nothing, &extack));
	}
	KUNIT_EXPECT_EQ(test, on->policy.num, 255);
	KUNIT_EXPECT_NULL(test, extack._msg);
	KUNIT_EXPECT_EQ(test, -ENOSPC, add("more", nothing, &extack));
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	KUNIT_EXPECT_NULL(test, find("more"));

	policy = find("p100");
	KUNIT_ASSERT_NOT_NULL(test, policy);
	KUNIT_EXPECT_EQ(test, 0, del(policy, NULL));
	KUNIT_EXPECT_EQ(test, 0, add("more", nothing, NULL));
}

static void policy_edit(struct kunit *test)
{
	u32 set[OPVS_TIMEOUTS] = { [TCP(ESTABLISHED)] = 7200 };
	struct opvs_policy *policy = policy_make(test, "one", nothing);
	u32 before[OPVS_TIMEOUTS];

	memcpy(before, policy->timeout, sizeof(before));
	KUNIT_EXPECT_EQ(test, 0, edit(policy, set, NULL));
	KUNIT_EXPECT_EQ(test, policy->timeout[TCP(ESTABLISHED)], 7200);
	before[TCP(ESTABLISHED)] = 7200;
	KUNIT_EXPECT_EQ(test, 0,
			memcmp(before, policy->timeout, sizeof(before)));

	KUNIT_EXPECT_EQ(test, 0, edit(&on->policy.standard, set, NULL));
	KUNIT_EXPECT_EQ(test, on->policy.standard.timeout[TCP(ESTABLISHED)], 7200);
	KUNIT_EXPECT_EQ(test, on->policy.standard.timeout[OPVS_TIMEOUT_UDP], 300);
}

static void policy_values(struct kunit *test)
{
	u32 set[OPVS_TIMEOUTS] = {};
	unsigned int i;

	for (i = 0; i < OPVS_TIMEOUTS; i++)
		set[i] = OPVS_EXPIRE_MAX_SECONDS;
	KUNIT_EXPECT_EQ(test, 0, edit(&on->policy.standard, set, NULL));
	for (i = 0; i < OPVS_TIMEOUTS; i++) {
		KUNIT_EXPECT_EQ(test, on->policy.standard.timeout[i],
				(u32)OPVS_EXPIRE_MAX_SECONDS);
		set[i] = 1;
	}
	KUNIT_EXPECT_EQ(test, 0, edit(&on->policy.standard, set, NULL));
	for (i = 0; i < OPVS_TIMEOUTS; i++)
		KUNIT_EXPECT_EQ(test, on->policy.standard.timeout[i], 1);
}

struct policy_value_case {
	const char	*name;
	unsigned int	index;
	u32		value;
};

/* The name is what the message must tell. */
static const struct policy_value_case policy_value_cases[] = {
	{ "TCP NONE", TCP(NONE), OPVS_EXPIRE_MAX_SECONDS + 1 },
	{ "TCP FIN_WAIT", TCP(FIN_WAIT), U32_MAX },
	{ "TCP SYNACK", TCP(SYNACK), S32_MAX },
	{ "UDP", OPVS_TIMEOUT_UDP, OPVS_EXPIRE_MAX_SECONDS + 1 },
	{ "SCTP NONE", SCTP(NONE), U32_MAX },
	{ "SCTP C-WAIT", SCTP(COOKIE_WAIT), U32_MAX },
	{ "SCTP CLOSED", SCTP(CLOSED), (u32)S32_MAX + 1 },
};

static void policy_value_desc(const struct policy_value_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(policy_value, policy_value_cases, policy_value_desc);

static void policy_value_refused(struct kunit *test)
{
	const struct policy_value_case *row = test->param_value;
	u32 set[OPVS_TIMEOUTS] = { [TCP(ESTABLISHED)] = 5 };
	struct netlink_ext_ack extack = {};
	u32 before[OPVS_TIMEOUTS];

	set[row->index] = row->value;
	memcpy(before, on->policy.standard.timeout, sizeof(before));
	KUNIT_EXPECT_EQ(test, -EINVAL, edit(&on->policy.standard, set, &extack));
	KUNIT_ASSERT_NOT_NULL(test, extack._msg);
	KUNIT_EXPECT_NOT_NULL(test, strstr(extack._msg, row->name));
	KUNIT_EXPECT_EQ(test, 0,
			memcmp(before, on->policy.standard.timeout, sizeof(before)));
	KUNIT_EXPECT_EQ(test, -EINVAL, opvs_policy_check(set, NULL));

	KUNIT_EXPECT_EQ(test, -EINVAL, add("one", set, NULL));
	KUNIT_EXPECT_NULL(test, find("one"));
	KUNIT_EXPECT_EQ(test, on->policy.num, 0);
}

static void policy_del(struct kunit *test)
{
	struct opvs_policy *policy = policy_make(test, "one", nothing);
	struct netlink_ext_ack extack = {};

	policy->users = 1;
	KUNIT_EXPECT_EQ(test, -EBUSY, del(policy, &extack));
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	KUNIT_EXPECT_PTR_EQ(test, find("one"), policy);

	policy->users = 0;
	KUNIT_EXPECT_EQ(test, 0, del(policy, NULL));
	KUNIT_EXPECT_NULL(test, find("one"));
	KUNIT_EXPECT_EQ(test, on->policy.num, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&on->policy.named));
}

static void policy_del_default(struct kunit *test)
{
	struct netlink_ext_ack extack = {};

	KUNIT_EXPECT_EQ(test, -EBUSY, del(&on->policy.standard, &extack));
	KUNIT_EXPECT_NOT_NULL(test, extack._msg);
	KUNIT_EXPECT_PTR_EQ(test, find("default"), &on->policy.standard);
}

static struct kunit_case policy_cases[] = {
	KUNIT_CASE(policy_default),
	KUNIT_CASE(policy_add),
	KUNIT_CASE(policy_sorted),
	KUNIT_CASE_PARAM(policy_names, policy_name_gen_params),
	KUNIT_CASE(policy_twice),
	KUNIT_CASE(policy_too_many),
	KUNIT_CASE(policy_edit),
	KUNIT_CASE(policy_values),
	KUNIT_CASE_PARAM(policy_value_refused, policy_value_gen_params),
	KUNIT_CASE(policy_del),
	KUNIT_CASE(policy_del_default),
	{}
};

static struct kunit_suite policy_suite = {
	.name = "opvs_policy",
	.init = policy_init,
	.exit = policy_exit,
	.test_cases = policy_cases,
};

kunit_test_suite(policy_suite);

MODULE_DESCRIPTION("opvs: unit tests of timeout policies");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
