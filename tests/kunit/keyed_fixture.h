/* SPDX-License-Identifier: GPL-2.0-only */
/* Packets for schedulers that hash, and their tables. */
#ifndef OPVS_KEYED_FIXTURE_H
#define OPVS_KEYED_FIXTURE_H

#include <opvs/sched.h>

#include <linux/ip_vs.h>
#include <linux/string.h>

#include "sched_fixture.h"

/* Flags of sh and mh. */
#define FALLBACK	IP_VS_SVC_F_SCHED_SH_FALLBACK
#define BY_PORT		IP_VS_SVC_F_SCHED_SH_PORT

/* The first is the key of the vectors published with SipHash. */
static const siphash_key_t keyed_secrets[] = {
	{ { 0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL } },
	{ { 1, 2 } },
};

struct keyed_packet {
	struct opvs_flow	flow;
	__be32			call;
	struct opvs_sched_req	req;
};

/* From client 192.0.2.0 + @n to address 198.51.100.0 + @n, with an engine's key
 * of @n's.
 */
static inline struct opvs_sched_req *keyed_make(struct keyed_packet *packet,
						u32 n)
{
	*packet = (struct keyed_packet){
		.flow.family	= NFPROTO_IPV4,
		.flow.saddr.ip	= htonl(0xc0000200 + n),
		.flow.daddr.ip	= htonl(0xc6336400 + n),
		.flow.sport	= htons(5060),
		.flow.dport	= htons(80),
		.call		= htonl(n),
		.req.flow	= &packet->flow,
		.req.key	= (const u8 *)&packet->call,
		.req.key_len	= sizeof(packet->call),
	};
	return &packet->req;
}

/* The same without the key. */
static inline struct opvs_sched_req *
keyed_make_no_key(struct keyed_packet *packet, u32 n)
{
	keyed_make(packet, n);
	packet->req.key = NULL;
	packet->req.key_len = 0;
	return &packet->req;
}

static inline struct opvs_view *
keyed_table(struct kunit *test, const struct opvs_sched_ops *ops,
	    struct opvs_dest *dest, u32 count, u32 flags)
{
	return fixture_table(test, ops, dest, count, flags, &keyed_secrets[0]);
}

#endif /* OPVS_KEYED_FIXTURE_H */
