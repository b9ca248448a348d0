// SPDX-License-Identifier: GPL-2.0-only
/* The engine's key in a datagram: where packets and engines meet. */
#include <opvs/path.h>

#include <opvs/ops.h>
#include <opvs/pe.h>

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
