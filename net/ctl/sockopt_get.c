// SPDX-License-Identifier: GPL-2.0-only
/* Socket options that show something.
 *
 * A list is shown a few entries at a time.  They are copied to the program while
 * no lock is held, so that it cannot keep others waiting; what exists all the
 * time is shown once, whatever comes and goes meanwhile.
 */
#include "sockopt.h"

#include "config.h"
#include "dest.h"

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/svc.h>
#include <opvs/sync.h>

#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

/* Entries of a list that are gathered under the lock. */
#define BATCH		32U

/* What a program passes of its buffer, and how large that is. */
struct question {
	union {
		char				version[64];
		struct ip_vs_service_entry	svc;
		struct ip_vs_getinfo		info;
		struct ip_vs_timeout_user	timeouts;
		struct ip_vs_daemon_user	daemons[2];
		/* what stands before the list of these */
		u8				svcs[sizeof(struct ip_vs_get_services)];
		u8				dests[sizeof(struct ip_vs_get_dests)];
	} __aligned(sizeof(u64));
	void __user	*to;
	int		*len;
};

static int answer(const struct question *q, const void *what, size_t size)
{
	return copy_to_user(q->to, what, size) ? -EFAULT : 0;
}

/* Cut to 32 bits, as programs have it. */
static void fill_stats(struct ip_vs_stats_user *stats,
		       const struct opvs_totals *sum,
		       const struct opvs_rates *rate)
{
	stats->conns = sum->conns;
	stats->inpkts = sum->inpkts;
	stats->outpkts = sum->outpkts;
	stats->inbytes = sum->inbytes;
	stats->outbytes = sum->outbytes;
	stats->cps = rate->cps;
	stats->inpps = rate->inpps;
	stats->outpps = rate->outpps;
	stats->inbps = rate->inbps;
	stats->outbps = rate->outbps;
}

/**
 * opvs_sockopt_fill_svc() - what programs are told of a service
 * @entry: result, each byte set
 * @svc: IPv4 service
 *
 * One by mark counts as TCP, as ipvsadm adds it.
 *
 * Context: process; cfg_lock held.
 */
void opvs_sockopt_fill_svc(struct ip_vs_service_entry *entry,
			   const struct opvs_svc *svc)
{
	const struct opvs_svc_conf *conf = &svc->conf;
	const struct opvs_svc_key *key = &svc->key;
	struct opvs_totals sum;
	struct opvs_rates rate;

	memset(entry, 0, sizeof(*entry));
	if (opvs_svc_key_is_mark(key)) {
		entry->protocol = IPPROTO_TCP;
		entry->fwmark = key->addr.all[0];
	} else {
		entry->protocol = key->proto;
		entry->addr = key->addr.ip;
		entry->port = key->port;
	}
	strscpy(entry->sched_name, conf->sched->name, sizeof(entry->sched_name));
	entry->flags = conf->flags | IP_VS_SVC_F_HASHED;
	entry->timeout = conf->timeout;
	entry->netmask = conf->netmask;
	entry->num_dests = svc->num_dests;
	opvs_svc_stats(svc, &sum, &rate);
	fill_stats(&entry->stats, &sum, &rate);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sockopt_fill_svc);

/**
 * opvs_sockopt_fill_dest() - what programs are told of a server
 * @entry: result, each byte set
 * @dest: IPv4 server
 *
 * Beside the method stand the flags that IPVS keeps with it: new connections are
 * inactive, and without NAT no replies are seen.
 *
 * Context: process; cfg_lock held.
 */
void opvs_sockopt_fill_dest(struct ip_vs_dest_entry *entry,
			    const struct opvs_dest *dest)
{
	const struct opvs_dest_conf *conf = &dest->conf;
	struct opvs_totals sum;
	struct opvs_rates rate;

	memset(entry, 0, sizeof(*entry));
	entry->addr = dest->addr.ip;
	entry->port = dest->port;
	entry->conn_flags = conf->xmit->method | IP_VS_CONN_F_INACTIVE;
	if (conf->xmit->method != IP_VS_CONN_F_MASQ)
		entry->conn_flags |= IP_VS_CONN_F_NOOUTPUT;
	entry->weight = conf->weight;
	entry->u_threshold = conf->u_threshold;
	entry->l_threshold = conf->l_threshold;
	entry->activeconns = opvs_dest_active(dest);
	entry->inactconns = opvs_dest_inactive(dest);
	entry->persistconns = atomic_read(&dest->persist);
	opvs_dest_stats(dest, &sum, &rate);
	fill_stats(&entry->stats, &sum, &rate);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sockopt_fill_dest);

