// SPDX-License-Identifier: GPL-2.0-only
/* Whether the rules of nftables let a packet pass.
 *
 * A packet of which only some things are known takes every way through the rules that
 * it may take; it is dropped if all of them end so.
 */
#include "ruleset.h"

#include "adm.h"
#include "ruleset_match.h"

#include <string.h>

#include <json-c/json.h>

#define JUMPS_MAX	16

/* The priority at which connection tracking looks at packets, where they come in. */
#define TRACKED_AT	(-200)

/* How a packet may leave a rule or a chain. */
enum {
	GOES_ON	= 1 << 0,
	LEAVES	= 1 << 1,	/* the chain, for where it was called from */
	PASSES	= 1 << 2,	/* the hook */
	DROPS	= 1 << 3,
	CHANGES	= 1 << 4,	/* becomes another packet, or who knows what */
};

/* A packet on its way through a base chain. */
struct walk {
	struct ruleset			*rules;
	const struct ruleset_chain	*chain;		/* in which it is */
	struct match			match;
	struct ruleset_drop		*drop;
};

/* ---- sets ---- */

/* Packets add to such a set, or time takes away. */
static bool is_fleeting(struct json_object *set)
{
	struct json_object *flags = match_member(set, "flags");
	const char *flag;
	size_t i;

	if (!flags)
		return false;
	if (!json_object_is_type(flags, json_type_array))
		return true;
	for (i = 0; i < json_object_array_length(flags); i++) {
		flag = json_object_get_string(json_object_array_get_idx(flags, i));
		if (!flag || (strcmp(flag, "interval") != 0 &&
			      strcmp(flag, "constant") != 0))
			return true;
	}
	return false;
}

/* The elements of a set or map of the chain's table; NULL if they may change. */
static struct json_object *find_set(void *arg, const char *name)
{
	const struct walk *walk = arg;
	struct json_object *list = ruleset_list(walk->rules), *item, *set;
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++) {
		item = json_object_array_get_idx(list, i);
		set = match_member(item, "set");
		if (!set)
			set = match_member(item, "map");
		if (strcmp(match_text(set, "name"), name) == 0 &&
		    strcmp(match_text(set, "table"), walk->chain->table) == 0 &&
		    strcmp(match_text(set, "family"), walk->chain->family) == 0)
			return is_fleeting(set) ? NULL :
			       match_member(set, "elem");
	}
	return NULL;
}

/* ---- rules ---- */

static unsigned int walk_chain(struct walk *walk,
			       const struct ruleset_chain *chain, int depth);

static void note_drop(struct walk *walk, struct json_object *rule,
		      int64_t packets)
{
	walk->drop->family = walk->chain->family;
	walk->drop->table = walk->chain->table;
	walk->drop->chain = walk->chain->name;
	walk->drop->handle = json_object_get_int64(match_member(rule, "handle"));
	walk->drop->packets = packets;
}

static unsigned int walk_other(struct walk *walk, struct json_object *target,
			       bool comes_back, int depth)
{
	const struct ruleset_chain *here = walk->chain, *chain;
	unsigned int ways;

	chain = ruleset_find_chain(walk->rules, here->family, here->table,
				   match_text(target, "target"));
	if (!chain || depth >= JUMPS_MAX)
		return CHANGES;
	ways = walk_chain(walk, chain, depth + 1);
	walk->chain = here;
	if (ways & (GOES_ON | LEAVES)) {
		ways &= ~(GOES_ON | LEAVES);
		ways |= comes_back ? GOES_ON : LEAVES;
	}
	return ways;
}

