// SPDX-License-Identifier: GPL-2.0-only
/* What ipvsadm -L and -S print. */
#include "compat.h"

#include "addr.h"
#include "adm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

/* A list while it is printed. */
struct list {
	const struct compat	*c;
	bool			numeric;
	bool			exact;
};

static void print_title(const struct compat *c)
{
	if (compat_has(c, OPT_STATS))
		printf("%-33s %8s %8s %8s %8s %8s\n"
		       "  -> RemoteAddress:Port\n", "Prot LocalAddress:Port",
		       "Conns", "InPkts", "OutPkts", "InBytes", "OutBytes");
	else if (compat_has(c, OPT_RATE))
		printf("%-33s %8s %8s %8s %8s %8s\n"
		       "  -> RemoteAddress:Port\n", "Prot LocalAddress:Port",
		       "CPS", "InPPS", "OutPPS", "InBPS", "OutBPS");
	else if (compat_has(c, OPT_THRESHOLDS))
		printf("%-33s %-10s %-10s %-10s %-10s\n"
		       "  -> RemoteAddress:Port\n", "Prot LocalAddress:Port",
		       "Uthreshold", "Lthreshold", "ActiveConn", "InActConn");
	else if (compat_has(c, OPT_PERSISTENT_CONN))
		printf("%-33s %-9s %-11s %-10s %-10s\n"
		       "  -> RemoteAddress:Port\n", "Prot LocalAddress:Port",
		       "Weight", "PersistConn", "ActiveConn", "InActConn");
	else if (compat_has(c, OPT_TUN_INFO))
		printf("Prot LocalAddress:Port Scheduler Flags\n"
		       "%-33s %-7s %-13s %-6s %s %s\n",
		       "  -> RemoteAddress:Port", "Forward", "TunnelInfo",
		       "Weight", "ActiveConn", "InActConn");
	else
		printf("Prot LocalAddress:Port Scheduler Flags\n"
		       "%-33s %-7s %-6s %s %s\n", "  -> RemoteAddress:Port",
		       "Forward", "Weight", "ActiveConn", "InActConn");
}

/* In nine places as long as it fits, then in thousands, millions and so on. */
static void print_large(const struct list *list, uint64_t number)
{
	static const char units[] = "KMGT";
	int unit = -1;

	if (list->exact || number < 100000000) {
		printf(" %8ju", (uintmax_t)number);
		return;
	}
	while (number >= 100000000 && unit < 3) {
		number /= 1000;
		unit++;
	}
	printf("%8ju%c", (uintmax_t)number, units[unit]);
}

static void print_numbers(const struct list *list, const struct ipvs_stats *stats)
{
	if (compat_has(list->c, OPT_STATS)) {
		print_large(list, stats->conns);
		print_large(list, stats->inpkts);
		print_large(list, stats->outpkts);
		print_large(list, stats->inbytes);
		print_large(list, stats->outbytes);
	} else {
		print_large(list, stats->cps);
		print_large(list, stats->inpps);
		print_large(list, stats->outpps);
		print_large(list, stats->inbps);
		print_large(list, stats->outbps);
	}
	putchar('\n');
}

static bool wants_numbers(const struct compat *c)
{
	return compat_has(c, OPT_STATS) || compat_has(c, OPT_RATE);
}

static void print_service(const struct list *list, const struct ipvs_service *svc)
{
	char name[ADDR_TEXT_SIZE], flags[COMPAT_FLAGS_SIZE];
	char netmask[COMPAT_NETMASK_SIZE];

	if (svc->fwmark)
		snprintf(name, sizeof(name), "%u%s", svc->fwmark,
			 svc->af == AF_INET6 ? " IPv6" : "");
	else
		addr_text(name, svc->af, &svc->addr, svc->port, svc->protocol,
			  list->numeric);
	printf("%-4s ", svc->fwmark ? "FWM" : addr_protocol(svc->protocol));
	if (wants_numbers(list->c)) {
		printf("%-28s", name);
		print_numbers(list, &svc->stats);
		return;
	}
	printf("%s %s", name, svc->sched);
	if (compat_flags(svc, flags))
		printf(" (%s)", flags);
	if (svc->flags & IP_VS_SVC_F_PERSISTENT) {
		printf(" persistent %u", svc->timeout);
		if (compat_netmask(svc, netmask))
			printf(" mask %s", netmask);
	}
	if (svc->engine[0])
		printf(" pe %s", svc->engine);
	if (svc->flags & IP_VS_SVC_F_ONEPACKET)
		printf(" ops");
	putchar('\n');
}

