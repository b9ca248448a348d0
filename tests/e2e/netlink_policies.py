#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Timeout policies, limits and the secret over netlink: made, changed, used,
refused.  In a network namespace of its own; needs root and opvs loaded.
Output: TAP."""

import errno
import socket
import struct
import sys

from abi import (DEL_POLICY, DEL_SERVICE, DEST, DEST_ATTRS, FLUSH, GET_CONFIG,
                 GET_POLICY, GET_SERVICE, GET_TABLE, NEW_DEST, NEW_POLICY,
                 NEW_SERVICE, POLICY, POLICY_ATTRS, SERVICE, SERVICE_ATTRS,
                 SET_CONFIG, SET_POLICY, SET_SERVICE, SET_TABLE, SWEEP_ATTRS,
                 TABLE, TABLE_ATTRS, TIMEOUT_ATTRS, TIMEOUT_TCP,
                 TIMEOUT_TCP_FIN, TIMEOUT_UDP)
from genl import (CLONE_NEWNET, Family, Tap, attr, attrs, be16, by_number, ip,
                  named, nest, string, u8, u16, u32, unshare)

EINVAL, ENOENT, EEXIST, EBUSY, ENOSPC = (
    errno.EINVAL, errno.ENOENT, errno.EEXIST, errno.EBUSY, errno.ENOSPC)
TCP, UDP, SCTP = 6, 17, 132
ALL = 0xffffffff
TIMEOUT = POLICY_ATTRS["TIMEOUT"]
# Behind the last attribute of a service, and between those of the families.
UNKNOWN = {"NEXT": max(SERVICE_ATTRS.values()) + 1, "BETWEEN": 20}
KEY = bytes(range(0xf0, 0x100))
TOO_MANY = u32((1 << 30) + 1)

# As the kernel's ip_vs has them.
DEFAULTS = {
    TCP: (("NONE", 2), ("ESTABLISHED", 900), ("SYN_SENT", 120),
          ("SYN_RECV", 60), ("FIN_WAIT", 120), ("TIME_WAIT", 120),
          ("CLOSE", 10), ("CLOSE_WAIT", 60), ("LAST_ACK", 30),
          ("LISTEN", 120), ("SYNACK", 120)),
    UDP: (("UDP", 300),),
    SCTP: (("NONE", 2), ("INIT1", 4), ("INIT", 61), ("C-SENT", 61),
           ("C-REPLIED", 61), ("C-WAIT", 61), ("COOKIE", 61),
           ("C-ECHOED", 61), ("ESTABLISHED", 900), ("S-SENT", 61),
           ("S-RECEIVED", 61), ("S-ACK-SENT", 61), ("REJECTED", 4),
           ("CLOSED", 61)),
}


def timeout(proto, state, seconds, **changes):
    """A TIMEOUT nest, by the state's name or number."""
    values = {"PROTOCOL": u16(proto), "SECONDS": u32(seconds)}
    if isinstance(state, str):
        values["STATE"] = string(state)
    elif state is not None:
        values["STATE_INDEX"] = u8(state)
    values.update(changes)
    return nest(TIMEOUT, TIMEOUT_ATTRS, values)


def policy(name, *timeouts, **changes):
    values = {"NAME": None if name is None else string(name)}
    values.update(changes)
    body = nest(POLICY, POLICY_ATTRS, values)[4:] + b"".join(timeouts)
    return attr(POLICY | 0x8000, body)


def service(port=5060, **changes):
    values = {
        "AF": u16(socket.AF_INET), "PROTOCOL": u16(UDP),
        "ADDR": ip("192.0.2.1"), "PORT": be16(port),
        "SCHED_NAME": string("rr"), "FLAGS": u32(0) + u32(ALL),
        "TIMEOUT": u32(0), "NETMASK": u32(ALL),
    }
    values.update(changes)
    return nest(SERVICE, SERVICE_ATTRS | UNKNOWN, values)


def table(**changes):
    return nest(TABLE, TABLE_ATTRS, changes)