/* What a verdict does; 0 if this is none. */
static unsigned int verdict(struct walk *walk, const char *name,
			    struct json_object *value, int depth)
{
	static const struct {
		const char	*name;
		unsigned int	ways;
	} verdicts[] = {
		{ "accept", PASSES },
		{ "drop", DROPS },
		{ "reject", DROPS },
		{ "return", LEAVES },
		{ "continue", GOES_ON },
		{ "snat", PASSES },
		{ "masquerade", PASSES },
		{ "dnat", CHANGES },
		{ "redirect", CHANGES },
		{ "tproxy", CHANGES },
		{ "queue", CHANGES },
		{ "synproxy", CHANGES },
		{ "flow", CHANGES },
	};
	size_t i;

	if (strcmp(name, "jump") == 0 || strcmp(name, "goto") == 0)
		return walk_other(walk, value, *name == 'j', depth);
	for (i = 0; i < ARRAY_SIZE(verdicts); i++)
		if (strcmp(name, verdicts[i].name) == 0)
			return verdicts[i].ways;
	return 0;
}

/* The first member of an object is what it is. */
static const char *kind_of(struct json_object *object,
			   struct json_object **value)
{
	struct json_object_iterator at, end;

	*value = NULL;
	if (!json_object_is_type(object, json_type_object))
		return "";
	at = json_object_iter_begin(object);
	end = json_object_iter_end(object);
	if (json_object_iter_equal(&at, &end))
		return "";
	*value = json_object_iter_peek_value(&at);
	return json_object_iter_peek_name(&at);
}

static unsigned int verdict_map(struct walk *walk, struct json_object *map,
				int depth)
{
	struct json_object *key = match_member(map, "key");
	struct json_object *data = match_member(map, "data");
	struct json_object *pair, *value;
	unsigned int ways = 0;
	const char *name;
	enum truth truth;
	size_t i;

	if (json_object_is_type(data, json_type_string))
		data = find_set(walk, json_object_get_string(data) + 1);
	else
		data = match_member(data, "set");
	if (!json_object_is_type(data, json_type_array))
		return CHANGES;
	for (i = 0; i < json_object_array_length(data); i++) {
		pair = json_object_array_get_idx(data, i);
		if (!json_object_is_type(pair, json_type_array))
			return CHANGES;
		truth = match_value(&walk->match, key,
				    json_object_array_get_idx(pair, 0));
		if (truth == NO)
			continue;
		name = kind_of(json_object_array_get_idx(pair, 1), &value);
		ways |= verdict(walk, name, value, depth);
		if (!ways)
			return CHANGES;
		if (truth == YES)
			return ways;
	}
	return ways | GOES_ON;
}

