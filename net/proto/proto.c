// SPDX-License-Identifier: GPL-2.0-only
/* Transport protocols: the registry, and what is the same for all. */
#include <opvs/proto.h>

#include <opvs/kunit.h>

#include <linux/in.h>
#include <linux/kernel.h>

/* All that connections are tracked of; opvs_proto_find() knows them, too. */
static const struct opvs_proto *const protos[] = {
	&opvs_proto_tcp,
	&opvs_proto_udp,
	&opvs_proto_sctp,
};

/**
 * opvs_proto_nth() - one transport protocol after the other
 * @n: from 0
 *
 * Context: any.
 * Return: the protocol, a constant; NULL behind the last one.
 */
const struct opvs_proto *opvs_proto_nth(size_t n)
{
	return n < ARRAY_SIZE(protos) ? protos[n] : NULL;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_proto_nth);

/**
 * opvs_proto_name() - a protocol as /proc/net/ip_vs_conn calls it
 * @number: IPPROTO_*, 0 in templates of firewall-mark services
 *
 * Context: any.
 * Return: its name, "?" of a protocol that is not tracked.
 */
const char *opvs_proto_name(u8 number)
{
	const struct opvs_proto *proto = opvs_proto_find(number);

	if (proto)
		return proto->name;
	return number == IPPROTO_IP ? "IP" : "?";
}
EXPORT_SYMBOL_IF_KUNIT(opvs_proto_name);

/**
 * opvs_proto_state_name() - a connection's state as ipvsadm -c shows it
 * @number: IPPROTO_*, 0 in templates of firewall-mark services
 * @state: state of that protocol
 *
 * Context: any.
 * Return: its name, "ERR!" (IPVS's word) of a state that the protocol lacks.
 */
const char *opvs_proto_state_name(u8 number, u8 state)
{
	const struct opvs_proto *proto = opvs_proto_find(number);

	if (number == IPPROTO_IP)
		return "NONE";
	if (!proto || state >= proto->num_states)
		return "ERR!";
	return proto->states[state].name;
}
EXPORT_SYMBOL_IF_KUNIT(opvs_proto_state_name);

/**
 * opvs_proto_opens() - may a packet that belongs to no connection open one?
 * @proto: its protocol
 * @event: what it is
 * @sloppy: let connections in whose beginning was not seen here
 *
 * Context: any.
 * Return: true if it may.
 */
bool opvs_proto_opens(const struct opvs_proto *proto, u8 event, bool sloppy)
{
	return event == proto->first || (sloppy && event != proto->refused);
}
EXPORT_SYMBOL_IF_KUNIT(opvs_proto_opens);
