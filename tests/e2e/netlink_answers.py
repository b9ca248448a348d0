#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Answers over netlink and /proc: layout to the byte, and lists of thousands
that stay whole while they change.  Both families, in a network namespace of
its own; needs root and opvs loaded.  Output: TAP."""

import os
import socket
import struct
import sys

from abi import (COUNTERS, DEL_DEST, DEL_SERVICE, DEST, DEST_ATTRS, FLUSH,
                 GET_CONFIG, GET_COUNTERS, GET_DEST, GET_INFO, GET_INFO_ANSWER,
                 GET_SERVICE, NEW_DEST, NEW_SERVICE, SERVICE, SERVICE_ATTRS,
                 SET_CONFIG, SET_DEST, SET_SERVICE)
from genl import (CLONE_NEWNET, NLA_F_NESTED, Family, Tap, attr, attrs, be16,
                  ip, named, nest, string, u16, u32, unshare)

SERVICES = 3000
SERVERS = 2000
PERSISTENT, HASHED, ONEPACKET = 1, 2, 4
ALL = 0xffffffff
SYSFS = "/sys/kernel/opvs"
# Counters have a file of their own; these are the others.
NOT_COUNTERS = {"version", "owner", "mistakes", "features",
                "conns", "conn_max", "conn_buckets",
                "sweep_visited", "sweep_reclaimed", "sweep_refiled",
                "sweep_slices", "sweep_wakeups", "sweep_max_slice_ns",
                "sweep_max_late_ms", "sweep_busy_ns"}


def service(port, **changes):
    values = {
        "AF": u16(socket.AF_INET), "PROTOCOL": u16(socket.IPPROTO_UDP),
        "ADDR": ip("192.0.2.1"), "PORT": be16(port),
        "SCHED_NAME": string("rr"), "FLAGS": u32(ONEPACKET) + u32(ALL),
        "TIMEOUT": u32(0), "NETMASK": u32(ALL),
    }
    values.update(changes)
    return nest(SERVICE, SERVICE_ATTRS, values)


def dest(port, **changes):
    values = {
        "ADDR": ip("192.0.2.11"), "PORT": be16(port), "FWD_METHOD": u32(0),
        "WEIGHT": u32(1), "U_THRESH": u32(0), "L_THRESH": u32(0),
    }
    values.update(changes)
    return nest(DEST, DEST_ATTRS, values)


def do(family, cmd, payload=b""):
    answer = family.ask(cmd, payload)
    if answer.errno:
        raise OSError(answer.errno, answer.text)
    return answer


def ports(messages, names):
    """The PORT of each message's nest, in order."""
    return [struct.unpack("!H", named(attrs(body)[0][1], names)["PORT"])[0]
            for _, _, body in messages]


def stats_layout(payload, wide):
    """Types and sizes of a statistics nest, without padding."""
    want = [(kind, 8 if wide or kind in (4, 5) else 4)
            for kind in range(1, 11)]
    return [(k, len(v)) for k, v in attrs(payload) if k != 11] == want


def raw_type(body):
    return struct.unpack_from("=H", body, 2)[0]


def numbers(found, names=SERVICE_ATTRS):
    return [names[name] for name in found]


def own(family, engine=False):
    """What only family opvs says of a service."""
    if family.name != "opvs":
        return []
    return [SERVICE_ATTRS[name] for name in (
        "POLICY", "CONN_MAX", "CONN_COUNT", "EXCEPTIONS",
        *(["SIP"] if engine else []))]


def own_of_server(family):
    return ["CALLS"] if family.name == "opvs" else []


