// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of what netfilter's connection tracking is told: with its own
 * functions, on packets that come in by nf_conntrack_in() and leave by
 * nf_conntrack_confirm().
 *
 *	client 203.0.113.5:40000 --- service 192.0.2.1:5060
 *		--- servers 198.51.100.11:5070 and 198.51.100.12:5070
 */
#include <opvs/nfct.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/flow.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/svc.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/err.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_zones.h>

#include "packet.h"
#include "testlib.h"

#define VIP		0xc0000201
#define CLIENT		0xcb007105
#define SERVER1		0xc633640b
#define SERVER2		0xc633640c
#define CLIENT_PORT	40000
#define VPORT		5060
#define SERVER_PORT	5070

static struct opvs_net *on;
static struct opvs_svc *svc;
static struct opvs_dest *dests[2];

static const struct opvs_flow nfct_there = {
	.saddr.ip = htonl(CLIENT),
	.daddr.ip = htonl(VIP),
	.sport = htons(CLIENT_PORT),
	.dport = htons(VPORT),
	.family = NFPROTO_IPV4,
	.proto = IPPROTO_UDP,
};

static int nfct_any(struct nf_conn *ct, void *data)
{
	return 1;
}

static int nfct_init(struct kunit *test)
{
	int err = opvs_test_net_init(test, &on);

	if (err)
		return err;
	on->settings.conntrack = 1;
	svc = opvs_test_svc(test, on, VIP, VPORT);
	dests[0] = opvs_test_dest(test, svc, SERVER1, SERVER_PORT);
	dests[1] = opvs_test_dest(test, svc, SERVER2, SERVER_PORT);
	return 0;
}

static void nfct_exit(struct kunit *test)
{
	const struct nf_ct_iter_data iter = { .net = on->net };

	on->settings.conntrack = 0;
	opvs_test_net_exit(test, on);
	nf_ct_iterate_cleanup_net(nfct_any, &iter);
}

/* A datagram as the tracker has seen it come in. */
static struct sk_buff *nfct_skb(struct kunit *test, const struct opvs_flow *flow)
{
	const struct nf_hook_state state = {
		.hook	= NF_INET_PRE_ROUTING,
		.pf	= NFPROTO_IPV4,
		.net	= on->net,
	};
	const struct opvs_test_packet packet = {
		.saddr	= flow->saddr,
		.daddr	= flow->daddr,
		.sport	= flow->sport,
		.dport	= flow->dport,
		.family	= NFPROTO_IPV4,
		.proto	= IPPROTO_UDP,
		.body	= 20,
	};
	static struct opvs_test_bytes bytes;
	struct sk_buff *skb;

	opvs_test_build(&packet, &bytes);
	skb = opvs_test_skb(test, bytes.data, bytes.len, OPVS_TEST_LINEAR, 0);
	skb->protocol = htons(ETH_P_IP);
	rcu_read_lock();
	nf_conntrack_in(skb, &state);
	rcu_read_unlock();
	return skb;
}

static struct nf_conn *nfct_of(const struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;

	return nf_ct_get(skb, &ctinfo);
}

/* It leaves. */
static void nfct_confirm(struct kunit *test, struct sk_buff *skb)
{
	rcu_read_lock();
	KUNIT_EXPECT_EQ(test, nf_conntrack_confirm(skb), NF_ACCEPT);
	rcu_read_unlock();
	KUNIT_ASSERT_NOT_NULL(test, nfct_of(skb));
	KUNIT_EXPECT_TRUE(test, nf_ct_is_confirmed(nfct_of(skb)));
}

/* Where the tracker expects the answers to what began an entry to come from. */
static u32 nfct_answers(const struct nf_conn *ct)
{
	return ntohl(ct->tuplehash[IP_CT_DIR_REPLY].tuple.src.u3.ip);
}

/* A one-packet datagram to a server; did it part from its entry? */
static bool nfct_send(struct kunit *test, struct sk_buff *skb,
		      struct opvs_dest *dest)
{
	struct opvs_conn *cp;
	bool parted = false;

