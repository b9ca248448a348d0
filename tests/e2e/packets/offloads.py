# SPDX-License-Identifier: GPL-2.0-only
"""Packets as the kernel holds them where devices help: many segments in one,
checksums that are not finished, headers in several pieces of memory, copies that
others look at."""

import socket

from scapy.utils import checksum

from build import (SUMS, TTL, UDPS, from_director, packet, payload, port_of,
                   to_director)
from cases import (FORWARDED, LONG, Case, Frame, Kinds, not_wrapping,
                   opening, reply, request, to_clients, to_servers)
from director import (GSO_NONE, GSO_TCP4, GSO_TCP6, GSO_UDP, NEEDS_CSUM, VNET,
                      address)
from tunnels import gue_remcsum

KINDS = Kinds()
kind = KINDS.kind
ETHERNET = 14
SUM_AT = {"one-packet": 6, "udp": 6, "tcp": 16}
HEADER = {"one-packet": 8, "udp": 8, "tcp": 20}
MSS = 500


def pseudo(made):
    """The sum of a pseudo header, as the stack leaves it for a device to finish."""
    data = bytes(made)
    if made.version == 4:
        start = 4 * (data[0] & 15)
        ends, proto = data[12:20], data[9]
    else:
        start, ends, proto = 40, data[8:40], data[6]
    size = (len(data) - start).to_bytes(4, "big")
    return ~checksum(ends + bytes(3) + bytes([proto]) + size) & 0xffff


def unfinished(flow, side, *args, **fields):
    """A packet with no more than that sum."""
    made = packet(flow, side, *args, **fields)
    made[SUMS[flow.kind]].chksum = pseudo(made)
    return made


def header(flow, gso=GSO_NONE, size=0):
    start = ETHERNET + (20 if flow.family == 4 else 40)
    return {"flags": NEEDS_CSUM, "type": gso,
            "header": start + HEADER[flow.kind] if gso else 0, "size": size,
            "start": start, "offset": SUM_AT[flow.kind]}


def with_header(case, fields):
    case.sent[0].vnet = VNET.pack(*fields.values())
    return case


@kind("checksums left to the director's devices", kinds=tuple(SUM_AT),
      every=True)
def partial(flow):
    if flow.method.name.startswith("gue, remcsum"):
        yield left_to_server(flow)
        return
    for size in (0, 1, 1000):
        case = request(flow, f"{size} bytes", LONG[:size])
        case.sent[0].data = to_director(flow.via, unfinished(
            flow, "client", LONG[:size]))
        yield with_header(case, header(flow))
        if flow.method.rewrites:
            case = reply(flow, f"reply, {size} bytes", LONG[:size])
            case.sent[0].data = to_director(flow.place, unfinished(
                flow, "server", LONG[:size], reply=True))
            yield with_header(case, header(flow))


def left_to_server(flow):
    """The checksum stays as it is, and GUE tells where it stands."""
    case = with_header(request(flow, "request"), header(flow))
    case.sent[0].data = to_director(flow.via, unfinished(flow, "client"))
    made = unfinished(flow, "server", ttl=TTL - 1)
    start = header(flow)["start"] - ETHERNET
    method = flow.method

    def make(came):
        return from_director(flow.place, gue_remcsum(
            method.outer, address(method.outer, flow.place, 1), flow.rip, made,
            payload(came, flow.place), start, start + SUM_AT[flow.kind]))
    case.want[0].data = make
    return case


@kind("checksums left to the server's device", kinds=tuple(SUM_AT),
      methods=not_wrapping)
def still_partial(flow):
    flow = flow.at(place="s2", cport=flow.cport + 300)
    yield from opening(flow)
    case = request(flow, "request")
    case.sent[0].data = to_director(flow.via, unfinished(flow, "client"))
    with_header(case, header(flow))
    case.want = [to_servers(flow, unfinished(flow, "server", ttl=TTL - 1))]
    wanted = header(flow)
    del wanted["header"], wanted["size"]
    case.want[0].vnet = wanted
    yield case


# ---- segments ---------------------------------------------------------------


