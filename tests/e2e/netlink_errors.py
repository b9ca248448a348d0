#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Bad input over netlink: each is refused by the number that IPVS has for it
and by a sentence, and changes nothing.  Both families, in a network namespace
of its own; needs root and opvs loaded.  Output: TAP."""

import errno
import os
import socket
import sys

from abi import (DAEMON, DAEMON_ATTRS, DEL_DAEMON, DEL_DEST, DEL_SERVICE, DEST,
                 DEST_ATTRS, FLUSH, GET_CONFIG, GET_CONN, GET_COUNTERS,
                 GET_DAEMON, GET_DEST, GET_INFO, GET_INFO_ANSWER, GET_POLICY,
                 GET_SERVICE, NEW_CONN, NEW_DAEMON, NEW_DEST, NEW_SERVICE,
                 SERVICE, SERVICE_ATTRS, SET_CONFIG, SET_DEST, SET_SERVICE,
                 TIMEOUT_TCP, TIMEOUT_TCP_FIN, TIMEOUT_UDP, ZERO)
from features import features
from genl import (CLONE_NEWNET, CLONE_NEWUSER, Family, Tap, attr, be16,
                  ip, nest, string, u8, u16, u32, unshare)

OK = 0
EINVAL, ENOENT, ESRCH, EEXIST, ERANGE, EPERM = (
    errno.EINVAL, errno.ENOENT, errno.ESRCH, errno.EEXIST, errno.ERANGE,
    errno.EPERM)
EOPNOTSUPP, EAFNOSUPPORT, EPROTONOSUPPORT = (
    errno.EOPNOTSUPP, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT)

ENOSYS, ENODEV = errno.ENOSYS, errno.ENODEV
NOT_THERE = (ENOSYS, EOPNOTSUPP)  # by family: IPVS, opvs

UDP = socket.IPPROTO_UDP
PERSISTENT, ONEPACKET = 1, 4
ALL = 0xffffffff


def service(flag=0x8000, **changes):
    """The SERVICE nest: of the service under test unless changed."""
    values = {
        "AF": u16(socket.AF_INET), "PROTOCOL": u16(UDP),
        "ADDR": ip("192.0.2.1"), "PORT": be16(5060),
        "SCHED_NAME": string("mh"), "FLAGS": u32(ONEPACKET) + u32(ALL),
        "TIMEOUT": u32(0), "NETMASK": u32(ALL),
    }
    values.update(changes)
    return nest(SERVICE, SERVICE_ATTRS, values, flag)


def service6(**changes):
    values = {"AF": u16(socket.AF_INET6), "ADDR": ip("2001:db8::1"),
              "NETMASK": u32(128)}
    values.update(changes)
    return service(**values)


def by_mark(mark, **changes):
    return service(PROTOCOL=None, ADDR=None, PORT=None, FWMARK=u32(mark),
                   **changes)


def dest(**changes):
    """The DEST nest: of the server under test unless changed."""
    values = {
        "ADDR": ip("192.0.2.11"), "PORT": be16(5060), "FWD_METHOD": u32(0),
        "WEIGHT": u32(1), "U_THRESH": u32(0), "L_THRESH": u32(0),
    }
    values.update(changes)
    return nest(DEST, DEST_ATTRS, values)


def dest6(text):
    return dest(ADDR=ip(text), ADDR_FAMILY=u16(socket.AF_INET6))


def daemon(**changes):
    values = {"STATE": u32(1), "MCAST_IFN": string("none0"), "SYNC_ID": u32(7)}
    values.update(changes)
    return nest(DAEMON, DAEMON_ATTRS, values)


def new_service_rows():
    yield "no SERVICE", b"", EINVAL
    for name in ("AF", "PROTOCOL", "ADDR", "PORT", "SCHED_NAME", "FLAGS",
                 "TIMEOUT", "NETMASK"):
        yield f"no {name}", service(**{name: None}), EINVAL
    yield "duplicate", service(), EEXIST
    for name, value in (("SCHED_NAME", string("nosuch")), ("NETMASK", u32(0)),
                        ("PE_NAME", string("nosuch"))):
        yield f"duplicate, wrong {name}", service6(**{name: value}), EEXIST
    yield "AF 0", service(AF=u16(0)), EAFNOSUPPORT
    yield "AF 99", service(AF=u16(99)), EAFNOSUPPORT
    yield "AF as u8", service(AF=u8(2)), EINVAL
    yield "SCHED_NAME without NUL", service(SCHED_NAME=b"mh"), EINVAL
    yield "SCHED_NAME of 16", service(SCHED_NAME=string("m" * 16)), EINVAL
    other = {"PORT": be16(5061)}
    for name in ("nosuch", ""):
        yield (f"SCHED_NAME '{name}'",
               service(SCHED_NAME=string(name), **other), ENOENT)
    yield ("PE_NAME unknown", service(PE_NAME=string("nosuch"), **other),
           ENOENT)
    yield "PE_NAME of 17", service(PE_NAME=string("p" * 17)), EINVAL
    yield "ADDR of 17", service(ADDR=bytes(17)), EINVAL
    yield "FLAGS of 4", service(FLAGS=u32(4)), (EEXIST, EINVAL)
    yield "FLAGS of 12", service(FLAGS=u32(4) * 3), EINVAL
    for length in (0, 129):
        yield (f"IPv6 NETMASK {length}",
               service6(NETMASK=u32(length), **other), EINVAL)
    for proto in (0, 1, 33, 255, 256 + UDP):
        yield (f"protocol {proto}", service(PROTOCOL=u16(proto)),
               EPROTONOSUPPORT)
    persistent = u32(PERSISTENT | ONEPACKET) + u32(ALL)
    for seconds in (0, 2678401, 1 << 31, ALL):
        yield (f"persistent for {seconds} s",
               service(FLAGS=persistent, TIMEOUT=u32(seconds), **other),
               EINVAL)
    yield "all FLAGS", service(FLAGS=u32(ALL) + u32(ALL), **other), EINVAL
    at = {"PE_NAME": string("sip"), **other}
    yield ("engine with rr, not persistent",
           service(SCHED_NAME=string("rr"), **at), NOT_THERE)
    yield ("engine, tracked, not persistent",
           service(FLAGS=u32(0) + u32(ALL), **at), NOT_THERE)
    yield ("engine of datagrams for TCP",
           service(PROTOCOL=u16(6), FLAGS=persistent, TIMEOUT=u32(60), **at),
           EPROTONOSUPPORT)


def set_service_rows():
    other = {"PORT": be16(5061)}
    yield "no SERVICE", b"", EINVAL
    yield "no such service", service(**other), ESRCH
    yield "FWMARK 8", by_mark(8), ESRCH
    for name in ("SCHED_NAME", "FLAGS", "TIMEOUT", "NETMASK"):
        yield f"no {name}", service(**{name: None}), EINVAL
    yield "SCHED_NAME unknown", service(SCHED_NAME=string("nosuch")), ENOENT
    yield "PE_NAME unknown", service(PE_NAME=string("nosuch")), ENOENT
    for seconds in (0, 2678401, ALL):
        yield (f"persistent for {seconds} s",
               service(FLAGS=u32(PERSISTENT) + u32(PERSISTENT),
                       TIMEOUT=u32(seconds)), EINVAL)
    yield ("engine with wrr", service(SCHED_NAME=string("wrr"),
                                      PE_NAME=string("sip")), NOT_THERE)


def name_service_rows():
    """Of the commands that only name a service."""
    yield "no SERVICE", b"", EINVAL
    yield "no such port", service(PORT=be16(5061)), ESRCH
    yield "no such address", service(ADDR=ip("192.0.2.2")), ESRCH
    yield "no such family", service(AF=u16(socket.AF_INET6)), ESRCH
    yield "FWMARK 8", by_mark(8), ESRCH
    yield "FWMARK 7 of IPv6", by_mark(7, AF=u16(socket.AF_INET6)), ESRCH
    yield "FWMARK 0", by_mark(0), ESRCH
    yield "AF 99", service(AF=u16(99)), EAFNOSUPPORT
    for name in ("AF", "PROTOCOL", "ADDR", "PORT"):
        yield f"no {name}", service(**{name: None}), EINVAL


def dest_key_rows():
    """Of all commands that name a server."""
    yield "no SERVICE", dest(), EINVAL
    yield "no such service", service(PORT=be16(5061)) + dest(), ESRCH
    yield "no DEST", service(), EINVAL
    yield "no ADDR", service() + dest(ADDR=None), EINVAL
    yield "no PORT", service() + dest(PORT=None), EINVAL
    yield "ADDR of 17", service() + dest(ADDR=bytes(17)), EINVAL
    yield ("ADDR_FAMILY 99", service() + dest(ADDR_FAMILY=u16(99)),
           EAFNOSUPPORT)


def dest_conf_rows(**key):
    """Of the commands that configure a server."""
    def spoilt(**changes):
        return service() + dest(**key, **changes)

    yield from dest_key_rows()
    for name in ("FWD_METHOD", "WEIGHT", "U_THRESH", "L_THRESH"):
        yield f"no {name}", spoilt(**{name: None}), EINVAL
    yield "WEIGHT -1", spoilt(WEIGHT=u32(-1)), ERANGE
    yield "L over U", spoilt(U_THRESH=u32(5), L_THRESH=u32(6)), ERANGE
    yield "L without U", spoilt(L_THRESH=u32(1)), ERANGE
    yield "U 2^31", spoilt(U_THRESH=u32(1 << 31)), EINVAL
    yield "GUE without port", spoilt(TUN_TYPE=u8(1)), EINVAL
    yield "no such tunnel", spoilt(TUN_TYPE=u8(3)), EINVAL
    yield "no such flag of tunnels", spoilt(TUN_FLAGS=u16(4)), EINVAL
    yield "more flags than a byte has", spoilt(TUN_FLAGS=u16(256)), EINVAL
    for method in (1, 4):
        yield (f"method {method}", spoilt(FWD_METHOD=u32(method)), NOT_THERE)


def new_dest_rows():
    yield from dest_conf_rows(ADDR=ip("192.0.2.12"))
    yield "duplicate", service() + dest(), EEXIST
    yield "duplicate by port 0", service() + dest(PORT=be16(0)), EEXIST
    for text in ("0.0.0.0", "224.0.0.1", "255.255.255.255"):
        yield f"address {text}", service() + dest(ADDR=ip(text)), EINVAL
    yield "IPv6 server", service() + dest6("2001:db8::11"), EINVAL
    yield ("IPv6 server, direct routing", service() +
           dest(ADDR=ip("2001:db8::11"), FWD_METHOD=u32(3),
                ADDR_FAMILY=u16(socket.AF_INET6)), EINVAL)
    for text in ("::", "fe80::1", "ff02::1"):
        yield f"address {text}", service6() + dest6(text), EINVAL
    yield ("IPv4 server of an IPv6 service",
           service6() + dest(ADDR_FAMILY=u16(socket.AF_INET)), EINVAL)


def set_dest_rows():
    yield from dest_conf_rows()
    yield "no such server", service() + dest(ADDR=ip("192.0.2.12")), ENOENT
    yield "no such server port", service() + dest(PORT=be16(5061)), ENOENT


def del_dest_rows():
    yield from dest_key_rows()
    yield "no such server", service() + dest(ADDR=ip("192.0.2.12")), ENOENT


def set_config_rows():
    for kind in (TIMEOUT_TCP, TIMEOUT_TCP_FIN, TIMEOUT_UDP):
        yield f"timeout {kind} too long", attr(kind, u32(ALL)), EINVAL
    yield ("one good, one too long",
           attr(TIMEOUT_TCP, u32(5)) + attr(TIMEOUT_UDP, u32(ALL)), EINVAL)
    yield "u16", attr(TIMEOUT_UDP, u16(5)), (ERANGE, EINVAL)


def new_daemon_rows():
    yield "no DAEMON", b"", EINVAL
    for name in ("STATE", "MCAST_IFN", "SYNC_ID"):
        yield f"no {name}", daemon(**{name: None}), EINVAL
    yield "STATE 0", daemon(STATE=u32(0)), EINVAL
    yield "STATE 3", daemon(STATE=u32(3)), EINVAL
    yield "MCAST_IFN of 16", daemon(MCAST_IFN=string("i" * 16)), EINVAL
    yield ("group not multicast", daemon(MCAST_GROUP=ip("192.0.2.1")[:4]),
           EINVAL)
    yield ("group6 not multicast", daemon(MCAST_GROUP6=ip("2001:db8::1")),
           EINVAL)
    yield ("group6 of 12", daemon(MCAST_GROUP6=ip("ff02::1")[:12]), EINVAL)
    yield ("group6 of 20", daemon(MCAST_GROUP6=ip("ff02::1") + u32(0)),
           (ENODEV, EINVAL))
    yield "no such interface", daemon(), ENODEV
    yield "SYNC_ID 256", daemon(SYNC_ID=u32(256)), EINVAL


def del_daemon_rows():
    yield "no DAEMON", b"", EINVAL
    yield "no STATE", daemon(STATE=None), EINVAL
    yield "STATE 9", daemon(STATE=u32(9)), EINVAL
    yield "master not running", daemon(STATE=u32(1)), ESRCH
    yield "backup not running", daemon(STATE=u32(2)), ESRCH


REFUSED = (
    (NEW_SERVICE, "new service", new_service_rows),
    (SET_SERVICE, "set service", set_service_rows),
    (DEL_SERVICE, "del service", name_service_rows),
    (GET_SERVICE, "get service", name_service_rows),
    (NEW_DEST, "new dest", new_dest_rows),
    (SET_DEST, "set dest", set_dest_rows),
    (DEL_DEST, "del dest", del_dest_rows),
    (SET_CONFIG, "set config", set_config_rows),
    (NEW_DAEMON, "new daemon", new_daemon_rows),
    (DEL_DAEMON, "del daemon", del_daemon_rows),
)


def lenient_rows():
    """What family IPVS lets pass and family opvs refuses."""
    yield "AF as u32", service(AF=u32(2))
    yield "unknown attribute of a service", service(**{"PE_NAME": None}) + \
        attr(40, b"")
    yield "no NLA_F_NESTED", service(flag=0)
    yield "FLAGS of 4", service(FLAGS=u32(4))
    odd = nest(SERVICE, SERVICE_ATTRS, {
        "AF": u16(2), "PROTOCOL": u16(UDP), "ADDR": ip("192.0.2.1"),
        "PORT": be16(5060), 40: u32(0)})
    yield "unknown attribute in the nest", odd


def accepted_rows():
    """Odd, but not wrong: each makes a service at another port."""
    at = {"PORT": be16(5070)}
    yield "ADDR of 2", service(ADDR=b"\xc0\x00", **at)
    yield "ADDR of 4", service(ADDR=b"\xc0\x00\x02\x01", **at)
    yield "ADDR 0.0.0.0", service(ADDR=ip("0.0.0.0"), **at)
    yield "multicast ADDR", service(ADDR=ip("224.0.0.1"), **at)
    yield "PE_NAME empty", service(PE_NAME=string(""), **at)
    yield "TIMEOUT of all ones", service(TIMEOUT=u32(ALL), **at)
    yield ("all FLAGS, persistent",
           service(FLAGS=u32(ALL) + u32(ALL), TIMEOUT=u32(31 * 86400), **at))
    for proto in (6, UDP, 132):
        yield (f"tracked, protocol {proto}",
               service(PROTOCOL=u16(proto), FLAGS=u32(0) + u32(ALL), **at))
        yield (f"port 0, protocol {proto}",
               service(PROTOCOL=u16(proto), PORT=be16(0)))
    yield "one-packet TCP", service(PROTOCOL=u16(6), **at)
    for name in features("sched"):
        yield (f"SCHED_NAME {name}, all its flags",
               service(SCHED_NAME=string(name),
                       FLAGS=u32(ONEPACKET | 0x38) + u32(ALL), **at))
    yield "FWMARK 8", by_mark(8)
    yield "FWMARK 7 of IPv6", by_mark(7, AF=u16(socket.AF_INET6),
                                      NETMASK=u32(128))
    yield "FWMARK of all ones, with an address", service(FWMARK=u32(ALL))
    yield "FWMARK 0 (TCP, port 0)", by_mark(0)
    yield ("persistent for 1 s, no mask",
           service(FLAGS=u32(PERSISTENT) + u32(ALL), TIMEOUT=u32(1),
                   NETMASK=u32(0), **at))
    yield ("engine with rr, persistent",
           service(SCHED_NAME=string("rr"), PE_NAME=string("sip"),
                   FLAGS=u32(PERSISTENT) + u32(ALL), TIMEOUT=u32(60), **at))


def accepted_dest_rows():
    yield "WEIGHT 65536", dest(ADDR=ip("192.0.2.20"), WEIGHT=u32(65536))
    yield "WEIGHT 0", dest(ADDR=ip("192.0.2.20"), WEIGHT=u32(0))
    yield "loopback", dest(ADDR=ip("127.0.0.1"))
    yield "PORT 0", dest(ADDR=ip("192.0.2.20"), PORT=be16(0))
    yield "ADDR of 4", dest(ADDR=ip("192.0.2.20")[:4])
    yield "method 8", dest(ADDR=ip("192.0.2.20"), FWD_METHOD=u32(8))
    yield "a tunnel", dest(ADDR=ip("192.0.2.20"), FWD_METHOD=u32(2))
    yield "GUE", dest(ADDR=ip("192.0.2.20"), FWD_METHOD=u32(2),
                      TUN_TYPE=u8(1), TUN_PORT=be16(6080), TUN_FLAGS=u16(3))
    yield ("a tunnel over IPv6",
           dest(ADDR=ip("2001:db8::20"), FWD_METHOD=u32(2),
                ADDR_FAMILY=u16(socket.AF_INET6)))


def state(family):
    """All that a command could have changed, as bytes; no rates."""
    known = [family.ask(GET_SERVICE, dump=True).messages]
    for which in (service(), service6(), by_mark(7)):
        known.append(family.ask(GET_DEST, which, dump=True).messages)
    known.append(family.ask(GET_CONFIG).messages)
    return known


def explain(answer, want, changed=False):
    number = errno.errorcode.get(answer.errno, answer.errno)
    return (f"errno {number}, want {errno.errorcode.get(want, want)}",
            f"text '{answer.text}'",
            "something has changed" if changed else "nothing has changed")


def test_refused(tap, family):
    before = state(family)
    for cmd, what, rows in REFUSED:
        for name, payload, want in rows():
            if isinstance(want, tuple):
                want = want[family.name == "opvs"]
            answer = family.ask(cmd, payload)
            after = state(family)
            tap.ok(answer.errno == want and answer.text and after == before,
                   f"{family.name}: {what}: {name}",
                   *explain(answer, want, after != before))
            before = after


def test_lenient(tap, family):
    want = EINVAL if family.name == "opvs" else OK
    for name, payload in lenient_rows():
        answer = family.ask(GET_SERVICE, payload)
        tap.ok(answer.errno == want and bool(answer.text) == bool(want),
               f"{family.name}: {name}", *explain(answer, want))


def test_accepted(tap, family):
    before = state(family)
    for name, payload in accepted_rows():
        answer = family.ask(NEW_SERVICE, payload)
        gone = family.ask(DEL_SERVICE, payload)
        tap.ok(not answer.errno and not gone.errno and state(family) == before,
               f"{family.name}: accepted: {name}", *explain(answer, OK))
    for name, payload in accepted_dest_rows():
        answer = family.ask(NEW_DEST, service() + payload)
        gone = family.ask(DEL_DEST, service() + payload)
        tap.ok(not answer.errno and not gone.errno and state(family) == before,
               f"{family.name}: accepted: server {name}", *explain(answer, OK))
    for name, cmd, payload in (
            ("config without attributes", SET_CONFIG, b""),
            ("timeout 0", SET_CONFIG, attr(TIMEOUT_UDP, u32(0))),
            ("same service again", SET_SERVICE, service()),
            ("same server again", SET_DEST, service() + dest())):
        answer = family.ask(cmd, payload)
        tap.ok(not answer.errno and state(family) == before,
               f"{family.name}: accepted: {name}", *explain(answer, OK))


def test_dumps(tap, family):
    for name, cmd, payload, want in (
            ("servers of no service", GET_DEST, b"", OK),
            ("servers of an empty SERVICE", GET_DEST, attr(0x8001, b""), OK),
            ("servers of an unknown service", GET_DEST,
             service(PORT=be16(5061)), OK),
            ("servers of an unknown mark", GET_DEST, by_mark(8), OK),
            ("daemons", GET_DAEMON, b"", OK),
            ("servers, AF 99", GET_DEST, service(AF=u16(99)), EAFNOSUPPORT),
            ("servers, no PORT", GET_DEST, service(PORT=None), EINVAL)):
        answer = family.ask(cmd, payload, dump=True)
        tap.ok(answer.errno == want and not answer.messages and
               bool(answer.text) == bool(want),
               f"{family.name}: dump of {name}", *explain(answer, want))


def test_commands(tap, family):
    """Refused by generic netlink itself, which has no words for it."""
    unknown = [GET_INFO_ANSWER, 18, 63, NEW_CONN + 1]
    if family.name != "opvs":
        unknown += range(GET_COUNTERS, NEW_CONN + 1)
    for cmd in unknown:
        tap.ok(family.ask(cmd).errno == EOPNOTSUPP,
               f"{family.name}: unknown command {cmd}")
    for cmd in (GET_DEST, GET_DAEMON):
        tap.ok(family.ask(cmd, service()).errno == EOPNOTSUPP,
               f"{family.name}: command {cmd} not as a dump")
    for cmd in (NEW_SERVICE, DEL_DEST, SET_CONFIG, GET_INFO, ZERO, FLUSH):
        tap.ok(family.ask(cmd, service(), dump=True).errno == EOPNOTSUPP,
               f"{family.name}: command {cmd} as a dump")


def in_child(work):
    """Runs work() in a process of its own: what it returns, a small number."""
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        code = 255
        try:
            code = work()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


DUMPS = (GET_SERVICE, GET_DEST, GET_DAEMON, GET_CONN, GET_POLICY)


def count_refused(names, namespaces=0):
    """How many commands of all are not refused to nobody, who is root of new
    namespaces of these kinds."""
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    unshare(namespaces)
    passed = 0
    for name in names:
        family = Family(name)
        commands = [*range(NEW_SERVICE, GET_INFO_ANSWER), GET_INFO, ZERO, FLUSH]
        if name == "opvs":
            commands += range(GET_COUNTERS, NEW_CONN + 1)
        for cmd in commands:
            answer = family.ask(cmd, service() + dest(), dump=cmd in DUMPS)
            passed += answer.errno != EPERM
        for cmd in set(DUMPS) & set(commands) - {GET_DEST, GET_DAEMON}:
            passed += family.ask(cmd, service()).errno != EPERM
    return passed


def set_up(family):
    for cmd, payload in ((FLUSH, b""), (NEW_SERVICE, service()),
                         (NEW_SERVICE, service6()),
                         (NEW_SERVICE, by_mark(7)),
                         (NEW_DEST, service() + dest()),
                         (ZERO, service())):
        answer = family.ask(cmd, payload)
        if answer.errno:
            raise OSError(answer.errno, answer.text)


def main():
    unshare(CLONE_NEWNET)
    tap = Tap()
    names = ("opvs", "IPVS")
    for name in names:
        family = Family(name)
        set_up(family)
        test_refused(tap, family)
        test_lenient(tap, family)
        test_accepted(tap, family)
        test_dumps(tap, family)
        test_commands(tap, family)
        for cmd, want in ((ZERO, ESRCH), (FLUSH, OK), (FLUSH, OK)):
            answer = family.ask(cmd, service(PORT=be16(5061)))
            tap.ok(answer.errno == want, f"{name}: command {cmd}",
                   *explain(answer, want))
    set_up(Family("opvs"))
    before = state(Family("opvs"))
    for kinds, who in ((0, "nobody"),
                       (CLONE_NEWUSER, "root of a user namespace"),
                       (CLONE_NEWUSER | CLONE_NEWNET,
                        "root of a user namespace in its own network")):
        tap.ok(in_child(lambda kinds=kinds: count_refused(names, kinds)) == 0
               and state(Family("opvs")) == before, f"{who} may do nothing")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
