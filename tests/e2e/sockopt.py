#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The socket options of ip_vs, byte by byte, in a network namespace of its own.

usage: sockopt.py record FILE     by whichever module is loaded
       sockopt.py compare FILE    opvs answers as FILE says; output: TAP
       sockopt.py refused         all of them, to whom opvs refuses; output: TAP

Where opvs means to differ, a row says how, and then the two must differ.
Needs root.
"""

import ctypes
import errno
import json
import os
import re
import socket
import struct
import subprocess
import sys
import time

from genl import CLONE_NEWNET, CLONE_NEWUSER, Tap, unshare
from netlink_errors import in_child

BASE = 64 + 1024 + 64
(ADD, EDIT, DEL, FLUSH, LIST, ADDDEST, DELDEST, EDITDEST, TIMEOUT, START, STOP,
 RESTORE, SAVE, ZERO) = range(BASE + 2, BASE + 16)
(VERSION, INFO, SERVICES, SERVICE, DESTS, DEST, TIMEOUTS,
 DAEMONS) = range(BASE, BASE + 8)

TCP, UDP, SCTP = 6, 17, 132
PERSISTENT, HASHED, ONEPACKET = 1, 2, 4
MASQ, LOCAL, TUNNEL, ROUTE, BYPASS = range(5)

STATS = "3I4x2Q5I4x"
SERVICE_ENTRY = "=Hxx4s2sxxI16s3I" + "I" + STATS
DEST_ENTRY = "=4s2sxxIiII3I4x" + STATS
assert struct.calcsize(SERVICE_ENTRY) == 104
assert struct.calcsize(DEST_ENTRY) == 96
GUARD = 0xa5
NOT_THERE = "not in this kernel"

libc = ctypes.CDLL(None, use_errno=True)


def addr(text):
    return socket.inet_aton(text)


def be16(value):
    return struct.pack("!H", value)


def key(proto=UDP, vip="192.0.2.1", port=5060, mark=0):
    return struct.pack("=Hxx4s2sxxI", proto, addr(vip), be16(port), mark)


def service(sched=b"rr", flags=0, timeout=0, mask=0xffffffff, **named):
    return key(**named) + struct.pack("=16sIII", sched, flags, timeout, mask)


def dest(rip="192.0.2.11", port=5060, method=MASQ, weight=1, upper=0, lower=0):
    return struct.pack("=4s2sxxIiII", addr(rip), be16(port), method, weight,
                       upper, lower)


def daemon(state=1, name=b"lo", syncid=7):
    return struct.pack("=i16si", state, name, syncid)


class Options:
    """Sets and gets them by the C library, which checks nothing."""

    def __init__(self, kind=socket.SOCK_DGRAM):
        self.sock = socket.socket(socket.AF_INET, kind)

    def set(self, name, data, length=None):
        """The error's name, or '-'."""
        size = len(data) if length is None else length
        return self.call(libc.setsockopt, name, data, ctypes.c_int(size))

    def get(self, name, data=b"", length=None, room=None):
        """The error's name or '-', and what was written if there was none."""
        size = ctypes.c_int(len(data) if length is None else length)
        buffer = bytearray([GUARD]) * max(room or 0, size.value, len(data), 1)
        buffer[:len(data)] = data
        box = (ctypes.c_char * len(buffer)).from_buffer(buffer)
        error = self.call(libc.getsockopt, name, box, ctypes.byref(size))
        return error, bytes(buffer) if error == "-" else b"", size.value

    def call(self, function, name, data, length):
        if function(self.sock.fileno(), socket.IPPROTO_IP, name, data, length):
            return errno.errorcode[ctypes.get_errno()]
        return "-"


def text(data):
    return data.split(b"\0")[0].decode()


def port(data):
    return int.from_bytes(data, "big")


def padding(data, form):
    """True if all bytes that mean nothing are 0."""
    return struct.pack(form, *struct.unpack(form, data)) == data


def show_stats(values, rates=False):
    """Rates depend on when they are asked for."""
    return list(values[:5]) + (list(values[5:]) if rates else [])


