// SPDX-License-Identifier: GPL-2.0-only
/* Headers of a captured packet: as much as it takes to show it, and to make
 * whole what a capture left out of it.  What becomes of the packet is for the
 * kernel to tell, which has a look of its own.
 */
#include "explain_capture.h"

#include <ctype.h>
#include <string.h>
#include <sys/socket.h>

#include <netinet/in.h>

#define IPV4_LEN	20
#define IPV6_LEN	40
#define UDP_LEN		8
#define TCP_LEN		20
#define SCTP_LEN	16	/* with the beginning of a chunk */
#define FRAGMENT_LEN	8
#define IPV4_PART	0x3fff	/* more fragments, and the offset */
#define IPV4_OFFSET	0x1fff
#define IPV6_PART	0xfff9
#define IPV6_OFFSET	0xfff8

/* Extension headers that are looked behind. */
#define EXTENSIONS_MAX	16

/* Where a packet's parts are. */
struct parts {
	unsigned char	*data;
	size_t		have;		/* bytes that were captured */
	size_t		transport;	/* where the transport's header is */
	bool		later;		/* a fragment that has none */
	bool		found;		/* all headers in front are there */
};

static uint16_t be16_at(const unsigned char *data)
{
	return data[0] << 8 | data[1];
}

static void put_be16(unsigned char *data, uint16_t value)
{
	data[0] = value >> 8;
	data[1] = value;
}

static void take_addr(struct name_addr *addr, uint16_t family,
		      const unsigned char *data)
{
	memset(addr, 0, sizeof(*addr));
	addr->family = family;
	memcpy(addr->bytes, data, family == AF_INET6 ? 16 : 4);
}

/* Makes the packet as long as its header says.  One that was captured in part
 * gets the length of that part.
 */
static enum capture_kind fit(struct capture_packet *packet, struct parts *parts,
			     size_t said, size_t missing)
{
	if (said <= parts->have) {
		parts->have = said;
		return CAPTURE_PACKET;
	}
	/* It says more than came over the link. */
	if (said > parts->have + missing)
		return CAPTURE_MALFORMED;
	packet->missing = said - parts->have;
	return CAPTURE_PACKET;
}

static enum capture_kind ipv4(struct capture_packet *packet,
			      struct parts *parts, size_t missing)
{
	unsigned char *head = parts->data;
	enum capture_kind kind;
	size_t said, len;

	if (parts->have < IPV4_LEN)
		return missing ? CAPTURE_CUT : CAPTURE_MALFORMED;
	len = 4 * (head[0] & 15);
	said = be16_at(head + 2);
	take_addr(&packet->from, AF_INET, head + 12);
	take_addr(&packet->to, AF_INET, head + 16);
	packet->protocol = head[9];
	packet->fragment = be16_at(head + 6) & IPV4_PART;
	parts->later = be16_at(head + 6) & IPV4_OFFSET;
	/* Hosts that leave segmentation to the device send that. */
	if (!said)
		said = parts->have + missing;
	if (len < IPV4_LEN || said < len)
		return CAPTURE_MALFORMED;
	kind = fit(packet, parts, said, missing);
	if (kind != CAPTURE_PACKET)
		return kind;
	put_be16(head + 2, parts->have);
	parts->transport = len;
	parts->found = len <= parts->have;
	return CAPTURE_PACKET;
}

static bool is_extension(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
	case IPPROTO_FRAGMENT:
	case IPPROTO_AH:
		return true;
	default:
		return false;
	}
}

static size_t extension_len(uint8_t protocol, const unsigned char *head)
{
	switch (protocol) {
	case IPPROTO_FRAGMENT:
		return FRAGMENT_LEN;
	case IPPROTO_AH:
		return 4 * (head[1] + 2);
	default:
		return 8 * (head[1] + 1);
	}
}

/* Walks over extension headers, up to the transport's. */
static void walk(struct capture_packet *packet, struct parts *parts)
{
	size_t at = IPV6_LEN;
	int i;

	for (i = 0; i < EXTENSIONS_MAX && !parts->later; i++) {
		const unsigned char *head = parts->data + at;
		uint8_t protocol = packet->protocol;

		if (!is_extension(protocol)) {
			parts->transport = at;
			parts->found = true;
			return;
		}
		if (parts->have < at + FRAGMENT_LEN)
			return;
		if (protocol == IPPROTO_FRAGMENT) {
			packet->fragment |= be16_at(head + 2) & IPV6_PART;
			parts->later = be16_at(head + 2) & IPV6_OFFSET;
		}
		packet->protocol = head[0];
		at += extension_len(protocol, head);
	}
}

static enum capture_kind ipv6(struct capture_packet *packet,
			      struct parts *parts, size_t missing)
{
	unsigned char *head = parts->data;
	enum capture_kind kind;
	size_t said;

