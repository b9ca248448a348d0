# SPDX-License-Identifier: GPL-2.0-only
"""What is sent and what has to come of it: the kinds of packets that need no more
than a plain device."""

from dataclasses import dataclass, field

from scapy.layers.inet import (IP, TCP, UDP, IPOption, IPOption_EOL, IPOption_LSRR,
                               IPOption_NOP, IPOption_Router_Alert,
                               IPOption_RR, IPOption_Timestamp)
from scapy.layers.inet6 import (HBHOptUnknown, IPv6ExtHdrDestOpt,
                                IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, PadN,
                                RouterAlert)
from scapy.layers.sctp import SCTP, SCTPChunkData, crc32c
from scapy.packet import Raw

from build import (HANDSHAKES, SERVICES, SUMS, TEXT, TTL, UDPS, arrives, error,
                   from_director, packet, port_of, spoiled, to_director, wrapped)
from director import NARROW, OWN_TTL

FORWARDED = {"service_packets": 1, "forwarded": 1}
REPLIED = {"replies": 1}
NOTHING = {}


@dataclass
class Frame:
    """vnet: the header of virtio-net; cuts: where pieces of memory begin."""

    device: str
    data: bytes
    vnet: bytes = b""
    cuts: tuple = ()


@dataclass
class Want:
    """data: the frame, or what makes it from what came, of which it may take no
    more than numbers that a sender is free to choose. vnet: fields, by name."""

    device: str
    data: object
    vnet: dict = field(default_factory=dict)


@dataclass
class Whole:
    """Fragments of one packet, at least so many and none longer than the MTU; data
    makes the packet from that which they come to."""

    device: str
    data: object
    mtu: int
    least: int


@dataclass
class Case:
    """stack: what the director's own stack says is not judged. maybe: the kernel
    may refuse such a frame. uso: it has to know segments of UDP. after: what is
    wrong afterwards, if anything."""

    name: str
    sent: list
    want: list
    counts: dict
    stack: bool = False
    maybe: bool = False
    uso: bool = False
    after: object = None


