// SPDX-License-Identifier: GPL-2.0-only
/* Files of rules: the lines of ipvsadm -S, and what that has no words for.
 *
 *	policy NAME PROTOCOL/STATE=SECONDS ...
 *	conn-max NUMBER
 *	hash-key DIGITS
 *	net.opvs.NAME = VALUE
 *	--set TCP TCPFIN UDP
 *	-A SERVICE ... [--policy NAME] [--conn-max NUMBER]
 *	-a SERVICE -r SERVER ... [-x UPPER] [-y LOWER]
 *
 * The whole file is judged before anything is done with it.
 */
#include "rules.h"

#include "addr.h"
#include "adm.h"
#include "compat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS	" \t\r\n"
#define KINDS	"rules are -A, -a, --set, policy, conn-max, hash-key and net.opvs.NAME ="

/* A file while it is read. */
struct reader {
	struct rules	*rules;
	const char	*name;
	unsigned int	line;
	bool		bad;
};

/**
 * rules_file_name() - what messages call a file
 * @path: its path; "-" is standard input
 *
 * Return: the name.
 */
const char *rules_file_name(const char *path)
{
	return strcmp(path, "-") == 0 ? "standard input" : path;
}

static void wrong(struct reader *reader, const char *text, const char *what)
{
	adm_err("%s: line %u: %s%s%s", reader->name, reader->line, text,
		what ? ": " : "", what ? what : "");
	reader->bad = true;
}

static void read_policy(struct reader *reader, char *words)
{
	struct policy *policy = policy_add(&reader->rules->policies);
	const char *complaint;

	if (!policy) {
		wrong(reader, strerror(ENOMEM), NULL);
		return;
	}
	policy->line = reader->line;
	if (!policy_parse(policy, words, &complaint))
		wrong(reader, complaint, NULL);
	else if (policy_find(&reader->rules->policies, policy->name) != policy)
		wrong(reader, "a second policy of this name", policy->name);
}

static bool parse_key(struct table *table, const char *text)
{
	char digits[3] = "";
	size_t i;

	if (strlen(text) != 2 * sizeof(table->key) ||
	    strspn(text, "0123456789abcdefABCDEF") != strlen(text))
		return false;
	for (i = 0; i < sizeof(table->key); i++) {
		memcpy(digits, text + 2 * i, 2);
		table->key[i] = strtoul(digits, NULL, 16);
	}
	return true;
}

static void read_key(struct reader *reader, const char *digits)
{
	reader->rules->key_line = reader->line;
	if (!parse_key(&reader->rules->table, digits))
		wrong(reader, "a hash-key has 32 hexadecimal digits", NULL);
}

static void read_limit(struct reader *reader, const char *words)
{
	long number;

	reader->rules->limit_line = reader->line;
	/* As net.opvs.conn_max has it: nothing new passes. */
	if (strcmp(words, "-1") == 0)
		number = UINT32_MAX;
	else if (!addr_number(words, 0, UINT32_MAX, &number))
		wrong(reader, "conn-max is a number", words);
	reader->rules->table.conn_max = number;
}

/* The limit and the secret are settings, too. */
static void read_setting(struct reader *reader, const char *line)
{
	struct setting setting = { .line = reader->line }, *added;
	const char *complaint;

	if (!setting_parse(&setting, line, &complaint)) {
		wrong(reader, complaint, NULL);
	} else if (strcmp(setting.name, "net.opvs.conn_max") == 0) {
		read_limit(reader, setting.value);
	} else if (strcmp(setting.name, "net.opvs.hash_key") == 0) {
		read_key(reader, setting.value);
	} else {
		added = settings_add(&reader->rules->settings);
		if (added)
			*added = setting;
		else
			wrong(reader, strerror(ENOMEM), NULL);
	}
}

/* Splits a line; takes out what ipvsadm does not know. argv has room for a word
 * more than the line has. Returns the number of words, or -1.
 */
static int split(struct reader *reader, char *line, const char **argv,
		 struct ipvs_service *more)
{
	char *word, *value, *rest = NULL;
	int argc = 1;
	long number;

	argv[0] = adm_opt.name;
	for (word = strtok_r(line, BLANKS, &rest); word;
	     word = strtok_r(NULL, BLANKS, &rest)) {
		if (strcmp(word, "--policy") != 0 &&
		    strcmp(word, "--conn-max") != 0) {
			argv[argc++] = word;
			continue;
		}
		value = strtok_r(NULL, BLANKS, &rest);
		if (!value) {
			wrong(reader, "a value is missing behind", word);
			return -1;
		}
		more->has_limits = true;
		if (strcmp(word, "--policy") == 0) {
			if (strlen(value) >= sizeof(more->policy)) {
				wrong(reader, "a policy has a name of up to 31 bytes",
				      NULL);
				return -1;
			}
			snprintf(more->policy, sizeof(more->policy), "%s", value);
		} else if (addr_number(value, 0, UINT32_MAX, &number)) {
			more->conn_max = number;
		} else {
			wrong(reader, "--conn-max takes a number", value);
			return -1;
		}
	}
	argv[argc] = NULL;
	return argc;
}

