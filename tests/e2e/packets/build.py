# SPDX-License-Identifier: GPL-2.0-only
"""Packets as scapy builds them, of a flow as the client sees it and as its server
does. What is expected of the director is always another packet built from
nothing, never one that was changed: nobody's way to update a checksum is imitated.
"""

from dataclasses import dataclass, replace

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (ICMPv6DestUnreach, ICMPv6PacketTooBig,
                                ICMPv6ParamProblem, ICMPv6TimeExceeded, IPv6,
                                IPv6ExtHdrFragment)
from scapy.layers.sctp import (SCTP, SCTPChunkCookieAck, SCTPChunkCookieEcho,
                               SCTPChunkData, SCTPChunkHeartbeatAck,
                               SCTPChunkInit, SCTPChunkInitAck)
from scapy.packet import Raw

from director import VLAN, address, mac
from tunnels import HEADER, TUNNELS, VARIANTS

TTL = 64                # at the sender
TEXT = b"What was sent shall arrive."

# A kind of service: ipvsadm's flag, its options, virtual port, server's port.
SERVICES = {
    "one-packet": ("-u", "-o", 5000, 6000),
    "udp": ("-u", "", 5001, 6001),
    "tcp": ("-t", "", 80, 8080),
    "sctp": ("--sctp-service", "", 3868, 3869),
}
UDPS = ("one-packet", "udp")
PLACES = ("s1", "s2", "s3", "s1.9")     # where servers are


@dataclass(frozen=True)
class Method:
    """How requests get to servers. rewrites: the server sees other addresses; wrap:
    what the packet travels in, whose header is of family outer and with what else
    comes with it takes up more bytes; variant: of a tunnel, with options."""

    name: str
    options: str
    number: int
    rewrites: bool = False
    wrap: object = None
    outer: int = 0
    more: int = 0
    variant: bool = False


def tunnels(table, number, variant=False):
    for name, (options, wrap, more) in table.items():
        for outer in (4, 6):
            yield Method(f"{name} over IPv{outer}", f"-i {options}", number,
                         wrap=wrap, outer=outer, more=HEADER[outer] + more,
                         variant=variant)
            number += 1


METHODS = (
    Method("NAT", "-m", 1, rewrites=True),
    Method("DR", "-g", 2),
    *tunnels(TUNNELS, 3),
    *tunnels(VARIANTS, 3 + 2 * len(TUNNELS), True),
)


def places(method):
    return PLACES[:1] if method.variant else PLACES


def vip_number(method, place):
    return 20 * PLACES.index(place) + method.number


VIPS = [vip_number(m, p) for m in METHODS for p in places(m)]


@dataclass(frozen=True)
class Flow:
    """Of one client to one service, which has one server."""

    method: Method
    family: int
    kind: str
    cport: int
    place: str = "s1"
    via: str = "c0"

    def __str__(self):
        return f"{self.method.name} IPv{self.family} {self.kind}"

    @property
    def client(self):
        return address(self.family, self.via, 2)

    @property
    def vip(self):
        return address(self.family, "vip",
                       vip_number(self.method, self.place))

    @property
    def rip(self):
        return address(self.method.outer or self.family, self.place, 2)

    @property
    def vport(self):
        return SERVICES[self.kind][2]

    @property
    def rport(self):
        return SERVICES[self.kind][3] if self.method.rewrites else self.vport

    def far(self, side):
        """Address and port of the other end, as the client or the server knows
        it."""
        if side == "server" and self.method.rewrites:
            return self.rip, self.rport
        return self.vip, self.vport

    def at(self, **changes):
        return replace(self, **changes)


def service_lines(methods=METHODS):
    """For ipvsadm -R."""
    for method in methods:
        for place in places(method):
            for kind, (flag, options, _, _) in SERVICES.items():
                for family in (4, 6):
                    flow = Flow(method, family, kind, 0, place)
                    vip, rip = (f"[{end}]" if ":" in end else end
                                for end in (flow.vip, flow.rip))
                    name = f"{flag} {vip}:{flow.vport}"
                    yield f"-A {name} -s rr {options}"
                    yield f"-a {name} -r {rip}:{flow.rport} {method.options}"


