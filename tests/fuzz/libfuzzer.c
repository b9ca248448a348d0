// SPDX-License-Identifier: GPL-2.0-only
/* Hands a fuzz target to libFuzzer, under the symbols that it looks for. */
#include "mutate.h"
#include "target.h"

int fuzz_start(int *argc, char ***argv) __asm__("LLVMFuzzerInitialize");
int fuzz_one(const u8 *data, size_t len) __asm__("LLVMFuzzerTestOneInput");
size_t fuzz_change(u8 *data, size_t len, size_t max, unsigned int seed)
	__asm__("LLVMFuzzerCustomMutator");

/* libFuzzer's own way to change a datagram */
size_t libfuzzer_mutate(u8 *data, size_t len, size_t max) __asm__("LLVMFuzzerMutate");

int fuzz_start(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_check_table();
	return 0;
}

int fuzz_one(const u8 *data, size_t len)
{
	fuzz_check(data, len);
	return 0;
}

size_t fuzz_change(u8 *data, size_t len, size_t max, unsigned int seed)
{
	u64 state = 0x9e3779b97f4a7c15ULL ^ seed;

	if (seed & 1)
		return libfuzzer_mutate(data, len, max);
	return fuzz_mutate(data, len, max, &state);
}