@dataclass
class Kind:
    title: str
    make: object
    kinds: tuple
    families: tuple
    wanted: object
    every: bool

    def flows(self, all_flows):
        return [flow for flow in all_flows
                if flow.kind in self.kinds and flow.family in self.families
                and self.wanted(flow.method) and self.tries(flow)]

    def tries(self, flow):
        """Tunnels do not look at protocols; those with options have few flows."""
        if not flow.method.wrap or self.every and not flow.method.variant:
            return True
        if flow.kind != (self.kinds[0] if self.every else "one-packet"):
            return False
        if self.every:
            return True
        # Each tunnel with one family inside: 4 in 4, 6 in 6, 6 in 4, 4 in 6.
        number = flow.method.number
        return not flow.method.variant and \
            (number + (number + 1) // 2 + flow.family // 6) % 2 == 1


class Kinds(list):
    """In the order in which they were told of."""

    def kind(self, title, kinds=tuple(SERVICES), families=(4, 6),
             methods=lambda method: True, every=False):
        """The function yields cases for a flow. every: for each protocol through
        each tunnel, and also for tunnels with options."""
        def note(make):
            self.append(Kind(title, make, kinds, families, methods, every))
            return make
        return note


KINDS = Kinds()
kind = KINDS.kind


def rewriting(method):
    return method.rewrites


def not_wrapping(method):
    return not method.wrap


def to_servers(flow, made):
    if not flow.method.wrap:
        return Want(port_of(flow.place), from_director(flow.place, made))
    return Want(port_of(flow.place), lambda came: from_director(
        flow.place, wrapped(flow, made, came)))


def to_clients(flow, made):
    return Want(port_of(flow.via), from_director(flow.via, made))


def by_clients(flow, made):
    return Frame(port_of(flow.via), to_director(flow.via, made))


def by_servers(flow, made):
    return Frame(port_of(flow.place), to_director(flow.place, made))


def request(flow, name, data=TEXT, **fields):
    return Case(name, [by_clients(flow, packet(flow, "client", data, **fields))],
                [to_servers(flow, arrives(flow, data, **fields))], FORWARDED)


def reply(flow, name, data=TEXT, ttl=TTL, **fields):
    return Case(name,
                [by_servers(flow, packet(flow, "server", data, reply=True,
                                         ttl=ttl, **fields))],
                [to_clients(flow, packet(flow, "client", data, reply=True,
                                         ttl=ttl - 1, **fields))], REPLIED)


def lost(flow, name, made, counts=NOTHING, **more):
    return Case(name, [by_clients(flow, made)], [], counts, **more)


def own(flow, what, quoted, tos=0, mtu=NARROW):
    """An error of the director's own stack, in the name of the virtual address."""
    def make(came):
        fields = {"ttl": OWN_TTL}
        if flow.family == 4:
            # Internetwork control (RFC 1812 s4.3.2.5).
            fields |= {"ecn": 0xc0 | tos & 0x1e,
                       "ident": int.from_bytes(came[18:20], "big")}
        made = error(flow.family, what, flow.vip, flow.client, quoted,
                     mtu=mtu, **fields)
        if flow.family == 6:
            made.fl = 0
        return from_director(flow.via, made)
    return Want(port_of(flow.via), make)


LONG = bytes(range(256)) * 15


# ---- beginnings -------------------------------------------------------------


@kind("first packets, and what answers them", every=True)
def opening(flow):
    for number, (answer, l4) in enumerate(HANDSHAKES[flow.kind], 1):
        if not answer:
            yield request(flow, f"packet {number}", b"", l4=l4)
        elif flow.method.rewrites:
            yield reply(flow, f"packet {number}", b"", l4=l4)


# ---- contents and checksums -------------------------------------------------


@kind("plain packets of any length, none and odd ones among them", every=True)
def lengths(flow):
    sizes = (0, 1, 2, 3, 25, 26, 511, 1300, 1401, 1424)
    for size in sizes[1:-2:3] if flow.method.wrap else sizes:
        yield request(flow, f"{size} bytes", LONG[:size])


@kind("answers of any length", methods=rewriting)
def answers(flow):
    for size in (0, 1, 2, 3, 26, 511, 1401, 1424):
        yield reply(flow, f"{size} bytes", LONG[:size][::-1])


@kind("no checksum stays none", kinds=UDPS)
def no_checksum(flow):
    yield request(flow, "request", l4={"chksum": 0})
    if flow.method.rewrites:
        yield reply(flow, "reply", l4={"chksum": 0})


def filled(flow, side, **fields):
    """Text in front of which is a word that brings the checksum to 0."""
    made = packet(flow, side, b"\0\0" + TEXT, **fields)
    word = type(made)(bytes(made))[SUMS[flow.kind]].chksum
    return word.to_bytes(2, "big") + TEXT


@kind("a checksum that comes to 0, before and after",
      kinds=("one-packet", "udp", "tcp"))
def sums_of_zero(flow):
    for side in ("client", "server"):
        yield request(flow, side, filled(flow, side))
        if flow.method.rewrites:
            yield reply(flow, f"{side}, reply",
                        filled(flow, side, reply=True))


@kind("a wrong checksum stays as wrong as it was")
def wrong_checksums(flow):
    layer = SUMS[flow.kind]
    for by in (1, 0x100, 0x7fff):
        case = request(flow, f"by {by:#x}")
        case.sent = [by_clients(flow, spoiled(packet(flow, "client"), layer,
                                              by))]
        made = packet(flow, "server", ttl=TTL - 1)
        case.want = [to_servers(flow, spoiled(made, layer, by))]
        yield case
        if flow.method.rewrites:
            case = reply(flow, f"reply, by {by:#x}")
            case.sent = [by_servers(flow, spoiled(packet(
                flow, "server", reply=True), layer, by))]
            case.want = [to_clients(flow, spoiled(packet(
                flow, "client", reply=True, ttl=TTL - 1), layer, by))]
            yield case


# ---- the IP header ----------------------------------------------------------


@kind("class and congestion are kept")
def classes(flow):
    for octet in (0x01, 0x02, 0x03, 0xb8, 0xff):
        yield request(flow, f"{octet:#x}", ecn=octet)
        if flow.method.rewrites:
            yield reply(flow, f"reply, {octet:#x}", ecn=octet)


@kind("identification and DF are kept", families=(4,))
def identities(flow):
    for flags in ("", "DF"):
        for ident in (0, 1, 0xffff):
            yield request(flow, f"{flags} {ident}", ident=ident, flags=flags)
            if flow.method.rewrites:
                yield reply(flow, f"reply, {flags} {ident}", ident=ident,
                            flags=flags)


@kind("hops are counted, and the last one is told")
def hops(flow):
    for ttl in (2, 3, 128, 255):
        yield request(flow, f"TTL {ttl}", ttl=ttl)
        if flow.method.rewrites:
            yield reply(flow, f"reply, TTL {ttl}", ttl=ttl)
    for ecn in (0, 0xb8):
        made = packet(flow, "client", ttl=1, ecn=ecn)
        yield Case(f"TTL 1, class {ecn:#x}", [by_clients(flow, made)],
                   [own(flow, "time exceeded", bytes(made), ecn)],
                   {"service_packets": 1, "drop_ttl": 1})


@kind("a wrong header checksum goes nowhere", families=(4,))
def wrong_headers(flow):
    yield lost(flow, "request", spoiled(packet(flow, "client"), IP, 1))


def noted(address):
    """An option that the director wrote its address into."""
    return IPOption_RR(pointer=8, routers=[address, "0.0.0.0", "0.0.0.0"])


@kind("options of IPv4", families=(4,))
def options(flow):
    for name, chosen in (
            ("nothing", [IPOption_NOP()] * 4),
            ("an end", [IPOption_NOP(), IPOption_EOL()]),
            ("router alert", [IPOption_Router_Alert(alert=0)]),
            ("an unknown one", [IPOption(b"\x9e\x04\x12\x34")]),
            ("a full record", [IPOption_RR(pointer=8, routers=["192.0.2.1"])]),
            ("ten words", [IPOption(b"\x9e\x28" + bytes(38))])):
        yield request(flow, name, options=chosen)
        if flow.method.rewrites:
            yield reply(flow, f"reply, {name}", options=chosen)
    empty = IPOption_RR(pointer=4, routers=["0.0.0.0"] * 3)
    case = request(flow, "record route", options=[empty])
    case.want = [to_servers(flow, arrives(flow, options=[noted(flow.vip)]))]
    yield case
    yield from stamped(flow)


def stamped(flow):
    """Behind its header the option has a time, which is what came."""
    def make(came):
        time = int.from_bytes(came[38:42], "big")
        return from_director(flow.place, arrives(flow, options=[
            IPOption_Timestamp(length=8, pointer=9, flg=0, timestamp=time)]))
    if flow.method.wrap:
        return
    case = request(flow, "timestamp", options=[
        IPOption_Timestamp(length=8, pointer=5, flg=0, timestamp=0)])
    case.want = [Want(port_of(flow.place), make)]
    yield case


@kind("source routes of IPv4 go nowhere", families=(4,))
def source_routes(flow):
    yield lost(flow, "loose", packet(flow, "client", options=[
        IPOption_LSRR(pointer=4, routers=["192.0.2.1"])]))


EXTENSIONS = {
    "hop-by-hop": [IPv6ExtHdrHopByHop(options=[PadN(optdata=bytes(4))])],
    "router alert": [IPv6ExtHdrHopByHop(options=[RouterAlert(value=0),
                                                 PadN()])],
    "destination": [IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(4))])],
    "long": [IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(200)),
                                        PadN(optdata=bytes(48))])],
    "unknown option": [IPv6ExtHdrDestOpt(options=[
        HBHOptUnknown(otype=0x1e, optdata=b"abcd")])],
    "routing, at its end": [IPv6ExtHdrRouting(segleft=0,
                                              addresses=["fd96:9::9"])],
    "three": [IPv6ExtHdrHopByHop(options=[PadN(optdata=bytes(4))]),
              IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(4))]),
              IPv6ExtHdrRouting(segleft=0, addresses=["fd96:9::9"])],
}


