// SPDX-License-Identifier: GPL-2.0-only
/* Rules of a firewall that drop what a service lives of.  Said is only what is
 * sure: that every first packet of a client, or every answer of a server, ends so.
 */
#include "doctor.h"

#include "adm.h"
#include "route.h"
#include "ruleset.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <linux/rtnetlink.h>
#include <netlink/socket.h>

/* Priorities at which opvs takes requests and answers. */
#define REQUESTS_AT	99
#define ANSWERS_AT	100

/* Answers of servers belong to no connection that netfilter knows, by itself. */
#define ANSWER		(RULESET_NEW | RULESET_UNTRACKED | RULESET_INVALID)

/* A place where packets of a service may end. */
struct place {
	const char	*hook;
	int		before;
};

/* What is known as part of a connection, if opvs leaves packets to netfilter's
 * tracking (net.opvs.conntrack).
 */
#define TRACKED		(RULESET_NEW | RULESET_ESTABLISHED)

struct firewall {
	struct doctor	*doctor;
	struct ruleset	rules;
	struct nl_sock	*sock;
	unsigned int	tracked;
};

static int known_port(uint16_t port)
{
	return port ? port : -1;
}

/* "ip daddr 10.9.9.9 udp dport 5060", for the rule that helps. */
static void packet_text(const struct ruleset_packet *packet, char *text,
			size_t size)
{
	bool source = packet->source.family;
	int port = source ? packet->source_port : packet->target_port;
	char host[NAME_SIZE], protocol[8];
	int length;

	name_addr_text(source ? &packet->source : &packet->target, host,
		       sizeof(host));
	length = snprintf(text, size, "%s %s %s",
			  packet->family == AF_INET6 ? "ip6" : "ip",
			  source ? "saddr" : "daddr", host);
	if (port >= 0 && length > 0 && (size_t)length < size)
		snprintf(text + length, size - length, " %s %s %d",
			 name_protocol(packet->protocol, protocol,
				       sizeof(protocol)),
			 source ? "sport" : "dport", port);
}

static void tell(struct firewall *firewall, const char *about, const char *what,
		 const char *hook, const struct ruleset_packet *packet,
		 const struct ruleset_drop *drop)
{
	char by[96] = "its policy, and no rule accepts them", match[160];
	char remedy[512], counted[48] = "";

	if (drop->packets >= 0)
		snprintf(counted, sizeof(counted), ", which has counted %jd packets",
			 (intmax_t)drop->packets);
	if (drop->handle)
		snprintf(by, sizeof(by), "the rule with handle %jd%s",
			 (intmax_t)drop->handle, counted);
	packet_text(packet, match, sizeof(match));
	snprintf(remedy, sizeof(remedy), "nft insert rule %s %s %s %s accept",
		 drop->family, drop->table, drop->chain, match);
	doctor_say(firewall->doctor, "filter", about, remedy,
		   "%s are dropped in %s: nftables, table %s %s, chain %s, by %s",
		   what, hook, drop->family, drop->table, drop->chain, by);
}

/* Follows a packet through hooks. Returns whether it gets past all of them. */
static bool follow(struct firewall *firewall, const char *about,
		   const char *what, const struct ruleset_packet *packet,
		   const struct place *places, size_t count)
{
	struct ruleset_drop drop = { };
	size_t i;

	for (i = 0; i < count; i++) {
		switch (ruleset_judge(&firewall->rules, places[i].hook,
				      places[i].before, packet, &drop)) {
		case RULESET_DROPS:
			tell(firewall, about, what, places[i].hook, packet,
			     &drop);
			return false;
		case RULESET_CHANGES:
			return true;
		default:
			break;
		}
	}
	return true;
}

