// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netfilter's connection tracking, with net.ipv4.vs.conntrack=1.
 *
 * The tracker has an entry of a flow once its first packet has left the host:
 * until then ("confirmed") the packet alone owns it.  An entry has the tuple of
 * the packets that began it, and that of the packets that answer them.  With NAT
 * the answers come from the server, and before the first packet leaves, this is
 * where the tracker learns that.  It does not rewrite by itself then: only what
 * its own NAT changed (IPS_SRC_NAT, IPS_DST_NAT) is rewritten by it.  So rules
 * see an established flow in both directions, and masquerading behind opvs adds
 * its part to the same entry.
 *
 * A connection has one server, so its entry, if that leads elsewhere, is of an
 * older connection: it goes, and the packet is tracked anew.
 *
 * The datagrams of a one-packet service go from one client port to several
 * servers, and the tracker has one entry of client and virtual address.  It
 * belongs to the first server.  A datagram for another one parts from it and is
 * tracked where it leaves: as one from the client to that server, which is what
 * the answers of that server belong to.  To end the first entry instead would
 * leave the answers that are under way without one.
 */
#include <opvs/nfct.h>

#include <opvs/compat.h>
#include <opvs/dest.h>
#include <opvs/expect.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/ops.h>
#include <opvs/table.h>

#include <linux/in.h>
#include <linux/jiffies.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/rcupdate.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_tuple.h>
#include <net/netfilter/nf_conntrack_zones.h>

/* The tuple of packets that answer those of a direction. */
static struct nf_conntrack_tuple *answers_of(struct nf_conn *ct,
					     enum ip_conntrack_dir dir)
{
	return &ct->tuplehash[!dir].tuple;
}

static bool is_from(const struct nf_conntrack_tuple *tuple,
		    const union nf_inet_addr *addr, __be16 port)
{
	return tuple->src.u.all == port &&
	       nf_inet_addr_cmp(&tuple->src.u3, addr);
}

static bool is_to(const struct nf_conntrack_tuple *tuple,
		  const union nf_inet_addr *addr, __be16 port)
{
	return tuple->dst.u.all == port &&
	       nf_inet_addr_cmp(&tuple->dst.u3, addr);
}

/* A flowtable would pass the flow by opvs from its second packet on, and nobody
 * would rewrite it.  It leaves alone what has room for a helper, which changes
 * what a flow says; that there is none yet means nothing to anybody.  Without
 * memory, a flow is not saved from flowtables, which few have.
 */
static void keep_from_flowtables(struct nf_conn *ct)
{
	if (!nfct_help(ct))
		nf_ct_helper_ext_add(ct, GFP_ATOMIC);
}

/* Only the packet knows the entry yet, and no packet has that tuple. */
static bool answers_become(struct nf_conn *ct,
			   const struct nf_conntrack_tuple *answers)
{
	if (nf_ct_is_confirmed(ct) || nf_conntrack_tuple_taken(answers, ct))
		return false;
	nf_conntrack_alter_reply(ct, answers);
	keep_from_flowtables(ct);
	return true;
}

/* Nothing tracks here, a rule said that it should not, or the tracker found the
 * packet invalid: damaged, or out of its connection's window.  It is for the server
 * to judge that.  With its new addresses it would begin an entry on its way out, in
 * which its connection's answers are another's, and be dropped for that.
 */
static bool stays_untracked(struct sk_buff *skb, const struct opvs_conn *cp)
{
	if (skb_nfct(skb))
		return false;
	if (opvs_conn_rewrites(cp))
		nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
	return true;
}

/* Does the packet's entry expect answers from the server, or can it be made to?
 * An unconfirmed one that was made for another server is shared with a datagram
 * that came in the same GSO packet.
 */
static bool leads_to_server(struct sk_buff *skb, const struct opvs_flow *flow,
			    const struct opvs_tuple *server)
{
	struct nf_conntrack_tuple answers;
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct;

	ct = nf_ct_get(skb, &ctinfo);
	/* It was tracked once more, and now it cannot be. */
	if (!ct) {
		nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
		return true;
	}
	answers = *answers_of(ct, CTINFO2DIR(ctinfo));
	if (is_from(&answers, &server->src, server->sport))
		return true;
	if (!is_from(&answers, &flow->daddr, flow->dport))
		return false;
	answers.src.u3 = server->src;
	answers.src.u.all = server->sport;
	return answers_become(ct, &answers);
}

