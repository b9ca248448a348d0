#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Sends UDP datagrams in fragments of 1 400 bytes, each in its own order.

usage: pieces.py SOURCE PORT DESTINATION PORT SIZE ORDER...

ORDER is numbers of fragments with commas: "2,0,1". One may be missing.
"""

import socket
import struct
import sys
import time

from traffic import family_of, udp_datagram

PIECE = 1400            # a multiple of 8
FRAGMENT = 44           # IPv6's header of that name


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


def main():
    src, sport, dst, dport, size, *orders = sys.argv[1:]
    family = family_of(dst)
    first = time.time_ns() & 0x7fffffff
    with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW) as sock:
        for ident, order in enumerate(orders, first):
            made = list(pieces(family, (src, int(sport)), (dst, int(dport)),
                               int(size), ident))
            for number in order.split(","):
                sock.sendto(made[int(number)], (dst, 0))


main()