def show_service(data):
    (proto, vip, number, mark, sched, flags, timeout, mask, dests,
     *stats) = struct.unpack(SERVICE_ENTRY, data)
    return [proto, socket.inet_ntoa(vip), port(number), mark, text(sched),
            flags, timeout, mask, dests, show_stats(stats),
            padding(data, SERVICE_ENTRY)]


def show_dest(data):
    rip, number, flags, weight, *rest = struct.unpack(DEST_ENTRY, data)
    return [socket.inet_ntoa(rip), port(number), flags, weight, rest[:5],
            show_stats(rest[5:]), padding(data, DEST_ENTRY)]


def entries(data, start, size, show):
    """What was written of a list; the rest is as it was."""
    found = []
    while start < len(data):
        entry = data[start:start + size]
        if entry == bytes([GUARD]) * size:
            found.append(None)
        else:
            found.append(show(entry))
        start += size
    return found


class Player:
    """Plays rows and notes what each answered."""

    def __init__(self):
        self.options = Options()
        self.notes = []
        with open("/proc/net/ip_vs", encoding="utf-8") as file:
            self.ours = " opvs " in file.readline()

    def note(self, name, answer, ours=None):
        """Where opvs means to differ, its answer is OURS."""
        if ours is not None:
            met = (answer == ours) == self.ours
            answer = "differs as it should" if met else f"is {answer}"
        self.notes.append([name, answer])

    def set(self, name, option, data=b"", length=None, ours=None):
        self.note(name, self.options.set(option, data, length), ours)

    def services(self, number, name="services", extra=0):
        data = struct.pack("=I4x", number)
        error, got, size = self.options.get(SERVICES, data, 8 + 104 * number +
                                            extra)
        found = entries(got, 8, 104, show_service) if got else []
        found.sort(key=str)
        self.note(name, [error, found, size - 104 * number])

    def dests(self, number, name="servers", extra=0, **named):
        data = key(**named) + struct.pack("=I4x", number)
        error, got, size = self.options.get(DESTS, data, 24 + 96 * number +
                                            extra)
        found = entries(got, 24, 96, show_dest) if got else []
        found.sort(key=str)
        self.note(name, [error, found, size - 96 * number])

    def service(self, name="service", **named):
        data = key(**named).ljust(104, b"\xff")
        error, got, size = self.options.get(SERVICE, data, room=120)
        answer = show_service(got[:104]) if got else []
        # ip_vs hands back what it was given where it has nothing to say.
        if answer and not self.ours:
            answer[-1] = True
        self.note(name, [error, answer, size, got[104:].hex()])

    def daemons(self):
        error, got, size = self.options.get(DAEMONS, bytes(48), room=56)
        self.note("daemons", [error, got.hex(), size])

    def lines(self, name="ipvsadm", *arguments):
        done = subprocess.run(["ipvsadm", *(arguments or ["-Sn"])],
                              capture_output=True, text=True, check=False)
        self.note(name, sorted(done.stdout.split("\n")))