static void add_service(struct reader *reader, struct ipvs_service *svc,
			const struct ipvs_service *more)
{
	svc->line = reader->line;
	svc->has_limits = true;
	svc->conn_max = more->conn_max;
	snprintf(svc->policy, sizeof(svc->policy), "%s",
		 more->policy[0] ? more->policy : "default");
	if (rules_find(reader->rules, svc))
		wrong(reader, "a second service of this name", NULL);
	else if (!rules_add(reader->rules, svc))
		wrong(reader, strerror(ENOMEM), NULL);
}

static void add_dest(struct reader *reader, const struct ipvs_service *svc,
		     struct ipvs_dest *dest)
{
	struct rules_service *of = rules_find(reader->rules, svc);

	dest->line = reader->line;
	if (!of)
		wrong(reader, "the server's service is not in front of it", NULL);
	else if (rules_find_dest(of, dest))
		wrong(reader, "a second server of this address and port", NULL);
	else if (rules_add_dest(of, dest))
		wrong(reader, strerror(ENOMEM), NULL);
}

static void add_line(struct reader *reader, struct compat *c,
		     const struct ipvs_service *more)
{
	switch (c->command) {
	case COMPAT_ADD_SERVICE:
		add_service(reader, &c->svc, more);
		break;
	case COMPAT_ADD_SERVER:
		add_dest(reader, &c->svc, &c->dest);
		break;
	case COMPAT_SET:
		reader->rules->timeouts = c->timeouts;
		reader->rules->timeouts_line = reader->line;
		break;
	default:
		wrong(reader, KINDS, NULL);
	}
}

static void read_rule(struct reader *reader, char *line)
{
	const char **argv = calloc(strlen(line) / 2 + 3, sizeof(*argv));
	struct ipvs_service more = { };
	struct compat c = { };
	char where[64];
	int argc;

	if (!argv) {
		wrong(reader, strerror(ENOMEM), NULL);
		return;
	}
	argc = split(reader, line, argv, &more);
	if (argc > 0) {
		/* What ipvsadm would say comes behind the place. */
		snprintf(where, sizeof(where), "line %u", reader->line);
		compat_place(reader->name, where);
		if (compat_parse(&c, argc, argv) || compat_check(&c))
			reader->bad = true;
		else
			add_line(reader, &c, &more);
		compat_place(NULL, NULL);
	}
	free(argv);
}

/* A line that begins with a word of @len bytes. */
static void read_words(struct reader *reader, char *line, size_t len)
{
	char *rest = line + len;

	rest += strspn(rest, BLANKS);
	line[len] = '\0';
	if (strcmp(line, "policy") == 0) {
		read_policy(reader, rest);
		return;
	}
	rest[strcspn(rest, BLANKS)] = '\0';
	if (strcmp(line, "conn-max") == 0)
		read_limit(reader, rest);
	else if (strcmp(line, "hash-key") == 0)
		read_key(reader, rest);
	else
		wrong(reader, KINDS, NULL);
}

static void read_line(struct reader *reader, char *line)
{
	size_t len;

	line += strspn(line, BLANKS);
	if (strncmp(line, "ipvsadm ", 8) == 0)
		line += 8 + strspn(line + 8, BLANKS);
	len = strcspn(line, BLANKS);
	if (!len || *line == '#' || *line == ';')
		return;
	line[strcspn(line, "\r\n")] = '\0';
	if (*line == '-')
		read_rule(reader, line);
	else if (setting_is_one(line))
		read_setting(reader, line);
	else
		read_words(reader, line, len);
}

/**
 * rules_read() - reads a file
 * @rules: what is read; empty at first, and to be freed also on errors
 * @path: the file; "-" is standard input
 *
 * Return: a status of the program; the user was told of each line that is wrong.
 */
int rules_read(struct rules *rules, const char *path)
{
	struct reader reader = { .rules = rules, .name = rules_file_name(path) };
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	char *line = NULL;
	size_t size = 0;

	if (!file) {
		adm_err("%s: %m", path);
		return ADM_FAILED;
	}
	while (getline(&line, &size, file) >= 0) {
		reader.line++;
		read_line(&reader, line);
	}
	if (ferror(file)) {
		adm_err("%s: %m", reader.name);
		reader.bad = true;
	}
	free(line);
	if (file != stdin)
		fclose(file);
	return reader.bad ? ADM_FAILED : ADM_OK;
}

/**
 * rules_put_service() - writes the line of a service, without its end
 * @file: where to
 * @svc: the service
 */
void rules_put_service(FILE *file, const struct ipvs_service *svc)
{
	compat_put_service(file, svc, true);
	if (svc->policy[0] && strcmp(svc->policy, "default") != 0)
		fprintf(file, " --policy %s", svc->policy);
	if (svc->conn_max)
		fprintf(file, " --conn-max %u", svc->conn_max);
}

/**
 * rules_put_dest() - writes the line of a server, without its end
 * @file: where to
 * @svc: its service
 * @dest: the server
 */
void rules_put_dest(FILE *file, const struct ipvs_service *svc,
		    const struct ipvs_dest *dest)
{
	compat_put_dest(file, svc, dest, true);
	if (dest->upper)
		fprintf(file, " -x %u", dest->upper);
	if (dest->lower)
		fprintf(file, " -y %u", dest->lower);
}

/**
 * rules_put_key() - writes the secret's digits
 * @file: where to
 * @table: has the secret
 */
void rules_put_key(FILE *file, const struct table *table)
{
	size_t i;

	for (i = 0; i < sizeof(table->key); i++)
		fprintf(file, "%02x", table->key[i]);
}
