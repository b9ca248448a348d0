// SPDX-License-Identifier: GPL-2.0-only
/* Servers that would be other ones: as the user names them, and whether the
 * service has them.
 */
#include "explain_do.h"

#include "adm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

static const char *const options[] = {
	[OPVS_CHANGE_KIND_WITHOUT]	= "--without",
	[OPVS_CHANGE_KIND_WITH]		= "--with",
	[OPVS_CHANGE_KIND_WEIGHT]	= "--weight",
};

/* SERVER=W: cuts off the weight. */
static bool take_weight(char *text, int64_t *weight)
{
	char *sign = strrchr(text, '=');
	unsigned long long number;

	*weight = -1;
	if (!sign)
		return true;
	*sign = '\0';
	if (!name_parse_number(sign + 1, INT32_MAX, &number))
		return false;
	*weight = number;
	return true;
}

/**
 * explain_read_change() - reads one change more from a command line
 * @changes: gets it
 * @kind: OPVS_CHANGE_KIND_*
 * @option: the option, for messages
 * @text: SERVER, SERVER=WEIGHT
 *
 * Return: a status of the program; if that is not ADM_OK, the user was told.
 */
int explain_read_change(struct explain_changes *changes, uint8_t kind,
			const char *option, const char *text)
{
	struct explain_change *change = &changes->list[changes->count];
	char copy[NAME_SIZE + 16];

	if (changes->count == EXPLAIN_CHANGES_MAX)
		return adm_bad_usage("%s %s: only %d servers can be changed at a time",
				     option, text, EXPLAIN_CHANGES_MAX);
	change->kind = kind;
	change->text = text;
	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy) ||
	    !take_weight(copy, &change->weight) ||
	    !name_parse_endpoint(copy, &change->addr, &change->port) ||
	    (change->weight >= 0 && kind == OPVS_CHANGE_KIND_WITHOUT) ||
	    (change->weight < 0 && kind == OPVS_CHANGE_KIND_WEIGHT))
		return adm_bad_usage("%s takes ADDRESS[:PORT]%s, not '%s'",
				     option,
				     kind == OPVS_CHANGE_KIND_WITHOUT ? "" :
				     kind == OPVS_CHANGE_KIND_WITH ?
				     "[=WEIGHT]" : "=WEIGHT", text);
	changes->count++;
	return ADM_OK;
}

static bool is_server(const struct explain_change *change,
		      const struct snap_dest *dest)
{
	return dest->addr.family == change->addr.family &&
	       memcmp(dest->addr.bytes, change->addr.bytes,
		      sizeof(dest->addr.bytes)) == 0 &&
	       (change->port < 0 || change->port == dest->port);
}

static size_t count_servers(const struct explain_change *change,
			    const struct snap_service *service,
			    const struct snap_dest **last)
{
	size_t i, count = 0;

	for (i = 0; i < service->count; i++) {
		if (!is_server(change, &service->dests[i]))
			continue;
		*last = &service->dests[i];
		count++;
	}
	return count;
}

/**
 * explain_has_server() - has a service the server that is meant?
 * @change: names it
 * @service: the service, with its servers
 *
 * Return: whether it has.
 */
bool explain_has_server(const struct explain_change *change,
			const struct snap_service *service)
{
	const struct snap_dest *dest;

	return count_servers(change, service, &dest);
}

/* The first few of a service's servers. */
static void name_servers(const struct snap_service *service, char *text,
			 size_t size)
{
	char name[NAME_SIZE];
	size_t i, length = 0;

	snprintf(text, size, "none");
	for (i = 0; i < service->count; i++) {
		if (length + 2 * sizeof(name) > size) {
			snprintf(text + length, size - length, " and others");
			return;
		}
		length += snprintf(text + length, size - length, "%s%s",
				   i ? ", " : "",
				   name_endpoint(&service->dests[i].addr,
						 service->dests[i].port, name,
						 sizeof(name)));
	}
}

static int refuse(const struct explain_change *change,
		  const struct snap_service *service, size_t count)
{
	char name[NAME_SIZE], servers[512];
	const char *option = options[change->kind];

	name_service_text(&service->name, name, sizeof(name));
	name_servers(service, servers, sizeof(servers));
	if (change->addr.family != service->name.addr.family)
		adm_err("%s %s is of another family than the service %s",
			option, change->text, name);
	else if (change->kind == OPVS_CHANGE_KIND_WITH)
		adm_err("%s %s: %s has this server; --weight changes it",
			option, change->text, name);
	else if (count)
		adm_err("%s %s: %s has several servers of this address; add a port",
			option, change->text, name);
	else
		adm_err("%s %s: %s has no such server; it has %s",
			option, change->text, name, servers);
	return ADM_FAILED;
}

