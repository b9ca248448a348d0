// SPDX-License-Identifier: GPL-2.0-only
/*
 * One measurement: packets fed to a device's receive path, on some CPUs at the
 * same time, in batches as a driver's poll does it.
 */
#include "run.h"

#include <linux/bottom_half.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/log2.h>
#include <linux/netdevice.h>
#include <linux/timekeeping.h>
#include <linux/slab.h>

/* As many as a poll takes by default. */
#define BATCH	64

/**
 * struct feeder - the thread of one CPU
 * @run: what to do
 * @result: what it found
 * @task: itself
 * @nth: how many CPUs come before
 * @ready: it waits for the start
 * @start: all wait for this
 * @done: it has ended
 */
struct feeder {
	const struct bench_run	*run;
	struct bench_result	*result;
	struct task_struct	*task;
	u32			nth;
	struct completion	ready;
	struct completion	*start;
	struct completion	done;
};

/**
 * bench_bin_ns() - the time that a bin begins with
 * @bin: its number
 *
 * Context: any.
 * Return: nanoseconds.
 */
u64 bench_bin_ns(u32 bin)
{
	return bin < 8 ? bin : (u64)(4 + bin % 4) << (bin / 4 - 1);
}

static u32 bin_of(u64 ns)
{
	u32 shift;

	if (ns < 8)
		return ns;
	shift = ilog2(ns) - 2;
	return min_t(u32, 4 * shift + (ns >> shift), BENCH_BINS - 1);
}

static void feed_timed(struct bench_result *result, struct sk_buff *skb)
{
	u64 ns = ktime_get_ns();

	netif_receive_skb(skb);
	ns = ktime_get_ns() - ns;
	result->bin[bin_of(ns)]++;
	result->most_ns = max(result->most_ns, ns);
}

static void wait_until(u64 ns)
{
	while (ktime_get_ns() < ns)
		cpu_relax();
}

/* Returns false when there is no memory for a packet. */
static bool feed_batch(const struct feeder *f, struct bench_change *change,
		       u32 from, u32 to, u64 begin)
{
	const struct bench_run *run = f->run;
	struct sk_buff *skb;
	u32 n;

	for (n = from; n < to; n++) {
		skb = bench_packets_make(run->dev, n, change);
		if (!skb)
			return false;
		if (run->pace_ns)
			wait_until(begin + (u64)n * run->pace_ns);
		if (run->each)
			feed_timed(f->result, skb);
		else
			netif_receive_skb(skb);
		f->result->fed++;
	}
	return true;
}

static void feed(const struct feeder *f)
{
	const struct bench_run *run = f->run;
	struct bench_change change = run->change;
	bool going = true;
	u64 begin;
	u32 n;

	change.first += f->nth * change.flows;
	begin = ktime_get_ns();
	for (n = 0; going && n < run->count; n += BATCH) {
		local_bh_disable();
		going = feed_batch(f, &change, n, min(n + BATCH, run->count),
				   begin);
		local_bh_enable();
		cond_resched();
	}
	f->result->ns = ktime_get_ns() - begin;
}

static int feeder_main(void *data)
{
	struct feeder *f = data;

	complete(&f->ready);
	wait_for_completion(f->start);
	feed(f);
	complete(&f->done);
	return 0;
}

static int feeder_start(struct feeder *f, int cpu)
{
	init_completion(&f->ready);
	init_completion(&f->done);
	f->task = kthread_create_on_cpu(feeder_main, f, cpu, "replay/%u");
	if (IS_ERR(f->task))
		return PTR_ERR(f->task);
	wake_up_process(f->task);
	wait_for_completion(&f->ready);
	return 0;
}

/**
 * bench_run() - feed packets, and wait until all are through
 * @run: what to do
 * @result: zeroed, one for each CPU in order
 *
 * Context: process; one at a time.
 * Return: 0 or a negative errno.
 */
int bench_run(const struct bench_run *run, struct bench_result *result)
{
	DECLARE_COMPLETION_ONSTACK(start);
	struct feeder *feeders, *f;
	u32 started = 0, i;
	int cpu, err = 0;

	feeders = kcalloc(cpumask_weight(run->cpus), sizeof(*feeders),
			  GFP_KERNEL);
	if (!feeders)
		return -ENOMEM;
	for_each_cpu(cpu, run->cpus) {
		f = &feeders[started];
		*f = (struct feeder){
			.run	= run,
			.result	= &result[started],
			.nth	= started,
			.start	= &start,
		};
		err = feeder_start(f, cpu);
		if (err)
			break;
		started++;
	}
	/* After an error, those that exist find nothing to do. */
	complete_all(&start);
	for (i = 0; i < started; i++)
		wait_for_completion(&feeders[i].done);
	kfree(feeders);
	return err;
}
