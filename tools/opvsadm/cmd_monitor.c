// SPDX-License-Identifier: GPL-2.0-only
/* opvsadm monitor: events as they happen, a line or a JSON object each. */
#include "adm.h"
#include "snap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#define FIRST_EVENT	OPVS_CMD_SERVICE_ADDED

static const char *const names[] = {
	[OPVS_CMD_SERVICE_ADDED - FIRST_EVENT]		= "service-added",
	[OPVS_CMD_SERVICE_CHANGED - FIRST_EVENT]	= "service-changed",
	[OPVS_CMD_SERVICE_REMOVED - FIRST_EVENT]	= "service-removed",
	[OPVS_CMD_DEST_ADDED - FIRST_EVENT]		= "dest-added",
	[OPVS_CMD_DEST_CHANGED - FIRST_EVENT]		= "dest-changed",
	[OPVS_CMD_DEST_REMOVED - FIRST_EVENT]		= "dest-removed",
	[OPVS_CMD_OVERLOAD_BEGUN - FIRST_EVENT]		= "overload-begun",
	[OPVS_CMD_OVERLOAD_ENDED - FIRST_EVENT]		= "overload-ended",
	[OPVS_CMD_DRAIN_BEGUN - FIRST_EVENT]		= "drain-begun",
	[OPVS_CMD_DRAIN_ENDED - FIRST_EVENT]		= "drain-ended",
	[OPVS_CMD_LIMIT_REACHED - FIRST_EVENT]		= "limit-reached",
	[OPVS_CMD_FLUSHED - FIRST_EVENT]		= "flushed",
	[OPVS_CMD_ZEROED - FIRST_EVENT]			= "zeroed",
	[OPVS_CMD_POLICY_ADDED - FIRST_EVENT]		= "policy-added",
	[OPVS_CMD_POLICY_CHANGED - FIRST_EVENT]		= "policy-changed",
	[OPVS_CMD_POLICY_REMOVED - FIRST_EVENT]		= "policy-removed",
	[OPVS_CMD_LIMIT_CHANGED - FIRST_EVENT]		= "limit-changed",
	[OPVS_CMD_KEY_CHANGED - FIRST_EVENT]		= "key-changed",
	[OPVS_CMD_EVENTS_LOST - FIRST_EVENT]		= "events-lost",
};

/* Bits of OPVS_EVENT_ATTR_CHANGED, from the lowest on. */
static const char *const changes[] = {
	"scheduler", "engine", "flags", "persistence", "policy", "limit",
	"weight", "thresholds", "method", "tunnel",
};

static const char *const limits[] = {
	[OPVS_LIMIT_KIND_EVERYWHERE]	= "everywhere",
	[OPVS_LIMIT_KIND_NETNS]		= "namespace",
	[OPVS_LIMIT_KIND_SERVICE]	= "service",
};

/**
 * struct monitor - what is listened to
 * @wanted: by number of the event
 * @service: events of this one only
 * @by_service: there is such a restriction
 * @left: events until it ends; negative: it does not
 */
struct monitor {
	bool			wanted[ARRAY_SIZE(names)];
	struct name_service	service;
	bool			by_service;
	long			left;
};

/* An event as a JSON object, from which the line is made, too. */
static void add_text(struct json_object *event, const char *key,
		     const char *text)
{
	json_object_object_add(event, key,
			       text ? json_object_new_string(text) : NULL);
}

static void add_number(struct json_object *event, const char *key,
		       struct nlattr *attr)
{
	json_object_object_add(event, key, attr ?
			       json_object_new_uint64(nla_get_u32(attr)) :
			       NULL);
}

static void add_time(struct json_object *event, struct nlattr *attr)
{
	char text[64], day[32];
	struct tm tm;
	uint64_t ns;
	time_t when;

	ns = attr ? nla_get_u64(attr) : 0;
	when = ns / 1000000000;
	gmtime_r(&when, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%06uZ", day,
		 (unsigned int)(ns % 1000000000 / 1000));
	add_text(event, "time", text);
}

static void add_changes(struct json_object *event, struct nlattr *attr)
{
	struct json_object *list = attr ? json_object_new_array() : NULL;
	size_t i;

	for (i = 0; attr && i < ARRAY_SIZE(changes); i++)
		if (nla_get_u32(attr) & 1U << i)
			json_object_array_add(list,
					      json_object_new_string(changes[i]));
	json_object_object_add(event, "changed", list);
}

/* Who is meant; false if it is another service than the one asked for. */
static bool add_service(struct json_object *event, struct nlattr *nest,
			const struct monitor *monitor,
			struct name_service *service)
{
	struct nlattr *attrs[OPVS_SVC_ATTR_MAX + 1];
	char text[NAME_SIZE];

