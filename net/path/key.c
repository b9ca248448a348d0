// SPDX-License-Identifier: GPL-2.0-only
/* The engine's key in a datagram: where packets and engines meet. */
#include <opvs/path.h>

#include <opvs/ops.h>
#include <opvs/pe.h>

#include <linux/skbuff.h>

/**
 * opvs_seek_key() - let an engine look for its key in a datagram
 * @skb: packet
 * @flow: its flow
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
	unsigned int len = min(flow->payload_len, skb->len - flow->payload);
	unsigned int head = skb_headlen(skb);
	enum opvs_pe_verdict found = OPVS_PE_MORE;
	struct opvs_pe_key key = {};
	unsigned int shown = 0;

	if (head > flow->payload)
		shown = min(len, head - flow->payload);
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