static bool is_named_twice(const struct explain_changes *changes, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (changes->list[i].port == changes->list[n].port &&
		    memcmp(&changes->list[i].addr, &changes->list[n].addr,
			   sizeof(changes->list[n].addr)) == 0)
			return true;
	return false;
}

/**
 * explain_fit_changes() - changes, as they are for a service
 * @changes: as the user wrote them
 * @service: the service, with its servers
 * @fitting: the same, each with a port
 *
 * Return: a status of the program; if that is not ADM_OK, the user was told
 * which cannot be.
 */
int explain_fit_changes(const struct explain_changes *changes,
			const struct snap_service *service,
			struct explain_changes *fitting)
{
	size_t i;

	fitting->count = 0;
	for (i = 0; i < changes->count; i++) {
		struct explain_change *change = &fitting->list[i];
		const struct snap_dest *dest = NULL;
		size_t count, wanted;

		*change = changes->list[i];
		wanted = change->kind == OPVS_CHANGE_KIND_WITH ? 0 : 1;
		if (change->kind == OPVS_CHANGE_KIND_WITH && change->port < 0)
			change->port = service->name.port;
		count = count_servers(change, service, &dest);
		if (count != wanted)
			return refuse(change, service, count);
		if (dest)
			change->port = dest->port;
		if (is_named_twice(fitting, i)) {
			adm_err("%s %s: what becomes of this server is said twice",
				options[change->kind], change->text);
			return ADM_FAILED;
		}
		fitting->count++;
	}
	return ADM_OK;
}

/* A packet for a service that was named. That of a mark has no address, so that
 * the host sends it, to itself.
 */
static void address_service(struct explain_question *question,
			    const struct name_service *name)
{
	question->virtual = name->addr;
	question->virtual_port = name->port ? name->port : 5060;
	question->protocol = name->protocol;
	if (!name->fwmark)
		return;
	question->fwmark = name->fwmark;
	question->from_host = true;
	question->protocol = IPPROTO_UDP;
	name_parse_addr(name->addr.family == AF_INET6 ? "::1" : "127.0.0.1",
			&question->virtual);
}

static const struct snap_service *same_service(const struct snap *snap,
					       const struct name_service *name)
{
	size_t i;

	for (i = 0; i < snap->count; i++)
		if (name_same_service(&snap->services[i].name, name))
			return &snap->services[i];
	return NULL;
}

static int find_by_tuple(struct explain_order *order,
			 const struct snap_service **service)
{
	struct explain_question question = order->question;
	struct explain_answer answer;
	char virtual[NAME_SIZE];
	int err;

	question.changes = NULL;
	question.key = NULL;
	question.later = false;
	err = explain_one(&order->nl, &question, false, &answer);
	explain_answer_free(&answer);
	if (err)
		return explain_failed(order, err);
	if (answer.has_service)
		*service = same_service(&order->snap, &answer.service);
	if (*service)
		return ADM_OK;
	adm_err("no service takes packets to %s, so that nothing can be asked about its calls and servers; 'ipvsadm -Ln' shows all services",
		name_endpoint(&question.virtual, question.virtual_port, virtual,
			      sizeof(virtual)));
	return ADM_FAILED;
}

/**
 * explain_service() - the service that the user means
 * @order: the order; if it names a service, its question gets the address
 * @service: becomes the service, with its servers
 *
 * Return: a status of the program; if that is not ADM_OK, the user was told.
 */
int explain_service(struct explain_order *order,
		    const struct snap_service **service)
{
	struct snap_service *found;
	int status = ADM_OK;

	*service = NULL;
	if (!order->snap.count && snap_services(&order->nl, &order->snap))
		return ADM_FAILED;
	if (order->service)
		*service = snap_find(&order->snap, order->service);
	else
		status = find_by_tuple(order, service);
	if (!*service)
		return status ? status : ADM_FAILED;
	if (order->service)
		address_service(&order->question, &(*service)->name);
	found = order->snap.services + (*service - order->snap.services);
	return !found->dests && snap_dests(&order->nl, found) ? ADM_FAILED :
								 ADM_OK;
}

/**
 * explain_failed() - tells the user that the kernel refused a question
 * @order: the order
 * @err: of adm_talk()
 *
 * Return: a status of the program.
 */
int explain_failed(struct explain_order *order, int err)
{
	if (err == -ENOMEM && !order->nl.text[0])
		adm_err("the question is too long, or there is no memory for it");
	else
		adm_err("the kernel does not explain this: %s",
			adm_reason(&order->nl, err));
	return ADM_FAILED;
}
