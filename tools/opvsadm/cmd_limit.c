// SPDX-License-Identifier: GPL-2.0-only
/* opvsadm limit: how many entries there may be, and are. */
#include "adm.h"
#include "change.h"
#include "out.h"
#include "table.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

/* Nothing new may pass. */
#define LIMIT_NONE_NEW	UINT32_MAX

/* The most that the kernel counts. */
#define LIMIT_MOST	1073741824U

enum { COL_SCOPE, COL_SERVICE, COL_LIMIT, COL_ENTRIES, COL_COUNT };

static const struct out_column columns[COL_COUNT] = {
	[COL_SCOPE]	= { .key = "scope" },
	[COL_SERVICE]	= { .key = "service", .title = "OF" },
	[COL_LIMIT]	= { .key = "limit", .title = "LIMIT", .number = true },
	[COL_ENTRIES]	= { .key = "entries", .title = "ENTRIES",
			    .number = true },
};

/* No limit is null in JSON; 0 lets nothing new pass. */
static void show(struct out *out, const char *service, uint32_t limit,
		 uint32_t entries)
{
	out_row(out);
	out_text(out, COL_SCOPE, service ? "service" : "namespace");
	if (service)
		out_text(out, COL_SERVICE, service);
	else
		out_json(out, COL_SERVICE, NULL, "the namespace");
	if (!limit)
		out_json(out, COL_LIMIT, NULL, "none");
	else if (limit == LIMIT_NONE_NEW)
		out_number(out, COL_LIMIT, 0);
	else
		out_number(out, COL_LIMIT, limit);
	out_number(out, COL_ENTRIES, entries);
}

static int show_all(struct adm_nl *nl, struct out *out)
{
	char text[NAME_SIZE];
	struct table table;
	struct snap snap;
	size_t i;
	int err;

	err = table_get(nl, &table);
	if (err)
		return err;
	show(out, NULL, table.conn_max, table.conns);
	err = snap_services(nl, &snap);
	for (i = 0; i < snap.count && !err; i++)
		show(out, name_service_text(&snap.services[i].name, text,
					    sizeof(text)),
		     snap.services[i].conn_max, snap.services[i].conns);
	snap_free(&snap);
	return err;
}

static int limit_list(int argc, char **argv)
{
	struct adm_nl nl;
	struct out out;
	int err, status;

	if (argc > 1)
		return adm_bad_usage("limit list takes no '%s'", argv[1]);
	if (adm_open(&nl, OPVS_GENL_NAME))
		return ADM_FAILED;
	if (out_begin(&out, columns, COL_COUNT)) {
		adm_close(&nl);
		return ADM_FAILED;
	}
	err = show_all(&nl, &out);
	status = out_end(&out);
	adm_close(&nl);
	return err ? ADM_FAILED : status;
}

static int set_namespace(uint32_t limit)
{
	struct adm_nl nl;
	int err;

	if (adm_open(&nl, OPVS_GENL_NAME))
		return ADM_FAILED;
	err = table_set_max(&nl, limit);
	adm_close(&nl);
	return err ? ADM_FAILED : ADM_OK;
}

static int limit_set(int argc, char **argv)
{
	struct change_service change = { 0 };
	unsigned long long number = 0;
	uint32_t limit;

	if (argc < 2)
		return adm_bad_usage("limit set takes a number, none or closed");
	if (strcmp(argv[1], "none") == 0)
		limit = 0;
	else if (strcmp(argv[1], "closed") == 0)
		limit = LIMIT_NONE_NEW;
	else if (name_parse_number(argv[1], LIMIT_MOST, &number) && number)
		limit = number;
	else
		return adm_bad_usage("a limit is 1 to %u, none or closed, not '%s'",
				     LIMIT_MOST, argv[1]);
	if (argc == 2)
		return set_namespace(limit);
	if (limit == LIMIT_NONE_NEW)
		return adm_bad_usage("a service cannot be closed; give its servers weight 0");
	change.limit = &limit;
	return change_services(&change, argc - 2, argv + 2);
}

/**
 * cmd_limit() - shows and sets limits of entries
 * @argc: number of arguments
 * @argv: the command and its arguments
 *
 * Return: a status of the program.
 */
int cmd_limit(int argc, char **argv)
{
	static const struct adm_verb verbs[] = {
		{ "list", limit_list },
		{ "set", limit_set },
	};

	return adm_run_verb(verbs, ARRAY_SIZE(verbs), argc, argv);
}
