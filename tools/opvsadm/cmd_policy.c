// SPDX-License-Identifier: GPL-2.0-only
/* opvsadm policy: timeout policies, which services share. */
#include "adm.h"
#include "change.h"
#include "out.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { COL_NAME, COL_USERS, COL_PROTOCOL, COL_STATE, COL_SECONDS, COL_COUNT };

static const struct out_column columns[COL_COUNT] = {
	[COL_NAME]	= { .key = "name", .title = "POLICY" },
	[COL_USERS]	= { .key = "services", .title = "SERVICES",
			    .number = true },
	[COL_PROTOCOL]	= { .key = "protocol", .title = "PROTO" },
	[COL_STATE]	= { .key = "state", .title = "STATE" },
	[COL_SECONDS]	= { .key = "seconds", .title = "SECONDS",
			    .number = true },
};

/* Longest name of a state, in netlink. */
#define STATE_SIZE	16

struct policies {
	struct out	out;
	char		**names;	/* those that are asked for */
	int		count;
};

static int show_timeout(struct out *out, const char *name, uint32_t users,
			struct nlattr *nest)
{
	struct nlattr *attrs[OPVS_TIMEOUT_ATTR_MAX + 1];
	char text[8];

	if (adm_parse(attrs, &adm_timeout, nest) ||
	    !attrs[OPVS_TIMEOUT_ATTR_PROTOCOL] ||
	    !attrs[OPVS_TIMEOUT_ATTR_STATE] ||
	    !attrs[OPVS_TIMEOUT_ATTR_SECONDS])
		return -EPROTO;
	out_row(out);
	out_text(out, COL_NAME, name);
	out_number(out, COL_USERS, users);
	out_text(out, COL_PROTOCOL,
		 name_protocol(nla_get_u16(attrs[OPVS_TIMEOUT_ATTR_PROTOCOL]),
			       text, sizeof(text)));
	out_text(out, COL_STATE,
		 nla_get_string(attrs[OPVS_TIMEOUT_ATTR_STATE]));
	out_number(out, COL_SECONDS,
		   nla_get_u32(attrs[OPVS_TIMEOUT_ATTR_SECONDS]));
	return 0;
}

static int take_policy(struct nlattr **answer, void *arg)
{
	struct nlattr *attrs[OPVS_POLICY_ATTR_MAX + 1], *pos;
	struct policies *policies = arg;
	uint32_t users = 0;
	int rest, err;

	if (!answer[OPVS_CMD_ATTR_POLICY] ||
	    adm_parse(attrs, &adm_policy, answer[OPVS_CMD_ATTR_POLICY]) ||
	    !attrs[OPVS_POLICY_ATTR_NAME])
		return -EPROTO;
	if (attrs[OPVS_POLICY_ATTR_USERS])
		users = nla_get_u32(attrs[OPVS_POLICY_ATTR_USERS]);
	nla_for_each_nested(pos, answer[OPVS_CMD_ATTR_POLICY], rest) {
		if (nla_type(pos) != OPVS_POLICY_ATTR_TIMEOUT)
			continue;
		err = show_timeout(&policies->out,
				   nla_get_string(attrs[OPVS_POLICY_ATTR_NAME]),
				   users, pos);
		if (err)
			return err;
	}
	return 0;
}

/* A request about a policy; its nest is left open. */
static struct nl_msg *about(struct adm_nl *nl, int command, const char *name,
			    struct nlattr **nest)
{
	struct nl_msg *msg = adm_request(nl, command, 0);

	if (!msg)
		return NULL;
	*nest = nla_nest_start(msg, OPVS_CMD_ATTR_POLICY | NLA_F_NESTED);
	if (nla_put_string(msg, OPVS_POLICY_ATTR_NAME, name) == 0)
		return msg;
	nlmsg_free(msg);
	return NULL;
}

