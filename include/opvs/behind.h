/* SPDX-License-Identifier: GPL-2.0-only */
/* Servers by NAT, by their address and port. */
#ifndef OPVS_BEHIND_H
#define OPVS_BEHIND_H

#include <linux/types.h>

struct opvs_dest;
struct opvs_name;
struct opvs_net;

/* cfg_lock held, process context */
int opvs_behind_join(const struct opvs_dest *dest);
void opvs_behind_leave(const struct opvs_dest *dest);

/* any context, RCU read side */
bool opvs_behind_has(struct opvs_net *on, const struct opvs_name *name);

int opvs_behind_net_init(struct opvs_net *on);
void opvs_behind_net_exit(struct opvs_net *on);

#endif /* OPVS_BEHIND_H */
