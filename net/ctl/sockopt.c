// SPDX-License-Identifier: GPL-2.0-only
/* The socket options of ip_vs, for programs that never learnt netlink.
 *
 * They know IPv4 only, no persistence engine and no tunnel but IPIP.  What they
 * ask for is done by what does it for netlink (sockopt_set.c); what they are
 * told stands in structures of <linux/ip_vs.h> (sockopt_get.c).  Like ip_vs, opvs
 * has but one layout of these, that of 64-bit programs.
 */
#include "sockopt.h"

#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/share.h>
#include <opvs/svc.h>

#include <linux/module.h>
#include <linux/netfilter.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <net/sock.h>

/**
 * opvs_sockopt_key() - the name of the service that a structure tells of
 * @protocol: its protocol; does not count with a mark
 * @addr: virtual address; does not count with a mark
 * @port: as that
 * @mark: firewall mark, or 0
 * @key: result
 *
 * Context: any.
 * Return: false if no service can have such a name.
 */
bool opvs_sockopt_key(u16 protocol, __be32 addr, __be16 port, u32 mark,
		      struct opvs_svc_key *key)
{
	memset(key, 0, sizeof(*key));
	key->family = NFPROTO_IPV4;
	if (mark) {
		key->addr.all[0] = mark;
		return true;
	}
	/* 0 would name a service by mark. */
	if (!protocol || protocol > U8_MAX)
		return false;
	key->proto = protocol;
	key->addr.ip = addr;
	key->port = port;
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sockopt_key);

static int sockopt_set(struct sock *sk, int name, sockptr_t from,
		       unsigned int len)
{
	struct opvs_net *on = opvs_pernet(sock_net(sk));

	if (!opvs_may_configure(on))
		return -EPERM;
	return opvs_sockopt_set(on, name, from, len);
}

static int sockopt_get(struct sock *sk, int name, void __user *to, int *len)
{
	struct opvs_net *on = opvs_pernet(sock_net(sk));

	if (!opvs_may_configure(on))
		return -EPERM;
	return opvs_sockopt_get(on, name, to, len);
}

static struct nf_sockopt_ops sockopt_ops = {
	.pf		= PF_INET,
	.set_optmin	= IP_VS_BASE_CTL,
	.set_optmax	= IP_VS_SO_SET_MAX + 1,
	.set		= sockopt_set,
	.get_optmin	= IP_VS_BASE_CTL,
	.get_optmax	= IP_VS_SO_GET_MAX + 1,
	.get		= sockopt_get,
	.owner		= THIS_MODULE,
};

/**
 * opvs_sockopt_init() - answer to the socket options
 *
 * Context: process, after opvs_pernet_init().
 * Return: 0, or -EEXIST when ip_vs has them.
 */
int opvs_sockopt_init(void)
{
	return nf_register_sockopt(&sockopt_ops) ? -EEXIST : 0;
}

/**
 * opvs_sockopt_exit() - answer no more
 *
 * Calls hold the module, so none is under way when it is unloaded.
 *
 * Context: process.
 */
void opvs_sockopt_exit(void)
{
	nf_unregister_sockopt(&sockopt_ops);
}