static int tell(struct adm_nl *nl, const char *what, const char *name, int err)
{
	if (!err)
		return ADM_OK;
	if (err == -ENOENT)
		adm_err("no policy '%s'; 'opvsadm policy' shows all", name);
	else
		adm_err("policy '%s' cannot be %s: %s%s", name, what,
			adm_reason(nl, err), strstr(nl->text, "no such state") ?
			"; 'opvsadm policy list default' shows all" : "");
	return ADM_FAILED;
}

static int ask(struct adm_nl *nl, struct policies *policies)
{
	int i, err, status = ADM_OK;
	struct nl_msg *msg;
	struct nlattr *nest;

	if (!policies->count) {
		err = adm_talk(nl, adm_request(nl, OPVS_CMD_GET_POLICY,
					       NLM_F_DUMP),
			       &adm_message, take_policy, policies);
		if (err)
			adm_err("the policies cannot be read: %s",
				adm_reason(nl, err));
		return err ? ADM_FAILED : ADM_OK;
	}
	for (i = 0; i < policies->count; i++) {
		msg = about(nl, OPVS_CMD_GET_POLICY, policies->names[i], &nest);
		if (msg)
			nla_nest_end(msg, nest);
		err = adm_talk(nl, msg, &adm_message, take_policy, policies);
		if (tell(nl, "read", policies->names[i], err))
			status = ADM_FAILED;
	}
	return status;
}

/* The names behind a verb that has no options. */
static int take_names(struct policies *policies, int argc, char **argv)
{
	static const struct option none[] = { { } };

	memset(policies, 0, sizeof(*policies));
	optind = 1;
	if (getopt_long(argc, argv, "", none, NULL) != -1)
		return ADM_USAGE;
	policies->names = argv + optind;
	policies->count = argc - optind;
	return ADM_OK;
}

static int policy_list(int argc, char **argv)
{
	struct policies policies;
	struct adm_nl nl;
	int status, ended;

	if (take_names(&policies, argc, argv))
		return ADM_USAGE;
	if (adm_open(&nl, OPVS_GENL_NAME))
		return ADM_FAILED;
	if (out_begin(&policies.out, columns, COL_COUNT)) {
		adm_close(&nl);
		return ADM_FAILED;
	}
	status = ask(&nl, &policies);
	ended = out_end(&policies.out);
	adm_close(&nl);
	return status ? status : ended;
}

/* PROTOCOL/STATE=SECONDS */
static int read_timeout(const char *text, uint16_t *protocol, char *state,
			uint32_t *seconds)
{
	const char *slash = strchr(text, '/'), *equal = strchr(text, '=');
	unsigned long long number;
	char name[8] = "";
	size_t i, length;

	if (!slash || !equal || equal < slash ||
	    (size_t)(slash - text) >= sizeof(name))
		goto bad;
	memcpy(name, text, slash - text);
	length = equal - slash - 1;
	if (!name_parse_protocol(name, protocol) || !length ||
	    length >= STATE_SIZE ||
	    !name_parse_number(equal + 1, UINT32_MAX, &number) || !number)
		goto bad;
	for (i = 0; i < length; i++)
		state[i] = toupper((unsigned char)slash[1 + i]);
	state[length] = '\0';
	*seconds = number;
	return ADM_OK;
bad:
	return adm_bad_usage("a timeout is as tcp/ESTABLISHED=900, not '%s'",
			     text);
}

static int put_timeout(struct nl_msg *msg, const char *text)
{
	char state[STATE_SIZE];
	struct nlattr *nest;
	uint16_t protocol;
	uint32_t seconds;
	int err;

	if (read_timeout(text, &protocol, state, &seconds))
		return -1;
	nest = nla_nest_start(msg, OPVS_POLICY_ATTR_TIMEOUT | NLA_F_NESTED);
	err = nla_put_u16(msg, OPVS_TIMEOUT_ATTR_PROTOCOL, protocol);
	err |= nla_put_string(msg, OPVS_TIMEOUT_ATTR_STATE, state);
	err |= nla_put_u32(msg, OPVS_TIMEOUT_ATTR_SECONDS, seconds);
	nla_nest_end(msg, nest);
	return err;
}

