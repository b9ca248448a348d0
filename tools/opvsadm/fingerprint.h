/* SPDX-License-Identifier: GPL-2.0-only */
/* A secret by something that may be shown. */
#ifndef OPVSADM_FINGERPRINT_H
#define OPVSADM_FINGERPRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FINGERPRINT_KEY_LEN	16

/* Four groups of four digits, and the end. */
#define FINGERPRINT_SIZE	20

uint64_t fingerprint_siphash(const unsigned char *key, const void *data,
			     size_t len);
void fingerprint_of(const unsigned char *key, char *text);
bool fingerprint_is(const char *text);
bool fingerprint_parse_key(const char *text, unsigned char *key);

#endif /* OPVSADM_FINGERPRINT_H */