static const char *method_name(uint32_t method)
{
	switch (method) {
	case IP_VS_CONN_F_MASQ:
		return "Masq";
	case IP_VS_CONN_F_LOCALNODE:
		return "Local";
	case IP_VS_CONN_F_TUNNEL:
		return "Tunnel";
	case IP_VS_CONN_F_DROUTE:
		return "Route";
	default:
		return "Bypass";
	}
}

/* TYPE[:PORT][:FLAGS] */
static const char *tunnel_info(const struct ipvs_dest *dest, char *text,
			       size_t size)
{
	const char *flags = "";

	if (dest->method != IP_VS_CONN_F_TUNNEL)
		return "n/a";
	if (dest->tun_flags & IP_VS_TUNNEL_ENCAP_FLAG_CSUM)
		flags = ":+c";
	else if (dest->tun_flags & IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM)
		flags = ":r+c";
	else
		flags = ":-c";
	switch (dest->tun_type) {
	case IP_VS_CONN_F_TUNNEL_TYPE_GUE:
		snprintf(text, size, "gue:%u%s", ntohs(dest->tun_port), flags);
		return text;
	case IP_VS_CONN_F_TUNNEL_TYPE_GRE:
		snprintf(text, size, "gre%s", flags);
		return text;
	default:
		return "ipip";
	}
}

static void print_dest(const struct list *list, const struct ipvs_service *svc,
		       const struct ipvs_dest *dest)
{
	char name[ADDR_TEXT_SIZE], tunnel[24];

	addr_text(name, dest->af, &dest->addr, dest->port, svc->protocol,
		  list->numeric);
	printf("  -> %-28s", name);
	if (wants_numbers(list->c)) {
		print_numbers(list, &dest->stats);
		return;
	}
	if (compat_has(list->c, OPT_THRESHOLDS))
		printf(" %-10u %-10u", dest->upper, dest->lower);
	else if (compat_has(list->c, OPT_PERSISTENT_CONN))
		printf(" %-9u %-11u", dest->weight, dest->persistent);
	else if (compat_has(list->c, OPT_TUN_INFO))
		printf(" %-7s %-13s %-6u", method_name(dest->method),
		       tunnel_info(dest, tunnel, sizeof(tunnel)), dest->weight);
	else
		printf(" %-7s %-6u", method_name(dest->method), dest->weight);
	printf(" %-10u %-10u\n", dest->active, dest->inactive);
}

/* ---- lists ---- */

/* Called for each service with its servers. */
typedef void (*visitor)(const struct list *list, const struct ipvs_service *svc,
			const struct ipvs_dests *dests);

static void visit_list(const struct list *list, const struct ipvs_service *svc,
		       const struct ipvs_dests *dests)
{
	size_t i;

	print_service(list, svc);
	for (i = 0; i < dests->count; i++)
		print_dest(list, svc, &dests->list[i]);
}

static void visit_save(const struct list *list, const struct ipvs_service *svc,
		       const struct ipvs_dests *dests)
{
	size_t i;

	compat_put_service(stdout, svc, list->numeric);
	putchar('\n');
	for (i = 0; i < dests->count; i++) {
		compat_put_dest(stdout, svc, &dests->list[i], list->numeric);
		putchar('\n');
	}
}

static int visit_all(const struct list *list, struct ipvs_services *services,
		     visitor visit)
{
	const struct compat *c = list->c;
	struct ipvs_dests dests = { };
	int err = 0;
	size_t i;

	if (!compat_has(c, OPT_NOSORT))
		compat_sort(services);
	for (i = 0; i < services->count && !err; i++) {
		err = ipvs_get_dests(c->nl, &services->list[i], &dests);
		if (err)
			break;
		if (!compat_has(c, OPT_NOSORT))
			compat_sort_dests(&dests);
		visit(list, &services->list[i], &dests);
	}
	free(dests.list);
	return err ? compat_refused(c, COMPAT_LIST, err) : COMPAT_OK;
}

