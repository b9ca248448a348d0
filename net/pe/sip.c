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
 * What shares the port with SIP has no key: keepalives made of line ends, STUN
 * and other binary protocols (RFC 7983: their first byte is not a visible
 * character).
 *
 * DOC: which messages may begin a session
 *
 * A request may, unless its To header has a tag: that is how a dialog's own
 * requests are told from others (s12.2).  Of two To headers the first counts.
 * Whatever their To says,
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
 * What is not decided within the headers, or the first OPVS_SIP_SCAN_MAX bytes,
 * may begin a session.
 */
#include <opvs/pe.h>

#include <asm/byteorder.h>
#include <linux/bitops.h>
#include <linux/in.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>

/**
 * struct sip_text - the part of a datagram that may be read
 * @end: where it ends
 * @whole: the datagram ends there as well
 * @more: it does not, and more of it may be shown
 */
struct sip_text {
	const u8 *end;
	bool whole;
	bool more;
};

/**
 * struct sip_name - name of a header
 * @full: in small letters
 * @len: of @full
 * @compact: its short form (s7.3.3), a small letter
 */
struct sip_name {
	const char *full;
	u8 len;
	u8 compact;
};

static const struct sip_name sip_call_id = { "call-id", 7, 'i' };
static const struct sip_name sip_to = { "to", 2, 't' };

static struct sip_text sip_view(const u8 *payload, unsigned int len,
				bool complete)
{
	return (struct sip_text) {
		.end = payload + min_t(unsigned int, len, OPVS_SIP_SCAN_MAX),
		.whole = complete && len <= OPVS_SIP_SCAN_MAX,
		.more = !complete && len < OPVS_SIP_SCAN_MAX,
	};
}

static bool sip_is_eol(u8 c)
{
	return c == '\r' || c == '\n';
}

static bool sip_is_blank(u8 c)
{
	return c == ' ' || c == '\t';
}

/* The high bit of each byte of @word that is below 14, as CR and LF are.  A
 * byte above such a one may be marked too, wrongly: check what you find.
 */
static u64 sip_low_bytes(u64 word)
{
	const u64 ones = 0x0101010101010101ULL;

	return (word - 14 * ones) & ~word & 0x80 * ones;
}

/* First line end at or after @p, or @end.  Most of the work is done here, so
 * eight bytes are looked at in one step.
 */
static const u8 *sip_find_eol(const u8 *p, const u8 *end)
{
	__le64 word;
	u64 low;

	for (; end - p >= (int)sizeof(word); p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		for (low = sip_low_bytes(le64_to_cpu(word)); low; low &= low - 1)
			if (sip_is_eol(p[__ffs64(low) / 8]))
				return p + __ffs64(low) / 8;
	}
	while (p < end && !sip_is_eol(*p))
		p++;
	return p;
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

/* Step over blanks, tabs and folds.  A line end that is the last thing in view
 * may or may not be a fold, so it is stepped over and @end returned.
 */
static const u8 *sip_skip_blanks(const u8 *p, const u8 *end)
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

/* Behind the line ends that may come before a message (s7.5). */
static const u8 *sip_skip_eols(const u8 *p, const u8 *end)
{
	while (p < end && sip_is_eol(*p))
		p++;
	return p;
}

/* The line after the one at @p: another header, the rest of one, or the line end
 * that follows the last header.
 */
static const u8 *sip_next_line(const u8 *p, const u8 *end)
{
	return sip_skip_eol(sip_find_eol(p, end), end);
}

static bool sip_at_header(const u8 *p, const u8 *end)
{
	return p < end && !sip_is_eol(*p);
}

static bool sip_starts(const u8 *p, const u8 *end, const char *word, int len)
{
	return end - p >= len && !strncasecmp((const char *)p, word, len);
}

/* Where the value begins if the line at @p is a header of that name, else NULL;
 * @end if that is not known, or comes first.
 */
static const u8 *sip_find_value(const u8 *p, const u8 *end,
				const struct sip_name *name)
{
	const u8 compact = *p | ('a' - 'A');

	/* The full name may begin with the letter of the compact one. */
	if (sip_starts(p, end, name->full, name->len))
		p += name->len;
	else if (compact == name->compact)
		p++;
	else
		return NULL;

	p = sip_skip_blanks(p, end);
	if (p == end)
		return end;
	return *p == ':' ? sip_skip_blanks(p + 1, end) : NULL;
}

/* Read the value of a Call-ID header.  OPVS_PE_NONE: it has none. */
static enum opvs_pe_verdict sip_read_key(const struct sip_text *text,
					 const u8 *p, struct opvs_pe_key *key)
{
	const u8 *end = sip_find_eol(p, text->end);

	if (end == text->end && !text->whole)
		return text->more ? OPVS_PE_MORE : OPVS_PE_NONE;
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
		value = sip_find_value(p, text.end, &sip_call_id);
		if (!value)
			continue;
		verdict = sip_read_key(&text, value, key);
		if (verdict != OPVS_PE_NONE)
			return verdict;
	}
	return p == text.end && text.more ? OPVS_PE_MORE : OPVS_PE_NONE;
}

/* Does the start line alone say that there was a message before?  If it does not
 * end in view, what is seen of it decides, or does not.
 */
static bool sip_start_is_later(const u8 *p, const u8 *end)
{
	static const char *const later[] = {
		"ACK", "BYE", "CANCEL", "INFO", "PRACK", "UPDATE",
	};
	unsigned int i;
	int len;

	/* No method has a slash. */
	if (sip_starts(p, end, "sip/", 4))
		return true;
	for (i = 0; i < ARRAY_SIZE(later); i++) {
		len = strlen(later[i]);
		if (end - p > len && !memcmp(p, later[i], len) &&
		    sip_is_blank(p[len]))
			return true;
	}
	return false;
}

/* Where the header at @p ends, with all its lines: at a line end, or at @end if
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

static enum opvs_pe_phase sip_phase(const u8 *payload, unsigned int len,
				    bool complete)
{
	const struct sip_text text = sip_view(payload, len, complete);
	const u8 *p = sip_skip_eols(payload, text.end), *value, *end;

	if (sip_start_is_later(p, text.end))
		return OPVS_PE_LATER;
	p = sip_next_line(p, text.end);
	for (; sip_at_header(p, text.end); p = sip_next_line(p, text.end)) {
		value = sip_find_value(p, text.end, &sip_to);
		if (!value)
			continue;
		end = sip_header_end(value, text.end);
		if (sip_has_tag(value, end))
			return OPVS_PE_LATER;
		p = sip_skip_eol(end, text.end);
		break;
	}
	return p == text.end && text.more ? OPVS_PE_UNSURE : OPVS_PE_FIRST;
}

const struct opvs_pe_ops opvs_pe_sip = {
	.name = "sip",
	.proto = IPPROTO_UDP,
	.scan_max = OPVS_SIP_SCAN_MAX,
	.find = sip_find,
	.phase = sip_phase,
};