/* What does not decide, and changes nothing that rules are asked for here. */
static bool is_aside(const char *name, struct json_object *value)
{
	static const char *const names[] = {
		"counter", "log", "notrack", "set", "map", "ct helper",
		"ct timeout", "ct expectation", "secmark", "last", "comment",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	/* Marks are not known anyhow. */
	return strcmp(name, "mangle") == 0 &&
	       !match_member(match_member(value, "key"), "payload");
}

/* What asks for more than the packet. */
static bool is_condition(const char *name, struct json_object *value)
{
	return strcmp(name, "limit") == 0 || strcmp(name, "quota") == 0 ||
	       strcmp(name, "ct count") == 0 || strcmp(name, "meter") == 0 ||
	       (strcmp(name, "xt") == 0 &&
		strcmp(match_text(value, "type"), "match") == 0);
}

static int64_t counted(struct json_object *counter)
{
	struct json_object *packets = match_member(counter, "packets");

	return packets ? json_object_get_int64(packets) : -1;
}

static unsigned int walk_rule(struct walk *walk, struct json_object *rule,
			      int depth)
{
	struct json_object *list = match_member(rule, "expr"), *value;
	int64_t packets = -1;
	enum truth truth = YES, one;
	unsigned int ways;
	const char *name;
	size_t i;

	if (!json_object_is_type(list, json_type_array))
		return CHANGES;
	for (i = 0; i < json_object_array_length(list); i++) {
		name = kind_of(json_object_array_get_idx(list, i), &value);
		if (strcmp(name, "match") == 0) {
			one = match_expression(&walk->match, value);
			if (one == NO)
				return GOES_ON;
			truth = one < truth ? one : truth;
			continue;
		}
		if (strcmp(name, "counter") == 0)
			packets = counted(value);
		if (is_aside(name, value))
			continue;
		if (is_condition(name, value)) {
			truth = MAYBE;
			continue;
		}
		ways = strcmp(name, "vmap") == 0 ?
		       verdict_map(walk, value, depth) :
		       verdict(walk, name, value, depth);
		if (!ways)
			return CHANGES | GOES_ON;
		if (ways == DROPS && truth == YES &&
		    strcmp(name, "jump") != 0 && strcmp(name, "goto") != 0)
			note_drop(walk, rule, packets);
		return truth == YES ? ways : ways | GOES_ON;
	}
	return GOES_ON;
}

/* All ways that a packet may take through a chain. */
static unsigned int walk_chain(struct walk *walk,
			       const struct ruleset_chain *chain, int depth)
{
	unsigned int all = 0, ways;
	size_t i;

	walk->chain = chain;
	for (i = 0; i < chain->count; i++) {
		if (!walk->rules->steps)
			return CHANGES;
		walk->rules->steps--;
		ways = walk_rule(walk, chain->rules[i], depth);
		all |= ways & ~GOES_ON;
		if (!(ways & GOES_ON))
			return all;
	}
	return all | GOES_ON;
}

static unsigned int walk_base(struct walk *walk,
			      const struct ruleset_chain *chain)
{
	unsigned int ways = walk_chain(walk, chain, 0);

	if (!(ways & (GOES_ON | LEAVES)))
		return ways;
	ways &= ~(GOES_ON | LEAVES);
	if (strcmp(match_text(chain->json, "policy"), "drop") != 0)
		return ways | PASSES;
	walk->chain = chain;
	note_drop(walk, NULL, -1);
	return ways | DROPS;
}

/* Is this a chain that such a packet comes to? */
static bool is_hooked(const struct ruleset_chain *chain, const char *hook,
		      int before, uint16_t family)
{
	struct json_object *prio = match_member(chain->json, "prio");

	if (!chain->awake ||
	    strcmp(match_text(chain->json, "hook"), hook) != 0)
		return false;
	if (strcmp(chain->family, "inet") != 0 &&
	    strcmp(chain->family, family == AF_INET6 ? "ip6" : "ip") != 0)
		return false;
	return before == RULESET_ANY_PRIORITY ||
	       json_object_get_int(prio) < before;
}

/* Does it come before connection tracking? Then packets have no state. */
static bool is_early(const struct ruleset_chain *chain)
{
	struct json_object *prio = match_member(chain->json, "prio");

	return json_object_get_int(prio) <= TRACKED_AT;
}

/**
 * ruleset_judge() - does a packet get past a hook?
 * @rules: all rules
 * @hook: prerouting, input, forward, output or postrouting
 * @before: only by chains of a priority below this
 * @packet: what is known of it
 * @drop: where it ends, if it surely does
 *
 * Return: what becomes of it.
 */
enum ruleset_verdict ruleset_judge(struct ruleset *rules, const char *hook,
				   int before,
				   const struct ruleset_packet *packet,
				   struct ruleset_drop *drop)
{
	struct walk walk = {
		.rules = rules, .drop = drop,
		.match = { .set = find_set, .arg = &walk },
	};
	struct ruleset_packet early = *packet;
	unsigned int ways, all = 0;
	size_t i;

	early.states = 0;

	for (i = 0; i < rules->count; i++) {
		if (!is_hooked(&rules->chains[i], hook, before, packet->family))
			continue;
		walk.match.packet = is_early(&rules->chains[i]) ? &early : packet;
		ways = walk_base(&walk, &rules->chains[i]);
		if (ways == DROPS)
			return RULESET_DROPS;
		all |= ways;
	}
	return all & CHANGES ? RULESET_CHANGES : RULESET_PASSES;
}
