// SPDX-License-Identifier: GPL-2.0-only
/* The words of ipvsadm's rules, which lists and saved rules share; and the order
 * in which both come.
 */
#include "compat.h"

#include "addr.h"
#include "adm.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* Flags of schedulers. What a flag is called depends on the scheduler. */
static const struct {
	const char	*name;
	uint32_t	flag;
	const char	*sched;
} flag_names[] = {
	{ "flag-1", IP_VS_SVC_F_SCHED1, NULL },
	{ "flag-2", IP_VS_SVC_F_SCHED2, NULL },
	{ "flag-3", IP_VS_SVC_F_SCHED3, NULL },
	{ "sh-fallback", IP_VS_SVC_F_SCHED1, "sh" },
	{ "sh-port", IP_VS_SVC_F_SCHED2, "sh" },
	{ "mh-fallback", IP_VS_SVC_F_SCHED1, "mh" },
	{ "mh-port", IP_VS_SVC_F_SCHED2, "mh" },
};

/**
 * compat_take_flags() - reads names of a scheduler's flags
 * @svc: the service, which gets them, and the bits of those that are named after
 *	a scheduler; compat_check_flags() compares them with it
 * @list: the names, with commas between them; is changed
 * @named: becomes the flags in the order of the table, a bit for each
 *
 * Return: a status of the program.
 */
int compat_take_flags(struct ipvs_service *svc, char *list, uint32_t *named)
{
	char *name, *rest = NULL;
	size_t i;

	for (name = strtok_r(list, ",", &rest); name;
	     name = strtok_r(NULL, ",", &rest)) {
		for (i = 0; i < ARRAY_SIZE(flag_names); i++)
			if (strcmp(flag_names[i].name, name) == 0)
				break;
		if (i == ARRAY_SIZE(flag_names))
			return compat_wrong(COMPAT_USAGE,
					    "invalid scheduler flag `%s'", name);
		svc->flags |= flag_names[i].flag;
		*named |= 1u << i;
	}
	return COMPAT_OK;
}

/**
 * compat_check_flags() - whether flags go with the scheduler
 * @svc: the service
 * @named: what compat_take_flags() found
 *
 * Return: a status of the program.
 */
int compat_check_flags(const struct ipvs_service *svc, uint32_t named)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flag_names); i++)
		if (named >> i & 1 && flag_names[i].sched &&
		    strcmp(flag_names[i].sched, svc->sched) != 0)
			return compat_wrong(COMPAT_USAGE,
					    "incompatible scheduler flag `%s'",
					    flag_names[i].name);
	return COMPAT_OK;
}

/* Has the scheduler names of its own? */
static bool names_flags(const char *sched)
{
	return strcmp(sched, "sh") == 0 || strcmp(sched, "mh") == 0;
}

/**
 * compat_flags() - the names of a service's flags
 * @svc: the service
 * @text: where to; COMPAT_FLAGS_SIZE bytes
 *
 * Return: @text, or NULL if there are none.
 */
const char *compat_flags(const struct ipvs_service *svc, char *text)
{
	bool own = names_flags(svc->sched);
	size_t i;

	*text = '\0';
	for (i = 0; i < ARRAY_SIZE(flag_names); i++) {
		if (!(svc->flags & flag_names[i].flag) ||
		    own != !!flag_names[i].sched ||
		    (own && strcmp(flag_names[i].sched, svc->sched) != 0))
			continue;
		if (*text)
			strcat(text, ",");
		strcat(text, flag_names[i].name);
	}
	return *text ? text : NULL;
}

/**
 * compat_netmask() - the netmask of persistence
 * @svc: the service
 * @text: where to; COMPAT_NETMASK_SIZE bytes
 *
 * Return: whether it is another one than the preset.
 */
bool compat_netmask(const struct ipvs_service *svc, char *text)
{
	if (svc->af == AF_INET6) {
		snprintf(text, COMPAT_NETMASK_SIZE, "%u", svc->netmask);
		return svc->netmask != 128;
	}
	inet_ntop(AF_INET, &svc->netmask, text, COMPAT_NETMASK_SIZE);
	return svc->netmask != INADDR_NONE;
}

/**
 * compat_service_name() - the option by which a service is named
 * @svc: the service
 * @text: where to; COMPAT_SERVICE_SIZE bytes
 * @numeric: no names of hosts and ports
 *
 * Return: @text.
 */
char *compat_service_name(const struct ipvs_service *svc, char *text,
			  bool numeric)
{
	char addr[ADDR_TEXT_SIZE];

	if (svc->fwmark) {
		snprintf(text, COMPAT_SERVICE_SIZE, "-f %u%s", svc->fwmark,
			 svc->af == AF_INET6 ? " -6" : "");
		return text;
	}
	addr_text(addr, svc->af, &svc->addr, svc->port, svc->protocol, numeric);
	snprintf(text, COMPAT_SERVICE_SIZE, "%s %s",
		 svc->protocol == IPPROTO_TCP ? "-t" :
		 svc->protocol == IPPROTO_UDP ? "-u" : "--sctp-service", addr);
	return text;
}

