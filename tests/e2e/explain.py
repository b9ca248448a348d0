#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What EXPLAIN says is what then happens: packets of all kinds to services of all
kinds, whose servers change meanwhile. It is asked about the very bytes that then
come in by a link, and the statistics of servers tell which one got them. Asking
changes nothing. Needs root and opvs loaded. Output: TAP.

usage: explain.py [PACKETS [SEED]]"""

import errno
import random
import socket
import struct
import sys
import time

from abi import (CANDIDATE_ATTRS, CHANGE_ATTRS, CHANGE_KIND_NAMES, CONN,
                 CONN_ATTRS, DECISION, DEST, DEST_ATTRS, EXPLAIN, EXPLAIN_ATTRS,
                 FLUSH_CONN, GET_CONN, GET_DEST, GET_SERVICE, SERVICE,
                 SERVICE_ATTRS, SET_SERVICE, WHY_NAMES)
from explain_world import (CLIENT, FALLBACK, ONEPACKET, PERSISTENT, PORT, SCTP,
                           SERVERS, TCP, UDP, VIRTUAL, Director, datagram,
                           message, packed, text_of)
from genl import (NLA_F_NESTED, Tap, attr, attrs, be16, named, u8, u16, u32)

SCHEDULERS = ("none", "rr", "wrr", "lc", "wlc", "sed", "nq", "twos", "fo", "ovf",
              "lblc", "lblcr", "sh", "dh", "mh")
SETTINGS = ("expire_nodest_conn", "expire_quiescent_template", "sloppy_tcp",
            "sloppy_sctp", "conn_reuse_mode", "udp_reschedule")
YOUNG = 10          # seconds in which a Call-ID is used: marks of it last 32
CALLS = 30
# What a few hundred packets must have met.
COMMON = {"CONNECTION", "OWNER", "TURN", "LEAST", "WEIGHT", "TEMPLATE", "KEYLESS",
          "RANDOM", "NO_SERVER", "OPENS_NOTHING"}


class Traffic:
    """Random packets of few clients and calls, and random changes."""

    def __init__(self, director, seed):
        self.director = director
        self.random = random.Random(seed)
        self.calls = []     # (Call-ID, when it was new)
        self.next_call = 0

    def call(self):
        now = time.monotonic()
        self.calls = [(call, born) for call, born in self.calls
                      if now - born < YOUNG]
        if len(self.calls) < CALLS or self.random.random() < .1:
            self.next_call += 1
            self.calls.append((f"{self.next_call}@example.org", now))
        return self.random.choice(self.calls)[0]

    def payload(self, svc):
        if svc.engine and self.random.random() < .9:
            return message(self.random.choice(("INVITE", "INVITE", "ACK", "BYE",
                                               "200")), self.call())
        return b"hello"

    def packet(self, svc):
        pick = self.random.choice
        ends = (CLIENT[svc.family] % self.random.randint(1, 5),
                self.random.randint(20000, 20007), VIRTUAL[svc.family], svc.port)
        if svc.proto == UDP:
            data = datagram(svc.family, UDP, ends, self.payload(svc))
        elif svc.proto == TCP:
            data = datagram(svc.family, TCP, ends,
                            kind=pick((2, 2, 2, 0x10, 0x11, 0x14)))
        else:
            data = datagram(svc.family, SCTP, ends, kind=pick((1, 1, 0, 10, 6)))
        # Cut within its transport header, which its IP header knows.
        if self.random.random() < .02 and svc.family == 4:
            data = datagram(4, svc.proto, ends, kind=2)[:20 + 6]
            data = data[:2] + be16(len(data)) + data[4:]
            data = refresh(data)
        return data

    def change(self, svc):
        """Something of the service's servers, or of all entries."""
        do, number = self.random.random(), self.random.choice(SERVERS)
        if number not in svc.servers:
            self.director.add_server(svc, number, self.random.randint(0, 4))
        elif do < .5:
            self.director.edit_server(svc, number,
                                      weight=self.random.choice((0, 1, 2, 4)))
        elif do < .8:
            self.director.edit_server(svc, number,
                                      upper=self.random.choice((0, 0, 1, 2, 5)))
        elif do < .93:
            self.director.del_server(svc, number)
        elif do < .96:
            self.director.do(FLUSH_CONN, svc.nest())
        else:
            self.director.set(self.random.choice(SETTINGS),
                              self.random.randint(0, 1))


