// SPDX-License-Identifier: GPL-2.0-only
/* Fuzz target: the SIP engine, as compiled from the module's own source, must
 * say of every datagram and of every head of it what the reference says.
 *
 * This demands at once that a key lies within the datagram, is 1 to 255 bytes
 * long and has no line end in it, that an answer is given as soon as it can be
 * known and not before, and that it does not change when more is shown; and the
 * same of the answer to whether the datagram may begin a session.  The
 * sanitizers see to it that nothing outside the bytes shown is read.
 */
#include "target.h"

#include <opvs/pe.h>
#include <opvs/sip_kind.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../kunit/sip_cases.h"
#include "../kunit/sip_phase_cases.h"
#include "mutate.h"
#include "sip_ref.h"

struct answer {
	enum opvs_pe_verdict verdict;
	size_t at;
	size_t len;
};

static const char *const verdict_names[] = {
	[OPVS_PE_KEY] = "KEY",
	[OPVS_PE_NONE] = "NONE",
	[OPVS_PE_MORE] = "MORE",
};

static const char *const phase_names[] = {
	[OPVS_PE_LATER] = "LATER",
	[OPVS_PE_FIRST] = "FIRST",
	[OPVS_PE_UNSURE] = "UNSURE",
};

/* The bytes in an object of just their size */
static u8 *exact_copy(const u8 *data, size_t len)
{
	u8 *copy = malloc(len);

	if (!copy && len)
		abort();
	if (len)
		memcpy(copy, data, len);
	return copy;
}

static struct answer ask(const u8 *data, size_t len, bool complete)
{
	struct opvs_pe_key key = { NULL, 0 };
	struct answer answer = { 0 };
	u8 *copy = exact_copy(data, len);

	answer.verdict = opvs_pe_sip.find(copy, len, complete, &key);
	if (key.data) {
		answer.at = key.data - copy;
		answer.len = key.len;
	}
	free(copy);
	return answer;
}

static void demand(const char *what, size_t shown, struct answer got,
		   struct answer want)
{
	if (got.verdict == want.verdict && got.at == want.at && got.len == want.len)
		return;
	fprintf(stderr, "finding: %s of %zu bytes: got %s %zu+%zu, want %s %zu+%zu\n",
		what, shown, verdict_names[got.verdict], got.at, got.len,
		verdict_names[want.verdict], want.at, want.len);
	abort();
}

static void demand_phase(const u8 *data, size_t len, bool complete,
			 enum opvs_pe_phase want)
{
	u8 *copy = exact_copy(data, len);
	enum opvs_pe_phase got = opvs_pe_sip.phase(copy, len, complete);

	free(copy);
	if (got == want)
		return;
	fprintf(stderr, "finding: %s of %zu bytes: got %s, want %s\n",
		complete ? "datagram" : "head", len, phase_names[got],
		phase_names[want]);
	abort();
}

static struct answer whole_answer(const struct sip_ref *ref)
{
	struct answer want = { .verdict = OPVS_PE_NONE };

	if (ref->found) {
		want.verdict = OPVS_PE_KEY;
		want.at = ref->at;
		want.len = ref->len;
	}
	return want;
}

static enum opvs_pe_phase whole_phase(const struct sip_ref_phase *ref)
{
	return ref->first ? OPVS_PE_FIRST : OPVS_PE_LATER;
}

/* What both opinions on a datagram are */
struct opinion {
	struct sip_ref find;
	struct sip_ref_phase phase;
};

static void check_phase_of_head(const u8 *data, size_t shown,
				const struct sip_ref_phase *ref)
{
	if (shown < ref->known_at && shown < OPVS_SIP_SCAN_MAX)
		demand_phase(data, shown, false, OPVS_PE_UNSURE);
	else
		demand_phase(data, shown, false, whole_phase(ref));
}

static void check_head(const u8 *data, size_t shown, const struct opinion *opinion)
{
	const struct sip_ref *ref = &opinion->find;
	struct answer want = whole_answer(ref);

	if (shown < ref->known_at)
		want = (struct answer) {
			.verdict = shown < OPVS_SIP_SCAN_MAX ? OPVS_PE_MORE : OPVS_PE_NONE,
		};
	demand("head", shown, ask(data, shown, false), want);
	check_phase_of_head(data, shown, &opinion->phase);
}

/* All heads of a short datagram; of a long one those where the answer turns, and
 * a choice of others that depends on the datagram alone.
 */
