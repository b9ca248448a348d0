// SPDX-License-Identifier: GPL-2.0-only
/* Putting a configuration in force. */
#include "rules.h"

#include "adm.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

/* Nothing new passes; OPVS_TABLE_ATTR_CONN_MAX. */
#define CLOSED	UINT32_MAX

/* A configuration that is being put in force. */
struct apply {
	struct adm_nl	*nl;
	const char	*name;		/* of the file */
	bool		go_on;		/* when a line is refused */
	bool		failed;
};

/* Is this the end? The user is told of the line that was refused. */
static bool refused(struct apply *apply, unsigned int line, int err)
{
	if (!err)
		return false;
	adm_err("%s: line %u: %s", apply->name, line, adm_reason(apply->nl, err));
	apply->failed = true;
	return !apply->go_on;
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
	if (refused(apply, of->svc.line, err))
		return true;
	if (of->dests.count)
		adm_err("%s: line %u: its servers are left out: %zu",
			apply->name, of->svc.line, of->dests.count);
	return false;
}

static bool send_service(struct apply *apply, const struct rules_service *of)
{
	size_t i;
	int err;

	err = ipvs_service(apply->nl, OPVS_CMD_NEW_SERVICE, &of->svc);
	if (err)
		return refused_service(apply, of, err);
	for (i = 0; i < of->dests.count; i++) {
		err = ipvs_dest(apply->nl, OPVS_CMD_NEW_DEST, &of->svc,
				&of->dests.list[i]);
		if (refused(apply, of->dests.list[i].line, err))
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

/* Is none of the file's services there? */
static int all_new(const struct rules *rules, const char *name,
		   struct adm_nl *nl)
{
	struct rules before = { };
	int status = rules_load(&before, nl);
	size_t i;

	for (i = 0; i < rules->count && !status; i++) {
		if (!rules_find(&before, &rules->services[i]->svc))
			continue;
		adm_err("%s: line %u: this service is there already", name,
			rules->services[i]->svc.line);
		status = ADM_FAILED;
	}
	rules_free(&before);
	return status;
}

/**
 * rules_append() - adds a configuration to what there is
 * @rules: the configuration
 * @name: the file's, for messages
 * @nl: the connection, to family opvs
 * @keep_going: whether a line that is refused is left out; otherwise it is the
 *	end, and what was before it stays
 *
 * Return: a status of the program; the user was told.
 */
int rules_append(const struct rules *rules, const char *name, struct adm_nl *nl,
		 bool keep_going)
{
	struct apply apply = { .nl = nl, .name = name, .go_on = keep_going };

	if (!keep_going && all_new(rules, name, nl)) {
		adm_err("%s: nothing has changed", name);
		return ADM_FAILED;
	}
	if (send_rules(&apply, rules) || send_limit(&apply, rules))
		return ADM_FAILED;
	return apply.failed ? ADM_FAILED : ADM_OK;
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

static bool go_back(struct apply *apply, const struct rules *rules,
		    const struct rules *before)
{
	struct apply back = { .nl = apply->nl, .name = "what was there before" };
	size_t i;

	if ((rules->count && ipvs_simple(back.nl, OPVS_CMD_FLUSH)) ||
	    send_settings(&back, &before->settings) ||
	    send_policies(&back, before) ||
	    rules_send_key(back.nl, &before->table))
		return false;
	drop_policies(back.nl, rules, before);
	for (i = 0; rules->count && i < before->count; i++)
		if (send_service(&back, before->services[i]))
			return false;
	return !rules_send_limit(back.nl, before->table.conn_max);
}

/* The limit of the file, or the former one. */
static bool open_door(struct apply *apply, const struct rules *rules,
		      const struct rules *before)
{
	int err = -EINVAL;

	if (rules->limit_line) {
		err = rules_send_limit(apply->nl, rules->table.conn_max);
		if (refused(apply, rules->limit_line, err))
			return true;
	}
	return err && rules_send_limit(apply->nl, before->table.conn_max);
}

/* While services are incomplete, calls would go where they do not belong. So
 * nothing new passes until all are there, one-packet services included: packets
 * that come meanwhile are dropped without an answer, and are sent again by
 * whoever cares.
 */
static int replace(struct apply *apply, const struct rules *rules,
		   const struct rules *before)
{
	int err = 0;

	if (rules->count) {
		err = rules_send_limit(apply->nl, CLOSED);
		if (!err)
			err = ipvs_simple(apply->nl, OPVS_CMD_FLUSH);
	}
	if (err)
		adm_err("%s: %s", apply->name, adm_reason(apply->nl, err));
	else if (!send_rules(apply, rules) && !open_door(apply, rules, before))
		return apply->failed ? ADM_FAILED : ADM_OK;
	if (go_back(apply, rules, before))
		adm_err("%s: nothing has changed", apply->name);
	else
		adm_err("%s: what was there before could not be put back; opvsadm save and opvsadm limit show what there is",
			apply->name);
	return ADM_FAILED;
}

/**
 * rules_replace() - puts a configuration in the place of what there is
 * @rules: the configuration; without any service, those that there are stay
 * @name: the file's, for messages
 * @nl: the connection, to family opvs
 * @keep_going: whether a line that is refused is left out; otherwise it is the
 *	end, and what there was comes back
 *
 * Return: a status of the program; the user was told.
 */
int rules_replace(const struct rules *rules, const char *name,
		  struct adm_nl *nl, bool keep_going)
{
	struct apply apply = { .nl = nl, .name = name, .go_on = keep_going };
	struct rules before = { };
	sigset_t ends, former;
	int status;

	status = rules_load(&before, nl);
	if (status) {
		adm_err("%s: nothing has changed", name);
	} else {
		/* Half of it done is worse than either. */
		sigemptyset(&ends);
		sigaddset(&ends, SIGHUP);
		sigaddset(&ends, SIGINT);
		sigaddset(&ends, SIGTERM);
		sigprocmask(SIG_BLOCK, &ends, &former);
		status = replace(&apply, rules, &before);
		sigprocmask(SIG_SETMASK, &former, NULL);
	}
	rules_free(&before);
	return status;
}
