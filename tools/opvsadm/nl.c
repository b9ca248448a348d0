// SPDX-License-Identifier: GPL-2.0-only
/* Asking the kernel: a socket of generic netlink, and what it says is wrong. */
#include "nl.h"

#include "adm.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

/* Attributes of a message are numbered below this. */
#define MESSAGE_ATTRS	128
static_assert(OPVS_CMD_ATTR_MAX < MESSAGE_ATTRS);

/* A command while it is under way. */
struct talk {
	struct adm_nl		*nl;
	const struct adm_set	*set;
	adm_answer		answer;
	void			*arg;
	int			err;
	bool			done;
};

/* The error number behind one of libnl's own. */
static int from_libnl(int err)
{
	switch (-err) {
	case NLE_OBJ_NOTFOUND:
		return -ENOENT;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_DUMP_INTR:
		return -EINTR;
	default:
		return -EIO;
	}
}

/**
 * adm_connect() - begins to talk to a family, and says nothing
 * @nl: what is made
 * @family: the family's name
 *
 * Return: 0, or an error number; then there is nothing to close.  ENOENT: there
 * is no such family.
 */
int adm_connect(struct adm_nl *nl, const char *family)
{
	int err, on = 1;

	memset(nl, 0, sizeof(*nl));
	nl->sock = nl_socket_alloc();
	if (!nl->sock)
		return -ENOMEM;
	nl_socket_disable_auto_ack(nl->sock);
	err = genl_connect(nl->sock);
	if (!err)
		err = genl_ctrl_resolve(nl->sock, family);
	if (err < 0) {
		adm_close(nl);
		return from_libnl(err);
	}
	nl->family = err;
	/* Without them there are error numbers, if no sentences. */
	setsockopt(nl_socket_get_fd(nl->sock), SOL_NETLINK, NETLINK_EXT_ACK,
		   &on, sizeof(on));
	setsockopt(nl_socket_get_fd(nl->sock), SOL_NETLINK, NETLINK_CAP_ACK,
		   &on, sizeof(on));
	/* Thousands of answers to commands that are sent in one go. */
	nl_socket_set_buffer_size(nl->sock, 1 << 20, 1 << 20);
	nl_socket_set_msg_buf_size(nl->sock, 1 << 16);
	return 0;
}

/**
 * adm_tell_absence() - tells the user why there is no family, and what helps
 * @family: the family's name
 */
void adm_tell_absence(const char *family)
{
	bool opvs = access("/sys/module/opvs", F_OK) == 0;
	bool ip_vs = access("/sys/module/ip_vs", F_OK) == 0;

	if (!opvs && ip_vs)
		adm_err("opvs is not loaded, ip_vs is; see 'In place of ip_vs' in the manual");
	else if (!opvs)
		adm_err("opvs is not loaded; 'modprobe opvs' loads it");
	else if (strcmp(family, IPVS_GENL_NAME) == 0)
		adm_err("opvs is loaded and does not have the names of ip_vs; /sys/kernel/opvs/owner says who has");
	else
		adm_err("the module opvs that is loaded has no family '%s'",
			family);
}

/**
 * adm_open() - begins to talk to a family, and tells the user if that fails
 * @nl: what is made
 * @family: the family's name
 *
 * Return: 0, or an error number; then there is nothing to close.
 */
int adm_open(struct adm_nl *nl, const char *family)
{
	int err = adm_connect(nl, family);

	if (err == -ENOENT)
		adm_tell_absence(family);
	else if (err)
		adm_err("no way to the kernel: %s", strerror(-err));
	return err;
}

/**
 * adm_close() - ends what adm_open() or adm_connect() began
 * @nl: the connection
 */
void adm_close(struct adm_nl *nl)
{
	nl_socket_free(nl->sock);
	nl->sock = NULL;
}

/**
 * adm_request() - begins a command
 * @nl: the connection
 * @command: its number
 * @flags: NLM_F_DUMP if it asks for a list
 *
 * Return: a message to which attributes may be added; NULL for lack of memory.
 */
struct nl_msg *adm_request(struct adm_nl *nl, int command, int flags)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (msg && !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, nl->family, 0,
				flags | (flags & NLM_F_DUMP ? 0 : NLM_F_ACK),
				command, OPVS_GENL_VERSION)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return msg;
}

/**
 * adm_parse() - takes a nest apart
 * @attrs: its attributes by number, as many as @set has and one more
 * @set: what it may hold
 * @nest: the nest; NULL stands for an empty one
 *
 * Return: 0, or EPROTO if the kernel sent what cannot be.
 */
int adm_parse(struct nlattr **attrs, const struct adm_set *set,
	      struct nlattr *nest)
{
	if (!nest) {
		memset(attrs, 0, sizeof(*attrs) * (set->max + 1));
		return 0;
	}
	if (nla_parse_nested(attrs, set->max, nest,
			     (struct nla_policy *)set->policy))
		return -EPROTO;
	return 0;
}

