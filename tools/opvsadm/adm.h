/* SPDX-License-Identifier: GPL-2.0-only */
/* What all parts of opvsadm share: options for all commands, messages, and the
 * commands themselves.
 */
#ifndef OPVSADM_ADM_H
#define OPVSADM_ADM_H

#include <stdbool.h>
#include <stddef.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* Statuses of the program. */
#define ADM_OK		0
#define ADM_FAILED	1	/* what was asked for did not happen */
#define ADM_USAGE	2	/* it could not be understood */

/**
 * struct adm_options - what may stand in front of each command
 * @name: under which the program was called, for messages
 * @json: answers are JSON
 * @color: answers may have colours
 */
struct adm_options {
	const char	*name;
	bool		json;
	bool		color;
};

extern struct adm_options adm_opt;

/**
 * struct adm_command - a command of opvsadm
 * @name: its name; an unambiguous beginning is enough
 * @synopsis: its arguments
 * @help: what it does, in one line
 * @more: further lines of its help; may be NULL
 * @run: does it; gets the arguments from the command's name on, and returns a
 *	status of the program
 */
struct adm_command {
	const char	*name;
	const char	*synopsis;
	const char	*help;
	const char	*more;
	int		(*run)(int argc, char **argv);
};

/**
 * struct adm_verb - what may stand behind a command
 * @name: the word; an unambiguous beginning is enough
 * @run: does it; gets the arguments from the word on, or from the command's name
 *	on if the word is left out
 */
struct adm_verb {
	const char	*name;
	int		(*run)(int argc, char **argv);
};

/* say.c */
void __printf(1, 2) adm_err(const char *format, ...);
int __printf(1, 2) adm_bad_usage(const char *format, ...);

/* verb.c */
int adm_run_verb(const struct adm_verb *verbs, size_t count, int argc,
		 char **argv);

/* One file each, cmd_NAME.c. */
int cmd_conn(int argc, char **argv);
int cmd_counters(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_drain(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_key(int argc, char **argv);
int cmd_limit(int argc, char **argv);
int cmd_metrics(int argc, char **argv);
int cmd_monitor(int argc, char **argv);
int cmd_policy(int argc, char **argv);
int cmd_restore(int argc, char **argv);
int cmd_save(int argc, char **argv);
int cmd_sync(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_version(int argc, char **argv);

#endif /* OPVSADM_ADM_H */
