/* SPDX-License-Identifier: GPL-2.0-only */
/* Settings of a namespace as files. */
#ifndef OPVS_CTL_SETTINGS_H
#define OPVS_CTL_SETTINGS_H

#include <linux/sysctl.h>
#include <linux/types.h>

struct opvs_net;
struct opvs_settings;

/* Positions in opvs_net.sysctl. */
enum opvs_sysctl_dir {
	OPVS_SYSCTL_NATIVE,
	OPVS_SYSCTL_COMPAT,
};

bool opvs_setting_refused(const struct opvs_net *on, int write);
size_t opvs_settings_num(void);
size_t opvs_settings_fill(struct ctl_table *table, struct opvs_net *on,
			  enum opvs_sysctl_dir dir);
void opvs_settings_preset(struct opvs_net *on);
void opvs_settings_clear(struct opvs_net *on);

/* Those that are no plain ints. */
proc_handler opvs_setting_cpulist;
proc_handler opvs_setting_qlen;
proc_handler opvs_setting_threshold;
void opvs_settings_preset_others(struct opvs_settings *settings);
void opvs_settings_clear_others(struct opvs_settings *settings);

#endif /* OPVS_CTL_SETTINGS_H */
