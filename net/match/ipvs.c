// SPDX-License-Identifier: GPL-2.0-only
/*
 * Module opvs_match: the match "ipvs" of iptables, for packets that opvs has balanced.
 *
 * A module of its own, so that who has no such rules needs no x_tables.
 */
#include <opvs/whose.h>

#include <linux/module.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_ipvs.h>
#include <linux/skbuff.h>
#include <net/ipv6.h>

/* All that asks which service it is. */
#define OF_SERVICE	(XT_IPVS_ONCE_MASK & ~(XT_IPVS_IPVS_PROPERTY | XT_IPVS_PROTO))

/* Does a property have the value that is asked for, or, if so wished, not? */
static bool holds(const struct xt_ipvs_mtinfo *info, u8 property, bool equal)
{
	if (!(info->bitmask & property))
		return true;
	return equal != !!(info->invert & property);
}

static bool is_within(const union nf_inet_addr *addr,
		      const union nf_inet_addr *net,
		      const union nf_inet_addr *mask, u8 family)
{
	if (family == NFPROTO_IPV6)
		return !ipv6_masked_addr_cmp(&addr->in6, &mask->in6, &net->in6);
	return !((addr->ip ^ net->ip) & mask->ip);
}

static bool service_matches(const struct xt_ipvs_mtinfo *info,
			    const struct opvs_owner *owner, u8 family)
{
	return holds(info, XT_IPVS_VADDR,
		     is_within(&owner->vaddr, &info->vaddr, &info->vmask,
			       family)) &&
	       holds(info, XT_IPVS_VPORT, owner->vport == info->vport) &&
	       holds(info, XT_IPVS_METHOD, owner->method == info->fwd_method) &&
	       /* "REPLY" is written as "not ORIGINAL". */
	       holds(info, XT_IPVS_DIR, !owner->reply) &&
	       holds(info, XT_IPVS_VPORTCTL, owner->controlled &&
		     owner->vport_control == info->vportctl);
}

static bool ipvs_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_ipvs_mtinfo *info = par->matchinfo;
	const u8 family = xt_family(par);
	struct opvs_owner owner;
	bool found;
	u8 proto;

	if (!(info->bitmask & XT_IPVS_ONCE_MASK))
		return holds(info, XT_IPVS_IPVS_PROPERTY, skb->ipvs_property);
	/* All else is about packets that were balanced. */
	if (!skb->ipvs_property)
		return false;
	found = opvs_whose(xt_net(par), skb, family, &proto, &owner);
	if (!holds(info, XT_IPVS_PROTO, proto == info->l4proto))
		return false;
	return !(info->bitmask & OF_SERVICE) ||
	       (found && service_matches(info, &owner, family));
}

static int ipvs_mt_check(const struct xt_mtchk_param *par)
{
	if (par->family == NFPROTO_IPV4 || par->family == NFPROTO_IPV6)
		return 0;
	pr_info_ratelimited("the match ipvs is for IPv4 and IPv6 only\n");
	return -EAFNOSUPPORT;
}

static struct xt_match ipvs_mt_match __read_mostly = {
	.name		= "ipvs",
	.family		= NFPROTO_UNSPEC,
	.match		= ipvs_mt,
	.checkentry	= ipvs_mt_check,
	.matchsize	= sizeof(struct xt_ipvs_mtinfo),
	.me		= THIS_MODULE,
};

static int __init ipvs_mt_init(void)
{
	return xt_register_match(&ipvs_mt_match);
}

static void __exit ipvs_mt_exit(void)
{
	xt_unregister_match(&ipvs_mt_match);
}

module_init(ipvs_mt_init);
module_exit(ipvs_mt_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match \"ipvs\" for packets that opvs has balanced");
MODULE_AUTHOR("the opvs developers");
MODULE_VERSION(OPVS_VERSION);
