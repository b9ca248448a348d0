// SPDX-License-Identifier: GPL-2.0-only
/* Mistakes about servers by direct routing, whose answers do not come by here. */
#include "doctor.h"

#include "adm.h"
#include "filter.h"
#include "probe.h"
#include "route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/rtnetlink.h>
#include <netlink/socket.h>

/* So many clients that repeat their first packet are no accident. */
#define UNANSWERED	4

#define HAS_ADDRESS \
	"on the server: is the virtual address on lo, is the port open? 'doctor --probe' asks it"

static bool is_direct(const struct snap_dest *dest)
{
	return (dest->method & IP_VS_CONN_F_FWD_MASK) == IP_VS_CONN_F_DROUTE;
}

/* ---- clients that get no answer ---- */

/* Connections of TCP that wait for the server's first packet. */
struct waiting {
	const struct snap_service	*service;
	const struct snap_dest		*dest;
	unsigned int			count;
	unsigned int			repeated;
};

struct waitings {
	struct waiting	*list;
	size_t		count;
};

static bool same_end(const struct name_addr *addr, uint16_t port,
		     const struct snap_dest *dest)
{
	return port == dest->port && addr->family == dest->addr.family &&
	       memcmp(addr->bytes, dest->addr.bytes, sizeof(addr->bytes)) == 0;
}

static int take_waiting(struct nlattr **answer, void *arg)
{
	struct nlattr *conn[OPVS_CONN_ATTR_MAX + 1];
	struct nlattr *attrs[OPVS_SVC_ATTR_MAX + 1];
	struct waitings *waitings = arg;
	struct name_service service;
	struct name_addr server;
	uint16_t port;
	size_t i;

	if (!answer[IPVS_CMD_ATTR_SERVICE] || !answer[OPVS_CMD_ATTR_CONN])
		return 0;
	if (adm_parse(attrs, &adm_service, answer[IPVS_CMD_ATTR_SERVICE]) ||
	    adm_parse(conn, &adm_conn, answer[OPVS_CMD_ATTR_CONN]))
		return -EPROTO;
	if (!conn[OPVS_CONN_ATTR_SERVER_PORT] || !conn[OPVS_CONN_ATTR_SERVER])
		return 0;
	name_take_service(&service, attrs);
	name_take_server(&server, conn[OPVS_CONN_ATTR_SERVER]);
	port = ntohs(nla_get_u16(conn[OPVS_CONN_ATTR_SERVER_PORT]));
	for (i = 0; i < waitings->count; i++) {
		struct waiting *waiting = &waitings->list[i];

		if (!same_end(&server, port, waiting->dest) ||
		    !name_same_service(&service, &waiting->service->name))
			continue;
		waiting->count++;
		if (conn[OPVS_CONN_ATTR_PACKETS] &&
		    nla_get_u32(conn[OPVS_CONN_ATTR_PACKETS]) > 1)
			waiting->repeated++;
	}
	return 0;
}

static struct waitings direct_servers(const struct snap *snap)
{
	struct waitings waitings = { };
	const struct snap_service *service;
	size_t i, k, room = 0;

	for (i = 0; i < snap->count; i++)
		room += snap->services[i].count;
	waitings.list = calloc(room + 1, sizeof(*waitings.list));
	for (i = 0; i < snap->count && waitings.list; i++) {
		service = &snap->services[i];
		for (k = 0; k < service->count; k++) {
			if (!is_direct(&service->dests[k]) ||
			    !service->dests[k].active)
				continue;
			waitings.list[waitings.count].service = service;
			waitings.list[waitings.count++].dest = &service->dests[k];
		}
	}
	return waitings;
}

/* Of a server that answers some clients, nothing is said. */
static int check_silent(struct doctor *doctor, struct adm_nl *nl,
			const struct snap *snap)
{
	char state[] = "SYN_RECV";
	struct filter filter = {
		.kind = OPVS_CONN_KIND_CONNECTION, .protocol = IPPROTO_TCP,
		.state = state,
	};
	struct waitings waitings = direct_servers(snap);
	char about[NAME_SIZE], server[NAME_SIZE];
	struct nl_msg *msg;
	int err = 0;
	size_t i;

	if (waitings.count) {
		msg = adm_request(nl, OPVS_CMD_GET_CONN, NLM_F_DUMP);
		if (msg)
			filter_put(&filter, nl, msg);
		err = adm_talk(nl, msg, &adm_message, take_waiting, &waitings);
	}
	for (i = 0; i < waitings.count && !err; i++) {
		struct waiting *waiting = &waitings.list[i];
		const struct snap_dest *dest = waiting->dest;

		if (waiting->repeated < UNANSWERED ||
		    waiting->count < (uint64_t)dest->active + dest->inactive)
			continue;
		name_endpoint(&dest->addr, dest->port, server, sizeof(server));
		name_service_text(&waiting->service->name, about, sizeof(about));
		doctor_say(doctor, "silent", about, HAS_ADDRESS,
			   "server %s by direct routing has %u connections, and not one client has had an answer",
			   server, waiting->count);
	}
	free(waitings.list);
	if (err)
		adm_err("connections cannot be read: %s", adm_reason(nl, err));
	return err;
}

/* ---- the server's place, and its addresses ---- */

/* A server, and a virtual address that it should have. */
struct pair {
	const char		*about;
	const struct snap_dest	*dest;
	const struct name_addr	*virtual;
	const struct route	*route;
	struct nl_sock		*sock;
	char			server[NAME_SIZE];
	char			address[NAME_SIZE];
};

