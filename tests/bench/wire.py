# SPDX-License-Identifier: GPL-2.0-only
"""Packets, byte by byte. Their transport checksums are left at what the list's
reader does not look at: the device says that it has verified them."""

import socket
import struct

import messages

UDP, TCP = socket.IPPROTO_UDP, socket.IPPROTO_TCP

# Flags of a TCP header.
SYN, ACK = 0x02, 0x10


def ip_sum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


def ip(proto, src, dst, rest):
    """An IP packet of either family."""
    if ":" in src:
        return (struct.pack("!IHBB", 6 << 28, len(rest), proto, 64) +
                socket.inet_pton(socket.AF_INET6, src) +
                socket.inet_pton(socket.AF_INET6, dst) + rest)
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(rest), 0, 0x4000, 64,
                       proto, 0, socket.inet_aton(src), socket.inet_aton(dst))
    return head[:10] + struct.pack("!H", ip_sum(head)) + head[12:] + rest


def udp(src, sport, dst, dport, payload):
    head = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0xffff)
    return ip(UDP, src, dst, head + payload)


def tcp(src, sport, dst, dport, flags, payload=b""):
    head = struct.pack("!HHIIBBHHH", sport, dport, 1, 1, 5 << 4, flags, 65535,
                       0xffff, 0)
    return ip(TCP, src, dst, head + payload)


def records(packets):
    """As the replay module takes them."""
    return b"".join(struct.pack("=I", len(one)) + one for one in packets)


def sip(shape, call):
    """A message of a shape, of call number CALL."""
    text = messages.SHAPES[shape]
    body = ""
    if "application/sdp" in text:
        body = messages.BODIES.get(shape, messages.SDP).replace("\n", "\r\n")
    head = text.format(call=f"{call:08d}", length=len(body))
    return (head.replace("\n", "\r\n") + body).encode()
