// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets for tests, built from a description with every checksum computed over
 * the whole packet, never by code of opvs, and skbs of any shape around them.
 */
#include "packet.h"

#include <opvs/kunit.h>

#include <kunit/resource.h>
#include <kunit/test.h>

#include <linux/crc32c.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/sctp.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#define TEST_HEADROOM	64

static void *bytes_add(struct opvs_test_bytes *bytes, unsigned int len)
{
	void *at = bytes->data + bytes->len;

	if (WARN_ON_ONCE(bytes->len + len > OPVS_TEST_PACKET_MAX))
		return bytes->data;
	bytes->len += len;
	return memset(at, 0, len);
}

static void add_ipv4(const struct opvs_test_packet *packet,
		     struct opvs_test_bytes *bytes)
{
	struct iphdr *iph = bytes_add(bytes, sizeof(*iph) + packet->options);

	iph->version = 4;
	iph->ihl = (sizeof(*iph) + packet->options) / 4;
	iph->id = htons(0x4711);
	iph->frag_off = htons(packet->frag_units |
			      (packet->more_frags ? IP_MF : 0));
	iph->ttl = 63;
	iph->protocol = packet->proto;
	iph->saddr = packet->saddr.ip;
	iph->daddr = packet->daddr.ip;
	memset(iph + 1, IPOPT_NOOP, packet->options);
}

/* Lengths as their own headers count them; filled with what tempts a parser
 * that does not skip them.
 */
static void add_ext(const struct opvs_test_packet *packet, int at, u8 next,
		    struct opvs_test_bytes *bytes)
{
	u8 type = packet->ext[at];
	unsigned int len = type == NEXTHDR_AUTH ? 24 : 16;
	struct frag_hdr *frag;
	u8 *ext;

	if (type == NEXTHDR_FRAGMENT) {
		frag = bytes_add(bytes, sizeof(*frag));
		frag->nexthdr = next;
		/* An inner one is that of a whole packet. */
		if (!memchr(packet->ext, type, at))
			frag->frag_off = htons(packet->frag_units << 3 |
					       packet->more_frags);
		frag->identification = htonl(0x08154711);
		return;
	}
	ext = bytes_add(bytes, len);
	memset(ext, IPPROTO_UDP, len);
	ext[0] = next;
	ext[1] = type == NEXTHDR_AUTH ? len / 4 - 2 : len / 8 - 1;
	if (type == NEXTHDR_ROUTING)
		ext[3] = packet->segments_left;
}

static void add_ipv6(const struct opvs_test_packet *packet,
		     struct opvs_test_bytes *bytes)
{
	struct ipv6hdr *ip6h = bytes_add(bytes, sizeof(*ip6h));
	bool last;
	int i;

	ip6h->version = 6;
	ip6h->nexthdr = packet->num_ext ? packet->ext[0] : packet->proto;
	ip6h->hop_limit = 63;
	ip6h->saddr = packet->saddr.in6;
	ip6h->daddr = packet->daddr.in6;
	for (i = 0; i < packet->num_ext; i++) {
		last = i + 1 == packet->num_ext;
		add_ext(packet, i, last ? packet->proto : packet->ext[i + 1],
			bytes);
	}
}

static void add_udp(const struct opvs_test_packet *packet,
		    struct opvs_test_bytes *bytes)
{
	struct udphdr *uh = bytes_add(bytes, sizeof(*uh));

	uh->source = packet->sport;
	uh->dest = packet->dport;
	uh->len = htons(sizeof(*uh) + packet->body);
}

static void add_tcp(const struct opvs_test_packet *packet,
		    struct opvs_test_bytes *bytes)
{
	struct tcphdr *th = bytes_add(bytes, sizeof(*th) + packet->tcp_options);

	th->source = packet->sport;
	th->dest = packet->dport;
	th->seq = htonl(0x89abcdef);
	th->ack_seq = htonl(0x01234567);
	th->doff = (sizeof(*th) + packet->tcp_options) / 4;
	((u8 *)th)[13] = packet->tcp_flags;
	th->window = htons(0xfedc);
	memset(th + 1, TCPOPT_NOP, packet->tcp_options);
}

