/* SPDX-License-Identifier: GPL-2.0-only */
/* Packets for tests, and skbs that hold them in any shape. */
#ifndef OPVS_TEST_PACKET_H
#define OPVS_TEST_PACKET_H

#include <linux/netfilter.h>
#include <linux/types.h>

struct kunit;
struct sk_buff;

#define OPVS_TEST_PACKET_MAX	480

/**
 * struct opvs_test_packet - what a packet shall look like
 * @saddr: source address
 * @daddr: destination address
 * @sport: source port
 * @dport: destination port
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @proto: TCP and UDP get their header, SCTP its common one and a chunk's,
 *	ICMP of either kind one of a port-unreachable error, others none
 * @options: bytes of IPv4 options, a multiple of four
 * @num_ext: number of IPv6 extension headers
 * @ext: these, in their order
 * @segments_left: of routing headers
 * @frag_units: fragment offset in units of eight bytes; a later fragment has
 *	no transport header
 * @more_frags: more fragments follow
 * @no_check: UDP without a checksum
 * @tcp_flags: byte 13 of TCP's header
 * @tcp_options: bytes of TCP options, a multiple of four
 * @chunk: type of the chunk that the body of SCTP is in
 * @chunk_len: what that chunk says its length is; 0: what it is
 * @body: bytes behind the transport header
 * @quote: these are copied from here; NULL: a pattern
 * @word: added to the first two bytes of the pattern
 */
struct opvs_test_packet {
	union nf_inet_addr	saddr;
	union nf_inet_addr	daddr;
	__be16			sport;
	__be16			dport;
	u8			family;
	u8			proto;
	u8			options;
	u8			num_ext;
	u8			ext[6];
	u8			segments_left;
	u16			frag_units;
	bool			more_frags;
	bool			no_check;
	u8			tcp_flags;
	u8			tcp_options;
	u8			chunk;
	u16			chunk_len;
	u16			body;
	const u8		*quote;
	u16			word;
};

/**
 * struct opvs_test_bytes - a packet as it is on the wire
 * @len: its length
 * @thoff: where its transport header is
 * @data: the packet, checksums and all
 */
struct opvs_test_bytes {
	u16	len;
	u16	thoff;
	u8	data[OPVS_TEST_PACKET_MAX];
};

void opvs_test_build(const struct opvs_test_packet *packet,
		     struct opvs_test_bytes *bytes);
u32 opvs_test_residue(const struct opvs_test_bytes *bytes);
__sum16 *opvs_test_check(struct opvs_test_bytes *bytes);

/* The place of the bytes behind the first few. */
enum opvs_test_shape {
	OPVS_TEST_LINEAR,
	OPVS_TEST_FRAGS,
	OPVS_TEST_FRAG_LIST,
	OPVS_TEST_SHAPES,
};

struct sk_buff *opvs_test_skb(struct kunit *test, const void *data,
			      unsigned int len, enum opvs_test_shape shape,
			      unsigned int head);
struct sk_buff *opvs_test_own_skb(struct kunit *test, struct sk_buff *skb);
void opvs_test_free_skb(struct kunit *test, struct sk_buff *skb);
bool opvs_test_skb_holds(const struct sk_buff *skb, const void *data,
			 unsigned int len);

#endif /* OPVS_TEST_PACKET_H */
