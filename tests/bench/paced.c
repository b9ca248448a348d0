// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets that arrive one by one at a steady pace, by interrupt, as from a wire.
 *
 * A timer stands for the device's interrupt and starts a poll, which feeds what
 * has arrived by then.  A packet's time runs from when it was due to when the
 * stack is through with it: whatever else keeps the CPU (timers, the sweeper,
 * packets before it) is part of it.  Nothing is left out when the CPU comes too
 * late, for packets do not wait to arrive.
 */
#include "paced.h"
#include "packets.h"
#include "run.h"

#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/log2.h>
#include <linux/netdevice.h>
#include <linux/timekeeping.h>

/* Until the first packet is due. */
#define START_NS	NSEC_PER_MSEC

/**
 * struct paced - packets on their way
 * @run: what to do
 * @result: what was found
 * @napi: feeds them
 * @timer: the interrupt
 * @begin: when the first is due
 * @next: which comes next
 * @done: all are through
 */
struct paced {
	const struct bench_run	*run;
	struct bench_result	*result;
	struct napi_struct	napi;
	struct hrtimer		timer;
	u64			begin;
	u32			next;
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
	return bin < 16 ? bin : (u64)(8 + bin % 8) << (bin / 8 - 1);
}

static u32 bin_of(u64 ns)
{
	u32 shift;

	if (ns < 8)
		return ns;
	shift = ilog2(ns) - 3;
	return min_t(u32, 8 * shift + (ns >> shift), BENCH_BINS - 1);
}

static u64 due(const struct paced *p)
{
	return p->begin + (u64)p->next * p->run->pace_ns;
}

static void feed_next(struct paced *p)
{
	struct bench_result *result = p->result;
	struct sk_buff *skb;
	u64 ns;

	skb = bench_packets_make(p->run->dev, p->next, &p->run->change);
	if (skb) {
		netif_receive_skb(skb);
		ns = ktime_get_ns() - due(p);
		result->bin[bin_of(ns)]++;
		result->most_ns = max(result->most_ns, ns);
		result->fed++;
	}
	p->next++;
}

static int paced_poll(struct napi_struct *napi, int budget)
{
	struct paced *p = container_of(napi, struct paced, napi);
	int work = 0;

	while (p->next < p->run->count && ktime_get_ns() >= due(p)) {
		if (work == budget)
			return work;
		feed_next(p);
		work++;
	}
	if (work == budget)
		return work;
	napi_complete_done(napi, work);
	if (p->next < p->run->count)
		hrtimer_start(&p->timer, ns_to_ktime(due(p)),
			      HRTIMER_MODE_ABS_PINNED);
	else
		complete(&p->done);
	return work;
}

static enum hrtimer_restart paced_interrupt(struct hrtimer *timer)
{
	struct paced *p = container_of(timer, struct paced, timer);

	napi_schedule(&p->napi);
	return HRTIMER_NORESTART;
}

/**
 * bench_paced() - let packets arrive at their pace, and wait until all have
 * @run: what to do, for the CPU that this runs on
 * @result: zeroed
 *
 * Context: process, bound to a CPU.
 */
void bench_paced(const struct bench_run *run, struct bench_result *result)
{
	struct paced p = {
		.run	= run,
		.result	= result,
		.begin	= ktime_get_ns() + START_NS,
	};

	init_completion(&p.done);
#ifdef BENCH_HRTIMER_SETUP
	hrtimer_setup_on_stack(&p.timer, paced_interrupt, CLOCK_MONOTONIC,
			       HRTIMER_MODE_ABS_PINNED);
#else
	hrtimer_init_on_stack(&p.timer, CLOCK_MONOTONIC,
			      HRTIMER_MODE_ABS_PINNED);
	p.timer.function = paced_interrupt;
#endif
	netif_napi_add(run->dev, &p.napi, paced_poll);
	napi_enable(&p.napi);
	hrtimer_start(&p.timer, ns_to_ktime(p.begin), HRTIMER_MODE_ABS_PINNED);
	wait_for_completion(&p.done);
	hrtimer_cancel(&p.timer);
	destroy_hrtimer_on_stack(&p.timer);
	napi_disable(&p.napi);
	netif_napi_del(&p.napi);
}
