// SPDX-License-Identifier: GPL-2.0-only
/* opvsadm counters --sip: what messages services and their servers got and sent. */
#include "sip.h"

#include "adm.h"
#include "out.h"
#include "snap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

const struct sip_kind sip_kinds[OPVS_SIP_ATTR_MAX + 1] = {
	[OPVS_SIP_ATTR_INVITE]		= { .name = "INVITE" },
	[OPVS_SIP_ATTR_ACK]		= { .name = "ACK" },
	[OPVS_SIP_ATTR_BYE]		= { .name = "BYE" },
	[OPVS_SIP_ATTR_CANCEL]		= { .name = "CANCEL" },
	[OPVS_SIP_ATTR_REGISTER]	= { .name = "REGISTER" },
	[OPVS_SIP_ATTR_OPTIONS]		= { .name = "OPTIONS" },
	[OPVS_SIP_ATTR_SUBSCRIBE]	= { .name = "SUBSCRIBE" },
	[OPVS_SIP_ATTR_NOTIFY]		= { .name = "NOTIFY" },
	[OPVS_SIP_ATTR_PRACK]		= { .name = "PRACK" },
	[OPVS_SIP_ATTR_UPDATE]		= { .name = "UPDATE" },
	[OPVS_SIP_ATTR_INFO]		= { .name = "INFO" },
	[OPVS_SIP_ATTR_MESSAGE]		= { .name = "MESSAGE" },
	[OPVS_SIP_ATTR_REFER]		= { .name = "REFER" },
	[OPVS_SIP_ATTR_PUBLISH]		= { .name = "PUBLISH" },
	[OPVS_SIP_ATTR_OTHER]		= { .name = "other" },
	[OPVS_SIP_ATTR_ANSWERS_1XX]	= { .name = "1xx", .answer = true },
	[OPVS_SIP_ATTR_ANSWERS_2XX]	= { .name = "2xx", .answer = true },
	[OPVS_SIP_ATTR_ANSWERS_3XX]	= { .name = "3xx", .answer = true },
	[OPVS_SIP_ATTR_ANSWERS_4XX]	= { .name = "4xx", .answer = true },
	[OPVS_SIP_ATTR_ANSWERS_5XX]	= { .name = "5xx", .answer = true },
	[OPVS_SIP_ATTR_ANSWERS_6XX]	= { .name = "6xx", .answer = true },
};

enum { COL_SERVICE, COL_SERVER, COL_REQUESTS, COL_ANSWERS, COL_COUNT };

static const struct out_column columns[COL_COUNT] = {
	[COL_SERVICE]	= { .key = "service", .title = "SERVICE" },
	[COL_SERVER]	= { .key = "server", .title = "SERVER" },
	[COL_REQUESTS]	= { .key = "requests", .title = "REQUESTS", .wrap = true },
	[COL_ANSWERS]	= { .key = "answers", .title = "ANSWERS", .wrap = true },
};

/**
 * sip_take() - reads a nest of messages
 * @sip: what is made, to be freed; NULL if there is no nest
 * @nest: the nest, or NULL
 *
 * Return: 0, -ENOMEM or -EPROTO.
 */
int sip_take(struct snap_sip **sip, struct nlattr *nest)
{
	struct nlattr *attrs[OPVS_SIP_ATTR_MAX + 1];
	int kind;

	*sip = NULL;
	if (!nest)
		return 0;
	if (adm_parse(attrs, &adm_sip, nest))
		return -EPROTO;
	*sip = calloc(1, sizeof(**sip));
	if (!*sip)
		return -ENOMEM;
	for (kind = 0; kind <= OPVS_SIP_ATTR_MAX; kind++)
		if (sip_kinds[kind].name && attrs[kind])
			(*sip)->count[kind] = nla_get_u64(attrs[kind]);
	return 0;
}

/* "INVITE 300, ACK 300": those that are not 0, or @all. */
static void show_kinds(struct out *out, size_t column,
		       const struct snap_sip *sip, bool answers, bool all)
{
	struct json_object *object = adm_opt.json ? json_object_new_object() :
						    NULL;
	char text[512] = "";
	size_t length = 0;
	uint64_t value;
	int kind;

	for (kind = 0; kind <= OPVS_SIP_ATTR_MAX; kind++) {
		const char *name = sip_kinds[kind].name;

		if (!name || sip_kinds[kind].answer != answers)
			continue;
		value = sip->count[kind];
		if (object)
			json_object_object_add(object, name,
					       json_object_new_uint64(value));
		if (value || all)
			length += snprintf(text + length, sizeof(text) - length,
					   "%s%s %ju", length ? ", " : "", name,
					   (uintmax_t)value);
	}
	out_json(out, column, object, length ? text : "-");
}

