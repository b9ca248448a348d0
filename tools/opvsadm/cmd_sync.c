// SPDX-License-Identifier: GPL-2.0-only
/* opvsadm sync: makes what is configured equal to a file, by as few changes as
 * that takes. What is equal already is not touched, so that its calls and
 * connections do not notice.
 */
#include "adm.h"
#include "out.h"
#include "rules.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two configurations and the way from one to the other. */
struct sync {
	struct adm_nl		nl;
	const char		*name;		/* of the file */
	struct rules		have;
	struct rules		want;
	bool			dry_run;
	struct out		out;
	bool			failed;
	unsigned int		line;		/* that a change is for, or 0 */
	char			*text;		/* of a change */
	size_t			size;
	FILE			*file;		/* writes it */
};

enum { COL_CHANGE, COL_LINE, COL_COUNT };

static const struct out_column columns[COL_COUNT] = {
	[COL_CHANGE]	= { .key = "change", .title = "CHANGE" },
	[COL_LINE]	= { .key = "line" },
};

/* Begins the text of a change. */
static FILE *change(struct sync *sync, unsigned int line)
{
	sync->line = line;
	rewind(sync->file);
	return sync->file;
}

/* Tells of a change that was made, or why it was not. */
static void done(struct sync *sync, int err)
{
	fputc('\0', sync->file);
	fflush(sync->file);
	if (err) {
		sync->failed = true;
		if (sync->line)
			adm_err("%s: line %u: %s", sync->name, sync->line,
				adm_reason(&sync->nl, err));
		else
			adm_err("%s: %s", sync->text, adm_reason(&sync->nl, err));
	} else if (adm_opt.json) {
		out_row(&sync->out);
		out_text(&sync->out, COL_CHANGE, sync->text);
		if (sync->line)
			out_number(&sync->out, COL_LINE, sync->line);
		else
			out_text(&sync->out, COL_LINE, NULL);
	} else {
		puts(sync->text);
	}
}

/* A rule with another letter: -E for -A, and so on. */
static void put_rule(FILE *file, char letter, const char *rule)
{
	fprintf(file, "-%c%s", letter, rule + 2);
}

/* Tells of the change of a service. */
static void tell_service(struct sync *sync, char letter,
			 const struct ipvs_service *svc, int err)
{
	FILE *file = change(sync, svc->line);
	char *rule = NULL;
	size_t size;
	FILE *memory = open_memstream(&rule, &size);

	if (memory) {
		rules_put_service(memory, svc);
		fclose(memory);
		if (letter == 'D')
			*strstr(rule, " -s ") = '\0';
		put_rule(file, letter, rule);
	}
	free(rule);
	done(sync, err);
}

static int send_service(struct sync *sync, int command,
			const struct ipvs_service *svc)
{
	return sync->dry_run ? 0 : ipvs_service(&sync->nl, command, svc);
}

static void change_service(struct sync *sync, char letter, int command,
			   const struct ipvs_service *svc)
{
	tell_service(sync, letter, svc, send_service(sync, command, svc));
}

static void change_dest(struct sync *sync, char letter, int command,
			const struct ipvs_service *svc,
			const struct ipvs_dest *dest)
{
	FILE *file = change(sync, dest->line);
	char *rule = NULL, *end;
	size_t size;
	FILE *memory = open_memstream(&rule, &size);

	if (memory) {
		rules_put_dest(memory, svc, dest);
		fclose(memory);
		end = strstr(rule, " -r ") + 4;
		if (letter == 'd')
			end[strcspn(end, " ")] = '\0';
		put_rule(file, letter, rule);
	}
	free(rule);
	done(sync, sync->dry_run ? 0 :
	     ipvs_dest(&sync->nl, command, svc, dest));
}

static bool same_service(const struct ipvs_service *a,
			 const struct ipvs_service *b)
{
	return a->flags == b->flags && a->timeout == b->timeout &&
	       a->netmask == b->netmask && a->conn_max == b->conn_max &&
	       strcmp(a->sched, b->sched) == 0 &&
	       strcmp(a->engine, b->engine) == 0 &&
	       strcmp(a->policy, b->policy) == 0;
}

