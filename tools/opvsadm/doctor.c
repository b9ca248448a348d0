// SPDX-License-Identifier: GPL-2.0-only
/* Mistakes about a service and its servers. */
#include "doctor.h"

#include "adm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of sessions of SIP, in seconds, as most clients have it (RFC 4028). */
#define SIP_REFRESH	1800

/* A datagram socket that is connected asks for a route, and sends nothing. */
static int route_error(const struct name_addr *addr)
{
	struct sockaddr_in6 six = {
		.sin6_family = AF_INET6, .sin6_port = htons(9),
	};
	struct sockaddr_in four = {
		.sin_family = AF_INET, .sin_port = htons(9),
	};
	int fd = socket(addr->family, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return 0;
	memcpy(&six.sin6_addr, addr->bytes, sizeof(six.sin6_addr));
	memcpy(&four.sin_addr, addr->bytes, sizeof(four.sin_addr));
	if (addr->family == AF_INET6)
		err = connect(fd, (struct sockaddr *)&six, sizeof(six));
	else
		err = connect(fd, (struct sockaddr *)&four, sizeof(four));
	err = err ? errno : 0;
	close(fd);
	return err;
}

static void check_dest(struct doctor *doctor, const struct snap_dest *dest,
		       const char *about)
{
	char server[NAME_SIZE];
	uint64_t load = (uint64_t)dest->active + dest->inactive;
	int err = route_error(&dest->addr);

	name_endpoint(&dest->addr, dest->port, server, sizeof(server));
	if (err)
		doctor_say(doctor, "route", about, "ip route",
			   "server %s cannot be reached: %s", server,
			   strerror(err));
	if (dest->upper && load >= dest->upper)
		doctor_say(doctor, "threshold", about,
			   "a higher threshold (ipvsadm -e -x N), or more servers",
			   "server %s has %ju connections and calls, its threshold is %u",
			   server, (uintmax_t)load, dest->upper);
}

static void check_servers(struct doctor *doctor,
			  const struct snap_service *service, const char *about)
{
	size_t i, weights = 0;

	for (i = 0; i < service->count; i++) {
		weights += service->dests[i].weight != 0;
		check_dest(doctor, &service->dests[i], about);
	}
	if (!service->count)
		doctor_say(doctor, "servers", about, "ipvsadm -a",
			   "it has no server: all are refused");
	else if (!weights)
		doctor_say(doctor, "servers", about,
			   "a weight for one of them (ipvsadm -e -w N)",
			   "all its servers have weight 0: new ones are refused");
}

/**
 * doctor_setting() - the value of a setting of the namespace
 * @name: its name below net.opvs
 * @otherwise: what to take where it cannot be read
 *
 * Return: the value.
 */
unsigned long doctor_setting(const char *name, unsigned long otherwise)
{
	unsigned long value = otherwise;
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/net/opvs/%s", name);
	file = fopen(path, "r");
	if (file) {
		if (fscanf(file, "%lu", &value) != 1)
			value = otherwise;
		fclose(file);
	}
	return value;
}

static unsigned long drain_setting(void)
{
	return doctor_setting("drain_seconds", SIP_REFRESH);
}

static void check_sip(struct doctor *doctor, const struct snap_service *service,
		      const char *about)
{
	if (strcmp(service->engine, "sip") != 0)
		return;
	if (service->flags & IP_VS_SVC_F_PERSISTENT) {
		if (service->timeout < SIP_REFRESH)
			doctor_say(doctor, "sip", about, "ipvsadm -E -p 1800",
				   "calls are remembered for %u s, and may be silent for %u",
				   service->timeout, SIP_REFRESH);
	} else if (drain_setting() < SIP_REFRESH) {
		doctor_say(doctor, "sip", about,
			   "sysctl net.opvs.drain_seconds=1800",
			   "it drains for %lu s, and calls may be silent for %u",
			   drain_setting(), SIP_REFRESH);
	}
}

/**
 * doctor_service() - looks for mistakes about a service and its servers
 * @doctor: where they are told
 * @service: the service
 */
void doctor_service(struct doctor *doctor, const struct snap_service *service)
{
	char about[NAME_SIZE];

	name_service_text(&service->name, about, sizeof(about));
	check_servers(doctor, service, about);
	check_sip(doctor, service, about);
	if (service->conn_max && service->conns >= service->conn_max)
		doctor_say(doctor, "limit", about, "opvsadm limit set N SERVICE",
			   "%u connections, and %u may be: new ones are refused",
			   service->conns, service->conn_max);
}
