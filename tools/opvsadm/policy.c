// SPDX-License-Identifier: GPL-2.0-only
/* Timeout policies: as the kernel has them and as files have them. */
#include "policy.h"

#include "addr.h"
#include "adm.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Takes a policy without timeouts, too. */
static int take_timeouts(struct policy *policy, struct nlattr *nest)
{
	struct nlattr *attrs[OPVS_TIMEOUT_ATTR_MAX + 1], *pos;
	struct policy_timeout *timeout;
	int rest;

	nla_for_each_nested(pos, nest, rest) {
		if (nla_type(pos) != OPVS_POLICY_ATTR_TIMEOUT)
			continue;
		if (adm_parse(attrs, &adm_timeout, pos) ||
		    !attrs[OPVS_TIMEOUT_ATTR_PROTOCOL] ||
		    !attrs[OPVS_TIMEOUT_ATTR_STATE] ||
		    !attrs[OPVS_TIMEOUT_ATTR_SECONDS] ||
		    policy->count == POLICY_STATES_MAX)
			return -EPROTO;
		timeout = &policy->timeouts[policy->count++];
		timeout->protocol = nla_get_u16(attrs[OPVS_TIMEOUT_ATTR_PROTOCOL]);
		timeout->seconds = nla_get_u32(attrs[OPVS_TIMEOUT_ATTR_SECONDS]);
		snprintf(timeout->state, sizeof(timeout->state), "%s",
			 nla_get_string(attrs[OPVS_TIMEOUT_ATTR_STATE]));
	}
	return 0;
}

static int take_policy(struct nlattr **attrs, void *arg)
{
	struct nlattr *found[OPVS_POLICY_ATTR_MAX + 1];
	struct policy *policy;

	if (!attrs[OPVS_CMD_ATTR_POLICY] ||
	    adm_parse(found, &adm_policy, attrs[OPVS_CMD_ATTR_POLICY]) ||
	    !found[OPVS_POLICY_ATTR_NAME])
		return -EPROTO;
	policy = policy_add(arg);
	if (!policy)
		return -ENOMEM;
	snprintf(policy->name, sizeof(policy->name), "%s",
		 nla_get_string(found[OPVS_POLICY_ATTR_NAME]));
	return take_timeouts(policy, attrs[OPVS_CMD_ATTR_POLICY]);
}

/**
 * policy_get_all() - all policies
 * @nl: the connection, to family opvs
 * @policies: the list, empty at first; the caller frees its array, also on errors
 *
 * Return: 0 or an error number.
 */
int policy_get_all(struct adm_nl *nl, struct policies *policies)
{
	int err;

	do {
		policies->count = 0;
		err = adm_talk(nl, adm_request(nl, OPVS_CMD_GET_POLICY,
					       NLM_F_DUMP),
			       &adm_message, take_policy, policies);
	} while (err == -EINTR);
	return err;
}

static int put_policy(struct nl_msg *msg, const struct policy *policy,
		      bool whole)
{
	struct nlattr *nest, *timeout;
	int full;
	size_t i;

	nest = nla_nest_start(msg, OPVS_CMD_ATTR_POLICY | NLA_F_NESTED);
	if (!nest)
		return -1;
	full = nla_put_string(msg, OPVS_POLICY_ATTR_NAME, policy->name);
	for (i = 0; whole && i < policy->count && !full; i++) {
		timeout = nla_nest_start(msg, OPVS_POLICY_ATTR_TIMEOUT |
					 NLA_F_NESTED);
		if (!timeout)
			return -1;
		full |= nla_put_u16(msg, OPVS_TIMEOUT_ATTR_PROTOCOL,
				    policy->timeouts[i].protocol);
		full |= nla_put_string(msg, OPVS_TIMEOUT_ATTR_STATE,
				       policy->timeouts[i].state);
		full |= nla_put_u32(msg, OPVS_TIMEOUT_ATTR_SECONDS,
				    policy->timeouts[i].seconds);
		nla_nest_end(msg, timeout);
	}
	nla_nest_end(msg, nest);
	return full;
}

/**
 * policy_send() - adds, edits or removes a policy
 * @nl: the connection, to family opvs
 * @command: OPVS_CMD_NEW_POLICY, OPVS_CMD_SET_POLICY or OPVS_CMD_DEL_POLICY
 * @policy: the policy
 *
 * Return: 0 or an error number.
 */
int policy_send(struct adm_nl *nl, int command, const struct policy *policy)
{
	struct nl_msg *msg = adm_request(nl, command, 0);

	if (msg && put_policy(msg, policy, command != OPVS_CMD_DEL_POLICY)) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	return adm_talk(nl, msg, &adm_message, NULL, NULL);
}

