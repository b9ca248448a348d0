// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines of FTP that name where the next file's connection is to come to: the
 * client's commands PORT (RFC 959) and EPRT (RFC 2428), and the server's replies to
 * PASV (227) and EPSV (229).  All else is not looked at, LPRT and LPSV (RFC 1639)
 * neither, which nobody uses.
 */
#include <opvs/app.h>

#include <opvs/kunit.h>

#include <linux/ctype.h>
#include <linux/inet.h>
#include <linux/kernel.h>
#include <linux/string.h>

/* h1,h2,h3,h4,p1,p2 */
#define QUAD_NUMBERS	6

/* What is left of a line. */
struct text {
	const u8	*at;
	const u8	*end;
};

/* A decimal number, all of its digits. */
static bool read_number(struct text *text, u32 max, u32 *number)
{
	const u8 *from = text->at;

	*number = 0;
	while (text->at < text->end && isdigit(*text->at)) {
		*number = *number * 10 + (*text->at++ - '0');
		if (*number > max)
			return false;
	}
	return text->at > from;
}

static bool read_char(struct text *text, u8 c)
{
	if (text->at == text->end || *text->at != c)
		return false;
	text->at++;
	return true;
}

static bool read_quad(struct text *text, struct opvs_app_name *name)
{
	u32 number[QUAD_NUMBERS];
	int i;

	for (i = 0; i < QUAD_NUMBERS; i++)
		if ((i && !read_char(text, ',')) ||
		    !read_number(text, U8_MAX, &number[i]))
			return false;
	if (text->at < text->end && *text->at == ',')
		return false;
	name->family = NFPROTO_IPV4;
	name->addr.ip = htonl(number[0] << 24 | number[1] << 16 |
			      number[2] << 8 | number[3]);
	name->port = htons(number[4] << 8 | number[5]);
	return true;
}

/* Servers write what they like around the numbers (RFC 1123 s4.1.2.6). */
static bool read_227(struct text text, const u8 *line,
		     struct opvs_app_name *name)
{
	struct text from;

	while (text.at < text.end) {
		if (!isdigit(*text.at)) {
			text.at++;
			continue;
		}
		from = text;
		if (read_quad(&text, name)) {
			name->at = from.at - line;
			name->len = text.at - from.at;
			return true;
		}
		while (text.at < text.end && isdigit(*text.at))
			text.at++;
	}
	return false;
}

/* (|||6446|): any printable character may take the place of the bar. */
static bool read_229(struct text text, const u8 *line,
		     struct opvs_app_name *name)
{
	const u8 *from;
	u32 port;
	u8 bar;
	int i;

	text.at = memchr(text.at, '(', text.end - text.at);
	if (!text.at || ++text.at == text.end)
		return false;
	bar = *text.at;
	for (i = 0; i < 3; i++)
		if (!read_char(&text, bar))
			return false;
	from = text.at;
	if (!read_number(&text, U16_MAX, &port))
		return false;
	name->at = from - line;
	name->len = text.at - from;
	name->port = htons(port);
	return read_char(&text, bar) && read_char(&text, ')');
}

static bool is_blank(struct text text)
{
	while (text.at < text.end && *text.at == ' ')
		text.at++;
	return text.at == text.end;
}

static bool read_port(struct text text, struct opvs_app_name *name)
{
	return read_quad(&text, name) && is_blank(text);
}

/* |1|10.0.0.1|6446| or |2|fd00::1|6446| */
static bool read_eprt(struct text text, struct opvs_app_name *name)
{
	const char *end;
	u32 kind, port;
	int ok;
	u8 bar;

	if (text.at == text.end)
		return false;
	bar = *text.at++;
	if (isxdigit(bar) || bar == '.' || bar == ':' ||
	    !read_number(&text, 2, &kind) || !read_char(&text, bar))
		return false;
	if (kind == 2)
		ok = in6_pton(text.at, text.end - text.at,
			      (u8 *)&name->addr.in6, bar, &end);
	else
		ok = in4_pton(text.at, text.end - text.at,
			      (u8 *)&name->addr.ip, bar, &end);
	if (!ok)
		return false;
	text.at = (const u8 *)end;
	name->family = kind == 2 ? NFPROTO_IPV6 : NFPROTO_IPV4;
	if (!read_char(&text, bar) || !read_number(&text, U16_MAX, &port) ||
	    !read_char(&text, bar))
		return false;
	name->port = htons(port);
	return is_blank(text);
}

/* Is it this word, and a blank or more? */
static bool read_word(struct text *text, const char *word)
{
	size_t len = strlen(word);

	if (text->end - text->at <= len ||
	    strncasecmp(text->at, word, len) || text->at[len] != ' ')
		return false;
	text->at += len;
	while (text->at < text->end && *text->at == ' ')
		text->at++;
	return true;
}

/**
 * opvs_ftp_read() - does a line name where a connection is to come to?
 * @dir: who says it: the client or the server
 * @line: the line, without its line feed
 * @len: its length
 * @name: result; of a command, only address and port
 *
 * Context: any.
 * Return: true if it does and is well-formed.
 */
bool opvs_ftp_read(enum opvs_dir dir, const u8 *line, unsigned int len,
		   struct opvs_app_name *name)
{
	struct text text = { .at = line, .end = line + len };

	*name = (struct opvs_app_name){};
	if (len && line[len - 1] == '\r')
		text.end--;
	if (dir == OPVS_DIR_REPLY) {
		if (read_word(&text, "227"))
			return read_227(text, line, name);
		return read_word(&text, "229") && read_229(text, line, name);
	}
	if (read_word(&text, "PORT"))
		return read_port(text, name);
	return read_word(&text, "EPRT") && read_eprt(text, name);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_ftp_read);

/**
 * opvs_ftp_write() - name another address and port
 * @name: what a reply's line names now
 * @addr: the address, if it names one
 * @port: port
 * @text: result: text in place of that which @name tells; OPVS_APP_NAME_MAX bytes
 *
 * Context: any.
 * Return: length of the text.
 */
unsigned int opvs_ftp_write(const struct opvs_app_name *name,
			    const union nf_inet_addr *addr, __be16 port,
			    char *text)
{
	const u8 *a = (const u8 *)&addr->ip;
	u16 number = ntohs(port);

	if (!name->family)
		return scnprintf(text, OPVS_APP_NAME_MAX, "%u", number);
	return scnprintf(text, OPVS_APP_NAME_MAX, "%u,%u,%u,%u,%u,%u", a[0],
			 a[1], a[2], a[3], number >> 8, number & U8_MAX);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_ftp_write);
