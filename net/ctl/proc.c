// SPDX-License-Identifier: GPL-2.0-only
/* /proc/net/ip_vs and ip_vs_app, to the letter as ip_vs has them: programs read
 * columns and trailing blanks.  Only behind what ip_vs says in the
 * first line, which programs pass over, it says that this is opvs.
 */
#include "proc.h"

#include "dest.h"

#include <opvs/app.h>
#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/netns.h>
#include <opvs/proto.h>
#include <opvs/svc.h>

#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

/**
 * struct opvs_proc_iter - a reader's place in /proc/net/ip_vs
 * @p: the namespace; first, as seq_file wants it
 * @pos: number of the line that @svc_id and @dest_id name; 0: none
 * @svc_id: service of that line, ULONG_MAX behind the last line
 * @dest_id: server of that line, 0 for the service's own line
 * @svc: service, while cfg_lock is held
 * @dest: server or NULL, while cfg_lock is held
 *
 * cfg_lock is held while one buffer is filled.  Between buffers the ids tell
 * where to go on, so that a long list is read in one pass and services that
 * come or go meanwhile move no others out of sight.
 */
struct opvs_proc_iter {
	struct seq_net_private	p;
	loff_t			pos;
	unsigned long		svc_id;
	u64			dest_id;
	struct opvs_svc		*svc;
	struct opvs_dest	*dest;
};

static struct opvs_net *opvs_seq_net(struct seq_file *seq)
{
	return opvs_pernet(seq_file_net(seq));
}

/* Notes that line @pos is about @svc and @dest, or behind the last one. */
static void *opvs_proc_at(struct opvs_proc_iter *it, loff_t pos,
			  struct opvs_svc *svc, struct opvs_dest *dest)
{
	it->pos = pos;
	it->svc = svc;
	it->dest = dest;
	it->svc_id = svc ? svc->id : ULONG_MAX;
	it->dest_id = dest ? dest->id : 0;
	return svc ? it : NULL;
}

static void *opvs_proc_next_svc(struct opvs_net *on, struct opvs_proc_iter *it,
				loff_t pos)
{
	struct opvs_svc *svc = opvs_svc_next(on, &it->svc_id);

	return opvs_proc_at(it, pos, svc, NULL);
}

/* The line behind the one that @it stands at. */
static void *opvs_proc_advance(struct opvs_net *on, struct opvs_proc_iter *it,
			       loff_t pos)
{
	struct opvs_svc *svc = it->svc;
	struct opvs_dest *dest;

	if (it->dest && !list_is_last(&it->dest->list, &svc->dests))
		dest = list_next_entry(it->dest, list);
	else if (it->dest)
		dest = NULL;
	else
		dest = list_first_entry_or_null(&svc->dests, struct opvs_dest,
						list);
	if (dest)
		return opvs_proc_at(it, pos, svc, dest);
	return opvs_proc_next_svc(on, it, pos);
}

/* The line that the ids name, or what has taken its place. */
static void *opvs_proc_resume(struct opvs_net *on, struct opvs_proc_iter *it,
			      loff_t pos)
{
	struct opvs_svc *svc = xa_load(&on->svc.by_id, it->svc_id);
	struct opvs_dest *dest;

	if (!svc)
		return opvs_proc_next_svc(on, it, pos);
	if (!it->dest_id)
		return opvs_proc_at(it, pos, svc, NULL);
	dest = opvs_ctl_dest_from(svc, it->dest_id);
	if (dest)
		return opvs_proc_at(it, pos, svc, dest);
	return opvs_proc_next_svc(on, it, pos);
}

static void *opvs_proc_start(struct seq_file *seq, loff_t *pos)
{
	struct opvs_net *on = opvs_seq_net(seq);
	struct opvs_proc_iter *it = seq->private;
	void *line;
	loff_t n;

	mutex_lock(&on->cfg_lock);
	if (!*pos)
		return SEQ_START_TOKEN;
	if (*pos == it->pos)
		return opvs_proc_resume(on, it, *pos);

	/* Not where the reader left: it has moved the file position. */
	it->svc_id = 0;
	line = opvs_proc_next_svc(on, it, 1);
	for (n = 2; line && n <= *pos; n++)
		line = opvs_proc_advance(on, it, n);
	return line;
}

static void *opvs_proc_next(struct seq_file *seq, void *v, loff_t *pos)
{
	struct opvs_net *on = opvs_seq_net(seq);
	struct opvs_proc_iter *it = seq->private;

	++*pos;
	if (v != SEQ_START_TOKEN)
		return opvs_proc_advance(on, it, *pos);
	it->svc_id = 0;
	return opvs_proc_next_svc(on, it, *pos);
}

static void opvs_proc_stop(struct seq_file *seq, void *v)
{
	mutex_unlock(&opvs_seq_net(seq)->cfg_lock);
}

/* The blanks are as ip_vs leaves them.  IPv6 has no word for one-packet
 * scheduling, and persistence is told in jiffies.
 */
static void opvs_proc_show_svc(struct seq_file *seq, const struct opvs_svc *svc)
{
	const struct opvs_svc_conf *conf = &svc->conf;
	bool ops = conf->flags & IP_VS_SVC_F_ONEPACKET;
	const struct opvs_svc_key *key = &svc->key;

	if (opvs_svc_key_is_mark(key))
		seq_printf(seq, "FWM  %08X %s %s", key->addr.all[0],
			   conf->sched->name, ops ? "ops " : "");
	else if (key->family == NFPROTO_IPV6)
		seq_printf(seq, "%s  [%pI6]:%04X %s ",
			   opvs_proto_name(key->proto), &key->addr.in6,
			   ntohs(key->port), conf->sched->name);
	else
		seq_printf(seq, "%s  %08X:%04X %s %s ",
			   opvs_proto_name(key->proto), ntohl(key->addr.ip),
			   ntohs(key->port), conf->sched->name,
			   ops ? "ops " : "");

	if (conf->flags & IP_VS_SVC_F_PERSISTENT)
		seq_printf(seq, "persistent %lu %08X",
			   (unsigned long)conf->timeout * HZ,
			   ntohl(conf->netmask));
	seq_putc(seq, '\n');
}

