/* SPDX-License-Identifier: GPL-2.0-only */
/* Protocols whose packets name addresses and ports: FTP. */
#ifndef OPVS_APP_H
#define OPVS_APP_H

#include <linux/in.h>
#include <linux/kconfig.h>
#include <linux/netfilter.h>
#include <linux/types.h>

#include <opvs/dest.h>
#include <opvs/expect.h>
#include <opvs/ops.h>
#include <opvs/proto.h>
#include <opvs/types.h>

struct sk_buff;

/* Longest text that a name is replaced by: 255,255,255,255,255,255. */
#define OPVS_APP_NAME_MAX	24

/**
 * struct opvs_app_name - where a line says that a connection is to come to
 * @at: bytes of the line in front of the text that is to be replaced
 * @len: length of that text
 * @port: the port that it names
 * @family: NFPROTO_* of @addr; 0: it names a port only
 * @addr: the address that it names
 */
struct opvs_app_name {
	unsigned int		at;
	unsigned int		len;
	__be16			port;
	u8			family;
	union nf_inet_addr	addr;
};

/* app.c: softirq or BH disabled, RCU read side */
u8 opvs_app_port_nth(__be16 port);
__be16 opvs_app_nth_port(unsigned int nth);
opvs_verdict_t opvs_app_request(struct sk_buff *skb,
				const struct opvs_flow *flow,
				struct opvs_conn *cp);
opvs_verdict_t opvs_app_reply(struct sk_buff *skb,
			      const struct opvs_flow *flow,
			      struct opvs_conn *cp);

/**
 * opvs_app_find() - will a connection tell of others?
 * @flow: its first packet
 * @dest: its server
 *
 * Context: any.
 * Return: for &struct opvs_conn_start.
 */
static inline u8 opvs_app_find(const struct opvs_flow *flow,
			       const struct opvs_dest *dest)
{
	if (flow->proto != IPPROTO_TCP || !READ_ONCE(dest->xmit)->rewrites)
		return 0;
	return opvs_app_port_nth(flow->dport);
}

/* ftp.c: lines; any context */
bool opvs_ftp_read(enum opvs_dir dir, const u8 *line, unsigned int len,
		   struct opvs_app_name *name);
unsigned int opvs_ftp_write(const struct opvs_app_name *name,
			    const union nf_inet_addr *addr, __be16 port,
			    char *text);

/* seq.c: numbers; any context */
u32 opvs_seq_forth(const struct opvs_seq *s, u32 seq);
u32 opvs_seq_back(const struct opvs_seq *s, u32 seq);
bool opvs_seq_may_change(const struct opvs_seq *s, u32 acked);
void opvs_seq_change(struct opvs_seq *s, u32 at, int diff);
int opvs_stream_lines(const struct opvs_stream *stream, u32 seq,
		      const u8 *data, unsigned int len);
void opvs_stream_read(struct opvs_stream *stream, u32 seq, unsigned int len,
		      bool in_line);

/**
 * struct opvs_segment - a TCP packet that may be changed
 * @skb: packet; linear and writable
 * @flow: its flow
 * @data: offset of its payload from skb->data
 * @len: bytes of payload
 * @seq: its sequence number, as the sender counts
 * @ack: what it acknowledges, as its sender counts; with @acks
 * @acks: it acknowledges something
 * @changed: its checksum is to be made anew
 */
struct opvs_segment {
	struct sk_buff		*skb;
	const struct opvs_flow	*flow;
	unsigned int		data;
	unsigned int		len;
	u32			seq;
	u32			ack;
	bool			acks;
	bool			changed;
};

/* segment.c: packets; any context */
int opvs_segment_open(struct opvs_segment *seg, struct sk_buff *skb,
		      const struct opvs_flow *flow);
void opvs_segment_move(struct opvs_segment *seg, u32 seq,
		       const struct opvs_seq *acked);
int opvs_segment_replace(struct opvs_segment *seg, unsigned int at,
			 unsigned int len, const char *text,
			 unsigned int text_len);
void opvs_segment_close(struct opvs_segment *seg);

#endif /* OPVS_APP_H */
