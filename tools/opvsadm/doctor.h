/* SPDX-License-Identifier: GPL-2.0-only */
/* What looks like success and is none. */
#ifndef OPVSADM_DOCTOR_H
#define OPVSADM_DOCTOR_H

#include "out.h"
#include "snap.h"
#include "table.h"

/**
 * struct doctor - who looks for mistakes
 * @out: where they are told
 * @found: how many there are
 * @probe: servers may be asked
 * @listen: seconds to listen for packets that rp_filter drops
 */
struct doctor {
	struct out	out;
	unsigned int	found;
	bool		probe;
	unsigned int	listen;
};

int doctor_begin(struct doctor *doctor);
void __printf(5, 6) doctor_say(struct doctor *doctor, const char *check,
			       const char *about, const char *remedy,
			       const char *format, ...);
unsigned long doctor_setting(const char *name, unsigned long otherwise);
void doctor_service(struct doctor *doctor, const struct snap_service *service);
int doctor_direct(struct doctor *doctor, struct adm_nl *nl,
		  const struct snap *snap);
void doctor_filter(struct doctor *doctor, const struct snap *snap);
void doctor_path(struct doctor *doctor, const struct snap *snap);

#endif /* OPVSADM_DOCTOR_H */
