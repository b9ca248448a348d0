/* SPDX-License-Identifier: GPL-2.0-only */
/* What a fuzz target offers to the drivers that feed it. */
#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

/* Both abort with a line that begins "finding:" if something is wrong. */
void fuzz_check_table(void);
void fuzz_check(const u8 *data, size_t len);

#endif /* FUZZ_TARGET_H */
