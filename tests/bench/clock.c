// SPDX-License-Identifier: GPL-2.0-only
/*
 * The time that a CPU works.
 *
 * User Mode Linux is a process: its host lets it wait when other programs want
 * the processor, and its own clock goes on meanwhile.  What it has had of the
 * processor only the host knows, and is asked by a system call, as this kernel's
 * own calls of its host are not there for modules.  Elsewhere the kernel's clock
 * will do, less the time in which the CPU was idle.
 */
#include "clock.h"

#include <linux/kernel_stat.h>
#include <linux/ktime.h>
#include <linux/smp.h>
#include <linux/tick.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>

#ifdef CONFIG_UML
#include <asm/unistd.h>

static u64 host_cpu_ns(void)
{
	struct timespec64 time = {};
	long err;

	asm volatile("syscall" : "=a" (err)
		     : "0" (__NR_clock_gettime),
		       "D" (CLOCK_PROCESS_CPUTIME_ID), "S" (&time)
		     : "rcx", "r11", "memory");
	return err ? 0 : timespec64_to_ns(&time);
}
#endif

/**
 * bench_cpu_ns() - a clock that goes while this CPU runs
 *
 * Context: any, bound to a CPU.
 * Return: nanoseconds since some moment; only of a machine that is a process,
 * without the time in which its host had something else to do.
 */
u64 bench_cpu_ns(void)
{
#ifdef CONFIG_UML
	return host_cpu_ns();
#else
	return ktime_get_ns();
#endif
}

/**
 * bench_work_ns() - a clock that goes while this CPU has something to do
 *
 * Context: any, bound to a CPU.
 * Return: nanoseconds since some moment.
 */
u64 bench_work_ns(void)
{
#ifdef CONFIG_UML
	return host_cpu_ns();
#else
	return ktime_get_ns() - get_cpu_idle_time_us(raw_smp_processor_id(),
						     NULL) * NSEC_PER_USEC;
#endif
}
