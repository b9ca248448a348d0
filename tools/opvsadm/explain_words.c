// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel's answers about packets are in words. */
#include "explain.h"

#include "adm.h"

#include <assert.h>
#include <stdio.h>

static const struct {
	const char	*name;
	const char	*text;
} whys[] = {
	[OPVS_WHY_UNKNOWN] = { "unknown", "nothing decided" },
	[OPVS_WHY_NO_SERVICE] = { "no-service",
		"no service takes it; it goes its way" },
	[OPVS_WHY_NOT_LOCAL] = { "not-local",
		"a service has the address, which is none of this host" },
	[OPVS_WHY_OTHER_PROTOCOL] = { "other-protocol",
		"neither TCP nor UDP nor SCTP" },
	[OPVS_WHY_FRAGMENT] = { "fragment",
		"it is put together before anything is decided" },
	[OPVS_WHY_OPENS_NOTHING] = { "opens-nothing",
		"it belongs to no connection, and begins none" },
	[OPVS_WHY_MALFORMED] = { "malformed",
		"its headers are cut off or wrong" },
	[OPVS_WHY_DEFENCE] = { "defence",
		"a defence against floods drops it" },
	[OPVS_WHY_LIMIT] = { "limit", "there is no room for an entry" },
	[OPVS_WHY_CLASH] = { "clash",
		"its replies would look like another connection's" },
	[OPVS_WHY_REMOVED_SERVER] = { "removed-server",
		"its connection's server was removed" },
	[OPVS_WHY_NO_SERVER] = { "no-server", "no server is available" },
	[OPVS_WHY_CONNECTION] = { "connection",
		"it belongs to a connection that is tracked" },
	[OPVS_WHY_REPLY] = { "reply",
		"the server sends it; it gets the virtual address" },
	[OPVS_WHY_TEMPLATE] = { "template",
		"a persistence template remembers the server" },
	[OPVS_WHY_EXCEPTION] = { "exception",
		"an entry remembers that the call is there" },
	[OPVS_WHY_OWNER] = { "owner", "a hash leads to the server" },
	[OPVS_WHY_FORMER] = { "former",
		"the service drains: an older call, which the server had before" },
	[OPVS_WHY_FALLBACK] = { "fallback",
		"in place of the server that the hash leads to" },
	[OPVS_WHY_KEYLESS] = { "keyless",
		"no key was found; a hash of the client leads there" },
	[OPVS_WHY_TURN] = { "turn", "it is the server's turn" },
	[OPVS_WHY_LEAST] = { "least", "it has the least load" },
	[OPVS_WHY_WEIGHT] = { "weight",
		"it has the highest weight of those with room" },
	[OPVS_WHY_RANDOM] = { "random", "drawn by lot" },
	[OPVS_WHY_LOCALITY] = { "locality", "the address has this server" },
	[OPVS_WHY_ONLY] = { "only", "no other server is available" },
	[OPVS_WHY_BYPASS] = { "bypass",
		"no server is available; it goes on without one" },
};

/* A reason that the kernel learns needs a word here. */
static_assert(ARRAY_SIZE(whys) == OPVS_WHY_MAX + 1);

/**
 * explain_why() - a reason in a word
 * @why: OPVS_WHY_*, of a module that may know more of them
 *
 * Return: the word, which never changes.
 */
const char *explain_why(uint8_t why)
{
	return why < ARRAY_SIZE(whys) ? whys[why].name : "unknown";
}

/**
 * explain_why_text() - a reason in some words
 * @why: OPVS_WHY_*
 *
 * Return: the words.
 */
const char *explain_why_text(uint8_t why)
{
	return why < ARRAY_SIZE(whys) ? whys[why].text :
	       "for a reason that this program does not know";
}

/**
 * explain_varies() - does what comes first change what comes next?
 * @why: OPVS_WHY_*
 *
 * Return: true if turns, loads or lots decide.
 */
bool explain_varies(uint8_t why)
{
	return why == OPVS_WHY_TURN || why == OPVS_WHY_LEAST ||
	       why == OPVS_WHY_RANDOM;
}

/**
 * explain_key_text() - a key, so that a terminal obeys none of it
 * @key: its bytes
 * @len: how many
 * @text: where it goes
 *
 * Return: @text; what is not printable, blanks and backslashes are \xNN.
 */
const char *explain_key_text(const void *key, size_t len,
			     char text[EXPLAIN_KEY_TEXT])
{
	const unsigned char *from = key;
	char *to = text;
	size_t i;

	for (i = 0; i < len && i < EXPLAIN_KEY_MAX; i++) {
		if (from[i] > ' ' && from[i] < 0x7f && from[i] != '\\')
			*to++ = from[i];
		else
			to += sprintf(to, "\\x%02x", from[i]);
	}
	*to = '\0';
	return text;
}

/**
 * explain_server_text() - a server as users write it
 * @server: the server
 * @text: where it goes
 *
 * Return: @text, or NULL if it is none.
 */
const char *explain_server_text(const struct explain_server *server,
				char text[NAME_SIZE])
{
	if (!server->number)
		return NULL;
	return name_endpoint(&server->addr, server->port, text, NAME_SIZE);
}
