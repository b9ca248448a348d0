/* SPDX-License-Identifier: GPL-2.0-only */
/* What a partner tells of, made an entry here. */
#ifndef OPVS_SYNC_APPLY_H
#define OPVS_SYNC_APPLY_H

struct opvs_net;
struct opvs_sync_entry;

int opvs_sync_apply(struct opvs_net *on, const struct opvs_sync_entry *entry);

#endif /* OPVS_SYNC_APPLY_H */