	local_bh_disable();
	rcu_read_lock();
	cp = opvs_conn_one_packet(on, &nfct_there, dest);
	if (cp) {
		parted = opvs_nfct_request(skb, &nfct_there, cp);
		opvs_conn_put(cp);
	}
	rcu_read_unlock();
	local_bh_enable();
	KUNIT_ASSERT_NOT_NULL(test, cp);
	return parted;
}

/* Packet number @nth of a tracked connection. */
static bool nfct_follow(struct sk_buff *skb, struct opvs_conn *cp, u32 nth)
{
	bool parted;

	local_bh_disable();
	rcu_read_lock();
	cp->word = (cp->word & ~OPVS_CONN_PKTS) | nth * OPVS_CONN_PKT;
	parted = opvs_nfct_request(skb, &nfct_there, cp);
	rcu_read_unlock();
	local_bh_enable();
	return parted;
}

static struct opvs_conn *nfct_conn(struct kunit *test, struct opvs_dest *dest)
{
	struct opvs_conn_start start;
	struct opvs_conn *cp;

	opvs_test_start(&start, dest, CLIENT, CLIENT_PORT);
	cp = opvs_test_track(on, &start);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cp));
	KUNIT_ASSERT_TRUE(test, cp->flags & IP_VS_CONN_F_NFCT);
	return cp;
}

/* The entry of client and virtual address, with a reference, or NULL. */
static struct nf_conn *nfct_find(void)
{
	const struct nf_conntrack_tuple tuple = {
		.src.u3.ip = htonl(CLIENT),
		.src.u.all = htons(CLIENT_PORT),
		.src.l3num = NFPROTO_IPV4,
		.dst.u3.ip = htonl(VIP),
		.dst.u.all = htons(VPORT),
		.dst.protonum = IPPROTO_UDP,
	};
	struct nf_conntrack_tuple_hash *h;

	h = nf_conntrack_find_get(on->net, &nf_ct_zone_dflt, &tuple);
	return h ? nf_ct_tuplehash_to_ctrack(h) : NULL;
}

static void nfct_expect_gone(struct kunit *test, bool gone)
{
	struct nf_conn *ct = nfct_find();

	KUNIT_EXPECT_EQ(test, !ct, gone);
	if (ct)
		nf_ct_put(ct);
}

static void nfct_answers_come_from_the_server(struct kunit *test)
{
	struct sk_buff *skb = nfct_skb(test, &nfct_there);

	KUNIT_ASSERT_NOT_NULL(test, nfct_of(skb));
	KUNIT_EXPECT_EQ(test, nfct_answers(nfct_of(skb)), VIP);
	KUNIT_EXPECT_FALSE(test, nfct_send(test, skb, dests[0]));
	KUNIT_ASSERT_NOT_NULL(test, nfct_of(skb));
	KUNIT_EXPECT_EQ(test, nfct_answers(nfct_of(skb)), SERVER1);
	KUNIT_EXPECT_EQ(test, ntohs(nfct_of(skb)->tuplehash[IP_CT_DIR_REPLY]
				    .tuple.src.u.all), SERVER_PORT);
	nfct_confirm(test, skb);

	/* The next one belongs to the same entry. */
	skb = nfct_skb(test, &nfct_there);
	KUNIT_EXPECT_FALSE(test, nfct_send(test, skb, dests[0]));
	KUNIT_ASSERT_NOT_NULL(test, nfct_of(skb));
	KUNIT_EXPECT_TRUE(test, nf_ct_is_confirmed(nfct_of(skb)));
}

static void nfct_off_means_untracked(struct kunit *test)
{
	struct sk_buff *skb = nfct_skb(test, &nfct_there);
	enum ip_conntrack_info ctinfo;

	on->settings.conntrack = 0;
	KUNIT_EXPECT_FALSE(test, nfct_send(test, skb, dests[0]));
	KUNIT_EXPECT_NULL(test, nf_ct_get(skb, &ctinfo));
	KUNIT_EXPECT_EQ(test, ctinfo, IP_CT_UNTRACKED);
}

