// SPDX-License-Identifier: GPL-2.0-only
/* What becomes of all packets of a capture, if they came now.  Each is asked
 * about as it is; a packet that would find an entry of an earlier one follows
 * that.
 */
#include "explain_rows.h"

#include "adm.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static_assert(CAPTURE_PACKET_MAX <= EXPLAIN_DATA_MAX);

/* Packets whose answers are waited for, and those behind them. */
#define PENDING_MAX	128

/* A packet on its way. */
struct pending {
	struct capture_packet	packet;
	unsigned char		*bytes;	/* where they will be needed */
	bool			asked;
	enum rows_kind		kind;	/* of one that is not */
};

struct run {
	struct explain_order		*order;
	const struct report_service	*only;	/* NULL: all services */
	struct report			report;
	struct rows			rows;
	struct seen			seen;
	struct seen			incoming;	/* of cooked captures */
	void				*ends;
	struct explain_batch		batch;
	struct pending			pending[PENDING_MAX];
	size_t				head;
	size_t				count;
};

/* ---- what a packet is ---- */

/* That of a packet that no service takes; if it is of one, that is no reason. */
static enum rows_kind kind_by_ends(struct run *run,
				   const struct capture_packet *packet,
				   struct rows_row *row)
{
	const struct seen_end *from, *to;

	if (!packet->has_ports)
		return ROWS_OTHER;
	row->has_why = false;
	from = seen_end(&run->ends, false, packet->protocol, &packet->from,
			packet->from_port);
	if (from)
		return ROWS_REPLY;
	to = seen_end(&run->ends, false, packet->protocol, &packet->to,
		      packet->to_port);
	if (to)
		return ROWS_FORWARDED;
	from = seen_end(&run->ends, true, packet->protocol, &packet->from,
			packet->from_port);
	row->has_why = !from;
	if (!from)
		return ROWS_OTHER;
	row->service = report_service(&run->report, &from->service->name);
	return ROWS_ANSWER;
}

static enum rows_kind kind_of(struct run *run,
			      const struct capture_packet *packet,
			      const struct explain_answer *answer,
			      struct rows_row *row)
{
	switch (answer->why) {
	case OPVS_WHY_FRAGMENT:
		return ROWS_FRAGMENT;
	case OPVS_WHY_MALFORMED:
		return ROWS_MALFORMED;
	case OPVS_WHY_REPLY:
		return ROWS_REPLY;
	case OPVS_WHY_NO_SERVICE:
		return kind_by_ends(run, packet, row);
	case OPVS_WHY_OTHER_PROTOCOL:
		return ROWS_OTHER;
	default:
		return ROWS_REQUEST;
	}
}

/* ---- what becomes of it ---- */

static bool decides_nothing(uint8_t why)
{
	return why == OPVS_WHY_OPENS_NOTHING || why == OPVS_WHY_NOT_LOCAL;
}

static void begin_call(struct seen_call *call, struct pending *pending,
		       const struct explain_answer *answer,
		       const struct report_choice *now)
{
	call->now = *now;
	call->remembered = answer->remembered;
	call->begins = answer->begins;
	call->bytes = pending->bytes;
	pending->bytes = NULL;
}

/* A request has a call; returns whether there is memory for it. */
static bool note_request(struct run *run, struct pending *pending,
			 struct rows_row *row)
{
	const struct explain_answer *answer = row->answer;
	struct seen_call *call;

	call = seen_call(&run->seen, row->service, answer, &pending->packet,
			 !decides_nothing(answer->why));
	if (call && !call->packets) {
		begin_call(call, pending, answer, &row->choice);
	} else if (call && call->remembered) {
		row->choice = call->now;
		row->follows = call->packet.number;
	} else if (call && call->now.server != row->choice.server) {
		call->elsewhere++;
	}
	if (call)
		call->packets++;
	if (row->choice.server)
		row->choice.server->packets++;
	return !run->seen.failed;
}

static bool is_wanted(const struct run *run, const struct rows_row *row)
{
	return !run->only || row->service == run->only;
}

