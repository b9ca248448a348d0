// SPDX-License-Identifier: GPL-2.0-only
/* What many answers come to: per call and per server. */
#include "explain_report.h"

#include "adm.h"

#include <assert.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	COL_SERVICE, COL_CALL, COL_CLIENT, COL_SERVER, COL_WHY, COL_PACKETS,
	COL_ELSEWHERE, COL_THEN, COL_THEN_WHY, COL_MOVES, COL_COUNT
};

static const struct out_column call_columns[COL_COUNT] = {
	[COL_SERVICE]	= { .key = "service", .title = "SERVICE" },
	[COL_CALL]	= { .key = "call", .title = "CALL OR CLIENT" },
	[COL_CLIENT]	= { .key = "client" },
	[COL_SERVER]	= { .key = "server", .title = "SERVER" },
	[COL_WHY]	= { .key = "why", .title = "WHY" },
	[COL_PACKETS]	= { .key = "packets", .title = "PACKETS",
			    .number = true },
	[COL_ELSEWHERE]	= { .key = "elsewhere", .title = "ELSEWHERE",
			    .number = true },
	[COL_THEN]	= { .key = "then", .title = "THEN" },
	[COL_THEN_WHY]	= { .key = "then_why", .title = "WHY" },
	[COL_MOVES]	= { .key = "moves", .title = "MOVES" },
};

static_assert(ARRAY_SIZE(((struct report *)0)->columns) >= COL_COUNT);

enum {
	SUM_SERVICE, SUM_SERVER, SUM_CALLS, SUM_PACKETS, SUM_VARY, SUM_THEN,
	SUM_GOES, SUM_COMES, SUM_COUNT
};

static const struct out_column server_columns[SUM_COUNT] = {
	[SUM_SERVICE]	= { .key = "service", .title = "SERVICE" },
	[SUM_SERVER]	= { .key = "server", .title = "SERVER" },
	[SUM_CALLS]	= { .key = "calls", .title = "CALLS", .number = true },
	[SUM_PACKETS]	= { .key = "packets", .title = "PACKETS",
			    .number = true },
	[SUM_VARY]	= { .key = "varying", .title = "VARYING",
			    .number = true },
	[SUM_THEN]	= { .key = "then", .title = "THEN", .number = true },
	[SUM_GOES]	= { .key = "goes", .title = "GO", .number = true },
	[SUM_COMES]	= { .key = "comes", .title = "COME", .number = true },
};

/**
 * report_init() - begins a report
 * @report: the report
 * @has_packets: calls consist of packets that were seen
 * @has_then: there are changes
 */
void report_init(struct report *report, bool has_packets, bool has_then)
{
	memset(report, 0, sizeof(*report));
	report->has_packets = has_packets;
	report->has_then = has_then;
	report->last = &report->first;
}

static void keep(void *node)
{
	(void)node;
}

static void free_service(struct report_service *service)
{
	struct report_server *next;

	for (; service->first; service->first = next) {
		next = service->first->next;
		free(service->first);
	}
	free(service);
}

/**
 * report_free() - frees a report
 * @report: the report
 */
void report_free(struct report *report)
{
	struct report_service *next;

	tdestroy(report->servers, keep);
	tdestroy(report->services, keep);
	for (; report->first; report->first = next) {
		next = report->first->next;
		free_service(report->first);
	}
}

static int compare_services(const void *one, const void *other)
{
	const struct report_service *a = one, *b = other;

	return strcmp(a->name, b->name);
}

/**
 * report_service() - the record of a service
 * @report: the report
 * @service: the service
 *
 * Return: the record, which is made if need be; NULL for lack of memory.
 */
struct report_service *report_service(struct report *report,
				      const struct name_service *service)
{
	struct report_service wanted = { .first = NULL }, *made, **node;

	name_service_text(service, wanted.name, sizeof(wanted.name));
	node = tfind(&wanted, &report->services, compare_services);
	if (node)
		return *node;
	made = malloc(sizeof(*made));
	if (made) {
		*made = wanted;
		node = tsearch(made, &report->services, compare_services);
	}
	if (!node) {
		free(made);
		report->failed = true;
		return NULL;
	}
	*report->last = made;
	report->last = &made->next;
	return made;
}

