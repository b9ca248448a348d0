/* SPDX-License-Identifier: GPL-2.0-only */
/* net.opvs.hash_key and net.opvs.sync_key, secrets that directors may share. */
#ifndef OPVS_CTL_HASH_KEY_H
#define OPVS_CTL_HASH_KEY_H

#include <linux/sysctl.h>

proc_handler opvs_hash_key_sysctl;
proc_handler opvs_sync_key_sysctl;

#endif /* OPVS_CTL_HASH_KEY_H */
