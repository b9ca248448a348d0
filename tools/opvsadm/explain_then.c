// SPDX-License-Identifier: GPL-2.0-only
/* Calls of a capture, if services had other servers.  Those with a Call-ID are
 * asked about thousands at a time, others by their first packets: once for all
 * packets of a client that a hash of its address decides about, as the kernel
 * builds a table for each question.
 */
#include "explain_seen.h"

#include "adm.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

/* Keys that wait to be asked about, all of one service. */
struct keys {
	unsigned char		data[EXPLAIN_KEYS_SIZE];
	size_t			len;
	struct seen_call	*calls[EXPLAIN_KEYS_MAX];
	size_t			count;
	uint32_t		choices[EXPLAIN_KEYS_MAX];
	uint8_t			whys[EXPLAIN_KEYS_MAX];
};

struct then {
	struct explain_order	*order;
	struct seen		*seen;
	struct report		*report;
	struct keys		keys;
	struct explain_changes	changes;	/* of the service */
	struct report_service	*service;
	bool			by_client;	/* ports do not matter to it */
	void			*clients;	/* tree of calls that are asked about */
	struct seen_call	*answered;	/* the next one that is */
};

static bool is_meant(const struct explain_order *order,
		     const struct snap_service *service)
{
	struct name_service wanted;

	return !order->service ||
	       (name_parse_service(order->service, &wanted) &&
		name_same_service(&service->name, &wanted));
}

/* The services that have, or would have, the server. */
static size_t count_services(const struct explain_order *order,
			     const struct explain_change *change)
{
	size_t i, count = 0;

	for (i = 0; i < order->snap.count; i++) {
		const struct snap_service *service = &order->snap.services[i];

		count += is_meant(order, service) &&
			 (change->kind == OPVS_CHANGE_KIND_WITH ||
			  explain_has_server(change, service));
	}
	return count;
}

/**
 * explain_judge_changes() - is there a service for each change?
 * @order: the order, with all services and servers
 *
 * Return: a status of the program; if that is not ADM_OK, the user was told.
 */
int explain_judge_changes(const struct explain_order *order)
{
	size_t i, count;

	for (i = 0; i < order->changes.count; i++) {
		const struct explain_change *change = &order->changes.list[i];

		count = count_services(order, change);
		if (change->kind == OPVS_CHANGE_KIND_WITH && count > 1) {
			adm_err("--with %s: which service gets it? Name it by --service",
				change->text);
			return ADM_FAILED;
		}
		if (!count) {
			adm_err("no service%s%s has the server %s; 'ipvsadm -Ln' shows all",
				order->service ? " " : "",
				order->service ? order->service : "",
				change->text);
			return ADM_FAILED;
		}
	}
	return ADM_OK;
}

/* What changes about a service; nothing, if its number is 0. */
static int fit(struct then *then, const struct snap_service *service)
{
	const struct explain_changes *all = &then->order->changes;
	struct explain_changes *mine = calloc(1, sizeof(*mine));
	size_t i;
	int status;

	if (!mine) {
		adm_err("no memory");
		return ADM_FAILED;
	}
	for (i = 0; i < all->count && is_meant(then->order, service); i++)
		if (all->list[i].kind == OPVS_CHANGE_KIND_WITH ||
		    explain_has_server(&all->list[i], service))
			mine->list[mine->count++] = all->list[i];
	status = explain_fit_changes(mine, service, &then->changes);
	free(mine);
	return status;
}

static void question_of(const struct then *then, const struct seen_call *call,
			struct explain_question *question)
{
	const struct capture_packet *packet = &call->packet;

	*question = then->order->question;
	question->protocol = packet->protocol;
	question->client = packet->from;
	question->client_port = packet->from_port;
	question->virtual = packet->to;
	question->virtual_port = packet->to_port;
	question->changes = &then->changes;
}

/* All servers of the service, as it is or would be. */
static int take_names(struct then *then, const struct seen_call *call,
		      const struct explain_changes *changes)
{
	struct explain_question question;
	struct explain_answer answer;
	size_t i;
	int err;

	question_of(then, call, &question);
	question.changes = changes;
	err = explain_one(&then->order->nl, &question, true, &answer);
	for (i = 0; i < answer.count && !err; i++)
		report_server(then->report, then->service,
			      answer.candidates[i].number,
			      &answer.candidates[i]);
	explain_answer_free(&answer);
	return err;
}

static int ask_keys(struct then *then, bool later)
{
	struct keys *keys = &then->keys;
	struct explain_question question;
	size_t i;
	int err;

	if (!keys->count)
		return 0;
	question_of(then, keys->calls[0], &question);
	question.later = later;
	err = explain_keys(&then->order->nl, &question, keys->data, keys->len,
			   keys->count, keys->choices, keys->whys);
	for (i = 0; i < keys->count && !err; i++) {
		keys->calls[i]->then.server =
			report_server(then->report, then->service,
				      keys->choices[i], NULL);
		keys->calls[i]->then.why = keys->whys[i];
	}
	keys->count = 0;
	keys->len = 0;
	return err;
}

