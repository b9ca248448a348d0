// SPDX-License-Identifier: GPL-2.0-only
/* The table of a capture's packets, and how many there were of which kind. */
#include "explain_rows.h"

#include "adm.h"

#include <stdio.h>
#include <string.h>

#include <json-c/json.h>
#include <netinet/in.h>

enum {
	COL_NUMBER, COL_TIME, COL_PROTOCOL, COL_FROM, COL_TO, COL_MESSAGE,
	COL_KIND, COL_SERVICE, COL_SERVER, COL_WHY, COL_FOLLOWS, COL_VERDICT,
	COL_CALL, COL_COUNT
};

static const struct out_column columns[COL_COUNT] = {
	[COL_NUMBER]	= { .key = "packet", .title = "NO", .number = true },
	[COL_TIME]	= { .key = "time", .title = "TIME", .number = true },
	[COL_PROTOCOL]	= { .key = "protocol", .title = "PROTO" },
	[COL_FROM]	= { .key = "from", .title = "FROM" },
	[COL_TO]	= { .key = "to", .title = "TO" },
	[COL_MESSAGE]	= { .key = "message", .title = "SIP" },
	[COL_KIND]	= { .key = "kind", .title = "KIND" },
	[COL_SERVICE]	= { .key = "service" },
	[COL_SERVER]	= { .key = "server", .title = "SERVER" },
	[COL_WHY]	= { .key = "why", .title = "WHY" },
	[COL_FOLLOWS]	= { .key = "follows" },
	[COL_VERDICT]	= { .key = "verdict" },
	[COL_CALL]	= { .key = "call", .title = "CALL" },
};

static const struct {
	const char	*name;
	const char	*many;	/* in sentences */
} kinds[ROWS_KINDS] = {
	[ROWS_REQUEST]		= { "request", "requests" },
	[ROWS_REPLY]		= { "reply", "replies" },
	[ROWS_FORWARDED]	= { "forwarded", "forwarded" },
	[ROWS_ANSWER]		= { "answer", "answers" },
	[ROWS_COPY]		= { "copy", "copies" },
	[ROWS_FRAGMENT]		= { "fragment", "fragments" },
	[ROWS_CUT]		= { "cut", "cut" },
	[ROWS_MALFORMED]	= { "malformed", "malformed" },
	[ROWS_OTHER]		= { "other", "other" },
	[ROWS_SKIPPED]		= { "skipped", "not IP" },
};

/**
 * rows_begin() - begins the table of packets
 * @rows: what is made
 * @shown: it is wanted; else it is empty, and packets are only counted
 *
 * Return: a status of the program.
 */
int rows_begin(struct rows *rows, bool shown)
{
	memset(rows, 0, sizeof(*rows));
	rows->shown = shown;
	if (adm_opt.json)
		printf("{\"packets\":%s", shown ? "" : "[]\n");
	return shown && out_begin(&rows->out, columns, COL_COUNT) ? ADM_FAILED :
								    ADM_OK;
}

static void show_end(struct out *out, size_t column,
		     const struct name_addr *addr, bool has_port, uint16_t port)
{
	char text[NAME_SIZE];

	if (!addr->family)
		out_text(out, column, NULL);
	else if (has_port)
		out_text(out, column, name_endpoint(addr, port, text,
						    sizeof(text)));
	else
		out_text(out, column, name_addr_text(addr, text, sizeof(text)));
}

static void show_time(struct rows *rows, const struct timeval *time)
{
	struct timeval since;
	char text[48];

	if (adm_opt.json) {
		snprintf(text, sizeof(text), "%jd.%06ld", (intmax_t)time->tv_sec,
			 (long)time->tv_usec);
		out_json(&rows->out, COL_TIME,
			 json_object_new_double_s(time->tv_sec, text), NULL);
		return;
	}
	timersub(time, &rows->first, &since);
	snprintf(text, sizeof(text), "%jd.%06ld", (intmax_t)since.tv_sec,
		 (long)since.tv_usec);
	out_text(&rows->out, COL_TIME, text);
}

static const char *protocol_of(const struct capture_packet *packet, char *text,
			       size_t size)
{
	if (packet->protocol == IPPROTO_ICMP)
		return "icmp";
	if (packet->protocol == IPPROTO_ICMPV6)
		return "icmp6";
	return name_protocol(packet->protocol, text, size);
}