def play_services(player):
    player.set("new", ADD, service())
    player.set("new, TCP", ADD, service(proto=TCP, flags=PERSISTENT,
                                        timeout=300, mask=0xffffff))
    player.set("new, SCTP", ADD, service(proto=SCTP, sched=b"wlc"))
    player.set("new, all ports", ADD, service(
        proto=TCP, port=0, flags=PERSISTENT, timeout=60))
    player.set("new, mark", ADD, service(proto=TCP, vip="0.0.0.0", port=0,
                                         mark=7, flags=ONEPACKET))
    player.set("again", ADD, service(sched=b"wlc"))
    player.set("again, unknown scheduler", ADD, service(sched=b"nosuch"))
    player.set("unknown scheduler", ADD, service(port=5061, sched=b"nosuch"))
    player.set("no scheduler", ADD, service(port=5061, sched=b""))
    player.set("scheduler without end", ADD, service(port=5061,
                                                     sched=b"m" * 16))
    player.set("the same, and wrong protocol", ADD, service(
        proto=1, sched=b"m" * 16))
    for proto in (0, 1, 33, 255, 256 + UDP, 0xffff):
        player.set(f"protocol {proto}", ADD, service(proto=proto))
        player.set(f"protocol {proto}, mark", ADD, service(proto=proto,
                                                           mark=9))
    player.set("persistent for 0 s", ADD, service(
        port=5061, flags=PERSISTENT), ours="EINVAL")
    player.set("all flags", ADD, service(port=5062, flags=0xffffffff),
               ours="EINVAL")
    player.set("(away)", DEL, service(port=5061), ours="ESRCH")
    player.set("(away)", DEL, service(port=5062), ours="ESRCH")
    player.services(8)
    player.services(5)
    player.services(0)
    for number in (1, 3):
        data = struct.pack("=I4x", number)
        error, got, _ = player.options.get(SERVICES, data, 8 + 104 * number)
        player.note(f"{number} services", [error, len(got), sum(
            found is not None for found in
            entries(got, 8, 104, show_service))])
    player.service()
    player.service("by mark", mark=7)
    player.service("by mark, protocol 0", proto=0, mark=7)
    player.service("none of that port", port=1)
    player.service("none of that mark", mark=8)
    for proto in (0, 1, 256 + UDP):
        player.service(f"protocol {proto}", proto=proto)
    player.lines()


def play_edit(player):
    player.set("edit", EDIT, service(sched=b"wlc", flags=PERSISTENT,
                                     timeout=10, mask=0xff))
    player.service()
    player.set("back", EDIT, service())
    player.service()
    player.set("mark", EDIT, service(proto=TCP, mark=7, vip="0.0.0.0", port=0,
                                     sched=b"wlc"))
    player.service("by mark", mark=7)
    player.set("mark by another protocol", EDIT, service(
        proto=UDP, mark=7, sched=b"wlc"), ours="-")
    player.set("unknown scheduler", EDIT, service(sched=b"nosuch"))
    player.set("scheduler without end", EDIT, service(sched=b"m" * 16))
    player.set("no such service", EDIT, service(port=1))
    player.set("no such service, unknown scheduler", EDIT, service(
        port=1, sched=b"nosuch"))
    player.set("wrong protocol", EDIT, service(proto=1))
    player.set("delete, wrong protocol", DEL, service(proto=1))
    player.set("delete, no such service", DEL, service(port=1))
    player.set("delete, no such mark", DEL, service(mark=9))
    player.set("delete", DEL, service(proto=SCTP, sched=b"m" * 16))
    player.set("delete again", DEL, service(proto=SCTP))
    player.lines()


def play_dests(player):
    at = service()
    player.set("new", ADDDEST, at + dest())
    player.set("new, direct", ADDDEST, service(proto=TCP) + dest(
        method=ROUTE, weight=65536, upper=10, lower=4))
    player.set("new, tunnel", ADDDEST, service(proto=TCP, port=0) + dest(
        method=TUNNEL, port=0, weight=0))
    player.set("new, other port", ADDDEST, at + dest("192.0.2.12", port=5061))
    player.set("new, flags beside the method", ADDDEST, at + dest(
        "192.0.2.13", method=0x100 | MASQ))
    player.set("of a mark", ADDDEST, service(proto=TCP, mark=7) + dest(port=0))
    for method in (LOCAL, BYPASS, 5, 7):
        player.set(f"method {method}", ADDDEST, at + dest(
            "192.0.2.14", method=method), ours="ENOSYS")
        player.set("(away)", DELDEST, at + dest("192.0.2.14"), ours="ENOENT")
    player.set("again", ADDDEST, at + dest())
    player.set("again, wrong weight", ADDDEST, at + dest(weight=-1))
    for weight in (-1, -0x80000000):
        player.set(f"weight {weight}", ADDDEST, at + dest("192.0.2.14",
                                                          weight=weight))
    player.set("thresholds", ADDDEST, at + dest("192.0.2.14", upper=1,
                                                lower=2))
    player.set("lower threshold alone", ADDDEST, at + dest("192.0.2.14",
                                                           lower=1))
    for rip in ("224.0.0.1", "255.255.255.255", "0.0.0.0"):
        player.set(f"server {rip}", ADDDEST, at + dest(rip))
    player.set("no such service", ADDDEST, service(port=1) + dest())
    player.set("wrong protocol", ADDDEST, service(proto=1) + dest())
    for named in ({}, {"proto": TCP}, {"proto": TCP, "port": 0}, {"mark": 7},
                  {"port": 1}, {"proto": 0}, {"mark": 8}):
        player.dests(5, f"servers of {named}", **named)
    player.dests(1, "one server", proto=TCP)
    player.dests(0, "no server")
    player.service()
    player.set("edit", EDITDEST, at + dest(weight=9, upper=7, lower=2))
    player.set("edit to direct", EDITDEST, at + dest(
        "192.0.2.12", port=5061, method=ROUTE))
    player.set("edit, no such server", EDITDEST, at + dest("192.0.2.99"))
    player.set("edit, no such server, wrong weight", EDITDEST, at + dest(
        "192.0.2.99", weight=-1))
    player.set("edit, wrong thresholds", EDITDEST, at + dest(lower=3))
    player.dests(3)
    player.lines()
    player.set("delete", DELDEST, at + dest("192.0.2.12", port=5061,
                                                weight=-7))
    player.set("delete again", DELDEST, at + dest("192.0.2.12", port=5061))
    player.set("delete, no such service", DELDEST, service(port=1) + dest())
    player.dests(2)
    player.lines()