static bool find_mac(const struct pair *pair, unsigned char *mac)
{
	const struct timespec nap = { .tv_nsec = 20000000 };
	int i;

	for (i = 0; i < 50; i++) {
		if (route_neighbour(pair->sock, &pair->dest->addr,
				    pair->route->device, mac))
			return true;
		if (!i)
			probe_wake(&pair->dest->addr);
		nanosleep(&nap, NULL);
	}
	return false;
}

static void probe_owner(struct doctor *doctor, const struct pair *pair,
			const unsigned char *mac)
{
	const struct name_addr *from = &pair->route->source;
	int device = pair->route->device;

	switch (probe_echo(device, mac, from, pair->virtual)) {
	case PROBE_PASSES_ON:
		doctor_say(doctor, "direct", pair->about,
			   "on the server: ip addr add ADDRESS dev lo",
			   "server %s does not have the address %s: it would forward packets for it",
			   pair->server, pair->address);
		break;
	case PROBE_SILENT:
		/* It says something only of those who answer such questions. */
		if (probe_echo(device, mac, from, &pair->dest->addr) ==
		    PROBE_OWNS)
			doctor_say(doctor, "direct", pair->about,
				   "on the server: ip addr add ADDRESS dev lo; does rp_filter or a firewall there drop packets?",
				   "server %s answers echo requests for its own address, and none for %s",
				   pair->server, pair->address);
		break;
	default:
		break;
	}
}

/* Where this director stands by, the other one answers, and is right. */
static bool is_here(const struct pair *pair)
{
	struct route route;

	return !route_to(pair->sock, pair->virtual, &route) &&
	       route.type == RTN_LOCAL;
}

static void probe_others(struct doctor *doctor, const struct pair *pair,
			 int *asked, const unsigned char *mac)
{
	unsigned char other[ROUTE_MAC_LEN];
	char device[IF_NAMESIZE] = "?";

	/* Most services have all their servers on one link. */
	if (pair->virtual->family != AF_INET || *asked == pair->route->device ||
	    !is_here(pair))
		return;
	*asked = pair->route->device;
	if (!probe_arp(pair->route->device, pair->virtual, other))
		return;
	if_indextoname(pair->route->device, device);
	doctor_say(doctor, "arp", pair->about,
		   "on the servers: sysctl net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2",
		   "%02x:%02x:%02x:%02x:%02x:%02x%s%s answers ARP for %s on %s",
		   other[0], other[1], other[2], other[3], other[4], other[5],
		   memcmp(other, mac, sizeof(other)) ? "" : ", server ",
		   memcmp(other, mac, sizeof(other)) ? "" : pair->server,
		   pair->address, device);
}

static void check_pair(struct doctor *doctor, struct pair *pair, int *asked)
{
	unsigned char mac[ROUTE_MAC_LEN];
	char gateway[NAME_SIZE];

	name_endpoint(&pair->dest->addr, pair->dest->port, pair->server,
		      sizeof(pair->server));
	if (pair->route->gateway.family) {
		name_addr_text(&pair->route->gateway, gateway, sizeof(gateway));
		doctor_say(doctor, "direct", pair->about,
			   "a server on a link of this host, or another way to it (-m, -i)",
			   "server %s by direct routing is behind the gateway %s, which gets packets with the virtual address",
			   pair->server, gateway);
		return;
	}
	if (!pair->virtual)
		return;
	name_addr_text(pair->virtual, pair->address, sizeof(pair->address));
	if (!find_mac(pair, mac)) {
		doctor_say(doctor, "direct", pair->about,
			   "is the server up, and on this link?",
			   "no host of the link says that it is server %s",
			   pair->server);
		return;
	}
	probe_owner(doctor, pair, mac);
	probe_others(doctor, pair, asked, mac);
}

/* A service on other ports has told what there is to tell of the same pair. */
static bool was_asked(const struct snap *snap, const struct snap_service *until,
		      const struct snap_dest *dest)
{
	const struct snap_service *service;
	size_t k;

	for (service = snap->services; service < until; service++) {
		if (service->name.fwmark || until->name.fwmark ||
		    memcmp(&service->name.addr, &until->name.addr,
			   sizeof(service->name.addr)) != 0)
			continue;
		for (k = 0; k < service->count; k++)
			if (is_direct(&service->dests[k]) &&
			    memcmp(&service->dests[k].addr, &dest->addr,
				   sizeof(dest->addr)) == 0)
				return true;
	}
	return false;
}

static void check_service(struct doctor *doctor, struct nl_sock *sock,
			  const struct snap *snap,
			  const struct snap_service *service)
{
	char about[NAME_SIZE];
	struct route route;
	int asked = 0;
	size_t i;

	name_service_text(&service->name, about, sizeof(about));
	for (i = 0; i < service->count; i++) {
		struct pair pair = {
			.about = about, .dest = &service->dests[i],
			.virtual = service->name.fwmark ? NULL :
				   &service->name.addr,
			.route = &route, .sock = sock,
		};

		if (!is_direct(pair.dest) ||
		    route_to(sock, &pair.dest->addr, &route) ||
		    route.type != RTN_UNICAST)
			continue;
		if ((doctor->probe || route.gateway.family) &&
		    !was_asked(snap, service, pair.dest))
			check_pair(doctor, &pair, &asked);
	}
}

/**
 * doctor_direct() - looks for mistakes about servers by direct routing
 * @doctor: where they are told, and whether servers may be asked
 * @nl: family opvs
 * @snap: all services
 *
 * Return: 0, or an error number, and the user was told.
 */
int doctor_direct(struct doctor *doctor, struct adm_nl *nl,
		  const struct snap *snap)
{
	struct nl_sock *sock = route_open();
	size_t i;

	for (i = 0; sock && i < snap->count; i++)
		check_service(doctor, sock, snap, &snap->services[i]);
	nl_socket_free(sock);
	return check_silent(doctor, nl, snap);
}
