// SPDX-License-Identifier: GPL-2.0-only
/* Which servers get many Call-IDs, and which of them would move. */
#include "explain_do.h"
#include "explain_report.h"

#include "adm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file of Call-IDs. */
#define FILE_MAX	0x40000000

/* Hexadecimal digits of a Call-ID that is made up, so short that a request has
 * room for as many as it may have.
 */
#define RANDOM_BYTES	7
#define RANDOM_LEN	(2 * RANDOM_BYTES)

/* Call-IDs, in the order in which they are asked about. */
struct source {
	const struct explain_order	*order;
	size_t				next_call;
	const char			*at;	/* in the file */
	const char			*end;
	size_t				line;
	unsigned long long		random;	/* to be made up */
	char				made[RANDOM_LEN + 1];
};

/* As many as fit a request, and what is said about them. */
struct chunk {
	unsigned char	keys[EXPLAIN_KEYS_SIZE];
	size_t		len;
	size_t		count;
	uint32_t	now[EXPLAIN_KEYS_MAX];
	uint8_t		now_why[EXPLAIN_KEYS_MAX];
	uint32_t	then[EXPLAIN_KEYS_MAX];
	uint8_t		then_why[EXPLAIN_KEYS_MAX];
};

struct calls {
	struct explain_order		*order;
	const struct explain_changes	*changes;	/* NULL: none */
	struct explain_question		question;
	struct report_service		*service;
	struct report			report;
	struct source			source;
	struct chunk			chunk;
};