/* As the hook at the host's entrance does, which has seen the checksum. */
static void track_again(struct sk_buff *skb, const struct opvs_flow *flow,
			struct net *net)
{
	const struct nf_hook_state state = {
		.hook	= NF_INET_LOCAL_IN,
		.pf	= flow->family,
		.net	= net,
	};

	nf_reset_ct(skb);
	nf_conntrack_in(skb, &state);
}

static bool is_confirmed(const struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	return ct && nf_ct_is_confirmed(ct);
}

static void kill_entry_of(const struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;

	nf_ct_kill(nf_ct_get(skb, &ctinfo));
}

/**
 * opvs_nfct_follow() - have the tracker expect answers from the server
 * @skb: request that has its old addresses
 * @cp: its connection or one-packet entry
 *
 * Where that is not possible, the packet is tracked under the addresses that it
 * leaves with.
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: true if the packet parted from its entry: what leaves the host is
 * tracked on its way out, what does not needs opvs_nfct_arrive().
 */
bool opvs_nfct_follow(struct sk_buff *skb, const struct opvs_flow *flow,
		      const struct opvs_conn *cp)
{
	const struct opvs_tuple *server = &cp->reply.tuple;
	bool one_packet = cp->flags & IP_VS_CONN_F_ONE_PACKET;

	if (stays_untracked(skb, cp))
		return false;
	/* An entry that was there before the connection is not of it: see
	 * opvs_nfct_kill().
	 */
	if (!one_packet && opvs_conn_in_pkts(cp) == 1 && is_confirmed(skb)) {
		kill_entry_of(skb);
		track_again(skb, flow, cp->on->net);
	}
	if (!opvs_conn_rewrites(cp) || leads_to_server(skb, flow, server))
		return false;
	if (!one_packet && is_confirmed(skb)) {
		kill_entry_of(skb);
		track_again(skb, flow, cp->on->net);
		if (leads_to_server(skb, flow, server))
			return false;
	}
	nf_reset_ct(skb);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_nfct_follow);

/**
 * opvs_nfct_wrap() - a packet goes on inside another one
 * @skb: request
 *
 * Its entry is made now, as it does not leave by itself; if that fails, another
 * packet's is there or nobody wants one.  The outer packet is another flow, unless
 * nothing is tracked.
 *
 * Context: softirq or BH disabled, RCU read side.
 */
void opvs_nfct_wrap(struct sk_buff *skb)
{
	if (likely(!skb_nfct(skb)))
		return;
	nf_conntrack_confirm(skb);
	nf_reset_ct(skb);
}

/**
 * opvs_nfct_arrive() - track a packet for a server on this host
 * @skb: request that has its new addresses, and parted from its entry
 *
 * Context: softirq or BH disabled, RCU read side.
 */
void opvs_nfct_arrive(struct sk_buff *skb, const struct opvs_flow *flow,
		      const struct opvs_net *on)
{
	track_again(skb, flow, on->net);
}

/**
 * opvs_nfct_follow_reply() - have the tracker know what a reply leaves as
 * @skb: reply that has its old addresses
 * @vaddr: address that it will have
 * @vport: port that it will have
 *
 * Mostly its entry is that of the request.  One that the tracker has just begun
 * is for what a server says first, or after the entry was gone: the client will
 * answer to the virtual address.
 *
 * Context: softirq or BH disabled, RCU read side.
 */
void opvs_nfct_follow_reply(struct sk_buff *skb, const struct opvs_flow *flow,
			    const union nf_inet_addr *vaddr, __be16 vport)
{
	struct nf_conntrack_tuple answers;
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct;

	ct = nf_ct_get(skb, &ctinfo);
	if (!ct || nf_ct_is_confirmed(ct))
		return;
	answers = *answers_of(ct, CTINFO2DIR(ctinfo));
	if (!is_to(&answers, &flow->saddr, flow->sport))
		return;
	answers.dst.u3 = *vaddr;
	answers.dst.u.all = vport;
	answers_become(ct, &answers);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_nfct_follow_reply);

