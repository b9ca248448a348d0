// SPDX-License-Identifier: GPL-2.0-only
/* The rules of nftables, as nft tells them: in JSON (libnftables-json(5)). */
#include "ruleset.h"

#include "adm.h"
#include "ruleset_match.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <json-c/json.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/netlink.h>

/* More than a ruleset of any sense has. */
#define STEPS_MAX	20000000UL
#define TEXT_MAX	(256UL << 20)

/**
 * ruleset_find_chain() - a chain by its name
 * @rules: all rules
 * @family: of its table
 * @table: its table
 * @name: its name
 *
 * Return: the chain, or NULL.
 */
struct ruleset_chain *ruleset_find_chain(const struct ruleset *rules,
					 const char *family, const char *table,
					 const char *name)
{
	size_t i;

	for (i = 0; i < rules->count; i++) {
		struct ruleset_chain *chain = &rules->chains[i];

		if (strcmp(chain->name, name) == 0 &&
		    strcmp(chain->table, table) == 0 &&
		    strcmp(chain->family, family) == 0)
			return chain;
	}
	return NULL;
}

/* Tables that are dormant have chains without hooks. Some versions of nft have no
 * name for that flag, so only flags that are known to say something else count.
 */
static bool is_known_flag(struct json_object *flag)
{
	const char *text = json_object_get_string(flag);

	return text && (strcmp(text, "owner") == 0 || strcmp(text, "persist") == 0);
}

static bool is_awake(const struct ruleset *rules, struct json_object *chain)
{
	struct json_object *list = ruleset_list(rules), *table = NULL, *flags;
	size_t i, count = json_object_array_length(list);

	for (i = 0; i < count && !table; i++) {
		table = match_member(json_object_array_get_idx(list, i), "table");
		if (table && (strcmp(match_text(table, "name"),
				     match_text(chain, "table")) != 0 ||
			      strcmp(match_text(table, "family"),
				     match_text(chain, "family")) != 0))
			table = NULL;
	}
	flags = table ? match_member(table, "flags") : NULL;
	if (!json_object_is_type(flags, json_type_array))
		return !flags || is_known_flag(flags);
	for (i = 0; i < json_object_array_length(flags); i++)
		if (!is_known_flag(json_object_array_get_idx(flags, i)))
			return false;
	return true;
}

static int add_chain(struct ruleset *rules, struct json_object *json)
{
	struct ruleset_chain *more, *chain;

	more = reallocarray(rules->chains, rules->count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	rules->chains = more;
	chain = &more[rules->count++];
	memset(chain, 0, sizeof(*chain));
	chain->json = json;
	chain->family = match_text(json, "family");
	chain->table = match_text(json, "table");
	chain->name = match_text(json, "name");
	chain->awake = is_awake(rules, json);
	return 0;
}

static bool has_statement(struct json_object *rule, const char *name)
{
	struct json_object *list = match_member(rule, "expr"), *item;
	size_t i;

	if (!json_object_is_type(list, json_type_array))
		return false;
	for (i = 0; i < json_object_array_length(list); i++) {
		item = json_object_array_get_idx(list, i);
		if (json_object_is_type(item, json_type_object) &&
		    json_object_object_get_ex(item, name, NULL))
			return true;
	}
	return false;
}

static int add_rule(struct ruleset *rules, struct json_object *json)
{
	struct ruleset_chain *chain;
	struct json_object **more;

	chain = ruleset_find_chain(rules, match_text(json, "family"),
				   match_text(json, "table"),
				   match_text(json, "chain"));
	if (!chain)
		return 0;
	if (chain->count == chain->room) {
		more = reallocarray(chain->rules, chain->room * 2 + 8,
				    sizeof(struct json_object *));
		if (!more)
			return -ENOMEM;
		chain->rules = more;
		chain->room = chain->room * 2 + 8;
	}
	chain->rules[chain->count++] = json;
	/* The target of iptables that does the same is an "xt". */
	if (has_statement(json, "notrack") || has_statement(json, "xt"))
		rules->untracks = true;
	return 0;
}

/**
 * ruleset_list() - everything that nft told
 * @rules: all rules
 *
 * Return: the list; NULL if it is none.
 */
struct json_object *ruleset_list(const struct ruleset *rules)
{
	struct json_object *list = match_member(rules->root, "nftables");

	return json_object_is_type(list, json_type_array) ? list : NULL;
}

/**
 * ruleset_parse() - reads what nft tells
 * @rules: what is made; to be freed in any case
 * @text: the JSON
 * @size: its length
 *
 * Return: 0, or an error number: EPROTO if it is no list of rules.
 */
int ruleset_parse(struct ruleset *rules, const char *text, size_t size)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *list, *item;
	size_t i, count;
	int err = 0;

	memset(rules, 0, sizeof(*rules));
	rules->steps = STEPS_MAX;
	if (!tokener)
		return -ENOMEM;
	if (size < INT_MAX)
		rules->root = json_tokener_parse_ex(tokener, text, size);
	json_tokener_free(tokener);
	list = ruleset_list(rules);
	if (!list)
		return -EPROTO;
	count = json_object_array_length(list);
	for (i = 0; i < count && !err; i++) {
		item = match_member(json_object_array_get_idx(list, i), "chain");
		err = item ? add_chain(rules, item) : 0;
	}
	for (i = 0; i < count && !err; i++) {
		item = match_member(json_object_array_get_idx(list, i), "rule");
		err = item ? add_rule(rules, item) : 0;
	}
	return err;
}

