// SPDX-License-Identifier: GPL-2.0-only
/* opvsadm counters: what happened to packets and connections, in words. */
#include "adm.h"
#include "history.h"
#include "nl.h"
#include "out.h"
#include "sip.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What doc/counters.md says, made when the program is built. */
static const struct {
	const char	*name;
	const char	*text;
} meanings[] = {
#include "counters_text.h"
};

enum { COL_NAME, COL_VALUE, COL_MEANING, COL_COUNT };

static const struct out_column columns[COL_COUNT] = {
	[COL_NAME]	= { .key = "name", .title = "COUNTER" },
	[COL_VALUE]	= { .key = "value", .title = "VALUE", .number = true },
	[COL_MEANING]	= { .key = "meaning", .title = "COUNTS", .wrap = true },
};

struct counters {
	struct out	out;
	struct history	*history;	/* of the last time, for --delta */
	char		**names;	/* those that are asked for */
	int		name_count;
	bool		all;
	unsigned int	*found;		/* per name: how often it was there */
};

static const char *meaning_of(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(meanings); i++)
		if (strcmp(meanings[i].name, name) == 0)
			return meanings[i].text;
	return NULL;
}

/* Is it one of those that are asked for? */
static bool is_asked(struct counters *counters, const char *name)
{
	bool asked = !counters->name_count;
	int i;

	for (i = 0; i < counters->name_count; i++) {
		if (strcmp(counters->names[i], name) != 0)
			continue;
		counters->found[i]++;
		asked = true;
	}
	return asked;
}

static int show(struct counters *counters, const char *name, uint64_t value)
{
	if (counters->history && history_delta(counters->history, name, &value))
		return -ENOMEM;
	if (!is_asked(counters, name))
		return 0;
	if (!value && !counters->all && !counters->name_count)
		return 0;
	out_row(&counters->out);
	out_text(&counters->out, COL_NAME, name);
	out_number(&counters->out, COL_VALUE, value);
	out_text(&counters->out, COL_MEANING, meaning_of(name));
	return 0;
}

static int take_counters(struct nlattr **attrs, void *arg)
{
	struct nlattr *counter[OPVS_COUNTER_ATTR_MAX + 1], *pos;
	int rest, err;

	if (!attrs[OPVS_CMD_ATTR_COUNTERS])
		return -EPROTO;
	nla_for_each_nested(pos, attrs[OPVS_CMD_ATTR_COUNTERS], rest) {
		if (nla_type(pos) != OPVS_COUNTERS_ATTR_COUNTER)
			continue;
		err = adm_parse(counter, &adm_counter, pos);
		if (err)
			return err;
		if (!counter[OPVS_COUNTER_ATTR_NAME] ||
		    !counter[OPVS_COUNTER_ATTR_VALUE])
			return -EPROTO;
		err = show(arg, nla_get_string(counter[OPVS_COUNTER_ATTR_NAME]),
			   nla_get_u64(counter[OPVS_COUNTER_ATTR_VALUE]));
		if (err)
			return err;
	}
	return 0;
}

static int tell_unknown(const struct counters *counters)
{
	int i, status = ADM_OK;

	for (i = 0; i < counters->name_count; i++) {
		if (counters->found[i])
			continue;
		adm_err("no counter '%s'; 'opvsadm counters --all' shows all",
			counters->names[i]);
		status = ADM_FAILED;
	}
	return status;
}

static int ask(struct counters *counters)
{
	struct adm_nl nl;
	int err, status;

	if (adm_open(&nl, OPVS_GENL_NAME))
		return ADM_FAILED;
	if (out_begin(&counters->out, columns, COL_COUNT)) {
		adm_close(&nl);
		return ADM_FAILED;
	}
	err = adm_talk(&nl, adm_request(&nl, OPVS_CMD_GET_COUNTERS, 0),
		       &adm_message, take_counters, counters);
	status = out_end(&counters->out);
	if (err) {
		adm_err("the counters cannot be read: %s", adm_reason(&nl, err));
		status = ADM_FAILED;
	}
	adm_close(&nl);
	return status ? status : tell_unknown(counters);
}

/* With what was remembered the last time, which is then replaced. */
static int ask_delta(struct counters *counters, const char *file)
{
	struct history history;
	int status;

	if (history_open(&history, file))
		return ADM_FAILED;
	counters->history = &history;
	status = ask(counters);
	if (!status && history_save(&history))
		status = ADM_FAILED;
	history_close(&history);
	return status;
}

/**
 * cmd_counters() - prints counters that are not 0, or those that are named, or
 * SIP messages
 * @argc: number of arguments
 * @argv: the command and its arguments
 *
 * Return: a status of the program.
 */
int cmd_counters(int argc, char **argv)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "delta", no_argument, NULL, 'd' },
		{ "sip", no_argument, NULL, 'S' },
		{ "state", required_argument, NULL, 's' },
		{ }
	};
	struct counters counters = { 0 };
	const char *file = NULL;
	bool delta = false, sip = false;
	int option, status;

	while ((option = getopt_long(argc, argv, "ad", options, NULL)) != -1) {
		switch (option) {
		case 'a':
			counters.all = true;
			break;
		case 'd':
			delta = true;
			break;
		case 's':
			file = optarg;
			break;
		case 'S':
			sip = true;
			break;
		default:
			return ADM_USAGE;
		}
	}
	if (file && !delta)
		return adm_bad_usage("--state goes with --delta");
	if (sip && delta)
		return adm_bad_usage("--sip goes without --delta");
	if (sip)
		return sip_show(argc - optind, argv + optind, counters.all);
	counters.names = argv + optind;
	counters.name_count = argc - optind;
	counters.found = calloc(argc, sizeof(*counters.found));
	if (!counters.found) {
		adm_err("no memory");
		return ADM_FAILED;
	}
	status = delta ? ask_delta(&counters, file) : ask(&counters);
	free(counters.found);
	return status;
}
