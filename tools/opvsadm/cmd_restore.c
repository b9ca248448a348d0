// SPDX-License-Identifier: GPL-2.0-only
/* opvsadm restore: puts a file in the place of what is configured. */
#include "adm.h"
#include "rules.h"

#include <getopt.h>

/* What to do with a file. */
struct restore {
	const char	*name;		/* of the file */
	bool		append;
	bool		check;		/* and do nothing */
	bool		keep_going;
	bool		untested;
};

static int parse(struct restore *restore, int argc, char **argv)
{
	static const struct option options[] = {
		{ "append", no_argument, NULL, 'a' },
		{ "check", no_argument, NULL, 'c' },
		{ "keep-going", no_argument, NULL, 'k' },
		{ "untested", no_argument, NULL, 'u' },
		{ }
	};
	int option;

	while ((option = getopt_long(argc, argv, "acku", options, NULL)) != -1) {
		switch (option) {
		case 'a':
			restore->append = true;
			break;
		case 'c':
			restore->check = true;
			break;
		case 'k':
			restore->keep_going = true;
			break;
		case 'u':
			restore->untested = true;
			break;
		default:
			return ADM_USAGE;
		}
	}
	if (restore->check && (restore->untested || restore->keep_going))
		return adm_bad_usage("--check goes with neither --untested nor --keep-going");
	if (optind + 1 != argc)
		return adm_bad_usage("restore takes one FILE; - is standard input");
	restore->name = rules_file_name(argv[optind]);
	return ADM_OK;
}

static int apply(const struct restore *restore, const struct rules *rules,
		 struct adm_nl *nl)
{
	struct rules before = { };
	int status;

	status = rules_load(&before, nl);
	if (!status && restore->append && !restore->keep_going)
		status = rules_all_new(rules, &before, restore->name);
	if (status) {
		adm_err("%s: nothing has changed", restore->name);
	} else if (!restore->check) {
		rules_hold_on();
		status = restore->append ?
			 rules_append(rules, &before, restore->name, nl,
				      restore->keep_going) :
			 rules_replace(rules, &before, restore->name, nl,
				       restore->keep_going);
	}
	rules_free(&before);
	return status;
}

static int put_in_force(const struct restore *restore, const struct rules *rules)
{
	struct adm_nl nl;
	int status;

	if (adm_open(&nl, OPVS_GENL_NAME))
		return ADM_FAILED;
	status = restore->untested || restore->keep_going ? ADM_OK :
		 rules_try(rules, restore->name);
	if (!status)
		status = rules_lock();
	if (status)
		adm_err("%s: nothing has changed", restore->name);
	else
		status = apply(restore, rules, &nl);
	adm_close(&nl);
	return status;
}

/**
 * cmd_restore() - puts a file in the place of what is configured
 * @argc: number of arguments
 * @argv: the command and its arguments
 *
 * Return: a status of the program.
 */
int cmd_restore(int argc, char **argv)
{
	struct restore restore = { };
	struct rules rules = { };
	int status = parse(&restore, argc, argv);

	if (status)
		return status;
	status = rules_read(&rules, argv[optind]);
	if (status)
		adm_err("%s: nothing has changed", restore.name);
	else
		status = put_in_force(&restore, &rules);
	rules_free(&rules);
	return status;
}