	if (!nest || adm_parse(attrs, &adm_service, nest)) {
		add_text(event, "service", NULL);
		return !monitor->by_service;
	}
	name_take_service(service, attrs);
	add_text(event, "service",
		 name_service_text(service, text, sizeof(text)));
	return !monitor->by_service ||
	       name_same_service(service, &monitor->service);
}

static void add_server(struct json_object *event, struct nlattr *nest,
		       uint16_t family)
{
	struct nlattr *attrs[OPVS_DEST_ATTR_MAX + 1], *port;
	char text[NAME_SIZE];
	struct name_addr addr;

	if (!nest || adm_parse(attrs, &adm_dest, nest)) {
		add_text(event, "server", NULL);
		add_text(event, "weight", NULL);
		return;
	}
	if (attrs[IPVS_DEST_ATTR_ADDR_FAMILY])
		family = nla_get_u16(attrs[IPVS_DEST_ATTR_ADDR_FAMILY]);
	port = attrs[IPVS_DEST_ATTR_PORT];
	name_take_addr(&addr, family, attrs[IPVS_DEST_ATTR_ADDR]);
	add_text(event, "server",
		 name_endpoint(&addr, port ? ntohs(nla_get_u16(port)) : 0, text,
			       sizeof(text)));
	add_number(event, "weight", attrs[IPVS_DEST_ATTR_WEIGHT]);
}

static void add_rest(struct json_object *event, struct nlattr **attrs,
		     struct nlattr **what)
{
	struct nlattr *policy[OPVS_POLICY_ATTR_MAX + 1];
	struct nlattr *table[OPVS_TABLE_ATTR_MAX + 1];
	struct nlattr *limit = what[OPVS_EVENT_ATTR_LIMIT];

	add_number(event, "old_weight", what[OPVS_EVENT_ATTR_OLD_WEIGHT]);
	add_changes(event, what[OPVS_EVENT_ATTR_CHANGED]);
	if (adm_parse(policy, &adm_policy, attrs[OPVS_CMD_ATTR_POLICY]))
		memset(policy, 0, sizeof(policy));
	add_text(event, "policy", policy[OPVS_POLICY_ATTR_NAME] ?
		 nla_get_string(policy[OPVS_POLICY_ATTR_NAME]) : NULL);
	add_text(event, "limit", limit && nla_get_u8(limit) <
		 ARRAY_SIZE(limits) ? limits[nla_get_u8(limit)] : NULL);
	if (adm_parse(table, &adm_table, attrs[OPVS_CMD_ATTR_TABLE]))
		memset(table, 0, sizeof(table));
	add_number(event, "conn_max", table[OPVS_TABLE_ATTR_CONN_MAX]);
	add_number(event, "portid", what[OPVS_EVENT_ATTR_PORTID]);
	add_number(event, "lost", what[OPVS_EVENT_ATTR_LOST]);
}

/* TIME EVENT WORDS, without what is null, in one line. */
static void print_line(struct json_object *event)
{
	static const char *const words[] = {
		"time", "event", "service", "server", "policy", "limit",
	};
	struct json_object *value, *weight, *change;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (json_object_object_get_ex(event, words[i], &value) && value)
			printf("%s%s", i ? " " : "",
			       json_object_get_string(value));
	json_object_object_get_ex(event, "changed", &value);
	for (i = 0; value && i < json_object_array_length(value); i++) {
		change = json_object_array_get_idx(value, i);
		printf("%c%s", i ? '+' : ' ', json_object_get_string(change));
	}
	json_object_object_get_ex(event, "weight", &weight);
	if (json_object_object_get_ex(event, "old_weight", &value) && value)
		printf(" %s>%s", json_object_get_string(value),
		       json_object_get_string(weight));
	if (json_object_object_get_ex(event, "conn_max", &value) && value)
		printf(" max=%s", json_object_get_string(value));
	if (json_object_object_get_ex(event, "lost", &value) && value)
		printf(" (%s events lost)", json_object_get_string(value));
	putchar('\n');
}