static bool same_dest(const struct ipvs_dest *a, const struct ipvs_dest *b)
{
	return a->method == b->method && a->weight == b->weight &&
	       a->upper == b->upper && a->lower == b->lower &&
	       a->tun_type == b->tun_type && a->tun_port == b->tun_port &&
	       a->tun_flags == b->tun_flags;
}

/* Servers come before others go, so that there is always one. */
static void sync_dests(struct sync *sync, const struct rules_service *have,
		       const struct rules_service *want)
{
	const struct ipvs_dest *dest, *old;
	size_t i;

	for (i = 0; i < want->dests.count; i++) {
		dest = &want->dests.list[i];
		old = have ? rules_find_dest(have, dest) : NULL;
		if (!old)
			change_dest(sync, 'a', OPVS_CMD_NEW_DEST, &want->svc,
				    dest);
		else if (!same_dest(old, dest))
			change_dest(sync, 'e', OPVS_CMD_SET_DEST, &want->svc,
				    dest);
	}
	for (i = 0; have && i < have->dests.count; i++)
		if (!rules_find_dest(want, &have->dests.list[i]))
			change_dest(sync, 'd', OPVS_CMD_DEL_DEST, &want->svc,
				    &have->dests.list[i]);
}

/* What a service may be depends on its servers, and the other way round: if the
 * service may not be changed yet, they come first.
 */
static void sync_service(struct sync *sync, const struct rules_service *have,
			 const struct rules_service *want)
{
	bool later = false;

	if (!have) {
		change_service(sync, 'A', OPVS_CMD_NEW_SERVICE, &want->svc);
	} else if (!same_service(&have->svc, &want->svc)) {
		later = send_service(sync, OPVS_CMD_SET_SERVICE, &want->svc);
		if (!later)
			tell_service(sync, 'E', &want->svc, 0);
	}
	sync_dests(sync, have, want);
	if (later)
		change_service(sync, 'E', OPVS_CMD_SET_SERVICE, &want->svc);
}

static void sync_services(struct sync *sync)
{
	struct rules_service *have, *want;
	size_t i;

	for (i = 0; i < sync->want.count; i++) {
		want = sync->want.services[i];
		have = rules_find(&sync->have, &want->svc);
		sync_service(sync, have, want);
	}
	for (i = 0; i < sync->have.count; i++) {
		have = sync->have.services[i];
		if (!rules_find(&sync->want, &have->svc))
			change_service(sync, 'D', OPVS_CMD_DEL_SERVICE,
				       &have->svc);
	}
}

static void sync_policies(struct sync *sync)
{
	const struct policy *have, *want;
	int command;
	size_t i;

	for (i = 0; i < sync->want.policies.count; i++) {
		want = &sync->want.policies.list[i];
		have = policy_find(&sync->have.policies, want->name);
		if (have && policy_covers(have, want))
			continue;
		command = have ? OPVS_CMD_SET_POLICY : OPVS_CMD_NEW_POLICY;
		fputs("policy ", change(sync, want->line));
		policy_put(sync->file, want);
		done(sync, sync->dry_run ? 0 :
		     policy_send(&sync->nl, command, want));
	}
}

/* Those that the file does not have, if it has any. */
static void drop_policies(struct sync *sync)
{
	const struct policy *have;
	size_t i;

	for (i = 0; sync->want.policies.count &&
	     i < sync->have.policies.count; i++) {
		have = &sync->have.policies.list[i];
		if (strcmp(have->name, "default") == 0 ||
		    policy_find(&sync->want.policies, have->name))
			continue;
		fprintf(change(sync, 0), "removed: policy %s", have->name);
		done(sync, sync->dry_run ? 0 :
		     policy_send(&sync->nl, OPVS_CMD_DEL_POLICY, have));
	}
}