static void add_sctp(const struct opvs_test_packet *packet,
		     struct opvs_test_bytes *bytes)
{
	struct sctp_chunkhdr *chunk;
	struct sctphdr *sh;

	sh = bytes_add(bytes, sizeof(*sh));
	sh->source = packet->sport;
	sh->dest = packet->dport;
	sh->vtag = htonl(0x89abcdef);
	chunk = bytes_add(bytes, sizeof(*chunk));
	chunk->type = packet->chunk;
	chunk->length = htons(packet->chunk_len ?:
			      sizeof(*chunk) + packet->body);
}

/* Both ICMPs keep type, code and checksum at the same place. */
static void add_icmp(const struct opvs_test_packet *packet,
		     struct opvs_test_bytes *bytes)
{
	struct icmphdr *icmph = bytes_add(bytes, sizeof(*icmph));
	bool v6 = packet->proto == IPPROTO_ICMPV6;

	icmph->type = v6 ? ICMPV6_DEST_UNREACH : ICMP_DEST_UNREACH;
	icmph->code = v6 ? ICMPV6_PORT_UNREACH : ICMP_PORT_UNREACH;
}

static void add_transport(const struct opvs_test_packet *packet,
			  struct opvs_test_bytes *bytes)
{
	switch (packet->proto) {
	case IPPROTO_UDP:
		return add_udp(packet, bytes);
	case IPPROTO_TCP:
		return add_tcp(packet, bytes);
	case IPPROTO_SCTP:
		return add_sctp(packet, bytes);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return add_icmp(packet, bytes);
	}
}

static void add_body(const struct opvs_test_packet *packet,
		     struct opvs_test_bytes *bytes)
{
	u8 *body = bytes_add(bytes, packet->body);
	int i;

	if (packet->quote) {
		memcpy(body, packet->quote, packet->body);
		return;
	}
	for (i = 0; i < packet->body; i++)
		body[i] = 0x5a + 7 * i;
	if (packet->body >= sizeof(u16))
		*(__be16 *)body = htons(packet->word);
}

static bool is_ipv6(const struct opvs_test_bytes *bytes)
{
	return bytes->data[0] >> 4 == 6;
}

/* The protocol at @bytes->thoff, told by what the builder put there. */
static u8 transport_of(const struct opvs_test_bytes *bytes)
{
	const struct ipv6hdr *ip6h = (const void *)bytes->data;
	const struct iphdr *iph = (const void *)bytes->data;
	const u8 *end = bytes->data + bytes->thoff;
	const u8 *ext = (const u8 *)(ip6h + 1);
	u8 next = ip6h->nexthdr;
	unsigned int len;

	if (!is_ipv6(bytes))
		return iph->protocol;
	while (ext < end) {
		len = next == NEXTHDR_FRAGMENT ? sizeof(struct frag_hdr) :
		      next == NEXTHDR_AUTH ? 24 : 16;
		next = ext[0];
		ext += len;
	}
	return next;
}

/* Sum of what the transport checksum covers, with the checksum as it stands. */
static __wsum transport_sum(const struct opvs_test_bytes *bytes, u8 proto)
{
	const struct ipv6hdr *ip6h = (const void *)bytes->data;
	const struct iphdr *iph = (const void *)bytes->data;
	unsigned int len = bytes->len - bytes->thoff;
	__wsum sum = csum_partial(bytes->data + bytes->thoff, len, 0);

	if (proto == IPPROTO_ICMP)
		return sum;
	if (is_ipv6(bytes))
		return csum_unfold(~csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr,
						    len, proto, sum));
	return csum_tcpudp_nofold(iph->saddr, iph->daddr, len, proto, sum);
}

static __sum16 *check_of(struct opvs_test_bytes *bytes, u8 proto)
{
	u8 *th = bytes->data + bytes->thoff;

	if (proto == IPPROTO_TCP)
		return &((struct tcphdr *)th)->check;
	if (proto == IPPROTO_UDP)
		return &((struct udphdr *)th)->check;
	return &((struct icmphdr *)th)->checksum;
}

