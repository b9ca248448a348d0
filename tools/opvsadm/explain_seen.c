// SPDX-License-Identifier: GPL-2.0-only
/* Calls and clients in a capture, and who is at its addresses. */
#include "explain_seen.h"

#include "adm.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

static int compare_addrs(const struct name_addr *a, const struct name_addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static int compare_packets(const struct capture_packet *a,
			   const struct capture_packet *b)
{
	int order = compare_addrs(&a->from, &b->from);

	if (!order)
		order = compare_addrs(&a->to, &b->to);
	if (!order)
		order = a->from_port - b->from_port;
	if (!order)
		order = a->to_port - b->to_port;
	return order ? order : a->protocol - b->protocol;
}

/* Of two with keys, only these count. */
static int compare_calls(const void *one, const void *other)
{
	const struct seen_call *a = one, *b = other;

	if (a->service != b->service)
		return a->service < b->service ? -1 : 1;
	if (a->key_len != b->key_len)
		return a->key_len < b->key_len ? -1 : 1;
	return a->key_len ? memcmp(a->key, b->key, a->key_len) :
			    compare_packets(&a->packet, &b->packet);
}

/**
 * seen_init() - nothing was seen yet
 * @seen: what is made
 */
void seen_init(struct seen *seen)
{
	*seen = (struct seen){ .last = &seen->first };
}

static void keep(void *node)
{
	(void)node;
}

/**
 * seen_free() - frees all that was seen
 * @seen: it
 */
void seen_free(struct seen *seen)
{
	struct seen_call *next;

	tdestroy(seen->tree, keep);
	for (; seen->first; seen->first = next) {
		next = seen->first->next;
		free(seen->first->bytes);
		free(seen->first);
	}
}

static struct seen_call *make_call(struct seen *seen,
				   const struct seen_call *wanted)
{
	struct seen_call *call = malloc(sizeof(*call) + wanted->key_len);
	unsigned char *key;

	if (!call)
		return NULL;
	*call = *wanted;
	call->packet.data = NULL;
	key = (unsigned char *)(call + 1);
	call->key = wanted->key_len ? key : NULL;
	memcpy(key, wanted->key, wanted->key_len);
	if (!tsearch(call, &seen->tree, compare_calls)) {
		free(call);
		return NULL;
	}
	*seen->last = call;
	seen->last = &call->next;
	return call;
}

/**
 * seen_call() - the call of a packet
 * @seen: what was seen so far
 * @service: its service; NULL: none of those of the report
 * @answer: what the kernel says about the packet
 * @packet: the packet
 * @make: it is made if this is its first packet
 *
 * Return: the call, without packets if it was made; NULL if there is none.
 */
struct seen_call *seen_call(struct seen *seen,
			    struct report_service *service,
			    const struct explain_answer *answer,
			    const struct capture_packet *packet, bool make)
{
	struct seen_call wanted = {
		.service = service, .key = answer->key,
		.key_len = answer->key_len, .packet = *packet,
	};
	struct seen_call **node, *made;

	node = tfind(&wanted, &seen->tree, compare_calls);
	if (node || !make)
		return node ? *node : NULL;
	made = make_call(seen, &wanted);
	seen->failed |= !made;
	return made;
}

/* ---- who is at an address ---- */

static int compare_ends(const void *one, const void *other)
{
	const struct seen_end *a = one, *b = other;
	int order = compare_addrs(&a->addr, &b->addr);

	if (!order)
		order = a->port - b->port;
	if (!order)
		order = a->protocol - b->protocol;
	return order ? order : a->is_virtual - b->is_virtual;
}

static int add_end(void **ends, const struct seen_end *end)
{
	struct seen_end *copy, **node;

	if (tfind(end, ends, compare_ends))
		return 0;
	copy = malloc(sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	*copy = *end;
	node = tsearch(copy, ends, compare_ends);
	if (node)
		return 0;
	free(copy);
	return -ENOMEM;
}

static int add_servers(void **ends, const struct snap_service *service,
		       uint8_t protocol)
{
	size_t i;
	int err = 0;

	/* Others get the packet as it came. */
	for (i = 0; i < service->count && !err; i++) {
		const struct snap_dest *dest = &service->dests[i];
		const struct seen_end end = {
			.protocol = protocol, .addr = dest->addr,
			.port = dest->port, .service = service,
		};

		if ((dest->method & IP_VS_CONN_F_FWD_MASK) == IP_VS_CONN_F_MASQ)
			err = add_end(ends, &end);
	}
	return err;
}

/**
 * seen_ends_make() - services and servers by their addresses
 * @ends: becomes a tree of them; for seen_ends_free() in any case
 * @snap: services with their servers, which must stay
 *
 * Return: 0 or ENOMEM.
 */
int seen_ends_make(void **ends, const struct snap *snap)
{
	static const uint8_t protocols[] = {
		IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP,
	};
	size_t i, p;
	int err = 0;

	*ends = NULL;
	for (i = 0; i < snap->count && !err; i++) {
		const struct snap_service *service = &snap->services[i];
		const struct seen_end end = {
			.protocol = service->name.protocol, .is_virtual = true,
			.addr = service->name.addr, .port = service->name.port,
			.service = service,
		};

		if (!service->name.fwmark)
			err = add_end(ends, &end);
		for (p = 0; p < ARRAY_SIZE(protocols) && !err; p++)
			if (service->name.fwmark ||
			    service->name.protocol == protocols[p])
				err = add_servers(ends, service, protocols[p]);
	}
	return err;
}

/**
 * seen_end() - who is at an address?
 * @ends: from seen_ends_make()
 * @is_virtual: a service is looked for, else a server
 * @protocol: IPPROTO_*
 * @addr: the address
 * @port: the port
 *
 * Return: who is; NULL if nobody.
 */
const struct seen_end *seen_end(void *const *ends, bool is_virtual,
				uint8_t protocol, const struct name_addr *addr,
				uint16_t port)
{
	struct seen_end wanted = {
		.protocol = protocol, .is_virtual = is_virtual, .addr = *addr,
		.port = port,
	}, **node = tfind(&wanted, ends, compare_ends);

	if (node)
		return *node;
	wanted.port = 0;
	node = tfind(&wanted, ends, compare_ends);
	return node ? *node : NULL;
}

/**
 * seen_ends_free() - frees a tree of services and servers
 * @ends: the tree
 */
void seen_ends_free(void *ends)
{
	tdestroy(ends, free);
}
