// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of what tells SIP messages apart by their first bytes.
 *
 * Messages are handed over in objects of exactly their size, so that KASAN sees
 * any read beyond them.
 */
#include <opvs/sip_kind.h>

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>

static const struct {
	const char		*name;
	enum opvs_sip_kind	kind;
} methods[] = {
	{ "INVITE", OPVS_SIP_INVITE },
	{ "ACK", OPVS_SIP_ACK },
	{ "BYE", OPVS_SIP_BYE },
	{ "CANCEL", OPVS_SIP_CANCEL },
	{ "REGISTER", OPVS_SIP_REGISTER },
	{ "OPTIONS", OPVS_SIP_OPTIONS },
	{ "SUBSCRIBE", OPVS_SIP_SUBSCRIBE },
	{ "NOTIFY", OPVS_SIP_NOTIFY },
	{ "PRACK", OPVS_SIP_PRACK },
	{ "UPDATE", OPVS_SIP_UPDATE },
	{ "INFO", OPVS_SIP_INFO },
	{ "MESSAGE", OPVS_SIP_MESSAGE },
	{ "REFER", OPVS_SIP_REFER },
	{ "PUBLISH", OPVS_SIP_PUBLISH },
};

typedef enum opvs_sip_kind (*kind_of_t)(const u8 *payload, unsigned int len);

/* No more than the first bytes are ever shown. */
static enum opvs_sip_kind kind_of(struct kunit *test, kind_of_t ask,
				  const char *text, size_t len)
{
	enum opvs_sip_kind kind;
	u8 *copy;

	len = min_t(size_t, len, OPVS_SIP_KIND_BYTES);
	copy = kunit_kmalloc(test, len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, text, len);
	kind = ask(copy, len);
	kunit_kfree(test, copy);
	return kind;
}

static enum opvs_sip_kind request(struct kunit *test, const char *text)
{
	return kind_of(test, opvs_sip_request, text, strlen(text));
}

static enum opvs_sip_kind answer(struct kunit *test, const char *text)
{
	return kind_of(test, opvs_sip_answer, text, strlen(text));
}

/* One is known from its blank on, however little there is behind it. */
static void kind_methods(struct kunit *test)
{
	unsigned int i, len;
	char text[48];

	for (i = 0; i < ARRAY_SIZE(methods); i++) {
		snprintf(text, sizeof(text), "%s sip:bob@example.net SIP/2.0\r\n",
			 methods[i].name);
		KUNIT_EXPECT_EQ_MSG(test, answer(test, text), OPVS_SIP_NONE,
				    "%s", text);
		for (len = 0; len <= strlen(text); len++)
			KUNIT_ASSERT_EQ_MSG(test,
					    kind_of(test, opvs_sip_request,
						    text, len),
					    len > strlen(methods[i].name) ?
					    methods[i].kind : OPVS_SIP_NONE,
					    "%u bytes of %s", len, text);
	}
}

/* Line ends may come first, and a tab may stand for the blank. */
static void kind_methods_unusual(struct kunit *test)
{
	static const char *const start[] = { "\r\n", "\n", "\r\n\r\n\r\n" };
	unsigned int i, j;
	char text[48];

	for (i = 0; i < ARRAY_SIZE(methods); i++) {
		for (j = 0; j < ARRAY_SIZE(start); j++) {
			snprintf(text, sizeof(text), "%s%s sip:bob@example.net",
				 start[j], methods[i].name);
			KUNIT_EXPECT_EQ_MSG(test, request(test, text),
					    methods[i].kind, "%s", text);
		}
		snprintf(text, sizeof(text), "%s\tsip:bob@example.net",
			 methods[i].name);
		KUNIT_EXPECT_EQ_MSG(test, request(test, text), methods[i].kind,
				    "%s", text);
	}
}

/* What differs in any one letter is another method, and so is what is longer or
 * shorter.
 */
static void kind_methods_similar(struct kunit *test)
{
	unsigned int i, j, len;
	char text[48];

	for (i = 0; i < ARRAY_SIZE(methods); i++) {
		len = strlen(methods[i].name);
		for (j = 0; j < len; j++) {
			snprintf(text, sizeof(text), "%s sip:bob@example.net",
				 methods[i].name);
			text[j] |= 0x20;
			KUNIT_EXPECT_EQ_MSG(test, request(test, text),
					    OPVS_SIP_OTHER, "%s", text);
			text[j] = '-';
			KUNIT_EXPECT_EQ_MSG(test, request(test, text),
					    OPVS_SIP_OTHER, "%s", text);
		}
		snprintf(text, sizeof(text), "%sS sip:bob@example.net",
			 methods[i].name);
		KUNIT_EXPECT_EQ_MSG(test, request(test, text), OPVS_SIP_OTHER,
				    "%s", text);
		snprintf(text, sizeof(text), "%.*s sip:bob@example.net", len - 1,
			 methods[i].name);
		KUNIT_EXPECT_EQ_MSG(test, request(test, text), OPVS_SIP_OTHER,
				    "%s", text);
	}
}

