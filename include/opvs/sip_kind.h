/* SPDX-License-Identifier: GPL-2.0-only */
/* What a SIP message is, by its first bytes; net/pe/sip_kind.c says how. */
#ifndef OPVS_SIP_KIND_H
#define OPVS_SIP_KIND_H

#include <asm/byteorder.h>
#include <linux/compiler.h>
#include <linux/types.h>

#include <opvs/sip.h>

/* Bytes of a datagram that tell which message it is. */
#define OPVS_SIP_KIND_BYTES	32

/* The longest method, and the blank that follows it. */
#define OPVS_SIP_METHOD_BYTES	10

/* Binary logarithm of what first bytes of methods are told apart by. */
#define OPVS_SIP_START_BITS	4

/* The first four bytes, the first of them lowest, give each method another number
 * by this; found by trying.
 */
#define OPVS_SIP_START(four) \
	((u32)((u32)(four) * 82549U) >> (32 - OPVS_SIP_START_BITS))

/**
 * struct opvs_sip_method - how requests of a method begin
 * @word: the method and a blank
 * @bytes: how many these are
 * @tail_mask: which of the two bytes behind the first eight are of these
 * @head_mask: which of the first eight
 */
struct opvs_sip_method {
	char	word[OPVS_SIP_METHOD_BYTES + 2];
	u16	tail_mask;
	u8	bytes;
	u64	head_mask;
};

extern const struct opvs_sip_method opvs_sip_methods[OPVS_SIP_OTHER];
extern const u8 opvs_sip_starts[1 << OPVS_SIP_START_BITS];

enum opvs_sip_kind opvs_sip_request_plain(const u8 *payload, unsigned int len);
enum opvs_sip_kind opvs_sip_answer_plain(const u8 *payload, unsigned int len);

/* Eight bytes, the first of them lowest.  Of memcpy() some kernels, as User Mode
 * Linux, would make a call.
 */
static inline u64 opvs_sip_load(const void *p)
{
	__le64 word;

	__builtin_memcpy(&word, p, sizeof(word));
	return le64_to_cpu(word);
}

static inline u16 opvs_sip_load_two(const void *p)
{
	__le16 word;

	__builtin_memcpy(&word, p, sizeof(word));
	return le16_to_cpu(word);
}

/* Do these bytes, of which there are enough, begin with the method? */
static inline bool opvs_sip_is_method(const u8 *p,
				      const struct opvs_sip_method *method)
{
	return (opvs_sip_load(p) & method->head_mask) ==
	       opvs_sip_load(method->word) &&
	       (opvs_sip_load_two(p + 8) & method->tail_mask) ==
	       opvs_sip_load_two(method->word + 8);
}

/**
 * opvs_sip_request() - the method of a request
 * @payload: first bytes of a datagram
 * @len: how many; OPVS_SIP_KIND_BYTES tell, if it has no fewer
 *
 * Context: any.
 * Return: which; OPVS_SIP_OTHER for a method that has no number; OPVS_SIP_NONE
 * for an answer, and for what is no SIP.
 */
static inline enum opvs_sip_kind opvs_sip_request(const u8 *payload,
						  unsigned int len)
{
	enum opvs_sip_kind kind;

	if (unlikely(len < OPVS_SIP_METHOD_BYTES))
		return opvs_sip_request_plain(payload, len);
	kind = opvs_sip_starts[OPVS_SIP_START(opvs_sip_load(payload))];
	if (likely(kind && opvs_sip_is_method(payload, &opvs_sip_methods[kind])))
		return kind;
	return opvs_sip_request_plain(payload, len);
}

/* Three digits, of which the first is the class (RFC 3261 s21). */
static inline enum opvs_sip_kind opvs_sip_class(const u8 *status)
{
	unsigned int class = status[0] - '1';

	if (class > OPVS_SIP_6XX - OPVS_SIP_1XX ||
	    (u8)(status[1] - '0') > 9 || (u8)(status[2] - '0') > 9)
		return OPVS_SIP_NONE;
	return OPVS_SIP_1XX + class;
}

/**
 * opvs_sip_answer() - the class of an answer
 * @payload: first bytes of a datagram
 * @len: how many; OPVS_SIP_KIND_BYTES tell, if it has no fewer
 *
 * Context: any.
 * Return: OPVS_SIP_1XX to OPVS_SIP_6XX; OPVS_SIP_NONE for a request, and for
 * what is no SIP.
 */
static inline enum opvs_sip_kind opvs_sip_answer(const u8 *payload,
						 unsigned int len)
{
	const u64 version = 0x20302e322f504953ULL;	/* "SIP/2.0 " */
	enum opvs_sip_kind kind = OPVS_SIP_NONE;

	if (likely(len >= sizeof(version) + 3 &&
		   opvs_sip_load(payload) == version))
		kind = opvs_sip_class(payload + sizeof(version));
	return likely(kind != OPVS_SIP_NONE) ? kind :
	       opvs_sip_answer_plain(payload, len);
}

#endif /* OPVS_SIP_KIND_H */
