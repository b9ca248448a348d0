// SPDX-License-Identifier: GPL-2.0-only
/* opvsadm key: the secret of all hashes that choose servers. */
#include "adm.h"
#include "fingerprint.h"
#include "table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

static void print_hex(const unsigned char *key)
{
	int i;

	for (i = 0; i < OPVS_HASH_KEY_LEN; i++)
		printf("%02x", key[i]);
}

static void print_key(const unsigned char *key, bool secret)
{
	char text[FINGERPRINT_SIZE];

	fingerprint_of(key, text);
	if (!adm_opt.json) {
		if (secret)
			print_hex(key);
		else
			printf("%s", text);
		putchar('\n');
		return;
	}
	printf("{\"fingerprint\":\"%s\"", text);
	if (secret) {
		printf(",\"key\":\"");
		print_hex(key);
		putchar('"');
	}
	puts("}");
}

/* The key that is in force. */
static int get_key(unsigned char *key)
{
	struct table table;
	struct adm_nl nl;
	int err;

	if (adm_open(&nl, OPVS_GENL_NAME))
		return ADM_FAILED;
	err = table_get(&nl, &table);
	adm_close(&nl);
	if (err)
		return ADM_FAILED;
	if (!table.has_key) {
		adm_err("the kernel does not tell its key");
		return ADM_FAILED;
	}
	memcpy(key, table.key, sizeof(table.key));
	return ADM_OK;
}

static int set_key(const unsigned char *key)
{
	struct adm_nl nl;
	int err;

	if (adm_open(&nl, OPVS_GENL_NAME))
		return ADM_FAILED;
	err = table_set_key(&nl, key);
	adm_close(&nl);
	return err ? ADM_FAILED : ADM_OK;
}

/* A command line can be seen by all users, so that no key is taken from it. */
static int read_key(const char *path, unsigned char *key)
{
	bool input = strcmp(path, "-") == 0;
	FILE *file = input ? stdin : fopen(path, "r");
	char line[128] = "";

	if (!file) {
		if (fingerprint_parse_key(path, key))
			return adm_bad_usage("others see a command line; give a file, or -");
		adm_err("%s: %m", path);
		return ADM_FAILED;
	}
	if (fgets(line, sizeof(line), file))
		line[strcspn(line, "\r\n")] = '\0';
	if (!input)
		fclose(file);
	if (fingerprint_parse_key(line, key))
		return ADM_OK;
	adm_err("%s: a key is a line of 32 hexadecimal digits; 'opvsadm key make' makes one",
		input ? "standard input" : path);
	return ADM_FAILED;
}

/* Is this word there, and nothing else? */
static int read_flag(int argc, char **argv, const char *flag, bool *found)
{
	*found = argc == 2 && strcmp(argv[1], flag) == 0;
	if (argc == 1 || *found)
		return ADM_OK;
	return adm_bad_usage("key takes %s, not '%s'", flag,
			     argv[argc == 2 ? 1 : 2]);
}

static int key_show(int argc, char **argv)
{
	unsigned char key[OPVS_HASH_KEY_LEN];
	bool secret;
	int status = read_flag(argc, argv, "--secret", &secret);

	if (!status)
		status = get_key(key);
	if (!status)
		print_key(key, secret);
	return status;
}

static int key_make(int argc, char **argv)
{
	unsigned char key[OPVS_HASH_KEY_LEN];
	bool set;
	int status = read_flag(argc, argv, "--set", &set);

	if (status)
		return status;
	if (getrandom(key, sizeof(key), 0) != sizeof(key)) {
		adm_err("no random bytes: %m");
		return ADM_FAILED;
	}
	if (set)
		status = set_key(key);
	if (!status)
		print_key(key, !set);
	return status;
}

static int key_set(int argc, char **argv)
{
	unsigned char key[OPVS_HASH_KEY_LEN];
	int status;

	if (argc != 2)
		return adm_bad_usage("key set takes a file with the key, or - for standard input");
	status = read_key(argv[1], key);
	if (!status)
		status = set_key(key);
	if (!status)
		print_key(key, false);
	return status;
}

/* With a fingerprint, or with the key in a file. */
static int key_compare(int argc, char **argv)
{
	char here[FINGERPRINT_SIZE], there[FINGERPRINT_SIZE];
	unsigned char key[OPVS_HASH_KEY_LEN];
	bool equal;
	int status;

	if (argc != 2)
		return adm_bad_usage("key compare takes a fingerprint, a file with a key, or -");
	if (fingerprint_is(argv[1])) {
		memcpy(there, argv[1], sizeof(there));
	} else {
		status = read_key(argv[1], key);
		if (status)
			return status;
		fingerprint_of(key, there);
	}
	status = get_key(key);
	if (status)
		return status;
	fingerprint_of(key, here);
	equal = strcasecmp(here, there) == 0;
	if (adm_opt.json)
		printf("{\"equal\":%s,\"here\":\"%s\",\"there\":\"%s\"}\n",
		       equal ? "true" : "false", here, there);
	else if (equal)
		printf("the same key: %s\n", here);
	else
		printf("different keys: here %s, there %s\n", here, there);
	return equal ? ADM_OK : ADM_FAILED;
}

/**
 * cmd_key() - shows, makes, sets and compares the key of hashes
 * @argc: number of arguments
 * @argv: the command and its arguments
 *
 * Return: a status of the program.
 */
int cmd_key(int argc, char **argv)
{
	static const struct adm_verb verbs[] = {
		{ "show", key_show },
		{ "make", key_make },
		{ "set", key_set },
		{ "compare", key_compare },
	};

	return adm_run_verb(verbs, ARRAY_SIZE(verbs), argc, argv);
}
