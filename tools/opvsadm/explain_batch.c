// SPDX-License-Identifier: GPL-2.0-only
/* Requests about packets, and many of them in few system calls. */
#include "explain.h"

#include "adm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/errno.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

/* Requests are sent when there are so many, or so many bytes: their answers have
 * to fit a socket of the preset size.
 */
#define BATCH_COUNT	64
#define BATCH_SIZE	32768

static size_t addr_len(const struct name_addr *addr)
{
	return addr->family == AF_INET6 ? 16 : 4;
}

static int put_tuple(struct nl_msg *msg, const struct explain_question *q)
{
	int err = nla_put_u16(msg, OPVS_EXPLAIN_ATTR_FAMILY, q->virtual.family);

	err |= nla_put_u16(msg, OPVS_EXPLAIN_ATTR_PROTOCOL, q->protocol);
	if (q->client.family) {
		err |= nla_put(msg, OPVS_EXPLAIN_ATTR_CLIENT,
			       addr_len(&q->client), q->client.bytes);
		err |= nla_put_u16(msg, OPVS_EXPLAIN_ATTR_CLIENT_PORT,
				   htons(q->client_port));
	}
	err |= nla_put(msg, OPVS_EXPLAIN_ATTR_VIRTUAL, addr_len(&q->virtual),
		       q->virtual.bytes);
	err |= nla_put_u16(msg, OPVS_EXPLAIN_ATTR_VIRTUAL_PORT,
			   htons(q->virtual_port));
	if (q->payload)
		err |= nla_put(msg, OPVS_EXPLAIN_ATTR_PAYLOAD, q->payload_len,
			       q->payload);
	return err;
}

static int put_change(struct nl_msg *msg, const struct explain_change *change)
{
	struct nlattr *nest;
	int err;

	nest = nla_nest_start(msg, OPVS_EXPLAIN_ATTR_CHANGE | NLA_F_NESTED);
	err = !nest || nla_put_u8(msg, OPVS_CHANGE_ATTR_KIND, change->kind);
	err |= nla_put(msg, OPVS_CHANGE_ATTR_ADDR, addr_len(&change->addr),
		       change->addr.bytes);
	if (change->port >= 0)
		err |= nla_put_u16(msg, OPVS_CHANGE_ATTR_PORT,
				   htons(change->port));
	if (change->weight >= 0)
		err |= nla_put_u32(msg, OPVS_CHANGE_ATTR_WEIGHT,
				   change->weight);
	return err || nla_nest_end(msg, nest) < 0;
}

static int put_question(struct nl_msg *msg, const struct explain_question *q)
{
	size_t i;
	int err;

	if (q->packet)
		err = nla_put(msg, OPVS_EXPLAIN_ATTR_PACKET, q->packet_len,
			      q->packet);
	else
		err = put_tuple(msg, q);
	if (q->fwmark)
		err |= nla_put_u32(msg, OPVS_EXPLAIN_ATTR_FWMARK, q->fwmark);
	if (q->from_host)
		err |= nla_put_flag(msg, OPVS_EXPLAIN_ATTR_FROM_HOST);
	if (q->cpu >= 0)
		err |= nla_put_u32(msg, OPVS_EXPLAIN_ATTR_CPU, q->cpu);
	if (q->key)
		err |= nla_put(msg, OPVS_EXPLAIN_ATTR_KEY, q->key_len, q->key);
	if (q->later)
		err |= nla_put_flag(msg, OPVS_EXPLAIN_ATTR_LATER);
	for (i = 0; q->changes && i < q->changes->count; i++)
		err |= put_change(msg, &q->changes->list[i]);
	return err;
}

/**
 * explain_request() - a request about a packet
 * @nl: family opvs
 * @question: the packet
 * @keys: keys that it has in turn, as explain_keys() has them; may be NULL
 * @keys_len: length of @keys
 * @candidates: from which on the service's servers are wanted; -1: not at all
 * @flags: NLM_F_ACK, or 0
 *
 * Return: a message for adm_talk(); NULL for lack of memory, or if it would be
 * longer than requests may be.
 */
struct nl_msg *explain_request(struct adm_nl *nl,
			       const struct explain_question *question,
			       const void *keys, size_t keys_len,
			       int64_t candidates, int flags)
{
	size_t size = 512 + question->packet_len + question->payload_len +
		      question->key_len + keys_len;
	struct nlattr *nest;
	struct nl_msg *msg;
	int err;

	if (question->changes)
		size += 64 * question->changes->count;
	msg = nlmsg_alloc_size(size);
	if (!msg)
		return NULL;
	err = !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, nl->family, 0, flags,
			   OPVS_CMD_EXPLAIN, OPVS_GENL_VERSION);
	nest = err ? NULL :
	       nla_nest_start(msg, OPVS_CMD_ATTR_DECISION | NLA_F_NESTED);
	err |= !nest || put_question(msg, question);
	if (keys)
		err |= nla_put(msg, OPVS_EXPLAIN_ATTR_KEYS, keys_len, keys);
	if (candidates >= 0)
		err |= nla_put_u32(msg, OPVS_EXPLAIN_ATTR_CANDIDATES,
				   candidates);
	if (!err && nla_nest_end(msg, nest) >= 0)
		return msg;
	nlmsg_free(msg);
	return NULL;
}

/**
 * explain_batch_begin() - begins to ask about many packets
 * @batch: what is made; for explain_batch_end() if it was
 * @nl: family opvs, of which nothing else is asked until the end
 * @take: gets the answers
 * @arg: handed to @take
 *
 * Return: 0 or ENOMEM.
 */
int explain_batch_begin(struct explain_batch *batch, struct adm_nl *nl,
			explain_take take, void *arg)
{
	*batch = (struct explain_batch){ .nl = nl, .take = take, .arg = arg };
	batch->buffer = calloc(1, BATCH_SIZE);
	return batch->buffer ? 0 : -ENOMEM;
}

