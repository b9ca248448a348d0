// SPDX-License-Identifier: GPL-2.0-only
/* Rules of nftables as nft tells them: judged rightly, and whatever they are. */
#include "fuzz.h"

#include "adm.h"
#include "ruleset.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MATCH(left, op, right) \
	"{\"match\":{\"op\":\"" op "\",\"left\":" left ",\"right\":" right "}}"
#define PAYLOAD(protocol, field) \
	"{\"payload\":{\"protocol\":\"" protocol "\",\"field\":\"" field "\"}}"
#define META(key)	"{\"meta\":{\"key\":\"" key "\"}}"
#define STATE		"{\"ct\":{\"key\":\"state\"}}"
#define DPORT		PAYLOAD("udp", "dport")
#define DADDR		PAYLOAD("ip", "daddr")
#define COUNTER		"{\"counter\":{\"packets\":7,\"bytes\":700}}"
#define ACCEPT		"{\"accept\":null}"
#define DROP		"{\"drop\":null}"
#define RULE_OF(chain, list) \
	"{\"rule\":{\"family\":\"inet\",\"table\":\"t\",\"chain\":\"" chain \
	"\",\"handle\":5,\"expr\":[" list "]}}"
#define RULE(list)	RULE_OF("c", list)
#define CHAIN(hook, prio, policy) \
	"{\"chain\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"c\",\"handle\":1," \
	"\"type\":\"filter\",\"hook\":\"" hook "\",\"prio\":" prio \
	",\"policy\":\"" policy "\"}}"
#define OTHER(name) \
	"{\"chain\":{\"family\":\"inet\",\"table\":\"t\",\"name\":\"" name "\",\"handle\":2}}"
#define SET(flags) \
	"{\"set\":{\"family\":\"inet\",\"name\":\"s\",\"table\":\"t\",\"type\":\"ipv4_addr\"," \
	"\"flags\":[" flags "],\"elem\":[{\"prefix\":{\"addr\":\"10.9.0.0\",\"len\":16}}]}}"
#define PROTOCOLS(verdicts) \
	"{\"vmap\":{\"key\":{\"meta\":{\"key\":\"l4proto\"}}," \
	"\"data\":{\"set\":[" verdicts "]}}}"
#define TABLE(flags) \
	"{\"table\":{\"family\":\"inet\",\"name\":\"t\",\"handle\":9," \
	"\"flags\":" flags "}}"
#define INPUT(policy)	CHAIN("input", "0", policy)