# ---- headers ----------------------------------------------------------------


def ip(family, src, dst, ttl=TTL, ecn=0, ident=0x4321, **fields):
    """ecn: the whole octet of class and congestion."""
    if family == 4:
        return IP(src=src, dst=dst, ttl=ttl, tos=ecn, id=ident, **fields)
    return IPv6(src=src, dst=dst, hlim=ttl, tc=ecn, fl=0x5a5a5, **fields)


def udp(sport, dport, data, **fields):
    return UDP(sport=sport, dport=dport, **fields) / Raw(data)


def tcp(sport, dport, data, flags="PA", seq=1000, ack=2000, **fields):
    return TCP(sport=sport, dport=dport, flags=flags, seq=seq, ack=ack,
               window=4096, **fields) / Raw(data)


def sctp(sport, dport, data, chunk=None, **fields):
    if chunk is None:
        chunk = SCTPChunkData(beginning=1, ending=1, tsn=7, stream_id=1,
                              stream_seq=1, proto_id=0, data=data) \
            if data else SCTPChunkHeartbeatAck()
    return SCTP(sport=sport, dport=dport, tag=0x01020304, **fields) / chunk


TRANSPORTS = {"one-packet": udp, "udp": udp, "tcp": tcp, "sctp": sctp}


def packet(flow, side, data=TEXT, reply=False, l4=None, extensions=(),
           **fields):
    """Of the flow, as one side sees it."""
    near, far = (flow.client, flow.cport), flow.far(side)
    (src, sport), (dst, dport) = (far, near) if reply else (near, far)
    made = ip(flow.family, src, dst, **fields)
    for extension in extensions:
        made = made / extension.copy()
    return made / TRANSPORTS[flow.kind](sport, dport, data, **(l4 or {}))


def arrives(flow, data=TEXT, ttl=TTL, **fields):
    """The same as the server sees it, one hop later."""
    return packet(flow, "server", data, ttl=ttl - 1, **fields)


def passed(made):
    """One hop on, as any router does it."""
    done = made.copy()
    if done.version == 4:
        done.ttl -= 1
    else:
        done.hlim -= 1
    return done


# ---- fragments --------------------------------------------------------------


def pieces(whole, size, ident=0x4321, df=False):
    """Fragments of so many bytes behind the IP header; the last one may be
    shorter."""
    data = bytes(whole)
    start = 4 * (data[0] & 15) if whole.version == 4 else 40
    head = type(whole)(data[:start])
    for at in range(0, len(data) - start, size):
        part = Raw(data[start + at:start + at + size])
        more = start + at + size < len(data)
        made = head.copy()
        if whole.version == 4:
            made.len = made.chksum = None
            made.frag, made.id = at // 8, ident
            made.flags = 1 * more + 2 * df
        else:
            made.plen, made.nh = None, 44
            made = made / IPv6ExtHdrFragment(nh=head.nh, offset=at // 8,
                                             m=int(more), id=ident)
        yield made / part


def together(packets):
    """What the fragments come to, with a header that says so; None if they are not
    all of one packet, in order."""
    parts = [(IP if data[0] >> 4 == 4 else IPv6)(data) for data in packets]
    heads = [part[IPv6ExtHdrFragment] if part.version == 6 else part
             for part in parts]
    body, more = b"", True
    for part, head in zip(parts, heads):
        at = 8 * (head.frag if part.version == 4 else head.offset)
        if at != len(body) or head.id != heads[0].id or not more:
            return None
        more = head.flags & 1 if part.version == 4 else head.m
        data = bytes(part)
        body += data[4 * (data[0] & 15) if part.version == 4 else 48:]
    if more:
        return None
    whole = parts[0].copy()
    whole.remove_payload()
    if whole.version == 4:
        whole.len = whole.chksum = None
        whole.flags = whole.frag = 0
    else:
        whole.plen, whole.nh = None, heads[0].nh
    return bytes(whole / Raw(body))


# ---- checksums --------------------------------------------------------------

