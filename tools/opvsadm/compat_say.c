// SPDX-License-Identifier: GPL-2.0-only
/* The command line of ipvsadm: what the user is told. */
#include "compat.h"

#include "adm.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#define IPVSADM_EINVAL \
	"Invalid operation.  Possibly wrong module version, address not unicast, ..."

static const char *error_text(const struct compat *c, int err)
{
	bool server = c->command == COMPAT_ADD_SERVER ||
		      c->command == COMPAT_EDIT_SERVER ||
		      c->command == COMPAT_DELETE_SERVER;
	bool daemon = c->command == COMPAT_START_DAEMON ||
		      c->command == COMPAT_STOP_DAEMON;

	switch (-err) {
	case EEXIST:
		return server ? "Destination already exists" :
		       daemon ? "Daemon has already run" :
		       "Service already exists";
	case ENOENT:
		return server ? "No such destination" :
		       "Scheduler or persistence engine not found";
	case ESRCH:
		return server ? "Service not defined" :
		       daemon ? "No daemon is running" : "No such service";
	case EINVAL:
		return IPVSADM_EINVAL;
	case EPERM:
		return "Permission denied (you must be root)";
	default:
		return strerror(-err);
	}
}

/* What stands in front of complaints. */
static const char *place_file, *place_line;

/**
 * compat_place() - says in front of complaints where a line is from
 * @file: the file; NULL: from now on nothing
 * @line: the line
 */
void compat_place(const char *file, const char *line)
{
	place_file = file;
	place_line = line;
}

/**
 * compat_wrong() - says what is wrong, as ipvsadm does
 * @status: the program's status
 * @format: as for printf()
 *
 * Return: @status.
 */
int compat_wrong(int status, const char *format, ...)
{
	va_list args;

	fflush(stdout);
	if (place_file)
		fprintf(stderr, "%s: %s: %s: ", adm_opt.name, place_file,
			place_line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return status;
}

/**
 * compat_refused() - says why the kernel refused, as ipvsadm does
 * @c: the command line
 * @status: the program's status
 * @err: the error number
 *
 * Return: @status.
 */
int compat_refused(const struct compat *c, int status, int err)
{
	return compat_wrong(status, "%s", error_text(c, err));
}

/**
 * compat_try_help() - says that a line is no command
 *
 * Return: the program's status.
 */
int compat_try_help(void)
{
	return compat_wrong(COMPAT_TRY,
			    "Try `%s -h' or '%s --help' for more information.",
			    adm_opt.name, adm_opt.name);
}

/**
 * compat_help() - prints what may be said
 */
void compat_help(void)
{
	printf("usage: %s -A|-E SERVICE [-s SCHEDULER] [-p [SECONDS]] [-M NETMASK] [-o]\n"
	       "                      [--pe ENGINE] [-b FLAG,...]\n"
	       "       %s -D SERVICE\n"
	       "       %s -a|-e SERVICE -r SERVER [-m|-g|-i] [-w WEIGHT] [-x UPPER] [-y LOWER]\n"
	       "       %s -d SERVICE -r SERVER\n"
	       "       %s -L [SERVICE] [-n] [-X] [--nosort] [--stats|--rate|--thresholds|\n"
	       "                      --persistent-conn|--tun-info]\n"
	       "       %s -L -c [-n] [--persistent-conn] | --timeout | --daemon\n"
	       "       %s -Z [SERVICE] | -C | -S [-n] | -R | -v | --set TCP TCPFIN UDP\n\n"
	       "SERVICE is -t, -u or --sctp-service ADDRESS[:PORT], or -f MARK [-6]. What all of\n"
	       "this means is in ipvsadm(8), and what differs is in opvsadm(8).\n",
	       adm_opt.name, adm_opt.name, adm_opt.name, adm_opt.name,
	       adm_opt.name, adm_opt.name, adm_opt.name);
}
