// SPDX-License-Identifier: GPL-2.0-only
/* opvsadm: administration of the load balancer opvs. */
#include "adm.h"

#include "compat.h"

#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct adm_command commands[] = {
	{
		.name		= "conn",
		.synopsis	= "[list|count|flush|expire] [FILTER...] | import [FILE]",
		.help		= "connections and templates: shown, counted, ended, taken over",
		.more		= "  list    show them\n"
				  "  count   print how many there are\n"
				  "  flush   end them; print how many those were\n"
				  "  expire  let them expire now, which takes less time\n"
				  "  import  make those that FILE, or standard input, lists,\n"
				  "          as /proc/net/ip_vs_conn of another director\n\n"
				  "Filters; those that are ended need one, or --all:\n"
				  "  --service ADDRESS:PORT/PROTOCOL or fwmark:N\n"
				  "  --client ADDRESS[/PREFIX] or ADDRESS:PORT\n"
				  "  --virtual ADDRESS[:PORT]\n"
				  "  --server ADDRESS[:PORT]\n"
				  "  --protocol tcp|udp|sctp\n"
				  "  --state NAME\n"
				  "  --kind connection|template\n"
				  "  --fwmark N\n"
				  "  --engine NAME --key TEXT\n"
				  "  --ipv4, --ipv6\n",
		.run		= cmd_conn,
	}, {
		.name		= "counters",
		.synopsis	= "[--all] [--delta [--state FILE]] [NAME...] | --sip [SERVICE...]",
		.help		= "what happened to packets and connections, and why",
		.more		= "  --all    also those that are 0\n"
				  "  --delta  what was counted since the last time\n"
				  "  --state  where that is remembered\n"
				  "  --sip    SIP messages instead, of all services that have\n"
				  "           an engine, or those named, and of their servers\n",
		.run		= cmd_counters,
	}, {
		.name		= "doctor",
		.synopsis	= "[--peer FINGERPRINT] [--probe] [--listen SECONDS]",
		.help		= "what looks like success and is none; status 0 if nothing",
		.more		= "  --peer    the key of the other director, by\n"
				  "            'opvsadm key' there\n"
				  "  --probe   ask servers by direct routing for their\n"
				  "            virtual addresses\n"
				  "  --listen  so long for packets that rp_filter drops (2);\n"
				  "            0: do not\n",
		.run		= cmd_doctor,
	}, {
		.name		= "drain",
		.synopsis	= "[SERVICE...]",
		.help		= "services that drain, calls remembered, time left",
		.run		= cmd_drain,
	}, {
		.name		= "explain",
		.synopsis	= "[PROTOCOL CLIENT[:PORT] VIRTUAL:PORT | SERVICE] [OPTION...]",
		.help		= "which server packets would get now, and why; nothing changes",
		.more		= "  --call-id ID       a message with this Call-ID; repeatable\n"
				  "  --call-ids FILE    Call-IDs, one a line; - is standard input\n"
				  "  --random N         N Call-IDs that are made up\n"
				  "  --in-progress      calls with these Call-IDs exist already\n"
				  "  --message FILE     a datagram, as a SIP message\n"
				  "  --pcap FILE        all packets of a capture; - is standard input\n"
				  "  --service SERVICE  only those of a service\n"
				  "  --summary          no packets and calls, only sums\n"
				  "  --fwmark N, --cpu N, --from-host    how a packet comes\n\n"
				  "If servers were other ones; each may be repeated:\n"
				  "  --without SERVER, --with SERVER[=WEIGHT], --weight SERVER=WEIGHT\n",
		.run		= cmd_explain,
	}, {
		.name		= "key",
		.synopsis	= "[show [--secret]|make [--set]|set FILE|compare WHAT]",
		.help		= "the secret of all hashes that choose servers",
		.more		= "  show     print its fingerprint; with --secret, the key\n"
				  "  make     print a new key; with --set, put it in force\n"
				  "  set      put the key in FILE in force; - is standard input\n"
				  "  compare  is it the one of a fingerprint, or in a file? status 0 if so\n",
		.run		= cmd_key,
	}, {
		.name		= "limit",
		.synopsis	= "[list|set N|none|closed [SERVICE...]]",
		.help		= "how many connections there may be, and are",
		.more		= "  list  show limits and entries\n"
				  "  set   set that of the namespace, or of services\n",
		.run		= cmd_limit,
	}, {
		.name		= "metrics",
		.synopsis	= "[--format FORMAT] [--max N] [--serve[=ADDRESS:PORT]]",
		.help		= "all numbers, for Prometheus and others",
		.more		= "  --format  openmetrics (preset) or prometheus, the older one\n"
				  "  --max     tell up to N services and servers (2000)\n"
				  "  --serve   over HTTP, at /metrics; without an address, on the\n"
				  "            socket that systemd hands over\n",
		.run		= cmd_metrics,
	}, {
		.name		= "monitor",
		.synopsis	= "[--filter EVENT,...] [--service SERVICE] [--count N]",
		.help		= "events as they happen, a line or a JSON object each",
		.more		= "  --filter   events with one of these in their\n"
				  "             name, as drain,dest\n"
				  "  --service  those of a service\n"
				  "  --count    end after so many\n",
		.run		= cmd_monitor,
	}, {
		.name		= "policy",
		.synopsis	= "[list|add|change|delete|use] [NAME] [ARGUMENT...]",
		.help		= "timeout policies, which services share",
		.more		= "  list [NAME...]                 show them\n"
				  "  add NAME [TIMEOUT...]          make one; what is not given has its preset\n"
				  "  change NAME TIMEOUT...         change timeouts, keep the others\n"
				  "  delete NAME...                 delete those that no service uses\n"
				  "  use NAME SERVICE...            give services a policy\n\n"
				  "TIMEOUT is PROTOCOL/STATE=SECONDS, as tcp/ESTABLISHED=900.\n",
		.run		= cmd_policy,
	}, {
		.name		= "save",
		.synopsis	= "[--all] [--settings] [--key] [--no-services] [FILE]",
		.help		= "print or write the whole configuration",
		.more		= "  --settings     with net.opvs.*\n"
				  "  --key          with the secret of hashes\n"
				  "  --all          with both\n"
				  "  --no-services  without services and servers\n",
		.run		= cmd_save,
	}, {
		.name		= "restore",
		.synopsis	= "[--append] [--keep-going|--untested|--check] FILE",
		.help		= "replace services and servers by those of a file",
		.more		= "  --append      keep those that there are\n"
				  "  --keep-going  leave out what the kernel refuses\n"
				  "  --untested    do not try the file in a network namespace\n"
				  "                of its own first\n"
				  "  --check       try it only\n",
		.run		= cmd_restore,
	}, {
		.name		= "sync",
		.synopsis	= "[--dry-run] [--untested] FILE",
		.help		= "make the configuration equal to a file, by the fewest changes",
		.more		= "  --dry-run   only print what would be done\n"
				  "  --untested  do not try the file in a network namespace\n"
				  "              of its own first\n",
		.run		= cmd_sync,
	}, {
		.name		= "top",
		.synopsis	= "[--sort WHAT] [--delay SECONDS] [--batch[=N]]",
		.help		= "rates and loads of services and servers, live",
		.more		= "  --sort   name, conns, inpkts, outpkts, inbytes, outbytes\n"
				  "           or active\n"
				  "  --batch  print them as text, once or N times\n",
		.run		= cmd_top,
	}, {
		.name		= "version",
		.synopsis	= "",
		.help		= "versions of this program and of the module",
		.run		= cmd_version,
	},
};

