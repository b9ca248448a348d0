// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of the SIP engine's answer to the question whether a datagram may
 * begin a session.
 *
 * Messages are handed over in objects of exactly their size, so that KASAN sees
 * any read beyond them.
 */
#include <opvs/pe.h>

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/string.h>

#include "sip_phase_cases.h"

static const struct opvs_pe_ops *sip;

static int phase_init(struct kunit *test)
{
	sip = opvs_pe_find("sip");
	return sip ? 0 : -ENOENT;
}

static enum opvs_pe_phase phase_of(struct kunit *test, const void *text,
				   unsigned int len, bool complete)
{
	void *copy = kunit_kmalloc(test, len, GFP_KERNEL);
	enum opvs_pe_phase phase;

	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, text, len);
	phase = sip->phase(copy, len, complete);
	kunit_kfree(test, copy);
	return phase;
}

static void phase_case_name(const struct sip_phase_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(phase, sip_phase_cases, phase_case_name);

static void phase_whole_message(struct kunit *test)
{
	const struct sip_phase_case *row = test->param_value;
	struct opvs_pe_key key;

	KUNIT_EXPECT_EQ(test, sip->find(row->text, row->len, true, &key), OPVS_PE_KEY);
	KUNIT_EXPECT_EQ(test, phase_of(test, row->text, row->len, true), row->phase);
}

/* However few bytes of a message are shown, the answer is the one for the whole
 * message or OPVS_PE_UNSURE; and what was known stays known.
 */
static void phase_every_head(struct kunit *test)
{
	const struct sip_phase_case *row = test->param_value;
	enum opvs_pe_phase phase;
	bool known = false;
	unsigned int len;

	for (len = 0; len <= row->len; len++) {
		phase = phase_of(test, row->text, len, false);
		if (known || phase != OPVS_PE_UNSURE)
			KUNIT_ASSERT_EQ_MSG(test, phase, row->phase,
					    "after %u bytes", len);
		known = phase != OPVS_PE_UNSURE;
	}
}

/* A datagram may end anywhere, and the answer is never to ask again */
static void phase_every_truncation(struct kunit *test)
{
	const struct sip_phase_case *row = test->param_value;
	enum opvs_pe_phase phase;
	unsigned int len;

	for (len = 0; len <= row->len; len++) {
		phase = phase_of(test, row->text, len, true);
		KUNIT_ASSERT_NE_MSG(test, phase, OPVS_PE_UNSURE, "%u bytes", len);
	}
}

/* How many bytes it takes until the answer is known */
static unsigned int phase_known_at(struct kunit *test, const char *text)
{
	unsigned int len = 0;

	while (len < strlen(text) &&
	       phase_of(test, text, len, false) == OPVS_PE_UNSURE)
		len++;
	return len;
}

/* No more is asked for than it takes */
static void phase_no_sooner_no_later(struct kunit *test)
{
	static const struct {
		const char *head;	/* decides with its last byte */
		const char *rest;
	} rows[] = {
		{ "SIP/", "2.0 200 OK" EOL ID EOL },
		{ "CANCEL ", "sip:b SIP/2.0" EOL ID EOL },
		{ "BYE ", "sip:b SIP/2.0" EOL ID EOL },
		{ INVITE "To: <sip:b>;tag=1", "2" EOL ID EOL },
		{ INVITE "To: <sip:b>;tag=" EOL " 1", EOL ID EOL },
		{ INVITE "t:b;tag=" EOL "i", ": k" EOL EOL },
		{ INVITE TO "i", ": k" EOL EOL },
		{ INVITE ID EOL, "t:b;tag=1" EOL },
	};
	char text[160];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(text, sizeof(text), "%s%s", rows[i].head, rows[i].rest);
		/* An empty line is known by its first byte. */
		KUNIT_EXPECT_EQ_MSG(test, phase_known_at(test, text),
				    strlen(rows[i].head) - (rows[i].rest[0] == 't'),
				    "row %u", i);
	}
}

/* A request of @len bytes, "t:b;tag=1" and CRLF beginning at @at, then further
 * headers.
 */
