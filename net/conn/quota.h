/* SPDX-License-Identifier: GPL-2.0-only */
/* Limits on entries. */
#ifndef OPVS_CONN_QUOTA_H
#define OPVS_CONN_QUOTA_H

#include <linux/types.h>

struct opvs_net;
struct opvs_svc;

bool opvs_quota_take(struct opvs_net *on, struct opvs_svc *svc);
void opvs_quota_release(struct opvs_net *on, struct opvs_svc *svc);

#endif /* OPVS_CONN_QUOTA_H */
