// SPDX-License-Identifier: GPL-2.0-only
/* IP packets out of a file of captured ones: what links put in front of them.
 * Nothing of such a file is trusted.
 */
#include "explain_capture.h"

#include "adm.h"

#include <stdlib.h>
#include <string.h>

#include <net/ethernet.h>
#include <pcap/pcap.h>
#include <pcap/sll.h>

/* Tags of VLANs that a frame may have; switches stack two. */
#define TAGS_MAX	4
#define TAG_LEN		4
#define TYPE_QINQ	0x88a8
#define TYPE_QINQ_OLD	0x9100

/* Of BSD's loopback device: a number that depends on the system. */
#define LOOP_LEN	4

/**
 * struct capture - a file that is being read
 * @pcap: of libpcap
 * @path: its name
 * @link: DLT_*
 * @number: packets read
 * @buffer: the packet, as it may be changed
 */
struct capture {
	pcap_t		*pcap;
	const char	*path;
	int		link;
	uint64_t	number;
	unsigned char	buffer[CAPTURE_PACKET_MAX];
};

/* Where a frame's packet begins, and what kind of packet it is. */
struct place {
	size_t		at;
	uint16_t	type;	/* ETHERTYPE_* */
	bool		directed;
	bool		outgoing;
	bool		short_frame;
};

static uint16_t be16_at(const unsigned char *data)
{
	return data[0] << 8 | data[1];
}

static bool is_known(int link)
{
	switch (link) {
	case DLT_EN10MB:
	case DLT_LINUX_SLL:
	case DLT_LINUX_SLL2:
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
	case DLT_NULL:
	case DLT_LOOP:
		return true;
	default:
		return false;
	}
}

/**
 * capture_open() - begins to read a file of captured packets
 * @path: the file, which must stay; - is standard input
 *
 * Return: the file; NULL if it cannot be read, and the user was told.
 */
struct capture *capture_open(const char *path)
{
	struct capture *capture = calloc(1, sizeof(*capture));
	char text[PCAP_ERRBUF_SIZE] = "";
	const char *name;

	if (!capture) {
		adm_err("no memory");
		return NULL;
	}
	capture->path = path;
	capture->pcap = pcap_open_offline(path, text);
	if (!capture->pcap) {
		adm_err("--pcap %s cannot be read: %s", path, text);
		free(capture);
		return NULL;
	}
	capture->link = pcap_datalink(capture->pcap);
	if (is_known(capture->link))
		return capture;
	name = pcap_datalink_val_to_name(capture->link);
	adm_err("--pcap %s is of link type %s (%d); captures of Ethernet, Linux cooked and raw IP can be explained: 'tcpdump -i any' makes one",
		path, name ? name : "unknown", capture->link);
	capture_close(capture);
	return NULL;
}

/**
 * capture_close() - ends what capture_open() began
 * @capture: the file
 */
void capture_close(struct capture *capture)
{
	pcap_close(capture->pcap);
	free(capture);
}

/* A header of LEN bytes of which two at AT tell the type. */
static void typed(struct place *place, const unsigned char *frame, size_t len,
		  size_t at, size_t header)
{
	place->short_frame = len < header;
	if (place->short_frame)
		return;
	place->type = be16_at(frame + at);
	place->at = header;
}

/* What has no type is told by the IP header's first byte. */
static void untyped(struct place *place, const unsigned char *frame, size_t len,
		    size_t header)
{
	place->at = header;
	place->short_frame = len <= header;
	if (place->short_frame)
		return;
	if (frame[header] >> 4 == 4)
		place->type = ETHERTYPE_IP;
	else if (frame[header] >> 4 == 6)
		place->type = ETHERTYPE_IPV6;
}

static void strip_tags(struct place *place, const unsigned char *frame,
		       size_t len)
{
	int i;

	for (i = 0; i < TAGS_MAX && !place->short_frame; i++) {
		if (place->type != ETHERTYPE_VLAN &&
		    place->type != TYPE_QINQ && place->type != TYPE_QINQ_OLD)
			return;
		place->short_frame = len < place->at + TAG_LEN;
		if (place->short_frame)
			return;
		place->type = be16_at(frame + place->at + 2);
		place->at += TAG_LEN;
	}
}

static struct place find_packet(const struct capture *capture,
				const unsigned char *frame, size_t len)
{
	struct place place = { 0 };

	switch (capture->link) {
	case DLT_EN10MB:
		typed(&place, frame, len, 2 * ETHER_ADDR_LEN, ETHER_HDR_LEN);
		break;
	case DLT_LINUX_SLL:
		typed(&place, frame, len, SLL_HDR_LEN - 2, SLL_HDR_LEN);
		place.directed = !place.short_frame;
		place.outgoing = place.directed &&
				 be16_at(frame) == LINUX_SLL_OUTGOING;
		break;
	case DLT_LINUX_SLL2:
		typed(&place, frame, len, 0, SLL2_HDR_LEN);
		place.directed = !place.short_frame;
		place.outgoing = place.directed &&
			frame[offsetof(struct sll2_header, sll2_pkttype)] ==
			LINUX_SLL_OUTGOING;
		break;
	case DLT_NULL:
	case DLT_LOOP:
		untyped(&place, frame, len, LOOP_LEN);
		break;
	default:
		untyped(&place, frame, len, 0);
	}
	strip_tags(&place, frame, len);
	return place;
}

static void take(struct capture *capture, const struct pcap_pkthdr *head,
		 const unsigned char *frame, struct capture_packet *packet)
{
	size_t len = head->caplen, missing = 0;
	struct place place = find_packet(capture, frame, len);

	if (head->len > head->caplen)
		missing = head->len - head->caplen;
	packet->directed = place.directed;
	packet->outgoing = place.outgoing;
	if (place.short_frame) {
		packet->kind = missing ? CAPTURE_CUT : CAPTURE_NOT_IP;
		return;
	}
	if (place.type != ETHERTYPE_IP && place.type != ETHERTYPE_IPV6) {
		packet->kind = CAPTURE_NOT_IP;
		return;
	}
	len -= place.at;
	if (len > sizeof(capture->buffer)) {
		missing += len - sizeof(capture->buffer);
		len = sizeof(capture->buffer);
	}
	memcpy(capture->buffer, frame + place.at, len);
	capture_headers(packet, capture->buffer, len, missing);
}

/**
 * capture_next() - reads the next packet
 * @capture: the file
 * @packet: what is made
 *
 * Return: 1; 0 at the end of the file; -1 if it cannot be read on, and the user
 * was told.
 */
int capture_next(struct capture *capture, struct capture_packet *packet)
{
	const unsigned char *frame;
	struct pcap_pkthdr *head;
	int got = pcap_next_ex(capture->pcap, &head, &frame);

	if (got == PCAP_ERROR_BREAK)
		return 0;
	if (got != 1) {
		adm_err("--pcap %s ends behind its packet %ju: %s",
			capture->path, (uintmax_t)capture->number,
			pcap_geterr(capture->pcap));
		return -1;
	}
	memset(packet, 0, sizeof(*packet));
	packet->number = ++capture->number;
	packet->time = head->ts;
	take(capture, head, frame, packet);
	return 1;
}