static void nfct_untracked_stays_so(struct kunit *test)
{
	struct sk_buff *skb = nfct_skb(test, &nfct_there);
	enum ip_conntrack_info ctinfo;

	nf_reset_ct(skb);
	nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
	KUNIT_EXPECT_FALSE(test, nfct_send(test, skb, dests[0]));
	KUNIT_EXPECT_NULL(test, nf_ct_get(skb, &ctinfo));
	KUNIT_EXPECT_EQ(test, ctinfo, IP_CT_UNTRACKED);
}

/* What the tracker calls invalid has no entry.  It must not begin one with new
 * addresses; with its own it finds the right one on its way out.
 */
static void nfct_invalid_begins_nothing(struct kunit *test)
{
	struct sk_buff *skb = nfct_skb(test, &nfct_there);
	enum ip_conntrack_info ctinfo;

	nf_reset_ct(skb);
	opvs_test_dest_method(test, dests[1], IP_VS_CONN_F_DROUTE);
	KUNIT_EXPECT_FALSE(test, nfct_send(test, skb, dests[1]));
	KUNIT_EXPECT_NULL(test, nf_ct_get(skb, &ctinfo));
	KUNIT_EXPECT_NE(test, ctinfo, IP_CT_UNTRACKED);
	KUNIT_EXPECT_FALSE(test, nfct_send(test, skb, dests[0]));
	KUNIT_EXPECT_NULL(test, nf_ct_get(skb, &ctinfo));
	KUNIT_EXPECT_EQ(test, ctinfo, IP_CT_UNTRACKED);
}

static void nfct_direct_routing_keeps_addresses(struct kunit *test)
{
	struct sk_buff *skb = nfct_skb(test, &nfct_there);

	opvs_test_dest_method(test, dests[0], IP_VS_CONN_F_DROUTE);
	KUNIT_EXPECT_FALSE(test, nfct_send(test, skb, dests[0]));
	KUNIT_ASSERT_NOT_NULL(test, nfct_of(skb));
	KUNIT_EXPECT_EQ(test, nfct_answers(nfct_of(skb)), VIP);
}

/* The entry stays the first server's, whose answers may be under way. */
static void nfct_other_server_parts(struct kunit *test)
{
	struct sk_buff *first = nfct_skb(test, &nfct_there), *skb;

	nfct_send(test, first, dests[0]);
	nfct_confirm(test, first);
	skb = nfct_skb(test, &nfct_there);
	KUNIT_EXPECT_TRUE(test, nfct_send(test, skb, dests[1]));
	KUNIT_EXPECT_NULL(test, nfct_of(skb));
	KUNIT_EXPECT_FALSE(test, nf_ct_is_dying(nfct_of(first)));
	KUNIT_EXPECT_EQ(test, nfct_answers(nfct_of(first)), SERVER1);
}

/* Datagrams of one GSO packet share its entry, before that is confirmed. */
static void nfct_shared_entry_is_not_altered_twice(struct kunit *test)
{
	struct sk_buff *first = nfct_skb(test, &nfct_there);
	struct sk_buff *skb = opvs_test_own_skb(test, skb_clone(first,
								GFP_KERNEL));

	KUNIT_EXPECT_FALSE(test, nfct_send(test, first, dests[0]));
	KUNIT_EXPECT_TRUE(test, nfct_send(test, skb, dests[1]));
	KUNIT_EXPECT_NULL(test, nfct_of(skb));
	KUNIT_ASSERT_NOT_NULL(test, nfct_of(first));
	KUNIT_EXPECT_EQ(test, nfct_answers(nfct_of(first)), SERVER1);
}

