/* SPDX-License-Identifier: GPL-2.0-only */
/* Control plane: netlink families, /proc and sysfs. */
#ifndef OPVS_CTL_H
#define OPVS_CTL_H

/* /sys/kernel/opvs */
int opvs_sysfs_init(void);
void opvs_sysfs_exit(void);

/* The native family `opvs'. */
int opvs_genl_init(void);
void opvs_genl_exit(void);

/*
 * Compatibility surfaces: family `IPVS' and /proc/net/ip_vs*, together or not
 * at all.  Never fails the load.
 */
void opvs_compat_init(void);
void opvs_compat_exit(void);

#endif /* OPVS_CTL_H */
