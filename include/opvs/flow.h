/* SPDX-License-Identifier: GPL-2.0-only */
/* Header parsing: skb to flow, once per packet. */
#ifndef OPVS_FLOW_H
#define OPVS_FLOW_H

#include <opvs/types.h>

struct sk_buff;

int opvs_flow_parse(const struct sk_buff *skb, unsigned int nhoff, u8 family,
		    struct opvs_flow *flow);

#endif /* OPVS_FLOW_H */
