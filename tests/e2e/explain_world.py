# SPDX-License-Identifier: GPL-2.0-only
"""A director in a network namespace of its own, to which packets of any kind come
by a link, and services of which it is known who got them."""

import os
import socket
import struct
import subprocess

from abi import (CANDIDATE_ATTRS, COUNTER_ATTRS, COUNTERS, DECISION, DEL_DEST,
                 DEST, DEST_ATTRS, EXPLAIN, EXPLAIN_ATTRS, GET_COUNTERS,
                 GET_DEST, GET_POLICY, NEW_DEST, NEW_SERVICE, POLICY,
                 POLICY_ATTRS, SERVICE, SERVICE_ATTRS, SET_DEST, SET_POLICY,
                 TIMEOUT_ATTRS, WHY_NAMES)
from genl import (CLONE_NEWNET, NLA_F_NESTED, Family, attr, attrs, be16, ip,
                  named, nest, string, u16, u32, unshare)

TCP, UDP, SCTP = socket.IPPROTO_TCP, socket.IPPROTO_UDP, socket.IPPROTO_SCTP
PERSISTENT, ONEPACKET, FALLBACK, PORT = 1, 4, 8, 16
ALL = 0xffffffff
SERVERS = (1, 2, 3)

VIRTUAL = {4: "10.96.0.1", 6: "fd96::1"}
SERVER = {4: "10.98.0.%d", 6: "fd98::%x"}
CLIENT = {4: "10.97.0.%d", 6: "fd97::%x"}
ETHER = {4: 0x0800, 6: 0x86dd}

def run(*words):
    subprocess.run(words, check=True)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def packed(family, text):
    return socket.inet_pton(socket.AF_INET6 if family == 6 else socket.AF_INET,
                            text)


def datagram(family, proto, ends, payload=b"", kind=None):
    """Bytes of a packet; ends are (client, port, virtual, port)."""
    client, sport, virtual, dport = ends
    ports = struct.pack("!HH", sport, dport)
    if proto == UDP:
        body = ports + struct.pack("!HH", 8 + len(payload), 0) + payload
    elif proto == TCP:
        body = ports + struct.pack("!IIBBHHH", 1, 0, 0x50, kind, 1000, 0, 0)
    else:
        body = ports + struct.pack("!II", 1, 0) + \
            struct.pack("!BBH", kind, 0, 20) + bytes(16)
    if family == 6:
        head = struct.pack("!IHBB", 6 << 28, len(body), proto, 64)
        return head + packed(6, client) + packed(6, virtual) + body
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 7, 0, 64,
                       proto, 0, packed(4, client), packed(4, virtual))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def message(kind, call):
    first, tag = {
        "INVITE": ("INVITE sip:bob@example.org SIP/2.0", ""),
        "ACK": ("ACK sip:bob@example.org SIP/2.0", ""),
        "BYE": ("BYE sip:bob@example.org SIP/2.0", ";tag=b"),
        "200": ("SIP/2.0 200 OK", ";tag=b")}[kind]
    return (f"{first}\r\nCall-ID: {call}\r\nTo: <sip:bob@example.org>{tag}\r\n"
            "\r\n").encode()


class Service:
    """A virtual service, and what the test knows of its servers."""

    def __init__(self, family, proto, port, sched, flags=0, engine=None):
        self.family, self.proto, self.port = family, proto, port
        # Connections of one client port by several services to one server would
        # look the same to that.
        self.at = port if proto == UDP else 8000
        self.sched, self.flags, self.engine = sched, flags, engine
        self.servers = {}   # number in the address: [weight, upper threshold]
        self.packets = {}   # address: packets that it got
        self.name = f"{sched} IPv{family} {proto} {flags:#x} {engine or ''}"

    def key(self):
        return {"AF": u16(socket.AF_INET6 if self.family == 6 else
                          socket.AF_INET), "PROTOCOL": u16(self.proto),
                "ADDR": ip(VIRTUAL[self.family]), "PORT": be16(self.port)}

    def nest(self, **more):
        return nest(SERVICE, SERVICE_ATTRS, {**self.key(), **more})

    def conf(self, **more):
        mask = u32(128) if self.family == 6 else u32(ALL)
        return self.nest(
            SCHED_NAME=string(self.sched), TIMEOUT=u32(900), NETMASK=mask,
            FLAGS=u32(self.flags) + u32(ALL),
            PE_NAME=string(self.engine) if self.engine else None, **more)

    def addr(self, number):
        return SERVER[self.family] % number

    def dest(self, number):
        weight, upper = self.servers[number]
        return nest(DEST, DEST_ATTRS, {
            "ADDR": ip(self.addr(number)), "PORT": be16(self.at),
            "FWD_METHOD": u32(0), "WEIGHT": u32(weight),
            "U_THRESH": u32(upper), "L_THRESH": u32(0)})