static int with_keys(struct then *then, bool later)
{
	struct keys *keys = &then->keys;
	struct seen_call *call;
	int err = 0;

	for (call = then->seen->first; call && !err; call = call->next) {
		if (call->service != then->service || !call->key ||
		    call->begins == later)
			continue;
		if (keys->count == EXPLAIN_KEYS_MAX ||
		    keys->len + 1 + call->key_len > EXPLAIN_KEYS_SIZE)
			err = ask_keys(then, later);
		keys->data[keys->len] = call->key_len;
		memcpy(keys->data + keys->len + 1, call->key, call->key_len);
		keys->len += 1 + call->key_len;
		keys->calls[keys->count++] = call;
	}
	return err ? err : ask_keys(then, later);
}

static int compare_clients(const void *one, const void *other)
{
	const struct seen_call *a = one, *b = other;
	int order = memcmp(&a->packet.from, &b->packet.from,
			   sizeof(a->packet.from));

	if (!order)
		order = memcmp(&a->packet.to, &b->packet.to,
			       sizeof(a->packet.to));
	return order ? order : a->packet.to_port - b->packet.to_port;
}

/* The call that is asked about for all of its client, or the call itself. */
static struct seen_call *speaker(struct then *then, struct seen_call *call)
{
	struct seen_call **node;

	if (!then->by_client || call->now.why != OPVS_WHY_OWNER)
		return call;
	node = tsearch(call, &then->clients, compare_clients);
	return node ? *node : call;
}

static bool by_packet(const struct then *then, const struct seen_call *call)
{
	return call->service == then->service && !call->key && call->bytes;
}

static bool is_asked(struct then *then, struct seen_call *call)
{
	return by_packet(then, call) && speaker(then, call) == call;
}

static int take_then(int err, const char *reason,
		     const struct explain_answer *answer, void *arg)
{
	struct then *then = arg;
	struct seen_call *call = then->answered;

	while (!is_asked(then, call))
		call = call->next;
	then->answered = call->next;
	if (err) {
		adm_err("packet %ju: %s", (uintmax_t)call->packet.number,
			reason);
		return err;
	}
	call->then.server = report_server(then->report, then->service,
					  answer->server.number,
					  &answer->server);
	call->then.why = answer->why;
	return 0;
}

static int with_packets(struct then *then)
{
	struct explain_question question = then->order->question;
	struct explain_batch batch;
	struct seen_call *call;
	int err = explain_batch_begin(&batch, &then->order->nl, take_then,
				      then);

	if (err)
		return err;
	then->answered = then->seen->first;
	question.changes = &then->changes;
	for (call = then->seen->first; call && !err; call = call->next) {
		if (!is_asked(then, call))
			continue;
		question.packet = call->bytes;
		question.packet_len = call->packet.len;
		err = explain_batch_add(&batch, &question);
	}
	if (!err)
		err = explain_batch_flush(&batch);
	explain_batch_end(&batch);
	for (call = then->seen->first; call && !err; call = call->next)
		if (by_packet(then, call))
			call->then = speaker(then, call)->then;
	return err;
}

static void keep(void *node)
{
	(void)node;
}

/* Calls that were not asked about yet, of the service of the first of them. */
static int ask_service(struct then *then, struct seen_call *first)
{
	const struct snap_service *service = snap_find(&then->order->snap,
						       first->service->name);
	struct seen_call *call;
	int err, status;

	if (!service)
		return ADM_FAILED;
	status = fit(then, service);
	if (status)
		return status;
	then->service = first->service;
	then->service->listed = true;
	then->by_client = strcmp(service->sched, "mh") == 0 &&
			  !(service->flags & IP_VS_SVC_F_SCHED2);
	err = take_names(then, first, NULL);
	if (then->changes.count) {
		if (!err)
			err = take_names(then, first, &then->changes);
		if (!err)
			err = with_keys(then, false);
		if (!err)
			err = with_keys(then, true);
		if (!err)
			err = with_packets(then);
		tdestroy(then->clients, keep);
		then->clients = NULL;
	}
	if (err)
		return explain_failed(then->order, err);
	/* Nothing changes for those that were not asked about. */
	for (call = first; call; call = call->next)
		if (call->service == first->service && !call->then.server &&
		    then->report->has_then)
			call->then = call->now;
	return ADM_OK;
}

/**
 * explain_ask_then() - asks for the servers of all services that have calls, and
 * where calls would be with the changes
 * @order: the order
 * @seen: the calls
 * @report: gets servers that there are not yet
 *
 * Return: a status of the program.
 */
int explain_ask_then(struct explain_order *order, struct seen *seen,
		     struct report *report)
{
	struct then *then = calloc(1, sizeof(*then));
	struct seen_call *call;
	int status = ADM_OK;

	if (!then) {
		adm_err("no memory");
		return ADM_FAILED;
	}
	then->order = order;
	then->seen = seen;
	then->report = report;
	for (call = seen->first; call && !status; call = call->next)
		if (!call->service->listed)
			status = ask_service(then, call);
	free(then);
	return status;
}
