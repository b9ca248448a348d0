/* SPDX-License-Identifier: GPL-2.0-only */
/* Connection entries; today the one-packet entry. */
#ifndef OPVS_CONN_H
#define OPVS_CONN_H

#include <linux/netfilter.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/types.h>

#include <opvs/types.h>

struct opvs_dest;
struct opvs_net;

/**
 * struct opvs_conn - a connection entry
 * @on: namespace; constant
 * @dest: real server, referenced until release; constant
 * @caddr: client address; constant
 * @vaddr: virtual address; constant
 * @daddr: server address; constant
 * @cport: client port
 * @vport: virtual port
 * @dport: server port
 * @family: NFPROTO_* of client and service
 * @proto: transport protocol
 * @flags: IP_VS_CONN_F_*
 * @counted: counted against the server's threshold
 * @shared: somebody besides the packet path held a reference
 * @ref: references; the last one releases the entry
 * @rcu: deferred release
 *
 * A one-packet entry is bound to its server, counted there and seen by the
 * transmit method like any other, but is in no table and on no expiry list.
 */
struct opvs_conn {
	struct opvs_net		*on;
	struct opvs_dest	*dest;
	union nf_inet_addr	caddr;
	union nf_inet_addr	vaddr;
	union nf_inet_addr	daddr;
	__be16			cport;
	__be16			vport;
	__be16			dport;
	u8			family;
	u8			proto;
	u32			flags;
	bool			counted;
	bool			shared;
	refcount_t		ref;
	struct rcu_head		rcu;
};

struct opvs_conn *opvs_conn_new_ops(struct opvs_net *on,
				    const struct opvs_flow *flow,
				    struct opvs_dest *dest);
void opvs_conn_get(struct opvs_conn *cp);
void opvs_conn_put(struct opvs_conn *cp);

int opvs_conn_init(void);
void opvs_conn_exit(void);

#endif /* OPVS_CONN_H */
