// SPDX-License-Identifier: GPL-2.0-only
/* The persistence engines that this module has. */
#include <opvs/pe.h>

#include <opvs/kunit.h>

#include <linux/kernel.h>
#include <linux/string.h>

static const struct opvs_pe_ops *const engines[] = {
	&opvs_pe_sip,
};

/**
 * opvs_pe_find() - look up a persistence engine by its name
 * @name: zero-terminated, compared with case
 *
 * Context: any. Engines are constant, so the result needs no reference.
 * Return: the engine, or NULL if there is none of that name.
 */
const struct opvs_pe_ops *opvs_pe_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(engines); i++)
		if (!strcmp(engines[i]->name, name))
			return engines[i];
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_pe_find);

/**
 * opvs_pe_nth() - one persistence engine after the other
 * @n: from 0
 *
 * Context: any.
 * Return: the engine, a constant; NULL behind the last one.
 */
const struct opvs_pe_ops *opvs_pe_nth(size_t n)
{
	return n < ARRAY_SIZE(engines) ? engines[n] : NULL;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_pe_nth);