@kind("extension headers of IPv6", families=(6,))
def extensions(flow):
    for name, chain in EXTENSIONS.items():
        yield request(flow, name, extensions=chain)
        if flow.method.rewrites:
            yield reply(flow, f"reply, {name}", extensions=chain)


# ---- headers that are cut off -----------------------------------------------


def shortened(made, size):
    """So many bytes behind the IP header, and a header that says so. SCTP's
    checksum covers what is left."""
    data = bytes(made)
    start = 4 * (data[0] & 15) if made.version == 4 else 40
    head = type(made)(data)
    head.remove_payload()
    if made.version == 4:
        head.len = head.chksum = None
    else:
        head.plen = None
    body = data[start:start + size]
    if SCTP in made and size >= 12:
        body = body[:8] + bytes(4) + body[12:]
        body = body[:8] + crc32c(body).to_bytes(4, "big") + body[12:]
    return head / Raw(body)


# Bytes of a transport header from which on the ports are there, and all else that
# is read. UDP alone has datagrams that are the service's although they are broken.
PORTS = 4
NEEDED = {"one-packet": 8 + len(TEXT), "udp": 8, "tcp": 20, "sctp": 16}
MALFORMED = {"service_packets": 1, "drop_malformed": 1}


def broken(flow, name, made):
    """TCP and SCTP packets begin and belong to nothing, and the stack has them."""
    if flow.kind in UDPS:
        return lost(flow, name, made, MALFORMED)
    return lost(flow, name, made, stack=True)


