// SPDX-License-Identifier: GPL-2.0-only
/* A secret by something that may be shown: SipHash-2-4 of a fixed text with the
 * secret as its key.  Who does not have the key cannot tell it from that, as
 * little as from the servers that were chosen.
 */
#include "fingerprint.h"

#include <stdio.h>
#include <string.h>

static uint64_t turn(uint64_t word, int bits)
{
	return word << bits | word >> (64 - bits);
}

static uint64_t little_endian(const unsigned char *bytes, size_t count)
{
	uint64_t word = 0;

	while (count--)
		word = word << 8 | bytes[count];
	return word;
}

static void mix(uint64_t *v, int rounds)
{
	while (rounds--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = turn(v[1], 13) ^ v[0];
		v[3] = turn(v[3], 16) ^ v[2];
		v[0] = turn(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = turn(v[1], 17) ^ v[2];
		v[3] = turn(v[3], 21) ^ v[0];
		v[2] = turn(v[2], 32);
	}
}

/**
 * fingerprint_siphash() - SipHash-2-4
 * @key: FINGERPRINT_KEY_LEN bytes
 * @data: what is hashed
 * @len: how much
 *
 * Return: the hash.
 */
uint64_t fingerprint_siphash(const unsigned char *key, const void *data,
			     size_t len)
{
	const uint64_t k[2] = {
		little_endian(key, 8), little_endian(key + 8, 8),
	};
	/* "somepseudorandomlygeneratedbytes", as its authors set it. */
	uint64_t v[4] = {
		k[0] ^ 0x736f6d6570736575ULL, k[1] ^ 0x646f72616e646f6dULL,
		k[0] ^ 0x6c7967656e657261ULL, k[1] ^ 0x7465646279746573ULL,
	};
	const unsigned char *bytes = data;
	size_t left = len;
	uint64_t word;

	for (; left >= 8; left -= 8, bytes += 8) {
		word = little_endian(bytes, 8);
		v[3] ^= word;
		mix(v, 2);
		v[0] ^= word;
	}
	word = little_endian(bytes, left) | (uint64_t)len << 56;
	v[3] ^= word;
	mix(v, 2);
	v[0] ^= word;
	v[2] ^= 0xff;
	mix(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/**
 * fingerprint_of() - the fingerprint of a secret
 * @key: FINGERPRINT_KEY_LEN bytes
 * @text: where it goes, FINGERPRINT_SIZE
 */
void fingerprint_of(const unsigned char *key, char *text)
{
	static const char what[] = "fingerprint of a hash key of opvs";
	uint64_t hash = fingerprint_siphash(key, what, sizeof(what) - 1);

	snprintf(text, FINGERPRINT_SIZE, "%04x-%04x-%04x-%04x",
		 (unsigned int)(hash >> 48 & 0xffff),
		 (unsigned int)(hash >> 32 & 0xffff),
		 (unsigned int)(hash >> 16 & 0xffff),
		 (unsigned int)(hash & 0xffff));
}

/**
 * fingerprint_parse_key() - reads a secret
 * @text: 32 hexadecimal digits, and nothing else
 * @key: FINGERPRINT_KEY_LEN bytes
 *
 * Return: whether it is one.
 */
bool fingerprint_parse_key(const char *text, unsigned char *key)
{
	int i;

	if (strlen(text) != 2 * FINGERPRINT_KEY_LEN ||
	    strspn(text, "0123456789abcdefABCDEF") != 2 * FINGERPRINT_KEY_LEN)
		return false;
	for (i = 0; i < FINGERPRINT_KEY_LEN; i++)
		if (sscanf(text + 2 * i, "%2hhx", &key[i]) != 1)
			return false;
	return true;
}

/**
 * fingerprint_is() - is this a fingerprint: four groups of four digits?
 * @text: what may be one
 *
 * Return: whether it is.
 */
bool fingerprint_is(const char *text)
{
	size_t i;

	if (strlen(text) != FINGERPRINT_SIZE - 1)
		return false;
	for (i = 0; i < FINGERPRINT_SIZE - 1; i++)
		if (i % 5 == 4 ? text[i] != '-' :
		    !strchr("0123456789abcdefABCDEF", text[i]))
			return false;
	return true;
}
