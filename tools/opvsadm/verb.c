// SPDX-License-Identifier: GPL-2.0-only
/* Commands that have a word of their own for what to do. */
#include "adm.h"

#include <string.h>

/* "list, count or flush" */
static void name_all(const struct adm_verb *verbs, size_t count, char *text,
		     size_t size)
{
	size_t i;

	*text = '\0';
	for (i = 0; i < count; i++) {
		const char *between = i ? i + 1 < count ? ", " : " or " : "";

		if (strlen(text) + strlen(between) + strlen(verbs[i].name) >=
		    size)
			return;
		strcat(text, between);
		strcat(text, verbs[i].name);
	}
}

/**
 * adm_run_verb() - does what the word behind a command says
 * @verbs: the words; the first is meant if there is none
 * @count: how many
 * @argc: number of arguments
 * @argv: the command and its arguments
 *
 * Return: a status of the program.
 */
int adm_run_verb(const struct adm_verb *verbs, size_t count, int argc,
		 char **argv)
{
	const struct adm_verb *found = NULL;
	char all[128];
	size_t i;

	if (argc < 2 || argv[1][0] == '-')
		return verbs[0].run(argc, argv);
	name_all(verbs, count, all, sizeof(all));
	for (i = 0; i < count; i++) {
		if (strncmp(verbs[i].name, argv[1], strlen(argv[1])) != 0)
			continue;
		if (found)
			return adm_bad_usage("%s takes %s; '%s' may be two of them",
					     argv[0], all, argv[1]);
		found = &verbs[i];
	}
	if (!found)
		return adm_bad_usage("%s takes %s, not '%s'", argv[0], all,
				     argv[1]);
	return found->run(argc - 1, argv + 1);
}
