// SPDX-License-Identifier: GPL-2.0-only
/* Event counters of a namespace: names and sums. */
#include <opvs/counters.h>

#include <opvs/kunit.h>
#include <opvs/netns.h>

#define OPVS_CTR_NAME(name, text, ...)	\
	[OPVS_CTR_##name] = (text),
static const char *const opvs_counter_names[OPVS_CTR_MAX] = {
	[OPVS_CTR_NONE] = "none",
	OPVS_REQUEST_VERDICTS(OPVS_CTR_NAME, OPVS_CTR_NAME)
	OPVS_OTHER_VERDICTS(OPVS_CTR_NAME, OPVS_CTR_NAME)
	OPVS_EVENT_COUNTERS(OPVS_CTR_NAME)
};

/**
 * opvs_counter_name() - the name under which users read a counter
 * @ctr: any counter below OPVS_CTR_MAX
 *
 * Context: any.
 * Return: a constant string: lower case, fit for a file name.
 */
const char *opvs_counter_name(enum opvs_ctr ctr)
{
	return opvs_counter_names[ctr];
}
EXPORT_SYMBOL_IF_KUNIT(opvs_counter_name);

/**
 * opvs_counter_read() - a counter's value, summed over all CPUs
 * @ctr: any counter below OPVS_CTR_MAX
 *
 * Context: any, lock-free.  A counter that moves meanwhile is read at some
 * moment during the call; at rest the sum is exact.
 * Return: events since the namespace came up.
 */
u64 opvs_counter_read(const struct opvs_net *on, enum opvs_ctr ctr)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(on->counters, cpu)->v[ctr]);
	return sum;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_counter_read);
