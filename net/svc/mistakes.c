// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mistakes that look like success: every command worked, and clients get no answer.
 *
 * Three of them can be seen from here.  The namespace does not forward, so the
 * replies of NAT servers stay in it.  A virtual address is not one of this
 * namespace, so requests pass opvs by.  A server has never answered, though it
 * would have to.
 *
 * What is certain is said in the log, at most once in ten minutes for each
 * namespace and kind: a line must never be the reason for which others are not
 * seen.  A virtual address that is absent is not: on the director of a pair that
 * stands by that is as it should be.  Who asks is told of all three, by the file
 * "mistakes", and who configures through family `opvs', by a warning.
 *
 * Packets do nothing for that.  The clock brings along the sums that it makes for
 * rates (net/clock/rates.c).
 */
#include <opvs/svc.h>

#include <opvs/compat.h>
#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/words.h>

#include <linux/in.h>
#include <linux/inetdevice.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/netlink.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <net/addrconf.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>

/* Between two lines of a kind, and before it is looked again where all was well. */
#define MISTAKE_SAY	(600 * HZ)
#define MISTAKE_LOOK	(30 * HZ)

/* A server that was asked so often, and has been silent for so long. */
#define SILENT_PACKETS	4
#define SILENT_FOR	(30 * HZ)

/* Longest line of the file. */
#define MISTAKE_LINE	192

#define MISTAKE_FORWARD4 \
	"net.ipv4.ip_forward is 0: replies of NAT servers do not leave this host"
#define MISTAKE_FORWARD6 \
	"net.ipv6.conf.all.forwarding is 0: replies of NAT servers do not leave this host"

/* ---- rhythm ---- */

/* A tenant's affairs are not for the host's log. */
static bool is_due(const struct opvs_net *on, enum opvs_mistake kind)
{
	if (on->share.tenant)
		return false;
	return !on->mistakes.due[kind] ||
	       time_after_eq64(get_jiffies_64(), on->mistakes.due[kind]);
}

static void not_before(struct opvs_net *on, enum opvs_mistake kind,
		       unsigned long delay)
{
	on->mistakes.due[kind] = get_jiffies_64() + delay;
}

static bool may_say(struct opvs_net *on, enum opvs_mistake kind)
{
	if (!is_due(on, kind))
		return false;
	not_before(on, kind, MISTAKE_SAY);
	return true;
}

/* ---- addresses ---- */

static bool is_local4(struct net *net, __be32 addr)
{
	bool found;

	switch (inet_addr_type(net, addr)) {
	case RTN_LOCAL:
	case RTN_BROADCAST:
	case RTN_ANYCAST:
	case RTN_MULTICAST:
		return true;
	}
	/* Those of devices in a VRF are in other tables. */
	rcu_read_lock();
	found = __ip_dev_find(net, addr, false);
	rcu_read_unlock();
	return found;
}

static bool is_local6(struct net *net, const struct in6_addr *addr)
{
	struct rt6_info *rt;
	bool local;

	if (ipv6_addr_is_multicast(addr) || ipv6_chk_addr(net, addr, NULL, 0))
		return true;
	rt = rt6_lookup(net, addr, NULL, 0, NULL, 0);
	if (!rt)
		return false;
	local = rt->rt6i_flags & (RTF_LOCAL | RTF_ANYCAST);
	ip6_rt_put(rt);
	return local;
}

/* Do packets for an address come to an end in the namespace? */
static bool is_local(const struct opvs_net *on, const union nf_inet_addr *addr,
		     u8 family)
{
	return family == NFPROTO_IPV6 ? is_local6(on->net, &addr->in6) :
					is_local4(on->net, addr->ip);
}

static bool is_absent(const struct opvs_svc *svc)
{
	return !opvs_svc_key_is_mark(&svc->key) &&
	       !is_local(svc->on, &svc->key.addr, svc->key.family);
}

/* ---- forwarding ---- */

static bool device_forwards(const struct net_device *dev, u8 family)
{
	struct in_device *in_dev;

	if (dev->flags & IFF_LOOPBACK)
		return false;
	if (family == NFPROTO_IPV6)
		return opvs_ipv6_forced(dev);
	in_dev = __in_dev_get_rcu(dev);
	return in_dev && IN_DEV_FORWARD(in_dev);
}

/* May replies pass, from any device? */
static bool forwards(struct net *net, u8 family)
{
	const struct net_device *dev;
	bool found = false;

	if (family == NFPROTO_IPV6 ?
	    READ_ONCE(net->ipv6.devconf_all->forwarding) :
	    IPV4_DEVCONF_ALL(net, FORWARDING))
		return true;
	rcu_read_lock();
	for_each_netdev_rcu(net, dev) {
		found = device_forwards(dev, family);
		if (found)
			break;
	}
	rcu_read_unlock();
	return found;
}

/* Does the server answer through this namespace, which does not forward? */
static bool replies_stay(const struct opvs_dest *dest)
{
	struct opvs_net *on = dest->svc->on;

	return dest->conf.xmit->rewrites && !forwards(on->net, dest->family) &&
	       !is_local(on, &dest->addr, dest->family);
}

static enum opvs_mistake forward_kind(u8 family)
{
	return family == NFPROTO_IPV6 ? OPVS_MISTAKE_FORWARD6 :
					OPVS_MISTAKE_FORWARD4;
}

static void say_forward(struct opvs_net *on, u8 family)
{
	if (may_say(on, forward_kind(family)))
		pr_warn("%s%s\n", opvs_words_net(on).text,
			family == NFPROTO_IPV6 ? MISTAKE_FORWARD6 :
						 MISTAKE_FORWARD4);
}

/* ---- answers ---- */

/* A connection is answered, or is none; so is a request of SIP.  Datagrams of
 * which nothing is known may be a log's.  Where replies are not told by who has
 * asked, those may pass another director.
 */
static bool is_conversation(const struct opvs_svc *svc)
{
	const struct opvs_svc_key *key = &svc->key;

	if (key->proto == IPPROTO_TCP || key->proto == IPPROTO_SCTP)
		return true;
	return svc->conf.pe && READ_ONCE(svc->on->settings.reply_seconds);
}

/* Has it been silent, while it was asked, for long enough to speak of it? */
static bool is_silent(const struct opvs_dest *dest, u64 inpkts)
{
	return dest->silent_since && inpkts >= SILENT_PACKETS &&
	       time_after_eq64(get_jiffies_64(),
			       dest->silent_since + SILENT_FOR);
}

/* Where nothing is forwarded, the server is not to blame. */
static void say_silent(const struct opvs_dest *dest, u64 inpkts)
{
	struct opvs_net *on = dest->svc->on;

	if (replies_stay(dest))
		not_before(on, OPVS_MISTAKE_SILENT, MISTAKE_LOOK);
	else if (may_say(on, OPVS_MISTAKE_SILENT))
		pr_warn("%s%s: NAT server %s has not answered any of %llu packets: is it up, and is its route to the clients through this host?\n",
			opvs_words_net(on).text, opvs_words_svc(&dest->svc->key).text,
			opvs_words_end(&dest->addr, dest->port, dest->family).text,
			inpkts);
}

/**
 * opvs_mistakes_look() - does a server's traffic tell of a mistake?
 * @dest: server
 * @raw: what it has counted until now
 *
 * Context: process, cfg_lock held; every two seconds.
 */
void opvs_mistakes_look(struct opvs_dest *dest, const struct opvs_totals *raw)
{
	const struct opvs_totals *rate = &dest->stats.est.rate;
	enum opvs_mistake forward = forward_kind(dest->family);
	struct opvs_net *on = dest->svc->on;

	lockdep_assert_held(&on->cfg_lock);

	if (!dest->conf.xmit->rewrites)
		return;
	if (rate->inpkts && !rate->outpkts && is_due(on, forward)) {
		if (replies_stay(dest))
			say_forward(on, dest->family);
		else
			not_before(on, forward, MISTAKE_LOOK);
	}

	if (!raw->inpkts || raw->outpkts || !is_conversation(dest->svc))
		dest->silent_since = 0;
	else if (!dest->silent_since)
		dest->silent_since = get_jiffies_64();
	else if (is_due(on, OPVS_MISTAKE_SILENT) &&
		 is_silent(dest, raw->inpkts))
		say_silent(dest, raw->inpkts);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_mistakes_look);

/* ---- who configures ---- */

/**
 * opvs_mistakes_warn_svc() - warn whoever added a service
 * @svc: service
 *
 * Context: process, cfg_lock held.
 */
void opvs_mistakes_warn_svc(const struct opvs_svc *svc,
			    struct netlink_ext_ack *extack)
{
	if (extack && is_absent(svc))
		NL_SET_ERR_MSG(extack, "warning: the namespace does not have this address now");
}

/**
 * opvs_mistakes_warn_dest() - warn whoever added or changed a server
 * @dest: server
 *
 * Stock clients do not show extack, so this one goes to the log as well.
 *
 * Context: process, cfg_lock held.
 */
void opvs_mistakes_warn_dest(const struct opvs_dest *dest,
			     struct netlink_ext_ack *extack)
{
	if (!replies_stay(dest))
		return;
	if (dest->family == NFPROTO_IPV6)
		NL_SET_ERR_MSG(extack, "warning: " MISTAKE_FORWARD6);
	else
		NL_SET_ERR_MSG(extack, "warning: " MISTAKE_FORWARD4);
	say_forward(dest->svc->on, dest->family);
}

/* ---- who asks ---- */

/**
 * struct mistake_list - the file, as it is written
 * @buf: where to
 * @size: of @buf
 * @len: written so far
 * @forward: bits of families whose forwarding was told
 */
struct mistake_list {
	char	*buf;
	size_t	size;
	size_t	len;
	u8	forward;
};

static __printf(2, 3) void list_line(struct mistake_list *list,
				     const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	list->len += vscnprintf(list->buf + list->len, list->size - list->len,
				fmt, args);
	va_end(args);
}

static bool list_is_full(const struct mistake_list *list)
{
	return list->size - list->len < MISTAKE_LINE;
}

static void list_dest(struct mistake_list *list, const struct opvs_dest *dest)
{
	u8 family = 1 << opvs_family(dest->family);
	struct opvs_totals sum;

	if (!(list->forward & family) && replies_stay(dest)) {
		list->forward |= family;
		list_line(list, "%s\n", dest->family == NFPROTO_IPV6 ?
			  MISTAKE_FORWARD6 : MISTAKE_FORWARD4);
	}
	if (!dest->silent_since || list_is_full(list))
		return;
	opvs_stats_sum(dest->stats_cpu, &sum);
	if (!sum.outpkts && is_silent(dest, sum.inpkts))
		list_line(list, "%s: NAT server %s has not answered any of %llu packets\n",
			  opvs_words_svc(&dest->svc->key).text,
			  opvs_words_end(&dest->addr, dest->port, dest->family).text,
			  sum.inpkts);
}

static void list_svc(struct mistake_list *list, const struct opvs_svc *svc)
{
	const struct opvs_dest *dest;

	if (is_absent(svc))
		list_line(list, "%s: the namespace does not have this address; on standby, fine\n",
			  opvs_words_svc(&svc->key).text);
	list_for_each_entry(dest, &svc->dests, list) {
		if (list_is_full(list))
			return;
		list_dest(list, dest);
	}
}

/**
 * opvs_mistakes_list() - tell what looks wrong in a namespace now
 * @buf: gets a line for each mistake; nothing if there is none
 * @size: of @buf, at least 512
 *
 * Context: process, takes cfg_lock.
 * Return: length of the text; what finds no room is left out, and that is said.
 */
size_t opvs_mistakes_list(struct opvs_net *on, char *buf, size_t size)
{
	struct mistake_list list = { .buf = buf, .size = size };
	struct opvs_svc *svc;
	unsigned long id = 0;

	mutex_lock(&on->cfg_lock);
	while (!list_is_full(&list) && (svc = opvs_svc_next(on, &id))) {
		list_svc(&list, svc);
		cond_resched();
	}
	mutex_unlock(&on->cfg_lock);
	if (list_is_full(&list))
		list_line(&list, "and perhaps more\n");
	return list.len;
}
