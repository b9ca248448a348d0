// SPDX-License-Identifier: GPL-2.0-only
/* What the user is told when something is wrong. */
#include "adm.h"

#include <stdarg.h>
#include <stdio.h>

struct adm_options adm_opt = { .name = "opvsadm" };

/**
 * adm_err() - tells the user what is wrong
 * @format: as for printf(); without a newline
 */
void adm_err(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "%s: ", adm_opt.name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
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

	fflush(stdout);
	fprintf(stderr, "%s: ", adm_opt.name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "; see %s --help\n", adm_opt.name);
	return ADM_USAGE;
}
