/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether a packet of which something is known matches an expression. */
#ifndef OPVSADM_RULESET_MATCH_H
#define OPVSADM_RULESET_MATCH_H

#include "ruleset.h"

/* In this order, so that "and" is the least of them, "or" the greatest. */
enum truth { NO, MAYBE, YES };

/* Finds the elements of a named set or map; NULL if they are not known. */
typedef struct json_object *(*match_set)(void *arg, const char *name);

/**
 * struct match - what expressions are held against
 * @packet: the packet
 * @set: finds sets
 * @arg: handed to @set
 */
struct match {
	const struct ruleset_packet	*packet;
	match_set			set;
	void				*arg;
};

struct json_object *match_member(struct json_object *object, const char *key);
const char *match_text(struct json_object *object, const char *key);
enum truth match_value(const struct match *match, struct json_object *left,
		       struct json_object *right);
enum truth match_expression(const struct match *match,
			    struct json_object *expression);

#endif /* OPVSADM_RULESET_MATCH_H */
