/* SPDX-License-Identifier: GPL-2.0-only */
/* Services, servers and namespaces as messages name them. */
#ifndef OPVS_WORDS_H
#define OPVS_WORDS_H

#include <linux/types.h>

struct opvs_net;
struct opvs_svc_key;
union nf_inet_addr;

/* By value, so that a message can have several. */
struct opvs_words {
	char	text[64];
};

struct opvs_words opvs_words_end(const union nf_inet_addr *addr, __be16 port,
				 u8 family);
struct opvs_words opvs_words_svc(const struct opvs_svc_key *key);
struct opvs_words opvs_words_net(const struct opvs_net *on);

#endif /* OPVS_WORDS_H */