def refresh(data):
    """The header checksum of an IPv4 packet that was changed."""
    head = data[:10] + b"\0\0" + data[12:20]
    total = sum(struct.unpack("!10H", head))
    total = (total & 0xffff) + (total >> 16)
    total = (total & 0xffff) + (total >> 16)
    return data[:10] + struct.pack("!H", ~total & 0xffff) + data[12:]


def make_services(director):
    port = 1000
    for family in (4, 6):
        for sched in SCHEDULERS:
            options = {"sh": (0, FALLBACK | PORT), "mh": (0, FALLBACK)}
            for extra in options.get(sched, (0,)):
                kinds = [(TCP, 0, None), (UDP, ONEPACKET, None),
                         (UDP, ONEPACKET | PERSISTENT, "sip")]
                if family == 4:
                    kinds += [(UDP, 0, None), (TCP, PERSISTENT, None)]
                if sched == "mh":
                    kinds += 3 * [(UDP, ONEPACKET, "sip")]
                if sched in ("rr", "wlc"):
                    kinds += [(SCTP, 0, None)]
                for proto, flags, engine in kinds:
                    port += 1
                    director.add(family, proto, port, sched, flags | extra,
                                 engine)


def arrived(director, svc, before, verdict):
    """Who got a packet that comes to a verdict; None for nobody in time."""
    end = time.monotonic() + 10
    while True:
        counters = director.counters()
        if not verdict or counters[verdict] != before[verdict] or \
                time.monotonic() > end:
            break
    now = director.got(svc)
    grown = [addr for addr, count in now.items()
             if count != svc.packets.get(addr, 0)]
    svc.packets = now
    return counters, grown


VERDICTS = ("forwarded", "drop_no_server", "drop_malformed", "drop_limit",
            "drop_reply_clash", "drop_removed_server", "drop_defence")


def compare(director, svc, data):
    """Asks, sends, and compares; returns why, and what is wrong or None."""
    before = director.counters()
    said = director.explain(PACKET=data)
    director.send(svc.family, data)
    after, grown = arrived(director, svc, before, said.verdict)
    happened = [name for name in VERDICTS if after[name] != before[name]]
    want = [said.verdict] if said.verdict else []
    server = [said.server] if said.server and said.verdict == "forwarded" else []
    if said.unsure:
        return said.why, None
    if happened == want and grown == server:
        return said.why, None
    return said.why, f"{svc.name}: said {said}, happened {happened} {grown}"


def test_truth(tap, director, packets, seed):
    traffic = Traffic(director, seed)
    whys, wrong = {}, []
    presets = {name: director.get(name) for name in SETTINGS}
    for svc in director.services:
        svc.packets = director.got(svc)
    for _ in range(packets):
        svc = traffic.random.choice(director.services)
        if traffic.random.random() < .2:
            traffic.change(svc)
            svc.packets = director.got(svc)
        why, error = compare(director, svc, traffic.packet(svc))
        whys[why] = whys.get(why, 0) + 1
        if error:
            wrong.append(error)
    for name, value in presets.items():
        director.set(name, value)
    print("# " + ", ".join(f"{why} {count}" for why, count in
                           sorted(whys.items())))
    tap.ok(not wrong, f"{packets} packets (seed {seed}) fare as was said",
           *wrong[:20], f"{len(wrong)} in all")
    tap.ok(COMMON <= set(whys), "for many reasons", COMMON - set(whys))


# ---- asking changes nothing ----

def lasting(values):
    """What of a service, server or entry does not change with time."""
    values = {name: value for name, value in values.items() if name not in
              ("STATS", "DRAIN_SECONDS", "SECONDS")}
    if "STATS64" in values:
        values["STATS64"] = [(kind, value) for kind, value in
                             attrs(values["STATS64"]) if kind < 6]
    return sorted(values.items(), key=str)


def state(director):
    """All that could change, but for times and rates."""
    def listed(cmd, kind, names, payload=b""):
        return [lasting(named(dict(attrs(body))[kind], names))
                for _, _, body in director.do(cmd, payload, dump=True)]

    return [director.counters(), listed(GET_SERVICE, SERVICE, SERVICE_ATTRS),
            [listed(GET_DEST, DEST, DEST_ATTRS, svc.nest())
             for svc in director.services],
            sorted(listed(GET_CONN, CONN, CONN_ATTRS), key=str)]


def changes_by(director, questions):
    """What changes by asking questions. Clocks may change something meanwhile:
    what asking changes, it changes each time."""
    for _ in range(5):
        before = state(director)
        questions()
        after = state(director)
        if after == before:
            return []
    names = [name for name in before[0] if before[0][name] != after[0][name]]
    return [f"counters: {names}"] + [
        f"{a} -> {b}" for a, b in zip(flat(before[1:]), flat(after[1:]))
        if a != b][:5]


