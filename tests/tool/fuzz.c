// SPDX-License-Identifier: GPL-2.0-only
/* Gives opvsadm's parsers inputs that are made by chance, in one process and without
 * a kernel, under whatever it is built with.  Each input follows from the seed and
 * its number, so that one that finds something can be repeated by itself.
 */
#include "fuzz.h"

#include "adm.h"
#include "compat.h"
#include "doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fuzz_lines.h"

/* No input takes longer, on any machine. */
#define INPUT_SECONDS	60

static unsigned long long chance;

/* What is being given, seen by who waits for the end. */
static struct progress {
	unsigned int	kind;
	unsigned long	number;
	unsigned long	answers;
	unsigned long	broken;		/* of each kind */
	bool		done;
} *progress;

/* ---- chance ---- */

static void seed_with(unsigned long long seed, unsigned int kind, unsigned long number)
{
	chance = seed * 0x9e3779b97f4a7c15ULL + kind * 0x100000001b3ULL +
		 number * 0xd6e8feb86659fd93ULL + 1;
	fuzz_below(1);
	fuzz_below(1);
}

/**
 * fuzz_below() - a number by chance
 * @end: how many there are; not 0
 *
 * Return: 0 to @end - 1.
 */
uint32_t fuzz_below(uint32_t end)
{
	unsigned long long word;

	chance += 0x9e3779b97f4a7c15ULL;
	word = (chance ^ chance >> 30) * 0xbf58476d1ce4e5b9ULL;
	word = (word ^ word >> 27) * 0x94d049bb133111ebULL;
	return (word >> 32) % end;
}

/**
 * fuzz_number() - which input is given
 *
 * Return: its number among those of its kind.
 */
unsigned long fuzz_number(void)
{
	return progress->number;
}

/**
 * fuzz_once_in() - does it happen now?
 * @n: it does once in so many times
 *
 * Return: whether it does.
 */
bool fuzz_once_in(uint32_t n)
{
	return fuzz_below(n) == 0;
}

/**
 * fuzz_change() - changes, moves, repeats or removes some bytes
 * @data: the bytes
 * @size: how many, not 0
 * @room: how many there is room for
 *
 * Return: how many there are then; not 0.
 */
size_t fuzz_change(unsigned char *data, size_t size, size_t room)
{
	static const char likely[] = " \t\n-:/=,[]{}\"@%0189afAx";
	size_t at, len, rounds = 1 + fuzz_below(4);

	while (rounds--) {
		at = fuzz_below(size);
		len = 1 + fuzz_below(16);
		switch (fuzz_below(4)) {
		case 0:
			data[at] = fuzz_below(256);
			break;
		case 1:
			data[at] = likely[fuzz_below(sizeof(likely) - 1)];
			break;
		case 2:
			if (at + len < size) {
				memmove(data + at, data + at + len,
					size - at - len);
				size -= len;
			}
			break;
		default:
			if (size + len <= room && at + len <= size) {
				memmove(data + at + len, data + at, size - at);
				size += len;
			}
		}
	}
	return size;
}

/* ---- commands, with answers of the kernel ---- */

/* What doctor does where opvs is loaded. */
static int run_doctor(int argc, char **argv)
{
	static const struct out_column columns[] = {
		{ .key = "check", .title = "CHECK" },
		{ .key = "about", .title = "ABOUT" },
		{ .key = "message", .title = "WHAT IS WRONG", .wrap = true },
		{ .key = "remedy", .title = "REMEDY", .wrap = true },
	};
	struct doctor doctor = { .probe = argc > 1 };
	struct adm_nl nl;
	struct snap snap;
	size_t i;

	(void)argv;
	if (out_begin(&doctor.out, columns, ARRAY_SIZE(columns)) ||
	    adm_open(&nl, OPVS_GENL_NAME))
		return ADM_FAILED;
	snap_all(&nl, &snap);
	for (i = 0; i < snap.count; i++)
		doctor_service(&doctor, &snap.services[i]);
	doctor_direct(&doctor, &nl, &snap);
	doctor_filter(&doctor, &snap);
	snap_free(&snap);
	adm_close(&nl);
	return out_end(&doctor.out);
}

