// SPDX-License-Identifier: GPL-2.0-only
/*
 * The interface of a daemon, which is known by its name and may go and come.
 *
 * Sockets belong to an interface, not to its name: when another one has the name,
 * they are opened anew.  What the daemons missed while the interface was away, or
 * had no link, is told and asked for again.
 */
#include "daemon.h"

#include <opvs/netns.h>
#include <opvs/wq.h>

#include <linux/netdevice.h>
#include <linux/printk.h>

/* RTNL is held, so nothing is opened here. */
static int device_event(struct notifier_block *nb, unsigned long event,
			void *info)
{
	const struct net_device *dev = netdev_notifier_info_to_dev(info);
	struct opvs_daemon *d = container_of(nb, struct opvs_daemon,
					     device.notifier);

	switch (event) {
	case NETDEV_UNREGISTER:
	case NETDEV_CHANGEMTU:
		/* It may come back with the same number, but without the group; so
		 * does IPv6, when the MTU was too small for it.
		 */
		if (dev->ifindex == READ_ONCE(d->device.ifindex))
			WRITE_ONCE(d->device.ifindex, 0);
		fallthrough;
	case NETDEV_REGISTER:
	case NETDEV_CHANGENAME:
	case NETDEV_UP:
	case NETDEV_DOWN:
	case NETDEV_CHANGE:
		if (!READ_ONCE(d->stopping))
			queue_work(opvs_wq, &d->device.work);
	}
	return NOTIFY_DONE;
}

/* Which has the name now, or 0; is it of use? */
static int look(const struct opvs_daemon *d, bool *up)
{
	const struct net_device *dev;
	int ifindex = 0;

	*up = false;
	rcu_read_lock();
	dev = dev_get_by_name_rcu(d->on->net, d->conf.ifname);
	if (dev) {
		ifindex = dev->ifindex;
		*up = netif_running(dev) && netif_carrier_ok(dev);
	}
	rcu_read_unlock();
	return ifindex;
}

static void device_work(struct work_struct *work)
{
	struct opvs_daemon *d = container_of(work, struct opvs_daemon,
					     device.work);
	bool up, was_up = d->device.up;
	int err, ifindex = look(d, &up);

	/* Another interface may get the number of one that is gone, and is not to
	 * be told.  One that has another name now is still the same.
	 */
	if (!READ_ONCE(d->device.ifindex))
		opvs_sockets_close(d);
	if (ifindex && ifindex != READ_ONCE(d->device.ifindex)) {
		opvs_sockets_close(d);
		/* First, so that it is told if the interface goes meanwhile. */
		WRITE_ONCE(d->device.ifindex, ifindex);
		err = opvs_sockets_open(d, ifindex, NULL);
		if (err) {
			/* Tried again when something else happens to it. */
			WRITE_ONCE(d->device.ifindex, 0);
			pr_warn_ratelimited("synchronisation by interface %s has ended: error %d\n",
					    d->conf.ifname, -err);
		}
		was_up = false;
	}
	d->device.up = up && ifindex == READ_ONCE(d->device.ifindex);
	if (d->device.up && !was_up)
		opvs_sync_afresh(d);
}

/**
 * opvs_device_watch() - hear of what becomes of a daemon's interface
 * @d: daemon, complete
 * @ifindex: of the interface by which its sockets are open
 *
 * Context: process; takes RTNL.
 * Return: 0, and opvs_device_forget() undoes it; or a negative errno.
 */
int opvs_device_watch(struct opvs_daemon *d, int ifindex)
{
	int err;

	INIT_WORK(&d->device.work, device_work);
	d->device.ifindex = ifindex;
	look(d, &d->device.up);
	d->device.notifier.notifier_call = device_event;
	err = register_netdevice_notifier_net(d->on->net, &d->device.notifier);
	d->device.watched = !err;
	return err;
}

/**
 * opvs_device_forget() - undo opvs_device_watch(), if it was done
 * @d: daemon
 *
 * Context: process; takes RTNL.
 */
void opvs_device_forget(struct opvs_daemon *d)
{
	if (!d->device.watched)
		return;
	unregister_netdevice_notifier_net(d->on->net, &d->device.notifier);
	cancel_work_sync(&d->device.work);
}
