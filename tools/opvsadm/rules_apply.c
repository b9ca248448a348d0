// SPDX-License-Identifier: GPL-2.0-only
/* Putting a configuration in force. */
#include "rules.h"

#include "adm.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* Nothing new passes; OPVS_TABLE_ATTR_CONN_MAX. */
#define CLOSED	UINT32_MAX

/* A configuration that is being put in force. */
struct apply {
	struct adm_nl	*nl;
	const char	*name;		/* of the file */
	bool		go_on;		/* when a line is refused */
	bool		trial;		/* where nobody lives */
	bool		failed;
};

/* Is this the end? The user is told of the line that was refused; what was not
 * read from a file has none.
 */
static bool refused(struct apply *apply, unsigned int line, int err)
{
	if (!err)
		return false;
	if (line)
		adm_err("%s: line %u: %s", apply->name, line,
			adm_reason(apply->nl, err));
	else
		adm_err("%s: %s", apply->name, adm_reason(apply->nl, err));
	apply->failed = true;
	return !apply->go_on;
}

/* The same for a service or, if it is not NULL, one of its servers, whose rule
 * takes the place of the line.
 */
static bool refused_rule(struct apply *apply, const struct ipvs_service *svc,
			 const struct ipvs_dest *dest, int err)
{
	unsigned int line = dest ? dest->line : svc->line;

	if (err && !line) {
		fprintf(stderr, "%s: ", adm_opt.name);
		if (dest)
			rules_put_dest(stderr, svc, dest);
		else
			rules_put_service(stderr, svc);
		fputc('\n', stderr);
	}
	return refused(apply, line, err);
}

/* A policy that there is already is edited. */
static int send_policy(struct adm_nl *nl, const struct policy *policy)
{
	int err = policy_send(nl, OPVS_CMD_NEW_POLICY, policy);

	if (err == -EEXIST)
		err = policy_send(nl, OPVS_CMD_SET_POLICY, policy);
	return err;
}

/* The senders return true if it ends before the file does. */
static bool send_settings(struct apply *apply, const struct settings *settings)
{
	char text[RULES_WHY_SIZE];
	size_t i;
	int err;

	for (i = 0; i < settings->count; i++) {
		err = setting_write(&settings->list[i]);
		if (!err)
			continue;
		adm_err("%s: line %u: %s", apply->name, settings->list[i].line,
			rules_why_not(&settings->list[i], err, text));
		apply->failed = true;
		if (!apply->go_on)
			return true;
	}
	return false;
}

static bool send_policies(struct apply *apply, const struct rules *rules)
{
	size_t i;

	for (i = 0; i < rules->policies.count; i++)
		if (refused(apply, rules->policies.list[i].line,
			    send_policy(apply->nl, &rules->policies.list[i])))
			return true;
	return rules->timeouts_line &&
	       refused(apply, rules->timeouts_line,
		       ipvs_set_timeouts(apply->nl, &rules->timeouts));
}

/* Without the service there is nothing to add them to. */
static bool refused_service(struct apply *apply, const struct rules_service *of,
			    int err)
{
	if (refused_rule(apply, &of->svc, NULL, err))
		return true;
	if (of->dests.count)
		adm_err("%s: line %u: its servers are left out: %zu",
			apply->name, of->svc.line, of->dests.count);
	return false;
}

/* Whether such an address is a server's depends on the addresses of the host. */
static bool may_do_here(const struct apply *apply, const struct ipvs_dest *dest)
{
	return apply->trial && dest->af == AF_INET6 &&
	       IN6_IS_ADDR_LINKLOCAL(&dest->addr.v6);
}

static bool send_service(struct apply *apply, const struct rules_service *of)
{
	const struct ipvs_dest *dest;
	size_t i;
	int err;

	err = ipvs_service(apply->nl, OPVS_CMD_NEW_SERVICE, &of->svc);
	if (err)
		return refused_service(apply, of, err);
	for (i = 0; i < of->dests.count; i++) {
		dest = &of->dests.list[i];
		err = ipvs_dest(apply->nl, OPVS_CMD_NEW_DEST, &of->svc, dest);
		if (err && may_do_here(apply, dest))
			continue;
		if (refused_rule(apply, &of->svc, dest, err))
			return true;
	}
	return false;
}

/* All but the limit, which decides whether anything passes meanwhile. */
static bool send_rules(struct apply *apply, const struct rules *rules)
{
	size_t i;

	if (send_settings(apply, &rules->settings) ||
	    send_policies(apply, rules) ||
	    (rules->key_line &&
	     refused(apply, rules->key_line,
		     rules_send_key(apply->nl, &rules->table))))
		return true;
	for (i = 0; i < rules->count; i++)
		if (send_service(apply, rules->services[i]))
			return true;
	return false;
}

static bool send_limit(struct apply *apply, const struct rules *rules)
{
	return rules->limit_line &&
	       refused(apply, rules->limit_line,
		       rules_send_limit(apply->nl, rules->table.conn_max));
}

/* Those that came with a file which was refused. */
static void drop_policies(struct adm_nl *nl, const struct rules *rules,
			  const struct rules *before)
{
	const struct policy *policy;
	size_t i;

	for (i = 0; i < rules->policies.count; i++) {
		policy = &rules->policies.list[i];
		if (!policy_find(&before->policies, policy->name))
			policy_send(nl, OPVS_CMD_DEL_POLICY, policy);
	}
}