static int tell_answer(struct run *run, struct pending *pending,
		       const struct explain_answer *answer)
{
	struct rows_row row = {
		.packet = &pending->packet, .answer = answer,
		.has_why = true, .choice = { .why = answer->why },
	};

	if (answer->has_service)
		row.service = report_service(&run->report, &answer->service);
	row.kind = kind_of(run, &pending->packet, answer, &row);
	if (!is_wanted(run, &row)) {
		row.kind = ROWS_OTHER;
		row.hidden = true;
		rows_tell(&run->rows, &row);
		return 0;
	}
	if (answer->has_service &&
	    (row.kind == ROWS_REQUEST || answer->server.number))
		row.choice.server = report_server(&run->report, row.service,
						  answer->server.number,
						  &answer->server);
	if (row.kind == ROWS_REQUEST && !note_request(run, pending, &row))
		return -ENOMEM;
	rows_tell(&run->rows, &row);
	return run->report.failed ? -ENOMEM : 0;
}

/* ---- packets on their way ---- */

static struct pending *first_pending(struct run *run)
{
	return &run->pending[run->head];
}

static void drop_first(struct run *run)
{
	free(first_pending(run)->bytes);
	run->head = (run->head + 1) % PENDING_MAX;
	run->count--;
}

/* Tells of those at the head that wait for nothing. */
static void tell_unasked(struct run *run)
{
	while (run->count && !first_pending(run)->asked) {
		const struct rows_row row = {
			.packet = &first_pending(run)->packet,
			.kind = first_pending(run)->kind,
		};

		rows_tell(&run->rows, &row);
		drop_first(run);
	}
}

static int take_answer(int err, const char *reason,
		       const struct explain_answer *answer, void *arg)
{
	struct run *run = arg;
	struct pending *pending;

	tell_unasked(run);
	pending = first_pending(run);
	if (err == -EAFNOSUPPORT) {
		pending->asked = false;
		pending->kind = ROWS_OTHER;
		err = 0;
	} else if (err) {
		adm_err("--pcap %s, packet %ju: %s", run->order->capture,
			(uintmax_t)pending->packet.number,
			err == -EPERM ?
			"to explain packets takes root, or CAP_NET_ADMIN in the namespace" :
			reason);
	} else {
		err = tell_answer(run, pending, answer);
		if (err)
			adm_err("no memory for all calls and servers");
		drop_first(run);
	}
	tell_unasked(run);
	return err;
}

/* A packet that came in and goes out as it was is one, not two. */
static bool is_copy(struct run *run, const struct capture_packet *packet)
{
	static const struct explain_answer nothing;

	if (!packet->directed || !packet->has_ports)
		return false;
	return !seen_call(&run->incoming, NULL, &nothing, packet,
			  !packet->outgoing) ? false : packet->outgoing;
}

static enum rows_kind kind_unasked(struct run *run,
				   const struct capture_packet *packet,
				   bool *asked)
{
	*asked = false;
	switch (packet->kind) {
	case CAPTURE_NOT_IP:
		return ROWS_SKIPPED;
	case CAPTURE_CUT:
		return ROWS_CUT;
	case CAPTURE_MALFORMED:
		return ROWS_MALFORMED;
	default:
		*asked = !is_copy(run, packet);
		return ROWS_COPY;
	}
}

static int keep_bytes(struct run *run, struct pending *pending)
{
	const struct capture_packet *packet = &pending->packet;

	if (!run->order->changes.count)
		return 0;
	pending->bytes = malloc(packet->len);
	if (!pending->bytes)
		return -ENOMEM;
	memcpy(pending->bytes, packet->data, packet->len);
	return 0;
}

