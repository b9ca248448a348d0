// SPDX-License-Identifier: GPL-2.0-only
/* What an engine reads in a datagram, its key and its kind: where packets and
 * engines meet.
 */
#include <opvs/path.h>

#include <opvs/kunit.h>
#include <opvs/ops.h>
#include <opvs/pe.h>
#include <opvs/sip_kind.h>
#include <opvs/stats.h>

#include <linux/in.h>
#include <linux/skbuff.h>

/* Bytes of the payload, and how many of them the packet's head holds. */
static unsigned int key_payload(const struct sk_buff *skb,
				const struct opvs_flow *flow,
				unsigned int *shown)
{
	unsigned int len = min(flow->payload_len, skb->len - flow->payload);
	unsigned int head = skb_headlen(skb);

	*shown = head > flow->payload ? min(len, head - flow->payload) : 0;
	return len;
}

/**
 * opvs_seek_key() - let an engine look for its key in a datagram
 * @pe: engine
 * @req: gets the key, which points into the packet, or is told that there is none
 *
 * The engine sees what the packet's head holds; only if that does not decide,
 * more of a fragmented packet is pulled there.
 *
 * Context: softirq or BH disabled.
 * Return: 0 or -ENOMEM.
 */
int opvs_seek_key(struct sk_buff *skb, const struct opvs_flow *flow,
		  const struct opvs_pe_ops *pe, struct opvs_sched_req *req)
{
	enum opvs_pe_verdict found = OPVS_PE_MORE;
	struct opvs_pe_key key = {};
	unsigned int len, shown;

	len = key_payload(skb, flow, &shown);
	if (shown || !len)
		found = pe->find(skb->data + flow->payload, shown, shown == len,
				 &key);
	if (unlikely(found == OPVS_PE_MORE)) {
		shown = min(len, pe->scan_max);
		if (!pskb_may_pull(skb, flow->payload + shown))
			return -ENOMEM;
		found = pe->find(skb->data + flow->payload, shown, shown == len,
				 &key);
	}

	req->keyless = found != OPVS_PE_KEY;
	req->key = req->keyless ? NULL : key.data;
	req->key_len = key.len;
	return 0;
}

/**
 * opvs_may_begin() - may a datagram be the first of its session?
 * @pe: engine that found its key
 * @req: what opvs_seek_key() made of it; the key is where it was afterwards, or
 *	where more of the packet was pulled to
 *
 * Context: softirq or BH disabled.
 * Return: true if so; false also when there is no memory to find out.
 */
bool opvs_may_begin(struct sk_buff *skb, const struct opvs_pe_ops *pe,
		    struct opvs_sched_req *req)
{
	const struct opvs_flow *flow = req->flow;
	unsigned int len, shown, at;
	enum opvs_pe_phase phase;

	if (!pe->phase)
		return false;
	len = key_payload(skb, flow, &shown);
	phase = pe->phase(skb->data + flow->payload, shown, shown == len);
	if (unlikely(phase == OPVS_PE_UNSURE)) {
		at = req->key - skb->data;
		shown = min(len, pe->scan_max);
		if (!pskb_may_pull(skb, flow->payload + shown))
			return false;
		req->key = skb->data + at;
		phase = pe->phase(skb->data + flow->payload, shown,
				  shown == len);
	}
	return phase == OPVS_PE_FIRST;
}

typedef enum opvs_sip_kind (*kind_of_t)(const u8 *payload, unsigned int len);

/* Apart, as room for a copy costs each packet that needs none. */
static noinline enum opvs_sip_kind
kind_beyond_head(const struct sk_buff *skb, const struct opvs_flow *flow,
		 kind_of_t kind_of)
{
	unsigned int len = min_t(unsigned int, OPVS_SIP_KIND_BYTES,
				 flow->payload_len);
	u8 buf[OPVS_SIP_KIND_BYTES];

	if (skb_copy_bits(skb, flow->payload, buf, len))
		return OPVS_SIP_NONE;
	return kind_of(buf, len);
}

/* Messages are not shorter than that, and their first bytes lie behind the headers,
 * which were read just now.
 */
static __always_inline enum opvs_sip_kind
kind_of_skb(const struct sk_buff *skb, const struct opvs_flow *flow,
	    kind_of_t kind_of)
{
	/* Of other protocols nobody knows where the payload is. */
	if (unlikely(flow->proto != IPPROTO_UDP))
		return OPVS_SIP_NONE;
	if (unlikely(flow->payload_len < OPVS_SIP_KIND_BYTES ||
		     flow->payload + OPVS_SIP_KIND_BYTES > skb_headlen(skb)))
		return kind_beyond_head(skb, flow, kind_of);
	return kind_of(skb->data + flow->payload, OPVS_SIP_KIND_BYTES);
}

/**
 * opvs_note_request() - count a SIP request that a server gets
 * @cpu: the server's counters
 * @skb: packet of the client, of any protocol
 *
 * Context: softirq or BH disabled.
 */
void opvs_note_request(struct opvs_sip_cpu __percpu *cpu,
		       const struct sk_buff *skb, const struct opvs_flow *flow)
{
	opvs_sip_note(cpu, kind_of_skb(skb, flow, opvs_sip_request));
}
EXPORT_SYMBOL_IF_KUNIT(opvs_note_request);

/**
 * opvs_note_answer() - count a SIP answer that a server sends
 * @cpu: the server's counters
 * @skb: packet of the server, of any protocol
 *
 * Context: softirq or BH disabled.
 * Return: true if it is one.
 */
bool opvs_note_answer(struct opvs_sip_cpu __percpu *cpu,
		      const struct sk_buff *skb, const struct opvs_flow *flow)
{
	enum opvs_sip_kind kind = kind_of_skb(skb, flow, opvs_sip_answer);

	opvs_sip_note(cpu, kind);
	return kind != OPVS_SIP_NONE;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_note_answer);