	if (parts->have < IPV6_LEN)
		return missing ? CAPTURE_CUT : CAPTURE_MALFORMED;
	take_addr(&packet->from, AF_INET6, head + 8);
	take_addr(&packet->to, AF_INET6, head + 24);
	packet->protocol = head[6];
	said = be16_at(head + 4) ? (size_t)IPV6_LEN + be16_at(head + 4) :
	       parts->have + missing;
	kind = fit(packet, parts, said, missing);
	if (kind != CAPTURE_PACKET)
		return kind;
	/* Of 0 bytes are jumbograms, and what the device is to cut up. */
	if (be16_at(head + 4) || packet->missing)
		put_be16(head + 4, parts->have - IPV6_LEN);
	walk(packet, parts);
	return CAPTURE_PACKET;
}

/* "INVITE sip:...", "SIP/2.0 200 OK" */
static void take_word(struct capture_packet *packet, const unsigned char *data,
		      size_t len)
{
	static const char answer[] = "SIP/2.0 ";
	size_t i = 0, skip = sizeof(answer) - 1;

	if (len > skip + 3 && memcmp(data, answer, skip) == 0) {
		for (data += skip; i < 3 && isdigit(data[i]); i++)
			packet->word[i] = data[i];
		packet->word[i == 3 ? 3 : 0] = '\0';
		return;
	}
	while (i < len && i < sizeof(packet->word) - 1 && isupper(data[i]))
		i++;
	if (i && len > i + 4 && (memcmp(data + i, " sip:", 5) == 0 ||
				 memcmp(data + i, " sips", 5) == 0 ||
				 memcmp(data + i, " tel:", 5) == 0))
		memcpy(packet->word, data, i);
}

/* What of a header was not captured must not look as if it had never been there:
 * lengths become those of what is there.
 */
static enum capture_kind udp(const struct capture_packet *packet,
			     unsigned char *head, size_t have)
{
	if (!packet->missing)
		return CAPTURE_PACKET;
	if (have < UDP_LEN)
		return CAPTURE_CUT;
	if (!packet->fragment && be16_at(head + 4) > have)
		put_be16(head + 4, have);
	return CAPTURE_PACKET;
}

static enum capture_kind tcp(const struct capture_packet *packet,
			     unsigned char *head, size_t have)
{
	if (!packet->missing)
		return CAPTURE_PACKET;
	if (have < TCP_LEN)
		return CAPTURE_CUT;
	if (4U * (head[12] >> 4) > have)
		head[12] = have / 4 << 4 | (head[12] & 15);
	return CAPTURE_PACKET;
}

static enum capture_kind transport(struct capture_packet *packet,
				   const struct parts *parts)
{
	unsigned char *head = parts->data + parts->transport;
	size_t have;

	if (parts->later)
		return CAPTURE_PACKET;
	if (!parts->found || parts->transport > parts->have)
		return packet->missing ? CAPTURE_CUT : CAPTURE_MALFORMED;
	have = parts->have - parts->transport;
	if (packet->protocol != IPPROTO_TCP &&
	    packet->protocol != IPPROTO_UDP && packet->protocol != IPPROTO_SCTP)
		return CAPTURE_PACKET;
	packet->has_ports = have >= 4;
	if (packet->has_ports) {
		packet->from_port = be16_at(head);
		packet->to_port = be16_at(head + 2);
	}
	switch (packet->protocol) {
	case IPPROTO_UDP:
		if (have > UDP_LEN)
			take_word(packet, head + UDP_LEN, have - UDP_LEN);
		return udp(packet, head, have);
	case IPPROTO_TCP:
		return tcp(packet, head, have);
	default:
		return packet->missing && have < SCTP_LEN ? CAPTURE_CUT :
							    CAPTURE_PACKET;
	}
}

/**
 * capture_headers() - reads a packet's headers
 * @packet: gets what they say
 * @data: the packet from its IP header on; lengths in it are changed if not all
 *	of it was captured
 * @have: how much was captured
 * @missing: how much more came over the link
 */
void capture_headers(struct capture_packet *packet, unsigned char *data,
		     size_t have, size_t missing)
{
	struct parts parts = { .data = data, .have = have };
	int version = have ? data[0] >> 4 : 0;

	if (version == 4)
		packet->kind = ipv4(packet, &parts, missing);
	else if (version == 6)
		packet->kind = ipv6(packet, &parts, missing);
	else
		packet->kind = have || !missing ? CAPTURE_MALFORMED :
						  CAPTURE_CUT;
	packet->data = data;
	packet->len = parts.have;
	if (packet->kind == CAPTURE_PACKET)
		packet->kind = transport(packet, &parts);
}