static void sync_table(struct sync *sync)
{
	const struct table *want = &sync->want.table;
	const struct table *have = &sync->have.table;

	if (sync->want.limit_line && want->conn_max != have->conn_max) {
		fprintf(change(sync, sync->want.limit_line), "conn-max %u",
			want->conn_max);
		done(sync, sync->dry_run ? 0 :
		     rules_send_limit(&sync->nl, want->conn_max));
	}
	if (sync->want.key_line &&
	    memcmp(want->key, have->key, sizeof(want->key)) != 0) {
		/* Whoever sees what is done need not know the secret. */
		fputs("hash-key (not shown)", change(sync, sync->want.key_line));
		done(sync, sync->dry_run ? 0 :
		     rules_send_key(&sync->nl, want));
	}
}

static void sync_settings(struct sync *sync)
{
	char now[SETTING_VALUE_SIZE], text[RULES_WHY_SIZE];
	const struct setting *want;
	size_t i;
	int err;

	for (i = 0; i < sync->want.settings.count; i++) {
		want = &sync->want.settings.list[i];
		err = setting_read(want, now);
		if (!err && strcmp(now, want->value) == 0)
			continue;
		if (!err && !sync->dry_run)
			err = setting_write(want);
		if (!err) {
			fprintf(change(sync, want->line), "%s = %s", want->name,
				want->value);
			done(sync, 0);
			continue;
		}
		adm_err("%s: line %u: %s", sync->name, want->line,
			rules_why_not(want, err, text));
		sync->failed = true;
	}
}

static bool keeps(uint32_t have, uint32_t want)
{
	return !want || have == want;
}

static void sync_timeouts(struct sync *sync)
{
	const struct ipvs_timeouts *have = &sync->have.timeouts;
	const struct ipvs_timeouts *want = &sync->want.timeouts;

	if (!sync->want.timeouts_line ||
	    (keeps(have->tcp, want->tcp) && keeps(have->tcp_fin, want->tcp_fin) &&
	     keeps(have->udp, want->udp)))
		return;
	fprintf(change(sync, sync->want.timeouts_line), "--set %u %u %u",
		want->tcp, want->tcp_fin, want->udp);
	done(sync, sync->dry_run ? 0 : ipvs_set_timeouts(&sync->nl, want));
}

static int apply(struct sync *sync)
{
	int status = rules_load(&sync->have, &sync->nl);

	if (status)
		return status;
	sync->file = open_memstream(&sync->text, &sync->size);
	if (!sync->file) {
		adm_err("no memory");
		return ADM_FAILED;
	}
	if (adm_opt.json && out_begin(&sync->out, columns, COL_COUNT))
		return ADM_FAILED;
	sync_settings(sync);
	sync_policies(sync);
	sync_timeouts(sync);
	sync_table(sync);
	if (sync->want.count)
		sync_services(sync);
	drop_policies(sync);
	fclose(sync->file);
	free(sync->text);
	if (adm_opt.json)
		status = out_end(&sync->out);
	return sync->failed ? ADM_FAILED : status;
}

/**
 * cmd_sync() - makes what is configured equal to a file
 * @argc: number of arguments
 * @argv: the command and its arguments
 *
 * Return: a status of the program.
 */
int cmd_sync(int argc, char **argv)
{
	static const struct option options[] = {
		{ "dry-run", no_argument, NULL, 'n' },
		{ "untested", no_argument, NULL, 'u' },
		{ }
	};
	struct sync sync = { };
	bool untested = false;
	int option, status;

	while ((option = getopt_long(argc, argv, "nu", options, NULL)) != -1) {
		if (option == 'n')
			sync.dry_run = true;
		else if (option == 'u')
			untested = true;
		else
			return ADM_USAGE;
	}
	if (optind + 1 != argc)
		return adm_bad_usage("sync takes one FILE; - is standard input");
	sync.name = rules_file_name(argv[optind]);
	status = rules_read(&sync.want, argv[optind]);
	if (!status && adm_open(&sync.nl, OPVS_GENL_NAME)) {
		rules_free(&sync.want);
		return ADM_FAILED;
	}
	if (!status && !untested)
		status = rules_try(&sync.want, sync.name);
	if (!status)
		status = rules_lock();
	if (!status && !sync.dry_run)
		rules_hold_on();
	if (status)
		adm_err("%s: nothing has changed", sync.name);
	else
		status = apply(&sync);
	adm_close(&sync.nl);
	rules_free(&sync.have);
	rules_free(&sync.want);
	return status;
}
