// SPDX-License-Identifier: GPL-2.0-only
/* The configuration that the kernel has. */
#include "rules.h"

#include "adm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int send_table(struct adm_nl *nl, int attr, const void *data, int len)
{
	struct nl_msg *msg = adm_request(nl, OPVS_CMD_SET_TABLE, 0);
	struct nlattr *nest;

	nest = msg ? nla_nest_start(msg, OPVS_CMD_ATTR_TABLE | NLA_F_NESTED) :
	       NULL;
	if (!nest || nla_put(msg, attr, len, data)) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	nla_nest_end(msg, nest);
	return adm_talk(nl, msg, &adm_message, NULL, NULL);
}

/**
 * rules_send_limit() - sets the limit of entries, and says nothing
 * @nl: the connection, to family opvs
 * @conn_max: the limit
 *
 * Return: 0 or an error number.
 */
int rules_send_limit(struct adm_nl *nl, uint32_t conn_max)
{
	return send_table(nl, OPVS_TABLE_ATTR_CONN_MAX, &conn_max,
			  sizeof(conn_max));
}

/**
 * rules_send_key() - sets the secret, and says nothing
 * @nl: the connection, to family opvs
 * @table: has the secret
 *
 * Return: 0 or an error number.
 */
int rules_send_key(struct adm_nl *nl, const struct table *table)
{
	return send_table(nl, OPVS_TABLE_ATTR_HASH_KEY, table->key,
			  sizeof(table->key));
}

/**
 * rules_why_not() - why a setting is not in force
 * @setting: the setting
 * @err: what setting_write() returned
 * @text: where to; RULES_WHY_SIZE bytes
 *
 * Return: @text.
 */
const char *rules_why_not(const struct setting *setting, int err, char *text)
{
	if (err == -ENOENT)
		snprintf(text, RULES_WHY_SIZE, "this opvs has no setting %s",
			 setting->name);
	else if (err == -EINVAL)
		snprintf(text, RULES_WHY_SIZE, "%s: %s is refused",
			 setting->name, setting->value);
	else
		snprintf(text, RULES_WHY_SIZE, "%s: %s", setting->name,
			 strerror(-err));
	return text;
}

static int load_services(struct rules *rules, struct adm_nl *nl)
{
	struct ipvs_services services = { };
	struct rules_service *added;
	int err = ipvs_get_services(nl, &services);
	size_t i;

	for (i = 0; i < services.count && !err; i++) {
		added = rules_add(rules, &services.list[i]);
		err = added ? ipvs_get_dests(nl, &added->svc, &added->dests) :
		      -ENOMEM;
	}
	free(services.list);
	return err;
}

/**
 * rules_load() - asks for all that is configured
 * @rules: what is found; empty at first, and to be freed also on errors
 * @nl: the connection, to family opvs
 *
 * Return: a status of the program; the user was told.
 */
int rules_load(struct rules *rules, struct adm_nl *nl)
{
	int err;

	err = policy_get_all(nl, &rules->policies);
	if (!err && table_get(nl, &rules->table))
		return ADM_FAILED;
	if (!err)
		err = ipvs_get_timeouts(nl, &rules->timeouts);
	if (!err)
		err = settings_load(&rules->settings);
	if (!err)
		err = load_services(rules, nl);
	if (!err)
		return ADM_OK;
	adm_err("the configuration cannot be read: %s", adm_reason(nl, err));
	return ADM_FAILED;
}