static int get_version(struct opvs_net *on, struct question *q)
{
	const u32 version = IP_VS_VERSION_CODE;
	char text[sizeof(q->version)];
	int size;

	size = 1 + scnprintf(text, sizeof(text),
			     "IP Virtual Server version %u.%u.%u (size=%u)",
			     version >> 16 & 0xff, version >> 8 & 0xff,
			     version & 0xff, opvs_conn_table_size(on));
	*q->len = size;
	return answer(q, text, size);
}

static int get_info(struct opvs_net *on, struct question *q)
{
	const struct ip_vs_getinfo info = {
		.version	= IP_VS_VERSION_CODE,
		.size		= opvs_conn_table_size(on),
		.num_services	= READ_ONCE(on->svc.num[OPVS_INET]),
	};

	return answer(q, &info, sizeof(info));
}

static int get_service(struct opvs_net *on, struct question *q)
{
	const struct ip_vs_service_entry *named = &q->svc;
	struct ip_vs_service_entry entry;
	struct opvs_svc_key key;
	struct opvs_svc *svc;

	if (!opvs_sockopt_key(named->protocol, named->addr, named->port,
			      named->fwmark, &key))
		return -ESRCH;
	mutex_lock(&on->cfg_lock);
	svc = opvs_svc_find(on, &key);
	if (svc)
		opvs_sockopt_fill_svc(&entry, svc);
	mutex_unlock(&on->cfg_lock);
	return svc ? answer(q, &entry, sizeof(entry)) : -ESRCH;
}

/* The next @max services behind @id at most; returns how many. */
static u32 next_services(struct opvs_net *on, unsigned long *id,
			 struct ip_vs_service_entry *entries, u32 max)
{
	struct opvs_svc *svc;
	u32 n = 0;

	mutex_lock(&on->cfg_lock);
	while (n < max && (svc = opvs_svc_next(on, id)))
		if (svc->key.family == NFPROTO_IPV4)
			opvs_sockopt_fill_svc(&entries[n++], svc);
	mutex_unlock(&on->cfg_lock);
	return n;
}

static int get_services(struct opvs_net *on, struct question *q)
{
	const struct ip_vs_get_services *get = (const void *)q->svcs;
	struct ip_vs_get_services __user *to = q->to;
	u32 max = get->num_services, done, n = 0;
	struct ip_vs_service_entry *entries;
	unsigned long id = 0;
	int err = 0;

	if (*q->len != struct_size(get, entrytable, max))
		return -EINVAL;
	entries = kcalloc(BATCH, sizeof(*entries), GFP_KERNEL);
	if (!entries)
		return -ENOMEM;
	for (done = 0; done < max && !err; done += n) {
		n = next_services(on, &id, entries, min(max - done, BATCH));
		if (!n)
			break;
		if (copy_to_user(&to->entrytable[done], entries,
				 n * sizeof(*entries)))
			err = -EFAULT;
	}
	kfree(entries);
	return err;
}

/* The next @max servers from @id on at most; returns how many.  Those of the other
 * family cannot be shown.
 */
static u32 next_dests(struct opvs_net *on, u32 svc_id, u64 *id,
		      struct ip_vs_dest_entry *entries, u32 max)
{
	struct opvs_dest *dest = NULL;
	struct opvs_svc *svc;
	u32 n = 0;

	mutex_lock(&on->cfg_lock);
	svc = xa_load(&on->svc.by_id, svc_id);
	while (svc && n < max && (dest = opvs_ctl_dest_from(svc, *id))) {
		*id = dest->id + 1;
		if (dest->family == NFPROTO_IPV4)
			opvs_sockopt_fill_dest(&entries[n++], dest);
	}
	mutex_unlock(&on->cfg_lock);
	return n;
}

/* 0: there is no such service. */
static u32 dests_of(struct opvs_net *on, const struct ip_vs_get_dests *get)
{
	struct opvs_svc_key key;
	struct opvs_svc *svc;
	u32 id;

	if (!opvs_sockopt_key(get->protocol, get->addr, get->port, get->fwmark,
			      &key))
		return 0;
	mutex_lock(&on->cfg_lock);
	svc = opvs_svc_find(on, &key);
	id = svc ? svc->id : 0;
	mutex_unlock(&on->cfg_lock);
	return id;
}