static bool check_requests(struct firewall *firewall, const char *about,
			   const struct name_service *name)
{
	static const struct place places[] = {
		{ "prerouting", RULESET_ANY_PRIORITY },
		{ "input", REQUESTS_AT },
	};
	struct ruleset_packet packet = {
		.family = name->addr.family, .protocol = name->protocol,
		.target = name->addr, .source_port = -1,
		.target_port = known_port(name->port), .states = RULESET_NEW,
	};

	if (firewall->rules.untracks)
		packet.states |= RULESET_UNTRACKED;
	return follow(firewall, about, "requests", &packet, places,
		      ARRAY_SIZE(places));
}

/* What opvs sends to a server; tunnels have headers of their own. */
static void check_forwarded(struct firewall *firewall, const char *about,
			    const struct name_service *name,
			    const struct snap_dest *dest, bool nat)
{
	static const struct place places[] = {
		{ "output", RULESET_ANY_PRIORITY },
		{ "postrouting", RULESET_ANY_PRIORITY },
	};
	struct ruleset_packet packet = {
		.family = dest->addr.family, .protocol = name->protocol,
		.target = nat ? dest->addr : name->addr, .source_port = -1,
		.target_port = known_port(nat ? dest->port : name->port),
		.states = RULESET_UNTRACKED | firewall->tracked,
	};

	follow(firewall, about, "requests that opvs forwards", &packet, places,
	       ARRAY_SIZE(places));
}

static void check_answers(struct firewall *firewall, const char *about,
			  const struct name_service *name,
			  const struct snap_dest *dest)
{
	static const struct place places[] = {
		{ "prerouting", RULESET_ANY_PRIORITY },
		{ "forward", ANSWERS_AT },
	};
	struct ruleset_packet packet = {
		.family = dest->addr.family, .protocol = name->protocol,
		.source = dest->addr, .source_port = known_port(dest->port),
		.target_port = -1, .states = ANSWER | firewall->tracked,
	};

	follow(firewall, about, "answers of servers", &packet, places,
	       ARRAY_SIZE(places));
}

/* The first server that is found is enough: what drops is seldom about one. */
static void check_servers(struct firewall *firewall, const char *about,
			  const struct snap_service *service)
{
	struct route route;
	unsigned int before;
	uint32_t method;
	size_t i;

	for (i = 0; i < service->count; i++) {
		const struct snap_dest *dest = &service->dests[i];

		method = dest->method & IP_VS_CONN_F_FWD_MASK;
		if ((method != IP_VS_CONN_F_MASQ &&
		     method != IP_VS_CONN_F_DROUTE) ||
		    route_to(firewall->sock, &dest->addr, &route) ||
		    route.type != RTN_UNICAST)
			continue;
		before = firewall->doctor->found;
		check_forwarded(firewall, about, &service->name, dest,
				method == IP_VS_CONN_F_MASQ);
		if (method == IP_VS_CONN_F_MASQ)
			check_answers(firewall, about, &service->name, dest);
		if (firewall->doctor->found != before)
			return;
	}
}

/**
 * doctor_filter() - looks for rules of nftables that drop a service's packets
 * @doctor: where they are told
 * @snap: all services
 *
 * Of services by firewall mark, nothing is known that rules could be held against.
 */
void doctor_filter(struct doctor *doctor, const struct snap *snap)
{
	struct firewall firewall = { .doctor = doctor };
	char about[NAME_SIZE];
	size_t i;

	if (!snap->count || ruleset_load(&firewall.rules)) {
		ruleset_free(&firewall.rules);
		return;
	}
	firewall.sock = route_open();
	if (doctor_setting("conntrack", 0))
		firewall.tracked = TRACKED;
	for (i = 0; i < snap->count && firewall.sock; i++) {
		const struct snap_service *service = &snap->services[i];

		if (service->name.fwmark)
			continue;
		name_service_text(&service->name, about, sizeof(about));
		if (check_requests(&firewall, about, &service->name))
			check_servers(&firewall, about, service);
	}
	nl_socket_free(firewall.sock);
	ruleset_free(&firewall.rules);
}
