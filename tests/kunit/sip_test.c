// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of the SIP persistence engine.
 *
 * Messages are handed over in objects of exactly their size, so that KASAN sees
 * any read beyond them.
 */
#include <opvs/pe.h>

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/in.h>
#include <linux/module.h>
#include <linux/string.h>

#include "sip_cases.h"

/* The answer of the engine, in a form that can be compared */
struct sip_answer {
	enum opvs_pe_verdict verdict;
	struct opvs_pe_key key;
	long offset;		/* of the key in the message */
};

static const struct opvs_pe_ops *sip;

static int sip_init(struct kunit *test)
{
	sip = opvs_pe_find("sip");
	return sip ? 0 : -ENOENT;
}

static void sip_ask(struct sip_answer *answer, const void *text,
		    unsigned int len, bool complete)
{
	*answer = (struct sip_answer) { .offset = -1 };
	answer->verdict = sip->find(text, len, complete, &answer->key);
	if (answer->key.data)
		answer->offset = answer->key.data - (const u8 *)text;
}

static bool sip_same(const struct sip_answer *a, const struct sip_answer *b)
{
	return a->verdict == b->verdict && a->offset == b->offset &&
	       a->key.len == b->key.len;
}

static void *sip_copy(struct kunit *test, const void *text, unsigned int len)
{
	void *copy = kunit_kmalloc(test, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	return memcpy(copy, text, len);
}

static void sip_expect(struct kunit *test, const struct sip_answer *answer,
		       const struct sip_case *row)
{
	if (!row->key) {
		KUNIT_EXPECT_EQ(test, answer->verdict, OPVS_PE_NONE);
		KUNIT_EXPECT_NULL_MSG(test, answer->key.data, "key written without KEY");
		return;
	}
	KUNIT_ASSERT_EQ(test, answer->verdict, OPVS_PE_KEY);
	KUNIT_ASSERT_EQ(test, answer->key.len, row->key_len);
	KUNIT_EXPECT_EQ(test, memcmp(answer->key.data, row->key, row->key_len), 0);
}

static void sip_case_name(const struct sip_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(sip, sip_cases, sip_case_name);

static void sip_whole_message(struct kunit *test)
{
	const struct sip_case *row = test->param_value;
	struct sip_answer answer;

	sip_ask(&answer, sip_copy(test, row->text, row->len), row->len, true);
	sip_expect(test, &answer, row);
}

/* A message reads the same wherever it lies */
static void sip_any_alignment(struct kunit *test)
{
	const struct sip_case *row = test->param_value;
	struct sip_answer answer;
	unsigned int shift;
	char *buf;

	for (shift = 0; shift < sizeof(u64); shift++) {
		buf = kunit_kzalloc(test, shift + row->len, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, buf);
		memcpy(buf + shift, row->text, row->len);
		sip_ask(&answer, buf + shift, row->len, true);
		sip_expect(test, &answer, row);
		kunit_kfree(test, buf);
	}
}

/* The bytes that must have been seen before the engine can know: all of them if
 * the datagram ends in the value, else those up to the line end after it.
 */
static unsigned int sip_key_known_at(const struct sip_case *row,
				     const struct sip_answer *whole)
{
	const char *p = row->text + whole->offset;

	while (p < row->text + row->len && *p != '\r' && *p != '\n')
		p++;
	return p + 1 - row->text;
}

/* However few bytes of a message are shown, the answer is the one for the whole
 * message or OPVS_PE_MORE, and not OPVS_PE_MORE for longer than needed.
 */
static void sip_every_head(struct kunit *test)
{
	const struct sip_case *row = test->param_value;
	struct sip_answer whole, head;
	unsigned int len;
	void *copy;

	sip_ask(&whole, row->text, row->len, true);
	for (len = 0; len <= row->len; len++) {
		copy = sip_copy(test, row->text, len);
		sip_ask(&head, copy, len, false);
		if (head.verdict == OPVS_PE_MORE)
			KUNIT_ASSERT_NULL(test, head.key.data);
		else
			KUNIT_ASSERT_TRUE_MSG(test, sip_same(&head, &whole),
					      "wrong after %u bytes", len);
		if (whole.verdict == OPVS_PE_KEY)
			KUNIT_ASSERT_EQ_MSG(test, head.verdict == OPVS_PE_KEY,
					    len >= sip_key_known_at(row, &whole),
					    "after %u bytes", len);
		kunit_kfree(test, copy);
	}
}

/* A datagram may end anywhere: never a key of other bytes than it has */
static void sip_every_truncation(struct kunit *test)
{
	const struct sip_case *row = test->param_value;
	struct sip_answer answer;
	unsigned int len;
	void *copy;

	for (len = 0; len <= row->len; len++) {
		copy = sip_copy(test, row->text, len);
		sip_ask(&answer, copy, len, true);
		KUNIT_ASSERT_NE(test, answer.verdict, OPVS_PE_MORE);
		if (answer.verdict == OPVS_PE_KEY) {
			KUNIT_ASSERT_GE(test, answer.offset, 0L);
			KUNIT_ASSERT_GE(test, answer.key.len, 1);
			KUNIT_ASSERT_LE(test, answer.key.len, OPVS_PE_KEY_MAX);
			KUNIT_ASSERT_LE(test, answer.offset + answer.key.len, (long)len);
		}
		kunit_kfree(test, copy);
	}
}

/* A message with a line of @n bytes @fill, and the lines that end in @eol; @at:
 * where its key is.
 */
static void *sip_filled_message(struct kunit *test, u8 fill, unsigned int n,
				const char *eol, unsigned int *len, long *at)
{
	char *buf = kunit_kmalloc(test, n + 64, GFP_KERNEL), *exact;
	char *p = buf;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	p += sprintf(p, "BYE sip:a SIP/2.0%sX", eol);
	memset(p, fill, n);
	p += n;
	p += sprintf(p, "%si: ", eol);
	*at = p - buf;
	p += sprintf(p, "k%s%s", eol, eol);
	*len = p - buf;
	exact = sip_copy(test, buf, *len);
	kunit_kfree(test, buf);
	return exact;
}

/* Line ends are found at every distance and among bytes that resemble them to
 * eight-byte arithmetic.
 */
static void sip_line_lengths(struct kunit *test)
{
	static const u8 fill[] = {
		'x', '\t', 0, 0x0b, 0x0c, 0x0e, 0x7f, 0x80, 0x8a, 0x8d, 0x8e, 0xff,
	};
	static const char *const eols[] = { "\r\n", "\r", "\n" };
	struct sip_answer answer;
	unsigned int i, n, len;
	void *buf;
	long at;

	for (i = 0; i < ARRAY_SIZE(fill) * ARRAY_SIZE(eols); i++) {
		for (n = 0; n < 40; n++) {
			buf = sip_filled_message(test, fill[i / ARRAY_SIZE(eols)], n,
						 eols[i % ARRAY_SIZE(eols)], &len, &at);
			sip_ask(&answer, buf, len, true);
			KUNIT_ASSERT_EQ(test, answer.verdict, OPVS_PE_KEY);
			KUNIT_ASSERT_EQ(test, answer.offset, at);
			KUNIT_ASSERT_EQ(test, answer.key.len, 1);
			kunit_kfree(test, buf);
		}
	}
}

/* A message of @len bytes whose Call-ID line, "i: k" and CRLF, begins at @at and
 * is followed by further headers.
 */
static void *sip_long_message(struct kunit *test, unsigned int len, unsigned int at)
{
	static const char head[] = "BYE sip:a SIP/2.0\r\nX: ";
	static const char line[] = "\r\ni: k\r\nX: ";
	char *buf = kunit_kmalloc(test, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	memset(buf, 'x', len);
	memcpy(buf, head, strlen(head));
	memcpy(buf + at - 2, line, min_t(size_t, strlen(line), len - at + 2));
	return buf;
}

static void sip_bound_last_line(struct kunit *test)
{
	struct sip_answer answer;
	unsigned int len = OPVS_SIP_SCAN_MAX + 1000;
	void *buf;

	/* The CR of "i: k" is the last byte that is looked at... */
	buf = sip_long_message(test, len, OPVS_SIP_SCAN_MAX - 5);
	sip_ask(&answer, buf, len, true);
	KUNIT_EXPECT_EQ(test, answer.verdict, OPVS_PE_KEY);
	KUNIT_EXPECT_EQ(test, answer.offset, OPVS_SIP_SCAN_MAX - 2L);
	KUNIT_EXPECT_EQ(test, answer.key.len, 1);

	/* ... and here the first that is not */
	buf = sip_long_message(test, len, OPVS_SIP_SCAN_MAX - 4);
	sip_ask(&answer, buf, len, true);
	KUNIT_EXPECT_EQ(test, answer.verdict, OPVS_PE_NONE);
}

/* A datagram may end where the bound is, and its value with it */
static void sip_bound_whole_datagram(struct kunit *test)
{
	struct sip_answer answer;
	unsigned int len = OPVS_SIP_SCAN_MAX;
	void *buf = sip_long_message(test, len, len - 4);

	sip_ask(&answer, buf, len, true);
	KUNIT_EXPECT_EQ(test, answer.verdict, OPVS_PE_KEY);
	KUNIT_EXPECT_EQ(test, answer.offset, len - 1L);
	sip_ask(&answer, buf, len, false);
	KUNIT_EXPECT_EQ(test, answer.verdict, OPVS_PE_NONE);
	sip_ask(&answer, buf, len - 1, false);
	KUNIT_EXPECT_EQ(test, answer.verdict, OPVS_PE_MORE);
}

/* The caller stops at scan_max: showing more never helps from there on */
static void sip_bound_ends_asking(struct kunit *test)
{
	struct sip_answer answer;
	unsigned int len = OPVS_SIP_SCAN_MAX + 1000;
	void *buf = sip_long_message(test, len, len - 100);

	KUNIT_EXPECT_EQ(test, sip->scan_max, OPVS_SIP_SCAN_MAX);
	sip_ask(&answer, buf, OPVS_SIP_SCAN_MAX - 1, false);
	KUNIT_EXPECT_EQ(test, answer.verdict, OPVS_PE_MORE);
	sip_ask(&answer, buf, OPVS_SIP_SCAN_MAX, false);
	KUNIT_EXPECT_EQ(test, answer.verdict, OPVS_PE_NONE);
	sip_ask(&answer, buf, len, true);
	KUNIT_EXPECT_EQ(test, answer.verdict, OPVS_PE_NONE);
}

static void sip_registry(struct kunit *test)
{
	const struct opvs_pe_ops *pe;
	size_t n;

	KUNIT_EXPECT_STREQ(test, sip->name, "sip");
	KUNIT_EXPECT_EQ(test, sip->proto, IPPROTO_UDP);
	for (n = 0; (pe = opvs_pe_nth(n)); n++)
		KUNIT_EXPECT_PTR_EQ(test, opvs_pe_find(pe->name), pe);
	KUNIT_EXPECT_NE(test, n, 0);
	KUNIT_EXPECT_NULL(test, opvs_pe_nth(n + 1));
	KUNIT_EXPECT_NULL(test, opvs_pe_find(""));
	KUNIT_EXPECT_NULL(test, opvs_pe_find("si"));
	KUNIT_EXPECT_NULL(test, opvs_pe_find("sipx"));
	KUNIT_EXPECT_NULL(test, opvs_pe_find("SIP"));
	KUNIT_EXPECT_NULL(test, opvs_pe_find("nosuch"));
}

static struct kunit_case sip_test_cases[] = {
	KUNIT_CASE_PARAM(sip_whole_message, sip_gen_params),
	KUNIT_CASE_PARAM(sip_any_alignment, sip_gen_params),
	KUNIT_CASE_PARAM(sip_every_head, sip_gen_params),
	KUNIT_CASE_PARAM(sip_every_truncation, sip_gen_params),
	KUNIT_CASE(sip_line_lengths),
	KUNIT_CASE(sip_bound_last_line),
	KUNIT_CASE(sip_bound_whole_datagram),
	KUNIT_CASE(sip_bound_ends_asking),
	KUNIT_CASE(sip_registry),
	{}
};

static struct kunit_suite sip_suite = {
	.name = "opvs_sip",
	.init = sip_init,
	.test_cases = sip_test_cases,
};

kunit_test_suite(sip_suite);

MODULE_DESCRIPTION("opvs: unit tests of the SIP persistence engine");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