def play_rest(player):
    for values in ((60, 30, 20), (0, 0, 21), (0, 0, 0), (-1, 1, 1),
                   (1, -1, 1), (1, 1, -1), (0x7fffffff, 0, 0)):
        player.set(f"timeouts {values}", TIMEOUT, struct.pack("=3i", *values))
        error, got, size = player.options.get(TIMEOUTS, bytes(12), room=20)
        player.note("timeouts", [error, got.hex(), size])
    player.set("timeouts as they are", TIMEOUT, struct.pack("=3i", 900, 120,
                                                            300))
    error, got, size = player.options.get(INFO, bytes(12), room=16)
    version, buckets, number = struct.unpack("=3I", got[:12])
    player.note("info", [error, hex(version), buckets > 0, number, size,
                         got[12:].hex()])
    error, got, size = player.options.get(VERSION, bytes(64))
    said = text(got)
    player.note("version", [error, re.sub(r"size=\d+", "size=N", said),
                            size == len(said) + 1])
    player.daemons()
    for state in (0, 1, 2, 3, -1):
        player.set(f"stop daemon {state}", STOP, daemon(state))
    for state in (0, 3, -1):
        player.set(f"start daemon {state}", START, daemon(state))
    player.set("start daemon without a name", START, daemon(name=b""))
    player.set("start daemon, name without end", START, daemon(
        name=b"n" * 16))
    player.set("zero one", ZERO, service())
    player.set("zero, no such service", ZERO, service(port=1))
    player.set("zero, wrong protocol", ZERO, service(proto=1))
    player.set("zero all", ZERO, service(proto=1, vip="0.0.0.0", port=0))


def play_daemons(player):
    """Those of state synchronisation, on lo, where nobody else hears them."""
    for state, syncid in ((1, 7), (1, 8), (2, 9), (2, 9)):
        player.set(f"start daemon {state}", START, daemon(state,
                                                          syncid=syncid))
        player.daemons()
    player.lines("daemons by ipvsadm", "-L", "--daemon")
    for state in (0, 2, 2, 1, 1):
        player.set(f"stop daemon {state}", STOP, daemon(state, name=b"x" * 16))
        player.daemons()
    player.set("start daemon, no such interface", START, daemon(
        name=b"nosuch"))
    player.set("start daemon, group above 255", START, daemon(syncid=256 + 7),
               ours="EINVAL")
    player.set("(away)", STOP, daemon(), ours="ESRCH")
    player.daemons()


LENGTHS = {ADD: 44, EDIT: 44, DEL: 44, FLUSH: 0, ADDDEST: 68, DELDEST: 68,
           EDITDEST: 68, TIMEOUT: 12, START: 24, STOP: 24, ZERO: 44}
