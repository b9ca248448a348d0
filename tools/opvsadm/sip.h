/* SPDX-License-Identifier: GPL-2.0-only */
/* SIP messages of services and servers, by their kind. */
#ifndef OPVSADM_SIP_H
#define OPVSADM_SIP_H

#include "nl.h"

#include <stdbool.h>
#include <stdint.h>

struct snap_dest;

/**
 * struct sip_kind - a kind of message
 * @name: the method of a request, or the class of an answer, as "2xx"
 * @answer: it is one
 */
struct sip_kind {
	const char	*name;
	bool		answer;
};

/* By the number of the attribute; those without a name are none. */
extern const struct sip_kind sip_kinds[OPVS_SIP_ATTR_MAX + 1];

/**
 * struct snap_sip - messages since the last time that they were set to 0
 * @count: of each kind, by the number of the attribute
 */
struct snap_sip {
	uint64_t	count[OPVS_SIP_ATTR_MAX + 1];
};

int sip_take(struct snap_sip **sip, struct nlattr *nest);
bool sip_answers_pass(const struct snap_dest *dest);
int sip_show(int count, char **names, bool all);

#endif /* OPVSADM_SIP_H */