def test_service(tap, family):
    do(family, NEW_SERVICE, service(
        5060, SCHED_NAME=string("mh"), PE_NAME=string("sip"),
        FLAGS=u32(ONEPACKET | 8) + u32(ALL), TIMEOUT=u32(77)))
    answer = do(family, GET_SERVICE, service(5060))
    kind, cmd, body = answer.messages[0]
    marked = NLA_F_NESTED if family.name == "opvs" else 0
    tap.ok(len(answer.messages) == 1 and kind == family.id and
           cmd == NEW_SERVICE and raw_type(body) == SERVICE | marked,
           f"{family.name}: one service: family, command, nest")
    found = named(attrs(body)[0][1], SERVICE_ATTRS)
    order = numbers(found)
    tap.ok(order == [1, 2, 3, 4, 6, 11, 7, 8, 9, 10, 12] + own(family, True),
           f"{family.name}: order of a service's attributes", order)
    want = {"AF": u16(2), "PROTOCOL": u16(17), "ADDR": ip("192.0.2.1"),
            "PORT": be16(5060), "SCHED_NAME": b"mh\0", "PE_NAME": b"sip\0",
            "FLAGS": u32(ONEPACKET | HASHED | 8) + u32(ALL),
            "TIMEOUT": u32(77), "NETMASK": u32(ALL)}
    tap.ok({name: found[name] for name in want} == want,
           f"{family.name}: values of a service", found)
    tap.ok(stats_layout(found["STATS"], False) and
           stats_layout(found["STATS64"], True),
           f"{family.name}: statistics of a service")
    if family.name == "opvs":
        test_sip(tap, family)


def test_sip(tap, family):
    """What is 0 is absent, of a service and of its server."""
    do(family, NEW_DEST, service(5060) + dest(0))
    found = named(attrs(do(family, GET_SERVICE, service(5060)).messages[0][2])
                  [0][1], SERVICE_ATTRS)
    server = family.ask(GET_DEST, service(5060), dump=True).messages[0][2]
    server = named(attrs(server)[0][1], DEST_ATTRS)
    tap.ok(found["SIP"] == server["SIP"] == b"" and
           list(server)[-1] == "SIP", "opvs: no SIP message yet", server)
    do(family, DEL_DEST, service(5060) + dest(0))


def test_mark(tap, family):
    values = {"PROTOCOL": None, "ADDR": None, "PORT": None,
              "FWMARK": u32(0xfffffffe), "AF": u16(socket.AF_INET6),
              "FLAGS": u32(PERSISTENT) + u32(ALL), "TIMEOUT": u32(77),
              "NETMASK": u32(64)}
    do(family, NEW_SERVICE, service(0, **values))
    body = do(family, GET_SERVICE, service(0, **values)).messages[0][2]
    found = named(attrs(body)[0][1], SERVICE_ATTRS)
    tap.ok(numbers(found) == [1, 5, 6, 7, 8, 9, 10, 12] + own(family),
           f"{family.name}: order of the attributes of a service by mark",
           numbers(found))
    want = {"AF": u16(10), "FWMARK": u32(0xfffffffe), "TIMEOUT": u32(77),
            "FLAGS": u32(PERSISTENT | HASHED) + u32(ALL), "NETMASK": u32(64)}
    tap.ok({name: found[name] for name in want} == want,
           f"{family.name}: values of a service by mark", found)
    do(family, DEL_SERVICE, service(0, **values))


def test_edit(tap, family):
    """SET_SERVICE changes the flags in its mask and all else."""
    do(family, SET_SERVICE, service(5060, FLAGS=u32(0x10) + u32(0x18),
                                    SCHED_NAME=string("mh"), TIMEOUT=u32(5)))
    body = do(family, GET_SERVICE, service(5060)).messages[0][2]
    found = named(attrs(body)[0][1], SERVICE_ATTRS)
    tap.ok(found["FLAGS"] == u32(ONEPACKET | HASHED | 0x10) + u32(ALL) and
           found["TIMEOUT"] == u32(5) and "PE_NAME" not in found,
           f"{family.name}: an edited service", found)


