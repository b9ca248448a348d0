// SPDX-License-Identifier: GPL-2.0-only
/*
 * IPVS's synchronisation protocol.
 *
 * A datagram has a header and connections; all numbers in network order unless
 * said otherwise.
 *
 *	version 1, read and written
 *
 *	header	0	0; what version 0 has as a count, so that it reads none
 *		1	group of directors
 *		2	length of the datagram, 16 bits
 *		4	number of connections
 *		5	version
 *		6	0, 16 bits
 *	each	0	bit 0: IPv6
 *		1	protocol
 *		2	version of the connection's format, 0, 4 bits
 *			and length, 12 bits, without what fills up to 4 bytes
 *		4	flags, 32 bits
 *		8	state, client's, virtual and server's port, 16 bits each
 *		16	firewall mark, timeout in seconds, 32 bits each
 *		24	client's, virtual and server's address
 *			and parameters: type, length, value
 *
 *	version 0, read only
 *
 *	header	0	number of connections
 *		1	group of directors
 *		2	length of the datagram, 16 bits
 *	each	0	unused
 *		1	protocol
 *		2	client's, virtual and server's port, 16 bits each
 *		8	client's, virtual and server's address, IPv4
 *		20	flags, state, 16 bits each
 *		24	if the flags say so, shifts of sequence numbers, in the
 *			sender's order of bytes
 *
 * Parameters with bit 6 in their type may be left alone by those who do not know
 * them; opvs has three of its own of that kind.  A datagram of version 1 without
 * connections is nothing to ip_vs: what directors say to each other besides comes
 * as parameters behind the header of such a one.
 */
#include "wire.h"

#include <opvs/compat.h>
#include <opvs/kunit.h>
#include <opvs/pe.h>

#include <linux/align.h>
#include <linux/errno.h>
#include <linux/ip_vs.h>
#include <linux/minmax.h>
#include <linux/string.h>

#define V0_HEADER	4
#define V0_CONN		24
#define V1_HEADER	8
#define V1_CONN4	36
#define V1_CONN6	72
#define SEQ_BYTES	24
#define WORD_BYTES	5	/* a word and its number */
#define V0_TEMPLATE	180	/* seconds of a template whose timeout is not told */

#define LEN_MASK	0xfff
#define FORMAT_SHIFT	12

#define TYPE_IPV6	BIT(0)

/* Parameters. */
#define PARAM_MAY_IGNORE	BIT(6)
#define PARAM_SEQ		1
#define PARAM_KEY		2
#define PARAM_ENGINE		3
#define PARAM_OWN		(PARAM_MAY_IGNORE | 8)
#define PARAM_WORD		(PARAM_MAY_IGNORE | 9)

/* The longest connection there can be, with what fills it up, and a seal. */
#define V1_CONN_MAX	(V1_CONN6 + 2 + SEQ_BYTES + 2 + OPVS_PE_KEY_MAX + \
			 2 + OPVS_SYNC_PE_NAME_MAX + 3 + 3)

static_assert(V1_HEADER + V1_CONN_MAX + OPVS_SYNC_SEAL_LEN + 3 <=
	      OPVS_SYNC_LEN_MIN);

/**
 * opvs_sync_open() - begin to read a datagram
 * @msg: result
 * @data: its bytes
 * @len: how many there are
 *
 * Context: any.
 * Return: 0; -EBADMSG when it is none of this protocol, or was cut.
 */
