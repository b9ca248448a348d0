/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads that do the same thing at the same moment, many times.  On one
 * processor they take turns; there the rounds show that nothing is lost or
 * counted twice, and only several show who wins.
 */
#ifndef OPVS_RACE_FIXTURE_H
#define OPVS_RACE_FIXTURE_H

#include <kunit/test.h>

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/processor.h>
#include <linux/sched.h>
#include <linux/wait_bit.h>

#define RACE_THREADS	4

/* Meetings take their time, above all where the processors are emulated, and one
 * processor alone has no race to win.
 */
#define RACE_ROUNDS	(num_online_cpus() == 1 ? 3000 : \
			 IS_ENABLED(CONFIG_KASAN) ? 2000 : 100000)

/* Looks at a counter that is about to change, before a thread goes to sleep. */
#define RACE_SPINS	300

struct race;

struct race_thread {
	struct race		*race;
	unsigned int		id;
	unsigned int		met;
	struct completion	done;
};

/**
 * struct race - a race
 * @threads: how many run
 * @rounds: how often
 * @run: what each does in a round
 * @judge: called by one of them when all are through with it; may be NULL
 * @arrived: meetings so far, of all together
 * @ready: rounds that they are about to begin, of all together
 * @failures: what went wrong; the test expects 0
 * @thread: they
 */
struct race {
	unsigned int		threads;
	unsigned int		rounds;
	void			(*run)(struct race *race, unsigned int id,
				       unsigned int round);
	void			(*judge)(struct race *race, unsigned int round);
	atomic_t		arrived;
	atomic_t		ready;
	atomic_t		failures;
	struct race_thread	thread[RACE_THREADS];
};

static void race_spin(const atomic_t *counter, int end)
{
	unsigned int spins = num_online_cpus() > 1 ? RACE_SPINS : 0;

	while (spins-- && atomic_read(counter) < end)
		cpu_relax();
}

/* No thread leaves before all have come. */
static void race_meet(struct race_thread *me)
{
	struct race *race = me->race;
	int all = ++me->met * race->threads;

	if (atomic_inc_return(&race->arrived) == all)
		wake_up_var(&race->arrived);
	race_spin(&race->arrived, all);
	wait_var_event(&race->arrived, atomic_read(&race->arrived) >= all);
}

/* A thread that was asleep at the meeting is given time to wake up. */
static void race_align(struct race *race, unsigned int round)
{
	atomic_inc(&race->ready);
	race_spin(&race->ready, (round + 1) * race->threads);
}

static int race_thread(void *data)
{
	struct race_thread *me = data;
	struct race *race = me->race;
	unsigned int round;

	for (round = 0; round < race->rounds; round++) {
		race_meet(me);
		race_align(race, round);
		race->run(race, me->id, round);
		race_meet(me);
		if (!me->id && race->judge)
			race->judge(race, round);
		if (!(round % 64))
			cond_resched();
	}
	/* Not before the last line of this module: it may go now. */
	kthread_complete_and_exit(&me->done, 0);
}

static inline void race_expect(struct race *race, bool ok)
{
	if (!ok)
		atomic_inc(&race->failures);
}

/* Each thread on a processor of its own, as far as there are so many. */
static void race_run(struct kunit *test, struct race *race)
{
	unsigned int i, cpu = cpumask_first(cpu_online_mask);
	struct task_struct *task[RACE_THREADS];

	for (i = 0; i < race->threads; i++) {
		race->thread[i] = (struct race_thread){ .race = race, .id = i };
		init_completion(&race->thread[i].done);
		task[i] = kthread_create(race_thread, &race->thread[i],
					 "opvs-race/%u", i);
		if (IS_ERR(task[i]))
			break;
		kthread_bind(task[i], cpu);
		cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_online_mask);
	}
	if (i < race->threads) {
		while (i--)
			kthread_stop(task[i]);
		KUNIT_FAIL(test, "no threads");
		return;
	}
	for (i = 0; i < race->threads; i++)
		wake_up_process(task[i]);
	/* In short waits, as one of minutes would be taken for a deadlock. */
	for (i = 0; i < race->threads; i++)
		while (!wait_for_completion_timeout(&race->thread[i].done, HZ))
			;
	KUNIT_EXPECT_EQ(test, atomic_read(&race->failures), 0);
}

#endif /* OPVS_RACE_FIXTURE_H */
