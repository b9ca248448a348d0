// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters of SIP messages.
 *
 * Packets count a message once, per CPU, for the server that it goes to or comes
 * from; a service is the sum of its servers, and inherits what removed ones
 * counted, as with other statistics (totals.c).  All engines read SIP, so that
 * any service with an engine counts.
 *
 * Servers of other services have no such counters.  They are made when the
 * server or its service gets an engine, and stay as long as the server, so that
 * a packet that found them may use them however long it takes.  What tells
 * packets to count, and where, is opvs_dest.sip_cpu; without an engine it is
 * NULL.
 */
#include <opvs/svc.h>

#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/stats.h>

#include <linux/cpumask.h>
#include <linux/slab.h>

static void sip_sum(const struct opvs_sip_dest *sip,
		    struct opvs_sip_totals *sum)
{
	int cpu, kind;

	*sum = (struct opvs_sip_totals){};
	for_each_possible_cpu(cpu) {
		const struct opvs_sip_cpu *one = per_cpu_ptr(sip->cpu, cpu);

		for (kind = 0; kind < OPVS_SIP_KINDS; kind++)
			sum->v[kind] += READ_ONCE(one->v[kind]);
	}
}

static void sip_add(struct opvs_sip_totals *to,
		    const struct opvs_sip_totals *what)
{
	int kind;

	for (kind = 0; kind < OPVS_SIP_KINDS; kind++)
		to->v[kind] += what->v[kind];
}

static void sip_sub(struct opvs_sip_totals *from,
		    const struct opvs_sip_totals *what)
{
	int kind;

	for (kind = 0; kind < OPVS_SIP_KINDS; kind++)
		from->v[kind] -= what->v[kind];
}

static struct opvs_sip_dest *sip_dest_new(void)
{
	struct opvs_sip_dest *sip = kzalloc(sizeof(*sip), GFP_KERNEL_ACCOUNT);

	if (!sip)
		return NULL;
	sip->cpu = alloc_percpu_gfp(struct opvs_sip_cpu, GFP_KERNEL_ACCOUNT);
	if (sip->cpu)
		return sip;
	kfree(sip);
	return NULL;
}

/**
 * opvs_sip_dest_free() - free a server's counters
 * @sip: they; or NULL
 *
 * Context: process; a grace period after the last packet could find them.
 */
void opvs_sip_dest_free(struct opvs_sip_dest *sip)
{
	if (!sip)
		return;
	free_percpu(sip->cpu);
	kfree(sip);
}

/* Room for a server's counters, which packets do not know of yet. */
static int expect_dest(struct opvs_dest *dest)
{
	if (!dest->sip)
		dest->sip = sip_dest_new();
	return dest->sip ? 0 : -ENOMEM;
}

/**
 * opvs_sip_expect() - make ready to count a service's messages
 * @svc: service
 * @conf: configuration that it is to get
 *
 * Context: process, cfg_lock held.
 * Return: 0; -ENOMEM, and nothing has changed that can be seen.
 */
int opvs_sip_expect(struct opvs_svc *svc, const struct opvs_svc_conf *conf)
{
	struct opvs_dest *dest;
	int err = 0;

	lockdep_assert_held(&svc->on->cfg_lock);

	if (!conf->pe)
		return 0;
	if (!svc->sip)
		svc->sip = kzalloc(sizeof(*svc->sip), GFP_KERNEL_ACCOUNT);
	if (!svc->sip)
		return -ENOMEM;
	list_for_each_entry(dest, &svc->dests, list) {
		err = expect_dest(dest);
		if (err)
			break;
	}
	return err;
}

static void tell_packets(struct opvs_dest *dest)
{
	struct opvs_sip_cpu __percpu *cpu = NULL;

	if (dest->svc->conf.pe)
		cpu = dest->sip->cpu;
	/* Packets must see the counters zeroed. */
	smp_store_release(&dest->sip_cpu, cpu);
}

/**
 * opvs_sip_apply() - count messages, or no longer, as the configuration has it
 * @svc: service; opvs_sip_expect() made it ready
 *
 * Context: process, cfg_lock held.
 */