/* A datagram of a client to 10.9.9.9:5060. */
static const struct {
	const char		*name;
	const char		*rules;
	enum ruleset_verdict	want;
	long long		handle;		/* of the rule that drops */
} cases[] = {
	{ "no rule", INPUT("accept"), RULESET_PASSES, 0 },
	{ "a policy", INPUT("drop"), RULESET_DROPS, 0 },
	{ "an early policy", CHAIN("prerouting", "-300", "drop"), RULESET_DROPS, 0 },
	{ "states that nobody has found out yet",
	  CHAIN("prerouting", "-300", "drop") ","
	  RULE(MATCH(STATE, "==", "\"invalid\"") "," ACCEPT), RULESET_PASSES, 0 },
	{ "states that are known",
	  CHAIN("prerouting", "-150", "drop") ","
	  RULE(MATCH(STATE, "==", "\"invalid\"") "," ACCEPT), RULESET_DROPS, 0 },
	{ "a table that is dormant", TABLE("\"dormant\"") "," INPUT("drop"),
	  RULESET_PASSES, 0 },
	{ "a table with a flag that has no name", TABLE("\"x\"") "," INPUT("drop"),
	  RULESET_PASSES, 0 },
	{ "one of them in a list", TABLE("[\"owner\",\"dormant\"]") "," INPUT("drop"),
	  RULESET_PASSES, 0 },
	{ "a table that somebody owns", TABLE("[\"owner\",\"persist\"]") "," INPUT("drop"),
	  RULESET_DROPS, 0 },
	{ "a map of protocols that has all", INPUT("drop") ","
	  RULE(PROTOCOLS("[\"tcp\"," DROP "],[\"*\"," ACCEPT "]")), RULESET_PASSES, 0 },
	{ "a policy of another hook", CHAIN("forward", "0", "drop"),
	  RULESET_PASSES, 0 },
	{ "a policy behind", CHAIN("input", "99", "drop"), RULESET_PASSES, 0 },
	{ "a rule", INPUT("accept") "," RULE(MATCH(DPORT, "==", "5060") "," COUNTER "," DROP),
	  RULESET_DROPS, 5 },
	{ "another port", INPUT("accept") "," RULE(MATCH(DPORT, "==", "53") "," DROP),
	  RULESET_PASSES, 0 },
	{ "not another port", INPUT("accept") "," RULE(MATCH(DPORT, "!=", "53") "," DROP),
	  RULESET_DROPS, 5 },
	{ "another protocol, whatever its port",
	  INPUT("accept") "," RULE(MATCH(PAYLOAD("tcp", "dport"), "!=", "53") "," DROP),
	  RULESET_PASSES, 0 },
	{ "a port of any protocol, in a range",
	  INPUT("accept") "," RULE(MATCH(PAYLOAD("th", "dport"), "==",
					 "{\"set\":[53,{\"range\":[5000,6000]}]}") "," DROP),
	  RULESET_DROPS, 5 },
	{ "a client that may be another",
	  INPUT("accept") "," RULE(MATCH(PAYLOAD("ip", "saddr"), "==", "\"10.1.1.1\"") "," DROP),
	  RULESET_PASSES, 0 },
	{ "a client that may be let in",
	  INPUT("drop") "," RULE(MATCH(PAYLOAD("ip", "saddr"), "==", "\"10.1.1.1\"") "," ACCEPT),
	  RULESET_PASSES, 0 },
	{ "a rate", INPUT("accept") "," RULE("{\"limit\":{\"rate\":10}}," DROP),
	  RULESET_PASSES, 0 },
	{ "no connection, no loopback",
	  INPUT("drop") "," RULE(MATCH(STATE, "in", "[\"established\",\"related\"]") "," ACCEPT)
	  "," RULE(MATCH(META("iif"), "==", "\"lo\"") "," ACCEPT), RULESET_DROPS, 0 },
	{ "new ones are let in",
	  INPUT("drop") "," RULE(MATCH(STATE, "==", "\"new\"") "," ACCEPT), RULESET_PASSES, 0 },
	{ "states by a map",
	  INPUT("drop") "," RULE("{\"vmap\":{\"key\":" STATE ",\"data\":{\"set\":[[\"invalid\","
				 DROP "],[\"established\"," ACCEPT "]]}}}"), RULESET_DROPS, 0 },
	{ "a port by a map",
	  INPUT("accept") "," RULE("{\"vmap\":{\"key\":" DPORT ",\"data\":{\"set\":[[80," ACCEPT
				   "],[{\"range\":[5060,5061]}," DROP "]]}}}"), RULESET_DROPS, 5 },
	{ "a set", SET("\"interval\"") "," INPUT("drop") ","
	  RULE(MATCH(DADDR, "==", "\"@s\"") "," ACCEPT), RULESET_PASSES, 0 },
	{ "a set that has it not", SET("\"interval\"") "," INPUT("accept") ","
	  RULE(MATCH(DADDR, "!=", "\"@s\"") "," DROP), RULESET_PASSES, 0 },
	{ "a set that has it", SET("\"interval\"") "," INPUT("accept") ","
	  RULE(MATCH(DADDR, "==", "\"@s\"") "," DROP), RULESET_DROPS, 5 },
	{ "a set that changes", SET("\"dynamic\"") "," INPUT("accept") ","
	  RULE(MATCH(DADDR, "==", "\"@s\"") "," DROP), RULESET_PASSES, 0 },
	{ "an address and a port at once", INPUT("accept") ","
	  RULE(MATCH("{\"concat\":[" DADDR "," DPORT "]}", "==",
		     "{\"set\":[{\"concat\":[\"10.9.9.9\",5060]}]}") "," DROP),
	  RULESET_DROPS, 5 },
	{ "an address and another port", INPUT("accept") ","
	  RULE(MATCH("{\"concat\":[" DADDR "," DPORT "]}", "==",
		     "{\"set\":[{\"concat\":[\"10.9.9.9\",5061]}]}") "," DROP),
	  RULESET_PASSES, 0 },
	{ "another chain, and back", INPUT("drop") "," OTHER("d") ","
	  RULE("{\"jump\":{\"target\":\"d\"}}") "," RULE(ACCEPT) ","
	  RULE_OF("d", "{\"return\":null}"), RULESET_PASSES, 0 },
	{ "another chain, and not back", INPUT("drop") "," OTHER("d") ","
	  RULE("{\"goto\":{\"target\":\"d\"}}") "," RULE(ACCEPT) ","
	  RULE_OF("d", "{\"return\":null}"), RULESET_DROPS, 0 },
	{ "another chain that drops", INPUT("accept") "," OTHER("d") ","
	  RULE("{\"jump\":{\"target\":\"d\"}}") "," RULE_OF("d", "{\"reject\":null}"),
	  RULESET_DROPS, 5 },
	{ "a chain that comes to itself", INPUT("drop") "," OTHER("d") ","
	  RULE("{\"jump\":{\"target\":\"d\"}}") ","
	  RULE_OF("d", "{\"jump\":{\"target\":\"d\"}}"), RULESET_CHANGES, 0 },
	{ "another destination", INPUT("accept") ","
	  RULE("{\"redirect\":{\"port\":53}}"), RULESET_CHANGES, 0 },
	{ "what is not understood", INPUT("drop") "," RULE("{\"xt\":null}"),
	  RULESET_CHANGES, 0 },
	{ "a match that is not understood", INPUT("accept") ","
	  RULE("{\"xt\":{\"type\":\"match\",\"name\":\"u32\"}}," DROP), RULESET_PASSES, 0 },
	{ "the other family", INPUT("accept") ","
	  RULE(MATCH(PAYLOAD("ip6", "daddr"), "!=", "\"fd00::1\"") "," DROP), RULESET_PASSES, 0 },
	{ "the family", INPUT("accept") "," RULE(MATCH(META("nfproto"), "==", "\"ipv4\"") "," DROP),
	  RULESET_DROPS, 5 },
	{ "protocols", INPUT("accept") ","
	  RULE(MATCH(META("l4proto"), "==", "{\"set\":[\"tcp\",\"udp\"]}") "," DROP),
	  RULESET_DROPS, 5 },
};

