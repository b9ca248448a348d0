// SPDX-License-Identifier: GPL-2.0-only
/* Changes to a datagram that a SIP parser may stumble over. */
#include "mutate.h"

#include <opvs/pe.h>

#include <linux/minmax.h>
#include <string.h>

#include "../kunit/sip_cases.h"
#include "../kunit/sip_phase_cases.h"

/* A piece of text of known length, zero bytes allowed */
#define PIECE(text)	{ text, sizeof(text) - 1 }

static const struct {
	const char *text;
	size_t len;
} pieces[] = {
	PIECE("\r\n"), PIECE("\r"), PIECE("\n"), PIECE("\r\n\r\n"), PIECE("\n\n"),
	PIECE(" "), PIECE("\t"), PIECE("\r\n "), PIECE("\r\n\t"), PIECE("\n "),
	PIECE(":"), PIECE(" :"), PIECE(": "), PIECE("\t: \t"),
	PIECE("i"), PIECE("I:"), PIECE("\r\ni: "), PIECE("\ni:"), PIECE("\r\n i: "),
	PIECE("Call-ID"), PIECE("call-id:"), PIECE("\r\nCall-ID: "), PIECE("CALL-I"),
	PIECE("\r\nCall-ID:\r\n "), PIECE("\r\nCall-ID\r\n : "), PIECE("\r\nCall-IDx: "),
	PIECE("To: "), PIECE("\r\nt:"), PIECE("\nTO : <"), PIECE("\r\nTo:\r\n "),
	PIECE("\r\nTo: \"a\" <sip:b@x>;tag=1\r\n"), PIECE("<"), PIECE(">"), PIECE("\""),
	PIECE("\\"), PIECE("\\\""), PIECE(";"), PIECE(";tag=1"), PIECE(";tag="), PIECE("tag"),
	PIECE("="), PIECE(" ; TAG\r\n = "), PIECE(";tag;"), PIECE(";xtag=1"), PIECE("t"),
	PIECE("SIP/"), PIECE("ACK "), PIECE("CANCEL\t"), PIECE("INVITE "),
	PIECE("\0"), PIECE("\13"), PIECE("\14"), PIECE("\16"), PIECE("\177"),
	PIECE("\200"), PIECE("\212"), PIECE("\215"), PIECE("\377"), PIECE("@"),
	PIECE(A50), PIECE(A50 A50 A50 A50 A50), PIECE("          \t\t\t    "),
};

/**
 * fuzz_random() - next pseudo-random number (xorshift64*)
 * @state: not zero
 *
 * Return: 64 bits, the same sequence for the same first state.
 */
u64 fuzz_random(u64 *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

/* 0 to @limit - 1; @limit is small, so the bias of the remainder is too */
static size_t below(u64 *state, size_t limit)
{
	return limit ? (fuzz_random(state) >> 16) % limit : 0;
}

/* Put @text in at @at.  What does not fit in @max falls off the end. */
static size_t insert(u8 *data, size_t len, size_t max, size_t at,
		     const void *text, size_t add)
{
	size_t keep;

	if (at > max - add)
		return len;
	keep = min_t(size_t, len - at, max - add - at);
	memmove(data + at + add, data + at, keep);
	memcpy(data + at, text, add);
	return at + add + keep;
}

static size_t insert_piece(u8 *data, size_t len, size_t max, u64 *state)
{
	size_t i = below(state, ARRAY_SIZE(pieces));

	if (pieces[i].len > max)
		return len;
	return insert(data, len, max, below(state, len + 1), pieces[i].text, pieces[i].len);
}

/* A row of either table; its length is at @len. */
static const char *any_row(size_t *len, u64 *state)
{
	size_t i = below(state, ARRAY_SIZE(sip_cases) + ARRAY_SIZE(sip_phase_cases));

	if (i < ARRAY_SIZE(sip_cases)) {
		*len = sip_cases[i].len;
		return sip_cases[i].text;
	}
	i -= ARRAY_SIZE(sip_cases);
	*len = sip_phase_cases[i].len;
	return sip_phase_cases[i].text;
}

static size_t insert_row(u8 *data, size_t len, size_t max, u64 *state)
{
	size_t add;
	const char *row = any_row(&add, state);

	if (add > max)
		return len;
	return insert(data, len, max, below(state, len + 1), row, add);
}

static size_t start_over(u8 *data, size_t len, size_t max, u64 *state)
{
	size_t row_len;
	const char *row = any_row(&row_len, state);

	if (row_len > max)
		return len;
	memcpy(data, row, row_len);
	return row_len;
}

static size_t change_byte(u8 *data, size_t len, size_t max, u64 *state)
{
	(void)max;
	if (len)
		data[below(state, len)] = fuzz_random(state) >> 24;
	return len;
}

static size_t flip_bit(u8 *data, size_t len, size_t max, u64 *state)
{
	(void)max;
	if (len)
		data[below(state, len)] ^= 1 << below(state, 8);
	return len;
}

static size_t remove_range(u8 *data, size_t len, size_t max, u64 *state)
{
	size_t at = below(state, len), gone;

	(void)max;
	gone = min_t(size_t, 1 + below(state, 24), len - at);
	memmove(data + at, data + at + gone, len - at - gone);
	return len - gone;
}

static size_t cut_end(u8 *data, size_t len, size_t max, u64 *state)
{
	(void)data;
	(void)max;
	return below(state, len + 1);
}

/* Fill up in the middle, so that the end comes to lie at or near the scan bound */
static size_t stretch(u8 *data, size_t len, size_t max, u64 *state)
{
	size_t at = below(state, len + 1);
	size_t goal = OPVS_SIP_SCAN_MAX;

	if (below(state, 4))
		goal = goal - 40 + below(state, 80);
	if (goal <= len || goal > max)
		return len;
	memmove(data + at + goal - len, data + at, len - at);
	memset(data + at, 'x', goal - len);
	return goal;
}

/**
 * fuzz_mutate() - change a datagram in one to eight ways
 * @data: the datagram, in a buffer of @max bytes
 * @len: its length, at most @max
 * @max: limit of the result
 * @state: of the random numbers
 *
 * Return: the new length.
 */
size_t fuzz_mutate(u8 *data, size_t len, size_t max, u64 *state)
{
	static size_t (*const ways[])(u8 *data, size_t len, size_t max, u64 *state) = {
		insert_piece, insert_piece, insert_piece, insert_row, start_over,
		change_byte, flip_bit, remove_range, remove_range, cut_end,
	};
	size_t i, times = 1 + below(state, 8);

	for (i = 0; i < times; i++)
		len = ways[below(state, ARRAY_SIZE(ways))](data, len, max, state);
	if (below(state, 64) == 0)
		len = stretch(data, len, max, state);
	return len;
}