static void print_help(void)
{
	size_t i;

	printf("usage: %s [OPTION...] COMMAND [ARGUMENT...]\n"
	       "       %s -A|-E|-D|-a|-e|-d|-L|-Z|-C|-S|-R|-v|--set ...   as ipvsadm(8) has it\n\n",
	       adm_opt.name, adm_opt.name);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-9s %s\n            %s\n", commands[i].name,
		       commands[i].synopsis, commands[i].help);
	printf("\n"
	       "  -j, --json          answers are JSON\n"
	       "      --color[=WHEN]  always, never or auto (preset; off with NO_COLOR)\n"
	       "  -h, --help          this help; COMMAND --help is about one command\n"
	       "  -V, --version       the same as the command version\n");
}

static void print_command_help(const struct adm_command *command)
{
	printf("usage: %s %s%s%s\n\n%s\n", adm_opt.name, command->name,
	       command->synopsis[0] ? " " : "", command->synopsis,
	       command->help);
	if (command->more)
		printf("\n%s", command->more);
}

/* A command by its name, or by an unambiguous beginning of it. */
static const struct adm_command *find_command(const char *name)
{
	const struct adm_command *found = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
		if (strncmp(commands[i].name, name, strlen(name)) != 0)
			continue;
		if (found) {
			adm_bad_usage("'%s' may be %s or %s", name, found->name,
				      commands[i].name);
			return NULL;
		}
		found = &commands[i];
	}
	if (!found)
		adm_bad_usage("no command '%s'", name);
	return found;
}