/* What is refused now, as an address that has become one of broadcast, must not
 * keep all the rest away, and least of all the limit.
 */
static void go_back(struct apply *apply, const struct rules *rules,
		    const struct rules *before, bool replaced)
{
	struct apply back = {
		.nl = apply->nl, .name = "what was there before", .go_on = true,
	};
	size_t i;

	if (replaced)
		refused(&back, 0, ipvs_simple(back.nl, OPVS_CMD_FLUSH));
	for (i = 0; !replaced && i < rules->count; i++)
		ipvs_service(back.nl, OPVS_CMD_DEL_SERVICE,
			     &rules->services[i]->svc);
	send_settings(&back, &before->settings);
	if (rules->policies.count || rules->timeouts_line)
		send_policies(&back, before);
	if (rules->key_line && before->table.has_key)
		refused(&back, 0, rules_send_key(back.nl, &before->table));
	for (i = 0; replaced && i < before->count; i++)
		send_service(&back, before->services[i]);
	drop_policies(back.nl, rules, before);
	refused(&back, 0, rules_send_limit(back.nl, before->table.conn_max));
	if (back.failed)
		adm_err("%s: what was there before is back, but for what was refused",
			apply->name);
	else if (replaced)
		adm_err("%s: what was there before is back, without its connections",
			apply->name);
	else
		adm_err("%s: nothing has changed", apply->name);
}

/**
 * rules_all_new() - is none of a configuration's services there?
 * @rules: the configuration
 * @before: what there is
 * @name: the file's, for messages
 *
 * Return: a status of the program; the user was told.
 */
int rules_all_new(const struct rules *rules, const struct rules *before,
		  const char *name)
{
	size_t i;

	for (i = 0; i < rules->count; i++) {
		if (!rules_find(before, &rules->services[i]->svc))
			continue;
		adm_err("%s: line %u: this service is there already", name,
			rules->services[i]->svc.line);
		return ADM_FAILED;
	}
	return ADM_OK;
}

/**
 * rules_append() - adds a configuration to what there is
 * @rules: the configuration; none of its services is there, unless @keep_going
 * @before: what there is
 * @name: the file's, for messages
 * @nl: the connection, to family opvs
 * @keep_going: whether a line that is refused is left out; otherwise it is the
 *	end, and what was there before stays
 *
 * Return: a status of the program; the user was told.
 */
int rules_append(const struct rules *rules, const struct rules *before,
		 const char *name, struct adm_nl *nl, bool keep_going)
{
	struct apply apply = { .nl = nl, .name = name, .go_on = keep_going };

	if (!send_rules(&apply, rules) && !send_limit(&apply, rules))
		return apply.failed ? ADM_FAILED : ADM_OK;
	go_back(&apply, rules, before, false);
	return ADM_FAILED;
}

/**
 * rules_apply_trial() - puts a configuration in force where nobody lives
 * @rules: the configuration
 * @name: the file's, for messages
 * @nl: the connection, to family opvs, of a network namespace that ends soon
 *
 * Return: a status of the program; the user was told.
 */
int rules_apply_trial(const struct rules *rules, const char *name,
		      struct adm_nl *nl)
{
	struct apply apply = { .nl = nl, .name = name, .trial = true };

	return send_rules(&apply, rules) || send_limit(&apply, rules) ?
	       ADM_FAILED : ADM_OK;
}

/* The limit of the file, or the former one if nothing new passes now. */
static bool open_door(struct apply *apply, const struct rules *rules,
		      const struct rules *before)
{
	int err = -EINVAL;

	if (rules->limit_line) {
		err = rules_send_limit(apply->nl, rules->table.conn_max);
		if (refused(apply, rules->limit_line, err))
			return true;
	}
	return err && rules->count &&
	       rules_send_limit(apply->nl, before->table.conn_max);
}

/**
 * rules_replace() - puts a configuration in the place of what there is
 * @rules: the configuration; without any service, those that there are stay
 * @before: what there is
 * @name: the file's, for messages
 * @nl: the connection, to family opvs
 * @keep_going: whether a line that is refused is left out; otherwise it is the
 *	end, and what there was comes back
 *
 * While services are incomplete, calls would go where they do not belong. So
 * nothing new passes until all are there, one-packet services included: packets
 * that come meanwhile are dropped without an answer, and are sent again by
 * whoever cares.
 *
 * Return: a status of the program; the user was told.
 */
int rules_replace(const struct rules *rules, const struct rules *before,
		  const char *name, struct adm_nl *nl, bool keep_going)
{
	struct apply apply = { .nl = nl, .name = name, .go_on = keep_going };
	int err = 0;

	if (rules->count) {
		err = rules_send_limit(nl, CLOSED);
		if (!err)
			err = ipvs_simple(nl, OPVS_CMD_FLUSH);
	}
	if (err) {
		adm_err("%s: nothing has changed: %s", name, adm_reason(nl, err));
		rules_send_limit(nl, before->table.conn_max);
		return ADM_FAILED;
	}
	if (!send_rules(&apply, rules) && !open_door(&apply, rules, before))
		return apply.failed ? ADM_FAILED : ADM_OK;
	go_back(&apply, rules, before, rules->count);
	return ADM_FAILED;
}
