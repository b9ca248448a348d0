// SPDX-License-Identifier: GPL-2.0-only
/* Fuzz target: the SIP engine, as compiled from the module's own source, must
 * say of every datagram and of every head of it what the reference says.
 *
 * This demands at once that a key lies within the datagram, is 1 to 255 bytes
 * long and has no line end in it, that an answer is given as soon as it can be
 * known and not before, and that it does not change when more is shown.  The
 * sanitizers see to it that nothing outside the bytes shown is read.
 */
#include "target.h"

#include <opvs/pe.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../kunit/sip_cases.h"
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

/* Ask the engine about @len bytes in an object of just that size */
static struct answer ask(const u8 *data, size_t len, bool complete)
{
	struct opvs_pe_key key = { NULL, 0 };
	struct answer answer = { 0 };
	u8 *copy = malloc(len);

	if (!copy && len)
		abort();
	if (len)
		memcpy(copy, data, len);
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

static void check_head(const u8 *data, size_t shown, const struct sip_ref *ref)
{
	struct answer want = whole_answer(ref);

	if (shown < ref->known_at)
		want = (struct answer) {
			.verdict = shown < OPVS_SIP_SCAN_MAX ? OPVS_PE_MORE : OPVS_PE_NONE,
		};
	demand("head", shown, ask(data, shown, false), want);
}

/* All heads of a short datagram; of a long one those where the answer turns, and
 * a choice of others that depends on the datagram alone.
 */
static void check_heads(const u8 *data, size_t len, const struct sip_ref *ref)
{
	const size_t turns[] = {
		0, len, ref->known_at - 1, ref->known_at,
		OPVS_SIP_SCAN_MAX - 1, OPVS_SIP_SCAN_MAX, OPVS_SIP_SCAN_MAX + 1,
	};
	u64 state = len + 1;
	size_t i;

	if (len <= 160) {
		for (i = 0; i <= len; i++)
			check_head(data, i, ref);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(turns); i++)
		if (turns[i] <= len)
			check_head(data, turns[i], ref);
	for (i = 0; i < 16; i++)
		check_head(data, fuzz_random(&state) % len, ref);
}

/**
 * fuzz_check() - compare engine and reference on one datagram
 * @data: its bytes
 * @len: its length
 */
void fuzz_check(const u8 *data, size_t len)
{
	struct sip_ref ref = sip_ref_find(data, len);

	demand("datagram", len, ask(data, len, true), whole_answer(&ref));
	check_heads(data, len, &ref);
}

/**
 * fuzz_check_table() - compare both with what was worked out by hand
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
}
