/* SPDX-License-Identifier: GPL-2.0-only */
/* /proc/net/ip_vs*. */
#ifndef OPVS_CTL_PROC_H
#define OPVS_CTL_PROC_H

struct net;
struct seq_file;

int opvs_proc_init(void);
void opvs_proc_exit(void);

/* proc_stats.c, what is shown in one piece */
int opvs_proc_show_stats(struct seq_file *seq, void *v);
int opvs_proc_show_cpu_stats(struct seq_file *seq, void *v);
int opvs_proc_show_status(struct seq_file *seq, void *v);

/* ip_vs_conn and ip_vs_conn_sync */
int opvs_proc_conn_create(struct net *net);
void opvs_proc_conn_remove(struct net *net);

#endif /* OPVS_CTL_PROC_H */