ANSWERS = {VERSION: 64, INFO: 12, SERVICES: 8, SERVICE: 104, DESTS: 24,
           TIMEOUTS: 12, DAEMONS: 48}


def play_lengths(player):
    for option in range(BASE - 1, BASE + 17):
        right = LENGTHS.get(option)
        for length in {0, 1, 4, right or 0, (right or 0) - 1, (right or 0) + 1,
                       4096, 1 << 20}:
            if length >= 0 and length != right:
                player.set(f"set {option - BASE} by {length} bytes", option,
                           bytes(1 << 20), length)
        player.note(f"set {option - BASE} from nowhere", player.options.call(
            libc.setsockopt, option, None, right or 1) if right else "-")
    for option in range(BASE - 1, BASE + 9):
        right = ANSWERS.get(option, 0)
        for length in {-1, 0, 1, right - 1, right + 1, 4096}:
            error, _, size = player.options.get(option, bytes(128), length)
            if option == VERSION and error == "-":
                size = 0
            player.note(f"get {option - BASE} by {length} bytes",
                        [error, size])
        size = ctypes.c_int(max(right, 64))
        player.note(f"get {option - BASE} to nowhere", player.options.call(
            libc.getsockopt, option, None, ctypes.byref(size)))
    player.services(2, "list shorter than its buffer", extra=1)
    player.services(2, "list longer than its buffer", extra=-1)
    player.dests(2, "servers shorter than their buffer", extra=96)
    player.dests(2, "servers longer than their buffer", extra=-96)
    for number in (0xffffffff, 0x7fffffff, (1 << 32) // 104 + 1):
        for option, head in ((SERVICES, b""), (DESTS, key())):
            data = head + struct.pack("=I4x", number)
            error, _, _ = player.options.get(option, data, 4096)
            player.note(f"list of {number}", error)


def halves(player):
    """A list whose buffer ends half way in memory that is there."""
    page = 4096
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 4
    place = libc.mmap(None, 2 * page, 3, 0x22, -1, 0)
    libc.mprotect(ctypes.c_void_p(place + page), page, 0)
    for option, head, entry, number in (
            (SERVICES, b"", 104, 4), (DESTS, key(), 96, 2)):
        data = head + struct.pack("=I4x", number)
        at = place + page - len(data) - entry
        ctypes.memmove(at, data, len(data))
        size = ctypes.c_int(len(data) + number * entry)
        player.note(f"get {option - BASE}, half of it to nowhere",
                    player.options.call(libc.getsockopt, option,
                                        ctypes.c_void_p(at),
                                        ctypes.byref(size)))


def until(seconds, what):
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        time.sleep(0.05)


def play_traffic(player):
    """Seven datagrams to a server of this host, and what is shown of them."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("192.0.2.21", 5070))
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.bind(("192.0.2.31", 0))
    player.set("service", ADD, service(port=5070))
    player.set("server", ADDDEST, service(port=5070) + dest("192.0.2.21",
                                                            port=5070))
    for _ in range(7):
        client.sendto(bytes(100), ("192.0.2.1", 5070))
        server.recv(200)
    entry = key(port=5070).ljust(104, b"\0")

    def counted():
        return show_service(player.options.get(SERVICE, entry)[1])[9][1] == 7

    until(30, lambda: counted() and by_cpu()[3].split()[2] == "7")
    player.service(port=5070)
    player.dests(1, port=5070)
    player.note("by CPU", by_cpu())
    player.set("zero", ZERO, service(port=5070))
    player.service("zeroed", port=5070)
    player.note("by CPU, one service zeroed", by_cpu())
    player.set("zero all", ZERO, service(proto=1, vip="0.0.0.0", port=0))
    player.note("by CPU, all zeroed", by_cpu())
    player.set("delete", DEL, service(port=5070))
    player.note("by CPU, service removed", by_cpu())


def by_cpu():
    """/proc/net/ip_vs_stats_percpu: the CPUs added up, the width of their lines and
    of that of the rates, the line of all, headings."""
    with open("/proc/net/ip_vs_stats_percpu", encoding="utf-8") as file:
        lines = file.read().split("\n")
    cpus = [line for line in lines if re.match(r"[ 0-9A-F]{3} [ 0-9A-F]{8} ",
                                               line)][:-1]
    total = [sum(int(line[at:to], 16) for line in cpus) for at, to in
             ((4, 12), (13, 21), (22, 30), (31, 47), (48, 64))]
    widths = sorted({len(line) for line in cpus})
    head, end = lines[:2], lines[2 + len(cpus):]
    return [total, widths, len(end[3]), end[0], head + end[1:3] + end[4:]]


def play_flush(player):
    player.set("flush", FLUSH)
    player.services(2, "no services")
    player.lines()


def files():
    """Which files there are, their modes, and the shape of what is new."""
    modes = {}
    for name in sorted(os.listdir("/proc/net")):
        if name.startswith("ip_vs"):
            modes[name] = oct(os.stat("/proc/net/" + name).st_mode)
    return modes


def applications():
    """/proc/net/ip_vs_app: with ip_vs, of a module that not every kernel has."""
    if os.path.exists("/sys/module/ip_vs") and \
       not os.path.exists("/sys/module/ip_vs_ftp"):
        return NOT_THERE
    with open("/proc/net/ip_vs_app", encoding="utf-8") as file:
        return file.read()


def status():
    """Shape of /proc/net/ip_vs_status."""
    if not os.path.exists("/proc/net/ip_vs_status"):
        return []
    with open("/proc/net/ip_vs_status", encoding="utf-8") as file:
        said = re.sub(r"-?\d+", "N", file.read())
    return [line for at, line in enumerate(said.split("\n"))
            if line != said.split("\n")[at - 1]]


def play():
    unshare(CLONE_NEWNET)
    for line in ("link set lo up", *(f"addr add 192.0.2.{n}/32 dev lo"
                                     for n in (1, 21, 31))):
        subprocess.run(["ip", *line.split()], check=True)
    player = Player()
    parts = {}
    for part in (play_services, play_edit, play_dests, play_rest, play_daemons,
                 play_lengths, halves, play_traffic):
        player.notes = []
        part(player)
        parts[part.__name__] = player.notes
    player.notes = [["files", files()], ["applications", applications()],
                    ["status", status()]]
    play_flush(player)
    parts["the rest"] = player.notes
    return parts


def compare(tap, wanted, had):
    for part, rows in wanted.items():
        wrong = [f"{name}: ip_vs: {want}, opvs: {have}"
                 for (name, want), (_, have) in zip(rows, had[part])
                 if want not in (have, NOT_THERE)
                 or str(want).startswith("is ")]
        tap.ok(not wrong and len(rows) == len(had[part]),
               f"as ip_vs: {part} ({len(rows)} rows)", *wrong)


def not_refused(kinds):
    """How many options are not refused to nobody."""
    sock = Options()
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    if kinds:
        unshare(kinds)
        sock = Options()
    passed = 0
    for option in range(BASE, BASE + 16):
        passed += sock.set(option, bytes(LENGTHS.get(option, 0))) != "EPERM"
    for option in range(BASE, BASE + 8):
        passed += sock.get(option, bytes(104))[0] != "EPERM"
    return passed


def refused(tap):
    unshare(CLONE_NEWNET)
    for kinds, who in ((0, "nobody"), (CLONE_NEWUSER | CLONE_NEWNET,
                                       "root of a user namespace")):
        tap.ok(in_child(lambda kinds=kinds: not_refused(kinds)) == 0,
               f"socket options: {who} may do nothing")


def main():
    verb, *path = sys.argv[1:]
    if verb == "record":
        with open(path[0], "w", encoding="utf-8") as file:
            json.dump(play(), file)
        return 0
    tap = Tap()
    if verb == "compare":
        with open(path[0], encoding="utf-8") as file:
            wanted = json.load(file)
        compare(tap, wanted, json.loads(json.dumps(play())))
    else:
        refused(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
