/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef OPVS_WQ_H
#define OPVS_WQ_H

#include <linux/workqueue.h>

/* Where works run; net/clock makes both.
 *
 * A namespace has a work of each kind at opvs_wq.  Objects are freed elsewhere:
 * there may be thousands that wait for cfg_lock, and a workqueue runs no more than
 * some hundreds of works at once.  What is done for one namespace must not wait
 * for the lock of another.
 */
extern struct workqueue_struct *opvs_wq;
extern struct workqueue_struct *opvs_free_wq;

#endif /* OPVS_WQ_H */
