// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of a namespace's change to another secret: all of its services
 * change over, or none.
 */
#include <opvs/svc.h>

#include <opvs/dest.h>
#include <opvs/hash.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/pe.h>
#include <opvs/sched.h>

#include "testlib.h"

#include <kunit/test.h>

#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/string.h>

#define SERVICES	4
#define SERVERS		3
#define KEYS		1000

static struct opvs_net *on;
static siphash_key_t at_first;

static const siphash_key_t key_a = { { 0x0706050403020100, 0x0f0e0d0c0b0a0908 } };
static const siphash_key_t key_b = { { 0x0706050403020100, 0x0f0e0d0c0b0a0909 } };

/* ---- a scheduler that refuses when told to ---- */

static int refusal;

static ssize_t stubborn_priv_size(const struct opvs_view *view,
				  const struct opvs_view *prev,
				  struct netlink_ext_ack *extack)
{
	if (refusal)
		NL_SET_ERR_MSG(extack, "not now");
	return refusal;
}

static struct opvs_dest *stubborn_pick(const struct opvs_view *view,
				       const struct opvs_sched_req *req)
{
	return NULL;
}

static struct opvs_sched_state *stubborn_state_new(struct opvs_net *net)
{
	return kzalloc(sizeof(struct opvs_sched_state), GFP_KERNEL);
}

static void stubborn_state_free(struct opvs_sched_state *state)
{
	kfree(state);
}

static const struct opvs_sched_ops stubborn = {
	.name		= "stubborn",
	.priv_size	= stubborn_priv_size,
	.pick		= stubborn_pick,
	.state_new	= stubborn_state_new,
	.state_free	= stubborn_state_free,
};

/* ---- services ---- */

static int rekey_init(struct kunit *test)
{
	int err = opvs_test_net_init(test, &on);

	refusal = 0;
	if (!err)
		at_first = on->svc.hash_key;
	return err;
}

static int rekey(const siphash_key_t *key, struct netlink_ext_ack *extack)
{
	int err;

	mutex_lock(&on->cfg_lock);
	err = opvs_svc_rekey(on, key, extack);
	mutex_unlock(&on->cfg_lock);
	return err;
}

static void rekey_exit(struct kunit *test)
{
	opvs_test_net_exit(test, on);
	KUNIT_EXPECT_EQ(test, rekey(&at_first, NULL), 0);
}

/* Services 192.0.2.1 and up, each with servers. */
static struct opvs_svc *make_svc(struct kunit *test, u32 number,
				 const struct opvs_sched_ops *sched)
{
	struct opvs_svc_conf conf;
	struct opvs_svc *svc;
	u32 i;

	opvs_test_svc_conf(&conf, IPPROTO_UDP);
	conf.key.addr.ip = htonl(0xc0000201 + number);
	conf.flags = IP_VS_SVC_F_ONEPACKET;
	conf.sched = sched;
	if (sched->hashes)
		conf.pe = opvs_pe_find("sip");
	svc = opvs_test_svc_as(test, on, &conf);
	for (i = 0; i < SERVERS; i++)
		opvs_test_dest(test, svc, 0x0a000001 + i, 5060);
	return svc;
}

/* Nobody else changes services here, so tables stay without the lock. */
static const struct opvs_view *table_of(const struct opvs_svc *svc)
{
	return rcu_dereference_protected(svc->view, true);
}

