// SPDX-License-Identifier: GPL-2.0-only
/* Compatibility surfaces: what the clients of ip_vs look for.
 *
 * They come up together or not at all: a client that found the netlink family
 * of one module and the files of another would show nonsense.
 *
 * While ip_vs has the names, opvs waits for them.  A module is gone, for all that
 * it had registered, when the kernel tells the others that it is going: its exit
 * function has run, or its init function has failed.  Then a work takes the names,
 * not the notifier itself: that runs under a lock which whoever loads a module
 * needs, also for a namespace that is being made and for whose sake the work has
 * to wait.  The notifier waits for the work, but not for ever, so that the names
 * are as a rule taken when "rmmod ip_vs" is over, and the next ipvsadm does not
 * load it anew.
 *
 * While opvs has the names, ip_vs is not let in: it would find them taken one
 * after the other, and complain about the first with a stack trace.
 */
#include "ipvs.h"

#include "genl.h"
#include "proc.h"
#include "sockopt.h"
#include "sysctl.h"

#include <opvs/ctl.h>

#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#define IP_VS_MODULE	"ip_vs"

/* How long "rmmod ip_vs" waits for opvs to take the names. */
#define OWNER_PATIENCE	(5 * HZ)

/* Until the names are tried again: while ip_vs comes or goes, and where there was
 * no memory for them.
 */
#define OWNER_SETTLE	(HZ / 4)
#define OWNER_RETRY	(10 * HZ)

/* So often the first.  What then is there without a family is an ip_vs that is built
 * in and failed when the machine booted.
 */
#define OWNER_SETTLES	40

/**
 * enum opvs_owner - who has the names, as far as is known
 * @OPVS_OWNER_NOBODY: nobody, or it was not tried
 * @OPVS_OWNER_TAKING: opvs is about to take them
 * @OPVS_OWNER_OPVS: opvs
 * @OPVS_OWNER_IP_VS: ip_vs, or it is about to
 */
enum opvs_owner {
	OPVS_OWNER_NOBODY,
	OPVS_OWNER_TAKING,
	OPVS_OWNER_OPVS,
	OPVS_OWNER_IP_VS,
};

static void owner_work(struct work_struct *work);

static bool compat = true;
module_param(compat, bool, 0444);
MODULE_PARM_DESC(compat, "Offer netlink family IPVS, socket options of ip_vs, /proc/net/ip_vs* and net.ipv4.vs (default: yes)");

static int conn_tab_bits;
module_param(conn_tab_bits, int, 0444);
MODULE_PARM_DESC(conn_tab_bits, "as of ip_vs; without effect: the table of connections finds its size itself");

static DEFINE_SPINLOCK(owner_lock);	/* the next two */
static enum opvs_owner owner;
static bool ip_vs_gone;		/* seen to go, and not seen to come since */

static DEFINE_MUTEX(take_lock);		/* one attempt at a time */
static DECLARE_DELAYED_WORK(take_work, owner_work);
static DECLARE_COMPLETION(take_tried);

static void owner_set(enum opvs_owner to)
{
	spin_lock(&owner_lock);
	WRITE_ONCE(owner, to);
	spin_unlock(&owner_lock);
}

/* Is there a module ip_vs, whether it is loading, loaded, or not quite gone? */
static bool ip_vs_is_there(void)
{
	struct kobject *ip_vs = kset_find_obj(THIS_MODULE->mkobj.kobj.kset,
					      IP_VS_MODULE);

	kobject_put(ip_vs);
	return ip_vs;
}

static int surfaces_up(void)
{
	int err;

	/* The family first: its name alone tells whether ip_vs is there. */
	err = opvs_genl_compat_init();
	if (err)
		return err;
	/* One that comes or goes has files, and no family yet or any more. */
	if (!READ_ONCE(ip_vs_gone) && ip_vs_is_there()) {
		err = -EAGAIN;
		goto err_genl;
	}
	err = opvs_sockopt_init();
	if (err)
		goto err_genl;
	err = opvs_proc_init();
	if (err)
		goto err_sockopt;
	err = opvs_sysctl_compat_init();
	if (err)
		goto err_proc;
	return 0;

err_proc:
	opvs_proc_exit();
err_sockopt:
	opvs_sockopt_exit();
err_genl:
	opvs_genl_compat_exit();
	return err;
}

static void surfaces_down(void)
{
	opvs_sysctl_compat_exit();
	opvs_proc_exit();
	opvs_sockopt_exit();
	opvs_genl_compat_exit();
}

static bool owner_may_take(void)
{
	bool may;

	spin_lock(&owner_lock);
	may = owner == OPVS_OWNER_NOBODY;
	if (may)
		WRITE_ONCE(owner, OPVS_OWNER_TAKING);
	spin_unlock(&owner_lock);
	return may;
}

/* Returns 0 if opvs has the names, -EEXIST if ip_vs has them, -EAGAIN if that is
 * to be seen, or another error.
 */
static int owner_take(void)
{
	int err = 0;

	mutex_lock(&take_lock);
	if (owner_may_take()) {
		err = surfaces_up();
		owner_set(!err ? OPVS_OWNER_OPVS :
			  err == -EEXIST ? OPVS_OWNER_IP_VS :
					   OPVS_OWNER_NOBODY);
	} else if (READ_ONCE(owner) == OPVS_OWNER_IP_VS) {
		err = -EEXIST;
	}
	mutex_unlock(&take_lock);
	return err;
}

