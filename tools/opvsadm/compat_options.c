// SPDX-License-Identifier: GPL-2.0-only
/* The command line of ipvsadm: options and their values.
 *
 * popt reads it, as it does for ipvsadm, so that abbreviations and what is said
 * of unknown options are the same. Values are judged in the order in which they
 * stand.
 */
#include "compat.h"

#include "addr.h"
#include "adm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Preset of -p, and the most that a timeout may be. */
#define PERSISTENT_SECONDS	360
#define SECONDS_MAX		(31 * 24 * 3600)
/* What fits a UDP datagram of IPv4. */
#define SYNC_MAXLEN_MAX		(65535 - 20 - 8)

/* Values for options without a letter that ipvsadm has; commands come first. */
enum {
	VAL_SET = 1000,
	VAL_START_DAEMON,
	VAL_STOP_DAEMON,
	VAL_SCTP,
	VAL_MCAST_INTERFACE,
	VAL_TIMEOUT,
	VAL_DAEMON,
	VAL_STATS,
	VAL_RATE,
	VAL_THRESHOLDS,
	VAL_PERSISTENT_CONN,
	VAL_NOSORT,
	VAL_SORT,
	VAL_SYNC_ID,
	VAL_ENGINE,
	VAL_MCAST_GROUP,
	VAL_MCAST_PORT,
	VAL_MCAST_TTL,
	VAL_SYNC_MAXLEN,
	VAL_TUN_INFO,
	VAL_TUN_TYPE,
	VAL_TUN_PORT,
	VAL_TUN_NOCSUM,
	VAL_TUN_CSUM,
	VAL_TUN_REMCSUM,
};

#define PLAIN(long_name, letter, value) \
	{ long_name, letter, POPT_ARG_NONE, NULL, value, NULL, NULL }
#define VALUED(long_name, letter, value) \
	{ long_name, letter, POPT_ARG_STRING, &optarg_text, value, NULL, NULL }

/* popt puts the value of an option here. */
static char *optarg_text;

static const struct poptOption popt_options[] = {
	PLAIN("add-service", 'A', 'A'),
	PLAIN("edit-service", 'E', 'E'),
	PLAIN("delete-service", 'D', 'D'),
	PLAIN("clear", 'C', 'C'),
	PLAIN("list", 'L', 'L'),
	PLAIN(NULL, 'l', 'L'),
	PLAIN("zero", 'Z', 'Z'),
	PLAIN("add-server", 'a', 'a'),
	PLAIN("edit-server", 'e', 'e'),
	PLAIN("delete-server", 'd', 'd'),
	PLAIN("restore", 'R', 'R'),
	PLAIN("save", 'S', 'S'),
	PLAIN("help", 'h', 'h'),
	PLAIN("version", 'v', 'v'),
	PLAIN("set", '\0', VAL_SET),
	VALUED("start-daemon", '\0', VAL_START_DAEMON),
	VALUED("stop-daemon", '\0', VAL_STOP_DAEMON),
	VALUED("tcp-service", 't', 't'),
	VALUED("udp-service", 'u', 'u'),
	VALUED("sctp-service", '\0', VAL_SCTP),
	VALUED("fwmark-service", 'f', 'f'),
	VALUED("scheduler", 's', 's'),
	{ "persistent", 'p', POPT_ARG_STRING | POPT_ARGFLAG_OPTIONAL,
		&optarg_text, 'p', NULL, NULL },
	VALUED("netmask", 'M', 'M'),
	VALUED("real-server", 'r', 'r'),
	PLAIN("masquerading", 'm', 'm'),
	PLAIN("ipip", 'i', 'i'),
	PLAIN("gatewaying", 'g', 'g'),
	VALUED("weight", 'w', 'w'),
	VALUED("u-threshold", 'x', 'x'),
	VALUED("l-threshold", 'y', 'y'),
	PLAIN("numeric", 'n', 'n'),
	PLAIN("connection", 'c', 'c'),
	VALUED("mcast-interface", '\0', VAL_MCAST_INTERFACE),
	PLAIN("timeout", '\0', VAL_TIMEOUT),
	PLAIN("daemon", '\0', VAL_DAEMON),
	PLAIN("stats", '\0', VAL_STATS),
	PLAIN("rate", '\0', VAL_RATE),
	PLAIN("thresholds", '\0', VAL_THRESHOLDS),
	PLAIN("persistent-conn", '\0', VAL_PERSISTENT_CONN),
	PLAIN("nosort", '\0', VAL_NOSORT),
	PLAIN("sort", '\0', VAL_SORT),
	PLAIN("exact", 'X', 'X'),
	PLAIN("ipv6", '6', '6'),
	PLAIN("ops", 'o', 'o'),
	VALUED("pe", '\0', VAL_ENGINE),
	VALUED("sched-flags", 'b', 'b'),
	VALUED("syncid", '\0', VAL_SYNC_ID),
	VALUED("mcast-group", '\0', VAL_MCAST_GROUP),
	VALUED("mcast-port", '\0', VAL_MCAST_PORT),
	VALUED("mcast-ttl", '\0', VAL_MCAST_TTL),
	VALUED("sync-maxlen", '\0', VAL_SYNC_MAXLEN),
	PLAIN("tun-info", '\0', VAL_TUN_INFO),
	VALUED("tun-type", '\0', VAL_TUN_TYPE),
	VALUED("tun-port", '\0', VAL_TUN_PORT),
	PLAIN("tun-nocsum", '\0', VAL_TUN_NOCSUM),
	PLAIN("tun-csum", '\0', VAL_TUN_CSUM),
	PLAIN("tun-remcsum", '\0', VAL_TUN_REMCSUM),
	POPT_TABLEEND
};

