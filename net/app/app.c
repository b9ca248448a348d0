// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control connections: those of FTP to NAT servers.
 *
 * Their lines are read, and where one names an address and port that a connection
 * is to come to, that connection is expected (net/conn/expect.c).  What a server
 * says of itself is rewritten for the client, who knows the virtual address only.
 * That may make the line longer or shorter, and from there on sequence numbers
 * differ between the two ends (seq.c).
 *
 * A line is read if it is whole in its packet; FTP's ends send line by line.  Any
 * other goes on as it is.  At most one line of a packet is rewritten, and none
 * before the client has got what was rewritten last: so that a packet that comes
 * again, because it or what acknowledged it was lost, can become the same again.
 */
#include <opvs/app.h>

#include <opvs/conn.h>
#include <opvs/dest.h>
#include <opvs/kunit.h>
#include <opvs/netns.h>
#include <opvs/nfct.h>

#include <linux/ip_vs.h>
#include <linux/moduleparam.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <net/tcp.h>

static ushort ftp_ports[OPVS_CONTROL_PORTS] = { 21 };
static unsigned int num_ftp_ports = 1;
module_param_array(ftp_ports, ushort, &num_ftp_ports, 0444);
MODULE_PARM_DESC(ftp_ports,
		 "virtual ports of FTP, up to 8 (default: 21; 0: none)");
/* Where opvs is loaded in place of ip_vs_ftp, that module's parameters reach it. */
module_param_array_named(ports, ftp_ports, ushort, &num_ftp_ports, 0444);
MODULE_PARM_DESC(ports, "the same, by its name in ip_vs_ftp");

/**
 * opvs_app_port_nth() - is a port one of FTP?
 * @port: virtual port of a TCP connection
 *
 * Context: any.
 * Return: 0 if it is not; 1 for the first port, 2 for the second one.
 */
u8 opvs_app_port_nth(__be16 port)
{
	unsigned int i;

	for (i = 0; i < num_ftp_ports; i++)
		if (port && ntohs(port) == ftp_ports[i])
			return i + 1;
	return 0;
}

/**
 * opvs_app_nth_port() - a port of FTP
 * @nth: from 0
 *
 * Context: any.
 * Return: the port; 0 if there are no more, or none at all.
 */
__be16 opvs_app_nth_port(unsigned int nth)
{
	return nth < num_ftp_ports ? htons(ftp_ports[nth]) : 0;
}

static bool is_addr(const struct opvs_app_name *name,
		    const union nf_inet_addr *addr, u8 family)
{
	return name->family == family && nf_inet_addr_cmp(&name->addr, addr);
}

/* A client is reached where it is: to name another host is to have the server
 * attack that (RFC 2577).  A server may have been told its virtual address.
 */
static bool may_expect(const struct opvs_conn *cp, enum opvs_dir dir,
		       const struct opvs_app_name *name)
{
	const struct opvs_tuple *request = &cp->request.tuple;
	u8 family = request->family;

	if (ntohs(name->port) < OPVS_EXPECT_PORT_MIN)
		return false;
	if (dir == OPVS_DIR_REQUEST)
		return is_addr(name, &request->src, family);
	return !name->family || is_addr(name, &request->dst, family) ||
	       is_addr(name, &cp->reply.tuple.src, family);
}

/* Tells the client of the virtual address.  Shifts are noted only if the text is
 * rewritten for the first time.
 */
static int rewrite(struct opvs_conn *cp, struct opvs_segment *seg,
		   unsigned int line, const struct opvs_app_name *name,
		   __be16 vport, bool first)
{
	const union nf_inet_addr *vaddr = &cp->request.tuple.dst;
	struct opvs_stream *stream = &cp->app->stream[OPVS_DIR_REPLY];
	struct opvs_seq *moved = &cp->app->seq[OPVS_DIR_REPLY];
	char text[OPVS_APP_NAME_MAX];
	unsigned int len;

	len = opvs_ftp_write(name, vaddr, vport, text);
	if (len == name->len &&
	    !memcmp(seg->skb->data + seg->data + line + name->at, text, len))
		return 0;
	if (opvs_segment_replace(seg, line + name->at, name->len, text, len))
		return -ENOMEM;
	opvs_count(cp->on, FTP_REWRITTEN);
	if (!first || len == name->len)
		return 0;
	stream->acked = opvs_seq_forth(moved, seg->seq + line);
	opvs_seq_change(moved, seg->seq + line, (int)len - (int)name->len);
	if (cp->flags & IP_VS_CONN_F_NFCT)
		opvs_nfct_be_liberal(seg->skb);
	return 0;
}

static void note_expected(const struct opvs_conn *cp,
			  const struct opvs_segment *seg)
{
	opvs_count(cp->on, EXPECT_CREATED);
	if (cp->flags & IP_VS_CONN_F_NFCT)
		opvs_nfct_expect(seg->skb, cp->app->expect, OPVS_EXPECT_TIME);
}

/* A server tells where it waits.  If it does so again, in the same words, the
 * client may be there already: nothing new is expected then.
 */
