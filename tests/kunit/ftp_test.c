// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of FTP's lines: what names an address and port, and what does not. */
#include <opvs/app.h>

#include <opvs/kunit.h>

#include <kunit/test.h>

#include <linux/inet.h>
#include <linux/module.h>
#include <linux/string.h>

/**
 * struct line_case - a line
 * @line: what is said, without its line feed
 * @addr: what it names; NULL: a port only, "": nothing at all
 * @part: of a reply, what is to be replaced
 * @port: port that it names
 * @dir: who says it
 */
struct line_case {
	const char	*line;
	const char	*addr;
	const char	*part;
	u16		port;
	enum opvs_dir	dir;
};

#define SERVER(line, addr, port, part) \
	{ line, addr, part, port, OPVS_DIR_REPLY }
#define CLIENT(line, addr, port) \
	{ line, addr, NULL, port, OPVS_DIR_REQUEST }
#define NOT(line, dir) \
	{ line, "", NULL, 0, OPVS_DIR_##dir }

static const struct line_case line_cases[] = {
	SERVER("227 Entering Passive Mode (10,0,0,1,195,80).\r", "10.0.0.1",
	       50000, "10,0,0,1,195,80"),
	SERVER("227 Entering Passive Mode 10,0,0,1,195,80", "10.0.0.1", 50000,
	       "10,0,0,1,195,80"),
	SERVER("227 =10,0,0,1,4,1\r", "10.0.0.1", 1025, "10,0,0,1,4,1"),
	SERVER("227 10,0,0,1,4,1", "10.0.0.1", 1025, "10,0,0,1,4,1"),
	SERVER("227 Mode 2 of server7 (192,0,2,255,0,0)", "192.0.2.255", 0,
	       "192,0,2,255,0,0"),
	SERVER("227 (010,000,000,001,004,001)", "10.0.0.1", 1025,
	       "010,000,000,001,004,001"),
	NOT("227", REPLY),
	NOT("227 Entering Passive Mode", REPLY),
	NOT("227-Entering Passive Mode (10,0,0,1,195,80)", REPLY),
	NOT("2271 (10,0,0,1,195,80)", REPLY),
	NOT("220 227 (10,0,0,1,195,80)", REPLY),
	NOT(" 227 (10,0,0,1,195,80)", REPLY),
	NOT("227 (10,0,0,1,195)", REPLY),
	NOT("227 (10,0,0,256,195,80)", REPLY),
	NOT("227 (10,0,0,4294967297,195,80)", REPLY),
	NOT("227 (10,0,0,1,195,80,1)", REPLY),
	NOT("227 (10, 0,0,1,195,80)", REPLY),
	NOT("227 (10,0,0,1,,80)", REPLY),
	NOT("PORT 10,0,0,1,195,80", REPLY),

	SERVER("229 Entering Extended Passive Mode (|||50000|)\r", NULL, 50000,
	       "50000"),
	SERVER("229 (!!!1!)", NULL, 1, "1"),
	NOT("229 Entering Extended Passive Mode |||50000|", REPLY),
	NOT("229 (|||65536|)", REPLY),
	NOT("229 (||||)", REPLY),
	NOT("229 (|||50000)", REPLY),
	NOT("229 (|||50000|", REPLY),
	NOT("229 (||50000|)", REPLY),
	NOT("229 (|1|10.0.0.1|50000|)", REPLY),
	NOT("229 (|", REPLY),
	NOT("229 (", REPLY),
	NOT("228 (|||50000|)", REPLY),

	CLIENT("PORT 10,0,0,1,195,80\r", "10.0.0.1", 50000),
	CLIENT("port 10,0,0,1,195,80", "10.0.0.1", 50000),
	CLIENT("PoRt   10,0,0,1,195,80  \r", "10.0.0.1", 50000),
	NOT("PORT", REQUEST),
	NOT("PORT ", REQUEST),
	NOT("PORT10,0,0,1,195,80", REQUEST),
	NOT("PORT 10,0,0,1,195,80x", REQUEST),
	NOT("PORT (10,0,0,1,195,80)", REQUEST),
	NOT("PORTS 10,0,0,1,195,80", REQUEST),
	NOT("XPORT 10,0,0,1,195,80", REQUEST),
	NOT("227 (10,0,0,1,195,80)", REQUEST),
	NOT("LPRT 4,4,10,0,0,1,2,195,80", REQUEST),

	CLIENT("EPRT |1|10.0.0.1|50000|\r", "10.0.0.1", 50000),
	CLIENT("eprt |2|fd00::a:1|50000|", "fd00::a:1", 50000),
	CLIENT("EPRT !1!10.0.0.1!1!", "10.0.0.1", 1),
	NOT("EPRT", REQUEST),
	NOT("EPRT |", REQUEST),
	NOT("EPRT |1|10.0.0.1|50000", REQUEST),
	NOT("EPRT |1|10.0.0.1|65536|", REQUEST),
	NOT("EPRT |1|10.0.0|50000|", REQUEST),
	NOT("EPRT |1|fd00::1|50000|", REQUEST),
	NOT("EPRT |2|10.0.0.1|50000|", REQUEST),
	NOT("EPRT |3|10.0.0.1|50000|", REQUEST),
	NOT("EPRT 1|10.0.0.1|50000|", REQUEST),
	NOT("EPRT |1!10.0.0.1!50000!", REQUEST),
	NOT("EPRT |1|10.0.0.1|50000|x", REQUEST),
	NOT("", REQUEST),
	NOT("\r", REPLY),
};

static void line_case_name(const struct line_case *row, char *desc)
{
	size_t len;

	strscpy(desc, row->line, KUNIT_PARAM_DESC_SIZE);
	len = strcspn(desc, "\r#");
	desc[len] = '\0';
	if (!len)
		strscpy(desc, "nothing", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(ftp_line, line_cases, line_case_name);

static void expect_addr(struct kunit *test, const struct opvs_app_name *name,
			const char *addr)
{
	union nf_inet_addr want = {};
	u8 family = 0;

	if (addr && in6_pton(addr, -1, (u8 *)&want.in6, -1, NULL))
		family = NFPROTO_IPV6;
	else if (addr && in4_pton(addr, -1, (u8 *)&want.ip, -1, NULL))
		family = NFPROTO_IPV4;
	KUNIT_EXPECT_EQ(test, name->family, family);
	KUNIT_EXPECT_TRUE(test, nf_inet_addr_cmp(&name->addr, &want));
}

/* The line lies at the end of its memory: KASAN sees what reads on. */
static void ftp_line(struct kunit *test)
{
	const struct line_case *row = test->param_value;
	unsigned int len = strlen(row->line);
	bool named = !row->addr || *row->addr;
	struct opvs_app_name name;
	u8 *line;

	line = kunit_kzalloc(test, len ?: 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, line);
	memcpy(line, row->line, len);
	KUNIT_ASSERT_EQ(test, opvs_ftp_read(row->dir, line, len, &name), named);
	if (!named)
		return;
	KUNIT_EXPECT_EQ(test, ntohs(name.port), row->port);
	expect_addr(test, &name, row->addr);
	if (!row->part)
		return;
	KUNIT_EXPECT_EQ(test, name.len, strlen(row->part));
	KUNIT_EXPECT_EQ(test, memcmp(line + name.at, row->part, name.len), 0);
}

/* No beginning of a line makes it read beyond. */
static void ftp_cut(struct kunit *test)
{
	const struct line_case *row = test->param_value;
	unsigned int len, whole = strlen(row->line);
	struct opvs_app_name name;
	u8 *line;

	for (len = 0; len < whole; len++) {
		line = kunit_kzalloc(test, len ?: 1, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, line);
		memcpy(line, row->line, len);
		if (opvs_ftp_read(row->dir, line, len, &name))
			KUNIT_EXPECT_LE(test, name.at + name.len, len);
		kunit_kfree(test, line);
	}
}

static void ftp_write(struct kunit *test)
{
	const union nf_inet_addr addr = { .ip = htonl(0xffffffff) };
	struct opvs_app_name name = { .family = NFPROTO_IPV4 };
	char text[OPVS_APP_NAME_MAX];
	unsigned int len;

	len = opvs_ftp_write(&name, &addr, htons(U16_MAX), text);
	KUNIT_EXPECT_STREQ(test, text, "255,255,255,255,255,255");
	KUNIT_EXPECT_EQ(test, len, OPVS_APP_NAME_MAX - 1);
	name.family = 0;
	len = opvs_ftp_write(&name, &addr, htons(1024), text);
	KUNIT_EXPECT_STREQ(test, text, "1024");
	KUNIT_EXPECT_EQ(test, len, 4);
}

static struct kunit_case ftp_test_cases[] = {
	KUNIT_CASE_PARAM(ftp_line, ftp_line_gen_params),
	KUNIT_CASE_PARAM(ftp_cut, ftp_line_gen_params),
	KUNIT_CASE(ftp_write),
	{}
};

static struct kunit_suite ftp_suite = {
	.name = "opvs_ftp",
	.test_cases = ftp_test_cases,
};

kunit_test_suite(ftp_suite);

MODULE_DESCRIPTION("opvs: unit tests of FTP's lines");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
