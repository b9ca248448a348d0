/* SPDX-License-Identifier: GPL-2.0-only */
/* A whole configuration: as a file has it, and as the kernel has it. */
#ifndef OPVSADM_RULES_H
#define OPVSADM_RULES_H

#include "policy.h"
#include "settings.h"
#include "table.h"

#include <stdio.h>

/* A service with its servers. */
struct rules_service {
	struct ipvs_service	svc;
	struct ipvs_dests	dests;
};

/**
 * struct rules - a configuration
 * @services: services, as many as @count; in the order of the file, or that in
 *	which they were added. Each is allocated by itself
 * @count: how many
 * @room: how many there is room for
 * @index: the same, by name (tsearch())
 * @policies: timeout policies
 * @settings: without the limit and the secret
 * @table: limit and secret
 * @limit_line: of a file; 0 if it has no limit
 * @key_line: of a file; 0 if it has no secret
 * @timeouts: of --set
 * @timeouts_line: of a file, or 0 if it has none
 */
struct rules {
	struct rules_service	**services;
	size_t			count, room;
	void			*index;
	struct policies		policies;
	struct settings		settings;
	struct table		table;
	unsigned int		limit_line;
	unsigned int		key_line;
	struct ipvs_timeouts	timeouts;
	unsigned int		timeouts_line;
};

struct rules_service *rules_find(const struct rules *rules,
				 const struct ipvs_service *name);
struct rules_service *rules_add(struct rules *rules,
				const struct ipvs_service *svc);
struct ipvs_dest *rules_find_dest(const struct rules_service *of,
				  const struct ipvs_dest *name);
int rules_add_dest(struct rules_service *of, const struct ipvs_dest *dest);
void rules_free(struct rules *rules);

/* rules_file.c */
int rules_read(struct rules *rules, const char *path);
void rules_put_service(FILE *file, const struct ipvs_service *svc);
void rules_put_dest(FILE *file, const struct ipvs_service *svc,
		    const struct ipvs_dest *dest);
void rules_put_key(FILE *file, const struct table *table);
const char *rules_file_name(const char *path);

/* rules_kernel.c */
int rules_load(struct rules *rules, struct adm_nl *nl);
int rules_send_limit(struct adm_nl *nl, uint32_t conn_max);
int rules_send_key(struct adm_nl *nl, const struct table *table);
const char *rules_why_not(const struct setting *setting, int err, char *text);

/* Fits rules_why_not(). */
#define RULES_WHY_SIZE	(SETTING_NAME_SIZE + SETTING_VALUE_SIZE + 64)

/* rules_apply.c */
int rules_all_new(const struct rules *rules, const struct rules *before,
		  const char *name);
int rules_append(const struct rules *rules, const struct rules *before,
		 const char *name, struct adm_nl *nl, bool keep_going);
int rules_apply_trial(const struct rules *rules, const char *name,
		      struct adm_nl *nl);
int rules_replace(const struct rules *rules, const struct rules *before,
		  const char *name, struct adm_nl *nl, bool keep_going);

/* rules_try.c */
int rules_try(const struct rules *rules, const char *name);

/* rules_lock.c */
int rules_lock(void);
void rules_hold_on(void);

#endif /* OPVSADM_RULES_H */
