// SPDX-License-Identifier: GPL-2.0-only
/* What the user is told when something is wrong. */
#include "adm.h"

#include <stdarg.h>
#include <stdio.h>

struct adm_options adm_opt = { .name = "opvsadm" };

static void __printf(1, 0) say(const char *format, va_list args,
			       const char *end)
{
	fflush(stdout);
	fprintf(stderr, "%s: ", adm_opt.name);
	vfprintf(stderr, format, args);
	fputs(end, stderr);
}

/**
 * adm_err() - tells the user what is wrong
 * @format: as for printf(); without a newline
 */
void adm_err(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args, "\n");
	va_end(args);
}

/**
 * adm_bad_usage() - tells the user what cannot be understood
 * @format: as for printf(); without a newline
 *
 * Return: the program's status for that.
 */
int adm_bad_usage(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args, "; see ");
	va_end(args);
	fprintf(stderr, "%s --help\n", adm_opt.name);
	return ADM_USAGE;
}
