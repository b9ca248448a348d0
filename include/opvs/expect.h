/* SPDX-License-Identifier: GPL-2.0-only */
/* Control connections, and the connections that they tell of beforehand. */
#ifndef OPVS_EXPECT_H
#define OPVS_EXPECT_H

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/jiffies.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock_types.h>
#include <linux/types.h>

#include <opvs/conn.h>
#include <opvs/netns.h>
#include <opvs/types.h>

/* Lower ones belong to services that nobody offers by a line of text: a client
 * could have a server connect to them, or be let in to them (RFC 2577).
 */
#define OPVS_EXPECT_PORT_MIN	1024

/* For as long one end may hesitate to come, as with ip_vs: a server may have to
 * fetch the file first.
 */
#define OPVS_EXPECT_TIME	(120 * HZ)

/**
 * struct opvs_seq - how far one direction's sequence numbers are moved
 * @init_seq: where the last change begins, in the sender's numbers
 * @delta: what is added behind it
 * @previous_delta: what is added up to it
 *
 * The three numbers that ip_vs's sync protocol carries of a direction.
 */
struct opvs_seq {
	u32	init_seq;
	s32	delta;
	s32	previous_delta;
};

/**
 * struct opvs_stream - how far one direction of a control connection was read
 * @known: a packet was seen
 * @in_line: @next is within a line
 * @next: the sequence number behind what was read, as the sender counts
 * @acked: up to where the receiver has everything, as the receiver counts; of
 *	a direction whose numbers are moved
 */
struct opvs_stream {
	bool	known;
	bool	in_line;
	u32	next;
	u32	acked;
};

/**
 * struct opvs_said - the last line that told a port of a server
 * @any: there was one
 * @at: its sequence number, as the server counts
 * @port: port that it tells
 * @vport: port of the virtual address that stands for it
 */
struct opvs_said {
	bool	any;
	u32	at;
	__be16	port;
	__be16	vport;
};

/**
 * struct opvs_control - what is known of a control connection
 * @nth: port that it came to, &struct opvs_net_conns.controls; constant
 * @over: the connection ended; nothing more is expected
 * @lock: protects all of the below, and @over
 * @expect: what it told of last, or NULL; holds a reference
 * @seq: by the direction that the numbers are of
 * @stream: by direction
 * @said: so that a packet that comes again becomes the same again
 */
struct opvs_control {
	u8			nth;
	bool			over;
	spinlock_t		lock;		/* see above */
	struct opvs_expect	*expect;
	struct opvs_seq		seq[2];
	struct opvs_stream	stream[2];
	struct opvs_said	said;
};

/**
 * struct opvs_expect - a connection that is about to begin
 * @node: in the namespace's expectations; RCU
 * @tuple: of its first packet, whose source port is not known and 0 here.  By
 *	it the expectation is found; @kind is 0 for that reason
 * @kind: &enum opvs_tuple_kind of the first packet
 * @port: of a request: where the server waits
 * @until: jiffies
 * @control: connection that told of it.  Ends it when it ends, and so lives
 *	within the read section in which the expectation was found
 * @ref: the table's, the control connection's
 * @rcu: frees it
 */
struct opvs_expect {
	struct rhash_head	node;
	struct opvs_tuple	tuple;
	u8			kind;
	__be16			port;
	u32			until;
	struct opvs_conn	*control;
	refcount_t		ref;
	struct rcu_head		rcu;
};

/* Is any connection expected?  Else packets need not look. */
static inline bool opvs_expect_any(const struct opvs_net *on)
{
	return atomic_read(&on->conn.expects.nelems);
}

struct opvs_control *opvs_control_alloc(u8 nth);
void opvs_control_end(struct opvs_conn *cp);

int opvs_expect_request(struct opvs_conn *cp, __be16 port, __be16 *vport);
int opvs_expect_reply(struct opvs_conn *cp, __be16 port);
struct opvs_expect *opvs_expect_find(struct opvs_net *on,
				     const struct opvs_flow *flow);
void opvs_expect_use(struct opvs_expect *expect);

int opvs_expect_net_start(struct opvs_net *on);
void opvs_expect_net_exit(struct opvs_net *on);

#endif /* OPVS_EXPECT_H */
