/* SPDX-License-Identifier: GPL-2.0-only */
/* Traffic statistics of servers, services and namespaces. */
#ifndef OPVS_STATS_H
#define OPVS_STATS_H

#include <linux/irqflags.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/types.h>
#include <linux/u64_stats_sync.h>

#include <opvs/sip.h>

/* What one CPU counted for one real server: the only counters packets write. */
struct opvs_stats_cpu {
	u64_stats_t		conns;
	u64_stats_t		inpkts;
	u64_stats_t		outpkts;
	u64_stats_t		inbytes;
	u64_stats_t		outbytes;
	struct u64_stats_sync	syncp;
};

/* The same numbers added up; bytes count from the IP header on. */
struct opvs_totals {
	u64	conns;
	u64	inpkts;
	u64	outpkts;
	u64	inbytes;
	u64	outbytes;
};

/* Rates per second as clients read them. */
struct opvs_rates {
	u64	cps;
	u64	inpps;
	u64	outpps;
	u64	inbps;
	u64	outbps;
};

#define OPVS_EST_PERIOD_MS	2000
#define OPVS_EST_SHIFT		10

/* Estimator of one object; cfg_lock. */
struct opvs_est {
	struct opvs_totals	last;		/* raw totals at the last pass */
	struct opvs_totals	rate;		/* per second << OPVS_EST_SHIFT */
	u64			stamp_ns;	/* time of the last pass, 0: none yet */
};

/**
 * struct opvs_stats - statistics kept beside a server, service or namespace
 * @retired: raw totals inherited from removed children (services, namespace)
 * @folded: how much of the own raw totals the parent has inherited already
 * @zero: raw totals at the last ZERO command; shown values are raw - zero
 * @est: rates
 *
 * All under cfg_lock; packets write only &struct opvs_stats_cpu.
 */
struct opvs_stats {
	struct opvs_totals	retired;
	struct opvs_totals	folded;
	struct opvs_totals	zero;
	struct opvs_est		est;
};

/* What one CPU counted for one real server of a service with an engine.  That a
 * datagram is of no kind is counted, too, and not shown: not to count it would
 * cost more.
 */
struct opvs_sip_cpu {
	u64	v[OPVS_SIP_KINDS];
};

/* The same numbers added up. */
struct opvs_sip_totals {
	u64	v[OPVS_SIP_KINDS];
};

/**
 * struct opvs_sip_dest - messages of a server
 * @cpu: counters that packets write
 * @folded: how much of them the service has inherited already; cfg_lock
 * @zero: sums at the last ZERO command; cfg_lock
 */
struct opvs_sip_dest {
	struct opvs_sip_cpu __percpu	*cpu;
	struct opvs_sip_totals		folded;
	struct opvs_sip_totals		zero;
};

/**
 * struct opvs_sip_svc - messages of a service, which are those of its servers
 * @retired: sums inherited from removed servers; cfg_lock
 * @zero: sums at the last ZERO command; cfg_lock
 */
struct opvs_sip_svc {
	struct opvs_sip_totals		retired;
	struct opvs_sip_totals		zero;
};

/**
 * opvs_stats_in_first() - count a request that was scheduled to a server
 * @cpu: the server's counters
 * @bytes: length from the IP header on
 *
 * Each one-packet entry is a connection of its own, as IPVS counts them.
 *
 * Context: softirq, or process context with BH disabled.
 */
static inline void opvs_stats_in_first(struct opvs_stats_cpu __percpu *cpu,
				       unsigned int bytes)
{
	struct opvs_stats_cpu *s = this_cpu_ptr(cpu);

	lockdep_assert_in_softirq();
	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->conns);
	u64_stats_inc(&s->inpkts);
	u64_stats_add(&s->inbytes, bytes);
	u64_stats_update_end(&s->syncp);
}

/**
 * opvs_stats_conn() - count a connection that a server began
 * @cpu: the server's counters
 *
 * Context: softirq, or process context with BH disabled.
 */
static inline void opvs_stats_conn(struct opvs_stats_cpu __percpu *cpu)
{
	struct opvs_stats_cpu *s = this_cpu_ptr(cpu);

	lockdep_assert_in_softirq();
	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->conns);
	u64_stats_update_end(&s->syncp);
}

/**
 * opvs_stats_in() - count a further request of a connection
 * @cpu: the server's counters
 * @bytes: length from the IP header on
 *
 * Context: softirq, or process context with BH disabled.
 */
static inline void opvs_stats_in(struct opvs_stats_cpu __percpu *cpu,
				 unsigned int bytes)
{
	struct opvs_stats_cpu *s = this_cpu_ptr(cpu);

	lockdep_assert_in_softirq();
	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->inpkts);
	u64_stats_add(&s->inbytes, bytes);
	u64_stats_update_end(&s->syncp);
}

/**
 * opvs_stats_out() - count a reply of a server
 * @cpu: the server's counters
 * @bytes: length from the IP header on
 *
 * Context: softirq, or process context with BH disabled.
 */
static inline void opvs_stats_out(struct opvs_stats_cpu __percpu *cpu,
				  unsigned int bytes)
{
	struct opvs_stats_cpu *s = this_cpu_ptr(cpu);

	lockdep_assert_in_softirq();
	u64_stats_update_begin(&s->syncp);
	u64_stats_inc(&s->outpkts);
	u64_stats_add(&s->outbytes, bytes);
	u64_stats_update_end(&s->syncp);
}

/**
 * opvs_sip_note() - count a SIP message
 * @cpu: counters of the server that gets or sends it
 * @kind: what it is
 *
 * Context: softirq, or process context with BH disabled.
 */
static inline void opvs_sip_note(struct opvs_sip_cpu __percpu *cpu,
				 enum opvs_sip_kind kind)
{
	lockdep_assert_in_softirq();
	__this_cpu_inc(cpu->v[kind]);
}

void opvs_stats_read(const struct opvs_stats_cpu *cpu, struct opvs_totals *one);
void opvs_stats_sum(const struct opvs_stats_cpu __percpu *cpu,
		    struct opvs_totals *sum);

void opvs_totals_add(struct opvs_totals *to, const struct opvs_totals *what);
void opvs_totals_sub(struct opvs_totals *from, const struct opvs_totals *what);

void opvs_est_update(struct opvs_est *est, const struct opvs_totals *now,
		     u64 now_ns);
void opvs_est_read(const struct opvs_est *est, struct opvs_rates *rates);

#endif /* OPVS_STATS_H */
