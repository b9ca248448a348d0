/* SPDX-License-Identifier: GPL-2.0-only */
/* /proc/net/ip_vs and /proc/net/ip_vs_stats. */
#ifndef OPVS_CTL_PROC_H
#define OPVS_CTL_PROC_H

int opvs_proc_init(void);
void opvs_proc_exit(void);

#endif /* OPVS_CTL_PROC_H */