static const struct {
	int			value;
	enum compat_command	command;
} commands[] = {
	{ 'A', COMPAT_ADD_SERVICE },
	{ 'E', COMPAT_EDIT_SERVICE },
	{ 'D', COMPAT_DELETE_SERVICE },
	{ 'C', COMPAT_FLUSH },
	{ 'L', COMPAT_LIST_ALL },
	{ 'Z', COMPAT_ZERO },
	{ 'a', COMPAT_ADD_SERVER },
	{ 'e', COMPAT_EDIT_SERVER },
	{ 'd', COMPAT_DELETE_SERVER },
	{ 'R', COMPAT_RESTORE },
	{ 'S', COMPAT_SAVE },
	{ 'h', COMPAT_HELP },
	{ 'v', COMPAT_VERSION },
	{ VAL_SET, COMPAT_SET },
	{ VAL_START_DAEMON, COMPAT_START_DAEMON },
	{ VAL_STOP_DAEMON, COMPAT_STOP_DAEMON },
};

/* Options that may be given once; several share a bit if they exclude each
 * other.
 */
static const struct {
	int			value;
	enum compat_option	option;
} once[] = {
	{ 't', OPT_SERVICE }, { 'u', OPT_SERVICE }, { VAL_SCTP, OPT_SERVICE },
	{ 'f', OPT_SERVICE }, { 's', OPT_SCHEDULER }, { 'p', OPT_PERSISTENT },
	{ 'M', OPT_NETMASK }, { 'r', OPT_SERVER }, { 'm', OPT_METHOD },
	{ 'i', OPT_METHOD }, { 'g', OPT_METHOD }, { 'w', OPT_WEIGHT },
	{ 'x', OPT_UPPER }, { 'y', OPT_LOWER }, { 'n', OPT_NUMERIC },
	{ 'c', OPT_CONNECTION }, { VAL_MCAST_INTERFACE, OPT_MCAST_INTERFACE },
	{ VAL_TIMEOUT, OPT_TIMEOUT }, { VAL_DAEMON, OPT_DAEMON },
	{ VAL_STATS, OPT_STATS }, { VAL_RATE, OPT_RATE },
	{ VAL_THRESHOLDS, OPT_THRESHOLDS },
	{ VAL_PERSISTENT_CONN, OPT_PERSISTENT_CONN },
	{ VAL_NOSORT, OPT_NOSORT }, { 'X', OPT_EXACT }, { 'o', OPT_OPS },
	{ VAL_ENGINE, OPT_ENGINE }, { 'b', OPT_FLAGS },
	{ VAL_SYNC_ID, OPT_SYNC_ID }, { VAL_MCAST_GROUP, OPT_MCAST_GROUP },
	{ VAL_MCAST_PORT, OPT_MCAST_PORT }, { VAL_MCAST_TTL, OPT_MCAST_TTL },
	{ VAL_SYNC_MAXLEN, OPT_SYNC_MAXLEN }, { VAL_TUN_INFO, OPT_TUN_INFO },
	{ VAL_TUN_TYPE, OPT_TUN_TYPE }, { VAL_TUN_PORT, OPT_TUN_PORT },
	{ VAL_TUN_NOCSUM, OPT_TUN_NOCSUM }, { VAL_TUN_CSUM, OPT_TUN_CSUM },
	{ VAL_TUN_REMCSUM, OPT_TUN_REMCSUM },
};

