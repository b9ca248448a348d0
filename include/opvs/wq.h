/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef OPVS_WQ_H
#define OPVS_WQ_H

#include <linux/workqueue.h>

/* All works of opvs run here; net/clock makes it. */
extern struct workqueue_struct *opvs_wq;

#endif /* OPVS_WQ_H */
