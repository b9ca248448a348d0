// SPDX-License-Identifier: GPL-2.0-only
/*
 * TCP packets whose payload and numbers change.
 *
 * Unlike addresses and ports, which come and go by differences, a checksum is made
 * anew here; so a packet that came in damaged must be known before it is changed.
 * That reads all of it, which is right for the few packets of a connection that
 * carries commands, and for no others.  Of what the device has vouched for the field
 * need not be true: the kernel leaves it alone when it joins packets (GRO).
 */
#include <opvs/app.h>

#include <opvs/compat.h>
#include <opvs/kunit.h>
#include <opvs/xmit.h>

#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/checksum.h>
#include <net/ip6_checksum.h>
#include <net/tcp.h>

static struct tcphdr *tcp_of(const struct opvs_segment *seg)
{
	return (struct tcphdr *)(seg->skb->data + seg->flow->thoff);
}

/* Left to the device; the header then has the pseudo header's sum. */
static bool check_is_pending(const struct opvs_segment *seg)
{
	const struct sk_buff *skb = seg->skb;

	return skb->ip_summed == CHECKSUM_PARTIAL &&
	       skb_checksum_start_offset(skb) == seg->flow->thoff;
}

/* Of the pseudo header, and of what has the sum @rest. */
static __sum16 check_of(const struct opvs_segment *seg, __wsum rest)
{
	const struct opvs_flow *flow = seg->flow;
	unsigned int len = seg->skb->len - flow->thoff;

	if (flow->family == NFPROTO_IPV6)
		return csum_ipv6_magic(&flow->saddr.in6, &flow->daddr.in6, len,
				       IPPROTO_TCP, rest);
	return csum_tcpudp_magic(flow->saddr.ip, flow->daddr.ip, len,
				 IPPROTO_TCP, rest);
}

static __wsum sum_of(const struct opvs_segment *seg)
{
	unsigned int thoff = seg->flow->thoff;

	return skb_checksum(seg->skb, thoff, seg->skb->len - thoff, 0);
}

/**
 * opvs_segment_open() - prepare a packet for changes
 * @seg: filled in
 * @skb: TCP packet; made linear and writable
 * @flow: its flow
 *
 * Context: any.
 * Return: 0; -EINVAL when it is damaged, and its receiver will not have it;
 * -ENOMEM.
 */
int opvs_segment_open(struct opvs_segment *seg, struct sk_buff *skb,
		      const struct opvs_flow *flow)
{
	const struct tcphdr *th;

	if (skb->len < flow->thoff + sizeof(*th))
		return -EINVAL;
	if (opvs_ensure_writable(skb, skb->len))
		return -ENOMEM;
	*seg = (struct opvs_segment){ .skb = skb, .flow = flow };
	th = tcp_of(seg);
	seg->data = flow->thoff + th->doff * 4;
	if (th->doff * 4 < sizeof(*th) || seg->data > skb->len)
		return -EINVAL;
	if (!check_is_pending(seg) && !skb_csum_unnecessary(skb) &&
	    check_of(seg, sum_of(seg)))
		return -EINVAL;
	seg->len = skb->len - seg->data;
	seg->seq = ntohl(th->seq);
	seg->acks = th->ack;
	seg->ack = ntohl(th->ack_seq);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_segment_open);

static void move_back(u8 *number, const struct opvs_seq *acked)
{
	put_unaligned_be32(opvs_seq_back(acked, get_unaligned_be32(number)),
			   number);
}

/* Blocks that are acknowledged out of turn (RFC 2018). */
static void move_blocks(u8 *option, unsigned int len,
			const struct opvs_seq *acked)
{
	unsigned int at;

	for (at = TCPOLEN_SACK_BASE; at + TCPOLEN_SACK_PERBLOCK <= len;
	     at += TCPOLEN_SACK_PERBLOCK) {
		move_back(option + at, acked);
		move_back(option + at + sizeof(u32), acked);
	}
}

static void move_options(const struct opvs_segment *seg,
			 const struct opvs_seq *acked)
{
	u8 *at = (u8 *)(tcp_of(seg) + 1), *end = seg->skb->data + seg->data;

	while (at + 1 < end && *at != TCPOPT_EOL) {
		if (*at == TCPOPT_NOP) {
			at++;
			continue;
		}
		if (at[1] < 2 || at[1] > end - at)
			return;
		if (*at == TCPOPT_SACK)
			move_blocks(at, at[1], acked);
		at += at[1];
	}
}

