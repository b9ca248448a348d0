/* SPDX-License-Identifier: GPL-2.0-only */
/* Settings: what sysctl(8) calls net.opvs.NAME and net.ipv4.vs.NAME. */
#ifndef OPVSADM_SETTINGS_H
#define OPVSADM_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#define SETTING_NAME_SIZE	64
#define SETTING_VALUE_SIZE	128

/**
 * struct setting - a setting
 * @name: as sysctl(8) has it
 * @value: its value
 * @line: of a file, where it comes from one
 */
struct setting {
	char		name[SETTING_NAME_SIZE];
	char		value[SETTING_VALUE_SIZE];
	unsigned int	line;
};

struct settings {
	struct setting	*list;
	size_t		count, room;
};

bool setting_is_one(const char *text);
bool setting_parse(struct setting *setting, const char *text,
		   const char **wrong);
int setting_read(const struct setting *setting, char *value);
int setting_write(const struct setting *setting);
struct setting *settings_add(struct settings *settings);
int settings_load(struct settings *settings);

#endif /* OPVSADM_SETTINGS_H */
