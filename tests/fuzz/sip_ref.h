/* SPDX-License-Identifier: GPL-2.0-only */
/* A second opinion on where the Call-ID of a message is, whether the message may
 * begin a session, and of which kind it is.
 */
#ifndef FUZZ_SIP_REF_H
#define FUZZ_SIP_REF_H

/**
 * struct sip_ref - what a message says
 * @found: it has a Call-ID
 * @at: offset of the value
 * @len: its length
 * @known_at: how many bytes of the message are needed to tell, or SIP_REF_NEVER
 *	if only the end of the datagram tells
 */
struct sip_ref {
	bool found;
	size_t at;
	size_t len;
	size_t known_at;
};

#define SIP_REF_NEVER	((size_t)-1)

/**
 * struct sip_ref_phase - may a message begin a session?
 * @first: it may
 * @known_at: as of struct sip_ref
 */
struct sip_ref_phase {
	bool first;
	size_t known_at;
};

struct sip_ref sip_ref_find(const u8 *text, size_t len);
struct sip_ref_phase sip_ref_phase(const u8 *text, size_t len);
int sip_ref_request(const u8 *text, size_t len);
int sip_ref_answer(const u8 *text, size_t len);

#endif /* FUZZ_SIP_REF_H */
