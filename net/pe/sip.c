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
 */
#include <opvs/pe.h>

#include <asm/byteorder.h>
#include <linux/bitops.h>
#include <linux/in.h>
#include <linux/minmax.h>
#include <linux/string.h>

/**
 * struct sip_text - the part of a datagram that may be read
 * @end: where it ends
 * @whole: the datagram ends there as well
 * @cut: the answer if the text ends before the question is decided
 */
struct sip_text {
	const u8 *end;
	bool whole;
	enum opvs_pe_verdict cut;
};

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

/* Where the name ends if the line at @p starts like a Call-ID header, else NULL */
static const u8 *sip_skip_name(const u8 *p, const u8 *end)
{
	static const char name[] = "call-id";
	const int len = sizeof(name) - 1;

	if (*p == 'i' || *p == 'I')
		return p + 1;
	if (end - p >= len && !strncasecmp((const char *)p, name, len))
		return p + len;
	return NULL;
}

/* Read the rest of a Call-ID header, from @p after its name.  OPVS_PE_NONE: the
 * name goes on, or there is no value.
 */
static enum opvs_pe_verdict sip_read_value(const struct sip_text *text,
					   const u8 *p, struct opvs_pe_key *key)
{
	const u8 *end;

	p = sip_skip_blanks(p, text->end);
	if (p == text->end)
		return text->cut;
	if (*p != ':')
		return OPVS_PE_NONE;
	p = sip_skip_blanks(p + 1, text->end);
	end = sip_find_eol(p, text->end);
	if (end == text->end && !text->whole)
		return text->cut;
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
	const struct sip_text text = {
		.end = payload + min_t(unsigned int, len, OPVS_SIP_SCAN_MAX),
		.whole = complete && len <= OPVS_SIP_SCAN_MAX,
		.cut = !complete && len < OPVS_SIP_SCAN_MAX ? OPVS_PE_MORE :
							     OPVS_PE_NONE,
	};
	enum opvs_pe_verdict verdict;
	const u8 *p = payload, *value;

	while (p < text.end && sip_is_eol(*p))
		p++;
	if (p < text.end && (*p <= ' ' || *p >= 0x7f))
		return OPVS_PE_NONE;
	for (;;) {
		p = sip_skip_eol(sip_find_eol(p, text.end), text.end);
		if (p == text.end)
			return text.cut;
		if (sip_is_eol(*p))
			return OPVS_PE_NONE;
		value = sip_skip_name(p, text.end);
		if (!value)
			continue;
		verdict = sip_read_value(&text, value, key);
		if (verdict != OPVS_PE_NONE)
			return verdict;
	}
}

const struct opvs_pe_ops opvs_pe_sip = {
	.name = "sip",
	.proto = IPPROTO_UDP,
	.scan_max = OPVS_SIP_SCAN_MAX,
	.find = sip_find,
};