/* RFC 9260 appendix A: computed with 0 in its place. */
static __le32 sctp_crc(const struct opvs_test_bytes *bytes)
{
	struct sctphdr sh;
	u32 crc;

	memcpy(&sh, bytes->data + bytes->thoff, sizeof(sh));
	sh.checksum = 0;
	crc = crc32c(~0, &sh, sizeof(sh));
	crc = crc32c(crc, bytes->data + bytes->thoff + sizeof(sh),
		     bytes->len - bytes->thoff - sizeof(sh));
	return cpu_to_le32(~crc);
}

static void finish_network(const struct opvs_test_packet *packet,
			   struct opvs_test_bytes *bytes)
{
	struct ipv6hdr *ip6h = (void *)bytes->data;
	struct iphdr *iph = (void *)bytes->data;

	if (packet->family == NFPROTO_IPV6) {
		ip6h->payload_len = htons(bytes->len - sizeof(*ip6h));
		return;
	}
	iph->tot_len = htons(bytes->len);
	iph->check = ip_fast_csum(iph, iph->ihl);
}

static void finish_transport(const struct opvs_test_packet *packet,
			     struct opvs_test_bytes *bytes)
{
	struct sctphdr *sh = (void *)(bytes->data + bytes->thoff);
	__sum16 *check;

	switch (packet->proto) {
	case IPPROTO_SCTP:
		sh->checksum = sctp_crc(bytes);
		return;
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		check = check_of(bytes, packet->proto);
		*check = csum_fold(transport_sum(bytes, packet->proto));
		if (packet->proto == IPPROTO_UDP && !*check)
			*check = CSUM_MANGLED_0;
	}
}

/**
 * opvs_test_build() - make the bytes of a packet
 * @packet: what it shall look like
 * @bytes: result
 */
void opvs_test_build(const struct opvs_test_packet *packet,
		     struct opvs_test_bytes *bytes)
{
	bytes->len = 0;
	if (packet->family == NFPROTO_IPV6)
		add_ipv6(packet, bytes);
	else
		add_ipv4(packet, bytes);
	bytes->thoff = bytes->len;
	if (!packet->frag_units)
		add_transport(packet, bytes);
	add_body(packet, bytes);
	finish_network(packet, bytes);
	if (!packet->frag_units && !packet->no_check)
		finish_transport(packet, bytes);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_test_build);

/**
 * opvs_test_check() - where the checksum of a TCP, UDP or ICMP packet is
 * @bytes: packet
 *
 * Return: pointer into @bytes.
 */
__sum16 *opvs_test_check(struct opvs_test_bytes *bytes)
{
	return check_of(bytes, transport_of(bytes));
}
EXPORT_SYMBOL_IF_KUNIT(opvs_test_check);

/**
 * opvs_test_residue() - by how much a packet's transport checksum is wrong
 * @bytes: TCP, UDP, SCTP or ICMP packet
 *
 * Return: 0 when it is right.
 */
u32 opvs_test_residue(const struct opvs_test_bytes *bytes)
{
	const struct sctphdr *sh = (const void *)(bytes->data + bytes->thoff);
	u8 proto = transport_of(bytes);

	if (proto == IPPROTO_SCTP)
		return le32_to_cpu(sh->checksum ^ sctp_crc(bytes));
	return (__force u16)csum_fold(transport_sum(bytes, proto));
}
EXPORT_SYMBOL_IF_KUNIT(opvs_test_residue);

/* ---- skbs ---- */

static int skb_resource_init(struct kunit_resource *res, void *skb)
{
	res->data = skb;
	return 0;
}

static void skb_resource_free(struct kunit_resource *res)
{
	kfree_skb(res->data);
}

static bool skb_resource_match(struct kunit *test, struct kunit_resource *res,
			       void *skb)
{
	return res->free == skb_resource_free && res->data == skb;
}