static const struct {
	int		(*run)(int argc, char **argv);
	const char	*line;
} commands[] = {
	{ cmd_conn, "conn list" },
	{ cmd_conn, "conn count --state ESTABLISHED --protocol tcp" },
	{ cmd_conn, "conn list --client 10.1.0.0/16 --server [fd00::1]:80" },
	{ cmd_conn, "conn list --service 10.9.9.9:80/tcp --virtual 10.9.9.9" },
	{ cmd_conn, "conn flush --all" },
	{ cmd_conn, "conn expire --fwmark 7 --kind template" },
	{ cmd_conn, "conn list --engine sip --key abc@def --ipv4" },
	{ cmd_counters, "counters" },
	{ cmd_counters, "counters --all drop_no_server forwarded" },
	{ cmd_doctor, "doctor --listen 0 --probe" },
	{ cmd_doctor, "doctor --peer 0000-1111-2222-3333" },
	{ run_doctor, "doctor" },
	{ run_doctor, "doctor probe" },
	{ cmd_drain, "drain" },
	{ cmd_drain, "drain 10.9.9.9:80/tcp fwmark:7/ipv6" },
	{ cmd_explain, "explain udp 10.1.2.3:5060 10.9.9.9:5060" },
	{ cmd_explain, "explain udp 10.1.2.3 10.9.9.9:80 --call-id a --without 10.1.1.1" },
	{ cmd_explain, "explain 10.9.9.9:80/tcp --call-id a --weight [fd00::1]:80=3" },
	{ cmd_explain, "explain fwmark:7 --random 2 --with 10.1.1.1 --in-progress" },
	{ cmd_explain, "explain --pcap /dev/null --service 10.9.9.9:80" },
	{ fuzz_capture, "explain" },
	{ fuzz_capture, "explain --summary --without 10.1.1.1" },
	{ cmd_key, "key" },
	{ cmd_key, "key show --secret" },
	{ cmd_key, "key make --set" },
	{ cmd_key, "key compare 0000-1111-2222-3333" },
	{ cmd_limit, "limit" },
	{ cmd_limit, "limit set 100" },
	{ cmd_limit, "limit set none 10.9.9.9:80/tcp" },
	{ cmd_metrics, "metrics" },
	{ cmd_metrics, "metrics --format prometheus --max 1" },
	{ cmd_monitor, "monitor --count 9" },
	{ cmd_monitor, "monitor --filter drain,dest --service 10.9.9.9:80/tcp" },
	{ cmd_policy, "policy" },
	{ cmd_policy, "policy list gold default" },
	{ cmd_policy, "policy add gold udp/UDP=30 tcp/ESTABLISHED=77" },
	{ cmd_policy, "policy change gold udp/UDP=30" },
	{ cmd_policy, "policy delete gold" },
	{ cmd_policy, "policy use gold 10.9.9.9:80/tcp" },
	{ cmd_save, "save" },
	{ cmd_save, "save --key" },
	{ cmd_top, "top --batch=2 --sort inpkts" },
	{ cmd_version, "version" },
	{ compat_main, "ipvsadm -Ln" },
	{ compat_main, "ipvsadm -Lnc" },
	{ compat_main, "ipvsadm -Ln --stats --exact" },
	{ compat_main, "ipvsadm -L --rate --sort" },
	{ compat_main, "ipvsadm -Ln --thresholds" },
	{ compat_main, "ipvsadm -Ln --persistent-conn -t 10.9.9.9:80" },
	{ compat_main, "ipvsadm -L --timeout" },
	{ compat_main, "ipvsadm -L --daemon" },
	{ compat_main, "ipvsadm -Sn" },
	{ compat_main, "ipvsadm -E -t 10.9.9.9:80 -s rr -p 60" },
	{ compat_main, "ipvsadm -a -t 10.9.9.9:80 -r 10.1.1.1 -m -w 3" },
	{ compat_main, "ipvsadm -Z" },
};

/* Others of their arguments would have them wait for ever. */
static bool is_fixed(size_t which)
{
	return commands[which].run == cmd_metrics ||
	       commands[which].run == cmd_top;
}

/**
 * fuzz_command() - a command, to which something answers
 * @damage: how much of the answers is broken, and whether the arguments are
 */
void fuzz_command(unsigned int damage)
{
	size_t which = fuzz_below(ARRAY_SIZE(commands));
	struct line line;

	/* Sound ones are all of them in turn. */
	if (!damage)
		which = progress->number % ARRAY_SIZE(commands);
	line_split(&line, commands[which].line);
	if (damage && !is_fixed(which) && fuzz_once_in(4))
		line_change(&line);
	adm_opt.json = fuzz_once_in(2);
	adm_opt.name = commands[which].run == compat_main ? "ipvsadm" :
							     "opvsadm";
	fuzz_kernel_reset(damage);
	optind = 1;
	commands[which].run(line.argc, line.argv);
	line_free(&line);
}

/* ---- all of it ---- */