static int set_color(const char *when)
{
	const char *no_color = getenv("NO_COLOR");

	if (!when || strcmp(when, "auto") == 0)
		adm_opt.color = isatty(STDOUT_FILENO) &&
				!(no_color && *no_color);
	else if (strcmp(when, "always") == 0)
		adm_opt.color = true;
	else if (strcmp(when, "never") == 0)
		adm_opt.color = false;
	else
		return adm_bad_usage("--color takes always, never or auto, not '%s'",
				     when);
	return ADM_OK;
}

static int run_command(int argc, char **argv)
{
	const struct adm_command *command = find_command(argv[0]);
	int i;

	if (!command)
		return ADM_USAGE;
	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			print_command_help(command);
			return ADM_OK;
		}
		/* Where it stands does not matter. */
		if (strcmp(argv[i], "--json") == 0 || strcmp(argv[i], "-j") == 0) {
			adm_opt.json = true;
			memmove(&argv[i], &argv[i + 1],
				sizeof(*argv) * (argc - i));
			argc--;
			i--;
		}
	}
	optind = 1;
	return command->run(argc, argv);
}

/* The options in front of a command, then the command. */
static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "color", optional_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ }
	};
	int option, status = set_color(NULL);

	while ((option = getopt_long(argc, argv, "+jhV", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			adm_opt.json = true;
			break;
		case 'c':
			status = set_color(optarg);
			if (status)
				return status;
			break;
		case 'h':
			print_help();
			return ADM_OK;
		case 'V':
			return cmd_version(1, argv);
		default:
			return ADM_USAGE;
		}
	}
	if (optind == argc)
		return adm_bad_usage("no command");
	return run_command(argc - optind, argv + optind);
}

/* Is it an option that stands in front of a command, or alone? */
static bool is_own_option(const char *word)
{
	static const char *const own[] = {
		"-j", "--json", "-h", "--help", "-V", "--version",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(own); i++)
		if (strcmp(word, own[i]) == 0)
			return true;
	return strncmp(word, "--color", strlen("--color")) == 0;
}

/* Is this a command line of ipvsadm? Those begin with an option; without any,
 * it is a list.
 */
static bool is_ipvsadm(int argc, char **argv)
{
	int i = 1;

	if (strcmp(adm_opt.name, "ipvsadm") == 0)
		return true;
	while (i < argc && is_own_option(argv[i]))
		i++;
	return argc == 1 || (i < argc && argv[i][0] == '-');
}

int main(int argc, char **argv)
{
	int status;

	setlocale(LC_ALL, "");
	if (argc && strcmp(basename(argv[0]), "ipvsadm") == 0)
		adm_opt.name = "ipvsadm";
	status = is_ipvsadm(argc, argv) ? compat_main(argc, argv) :
		 run(argc, argv);
	if (fflush(stdout) || ferror(stdout)) {
		adm_err("what was printed could not be written: %m");
		return ADM_FAILED;
	}
	return status;
}
