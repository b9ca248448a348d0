/* SPDX-License-Identifier: GPL-2.0-only */
/* Command lines, and words that are changed. */
#ifndef OPVS_TEST_FUZZ_LINES_H
#define OPVS_TEST_FUZZ_LINES_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct line - a command line
 * @argc: how many words
 * @argv: the words, with NULL behind them; the command may move them
 * @words: the same, to be freed
 */
struct line {
	int	argc;
	char	*argv[66];
	char	*words[66];
};

void line_split(struct line *line, const char *text);
void line_change(struct line *line);
void line_free(struct line *line);
bool line_load(const char *path);
size_t line_total(void);
void line_unload(void);

#endif /* OPVS_TEST_FUZZ_LINES_H */