int opvs_sync_open(struct opvs_sync_message *msg, u8 *data, unsigned int len)
{
	if (len < V0_HEADER || get_unaligned_be16(data + 2) != len)
		return -EBADMSG;
	*msg = (struct opvs_sync_message){
		.data	= data,
		.len	= len,
		.at	= V0_HEADER,
		.last	= V0_HEADER,
		.left	= data[0],
		.syncid	= data[1],
	};
	if (len >= V1_HEADER && !data[0] && data[5] == 1 && !data[6] &&
	    !data[7]) {
		msg->version = 1;
		msg->at = V1_HEADER;
		msg->last = V1_HEADER;
		msg->left = data[4];
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sync_open);

static void read_seq(struct opvs_seq *seq, const u8 *p, bool network)
{
	u32 *to[] = {
		&seq[0].init_seq, (u32 *)&seq[0].delta,
		(u32 *)&seq[0].previous_delta,
		&seq[1].init_seq, (u32 *)&seq[1].delta,
		(u32 *)&seq[1].previous_delta,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(to); i++, p += 4)
		*to[i] = network ? get_unaligned_be32(p) :
				   get_unaligned((const u32 *)p);
}

static int read_v0(struct opvs_sync_message *msg, struct opvs_sync_entry *e)
{
	const u8 *p = msg->data + msg->at;

	if (msg->len - msg->at < V0_CONN)
		return -EBADMSG;
	*e = (struct opvs_sync_entry){
		.family	= NFPROTO_IPV4,
		.old	= true,
		.proto	= p[1],
		.flags	= get_unaligned_be16(p + 20),
		.state	= get_unaligned_be16(p + 22),
	};
	memcpy(&e->cport, p + 2, 2);
	memcpy(&e->vport, p + 4, 2);
	memcpy(&e->dport, p + 6, 2);
	memcpy(&e->caddr.ip, p + 8, 4);
	memcpy(&e->vaddr.ip, p + 12, 4);
	memcpy(&e->daddr.ip, p + 16, 4);
	if (e->flags & IP_VS_CONN_F_TEMPLATE)
		e->seconds = V0_TEMPLATE;
	msg->at += V0_CONN;
	if (!(e->flags & IP_VS_CONN_F_SEQ_MASK))
		return 1;
	if (msg->len - msg->at < SEQ_BYTES)
		return -EBADMSG;
	read_seq(e->seq, msg->data + msg->at, false);
	msg->at += SEQ_BYTES;
	return 1;
}

static int read_param(struct opvs_sync_entry *e, u8 type, const u8 *p, u8 len)
{
	switch (type & ~PARAM_MAY_IGNORE) {
	case PARAM_SEQ:
		if (len != SEQ_BYTES)
			return -EBADMSG;
		read_seq(e->seq, p, true);
		return 0;
	case PARAM_KEY:
		if (!len)
			return -EBADMSG;
		e->key = p;
		e->key_len = len;
		return 0;
	case PARAM_ENGINE:
		if (!len || len > OPVS_SYNC_PE_NAME_MAX)
			return -EBADMSG;
		memcpy(e->pe_name, p, len);
		return 0;
	case PARAM_OWN & ~PARAM_MAY_IGNORE:
		if (len == 1)
			e->own = *p;
		return 0;
	default:
		return type & PARAM_MAY_IGNORE ? 0 : -EBADMSG;
	}
}

static int read_params(struct opvs_sync_entry *e, const u8 *p, const u8 *end)
{
	int err;

	while (p < end) {
		if (end - p < 2 || end - p < 2 + p[1])
			return -EBADMSG;
		err = read_param(e, p[0], p + 2, p[1]);
		if (err)
			return err;
		p += 2 + p[1];
	}
	/* A key is one engine's. */
	return !e->key == !e->pe_name[0] ? 0 : -EBADMSG;
}

/* Length of the connection at some place of a datagram, 0: there is none. */
static unsigned int conn_len(const struct opvs_sync_message *msg,
			     unsigned int at)
{
	const u8 *p = msg->data + at;
	unsigned int len, least = V1_CONN4;

	if (msg->len < at + 4)
		return 0;
	len = get_unaligned_be16(p + 2);
	if (len >> FORMAT_SHIFT)
		return 0;
	if (p[0] & TYPE_IPV6)
		least = V1_CONN6;
	return len < least || len > msg->len - at ? 0 : len;
}

static int read_v1(struct opvs_sync_message *msg, struct opvs_sync_entry *e)
{
	unsigned int len = conn_len(msg, msg->at);
	const u8 *p = msg->data + msg->at;
	unsigned int addr;

	if (!len)
		return -EBADMSG;
	*e = (struct opvs_sync_entry){
		.family	 = p[0] & TYPE_IPV6 ? NFPROTO_IPV6 : NFPROTO_IPV4,
		.proto	 = p[1],
		.flags	 = get_unaligned_be32(p + 4),
		.state	 = get_unaligned_be16(p + 8),
		.mark	 = get_unaligned_be32(p + 16),
		.seconds = get_unaligned_be32(p + 20),
	};
	addr = e->family == NFPROTO_IPV6 ? 16 : 4;
	memcpy(&e->cport, p + 10, 2);
	memcpy(&e->vport, p + 12, 2);
	memcpy(&e->dport, p + 14, 2);
	memcpy(&e->caddr, p + 24, addr);
	memcpy(&e->vaddr, p + 24 + addr, addr);
	memcpy(&e->daddr, p + 24 + 2 * addr, addr);
	msg->last = msg->at;
	msg->at = min(msg->len, msg->at + ALIGN(len, 4));
	return read_params(e, p + 24 + 3 * addr, p + len) ?: 1;
}

/**
 * opvs_sync_read() - read the next connection
 * @msg: datagram
 * @entry: result
 *
 * Whether it makes sense is for others to judge: any number may be in it.
 *
 * Context: any.
 * Return: 1, 0 when there are no more, -EBADMSG when nothing can be read from
 * here on.
 */
int opvs_sync_read(struct opvs_sync_message *msg,
		   struct opvs_sync_entry *entry)
{
	if (!msg->left)
		return 0;
	msg->left--;
	return msg->version ? read_v1(msg, entry) : read_v0(msg, entry);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sync_read);

/**
 * opvs_sync_read_word() - what a datagram without connections says
 * @msg: datagram that was opened
 * @number: result, if not NULL: what goes with the word, 0 if nothing does
 *
 * Context: any.
 * Return: the word; OPVS_SYNC_NOTHING if it has connections, or says nothing
 * that is known.
 */
enum opvs_sync_word opvs_sync_read_word(const struct opvs_sync_message *msg,
					u32 *number)
{
	const u8 *p = msg->data + V1_HEADER;

	if (!msg->version || msg->left || msg->len < V1_HEADER + 3 ||
	    p[0] != PARAM_WORD || !p[1] || msg->len < V1_HEADER + 2 + p[1] ||
	    p[2] >= OPVS_SYNC_WORDS)
		return OPVS_SYNC_NOTHING;
	if (number)
		*number = p[1] == WORD_BYTES ? get_unaligned_be32(p + 3) : 0;
	return p[2];
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sync_read_word);

static void put_header(struct opvs_sync_message *msg)
{
	put_unaligned_be16(msg->len, msg->data + 2);
	msg->data[4] = msg->left;
}

/**
 * opvs_sync_begin() - begin to write a datagram of version 1
 * @msg: result
 * @data: where
 * @room: how long it may become; OPVS_SYNC_LEN_MIN at least
 * @syncid: group of directors
 *
 * Context: any.
 */
void opvs_sync_begin(struct opvs_sync_message *msg, u8 *data,
		     unsigned int room, u8 syncid)
{
	*msg = (struct opvs_sync_message){
		.data		= data,
		.len		= V1_HEADER,
		.room		= room,
		.at		= V1_HEADER,
		.last		= V1_HEADER,
		.version	= 1,
		.syncid		= syncid,
	};
	memset(data, 0, V1_HEADER);
	data[1] = syncid;
	data[5] = 1;
	put_header(msg);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sync_begin);

static u8 *put_param(u8 *p, u8 type, const void *value, u8 len)
{
	p[0] = type;
	p[1] = len;
	memcpy(p + 2, value, len);
	return p + 2 + len;
}

static u8 *put_seq(u8 *p, const struct opvs_seq *seq)
{
	int i;

	p[0] = PARAM_SEQ;
	p[1] = SEQ_BYTES;
	p += 2;
	for (i = 0; i < 2; i++, p += SEQ_BYTES / 2) {
		put_unaligned_be32(seq[i].init_seq, p);
		put_unaligned_be32(seq[i].delta, p + 4);
		put_unaligned_be32(seq[i].previous_delta, p + 8);
	}
	return p;
}

static unsigned int written_len(const struct opvs_sync_entry *e)
{
	unsigned int len = e->family == NFPROTO_IPV6 ? V1_CONN6 : V1_CONN4;

	if (e->flags & IP_VS_CONN_F_SEQ_MASK)
		len += 2 + SEQ_BYTES;
	if (e->key)
		len += 2 + e->key_len + 2 + strlen(e->pe_name);
	if (e->own)
		len += 3;
	return len;
}

static u8 *put_params(u8 *p, const struct opvs_sync_entry *e)
{
	if (e->flags & IP_VS_CONN_F_SEQ_MASK)
		p = put_seq(p, e->seq);
	if (e->key) {
		p = put_param(p, PARAM_KEY, e->key, e->key_len);
		p = put_param(p, PARAM_ENGINE, e->pe_name, strlen(e->pe_name));
	}
	return e->own ? put_param(p, PARAM_OWN, &e->own, 1) : p;
}

/**
 * opvs_sync_write() - add a connection to a datagram
 * @msg: datagram that was begun
 * @entry: connection
 *
 * Leaves room for a seal.
 *
 * Context: any.
 * Return: false when there is no room; never of the first one.
 */
bool opvs_sync_write(struct opvs_sync_message *msg,
		     const struct opvs_sync_entry *entry)
{
	unsigned int addr = entry->family == NFPROTO_IPV6 ? 16 : 4;
	unsigned int len = written_len(entry);
	u8 *p = msg->data + msg->len, *end;

	if (msg->left == U8_MAX ||
	    msg->len + ALIGN(len, 4) + ALIGN(OPVS_SYNC_SEAL_LEN, 4) > msg->room)
		return false;
	p[0] = entry->family == NFPROTO_IPV6 ? TYPE_IPV6 : 0;
	p[1] = entry->proto;
	put_unaligned_be16(len, p + 2);
	put_unaligned_be32(entry->flags, p + 4);
	put_unaligned_be16(entry->state, p + 8);
	memcpy(p + 10, &entry->cport, 2);
	memcpy(p + 12, &entry->vport, 2);
	memcpy(p + 14, &entry->dport, 2);
	put_unaligned_be32(entry->mark, p + 16);
	put_unaligned_be32(entry->seconds, p + 20);
	memcpy(p + 24, &entry->caddr, addr);
	memcpy(p + 24 + addr, &entry->vaddr, addr);
	memcpy(p + 24 + 2 * addr, &entry->daddr, addr);
	end = put_params(p + 24 + 3 * addr, entry);
	memset(end, 0, p + ALIGN(len, 4) - end);
	msg->last = msg->len;
	msg->len += ALIGN(len, 4);
	msg->left++;
	put_header(msg);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sync_write);

/**
 * opvs_sync_write_word() - have a datagram without connections say something
 * @msg: datagram that was begun, and has none
 * @word: what
 * @number: what goes with it
 *
 * Context: any.
 */
void opvs_sync_write_word(struct opvs_sync_message *msg,
			  enum opvs_sync_word word, u32 number)
{
	u8 value[WORD_BYTES] = { word };

	put_unaligned_be32(number, value + 1);
	msg->len = put_param(msg->data + msg->len, PARAM_WORD, value,
			     sizeof(value)) - msg->data;
	put_header(msg);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sync_write_word);

/**
 * opvs_sync_tail() - where the last parameter of a datagram ends
 * @msg: datagram of version 1, opened or written
 *
 * Context: any.
 * Return: bytes in front of it; 0 if the datagram is malformed.
 */
unsigned int opvs_sync_tail(const struct opvs_sync_message *msg)
{
	unsigned int at = V1_HEADER, n, len = 0;

	if (!msg->data[4])
		return msg->len;
	for (n = msg->data[4]; n; n--) {
		len = conn_len(msg, at);
		if (!len)
			return 0;
		if (n > 1)
			at += ALIGN(len, 4);
		if (at > msg->len)
			return 0;
	}
	return at + len;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_sync_tail);

/**
 * opvs_sync_grow() - make the last parameters of a datagram longer
 * @msg: datagram that was written, with room
 * @bytes: by how many, put behind opvs_sync_tail() already
 *
 * Context: any.
 */
void opvs_sync_grow(struct opvs_sync_message *msg, unsigned int bytes)
{
	unsigned int tail = opvs_sync_tail(msg) + bytes;
	u8 *p = msg->data + msg->last;

	if (!msg->left) {
		msg->len = tail;
	} else {
		put_unaligned_be16(tail - msg->last, p + 2);
		msg->len = msg->last + ALIGN(tail - msg->last, 4);
		memset(msg->data + tail, 0, msg->len - tail);
	}
	put_header(msg);
}