static void opvs_proc_show_dest(struct seq_file *seq,
				const struct opvs_dest *dest)
{
	if (dest->family == NFPROTO_IPV6)
		seq_printf(seq, "  -> [%pI6]:%04X", &dest->addr.in6,
			   ntohs(dest->port));
	else
		seq_printf(seq, "  -> %08X:%04X", ntohl(dest->addr.ip),
			   ntohs(dest->port));
	seq_printf(seq, "      %-7s %-6d %-10u %-10u\n",
		   dest->conf.xmit->name, (int)dest->conf.weight,
		   opvs_dest_active(dest), opvs_dest_inactive(dest));
}

static int opvs_proc_show(struct seq_file *seq, void *v)
{
	const struct opvs_proc_iter *it = v;

	if (v == SEQ_START_TOKEN)
		seq_printf(seq,
			   "IP Virtual Server version %d.%d.%d (size=%u) opvs " OPVS_VERSION "\n"
			   "Prot LocalAddress:Port Scheduler Flags\n"
			   "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n",
			   (IP_VS_VERSION_CODE >> 16) & 0xff,
			   (IP_VS_VERSION_CODE >> 8) & 0xff,
			   IP_VS_VERSION_CODE & 0xff,
			   opvs_conn_table_size(opvs_seq_net(seq)));
	else if (it->dest)
		opvs_proc_show_dest(seq, it->dest);
	else
		opvs_proc_show_svc(seq, it->svc);
	return 0;
}

static const struct seq_operations opvs_proc_ops = {
	.start	= opvs_proc_start,
	.next	= opvs_proc_next,
	.stop	= opvs_proc_stop,
	.show	= opvs_proc_show,
};

/* Protocols whose packets name addresses, and their connections. */
static int opvs_proc_show_apps(struct seq_file *seq, void *v)
{
	struct opvs_net *on = opvs_pernet(seq_file_single_net(seq));
	unsigned int nth;
	__be16 port;

	seq_puts(seq, "prot port    usecnt name\n");
	for (nth = 0; (port = opvs_app_nth_port(nth)); nth++)
		seq_printf(seq, "%-3s  %-7u %-6d %-17s\n", "TCP", ntohs(port),
			   atomic_read(&on->conn.controls[nth]), "ftp");
	return 0;
}

/* Files that are shown in one piece. */
static const struct {
	const char	*name;
	umode_t		mode;
	int		(*show)(struct seq_file *seq, void *v);
} opvs_proc_pieces[] = {
	{ "ip_vs_stats", 0444, opvs_proc_show_stats },
	{ "ip_vs_stats_percpu", 0444, opvs_proc_show_cpu_stats },
	{ "ip_vs_app", 0444, opvs_proc_show_apps },
#ifdef OPVS_IP_VS_STATUS
	{ "ip_vs_status", 0440, opvs_proc_show_status },
#endif
};

/* The first @n of them. */
static void opvs_proc_remove_pieces(struct net *net, unsigned int n)
{
	while (n--)
		remove_proc_entry(opvs_proc_pieces[n].name, net->proc_net);
}

static int opvs_proc_create_pieces(struct net *net)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(opvs_proc_pieces); i++) {
		if (proc_create_net_single(opvs_proc_pieces[i].name,
					   opvs_proc_pieces[i].mode,
					   net->proc_net,
					   opvs_proc_pieces[i].show, NULL))
			continue;
		opvs_proc_remove_pieces(net, i);
		return -ENOMEM;
	}
	return 0;
}

/* Not __net_init: the files may come when ip_vs goes, long after this module did. */
static int opvs_proc_net_init(struct net *net)
{
	int err;

	if (!proc_create_net("ip_vs", 0444, net->proc_net, &opvs_proc_ops,
			     sizeof(struct opvs_proc_iter)))
		return -ENOMEM;
	err = opvs_proc_create_pieces(net);
	if (err)
		goto err_ip_vs;
	err = opvs_proc_conn_create(net);
	if (err)
		goto err_pieces;
	return 0;

err_pieces:
	opvs_proc_remove_pieces(net, ARRAY_SIZE(opvs_proc_pieces));
err_ip_vs:
	remove_proc_entry("ip_vs", net->proc_net);
	return err;
}

static void opvs_proc_net_exit(struct net *net)
{
	opvs_proc_conn_remove(net);
	opvs_proc_remove_pieces(net, ARRAY_SIZE(opvs_proc_pieces));
	remove_proc_entry("ip_vs", net->proc_net);
}

static struct pernet_operations opvs_proc_net_ops = {
	.init	= opvs_proc_net_init,
	.exit	= opvs_proc_net_exit,
};

/**
 * opvs_proc_init() - put the files into all namespaces, present and future
 *
 * Context: process, after opvs_pernet_init().
 * Return: 0 or negative errno.
 */
int opvs_proc_init(void)
{
	return register_pernet_subsys(&opvs_proc_net_ops);
}

/**
 * opvs_proc_exit() - take the files away; waits for their readers
 *
 * Context: process.
 */
void opvs_proc_exit(void)
{
	unregister_pernet_subsys(&opvs_proc_net_ops);
}