static void kind_other_requests(struct kunit *test)
{
	static const char *const others[] = {
		"PING sip:bob@example.net SIP/2.0\r\n",
		"invite sip:bob@example.net SIP/2.0\r\n",
		"X tel:+15551234 SIP/2.0\r\n",
		"\r\nPING sip:bob@example.net SIP/2.0\r\n",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		KUNIT_EXPECT_EQ_MSG(test, request(test, others[i]),
				    OPVS_SIP_OTHER, "%s", others[i]);
		KUNIT_EXPECT_EQ_MSG(test, answer(test, others[i]),
				    OPVS_SIP_NONE, "%s", others[i]);
	}
}

static void kind_answers(struct kunit *test)
{
	enum opvs_sip_kind want;
	unsigned int status, len;
	char text[48];

	for (status = 0; status < 1000; status++) {
		want = status / 100;
		want = want >= 1 && want <= 6 ? OPVS_SIP_1XX + want - 1 :
						OPVS_SIP_NONE;
		snprintf(text, sizeof(text), "SIP/2.0 %03u Whatever It Is\r\n",
			 status);
		KUNIT_EXPECT_EQ_MSG(test, request(test, text), OPVS_SIP_NONE,
				    "%s", text);
		for (len = 0; len <= strlen(text); len++)
			KUNIT_ASSERT_EQ_MSG(test,
					    kind_of(test, opvs_sip_answer, text,
						    len),
					    len >= strlen("SIP/2.0 200") ?
					    want : OPVS_SIP_NONE,
					    "%u bytes of %s", len, text);
	}
}

/* The protocol's name is not case-sensitive, and others may have versions. */
static void kind_answers_unusual(struct kunit *test)
{
	static const struct {
		const char		*text;
		enum opvs_sip_kind	kind;
	} cases[] = {
		{ "sip/2.0 200 OK\r\n", OPVS_SIP_2XX },
		{ "Sip/2.0 486 Busy Here\r\n", OPVS_SIP_4XX },
		{ "SIP/3.0 503 Service Unavailable\r\n", OPVS_SIP_5XX },
		{ "SIP/2.0  302 Moved Temporarily\r\n", OPVS_SIP_3XX },
		{ "SIP/2.0\t603 Decline\r\n", OPVS_SIP_6XX },
		{ "\r\nSIP/2.0 180 Ringing\r\n", OPVS_SIP_1XX },
		{ "\r\n\r\n\r\nsip/2.0 180 Ringing\r\n", OPVS_SIP_1XX },
		{ "SIP/2.0 2a0 OK\r\n", OPVS_SIP_NONE },
		{ "SIP/2.0 20: OK\r\n", OPVS_SIP_NONE },
		{ "SIP/2.0 /00 OK\r\n", OPVS_SIP_NONE },
		{ "SIP/2.0 OK\r\n", OPVS_SIP_NONE },
		{ "SIP/2.0\r\n200 OK\r\n", OPVS_SIP_NONE },
		{ "SIP/2.0200 OK and what it needs\r\n", OPVS_SIP_NONE },
		{ "HTTP/1.1 200 OK and what it needs\r\n", OPVS_SIP_NONE },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ_MSG(test, answer(test, cases[i].text),
				    cases[i].kind, "%s", cases[i].text);
		KUNIT_EXPECT_EQ_MSG(test, request(test, cases[i].text),
				    OPVS_SIP_NONE, "%s", cases[i].text);
	}
}

/* What else comes to the port of a SIP service. */
static void kind_no_sip(struct kunit *test)
{
	static const struct {
		const char	*what;
		const char	*data;
		size_t		len;
	} cases[] = {
		{ "nothing", "", 0 },
		{ "keepalive", "\r\n\r\n", 4 },
		{ "half a keepalive", "\r\n", 2 },
		{ "line ends", "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n", 22 },
		{ "jaK", "jaK", 3 },
		{ "a NUL", "\0", 1 },
		{ "NULs", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20 },
		{ "STUN", "\0\1\0\0\41\22\244\102abcdefghijkl", 20 },
		{ "RTP", "\200\10\22\64abcdefghijklmnopqrstuvwxyz", 30 },
		{ "bytes above 127", "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\xf6", 10 },
		{ "HTTP", "GET / HTTP/1.1\r\nHost: a\r\n", 25 },
		{ "a line of text", "INVITED are all who read this", 29 },
		{ "a method and no more", "INVITE", 6 },
		{ "the protocol and no more", "SIP/2.0 ", 8 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ_MSG(test,
				    kind_of(test, opvs_sip_request,
					    cases[i].data, cases[i].len),
				    OPVS_SIP_NONE, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test,
				    kind_of(test, opvs_sip_answer,
					    cases[i].data, cases[i].len),
				    OPVS_SIP_NONE, "%s", cases[i].what);
	}
}

static struct kunit_case kind_test_cases[] = {
	KUNIT_CASE(kind_methods),
	KUNIT_CASE(kind_methods_unusual),
	KUNIT_CASE(kind_methods_similar),
	KUNIT_CASE(kind_other_requests),
	KUNIT_CASE(kind_answers),
	KUNIT_CASE(kind_answers_unusual),
	KUNIT_CASE(kind_no_sip),
	{}
};

static struct kunit_suite kind_suite = {
	.name = "opvs_sip_kind",
	.test_cases = kind_test_cases,
};

kunit_test_suite(kind_suite);

MODULE_DESCRIPTION("opvs: unit tests of the kinds of SIP messages");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
