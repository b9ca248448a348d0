// SPDX-License-Identifier: GPL-2.0-only
/* What a SIP message is, by its first bytes: the method of a request, the class
 * of an answer.
 *
 * Each message is asked that, so what nearly all begin with is recognised without
 * a loop, by functions that are inlined (include/opvs/sip_kind.h): the first four
 * bytes, which no two methods have in common, tell which method it may be, and its
 * letters are compared at once.  Whatever else there is, as line ends before the
 * message (RFC 3261 s7.5), is left to the plain code here.
 *
 * Methods are case-sensitive, the name of the protocol is not (s7.1).
 */
#include <opvs/sip_kind.h>

#include <opvs/kunit.h>

#include "sip_text.h"

#include <linux/kernel.h>
#include <linux/string.h>

#define METHOD(text) {							\
	.word = text " ",						\
	.bytes = sizeof(text),						\
	.head_mask = ~0ULL >> (sizeof(text) < 8 ? 64 - 8 * sizeof(text) : 0), \
	.tail_mask = sizeof(text) > 9 ? 0xffff :			\
		     sizeof(text) > 8 ? 0xff : 0,			\
}

const struct opvs_sip_method opvs_sip_methods[OPVS_SIP_OTHER] = {
	[OPVS_SIP_INVITE]	= METHOD("INVITE"),
	[OPVS_SIP_ACK]		= METHOD("ACK"),
	[OPVS_SIP_BYE]		= METHOD("BYE"),
	[OPVS_SIP_CANCEL]	= METHOD("CANCEL"),
	[OPVS_SIP_REGISTER]	= METHOD("REGISTER"),
	[OPVS_SIP_OPTIONS]	= METHOD("OPTIONS"),
	[OPVS_SIP_SUBSCRIBE]	= METHOD("SUBSCRIBE"),
	[OPVS_SIP_NOTIFY]	= METHOD("NOTIFY"),
	[OPVS_SIP_PRACK]	= METHOD("PRACK"),
	[OPVS_SIP_UPDATE]	= METHOD("UPDATE"),
	[OPVS_SIP_INFO]		= METHOD("INFO"),
	[OPVS_SIP_MESSAGE]	= METHOD("MESSAGE"),
	[OPVS_SIP_REFER]	= METHOD("REFER"),
	[OPVS_SIP_PUBLISH]	= METHOD("PUBLISH"),
};
EXPORT_SYMBOL_IF_KUNIT(opvs_sip_methods);

#define FOUR(a, b, c, d) \
	((u32)(a) | (u32)(b) << 8 | (u32)(c) << 16 | (u32)(d) << 24)

const u8 opvs_sip_starts[1 << OPVS_SIP_START_BITS] = {
	[OPVS_SIP_START(FOUR('I', 'N', 'V', 'I'))] = OPVS_SIP_INVITE,
	[OPVS_SIP_START(FOUR('A', 'C', 'K', ' '))] = OPVS_SIP_ACK,
	[OPVS_SIP_START(FOUR('B', 'Y', 'E', ' '))] = OPVS_SIP_BYE,
	[OPVS_SIP_START(FOUR('C', 'A', 'N', 'C'))] = OPVS_SIP_CANCEL,
	[OPVS_SIP_START(FOUR('R', 'E', 'G', 'I'))] = OPVS_SIP_REGISTER,
	[OPVS_SIP_START(FOUR('O', 'P', 'T', 'I'))] = OPVS_SIP_OPTIONS,
	[OPVS_SIP_START(FOUR('S', 'U', 'B', 'S'))] = OPVS_SIP_SUBSCRIBE,
	[OPVS_SIP_START(FOUR('N', 'O', 'T', 'I'))] = OPVS_SIP_NOTIFY,
	[OPVS_SIP_START(FOUR('P', 'R', 'A', 'C'))] = OPVS_SIP_PRACK,
	[OPVS_SIP_START(FOUR('U', 'P', 'D', 'A'))] = OPVS_SIP_UPDATE,
	[OPVS_SIP_START(FOUR('I', 'N', 'F', 'O'))] = OPVS_SIP_INFO,
	[OPVS_SIP_START(FOUR('M', 'E', 'S', 'S'))] = OPVS_SIP_MESSAGE,
	[OPVS_SIP_START(FOUR('R', 'E', 'F', 'E'))] = OPVS_SIP_REFER,
	[OPVS_SIP_START(FOUR('P', 'U', 'B', 'L'))] = OPVS_SIP_PUBLISH,
};
EXPORT_SYMBOL_IF_KUNIT(opvs_sip_starts);

static bool has_method(const u8 *p, const u8 *end,
		       const struct opvs_sip_method *method)
{
	int len = method->bytes - 1;

	return *p == method->word[0] && end - p > len &&
	       !memcmp(p, method->word, len) && sip_is_blank(p[len]);
}

/**
 * opvs_sip_request_plain() - as opvs_sip_request(), of whatever begins otherwise
 * @payload: first bytes of a datagram
 * @len: how many
 *
 * Context: any.
 * Return: as of opvs_sip_request().
 */
enum opvs_sip_kind opvs_sip_request_plain(const u8 *payload, unsigned int len)
{
	const u8 *end = payload + len, *p = sip_skip_eols(payload, end);
	enum opvs_sip_kind kind;

	/* Keepalives, and what clients answer. */
	if (p == end || sip_is_response(p, end))
		return OPVS_SIP_NONE;
	for (kind = OPVS_SIP_INVITE; kind < OPVS_SIP_OTHER; kind++)
		if (has_method(p, end, &opvs_sip_methods[kind]))
			return kind;
	return sip_is_request(p, end) ? OPVS_SIP_OTHER : OPVS_SIP_NONE;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sip_request_plain);

/**
 * opvs_sip_answer_plain() - as opvs_sip_answer(), of whatever begins otherwise
 * @payload: first bytes of a datagram
 * @len: how many
 *
 * Context: any.
 * Return: as of opvs_sip_answer().
 */
enum opvs_sip_kind opvs_sip_answer_plain(const u8 *payload, unsigned int len)
{
	const u8 *end = payload + len, *p = sip_skip_eols(payload, end);

	if (!sip_is_response(p, end))
		return OPVS_SIP_NONE;
	while (p < end && *p > ' ' && *p < 0x7f)
		p++;
	while (p < end && sip_is_blank(*p))
		p++;
	return end - p >= 3 ? opvs_sip_class(p) : OPVS_SIP_NONE;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sip_answer_plain);
