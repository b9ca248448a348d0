/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line of ipvsadm 1.31: what may be said, and what it means. */
#ifndef OPVSADM_COMPAT_H
#define OPVSADM_COMPAT_H

#include "ipvs.h"

#include <popt.h>
#include <stdio.h>

/* Statuses that ipvsadm ends with. */
#define COMPAT_OK	0
#define COMPAT_LIST	1	/* nothing to list */
#define COMPAT_USAGE	2	/* what was said contradicts itself */
#define COMPAT_FAILED	255	/* the kernel refused, or no option is like that */
/* The same, and it ends the reading of a file, too. */
#define COMPAT_TRY	(COMPAT_FAILED | 0x100)

enum compat_command {
	COMPAT_NOTHING,
	COMPAT_ADD_SERVICE,
	COMPAT_EDIT_SERVICE,
	COMPAT_DELETE_SERVICE,
	COMPAT_FLUSH,
	COMPAT_ADD_SERVER,
	COMPAT_EDIT_SERVER,
	COMPAT_DELETE_SERVER,
	COMPAT_LIST_ALL,
	COMPAT_ZERO,
	COMPAT_SET,
	COMPAT_RESTORE,
	COMPAT_SAVE,
	COMPAT_START_DAEMON,
	COMPAT_STOP_DAEMON,
	COMPAT_HELP,
	COMPAT_VERSION,
	COMPAT_COMMANDS,
};

/* In the order in which they are complained of. */
enum compat_option {
	OPT_NUMERIC,
	OPT_CONNECTION,
	OPT_SERVICE,
	OPT_SCHEDULER,
	OPT_PERSISTENT,
	OPT_NETMASK,
	OPT_SERVER,
	OPT_METHOD,
	OPT_WEIGHT,
	OPT_UPPER,
	OPT_LOWER,
	OPT_MCAST_INTERFACE,
	OPT_TIMEOUT,
	OPT_DAEMON,
	OPT_STATS,
	OPT_RATE,
	OPT_THRESHOLDS,
	OPT_PERSISTENT_CONN,
	OPT_NOSORT,
	OPT_SYNC_ID,
	OPT_EXACT,
	OPT_OPS,
	OPT_ENGINE,
	OPT_FLAGS,
	OPT_MCAST_GROUP,
	OPT_MCAST_PORT,
	OPT_MCAST_TTL,
	OPT_SYNC_MAXLEN,
	OPT_TUN_INFO,
	OPT_TUN_TYPE,
	OPT_TUN_PORT,
	OPT_TUN_NOCSUM,
	OPT_TUN_CSUM,
	OPT_TUN_REMCSUM,
	COMPAT_OPTIONS,
};

/**
 * struct compat - a command line, understood
 * @command: what is to be done
 * @options: bits of the options that were given
 * @svc: the service, if one is named
 * @flags_named: flags of schedulers that were named (compat_rules.c)
 * @dest: the server
 * @daemon: the synchronisation daemon
 * @timeouts: of --set
 * @nl: the connection to family IPVS
 */
struct compat {
	enum compat_command	command;
	uint64_t		options;
	struct ipvs_service	svc;
	uint32_t		flags_named;
	struct ipvs_dest	dest;
	struct ipvs_daemon	daemon;
	struct ipvs_timeouts	timeouts;
	struct adm_nl		*nl;
};

static inline bool compat_has(const struct compat *c, enum compat_option option)
{
	return c->options >> option & 1;
}

/* Fit all flags of a scheduler, a netmask, and an option with a service. */
#define COMPAT_FLAGS_SIZE	64
#define COMPAT_NETMASK_SIZE	16
#define COMPAT_SERVICE_SIZE	1152

/* compat.c */
int compat_main(int argc, char **argv);
int __printf(2, 3) compat_wrong(int status, const char *format, ...);
void compat_place(const char *file, const char *line);
int compat_refused(const struct compat *c, int status, int err);
int compat_try_help(void);
void compat_help(void);

/* compat_options.c */
int compat_parse(struct compat *c, int argc, const char **argv);

/* compat_check.c */
const char *compat_option_name(enum compat_option option);
int compat_check(struct compat *c);

/* compat_list.c, compat_conns.c */
int compat_list(struct compat *c);
int compat_save(struct compat *c);
int compat_list_conns(bool numeric, bool engines);

/* compat_rules.c: the words of rules, which lists and saved rules share. */
int compat_take_flags(struct ipvs_service *svc, char *list, uint32_t *named);
int compat_check_flags(const struct ipvs_service *svc, uint32_t named);
const char *compat_flags(const struct ipvs_service *svc, char *text);
bool compat_netmask(const struct ipvs_service *svc, char *text);
char *compat_service_name(const struct ipvs_service *svc, char *text,
			  bool numeric);
void compat_put_service(FILE *file, const struct ipvs_service *svc, bool numeric);
void compat_put_dest(FILE *file, const struct ipvs_service *svc,
		     const struct ipvs_dest *dest, bool numeric);
void compat_sort(struct ipvs_services *services);
void compat_sort_dests(struct ipvs_dests *dests);

#endif /* OPVSADM_COMPAT_H */
