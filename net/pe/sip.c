// SPDX-License-Identifier: GPL-2.0-only
/* Persistence engine "sip": keeps the messages of a SIP call together by their
 * Call-ID (RFC 3261).
 *
 * DOC: what counts as a Call-ID
 *
 * A message is a start line, header lines, an empty line and a body.  Lines end
 * in CRLF, and also in a bare CR or LF as older software sends them.  A line
 * that begins with a blank or tab continues the one before it (s7.3.1), so it
 * is never a header, whatever it says.  Line ends before the start line are
 * skipped (s7.5).  Nothing is looked for in the start line or in the body.
 *
 * The key is the value of the first header named Call-ID or i, in any case,
 * that has one.  The value is opaque: it is compared byte by byte (s20.8), so
 * all messages of a call land together however the caller spelled it, and
 * nothing is gained from checking its characters.  It
 *  - begins after the colon and all blanks, tabs and folds that follow it;
 *  - ends with its line, or with the datagram if that comes first: UDP delivers
 *    whole datagrams, nothing of the value is still on its way;
 *  - loses its trailing blanks and tabs.  A fold is such a blank too, and as a
 *    Call-ID has no blanks inside, whatever is folded after it is not part of
 *    it;
 *  - is cut to OPVS_PE_KEY_MAX bytes: the messages of one call agree on these.
 * A Call-ID header without a value is passed over.
 *
 * Only the first OPVS_SIP_SCAN_MAX bytes are looked at.  A Call-ID whose line
 * does not end within them does not count.
 *
 * Other traffic on the port has no key: keepalives made of line ends, STUN and
 * other binary protocols (RFC 7983: their first byte is not a visible
 * character).
 *
 * DOC: which messages may begin a session
 *
 * A request may, unless its To header has a tag: that is how a dialog's own
 * requests are told from others (s12.2).  Of two To headers the first counts.
 * Regardless of their To,
 *  - a CANCEL or ACK belongs to an INVITE before it (s9.1, s13.2.2.4, s17.1.1.3);
 *  - a BYE, INFO, PRACK or UPDATE belongs to a dialog (s15.1.1, RFC 6086 s4,
 *    RFC 3262 s4, RFC 3311 s5.1), which has no tag at a peer of RFC 2543
 *    (s12.2.1.1);
 *  - a response belongs to a request.
 * Methods are case-sensitive (s7.1), the name of the protocol is not (s7.1).
 *
 * The tag is a parameter of the header.  What looks like one in a display name
 * or in a URI between < and > is none; in a URI without these all parameters
 * are the header's (s20.10).  Blanks, tabs and folds may surround the semicolon
 * and the equals sign (s25.1).  A tag without a value is none.  A quote or
 * bracket that is not closed hides the rest of its header.
 *
 * A message that the headers, or the first OPVS_SIP_SCAN_MAX bytes, do not
 * decide may begin a session.
 */
#include <opvs/pe.h>

#include "sip_text.h"

#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/in.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>

/**
 * struct sip_text - the part of a datagram that may be read
 * @end: where it ends
 * @shown: bytes of the datagram that were shown, of which it may be the first
 * @complete: these are the datagram
 */
struct sip_text {
	const u8 *end;
	unsigned int shown;
	bool complete;
};

static struct sip_text sip_view(const u8 *payload, unsigned int len,
				bool complete)
{
	return (struct sip_text) {
		.end = payload + min_t(unsigned int, len, OPVS_SIP_SCAN_MAX),
		.shown = len,
		.complete = complete,
	};
}

/* Does the datagram end where @text does? */
static bool sip_is_whole(const struct sip_text *text)
{
	return text->complete && text->shown <= OPVS_SIP_SCAN_MAX;
}

/* Does it not, and may more of it be shown? */
static bool sip_has_more(const struct sip_text *text)
{
	return !text->complete && text->shown < OPVS_SIP_SCAN_MAX;
}

/* A letter in small; other characters may become others. */
static u8 sip_small(u8 c)
{
	return c | ('a' - 'A');
}

/* The high bit of each byte of @word that is below 14, as CR and LF are, or above
 * 141.  A byte above such a one may be marked too, wrongly: check what you find.
 */
static u64 sip_mark_eols(u64 word)
{
	const u64 ones = 0x0101010101010101ULL;

	return (word - 14 * ones) & 0x80 * ones;
}

/* Step over one line end, CRLF, CR or LF, if @p is at one. */
static const u8 *sip_skip_eol(const u8 *p, const u8 *end)
{
	if (p < end && *p == '\r')
		p++;
	if (p < end && *p == '\n')
		p++;
	return p;
}

/* First line end at or after @p, or with @over what comes after it; @end if that
 * comes first.  Most of the work is done here, so eight bytes are looked at in
 * one step, and two steps are taken before @end is compared; a third word in
 * view makes what follows a line end safe to read.
 *
 * What is marked first is nearly always a line end.  If not, the text may be in
 * another alphabet, and the bytes above 127 are left out.
 */
