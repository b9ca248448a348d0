// SPDX-License-Identifier: GPL-2.0-only
/* The command line of ipvsadm: what goes together. */
#include "compat.h"

#include "adm.h"

#include <arpa/inet.h>
#include <string.h>

static const char *const command_names[COMPAT_COMMANDS] = {
	[COMPAT_ADD_SERVICE]	= "add-service",
	[COMPAT_EDIT_SERVICE]	= "edit-service",
	[COMPAT_DELETE_SERVICE]	= "delete-service",
	[COMPAT_FLUSH]		= "flush",
	[COMPAT_ADD_SERVER]	= "add-server",
	[COMPAT_EDIT_SERVER]	= "edit-server",
	[COMPAT_DELETE_SERVER]	= "delete-server",
	[COMPAT_LIST_ALL]	= "list",
	[COMPAT_ZERO]		= "zero",
	[COMPAT_SET]		= "set",
	[COMPAT_RESTORE]	= "restore",
	[COMPAT_SAVE]		= "save",
	[COMPAT_START_DAEMON]	= "start-daemon",
	[COMPAT_STOP_DAEMON]	= "stop-daemon",
};

static const char *const option_names[COMPAT_OPTIONS] = {
	[OPT_NUMERIC]		= "numeric",
	[OPT_CONNECTION]	= "connection",
	[OPT_SERVICE]		= "service-address",
	[OPT_SCHEDULER]		= "scheduler",
	[OPT_PERSISTENT]	= "persistent",
	[OPT_NETMASK]		= "netmask",
	[OPT_SERVER]		= "real-server",
	[OPT_METHOD]		= "forwarding-method",
	[OPT_WEIGHT]		= "weight",
	[OPT_UPPER]		= "u-threshold",
	[OPT_LOWER]		= "l-threshold",
	[OPT_MCAST_INTERFACE]	= "mcast-interface",
	[OPT_TIMEOUT]		= "timeout",
	[OPT_DAEMON]		= "daemon",
	[OPT_STATS]		= "stats",
	[OPT_RATE]		= "rate",
	[OPT_THRESHOLDS]	= "thresholds",
	[OPT_PERSISTENT_CONN]	= "persistent-conn",
	[OPT_NOSORT]		= "nosort",
	[OPT_SYNC_ID]		= "syncid",
	[OPT_EXACT]		= "exact",
	[OPT_OPS]		= "ops",
	[OPT_ENGINE]		= "pe",
	[OPT_FLAGS]		= "sched-flags",
	[OPT_MCAST_GROUP]	= "mcast-group",
	[OPT_MCAST_PORT]	= "mcast-port",
	[OPT_MCAST_TTL]		= "mcast-ttl",
	[OPT_SYNC_MAXLEN]	= "sync-maxlen",
	[OPT_TUN_INFO]		= "tun-info",
	[OPT_TUN_TYPE]		= "tun-type",
	[OPT_TUN_PORT]		= "tun-port",
	[OPT_TUN_NOCSUM]	= "tun-nocsum",
	[OPT_TUN_CSUM]		= "tun-csum",
	[OPT_TUN_REMCSUM]	= "tun-remcsum",
};

#define BIT(option)	(1ull << (option))

#define SERVICE_OPTIONS	(BIT(OPT_SCHEDULER) | BIT(OPT_PERSISTENT) |	\
			 BIT(OPT_NETMASK) | BIT(OPT_OPS) |		\
			 BIT(OPT_ENGINE) | BIT(OPT_FLAGS))
#define TUNNEL_OPTIONS	(BIT(OPT_TUN_TYPE) | BIT(OPT_TUN_PORT) |	\
			 BIT(OPT_TUN_NOCSUM) | BIT(OPT_TUN_CSUM) |	\
			 BIT(OPT_TUN_REMCSUM))
#define SERVER_OPTIONS	(BIT(OPT_METHOD) | BIT(OPT_WEIGHT) |		\
			 BIT(OPT_UPPER) | BIT(OPT_LOWER) | TUNNEL_OPTIONS)
#define LIST_OPTIONS	(BIT(OPT_NUMERIC) | BIT(OPT_CONNECTION) |	\
			 BIT(OPT_SERVICE) | BIT(OPT_TIMEOUT) |		\
			 BIT(OPT_DAEMON) | BIT(OPT_STATS) |		\
			 BIT(OPT_RATE) | BIT(OPT_THRESHOLDS) |		\
			 BIT(OPT_PERSISTENT_CONN) | BIT(OPT_NOSORT) |	\
			 BIT(OPT_SYNC_ID) | BIT(OPT_EXACT) |		\
			 BIT(OPT_TUN_INFO))