static void make_up(char *text)
{
	unsigned char bytes[RANDOM_BYTES];
	int i;

	arc4random_buf(bytes, sizeof(bytes));
	for (i = 0; i < RANDOM_BYTES; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
}

/* The next line that is not empty. */
static bool next_line(struct source *source, const char **key, size_t *len)
{
	const char *end;

	while (source->at < source->end) {
		*key = source->at;
		end = memchr(source->at, '\n', source->end - source->at);
		if (!end)
			end = source->end;
		source->at = end + 1;
		source->line++;
		*len = end - *key;
		if (*len && (*key)[*len - 1] == '\r')
			(*len)--;
		if (*len)
			return true;
	}
	return false;
}

static bool next_key(struct source *source, const char **key, size_t *len)
{
	const struct explain_order *order = source->order;

	if (source->next_call < order->call_count) {
		*key = order->calls[source->next_call++];
		*len = strlen(*key);
		return true;
	}
	if (next_line(source, key, len))
		return true;
	if (!source->random)
		return false;
	source->random--;
	make_up(source->made);
	*key = source->made;
	*len = RANDOM_LEN;
	return true;
}

/* Fills a request; returns a status of the program. */
static int next_chunk(struct source *source, struct chunk *chunk)
{
	const char *key;
	size_t len;

	chunk->len = 0;
	chunk->count = 0;
	while (chunk->count < EXPLAIN_KEYS_MAX &&
	       chunk->len + 1 + EXPLAIN_KEY_MAX <= EXPLAIN_KEYS_SIZE &&
	       next_key(source, &key, &len)) {
		if (len > EXPLAIN_KEY_MAX) {
			adm_err("--call-ids %s, line %zu: a Call-ID has up to %d bytes, not %zu",
				source->order->call_file, source->line,
				EXPLAIN_KEY_MAX, len);
			return ADM_FAILED;
		}
		chunk->keys[chunk->len++] = len;
		memcpy(chunk->keys + chunk->len, key, len);
		chunk->len += len;
		chunk->count++;
	}
	return ADM_OK;
}

static int ask(struct calls *calls, const struct explain_changes *changes,
	       bool later, uint32_t *choices, uint8_t *whys)
{
	struct explain_question question = calls->question;

	question.changes = changes;
	question.later = later;
	return explain_keys(&calls->order->nl, &question, calls->chunk.keys,
			    calls->chunk.len, calls->chunk.count, choices, whys);
}

/* As it is with calls of the other kind; the tables are not about them. */
static int count_others(struct calls *calls)
{
	struct chunk *chunk = &calls->chunk;
	bool later = !calls->question.later;
	uint64_t moved = 0;
	size_t i;
	int err;

	err = ask(calls, NULL, later, chunk->now, chunk->now_why);
	if (!err)
		err = ask(calls, calls->changes, later, chunk->then,
			  chunk->then_why);
	for (i = 0; i < chunk->count && !err; i++)
		moved += !explain_varies(chunk->now_why[i]) &&
			 chunk->now[i] != chunk->then[i];
	calls->report.moved_later += moved;
	return err;
}

static void tell_chunk(struct calls *calls)
{
	struct report *report = &calls->report;
	struct chunk *chunk = &calls->chunk;
	const unsigned char *at = chunk->keys;
	struct report_call call = { .service = calls->service };
	size_t i;

	for (i = 0; i < chunk->count; i++, at += 1 + *at) {
		call.key = at + 1;
		call.key_len = *at;
		call.now.server = report_server(report, calls->service,
						chunk->now[i], NULL);
		call.now.why = chunk->now_why[i];
		if (calls->changes) {
			call.then.server = report_server(report, calls->service,
							 chunk->then[i], NULL);
			call.then.why = chunk->then_why[i];
		}
		report_call(report, &call);
	}
}

static int ask_all(struct calls *calls)
{
	struct chunk *chunk = &calls->chunk;
	int err, status;

	for (;;) {
		status = next_chunk(&calls->source, chunk);
		if (status || !chunk->count)
			return status;
		err = ask(calls, NULL, calls->question.later, chunk->now,
			  chunk->now_why);
		if (!err && calls->changes)
			err = ask(calls, calls->changes, calls->question.later,
				  chunk->then, chunk->then_why);
		if (!err)
			tell_chunk(calls);
		if (!err && calls->changes)
			err = count_others(calls);
		if (err)
			return explain_failed(calls->order, err);
	}
}

/* Servers are answered as numbers, of which this is the list. */
static int take_names(struct calls *calls,
		      const struct explain_changes *changes)
{
	struct explain_question question = calls->question;
	struct explain_answer answer;
	size_t i;
	int err;

	question.changes = changes;
	question.later = false;
	err = explain_one(&calls->order->nl, &question, true, &answer);
	for (i = 0; i < answer.count && !err; i++)
		report_server(&calls->report, calls->service,
			      answer.candidates[i].number,
			      &answer.candidates[i]);
	explain_answer_free(&answer);
	return err ? explain_failed(calls->order, err) : ADM_OK;
}

/* Calls that move if they are new, and if they are in progress. */
static uintmax_t moved_new(const struct calls *calls)
{
	return calls->question.later ? calls->report.moved_later :
				       calls->report.moved;
}

static uintmax_t moved_old(const struct calls *calls)
{
	return calls->question.later ? calls->report.moved :
				       calls->report.moved_later;
}

static void print_total_json(const struct calls *calls)
{
	const struct report *report = &calls->report;

	printf(",\"total\":{\"calls\":%ju,\"varying\":%ju",
	       (uintmax_t)report->calls, (uintmax_t)report->varying);
	if (report->has_then)
		printf(",\"moved\":%ju,\"moved_in_progress\":%ju}}\n",
		       moved_new(calls), moved_old(calls));
	else
		puts(",\"moved\":null,\"moved_in_progress\":null}}");
}

static void print_total(const struct calls *calls)
{
	const struct report *report = &calls->report;

	if (adm_opt.json) {
		print_total_json(calls);
		return;
	}
	if (report->varying)
		printf("\n%ju of %ju by turn, load or lot, each as if it came next.\n",
		       (uintmax_t)report->varying, (uintmax_t)report->calls);
	if (report->has_then)
		printf("\n%ju of %ju Call-IDs move if they are new, %ju if in progress.\n",
		       moved_new(calls), (uintmax_t)report->calls,
		       moved_old(calls));
}

static int run(struct calls *calls, bool shown)
{
	int ended, status = take_names(calls, NULL);

	if (!status && calls->changes)
		status = take_names(calls, calls->changes);
	if (status)
		return status;
	status = report_calls_begin(&calls->report, shown);
	if (status)
		return status;
	status = ask_all(calls);
	ended = report_calls_end(&calls->report);
	if (!status)
		status = ended;
	ended = report_servers(&calls->report);
	if (!status)
		status = ended;
	print_total(calls);
	return status;
}

static int begin(struct calls *calls, const struct snap_service *service)
{
	struct explain_order *order = calls->order;
	char name[NAME_SIZE];

	if (!service->engine[0]) {
		adm_err("%s has no persistence engine, so that it knows no calls; give it clients' packets by --pcap, or an engine by 'ipvsadm -E ... --pe sip'",
			name_service_text(&service->name, name, sizeof(name)));
		return ADM_FAILED;
	}
	report_init(&calls->report, false, calls->changes);
	calls->service = report_service(&calls->report, &service->name);
	calls->question = order->question;
	calls->source = (struct source){
		.order = order, .random = order->random,
	};
	if (!calls->service) {
		adm_err("no memory");
		return ADM_FAILED;
	}
	return ADM_OK;
}

static int ask_service(struct calls *calls, const struct snap_service *service)
{
	struct explain_order *order = calls->order;
	int status = begin(calls, service);
	char *file = NULL;
	size_t len;

	if (!status && order->call_file) {
		file = explain_read_file("--call-ids", order->call_file,
					 FILE_MAX, &len);
		status = file ? ADM_OK : ADM_FAILED;
		calls->source.at = file;
		calls->source.end = file ? file + len : NULL;
	}
	if (!status)
		status = run(calls, !order->summary &&
			     (order->call_file || order->call_count));
	report_free(&calls->report);
	free(file);
	return status;
}

/**
 * explain_do_calls() - tells which servers get many Call-IDs
 * @order: what the user asked for
 *
 * Return: a status of the program.
 */
int explain_do_calls(struct explain_order *order)
{
	struct explain_changes changes = { .count = 0 };
	const struct snap_service *service;
	struct calls *calls;
	int status = explain_service(order, &service);

	if (!status)
		status = explain_fit_changes(&order->changes, service, &changes);
	if (status)
		return status;
	calls = calloc(1, sizeof(*calls));
	if (!calls) {
		adm_err("no memory");
		return ADM_FAILED;
	}
	calls->order = order;
	calls->changes = changes.count ? &changes : NULL;
	status = ask_service(calls, service);
	free(calls);
	return status;
}