def read_policy(body):
    """(name, users, {(protocol, name): seconds}); numbers are checked."""
    kind, payload = attrs(body)[0]
    found = {"NAME": b"", "USERS": b""}
    seconds = {}
    for number, value in attrs(payload):
        if number != TIMEOUT:
            found[by_number(POLICY_ATTRS)[number]] = value
            continue
        row = named(value, TIMEOUT_ATTRS)
        proto = struct.unpack("=H", row["PROTOCOL"])[0]
        name = row["STATE"].rstrip(b"\0").decode()
        if DEFAULTS[proto][row["STATE_INDEX"][0]][0] != name:
            raise ValueError(f"{name} is number {row['STATE_INDEX'][0]}")
        seconds[proto, name] = struct.unpack("=I", row["SECONDS"])[0]
    if kind != POLICY:
        raise ValueError(f"attribute {kind}")
    return (found["NAME"].rstrip(b"\0").decode(),
            struct.unpack("=I", found["USERS"])[0], seconds)


def get(family, name):
    answer = family.ask(GET_POLICY, policy(name))
    if answer.errno or answer.messages[0][1] != NEW_POLICY:
        return None
    return read_policy(answer.messages[0][2])


def listed(family):
    answer = family.ask(GET_POLICY, dump=True)
    return [read_policy(body) for _, _, body in answer.messages]


def read_service(family, port=5060):
    body = family.ask(GET_SERVICE, service(port)).messages[0][2]
    return named(attrs(body)[0][1], SERVICE_ATTRS)


def read_table(family):
    answer = family.ask(GET_TABLE)
    kind, payload = attrs(answer.messages[0][2])[0]
    return kind, answer.messages[0][1], named(payload, TABLE_ATTRS)


def do(family, cmd, payload=b""):
    answer = family.ask(cmd, payload)
    if answer.errno:
        raise OSError(answer.errno, answer.text)
    return answer


def test_default(tap, family):
    want = {(proto, name): seconds for proto, rows in DEFAULTS.items()
            for name, seconds in rows}
    found = get(family, "default")
    tap.ok(found == ("default", 0, want), "the default policy", found)
    tap.ok([row[0] for row in listed(family)] == ["default"],
           "a namespace begins with that one only")
    do(family, SET_CONFIG, attr(TIMEOUT_TCP, u32(800)) +
       attr(TIMEOUT_TCP_FIN, u32(80)) + attr(TIMEOUT_UDP, u32(8)))
    found = get(family, "default")[2]
    want.update({(TCP, "ESTABLISHED"): 800, (TCP, "FIN_WAIT"): 80,
                 (UDP, "UDP"): 8})
    tap.ok(found == want, "SET_CONFIG changes three of its timeouts", found)
    do(family, SET_POLICY, policy(
        "default", timeout(TCP, "ESTABLISHED", 900),
        timeout(TCP, "FIN_WAIT", 120), timeout(UDP, "UDP", 300)))
    found = attrs(do(family, GET_CONFIG).messages[0][2])
    tap.ok(found == [(TIMEOUT_TCP, u32(900)), (TIMEOUT_TCP_FIN, u32(120)),
                     (TIMEOUT_UDP, u32(300))],
           "SET_POLICY changes what GET_CONFIG shows", found)


def test_life(tap, family):
    do(family, NEW_POLICY, policy("gold", timeout(UDP, "UDP", 3600),
                                  timeout(TCP, 6, 1)))
    name, users, found = get(family, "gold")
    tap.ok((name, users) == ("gold", 0) and found[UDP, "UDP"] == 3600 and
           found[TCP, "CLOSE"] == 1 and found[TCP, "ESTABLISHED"] == 900,
           "a new policy: what is not given is the default's", found)
    do(family, SET_POLICY, policy(
        "gold", timeout(SCTP, "INIT1", 5, STATE_INDEX=u8(1)),
        timeout(UDP, 0, 7), timeout(UDP, 0, 8)))
    found = get(family, "gold")[2]
    tap.ok(found[SCTP, "INIT1"] == 5 and found[UDP, "UDP"] == 8 and
           found[TCP, "CLOSE"] == 1,
           "an edit changes what it names, the last word counts", found)
    do(family, SET_POLICY, policy("default", timeout(TCP, "SYNACK", 99)))
    tap.ok(get(family, "gold")[2][TCP, "SYNACK"] == 120,
           "an edit of the default policy does not reach the others")
    do(family, SET_POLICY, policy("default", timeout(TCP, "SYNACK", 120)))
    do(family, DEL_POLICY, policy("gold"))
    tap.ok(family.ask(GET_POLICY, policy("gold")).errno == ENOENT,
           "a removed policy is gone")