/**
 * opvs_test_own_skb() - have an skb freed with the test
 * @test: test
 * @skb: the skb; NULL fails the test
 *
 * Return: @skb.
 */
struct sk_buff *opvs_test_own_skb(struct kunit *test, struct sk_buff *skb)
{
	KUNIT_ASSERT_NOT_NULL(test, skb);
	kunit_alloc_resource(test, skb_resource_init, skb_resource_free,
			     GFP_KERNEL, skb);
	return skb;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_test_own_skb);

/**
 * opvs_test_free_skb() - free an skb before the test ends
 * @test: test that owns it
 * @skb: the skb
 */
void opvs_test_free_skb(struct kunit *test, struct sk_buff *skb)
{
	KUNIT_EXPECT_EQ(test, 0,
			kunit_destroy_resource(test, skb_resource_match, skb));
}
EXPORT_SYMBOL_IF_KUNIT(opvs_test_free_skb);

static struct sk_buff *linear_skb(const void *data, unsigned int len)
{
	struct sk_buff *skb = alloc_skb(TEST_HEADROOM + len, GFP_KERNEL);

	if (!skb)
		return NULL;
	skb_reserve(skb, TEST_HEADROOM);
	skb_put_data(skb, data, len);
	return skb;
}

/* Each piece begins in the middle of a page. */
static int add_frags(struct sk_buff *skb, const u8 *data, unsigned int len)
{
	unsigned int piece = DIV_ROUND_UP(len, 8), at, size;
	struct page *page;

	for (at = 0; at < len; at += size) {
		size = min(piece, len - at);
		page = alloc_page(GFP_KERNEL);
		if (!page)
			return -ENOMEM;
		memcpy(page_address(page) + 100, data + at, size);
		skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page, 100,
				size, PAGE_SIZE);
	}
	return 0;
}

static int add_frag_list(struct sk_buff *skb, const u8 *data, unsigned int len)
{
	struct sk_buff **next = &skb_shinfo(skb)->frag_list;
	unsigned int piece = DIV_ROUND_UP(len, 3), at, size;

	for (at = 0; at < len; at += size) {
		size = min(piece, len - at);
		*next = linear_skb(data + at, size);
		if (!*next)
			return -ENOMEM;
		skb->len += size;
		skb->data_len += size;
		skb->truesize += (*next)->truesize;
		next = &(*next)->next;
	}
	return 0;
}

/**
 * opvs_test_skb() - an skb of a certain shape, freed with the test
 * @test: test
 * @data: bytes from the IP header on
 * @len: number of bytes
 * @shape: where the bytes behind @head are
 * @head: bytes in the linear part
 *
 * Return: the skb; the test has failed if there is no memory.
 */
struct sk_buff *opvs_test_skb(struct kunit *test, const void *data,
			      unsigned int len, enum opvs_test_shape shape,
			      unsigned int head)
{
	unsigned int linear = shape == OPVS_TEST_LINEAR ? len : min(head, len);
	struct sk_buff *skb;
	int err = 0;

	skb = opvs_test_own_skb(test, linear_skb(data, linear));
	if (shape == OPVS_TEST_FRAGS)
		err = add_frags(skb, data + linear, len - linear);
	if (shape == OPVS_TEST_FRAG_LIST)
		err = add_frag_list(skb, data + linear, len - linear);
	KUNIT_ASSERT_EQ(test, err, 0);
	skb_reset_network_header(skb);
	return skb;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_test_skb);

/**
 * opvs_test_skb_holds() - does an skb hold these bytes, and no more?
 * @skb: skb
 * @data: bytes
 * @len: number of bytes
 *
 * Return: true if so.
 */
bool opvs_test_skb_holds(const struct sk_buff *skb, const void *data,
			 unsigned int len)
{
	static u8 copy[OPVS_TEST_PACKET_MAX];

	return skb->len == len && len <= sizeof(copy) &&
	       !skb_copy_bits(skb, 0, copy, len) && !memcmp(copy, data, len);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_test_skb_holds);