static void show_packet(struct rows *rows, const struct capture_packet *packet)
{
	struct out *out = &rows->out;
	char text[8];

	out_number(out, COL_NUMBER, packet->number);
	show_time(rows, &packet->time);
	out_text(out, COL_PROTOCOL, packet->from.family ?
		 protocol_of(packet, text, sizeof(text)) : NULL);
	show_end(out, COL_FROM, &packet->from, packet->has_ports,
		 packet->from_port);
	show_end(out, COL_TO, &packet->to, packet->has_ports, packet->to_port);
	out_text(out, COL_MESSAGE, packet->word[0] ? packet->word : NULL);
}

static void show_why(struct out *out, const struct rows_row *row)
{
	char text[40];

	if (row->follows && !adm_opt.json) {
		snprintf(text, sizeof(text), "follows %ju",
			 (uintmax_t)row->follows);
		out_text(out, COL_WHY, text);
	} else {
		out_text(out, COL_WHY, row->follows ? "follows" :
			 row->has_why ? explain_why(row->choice.why) : NULL);
	}
	if (row->follows)
		out_number(out, COL_FOLLOWS, row->follows);
	else
		out_text(out, COL_FOLLOWS, NULL);
}

static void show(struct rows *rows, const struct rows_row *row)
{
	const struct report_server *server = row->choice.server;
	const struct explain_answer *answer = row->answer;
	char text[EXPLAIN_KEY_TEXT];
	struct out *out = &rows->out;

	out_row(out);
	show_packet(rows, row->packet);
	out_text(out, COL_KIND, kinds[row->kind].name);
	out_text(out, COL_SERVICE, row->service ? row->service->name : NULL);
	out_text(out, COL_SERVER, server && server->number ? server->name :
								   NULL);
	show_why(out, row);
	out_text(out, COL_VERDICT, answer && answer->verdict[0] ?
		 answer->verdict : NULL);
	out_text(out, COL_CALL, answer && answer->key_len ?
		 explain_key_text(answer->key, answer->key_len, text) : NULL);
}

/**
 * rows_tell() - counts a packet, and tells of it
 * @rows: the table
 * @row: what is known of it
 */
void rows_tell(struct rows *rows, const struct rows_row *row)
{
	if (!rows->packets++)
		rows->first = row->packet->time;
	rows->count[row->kind]++;
	if (rows->shown && !row->hidden && row->kind != ROWS_SKIPPED)
		show(rows, row);
}

/**
 * rows_end() - ends the table
 * @rows: the table
 *
 * Return: a status of the program.
 */
int rows_end(struct rows *rows)
{
	int status;

	if (!rows->shown)
		return ADM_OK;
	status = out_end(&rows->out);
	if (!adm_opt.json && rows->out.rows)
		putchar('\n');
	return status;
}

static void total_json(const struct rows *rows, const struct report *report)
{
	int i;

	printf(",\"total\":{\"packets\":%ju", (uintmax_t)rows->packets);
	for (i = 0; i < ROWS_KINDS; i++)
		printf(",\"%s\":%ju", kinds[i].name,
		       (uintmax_t)rows->count[i]);
	printf(",\"calls\":%ju,\"varying\":%ju,\"split\":%ju",
	       (uintmax_t)report->calls, (uintmax_t)report->varying,
	       (uintmax_t)report->split);
	if (report->has_then)
		printf(",\"moved\":%ju}}\n", (uintmax_t)report->moved);
	else
		puts(",\"moved\":null}}");
}

/**
 * rows_total() - tells how many packets and calls there were
 * @rows: the packets
 * @report: the calls
 */
void rows_total(const struct rows *rows, const struct report *report)
{
	const char *between = ": ";
	int i;

	if (adm_opt.json) {
		total_json(rows, report);
		return;
	}
	printf("%s%ju packets", report->first ? "\n" : "",
	       (uintmax_t)rows->packets);
	for (i = 0; i < ROWS_KINDS; i++) {
		if (!rows->count[i])
			continue;
		printf("%s%ju %s", between, (uintmax_t)rows->count[i],
		       kinds[i].many);
		between = ", ";
	}
	printf(".\n%ju calls or clients", (uintmax_t)report->calls);
	if (report->split)
		printf(", %ju with packets for several servers",
		       (uintmax_t)report->split);
	if (report->varying)
		printf(", %ju given by turn, load or lot, each as if it came next",
		       (uintmax_t)report->varying);
	if (report->has_then)
		printf(", %ju would move", (uintmax_t)report->moved);
	puts(".");
}