static bool same_key(const siphash_key_t *a, const siphash_key_t *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* Which server each of many keys has: the last byte of its address. */
static void all_picks(struct kunit *test, const struct opvs_svc *svc, u8 *map)
{
	const struct opvs_view *view = table_of(svc);
	const struct opvs_flow flow = {};
	u32 call;
	const struct opvs_sched_req req = {
		.flow	 = &flow,
		.key	 = (u8 *)&call,
		.key_len = sizeof(call),
	};
	const struct opvs_dest *dest;

	for (call = 0; call < KEYS; call++) {
		rcu_read_lock();
		dest = view->ops->pick(view, &req);
		rcu_read_unlock();
		KUNIT_ASSERT_NOT_NULL(test, dest);
		map[call] = ntohl(dest->addr.ip);
	}
}

/* ---- tests ---- */

/* A vector of those that SipHash was published with (Aumasson and Bernstein,
 * "SipHash: a fast short-input PRF", appendix A): key 00 01 .. 0f, message
 * 00 01 .. 0e.  What is written is the same on every machine.
 */
static void rekey_bytes(struct kunit *test)
{
	u8 bytes[OPVS_HASH_KEY_BYTES], again[OPVS_HASH_KEY_BYTES];
	siphash_key_t key;
	u32 i;

	for (i = 0; i < OPVS_HASH_KEY_BYTES; i++)
		bytes[i] = i;
	opvs_hash_key_read(&key, bytes);
	KUNIT_EXPECT_TRUE(test, same_key(&key, &key_a));
	KUNIT_EXPECT_EQ(test, opvs_hash_bytes(&key, bytes, 15),
			0xa129ca6149be45e5ULL);
	opvs_hash_key_write(&key, again);
	KUNIT_EXPECT_EQ(test, memcmp(again, bytes, sizeof(bytes)), 0);
}

static void rekey_all(struct kunit *test)
{
	const struct opvs_sched_ops *mh = opvs_sched_find("mh");
	struct opvs_svc *svc[SERVICES];
	u32 i;

	for (i = 0; i < SERVICES; i++)
		svc[i] = make_svc(test, i, i % 2 ? &opvs_sched_rr : mh);
	KUNIT_ASSERT_EQ(test, rekey(&key_a, NULL), 0);
	KUNIT_EXPECT_TRUE(test, same_key(&on->svc.hash_key, &key_a));
	for (i = 0; i < SERVICES; i++) {
		KUNIT_EXPECT_TRUE(test, same_key(&table_of(svc[i])->hash_key,
						 &key_a));
		KUNIT_EXPECT_EQ(test, table_of(svc[i])->count, SERVERS);
	}
}

static void rekey_no_services(struct kunit *test)
{
	struct opvs_svc *svc;

	KUNIT_ASSERT_EQ(test, rekey(&key_a, NULL), 0);
	KUNIT_EXPECT_TRUE(test, same_key(&on->svc.hash_key, &key_a));
	svc = make_svc(test, 0, &opvs_sched_rr);
	KUNIT_EXPECT_TRUE(test, same_key(&table_of(svc)->hash_key, &key_a));
}

/* What packets see is not even replaced. */
static void rekey_same(struct kunit *test)
{
	struct opvs_svc *svc = make_svc(test, 0, opvs_sched_find("mh"));
	const struct opvs_view *view;

	KUNIT_ASSERT_EQ(test, rekey(&key_a, NULL), 0);
	view = table_of(svc);
	KUNIT_EXPECT_EQ(test, rekey(&key_a, NULL), 0);
	KUNIT_EXPECT_PTR_EQ(test, table_of(svc), view);
}

/* The same secret, the same servers; another one, others; nothing drains. */
static void rekey_picks(struct kunit *test)
{
	struct opvs_svc *svc = make_svc(test, 0, opvs_sched_find("mh"));
	u8 *first, *second;
	u32 i, moved = 0;

	first = kunit_kzalloc(test, 2 * KEYS, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, first);
	second = first + KEYS;
	KUNIT_ASSERT_EQ(test, rekey(&key_a, NULL), 0);
	all_picks(test, svc, first);
	KUNIT_ASSERT_EQ(test, rekey(&key_b, NULL), 0);
	all_picks(test, svc, second);
	KUNIT_EXPECT_FALSE(test, table_of(svc)->drains);
	for (i = 0; i < KEYS; i++)
		moved += first[i] != second[i];
	/* Two thirds of them, as the old server says nothing. */
	KUNIT_EXPECT_GT(test, moved, 600);
	KUNIT_EXPECT_LT(test, moved, 733);
	KUNIT_ASSERT_EQ(test, rekey(&key_a, NULL), 0);
	all_picks(test, svc, second);
	KUNIT_EXPECT_EQ(test, memcmp(first, second, KEYS), 0);
}

static const int refusals[] = { -EINVAL, -ENOMEM, -E2BIG };

static void refusal_name(const int *err, char *name)
{
	snprintf(name, KUNIT_PARAM_DESC_SIZE, "%pe", ERR_PTR(*err));
}

KUNIT_ARRAY_PARAM(refusal, refusals, refusal_name);

/* Any of the services may be the one that cannot. */
static void rekey_refused(struct kunit *test)
{
	const struct opvs_view *before[SERVICES];
	const struct opvs_sched_ops *mh = opvs_sched_find("mh");
	const int *err = test->param_value;
	struct netlink_ext_ack extack;
	struct opvs_svc *svc[SERVICES];
	u32 i, at;

	KUNIT_ASSERT_EQ(test, rekey(&key_a, NULL), 0);
	for (at = 0; at < SERVICES; at++) {
		for (i = 0; i < SERVICES; i++) {
			svc[i] = make_svc(test, i, i == at ? &stubborn : mh);
			before[i] = table_of(svc[i]);
		}
		memset(&extack, 0, sizeof(extack));
		refusal = *err;
		KUNIT_EXPECT_EQ(test, rekey(&key_b, &extack), *err);
		refusal = 0;
		KUNIT_EXPECT_STREQ(test, extack._msg, "not now");
		KUNIT_EXPECT_TRUE(test, same_key(&on->svc.hash_key, &key_a));
		for (i = 0; i < SERVICES; i++) {
			KUNIT_EXPECT_PTR_EQ(test, table_of(svc[i]), before[i]);
			KUNIT_EXPECT_TRUE(test,
					  same_key(&table_of(svc[i])->hash_key,
						   &key_a));
		}
		KUNIT_EXPECT_EQ(test, rekey(&key_b, NULL), 0);
		KUNIT_EXPECT_TRUE(test, same_key(&table_of(svc[at])->hash_key,
						 &key_b));
		KUNIT_EXPECT_EQ(test, rekey(&key_a, NULL), 0);
		for (i = 0; i < SERVICES; i++)
			opvs_test_svc_del(svc[i]);
	}
}

/* What a scheduler keeps beyond a table goes on, with a user for each table. */
static void rekey_state(struct kunit *test)
{
	struct opvs_svc *first = make_svc(test, 0, &stubborn);
	struct opvs_sched_state *state = table_of(first)->state;

	KUNIT_ASSERT_NOT_NULL(test, state);
	KUNIT_ASSERT_EQ(test, refcount_read(&state->ref), 1);
	KUNIT_EXPECT_EQ(test, rekey(&key_a, NULL), 0);
	KUNIT_EXPECT_PTR_EQ(test, table_of(first)->state, state);
	KUNIT_EXPECT_EQ(test, refcount_read(&state->ref), 1);

	make_svc(test, 1, &stubborn);
	refusal = -ENOMEM;
	KUNIT_EXPECT_EQ(test, rekey(&key_b, NULL), -ENOMEM);
	refusal = 0;
	KUNIT_EXPECT_PTR_EQ(test, table_of(first)->state, state);
	KUNIT_EXPECT_EQ(test, refcount_read(&state->ref), 1);
}

static struct kunit_case rekey_cases[] = {
	KUNIT_CASE(rekey_bytes),
	KUNIT_CASE(rekey_all),
	KUNIT_CASE(rekey_no_services),
	KUNIT_CASE(rekey_same),
	KUNIT_CASE(rekey_picks),
	KUNIT_CASE_PARAM(rekey_refused, refusal_gen_params),
	KUNIT_CASE(rekey_state),
	{}
};

static struct kunit_suite rekey_suite = {
	.name		= "opvs_rekey",
	.init		= rekey_init,
	.exit		= rekey_exit,
	.test_cases	= rekey_cases,
};

kunit_test_suite(rekey_suite);

MODULE_DESCRIPTION("opvs: unit tests of the change to another secret");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