#define DAEMON_OPTIONS	(BIT(OPT_MCAST_INTERFACE) | BIT(OPT_SYNC_ID) |	\
			 BIT(OPT_MCAST_GROUP) | BIT(OPT_MCAST_PORT) |	\
			 BIT(OPT_MCAST_TTL) | BIT(OPT_SYNC_MAXLEN))
#define ONE_SERVER	(BIT(OPT_SERVICE) | BIT(OPT_SERVER))

/* Options that a command must have, and those that it may have. */
static const struct {
	uint64_t	must;
	uint64_t	may;
} rules[COMPAT_COMMANDS] = {
	[COMPAT_ADD_SERVICE]	= { BIT(OPT_SERVICE), SERVICE_OPTIONS },
	[COMPAT_EDIT_SERVICE]	= { BIT(OPT_SERVICE), SERVICE_OPTIONS },
	[COMPAT_DELETE_SERVICE]	= { BIT(OPT_SERVICE), 0 },
	[COMPAT_ADD_SERVER]	= { ONE_SERVER, SERVER_OPTIONS },
	[COMPAT_EDIT_SERVER]	= { ONE_SERVER, SERVER_OPTIONS },
	[COMPAT_DELETE_SERVER]	= { ONE_SERVER, 0 },
	[COMPAT_LIST_ALL]	= { 0, LIST_OPTIONS },
	[COMPAT_ZERO]		= { 0, BIT(OPT_SERVICE) },
	[COMPAT_SAVE]		= { 0, BIT(OPT_NUMERIC) },
	[COMPAT_START_DAEMON]	= { 0, DAEMON_OPTIONS },
	[COMPAT_STOP_DAEMON]	= { 0, BIT(OPT_SYNC_ID) },
};

/**
 * compat_option_name() - the long name of an option, for messages
 * @option: the option
 *
 * Return: the name.
 */
const char *compat_option_name(enum compat_option option)
{
	return option_names[option];
}

static int check_options(const struct compat *c)
{
	int option;

	for (option = 0; option < COMPAT_OPTIONS; option++) {
		if (rules[c->command].must & BIT(option) &&
		    !compat_has(c, option))
			return compat_wrong(COMPAT_USAGE,
					    "You need to supply the '%s' option for the '%s' command",
					    option_names[option],
					    command_names[c->command]);
		if (compat_has(c, option) &&
		    !((rules[c->command].must | rules[c->command].may) &
		      BIT(option)))
			return compat_wrong(COMPAT_USAGE,
					    "Illegal '%s' option with the '%s' command",
					    option_names[option],
					    command_names[c->command]);
	}
	return COMPAT_OK;
}

/* Of what makes a list something else, there may be one. */
static int check_list(const struct compat *c)
{
	static const enum compat_option kinds[] = {
		OPT_CONNECTION, OPT_SERVICE, OPT_TIMEOUT, OPT_DAEMON,
	};
	uint64_t columns = BIT(OPT_STATS) | BIT(OPT_RATE) | BIT(OPT_THRESHOLDS);
	int first = -1;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!compat_has(c, kinds[i]))
			continue;
		if (first >= 0)
			return compat_wrong(COMPAT_USAGE,
					    "The option '%s' conflicts with the '%s' option in the 'list' command",
					    option_names[kinds[i]],
					    option_names[first]);
		first = kinds[i];
	}
	if (first < 0 || first == OPT_SERVICE)
		return COMPAT_OK;
	/* The engine's data is a column of connections. */
	if (first != OPT_CONNECTION)
		columns |= BIT(OPT_PERSISTENT_CONN);
	if (c->options & columns)
		return compat_wrong(COMPAT_USAGE,
				    "options conflicts in the list command");
	return COMPAT_OK;
}