@kind("headers cut off anywhere")
def cut_headers(flow):
    whole = packet(flow, "client")
    last = NEEDED[flow.kind]
    for size in (PORTS - 1, PORTS, last - 1, last) if flow.method.wrap else \
            range(0, last + 2):
        made = shortened(whole, size)
        if size < PORTS:
            # What has no ports is no service's; the stack may answer.
            yield lost(flow, f"{size} bytes", made, stack=True)
        elif size < NEEDED[flow.kind]:
            yield broken(flow, f"{size} bytes", made)
        else:
            want = shortened(packet(flow, "server", ttl=TTL - 1), size)
            yield Case(f"{size} bytes", [by_clients(flow, made)],
                       [to_servers(flow, want)], FORWARDED)


@kind("lengths that are not true")
def wrong_lengths(flow):
    made = packet(flow, "client")
    if flow.kind == "tcp":
        for words in (0, 4, 15):
            made[TCP].dataofs = words
            yield broken(flow, f"a TCP header of {words} words", made)
    elif flow.kind == "sctp":
        made = packet(flow, "client", l4={
            "chunk": SCTPChunkData(len=3, data=TEXT)})
        yield broken(flow, "an SCTP chunk of 3 bytes", made)
    else:
        for size in (1, 7):
            made[UDP].len = size
            yield broken(flow, f"a datagram of {size} bytes", made)
    made = packet(flow, "client")
    if flow.family == 4:
        for words in (0, 4, 15):
            made.ihl = words
            yield lost(flow, f"an IP header of {words} words", made)
        made.ihl = 5
    made.version = 5
    yield lost(flow, "version 5", made)


def prolonged(made):
    """With bytes behind the datagram that its own length does not count."""
    data = bytes(made)
    return shortened(made, len(data)) / Raw(b"behind")


@kind("bytes behind a datagram go along", kinds=UDPS)
def behind(flow):
    case = request(flow, "request")
    case.sent = [by_clients(flow, prolonged(packet(flow, "client")))]
    made = prolonged(packet(flow, "server", ttl=TTL - 1))
    case.want = [to_servers(flow, made)]
    yield case


@kind("frames that end too soon go nowhere", kinds=("udp",), methods=rewriting)
def cut_frames(flow):
    data = bytes(packet(flow, "client"))
    for size in range(0, len(data)):
        yield Case(f"{size} of {len(data)} bytes", [Frame(
            "c0", to_director("c0", data)[:14 + size])], [], NOTHING,
            maybe=True)


@kind("padding of short frames is left behind")
def padded(flow):
    case = request(flow, "46 bytes and more", b"")
    case.sent[0].data += b"\xa5" * 40
    yield case
    if flow.method.rewrites:
        case = reply(flow, "reply", b"x")
        case.sent[0].data += b"\xff" * 21
        yield case
