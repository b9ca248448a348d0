# SPDX-License-Identifier: GPL-2.0-only
"""Packets as bytes: built, read and summed without the kernel or the module, so
that what they do can be judged."""

import socket
import struct

ICMP, TCP, UDP, ICMP6, SCTP = 1, 6, 17, 58, 132
HOP, ROUTING, FRAGMENT, ESP, AH, NOTHING, DEST = 0, 43, 44, 50, 51, 59, 60
EXTENSIONS = (HOP, ROUTING, FRAGMENT, AH, DEST)
PORTS = (TCP, UDP, SCTP)
SUM_AT = {ICMP: 2, TCP: 16, UDP: 6, ICMP6: 2, SCTP: 8}
HEADER = {ICMP: 8, TCP: 20, UDP: 8, ICMP6: 8, SCTP: 12}

NEEDS_CSUM = 1
GSO_TCP4, GSO_UFO, GSO_TCP6, GSO_UDP = 1, 3, 4, 5
VNET = struct.Struct("=BBHHHH")


def total(data):
    """The sum of RFC 1071, modulo 0xffff: right data come to 0."""
    return int.from_bytes(data + b"\0" * (len(data) % 2), "big") % 0xffff


def checksum(data):
    return ~total(data) & 0xffff


def _crc32c_table():
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82f63b78 if value & 1 else 0)
        yield value


CRC32C = tuple(_crc32c_table())


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc = crc >> 8 ^ CRC32C[(crc ^ byte) & 0xff]
    return struct.pack("<I", crc ^ 0xffffffff)


def pack(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.inet_pton(family, address)


def text(address):
    family = socket.AF_INET6 if len(address) == 16 else socket.AF_INET
    return socket.inet_ntop(family, address)


def pseudo(src, dst, proto, length):
    if len(src) == 4:
        return src + dst + struct.pack(">BBH", 0, proto, length & 0xffff)
    return src + dst + struct.pack(">II", length, proto)


def summed(src, dst, proto, segment, partial=False):
    """The segment with its checksum put in; partial: as the stack leaves it
    for a device to finish."""
    at = SUM_AT.get(proto)
    if at is None or len(segment) < HEADER[proto]:
        return segment
    if proto == SCTP:
        blank = segment[:at] + bytes(4) + segment[at + 4:]
        return segment[:at] + crc32c(blank) + segment[at + 4:]
    blank = segment[:at] + bytes(2) + segment[at + 2:]
    front = b"" if proto == ICMP else pseudo(src, dst, proto, len(segment))
    if partial:
        value = total(front)
    else:
        value = checksum(front + blank)
        if proto == UDP:
            value = value or 0xffff
    return segment[:at] + struct.pack(">H", value) + segment[at + 2:]


def tcp(sport, dport, flags, data=b"", seq=1, ack=1):
    return struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 5 << 4, flags,
                       4096, 0, 0) + data


def udp(sport, dport, data=b""):
    return struct.pack(">HHHH", sport, dport, (8 + len(data)) & 0xffff, 0) + data


def sctp(sport, dport, tag, *chunks):
    """Chunks are (type, flags, value)."""
    out = struct.pack(">HHII", sport, dport, tag, 0)
    for kind, flags, value in chunks:
        out += struct.pack(">BBH", kind, flags, 4 + len(value)) + value
        out += bytes(-len(value) % 4)
    return out


def icmp(kind, code, rest, data):
    return struct.pack(">BBHI", kind, code, 0, rest) + data


def ip4(src, dst, proto, data, ttl, ident, options=b"", flags=0, at=0, tos=0):
    options += bytes(-len(options) % 4)
    head = struct.pack(">BBHHHBBH", 0x40 | 5 + len(options) // 4, tos,
                       (20 + len(options) + len(data)) & 0xffff, ident,
                       flags << 13 | at >> 3, ttl, proto, 0)
    head += src + dst + options
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + data


def ip6(src, dst, proto, data, ttl, label, extensions=()):
    """Extensions are (type, bytes from the second on)."""
    chain = b""
    kinds = [kind for kind, _ in extensions] + [proto]
    for (_, body), after in zip(extensions, kinds[1:]):
        chain += bytes([after]) + body
    return struct.pack(">IHBB", 6 << 28 | label,
                       (len(chain) + len(data)) & 0xffff, kinds[0], ttl) + \
        src + dst + chain + data


