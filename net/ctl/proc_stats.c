// SPDX-License-Identifier: GPL-2.0-only
/* /proc/net/ip_vs_stats, ip_vs_stats_percpu and ip_vs_status, to the letter as
 * ip_vs has them.
 */
#include "proc.h"

#include <opvs/conn.h>
#include <opvs/lengths.h>
#include <opvs/netns.h>
#include <opvs/svc.h>
#include <opvs/table.h>

#include <linux/cpumask.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/seq_file.h>
#include <linux/seq_file_net.h>
#include <linux/slab.h>

static struct opvs_net *stats_net(struct seq_file *seq)
{
	return opvs_pernet(seq_file_single_net(seq));
}

static void show_totals(struct seq_file *seq, const struct opvs_totals *sum)
{
	seq_printf(seq, "%8llX %8llX %8llX %16llX %16llX\n", sum->conns,
		   sum->inpkts, sum->outpkts, sum->inbytes, sum->outbytes);
}

static void show_rates(struct seq_file *seq, const struct opvs_rates *rate)
{
	seq_printf(seq, "%8llX %8llX %8llX %16llX %16llX\n", rate->cps,
		   rate->inpps, rate->outpps, rate->inbps, rate->outbps);
}

/**
 * opvs_proc_show_stats() - /proc/net/ip_vs_stats
 * @seq: where it is shown
 * @v: not used
 *
 * Context: process; takes cfg_lock.
 * Return: 0.
 */
int opvs_proc_show_stats(struct seq_file *seq, void *v)
{
	struct opvs_net *on = stats_net(seq);
	struct opvs_totals sum;
	struct opvs_rates rate;

	mutex_lock(&on->cfg_lock);
	opvs_net_stats(on, &sum, &rate);
	mutex_unlock(&on->cfg_lock);

	seq_puts(seq, "   Total Incoming Outgoing         Incoming         Outgoing\n");
	seq_puts(seq, "   Conns  Packets  Packets            Bytes            Bytes\n");
	show_totals(seq, &sum);
	seq_puts(seq, "\n Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s\n");
	show_rates(seq, &rate);
	return 0;
}

/**
 * opvs_proc_show_cpu_stats() - /proc/net/ip_vs_stats_percpu
 * @seq: where it is shown
 * @v: not used
 *
 * As with ip_vs, the lines of the CPUs go on counting when all is zeroed, and the
 * line below them does not.
 *
 * Context: process; takes cfg_lock.
 * Return: 0 or -ENOMEM.
 */
int opvs_proc_show_cpu_stats(struct seq_file *seq, void *v)
{
	struct opvs_net *on = stats_net(seq);
	struct opvs_totals *raw, sum;
	struct opvs_rates rate;
	int cpu;

	raw = kvcalloc(nr_cpu_ids, sizeof(*raw), GFP_KERNEL);
	if (!raw)
		return -ENOMEM;
	mutex_lock(&on->cfg_lock);
	opvs_net_cpu_stats(on, raw);
	opvs_net_stats(on, &sum, &rate);
	mutex_unlock(&on->cfg_lock);

	seq_puts(seq, "       Total Incoming Outgoing         Incoming         Outgoing\n");
	seq_puts(seq, "CPU    Conns  Packets  Packets            Bytes            Bytes\n");
	for_each_possible_cpu(cpu) {
		seq_printf(seq, "%3X ", cpu);
		show_totals(seq, &raw[cpu]);
	}
	kvfree(raw);
	seq_puts(seq, "  ~ ");
	show_totals(seq, &sum);
	seq_puts(seq, "\n     Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s\n    ");
	show_rates(seq, &rate);
	return 0;
}

static unsigned int percent(u32 part, u32 of)
{
	return of ? div_u64(100ULL * part, of) : 0;
}

/* A table's size and how long its chains are; without entries, its size only.
 * What it is called with ip_vs is how many entries there may be for each bucket, as
 * a binary logarithm: here as many as there are buckets, less a quarter.
 */
static void show_table(struct seq_file *seq, const char *what,
		       struct rhashtable *table, bool entries)
{
	u32 n[OPVS_LENGTHS], filled = 0;
	u32 size = table ? opvs_lengths_size(table) : 0;
	unsigned int i;

	seq_printf(seq, "%s buckets:\t%u (%u bits, lfactor 0)\n", what, size,
		   size ? ilog2(size) : 0);
	if (!entries || !table || !opvs_lengths(table, n))
		return;
	for (i = 1; i < OPVS_LENGTHS; i++)
		filled += n[i];
	seq_printf(seq, "%s buckets empty:\t%u (%u%%)\n", what, n[0],
		   percent(n[0], n[0] + filled));
	for (i = 1; i < OPVS_LENGTHS; i++)
		if (n[i])
			seq_printf(seq, "%s buckets len-%u:\t%u (%u%%)\n", what,
				   i, n[i], percent(n[i], filled));
}

/* What the estimator of rates has to do. */
static u32 count_estimated(struct opvs_net *on)
{
	struct opvs_svc *svc;
	unsigned long id;
	u32 n = 0;

	lockdep_assert_held(&on->cfg_lock);

	xa_for_each(&on->svc.by_id, id, svc)
		n += 1 + svc->num_dests;
	return n;
}

/**
 * opvs_proc_show_status() - /proc/net/ip_vs_status, which ip_vs of 7.3 has
 * @seq: where it is shown
 * @v: not used
 *
 * Rates are estimated by one work, in one chain that has no limit: it is as long
 * as there are services and servers.
 *
 * Context: process; takes cfg_lock.
 * Return: 0.
 */
int opvs_proc_show_status(struct seq_file *seq, void *v)
{
	struct opvs_net *on = stats_net(seq);
	u32 svcs, estimated;
	int conns;

	conns = atomic_read(&on->conn.limit.count);
	seq_printf(seq, "Conns:\t%d\n", conns);
	show_table(seq, "Conn", opvs_table_is_up(on) ? &on->conn.table : NULL,
		   conns);

	mutex_lock(&on->cfg_lock);
	svcs = on->svc.num[OPVS_INET] + on->svc.num[OPVS_INET6];
	estimated = count_estimated(on);
	mutex_unlock(&on->cfg_lock);
	seq_printf(seq, "Services:\t%u\n", svcs);
	show_table(seq, "Service", &on->match.table, svcs);

	seq_printf(seq, "Stats thread slots:\t%u (max 1)\n",
		   svcs && READ_ONCE(on->settings.run_estimation) ? 1 : 0);
	seq_printf(seq, "Stats chain max len:\t%u\n", estimated);
	seq_printf(seq, "Stats thread ests:\t%u\n", estimated);
	return 0;
}
