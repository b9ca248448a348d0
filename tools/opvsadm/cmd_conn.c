// SPDX-License-Identifier: GPL-2.0-only
/* opvsadm conn: entries of the connection table. */
#include "adm.h"
#include "conn_import.h"
#include "filter.h"
#include "out.h"
#include "snap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

enum {
	COL_KIND, COL_PROTOCOL, COL_CLIENT, COL_CLIENT_PORT, COL_VIRTUAL,
	COL_VIRTUAL_PORT, COL_FWMARK, COL_SERVER, COL_SERVER_PORT, COL_METHOD,
	COL_STATE, COL_ACTIVE, COL_SECONDS, COL_PACKETS, COL_ENGINE, COL_KEY,
	COL_FLAGS, COL_SERVICE, COL_COUNT
};

static const struct out_column columns[COL_COUNT] = {
	[COL_KIND]	= { .key = "kind" },
	[COL_PROTOCOL]	= { .key = "protocol", .title = "PROTO" },
	[COL_CLIENT]	= { .key = "client", .title = "CLIENT" },
	[COL_CLIENT_PORT] = { .key = "client_port" },
	[COL_VIRTUAL]	= { .key = "virtual", .title = "VIRTUAL" },
	[COL_VIRTUAL_PORT] = { .key = "virtual_port" },
	[COL_FWMARK]	= { .key = "fwmark" },
	[COL_SERVER]	= { .key = "server", .title = "SERVER" },
	[COL_SERVER_PORT] = { .key = "server_port" },
	[COL_METHOD]	= { .key = "method", .title = "BY" },
	[COL_STATE]	= { .key = "state", .title = "STATE" },
	[COL_ACTIVE]	= { .key = "active" },
	[COL_SECONDS]	= { .key = "seconds", .title = "LEFT", .number = true },
	[COL_PACKETS]	= { .key = "packets", .title = "PACKETS",
			    .number = true },
	[COL_ENGINE]	= { .key = "engine" },
	[COL_KEY]	= { .key = "key", .title = "KEY" },
	[COL_FLAGS]	= { .key = "flags" },
	[COL_SERVICE]	= { .key = "service" },
};

/* What an answer is counted or shown in. */
struct conns {
	struct out	out;
	uint64_t	count;
};

static void show_end(struct out *out, size_t column, const struct name_addr *addr,
		     struct nlattr *port_attr)
{
	uint16_t port = port_attr ? ntohs(nla_get_u16(port_attr)) : 0;
	char host[NAME_SIZE], text[NAME_SIZE];

	name_addr_text(addr, host, sizeof(host));
	name_endpoint(addr, port, text, sizeof(text));
	out_json(out, column, adm_opt.json ? json_object_new_string(host) : NULL,
		 text);
	out_number(out, column + 1, port);
}

/* Of a template by a firewall mark, there is no virtual address. */
static void show_virtual(struct out *out, uint16_t family, struct nlattr **conn)
{
	struct name_addr addr;
	char text[NAME_SIZE];

	if (!conn[OPVS_CONN_ATTR_FWMARK]) {
		name_take_addr(&addr, family, conn[OPVS_CONN_ATTR_VIRTUAL]);
		show_end(out, COL_VIRTUAL, &addr,
			 conn[OPVS_CONN_ATTR_VIRTUAL_PORT]);
		out_text(out, COL_FWMARK, NULL);
		return;
	}
	snprintf(text, sizeof(text), "fwmark:%u",
		 nla_get_u32(conn[OPVS_CONN_ATTR_FWMARK]));
	out_json(out, COL_VIRTUAL, NULL, text);
	out_text(out, COL_VIRTUAL_PORT, NULL);
	out_number(out, COL_FWMARK, nla_get_u32(conn[OPVS_CONN_ATTR_FWMARK]));
}

