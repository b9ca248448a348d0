/* SPDX-License-Identifier: GPL-2.0-only */
/* net.ipv4.vs, IPVS's settings. */
#ifndef OPVS_CTL_SYSCTL_H
#define OPVS_CTL_SYSCTL_H

int opvs_sysctl_compat_init(void);
void opvs_sysctl_compat_exit(void);

#endif /* OPVS_CTL_SYSCTL_H */