/**
 * explain_batch_end() - ends what explain_batch_begin() began
 * @batch: it; requests that were not sent are forgotten
 */
void explain_batch_end(struct explain_batch *batch)
{
	free(batch->buffer);
	batch->buffer = NULL;
}

/* What is on its way: answers come in the order of the requests. */
struct listen {
	struct explain_batch	*batch;
	size_t			done;
	int			err;
};

static int told(struct listen *listen, int err, const char *reason,
		const struct explain_answer *answer)
{
	listen->done++;
	if (!listen->err)
		listen->err = listen->batch->take(err, reason, answer,
						  listen->batch->arg);
	return NL_OK;
}

/* Something that was sent before, or by nobody. */
static bool is_foreign(const struct listen *listen, unsigned int seq)
{
	return seq != listen->batch->first + listen->done;
}

static int take_valid(struct nl_msg *msg, void *arg)
{
	struct nlattr *attrs[OPVS_CMD_ATTR_MAX + 1];
	struct explain_answer answer = { 0 };
	struct listen *listen = arg;
	int err;

	if (is_foreign(listen, nlmsg_hdr(msg)->nlmsg_seq))
		return NL_SKIP;
	err = genlmsg_parse(nlmsg_hdr(msg), 0, attrs, adm_message.max,
			    (struct nla_policy *)adm_message.policy) ?
	      -EPROTO : explain_parse(attrs, &answer);
	told(listen, err, err ? strerror(-err) : NULL, &answer);
	explain_answer_free(&answer);
	return NL_OK;
}

/* The sentence of an error that the kernel did not cut, or its number's. */
static void take_reason(const struct nlmsgerr *error, char *text, size_t size)
{
	const struct nlmsghdr *head = (const struct nlmsghdr *)
		((const char *)error - NLMSG_HDRLEN);
	const char *data = (const char *)(error + 1);
	struct nlattr *attrs[NLMSGERR_ATTR_MAX + 1], *sentence = NULL;
	int len = (const char *)head + head->nlmsg_len - data;

	if (head->nlmsg_flags & NLM_F_ACK_TLVS && len > 0 &&
	    !nla_parse(attrs, NLMSGERR_ATTR_MAX, (struct nlattr *)data, len,
		       NULL))
		sentence = attrs[NLMSGERR_ATTR_MSG];
	if (sentence)
		snprintf(text, size, "%.*s", nla_len(sentence),
			 (char *)nla_data(sentence));
	else
		snprintf(text, size, "%s", strerror(-error->error));
}

static int take_error(struct sockaddr_nl *from, struct nlmsgerr *error,
		      void *arg)
{
	struct listen *listen = arg;
	char reason[ADM_TEXT_MAX];

	(void)from;
	if (is_foreign(listen, error->msg.nlmsg_seq))
		return NL_SKIP;
	take_reason(error, reason, sizeof(reason));
	return told(listen, error->error, reason, NULL);
}

static int listen_to(struct explain_batch *batch)
{
	struct listen listen = { .batch = batch };
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int err = 0;

	if (!cb)
		return -ENOMEM;
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, take_valid, &listen);
	nl_cb_err(cb, NL_CB_CUSTOM, take_error, &listen);
	while (listen.done < batch->waiting && err >= 0)
		err = nl_recvmsgs(batch->nl->sock, cb);
	nl_cb_put(cb);
	if (err < 0 && !listen.err) {
		adm_err("no answer of the kernel: %s", nl_geterror(err));
		return -EIO;
	}
	return listen.err;
}

/**
 * explain_batch_flush() - sends what waits, and has the answers taken
 * @batch: the batch
 *
 * Return: 0; what @take returned; another error number, and the user was told.
 */
int explain_batch_flush(struct explain_batch *batch)
{
	int err = 0;

	if (!batch->waiting)
		return 0;
	if (nl_sendto(batch->nl->sock, batch->buffer, batch->used) < 0) {
		adm_err("the kernel takes no questions: %m");
		err = -EIO;
	} else {
		err = listen_to(batch);
	}
	batch->used = 0;
	batch->waiting = 0;
	return err;
}

/* One that does not fit the buffer is sent alone. */
static int add(struct explain_batch *batch, struct nl_msg *msg)
{
	struct nlmsghdr *head = nlmsg_hdr(msg);
	size_t len = NLMSG_ALIGN(head->nlmsg_len);
	char *own = batch->buffer;
	int err = 0;

	if (batch->used + len > BATCH_SIZE || batch->waiting == BATCH_COUNT)
		err = explain_batch_flush(batch);
	if (err)
		return err;
	nl_complete_msg(batch->nl->sock, msg);
	if (!batch->waiting)
		batch->first = head->nlmsg_seq;
	batch->waiting++;
	if (len <= BATCH_SIZE) {
		memcpy(batch->buffer + batch->used, head, head->nlmsg_len);
		batch->used += len;
		return 0;
	}
	batch->buffer = (char *)head;
	batch->used = head->nlmsg_len;
	err = explain_batch_flush(batch);
	batch->buffer = own;
	return err;
}

/**
 * explain_batch_add() - asks about one packet more
 * @batch: the batch
 * @question: the packet; it may be forgotten afterwards
 *
 * Return: as explain_batch_flush(), or ENOMEM.
 */
int explain_batch_add(struct explain_batch *batch,
		      const struct explain_question *question)
{
	struct nl_msg *msg = explain_request(batch->nl, question, NULL, 0, -1,
					     0);
	int err;

	if (!msg)
		return -ENOMEM;
	err = add(batch, msg);
	nlmsg_free(msg);
	return err;
}