static __always_inline const u8 *sip_seek_eol(const u8 *p, const u8 *end,
					      bool over)
{
	u64 word, marks;
	const u8 *at;

	for (; end - p >= 3 * (int)sizeof(word); p += sizeof(word)) {
		word = opvs_sip_load(p);
		marks = sip_mark_eols(word);
		if (!marks) {
			p += sizeof(word);
			word = opvs_sip_load(p);
			marks = sip_mark_eols(word);
			if (!marks)
				continue;
		}
		for (; marks; marks &= (marks - 1) & ~word) {
			at = p + __ffs64(marks) / 8;
			if (over && likely(at[0] == '\r' && at[1] == '\n'))
				return at + 2;
			if (sip_is_eol(*at))
				return at + over;
		}
	}
	while (p < end && !sip_is_eol(*p))
		p++;
	return over ? sip_skip_eol(p, end) : p;
}

static inline const u8 *sip_find_eol(const u8 *p, const u8 *end)
{
	return sip_seek_eol(p, end, false);
}

/* Step over blanks, tabs and folds.  A line end that is the last thing in view
 * may or may not be a fold, so it is stepped over and @end returned.
 */
static const u8 *sip_skip_folds(const u8 *p, const u8 *end)
{
	const u8 *next;

	for (;;) {
		while (p < end && sip_is_blank(*p))
			p++;
		next = sip_skip_eol(p, end);
		if (next == end)
			return end;
		if (next == p || !sip_is_blank(*next))
			return p;
		p = next;
	}
}

/* The same, faster where nothing is folded. */
static inline const u8 *sip_skip_blanks(const u8 *p, const u8 *end)
{
	while (p < end && sip_is_blank(*p))
		p++;
	return p < end && !sip_is_eol(*p) ? p : sip_skip_folds(p, end);
}

/* The line after the one at @p: another header, the rest of one, or the line end
 * that follows the last header.
 */
static inline const u8 *sip_next_line(const u8 *p, const u8 *end)
{
	return sip_seek_eol(p, end, true);
}

static bool sip_at_header(const u8 *p, const u8 *end)
{
	return p < end && !sip_is_eol(*p);
}

/* The beginning of the value of a header whose name ends at @p; NULL if no
 * colon follows; @end if that is not known, or comes first.
 */
static const u8 *sip_find_value(const u8 *p, const u8 *end)
{
	p = sip_skip_blanks(p, end);
	if (p == end)
		return end;
	return *p == ':' ? sip_skip_blanks(p + 1, end) : NULL;
}

/* As sip_find_value(), of the line at @p, if it is a Call-ID header.  That is
 * asked of each line, hence of its first letter first, and then of all letters
 * at once.  A full name that ends the text needs no answer: nothing follows.
 */
static inline const u8 *sip_find_call_id(const u8 *p, const u8 *end)
{
	const u64 full = 0x64692d6c6c6163ULL;		/* "call-id" */
	const u64 letters = 0x20200020202020ULL;	/* not the dash */

	if (sip_small(*p) == 'i')
		return sip_find_value(p + 1, end);
	if (sip_small(*p) == 'c' && end - p >= (int)sizeof(full) &&
	    (opvs_sip_load(p) | letters) << 8 == full << 8)
		return sip_find_value(p + 7, end);
	return NULL;
}

/* Read the value of a Call-ID header.  OPVS_PE_NONE: it has none. */
static enum opvs_pe_verdict sip_read_key(const struct sip_text *text,
					 const u8 *p, struct opvs_pe_key *key)
{
	const u8 *end = sip_find_eol(p, text->end);

	if (end == text->end && !sip_is_whole(text))
		return sip_has_more(text) ? OPVS_PE_MORE : OPVS_PE_NONE;
	while (end > p && sip_is_blank(end[-1]))
		end--;
	if (end == p)
		return OPVS_PE_NONE;
	key->data = p;
	key->len = min_t(size_t, end - p, OPVS_PE_KEY_MAX);
	return OPVS_PE_KEY;
}

static enum opvs_pe_verdict sip_find(const u8 *payload, unsigned int len,
				     bool complete, struct opvs_pe_key *key)
{
	const struct sip_text text = sip_view(payload, len, complete);
	const u8 *p = sip_skip_eols(payload, text.end), *value;
	enum opvs_pe_verdict verdict;

	if (p < text.end && (*p <= ' ' || *p >= 0x7f))
		return OPVS_PE_NONE;
	p = sip_next_line(p, text.end);
	for (; sip_at_header(p, text.end); p = sip_next_line(p, text.end)) {
		value = sip_find_call_id(p, text.end);
		if (!value)
			continue;
		verdict = sip_read_key(&text, value, key);
		if (verdict != OPVS_PE_NONE)
			return verdict;
	}
	if (p == text.end && sip_has_more(&text))
		return OPVS_PE_MORE;
	return OPVS_PE_NONE;
}