static int list_timeouts(const struct compat *c)
{
	struct ipvs_timeouts timeouts;
	int err = ipvs_get_timeouts(c->nl, &timeouts);

	if (err)
		return compat_refused(c, COMPAT_LIST, err);
	printf("Timeout (tcp tcpfin udp): %u %u %u\n", timeouts.tcp,
	       timeouts.tcp_fin, timeouts.udp);
	return COMPAT_OK;
}

static int list_daemons(const struct compat *c)
{
	char group[INET6_ADDRSTRLEN];
	struct ipvs_daemons daemons;
	size_t i;
	int err;

	err = ipvs_get_daemons(c->nl, &daemons);
	if (err)
		return compat_refused(c, COMPAT_LIST, err);
	for (i = 0; i < daemons.count; i++) {
		const struct ipvs_daemon *daemon = &daemons.list[i];

		printf("%s sync daemon (mcast=%s, syncid=%u",
		       daemon->state == IP_VS_STATE_MASTER ? "master" : "backup",
		       daemon->interface, daemon->sync_id);
		if (daemon->maxlen)
			printf(", maxlen=%u", daemon->maxlen);
		if (daemon->af)
			printf(", group=%s", inet_ntop(daemon->af, &daemon->group,
						       group, sizeof(group)));
		if (daemon->port)
			printf(", port=%u", daemon->port);
		if (daemon->ttl)
			printf(", ttl=%u", daemon->ttl);
		puts(")");
	}
	return COMPAT_OK;
}

static int list_one(const struct list *list, struct ipvs_service *svc)
{
	struct ipvs_services one = { svc, 1, 1 };
	int err = ipvs_get_service(list->c->nl, svc);

	if (err)
		return compat_refused(list->c, COMPAT_LIST, err);
	print_title(list->c);
	return visit_all(list, &one, visit_list);
}

static int list_services(const struct list *list)
{
	const struct compat *c = list->c;
	struct ipvs_services services = { };
	struct ipvs_info info;
	int err, status;

	err = ipvs_info(c->nl, &info);
	if (!err)
		err = ipvs_get_services(c->nl, &services);
	if (!err) {
		printf("IP Virtual Server version %u.%u.%u (size=%u)\n",
		       info.version >> 16, info.version >> 8 & 0xff,
		       info.version & 0xff, info.table_size);
		print_title(c);
		status = visit_all(list, &services, visit_list);
	} else {
		status = compat_refused(c, COMPAT_LIST, err);
	}
	free(services.list);
	return status;
}

/**
 * compat_list() - prints what -L asks for
 * @c: the command line
 *
 * Return: the status with which ipvsadm would end.
 */
int compat_list(struct compat *c)
{
	struct list list = {
		.c = c,
		.numeric = compat_has(c, OPT_NUMERIC),
		.exact = compat_has(c, OPT_EXACT),
	};

	if (compat_has(c, OPT_CONNECTION))
		return compat_list_conns(list.numeric,
					 compat_has(c, OPT_PERSISTENT_CONN));
	if (compat_has(c, OPT_TIMEOUT))
		return list_timeouts(c);
	if (compat_has(c, OPT_DAEMON))
		return list_daemons(c);
	if (compat_has(c, OPT_SERVICE))
		return list_one(&list, &c->svc);
	return list_services(&list);
}

/**
 * compat_save() - prints what -S asks for
 * @c: the command line
 *
 * Return: the status with which ipvsadm would end.
 */
int compat_save(struct compat *c)
{
	struct list list = { .c = c, .numeric = compat_has(c, OPT_NUMERIC) };
	struct ipvs_services services = { };
	int err, status;

	err = ipvs_get_services(c->nl, &services);
	status = err ? compat_refused(c, COMPAT_LIST, err) :
		 visit_all(&list, &services, visit_save);
	free(services.list);
	return status;
}