/* All that a program prints; NULL for lack of memory, or too much of it. */
static char *read_all(FILE *file, size_t *size)
{
	size_t room = 0;
	char *text = NULL, *more;

	*size = 0;
	do {
		room = room * 2 + 65536;
		more = room < TEXT_MAX ? realloc(text, room) : NULL;
		if (!more) {
			free(text);
			return NULL;
		}
		text = more;
		*size += fread(text + *size, 1, room - *size, file);
	} while (*size == room);
	return text;
}

/* Most namespaces have no table: then nft, which takes time to start, is not. */
static bool has_tables(void)
{
	const struct nfgenmsg header = { .nfgen_family = AF_UNSPEC };
	struct nl_sock *sock = nl_socket_alloc();
	unsigned char *answer = NULL;
	struct sockaddr_nl from;
	struct nl_msg *msg;
	bool found = false;
	int type, len = -1;

	msg = nlmsg_alloc_simple(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE,
				 NLM_F_DUMP);
	if (sock && msg && !nl_connect(sock, NETLINK_NETFILTER) &&
	    !nlmsg_append(msg, (void *)&header, sizeof(header), NLMSG_ALIGNTO)) {
		nl_socket_disable_auto_ack(sock);
		if (nl_send_auto(sock, msg) >= 0)
			len = nl_recv(sock, &from, &answer, NULL);
	}
	if (len >= NLMSG_HDRLEN) {
		type = ((struct nlmsghdr *)answer)->nlmsg_type;
		found = type != NLMSG_DONE && type != NLMSG_ERROR;
	}
	free(answer);
	nlmsg_free(msg);
	nl_socket_free(sock);
	return found;
}

/**
 * ruleset_load() - asks nft for the rules of the network namespace
 * @rules: what is made; to be freed in any case
 *
 * Return: 0, or an error number; then there is nothing to be said about rules: there
 * are none, or nft is not installed.
 */
int ruleset_load(struct ruleset *rules)
{
	size_t size = 0;
	FILE *file;
	char *text;
	int err;

	memset(rules, 0, sizeof(*rules));
	if (!has_tables())
		return -ENOENT;
	file = popen("PATH=$PATH:/usr/sbin:/sbin nft -j list ruleset 2>/dev/null",
		     "re");
	if (!file)
		return -errno;
	text = read_all(file, &size);
	err = pclose(file) ? -ENOENT : text ? 0 : -ENOMEM;
	if (!err)
		err = ruleset_parse(rules, text, size);
	free(text);
	return err;
}

/**
 * ruleset_free() - frees rules
 * @rules: the rules, of which there are none then
 */
void ruleset_free(struct ruleset *rules)
{
	size_t i;

	for (i = 0; i < rules->count; i++)
		free(rules->chains[i].rules);
	free(rules->chains);
	json_object_put(rules->root);
	memset(rules, 0, sizeof(*rules));
}
