# SPDX-License-Identifier: GPL-2.0-only
"""Packets in fragments, and those that a narrow way asks to be cut."""

from scapy.layers.inet6 import IPv6ExtHdrFragment

from build import TTL, UDPS, arrives, from_director, packet, pieces, port_of
from cases import (FORWARDED, LONG, NOTHING, REPLIED, Case, Kinds, Want, Whole,
                   by_clients, by_servers, not_wrapping, own, request, rewriting,
                   to_servers)
from director import NARROW, address

KINDS = Kinds()
kind = KINDS.kind
ORDERS = ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))


def in_pieces(flow, whole, size=1400, **more):
    """The fragments that a packet of IPv6 leaves in have a number that is new."""
    parts = list(pieces(whole, size, **more))
    if flow.family == 4:
        return [bytes(part) for part in parts]
    return [numbered(part) for part in parts]


def numbered(part):
    def make(came):
        part[IPv6ExtHdrFragment].id = int.from_bytes(came[58:62], "big")
        return bytes(part)
    return make


def framed(make, maker):
    if callable(make):
        return lambda came: maker(make(came))
    return maker(make)


def whole_again(flow, name, order, size=1400, df=False):
    sent = list(pieces(packet(flow, "client", LONG), size, df=df))
    flags = {"flags": "DF"} if df else {}
    made = packet(flow, "server", LONG, ttl=TTL - 1, **flags)
    case = Case(name, [by_clients(flow, sent[n]) for n in order], [], FORWARDED)
    if flow.method.wrap:
        case.want = wrapped_pieces(flow, made, 1500)
    else:
        case.want = [Want(port_of(flow.place), framed(
            part, lambda data: from_director(flow.place, data)))
            for part in in_pieces(flow, made, size, df=df)]
    return case


def wrapped_pieces(flow, made, mtu):
    """The outer packet in fragments, however the stack cuts it."""
    def make(came):
        whole = flow.method.wrap(
            flow.method.outer, address(flow.method.outer, flow.place, 1),
            flow.rip, type(made)(bytes(made)), came)
        if whole.version == 4:
            whole.flags = 0
        return bytes(whole)
    return [Whole(port_of(flow.place), make, mtu,
                  -(-len(bytes(made)) // mtu))]


@kind("fragments in any order")
def fragments(flow):
    orders = ORDERS if flow.kind in UDPS else ORDERS[4:5]
    for order in orders[4:] if flow.method.wrap else orders:
        yield whole_again(flow, f"order {order}", order)
    yield whole_again(flow, "small ones", range(8), 512)
    if flow.family == 4:
        yield whole_again(flow, "with DF", (2, 0, 1), df=True)


@kind("answers in fragments, in any order", methods=rewriting)
def answers_in_fragments(flow):
    orders = ORDERS if flow.kind in UDPS else ORDERS[3:4]
    for order in orders:
        sent = list(pieces(packet(flow, "server", LONG, reply=True), 1400))
        want = in_pieces(flow, packet(flow, "client", LONG, reply=True,
                                      ttl=TTL - 1))
        yield Case(f"order {order}", [by_servers(flow, sent[n])
                                      for n in order],
                   [Want(port_of(flow.via), framed(
                       part, lambda data: from_director(flow.via, data)))
                    for part in want], REPLIED)


@kind("fragments that overlap, or one of which is missing, go nowhere")
def overlapping(flow):
    whole = packet(flow, "client", LONG)
    sent = list(pieces(whole, 1400, ident=77))
    other = list(pieces(whole, 1000, ident=77))
    yield Case("overlapping", [by_clients(flow, part) for part in
                               (sent[0], other[1], sent[2])], [], NOTHING)
    sent = list(pieces(whole, 1400, ident=78))
    yield Case("without the second", [by_clients(flow, sent[n])
                                      for n in (0, 2)], [], NOTHING)
    sent = list(pieces(whole, 1400, ident=79))
    yield Case("without the first", [by_clients(flow, sent[n])
                                     for n in (1, 2)], [], NOTHING)


@kind("a narrow way to the server", methods=not_wrapping,
      kinds=("one-packet", "udp"))
def narrow(flow):
    flow = flow.at(place="s3", cport=flow.cport + 100)
    yield request(flow, "fits", bytes(NARROW - (28 if flow.family == 4
                                                 else 48)))
    dropped = {"service_packets": 1, "drop_mtu": 1}
    if flow.family == 6:
        made = packet(flow, "client", LONG[:1300])
        yield Case("too big", [by_clients(flow, made)],
                   [own(flow, "too big", bytes(made)[:1232])], dropped)
        return
    made = packet(flow, "client", LONG[:1300], flags="DF")
    yield Case("DF", [by_clients(flow, made)],
               [own(flow, "too big", bytes(made)[:548])], dropped)
    made = packet(flow, "server", LONG[:1400], ttl=TTL - 1)
    yield Case("no DF",
               [by_clients(flow, packet(flow, "client", LONG[:1400]))],
               [to_servers(flow, part) for part in pieces(made, 1280)],
               FORWARDED)


@kind("a narrow way through a tunnel", methods=lambda method: method.wrap)
def narrow_tunnel(flow):
    flow = flow.at(place="s3", cport=flow.cport + 100)
    head = 28 if flow.family == 4 else 48
    # IPv6 may rely on so much.
    mtu = NARROW - flow.method.more if flow.family == 4 else 1280
    flags = {"flags": "DF"} if flow.family == 4 else {}
    dropped = {"service_packets": 1, "drop_mtu": 1}
    case = request(flow, "fits", LONG[:mtu - head], **flags)
    if mtu + flow.method.more > NARROW:
        case.want = wrapped_pieces(flow, arrives(flow, LONG[:mtu - head]),
                                   NARROW)
    yield case
    made = packet(flow, "client", LONG[:mtu - head + 1], **flags)
    quoted = bytes(made)[:548 if flow.family == 4 else 1232]
    yield Case("too big", [by_clients(flow, made)],
               [own(flow, "too big", quoted, mtu=mtu)], dropped)
    if flow.family == 4:
        case = request(flow, "no DF", LONG[:1400])
        case.want = wrapped_pieces(flow, arrives(flow, LONG[:1400]), NARROW)
        yield case
