// SPDX-License-Identifier: GPL-2.0-only
/* Trying a configuration before anything is done with it: it is put in force in a
 * network namespace of its own, which ends with the process that made it.
 */
#include "rules.h"

#include "adm.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Without any route every address counts as one of broadcast. */
static bool raise_loopback(void)
{
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool up = sock >= 0 && ioctl(sock, SIOCSIFFLAGS, &loopback) == 0;

	if (sock >= 0)
		close(sock);
	return up;
}

/* Opvs would warn of servers behind NAT where nothing is forwarded. */
static void forward(void)
{
	static const char *const files[] = {
		"/proc/sys/net/ipv4/ip_forward",
		"/proc/sys/net/ipv6/conf/all/forwarding",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		FILE *file = fopen(files[i], "w");

		if (file) {
			fputs("1", file);
			fclose(file);
		}
	}
}

static int try_here(const struct rules *rules, const char *name)
{
	struct adm_nl nl;
	int status;

	if (unshare(CLONE_NEWNET) || !raise_loopback()) {
		adm_err("cannot make a network namespace to try %s in: %m; --untested does without",
			name);
		return ADM_FAILED;
	}
	forward();
	if (adm_open(&nl, OPVS_GENL_NAME))
		return ADM_FAILED;
	status = rules_apply_trial(rules, name, &nl);
	adm_close(&nl);
	return status;
}

/**
 * rules_try() - would a configuration be accepted?
 * @rules: the configuration
 * @name: the file's, for messages
 *
 * Return: a status of the program; the user was told of the first line that the
 * kernel refuses.
 */
int rules_try(const struct rules *rules, const char *name)
{
	int status = -1;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0)
		_exit(try_here(rules, name));
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (child < 0)
		adm_err("%s cannot be tried: %m", name);
	return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : ADM_FAILED;
}