/* The client speaks to the server itself, from the same port. */
static void nfct_answers_that_are_taken(struct kunit *test)
{
	struct opvs_flow direct = nfct_there;
	struct sk_buff *skb;

	direct.daddr.ip = htonl(SERVER1);
	direct.dport = htons(SERVER_PORT);
	nfct_confirm(test, nfct_skb(test, &direct));
	skb = nfct_skb(test, &nfct_there);
	KUNIT_EXPECT_TRUE(test, nfct_send(test, skb, dests[0]));
	KUNIT_EXPECT_NULL(test, nfct_of(skb));
}

static void nfct_stale_entry_ends(struct kunit *test)
{
	struct sk_buff *old = nfct_skb(test, &nfct_there), *skb;
	struct opvs_conn *cp;

	nfct_send(test, old, dests[0]);
	nfct_confirm(test, old);
	cp = nfct_conn(test, dests[1]);
	skb = nfct_skb(test, &nfct_there);
	KUNIT_EXPECT_PTR_EQ(test, nfct_of(skb), nfct_of(old));
	KUNIT_EXPECT_FALSE(test, nfct_follow(skb, cp, 2));
	KUNIT_EXPECT_TRUE(test, nf_ct_is_dying(nfct_of(old)));
	KUNIT_ASSERT_NOT_NULL(test, nfct_of(skb));
	KUNIT_EXPECT_PTR_NE(test, nfct_of(skb), nfct_of(old));
	KUNIT_EXPECT_EQ(test, nfct_answers(nfct_of(skb)), SERVER2);
	nfct_confirm(test, skb);
}

/* Even if it leads to the same server: what ends the old connection later must
 * not find the new one's.
 */
static void nfct_first_packet_has_its_own_entry(struct kunit *test)
{
	struct sk_buff *old = nfct_skb(test, &nfct_there), *skb;
	struct opvs_conn *cp;

	nfct_send(test, old, dests[0]);
	nfct_confirm(test, old);
	cp = nfct_conn(test, dests[0]);
	skb = nfct_skb(test, &nfct_there);
	KUNIT_EXPECT_FALSE(test, nfct_follow(skb, cp, 1));
	KUNIT_EXPECT_TRUE(test, nf_ct_is_dying(nfct_of(old)));
	KUNIT_ASSERT_NOT_NULL(test, nfct_of(skb));
	KUNIT_EXPECT_EQ(test, nfct_answers(nfct_of(skb)), SERVER1);
	nfct_confirm(test, skb);

	/* Further ones do not begin anew. */
	old = skb;
	skb = nfct_skb(test, &nfct_there);
	KUNIT_EXPECT_FALSE(test, nfct_follow(skb, cp, 2));
	KUNIT_EXPECT_PTR_EQ(test, nfct_of(skb), nfct_of(old));
}

static void nfct_ends_with_its_connection(struct kunit *test)
{
	struct opvs_conn *cp = nfct_conn(test, dests[0]);
	struct sk_buff *skb = nfct_skb(test, &nfct_there);

	nfct_follow(skb, cp, 1);
	nfct_confirm(test, skb);
	nfct_expect_gone(test, false);
	opvs_test_end_all(on);
	nfct_expect_gone(test, true);
}

static void nfct_successor_keeps_its_entry(struct kunit *test)
{
	struct opvs_conn *old = nfct_conn(test, dests[0]);
	struct sk_buff *skb;
	struct opvs_conn *cp;

	rcu_read_lock();
	opvs_conn_expire(old);
	rcu_read_unlock();
	cp = nfct_conn(test, dests[0]);
	KUNIT_ASSERT_PTR_NE(test, cp, old);
	skb = nfct_skb(test, &nfct_there);
	nfct_follow(skb, cp, 1);
	nfct_confirm(test, skb);
	/* The old one is dropped by the sweeper. */
	KUNIT_EXPECT_TRUE(test, opvs_test_conns(on, 1));
	nfct_expect_gone(test, false);
}

static const struct opvs_flow nfct_back = {
	.saddr.ip = htonl(SERVER1),
	.daddr.ip = htonl(CLIENT),
	.sport = htons(SERVER_PORT),
	.dport = htons(CLIENT_PORT),
	.family = NFPROTO_IPV4,
	.proto = IPPROTO_UDP,
};

