// SPDX-License-Identifier: GPL-2.0-only
/* Services, servers and namespaces as messages name them. */
#include <opvs/words.h>

#include <opvs/netns.h>
#include <opvs/proto.h>
#include <opvs/svc.h>

#include <linux/kernel.h>

/**
 * opvs_words_end() - an address and a port
 * @addr: address
 * @port: port
 * @family: NFPROTO_*
 *
 * Context: any.
 */
struct opvs_words opvs_words_end(const union nf_inet_addr *addr, __be16 port,
				 u8 family)
{
	struct opvs_words words;

	if (family == NFPROTO_IPV6)
		scnprintf(words.text, sizeof(words.text), "[%pI6c]:%u",
			  &addr->in6, ntohs(port));
	else
		scnprintf(words.text, sizeof(words.text), "%pI4:%u", &addr->ip,
			  ntohs(port));
	return words;
}

/**
 * opvs_words_svc() - a service
 * @key: its key; there need not be such a service
 *
 * Context: any.
 */
struct opvs_words opvs_words_svc(const struct opvs_svc_key *key)
{
	struct opvs_words words, end;

	if (opvs_svc_key_is_mark(key)) {
		scnprintf(words.text, sizeof(words.text), "mark %u",
			  (__force u32)key->addr.all[0]);
		return words;
	}
	end = opvs_words_end(&key->addr, key->port, key->family);
	if (opvs_proto_find(key->proto))
		scnprintf(words.text, sizeof(words.text), "%s %s",
			  opvs_proto_name(key->proto), end.text);
	else
		scnprintf(words.text, sizeof(words.text), "protocol %u %s",
			  key->proto, end.text);
	return words;
}

/**
 * opvs_words_net() - a namespace, before what is said about it
 * @on: namespace; the host's own needs no name
 *
 * Context: any.
 */
struct opvs_words opvs_words_net(const struct opvs_net *on)
{
	struct opvs_words words = {};

	if (!net_eq(on->net, &init_net))
		scnprintf(words.text, sizeof(words.text), "netns %u: ",
			  on->net->ns.inum);
	return words;
}
