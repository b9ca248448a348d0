// SPDX-License-Identifier: GPL-2.0-only
/* Settings: what sysctl(8) calls net.opvs.NAME and net.ipv4.vs.NAME. */
#include "settings.h"

#include "adm.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLANKS		" \t\r\n"
#define NAME_CHARS	"abcdefghijklmnopqrstuvwxyz0123456789_"
#define OWN_FOLDER	"/proc/sys/net/opvs"

static const char *const prefixes[] = { "net.opvs.", "net.ipv4.vs." };

/* What stands behind the prefix, or NULL if it is none of ours. */
static const char *behind_prefix(const char *text)
{
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(prefixes); i++) {
		len = strlen(prefixes[i]);
		if (strncmp(text, prefixes[i], len) == 0)
			return text + len;
	}
	return NULL;
}

/**
 * setting_is_one() - whether a line of a file is about a setting
 * @text: the line
 *
 * Return: whether it begins as one.
 */
bool setting_is_one(const char *text)
{
	return strncmp(text, "net.", 4) == 0;
}

/**
 * setting_parse() - reads "NAME = VALUE"
 * @setting: gets name and value
 * @text: the line; no NUL within
 * @wrong: becomes what is wrong with it
 *
 * Return: whether it could be understood.
 */
bool setting_parse(struct setting *setting, const char *text,
		   const char **wrong)
{
	const char *name = behind_prefix(text), *value;
	size_t len;

	*wrong = "settings are net.opvs.NAME = VALUE and net.ipv4.vs.NAME = VALUE";
	len = name ? strspn(name, NAME_CHARS) : 0;
	if (!len || name + len - text >= SETTING_NAME_SIZE)
		return false;
	snprintf(setting->name, sizeof(setting->name), "%.*s",
		 (int)(name + len - text), text);
	value = name + len + strspn(name + len, BLANKS);
	if (*value != '=')
		return false;
	value++;
	value += strspn(value, BLANKS);
	len = strlen(value);
	while (len && strchr(BLANKS, value[len - 1]))
		len--;
	*wrong = "a setting has a value of up to 127 bytes";
	if (!len || len >= SETTING_VALUE_SIZE)
		return false;
	snprintf(setting->value, sizeof(setting->value), "%.*s", (int)len,
		 value);
	return true;
}

/* Opens the file of a setting; returns a descriptor or an error number. */
static int open_file(const struct setting *setting, int flags)
{
	char path[SETTING_NAME_SIZE + 16];
	char *at;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/%s", setting->name);
	for (at = path; (at = strchr(at, '.')); )
		*at = '/';
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/**
 * setting_read() - asks for the value that is in force
 * @setting: its name
 * @value: where to; SETTING_VALUE_SIZE bytes
 *
 * Return: 0 or an error number.
 */
int setting_read(const struct setting *setting, char *value)
{
	int fd = open_file(setting, O_RDONLY);
	ssize_t len;

	if (fd < 0)
		return fd;
	len = read(fd, value, SETTING_VALUE_SIZE - 1);
	if (len < 0)
		len = -errno;
	close(fd);
	if (len < 0)
		return len;
	value[len] = '\0';
	value[strcspn(value, "\n")] = '\0';
	return 0;
}

/* A defence that is on by itself reads 2 instead of 1 while memory is low. */
static void leave_mood(struct setting *setting)
{
	static const char *const defences[] = {
		"net.opvs.drop_entry", "net.opvs.drop_packet",
		"net.opvs.secure_tcp",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(defences); i++)
		if (strcmp(setting->name, defences[i]) == 0 &&
		    strcmp(setting->value, "2") == 0)
			setting->value[0] = '1';
}

/**
 * setting_write() - puts a value in force
 * @setting: name and value
 *
 * What has the value already is not written. A value of which the kernel takes
 * only a part, as of "9 or so", counts as refused.
 *
 * Return: 0 or an error number; ENOENT if this opvs has no such setting.
 */
int setting_write(const struct setting *setting)
{
	struct setting now = *setting;
	int err = setting_read(&now, now.value);
	int fd;

	if (!err && strcmp(now.value, setting->value) == 0)
		return 0;
	fd = open_file(setting, O_WRONLY);
	if (fd < 0)
		return fd;
	err = write(fd, setting->value, strlen(setting->value)) < 0 ? -errno : 0;
	close(fd);
	if (err)
		return err;
	err = setting_read(&now, now.value);
	if (err || strcmp(now.value, setting->value) == 0)
		return err;
	leave_mood(&now);
	return strcmp(now.value, setting->value) == 0 ? 0 : -EINVAL;
}

/**
 * settings_add() - adds a setting
 * @settings: the list
 *
 * Return: the setting, which is to be filled in, or NULL for lack of memory.
 */
struct setting *settings_add(struct settings *settings)
{
	struct setting *more;

	if (settings->count == settings->room) {
		more = reallocarray(settings->list, settings->room * 2 + 32,
				    sizeof(*more));
		if (!more)
			return NULL;
		settings->list = more;
		settings->room = settings->room * 2 + 32;
	}
	more = &settings->list[settings->count++];
	memset(more, 0, sizeof(*more));
	return more;
}

/* The limit has a line of its own; secrets are for those who ask. */
static int is_saved(const struct dirent *entry)
{
	return entry->d_name[0] != '.' &&
	       strcmp(entry->d_name, "conn_max") != 0 &&
	       strcmp(entry->d_name, "hash_key") != 0 &&
	       strcmp(entry->d_name, "sync_key") != 0;
}

static int load_one(struct settings *settings, const char *name)
{
	char path[sizeof(OWN_FOLDER) + SETTING_NAME_SIZE + 1];
	struct setting *setting;
	int err;

	if (strlen(name) + strlen(prefixes[0]) >= SETTING_NAME_SIZE)
		return -ENAMETOOLONG;
	snprintf(path, sizeof(path), OWN_FOLDER "/%.*s", SETTING_NAME_SIZE,
		 name);
	/* Files of sysctl(8) deny root, too, what their mode does. */
	if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS))
		return 0;
	setting = settings_add(settings);
	if (!setting)
		return -ENOMEM;
	snprintf(setting->name, sizeof(setting->name), "%s%.*s", prefixes[0],
		 (int)(SETTING_NAME_SIZE - sizeof("net.opvs.")), name);
	err = setting_read(setting, setting->value);
	leave_mood(setting);
	return err;
}

/**
 * settings_load() - asks for all settings that can be changed
 * @settings: what is found, by name; without the limit and secrets
 *
 * Return: 0 or an error number.
 */
int settings_load(struct settings *settings)
{
	struct dirent **names;
	int i, err = 0, count = scandir(OWN_FOLDER, &names, is_saved, alphasort);

	if (count < 0)
		return -errno;
	for (i = 0; i < count; i++) {
		if (!err)
			err = load_one(settings, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return err;
}