void opvs_sip_apply(struct opvs_svc *svc)
{
	struct opvs_dest *dest;

	lockdep_assert_held(&svc->on->cfg_lock);

	list_for_each_entry(dest, &svc->dests, list)
		tell_packets(dest);
}

/**
 * opvs_sip_start() - count a server's messages as its service's configuration
 * has it
 * @dest: server that packets are about to see
 *
 * Context: process, cfg_lock held.
 * Return: 0 or -ENOMEM.
 */
int opvs_sip_start(struct opvs_dest *dest)
{
	int err = 0;

	lockdep_assert_held(&dest->svc->on->cfg_lock);

	if (dest->svc->conf.pe)
		err = expect_dest(dest);
	if (!err)
		tell_packets(dest);
	return err;
}

/**
 * opvs_sip_retire_dest() - a service inherits its server's counters
 * @dest: unlinked server
 *
 * Context: process, cfg_lock held.
 */
void opvs_sip_retire_dest(struct opvs_dest *dest)
{
	struct opvs_sip_dest *sip = dest->sip;
	struct opvs_sip_totals raw, grown;

	lockdep_assert_held(&dest->svc->on->cfg_lock);

	if (!sip)
		return;
	sip_sum(sip, &raw);
	grown = raw;
	sip_sub(&grown, &sip->folded);
	sip_add(&dest->svc->sip->retired, &grown);
	sip->folded = raw;
}

/**
 * opvs_sip_revive_dest() - a server that comes back counts for itself again
 * @dest: linked server that was retired
 *
 * Context: process, cfg_lock held.
 */
void opvs_sip_revive_dest(struct opvs_dest *dest)
{
	struct opvs_sip_dest *sip = dest->sip;

	lockdep_assert_held(&dest->svc->on->cfg_lock);

	if (!sip)
		return;
	sip_sub(&dest->svc->sip->retired, &sip->folded);
	sip->folded = (struct opvs_sip_totals){};
}

static void svc_raw(const struct opvs_svc *svc, struct opvs_sip_totals *raw)
{
	struct opvs_sip_totals one;
	struct opvs_dest *dest;

	*raw = svc->sip->retired;
	list_for_each_entry(dest, &svc->dests, list) {
		if (!dest->sip)
			continue;
		sip_sum(dest->sip, &one);
		sip_add(raw, &one);
	}
}

/**
 * opvs_sip_zero_dest() - start a server's counters anew
 * @dest: server
 *
 * Context: process, cfg_lock held.
 */
void opvs_sip_zero_dest(struct opvs_dest *dest)
{
	lockdep_assert_held(&dest->svc->on->cfg_lock);

	if (dest->sip)
		sip_sum(dest->sip, &dest->sip->zero);
}

/**
 * opvs_sip_zero_svc() - start a service's own sums anew
 * @svc: service
 *
 * Context: process, cfg_lock held.
 */
void opvs_sip_zero_svc(struct opvs_svc *svc)
{
	lockdep_assert_held(&svc->on->cfg_lock);

	if (svc->sip)
		svc_raw(svc, &svc->sip->zero);
}

/**
 * opvs_sip_dest_shown() - a server's messages since the last ZERO
 * @dest: server of a service with an engine
 * @shown: by their kind
 *
 * Context: process, cfg_lock held.
 */
void opvs_sip_dest_shown(const struct opvs_dest *dest,
			 struct opvs_sip_totals *shown)
{
	lockdep_assert_held(&dest->svc->on->cfg_lock);

	sip_sum(dest->sip, shown);
	sip_sub(shown, &dest->sip->zero);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sip_dest_shown);

/**
 * opvs_sip_svc_shown() - a service's messages since the last ZERO
 * @svc: service with an engine
 * @shown: by their kind
 *
 * Context: process, cfg_lock held.
 */
void opvs_sip_svc_shown(const struct opvs_svc *svc,
			struct opvs_sip_totals *shown)
{
	lockdep_assert_held(&svc->on->cfg_lock);

	svc_raw(svc, shown);
	sip_sub(shown, &svc->sip->zero);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sip_svc_shown);
