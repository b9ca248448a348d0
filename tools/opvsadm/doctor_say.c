// SPDX-License-Identifier: GPL-2.0-only
/* How mistakes are told. */
#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>

enum { COL_CHECK, COL_ABOUT, COL_MESSAGE, COL_REMEDY, COL_COUNT };

static const struct out_column columns[COL_COUNT] = {
	[COL_CHECK]	= { .key = "check", .title = "CHECK" },
	[COL_ABOUT]	= { .key = "about", .title = "ABOUT" },
	[COL_MESSAGE]	= { .key = "message", .title = "WHAT IS WRONG",
			    .wrap = true },
	[COL_REMEDY]	= { .key = "remedy", .title = "REMEDY", .wrap = true },
};

/**
 * doctor_begin() - begins to tell
 * @doctor: who will find something; out_end() ends it
 *
 * Return: 0, or -1 for lack of memory, which the user was told.
 */
int doctor_begin(struct doctor *doctor)
{
	return out_begin(&doctor->out, columns, COL_COUNT);
}

/**
 * doctor_say() - tells a mistake
 * @doctor: who found it
 * @check: name of the check, which never changes
 * @about: the service or server; NULL: the namespace
 * @remedy: what helps
 * @format: what is wrong
 */
void doctor_say(struct doctor *doctor, const char *check, const char *about,
		const char *remedy, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	doctor->found++;
	out_row(&doctor->out);
	out_text(&doctor->out, COL_CHECK, check);
	out_text(&doctor->out, COL_ABOUT, about);
	out_text(&doctor->out, COL_MESSAGE, text);
	out_text(&doctor->out, COL_REMEDY, remedy);
}