/* A key is bytes of a packet; what a terminal might obey is shown as hex. */
static void show_key(struct out *out, struct nlattr *attr)
{
	char text[4 * 255 + 1], *to = text;
	const unsigned char *from;
	int i;

	if (!attr) {
		out_text(out, COL_KEY, NULL);
		return;
	}
	from = nla_data(attr);
	for (i = 0; i < nla_len(attr) && to < text + sizeof(text) - 4; i++) {
		if (from[i] > ' ' && from[i] < 0x7f && from[i] != '\\')
			*to++ = from[i];
		else
			to += sprintf(to, "\\x%02x", from[i]);
	}
	*to = '\0';
	out_text(out, COL_KEY, text);
}

static void show_number(struct out *out, size_t column, struct nlattr *attr)
{
	if (attr)
		out_number(out, column, nla_get_u32(attr));
	else
		out_text(out, column, NULL);
}

static void show_name(struct out *out, struct nlattr *nest)
{
	struct nlattr *attrs[OPVS_SVC_ATTR_MAX + 1];
	struct name_service service;
	char text[NAME_SIZE];

	if (!nest || adm_parse(attrs, &adm_service, nest)) {
		out_text(out, COL_SERVICE, NULL);
		return;
	}
	name_take_service(&service, attrs);
	out_text(out, COL_SERVICE,
		 name_service_text(&service, text, sizeof(text)));
}

static void show(struct out *out, struct nlattr *service, struct nlattr **conn)
{
	uint16_t family = nla_get_u16(conn[OPVS_CONN_ATTR_FAMILY]);
	struct name_addr client, server;
	char text[8];

	name_take_addr(&client, family, conn[OPVS_CONN_ATTR_CLIENT]);
	name_take_server(&server, conn[OPVS_CONN_ATTR_SERVER]);
	out_row(out);
	out_text(out, COL_KIND, conn[OPVS_CONN_ATTR_KIND] &&
		 nla_get_u8(conn[OPVS_CONN_ATTR_KIND]) ==
		 OPVS_CONN_KIND_TEMPLATE ? "template" : "connection");
	out_text(out, COL_PROTOCOL,
		 name_protocol(nla_get_u16(conn[OPVS_CONN_ATTR_PROTOCOL]), text,
			       sizeof(text)));
	show_end(out, COL_CLIENT, &client, conn[OPVS_CONN_ATTR_CLIENT_PORT]);
	show_virtual(out, family, conn);
	show_end(out, COL_SERVER, &server, conn[OPVS_CONN_ATTR_SERVER_PORT]);
	out_text(out, COL_METHOD, conn[OPVS_CONN_ATTR_METHOD] ?
		 snap_method(nla_get_u32(conn[OPVS_CONN_ATTR_METHOD])) : NULL);
	out_text(out, COL_STATE, conn[OPVS_CONN_ATTR_STATE] ?
		 nla_get_string(conn[OPVS_CONN_ATTR_STATE]) : NULL);
	out_bool(out, COL_ACTIVE, conn[OPVS_CONN_ATTR_ACTIVE]);
	show_number(out, COL_SECONDS, conn[OPVS_CONN_ATTR_SECONDS]);
	show_number(out, COL_PACKETS, conn[OPVS_CONN_ATTR_PACKETS]);
	out_text(out, COL_ENGINE, conn[OPVS_CONN_ATTR_ENGINE] ?
		 nla_get_string(conn[OPVS_CONN_ATTR_ENGINE]) : NULL);
	show_key(out, conn[OPVS_CONN_ATTR_KEY]);
	show_number(out, COL_FLAGS, conn[OPVS_CONN_ATTR_FLAGS]);
	show_name(out, service);
}

static int take_conn(struct nlattr **attrs, void *arg)
{
	struct nlattr *conn[OPVS_CONN_ATTR_MAX + 1];
	struct conns *conns = arg;

	if (!attrs[OPVS_CMD_ATTR_CONN] ||
	    adm_parse(conn, &adm_conn, attrs[OPVS_CMD_ATTR_CONN]) ||
	    !conn[OPVS_CONN_ATTR_FAMILY] || !conn[OPVS_CONN_ATTR_PROTOCOL])
		return -EPROTO;
	show(&conns->out, attrs[IPVS_CMD_ATTR_SERVICE], conn);
	return 0;
}

