# SPDX-License-Identifier: GPL-2.0-only
"""Random packets: most of them such as clients, servers and routers send, the
others spoilt in one way or another. The same seed gives the same ones."""

import glob
import os
import struct
from dataclasses import dataclass, field

import wire
from wire import ICMP, ICMP6, SCTP, TCP, UDP, pack
from world import LOCAL, SERVERS, address

SYN, ACK, FIN, RST, PSH = 2, 16, 1, 4, 8
CORPUS = os.path.join(os.path.dirname(__file__), "..", "..", "fuzz", "corpus",
                      "sip", "*")
PIECES = (b"\r\n", b"\n", b"\r", b"\r\n\r\n", b" ", b"\t", b":", b"i: ",
          b"\r\nCall-ID: ", b"\r\ni:", b"Call-ID:\r\n ", b";tag=1", b"<", b">",
          b'"', b"\\", b"\0", b"\377", b"SIP/2.0", b"CANCEL ", b"x" * 250)


@dataclass
class Draft:
    """A packet before it has a header."""
    family: int
    src: bytes
    dst: bytes
    proto: int
    segment: bytes
    ttl: int = 64
    plain: bool = True      # nothing about it is odd
    sums: bool = True       # its checksum is to be put in
    options: bytes = b""
    extensions: tuple = ()
    tos: int = 0
    gso: int = 0
    partial: bool = False


@dataclass
class Shot:
    """What is written to a device, one by one."""
    device: str
    cookie: int
    family: int
    packets: list = field(default_factory=list)
    vnet: bytes = b""
    cookies: int = 1        # that a device which cuts it may give out
    plain: bool = False
    segment: bytes = None   # None: not known what may come of it
    judged: str = "unknown"
    src: bytes = b""
    dst: bytes = b""
    proto: int = 0
    ports: tuple = (0, 0)
    ttl: int = 0
    datagrams: int = 1
    most: int = 1           # times that it may come out
    overlap: bool = False
    seen: int = 0           # times that it has come out
    out: object = None      # the last one


