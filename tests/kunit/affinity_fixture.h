/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stateless service, its servers, and SIP messages to it.
 *
 *	service 192.0.2.1:5060, mh, sip --- 198.51.100.11 and up, port 5060
 */
#ifndef OPVS_AFFINITY_FIXTURE_H
#define OPVS_AFFINITY_FIXTURE_H

#include <opvs/path.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/ops.h>
#include <opvs/pe.h>
#include <opvs/sched.h>
#include <opvs/svc.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/siphash.h>
#include <linux/skbuff.h>
#include <linux/string.h>

#include "lateness.h"
#include "testlib.h"

#define VIP		0xc0000201
#define CLIENT		0xcb007105
#define SERVER(i)	(0xc633640b + (i))

static struct opvs_net *on;
static struct opvs_svc *svc;
static u64 base[OPVS_CTR_MAX];

/* The same ones move each time; with chance, once in a while too many would. */
static const siphash_key_t hash_key = { { 1, 2 } };
static siphash_key_t hash_key_before;

/* Calls so far; each number is a Call-ID. */
static u32 calls;

static int affinity_init(struct kunit *test)
{
	int i, err = opvs_test_net_init(test, &on);

	calls = 0;
	hash_key_before = on->svc.hash_key;
	on->svc.hash_key = hash_key;
	WRITE_ONCE(on->settings.drain_seconds, 100);
	for (i = 1; !err && i < OPVS_CTR_MAX; i++)
		base[i] = opvs_counter_read(on, i);
	return err;
}

static void affinity_exit(struct kunit *test)
{
	opvs_lateness_stop();
	WRITE_ONCE(on->settings.drain_seconds, 1800);
	opvs_test_net_exit(test, on);
	on->svc.hash_key = hash_key_before;
}

static inline u64 counted(enum opvs_ctr ctr)
{
	return opvs_counter_read(on, ctr) - base[ctr];
}

static void affinity_conf(struct opvs_svc_conf *conf)
{
	opvs_test_svc_conf(conf, IPPROTO_UDP);
	conf->key.port = htons(5060);
	conf->sched = &opvs_sched_mh;
	conf->pe = opvs_pe_find("sip");
	conf->flags = IP_VS_SVC_F_ONEPACKET;
}

/* ---- messages ---- */

enum message {
	INVITE,
	ACK,
	CANCEL,
	REINVITE,
	BYE,
	RINGING,
	MESSAGES,
};

static const struct {
	const char *line;
	const char *tag;
} messages[MESSAGES] = {
	[INVITE]	= { "INVITE sip:bob@example.org SIP/2.0", "" },
	[ACK]		= { "ACK sip:bob@example.org SIP/2.0", "" },
	[CANCEL]	= { "CANCEL sip:bob@example.org SIP/2.0", "" },
	[REINVITE]	= { "INVITE sip:bob@example.org SIP/2.0", ";tag=b" },
	[BYE]		= { "BYE sip:bob@example.org SIP/2.0", ";tag=b" },
	[RINGING]	= { "SIP/2.0 180 Ringing", ";tag=b" },
};

static int message_text(char *text, size_t size, u32 call, enum message message)
{
	return snprintf(text, size,
			"%s\r\nCall-ID: %u@example.org\r\n"
			"From: <sip:alice@example.org>;tag=a\r\n"
			"To: <sip:bob@example.org>%s\r\n\r\n",
			messages[message].line, call, messages[message].tag);
}

static void message_flow(struct opvs_flow *flow, u32 client, u32 len)
{
	*flow = (struct opvs_flow){
		.saddr.ip = htonl(client),
		.daddr.ip = htonl(VIP),
		.sport = htons(5060),
		.dport = htons(5060),
		.family = NFPROTO_IPV4,
		.proto = IPPROTO_UDP,
		.payload_len = len,
	};
}

static opvs_verdict_t choose_by(struct sk_buff *skb,
				const struct opvs_flow *flow,
				struct opvs_choice *result)
{
	opvs_verdict_t verdict;

