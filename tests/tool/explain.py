# SPDX-License-Identifier: GPL-2.0-only
"""What of opvsadm explain needs no kernel: captures of all link types, and
broken ones; command lines that cannot be.

usage: explain.py [--valgrind] FOLDER COUNT SEED

FOLDER has opvsadm and explain_capture, and room for files; COUNT captures are
changed at random. With --valgrind, both programs run under it, with fewer lines.
"""

import os
import socket
import struct
import subprocess
import sys

from lines import ENVIRONMENT, FOUND

ETHERNET, RAW, SLL, SLL2, LOOP, WIFI = 1, 101, 113, 276, 108, 105
CLIENT, VIRTUAL = "10.1.2.3", "10.91.0.1"
CLIENT6, VIRTUAL6 = "fd91:1::2", "fd91::1"
INVITE = b"INVITE sip:x@y SIP/2.0\r\nCall-ID: a\r\n\r\n"
ENDS = f"{CLIENT}:5060 {VIRTUAL}:5060"
ENDS6 = f"[{CLIENT6}]:5060 [{VIRTUAL6}]:5060"


def udp(payload=INVITE):
    return struct.pack("!4H", 5060, 5060, 8 + len(payload), 0) + payload


def tcp(options=b""):
    return struct.pack("!2H2I4H", 5060, 5060, 1, 2,
                       (5 + len(options) // 4) << 12 | 2, 9, 0, 0) + options


def ip4(body, proto=17, frag=0, said=None, options=b""):
    size = 20 + len(options)
    return struct.pack(
        "!2B3H2BH4s4s", 0x40 | size // 4, 0,
        size + len(body) if said is None else said, 7, frag, 64, proto, 0,
        socket.inet_aton(CLIENT), socket.inet_aton(VIRTUAL)) + options + body


def ip6(body, proto=17, said=None):
    return struct.pack("!IHBB", 6 << 28, len(body) if said is None else said,
                       proto, 64) + socket.inet_pton(
        socket.AF_INET6, CLIENT6) + socket.inet_pton(
            socket.AF_INET6, VIRTUAL6) + body


def frag6(offset, more, body, proto=17):
    return bytes((proto, 0)) + struct.pack("!HI", offset << 3 | more, 7) + body


def ether(packet, kind=0x0800, tags=()):
    head = b"\2" * 12
    for tag in tags:
        head += struct.pack("!2H", tag, 5)
    return head + struct.pack("!H", kind) + packet


def sll(packet, direction=0, kind=0x0800):
    return struct.pack("!3H8sH", direction, 1, 6, b"\2" * 8, kind) + packet


def sll2(packet, direction=0, kind=0x0800):
    return struct.pack("!2HIHBB8s", kind, 0, 3, 1, direction, 6,
                       b"\2" * 8) + packet


def capture(link, frames):
    """A file; a frame may be a pair: how long it was, too."""
    text = struct.pack("<I2H3I", 0xa1b2c3d4, 2, 4, 0, 0, 262144) + \
        struct.pack("<I", link)
    for number, frame in enumerate(frames):
        whole = len(frame)
        if isinstance(frame, tuple):
            frame, whole = frame
        text += struct.pack("<4I", 1700000000 + number, 5, len(frame),
                            whole) + frame
    return text


def cut(frame, size):
    return frame[:size], len(frame)


def cases():
    """(name, link, [(frame, what is printed of it)])"""
    whole, whole6 = ip4(udp()), ip6(udp())
    said = f"packet 17 {ENDS} len {len(whole)} INVITE"
    said6 = f"packet 17 {ENDS6} len {len(whole6)} INVITE"
    answer = ip4(udp(b"SIP/2.0 180 Ringing\r\n"))
    hop = bytes((17, 0)) + b"\1\4\0\0\0\0"
    yield "ethernet", ETHERNET, [
        (ether(whole), said), (ether(whole6, 0x86dd), said6),
        (ether(whole, tags=(0x8100,)), said),
        (ether(whole6, 0x86dd, (0x88a8, 0x8100)), said6),
        (ether(b"\0\1", 0x0806), "not-ip"), (b"\2" * 9, "not-ip"),
        (ether(whole + bytes(18)), said),
        (ether(answer), f"packet 17 {ENDS} len {len(answer)} 180"),
        (ether(ip4(b"\x08\0\0\0", 1)),
         f"packet 1 {CLIENT} {VIRTUAL} len 24"),
        (ether(ip4(tcp(), 6, options=b"\1\1\1\0")),
         f"packet 6 {ENDS} len 44")]
    yield "fragments", ETHERNET, [
        (ether(ip4(udp(), frag=0x2000)),
         f"packet 17 {ENDS} len {len(whole)} fragment INVITE"),
        (ether(ip4(b"rest of it", frag=5)),
         f"packet 17 {CLIENT} {VIRTUAL} len 30 fragment"),
        (ether(ip6(frag6(0, 1, udp()), 44), 0x86dd),
         f"packet 17 {ENDS6} len {len(whole6) + 8} fragment INVITE"),
        (ether(ip6(frag6(9, 0, b"rest of it"), 44), 0x86dd),
         f"packet 17 {CLIENT6} {VIRTUAL6} len 58 fragment"),
        (ether(ip6(hop + udp(), 0), 0x86dd),
         f"packet 17 {ENDS6} len {len(whole6) + 8} INVITE")]
    yield "cut", ETHERNET, [
        (cut(ether(whole), 14 + 20 + 8 + 11),
         f"packet 17 {ENDS} len 39 missing {len(whole) - 39} INVITE"),
        (cut(ether(whole), 14 + 20 + 6),
         f"cut 17 {ENDS} missing {len(whole) - 26}"),
        (cut(ether(whole), 14 + 12), "cut 0 - -"),
        (cut(ether(whole), 9), "cut 0 - -"),
        (cut(ether(ip4(tcp(b"\1" * 20) + b"data", 6)), 14 + 20 + 30),
         f"packet 6 {ENDS} len 50 missing 14"),
        (cut(ether(ip4(tcp(), 6)), 14 + 20 + 12),
         f"cut 6 {ENDS} missing 8"),
        (cut(ether(ip6(hop + udp(), 0), 0x86dd), 14 + 40 + 4),
         f"cut 0 {CLIENT6} {VIRTUAL6} missing {len(whole6) + 8 - 44}")]
    yield "wrong", ETHERNET, [
        (ether(ip4(udp(), said=9999)), f"malformed 17 {CLIENT} {VIRTUAL}"),
        (ether(ip4(udp(), said=19)), f"malformed 17 {CLIENT} {VIRTUAL}"),
        (ether(ip4(udp(), said=0)), said),
        (ether(whole[:8]), "malformed 0 - -"),
        (ether(b"\x20" + whole[1:]), "malformed 0 - -"),
        (ether(b""), "malformed 0 - -"),
        (ether(ip6(udp(), said=9999), 0x86dd),
         f"malformed 17 {CLIENT6} {VIRTUAL6}"),
        (ether(ip6(udp(), said=0), 0x86dd), said6),
        (ether(ip6(bytes((17, 255)) + b"\1\4\0\0\0\0", 0), 0x86dd),
         f"malformed 17 {CLIENT6} {VIRTUAL6}"),
        (ether(b"\x4f" + whole[1:20]), f"malformed 17 {CLIENT} {VIRTUAL}")]
    for name, link, frame in (("sll", SLL, sll), ("sll2", SLL2, sll2)):
        yield name, link, [
            (frame(whole), said), (frame(whole, 4), said.replace(
                " INVITE", " outgoing INVITE")),
            (frame(whole6, 0, 0x86dd), said6),
            (frame(struct.pack("!2H", 5, 0x0800) + whole, 0, 0x8100), said),
            (frame(b"", 4, 0x0806), "not-ip outgoing"), (b"\0" * 7, "not-ip")]
    yield "raw", RAW, [(whole, said), (whole6, said6), (b"\xf0", "not-ip")]
    yield "loop", LOOP, [(b"\0\0\0\2" + whole, said), (b"\0\0", "not-ip")]


def broken(folder):
    """(name, bytes, what is said)"""
    good = capture(ETHERNET, [ether(ip4(udp()))] * 2)
    first = good[:24 + 16 + len(ether(ip4(udp())))]
    yield "empty", b"", "--pcap {} cannot be read: "
    yield "noise", b"no capture at all, but text", \
        "--pcap {} cannot be read: "
    yield "missing", None, "--pcap {} cannot be read: "
    yield "link", capture(WIFI, []), \
        "--pcap {} is of link type IEEE802_11 (105); captures of"
    yield "short", good[:-3], "--pcap {} ends behind its packet 1: "
    yield "long", first + struct.pack("<4I", 1, 1, 0xfffffff0, 9), \
        "--pcap {} ends behind its packet 1: "


BAD_LINES = (
    "", "udp", "udp 10.1.1.1", "tcp 10.1.1.1 10.1.1.2", "udp x 10.1.1.2:5",
    "icmp 10.1.1.1 10.1.1.2:5", "udp 10.1.1.1 fd91::1:5", "udp 10.1.1.1 [fd91::1]:5",
    "10.1.1.1:5", "10.1.1.1:5 --random 0", "10.1.1.1:5 --random 1x",
    "10.1.1.1:5 --in-progress --without 1.1.1.1 --message /dev/null",
    "10.1.1.1:5 --with 1.1.1.1=", "10.1.1.1:5 --with 1.1.1.1=-1",
    "10.1.1.1:5 --weight 1.1.1.1", "10.1.1.1:5 --without 1.1.1.1=1",
    "10.1.1.1:5 --without [::1]:99999", "10.1.1.1:5 --cpu x",
    "tcp 10.1.1.1 10.1.1.2:5 --call-id x", "--pcap", "--pcap x --call-id y",
    "10.1.1.1:5 --call-id x --message y", "--service a --pcap x y",
    "10.1.1.1:5 --call-id " + 256 * "x", "10.1.1.1:5 --nonsense",
    "10.1.1.1:5 " + 257 * "--without 1.1.1.1 ",
    "10.1.1.1:5 --fwmark 0 --call-id x")


class Tries:
    """Runs programs and judges what they print."""

    def __init__(self, prefix):
        self.prefix, self.bad, self.count = prefix, 0, 0

    def run(self, command, want=None, status=(0, 1)):
        done = subprocess.run([*self.prefix, *command], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=600,
                              env=ENVIRONMENT, check=False)
        text = done.stdout.decode("utf-8", "replace")
        self.count += 1
        if done.returncode in status and (want is None or want(text)):
            return text
        self.bad += 1
        print(f"{command}: status {done.returncode}, said:\n{text}")
        return text


def main():
    valgrind = sys.argv[1] == "--valgrind"
    folder, count, seed = sys.argv[1 + valgrind:]
    program = f"{folder}/explain_capture"
    tries = Tries(["valgrind", "-q", "--leak-check=full",
                   f"--error-exitcode={FOUND}"] if valgrind else [])
    files = []

    def write(name, data):
        path = f"{folder}/{name}.pcap"
        if data is not None:
            with open(path, "wb") as file:
                file.write(data)
            files.append(path)
        return path

    for name, link, frames in cases():
        path = write(name, capture(link, [frame for frame, _ in frames]))
        want = "\n".join(said for _, said in frames) + "\n"
        tries.run([program, path], lambda text, want=want: text == want or
                  print(f"wanted:\n{want}"))
    for name, data, said in broken(folder):
        path = write(name, data)
        tries.run([program, path], lambda text, said=said.format(path):
                  said in text, (1,))
    for line in BAD_LINES[::9 if valgrind else 1]:
        tries.run([f"{folder}/opvsadm", "explain", *line.split()], None, (2,))
    tries.run([f"{folder}/opvsadm", "explain", "--help"])
    fuzzed = tries.run([program, "--fuzz", count, seed, *files], None, (0,))
    print(f"{tries.count} captures and command lines of explain, "
          f"{fuzzed.strip()}: {tries.bad} findings")
    sys.exit(tries.bad > 0)


if __name__ == "__main__":
    os.umask(0o077)
    main()
