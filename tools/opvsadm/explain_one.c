// SPDX-License-Identifier: GPL-2.0-only
/* What becomes of one packet, with all that is known about it. */
#include "explain_do.h"

#include "adm.h"
#include "out.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <netinet/in.h>

/* A datagram is no longer. */

static const char *state_of(const struct explain_server *server)
{
	if (server->overloaded)
		return "overloaded";
	if (!server->weight)
		return "weight 0";
	return server->available ? "available" : "not available";
}

/* ---- for programs ---- */

static struct json_object *text_json(const char *text)
{
	return text && *text ? json_object_new_string(text) : NULL;
}

static struct json_object *server_json(const struct explain_server *server)
{
	struct json_object *object = json_object_new_object();
	char name[NAME_SIZE];

	json_object_object_add(object, "server",
			       text_json(explain_server_text(server, name)));
	json_object_object_add(object, "weight",
			       json_object_new_uint64(server->weight));
	json_object_object_add(object, "state", text_json(state_of(server)));
	json_object_object_add(object, "load", server->has_load ?
			       json_object_new_uint64(server->load) : NULL);
	json_object_object_add(object, "active",
			       json_object_new_uint64(server->active));
	json_object_object_add(object, "inactive",
			       json_object_new_uint64(server->inactive));
	return object;
}

static struct json_object *candidates_json(const struct explain_answer *answer)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; i < answer->count; i++)
		json_object_array_add(list, server_json(&answer->candidates[i]));
	return list;
}

static void add_hash(struct json_object *object,
		     const struct explain_answer *answer)
{
	char name[NAME_SIZE];

	json_object_object_add(object, "owner",
			       text_json(explain_server_text(&answer->owner,
							     name)));
	json_object_object_add(object, "slot", answer->slots ?
			       json_object_new_uint64(answer->slot) : NULL);
	json_object_object_add(object, "slots", answer->slots ?
			       json_object_new_uint64(answer->slots) : NULL);
}

static struct json_object *answer_json(const struct explain_answer *answer)
{
	struct json_object *object = json_object_new_object();
	char text[EXPLAIN_KEY_TEXT], name[NAME_SIZE];

	json_object_object_add(object, "service", answer->has_service ?
		text_json(name_service_text(&answer->service, name,
					    sizeof(name))) : NULL);
	json_object_object_add(object, "scheduler", text_json(answer->sched));
	json_object_object_add(object, "engine", text_json(answer->engine));
	json_object_object_add(object, "call", answer->key_len ?
		text_json(explain_key_text(answer->key, answer->key_len, text)) :
		NULL);
	json_object_object_add(object, "server",
			       text_json(explain_server_text(&answer->server,
							     name)));
	json_object_object_add(object, "why",
			       text_json(explain_why(answer->why)));
	json_object_object_add(object, "verdict", text_json(answer->verdict));
	add_hash(object, answer);
	json_object_object_add(object, "begins",
			       json_object_new_boolean(answer->begins));
	json_object_object_add(object, "remembered",
			       json_object_new_boolean(answer->remembered));
	json_object_object_add(object, "turn", answer->has_turn ?
			       json_object_new_uint64(answer->turn) : NULL);
	json_object_object_add(object, "unsure",
			       json_object_new_boolean(answer->unsure));
	json_object_object_add(object, "local",
			       json_object_new_boolean(answer->local));
	json_object_object_add(object, "candidates", candidates_json(answer));
	return object;
}

static int print_json(const struct explain_answer *now,
		      const struct explain_answer *then)
{
	struct json_object *object = answer_json(now);

	json_object_object_add(object, "then", then ? answer_json(then) : NULL);
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
	return ADM_OK;
}

/* ---- for people ---- */

enum {
	COL_SERVER, COL_WEIGHT, COL_LOAD, COL_ACTIVE, COL_INACTIVE, COL_STATE,
	COL_COUNT
};

static const struct out_column columns[COL_COUNT] = {
	[COL_SERVER]	= { .key = "server", .title = "SERVER" },
	[COL_WEIGHT]	= { .key = "weight", .title = "WEIGHT", .number = true },
	[COL_LOAD]	= { .key = "load", .title = "LOAD", .number = true },
	[COL_ACTIVE]	= { .key = "active", .title = "ACTIVE", .number = true },
	[COL_INACTIVE]	= { .key = "inactive", .title = "INACT",
			    .number = true },
	[COL_STATE]	= { .key = "state", .title = "STATE" },
};

