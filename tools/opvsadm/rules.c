// SPDX-License-Identifier: GPL-2.0-only
/* A whole configuration in memory. */
#include "rules.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

/* By what names a service. A struct rules_service begins with its service. */
static int compare(const void *one, const void *other)
{
	const struct ipvs_service *a = one, *b = other;
	int result = a->af - b->af;

	if (!result)
		result = (a->fwmark > b->fwmark) - (a->fwmark < b->fwmark);
	if (result || a->fwmark)
		return result;
	result = a->protocol - b->protocol;
	if (!result)
		result = memcmp(&a->addr, &b->addr, sizeof(a->addr));
	return result ? result : a->port - b->port;
}

/**
 * rules_find() - a service by its name
 * @rules: the configuration
 * @name: a service of that name
 *
 * Return: the service, or NULL.
 */
struct rules_service *rules_find(const struct rules *rules,
				 const struct ipvs_service *name)
{
	struct rules_service **found = tfind(name, (void **)&rules->index,
					     compare);

	return found ? *found : NULL;
}

/**
 * rules_add() - adds a service
 * @rules: the configuration, without one of that name
 * @svc: the service
 *
 * Return: the service, or NULL for lack of memory.
 */
struct rules_service *rules_add(struct rules *rules,
				const struct ipvs_service *svc)
{
	struct rules_service *added, **more;

	if (rules->count == rules->room) {
		more = reallocarray(rules->services, rules->room * 2 + 16,
				    sizeof(*more));
		if (!more)
			return NULL;
		rules->services = more;
		rules->room = rules->room * 2 + 16;
	}
	added = calloc(1, sizeof(*added));
	if (!added)
		return NULL;
	added->svc = *svc;
	if (!tsearch(added, &rules->index, compare)) {
		free(added);
		return NULL;
	}
	rules->services[rules->count++] = added;
	return added;
}

/**
 * rules_find_dest() - a server of a service
 * @of: the service
 * @name: a server of that address and port
 *
 * Return: the server, or NULL.
 */
struct ipvs_dest *rules_find_dest(const struct rules_service *of,
				  const struct ipvs_dest *name)
{
	size_t i;

	for (i = 0; i < of->dests.count; i++) {
		struct ipvs_dest *dest = &of->dests.list[i];

		if (dest->port == name->port && dest->af == name->af &&
		    memcmp(&dest->addr, &name->addr, sizeof(dest->addr)) == 0)
			return dest;
	}
	return NULL;
}

/**
 * rules_add_dest() - adds a server to a service
 * @of: the service
 * @dest: the server
 *
 * Return: 0 or ENOMEM.
 */
int rules_add_dest(struct rules_service *of, const struct ipvs_dest *dest)
{
	struct ipvs_dests *dests = &of->dests;
	struct ipvs_dest *more;

	if (dests->count == dests->room) {
		more = reallocarray(dests->list, dests->room * 2 + 4,
				    sizeof(*more));
		if (!more)
			return -ENOMEM;
		dests->list = more;
		dests->room = dests->room * 2 + 4;
	}
	dests->list[dests->count++] = *dest;
	return 0;
}

/**
 * rules_free() - frees a configuration
 * @rules: the configuration, which is empty then
 */
void rules_free(struct rules *rules)
{
	size_t i;

	for (i = 0; i < rules->count; i++) {
		tdelete(rules->services[i], &rules->index, compare);
		free(rules->services[i]->dests.list);
		free(rules->services[i]);
	}
	free(rules->services);
	free(rules->policies.list);
	free(rules->settings.list);
	memset(rules, 0, sizeof(*rules));
}
