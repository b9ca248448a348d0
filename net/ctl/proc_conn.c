// SPDX-License-Identifier: GPL-2.0-only
/* /proc/net/ip_vs_conn and ip_vs_conn_sync: a line for each connection.
 *
 * The columns are those of ip_vs, which ipvsadm -c reads.  It takes lines of up
 * to 255 characters and crashes at longer ones, and it splits them at blanks.
 * An engine's key can be anything a client writes.  So bytes that are blank or
 * not printable appear as \xNN, and a key too long for its line ends in "...".
 */
#include "proc.h"

#include "filter.h"

#include <opvs/compat.h>
#include <opvs/conn.h>
#include <opvs/netns.h>
#include <opvs/pe.h>
#include <opvs/proto.h>

#include <linux/ctype.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

/* Longest line, with its newline. */
#define OPVS_LINE_MAX		255

/* Connections in one RCU read section, for readers that skip lines. */
#define OPVS_PROC_STRIDE	64

/**
 * struct opvs_proc_walk - a reader's place among the connections
 * @p: the namespace; first, as seq_file wants it
 * @before: place ahead of the connection that is shown next
 * @walk: place behind it
 *
 * A buffer is filled in one RCU read section.  The next one begins with what
 * did not fit, or if that has ended by then with what follows.  Thus the list
 * is read in one pass, and a connection that lives on is shown exactly once.
 */
struct opvs_proc_walk {
	struct seq_net_private	p;
	struct opvs_conn_walk	before;
	struct opvs_conn_walk	walk;
};

static struct opvs_conn *opvs_proc_step(struct seq_file *seq)
{
	struct opvs_net *on = opvs_pernet(seq_file_net(seq));
	struct opvs_proc_walk *it = seq->private;

	it->before = it->walk;
	return opvs_conn_walk_next(on, &it->walk);
}

/* seq_file comes back to where it left, or goes through all from line 0. */
static void *opvs_proc_conn_start(struct seq_file *seq, loff_t *pos)
	__acquires(RCU)
{
	struct opvs_proc_walk *it = seq->private;

	rcu_read_lock();
	if (!*pos)
		return SEQ_START_TOKEN;
	it->walk = it->before;
	return opvs_proc_step(seq);
}

static void *opvs_proc_conn_next(struct seq_file *seq, void *v, loff_t *pos)
{
	struct opvs_proc_walk *it = seq->private;

	++*pos;
	if (v == SEQ_START_TOKEN)
		it->walk = (struct opvs_conn_walk){};
	if (!(*pos % OPVS_PROC_STRIDE)) {
		rcu_read_unlock();
		cond_resched();
		rcu_read_lock();
	}
	return opvs_proc_step(seq);
}

static void opvs_proc_conn_stop(struct seq_file *seq, void *v)
	__releases(RCU)
{
	rcu_read_unlock();
}

static void opvs_proc_show_end(struct seq_file *seq, u8 family,
			       const union nf_inet_addr *addr, __be16 port)
{
	if (family == NFPROTO_IPV6)
		seq_printf(seq, "%pI6 %04X ", &addr->in6, ntohs(port));
	else
		seq_printf(seq, "%08X %04X ", ntohl(addr->ip), ntohs(port));
}

/* All columns up to the state.  A firewall mark stands where the virtual
 * address would.
 */
static void opvs_proc_show_tuple(struct seq_file *seq,
				 const struct opvs_conn *cp)
{
	const struct opvs_tuple *from = &cp->request.tuple;
	const struct opvs_tuple *to = &cp->reply.tuple;

	seq_printf(seq, "%-3s ", opvs_proto_name(from->proto));
	opvs_proc_show_end(seq, from->family, &from->src, from->sport);
	opvs_proc_show_end(seq, from->family, &from->dst, from->dport);
	opvs_proc_show_end(seq, to->family, &to->src, to->sport);
	seq_printf(seq, "%-11s", opvs_ctl_state_name(cp));
}