static void owner_warn(void)
{
	pr_warn("ip_vs is loaded: ipvsadm and keepalived talk to it, not to opvs, until it is unloaded (modprobe -r ip_vs, after the modules that use it)\n");
}

static void ip_vs_note_gone(void)
{
	spin_lock(&owner_lock);
	WRITE_ONCE(ip_vs_gone, true);
	if (owner == OPVS_OWNER_IP_VS)
		WRITE_ONCE(owner, OPVS_OWNER_NOBODY);
	spin_unlock(&owner_lock);
}

static void owner_work(struct work_struct *work)
{
	static unsigned int settles;
	bool had = READ_ONCE(owner) == OPVS_OWNER_OPVS;
	int err = owner_take();

	if (!err && !had) {
		pr_info("ip_vs is gone: family IPVS, /proc/net/ip_vs*, net.ipv4.vs are those of opvs\n");
	} else if (err == -EEXIST) {
		owner_warn();
	} else if (err == -EAGAIN) {
		if (++settles == OWNER_SETTLES)
			ip_vs_note_gone();
		schedule_delayed_work(&take_work, OWNER_SETTLE);
	} else if (err) {
		pr_warn_ratelimited("family IPVS, /proc/net/ip_vs*, net.ipv4.vs: error %d, tried again every %d seconds\n",
				    err, OWNER_RETRY / HZ);
		schedule_delayed_work(&take_work, OWNER_RETRY);
	}
	complete_all(&take_tried);
}

/* ip_vs is about to be initialised. */
static int ip_vs_comes(void)
{
	bool refuse;

	spin_lock(&owner_lock);
	refuse = owner == OPVS_OWNER_OPVS || owner == OPVS_OWNER_TAKING;
	if (!refuse) {
		WRITE_ONCE(ip_vs_gone, false);
		WRITE_ONCE(owner, OPVS_OWNER_IP_VS);
	}
	spin_unlock(&owner_lock);

	if (!refuse)
		return NOTIFY_DONE;
	pr_notice_ratelimited("ip_vs is not let in, as opvs has its names: unload opvs before, or load it with compat=0\n");
	return notifier_from_errno(-EBUSY);
}

/* ip_vs has let go of all that it had. */
static int ip_vs_goes(void)
{
	ip_vs_note_gone();
	reinit_completion(&take_tried);
	mod_delayed_work(system_wq, &take_work, 0);
	wait_for_completion_timeout(&take_tried, OWNER_PATIENCE);
	return NOTIFY_DONE;
}

static int owner_notify(struct notifier_block *nb, unsigned long event,
			void *data)
{
	const struct module *mod = data;

	if (strcmp(mod->name, IP_VS_MODULE))
		return NOTIFY_DONE;
	switch (event) {
	case MODULE_STATE_COMING:
		return ip_vs_comes();
	case MODULE_STATE_GOING:
		return ip_vs_goes();
	default:
		return NOTIFY_DONE;
	}
}

static struct notifier_block owner_notifier = {
	.notifier_call	= owner_notify,
};

/**
 * opvs_owner_name() - who answers by the names of ip_vs
 *
 * Context: process.
 * Return: "opvs", "ip_vs" or "none".
 */
const char *opvs_owner_name(void)
{
	switch (READ_ONCE(owner)) {
	case OPVS_OWNER_OPVS:
		return "opvs";
	case OPVS_OWNER_IP_VS:
		return IP_VS_MODULE;
	default:
		return ip_vs_is_there() ? IP_VS_MODULE : "none";
	}
}

static void owner_exit(void)
{
	unregister_module_notifier(&owner_notifier);
	cancel_delayed_work_sync(&take_work);
	if (owner == OPVS_OWNER_OPVS)
		surfaces_down();
}

/**
 * opvs_compat_init() - bring up the compatibility surfaces
 *
 * They stay down, with a word in the log, while ip_vs has the names, and if the
 * module parameter "compat" says so; for no other reason.
 *
 * Context: process, module load; last of all.
 * Return: 0, also when they stay down; or a negative errno, and nothing is left
 * behind.
 */
int __init opvs_compat_init(void)
{
	int err;

	if (conn_tab_bits)
		pr_info("conn_tab_bits=%d has no effect: the table of connections finds its size itself\n",
			conn_tab_bits);
	if (!compat) {
		pr_info("compat=0: no family IPVS, /proc/net/ip_vs*, net.ipv4.vs\n");
		return 0;
	}

	/* Before the names are tried, or ip_vs could go unseen in between. */
	err = register_module_notifier(&owner_notifier);
	if (err)
		return err;
	err = owner_take();
	switch (err) {
	case 0:
		return 0;
	case -EEXIST:
		owner_warn();
		return 0;
	case -EAGAIN:
		schedule_delayed_work(&take_work, OWNER_SETTLE);
		return 0;
	default:
		owner_exit();
		return err;
	}
}

/**
 * opvs_compat_exit() - take the compatibility surfaces down
 *
 * Context: process, module unload; first of all.
 */
void opvs_compat_exit(void)
{
	if (compat)
		owner_exit();
}