static size_t command_count(void)
{
	return ARRAY_SIZE(commands);
}

static size_t few(void)
{
	return 30;
}

/* How many inputs are sound, before those that are not. */
static const struct {
	const char	*name;
	void		(*give)(unsigned int damage);
	size_t		(*sound)(void);
} kinds[] = {
	{ "command", fuzz_command, command_count },
	{ "line", fuzz_line, line_total },
	{ "file", fuzz_file, few },
	{ "ruleset", fuzz_ruleset, few },
};

static void give(unsigned long long seed, unsigned int kind, unsigned long number)
{
	progress->kind = kind;
	progress->number = number;
	seed_with(seed, kind, number);
	alarm(INPUT_SECONDS);
	kinds[kind].give(number < kinds[kind].sound() ? 0 : 1 + fuzz_below(8));
	fflush(stdout);
	progress->answers = fuzz_kernel_answers;
}

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void give_all(unsigned long long seed, unsigned long count,
		     long seconds)
{
	long long until = now_ms() + 1000LL * seconds;
	unsigned long number, i;
	unsigned int kind;

	for (kind = 0; kind < ARRAY_SIZE(kinds); kind++)
		for (number = 0; number < kinds[kind].sound(); number++)
			give(seed, kind, number);
	for (i = 0; i < count || (seconds && now_ms() < until); i++)
		for (kind = 0; kind < ARRAY_SIZE(kinds); kind++)
			give(seed, kind, kinds[kind].sound() + i);
	progress->broken = i;
}

/* Not where commands print to. */
void __sanitizer_set_report_fd(void *fd);
#pragma weak __sanitizer_set_report_fd

static void be_quiet(void)
{
	int report = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100);
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (report < 0 || nowhere < 0 || dup2(nowhere, STDIN_FILENO) < 0 ||
	    dup2(nowhere, STDOUT_FILENO) < 0 || dup2(nowhere, STDERR_FILENO) < 0)
		_exit(2);
	if (__sanitizer_set_report_fd)
		__sanitizer_set_report_fd((void *)(intptr_t)report);
}

static int wait_for(pid_t child, unsigned long long seed)
{
	int status;

	if (waitpid(child, &status, 0) != child)
		return 2;
	if (progress->done && WIFEXITED(status) && !WEXITSTATUS(status)) {
		printf("all sound inputs, %lu broken ones of each kind, seed %llu: ",
		       progress->broken, seed);
		printf("%lu answers of the kernel, nothing found\n",
		       progress->answers);
		return 0;
	}
	if (progress->done)
		printf("memory is lost, or more; seed %llu, %lu broken inputs\n",
		       seed, progress->broken);
	else
		printf("%s%s; again: fuzz --seed %llu --only %s:%lu\n",
		       WIFSIGNALED(status) ? "ended by " : "ended",
		       WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "",
		       seed, kinds[progress->kind].name,
		       progress->number);
	return 1;
}

static int bad_usage(void)
{
	fputs("usage: fuzz [--seed N] [--count N] [--seconds N] [--only KIND:NUMBER] LINES\n",
	      stderr);
	return 2;
}

static bool read_only(const char *text, int *kind, unsigned long *number)
{
	size_t i, len = strcspn(text, ":");

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strlen(kinds[i].name) == len &&
		    strncmp(kinds[i].name, text, len) == 0)
			*kind = i;
	*number = text[len] ? strtoul(text + len + 1, NULL, 10) : 0;
	return *kind >= 0 && text[len];
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'c' },
		{ "seconds", required_argument, NULL, 't' },
		{ "only", required_argument, NULL, 'o' },
		{ }
	};
	unsigned long count = 0, number = 0;
	int option, only = -1;
	unsigned long long seed = 1;
	long seconds = 0;
	pid_t child;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 's')
			seed = strtoull(optarg, NULL, 10);
		else if (option == 'c')
			count = strtoul(optarg, NULL, 10);
		else if (option == 't')
			seconds = strtol(optarg, NULL, 10);
		else if (option != 'o' || !read_only(optarg, &only, &number))
			return bad_usage();
	}
	if (optind + 1 != argc || !line_load(argv[optind]))
		return bad_usage();
	if (fuzz_ruleset_check())
		return 1;
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (progress == MAP_FAILED)
		return 2;
	fflush(stdout);
	child = fork();
	if (!child) {
		if (only < 0)
			be_quiet();
		if (only < 0)
			give_all(seed, count, seconds);
		else
			give(seed, only, number);
		progress->done = true;
		line_unload();
		exit(0);
	}
	number = wait_for(child, seed);
	line_unload();
	return number;
}
