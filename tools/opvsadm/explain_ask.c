// SPDX-License-Identifier: GPL-2.0-only
/* Asking what would become of a packet, one question at a time. */
#include "explain.h"

#include "adm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Answers to a question about many keys. */
struct choices {
	size_t		count;
	uint32_t	*choices;
	uint8_t		*whys;
};

static void copy_text(char *text, size_t size, struct nlattr *attr)
{
	text[0] = '\0';
	if (attr)
		snprintf(text, size, "%.*s", nla_len(attr),
			 (char *)nla_data(attr));
}

static uint32_t u32_of(struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

static int take_server(struct explain_server *server, struct nlattr *nest)
{
	struct nlattr *attrs[OPVS_CANDIDATE_ATTR_MAX + 1], *addr;

	memset(server, 0, sizeof(*server));
	if (!nest)
		return 0;
	if (adm_parse(attrs, &adm_candidate, nest))
		return -EPROTO;
	addr = attrs[OPVS_CANDIDATE_ATTR_ADDR];
	if (!addr || !attrs[OPVS_CANDIDATE_ATTR_NUMBER])
		return -EPROTO;
	name_take_server(&server->addr, addr);
	server->number = u32_of(attrs[OPVS_CANDIDATE_ATTR_NUMBER]);
	if (attrs[OPVS_CANDIDATE_ATTR_PORT])
		server->port = ntohs(nla_get_u16(attrs[OPVS_CANDIDATE_ATTR_PORT]));
	server->weight = u32_of(attrs[OPVS_CANDIDATE_ATTR_WEIGHT]);
	server->available = attrs[OPVS_CANDIDATE_ATTR_AVAILABLE];
	server->overloaded = attrs[OPVS_CANDIDATE_ATTR_OVERLOADED];
	server->has_load = attrs[OPVS_CANDIDATE_ATTR_LOAD];
	if (server->has_load)
		server->load = nla_get_u64(attrs[OPVS_CANDIDATE_ATTR_LOAD]);
	server->active = u32_of(attrs[OPVS_CANDIDATE_ATTR_ACTIVE_CONNS]);
	server->inactive = u32_of(attrs[OPVS_CANDIDATE_ATTR_INACT_CONNS]);
	return 0;
}

static int take_candidates(struct explain_answer *answer, struct nlattr *nest,
			   size_t total)
{
	size_t more = 0;
	struct nlattr *pos;
	void *room;
	int rest;

	answer->total = total;
	nla_for_each_nested(pos, nest, rest)
		more += nla_type(pos) == OPVS_EXPLAIN_ATTR_CANDIDATE;
	if (!more)
		return 0;
	room = reallocarray(answer->candidates, answer->count + more,
			    sizeof(*answer->candidates));
	if (!room)
		return -ENOMEM;
	answer->candidates = room;
	nla_for_each_nested(pos, nest, rest) {
		if (nla_type(pos) != OPVS_EXPLAIN_ATTR_CANDIDATE)
			continue;
		if (take_server(&answer->candidates[answer->count], pos))
			return -EPROTO;
		answer->count++;
	}
	return 0;
}

static int take_service(struct explain_answer *answer, struct nlattr *nest)
{
	struct nlattr *attrs[OPVS_SVC_ATTR_MAX + 1];

	answer->has_service = nest;
	if (adm_parse(attrs, &adm_service, nest))
		return -EPROTO;
	name_take_service(&answer->service, attrs);
	copy_text(answer->sched, sizeof(answer->sched),
		  attrs[IPVS_SVC_ATTR_SCHED_NAME]);
	copy_text(answer->engine, sizeof(answer->engine),
		  attrs[IPVS_SVC_ATTR_PE_NAME]);
	return 0;
}

/**
 * explain_parse() - takes an answer apart
 * @attrs: attributes of its message by number
 * @answer: what is made; candidates go behind those that it has
 *
 * Return: 0, EPROTO if the kernel sent what cannot be, or ENOMEM.
 */
int explain_parse(struct nlattr **attrs, struct explain_answer *answer)
{
	struct nlattr *nest = attrs[OPVS_CMD_ATTR_DECISION], *key;
	struct nlattr *found[OPVS_EXPLAIN_ATTR_MAX + 1];

	if (!nest || adm_parse(found, &adm_explain, nest) ||
	    !found[OPVS_EXPLAIN_ATTR_WHY] ||
	    take_service(answer, attrs[IPVS_CMD_ATTR_SERVICE]) ||
	    take_server(&answer->server, found[OPVS_EXPLAIN_ATTR_SERVER]) ||
	    take_server(&answer->owner, found[OPVS_EXPLAIN_ATTR_OWNER]))
		return -EPROTO;
	answer->why = nla_get_u8(found[OPVS_EXPLAIN_ATTR_WHY]);
	copy_text(answer->verdict, sizeof(answer->verdict),
		  found[OPVS_EXPLAIN_ATTR_VERDICT]);
	answer->slot = u32_of(found[OPVS_EXPLAIN_ATTR_SLOT]);
	answer->slots = u32_of(found[OPVS_EXPLAIN_ATTR_SLOTS]);
	key = found[OPVS_EXPLAIN_ATTR_KEY];
	answer->key_len = key ? nla_memcpy(answer->key, key,
					   sizeof(answer->key)) : 0;
	answer->begins = found[OPVS_EXPLAIN_ATTR_BEGINS];
	answer->remembered = found[OPVS_EXPLAIN_ATTR_REMEMBERED];
	answer->has_turn = found[OPVS_EXPLAIN_ATTR_TURN];
	answer->turn = u32_of(found[OPVS_EXPLAIN_ATTR_TURN]);
	answer->unsure = found[OPVS_EXPLAIN_ATTR_UNSURE];
	answer->local = found[OPVS_EXPLAIN_ATTR_LOCAL];
	return take_candidates(answer, nest,
			       u32_of(found[OPVS_EXPLAIN_ATTR_NUM_CANDIDATES]));
}

static int take_answer(struct nlattr **attrs, void *arg)
{
	return explain_parse(attrs, arg);
}

/**
 * explain_one() - asks about one packet
 * @nl: family opvs
 * @question: the packet
 * @candidates: the service's servers are wanted, too
 * @answer: what is made; for explain_answer_free() in any case
 *
 * Return: 0, or an error number of adm_talk().
 */
int explain_one(struct adm_nl *nl, const struct explain_question *question,
		bool candidates, struct explain_answer *answer)
{
	size_t before;
	int err;

	memset(answer, 0, sizeof(*answer));
	/* A service may have more servers than an answer. */
	do {
		before = answer->count;
		err = adm_talk(nl, explain_request(nl, question, NULL, 0,
						   candidates ?
						   (int64_t)before : -1,
						   NLM_F_ACK),
			       &adm_message, take_answer, answer);
	} while (!err && answer->count < answer->total &&
		 answer->count > before);
	return err;
}

/**
 * explain_answer_free() - frees what an answer has
 * @answer: the answer
 */
void explain_answer_free(struct explain_answer *answer)
{
	free(answer->candidates);
	answer->candidates = NULL;
	answer->count = 0;
}

static int take_choices(struct nlattr **attrs, void *arg)
{
	struct nlattr *found[OPVS_EXPLAIN_ATTR_MAX + 1];
	struct choices *choices = arg;
	size_t size = choices->count * sizeof(*choices->choices);

	if (!attrs[OPVS_CMD_ATTR_DECISION] ||
	    adm_parse(found, &adm_explain, attrs[OPVS_CMD_ATTR_DECISION]) ||
	    !found[OPVS_EXPLAIN_ATTR_CHOICES] ||
	    !found[OPVS_EXPLAIN_ATTR_WHYS] ||
	    (size_t)nla_len(found[OPVS_EXPLAIN_ATTR_CHOICES]) != size ||
	    (size_t)nla_len(found[OPVS_EXPLAIN_ATTR_WHYS]) != choices->count)
		return -EPROTO;
	memcpy(choices->choices, nla_data(found[OPVS_EXPLAIN_ATTR_CHOICES]),
	       size);
	memcpy(choices->whys, nla_data(found[OPVS_EXPLAIN_ATTR_WHYS]),
	       choices->count);
	return 0;
}

/**
 * explain_keys() - asks about a packet with many keys in turn
 * @nl: family opvs
 * @question: the packet
 * @keys: the keys, each behind a byte that says how long it is
 * @len: length of @keys, up to EXPLAIN_KEYS_SIZE
 * @count: how many keys, up to EXPLAIN_KEYS_MAX
 * @choices: gets the number of each key's server, 0 for none
 * @whys: gets OPVS_WHY_* of each
 *
 * Return: 0, or an error number of adm_talk().
 */
int explain_keys(struct adm_nl *nl, const struct explain_question *question,
		 const void *keys, size_t len, size_t count, uint32_t *choices,
		 uint8_t *whys)
{
	struct choices found = { count, choices, whys };

	memset(choices, 0, count * sizeof(*choices));
	memset(whys, 0, count);
	return adm_talk(nl, explain_request(nl, question, keys, len, -1,
					    NLM_F_ACK),
			&adm_message, take_choices, &found);
}