/**
 * compat_put_service() - writes the rule of a service, without its end
 * @file: where to
 * @svc: the service
 * @numeric: no names of hosts and ports
 */
void compat_put_service(FILE *file, const struct ipvs_service *svc, bool numeric)
{
	char name[COMPAT_SERVICE_SIZE], flags[COMPAT_FLAGS_SIZE];
	char netmask[COMPAT_NETMASK_SIZE];

	fprintf(file, "-A %s -s %s", compat_service_name(svc, name, numeric),
		svc->sched);
	if (svc->flags & IP_VS_SVC_F_PERSISTENT) {
		fprintf(file, " -p %u", svc->timeout);
		if (compat_netmask(svc, netmask))
			fprintf(file, " -M %s", netmask);
	}
	if (svc->engine[0])
		fprintf(file, " --pe %s", svc->engine);
	if (svc->flags & IP_VS_SVC_F_ONEPACKET)
		fputs(" -o", file);
	if (compat_flags(svc, flags))
		fprintf(file, " -b %s", flags);
}

static void put_tunnel(FILE *file, const struct ipvs_dest *dest)
{
	static const char *const types[] = { "ipip", "gue", "gre" };

	if (dest->tun_type >= ARRAY_SIZE(types))
		return;
	fprintf(file, " --tun-type %s", types[dest->tun_type]);
	if (dest->tun_type == IP_VS_CONN_F_TUNNEL_TYPE_IPIP)
		return;
	if (dest->tun_type == IP_VS_CONN_F_TUNNEL_TYPE_GUE)
		fprintf(file, " --tun-port %u", ntohs(dest->tun_port));
	if (dest->tun_flags & IP_VS_TUNNEL_ENCAP_FLAG_CSUM)
		fputs(" --tun-csum", file);
	else if (dest->tun_flags & IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM)
		fputs(" --tun-remcsum", file);
	else
		fputs(" --tun-nocsum", file);
}

/**
 * compat_put_dest() - writes the rule of a server, without its end
 * @file: where to
 * @svc: its service
 * @dest: the server
 * @numeric: no names of hosts and ports
 */
void compat_put_dest(FILE *file, const struct ipvs_service *svc,
		     const struct ipvs_dest *dest, bool numeric)
{
	char name[COMPAT_SERVICE_SIZE], addr[ADDR_TEXT_SIZE];

	addr_text(addr, dest->af, &dest->addr, dest->port, svc->protocol,
		  numeric);
	fprintf(file, "-a %s -r %s %s -w %u",
		compat_service_name(svc, name, numeric), addr,
		dest->method == IP_VS_CONN_F_MASQ ? "-m" :
		dest->method == IP_VS_CONN_F_TUNNEL ? "-i" : "-g", dest->weight);
	if (dest->method == IP_VS_CONN_F_TUNNEL)
		put_tunnel(file, dest);
}

/* As ipvsadm compares numbers: by a difference that has a sign. Scripts compare
 * lists of both as texts.
 */
static int difference(uint32_t a, uint32_t b)
{
	return (int)(a - b);
}

static int compare_services(const void *one, const void *other)
{
	const struct ipvs_service *a = one, *b = other;
	int i, result;

	result = difference(a->fwmark, b->fwmark);
	if (!result)
		result = a->af - b->af;
	if (!result)
		result = a->protocol - b->protocol;
	if (!result && a->af == AF_INET)
		result = difference(ntohl(a->addr.v4.s_addr),
				    ntohl(b->addr.v4.s_addr));
	for (i = 0; !result && a->af == AF_INET6 && i < 4; i++)
		result = difference(ntohl(a->addr.v6.s6_addr32[i]),
				    ntohl(b->addr.v6.s6_addr32[i]));
	return result ? result : ntohs(a->port) - ntohs(b->port);
}

static int compare_dests(const void *one, const void *other)
{
	const struct ipvs_dest *a = one, *b = other;
	int result;

	/* IPv6 first. */
	result = b->af - a->af;
	if (!result)
		result = memcmp(&a->addr, &b->addr, sizeof(a->addr));
	return result ? result : ntohs(a->port) - ntohs(b->port);
}

/**
 * compat_sort() - puts services in order
 * @services: the list
 */
void compat_sort(struct ipvs_services *services)
{
	if (services->count)
		qsort(services->list, services->count, sizeof(*services->list),
		      compare_services);
}

/**
 * compat_sort_dests() - puts servers in order
 * @dests: the list
 */
void compat_sort_dests(struct ipvs_dests *dests)
{
	if (dests->count)
		qsort(dests->list, dests->count, sizeof(*dests->list),
		      compare_dests);
}
