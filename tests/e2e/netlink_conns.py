#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Connections over netlink and /proc: listed whole, chosen, ended, and refused
what makes no sense.  In a network namespace of its own, where clients, virtual
addresses and servers are all on lo; needs root and opvs loaded.  Output: TAP."""

import errno
import os
import struct
import sys
import time

from conns import (A, B, CONNECTION, Entry, INET, INET6, MARK, MARK6, MASQ,
                   SECONDS, SERVICES, SIP, SIX, TCP, TEMPLATE, UDP, WEB, WILD,
                   conn, do, ids, listing, raw, service, set_up, traffic)
from abi import (CONN, CONN_ATTRS, COUNT, EXPIRE_CONN, FLUSH, FLUSH_CONN,
                 GET_CONN, GET_TABLE, NEW_CONN, SHARD_ATTRS, TABLE_ATTRS)
from genl import (CLONE_NEWNET, Family, Tap, attr, attrs, be16, by_number,
                  named, nest, string, u8, u16, u32, unshare)

EINVAL, ENOENT, ESRCH, EAFNOSUPPORT, EOPNOTSUPP = (
    errno.EINVAL, errno.ENOENT, errno.ESRCH, errno.EAFNOSUPPORT,
    errno.EOPNOTSUPP)
INACTIVE, TEMPLATE_FLAG = 0x100, 0x1000
CONNS = "/proc/self/net/ip_vs_conn"
SYNC = "/proc/self/net/ip_vs_conn_sync"
HEAD = ("Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       "
        "Expires PEName PEData")
SYNC_HEAD = ("Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       "
             "Origin Expires")


def test_list(tap, family, want):
    answer = family.ask(GET_CONN, dump=True)
    entries = [Entry(body) for _, _, body in answer.messages]
    got = ids(entries)
    tap.ok(got == want and answer.reads > 4,
           f"{len(want)} entries listed, each once",
           f"{len(got)} in {answer.reads} buffers",
           f"missing: {sorted(set(want) - set(got), key=repr)[:5]}",
           f"too many: {sorted(set(got) - set(want), key=repr)[:5]}")
    return entries


def table(family):
    """The TABLE nest: [(name, payload)]."""
    body = do(family, GET_TABLE).messages[0][2]
    names = by_number(TABLE_ATTRS)
    return [(names[kind], payload)
            for kind, payload in attrs(attrs(body)[0][1])]


def test_table(tap, family, want):
    found = table(family)
    filed = [struct.unpack("=I", named(payload, SHARD_ATTRS)["FILED"])[0]
             for name, payload in found if name == "SHARD"]
    tap.ok(sum(filed) == len(want) and conns_now(family) == len(want),
           "the table counts them, and the shards have them all", filed)


def find(entries, **values):
    for entry in entries:
        if all(getattr(entry, k) == v for k, v in values.items()):
            return entry
    raise LookupError(values)


def test_values(tap, entries):
    for entry in entries:
        server, port = SERVICES[entry.svc]
        if (entry.server, entry.sport) != (server, port or entry.vport):
            tap.ok(False, "the server is the service's", entry.id)
            return
    tap.ok(True, "the server is the service's")
    names = by_number(CONN_ATTRS)
    udp = find(entries, svc=A, cport=1024)
    tap.ok([names[n] for n in udp.order] == [
        "KIND", "FAMILY", "PROTOCOL", "CLIENT", "CLIENT_PORT", "VIRTUAL",
        "VIRTUAL_PORT", "SERVER", "SERVER_PORT", "STATE", "SECONDS", "FLAGS",
        "METHOD", "PACKETS"], "attributes of a connection", udp.order)
    left = udp.number("SECONDS")
    tap.ok(udp.state == "UDP" and udp.number("METHOD") == MASQ and
           udp.number("PACKETS") == 1 and
           udp.number("FLAGS") & INACTIVE and
           SECONDS - 300 < left <= SECONDS, "values of a connection", udp.raw)
    sip = find(entries, svc=SIP, kind=TEMPLATE, key=b"plain@host")
    tap.ok([names[n] for n in sip.order] == [
        "KIND", "FAMILY", "PROTOCOL", "CLIENT", "CLIENT_PORT", "VIRTUAL",
        "VIRTUAL_PORT", "SERVER", "SERVER_PORT", "STATE", "ENGINE", "KEY",
        "SECONDS", "FLAGS", "METHOD", "PACKETS"],
        "attributes of a template", sip.order)
    tap.ok(sip.engine == "sip" and sip.state in ("NONE", "ASSURED") and
           sip.number("FLAGS") & TEMPLATE_FLAG, "values of a template",
           sip.raw)
    web = find(entries, svc=WEB)
    tap.ok(web.state == "CLOSE" and "ACTIVE" not in web.raw,
           "a TCP connection that was refused", web.raw)


def filters():
    """(name, request, which entries it means)"""
    for key, name in ((A, "UDP"), (WEB, "TCP"), (SIX, "IPv6"),
                      (MARK, "mark"), (MARK6, "mark of IPv6"), (SIP, "SIP")):
        yield (f"service {name}", service(key),
               lambda e, key=key: e.svc == key)
    yield ("templates", conn(KIND=u8(TEMPLATE)), lambda e: e.kind == TEMPLATE)
    yield ("connections", conn(KIND=u8(CONNECTION)),
           lambda e: e.kind == CONNECTION)
    yield "any kind", conn(KIND=u8(0)), lambda e: True
    yield "an empty choice", conn(), lambda e: True
    yield "TCP", conn(PROTOCOL=u16(TCP)), lambda e: e.proto == TCP
    yield "protocol 0", conn(PROTOCOL=u16(0)), lambda e: e.proto == 0
    yield "family", conn(FAMILY=u16(INET6)), lambda e: e.family == INET6
    v4 = {"FAMILY": u16(INET)}
    v6 = {"FAMILY": u16(INET6)}
    yield ("client", conn(CLIENT=raw("127.1.0.1"), **v4),
           lambda e: e.client == "127.1.0.1")
    yield ("client and port", conn(CLIENT=raw("127.1.0.1"),
                                   CLIENT_PORT=be16(1500), **v4),
           lambda e: (e.client, e.cport) == ("127.1.0.1", 1500))
    yield "client port", conn(CLIENT_PORT=be16(0)), lambda e: e.cport == 0
    for bits, among in ((32, lambda n: n == 7), (31, lambda n: n in (6, 7)),
                        (29, lambda n: n < 8), (24, lambda n: True)):
        yield (f"client prefix of {bits}",
               conn(CLIENT=raw("127.1.9.7"), CLIENT_PREFIX=u8(bits), **v4),
               lambda e, among=among: e.client.startswith("127.1.9.") and
               among(int(e.client.split(".")[3])))
    yield ("client prefix of 0", conn(CLIENT=raw("1.2.3.4"),
                                      CLIENT_PREFIX=u8(0), **v4),
           lambda e: e.family == INET)
    for bits, among in ((128, "fd00:1::2"), (127, "fd00:1::2"),
                        (126, "fd00:1::"), (0, "")):
        yield (f"client prefix of {bits}",
               conn(CLIENT=raw("fd00:1::2"), CLIENT_PREFIX=u8(bits), **v6),
               lambda e, among=among: e.family == INET6 and
               e.client.startswith(among))
    yield ("virtual address", conn(VIRTUAL=raw("127.2.0.1"), **v4),
           lambda e: e.virtual == "127.2.0.1")
    yield ("virtual port", conn(VIRTUAL_PORT=be16(80)),
           lambda e: e.vport == 80)
    yield ("server", conn(SERVER=raw("127.3.0.1"), **v4),
           lambda e: e.server == "127.3.0.1")
    yield ("server of any client", conn(SERVER=raw("127.3.0.1")),
           lambda e: e.server == "127.3.0.1")
    yield ("server of the other family", conn(SERVER=raw("fd00:3::1"), **v4),
           lambda e: False)
    yield ("server and port", conn(SERVER=raw("127.3.0.1"),
                                   SERVER_PORT=be16(8000), **v4),
           lambda e: (e.server, e.sport) == ("127.3.0.1", 8000))
    yield "mark", conn(FWMARK=u32(7)), lambda e: e.virtual == 7
    yield "mark of nobody", conn(FWMARK=u32(8)), lambda e: False
    yield "state", conn(STATE=string("CLOSE")), lambda e: e.state == "CLOSE"
    yield ("a state of both", conn(STATE=string("NONE")),
           lambda e: e.state == "NONE")
    yield ("engine", conn(ENGINE=string("sip")), lambda e: e.engine == "sip")
    yield ("key", conn(KEY=b"plain@host"), lambda e: e.key == b"plain@host")
    yield ("service, kind and key",
           service(SIP) + conn(KIND=u8(TEMPLATE), KEY=b"L" * 184),
           lambda e: e.svc == SIP and e.key == b"L" * 184)
    yield ("service and a client of another",
           service(B) + conn(CLIENT=raw("127.1.0.1"), **v4),
           lambda e: False)


def test_filters(tap, family, entries):
    for name, payload, chosen in filters():
        got = ids(listing(family, payload))
        want = ids(e for e in entries if chosen(e))
        tap.ok(got == want, f"listed by {name}: {len(want)}", len(got))


def test_one(tap, family, entries):
    for name, entry in (
            ("connection", find(entries, svc=A, cport=2000)),
            ("IPv6 connection", find(entries, svc=SIX)),
            ("TCP connection", find(entries, svc=WEB)),
            ("connection of a mark", find(entries, svc=MARK,
                                          kind=CONNECTION)),
            ("template", find(entries, svc=WILD, kind=TEMPLATE)),
            ("template of a mark", find(entries, svc=MARK, kind=TEMPLATE)),
            ("template of an IPv6 mark", find(entries, svc=MARK6,
                                              kind=TEMPLATE)),
            ("template with a key", find(entries, svc=SIP, kind=TEMPLATE,
                                         key=b"plain@host"))):
        answer = family.ask(GET_CONN, entry.naming())
        got = [Entry(body).id for _, _, body in answer.messages]
        tap.ok(not answer.errno and got == [entry.id], f"one {name}", got,
               answer.text)
        for what, change in (("client", {"CLIENT": raw(
                "fd00:1::9" if entry.family == INET6 else "127.1.0.9")}),
                             ("port", {"CLIENT_PORT": be16(9)}),
                             ("server port", {"SERVER_PORT": be16(9)})):
            answer = family.ask(GET_CONN, entry.naming(**change))
            tap.ok(answer.errno == ENOENT and answer.text and
                   not answer.messages, f"no {name} with another {what}",
                   answer.errno, answer.text)


def refused_rows(entry):
    v4 = {"FAMILY": u16(INET)}
    yield "KIND 3", conn(KIND=u8(3)), EINVAL
    yield "KIND as u32", conn(KIND=u32(1)), EINVAL
    yield "FAMILY 99", conn(FAMILY=u16(99)), EAFNOSUPPORT
    yield "FAMILY 0", conn(FAMILY=u16(0)), EAFNOSUPPORT
    yield "FAMILY as u8", conn(FAMILY=u8(2)), EINVAL
    yield "PROTOCOL 256", conn(PROTOCOL=u16(256)), EINVAL
    for name in ("CLIENT", "VIRTUAL"):
        yield f"{name} without FAMILY", conn(**{name: raw("127.0.0.1")}), \
            EINVAL
        for size in (0, 3, 5, 16, 17):
            yield f"{name} of {size}", conn(**{name: bytes(size)}, **v4), \
                EINVAL
        yield (f"IPv6 {name} of 4", conn(FAMILY=u16(INET6),
                                         **{name: bytes(4)}), EINVAL)
        yield f"{name}_PORT of 4", conn(**{name + "_PORT": u32(1)}), EINVAL
    for size in (0, 3, 5, 15, 17):
        yield f"SERVER of {size}", conn(SERVER=bytes(size), **v4), EINVAL
    yield "SERVER_PORT of 4", conn(SERVER_PORT=u32(1)), EINVAL
    yield ("CLIENT_PREFIX 33", conn(CLIENT=raw("127.0.0.1"),
                                    CLIENT_PREFIX=u8(33), **v4), EINVAL)
    yield ("CLIENT_PREFIX 129", conn(CLIENT=bytes(16), CLIENT_PREFIX=u8(129),
                                     FAMILY=u16(INET6)), EINVAL)
    yield ("CLIENT_PREFIX without CLIENT", conn(CLIENT_PREFIX=u8(8), **v4),
           EINVAL)
    yield "FWMARK 0", conn(FWMARK=u32(0)), EINVAL
    yield "STATE unknown", conn(STATE=string("close")), EINVAL
    yield "STATE empty", conn(STATE=string("")), EINVAL
    yield "STATE of 16", conn(STATE=string("S" * 16)), EINVAL
    yield "ENGINE unknown", conn(ENGINE=string("nosuch")), ENOENT
    yield "ENGINE empty", conn(ENGINE=string("")), ENOENT
    yield "ENGINE of 17", conn(ENGINE=string("e" * 17)), EINVAL
    yield "KEY empty", conn(KEY=b""), EINVAL
    yield "KEY of 256", conn(KEY=bytes(256)), EINVAL
    for name in ("SECONDS", "FLAGS", "METHOD", "PACKETS"):
        yield f"{name}", conn(**{name: u32(1)}), EINVAL
    yield "ACTIVE", conn(ACTIVE=b""), EINVAL
    yield "unknown attribute", conn(**{"KIND": u8(1)}) + attr(70, b""), EINVAL
    yield "unknown attribute in the nest", \
        nest(CONN, CONN_ATTRS, {30: u32(0)}), EINVAL
    yield "not a nest", attr(CONN, b""), EINVAL
    yield "COUNT", attr(COUNT, u32(1)), EINVAL
    yield "an unknown service", service((INET, UDP, "127.2.0.9", 53)), ESRCH
    yield "an unknown mark", service((INET, 0, 8, 0)), ESRCH
    yield "a service without AF", service(A, AF=None), EINVAL
    yield ("a good choice, an unknown service",
           entry.naming() + service((INET, UDP, "127.2.0.9", 53)), ESRCH)


def conns_now(family):
    return struct.unpack("=I", dict(table(family))["CONNS"])[0]


def test_refused(tap, family, entries):
    entry = find(entries, svc=A, cport=1024)
    rows = list(refused_rows(entry))
    for what, cmd, dump in (("list", GET_CONN, True), ("get", GET_CONN, False),
                            ("flush", FLUSH_CONN, False),
                            ("expire", EXPIRE_CONN, False),
                            ("new", NEW_CONN, False)):
        for name, payload, want in rows:
            answer = family.ask(cmd, payload, dump=dump)
            tap.ok(answer.errno == want and answer.text and
                   not answer.messages, f"{what}: {name}",
                   f"errno {answer.errno}, want {want}", answer.text)
    for name, payload in (
            ("nothing", b""), ("no CLIENT_PORT", entry.naming(
                CLIENT_PORT=None)), ("no VIRTUAL", entry.naming(VIRTUAL=None)),
            ("a prefix", entry.naming(CLIENT_PREFIX=u8(32))),
            ("KEY without ENGINE", entry.naming(KEY=b"x"))):
        answer = family.ask(GET_CONN, payload)
        tap.ok(answer.errno == EINVAL and answer.text, f"get: {name}",
               answer.errno, answer.text)
    whole = {"CLIENT_PORT": be16(9), "SERVER": raw("127.3.0.1"),
             "SERVER_PORT": be16(53), "STATE": string("UDP"),
             "SECONDS": u32(9)}
    for name, payload, want in (
            *((f"no {part}", entry.naming(**(whole | {part: None})), EINVAL)
              for part in whole),
            ("a service beside it", entry.naming(**whole) + service(A), EINVAL),
            ("SERVER of the other family",
             entry.naming(**(whole | {"SERVER": bytes(16)})), EOPNOTSUPP),
            ("SERVER unknown", entry.naming(
                **(whole | {"SERVER": raw("127.3.0.99")})), ENOENT),
            ("STATE of templates", entry.naming(
                **(whole | {"STATE": string("ASSURED")})), EINVAL)):
        answer = family.ask(NEW_CONN, payload)
        tap.ok(answer.errno == want and answer.text, f"new: {name}",
               f"errno {answer.errno}, want {want}", answer.text)
    none = entry.naming(CLIENT_PORT=be16(9))
    for what, cmd in (("flush", FLUSH_CONN), ("expire", EXPIRE_CONN)):
        answer = family.ask(cmd, none)
        tap.ok(answer.errno == ENOENT and answer.text,
               f"{what}: an unknown tuple", answer.errno, answer.text)
        tap.ok(count(family, cmd, conn(FAMILY=u16(INET),
                                       CLIENT=raw("127.1.0.99"))) == 0,
               f"{what}: a client of nobody's")
    tap.ok(ids(listing(family)) == ids(entries), "and nothing has changed")


# ---- /proc ----

def read_all(name, size):
    handle = os.open(name, os.O_RDONLY)
    text = b""
    while chunk := os.read(handle, size):
        text += chunk
    os.close(handle)
    return text.decode("latin1")


def timeless(text):
    """Lines without what changes by the second: (columns, rest)."""
    found = []
    for line in text.splitlines()[1:]:
        tuple_end = line.index(" ", line_state(line) + 11)
        found.append((line[:tuple_end], line[tuple_end + 8:]))
    return found


def line_state(line):
    """The position of the state: behind the seventh column."""
    at = 0
    for _ in range(7):
        at = line.index(" ", at)
        while line[at] == " ":
            at += 1
    return at


def test_proc(tap, entries):
    text = read_all(CONNS, 1 << 20)
    tap.ok(text.splitlines()[0] == HEAD, "ip_vs_conn: title")
    want = sorted(e.line() for e in entries)
    got = sorted(timeless(text))
    tap.ok(got == want, f"ip_vs_conn: {len(want)} lines as ip_vs has them",
           f"{len(got)} lines", [x for x in got if x not in want][:3],
           [x for x in want if x not in got][:3])
    longest = max(len(line) for line in text.splitlines(True))
    tap.ok(longest == 255, "ip_vs_conn: no line is longer than ipvsadm reads",
           longest)
    tap.ok(all(32 < ord(c) < 127 for c in text if c not in " \n"),
           "ip_vs_conn: only printable characters")
    seconds = [int(line.split()[8]) for line in text.splitlines()[1:]]
    tap.ok(all(SECONDS - 300 < s <= SECONDS for s in seconds),
           "ip_vs_conn: seconds left", min(seconds), max(seconds))
    for size in (4096, 77):
        tap.ok(sorted(timeless(read_all(CONNS, size))) == want,
               f"ip_vs_conn: the same by {size} bytes")
    lines = len(text.splitlines())
    handle = os.open(CONNS, os.O_RDONLY)
    os.read(handle, 50000)
    os.lseek(handle, 0, os.SEEK_SET)
    again = b""
    while chunk := os.read(handle, 1 << 16):
        again += chunk
    tap.ok(sorted(timeless(again.decode("latin1"))) == want and
           again.count(b"\n") == lines, "ip_vs_conn: the same after rewinding")
    middle = len(text) // 2
    whole = text.index("\n", middle) + 1
    line = os.pread(handle, 300, whole).decode("latin1").split("\n")[0]
    tap.ok(line[:line_state(line)] in text and
           os.pread(handle, 300, len(text) + 1000) == b"",
           "ip_vs_conn: read at an offset", line)
    os.close(handle)

    text = read_all(SYNC, 1 << 16)
    tap.ok(text.splitlines()[0] == SYNC_HEAD, "ip_vs_conn_sync: title")
    got = sorted((line[:-15], line[-15:-8]) for line in text.splitlines()[1:])
    want = sorted((e.line()[0], " LOCAL ") for e in entries)
    tap.ok(got == want, "ip_vs_conn_sync: lines", got[:2], want[:2])


def test_while_they_go(tap, family, other, entries):
    """Every third connection ends in the middle of a list."""
    gone = [e for e in entries if e.svc == A and not e.cport % 3]
    stay = ids(e for e in entries if e not in gone)

    answer = family.begin(GET_CONN, dump=True)
    family.more(answer)
    handle = os.open(CONNS, os.O_RDONLY)
    text = os.read(handle, 4096)
    for entry in gone:
        do(other, FLUSH_CONN, entry.naming())
    while not family.more(answer):
        pass
    while chunk := os.read(handle, 4096):
        text += chunk
    os.close(handle)
    got = [Entry(body).id for _, _, body in answer.messages]
    names = {e.id for e in gone}
    tap.ok(sorted((i for i in got if i not in names), key=repr) == stay and
           len(got) < len(entries),
           "entries that stay are listed once while others go", len(got))
    lines = [line for line in timeless(text.decode("latin1"))]
    names = {e.line() for e in gone}
    want = sorted(e.line() for e in entries if e not in gone)
    tap.ok(sorted(x for x in lines if x not in names) == want and
           len(lines) < len(entries),
           "and in /proc", len(lines))
    return [e for e in entries if e not in gone]


# ---- ending them ----

def count(family, cmd, payload=b""):
    answer = do(family, cmd, payload)
    kind, got = attrs(answer.messages[0][2])[0]
    if answer.messages[0][1] != cmd or kind != COUNT:
        raise ValueError("not a COUNT")
    return struct.unpack("=I", got)[0]


def test_end(tap, family, entries):
    v4 = {"FAMILY": u16(INET)}
    one = find(entries, svc=B)
    keyed = find(entries, svc=SIP, kind=TEMPLATE, key=b"plain@host")
    for what, cmd, payload, chosen in (
            ("flush a tuple", FLUSH_CONN, one.naming(), lambda e: e is one),
            ("flush a template with a key", FLUSH_CONN, keyed.naming(),
             lambda e: e is keyed),
            ("expire a tuple", EXPIRE_CONN,
             find(entries, svc=WEB).naming(),
             lambda e, w=find(entries, svc=WEB): e is w),
            ("expire a service", EXPIRE_CONN, service(WEB),
             lambda e: e.svc == WEB),
            ("flush a service by mark", FLUSH_CONN, service(MARK),
             lambda e: e.svc == MARK),
            ("flush a server", FLUSH_CONN,
             conn(SERVER=raw("127.3.0.5"), SERVER_PORT=be16(5060), **v4),
             lambda e: e.server == "127.3.0.5"),
            ("expire a client prefix", EXPIRE_CONN,
             conn(CLIENT=raw("127.1.9.0"), CLIENT_PREFIX=u8(28), **v4),
             lambda e: e.client.startswith("127.1.9.") and
             int(e.client.split(".")[3]) < 16),
            ("flush templates of IPv6", FLUSH_CONN,
             conn(KIND=u8(TEMPLATE), FAMILY=u16(INET6)),
             lambda e: e.kind == TEMPLATE and e.family == INET6),
            ("flush a state of nobody's", FLUSH_CONN,
             conn(STATE=string("LISTEN")), lambda e: False)):
        ended = [e for e in entries if chosen(e)]
        got = count(family, cmd, payload)
        entries = [e for e in entries if not chosen(e)]
        tap.ok(got == len(ended) and ids(listing(family)) == ids(entries),
               f"{what}: {len(ended)}", got)
    answer = family.ask(FLUSH_CONN, one.naming())
    tap.ok(answer.errno == ENOENT and answer.text, "a tuple that has ended",
           answer.errno)
    half = [e for e in entries if e.cport % 2]
    tap.ok(all(count(family, EXPIRE_CONN, e.naming()) == 1
               for e in half[:50]), "expire one after another")
    gone = {e.id for e in half[:50]}
    entries = [e for e in entries if e.id not in gone]
    tap.ok(ids(listing(family)) == ids(entries), "they are seen no more")
    got = count(family, FLUSH_CONN)
    tap.ok(got == len(entries) and not listing(family) and
           read_all(CONNS, 1 << 16).count("\n") == 1,
           f"flush all: {len(entries)}", got)
    for _ in range(100):
        if not conns_now(family):
            break
        time.sleep(0.05)
    tap.ok(conns_now(family) == 0, "none is left", conns_now(family))
    tap.ok(count(family, FLUSH_CONN) == 0 and count(family, EXPIRE_CONN) == 0,
           "flush and expire none")


def test_empty(tap):
    """A namespace that never had a service has no table."""
    unshare(CLONE_NEWNET)
    family = Family("opvs")
    answer = family.ask(GET_CONN, conn(
        FAMILY=u16(INET), PROTOCOL=u16(UDP), CLIENT=raw("127.0.0.1"),
        CLIENT_PORT=be16(1), VIRTUAL=raw("127.0.0.2"), VIRTUAL_PORT=be16(2)))
    tap.ok(not listing(family) and answer.errno == ENOENT and
           count(family, FLUSH_CONN) == 0 and
           read_all(CONNS, 4096).splitlines() == [HEAD],
           "nothing where there was no service yet")


def main():
    tap = Tap()
    test_empty(tap)
    family, other = Family("opvs"), Family("opvs")
    family.departures = []
    set_up(family)
    want = traffic()
    entries = test_list(tap, family, want)
    test_table(tap, family, want)
    test_values(tap, entries)
    test_filters(tap, family, entries)
    test_one(tap, family, entries)
    test_refused(tap, family, entries)
    test_proc(tap, entries)
    entries = test_while_they_go(tap, family, other, entries)
    test_end(tap, family, entries)
    do(family, FLUSH)
    family.as_specified(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
