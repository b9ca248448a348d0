// SPDX-License-Identifier: GPL-2.0-only
/* The rules of the SIP engine once more, for comparison: byte by byte, one line
 * after the other, no cleverness.  It sees whole datagrams only.
 */
#include "sip_ref.h"

#include <opvs/pe.h>

#include <string.h>

static bool is_eol(u8 c)
{
	return c == '\r' || c == '\n';
}

static bool is_blank(u8 c)
{
	return c == ' ' || c == '\t';
}

/* Offset of the line after the one at @at */
static size_t line_after(const u8 *text, size_t len, size_t at)
{
	while (at < len && !is_eol(text[at]))
		at++;
	if (at + 1 < len && text[at] == '\r' && text[at + 1] == '\n')
		return at + 2;
	return at < len ? at + 1 : len;
}

/* Offset of the header after the one at @at: continuation lines belong to it */
static size_t header_after(const u8 *text, size_t len, size_t at)
{
	do {
		at = line_after(text, len, at);
	} while (at < len && is_blank(text[at]));
	return at;
}

static size_t skip_space(const u8 *text, size_t stop, size_t at)
{
	while (at < stop && (is_blank(text[at]) || is_eol(text[at])))
		at++;
	return at;
}

static bool is_call_id(const u8 *name, size_t len)
{
	return (len == 1 && !strncasecmp((const char *)name, "i", 1)) ||
	       (len == 7 && !strncasecmp((const char *)name, "call-id", 7));
}

/* The end of the name of the header at @at */
static size_t name_end(const u8 *text, size_t stop, size_t at)
{
	while (at < stop && !is_blank(text[at]) && !is_eol(text[at]) && text[at] != ':')
		at++;
	return at;
}

/* Look at one header, @start to @stop with all its continuation lines */
static bool read_header(const u8 *text, size_t start, size_t stop, struct sip_ref *ref)
{
	size_t at = name_end(text, stop, start), end;

	if (!is_call_id(text + start, at - start))
		return false;
	at = skip_space(text, stop, at);
	if (at == stop || text[at] != ':')
		return false;
	at = skip_space(text, stop, at + 1);
	for (end = at; end < stop && !is_eol(text[end]); end++)
		;
	ref->known_at = end < stop ? end + 1 : SIP_REF_NEVER;
	while (end > at && is_blank(text[end - 1]))
		end--;
	ref->at = at;
	ref->len = end - at > OPVS_PE_KEY_MAX ? OPVS_PE_KEY_MAX : end - at;
	return end > at;
}

/* Look through the first @len bytes of a datagram */
static struct sip_ref find(const u8 *text, size_t len)
{
	const struct sip_ref none = { .known_at = SIP_REF_NEVER };
	struct sip_ref ref = none;
	size_t at = 0, next;

	while (at < len && is_eol(text[at]))
		at++;
	if (at < len && (text[at] <= 32 || text[at] >= 127)) {
		ref.known_at = at + 1;
		return ref;
	}
	for (at = header_after(text, len, at); at < len; at = next) {
		if (is_eol(text[at])) {
			ref.known_at = at + 1;
			return ref;
		}
		next = header_after(text, len, at);
		ref.found = read_header(text, at, next, &ref);
		if (ref.found)
			return ref;
		ref = none;
	}
	return ref;
}

/**
 * sip_ref_find() - find the Call-ID of a datagram
 * @text: the datagram
 * @len: its length
 *
 * Return: what was found; of a datagram longer than OPVS_SIP_SCAN_MAX only what
 * a reader of that many bytes can be sure of.
 */
struct sip_ref sip_ref_find(const u8 *text, size_t len)
{
	const struct sip_ref none = { .known_at = SIP_REF_NEVER };
	struct sip_ref ref;

	if (len <= OPVS_SIP_SCAN_MAX)
		return find(text, len);
	ref = find(text, OPVS_SIP_SCAN_MAX);
	return ref.known_at == SIP_REF_NEVER ? none : ref;
}

static bool is_to(const u8 *name, size_t len)
{
	return (len == 1 && !strncasecmp((const char *)name, "t", 1)) ||
	       (len == 2 && !strncasecmp((const char *)name, "to", 2));
}

/* The position of a reader of an address header */
enum place {
	IN_TEXT,
	IN_QUOTES,
	IN_QUOTES_ESCAPED,
	IN_BRACKETS,
	AFTER_SEMICOLON,
	AFTER_T,
	AFTER_TA,
	AFTER_TAG,
	AFTER_EQUALS,
	AT_VALUE,
};

static enum place step_in_text(u8 c)
{
	switch (c) {
	case '"':
		return IN_QUOTES;
	case '<':
		return IN_BRACKETS;
	case ';':
		return AFTER_SEMICOLON;
	default:
		return IN_TEXT;
	}
}

/* One byte of an address header */
static enum place step(enum place place, u8 c)
{
	const bool space = is_blank(c) || is_eol(c);
	const u8 small = c >= 'A' && c <= 'Z' ? c + 32 : c;