def test_many(tap, family):
    names = [f"p{i:03d}" for i in range(255)]
    for name in reversed(names):
        do(family, NEW_POLICY, policy(name, timeout(UDP, "UDP", 10)))
    answer = family.ask(GET_POLICY, dump=True)
    shown = [read_policy(body)[0] for _, _, body in answer.messages]
    tap.ok(shown == ["default", *names] and answer.reads > 10,
           "255 policies at once, listed by name", len(shown), answer.reads)
    refused = family.ask(NEW_POLICY, policy("another"))
    tap.ok(refused.errno == ENOSPC and refused.text, "no more than that",
           refused.errno, refused.text)

    # Gone: what was shown last, its neighbours, and one far behind.
    other = Family("opvs")
    answer = family.begin(GET_POLICY, dump=True)
    family.more(answer)
    at = names.index(read_policy(answer.messages[-1][2])[0])
    gone = {names[at], names[at + 1], names[0], names[250]}
    for name in gone:
        do(other, DEL_POLICY, policy(name))
    while not family.more(answer):
        pass
    shown = [read_policy(body)[0] for _, _, body in answer.messages]
    shown = [name for name in shown if name not in gone]
    tap.ok(shown == ["default", *(n for n in names if n not in gone)],
           "policies that stay are listed once while others go", len(shown))
    for name in set(names) - gone:
        do(family, DEL_POLICY, policy(name))


def test_service(tap, family):
    compat = Family("IPVS")
    do(family, NEW_POLICY, policy("gold"))
    do(family, NEW_SERVICE, service())
    found = read_service(family)
    tap.ok(found["POLICY"] == b"default\0" and
           found["CONN_MAX"] == u32(0) and found["CONN_COUNT"] == u32(0),
           "a service: default policy, no limit", found)
    do(family, SET_SERVICE, service(POLICY=string("gold"), CONN_MAX=u32(77)))
    found = read_service(family)
    tap.ok(found["POLICY"] == b"gold\0" and found["CONN_MAX"] == u32(77)
           and get(family, "gold")[1] == 1, "it gets a policy and a limit")
    do(compat, SET_SERVICE, service())
    do(family, SET_SERVICE, service(SCHED_NAME=string("wrr")))
    found = read_service(family)
    tap.ok(found["POLICY"] == b"gold\0" and found["CONN_MAX"] == u32(77)
           and get(family, "gold")[1] == 1,
           "and keeps them when an edit does not name them")
    body = compat.ask(GET_SERVICE, service()).messages[0][2]
    tap.ok(not {"POLICY", "CONN_MAX", "CONN_COUNT"} &
           set(named(attrs(body)[0][1], SERVICE_ATTRS)),
           "family IPVS does not show them")
    refused = family.ask(DEL_POLICY, policy("gold"))
    tap.ok(refused.errno == EBUSY and refused.text and get(family, "gold"),
           "a policy in use stays")
    do(family, SET_SERVICE, service(POLICY=string("default"),
                                    CONN_MAX=u32(0)))
    tap.ok(get(family, "gold")[1] == 0, "until nobody uses it")
    do(family, NEW_SERVICE, service(5061, POLICY=string("gold")))
    tap.ok(get(family, "gold")[1] == 1, "a service may begin with one")
    do(family, DEL_SERVICE, service(5061))
    tap.ok(get(family, "gold")[1] == 0, "and lets go of it at its end")
    do(family, DEL_POLICY, policy("gold"))


def sysfs(name):
    with open(f"/sys/kernel/opvs/{name}", encoding="ascii") as file:
        return int(file.read())


def test_table(tap, family):
    kind, cmd, found = read_table(family)
    tap.ok(kind == TABLE and cmd == SET_TABLE and
           {name: len(found[name]) for name in tuple(TABLE_ATTRS)[:3]} ==
           {"CONN_MAX": 4, "CONNS": 4, "BUCKETS": 4} and
           list(found) == list(TABLE_ATTRS) and len(found["HASH_KEY"]) == 16,
           "the table's numbers", found)
    sweep = [(k, len(v)) for k, v in attrs(found["SWEEP"])
             if k <= len(SWEEP_ATTRS)]
    tap.ok(sweep == [(k, 8) for k in range(1, len(SWEEP_ATTRS) + 1)],
           "the sweeper's numbers", sweep)
    do(family, SET_TABLE, table(CONN_MAX=u32(12345)))
    tap.ok(read_table(family)[2]["CONN_MAX"] == u32(12345) and
           sysfs("conn_max") == 12345, "its limit is set and shown")
    do(family, SET_TABLE, table(CONN_MAX=u32(0)))
    tap.ok(read_table(family)[2]["CONN_MAX"] == u32(0) and
           found["BUCKETS"] == u32(sysfs("conn_buckets")) and
           found["CONNS"] == u32(sysfs("conns")), "sysfs shows the same")


