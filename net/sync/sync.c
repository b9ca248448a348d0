// SPDX-License-Identifier: GPL-2.0-only
/*
 * The daemons of a namespace: their beginning and end, and their key.
 *
 * A daemon has no thread.  It is a set of sockets and works: a master's works run
 * when something is due, a backup's when something comes.
 */
#include <opvs/sync.h>

#include "daemon.h"

#include <opvs/kunit.h>
#include <opvs/netns.h>

#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/udp.h>

/* What IPVS fills in. */
#define DEFAULT_PORT	8848
#define DEFAULT_TTL	1
#define DEFAULT_GROUP	0xe0000051	/* 224.0.0.81 */

/* Longest datagrams: a master's fit everywhere, a backup takes what the link has. */
#define MASTER_MTU	1500U
#define BACKUP_MTU_MIN	1024U

static struct opvs_daemon **daemon_of(struct opvs_net *on,
				      enum opvs_sync_role role)
{
	lockdep_assert_held(&on->sync.lock);

	return &on->sync.daemon[role];
}

/* A host that is a server, too, balances nothing while it is a mere backup. */
static void judge_passive(struct opvs_net *on)
{
	WRITE_ONCE(on->settings.passive,
		   on->sync.daemon[OPVS_SYNC_BACKUP] &&
		   READ_ONCE(on->settings.backup_only));
}

/**
 * opvs_sync_judge() - the setting backup_only has changed
 * @on: namespace
 *
 * Context: process.
 */
void opvs_sync_judge(struct opvs_net *on)
{
	mutex_lock(&on->sync.lock);
	judge_passive(on);
	mutex_unlock(&on->sync.lock);
}