static char *phase_long_message(struct kunit *test, unsigned int len, unsigned int at)
{
	static const char head[] = "INVITE sip:a SIP/2.0" EOL "X: ";
	static const char line[] = EOL "t:b;tag=1" EOL "X: ";
	char *buf = kunit_kmalloc(test, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	memset(buf, 'x', len);
	memcpy(buf, head, strlen(head));
	memcpy(buf + at - 2, line, min_t(size_t, strlen(line), len - at + 2));
	return buf;
}

static void phase_bound(struct kunit *test)
{
	unsigned int len = OPVS_SIP_SCAN_MAX + 1000;
	char *buf;

	/* The value of the tag is the last byte that is looked at... */
	buf = phase_long_message(test, len, OPVS_SIP_SCAN_MAX - 9);
	KUNIT_EXPECT_EQ(test, phase_of(test, buf, len, true), OPVS_PE_LATER);
	KUNIT_EXPECT_EQ(test, phase_of(test, buf, len, false), OPVS_PE_LATER);
	KUNIT_EXPECT_EQ(test, phase_of(test, buf, OPVS_SIP_SCAN_MAX, false),
			OPVS_PE_LATER);
	KUNIT_EXPECT_EQ(test, phase_of(test, buf, OPVS_SIP_SCAN_MAX - 1, false),
			OPVS_PE_UNSURE);

	/* ... and here the first that is not */
	buf = phase_long_message(test, len, OPVS_SIP_SCAN_MAX - 8);
	KUNIT_EXPECT_EQ(test, phase_of(test, buf, len, true), OPVS_PE_FIRST);
	KUNIT_EXPECT_EQ(test, phase_of(test, buf, len, false), OPVS_PE_FIRST);
	KUNIT_EXPECT_EQ(test, phase_of(test, buf, OPVS_SIP_SCAN_MAX, false),
			OPVS_PE_FIRST);
	KUNIT_EXPECT_EQ(test, phase_of(test, buf, OPVS_SIP_SCAN_MAX - 1, false),
			OPVS_PE_UNSURE);
}

struct role_case {
	const char *text;
	enum opvs_pe_role role;
};

static const struct role_case role_cases[] = {
	{ "SIP/2.0 200 OK", OPVS_PE_ANSWER },
	{ "sip/2.0 100 Trying", OPVS_PE_ANSWER },
	{ "\r\n\r\nSIP/2.0 180 Ringing", OPVS_PE_ANSWER },
	{ "", OPVS_PE_ANSWER },
	{ "\r\n\r\n", OPVS_PE_ANSWER },
	{ "INVITE sip:bob@example.org SIP/2.0", OPVS_PE_SESSION },
	{ "\nBYE sip:bob@example.org SIP/2.0", OPVS_PE_SESSION },
	{ "SUBSCRIBE sip:a SIP/2.0", OPVS_PE_SESSION },
	{ "NOTIFY sip:a SIP/2.0", OPVS_PE_SESSION },
	{ "SIPPING sip:a SIP/2.0", OPVS_PE_SESSION },
	{ "OPTIONS sip:a SIP/2.0", OPVS_PE_QUERY },
	{ "REGISTER sip:a SIP/2.0", OPVS_PE_QUERY },
	{ "MESSAGE sip:a SIP/2.0", OPVS_PE_QUERY },
	{ "PUBLISH sip:a SIP/2.0", OPVS_PE_QUERY },
	{ "\r\nOPTIONS sip:a SIP/2.0", OPVS_PE_QUERY },
	/* methods are case-sensitive, and end with a blank */
	{ "options sip:a SIP/2.0", OPVS_PE_SESSION },
	{ "OPTIONSX sip:a SIP/2.0", OPVS_PE_SESSION },
	/* nor are these requests */
	{ "OPTIONS", OPVS_PE_ANSWER },
	{ "OPTIONS sip", OPVS_PE_ANSWER },
	{ "s1 INVITE sip:bob@example.org SIP/2.0", OPVS_PE_ANSWER },
	{ "INVITE tel:+1 SIP/2.0", OPVS_PE_SESSION },
};

/* With any rest of the datagram, and with nothing behind what is shown. */
static void phase_role(struct kunit *test)
{
	const struct role_case *row = role_cases;
	unsigned int len, shown;
	void *copy;

	for (; row < role_cases + ARRAY_SIZE(role_cases); row++) {
		len = strlen(row->text);
		shown = min_t(unsigned int, len, OPVS_PE_ROLE_BYTES);
		copy = kunit_kmalloc(test, shown, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, copy);
		memcpy(copy, row->text, shown);
		KUNIT_EXPECT_EQ_MSG(test, sip->role(copy, shown), row->role,
				    "%s", row->text);
		kunit_kfree(test, copy);
	}
}

static struct kunit_case sip_phase_test_cases[] = {
	KUNIT_CASE_PARAM(phase_whole_message, phase_gen_params),
	KUNIT_CASE_PARAM(phase_every_head, phase_gen_params),
	KUNIT_CASE_PARAM(phase_every_truncation, phase_gen_params),
	KUNIT_CASE(phase_no_sooner_no_later),
	KUNIT_CASE(phase_bound),
	KUNIT_CASE(phase_role),
	{}
};

static struct kunit_suite sip_phase_suite = {
	.name = "opvs_sip_phase",
	.init = phase_init,
	.test_cases = sip_phase_test_cases,
};

kunit_test_suite(sip_phase_suite);

MODULE_DESCRIPTION("opvs: unit tests of which SIP messages may begin a session");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