static int count_conn(struct nlattr **attrs, void *arg)
{
	struct conns *conns = arg;

	(void)attrs;
	conns->count++;
	return 0;
}

static int take_count(struct nlattr **attrs, void *arg)
{
	struct conns *conns = arg;

	if (!attrs[OPVS_CMD_ATTR_COUNT])
		return -EPROTO;
	conns->count = nla_get_u32(attrs[OPVS_CMD_ATTR_COUNT]);
	return 0;
}

static int ask(const struct filter *filter, int command, int flags,
	       adm_answer answer, struct conns *conns)
{
	struct adm_nl nl;
	struct nl_msg *msg;
	int err;

	if (adm_open(&nl, OPVS_GENL_NAME))
		return ADM_FAILED;
	msg = adm_request(&nl, command, flags);
	if (msg && filter_put(filter, &nl, msg)) {
		nlmsg_free(msg);
		adm_close(&nl);
		return ADM_FAILED;
	}
	err = adm_talk(&nl, msg, &adm_message, answer, conns);
	/* That the single entry which is meant does not exist is an answer. */
	if (err == -ENOENT)
		err = 0;
	if (err)
		adm_err("the connections cannot be %s: %s",
			command == OPVS_CMD_GET_CONN ? "read" : "ended",
			adm_reason(&nl, err));
	adm_close(&nl);
	return err ? ADM_FAILED : ADM_OK;
}

static int print_count(const struct conns *conns)
{
	printf(adm_opt.json ? "{\"count\":%ju}\n" : "%ju\n",
	       (uintmax_t)conns->count);
	return ADM_OK;
}

static int conn_list(int argc, char **argv)
{
	struct conns conns = { .count = 0 };
	struct filter filter;
	int status = filter_read(&filter, argc, argv);
	int ended;

	if (status)
		return status;
	if (out_begin(&conns.out, columns, COL_COUNT))
		return ADM_FAILED;
	status = ask(&filter, OPVS_CMD_GET_CONN, NLM_F_DUMP, take_conn, &conns);
	ended = out_end(&conns.out);
	return status ? status : ended;
}

static int conn_count(int argc, char **argv)
{
	struct conns conns = { .count = 0 };
	struct filter filter;
	int status = filter_read(&filter, argc, argv);

	if (!status)
		status = ask(&filter, OPVS_CMD_GET_CONN, NLM_F_DUMP, count_conn,
			     &conns);
	return status ? status : print_count(&conns);
}

static int end_conns(int argc, char **argv, int command)
{
	struct conns conns = { .count = 0 };
	struct filter filter;
	int status = filter_read(&filter, argc, argv);

	if (status)
		return status;
	if (!filter.all && filter_is_empty(&filter))
		return adm_bad_usage("%s ends connections: which? Give a filter, or --all",
				     argv[0]);
	status = ask(&filter, command, 0, take_count, &conns);
	return status ? status : print_count(&conns);
}

static int conn_flush(int argc, char **argv)
{
	return end_conns(argc, argv, OPVS_CMD_FLUSH_CONN);
}

static int conn_expire(int argc, char **argv)
{
	return end_conns(argc, argv, OPVS_CMD_EXPIRE_CONN);
}

/**
 * cmd_conn() - shows, counts, ends or makes connections
 * @argc: number of arguments
 * @argv: the command and its arguments
 *
 * Return: a status of the program.
 */
int cmd_conn(int argc, char **argv)
{
	static const struct adm_verb verbs[] = {
		{ "list", conn_list },
		{ "count", conn_count },
		{ "flush", conn_flush },
		{ "expire", conn_expire },
		{ "import", conn_import },
	};

	return adm_run_verb(verbs, ARRAY_SIZE(verbs), argc, argv);
}
