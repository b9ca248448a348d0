// SPDX-License-Identifier: GPL-2.0-only
/* opvsadm explain: where packets would go, and why. */
#include "adm.h"
#include "explain_do.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

enum {
	OPT_CALL_IDS = 256, OPT_RANDOM, OPT_IN_PROGRESS, OPT_MESSAGE, OPT_PCAP,
	OPT_WITHOUT, OPT_WITH, OPT_WEIGHT, OPT_SERVICE, OPT_FROM_HOST, OPT_CPU
};

static int read_number(const char *option, const char *text,
		       unsigned long long least, unsigned long long most,
		       unsigned long long *number)
{
	if (name_parse_number(text, most, number) && *number >= least)
		return ADM_OK;
	return adm_bad_usage("%s takes a number from %llu to %llu, not '%s'",
			     option, least, most, text);
}

static int read_call(struct explain_order *order, const char *text)
{
	if (!*text || strlen(text) > EXPLAIN_KEY_MAX)
		return adm_bad_usage("--call-id takes 1 to %d bytes",
				     EXPLAIN_KEY_MAX);
	order->calls[order->call_count++] = text;
	return ADM_OK;
}

static int read_mark(struct explain_order *order, const char *text)
{
	unsigned long long number;
	int status = read_number("--fwmark", text, 1, UINT32_MAX, &number);

	if (!status)
		order->question.fwmark = number;
	return status;
}

static int read_cpu(struct explain_order *order, const char *text)
{
	unsigned long long number;
	int status = read_number("--cpu", text, 0, 65535, &number);

	if (!status)
		order->question.cpu = number;
	return status;
}

static int read_option(struct explain_order *order, int option, char *text)
{
	switch (option) {
	case 'c':
		return read_call(order, text);
	case OPT_CALL_IDS:
		order->call_file = text;
		return ADM_OK;
	case OPT_RANDOM:
		return read_number("--random", text, 1, 100000000,
				   &order->random);
	case OPT_IN_PROGRESS:
		order->question.later = true;
		return ADM_OK;
	case OPT_MESSAGE:
		order->message_file = text;
		return ADM_OK;
	case OPT_PCAP:
		order->capture = text;
		return ADM_OK;
	case OPT_WITHOUT:
		return explain_read_change(&order->changes,
					   OPVS_CHANGE_KIND_WITHOUT,
					   "--without", text);
	case OPT_WITH:
		return explain_read_change(&order->changes,
					   OPVS_CHANGE_KIND_WITH, "--with",
					   text);
	case OPT_WEIGHT:
		return explain_read_change(&order->changes,
					   OPVS_CHANGE_KIND_WEIGHT, "--weight",
					   text);
	case OPT_SERVICE:
		order->service = text;
		return ADM_OK;
	case OPT_FROM_HOST:
		order->question.from_host = true;
		return ADM_OK;
	case OPT_CPU:
		return read_cpu(order, text);
	case 'm':
		return read_mark(order, text);
	case 's':
		order->summary = true;
		return ADM_OK;
	default:
		return ADM_USAGE;
	}
}

/* PROTOCOL CLIENT[:PORT] VIRTUAL:PORT */
static int read_tuple(struct explain_order *order, char **words)
{
	struct explain_question *question = &order->question;
	int port;

	if (!name_parse_protocol(words[0], &question->protocol))
		return adm_bad_usage("explain takes udp, tcp or sctp, not '%s'",
				     words[0]);
	if (!name_parse_endpoint(words[1], &question->client, &port))
		return adm_bad_usage("explain takes the client as ADDRESS[:PORT], not '%s'",
				     words[1]);
	question->client_port = port < 0 ? 0 : port;
	if (!name_parse_endpoint(words[2], &question->virtual, &port) ||
	    port < 0)
		return adm_bad_usage("explain takes where to as ADDRESS:PORT, not '%s'",
				     words[2]);
	question->virtual_port = port;
	if (question->client.family != question->virtual.family)
		return adm_bad_usage("%s and %s are of different families",
				     words[1], words[2]);
	order->has_tuple = true;
	return ADM_OK;
}

