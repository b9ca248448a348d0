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

/* Look at one header, @start to @stop with all its continuation lines */
static bool read_header(const u8 *text, size_t start, size_t stop, struct sip_ref *ref)
{
	size_t at = start, end;

	while (at < stop && !is_blank(text[at]) && !is_eol(text[at]) && text[at] != ':')
		at++;
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
