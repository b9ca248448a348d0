// SPDX-License-Identifier: GPL-2.0-only
/* opvsadm version: of this program, of the module, and who has ip_vs's names. */
#include "adm.h"
#include "nl.h"

#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

static int take_info(struct nlattr **attrs, void *arg)
{
	__u32 *version = arg;

	if (attrs[IPVS_INFO_ATTR_VERSION])
		*version = nla_get_u32(attrs[IPVS_INFO_ATTR_VERSION]);
	return 0;
}

/* Which IPVS the module stands in for; empty if it cannot be asked. */
static void ask_ipvs(char *text, size_t size)
{
	struct adm_nl nl;
	__u32 version = 0;
	int err;

	if (adm_connect(&nl, OPVS_GENL_NAME))
		return;
	err = adm_talk(&nl, adm_request(&nl, OPVS_CMD_GET_INFO, 0), &adm_info,
		       take_info, &version);
	if (!err)
		snprintf(text, size, "%u.%u.%u", version >> 16,
			 version >> 8 & 0xff, version & 0xff);
	adm_close(&nl);
}

/* The first line of a file of sysfs; empty if there is none. */
static void read_line(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "r");

	text[0] = '\0';
	if (!file)
		return;
	if (fgets(text, size, file))
		text[strcspn(text, "\n")] = '\0';
	fclose(file);
}

static void add(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key,
			       *text ? json_object_new_string(text) : NULL);
}

/**
 * cmd_version() - prints versions
 * @argc: 1
 * @argv: the command
 *
 * Return: a status of the program; that no module is loaded is none of failure.
 */
int cmd_version(int argc, char **argv)
{
	char module[64], owner[64], ipvs[16] = "";
	struct json_object *object;

	if (argc > 1)
		return adm_bad_usage("version takes no '%s'", argv[1]);
	read_line("/sys/module/opvs/version", module, sizeof(module));
	read_line("/sys/kernel/opvs/owner", owner, sizeof(owner));
	ask_ipvs(ipvs, sizeof(ipvs));
	if (adm_opt.json) {
		object = json_object_new_object();
		add(object, "program", OPVS_VERSION);
		add(object, "module", module);
		add(object, "ipvs", ipvs);
		add(object, "owner", owner);
		puts(json_object_to_json_string_ext(object,
						    JSON_C_TO_STRING_PLAIN));
		json_object_put(object);
		return ADM_OK;
	}
	printf("opvsadm %s\n", OPVS_VERSION);
	if (!module[0]) {
		puts("opvs is not loaded; 'modprobe opvs' loads it");
		return ADM_OK;
	}
	printf("opvs %s", module);
	if (ipvs[0])
		printf(", compatible with IPVS %s", ipvs);
	printf("\nthe names of ip_vs belong to %s\n", owner);
	return ADM_OK;
}
