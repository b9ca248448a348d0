// SPDX-License-Identifier: GPL-2.0-only
/* Files that are read as a whole. */
#include "explain_do.h"

#include "adm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_all(FILE *file, size_t most, size_t *len)
{
	size_t room = 65536, got;
	char *data = NULL, *more;

	*len = 0;
	do {
		room *= 2;
		more = realloc(data, room);
		if (!more)
			break;
		data = more;
		got = fread(data + *len, 1, room - *len, file);
		*len += got;
	} while (*len == room && *len <= most);
	if (more && !ferror(file))
		return data;
	free(data);
	return NULL;
}

/**
 * explain_read_file() - reads a file
 * @option: the option that named it, for messages
 * @path: the file; - is standard input
 * @most: how long it may be
 * @len: becomes its length
 *
 * Return: what is in it, for free(); NULL if it cannot be, and the user was told.
 */
char *explain_read_file(const char *option, const char *path, size_t most,
			size_t *len)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;
	char *data;

	if (!file) {
		adm_err("%s %s cannot be read: %m", option, path);
		return NULL;
	}
	data = read_all(file, most, len);
	if (!data)
		adm_err("%s %s cannot be read: %m", option, path);
	if (file != stdin)
		fclose(file);
	if (data && *len > most) {
		adm_err("%s %s has more than %zu bytes", option, path, most);
		free(data);
		return NULL;
	}
	return data;
}
