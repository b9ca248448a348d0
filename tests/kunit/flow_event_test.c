// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests of header parsing: what a packet means to the state of its
 * connection, told by TCP's flags and by SCTP's first chunks.
 */
#include <opvs/flow.h>

#include <opvs/kunit.h>
#include <opvs/proto.h>

#include <kunit/test.h>

#include <linux/in.h>
#include <linux/module.h>
#include <linux/sctp.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <linux/tcp.h>

#include "packet.h"

#define SPORT	40000
#define DPORT	80

#define FIN	0x01
#define SYN	0x02
#define RST	0x04
#define PSH	0x08
#define ACK	0x10
#define URG	0x20
#define ECE	0x40
#define CWR	0x80

/**
 * struct event_case - a transport header and what it must be taken for
 * @name: as the report shows it
 * @packet: protocol, flags, chunk
 * @more: the rest of the first chunk and what is behind it
 * @more_len: bytes of @more
 * @at: a byte behind the start of the header that is set to @byte; 0: none
 * @byte: to this
 * @chop: bytes that are missing at the end
 * @event: of the flow
 * @err: result for a packet that is not quoted
 */
struct event_case {
	const char		*name;
	struct opvs_test_packet	packet;
	u8			more[24];
	u8			more_len;
	u8			at;
	u8			byte;
	u8			chop;
	u8			event;
	int			err;
};

#define FLAGS(bits)	.packet = { .proto = IPPROTO_TCP, .tcp_flags = (bits) }
#define DOFF(words)	.at = 12, .byte = (words) << 4
/* A chunk's type, and the length that it claims unless that is 0. */
#define CHUNK(type, len) \
	.packet = { .proto = IPPROTO_SCTP, .chunk = (type), .chunk_len = (len) }
#define THEN(...) \
	.more_len = sizeof((u8 []){ __VA_ARGS__ }), .more = { __VA_ARGS__ }