static int take_packet(struct run *run, const struct capture_packet *packet)
{
	struct explain_question question = run->order->question;
	struct pending *pending;
	int err = 0;

	if (run->count == PENDING_MAX)
		err = explain_batch_flush(&run->batch);
	if (err)
		return err;
	pending = &run->pending[(run->head + run->count++) % PENDING_MAX];
	*pending = (struct pending){ .packet = *packet };
	pending->kind = kind_unasked(run, packet, &pending->asked);
	if (!pending->asked) {
		tell_unasked(run);
		return 0;
	}
	err = keep_bytes(run, pending);
	if (err) {
		adm_err("no memory for packet %ju", (uintmax_t)packet->number);
		return err;
	}
	question.packet = packet->data;
	question.packet_len = packet->len;
	return explain_batch_add(&run->batch, &question);
}

/* Packets up to an error of the file are told, too. */
static int ask_all(struct run *run, struct capture *capture)
{
	struct capture_packet packet;
	int got, err = 0;

	while ((got = capture_next(capture, &packet)) > 0 && !err)
		err = take_packet(run, &packet);
	if (!err)
		err = explain_batch_flush(&run->batch);
	while (run->count)
		drop_first(run);
	return err || got < 0 ? ADM_FAILED : ADM_OK;
}

/* ---- what it comes to ---- */

static int tell_calls(struct run *run)
{
	struct seen_call *call;
	int status;

	status = report_calls_begin(&run->report, !run->order->summary);
	if (status)
		return status;
	for (call = run->seen.first; call; call = call->next) {
		char client[NAME_SIZE];
		const struct report_call told = {
			.service = call->service, .key = call->key,
			.key_len = call->key_len,
			.client = name_endpoint(&call->packet.from,
						call->packet.from_port, client,
						sizeof(client)),
			.packets = call->packets, .elsewhere = call->elsewhere,
			.now = call->now, .then = call->then,
		};

		report_call(&run->report, &told);
	}
	return report_calls_end(&run->report);
}

static int tell_sums(struct run *run)
{
	int ended, status;

	status = explain_ask_then(run->order, &run->seen, &run->report);
	ended = tell_calls(run);
	status = status ? status : ended;
	ended = report_servers(&run->report);
	rows_total(&run->rows, &run->report);
	return status ? status : ended;
}

static int tell_all(struct run *run, struct capture *capture)
{
	int ended, status;

	if (explain_batch_begin(&run->batch, &run->order->nl, take_answer,
				run)) {
		adm_err("no memory");
		return ADM_FAILED;
	}
	status = rows_begin(&run->rows, !run->order->summary);
	if (!status) {
		status = ask_all(run, capture);
		ended = rows_end(&run->rows);
		status = status ? status : ended;
		ended = tell_sums(run);
		status = status ? status : ended;
	}
	explain_batch_end(&run->batch);
	return status;
}

static int prepare(struct run *run)
{
	struct explain_order *order = run->order;
	const struct snap_service *only;

	if (snap_all(&order->nl, &order->snap))
		return ADM_FAILED;
	if (order->service) {
		only = snap_find(&order->snap, order->service);
		if (!only)
			return ADM_FAILED;
		run->only = report_service(&run->report, &only->name);
	}
	if (explain_judge_changes(order))
		return ADM_FAILED;
	if (!seen_ends_make(&run->ends, &order->snap) && !run->report.failed)
		return ADM_OK;
	adm_err("no memory for all services and servers");
	return ADM_FAILED;
}

/**
 * explain_do_capture() - tells what becomes of all packets of a capture
 * @order: what the user asked for
 *
 * Return: a status of the program.
 */
int explain_do_capture(struct explain_order *order)
{
	struct capture *capture = capture_open(order->capture);
	struct run *run = calloc(1, sizeof(*run));
	int status = ADM_FAILED;

	if (capture && run) {
		run->order = order;
		seen_init(&run->seen);
		seen_init(&run->incoming);
		report_init(&run->report, true, order->changes.count);
		status = prepare(run);
		if (!status)
			status = tell_all(run, capture);
		seen_free(&run->seen);
		seen_free(&run->incoming);
		seen_ends_free(run->ends);
		report_free(&run->report);
	} else if (capture) {
		adm_err("no memory");
	}
	free(run);
	if (capture)
		capture_close(capture);
	return status;
}
