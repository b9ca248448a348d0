// SPDX-License-Identifier: GPL-2.0-only
/* All numbers of opvs, as Prometheus and others collect them.
 *
 * The samples of a name stand together, so each name goes through all services.
 * How many there may be is bounded: labels are names of services and servers.
 */
#include "metrics.h"

#include "adm.h"
#include "snap.h"
#include "table.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

enum metrics_type { GAUGE, COUNTER };

/* A name, and where its value stands. */
struct metric {
	const char		*name;
	enum metrics_type	type;
	const char		*help;
	size_t			offset;
	bool			wide;		/* 64 bits */
	bool			some;		/* none is told if it is 0 */
};

#define STAT(of, name_, field, help_)					\
	{ .name = name_, .type = COUNTER, .help = help_, .wide = true,	\
	  .offset = offsetof(struct snap_##of, stats.field) }
#define VALUE(of, name_, field, help_)					\
	{ .name = name_, .type = GAUGE, .help = help_,			\
	  .offset = offsetof(struct snap_##of, field) }
#define SOME(of, name_, field, help_)					\
	{ .name = name_, .type = GAUGE, .help = help_, .some = true,	\
	  .offset = offsetof(struct snap_##of, field) }

static const struct metric of_service[] = {
	STAT(service, "opvs_service_connections", conns,
	     "Connections; of a one-packet service, datagrams."),
	STAT(service, "opvs_service_in_packets", inpkts,
	     "Packets from clients."),
	STAT(service, "opvs_service_out_packets", outpkts,
	     "Packets from servers."),
	STAT(service, "opvs_service_in_bytes", inbytes, "Bytes from clients."),
	STAT(service, "opvs_service_out_bytes", outbytes, "Bytes from servers."),
	VALUE(service, "opvs_service_entries", conns,
	      "Connections and templates now."),
	SOME(service, "opvs_service_entries_max", conn_max,
	     "Its limit of connections and templates, if it has one."),
	VALUE(service, "opvs_service_remembered_calls", exceptions,
	      "Calls remembered elsewhere than their Call-ID says."),
	SOME(service, "opvs_service_drain_seconds", drain_seconds,
	     "Time left while keys that changed their server drain."),
};

static const struct metric of_dest[] = {
	STAT(dest, "opvs_server_connections", conns,
	     "Connections; of a one-packet service, datagrams."),
	STAT(dest, "opvs_server_in_packets", inpkts,
	     "Packets to the server."),
	STAT(dest, "opvs_server_out_packets", outpkts,
	     "Packets from the server."),
	STAT(dest, "opvs_server_in_bytes", inbytes, "Bytes to the server."),
	STAT(dest, "opvs_server_out_bytes", outbytes,
	     "Bytes from the server."),
	VALUE(dest, "opvs_server_weight", weight,
	      "Its weight; 0 gets nothing new."),
	VALUE(dest, "opvs_server_active", active,
	      "Active connections, and calls."),
	VALUE(dest, "opvs_server_inactive", inactive,
	      "Inactive connections."),
	VALUE(dest, "opvs_server_calls", calls,
	      "What the active ones have in them of calls."),
	VALUE(dest, "opvs_server_templates", persistent,
	      "Persistence templates."),
	SOME(dest, "opvs_server_upper_threshold", upper,
	     "Connections and calls from which on it gets no new ones."),
};

/* What is being written. */
struct writer {
	FILE				*file;
	const struct metrics_options	*options;
	const struct snap		*snap;
	size_t				services;	/* that are told */
};

/* OpenMetrics names a family without what its samples end in. */
static void head(struct writer *writer, const char *name,
		 enum metrics_type type, const char *help)
{
	const char *suffix = "";

	if (type == COUNTER && writer->options->prometheus)
		suffix = "_total";
	fprintf(writer->file, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, suffix,
		help, name, suffix, type == COUNTER ? "counter" : "gauge");
}

static void gauge(struct writer *writer, const char *name, const char *help,
		  uint64_t value)
{
	head(writer, name, GAUGE, help);
	fprintf(writer->file, "%s %ju\n", name, (uintmax_t)value);
}

static void sample(struct writer *writer, const struct metric *metric,
		   const void *object, const char *labels)
{
	const char *at = (const char *)object + metric->offset;
	uint64_t value;
	uint32_t narrow;

	if (metric->wide) {
		memcpy(&value, at, sizeof(value));
	} else {
		memcpy(&narrow, at, sizeof(narrow));
		value = narrow;
	}
	if (value || !metric->some)
		fprintf(writer->file, "%s%s{%s} %ju\n", metric->name,
			metric->type == COUNTER ? "_total" : "", labels,
			(uintmax_t)value);
}

static void write_services(struct writer *writer)
{
	char name[NAME_SIZE], labels[NAME_SIZE + 16];
	size_t m, i;

	for (m = 0; m < ARRAY_SIZE(of_service); m++) {
		head(writer, of_service[m].name, of_service[m].type,
		     of_service[m].help);
		for (i = 0; i < writer->services; i++) {
			const struct snap_service *service =
				&writer->snap->services[i];

			name_service_text(&service->name, name, sizeof(name));
			snprintf(labels, sizeof(labels), "service=\"%s\"", name);
			sample(writer, &of_service[m], service, labels);
		}
	}
}

static void write_dests_of(struct writer *writer, const struct metric *metric,
			   const struct snap_service *service)
{
	char name[NAME_SIZE], server[NAME_SIZE], labels[2 * NAME_SIZE + 32];
	size_t i;

	name_service_text(&service->name, name, sizeof(name));
	for (i = 0; i < service->count; i++) {
		name_endpoint(&service->dests[i].addr, service->dests[i].port,
			      server, sizeof(server));
		snprintf(labels, sizeof(labels), "service=\"%s\",server=\"%s\"",
			 name, server);
		sample(writer, metric, &service->dests[i], labels);
	}
}

static void write_dests(struct writer *writer)
{
	size_t m, i;

	for (m = 0; m < ARRAY_SIZE(of_dest); m++) {
		head(writer, of_dest[m].name, of_dest[m].type, of_dest[m].help);
		for (i = 0; i < writer->services; i++)
			write_dests_of(writer, &of_dest[m],
				       &writer->snap->services[i]);
	}
}

/* The kinds of one object that are told. A class of answers is, even if there is
 * none: the first that fails must be seen to rise from 0. There are many methods
 * that nobody uses.
 */
static void sip_samples(struct writer *writer, const char *name, bool answers,
			const struct snap_sip *sip, const char *labels)
{
	int kind;

	for (kind = 0; kind <= OPVS_SIP_ATTR_MAX; kind++) {
		if (!sip_kinds[kind].name || sip_kinds[kind].answer != answers)
			continue;
		if (!sip->count[kind] && !answers)
			continue;
		fprintf(writer->file, "%s_total{%s,%s=\"%s\"} %ju\n", name,
			labels, answers ? "class" : "method",
			sip_kinds[kind].name, (uintmax_t)sip->count[kind]);
	}
}

static void write_sip_services(struct writer *writer, const char *name,
			       bool answers, const char *help)
{
	char text[NAME_SIZE], labels[NAME_SIZE + 16];
	size_t i;

	head(writer, name, COUNTER, help);
	for (i = 0; i < writer->services; i++) {
		const struct snap_service *service = &writer->snap->services[i];

		if (!service->sip)
			continue;
		name_service_text(&service->name, text, sizeof(text));
		snprintf(labels, sizeof(labels), "service=\"%s\"", text);
		sip_samples(writer, name, answers, service->sip, labels);
	}
}

static void write_sip_dests(struct writer *writer, const char *name,
			    bool answers, const char *help)
{
	char text[NAME_SIZE], server[NAME_SIZE], labels[2 * NAME_SIZE + 32];
	size_t i, j;

	head(writer, name, COUNTER, help);
	for (i = 0; i < writer->services; i++) {
		const struct snap_service *service = &writer->snap->services[i];

		name_service_text(&service->name, text, sizeof(text));
		for (j = 0; j < service->count; j++) {
			const struct snap_dest *dest = &service->dests[j];

			if (!dest->sip || (answers && !sip_answers_pass(dest)))
				continue;
			name_endpoint(&dest->addr, dest->port, server,
				      sizeof(server));
			snprintf(labels, sizeof(labels),
				 "service=\"%s\",server=\"%s\"", text, server);
			sip_samples(writer, name, answers, dest->sip, labels);
		}
	}
}

static void write_sip(struct writer *writer)
{
	write_sip_services(writer, "opvs_service_sip_requests", false,
			   "SIP requests that servers got, by their method.");
	write_sip_services(writer, "opvs_service_sip_answers", true,
			   "SIP answers that servers sent, by their class.");
	write_sip_dests(writer, "opvs_server_sip_requests", false,
			"SIP requests that the server got, by their method.");
	write_sip_dests(writer, "opvs_server_sip_answers", true,
			"SIP answers that the server sent, by their class.");
}

/* As many services as have no more than so many servers, themselves counted. */
static int read_services(struct adm_nl *nl, struct writer *writer,
			 struct snap *snap)
{
	size_t i, told = 0;
	int err = snap_services(nl, snap);

	for (i = 0; i < snap->count && !err; i++) {
		err = snap_dests(nl, &snap->services[i]);
		told += snap->services[i].count + 1;
		if (told > writer->options->servers)
			break;
		writer->services = i + 1;
	}
	writer->snap = snap;
	return err;
}

static int take_counters(struct nlattr **attrs, void *arg)
{
	struct nlattr *counter[OPVS_COUNTER_ATTR_MAX + 1], *pos;
	struct writer *writer = arg;
	int rest;

	if (!attrs[OPVS_CMD_ATTR_COUNTERS])
		return -EPROTO;
	nla_for_each_nested(pos, attrs[OPVS_CMD_ATTR_COUNTERS], rest) {
		if (nla_type(pos) != OPVS_COUNTERS_ATTR_COUNTER)
			continue;
		if (adm_parse(counter, &adm_counter, pos) ||
		    !counter[OPVS_COUNTER_ATTR_NAME] ||
		    !counter[OPVS_COUNTER_ATTR_VALUE])
			return -EPROTO;
		fprintf(writer->file,
			"opvs_events_total{event=\"%s\"} %ju\n",
			nla_get_string(counter[OPVS_COUNTER_ATTR_NAME]),
			(uintmax_t)nla_get_u64(counter[OPVS_COUNTER_ATTR_VALUE]));
	}
	return 0;
}

static int write_counters(struct adm_nl *nl, struct writer *writer)
{
	int err;

	head(writer, "opvs_events", COUNTER,
	     "Events by the counters of /sys/kernel/opvs.");
	err = adm_talk(nl, adm_request(nl, OPVS_CMD_GET_COUNTERS, 0),
		       &adm_message, take_counters, writer);
	if (err)
		adm_err("the counters cannot be read: %s", adm_reason(nl, err));
	return err;
}

static int write_table(struct adm_nl *nl, struct writer *writer)
{
	struct table table;
	int err = table_get(nl, &table);

	if (err)
		return err;
	gauge(writer, "opvs_entries", "Connections and templates now.",
	      table.conns);
	head(writer, "opvs_entries_max", GAUGE,
	     "The namespace's limit of them, if it has one.");
	if (table.conn_max)
		fprintf(writer->file, "opvs_entries_max %u\n",
			table.conn_max == UINT32_MAX ? 0 : table.conn_max);
	gauge(writer, "opvs_buckets", "Buckets of the connection table.",
	      table.buckets);
	head(writer, "opvs_sweep_max_late_seconds", GAUGE,
	     "Longest time by which an entry was ended late.");
	fprintf(writer->file, "opvs_sweep_max_late_seconds %ju.%03u\n",
		(uintmax_t)table.max_late_ms / 1000,
		(unsigned int)(table.max_late_ms % 1000));
	return 0;
}

/* Lines of the file of mistakes. */
static unsigned int count_mistakes(void)
{
	FILE *file = fopen("/sys/kernel/opvs/mistakes", "r");
	unsigned int lines = 0;
	int c;

	while (file && (c = fgetc(file)) != EOF)
		lines += c == '\n';
	if (file)
		fclose(file);
	return lines;
}

static int write_all(struct adm_nl *nl, struct writer *writer)
{
	struct snap snap;
	int err;

	head(writer, "opvs_info", GAUGE, "The program that tells this.");
	fprintf(writer->file, "opvs_info{version=\"%s\"} 1\n", OPVS_VERSION);
	err = write_counters(nl, writer);
	if (!err)
		err = write_table(nl, writer);
	if (err)
		return err;
	gauge(writer, "opvs_mistakes", "Lines of /sys/kernel/opvs/mistakes.",
	      count_mistakes());
	err = read_services(nl, writer, &snap);
	if (!err) {
		gauge(writer, "opvs_services", "Virtual services.", snap.count);
		gauge(writer, "opvs_services_left_out",
		      "Services that are not told, with their servers.",
		      snap.count - writer->services);
		write_services(writer);
		write_dests(writer);
		write_sip(writer);
	}
	snap_free(&snap);
	return err;
}

/**
 * metrics_write() - asks for all numbers, and writes them
 * @file: where they go
 * @options: how
 *
 * Return: a status of the program; the user was told what went wrong.
 */
int metrics_write(FILE *file, const struct metrics_options *options)
{
	struct writer writer = { .file = file, .options = options };
	struct adm_nl nl;
	int err;

	if (adm_open(&nl, OPVS_GENL_NAME))
		return ADM_FAILED;
	err = write_all(&nl, &writer);
	adm_close(&nl);
	if (!err && !options->prometheus)
		fputs("# EOF\n", file);
	return err ? ADM_FAILED : ADM_OK;
}