/* All is read before anything is asked. */
static int check_timeouts(const struct policies *policies)
{
	char state[STATE_SIZE];
	uint16_t protocol;
	uint32_t seconds;
	int i;

	for (i = 1; i < policies->count; i++)
		if (read_timeout(policies->names[i], &protocol, state, &seconds))
			return ADM_USAGE;
	return ADM_OK;
}

static int write_policy(int argc, char **argv, int command, const char *what)
{
	struct policies policies;
	struct nlattr *nest;
	struct adm_nl nl;
	struct nl_msg *msg;
	int i, err = 0, status;

	if (take_names(&policies, argc, argv))
		return ADM_USAGE;
	if (!policies.count)
		return adm_bad_usage("policy %s takes a name", argv[0]);
	if (command == OPVS_CMD_SET_POLICY && policies.count < 2)
		return adm_bad_usage("policy %s takes timeouts, as tcp/ESTABLISHED=900",
				     argv[0]);
	if (check_timeouts(&policies))
		return ADM_USAGE;
	if (adm_open(&nl, OPVS_GENL_NAME))
		return ADM_FAILED;
	msg = about(&nl, command, policies.names[0], &nest);
	for (i = 1; msg && i < policies.count && !err; i++)
		err = put_timeout(msg, policies.names[i]);
	if (msg && !err)
		nla_nest_end(msg, nest);
	if (err) {
		nlmsg_free(msg);
		msg = NULL;
	}
	err = adm_talk(&nl, msg, &adm_message, NULL, NULL);
	status = tell(&nl, what, policies.names[0], err);
	adm_close(&nl);
	return status;
}

static int policy_add(int argc, char **argv)
{
	return write_policy(argc, argv, OPVS_CMD_NEW_POLICY, "added");
}

static int policy_change(int argc, char **argv)
{
	return write_policy(argc, argv, OPVS_CMD_SET_POLICY, "changed");
}

static int policy_delete(int argc, char **argv)
{
	struct policies policies;
	struct nlattr *nest;
	struct adm_nl nl;
	struct nl_msg *msg;
	int i, status = ADM_OK;

	if (take_names(&policies, argc, argv))
		return ADM_USAGE;
	if (!policies.count)
		return adm_bad_usage("policy delete takes names");
	if (adm_open(&nl, OPVS_GENL_NAME))
		return ADM_FAILED;
	for (i = 0; i < policies.count; i++) {
		msg = about(&nl, OPVS_CMD_DEL_POLICY, policies.names[i], &nest);
		if (msg)
			nla_nest_end(msg, nest);
		if (tell(&nl, "deleted", policies.names[i],
			 adm_talk(&nl, msg, &adm_message, NULL, NULL)))
			status = ADM_FAILED;
	}
	adm_close(&nl);
	return status;
}

static int policy_use(int argc, char **argv)
{
	struct change_service change = { 0 };
	struct policies policies;

	if (take_names(&policies, argc, argv))
		return ADM_USAGE;
	if (policies.count < 2)
		return adm_bad_usage("policy use takes a policy and services");
	change.policy = policies.names[0];
	return change_services(&change, policies.count - 1, policies.names + 1);
}

/**
 * cmd_policy() - shows and changes timeout policies
 * @argc: number of arguments
 * @argv: the command and its arguments
 *
 * Return: a status of the program.
 */
int cmd_policy(int argc, char **argv)
{
	static const struct adm_verb verbs[] = {
		{ "list", policy_list },
		{ "add", policy_add },
		{ "change", policy_change },
		{ "delete", policy_delete },
		{ "use", policy_use },
	};

	return adm_run_verb(verbs, ARRAY_SIZE(verbs), argc, argv);
}