def test_key(tap, family):
    before = read_table(family)[2]["HASH_KEY"]
    with open("/proc/sys/net/opvs/hash_key", encoding="ascii") as file:
        text = file.read()
    tap.ok(text == before.hex() + "\n" and any(before),
           "a new namespace has a secret; sysctl shows the same", text,
           before.hex())
    do(family, SET_TABLE, table(HASH_KEY=KEY))
    tap.ok(read_table(family)[2]["HASH_KEY"] == KEY != before,
           "it is set and shown, byte for byte")
    do(family, SET_TABLE, table(CONN_MAX=u32(7)))
    found = read_table(family)[2]
    tap.ok(found["HASH_KEY"] == KEY and found["CONN_MAX"] == u32(7),
           "a limit without a secret leaves that alone")
    do(family, SET_TABLE, table(CONN_MAX=u32(0), HASH_KEY=before))
    found = read_table(family)[2]
    tap.ok(found["HASH_KEY"] == before and found["CONN_MAX"] == u32(0),
           "both at once")


def policy_rows(cmd, name):
    """Of the commands that take timeouts."""
    yield "no POLICY", cmd, b"", EINVAL
    yield "no NAME", cmd, policy(None), EINVAL
    yield "NAME without NUL", cmd, policy(None, NAME=b"gold"), EINVAL
    yield "NAME of 32", cmd, policy("g" * 32), EINVAL
    yield "USERS", cmd, policy(name, USERS=u32(0)), EINVAL
    yield "unknown attribute", cmd, policy(name, attr(9, b"")), EINVAL
    for what, row in (
            ("SECONDS 0", timeout(UDP, 0, 0)),
            ("SECONDS too many", timeout(UDP, 0, ALL)),
            ("SECONDS too many for a timer", timeout(TCP, "NONE", 1 << 28)),
            ("SECONDS as u16", timeout(UDP, 0, 1, SECONDS=u16(1))),
            ("no SECONDS", timeout(UDP, 0, 1, SECONDS=None)),
            ("no PROTOCOL", timeout(UDP, 0, 1, PROTOCOL=None)),
            ("PROTOCOL 0", timeout(0, 0, 1)),
            ("PROTOCOL 1", timeout(1, 0, 1)),
            ("PROTOCOL 256 + 17", timeout(256 + UDP, 0, 1)),
            ("no STATE", timeout(UDP, None, 1)),
            ("STATE of another protocol", timeout(UDP, "ESTABLISHED", 1)),
            ("STATE unknown", timeout(TCP, "established", 1)),
            ("STATE empty", timeout(TCP, "", 1)),
            ("STATE of 16", timeout(TCP, "S" * 16, 1)),
            ("STATE_INDEX too high", timeout(TCP, 11, 1)),
            ("STATE_INDEX 255", timeout(SCTP, 255, 1)),
            ("STATE and another STATE_INDEX",
             timeout(TCP, "CLOSE", 1, STATE_INDEX=u8(1))),
            ("TIMEOUT not a nest", attr(TIMEOUT, b"")),
            ("TIMEOUT empty", attr(TIMEOUT | 0x8000, b""))):
        yield what, cmd, policy(name, row), EINVAL
        yield (f"a good timeout, then {what}", cmd,
               policy(name, timeout(UDP, 0, 5), row), EINVAL)


