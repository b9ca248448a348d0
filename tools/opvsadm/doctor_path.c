// SPDX-License-Identifier: GPL-2.0-only
/* Packets that rp_filter drops before anything else sees them.
 *
 * The kernel counts them, and does not tell which.  So where it filters strictly and
 * has dropped some, this listens for a while at the devices, and asks the kernel of
 * each packet of a service whether it would be taken.
 */
#include "doctor.h"

#include "adm.h"
#include "route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_packet.h>
#include <netlink/socket.h>

/* So many packets are asked about, so that a busy director is not kept longer. */
#define ASKED_MAX	2000

/* A device where rp_filter is strict. */
struct strict {
	int		index;
	char		name[IF_NAMESIZE];
	bool		told;		/* of requests or answers that it drops */
};

/* What listens. */
struct listener {
	struct doctor		*doctor;
	const struct snap	*snap;
	struct nl_sock		*sock;
	struct strict		*devices;
	size_t			count;
	size_t			left;	/* devices of which nothing was told */
	unsigned int		asked;
	uint64_t		dropped; /* by rp_filter, before it listened */
};

/* What of a packet is looked at. */
struct packet {
	struct name_addr	source;
	struct name_addr	target;
	uint16_t		protocol;
	uint16_t		source_port;
	uint16_t		target_port;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* ---- is there anything to listen for? ---- */

/* Packets that the namespace has dropped by rp_filter. */
static uint64_t dropped(void)
{
	FILE *file = fopen("/proc/net/netstat", "re");
	char *names = NULL, *values = NULL, *name, *value, *n, *v;
	size_t names_size = 0, values_size = 0;
	uint64_t count = 0;

	while (file && getline(&names, &names_size, file) > 0 &&
	       getline(&values, &values_size, file) > 0) {
		name = strtok_r(names, "\n ", &n);
		value = strtok_r(values, "\n ", &v);
		while (name && value && strcmp(name, "IPReversePathFilter") != 0) {
			name = strtok_r(NULL, "\n ", &n);
			value = strtok_r(NULL, "\n ", &v);
		}
		if (name && value)
			count = strtoull(value, NULL, 10);
	}
	free(names);
	free(values);
	if (file)
		fclose(file);
	return count;
}

static int filter_of(const char *device)
{
	char path[64 + IF_NAMESIZE];
	int value = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/rp_filter",
		 device);
	file = fopen(path, "re");
	if (file) {
		if (fscanf(file, "%d", &value) != 1)
			value = 0;
		fclose(file);
	}
	return value;
}

static int find_devices(struct listener *listener)
{
	struct if_nameindex *all = if_nameindex(), *at;
	int general = filter_of("all"), own;
	struct strict *more;

	for (at = all; at && at->if_index; at++) {
		own = filter_of(at->if_name);
		if ((own > general ? own : general) != 1 ||
		    strcmp(at->if_name, "lo") == 0)
			continue;
		more = reallocarray(listener->devices, listener->count + 1,
				    sizeof(*more));
		if (!more)
			break;
		listener->devices = more;
		memset(&more[listener->count], 0, sizeof(*more));
		more[listener->count].index = at->if_index;
		snprintf(more[listener->count++].name, sizeof(more->name), "%s",
			 at->if_name);
	}
	if_freenameindex(all);
	listener->left = listener->count;
	return listener->count ? 0 : -ENOENT;
}

/* ---- packets ---- */

static bool read_packet(const unsigned char *data, size_t size,
			struct packet *packet)
{
	struct iphdr ip;
	uint16_t ports[2];
	size_t at;

	if (size < sizeof(ip))
		return false;
	memcpy(&ip, data, sizeof(ip));
	at = 4 * ip.ihl;
	if (ip.version != 4 || at < sizeof(ip) || size < at + sizeof(ports) ||
	    ip.frag_off & htons(IP_OFFMASK))
		return false;
	memset(packet, 0, sizeof(*packet));
	packet->source.family = AF_INET;
	packet->target.family = AF_INET;
	memcpy(packet->source.bytes, &ip.saddr, 4);
	memcpy(packet->target.bytes, &ip.daddr, 4);
	packet->protocol = ip.protocol;
	memcpy(ports, data + at, sizeof(ports));
	packet->source_port = ntohs(ports[0]);
	packet->target_port = ntohs(ports[1]);
	return true;
}

static bool is_end(const struct name_addr *addr, uint16_t port,
		   const struct name_addr *other, uint16_t other_port)
{
	return addr->family == other->family &&
	       (port == other_port || !port) &&
	       memcmp(addr->bytes, other->bytes, sizeof(addr->bytes)) == 0;
}

