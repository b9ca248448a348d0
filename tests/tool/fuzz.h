/* SPDX-License-Identifier: GPL-2.0-only */
/* Inputs for opvsadm's parsers, made by chance from a seed. */
#ifndef OPVS_TEST_FUZZ_H
#define OPVS_TEST_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* fuzz.c: all chance comes from there, so that a seed tells everything. */
uint32_t fuzz_below(uint32_t end);
bool fuzz_once_in(uint32_t n);
size_t fuzz_change(unsigned char *data, size_t size, size_t room);

/* fuzz_kernel.c */
void fuzz_kernel_reset(unsigned int damage);
extern unsigned long fuzz_kernel_answers;

/* fuzz_capture.c: a command */
int fuzz_capture(int argc, char **argv);

/* One input each; @damage: 0 is a sound one, the next of its kind; more breaks more
 * of one by chance.
 */
unsigned long fuzz_number(void);		/* fuzz.c: which one it is */
void fuzz_command(unsigned int damage);		/* fuzz.c */
void fuzz_line(unsigned int damage);		/* fuzz_lines.c */
void fuzz_file(unsigned int damage);		/* fuzz_lines.c */
void fuzz_ruleset(unsigned int damage);		/* fuzz_rules.c */

/* fuzz_rules.c: judgements that are known; how many are wrong. */
int fuzz_ruleset_check(void);
/* A ruleset; to be freed. */
char *fuzz_ruleset_text(unsigned int damage, size_t *size);

#endif /* OPVS_TEST_FUZZ_H */