static int print_candidates(const struct explain_answer *answer)
{
	char name[NAME_SIZE];
	struct out out;
	size_t i;

	if (!answer->count)
		return ADM_OK;
	putchar('\n');
	if (out_begin(&out, columns, COL_COUNT))
		return ADM_FAILED;
	for (i = 0; i < answer->count; i++) {
		const struct explain_server *server = &answer->candidates[i];

		out_row(&out);
		out_text(&out, COL_SERVER, explain_server_text(server, name));
		out_number(&out, COL_WEIGHT, server->weight);
		if (server->has_load)
			out_number(&out, COL_LOAD, server->load);
		else
			out_text(&out, COL_LOAD, "-");
		out_number(&out, COL_ACTIVE, server->active);
		out_number(&out, COL_INACTIVE, server->inactive);
		out_text(&out, COL_STATE, state_of(server));
	}
	return out_end(&out);
}

static void print_service(const struct explain_answer *answer)
{
	char name[NAME_SIZE];

	if (!answer->has_service)
		return;
	printf("service   %s, scheduler %s%s%s\n",
	       name_service_text(&answer->service, name, sizeof(name)),
	       answer->sched, answer->engine[0] ? ", engine " : "",
	       answer->engine);
}

static void print_also(const struct explain_answer *answer)
{
	if (answer->has_turn)
		printf("turn      that of CPU %u, which is not taken\n",
		       answer->turn);
	if (answer->begins)
		puts("begins    a call or connection, as far as can be told");
	if (answer->remembered)
		puts("leaves    an entry that remembers the server");
	if (answer->unsure)
		puts("unsure    an equal packet may fare otherwise");
	if (answer->has_service && !answer->local &&
	    answer->why == OPVS_WHY_NOT_LOCAL)
		puts("remedy    give the address to this host: 'ip addr add', or VRRP");
}

static void print_answer(const struct explain_answer *answer)
{
	char text[EXPLAIN_KEY_TEXT], name[NAME_SIZE];

	print_service(answer);
	if (answer->key_len)
		printf("call      %s\n",
		       explain_key_text(answer->key, answer->key_len, text));
	printf("server    %s\n", answer->server.number ?
	       explain_server_text(&answer->server, name) : "none");
	printf("why       %s: %s\n", explain_why(answer->why),
	       explain_why_text(answer->why));
	if (answer->verdict[0])
		printf("verdict   %s\n", answer->verdict);
	if (answer->slots)
		printf("hash      slot %u of %u, whose owner is %s\n",
		       answer->slot, answer->slots, answer->owner.number ?
		       explain_server_text(&answer->owner, name) : "nobody");
	else if (answer->owner.number)
		printf("hash      its owner is %s\n",
		       explain_server_text(&answer->owner, name));
	print_also(answer);
}

static int print_text(const struct explain_answer *now,
		      const struct explain_answer *then)
{
	print_answer(now);
	if (!then)
		return print_candidates(now);
	puts("\nWith the changes:");
	print_answer(then);
	return print_candidates(then);
}

/* ---- asking ---- */

static int ask(struct explain_order *order,
	       const struct explain_changes *changes)
{
	struct explain_answer now, then = { 0 };
	int err, status;

	order->question.changes = NULL;
	err = explain_one(&order->nl, &order->question, true, &now);
	if (!err && changes->count) {
		order->question.changes = changes;
		err = explain_one(&order->nl, &order->question, true, &then);
	}
	if (err)
		status = explain_failed(order, err);
	else
		status = (adm_opt.json ? print_json : print_text)
			(&now, changes->count ? &then : NULL);
	explain_answer_free(&now);
	explain_answer_free(&then);
	return status;
}

static int put_key(struct explain_order *order,
		   const struct snap_service *service)
{
	struct explain_question *question = &order->question;
	char name[NAME_SIZE];

	if (question->payload && question->protocol != IPPROTO_UDP) {
		adm_err("--message: %s takes no datagrams; name a service of UDP",
			name_service_text(&service->name, name, sizeof(name)));
		return ADM_FAILED;
	}
	if (!order->call_count)
		return ADM_OK;
	if (!service->engine[0]) {
		adm_err("--call-id: %s has no persistence engine that would look for one; 'ipvsadm -E ... --pe sip' gives it one",
			name_service_text(&service->name, name, sizeof(name)));
		return ADM_FAILED;
	}
	question->key = order->calls[0];
	question->key_len = strlen(order->calls[0]);
	return ADM_OK;
}

/**
 * explain_do_one() - tells all about one packet
 * @order: what the user asked for
 *
 * Return: a status of the program.
 */
int explain_do_one(struct explain_order *order)
{
	struct explain_changes changes = { .count = 0 };
	const struct snap_service *service = NULL;
	char *message = NULL;
	int status = ADM_OK;

	if (order->message_file) {
		message = explain_read_file("--message", order->message_file,
					    EXPLAIN_DATA_MAX,
					    &order->question.payload_len);
		if (!message)
			return ADM_FAILED;
		order->question.payload = message;
	}
	if (order->service || order->call_count || order->changes.count)
		status = explain_service(order, &service);
	if (!status && service)
		status = put_key(order, service);
	if (!status && service)
		status = explain_fit_changes(&order->changes, service, &changes);
	if (!status)
		status = ask(order, &changes);
	free(message);
	return status;
}
