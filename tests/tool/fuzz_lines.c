// SPDX-License-Identifier: GPL-2.0-only
/* Command lines of ipvsadm and files of rules, sound and changed. */
#include "fuzz_lines.h"

#include "adm.h"
#include "compat.h"
#include "fuzz.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define WORDS_MAX	64

/* Those of the file that all tests of command lines have. */
static char **lines;
static size_t line_count;

static const char rules[] =
	"# rules\n"
	"policy gold udp/UDP=30 tcp/ESTABLISHED=77\n"
	"conn-max 5000\n"
	"hash-key 00112233445566778899aabbccddeeff\n"
	"--set 800 100 200\n"
	"net.opvs.drain_seconds = 600\n"
	"-A -u 10.91.0.1:5088 -s mh -b mh-fallback,mh-port -o --pe sip --policy gold --conn-max 9\n"
	"-a -u 10.91.0.1:5088 -r 10.91.12.2:5088 -m -w 2 -x 500 -y 400\n"
	"ipvsadm -A -f 7 -6 -s rr -p 60 -M 64\n"
	"-a -f 7 -6 -r [fd91:11::2]:0 -g -w 65535 -x 3\n"
	"-A -t [fd91::1]:80 -s wlc -p\n"
	"-a -t [fd91::1]:80 -r 10.9.9.9 -i --tun-type gue --tun-port 6080 --tun-csum\n";

/**
 * line_split() - takes a text apart at blanks
 * @line: the words; for line_free()
 * @text: the text
 */
void line_split(struct line *line, const char *text)
{
	char *copy = strdup(text), *word, *rest = NULL;

	memset(line, 0, sizeof(*line));
	for (word = strtok_r(copy, "\n ", &rest);
	     word && line->argc < WORDS_MAX; word = strtok_r(NULL, "\n ", &rest))
		line->words[line->argc++] = strdup(word);
	free(copy);
	memcpy(line->argv, line->words, sizeof(line->argv));
}

static void change_word(struct line *line, int at)
{
	size_t size = strlen(line->words[at]), room = 2 * size + 64;
	unsigned char *word = calloc(1, room + 1);

	if (!word)
		abort();
	memcpy(word, line->words[at], size);
	/* Now and then a word is of a length that nobody thought of. */
	if (fuzz_once_in(20)) {
		free(word);
		room = 1 + fuzz_below(5000);
		word = calloc(1, room + 1);
		memset(word, "1a:[/."[fuzz_below(6)], room);
	} else if (size) {
		size = fuzz_change(word, size, room);
		word[size] = '\0';
	}
	free(line->words[at]);
	line->words[at] = (char *)word;
}

/**
 * line_change() - changes words, leaves some out, says some twice
 * @line: the words; the first one stays
 */
void line_change(struct line *line)
{
	int rounds = 1 + fuzz_below(3), at;

	while (rounds-- && line->argc > 1) {
		at = 1 + fuzz_below(line->argc - 1);
		if (fuzz_once_in(4) && line->argc < WORDS_MAX) {
			line->words[line->argc++] = strdup(line->words[at]);
		} else if (fuzz_once_in(4)) {
			free(line->words[at]);
			line->words[at] = line->words[--line->argc];
			line->words[line->argc] = NULL;
		} else {
			change_word(line, at);
		}
	}
	memcpy(line->argv, line->words, sizeof(line->argv));
}

/**
 * line_free() - frees the words
 * @line: the words
 */
void line_free(struct line *line)
{
	int i;

	for (i = 0; i < line->argc; i++)
		free(line->words[i]);
}

/**
 * line_load() - reads the command lines that tests have
 * @path: ipvsadm.lines
 *
 * Return: whether there are any.
 */
bool line_load(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL, *whole = NULL;
	size_t size = 0;

	while (file && getline(&text, &size, file) > 0) {
		if (strchr("#~\n", text[0]))
			continue;
		lines = reallocarray(lines, line_count + 1, sizeof(*lines));
		if (!lines || asprintf(&whole, "ipvsadm %s", text) < 0)
			abort();
		/* What would be typed is not given here. */
		if (strstr(whole, " < "))
			*strstr(whole, " < ") = '\0';
		lines[line_count++] = whole;
	}
	free(text);
	if (file)
		fclose(file);
	return line_count;
}

/**
 * line_total() - how many command lines there are
 *
 * Return: how many.
 */
size_t line_total(void)
{
	return line_count;
}

/**
 * line_unload() - forgets what line_load() read
 */
void line_unload(void)
{
	while (line_count)
		free(lines[--line_count]);
	free(lines);
	lines = NULL;
}

/**
 * fuzz_line() - a command line of ipvsadm, which the kernel would take
 * @damage: 0: as it is
 */
void fuzz_line(unsigned int damage)
{
	struct line line;

	line_split(&line, lines[(damage ? fuzz_below(line_count) :
				 fuzz_number()) % line_count]);
	if (damage)
		line_change(&line);
	adm_opt.json = false;
	adm_opt.name = "ipvsadm";
	fuzz_kernel_reset(0);
	optind = 1;
	compat_main(line.argc, line.argv);
	line_free(&line);
}

static void give_file(int (*run)(int argc, char **argv), const char *command,
		      const unsigned char *data, size_t size)
{
	int fd = memfd_create("rules", MFD_CLOEXEC);
	struct line line;
	char text[128];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(text, sizeof(text), "%s /proc/self/fd/%d", command, fd);
	line_split(&line, text);
	optind = 1;
	run(line.argc, line.argv);
	line_free(&line);
	close(fd);
}

/**
 * fuzz_file() - a file of rules, restored or held against what the kernel has, or one
 * of counters that were
 * @damage: 0: as it is
 */
void fuzz_file(unsigned int damage)
{
	static const char counters[] = "forwarded 17\ndrop_no_server 0\n";
	unsigned int use = fuzz_below(5);
	const char *text = use ? rules : counters;
	unsigned char data[4 * sizeof(rules)];
	size_t size = strlen(text);

	memcpy(data, text, size);
	if (damage)
		size = fuzz_change(data, size, sizeof(data));
	adm_opt.json = fuzz_once_in(2);
	adm_opt.name = "opvsadm";
	fuzz_kernel_reset(damage > 4 ? damage : 0);
	switch (use) {
	case 0:
		give_file(cmd_counters, "counters --delta --state", data, size);
		break;
	case 1:
		give_file(cmd_sync, "sync --dry-run", data, size);
		break;
	case 2:
		give_file(cmd_sync, "sync", data, size);
		break;
	case 3:
		give_file(cmd_restore, "restore", data, size);
		break;
	default:
		give_file(cmd_restore, "restore --append --keep-going", data,
			  size);
	}
}