class Packet:
    """What can be read in a packet. whole: it is no fragment; segment: from the
    transport header on, as far as it is said to go."""

    __slots__ = ("family", "src", "dst", "proto", "ttl", "cookie", "at", "more",
                 "ident", "segment", "start", "head_good", "complete",
                 "nested")

    @property
    def whole(self):
        return not self.at and not self.more

    @property
    def ports(self):
        if self.proto in PORTS and not self.at and len(self.segment) >= 4:
            return struct.unpack_from(">HH", self.segment)
        return 0, 0

    def __str__(self):
        sport, dport = self.ports
        return (f"{text(self.src)}|{sport} -> {text(self.dst)}|{dport} "
                f"proto {self.proto} ttl {self.ttl} id {self.cookie:#x} "
                f"at {self.at}{'+' if self.more else ''} "
                f"{len(self.segment)} bytes")


def _read4(data):
    if len(data) < 20 or data[0] & 15 < 5 or len(data) < (data[0] & 15) * 4:
        return None
    packet = Packet()
    size = (data[0] & 15) * 4
    length, ident, frag = struct.unpack_from(">HHH", data, 2)
    packet.family, packet.ttl, packet.proto = 4, data[8], data[9]
    packet.src, packet.dst = data[12:16], data[16:20]
    packet.cookie = packet.ident = ident
    packet.at, packet.more = (frag & 0x1fff) << 3, bool(frag & 0x2000)
    packet.head_good = not total(data[:size])
    packet.complete = size <= length <= len(data)
    packet.nested = False
    packet.segment, packet.start = data[size:max(length, size)], size
    return packet


def _read6(data):
    if len(data) < 40:
        return None
    packet = Packet()
    first, length, kind, packet.ttl = struct.unpack_from(">IHBB", data)
    packet.family, packet.cookie = 6, first & 0xfffff
    packet.src, packet.dst = data[8:24], data[24:40]
    packet.at = packet.ident = 0
    packet.more, packet.head_good = False, True
    # Of a jumbogram it is 0, and of the largest GSO packets.
    jumbo = not length and kind == HOP
    end = len(data) if jumbo else min(40 + length, len(data))
    packet.complete = 40 + length <= len(data)
    at, fragments = 40, 0
    while kind in EXTENSIONS and at + 8 <= end and not packet.at:
        if kind == FRAGMENT:
            offset, packet.ident = struct.unpack_from(">HI", data, at + 2)
            packet.at, packet.more = offset & 0xfff8, bool(offset & 1)
            size = 8
            fragments += 1
        else:
            size = (data[at + 1] + 2) * 4 if kind == AH else \
                (data[at + 1] + 1) * 8
        kind, at = data[at], at + size
    packet.proto, packet.nested = kind, fragments > 1
    packet.segment, packet.start = data[min(at, end):end], at
    return packet


def read(data):
    """A Packet, or None where there is not even a header."""
    version = data[0] >> 4 if data else 0
    return _read4(data) if version == 4 else \
        _read6(data) if version == 6 else None


def judge(src, dst, proto, segment, partial=False):
    """Of a whole segment's checksum: good, bad, none (UDP's 0), or unknown."""
    at = SUM_AT.get(proto)
    if at is None or len(segment) < HEADER[proto]:
        return "unknown"
    if proto == SCTP:
        blank = segment[:at] + bytes(4) + segment[at + 4:]
        return "good" if crc32c(blank) == segment[at:at + 4] else "bad"
    if proto == UDP:
        if segment[at:at + 2] == b"\0\0" and not partial:
            return "none"
        length = struct.unpack_from(">H", segment, 4)[0]
        if length != len(segment) and not partial:
            return "unknown"
    front = b"" if proto == ICMP else pseudo(src, dst, proto, len(segment))
    if partial:
        return "good" if total(front) == \
            total(segment[at:at + 2]) else "bad"
    return "good" if not total(front + segment) else "bad"


def body(proto, segment):
    """What no translation changes: all but ports and checksum."""
    if proto not in PORTS or len(segment) < HEADER[proto]:
        return segment
    at = SUM_AT[proto]
    size = 4 if proto == SCTP else 2
    return segment[4:at] + segment[at + size:]
