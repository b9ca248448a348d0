#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes UDP datagrams enter this host otherwise than by the wire.

usage: entries.py tun SOURCE PORT DESTINATION PORT COUNT
       entries.py packet SOURCE PORT DESTINATION PORT COUNT DEVICE
       entries.py raw SOURCE PORT DESTINATION PORT COUNT

tun     written to a tun device, behind which SOURCE then is: arrives in the
        writer's context. Waits for the answers and prints how many came from
        DESTINATION and its port
packet  put on a device by a packet socket; on the loopback device it arrives
raw     sent with a header of its own by a raw socket
"""

import fcntl
import os
import select
import socket
import struct
import subprocess
import sys

from traffic import checksum, family_of, udp_datagram

TUNSETIFF = 0x400454ca
IFF_TUN, IFF_NO_PI = 1, 0x1000
DEVICE = b"entry0"
WAIT = 5.0


def packet(src, dst, data):
    family = family_of(dst[0])
    body = udp_datagram(src, dst, data)
    ends = socket.inet_pton(family, src[0]) + socket.inet_pton(family, dst[0])
    if family == socket.AF_INET6:
        return struct.pack(">IHBB", 6 << 28, len(body), socket.IPPROTO_UDP,
                           64) + ends + body
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64,
                       socket.IPPROTO_UDP, 0)
    return head[:10] + struct.pack(">H", checksum(head + ends)) + ends + body


def answers(data, src, dst):
    """Is this one from there to here?"""
    if data[0] >> 4 == 6:
        ends, ports = data[8:40], data[40:44]
    else:
        ends, ports = data[12:20], data[20:24]
    family = family_of(dst[0])
    return ends == socket.inet_pton(family, dst[0]) + \
        socket.inet_pton(family, src[0]) and \
        ports == struct.pack(">HH", dst[1], src[1])


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def by_tun(src, dst, packets):
    handle = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(handle, TUNSETIFF,
                struct.pack("16sH22x", DEVICE, IFF_TUN | IFF_NO_PI))
    ip("link", "set", DEVICE.decode(), "up")
    ip("route", "add", src[0], "dev", DEVICE.decode())
    found = 0
    for one in packets:
        os.write(handle, one)
    while found < len(packets) and select.select([handle], [], [], WAIT)[0]:
        found += answers(os.read(handle, 4096), src, dst)
    print(found)


def by_packet(dst, packets, device):
    kind = 0x86dd if family_of(dst[0]) == socket.AF_INET6 else 0x0800
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM) as sock:
        for one in packets:
            sock.sendto(one, (device, kind, 0, 0, bytes(6)))


def by_raw(dst, packets):
    with socket.socket(family_of(dst[0]), socket.SOCK_RAW,
                       socket.IPPROTO_RAW) as sock:
        for one in packets:
            sock.sendto(one, (dst[0], 0))


def main():
    how, src, sport, dst, dport, count, *rest = sys.argv[1:]
    src, dst = (src, int(sport)), (dst, int(dport))
    packets = [packet(src, dst, b"%d " % i) for i in range(int(count))]
    if how == "tun":
        by_tun(src, dst, packets)
    elif how == "packet":
        by_packet(dst, packets, *rest)
    else:
        by_raw(dst, packets)


main()
