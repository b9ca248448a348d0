// SPDX-License-Identifier: GPL-2.0-only
/* The connection table as a whole: its limit and the secret of hashes. */
#include "table.h"

#include "adm.h"

#include <errno.h>
#include <string.h>

static int take_sweep(struct table *table, struct nlattr *nest)
{
	struct nlattr *attrs[OPVS_SWEEP_ATTR_MAX + 1];

	if (adm_parse(attrs, &adm_sweep, nest))
		return -EPROTO;
	if (attrs[OPVS_SWEEP_ATTR_MAX_LATE_MS])
		table->max_late_ms =
			nla_get_u64(attrs[OPVS_SWEEP_ATTR_MAX_LATE_MS]);
	return 0;
}

static int take_table(struct nlattr **answer, void *arg)
{
	struct nlattr *attrs[OPVS_TABLE_ATTR_MAX + 1];
	struct table *table = arg;

	if (!answer[OPVS_CMD_ATTR_TABLE] ||
	    adm_parse(attrs, &adm_table, answer[OPVS_CMD_ATTR_TABLE]) ||
	    !attrs[OPVS_TABLE_ATTR_CONN_MAX] || !attrs[OPVS_TABLE_ATTR_CONNS] ||
	    !attrs[OPVS_TABLE_ATTR_BUCKETS])
		return -EPROTO;
	table->conn_max = nla_get_u32(attrs[OPVS_TABLE_ATTR_CONN_MAX]);
	table->conns = nla_get_u32(attrs[OPVS_TABLE_ATTR_CONNS]);
	table->buckets = nla_get_u32(attrs[OPVS_TABLE_ATTR_BUCKETS]);
	table->has_key = attrs[OPVS_TABLE_ATTR_HASH_KEY];
	if (table->has_key)
		nla_memcpy(table->key, attrs[OPVS_TABLE_ATTR_HASH_KEY],
			   sizeof(table->key));
	return take_sweep(table, attrs[OPVS_TABLE_ATTR_SWEEP]);
}

/**
 * table_get() - asks for the connection table
 * @nl: family opvs
 * @table: what is asked for
 *
 * Return: 0, or an error number, and the user was told.
 */
int table_get(struct adm_nl *nl, struct table *table)
{
	int err;

	memset(table, 0, sizeof(*table));
	err = adm_talk(nl, adm_request(nl, OPVS_CMD_GET_TABLE, 0), &adm_message,
		       take_table, table);
	if (err)
		adm_err("the connection table cannot be read: %s",
			adm_reason(nl, err));
	return err;
}

static int write_table(struct adm_nl *nl, int attr, const void *data, int len,
		       const char *what)
{
	struct nl_msg *msg = adm_request(nl, OPVS_CMD_SET_TABLE, 0);
	struct nlattr *nest;
	int err;

	if (msg) {
		nest = nla_nest_start(msg, OPVS_CMD_ATTR_TABLE | NLA_F_NESTED);
		nla_put(msg, attr, len, data);
		nla_nest_end(msg, nest);
	}
	err = adm_talk(nl, msg, &adm_message, NULL, NULL);
	if (err)
		adm_err("%s cannot be set: %s", what, adm_reason(nl, err));
	return err;
}

/**
 * table_set_max() - sets the limit of entries
 * @nl: family opvs
 * @conn_max: the limit
 *
 * Return: 0, or an error number, and the user was told.
 */
int table_set_max(struct adm_nl *nl, uint32_t conn_max)
{
	return write_table(nl, OPVS_TABLE_ATTR_CONN_MAX, &conn_max,
			   sizeof(conn_max), "the limit");
}

/**
 * table_set_key() - sets the secret of hashes
 * @nl: family opvs
 * @key: OPVS_HASH_KEY_LEN bytes
 *
 * Return: 0, or an error number, and the user was told.
 */
int table_set_key(struct adm_nl *nl, const unsigned char *key)
{
	return write_table(nl, OPVS_TABLE_ATTR_HASH_KEY, key,
			   OPVS_HASH_KEY_LEN, "the key");
}