/**
 * policy_add() - makes room for one more policy
 * @policies: the list
 *
 * Return: the new one, empty, or NULL for lack of memory.
 */
struct policy *policy_add(struct policies *policies)
{
	struct policy *more;

	if (policies->count == policies->room) {
		more = reallocarray(policies->list, policies->room * 2 + 4,
				    sizeof(*more));
		if (!more)
			return NULL;
		policies->list = more;
		policies->room = policies->room * 2 + 4;
	}
	more = &policies->list[policies->count++];
	memset(more, 0, sizeof(*more));
	return more;
}

/**
 * policy_find() - a policy by its name
 * @policies: the list
 * @name: the name
 *
 * Return: the policy, or NULL.
 */
struct policy *policy_find(const struct policies *policies, const char *name)
{
	size_t i;

	for (i = 0; i < policies->count; i++)
		if (strcmp(policies->list[i].name, name) == 0)
			return &policies->list[i];
	return NULL;
}

static const struct {
	const char	*name;
	uint16_t	protocol;
} protocols[] = {
	{ "tcp", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ "sctp", IPPROTO_SCTP },
};

static bool parse_protocol(const char *name, uint16_t *protocol)
{
	long number;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(protocols); i++)
		if (strcmp(protocols[i].name, name) == 0) {
			*protocol = protocols[i].protocol;
			return true;
		}
	if (!addr_number(name, 0, UINT8_MAX, &number))
		return false;
	*protocol = number;
	return true;
}

/* PROTOCOL/STATE=SECONDS */
static bool parse_timeout(struct policy_timeout *timeout, char *word)
{
	char *state = strchr(word, '/'), *seconds = strchr(word, '=');
	long number;

	if (!state || !seconds || seconds < state)
		return false;
	*state++ = '\0';
	*seconds++ = '\0';
	if (!parse_protocol(word, &timeout->protocol) || !*state ||
	    strlen(state) >= sizeof(timeout->state) ||
	    !addr_number(seconds, 1, INT_MAX, &number))
		return false;
	snprintf(timeout->state, sizeof(timeout->state), "%s", state);
	timeout->seconds = number;
	return true;
}

/**
 * policy_parse() - reads a policy
 * @policy: what is read; empty at first
 * @words: its name, then PROTOCOL/STATE=SECONDS, with blanks between; is changed
 * @wrong: becomes what is wrong
 *
 * Return: true if it is sound.
 */
bool policy_parse(struct policy *policy, char *words, const char **wrong)
{
	char *word, *rest = NULL;

	word = strtok_r(words, " \t", &rest);
	if (!word || strlen(word) >= sizeof(policy->name)) {
		*wrong = "a policy has a name of up to 31 bytes";
		return false;
	}
	snprintf(policy->name, sizeof(policy->name), "%s", word);
	while ((word = strtok_r(NULL, " \t", &rest))) {
		if (policy->count == POLICY_STATES_MAX ||
		    !parse_timeout(&policy->timeouts[policy->count++], word)) {
			*wrong = "a policy's timeouts are PROTOCOL/STATE=SECONDS";
			return false;
		}
	}
	return true;
}

/**
 * policy_put() - writes a policy, as policy_parse() reads it
 * @file: where to
 * @policy: the policy
 */
void policy_put(FILE *file, const struct policy *policy)
{
	size_t i, j;

	fprintf(file, "%s", policy->name);
	for (i = 0; i < policy->count; i++) {
		const struct policy_timeout *timeout = &policy->timeouts[i];
		const char *name = NULL;

		for (j = 0; j < ARRAY_SIZE(protocols); j++)
			if (protocols[j].protocol == timeout->protocol)
				name = protocols[j].name;
		if (name)
			fprintf(file, " %s/", name);
		else
			fprintf(file, " %u/", timeout->protocol);
		fprintf(file, "%s=%u", timeout->state, timeout->seconds);
	}
}

/**
 * policy_covers() - whether a policy has all timeouts that another one names
 * @policy: the policy
 * @wanted: the other one
 *
 * Return: true if it has.
 */
bool policy_covers(const struct policy *policy, const struct policy *wanted)
{
	size_t i, j;

	for (i = 0; i < wanted->count; i++) {
		const struct policy_timeout *want = &wanted->timeouts[i];

		for (j = 0; j < policy->count; j++)
			if (policy->timeouts[j].protocol == want->protocol &&
			    policy->timeouts[j].seconds == want->seconds &&
			    strcmp(policy->timeouts[j].state, want->state) == 0)
				break;
		if (j == policy->count)
			return false;
	}
	return true;
}
