/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tracepoints record. */
#ifndef OPVS_CONN_TRACE_H
#define OPVS_CONN_TRACE_H

#include <opvs/conn.h>
#include <opvs/counters.h>
#include <opvs/dest.h>
#include <opvs/netns.h>
#include <opvs/svc.h>

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/string.h>

static inline u32 netns_number(const struct opvs_net *on)
{
	return on->net->ns.inum;
}

/* The firewall mark of a service that is found by one; else 0. */
static inline u32 mark_of(const struct opvs_svc *svc)
{
	return opvs_svc_key_is_mark(&svc->key) ? svc->key.addr.all[0] : 0;
}

static inline void put_word(char *to, u16 verdict)
{
	strscpy_pad(to, verdict ? opvs_counter_name(verdict) : "chosen",
		    OPVS_CTR_NAME_LEN);
}

static inline void put_addr(void *to, u8 family,
			    const union nf_inet_addr *addr, __be16 port)
{
	struct sockaddr_in6 *in6 = to;
	struct sockaddr_in *in = to;

	memset(in6, 0, sizeof(*in6));
	if (family == NFPROTO_IPV6) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = port;
		in6->sin6_addr = addr->in6;
	} else {
		in->sin_family = AF_INET;
		in->sin_port = port;
		in->sin_addr = addr->in;
	}
}

/* Of no server: the address of nobody, of that family. */
static inline void put_dest(void *to, u8 family, const struct opvs_dest *dest)
{
	static const union nf_inet_addr nobody;

	if (dest)
		put_addr(to, dest->family, &dest->addr, dest->port);
	else
		put_addr(to, family, &nobody, 0);
}

#endif /* OPVS_CONN_TRACE_H */