def test_server(tap, family):
    do(family, NEW_DEST, service(5060) + dest(
        0, FWD_METHOD=u32(3), WEIGHT=u32(70000), U_THRESH=u32(9),
        L_THRESH=u32(4)))
    answer = family.ask(GET_DEST, service(5060), dump=True)
    kind, cmd, body = answer.messages[0]
    marked = NLA_F_NESTED if family.name == "opvs" else 0
    tap.ok(len(answer.messages) == 1 and kind == family.id and
           cmd == NEW_DEST and raw_type(body) == DEST | marked,
           f"{family.name}: one server: family, command, nest")
    found = named(attrs(body)[0][1], DEST_ATTRS)
    order = numbers(found, DEST_ATTRS)
    tap.ok(order == [1, 2, 3, 4, 13, 14, 15, 5, 6, 7, 8, 9, 11, 10, 12] +
           [DEST_ATTRS[name] for name in own_of_server(family)],
           f"{family.name}: order of a server's attributes", order)
    want = {"ADDR": ip("192.0.2.11"), "PORT": be16(5060),
            "FWD_METHOD": u32(3), "WEIGHT": u32(70000), "U_THRESH": u32(9),
            "L_THRESH": u32(4), "ADDR_FAMILY": u16(2)}
    tap.ok({name: found[name] for name in want} == want,
           f"{family.name}: values of a server; port 0 is the service's",
           found)
    tap.ok(stats_layout(found["STATS"], False) and
           stats_layout(found["STATS64"], True),
           f"{family.name}: statistics of a server")
    tap.ok(all(found[name] == u32(0) for name in own_of_server(family)),
           f"{family.name}: a server without calls")
    do(family, SET_DEST, service(5060) + dest(0, WEIGHT=u32(0)))
    body = family.ask(GET_DEST, service(5060), dump=True).messages[0][2]
    found = named(attrs(body)[0][1], DEST_ATTRS)
    tap.ok(found["WEIGHT"] == u32(0) and found["FWD_METHOD"] == u32(0),
           f"{family.name}: an edited server", found)


def test_config(tap, family):
    body = do(family, GET_INFO).messages[0]
    tap.ok(body[1] == GET_INFO_ANSWER and
           attrs(body[2]) == [(1, u32(0x010201)), (2, u32(4096))],
           f"{family.name}: info")
    do(family, SET_CONFIG, attr(4, u32(11)) + attr(6, u32(13)))
    body = do(family, GET_CONFIG).messages[0]
    tap.ok(body[1] == SET_CONFIG and attrs(body[2]) ==
           [(4, u32(11)), (5, u32(120)), (6, u32(13))],
           f"{family.name}: timeouts", attrs(body[2]))
    do(family, SET_CONFIG, attr(4, u32(900)) + attr(6, u32(300)))


def test_counters(tap, family):
    body = do(family, GET_COUNTERS).messages[0][2]
    kind, payload = attrs(body)[0]
    found = {}
    for _, counter in attrs(payload):
        name, value = (v for k, v in attrs(counter) if k in (1, 2))
        found[name.rstrip(b"\0").decode()] = struct.unpack("=Q", value)[0]
    files = set(os.listdir(SYSFS)) - NOT_COUNTERS
    tap.ok(kind == COUNTERS and set(found) == files and
           {"ops_created", "ops_released_inline"} <= files,
           "counters have the same names by netlink and in sysfs",
           sorted(set(found) ^ files))
    shown = {}
    for name in files:
        with open(f"{SYSFS}/{name}", encoding="ascii") as file:
            shown[name] = int(file.read())
    # Nothing but ICMP of nobody's can have been counted in here.
    tap.ok(shown == found, "and the same values", found, shown)


def fill(family):
    do(family, FLUSH)
    for port in range(1, SERVICES + 1):
        do(family, NEW_SERVICE, service(port))
    for port in range(1, SERVERS + 1):
        do(family, NEW_DEST, service(1) + dest(port))


def change(family, new, gone, what):
    """Takes what is at the ports @gone away, makes it anew at @new."""
    for port in gone:
        do(family, what[1], what[2](port))
    for port in new:
        do(family, what[0], what[2](port))