/* The payload that fits, as IPVS reckons it. */
static u16 fit_len(const struct opvs_sync_conf *conf, enum opvs_sync_role role,
		   const struct net_device *dev)
{
	unsigned int header = sizeof(struct udphdr) +
			      (conf->family == NFPROTO_IPV6 ?
			       sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	unsigned int mtu = MASTER_MTU, least = OPVS_SYNC_LEN_MIN + header;

	if (role == OPVS_SYNC_BACKUP) {
		mtu = clamp(READ_ONCE(dev->mtu), MASTER_MTU, 65535U);
		least = BACKUP_MTU_MIN;
	}
	if (conf->maxlen)
		mtu = clamp(conf->maxlen + header, least, mtu);
	return mtu - header;
}

static void fill_conf(struct opvs_sync_conf *conf, enum opvs_sync_role role,
		      const struct net_device *dev)
{
	if (!conf->family) {
		conf->family = NFPROTO_IPV4;
		conf->group = (union nf_inet_addr){
			.ip = htonl(DEFAULT_GROUP),
		};
	}
	conf->maxlen = fit_len(conf, role, dev);
	conf->port = conf->port ?: DEFAULT_PORT;
	conf->ttl = conf->ttl ?: DEFAULT_TTL;
}

static struct opvs_daemon *daemon_alloc(struct opvs_net *on,
					enum opvs_sync_role role)
{
	unsigned int ports, ears;
	struct opvs_daemon *d;

	ports = clamp(READ_ONCE(on->settings.sync_ports), 1,
		      OPVS_SYNC_PORTS_MAX);
	ears = role == OPVS_SYNC_BACKUP ? ports : 1;
	d = kzalloc(struct_size(d, ears, ears), GFP_KERNEL_ACCOUNT);
	if (!d)
		return NULL;
	d->on = on;
	d->role = role;
	d->ports = ports;
	d->num_ears = ears;
	mutex_init(&d->lock);
	spin_lock_init(&d->stamp_lock);
	opvs_ask_init(d);
	return d;
}

static void ears_close(struct opvs_daemon *d)
{
	unsigned int nth;

	for (nth = 0; nth < d->num_ears; nth++)
		opvs_ear_close(&d->ears[nth]);
}

/**
 * opvs_sockets_open() - open the sockets of a daemon
 * @d: daemon
 * @ifindex: by which interface
 * @extack: gets the reason of an error; may be NULL
 *
 * Context: process; takes RTNL.
 * Return: 0 or a negative errno; opvs_sockets_close() undoes it in any case.
 */
int opvs_sockets_open(struct opvs_daemon *d, int ifindex,
		      struct netlink_ext_ack *extack)
{
	unsigned int nth;
	int err;

	err = opvs_mouth_open(d, ifindex);
	if (err) {
		NL_SET_ERR_MSG(extack, "MCAST_IFN: cannot send to the group by this interface");
		return err;
	}
	for (nth = 0; !err && nth < d->num_ears; nth++)
		err = opvs_ear_open(d, &d->ears[nth], ifindex, nth);
	if (err)
		NL_SET_ERR_MSG(extack, "MCAST_IFN: cannot listen to the group by this interface");
	return err;
}

/**
 * opvs_sockets_close() - undo opvs_sockets_open(), if it was done
 * @d: daemon
 *
 * Context: process; takes RTNL.  Waits for what is heard just now.
 */
void opvs_sockets_close(struct opvs_daemon *d)
{
	ears_close(d);
	opvs_mouth_close(d);
}

/* In the order in which nothing that is stopped is begun by what still runs. */
static void daemon_end(struct opvs_daemon *d)
{
	WRITE_ONCE(d->stopping, true);
	opvs_device_forget(d);
	ears_close(d);
	opvs_ask_stop(d);
	opvs_tell_stop(d);
	opvs_mouth_close(d);
	mutex_destroy(&d->lock);
	kfree(d);
}

static int daemon_open(struct opvs_daemon *d, int ifindex,
		       struct netlink_ext_ack *extack)
{
	int err;

	err = opvs_tell_start(d);
	if (!err)
		err = opvs_sockets_open(d, ifindex, extack);
	if (!err)
		err = opvs_device_watch(d, ifindex);
	return err;
}

static int daemon_start(struct opvs_net *on, enum opvs_sync_role role,
			const struct opvs_sync_conf *conf,
			struct netlink_ext_ack *extack)
{
	struct opvs_daemon *d, **slot = daemon_of(on, role);
	struct net_device *dev;
	int err, ifindex;

	if (*slot) {
		NL_SET_ERR_MSG(extack, "STATE: a daemon of this kind is running");
		return -EEXIST;
	}
	d = daemon_alloc(on, role);
	if (!d)
		return -ENOMEM;
	d->conf = *conf;
	dev = dev_get_by_name(on->net, conf->ifname);
	if (!dev) {
		NL_SET_ERR_MSG(extack, "MCAST_IFN: no interface has this name");
		err = -ENODEV;
		goto err;
	}
	fill_conf(&d->conf, role, dev);
	ifindex = dev->ifindex;
	dev_put(dev);
	if (d->conf.port + d->ports - 1 > U16_MAX) {
		NL_SET_ERR_MSG(extack, "MCAST_PORT: the last of sync_ports is beyond 65535");
		err = -EINVAL;
		goto err;
	}
	err = daemon_open(d, ifindex, extack);
	if (err)
		goto err;
	*slot = d;
	return 0;

err:
	daemon_end(d);
	return err;
}

/**
 * opvs_sync_afresh() - the way to the partner begins to be there
 * @d: daemon, complete
 *
 * A master tells of all its entries, a backup asks for them.
 *
 * Context: process.
 */
void opvs_sync_afresh(struct opvs_daemon *d)
{
	if (d->role == OPVS_SYNC_MASTER)
		opvs_tell_all(d);
	else
		opvs_ask_start(d);
}

/**
 * opvs_sync_start() - start a daemon
 * @role: which
 * @conf: its configuration
 * @extack: gets the reason of an error; may be NULL
 *
 * Context: process; takes RTNL and cfg_lock.
 * Return: 0; -EEXIST when one of that kind is running; -ENODEV without the
 * interface; another negative errno of its sockets; -ENOMEM.
 */
int opvs_sync_start(struct opvs_net *on, enum opvs_sync_role role,
		    const struct opvs_sync_conf *conf,
		    struct netlink_ext_ack *extack)
{
	struct opvs_daemon *d;
	int err;

	mutex_lock(&on->sync.lock);
	err = daemon_start(on, role, conf, extack);
	if (!err) {
		d = *daemon_of(on, role);
		judge_passive(on);
		opvs_sync_afresh(d);
	}
	mutex_unlock(&on->sync.lock);
	return err;
}

static int daemon_stop(struct opvs_net *on, enum opvs_sync_role role)
{
	struct opvs_daemon **slot = daemon_of(on, role), *d = *slot;

	if (!d)
		return -ESRCH;
	*slot = NULL;
	judge_passive(on);
	daemon_end(d);
	return 0;
}

/**
 * opvs_sync_stop() - stop a daemon
 * @role: which
 *
 * What it told of, or was told, stays.
 *
 * Context: process; takes RTNL and cfg_lock.
 * Return: 0; -ESRCH when none of that kind is running.
 */
int opvs_sync_stop(struct opvs_net *on, enum opvs_sync_role role)
{
	int err;

	mutex_lock(&on->sync.lock);
	err = daemon_stop(on, role);
	mutex_unlock(&on->sync.lock);
	return err;
}

/**
 * opvs_sync_get() - show a daemon
 * @role: which
 * @conf: result: its configuration, with all defaults filled in
 *
 * Context: process.
 * Return: false when none of that kind is running.
 */
bool opvs_sync_get(struct opvs_net *on, enum opvs_sync_role role,
		   struct opvs_sync_conf *conf)
{
	const struct opvs_daemon *d;

	mutex_lock(&on->sync.lock);
	d = *daemon_of(on, role);
	if (d)
		*conf = d->conf;
	mutex_unlock(&on->sync.lock);
	return d;
}

/**
 * opvs_sync_key() - the key that datagrams are sealed with
 * @on: namespace
 * @key: result
 *
 * Context: process.
 * Return: false if there is none.
 */
bool opvs_sync_key(struct opvs_net *on, siphash_key_t *key)
{
	bool keyed;

	spin_lock(&on->sync.key_lock);
	*key = on->sync.key;
	keyed = on->sync.keyed;
	spin_unlock(&on->sync.key_lock);
	return keyed;
}

/**
 * opvs_sync_set_key() - change the key
 * @on: namespace
 * @key: the key; NULL: none from now on
 *
 * While only one of two directors had it, they did not believe each other: what was
 * said meanwhile is said again.
 *
 * Context: process.
 */
void opvs_sync_set_key(struct opvs_net *on, const siphash_key_t *key)
{
	enum opvs_sync_role role;

	spin_lock(&on->sync.key_lock);
	on->sync.keyed = key;
	if (key)
		on->sync.key = *key;
	else
		memzero_explicit(&on->sync.key, sizeof(on->sync.key));
	spin_unlock(&on->sync.key_lock);

	mutex_lock(&on->sync.lock);
	for (role = 0; role < OPVS_SYNC_ROLES; role++)
		if (on->sync.daemon[role])
			opvs_sync_afresh(on->sync.daemon[role]);
	mutex_unlock(&on->sync.lock);
}

/**
 * opvs_sync_net_init() - a namespace without daemons
 *
 * Context: process.
 */
void opvs_sync_net_init(struct opvs_net *on)
{
	mutex_init(&on->sync.lock);
	spin_lock_init(&on->sync.key_lock);
}

/**
 * opvs_sync_net_exit() - stop the daemons of a namespace
 * @on: namespace on its way out; nobody configures it any more
 *
 * Context: process; takes RTNL and cfg_lock.
 */
void opvs_sync_net_exit(struct opvs_net *on)
{
	enum opvs_sync_role role;

	for (role = 0; role < OPVS_SYNC_ROLES; role++)
		opvs_sync_stop(on, role);
}