static int read_words(struct explain_order *order, int count, char **words)
{
	if (count == 3)
		return read_tuple(order, words);
	if (count == 1 && !order->service) {
		order->service = words[0];
		return ADM_OK;
	}
	if (!count)
		return ADM_OK;
	return adm_bad_usage("explain takes a service, or udp CLIENT[:PORT] VIRTUAL:PORT");
}

/* What a capture has itself. */
static int judge_capture(const struct explain_order *order)
{
	if (order->has_tuple || order->call_count || order->call_file ||
	    order->random || order->message_file || order->question.later)
		return adm_bad_usage("--pcap goes without addresses, Call-IDs and --message");
	return ADM_OK;
}

static bool has_many(const struct explain_order *order)
{
	return order->call_file || order->random || order->call_count > 1;
}

static int judge(struct explain_order *order)
{
	bool key = order->call_count || has_many(order);

	if (order->capture)
		return judge_capture(order);
	if (!order->has_tuple && !order->service)
		return adm_bad_usage("explain what? udp CLIENT VIRTUAL:PORT, or --pcap FILE");
	if (order->has_tuple && order->service)
		return adm_bad_usage("--service goes with --pcap; where to says which service");
	if (key && order->message_file)
		return adm_bad_usage("--message has a Call-ID; it goes without others");
	if (order->has_tuple && order->question.protocol != IPPROTO_UDP &&
	    (key || order->message_file))
		return adm_bad_usage("Call-IDs and --message are for udp");
	/* Nothing in particular, so that many stand for all. */
	if (!order->has_tuple && !order->message_file && !key) {
		if (!order->changes.count)
			return adm_bad_usage("%s: which packet? Give --call-id or --message",
					     order->service);
		order->random = EXPLAIN_RANDOM;
		key = true;
	}
	if (order->question.later && !key)
		return adm_bad_usage("--in-progress says something about Call-IDs");
	return ADM_OK;
}

static int read_order(struct explain_order *order, int argc, char **argv)
{
	static const struct option options[] = {
		{ "call-id", required_argument, NULL, 'c' },
		{ "call-ids", required_argument, NULL, OPT_CALL_IDS },
		{ "random", required_argument, NULL, OPT_RANDOM },
		{ "in-progress", no_argument, NULL, OPT_IN_PROGRESS },
		{ "message", required_argument, NULL, OPT_MESSAGE },
		{ "pcap", required_argument, NULL, OPT_PCAP },
		{ "without", required_argument, NULL, OPT_WITHOUT },
		{ "with", required_argument, NULL, OPT_WITH },
		{ "weight", required_argument, NULL, OPT_WEIGHT },
		{ "service", required_argument, NULL, OPT_SERVICE },
		{ "from-host", no_argument, NULL, OPT_FROM_HOST },
		{ "cpu", required_argument, NULL, OPT_CPU },
		{ "fwmark", required_argument, NULL, 'm' },
		{ "summary", no_argument, NULL, 's' },
		{ }
	};
	int option, status;

	/* Options may stand anywhere, other than in front of the command. */
	optind = 0;
	while ((option = getopt_long(argc, argv, "c:m:s", options,
				     NULL)) != -1) {
		status = read_option(order, option, optarg);
		if (status)
			return status;
	}
	status = read_words(order, argc - optind, argv + optind);
	return status ? status : judge(order);
}

static int run(struct explain_order *order)
{
	int status;

	if (adm_open(&order->nl, OPVS_GENL_NAME))
		return ADM_FAILED;
	if (order->capture)
		status = explain_do_capture(order);
	else if (has_many(order))
		status = explain_do_calls(order);
	else
		status = explain_do_one(order);
	snap_free(&order->snap);
	adm_close(&order->nl);
	return status;
}

/**
 * cmd_explain() - tells where packets would go, and why
 * @argc: number of arguments
 * @argv: the command and its arguments
 *
 * Return: a status of the program.
 */
int cmd_explain(int argc, char **argv)
{
	struct explain_order *order = calloc(1, sizeof(*order));
	int status = ADM_FAILED;

	if (order)
		order->calls = calloc(argc, sizeof(*order->calls));
	if (order && order->calls) {
		order->question.cpu = -1;
		status = read_order(order, argc, argv);
		if (!status)
			status = run(order);
	} else {
		adm_err("no memory");
	}
	if (order)
		free(order->calls);
	free(order);
	return status;
}