static int compare_servers(const void *one, const void *other)
{
	const struct report_server *a = one, *b = other;

	if (a->service != b->service)
		return a->service < b->service ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

/* That there is none comes last. */
static uint32_t place_of(const struct report_server *server)
{
	return server->number - 1;
}

static void list_server(struct report_server *server)
{
	struct report_service *service = server->service;
	struct report_server **at = &service->first;

	if (service->last && place_of(service->last) < place_of(server))
		at = &service->last->next;
	while (*at && place_of(*at) < place_of(server))
		at = &(*at)->next;
	server->next = *at;
	*at = server;
	if (!server->next)
		service->last = server;
}

/**
 * report_server() - the record of a server
 * @report: the report
 * @service: its service
 * @number: the server's number; 0: no server
 * @server: what is known of it, or NULL
 *
 * Return: the record, which is made if need be; NULL for lack of memory.
 */
struct report_server *report_server(struct report *report,
				    struct report_service *service,
				    uint32_t number,
				    const struct explain_server *server)
{
	struct report_server wanted = { .service = service, .number = number };
	struct report_server *made, **node;

	node = tfind(&wanted, &report->servers, compare_servers);
	if (node)
		return *node;
	made = malloc(sizeof(*made));
	if (made) {
		*made = wanted;
		if (server && server->number)
			explain_server_text(server, made->name);
		else if (number)
			snprintf(made->name, sizeof(made->name), "number %u",
				 number);
		node = tsearch(made, &report->servers, compare_servers);
	}
	if (!node) {
		free(made);
		report->failed = true;
		return NULL;
	}
	list_server(made);
	return made;
}

/**
 * report_moves() - would it move?
 * @now: where it is
 * @then: where it would be
 *
 * Return: true if it would; what varies does so anyway.
 */
bool report_moves(const struct report_choice *now,
		  const struct report_choice *then)
{
	return !explain_varies(now->why) && now->server != then->server;
}

/**
 * report_calls_begin() - begins the table of calls
 * @report: the report
 * @shown: it is wanted; else it is empty, and calls are only counted
 *
 * Return: a status of the program.
 */
int report_calls_begin(struct report *report, bool shown)
{
	memcpy(report->columns, call_columns, sizeof(call_columns));
	if (!report->has_packets) {
		report->columns[COL_PACKETS].title = NULL;
		report->columns[COL_ELSEWHERE].title = NULL;
	}
	if (!report->has_then) {
		report->columns[COL_THEN].title = NULL;
		report->columns[COL_THEN_WHY].title = NULL;
		report->columns[COL_MOVES].title = NULL;
	}
	if (adm_opt.json)
		printf("%s\"calls\":", report->has_packets ? "," : "{");
	if (adm_opt.json && !shown)
		puts("[]");
	if (!shown)
		return ADM_OK;
	return out_begin(&report->out, report->columns, COL_COUNT) ?
	       ADM_FAILED : ADM_OK;
}

static const char *name_of(const struct report_server *server)
{
	return server && server->number ? server->name : NULL;
}

static void show_server(struct out *out, size_t column,
			const struct report_server *server)
{
	const char *name = name_of(server);

	out_text(out, column, name || adm_opt.json ? name : "none");
}

static void show_then(struct out *out, const struct report_call *call)
{
	if (!call->then.server) {
		out_text(out, COL_THEN, NULL);
		out_text(out, COL_THEN_WHY, NULL);
		out_text(out, COL_MOVES, NULL);
		return;
	}
	show_server(out, COL_THEN, call->then.server);
	out_text(out, COL_THEN_WHY, explain_why(call->then.why));
	if (explain_varies(call->now.why))
		out_text(out, COL_MOVES, adm_opt.json ? NULL : "varies");
	else
		out_bool(out, COL_MOVES, report_moves(&call->now, &call->then));
}

static void show_call(struct report *report, const struct report_call *call)
{
	struct out *out = &report->out;
	char text[EXPLAIN_KEY_TEXT];

	out_row(out);
	out_text(out, COL_SERVICE, call->service->name);
	if (call->key)
		out_text(out, COL_CALL,
			 explain_key_text(call->key, call->key_len, text));
	else
		out_text(out, COL_CALL, adm_opt.json ? NULL : call->client);
	out_text(out, COL_CLIENT, call->client);
	show_server(out, COL_SERVER, call->now.server);
	out_text(out, COL_WHY, explain_why(call->now.why));
	if (report->has_packets) {
		out_number(out, COL_PACKETS, call->packets);
		out_number(out, COL_ELSEWHERE, call->elsewhere);
	} else {
		out_text(out, COL_PACKETS, NULL);
		out_text(out, COL_ELSEWHERE, NULL);
	}
	show_then(out, call);
}

/**
 * report_call() - tells of a call, and counts it
 * @report: the report
 * @call: the call
 */
void report_call(struct report *report, const struct report_call *call)
{
	struct report_server *now = call->now.server, *then = call->then.server;
	bool varies = explain_varies(call->now.why);

	report->calls++;
	report->varying += varies;
	report->split += !!call->elsewhere;
	if (now) {
		now->calls++;
		now->varying += varies;
	}
	if (then)
		then->then++;
	if (now && then && report_moves(&call->now, &call->then)) {
		report->moved++;
		now->goes++;
		then->comes++;
	}
	if (report->out.columns)
		show_call(report, call);
}

/**
 * report_calls_end() - ends the table of calls
 * @report: the report
 *
 * Return: a status of the program.
 */
int report_calls_end(struct report *report)
{
	int status = ADM_OK;

	if (report->out.columns)
		status = out_end(&report->out);
	if (!adm_opt.json && report->out.rows)
		putchar('\n');
	if (status || !report->failed)
		return status;
	adm_err("no memory for all calls and servers");
	return ADM_FAILED;
}

/* Where all got a server in the end, nothing is told of those without. */
static bool is_empty(const struct report_server *server)
{
	return !server->number && !server->calls && !server->packets &&
	       !server->then;
}

static void show_sums(struct out *out, const struct report *report,
		      const struct report_server *server)
{
	out_row(out);
	out_text(out, SUM_SERVICE, server->service->name);
	show_server(out, SUM_SERVER, server);
	out_number(out, SUM_CALLS, server->calls);
	if (report->has_packets)
		out_number(out, SUM_PACKETS, server->packets);
	else
		out_text(out, SUM_PACKETS, NULL);
	out_number(out, SUM_VARY, server->varying);
	if (report->has_then) {
		out_number(out, SUM_THEN, server->then);
		out_number(out, SUM_GOES, server->goes);
		out_number(out, SUM_COMES, server->comes);
	} else {
		out_text(out, SUM_THEN, NULL);
		out_text(out, SUM_GOES, NULL);
		out_text(out, SUM_COMES, NULL);
	}
}

/**
 * report_servers() - tells of all servers
 * @report: the report
 *
 * Return: a status of the program.
 */
int report_servers(struct report *report)
{
	const struct report_service *service;
	const struct report_server *server;
	struct out_column columns[SUM_COUNT];
	struct out out;

	memcpy(columns, server_columns, sizeof(columns));
	if (!report->has_packets)
		columns[SUM_PACKETS].title = NULL;
	if (!report->has_then) {
		columns[SUM_THEN].title = NULL;
		columns[SUM_GOES].title = NULL;
		columns[SUM_COMES].title = NULL;
	}
	if (adm_opt.json)
		printf(",\"servers\":");
	if (out_begin(&out, columns, SUM_COUNT))
		return ADM_FAILED;
	for (service = report->first; service; service = service->next)
		for (server = service->first; server; server = server->next)
			if (!is_empty(server))
				show_sums(&out, report, server);
	return out_end(&out);
}
