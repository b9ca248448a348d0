/* SPDX-License-Identifier: GPL-2.0-only */
/* Who has the names of ip_vs. */
#ifndef OPVS_CTL_IPVS_H
#define OPVS_CTL_IPVS_H

const char *opvs_owner_name(void);

#endif /* OPVS_CTL_IPVS_H */
