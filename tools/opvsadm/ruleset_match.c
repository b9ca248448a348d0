// SPDX-License-Identifier: GPL-2.0-only
/* Whether a packet of which something is known matches an expression, in the
 * words of libnftables-json(5).  What is not known, and what this file does not
 * understand, is MAYBE.
 */
#include "ruleset_match.h"

#include "adm.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include <json-c/json.h>

/* Sets in sets, and the like, end somewhere. */
#define DEPTH_MAX	8

/* What of a packet an expression speaks of. */
struct value {
	enum {
		VALUE_UNKNOWN,
		VALUE_NONE,	/* this packet has no such thing */
		VALUE_ADDR,
		VALUE_PORT,
		VALUE_PROTOCOL,
		VALUE_FAMILY,
		VALUE_STATE,
		VALUE_DEVICE,	/* not that of the host itself */
	} kind;
	const struct name_addr	*addr;
	int64_t			number;
};

static enum truth either(enum truth one, enum truth other)
{
	return one > other ? one : other;
}

static enum truth both(enum truth one, enum truth other)
{
	return one < other ? one : other;
}

static enum truth sure(bool is)
{
	return is ? YES : NO;
}

/**
 * match_member() - a member of an object
 * @object: any JSON value
 * @key: the member's name
 *
 * Return: the member; NULL if @object is none that has it.
 */
struct json_object *match_member(struct json_object *object, const char *key)
{
	struct json_object *member;

	return json_object_is_type(object, json_type_object) &&
	       json_object_object_get_ex(object, key, &member) ? member : NULL;
}

/**
 * match_text() - a member of an object that is a string
 * @object: any JSON value
 * @key: the member's name
 *
 * Return: the string; an empty one if there is none.
 */
const char *match_text(struct json_object *object, const char *key)
{
	struct json_object *member = match_member(object, key);

	return json_object_is_type(member, json_type_string) ?
	       json_object_get_string(member) : "";
}

/* ---- what a packet has ---- */

static struct value port_value(const struct match *match, const char *protocol,
			       const char *field)
{
	const struct ruleset_packet *packet = match->packet;
	struct value value = { .kind = VALUE_UNKNOWN };
	uint16_t number;

	if (strcmp(protocol, "th") != 0 &&
	    (!name_parse_protocol(protocol, &number) ||
	     number != packet->protocol)) {
		value.kind = VALUE_NONE;
		return value;
	}
	if (strcmp(field, "sport") == 0)
		value.number = packet->source_port;
	else if (strcmp(field, "dport") == 0)
		value.number = packet->target_port;
	else
		return value;
	if (value.number >= 0)
		value.kind = VALUE_PORT;
	return value;
}

static struct value addr_value(const struct match *match, uint16_t family,
			       const char *field)
{
	const struct ruleset_packet *packet = match->packet;
	struct value value = { .kind = VALUE_UNKNOWN };

	if (packet->family != family) {
		value.kind = VALUE_NONE;
		return value;
	}
	if (strcmp(field, "saddr") == 0)
		value.addr = &packet->source;
	else if (strcmp(field, "daddr") == 0)
		value.addr = &packet->target;
	else if (strcmp(field, "protocol") == 0)
		value.kind = VALUE_PROTOCOL;
	if (value.addr && value.addr->family)
		value.kind = VALUE_ADDR;
	return value;
}

static struct value payload_value(const struct match *match,
				  struct json_object *payload)
{
	static const char *const transports[] = {
		"th", "tcp", "udp", "sctp", "udplite", "dccp", "icmp", "icmpv6",
		"igmp", "esp", "ah", "comp",
	};
	const char *protocol = match_text(payload, "protocol");
	const char *field = match_text(payload, "field");
	struct value unknown = { .kind = VALUE_UNKNOWN };
	size_t i;

	if (strcmp(protocol, "ip") == 0)
		return addr_value(match, AF_INET, field);
	if (strcmp(protocol, "ip6") == 0)
		return addr_value(match, AF_INET6, field);
	for (i = 0; i < ARRAY_SIZE(transports); i++)
		if (strcmp(protocol, transports[i]) == 0)
			return port_value(match, protocol, field);
	return unknown;
}

static struct value value_of(const struct match *match, struct json_object *left)
{
	const char *meta = match_text(match_member(left, "meta"), "key");
	struct json_object *payload = match_member(left, "payload");
	struct value value = { .kind = VALUE_UNKNOWN };