static int take_event(struct nl_msg *msg, void *arg)
{
	struct nlattr *attrs[OPVS_CMD_ATTR_MAX + 1];
	struct nlattr *what[OPVS_EVENT_ATTR_MAX + 1];
	struct genlmsghdr *head = genlmsg_hdr(nlmsg_hdr(msg));
	unsigned int number = head->cmd - FIRST_EVENT;
	const int style = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	struct monitor *monitor = arg;
	struct name_service service = { .addr.family = AF_INET };
	struct json_object *event;
	struct nlattr *place;

	if (head->cmd < FIRST_EVENT || number >= ARRAY_SIZE(names) ||
	    !monitor->wanted[number] ||
	    genlmsg_parse(nlmsg_hdr(msg), 0, attrs, OPVS_CMD_ATTR_MAX,
			  (struct nla_policy *)adm_message.policy) ||
	    adm_parse(what, &adm_event, attrs[OPVS_CMD_ATTR_EVENT]))
		return NL_OK;
	event = json_object_new_object();
	add_time(event, what[OPVS_EVENT_ATTR_TIME]);
	add_text(event, "event", names[number]);
	place = what[OPVS_EVENT_ATTR_SEQUENCE];
	json_object_object_add(event, "sequence", place ?
			       json_object_new_uint64(nla_get_u64(place)) :
			       NULL);
	if (add_service(event, attrs[IPVS_CMD_ATTR_SERVICE], monitor,
			&service)) {
		add_server(event, attrs[IPVS_CMD_ATTR_DEST],
			   service.addr.family);
		add_rest(event, attrs, what);
		if (adm_opt.json)
			puts(json_object_to_json_string_ext(event, style));
		else
			print_line(event);
		if (monitor->left > 0)
			monitor->left--;
	}
	json_object_put(event);
	return monitor->left ? NL_OK : NL_STOP;
}

static int listen_to(struct adm_nl *nl, struct monitor *monitor)
{
	int group = genl_ctrl_resolve_grp(nl->sock, OPVS_GENL_NAME,
					  OPVS_MCGRP_EVENTS);
	int err;

	if (group < 0) {
		adm_err("the module that is loaded has no events");
		return ADM_FAILED;
	}
	nl_socket_disable_seq_check(nl->sock);
	nl_socket_modify_cb(nl->sock, NL_CB_VALID, NL_CB_CUSTOM, take_event,
			    monitor);
	err = nl_socket_add_membership(nl->sock, group);
	if (err < 0) {
		adm_err("events cannot be listened to: %s", nl_geterror(err));
		return ADM_FAILED;
	}
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	while (monitor->left && !ferror(stdout)) {
		err = nl_recvmsgs_default(nl->sock);
		/* The socket's buffer was full. */
		if (err == -NLE_NOMEM)
			adm_err("events were missed; this program reads too slowly");
		else if (err < 0)
			break;
	}
	if (err >= 0 || err == -NLE_NOMEM)
		return ADM_OK;
	adm_err("events cannot be read: %s", nl_geterror(err));
	return ADM_FAILED;
}

/* Names of events, with commas between; a part of a name means all with it. */
static int read_filter(struct monitor *monitor, char *text)
{
	char *name, *rest;
	bool found;
	size_t i;

	for (name = strtok_r(text, ",", &rest); name;
	     name = strtok_r(NULL, ",", &rest)) {
		found = false;
		for (i = 0; i < ARRAY_SIZE(names); i++) {
			if (!strstr(names[i], name))
				continue;
			monitor->wanted[i] = true;
			found = true;
		}
		if (!found)
			return adm_bad_usage("--filter: no event has '%s' in its name",
					     name);
	}
	return ADM_OK;
}

static int read_option(struct monitor *monitor, int option, bool *filtered)
{
	unsigned long long number;

	switch (option) {
	case 'f':
		*filtered = true;
		return read_filter(monitor, optarg);
	case 's':
		monitor->by_service = true;
		if (name_parse_service(optarg, &monitor->service))
			return ADM_OK;
		return adm_bad_usage("--service takes ADDRESS:PORT/PROTOCOL, not '%s'",
				     optarg);
	case 'c':
		if (name_parse_number(optarg, 1000000000, &number) && number) {
			monitor->left = number;
			return ADM_OK;
		}
		return adm_bad_usage("--count takes a number from 1 on, not '%s'",
				     optarg);
	default:
		return ADM_USAGE;
	}
}

/**
 * cmd_monitor() - prints events as they happen
 * @argc: number of arguments
 * @argv: the command and its arguments
 *
 * Return: a status of the program.
 */
int cmd_monitor(int argc, char **argv)
{
	static const struct option options[] = {
		{ "filter", required_argument, NULL, 'f' },
		{ "service", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'c' },
		{ }
	};
	struct monitor monitor = { .left = -1 };
	bool filtered = false;
	struct adm_nl nl;
	int option, status;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		status = read_option(&monitor, option, &filtered);
		if (status)
			return status;
	}
	if (optind < argc)
		return adm_bad_usage("monitor takes no '%s'", argv[optind]);
	if (!filtered)
		memset(monitor.wanted, true, sizeof(monitor.wanted));
	if (adm_open(&nl, OPVS_GENL_NAME))
		return ADM_FAILED;
	status = listen_to(&nl, &monitor);
	adm_close(&nl);
	return status;
}