static int note_server(struct opvs_conn *cp, struct opvs_segment *seg,
		       unsigned int line, const struct opvs_app_name *name)
{
	struct opvs_control *control = cp->app;
	struct opvs_said *said = &control->said;
	u32 at = seg->seq + line;
	__be16 vport;
	int err;

	if (said->any && said->at == at && said->port == name->port)
		return rewrite(cp, seg, line, name, said->vport, false);
	if (!opvs_seq_may_change(&control->seq[OPVS_DIR_REPLY],
				 control->stream[OPVS_DIR_REPLY].acked) ||
	    opvs_expect_request(cp, name->port, &vport)) {
		opvs_count(cp->on, EXPECT_REFUSED);
		return 0;
	}
	note_expected(cp, seg);
	err = rewrite(cp, seg, line, name, vport, true);
	if (!err)
		*said = (struct opvs_said){ true, at, name->port, vport };
	return err;
}

static void note_client(struct opvs_conn *cp, const struct opvs_segment *seg,
			const struct opvs_app_name *name)
{
	if (opvs_expect_reply(cp, name->port))
		opvs_count(cp->on, EXPECT_REFUSED);
	else
		note_expected(cp, seg);
}

static int note_line(struct opvs_conn *cp, enum opvs_dir dir,
		     struct opvs_segment *seg, unsigned int line,
		     const struct opvs_app_name *name)
{
	if (!may_expect(cp, dir, name)) {
		opvs_count(cp->on, EXPECT_REFUSED);
		return 0;
	}
	if (dir == OPVS_DIR_REPLY)
		return note_server(cp, seg, line, name);
	note_client(cp, seg, name);
	return 0;
}

/* Where reading begins: at what is new, or at the line that was rewritten, if the
 * packet has that once more.
 */
static int first_line(const struct opvs_control *control, enum opvs_dir dir,
		      const struct opvs_segment *seg, const u8 *data)
{
	const struct opvs_said *said = &control->said;

	if (dir == OPVS_DIR_REPLY && said->any &&
	    !before(said->at, seg->seq) && before(said->at, seg->seq + seg->len))
		return said->at - seg->seq;
	return opvs_stream_lines(&control->stream[dir], seg->seq, data,
				 seg->len);
}

/* Looks for a line that names something; the first one is the only one. */
static int read_lines(struct opvs_conn *cp, enum opvs_dir dir,
		      struct opvs_segment *seg)
{
	struct opvs_control *control = cp->app;
	const u8 *data = seg->skb->data + seg->data, *end;
	const unsigned int len = seg->len;
	const bool in_line = data[len - 1] != '\n';
	struct opvs_app_name name;
	int err = 0, at;

	at = first_line(control, dir, seg, data);
	while (at >= 0 && at < len) {
		end = memchr(data + at, '\n', len - at);
		if (!end)
			break;
		if (opvs_ftp_read(dir, data + at, end - data - at, &name)) {
			err = note_line(cp, dir, seg, at, &name);
			break;
		}
		at = end + 1 - data;
	}
	/* If it is dropped, it comes again. */
	if (!err)
		opvs_stream_read(&control->stream[dir], seg->seq, len, in_line);
	return err;
}

/* What the packet's sender has got, in the numbers of who sent that. */
static void note_ack(struct opvs_control *control, enum opvs_dir dir,
		     const struct opvs_segment *seg)
{
	struct opvs_stream *answered = &control->stream[!dir];
	u32 sent = opvs_seq_forth(&control->seq[!dir], answered->next);

	/* What nobody sent cannot have come. */
	if (seg->acks && after(seg->ack, answered->acked) &&
	    !after(seg->ack, sent))
		answered->acked = seg->ack;
}

static int app_packet(struct opvs_conn *cp, struct sk_buff *skb,
		      const struct opvs_flow *flow, enum opvs_dir dir)
{
	struct opvs_control *control = cp->app;
	struct opvs_segment seg;
	int err;
	u32 seq;

	err = opvs_segment_open(&seg, skb, flow);
	/* Nobody will have what is damaged: it does no harm. */
	if (err)
		return err == -ENOMEM ? err : 0;
	spin_lock(&control->lock);
	note_ack(control, dir, &seg);
	/* Before the numbers behind it move. */
	seq = opvs_seq_forth(&control->seq[dir], seg.seq);
	if (seg.len)
		err = read_lines(cp, dir, &seg);
	opvs_segment_move(&seg, seq, &control->seq[!dir]);
	spin_unlock(&control->lock);
	opvs_segment_close(&seg);
	return err;
}

/**
 * opvs_app_request() - read what a client says, and have it understood
 * @skb: packet of a control connection's client, before it is rewritten
 * @cp: control connection
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: OPVS_GO_ON, or the reason to drop.
 */
opvs_verdict_t opvs_app_request(struct sk_buff *skb,
				const struct opvs_flow *flow,
				struct opvs_conn *cp)
{
	if (unlikely(app_packet(cp, skb, flow, OPVS_DIR_REQUEST)))
		return OPVS_VERDICT(DROP_NO_MEMORY);
	return OPVS_GO_ON;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_app_request);

/**
 * opvs_app_reply() - read what a server says, and have it understood
 * @skb: packet of a control connection's server, before it is rewritten
 * @cp: control connection
 *
 * Context: softirq or BH disabled, RCU read side.
 * Return: OPVS_GO_ON, or the reason to drop.
 */
opvs_verdict_t opvs_app_reply(struct sk_buff *skb,
			      const struct opvs_flow *flow,
			      struct opvs_conn *cp)
{
	if (unlikely(app_packet(cp, skb, flow, OPVS_DIR_REPLY)))
		return OPVS_VERDICT(REPLY_DROP_NO_MEMORY);
	return OPVS_GO_ON;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_app_reply);