def flat(tree):
    if not isinstance(tree, list):
        return [tree]
    return [leaf for branch in tree for leaf in flat(branch)]


def test_no_trace(tap, director, count):
    traffic = Traffic(director, 1)

    def questions():
        for _ in range(count):
            svc = traffic.random.choice(director.services)
            director.explain(PACKET=traffic.packet(svc))

    changed = changes_by(director, questions)
    tap.ok(not changed, f"{count} questions change nothing", *changed)


def test_turns(tap, director):
    svc = next(svc for svc in director.services
               if svc.sched == "rr" and svc.flags == ONEPACKET)
    for number in SERVERS:
        if number not in svc.servers:
            director.add_server(svc, number, 1)
        director.edit_server(svc, number, weight=1, upper=0)
    svc.packets = director.got(svc)
    data = datagram(svc.family, UDP, (CLIENT[svc.family] % 9, 9,
                                      VIRTUAL[svc.family], svc.port), b"x")
    turns = []
    for _ in range(4):
        said = {str(director.explain(PACKET=data)) for _ in range(5)}
        before = director.counters()
        director.send(svc.family, data)
        _, grown = arrived(director, svc, before, "forwarded")
        turns.append(said == {f"TURN forwarded {grown[0]}"})
    tap.ok(all(turns), "a turn is told, and not taken", turns)


# ---- what if ----

def change(kind, addr, port=None, weight=None):
    return attr(EXPLAIN_ATTRS["CHANGE"] | NLA_F_NESTED, b"".join(
        attr(CHANGE_ATTRS[name], value) for name, value in (
            ("KIND", u8(CHANGE_KIND_NAMES.index(kind))), ("ADDR", addr),
            ("PORT", be16(port) if port else None),
            ("WEIGHT", None if weight is None else u32(weight)))
        if value is not None))


def tuple_of(svc, **more):
    values = {"FAMILY": u16(socket.AF_INET6 if svc.family == 6 else
                            socket.AF_INET), "PROTOCOL": u16(svc.proto),
              "VIRTUAL": packed(svc.family, VIRTUAL[svc.family]),
              "VIRTUAL_PORT": be16(svc.port)}
    values.update(more)
    return b"".join(attr(EXPLAIN_ATTRS[name], value)
                    for name, value in values.items() if value is not None)


def ask(director, body):
    return director.family.ask(EXPLAIN, attr(DECISION | NLA_F_NESTED, body))


def choices(director, svc, keys, *changes, later=False):
    """The servers' numbers for so many keys, and why."""
    found, whys = [], []
    for at in range(0, len(keys), 1200):
        data = b"".join(u8(len(key)) + key for key in keys[at:at + 1200])
        answer = ask(director, tuple_of(svc, KEYS=data,
                                        LATER=b"" if later else None) +
                     b"".join(changes))
        if answer.errno:
            raise OSError(answer.errno, answer.text)
        values = named(dict(attrs(answer.messages[0][2]))[DECISION],
                       EXPLAIN_ATTRS)
        size = len(values["CHOICES"]) // 4
        found += struct.unpack(f"={size}I", values["CHOICES"])
        whys += [WHY_NAMES[why] for why in values["WHYS"]]
    return found, whys


def numbers(director, svc):
    """{number: address} of the service's servers, by the candidates."""
    values = dict(attrs(ask(director, tuple_of(
        svc, CANDIDATES=u32(0))).messages[0][2]))[DECISION]
    found = {}
    for kind, payload in attrs(values):
        if kind == EXPLAIN_ATTRS["CANDIDATE"]:
            server = named(payload, CANDIDATE_ATTRS)
            found[struct.unpack("=I", server["NUMBER"])[0]] = \
                text_of(svc.family, server["ADDR"].ljust(16, b"\0"))
    return found


