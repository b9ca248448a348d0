// SPDX-License-Identifier: GPL-2.0-only
/* opvs: a layer-4 load balancer.  Load and unload. */
#include <opvs/clock.h>
#include <opvs/conn.h>
#include <opvs/ctl.h>
#include <opvs/load.h>
#include <opvs/netns.h>
#include <opvs/route.h>

#include <linux/init.h>
#include <linux/module.h>

/* The interfaces to users are registered last and removed first. */
static int __init opvs_init(void)
{
	int err;

	opvs_load_init();
	err = opvs_conn_init();
	if (err)
		return err;
	err = opvs_clock_init();
	if (err)
		goto err_conn;
	err = opvs_pernet_init();
	if (err)
		goto err_clock;
	err = opvs_route_init();
	if (err)
		goto err_pernet;
	err = opvs_sysfs_init();
	if (err)
		goto err_route;
	err = opvs_genl_init();
	if (err)
		goto err_sysfs;
	err = opvs_compat_init();
	if (err)
		goto err_genl;
	return 0;

err_genl:
	opvs_genl_exit();
err_sysfs:
	opvs_sysfs_exit();
err_route:
	opvs_route_exit();
err_pernet:
	opvs_pernet_exit();
err_clock:
	opvs_clock_exit();
err_conn:
	opvs_conn_exit();
	return err;
}

static void __exit opvs_exit(void)
{
	opvs_compat_exit();
	opvs_genl_exit();
	opvs_sysfs_exit();
	opvs_route_exit();
	opvs_pernet_exit();
	opvs_clock_exit();
	opvs_conn_exit();
}

module_init(opvs_init);
module_exit(opvs_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Layer-4 load balancer with one-packet scheduling");
MODULE_AUTHOR("the opvs developers");
MODULE_VERSION(OPVS_VERSION);
