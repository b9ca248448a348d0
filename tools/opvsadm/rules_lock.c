// SPDX-License-Identifier: GPL-2.0-only
/* One at a time, and to the end: what is half restored must not be saved, nor stay. */
#include "rules.h"

#include "adm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FOLDER		"/run/opvs"
#define LOCK_FILE	FOLDER "/rules.lock"
#define TRIES		600	/* tenths of a second */

/**
 * rules_lock() - keeps other processes of this program from changing and saving
 *
 * Until the process ends. Where the lock's file cannot be made, as in an
 * unprivileged container, it does without.
 *
 * Return: a status of the program; the user was told.
 */
int rules_lock(void)
{
	static const struct timespec pause = { .tv_nsec = 100000000 };
	int fd, i;

	mkdir(FOLDER, 0755);
	fd = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return ADM_OK;
	for (i = 0; i < TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return ADM_OK;
		if (errno != EWOULDBLOCK && errno != EINTR)
			break;
		nanosleep(&pause, NULL);
	}
	adm_err("another opvsadm has been saving or restoring for a minute (%s)",
		LOCK_FILE);
	close(fd);
	return ADM_FAILED;
}

/**
 * rules_hold_on() - what is begun is brought to its end
 *
 * From now on signals by which a program is ended wait, also that of a pipe which
 * nobody reads: half of it done is worse than either.
 */
void rules_hold_on(void)
{
	static const int ends[] = {
		SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM, SIGXFSZ,
	};
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < ARRAY_SIZE(ends); i++)
		sigaddset(&set, ends[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
}