def test_long_dumps(tap, family, other):
    def server(port):
        return service(1) + dest(port)

    for name, cmd, payload, names, count, what in (
            ("services", GET_SERVICE, b"", SERVICE_ATTRS, SERVICES,
             (NEW_SERVICE, DEL_SERVICE, service)),
            ("servers", GET_DEST, service(1), DEST_ATTRS, SERVERS,
             (NEW_DEST, DEL_DEST, server))):
        answer = family.ask(cmd, payload, dump=True)
        tap.ok(ports(answer.messages, names) == list(range(1, count + 1)) and
               answer.reads > 10,
               f"{family.name}: {count} {name} in order",
               f"{len(answer.messages)} in {answer.reads} buffers")

        # In the middle of the list: behind, at and before where it stands.
        gone = {*range(2, 12), count // 2, count}
        answer = family.begin(cmd, payload, dump=True)
        family.more(answer)
        gone.add(ports(answer.messages, names)[-1])
        change(other, range(count + 1, count + 11), gone, what)
        while not family.more(answer):
            pass
        shown = [p for p in ports(answer.messages, names)
                 if p <= count and p not in gone]
        tap.ok(shown == [p for p in range(1, count + 1) if p not in gone],
               f"{family.name}: {name} that stay are listed once while others"
               " go", f"{len(shown)} shown")
        change(other, gone, range(count + 1, count + 11), what)

    answer = family.begin(GET_DEST, service(1), dump=True)
    family.more(answer)
    do(other, DEL_SERVICE, service(1))
    do(other, NEW_SERVICE, service(1))
    while not family.more(answer):
        pass
    tap.ok(not answer.errno and len(answer.messages) < SERVERS,
           f"{family.name}: a list ends when its service goes")


def read_all(name, size):
    handle = os.open(name, os.O_RDONLY)
    text = b""
    while chunk := os.read(handle, size):
        text += chunk
    os.close(handle)
    return text


def test_proc(tap, other):
    name = "/proc/self/net/ip_vs"
    whole = read_all(name, 1 << 20)
    lines = whole.splitlines(True)
    tap.ok(len(lines) == 3 + SERVICES + SERVERS, "/proc: a line for each",
           len(lines))
    tap.ok(read_all(name, 4096) == whole and read_all(name, 77) == whole,
           "/proc: the same in small bites")
    handle = os.open(name, os.O_RDONLY)
    os.read(handle, 5000)
    tap.ok(os.pread(handle, 300, 40000) == whole[40000:40300] and
           os.pread(handle, 300, 100) == whole[100:400] and
           os.pread(handle, 300, len(whole)) == b"",
           "/proc: read at an offset")
    os.close(handle)

    # One line of each server: the last one read, and one far behind it.
    handle = os.open(name, os.O_RDONLY)
    text = os.read(handle, 4096)
    seen = text.count(b"  -> C000020B")
    gone = (2, seen, seen + 500)
    change(other, (), gone, (NEW_DEST, DEL_DEST,
                             lambda port: service(1) + dest(port)))
    while chunk := os.read(handle, 4096):
        text += chunk
    os.close(handle)
    stay = [line for line in lines if not any(
        line.startswith(b"  -> C000020B:%04X" % port) for port in gone)]
    shown = [line for line in text.splitlines(True) if line in set(stay)]
    tap.ok(seen > 10 and shown == stay,
           "/proc: lines that stay are read once while others go")


def main():
    unshare(CLONE_NEWNET)
    tap = Tap()
    for name in ("opvs", "IPVS"):
        family = Family(name)
        family.departures = []
        do(family, FLUSH)
        test_service(tap, family)
        test_mark(tap, family)
        test_edit(tap, family)
        test_server(tap, family)
        test_config(tap, family)
        family.as_specified(tap)
    native, compat = Family("opvs"), Family("IPVS")
    native.departures = []
    test_counters(tap, native)
    fill(native)
    test_long_dumps(tap, native, compat)
    fill(native)
    test_long_dumps(tap, compat, native)
    fill(native)
    test_proc(tap, native)
    do(native, FLUSH)
    tap.ok(not native.ask(GET_SERVICE, dump=True).messages,
           "flush of everything")
    native.as_specified(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