/* ---- values ---- */

static int take_seconds(const char *text, long least, uint32_t *to)
{
	long number;

	if (!addr_number(text, least, SECONDS_MAX, &number))
		return compat_wrong(COMPAT_USAGE,
				    "invalid timeout value `%s' specified", text);
	*to = number;
	return COMPAT_OK;
}

static int take_small(const char *text, long least, long most, uint32_t *to,
		      const char *what)
{
	long number;

	if (!addr_number(text, least, most, &number))
		return compat_wrong(COMPAT_USAGE, "illegal %s specified", what);
	*to = number;
	return COMPAT_OK;
}

/* What a service of IPv6 has unless -M says something else. */
static void set_ipv6(struct ipvs_service *svc)
{
	svc->af = AF_INET6;
	svc->netmask = 128;
}

static int take_service(struct compat *c, int value, const char *text)
{
	struct ipvs_service *svc = &c->svc;
	uint16_t af;
	bool port;

	svc->protocol = value == 't' ? IPPROTO_TCP :
			value == 'u' ? IPPROTO_UDP : IPPROTO_SCTP;
	if (!addr_parse(text, svc->protocol, &af, &svc->addr, &svc->port, &port))
		return compat_wrong(COMPAT_USAGE,
				    "illegal virtual server address[:port] specified");
	if (af == AF_INET6)
		set_ipv6(svc);
	return COMPAT_OK;
}

static int take_mark(struct compat *c, const char *text)
{
	long number;

	if (!addr_number(text, 1, UINT32_MAX, &number))
		return compat_wrong(COMPAT_USAGE,
				    "invalid fwmark value `%s' specified", text);
	c->svc.fwmark = number;
	return COMPAT_OK;
}

static int take_netmask(struct ipvs_service *svc, const char *text)
{
	struct in_addr mask;

	if (svc->af == AF_INET6) {
		/* What stands behind the digits does not count. */
		svc->netmask = atoi(text);
		if (svc->netmask < 1 || svc->netmask > 128)
			return compat_wrong(COMPAT_USAGE,
					    "illegal ipv6 netmask specified");
		return COMPAT_OK;
	}
	if (!inet_aton(text, &mask))
		return compat_wrong(COMPAT_USAGE,
				    "illegal virtual server persistent mask specified");
	svc->netmask = mask.s_addr;
	return COMPAT_OK;
}

static int take_server(struct compat *c, const char *text)
{
	struct ipvs_dest *dest = &c->dest;
	uint16_t protocol = c->svc.protocol;
	bool port;

	if (!addr_parse(text, protocol ? protocol : IPPROTO_TCP, &dest->af,
			&dest->addr, &dest->port, &port))
		return compat_wrong(COMPAT_USAGE,
				    "illegal real server address[:port] specified");
	/* The server's port is the service's unless it is told. */
	if (!dest->port)
		dest->port = c->svc.port;
	return COMPAT_OK;
}

static int take_group(struct ipvs_daemon *daemon, const char *text)
{
	if (strchr(text, ':')) {
		daemon->af = AF_INET6;
		if (inet_pton(AF_INET6, text, &daemon->group.v6) != 1 ||
		    !IN6_IS_ADDR_MULTICAST(&daemon->group.v6))
			return compat_wrong(COMPAT_USAGE,
					    "invalid IPv6 mcast-group `%s'", text);
		return COMPAT_OK;
	}
	daemon->af = AF_INET;
	if (inet_pton(AF_INET, text, &daemon->group.v4) != 1 ||
	    !IN_MULTICAST(ntohl(daemon->group.v4.s_addr)))
		return compat_wrong(COMPAT_USAGE, "invalid IPv4 mcast-group `%s'",
				    text);
	return COMPAT_OK;
}

static int take_tunnel_type(struct ipvs_dest *dest, const char *text)
{
	if (strcmp(text, "ipip") == 0)
		dest->tun_type = IP_VS_CONN_F_TUNNEL_TYPE_IPIP;
	else if (strcmp(text, "gue") == 0)
		dest->tun_type = IP_VS_CONN_F_TUNNEL_TYPE_GUE;
	else if (strcmp(text, "gre") == 0)
		dest->tun_type = IP_VS_CONN_F_TUNNEL_TYPE_GRE;
	else
		return compat_wrong(COMPAT_USAGE, "illegal tunnel type specified");
	return COMPAT_OK;
}

