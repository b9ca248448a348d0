// SPDX-License-Identifier: GPL-2.0-only
/* All services and servers as they are at one time. */
#include "snap.h"

#include "adm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t u32_of(struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

static void copy_text(char *text, size_t size, struct nlattr *attr)
{
	text[0] = '\0';
	if (attr)
		snprintf(text, size, "%.*s", nla_len(attr),
			 (char *)nla_data(attr));
}

static int take_stats(struct snap_stats *stats, struct nlattr *nest)
{
	const struct {
		int		attr;
		uint64_t	*value;
	} fields[] = {
		{ IPVS_STATS_ATTR_CONNS, &stats->conns },
		{ IPVS_STATS_ATTR_INPKTS, &stats->inpkts },
		{ IPVS_STATS_ATTR_OUTPKTS, &stats->outpkts },
		{ IPVS_STATS_ATTR_INBYTES, &stats->inbytes },
		{ IPVS_STATS_ATTR_OUTBYTES, &stats->outbytes },
		{ IPVS_STATS_ATTR_CPS, &stats->cps },
		{ IPVS_STATS_ATTR_INPPS, &stats->inpps },
		{ IPVS_STATS_ATTR_OUTPPS, &stats->outpps },
		{ IPVS_STATS_ATTR_INBPS, &stats->inbps },
		{ IPVS_STATS_ATTR_OUTBPS, &stats->outbps },
	};
	struct nlattr *attrs[IPVS_STATS_ATTR_MAX + 1];
	size_t i;

	if (adm_parse(attrs, &adm_stats64, nest))
		return -EPROTO;
	for (i = 0; i < ARRAY_SIZE(fields); i++)
		if (attrs[fields[i].attr])
			*fields[i].value = nla_get_u64(attrs[fields[i].attr]);
	return 0;
}

/* Another element behind COUNT of them, or NULL; room grows by doubling. */
static void *grow(void *items, size_t count, size_t size)
{
	if (count && (count & (count - 1)))
		return items;
	return reallocarray(items, count ? 2 * count : 1, size);
}

static int take_service(struct nlattr **answer, void *arg)
{
	struct nlattr *attrs[OPVS_SVC_ATTR_MAX + 1];
	struct ip_vs_flags flags = { 0 };
	struct snap *snap = arg;
	struct snap_service *service;
	void *items;

	if (!answer[IPVS_CMD_ATTR_SERVICE] ||
	    adm_parse(attrs, &adm_service, answer[IPVS_CMD_ATTR_SERVICE]))
		return -EPROTO;
	items = grow(snap->services, snap->count, sizeof(*service));
	if (!items)
		return -ENOMEM;
	snap->services = items;
	service = &snap->services[snap->count++];
	memset(service, 0, sizeof(*service));
	name_take_service(&service->name, attrs);
	copy_text(service->sched, sizeof(service->sched),
		  attrs[IPVS_SVC_ATTR_SCHED_NAME]);
	copy_text(service->engine, sizeof(service->engine),
		  attrs[IPVS_SVC_ATTR_PE_NAME]);
	copy_text(service->policy, sizeof(service->policy),
		  attrs[OPVS_SVC_ATTR_POLICY]);
	if (attrs[IPVS_SVC_ATTR_FLAGS])
		nla_memcpy(&flags, attrs[IPVS_SVC_ATTR_FLAGS], sizeof(flags));
	service->flags = flags.flags;
	service->timeout = u32_of(attrs[IPVS_SVC_ATTR_TIMEOUT]);
	service->netmask = u32_of(attrs[IPVS_SVC_ATTR_NETMASK]);
	service->conn_max = u32_of(attrs[OPVS_SVC_ATTR_CONN_MAX]);
	service->conns = u32_of(attrs[OPVS_SVC_ATTR_CONN_COUNT]);
	service->exceptions = u32_of(attrs[OPVS_SVC_ATTR_EXCEPTIONS]);
	service->drains = attrs[OPVS_SVC_ATTR_DRAIN_SECONDS];
	service->drain_seconds = u32_of(attrs[OPVS_SVC_ATTR_DRAIN_SECONDS]);
	return take_stats(&service->stats, attrs[IPVS_SVC_ATTR_STATS64]) ?:
	       sip_take(&service->sip, attrs[OPVS_SVC_ATTR_SIP]);
}

static int take_dest(struct nlattr **answer, void *arg)
{
	struct nlattr *attrs[OPVS_DEST_ATTR_MAX + 1];
	struct snap_service *service = arg;
	struct snap_dest *dest;
	uint16_t family = service->name.addr.family;
	void *items;

	if (!answer[IPVS_CMD_ATTR_DEST] ||
	    adm_parse(attrs, &adm_dest, answer[IPVS_CMD_ATTR_DEST]))
		return -EPROTO;
	items = grow(service->dests, service->count, sizeof(*dest));
	if (!items)
		return -ENOMEM;
	service->dests = items;
	dest = &service->dests[service->count++];
	memset(dest, 0, sizeof(*dest));
	if (attrs[IPVS_DEST_ATTR_ADDR_FAMILY])
		family = nla_get_u16(attrs[IPVS_DEST_ATTR_ADDR_FAMILY]);
	name_take_addr(&dest->addr, family, attrs[IPVS_DEST_ATTR_ADDR]);
	if (attrs[IPVS_DEST_ATTR_PORT])
		dest->port = ntohs(nla_get_u16(attrs[IPVS_DEST_ATTR_PORT]));
	dest->method = u32_of(attrs[IPVS_DEST_ATTR_FWD_METHOD]);
	dest->weight = u32_of(attrs[IPVS_DEST_ATTR_WEIGHT]);
	dest->upper = u32_of(attrs[IPVS_DEST_ATTR_U_THRESH]);
	dest->lower = u32_of(attrs[IPVS_DEST_ATTR_L_THRESH]);
	dest->active = u32_of(attrs[IPVS_DEST_ATTR_ACTIVE_CONNS]);
	dest->inactive = u32_of(attrs[IPVS_DEST_ATTR_INACT_CONNS]);
	dest->persistent = u32_of(attrs[IPVS_DEST_ATTR_PERSIST_CONNS]);
	dest->calls = u32_of(attrs[OPVS_DEST_ATTR_CALLS]);
	return take_stats(&dest->stats, attrs[IPVS_DEST_ATTR_STATS64]) ?:
	       sip_take(&dest->sip, attrs[OPVS_DEST_ATTR_SIP]);
}