static void check_heads(const u8 *data, size_t len, const struct opinion *opinion)
{
	const size_t turns[] = {
		0, len, opinion->find.known_at - 1, opinion->find.known_at,
		opinion->phase.known_at - 1, opinion->phase.known_at,
		OPVS_SIP_SCAN_MAX - 1, OPVS_SIP_SCAN_MAX, OPVS_SIP_SCAN_MAX + 1,
	};
	u64 state = len + 1;
	size_t i;

	if (len <= 160) {
		for (i = 0; i <= len; i++)
			check_head(data, i, opinion);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(turns); i++)
		if (turns[i] <= len)
			check_head(data, turns[i], opinion);
	for (i = 0; i < 16; i++)
		check_head(data, fuzz_random(&state) % len, opinion);
}

/* A response asks for nothing, if its start line is in view. */
static void check_role(const u8 *data, size_t len)
{
	size_t shown = len < OPVS_PE_ROLE_BYTES ? len : OPVS_PE_ROLE_BYTES, eols = 0;
	u8 *copy = exact_copy(data, shown);
	enum opvs_pe_role role = opvs_pe_sip.role(copy, shown);

	while (eols < shown && (copy[eols] == '\r' || copy[eols] == '\n'))
		eols++;
	free(copy);
	if (role == OPVS_PE_ANSWER || shown - eols < 4 ||
	    strncasecmp((const char *)data + eols, "sip/", 4))
		return;
	fprintf(stderr, "finding: a response is taken for a request\n");
	abort();
}

static void demand_kind(const char *what, size_t len, int got, int want)
{
	if (got == want)
		return;
	fprintf(stderr, "finding: %s, %zu bytes: got kind %d, want %d\n", what,
		len, got, want);
	abort();
}

/* Of every head that is shown: of which kind it is as a request, as an answer. */
static void check_kind(const u8 *data, size_t len)
{
	size_t shown = len < OPVS_SIP_KIND_BYTES ? len : OPVS_SIP_KIND_BYTES;
	int class;
	u8 *copy;

	for (;; shown--) {
		copy = exact_copy(data, shown);
		demand_kind("request", shown, opvs_sip_request(copy, shown),
			    sip_ref_request(copy, shown));
		class = sip_ref_answer(copy, shown);
		demand_kind("answer", shown, opvs_sip_answer(copy, shown),
			    class ? OPVS_SIP_1XX + class - 1 : OPVS_SIP_NONE);
		free(copy);
		if (!shown)
			break;
	}
}

/**
 * fuzz_check() - compare engine and reference on one datagram
 * @data: its bytes
 * @len: its length
 */
void fuzz_check(const u8 *data, size_t len)
{
	const struct opinion opinion = {
		.find = sip_ref_find(data, len),
		.phase = sip_ref_phase(data, len),
	};

	demand("datagram", len, ask(data, len, true), whole_answer(&opinion.find));
	demand_phase(data, len, true, whole_phase(&opinion.phase));
	check_heads(data, len, &opinion);
	check_role(data, len);
	check_kind(data, len);
}

static void check_phase_table(void)
{
	const struct sip_phase_case *row = sip_phase_cases;
	struct sip_ref_phase ref;

	for (; row < sip_phase_cases + ARRAY_SIZE(sip_phase_cases); row++) {
		ref = sip_ref_phase((const u8 *)row->text, row->len);
		if (whole_phase(&ref) != row->phase) {
			fprintf(stderr, "finding: reference and phase row \"%s\"\n",
				row->name);
			abort();
		}
		fuzz_check((const u8 *)row->text, row->len);
	}
}

/**
 * fuzz_check_table() - compare engine and reference with what was worked out by
 * hand
 */
void fuzz_check_table(void)
{
	const struct sip_case *row;
	struct sip_ref ref;

	for (row = sip_cases; row < sip_cases + ARRAY_SIZE(sip_cases); row++) {
		ref = sip_ref_find((const u8 *)row->text, row->len);
		if (ref.found != !!row->key || ref.len != row->key_len ||
		    (row->key && memcmp(row->text + ref.at, row->key, ref.len))) {
			fprintf(stderr, "finding: reference and table row \"%s\"\n",
				row->name);
			abort();
		}
		fuzz_check((const u8 *)row->text, row->len);
	}
	check_phase_table();
}
