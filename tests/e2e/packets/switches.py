# SPDX-License-Identifier: GPL-2.0-only
"""What settings of net.ipv4.vs do with packets that belong to no connection."""

from contextlib import contextmanager

from scapy.layers.sctp import SCTPChunkAbort

from build import error, from_director, packet, passed, port_of
from cases import (NOTHING, Case, Kinds, Want, by_servers, reply,
                   rewriting, to_clients)
from director import OWN_TTL, address
from errors import about_reply

KINDS = Kinds()
kind = KINDS.kind
ENDS = {"tcp": {"flags": "R", "ack": 0}, "sctp": {"chunk": SCTPChunkAbort()}}


@contextmanager
def setting(name):
    """Is 1 meanwhile."""
    path = f"/proc/sys/net/ipv4/vs/{name}"
    try:
        with open(path, "w") as file:
            file.write("1")
        yield
    finally:
        with open(path, "w") as file:
            file.write("0")


def stranger(flow):
    return flow.at(cport=flow.cport + 30000)


def refusal(flow, quoted):
    """To the server, by the director's own stack."""
    def make(came):
        fields = {"ttl": OWN_TTL}
        if flow.family == 4:
            fields |= {"ecn": 0xc0, "ident": int.from_bytes(came[18:20], "big")}
        made = error(flow.family, "port unreachable",
                     address(flow.family, flow.place, 1), flow.rip, quoted,
                     **fields)
        if flow.family == 6:
            made.fl = 0
        return from_director(flow.place, made)
    return Want(port_of(flow.place), make)


@kind("nat_icmp_send: servers are told that a connection is gone",
      methods=rewriting)
def strays(flow):
    made = packet(stranger(flow), "server", reply=True)
    goes_on = [to_clients(flow, passed(made))]
    yield Case("switched off", [by_servers(flow, made)], goes_on, NOTHING)
    with setting("nat_icmp_send"):
        if flow.kind == "one-packet":
            yield Case("a datagram of its own", [by_servers(flow, made)],
                       goes_on, NOTHING)
        else:
            yield Case("of no connection", [by_servers(flow, made)],
                       [refusal(flow, bytes(passed(made)))],
                       {"reply_drop_no_conn": 1})
        if flow.kind in ENDS:
            last = packet(stranger(flow), "server", b"", reply=True,
                          l4=ENDS[flow.kind])
            yield Case("the end of one", [by_servers(flow, last)],
                       [to_clients(flow, passed(last))], NOTHING)
        yield reply(flow, "of a connection")


@kind("schedule_icmp: errors go where the packet would",
      kinds=("udp", "tcp", "sctp"))
def scheduled(flow):
    for what in ("too big", "time exceeded"):
        with setting("schedule_icmp"):
            yield about_reply(stranger(flow), what, what, True)
            yield about_reply(stranger(flow), f"{what}, 8 bytes", what,
                              behind=8)
