/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters as they were the last time, kept in a file. */
#ifndef OPVSADM_HISTORY_H
#define OPVSADM_HISTORY_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct history - counters of the last time, and of this time
 * @path: the file; locked from history_open() to history_close()
 * @fd: it
 * @entries: the counters, as many as @count
 * @count: how many
 */
struct history {
	char			*path;
	int			fd;
	struct history_entry	*entries;
	size_t			count;
};

int history_open(struct history *history, const char *path);
int history_delta(struct history *history, const char *name, uint64_t *value);
int history_save(struct history *history);
void history_close(struct history *history);

#endif /* OPVSADM_HISTORY_H */