/**
 * opvs_nfct_be_liberal() - have the tracker not judge a flow by its numbers
 * @skb: packet of a TCP connection whose sequence numbers are moved
 *
 * The tracker sees both ends' own numbers, which do not fit each other.  It has a
 * way to move them itself, but would do it after opvs has.
 *
 * Context: softirq or BH disabled.
 */
void opvs_nfct_be_liberal(struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct;
	int dir;

	ct = nf_ct_get(skb, &ctinfo);
	if (!ct || nf_ct_protonum(ct) != IPPROTO_TCP)
		return;
	spin_lock(&ct->lock);
	for (dir = 0; dir < IP_CT_DIR_MAX; dir++)
		ct->proto.tcp.seen[dir].flags |= IP_CT_TCP_FLAG_BE_LIBERAL;
	spin_unlock(&ct->lock);
}

/**
 * opvs_nfct_expect() - have the tracker know what a connection is related to
 * @skb: packet of a control connection
 * @expect: connection that it told of
 * @timeout: jiffies for which it is expected
 *
 * A rule of the user's may have given the entry a helper, whose business that is
 * then.  Without memory, or when the tracker expects too much, the connection is
 * new to rules and not related.
 *
 * Context: softirq or BH disabled, RCU read side.
 */
void opvs_nfct_expect(struct sk_buff *skb, const struct opvs_expect *expect,
		      u32 timeout)
{
	const struct opvs_tuple *tuple = &expect->tuple;
	const struct nf_conn_help *help;
	struct nf_conntrack_expect *exp;
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct;

	ct = nf_ct_get(skb, &ctinfo);
	help = ct ? nfct_help(ct) : NULL;
	if (!help || rcu_access_pointer(help->helper))
		return;
	/* As many as opvs expects: the last one. */
	nf_ct_remove_expectations(ct);
	exp = nf_ct_expect_alloc(ct);
	if (!exp)
		return;
	nf_ct_expect_init(exp, NF_CT_EXPECT_CLASS_DEFAULT, tuple->family,
			  &tuple->src, &tuple->dst, tuple->proto, NULL,
			  &tuple->dport);
	/* Is left alone where there is no helper. */
	opvs_ct_expect_in(exp, timeout);
	nf_ct_expect_related(exp, 0);
	nf_ct_expect_put(exp);
}

static struct nf_conntrack_tuple_hash *
find_get(const struct opvs_net *on, const struct opvs_tuple *tuple)
{
	struct nf_conntrack_tuple seek = {
		.src = {
			.u3	= tuple->src,
			.u.all	= tuple->sport,
			.l3num	= tuple->family,
		},
		.dst = {
			.u3		= tuple->dst,
			.u.all		= tuple->dport,
			.protonum	= tuple->proto,
		},
	};

	return nf_conntrack_find_get(on->net, &nf_ct_zone_dflt, &seek);
}

/* Another connection has the tuple meanwhile, and the entry may be of that. */
static bool is_succeeded(const struct opvs_conn *cp)
{
	const struct opvs_table_key key = {
		.tuple	= cp->request.tuple,
		.now	= jiffies,
	};

	return opvs_table_find(cp->on, &key);
}

/**
 * opvs_nfct_kill() - end the entry that tracks a connection
 * @cp: connection, not in the table any more
 *
 * The entry is looked up before it is asked whether there is a successor: one
 * that begins afterwards ends this entry by its first packet and has another.
 *
 * Context: any.
 */
void opvs_nfct_kill(const struct opvs_conn *cp)
{
	const struct opvs_tuple *server = &cp->reply.tuple;
	struct nf_conntrack_tuple_hash *h;
	struct nf_conn *ct;

	/* The sweeper is no RCU reader. */
	rcu_read_lock();
	h = find_get(cp->on, &cp->request.tuple);
	/* Where netfilter's NAT was in front, only the answers are known by. */
	if (!h && opvs_conn_rewrites(cp))
		h = find_get(cp->on, server);
	if (h) {
		ct = nf_ct_tuplehash_to_ctrack(h);
		if (!is_succeeded(cp))
			nf_ct_kill(ct);
		nf_ct_put(ct);
	}
	rcu_read_unlock();
}
EXPORT_SYMBOL_IF_KUNIT(opvs_nfct_kill);