class Grammar:
    """Marks its packets with the numbers from first to last."""

    def __init__(self, rng, world, first, last):
        self.rng, self.world = rng, world
        self.first, self.last = first, last
        self.next = first
        self.corpus = []
        for name in sorted(glob.glob(CORPUS)):
            with open(name, "rb") as file:
                self.corpus.append(file.read())

    def cookie(self, count=1):
        """So many numbers in a row, the first of them."""
        if self.next + count > self.last:
            self.next = self.first
        self.next += count
        return self.next - count

    def chance(self, of_hundred):
        return self.rng.random() * 100 < of_hundred

    # ---- ends ----

    def client(self, family):
        kind = self.rng.choice(("client", "client", "other"))
        return pack(address(family, kind, self.rng.randint(2, 6)))

    def client_port(self):
        if self.chance(60):
            return self.rng.choice((5060, 1024, 1025, 1026, 40000))
        return self.rng.randint(1, 65535)

    def server(self, family):
        return pack(address(family, "server", self.rng.randint(1, SERVERS)))

    def service(self):
        return self.rng.choice(self.world.services)

    def way_in(self, src):
        """The device that a packet of this source comes by."""
        number = self.world.servers.get(src)
        if number:
            return f"s{number}"
        if src[:3] == b"\x0a\x5f\x02" or src[:4] == b"\xfd\x95\0\2":
            return "c1"
        return "c0"

    # ---- contents ----

    def sip(self):
        if self.chance(40):
            call = self.rng.randint(1, 200)
            return (b"OPTIONS sip:a@b SIP/2.0\r\nCall-ID: %d@c\r\n\r\n" % call)
        data = bytearray(self.rng.choice(self.corpus))
        for _ in range(self.rng.choice((0, 1, 2, 6))):
            at = self.rng.randint(0, len(data))
            kind = self.rng.randint(0, 4)
            if kind == 0:
                data[at:at] = self.rng.choice(PIECES)
            elif kind == 1:
                del data[at:at + self.rng.randint(1, 24)]
            elif kind == 2:
                data[at:at + 1] = self.rng.randbytes(1)
            elif kind == 3:
                data[at:at] = self.rng.choice(self.corpus)[:200]
            else:
                del data[at:]
        return bytes(data[:3000])

    def payload(self, port):
        if port == 5060 and self.chance(90):
            return self.sip()
        size = self.rng.choice((0, 1, 7, 32, 33, 200, 1200))
        return self.rng.randbytes(size)

    def chunks(self):
        one = [(1, 0, bytes(16)), (2, 0, bytes(16)), (0, 3, bytes(17)),
               (3, 0, bytes(12)), (4, 0, b"heart"), (6, 0, b""), (7, 0, bytes(4)),
               (8, 0, b""), (10, 0, b"cookie"), (11, 0, b""), (14, 0, b""),
               (255, 7, b"?")]
        return self.rng.choices(one, (6, 2, 4, 1, 1, 1, 1, 1, 3, 1, 1, 1),
                                k=self.rng.choice((1, 1, 1, 2, 3)))

    def segment(self, proto, sport, dport):
        if proto == UDP:
            return wire.udp(sport, dport, self.payload(dport))
        if proto == SCTP:
            return wire.sctp(sport, dport, self.rng.randint(0, 3),
                             *self.chunks())
        flags = self.rng.choices((SYN, ACK, ACK | PSH, FIN | ACK, RST, 0,
                                  self.rng.randint(0, 255)),
                                 (10, 5, 4, 2, 1, 1, 1))[0]
        data = self.payload(dport) if flags & PSH else b""
        return wire.tcp(sport, dport, flags, data, self.rng.randrange(1 << 32))

    # ---- kinds of packets ----

    def request(self):
        s = self.service()
        if s.mark:
            dst = address(s.family, "mark", self.rng.randint(1, 4))
        else:
            dst = address(s.family, "vip", s.number)
        port = s.port or self.rng.choice((80, 7, 8080, 0, self.client_port()))
        if self.chance(3):
            port = self.client_port()
        return Draft(s.family, self.client(s.family), pack(dst), s.proto,
                     self.segment(s.proto, self.client_port(), port))

    def from_server(self):
        """Unasked, from the port of a service: to a client, another server, the
        director, or a virtual address."""
        s = self.service()
        f = s.family
        dst = self.rng.choice((
            self.client(f), self.client(f), self.server(f),
            pack(address(f, "server", LOCAL)), pack(address(f, "vip", s.number))))
        sport = s.port or self.client_port()
        dport = self.rng.choice((sport, self.client_port()))
        return Draft(f, self.server(f), dst, s.proto,
                     self.segment(s.proto, sport, dport))

    def passing_by(self):
        f = self.rng.choice((4, 6))
        proto = self.rng.choice((TCP, UDP, SCTP))
        dst = self.rng.choice((self.client(f), self.server(f)))
        return Draft(f, self.client(f), dst, proto, self.segment(
            proto, self.client_port(), self.rng.choice((53, 80, 5060, 9))))

    def error_about(self, quoted, family):
        """An ICMP error that quotes these bytes, more or less of them."""
        rng = self.rng
        size = rng.choice((len(quoted), 28, 48, 8, 20, 40, 0,
                           rng.randint(0, 128)))
        quoted = quoted[:size]
        rest = rng.choice((0, 576, 1280, 1400, 68, rng.randrange(1 << 32)))
        if family == 4:
            kind = rng.choice(((3, 3), (3, 1), (3, 4), (11, 0), (4, 0), (12, 0),
                               (11, 1), (3, 13)))
            return ICMP, wire.icmp(*kind, rest, quoted)
        kind = rng.choice(((1, 4), (1, 0), (2, 0), (3, 0), (4, 1), (3, 1),
                           (1, 6)))
        return ICMP6, wire.icmp(*kind, rest, quoted)

    def forged(self):
        """What a client's or a server's side could quote, made up."""
        s = self.service()
        f = s.family
        vip = pack(address(f, "vip", s.number or 1))
        port, cport = s.port or 80, self.client_port()
        if self.chance(50):
            src, dst, ports = self.client(f), self.server(f), (cport, port)
        else:
            src, dst, ports = vip, self.client(f), (port, cport)
        segment = self.segment(s.proto, *ports)
        return self.bare(f, src, dst, s.proto, segment)

    @staticmethod
    def bare(family, src, dst, proto, segment):
        segment = wire.summed(src, dst, proto, segment)
        make = wire.ip4 if family == 4 else wire.ip6
        return make(src, dst, proto, segment, 63, 1)

    def icmp_error(self):
        quoted = self.forged()
        packet = wire.read(quoted)
        if packet is None:
            return self.ping()
        f = packet.family
        proto, segment = self.error_about(quoted, f)
        # A router on the way of the packet tells its sender.
        src = self.rng.choice((packet.dst, self.client(f), self.server(f)))
        return Draft(f, src, packet.src, proto, segment, plain=False)

    def ping(self):
        f = self.rng.choice((4, 6))
        dst = pack(address(f, "vip", self.rng.randint(1, 9)))
        kind = self.rng.choice((8, 0, 13)) if f == 4 else \
            self.rng.choice((128, 129, 133, 135, 136))
        return Draft(f, self.client(f), dst, ICMP if f == 4 else ICMP6,
                     wire.icmp(kind, 0, 7, self.rng.randbytes(40)), plain=False)

    def other_protocol(self):
        draft = self.request()
        draft.proto = self.rng.choice((0, 2, 4, 41, 47, 50, 51, 60, 99, 136, 255))
        draft.plain = False
        return draft

    # ---- what is odd about some ----

    def odd_source(self, draft):
        f = draft.family
        four = ("127.0.0.1", "255.255.255.255", "224.0.0.1", "0.0.0.0",
                "10.95.1.255", "10.95.1.1", "240.0.0.1")
        six = ("::1", "ff02::1", "::", "fe80::1", "fd95:1::1",
               "::ffff:10.95.1.2")
        draft.src = self.rng.choice((
            draft.dst, self.server(f), pack(address(f, "vip", 1)),
            pack(address(f, "server", LOCAL)),
            pack(self.rng.choice(four if f == 4 else six))))

    def odd_destination(self, draft):
        four = ("255.255.255.255", "224.0.0.5", "127.0.0.1", "10.95.1.255")
        six = ("ff02::1", "ff05::2", "::1", "fe80::1")
        draft.dst = pack(self.rng.choice(four if draft.family == 4 else six))

    def odd_ttl(self, draft):
        draft.ttl = self.rng.choice((0, 1, 1, 2, 255))

    def odd_sum(self, draft):
        draft.sums = False
        at = wire.SUM_AT.get(draft.proto, 0)
        if self.chance(50) and draft.proto in wire.SUM_AT:
            good = wire.summed(draft.src, draft.dst, draft.proto, draft.segment)
            draft.segment = good[:at] + bytes(
                (good[at] ^ 0x10,)) + good[at + 1:] if len(good) > at else good
        elif len(draft.segment) >= at + 2:
            draft.segment = draft.segment[:at] + self.rng.randbytes(2) + \
                draft.segment[at + 2:]

    def odd_byte(self, draft):
        data = bytearray(draft.segment)
        if data:
            data[self.rng.randrange(min(len(data), 24))] = \
                self.rng.randrange(256)
        draft.segment = bytes(data)
        draft.sums = self.chance(50)

    def odd_end(self, draft):
        draft.segment = draft.segment[:self.rng.choice((0, 1, 4, 7, 8, 12, 19))]

    def odd_ports(self, draft):
        at = self.rng.choice((0, 2))
        draft.segment = draft.segment[:at] + b"\0\0" + draft.segment[at + 2:]

    def odd_options(self, draft):
        rng = self.rng
        if draft.family == 6:
            draft.extensions = tuple(
                self.extension() for _ in range(rng.choice((1, 1, 2, 3, 8))))
            return
        draft.options = rng.choice((
            b"\1\1\1\1", b"\0", b"\7\7\4\0\0\0\0", b"\x44\x0c\5\0" + bytes(8),
            b"\x83\7\4\x0a\x5f\1\2", b"\x94\4\0\0", b"\x82\x0b" + bytes(9),
            rng.randbytes(rng.choice((4, 12, 40)))))

    def extension(self):
        rng = self.rng
        body = rng.choice((
            b"\0\1\4\0\0\0\0", b"\0\5\2\0\0\1\0", b"\1\1\x0c" + bytes(12),
            b"\0\xc2\4\0\1\0\0", b"\0\0\0\0\0\0\0", b"\0\x3e\4\0\0\0\0"))
        kind = rng.choice((wire.HOP, wire.DEST, wire.DEST, wire.ROUTING,
                           wire.FRAGMENT, wire.AH))
        if kind == wire.ROUTING:
            body = b"\0" + bytes((rng.choice((0, 2, 3, 4, 9)),
                                  rng.choice((0, 0, 1)))) + bytes(4)
        elif kind == wire.FRAGMENT:
            body = b"\0" + struct.pack(">HI", rng.choice((0, 0, 0, 1, 8, 6)),
                                       rng.randrange(1 << 32))
        elif kind == wire.AH:
            body = b"\4" + bytes(22)
        if self.chance(15):
            body = bytes((rng.choice((0, 1, 2, 30, 255)),)) + body[1:]
        return kind, body

    ODD = (odd_source, odd_destination, odd_ttl, odd_sum, odd_byte, odd_end,
           odd_ports, odd_options, odd_options)

    # ---- finished packets ----

    def segmented(self, draft):
        """A GSO packet for a device to cut, from one that takes such."""
        rng = self.rng
        f = draft.family
        size = rng.choice((100, 536, 1000, 1400))
        count = rng.choice((1, 2, 3, 8, 20))
        data = rng.randbytes(size * count - rng.randint(0, size - 1))
        ports = (struct.unpack_from(">HH", draft.segment)
                 if len(draft.segment) >= 4 else (1, 80))
        if draft.proto == TCP:
            draft.segment = wire.tcp(*ports, ACK | PSH, data,
                                     rng.randrange(1 << 32))
        else:
            draft.segment = wire.udp(*ports, data)
        draft.gso, draft.partial, draft.plain = size, True, False
        draft.src = pack(address(f, "other", rng.randint(2, 6)))
        return draft

    def draft(self):
        kinds = (self.request, self.from_server, self.passing_by,
                 self.icmp_error, self.ping, self.other_protocol)
        draft = self.rng.choices(kinds, (60, 14, 6, 14, 2, 2))[0]()
        if draft.proto in (TCP, UDP) and self.chance(5):
            return self.segmented(draft)
        if self.chance(25):
            for _ in range(self.rng.choice((1, 1, 1, 2, 3))):
                self.rng.choice(self.ODD)(self, draft)
            draft.plain = False
        return draft

    def header(self, draft, cookie, data, **more):
        if draft.family == 4:
            return wire.ip4(draft.src, draft.dst, draft.proto, data, draft.ttl,
                            cookie & 0xffff, draft.options, tos=draft.tos,
                            **more)
        return wire.ip6(draft.src, draft.dst, draft.proto, data, draft.ttl,
                        cookie, draft.extensions)

    def shot(self, draft=None, device=None):
        draft = draft or self.draft()
        segment = draft.segment
        if draft.sums:
            segment = wire.summed(draft.src, draft.dst, draft.proto, segment,
                                  draft.partial)
        count = 1 + len(segment) // draft.gso if draft.gso else 1
        shot = Shot(device or self.way_in(draft.src), self.cookie(count),
                    draft.family, cookies=count, plain=draft.plain)
        whole = self.header(draft, shot.cookie, segment)
        if draft.gso:
            shot.vnet = self.vnet(draft, wire.read(whole))
            shot.datagrams = shot.most = count
            shot.packets = [whole]
        elif self.chance(8) or len(whole) > 1500:
            shot.packets = self.pieces(draft, shot, segment)
        else:
            shot.packets = [self.spoilt(draft, shot, whole)]
        self.describe(shot, draft, whole)
        return shot

    def vnet(self, draft, packet):
        v4 = draft.family == 4
        if draft.proto == TCP:
            kind = wire.GSO_TCP4 if v4 else wire.GSO_TCP6
        else:
            kind = self.rng.choice((wire.GSO_UFO, wire.GSO_UDP, wire.GSO_UDP))
        at = wire.SUM_AT[draft.proto]
        return wire.VNET.pack(wire.NEEDS_CSUM, kind,
                              packet.start + wire.HEADER[draft.proto],
                              draft.gso, packet.start, at)

    def spoilt(self, draft, shot, whole):
        """Lengths that are wrong; the sum of IPv4's header stays right."""
        if not self.chance(3):
            return whole
        shot.plain = False
        at = 2 if draft.family == 4 else 4
        length = struct.unpack_from(">H", whole, at)[0]
        wrong = self.rng.choice((0, 1, length - 1, length + 1, length - 9, 20,
                                 65535)) & 0xffff
        whole = whole[:at] + struct.pack(">H", wrong) + whole[at + 2:]
        if draft.family == 4 and self.chance(90):
            size = (whole[0] & 15) * 4
            blank = whole[:10] + b"\0\0" + whole[12:size]
            whole = whole[:10] + struct.pack(">H", wire.checksum(blank)) + \
                whole[12:]
        return whole

    def pieces(self, draft, shot, segment):
        """Fragments: in order or not, all or not all, some twice or laid over
        each other. The transport header may be cut, too."""
        rng = self.rng
        step = rng.choice((8, 16, 64, 512, 1400))
        step = max(step, (len(segment) // 30 + 7) & ~7 or 8)
        parts, at = [], 0
        ident = shot.cookie | rng.randrange(1 << 16) << 16
        while at < len(segment) or not at:
            data = segment[at:at + step]
            parts.append((at, data, at + step < len(segment)))
            at += step
        shot.plain = shot.plain and len(parts) <= 8
        kind = rng.random()
        if kind < 0.4:
            rng.shuffle(parts)
        elif kind < 0.5:
            parts.pop(rng.randrange(len(parts)))
            shot.plain = False
        elif kind < 0.6 and len(parts) > 1:
            parts.append(rng.choice(parts))
            shot.plain = False
        elif kind < 0.7 and len(parts) > 1:
            at, data, _ = rng.choice(parts)
            parts.insert(rng.randint(0, len(parts)), (
                at + rng.choice((0, 8)), data + rng.randbytes(8), rng.choice(
                    (True, False))))
            shot.plain, shot.overlap = False, True
        # Some first fragments nobody makes whole, so each goes on as it is; and
        # a wrong length may hide that they are fragments.
        shot.most = sum(not part[0] for part in parts)
        if draft.extensions:
            shot.most = len(parts)
        return [self.piece(draft, shot.cookie, ident, *part) for part in parts]

    def piece(self, draft, cookie, ident, at, data, more):
        if draft.family == 4:
            return self.header(draft, cookie, data, flags=int(more), at=at)
        extensions = draft.extensions + (
            (wire.FRAGMENT, b"\0" + struct.pack(">HI", at | more, ident)),)
        return wire.ip6(draft.src, draft.dst, draft.proto, data, draft.ttl,
                        cookie, extensions)

    def describe(self, shot, draft, whole):
        """By what is in it, not by what was meant."""
        packet = wire.read(whole if len(shot.packets) != 1 else shot.packets[0])
        shot.src, shot.dst, shot.ttl = draft.src, draft.dst, draft.ttl
        shot.proto = draft.proto
        if packet is None or not packet.complete:
            return
        shot.proto, shot.ports = packet.proto, packet.ports
        if draft.gso:
            shot.judged = "good"
        elif packet.whole and not shot.overlap:
            shot.segment = packet.segment
            shot.judged = wire.judge(packet.src, packet.dst, packet.proto,
                                     packet.segment)

    # ---- what packets are answered with ----

    def answer(self, data, rng):
        """A draft by the one who got this, or None."""
        packet = wire.read(data)
        if packet is None or not packet.whole or packet.proto not in \
                wire.PORTS or len(packet.segment) < wire.HEADER[packet.proto]:
            return None
        kind = rng.random()
        if kind < 0.15:
            proto, segment = self.error_about(data, packet.family)
            return Draft(packet.family, packet.dst, packet.src, proto, segment,
                         plain=False)
        if kind > 0.7:
            return None
        sport, dport = packet.ports
        return Draft(packet.family, packet.dst, packet.src, packet.proto,
                     self.answering(packet, dport, sport, rng), plain=False)

    def answering(self, packet, sport, dport, rng):
        if packet.proto == UDP:
            # SIP is answered at another port, too.
            dport = dport if rng.random() < 0.9 else 5070
            return wire.udp(sport, dport, packet.segment[8:])
        if packet.proto == SCTP:
            return wire.sctp(sport, dport, 1, *self.chunks())
        flags = packet.segment[13]
        if flags & SYN:
            back = ACK if flags & ACK else SYN | ACK
        elif flags & FIN:
            back = FIN | ACK
        else:
            back = rng.choice((ACK, ACK | PSH, FIN | ACK, RST))
        return wire.tcp(sport, dport, back, b"")