static const struct event_case event_cases[] = {
	{ "tcp syn", FLAGS(SYN), .event = OPVS_TCP_SYN },
	{ "tcp syn, ack", FLAGS(SYN | ACK), .event = OPVS_TCP_SYN },
	{ "tcp syn, ece, cwr", FLAGS(SYN | ECE | CWR), .event = OPVS_TCP_SYN },
	{ "tcp syn, fin", FLAGS(SYN | FIN), .event = OPVS_TCP_SYN },
	{ "tcp fin", FLAGS(FIN), .event = OPVS_TCP_FIN },
	{ "tcp fin, ack", FLAGS(FIN | ACK), .event = OPVS_TCP_FIN },
	{ "tcp fin, psh, ack", FLAGS(FIN | PSH | ACK), .event = OPVS_TCP_FIN },
	{ "tcp ack", FLAGS(ACK), .event = OPVS_TCP_ACK },
	{ "tcp psh, ack", FLAGS(PSH | ACK), .event = OPVS_TCP_ACK },
	{ "tcp urg, ack, ece", FLAGS(URG | ACK | ECE), .event = OPVS_TCP_ACK },
	{ "tcp rst", FLAGS(RST), .event = OPVS_TCP_RST },
	{ "tcp rst, ack", FLAGS(RST | ACK), .event = OPVS_TCP_RST },
	{ "tcp rst, syn", FLAGS(RST | SYN), .event = OPVS_TCP_RST },
	{ "tcp rst, fin", FLAGS(RST | FIN), .event = OPVS_TCP_RST },
	{ "tcp all flags", FLAGS(0xff), .event = OPVS_TCP_RST },
	{ "tcp no flag", FLAGS(0), .event = OPVS_TCP_OTHER },
	{ "tcp psh, urg", FLAGS(PSH | URG), .event = OPVS_TCP_OTHER },
	{ "tcp ece, cwr", FLAGS(ECE | CWR), .event = OPVS_TCP_OTHER },

	{ "tcp data offset 0", FLAGS(SYN), DOFF(0),
	  .event = OPVS_TCP_OTHER, .err = -EINVAL },
	{ "tcp data offset 4", FLAGS(SYN), DOFF(4),
	  .event = OPVS_TCP_OTHER, .err = -EINVAL },
	{ "tcp data offset behind the packet", FLAGS(SYN), DOFF(6),
	  .event = OPVS_TCP_OTHER, .err = -EINVAL },
	{ "tcp data offset 15 behind the packet", FLAGS(SYN), DOFF(15),
	  .event = OPVS_TCP_OTHER, .err = -EINVAL },
	{ "tcp without its last byte", FLAGS(SYN), .chop = 1,
	  .event = OPVS_TCP_OTHER, .err = -EINVAL },
	{ "tcp without its flags", FLAGS(SYN), .chop = 7,
	  .event = OPVS_TCP_OTHER, .err = -EINVAL },
	{ "tcp, 8 bytes", FLAGS(SYN), .chop = 12,
	  .event = OPVS_TCP_OTHER, .err = -EINVAL },
	{ "tcp, ports only", FLAGS(SYN), .chop = 16,
	  .event = OPVS_TCP_OTHER, .err = -EINVAL },

	{ "sctp data", CHUNK(SCTP_CID_DATA, 0), .event = OPVS_SCTP_DATA },
	{ "sctp init", CHUNK(SCTP_CID_INIT, 0), .event = OPVS_SCTP_INIT },
	{ "sctp init-ack", CHUNK(SCTP_CID_INIT_ACK, 0),
	  .event = OPVS_SCTP_INIT_ACK },
	{ "sctp sack", CHUNK(SCTP_CID_SACK, 0), .event = OPVS_SCTP_DATA },
	{ "sctp heartbeat", CHUNK(SCTP_CID_HEARTBEAT, 0),
	  .event = OPVS_SCTP_DATA },
	{ "sctp heartbeat-ack", CHUNK(SCTP_CID_HEARTBEAT_ACK, 0),
	  .event = OPVS_SCTP_DATA },
	{ "sctp abort", CHUNK(SCTP_CID_ABORT, 0), .event = OPVS_SCTP_ABORT },
	{ "sctp shutdown", CHUNK(SCTP_CID_SHUTDOWN, 0),
	  .event = OPVS_SCTP_SHUTDOWN },
	{ "sctp shutdown-ack", CHUNK(SCTP_CID_SHUTDOWN_ACK, 0),
	  .event = OPVS_SCTP_SHUTDOWN_ACK },
	{ "sctp error", CHUNK(SCTP_CID_ERROR, 0), .event = OPVS_SCTP_ERROR },
	{ "sctp cookie-echo", CHUNK(SCTP_CID_COOKIE_ECHO, 0),
	  .event = OPVS_SCTP_COOKIE_ECHO },
	{ "sctp cookie-ack", CHUNK(SCTP_CID_COOKIE_ACK, 0),
	  .event = OPVS_SCTP_COOKIE_ACK },
	{ "sctp ecne", CHUNK(SCTP_CID_ECN_ECNE, 0), .event = OPVS_SCTP_DATA },
	{ "sctp cwr", CHUNK(SCTP_CID_ECN_CWR, 0), .event = OPVS_SCTP_DATA },
	{ "sctp shutdown-complete", CHUNK(SCTP_CID_SHUTDOWN_COMPLETE, 0),
	  .event = OPVS_SCTP_SHUTDOWN_COMPLETE },
	{ "sctp auth", CHUNK(SCTP_CID_AUTH, 0), .event = OPVS_SCTP_DATA },
	{ "sctp i-data", CHUNK(SCTP_CID_I_DATA, 0), .event = OPVS_SCTP_DATA },
	{ "sctp asconf", CHUNK(SCTP_CID_ASCONF, 0), .event = OPVS_SCTP_DATA },
	{ "sctp chunk 255", CHUNK(255, 0), .event = OPVS_SCTP_DATA },

	{ "sctp cookie-ack, abort",
	  CHUNK(SCTP_CID_COOKIE_ACK, 4),
	  THEN(SCTP_CID_ABORT, 0, 0, 4), .event = OPVS_SCTP_ABORT },
	{ "sctp cookie-echo, abort",
	  CHUNK(SCTP_CID_COOKIE_ECHO, 8),
	  THEN(1, 2, 3, 4, SCTP_CID_ABORT, 0, 0, 4),
	  .event = OPVS_SCTP_ABORT },
	{ "sctp cookie-echo of 5 bytes, abort",
	  CHUNK(SCTP_CID_COOKIE_ECHO, 5),
	  THEN(1, 0, 0, 0, SCTP_CID_ABORT, 0, 0, 4),
	  .event = OPVS_SCTP_ABORT },
	{ "sctp cookie-echo, data",
	  CHUNK(SCTP_CID_COOKIE_ECHO, 8),
	  THEN(1, 2, 3, 4, SCTP_CID_DATA, 3, 0, 8),
	  .event = OPVS_SCTP_COOKIE_ECHO },
	{ "sctp cookie-ack, error, abort",
	  CHUNK(SCTP_CID_COOKIE_ACK, 4),
	  THEN(SCTP_CID_ERROR, 0, 0, 4, SCTP_CID_ABORT, 0, 0, 4),
	  .event = OPVS_SCTP_COOKIE_ACK },
	{ "sctp cookie-ack, abort cut off",
	  CHUNK(SCTP_CID_COOKIE_ACK, 4),
	  THEN(SCTP_CID_ABORT, 0, 0, 4), .chop = 1,
	  .event = OPVS_SCTP_COOKIE_ACK },
	{ "sctp cookie-echo longer than the packet",
	  CHUNK(SCTP_CID_COOKIE_ECHO, 65535),
	  THEN(SCTP_CID_ABORT, 0, 0, 4),
	  .event = OPVS_SCTP_COOKIE_ECHO },
	{ "sctp data, abort",
	  CHUNK(SCTP_CID_DATA, 4),
	  THEN(SCTP_CID_ABORT, 0, 0, 4), .event = OPVS_SCTP_DATA },

	{ "sctp chunk of length 0", CHUNK(SCTP_CID_INIT, 0), .at = 15,
	  .event = OPVS_SCTP_DATA, .err = -EINVAL },
	{ "sctp chunk of length 3", CHUNK(SCTP_CID_INIT, 3),
	  .event = OPVS_SCTP_DATA, .err = -EINVAL },
	{ "sctp cookie-ack of length 1, abort",
	  CHUNK(SCTP_CID_COOKIE_ACK, 1),
	  THEN(SCTP_CID_ABORT, 0, 0, 4),
	  .event = OPVS_SCTP_DATA, .err = -EINVAL },
	{ "sctp without its last byte", CHUNK(SCTP_CID_INIT, 0), .chop = 1,
	  .event = OPVS_SCTP_DATA, .err = -EINVAL },
	{ "sctp without a chunk", CHUNK(SCTP_CID_INIT, 0), .chop = 4,
	  .event = OPVS_SCTP_DATA, .err = -EINVAL },
	{ "sctp, 8 bytes", CHUNK(SCTP_CID_INIT, 0), .chop = 8,
	  .event = OPVS_SCTP_DATA, .err = -EINVAL },
};