SUMS = {"one-packet": UDP, "udp": UDP, "tcp": TCP, "sctp": SCTP}


def spoiled(made, layer, by):
    """The packet with a checksum that is wrong by so much: as a number of one's
    complement, or bit by bit where it is a CRC."""
    done = type(made)(bytes(made))
    if layer is SCTP:
        done[SCTP].chksum ^= by
    else:
        name = "chksum" if hasattr(done[layer], "chksum") else "cksum"
        value = getattr(done[layer], name) + by
        setattr(done[layer], name, value % 0xffff or 0xffff)
    return done


# ---- ICMP errors ------------------------------------------------------------

# Of both families, under one name each: layers in front of the quoted packet.
ERRORS = {
    "port unreachable": (ICMP(type=3, code=3), ICMPv6DestUnreach(code=4)),
    "host unreachable": (ICMP(type=3, code=1), ICMPv6DestUnreach(code=3)),
    "prohibited": (ICMP(type=3, code=13), ICMPv6DestUnreach(code=1)),
    "too big": (ICMP(type=3, code=4), ICMPv6PacketTooBig()),
    "time exceeded": (ICMP(type=11, code=0), ICMPv6TimeExceeded(code=0)),
    "reassembly time": (ICMP(type=11, code=1), ICMPv6TimeExceeded(code=1)),
    "parameter problem": (ICMP(type=12, code=0, ptr=9),
                          ICMPv6ParamProblem(code=1, ptr=6)),
}


def error(family, what, src, dst, quoted, mtu=1300, **fields):
    head = ERRORS[what][family == 6].copy()
    if what == "too big":
        setattr(head, "nexthopmtu" if family == 4 else "mtu", mtu)
    return ip(family, src, dst, **fields) / head / Raw(quoted)


def quote(made, behind=None):
    """The packet's bytes, with so many behind the IP header."""
    data = bytes(made)
    if behind is None:
        return data
    start = 4 * (data[0] & 15) if made.version == 4 else 40
    return data[:start + behind]


# ---- frames -----------------------------------------------------------------


def _ether(dst, src, device, data):
    kind = b"\x08\x00" if data[0] >> 4 == 4 else b"\x86\xdd"
    tag = device.partition(".")[2]
    if tag:
        kind = VLAN.to_bytes(2, "big") + int(tag).to_bytes(2, "big") + kind
    return dst + src + kind + data


def to_director(device, data, to=None):
    """A frame of a host behind the device."""
    data = bytes(data)
    return _ether(to or mac(device), mac(device, 2), device, data)


def payload(frame, device):
    """Of a frame that came out of a device, or of a VLAN of it."""
    return frame[18 if "." in device else 14:]


def wrapped(flow, made, came):
    """A packet for the server as it travels there; came: the frame."""
    method = flow.method
    if not method.wrap:
        return made
    return method.wrap(method.outer, address(method.outer, flow.place, 1),
                       flow.rip, type(made)(bytes(made)),
                       payload(came, flow.place))


def from_director(device, data, host=2):
    data = bytes(data)
    return _ether(mac(device, host), mac(device), device, data)


def port_of(device):
    """The tap device that a VLAN's frames go by."""
    return device.partition(".")[0]


HANDSHAKES = {
    # What begins a flow: (is it a reply, fields of the transport header).
    "one-packet": [(False, {})],
    "udp": [(False, {})],
    "tcp": [(False, {"flags": "S", "ack": 0,
                     "options": [("MSS", 1460), ("SAckOK", b""),
                                 ("Timestamp", (99, 0)), ("NOP", None),
                                 ("WScale", 7)]}),
            (True, {"flags": "SA", "options": [("MSS", 1400)]}),
            (False, {"flags": "A"})],
    "sctp": [(False, {"chunk": SCTPChunkInit(init_tag=5, init_tsn=6)}),
             (True, {"chunk": SCTPChunkInitAck(init_tag=8, init_tsn=9)}),
             (False, {"chunk": SCTPChunkCookieEcho(cookie=b"bake")}),
             (True, {"chunk": SCTPChunkCookieAck()})],
}