static void nfct_reply(struct sk_buff *skb)
{
	local_bh_disable();
	rcu_read_lock();
	opvs_nfct_reply(skb, &nfct_back, true, &nfct_there.daddr,
			nfct_there.dport);
	rcu_read_unlock();
	local_bh_enable();
}

static void nfct_reply_is_of_the_request(struct kunit *test)
{
	struct sk_buff *skb = nfct_skb(test, &nfct_there), *back;
	enum ip_conntrack_info ctinfo;

	nfct_send(test, skb, dests[0]);
	nfct_confirm(test, skb);
	back = nfct_skb(test, &nfct_back);
	KUNIT_EXPECT_PTR_EQ(test, nf_ct_get(back, &ctinfo), nfct_of(skb));
	KUNIT_EXPECT_EQ(test, ctinfo, IP_CT_ESTABLISHED_REPLY);
	nfct_reply(back);
	KUNIT_EXPECT_PTR_EQ(test, nfct_of(back), nfct_of(skb));
}

/* What a server says first, the client answers to the virtual address. */
static void nfct_server_begins(struct kunit *test)
{
	struct sk_buff *back = nfct_skb(test, &nfct_back), *skb;
	enum ip_conntrack_info ctinfo;

	KUNIT_ASSERT_NOT_NULL(test, nfct_of(back));
	nfct_reply(back);
	KUNIT_ASSERT_NOT_NULL(test, nfct_of(back));
	nfct_confirm(test, back);
	skb = nfct_skb(test, &nfct_there);
	KUNIT_EXPECT_PTR_EQ(test, nf_ct_get(skb, &ctinfo), nfct_of(back));
	KUNIT_EXPECT_EQ(test, ctinfo, IP_CT_ESTABLISHED_REPLY);
	KUNIT_EXPECT_FALSE(test, nfct_send(test, skb, dests[0]));
	KUNIT_EXPECT_PTR_EQ(test, nfct_of(skb), nfct_of(back));
	skb = nfct_skb(test, &nfct_there);
	KUNIT_EXPECT_TRUE(test, nfct_send(test, skb, dests[1]));
}

/* Another server has the client's entry: the confirmation would fail. */
static void nfct_server_begins_beside_another(struct kunit *test)
{
	struct sk_buff *skb = nfct_skb(test, &nfct_there), *back;

	nfct_send(test, skb, dests[1]);
	nfct_confirm(test, skb);
	back = nfct_skb(test, &nfct_back);
	nfct_reply(back);
	KUNIT_ASSERT_NOT_NULL(test, nfct_of(back));
	nfct_confirm(test, back);
}

static struct kunit_case nfct_cases[] = {
	KUNIT_CASE(nfct_answers_come_from_the_server),
	KUNIT_CASE(nfct_off_means_untracked),
	KUNIT_CASE(nfct_untracked_stays_so),
	KUNIT_CASE(nfct_invalid_begins_nothing),
	KUNIT_CASE(nfct_direct_routing_keeps_addresses),
	KUNIT_CASE(nfct_other_server_parts),
	KUNIT_CASE(nfct_shared_entry_is_not_altered_twice),
	KUNIT_CASE(nfct_answers_that_are_taken),
	KUNIT_CASE(nfct_stale_entry_ends),
	KUNIT_CASE(nfct_first_packet_has_its_own_entry),
	KUNIT_CASE(nfct_ends_with_its_connection),
	KUNIT_CASE(nfct_successor_keeps_its_entry),
	KUNIT_CASE(nfct_reply_is_of_the_request),
	KUNIT_CASE(nfct_server_begins),
	KUNIT_CASE(nfct_server_begins_beside_another),
	{}
};

static struct kunit_suite nfct_suite = {
	.name = "opvs_nfct",
	.init = nfct_init,
	.exit = nfct_exit,
	.test_cases = nfct_cases,
};

kunit_test_suite(nfct_suite);

MODULE_DESCRIPTION("opvs: unit tests of what connection tracking is told");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
