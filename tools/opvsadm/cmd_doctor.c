// SPDX-License-Identifier: GPL-2.0-only
/* opvsadm doctor: what looks like success and is none, with the remedy. */
#include "adm.h"
#include "doctor.h"
#include "fingerprint.h"
#include "out.h"
#include "probe.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* How long it listens unless told, and may listen. */
#define LISTEN_SECONDS	2
#define LISTEN_MOST	3600

/* Whom would ipvsadm and keepalived speak to? True: opvs can be asked. */
static bool check_owner(struct doctor *doctor)
{
	char owner[32] = "";
	FILE *file;

	file = fopen("/sys/kernel/opvs/owner", "r");
	if (!file) {
		doctor_say(doctor, "module", NULL, "modprobe opvs", "%s",
			   access("/sys/module/ip_vs", F_OK) ?
			   "opvs is not loaded" :
			   "opvs is not loaded; ip_vs is, and balances");
		return false;
	}
	if (fgets(owner, sizeof(owner), file))
		owner[strcspn(owner, "\n")] = '\0';
	fclose(file);
	if (strcmp(owner, "opvs") != 0)
		doctor_say(doctor, "owner", NULL,
			   "rmmod ip_vs; opvs takes its names then, unless loaded with compat=0",
			   "ipvsadm and keepalived speak to %s, not to opvs",
			   strcmp(owner, "none") == 0 ? "nobody" : owner);
	return true;
}

/* What the module itself finds; the sentence is the kernel's. */
static void check_mistakes(struct doctor *doctor)
{
	static const struct {
		const char	*part;
		const char	*check;
		const char	*remedy;
	} kinds[] = {
		{ "ip_forward is 0", "forwarding",
		  "sysctl net.ipv4.ip_forward=1" },
		{ "forwarding is 0", "forwarding",
		  "sysctl net.ipv6.conf.all.forwarding=1" },
		{ "does not have this address", "address",
		  "ip addr add, or VRRP; nothing on a director that stands by" },
		{ "has not answered", "silent",
		  "on the server: is the port open, and its route to clients through here?" },
		{ "", "mistake", "see 'When something is wrong' in the manual" },
	};
	FILE *file = fopen("/sys/kernel/opvs/mistakes", "r");
	char line[256];
	size_t i;

	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		for (i = 0; !strstr(line, kinds[i].part); i++)
			;
		doctor_say(doctor, kinds[i].check, NULL, kinds[i].remedy, "%s",
			   line);
	}
	if (file)
		fclose(file);
}

static void check_table(struct doctor *doctor, const struct table *table,
			const char *peer)
{
	char here[FINGERPRINT_SIZE];

	if (table->conn_max == UINT32_MAX)
		doctor_say(doctor, "limit", NULL, "opvsadm limit set none",
			   "the limit is closed: nothing new passes");
	else if (table->conn_max && table->conns >= table->conn_max)
		doctor_say(doctor, "limit", NULL, "opvsadm limit set N",
			   "%u connections, and %u may be: new ones are refused",
			   table->conns, table->conn_max);
	if (!peer || !table->has_key)
		return;
	fingerprint_of(table->key, here);
	if (strcasecmp(here, peer) != 0)
		doctor_say(doctor, "key", NULL,
			   "opvsadm key show --secret | ssh OTHER opvsadm key set -",
			   "the key here is %s, the other director's %s", here,
			   peer);
}

static int examine(struct doctor *doctor, const char *peer)
{
	struct table table;
	struct adm_nl nl;
	struct snap snap;
	size_t i;
	int err;

	if (!check_owner(doctor))
		return 0;
	check_mistakes(doctor);
	err = adm_open(&nl, OPVS_GENL_NAME);
	if (err)
		return err;
	err = table_get(&nl, &table);
	if (!err) {
		check_table(doctor, &table, peer);
		err = snap_all(&nl, &snap);
		for (i = 0; i < snap.count && !err; i++)
			doctor_service(doctor, &snap.services[i]);
		if (!err)
			err = doctor_direct(doctor, &nl, &snap);
		if (!err) {
			doctor_filter(doctor, &snap);
			doctor_path(doctor, &snap);
		}
		snap_free(&snap);
	}
	adm_close(&nl);
	return err;
}

static int read_options(struct doctor *doctor, const char **peer, int argc,
			char **argv)
{
	static const struct option options[] = {
		{ "listen", required_argument, NULL, 'l' },
		{ "peer", required_argument, NULL, 'p' },
		{ "probe", no_argument, NULL, 'P' },
		{ }
	};
	unsigned long long seconds;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'l':
			if (!name_parse_number(optarg, LISTEN_MOST, &seconds))
				return adm_bad_usage("--listen takes seconds up to %d, not '%s'",
						     LISTEN_MOST, optarg);
			doctor->listen = seconds;
			break;
		case 'p':
			*peer = optarg;
			break;
		case 'P':
			doctor->probe = true;
			break;
		default:
			return ADM_USAGE;
		}
	}
	if (*peer && !fingerprint_is(*peer))
		return adm_bad_usage("--peer takes what 'opvsadm key' prints, not '%s'",
				     *peer);
	return ADM_OK;
}

/**
 * cmd_doctor() - prints mistakes that look like success
 * @argc: number of arguments
 * @argv: the command and its arguments
 *
 * Return: a status of the program: ADM_OK if nothing was found.
 */
int cmd_doctor(int argc, char **argv)
{
	struct doctor doctor = { .listen = LISTEN_SECONDS };
	const char *peer = NULL;
	int err, status = read_options(&doctor, &peer, argc, argv);

	if (status)
		return status;
	if (optind < argc)
		return adm_bad_usage("doctor takes no '%s'", argv[optind]);
	err = doctor.probe ? probe_may() : 0;
	if (err) {
		adm_err("--probe takes root, or CAP_NET_RAW: %s", strerror(-err));
		return ADM_FAILED;
	}
	if (doctor_begin(&doctor))
		return ADM_FAILED;
	err = examine(&doctor, peer);
	status = out_end(&doctor.out);
	return err || doctor.found ? ADM_FAILED : status;
}