def refused_rows():
    for what, cmd, payload, want in policy_rows(NEW_POLICY, "new"):
        yield f"new policy: {what}", cmd, payload, want
    for what, cmd, payload, want in policy_rows(SET_POLICY, "gold"):
        yield f"set policy: {what}", cmd, payload, want
    for name in ("", "with blank", "tab\t", "del\x7f", "\u00e4"):
        yield f"new policy: NAME {name!r}", NEW_POLICY, policy(name), EINVAL
    yield "new policy: duplicate", NEW_POLICY, policy("gold"), EEXIST
    yield "new policy: default", NEW_POLICY, policy("default"), EEXIST
    yield "set policy: unknown", SET_POLICY, policy("nosuch"), ENOENT
    yield "del policy: unknown", DEL_POLICY, policy("nosuch"), ENOENT
    yield "del policy: default", DEL_POLICY, policy("default"), EBUSY
    yield "del policy: in use", DEL_POLICY, policy("gold"), EBUSY
    yield "get policy: unknown", GET_POLICY, policy("nosuch"), ENOENT
    yield "get policy: no NAME", GET_POLICY, policy(None), EINVAL
    for what, changes, want in (
            ("POLICY unknown", {"POLICY": string("nosuch")}, ENOENT),
            ("POLICY of 32", {"POLICY": string("p" * 32)}, EINVAL),
            ("POLICY without NUL", {"POLICY": b"gold"}, EINVAL),
            ("CONN_MAX over 2^30", {"CONN_MAX": TOO_MANY}, EINVAL),
            ("CONN_MAX as u64", {"CONN_MAX": u32(1) * 2}, EINVAL),
            ("CONN_COUNT", {"CONN_COUNT": u32(1)}, EINVAL),
            ("EXCEPTIONS", {"EXCEPTIONS": u32(1)}, EINVAL),
            ("DRAIN_SECONDS", {"DRAIN_SECONDS": u32(1)}, EINVAL),
            ("unknown attribute", {"NEXT": u32(1)}, EINVAL),
            ("attribute between the families'", {"BETWEEN": u32(1)}, EINVAL)):
        yield (f"new service: {what}", NEW_SERVICE, service(5061, **changes),
               want)
        yield f"set service: {what}", SET_SERVICE, service(**changes), want
    for what, kind in (("CALLS", "CALLS"), ("unknown attribute", 65),
                       ("attribute between the families'", 20)):
        yield (f"new server: {what}", NEW_DEST, service() +
               nest(DEST, DEST_ATTRS, {"ADDR": ip("192.0.2.11"),
                                       kind: u32(1)}), EINVAL)
    yield "set table: no TABLE", SET_TABLE, b"", EINVAL
    yield "set table: nothing to set", SET_TABLE, table(), EINVAL
    for what, changes in (("CONN_MAX over 2^30", {"CONN_MAX": TOO_MANY}),
                          ("CONN_MAX as u16", {"CONN_MAX": u16(1)}),
                          ("CONNS", {"CONN_MAX": u32(1), "CONNS": u32(1)}),
                          ("BUCKETS", {"CONN_MAX": u32(1),
                                       "BUCKETS": u32(1)}),
                          ("HASH_KEY of 15", {"CONN_MAX": u32(1),
                                              "HASH_KEY": KEY[:15]}),
                          ("HASH_KEY of 17", {"HASH_KEY": KEY + b"x"}),
                          ("HASH_KEY empty", {"HASH_KEY": b""}),
                          ("HASH_KEY and CONN_MAX over 2^30",
                           {"HASH_KEY": KEY, "CONN_MAX": TOO_MANY})):
        yield f"set table: {what}", SET_TABLE, table(**changes), EINVAL


def state(family):
    found = read_table(family)[2]
    return (listed(family), family.ask(GET_SERVICE, dump=True).messages,
            found["CONN_MAX"], found["HASH_KEY"])


def test_refused(tap, family):
    do(family, NEW_POLICY, policy("gold"))
    do(family, SET_SERVICE, service(POLICY=string("gold")))
    before = state(family)
    for name, cmd, payload, want in refused_rows():
        answer = family.ask(cmd, payload)
        after = state(family)
        tap.ok(answer.errno == want and answer.text and after == before, name,
               f"errno {answer.errno}, want {want}", f"text '{answer.text}'",
               f"changed: {after != before}")
        before = after


def test_apart(tap, family):
    """Another namespace has policies and a limit of its own."""
    do(family, SET_TABLE, table(CONN_MAX=u32(5)))
    unshare(CLONE_NEWNET)
    inner = Family("opvs")
    here, there = read_table(family)[2], read_table(inner)[2]
    tap.ok([row[0] for row in listed(inner)] == ["default"] and
           there["CONN_MAX"] == u32(0) and
           there["HASH_KEY"] != here["HASH_KEY"],
           "another namespace knows nothing of this one's")
    do(inner, NEW_POLICY, policy("silver"))
    tap.ok([row[0] for row in listed(family)] == ["default", "gold"],
           "nor this one of that")


def main():
    unshare(CLONE_NEWNET)
    tap = Tap()
    family = Family("opvs")
    family.departures = []
    do(family, FLUSH)
    for test in (test_default, test_life, test_many, test_service, test_table,
                 test_key, test_refused, test_apart):
        test(tap, family)
    family.as_specified(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