static bool is_answer(const struct snap_service *service,
		      const struct packet *packet)
{
	size_t i;

	for (i = 0; i < service->count; i++) {
		const struct snap_dest *dest = &service->dests[i];

		if ((dest->method & IP_VS_CONN_F_FWD_MASK) ==
		    IP_VS_CONN_F_MASQ &&
		    is_end(&dest->addr, dest->port, &packet->source,
			   packet->source_port))
			return true;
	}
	return false;
}

/* The service to which a packet belongs; @answer: it comes from a server. */
static const struct snap_service *service_of(const struct listener *listener,
					     const struct packet *packet,
					     bool *answer)
{
	size_t i;

	for (i = 0; i < listener->snap->count; i++) {
		const struct snap_service *service = &listener->snap->services[i];
		const struct name_service *name = &service->name;

		if (name->fwmark || name->protocol != packet->protocol)
			continue;
		*answer = is_answer(service, packet);
		if (*answer || is_end(&name->addr, name->port, &packet->target,
				      packet->target_port))
			return service;
	}
	return NULL;
}

static void tell(struct listener *listener, struct strict *device,
		 const struct snap_service *service,
		 const struct packet *packet, bool answer)
{
	char about[NAME_SIZE], host[NAME_SIZE], back[128] = "there is no route back";
	char name[IF_NAMESIZE] = "?", remedy[128];
	struct route route;

	name_service_text(&service->name, about, sizeof(about));
	name_addr_text(&packet->source, host, sizeof(host));
	if (!route_to(listener->sock, &packet->source, &route) && route.device) {
		if_indextoname(route.device, name);
		snprintf(back, sizeof(back), "the route back is by %s", name);
	}
	snprintf(remedy, sizeof(remedy),
		 "a route back by %s, or sysctl net/ipv4/conf/%s/rp_filter=2 (and conf/all)",
		 device->name, device->name);
	doctor_say(listener->doctor, "rp_filter", about, remedy,
		   "%s of %s come in by %s and are dropped: rp_filter is strict there, and %s",
		   answer ? "answers" : "requests", host, device->name, back);
	device->told = true;
	listener->left--;
}

/* Newer kernels, 7.3 among them, answer EINVAL whatever a packet would be dropped
 * for: there the count of drops decides.
 */
static bool is_dropped(const struct listener *listener,
		       const struct packet *packet, int device)
{
	int err = route_from(listener->sock, &packet->source, &packet->target,
			     device);

	return err == -EXDEV ||
	       (err == -EINVAL && dropped() > listener->dropped);
}

static void take_packet(struct listener *listener,
			const struct sockaddr_ll *from,
			const unsigned char *data, size_t size)
{
	const struct snap_service *service;
	struct strict *device = NULL;
	struct packet packet;
	bool answer = false;
	size_t i;

	for (i = 0; i < listener->count; i++)
		if (listener->devices[i].index == from->sll_ifindex)
			device = &listener->devices[i];
	if (!device || device->told || from->sll_pkttype != PACKET_HOST ||
	    !read_packet(data, size, &packet))
		return;
	service = service_of(listener, &packet, &answer);
	if (!service)
		return;
	listener->asked++;
	if (is_dropped(listener, &packet, from->sll_ifindex))
		tell(listener, device, service, &packet, answer);
}

static void listen_at(struct listener *listener, int fd)
{
	int64_t until = now_ms() + 1000LL * listener->doctor->listen, left;
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	struct sockaddr_ll from;
	unsigned char data[128];
	socklen_t len;
	ssize_t size;

	while (listener->left && listener->asked < ASKED_MAX) {
		left = until - now_ms();
		if (left <= 0 || poll(&wait, 1, left) <= 0)
			return;
		len = sizeof(from);
		size = recvfrom(fd, data, sizeof(data), MSG_DONTWAIT,
				(struct sockaddr *)&from, &len);
		if (size > 0)
			take_packet(listener, &from, data, size);
	}
}

/**
 * doctor_path() - looks for packets that rp_filter drops
 * @doctor: where they are told, and how long to listen
 * @snap: all services
 */
void doctor_path(struct doctor *doctor, const struct snap *snap)
{
	struct listener listener = { .doctor = doctor, .snap = snap };
	int fd;

	listener.dropped = dropped();
	if (!snap->count || !doctor->listen || !listener.dropped ||
	    find_devices(&listener))
		return;
	listener.sock = route_open();
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_IP));
	if (listener.sock && fd >= 0)
		listen_at(&listener, fd);
	if (fd >= 0)
		close(fd);
	nl_socket_free(listener.sock);
	free(listener.devices);
}