	if (payload)
		return payload_value(match, payload);
	if (strcmp(meta, "l4proto") == 0)
		value.kind = VALUE_PROTOCOL;
	else if (strcmp(meta, "nfproto") == 0 || strcmp(meta, "protocol") == 0)
		value.kind = VALUE_FAMILY;
	else if (strcmp(meta, "iif") == 0 || strcmp(meta, "iifname") == 0 ||
		 strcmp(meta, "oif") == 0 || strcmp(meta, "oifname") == 0)
		value.kind = VALUE_DEVICE;
	else if (strcmp(match_text(match_member(left, "ct"), "key"),
			"state") == 0)
		value.kind = VALUE_STATE;
	return value;
}

/* ---- what it is compared with ---- */

static bool parse_addr(struct json_object *json, struct name_addr *addr)
{
	return json_object_is_type(json, json_type_string) &&
	       name_parse_addr(json_object_get_string(json), addr);
}

static int compare_addr(const struct name_addr *a, const struct name_addr *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static enum truth in_prefix(const struct name_addr *addr,
			    struct json_object *prefix)
{
	int i, len = json_object_get_int(match_member(prefix, "len"));
	struct name_addr net;

	if (!parse_addr(match_member(prefix, "addr"), &net) || len < 0 ||
	    len > 128)
		return MAYBE;
	if (net.family != addr->family)
		return NO;
	for (i = 0; i < len; i++)
		if ((net.bytes[i / 8] ^ addr->bytes[i / 8]) & 0x80 >> i % 8)
			return NO;
	return YES;
}

static enum truth equals_addr(const struct name_addr *addr,
			      struct json_object *right)
{
	struct json_object *range = match_member(right, "range");
	struct json_object *prefix = match_member(right, "prefix");
	struct name_addr first, last;

	if (prefix)
		return in_prefix(addr, prefix);
	if (!json_object_is_type(range, json_type_array)) {
		if (!parse_addr(right, &first))
			return MAYBE;
		return sure(first.family == addr->family &&
			    compare_addr(&first, addr) == 0);
	}
	if (!parse_addr(json_object_array_get_idx(range, 0), &first) ||
	    !parse_addr(json_object_array_get_idx(range, 1), &last))
		return MAYBE;
	return sure(first.family == addr->family &&
		    compare_addr(&first, addr) <= 0 &&
		    compare_addr(addr, &last) <= 0);
}

static enum truth equals_port(int64_t port, struct json_object *right)
{
	struct json_object *range = match_member(right, "range");
	struct json_object *first, *last;

	if (json_object_is_type(right, json_type_int))
		return sure(json_object_get_int64(right) == port);
	if (!json_object_is_type(range, json_type_array))
		return MAYBE;
	first = json_object_array_get_idx(range, 0);
	last = json_object_array_get_idx(range, 1);
	if (!json_object_is_type(first, json_type_int) ||
	    !json_object_is_type(last, json_type_int))
		return MAYBE;
	return sure(json_object_get_int64(first) <= port &&
		    port <= json_object_get_int64(last));
}

/* Names of other protocols are none of those that are balanced. */
static enum truth equals_protocol(uint16_t protocol, struct json_object *right)
{
	uint16_t number;

	if (json_object_is_type(right, json_type_int))
		return sure(json_object_get_int64(right) == protocol);
	if (!json_object_is_type(right, json_type_string))
		return MAYBE;
	return sure(name_parse_protocol(json_object_get_string(right), &number) &&
		    number == protocol);
}

static enum truth equals_family(uint16_t family, struct json_object *right)
{
	const char *text;

	if (!json_object_is_type(right, json_type_string))
		return MAYBE;
	text = json_object_get_string(right);
	if (strcmp(text, "ipv4") == 0 || strcmp(text, "ip") == 0)
		return sure(family == AF_INET);
	if (strcmp(text, "ipv6") == 0 || strcmp(text, "ip6") == 0)
		return sure(family == AF_INET6);
	return MAYBE;
}

static enum truth equals_state(unsigned int states, struct json_object *right)
{
	static const char *const names[] = {
		"new", "established", "related", "invalid", "untracked",
	};
	unsigned int i, wanted = 0;

	if (!json_object_is_type(right, json_type_string))
		return MAYBE;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(json_object_get_string(right), names[i]) == 0)
			wanted = 1 << i;
	if (!wanted || !states)
		return MAYBE;
	return states == wanted ? YES : states & wanted ? MAYBE : NO;
}

static enum truth equals_device(struct json_object *right)
{
	return json_object_is_type(right, json_type_string) &&
	       strcmp(json_object_get_string(right), "lo") == 0 ? NO : MAYBE;
}

