/* SPDX-License-Identifier: GPL-2.0-only */
/* Changes of single things of a service, all else kept. */
#ifndef OPVSADM_CHANGE_H
#define OPVSADM_CHANGE_H

#include "snap.h"

/**
 * struct change_service - what is to be different
 * @policy: its timeout policy; NULL: as it is
 * @limit: its limit of entries; NULL: as it is
 */
struct change_service {
	const char	*policy;
	const uint32_t	*limit;
};

int change_services(const struct change_service *change, int count,
		    char **names);

#endif /* OPVSADM_CHANGE_H */