/* Is the method of the request at @p one of these? */
static bool sip_method_in(const u8 *p, const u8 *end, const char *const *method,
			  unsigned int n)
{
	unsigned int i;
	int len;

	for (i = 0; i < n; i++) {
		len = strlen(method[i]);
		if (end - p > len && !memcmp(p, method[i], len) &&
		    sip_is_blank(p[len]))
			return true;
	}
	return false;
}

/* Does the start line alone say that there was a message before?  If it does not
 * end in view, what is seen of it decides, or does not.
 */
static bool sip_start_is_later(const u8 *p, const u8 *end)
{
	static const char *const later[] = {
		"ACK", "BYE", "CANCEL", "INFO", "PRACK", "UPDATE",
	};

	return sip_is_response(p, end) ||
	       sip_method_in(p, end, later, ARRAY_SIZE(later));
}

/* These make no dialog (RFC 3261 s10, s11, RFC 3428 s4, RFC 3903 s4); all others
 * do, belong to one, or are not known.
 */
static enum opvs_pe_role sip_role(const u8 *payload, unsigned int len)
{
	static const char *const query[] = {
		"MESSAGE", "OPTIONS", "PUBLISH", "REGISTER",
	};
	const u8 *end = payload + len, *p = sip_skip_eols(payload, end);

	/* A message that does not look like a request counts as an answer. */
	if (sip_is_response(p, end) || !sip_is_request(p, end))
		return OPVS_PE_ANSWER;
	return sip_method_in(p, end, query, ARRAY_SIZE(query)) ?
	       OPVS_PE_QUERY : OPVS_PE_SESSION;
}

/* The end of the header at @p, with all its lines: a line end, or @end if
 * that comes first.
 */
static const u8 *sip_header_end(const u8 *p, const u8 *end)
{
	const u8 *next;

	for (;;) {
		p = sip_find_eol(p, end);
		next = sip_skip_eol(p, end);
		if (next == end || !sip_is_blank(*next))
			return p;
		p = next;
	}
}

/* Behind the quote that closes the string at @p, or @end. */
static const u8 *sip_skip_quoted(const u8 *p, const u8 *end)
{
	for (; p < end; p++) {
		if (*p == '"')
			return p + 1;
		if (*p == '\\')
			p++;
	}
	return end;
}

static const u8 *sip_skip_bracket(const u8 *p, const u8 *end)
{
	p = memchr(p, '>', end - p);
	return p ? p + 1 : end;
}

/* Is the parameter at @p a tag with a value? */
static bool sip_is_tag(const u8 *p, const u8 *end)
{
	if (!sip_starts(p, end, "tag", 3))
		return false;
	p = sip_skip_blanks(p + 3, end);
	if (p == end || *p != '=')
		return false;
	p = sip_skip_blanks(p + 1, end);
	return p < end && *p != ';';
}

/* Has an address header a tag?  @p to @end: its value, or the head of it. */
static bool sip_has_tag(const u8 *p, const u8 *end)
{
	while (p < end) {
		switch (*p++) {
		case '"':
			p = sip_skip_quoted(p, end);
			break;
		case '<':
			p = sip_skip_bracket(p, end);
			break;
		case ';':
			p = sip_skip_blanks(p, end);
			if (sip_is_tag(p, end))
				return true;
			break;
		}
	}
	return false;
}

/* As sip_find_value(), of the line at @p, if it is a To header. */
static const u8 *sip_find_to(const u8 *p, const u8 *end)
{
	if (sip_small(*p) != 't')
		return NULL;
	return sip_find_value(p + (sip_starts(p, end, "to", 2) ? 2 : 1), end);
}

static enum opvs_pe_phase sip_phase(const u8 *payload, unsigned int len,
				    bool complete)
{
	const struct sip_text text = sip_view(payload, len, complete);
	const u8 *p = sip_skip_eols(payload, text.end), *value, *end;

	if (sip_start_is_later(p, text.end))
		return OPVS_PE_LATER;
	p = sip_next_line(p, text.end);
	for (; sip_at_header(p, text.end); p = sip_next_line(p, text.end)) {
		value = sip_find_to(p, text.end);
		if (!value)
			continue;
		end = sip_header_end(value, text.end);
		if (sip_has_tag(value, end))
			return OPVS_PE_LATER;
		p = sip_skip_eol(end, text.end);
		break;
	}
	if (p == text.end && sip_has_more(&text))
		return OPVS_PE_UNSURE;
	return OPVS_PE_FIRST;
}

const struct opvs_pe_ops opvs_pe_sip = {
	.name = "sip",
	.proto = IPPROTO_UDP,
	.scan_max = OPVS_SIP_SCAN_MAX,
	.find = sip_find,
	.phase = sip_phase,
	.role = sip_role,
};
