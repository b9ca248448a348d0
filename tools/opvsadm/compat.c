// SPDX-License-Identifier: GPL-2.0-only
/* The command line of ipvsadm: what is done with it. */
#include "compat.h"

#include "adm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void print_version(void)
{
	printf("ipvsadm v1.31 2019/12/24 (compiled with popt and IPVS v1.2.1), by opvsadm %s\n",
	       OPVS_VERSION);
}

/* ---- the way to the kernel ---- */

/* Whoever is called ipvsadm asks for ip_vs, which may stand for opvs. */
static void load_module(void)
{
	pid_t child = fork();

	if (child == 0) {
		execl("/sbin/modprobe", "/sbin/modprobe", "--", "ip_vs", NULL);
		_exit(127);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
}

static bool is_ipvsadm(void)
{
	return strcmp(adm_opt.name, "ipvsadm") == 0;
}

/* Does somebody else answer to the name? */
static bool foreign_owner(void)
{
	char owner[16] = "";
	FILE *file = fopen("/sys/kernel/opvs/owner", "r");

	if (file) {
		if (!fgets(owner, sizeof(owner), file))
			owner[0] = '\0';
		fclose(file);
	}
	return strcmp(owner, "opvs\n") != 0;
}

static int begin(struct adm_nl *nl)
{
	struct ipvs_info info;
	int err;

	if (!is_ipvsadm() && foreign_owner()) {
		adm_tell_absence(IPVS_GENL_NAME);
		return COMPAT_USAGE;
	}
	err = adm_connect(nl, IPVS_GENL_NAME);
	if (err == -ENOENT && is_ipvsadm()) {
		load_module();
		err = adm_connect(nl, IPVS_GENL_NAME);
	}
	if (!err) {
		err = ipvs_info(nl, &info);
		if (!err)
			return COMPAT_OK;
		adm_close(nl);
	}
	return compat_wrong(COMPAT_USAGE,
			    "Can't initialize ipvs: %s\n"
			    "Are you sure that IP Virtual Server is built in the kernel or as module?",
			    err == -EPERM ? "Permission denied (you must be root)" :
			    strerror(err == -ENOENT ? ENOPROTOOPT : -err));
}

/* ---- commands ---- */

static int restore(struct compat *c);

static int change(struct compat *c)
{
	switch (c->command) {
	case COMPAT_ADD_SERVICE:
		return ipvs_service(c->nl, IPVS_CMD_NEW_SERVICE, &c->svc);
	case COMPAT_EDIT_SERVICE:
		return ipvs_service(c->nl, IPVS_CMD_SET_SERVICE, &c->svc);
	case COMPAT_DELETE_SERVICE:
		return ipvs_service(c->nl, IPVS_CMD_DEL_SERVICE, &c->svc);
	case COMPAT_FLUSH:
		return ipvs_simple(c->nl, IPVS_CMD_FLUSH);
	case COMPAT_ADD_SERVER:
		return ipvs_dest(c->nl, IPVS_CMD_NEW_DEST, &c->svc, &c->dest);
	case COMPAT_EDIT_SERVER:
		return ipvs_dest(c->nl, IPVS_CMD_SET_DEST, &c->svc, &c->dest);
	case COMPAT_DELETE_SERVER:
		return ipvs_dest(c->nl, IPVS_CMD_DEL_DEST, &c->svc, &c->dest);
	case COMPAT_ZERO:
		return compat_has(c, OPT_SERVICE) ?
		       ipvs_service(c->nl, IPVS_CMD_ZERO, &c->svc) :
		       ipvs_simple(c->nl, IPVS_CMD_ZERO);
	case COMPAT_SET:
		return ipvs_set_timeouts(c->nl, &c->timeouts);
	case COMPAT_START_DAEMON:
		return ipvs_daemon(c->nl, IPVS_CMD_NEW_DAEMON, &c->daemon);
	default:
		return ipvs_daemon(c->nl, IPVS_CMD_DEL_DAEMON, &c->daemon);
	}
}

static int run(struct compat *c)
{
	int err;

	switch (c->command) {
	case COMPAT_LIST_ALL:
		return compat_list(c);
	case COMPAT_SAVE:
		return compat_save(c);
	case COMPAT_RESTORE:
		return restore(c);
	default:
		err = change(c);
		return err ? compat_refused(c, COMPAT_FAILED, err) : COMPAT_OK;
	}
}

/* One command line; in a file, it may not be another restore. */
static int run_line(struct adm_nl *nl, int argc, const char **argv, bool in_file)
{
	struct compat c = { .nl = nl };
	int status = compat_parse(&c, argc, argv);

	if (!status && c.command == COMPAT_HELP) {
		compat_help();
		return COMPAT_OK;
	}
	if (!status && c.command == COMPAT_VERSION) {
		print_version();
		return COMPAT_OK;
	}
	if (!status)
		status = compat_check(&c);
	if (!status && in_file && c.command == COMPAT_RESTORE)
		status = compat_try_help();
	if (!status && !nl->sock)
		status = begin(nl);
	return status ? status : run(&c);
}

/* Splits a line at blanks; argv has room for one word more than the line has. */
static int split(char *line, const char **argv)
{
	char *word, *rest = NULL;
	int argc = 1;

	argv[0] = adm_opt.name;
	for (word = strtok_r(line, " \t\n", &rest); word;
	     word = strtok_r(NULL, " \t\n", &rest))
		/* A line may begin like a command. */
		if (argc > 1 || strcmp(word, "ipvsadm") != 0)
			argv[argc++] = word;
	argv[argc] = NULL;
	return argc;
}

static int restore_line(struct compat *c, char *line)
{
	const char **argv = calloc(strlen(line) / 2 + 4, sizeof(*argv));
	int argc, status = COMPAT_OK;

	if (!argv)
		return compat_wrong(COMPAT_FAILED, "%s", strerror(ENOMEM));
	argc = split(line, argv);
	if (argc > 1)
		status = run_line(c->nl, argc, argv, true);
	free(argv);
	return status;
}

static int restore(struct compat *c)
{
	int status = COMPAT_OK;
	char *line = NULL;
	size_t size = 0;

	/* What the kernel refuses does not end it, what cannot be said does. */
	while (status != COMPAT_USAGE && status != COMPAT_TRY &&
	       getline(&line, &size, stdin) >= 0)
		status = restore_line(c, line);
	free(line);
	return status;
}

/**
 * compat_main() - does what ipvsadm would
 * @argc: number of arguments
 * @argv: the arguments
 *
 * Return: the status with which ipvsadm would end.
 */
int compat_main(int argc, char **argv)
{
	static const char *const list[] = { "ipvsadm", "-L", NULL };
	struct adm_nl nl = { };
	int status;

	if (argc == 1)
		status = run_line(&nl, 2, (const char **)list, false);
	else
		status = run_line(&nl, argc, (const char **)argv, false);
	if (nl.sock)
		adm_close(&nl);
	return status & 0xff;
}
