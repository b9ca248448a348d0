/* SPDX-License-Identifier: GPL-2.0-only */
/* Control plane: netlink families, /proc, sysctl and sysfs. */
#ifndef OPVS_CTL_H
#define OPVS_CTL_H

struct opvs_event_ops;
struct opvs_net;

/* net.opvs; life with the namespace */
int opvs_sysctl_net_init(struct opvs_net *on);
void opvs_sysctl_net_exit(struct opvs_net *on);

/* /sys/kernel/opvs */
int opvs_sysfs_init(void);
void opvs_sysfs_exit(void);

/* The native family `opvs'. */
int opvs_genl_init(void);
void opvs_genl_exit(void);

/* Its multicast group. */
extern const struct opvs_event_ops opvs_event_netlink;

/*
 * Compatibility surfaces: family `IPVS', socket options, /proc/net/ip_vs* and
 * net.ipv4.vs, together or not at all.
 */
int opvs_compat_init(void);
void opvs_compat_exit(void);

#endif /* OPVS_CTL_H */