static int check_service(const struct compat *c)
{
	const struct ipvs_service *svc = &c->svc;
	int status = compat_check_flags(svc, c->flags_named);

	if (status)
		return status;
	if (!svc->fwmark && !svc->port && !(svc->flags & IP_VS_SVC_F_PERSISTENT))
		return compat_wrong(COMPAT_USAGE,
				    "Zero port specified for non-persistent service");
	if (svc->flags & IP_VS_SVC_F_ONEPACKET && !svc->fwmark &&
	    svc->protocol != IPPROTO_UDP)
		return compat_wrong(COMPAT_USAGE,
				    "One-Packet Scheduling is only for UDP virtual services");
	return COMPAT_OK;
}

/* What each type of tunnel must and may have, and which exclude each other. */
static const struct {
	const char	*name;
	uint64_t	must;
	uint64_t	may;
} tunnels[] = {
	[IP_VS_CONN_F_TUNNEL_TYPE_IPIP] = { "ipip", 0, BIT(OPT_TUN_TYPE) },
	[IP_VS_CONN_F_TUNNEL_TYPE_GUE] = {
		"gue", BIT(OPT_TUN_PORT), TUNNEL_OPTIONS
	},
	[IP_VS_CONN_F_TUNNEL_TYPE_GRE] = {
		"gre", 0,
		BIT(OPT_TUN_TYPE) | BIT(OPT_TUN_NOCSUM) | BIT(OPT_TUN_CSUM)
	},
};

static int check_tunnel(const struct compat *c)
{
	int type = c->dest.tun_type, option, first = -1;

	for (option = OPT_TUN_TYPE; option <= OPT_TUN_REMCSUM; option++) {
		if (tunnels[type].must & BIT(option) && !compat_has(c, option))
			return compat_wrong(COMPAT_USAGE,
					    "You need to supply the '%s' option for the '%s' tunnel type",
					    option_names[option],
					    tunnels[type].name);
		if (compat_has(c, option) && !(tunnels[type].may & BIT(option)))
			return compat_wrong(COMPAT_USAGE,
					    "Illegal '%s' option with the '%s' tunnel type",
					    option_names[option],
					    tunnels[type].name);
	}
	for (option = OPT_TUN_NOCSUM; option <= OPT_TUN_REMCSUM; option++) {
		if (!compat_has(c, option))
			continue;
		if (first >= 0)
			return compat_wrong(COMPAT_USAGE,
					    "The option '%s' conflicts with the '%s' option in the '%s' tunnel type",
					    option_names[option],
					    option_names[first],
					    tunnels[type].name);
		first = option;
	}
	return COMPAT_OK;
}

static int check_server(struct compat *c)
{
	struct ipvs_dest *dest = &c->dest;
	int status;

	if (dest->af != c->svc.af && dest->method != IP_VS_CONN_F_TUNNEL &&
	    c->command != COMPAT_DELETE_SERVER)
		return compat_wrong(COMPAT_USAGE,
				    "Different address family is allowed only for tunneling servers");
	if (dest->method != IP_VS_CONN_F_TUNNEL) {
		if (c->options & TUNNEL_OPTIONS)
			return compat_wrong(COMPAT_USAGE,
					    "Tunnel options conflict with forward method");
	} else {
		status = check_tunnel(c);
		if (status)
			return status;
	}
	/* Where addresses are not rewritten, ports are not either. */
	if (!c->svc.fwmark && dest->method != IP_VS_CONN_F_MASQ &&
	    c->command != COMPAT_DELETE_SERVER)
		dest->port = c->svc.port;
	return COMPAT_OK;
}

/**
 * compat_check() - whether what was understood goes together
 * @c: the command line; what follows from it is filled in
 *
 * Return: COMPAT_OK, or the status with which ipvsadm ends.
 */
int compat_check(struct compat *c)
{
	int status = check_options(c);

	if (status)
		return status;
	switch (c->command) {
	case COMPAT_ADD_SERVICE:
	case COMPAT_EDIT_SERVICE:
		if (!c->svc.sched[0])
			strncat(c->svc.sched, "wlc", sizeof(c->svc.sched) - 1);
		return check_service(c);
	case COMPAT_ADD_SERVER:
	case COMPAT_EDIT_SERVER:
	case COMPAT_DELETE_SERVER:
		return check_server(c);
	case COMPAT_LIST_ALL:
		return check_list(c);
	case COMPAT_START_DAEMON:
		if (!c->daemon.interface[0])
			strncat(c->daemon.interface, "eth0",
				sizeof(c->daemon.interface) - 1);
		return COMPAT_OK;
	default:
		return COMPAT_OK;
	}
}