	switch (place) {
	case IN_QUOTES:
		return c == '"' ? IN_TEXT : c == '\\' ? IN_QUOTES_ESCAPED : IN_QUOTES;
	case IN_QUOTES_ESCAPED:
		return IN_QUOTES;
	case IN_BRACKETS:
		return c == '>' ? IN_TEXT : IN_BRACKETS;
	case AFTER_SEMICOLON:
		return space ? place : small == 't' ? AFTER_T : step_in_text(c);
	case AFTER_T:
		return small == 'a' ? AFTER_TA : step_in_text(c);
	case AFTER_TA:
		return small == 'g' ? AFTER_TAG : step_in_text(c);
	case AFTER_TAG:
		return space ? place : c == '=' ? AFTER_EQUALS : step_in_text(c);
	case AFTER_EQUALS:
		return space ? place : c == ';' ? AFTER_SEMICOLON : AT_VALUE;
	default:
		return step_in_text(c);
	}
}

/* Is the header from @start to @stop a To?  Then @phase says what it says. */
static bool read_to(const u8 *text, size_t len, size_t start, size_t stop,
		    struct sip_ref_phase *phase)
{
	enum place place = IN_TEXT;
	size_t at = name_end(text, stop, start);

	if (!is_to(text + start, at - start))
		return false;
	at = skip_space(text, stop, at);
	if (at == stop || text[at] != ':')
		return false;
	for (at++; at < stop && place != AT_VALUE; at++)
		place = step(place, text[at]);
	phase->first = place != AT_VALUE;
	if (!phase->first)
		phase->known_at = at;
	else
		phase->known_at = stop < len ? stop + 1 : SIP_REF_NEVER;
	return true;
}

/* How many bytes of the start line at @at it takes to see that the message
 * follows another, or 0 if it may be the first
 */
static size_t start_is_later(const u8 *text, size_t len, size_t at)
{
	static const char *const later[] = {
		"ACK ", "BYE ", "CANCEL ", "INFO ", "PRACK ", "UPDATE ",
	};
	char word[8] = "";
	size_t i, n;

	for (n = 0; n < sizeof(word) - 1 && at + n < len; n++)
		word[n] = text[at + n] == '\t' ? ' ' : text[at + n];
	if (!strncasecmp(word, "sip/", 4))
		return 4;
	for (i = 0; i < ARRAY_SIZE(later); i++)
		if (!strncmp(word, later[i], strlen(later[i])))
			return strlen(later[i]);
	return 0;
}

/**
 * sip_ref_phase() - may a message begin a session?
 * @text: the datagram
 * @len: its length
 *
 * Return: what a reader of at most OPVS_SIP_SCAN_MAX bytes says.
 */
struct sip_ref_phase sip_ref_phase(const u8 *text, size_t len)
{
	struct sip_ref_phase phase = { .first = true, .known_at = SIP_REF_NEVER };
	size_t at = 0, next;

	len = len > OPVS_SIP_SCAN_MAX ? OPVS_SIP_SCAN_MAX : len;
	while (at < len && is_eol(text[at]))
		at++;
	next = start_is_later(text, len, at);
	if (next)
		return (struct sip_ref_phase) { .first = false, .known_at = at + next };
	for (at = header_after(text, len, at); at < len; at = next) {
		if (is_eol(text[at])) {
			phase.known_at = at + 1;
			return phase;
		}
		next = header_after(text, len, at);
		if (read_to(text, len, at, next, &phase))
			return phase;
	}
	return phase;
}

static size_t word_end(const u8 *text, size_t len, size_t at)
{
	while (at < len && text[at] > ' ' && text[at] < 0x7f)
		at++;
	return at;
}

static size_t blanks_end(const u8 *text, size_t len, size_t at)
{
	while (at < len && is_blank(text[at]))
		at++;
	return at;
}

static size_t eols_end(const u8 *text, size_t len)
{
	size_t at = 0;

	while (at < len && is_eol(text[at]))
		at++;
	return at;
}

static bool says_sip(const u8 *text, size_t len, size_t at)
{
	return len - at >= 4 && !strncasecmp((const char *)text + at, "sip/", 4);
}

/**
 * sip_ref_request() - the method of a request
 * @text: first bytes of a datagram
 * @len: how many
 *
 * Return: its number from 1 on; 0 if it is none.
 */
int sip_ref_request(const u8 *text, size_t len)
{
	static const char *const methods[] = {
		"INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "OPTIONS",
		"SUBSCRIBE", "NOTIFY", "PRACK", "UPDATE", "INFO", "MESSAGE",
		"REFER", "PUBLISH",
	};
	size_t at = eols_end(text, len), end = word_end(text, len, at), i;

	if (end == len || !is_blank(text[end]))
		return 0;
	for (i = 0; i < ARRAY_SIZE(methods); i++)
		if (end - at == strlen(methods[i]) &&
		    !memcmp(text + at, methods[i], end - at))
			return i + 1;
	if (says_sip(text, len, at))
		return 0;
	at = blanks_end(text, len, end);
	end = word_end(text, len, at);
	return memchr(text + at, ':', end - at) ? ARRAY_SIZE(methods) + 1 : 0;
}

/**
 * sip_ref_answer() - the class of an answer
 * @text: first bytes of a datagram
 * @len: how many
 *
 * Return: 1 to 6; 0 if it is none.
 */
int sip_ref_answer(const u8 *text, size_t len)
{
	size_t at = eols_end(text, len), i;

	if (!says_sip(text, len, at))
		return 0;
	at = blanks_end(text, len, word_end(text, len, at));
	for (i = at; i < at + 3; i++)
		if (i >= len || text[i] < '0' || text[i] > '9')
			return 0;
	return text[at] <= '6' ? text[at] - '0' : 0;
}
