// SPDX-License-Identifier: GPL-2.0-only
/* UDP: any datagram opens a connection, and then there is one state that none
 * changes.
 */
#include <opvs/proto.h>

#include <opvs/kunit.h>

#include <linux/bits.h>
#include <linux/in.h>
#include <linux/limits.h>

/* Flows carry this event; see &struct opvs_flow. */
#define OPVS_UDP_DATAGRAM	0
#define OPVS_UDP_NO_EVENT	U8_MAX

/* The seconds are IPVS's. */
static const struct opvs_proto_state opvs_udp_states[OPVS_UDP_STATES] = {
	[OPVS_UDP_S_NORMAL] = OPVS_PROTO_STATE("UDP", "UDP", 5 * 60),
};

const struct opvs_proto opvs_proto_udp = {
	.name		= "UDP",
	.number		= IPPROTO_UDP,
	.first		= OPVS_UDP_DATAGRAM,
	.refused	= OPVS_UDP_NO_EVENT,
	.num_states	= OPVS_UDP_STATES,
	.timeout0	= OPVS_TIMEOUT_UDP,
	.working	= BIT(OPVS_UDP_S_NORMAL),
	.synced		= BIT(OPVS_UDP_S_NORMAL),
	.states		= opvs_udp_states,
};
EXPORT_SYMBOL_IF_KUNIT(opvs_proto_udp);