static enum truth equals(const struct match *match, const struct value *value,
			 struct json_object *right)
{
	switch (value->kind) {
	case VALUE_NONE:
		return NO;
	case VALUE_ADDR:
		return equals_addr(value->addr, right);
	case VALUE_PORT:
		return equals_port(value->number, right);
	case VALUE_PROTOCOL:
		return equals_protocol(match->packet->protocol, right);
	case VALUE_FAMILY:
		return equals_family(match->packet->family, right);
	case VALUE_STATE:
		return equals_state(match->packet->states, right);
	case VALUE_DEVICE:
		return equals_device(right);
	default:
		return MAYBE;
	}
}

/* ---- sets and concatenations ---- */

static enum truth holds(const struct match *match, struct json_object *left,
			struct json_object *right, int depth);

/* One of a list; that none surely is, although several states may be, is MAYBE. */
static enum truth is_one_of(const struct match *match, struct json_object *left,
			    struct json_object *list, int depth)
{
	enum truth found = NO;
	size_t i;

	if (!json_object_is_type(list, json_type_array))
		return MAYBE;
	for (i = 0; i < json_object_array_length(list) && found != YES; i++)
		found = either(found, holds(match, left,
					    json_object_array_get_idx(list, i),
					    depth));
	return found;
}

/* All parts of a concatenation. */
static enum truth all_hold(const struct match *match, struct json_object *left,
			   struct json_object *right, int depth)
{
	struct json_object *parts = match_member(right, "concat");
	enum truth found = YES;
	size_t i;

	if (!json_object_is_type(left, json_type_array) ||
	    !json_object_is_type(parts, json_type_array) ||
	    json_object_array_length(left) != json_object_array_length(parts))
		return MAYBE;
	for (i = 0; i < json_object_array_length(left); i++)
		found = both(found, holds(match,
					  json_object_array_get_idx(left, i),
					  json_object_array_get_idx(parts, i),
					  depth));
	return found;
}

static enum truth holds(const struct match *match, struct json_object *left,
			struct json_object *right, int depth)
{
	struct value value;
	const char *text;

	if (depth > DEPTH_MAX)
		return MAYBE;
	if (match_member(right, "set"))
		return is_one_of(match, left, match_member(right, "set"),
				 depth + 1);
	/* In a map, all that is not there by itself. */
	if (json_object_is_type(right, json_type_string) &&
	    strcmp(json_object_get_string(right), "*") == 0)
		return MAYBE;
	if (json_object_is_type(right, json_type_array))
		return is_one_of(match, left, right, depth + 1);
	if (match_member(right, "elem"))
		return holds(match, left,
			     match_member(match_member(right, "elem"), "val"),
			     depth + 1);
	if (json_object_is_type(right, json_type_string)) {
		text = json_object_get_string(right);
		if (text[0] == '@')
			return is_one_of(match, left,
					 match->set(match->arg, text + 1),
					 depth + 1);
	}
	if (match_member(left, "concat"))
		return all_hold(match, match_member(left, "concat"), right,
				depth + 1);
	value = value_of(match, left);
	return equals(match, &value, right);
}

/**
 * match_value() - has a packet what an expression names?
 * @match: the packet
 * @left: what of a packet is meant
 * @right: the value, or a set of them
 *
 * Return: whether it has.
 */
enum truth match_value(const struct match *match, struct json_object *left,
		       struct json_object *right)
{
	return holds(match, left, right, 0);
}

/**
 * match_expression() - does a packet match?
 * @match: the packet
 * @expression: what stands behind "match"
 *
 * Return: whether it does.
 */
enum truth match_expression(const struct match *match,
			    struct json_object *expression)
{
	struct json_object *left = match_member(expression, "left");
	struct json_object *right = match_member(expression, "right");
	const char *op = match_text(expression, "op");
	struct value value = value_of(match, left);
	enum truth truth;

	/* What is asked of another protocol's header is false either way. */
	if (value.kind == VALUE_NONE)
		return NO;
	truth = match_value(match, left, right);
	if (strcmp(op, "==") == 0 || strcmp(op, "in") == 0)
		return truth;
	/* Of flags it would have to be said which ones are compared, and of several
	 * things whether the packet has all of them.
	 */
	if (strcmp(op, "!=") == 0 && !match_member(left, "concat") &&
	    !json_object_is_type(right, json_type_array))
		return YES - truth;
	return MAYBE;
}
