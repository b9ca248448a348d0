// SPDX-License-Identifier: GPL-2.0-only
/* Which entries of the connection table are meant. */
#include "filter.h"

#include "adm.h"
#include "snap.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

/* ADDRESS[/PREFIX][:PORT], [ADDRESS][/PREFIX][:PORT] without a prefix unless
 * it may have one.
 */
static int read_end(struct filter *filter, struct filter_end *end,
		    const char *option, const char *text, bool may_prefix)
{
	const char *slash = may_prefix ? strchr(text, '/') : NULL;
	unsigned long long number;
	char copy[NAME_SIZE];
	size_t digits;

	end->prefix = -1;
	if (strlen(text) >= sizeof(copy))
		goto bad;
	snprintf(copy, sizeof(copy), "%s", text);
	if (slash) {
		char prefix[4] = "";

		digits = strspn(slash + 1, "0123456789");
		if (!digits || digits >= sizeof(prefix))
			goto bad;
		memcpy(prefix, slash + 1, digits);
		if (!name_parse_number(prefix, 128, &number))
			goto bad;
		end->prefix = number;
		snprintf(copy + (slash - text), sizeof(copy) - (slash - text),
			 "%s", slash + 1 + digits);
	}
	if (!name_parse_endpoint(copy, &end->addr, &end->port))
		goto bad;
	if (end->prefix > (end->addr.family == AF_INET6 ? 128 : 32))
		return adm_bad_usage("%s %s: the prefix is longer than the address",
				     option, text);
	end->given = true;
	/* A tunnel leads to servers of either family. */
	if (end == &filter->server)
		return ADM_OK;
	if (filter->family && filter->family != end->addr.family)
		return adm_bad_usage("%s %s is of another family than what is in front of it",
				     option, text);
	filter->family = end->addr.family;
	return ADM_OK;
bad:
	return adm_bad_usage("%s takes %s, not '%s'", option, may_prefix ?
			     "ADDRESS[/PREFIX] or ADDRESS:PORT" :
			     "ADDRESS[:PORT]", text);
}

static int read_kind(struct filter *filter, const char *text)
{
	if (strcmp(text, "connection") == 0)
		filter->kind = OPVS_CONN_KIND_CONNECTION;
	else if (strcmp(text, "template") == 0)
		filter->kind = OPVS_CONN_KIND_TEMPLATE;
	else
		return adm_bad_usage("--kind takes connection or template, not '%s'",
				     text);
	return ADM_OK;
}

static int read_family(struct filter *filter, uint16_t family)
{
	if (filter->family && filter->family != family)
		return adm_bad_usage("--ipv4, --ipv6 and the addresses contradict each other");
	filter->family = family;
	return ADM_OK;
}

static int read_state(struct filter *filter, char *text)
{
	char *c;

	if (!*text || strlen(text) > 15)
		return adm_bad_usage("--state takes the name of a state, as ESTABLISHED, not '%s'",
				     text);
	for (c = text; *c; c++)
		*c = toupper((unsigned char)*c);
	filter->state = text;
	return ADM_OK;
}

static int read_mark(struct filter *filter, const char *text)
{
	unsigned long long mark;

	if (!name_parse_number(text, UINT32_MAX, &mark) || !mark)
		return adm_bad_usage("--fwmark takes a number from 1 on, not '%s'",
				     text);
	filter->fwmark = mark;
	return ADM_OK;
}

static int read_option(struct filter *filter, int option, char *text)
{
	switch (option) {
	case 's':
		filter->service = text;
		return ADM_OK;
	case 'k':
		return read_kind(filter, text);
	case 'p':
		if (name_parse_protocol(text, &filter->protocol))
			return ADM_OK;
		return adm_bad_usage("--protocol takes tcp, udp or sctp, not '%s'",
				     text);
	case 'c':
		return read_end(filter, &filter->client, "--client", text, true);
	case 'v':
		return read_end(filter, &filter->virtual, "--virtual", text,
				false);
	case 'r':
		return read_end(filter, &filter->server, "--server", text,
				false);
	case 'S':
		return read_state(filter, text);
	case 'm':
		return read_mark(filter, text);
	case '4':
		return read_family(filter, AF_INET);
	case '6':
		return read_family(filter, AF_INET6);
	case 'e':
		filter->engine = text;
		return ADM_OK;
	case 'K':
		filter->key = text;
		return *text && strlen(text) < 256 ? ADM_OK :
			adm_bad_usage("--key takes 1 to 255 bytes");
	case 'a':
		filter->all = true;
		return ADM_OK;
	default:
		return ADM_USAGE;
	}
}

/**
 * filter_read() - reads a filter from a command line
 * @filter: what is made
 * @argc: number of arguments
 * @argv: the command's name, and arguments; some may be changed
 *
 * Return: a status of the program; if that is not ADM_OK, the user was told.
 */
