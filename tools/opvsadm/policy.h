/* SPDX-License-Identifier: GPL-2.0-only */
/* Timeout policies: as the kernel has them and as files have them. */
#ifndef OPVSADM_POLICY_H
#define OPVSADM_POLICY_H

#include "ipvs.h"

#include <stdio.h>

#define POLICY_STATE_SIZE	16
/* More states than all protocols together have. */
#define POLICY_STATES_MAX	64

struct policy_timeout {
	uint16_t	protocol;
	char		state[POLICY_STATE_SIZE];
	uint32_t	seconds;
};

/**
 * struct policy - timeouts by protocol and state, under a name
 * @name: the name
 * @timeouts: as many as @count
 * @count: how many
 * @line: of a file, where it comes from one
 */
struct policy {
	char			name[IPVS_POLICY_SIZE];
	struct policy_timeout	timeouts[POLICY_STATES_MAX];
	size_t			count;
	unsigned int		line;
};

struct policies {
	struct policy	*list;
	size_t		count, room;
};

int policy_get_all(struct adm_nl *nl, struct policies *policies);
int policy_send(struct adm_nl *nl, int command, const struct policy *policy);
struct policy *policy_add(struct policies *policies);
struct policy *policy_find(const struct policies *policies, const char *name);
bool policy_parse(struct policy *policy, char *words, const char **wrong);
void policy_put(FILE *file, const struct policy *policy);
bool policy_covers(const struct policy *policy, const struct policy *wanted);

#endif /* OPVSADM_POLICY_H */