static void copy_name(char *to, size_t size, const char *from)
{
	*to = '\0';
	strncat(to, from, size - 1);
}

/* Options about services. */
static int take_service_option(struct compat *c, int value, char *text)
{
	switch (value) {
	case 't':
	case 'u':
	case VAL_SCTP:
		return take_service(c, value, text);
	case 'f':
		return take_mark(c, text);
	case 's':
		copy_name(c->svc.sched, sizeof(c->svc.sched), text);
		return COMPAT_OK;
	case 'p':
		c->svc.flags |= IP_VS_SVC_F_PERSISTENT;
		c->svc.timeout = PERSISTENT_SECONDS;
		return text ? take_seconds(text, 1, &c->svc.timeout) : COMPAT_OK;
	case 'M':
		return take_netmask(&c->svc, text);
	case 'o':
		c->svc.flags |= IP_VS_SVC_F_ONEPACKET;
		return COMPAT_OK;
	case VAL_ENGINE:
		copy_name(c->svc.engine, sizeof(c->svc.engine), text);
		return COMPAT_OK;
	case 'b':
		return compat_take_flags(&c->svc, text, &c->flags_named);
	default:
		return COMPAT_OK;
	}
}

/* Options about servers. */
static int take_server_option(struct compat *c, int value, const char *text)
{
	struct ipvs_dest *dest = &c->dest;
	uint32_t number = 0;
	int status;

	switch (value) {
	case 'r':
		return take_server(c, text);
	case 'm':
		dest->method = IP_VS_CONN_F_MASQ;
		return COMPAT_OK;
	case 'i':
		dest->method = IP_VS_CONN_F_TUNNEL;
		return COMPAT_OK;
	case 'g':
		dest->method = IP_VS_CONN_F_DROUTE;
		return COMPAT_OK;
	case 'w':
		return take_small(text, 0, INT_MAX, &dest->weight, "weight");
	case 'x':
		return take_small(text, 0, INT_MAX, &dest->upper, "u_threshold");
	case 'y':
		return take_small(text, 0, INT_MAX, &dest->lower, "l_threshold");
	case VAL_TUN_TYPE:
		return take_tunnel_type(dest, text);
	case VAL_TUN_PORT:
		status = take_small(text, 1, UINT16_MAX, &number, "tunnel port");
		dest->tun_port = htons(number);
		return status;
	case VAL_TUN_CSUM:
		dest->tun_flags |= IP_VS_TUNNEL_ENCAP_FLAG_CSUM;
		return COMPAT_OK;
	case VAL_TUN_REMCSUM:
		dest->tun_flags |= IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM;
		return COMPAT_OK;
	default:
		return COMPAT_OK;
	}
}

/* Options about daemons. */
static int take_daemon_option(struct compat *c, int value, const char *text)
{
	struct ipvs_daemon *daemon = &c->daemon;
	uint32_t number = 0;
	int status = COMPAT_OK;

	switch (value) {
	case VAL_MCAST_INTERFACE:
		copy_name(daemon->interface, sizeof(daemon->interface), text);
		break;
	case VAL_SYNC_ID:
		return take_small(text, 0, UINT8_MAX, &daemon->sync_id, "syncid");
	case VAL_MCAST_GROUP:
		return take_group(daemon, text);
	case VAL_MCAST_PORT:
		status = take_small(text, 1, UINT16_MAX, &number, "mcast-port");
		daemon->port = number;
		break;
	case VAL_MCAST_TTL:
		status = take_small(text, 1, UINT8_MAX, &number, "mcast-ttl");
		daemon->ttl = number;
		break;
	case VAL_SYNC_MAXLEN:
		status = take_small(text, 1, SYNC_MAXLEN_MAX, &number,
				    "sync-maxlen");
		daemon->maxlen = number;
		break;
	}
	return status;
}

/* ---- the line as a whole ---- */

/* Notes that an option was given, if that may be said once more. */
static int note_option(struct compat *c, int value)
{
	size_t i;

	if (value == '6' || value == VAL_SORT)
		return COMPAT_OK;
	for (i = 0; i < ARRAY_SIZE(once); i++) {
		if (once[i].value != value)
			continue;
		if (compat_has(c, once[i].option))
			return compat_wrong(COMPAT_USAGE,
					    "multiple '%s' options specified",
					    compat_option_name(once[i].option));
		c->options |= 1ull << once[i].option;
		return COMPAT_OK;
	}
	return -1;
}