int filter_read(struct filter *filter, int argc, char **argv)
{
	static const struct option options[] = {
		{ "service", required_argument, NULL, 's' },
		{ "kind", required_argument, NULL, 'k' },
		{ "protocol", required_argument, NULL, 'p' },
		{ "client", required_argument, NULL, 'c' },
		{ "virtual", required_argument, NULL, 'v' },
		{ "server", required_argument, NULL, 'r' },
		{ "state", required_argument, NULL, 'S' },
		{ "fwmark", required_argument, NULL, 'm' },
		{ "ipv4", no_argument, NULL, '4' },
		{ "ipv6", no_argument, NULL, '6' },
		{ "engine", required_argument, NULL, 'e' },
		{ "key", required_argument, NULL, 'K' },
		{ "all", no_argument, NULL, 'a' },
		{ }
	};
	int option, status;

	memset(filter, 0, sizeof(*filter));
	optind = 1;
	while ((option = getopt_long(argc, argv, "46a", options, NULL)) != -1) {
		status = read_option(filter, option, optarg);
		if (status)
			return status;
	}
	if (optind < argc)
		return adm_bad_usage("'%s' is no filter; filters are options, as --client",
				     argv[optind]);
	if (!filter->engine != !filter->key)
		return adm_bad_usage("--engine and --key go together");
	if (filter->all && !filter_is_empty(filter))
		return adm_bad_usage("--all goes without filters");
	return ADM_OK;
}

/**
 * filter_is_empty() - are all entries meant?
 * @filter: the filter
 *
 * Return: whether they are.
 */
bool filter_is_empty(const struct filter *filter)
{
	return !filter->service && !filter->kind && !filter->family &&
	       !filter->client.given && !filter->virtual.given &&
	       !filter->server.given &&
	       !filter->protocol && !filter->fwmark && !filter->state &&
	       !filter->engine;
}

static int put_end(struct nl_msg *msg, const struct filter_end *end,
		   int addr_attr, int port_attr)
{
	int err;

	if (!end->given)
		return 0;
	err = nla_put(msg, addr_attr, end->addr.family == AF_INET6 ? 16 : 4,
		      end->addr.bytes);
	if (end->port >= 0)
		err |= nla_put_u16(msg, port_attr, htons(end->port));
	if (end->prefix >= 0)
		err |= nla_put_u8(msg, OPVS_CONN_ATTR_CLIENT_PREFIX,
				  end->prefix);
	return err;
}

static int put_conn(const struct filter *filter, struct nl_msg *msg)
{
	struct nlattr *nest;
	int err = 0;

	nest = nla_nest_start(msg, OPVS_CMD_ATTR_CONN | NLA_F_NESTED);
	if (filter->kind)
		err |= nla_put_u8(msg, OPVS_CONN_ATTR_KIND, filter->kind);
	if (filter->family)
		err |= nla_put_u16(msg, OPVS_CONN_ATTR_FAMILY, filter->family);
	if (filter->protocol)
		err |= nla_put_u16(msg, OPVS_CONN_ATTR_PROTOCOL,
				   filter->protocol);
	err |= put_end(msg, &filter->client, OPVS_CONN_ATTR_CLIENT,
		       OPVS_CONN_ATTR_CLIENT_PORT);
	err |= put_end(msg, &filter->virtual, OPVS_CONN_ATTR_VIRTUAL,
		       OPVS_CONN_ATTR_VIRTUAL_PORT);
	err |= put_end(msg, &filter->server, OPVS_CONN_ATTR_SERVER,
		       OPVS_CONN_ATTR_SERVER_PORT);
	if (filter->fwmark)
		err |= nla_put_u32(msg, OPVS_CONN_ATTR_FWMARK, filter->fwmark);
	if (filter->state)
		err |= nla_put_string(msg, OPVS_CONN_ATTR_STATE, filter->state);
	if (filter->engine) {
		err |= nla_put_string(msg, OPVS_CONN_ATTR_ENGINE,
				      filter->engine);
		err |= nla_put(msg, OPVS_CONN_ATTR_KEY, strlen(filter->key),
			       filter->key);
	}
	if (filter->seconds)
		err |= nla_put_u32(msg, OPVS_CONN_ATTR_SECONDS,
				   *filter->seconds);
	nla_nest_end(msg, nest);
	return err;
}

/* The name is looked up first, so that a wrong one is told in its own words. */
static int put_service(const struct filter *filter, struct adm_nl *nl,
		       struct nl_msg *msg)
{
	const struct snap_service *service = NULL;
	struct nlattr *nest;
	struct snap snap;
	int err = -1;

	if (snap_services(nl, &snap) == 0)
		service = snap_find(&snap, filter->service);
	if (service) {
		nest = nla_nest_start(msg, IPVS_CMD_ATTR_SERVICE | NLA_F_NESTED);
		err = name_put_service(msg, &service->name);
		nla_nest_end(msg, nest);
	}
	snap_free(&snap);
	return err;
}

/**
 * filter_put() - writes a filter into a request
 * @filter: the filter
 * @nl: family opvs, which is asked for the service
 * @msg: the request
 *
 * Return: 0, or -1 and the user was told.
 */
int filter_put(const struct filter *filter, struct adm_nl *nl,
	       struct nl_msg *msg)
{
	struct filter bare = *filter;
	int err = 0;

	if (filter->service && put_service(filter, nl, msg))
		return -1;
	bare.service = NULL;
	if (!filter_is_empty(&bare))
		err = put_conn(filter, msg);
	if (err)
		adm_err("the filter is too long");
	return err ? -1 : 0;
}