	local_bh_disable();
	rcu_read_lock();
	*result = (struct opvs_choice){};
	verdict = opvs_choose(on, svc, skb, flow, result);
	/* As the one-packet path does: a call of several is not given up. */
	if (result->control)
		atomic_inc(&result->control->in_pkts);
	rcu_read_unlock();
	local_bh_enable();
	return verdict;
}

/* The server that a client's message gets: NULL for none, without memory an
 * error.  Threads may call it.
 */
static struct opvs_dest *message_from(u32 client, u32 call,
				      enum message message,
				      opvs_verdict_t *verdict)
{
	struct opvs_choice result = {};
	struct opvs_flow flow;
	struct sk_buff *skb;
	char text[256];
	int len;

	len = message_text(text, sizeof(text), call, message);
	skb = alloc_skb(len, GFP_KERNEL);
	if (!skb)
		return ERR_PTR(-ENOMEM);
	skb_put_data(skb, text, len);
	message_flow(&flow, client, len);
	*verdict = choose_by(skb, &flow, &result);
	kfree_skb(skb);
	return *verdict == OPVS_GO_ON ? result.dest : NULL;
}

static struct opvs_dest *send(u32 call, enum message message)
{
	opvs_verdict_t verdict;

	/* The client's address does not matter. */
	return message_from(CLIENT + message, call, message, &verdict);
}

static inline bool refused(u32 call, enum message message,
			   opvs_verdict_t reason)
{
	opvs_verdict_t verdict;

	return !message_from(CLIENT, call, message, &verdict) &&
	       verdict == reason;
}

/* ---- configuration ---- */

static struct opvs_seat seat_of(u32 call)
{
	const struct opvs_view *view;
	struct opvs_sched_req req = {};
	struct opvs_seat seat;
	char key[32];

	req.key_len = snprintf(key, sizeof(key), "%u@example.org", call);
	req.key = key;
	rcu_read_lock();
	view = rcu_dereference(svc->view);
	view->ops->seat(view, &req, &seat);
	rcu_read_unlock();
	return seat;
}

/* A call that nobody heard of, and that has another owner than before, or not. */
static inline u32 next_call(bool moved)
{
	while (seat_of(++calls).moved != moved)
		cond_resched();
	return calls;
}

static inline bool table_drains(void)
{
	bool drains;

	rcu_read_lock();
	drains = rcu_dereference(svc->view)->drains;
	rcu_read_unlock();
	return drains;
}

static struct opvs_dest *add_server(struct kunit *test, u32 i)
{
	return opvs_test_dest(test, svc, SERVER(i), 5060);
}

static inline void set_weight(struct kunit *test, struct opvs_dest *dest,
			      u32 weight)
{
	struct opvs_dest_conf conf = dest->conf;
	int err;

	conf.weight = weight;
	mutex_lock(&on->cfg_lock);
	err = opvs_dest_edit(dest, &conf, NULL);
	mutex_unlock(&on->cfg_lock);
	KUNIT_ASSERT_EQ(test, err, 0);
}

static inline void edit_svc(struct kunit *test,
			    const struct opvs_svc_conf *conf)
{
	int err;

	mutex_lock(&on->cfg_lock);
	err = opvs_svc_edit(svc, conf, NULL);
	mutex_unlock(&on->cfg_lock);
	KUNIT_ASSERT_EQ(test, err, 0);
}

/* What is a second old and has sessions drains when it changes. */
static void settle(struct kunit *test)
{
	KUNIT_ASSERT_NOT_NULL(test, send(0, INVITE));
	msleep(1100);
}

static void begin_as(struct kunit *test, const struct opvs_svc_conf *conf,
		     u32 count)
{
	u32 i;

	svc = opvs_test_svc_as(test, on, conf);
	for (i = 0; i < count; i++)
		add_server(test, i);
	settle(test);
}

static inline void begin(struct kunit *test, u32 count)
{
	struct opvs_svc_conf conf;

	affinity_conf(&conf);
	begin_as(test, &conf, count);
}

#endif /* OPVS_AFFINITY_FIXTURE_H */