static int take_option(struct compat *c, poptContext context, int value,
		       char *text)
{
	int status = note_option(c, value);

	/* A second command is none of the options. */
	if (status < 0)
		return compat_wrong(COMPAT_USAGE, "invalid option `%s'",
				    poptBadOption(context, POPT_BADOPTION_NOALIAS));
	if (!status && value == '6') {
		if (!c->svc.fwmark)
			return compat_wrong(COMPAT_USAGE, "-6 used before -f\n");
		set_ipv6(&c->svc);
	}
	if (!status)
		status = take_service_option(c, value, text);
	if (!status)
		status = take_server_option(c, value, text);
	if (!status)
		status = take_daemon_option(c, value, text);
	return status;
}

static int take_daemon_state(struct compat *c, const char *text)
{
	if (strcmp(text, "master") == 0)
		c->daemon.state = IP_VS_STATE_MASTER;
	else if (strcmp(text, "backup") == 0)
		c->daemon.state = IP_VS_STATE_BACKUP;
	else if (c->command == COMPAT_START_DAEMON)
		return compat_wrong(COMPAT_USAGE,
				    "illegal start-daemon parameter specified");
	else
		return compat_wrong(COMPAT_USAGE,
				    "illegal start_daemon specified");
	return COMPAT_OK;
}

/* Sets the command by the first option; -1 if that is none. */
static int take_command(struct compat *c, int value, const char *text)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].value == value)
			c->command = commands[i].command;
	if (c->command == COMPAT_NOTHING)
		return -1;
	if (text)
		return take_daemon_state(c, text);
	return COMPAT_OK;
}

static int take_timeouts(struct compat *c, poptContext context)
{
	uint32_t *to[] = { &c->timeouts.tcp, &c->timeouts.tcp_fin,
			   &c->timeouts.udp };
	const char *text[3];
	int status, i;

	for (i = 0; i < 3; i++) {
		text[i] = poptGetArg(context);
		if (!text[i])
			return compat_wrong(COMPAT_USAGE,
					    "--set option requires 3 timeout values");
	}
	for (i = 0; i < 3; i++) {
		status = take_seconds(text[i], 0, to[i]);
		if (status)
			return status;
	}
	return COMPAT_OK;
}

static int next_option(poptContext context, char **text)
{
	int value;

	optarg_text = NULL;
	value = poptGetNextOpt(context);
	*text = optarg_text;
	return value;
}

static int parse(struct compat *c, poptContext context)
{
	const char *extra;
	char *text;
	int value, status;

	value = next_option(context, &text);
	status = value < 0 ? -1 : take_command(c, value, text);
	free(text);
	if (status < 0)
		return compat_try_help();
	/* They look at nothing that is behind them. */
	if (status || c->command == COMPAT_HELP || c->command == COMPAT_VERSION)
		return status;
	while ((value = next_option(context, &text)) >= 0) {
		status = take_option(c, context, value, text);
		free(text);
		if (status)
			return status;
	}
	free(text);
	if (value < -1)
		return compat_wrong(COMPAT_FAILED, "%s: %s",
				    poptBadOption(context, POPT_BADOPTION_NOALIAS),
				    poptStrerror(value));
	if (c->command == COMPAT_SET)
		status = take_timeouts(c, context);
	extra = status ? NULL : poptGetArg(context);
	if (extra)
		return compat_wrong(COMPAT_USAGE, "unexpected argument %s", extra);
	return status;
}

/**
 * compat_parse() - understands a command line
 * @c: what is understood; cleared at first but for its connection
 * @argc: number of words
 * @argv: the words, the program's name first
 *
 * Return: COMPAT_OK, or the status with which ipvsadm ends.
 */
int compat_parse(struct compat *c, int argc, const char **argv)
{
	struct adm_nl *nl = c->nl;
	poptContext context;
	int status;

	memset(c, 0, sizeof(*c));
	c->nl = nl;
	c->svc.af = AF_INET;
	c->svc.netmask = INADDR_NONE;
	c->dest.method = IP_VS_CONN_F_DROUTE;
	c->dest.weight = 1;
	context = poptGetContext(NULL, argc, argv, popt_options, 0);
	if (!context)
		return compat_wrong(COMPAT_FAILED, "%s", strerror(ENOMEM));
	status = parse(c, context);
	poptFreeContext(context);
	return status;
}
