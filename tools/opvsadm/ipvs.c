// SPDX-License-Identifier: GPL-2.0-only
/* Services, servers, daemons and timeouts: how the kernel is asked for them, and
 * told to change them.
 */
#include "ipvs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a request with attributes failed by. */
static int put_failed(struct nl_msg *msg)
{
	nlmsg_free(msg);
	return -ENOMEM;
}

static size_t addr_size(uint16_t af)
{
	return af == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

/* ---- into messages ---- */

static void put_limits(struct nl_msg *msg, const struct ipvs_service *svc)
{
	if (svc->policy[0])
		nla_put_string(msg, OPVS_SVC_ATTR_POLICY, svc->policy);
	nla_put_u32(msg, OPVS_SVC_ATTR_CONN_MAX, svc->conn_max);
}

/* Returns non-zero if the message is full. */
static int put_service(struct nl_msg *msg, const struct ipvs_service *svc,
		       bool whole)
{
	struct ip_vs_flags flags = { .flags = svc->flags, .mask = ~0 };
	struct nlattr *nest;
	int full;

	nest = nla_nest_start(msg, IPVS_CMD_ATTR_SERVICE | NLA_F_NESTED);
	if (!nest)
		return -1;
	full = nla_put_u16(msg, IPVS_SVC_ATTR_AF, svc->af);
	if (svc->fwmark) {
		full |= nla_put_u32(msg, IPVS_SVC_ATTR_FWMARK, svc->fwmark);
	} else {
		full |= nla_put_u16(msg, IPVS_SVC_ATTR_PROTOCOL, svc->protocol);
		full |= nla_put(msg, IPVS_SVC_ATTR_ADDR, addr_size(svc->af),
				&svc->addr);
		full |= nla_put_u16(msg, IPVS_SVC_ATTR_PORT, svc->port);
	}
	if (whole) {
		full |= nla_put_string(msg, IPVS_SVC_ATTR_SCHED_NAME, svc->sched);
		if (svc->engine[0])
			full |= nla_put_string(msg, IPVS_SVC_ATTR_PE_NAME,
					       svc->engine);
		full |= nla_put(msg, IPVS_SVC_ATTR_FLAGS, sizeof(flags), &flags);
		full |= nla_put_u32(msg, IPVS_SVC_ATTR_TIMEOUT, svc->timeout);
		full |= nla_put_u32(msg, IPVS_SVC_ATTR_NETMASK, svc->netmask);
		if (svc->has_limits)
			put_limits(msg, svc);
	}
	nla_nest_end(msg, nest);
	return full;
}

static int put_dest(struct nl_msg *msg, const struct ipvs_dest *dest, bool whole)
{
	struct nlattr *nest;
	int full;

	nest = nla_nest_start(msg, IPVS_CMD_ATTR_DEST | NLA_F_NESTED);
	if (!nest)
		return -1;
	full = nla_put_u16(msg, IPVS_DEST_ATTR_ADDR_FAMILY, dest->af);
	full |= nla_put(msg, IPVS_DEST_ATTR_ADDR, addr_size(dest->af),
			&dest->addr);
	full |= nla_put_u16(msg, IPVS_DEST_ATTR_PORT, dest->port);
	if (whole) {
		full |= nla_put_u32(msg, IPVS_DEST_ATTR_FWD_METHOD, dest->method);
		full |= nla_put_u32(msg, IPVS_DEST_ATTR_WEIGHT, dest->weight);
		full |= nla_put_u32(msg, IPVS_DEST_ATTR_U_THRESH, dest->upper);
		full |= nla_put_u32(msg, IPVS_DEST_ATTR_L_THRESH, dest->lower);
		full |= nla_put_u8(msg, IPVS_DEST_ATTR_TUN_TYPE, dest->tun_type);
		full |= nla_put_u16(msg, IPVS_DEST_ATTR_TUN_PORT, dest->tun_port);
		full |= nla_put_u16(msg, IPVS_DEST_ATTR_TUN_FLAGS,
				    dest->tun_flags);
	}
	nla_nest_end(msg, nest);
	return full;
}

static int put_daemon(struct nl_msg *msg, const struct ipvs_daemon *daemon)
{
	struct nlattr *nest;
	int full;

	nest = nla_nest_start(msg, IPVS_CMD_ATTR_DAEMON | NLA_F_NESTED);
	if (!nest)
		return -1;
	full = nla_put_u32(msg, IPVS_DAEMON_ATTR_STATE, daemon->state);
	full |= nla_put_string(msg, IPVS_DAEMON_ATTR_MCAST_IFN,
			       daemon->interface);
	full |= nla_put_u32(msg, IPVS_DAEMON_ATTR_SYNC_ID, daemon->sync_id);
	if (daemon->maxlen)
		full |= nla_put_u16(msg, IPVS_DAEMON_ATTR_SYNC_MAXLEN,
				    daemon->maxlen);
	if (daemon->af == AF_INET)
		full |= nla_put_u32(msg, IPVS_DAEMON_ATTR_MCAST_GROUP,
				    daemon->group.v4.s_addr);
	if (daemon->af == AF_INET6)
		full |= nla_put(msg, IPVS_DAEMON_ATTR_MCAST_GROUP6,
				sizeof(daemon->group.v6), &daemon->group.v6);
	if (daemon->port)
		full |= nla_put_u16(msg, IPVS_DAEMON_ATTR_MCAST_PORT,
				    daemon->port);
	if (daemon->ttl)
		full |= nla_put_u8(msg, IPVS_DAEMON_ATTR_MCAST_TTL, daemon->ttl);
	nla_nest_end(msg, nest);
	return full;
}

/**
 * ipvs_service_msg() - a command about a service
 * @nl: the connection
 * @command: its number; new and changed services are told whole, others by name
 * @svc: the service
 *
 * Return: the message, or NULL for lack of memory.
 */
struct nl_msg *ipvs_service_msg(struct adm_nl *nl, int command,
				const struct ipvs_service *svc)
{
	struct nl_msg *msg = adm_request(nl, command, 0);
	bool whole = command == IPVS_CMD_NEW_SERVICE ||
		     command == IPVS_CMD_SET_SERVICE;

	if (msg && put_service(msg, svc, whole)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return msg;
}

/**
 * ipvs_dest_msg() - a command about a server
 * @nl: the connection
 * @command: its number; new and changed servers are told whole, others by name
 * @svc: its service
 * @dest: the server
 *
 * Return: the message, or NULL for lack of memory.
 */
struct nl_msg *ipvs_dest_msg(struct adm_nl *nl, int command,
			     const struct ipvs_service *svc,
			     const struct ipvs_dest *dest)
{
	struct nl_msg *msg = adm_request(nl, command, 0);

	if (msg && (put_service(msg, svc, false) ||
		    put_dest(msg, dest, command != IPVS_CMD_DEL_DEST))) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return msg;
}

/* ---- commands ---- */

/**
 * ipvs_simple() - sends a command that has no attributes
 * @nl: the connection
 * @command: its number
 *
 * Return: 0 or an error number.
 */
int ipvs_simple(struct adm_nl *nl, int command)
{
	return adm_talk(nl, adm_request(nl, command, 0), &adm_message, NULL,
			NULL);
}

/**
 * ipvs_service() - sends a command about a service
 * @nl: the connection
 * @command: its number
 * @svc: the service
 *
 * Return: 0 or an error number.
 */
int ipvs_service(struct adm_nl *nl, int command, const struct ipvs_service *svc)
{
	return adm_talk(nl, ipvs_service_msg(nl, command, svc), &adm_message,
			NULL, NULL);
}

/**
 * ipvs_dest() - sends a command about a server
 * @nl: the connection
 * @command: its number
 * @svc: its service
 * @dest: the server
 *
 * Return: 0 or an error number.
 */
int ipvs_dest(struct adm_nl *nl, int command, const struct ipvs_service *svc,
	      const struct ipvs_dest *dest)
{
	return adm_talk(nl, ipvs_dest_msg(nl, command, svc, dest), &adm_message,
			NULL, NULL);
}

/**
 * ipvs_daemon() - starts or stops a synchronisation daemon
 * @nl: the connection
 * @command: IPVS_CMD_NEW_DAEMON or IPVS_CMD_DEL_DAEMON
 * @daemon: the daemon
 *
 * Return: 0 or an error number.
 */
int ipvs_daemon(struct adm_nl *nl, int command, const struct ipvs_daemon *daemon)
{
	struct nl_msg *msg = adm_request(nl, command, 0);

	if (msg && put_daemon(msg, daemon))
		return put_failed(msg);
	return adm_talk(nl, msg, &adm_message, NULL, NULL);
}

/**
 * ipvs_set_timeouts() - sets three timeouts
 * @nl: the connection
 * @timeouts: seconds; 0 keeps one
 *
 * Return: 0 or an error number.
 */
int ipvs_set_timeouts(struct adm_nl *nl, const struct ipvs_timeouts *timeouts)
{
	struct nl_msg *msg = adm_request(nl, IPVS_CMD_SET_CONFIG, 0);

	if (msg && (nla_put_u32(msg, IPVS_CMD_ATTR_TIMEOUT_TCP, timeouts->tcp) ||
		    nla_put_u32(msg, IPVS_CMD_ATTR_TIMEOUT_TCP_FIN,
				timeouts->tcp_fin) ||
		    nla_put_u32(msg, IPVS_CMD_ATTR_TIMEOUT_UDP, timeouts->udp)))
		return put_failed(msg);
	return adm_talk(nl, msg, &adm_message, NULL, NULL);
}

/* ---- out of answers ---- */

static uint64_t u64_of(const struct nlattr *attr)
{
	uint64_t value = 0;

	if (!attr)
		return 0;
	if (nla_len(attr) == sizeof(uint32_t))
		return nla_get_u32(attr);
	memcpy(&value, nla_data(attr), sizeof(value));
	return value;
}

static uint32_t u32_of(const struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

static uint16_t u16_of(const struct nlattr *attr)
{
	return attr ? nla_get_u16(attr) : 0;
}

static void take_string(char *to, size_t size, const struct nlattr *attr)
{
	to[0] = '\0';
	if (attr)
		strncat(to, nla_get_string(attr), size - 1);
}

static void take_addr(union ipvs_addr *addr, const struct nlattr *attr)
{
	size_t len = attr ? nla_len(attr) : 0;

	memset(addr, 0, sizeof(*addr));
	if (len)
		memcpy(addr, nla_data(attr),
		       len < sizeof(*addr) ? len : sizeof(*addr));
}

/* The 64-bit set if there is one, else the other. */
static int take_stats(struct ipvs_stats *stats, struct nlattr *stats64,
		      struct nlattr *stats32)
{
	struct nlattr *attrs[IPVS_STATS_ATTR_MAX + 1];
	int err;

	err = adm_parse(attrs, stats64 ? &adm_stats64 : &adm_stats,
			stats64 ? stats64 : stats32);
	if (err)
		return err;
	stats->conns = u64_of(attrs[IPVS_STATS_ATTR_CONNS]);
	stats->inpkts = u64_of(attrs[IPVS_STATS_ATTR_INPKTS]);
	stats->outpkts = u64_of(attrs[IPVS_STATS_ATTR_OUTPKTS]);
	stats->inbytes = u64_of(attrs[IPVS_STATS_ATTR_INBYTES]);
	stats->outbytes = u64_of(attrs[IPVS_STATS_ATTR_OUTBYTES]);
	stats->cps = u64_of(attrs[IPVS_STATS_ATTR_CPS]);
	stats->inpps = u64_of(attrs[IPVS_STATS_ATTR_INPPS]);
	stats->outpps = u64_of(attrs[IPVS_STATS_ATTR_OUTPPS]);
	stats->inbps = u64_of(attrs[IPVS_STATS_ATTR_INBPS]);
	stats->outbps = u64_of(attrs[IPVS_STATS_ATTR_OUTBPS]);
	return 0;
}

static int take_service(struct ipvs_service *svc, struct nlattr *nest)
{
	struct nlattr *attrs[OPVS_SVC_ATTR_MAX + 1];
	struct ip_vs_flags flags = { };

	if (!nest || adm_parse(attrs, &adm_service, nest) ||
	    !attrs[IPVS_SVC_ATTR_AF])
		return -EPROTO;
	memset(svc, 0, sizeof(*svc));
	svc->af = nla_get_u16(attrs[IPVS_SVC_ATTR_AF]);
	svc->protocol = u16_of(attrs[IPVS_SVC_ATTR_PROTOCOL]);
	take_addr(&svc->addr, attrs[IPVS_SVC_ATTR_ADDR]);
	svc->port = u16_of(attrs[IPVS_SVC_ATTR_PORT]);
	svc->fwmark = u32_of(attrs[IPVS_SVC_ATTR_FWMARK]);
	take_string(svc->sched, sizeof(svc->sched),
		    attrs[IPVS_SVC_ATTR_SCHED_NAME]);
	take_string(svc->engine, sizeof(svc->engine),
		    attrs[IPVS_SVC_ATTR_PE_NAME]);
	if (attrs[IPVS_SVC_ATTR_FLAGS])
		memcpy(&flags, nla_data(attrs[IPVS_SVC_ATTR_FLAGS]),
		       sizeof(flags));
	/* That it is in the kernel's table is no property of a service. */
	svc->flags = flags.flags & ~IP_VS_SVC_F_HASHED;
	svc->timeout = u32_of(attrs[IPVS_SVC_ATTR_TIMEOUT]);
	svc->netmask = u32_of(attrs[IPVS_SVC_ATTR_NETMASK]);
	take_string(svc->policy, sizeof(svc->policy),
		    attrs[OPVS_SVC_ATTR_POLICY]);
	svc->conn_max = u32_of(attrs[OPVS_SVC_ATTR_CONN_MAX]);
	svc->has_limits = !!attrs[OPVS_SVC_ATTR_POLICY];
	return take_stats(&svc->stats, attrs[IPVS_SVC_ATTR_STATS64],
			  attrs[IPVS_SVC_ATTR_STATS]);
}

static int take_dest(struct ipvs_dest *dest, struct nlattr *nest, uint16_t af)
{
	struct nlattr *attrs[OPVS_DEST_ATTR_MAX + 1];

	if (!nest || adm_parse(attrs, &adm_dest, nest))
		return -EPROTO;
	memset(dest, 0, sizeof(*dest));
	dest->af = attrs[IPVS_DEST_ATTR_ADDR_FAMILY] ?
		   nla_get_u16(attrs[IPVS_DEST_ATTR_ADDR_FAMILY]) : af;
	take_addr(&dest->addr, attrs[IPVS_DEST_ATTR_ADDR]);
	dest->port = u16_of(attrs[IPVS_DEST_ATTR_PORT]);
	dest->method = u32_of(attrs[IPVS_DEST_ATTR_FWD_METHOD]) &
		       IP_VS_CONN_F_FWD_MASK;
	dest->weight = u32_of(attrs[IPVS_DEST_ATTR_WEIGHT]);
	dest->upper = u32_of(attrs[IPVS_DEST_ATTR_U_THRESH]);
	dest->lower = u32_of(attrs[IPVS_DEST_ATTR_L_THRESH]);
	dest->active = u32_of(attrs[IPVS_DEST_ATTR_ACTIVE_CONNS]);
	dest->inactive = u32_of(attrs[IPVS_DEST_ATTR_INACT_CONNS]);
	dest->persistent = u32_of(attrs[IPVS_DEST_ATTR_PERSIST_CONNS]);
	if (attrs[IPVS_DEST_ATTR_TUN_TYPE])
		dest->tun_type = nla_get_u8(attrs[IPVS_DEST_ATTR_TUN_TYPE]);
	dest->tun_port = u16_of(attrs[IPVS_DEST_ATTR_TUN_PORT]);
	dest->tun_flags = u16_of(attrs[IPVS_DEST_ATTR_TUN_FLAGS]);
	return take_stats(&dest->stats, attrs[IPVS_DEST_ATTR_STATS64],
			  attrs[IPVS_DEST_ATTR_STATS]);
}

/* ---- questions ---- */

/* Makes room for one more in a list whose elements have SIZE bytes. */
static int grow(void **list, size_t count, size_t *room, size_t size)
{
	void *more;

	if (count < *room)
		return 0;
	more = reallocarray(*list, *room * 2 + 16, size);
	if (!more)
		return -ENOMEM;
	*list = more;
	*room = *room * 2 + 16;
	return 0;
}

static int add_service(struct nlattr **attrs, void *arg)
{
	struct ipvs_services *services = arg;
	int err;

	err = grow((void **)&services->list, services->count, &services->room,
		   sizeof(*services->list));
	if (!err)
		err = take_service(&services->list[services->count],
				   attrs[IPVS_CMD_ATTR_SERVICE]);
	services->count += !err;
	return err;
}

/**
 * ipvs_get_services() - all services, in the order in which they were added
 * @nl: the connection
 * @services: the list, empty at first; the caller frees its array, also on errors
 *
 * Return: 0 or an error number.
 */
int ipvs_get_services(struct adm_nl *nl, struct ipvs_services *services)
{
	int err;

	/* A list that changed while it was read is read again. */
	do {
		services->count = 0;
		err = adm_talk(nl, adm_request(nl, IPVS_CMD_GET_SERVICE,
					       NLM_F_DUMP),
			       &adm_message, add_service, services);
	} while (err == -EINTR);
	return err;
}

static int take_one_service(struct nlattr **attrs, void *arg)
{
	return take_service(arg, attrs[IPVS_CMD_ATTR_SERVICE]);
}

/**
 * ipvs_get_service() - all of a service
 * @nl: the connection
 * @svc: named; becomes what the kernel has
 *
 * Return: 0 or an error number.
 */
int ipvs_get_service(struct adm_nl *nl, struct ipvs_service *svc)
{
	return adm_talk(nl, ipvs_service_msg(nl, IPVS_CMD_GET_SERVICE, svc),
			&adm_message, take_one_service, svc);
}

struct dests_of {
	const struct ipvs_service	*svc;
	struct ipvs_dests		*dests;
};

static int add_dest(struct nlattr **attrs, void *arg)
{
	struct dests_of *of = arg;
	struct ipvs_dests *dests = of->dests;
	int err;

	err = grow((void **)&dests->list, dests->count, &dests->room,
		   sizeof(*dests->list));
	if (!err)
		err = take_dest(&dests->list[dests->count],
				attrs[IPVS_CMD_ATTR_DEST], of->svc->af);
	dests->count += !err;
	return err;
}

/**
 * ipvs_get_dests() - all servers of a service, in the order in which they were
 * added
 * @nl: the connection
 * @svc: the service, named
 * @dests: the list; what is in it is overwritten. The caller frees its array
 *
 * Return: 0 or an error number.
 */
int ipvs_get_dests(struct adm_nl *nl, const struct ipvs_service *svc,
		   struct ipvs_dests *dests)
{
	struct dests_of of = { svc, dests };
	struct nl_msg *msg;
	int err;

	do {
		dests->count = 0;
		msg = adm_request(nl, IPVS_CMD_GET_DEST, NLM_F_DUMP);
		if (msg && put_service(msg, svc, false))
			return put_failed(msg);
		err = adm_talk(nl, msg, &adm_message, add_dest, &of);
	} while (err == -EINTR);
	return err;
}

static int add_daemon(struct nlattr **attrs, void *arg)
{
	struct nlattr *found[IPVS_DAEMON_ATTR_MAX + 1];
	struct ipvs_daemons *daemons = arg;
	struct ipvs_daemon *daemon = &daemons->list[daemons->count];

	if (!attrs[IPVS_CMD_ATTR_DAEMON] ||
	    adm_parse(found, &adm_daemon, attrs[IPVS_CMD_ATTR_DAEMON]) ||
	    daemons->count == 2)
		return -EPROTO;
	memset(daemon, 0, sizeof(*daemon));
	daemon->state = u32_of(found[IPVS_DAEMON_ATTR_STATE]);
	take_string(daemon->interface, sizeof(daemon->interface),
		    found[IPVS_DAEMON_ATTR_MCAST_IFN]);
	daemon->sync_id = u32_of(found[IPVS_DAEMON_ATTR_SYNC_ID]);
	daemon->maxlen = u16_of(found[IPVS_DAEMON_ATTR_SYNC_MAXLEN]);
	daemon->port = u16_of(found[IPVS_DAEMON_ATTR_MCAST_PORT]);
	if (found[IPVS_DAEMON_ATTR_MCAST_TTL])
		daemon->ttl = nla_get_u8(found[IPVS_DAEMON_ATTR_MCAST_TTL]);
	if (found[IPVS_DAEMON_ATTR_MCAST_GROUP]) {
		daemon->af = AF_INET;
		take_addr(&daemon->group, found[IPVS_DAEMON_ATTR_MCAST_GROUP]);
	} else if (found[IPVS_DAEMON_ATTR_MCAST_GROUP6]) {
		daemon->af = AF_INET6;
		take_addr(&daemon->group, found[IPVS_DAEMON_ATTR_MCAST_GROUP6]);
	}
	daemons->count++;
	return 0;
}

/**
 * ipvs_get_daemons() - the synchronisation daemons that run
 * @nl: the connection
 * @daemons: the list
 *
 * Return: 0 or an error number.
 */
int ipvs_get_daemons(struct adm_nl *nl, struct ipvs_daemons *daemons)
{
	daemons->count = 0;
	return adm_talk(nl, adm_request(nl, IPVS_CMD_GET_DAEMON, NLM_F_DUMP),
			&adm_message, add_daemon, daemons);
}

static int take_timeouts(struct nlattr **attrs, void *arg)
{
	struct ipvs_timeouts *timeouts = arg;

	timeouts->tcp = u32_of(attrs[IPVS_CMD_ATTR_TIMEOUT_TCP]);
	timeouts->tcp_fin = u32_of(attrs[IPVS_CMD_ATTR_TIMEOUT_TCP_FIN]);
	timeouts->udp = u32_of(attrs[IPVS_CMD_ATTR_TIMEOUT_UDP]);
	return 0;
}

/**
 * ipvs_get_timeouts() - three timeouts
 * @nl: the connection
 * @timeouts: what is found
 *
 * Return: 0 or an error number.
 */
int ipvs_get_timeouts(struct adm_nl *nl, struct ipvs_timeouts *timeouts)
{
	return adm_talk(nl, adm_request(nl, IPVS_CMD_GET_CONFIG, 0),
			&adm_message, take_timeouts, timeouts);
}

static int take_info(struct nlattr **attrs, void *arg)
{
	struct ipvs_info *info = arg;

	info->version = u32_of(attrs[IPVS_INFO_ATTR_VERSION]);
	info->table_size = u32_of(attrs[IPVS_INFO_ATTR_CONN_TAB_SIZE]);
	return 0;
}

/**
 * ipvs_info() - which IPVS it is, and the size of its table
 * @nl: the connection
 * @info: what is found
 *
 * Return: 0 or an error number.
 */
int ipvs_info(struct adm_nl *nl, struct ipvs_info *info)
{
	return adm_talk(nl, adm_request(nl, IPVS_CMD_GET_INFO, 0), &adm_info,
			take_info, info);
}
