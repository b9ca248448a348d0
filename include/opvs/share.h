/* SPDX-License-Identifier: GPL-2.0-only */
/* Tenants: who may configure a namespace, and how much a tenant may hold. */
#ifndef OPVS_SHARE_H
#define OPVS_SHARE_H

#include <linux/types.h>

#include <opvs/limit.h>

struct netlink_ext_ack;
struct opvs_net;
struct opvs_settings;

/* Services and servers that a tenant may have, removed ones that still wait for
 * their connections included.
 */
#define OPVS_TENANT_OBJECTS	4096

/* Addresses that lblc and lblcr remember for all services of a tenant. */
#define OPVS_TENANT_ADDRS	16384

extern struct opvs_limit opvs_conns_everywhere;
extern struct opvs_limit opvs_conns_tenants;

bool opvs_userns_allowed(void);
bool opvs_may_configure(const struct opvs_net *on);

void opvs_share_net_init(struct opvs_net *on);
void opvs_share_net_exit(struct opvs_net *on);
int opvs_share_take(struct opvs_net *on, struct netlink_ext_ack *extack);
int opvs_share_check_object(const struct opvs_net *on,
			    struct netlink_ext_ack *extack);

int opvs_conn_max_check(const struct opvs_net *on, u32 max,
			struct netlink_ext_ack *extack);
void opvs_conn_max_set(struct opvs_net *on, u32 max);
void opvs_drop_rate_set(struct opvs_settings *settings, int rate);

#endif /* OPVS_SHARE_H */