/* Up to 4 characters at @text stand for @byte.  Returns their number. */
static unsigned int opvs_key_escape(u8 byte, char *text)
{
	if (isascii(byte) && isgraph(byte)) {
		*text = byte;
		return 1;
	}
	text[0] = '\\';
	text[1] = 'x';
	hex_byte_pack(text + 2, byte);
	return 4;
}

/* Shows a key in at most @room characters. */
static void opvs_proc_show_key(struct seq_file *seq,
			       const struct opvs_conn_ext *ext,
			       unsigned int room)
{
	static const char cut[] = "...";
	char text[OPVS_LINE_MAX + 4];
	unsigned int len = 0, fits = 0, i;

	for (i = 0; i < ext->key_len && len <= room; i++) {
		len += opvs_key_escape(ext->key[i], text + len);
		if (len + strlen(cut) <= room)
			fits = len;
	}
	if (len <= room) {
		seq_write(seq, text, len);
		return;
	}
	seq_write(seq, text, fits);
	seq_puts(seq, cut);
}

static int opvs_proc_conn_show(struct seq_file *seq, void *v)
{
	const struct opvs_conn *cp = v;
	size_t start = seq->count;
	size_t used;

	if (v == SEQ_START_TOKEN) {
		seq_puts(seq, "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n");
		return 0;
	}
	opvs_proc_show_tuple(seq, cp);
	seq_printf(seq, " %7u", opvs_conn_seconds_left(cp));
	if (cp->ext) {
		seq_printf(seq, " %s ", cp->ext->pe->name);
		used = seq->count - start + strlen("\n");
		opvs_proc_show_key(seq, cp->ext, OPVS_LINE_MAX - used);
	}
	seq_putc(seq, '\n');
	return 0;
}

static const struct seq_operations opvs_proc_conn_ops = {
	.start	= opvs_proc_conn_start,
	.next	= opvs_proc_conn_next,
	.stop	= opvs_proc_conn_stop,
	.show	= opvs_proc_conn_show,
};

static const char *opvs_proc_origin(const struct opvs_conn *cp)
{
	return cp->flags & IP_VS_CONN_F_SYNC ? "SYNC" : "LOCAL";
}

static int opvs_proc_sync_show(struct seq_file *seq, void *v)
{
	if (v == SEQ_START_TOKEN) {
		seq_puts(seq, "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Origin Expires\n");
		return 0;
	}
	opvs_proc_show_tuple(seq, v);
	seq_printf(seq, " %-6s %7u\n", opvs_proc_origin(v),
		   opvs_conn_seconds_left(v));
	return 0;
}

static const struct seq_operations opvs_proc_sync_ops = {
	.start	= opvs_proc_conn_start,
	.next	= opvs_proc_conn_next,
	.stop	= opvs_proc_conn_stop,
	.show	= opvs_proc_sync_show,
};

/**
 * opvs_proc_conn_create() - put the files into a namespace
 * @net: namespace
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int opvs_proc_conn_create(struct net *net)
{
	if (!proc_create_net("ip_vs_conn", 0444, net->proc_net,
			     &opvs_proc_conn_ops,
			     sizeof(struct opvs_proc_walk)))
		return -ENOMEM;
	if (proc_create_net("ip_vs_conn_sync", 0444, net->proc_net,
			    &opvs_proc_sync_ops,
			    sizeof(struct opvs_proc_walk)))
		return 0;
	remove_proc_entry("ip_vs_conn", net->proc_net);
	return -ENOMEM;
}

/**
 * opvs_proc_conn_remove() - take the files away; waits for their readers
 * @net: namespace
 *
 * Context: process.
 */
void opvs_proc_conn_remove(struct net *net)
{
	remove_proc_entry("ip_vs_conn_sync", net->proc_net);
	remove_proc_entry("ip_vs_conn", net->proc_net);
}