def test_what_if(tap, director):
    svc = director.add(4, UDP, 990, "mh", ONEPACKET, "sip")
    for number in SERVERS:
        director.edit_server(svc, number, weight=1)
    keys = [f"{i}@what.example.org".encode() for i in range(3000)]
    # Owners that drain when they change: a second old, and asked.
    director.send(4, datagram(4, UDP, (CLIENT[4] % 1, 5, VIRTUAL[4], 990),
                              message("INVITE", "x")))
    time.sleep(1.2)
    name = numbers(director, svc)
    tap.ok(sorted(name.values()) == [svc.addr(n) for n in SERVERS],
           "candidates", name)
    now, whys = choices(director, svc, keys)
    tap.ok(set(now) == set(name) and set(whys) == {"OWNER"},
           "keys are shared by all", set(now), set(whys))
    gone, new = packed(4, svc.addr(1)), packed(4, svc.addr(9))
    cases = (
        ("without", [change("WITHOUT", gone)],
         lambda: director.del_server(svc, 1),
         lambda: director.add_server(svc, 1, 1)),
        ("with", [change("WITH", new, svc.port, 2)],
         lambda: director.add_server(svc, 9, 2),
         lambda: director.del_server(svc, 9)),
        ("weight 0", [change("WEIGHT", gone, svc.port, 0)],
         lambda: director.edit_server(svc, 1, weight=0),
         lambda: director.edit_server(svc, 1, weight=1)))
    for text, changes, do, undo in cases:
        said = []

        def questions(said=said, changes=changes):
            said[:] = [choices(director, svc, keys, *changes, later=later)
                       for later in (False, True)]

        changed = changes_by(director, questions)
        tap.ok(not changed, f"{text}: nothing changes by asking", *changed)
        do()
        after = [choices(director, svc, keys, later=later)
                 for later in (False, True)]
        # A server that is new is numbered as it will be.
        tap.ok(said == after, f"{text}: as it is then", said[0][0][:9],
               after[0][0][:9], said[1][0][:9], after[1][0][:9])
        moved = sum(a != b for a, b in zip(now, after[0][0]))
        kept = sum(a == b for a, b in zip(now, after[1][0]))
        print(f"# {text}: {moved} of {len(keys)} keys move,"
              f" {kept} sessions stay")
        undo()


def test_many(tap, director):
    """100 000 Call-IDs within seconds."""
    svc = director.services[-1]
    keys = [b"%032x@192.0.2.33" % i for i in range(100000)]
    begun = time.monotonic()
    found, _ = choices(director, svc, keys)
    took = time.monotonic() - begun
    print(f"# {len(keys)} keys in {took:.2f} s")
    tap.ok(len(found) == len(keys) and 0 not in found, "each of 100 000 keys")


# ---- other reasons ----

def test_reasons(tap, director):
    svc = director.add(4, UDP, 991, "rr", ONEPACKET)
    tcp = director.add(4, TCP, 992, "rr")
    here = (CLIENT[4] % 1, 7000, VIRTUAL[4], 991)
    whole = datagram(4, UDP, here, b"x" * 40)
    cases = (
        ("no service", datagram(4, UDP, (*here[:3], 999), b"x"), "NO_SERVICE"),
        ("another protocol", refresh(whole[:9] + b"\x2f" + whole[10:]),
         "OTHER_PROTOCOL"),
        ("a fragment", refresh(whole[:6] + b"\x20\0" + whole[8:]), "FRAGMENT"),
        ("half a packet", whole[:30], "MALFORMED"),
        ("an address elsewhere", datagram(4, UDP, (*here[:2], "10.96.0.9", 991),
                                          b"x"), "NO_SERVICE"),
        ("an ACK", datagram(4, TCP, (*here[:3], 992), kind=0x10),
         "OPENS_NOTHING"))
    for text, data, why in cases:
        said = director.explain(PACKET=data)
        tap.ok(said.why == why, f"{text}: {why}", said)
    # A client that asked gets the virtual address back.
    director.send(4, whole)
    before = director.counters()
    _, grown = arrived(director, svc, {**before, "forwarded": -1}, "forwarded")
    said = director.explain(PACKET=datagram(
        4, UDP, (svc.addr(1), 991, here[0], here[1]), b"x"))
    tap.ok(grown and said.why == "REPLY" and said.verdict == "replies" and
           said.server == svc.addr(1), "a reply", said, grown)
    # By parts, in place of bytes.
    said = director.explain(
        FAMILY=u16(2), PROTOCOL=u16(TCP), VIRTUAL=packed(4, VIRTUAL[4]),
        VIRTUAL_PORT=be16(992), CLIENT=packed(4, here[0]))
    tap.ok(said.why == "TURN" and said.remembered and said.local and
           said.turn is not None, "by parts", said)
    director.do(SET_SERVICE, tcp.conf(CONN_MAX=u32(1)))
    director.send(4, datagram(4, TCP, (*here[:3], 992), kind=2))
    while not director.do(GET_CONN, tcp.nest(), dump=True):
        pass
    said = director.explain(PACKET=datagram(
        4, TCP, (here[0], 7001, VIRTUAL[4], 992), kind=2))
    tap.ok(said.why == "LIMIT" and said.verdict == "drop_limit" and said.unsure,
           "a limit", said)


