// SPDX-License-Identifier: GPL-2.0-only
/* Counters as they were the last time, kept in a file: a line each, of a name
 * and a value.
 */
#include "history.h"

#include "adm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Longer names are none of ours. */
#define NAME_MAX_SIZE	64

struct history_entry {
	char		name[NAME_MAX_SIZE];
	uint64_t	then;
	uint64_t	now;
};

/* Each network namespace has counters of its own. */
static char *preset_path(void)
{
	struct stat namespace;
	char *path;

	if (stat("/proc/self/ns/net", &namespace))
		return NULL;
	if (mkdir("/run/opvs", 0755) && errno != EEXIST)
		return NULL;
	if (asprintf(&path, "/run/opvs/counters-%ju",
		     (uintmax_t)namespace.st_ino) < 0)
		return NULL;
	return path;
}

static struct history_entry *add(struct history *history, const char *name)
{
	struct history_entry *entries;

	entries = reallocarray(history->entries, history->count + 1,
			       sizeof(*entries));
	if (!entries)
		return NULL;
	history->entries = entries;
	entries += history->count++;
	memset(entries, 0, sizeof(*entries));
	snprintf(entries->name, sizeof(entries->name), "%s", name);
	return entries;
}

static int read_all(struct history *history)
{
	struct history_entry *entry;
	char name[NAME_MAX_SIZE];
	uintmax_t value;
	FILE *file;
	int fields;

	file = fdopen(dup(history->fd), "r");
	if (!file)
		return -1;
	while ((fields = fscanf(file, "%63s %ju\n", name, &value)) == 2) {
		entry = add(history, name);
		if (!entry)
			break;
		entry->then = value;
	}
	fclose(file);
	if (fields == EOF)
		return 0;
	errno = fields == 2 ? ENOMEM : EINVAL;
	return -1;
}

/**
 * history_open() - reads what was remembered, if anything was
 * @history: what is made
 * @path: the file; NULL: the network namespace's own below /run/opvs
 *
 * Return: 0, or -1; the user was told, and there is nothing to close.
 */
int history_open(struct history *history, const char *path)
{
	memset(history, 0, sizeof(*history));
	history->path = path ? strdup(path) : preset_path();
	if (!history->path) {
		adm_err("no place for --delta to remember counters in: %m");
		return -1;
	}
	history->fd = open(history->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (history->fd >= 0 && flock(history->fd, LOCK_EX) == 0 &&
	    read_all(history) == 0)
		return 0;
	adm_err("%s, where --delta remembers counters: %m", history->path);
	history_close(history);
	return -1;
}

/**
 * history_delta() - what a counter counted since the last time
 * @history: what was remembered
 * @name: the counter
 * @value: its value, which becomes the difference
 *
 * Return: 0, or -1 for lack of memory.
 */
int history_delta(struct history *history, const char *name, uint64_t *value)
{
	struct history_entry *entry = NULL;
	size_t i;

	for (i = 0; i < history->count && !entry; i++)
		if (strcmp(history->entries[i].name, name) == 0)
			entry = &history->entries[i];
	if (!entry)
		entry = add(history, name);
	if (!entry)
		return -1;
	entry->now = *value;
	/* A counter that went back began anew with the module. */
	if (*value >= entry->then)
		*value -= entry->then;
	return 0;
}

/**
 * history_save() - what was now becomes what was then
 * @history: what was remembered
 *
 * Return: 0, or -1; the user was told.
 */
int history_save(struct history *history)
{
	size_t i;
	int err;

	err = ftruncate(history->fd, 0) || lseek(history->fd, 0, SEEK_SET);
	for (i = 0; i < history->count && !err; i++)
		err = dprintf(history->fd, "%s %ju\n",
			      history->entries[i].name,
			      (uintmax_t)history->entries[i].now) < 0;
	if (!err)
		return 0;
	adm_err("%s: %m", history->path);
	return -1;
}

/**
 * history_close() - ends what history_open() began
 * @history: what was remembered
 */
void history_close(struct history *history)
{
	if (history->fd >= 0)
		close(history->fd);
	free(history->entries);
	free(history->path);
}