def gso_of(flow):
    if flow.kind in UDPS:
        return GSO_UDP
    return GSO_TCP4 if flow.family == 4 else GSO_TCP6


def segments(flow, side, data, reply=False, **fields):
    """What the data come to be on a wire. Of TCP the last one pushes."""
    for number, at in enumerate(range(0, len(data), MSS)):
        more = dict(fields)
        if flow.kind == "tcp":
            more["l4"] = {"seq": 1000 + at, "flags": "A" if
                          at + MSS < len(data) else "PA"}
        yield packet(flow, side, data[at:at + MSS], reply=reply,
                     ident=0x4321 + number, **more)


def many_in_one(flow, name, data, answer=False):
    ends = ("server", "client") if answer else ("client", "server")
    device = flow.place if answer else flow.via
    sent = Frame(port_of(device), to_director(device, unfinished(
        flow, ends[0], data, reply=answer)))
    to = to_clients if answer else to_servers
    want = [to(flow, made) for made in
            segments(flow, ends[1], data, reply=answer, ttl=TTL - 1)]
    counts = {"replies": 1} if answer else dict(FORWARDED)
    if not answer and flow.kind == "one-packet":
        counts = {"service_packets": len(want), "forwarded": len(want),
                  "gso_split": 1}
    case = Case(name, [sent], want, counts, uso=flow.kind in UDPS)
    return with_header(case, header(flow, gso_of(flow), MSS))


@kind("many segments in one packet", kinds=tuple(SUM_AT), every=True)
def gso(flow):
    if flow.method.name.startswith("gue, remcsum"):
        return
    for size in (2 * MSS, 5 * MSS + 1, 30 * MSS):
        data = (LONG * 5)[:size]
        yield many_in_one(flow, f"{size} bytes", data)
        if flow.method.rewrites:
            yield many_in_one(flow, f"reply, {size} bytes", data, True)


@kind("many segments in one packet leave as one", kinds=("tcp", "udp"),
      methods=not_wrapping)
def gso_kept(flow):
    flow = flow.at(place="s2", cport=flow.cport + 350)
    yield from opening(flow)
    data = LONG[:3 * MSS + 7]
    case = many_in_one(flow, "request", data)
    case.want = [to_servers(flow, unfinished(flow, "server", data,
                                             ttl=TTL - 1))]
    case.want[0].vnet = header(flow, gso_of(flow), MSS)
    del case.want[0].vnet["header"]
    yield case


# ---- memory -----------------------------------------------------------------


@kind("headers in several pieces of memory")
def scattered(flow):
    flow = flow.at(via="c1", cport=flow.cport + 400)
    yield from opening(flow)
    data = packet(flow, "client", LONG[:600])
    size = ETHERNET + len(bytes(data))
    start = ETHERNET + (20 if flow.family == 4 else 40)
    all_cuts = ((start,), (start + 1,), (start + 3,), (start + 4,),
                (start + 7,), (start - 1, start + 2, start + 5),
                (start, start + 2, start + 6, start + 9, start + 17),
                tuple(range(start, start + 16)), (size - 1,))
    for cuts in all_cuts[::4] if flow.method.wrap else all_cuts:
        case = request(flow, f"cut at {cuts}", LONG[:600])
        case.sent[0].cuts = cuts
        yield case


class Copy:
    """What a capture on a device of the director has."""

    def __init__(self, device):
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                  socket.htons(3))
        self.sock.bind((device, 3))
        self.sock.setblocking(False)

    def frames(self):
        """Those that came in, not those that went out."""
        while True:
            try:
                data, (_, _, direction, _, _) = self.sock.recvfrom(70000)
            except BlockingIOError:
                return
            if direction != socket.PACKET_OUTGOING:
                yield data

    def close(self):
        self.sock.close()


@kind("a capture on the director has the packet as it came")
def captured(flow):
    cases = [(request(flow, "request"), "c0")]
    if flow.method.rewrites:
        cases.append((reply(flow, "reply"), "s1"))
    for case, device in cases:
        copy = Copy(device)
        sent = [frame.data for frame in case.sent]
        case.after = lambda: list(copy.frames()) != sent and \
            "the capture has something else"
        try:
            yield case
        finally:
            copy.close()