static int get_dests(struct opvs_net *on, struct question *q)
{
	const struct ip_vs_get_dests *get = (const void *)q->dests;
	u32 max = get->num_dests, svc_id, done, n = 0;
	struct ip_vs_get_dests __user *to = q->to;
	struct ip_vs_dest_entry *entries;
	int err = 0;
	u64 id = 0;

	if (*q->len != struct_size(get, entrytable, max))
		return -EINVAL;
	svc_id = dests_of(on, get);
	if (!svc_id)
		return -ESRCH;
	entries = kcalloc(BATCH, sizeof(*entries), GFP_KERNEL);
	if (!entries)
		return -ENOMEM;
	for (done = 0; done < max && !err; done += n) {
		n = next_dests(on, svc_id, &id, entries, min(max - done, BATCH));
		if (!n)
			break;
		if (copy_to_user(&to->entrytable[done], entries,
				 n * sizeof(*entries)))
			err = -EFAULT;
	}
	kfree(entries);
	return err;
}

static int get_timeout(struct opvs_net *on, struct question *q)
{
	u32 seconds[OPVS_CONFIG_TIMEOUTS];
	struct ip_vs_timeout_user timeouts;

	opvs_do_get_config(on, seconds);
	timeouts.tcp_timeout = seconds[0];
	timeouts.tcp_fin_timeout = seconds[1];
	timeouts.udp_timeout = seconds[2];
	return answer(q, &timeouts, sizeof(timeouts));
}

/* Master, then backup; one that is not running has state 0. */
static int get_daemon(struct opvs_net *on, struct question *q)
{
	static const int states[OPVS_SYNC_ROLES] = {
		[OPVS_SYNC_MASTER]	= IP_VS_STATE_MASTER,
		[OPVS_SYNC_BACKUP]	= IP_VS_STATE_BACKUP,
	};
	struct ip_vs_daemon_user daemons[OPVS_SYNC_ROLES] = {};
	enum opvs_sync_role role;
	struct opvs_sync_conf conf;

	for (role = 0; role < OPVS_SYNC_ROLES; role++) {
		if (!opvs_sync_get(on, role, &conf))
			continue;
		daemons[role].state = states[role];
		strscpy(daemons[role].mcast_ifn, conf.ifname,
			sizeof(daemons[role].mcast_ifn));
		daemons[role].syncid = conf.syncid;
	}
	return answer(q, daemons, sizeof(daemons));
}

/* By number; IP_VS_SO_GET_DEST IPVS has never had. */
static const struct getter {
	u8	len;
	int	(*run)(struct opvs_net *on, struct question *q);
} options[] = {
	[IP_VS_SO_GET_VERSION - IP_VS_BASE_CTL] = {
		sizeof_field(struct question, version), get_version,
	},
	[IP_VS_SO_GET_INFO - IP_VS_BASE_CTL] = {
		sizeof(struct ip_vs_getinfo), get_info,
	},
	[IP_VS_SO_GET_SERVICES - IP_VS_BASE_CTL] = {
		sizeof(struct ip_vs_get_services), get_services,
	},
	[IP_VS_SO_GET_SERVICE - IP_VS_BASE_CTL] = {
		sizeof(struct ip_vs_service_entry), get_service,
	},
	[IP_VS_SO_GET_DESTS - IP_VS_BASE_CTL] = {
		sizeof(struct ip_vs_get_dests), get_dests,
	},
	[IP_VS_SO_GET_TIMEOUT - IP_VS_BASE_CTL] = {
		sizeof(struct ip_vs_timeout_user), get_timeout,
	},
	[IP_VS_SO_GET_DAEMON - IP_VS_BASE_CTL] = {
		sizeof_field(struct question, daemons), get_daemon,
	},
};

static_assert(ARRAY_SIZE(options) == IP_VS_SO_GET_MAX - IP_VS_BASE_CTL + 1);

/**
 * opvs_sockopt_get() - answer what an option asks
 * @name: IP_VS_SO_GET_*, or a number between these
 * @to: the program's buffer, which also says what is asked for
 * @len: its length; out: that of the answer, where it may be another
 *
 * As IPVS has it, a buffer may be longer than the answer, but not that of a list.
 *
 * Context: process; takes cfg_lock.  The caller may configure the namespace.
 * Return: 0, -EINVAL, -EFAULT, -ENOMEM, or -ESRCH: no such service.
 */
int opvs_sockopt_get(struct opvs_net *on, int name, void __user *to, int *len)
{
	const struct getter *how = &options[name - IP_VS_BASE_CTL];
	struct question q = { .to = to, .len = len };

	if (!how->run || *len < how->len)
		return -EINVAL;
	if (copy_from_user(&q.svc, to, how->len))
		return -EFAULT;
	return how->run(on, &q);
}
