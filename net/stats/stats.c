// SPDX-License-Identifier: GPL-2.0-only
/* Traffic statistics: per-CPU counters that packets write, and their sums. */
#include <opvs/stats.h>

#include <opvs/kunit.h>

#include <linux/cpumask.h>

/**
 * opvs_stats_read() - what one CPU has counted for a server
 * @cpu: that CPU's counters
 * @one: result
 *
 * Context: any, lock-free.
 */
void opvs_stats_read(const struct opvs_stats_cpu *cpu, struct opvs_totals *one)
{
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&cpu->syncp);
		one->conns = u64_stats_read(&cpu->conns);
		one->inpkts = u64_stats_read(&cpu->inpkts);
		one->outpkts = u64_stats_read(&cpu->outpkts);
		one->inbytes = u64_stats_read(&cpu->inbytes);
		one->outbytes = u64_stats_read(&cpu->outbytes);
	} while (u64_stats_fetch_retry(&cpu->syncp, start));
}

/**
 * opvs_stats_sum() - add up a server's counters over all CPUs
 * @cpu: the counters
 * @sum: result
 *
 * Context: any, lock-free.
 */
void opvs_stats_sum(const struct opvs_stats_cpu __percpu *cpu,
		    struct opvs_totals *sum)
{
	struct opvs_totals one;
	int i;

	*sum = (struct opvs_totals){};
	for_each_possible_cpu(i) {
		opvs_stats_read(per_cpu_ptr(cpu, i), &one);
		opvs_totals_add(sum, &one);
	}
}
EXPORT_SYMBOL_IF_KUNIT(opvs_stats_sum);

/**
 * opvs_totals_add() - add one set of totals to another
 * @to: changed
 * @what: added to it
 *
 * Context: any.
 */
void opvs_totals_add(struct opvs_totals *to, const struct opvs_totals *what)
{
	to->conns += what->conns;
	to->inpkts += what->inpkts;
	to->outpkts += what->outpkts;
	to->inbytes += what->inbytes;
	to->outbytes += what->outbytes;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_totals_add);

/**
 * opvs_totals_sub() - subtract one set of totals from another
 * @from: changed
 * @what: subtracted from it
 *
 * Context: any.
 */
void opvs_totals_sub(struct opvs_totals *from, const struct opvs_totals *what)
{
	from->conns -= what->conns;
	from->inpkts -= what->inpkts;
	from->outpkts -= what->outpkts;
	from->inbytes -= what->inbytes;
	from->outbytes -= what->outbytes;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_totals_sub);
