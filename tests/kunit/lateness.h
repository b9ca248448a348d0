/* SPDX-License-Identifier: GPL-2.0-only */
/* How late the machine is. */
#ifndef OPVS_LATENESS_H
#define OPVS_LATENESS_H

void opvs_lateness_start(void);
unsigned long opvs_lateness(void);
void opvs_lateness_stop(void);

#endif /* OPVS_LATENESS_H */
