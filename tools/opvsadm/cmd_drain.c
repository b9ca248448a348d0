// SPDX-License-Identifier: GPL-2.0-only
/* opvsadm drain: services whose calls or connections are to end somewhere. */
#include "adm.h"
#include "out.h"
#include "snap.h"

#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

enum { COL_SERVICE, COL_SECONDS, COL_CALLS, COL_SERVERS, COL_COUNT };

static const struct out_column columns[COL_COUNT] = {
	[COL_SERVICE]	= { .key = "service", .title = "SERVICE" },
	[COL_SECONDS]	= { .key = "seconds", .title = "LEFT", .number = true },
	[COL_CALLS]	= { .key = "remembered", .title = "REMEMBERED",
			    .number = true },
	[COL_SERVERS]	= { .key = "servers", .title = "SERVERS OF WEIGHT 0" },
};

static bool has_weightless(const struct snap_service *service)
{
	size_t i;

	for (i = 0; i < service->count; i++)
		if (!service->dests[i].weight)
			return true;
	return false;
}

static struct json_object *server_json(const struct snap_dest *dest,
				       const char *name)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "server", json_object_new_string(name));
	json_object_object_add(object, "active",
			       json_object_new_uint64(dest->active));
	json_object_object_add(object, "inactive",
			       json_object_new_uint64(dest->inactive));
	json_object_object_add(object, "calls",
			       json_object_new_uint64(dest->calls));
	json_object_object_add(object, "templates",
			       json_object_new_uint64(dest->persistent));
	return object;
}

/* "10.2.1.2:5060 (3 active, 1 inactive)", with all of them one after another. */
static void show_servers(struct out *out, const struct snap_service *service)
{
	struct json_object *list = adm_opt.json ? json_object_new_array() : NULL;
	char text[1024] = "", name[NAME_SIZE];
	size_t i, length = 0;

	for (i = 0; i < service->count; i++) {
		const struct snap_dest *dest = &service->dests[i];

		if (dest->weight)
			continue;
		name_endpoint(&dest->addr, dest->port, name, sizeof(name));
		if (list)
			json_object_array_add(list, server_json(dest, name));
		if (length + sizeof(name) + 64 < sizeof(text))
			length += snprintf(text + length, sizeof(text) - length,
					   "%s%s (%u active, %u inactive)",
					   length ? ", " : "", name,
					   dest->active, dest->inactive);
	}
	out_json(out, COL_SERVERS, list, text);
}

static void show(struct out *out, const struct snap_service *service)
{
	char text[NAME_SIZE];

	out_row(out);
	out_text(out, COL_SERVICE,
		 name_service_text(&service->name, text, sizeof(text)));
	/* It ends by itself, or by what is done with the servers. */
	if (service->drain_seconds)
		out_number(out, COL_SECONDS, service->drain_seconds);
	else
		out_json(out, COL_SECONDS, NULL, "-");
	out_number(out, COL_CALLS, service->exceptions);
	show_servers(out, service);
}

static int show_one(struct adm_nl *nl, struct out *out,
		    struct snap_service *service)
{
	int err = snap_dests(nl, service);

	if (!err && (service->drains || has_weightless(service)))
		show(out, service);
	return err;
}

static int show_all(struct adm_nl *nl, struct out *out, int count, char **names)
{
	const struct snap_service *found;
	struct snap snap;
	size_t i;
	int n, err = snap_services(nl, &snap);

	for (i = 0; !count && i < snap.count && !err; i++)
		err = show_one(nl, out, &snap.services[i]);
	for (n = 0; n < count && !err; n++) {
		found = snap_find(&snap, names[n]);
		err = found ? show_one(nl, out, snap.services +
				       (found - snap.services)) : -1;
	}
	snap_free(&snap);
	return err;
}

/**
 * cmd_drain() - shows the services that drain
 * @argc: number of arguments
 * @argv: the command, and services if not all are meant
 *
 * Return: a status of the program.
 */
int cmd_drain(int argc, char **argv)
{
	struct adm_nl nl;
	struct out out;
	int err, status;

	if (argc > 1 && argv[1][0] == '-')
		return adm_bad_usage("drain has no option '%s'", argv[1]);
	if (adm_open(&nl, OPVS_GENL_NAME))
		return ADM_FAILED;
	if (out_begin(&out, columns, COL_COUNT)) {
		adm_close(&nl);
		return ADM_FAILED;
	}
	err = show_all(&nl, &out, argc - 1, argv + 1);
	status = out_end(&out);
	adm_close(&nl);
	return err ? ADM_FAILED : status;
}