static int take_answer(struct nl_msg *msg, void *arg)
{
	struct talk *talk = arg;
	struct nlattr *attrs[MESSAGE_ATTRS];

	/* The rest of a list is read and forgotten. */
	if (talk->err)
		return NL_SKIP;
	if (genlmsg_parse(nlmsg_hdr(msg), 0, attrs, talk->set->max,
			  (struct nla_policy *)talk->set->policy))
		talk->err = -EPROTO;
	else if (talk->answer)
		talk->err = talk->answer(attrs, talk->arg);
	return NL_OK;
}

/* The sentence behind an error number, at DATA to END of an answer. */
static void take_text(struct talk *talk, const void *data, const void *end)
{
	struct nlattr *attrs[NLMSGERR_ATTR_MAX + 1];
	int len = (const char *)end - (const char *)data;

	if (len <= 0 || nla_parse(attrs, NLMSGERR_ATTR_MAX,
				  (struct nlattr *)data, len, NULL))
		return;
	if (attrs[NLMSGERR_ATTR_MSG])
		snprintf(talk->nl->text, sizeof(talk->nl->text), "%.*s",
			 nla_len(attrs[NLMSGERR_ATTR_MSG]),
			 (char *)nla_data(attrs[NLMSGERR_ATTR_MSG]));
}

/* Called with the copy of an error in the message, not with its header. */
static int take_error(struct sockaddr_nl *from, struct nlmsgerr *error,
		      void *arg)
{
	const struct nlmsghdr *head = (struct nlmsghdr *)
		((char *)error - NLMSG_HDRLEN);
	struct talk *talk = arg;

	(void)from;
	talk->done = true;
	if (!talk->err)
		talk->err = error->error;
	if (head->nlmsg_flags & NLM_F_ACK_TLVS)
		take_text(talk, error + 1, (char *)head + head->nlmsg_len);
	return NL_STOP;
}

static int take_ack(struct nl_msg *msg, void *arg)
{
	struct talk *talk = arg;

	(void)msg;
	talk->done = true;
	return NL_STOP;
}

/* The end of a list, which may have an error number, too. */
static int take_end(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *head = nlmsg_hdr(msg);
	struct talk *talk = arg;
	const int *err = nlmsg_data(head);

	talk->done = true;
	if (nlmsg_datalen(head) < (int)sizeof(*err) || *err >= 0)
		return NL_STOP;
	if (!talk->err)
		talk->err = *err;
	take_text(talk, err + 1, (char *)head + head->nlmsg_len);
	return NL_STOP;
}

static struct nl_cb *callbacks(struct talk *talk)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);

	if (!cb)
		return NULL;
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, take_answer, talk);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, take_end, talk);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, take_ack, talk);
	nl_cb_err(cb, NL_CB_CUSTOM, take_error, talk);
	return cb;
}

static int receive(struct adm_nl *nl, struct talk *talk)
{
	struct nl_cb *cb = callbacks(talk);
	int err = 0;

	if (!cb)
		return -ENOMEM;
	/* What a list was interrupted by is told once it has been read. */
	while (!talk->done && (err >= 0 || err == -NLE_DUMP_INTR))
		err = nl_recvmsgs(nl->sock, cb);
	nl_cb_put(cb);
	if (talk->err)
		return talk->err;
	return talk->done ? 0 : from_libnl(err);
}

/**
 * adm_talk() - sends a command and reads what comes back
 * @nl: the connection
 * @msg: from adm_request(); is freed. NULL stands for lack of memory
 * @set: what the answers hold: adm_message or adm_info
 * @answer: called for each answer; may be NULL
 * @arg: handed to @answer
 *
 * Return: 0, or an error number of the kernel, of @answer, or of this side;
 * @nl has a sentence if the kernel sent one.
 */
int adm_talk(struct adm_nl *nl, struct nl_msg *msg, const struct adm_set *set,
	     adm_answer answer, void *arg)
{
	struct talk talk = {
		.nl = nl, .set = set, .answer = answer, .arg = arg,
	};
	int err;

	nl->text[0] = '\0';
	if (!msg)
		return -ENOMEM;
	err = nl_send_auto(nl->sock, msg);
	nlmsg_free(msg);
	if (err < 0)
		return from_libnl(err);
	return receive(nl, &talk);
}

/**
 * adm_reason() - why a command failed, for the user
 * @nl: the connection
 * @err: what adm_talk() returned
 *
 * Return: the kernel's sentence if there is one, else the error's own.
 */
const char *adm_reason(const struct adm_nl *nl, int err)
{
	if (nl->text[0])
		return nl->text;
	if (err == -EPERM)
		return "this takes root, or CAP_NET_ADMIN in the namespace";
	return strerror(-err);
}