def test_errors(tap, director):
    rr = next(svc for svc in director.services if svc.proto == TCP)
    sip = next(svc for svc in director.services if svc.port == 990)
    server = packed(4, sip.addr(1))
    whole = datagram(4, UDP, (CLIENT[4] % 1, 1, VIRTUAL[4], 990), b"x")
    packet = attr(EXPLAIN_ATTRS["PACKET"], whole)
    cases = (
        ("nothing", b"", errno.EINVAL, "missing"),
        ("a family that is none", tuple_of(sip, FAMILY=u16(99)),
         errno.EAFNOSUPPORT, "FAMILY"),
        ("a short address", tuple_of(sip, VIRTUAL=b"\1\2\3"), errno.EINVAL,
         "VIRTUAL"),
        ("ICMP", tuple_of(sip, PROTOCOL=u16(1)), errno.EPROTONOSUPPORT,
         "PROTOCOL"),
        ("TCP flags of UDP", tuple_of(sip, TCP_FLAGS=u8(2)), errno.EINVAL,
         "TCP_FLAGS"),
        ("a packet and a family", tuple_of(sip) + packet, errno.EINVAL,
         "PACKET already"),
        ("a packet of nothing", attr(EXPLAIN_ATTRS["PACKET"], b""),
         errno.EINVAL, "IP header"),
        ("a packet that is none", attr(EXPLAIN_ATTRS["PACKET"], b"\0hello"),
         errno.EINVAL, "IP header"),
        ("a CPU that is none", tuple_of(sip, CPU=u32(99999)), errno.EINVAL,
         "CPU"),
        ("a key without an engine", tuple_of(rr, PROTOCOL=u16(TCP),
                                             KEY=b"x"), errno.EINVAL, "KEY"),
        ("a key for no service", tuple_of(sip, VIRTUAL_PORT=be16(9),
                                          KEY=b"x"), errno.ESRCH, "no service"),
        ("KEY and KEYS", tuple_of(sip, KEY=b"x", KEYS=b"\1x"), errno.EINVAL,
         "either"),
        ("KEYS cut off", tuple_of(sip, KEYS=b"\1x\7y"), errno.EINVAL, "KEYS"),
        ("KEYS of length 0", tuple_of(sip, KEYS=b"\0x"), errno.EINVAL, "KEYS"),
        ("5000 KEYS", tuple_of(sip, KEYS=b"\1x" * 5000), errno.EINVAL, "4096"),
        ("LATER alone", tuple_of(sip, LATER=b""), errno.EINVAL, "LATER"),
        ("a change without a kind", tuple_of(sip) + attr(
            EXPLAIN_ATTRS["CHANGE"] | NLA_F_NESTED,
            attr(CHANGE_ATTRS["ADDR"], server)), errno.EINVAL, "missing"),
        ("without a stranger", tuple_of(sip) + change("WITHOUT",
                                                      packed(4, "10.98.0.77")),
         errno.ENOENT, "no such server"),
        ("with one that is there", tuple_of(sip) + change("WITH", server),
         errno.EEXIST, "has a server"),
        ("twice", tuple_of(sip) + 2 * change("WITHOUT", server), errno.EINVAL,
         "twice"),
        ("no weight", tuple_of(sip) + change("WEIGHT", server), errno.EINVAL,
         "missing"),
        ("a weight too large", tuple_of(sip) + change("WEIGHT", server,
                                                      weight=1 << 31),
         errno.ERANGE, "weight"),
        ("257 changes", tuple_of(sip) + b"".join(
            change("WITH", packed(4, f"10.99.{i // 200}.{1 + i % 200}"))
            for i in range(257)), errno.EINVAL, "256"))
    for text, body, code, words in cases:
        answer = ask(director, body)
        tap.ok(answer.errno == code and words in answer.text, text,
               f"{errno.errorcode.get(answer.errno, answer.errno)}:"
               f" {answer.text}")
    changed = changes_by(director, lambda: [ask(director, case[1])
                                            for case in cases])
    tap.ok(not changed, "none of these changes anything", *changed)


def main():
    packets = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    tap = Tap()
    director = Director()
    director.no_timeouts()
    make_services(director)
    print(f"# {len(director.services)} services")
    time.sleep(1.2)     # owners that are younger do not drain
    test_truth(tap, director, packets, seed)
    test_no_trace(tap, director, 200)
    test_turns(tap, director)
    test_what_if(tap, director)
    test_many(tap, director)
    test_reasons(tap, director)
    test_errors(tap, director)
    director.family.as_specified(tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