/**
 * opvs_segment_move() - give a packet other numbers
 * @seg: packet
 * @seq: sequence number, as the receiver counts
 * @acked: what became of the packets that it acknowledges
 *
 * Context: any.
 */
void opvs_segment_move(struct opvs_segment *seg, u32 seq,
		       const struct opvs_seq *acked)
{
	struct tcphdr *th = tcp_of(seg);

	if (seq != seg->seq) {
		th->seq = htonl(seq);
		seg->changed = true;
	}
	if (!seg->acks || (!acked->delta && !acked->previous_delta))
		return;
	th->ack_seq = htonl(opvs_seq_back(acked, seg->ack));
	move_options(seg, acked);
	seg->changed = true;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_segment_move);

/* The IP header tells the packet's length; that of a very large GSO packet not. */
static void set_length(const struct opvs_segment *seg, int diff)
{
	void *header = seg->skb->data + seg->flow->nhoff;
	struct ipv6hdr *ip6h = header;
	struct iphdr *iph = header;
	__be16 old;

	if (seg->flow->family == NFPROTO_IPV6) {
		if (ip6h->payload_len)
			be16_add_cpu(&ip6h->payload_len, diff);
		return;
	}
	old = iph->tot_len;
	if (!old)
		return;
	be16_add_cpu(&iph->tot_len, diff);
	csum_replace2(&iph->check, old, iph->tot_len);
}

/* Several packets in one may be more or fewer, or one, now. */
static void set_segments(const struct opvs_segment *seg)
{
	struct skb_shared_info *shared = skb_shinfo(seg->skb);

	if (!skb_is_gso(seg->skb))
		return;
	if (seg->len <= shared->gso_size)
		skb_gso_reset(seg->skb);
	else
		shared->gso_segs = DIV_ROUND_UP(seg->len, shared->gso_size);
}

static int make_room(struct sk_buff *skb, int diff)
{
	if (diff <= skb_tailroom(skb))
		return 0;
	return pskb_expand_head(skb, 0, diff - skb_tailroom(skb), GFP_ATOMIC);
}

/**
 * opvs_segment_replace() - put another text in place of a part of the payload
 * @seg: packet
 * @at: bytes of the payload in front of that part
 * @len: length of that part
 * @text: what takes its place
 * @text_len: length of @text
 *
 * Context: any.
 * Return: 0, or -ENOMEM and nothing has changed.
 */
int opvs_segment_replace(struct opvs_segment *seg, unsigned int at,
			 unsigned int len, const char *text,
			 unsigned int text_len)
{
	struct sk_buff *skb = seg->skb;
	int diff = (int)text_len - (int)len;
	unsigned int rest = seg->len - at - len;
	u8 *part;

	if (diff > 0 && make_room(skb, diff))
		return -ENOMEM;
	part = skb->data + seg->data + at;
	if (diff > 0) {
		skb_put(skb, diff);
		/* Its sender does not know how long it became. */
		skb->ignore_df = 1;
	}
	memmove(part + text_len, part + len, rest);
	memcpy(part, text, text_len);
	if (diff < 0)
		__skb_trim(skb, skb->len + diff);
	seg->len += diff;
	seg->changed = true;
	if (diff) {
		set_length(seg, diff);
		set_segments(seg);
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_segment_replace);

/**
 * opvs_segment_close() - complete a packet's changes
 * @seg: packet
 *
 * Context: any.
 */
void opvs_segment_close(struct opvs_segment *seg)
{
	struct tcphdr *th = tcp_of(seg);

	if (!seg->changed)
		return;
	if (check_is_pending(seg)) {
		th->check = ~check_of(seg, 0);
		return;
	}
	th->check = 0;
	th->check = check_of(seg, sum_of(seg));
	/* The device's sum over the whole packet is no longer true. */
	if (seg->skb->ip_summed == CHECKSUM_COMPLETE)
		seg->skb->ip_summed = CHECKSUM_NONE;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_segment_close);