static const struct ruleset_packet datagram = {
	.family = AF_INET, .protocol = IPPROTO_UDP,
	.target = { .family = AF_INET, .bytes = { 10, 9, 9, 9 } },
	.source_port = -1, .target_port = 5060,
	.states = RULESET_NEW | RULESET_UNTRACKED,
};

static char *whole(size_t i)
{
	char *text;

	if (asprintf(&text, "{\"nftables\":[%s]}", cases[i].rules) < 0)
		abort();
	return text;
}

/* As doctor follows a client's packet. */
static int judge(struct ruleset *rules, struct ruleset_drop *drop)
{
	enum ruleset_verdict verdict;

	verdict = ruleset_judge(rules, "prerouting", RULESET_ANY_PRIORITY,
				&datagram, drop);
	return verdict == RULESET_PASSES ?
	       ruleset_judge(rules, "input", 99, &datagram, drop) : verdict;
}

/**
 * fuzz_ruleset_check() - are rules of which that is known judged rightly?
 *
 * Return: how many are not.
 */
int fuzz_ruleset_check(void)
{
	struct ruleset_drop drop;
	struct ruleset rules;
	int wrong = 0, got;
	char *text;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(&drop, 0, sizeof(drop));
		text = whole(i);
		got = ruleset_parse(&rules, text, strlen(text)) ? -1 :
		      judge(&rules, &drop);
		if (got != (int)cases[i].want || drop.handle != cases[i].handle) {
			printf("rules, %s: %d by %lld, not %d by %lld\n",
			       cases[i].name, got, (long long)drop.handle,
			       cases[i].want, cases[i].handle);
			wrong++;
		}
		ruleset_free(&rules);
		free(text);
	}
	return wrong;
}

/**
 * fuzz_ruleset_text() - rules that nft might tell, or no nft would
 * @damage: 0: sound ones
 * @size: becomes their length
 *
 * Return: the text, exactly as large as it is, so that who reads on is found; to be
 * freed.
 */
char *fuzz_ruleset_text(unsigned int damage, size_t *size)
{
	char *text = whole(fuzz_below(ARRAY_SIZE(cases)));
	size_t room;

	*size = strlen(text);
	room = 2 * *size;
	text = realloc(text, room);
	if (text && damage)
		*size = fuzz_change((unsigned char *)text, *size, room);
	text = realloc(text, *size);
	if (!text)
		abort();
	return text;
}

/**
 * fuzz_ruleset() - a packet, judged by rules
 * @damage: 0: by sound ones
 */
void fuzz_ruleset(unsigned int damage)
{
	struct ruleset_drop drop;
	struct ruleset rules;
	size_t size;
	char *text = fuzz_ruleset_text(damage, &size);

	if (!ruleset_parse(&rules, text, size))
		judge(&rules, &drop);
	ruleset_free(&rules);
	free(text);
}