static struct opvs_test_bytes packet, quoting;

static void event_case_name(const struct event_case *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(event, event_cases, event_case_name);

static void event_build(const struct event_case *row, u8 family)
{
	struct opvs_test_packet desc = row->packet;

	desc.family = family;
	desc.sport = htons(SPORT);
	desc.dport = htons(DPORT);
	desc.body = row->more_len;
	desc.quote = row->more;
	opvs_test_build(&desc, &packet);
	if (row->at)
		packet.data[packet.thoff + row->at] = row->byte;
	packet.len -= row->chop;
}

static void event_check(struct kunit *test, const struct event_case *row,
			const struct sk_buff *skb, unsigned int nhoff,
			u8 family)
{
	struct opvs_flow flow;

	memset(&flow, 0xa5, sizeof(flow));
	KUNIT_EXPECT_EQ(test, nhoff ? 0 : row->err,
			opvs_flow_parse(skb, nhoff, family, &flow));
	KUNIT_EXPECT_EQ(test, flow.event, row->event);
	KUNIT_EXPECT_EQ(test, ntohs(flow.sport), SPORT);
	KUNIT_EXPECT_EQ(test, ntohs(flow.dport), DPORT);
}

/* @nhoff bytes of other headers in front: the packet is quoted. */
static void event_run(struct kunit *test, u8 family, unsigned int nhoff)
{
	const struct event_case *row = test->param_value;
	enum opvs_test_shape shape;
	struct sk_buff *skb;
	unsigned int head;

	event_build(row, family);
	memset(quoting.data, 0x45, nhoff);
	memcpy(quoting.data + nhoff, packet.data, packet.len);
	quoting.len = nhoff + packet.len;
	for (shape = 0; shape < OPVS_TEST_SHAPES; shape++) {
		for (head = nhoff + packet.thoff; head < quoting.len; head++) {
			skb = opvs_test_skb(test, quoting.data, quoting.len,
					    shape, head);
			event_check(test, row, skb, nhoff, family);
			opvs_test_free_skb(test, skb);
		}
	}
}

static void event_v4(struct kunit *test)
{
	event_run(test, NFPROTO_IPV4, 0);
}

static void event_v6(struct kunit *test)
{
	event_run(test, NFPROTO_IPV6, 0);
}

/* An error may quote no more than the ports: what is not there is no mistake. */
static void event_quoted(struct kunit *test)
{
	event_run(test, NFPROTO_IPV4, 28);
	event_run(test, NFPROTO_IPV6, 48);
}

static struct kunit_case event_test_cases[] = {
	KUNIT_CASE_PARAM(event_v4, event_gen_params),
	KUNIT_CASE_PARAM(event_v6, event_gen_params),
	KUNIT_CASE_PARAM(event_quoted, event_gen_params),
	{}
};

static struct kunit_suite event_suite = {
	.name = "opvs_flow_event",
	.test_cases = event_test_cases,
};

kunit_test_suite(event_suite);

MODULE_DESCRIPTION("opvs: unit tests of what packets mean to connections");
MODULE_LICENSE("GPL");
OPVS_IMPORT_FOR_KUNIT();
