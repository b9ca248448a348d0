// SPDX-License-Identifier: GPL-2.0-only
/* opvsadm top: rates and loads, live. */
#include "adm.h"
#include "names.h"
#include "top.h"

#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

/* All rows, as text. */
static int print_once(struct adm_nl *nl, enum top_order order)
{
	struct top_rows rows = { 0 };
	char line[TOP_LINE];
	struct snap snap;
	size_t i;
	int err = snap_all(nl, &snap);

	if (!err) {
		err = top_build(&rows, &snap, order);
		if (err)
			adm_err("no memory");
	}
	snap_free(&snap);
	if (!err) {
		top_head(line, sizeof(line));
		puts(line);
	}
	for (i = 0; i < rows.count && !err; i++) {
		top_line(&rows.row[i], line, sizeof(line));
		puts(line);
	}
	top_free(&rows);
	return err;
}

static int batch(unsigned int seconds, unsigned int count, enum top_order order)
{
	struct adm_nl nl;
	unsigned int i;
	int err = 0;

	if (adm_open(&nl, OPVS_GENL_NAME))
		return ADM_FAILED;
	for (i = 0; i < count && !err; i++) {
		if (i) {
			sleep(seconds);
			putchar('\n');
		}
		err = print_once(&nl, order);
		fflush(stdout);
	}
	adm_close(&nl);
	return err ? ADM_FAILED : ADM_OK;
}

/**
 * cmd_top() - shows rates and loads of services and servers, live
 * @argc: number of arguments
 * @argv: the command and its arguments
 *
 * Return: a status of the program.
 */
int cmd_top(int argc, char **argv)
{
	static const struct option options[] = {
		{ "batch", optional_argument, NULL, 'b' },
		{ "delay", required_argument, NULL, 'd' },
		{ "sort", required_argument, NULL, 's' },
		{ }
	};
	enum top_order order = TOP_ORDER_NAME;
	unsigned long long count = 0, seconds = 2;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'b':
			count = 1;
			if (optarg && !name_parse_number(optarg, 1000000, &count))
				return adm_bad_usage("--batch takes how many times, not '%s'",
						     optarg);
			break;
		case 'd':
			if (name_parse_number(optarg, 3600, &seconds) && seconds)
				break;
			return adm_bad_usage("--delay takes 1 to 3600 seconds, not '%s'",
					     optarg);
		case 's':
			if (top_read_order(optarg, &order))
				break;
			return adm_bad_usage("--sort takes conns or another of those in the help");
		default:
			return ADM_USAGE;
		}
	}
	if (optind < argc)
		return adm_bad_usage("top takes no '%s'", argv[optind]);
	if (adm_opt.json)
		return adm_bad_usage("top is for the eye; 'opvsadm metrics' is for programs");
	if (!count && !(isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)))
		return adm_bad_usage("top takes a terminal; --batch does without");
	return count ? batch(seconds, count, order) : top_screen(seconds, order);
}
