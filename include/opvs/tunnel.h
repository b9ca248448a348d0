/* SPDX-License-Identifier: GPL-2.0-only */
/* Tunnels to real servers: how their packets are wrapped, and where they lead. */
#ifndef OPVS_TUNNEL_H
#define OPVS_TUNNEL_H

#include <linux/types.h>

struct opvs_dest_conf;
struct opvs_name;
struct opvs_net;

/**
 * union opvs_tunnel - what a server's packets are wrapped in
 * @type: IP_VS_CONN_F_TUNNEL_TYPE_*
 * @flags: IP_VS_TUNNEL_ENCAP_FLAG_*
 * @port: UDP port of GUE
 * @word: all of it, as packets read it while it may be edited
 */
union opvs_tunnel {
	struct {
		u8	type;
		u8	flags;
		__be16	port;
	};
	u32	word;
};

/* tunnels.c: addresses that tunnels lead to; cfg_lock held, process context */
int opvs_tunnels_join(struct opvs_net *on, const struct opvs_dest_conf *conf);
void opvs_tunnels_leave(struct opvs_net *on, const struct opvs_dest_conf *conf);

/* any context, RCU read side */
bool opvs_tunnels_has(struct opvs_net *on, const struct opvs_name *name);

int opvs_tunnels_net_init(struct opvs_net *on);
void opvs_tunnels_net_exit(struct opvs_net *on);

#endif /* OPVS_TUNNEL_H */
