// SPDX-License-Identifier: GPL-2.0-only
/* opvsadm save: the whole configuration, as lines that restore and sync read. */
#include "adm.h"
#include "rules.h"

#include <getopt.h>
#include <stdio.h>

static void print_rules(const struct rules *rules, bool key)
{
	size_t i, j;

	printf("# opvsadm %s\n", OPVS_VERSION);
	for (i = 0; i < rules->policies.count; i++) {
		fputs("policy ", stdout);
		policy_put(stdout, &rules->policies.list[i]);
		putchar('\n');
	}
	printf("conn-max %u\n", rules->table.conn_max);
	if (key) {
		fputs("hash-key ", stdout);
		rules_put_key(stdout, &rules->table);
		putchar('\n');
	}
	for (i = 0; i < rules->count; i++) {
		const struct rules_service *of = rules->services[i];

		rules_put_service(stdout, &of->svc);
		putchar('\n');
		for (j = 0; j < of->dests.count; j++) {
			rules_put_dest(stdout, &of->svc, &of->dests.list[j]);
			putchar('\n');
		}
	}
}

/**
 * cmd_save() - prints the configuration
 * @argc: number of arguments
 * @argv: the command and its arguments
 *
 * Return: a status of the program.
 */
int cmd_save(int argc, char **argv)
{
	static const struct option options[] = {
		{ "key", no_argument, NULL, 'k' },
		{ }
	};
	struct rules rules = { };
	bool key = false;
	struct adm_nl nl;
	int option, status;

	while ((option = getopt_long(argc, argv, "k", options, NULL)) != -1) {
		if (option != 'k')
			return ADM_USAGE;
		key = true;
	}
	if (optind < argc)
		return adm_bad_usage("save takes no '%s'", argv[optind]);
	if (adm_opt.json)
		return adm_bad_usage("save prints lines for restore, no JSON");
	if (adm_open(&nl, OPVS_GENL_NAME))
		return ADM_FAILED;
	status = rules_load(&rules, &nl);
	if (!status)
		print_rules(&rules, key);
	rules_free(&rules);
	adm_close(&nl);
	return status;
}
