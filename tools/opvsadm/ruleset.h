/* SPDX-License-Identifier: GPL-2.0-only */
/* The rules of nftables, and whether they let a packet pass. */
#ifndef OPVSADM_RULESET_H
#define OPVSADM_RULESET_H

#include "names.h"

#include <limits.h>

struct json_object;

/* A base chain that comes before opvs, or behind it, whatever its priority. */
#define RULESET_ANY_PRIORITY	INT_MAX

/* What connection tracking may call a packet. */
enum {
	RULESET_NEW		= 1 << 0,
	RULESET_ESTABLISHED	= 1 << 1,
	RULESET_RELATED		= 1 << 2,
	RULESET_INVALID		= 1 << 3,
	RULESET_UNTRACKED	= 1 << 4,
};

/**
 * struct ruleset_packet - what is known of a packet from another host
 * @family: AF_INET or AF_INET6
 * @protocol: IPPROTO_*
 * @source: where it comes from; of family 0 if that is not known
 * @target: where it goes to; of family 0 if that is not known
 * @source_port: -1 if it is not known
 * @target_port: -1 if it is not known
 * @states: RULESET_NEW and so on: those that it may have
 */
struct ruleset_packet {
	uint16_t		family;
	uint16_t		protocol;
	struct name_addr	source;
	struct name_addr	target;
	int			source_port;
	int			target_port;
	unsigned int		states;
};

/**
 * struct ruleset_drop - where a packet ends
 * @family: of the table
 * @table: its name
 * @chain: the chain's name
 * @handle: the rule's number; 0: no rule, but the chain's policy
 * @packets: what the rule has counted; -1 if it does not count
 */
struct ruleset_drop {
	const char	*family;
	const char	*table;
	const char	*chain;
	int64_t		handle;
	int64_t		packets;
};

enum ruleset_verdict {
	RULESET_PASSES,		/* or may pass: that it is dropped is not sure */
	RULESET_DROPS,		/* surely */
	RULESET_CHANGES,	/* it may be another packet afterwards */
};

/**
 * struct ruleset_chain - a chain
 * @json: what nft tells of it
 * @family: of its table
 * @table: its table
 * @name: its name
 * @awake: its table surely is not dormant
 * @rules: its rules, as many as @count
 * @count: how many
 * @room: how many there is room for
 */
struct ruleset_chain {
	struct json_object	*json;
	const char		*family;
	const char		*table;
	const char		*name;
	bool			awake;
	struct json_object	**rules;
	size_t			count, room;
};

/**
 * struct ruleset - all rules
 * @root: as nft tells them
 * @chains: all chains, as many as @count
 * @count: how many
 * @untracks: packets may be kept from connection tracking
 * @steps: rules that may still be looked at; when none are left, nothing is sure
 */
struct ruleset {
	struct json_object	*root;
	struct ruleset_chain	*chains;
	size_t			count;
	bool			untracks;
	unsigned long		steps;
};

/* ruleset.c */
int ruleset_parse(struct ruleset *rules, const char *text, size_t size);
int ruleset_load(struct ruleset *rules);
void ruleset_free(struct ruleset *rules);
struct ruleset_chain *ruleset_find_chain(const struct ruleset *rules,
					 const char *family, const char *table,
					 const char *name);
struct json_object *ruleset_list(const struct ruleset *rules);

/* ruleset_judge.c */
enum ruleset_verdict ruleset_judge(struct ruleset *rules, const char *hook,
				   int before,
				   const struct ruleset_packet *packet,
				   struct ruleset_drop *drop);

#endif /* OPVSADM_RULESET_H */
