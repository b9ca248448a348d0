/* SPDX-License-Identifier: GPL-2.0-only */
/* Bytes of SIP messages, and steps over them, for the engine and for what tells
 * messages apart.  Sections are those of RFC 3261.
 */
#ifndef OPVS_PE_SIP_TEXT_H
#define OPVS_PE_SIP_TEXT_H

#include <opvs/sip_kind.h>

#include <linux/compiler.h>
#include <linux/string.h>
#include <linux/types.h>

static inline bool sip_is_eol(u8 c)
{
	return c == '\r' || c == '\n';
}

static inline bool sip_is_blank(u8 c)
{
	return c == ' ' || c == '\t';
}

/* Behind the line ends that may come before a message (s7.5). */
static inline const u8 *sip_skip_eols(const u8 *p, const u8 *end)
{
	while (p < end && sip_is_eol(*p))
		p++;
	return p;
}

static inline bool sip_starts(const u8 *p, const u8 *end, const char *word,
			      int len)
{
	return end - p >= len && !strncasecmp((const char *)p, word, len);
}

/* No method has a slash.  Asked of all that servers send: all letters at once. */
static inline bool sip_is_response(const u8 *p, const u8 *end)
{
	const u64 sip = 0x2f706973ULL;			/* "sip/" */
	const u64 letters = 0x202020ULL;		/* not the slash */

	if (unlikely(end - p < (int)sizeof(sip)))
		return sip_starts(p, end, "sip/", 4);
	return (opvs_sip_load(p) | letters) << 32 == sip << 32;
}

/* Method, blank, URI: that begins with a scheme and a colon (s7.1, s25.1). */
static inline bool sip_is_request(const u8 *p, const u8 *end)
{
	while (p < end && *p > ' ' && *p < 0x7f)
		p++;
	if (p == end || !sip_is_blank(*p))
		return false;
	while (p < end && sip_is_blank(*p))
		p++;
	while (p < end && *p > ' ' && *p < 0x7f && *p != ':')
		p++;
	return p < end && *p == ':';
}

#endif /* OPVS_PE_SIP_TEXT_H */