static void show_row(struct out *out, const struct snap_service *service,
		     const char *server, const struct snap_sip *sip,
		     bool answers_pass, bool all)
{
	char name[NAME_SIZE];

	out_row(out);
	out_text(out, COL_SERVICE,
		 name_service_text(&service->name, name, sizeof(name)));
	out_json(out, COL_SERVER, adm_opt.json && server ?
		 json_object_new_string(server) : NULL, server ? server : "all");
	show_kinds(out, COL_REQUESTS, sip, false, all);
	if (answers_pass)
		show_kinds(out, COL_ANSWERS, sip, true, all);
	else
		out_json(out, COL_ANSWERS, NULL, "do not pass");
}

/**
 * sip_answers_pass() - does what a server answers come by the director?
 * @dest: server
 *
 * Return: true if so; else nobody counts its answers.
 */
bool sip_answers_pass(const struct snap_dest *dest)
{
	return (dest->method & IP_VS_CONN_F_FWD_MASK) == IP_VS_CONN_F_MASQ;
}

/* Those of removed servers count, too. */
static bool any_pass(const struct snap_service *service)
{
	bool pass = !service->count;
	size_t i;

	for (i = 0; i < service->count && !pass; i++)
		pass = sip_answers_pass(&service->dests[i]);
	for (i = 0; i <= OPVS_SIP_ATTR_MAX && !pass; i++)
		pass = sip_kinds[i].answer && service->sip->count[i];
	return pass;
}

static void show_service(struct out *out, const struct snap_service *service,
			 bool all)
{
	char name[NAME_SIZE];
	size_t i;

	show_row(out, service, NULL, service->sip, any_pass(service), all);
	for (i = 0; i < service->count; i++) {
		const struct snap_dest *dest = &service->dests[i];

		/* The engine has come or gone since the service was asked. */
		if (!dest->sip)
			continue;
		name_endpoint(&dest->addr, dest->port, name, sizeof(name));
		show_row(out, service, name, dest->sip, sip_answers_pass(dest), all);
	}
}

static int tell_none(const struct snap_service *service, const char *name)
{
	if (service->engine[0])
		adm_err("the module that is loaded does not count SIP messages");
	else
		adm_err("%s has no persistence engine, so that its messages are not read; --pe sip gives it one",
			name);
	return -1;
}

static int show_one(struct adm_nl *nl, struct out *out,
		    struct snap_service *service, bool all)
{
	int err = snap_dests(nl, service);

	if (!err)
		show_service(out, service, all);
	return err;
}

static int show_all(struct adm_nl *nl, struct out *out, int count, char **names,
		    bool all)
{
	const struct snap_service *found;
	struct snap snap;
	size_t i;
	int n, err = snap_services(nl, &snap);

	for (i = 0; !count && i < snap.count && !err; i++)
		if (snap.services[i].sip)
			err = show_one(nl, out, &snap.services[i], all);
	for (n = 0; n < count && !err; n++) {
		found = snap_find(&snap, names[n]);
		if (!found)
			err = -1;
		else if (!found->sip)
			err = tell_none(found, names[n]);
		else
			err = show_one(nl, out, snap.services +
				       (found - snap.services), all);
	}
	snap_free(&snap);
	return err;
}

/**
 * sip_show() - prints the messages of services and of their servers
 * @count: number of @names; 0: all services that have an engine
 * @names: services
 * @all: tables have kinds of which there is none, too
 *
 * Return: a status of the program.
 */
int sip_show(int count, char **names, bool all)
{
	struct adm_nl nl;
	struct out out;
	int err, status;

	if (adm_open(&nl, OPVS_GENL_NAME))
		return ADM_FAILED;
	if (out_begin(&out, columns, COL_COUNT)) {
		adm_close(&nl);
		return ADM_FAILED;
	}
	err = show_all(&nl, &out, count, names, all);
	status = out_end(&out);
	adm_close(&nl);
	return err ? ADM_FAILED : status;
}
