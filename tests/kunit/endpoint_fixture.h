/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the unit tests of replies: three services, who asks, and whose a server's
 * packet is.  Included once by each of them.
 */
#ifndef OPVS_ENDPOINT_FIXTURE_H
#define OPVS_ENDPOINT_FIXTURE_H

#include <opvs/endpoint.h>

#include <opvs/dest.h>
#include <opvs/hint.h>
#include <opvs/kunit.h>
#include <opvs/name.h>
#include <opvs/netns.h>
#include <opvs/pe.h>
#include <opvs/sched.h>
#include <opvs/svc.h>

#include <kunit/test.h>

#include <linux/bottom_half.h>
#include <linux/in.h>
#include <linux/ip_vs.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "testlib.h"

#define VIP_A		0xc0000201
#define VIP_B		0xc0000202
#define VIP_C		0xc0000203
#define SERVER		0xc633640b
#define OTHER		0xc633640c
#define CLIENT_1	0xcb007101
#define CLIENT_2	0xcb007102

static struct opvs_net *on;
static struct opvs_svc *svc_a, *svc_b, *svc_c;
/* The receiver is the director itself; the client was. */
static bool endpoint_here;
static u8 endpoint_flags;
/* The virtual address of the last reply. */
static u32 endpoint_vaddr;
static u16 endpoint_vport;

static int endpoint_init(struct kunit *test)
{
	int err = opvs_test_net_init(test, &on);

	if (err)
		return err;
	/* First the server of a reply; whether it is a reply, further below. */
	WRITE_ONCE(on->settings.reply_seconds, 0);
	endpoint_here = false;
	endpoint_flags = 0;
	svc_a = opvs_test_svc(test, on, VIP_A, 5060);
	svc_b = opvs_test_svc(test, on, VIP_B, 5060);
	svc_c = opvs_test_svc(test, on, VIP_C, 5070);
	return 0;
}

static void endpoint_exit(struct kunit *test)
{
	WRITE_ONCE(on->settings.reply_seconds, 180);
	opvs_test_net_exit(test, on);
}

/* The service that a packet of a server to a client belongs to, or NULL. */
static struct opvs_svc *endpoint_whose(const struct opvs_name *name,
				       u32 client, u16 port)
{
	const union nf_inet_addr addr = { .ip = htonl(client) };
	const struct opvs_receiver to = {
		.addr = &addr,
		.port = htons(port),
		.here = endpoint_here,
	};
	struct opvs_svc *found = NULL;
	struct opvs_answer answer;

	local_bh_disable();
	rcu_read_lock();
	if (opvs_endpoint_answer(on, name, &to, &answer)) {
		found = answer.dest->svc;
		endpoint_vaddr = ntohl(answer.vaddr->ip);
		endpoint_vport = ntohs(answer.vport);
	}
	rcu_read_unlock();
	local_bh_enable();
	return found;
}

static struct opvs_svc *endpoint_reply_from(u32 server, u16 from, u32 client,
					    u16 port)
{
	const union nf_inet_addr addr = { .ip = htonl(server) };
	const struct opvs_name name = opvs_name(&addr, htons(from),
						NFPROTO_IPV4, IPPROTO_UDP);

	return endpoint_whose(&name, client, port);
}

static struct opvs_svc *endpoint_reply(u32 client, u16 port)
{
	return endpoint_reply_from(SERVER, 5060, client, port);
}

/* A client sends a request to a virtual address that a server gets. */
static void endpoint_ask_at(const struct opvs_dest *dest, u32 client, u16 port,
			    u32 vaddr, u16 vport)
{
	const struct opvs_flow flow = {
		.saddr.ip = htonl(client),
		.daddr.ip = htonl(vaddr),
		.sport = htons(port),
		.dport = htons(vport),
		.family = NFPROTO_IPV4,
		.proto = IPPROTO_UDP,
		.flags = endpoint_flags,
	};

	local_bh_disable();
	rcu_read_lock();
	opvs_endpoint_note(on, &flow, dest, 0);
	rcu_read_unlock();
	local_bh_enable();
}

static void endpoint_ask(const struct opvs_dest *dest, u32 client, u16 port)
{
	endpoint_ask_at(dest, client, port, ntohl(dest->svc->key.addr.ip),
			ntohs(dest->svc->key.port));
}

#endif /* OPVS_ENDPOINT_FIXTURE_H */