/**
 * snap_services() - asks for all services, not for their servers
 * @nl: family opvs
 * @snap: what is made; to be freed in any case
 *
 * Return: 0, or an error number of adm_talk(), and the user was told.
 */
int snap_services(struct adm_nl *nl, struct snap *snap)
{
	int err;

	memset(snap, 0, sizeof(*snap));
	err = adm_talk(nl, adm_request(nl, OPVS_CMD_GET_SERVICE, NLM_F_DUMP),
		       &adm_message, take_service, snap);
	if (err)
		adm_err("the services cannot be read: %s", adm_reason(nl, err));
	return err;
}

/**
 * snap_dests() - asks for the servers of a service
 * @nl: family opvs
 * @service: gets its servers; none if it was removed meanwhile
 *
 * Return: 0, or an error number of adm_talk(), and the user was told.
 */
int snap_dests(struct adm_nl *nl, struct snap_service *service)
{
	struct nl_msg *msg = adm_request(nl, OPVS_CMD_GET_DEST, NLM_F_DUMP);
	struct nlattr *nest;
	int err;

	if (msg) {
		nest = nla_nest_start(msg, IPVS_CMD_ATTR_SERVICE | NLA_F_NESTED);
		name_put_service(msg, &service->name);
		nla_nest_end(msg, nest);
	}
	err = adm_talk(nl, msg, &adm_message, take_dest, service);
	if (err)
		adm_err("servers cannot be read: %s", adm_reason(nl, err));
	return err;
}

/**
 * snap_all() - asks for all services and servers
 * @nl: family opvs
 * @snap: what is made; to be freed in any case
 *
 * Return: 0, or an error number of adm_talk(), and the user was told.
 */
int snap_all(struct adm_nl *nl, struct snap *snap)
{
	int err = snap_services(nl, snap);
	size_t i;

	for (i = 0; i < snap->count && !err; i++)
		err = snap_dests(nl, &snap->services[i]);
	return err;
}

/**
 * snap_free() - frees what the functions above made
 * @snap: it
 */
void snap_free(struct snap *snap)
{
	size_t i, j;

	for (i = 0; i < snap->count; i++) {
		struct snap_service *service = &snap->services[i];

		for (j = 0; j < service->count; j++)
			free(service->dests[j].sip);
		free(service->dests);
		free(service->sip);
	}
	free(snap->services);
	memset(snap, 0, sizeof(*snap));
}

/* What there is of this address and port, by other protocols. */
static void tell_absent(const struct snap *snap, const char *text,
			const struct name_service *wanted)
{
	struct name_service any = *wanted;
	char others[64] = "", name[8];
	size_t i, length = 0;

	any.protocol = 0;
	for (i = 0; i < snap->count; i++) {
		const struct name_service *have = &snap->services[i].name;

		if (any.fwmark || !name_same_service(have, &any))
			continue;
		length += snprintf(others + length, sizeof(others) - length,
				   "%s%s", length ? " and " : "",
				   name_protocol(have->protocol, name,
						 sizeof(name)));
	}
	if (length)
		adm_err("no service %s here; there is one for %s", text, others);
	else
		adm_err("no service %s here; 'ipvsadm -Ln' shows all", text);
}

/**
 * snap_find() - the service that a user named
 * @snap: the services
 * @text: as the user wrote it; its protocol may be left out if only one has it
 *
 * Return: the service, or NULL, and the user was told.
 */
const struct snap_service *snap_find(const struct snap *snap, const char *text)
{
	const struct snap_service *found = NULL;
	struct name_service wanted;
	size_t i;

	if (!name_parse_service(text, &wanted)) {
		adm_err("'%s' is no service; write ADDRESS:PORT/PROTOCOL, as 10.9.9.9:5060/udp, or fwmark:NUMBER",
			text);
		return NULL;
	}
	for (i = 0; i < snap->count; i++) {
		if (!name_same_service(&snap->services[i].name, &wanted))
			continue;
		if (found) {
			adm_err("%s is a service of several protocols; add /tcp, /udp or /sctp",
				text);
			return NULL;
		}
		found = &snap->services[i];
	}
	if (!found)
		tell_absent(snap, text, &wanted);
	return found;
}

/**
 * snap_method() - how packets are forwarded, in words
 * @method: IP_VS_CONN_F_*
 *
 * Return: the word.
 */
const char *snap_method(uint32_t method)
{
	switch (method & IP_VS_CONN_F_FWD_MASK) {
	case IP_VS_CONN_F_MASQ:
		return "nat";
	case IP_VS_CONN_F_LOCALNODE:
		return "local";
	case IP_VS_CONN_F_TUNNEL:
		return "tunnel";
	case IP_VS_CONN_F_DROUTE:
		return "route";
	default:
		return "bypass";
	}
}
