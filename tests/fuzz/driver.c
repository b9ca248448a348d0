// SPDX-License-Identifier: GPL-2.0-only
/* Runs a fuzz target where libFuzzer is not at hand.
 *
 * usage: TARGET SECONDS SEED FINDING FILE...
 *
 * Gives the target each FILE, then changed ones for SECONDS.  The same SEED and
 * FILEs give the same sequence.  The datagram at hand when the target aborts, or
 * needs more than ten seconds, is written to the file FINDING.
 */
#include "mutate.h"
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define INPUT_MAX	20000
#define BATCH		256	/* datagrams between two looks at the clock */

struct seed {
	u8 data[INPUT_MAX];
	size_t len;
};

static struct seed input;
static const char *finding;

static void save_finding(int sig)
{
	int fd = open(finding, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, input.data, input.len) != (ssize_t)input.len)
		_exit(2);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void read_seed(struct seed *seed, const char *path)
{
	FILE *file = fopen(path, "rb");

	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(2);
	}
	seed->len = fread(seed->data, 1, sizeof(seed->data), file);
	fclose(file);
}

static unsigned long run_mutations(const struct seed *seeds, size_t count,
				   time_t deadline, u64 state)
{
	unsigned long runs = 0;

	while (time(NULL) < deadline) {
		alarm(10);
		do {
			input = seeds[fuzz_random(&state) % count];
			input.len = fuzz_mutate(input.data, input.len, INPUT_MAX, &state);
			fuzz_check(input.data, input.len);
		} while (++runs % BATCH);
	}
	alarm(0);
	return runs;
}

int main(int argc, char **argv)
{
	size_t count = argc - 4, i;
	unsigned long runs;
	struct seed *seeds;

	if (argc < 5) {
		fprintf(stderr, "usage: %s SECONDS SEED FINDING FILE...\n", argv[0]);
		return 2;
	}
	finding = argv[3];
	seeds = calloc(count, sizeof(*seeds));
	if (!seeds)
		return 2;
	signal(SIGABRT, save_finding);
	signal(SIGALRM, save_finding);
	fuzz_check_table();
	for (i = 0; i < count; i++) {
		read_seed(&seeds[i], argv[4 + i]);
		input = seeds[i];
		fuzz_check(input.data, input.len);
	}
	runs = run_mutations(seeds, count, time(NULL) + atoi(argv[1]),
			     strtoull(argv[2], NULL, 10) * 2 + 1);
	printf("%lu datagrams\n", count + runs);
	free(seeds);
	return 0;
}
