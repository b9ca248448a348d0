// SPDX-License-Identifier: GPL-2.0-only
/*
 * One measurement: packets fed to a device's receive path, on some CPUs at the
 * same time, in batches as a driver's poll does it.
 */
#include "clock.h"
#include "paced.h"
#include "run.h"

#include <linux/bottom_half.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/netdevice.h>
#include <linux/slab.h>

/* As many as a poll takes by default. */
#define BATCH	64

/**
 * struct feeder - the thread of one CPU
 * @run: what to do; NULL: nothing, as there was an error
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

/* Returns false when there is no memory for a packet. */
static bool feed_batch(const struct feeder *f, struct bench_change *change,
		       u32 from, u32 to)
{
	const struct bench_run *run = f->run;
	struct sk_buff *skb;
	u32 n;

	for (n = from; n < to; n++) {
		skb = bench_packets_make(run->dev, n, change);
		if (!skb)
			return false;
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
	u32 n;

	change.first += f->nth * change.flows;
	for (n = 0; going && n < run->count; n += BATCH) {
		local_bh_disable();
		going = feed_batch(f, &change, n, min(n + BATCH, run->count));
		local_bh_enable();
		cond_resched();
	}
}

static void measure(const struct feeder *f)
{
	u64 begin = bench_cpu_ns(), work = bench_work_ns();

	if (f->run->pace_ns)
		bench_paced(f->run, f->result);
	else
		feed(f);
	f->result->work_ns = bench_work_ns() - work;
	f->result->ns = bench_cpu_ns() - begin;
}

static int feeder_main(void *data)
{
	struct feeder *f = data;

	complete(&f->ready);
	wait_for_completion(f->start);
	if (f->run)
		measure(f);
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
	for (i = 0; err && i < started; i++)
		feeders[i].run = NULL;
	complete_all(&start);
	for (i = 0; i < started; i++)
		wait_for_completion(&feeders[i].done);
	kfree(feeders);
	return err;
}
