// SPDX-License-Identifier: GPL-2.0-only
/* opvsadm metrics: all numbers of opvs, for Prometheus and others. */
#include "adm.h"
#include "metrics.h"
#include "names.h"

#include <getopt.h>
#include <string.h>

static int bad_format(const char *text)
{
	return adm_bad_usage("--format takes openmetrics or prometheus, not '%s'",
			     text);
}

/**
 * cmd_metrics() - prints metrics, or serves them over HTTP
 * @argc: number of arguments
 * @argv: the command and its arguments
 *
 * Return: a status of the program.
 */
int cmd_metrics(int argc, char **argv)
{
	static const struct option options[] = {
		{ "format", required_argument, NULL, 'f' },
		{ "max", required_argument, NULL, 'm' },
		{ "serve", optional_argument, NULL, 's' },
		{ }
	};
	struct metrics_options how = { .servers = METRICS_SERVERS };
	const char *address = NULL;
	unsigned long long number;
	bool serve = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'f':
			how.prometheus = strcmp(optarg, "prometheus") == 0;
			if (!how.prometheus && strcmp(optarg, "openmetrics") != 0)
				return bad_format(optarg);
			break;
		case 'm':
			if (!name_parse_number(optarg, 1000000, &number))
				return adm_bad_usage("--max takes a number up to 1000000, not '%s'",
						     optarg);
			how.servers = number;
			break;
		case 's':
			serve = true;
			address = optarg;
			break;
		default:
			return ADM_USAGE;
		}
	}
	if (optind < argc)
		return adm_bad_usage("metrics takes no '%s'", argv[optind]);
	if (adm_opt.json)
		return adm_bad_usage("metrics are text of their own; they take no --json");
	return serve ? metrics_serve(address, &how) : metrics_write(stdout, &how);
}
