#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Sends UDP datagrams in fragments of 1 400 bytes, each in its own order.

usage: pieces.py [--jumbo] SOURCE PORT DESTINATION PORT SIZE ORDER...

ORDER is numbers of fragments with commas: "2,0,1". One may be missing.
--jumbo: IPv6 fragments that claim to be jumbograms (RFC 2675), which these can
never be: payload length 0 in both headers, and a hop-by-hop header.
"""

import socket
import struct
import sys
import time

from traffic import family_of, udp_datagram

PIECE = 1400            # a multiple of 8
FRAGMENT = 44           # IPv6's header of that name
HOP_BY_HOP = 0          # and the one that jumbograms have


def header(family, ends, ident, at, length, more):
    """The kernel adds the sum of IPv4's."""
    if family == socket.AF_INET:
        return struct.pack(">BBHHHBBH", 0x45, 0, 20 + length, ident & 0xffff,
                           more << 13 | at >> 3, 64, socket.IPPROTO_UDP,
                           0) + ends
    return struct.pack(">IHBB", 6 << 28, 8 + length, FRAGMENT, 64) + ends + \
        struct.pack(">BBHI", socket.IPPROTO_UDP, 0, at | more, ident)


def pieces(family, src, dst, size, ident):
    ends = socket.inet_pton(family, src[0]) + socket.inet_pton(family, dst[0])
    whole = udp_datagram(src, dst, bytes(97 + i % 26 for i in range(size)))
    for at in range(0, len(whole), PIECE):
        part = whole[at:at + PIECE]
        yield header(family, ends, ident, at, len(part),
                     at + PIECE < len(whole)) + part


def as_jumbo(packet):
    """Behind the addresses come eight bytes of padding for every hop; the first
    fragment's datagram has no length."""
    return packet[:4] + struct.pack(">HB", 0, HOP_BY_HOP) + packet[7:40] + \
        bytes([FRAGMENT, 0, 1, 4, 0, 0, 0, 0]) + packet[40:52] + \
        b"\0\0" + packet[54:]


def main():
    jumbo = sys.argv[1] == "--jumbo"
    src, sport, dst, dport, size, *orders = sys.argv[1 + jumbo:]
    family = family_of(dst)
    first = time.time_ns() & 0x7fffffff
    with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW) as sock:
        for ident, order in enumerate(orders, first):
            made = list(pieces(family, (src, int(sport)), (dst, int(dport)),
                               int(size), ident))
            for number in order.split(","):
                piece = made[int(number)]
                sock.sendto(as_jumbo(piece) if jumbo else piece, (dst, 0))


main()
