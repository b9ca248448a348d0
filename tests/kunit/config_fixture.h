/* SPDX-License-Identifier: GPL-2.0-only */
/* Services and servers that are right, for tests to spoil. */
#ifndef OPVS_CONFIG_FIXTURE_H
#define OPVS_CONFIG_FIXTURE_H

#include <opvs/svc.h>

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/pe.h>
#include <opvs/sched.h>
#include <opvs/xmit.h>

#include <kunit/test.h>

#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/string.h>

static struct opvs_net *on;

static void good_svc(struct opvs_svc_conf *conf)
{
	memset(conf, 0, sizeof(*conf));
	conf->key.family = NFPROTO_IPV4;
	conf->key.proto = IPPROTO_UDP;
	conf->key.addr.ip = htonl(0xc0000201);	/* 192.0.2.1 */
	conf->key.port = htons(5060);
	conf->sched = opvs_sched_find("mh");
	conf->pe = opvs_pe_find("sip");
	conf->flags = IP_VS_SVC_F_ONEPACKET;
	conf->netmask = htonl(0xffffffff);
}

static inline void make_ipv6(struct opvs_svc_conf *conf)
{
	memset(&conf->key.addr, 0, sizeof(conf->key.addr));
	conf->key.family = NFPROTO_IPV6;
	conf->key.addr.ip6[0] = htonl(0x20010db8);
	conf->key.addr.ip6[3] = htonl(1);
	conf->netmask = (__force __be32)128;
}

static void good_dest(struct opvs_dest_conf *conf)
{
	memset(conf, 0, sizeof(*conf));
	conf->key.family = NFPROTO_IPV4;
	conf->key.addr.ip = htonl(0xc000020b);	/* 192.0.2.11 */
	conf->key.port = htons(5060);
	conf->xmit = opvs_xmit_find(IP_VS_CONN_F_MASQ);
	conf->weight = 1;
}

static inline void set_ipv6(struct opvs_dest_conf *conf, u32 first, u32 last)
{
	memset(&conf->key.addr, 0, sizeof(conf->key.addr));
	conf->key.family = NFPROTO_IPV6;
	conf->key.addr.ip6[0] = htonl(first);
	conf->key.addr.ip6[3] = htonl(last);
}

static u32 count_svcs(void)
{
	return on->svc.num[OPVS_INET] + on->svc.num[OPVS_INET6];
}

static int add_svc(const struct opvs_svc_conf *conf,
		   struct netlink_ext_ack *extack)
{
	int err;

	mutex_lock(&on->cfg_lock);
	err = opvs_svc_add(on, conf, extack);
	mutex_unlock(&on->cfg_lock);
	return err;
}

static int add_dest(struct opvs_svc *svc, const struct opvs_dest_conf *conf,
		    struct netlink_ext_ack *extack)
{
	int err;

	mutex_lock(&on->cfg_lock);
	err = opvs_dest_add(svc, conf, extack);
	mutex_unlock(&on->cfg_lock);
	return err;
}

/* Nobody else changes services here, so they stay valid without the lock. */
static struct opvs_svc *find_svc(const struct opvs_svc_conf *conf)
{
	struct opvs_svc *svc;

	mutex_lock(&on->cfg_lock);
	svc = opvs_svc_find(on, &conf->key);
	mutex_unlock(&on->cfg_lock);
	return svc;
}

static struct opvs_dest *find_dest(struct opvs_svc *svc,
				   const struct opvs_dest_conf *conf)
{
	struct opvs_dest *dest;

	mutex_lock(&on->cfg_lock);
	dest = opvs_dest_find(svc, &conf->key);
	mutex_unlock(&on->cfg_lock);
	return dest;
}

static struct opvs_svc *make_svc(struct kunit *test,
				 const struct opvs_svc_conf *conf)
{
	struct opvs_svc *svc;

	KUNIT_ASSERT_EQ(test, add_svc(conf, NULL), 0);
	svc = find_svc(conf);
	KUNIT_ASSERT_NOT_NULL(test, svc);
	return svc;
}

static struct opvs_dest *make_dest(struct kunit *test, struct opvs_svc *svc,
				   const struct opvs_dest_conf *conf)
{
	struct opvs_dest *dest;

	KUNIT_ASSERT_EQ(test, add_dest(svc, conf, NULL), 0);
	dest = find_dest(svc, conf);
	KUNIT_ASSERT_NOT_NULL(test, dest);
	return dest;
}

static inline bool same_svc(const struct opvs_svc_conf *a,
			    const struct opvs_svc_conf *b)
{
	return !memcmp(&a->key, &b->key, sizeof(a->key)) &&
	       a->sched == b->sched && a->pe == b->pe && a->flags == b->flags &&
	       a->timeout == b->timeout && a->netmask == b->netmask;
}

static inline bool same_dest(const struct opvs_dest_conf *a,
			     const struct opvs_dest_conf *b)
{
	return nf_inet_addr_cmp(&a->key.addr, &b->key.addr) &&
	       a->key.port == b->key.port && a->key.family == b->key.family &&
	       a->xmit == b->xmit && a->weight == b->weight &&
	       a->u_threshold == b->u_threshold &&
	       a->l_threshold == b->l_threshold;
}

/* As long as no interface has an address, the kernel takes every IPv4 address
 * for a broadcast.
 */
static int bring_lo_up(void)
{
	int err;

	rtnl_lock();
	err = dev_open(init_net.loopback_dev, NULL);
	rtnl_unlock();
	return err;
}

static int config_init(struct kunit *test)
{
	on = opvs_pernet(&init_net);
	if (count_svcs())
		return -EBUSY;
	return bring_lo_up();
}

static void config_exit(struct kunit *test)
{
	mutex_lock(&on->cfg_lock);
	opvs_svc_flush(on);
	mutex_unlock(&on->cfg_lock);
}

#endif /* OPVS_CONFIG_FIXTURE_H */
