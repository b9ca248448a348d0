// SPDX-License-Identifier: GPL-2.0-only
/* Compatibility surfaces: what the clients of ip_vs look for.
 *
 * They come up together or not at all: a client that found the netlink family
 * of one module and the files of another would show nonsense.
 */
#include <opvs/ctl.h>

#include "genl.h"
#include "proc.h"
#include "sysctl.h"

#include <linux/module.h>

static bool compat = true;
module_param(compat, bool, 0444);
MODULE_PARM_DESC(compat, "Offer netlink family IPVS, /proc/net/ip_vs* and net.ipv4.vs (default: yes)");

static bool compat_up __ro_after_init;

/**
 * opvs_compat_init() - bring up the compatibility surfaces
 *
 * They stay down, with a word in the log, when ip_vs has the names or the
 * module parameter "compat" says so; for no other reason.
 *
 * Context: process, module load; last of all.
 * Return: 0, also when they stay down; or a negative errno, and nothing is left
 * behind.
 */
int __init opvs_compat_init(void)
{
	int err;

	if (!compat) {
		pr_info("compat=0: no family IPVS, /proc/net/ip_vs*, net.ipv4.vs\n");
		return 0;
	}

	/* The family first: its name alone tells whether ip_vs is there. */
	err = opvs_genl_compat_init();
	if (err == -EEXIST) {
		pr_warn("ip_vs is loaded: no family IPVS, /proc/net/ip_vs*, net.ipv4.vs; use family opvs\n");
		return 0;
	}
	if (err)
		return err;
	err = opvs_proc_init();
	if (err)
		goto err_genl;
	err = opvs_sysctl_compat_init();
	if (err)
		goto err_proc;
	compat_up = true;
	return 0;

err_proc:
	opvs_proc_exit();
err_genl:
	opvs_genl_compat_exit();
	return err;
}

/**
 * opvs_compat_exit() - take the compatibility surfaces down
 *
 * Context: process, module unload; first of all.
 */
void opvs_compat_exit(void)
{
	if (!compat_up)
		return;
	opvs_sysctl_compat_exit();
	opvs_proc_exit();
	opvs_genl_compat_exit();
}