class Director:
    """The kernel under test, and a link over which packets come to it."""

    def __init__(self):
        self.services = []
        unshare(CLONE_NEWNET)
        # A turn is one of a CPU.
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        for line in (
                "addr add 10.96.0.1/32 dev lo", "addr add fd96::1/128 dev lo nodad",
                "link add servers type dummy", "link set servers up",
                "addr add 10.98.0.250/24 dev servers",
                "addr add fd98::fa/64 dev servers nodad",
                "link add inside type veth peer name outside",
                "link set inside up", "link set outside up",
                "addr add 10.97.0.250/24 dev inside",
                "addr add fd97::fa/64 dev inside nodad"):
            run("ip", *line.split())
        for name in ("all", "default", "inside"):
            with open(f"/proc/sys/net/ipv4/conf/{name}/rp_filter", "w",
                      encoding="ascii") as file:
                file.write("0")
        self.family = Family("opvs")
        self.family.departures = []
        with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM) as sock:
            sock.bind(("inside", 0))
            self.mac = sock.getsockname()[4]
        self.link = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)

    def do(self, cmd, payload=b"", dump=False):
        answer = self.family.ask(cmd, payload, dump)
        if answer.errno:
            raise OSError(answer.errno, answer.text)
        return answer.messages

    def add(self, *args, **more):
        svc = Service(*args, **more)
        self.do(NEW_SERVICE, svc.conf())
        self.services.append(svc)
        for number in SERVERS:
            self.add_server(svc, number, number)
        return svc

    def add_server(self, svc, number, weight, upper=0):
        svc.servers[number] = [weight, upper]
        self.do(NEW_DEST, svc.nest() + svc.dest(number))

    def edit_server(self, svc, number, weight=None, upper=None):
        have = svc.servers[number]
        have[0] = have[0] if weight is None else weight
        have[1] = have[1] if upper is None else upper
        self.do(SET_DEST, svc.nest() + svc.dest(number))

    def del_server(self, svc, number):
        self.do(DEL_DEST, svc.nest() + svc.dest(number))
        del svc.servers[number]

    def no_timeouts(self):
        """No entry expires by itself while the test runs."""
        got = self.do(GET_POLICY, nest(POLICY, POLICY_ATTRS, {
            "NAME": string("default")}))
        body = b""
        for kind, data in attrs(attrs(got[0][2])[0][1]):
            if kind == POLICY_ATTRS["TIMEOUT"]:
                state = named(data, TIMEOUT_ATTRS)
                body += nest(kind, TIMEOUT_ATTRS, {
                    "PROTOCOL": state["PROTOCOL"], "SECONDS": u32(3600),
                    "STATE_INDEX": state["STATE_INDEX"]})
        body = attr(POLICY_ATTRS["NAME"], string("default")) + body
        self.do(SET_POLICY, attr(POLICY | NLA_F_NESTED, body))

    @staticmethod
    def set(name, value):
        with open(f"/proc/sys/net/opvs/{name}", "w", encoding="ascii") as file:
            file.write(str(value))

    @staticmethod
    def get(name):
        with open(f"/proc/sys/net/opvs/{name}", encoding="ascii") as file:
            return file.read()

    def counters(self):
        data = dict(attrs(self.do(GET_COUNTERS)[0][2]))[COUNTERS]
        found = {}
        for _, payload in attrs(data):
            counter = named(payload, COUNTER_ATTRS)
            found[counter["NAME"][:-1].decode()] = \
                struct.unpack("=Q", counter["VALUE"])[0]
        return found

    def got(self, svc):
        """{address: packets} of a service's servers."""
        found = {}
        for _, _, body in self.do(GET_DEST, svc.nest(), dump=True):
            values = named(dict(attrs(body))[DEST], DEST_ATTRS)
            stats = dict(attrs(values["STATS64"]))
            found[text_of(svc.family, values["ADDR"])] = \
                struct.unpack("=Q", stats[2])[0]
        return found

    def send(self, family, data):
        self.link.sendto(data, ("outside", ETHER[family], 0, 1, self.mac))

    def explain(self, **values):
        """{name: value} of the answer, and of its service."""
        answer = self.family.ask(EXPLAIN, nest(DECISION, EXPLAIN_ATTRS, values))
        if answer.errno:
            raise OSError(answer.errno, answer.text)
        found = dict(attrs(answer.messages[0][2]))
        return Answer(found[DECISION])


def text_of(family, addr):
    if family == 6:
        return socket.inet_ntop(socket.AF_INET6, addr)
    return socket.inet_ntop(socket.AF_INET, addr[:4])


class Answer:
    """What EXPLAIN says."""

    def __init__(self, data):
        found = named(data, EXPLAIN_ATTRS)
        self.why = WHY_NAMES[found["WHY"][0]] if "WHY" in found else None
        self.verdict = found.get("VERDICT", b"\0")[:-1].decode()
        self.unsure = "UNSURE" in found
        self.begins = "BEGINS" in found
        self.remembered = "REMEMBERED" in found
        self.local = "LOCAL" in found
        self.turn = found.get("TURN")
        self.key = found.get("KEY")
        self.server = server_of(found.get("SERVER"))
        self.owner = server_of(found.get("OWNER"))
        self.raw = found
        self.candidates = [
            named(payload, CANDIDATE_ATTRS) for kind, payload in attrs(data)
            if kind == EXPLAIN_ATTRS["CANDIDATE"]]

    def __str__(self):
        return f"{self.why} {self.verdict or '-'} {self.server or '-'}" + \
            " (unsure)" * self.unsure


def server_of(data):
    if data is None:
        return None
    addr = named(data, CANDIDATE_ATTRS)["ADDR"]
    return text_of(6 if len(addr) == 16 else 4, addr)
