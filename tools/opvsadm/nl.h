/* SPDX-License-Identifier: GPL-2.0-only */
/* Asking the kernel: a socket of generic netlink, and what it says is wrong. */
#ifndef OPVSADM_NL_H
#define OPVSADM_NL_H

#include "nla.h"

#include <netlink/msg.h>

/* Fits the longest sentence that a kernel puts into an extack. */
#define ADM_TEXT_MAX	256

/**
 * struct adm_nl - a connection to a family
 * @sock: the socket
 * @family: the family's number
 * @text: why the last command failed, in the kernel's words; empty if it has
 *	none
 */
struct adm_nl {
	struct nl_sock	*sock;
	int		family;
	char		text[ADM_TEXT_MAX];
};

/* Called for each answer, with the attributes of the message by number; an
 * error number that it returns is that of the command, and ends it.
 */
typedef int (*adm_answer)(struct nlattr **attrs, void *arg);

int adm_connect(struct adm_nl *nl, const char *family);
int adm_open(struct adm_nl *nl, const char *family);
void adm_close(struct adm_nl *nl);
void adm_tell_absence(const char *family);
struct nl_msg *adm_request(struct adm_nl *nl, int command, int flags);
int adm_talk(struct adm_nl *nl, struct nl_msg *msg, const struct adm_set *set,
	     adm_answer answer, void *arg);
int adm_parse(struct nlattr **attrs, const struct adm_set *set,
	      struct nlattr *nest);
const char *adm_reason(const struct adm_nl *nl, int err);

#endif /* OPVSADM_NL_H */
