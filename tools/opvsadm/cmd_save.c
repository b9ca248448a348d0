// SPDX-License-Identifier: GPL-2.0-only
/* opvsadm save: the whole configuration, as lines that restore and sync read. */
#include "adm.h"
#include "rules.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What to save, and where. */
struct save {
	bool		key;
	bool		settings;
	bool		no_services;
	const char	*path;		/* of the file, or NULL */
};

static void put_settings(FILE *file, const struct settings *settings)
{
	size_t i;

	for (i = 0; i < settings->count; i++)
		fprintf(file, "%s = %s\n", settings->list[i].name,
			settings->list[i].value);
}

static void put_service(FILE *file, const struct rules_service *of)
{
	size_t i;

	rules_put_service(file, &of->svc);
	fputc('\n', file);
	for (i = 0; i < of->dests.count; i++) {
		rules_put_dest(file, &of->svc, &of->dests.list[i]);
		fputc('\n', file);
	}
}

static void put_rules(FILE *file, const struct save *save,
		      const struct rules *rules)
{
	size_t i;

	fprintf(file, "# opvsadm %s\n", OPVS_VERSION);
	if (save->settings)
		put_settings(file, &rules->settings);
	for (i = 0; i < rules->policies.count; i++) {
		fputs("policy ", file);
		policy_put(file, &rules->policies.list[i]);
		fputc('\n', file);
	}
	fprintf(file, "conn-max %u\n", rules->table.conn_max);
	if (save->key) {
		fputs("hash-key ", file);
		rules_put_key(file, &rules->table);
		fputc('\n', file);
	}
	for (i = 0; !save->no_services && i < rules->count; i++)
		put_service(file, rules->services[i]);
}

static bool write_rules(int fd, const struct save *save,
			const struct rules *rules)
{
	FILE *file = fdopen(fd, "w");

	if (!file) {
		close(fd);
		return false;
	}
	put_rules(file, save, rules);
	if (fflush(file) || ferror(file) || (fsync(fd) && errno != EINVAL)) {
		fclose(file);
		return false;
	}
	return fclose(file) == 0;
}

/* What is there is replaced only by what is whole. */
static bool write_anew(const char *target, const struct save *save,
		       const struct rules *rules)
{
	char folder[PATH_MAX], new[PATH_MAX + 8];
	int fd;

	/* Nothing half written stays, least of all with the secret in it. */
	rules_hold_on();
	snprintf(folder, sizeof(folder), "%s", target);
	mkdir(dirname(folder), 0755);
	snprintf(new, sizeof(new), "%s.XXXXXX", target);
	fd = mkostemp(new, O_CLOEXEC);
	if (fd < 0)
		return false;
	if (write_rules(fd, save, rules) && rename(new, target) == 0)
		return true;
	unlink(new);
	return false;
}

static int write_file(const struct save *save, const struct rules *rules)
{
	char target[PATH_MAX];
	struct stat found;
	bool done;
	int fd;

	/* A link goes on pointing at it; a pipe or a device stays one. */
	if (realpath(save->path, target)) {
		done = stat(target, &found) == 0;
		if (done && !S_ISREG(found.st_mode)) {
			fd = open(target, O_WRONLY | O_CLOEXEC);
			done = fd >= 0 && write_rules(fd, save, rules);
		} else if (done) {
			done = write_anew(target, save, rules);
		}
	} else if (lstat(save->path, &found) == 0) {
		done = false;
	} else {
		done = write_anew(save->path, save, rules);
	}
	if (done)
		return ADM_OK;
	adm_err("%s: %m", save->path);
	return ADM_FAILED;
}

static int parse(struct save *save, int argc, char **argv)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "key", no_argument, NULL, 'k' },
		{ "no-services", no_argument, NULL, 'n' },
		{ "settings", no_argument, NULL, 's' },
		{ }
	};
	int option;

	while ((option = getopt_long(argc, argv, "akns", options, NULL)) != -1) {
		switch (option) {
		case 'a':
			save->key = true;
			save->settings = true;
			break;
		case 'k':
			save->key = true;
			break;
		case 'n':
			save->no_services = true;
			break;
		case 's':
			save->settings = true;
			break;
		default:
			return ADM_USAGE;
		}
	}
	if (optind < argc && strcmp(argv[optind], "-") != 0)
		save->path = argv[optind];
	if (optind + 1 < argc)
		return adm_bad_usage("save takes one FILE, not '%s' as well",
				     argv[optind + 1]);
	if (save->path && !*save->path)
		return adm_bad_usage("save takes a FILE, not ''");
	if (adm_opt.json)
		return adm_bad_usage("save prints lines for restore, no JSON");
	return ADM_OK;
}

/**
 * cmd_save() - prints or writes the configuration
 * @argc: number of arguments
 * @argv: the command and its arguments
 *
 * Return: a status of the program.
 */
int cmd_save(int argc, char **argv)
{
	struct rules rules = { };
	struct save save = { };
	struct adm_nl nl;
	int status = parse(&save, argc, argv);

	if (status)
		return status;
	if (adm_open(&nl, OPVS_GENL_NAME))
		return ADM_FAILED;
	status = rules_lock();
	if (!status)
		status = rules_load(&rules, &nl);
	if (!status && save.path)
		status = write_file(&save, &rules);
	else if (!status)
		put_rules(stdout, &save, &rules);
	rules_free(&rules);
	adm_close(&nl);
	return status;
}
