// SPDX-License-Identifier: GPL-2.0-only
/* opvsadm restore: puts a file in the place of what is configured. */
#include "adm.h"
#include "rules.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

/* A restore while it is under way. */
struct restore {
	struct adm_nl	nl;
	const char	*name;		/* of the file */
	bool		go_on;		/* when a line is refused */
	bool		failed;
};

/* Is this the end? The user is told of the line that was refused. */
static bool refused(struct restore *restore, unsigned int line, int err)
{
	if (!err)
		return false;
	adm_err("%s: line %u: %s", restore->name, line,
		adm_reason(&restore->nl, err));
	restore->failed = true;
	return !restore->go_on;
}

/* A policy that there is already is edited. */
static int send_policy(struct restore *restore, const struct policy *policy)
{
	int err = policy_send(&restore->nl, OPVS_CMD_NEW_POLICY, policy);

	if (err == -EEXIST)
		err = policy_send(&restore->nl, OPVS_CMD_SET_POLICY, policy);
	return err;
}

/* Returns true if it ends before the file does. */
static bool send_settings(struct restore *restore, const struct rules *rules)
{
	size_t i;

	for (i = 0; i < rules->policies.count; i++)
		if (refused(restore, rules->policies.list[i].line,
			    send_policy(restore, &rules->policies.list[i])))
			return true;
	if (rules->timeouts_line &&
	    refused(restore, rules->timeouts_line,
		    ipvs_set_timeouts(&restore->nl, &rules->timeouts)))
		return true;
	if (rules->limit_line &&
	    refused(restore, rules->limit_line,
		    rules_send_limit(&restore->nl, &rules->table)))
		return true;
	return rules->key_line &&
	       refused(restore, rules->key_line,
		       rules_send_key(&restore->nl, &rules->table));
}

/* Without the service there is nothing to add them to. */
static bool refused_service(struct restore *restore,
			    const struct rules_service *of, int err)
{
	if (refused(restore, of->svc.line, err))
		return true;
	if (of->dests.count)
		adm_err("%s: line %u: its servers are left out: %zu",
			restore->name, of->svc.line, of->dests.count);
	return false;
}

static bool send_service(struct restore *restore, const struct rules_service *of)
{
	struct adm_nl *nl = &restore->nl;
	size_t i;
	int err;

	err = ipvs_service(nl, OPVS_CMD_NEW_SERVICE, &of->svc);
	if (err)
		return refused_service(restore, of, err);
	for (i = 0; i < of->dests.count; i++) {
		err = ipvs_dest(nl, OPVS_CMD_NEW_DEST, &of->svc,
				&of->dests.list[i]);
		if (refused(restore, of->dests.list[i].line, err))
			return true;
	}
	return false;
}

static int apply(struct restore *restore, const struct rules *rules, bool append)
{
	int err = 0;
	size_t i;

	if (!append)
		err = ipvs_simple(&restore->nl, OPVS_CMD_FLUSH);
	if (err) {
		adm_err("%s: nothing has changed: %s", restore->name,
			adm_reason(&restore->nl, err));
		return ADM_FAILED;
	}
	if (send_settings(restore, rules))
		return ADM_FAILED;
	for (i = 0; i < rules->count; i++)
		if (send_service(restore, rules->services[i]))
			return ADM_FAILED;
	return restore->failed ? ADM_FAILED : ADM_OK;
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
	static const struct option options[] = {
		{ "append", no_argument, NULL, 'a' },
		{ "keep-going", no_argument, NULL, 'k' },
		{ }
	};
	struct restore restore = { };
	struct rules rules = { };
	bool append = false;
	int option, status;

	while ((option = getopt_long(argc, argv, "ak", options, NULL)) != -1) {
		if (option == 'a')
			append = true;
		else if (option == 'k')
			restore.go_on = true;
		else
			return ADM_USAGE;
	}
	if (optind + 1 != argc)
		return adm_bad_usage("restore takes one FILE; - is standard input");
	restore.name = rules_file_name(argv[optind]);
	status = rules_read(&rules, argv[optind]);
	if (status)
		adm_err("%s: nothing has changed", restore.name);
	else if (adm_open(&restore.nl, OPVS_GENL_NAME))
		status = ADM_FAILED;
	if (!status) {
		status = apply(&restore, &rules, append);
		adm_close(&restore.nl);
	}
	rules_free(&rules);
	return status;
}
